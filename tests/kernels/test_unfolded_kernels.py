"""The kernels of the unfolded encoder are twins of the reference, for any number of threads."""

import subprocess
import sys
import tracemalloc

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import SEEDS, ties
from test_kernels import run

import gsae_ref as gs
from gsae_ref.kernels import unfolded as fast
from gsae_ref.kernels import unfolded_steps
from gsae_ref.ops import engine
from gsae_ref.reference import unfolded

TOLERANCE = {np.float64: 1e-12, np.float32: 1e-5}
MARGIN = {np.float64: 1e-9, np.float32: 1e-3}
METHODS = {"by samples": 1.0, "by products": 0.0, "default": None}
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
each_method = pytest.mark.parametrize("method", METHODS)


def nearest_kink(problem):
    """Smallest distance of a norm or an entry to its threshold, over the largest pre-activation.

    Exact ties do not count: both conventions agree there.
    """
    A, Y, lam, size, n_unfold, step, accelerated, nonnegative, l1 = problem
    step = unfolded.spectral_step(A) if step is None else step
    nearest = np.inf
    largest = 1e-300
    for layer in unfolded._layers(A, Y, lam, size, n_unfold, step, accelerated, nonnegative, l1):
        V = layer.V
        distances = []
        if lam:
            W = unfolded._entrywise(V, nonnegative, step * l1)
            distances.append(np.linalg.norm(W.reshape(len(Y), -1, size), axis=2) - step * lam)
        if nonnegative or l1:
            distances.append((V if nonnegative else np.abs(V)) - step * l1)
        for distance in distances:
            distance = np.abs(distance)
            nearest = min(nearest, np.min(distance[distance > 0], initial=np.inf))
        largest = max(largest, np.abs(V).max())
    return nearest / largest


def instance(
    seed,
    dtype=np.float64,
    size=2,
    n_groups=5,
    n_features=6,
    n_samples=5,
    n_unfold=15,
    lam=0.4,
    step=None,
    **options,
):
    """Arguments whose steps stay away from the kinks.

    The two largest singular values of A differ by at least 5 %.
    """
    flags = {"accelerated": True, "nonnegative": False, "l1": 0.0, **options}
    margin = MARGIN[dtype]
    if dtype == np.float64:
        margin /= n_samples
    for attempt in range(1000):
        rng = np.random.default_rng([seed, attempt])
        scale = np.repeat(np.exp(0.3 * rng.normal(size=n_groups)), size)
        A = scale * rng.normal(size=(n_features, n_groups * size)) / np.sqrt(n_features)
        sigma = np.linalg.svd(A, compute_uv=False)
        if len(sigma) > 1 and sigma[0] < 1.05 * sigma[1]:
            continue
        Y = np.exp(0.3 * rng.normal(size=(n_samples, 1))) * rng.normal(size=(n_samples, n_features))
        a = step and float(step / sigma[0] ** 2)
        problem = A.astype(dtype), Y.astype(dtype), lam, size, n_unfold, a, *flags.values()
        if nearest_kink((A, Y, *problem[2:])) > margin:
            return problem
    raise AssertionError(f"no instance away from the kinks in 1000 draws, seed {seed}")


def error(result, expected, least=0.0):
    """Relative to the norm of the array, or to ``least`` if larger; of equal zeros it is 0."""
    scale = max(np.linalg.norm(expected), least)
    return np.linalg.norm(result - expected) / scale if scale > 0 else np.linalg.norm(result)


def assert_twins(problem, method="default", n_threads=None):
    """Codes, loss and gradient agree relative to their norms.

    Where residuals cancel, relative to a hundredth (float32: a tenth) of ||Y||^2 / 2N for the loss
    and of ||Y|| ||X|| / N for the gradient. Rounding in float32 is amplified by the steps, in the
    reference too: the kernel may err by 1e-5, or three times as much as the reference in float32
    does, from the reference in float64.
    """
    A, Y, *rest = problem
    options = {"n_threads": n_threads, "few": METHODS[method]}
    X = fast.unfolded_encode(*problem, **options)
    cost, G = fast.unfolded_loss_and_grad(*problem, **options)
    assert X.dtype == G.dtype == A.dtype
    assert type(cost) is float
    assert X.shape == (len(Y), A.shape[1])
    assert G.shape == A.shape
    exact = A.astype(np.float64), Y.astype(np.float64), *rest
    codes = unfolded.unfolded_encode(*exact)
    value, gradient = unfolded.unfolded_loss_and_grad(*exact)
    size = np.linalg.norm(exact[1])
    share = 0.01 if A.dtype == np.float64 else 0.1
    leasts = 0.0, share * size**2 / (2 * len(Y)), share * size * np.linalg.norm(codes) / len(Y)
    twin = unfolded.unfolded_encode(*problem), *unfolded.unfolded_loss_and_grad(*problem)
    for ours, theirs, expected, least in zip(
        (X, cost, G), twin, (codes, value, gradient), leasts, strict=True
    ):
        allowed = 3 * error(theirs, expected, least) if A.dtype == np.float32 else 0.0
        assert error(ours, expected, least) <= max(TOLERANCE[A.dtype.type], allowed)


