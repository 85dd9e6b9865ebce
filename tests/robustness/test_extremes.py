"""At both ends of the floating range: right relative to the scale, or refused; groups of 1 to 4,096 atoms; never a warning.

The oracle is exact: the problem of scale 1 is computed by the tests' own routes, and what it gives
is multiplied by a power of two, which rounds nothing. The networks are homogeneous: with c Y and c
lam, codes are c X, the loss is c^2 L, the gradient c^2 G.
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
SQUARED = {
    np.float64: (-498, -300, 300, 498),
    np.float32: (-60, -30, 30, 60),
}  # 2^498 is 8e149, 2^60 is 1e18
CASES = [(dtype, power) for dtype in POWERS for power in POWERS[dtype]]
SQUARED_CASES = [(dtype, power) for dtype in SQUARED for power in SQUARED[dtype]]


def rounding(dtype, size=1):
    return 50 * math.sqrt(size) * np.finfo(dtype).eps


def close(value, truth, tolerance):
    """Within the tolerance of the largest entry."""
    value, truth = np.asarray(value, float), np.asarray(truth, float)
    assert np.isfinite(value).all()
    assert np.abs(value - truth).max() <= tolerance * max(np.abs(truth).max(), 5e-324)


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
    close(
        np.ldexp(norms.astype(float), -power),
        [math.hypot(*map(float, g)) for g in np.split(x, 2)],
        rounding(dtype, size),
    )


def test_groups_of_every_scale_in_one_array_have_the_norms_they_have_alone():
    x = np.array([3.0, 4.0]) * 10.0 ** np.array([-300, -170, 0, 170, 300])[:, None]
    assert groups.norms(x.ravel(), 2).tolist() == [groups.norms(pair, 2).item() for pair in x]
    agreement(
        groups.norms(x.ravel(), 2) / 10.0 ** np.array([-300, -170, 0, 170, 300]),
        np.full(5, 5.0),
        scale=1.0,
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype, power", CASES)
def test_the_threshold_scales_with_its_argument(dtype, power, size):
    rng = np.random.default_rng(size)
    Z, V = rng.normal(size=(2, 3 * size)).astype(dtype)
    lam = float(dtype(0.99 * math.sqrt(size)))
    lam_scaled = math.ldexp(lam, power)
    X = gs.group_soft_threshold(np.ldexp(Z, power), lam_scaled, size)
    truth = oracle.shrink(Z.astype(float), lam, size)
    assert X.dtype == dtype
    close(
        np.ldexp(X.astype(float), -power),
        truth,
        rounding(dtype, size) + 2.0 ** (-149 - power if dtype is np.float32 else -1074 - power),
    )
    if size <= 256:
        JV = gs.group_soft_threshold_vjp(np.ldexp(Z, power), V, lam_scaled, size)
        close(
            JV,
            oracle.jacobian(Z.astype(float), lam, size) @ V.astype(float),
            rounding(dtype, size) * 10,
        )


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
    of = {
        "exact": oracle.exact_gradient,
        "appendix_b": oracle.appendix_b_gradient,
        "approximate": oracle.approximate_gradient,
    }[gradient]
    cost, G = gs.loss_and_grad(A, np.ldexp(Y, power), math.ldexp(lam, power), 2, gradient, engine)
    close(math.ldexp(cost, -2 * power), oracle.loss(A, Y, lam, 2), rounding(dtype))
    close(np.ldexp(G.astype(float), -2 * power), of(A, Y, lam, 2), rounding(dtype) * 10)
    close(
        math.ldexp(gs.loss(A, np.ldexp(Y, power), math.ldexp(lam, power), 2), -2 * power),
        oracle.loss(A, Y, lam, 2),
        rounding(dtype),
    )


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("dtype, power", SQUARED_CASES)
def test_samples_that_stay_scale_too(dtype, power, engine):
    A, Y, lam = problem(dtype)
    cost, G = ops.FixedSamples(np.ldexp(Y, power), 2, engine=engine)(A, math.ldexp(lam, power))
    close(math.ldexp(cost, -2 * power), oracle.loss(A, Y, lam, 2), rounding(dtype))
    close(
        np.ldexp(G.astype(float), -2 * power),
        oracle.exact_gradient(A, Y, lam, 2),
        rounding(dtype) * 10,
    )


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("dtype, power", SQUARED_CASES)
def test_the_unfolded_network_scales_with_the_data(dtype, power, engine):
    A, Y, lam = problem(dtype)
    plain = gs.unfolded_loss_and_grad(A, Y, 0.3, 2, 4, l1=0.05, engine="reference")
    cost, G = gs.unfolded_loss_and_grad(
        A,
        np.ldexp(Y, power),
        math.ldexp(0.3, power),
        2,
        4,
        l1=math.ldexp(0.05, power),
        engine=engine,
    )
    close(math.ldexp(cost, -2 * power), plain[0], rounding(dtype))
    close(np.ldexp(G.astype(float), -2 * power), plain[1], rounding(dtype) * 20)


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("activation", ["relu", "hard", "soft"])
@pytest.mark.parametrize("dtype, power", SQUARED_CASES)
def test_the_sparse_network_scales_with_the_data(dtype, power, activation, engine):
    W, Y, _ = problem(dtype)
    lam = 0.0 if activation == "relu" else 0.5
    plain = gs.sparse_loss_and_grad(W, Y, -0.25, activation, lam, engine="reference")
    cost, dW, db = gs.sparse_loss_and_grad(
        W,
        np.ldexp(Y, power),
        -math.ldexp(0.25, power),
        activation,
        math.ldexp(lam, power),
        engine=engine,
    )
    close(math.ldexp(cost, -2 * power), plain[0], rounding(dtype))
    close(np.ldexp(dW.astype(float), -2 * power), plain[1], rounding(dtype) * 10)
    close(np.ldexp(db.astype(float), -power), plain[2], rounding(dtype) * 10)


@pytest.mark.parametrize("engine", ["reference", "numba"])
def test_a_tiny_dictionary_has_the_gradient_of_its_scale(engine):
    A, Y, _ = problem(np.float64)
    lam = (
        1e-171  # codes are about 1e-170, far below what E = Y feels: G = -(Y^T X + Y^T J(Y A)) / N
    )
    _, G = gs.loss_and_grad(1e-170 * A, Y, lam, 2, engine=engine)
    Z = Y @ A
    X = np.array([oracle.shrink(z, 0.1, 2) for z in Z])
    back = np.array([oracle.jacobian(z, 0.1, 2) @ z for z in Z])
    close(G * 1e170, -(Y.T @ X + Y.T @ back) / len(Y), 1e-12)


def test_the_large_arrays_that_kernels_take_are_sent_elsewhere_at_the_ends():
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


def test_norms_that_no_number_holds_still_have_a_factor():
    largest = np.finfo(np.float64).max
    assert (
        gs.group_soft_threshold(np.full(4, largest), largest, 4).tolist() == [largest / 2] * 4
    )  # the norm is twice the largest number


def test_the_loss_in_float32_is_that_of_float64():
    A, Y, lam = problem(np.float32)
    Y = (1e19 * Y.astype(float)).astype(np.float32)  # squares are beyond float32
    close(
        gs.loss(A, Y, 1e19 * lam, 2), gs.loss(A.astype(float), Y.astype(float), 1e19 * lam, 2), 1e-5
    )


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
def test_what_no_number_holds_is_refused_by_the_names_of_the_arguments(call):
    A, Y, _ = problem(np.float64)
    with pytest.raises(
        ValueError, match=r"cannot be represented in float64: \w+ reaches .*; scale"
    ):
        call(A, Y)


@pytest.mark.parametrize("factor", [1e-300, 1e-160, 1e160, 1e300])
def test_comparisons_of_directions_do_not_depend_on_the_scale(factor):
    A, B = np.random.default_rng(0).normal(size=(2, 5, 4))
    assert gs.dictionary_error(factor * A, B) == pytest.approx(gs.dictionary_error(A, B), rel=1e-12)
    agreement(gs.principal_angles(factor * A, B, 2), gs.principal_angles(A, B, 2), scale=1.0)
    assert gs.match_dictionaries(factor * A, B, up_to="sign", n_chance=0).error == pytest.approx(
        gs.match_dictionaries(A, B, up_to="sign", n_chance=0).error, rel=1e-12
    )
    assert gs.closeness(factor * A, factor * B).delta == pytest.approx(
        factor * gs.closeness(A, B).delta, rel=1e-12
    )


def test_relative_errors_of_gradients_do_not_depend_on_the_scale():
    A, Y, lam = problem(np.float64)
    for power in (-490, 490):
        scaled = gs.compare_gradients(A, np.ldexp(Y, power), math.ldexp(lam, power), 2)[
            "approximate"
        ]
        agreement(
            np.array(scaled.overall),
            np.array(gs.compare_gradients(A, Y, lam, 2)["approximate"].overall),
            scale=1.0,
        )


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


def test_powers_of_two_are_taken_only_where_they_are_needed():
    Y = np.array([[1e9, 1.0]])
    assert rescale(Y, 1.0)[0] is Y
    assert rescale(1e-300 * Y, 1.0)[2] == 2.0 ** round(math.log2(rescale(1e-300 * Y, 1.0)[2]))
    assert rescale(np.zeros((1, 2)), 1.0)[2] == 1


def test_the_plain_way_gives_the_bits_it_always_gave():
    Z = np.random.default_rng(0).normal(size=(7, 12))
    r = np.sqrt(np.einsum("igd,igd->ig", Z.reshape(7, 4, 3), Z.reshape(7, 4, 3)))
    assert (groups.norms(Z, 3) == r).all()
    tau = np.where(r > 1.5, 1 - 1.5 / np.where(r > 1.5, r, 1), 0)
    assert (activations.group_soft_threshold(Z, 1.5, 3) == np.repeat(tau, 3, axis=1) * Z).all()
