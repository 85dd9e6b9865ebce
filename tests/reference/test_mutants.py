"""Planted errors that each checker must reject, and the truth that each must accept."""

import numpy as np
import oracle
import pytest
from gradient_checks import agreement, central_difference, taylor, taylor_order
from strategies import Network, network, population, ties

from gsae_ref import groups, ops
from gsae_ref.reference import activations, autoencoder, expected, gradients

# A is square, so that a transposed gradient still fits.
NET = network(0, group_size=3, n_groups=2, n_features=6, n_samples=4, active=0.75)
DIRECTION = np.random.default_rng(0).normal(size=NET.A.shape)


def residual_and_codes(A, Y, lam, group_size):
    X = autoencoder.encode(A, Y, lam, group_size)
    return autoencoder.residual(A, Y, X), X


# ---- gradients


def true_gradient(A, Y, lam, group_size):
    return ops.loss_and_grad(A, Y, lam, group_size)[1]


def decoder_part(A, Y, lam, group_size):
    E, X = residual_and_codes(A, Y, lam, group_size)
    return -E.T @ X / len(Y)


def encoder_part(A, Y, lam, group_size):
    return true_gradient(A, Y, lam, group_size) - decoder_part(A, Y, lam, group_size)


def wrong_residual_sign(A, Y, lam, group_size):
    return encoder_part(A, Y, lam, group_size) - decoder_part(A, Y, lam, group_size)


def jacobian_left_out(A, Y, lam, group_size):
    E, X = residual_and_codes(A, Y, lam, group_size)
    return -(E.T @ X + Y.T @ (E @ A)) / len(Y)


def jacobian_at_the_codes(A, Y, lam, group_size):
    """The Jacobian is taken at X instead of at Z."""
    E, X = residual_and_codes(A, Y, lam, group_size)
    back = activations.group_soft_threshold_vjp(X, E @ A, lam, group_size)
    return -(E.T @ X + Y.T @ back) / len(Y)


def threshold_left_out(A, Y, lam, group_size):
    """The codes are Z instead of sigma(Z)."""
    E, _ = residual_and_codes(A, Y, lam, group_size)
    Z = Y @ A
    back = activations.group_soft_threshold_vjp(Z, E @ A, lam, group_size)
    return -(E.T @ Z + Y.T @ back) / len(Y)


GRADIENT_MUTANTS = {
    "wrong sign": lambda *net: -true_gradient(*net),
    "1.001 times": lambda *net: 1.001 * true_gradient(*net),
    "zero": lambda *net: 0 * true_gradient(*net),
    "encoder term dropped": decoder_part,
    "decoder term dropped": encoder_part,
    "transposed": lambda *net: true_gradient(*net).T,
    "transposed decoder term": lambda *net: encoder_part(*net) + decoder_part(*net).T,
    "scalar tau for J": gradients.approximate,
    "diag J for J": gradients.appendix_b,
    "I for J": jacobian_left_out,
    "J at the codes": jacobian_at_the_codes,
    "Z for sigma(Z)": threshold_left_out,
    "wrong sign of the decoder term": wrong_residual_sign,
    "1/N left out": lambda *net: len(net[1]) * true_gradient(*net),
    "one entry off": lambda *net: true_gradient(*net) + 1e-3 * np.eye(*net[0].shape, k=2),
}
GRADIENT_CHECKERS = {
    "central difference": lambda G, net: central_difference(
        lambda A: ops.loss(A, *net[1:]), G, net.A, DIRECTION
    ),
    "Taylor order": lambda G, net: taylor(lambda A: ops.loss(A, *net[1:]), G, net.A, DIRECTION),
    "oracle": lambda G, net: agreement(G, oracle.exact_gradient(*net)),
}


@pytest.mark.parametrize("checker", GRADIENT_CHECKERS)
def test_the_true_gradient_is_accepted(checker):
    GRADIENT_CHECKERS[checker](true_gradient(*NET), NET)


@pytest.mark.parametrize("mutant", GRADIENT_MUTANTS)
@pytest.mark.parametrize("checker", GRADIENT_CHECKERS)
def test_a_wrong_gradient_is_rejected(checker, mutant):
    G = GRADIENT_MUTANTS[mutant](*NET)
    with pytest.raises(AssertionError, match="central difference|Taylor remainder|error"):
        GRADIENT_CHECKERS[checker](G, NET)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "mutant", ["encoder term dropped", "decoder term dropped", "diag J for J", "scalar tau for J"]
)
def test_the_taylor_order_is_two_when_right_and_one_when_a_term_is_missing(mutant, seed):
    net = network(seed, group_size=3)
    D = np.random.default_rng(seed).normal(size=net.A.shape)

    def order(G):
        return taylor_order(lambda A: ops.loss(A, *net[1:]), G, net.A, D)

    assert order(true_gradient(*net)) == pytest.approx(2.0, abs=0.05)
    assert order(GRADIENT_MUTANTS[mutant](*net)) == pytest.approx(1.0, abs=0.05)


