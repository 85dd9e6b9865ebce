"""What R10 and R11 speak of, and what they assume: a population of which all samples are listed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from .... import groups
from ....arrays import Array, BoolArray
from ....claims.hypothesis import Hypothesis
from ..model.formulas import orthonormality_defect
from ..samples.formulas import tangent_matrix
from . import formulas, formulas_linear

ERROR = 0.5  # of a gradient, in units of kappa


@dataclass(frozen=True)
class Population:
    """A finite law of codes, all of whose samples are enumerated, A, and a step from it.

    Attributes
    ----------
    A, A_star : ndarray (n_features, n_atoms)
    codes : ndarray (n_samples, n_atoms)
    weights : ndarray (n_samples,)
        Probabilities.
    supports : ndarray of bool (n_supports, n_groups)
    chances : ndarray (n_supports,)
    norms : ndarray (n_norms, n_groups)
        Equally likely norms ||x_g||.
    dependence : float
        Probability that all groups of a sample share their direction and norm.
    lam, step_size : float

    Examples
    --------
    >>> codes = np.array([[2.0, 2.0], [2.0, -2.0], [-2.0, 2.0], [-2.0, -2.0]])
    >>> law = np.full(4, 0.25), np.ones((1, 2), dtype=bool), np.ones(1), np.full((1, 2), 2.0)
    >>> i = Population(np.eye(2), np.eye(2), codes, *law, 0.0, 1.0, 0.5, 1)
    >>> i.sines.tolist(), i.p.tolist(), i.n_active
    ([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]], 2)
    """

    A: Array
    A_star: Array
    codes: Array = field(repr=False)
    weights: Array = field(repr=False)
    supports: BoolArray
    chances: Array
    norms: Array
    dependence: float
    lam: float
    step_size: float
    group_size: int

    @cached_property
    def n_active(self) -> int:
        """Largest number of active groups, gamma."""
        return int(self.supports.sum(axis=1).max())

    @cached_property
    def p(self) -> Array:
        """p_gh, and p_g on the diagonal: (n_groups, n_groups)."""
        S = self.supports.astype(float)
        return S.T @ (self.chances[:, None] * S)

    @cached_property
    def star(self) -> Array:
        """Groups of A*: (n_groups, n_features, d)."""
        return groups.blocks(self.A_star, self.group_size)

    @cached_property
    def Y(self) -> Array:
        """The samples A* x."""
        return self.codes @ self.A_star.T

    @cached_property
    def r(self) -> Array:
        """||A_g^T y||: (n_samples, n_groups)."""
        return groups.norms(self.Y @ self.A, self.group_size)

    @cached_property
    def active(self) -> BoolArray:
        """Groups of every code that are not zero."""
        return groups.norms(self.codes, self.group_size) > 0

    def _parts(self, A: Array) -> tuple[Array, Array, Array]:
        """y - A phi, phi and J A^T (y - A phi) of every sample."""
        d = self.group_size
        Z = groups.split(self.Y @ A, d)
        r = np.linalg.norm(Z, axis=-1, keepdims=True)
        active = r > self.lam
        ratio = np.where(active, self.lam / np.where(active, r, 1.0), 1.0)
        phi = groups.merge((1 - ratio) * Z)
        E = self.Y - phi @ A.T
        back = groups.split(E @ A, d)
        unit = Z / np.where(active, r, 1.0)
        along = unit * np.sum(unit * back, axis=-1, keepdims=True)
        J_back = groups.merge(np.where(active, (1 - ratio) * back + ratio * along, 0.0))
        return E, phi, J_back

    def gradient(self, A: Array) -> Array:
        """Exact gradient of the population loss."""
        E, phi, J_back = self._parts(A)
        w = self.weights[:, None]
        return -((w * E).T @ phi + self.Y.T @ (w * J_back))

    def sample_gradients(self, A: Array) -> Array:
        """Gradient of every sample in every group, (n_samples, n_groups, n_features, d)."""
        E, phi, J_back = self._parts(A)
        found = -(E[:, :, None] * phi[:, None] + self.Y[:, :, None] * J_back[:, None])
        return np.swapaxes(groups.split(found, self.group_size), 1, 2)

    @cached_property
    def after(self) -> Array:
        """A after a step of gradient descent and a polar retraction."""
        return groups.polar(self.A - self.step_size * self.gradient(self.A), self.group_size)

    def tangent_norms(self, A: Array) -> Array:
        """||tan Theta_g||_F of every group."""
        blocks = groups.blocks(A, self.group_size)
        pairs = zip(blocks, self.star, strict=True)
        return np.array([np.linalg.norm(tangent_matrix(B, S)) for B, S in pairs])

    @cached_property
    def sines(self) -> Array:
        """||sin Theta_g||_F of every group of A."""
        B = groups.blocks(self.A, self.group_size)
        outside = B - self.star @ (np.swapaxes(self.star, 1, 2) @ B)
        return np.linalg.norm(outside, axis=(1, 2))

    @cached_property
    def after_error(self) -> Array:
        """A after a step with errors of norm ERROR kappa that turn every group further away."""
        B = groups.blocks(self.A, self.group_size)
        inside = self.star @ (np.swapaxes(self.star, 1, 2) @ B)
        away = B - inside - 0.1 * inside
        E = groups.unblock(away / np.linalg.norm(away, axis=(1, 2), keepdims=True))
        E *= ERROR * self.setting.kappa
        return groups.polar(self.A - self.step_size * (self.gradient(self.A) - E), self.group_size)

    @cached_property
    def star_turned(self) -> Array:
        """A* with the bases of its groups turned towards those of A."""
        B = np.swapaxes(self.star, 1, 2) @ groups.blocks(self.A, self.group_size)
        U, _, Vt = np.linalg.svd(B)
        return groups.unblock(self.star @ U @ Vt)

    @cached_property
    def setting(self) -> formulas.Setting:
        """Constants of R11."""
        return formulas.setting(self.star, self.n_active, self.norms[:, 0])

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """R11's bounds on the tangents after the step, with the actual smallest active norm."""
        return self.bounds_with(0.0)

    def bounds_with(self, error: float) -> tuple[float, float]:
        """The same for a gradient with errors of norm ``error`` kappa."""
        s = self.setting
        a = self.step_size * s.kappa
        r_lo = float(self.r[self.active].min())
        D = float(np.linalg.norm(self.sines))
        return formulas.step_bounds(s, a, self.lam, r_lo, float(self.sines.max()), D, error)


