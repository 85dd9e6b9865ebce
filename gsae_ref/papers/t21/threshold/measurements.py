"""Measurements for the choice of lam: R17 attained and its limits; R12 by runs of the network."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from .... import groups, ops, sampling
from ....claims.finding import at_least, at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....arrays import Array
    from ....claims.finding import Finding


def _fails(A: Array, Y: Array, last: Array, n_active: int, d: int) -> bool | None:
    """Whether another number of groups than n_active is active at ``last``; None without lam."""
    lam = formulas.data_threshold(A, Y, n_active, d).lam
    if lam is None:
        return None
    code = ops.encode(A, last, lam, d).reshape(-1, d)
    return int((code != 0).any(axis=1).sum()) != n_active


@measurement
def data_threshold_attained(rng: np.random.Generator, quick: bool) -> Finding:
    """Where R17's bound is attained, N = 1, ..., 20: distance of the failure from 2 / (N + 1)."""
    error = 0.0
    for N in range(1, 21):
        Y = np.array([[1.0, 0.6], [0.55, 0.0]] + [[1.0, 0.0]] * (N - 1))
        failed = [_fails(np.eye(2), np.delete(Y, j, axis=0), Y[j], 1, 1) for j in range(N + 1)]
        error = max(error, abs(failed.count(True) / (N + 1) - 2 / (N + 1)))
        assert failed.count(False) == 0  # given lo < hi, failure is certain
    return at_most("distance from 2 / (N + 1)", error, 0.0)


@measurement
def data_threshold_conditional(rng: np.random.Generator, quick: bool) -> Finding:
    """Independent samples from 4 levels, N = 5, all 4^6 draws: failure given lo < hi."""
    levels = [np.array([2.0 * j + 1, 2.0 * j]) for j in range(1, 5)]
    failed = []
    for *first, last in product(levels, repeat=6):
        failed.append(_fails(np.eye(2), np.stack(first), last, 1, 1))
    windows = len(failed) - failed.count(None)
    return at_least(
        "failure given lo < hi, over 2 / (N + 1)",
        failed.count(True) / windows / (2 / 6),
        2.2,
        conditional=failed.count(True) / windows,
        joint=failed.count(True) / len(failed),
        bound=2 / 6,
    )


@measurement
def data_threshold_failures(rng: np.random.Generator, quick: bool) -> Finding:
    """As much noise as signal, A not A*, N = 3: joint failures against a binomial quantile."""
    from scipy.stats import binom

    trials = 300 if quick else 3000
    d = 4
    A_star = sampling.make_dictionary(16, 4, d, kind="orthonormal", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.1, group_size=d, direction="tangent", rng=rng)
    Y = sampling.sample(A_star, 4 * trials, 1, d, norm_range=(1, 3), snr_db=0, rng=rng).Y
    failed = [_fails(A, y[:3], y[3], 1, d) for y in Y.reshape(trials, 4, 16)]
    return at_most(
        "joint failures against a binomial quantile at 2 / (N + 1)",
        failed.count(True),
        binom.ppf(0.999, trials, 2 / 4),
        trials=trials,
        windows=trials - failed.count(None),
    )


def _population(A_star: Array, d: int, n_active: int, norms: Array) -> Array:
    """All samples, equally likely: x_g = +-r e_i, independent, supports of n_active groups."""
    signed = np.concatenate([np.eye(d), -np.eye(d)])
    one = (np.asarray(norms)[:, None, None] * signed).reshape(-1, d)
    blocks = groups.blocks(A_star, d)
    rows = []
    for support in combinations(range(len(blocks)), n_active):
        for choice in product(range(len(one)), repeat=n_active):
            parts = (blocks[g] @ one[k] for g, k in zip(support, choice, strict=True))
            rows.append(sum(parts))
    return np.array(rows)


def _nearly_orthonormal(rng: np.random.Generator, n_groups: int, d: int) -> tuple[Array, Array]:
    """Orthonormal groups, and directions in which to move them."""
    n = n_groups * d + 1
    return np.eye(n)[:, :-1], rng.normal(size=(n, n - 1)) / np.sqrt(n)


def _interference(A_star: Array, d: int) -> tuple[Array, float]:
    """sum_h A*_h A*_h^T A*_g over h != g, modulo A*_g, for all g; and ||N||_F."""
    blocks = groups.blocks(A_star, d)
    crossing = A_star @ (A_star.T @ A_star) - A_star
    N = A_star.T @ A_star - np.eye(A_star.shape[1])
    return groups.unblock(_outside(groups.blocks(crossing, d), blocks)), float(np.linalg.norm(N))


def _outside(moves: Array, blocks: Array) -> Array:
    """Part of every group's move that is orthogonal to the group."""
    return moves - blocks @ (blocks.transpose(0, 2, 1) @ moves)


def _drift(A: Array, Y: Array, lam: float, d: int) -> Array:
    """-grad L, orthogonal to every group of A."""
    moves = groups.blocks(-ops.loss_and_grad(A, Y, lam, d)[1], d)
    return groups.unblock(_outside(moves, groups.blocks(A, d)))


def _run(A: Array, Y: Array, lam: float, d: int, step_size: float, n_steps: int) -> Array:
    """Gradient descent with retraction."""
    for _ in range(n_steps):
        A = groups.polar(A - step_size * ops.loss_and_grad(A, Y, lam, d)[1], d)
    return A


