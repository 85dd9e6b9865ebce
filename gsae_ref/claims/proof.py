"""A proof that a claim is false: an exact instance that meets every hypothesis and violates it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from .problem import Free, Problem
from .rational import Interval, Matrix, Undecided, apart, entries, high, low
from .sentences import Items, Scope, Sentence

PRECISIONS = 10**2, 10**4, 10**8, 10**14  # the coarsest that decides is used
Pair = tuple[Any, str, Any]


@dataclass(frozen=True)
class Fact:
    """A hypothesis that holds: of all its cases, the one that comes closest to failing."""

    text: str
    left: Any
    relation: str
    right: Any

    def __str__(self) -> str:
        if isinstance(self.left, Matrix):
            return f"{self.text}: exactly"
        return f"{self.text}: {self.left} {self.relation} {self.right}"


@dataclass(frozen=True)
class Proof:
    """An exact counterexample.

    Attributes
    ----------
    problem : Problem
        The claim, at one choice of sizes.
    theta : tuple of Fraction
        Parameters of the instance.
    precision : int
        Roots and logarithms are enclosed to about 1 / precision.
    data : dict
        The instance: Fractions, matrices, lists of matrices.
    values : dict
        Quantities that the instance defines and that are numbers, or lists of numbers.
    facts : tuple of tuple of Fact
        Of every hypothesis, both sides of each of its comparisons.
    left, right : Fraction or Interval
        Both sides of the conclusion, left > right.
    """

    problem: Problem
    theta: tuple[Fraction, ...]
    precision: int
    data: dict[str, Any]
    values: dict[str, Any]
    facts: tuple[tuple[Fact, ...], ...]
    left: Any
    right: Any

    @property
    def n_digits(self) -> int:
        """Digits of all numbers of the instance that are not 0; equal quantities count once."""
        return sum(map(digits, self.numbers))

    @property
    def point(self) -> dict[str, tuple[str, ...]]:
        """The parameters of every block that is not 0, to be stored; see :func:`prove_at`."""
        blocks = self.problem.layout.blocks.items()
        parts = {name: self.theta[start : start + count] for name, (start, count) in blocks}
        return {name: tuple(map(str, part)) for name, part in parts.items() if any(part)}

    @property
    def numbers(self) -> list[Fraction]:
        """The numbers of the instance that are not 0."""
        distinct: list[Any] = []
        for value in self.data.values():
            if value not in distinct:
                distinct.append(value)
        return [number for number in numbers(distinct) if number]


class Outcome(NamedTuple):
    """What exact arithmetic says of an instance.

    ``status`` is "refutes", "satisfies" (hypotheses and conclusion hold), "outside" (a hypothesis
    fails) or "undecided"; ``proof`` goes with the first.
    """

    status: str
    proof: Proof | None = None


def prove(problem: Problem, theta: Sequence[Fraction]) -> Proof | None:
    """Prove that the instance at rational parameters violates the claim; None where it does not."""
    return decide(problem, theta).proof


def prove_at(problem: Problem, point: Mapping[str, Sequence[str | int]]) -> Proof | None:
    """Prove that the instance at a stored point violates the claim; None where it does not.

    Parameters
    ----------
    problem : Problem
    point : dict
        Parameters of blocks, such as ``{"code": ("1/2", "0")}``; the others are 0.

    Raises
    ------
    ValueError
        For a block that the claim does not have, or a wrong number of parameters.
    """
    return prove(problem, parameters_at(problem, point))


def parameters_at(problem: Problem, point: Mapping[str, Sequence[str | int]]) -> list[Fraction]:
    """The parameters of a stored point; see :func:`prove_at`."""
    theta = [Fraction(0)] * problem.layout.size
    for name, values in point.items():
        start, count = problem.layout.blocks.get(name, (0, -1))
        if count != len(values):
            known = {block: n for block, (_, n) in problem.layout.blocks.items() if n}
            raise ValueError(f"point: {name} has {len(values)} parameters; the blocks have {known}")
        theta[start : start + count] = map(Fraction, values)
    return theta


def decide(problem: Problem, theta: Sequence[Fraction]) -> Outcome:
    """Evaluate hypotheses and conclusion exactly, at the coarsest precision that decides."""
    for precision in PRECISIONS:
        try:
            return _decide(problem, theta, precision)
        except Undecided:
            continue
        except ZeroDivisionError:
            return Outcome("outside")
    return Outcome("undecided")


def _decide(problem: Problem, theta: Sequence[Fraction], precision: int) -> Outcome:
    """The outcome at one precision; raise Undecided where it is too coarse."""
    assert problem.conclusion is not None
    scope = problem.exact_instance(theta, precision)
    for sentence in problem.hypotheses:
        if any(holds(*pair) is False for pair in sentence.pairs(scope)):
            return Outcome("outside")
    pairs = list(problem.conclusion.pairs(scope))
    verdicts = [holds(*pair) for pair in pairs]
    if all(verdicts):
        return Outcome("satisfies")
    failed = [pair for pair, verdict in zip(pairs, verdicts, strict=True) if verdict is False]
    met = [holds(*pair) for sentence in problem.hypotheses for pair in sentence.pairs(scope)]
    if not failed or not all(met):
        raise Undecided("an enclosure is too wide")
    left, _, right = max(failed, key=_excess)
    data = {name: scope[name] for name in data_names(problem)}
    facts = tuple(_closest(sentence, scope) for sentence in problem.hypotheses)
    proof = Proof(
        problem, tuple(theta), precision, data, _values(problem, scope), facts, left, right
    )
    return Outcome("refutes", proof)


def _values(problem: Problem, scope: Scope) -> dict[str, Any]:
    """The defined quantities that are numbers, or lists of numbers."""
    result = {}
    for name in problem.defined:
        value = list(scope[name]) if isinstance(scope[name], (list, Items)) else scope[name]
        found = value if isinstance(value, list) else [value]
        if all(isinstance(each, (int, Fraction, Interval)) for each in found):
            result[name] = value
    return result


def _closest(sentence: Sentence, scope: Scope) -> tuple[Fact, ...]:
    """Of every comparison of a hypothesis, the case that comes closest to failing."""
    pairs = list(sentence.pairs(scope))
    n_cases = len(pairs) // len(sentence.links)
    facts = []
    for k, (left, relation, right) in enumerate(sentence.links):
        text = f"{ast.unparse(left)} {relation} {ast.unparse(right)}{sentence.tail}"
        cases = pairs[k * n_cases : (k + 1) * n_cases]
        facts.append(Fact(text, *max(cases, key=_slack)))
    return tuple(facts)


def _slack(pair: Pair) -> Fraction | int:
    """How close a hypothesis comes to failing."""
    left, relation, right = pair
    return 0 if relation == "==" else high(left) - low(right)


def data_names(problem: Problem) -> list[str]:
    """The quantities that are written down as numbers: basic ones, and those left free."""
    free = [name for name, formula in problem.lets.items() if isinstance(formula, Free)]
    return [name for name in (*problem.model.basics, *free) if name in problem.used]


def holds(left: Any, relation: str, right: Any) -> bool | None:
    """Whether a comparison is certainly true, certainly false, or (None) undecided."""
    if relation == "==":
        return _equal(left, right)
    if relation == "<=":
        return True if high(left) <= low(right) else False if low(left) > high(right) else None
    return True if high(left) < low(right) else False if low(left) >= high(right) else None


def _equal(left: Any, right: Any) -> bool | None:
    pairs = list(zip(entries(left), entries(right), strict=True))
    if any(apart(a, b) for a, b in pairs):
        return False
    return None if any(isinstance(x, Interval) for pair in pairs for x in pair) else True


def _excess(pair: Pair) -> Fraction:
    """left - right, rounded towards a violation; of an equation how far it is from holding."""
    left, relation, right = pair
    if relation != "==":
        return low(left) - high(right)
    return max(abs(high(a) - low(b)) for a, b in zip(entries(left), entries(right), strict=True))


def numbers(value: Any) -> Iterator[Fraction]:
    """The rational numbers in a matrix or in a list; both ends of an enclosure."""
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, Interval):
        yield from (value.lo, value.hi)
    else:
        yield Fraction(value)


def digits(q: Fraction | int) -> int:
    """Digits of numerator and denominator, a denominator of 1 not counted."""
    q = Fraction(q)
    below = len(str(q.denominator)) if q.denominator > 1 else 0
    return len(str(abs(q.numerator))) + below
