"""Measurements for the gradients and their expectations: Eqs. (23)-(31), (40)-(56), R0, R1, R6."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from .... import groups, ops, sampling
from ....arrays import Array, IntArray, Real
from ....claims.finding import at_least, at_most, measurement
from .formulas import oja_gradient

if TYPE_CHECKING:
    from ....claims.finding import Finding


def network(rng: np.random.Generator, d: int, samples: int = 6) -> tuple[Array, Array, float]:
    """Dictionary, batch and a threshold near the median norm, so that about half of the groups are active, none near the kink."""
    n_groups = 3
    while True:
        A = rng.standard_normal((5, n_groups * d)) / np.sqrt(5)
        Y = 2 * rng.standard_normal((samples, 5))
        r = groups.norms(Y @ A, d)
        lam = float(np.median(r)) * rng.choice([0.3, 1.001, 1.5])
        if np.abs(r - lam).min() > 1e-3 * lam:
            return A, Y, lam


def _directional_error(
    rng: np.random.Generator, A: Array, Y: Array, lam: float, d: int, gradient: str
) -> float:
    """Relative error of <G, D> against a central difference of the loss along the direction D."""
    G = ops.loss_and_grad(A, Y, lam, d, gradient)[1]
    D = rng.standard_normal(A.shape)
    D /= np.linalg.norm(D)
    h = np.finfo(float).eps ** (1 / 3)
    numeric = (ops.loss(A + h * D, Y, lam, d) - ops.loss(A - h * D, Y, lam, d)) / (2 * h)
    return abs(numeric - float(np.sum(G * D))) / max(float(np.linalg.norm(G)), 1e-300)


def _largest_directional_error(
    rng: np.random.Generator, quick: bool, gradient: str, sizes: tuple[int, ...]
) -> float:
    return max(
        _directional_error(rng, *network(rng, d), d, gradient)
        for d in sizes
        for _ in range(6 if quick else 40)
    )


@measurement
def exact_gradient(rng: np.random.Generator, quick: bool) -> Finding:
    """The exact gradient against central differences, d = 1, 2, 3, 4, 8."""
    error = _largest_directional_error(rng, quick, "exact", (1, 2, 3, 4, 8))
    return at_most("exact gradient against central differences", error, 1e-7)


@measurement
def elementwise_gradient(rng: np.random.Generator, quick: bool) -> Finding:
    """At d = 1 Appendix B's formula is the gradient."""
    return at_most(
        "(41) against central differences, d = 1",
        _largest_directional_error(rng, quick, "appendix_b", (1,)),
        1e-7,
    )


@measurement
def printed_gradient(rng: np.random.Generator, quick: bool) -> Finding:
    """At d = 2, 4 Appendix B's formula is not: mean relative distance from the exact gradient."""
    gaps = {
        d: float(
            np.mean([_gap(*network(rng, d), d, "appendix_b") for _ in range(20 if quick else 200)])
        )
        for d in (2, 4, 8)
    }
    numbers = {f"d_{d}": gap for d, gap in gaps.items()}
    return at_least(
        "mean relative error of (41), smallest of d = 2, 4, 8", min(gaps.values()), 0.005, **numbers
    )


def _gap(A: Array, Y: Array, lam: float, d: int, gradient: str) -> Real:
    exact = ops.loss_and_grad(A, Y, lam, d)[1]
    scale = np.linalg.norm(exact)
    return (
        np.linalg.norm(ops.loss_and_grad(A, Y, lam, d, gradient)[1] - exact) / scale
        if scale > 0
        else 0.0
    )


@measurement
def version1_decoder_term(rng: np.random.Generator, quick: bool) -> Finding:
    """-e sigma'(z)^T, as version 1 prints the decoder term, against -e sigma(z)^T, at d = 1, where sigma' = 1{x != 0}."""
    A, Y, lam = network(rng, 1)
    X = ops.encode(A, Y, lam, 1)
    E = Y - ops.decode(A, X)
    wrong = E.T @ (X != 0).astype(float)
    right = E.T @ X
    return at_least(
        "relative difference", np.linalg.norm(wrong - right) / np.linalg.norm(right), 0.05
    )


