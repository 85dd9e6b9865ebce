"""Families of instances for R14."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .... import groups
from ....arrays import Array
from ....claims.family import Family
from . import formulas
from .instance import OneGroup


def directions(d: int) -> Array:
    """Unit vectors whose second and fourth moments are the sphere's, d = 1, 2, 3.

    They lie in no union of two proper subspaces, and the u u^T span the symmetric matrices.

    >>> directions(1).tolist(), len(directions(2)), len(directions(3))
    ([[1.0], [-1.0]], 5, 6)
    """
    if d == 1:
        return np.array([[1.0], [-1.0]])
    if d == 2:
        angles = math.pi * np.arange(5) / 5
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    golden = (1 + math.sqrt(5)) / 2
    corners = [(0.0, 1.0, golden), (0.0, 1.0, -golden)]  # of an icosahedron, up to sign
    axes = np.array([np.roll(corner, k) for corner in corners for k in range(3)])
    return axes / np.linalg.norm(axes[0])


class DecayShape(NamedTuple):
    """Sizes of an instance; A has n_groups + more groups."""

    n_features: int
    n_groups: int
    group_size: int
    more: int

    @property
    def n_atoms(self) -> int:
        """Columns of A."""
        return (self.n_groups + self.more) * self.group_size

    @property
    def n_scalars(self) -> int:
        """Numbers in [0, 1]: error, ratio, decay, second norm, probabilities."""
        return 4 + self.n_groups

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: A*, A, the scalars."""
        stars = self.n_groups * self.group_size
        return self.n_features * (stars + self.n_atoms) + self.n_scalars


def _one_group(decayed: bool, shape: DecayShape, theta: Array) -> OneGroup:
    n, G, d, _ = shape
    cut = n * G * d
    W, V, u = np.split(theta, [cut, cut + n * shape.n_atoms])
    u = np.sin(u) ** 2
    A_star = groups.polar(W.reshape(n, G * d), G * d)
    p = 0.2 + u[4:]
    p = p / p.sum()
    ratio = 0.1 + 1.2 * u[1]
    # Up to 5/4 of the threshold of the average group: some groups are dropped.
    weight = 1.25 * u[2] * formulas.critical_decay(ratio) / (G * d)
    scales = [formulas.best_scale(ratio, weight * d / each) for each in p]
    if not decayed:
        weight = 0.0
        scales = [formulas.best_scale(ratio, 0.0)] * G
    scaled = A_star * np.repeat(scales, d)
    best = np.hstack([scaled, np.zeros((n, shape.more * d))])
    A = best + u[0] ** 2 * V.reshape(n, -1) / math.sqrt(n)
    norms = np.array([1.0]) if decayed else np.array([1.0, 1.05 + u[3]])
    return OneGroup(A, A_star, directions(d), p, norms, float(ratio), float(weight), d)


def _decayed(shape: DecayShape, theta: Array) -> OneGroup:
    """Weight decay, A between the minimisers and anywhere."""
    return _one_group(True, shape, theta)


def _two_norms(shape: DecayShape, theta: Array) -> OneGroup:
    """Two norms, no decay, A between zero loss at the first norm and anywhere."""
    return _one_group(False, shape, theta)


SHAPES = tuple(
    DecayShape(*s)
    for s in ((2, 2, 1, 0), (3, 2, 1, 2), (4, 2, 2, 0), (5, 2, 2, 1), (3, 1, 3, 1), (4, 1, 2, 2))
)
FAMILIES = {
    "decayed": Family(_decayed, SHAPES),
    "two_norms": Family(_two_norms, SHAPES),
}
