"""The outcome of an experiment: numbers, tables, and each claim with what was measured."""

from dataclasses import asdict, dataclass, field
from typing import Any

from ... import checks

OUTCOMES = {True: "reproduces", False: "does not reproduce", None: "not settled"}


@dataclass(frozen=True)
class Claim:
    """A claim of a paper about a figure or table, and the outcome.

    Attributes
    ----------
    source : str
        Where the claim stands: "T21 Figure 3c".
    text, measured : str
        The claim in our words; the numbers that support or contradict it.
    holds : bool or None
        None where the numbers do not settle it.
    """

    source: str
    text: str
    measured: str
    holds: bool | None

    @property
    def outcome(self) -> str:
        """``holds`` in words."""
        return OUTCOMES[self.holds]


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
                f"table {self.title!r} has a row of {len(uneven[0])} entries; "
                f"it must have {len(self.columns)}, one per column"
            )


@dataclass(frozen=True)
class Study:
    """Outcome of an experiment.

    Attributes
    ----------
    name, title : str
    recipe : dict
        Every setting, so that the numbers can be computed again.
    data : dataclass or dict
        Curves and numbers behind the pictures; plot functions receive it.
    tables : list of Table
    claims : list of Claim
    notes : list of str
        Context that is needed to judge the numbers.
    """

    name: str
    title: str
    recipe: dict[str, Any]
    data: Any
    tables: list[Table] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Everything as dictionaries, lists, arrays and numbers, for JSON."""
        return asdict(self)


def seed_range(seed: int, n_seeds: int) -> range:
    """The seeds of an experiment: ``n_seeds`` of them, from ``seed`` on.

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is not an integer >= 0, or ``n_seeds`` not an integer >= 1.
    """
    first = checks.count("seed", seed, minimum=0)
    return range(first, first + checks.count("n_seeds", n_seeds))
