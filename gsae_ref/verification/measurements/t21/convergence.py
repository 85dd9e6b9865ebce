"""Measurements for the convergence theory: Eqs. (57)-(78), the remarks, R2."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array
from ....theory import descent, gsae
from ...finding import at_least, at_most, measurement

if TYPE_CHECKING:
    from ...finding import Finding


@measurement
def overlap_condition_range(rng: np.random.Generator, quick: bool) -> Finding:
    """Where (69) as printed bites at n = 950, d = 2: below one tau it cannot be met, above another it says nothing (0 <= ||X||^2 <= d)."""
    from scipy.optimize import brentq

    impossible = brentq(lambda tau: gsae.overlap_condition(tau, 950, 0.0), 0.5, 0.9)
    empty = brentq(lambda tau: gsae.overlap_condition(tau, 950, 0.0) - 2, 0.5, 0.9)
    with_d = {f"smallest_tau_d2_delta_{delta}": gsae.smallest_feasible_tau(2, delta) for delta in (0.1, 0.5, 1.0)}
    return at_most("length of the range of tau where (69) as printed says anything", empty - impossible, 1e-3,
                   unsatisfiable_below=impossible, empty_above=empty, **with_d)


@measurement
def first_cross_term(rng: np.random.Generator, quick: bool) -> Finding:
    """E[P_1], enumerated over the supports, against its decomposition behind (72) with the stars in their places."""
    d, n_groups, n_active = 2, 4, 3
    A_star = sampling.make_dictionary(6, n_groups, d, kind="orthonormal_groups", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.4, group_size=d, direction="tangent", rng=rng)
    tau = rng.uniform(0.2, 1, n_groups)
    B, star = groups.blocks(A, d), groups.blocks(A_star, d)
    P, P_star = B @ np.swapaxes(B, 1, 2), star @ np.swapaxes(star, 1, 2)
    supports, g = [S for S in combinations(range(n_groups), n_active)], 0
    enumerated = sum(
        -tau[g] * (np.eye(6) - sum(tau[v] * P[v] for v in S)) @ sum(P_star[h] for h in S if h != g) @ B[g] for S in supports if g in S
    ) / len(supports)

    def both(v: int, h: int) -> float:
        return sum({g, v, h} <= set(S) for S in supports) / len(supports)

    others = range(1, n_groups)
    p2 = sum({0, 1} <= set(S) for S in supports) / len(supports)
    decomposed = -tau[g] * p2 * sum(P_star[h] for h in others) @ B[g] + tau[g] * sum(
        tau[v] * both(v, h) * P[v] @ P_star[h] @ B[g] for v in range(n_groups) for h in others
    )
    return at_most("relative difference", np.linalg.norm(enumerated - decomposed) / np.linalg.norm(enumerated), 1e-12)


@measurement
def final_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """d (mu_B + delta)^2 gamma^4 / Gamma^2 against 4 C^2 d log^2 n / Gamma^2 when gamma <= log n and mu_B, delta <= C / log n."""
    n = 10 ** rng.uniform(1, 6, 1000)
    C, n_groups, d = rng.uniform(0, 1, (3, 1000)) * [[1.0], [1e4], [16]] + [[0.01], [1], [1]]
    gamma, (mu, delta) = np.log(n) * rng.uniform(0, 1, 1000), C / np.log(n) * rng.uniform(0, 1, (2, 1000))
    gamma[0], mu[0], delta[0] = np.log(n[0]), C[0] / np.log(n[0]), C[0] / np.log(n[0])
    ratio = d * (mu + delta) ** 2 * gamma**4 / n_groups**2 / (4 * C**2 * d * np.log(n) ** 2 / n_groups**2)
    return at_most("largest ratio to the explicit constant (1 is attained)", ratio.max(), 1 + 1e-12)


@measurement
def norms_from_entries(rng: np.random.Generator, quick: bool) -> Finding:
    """Entries in [a, b] in modulus give group norms in [a, sqrt(d) b]."""
    d, a, b = 4, 0.5, 2.0
    x = rng.uniform(a, b, (10_000, d)) * rng.choice([-1, 1], (10_000, d)) * (np.arange(d) < rng.integers(1, d + 1, (10_000, 1)))
    r = np.linalg.norm(x, axis=1)
    return at_most("largest excess over [a, sqrt(d) b]", max(a - r.min(), r.max() - np.sqrt(d) * b), 0.0)


@measurement
def scaled_minimiser(rng: np.random.Generator, quick: bool) -> Finding:
    """gamma = 1, orthonormal A*, codes of norm B: loss at s A* (zero) and at A* (not), lam/B = 9/20, s = 5/4."""
    A_star = sampling.make_dictionary(8, 4, 2, kind="orthonormal", rng=rng)
    Y = sampling.sample(A_star, 200, 1, 2, norm_range=(2, 2), rng=rng).Y
    s = descent.scaled_minimiser(9 / 20)
    at_scaled, at_star = ops.loss(s * A_star, Y, 0.9, 2), ops.loss(A_star, Y, 0.9, 2)
    return at_least("loss at A* over loss at s A*", at_star / max(at_scaled, 1e-12), 1e6, loss_at_star=at_star, scale=s,
                    floor_per_group=(s - 1) ** 2 * 2)


class Population(NamedTuple):
    """All samples of one active group with ||x|| ~ U(low, high) and isotropic direction in the plane, as a quadrature rule."""

    Y: Array
    weights: Array
    second_moment: float


def _population(star_g: Array, low: float = 4.0, high: float = 5.0, angles: int = 64, radii: int = 12) -> Population:
    """Gauss-Legendre in the norm, equidistant in the angle: exact to rounding for the smooth integrands at hand."""
    nodes, weights = np.polynomial.legendre.leggauss(radii)
    c = (low + high) / 2 + (high - low) / 2 * nodes
    phi = 2 * np.pi * np.arange(angles) / angles
    X = (c[:, None, None] * np.stack([np.cos(phi), np.sin(phi)], axis=1)).reshape(-1, 2)
    weights = np.repeat(weights / 2 / angles, angles)
    return Population(X @ star_g.T, weights, float(np.sum(weights * X[:, 0] ** 2)))


def _population_gradient(A: Array, star: Array, lam: float, d: int) -> Array:
    """Exact gradient averaged over the group drawn and its code. The samples enter one by one, so that weights can differ."""
    G = np.zeros_like(A)
    for star_g in star:
        population = _population(star_g)
        for y, w in zip(population.Y, population.weights, strict=True):
            G += w / len(star) * ops.loss_and_grad(A, y, lam, d)[1]
    return G


def _retracted_run(rng: np.random.Generator, steps: int) -> Iterator[tuple[Array, Array, float, float]]:
    """Population gradient descent with polar retraction, gamma = 1, d = 2; yields A before the step, A* and the constants."""
    d, n_groups, lam, eta = 2, 3, 1.9, 0.12
    A_star = sampling.make_dictionary(9, n_groups, d, kind="orthonormal", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.45, group_size=d, direction="tangent", rng=rng)
    star = groups.blocks(A_star, d)
    for _ in range(steps + 1):
        yield A, A_star, lam, eta
        A = A - eta * _population_gradient(A, star, lam, d)
        A = groups.polar(A, d)


@measurement
def contraction(rng: np.random.Generator, quick: bool) -> Finding:
    """R2: tangents of the principal angles after each step against the predicted ones, exact population gradient by quadrature."""
    error, last, d = 0.0, 0.0, 2
    predicted = None
    for A, A_star, lam, eta in _retracted_run(rng, 2 if quick else 5):
        theta = metrics.principal_angles(A, A_star, d)
        if predicted is not None:
            error = max(error, np.abs(np.sort(np.tan(theta), axis=1) / np.sort(predicted, axis=1) - 1).max())
        predicted = np.empty_like(theta)
        for g, (B, S) in enumerate(zip(groups.blocks(A, d), groups.blocks(A_star, d), strict=True)):
            population, p = _population(S), 1 / len(theta)
            rotation = np.linalg.svd(S.T @ B)[2].T  # principal basis of A_g, cosines decreasing, so angles increasing
            Z = population.Y @ B @ rotation
            share = lam / np.linalg.norm(Z, axis=1)
            m = p * np.einsum("k,k,ki->i", population.weights, share * (2 - share), Z**2)
            predicted[g] = descent.contraction_factor(theta[g], eta, p * population.second_moment, m) * np.tan(theta[g])
        last = float(theta.max())
    return at_most("relative difference of predicted and measured tangents", error, 1e-9, largest_angle_at_the_end=last)


@measurement
def repaired_run(rng: np.random.Generator, quick: bool) -> Finding:
    """R3 iterated: retracted steps along the closed-form expected gradient, all groups at once, for growing numbers of groups.

    Largest orbit distance at the end over the floor 2.96 sqrt(d) ||beta||_2 / c that iterating the one-step bound implies.
    """
    d, n_active, tau, ratios, floors = 2, 3, 0.5, [], {}
    for n_groups in (8, 16) if quick else (8, 16, 32, 64):
        A_star = sampling.make_dictionary(3 * n_groups, n_groups, d, kind="orthonormal_groups", rng=rng)
        A = sampling.perturb_dictionary(A_star, delta=0.45, group_size=d, direction="tangent", rng=rng)
        leading = gsae.leading_coefficient(tau, n_active / n_groups)
        for _ in range(60):
            G = ops.expected_gradient(A, A_star, tau, n_active, d)
            beta = G - ops.expected_gradient(A, A_star, tau, n_active, d, form="printed")
            B, H = groups.blocks(A, d), groups.blocks(G, d)
            A = groups.polar(groups.unblock(B - (H - B @ (np.swapaxes(B, 1, 2) @ H)) / leading), d)
        pairs = zip(groups.blocks(A, d), groups.blocks(A_star, d), strict=True)
        distance = max(descent.orbit_distance(B, S) for B, S in pairs)
        largest_beta = np.linalg.norm(groups.blocks(beta, d), ord=2, axis=(1, 2)).max()
        ratios.append(distance / (2.96 * np.sqrt(d) * largest_beta / leading))
        floors[f"distance_times_groups_{n_groups}"] = float(distance * n_groups)
    return at_most("final orbit distance over 2.96 sqrt(d) ||beta||_2 / c", max(ratios), 1.0, **floors)


@measurement
def support_condition_persists(rng: np.random.Generator, quick: bool) -> Finding:
    """R2's support condition, met at the start, has a margin that never decreases along the run."""
    margins = []
    for A, A_star, lam, _ in _retracted_run(rng, 2 if quick else 5):
        theta = metrics.principal_angles(A, A_star, 2)
        margins.append(descent.support_persists(lam, 4.0, 5.0, 0.0, float(theta.max())))
    steps = np.diff(margins)
    value = min(margins[0], steps.min())
    return at_least("margin at the start and its smallest increase", value, 0.0, start=float(margins[0]), end=float(margins[-1]))
