"""The group soft threshold is a proximal operator, its Jacobian is its derivative; its kinks."""

import hypothesis.strategies as st
import numpy as np
import oracle
import pytest
from gradient_checks import agreement, central_difference, taylor
from hypothesis import given
from strategies import SEEDS, codes, rotation, ties

from gsae_ref import groups, ops
from gsae_ref.reference import activations

TIE_SIZES = (1, 2, 4)


# ---- against the oracle


@given(codes())
def test_the_threshold_agrees_with_the_loop(case):
    Z, lam, size = case
    agreement(
        ops.group_soft_threshold(Z, lam, size), np.array([oracle.shrink(z, lam, size) for z in Z])
    )


@given(codes(), SEEDS)
def test_the_vjp_agrees_with_the_product_by_the_full_jacobian(case, seed):
    Z, lam, size = case
    V = np.random.default_rng(seed).normal(size=Z.shape)
    expected = np.array([oracle.jacobian(z, lam, size) @ v for z, v in zip(Z, V, strict=True)])
    agreement(ops.group_soft_threshold_vjp(Z, V, lam, size), expected)


@given(codes())
def test_the_jacobian_blocks_and_their_diagonal_agree_with_the_full_jacobian(case):
    Z, lam, size = case
    full = np.array([oracle.jacobian(z, lam, size) for z in Z])
    blocks = activations.group_soft_threshold_jacobian(Z, lam, size)
    for g in range(blocks.shape[1]):
        atoms = slice(g * size, (g + 1) * size)
        agreement(blocks[:, g], full[:, atoms, atoms])
    agreement(
        activations.group_soft_threshold_diagonal(Z, lam, size), np.diagonal(full, axis1=1, axis2=2)
    )


@given(codes(), SEEDS)
def test_float32_in_gives_float32_out(case, seed):
    Z, lam, size = case
    V = np.random.default_rng(seed).normal(size=Z.shape).astype(np.float32)
    Z = Z.astype(np.float32)
    X = ops.group_soft_threshold(Z, lam, size)
    JV = ops.group_soft_threshold_vjp(Z, V, lam, size)
    assert X.dtype == JV.dtype == np.float32
    agreement(X, np.array([oracle.shrink(z, lam, size) for z in Z]), rtol=1e-5)
    expected = [oracle.jacobian(z, lam, size) @ v for z, v in zip(Z, V, strict=True)]
    agreement(JV, np.array(expected), rtol=1e-5)


# ---- the proximal operator


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.9, 1.1, 2.0, 50.0])
def test_the_threshold_is_the_minimiser_that_an_optimiser_finds(size, ratio):
    z = np.random.default_rng(size).normal(size=size)
    lam = 0.7
    z *= ratio * lam / np.linalg.norm(z)
    expected = oracle.prox_by_optimisation(z, lam)
    agreement(ops.group_soft_threshold(z, lam, size), expected, rtol=1e-6)


@given(codes())
def test_the_optimality_condition_of_the_prox_holds(case):
    """z - x is lam x / ||x|| where x is not zero, and of norm at most lam where it is."""
    Z, lam, size = case
    X = ops.group_soft_threshold(Z, lam, size)
    for z, x in zip(Z.reshape(-1, size), X.reshape(-1, size), strict=True):
        r = np.linalg.norm(x)
        if r > 0:
            agreement(z - x, lam * x / r, rtol=1e-12, scale=np.linalg.norm(z))
        else:
            assert np.linalg.norm(z) <= lam


@given(codes(), SEEDS)
def test_no_point_near_the_prox_has_a_lower_objective(case, seed):
    """Three-point inequality, f(w) >= f(x) + ||w - x||^2 / 2.

    Points w near x make it sharp enough to show an error of 1 %.
    """
    Z, lam, size = case
    X = ops.group_soft_threshold(Z, lam, size)
    rng = np.random.default_rng(seed)
    for z, x in zip(Z.reshape(-1, size), X.reshape(-1, size), strict=True):
        step = 1e-2 * (1 + np.linalg.norm(z)) * rng.normal(size=size)
        at_x = 0.5 * np.sum((x - z) ** 2) + lam * np.linalg.norm(x)
        nearby = 0.5 * np.sum((x + step - z) ** 2) + lam * np.linalg.norm(x + step)
        rounding = 1e-13 * (at_x + nearby) + 1e-15 * (1 + z @ z)
        assert nearby - at_x - 0.5 * step @ step >= -rounding


