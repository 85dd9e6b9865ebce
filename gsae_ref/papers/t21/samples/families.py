"""Families of samples of one active group each."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .... import groups
from ....arrays import Array
from ....claims.family import Family
from .instance import Samples


class Shape(NamedTuple):
    """Sizes of a set of samples."""

    n_features: int
    n_groups: int
    group_size: int
    n_samples: int

    @property
    def n_atoms(self) -> int:
        """Number of columns of A."""
        return self.n_groups * self.group_size

    @property
    def n_scalars(self) -> int:
        """Numbers in [0, 1]: spread, error, place of lam, step, noise, a norm for each code."""
        return 5 + self.n_samples

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: two dictionaries, codes, noise, the scalars."""
        dictionaries = 2 * self.n_features * self.n_atoms
        samples = self.n_samples * (self.group_size + self.n_features)
        return dictionaries + samples + self.n_scalars


def _samples(noise: float, reach: float, step: float, shape: Shape, theta: Array) -> Samples:
    """Samples in turn of every group; norms in [1, 2]; lam between the norms, where it can be.

    ``reach`` is the size of A - A* in units of its direction, ``step`` the largest eta L.
    """
    n, _, d, N = shape
    m = shape.n_atoms
    W, V, raw, E, u = np.split(theta, np.cumsum([n * m, n * m, N * d, N * n]))
    u = np.sin(u) ** 2
    aligned = np.eye(n)[:, np.arange(m) % n]
    A_star = groups.polar(aligned + 0.1 * u[0] * W.reshape(n, m), d)
    A = groups.polar(A_star + reach * u[1] * V.reshape(n, m), d)
    x = raw.reshape(N, d)
    codes = x / np.linalg.norm(x, axis=1, keepdims=True) * (1 + u[5:, None])
    own = np.arange(N) % shape.n_groups
    arguments = A, A_star, codes, own, noise * u[4] * E.reshape(N, n)
    i = Samples(*arguments, 0.0, 0.0, d)
    off = i.r[~i.is_own].max(initial=0.0)
    lam = off + 0.99 * u[2] * max(i.r[i.is_own].min() - off, 0.0)
    high = max(i.eigenvalues[:, -1].max(), 1e-300)
    size = step * (0.001 + 0.999 * u[3]) / high
    found = replace(i, lam=float(lam), step_size=float(size))
    for name in ("star", "Y", "r", "is_own", "moments", "eigenvalues"):  # depend on neither
        vars(found)[name] = getattr(i, name)
    return found


def _near(shape: Shape, theta: Array) -> Samples:
    """Several groups, a dictionary near the true one."""
    return _samples(0.0, 0.15, 3.0, shape, theta)


def _one_group(shape: Shape, theta: Array) -> Samples:
    """One group at any angle, steps beyond the largest one."""
    return _samples(0.0, 2.0, 6.0, shape, theta)


def _noisy(shape: Shape, theta: Array) -> Samples:
    """Samples with noise, so many that H has full rank."""
    return _samples(0.3, 0.3, 1.5, shape, theta)


_NOISY = tuple(Shape(*s) for s in ((2, 1, 1, 4), (3, 1, 2, 6), (4, 1, 1, 6), (4, 2, 1, 12)))
_FEW = tuple(Shape(*s) for s in ((4, 1, 2, 1), (5, 1, 3, 2), (6, 1, 3, 1), (6, 2, 2, 3)))
_ONE = tuple(Shape(*s) for s in ((2, 1, 1, 2), (3, 1, 2, 2), (4, 1, 2, 4), (5, 1, 3, 4)))
_NEAR = tuple(Shape(*s) for s in ((3, 2, 1, 4), (4, 3, 1, 6), (4, 2, 2, 6), (7, 3, 2, 9)))
FAMILIES = {
    "one_group_samples": Family(_one_group, _ONE),
    "samples": Family(_near, _NEAR),
    "noisy_samples": Family(_noisy, _NOISY),
    "few_samples": Family(_near, _FEW),
}
