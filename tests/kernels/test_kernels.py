"""Kernels are twins of the reference: same numbers, and same bits for any number of threads."""

import itertools
import logging
import os
import shutil
import subprocess
import sys
import threading
import tracemalloc
from fractions import Fraction
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from rounding import rounding_bounds
from strategies import SEEDS, codes, limiting_cases, network, networks, ties

import gsae_ref
from gsae_ref.kernels import _jit
from gsae_ref.kernels import activations as fast_activations
from gsae_ref.kernels import autoencoder as fast
from gsae_ref.reference import activations, autoencoder, gradients

PACKAGE = Path(gsae_ref.__file__).parent
TOLERANCE = {np.float64: 1e-12, np.float32: 1e-5}
METHODS = {"by groups": 1.0, "by products": 0.0, "default": fast.FEW}
TWINS = {
    "exact": autoencoder.loss_and_grad,
    "appendix_b": lambda *problem: (autoencoder.loss(*problem), gradients.appendix_b(*problem)),
    "approximate": lambda *problem: (autoencoder.loss(*problem), gradients.approximate(*problem)),
}
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
each_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(autouse=True, scope="module")
def small_chunks():
    """Let small inputs be cut into chunks as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "CHUNK_WORK", 1)
        patch.setattr(fast, "SMALLEST_CHUNK", 128)
        assert len(fast._cut(4200, np.zeros((23, 30)), fast.SMALLEST_CHUNK)) == fast.CHUNKS
        yield


def error(result, expected):
    """Relative to the norm of the array; exactly equal zeros have the error 0."""
    scale = np.linalg.norm(expected)
    return np.linalg.norm(result - expected) / scale if scale > 0 else np.linalg.norm(result)


def assert_twins(problem, dtype, gradient="exact", few=fast.FEW, n_threads=None):
    A, Y, lam, size = problem
    A = A.astype(dtype)
    Y = np.atleast_2d(Y).astype(dtype)
    cost, G = fast.loss_and_grad(A, Y, lam, size, gradient, n_threads, few)
    expected_cost, expected = TWINS[gradient](A, Y, lam, size)
    assert G.shape == A.shape
    assert G.dtype == A.dtype
    assert G.flags.c_contiguous
    assert type(cost) is float
    # A few samples in float32 may cancel to less than the tolerance allows for; each of the two may
    # then be as far from the truth as its rounding bound.
    of_cost = 0.0
    of_gradient = 0.0
    if len(Y) <= 10 and dtype == np.float32:
        of_cost, of_gradient = rounding_bounds(A, Y, lam, size, dtype)
    allowed = max(TOLERANCE[dtype] * np.linalg.norm(expected), 2 * of_gradient)
    assert np.linalg.norm(G - expected) <= allowed
    assert abs(cost - expected_cost) <= max(TOLERANCE[dtype] * expected_cost, 2 * of_cost)


def large(seed=0, n_samples=700, lam=2.6, dtype=np.float64):
    """More samples than a block, 700 = 2 * 256 + 188; 3 to 4 % of the groups are active."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(23, 30)) / np.sqrt(23)
    return A.astype(dtype), rng.normal(size=(n_samples, 23)).astype(dtype), lam, 2


# ---- the activation


@both_dtypes
@given(problem=codes(group_sizes=st.sampled_from([1, 2, 3, 4, 5, 7, 16])), seed=SEEDS)
def test_the_threshold_and_its_derivatives_are_those_of_the_reference(dtype, problem, seed):
    Z, lam, size = problem
    Z = Z.astype(dtype)
    V = np.random.default_rng(seed).normal(size=Z.shape).astype(dtype)
    results = {
        "threshold": fast_activations.group_soft_threshold(Z, lam, size),
        "Jacobian": fast_activations.group_soft_threshold_vjp(Z, V, lam, size),
        "diagonal": fast_activations.apply_derivative(Z, V, lam, size, "appendix_b"),
    }
    expected = {
        "threshold": activations.group_soft_threshold(Z, lam, size),
        "Jacobian": activations.group_soft_threshold_vjp(Z, V, lam, size),
        "diagonal": activations.group_soft_threshold_diagonal(Z, lam, size) * V,
    }
    for name, result in results.items():
        assert result.dtype == dtype
        assert result.shape == Z.shape
        assert error(result, expected[name]) <= TOLERANCE[dtype]


