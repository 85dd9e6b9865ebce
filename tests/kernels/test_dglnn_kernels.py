"""The compiled update loops are twins of the reference: same numbers for every shape, rule and precision, same bits however they are cut."""

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
NONE = np.empty(0)
RULES = {
    "algorithm 1": slow.Rule(True, False, 1, 0.01, 0.0, -1, 0.0, NONE),
    "as the authors' code": slow.Rule(True, True, 2, 0.01, 0.0, -1, 0.0, NONE),
    "algorithm 2, from the start": slow.Rule(True, False, 1, 0.01, 0.05, 0, 0.0, NONE),
    "algorithm 2, from the start, and quiet": slow.Rule(True, False, 1, 0.001, 0.05, 0, 0.5, NONE),
    "algorithm 2, at an epoch, its own step": slow.Rule(True, False, 2, 0.01, 0.0, 2, 0.0, NONE),
    "algorithm 2, when quiet": slow.Rule(True, False, 1, 0.001, 0.05, -1, 0.5, NONE),
    "algorithm 2, when quiet, its own step": slow.Rule(True, False, 1, 0.001, 0.0, -1, 0.5, NONE),
    "gradient descent": slow.Rule(False, True, 1, 0.01, 0.02, -1, 0.0, NONE),
}


def close(fast_value, slow_value, dtype):
    error = np.linalg.norm(fast_value - slow_value)
    scale = np.linalg.norm(slow_value)
    assert error <= TOLERANCE[dtype] * scale, f"error {error:.3e}, scale {scale:.3e}"


def instance(seed, sizes, n_samples, dtype):
    """Well inside the stable range: three epochs must not amplify rounding."""
    net = problem(seed, sizes, n_samples)
    X = net.X / np.linalg.norm(net.X, 2) * n_samples**0.5
    u = np.clip(net.u, 0.5, 1.2)
    v = slow.unit(np.abs(net.v) + 0.1, net.v, sizes)
    y = (
        X @ (slow.expand(u * u, sizes) * v) * 1.5 + 0.01 * net.y
    )  # the correlations point where v does
    return tuple(a.astype(dtype) for a in (u, v, X, y))


@both_dtypes
@pytest.mark.parametrize("name", RULES)
@settings(max_examples=20)
@given(seed=SEEDS, sizes=SIZES, n_samples=st.integers(4, 9))
def test_the_loop_is_that_of_the_reference(name, dtype, seed, sizes, n_samples):
    u, v, X, y = instance(seed, sizes, n_samples, dtype)
    expected, result = (
        room.advance(u, v, X, y, np.array(sizes), RULES[name], 0, 3) for room in (slow, fast)
    )
    assert result[0].dtype == result[1].dtype == dtype and type(result[2]) is float
    for k in range(3):
        close(result[k], expected[k], dtype)
    assert result[3].switch_epoch == expected[3].switch_epoch


@both_dtypes
def test_the_growth_rule_is_that_of_the_reference(dtype):
    u, v, X, y = instance(0, [2, 1, 3], 9, dtype)
    rule = slow.Rule(
        True, False, 1, 0.02, 0.0, -1, 0.0, np.array([1.05, 1.02, 1.1]) * u.astype(float) ** 2
    )
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
def test_the_signed_loop_is_that_of_the_reference(dtype, seed, n_samples, n_features, scale):
    rng = np.random.default_rng(seed)
    X, y, u, v = (
        rng.normal(size=shape).astype(dtype)
        for shape in ((n_samples, n_features), n_samples, n_features, n_features)
    )
    X /= max(np.linalg.norm(X, 2) / n_samples**0.5, 1e-3)
    expected, result = (room.signed_advance(u, v, X, y, scale, 0.01, 3) for room in (slow, fast))
    assert result[0].dtype == result[1].dtype == dtype and type(result[2]) is float
    for fast_value, slow_value in zip(result, expected, strict=True):
        close(fast_value, slow_value, dtype)


@pytest.mark.parametrize("name", RULES)
def test_corners_agree(name):
    """No signal at all, a direction that is zero, one group of one."""
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
            close(result[k], expected[k], np.float64)
        assert np.isfinite(result[0]).all() and np.isfinite(result[1]).all()


def test_cut_into_pieces_the_loop_gives_the_same_bits_and_leaves_its_input():
    u, v, X, y = instance(3, [2, 1, 3], 9, np.float64)
    before = [a.copy() for a in (u, v, X, y)]
    sizes = np.array([2, 1, 3])
    for room in (slow, fast):
        whole = room.advance(
            u, v, X, y, sizes, RULES["algorithm 2, when quiet, its own step"], 0, 12
        )
        a, b, first, rule = room.advance(
            u, v, X, y, sizes, RULES["algorithm 2, when quiet, its own step"], 0, 5
        )
        a, b, _, rule = room.advance(a, b, X, y, sizes, rule, 5, 7)
        np.testing.assert_array_equal(a, whole[0])
        np.testing.assert_array_equal(b, whole[1])
        assert first == whole[2] and rule[:-1] == whole[3][:-1]
    for array, copy in zip((u, v, X, y), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_any_layout_is_read():
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


def test_what_is_not_finite_stays_so():
    u, v, X, y = instance(5, [2, 1], 5, np.float64)
    y[2] = np.nan
    assert np.isnan(fast.advance(u, v, X, y, np.array([2, 1]), RULES["algorithm 1"], 0, 1)[0]).all()
    data = gs.grouped_regression(20, 6, 2, [1.0, 1.0], rng=0)
    with pytest.raises(FloatingPointError, match="left the finite numbers"):
        gs.dglnn_path(data.X, 1e3 * data.y, 2, n_epochs=200, alpha=1.0, gamma=1.0, engine="numba")


@pytest.mark.parametrize("algorithm", ["algorithm_1", "algorithm_2", "gradient_descent"])
def test_the_door_takes_the_kernel_when_there_is_enough_to_do_and_gets_the_same_path(
    algorithm, monkeypatch
):
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
    np.testing.assert_array_equal(
        gs.dglnn_path(data.X, data.y, 4, **options).w, expected.w
    )  # little to do
    monkeypatch.setattr(grouped_paths, "ENOUGH_WORK", 1)
    if not jit_disabled():
        np.testing.assert_array_equal(gs.dglnn_path(data.X, data.y, 4, **options).w, result.w)


def test_the_signed_door_takes_the_kernel_too():
    data = gs.grouped_regression(120, 40, 4, [1.0] * 8, noise_std=0.1, rng=1)
    expected, result = (
        gs.signed_path(data.X, data.y, n_epochs=300, alpha=0.01, step_size=0.02, engine=engine)
        for engine in ("reference", "numba")
    )
    assert np.linalg.norm(result.w - expected.w) <= 1e-10 * np.linalg.norm(expected.w)


def jit_disabled():
    import numba

    return bool(numba.config.DISABLE_JIT)