@measurement
def jacobian(rng: np.random.Generator, quick: bool) -> Finding:
    """J v of the threshold against a central difference of the threshold."""
    error = 0.0
    h = 1e-6
    for d in (1, 2, 5):
        Z = 2 * rng.standard_normal((50, d))
        V = rng.standard_normal((50, d))
        Z = Z[np.abs(np.linalg.norm(Z, axis=1) - 1) > 1e-2]
        V = V[: len(Z)]
        numeric = (
            ops.group_soft_threshold(Z + h * V, 1.0, d)
            - ops.group_soft_threshold(Z - h * V, 1.0, d)
        ) / (2 * h)
        error = max(error, np.abs(ops.group_soft_threshold_vjp(Z, V, 1.0, d) - numeric).max())
    return at_most("J v against central differences", error, 1e-7)


def _one_orthonormal_group(rng: np.random.Generator, share: float) -> tuple[float, float]:
    """Errors of (26) for one active orthonormal group with lam/r = share, at a sample with a component outside its span."""
    A = sampling.make_dictionary(6, 1, 2, kind="orthonormal_groups", rng=rng)
    z = rng.standard_normal(2)
    normal = rng.standard_normal(6)
    y = A @ (z / np.linalg.norm(z)) / share + (normal - A @ (A.T @ normal))
    report = ops.compare_gradients(A, y, 1.0, 2)["approximate"]
    return float(report.radial[0]), float(report.tangential[0])


@measurement
def approximation_error(rng: np.random.Generator, quick: bool) -> Finding:
    """Size of the radial and the tangential error of (26) at the simulation's lam/r = 4/9."""
    radial, tangential = _one_orthonormal_group(rng, 4 / 9)
    return at_least(
        "smaller of the two relative errors",
        min(radial, tangential),
        0.15,
        radial=radial,
        tangential=tangential,
    )


@measurement
def approximation_error_formula(rng: np.random.Generator, quick: bool) -> Finding:
    """They are l / (2 - l) and l^2, for every share l = lam/r."""
    error = 0.0
    for share in np.linspace(0.05, 0.95, 10):
        radial, tangential = _one_orthonormal_group(rng, share)
        error = max(error, abs(radial - share / (2 - share)), abs(tangential - share**2))
    return at_most("difference from l / (2 - l) and l^2", error, 1e-10)


def _one_sample_51(A: Array, y: Array, S: IntArray | tuple[int, ...], tau: Array, d: int) -> Array:
    """Eq. (51) for one sample by explicit matrices, for every group of S."""
    G = np.zeros_like(A)
    n = len(y)
    inner = np.eye(n) - sum(
        tau[g] * A[:, g * d : (g + 1) * d] @ A[:, g * d : (g + 1) * d].T for g in S
    )
    yy = np.outer(y, y)
    for g in S:
        s = slice(g * d, (g + 1) * d)
        G[:, s] = -tau[g] * (inner @ yy + yy @ inner.T) @ A[:, s]
    return G


@measurement
def approximate_gradient(rng: np.random.Generator, quick: bool) -> Finding:
    """(26) with its '+', as implemented, against (49) and (51) by explicit matrices."""
    error = 0.0
    d = 2
    for _ in range(20):
        A, Y, lam = network(rng, d)
        r = groups.norms(Y @ A, d)
        by_51 = by_49 = np.zeros_like(A)
        for y, norm in zip(Y, r, strict=True):
            S = np.flatnonzero(norm > lam)
            tau = 1 - lam / norm
            by_51 = by_51 + _one_sample_51(A, y, S, tau, d) / len(Y)
            e = y - A @ ops.encode(A, y, lam, d)
            mask = groups.expand(np.where(norm > lam, tau, 0), d)
            by_49 = by_49 - (np.outer(e, y) + np.outer(y, e)) @ A * mask / len(Y)
        G = ops.loss_and_grad(A, Y, lam, d, "approximate")[1]
        error = max(error, float(np.linalg.norm(G - by_51) + np.linalg.norm(G - by_49)))
    return at_most("difference from (49) and (51)", error, 1e-12)


