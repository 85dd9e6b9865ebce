"""What a row of the ledger is: a statement, its verdict, and the evidence that must bear the verdict out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays import Array, Real
from ..assumptions import Hypothesis

__all__ = [
    "Counterexample", "Evidence", "Identity", "Inequality", "Measurement", "Reading", "Row", "Sides", "VERDICTS", "equation", "statement",
    "worst",
]

Reals = Sequence[Real] | Array | float
Sides = Callable[[Any], tuple[Any, Any]]  # of an instance of the paper at hand: its left and right side, numbers or arrays

VERDICTS = {
    "definition": "introduces a symbol or a procedure; nothing to prove",
    "identity": "both sides agree to rounding",
    "holds": "true as printed",
    "corrected": "false as printed; the corrected form holds",
    "refuted": "false, with no local repair",
    "vacuous": "its hypotheses cannot be met, or it says nothing",
    "asymptotic": "O-notation; the explicit constant given holds",
    "typo": "the intent is clear, the text is wrong",
}


@dataclass(frozen=True)
class Inequality:
    """left(i) <= right(i) on every instance of a family that satisfies the hypotheses.

    ``expect="holds"``: no violation, at random or by an optimiser that pushes left/right up. ``expect="fails"``: violations exist.
    """

    label: str
    family: str
    sides: Sides
    hypotheses: tuple[Hypothesis, ...] = ()
    expect: str = "holds"


@dataclass(frozen=True)
class Identity:
    """left(i) == right(i), arrays, on every instance of a family, up to a relative error of ``tolerance``; or ``expect="fails"``."""

    label: str
    family: str
    sides: Sides
    hypotheses: tuple[Hypothesis, ...] = ()
    expect: str = "holds"
    tolerance: float = 1e-10


@dataclass(frozen=True)
class Counterexample:
    """An exact rational instance in :mod:`gsae_ref.theory.certificates` that meets the hypotheses and refutes the printed statement."""

    name: str


@dataclass(frozen=True)
class Measurement:
    """Evidence that runs the implementation: a named function of :mod:`gsae_ref.verification.measurements`.

    ``shows="support"`` for the statement (or its corrected form), ``"against"`` for evidence that the printed form fails.
    """

    name: str
    shows: str = "support"


@dataclass(frozen=True)
class Reading:
    """No number can settle it: the text itself shows it (a symbol introduced, an index misprinted)."""

    text: str


Evidence = Inequality | Identity | Counterexample | Measurement | Reading


@dataclass(frozen=True)
class Row:
    """One statement.

    Attributes
    ----------
    id : str
        ``T21-eq21``, ``T21-prop2``, ``R1``, ...
    paper, number, kind : str
        "T21", "N19", "L23" or "own"; "Eq. (21)", and one of equation, assumption, proposition, lemma, theorem, remark, claim.
    statement : str
        In plain words and as a formula, as printed.
    verdict : str
        A key of :data:`VERDICTS`.
    corrected : str
        The form that holds, empty where the printed one does.
    hypotheses : tuple of Hypothesis
        What the statement assumes.
    evidence : tuple of Evidence
        What ``verify`` runs.
    derivation : str
        Dotted name of the object whose docstring derives the correct form.
    same_as : str
        Id of the row that this one restates; its evidence is shared.
    """

    id: str
    paper: str
    number: str
    kind: str
    statement: str
    verdict: str
    corrected: str = ""
    hypotheses: tuple[Hypothesis, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    derivation: str = ""
    same_as: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"row {self.id} has verdict {self.verdict!r}; it must be one of {', '.join(VERDICTS)}; see VERDICTS")
        if bool(self.evidence) == bool(self.same_as):
            raise ValueError(f"row {self.id} has {len(self.evidence)} items of evidence and same_as={self.same_as!r}; give exactly one")
        if not self.same_as and self.verdict not in self.supported():
            raise ValueError(
                f"row {self.id} claims {self.verdict!r}, its evidence can bear out {self.supported()}; add what is missing or change it"
            )

    def supported(self) -> set[str]:
        """Verdicts that the kinds of evidence at hand could bear out, if all of them come out as expected."""
        against = any(_is_against(e) for e in self.evidence)
        support = any(not _is_against(e) and not isinstance(e, Reading) for e in self.evidence)
        reading = any(isinstance(e, Reading) for e in self.evidence)
        allowed = set()
        if support:
            allowed |= {"definition", "identity", "holds", "asymptotic"} if not against else {"corrected", "typo", "asymptotic"}
        if against:
            allowed |= {"refuted", "vacuous"}
        if reading:
            allowed |= {"definition", "typo"}
        return allowed


def statement(id: str, number: str, kind: str, text: str, verdict: str, paper: str = "T21", **fields: Any) -> Row:
    """A row for a statement of a paper: ``T21-id``."""
    return Row(f"{paper}-{id}", paper, number, kind, text, verdict, **fields)


def equation(number: int | str, text: str, verdict: str, paper: str = "T21", **fields: Any) -> Row:
    """A row for a numbered equation of a paper (of T21: version 2's number): ``T21-eq<number>``."""
    return statement(f"eq{number}", f"Eq. ({number})", "equation", text, verdict, paper, **fields)


def worst(left: Reals, right: Reals) -> tuple[float, float]:
    """The pair (left_k, right_k) that comes closest to violating left <= right, of arrays of one shape."""
    a, b = np.ravel(np.asarray(left)), np.ravel(np.asarray(right))
    k = np.argmax(a - b)
    return float(a[k]), float(b[k])


def _is_against(evidence: Evidence) -> bool:
    """Whether an item of evidence speaks against the printed form."""
    if isinstance(evidence, Counterexample):
        return True
    return getattr(evidence, "expect", "holds") == "fails" or getattr(evidence, "shows", "support") == "against"
