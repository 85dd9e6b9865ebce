"""Spoilt claims: what is spoilt, and that a search notices it where it matters."""

import pytest
from claims_to_try import BUILT_IN, TRUE, groups

import gsae_ref as gs
from gsae_ref.claims.teeth import bite, mutants


@pytest.fixture(scope="module")
def teeth():
    return {tooth.text: tooth for tooth in bite(TRUE, budget=6000)}


def test_every_part_of_a_claim_is_spoilt():
    assert [mutant.text for mutant in mutants(TRUE)] == [
        "bound x 0.9",
        "without the factor gamma in gamma * B_max",
        "without delta in d * mu + delta",
        "without d * mu in d * mu + delta",
        "without the factor d in d * mu",
        *(f'without "{name}"' for name in BUILT_IN),
        'without "delta <= 1"',
    ]


def test_what_the_bound_needs_is_noticed(teeth):
    for text in (
        "bound x 0.9",
        "without delta in d * mu + delta",
        "without the factor d in d * mu",
    ):
        assert teeth[text].noticed and "noticed" in str(teeth[text])
    assert teeth['without "norms bounded"'].ratio > 2


def test_what_the_bound_does_not_need_is_offered_as_a_conjecture(teeth):
    tooth = teeth['without "delta <= 1"']
    assert not tooth.noticed and "UNNOTICED" in str(tooth) and "never needed?" in str(tooth)


def test_a_hypothesis_that_one_size_hides_is_noticed_at_another():
    """With one active group of two the columns of S must not be longer than 1."""
    claim = TRUE.but(sizes=groups(4, 2, 2, 1), given=("orthonormal A", "norms bounded"))
    assert gs.stress(claim, budget=6000).refuted


def test_a_bound_from_below_is_spoilt_too():
    whole = "B_min * (1 - delta) - (gamma - 1) * B_max * (d * mu + delta)"
    claim = TRUE.but(conclusion=f"{whole} <= norm(A[0].T @ y)")
    texts = [mutant.text for mutant in mutants(claim)]
    assert "without delta in 1 - delta" in texts
    assert "without the factor d in d * mu" in texts
    assert f"without (gamma - 1) * B_max * (d * mu + delta) in {whole}" in texts


def test_matrices_are_not_spoilt():
    texts = [mutant.text for mutant in mutants(TRUE.but(conclusion="norm(A[0] - S[0]) <= delta"))]
    assert not any("S[0]" in text for text in texts)


def test_the_first_tooth_is_just_below_what_was_found(teeth):
    first = next(iter(teeth.values()))
    assert first.text.startswith("bound x 0.99") and first.noticed


def test_a_spoilt_definition_counts_only_where_it_asks_for_more():
    claim = TRUE.but(
        conclusion="norm(A[v].T @ y) <= gamma * B_max * (d * mu + 2 * e) - low for v in inactive",
        let={"e": "delta + 0 * mu", "low": "2 * delta + 0"},
    )
    texts = [mutant.text for mutant in mutants(claim)]
    assert "1 for 2 in 2 * e" in texts and "1 for 2 in 2 * delta" not in str(texts)


def test_teeth_of_a_result_use_its_settings():
    result = gs.stress(TRUE, budget=300, seeds=1)
    assert all(tooth.n_searches == 1 for tooth in result.teeth)


def test_a_spoilt_claim_that_speaks_of_nothing_is_left_out():
    let = {"top": "largest(tau[g] for g in range(Gamma * d - 1))"}
    claim = gs.Claim("mu <= top", sizes=groups(3, 2, 1, 1), let=let)
    texts = [mutant.text for mutant in mutants(claim)]
    assert "bound x 0.9" in texts
    assert "top: without the factor d in Gamma * d" not in texts
