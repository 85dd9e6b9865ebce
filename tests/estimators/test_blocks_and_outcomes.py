"""Blocks from iterators, samples stored in few bytes, and fits that come to nothing."""

import itertools
import time
import tracemalloc
import warnings

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.training.blocks import samples_that_fit
from gsae_ref.training.starts import starting_dictionary

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.exceptions import ConvergenceWarning

quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def constant_blocks():
    return iter([np.full((3, 4), value) for value in (1.0, 2.0, 3.0)])


def model_of_nothing(n_epochs):
    """Its threshold is above all norms: the cost of a block is 2 value^2."""
    return gs.GroupSparseAutoencoder(
        2, 2, lam=1000.0, batch_size=None, n_epochs=n_epochs, random_state=0
    )


# ---- blocks


class Source:
    """An iterable that hands out one iterator."""

    def __init__(self):
        self.iterator = constant_blocks()

    def __iter__(self):
        return self.iterator


def one_iterator():
    shared = constant_blocks()
    return lambda: shared


def one_generator_wrapped():
    shared = constant_blocks()
    return lambda: (block for block in shared)


@quiet
@pytest.mark.parametrize("blocks", [one_iterator, one_generator_wrapped, Source, constant_blocks])
def test_no_block_of_an_iterator_is_lost(blocks):
    assert model_of_nothing(1).fit_blocks(blocks()).loss_curve_ == [pytest.approx(28 / 3)]


@pytest.mark.parametrize("blocks", [one_iterator, one_generator_wrapped, Source])
def test_an_iterator_that_is_used_up_is_refused(blocks):
    with pytest.raises(ValueError, match="(the same iterator|epoch 1 has no samples).* new "):
        model_of_nothing(2).fit_blocks(blocks())


@quiet
def test_a_function_is_called_once_in_every_epoch():
    calls = []
    model = model_of_nothing(3).fit_blocks(lambda: calls.append(1) or constant_blocks())
    assert len(calls) == 3
    assert model.loss_curve_ == [pytest.approx(28 / 3)] * 3
    stream = itertools.cycle(constant_blocks())
    assert len(model_of_nothing(2).fit_blocks(lambda: itertools.islice(stream, 3)).loss_curve_) == 2


@pytest.mark.parametrize("blocks", ["Y.npy", None, 3, {"a": np.ones((3, 4))}, np.ones((3, 4))])
@pytest.mark.parametrize("wrap", [lambda blocks: blocks, lambda blocks: lambda: blocks])
def test_what_is_no_iterable_of_blocks_is_named(blocks, wrap):
    with pytest.raises(TypeError, match=r"^blocks is of type .*pass an array A as \[A\]"):
        model_of_nothing(1).fit_blocks(wrap(blocks))


def test_masked_blocks_are_refused():
    masked = np.ma.masked_array(np.ones((3, 4)), np.eye(3, 4))
    for blocks in ([masked], [np.ones((3, 4)), masked]):
        with pytest.raises(TypeError, match="X is a masked array"):
            model_of_nothing(1).fit_blocks(blocks)


NO_ARRAYS = {
    "an iterator": (lambda Y: iter(Y), "is an iterator"),
    "a generator": (lambda Y: (y for y in Y), "is an iterator, of type generator"),
    "the name of a file": (lambda Y: "Y.npy", "is of type str.*np.load"),
    "nothing": (lambda Y: None, "is of type NoneType"),
    "a pair of a loader": (lambda Y: (Y, np.arange(len(Y))), "cannot be read as an array"),
}


@pytest.mark.parametrize("kind", NO_ARRAYS)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_blocks"])
def test_what_is_no_array_is_named(kind, method):
    make, message = NO_ARRAYS[kind]
    Y = np.ones((6, 4))
    with pytest.raises(TypeError, match=message):
        getattr(model_of_nothing(1), method)([make(Y)] if method == "fit_blocks" else make(Y))
    with pytest.raises(TypeError, match=message):
        gs.full_batch_gradient(np.eye(4), [make(Y)], 1.0, 2)
    with pytest.raises(TypeError, match=message):
        gs.DiagonallyGroupedLinearRegressor(2).fit(make(Y), np.arange(6))