@measurement
def missing_plus(rng: np.random.Generator, quick: bool) -> Finding:
    """Without the '+', (26) is of degree four in (y, lam), while the loss it is to differentiate is of degree two."""
    A, Y, lam = network(rng, 2, samples=1)
    lam *= 0.1
    degree = []
    for scale in (1.0, 2.0):
        y = scale * Y[0]
        r = groups.norms(y @ A, 2)
        tau = groups.expand(np.maximum(1 - scale * lam / r, 0), 2)
        inner = np.eye(5) - (A * tau) @ A.T
        yy = np.outer(y, y)
        degree.append(np.linalg.norm(inner @ yy @ yy @ inner.T @ A * tau))
    return at_least(
        "degree of homogeneity of (26) as printed (2 is right)", np.log2(degree[1] / degree[0]), 3.9
    )


def _pair(
    rng: np.random.Generator, n_features: int = 6, n_groups: int = 4, d: int = 2
) -> tuple[Array, Array, Array]:
    """A and A* with orthonormal groups at moderate distance, and factors tau."""
    A_star = sampling.make_dictionary(n_features, n_groups, d, kind="orthonormal_groups", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.4, group_size=d, direction="tangent", rng=rng)
    return A, A_star, rng.uniform(0.2, 1, n_groups)


def _given_support(A: Array, A_star: Array, tau: Array, S: tuple[int, ...], d: int) -> Array:
    """E[(51) | S] for frozen tau by enumerating codes +-sqrt(d) e_i per active group (covariance I), all combinations."""
    atoms = [np.sqrt(d) * sign * np.eye(d)[i] for i in range(d) for sign in (1, -1)]
    total = np.zeros_like(A)
    count = 0
    for choice in product(atoms, repeat=len(S)):
        y = sum(A_star[:, g * d : (g + 1) * d] @ x for g, x in zip(S, choice, strict=True))
        total, count = total + _one_sample_51(A, y, S, tau, d), count + 1
    return total / count


@measurement
def conditional_expectation(rng: np.random.Generator, quick: bool) -> Finding:
    """(29) + (30) for frozen tau against enumerated codes, given S."""
    d = 2
    A, A_star, tau = _pair(rng)
    error = 0.0
    for S in combinations(range(4), 3):
        enumerated = _given_support(A, A_star, tau, S, d)
        B = groups.blocks(A, d)
        star = groups.blocks(A_star, d)
        inner = np.eye(6) - sum(tau[h] * B[h] @ B[h].T for h in S)
        for g in S:
            P1 = -tau[g] * inner @ sum(star[h] @ star[h].T for h in S if h != g) @ B[g]
            P2 = -tau[g] * sum(star[h] @ star[h].T for h in S if h != g) @ inner @ B[g]
            right = (
                -tau[g] * (inner @ star[g] @ star[g].T + star[g] @ star[g].T @ inner) @ B[g]
                + P1
                + P2
            )
            error = max(error, float(np.linalg.norm(enumerated[:, g * d : (g + 1) * d] - right)))
    return at_most("difference, frozen tau", error, 1e-12)


@measurement
def frozen_tau(rng: np.random.Generator, quick: bool) -> Finding:
    """d = 1, codes +-1/5 or +-7/5 (variance 1), lam = 1/10: E[tau x^2] against E[tau] E[x^2]."""
    size = np.array([0.2, 1.4])
    tau = 1 - 0.1 / size
    return at_least(
        "relative error of pulling tau out",
        abs(tau.mean() * (size**2).mean() / (tau * size**2).mean() - 1),
        0.2,
    )


@measurement
def displayed_term(rng: np.random.Generator, quick: bool) -> Finding:
    """At A = A* the displayed term of (31) is zero; the expectation is not: its relative error."""
    A = sampling.make_dictionary(12, 4, 2, kind="orthonormal", rng=rng)
    exact = ops.expected_gradient(A, A, 5 / 9, 1, 2)
    shown = ops.expected_gradient(A, A, 5 / 9, 1, 2, form="printed_31")
    return at_least(
        "relative error at A = A*", np.linalg.norm(shown - exact) / np.linalg.norm(exact), 0.99
    )


