"""Ours, not the paper's: two more ways to train the group-sparse network of T21 Section 4.2. Lam may rise to its value, and groups that are
used least may be sent to the samples that are explained worst."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .... import groups
from ....arrays import Array

RESETS = 2
RESET_AFTER = 2  # how many, and the epochs before each
WORST = 1000  # samples whose directions a group is given


def rising(lam: float, n_epochs: int) -> Callable[[int], float]:
    """Lam as a function of the epoch: half its value at first, in equal steps up to it in the first quarter of the epochs.

    A small lam leaves many groups active, and the cost has few basins; as lam rises one group after
    the other falls silent (a homotopy).

    >>> [rising(4.0, 16)(epoch) for epoch in range(6)]
    [2.0, 2.5, 3.0, 3.5, 4.0, 4.0]
    """
    steps = max(round(n_epochs / 4), 1)
    return lambda epoch: lam * (1 + min(epoch / steps, 1)) / 2


def reset(
    A: Array, Y: Array, X: Array, group_size: int, rng: np.random.Generator, n_worst: int = WORST
) -> Array:
    """The dictionary with the group that is used least given the leading directions of the samples that are explained worst.

    A sample uses the group with the largest norm in its code. The directions are the leading right
    singular vectors of the worst samples, as many as a group has atoms, mixed at random as at the
    start of training.

    Parameters
    ----------
    A : ndarray of shape (n_features, n_atoms)
    Y : ndarray of shape (n_samples, n_features)
    X : ndarray of shape (n_samples, n_atoms)
        Codes of Y.
    group_size : int
    rng : numpy.random.Generator
    n_worst : int
        Samples whose directions are taken, those with the largest ||y - A x||.

    Returns
    -------
    ndarray of shape (n_features, n_atoms)

    Examples
    --------
    >>> A, Y = np.eye(3)[:, :2], np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 5.0]])  # nobody uses the second atom, nothing explains the second sample
    >>> abs(reset(A, Y, Y @ A, 1, np.random.default_rng(0), n_worst=1).round(6))
    array([[1., 0.],
           [0., 0.],
           [0., 1.]])
    """
    used = np.bincount(
        groups.norms(X, group_size).argmax(axis=1), minlength=A.shape[1] // group_size
    )
    worst = Y[np.argsort(-np.sum((Y - X @ A.T) ** 2, axis=1), kind="stable")[:n_worst]]
    directions = np.linalg.svd(worst, full_matrices=False)[2][:group_size].T
    mixed = directions @ rng.standard_normal((directions.shape[1], group_size))
    B = A.copy()
    first = used.argmin() * group_size
    B[:, first : first + group_size] = mixed / np.linalg.norm(mixed, axis=0)
    return B