# ---- samples stored in few bytes


def stored(tmp_path, dtype, n_samples=9000, n_features=8):
    """Samples in a memory map, and the same samples as floats."""
    Y = np.random.default_rng(0).normal(size=(n_samples, n_features)) * 3
    Y = Y.round().astype(dtype) if np.dtype(dtype).kind == "i" else Y.astype(dtype)
    np.save(tmp_path / "Y.npy", Y)
    wide = np.float32 if dtype == np.float16 else np.float64
    return np.load(tmp_path / "Y.npy", mmap_mode="r"), Y.astype(wide)


ESTIMATORS = {
    "groups": lambda **more: gs.GroupSparseAutoencoder(3, 2, 2.0, random_state=0, **more),
    "unfolded": lambda **more: gs.GroupSparseAutoencoder(
        3, 2, 2.0, n_unfold=3, random_state=0, **more
    ),
    "atoms": lambda **more: gs.SparseAutoencoder(6, 2.0, random_state=0, **more),
}


@quiet
@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("dtype", [np.float16, np.int8, ">i2", np.uint8])
@pytest.mark.parametrize("init", ["samples", "principal"])
def test_samples_of_few_bytes_give_the_bits_of_floats(tmp_path, kind, dtype, init):
    narrow, wide = stored(tmp_path, dtype)
    model = ESTIMATORS[kind](n_epochs=2, init=init).fit(narrow)
    expected = ESTIMATORS[kind](n_epochs=2, init=init).fit(wide)
    assert model.components_.dtype == wide.dtype
    assert model.components_.tobytes() == expected.components_.tobytes()
    assert model.transform(narrow).tobytes() == expected.transform(wide).tobytes()
    assert model.predict(narrow).tobytes() == expected.predict(wide).tobytes()
    assert model.score(narrow) == expected.score(wide)
    model.partial_fit(narrow[:50])
    assert model.components_.tobytes() == expected.partial_fit(wide[:50]).components_.tobytes()
    cut = [narrow[:4000], narrow[4000:]]
    by_blocks = ESTIMATORS[kind](n_epochs=1, init="random").fit_blocks(cut)
    expected = ESTIMATORS[kind](n_epochs=1, init="random").fit_blocks([wide[:4000], wide[4000:]])
    assert by_blocks.components_.tobytes() == expected.components_.tobytes()


def test_bad_entries_in_samples_of_few_bytes_are_named(tmp_path):
    Y = np.zeros((5000, 3), np.float16)
    Y[4500, 1] = np.nan
    message = r"Y\[4096:5000\] has 1 non-finite entry, at index \(404, 1\)"
    for use in (
        lambda: gs.GroupSparseAutoencoder(2, 1).fit(Y),
        lambda: gs.encode(np.eye(3), Y, 1.0, 1),
        lambda: samples_that_fit(Y),
    ):
        with pytest.raises(ValueError, match=message):
            use()


def peak_of(use):
    tracemalloc.start()
    use()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@quiet
