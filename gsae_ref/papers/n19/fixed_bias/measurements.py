"""Measurements for R7: runs of the exact population step with a fixed bias."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import ops
from ....arrays import Array
from ....claims.finding import at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


def unit(M: Array) -> Array:
    return M / np.linalg.norm(M, axis=0)


def means(m: int, coherence: float) -> Array:
    """m unit columns in R^m with all inner products equal to ``coherence``."""
    gram = (1 - coherence) * np.eye(m) + coherence
    return np.linalg.cholesky(gram).T


def start(rng: np.random.Generator, A: Array, error: float) -> Array:
    """Unit columns at angle ``error`` from those of A, in random directions."""
    V: Array = rng.standard_normal(A.shape)
    V = unit(V - A * np.einsum("ni,ni->i", A, V))
    return np.cos(error) * A + np.sin(error) * V


def run(
    W: Array, A: Array, biases: Iterable[Any], activation: str = "relu", lam: float = 0.0
) -> Array:
    """Errors max_i ||W_i - A_i|| along normalised gradient descent on a noise-free mixture.

    Equal p_i, zeta = m.

    Every y = A_i once is the whole population; the network itself decides which neurons are active.
    """
    errors = [np.linalg.norm(W - A, axis=0).max()]
    for b in biases:
        _, dW, _ = ops.sparse_loss_and_grad(W, A.T, b, activation, lam)
        W = unit(W - A.shape[1] * dW)
        errors.append(np.linalg.norm(W - A, axis=0).max())
    return np.array(errors)


@measurement
def fixed_bias_step(rng: np.random.Generator, quick: bool) -> Finding:
    """R7 (a): kappa A + rho W against the step along the expected gradient.

    Weights, probabilities, bias and noise are random.
    """
    error = 0.0
    for _ in range(10 if quick else 100):
        m = int(rng.integers(1, 6))
        A = unit(rng.standard_normal((6, m)))
        b = -rng.uniform(0, 0.9, m)
        p = rng.dirichlet(np.ones(m))
        W = start(rng, A, rng.uniform(0, 1.2))
        zeta = rng.uniform(0.1, 5)
        G, _ = ops.sparse_expected_gradient(
            W, A, np.eye(m, dtype=bool), p, b, (1.0, 1.0), noise=rng.uniform(0, 0.5)
        )
        error = max(error, np.abs(W - zeta * G - formulas.population_step(W, A, p, b, zeta)).max())
    return at_most("largest difference", error, 1e-12)


@measurement
def far_start(rng: np.random.Generator, quick: bool) -> Finding:
    """R7 from ||W_i - A_i|| = .73 with b = -.73, n = 3 to 300: angles against (b), and the end.

    Orthonormal means, each column turned towards the next mean.
    """
    error = 0.0
    for n in (3, 30, 300):
        m = min(n, 10)
        A = np.linalg.qr(rng.standard_normal((n, m)))[0]
        theta = 2 * np.arcsin(0.365)
        W = np.cos(theta) * A + np.sin(theta) * np.roll(A, 1, axis=1)
        for _ in range(60):
            theta = np.arctan(formulas.tangent_after(theta, 1 / m, -0.73, m)[0])
            W = unit(W - m * ops.sparse_loss_and_grad(W, A.T, -0.73)[1])
            found = np.linalg.norm(W - A, axis=0)
            error = max(error, float(np.abs(found - 2 * np.sin(theta / 2)).max()))
        error = max(error, float(found.max()))
    return at_most(
        "distance of ||W_i - A_i|| from that of R7 (b), and from 0 at the end", error, 1e-12
    )


def _skewed_sample(rng: np.random.Generator, A: Array, share: Array) -> tuple[Array, Any]:
    """Means plus skewed heavy-tailed noise, small enough for the supports; classes by share."""
    labels = rng.choice(len(share), 400, p=share)
    noise = 0.02 * rng.standard_t(3, (400, len(A))) ** 2 - 0.03
    return A.T[labels] + np.clip(noise, -0.05, 0.05), labels


@measurement
def fixed_bias_sample(rng: np.random.Generator, quick: bool) -> Finding:
    """R7 on a sample, b = -.45 and -.65: the limit is the leading eigenvector of each class.

    The step is compared with the network's own at the start; supports are checked at every step.
    """
    A = means(4, 0.1)
    share = np.array([0.1, 0.2, 0.3, 0.4])
    Y, labels = _skewed_sample(rng, A, share)
    leading = np.empty_like(A)
    for i in range(4):
        own = Y[labels == i]
        leading[:, i] = np.linalg.eigh(own.T @ own)[1][:, -1]
    leading *= np.sign(np.einsum("ni,ni->i", leading, A))
    error = 0.0
    for b in (-0.45, -0.65):
        W = start(rng, A, 0.2)
        for _ in range(300):
            _, dW, _ = ops.sparse_loss_and_grad(W, Y, b)
            step = formulas.sample_step(W, Y, labels, b, 2.0)
            error = max(error, float(np.abs(W - 2.0 * dW - step).max()))
            W = unit(step)
        error = max(error, float(np.abs(W - leading).max()))
    return at_most("distance of steps, and of the limit from the eigenvectors", error, 1e-10)


@measurement
def fixed_bias_run(rng: np.random.Generator, quick: bool) -> Finding:
    """R7 (d): largest error after 80 steps of ReLU with b = -.4, inner products .02, .05, .1."""
    worst = 0.0
    for coherence in (0.02, 0.05, 0.1):
        A = means(6, coherence)
        worst = max(worst, run(start(rng, A, 0.25), A, [-0.4] * 80)[-1])
    return at_most("max_i ||W_i - A_i|| after 80 steps", worst, 1e-12)
