"""Least squares on given supports: codes without the shrinkage of a threshold."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, BoolArray


def refit(A: Array, Y: Array, active: BoolArray) -> Array:
    """Return the codes that minimise ||y - A x||, entries outside ``active`` being 0.

    Of several minimisers the one of least norm is taken. Input is taken as checked.

    Parameters
    ----------
    A : ndarray of shape (n_features, n_atoms)
    Y : ndarray of shape (n_samples, n_features)
    active : ndarray of bool, shape (n_samples, n_atoms)

    Returns
    -------
    X : ndarray of shape (n_samples, n_atoms)

    Examples
    --------
    >>> refit(np.diag([1.0, 2.0]), np.array([[3.0, 4.0]]), np.array([[False, True]]))
    array([[0., 2.]])
    """
    X = np.zeros(active.shape, np.result_type(A, Y))
    patterns, which = np.unique(active, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    members = np.split(order, np.cumsum(np.bincount(which.ravel(), minlength=len(patterns)))[:-1])
    for pattern, rows in zip(patterns, members, strict=True):
        if pattern.any():
            solution = np.linalg.lstsq(A[:, pattern], Y[rows].T, rcond=None)[0]
            X[np.ix_(rows, pattern)] = solution.T
    return X
