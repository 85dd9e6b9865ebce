"""At both ends of the floating range results are right relative to their scale, or refused.

The oracle is exact: the problem of scale 1 is computed by the tests' own routes, and its results
are multiplied by a power of two, which rounds nothing. The networks are homogeneous: with c Y and
c lam, codes are c X, the loss is c^2 L, the gradient c^2 G. Groups have 1 to 4,096 atoms; a warning
is an error.
"""

import math

import numpy as np
import oracle
import pytest
from gradient_checks import agreement

import gsae_ref as gs
from gsae_ref import groups, ops
from gsae_ref.ops.scaling import rescale
from gsae_ref.reference import activations

SIZES = (1, 2, 3, 16, 256, 4096)
POWERS = {
    np.float64: (-1000, -700, -498, 0, 498, 700, 1000),
    np.float32: (-110, -70, -60, 0, 60, 70, 110),
}
SQUARED = {np.float64: (-498, -300, 300, 498), np.float32: (-60, -30, 30, 60)}
CASES = [(dtype, power) for dtype in POWERS for power in POWERS[dtype]]
SQUARED_CASES = [(dtype, power) for dtype in SQUARED for power in SQUARED[dtype]]


def rounding(dtype, size=1):
    return 50 * math.sqrt(size) * np.finfo(dtype).eps


def close(value, truth, tolerance):
    """Within the tolerance of the largest entry."""
    value = np.asarray(value, float)
    truth = np.asarray(truth, float)
    assert np.isfinite(value).all()
    assert np.abs(value - truth).max() <= tolerance * max(np.abs(truth).max(), 5e-324)


def times(array, power):
    """An array times a power of two, in float64."""
    return np.ldexp(np.asarray(array, float), power)


