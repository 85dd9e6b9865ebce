"""The unfolded encoder: its proximal operator, its codes, and their limit."""

import itertools
import math

import hypothesis.strategies as st
import numpy as np
import oracle
import pytest
from gradient_checks import agreement, central_difference, taylor
from hypothesis import given
from strategies import SEEDS, act_on_groups, orthonormal_groups, rotation
from unfolded_oracle import (
    DEPTHS,
    cost,
    flags,
    instance,
    objective,
    penalties,
    prox_by_optimisation,
    residual_by_duality,
    slow_encode,
    slow_prox,
    violation,
)

from gsae_ref.reference import activations, autoencoder, unfolded

# ---- the proximal operator


@penalties
@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_prox_is_the_minimiser_that_a_bounded_optimiser_finds(size, penalty):
    zeros = 0
    for seed in range(6):
        length = (1.5 if seed % 2 else 0.3) / math.sqrt(size)
        z = length * np.random.default_rng([seed, size]).normal(size=size)
        x = unfolded.sparse_group_prox(z, 0.4, size, **penalty)
        agreement(x, prox_by_optimisation(z, 0.4, **penalty), rtol=2e-6, scale=np.linalg.norm(z))
        zeros += not x.any()
    assert 0 < zeros < 6


@given(
    SEEDS,
    st.integers(1, 5),
    st.sampled_from([0.0, 0.3, 2.0]),
    st.booleans(),
    st.sampled_from([0.0, 0.2, 5.0]),
)
def test_the_prox_satisfies_its_optimality_conditions(seed, size, lam, nonnegative, l1):
    z = np.random.default_rng(seed).normal(size=3 * size)
    x = unfolded.sparse_group_prox(z, lam, size, nonnegative, l1)
    assert violation(z - x, x, lam, size, nonnegative, l1) <= 1e-14
    agreement(x, slow_prox(z, lam, size, nonnegative, l1)[0])


@given(
    SEEDS,
    st.integers(1, 5),
    st.sampled_from([0.0, 0.3, 2.0]),
    st.booleans(),
    st.sampled_from([0.0, 0.2]),
)
def test_the_jacobian_of_the_prox_agrees_with_the_full_matrix_and_is_symmetric(
    seed, size, lam, nonnegative, l1
):
    rng = np.random.default_rng(seed)
    z, v, u = rng.normal(size=(3, 3 * size))
    w = np.maximum(z - l1, 0) if nonnegative else np.sign(z) * np.maximum(np.abs(z) - l1, 0)
    inner = np.diag([float(w_j != 0) for w_j in w])
    J = oracle.jacobian(w, lam, size) @ inner
    Jv = unfolded.sparse_group_prox_vjp(z, v, lam, size, nonnegative, l1)
    agreement(Jv, J.T @ v, scale=np.linalg.norm(v))
    agreement(Jv, J @ v, scale=np.linalg.norm(v))
    Ju = unfolded.sparse_group_prox_vjp(z, u, lam, size, nonnegative, l1)
    agreement(u @ Jv, Ju @ v, scale=np.linalg.norm(u) * np.linalg.norm(v))


def test_at_ties_the_jacobian_of_the_prox_is_zero_and_without_thresholds_the_identity():
    z = np.array([4.0, -5.0, 1.0, 9.0, 0.0, 0.0])
    v = np.arange(1.0, 7.0)
    vjp = unfolded.sparse_group_prox_vjp
    np.testing.assert_array_equal(vjp(z, v, 5.0, 2, l1=1.0)[:2], [0, 0])  # (3, -4) has norm 5
    np.testing.assert_array_equal(vjp(z, v, 0.0, 2, l1=1.0), [1, 2, 0, 4, 0, 0])  # |1| ties with l1
    # 0 ties with the sign constraint
    np.testing.assert_array_equal(vjp(z, v, 0.0, 2, nonnegative=True), [1, 0, 3, 4, 0, 0])
    np.testing.assert_array_equal(vjp(z, v, 0.0, 2, True, 1.0), [1, 0, 0, 4, 0, 0])
    np.testing.assert_array_equal(vjp(z, v, 0.0, 2), v)
    np.testing.assert_array_equal(vjp(z, v, 1.0, 2)[4:], [0, 0])


