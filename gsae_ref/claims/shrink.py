"""From the worst instance in floats to a small exact counterexample: round, prove, shrink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from ..arrays import Array
from .problem import Problem
from .proof import Proof, digits, prove
from .searches import VIOLATION, Best

Theta = tuple[Fraction, ...]
DENOMINATORS = 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64, 128, 512, 4096, 10**6
CUTS = 0.3, 0.1, 0.03, 0.01, 0.0  # parameters below it are rounded to 0
MOST_PROOFS = 25  # tried in one round
MOST_SEARCHES = 6  # whose worst instance is rounded
BATCH = 256  # changes evaluated at once
N_JOINT = 1000  # joint changes of one round
WORK = 10_000  # proofs times parameters
MOST_FAILED = 4  # rounds without success
SIMPLE = sorted(
    {Fraction(p, q) for q in range(1, 9) for p in range(-8, 9)},
    key=lambda q: (q != 0, q.denominator + abs(q.numerator), q < 0),
)


class Change(NamedTuple):
    """Parameters to be replaced, and by what."""

    places: tuple[int, ...]
    values: Theta
    cost: int  # of all parameters, after the change

    def applied(self, theta: Theta) -> Theta:
        """The parameters after the change."""
        result = list(theta)
        for place, value in zip(self.places, self.values, strict=True):
            result[place] = value
        return tuple(result)


def round_to_proof(problem: Problem, theta: Array) -> Proof | None:
    """The first rational neighbour of theta, denominators growing, that proves the claim false.

    The last is theta itself, to the last bit.
    """
    candidates = list(dict.fromkeys(_neighbours(theta)))
    violated = problem.violated(np.array(candidates, dtype=float))
    promising = [candidate for candidate, bad in zip(candidates, violated, strict=True) if bad]
    proofs = (prove(problem, candidate) for candidate in promising[:MOST_PROOFS])
    return next((proof for proof in proofs if proof), None)


def _neighbours(theta: Array) -> Iterator[Theta]:
    exact = [Fraction(float(x)) for x in theta]
    for denominator in DENOMINATORS:
        near = [x.limit_denominator(denominator) for x in exact]
        for cut in CUTS:
            small = np.abs(theta) < cut
            yield tuple(Fraction(0) if zero else q for zero, q in zip(small, near, strict=True))
    yield tuple(exact)


def shrink(proof: Proof) -> Proof:
    """Make a counterexample smaller, greedily, while it remains one.

    A round tries to set a block to 0, a parameter to a simpler number or to one that occurs
    already; where that does not help, several parameters at a time. All changes are tried in
    batches of floats, then proved, the simplest first.
    """
    rng = np.random.default_rng(0)
    best = proof
    n_left = max(MOST_PROOFS, WORK // max(1, proof.problem.layout.size))
    n_failed = 0
    while n_left > 0 and n_failed < MOST_FAILED:
        changes = list(_changes(best) if not n_failed else _joint_changes(best, rng))
        promising = _promising(best, sorted(changes, key=lambda change: change.cost))
        n_failed += 1
        for change in islice(promising, min(n_left, MOST_PROOFS)):
            n_left -= 1
            found = prove(best.problem, change.applied(best.theta))
            if found and _score(found) < _score(best):
                best = found
                n_failed = 0
                break
    return best


def _promising(proof: Proof, changes: Sequence[Change]) -> Iterator[Change]:
    """The changes that leave a counterexample in floats, in their order."""
    theta = np.array(proof.theta, dtype=float)
    for first in range(0, len(changes), BATCH):
        some = changes[first : first + BATCH]
        batch = np.tile(theta, (len(some), 1))
        for row, change in zip(batch, some, strict=True):
            row[list(change.places)] = change.values
        violated = proof.problem.violated(batch)
        yield from (change for change, bad in zip(some, violated, strict=True) if bad)


def _changes(proof: Proof) -> Iterator[Change]:
    """Blocks set to 0, and single parameters set to simpler numbers."""
    theta = proof.theta
    cost = sum(map(_cost, theta))
    for part in proof.problem.layout.parts():
        block = theta[part]
        if any(block):
            places = tuple(range(part.start, part.stop))
            zeros = (Fraction(0),) * len(block)
            yield Change(places, zeros, cost - sum(map(_cost, block)))
    options = _options(theta)
    for i, q in enumerate(theta):
        for simpler in options.get(q, ()):
            yield Change((i,), (simpler,), cost - _cost(q) + _cost(simpler))


def _joint_changes(proof: Proof, rng: np.random.Generator) -> Iterator[Change]:
    """Two or three parameters set to simpler numbers, at random."""
    theta = proof.theta
    cost = sum(map(_cost, theta))
    options = _options(theta)
    places = [i for i, q in enumerate(theta) if options.get(q)]
    if len(places) < 2:
        return
    for _ in range(N_JOINT):
        size = min(len(places), int(rng.integers(2, 4)))
        chosen = tuple(int(i) for i in rng.choice(places, size, replace=False))
        old = [theta[i] for i in chosen]
        new = tuple(options[q][rng.integers(len(options[q]))] for q in old)
        yield Change(chosen, new, cost - sum(map(_cost, old)) + sum(map(_cost, new)))


def _options(theta: Theta) -> dict[Fraction, list[Fraction]]:
    """Simpler numbers for every parameter that is not 0."""
    present = sorted(set(filter(None, theta)))
    return {q: list(_simpler_numbers(q, present)) for q in present}


def _simpler_numbers(q: Fraction, present: Sequence[Fraction]) -> Iterator[Fraction]:
    size = _cost(q), q.denominator + abs(q.numerator)
    for simpler in SIMPLE:
        if (_cost(simpler), simpler.denominator + abs(simpler.numerator)) < size:
            yield simpler
    for other in present:
        if _cost(other) < size[0] and abs(other) != abs(q):
            yield other


def _score(proof: Proof) -> tuple[int, int]:
    cost = sum(map(_cost, proof.theta))
    return proof.n_digits + cost, cost


@cache
def _cost(q: Fraction) -> int:
    return 1 + digits(q) if q else 0


def prove_best(best: Best) -> Proof | None:
    """The shortest exact counterexample near the worst instances of the searches."""
    violated = [each for each in best.searches if each[1].gap > VIOLATION]
    violated.sort(key=lambda each: -each[1].gap)
    proofs: list[Proof] = []
    for problem, worst in violated[:MOST_SEARCHES]:
        for theta in (worst.theta, worst.sparse):
            proof = None if theta is None else round_to_proof(problem, theta)
            proofs += [shrink(proof)] if proof else []
    return min(proofs, key=lambda proof: proof.n_digits, default=None)
