"""The compiled sparse autoencoder is a twin of the reference, for any number of threads."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import SEEDS

from gsae_ref import ops
from gsae_ref.kernels import sparse_autoencoder as fast
from gsae_ref.reference import sparse_autoencoder as reference

TOLERANCE = {np.float64: 1e-12, np.float32: 1e-5}
METHODS = {"by atoms": 1.0, "by products": 0.0, "default": fast.FEW}
GRADIENTS = ("exact", "approximate")
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
each_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(autouse=True, scope="module")
def small_chunks():
    """Let small inputs be cut into blocks and chunks as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "CHUNK_WORK", 1)
        patch.setattr(fast, "BLOCK", 64)
        yield


def problem(
    seed,
    activation="relu",
    lam=0.5,
    shift=0.0,
    n_features=7,
    n_atoms=9,
    n_samples=5,
    dtype=np.float64,
):
    """A network whose pre-activations are farther from the kinks than rounding can move them."""
    rng = np.random.default_rng(seed)
    W = (rng.normal(size=(n_features, n_atoms)) / np.sqrt(n_features)).astype(dtype)
    b = (rng.normal(size=n_atoms) / 3 - shift).astype(dtype)
    Y = rng.normal(size=(3 * n_samples + 50, n_features)).astype(dtype)
    if activation == "relu":
        lam = 0.0
    Z = Y.astype(float) @ W.astype(float) + b
    off = np.abs(np.abs(Z) - lam).min(axis=1) > (1e-4 if lam or activation == "relu" else -1)
    return W, Y[off][:n_samples], b, activation, lam


def error(result, expected):
    """Relative to the norm of the array; exactly equal zeros have the error 0."""
    result, expected = np.asarray(result), np.asarray(expected)
    scale = np.linalg.norm(expected)
    return np.linalg.norm(result - expected) / scale if scale > 0 else np.linalg.norm(result)


def assert_twins(net, few=fast.FEW, gradient="exact", n_threads=None):
    dtype = net[0].dtype.type
    cost, dW, db = fast.loss_and_grad(*net, gradient, n_threads, few)
    if gradient == "exact":
        expected = reference.loss_and_grad(*net)
    else:
        expected = reference.loss(*net), *reference.approximate(*net)
    assert type(cost) is float
    assert dW.shape == net[0].shape
    assert db.shape == net[2].shape
    assert dW.dtype == db.dtype == dtype
    assert dW.flags.c_contiguous
    for result, value in zip((cost, dW, db), expected, strict=True):
        assert error(result, value) <= TOLERANCE[dtype]


@both_dtypes
@each_method
@settings(max_examples=60)
@given(
    seed=SEEDS,
    activation=st.sampled_from(["relu", "hard", "soft"]),
    lam=st.sampled_from([0.0, 0.5, 1.5]),
    shift=st.sampled_from([0.0, 1.5]),
    sizes=st.tuples(*[st.integers(1, 9)] * 3),
    gradient=st.sampled_from(GRADIENTS),
)
def test_loss_and_gradients_are_those_of_the_reference(
    method, dtype, seed, activation, lam, shift, sizes, gradient
):
    net = problem(seed, activation, lam, shift, *sizes, dtype)
    assert_twins(net, METHODS[method], gradient)


def limiting_cases(activation, dtype):
    """Named corners of the loss."""
    W, Y, b, _, lam = problem(0, activation, dtype=dtype)
    zero_atom = W.copy()
    zero_atom[:, 2] = 0
    if activation == "relu":
        dead = W, Y, b - 100, activation, 0.0
    else:
        dead = W, Y, b, activation, 100.0
    return {
        "samples of zeros": (W, 0 * Y, b, activation, lam),
        "an atom of zeros": (zero_atom, Y, b, activation, lam),
        "duplicate atoms": (np.repeat(W, 2, axis=1), Y, np.repeat(b, 2), activation, lam),
        "no active atom": dead,
        "all atoms active": (W, Y, b + 100, activation, lam),
        "no threshold": (W, Y, 0 * b, activation, 0.0),
    }


@both_dtypes
@each_method
@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("activation", ["relu", "hard", "soft"])
def test_limiting_cases(activation, gradient, method, dtype):
    for net in limiting_cases(activation, dtype).values():
        assert_twins(net, METHODS[method], gradient)


