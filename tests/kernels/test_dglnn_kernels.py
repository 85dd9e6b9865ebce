"""The compiled update loops equal the reference for every shape, rule and precision."""

import hypothesis.strategies as st
import numpy as np
import pytest
from dglnn_problem import SIZES, problem
from hypothesis import given, settings
from strategies import SEEDS

import gsae_ref as gs
from gsae_ref.kernels import dglnn as fast
from gsae_ref.ops import grouped_paths
from gsae_ref.reference import dglnn as slow

TOLERANCE = {np.float64: 1e-12, np.float32: 1e-5}
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
RULES = {
    "algorithm 1": slow.Rule(0.01),
    "algorithm 1 as the authors' code": slow.Rule(0.01, scale=2, jacobi=True),
    "algorithm 2 from the start": slow.Rule(0.01, eta=0.05, switch_epoch=0),
    "algorithm 2 from the start, small changes": slow.Rule(
        0.001, eta=0.05, switch_epoch=0, tolerance=0.5
    ),
    "algorithm 2 at an epoch, default eta": slow.Rule(0.01, scale=2, switch_epoch=2),
    "algorithm 2 by change": slow.Rule(0.001, eta=0.05, tolerance=0.5),
    "algorithm 2 by change, default eta": slow.Rule(0.001, tolerance=0.5),
    "gradient descent": slow.Rule(0.01, eta=0.02, normalise=False),
    "gradient descent, default eta": slow.Rule(0.01, normalise=False),
}


def assert_close(fast_value, slow_value, dtype):
    error = np.linalg.norm(fast_value - slow_value)
    scale = np.linalg.norm(slow_value)
    assert error <= TOLERANCE[dtype] * scale, f"error {error:.3e}, scale {scale:.3e}"


def instance(seed, sizes, n_samples, dtype):
    """A network well inside the stable range, where a few epochs do not amplify rounding."""
    net = problem(seed, sizes, n_samples)
    X = net.X / np.linalg.norm(net.X, 2) * n_samples**0.5
    u = np.clip(net.u, 0.5, 1.2)
    v = slow.unit(np.abs(net.v) + 0.1, net.v, sizes)
    # the correlations point along v
    y = X @ (slow.expand(u * u, sizes) * v) * 1.5 + 0.01 * net.y
    return tuple(a.astype(dtype) for a in (u, v, X, y))


@both_dtypes
@pytest.mark.parametrize("name", RULES)
@settings(max_examples=20)
@given(seed=SEEDS, sizes=SIZES, n_samples=st.integers(4, 9))
def test_the_loop_equals_the_reference(name, dtype, seed, sizes, n_samples):
    u, v, X, y = instance(seed, sizes, n_samples, dtype)
    expected, result = (
        room.advance(u, v, X, y, np.array(sizes), RULES[name], 0, 3) for room in (slow, fast)
    )
    assert result[0].dtype == result[1].dtype == dtype
    assert type(result[2]) is float
    for k in range(3):
        assert_close(result[k], expected[k], dtype)
    assert result[3].switch_epoch == expected[3].switch_epoch


@both_dtypes
def test_the_growth_rule_equals_the_reference(dtype):
    u, v, X, y = instance(0, [2, 1, 3], 9, dtype)
    rule = slow.Rule(0.02, half=np.array([1.05, 1.02, 1.1]) * u.astype(float) ** 2)
    expected, result = (
        room.advance(u, v, X, y, np.array([2, 1, 3]), rule, 0, 60) for room in (slow, fast)
    )
    assert expected[3].switch_epoch == result[3].switch_epoch > 1


@both_dtypes
@given(
    seed=SEEDS,
    n_samples=st.integers(1, 9),
    n_features=st.integers(1, 9),
    scale=st.sampled_from([1, 2]),
)
def test_the_signed_loop_equals_the_reference(dtype, seed, n_samples, n_features, scale):
    rng = np.random.default_rng(seed)
    X, y, u, v = (
        rng.normal(size=shape).astype(dtype)
        for shape in ((n_samples, n_features), n_samples, n_features, n_features)
    )
    X /= max(np.linalg.norm(X, 2) / n_samples**0.5, 1e-3)
    expected, result = (room.signed_advance(u, v, X, y, scale, 0.01, 3) for room in (slow, fast))
    assert result[0].dtype == result[1].dtype == dtype
    assert type(result[2]) is float
    for fast_value, slow_value in zip(result, expected, strict=True):
        assert_close(fast_value, slow_value, dtype)


@pytest.mark.parametrize("name", RULES)
def test_corner_cases_agree(name):
    """No signal, a direction that is zero, tiny magnitudes."""
    sizes = np.array([2, 1])
    X = np.eye(3)[:2]
    zero = np.zeros(2)
    for u, v, y in (
        ([0.5, 0.5], [0.6, 0.8, 1.0], zero),
        ([0.5, 1e-8], [0.0, 0.0, 0.0], zero),
        ([1e-9, 1.0], [0.0, 1.0, 0.0], zero + 1),
    ):
        expected, result = (
            room.advance(np.array(u), np.array(v), X, y, sizes, RULES[name], 0, 4)
            for room in (slow, fast)
        )
        for k in range(3):
            assert_close(result[k], expected[k], np.float64)
            assert np.isfinite(result[k]).all()