def group_first(Z, lam, group_size, nonnegative, l1):
    X = activations.group_soft_threshold(Z, lam, group_size)
    return activations.soft_threshold(np.maximum(X, 0) if nonnegative else X, l1)


def sign_last(Z, lam, group_size, nonnegative, l1):
    X = activations.group_soft_threshold(activations.soft_threshold(Z, l1), lam, group_size)
    return np.maximum(X, 0) if nonnegative else X


@pytest.mark.parametrize(
    "mutant, penalty",
    [(group_first, (False, 0.3)), (group_first, (True, 0.0)), (sign_last, (True, 0.0))],
)
def test_another_order_of_the_prox_is_rejected_by_both_checks(mutant, penalty):
    z = np.array([1.5, -0.7, 0.9])
    wrong = mutant(z, 0.4, 3, *penalty)
    right = unfolded.sparse_group_prox(z, 0.4, 3, *penalty)
    optimum = prox_by_optimisation(z, 0.4, *penalty)
    agreement(right, optimum, rtol=1e-6)
    assert violation(z - right, right, 0.4, 3, *penalty) <= 1e-14
    with pytest.raises(AssertionError, match="error"):
        agreement(wrong, optimum, rtol=1e-6)
    assert violation(z - wrong, wrong, 0.4, 3, *penalty) > 0.01


# ---- step and momentum


def test_the_spectral_step_and_its_gradient():
    for seed in range(5):
        A, D = np.random.default_rng(seed).normal(size=(2, 4, 6))
        agreement(unfolded.spectral_step(A), 1 / np.linalg.eigvalsh(A @ A.T)[-1])
        central_difference(unfolded.spectral_step, unfolded.spectral_step_gradient(A), A, D)
        taylor(unfolded.spectral_step, unfolded.spectral_step_gradient(A), A, D)


def test_a_zero_dictionary_has_zero_codes_and_no_gradient():
    A = np.zeros((3, 4))
    Y = np.ones((2, 3))
    value, G = unfolded.unfolded_loss_and_grad(A, Y, 0.0, 2, 3)
    assert value == 1.5
    assert not G.any()
    assert not unfolded.spectral_step_gradient(A).any()
    assert not unfolded.unfolded_encode(A, Y, 0.0, 2, 3).any()


@pytest.mark.parametrize("n_unfold", [1, 2, 7])
def test_momentum_is_the_sequence_of_fista(n_unfold):
    t = [1.0]
    for _ in range(n_unfold):
        t.append((1 + math.sqrt(1 + 4 * t[-1] ** 2)) / 2)
    expected = [0.0] + [(t[k - 1] - 1) / t[k] for k in range(1, n_unfold)]
    agreement(unfolded.momentum(n_unfold), np.array(expected))
    assert unfolded.momentum(n_unfold, accelerated=False) == [0.0] * n_unfold


# ---- the codes


@flags
@pytest.mark.parametrize("n_unfold", DEPTHS)
def test_codes_agree_with_the_loop(n_unfold, flag):
    for seed, step in itertools.product(range(3), [None, 0.8]):
        args, options = instance(
            seed, n_unfold, group_size=1 + seed, step=step, margin=1e-12, **flag
        )
        agreement(unfolded.unfolded_encode(*args, **options), slow_encode(*args, **options)[0])


