"""Measurements for the gradients and their expectations: Eqs. (23)-(31), (40)-(56), R0, R1, R6."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .... import groups, ops, sampling
from ....arrays import Array, IntArray, Real
from ....claims.finding import at_least, at_most, measurement
from ....ops import unfolding
from .formulas import oja_gradient, unfolded_oja_weight, unfolded_share

if TYPE_CHECKING:
    from ....claims.finding import Finding


def network(rng: np.random.Generator, d: int, samples: int = 6) -> tuple[Array, Array, float]:
    """Dictionary, batch and a threshold near the median norm, away from the kink."""
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


class Column(NamedTuple):
    """A column of A as decoder and as encoder, at d = 1: the loss of both, and (43)-(46)."""

    A: Array
    y: Array
    lam: float
    k: int

    def loss(self, decoder: Array, encoder: Array) -> float:
        """1/2 ||y - A sigma(A^T y)||^2, column k of the two A replaced separately."""
        left = self.A.copy()
        left[:, self.k] = decoder
        right = self.A.copy()
        right[:, self.k] = encoder
        code = ops.group_soft_threshold(right.T @ self.y, self.lam, 1)
        return float(0.5 * np.sum((self.y - left @ code) ** 2))

    @property
    def own(self) -> Array:
        """a_k."""
        return self.A[:, self.k]

    @property
    def sigma(self) -> float:
        """sigma(a_k^T y)."""
        z = self.A.T @ self.y
        return float(ops.group_soft_threshold(z, self.lam, 1)[self.k])

    @property
    def slope(self) -> float:
        """sigma'(a_k^T y)."""
        return float(abs(self.own @ self.y) > self.lam)

    @property
    def residual(self) -> Array:
        """y - A sigma(A^T y)."""
        return self.y - self.A @ ops.group_soft_threshold(self.A.T @ self.y, self.lam, 1)


def _column(rng: np.random.Generator) -> Column:
    """A column of a random network with d = 1 that is active."""
    while True:
        A, Y, lam = network(rng, 1, 1)
        k = int(np.argmax(np.abs(Y[0] @ A)))
        column = Column(A, Y[0], lam, k)
        if column.slope:
            return column


def _central(f: Callable[[Array], Any], a: Array) -> Array:
    """Derivative of f at a by central differences, one row for each entry of a."""
    h = 1e-6
    return np.array([(f(a + h * e) - f(a - h * e)) / (2 * h) for e in np.eye(len(a))])


def _column_error(rng: np.random.Generator, sides: Callable[[Column], tuple[Any, Any]]) -> Finding:
    error = 0.0
    for _ in range(10):
        printed, numeric = sides(_column(rng))
        scale = max(float(np.linalg.norm(numeric)), 1.0)
        error = max(error, float(np.linalg.norm(printed - numeric)) / scale)
    return at_most("printed against central differences, d = 1", error, 1e-7)


@measurement
def column_derivative(rng: np.random.Generator, quick: bool) -> Finding:
    """(43) at d = 1: the derivative of a sigma(a^T y)."""

    def sides(c: Column) -> tuple[Array, Array]:
        def image(a: Array) -> Array:
            return a * ops.group_soft_threshold(np.array([a @ c.y]), c.lam, 1)[0]

        printed = c.sigma * np.eye(len(c.y)) + c.slope * np.outer(c.y, c.own)
        return printed, _central(image, c.own)

    return _column_error(rng, sides)


@measurement
def column_gradient(rng: np.random.Generator, quick: bool) -> Finding:
    """(44) at d = 1: the derivative of the loss in a column."""
    return _column_error(
        rng,
        lambda c: (
            -c.sigma * c.residual - c.slope * c.y * (c.own @ c.residual),
            _central(lambda a: c.loss(a, a), c.own),
        ),
    )


@measurement
def decoder_part(rng: np.random.Generator, quick: bool) -> Finding:
    """(45) at d = 1: the derivative with the code held fixed."""
    return _column_error(
        rng, lambda c: (-c.residual * c.sigma, _central(lambda a: c.loss(a, c.own), c.own))
    )


@measurement
def encoder_part(rng: np.random.Generator, quick: bool) -> Finding:
    """(46) at d = 1: the derivative with the decoder held fixed."""
    return _column_error(
        rng,
        lambda c: (
            -c.y * (c.residual @ c.own) * c.slope,
            _central(lambda a: c.loss(c.own, a), c.own),
        ),
    )


