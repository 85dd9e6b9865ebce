"""What a statement assumes of an instance: a hypothesis, with its margin.

A hypothesis is a number, its margin: how far an instance is inside it, negative outside. Equalities
have margin minus their defect, and are met when the defect is rounding. Where the evidence is a
claim, its ``where`` and ``given`` say what is assumed, and a hypothesis of the row is a text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..arrays import Real

ROUNDING = 1e-12
ABSENT: Any = None  # what no statement asked for


def in_a_claim(instance: Any) -> Real:
    """The margin of a hypothesis that the claims of a row state."""
    raise TypeError("the claims of the row state this hypothesis")


@dataclass(frozen=True)
class Hypothesis:
    """A checkable assumption: ``margin(instance) >= 0`` (up to rounding) means that it holds.

    >>> above_1 = Hypothesis("lam > 1", lambda lam: lam - 1)
    >>> above_1.holds(0.5), above_1.margin(0.5)
    (False, -0.5)
    """

    text: str
    margin: Callable[[Any], Real] = in_a_claim  # of an instance of the paper at hand

    def holds(self, instance: Any) -> bool:
        """Whether the instance satisfies it, equalities up to rounding."""
        return bool(self.margin(instance) >= -ROUNDING)
