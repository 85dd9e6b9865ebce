"""Measurements for L23, Appendices C.3 and D: steps of the algorithms, size of the noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import ops
from ....claims.finding import at_most, measurement
from ..model.measurements import problem
from ..steps import formulas as steps
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


@measurement
def dglnn_updates(rng: np.random.Generator, quick: bool) -> Finding:
    """Each step of Algorithms 1 and 2 as the package runs them against (4) and (5)."""
    groups = (3, 1, 2)
    error = 0.0
    switch = 15
    eta = 0.05
    cuts = np.split(np.arange(6), np.cumsum(groups)[:-1])
    second: dict[str, Any] = {"eta": eta, "switch": switch}
    for _ in range(2 if quick else 10):
        X, y, w_star, _, v = problem(rng, groups, n=24)
        gram = X.T @ X / 24
        nu = X.T @ (y - X @ w_star) / 24
        for algorithm, options in (("algorithm_1", dict[str, Any]()), ("algorithm_2", second)):
            path = ops.dglnn_path(
                X, y, groups, algorithm, n_epochs=40, alpha=0.3, gamma=0.02, v0=v, **options
            )
            for t in range(40):
                u = path.u[t]
                b = formulas.perturbation(
                    gram, nu, w_star, np.repeat(path.u[t] ** 2, groups) * path.v[t], groups
                )
                e = formulas.perturbation(
                    gram, nu, w_star, np.repeat(u**2, groups) * path.v[t + 1], groups
                )
                for k, c in enumerate(cuts):
                    star = np.linalg.norm(w_star[c])
                    v_star = w_star[c] / star if star else np.zeros(len(c))
                    step = eta if algorithm == "algorithm_2" and t >= switch else u[k] ** -4
                    v_next = steps.direction_step(u[k] ** 2, star, v_star, path.v[t][c], b[c], step)
                    u_next = steps.magnitude_step(
                        u[k], float(v_next @ v_star), star, float(v_next @ e[c]), 0.02
                    )
                    error = max(
                        error,
                        np.abs(v_next - path.v[t + 1][c]).max(),
                        abs(u_next - path.u[t + 1][k]),
                    )
    return at_most("largest difference of a state after one step", error, 1e-10)


def exceeds(rng: np.random.Generator, n: int, p: int, draws: int, factor: float, kind: str) -> int:
    """In how many draws ||X^T xi / n||_inf > factor sqrt(log(2p)/n); orthonormal X / sqrt(n)."""
    Q = np.linalg.qr(rng.standard_normal((n, p)))[0]
    xi = (
        rng.standard_normal((draws, n))
        if kind == "gaussian"
        else rng.choice([-1.0, 1.0], (draws, n))
    )
    return int(np.sum(np.abs(xi @ Q).max(axis=1) > factor * math.sqrt(math.log(2 * p))))


@measurement
def dglnn_noise_quantile(rng: np.random.Generator, quick: bool) -> Finding:
    """Lemma 15 with 2 sqrt(2 sigma^2 log(2p)/n): failures over the 99.9 % quantile for 1/(8p^3)."""
    from scipy.stats import binom

    draws = 20_000 if quick else 200_000
    counts = {}
    for p in (1, 2, 3):
        limit = binom.ppf(0.999, draws, 1 / (8 * p**3))
        for kind in ("gaussian", "signs"):
            counts[f"{kind}_p{p}"] = exceeds(rng, 6, p, draws, 2 * math.sqrt(2), kind) / limit
    return at_most(
        "largest count of failures over the quantile", max(counts.values()), 1.0, **counts
    )