@measurement
def printed_gradient(rng: np.random.Generator, quick: bool) -> Finding:
    """Mean relative distance of (41) from the exact gradient at d = 2, 4, 8."""
    numbers = {}
    for d in (2, 4, 8):
        gaps = [float(_gap(*network(rng, d), d, "appendix_b")) for _ in range(20 if quick else 200)]
        numbers[f"d_{d}"] = float(np.mean(gaps))
    smallest = min(numbers.values())
    return at_least(
        "mean relative error of (41), smallest of d = 2, 4, 8", smallest, 0.005, **numbers
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
    """-E sigma'(z)^T, version 1's decoder term, against -E sigma(z)^T, at d = 1."""
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
    """Radial and tangential error of (26), one active orthonormal group, lam/r = share."""
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
        0.1975,
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
    """Without the '+', (26) is of degree four in (y, lam), and the loss of degree two."""
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
    """E[(51) | S] for constant tau by enumerating codes +-sqrt(d) e_i, of covariance I."""
    axes = np.sqrt(d) * np.eye(d)
    atoms = [*axes, *-axes]
    total = np.zeros_like(A)
    choices = list(product(atoms, repeat=len(S)))
    for choice in choices:
        y = sum(A_star[:, g * d : (g + 1) * d] @ x for g, x in zip(S, choice, strict=True))
        total += _one_sample_51(A, y, S, tau, d)
    return total / len(choices)


@measurement
def conditional_expectation(rng: np.random.Generator, quick: bool) -> Finding:
    """(29) + (30) for constant tau against enumerated codes, given S."""
    d = 2
    A, A_star, tau = _pair(rng)
    B = groups.blocks(A, d)
    star = groups.blocks(A_star, d)
    truths = star @ np.swapaxes(star, 1, 2)
    error = 0.0
    for S in combinations(range(4), 3):
        enumerated = groups.blocks(_given_support(A, A_star, tau, S, d), d)
        rest = np.eye(6) - sum(tau[h] * B[h] @ B[h].T for h in S)
        for g in S:
            others = sum(truths[h] for h in S if h != g)
            first = -tau[g] * rest @ (truths[g] + others) @ B[g]
            second = -tau[g] * (truths[g] + others) @ rest @ B[g]
            error = max(error, float(np.linalg.norm(enumerated[g] - first - second)))
    return at_most("difference, constant tau", error, 1e-12)


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
    """The closed form against all supports: general covariance, groups not orthonormal."""
    error = 0.0
    d = 2
    for n_groups in (1, 2, 3, 5) if quick else (1, 2, 3, 4, 5, 6):
        A, A_star = rng.standard_normal((2, 5, n_groups * d))
        tau = rng.uniform(0, 1, n_groups)
        root = rng.standard_normal((n_groups, d, d))
        covariance = root @ np.swapaxes(root, 1, 2)
        star = groups.blocks(A_star, d)
        moments = star @ covariance @ np.swapaxes(star, 1, 2)
        for n_active in range(1, n_groups + 1):
            enumerated = _over_supports(A, moments, tau, n_active, d)
            closed = ops.expected_gradient(A, A_star, tau, n_active, d, covariance)
            gap = np.linalg.norm(closed - enumerated) / np.linalg.norm(enumerated)
            error = max(error, float(gap))
    return at_most("relative difference from enumeration", error, 1e-12)


def _over_supports(A: Array, moments: Array, tau: Array, n_active: int, d: int) -> Array:
    """Mean over all supports of the expectation of (51); ``moments[h]`` = E[y_h y_h^T]."""
    B = groups.blocks(A, d)
    P = B @ np.swapaxes(B, 1, 2)
    total = np.zeros_like(B)
    supports = list(combinations(range(len(B)), n_active))
    for S in map(list, supports):
        rest = np.eye(len(A)) - np.einsum("h,hnm->nm", tau[S], P[S])
        second = moments[S].sum(axis=0)
        for g in S:
            total[g] -= tau[g] * (rest @ second + second @ rest) @ B[g]
    return groups.unblock(total / len(supports))


@measurement
def leading_term_and_residual(rng: np.random.Generator, quick: bool) -> Finding:
    """(55) with beta~ of (71), E[P_1 + P_2] enumerated over the supports, against R6."""
    d = 2
    n_active = 3
    A, A_star, tau = _pair(rng)
    left = ops.expected_gradient(A, A_star, tau, n_active, d)
    leading = ops.expected_gradient(A, A_star, tau, n_active, d, form="printed")
    right = leading + _residual_71(A, A_star, tau, n_active, d)
    error = np.linalg.norm(left - right) / np.linalg.norm(left)
    return at_most("relative difference", error, 1e-12)


def _residual_71(A: Array, A_star: Array, tau: Array, n_active: int, d: int) -> Array:
    """beta~ as (71) writes it: the terms with p_gh, and E[P_1 + P_2] over the supports."""
    B = groups.blocks(A, d)
    star = groups.blocks(A_star, d)
    P = B @ np.swapaxes(B, 1, 2)
    truths = star @ np.swapaxes(star, 1, 2)
    n_groups = len(B)
    p2 = n_active * (n_active - 1) / (n_groups * (n_groups - 1))
    beta = np.zeros_like(B)
    for g, h in permutations(range(n_groups), 2):
        beta[g] += tau[g] * p2 * tau[h] * (P[h] @ truths[g] + truths[g] @ P[h]) @ B[g]
    supports = list(combinations(range(n_groups), n_active))
    for S in supports:
        rest = np.eye(len(A)) - sum(tau[h] * P[h] for h in S)
        for g in S:
            others = sum(truths[h] for h in S if h != g)
            beta[g] -= tau[g] * (rest @ others + others @ rest) @ B[g] / len(supports)
    return groups.unblock(beta)


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
    """R1 at random samples; the active groups are orthonormal jointly, a short one is not."""
    error = 0.0
    for k in range(21 if quick else 201):
        n, d = ((10, 2), (6, 1), (12, 3))[k % 3]
        A = sampling.make_dictionary(n, 3, d, kind="orthonormal", rng=rng)
        A = np.hstack([A, 1e-3 * rng.standard_normal((n, d))])
        y = rng.standard_normal(n) * 2
        r = groups.norms(y @ A, d)
        lam = float(np.median(r[:3])) * 0.99
        active = groups.expand(r > lam, d)
        G = ops.loss_and_grad(A, y, lam, d)[1][:, active]
        normal = G - A[:, active] @ (A[:, active].T @ G)
        expected = oja_gradient(A[:, active], A[:, active], y)
        error = max(error, float(np.linalg.norm(normal - expected) / np.linalg.norm(expected)))
    return at_most("relative difference", error, 1e-12)


@measurement
def unfolded_oja_identity(rng: np.random.Generator, quick: bool) -> Finding:
    """R15 at samples of two jointly orthonormal groups, beside two groups that stay asleep."""
    error = 0.0
    used = 0
    for k in range(80 if quick else 400):
        n_unfold = 1 + k % 7
        step_size = float(rng.choice([0.2, 0.5, 0.9, 1.0]))
        accelerated = bool(k % 2) and n_unfold > 2
        A = sampling.make_dictionary(10, 4, 2, kind="orthonormal", rng=rng)
        A[:, 4:] += 0.1 * rng.standard_normal((10, 4))
        y = A[:, :4] @ rng.uniform(1.5, 4, 4) + 0.1 * rng.standard_normal(10)
        lam = 1.5
        how = step_size, accelerated
        steps = range(1, n_unfold + 1)
        codes = [unfolding.codes(A, y, lam, 2, each, *how) for each in steps]
        if any(groups.norms(x, 2)[:2].min() == 0 or x[4:].any() for x in codes):
            continue
        used += 1
        G = unfolding.loss_and_grad(A, y, lam, 2, n_unfold, *how)[1][:, :4]
        normal = G - A[:, :4] @ (A[:, :4].T @ G)
        share = unfolded_share(step_size, n_unfold, accelerated)
        tau = 1 - lam / groups.norms(y @ A[:, :4], 2)
        weights = groups.expand(unfolded_oja_weight(tau, share), 2)
        expected = oja_gradient(A[:, :4], A[:, :4], y) * weights
        error = max(error, float(np.linalg.norm(normal - expected) / np.linalg.norm(expected)))
    assert used > 30
    return at_most("relative difference", error, 1e-12, samples=used)
