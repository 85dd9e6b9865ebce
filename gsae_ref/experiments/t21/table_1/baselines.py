"""Other clusterings of the same test images, by scikit-learn and by the package clustpy."""

import importlib.util
from collections.abc import Callable

import numpy as np

from .... import checks
from ....arrays import Array, IntArray

COORDINATES = 100  # leading principal directions that are kept
MIXTURE_COORDINATES = 50  # and those of them that the mixture gets


def cluster_by(name: str, Y: Array, n_clusters: int, seed: int) -> IntArray:
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
    return BASELINES[name](_reduced(Y), n_clusters, seed)


def require(name: str) -> str:
    """Return the name of a method that can run.

    Raises
    ------
    ValueError
        For an unknown name, and for a method whose package is not installed.
    """
    checks.option("baselines", name, tuple(BASELINES))
    if name in OF_CLUSTPY and importlib.util.find_spec("clustpy") is None:
        raise ValueError(
            f"baselines = {name!r} needs the package clustpy, which is not installed; "
            f"install it, or leave {name} out"
        )
    return name


def _reduced(Y: Array) -> Array:
    """Coordinates of the samples in their leading principal directions."""
    gram = (Y.T @ Y).astype(np.float64)
    return (Y @ np.linalg.eigh(gram)[1][:, ::-1][:, :COORDINATES]).astype(Y.dtype)


def _gaussian_mixture(Z: Array, n_clusters: int, seed: int) -> IntArray:
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(n_clusters, reg_covar=1e-2, random_state=seed)
    return model.fit_predict(Z[:, :MIXTURE_COORDINATES])


def _sub_kmeans(Z: Array, n_clusters: int, seed: int) -> IntArray:
    from clustpy.centroid import SubKmeans

    return SubKmeans(n_clusters, random_state=seed).fit(Z.astype(np.float64)).labels_


def _lda_kmeans(Z: Array, n_clusters: int, seed: int) -> IntArray:
    from clustpy.centroid import LDAKmeans

    return LDAKmeans(n_clusters, random_state=seed).fit(Z.astype(np.float64)).labels_


BASELINES: dict[str, Callable[[Array, int, int], IntArray]] = {
    "gaussian-mixture": _gaussian_mixture,
    "subkmeans": _sub_kmeans,
    "lda-k-means": _lda_kmeans,
}
OF_CLUSTPY = ("subkmeans", "lda-k-means")