@pytest.mark.parametrize("dtype", [np.float16, np.int8])
def test_a_memory_map_of_few_bytes_is_never_converted_whole(tmp_path, dtype):
    """60,000 samples of 64 features are 15 MB as float32, 31 MB as float64."""
    narrow, _ = stored(tmp_path, dtype, 60_000, 64)
    A = gs.make_dictionary(64, 4, 2, kind="orthonormal", rng=0)
    model = gs.GroupSparseAutoencoder(4, 2, 5.0, n_epochs=1, random_state=0)
    uses = {
        "fit": lambda: model.fit(narrow),
        "score": lambda: model.score(narrow),
        "predict": lambda: model.predict(narrow),
        "all samples": lambda: gs.train(A, narrow, 5.0, 2, 1),
        "mini-batches": lambda: gs.train(A, narrow, 5.0, 2, 1, batch_size=500),
        "sparse": lambda: gs.train_sparse(A, narrow, 1, bias=-5.0, step_size=0.01),
        "codes": lambda: gs.encode(A, narrow, 5.0, 2).nbytes,
        "unfolded codes": lambda: gs.unfolded_encode(A, narrow, 5.0, 2, 2).nbytes,
        "gradient": lambda: gs.loss_and_grad(A, narrow, 5.0, 2),
        "all of it": lambda: gs.full_batch_gradient(A, narrow, 5.0, 2),
    }
    for name, use in uses.items():
        result = 60_000 * 8 * 8 if "codes" in name else 0
        assert peak_of(use) - result < 12e6, name


# ---- what a fit has come to


def digits():
    from sklearn.datasets import load_digits

    return load_digits().data


