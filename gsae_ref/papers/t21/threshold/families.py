"""Families of instances for the choice of lam."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from .... import groups
from ....arrays import Array, BoolArray
from ....claims.family import Family
from .instance import HeldOut, Lines


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


class LineShape(NamedTuple):
    """Sizes of a set of lines."""

    n_features: int
    n_atoms: int
    n_active: int

    @property
    def supports(self) -> BoolArray:
        """All supports of 1 to n_active atoms, as a mask."""
        sizes = range(1, self.n_active + 1)
        found = [s for k in sizes for s in combinations(range(self.n_atoms), k)]
        mask = np.zeros((len(found), self.n_atoms), dtype=bool)
        for row, support in zip(mask, found, strict=True):
            row[list(support)] = True
        return mask

    @property
    def n_scalars(self) -> int:
        """Numbers in [0, 1]: spread, lam, width, moduli of the atoms, weights of the supports."""
        return 3 + self.n_atoms + len(self.supports)

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: atoms, velocities, the scalars."""
        return 2 * self.n_features * self.n_atoms + self.n_scalars


def _frame(n: int, m: int) -> Array:
    """Orthonormal columns (m <= n), or the corners of a simplex (m = n + 1, products -1/n)."""
    if m <= n:
        return np.eye(n)[:, :m]
    corners = np.linalg.svd(np.eye(m) - 1 / m)[0][:, :n].T
    return corners / np.linalg.norm(corners, axis=0)


def _lines(
    debiased: bool, reach: float, shape: LineShape, theta: Array, rare: float = 0.35
) -> Lines:
    """Atoms near a frame; moduli in [1, 1.2], a circulant table: dependent, with equal moments.

    Supports whose weight is below ``rare`` do not occur.
    """
    n, m, _ = shape
    W, V, u = np.split(theta, [n * m, 2 * n * m])
    u = np.sin(u) ** 2
    star = _frame(n, m) + reach * max(u[0] - 0.25, 0) * W.reshape(n, m) / np.sqrt(n)
    star = star / np.linalg.norm(star, axis=0)
    V = V.reshape(n, m) / np.sqrt(n)
    V = V - star * np.sum(star * V, axis=0)
    values = 1 + 0.2 * u[2] * u[3 : 3 + m]
    moduli = np.stack([np.roll(values, k) for k in range(m)])
    lam = 2 / 3 * np.mean(values**2) / np.mean(values)
    if not debiased:
        lam = lam * (0.7 + 0.5 * u[1])
    weights = np.where(u[3 + m :] < rare, 0, u[3 + m :])
    if not weights.any():
        weights = np.ones_like(weights)
    return Lines(star, V, shape.supports, weights / weights.sum(), moduli, float(lam))


def _at_any_threshold(shape: LineShape, theta: Array) -> Lines:
    return _lines(False, 0.2, shape, theta)


def _debiased(shape: LineShape, theta: Array) -> Lines:
    """The same at the debiasing threshold."""
    return _lines(True, 0.2, shape, theta)


def _orthonormal(shape: LineShape, theta: Array) -> Lines:
    """Orthonormal atoms and few supports, so that there often are twins."""
    return _lines(True, 0.0, shape, theta, rare=0.6)


def _debiased_pair(shape: LineShape, theta: Array) -> Lines:
    """Two atoms as coherent as exact supports allow."""
    return _lines(True, 1.0, shape, theta)


_NOISY = tuple(
    SampleShape(*s)
    for s in ((2, 2, 1, 1, 2), (3, 3, 1, 1, 3), (4, 3, 2, 1, 4), (5, 4, 1, 2, 6), (6, 3, 2, 2, 3))
)
_CLEAN = tuple(
    SampleShape(*s)
    for s in ((3, 3, 1, 1, 3), (6, 3, 2, 1, 4), (8, 4, 2, 2, 5), (8, 8, 1, 2, 6), (9, 3, 3, 1, 3))
)
_LINES = tuple(LineShape(*s) for s in ((2, 2, 2), (3, 3, 2), (4, 4, 2), (4, 5, 2), (5, 6, 2)))
_ANY_LINES = (*_LINES, LineShape(4, 4, 3), LineShape(5, 5, 3), LineShape(9, 4, 4))
FAMILIES = {
    "held_out": Family(_noisy, _NOISY),
    "held_out_clean": Family(_clean, _CLEAN),
    "lines": Family(_at_any_threshold, _ANY_LINES),
    "debiased_lines": Family(_debiased, _LINES),
    "orthonormal_lines": Family(_orthonormal, _LINES[:3]),
    "debiased_pair": Family(_debiased_pair, (LineShape(2, 2, 2), LineShape(3, 2, 2))),
}
