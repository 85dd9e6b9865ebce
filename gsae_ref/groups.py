"""How atoms form groups, contiguous equal blocks, and how often they are active together.

Group ``g`` of a dictionary ``A`` of shape (n_features, n_atoms) is the block of columns
``A[:, g * group_size : (g + 1) * group_size]``; a code has the same blocks along its last axis.
Input is taken as checked by the callers. May import numpy only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array

# By bytes of a number: norms from 1 / this to this are taken from plain squares.
PLAIN = {4: 2.0**40, 8: 2.0**320}


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
    """Euclidean norm of every group: (..., n_atoms) becomes (..., n_groups).

    Squares neither overflow nor vanish: a group that is not within ``PLAIN`` is first multiplied by
    a power of two, which rounds nothing. A norm beyond the range is infinite.

    >>> norms(np.array([3.0, 4.0, 0.0, 0.0]), 2)
    array([5., 0.])
    >>> norms(np.array([3e-200, 4e-200, 3e200, 4e200]), 2)
    array([5.e-200, 5.e+200])
    """
    G = split(X, group_size)
    with np.errstate(over="ignore"):
        r = _root_of_squares(G)
        largest = PLAIN[r.dtype.itemsize]
        extreme = ~((r >= 1 / largest) & (r <= largest))
        if extreme.any():
            exponent = _exponent(G[extreme], axis=-1)
            near_one = np.ldexp(G[extreme], -exponent[:, None])
            r[extreme] = np.ldexp(_root_of_squares(near_one), exponent)
    return r


def _root_of_squares(G: Array) -> Array:
    return np.sqrt(np.einsum("...d,...d->...", G, G))


def _exponent(X: Array, axis: int) -> NDArray[np.int32]:
    """The e with 2^(e - 1) <= max |x| < 2^e along an axis; 0 for zeros."""
    return np.frexp(np.abs(X).max(axis=axis))[1]


def near_one(A: Array) -> Array:
    """Every column of A (n_features, n_atoms) times a power of two: its largest entry nears 1.

    The largest magnitude of a column that is not zero is then in [1/2, 1); nothing is rounded.

    >>> near_one(np.array([[3e-200, 0.0]])).round(1)
    array([[0.7, 0. ]])
    """
    return np.ldexp(A, -_exponent(A, axis=0))


def expand(per_group: NDArray[Any], group_size: int) -> Array:
    """Repeat one number per group for each of its atoms: (..., n_groups) becomes (..., n_atoms).

    >>> expand(np.array([1.0, 2.0]), 2)
    array([1., 1., 2., 2.])
    """
    return np.repeat(per_group, group_size, axis=-1)


def blocks(A: Array, group_size: int) -> Array:
    """Stack the groups of a dictionary as an array (n_groups, n_features, group_size).

    >>> blocks(np.array([[1.0, 2.0, 3.0, 4.0]]), 2)
    array([[[1., 2.]],
    <BLANKLINE>
           [[3., 4.]]])
    """
    return split(A, group_size).swapaxes(0, 1)


def unblock(B: Array) -> Array:
    """Undo :func:`blocks`: the dictionary (n_features, n_atoms) of these groups.

    >>> unblock(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]))
    array([[1., 2., 3., 4.]])
    """
    return merge(B.swapaxes(0, 1))


def polar(A: Array, group_size: int) -> Array:
    """Orthonormal groups nearest to those of a dictionary (n_features, n_atoms).

    A_g = U S V^T becomes U V^T, its polar factor.

    >>> polar(np.array([[2.0, 0.0], [0.0, 3.0]]), 1)
    array([[1., 0.],
           [0., 1.]])
    """
    U, _, Vt = np.linalg.svd(blocks(A, group_size), full_matrices=False)
    return unblock(U @ Vt)


def spectral_norm(M: Array) -> Array:
    """Largest singular value of a matrix, or of each in a stack (..., n, m).

    As ``np.linalg.norm(M, 2)``, without its handling of axes, which takes longer than the values of
    a small matrix.

    >>> spectral_norm(np.array([[3.0, 0.0], [0.0, 4.0]])).tolist()
    4.0
    """
    return np.linalg.svd(M, compute_uv=False)[..., 0]


def support_moments(
    masks: NDArray[np.bool_], probabilities: Array
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How often one, two or three given groups are active: p_i (m,), p_ij (m, m), p_ijl (m, m, m).

    Support s, row s of ``masks`` (n_supports, m), is drawn with the s-th of ``probabilities``.
    Equal indices collapse: p_ii = p_i, p_iij = p_ij.

    >>> masks = np.array([[True, True], [True, False]])
    >>> p1, p2, p3 = support_moments(masks, np.array([0.25, 0.75]))
    >>> p1.tolist(), p2.tolist()
    ([1.0, 0.25], [[1.0, 0.25], [0.25, 0.25]])
    """
    M = masks.astype(np.float64)
    weighted = probabilities[:, None] * M
    triples = np.einsum("si,sj,sl->ijl", weighted, M, M, optimize=True)
    return weighted.sum(axis=0), weighted.T @ M, triples
