"""Measurements for L23, Section 2: gradients and the literal loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import ops, sampling
from ....arrays import Array
from ....claims.finding import at_least, at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


def problem(
    rng: np.random.Generator, groups: tuple[int, ...] = (3, 1, 2), n: int = 8
) -> tuple[Array, ...]:
    """A small regression and a state; the true weights live on the first two groups."""
    p = sum(groups)
    X = rng.standard_normal((n, p))
    w_star = np.where(np.arange(p) < groups[0] + groups[1], rng.standard_normal(p), 0.0)
    return (
        X,
        X @ w_star + 0.1 * rng.standard_normal(n),
        w_star,
        rng.uniform(0.5, 1.5, len(groups)),
        rng.standard_normal(p),
    )


def _slopes(cost: Callable[..., Any], x: Array, step: float = 1e-5) -> Array:
    """Central differences of a function of a vector."""
    return np.array(
        [(cost(x + step * e) - cost(x - step * e)) / (2 * step) for e in np.eye(len(x))]
    )


def _differences(
    u: Array, v: Array, X: Array, y: Array, groups: tuple[int, ...], factor: int
) -> Array:
    """Gradient of factor * 1/(2n) ||y - X w||^2 in (u, v) by central differences."""
    L = len(u)
    label = np.repeat(np.arange(len(u)), groups)

    def cost(x: Array) -> float:
        residual = y - X @ (x[:L][label] ** 2 * x[L:])
        return float(factor * residual @ residual / (2 * len(y)))

    return _slopes(cost, np.concatenate([u, v]))


@measurement
def dglnn_field(rng: np.random.Generator, quick: bool) -> Finding:
    """(3) by groups, and differences of 1/(2n) ||y - X w||^2, against the package's gradients."""
    groups = (3, 1, 2)
    error = 0.0
    for _ in range(3 if quick else 20):
        X, y, _, u, v = problem(rng, groups)
        cuts = np.split(np.arange(6), np.cumsum(groups)[:-1])
        r = y - sum(u[k] ** 2 * X[:, c] @ v[c] for k, c in enumerate(cuts))
        du = [2 / len(y) * u[k] * v[c] @ X[:, c].T @ r for k, c in enumerate(cuts)]
        dv = [u[k] ** 2 * X[:, c].T @ r / len(y) for k, c in enumerate(cuts)]
        gradient = np.concatenate(ops.dglnn_loss_and_grad(u, v, X, y, groups)[1:])
        for other in (-np.concatenate([du, *dv]), _differences(u, v, X, y, groups, 1)):
            error = max(error, float(np.linalg.norm(gradient - other) / np.linalg.norm(gradient)))
    return at_most("largest relative difference", error, 1e-8)


@measurement
def dglnn_printed_gradients(rng: np.random.Generator, quick: bool) -> Finding:
    """Section 2's gradients against central differences of its loss, 1/2 ||y - X w||^2."""
    groups = (3, 1, 2)
    error = 0.0
    D = np.repeat(np.eye(3), groups, axis=0)
    for _ in range(3 if quick else 20):
        X, y, w_star, u, v = problem(rng, groups)
        inside = X.T @ X @ ((D @ u) ** 2 * v - w_star) - X.T @ (y - X @ w_star)
        printed = np.concatenate([2 * D.T @ (v * inside * (D @ u)), inside * (D @ u) ** 2])
        other = _differences(u, v, X, y, groups, len(y))
        error = max(error, float(np.linalg.norm(printed - other) / np.linalg.norm(other)))
    return at_most("largest relative difference", error, 1e-7)


