"""Rows of T21 as claims: a sentence for each form, and a stored point for each counterexample.

The bounds of the sentences are compared with the formulas of the ledger at drawn instances, so
that the two cannot say different things.
"""

from fractions import Fraction

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.claims.proof import prove_at
from gsae_ref.claims.pruning import run_file
from gsae_ref.claims.script import write_script
from gsae_ref.papers.t21.support import formulas

SIZES = (
    {"n": 4, "d": 2, "Gamma": 2, "gamma": 1},
    {"n": 4, "d": 2, "Gamma": 3, "gamma": 2},
)
PROP2 = gs.Claim(
    "norm(A[v].T @ y) <= gamma * B_max * (mu + delta) for v in inactive",
    name="T21-prop2, printed",
    model="t21",
    sizes=SIZES,
    given=("orthonormal A", "unit norm S", "norms bounded"),
    where=("delta <= 1",),
)
PROP2_REPAIRED = PROP2.but(
    conclusion="norm(A[v].T @ y) <= gamma * B_max * (d * mu + delta) for v in inactive",
    name="T21-prop2, repaired",
)
PROP2_POINT = {"S_tilt": ("0", "0", "0", "0", "1/2", "0", "0", "1/2")}
INTERVAL = {
    "low": "gamma * B_max * (mu + delta)",
    "high": "B_min * (1 - delta) - gamma * B_max * (mu + delta)",
    "lam": "between(low, high)",
}
LEMMA1 = PROP2.but(
    conclusion="norm(A[v].T @ y) <= lam for v in inactive",
    name="T21-lemma1, off the support",
    where=("delta <= 1", "gamma <= log(n)", "mu * log(n) <= 1", "delta * log(n) <= 1"),
    let=INTERVAL,
    sizes=SIZES[0],
)
EQ19 = PROP2.but(
    conclusion="A[g].T @ y == A[g].T @ S[g] @ x[g]"
    " + total(A[g].T @ S[h] @ x[h] for h in active if h != g) for g in active",
    name="T21-eq19",
    sizes=SIZES[1],
)


def batch(claim, n_draws=200):
    """Drawn instances of a claim at its last sizes, and both sides."""
    problem = claim.problems[-1]
    theta = problem.layout.draw(np.random.default_rng(0), n_draws)
    return problem.float_instance(theta), problem.sides(theta)


@pytest.mark.parametrize("claim, form", [(PROP2, "printed"), (PROP2_REPAIRED, "corrected")])
def test_the_bound_of_proposition_2_is_that_of_the_ledger(claim, form):
    i, sides = batch(claim)
    for k, right in enumerate(sides.right):
        constants = (float(i[name].ravel()[k]) for name in ("B_max", "mu", "delta"))
        assert right == pytest.approx(formulas.cross_term_bound(2, *constants, 2, form))


def test_the_interval_of_lemma_1_is_that_of_the_ledger():
    i, _ = batch(LEMMA1)
    for k in range(50):
        mu, delta, b_max = (float(i[name].ravel()[k]) for name in ("mu", "delta", "B_max"))
        low, high = formulas.recovery_interval(1, 1.0, b_max, mu, delta, 2, "printed")
        assert (low, high) == pytest.approx((i["low"].ravel()[k], i["high"].ravel()[k]))


def test_the_stored_point_refutes_proposition_2_as_printed_only():
    proof = prove_at(PROP2.problems[0], PROP2_POINT)
    assert (proof.left, proof.right) == (Fraction(4, 5), Fraction(2, 5))
    assert proof.point == PROP2_POINT
    assert "left = 4/5 exceeds right = 2/5" in run_file(write_script(proof))
    assert prove_at(PROP2_REPAIRED.problems[0], PROP2_POINT) is None


@pytest.mark.parametrize("claim", [PROP2, LEMMA1], ids=lambda claim: claim.name)
def test_what_is_false_as_printed_is_refuted(claim):
    assert gs.stress(claim, budget=4000).refuted


def test_what_is_repaired_is_not_refuted():
    result = gs.stress(PROP2_REPAIRED, budget=4000)
    assert result.verdict == "not refuted" and result.ratio > 0.99


def test_the_decomposition_19_is_an_identity():
    result = gs.stress(EQ19, budget=500)
    assert result.verdict == "not refuted" and result.trial.n_equal == result.trial.n_points > 5


def test_a_point_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="S_tilt has 1 parameters; the blocks have"):
        prove_at(PROP2.problems[0], {"S_tilt": ("1",)})
