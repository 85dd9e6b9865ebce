"""From the worst instance in floats to a small exact counterexample: round, prove, shrink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from ..arrays import Array
from .problem import Problem
from .proof import Proof, digits, prove

Theta = tuple[Fraction, ...]
DENOMINATORS = 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64, 128, 512, 4096, 10**6
CUTS = 0.3, 0.1, 0.03, 0.01, 0.0  # parameters below it are rounded to 0
MOST_PROOFS = 25  # tried when rounding
SIMPLE = sorted(
    {Fraction(p, q) for q in range(1, 9) for p in range(-8, 9)},
    key=lambda q: (q != 0, q.denominator + abs(q.numerator), q < 0),
)


def round_to_proof(problem: Problem, theta: Array) -> Proof | None:
    """The first rational neighbour of theta, denominators growing, that proves the claim false."""
    candidates = list(dict.fromkeys(_neighbours(theta)))
    promising = _violates(problem, candidates)
    proofs = (prove(problem, candidate) for candidate in promising[:MOST_PROOFS])
    return next((proof for proof in proofs if proof), None)


def _neighbours(theta: Array) -> Iterator[Theta]:
    exact = [Fraction(float(x)) for x in theta]
    for denominator in DENOMINATORS:
        near = [x.limit_denominator(denominator) for x in exact]
        for cut in CUTS:
            yield tuple(
                Fraction(0) if abs(x) < cut else q for x, q in zip(exact, near, strict=True)
            )


def _violates(problem: Problem, candidates: Sequence[Theta]) -> list[Theta]:
    """The candidates that violate the claim and meet every hypothesis, in floats."""
    if not candidates:
        return []
    violated = problem.violated(np.array(candidates, dtype=float))
    return [candidate for candidate, bad in zip(candidates, violated, strict=True) if bad]


def shrink(proof: Proof, n_proofs: int = 250) -> Proof:
    """Make a counterexample smaller, greedily, while it remains one.

    A round tries to set a block to 0, a parameter to a simpler number, or to one that occurs
    already. All candidates are tried in one batch of floats, then proved, the simplest first.
    """
    problem = proof.problem
    best = proof
    left = n_proofs
    while left > 0:
        candidates = list(dict.fromkeys(_simpler(best.theta, problem)))
        promising = _violates(problem, candidates)
        promising.sort(key=_cost)
        smaller = None
        for candidate in promising[: min(left, MOST_PROOFS)]:
            left -= 1
            found = prove(problem, candidate)
            if found and _score(found) < _score(best):
                smaller = found
                break
        if smaller is None:
            return best
        best = smaller
    return best


def _score(proof: Proof) -> tuple[int, int]:
    cost = _cost(proof.theta)
    return proof.n_digits + cost, cost


def _cost(theta: Iterable[Fraction]) -> int:
    return sum(1 + digits(q) for q in theta if q)


def _simpler(theta: Theta, problem: Problem) -> Iterator[Theta]:
    for part in problem.layout.parts():
        if any(theta[part]):
            zeros = (Fraction(0),) * (part.stop - part.start)
            yield theta[: part.start] + zeros + theta[part.stop :]
    present = set(filter(None, theta))
    for i, q in enumerate(theta):
        if q:
            for simpler in _simpler_numbers(q, present):
                yield theta[:i] + (simpler,) + theta[i + 1 :]


def _simpler_numbers(q: Fraction, present: set[Fraction]) -> Iterator[Fraction]:
    size = _cost([q]), q.denominator + abs(q.numerator)
    for simpler in SIMPLE:
        if (_cost([simpler]), simpler.denominator + abs(simpler.numerator)) < size:
            yield simpler
    for other in sorted(present):
        if _cost([other]) < size[0] and abs(other) != abs(q):
            yield other
