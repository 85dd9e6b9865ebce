"""Measurements for the model, the objectives and the assumptions: Eqs. (1)-(18)."""

from __future__ import annotations

from itertools import combinations
from math import comb
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
    """The objective penalised on a fixed S only has a minimiser that is active outside S."""
    A, y = _orthonormal_problem(rng)
    minimiser = A.T @ y
    minimiser[:2] = ops.group_soft_threshold(minimiser[:2], 1.0, 2)
    outside = np.abs(minimiser[2:]).max()
    return at_least("largest coefficient outside S of the minimiser", outside, 0.1)


@measurement
def penalty_over_all_groups(rng: np.random.Generator, quick: bool) -> Finding:
    """All groups penalised, orthonormal atoms: sigma(A^T y) meets the optimality conditions."""
    A, y = _orthonormal_problem(rng)
    defect = _subgradient_distance(A, y, ops.encode(A, y, 1.0, 2), 1.0, 2)
    return at_most("distance of 0 from the subdifferential", defect, 1e-12)


@measurement
def rotated_groups(rng: np.random.Generator, quick: bool) -> Finding:
    """(A*_g Q)(Q^T x_g) = A*_g x_g, and A*_g Q is orthonormal, for random orthogonal Q."""
    error = 0.0
    for d in (1, 2, 4):
        star = sampling.make_dictionary(8, 1, d, kind="orthonormal_groups", rng=rng)
        Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
        x = rng.standard_normal(d)
        other = star @ Q
        defect = np.linalg.norm(other.T @ other - np.eye(d))
        error = max(error, float(np.linalg.norm(other @ (Q.T @ x) - star @ x)), float(defect))
    return at_most("difference of the data, and defect of A*_g Q", error, 1e-12)


@measurement
def norm_is_convex(rng: np.random.Generator, quick: bool) -> Finding:
    """l1/l2 is convex: the largest of ||s x + (1 - s) w|| over s ||x|| + (1 - s) ||w||."""
    x = rng.standard_normal((1000, 3, 2))
    w = rng.standard_normal((1000, 3, 2))
    s = rng.uniform(0, 1, (1000, 1, 1))

    def norm(z: Array) -> Array:
        return np.linalg.norm(z, axis=2).sum(axis=1)

    chord = s[:, 0, 0] * norm(x) + (1 - s[:, 0, 0]) * norm(w)
    ratio = norm(s * x + (1 - s) * w) / chord
    return at_most("largest ratio to the chord", ratio.max(), 1 + 1e-12)


def _objective(A: Array, y: Array, x: Array, lam: float, d: int) -> float:
    """(6), the penalty over all groups."""
    penalty = np.linalg.norm(x.reshape(-1, d), axis=1).sum()
    return float(0.5 * np.sum((y - A @ x) ** 2) + lam * penalty)


@measurement
def nonconvex_objective(rng: np.random.Generator, quick: bool) -> Finding:
    """(8) at (A, x) and (-A, -x), where it is equal, against its value half way between them.

    A = I, y = x = (3, 4): 25/2 half way, 5 lam at the ends, less for every lam below 5/2.
    """
    A = np.eye(2)
    y = np.array([3.0, 4.0])
    at_ends = _objective(A, y, y, 99 / 40, 2)
    half_way = _objective(0 * A, y, 0 * y, 99 / 40, 2)
    return at_least("value half way over the value at the ends", half_way / at_ends, 1.0)


@measurement
def unfolded_minimises(rng: np.random.Generator, quick: bool) -> Finding:
    """Overlapping atoms: 2000 unfolded steps meet the optimality conditions of (6), one fails."""
    A = sampling.make_dictionary(8, 5, 2, kind="gaussian", rng=rng)
    y = A @ rng.standard_normal(10)
    lam = 0.3
    many = _subgradient_distance(A, y, ops.unfolded_encode(A, y, lam, 2, 2000), lam, 2)
    one = _subgradient_distance(A, y, ops.encode(A, y, lam, 2), lam, 2)
    ratio = many / max(one, 1e-300)
    return at_most("ratio of the distances of 0 from the subdifferential", ratio, 1e-6, one=one)


def _subgradient_distance(A: Array, y: Array, x: Array, lam: float, d: int) -> float:
    """Largest distance of 0 from a group's part of the subdifferential of (6) at x."""
    gradient = (A.T @ (A @ x - y)).reshape(-1, d)
    codes = x.reshape(-1, d)
    norms = np.linalg.norm(codes, axis=1, keepdims=True)
    active = norms[:, 0] > 0
    inside = gradient[active] + lam * codes[active] / norms[active]
    outside = np.linalg.norm(gradient[~active], axis=1) - lam
    largest = np.linalg.norm(inside, axis=1).max(initial=0.0)
    return float(max(largest, outside.max(initial=0.0)))


@measurement
def prox_optimality(rng: np.random.Generator, quick: bool) -> Finding:
    """x = sigma(z) satisfies z - x in lam d||x||, the optimality condition of the prox."""
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
    """(1 - lam / ||z_+||)_+ z_+ against a bounded search for the minimiser over x >= 0."""
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
    """p1, p2, p3 against the enumeration of all supports, and the constants in Theta."""
    error = 0.0
    for n_groups in range(3, 8):
        for n_active in range(1, n_groups + 1):
            supports = list(combinations(range(n_groups), n_active))
            for k in (1, 2, 3):
                counted = sum(set(range(k)) <= set(S) for S in supports) / len(supports)
                error = max(error, abs(counted - _inclusion(k, n_active, n_groups)))
    pairs = [ratio for gamma in (2, 3, 8) for ratio in _share_of_power(2, gamma)]
    triples = [ratio for gamma in (3, 4, 8) for ratio in _share_of_power(3, gamma)]
    outside = max(0.5 - min(pairs), max(pairs) - 1, 2 / 9 - min(triples), max(triples) - 1)
    return at_most(
        "error of p1, p2, p3, and excess over the constants of Theta",
        max(error, outside),
        1e-14,
        smallest_p2_over_p1_squared=min(pairs),
        smallest_p3_over_p1_cubed=min(triples),
    )


def _inclusion(k: int, n_active: int, n_groups: int) -> float:
    return comb(n_active, k) / comb(n_groups, k)


def _share_of_power(k: int, gamma: int) -> list[float]:
    """p_k / p1^k for growing numbers of groups."""
    sizes = (gamma, gamma + 1, 2 * gamma, 500, 10**6)
    return [_inclusion(k, gamma, G) / _inclusion(1, gamma, G) ** k for G in sizes]


@measurement
def code_covariance(rng: np.random.Generator, quick: bool) -> Finding:
    """Sampled codes have covariance (E[c^2]/d) I = (61/6) I for c ~ U(4, 5), d = 2."""
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
def entries_without_a_bound(rng: np.random.Generator, quick: bool) -> Finding:
    """Codes of Section 4.1: norms in [4, 5], and the smallest modulus of a non-zero entry."""
    A = sampling.make_dictionary(12, 6, 2, rng=rng)
    X = sampling.sample(A, 5000, 3, 2, norm_range=(4, 5), rng=rng).X
    r = np.linalg.norm(X.reshape(-1, 2), axis=1)
    smallest = np.abs(X[X != 0]).min()
    return at_most(
        "smallest entry over smallest norm", smallest / r[r > 0].min(), 0.01, entry=smallest
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