flags = st.fixed_dictionaries(
    {
        "accelerated": st.booleans(),
        "nonnegative": st.booleans(),
        "l1": st.sampled_from([0.0, 0.1]),
        "lam": st.sampled_from([0.0, 0.4, 1.5]),
        "step": st.sampled_from([None, 0.3, 1.0]),
        "n_unfold": st.sampled_from([1, 2, 3, 15]),
        "size": st.sampled_from([1, 2, 3, 5, 16]),
        "n_groups": st.integers(1, 3),
        "n_features": st.integers(1, 8),
        "n_samples": st.integers(1, 4),
    }
)


@each_method
@both_dtypes
@settings(max_examples=40)
@given(seed=SEEDS, options=flags)
def test_codes_loss_and_gradient_are_those_of_the_reference(method, dtype, seed, options):
    assert_twins(instance(seed, dtype, **options), method)


def limiting_cases():
    """Named corners of the loss."""
    usual = instance(1)
    A, Y = usual[:2]
    zero = A * np.repeat([1.0, 0.0, 1.0, 1.0, 1.0], 2)
    return {
        "a group of zeros": (zero, *usual[1:]),
        "a group of zeros and lam = 0": (zero, Y, 0.0, *usual[3:]),
        "a dictionary of zeros": (0 * A, *usual[1:]),
        "an all-zero sample": (A, np.vstack([Y, 0 * Y[:1]]), *usual[2:]),
        "no active group": (A, Y, 1e3, *usual[3:]),
        "nothing but zeros": (A, 0 * Y, *usual[2:]),
        "duplicate atoms": (np.repeat(A[:, ::2], 2, axis=1), *usual[1:]),
        "duplicate groups": (np.hstack([A[:, :4], A[:, :4]]), *usual[1:]),
        "one group of all atoms": instance(2, size=10, n_groups=1),
        "one sample": instance(3, n_samples=1),
        "one feature": instance(4, n_features=1),
        "one atom": instance(5, size=1, n_groups=1),
        "a large group": instance(6, size=40, n_groups=2),
        "lam below the range of float32": (A, Y, 1e-60, *usual[3:]),
    }


@both_dtypes
@each_method
@pytest.mark.parametrize("name", limiting_cases())
def test_limiting_cases(name, method, dtype):
    A, Y, *rest = limiting_cases()[name]
    assert_twins((A.astype(dtype), Y.astype(dtype), *rest), method)


@both_dtypes
@each_method
@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_tie_in_exact_arithmetic_is_inactive(size, method, dtype):
    """Orthogonal atoms, powers of two: pre-activations are exact, a norm is the threshold."""
    z, lam = ties(size)
    A = np.eye(2 * size, dtype=dtype)
    Y = np.concatenate([z, 2 * z])[None].astype(dtype)
    for options in ((0.5, False, False, 0.0), (0.5, True, True, 0.0)):
        problem = A, Y, lam, size, 3, *options
        assert not fast.unfolded_encode(*problem, few=METHODS[method])[0, :size].any()
        assert_twins(problem, method)
    on_l1 = A, np.ones_like(Y), 0.0, size, 3, 0.5, True, False, 1.0
    assert not fast.unfolded_encode(*on_l1, few=METHODS[method]).any()
    assert_twins(on_l1, method)


