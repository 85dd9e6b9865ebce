"""What an experiment gives: numbers, tables, and what became of each claim."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Claim:
    """What a paper says of a figure or table, and what came out.

    Attributes
    ----------
    source : str
        Where the claim stands: "T21 Figure 3c".
    text, measured : str
        The claim in our words; the numbers that speak for or against it.
    holds : bool or None
        None where the numbers do not settle it.
    """

    source: str
    text: str
    measured: str
    holds: bool | None


@dataclass(frozen=True)
class Table:
    """A table: ``rows`` are sequences as long as ``columns``."""

    title: str
    columns: tuple[str, ...]
    rows: list[Any]

    def __post_init__(self) -> None:
        uneven = [row for row in self.rows if len(row) != len(self.columns)]
        if uneven:
            raise ValueError(
                f"table {self.title!r} has a row of {len(uneven[0])} entries; it must have {len(self.columns)}, one per column"
            )


@dataclass(frozen=True)
class Study:
    """Outcome of an experiment.

    Attributes
    ----------
    name, title : str
    recipe : dict
        Every setting, so that the numbers can be made again.
    data : dict
        Curves and numbers behind the pictures: names to numbers, lists or arrays.
    tables : list of Table
    claims : list of Claim
    notes : list of str
        What a reader must know to judge the numbers.
    """

    name: str
    title: str
    recipe: dict[str, Any]
    data: dict[str, Any]
    tables: list[Table] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, for JSON."""
        return asdict(self)
