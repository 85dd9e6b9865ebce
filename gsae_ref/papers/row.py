"""A row of the ledger: a statement with its place in a paper, its truth, and the evidence."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..claims.evidence import Counterexample, Evidence, Reading
from ..claims.hypothesis import Hypothesis
from ..notation.account import Account, Code, Part, Sentence

KINDS = {
    "definition": "introduces a symbol or an assumption; nothing to prove",
    "identity": "both sides are equal",
    "inequality": "one side bounds the other",
    "asymptotic claim": "O-notation: a bound up to a constant that is not named",
    "procedure": "says what is computed",
    "remark": "a sentence without a formula of its own",
}
TRUTHS = {
    "holds": "true as printed",
    "false": "false as printed",
    "typo": "the intent is clear, the text is wrong",
    "vacuous": "its hypotheses cannot be met, or it says nothing",
    "not settled": "neither proved nor refuted here",
}
VERDICTS = {
    "definition": "introduces a symbol or a procedure; nothing to prove",
    "identity": "both sides agree to rounding",
    "holds": "true as printed",
    "corrected": "false as printed; the corrected form holds",
    "refuted": "false, with no local repair",
    "vacuous": "its hypotheses cannot be met, or it says nothing",
    "asymptotic": "O-notation; the explicit constant given holds",
    "typo": "the intent is clear, the text is wrong",
    "open": "neither proved nor refuted here",
}


@dataclass(frozen=True)
class Row:
    """One statement.

    Attributes
    ----------
    id : str
        ``T21-eq21``, ``T21-prop2``, ``R1``, ...
    paper, number : str
        "T21", "N19", "L23" or "own"; "Eq. (21)", "Proposition 2", ...
    kind : str
        A key of :data:`KINDS`.
    truth : str
        A key of :data:`TRUTHS`: of the printed form, under its fairest reading.
    printed : str
        The statement as the paper prints it. Words between “ and ” are the paper's own; formulas
        are set in ASCII; what an editor adds stands in [brackets]. Of the project's own theorems:
        the statement.
    reading : str
        The reading that ``truth`` is about, where two are possible.
    repaired : str
        The form that holds, with every hypothesis and every symbol defined; empty where the printed
        form holds or nothing replaces it.
    remark : str
        Sharper forms and context.
    hypotheses : tuple of Hypothesis
        What the statement assumes.
    evidence : tuple of Evidence
        What ``verify`` runs.
    derivation : str
        Dotted name of the object that states, defines or derives it.
    same_as : str
        Id of the row that this one restates; its evidence is shared.
    """

    id: str
    paper: str
    number: str
    kind: str
    truth: str
    printed: str
    reading: str = ""
    repaired: str = ""
    remark: str = ""
    hypotheses: tuple[Hypothesis, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    derivation: str = ""
    same_as: str = ""

    def __post_init__(self) -> None:
        for name, known in (("kind", KINDS), ("truth", TRUTHS)):
            value = getattr(self, name)
            if value not in known:
                raise ValueError(
                    f"row {self.id} has {name} {value!r}; it must be one of {', '.join(known)}"
                )
        if bool(self.evidence) == bool(self.same_as):
            raise ValueError(
                f"row {self.id} has {len(self.evidence)} items of evidence and "
                f"same_as={self.same_as!r}; give exactly one"
            )
        if self.truth == "holds" and self.repaired and self.kind != "asymptotic claim":
            raise ValueError(f"row {self.id} holds and is repaired; write a remark instead")
        missing = "" if self.same_as else self.missing()
        if missing:
            raise ValueError(f"row {self.id} is {self.truth!r} without {missing}")

    def missing(self) -> str:
        """What the evidence lacks to bear the truth out, in words; empty where it lacks nothing."""
        against = any(_is_against(e) for e in self.evidence)
        support = any(_is_support(e) for e in self.evidence)
        reading = any(isinstance(e, Reading) for e in self.evidence)
        if self.truth == "holds":
            if against:
                return "being free of evidence against it"
            by_reading = reading and self.kind in ("definition", "procedure", "remark")
            return "" if support or by_reading else "evidence for it"
        if self.truth == "typo":
            return "" if reading or (support and against) else "a reading, or evidence both ways"
        if self.truth == "not settled":
            return ""
        if not against:
            return "evidence against it"
        return "evidence for the repaired form" if self.repaired and not support else ""

    @property
    def verdict(self) -> str:
        """Kind and truth in one word: a key of :data:`VERDICTS`."""
        if self.truth == "false":
            return "corrected" if self.repaired else "refuted"
        if self.truth == "not settled":
            return "open"
        if self.truth != "holds":
            return self.truth
        words = {"procedure": "definition", "asymptotic claim": "asymptotic"}
        word = words.get(self.kind, self.kind)
        return word if word in ("definition", "identity", "asymptotic") else "holds"

    def account(self) -> Account:
        """The statement in full, without evidence."""
        parts = statement_parts(self, self.hypotheses)
        parts.append(Part("run it", (Code(f"gsae-ref verify --only {self.id} --explain"),)))
        return Account(f"{self.id}  {self.verdict}  {self.number}", tuple(parts))

    def __repr__(self) -> str:
        return f"<{self.id}, {self.verdict}: {textwrap.shorten(self.printed, 56)}>"

    def _repr_html_(self) -> str:
        return self.account()._repr_html_()


def statement_parts(row: Any, hypotheses: Iterable[Hypothesis]) -> list[Part]:
    """What a statement says: as printed, reading, kind, hypotheses, verdict, form that holds.

    Parameters
    ----------
    row : Row or RowResult
    hypotheses : iterable of Hypothesis
    """
    texts: dict[str, tuple[Sentence | Code, ...]] = {
        "as printed": (Sentence(row.printed),),
        "reading": (Sentence(row.reading),),
        "kind": (Code(f"{row.kind}: {KINDS[row.kind]}"),),
        "hypotheses": tuple(Sentence(hypothesis.text) for hypothesis in hypotheses),
        "recorded verdict": (Code(f"{row.verdict}: {VERDICTS[row.verdict]}"),),
        "form that holds": (Sentence(row.repaired),),
        "remark": (Sentence(row.remark),),
    }
    return [Part(title, said) for title, said in texts.items() if said and said[0].text]


def statement(
    id: str, number: str, kind: str, truth: str, printed: str, paper: str = "T21", **fields: Any
) -> Row:
    """Make a row for a statement of a paper: ``T21-id``."""
    return Row(f"{paper}-{id}", paper, number, kind, truth, printed, **fields)


def equation(
    number: int | str, kind: str, truth: str, printed: str, paper: str = "T21", **fields: Any
) -> Row:
    """Make a row for a numbered equation (of T21: version 2's number): ``T21-eq<number>``."""
    return statement(f"eq{number}", f"Eq. ({number})", kind, truth, printed, paper, **fields)


def _is_against(evidence: Evidence) -> bool:
    """Whether an item of evidence speaks against the printed form."""
    if isinstance(evidence, Counterexample):
        return True
    return (
        getattr(evidence, "expect", "holds") == "fails"
        or getattr(evidence, "shows", "support") == "against"
    )


def _is_support(evidence: Evidence) -> bool:
    """Whether an item of evidence speaks for the printed form or its repair."""
    if isinstance(evidence, Reading):
        return False
    return not _is_against(evidence) and getattr(evidence, "shows", "support") == "support"
