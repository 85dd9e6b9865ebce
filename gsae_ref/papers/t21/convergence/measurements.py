"""Measurements for convergence: Eqs. (76)-(78), the remarks, R2, R3, and whether the paper's simulation satisfies its theory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array, BoolArray
from ....claims.finding import Finding, at_least, at_most, measurement
from ..direction.formulas import overlap_condition
from ..gradients import formulas as gradients
from ..model.formulas import block_coherence, closeness, coherence, orthonormality_defect
from ..support.formulas import recovery_interval, sharp_interval
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


@measurement
def final_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """d (mu_B + delta)^2 gamma^4 / Gamma^2 against 4 C^2 d log^2 n / Gamma^2 when gamma <= log n and mu_B, delta <= C / log n."""
    n = 10 ** rng.uniform(1, 6, 1000)
    C, n_groups, d = rng.uniform(0, 1, (3, 1000)) * [[1.0], [1e4], [16]] + [[0.01], [1], [1]]
    gamma = np.log(n) * rng.uniform(0, 1, 1000)
    mu, delta = C / np.log(n) * rng.uniform(0, 1, (2, 1000))
    gamma[0] = np.log(n[0])
    mu[0] = C[0] / np.log(n[0])
    delta[0] = C[0] / np.log(n[0])
    ratio = (
        d
        * (mu + delta) ** 2
        * gamma**4
        / n_groups**2
        / (4 * C**2 * d * np.log(n) ** 2 / n_groups**2)
    )
    return at_most("largest ratio to the explicit constant (1 is attained)", ratio.max(), 1 + 1e-12)


@measurement
def norms_from_entries(rng: np.random.Generator, quick: bool) -> Finding:
    """Entries in [a, b] in modulus give group norms in [a, sqrt(d) b]."""
    d = 4
    a = 0.5
    b = 2.0
    x = (
        rng.uniform(a, b, (10_000, d))
        * rng.choice([-1, 1], (10_000, d))
        * (np.arange(d) < rng.integers(1, d + 1, (10_000, 1)))
    )
    r = np.linalg.norm(x, axis=1)
    return at_most(
        "largest excess over [a, sqrt(d) b]", max(a - r.min(), r.max() - np.sqrt(d) * b), 0.0
    )


@measurement
def scaled_minimiser(rng: np.random.Generator, quick: bool) -> Finding:
    """gamma = 1, orthonormal A*, codes of norm B: loss at s A* (zero) and at A* (not), lam/B = 9/20, s = 5/4."""
    A_star = sampling.make_dictionary(8, 4, 2, kind="orthonormal", rng=rng)
    Y = sampling.sample(A_star, 200, 1, 2, norm_range=(2, 2), rng=rng).Y
    s = formulas.scaled_minimiser(9 / 20)
    at_scaled = ops.loss(s * A_star, Y, 0.9, 2)
    at_star = ops.loss(A_star, Y, 0.9, 2)
    return at_least(
        "loss at A* over loss at s A*",
        at_star / max(at_scaled, 1e-12),
        1e6,
        loss_at_star=at_star,
        scale=s,
        floor_per_group=(s - 1) ** 2 * 2,
    )


class Population(NamedTuple):
    """All samples of one active group with ||x|| ~ U(low, high) and isotropic direction in the plane, as a quadrature rule."""

    Y: Array
    weights: Array
    second_moment: float


def _population(
    star_g: Array, low: float = 4.0, high: float = 5.0, angles: int = 64, radii: int = 12
) -> Population:
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


def _retracted_run(
    rng: np.random.Generator, steps: int
) -> Iterator[tuple[Array, Array, float, float]]:
    """Population gradient descent with polar retraction, gamma = 1, d = 2; yields A before the step, A* and the constants."""
    d = 2
    n_groups = 3
    lam = 1.9
    eta = 0.12
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
    error = 0.0
    last = 0.0
    d = 2
    predicted = None
    for A, A_star, lam, eta in _retracted_run(rng, 2 if quick else 5):
        theta = metrics.principal_angles(A, A_star, d)
        if predicted is not None:
            error = max(
                error, np.abs(np.sort(np.tan(theta), axis=1) / np.sort(predicted, axis=1) - 1).max()
            )
        predicted = np.empty_like(theta)
        for g, (B, S) in enumerate(zip(groups.blocks(A, d), groups.blocks(A_star, d), strict=True)):
            population = _population(S)
            p = 1 / len(theta)
            rotation = np.linalg.svd(S.T @ B)[
                2
            ].T  # principal basis of A_g, cosines decreasing, so angles increasing
            Z = population.Y @ B @ rotation
            share = lam / np.linalg.norm(Z, axis=1)
            m = p * np.einsum("k,k,ki->i", population.weights, share * (2 - share), Z**2)
            predicted[g] = formulas.contraction_factor(
                theta[g], eta, p * population.second_moment, m
            ) * np.tan(theta[g])
        last = float(theta.max())
    return at_most(
        "relative difference of predicted and measured tangents",
        error,
        1e-9,
        largest_angle_at_the_end=last,
    )


@measurement
def repaired_run(rng: np.random.Generator, quick: bool) -> Finding:
    """R3 iterated: retracted steps along the closed-form expected gradient, all groups at once, for growing numbers of groups.

    Largest orbit distance at the end over the floor 2.96 sqrt(d) ||beta||_2 / c that iterating the
    one-step bound implies.
    """
    d = 2
    n_active = 3
    tau = 0.5
    ratios = []
    floors = {}
    for n_groups in (8, 16) if quick else (8, 16, 32, 64):
        A_star = sampling.make_dictionary(
            3 * n_groups, n_groups, d, kind="orthonormal_groups", rng=rng
        )
        A = sampling.perturb_dictionary(
            A_star, delta=0.45, group_size=d, direction="tangent", rng=rng
        )
        leading = gradients.leading_coefficient(tau, n_active / n_groups)
        for _ in range(60):
            G = ops.expected_gradient(A, A_star, tau, n_active, d)
            beta = G - ops.expected_gradient(A, A_star, tau, n_active, d, form="printed")
            B = groups.blocks(A, d)
            H = groups.blocks(G, d)
            A = groups.polar(groups.unblock(B - (H - B @ (np.swapaxes(B, 1, 2) @ H)) / leading), d)
        pairs = zip(groups.blocks(A, d), groups.blocks(A_star, d), strict=True)
        distance = max(formulas.orbit_distance(B, S) for B, S in pairs)
        largest_beta = np.linalg.norm(groups.blocks(beta, d), ord=2, axis=(1, 2)).max()
        ratios.append(distance / (2.96 * np.sqrt(d) * largest_beta / leading))
        floors[f"distance_times_groups_{n_groups}"] = float(distance * n_groups)
    return at_most(
        "final orbit distance over 2.96 sqrt(d) ||beta||_2 / c", max(ratios), 1.0, **floors
    )


@measurement
def support_condition_persists(rng: np.random.Generator, quick: bool) -> Finding:
    """R2's support condition, met at the start, has a margin that never decreases along the run."""
    margins = []
    for A, A_star, lam, _ in _retracted_run(rng, 2 if quick else 5):
        theta = metrics.principal_angles(A, A_star, 2)
        margins.append(formulas.support_persists(lam, 4.0, 5.0, 0.0, float(theta.max())))
    steps = np.diff(margins)
    value = min(margins[0], steps.min())
    return at_least(
        "margin at the start and its smallest increase",
        value,
        0.0,
        start=float(margins[0]),
        end=float(margins[-1]),
    )


