"""Measurements for L23, Section 4 and R8: Algorithms 1 and 2 inside all hypotheses of Theorems 3 and 4, over the seeds; Corollary 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import ops, sampling
from ....arrays import Array, BoolArray
from ....claims.finding import at_least, at_most, measurement
from ..model import formulas as model
from ..perturbations.measurements import exceeds
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding
    from ..gradient_flow.formulas import Window


def _design(
    rng: np.random.Generator, groups: tuple[int, ...], delta_in: float, delta_out: float
) -> Array:
    """X with n = p whose Gram matrix X^T X / n is I + E, the blocks of E having exactly the given norms."""
    p = sum(groups)
    ends = np.cumsum(groups)
    cuts = [slice(end - size, end) for end, size in zip(ends, groups, strict=True)]
    G = np.eye(p)
    for k, c in enumerate(cuts):
        inside = rng.standard_normal((c.stop - c.start,) * 2)
        G[c, c] += delta_in * (inside + inside.T) / np.linalg.norm(inside + inside.T, ord=2)
        for d in cuts[:k]:
            cross = rng.standard_normal((c.stop - c.start, d.stop - d.start))
            G[c, d] = delta_out * cross / np.linalg.norm(cross, ord=2)
            G[d, c] = G[c, d].T
    return np.sqrt(p) * np.linalg.cholesky(G).T


def _errors(
    path: Any, w_star: Array, groups: tuple[int, ...], on: BoolArray
) -> tuple[Array, Array]:
    """||w_l(t) - w*_l|| for every recorded t: the largest on S, and the largest off S."""
    gaps = np.stack(
        [
            np.linalg.norm(part, axis=1)
            for part in np.split(path.w - w_star, np.cumsum(groups)[:-1], axis=1)
        ],
        axis=1,
    )
    return gaps[:, on].max(axis=1), gaps[:, ~on].max(axis=1)


def _run(rng: np.random.Generator, quick: bool) -> tuple[Window, Array, Array, float, float]:
    """One design at the limits of Theorem 3, with noise; window, errors over time, zeta, alpha."""
    groups = (3, 2, 4, 3)
    norms = np.array([1.0, rng.uniform(1, 2), 0, 0]) * rng.uniform(0.5, 2)
    on = norms > 0
    M = norms.max()
    m = norms[on].min()
    delta = m / (120 * M) * 0.999
    X = _design(rng, groups, delta, delta / 2)
    n = len(X)
    w_star = np.concatenate(
        [
            r * x / np.linalg.norm(x)
            for r, x in zip(norms, (rng.standard_normal(s) for s in groups), strict=True)
        ]
    )
    xi = rng.standard_normal(n)
    noise = model.group_norms(X.T @ xi / n, groups).max()
    target = M / 80 * rng.uniform(0.1, 0.95)
    xi *= target / noise
    alpha = 0.9 * min(min(target**4, 1) / M**4, m / (80 * 4), target / 4)
    zeta = formulas.zeta(target, target)
    gamma = 1 / (20 * M)
    inside, outside = model.deltas(X.T @ X / n, groups)
    if not (inside <= m / (120 * M) and outside <= m / (240 * M) and zeta <= M):
        raise ArithmeticError(
            f"the design misses a hypothesis: delta_in = {inside}, delta_out = {outside}, zeta = {zeta}"
        )
    window = formulas.stopping_window(M, m, zeta, gamma, alpha)
    path = ops.dglnn_path(
        X,
        X @ w_star + xi,
        groups,
        n_epochs=math.floor(window.upper),
        alpha=alpha,
        gamma=gamma,
        v0="random",
        rng=rng,
    )
    return window, *_errors(path, w_star, groups, on), zeta, alpha


@measurement
def dglnn_window_runs(rng: np.random.Generator, quick: bool) -> Finding:
    """R8, deltas at 0.999 of their limits, random directions: error over 4.2 zeta on S, over alpha off S, at every t in the window."""
    worst_on = worst_off = needed = 0.0
    for _ in range(2 if quick else 8):
        window, on, off, zeta, alpha = _run(rng, quick)
        first = math.ceil(window.lower)
        worst_on, worst_off = (
            max(worst_on, on[first:].max() / zeta),
            max(worst_off, off.max() / alpha),
        )
        arrived = int(np.flatnonzero(on > 4.2 * zeta).max(initial=-1)) + 1
        settled = int(np.flatnonzero(on > 0.1 * zeta).max(initial=-1)) + 1
        needed = max(needed, float(max(arrived, settled) / window.lower))
    return at_most(
        "largest of error / (4.2 zeta) on S and error / alpha off S",
        max(worst_on / 4.2, worst_off),
        1.0,
        on_support_over_zeta=float(worst_on),
        off_support_over_alpha=float(worst_off),
        share_of_T_lb_to_a_tenth_of_zeta=float(needed),
    )


@measurement
def dglnn_growth_by_group_size(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 3's hypotheses, orthogonal design, noise 1/100 in every entry of a group off S: ||w_l(T_lb)||_inf / alpha by the size of that group."""
    gamma = 1 / 20
    alpha = 5e-9
    level = 1 / 100
    ratios = {}
    window = formulas.stopping_window(1.0, 1.0, 0.8, gamma, alpha)
    steps = math.ceil(window.lower)
    for size in (4, 64, 256) if quick else (4, 64, 256, 576):
        p = size + 1
        X = np.sqrt(p) * np.eye(p)
        target = np.concatenate([[1.0], np.full(size, level)])
        path = ops.dglnn_path(
            X, X @ target, [1, size], n_epochs=steps, alpha=alpha, gamma=gamma, record_every=10**6
        )
        ratios[f"p_l_{size}"] = float(np.abs(path.x[1:]).max() / alpha)
    return at_least(
        "||w_l||_inf / alpha at T_lb, p_l = 256", ratios["p_l_256"], 5.0, T_lb=steps, **ratios
    )


