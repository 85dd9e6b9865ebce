"""The gradient over all samples: the same bits from arrays, files, blocks of any sizes, Dask."""

import itertools

import numpy as np
import oracle
import pytest

import gsae_ref as gs
from gsae_ref.checks import blockwise
from gsae_ref.training import full_batch

LAM = 1.5
D = 2
BLOCK = 16


def problem(dtype=np.float64, n_samples=101, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(6, 8)).astype(dtype), rng.normal(size=(n_samples, 6)).astype(dtype)


def same_bits(left, right):
    """Whether two pairs (cost, gradient) are equal bit by bit."""
    same_dtype = left[1].dtype == right[1].dtype
    return left[0] == right[0] and same_dtype and left[1].tobytes() == right[1].tobytes()


# ---- the gradient


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        ("exact", oracle.exact_gradient),
        ("appendix_b", oracle.appendix_b_gradient),
        ("approximate", oracle.approximate_gradient),
    ],
)
def test_it_is_the_gradient_of_all_samples(gradient, expected):
    A, Y = problem(n_samples=21)
    cost, G = gs.full_batch_gradient(A, Y, LAM, D, gradient, block_size=4)
    assert cost == pytest.approx(oracle.loss(A, Y, LAM, D), rel=1e-13)
    np.testing.assert_allclose(G, expected(A, Y, LAM, D), rtol=1e-11, atol=1e-13)


def test_it_is_the_gradient_of_an_unfolded_network_too():
    A, Y = problem()
    options = {"accelerated": False, "nonnegative": True, "l1": 0.1}
    cost, G = gs.full_batch_gradient(
        A, Y, 0.5, D, block_size=BLOCK, n_unfold=4, unfold_step=0.03, **options
    )
    expected = gs.unfolded_loss_and_grad(A, Y, 0.5, D, 4, step_size=0.03, **options)
    assert cost == pytest.approx(expected[0], rel=1e-13)
    np.testing.assert_allclose(G, expected[1], rtol=1e-11, atol=1e-13)


def test_float32_is_summed_in_float64():
    """The float32 gradients of the blocks are summed without rounding, and rounded at the end."""
    A, Y = problem(np.float32, n_samples=5000)
    cost, G = gs.full_batch_gradient(A, Y, LAM, D, block_size=100)
    parts = [gs.loss_and_grad(A, block, LAM, D) for block in blockwise.rows(Y, 100)]
    assert G.dtype == np.float32
    assert cost == pytest.approx(np.mean([part[0] for part in parts]), rel=1e-14)
    mean = np.mean([part[1].astype(np.float64) for part in parts], axis=0)
    np.testing.assert_array_equal(G, mean.astype(np.float32))


@pytest.mark.parametrize("n_terms", range(1, 40))
def test_the_tree_adds_neighbours_and_holds_few_sums(n_terms):
    n_held = 0
    most = 0

    def terms():
        nonlocal n_held, most
        for k in range(n_terms):
            n_held += 1
            most = max(most, n_held)
            yield str(k)

    def add(left, right):
        nonlocal n_held
        n_held -= 1
        return f"({left}+{right})"

    assert full_batch._tree(terms(), add) == by_levels([str(k) for k in range(n_terms)])
    assert most <= np.log2(n_terms) + 2


