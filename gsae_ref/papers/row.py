"""What a row of the ledger is: a statement with its place in a paper, its verdict, and the evidence that must bear the verdict out."""

from dataclasses import dataclass
from typing import Any

from ..claims.evidence import Counterexample, Evidence, Reading
from ..claims.hypothesis import Hypothesis

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
class Row:
    """One statement.

    Attributes
    ----------
    id : str
        ``T21-eq21``, ``T21-prop2``, ``R1``, ...
    paper, number, kind : str
        "T21", "N19", "L23" or "own"; "Eq. (21)", and one of equation, assumption, proposition,
        lemma, theorem, remark, claim.
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
            raise ValueError(
                f"row {self.id} has verdict {self.verdict!r}; it must be one of {', '.join(VERDICTS)}; see VERDICTS"
            )
        if bool(self.evidence) == bool(self.same_as):
            raise ValueError(
                f"row {self.id} has {len(self.evidence)} items of evidence and same_as={self.same_as!r}; give exactly one"
            )
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
            allowed |= (
                {"definition", "identity", "holds", "asymptotic"}
                if not against
                else {"corrected", "typo", "asymptotic"}
            )
        if against:
            allowed |= {"refuted", "vacuous"}
        if reading:
            allowed |= {"definition", "typo"}
        return allowed


def statement(
    id: str, number: str, kind: str, text: str, verdict: str, paper: str = "T21", **fields: Any
) -> Row:
    """A row for a statement of a paper: ``T21-id``."""
    return Row(f"{paper}-{id}", paper, number, kind, text, verdict, **fields)


def equation(number: int | str, text: str, verdict: str, paper: str = "T21", **fields: Any) -> Row:
    """A row for a numbered equation of a paper (of T21: version 2's number): ``T21-eq<number>``."""
    return statement(f"eq{number}", f"Eq. ({number})", "equation", text, verdict, paper, **fields)


def _is_against(evidence: Evidence) -> bool:
    """Whether an item of evidence speaks against the printed form."""
    if isinstance(evidence, Counterexample):
        return True
    return (
        getattr(evidence, "expect", "holds") == "fails"
        or getattr(evidence, "shows", "support") == "against"
    )
