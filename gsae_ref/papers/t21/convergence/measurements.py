"""Measurements for convergence: (78), the remarks, R2, R3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array
from ....claims.finding import at_least, at_most, measurement
from ..gradients import formulas as gradients
from ..model.formulas import cross_block_norms
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


@measurement
def final_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """d (mu_B + delta)^2 gamma^4 / Gamma^2 over its bound, gamma and the coherences at most theirs.

    The first of the draws has gamma = log n and mu_B = delta = C / log n, where the ratio is 1.
    """
    log_n = np.log(10.0 ** rng.uniform(1, 6, 1000))
    C = rng.uniform(0.01, 1, 1000)
    share = rng.uniform(0, 1, (3, 1000))
    share[:, 0] = 1
    gamma = log_n * share[0]
    coherence = C / log_n * (share[1] + share[2])
    ratio = coherence**2 * gamma**4 / (4 * C**2 * log_n**2)
    return at_most("largest ratio to the explicit constant (1 is attained)", ratio.max(), 1 + 1e-12)


@measurement
def norms_from_entries(rng: np.random.Generator, quick: bool) -> Finding:
    """Non-zero entries in [a, b] in modulus give group norms in [a, sqrt(d) b]."""
    d = 4
    low = 0.5
    high = 2.0
    x = rng.uniform(low, high, (10_000, d)) * rng.choice([-1, 1], (10_000, d))
    n_entries = rng.integers(1, d + 1, (10_000, 1))
    r = np.linalg.norm(np.where(np.arange(d) < n_entries, x, 0), axis=1)
    ratio = max(low / r.min(), r.max() / (np.sqrt(d) * high))
    return at_most("largest of a/||x|| and ||x||/(sqrt(d) b)", ratio, 1.0)


@measurement
def sparse_network_without_bias(rng: np.random.Generator, quick: bool) -> Finding:
    """N19's threshold network with bias 0 at every one of 300 steps: distance at the end / start.

    Orthonormal A*, symmetric codes of modulus 1, lam = 1/2, columns normalised after every step.
    """
    A_star = sampling.make_dictionary(12, 12, 1, kind="orthonormal", rng=rng)
    Y = sampling.sample_sparse(A_star, 2000, "general", n_active=2, rng=rng).Y
    W = sampling.perturb_dictionary(A_star, delta=0.2, group_size=1, direction="tangent", rng=rng)
    start = np.linalg.norm(W - A_star)
    for _ in range(300):
        W = W - 1.0 * ops.sparse_loss_and_grad(W, Y, 0.0, "hard", 0.5)[1]
        W = W / np.linalg.norm(W, axis=0)
    return at_most(
        "distance at the end over distance at the start", np.linalg.norm(W - A_star) / start, 1e-3
    )


@measurement
def scaled_minimiser(rng: np.random.Generator, quick: bool) -> Finding:
    """Loss at A* over loss at s A*, orthonormal A*, codes of norm 2, lam/B = 9/20, s = 5/4."""
    A_star = sampling.make_dictionary(8, 4, 2, kind="orthonormal", rng=rng)
    s = formulas.scaled_minimiser(9 / 20)
    ratios = []
    for n_active in (1, 2):
        Y = sampling.sample(A_star, 200, n_active, 2, norm_range=(2, 2), rng=rng).Y
        at_scaled = ops.loss(s * A_star, Y, 0.9, 2)
        ratios.append(ops.loss(A_star, Y, 0.9, 2) / max(at_scaled, 1e-12))
    distance = np.linalg.norm((s * A_star - A_star)[:, :2]) ** 2
    return at_least(
        "loss at A* over loss at s A*",
        min(ratios),
        1e6,
        scale=s,
        squared_distance_per_group=float(distance),
    )


class Population(NamedTuple):
    """Samples of one active group as a quadrature rule: ||x|| uniform, direction isotropic."""

    Y: Array
    weights: Array
    second_moment: float


def _population(star_g: Array, low: float = 4.0, high: float = 5.0) -> Population:
    """Gauss-Legendre in the norm, equidistant in the angle: exact to rounding here."""
    angles = 64
    nodes, weights = np.polynomial.legendre.leggauss(12)
    c = (low + high) / 2 + (high - low) / 2 * nodes
    phi = 2 * np.pi * np.arange(angles) / angles
    X = (c[:, None, None] * np.stack([np.cos(phi), np.sin(phi)], axis=1)).reshape(-1, 2)
    weights = np.repeat(weights / 2 / angles, angles)
    return Population(X @ star_g.T, weights, float(np.sum(weights * X[:, 0] ** 2)))


def _population_gradient(A: Array, star: Array, lam: float, d: int) -> Array:
    """Exact gradient averaged over the group drawn and its code.

    The samples enter one by one, as their weights differ.
    """
    G = np.zeros_like(A)
    for star_g in star:
        population = _population(star_g)
        for y, w in zip(population.Y, population.weights, strict=True):
            G += w / len(star) * ops.loss_and_grad(A, y, lam, d)[1]
    return G


class Setting(NamedTuple):
    """Where R2 is tried: n, Gamma, the kind of A*, the distance of the start; d = 2, gamma = 1."""

    n_features: int
    n_groups: int
    kind: str
    delta: float


ORTHONORMAL = Setting(9, 3, "orthonormal", 0.45)
OVERLAPPING = Setting(30, 4, "orthonormal_groups", 0.15)
STEP = 0.12


class Iterate(NamedTuple):
    """A before a step, A*, the threshold, and the margin of R2's support condition."""

    A: Array
    A_star: Array
    lam: float
    margin: float


