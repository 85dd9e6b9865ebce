"""Counterexamples of the ledger that are a claim and a stored rational point.

The sentence that is searched in floats is evaluated exactly at the point; bound, evidence and
certificate are one text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from .evidence import Stress
from .exact import Certificate, Comparison, counterexample
from .model import Instance
from .plain import PlainFormula
from .problem import Problem
from .proof import PRECISIONS, Pair, Proof, data_names, parameters_at, prove_at
from .rational import Interval, Matrix, Undecided, entries, high, low
from .sentences import Sentence

Point = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Refutation:
    """A claim and a point that refutes it.

    Attributes
    ----------
    printed : Stress
        The claim that is false, at the sizes of the point.
    point : dict
        Parameters of the blocks that are not 0, as strings; see :func:`~.proof.prove_at`.
    corrected : Stress or None
        The claim that holds, whose conclusion is evaluated at the same instance.
    note : str
    """

    printed: Stress
    point: Point
    corrected: Stress | None
    note: str

    @property
    def problem(self) -> Problem:
        """The claim, ready to be evaluated."""
        return self.printed.claim.problems[0]

    def proof(self) -> Proof:
        """The proof, from which a script is written."""
        proof = prove_at(self.problem, self.point)
        assert proof is not None, "a test certifies every point of the ledger"
        return proof

    def certificate(self, **point: Sequence[str]) -> Certificate:
        """Every hypothesis and both conclusions; ``point`` replaces parameters, for tests."""
        theta = parameters_at(self.problem, {**self.point, **point})
        for precision in PRECISIONS:
            try:
                result = self._certificate(self.problem.exact_instance(theta, precision))
            except Undecided:
                continue
            if result.refutes:
                break
        return result

    def _certificate(self, scope: Instance) -> Certificate:
        problem = self.problem
        assert problem.conclusion is not None
        formula = PlainFormula(problem.model.symbols)
        corrected = self.corrected and Sentence.parse(self.corrected.conclusion)
        every = (*problem.stated, *problem.hypotheses)
        by_text = {sentence.text: sentence for sentence in every}
        hypotheses = [c for each in by_text.values() for c in _compared(each, scope, formula)]
        return Certificate(
            data=_data(problem, scope, formula),
            hypotheses=tuple(hypotheses),
            printed=next(_compared(problem.conclusion, scope, formula, against=True)),
            corrected=next(_compared(corrected, scope, formula)) if corrected else None,
            note=self.note,
        )


REFUTATIONS: dict[str, Refutation] = {}  # by the name of the counterexample


def refute(
    row: str,
    printed: Stress,
    sizes: tuple[Mapping[str, int], ...],
    point: Point,
    corrected: Stress | None = None,
    note: str = "",
    variant: str = "",
    also: tuple[str, ...] = (),
    given: tuple[str, ...] = (),
    where: tuple[str, ...] = (),
) -> None:
    """Register a point at which a claim is false, as a counterexample to a row of the ledger.

    ``given`` and ``where`` are hypotheses of the paper that the instance meets beyond those of the
    claim; the other parameters are those of :class:`Refutation` and
    :func:`~.exact.counterexample`.
    """
    full = replace(
        printed,
        label=f"{row}-{variant}" if variant else row,
        sizes=sizes,
        given=(*printed.given, *given),
        where=(*printed.where, *where),
    )
    found = Refutation(full, point, corrected, note)
    counterexample(row, variant, also)(found.certificate)
    REFUTATIONS[full.label] = found


def _compared(
    sentence: Sentence, scope: Instance, formula: PlainFormula, against: bool = False
) -> Iterator[Comparison]:
    """Of every comparison of a sentence the case that comes closest to failing.

    An irrational side is rounded so that it speaks against the comparison; with ``against``, for
    a conclusion that fails, so that it speaks for it.
    """
    pairs = list(sentence.pairs(scope))
    n_cases = len(pairs) // len(sentence.links)
    for k in range(len(sentence.links)):
        cases = pairs[k * n_cases : (k + 1) * n_cases]
        left, relation, right = max(cases, key=_excess)
        text = formula.link(sentence, k)
        if relation == "==":
            yield Comparison(text, *_equation(left, right))
            continue
        a, b = (low(left), high(right)) if against else (high(left), low(right))
        rounded = " (rounded)" if Interval in (type(left), type(right)) else ""
        yield Comparison(text + rounded, Fraction(a), relation, Fraction(b))


def _equation(left: Any, right: Any) -> tuple[Fraction, str, Fraction]:
    """Both sides of an equation of numbers; of matrices their largest difference, and 0."""
    if isinstance(left, Matrix):
        pairs = zip(entries(left), entries(right), strict=True)
        return max(Fraction(high(abs(a - b))) for a, b in pairs), "==", Fraction(0)
    if isinstance(left - right, Interval):
        raise Undecided("both sides are enclosed only")
    return Fraction(left), "==", Fraction(right)


def _excess(pair: Pair) -> Fraction:
    left, relation, right = pair
    if relation == "==":
        a, _, b = _equation(left, right)
        return abs(a - b)
    return Fraction(high(left)) - Fraction(low(right))


def _data(problem: Problem, scope: Instance, formula: PlainFormula) -> dict[str, object]:
    """The instance, as the papers write it: sizes, matrices by group, numbers."""
    result: dict[str, object] = {formula.symbol(name): size for name, size in problem.sizes.items()}
    written: dict[str, Any] = {}
    for name in data_names(problem):
        value = scope[name]
        symbol = formula.symbol(name)
        same = next((other for other, known in written.items() if known == value), None)
        written[symbol] = value
        if not isinstance(value, list):
            result[symbol] = value
        elif same:
            result[symbol] = same
        else:
            result |= {f"{symbol}_{k}": item for k, item in enumerate(value, 1)}
    numbers = ((name, scope[name]) for name in problem.defined)
    result |= {formula.symbol(k): x for k, x in numbers if isinstance(x, int | Fraction)}
    return result
