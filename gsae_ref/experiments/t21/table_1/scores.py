"""Table 1's clusterings: representations of the test images, clustered and compared with labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ....arrays import Array
from ...common.cache import digest
from ...common.clustering import agreement, cluster, represent
from .baselines import cluster_by
from .networks import codes, images, untrained
from .results import Scores
from .settings import Setting, Sizes

if TYPE_CHECKING:
    from ...common.cache import ResultCache


class Clustering(NamedTuple):
    """One clustering of the test images.

    Attributes
    ----------
    network : {"group", "sparse", "principal", "gaussian"} or None
        Whose codes are clustered; the last two are group-sparse networks before training; None:
        the pixels.
    representation : str
        As for :func:`gsae_ref.experiments.common.clustering.represent`, or "pixels".
    method : {"k-means", "spectral", "argmax"}
        "argmax": the strongest entry is the cluster.
    seed : int
    A : ndarray of shape (n_features, n_atoms) or None
        The dictionary of a trained network.
    """

    network: str | None
    representation: str
    method: str
    seed: int
    A: Array | None

    def key(self, data: str) -> str:
        """Name of the result in the cache."""
        dictionary = [] if self.A is None else [digest(self.A)[:8]]
        codes_of = [] if self.network is None else [self.network]
        parts = [data, *dictionary, *codes_of, self.representation, self.method, f"seed{self.seed}"]
        return "-".join(parts).replace(" / ", "-by-").replace(" ", "-")


def score(cache: ResultCache, size: Sizes, clustering: Clustering) -> dict[str, Any]:
    """Cluster and compare with the labels; from the cache if it is there.

    Returns
    -------
    dict of str to ndarray
        ``accuracy``, ``nmi``, ``ari``, in percent; ``labels``, the clusters; ``zeros``, the share
        of test images whose representation is zero.
    """
    return cache.run(
        clustering.key(size.data),
        partial(_score, source=size.source),
        **clustering._asdict(),
        data=size.data,
        n_train=size.n_train,
        n_test=size.n_test,
        setting=size.setting._asdict(),
    )


def _score(
    network: str | None,
    representation: str,
    method: str,
    seed: int,
    A: Array | None,
    data: str,
    n_train: int | None,
    n_test: int | None,
    setting: dict[str, Any],
    source: str | None,
) -> dict[str, Any]:
    s = Setting(**setting)
    Y = images(data, source, n_train, n_test)
    if network is None:
        R = Y.test
    else:
        kind = "sparse" if network == "sparse" else "group"
        dictionary = untrained(network, Y.train, kind, s, seed) if A is None else A
        X = codes(dictionary, Y.test, kind, s)
        R = represent(X, representation, s.shape(kind)[1])
    n_clusters = len(np.unique(Y.labels))
    if method == "argmax":
        found = R.argmax(axis=1)
    else:
        found = cluster(R, method, n_clusters, s.n_neighbors, seed)
    return {
        **agreement(Y.labels, found),
        "labels": found.astype(np.int16),
        "zeros": np.mean(~R.any(axis=1)),
    }


def score_baseline(cache: ResultCache, size: Sizes, name: str, seed: int) -> dict[str, Any]:
    """Cluster the pixels by another method, and compare with the labels."""
    return cache.run(
        f"{size.data}-baseline-{name}-seed{seed}",
        partial(_score_baseline, source=size.source),
        name=name,
        seed=seed,
        data=size.data,
        n_train=size.n_train,
        n_test=size.n_test,
    )


def _score_baseline(
    name: str, seed: int, data: str, n_train: int | None, n_test: int | None, source: str | None
) -> dict[str, float]:
    Y = images(data, source, n_train, n_test)
    n_clusters = len(np.unique(Y.labels))
    return agreement(Y.labels, cluster_by(name, Y.test, n_clusters, seed))


def collect(runs: list[dict[str, Any]]) -> Scores:
    """The scores of several repetitions."""
    return Scores(
        accuracy=[float(run["accuracy"]) for run in runs],
        nmi=[float(run["nmi"]) for run in runs],
        ari=[float(run["ari"]) for run in runs],
    )
