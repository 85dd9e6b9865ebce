"""An instance of T21's model, and what its statements assume of one.

Families make the instances, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import comb

import numpy as np

from ... import groups
from ...arrays import Array, BoolArray
from ...claims.hypothesis import ABSENT, Hypothesis
from .gradients.formulas import expected_gradient
from .support.formulas import recovery_interval


@dataclass(frozen=True)
class Instance:
    """Matrices and constants in T21's notation; statements read what they need.

    Attributes
    ----------
    A, A_star : ndarray (n_features, n_atoms)
    group_size, n_active : int
        d and gamma.
    x : ndarray (n_atoms,)
        A code; its non-zero groups are the support S.
    b_min, b_max, delta, lam, step_size, zeta : float
    tau : ndarray (n_groups,)
        Frozen shrinkage factors.
    G, beta : ndarray (n_features, n_atoms), optional
        Expected gradient (26) and what is left of it after the leading term of (55); supplied where
        a statement needs them.

    Examples
    --------
    >>> x = np.array([3.0, 4.0, 0.0, 0.0])
    >>> i = Instance(np.eye(4), np.eye(4), group_size=2, n_active=1, x=x, b_min=5.0, b_max=5.0)
    >>> i.active, i.r, i.mu_block
    (array([ True, False]), array([5., 0.]), 0.0)
    """

    A: Array
    A_star: Array
    group_size: int
    n_active: int
    x: Array
    b_min: float = 1.0
    b_max: float = 1.0
    delta: float = 0.0
    lam: float = 0.0
    step_size: float = 0.0
    tau: Array = field(default=ABSENT, repr=False)
    G: Array = field(default=ABSENT, repr=False)
    beta: Array = field(default=ABSENT, repr=False)
    zeta: float = np.inf

    @property
    def d(self) -> int:
        """Atoms per group."""
        return self.group_size

    @property
    def n_features(self) -> int:
        """Dimension n of the data."""
        return self.A.shape[0]

    @property
    def n_groups(self) -> int:
        """Number of groups, Gamma."""
        return self.A.shape[1] // self.group_size

    @cached_property
    def blocks(self) -> Array:
        """Groups of A: (n_groups, n_features, d)."""
        return groups.blocks(self.A, self.group_size)

    @cached_property
    def star(self) -> Array:
        """Groups of A*: (n_groups, n_features, d)."""
        return groups.blocks(self.A_star, self.group_size)

    @cached_property
    def code_norms(self) -> Array:
        """||x_g|| for every group."""
        return groups.norms(self.x, self.group_size)

    @cached_property
    def active(self) -> BoolArray:
        """Mask of the support S."""
        return self.code_norms > 0

    @cached_property
    def y(self) -> Array:
        """The sample A* x."""
        return self.A_star @ self.x

    @cached_property
    def r(self) -> Array:
        """||A_g^T y|| for every group."""
        return groups.norms(self.A.T @ self.y, self.group_size)

    @cached_property
    def mu_block(self) -> float:
        """mu_B of A*, with the paper's 1/d."""
        gram = np.swapaxes(self.star, 1, 2)[:, None] @ self.star[None]
        norms = groups.spectral_norm(gram)
        np.fill_diagonal(norms, 0)
        return float(norms.max()) / self.d

    @cached_property
    def errors(self) -> Array:
        """e_g = ||A_g - A*_g||_F for every group."""
        return np.linalg.norm(self.blocks - self.star, axis=(1, 2))


@dataclass(frozen=True)
class Law:
    """A finite law of codes; a group is active where its code is not 0.

    Attributes
    ----------
    codes : ndarray (n_codes, n_atoms)
    weights : ndarray (n_codes,)
        Probabilities.
    group_size : int

    Examples
    --------
    >>> one_of_two = Law(np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]]), np.full(4, 0.25), 1)
    >>> UNIFORM_SUPPORTS.holds(one_of_two), COVARIANCE.holds(one_of_two)
    (True, True)
    """

    codes: Array
    weights: Array
    group_size: int

    @cached_property
    def active(self) -> BoolArray:
        """Supports of the codes: (n_codes, n_groups)."""
        return groups.norms(self.codes, self.group_size) > 0

    def second_moment(self, given: BoolArray) -> Array:
        """E[x x^T] given the codes that a mask selects."""
        w = self.weights * given
        return (self.codes.T @ (w[:, None] * self.codes)) / w.sum()

    def moments(self) -> Iterator[tuple[BoolArray, Array]]:
        """Every support that occurs, as a mask of groups, and E[x x^T | S]."""
        for support in np.unique(self.active, axis=0):
            yield support, self.second_moment((self.active == support).all(axis=1))