def _retracted_run(
    rng: np.random.Generator, steps: int, setting: Setting = ORTHONORMAL
) -> Iterator[Iterate]:
    """Population gradient descent with polar retraction, lam in the middle of R2's condition."""
    d = 2
    sizes = setting.n_features, setting.n_groups, d
    A_star = sampling.make_dictionary(*sizes, kind=setting.kind, rng=rng)
    A = sampling.perturb_dictionary(
        A_star, delta=setting.delta, group_size=d, direction="tangent", rng=rng
    )
    norms = cross_block_norms(A_star, A_star, d)
    np.fill_diagonal(norms, 0)
    cross = float(norms.max())
    star = groups.blocks(A_star, d)
    theta = float(metrics.principal_angles(A, A_star, d).max())
    lam = (5 * (cross + np.sin(theta)) + 4 * np.cos(theta)) / 2
    for _ in range(steps + 1):
        theta = float(metrics.principal_angles(A, A_star, d).max())
        margin = formulas.support_persists(lam, 4.0, 5.0, cross, theta)
        yield Iterate(A, A_star, lam, margin)
        A = groups.polar(A - STEP * _population_gradient(A, star, lam, d), d)


def _predicted_tangents(iterate: Iterate) -> Array:
    """R2's tangents of the principal angles after the step, for every group."""
    d = 2
    theta = metrics.principal_angles(iterate.A, iterate.A_star, d)
    blocks = groups.blocks(iterate.A, d)
    star = groups.blocks(iterate.A_star, d)
    p = 1 / len(theta)
    predicted = np.empty_like(theta)
    for g, (B, S) in enumerate(zip(blocks, star, strict=True)):
        population = _population(S)
        principal = np.linalg.svd(S.T @ B)[2].T  # cosines decrease, so angles increase
        Z = population.Y @ B @ principal
        share = iterate.lam / np.linalg.norm(Z, axis=1)
        m = p * np.einsum("k,k,ki->i", population.weights, share * (2 - share), Z**2)
        kappa = p * population.second_moment
        factor = formulas.contraction_factor(theta[g], STEP, kappa, m)
        predicted[g] = factor * np.tan(theta[g])
    return predicted


@measurement
def contraction(rng: np.random.Generator, quick: bool) -> Finding:
    """R2's tangents against those of population steps, for orthonormal and overlapping groups."""
    error = 0.0
    margins = []
    for setting in (ORTHONORMAL, OVERLAPPING):
        predicted = None
        for iterate in _retracted_run(rng, 1 if quick else 4, setting):
            if predicted is not None:
                tangents = np.tan(metrics.principal_angles(iterate.A, iterate.A_star, 2))
                ratio = np.sort(tangents, axis=1) / np.sort(predicted, axis=1)
                error = max(error, float(np.abs(ratio - 1).max()))
            predicted = _predicted_tangents(iterate)
            margins.append(iterate.margin)
    worst = error if min(margins) >= 0 else np.inf
    return at_most(
        "relative difference of predicted and measured tangents",
        worst,
        1e-9,
        smallest_support_margin=min(margins),
    )


@measurement
def repaired_run(rng: np.random.Generator, quick: bool) -> Finding:
    """R3 iterated: final orbit distance over 2.96 sqrt(d) ||beta||_2 / c, all groups at once."""
    ratios = {}
    for n_groups in (8, 16) if quick else (8, 16, 32, 64):
        ratios[f"groups_{n_groups}"] = _final_distance_over_floor(rng, n_groups)
    return at_most(
        "final orbit distance over 2.96 sqrt(d) ||beta||_2 / c",
        max(ratios.values()),
        1.0,
        **ratios,
    )


def _final_distance_over_floor(rng: np.random.Generator, n_groups: int) -> float:
    """60 retracted steps at kappa = 1 along R6's gradient, d = 2, gamma = 3, tau = 1/2."""
    d = 2
    n_active = 3
    A_star = sampling.make_dictionary(3 * n_groups, n_groups, d, kind="orthonormal_groups", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.45, group_size=d, direction="tangent", rng=rng)
    star = groups.blocks(A_star, d)
    c = gradients.leading_coefficient(0.5, n_active / n_groups)
    largest = 0.0
    for _ in range(60):
        G = ops.expected_gradient(A, A_star, 0.5, n_active, d)
        beta = G - ops.expected_gradient(A, A_star, 0.5, n_active, d, form="printed")
        B = groups.blocks(A, d)
        H = groups.blocks(G, d)
        tangential = H - B @ (np.swapaxes(B, 1, 2) @ H)
        A = groups.polar(groups.unblock(B - tangential / c), d)
        distances = [
            formulas.orbit_distance(A_g, S)
            for A_g, S in zip(groups.blocks(A, d), star, strict=True)
        ]
        if max(distances) > 1:
            return np.inf
        largest = np.linalg.norm(groups.blocks(beta, d), ord=2, axis=(1, 2)).max()
    return float(max(distances) / (2.96 * np.sqrt(d) * largest / c))


@measurement
def support_condition_persists(rng: np.random.Generator, quick: bool) -> Finding:
    """R2's support condition: its margin at the start, and its smallest increase in a step."""
    margins = [iterate.margin for iterate in _retracted_run(rng, 2 if quick else 5)]
    value = min(margins[0], np.diff(margins).min())
    return at_least(
        "margin at the start and its smallest increase",
        value,
        0.0,
        start=margins[0],
        end=margins[-1],
    )
