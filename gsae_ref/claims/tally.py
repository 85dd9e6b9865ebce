"""Counts of evaluated instances: how many met the hypotheses, failed, and used how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, BoolArray
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
        distances = sides.distance
        self.evaluations += len(left)
        feasible = sides.margins.min(axis=1) >= -ROUNDING
        finite = feasible & np.isfinite(left) & np.isfinite(right)
        self.feasible += int(np.count_nonzero(feasible))
        if not finite.all():
            left, right, distances = _where(finite, left, right, distances)
        self.finite += len(left)
        relative, absolute = (CLEAR, CLEAR) if self.clear else (RELATIVE, ABSOLUTE)
        slack = relative * np.maximum(np.abs(left), np.abs(right)) + absolute
        self.violations += int(np.count_nonzero(left > right + slack))
        bounded = right > SMALLEST_BOUND
        if not bounded.all():
            left, right, distances = _where(bounded, left, right, distances)
        ratios = np.maximum(left, 0) / right
        self.ratio = _largest(self.ratio, ratios)
        if distances.ndim:
            self.away = _largest(self.away, ratios[distances >= AWAY])


def _where(mask: BoolArray, *arrays: Array) -> Iterator[Array]:
    """The entries of arrays at which a mask is true; what has no axis stays."""
    return (array[mask] if array.ndim else array for array in arrays)


def _largest(known: float, numbers: Array) -> float:
    """The largest of all; NaN where there is none."""
    return float(np.fmax(known, np.max(numbers, initial=-np.inf))) if len(numbers) else known