@both_dtypes
@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_group_on_the_threshold_is_inactive(size, dtype):
    z, lam = ties(size)
    Z = np.concatenate([z, np.zeros(size), -z, 2 * z]).astype(dtype)
    X = fast_activations.group_soft_threshold(Z, lam, size)
    JV = fast_activations.group_soft_threshold_vjp(Z, np.ones_like(Z), lam, size)
    for result in (X, JV):
        assert not result[: 3 * size].any()
        assert result[3 * size :].any()


@both_dtypes
@pytest.mark.parametrize("lam", [1e-60, 1e60])
def test_a_threshold_outside_the_range_of_the_dtype_makes_no_nan(lam, dtype):
    Z = np.array([0.0, 0.0, 3.0, 4.0], dtype=dtype)
    expected = np.where(lam < 1, Z, 0)
    assert np.array_equal(fast_activations.group_soft_threshold(Z, lam, 2), expected)
    assert np.array_equal(fast_activations.group_soft_threshold_vjp(Z, Z, lam, 2), expected)


@pytest.mark.parametrize("size", [1, 2, 3, 4096])
def test_the_threshold_is_the_same_for_any_number_of_threads(size, monkeypatch):
    monkeypatch.setattr(fast_activations, "PIECE", 1000)
    Z = np.random.default_rng(0).normal(size=(3, 12288))
    one = fast_activations.group_soft_threshold(Z, 1.0, size, n_threads=1)
    two = fast_activations.group_soft_threshold(Z, 1.0, size, n_threads=2)
    assert np.array_equal(one, two)
    assert error(one, activations.group_soft_threshold(Z, 1.0, size)) <= 1e-12


def test_the_threshold_takes_any_strides_and_shapes():
    Z = np.asfortranarray(np.random.default_rng(0).normal(size=(4, 5, 12)))[:, ::2, ::-1]
    Z.flags.writeable = False
    expected = activations.group_soft_threshold(np.ascontiguousarray(Z), 1.0, 3)
    assert error(fast_activations.group_soft_threshold(Z, 1.0, 3), expected) <= 1e-12
    assert error(fast_activations.group_soft_threshold(Z[0, 0], 1.0, 3), expected[0, 0]) <= 1e-12


# ---- loss and gradient


@both_dtypes
@each_method
@settings(max_examples=50)
@given(problem=networks(), gradient=st.sampled_from(sorted(TWINS)))
def test_loss_and_gradients_are_those_of_the_reference(method, dtype, problem, gradient):
    assert_twins(problem, dtype, gradient, METHODS[method])


@settings(max_examples=50)
@given(problem=networks())
def test_the_rounding_bound_holds_and_is_small(problem):
    A, Y, lam, size = problem
    A = A.astype(np.float32)
    Y = Y.astype(np.float32)
    of_cost, of_gradient = rounding_bounds(A, Y, lam, size, np.float32)
    for twin in TWINS.values():
        cost, G = twin(A, Y, lam, size)
        true_cost, truth = twin(A.astype(float), Y.astype(float), lam, size)
        assert abs(cost - true_cost) <= of_cost
        assert np.linalg.norm(G - truth) <= of_gradient
    largest = np.linalg.norm(Y) ** 2 * max(np.linalg.norm(A), 1) ** 3
    assert of_gradient <= 1e-4 * largest / len(Y)


@both_dtypes
@each_method
@pytest.mark.parametrize("name", limiting_cases())
def test_limiting_cases(name, method, dtype):
    for gradient in TWINS:
        assert_twins(limiting_cases()[name], dtype, gradient, METHODS[method])


