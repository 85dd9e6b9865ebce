"""Counts of evaluated instances: how many met the hypotheses, failed, and used how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array
from .hypothesis import ROUNDING

if TYPE_CHECKING:
    from .problem import Sides

# Sides agree to 1e-9 relative, or 1e-11 near zero. A statement said to fail must fail by more than
# CLEAR, far above rounding. A right side below SMALLEST_BOUND has no ratio.
RELATIVE = 1e-9
ABSOLUTE = 1e-11
CLEAR = 1e-6
SMALLEST_BOUND = 1e-6
AWAY = 0.05  # from degenerate instances, where it is asked for


@dataclass
class Tally:
    """What evaluated instances came out as.

    Attributes
    ----------
    clear : bool
        Whether only differences far above rounding count as violations.
    evaluations : int
        Instances.
    feasible, finite, violations : int
        How many met the hypotheses; of these, gave finite sides; of these, had left > right.
    ratio, away : float
        Largest left/right of those with a right side that is not near 0 or below, 0 where there is
        none; and of those that keep the distance 1/20 from degenerate instances, NaN where none.
    """

    clear: bool = False
    evaluations: int = 0
    feasible: int = 0
    finite: int = 0
    violations: int = 0
    ratio: float = 0.0
    away: float = float("nan")

    def add(self, sides: Sides) -> None:
        """Count a batch."""
        left = sides.left
        right = sides.right
        feasible = (sides.margins >= -ROUNDING).all(axis=1)
        finite = feasible & np.isfinite(left) & np.isfinite(right)
        relative, absolute = (CLEAR, CLEAR) if self.clear else (RELATIVE, ABSOLUTE)
        a = left[finite]
        b = right[finite]
        slack = relative * np.maximum(np.abs(a), np.abs(b)) + absolute
        self.evaluations += len(left)
        self.feasible += int(feasible.sum())
        self.finite += int(finite.sum())
        self.violations += int((a > b + slack).sum())
        bounded = finite & (right > SMALLEST_BOUND)
        ratios = np.maximum(left[bounded], 0) / right[bounded]
        distances = np.broadcast_to(sides.distance, left.shape)[bounded]
        self.ratio = _largest(self.ratio, ratios)
        self.away = _largest(self.away, ratios[distances >= AWAY])


def _largest(known: float, numbers: Array) -> float:
    """The largest of all; NaN where there is none."""
    return float(np.fmax(known, np.max(numbers, initial=-np.inf))) if len(numbers) else known