N_FEATURES = 950
N_GROUPS = 500
D = 2
N_ACTIVE = 3
LAM = 2.0
B_MIN = 4.0
B_MAX = 5.0


@measurement
def simulation(rng: np.random.Generator, quick: bool) -> Finding:
    """Every hypothesis of the theory, evaluated on the paper's own simulation."""
    A_star = sampling.make_dictionary(N_FEATURES, N_GROUPS, D, rng=rng)
    A = sampling.perturb_dictionary(A_star, correlation=0.15, rng=rng)
    Y, X, support = sampling.sample(
        A_star, 1000 if quick else 10_000, N_ACTIVE, D, norm_range=(B_MIN, B_MAX), rng=rng
    )
    mu_block = block_coherence(A_star, D)
    d_mu = D * block_coherence(A_star, D)
    printed = recovery_interval(N_ACTIVE, B_MIN, B_MAX, mu_block, 0.0, D, "printed")
    corrected = recovery_interval(N_ACTIVE, B_MIN, B_MAX, mu_block, 0.0, D)
    sharp = sharp_interval(A_star, A_star, D, N_ACTIVE, B_MIN, B_MAX)
    delta_printed = (B_MIN - 2 * N_ACTIVE * B_MAX * mu_block) / (B_MIN + 2 * N_ACTIVE * B_MAX)
    delta_corrected = (B_MIN - (2 * N_ACTIVE - 1) * B_MAX * d_mu) / (
        B_MIN + (2 * N_ACTIVE - 1) * B_MAX
    )
    unit = A / np.linalg.norm(A, axis=0)
    tau_low = 1 - LAM / B_MIN
    tau_high = 1 - LAM / B_MAX
    mean_square = float(np.sum(X**2) / (len(X) * N_ACTIVE))

    def active(B: Array) -> BoolArray:
        return np.linalg.norm((Y @ B).reshape(len(Y), N_GROUPS, D), axis=2) > LAM

    found = metrics.support_recovery(support, active(A_star), N_GROUPS)
    start = metrics.support_recovery(support, active(A), N_GROUPS)
    start_unit = active(unit)
    numbers: dict[str, Any] = {
        "n_samples": len(Y),
        "mu": coherence(A_star),
        "mu_block": mu_block,
        "max_cross_block_norm": d_mu,
        "star_norm_max": float(
            np.linalg.norm(
                A_star.reshape(N_FEATURES, N_GROUPS, D).transpose(1, 0, 2), ord=2, axis=(1, 2)
            ).max()
        ),
        "mean_squared_code_norm": mean_square,
        "printed_interval": printed,
        "corrected_interval": corrected,
        "sharp_interval": tuple(sharp),
        "largest_delta_printed": delta_printed,
        "largest_delta_corrected": delta_corrected,
        "closeness_at_start": float(closeness(A, A_star, D).max()),
        "closeness_at_normalised_start": float(closeness(unit, A_star, D).max()),
        "orthonormality_defect_at_start": float(orthonormality_defect(A, D).max()),
        "exact_supports_at_star": found.exact,
        "exact_supports_at_start": start.exact,
        "active_groups_at_start": start.n_active_mean,
        "active_groups_at_normalised_start": float(start_unit.sum(axis=1).mean()),
        "overlap_bound_n_at_tau": [
            overlap_condition(t, N_FEATURES, 0.0) for t in (tau_low, tau_high)
        ],
        "loss_at_star": ops.loss(A_star, Y, LAM, D),
    }
    violated = {
        "(15) with (16): E||x_g||^2 = d": abs(mean_square - D) > 0.1,
        "(17): delta <= 1 at the start": numbers["closeness_at_start"] > 1
        and numbers["closeness_at_normalised_start"] > 1,
        "A_g^T A_g = I at the start": numbers["orthonormality_defect_at_start"] > 0.01,
        "||A*_g||_2 = 1": numbers["star_norm_max"] > 1.001,
        "corrected Lemma 1 at A = A*": corrected[0] >= corrected[1],
        "norm condition of Theorem 2": max(numbers["overlap_bound_n_at_tau"]) < 0,
    }
    numbers["violated"] = [name for name, is_violated in violated.items() if is_violated]
    summary = (
        f"{len(numbers['violated'])} of {len(violated)} hypotheses violated ({'; '.join(numbers['violated'])}); at A = A* the printed interval is "
        f"[{printed[0]:.2f}, {printed[1]:.2f}], the corrected one [{corrected[0]:.2f}, {corrected[1]:.2f}) is empty, and still "
        f"{100 * found.exact:.1f} % of {len(Y)} supports are found; at the start {start.n_active_mean:.0f} of {N_GROUPS} groups are active"
    )
    return Finding(
        "measurement",
        "hypotheses violated by the simulation",
        all(violated.values()),
        summary,
        numbers,
    )