@given(codes(), SEEDS)
def test_the_threshold_is_firmly_nonexpansive(case, seed):
    Z, lam, size = case
    rng = np.random.default_rng(seed)
    for other in (Z + 1e-3 * rng.normal(size=Z.shape), -Z, rng.permuted(Z, axis=1)):
        gap = Z - other
        moved = ops.group_soft_threshold(Z, lam, size) - ops.group_soft_threshold(other, lam, size)
        slack = 1e-12 * (1 + np.sum(Z * Z))
        assert np.sum(moved * moved) <= np.sum(moved * gap) + slack
        assert np.linalg.norm(moved) <= np.linalg.norm(gap) * (1 + 1e-12) + slack


@given(codes())
def test_moreau_threshold_and_projection_on_the_ball_add_up_to_the_point(case):
    Z, lam, size = case
    points = Z.reshape(-1, size)
    X = ops.group_soft_threshold(Z, lam, size).reshape(-1, size)
    projection = [z * lam / max(np.linalg.norm(z), lam) if lam else 0 * z for z in points]
    agreement(X + projection, points)


@given(codes(), SEEDS)
def test_the_threshold_commutes_with_rotations_inside_the_groups(case, seed):
    Z, lam, size = case
    Q = rotation(np.random.default_rng(seed), size)

    def turn(X):
        return groups.merge(groups.split(X, size) @ Q)

    X = ops.group_soft_threshold(Z, lam, size)
    agreement(ops.group_soft_threshold(turn(Z), lam, size), turn(X))


@given(codes())
@pytest.mark.parametrize("factor", [2.0**-400, 2.0**-20, 2.0**20, 2.0**400])
def test_the_threshold_scales_with_its_arguments(factor, case):
    Z, lam, size = case
    scaled = ops.group_soft_threshold(factor * Z, factor * lam, size)
    agreement(scaled / factor, ops.group_soft_threshold(Z, lam, size))


# ---- limiting cases


@given(codes(group_sizes=st.just(1)))
def test_groups_of_one_atom_give_the_soft_threshold(case):
    Z, lam, _ = case
    agreement(ops.group_soft_threshold(Z, lam, 1), activations.soft_threshold(Z, lam))
    agreement(activations.soft_threshold(Z, lam), np.maximum(Z - lam, 0) - np.maximum(-Z - lam, 0))


@given(codes())
def test_a_threshold_above_every_norm_gives_zero(case):
    Z, _, size = case
    lam = 1.01 * groups.norms(Z, size).max() + 1
    assert not ops.group_soft_threshold(Z, lam, size).any()
    assert not ops.group_soft_threshold_vjp(Z, np.ones_like(Z), lam, size).any()


@given(codes())
def test_without_threshold_the_map_is_the_identity_zero_groups_included(case):
    Z = case.Z
    V = np.linspace(-1, 1, Z.size).reshape(Z.shape)
    np.testing.assert_array_equal(ops.group_soft_threshold(Z, 0, case.group_size), Z)
    for at in (Z, 0 * Z):
        np.testing.assert_array_equal(ops.group_soft_threshold_vjp(at, V, 0, case.group_size), V)
        J = activations.group_soft_threshold_jacobian(at, 0, case.group_size)
        np.testing.assert_array_equal(J, np.broadcast_to(np.eye(case.group_size), J.shape))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", TIE_SIZES)
def test_at_the_tie_and_at_zero_the_code_and_the_jacobian_are_zero(size, dtype):
    z, lam = ties(size)
    for at in (z, -z, 0 * z):
        at = at.astype(dtype)
        assert not ops.group_soft_threshold(at, lam, size).any()
        assert not ops.group_soft_threshold_vjp(at, np.ones_like(at), lam, size).any()
        assert not activations.group_soft_threshold_jacobian(at, lam, size).any()
        assert not activations.group_soft_threshold_diagonal(at, lam, size).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", TIE_SIZES)