def _second_phase(rng: np.random.Generator, eta: float, epsilon: float = 0.01) -> tuple[Array, int]:
    """Theorem 4's hypotheses with u_max*^2 = u_min*^2 = 100, noise-free: the errors in the window over 4.2 zeta, Algorithm 2 with a step eta."""
    groups = (3, 3, 3, 3)
    M = 100.0
    gamma = 1 / 2000
    on = np.array([True, True, False, False])
    zeta = formulas.zeta(0.0, epsilon)
    limit = math.sqrt(zeta) / (120 * math.sqrt(M))  # sqrt(zeta) u_min*^2 / (120 u_max*^3)
    X = _design(rng, groups, 0.999 * limit, 0.999 * limit / 2)
    w_star = np.concatenate(
        [
            M * x / np.linalg.norm(x) if k < 2 else 0 * x
            for k, x in enumerate(rng.standard_normal((4, 3)))
        ]
    )
    alpha = 0.9 * epsilon**4 / M**4
    window = formulas.stopping_window(M, M, zeta, gamma, alpha)
    path = ops.dglnn_path(
        X,
        X @ w_star,
        groups,
        "algorithm_2",
        n_epochs=math.floor(window.upper),
        alpha=alpha,
        gamma=gamma,
        eta=eta,
        switch="growth",
        u_star=np.where(on, np.sqrt(M), 0.0),
    )
    errors = _errors(path, w_star, groups, on)[0][math.ceil(window.lower) :]
    return errors / (4.2 * zeta), path.switch_epoch