@pytest.mark.parametrize("room", [slow, fast], ids=["reference", "kernel"])
def test_two_calls_give_the_bits_of_one_and_inputs_are_not_modified(room):
    u, v, X, y = instance(3, [2, 1, 3], 9, np.float64)
    before = [array.copy() for array in (u, v, X, y)]
    sizes = np.array([2, 1, 3])
    rule = RULES["algorithm 2 by change, default eta"]
    whole = room.advance(u, v, X, y, sizes, rule, 0, 12)
    a, b, first, rule = room.advance(u, v, X, y, sizes, rule, 0, 5)
    a, b, _, rule = room.advance(a, b, X, y, sizes, rule, 5, 7)
    np.testing.assert_array_equal(a, whole[0])
    np.testing.assert_array_equal(b, whole[1])
    assert (first, rule) == whole[2:]
    for array, copy in zip((u, v, X, y), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("room", [slow, fast], ids=["reference", "kernel"])
def test_recorded_states_are_those_of_one_call_after_the_other(room):
    u, v, X, y = instance(5, [2, 1, 3], 9, np.float64)
    sizes = np.array([2, 1, 3])
    start = RULES["algorithm 2 by change, default eta"]
    lengths = [1, 3, 2, 6]
    us, vs, costs, last = room.advance_and_record(u, v, X, y, sizes, start, 4, lengths)
    epoch = 4
    rule = start
    for k, n_epochs in enumerate(lengths):
        u, v, cost, rule = room.advance(u, v, X, y, sizes, rule, epoch, n_epochs)
        epoch += n_epochs
        np.testing.assert_array_equal(us[k], u)
        np.testing.assert_array_equal(vs[k], v)
        assert costs[k] == cost
    assert rule == last != start


def test_any_memory_layout_gives_the_same_bits():
    u, v, X, y = instance(4, [2, 1, 3], 9, np.float64)
    expected = fast.advance(u, v, X, y, np.array([2, 1, 3]), RULES["algorithm 1"], 0, 3)
    result = fast.advance(
        u[::-1][::-1],
        np.repeat(v, 2)[::2],
        np.asfortranarray(X),
        y,
        np.array([2, 1, 3]),
        RULES["algorithm 1"],
        0,
        3,
    )
    np.testing.assert_array_equal(result[1], expected[1])


def test_nan_propagates_and_a_path_that_diverges_is_refused():
    u, v, X, y = instance(5, [2, 1], 5, np.float64)
    y[2] = np.nan
    assert np.isnan(fast.advance(u, v, X, y, np.array([2, 1]), RULES["algorithm 1"], 0, 1)[0]).all()
    data = gs.grouped_regression(20, 6, 2, [1.0, 1.0], rng=0)
    with pytest.raises(FloatingPointError, match="left the finite numbers"):
        gs.dglnn_path(data.X, 1e3 * data.y, 2, n_epochs=200, alpha=1.0, gamma=1.0, engine="numba")


@pytest.mark.parametrize("algorithm", ["algorithm_1", "algorithm_2", "gradient_descent"])
def test_a_path_runs_on_the_kernel_if_the_problem_is_large_enough(algorithm, monkeypatch):
    data = gs.grouped_regression(120, 40, 4, [1.0] * 8, noise_std=0.1, rng=1)
    options = {
        "algorithm": algorithm,
        "n_epochs": 300,
        "alpha": 0.01,
        "gamma": 0.02,
        "record_every": 50,
    }
    expected, result = (
        gs.dglnn_path(data.X, data.y, 4, engine=engine, **options)
        for engine in ("reference", "numba")
    )
    assert np.linalg.norm(result.w - expected.w) <= 1e-8 * np.linalg.norm(expected.w)
    assert result.switch_epoch == expected.switch_epoch
    small = gs.dglnn_path(data.X, data.y, 4, **options)
    np.testing.assert_array_equal(small.w, expected.w)
    monkeypatch.setattr(grouped_paths, "ENOUGH_WORK", 1)
    if not jit_disabled():
        large = gs.dglnn_path(data.X, data.y, 4, **options)
        np.testing.assert_array_equal(large.w, result.w)


def test_the_signed_path_runs_on_the_kernel_too():
    data = gs.grouped_regression(120, 40, 4, [1.0] * 8, noise_std=0.1, rng=1)
    expected, result = (
        gs.signed_path(data.X, data.y, n_epochs=300, alpha=0.01, step_size=0.02, engine=engine)
        for engine in ("reference", "numba")
    )
    assert np.linalg.norm(result.w - expected.w) <= 1e-10 * np.linalg.norm(expected.w)


def jit_disabled():
    import numba

    return bool(numba.config.DISABLE_JIT)