def test_one_rounding_step_above_the_tie_the_group_is_active(size, dtype):
    z, lam = ties(size)
    below = float(np.nextafter(dtype(lam), dtype(0)))
    z = z.astype(dtype)
    assert ops.group_soft_threshold(z, below, size).all()
    agreement(ops.group_soft_threshold_vjp(z, z, below, size), z, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("size", TIE_SIZES)
def test_across_the_tie_the_threshold_is_continuous(size):
    z, lam = ties(size)
    for factor in (1 - 1e-9, 1.0, 1 + 1e-9):
        assert np.linalg.norm(ops.group_soft_threshold(factor * z, lam, size)) <= 5.1e-9


def test_a_zero_group_beside_active_ones_gives_no_nan():
    Z = np.array([[0.0, 0.0, 3.0, 4.0], [6.0, 8.0, 0.0, 0.0]])
    X = ops.group_soft_threshold(Z, 1.0, 2)
    np.testing.assert_allclose(X, [[0, 0, 2.4, 3.2], [5.4, 7.2, 0, 0]], rtol=1e-14)
    assert np.isfinite(ops.group_soft_threshold_vjp(Z, np.ones_like(Z), 1.0, 2)).all()


# ---- the Jacobian is the derivative


@given(codes(zeros=False), SEEDS)
def test_the_vjp_is_the_derivative_of_the_threshold(case, seed):
    """f(Z) = <sigma(Z), W> has the gradient J W."""
    Z, lam, size = case
    W, D = np.random.default_rng(seed).normal(size=(2, *Z.shape))
    f = lambda Z: float(np.sum(ops.group_soft_threshold(Z, lam, size) * W))
    G = ops.group_soft_threshold_vjp(Z, W, lam, size)
    steps = groups.expand(groups.norms(Z, size), size) * D  # in proportion to every group
    central_difference(f, G, Z, steps)
    taylor(f, G, Z, steps)


@given(codes())
def test_the_jacobian_is_symmetric_with_eigenvalue_one_along_z_and_tau_across(case):
    Z, lam, size = case
    J = activations.group_soft_threshold_jacobian(Z, lam, size).reshape(-1, size, size)
    agreement(J, J.swapaxes(1, 2), rtol=1e-15)
    for z, block in zip(Z.reshape(-1, size), J, strict=True):
        r = np.linalg.norm(z)
        active = r > lam or lam == 0
        tau = (1 - lam / r if lam else 1.0) if active else 0.0
        agreement(np.linalg.eigvalsh(block), [tau] * (size - 1) + [float(active)], scale=1.0)
        if active:
            agreement(block @ z, z)


@given(codes(), SEEDS)
def test_vector_jacobian_and_jacobian_vector_products_agree(case, seed):
    Z, lam, size = case
    V, W = np.random.default_rng(seed).normal(size=(2, *Z.shape))
    left = np.sum(V * ops.group_soft_threshold_vjp(Z, W, lam, size))
    right = np.sum(W * ops.group_soft_threshold_vjp(Z, V, lam, size))
    agreement(left, right, scale=np.linalg.norm(V) * np.linalg.norm(W))


# ---- the elementwise activations


def test_the_elementwise_activations_have_the_values_of_their_definitions():
    Z = np.array([-3.0, -2.0, -0.5, 0.0, 0.5, 2.0, 3.0])
    np.testing.assert_array_equal(activations.soft_threshold(Z, 2.0), [-1, 0, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(activations.hard_threshold(Z, 2.0), [-3, 0, 0, 0, 0, 0, 3])
    np.testing.assert_array_equal(activations.relu(Z), [0, 0, 0, 0, 0.5, 2, 3])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_elementwise_activations_keep_the_dtype(dtype):
    Z = np.array([-1.0, 2.0], dtype)
    for result in (
        activations.soft_threshold(Z, 0.5),
        activations.hard_threshold(Z, 0.5),
        activations.relu(Z),
    ):
        assert result.dtype == dtype


def test_groups_of_one_atom_do_not_give_relu():
    assert ops.group_soft_threshold([-2.0], 1.0, 1)[0] == -1.0
    assert activations.relu(np.array([-2.0]))[0] == 0.0
