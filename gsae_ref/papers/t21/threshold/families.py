"""Families of instances for the choice of lam."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .... import groups
from ....arrays import Array
from ....claims.family import Family
from .instance import HeldOut


class SampleShape(NamedTuple):
    """Sizes of a set of samples of which one is held out."""

    n_features: int
    n_groups: int
    group_size: int
    n_active: int
    n_samples: int

    @property
    def n_atoms(self) -> int:
        """Number of columns of A."""
        return self.n_groups * self.group_size

    @property
    def n_scalars(self) -> int:
        """Numbers in [0, 1]: spread, error, noise, b_max, place, a norm for each group and code."""
        return 5 + self.n_samples * self.n_groups

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: two dictionaries, codes, noise, the scalars."""
        rows = 2 * self.n_features * self.n_atoms
        samples = self.n_samples * (self.n_atoms + self.n_features)
        return rows + samples + self.n_scalars


def _codes(shape: SampleShape, raw: Array, norms: Array, b_max: float) -> Array:
    """Codes whose gamma largest groups are active, with norms in [1, b_max]."""
    x = groups.split(raw, shape.group_size)
    r = np.linalg.norm(x, axis=-1)
    rank = np.argsort(np.argsort(-r, axis=1), axis=1)
    wanted = np.where(rank < shape.n_active, 1 + (b_max - 1) * norms, 0)
    return groups.merge(x / r[..., None] * wanted[..., None])


def _held_out(
    noise: float, spread: float, error: float, shape: SampleShape, theta: Array
) -> HeldOut:
    n = shape.n_features
    m = shape.n_atoms
    N = shape.n_samples
    W, V, raw, E, u = np.split(theta, np.cumsum([n * m, n * m, N * m, N * n]))
    u = np.sin(u) ** 2
    d = shape.group_size
    aligned = np.eye(n)[:, np.arange(m) % n]
    share = spread * u[0]
    A_star = groups.polar((1 - share) * aligned + share * W.reshape(n, m) / np.sqrt(n), d)
    A = A_star + error * u[1] * V.reshape(n, m) / np.sqrt(n)
    b_max = 1 + u[3]
    codes = _codes(shape, raw.reshape(N, m), u[5:].reshape(N, -1), b_max)
    Y = codes @ A_star.T + noise * u[2] * E.reshape(N, n) / np.sqrt(n)
    return HeldOut(
        Y,
        codes,
        A_star,
        np.repeat(A[None], N, axis=0),
        np.full(N, 1 / N),
        d,
        shape.n_active,
        place=0.999 * u[4],
        b_max=b_max,
    )


def _noisy(shape: SampleShape, theta: Array) -> HeldOut:
    """Samples with noise, and a dictionary far from the true one."""
    return _held_out(0.5, 1.0, 1.0, shape, theta)


def _clean(shape: SampleShape, theta: Array) -> HeldOut:
    """Samples without noise, groups so little coherent that a threshold is often certified."""
    return _held_out(0.0, 0.1, 0.1, shape, theta)


_NOISY = tuple(
    SampleShape(*s)
    for s in ((2, 2, 1, 1, 2), (3, 3, 1, 1, 3), (4, 3, 2, 1, 4), (5, 4, 1, 2, 6), (6, 3, 2, 2, 3))
)
_CLEAN = tuple(
    SampleShape(*s)
    for s in ((3, 3, 1, 1, 3), (6, 3, 2, 1, 4), (8, 4, 2, 2, 5), (8, 8, 1, 2, 6), (9, 3, 3, 1, 3))
)
FAMILIES = {
    "held_out": Family(_noisy, _NOISY),
    "held_out_clean": Family(_clean, _CLEAN),
}