def test_beside_a_tie_the_codes_agree_though_the_gradient_may_not():
    """One unit in the last place decides the side; the code is continuous there."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(6, 10))
    Y = rng.normal(size=(200, 6))
    step = unfolded.spectral_step(A)
    for i in range(20):
        lam = float(np.linalg.norm((step * Y[i] @ A)[:2]) / step)
        problem = A, Y[i : i + 1], lam, 2, 4, step, True, False, 0.0
        assert np.linalg.norm(
            fast.unfolded_encode(*problem) - unfolded.unfolded_encode(*problem)
        ) <= 1e-12 * np.linalg.norm(step * Y[i] @ A)


# ---- blocks, threads, memory


def large(n_samples=1500, dtype=np.float64, lam=1.2, n_features=20, size=3):
    """Arguments with several blocks and chunks."""
    rng = np.random.default_rng(0)
    A = (rng.normal(size=(n_features, 8 * size)) / np.sqrt(n_features)).astype(dtype)
    Y = rng.normal(size=(n_samples, n_features)).astype(dtype)
    return A, Y, lam, size, 7, 0.1, True, False, 0.0


@each_method
@pytest.mark.parametrize("n_samples", [129, 255, 256, 513, 2600])
def test_blocks_and_chunks_leave_no_sample_out(n_samples, method, monkeypatch):
    monkeypatch.setattr(fast, "HALF_WORK", 1)
    assert_twins(large(n_samples), method)
    assert_twins(large(n_samples)[:5] + (None, False, True, 0.05), method)


def test_a_block_may_be_one_sample(monkeypatch):
    monkeypatch.setattr(fast, "BLOCK_BYTES", 1)
    for method in METHODS:
        assert_twins(large(30), method)


@both_dtypes
@each_method
@pytest.mark.parametrize(("n_samples", "step"), [(140, 0.1), (2600, 0.1), (2600, None)])
def test_the_same_bits_for_any_number_of_threads_and_from_run_to_run(
    n_samples, step, method, dtype, monkeypatch
):
    monkeypatch.setattr(fast, "HALF_WORK", 1)
    problem = *large(n_samples, dtype)[:5], step, True, False, 0.0
    results = [
        fast.unfolded_loss_and_grad(*problem, n_threads=n, few=METHODS[method])
        for n in (1, 2, 4, 1)
    ]
    codes = [fast.unfolded_encode(*problem, n_threads=n, few=METHODS[method]) for n in (1, 2, 4, 1)]
    assert len({cost for cost, _ in results}) == 1
    assert len({G.tobytes() for _, G in results}) == 1
    assert len({X.tobytes() for X in codes}) == 1


def test_strided_reversed_and_read_only_arguments():
    A, Y, *rest = large(300)
    A_ = np.repeat(A, 2, axis=0)[::2]
    Y_ = np.asfortranarray(Y[::-1])[::-1]
    A_.flags.writeable = False
    Y_.flags.writeable = False
    before = A.copy(), Y.copy()
    codes = unfolded.unfolded_encode(A, Y, *rest)
    gradient = unfolded.unfolded_loss_and_grad(A, Y, *rest)[1]
    for args in ((A_, Y_), (np.asfortranarray(A), Y)):
        assert error(fast.unfolded_encode(*args, *rest), codes) <= 1e-12
        assert error(fast.unfolded_loss_and_grad(*args, *rest)[1], gradient) <= 1e-12
    assert np.array_equal(A, before[0]) and np.array_equal(Y, before[1])


@each_method
def test_extra_memory_does_not_grow_with_the_samples(method):
    peaks = []
    for n_samples in (8192, 32_768):
        problem = large(n_samples)
        fast.unfolded_loss_and_grad(*problem, n_threads=2, few=METHODS[method])
        tracemalloc.start()
        fast.unfolded_loss_and_grad(*problem, n_threads=2, few=METHODS[method])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_the_method_is_chosen_by_the_share_of_active_groups(monkeypatch):
    """Few active: the compiled loop over samples runs; many: it does not."""
    calls = []
    differentiate = unfolded_steps.differentiate

    def count(*arguments):
        calls.append(1)
        return differentiate(*arguments)

    monkeypatch.setattr(unfolded_steps, "differentiate", count)
    for lam, size, expected in ((2.5, 3, True), (0.1, 3, False), (5.0, 8, True), (0.1, 8, False)):
        calls.clear()
        assert_twins(large(600, lam=lam, size=size))
        assert bool(calls) is expected


# ---- the tester tested

MUTANTS = {
    "no momentum in the reverse pass": ("momentum", lambda n, accelerated=True: np.zeros(n)),
    "momentum 0.1 % off": (
        "momentum",
        lambda n, accelerated=True, real=fast.momentum: 1.001 * real(n, accelerated),
    ),
    "step 0.1 % off": (
        "spectral_step",
        lambda A, real=fast.spectral_step: (1.001 * real(A)[0], real(A)[1]),
    ),
    "the direction of the step's gradient": (
        "spectral_step",
        lambda A, real=fast.spectral_step: (real(A)[0], real(A)[1][::-1]),
    ),
    "a group on the threshold": ("threshold_for", lambda t, dtype: dtype.type(t * (1 - 1e-9))),
}


@each_method
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_of_the_kernel_is_rejected(name, method, monkeypatch):
    problem = instance(0)
    assert_twins(problem, method)
    monkeypatch.setattr(fast, *MUTANTS[name])
    with pytest.raises(AssertionError):
        assert_twins(problem, method)


# ---- the door


@both_dtypes
def test_the_door_takes_both_engines_and_one_sample(dtype):
    problem = instance(0, dtype)
    A, Y, *rest = problem
    for engine_ in ("numba", "auto", "reference"):
        cost, G = gs.unfolded_loss_and_grad(A, Y, *rest, engine=engine_)
        expected_cost, expected = unfolded.unfolded_loss_and_grad(*problem)
        assert cost == pytest.approx(expected_cost, rel=TOLERANCE[dtype])
        assert error(G, expected) <= TOLERANCE[dtype]
        assert gs.unfolded_encode(A, Y[0], *rest, engine=engine_).shape == (10,)
        X = gs.unfolded_encode(A, Y, *rest, engine=engine_)
        assert error(X, unfolded.unfolded_encode(*problem)) <= TOLERANCE[dtype]
        assert gs.unfolded_loss_and_grad(A, Y[0], *rest, engine=engine_)[1].shape == A.shape
    for function in (gs.unfolded_encode, gs.unfolded_loss_and_grad):
        with pytest.raises(ValueError, match="engine = 'torch' is unknown"):
            function(*problem, engine="torch")


def test_auto_takes_the_kernel_for_large_problems_only(monkeypatch):
    calls = []
    kernel = fast.unfolded_loss_and_grad

    def count(*arguments, **options):
        calls.append(1)
        return kernel(*arguments, **options)

    monkeypatch.setattr(fast, "unfolded_loss_and_grad", count)
    rng = np.random.default_rng(0)
    for n_features, n_atoms, n_samples, expected in (
        (100, 64, 128, True),
        (100, 64, 50, False),
        (30, 160, 300, False),
        (100, 64, 2, False),
    ):
        calls.clear()
        A = rng.normal(size=(n_features, n_atoms))
        Y = rng.normal(size=(n_samples, n_features))
        gs.unfolded_loss_and_grad(A, Y, 1.0, 4, 15, 0.001)
        assert bool(calls) is expected


def test_without_threadpoolctl_one_thread_gives_the_same_bits(monkeypatch):
    problem = large(1500)
    expected = gs.unfolded_loss_and_grad(*problem, engine="numba")[1]
    monkeypatch.setattr(engine, "_controller", lambda: None)
    assert gs.unfolded_loss_and_grad(*problem, engine="numba")[1].tobytes() == expected.tobytes()


TINY = """
import numpy as np
from gsae_ref.kernels import unfolded
from gsae_ref.reference import unfolded as plain
rng = np.random.default_rng(0)
A, Y = rng.normal(size=(5, 6)), rng.normal(size=(7, 5))
for few in (0.0, 0.3, 1.0):
    for options in ((None, True, False, 0.0), (0.01, True, True, 0.1)):
        problem = A, Y, 0.4, 2, 4, *options
        X = unfolded.unfolded_encode(*problem, few=few)
        assert np.allclose(X, plain.unfolded_encode(*problem), atol=1e-12)
        G = unfolded.unfolded_loss_and_grad(*problem, few=few)[1]
        assert np.allclose(G, plain.unfolded_loss_and_grad(*problem)[1], atol=1e-12)
print("good")
"""


@pytest.mark.parametrize("variable", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_without_compiler_and_with_bounds_checked(variable, tmp_path):
    done = run(TINY, tmp_path, NUMBA_OPT="1", **{variable: "1"})  # compiles quicker
    assert done.stdout == "good\n"


def test_the_kernels_are_not_imported_with_the_package():
    program = "import sys, gsae_ref; print('gsae_ref.kernels.unfolded' in sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
