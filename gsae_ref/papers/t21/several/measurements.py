"""R10 and R11 measured: runs of the network on all samples of a population."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from .... import groups, ops
from ....claims.finding import at_least, at_most, measurement
from ..threshold.formulas import mean_drift
from . import families, formulas, formulas_basin, formulas_linear
from .instance import Moved, Population

if TYPE_CHECKING:
    from ....arrays import Array, BoolArray
    from ....claims.finding import Finding

NORMS = np.array([4.0, 5.0])


def _supports(n_groups: int, n_active: int) -> BoolArray:
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
    numbers: dict[str, float] = {}
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
        numbers |= {f"{name}_from": sine, f"{name}_predicted": float(bound)}
        numbers[f"{name}_measured"] = float(measured)
    return at_most("largest sine over its bound", max(ratios), 1.0, **numbers)


@measurement
def basin_batches(rng: np.random.Generator, quick: bool) -> Finding:
    """R11 on fresh samples: errors of the gradient, and sines of a run, over their bounds."""
    A_star: Array = np.eye(12)
    s = formulas.setting(groups.blocks(A_star, 1), 2, NORMS)
    batch = formulas.Batch(100_000_000, 6, 0.05)
    supports = _supports(12, 2)
    table = np.repeat(NORMS[:, None], 12, axis=1)
    pattern = families.common_codes(supports, 1, 2)
    codes = pattern.codes(np.ones((12, 1, 1)), table)
    law = np.full(len(codes), 1 / len(codes)), supports, np.full(66, 1 / 66), table
    i = Population(_start(rng, A_star, 1, 0.02), A_star, codes, *law, 0.0, 2.0, 1 / s.kappa, 1)
    sizes = float(i.sines.max()), float(np.linalg.norm(i.sines))
    found = formulas_basin.iterate(s, 1.0, i.lam, *sizes, batch.n_steps, batch)
    ratios = [np.inf] if found.failure else []
    for bound in found.deltas[1 : batch.n_steps + 1]:
        counts = rng.multinomial(batch.n_samples, i.weights)
        drawn = replace(i, weights=counts / batch.n_samples)
        error = drawn.gradient(i.A) - i.gradient(i.A)
        sizes = float(i.sines.max()), float(np.linalg.norm(i.sines))
        allowed = formulas.batch_error(s, i.lam, *sizes, batch) * s.kappa
        ratios.append(np.linalg.norm(error, axis=0).max() / allowed)
        i = replace(i, A=drawn.after)
        ratios.append(i.sines.max() / bound)
    numbers = {"predicted": float(found.deltas[-1]), "measured": float(i.sines.max())}
    return at_most("largest error or sine over its bound", float(max(ratios)), 1.0, **numbers)


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
    missing = -float(outside.margin) if outside.failure else -np.inf
    return at_least(
        "what the support condition misses from .2, along the run",
        missing,
        0.27,
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
        "distance of the basin from .1528, inf if n = 950 has one",
        abs(joint - 0.1528) if void else np.inf,
        2e-4,
        basin=joint,
        bound_after_a_step_from_the_truth=float(found.deltas[-1]),
        allowed_there=(lam - low) / (s.b_max * np.sqrt(3 * s.R)),
        expected_to_first_order=_first_order_turn(star, s, lam),
        share_of_the_growth_allowed=_share_allowed(s, lam, _first_order_turn(star, s, lam)),
    )


def _share_allowed(s: formulas.Setting, lam: float, turn: float) -> float:
    """Largest multiple of 1/20 of R11's growth of interference that a run from A* would survive.

    As if w, w_all and w_par at A* were ``turn``, Gamma^(1/2) ``turn`` and 0, and their growth from
    there a share of what R11 bounds it by: the largest share at which the supports stay.
    """
    a = s.largest_a
    b = a / (1 - a * s.pi * (s.R - 1))
    start = formulas.interference(s, lam, s.support_ends(0.0)[1], 0.0, 0.0)
    for share in np.arange(20, 0, -1) / 20:
        delta = 0.0
        D = 0.0
        for _ in range(500):
            r_lo = s.support_ends(delta)[1]
            if not s.support_margin(lam, delta) > 0:
                break
            ends = zip(formulas.interference(s, lam, r_lo, delta, D), start, strict=True)
            w, w_all, w_par = (share * (now - before) for now, before in ends)
            c = np.sqrt(1 - delta**2)
            below = c - b * w_par
            rho = formulas.contraction(a, ((1 - lam / r_lo) * c) ** 2)
            delta = (rho * delta + b * (w + turn)) / below
            D = (rho * D + b * (w_all + np.sqrt(s.n_groups) * turn)) / below
        else:
            return float(share)
    return 0.0


def _first_order_turn(star: Array, s: formulas.Setting, lam: float) -> float:
    """R12 (a): max_g of the part of -grad at A* outside the group over kappa, to first order."""
    A = groups.unblock(star)
    pull = A @ (A.T @ star)
    outside = pull - star @ (np.swapaxes(star, 1, 2) @ pull)
    drift = mean_drift(NORMS, s.group_size, lam) / s.second_moment
    return float(s.pi * abs(drift) * np.linalg.norm(outside, axis=(1, 2)).max())


def _independent(A_star: Array, supports: BoolArray, d: int, norms: Array) -> Array:
    """All samples of independent codes +-r e_i, equally likely given the support."""
    n_groups = A_star.shape[1] // d
    bases = np.repeat(np.eye(d)[None], n_groups, axis=0)
    table = np.repeat(norms[:, None], n_groups, axis=1)
    pattern = families.independent_codes(supports, d, len(norms))
    return pattern.codes(bases, table) @ A_star.T


def _distance(A: Array, A_star: Array, d: int) -> float:
    return float(np.linalg.norm(formulas_basin.start_sines(A, A_star, d)))


@measurement
def linear_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """R10: late rate and floor of runs, 4 groups, two active, d = 2, against the prediction."""
    d = 2
    norms = np.array([1.0, 1.2])
    lam = 0.4
    step_size = 1.5
    errors = []
    numbers: dict[str, float] = {}
    for name, overlap in (("rate", 0.0), ("floor", 0.003)):
        moved = np.eye(9)[:, :8] + overlap * rng.normal(size=(9, 8))
        A_star = groups.polar(moved, d)
        Y = _independent(A_star, _supports(4, 2), d, norms)
        found = formulas_linear.predict_run(A_star, lam, d, 2, norms, step_size)
        A = groups.polar(A_star + 1e-3 * rng.normal(size=A_star.shape), d)
        distances = []
        for _ in range(120):
            A = _step(A, Y, lam, d, step_size)
            distances.append(_distance(A, A_star, d))
        measured = distances[40] / distances[39] if name == "rate" else distances[-1]
        predicted = getattr(found, name)
        errors.append(abs(measured / predicted - 1))
        numbers |= {f"{name}_predicted": predicted, f"{name}_measured": float(measured)}
    return at_most("relative error of rate and floor", max(errors), 0.002, **numbers)


@measurement
def linear_step_limit(rng: np.random.Generator, quick: bool) -> Finding:
    """R10: a step that the symmetric mode allows and the normal mode does not."""
    d = 4
    n_groups = 3
    table = np.repeat(np.array([[1.01], [10.0]]), n_groups, axis=1)
    supports = _supports(n_groups, 2)
    pattern = families.independent_codes(supports, d, 2)
    codes = pattern.codes(np.repeat(np.eye(d)[None], n_groups, axis=0), table)
    chances = np.where(pattern.norms == 1, 0.04, 0.96) ** (pattern.signs != 0)
    weights = chances.prod(axis=1)
    law = weights / weights.sum(), supports, np.full(3, 1 / 3), table, 0.0
    truth = np.eye(13)[:, :12]
    at = Population(truth, truth, codes, *law, 1.0, 9.64, d)
    outward = np.zeros_like(truth)
    outward[12] = rng.normal(size=12)
    before, after = Moved(at, np.zeros_like(truth), outward).normal
    measured = float(np.sum(after * before) / np.sum(before**2))
    moments = formulas_linear.norm_law(np.repeat([1.01, 10.0], [24, 1]), d, 1.0)
    predicted = formulas_linear.mode_factors(moments, 2 / 3, 1 / 3, 9.64)[0]
    return at_most(
        "error of the factor of the normal mode",
        abs(measured - predicted),
        1e-4,
        predicted=predicted,
        measured=measured,
        step_limit=formulas_linear.stable_below(moments, 2 / 3, 1 / 3, True),
    )


@measurement
def linear_twins(rng: np.random.Generator, quick: bool) -> Finding:
    """R10: groups that occur together only stay turned; if one occurs alone too, both are found."""
    d = 2
    A_star = np.eye(4)
    norms = np.array([1.0])
    both = _independent(A_star, np.array([[True, True]]), d, norms)
    alone = _independent(A_star, np.array([[False, True]]), d, norms)
    nested = np.concatenate([both, np.repeat(alone, 6, axis=0)])
    ends = []
    turn = np.array([[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]])
    for Y in (both, nested):
        A = np.kron(turn, np.eye(d))
        start = _distance(A, A_star, d)
        for _ in range(200):
            A = _step(A, Y, 0.3, d, 1.0)
        ends.append(_distance(A, A_star, d) / start)
    return at_most(
        "distance of nested groups at the end, change of that of twins",
        max(ends[1], abs(ends[0] - 1)),
        1e-6,
        of_twins=ends[0],
    )


@measurement
def linear_unequal_norms(rng: np.random.Generator, quick: bool) -> Finding:
    """R10: planes of norms 1, 3, 3, two active, lam = .9: A* repels, at the predicted rate."""
    d = 2
    table = np.array([[1.0, 3.0, 3.0]])
    supports = _supports(3, 2)
    pattern = families.independent_codes(supports, d, 1)
    A_star = np.eye(6)
    Y = pattern.codes(np.repeat(np.eye(d)[None], 3, axis=0), table) @ A_star.T
    p = np.where(np.eye(3) > 0, 2 / 3, 1 / 3)
    laws = [formulas_linear.norm_law(r, d, 0.9) for r in table.T]
    predicted = formulas_linear.spectral_radius(p, laws, 0.3)
    A = groups.polar(A_star + 1e-5 * rng.normal(size=A_star.shape), d)
    distances = []
    for _ in range(160):
        A = _step(A, Y, 0.9, d, 0.3)
        distances.append(_distance(A, A_star, d))
    measured = distances[-1] / distances[-2]
    return at_most(
        "error of the factor by which the distance grows, inf if it falls",
        abs(measured - predicted) if measured > 1 else np.inf,
        1e-3,
        predicted=predicted,
        measured=float(measured),
    )


@measurement
def linear_angle_rises(rng: np.random.Generator, quick: bool) -> Finding:
    """R10: Gamma = 10, gamma = 6, d = 1: the largest angle rises in a step, D falls."""
    n = 10
    size = 1e-3
    A = np.eye(n)
    A[0, 1:] = size  # every other atom leans towards the first, which is right
    A = A / np.linalg.norm(A, axis=0)
    Y = _independent(np.eye(n), _supports(n, 6), 1, np.array([1.0]))
    after = _step(A, Y, 0.3, 1, 1.4)
    before_all = _distance(A, np.eye(n), 1)
    after_all = _distance(after, np.eye(n), 1)
    largest = formulas_basin.start_sines(after, np.eye(n), 1).max()
    law = formulas_linear.norm_law(np.ones(1), 1, 0.3)
    p1, p2 = formulas_linear.inclusion(6, n)
    weight = 1 + 1.4 * p1 * (law.s2 - law.q)
    predicted = 2 * 1.4 * p2 * law.t * law.j * 3 * size / weight
    return at_most(
        "relative error of the angle that rises, inf if it does not or D does not fall",
        abs(largest / predicted - 1) if largest > size and after_all < before_all else np.inf,
        0.01,
        largest=float(largest / size),
        D=after_all / before_all,
    )


@measurement
def sampling_floor(rng: np.random.Generator, quick: bool) -> Finding:
    """R13 (d): N times the mean of D_N^2 over runs, three lines, two active, as predicted."""
    n_groups = 3
    N = 4000
    lam = 0.6
    norms = np.array([1.0, 1.4])
    predicted = formulas_linear.sampling_spread(norms, 1, lam, 2, n_groups)
    runs = 40 if quick else 150
    A_star: Array = np.eye(n_groups)
    every = _independent(A_star, _supports(n_groups, 2), 1, norms)
    squares = []
    for _ in range(runs):
        Y = every[rng.integers(len(every), size=N)]
        A = A_star
        for _ in range(12):
            A = _step(A, Y, lam, 1, 1.5)
        squares.append(N * _distance(A, A_star, 1) ** 2)
    measured = float(np.mean(squares))
    error = float(np.std(squares) / np.sqrt(runs))
    return at_most(
        "distance of the mean from its prediction, in standard errors",
        abs(measured - predicted) / error,
        4.0,
        predicted=predicted,
        measured=measured,
    )
