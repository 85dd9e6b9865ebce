"""A range of admissible values of a number that a user chooses, and who certifies it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .. import checks
from ..arrays import Array


@dataclass(frozen=True)
class Range:
    """An interval of values of ``of``, such as a bias or a step size.

    Attributes
    ----------
    of, form : str
        The name of the number, and the statement that gives the range.
    low, high : float
    ends : str
        "[" or "(", then "]" or ")".
    certified : bool
        Whether the range is not empty and all that the statement assumes holds here; a range that
        is false as printed is never certified.
    promise : str
        What a value in it gives.

    Examples
    --------
    >>> Range("bias", "R7", -0.5, -0.25, "(]", True, "converges").interval
    '(-0.5, -0.25]'
    >>> Range("bias", "R7", -0.5, -0.5, "(]", True, "converges").interval
    'none'
    """

    of: str
    form: str
    low: float
    high: float
    ends: str
    certified: bool
    promise: str

    @property
    def empty(self) -> bool:
        """Whether it contains no value."""
        return self.low > self.high or (self.ends != "[]" and self.low == self.high)

    @property
    def interval(self) -> str:
        """The interval in words."""
        if self.empty:
            return "none"
        return f"{self.ends[0]}{self.low + 0.0:.4g}, {self.high + 0.0:.4g}{self.ends[1]}"

    @property
    def line(self) -> str:
        """The range in a line."""
        trust = "certified" if self.certified else "NOT certified"
        return f"{self.of} {self.interval}, {trust}: {self.form}"

    def certifies(self, value: float) -> bool:
        """Whether the range is certified and contains the value."""
        above = value >= self.low if self.ends[0] == "[" else value > self.low
        below = value <= self.high if self.ends[1] == "]" else value < self.high
        return self.certified and above and below

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {**asdict(self), "empty": self.empty}


def require_moderate(**given: Array) -> None:
    """Refuse arrays whose largest entries are out of range: :func:`checks.moderate`."""
    for name, value in given.items():
        checks.moderate(name, float(np.abs(value).max()))
