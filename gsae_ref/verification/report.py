"""The result of a run of the ledger: a row for every statement; as a dictionary, JSON and text."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..claims.finding import Finding
from ..files import write_json
from ..notation.account import Account, Code, Exact, Part, Sentence, words
from ..notation.markup import Markup, element, joined
from ..papers.ledger import LEDGER
from ..papers.row import statement_parts

LISTED = 20  # rows that fit a screen


@dataclass(frozen=True)
class RowResult:
    """One statement of the ledger after its evidence has been run.

    Attributes
    ----------
    id, number, kind, truth, verdict, printed, reading, repaired, remark : str
        As in :class:`gsae_ref.papers.row.Row`.
    confirmed : bool
        Whether every item of evidence supports the verdict.
    findings : tuple of Finding
    same_as : str
        The row whose evidence this one shares, or "".
    """

    id: str
    number: str
    kind: str
    truth: str
    verdict: str
    printed: str
    reading: str
    repaired: str
    remark: str
    confirmed: bool
    findings: tuple[Finding, ...]
    same_as: str = ""

    def account(self) -> Account:
        """The statement in full: what it says, its evidence, its counterexamples."""
        own = LEDGER[self.id]
        source = LEDGER[self.same_as or self.id]
        parts = statement_parts(self, own.hypotheses or source.hypotheses)
        if self.same_as:
            parts.append(Part("evidence shared with", (Sentence(self.same_as),)))
        parts.append(Part("evidence", tuple(finding.block for finding in self.findings)))
        if source.derivation:
            docstring = Code(f"python -m pydoc {source.derivation}")
            parts.append(Part("derivation", (docstring,)))
        if not self.same_as:
            parts += [_detail(f) for f in self.findings if f.detail or f.kind == "counterexample"]
        parts.append(Part("run it", (Code(f"gsae-ref verify --only {self.id} --explain"),)))
        return Account(f"{self.id}  {self._state}  {self.number}", tuple(parts))

    @property
    def _state(self) -> str:
        return f"{self.verdict}  {'confirmed' if self.confirmed else 'NOT CONFIRMED'}"

    def __repr__(self) -> str:
        return f"<{self.id}  {self._state}>"

    def _repr_html_(self) -> str:
        return self.account()._repr_html_()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RowResult:
        """The result that :meth:`to_dict` wrote."""
        known = {each.name: data[each.name] for each in fields(cls)}
        names = [each.name for each in fields(Finding)]
        findings = []
        for finding in data["findings"]:
            findings.append(Finding(*(finding[name] for name in names)))
        return cls(**{**known, "findings": tuple(findings)})

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        findings = [vars(f) for f in self.findings]
        return {**vars(self), "findings": findings}


@dataclass(frozen=True)
class VerificationReport:
    """Verdicts and evidence of a run of :func:`gsae_ref.verify`.

    Attributes
    ----------
    rows : tuple of RowResult
        In the order of the ledger.
    settings : dict
        Papers, quick, seed: the numbers depend on these.

    Examples
    --------
    >>> import gsae_ref as gs
    >>> report = gs.verify(only=["T21-prop2", "R1"], quick=True)
    >>> report.ok, report.counts
    (True, {'rows': 2, 'confirmed': 2, 'corrected': 1, 'identity': 1})
    >>> report
    T21-prop2  corrected  confirmed
    R1  identity  confirmed
    2 of 2 recorded verdicts confirmed (1 corrected, 1 identity)
    """

    rows: tuple[RowResult, ...]
    settings: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether every recorded verdict is confirmed."""
        return all(row.confirmed for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each verdict, and how many are confirmed."""
        verdicts: dict[str, int] = {}
        for row in self.rows:
            verdicts[row.verdict] = verdicts.get(row.verdict, 0) + 1
        return {
            "rows": len(self.rows),
            "confirmed": sum(row.confirmed for row in self.rows),
            **verdicts,
        }

    def summary(self) -> str:
        """The last line of the command: counts by verdict, and whether all are confirmed."""
        counts = self.counts
        verdicts = ", ".join(
            f"{number} {name}"
            for name, number in counts.items()
            if name not in ("rows", "confirmed")
        )
        return f"{counts['confirmed']} of {counts['rows']} recorded verdicts confirmed ({verdicts})"

    def __repr__(self) -> str:
        lines = [repr(row)[1:-1] for row in self.rows[:LISTED]]
        if len(self.rows) > LISTED:
            lines.append(f"... {len(self.rows) - LISTED} more in .rows")
        return "\n".join([*lines, self.summary()])

    def _repr_html_(self) -> str:
        head = element("tr", *(element("th", name) for name in ("", "verdict", "as printed")))
        rows = [
            element("tr", element("th", row.id), element("td", row._state), _said(row))
            for row in self.rows[:LISTED]
        ]
        left = len(self.rows) - len(rows)
        more = element("p", f"{left} more in .rows") if left else None
        return joined(element("p", self.summary()), element("table", head, *rows), more)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "ok": self.ok,
            "counts": self.counts,
            "settings": self.settings,
            "rows": [row.to_dict() for row in self.rows],
        }

    def to_json(self, path: str | Path) -> None:
        """Write :meth:`to_dict` to a file, atomically."""
        write_json(self.to_dict(), path)


def _said(row: RowResult) -> Markup:
    """A cell with the statement as printed."""
    return element("td", words(row.printed))


def _detail(finding: Finding) -> Part:
    """The counterexample, or the instance that came closest to failing."""
    if finding.kind == "counterexample":
        return Part(
            f"exact counterexample {finding.label}", (Exact(finding.detail, finding.numbers),)
        )
    return Part(f"instance with least room: {finding.label}", (Code(finding.detail),))