@both_dtypes
@each_method
def test_duplicate_atoms_and_groups_larger_than_any_constant(method, dtype):
    wide = network(4, group_size=40, n_groups=1, n_features=7)
    assert_twins(wide, dtype, "exact", METHODS[method])
    twice = network(5, group_size=2, n_groups=3)
    same_groups = twice._replace(A=np.hstack([twice.A, twice.A]))
    assert_twins(same_groups, dtype, "exact", METHODS[method])
    same_atoms = twice._replace(A=np.repeat(twice.A[:, :3], 2, axis=1), lam=2.2)
    assert_twins(same_atoms, dtype, "exact", METHODS[method])


@both_dtypes
@pytest.mark.parametrize("gradient", TWINS)
@pytest.mark.parametrize("n_samples", [127, 256, 700, 4200])
def test_blocks_and_chunks_leave_no_sample_out(n_samples, gradient, dtype):
    for lam in (0.7, 2.6):  # many active, few active
        assert_twins(large(n_samples=n_samples, lam=lam), dtype, gradient)


def test_strided_reversed_and_read_only_arguments():
    A, Y, lam, size = large()
    expected = autoencoder.loss_and_grad(A, Y, lam, size)[1]
    strided = np.repeat(A, 2, axis=0)[::2]
    reversed_twice = np.asfortranarray(Y[::-1])[::-1]
    strided.flags.writeable = False
    reversed_twice.flags.writeable = False
    for arguments in ((strided, reversed_twice), (np.asfortranarray(A), Y)):
        assert error(fast.loss_and_grad(*arguments, lam, size)[1], expected) <= 1e-12