@measurement
def dglnn_literal_loss(rng: np.random.Generator, quick: bool) -> Finding:
    """The largest magnitude in Algorithm 1 with the loss of Section 2, 100 times that of (3)."""
    data = sampling.grouped_regression(
        100, 12, 3, [1.0, 1.0, 1.0], design="orthogonal", noise_std=0.01, rng=rng
    )
    X = data.X
    y = data.y
    n = 100
    gamma = 1 / (20 * np.sqrt(3))
    u = np.full(4, 1e-3)
    v = np.tile(np.ones(3) / np.sqrt(3), 4)
    largest = 0.0
    for _ in range(400):
        q = X.T @ (y - X @ (np.repeat(u, 3) ** 2 * v))  # n times that of 1/(2n)
        v = (v + q / np.repeat(u, 3) ** 2).reshape(4, 3)
        v = (v / np.linalg.norm(v, axis=1, keepdims=True)).ravel()
        q = X.T @ (y - X @ (np.repeat(u, 3) ** 2 * v))
        u = u * (1 + 2 * gamma * np.sum((v * q).reshape(4, 3), axis=1))
        largest = max(largest, float(np.abs(u).max()))
        if largest > 1e6:
            break
    path = ops.dglnn_path(X, y, 3, n_epochs=400, alpha=1e-3, gamma=gamma)
    error = float(np.linalg.norm(path.x - data.w_star))
    return at_least(
        "largest abs(u), u* = 1.32", largest, 1e6, error_with_the_loss_of_3=error, n_samples=n
    )


@measurement
def dglnn_gaussian_blocks(rng: np.random.Generator, quick: bool) -> Finding:
    """Gaussian designs: the share of draws beyond the bound on a block, over 2 exp(-n t^2/2).

    120 samples for two groups of 60, and 50,000 samples for 50,000 entries, where ||Z^T Z/n - I||
    is near 3 and the bound 3.05.
    """
    from scipy.stats import binom

    over = []
    blocks = []
    for m, draws in ((120, 100 if quick else 1000), (50_000, 5)):
        t = np.sqrt(8 / m)
        bound = formulas.gaussian_block_bound(m, m, t)
        blocks = [_square_block(rng, m) / bound for _ in range(draws)]
        allowed = binom.ppf(0.999, draws, 2 * np.exp(-m * t**2 / 2))
        over.append(sum(block > 1 for block in blocks) / allowed)
    return at_most(
        "draws beyond the bound over the 99.9 % quantile",
        max(over),
        1.0,
        largest_block_over_bound=float(max(blocks)),
        median_block_over_bound=float(np.median(blocks)),
    )


def _square_block(rng: np.random.Generator, m: int) -> float:
    """||Z^T Z/m - I||_2 for Z of shape (m, m) with entries N(0, 1).

    Of a large Z by the bidiagonal matrix to which Householder reflections take it: independent
    chi variables with m, ..., 1 degrees of freedom on the diagonal, m - 1, ..., 1 beside it.
    """
    from scipy.linalg import eigvalsh_tridiagonal

    if m <= 120:
        X = rng.standard_normal((m, m))
        return float(np.linalg.norm(X.T @ X / m - np.eye(m), 2))
    diagonal = rng.chisquare(np.arange(m, 0, -1)) / m
    beside = rng.chisquare(np.arange(m - 1, 0, -1)) / m
    squares = diagonal + np.concatenate([[0.0], beside])
    largest = eigvalsh_tridiagonal(
        squares, np.sqrt(diagonal[:-1] * beside), select="i", select_range=(m - 1, m - 1)
    )
    return float(max(largest[0] - 1, 1.0))  # the least eigenvalue is near 0


@measurement
def dglnn_first_step(rng: np.random.Generator, quick: bool) -> Finding:
    """-grad_v at v = 0 against u_l^2 X_l^T y / n, and both gradients at u = v = 0 against 0."""
    groups = (3, 1, 2)
    error = 0.0
    for _ in range(3 if quick else 20):
        X, y, _, u, v = problem(rng, groups)
        step = -ops.dglnn_loss_and_grad(u, 0 * v, X, y, groups)[2]
        expected = np.repeat(u**2, groups) * (X.T @ y) / len(y)
        rest = ops.dglnn_loss_and_grad(0 * u, 0 * v, X, y, groups)[1:]
        error = max(
            error, float(np.abs(step - expected).max()), *(float(np.abs(g).max()) for g in rest)
        )
    return at_most("largest difference", error, 1e-12)