def _gram_defect(B: Array) -> float:
    return groups.spectral_norm(np.swapaxes(B, 1, 2) @ B - np.eye(B.shape[2])).max()


ORTHONORMAL = Hypothesis(
    "A_g^T A_g = I for every group (Assumption 4)", lambda i: -_gram_defect(i.blocks)
)
ORTHONORMAL_STAR = Hypothesis(
    "A*_g^T A*_g = I for every group (unit atoms and ||A*_g||_2 = 1)",
    lambda i: -_gram_defect(i.star),
)
UNIT_NORM_STAR = Hypothesis(
    "||A*_g||_2 = 1 for every group (Assumption 4)",
    lambda i: -np.abs(groups.spectral_norm(i.star) - 1).max(),
)
UNIT_COLUMNS = Hypothesis(
    "atoms of A* have unit norm (text after Eq. (3))",
    lambda i: -np.abs(np.linalg.norm(i.A_star, axis=0) - 1).max(),
)
CLOSE = Hypothesis(
    "||A_g - A*_g||_F <= delta for every group g (Eq. (17), read for all g)",
    lambda i: i.delta - i.errors.max(),
)
CLOSE_ON_SUPPORT = Hypothesis(
    "||A_g - A*_g||_F <= delta for g in S only (Eq. (17) as printed)",
    lambda i: i.delta - i.errors[i.active].max(),
)
DELTA_AT_MOST_1 = Hypothesis("0 <= delta <= 1 (Eq. (17))", lambda i: min(i.delta, 1 - i.delta))
NORMS_BOUNDED = Hypothesis(
    "B_min <= ||x_g|| <= B_max for g in S (Eq. (15))",
    lambda i: min(i.code_norms[i.active].min() - i.b_min, i.b_max - i.code_norms.max()),
)
SUPPORT_SIZE = Hypothesis(
    "at most gamma groups are active (Assumption 2)", lambda i: i.n_active - i.active.sum()
)
INCOHERENT = Hypothesis(
    "gamma <= log n, max(mu_B, delta) <= 1/log n (Lemma 1, with 1 for the constant of O)",
    lambda i: min(
        np.log(i.n_features) - i.n_active,
        1 - np.log(i.n_features) * max(i.mu_block, i.delta),
    ),
)
JOINTLY_ORTHONORMAL = Hypothesis(
    "the atoms of the active groups of A are orthonormal jointly",
    lambda i: (
        -float(np.abs(_gram(i.A[:, np.repeat(i.active, i.d)]) - np.eye(i.active.sum() * i.d)).max())
    ),
)
ACTIVE_ABOVE = Hypothesis(
    "lam < ||A_g^T y|| for g in S", lambda i: float(i.r[i.active].min() - i.lam)
)

RECOVERED = Hypothesis(
    "lam < ||A_g^T y|| for g in S, ||A_v^T y|| <= lam for the others",
    lambda i: float(min(i.r[i.active].min() - i.lam, i.lam - i.r[~i.active].max(initial=0))),
)
DIFFERENTIABLE = Hypothesis(
    "||A_g^T y|| != lam for every group", lambda i: float(np.abs(i.r - i.lam).min()) - 1e-5
)
ONE_ATOM = Hypothesis("d = 1", lambda i: 1.0 - i.d)
OVERLAP_BOUNDED = Hypothesis(
    "||A_g^T A*_g||_F <= zeta for every group (Eq. (18))",
    lambda i: float(
        i.zeta - np.linalg.norm(np.swapaxes(i.blocks, 1, 2) @ i.star, axis=(1, 2)).max()
    ),
)
TAU_POSITIVE = Hypothesis(
    "0 < tau_g <= 1 for every group", lambda i: float(min(i.tau.min() - 1e-9, 1 - i.tau.max()))
)
EXPECTATION = Hypothesis(
    "G_g is the expectation of (26): S uniform of size gamma, E[x_v x_h^T | S] = I if v = h, else "
    "0, constant tau in (0, 1]",
    lambda i: min(TAU_POSITIVE.margin(i), -_expectation_defect(i)),
)


def _expectation_defect(i: Instance) -> float:
    expected = expected_gradient(i.A, i.A_star, i.tau, i.n_active, i.group_size)
    return float(np.abs(i.G - expected).max())


