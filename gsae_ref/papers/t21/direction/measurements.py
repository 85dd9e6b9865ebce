"""Measurements for the direction of the gradient: the norm condition (69), the first cross-term (72)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from .... import groups, sampling
from ....claims.finding import at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


@measurement
def overlap_condition_range(rng: np.random.Generator, quick: bool) -> Finding:
    """Where (69) as printed bites at n = 950, d = 2: below one tau it cannot be met, above another it says nothing (0 <= ||X||^2 <= d)."""
    from scipy.optimize import brentq

    impossible = brentq(lambda tau: formulas.overlap_condition(tau, 950, 0.0), 0.5, 0.9)
    empty = brentq(lambda tau: formulas.overlap_condition(tau, 950, 0.0) - 2, 0.5, 0.9)
    with_d = {
        f"smallest_tau_d2_delta_{delta}": formulas.smallest_feasible_tau(2, delta)
        for delta in (0.1, 0.5, 1.0)
    }
    return at_most(
        "length of the range of tau where (69) as printed says anything",
        empty - impossible,
        1e-3,
        unsatisfiable_below=impossible,
        empty_above=empty,
        **with_d,
    )


@measurement
def first_cross_term(rng: np.random.Generator, quick: bool) -> Finding:
    """E[P_1], enumerated over the supports, against its decomposition behind (72) with the stars in their places."""
    d = 2
    n_groups = 4
    n_active = 3
    A_star = sampling.make_dictionary(6, n_groups, d, kind="orthonormal_groups", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.4, group_size=d, direction="tangent", rng=rng)
    tau = rng.uniform(0.2, 1, n_groups)
    B = groups.blocks(A, d)
    star = groups.blocks(A_star, d)
    P = B @ np.swapaxes(B, 1, 2)
    P_star = star @ np.swapaxes(star, 1, 2)
    supports = [S for S in combinations(range(n_groups), n_active)]
    g = 0
    enumerated = sum(
        -tau[g]
        * (np.eye(6) - sum(tau[v] * P[v] for v in S))
        @ sum(P_star[h] for h in S if h != g)
        @ B[g]
        for S in supports
        if g in S
    ) / len(supports)

    def both(v: int, h: int) -> float:
        return sum({g, v, h} <= set(S) for S in supports) / len(supports)

    others = range(1, n_groups)
    p2 = sum({0, 1} <= set(S) for S in supports) / len(supports)
    decomposed = -tau[g] * p2 * sum(P_star[h] for h in others) @ B[g] + tau[g] * sum(
        tau[v] * both(v, h) * P[v] @ P_star[h] @ B[g] for v in range(n_groups) for h in others
    )
    return at_most(
        "relative difference",
        np.linalg.norm(enumerated - decomposed) / np.linalg.norm(enumerated),
        1e-12,
    )
