"""Measurements for Theorem 4 (iii): the common direction of all columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import ops
from ....arrays import Real
from ....claims.finding import at_least, at_most, measurement
from ..fixed_bias.measurements import unit
from .counterexamples import common_mode_step

if TYPE_CHECKING:
    from ....claims.finding import Finding


def _common_shift(m: int, k: int, rate: float, length: float = 1e-3) -> tuple[Real, Real]:
    """Error growth ||W^+ - A||/||W - A|| for A = I, W a common shift of all columns, codes 1_S; and the gap to the closed form."""
    from itertools import combinations

    supports = np.array([[j in S for j in range(m)] for S in combinations(range(m), k)])
    W = unit(np.eye(m) + length / m)
    G, _ = ops.sparse_expected_gradient(W, np.eye(m), supports, None, 0.0, (1.0, 1.0))
    M = W - rate * m / k * G
    own, other = common_mode_step(m, k, W[0, 0] - W[1, 0], W[1, 0], 0.0, rate * m / k)
    gap = max(abs(M[0, 0] - own), abs(M[1, 0] - other))
    return np.linalg.norm(unit(M) - np.eye(m)) / np.linalg.norm(W - np.eye(m)), gap


@measurement
def common_shift_grows(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 (iii.1): growth of the error of a common shift in one step of size m/k, m = 12; it is near k - 1. Smallest over k = 4, 5, 6."""
    growth = {k: _common_shift(12, k, 1.0) for k in (4, 5, 6)}
    numbers = {f"k_{k}": float(g) for k, (g, _) in growth.items()}
    gap = max(gap for _, gap in growth.values())
    return at_least(
        "||W^+ - A||/||W - A||",
        min(numbers.values()) if gap < 1e-12 else 0.0,
        2.0,
        gap_to_the_closed_form=float(gap),
        **numbers,
    )


@measurement
def common_shift_small_step(rng: np.random.Generator, quick: bool) -> Finding:
    """With a step of size m/(2 k^2) the same error shrinks. Largest over k = 4, 5, 6."""
    return at_most(
        "||W^+ - A||/||W - A||", max(_common_shift(12, k, 0.5 / k)[0] for k in (4, 5, 6)), 0.9
    )