def test_blocks_that_change_from_few_to_many_active_and_back(monkeypatch):
    """Within one chunk of four blocks, whose second has large samples."""
    used = []

    def recording(method):
        function = getattr(fast._Chunks, method)

        def record(chunks, rows, *arguments):
            used.append((rows.start // 1024, method))
            return function(chunks, rows, *arguments)

        return record

    for method in ("by_groups", "by_products"):
        monkeypatch.setattr(fast._Chunks, method, recording(method))
    A, Y, lam, size = large(n_samples=8 * 1024)
    Y = 0.1 * Y
    Y[1280:1536] *= 40
    assert_twins((A, Y, lam, size), np.float64, n_threads=1)
    changes = {(first, then) for first, then in itertools.pairwise(used) if first[0] == then[0]}
    changes = {(first[1], then[1]) for first, then in changes if first[1] != then[1]}
    assert changes == {("by_groups", "by_products"), ("by_products", "by_groups")}


@both_dtypes
@pytest.mark.parametrize("at_once", [1, 100, 257, 700])
def test_shared_blocks_of_any_size(at_once, dtype, monkeypatch):
    A, Y, lam, size = large(n_samples=700, lam=0.7)
    bytes_of_sample = (3 * A.shape[1] + 2 * A.shape[0]) * dtype().itemsize
    monkeypatch.setattr(fast, "SHARED_BYTES", at_once * bytes_of_sample)
    assert_twins((A, Y, lam, size), dtype)


@both_dtypes
@pytest.mark.parametrize("lam", [0.0, 0.7, 2.6])
@pytest.mark.parametrize("n_samples", [700, 4200])
def test_the_same_bits_for_any_number_of_threads_and_from_run_to_run(n_samples, lam, dtype):
    problem = large(n_samples=n_samples, lam=lam, dtype=dtype)
    results = [fast.loss_and_grad(*problem, "exact", n_threads) for n_threads in (1, 2, 4, 1, 2)]
    assert len({cost for cost, _ in results}) == 1
    assert len({G.tobytes() for _, G in results}) == 1


def peak_memory(problem):
    """Bytes that NumPy allocates at the most at a time."""
    fast.loss_and_grad(*problem, "exact", 2)
    tracemalloc.start()
    fast.loss_and_grad(*problem, "exact", 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_extra_memory_does_not_grow_with_the_samples():
    peaks = [peak_memory(large(n_samples=n_samples)) for n_samples in (16_384, 65_536)]
    assert peaks[1] < 1.2 * peaks[0]


def test_extra_memory_by_products_grows_up_to_a_bound(monkeypatch):
    """A shared block takes all samples as long as its arrays fit into SHARED_BYTES."""
    monkeypatch.setattr(fast, "SHARED_BYTES", 2**22)
    peaks = [peak_memory(large(n_samples=n, lam=0.7)) for n in (1024, 2048, 16_384, 65_536)]
    assert peaks[1] > 1.8 * peaks[0]
    assert all(peak < 1.1 * 2**22 for peak in peaks)
    assert peaks[3] < 1.2 * peaks[2]


# ---- the screen


def on_the_threshold(seed, n_features=12, n_groups=40, n_samples=200):
    """z is lam or one unit beside it, while its terms are 2^22 times larger.

    All are integers, so that z is exact in float64 in any order; each group has one non-zero atom,
    so its norm is exact too. In float32 most of these groups fall on the wrong side.
    """
    rng = np.random.default_rng(seed)
    A = np.zeros((n_features, 2 * n_groups))
    Y = rng.integers(-(2**22), 2**22, size=(n_samples, n_features)).astype(float)
    A[:, ::2] = rng.integers(-3, 4, size=(n_features, n_groups))
    A[0, ::2] = 1
    A[1, ::2] = 1
    lam = 1000.0
    target = rng.integers(-1, 2, size=n_samples) + lam
    Y[:, 0] += target - Y @ A[:, 0]  # group 0 of every sample has z = lam - 1, lam or lam + 1
    return A, Y, lam, 2


@settings(max_examples=20)
@given(seed=SEEDS)
def test_the_screen_misses_no_group_on_the_threshold(seed):
    A, Y, lam, size = on_the_threshold(seed)
    z = (Y @ A)[:, 0]
    assert set(z) <= {lam - 1, lam, lam + 1}
    assert_twins((A, Y, lam, size), np.float64, "exact", few=1.0)
    assert_twins((A[:, :2], Y, lam, size), np.float64, "exact", few=1.0)


@pytest.mark.parametrize(("n_features", "group_size"), [(1, 1), (3, 2), (1000, 20), (4_000_000, 1)])
def test_the_margin_is_the_sum_of_its_derivation(n_features, group_size):
    u = Fraction(1, 2**24)
    gammas = [k * u / (1 - k * u) for k in (n_features + 2, group_size)]
    exact = sum(gammas, 2 * u)
    margin = fast.screening_margin(n_features, group_size)
    assert exact < margin - 2.0**-61
    assert margin < 1.6 * exact
    together = (n_features + 2 + group_size + 2) * u  # gamma_a + gamma_b <= gamma_(a + b)
    expected = float(Fraction(101, 100) * together / (1 - together))
    assert margin == pytest.approx(expected, rel=1e-9)


def test_single_precision_doubles_the_margin():
    A, _, lam, size = large()
    double = fast._Screen(A.T.copy(), lam, size)
    single = fast._Screen(A.T.astype(np.float32), lam, size)
    assert double.margin == fast.screening_margin(len(A), size)
    assert single.margin == 2 * double.margin


@pytest.mark.parametrize("margin", [0.2, np.inf])
def test_a_screen_with_a_large_margin_is_not_used(margin, monkeypatch):
    """As with millions of features: all blocks are then processed by products."""
    monkeypatch.setattr(fast, "screening_margin", lambda *sizes: margin)
    monkeypatch.setattr(fast._Chunks, "by_groups", None)
    assert_twins(large(n_samples=600), np.float64, "exact", few=1.0)


def test_the_screen_without_its_margin_misses_active_groups(monkeypatch):
    monkeypatch.setattr(fast, "screening_margin", lambda *sizes: 0.0)
    A, Y, lam, size = on_the_threshold(0)
    expected = autoencoder.loss_and_grad(A[:, :2], Y, lam, size)[1]
    G = fast.loss_and_grad(A[:, :2], Y, lam, size, "exact", few=1.0)[1]
    assert error(G, expected) > 1e-6


@both_dtypes
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_screen_works_at_every_scale(scale, dtype):
    A, Y, lam, size = large()
    assert_twins((scale * A, Y, lam * scale, size), dtype, "exact", few=1.0)
    assert_twins((A, scale * Y, lam * scale, size), dtype, "exact", few=1.0)


# ---- processes of their own

TINY = """
import numpy as np
from gsae_ref.kernels import activations, autoencoder
from gsae_ref.reference import autoencoder as plain
rng = np.random.default_rng(0)
A, Y = rng.normal(size=(5, 6)), rng.normal(size=(7, 5))
for few in (0.0, 1.0):
    for gradient in ("appendix_b", "approximate", "exact"):
        cost, G = autoencoder.loss_and_grad(A, Y, 2.0, 2, gradient, None, few)
    expected = plain.loss_and_grad(A, Y, 2.0, 2)[1]
    assert np.linalg.norm(G - expected) < 1e-12 * np.linalg.norm(G)
activations.group_soft_threshold_vjp(Y[:, :4], Y[:, 1:], 1.0, 2)
print("good")
"""
SHORT = """
import logging, numpy as np
logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
from gsae_ref.kernels import activations
for size in (1, 2):
    print(activations.group_soft_threshold(np.array([3.0, 4.0]), 1.0, size))
"""


def run(program, tmp_path, folder=PACKAGE.parent, **variables):
    """Run a program in a process of its own whose caches are in tmp_path unless set otherwise."""
    cache = str(tmp_path / "cache")
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": str(folder), **variables}
    command = [sys.executable, "-W", "error", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr
    return result


@pytest.mark.parametrize("variable", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_without_compiler_and_with_bounds_checked(variable, tmp_path):
    assert run(TINY, tmp_path, **{variable: "1"}).stdout == "good\n"


def test_compiling_is_announced_once_and_reading_from_disk_is_not(tmp_path):
    first = run(SHORT, tmp_path)
    second = run(SHORT, tmp_path)
    assert first.stderr.count("gsae_ref compiling kernels") == 1
    assert second.stderr == ""
    assert second.stdout == first.stdout


def test_no_folder_for_the_cache_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    nowhere = str(tmp_path / "file" / "cache")
    copy = tmp_path / "copy" / "gsae_ref"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "kernels" / "__pycache__").write_text("")
    folders = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "LOCALAPPDATA")
    variables = dict.fromkeys(folders, nowhere)
    program = SHORT + "import gsae_ref\nprint(gsae_ref.__file__)"
    result = run(program, tmp_path, copy.parent, PYTHONDONTWRITEBYTECODE="1", **variables)
    assert result.stderr.count("compiling kernels") == 1
    assert str(copy) in result.stdout


def test_threads_return_results_in_order_and_pass_errors_on():
    assert _jit.map_in_threads(lambda k: k * k, range(9), 3) == [k * k for k in range(9)]
    with pytest.raises(ZeroDivisionError):
        _jit.map_in_threads(lambda k: 1 / k, [1, 0, 2], 2)
    assert _jit.available_threads() >= 1
    assert isinstance(logging.getLogger("gsae_ref"), logging.Logger)


def test_the_caller_is_one_of_the_threads():
    together = threading.Barrier(2, timeout=10)

    def task(k):
        together.wait()
        return threading.get_ident()

    found = _jit.map_in_threads(task, range(2), 2)
    assert len(set(found)) == 2
    assert threading.get_ident() in found


def test_no_task_starts_after_an_error():
    started = []

    def task(k):
        started.append(k)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _jit.map_in_threads(task, range(100), 2)
    assert len(started) <= 2


def test_no_two_tasks_share_a_workspace_at_the_same_time():
    made = []

    def make():
        made.append([])
        return made[-1]

    def task(k, workspace):
        workspace.append(k)
        assert len(workspace) == 1
        return k, workspace.pop()

    results = _jit.map_with_workspaces(task, list(range(50)), make, 3)
    assert results == [(k, k) for k in range(50)]
    assert len(made) == 3


@pytest.mark.parametrize("n_threads", [1, 2])
def test_threads_warn_of_overflow_where_the_caller_would(n_threads):
    def overflow(x):
        return np.multiply(np.array([x]), 1e300)[0]

    with np.errstate(over="ignore"):
        assert _jit.map_in_threads(overflow, [1e200, 1e200], n_threads) == [np.inf, np.inf]
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        _jit.map_in_threads(overflow, [1e200, 1e200], n_threads)
