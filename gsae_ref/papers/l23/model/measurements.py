"""Measurements for L23, Section 2: gradients and the literal loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import ops, sampling
from ....arrays import Array
from ....claims.finding import at_least, at_most, measurement

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
    """Gradient of factor * 1/(2n) ||y - X w||^2 in (u, v) by central differences, the loss written out."""
    L = len(u)
    label = np.repeat(np.arange(len(u)), groups)

    def cost(x: Array) -> float:
        residual = y - X @ (x[:L][label] ** 2 * x[L:])
        return float(factor * residual @ residual / (2 * len(y)))

    return _slopes(cost, np.concatenate([u, v]))


@measurement
def dglnn_field(rng: np.random.Generator, quick: bool) -> Finding:
    """(3) with r written out by groups, and central differences of 1/(2n) ||y - X w||^2, against the package's gradients."""
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
    """Section 2's gradients as printed, with D, w* and the noise, against central differences of the loss printed there, 1/2 ||y - X w||^2."""
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
    """Algorithm 1 as printed with Section 2's loss, n times that of (3), gamma = 1/(20 u_max*^2), n = 100: the largest magnitude met."""
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
