"""Measurements that run descent on the population: R7, the bias schedules, Theorem 4."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import ops
from ....arrays import Array, Real
from ....theory import sparse_descent as descent
from ....theory.certificates.n19.nonnegative import common_mode_step
from ...finding import at_least, at_most, measurement

if TYPE_CHECKING:
    from ...finding import Finding


def _unit(M: Array) -> Array:
    return M / np.linalg.norm(M, axis=0)


def _means(m: int, coherence: float) -> Array:
    """m unit columns in R^m with all inner products equal to ``coherence``."""
    gram = (1 - coherence) * np.eye(m) + coherence
    return np.linalg.cholesky(gram).T


def _start(rng: np.random.Generator, A: Array, error: float) -> Array:
    """Unit columns at angle ``error`` (a distance for small ones) from those of A, in random directions."""
    V: Array = rng.standard_normal(A.shape)
    V = _unit(V - A * np.einsum("ni,ni->i", A, V))
    return np.cos(error) * A + np.sin(error) * V


def _run(W: Array, A: Array, biases: Iterable[Any], activation: str = "relu", lam: float = 0.0) -> Array:
    """Normalised gradient descent on the noise-free mixture with equal p_i, zeta = m: errors max_i ||W_i - A_i|| after every step.

    Every y = A_i once is the whole population; the network itself decides which neurons are active.
    """
    errors = [np.linalg.norm(W - A, axis=0).max()]
    for b in biases:
        _, dW, _ = ops.sparse_loss_and_grad(W, A.T, b, activation, lam)
        W = _unit(W - A.shape[1] * dW)
        errors.append(np.linalg.norm(W - A, axis=0).max())
    return np.array(errors)


@measurement
def fixed_bias_step(rng: np.random.Generator, quick: bool) -> Finding:
    """R7 (a): kappa A + rho W against the step along the expected gradient, weights, probabilities, bias and noise at random."""
    error = 0.0
    for _ in range(10 if quick else 100):
        m = int(rng.integers(1, 6))
        A, b, p = _unit(rng.standard_normal((6, m))), -rng.uniform(0, 0.9, m), rng.dirichlet(np.ones(m))
        W, zeta = _start(rng, A, rng.uniform(0, 1.2)), rng.uniform(0.1, 5)
        G, _ = ops.sparse_expected_gradient(W, A, np.eye(m, dtype=bool), p, b, (1.0, 1.0), noise=rng.uniform(0, 0.5))
        error = max(error, np.abs(W - zeta * G - descent.population_step(W, A, p, b, zeta)).max())
    return at_most("largest difference", error, 1e-12)


@measurement
def fixed_bias_run(rng: np.random.Generator, quick: bool) -> Finding:
    """R7 (d): ReLU, equal inner products .02, .05, .1, fixed b = -.4: error after 80 steps, largest."""
    worst = 0.0
    for coherence in (0.02, 0.05, 0.1):
        A = _means(6, coherence)
        worst = max(worst, _run(_start(rng, A, 0.25), A, [-0.4] * 80)[-1])
    return at_most("max_i ||W_i - A_i|| after 80 steps", worst, 1e-12)


@measurement
def fixed_bias_works(rng: np.random.Generator, quick: bool) -> Finding:
    """Fixed biases -.1, -.3, -.5, -.8, orthonormal means: the error falls, at the rate rho/(kappa + rho) of R7."""
    final, gap = 0.0, 0.0
    for b in (-0.1, -0.3, -0.5, -0.8):
        A = _means(6, 0.0)
        errors = _run(_start(rng, A, 0.08), A, [b] * 60)
        late = errors[8:13]
        final, gap = max(final, errors[-1]), max(gap, np.abs(late[1:] / late[:-1] - descent.linear_rate(1 / 6, b, 6.0)).max())
    return at_most("max_i ||W_i - A_i|| after 60 steps", final, 1e-12, distance_from_the_predicted_rate=float(gap))


@measurement
def diminishing_bias_run(rng: np.random.Generator, quick: bool) -> Finding:
    """b^{s+1} = b^s/C from b^0 = -.4, C = 1.1, 2, inner products .05, .1: largest error over steps 150 to 200, the smallest of these four."""
    smallest, numbers = np.inf, {}
    for coherence in (0.05, 0.1):
        A = _means(6, coherence)
        W = _start(rng, A, 0.25)
        for C in (1.1, 2.0):
            error = _run(W, A, -0.4 / C ** np.arange(200))[150:].max()
            smallest = min(smallest, error)
            numbers[f"error_at_{coherence:g}_with_C_{C:g}"] = float(error)
    return at_least("max_i ||W_i - A_i|| late in the run", float(smallest), 0.01, **numbers)


@measurement
def cubic_step(rng: np.random.Generator, quick: bool) -> Finding:
    """Hard threshold 1/2, b = 0, kappa = zeta p lam near 1: relative distance of sin theta+ from sin theta (1 - lam^2)/(1 + lam - lam^2)."""
    A, gap = _means(5, 0.0), 0.0
    for angle in (0.05, 0.1, 0.3):
        errors = _run(_start(rng, A, angle), A, [0.0], "hard", 0.5)
        lam = np.cos(angle)
        kappa = lam  # zeta p = 1
        rho = 1 - kappa * lam
        predicted = 2 * np.sin(np.arctan(rho * np.sin(angle) / (kappa + rho * lam)) / 2)
        gap = max(gap, abs(errors[1] / predicted - 1), 0.0 if angle > 0.1 else abs(errors[1] / angle**3 - 1) - 0.05)
    return at_most("relative distance from the angle formula, and from d^3 (zeta p = 1)", gap, 1e-6)


@measurement
def best_tau(rng: np.random.Generator, quick: bool) -> Finding:
    """Largest tau over a grid of step sizes for two means with p_max/p_min = r, against 1 - ((r - 1)/(r + 1))^2."""
    A, gap = np.eye(2), 0.0
    for ratio in (1.5, 3.0, 9.0):
        p = np.array([1, ratio]) / (1 + ratio)
        W = _start(rng, A, 1e-4)
        G, _ = ops.sparse_expected_gradient(W, A, np.eye(2, dtype=bool), p, 0.0, (1.0, 1.0))
        taus = []
        for zeta in np.linspace(0.5, 2.5, 401) / p.mean():
            after = np.linalg.norm(_unit(W - zeta * G) - A, axis=0) / np.linalg.norm(W - A, axis=0)
            taus.append(1 - after.max() ** 2)
        gap = max(gap, abs(max(taus) - descent.tau_of_spread(ratio)))
    return at_most("distance from the formula", float(gap), 0.01)


def _common_shift(m: int, k: int, rate: float, length: float = 1e-3) -> tuple[Real, Real]:
    """Error growth ||W^+ - A||/||W - A|| for A = I, W a common shift of all columns, codes 1_S; and the gap to the closed form."""
    from itertools import combinations

    supports = np.array([[j in S for j in range(m)] for S in combinations(range(m), k)])
    W = _unit(np.eye(m) + length / m)
    G, _ = ops.sparse_expected_gradient(W, np.eye(m), supports, None, 0.0, (1.0, 1.0))
    M = W - rate * m / k * G
    own, other = common_mode_step(m, k, W[0, 0] - W[1, 0], W[1, 0], 0.0, rate * m / k)
    gap = max(abs(M[0, 0] - own), abs(M[1, 0] - other))
    return np.linalg.norm(_unit(M) - np.eye(m)) / np.linalg.norm(W - np.eye(m)), gap


@measurement
def common_shift_grows(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 (iii.1): growth of the error of a common shift in one step of size m/k, m = 12; it is near k - 1. Smallest over k = 4, 5, 6."""
    growth = {k: _common_shift(12, k, 1.0) for k in (4, 5, 6)}
    numbers = {f"k_{k}": float(g) for k, (g, _) in growth.items()}
    gap = max(gap for _, gap in growth.values())
    return at_least("||W^+ - A||/||W - A||", min(numbers.values()) if gap < 1e-12 else 0.0, 2.0, gap_to_the_closed_form=float(gap), **numbers)


@measurement
def common_shift_small_step(rng: np.random.Generator, quick: bool) -> Finding:
    """With a step of size m/(2 k^2) the same error shrinks. Largest over k = 4, 5, 6."""
    return at_most("||W^+ - A||/||W - A||", max(_common_shift(12, k, 0.5 / k)[0] for k in (4, 5, 6)), 0.9)
