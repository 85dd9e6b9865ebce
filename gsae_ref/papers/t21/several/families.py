"""Families of populations with several active groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .... import groups
from ....arrays import Array, BoolArray
from ....claims.family import Family
from .instance import Moved, Population


class Shape(NamedTuple):
    """Sizes of a population."""

    n_features: int
    n_groups: int
    group_size: int
    n_active: int

    @property
    def n_atoms(self) -> int:
        """Number of columns of A."""
        return self.n_groups * self.group_size

    @property
    def supports(self) -> BoolArray:
        """All supports of n_active groups."""
        found = list(combinations(range(self.n_groups), self.n_active))
        mask = np.zeros((len(found), self.n_groups), dtype=bool)
        for row, support in zip(mask, found, strict=True):
            row[list(support)] = True
        return mask

    @property
    def n_scalars(self) -> int:
        """Numbers in [0, 1]: overlap, error, lam, step, width of the norms."""
        return 5

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: A*, a direction, a basis of every group, the scalars."""
        bases = self.n_groups * self.group_size**2
        return 2 * self.n_features * self.n_atoms + bases + self.n_scalars


class Pattern(NamedTuple):
    """Every sample of a law: its support's row, and sign, direction and norm of every group."""

    rows: NDArray[np.int_]
    signs: Array
    directions: NDArray[np.int_]
    norms: NDArray[np.int_]

    def codes(self, bases: Array, norms: Array) -> Array:
        """Codes sign r Q_g e_i: bases Q (n_groups, d, d), norms r (n_norms, n_groups)."""
        group = np.arange(len(bases))
        length = self.signs * norms[self.norms, group]
        return groups.merge(length[..., None] * bases[group, :, self.directions])


def _pattern(supports: BoolArray, choices: Callable[[int], list[Any]]) -> Pattern:
    """All choices of (sign, direction, norm) for the active groups of every support."""
    rows = []
    drawn = []
    for row, support in enumerate(supports):
        found = np.array(choices(int(support.sum())))  # (n_choices, gamma, 3)
        full = np.zeros((len(found), len(support), 3), dtype=int)
        full[:, support] = found
        drawn.append(full)
        rows.append(np.full(len(found), row))
    every = np.concatenate(drawn)
    return Pattern(np.concatenate(rows), every[..., 0].astype(float), every[..., 1], every[..., 2])


def common_codes(supports: BoolArray, d: int, n_norms: int) -> Pattern:
    """One direction and one norm for all groups of a sample, independent signs."""

    def choices(gamma: int) -> list[Any]:
        found = product(product((-1, 1), repeat=gamma), range(d), range(n_norms))
        return [list(zip(signs, [i] * gamma, [k] * gamma, strict=True)) for signs, i, k in found]

    return _pattern(supports, choices)


def independent_codes(supports: BoolArray, d: int, n_norms: int) -> Pattern:
    """Signs, directions and norms of all groups of a sample are independent."""

    def choices(gamma: int) -> list[Any]:
        one = list(product((-1, 1), range(d), range(n_norms)))
        return list(product(one, repeat=gamma))

    return _pattern(supports, choices)


def weights_of(rows: NDArray[np.int_], chances: Array) -> Array:
    """Probability of every sample: equal for the samples of one support."""
    counts = np.bincount(rows, minlength=len(chances))
    return chances[rows] / counts[rows]


@cache
def _common(shape: Shape) -> Pattern:
    return common_codes(shape.supports, shape.group_size, 2)


