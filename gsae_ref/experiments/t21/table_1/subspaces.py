"""K-subspaces: samples clustered by the subspace nearest to them. A start for group-sparse networks, and a rival of theirs."""

from typing import Any

import numpy as np

from ....arrays import Array, IntArray

START_SAMPLES = 10_000  # of these the start is made


def k_subspaces(
    Y: Array, n_clusters: int, dimension: int, seed: int, n_restarts: int = 4, n_rounds: int = 30
) -> tuple[Array, float]:
    """Bases of subspaces through zero that hold the most energy of the samples, each sample counted in its best one.

    Rounds of the k-planes algorithm (Bradley and Mangasarian 2000) with subspaces: samples go to
    the subspace with the largest projection, then every subspace becomes the leading principal
    directions, not centred, of its samples. The energy never falls. The restart with the most
    energy is kept; labels are nowhere looked at.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_features)
    n_clusters, dimension : int
    seed : int
    n_restarts, n_rounds : int
        Random partitions to start from; rounds at most.

    Returns
    -------
    bases : ndarray of shape (n_clusters, n_features, dimension)
        Orthonormal columns.
    energy : float
        Share of sum ||y||^2 that the projections hold.

    Examples
    --------
    >>> Y = np.array([[2.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, 4.0]])  # on the two axes
    >>> k_subspaces(Y, 2, 1, seed=0)[1]
    1.0
    """
    rng = np.random.default_rng(seed)
    best: tuple[Any, float] = (None, -np.inf)
    for _ in range(n_restarts):
        labels: IntArray = rng.integers(n_clusters, size=len(Y))
        for _ in range(n_rounds):
            bases = np.stack(
                [
                    _leading(
                        Y[labels == k] if (labels == k).any() else Y[rng.integers(len(Y), size=1)],
                        dimension,
                    )
                    for k in range(n_clusters)
                ]
            )
            before, (labels, held) = labels, nearest_subspace(bases, Y)
            if np.array_equal(labels, before):
                break
        energy = float(held.sum(dtype=np.float64) / np.sum(Y * Y, dtype=np.float64))
        if energy > best[1]:
            best = bases, energy
    return best


def nearest_subspace(bases: Array, Y: Array) -> tuple[IntArray, Array]:
    """Index of the subspace with the largest projection of each sample, and the square of that projection.

    >>> nearest_subspace(np.array([[[1.0], [0.0]], [[0.0], [1.0]]]), np.array([[3.0, 4.0], [2.0, 1.0]]))
    (array([1, 0]), array([16.,  4.]))
    """
    held = np.stack([np.sum((Y @ basis) ** 2, axis=1) for basis in bases], axis=1)
    return held.argmax(axis=1), held.max(axis=1)


def subspace_start(Y: Array, n_groups: int, group_size: int, seed: int) -> Array:
    """A dictionary whose groups are bases of k-subspaces of the same dimension, turned at random: orthonormal groups, unit columns.

    The subspaces are sought among the leading principal directions, ten for every dimension of a
    group.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_features)
    n_groups, group_size : int
    seed : int

    Returns
    -------
    A : ndarray of shape (n_features, n_groups * group_size)
    """
    rng = np.random.default_rng([seed, 1])
    V = _leading(Y, min(10 * group_size, Y.shape[1]))
    bases, _ = k_subspaces(
        Y[rng.permutation(len(Y))[:START_SAMPLES]] @ V, n_groups, group_size, seed
    )
    turns = np.linalg.qr(rng.standard_normal((n_groups, group_size, group_size)))[0]
    return np.concatenate(list(V @ bases @ turns), axis=1).astype(Y.dtype)


def _leading(Y: Array, dimension: int) -> Array:
    """Leading principal directions of samples, not centred, as columns."""
    gram = (Y.T @ Y).astype(np.float64)
    return np.linalg.eigh(gram)[1][:, ::-1][:, :dimension].astype(Y.dtype)
