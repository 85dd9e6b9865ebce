"""The expected gradient against the sum over every support, and what T21 prints against that."""

import itertools

import numpy as np
import oracle
import pytest
from gradient_checks import agreement
from hypothesis import given, settings
from strategies import SEEDS, population, populations, skew

from gsae_ref import ops
from gsae_ref.reference import expected

BY_ENUMERATION = {
    "exact": oracle.expected_over_supports,
    "printed": oracle.printed_55,
    "printed_31": oracle.printed_31,
}


@given(populations())
@pytest.mark.parametrize("form", BY_ENUMERATION)
def test_every_form_agrees_with_its_oracle(form, case):
    agreement(ops.expected_gradient(*case, form=form), BY_ENUMERATION[form](*case))


@pytest.mark.parametrize("group_size", [1, 2])
@pytest.mark.parametrize("n_groups", range(1, 9))
def test_the_closed_form_is_the_sum_over_supports_for_every_number_of_active_groups(
    n_groups, group_size
):
    for n_active in range(1, n_groups + 1):
        case = population(n_groups, group_size, n_groups, n_active=n_active)
        agreement(ops.expected_gradient(*case), oracle.expected_over_supports(*case))


@pytest.mark.parametrize(
    "n_groups, n_active, group_size",
    [(4, 1, 3), (4, 2, 2), (5, 3, 2), (3, 3, 2), (5, 4, 1), (6, 2, 2)],
)
def test_the_closed_form_is_the_sum_over_supports_and_codes(n_groups, n_active, group_size):
    case = population(7, group_size, n_groups, n_active=n_active)
    agreement(ops.expected_gradient(*case), oracle.expected_over_supports_and_codes(*case))


def test_the_finite_law_of_the_oracle_has_mean_zero_and_its_covariance():
    covariance = population(0, group_size=3).covariances[0]
    law = np.array(oracle.finite_law(covariance))
    agreement(law.mean(axis=0), np.zeros(3), scale=1.0)
    agreement(law.T @ law / len(law), covariance)


@pytest.mark.parametrize("form", BY_ENUMERATION)
def test_a_number_or_a_matrix_holds_for_all_groups(form):
    A, A_star, tau, n_active, size, covariances = population(3)
    n_groups = len(tau)
    for variance, full in ((2.5, 2.5 * np.eye(size)), (covariances[1], covariances[1])):
        every = np.broadcast_to(full, (n_groups, size, size))
        in_full = A, A_star, [0.3] * n_groups, n_active, size, every
        G = ops.expected_gradient(A, A_star, 0.3, n_active, size, variance, form)
        agreement(G, ops.expected_gradient(*in_full, form))
        agreement(G, BY_ENUMERATION[form](*in_full))


@pytest.mark.parametrize("form", BY_ENUMERATION)
def test_the_default_covariance_is_the_identity(form):
    case = population(3)[:-1]
    identity = np.eye(case[-1])
    expected = ops.expected_gradient(*case, form=form, code_variance=identity)
    agreement(ops.expected_gradient(*case, form=form), expected)


@settings(max_examples=40)
@given(populations())
@pytest.mark.parametrize("form", BY_ENUMERATION)
def test_float32_in_gives_float32_out(form, case):
    single = case._replace(
        A=case.A.astype(np.float32),
        A_star=case.A_star.astype(np.float32),
        tau=case.tau.astype(np.float32),
    )
    G = ops.expected_gradient(*single, form=form)
    assert G.dtype == np.float32
    double = single._replace(A=single.A.astype(float), A_star=single.A_star.astype(float))
    terms = np.linalg.norm(case.A) * np.abs(case.covariances).max()  # before they cancel
    for M in (case.A, case.A_star):
        terms *= 1 + np.linalg.norm(M, 2) ** 2
    agreement(G, BY_ENUMERATION[form](*double), rtol=1e-5, scale=terms)


@given(populations(), SEEDS)
def test_the_expected_gradient_does_not_turn_the_atoms_within_their_group(case, seed):
    """<G_g, A_g Omega> = 0 for skew Omega: no expected step rotates the atoms of a group."""
    G = ops.expected_gradient(*case)
    rng = np.random.default_rng(seed)
    size = case.group_size
    for start in range(0, G.shape[1], size):
        atoms = slice(start, start + size)
        turn = case.A[:, atoms] @ skew(rng, size)
        allowed = 1e-12 * np.linalg.norm(G) * np.linalg.norm(turn)
        assert abs(np.sum(G[:, atoms] * turn)) <= allowed


@given(populations())
def test_with_one_active_orthonormal_group_the_term_printed_in_55_is_exact(case):
    case = population(
        case.n_active, case.group_size, len(case.tau), len(case.A), n_active=1, orthonormal=True
    )
    agreement(ops.expected_gradient(*case, form="printed"), ops.expected_gradient(*case))


def test_with_two_active_groups_the_term_printed_in_55_is_not_exact():
    case = population(0, n_active=2, orthonormal=True)
    G = ops.expected_gradient(*case)
    gap = ops.expected_gradient(*case, form="printed") - G
    assert np.linalg.norm(gap) > 0.1 * np.linalg.norm(G)


def test_at_the_true_dictionary_the_term_of_31_vanishes_and_the_expectation_does_not():
    """One active orthonormal group: G_g(A*) = -2 tau (1 - tau) p_g A*_g."""
    case = population(0, n_active=1, orthonormal=True)
    identities = np.broadcast_to(np.eye(2), (4, 2, 2))
    case = case._replace(A=case.A_star, tau=np.full(4, 0.75), covariances=identities)
    assert not ops.expected_gradient(*case, form="printed_31").any()
    agreement(ops.expected_gradient(*case), -2 * 0.75 * 0.25 / 4 * case.A_star)


@given(populations())
def test_the_covariance_enters_linearly(case):
    larger = case._replace(covariances=4 * case.covariances)
    agreement(ops.expected_gradient(*larger), 4 * ops.expected_gradient(*case))


@pytest.mark.parametrize("n_groups", range(1, 9))
def test_support_probabilities_are_counts_of_supports(n_groups):
    for n_active in range(1, n_groups + 1):
        supports = list(itertools.combinations(range(n_groups), n_active))
        shares = []
        for k in (1, 2, 3):
            first = set(range(k))  # a support of existing groups holds no set beyond them
            shares.append(sum(first <= set(S) for S in supports) / len(supports))
        agreement(expected.support_probabilities(n_active, n_groups), np.array(shares))


@given(populations(max_groups=4))
def test_a_zero_covariance_gives_a_zero_gradient(case):
    assert not ops.expected_gradient(*case._replace(covariances=0 * case.covariances)).any()