def _distance(A: Array, A_star: Array, d: int) -> float:
    """Frobenius norm of the sines of all principal angles."""
    blocks = groups.blocks(A_star, d)
    return float(np.linalg.norm(_outside(groups.blocks(A, d), blocks)))


@measurement
def debiasing_sign_change(rng: np.random.Generator, quick: bool) -> Finding:
    """s2 - 3 t j of random laws: below 0 up to lam* (or B_min without lam*), above 0 beyond."""
    wrong = 0
    absent = 0
    for _ in range(200 if quick else 2000):
        d = int(rng.integers(1, 7))
        norms = np.exp(rng.uniform(0, 1.5) * rng.uniform(-1, 1, rng.integers(1, 6)))
        lam = formulas.debiasing_threshold(norms, d)
        smallest = norms.min()
        grid = smallest * np.linspace(0, 1, 41)
        signs = np.array([formulas.mean_drift(norms, d, each) > 0 for each in grid])
        absent += lam is None
        change = smallest if lam is None else lam
        apart = np.abs(grid - change) > 1e-9
        wrong += int((signs != (grid > change))[apart].sum())
    return at_most("points with the wrong sign", wrong, 0, laws_without=absent)


@measurement
def debiasing_first_order(rng: np.random.Generator, quick: bool) -> Finding:
    """Order in ||N|| of the drift at A* and lam*, d = 2, 3 of 4 groups active; elsewhere 1."""
    d = 2
    norms = np.array([1.0, 1.1])
    frame, moves = _nearly_orthonormal(rng, 4, d)
    lam = formulas.debiasing_threshold(norms, d) or 0.0
    sizes = []
    error = 0.0
    for scale in (2e-3, 1e-3):
        A_star = groups.polar(frame + scale * moves, d)
        Y = _population(A_star, d, 3, norms)
        sizes.append(np.linalg.norm(_drift(A_star, Y, lam, d)))
        interference, N = _interference(A_star, d)
        predicted = formulas.mean_drift(norms, d, 0.7 * lam) / 2 * interference
        error = float(np.linalg.norm(_drift(A_star, Y, 0.7 * lam, d) - predicted)) / N
    return at_least(
        "order of the drift at lam*",
        np.log2(sizes[0] / sizes[1]),
        1.9,
        error_at_another_threshold=error,
    )


@measurement
def debiasing_floor(rng: np.random.Generator, quick: bool) -> Finding:
    """Where runs from A* end, over ||N||_F, d = 2, against |c| of R12, lam/lam* = 1/2, 1, 5/4."""
    d = 2
    norms = np.array([1.0, 1.1])
    frame, moves = _nearly_orthonormal(rng, 4, d)
    A_star = groups.polar(frame + 0.01 * moves, d)
    Y = _population(A_star, d, 2, norms)
    best = formulas.debiasing_threshold(norms, d) or 0.0
    N = _interference(A_star, d)[1]
    errors = []
    ends = []
    for share in (0.5, 1.0, 1.25):
        end = _run(A_star, Y, share * best, d, 1.0, 150)
        ends.append(_distance(end, A_star, d) / N)
        predicted = abs(formulas.floor_coefficient(norms, d, share * best, 1 / 2, 1 / 6))
        errors.append(abs(ends[-1] - predicted))
    return at_most(
        "largest distance of floor / ||N|| from |c|",
        max(errors),
        0.001,
        below=ends[0],
        at_lam_star=ends[1],
        above=ends[2],
    )


@measurement
def debiasing_run(rng: np.random.Generator, quick: bool) -> Finding:
    """6 lines in R^5, two active: where normalised gradient descent ends, at lam* and 0.7 lam*."""
    corners = np.linalg.svd(np.eye(6) - 1 / 6)[0][:, :5].T
    A_star = groups.polar(corners + 0.01 * rng.normal(size=corners.shape), 1)
    norms = np.array([1.0, 1.1])
    Y = _population(A_star, 1, 2, norms)
    start = groups.polar(A_star + 0.04 * rng.normal(size=A_star.shape), 1)
    lam = formulas.debiasing_threshold(norms, 1) or 0.0
    n_steps = 800
    return at_most(
        "distance from A* at the end",
        _distance(_run(start, Y, lam, 1, 3.0, n_steps), A_star, 1),
        1e-9,
        at_the_start=_distance(start, A_star, 1),
        at_another_threshold=_distance(_run(start, Y, 0.7 * lam, 1, 3.0, n_steps), A_star, 1),
    )


@measurement
def debiasing_twins(rng: np.random.Generator, quick: bool) -> Finding:
    """Two orthogonal atoms that occur together only, turned by 0.1: gradient orthogonal to them."""
    lam = formulas.debiasing_threshold([1.0], 1) or 0.0
    c = np.cos(0.1)
    s = np.sin(0.1)
    turned = np.array([[c, -s], [s, c]])
    together = _population(np.eye(2), 1, 2, np.ones(1))
    alone = np.concatenate([together, np.eye(2), -np.eye(2)])
    return at_most(
        "drift of the twins",
        np.linalg.norm(_drift(turned, together, lam, 1)),
        1e-12,
        if_they_occur_alone=float(np.linalg.norm(_drift(turned, alone, lam, 1))),
    )
