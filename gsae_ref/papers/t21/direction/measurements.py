"""Measurements for the direction of the gradient: the range of (69), the first cross-term (72)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from .... import groups, sampling
from ....arrays import Array
from ....claims.finding import at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


def _range_of_69(n: int, d: int) -> tuple[float, float]:
    """The tau below which (69) cannot be met, and the one above which every A meets it."""
    from scipy.optimize import brentq

    impossible = brentq(lambda tau: formulas.overlap_condition(tau, n, 0.0), 0.5, 0.9)
    met = brentq(lambda tau: formulas.overlap_condition(tau, n, 0.0) - d, 0.5, 0.9)
    return impossible, met


@measurement
def overlap_condition_range(rng: np.random.Generator, quick: bool) -> Finding:
    """Length of the range of tau in which (69) as printed distinguishes, at n = 950, d = 2."""
    impossible, met = _range_of_69(950, 2)
    small = _range_of_69(4, 2)
    numbers = {
        f"smallest_tau_d2_delta_{delta}": formulas.smallest_feasible_tau(2, delta)
        for delta in (0.1, 0.5, 1.0)
    }
    return at_most(
        "length of the range at n = 950, d = 2",
        met - impossible,
        2.35e-4,
        unsatisfiable_below=impossible,
        met_by_all_above=met,
        met_by_all_above_at_n_4=small[1],
        **numbers,
    )


@measurement
def first_cross_term(rng: np.random.Generator, quick: bool) -> Finding:
    """E[P_1] over the supports against the two terms of (72), stars in order."""
    d = 2
    n_active = 3
    A_star = sampling.make_dictionary(6, 4, d, kind="orthonormal_groups", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.4, group_size=d, direction="tangent", rng=rng)
    tau = rng.uniform(0.2, 1, 4)
    enumerated = _enumerated(A, A_star, tau, n_active, d)
    error = np.linalg.norm(enumerated - _two_terms(A, A_star, tau, n_active, d))
    return at_most("relative difference", error / np.linalg.norm(enumerated), 1e-12)


def _projections(A: Array, d: int) -> Array:
    B = groups.blocks(A, d)
    return B @ np.swapaxes(B, 1, 2)


def _enumerated(A: Array, A_star: Array, tau: Array, n_active: int, d: int) -> Array:
    """E[P_1] of group 0, (30) averaged over all supports."""
    P = _projections(A, d)
    truths = _projections(A_star, d)
    supports = list(combinations(range(len(P)), n_active))
    total = np.zeros((len(A), d))
    for S in supports:
        if 0 in S:
            rest = np.eye(len(A)) - sum(tau[v] * P[v] for v in S)
            total -= tau[0] * rest @ sum(truths[h] for h in S if h != 0) @ A[:, :d]
    return total / len(supports)


def _two_terms(A: Array, A_star: Array, tau: Array, n_active: int, d: int) -> Array:
    """-tau p_gh sum_h P*_h A_g + tau sum_{h, v} tau_v p_ghv P_v P*_h A_g, g = 0."""
    P = _projections(A, d)
    truths = _projections(A_star, d)
    supports = list(combinations(range(len(P)), n_active))

    def together(*named: int) -> float:
        return sum(set(named) <= set(S) for S in supports) / len(supports)

    total = np.zeros((len(A), len(A)))
    for h in range(1, len(P)):
        total -= tau[0] * together(0, h) * truths[h]
        for v in range(len(P)):
            total += tau[0] * tau[v] * together(0, v, h) * P[v] @ truths[h]
    return total @ A[:, :d]
