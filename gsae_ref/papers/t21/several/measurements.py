"""R10 and R11 measured: runs of the network on all samples of a population."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from .... import groups, ops
from ....claims.finding import at_most, measurement
from . import families, formulas, formulas_basin

if TYPE_CHECKING:
    from ....arrays import Array
    from ....claims.finding import Finding

NORMS = np.array([4.0, 5.0])


def _supports(n_groups: int, n_active: int) -> Array:
    found = list(combinations(range(n_groups), n_active))
    mask = np.zeros((len(found), n_groups), dtype=bool)
    mask[np.repeat(np.arange(len(found)), n_active), np.ravel(found)] = True
    return mask


def _samples(A_star: Array, d: int, n_active: int, norms: Array) -> Array:
    """All samples of the law with a common direction and norm, equally likely."""
    n_groups = A_star.shape[1] // d
    bases = np.repeat(np.eye(d)[None], n_groups, axis=0)
    pattern = families.common_codes(_supports(n_groups, n_active), d, len(norms))
    table = np.repeat(norms[:, None], n_groups, axis=1)
    return pattern.codes(bases, table) @ A_star.T


def _step(A: Array, Y: Array, lam: float, d: int, step_size: float) -> Array:
    """A step of gradient descent with polar retraction."""
    return groups.polar(A - step_size * ops.loss_and_grad(A, Y, lam, d)[1], d)


def _start(rng: np.random.Generator, A_star: Array, d: int, sine: float) -> Array:
    """Every group turned into the others' and the outer space, ||sin Theta_g||_F = sine."""
    star = groups.blocks(A_star, d)
    V = rng.normal(size=star.shape)
    V = V - star @ (np.swapaxes(star, 1, 2) @ V)
    V = np.linalg.qr(V)[0]
    s = sine / np.sqrt(d)
    return groups.unblock(np.sqrt(1 - s**2) * star + s * V)


@measurement
def basin_run(rng: np.random.Generator, quick: bool) -> Finding:
    """R11: runs from the edge of the basin: largest sine of a group over its bound, 12 steps."""
    d = 2
    lam = 2.0
    ratios = []
    numbers = {}
    for n_groups, overlap in ((14, 0.0), (24, 0.0), (24, 0.002)):
        n = n_groups * d
        A_star = groups.polar(np.eye(n) + overlap * rng.normal(size=(n, n)), d)
        s = formulas.setting(groups.blocks(A_star, d), 2, NORMS)
        a = s.largest_a
        sine = formulas_basin.basin(s, a, lam)
        A = _start(rng, A_star, d, sine)
        Y = _samples(A_star, d, 2, NORMS)
        found = formulas_basin.iterate(s, a, lam, sine, np.sqrt(n_groups) * sine, 12)
        for bound in found.deltas[1:13]:
            A = _step(A, Y, lam, d, a / s.kappa)
            measured = formulas_basin.start_sines(A, A_star, d).max()
            ratios.append(measured / bound if not found.failure else np.inf)
        name = f"groups_{n_groups}" + "_overlapping" * (overlap > 0)
        numbers |= {f"{name}_from": sine, f"{name}_predicted": bound, f"{name}_measured": measured}
    return at_most("largest sine over its bound", max(ratios), 1.0, **numbers)


def _orthonormal(n_groups: int, n_active: int, d: int = 2) -> formulas.Setting:
    """Constants of a jointly orthonormal A*, norms {4, 5}: no matrix of that size is made."""
    second = float(np.mean(NORMS**2)) / d
    sizes = n_groups, d, n_active
    return formulas.Setting(*sizes, 4.0, 5.0, second, 1.0, 0.0, 0.0, (0.0, 0.0))


@measurement
def basin_rises(rng: np.random.Generator, quick: bool) -> Finding:
    """R11, gamma = 2, Gamma = 25: from .2 the condition holds at the start, and fails later."""
    s = _orthonormal(25, 2)
    inside = formulas_basin.iterate(s, 1.0, 2.0, 0.152, 5 * 0.152, 0)
    outside = formulas_basin.iterate(s, 1.0, 2.0, 0.2, 5 * 0.2, 0)
    later = np.inf if not outside.failure else float(outside.margin)
    return at_most(
        "margin of the support condition from .2, along the run",
        later,
        0.0,
        at_the_start=s.support_margin(2.0, 0.2),
        highest_bound_from_152=float(inside.deltas.max()),
        end_from_152=inside.floor,
    )


@measurement
def basin_sizes(rng: np.random.Generator, quick: bool) -> Finding:
    """R11 at T21's sizes: basin for jointly orthonormal A* (n >= 1000), none for n = 950."""
    joint = formulas_basin.basin(_orthonormal(500, 3), 1.0, 1.8)
    n_groups = 100 if quick else 500
    n = 950 * n_groups // 500
    star = np.linalg.qr(rng.normal(size=(n_groups, n, 2)))[0]
    s = formulas.setting(star, 3, NORMS)
    low, high = s.support_ends(0.0)
    lam = (low + high) / 2
    found = formulas_basin.iterate(s, s.largest_a, lam, 0.0, 0.0, 0)
    void = 1.0 if found.failure else 0.0
    return at_most(
        "distance of the basin from .15, inf if n = 950 has one",
        abs(joint - 0.15) if void else np.inf,
        0.01,
        basin=joint,
        bound_after_a_step_from_the_truth=float(found.deltas[-1]),
    )
