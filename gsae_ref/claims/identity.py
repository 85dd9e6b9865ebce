"""Equations, tried exactly at random rational instances, where a false one fails."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .claim import Claim
from .proof import Proof, decide
from .shrink import shrink

POINTS = 20  # rational instances at each of the sizes
DENOMINATOR = 3


@dataclass(frozen=True)
class Trial:
    """Exact instances of an equation.

    Attributes
    ----------
    n_points, n_equal : int
        How many met the hypotheses, and at how many of these both sides are equal exactly.
    proof : Proof or None
        One at which they are not.
    """

    n_points: int
    n_equal: int
    proof: Proof | None


def try_identity(claim: Claim, rng: np.random.Generator) -> Trial:
    """Evaluate both sides of an equation at random rational instances."""
    outcomes = [
        decide(problem, [Fraction(round(DENOMINATOR * x), DENOMINATOR) for x in parameters])
        for problem in claim.problems
        for parameters in problem.layout.draw(rng, POINTS)
    ]
    n_equal = sum(outcome.status == "satisfies" for outcome in outcomes)
    proofs = [outcome.proof for outcome in outcomes if outcome.proof]
    shortest = min(proofs, key=lambda proof: proof.n_digits, default=None)
    n_points = sum(outcome.status != "outside" for outcome in outcomes)
    return Trial(n_points, n_equal, shortest and shrink(shortest))
