"""What R14 speaks of: any dictionary, and a finite law of codes with one active group."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np

from .... import groups
from ....arrays import Array
from ....claims.hypothesis import Hypothesis
from . import formulas


@dataclass(frozen=True)
class OneGroup:
    """A dictionary of any number of groups, and all samples of a law with one active group.

    Attributes
    ----------
    A : ndarray (n_features, n_atoms)
    A_star : ndarray (n_features, n_groups * d)
    directions : ndarray (n_directions, d)
        Directions u of the codes, all with equal chances; unit vectors.
    p : ndarray (n_groups,)
        Probability that the group is active.
    norms : ndarray (n_norms,)
        Norms of the codes, equally likely, independent of the direction.
    lam, weight_decay : float

    Examples
    --------
    >>> axes = np.array([[1.0], [-1.0]])
    >>> i = OneGroup(np.eye(2), np.eye(2), axes, np.array([0.5, 0.5]), np.array([1.0]), 0.5, 0.1)
    >>> float(i.loss), float(i.cost)
    (0.125, 0.225)
    """

    A: Array
    A_star: Array
    directions: Array
    p: Array
    norms: Array
    lam: float
    weight_decay: float = 0.0
    group_size: int = field(default=1)

    @cached_property
    def samples(self) -> tuple[Array, Array]:
        """Every sample (n_samples, n_features), and its probability."""
        stars = groups.blocks(self.A_star, self.group_size)
        x = (self.norms[:, None, None] * self.directions).reshape(-1, self.group_size)
        Y = (x @ stars.transpose(0, 2, 1)).reshape(-1, len(self.A_star))
        return Y, np.repeat(self.p / len(x), len(x))

    @cached_property
    def residuals(self) -> Array:
        """||y - A phi|| of every sample, axes group, norm, direction."""
        Y, _ = self.samples
        Z = groups.split(Y @ self.A, self.group_size)
        r = np.linalg.norm(Z, axis=-1, keepdims=True)
        phi = groups.merge(np.maximum(1 - self.lam / np.maximum(r, 1e-300), 0) * Z)
        shape = len(self.p), len(self.norms), len(self.directions)
        return np.linalg.norm(Y - phi @ self.A.T, axis=1).reshape(shape)

    @cached_property
    def loss(self) -> float:
        """L, the mean of 1/2 ||y - A phi||^2."""
        return float(self.samples[1] @ self.residuals.ravel() ** 2) / 2

    @cached_property
    def cost(self) -> float:
        """L + (weight_decay / 2) ||A||_F^2."""
        return self.loss + self.weight_decay / 2 * float(np.sum(self.A**2))

    @property
    def ratio(self) -> float:
        """l = lam / B, B the first norm."""
        return float(self.lam / self.norms[0])


def _isotropy_defect(i: OneGroup) -> float:
    moment = i.directions.T @ i.directions / len(i.directions)
    return float(np.abs(moment - np.eye(i.group_size) / i.group_size).max())


def _joint_defect(i: OneGroup) -> float:
    return float(np.abs(i.A_star.T @ i.A_star - np.eye(i.A_star.shape[1])).max())


def _is_rich(U: Array) -> bool:
    """Whether directions lie in no union of two proper subspaces, and the u u^T span.

    If two hyperplanes hold them all, one of them can be chosen as the span of d - 1 directions.
    """
    d = U.shape[1]
    squares = np.einsum("ki,kj->kij", U, U).reshape(len(U), -1)
    if np.linalg.matrix_rank(squares, tol=1e-9) < d * (d + 1) // 2:
        return False
    for chosen in combinations(range(len(U)), d - 1):
        some = U[list(chosen)]
        if np.linalg.matrix_rank(some, tol=1e-9) < d - 1:
            continue
        normal = np.linalg.svd(some, full_matrices=True)[2][-1] if d > 1 else np.ones(1)
        outside = U[np.abs(U @ normal) > 1e-9]
        if np.linalg.matrix_rank(outside, tol=1e-9) < d:
            return False
    return True


def _decay_margin(i: OneGroup) -> float:
    """How far every group's eps d / (p_g B^2) is inside (0, c*)."""
    decays = i.weight_decay * i.group_size / (i.p * i.norms[0] ** 2)
    return float(min(decays.min(), formulas.critical_decay(i.ratio) - decays.max()) - 1e-9)


ONE_NORM = Hypothesis("all codes have one norm", lambda i: -float(np.ptp(i.norms)))
ISOTROPIC = Hypothesis("E[u u^T] = I / d given the group", lambda i: -_isotropy_defect(i))
JOINTLY_ORTHONORMAL_STAR = Hypothesis(
    "the columns of A* are orthonormal jointly", lambda i: -_joint_defect(i)
)
TWO_NORMS = Hypothesis(
    "every direction occurs with two norms", lambda i: float(len(set(i.norms)) - 2)
)
POSITIVE_LAM = Hypothesis("lam > 0", lambda i: i.lam - 1e-9)
RICH = Hypothesis(
    "the directions lie in no union of two proper subspaces, and the u u^T span the symmetric d x "
    "d matrices",
    lambda i: 1.0 if _is_rich(i.directions) else -1.0,
)
BELOW_THRESHOLD = Hypothesis("0 < eps d / (p_g B^2) < c*(l) for every g", _decay_margin)