@measurement
def expected_enumeration(rng: np.random.Generator, quick: bool) -> Finding:
    """The closed form against the enumeration of all supports, Gamma <= 6, general covariance, groups not orthonormal."""
    error = 0.0
    d = 2
    for n_groups in (1, 2, 3, 5) if quick else (1, 2, 3, 4, 5, 6):
        A, A_star = rng.standard_normal((2, 5, n_groups * d))
        tau = rng.uniform(0, 1, n_groups)
        root = rng.standard_normal((n_groups, d, d))
        covariance = root @ np.swapaxes(root, 1, 2)
        B = groups.blocks(A, d)
        star = groups.blocks(A_star, d)
        P = B @ np.swapaxes(B, 1, 2)
        P_star = star @ covariance @ np.swapaxes(star, 1, 2)
        for n_active in range(1, n_groups + 1):
            total = np.zeros_like(B)
            supports = list(combinations(range(n_groups), n_active))
            for S in map(list, supports):
                inner = np.eye(5) - np.einsum("h,hnm->nm", tau[S], P[S])
                second = P_star[S].sum(axis=0)
                for g in S:
                    total[g] -= tau[g] * (inner @ second + second @ inner) @ B[g]
            enumerated = groups.unblock(total / len(supports))
            closed = ops.expected_gradient(A, A_star, tau, n_active, d, covariance)
            error = max(
                error, float(np.linalg.norm(closed - enumerated) / np.linalg.norm(enumerated))
            )
    return at_most("relative difference from enumeration", error, 1e-12)


@measurement
def leading_term_and_residual(rng: np.random.Generator, quick: bool) -> Finding:
    """(55) with beta~ of (71), E[P_1 + P_2] enumerated over the supports, against the closed form."""
    d = 2
    A, A_star, tau = _pair(rng)
    n_groups = 4
    n_active = 3
    B = groups.blocks(A, d)
    star = groups.blocks(A_star, d)
    P = B @ np.swapaxes(B, 1, 2)
    P_star = star @ np.swapaxes(star, 1, 2)
    p2 = n_active * (n_active - 1) / (n_groups * (n_groups - 1))
    supports = list(combinations(range(n_groups), n_active))
    beta = np.zeros_like(B)
    for g in range(n_groups):
        for h in set(range(n_groups)) - {g}:
            beta[g] += tau[g] * p2 * tau[h] * (P[h] @ P_star[g] + P_star[g] @ P[h]) @ B[g]
        for S in supports:
            if g in S:
                inner = np.eye(6) - sum(tau[h] * P[h] for h in S)
                others = sum(P_star[h] for h in S if h != g)
                beta[g] -= tau[g] * (inner @ others + others @ inner) @ B[g] / len(supports)
    left = ops.expected_gradient(A, A_star, tau, n_active, d)
    right = ops.expected_gradient(A, A_star, tau, n_active, d, form="printed") + groups.unblock(
        beta
    )
    return at_most(
        "relative difference", np.linalg.norm(left - right) / np.linalg.norm(left), 1e-12
    )


@measurement
def rotation_invariance(rng: np.random.Generator, quick: bool) -> Finding:
    """Loss under rotations inside the groups, and the gradient's component along them."""
    error = 0.0
    d = 3
    for _ in range(20):
        A, Y, lam = network(rng, d)
        cost, G = ops.loss_and_grad(A, Y, lam, d)
        Q = np.linalg.qr(rng.standard_normal((3, d, d)))[0]
        K = rng.standard_normal((3, d, d))
        Omega = K - np.swapaxes(K, 1, 2)
        error = max(
            error,
            abs(ops.loss(groups.unblock(groups.blocks(A, d) @ Q), Y, lam, d) / cost - 1),
            abs(float(np.sum(G * groups.unblock(groups.blocks(A, d) @ Omega))))
            / max(float(np.linalg.norm(G)), 1e-300),
        )
    return at_most("relative change of the loss, and <G_g, A_g Omega>", error, 1e-12)


@measurement
def oja_identity(rng: np.random.Generator, quick: bool) -> Finding:
    """R1 at random samples whose active groups are orthonormal jointly; other groups may overlap with them."""
    error = 0.0
    for _ in range(20 if quick else 200):
        A = sampling.make_dictionary(10, 3, 2, kind="orthonormal", rng=rng)
        y = rng.standard_normal(10) * 2
        r = groups.norms(y @ A, 2)
        lam = float(np.median(r)) * 0.99
        active = groups.expand(r > lam, 2)
        G = ops.loss_and_grad(A, y, lam, 2)[1][:, active]
        normal = G - A[:, active] @ (A[:, active].T @ G)
        expected = oja_gradient(A[:, active], A[:, active], y)
        error = max(error, float(np.linalg.norm(normal - expected) / np.linalg.norm(expected)))
    return at_most("relative difference", error, 1e-12)
