"""Measurements for the model, the objectives and the assumptions: Eqs. (1)-(18)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from .... import ops, sampling
from ....arrays import Array
from ....claims.finding import at_least, at_most, measurement

if TYPE_CHECKING:
    from ....claims.finding import Finding


def _orthonormal_problem(rng: np.random.Generator) -> tuple[Array, Array]:
    """A dictionary with all atoms orthonormal, 3 groups of 2, and a sample."""
    A = sampling.make_dictionary(8, 3, 2, kind="orthonormal", rng=rng)
    return A, 3 * rng.standard_normal(8)


@measurement
def sampling_model(rng: np.random.Generator, quick: bool) -> Finding:
    """Samples are sums over the support, Eq. (2), by explicit loops."""
    A = sampling.make_dictionary(12, 6, 2, kind="gaussian", rng=rng)
    Y, X, support = sampling.sample(A, 50, 3, 2, rng=rng)
    error = 0.0
    for y, x, S in zip(Y, X, support, strict=True):
        total = sum(A[:, 2 * g : 2 * g + 2] @ x[2 * g : 2 * g + 2] for g in S)
        error = max(error, float(np.linalg.norm(y - total) / np.linalg.norm(y)))
    return at_most("||y - sum over S|| / ||y||", error, 1e-12, samples=len(Y))


@measurement
def penalty_over_support(rng: np.random.Generator, quick: bool) -> Finding:
    """The literal objective, penalised on S only, has a minimiser that is active outside S."""
    A, y = _orthonormal_problem(rng)
    z = A.T @ y
    S = [0, 1]
    lam = 1.0
    literal = z.copy()
    literal[S] = ops.group_soft_threshold(z[S], lam, 2)
    return at_least(
        "largest coefficient outside S of the minimiser", np.abs(literal[2:]).max(), 0.1
    )


@measurement
def penalty_over_all_groups(rng: np.random.Generator, quick: bool) -> Finding:
    """With all groups penalised and orthonormal atoms the minimiser is sigma(A^T y): subgradient conditions hold."""
    A, y = _orthonormal_problem(rng)
    x = ops.encode(A, y, 1.0, 2)
    worst = 0.0
    for g in range(3):
        s = slice(2 * g, 2 * g + 2)
        gradient = A[:, s].T @ (A @ x - y)
        norm = np.linalg.norm(x[s])
        worst = max(
            worst,
            float(
                np.linalg.norm(gradient + x[s] / norm)
                if norm > 0
                else np.linalg.norm(gradient) - 1.0
            ),
        )
    return at_most("distance of 0 from the subdifferential", worst, 1e-12)


@measurement
def prox_optimality(rng: np.random.Generator, quick: bool) -> Finding:
    """x = sigma(z) satisfies z - x in lam d||x||: the optimality condition of the proximal operator."""
    worst = 0.0
    for d in (1, 2, 3, 8):
        Z = np.vstack([2 * rng.standard_normal((200, d)), np.zeros((1, d))])
        X = ops.group_soft_threshold(Z, 1.5, d)
        for z, x in zip(Z, X, strict=True):
            norm = np.linalg.norm(x)
            defect = np.linalg.norm(z - x - 1.5 * x / norm) if norm > 0 else np.linalg.norm(z) - 1.5
            worst = max(worst, float(defect))
    return at_most("distance of z - x from the subdifferential", worst, 1e-12)


@measurement
def two_sided_relu(rng: np.random.Generator, quick: bool) -> Finding:
    """At d = 1 the threshold is ReLU(x - lam) - ReLU(-x - lam)."""
    x = 3 * rng.standard_normal(1000)
    right = np.maximum(x - 1, 0) - np.maximum(-x - 1, 0)
    return at_most(
        "largest difference", np.abs(ops.group_soft_threshold(x, 1.0, 1) - right).max(), 1e-14
    )


@measurement
def nonnegative_prox(rng: np.random.Generator, quick: bool) -> Finding:
    """(1 - lam / ||z_+||)_+ z_+ minimises 1/2 ||x - z||^2 + lam ||x|| over x >= 0: no bounded search does better."""
    from scipy.optimize import minimize

    gain = 0.0
    for _ in range(10 if quick else 60):
        z = 2 * rng.standard_normal(3)
        x = ops.group_soft_threshold(np.maximum(z, 0), 0.7, 3)

        def objective(u: Array, z: Array = z) -> float:
            return 0.5 * np.sum((u - z) ** 2) + 0.7 * np.linalg.norm(u)

        rival = minimize(objective, np.abs(z) + 0.1, method="L-BFGS-B", bounds=[(0, None)] * 3)
        gain = max(gain, objective(x) - min(rival.fun, objective(np.zeros(3))))
    return at_most("improvement found by a bounded search", gain, 1e-9)


@measurement
def network_by_loops(rng: np.random.Generator, quick: bool) -> Finding:
    """Encoder, decoder and cost against loops over samples and groups."""
    A = rng.standard_normal((7, 6))
    Y = rng.standard_normal((9, 7))
    lam = 1.0
    d = 3
    X = np.zeros((9, 6))
    cost = 0.0
    for k, y in enumerate(Y):
        for g in range(2):
            z = A[:, 3 * g : 3 * g + 3].T @ y
            X[k, 3 * g : 3 * g + 3] = max(1 - lam / np.linalg.norm(z), 0) * z
        cost += np.sum((y - A @ X[k]) ** 2) / (2 * len(Y))
    error = max(
        np.abs(ops.encode(A, Y, lam, d) - X).max(),
        np.abs(ops.decode(A, X) - np.array([A @ x for x in X])).max(),
        abs(ops.loss(A, Y, lam, d) / cost - 1),
    )
    return at_most("largest difference", error, 1e-12)


@measurement
def descent_step(rng: np.random.Generator, quick: bool) -> Finding:
    """A small step along minus the gradient lowers the cost by eta ||grad||^2 to first order."""
    A = rng.standard_normal((6, 4))
    Y = rng.standard_normal((20, 6))
    before, G = ops.loss_and_grad(A, Y, 0.5, 2)
    eta = 1e-7
    after = ops.loss(A - eta * G, Y, 0.5, 2)
    return at_most(
        "|(L(A) - L(A - eta G)) / (eta ||G||^2) - 1|",
        abs((before - after) / (eta * np.sum(G * G)) - 1),
        1e-4,
    )


@measurement
def sampled_norms(rng: np.random.Generator, quick: bool) -> Finding:
    """Norms of the sampled active codes lie in [B_min, B_max] = [4, 5]."""
    A = sampling.make_dictionary(12, 6, 2, rng=rng)
    X = sampling.sample(A, 2000, 2, 2, norm_range=(4, 5), rng=rng).X.reshape(-1, 2)
    r = np.linalg.norm(X, axis=1)
    r = r[r > 0]
    return at_most(
        "largest excess over [4, 5]",
        max(4 - r.min(), r.max() - 5),
        1e-12,
        smallest=float(r.min()),
        largest=float(r.max()),
    )


@measurement
def support_probabilities(rng: np.random.Generator, quick: bool) -> Finding:
    """p1, p2, p3 against the enumeration of all supports, and their size at the simulation's gamma = 3, Gamma = 500."""
    from math import comb

    error = 0.0
    for n_groups in range(3, 8):
        for n_active in range(1, n_groups + 1):
            supports = list(combinations(range(n_groups), n_active))
            for k in (1, 2, 3):
                counted = sum(set(range(k)) <= set(S) for S in supports) / len(supports)
                formula = comb(n_active, k) / comb(n_groups, k)
                error = max(error, abs(counted - formula))
    p1, p2, p3 = (comb(3, k) / comb(500, k) for k in (1, 2, 3))
    return at_most(
        "largest error of p1, p2, p3",
        error,
        1e-14,
        p2_over_p1_squared=p2 / p1**2,
        p3_over_p1_cubed=p3 / p1**3,
    )