def problem(dtype, size=2, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(5, 3 * size))
    Y = rng.normal(size=(4, 5))
    A /= np.linalg.norm(A, axis=0)
    return A.astype(dtype), Y.astype(dtype), float(dtype(0.6 * math.sqrt(size)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype, power", CASES)
def test_a_norm_neither_overflows_nor_vanishes(dtype, power, size):
    x = np.random.default_rng(size).normal(size=2 * size).astype(dtype)
    scaled = np.ldexp(x, power)
    norms = groups.norms(scaled, size)
    assert norms.dtype == dtype
    expected = [math.hypot(*map(float, group)) for group in np.split(x, 2)]
    close(times(norms, -power), expected, rounding(dtype, size))


def test_the_norm_of_a_group_does_not_depend_on_its_neighbours():
    scales = 10.0 ** np.array([-300, -170, 0, 170, 300])
    x = scales[:, None] * [3.0, 4.0]
    together = groups.norms(x.ravel(), 2)
    assert together.tolist() == [groups.norms(pair, 2).item() for pair in x]
    agreement(together / scales, np.full(5, 5.0), scale=1.0)


def test_a_norm_beyond_the_range_is_infinite_and_that_of_nan_is_nan():
    largest = np.finfo(np.float64).max
    assert groups.norms(np.full(4, largest), 4).tolist() == [np.inf]
    assert np.isnan(groups.norms(np.array([np.nan, 1.0, 1.0, 1.0]), 2)).tolist() == [True, False]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype, power", CASES)
def test_the_threshold_scales_with_its_argument(dtype, power, size):
    rng = np.random.default_rng(size)
    Z, V = rng.normal(size=(2, 3 * size)).astype(dtype)
    lam = float(dtype(0.99 * math.sqrt(size)))
    lam_scaled = math.ldexp(lam, power)
    X = gs.group_soft_threshold(np.ldexp(Z, power), lam_scaled, size)
    assert X.dtype == dtype
    truth = oracle.shrink(Z.astype(float), lam, size)
    smallest = float(np.finfo(dtype).smallest_subnormal)
    close(times(X, -power), truth, rounding(dtype, size) + math.ldexp(smallest, -power))
    if size <= 256:
        JV = gs.group_soft_threshold_vjp(np.ldexp(Z, power), V, lam_scaled, size)
        truth = oracle.jacobian(Z.astype(float), lam, size) @ V.astype(float)
        close(JV, truth, rounding(dtype, size) * 10)


def test_the_jacobian_at_a_subnormal_group_beside_a_large_one_is_right():
    """Every group is scaled by a power of its own: rounding of subnormal norms does not show."""
    Z = np.array([3.0, 4.0, 3 * 5e-324, 4 * 5e-324])
    JV = gs.group_soft_threshold_vjp(Z, np.ones(4), 5e-324, 2)
    assert JV[:2].tolist() == [1.0, 1.0]
    agreement(JV[2:], oracle.jacobian(np.array([3.0, 4.0]), 1.0, 2) @ np.ones(2))


@pytest.mark.parametrize("dtype, power", CASES)
def test_a_tie_is_a_tie_at_every_scale(dtype, power):
    tie = np.ldexp(dtype([3, 4]), power)
    above = np.ldexp(dtype([3, 4 + 2**-20]), power)
    lam = math.ldexp(5.0, power)
    assert not gs.group_soft_threshold(tie, lam, 2).any()
    assert not gs.group_soft_threshold_vjp(tie, dtype([1, 1]), lam, 2).any()
    assert gs.group_soft_threshold_vjp(above, dtype([1, 1]), lam, 2).any()


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("gradient", ["exact", "appendix_b", "approximate"])
@pytest.mark.parametrize("dtype, power", SQUARED_CASES)
def test_loss_and_gradient_scale_with_the_data(dtype, power, gradient, engine):
    A, Y, lam = problem(dtype)
    by_loops = {
        "exact": oracle.exact_gradient,
        "appendix_b": oracle.appendix_b_gradient,
        "approximate": oracle.approximate_gradient,
    }[gradient]
    scaled = A, np.ldexp(Y, power), math.ldexp(lam, power), 2
    cost, G = gs.loss_and_grad(*scaled, gradient, engine)
    expected_cost = oracle.loss(A, Y, lam, 2)
    close(times(cost, -2 * power), expected_cost, rounding(dtype))
    close(times(gs.loss(*scaled), -2 * power), expected_cost, rounding(dtype))
    close(times(G, -2 * power), by_loops(A, Y, lam, 2), rounding(dtype) * 10)


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("dtype, power", SQUARED_CASES)
def test_fixed_samples_scale_too(dtype, power, engine):
    A, Y, lam = problem(dtype)
    cost, G = ops.FixedSamples(np.ldexp(Y, power), 2, engine=engine)(A, math.ldexp(lam, power))
    close(times(cost, -2 * power), oracle.loss(A, Y, lam, 2), rounding(dtype))
    close(times(G, -2 * power), oracle.exact_gradient(A, Y, lam, 2), rounding(dtype) * 10)


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("dtype, power", SQUARED_CASES)
def test_the_unfolded_network_scales_with_the_data(dtype, power, engine):
    A, Y, _ = problem(dtype)
    expected = gs.unfolded_loss_and_grad(A, Y, 0.3, 2, 4, l1=0.05, engine="reference")
    scaled = A, np.ldexp(Y, power), math.ldexp(0.3, power), 2, 4
    cost, G = gs.unfolded_loss_and_grad(*scaled, l1=math.ldexp(0.05, power), engine=engine)
    close(times(cost, -2 * power), expected[0], rounding(dtype))
    close(times(G, -2 * power), expected[1], rounding(dtype) * 20)


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("dtype, power", CASES)
def test_the_codes_of_the_unfolded_network_scale_with_the_data(dtype, power, engine):
    A, Y, _ = problem(dtype)
    expected = gs.unfolded_encode(A, Y, 0.3, 2, 4, l1=0.05, engine="reference")
    scaled = A, np.ldexp(Y, power), math.ldexp(0.3, power), 2, 4
    X = gs.unfolded_encode(*scaled, l1=math.ldexp(0.05, power), engine=engine)
    assert X.dtype == dtype
    close(times(X, -power), expected, rounding(dtype))


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("activation", ["relu", "hard", "soft"])
@pytest.mark.parametrize("dtype, power", SQUARED_CASES)
def test_the_sparse_network_scales_with_the_data(dtype, power, activation, engine):
    W, Y, _ = problem(dtype)
    lam = 0.0 if activation == "relu" else 0.5
    expected = gs.sparse_loss_and_grad(W, Y, -0.25, activation, lam, engine="reference")
    bias = -math.ldexp(0.25, power)
    scaled = W, np.ldexp(Y, power), bias, activation, math.ldexp(lam, power)
    cost, dW, db = gs.sparse_loss_and_grad(*scaled, engine=engine)
    close(times(cost, -2 * power), expected[0], rounding(dtype))
    close(times(dW, -2 * power), expected[1], rounding(dtype) * 10)
    close(times(db, -power), expected[2], rounding(dtype) * 10)


@pytest.mark.parametrize("engine", ["reference", "numba"])
def test_a_tiny_dictionary_has_the_gradient_of_its_scale(engine):
    """Codes are about 1e-170, so that E = Y and G = -(Y^T X + Y^T J (Y A)) / N."""
    A, Y, _ = problem(np.float64)
    _, G = gs.loss_and_grad(1e-170 * A, Y, 1e-171, 2, engine=engine)
    Z = Y @ A
    X = np.array([oracle.shrink(z, 0.1, 2) for z in Z])
    back = np.array([oracle.jacobian(z, 0.1, 2) @ z for z in Z])
    close(G * 1e170, -(Y.T @ X + Y.T @ back) / len(Y), 1e-12)


def test_extreme_arrays_are_not_passed_to_the_compiled_threshold():
    Z = np.full((2, 524288), 3e200)
    Z[1] = 4e-200
    X = gs.group_soft_threshold(Z, 1e-200, 2)
    agreement(X[1, 0] / (4e-200 - 1e-200 / math.sqrt(2)), 1.0, scale=1.0)
    assert (X[0] == 3e200).all()


def test_a_threshold_beyond_the_range_of_float32_lets_nothing_pass():
    A, Y, _ = problem(np.float32)
    W = np.ones((2, 3), np.float32)
    assert not gs.encode(A, Y, 1e300, 2).any()
    assert not gs.group_soft_threshold(Y @ A, 1e300, 2).any()
    assert not gs.sparse_encode(W, [[1.0, 1.0]], 0.0, "soft", 1e39).any()
    assert not gs.sparse_encode(W, [[1.0, 1.0]], 0.0, "hard", 1e39).any()
    assert gs.loss_and_grad(A, Y, 1e300, 2)[1].max() == 0


def test_a_group_whose_norm_is_twice_the_largest_number_is_shrunk_by_half():
    largest = np.finfo(np.float64).max
    Z = np.full(4, largest)
    assert gs.group_soft_threshold(Z, largest, 4).tolist() == [largest / 2] * 4
    assert gs.encode(np.eye(4), Z, largest, 4).tolist() == [largest / 2] * 4


def test_the_loss_in_float32_is_that_of_float64():
    A, Y, lam = problem(np.float32)
    Y = (1e19 * Y.astype(float)).astype(np.float32)  # squares are beyond float32
    expected = gs.loss(A.astype(float), Y.astype(float), 1e19 * lam, 2)
    close(gs.loss(A, Y, 1e19 * lam, 2), expected, 1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda A, Y: gs.loss(A, 1e160 * Y, 1.0, 2),
        lambda A, Y: gs.loss_and_grad(A, 1e160 * Y, 1.0, 2),
        lambda A, Y: gs.loss_and_grad(A, 1e160 * Y, 1.0, 2, engine="numba"),
        lambda A, Y: gs.encode(1e200 * A, 1e200 * Y, 1.0, 2),
        lambda A, Y: gs.decode(1e200 * A, 1e200 * (Y @ A)),
        lambda A, Y: gs.sparse_loss(1e200 * A, 1e200 * Y),
        lambda A, Y: gs.unfolded_encode(1e-200 * A, Y, 1.0, 2, 3),
        lambda A, Y: gs.unfolded_loss_and_grad(1e-200 * A, Y, 1.0, 2, 3),
        lambda A, Y: gs.coherence(1e200 * A),
        lambda A, Y: gs.block_coherence(1e200 * A, 2),
        lambda A, Y: gs.expected_gradient(1e200 * A, A, 0.5, 1, 2),
    ],
)
def test_a_result_beyond_the_range_is_refused_with_the_names_of_the_arguments(call):
    A, Y, _ = problem(np.float64)
    message = r"cannot be represented in float64: \w+ reaches .*; scale"
    with pytest.raises(ValueError, match=message):
        call(A, Y)


@pytest.mark.parametrize("factor", [1e-300, 1e-160, 1e160, 1e300])
def test_comparisons_of_directions_do_not_depend_on_the_scale(factor):
    A, B = np.random.default_rng(0).normal(size=(2, 5, 4))
    assert gs.dictionary_error(factor * A, B) == pytest.approx(gs.dictionary_error(A, B), rel=1e-12)
    agreement(gs.principal_angles(factor * A, B, 2), gs.principal_angles(A, B, 2), scale=1.0)
    matched = gs.match_dictionaries(factor * A, B, up_to="sign", n_chance=0)
    expected = gs.match_dictionaries(A, B, up_to="sign", n_chance=0)
    assert matched.error == pytest.approx(expected.error, rel=1e-12)
    delta = gs.closeness(factor * A, factor * B).delta
    assert delta == pytest.approx(factor * gs.closeness(A, B).delta, rel=1e-12)


def test_relative_errors_of_gradients_do_not_depend_on_the_scale():
    A, Y, lam = problem(np.float64)
    expected = gs.compare_gradients(A, Y, lam, 2)["approximate"]
    for power in (-490, 490):
        scaled = gs.compare_gradients(A, np.ldexp(Y, power), math.ldexp(lam, power), 2)
        agreement(scaled["approximate"].overall, expected.overall, scale=1.0)


def test_relative_errors_of_gradients_of_tiny_dictionaries_have_a_limit():
    """As A and lam fall together, e tends to y and all gradients fall in proportion."""
    A, Y, lam = problem(np.float64)
    first, second = (
        gs.compare_gradients(np.ldexp(A, power), Y, math.ldexp(lam, power), 2)["approximate"]
        for power in (-200, -700)
    )
    agreement(first.overall, second.overall)
    agreement(first.tangential, second.tangential)
    agreement(first.radial, second.radial)


def test_the_message_advises_float64_for_float32_only():
    """An overflow in float64 has no wider type to pass."""
    with pytest.raises(ValueError) as double:
        gs.encode(1e308 * np.eye(4), [1.0, 2.0, 3.0, 1e300], 1.0, 2)
    assert "float64" in str(double.value)
    assert "pass float64" not in str(double.value)
    with pytest.raises(ValueError, match="or pass float64"):
        gs.encode(1e38 * np.eye(4, dtype=np.float32), np.full(4, 1e30, np.float32), 1.0, 2)


def test_samples_are_scaled_only_where_they_are_extreme_and_by_a_power_of_two():
    Y = np.array([[1e9, 1.0]])
    assert rescale(Y, 1.0)[0] is Y
    assert rescale(np.zeros((1, 2)), 1.0)[2] == 1
    factor = rescale(1e-300 * Y, 1.0)[2]
    assert math.frexp(factor)[0] == 0.5


def test_moderate_numbers_have_the_bits_of_the_plain_formulas():
    Z = np.random.default_rng(0).normal(size=(7, 12))
    G = Z.reshape(7, 4, 3)
    r = np.sqrt(np.einsum("igd,igd->ig", G, G))
    assert (groups.norms(Z, 3) == r).all()
    tau = np.where(r > 1.5, 1 - 1.5 / np.where(r > 1.5, r, 1), 0)
    X = np.repeat(tau, 3, axis=1) * Z
    assert (activations.group_soft_threshold(Z, 1.5, 3) == X).all()
    assert (gs.group_soft_threshold(Z, 1.5, 3) == X).all()
