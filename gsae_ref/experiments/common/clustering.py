"""K-means and spectral clustering of codes, and their agreement with labels. Uses scikit-learn."""

import warnings
from typing import Any

import numpy as np

from ... import groups, metrics
from ...arrays import Array, IntArray

METHODS = ("k-means", "spectral")
BLOCK = 1000  # samples whose distances to all others are held at a time


def represent(X: Array, representation: str, group_size: int) -> Array:
    """What is clustered, computed from codes.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_atoms)
    representation : str
        "signed" (the codes), "abs / sum", "abs / l2", "group norms", "group norms / sum", or "group
        norms / l2"; a code of zeros stays zero.
    group_size : int

    Returns
    -------
    ndarray of shape (n_samples, n_atoms) or (n_samples, n_groups)

    Examples
    --------
    >>> represent(np.array([[3.0, -4.0, 0.0, 0.0]]), "abs / sum", 2).round(3).tolist()
    [[0.429, 0.571, 0.0, 0.0]]
    >>> represent(np.array([[3.0, -4.0, 0.0, 0.0]]), "group norms", 2)
    array([[5., 0.]])
    """
    if representation == "signed":
        return X
    name, _, scale = representation.partition(" / ")
    R = np.abs(X) if name == "abs" else groups.norms(X, group_size)
    if not scale:
        return R
    total = {"sum": R.sum(axis=1), "l2": np.linalg.norm(R, axis=1)}[scale][:, None]
    return R / np.where(total > 0, total, 1)


def cluster(R: Array, method: str, n_clusters: int, n_neighbors: int, seed: int) -> IntArray:
    """Labels of the clusters.

    Parameters
    ----------
    R : ndarray of shape (n_samples, n_features)
    method : {"k-means", "spectral"}
    n_clusters : int
    n_neighbors : int
        For "spectral".
    seed : int

    Returns
    -------
    ndarray of shape (n_samples,)
        If at most ``n_clusters`` samples are different, as where a network has no active group,
        each of these is a cluster.
    """
    different, labels = np.unique(R, axis=0, return_inverse=True)
    if len(different) <= n_clusters:
        return labels.ravel()
    if method == "k-means":
        return kmeans(R, n_clusters, seed)
    return spectral(neighbor_graph(R, n_neighbors), n_clusters, seed)


def kmeans(R: Array, n_clusters: int, seed: int) -> IntArray:
    """K-means with the k-means++ start, the best of 10."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # Eigenvectors of nearly equal samples may have fewer different rows than clusters.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(n_clusters, n_init=10, random_state=seed).fit_predict(R)


def neighbor_graph(R: Array, n_neighbors: int) -> Any:
    """Affinity (G + G^T) / 2, where G joins every sample to its nearest neighbours.

    A sample counts as the first of its own neighbours, as in scikit-learn's SpectralClustering, so
    that ``n_neighbors=1001`` gives 1,000 others; the diagonal is then set to zero. Distances
    are computed in the precision of R; ties between neighbours are broken arbitrarily.

    Parameters
    ----------
    R : ndarray of shape (n_samples, n_features)
    n_neighbors : int

    Returns
    -------
    scipy.sparse.csr_array of shape (n_samples, n_samples)

    Examples
    --------
    The nearest neighbour of samples 0 and 2 is sample 1, that of sample 1 is sample 0:

    >>> neighbor_graph(np.array([[0.0], [1.0], [3.0]]), 2).toarray().tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.5], [0.0, 0.5, 0.0]]
    """
    from scipy.sparse import csr_array

    n = len(R)
    squares = np.sum(R * R, axis=1)
    k = min(n_neighbors, n)
    nearest = np.empty((n, k), dtype=np.int32)
    for begin in range(0, n, BLOCK):
        rows = np.arange(begin, min(begin + BLOCK, n))
        distances = squares - 2 * (R[rows] @ R.T)  # squared, less ||r_i||^2
        distances[np.arange(len(rows)), rows] = -np.inf
        nearest[rows] = np.argpartition(distances, k - 1, axis=1)[:, :k]
    weights = np.full(n * k, 0.5, dtype=np.float32)
    ends = np.arange(0, n * k + 1, k, dtype=np.int32)
    G = csr_array((weights, nearest.ravel(), ends), shape=(n, n))
    graph = (G + G.T).tocsr()
    graph.setdiag(0)
    graph.eliminate_zeros()
    return graph


def spectral(graph: Any, n_clusters: int, seed: int) -> IntArray:
    """Spectral clustering: k-means of the leading eigenvectors of D^-1/2 W D^-1/2, times D^-1/2.

    The embedding is that of scikit-learn's ``spectral_clustering``, whose shift-invert mode is
    several times slower on such dense graphs.

    Parameters
    ----------
    graph : sparse matrix of shape (n_samples, n_samples)
        W: symmetric, diagonal zero; D has its row sums, the degrees.
    n_clusters : int
    seed : int

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import eigsh

    degrees = np.asarray(graph.sum(axis=1), dtype=np.float64)
    scale = 1 / np.sqrt(np.where(degrees > 0, degrees, 1))
    start = np.random.default_rng(seed).uniform(-1, 1, len(degrees))
    W = diags_array(scale) @ graph.astype(np.float64) @ diags_array(scale)
    n_vectors = min(len(degrees), max(4 * n_clusters, 40))
    vectors = eigsh(W, n_clusters, which="LA", v0=start, ncv=n_vectors)[1]
    return kmeans(vectors * scale[:, None], n_clusters, seed)


def agreement(labels: IntArray, found: IntArray) -> dict[str, float]:
    """Accuracy, normalised mutual information and adjusted Rand index, in percent.

    Accuracy is that of the best one-to-one assignment of clusters to labels.

    >>> agreement(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    {'accuracy': 100.0, 'nmi': 100.0, 'ari': 100.0}
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    scores = {
        "accuracy": metrics.clustering_accuracy(labels, found),
        "nmi": normalized_mutual_info_score(labels, found),
        "ari": adjusted_rand_score(labels, found),
    }
    return {name: 100 * float(score) for name, score in scores.items()}