@dataclass(frozen=True)
class Moved:
    """A population at an orthonormal A*, and directions in which A* and A move away from it.

    Attributes
    ----------
    at : Population
        A = A* = the first coordinates.
    star_move, move : ndarray (n_features, n_atoms)

    Examples
    --------
    >>> law = np.full(2, 0.5), np.ones((1, 1), dtype=bool), np.ones(1), np.ones((1, 1))
    >>> at = Population(np.eye(2)[:, :1], np.eye(2)[:, :1], np.array([[1.0], [-1.0]]), *law,
    ...                 0.0, 0.5, 0.4, 1)
    >>> found = Moved(at, np.zeros((2, 1)), np.array([[0.0], [1.0]]))
    >>> found.normal[1].round(3).ravel().tolist()
    [0.0, 0.692]
    """

    at: Population
    star_move: Array = field(repr=False)
    move: Array = field(repr=False)

    def _displaced(self, size: float) -> tuple[Array, Array, Array, Array, Array]:
        """B and the normal part before a step, the same after it, and N, at A* + size * moves."""
        d = self.at.group_size
        A_star = groups.polar(self.at.A_star + size * self.star_move, d)
        A = groups.polar(A_star + size * self.move, d)
        i = replace(self.at, A=A, A_star=A_star)
        basis = np.linalg.qr(A_star)[0]
        parts = []
        for frame in (A, i.after):
            pairs = zip(groups.blocks(frame, d), i.star, strict=True)
            delta = np.array([tangent_matrix(F, S) for F, S in pairs])
            crossing = np.swapaxes(i.star, 1, 2)[:, None] @ delta[None]
            parts += [crossing, delta - basis @ (basis.T @ delta)]
        overlap = np.swapaxes(i.star, 1, 2)[:, None] @ i.star[None]
        overlap[np.arange(len(overlap)), np.arange(len(overlap))] = 0
        return parts[0], parts[1], parts[2], parts[3], overlap

    @cached_property
    def derivatives(self) -> tuple[Array, ...]:
        """Derivatives at size 0 of B, n, B+, n+ and N, by central differences."""
        h = 1e-4
        both = zip(self._displaced(h), self._displaced(-h), strict=True)
        return tuple((right - left) / (2 * h) for right, left in both)

    @property
    def normal(self) -> tuple[Array, Array]:
        """n and n+."""
        return self.derivatives[1], self.derivatives[3]

    @cached_property
    def laws(self) -> list[formulas_linear.NormLaw]:
        """Moments of the norms of every group."""
        i = self.at
        return [formulas_linear.norm_law(r, i.group_size, i.lam) for r in i.norms.T]

    @cached_property
    def predicted(self) -> tuple[Array, Array]:
        """B+ and n+ of R10."""
        B, n, _, _, N = self.derivatives
        arguments = self.at.p, self.laws, self.at.step_size
        after, factors = formulas_linear.linear_step(B, N, *arguments)
        return after, factors[:, None, None] * n

    @cached_property
    def weights(self) -> Array:
        """1 + eta m_g of every group."""
        p = self.at.p.diagonal()
        return np.array(
            [
                1 + self.at.step_size * p_g * (w.s2 - w.q)
                for p_g, w in zip(p, self.laws, strict=True)
            ]
        )


def _frame_margin(i: Population) -> float:
    return -max(orthonormality_defect(A, i.group_size).max() for A in (i.A, i.A_star))


def _exact_margin(i: Population) -> float:
    off = i.r[~i.active].max(initial=0.0)
    return float(min(i.lam - off, i.r[i.active].min() - i.lam - 1e-9))


