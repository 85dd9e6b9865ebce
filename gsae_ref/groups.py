"""How atoms form groups: contiguous equal blocks. May import numpy only.

Group ``g`` of a dictionary ``A`` of shape (n_features, n_atoms) is the block of columns
``A[:, g * group_size : (g + 1) * group_size]``; a code has the same blocks along its last axis.
Nothing here checks its input: the door (:mod:`gsae_ref.ops`, :mod:`gsae_ref.papers`) has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array

# By bytes of a number: between which bounds a sum of squares is taken as it is, and by which power
# of two a group below or above them is multiplied before its squares are summed. Powers of two
# round nothing.
SAFE = {4: (2.0**-80, 2.0**80, 2.0**100, 2.0**-80), 8: (2.0**-640, 2.0**640, 2.0**800, 2.0**-700)}


def split(X: Array, group_size: int) -> Array:
    """View the last axis as groups: (..., n_atoms) becomes (..., n_groups, group_size).

    >>> split(np.arange(4.0), 2)
    array([[0., 1.],
           [2., 3.]])
    """
    return X.reshape(*X.shape[:-1], -1, group_size)


def merge(X: Array) -> Array:
    """Undo :func:`split`: (..., n_groups, group_size) becomes (..., n_atoms).

    >>> merge(np.array([[0.0, 1.0], [2.0, 3.0]]))
    array([0., 1., 2., 3.])
    """
    return X.reshape(*X.shape[:-2], -1)


def norms(X: Array, group_size: int) -> Array:
    """Euclidean norm of every group: (..., n_atoms) becomes (..., n_groups). No square overflows or vanishes; a norm may, to inf.

    >>> norms(np.array([3.0, 4.0, 0.0, 0.0]), 2)
    array([5., 0.])
    >>> norms(np.array([3e-200, 4e-200, 3e200, 4e200]), 2)
    array([5.e-200, 5.e+200])
    """
    s, factor = squares(X, group_size)
    with np.errstate(over="ignore"):
        return np.sqrt(s) / factor


def squares(X: Array, group_size: int) -> tuple[Array, Any]:
    """Sum of squares of every group after scaling, and the factors: ``s`` (..., n_groups) and ``c``, with c_g^2 ||x_g||^2 = s_g.

    The factor is the number 1.0 if every sum is far from overflow and underflow as it is, else an
    array of powers of two.

    >>> squares(np.array([3.0, 4.0]), 2)
    (array([25.]), 1.0)
    """
    G = split(X, group_size)
    with np.errstate(over="ignore"):
        s = np.einsum("...d,...d->...", G, G)
        low, high, up, down = SAFE[s.dtype.itemsize]
        if ((s >= low) & (s <= high)).all():
            return s, 1.0
        factor = np.where(s > high, down, np.where(s < low, up, 1)).astype(s.dtype)
        G = G * factor[..., None]
        return np.einsum("...d,...d->...", G, G), factor


def near_one(A: Array) -> Array:
    """Every column, (n_features, n_atoms), times the power of two that brings its largest entry to between 1/2 and 1. Rounds nothing.

    >>> near_one(np.array([[3e-200, 0.0]])).round(1)
    array([[0.7, 0. ]])
    """
    return np.ldexp(A, -np.frexp(np.abs(A).max(axis=0))[1])


def expand(per_group: NDArray[Any], group_size: int) -> Array:
    """Repeat one number per group for each of its atoms: (..., n_groups) becomes (..., n_atoms).

    >>> expand(np.array([1.0, 2.0]), 2)
    array([1., 1., 2., 2.])
    """
    return np.repeat(per_group, group_size, axis=-1)


def blocks(A: Array, group_size: int) -> Array:
    """Stack the groups of a dictionary: (n_features, n_atoms) becomes (n_groups, n_features, group_size).

    >>> blocks(np.array([[1.0, 2.0, 3.0, 4.0]]), 2)
    array([[[1., 2.]],
    <BLANKLINE>
           [[3., 4.]]])
    """
    return np.moveaxis(split(A, group_size), 1, 0)


def unblock(B: Array) -> Array:
    """Undo :func:`blocks`: (n_groups, n_features, group_size) becomes (n_features, n_atoms).

    >>> unblock(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]))
    array([[1., 2., 3., 4.]])
    """
    return merge(np.moveaxis(B, 0, 1))


def polar(A: Array, group_size: int) -> Array:
    """Orthonormal groups nearest to those of a dictionary, (n_features, n_atoms): A_g = U S V^T becomes U V^T, its polar factor.

    >>> polar(np.array([[2.0, 0.0], [0.0, 3.0]]), 1)
    array([[1., 0.],
           [0., 1.]])
    """
    U, _, Vt = np.linalg.svd(blocks(A, group_size), full_matrices=False)
    return unblock(U @ Vt)
