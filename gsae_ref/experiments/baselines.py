"""Other methods of subspace clustering on the same test images. SubKmeans and LDA-k-means run where the package clustpy is installed, the
Gaussian mixture (a subspace for every component, with noise around it) is scikit-learn's, k-subspaces is ours."""

import importlib.util
from typing import Any

import numpy as np

from .. import checks
from ..arrays import Array, IntArray
from .subspaces import k_subspaces, nearest_subspace

__all__ = ["BASELINES", "labels_by", "require"]

DIMENSION = 16  # of the subspaces: atoms in a group of T21
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
        raise ValueError(f"baselines = {name!r} needs the package {package}, which is not installed; it is not one of ours; install it, or leave "
                         f"{name} out")
    return name


def _reduced(Y: Array) -> Array:
    gram = (Y.T @ Y).astype(np.float64)
    return (Y @ np.linalg.eigh(gram)[1][:, ::-1][:, :COORDINATES]).astype(Y.dtype)


def _k_subspaces(Y: Array, n_clusters: int, seed: int) -> IntArray:
    Z = _reduced(Y)
    return nearest_subspace(k_subspaces(Z, n_clusters, min(DIMENSION, Z.shape[1] // 4), seed, n_restarts=10)[0], Z)[0]


def _gaussian_mixture(Y: Array, n_clusters: int, seed: int) -> IntArray:
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(n_clusters, covariance_type="full", reg_covar=1e-2, n_init=1, random_state=seed).fit_predict(_reduced(Y)[:, :50])


def _of_clustpy(name: str) -> Any:
    def run(Y: Array, n_clusters: Any, seed: int) -> Any:
        from clustpy import centroid

        return getattr(centroid, name)(n_clusters, random_state=seed).fit(_reduced(Y).astype(np.float64)).labels_

    return run


BASELINES = {
    "k-subspaces": _k_subspaces, "Gaussian mixture": _gaussian_mixture, "SubKmeans": _of_clustpy("SubKmeans"),
    "LDA-k-means": _of_clustpy("LDAKmeans"),
}
NEEDS = {"SubKmeans": "clustpy", "LDA-k-means": "clustpy"}
