"""Coherence, block coherence, cross-block norms, closeness, orthonormality of dictionaries."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .... import checks, groups
from ....arrays import Array


def coherence(A: ArrayLike) -> float:
    """Largest correlation of two atoms, mu = max_{i != j} |a_i^T a_j|. [T21] text before Eq. (3).

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary; the paper's atoms have unit norm, which is not asked for here.

    Returns
    -------
    mu : float
        0 for a single atom.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, or an array that is not 2-D.

    Examples
    --------
    >>> coherence([[1.0, 0.6], [0.0, 0.8]])
    0.6
    """
    A = checks.dictionary("A", A)

    def largest() -> float:
        G = np.abs(A.T @ A)
        np.fill_diagonal(G, 0)
        return float(G.max())

    return float(checks.representable("the coherence", largest, A=A))


def cross_block_norms(A: ArrayLike, B: ArrayLike, group_size: int) -> Array:
    """Spectral norms of all cross-Gram blocks: entry (g, h) is ||A_g^T B_h||_2.

    Parameters
    ----------
    A, B : array_like of shape (n_features, n_atoms)
        Two dictionaries of one shape; B = A gives the blocks of the Gram matrix.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    norms : ndarray of shape (n_groups, n_groups)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that differ, or a bad ``group_size``.

    Examples
    --------
    >>> cross_block_norms([[1.0, 0.6], [0.0, 0.8]], [[1.0, 0.6], [0.0, 0.8]], 1)
    array([[1. , 0.6],
           [0.6, 1. ]])
    """
    A, B = checks.dictionary("A", A, group_size), checks.dictionary("B", B, group_size)
    checks.same_shape("A", A, "B", B)
    A, B = checks.common_dtype(A, B)
    n_groups = A.shape[1] // group_size
    gram = checks.representable("the Gram matrix", lambda: A.T @ B, A=A, B=B)
    gram = gram.reshape(n_groups, group_size, n_groups, group_size).transpose(0, 2, 1, 3)
    return checks.representable("a norm", lambda: groups.spectral_norm(gram), A=A, B=B)


def block_coherence(A: ArrayLike, group_size: int) -> float:
    """Block coherence mu_B = max_{g != h} ||A_g^T A_h||_2 / d. [T21] Eq. (3).

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    group_size : int
        Atoms per group, d; divides n_atoms.

    Returns
    -------
    mu_block : float
        0 for a single group.

    Raises
    ------
    TypeError, ValueError
        As :func:`cross_block_norms`.

    Notes
    -----
    The factor 1/d is the paper's. What bounds an interference ||A_g^T A_h x|| is d mu_B, and the
    paper leaves out the d (ledger row ``T21-prop2``).

    Examples
    --------
    >>> A = np.array([[1, 0, 0.6, 0], [0, 1, 0, 0.6], [0, 0, 0.8, 0], [0, 0, 0, 0.8]])
    >>> block_coherence(A, 2)
    0.3
    """
    norms = cross_block_norms(A, A, group_size)
    np.fill_diagonal(norms, 0)
    return float(norms.max()) / group_size


def closeness(A: ArrayLike, A_star: ArrayLike, group_size: int) -> Array:
    """Distance of every group to its target, ||A_g - A*_g||_F. [T21] Eq. (17): at most delta.

    Parameters
    ----------
    A, A_star : array_like of shape (n_features, n_atoms)
        Dictionary and target.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    distance : ndarray of shape (n_groups,)

    Raises
    ------
    TypeError, ValueError
        As :func:`cross_block_norms`.

    Examples
    --------
    >>> closeness([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.6], [0.0, 0.8]], 1)
    array([0.   , 0.632])
    """
    A, A_star = (
        checks.dictionary("A", A, group_size),
        checks.dictionary("A_star", A_star, group_size),
    )
    checks.same_shape("A", A, "A_star", A_star)
    return np.linalg.norm(groups.blocks(A - A_star, group_size), axis=(1, 2))


def orthonormality_defect(A: ArrayLike, group_size: int) -> Array:
    """How far every group is from orthonormal, ||A_g^T A_g - I||_2. [T21] Assumption 4: 0.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    defect : ndarray of shape (n_groups,)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals or a bad ``group_size``.

    Examples
    --------
    >>> orthonormality_defect([[1.0, 0.0], [0.0, 2.0]], 2)
    array([3.])
    """
    B = groups.blocks(checks.dictionary("A", A, group_size), group_size)
    return groups.spectral_norm(np.swapaxes(B, 1, 2) @ B - np.eye(group_size))
