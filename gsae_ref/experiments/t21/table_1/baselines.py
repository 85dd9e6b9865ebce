"""Other methods of subspace clustering on the same test images. SubKmeans and LDA-k-means run where the package clustpy is installed, the
Gaussian mixture (a subspace for every component, with noise around it) is scikit-learn's,
k-subspaces and the codes of sparse subspace
clustering are ours."""

import importlib.util
from typing import Any

import numpy as np

from .... import checks
from ....arrays import Array, IntArray
from .subspaces import k_subspaces, nearest_subspace

DIMENSION = 16  # of the subspaces: atoms in a group of T21
NEIGHBOURS = 10  # samples in which sparse subspace clustering writes each sample
COORDINATES = 100  # leading principal directions kept for methods that are slow in many


def labels_by(name: str, Y: Array, n_clusters: int, seed: int) -> IntArray:
    """Labels of a method.

    Parameters
    ----------
    name : str
        One of ``BASELINES``.
    Y : ndarray of shape (n_samples, n_features)
        Centred.
    n_clusters : int
    seed : int

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    return BASELINES[name](Y, n_clusters, seed)


def require(name: str) -> str:
    """Return the name of a method that can run. Raises ValueError for an unknown one, and for one whose package is not installed."""
    package = NEEDS.get(checks.option("baselines", name, tuple(BASELINES)))
    if package and importlib.util.find_spec(package) is None:
        raise ValueError(
            f"baselines = {name!r} needs the package {package}, which is not installed; it is not one of ours; install it, or leave "
            f"{name} out"
        )
    return name


def _reduced(Y: Array) -> Array:
    gram = (Y.T @ Y).astype(np.float64)
    return (Y @ np.linalg.eigh(gram)[1][:, ::-1][:, :COORDINATES]).astype(Y.dtype)


def _k_subspaces(Y: Array, n_clusters: int, seed: int) -> IntArray:
    Z = _reduced(Y)
    return nearest_subspace(
        k_subspaces(Z, n_clusters, min(DIMENSION, Z.shape[1] // 4), seed, n_restarts=10)[0], Z
    )[0]


def _gaussian_mixture(Y: Array, n_clusters: int, seed: int) -> IntArray:
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(
        n_clusters, covariance_type="full", reg_covar=1e-2, n_init=1, random_state=seed
    ).fit_predict(_reduced(Y)[:, :50])


def _sparse_subspace_clustering(Y: Array, n_clusters: int, seed: int) -> IntArray:
    """SSC-OMP (You, Robinson and Vidal, CVPR 2016): spectral clustering of the codes of samples in the other samples.

    Rows of the spectral embedding get norm 1 (Ng, Jordan and Weiss 2002); without that,
    scikit-learn's way, tiny cliques become clusters.
    """
    from scipy.sparse import dia_array
    from scipy.sparse.linalg import eigsh
    from sklearn.cluster import KMeans

    C = abs(self_expressive(_reduced(Y), min(NEIGHBOURS, len(Y) - 1)))
    W = C + C.T
    scale = dia_array((np.maximum(W.sum(axis=1), 1e-12)[None] ** -0.5, [0]), shape=W.shape)
    vectors = eigsh(scale @ W @ scale, n_clusters, which="LA", v0=np.ones(len(Y)))[1]
    rows = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return KMeans(n_clusters, n_init=10, random_state=seed).fit_predict(rows).astype(np.int64)


def self_expressive(Y: Array, n_nonzero: int) -> Any:
    """Codes of samples in the dictionary of all others, by orthogonal matching pursuit on unit vectors.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_features)
    n_nonzero : int
        Entries of each code, 1 to n_samples - 1.

    Returns
    -------
    C : scipy.sparse.csr_array of shape (n_samples, n_samples)
        Zero on the diagonal; the residual of Y_i / ||Y_i|| is orthogonal to the chosen Y_j.

    Examples
    --------
    >>> self_expressive(np.array([[1.0, 0], [0, 1], [2, 0], [0, -3]]), 1).toarray().round(3)
    array([[ 0.,  0.,  1.,  0.],
           [ 0.,  0.,  0., -1.],
           [ 1.,  0.,  0.,  0.],
           [ 0., -1.,  0.,  0.]])
    """
    from scipy.sparse import csr_array

    n_samples = len(Y)
    norms = np.linalg.norm(Y, axis=1, keepdims=True)
    U = np.divide(Y, norms, out=np.zeros_like(Y), where=norms > 0)
    chosen = np.empty((n_samples, n_nonzero), np.int32)
    coefs = np.empty((n_samples, n_nonzero), U.dtype)
    E = U.copy()
    for k in range(n_nonzero):
        for block in np.array_split(np.arange(n_samples), 1 + n_samples // 1000):
            match = abs(E[block] @ U.T)
            match[np.arange(len(block)), block] = -1
            np.put_along_axis(match, chosen[block, :k], -1, axis=1)
            chosen[block, k] = match.argmax(axis=1)
            atoms = U[chosen[block, : k + 1]]
            gram = atoms @ atoms.swapaxes(1, 2) + 16 * np.finfo(U.dtype).eps * np.eye(
                k + 1, dtype=U.dtype
            )  # among the samples are duplicates
            coefs[block, : k + 1] = np.linalg.solve(gram, atoms @ U[block, :, None])[..., 0]
            E[block] = U[block] - np.einsum("ik,ikp->ip", coefs[block, : k + 1], atoms)
    return csr_array(
        (coefs.ravel(), chosen.ravel(), np.arange(n_samples + 1, dtype=np.int32) * n_nonzero),
        shape=(n_samples, n_samples),
    )


def _of_clustpy(name: str) -> Any:
    def run(Y: Array, n_clusters: Any, seed: int) -> Any:
        from clustpy import centroid

        return (
            getattr(centroid, name)(n_clusters, random_state=seed)
            .fit(_reduced(Y).astype(np.float64))
            .labels_
        )

    return run


BASELINES = {
    "k-subspaces": _k_subspaces,
    "Gaussian mixture": _gaussian_mixture,
    "SubKmeans": _of_clustpy("SubKmeans"),
    "LDA-k-means": _of_clustpy("LDAKmeans"),
    "SSC-OMP": _sparse_subspace_clustering,
}
NEEDS = {"SubKmeans": "clustpy", "LDA-k-means": "clustpy"}