@measurement
def code_covariance(rng: np.random.Generator, quick: bool) -> Finding:
    """Sampled codes have covariance E[c^2]/d I = 61/6 I for c ~ U(4, 5), d = 2, not I: in standard errors."""
    A = sampling.make_dictionary(6, 3, 2, rng=rng)
    X = sampling.sample(A, 20_000 if quick else 100_000, 3, 2, norm_range=(4, 5), rng=rng).X
    error = X.T @ X / len(X) - 61 / 6 * np.eye(6)
    spread = np.std(X[:, :, None] * X[:, None, :], axis=0) / np.sqrt(len(X))
    return at_most(
        "largest deviation from 61/6 I in standard errors",
        np.abs(error / spread).max(),
        5.0,
        samples=len(X),
    )


@measurement
def orthonormality_lost(rng: np.random.Generator, quick: bool) -> Finding:
    """One exact gradient step from A = A*, orthonormal: ||A_g^T A_g - I|| afterwards."""
    A = sampling.make_dictionary(12, 4, 2, kind="orthonormal_groups", rng=rng)
    Y = sampling.sample(A, 500, 1, 2, norm_range=(1, 2), rng=rng).Y
    A = A - 0.1 * ops.loss_and_grad(A, Y, 0.2, 2)[1]
    defect = max(
        np.linalg.norm(A[:, 2 * g : 2 * g + 2].T @ A[:, 2 * g : 2 * g + 2] - np.eye(2), 2)
        for g in range(4)
    )
    return at_least("||A_g^T A_g - I|| after one step", defect, 1e-3)
