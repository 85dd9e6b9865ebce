"""The result of a run of the ledger: a row for every statement; as a dictionary, JSON and text."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..claims.finding import Finding
from ..files import write_json


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
    >>> report.summary()
    '2 of 2 recorded verdicts confirmed (1 corrected, 1 identity)'
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