@pytest.mark.parametrize("lam", [0.0, 0.4])
@given(SEEDS, st.integers(1, 4), st.sampled_from([0.01, 0.3, 1.0]))
def test_one_step_is_the_shallow_encoder_scaled(lam, seed, group_size, step):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(5, 2 * group_size))
    Y = rng.normal(size=(3, 5))
    for accelerated in (True, False):
        X = unfolded.unfolded_encode(A, Y, lam, group_size, 1, step, accelerated)
        agreement(X, autoencoder.encode(A, step * Y, step * lam, group_size))
        agreement(X, step * autoencoder.encode(A, Y, lam, group_size))
    value, G = unfolded.unfolded_loss_and_grad(A, Y, lam, group_size, 1, step_size=1.0)
    shallow_value, shallow_G = autoencoder.loss_and_grad(A, Y, lam, group_size)
    agreement(value, shallow_value)
    agreement(G, shallow_G)


@given(SEEDS)
def test_the_first_two_iterates_of_fista_are_those_of_ista_and_the_third_is_not(seed):
    args, _options = instance(seed, 3, margin=1e-12)
    for n_unfold, same in ((1, True), (2, True), (3, False)):
        fista = unfolded.unfolded_encode(*args[:4], n_unfold, accelerated=True)
        ista = unfolded.unfolded_encode(*args[:4], n_unfold, accelerated=False)
        assert np.array_equal(fista, ista) is same or not fista.any()


@penalties
@pytest.mark.parametrize("step", [1.0, 0.3])
def test_with_orthonormal_atoms_the_codes_are_in_closed_form(step, penalty):
    """If A^T A = I every step moves the code by the fraction a of its distance to prox(A^T y)."""
    rng = np.random.default_rng(0)
    A = orthonormal_groups(rng.normal(size=(9, 6)), 6)
    Y = rng.normal(size=(20, 9))
    limit = unfolded.sparse_group_prox(Y @ A, 0.8, 2, **penalty)
    assert 0.1 < np.mean(limit != 0) < 0.9
    for n_unfold in (1, 2, 5):
        X = unfolded.unfolded_encode(A, Y, 0.8, 2, n_unfold, step, accelerated=False, **penalty)
        agreement(X, (1 - (1 - step) ** n_unfold) * limit)
        agreement(unfolded.unfolded_encode(A, Y, 0.8, 2, n_unfold, **penalty), limit)


@pytest.mark.parametrize("accelerated", [True, False])
def test_without_penalty_the_codes_converge_to_least_squares(accelerated):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(9, 4))
    Y = rng.normal(size=(3, 9))
    X = unfolded.unfolded_encode(A, Y, 0.0, 2, 1000, accelerated=accelerated)
    agreement(X, np.linalg.lstsq(A, Y.T, rcond=None)[0].T, rtol=1e-10)


@flags
@pytest.mark.parametrize("shape", [(8, 3), (4, 5)], ids=["fewer atoms", "more atoms"])
def test_the_codes_converge_to_a_minimiser_of_the_penalised_cost(shape, flag):
    """The optimality conditions hold, and the residual is that of the dual problem."""
    penalty = {name: flag[name] for name in ("nonnegative", "l1")}
    n_features, n_groups = shape
    n_steps = 2000 if flag["accelerated"] else 4000
    n_active = 0
    for seed in (1, 2, 4):  # seeds 0 and 3 take up to 20,000 steps
        args, _ = instance(seed, 1, n_features=n_features, n_groups=n_groups, margin=0)
        A, Y, lam, size, _ = args
        X = unfolded.unfolded_encode(A, Y, lam, size, n_steps, **flag)
        for y, x in zip(Y, X, strict=True):
            e = y - A @ x
            assert violation(A.T @ e, x, lam, size, **penalty) <= 1e-7
            expected = residual_by_duality(A, y, lam, size, **penalty)
            agreement(e, expected, rtol=1e-6, scale=np.linalg.norm(y))
            n_active += np.count_nonzero(np.linalg.norm(x.reshape(-1, size), axis=1))
    assert 0 < n_active < 6 * n_groups


