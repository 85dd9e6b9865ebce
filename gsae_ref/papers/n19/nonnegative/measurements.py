"""Measurements for Theorem 4 (iii): the common direction of all columns."""

from __future__ import annotations

from itertools import combinations
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
    """Growth of the error of a common shift of all columns in one step; gap to the closed form.

    A = I, codes 1_S, uniform supports: ||W^+ - A||/||W - A||.
    """
    supports = np.array([np.isin(np.arange(m), S) for S in combinations(range(m), k)])
    W = unit(np.eye(m) + length / m)
    G, _ = ops.sparse_expected_gradient(W, np.eye(m), supports, None, 0.0, (1.0, 1.0))
    M = W - rate * m / k * G
    own, other = common_mode_step(m, k, W[0, 0] - W[1, 0], W[1, 0], 0.0, rate * m / k)
    gap = max(abs(M[0, 0] - own), abs(M[1, 0] - other))
    return np.linalg.norm(unit(M) - np.eye(m)) / np.linalg.norm(W - np.eye(m)), gap


@measurement
def common_shift_grows(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 (iii.1): a step of size m/k multiplies a common shift by about k - 1.

    m = 12; the smallest growth over k = 4, 5, 6.
    """
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


def fixed_bias_shift(k: int, bias: float) -> float:
    """||W - A||_F of the limit of ReLU with a fixed bias, A = I, codes 1_S, m large.

    G parallel to W, of the columns (1, shift, ..., shift) normalised: |b|(2+b)(k-1) over
    (1+b)^2 k + |b|(2+b).

    >>> fixed_bias_shift(5, -0.5)  # 3/4 * 4 over 5/4 + 3/4
    1.5
    """
    push = -bias * (2 + bias)
    return push * (k - 1) / ((1 + bias) ** 2 * k + push)


@measurement
def fixed_bias_leaves_a_shift(rng: np.random.Generator, quick: bool) -> Finding:
    """ReLU, fixed b, zeta = m/(4 k^2), A = I, m = 10^8: the limit's error against its formula.

    Codes 1_S, k = 5 and 16, b = -.5, -.2, -.05: a common shift of order |b| remains.
    """
    m = 10**8
    gap = 0.0
    for k, b in ((5, -0.5), (5, -0.2), (5, -0.05), (16, -0.5)):
        diagonal = 1.0
        shift = 0.0
        for _ in range(20 * k * k):
            own, other = common_mode_step(m, k, diagonal, shift, b, m / (4 * k**2))
            norm = np.sqrt(own**2 + (m - 1) * other**2)
            shift = float(other / norm)
            diagonal = float((own - other) / norm)
        error = np.sqrt(m * (m - 1.0)) * shift
        gap = max(gap, abs(float(error) / fixed_bias_shift(k, b) - 1))
    return at_most("relative distance", gap, 1e-4)


@measurement
def common_shift_small_step(rng: np.random.Generator, quick: bool) -> Finding:
    """With a step of size m/(2 k^2) the same error shrinks. Largest over k = 4, 5, 6."""
    return at_most(
        "||W^+ - A||/||W - A||", max(_common_shift(12, k, 0.5 / k)[0] for k in (4, 5, 6)), 0.9
    )