def _population(overlap: float, reach: float, shape: Shape, theta: Array) -> Population:
    """A* near the first coordinates (or, overcomplete, near those taken in turn), A near A*."""
    n, n_groups, d, _ = shape
    m = shape.n_atoms
    W, V, Q, u = np.split(theta, np.cumsum([n * m, n * m, n_groups * d * d]))
    u = np.sin(u) ** 2
    A_star = groups.polar(np.eye(n)[:, :m] + overlap * u[0] * W.reshape(n, m), d)
    A = groups.polar(A_star + reach * u[1] * V.reshape(n, m) / np.sqrt(n * d), d)
    bases = np.linalg.qr(Q.reshape(n_groups, d, d))[0]
    norms = np.array([1.0, 1.0 + 0.25 * u[4]])
    supports = shape.supports
    chances = np.full(len(supports), 1 / len(supports))
    pattern = _common(shape)
    table = np.repeat(norms[:, None], n_groups, axis=1)
    codes = pattern.codes(bases, table)
    law = codes, weights_of(pattern.rows, chances), supports, chances, table
    i = Population(A, A_star, *law, 1.0, 0.0, 0.0, d)
    off = i.r[~i.active].max(initial=0.0)
    lam = off + 0.99 * u[2] * max(i.r[i.active].min() - off, 0.0)
    a = (0.02 + 0.98 * u[3]) * i.setting.largest_a
    found = replace(i, lam=float(lam), step_size=float(a / i.setting.kappa))
    for name in ("Y", "r", "active", "setting"):  # depend on neither, and are not computed again
        vars(found)[name] = getattr(i, name)
    return found


def _near_orthonormal(shape: Shape, theta: Array) -> Population:
    return _population(0.03, 0.3, shape, theta)


def _very_near(shape: Shape, theta: Array) -> Population:
    """Where R11's support condition often holds."""
    return _population(0.01, 0.1, shape, theta)


class MovedShape(NamedTuple):
    """Sizes of a population near an orthonormal A*; supports of 1 to n_active groups."""

    n_features: int
    n_groups: int
    group_size: int
    n_active: int

    @property
    def n_atoms(self) -> int:
        """Number of columns of A."""
        return self.n_groups * self.group_size

    @property
    def supports(self) -> BoolArray:
        """All supports of 1 to n_active groups."""
        masks = np.array(list(product((False, True), repeat=self.n_groups)))
        sizes = masks.sum(axis=1)
        return masks[(sizes > 0) & (sizes <= self.n_active)]

    @property
    def n_scalars(self) -> int:
        """Numbers in [0, 1]: lam, step, norms of every group, a weight for every support."""
        return 2 + 2 * self.n_groups + len(self.supports)

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: two directions, bases, the scalars."""
        bases = self.n_groups * self.group_size**2
        return 2 * self.n_features * self.n_atoms + bases + self.n_scalars


@cache
def _independent(shape: MovedShape) -> Pattern:
    return independent_codes(shape.supports, shape.group_size, 2)


def _moved(coherent: bool, shape: MovedShape, theta: Array) -> Moved:
    """Any support law, a law of norms in [1, 3/2] for every group."""
    n, n_groups, d, _ = shape
    m = shape.n_atoms
    K, V, Q, u = np.split(theta, np.cumsum([n * m, n * m, n_groups * d * d]))
    u = np.sin(u) ** 2
    table = 1 + 0.5 * u[2 : 2 + 2 * n_groups].reshape(2, n_groups)
    chances = 0.01 + u[2 + 2 * n_groups :]
    chances = chances / chances.sum()
    pattern = _independent(shape)
    codes = pattern.codes(np.linalg.qr(Q.reshape(n_groups, d, d))[0], table)
    law = codes, weights_of(pattern.rows, chances), shape.supports, chances, table
    truth = np.eye(n)[:, :m]
    lam = 0.02 + 0.9 * u[0]
    at = Population(truth, truth, *law, 0.0, float(lam), float(0.05 + 4 * u[1]), d)
    K = K.reshape(n, m) if coherent else np.zeros((n, m))
    return Moved(at, K, V.reshape(n, m))


def _any_laws(shape: MovedShape, theta: Array) -> Moved:
    return _moved(True, shape, theta)


def _orthonormal(shape: MovedShape, theta: Array) -> Moved:
    return _moved(False, shape, theta)


_MOVED = tuple(MovedShape(*s) for s in ((4, 3, 1, 2), (3, 3, 1, 3), (5, 2, 2, 2)))
_SHAPES = tuple(Shape(*s) for s in ((3, 3, 1, 2), (4, 4, 1, 3), (5, 2, 2, 2), (7, 3, 2, 2)))
FAMILIES = {
    "populations": Family(_near_orthonormal, _SHAPES),
    "close_populations": Family(_very_near, _SHAPES),
    "moved_populations": Family(_any_laws, _MOVED),
    "moved_orthonormal": Family(_orthonormal, _MOVED),
}