# ---- hypotheses on a law of codes


def _uniform_defect(law: Law) -> float:
    supports, inverse = np.unique(law.active, axis=0, return_inverse=True)
    sizes = supports.sum(axis=1)
    chance = 1 / comb(law.active.shape[1], int(sizes.max()))
    found = np.bincount(inverse.ravel(), law.weights)
    return float(np.ptp(sizes) + np.abs(found - chance).max())


def _wanted(law: Law, support: BoolArray) -> Array:
    """I for two equal groups of a support, 0 for two others."""
    return np.diag(np.repeat(support, law.group_size).astype(float))


def _covariance_defect(law: Law) -> float:
    """Defect of (16): every pair of groups given that both are active."""
    d = law.group_size
    n_groups = law.active.shape[1]
    worst = 0.0
    for v in range(n_groups):
        for h in range(n_groups):
            both = law.active[:, v] & law.active[:, h]
            if both.any():
                block = law.second_moment(both)[v * d : (v + 1) * d, h * d : (h + 1) * d]
                worst = max(worst, float(np.abs(block - (v == h) * np.eye(d)).max()))
    return worst


UNIFORM_SUPPORTS = Hypothesis(
    "S is uniform among the sets of gamma groups (Assumption 2)", lambda law: -_uniform_defect(law)
)
COVARIANCE = Hypothesis(
    "E[x_v x_h^T | v, h in S] = I if v = h, else 0 (Assumption 3, Eq. (16))",
    lambda law: -_covariance_defect(law),
)
COVARIANCE_GIVEN_SUPPORT = Hypothesis(
    "E[x_v x_h^T | S] = I if v = h, else 0",
    lambda law: -max(float(np.abs(M - _wanted(law, S)).max()) for S, M in law.moments()),
)
UNCORRELATED = Hypothesis(
    "E[x_v x_h^T | S] = 0 for v != h, and E[x_h x_h^T | S] is the same for every S with h",
    lambda law: -_correlation(law),
)


ISOTROPIC = Hypothesis(
    "given ||x_g|| the direction of x_g is isotropic; E[x_g x_g^T | g in S] = s2 I",
    lambda law: -_anisotropy(law),
)


def _anisotropy(law: Law) -> float:
    """Defect of the moments of a direction, up to the fourth, from those of the sphere."""
    d = law.group_size
    along = np.vstack([np.eye(d), np.ones(d) / np.sqrt(d)])
    wanted = [0, 1 / d, 0, 3 / (d * (d + 2))]
    worst = 0.0
    for X, active in zip(np.split(law.codes.T, law.active.shape[1]), law.active.T, strict=True):
        r = np.linalg.norm(X, axis=0).round(9)
        for size in np.unique(r[active]):
            w = law.weights[r == size] / law.weights[r == size].sum()
            u = along @ X[:, r == size] / size
            moments = np.array([u**k @ w for k in (1, 2, 3, 4)])
            worst = max(worst, float(np.abs(moments - np.array(wanted)[:, None]).max()))
    return worst


def _correlation(law: Law) -> float:
    """Largest covariance of two groups, and change of one group's covariance with S."""
    d = law.group_size
    n_groups = law.active.shape[1]
    own = np.kron(np.eye(n_groups), np.ones((d, d))).astype(bool)
    worst = 0.0
    known: dict[int, Array] = {}
    for support, M in law.moments():
        worst = max(worst, float(np.abs(M[~own]).max(initial=0)))
        for g in np.flatnonzero(support).tolist():
            block = M[g * d : (g + 1) * d, g * d : (g + 1) * d]
            first = known.setdefault(g, block)
            worst = max(worst, float(np.abs(block - first).max()))
    return worst


def _gram(M: Array) -> Array:
    return M.T @ M


def _interval_margin(form: str) -> Callable[[Instance], float]:
    def margin(i: Instance) -> float:
        low, high = recovery_interval(i.n_active, i.b_min, i.b_max, i.mu_block, i.delta, i.d, form)
        return min(i.lam - low, high - i.lam)

    return margin


IN_PRINTED_INTERVAL = Hypothesis(
    "lam lies in Lemma 1's interval as printed", _interval_margin("printed")
)
IN_CORRECTED_INTERVAL = Hypothesis(
    "lam lies in the corrected interval of Lemma 1", _interval_margin("corrected")
)
