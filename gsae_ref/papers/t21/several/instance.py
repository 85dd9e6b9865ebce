"""What R10 and R11 speak of, and what they assume: a population of which all samples are listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .... import groups
from ....arrays import Array, BoolArray
from ....claims.hypothesis import Hypothesis
from ..samples.formulas import tangent_matrix
from . import formulas


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

    def gradient(self, A: Array) -> Array:
        """Exact gradient of the population loss."""
        d = self.group_size
        Z = groups.split(self.Y @ A, d)
        r = np.linalg.norm(Z, axis=-1, keepdims=True)
        active = r > self.lam
        ratio = np.where(active, self.lam / np.where(active, r, 1.0), 1.0)
        phi = groups.merge((1 - ratio) * Z)
        E = (self.Y - phi @ A.T) * self.weights[:, None]
        back = groups.split(E @ A, d)
        unit = Z / np.where(active, r, 1.0)
        along = unit * np.sum(unit * back, axis=-1, keepdims=True)
        J_back = groups.merge(np.where(active, (1 - ratio) * back + ratio * along, 0.0))
        return -(E.T @ phi + self.Y.T @ J_back)

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
    def setting(self) -> formulas.Setting:
        """Constants of R11."""
        return formulas.setting(self.star, self.n_active, self.norms[:, 0])

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """R11's bounds on the tangents after the step, with the actual smallest active norm."""
        s = self.setting
        a = self.step_size * s.kappa
        r_lo = float(self.r[self.active].min())
        D = float(np.linalg.norm(self.sines))
        return formulas.step_bounds(s, a, self.lam, r_lo, float(self.sines.max()), D)


def _frame_margin(i: Population) -> float:
    defects = []
    for A in (i.A, i.A_star):
        B = groups.blocks(A, i.group_size)
        defects.append(np.abs(np.swapaxes(B, 1, 2) @ B - np.eye(i.group_size)).max())
    return -float(max(defects))


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
    "B_max (sum_gamma + sqrt(gamma R) delta) <= lam < c B_min - B_max (sum_(gamma-1) + "
    "sqrt((gamma-1) R) delta)",
    lambda i: i.setting.support_margin(i.lam, float(i.sines.max())) - 1e-9,
)