def by_levels(terms):
    """The same tree, level by level."""
    while len(terms) > 1:
        pairs = [f"({left}+{right})" for left, right in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + ([terms[-1]] if len(terms) % 2 else [])
    return terms[0]


# ---- the same bits


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_file_and_blocks_of_any_sizes_give_the_same_bits(tmp_path, dtype):
    A, Y = problem(dtype)
    np.save(tmp_path / "Y.npy", Y)
    expected = in_blocks(A, Y)
    assert same_bits(in_blocks(A, np.load(tmp_path / "Y.npy", mmap_mode="r")), expected)
    for size in (1, 5, 16, 33, 101):
        pieces = [Y[start : start + size] for start in range(0, len(Y), size)]
        assert same_bits(in_blocks(A, pieces), expected)
        assert same_bits(in_blocks(A, iter(pieces)), expected)
    assert not same_bits(in_blocks(A, Y[::-1]), expected)


def in_blocks(A, Y):
    return gs.full_batch_gradient(A, Y, LAM, D, block_size=BLOCK)


def test_an_iterable_is_read_no_further_than_a_block_ahead():
    _A, Y = problem()
    read = itertools.count()

    def source():
        for start in range(0, len(Y), 5):
            next(read)
            yield Y[start : start + 5]

    cut = blockwise.of_one_size(source(), BLOCK)
    assert len(next(cut)) == BLOCK
    assert next(read) == 4


def test_a_dask_array_gives_the_same_bits_however_it_is_cut():
    dask = pytest.importorskip("dask")
    dask_array = pytest.importorskip("dask.array")
    A, Y = problem()
    expected = in_blocks(A, Y)
    for chunks in ((BLOCK, 6), (7, 4), (101, 1)):
        for scheduler in ("synchronous", "threads"):
            with dask.config.set(scheduler=scheduler):
                result = in_blocks(A, dask_array.from_array(Y, chunks=chunks))
            assert same_bits(result, expected)


def test_one_and_two_processes_give_the_bits_of_numpy():
    """With float32, at a size at which the kernels run."""
    distributed = pytest.importorskip("dask.distributed")
    dask_array = pytest.importorskip("dask.array")
    rng = np.random.default_rng(0)
    A = rng.normal(size=(100, 100)).astype(np.float32)
    Y = rng.normal(size=(4500, 100)).astype(np.float32)
    expected = gs.full_batch_gradient(A, Y, 20.0, D, block_size=1000)
    options = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    for n_workers in (1, 2):
        with distributed.Client(n_workers=n_workers, set_as_default=True, **options):
            chunks = dask_array.from_array(Y, chunks=(1000, 100))
            result = gs.full_batch_gradient(A, chunks, 20.0, D, block_size=1000)
        assert same_bits(result, expected)


def test_the_threads_of_blas_are_restored():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    dask_array = pytest.importorskip("dask.array")
    A, Y = problem()
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        before = threadpoolctl.threadpool_info()
        in_blocks(A, dask_array.from_array(Y, chunks=(8, 6)))
        assert threadpoolctl.threadpool_info() == before


# ---- refusals


@pytest.mark.parametrize(
    ("Y", "message"),
    [
        ([], "Y has no samples; a mean needs at least one"),
        (iter(()), "an iterator can be read only once"),
        (np.ones((0, 6)), "Y has no samples"),
        (np.ones(6), r"Y has shape \(6,\); it must be 2-D.*use Y\[None\]"),
        (
            [[1.0] * 6],
            r"item 0 of Y has shape \(6,\); the items of an iterable are blocks.*numpy.asarray",
        ),
        ([np.ones((3, 6)), np.ones((3, 5))], "item 1 of Y has shape"),
        (np.ones((4, 5)), r"Y\[0:4\] has shape \(4, 5\), so 5 columns"),
        (
            np.where(np.arange(40)[:, None] == 33, np.nan, np.ones(6)),
            r"Y\[32:40\] has 6 non-finite entries, the first at index \(1, 0\)",
        ),
    ],
)
def test_bad_samples_are_refused(Y, message):
    A, _ = problem()
    with pytest.raises(ValueError, match=message):
        in_blocks(A, Y)


def test_bad_dask_arrays_are_refused():
    dask_array = pytest.importorskip("dask.array")
    A, Y = problem()
    array = dask_array.from_array(Y, chunks=(BLOCK, 6))
    with_nan = np.where(np.arange(101)[:, None] == 33, np.nan, Y)
    cases = {
        r"must be known; call Y.compute_chunk_sizes\(\)": array[array[:, 0] > 0],
        "it must be 2-D": array[0],
        r"Y has shape \(85, 5\), so 5 columns, but 6 are needed for A": array[16:, :5],
        r"Y\[32:48\] has 6 non-finite entries, the first at index \(1, 0\)": (
            dask_array.from_array(with_nan, chunks=(BLOCK, 6))
        ),
    }
    for message, bad in cases.items():
        with pytest.raises(ValueError, match=message):
            in_blocks(A, bad)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"block_size": 0}, ValueError, "block_size = 0; it must be at least 1"),
        ({"gradient": "true"}, ValueError, "gradient = 'true' is unknown"),
        (
            {"gradient": "approximate", "n_unfold": 2},
            ValueError,
            "an unfolded network has only its exact gradient",
        ),
        (
            {"l1": 0.5},
            ValueError,
            "l1 = 0.5 with n_unfold = 1; only an unfolded network has it",
        ),
        ({"lam": -1.0}, ValueError, "lam = -1.0 is negative"),
        ({"group_size": 3}, ValueError, "group_size = 3 does not divide the 8 atoms"),
    ],
    ids=str,
)
def test_bad_options_are_refused(change, error, message):
    A, Y = problem()
    arguments = {"A": A, "Y": Y, "lam": LAM, "group_size": D}
    with pytest.raises(error, match=message):
        gs.full_batch_gradient(**arguments | change)


def test_a_table_is_no_iterable_of_blocks():
    class Table:  # as of pandas: iterating gives the names of its columns
        def __init__(self, values):
            self.values = values

        def __iter__(self):
            return iter("abc")

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.values, dtype)

    import scipy.sparse

    A, Y = problem()
    expected = gs.full_batch_gradient(A, Y, LAM, D)
    found = gs.full_batch_gradient(A, Table(Y), LAM, D)
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])
    with pytest.raises(TypeError, match="Y is a sparse csr_array; it must be dense"):
        gs.full_batch_gradient(A, scipy.sparse.csr_array(Y), LAM, D)