def _uniform_margin(i: Population) -> float:
    sizes = i.supports.sum(axis=1)
    off = ~np.eye(len(i.p), dtype=bool)
    return -float(np.ptp(sizes) + np.ptp(i.p.diagonal()) + np.ptp(i.p[off]))


def _moment_margin(i: Population) -> float:
    """E[x_g x_h^T | S] is s2 I for g = h and 0 otherwise."""
    d = i.group_size
    second = np.mean(i.norms[:, 0] ** 2) / d
    error = 0.0
    for support in i.supports:
        own = (i.active == support).all(axis=1)
        w = i.weights[own] / i.weights[own].sum()
        X = i.codes[own][:, np.repeat(support, d)]
        error = max(
            error, float(np.abs(X.T @ (w[:, None] * X) - second * np.eye(X.shape[1])).max())
        )
    return -error


def _mean_margin(i: Population) -> float:
    """E[x_g | S, the other codes] = 0, tested by E x_g and E x_g ||x_h||^2."""
    squares = groups.norms(i.codes, i.group_size) ** 2
    first = i.weights @ i.codes
    third = (i.weights[:, None] * i.codes).T @ squares
    return -float(max(np.abs(first).max(), np.abs(third).max()))


def _direction_margin(i: Population) -> float:
    """E[x_g x_g^T | S, r_g] is (r_g^2 / d) I."""
    d = i.group_size
    number = i.active @ (1 << np.arange(len(i.star)))
    error = 0.0
    for g, X in enumerate(np.moveaxis(groups.split(i.codes, d), 1, 0)):
        cases = np.stack([number, np.linalg.norm(X, axis=1).round(9)])[:, i.active[:, g]]
        X = X[i.active[:, g]]
        weights = i.weights[i.active[:, g]]
        for case in np.unique(cases, axis=1).T:
            own = (cases == case[:, None]).all(axis=0)
            second = X[own].T @ (weights[own, None] * X[own]) / weights[own].sum()
            error = max(error, float(np.abs(second - case[1] ** 2 / d * np.eye(d)).max()))
    return 1e-8 - error


def _step_margin(i: Population) -> float:
    s = i.setting
    return s.largest_a - i.step_size * s.kappa


FRAMES = Hypothesis("A_g^T A_g = A*_g^T A*_g = I for every group", _frame_margin)
EXACT_SUPPORTS = Hypothesis("supports are exact at A, and no ||A_g^T y|| is lam", _exact_margin)
UNIFORM = Hypothesis("the support is uniform of size gamma", _uniform_margin)
SIGN_SYMMETRIC = Hypothesis(
    "given S, the law of the codes is unchanged when one x_g changes sign", _mean_margin
)
ISOTROPIC = Hypothesis("E[x_g x_g^T | S] = s2 I, the same for all g and S", _moment_margin)
STEP_IN_RANGE = Hypothesis("eta p_g s2 (1 + pi (||A*||_2^2 - 1)) <= 1", _step_margin)
DENOMINATOR = Hypothesis(
    "c > a w_par / chi: the bound is finite", lambda i: 1.0 if i.bounds[0] < np.inf else -1.0
)
SUPPORT_CONDITION = Hypothesis(
    "B_max (Sigma_gamma + sqrt(gamma R) delta) <= lam < c B_min - B_max (Sigma_{gamma-1} + "
    "sqrt((gamma-1) R) delta)",
    lambda i: i.setting.support_margin(i.lam, float(i.sines.max())) - 1e-9,
)


def _stable_margin(i: Moved) -> float:
    """1 minus the largest modulus of a factor of the linear map."""
    p = i.at.p
    pairs = formulas_linear.spectral_radius(p, i.laws, i.at.step_size)
    terms = zip(p.diagonal(), i.laws, i.weights, strict=True)
    normal = [abs(1 - i.at.step_size * p_g * law.q) / weight for p_g, law, weight in terms]
    return 1 - max(pairs, *normal)


INDEPENDENT = Hypothesis(
    "given S the codes of different groups are independent", lambda i: -i.at.dependence
)
NORM_ABOVE_LAM = Hypothesis(
    "0 < lam < B_min", lambda i: min(i.at.lam, float(i.at.norms.min()) - i.at.lam) - 1e-3
)
MEAN_ZERO = Hypothesis("E[x_g | r_g] = 0", lambda i: _mean_margin(i.at))
DIRECTIONS = Hypothesis("E[x_g x_g^T | r_g] = (r_g^2 / d) I", lambda i: _direction_margin(i.at))
THIN = Hypothesis(
    "A*_g^T A*_g = I for every group, Gamma d <= n",
    lambda i: min(_frame_margin(i.at), float(np.subtract(*i.at.A_star.shape))),
)
EVERY_GROUP_OCCURS = Hypothesis(
    "p_g > 0 for every group (stability)", lambda i: float(i.at.p.diagonal().min()) - 1e-9
)
ORTHONORMAL_TRUTH = Hypothesis(
    "N = 0: A* is jointly orthonormal", lambda i: -float(np.abs(i.star_move).max())
)
STABLE = Hypothesis("all factors of the linear map are at most 1 in modulus", _stable_margin)