@penalties
@pytest.mark.parametrize("seed", range(3))
def test_ista_never_raises_the_cost_and_both_obey_their_bounds(seed, penalty):
    """F(x_K) - F* is at most L ||x*||^2 / 2K for ISTA, 2 L ||x*||^2 / (K + 1)^2 for FISTA.

    Beck and Teboulle 2009, Theorems 3.1 and 4.4.
    """
    (A, Y, lam, size, _), _ = instance(seed, 1, n_samples=1, margin=0)

    def value(x):
        return objective(A, Y[0], x, lam, size, **penalty)

    def encode(K, accelerated):
        return unfolded.unfolded_encode(A, Y, lam, size, K, None, accelerated, **penalty)[0]

    optimum = encode(5000, True)
    best = value(optimum)
    last = value(0 * optimum)
    bound = np.linalg.norm(A, 2) ** 2 * np.sum(optimum**2)
    for K in (1, 2, 3, 5, 10, 30, 100):
        ista = value(encode(K, False))
        fista = value(encode(K, True))
        assert ista <= last + 1e-13
        assert -1e-12 <= ista - best <= bound / (2 * K) + 1e-12
        assert -1e-12 <= fista - best <= 2 * bound / (K + 1) ** 2 + 1e-12
        last = ista


@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("lam, l1", [(0.5, 0.0), (0.0, 0.5), (0.3, 0.2)])
def test_with_groups_of_one_atom_fista_solves_the_lasso_of_scikit_learn(lam, l1, nonnegative):
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    A = rng.normal(size=(8, 5))
    Y = 2 * rng.normal(size=(3, 8))
    lasso = linear_model.Lasso(
        alpha=(lam + l1) / 8, fit_intercept=False, positive=nonnegative, tol=1e-14, max_iter=100_000
    )
    X = unfolded.unfolded_encode(A, Y, lam, 1, 3000, nonnegative=nonnegative, l1=l1)
    expected = np.array([lasso.fit(A, y).coef_ for y in Y])
    assert 0 < np.count_nonzero(expected) < expected.size
    agreement(X, expected, rtol=1e-7)


@pytest.mark.parametrize("accelerated", [True, False])
@pytest.mark.parametrize("n_unfold", DEPTHS)
def test_codes_and_gradient_rotate_with_the_groups(n_unfold, accelerated):
    args, options = instance(0, n_unfold, group_size=3, n_groups=2, accelerated=accelerated)
    A, Y, *rest = args
    rng = np.random.default_rng(0)
    turns = [rotation(rng, 3) for _ in range(2)]
    turned = act_on_groups(A, turns)
    X = unfolded.unfolded_encode(A, Y, *rest, **options)
    agreement(unfolded.unfolded_encode(turned, Y, *rest, **options), act_on_groups(X, turns))
    value, G = unfolded.unfolded_loss_and_grad(A, Y, *rest, **options)
    turned_value, turned_G = unfolded.unfolded_loss_and_grad(turned, Y, *rest, **options)
    agreement(turned_value, value)
    agreement(turned_G, act_on_groups(G, turns))
    for asymmetric in ({"nonnegative": True}, {"l1": 0.15}):
        X = unfolded.unfolded_encode(A, Y, *rest, accelerated=accelerated, **asymmetric)
        turned_X = unfolded.unfolded_encode(turned, Y, *rest, accelerated=accelerated, **asymmetric)
        with pytest.raises(AssertionError, match="error"):
            agreement(turned_X, act_on_groups(X, turns), rtol=1e-2)


def test_one_sample_may_be_a_vector_and_inputs_are_not_changed():
    args, _ = instance(0)
    A = args[0].copy()
    Y = args[1].copy()
    A.flags.writeable = False
    Y.flags.writeable = False
    X = unfolded.unfolded_encode(A, Y, *args[2:])
    agreement(unfolded.unfolded_encode(A, Y[0], *args[2:]), X[0])
    agreement(unfolded.unfolded_loss_and_grad(A, Y, *args[2:])[0], cost(args, {})(A))
