"""Families of instances of N19's model: W near an incoherent A.

Scalars enter as sin^2, so that the ends of their ranges (W = A) are ordinary points.
"""

from functools import cache
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from ...claims.family import Family
from .instance import SparseInstance
from .sparse_codes.formulas import descent_constants


class SparseShape(NamedTuple):
    """Sizes of an instance."""

    n_features: int
    n_atoms: int
    n_active: int

    @property
    def n_scalars(self) -> int:
        """Free numbers in [0, 1]."""
        return 5

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: A, the error of W, the scalars."""
        return 2 * self.n_features * self.n_atoms + self.n_scalars


def _unit(M: Array) -> Array:
    return M / np.sqrt((M * M).sum(axis=0))


@cache
def _signs(shape: SparseShape) -> Array:
    """Every combination of signs on every support, 0 off it: (supports, combinations, atoms).

    It is not to be written to.
    """
    combinations_of_signs = np.array(list(product((1.0, -1.0), repeat=shape.n_active)))
    supports = list(combinations(range(shape.n_atoms), shape.n_active))
    signs = np.zeros((len(supports), len(combinations_of_signs), shape.n_atoms))
    for row, S in zip(signs, supports, strict=True):
        row[:, S] = combinations_of_signs
    signs.setflags(write=False)
    return signs


@cache
def _incoherent(n: int, m: int) -> Array:
    """m coordinate vectors of R^n; for m = 2 n, n a power of 2, also the columns of H/sqrt(n)."""
    H = np.ones((1, 1))
    while len(H) < n:
        H = np.block([[H, H], [H, -H]])
    both: Array = np.hstack([np.eye(n), H[:n, :n] / np.sqrt(n)])
    return both[:, :m]


def _near(shape: SparseShape, theta: Array) -> SparseInstance:
    """W near an incoherent A, uniform supports, codes kappa_1 +- s, b = 0, zeta = share/Lambda.

    The errors of the columns are random or lean towards all other atoms, which is a common shift.
    """
    n, m, k = shape
    A_free, W_free, scalars = np.split(theta, np.cumsum([n * m, n * m]))
    spread, error, width, step, kappa_1 = np.sin(scalars) ** 2
    A = _unit(_incoherent(n, m) + 0.1 * spread * _unit(A_free.reshape(n, m)))
    shift = width * _unit(A.sum(axis=1, keepdims=True) - A)
    W = _unit(A + 0.3 * error * _unit((1 - width) * _unit(W_free.reshape(n, m)) + shift))
    signs = _signs(shape)
    codes = (kappa_1 * np.abs(signs) + (1 - kappa_1) * signs).reshape(-1, m)
    kappa_2 = kappa_1**2 + (1 - kappa_1) ** 2
    delta = float(np.linalg.norm(W - A, axis=0).max())
    found = descent_constants(W, A, k, kappa_1, kappa_2, delta)
    made = SparseInstance(
        W,
        A,
        codes,
        np.full(len(codes), 1 / len(codes)),
        np.zeros(m),
        k,
        delta=delta,
        kappa_1=kappa_1,
        kappa_2=kappa_2,
        step_size=(0.05 + 0.95 * step) / found.curvature,
    )
    vars(made)["descent"] = found  # where a cached property is kept
    return made


_WIDE = tuple(SparseShape(*s) for s in ((6, 6, 2), (8, 8, 2), (9, 9, 3), (8, 16, 2)))

_SMALL = tuple(SparseShape(*s) for s in ((2, 2, 1), (4, 4, 2), (5, 5, 3)))

FAMILIES = {"sparse_near": Family(_near, _WIDE), "sparse_start": Family(_near, _SMALL)}