def test_a_fit_that_is_worse_than_nothing_says_so_and_what_helps():
    Y = digits()
    model = gs.GroupSparseAutoencoder(10, 16, 1.0, n_epochs=3, random_state=0)
    with pytest.warns(ConvergenceWarning, match="worse than none.*use n_unfold=15"):
        model.fit(Y)
    zero_cost = np.square(Y).sum() / (2 * len(Y))
    assert -model.score(Y) > zero_cost
    with pytest.warns(ConvergenceWarning, match="worse than none"):
        model.fit_blocks([Y[:900], Y[900:]])
    unfolded = gs.GroupSparseAutoencoder(10, 16, 1.0, n_unfold=15, n_epochs=2, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unfolded.fit(Y)
    assert -unfolded.score(Y) < 0.05 * zero_cost


@quiet
@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_blocks"])
def test_a_step_that_is_too_long_is_said_once_as_by_train(method):
    X = np.random.default_rng(0).standard_normal((200, 8))
    options = {"n_unfold": 15, "n_epochs": 3, "random_state": 0}
    model = gs.GroupSparseAutoencoder(8, 2, 0.1, unfold_step=1.0, **options)
    data = [X] if method == "fit_blocks" else X
    with pytest.warns(
        RuntimeWarning, match=r"unfold_step \* \|\|A\|\|_2\^2 = .*lower unfold_step"
    ) as said:
        getattr(model, method)(data)
        if method == "partial_fit":
            model.partial_fit(X)
    steps = [one for one in said if "unfold_step *" in str(one.message)]
    assert len(steps) == 1
    assert steps[0].filename == __file__
    model = gs.GroupSparseAutoencoder(8, 2, 0.1, unfold_step=0.05, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        getattr(model, method)(data)


DIVERGING = {
    "groups": lambda **more: gs.GroupSparseAutoencoder(8, 2, 0.1, **more),
    "hard": lambda **more: gs.SparseAutoencoder(16, 0.1, "hard", **more),
    "atoms": lambda **more: gs.SparseAutoencoder(16, 0.1, **more),
    "relu": lambda **more: gs.SparseAutoencoder(16, 0.1, "relu", **more),
}


@pytest.mark.parametrize("kind", DIVERGING)
def test_steps_that_diverge_are_said_once(kind):
    Y = np.random.default_rng(0).normal(size=(50, 8))
    options = {"optimizer": "gradient_descent", "constraint": "none", "random_state": 0}
    model = DIVERGING[kind](step_size=1.0, **options)
    with pytest.warns(
        ConvergenceWarning, match="worse than none; the steps diverge: lower"
    ) as said:
        for _ in range(4):
            model.partial_fit(Y)
    diverged = [one for one in said if one.category is ConvergenceWarning]
    assert len(diverged) == 1
    assert diverged[0].filename == __file__
    assert max(model.loss_curve_) > 10 * min(model.loss_curve_)
    quiet_model = DIVERGING[kind](step_size=1e-4, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in (50, 1, 30):
            quiet_model.partial_fit(Y[:size])


def test_groups_and_codes_are_counted():
    Y = np.repeat(np.eye(6)[:4] * 3, 5, axis=0)  # along the first four axes
    Y = np.concatenate([Y, np.zeros((5, 6))])
    model = gs.GroupSparseAutoencoder(3, 2, 1.0, init=np.eye(6), n_epochs=1, constraint="groups")
    for fitted in (model.fit, lambda Y: model.fit_blocks([Y[:7], Y[7:]])):
        with pytest.warns(
            ConvergenceWarning, match="1 of 3 groups, group 2, is active in no sample"
        ):
            fitted(Y)
        assert model.active_groups_ == pytest.approx(0.8)
        assert model.dead_groups_.tolist() == [2]
        assert model.empty_codes_ == pytest.approx(0.2)
    with pytest.warns(ConvergenceWarning, match="62% of the samples have no active group"):
        gs.GroupSparseAutoencoder(2, 2, 1.0, init=np.eye(4), n_epochs=1).fit(
            np.concatenate([np.diag([3.0, 3, 3])[:, :], np.zeros((5, 3))])[:, [0, 1, 2, 2]]
        )


@pytest.mark.parametrize("constraint", ["columns", "groups", "none"])
def test_a_start_with_a_zero_atom_is_refused(constraint):
    start = np.eye(6)
    start[2] = 0
    Y = np.random.default_rng(0).normal(size=(20, 6))
    for model in (
        gs.GroupSparseAutoencoder(3, 2, 1.0, init=start, constraint=constraint),
        gs.SparseAutoencoder(6, 1.0, init=start, constraint=constraint),
    ):
        for method in (model.fit, model.partial_fit, lambda Y, model=model: model.fit_blocks([Y])):
            with pytest.raises(ValueError, match="init has 1 zero row, the first number 2.*stays"):
                method(Y)
    with pytest.raises(ValueError, match="A has 1 zero column, the first number 2"):
        gs.train(start.T, Y, 1.0, 2, 1, constraint=constraint)
    with pytest.raises(ValueError, match="W has 1 zero column"):
        gs.train_sparse(start.T, Y, 1, bias=-1.0, step_size=0.1)


# ---- more features than samples


def test_principal_directions_of_wide_samples_need_little_time_and_memory():
    Y = np.random.default_rng(0).normal(size=(60, 20_000))

    def use():
        start = time.process_time()
        A = starting_dictionary(Y, 5, 4, "principal", 0)
        assert time.process_time() - start < 5  # 0.1 s; by Y^T Y, of 3.2 GB, many minutes
        V = np.linalg.svd(Y, full_matrices=False)[2][:4]
        np.testing.assert_allclose(V.T @ (V @ A), A, atol=1e-12)

    assert peak_of(use) < 80e6


@pytest.mark.parametrize("group_size", [1, 3, 7, 12, 15])
def test_a_start_from_fewer_samples_than_a_group_has_independent_atoms(group_size):
    Y = np.random.default_rng(0).normal(size=(6, 12))
    A = starting_dictionary(Y, 2, group_size, "principal", 0)
    np.testing.assert_allclose(np.linalg.norm(A, axis=0), 1, rtol=1e-12)
    for g in range(2):
        block = A[:, g * group_size : (g + 1) * group_size]
        assert np.linalg.matrix_rank(block) == min(group_size, 12)
    leading = np.linalg.svd(Y)[2][: min(group_size, 6)]
    assert np.linalg.matrix_rank(leading @ A[:, :group_size]) == min(group_size, 6)
    tall = np.concatenate([Y, np.zeros((20, 12))])  # the same directions by Y^T Y
    B = starting_dictionary(tall, 2, min(group_size, 6), "principal", 0)
    C = starting_dictionary(Y, 2, min(group_size, 6), "principal", 0)
    np.testing.assert_allclose(B @ np.linalg.pinv(B), C @ np.linalg.pinv(C), atol=1e-10)