@measurement
def dglnn_large_eta(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 with eta = 4/(9 u_max*^2), u_max*^2 = 100, eps = 1/100: the largest error in the window over 4.2 zeta."""
    shares, switched = _second_phase(rng, 4 / 900)
    return at_least(
        "largest error over 4.2 zeta",
        shares.max(),
        5.0,
        least=float(shares.min()),
        switch_epoch=switched,
    )


@measurement
def dglnn_small_eta(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 with eta = 4/(9 u_max*^4), otherwise the same: the largest error in the window over 4.2 zeta."""
    shares, switched = _second_phase(rng, 4 / 90_000)
    return at_most("largest error over 4.2 zeta", shares.max(), 1.0, switch_epoch=switched)


@measurement
def dglnn_designs(rng: np.random.Generator, quick: bool) -> Finding:
    """delta_in and delta_out of the designs of Figures 2 and 4 over what Theorem 3 allows: the least of the four ratios."""
    ratios: dict[str, float] = {}
    for figure, shape, size, s in (("2", (150, 300), 3, 3), ("4", (100, 500), 4, 4)):
        data = sampling.grouped_regression(*shape, size, f"figure-{figure}", rng=rng)
        inside, outside = model.deltas(data.X.T @ data.X / shape[0], data.groups.tolist())
        ratios |= {f"figure_{figure}_in": 120 * inside, f"figure_{figure}_out": 120 * s * outside}
    return at_least("least ratio", min(ratios.values()), 20.0, **ratios)


@measurement
def dglnn_stated_epsilon(rng: np.random.Generator, quick: bool) -> Finding:
    """||X^T xi / n||_inf > 2 sqrt(sigma^2 log(2p)/n), p = 10, Gaussian noise: failures over the quantile (1 - 1e-6) for probability 1/(8p^3)."""
    from scipy.stats import binom

    draws = 20_000 if quick else 100_000
    p = 10
    failures = exceeds(rng, 12, p, draws, 2.0, "gaussian")
    union = binom.ppf(0.999, draws, 1 / (2 * p))
    return at_least(
        "failures over the quantile",
        failures / binom.ppf(1 - 1e-6, draws, 1 / (8 * p**3)),
        2.0,
        share_of_draws=failures / draws,
        failures_over_the_quantile_for_1_over_2p=failures / union,
    )


def _rates(rng: np.random.Generator, sizes: tuple[int, ...], repeats: int) -> dict[int, float]:
    """Mean over draws of ||w(t) - w*||^2 n / (s sigma^2 log p) at the first t in the window: orthogonal design, s = 1 of 4 groups, n = p."""
    result = {}
    sigma = 1 / 100
    for size in sizes:
        values = []
        for _ in range(repeats if size < 100 else 1):
            p = 4 * size
            X = np.sqrt(p) * np.eye(p)
            w_star = np.zeros(p)
            w_star[0] = 1.0
            xi = sigma * rng.standard_normal(p)
            noise = np.sqrt(np.add.reduceat((xi / np.sqrt(p)) ** 2, np.arange(0, p, size)).max())
            epsilon = max(noise, 2 * sigma * math.sqrt(math.log(2 * p) / p))
            gamma = 1 / 20
            alpha = 0.9 * min(min(epsilon, 1 / 80) ** 4, 1 / 320)
            window = formulas.stopping_window(1.0, 1.0, min(80 * epsilon, 1.0), gamma, alpha)
            path = ops.dglnn_path(
                X,
                X @ w_star + xi,
                size,
                n_epochs=math.ceil(window.lower),
                alpha=alpha,
                gamma=gamma,
                record_every=10**6,
            )
            values.append(float(np.sum((path.x - w_star) ** 2) * p / (sigma**2 * math.log(p))))
        result[size] = float(np.mean(values))
    return result


@measurement
def dglnn_printed_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """Corollary 1's rate s sigma^2 log p / n: the ratio of the error to it, for groups of 64 (and 128) over that for groups of 4."""
    rates = _rates(rng, (4, 64) if quick else (4, 16, 64, 128), 6)
    return at_least(
        "growth of the ratio from groups of 4 to the largest",
        max(rates.values()) / rates[4],
        4.0,
        **{f"ratio_p_l_{size}": rate for size, rate in rates.items()},
    )


@measurement
def dglnn_corrected_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """The corrected rate p_l sigma^2 log p / n: the largest ratio of the error to it, over sizes of groups."""
    rates = _rates(rng, (4, 64) if quick else (4, 16, 64, 128), 6)
    return at_most(
        "largest ratio",
        max(rate / size for size, rate in rates.items()),
        1.0,
        **{f"ratio_p_l_{size}": rate / size for size, rate in rates.items()},
    )