def test_where_the_true_gradient_is_zero_both_difference_checks_still_reject_a_wrong_one():
    net = network(0, active=0.0)
    D = np.random.default_rng(0).normal(size=net.A.shape)
    for check in (central_difference, taylor):
        check(lambda A: ops.loss(A, *net[1:]), 0 * net.A, net.A, D)
        with pytest.raises(AssertionError):
            check(lambda A: ops.loss(A, *net[1:]), 1e-6 * D, net.A, D)


def test_a_gradient_check_sees_nan():
    G = true_gradient(*NET)
    G[0, 0] = np.nan
    for checker in GRADIENT_CHECKERS.values():
        with pytest.raises(AssertionError):
            checker(G, NET)


# ---- the threshold and its Jacobian


def active_at_ties(Z, V, lam, group_size):
    """The Jacobian with a group active at ||z|| = lam too: ">=" for ">"."""
    return activations.group_soft_threshold_vjp(Z, V, np.nextafter(lam, 0), group_size)


def rank_one_term_left_out(Z, V, lam, group_size):
    """Only the part tau V."""
    tau = activations.shrinkage(groups.norms(Z, group_size), lam)
    return groups.expand(tau, group_size) * V


VJP_MUTANTS = {
    ">= for >": active_at_ties,
    "scalar tau for J": rank_one_term_left_out,
    "diag J for J": lambda Z, V, lam, size: (
        activations.group_soft_threshold_diagonal(Z, lam, size) * V
    ),
    "Z and V swapped": lambda Z, V, lam, size: activations.group_soft_threshold_vjp(
        V, Z, lam, size
    ),
    "1.001 times": lambda Z, V, lam, size: (
        1.001 * activations.group_soft_threshold_vjp(Z, V, lam, size)
    ),
}
SIGMA_MUTANTS = {
    "no positive part": lambda Z, lam, size: (
        Z * groups.expand(1 - lam / groups.norms(Z, size), size)
    ),
    "hard threshold": lambda Z, lam, size: np.where(
        groups.expand(groups.norms(Z, size), size) > lam, Z, 0
    ),
    "elementwise": lambda Z, lam, size: activations.soft_threshold(Z, lam),
    "half the threshold": lambda Z, lam, size: activations.group_soft_threshold(Z, lam / 2, size),
    "0.999 times": lambda Z, lam, size: 0.999 * activations.group_soft_threshold(Z, lam, size),
}
TIE, TIE_LAM = ties(2)
POINTS = np.concatenate([TIE, 2 * TIE, TIE / 4])


def check_vjp(vjp):
    V = np.linspace(-1, 2, POINTS.size)
    agreement(vjp(POINTS, V, TIE_LAM, 2), oracle.jacobian(POINTS, TIE_LAM, 2) @ V)


def check_sigma(sigma):
    agreement(sigma(POINTS, TIE_LAM, 2), oracle.shrink(POINTS, TIE_LAM, 2))


def check_prox(sigma):
    expected = [oracle.prox_by_optimisation(z, TIE_LAM) for z in (2 * TIE, TIE / 4)]
    agreement(sigma(POINTS, TIE_LAM, 2)[2:], np.concatenate(expected), rtol=1e-6)


def test_the_true_threshold_and_its_jacobian_are_accepted():
    check_vjp(ops.group_soft_threshold_vjp)
    check_sigma(ops.group_soft_threshold)
    check_prox(ops.group_soft_threshold)


@pytest.mark.parametrize("mutant", VJP_MUTANTS)
def test_a_wrong_jacobian_is_rejected_by_the_oracle(mutant):
    with pytest.raises(AssertionError, match="error"):
        check_vjp(VJP_MUTANTS[mutant])


def test_only_the_tie_itself_distinguishes_greater_or_equal_from_greater():
    """At the other points of the check the two agree."""
    away = POINTS[2:]
    V = np.ones(POINTS.size - 2)
    agreement(active_at_ties(away, V, TIE_LAM, 2), oracle.jacobian(away, TIE_LAM, 2) @ V)


