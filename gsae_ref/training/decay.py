"""Weight decay: a multiple of ||A||_F^2 added to the cost. May import checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import checks
from ..arrays import Array


def weight_decay(value: Any, constraint: str) -> float:
    """Check the option of that name: a number >= 0, and 0 where a constraint fixes ||A||_F.

    >>> weight_decay(0.5, "none")
    0.5
    """
    weight = checks.threshold(value, "weight_decay")
    if weight and constraint != "none":
        raise ValueError(
            f"weight_decay = {weight!r} with constraint = {constraint!r}, "
            f"under which ||A||_F does not change; use constraint='none', or weight_decay=0"
        )
    return weight


def decayed(weight: float, A: Array, cost: float, G: Array) -> tuple[float, Array]:
    """Add weight / 2 ||A||_F^2 to a cost, and weight A to its gradient G; with weight 0, nothing.

    >>> decayed(0.5, np.array([[2.0]]), 1.0, np.array([[3.0]]))
    (2.0, array([[4.]]))
    """
    if not weight:
        return cost, G
    return cost + penalty(weight, A), G + weight * A


def penalty(weight: float, A: Array) -> float:
    """weight / 2 ||A||_F^2.

    >>> penalty(0.5, np.array([[2.0]]))
    1.0
    """
    return weight / 2 * float(np.sum(A * A, dtype=np.float64)) if weight else 0.0