@both_dtypes
@each_method
@pytest.mark.parametrize("gradient", GRADIENTS)
def test_an_entry_on_the_kink_is_inactive_and_without_threshold_it_is_not(gradient, method, dtype):
    W = np.eye(3, dtype=dtype)
    b = np.zeros(3, dtype)
    Y = np.array([[2.0, -2.0, 0.0], [3.0, -3.0, 0.5]], dtype)
    for activation, lam in (("hard", 2.0), ("soft", 2.0), ("relu", 0.0)):
        for threshold in {lam, 0.0}:
            assert_twins((W, Y, b, activation, threshold), METHODS[method], gradient)
            assert_twins((W, Y, b + dtype(0.5), activation, threshold), METHODS[method], gradient)
    W = np.array([[1.0, 1.0], [0.0, 1.0]], dtype)
    Y = np.array([[1.0, -1.0]], dtype)  # z = (1, 0), and W^T e = (0, -1)
    for activation in ("hard", "soft", "relu"):
        assert_twins((W, Y, np.zeros(2, dtype), activation, 0.0), METHODS[method], gradient)


@both_dtypes
@pytest.mark.parametrize("lam", [1e-60, 1e60])
def test_a_threshold_outside_the_range_of_the_dtype_makes_no_nan(lam, dtype):
    W, Y, b, _, _ = problem(1, "hard", dtype=dtype)
    for activation in ("hard", "soft"):
        cost, dW, db = fast.loss_and_grad(W, Y, b, activation, lam, "exact")
        assert np.isfinite(cost)
        assert np.isfinite(dW).all()
        assert np.isfinite(db).all()
        expected = 0 * dW if lam > 1 else reference.loss_and_grad(W, Y, b, activation, 0.0)[1]
        assert error(dW, expected) <= TOLERANCE[dtype]


@both_dtypes
@pytest.mark.parametrize("n_samples", [63, 64, 65, 700, 1111])
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_blocks_and_chunks_leave_no_sample_out(shift, n_samples, dtype):
    net = problem(2, shift=shift, n_samples=n_samples, dtype=dtype)
    assert len(net[1]) == n_samples
    assert_twins(net)


def test_blocks_that_change_from_few_to_many_active_and_back():
    W, Y, b, activation, lam = problem(3, "hard", n_samples=1200)
    scale = np.repeat([0.1, 4.0, 0.1, 4.0, 0.1, 1.0], 200)[:, None]
    near = (np.abs(np.abs(scale * Y @ W + b) - lam) < 1e-9).any(axis=1)
    assert_twins((W, (scale * Y)[~near], b, activation, lam))


@both_dtypes
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_the_same_bits_for_any_number_of_threads_and_from_run_to_run(shift, dtype):
    net = problem(4, shift=shift, n_samples=1000, n_features=23, n_atoms=30, dtype=dtype)
    results = [fast.loss_and_grad(*net, "exact", n_threads) for n_threads in (1, 2, 4, 1, 2)]
    assert len({cost for cost, *_ in results}) == 1
    assert len({dW.tobytes() + db.tobytes() for _, dW, db in results}) == 1


def test_strided_reversed_and_read_only_arguments():
    W, Y, b, *rest = problem(6, n_samples=200)
    expected = reference.loss_and_grad(W, Y, b, *rest)[1]
    W_ = np.repeat(W, 2, axis=0)[::2]
    Y_ = np.asfortranarray(Y[::-1])[::-1]
    W_.flags.writeable = False
    Y_.flags.writeable = False
    dW = fast.loss_and_grad(W_, Y_, np.broadcast_to(b, b.shape), *rest)[1]
    assert error(dW, expected) <= 1e-12


def test_the_door_chooses_the_kernel_for_large_problems_and_agrees_with_the_reference(monkeypatch):
    calls = []
    original = fast.loss_and_grad

    def counted(*args, **options):
        calls.append(args)
        return original(*args, **options)

    monkeypatch.setattr(fast, "loss_and_grad", counted)
    net = problem(7, n_features=100, n_atoms=120, n_samples=1000)
    results = {
        engine: ops.sparse_loss_and_grad(*net, engine=engine)
        for engine in ("reference", "numba", "auto")
    }
    assert len(calls) >= 1  # "auto" takes the reference where the compiler is disabled
    for engine in ("numba", "auto"):
        for result, expected in zip(results[engine], results["reference"], strict=True):
            assert error(result, expected) <= 1e-12
    calls.clear()
    ops.sparse_loss_and_grad(*problem(8))
    assert not calls
