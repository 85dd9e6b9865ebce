"""How atoms form groups: contiguous equal blocks. May import numpy only.

Group ``g`` of a dictionary ``A`` of shape (n_features, n_atoms) is the block of columns
``A[:, g * group_size : (g + 1) * group_size]``; a code has the same blocks along its last axis.
Nothing here checks its input: the door (:mod:`gsae_ref.ops`, :mod:`gsae_ref.theory`) has.
"""

import numpy as np

__all__ = ["blocks", "expand", "merge", "norms", "polar", "split", "unblock"]


def split(X, group_size):
    """View the last axis as groups: (..., n_atoms) becomes (..., n_groups, group_size).

    >>> split(np.arange(4.0), 2)
    array([[0., 1.],
           [2., 3.]])
    """
    return X.reshape(*X.shape[:-1], -1, group_size)


def merge(X):
    """Undo :func:`split`: (..., n_groups, group_size) becomes (..., n_atoms).

    >>> merge(np.array([[0.0, 1.0], [2.0, 3.0]]))
    array([0., 1., 2., 3.])
    """
    return X.reshape(*X.shape[:-2], -1)


def norms(X, group_size):
    """Euclidean norm of every group: (..., n_atoms) becomes (..., n_groups).

    >>> norms(np.array([3.0, 4.0, 0.0, 0.0]), 2)
    array([5., 0.])
    """
    G = split(X, group_size)
    return np.sqrt(np.einsum("...d,...d->...", G, G))


def expand(per_group, group_size):
    """Repeat one number per group for each of its atoms: (..., n_groups) becomes (..., n_atoms).

    >>> expand(np.array([1.0, 2.0]), 2)
    array([1., 1., 2., 2.])
    """
    return np.repeat(per_group, group_size, axis=-1)


def blocks(A, group_size):
    """Stack the groups of a dictionary: (n_features, n_atoms) becomes (n_groups, n_features, group_size).

    >>> blocks(np.array([[1.0, 2.0, 3.0, 4.0]]), 2)
    array([[[1., 2.]],
    <BLANKLINE>
           [[3., 4.]]])
    """
    return np.moveaxis(split(A, group_size), 1, 0)


def unblock(B):
    """Undo :func:`blocks`: (n_groups, n_features, group_size) becomes (n_features, n_atoms).

    >>> unblock(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]))
    array([[1., 2., 3., 4.]])
    """
    return merge(np.moveaxis(B, 0, 1))


def polar(A, group_size):
    """Orthonormal groups nearest to those of a dictionary, (n_features, n_atoms): A_g = U S V^T becomes U V^T, its polar factor.

    >>> polar(np.array([[2.0, 0.0], [0.0, 3.0]]), 1)
    array([[1., 0.],
           [0., 1.]])
    """
    U, _, Vt = np.linalg.svd(blocks(A, group_size), full_matrices=False)
    return unblock(U @ Vt)
