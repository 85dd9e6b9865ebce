"""Dictionaries to start from, given only the data. May import checks and groups."""

from __future__ import annotations

import numpy as np

from .. import checks, groups
from ..arrays import Array
from ..checks.blockwise import rows
from .blocks import samples_that_fit

STARTS = ("samples", "principal", "random")


def starting_dictionary(
    Y: Array,
    n_groups: int,
    group_size: int,
    kind: str = "samples",
    rng: int | np.random.Generator = 0,
    mixing: str = "orthogonal",
) -> Array:
    """A dictionary of unit atoms to start a run from.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_features)
        Samples as rows; a memory-mapped array or a Dask array is read block by block.
    n_groups, group_size : int
        Size of the dictionary.
    kind : {"samples", "principal", "random"}
        "samples": atoms are samples, drawn without replacement from those that are not zero.
        "principal": A_g = V P_g, with the leading ``group_size`` principal directions V (right
        singular vectors of Y, not centred) and a random matrix P_g for each group; for groups of
        one atom, the leading ``n_groups`` directions themselves. "random": Gaussian directions, as
        are the atoms for which there are not enough samples or directions.
    rng : int or numpy.random.Generator
        Seed.
    mixing : {"orthogonal", "gaussian"}
        P_g of "principal": orthogonal as in the authors' public code, so that A_g^T A_g = I, or
        Gaussian.

    Returns
    -------
    A : ndarray of shape (n_features, n_groups * group_size)
        In the dtype of Y; integers give float64.

    Raises
    ------
    TypeError, ValueError
        For samples that are not rows of finite reals, sizes below 1, an unknown ``kind``.

    Examples
    --------
    >>> Y = np.array([[3.0, 0.0], [4.0, 0.0], [0.0, 1.0]])
    >>> np.abs(starting_dictionary(Y, 2, 1, kind="principal"))
    array([[1., 0.],
           [0., 1.]])
    """
    checks.option("init", kind, STARTS)
    Y = samples_that_fit(Y)
    source = checks.generator(rng)
    n_groups = checks.count("n_groups", n_groups)
    group_size = checks.count("group_size", group_size)
    n_atoms = n_groups * group_size
    A: Array = source.standard_normal((Y.shape[1], n_atoms))
    if kind == "samples":
        nonzero = np.concatenate([np.asarray(block).any(axis=1) for block in rows(Y)])
        chosen = source.permutation(np.flatnonzero(nonzero))[:n_atoms]
        A[:, : len(chosen)] = np.asarray(Y[chosen], dtype=np.float64).T
    elif kind == "principal" and group_size == 1:
        V = _principal_directions(Y)[:, :n_atoms]
        A[:, : V.shape[1]] = V
    elif kind == "principal":
        V = _principal_directions(Y)[:, :group_size]
        if V.shape[1] < min(group_size, Y.shape[1]):
            V = _completed(V, A[:, : min(group_size, Y.shape[1])])
        P = groups.unblock(source.standard_normal((n_groups, V.shape[1], group_size)))
        if checks.option("mixing", mixing, ("orthogonal", "gaussian")) == "orthogonal":
            P = groups.polar(P, group_size)
        A = V @ P
    A = groups.near_one(A)
    A /= np.linalg.norm(A, axis=0)
    return A.astype(checks.array("Y", Y[:1]).dtype)


def _principal_directions(Y: Array) -> Array:
    """Right singular vectors of Y as columns, largest singular value first.

    All n_features of them, by the eigenvectors of Y^T Y; if there are fewer samples than features,
    as many as samples, without that (n_features, n_features) matrix.
    """
    if len(Y) < Y.shape[1]:
        return np.linalg.svd(np.asarray(Y, dtype=np.float64), full_matrices=False)[2].T
    gram = np.zeros((Y.shape[1], Y.shape[1]))
    for block in rows(Y):
        block = np.asarray(block, dtype=np.float64)
        gram += block.T @ block
    return np.linalg.eigh(gram)[1][:, ::-1]


def _completed(V: Array, G: Array) -> Array:
    """Orthonormal columns V, followed by the part of the columns G that is orthogonal to them."""
    R = G[:, V.shape[1] :]
    for _ in range(2):  # twice is enough
        R = R - V @ (V.T @ R)
    return np.concatenate([V, np.linalg.qr(R)[0]], axis=1)
