"""Dictionaries to start from when nothing but the data is known. May import checks and groups."""

from __future__ import annotations

import numpy as np

from .. import checks, groups
from ..arrays import Array
from .blocks import rows, samples_that_fit

STARTS = ("samples", "principal", "random")


def starting_dictionary(
    Y: Array,
    n_groups: int,
    group_size: int,
    kind: str = "samples",
    rng: int | np.random.Generator = 0,
) -> Array:
    """A dictionary of unit atoms to start a run from.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_features)
        Samples as rows; a memory-mapped array is read block by block.
    n_groups, group_size : int
        Size of the dictionary.
    kind : {"samples", "principal", "random"}
        "samples": atoms are samples, drawn without replacement from those that are not zero; atoms
        beyond their number are random. "principal": every group is the leading ``group_size``
        principal directions (right singular vectors of Y, not centred), mixed by a Gaussian matrix
        of its own, A_g = V P_g; for groups of one atom, the leading ``n_groups`` directions
        themselves. Directions beyond the number of features are random. "random": Gaussian
        directions.
    rng : int or numpy.random.Generator
        Seed of what is random.

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
    >>> np.abs(starting_dictionary(np.array([[3.0, 0.0], [4.0, 0.0], [0.0, 1.0]]), 2, 1, kind="principal"))
    array([[1., 0.],
           [0., 1.]])
    """
    checks.option("init", kind, STARTS)
    Y, source = samples_that_fit(Y), checks.generator(rng)
    n_groups, group_size = (
        checks.count("n_groups", n_groups),
        checks.count("group_size", group_size),
    )
    n_atoms = n_groups * group_size
    n_features = Y.shape[1]
    A: Array = source.standard_normal((n_features, n_atoms))
    if kind == "samples":
        alive = np.concatenate([np.asarray(block).any(axis=1) for block in rows(Y)]).nonzero()[0]
        chosen = source.permutation(alive)[:n_atoms]
        A[:, : len(chosen)] = np.asarray(Y[chosen], dtype=np.float64).T
    elif kind == "principal" and group_size == 1:
        V = _principal_directions(Y)[:, :n_atoms]
        A[:, : V.shape[1]] = V
    elif kind == "principal":
        V = _principal_directions(Y)[:, :group_size]
        mixing = source.standard_normal((n_groups, V.shape[1], group_size))
        A = np.concatenate(list(V @ mixing), axis=1)
    A = groups.near_one(A)
    A /= np.linalg.norm(A, axis=0)
    return A.astype(Y.dtype if Y.dtype.kind == "f" else np.float64)


def _principal_directions(Y: Array) -> Array:
    """Eigenvectors of Y^T Y as columns, (n_features, n_features), largest eigenvalue first."""
    gram = np.zeros((Y.shape[1], Y.shape[1]))
    for block in rows(Y):
        block = np.asarray(block, dtype=np.float64)
        gram += block.T @ block
    return np.linalg.eigh(gram)[1][:, ::-1]