def test_greater_or_equal_in_the_gradient_is_rejected_by_the_oracle_at_the_tie():
    net = Network(np.eye(2), TIE[None], TIE_LAM, 2)
    E, X = residual_and_codes(*net)
    mutant = -(E.T @ X + net.Y.T @ active_at_ties(net.Y @ net.A, E @ net.A, TIE_LAM, 2))
    agreement(true_gradient(*net), oracle.exact_gradient(*net))
    with pytest.raises(AssertionError, match="error"):
        agreement(mutant, oracle.exact_gradient(*net))


@pytest.mark.parametrize("mutant", SIGMA_MUTANTS)
@pytest.mark.parametrize("check", [check_sigma, check_prox])
def test_a_wrong_threshold_is_rejected_by_the_loop_and_by_the_optimiser(check, mutant):
    with pytest.raises(AssertionError, match="error"):
        check(SIGMA_MUTANTS[mutant])


# ---- the loss


@pytest.mark.parametrize(
    "factor",
    [-1.0, 1.001, 2.0, 4.0],
    ids=["wrong sign", "1.001 times", "1/2 left out", "1/N left out"],
)
def test_a_wrong_loss_is_rejected_by_the_oracle(factor):
    agreement(ops.loss(*NET), oracle.loss(*NET))
    with pytest.raises(AssertionError, match="error"):
        agreement(factor * ops.loss(*NET), oracle.loss(*NET))


# ---- the expected gradient

CASE = population(0, group_size=2, n_groups=5, n_active=3)
ENUMERATIONS = {
    "supports": oracle.expected_over_supports,
    "supports and codes": oracle.expected_over_supports_and_codes,
}


def with_probabilities(change):
    """The closed form with its support probabilities (p1, p2, p3) changed."""

    def mutant(*case):
        true = expected.support_probabilities
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(expected, "support_probabilities", lambda *sizes: change(*true(*sizes)))
            return ops.expected_gradient(*case)

    return mutant


EXPECTED_MUTANTS = {
    "p2 and p3 swapped": with_probabilities(lambda p1, p2, p3: (p1, p3, p2)),
    "p2 as if groups were independent": with_probabilities(lambda p1, p2, p3: (p1, p1**2, p3)),
    "p3 dropped": with_probabilities(lambda p1, p2, p3: (p1, p2, 0.0)),
    "wrong sign": lambda *case: -ops.expected_gradient(*case),
    "1.001 times": lambda *case: 1.001 * ops.expected_gradient(*case),
    "A and A* swapped": lambda A, A_star, *rest: ops.expected_gradient(A_star, A, *rest),
    "covariance I": lambda *case: ops.expected_gradient(*case[:-1]),
    "one tau for all groups": lambda A, A_star, tau, *rest: ops.expected_gradient(
        A, A_star, tau.mean(), *rest
    ),
    "what (55) prints": lambda *case: ops.expected_gradient(*case, form="printed"),
    "what (31) prints": lambda *case: ops.expected_gradient(*case, form="printed_31"),
}


@pytest.mark.parametrize("enumeration", ENUMERATIONS)
def test_the_true_expected_gradient_is_accepted(enumeration):
    agreement(ops.expected_gradient(*CASE), ENUMERATIONS[enumeration](*CASE))
    agreement(with_probabilities(lambda *p: p)(*CASE), ENUMERATIONS[enumeration](*CASE))


@pytest.mark.parametrize("mutant", EXPECTED_MUTANTS)
@pytest.mark.parametrize("enumeration", ENUMERATIONS)
def test_a_wrong_expected_gradient_is_rejected_by_enumeration(enumeration, mutant):
    with pytest.raises(AssertionError, match="error"):
        agreement(EXPECTED_MUTANTS[mutant](*CASE), ENUMERATIONS[enumeration](*CASE))


# ---- the comparison itself


def test_the_comparison_rejects_another_shape_a_nan_and_noise_where_zero_is_due():
    with pytest.raises(AssertionError, match="shape"):
        agreement(np.zeros(3), np.zeros((3, 1)))
    with pytest.raises(AssertionError, match="error nan"):
        agreement([np.nan], [1.0])
    with pytest.raises(AssertionError, match="error nan"):
        agreement([1.0], [np.nan])
    with pytest.raises(AssertionError, match="error inf"):
        agreement([1.0], [np.inf])
    with pytest.raises(AssertionError, match="error 1.000e-100"):
        agreement([1e-100], [0.0])
    agreement([0.0], [0.0])
