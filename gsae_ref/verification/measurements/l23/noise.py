"""Measurements for L23, Corollary 1 and Lemma 15: how often the noise exceeds its bounds, how the error grows with the size of a group."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .... import ops
from ....theory import dglnn_windows as windows
from ...finding import at_least, at_most, measurement

if TYPE_CHECKING:
    from ...finding import Finding


def _exceeds(rng: np.random.Generator, n: int, p: int, draws: int, factor: float, kind: str) -> int:
    """In how many draws ||X^T xi / n||_inf > factor sqrt(log(2p)/n), X / sqrt(n) with orthonormal columns, sigma = 1."""
    Q = np.linalg.qr(rng.standard_normal((n, p)))[0]
    xi = rng.standard_normal((draws, n)) if kind == "gaussian" else rng.choice([-1.0, 1.0], (draws, n))
    return int(np.sum(np.abs(xi @ Q).max(axis=1) > factor * math.sqrt(math.log(2 * p))))


@measurement
def dglnn_noise_quantile(rng: np.random.Generator, quick: bool) -> Finding:
    """Lemma 15 with 2 sqrt(2 sigma^2 log(2p)/n): failures against the 99.9 % quantile of a binomial with probability 1/(8p^3)."""
    from scipy.stats import binom

    draws, counts = 20_000 if quick else 200_000, {}
    for p in (1, 2, 3):
        limit = binom.ppf(0.999, draws, 1 / (8 * p**3))
        for kind in ("gaussian", "signs"):
            counts[f"{kind}_p{p}"] = _exceeds(rng, 6, p, draws, 2 * math.sqrt(2), kind) / limit
    return at_most("largest count of failures over the quantile", max(counts.values()), 1.0, **counts)


@measurement
def dglnn_stated_epsilon(rng: np.random.Generator, quick: bool) -> Finding:
    """||X^T xi / n||_inf > 2 sqrt(sigma^2 log(2p)/n), p = 10, Gaussian noise: failures over the quantile (1 - 1e-6) for probability 1/(8p^3)."""
    from scipy.stats import binom

    draws, p = 20_000 if quick else 100_000, 10
    failures = _exceeds(rng, 12, p, draws, 2.0, "gaussian")
    union = binom.ppf(0.999, draws, 1 / (2 * p))
    return at_least("failures over the quantile", failures / binom.ppf(1 - 1e-6, draws, 1 / (8 * p**3)), 2.0, share_of_draws=failures / draws,
                    failures_over_the_quantile_for_1_over_2p=failures / union)


def _rates(rng: np.random.Generator, sizes: tuple[int, ...], repeats: int) -> dict[int, float]:
    """Mean over draws of ||w(t) - w*||^2 n / (s sigma^2 log p) at the first t in the window: orthogonal design, s = 1 of 4 groups, n = p."""
    result, sigma = {}, 1 / 100
    for size in sizes:
        values = []
        for _ in range(repeats if size < 100 else 1):
            p = 4 * size
            X = np.sqrt(p) * np.eye(p)
            w_star = np.zeros(p)
            w_star[0] = 1.0
            xi = sigma * rng.standard_normal(p)
            noise = np.sqrt(np.add.reduceat((xi / np.sqrt(p)) ** 2, np.arange(0, p, size)).max())
            epsilon, gamma = max(noise, 2 * sigma * math.sqrt(math.log(2 * p) / p)), 1 / 20
            alpha = 0.9 * min(min(epsilon, 1 / 80) ** 4, 1 / 320)
            window = windows.stopping_window(1.0, 1.0, min(80 * epsilon, 1.0), gamma, alpha)
            path = ops.dglnn_path(X, X @ w_star + xi, size, n_epochs=math.ceil(window.lower), alpha=alpha, gamma=gamma, record_every=10**6)
            values.append(float(np.sum((path.x - w_star) ** 2) * p / (sigma**2 * math.log(p))))
        result[size] = float(np.mean(values))
    return result


@measurement
def dglnn_printed_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """Corollary 1's rate s sigma^2 log p / n: the ratio of the error to it, for groups of 64 (and 128) over that for groups of 4."""
    rates = _rates(rng, (4, 64) if quick else (4, 16, 64, 128), 6)
    return at_least("growth of the ratio from groups of 4 to the largest", max(rates.values()) / rates[4], 4.0,
                    **{f"ratio_p_l_{size}": rate for size, rate in rates.items()})


@measurement
def dglnn_corrected_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """The corrected rate p_l sigma^2 log p / n: the largest ratio of the error to it, over sizes of groups."""
    rates = _rates(rng, (4, 64) if quick else (4, 16, 64, 128), 6)
    return at_most("largest ratio", max(rate / size for size, rate in rates.items()), 1.0,
                   **{f"ratio_p_l_{size}": rate / size for size, rate in rates.items()})
