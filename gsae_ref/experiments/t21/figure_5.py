"""T21 Figure 5: pairwise distances of test images, sorted by digit, in the pixel basis and by the codes of two networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import checks
from ...arrays import Array, IntArray
from ..common.clustering import represent
from ..common.study import Claim, Study, Table
from .figure_4 import add_options as add_options
from .figure_4 import networks_of
from .table_1.compute import settled
from .table_1.networks import codes, images, sizes
from .table_1.restarts import models

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache

TITLE = "T21 Figure 5: pairwise distances of test images in three representations"
PER_CLASS = 100
NAMES = {
    "pixels": "pixel basis",
    "sparse": "sparse codes",
    "group": "group-sparse codes",
    "sparse+": "sparse codes+, abs / l2",
    "group+": "group-sparse codes+, norms / sum",
    "norms": "group norms",
}
READINGS = {
    "sparse": ("sparse", "signed"),
    "group": ("group", "signed"),
    "sparse+": ("sparse", "abs / l2"),
    "norms": ("group", "group norms"),
    "group+": ("group", "group norms / sum"),
}
AHEAD = 5.0  # points by which the nearest-neighbour agreement must be higher


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    saved: str | None = None,
    **options: Any,
) -> Study:
    """Train the networks of Table 1, or read them back, and compare distances within and between digits.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        As for t21-table-1.
    seed, n_seeds : int
        The figure is of the first seed; numbers are of all.
    saved : str, optional
        Folder of a finished t21-table-1; what it has not is trained, and kept there.
    **options
        Arguments of :func:`gsae_ref.experiments.t21.table_1.compute.settled`.

    Returns
    -------
    study : Study
    """
    size = settled(quick, **options)
    networks = networks_of(cache, saved)
    seeds = range(checks.count("seed", seed, minimum=0), seed + checks.count("n_seeds", n_seeds))
    Y = images(size.data, size.source, size.n_train, size.n_test)
    shown = sorted_sample(Y.labels)
    labels = Y.labels[shown]
    matrices = dict[str, Array]()
    separations: dict[str, list[Any]] = {name: [] for name in NAMES}
    for s in seeds:
        of = models(networks, size, s)
        for name in NAMES:
            if name == "pixels":
                R = Y.test[shown]
            else:
                network, how = READINGS[name]
                R = represent(
                    codes(of[network]["A"], Y.test[shown], network, size.setting),
                    how,
                    sizes(network, size.setting)[1],
                )
            D = distances(R)
            separations[name].append(separation(D, labels))
            if s == seed:
                matrices[name] = (D / D.max()).astype(np.float32)
    mean = {
        name: {what: float(np.mean([one[what] for one in values])) for what in values[0]}
        for name, values in separations.items()
    }
    rows = [[NAMES[name], *mean[name].values()] for name in NAMES]
    columns = (
        "representation",
        "within a digit / between digits",
        "silhouette",
        "pairs of a digit closer than pairs of two (AUC, %)",
    )
    applies = size.data == "mnist" and size.n_train is None and size.epochs >= 34
    claims = []
    for name, reading in (
        ("group", "signed codes, literally"),
        ("norms", "group norms"),
        ("group+", "group norms / sum"),
    ):
        ahead = mean[name]["auc"] - max(mean[other]["auc"] for other in ("pixels", "sparse"))
        claims.append(
            Claim(
                "T21 Figure 5",
                f"distances of group-sparse codes show the digits most readily [{reading}]",
                f"a pair of one digit is closer than a pair of two in {mean[name]['auc']:.1f} of 100 comparisons; pixels {mean['pixels']['auc']:.1f}, "
                f"sparse codes {mean['sparse']['auc']:.1f}",
                bool(ahead >= AHEAD) if applies else None,
            )
        )
    data = {
        "distances": matrices,
        "separation": separations,
        "edges": np.flatnonzero(np.diff(labels)) + 1,
        "labels": np.unique(labels),
    }
    notes = [
        f"Up to {PER_CLASS} test images of each digit, the first in their order. Distances are Euclidean, each picture divided by its largest.",
        f"A representation is ahead where its AUC is {AHEAD:g} points higher than both others'.",
        'The paper shows one picture of "the group-sparse dictionary" and does not say which representation; see the notes of t21-table-1.',
    ]
    recipe = {
        **size.setting._asdict(),
        "data": size.data,
        "restarts": size.restarts,
        "seeds": list(seeds),
    }
    return Study(
        "t21-figure-5",
        TITLE,
        recipe,
        data,
        [Table("Distances within and between digits, mean over seeds", columns, rows)],
        claims,
        notes,
    )


def sorted_sample(labels: IntArray, per_class: int = PER_CLASS) -> IntArray:
    """Index of the first samples of every class, class after class.

    >>> sorted_sample(np.array([1, 0, 1, 1, 0]), per_class=2)
    array([1, 4, 0, 2])
    """
    return np.concatenate(
        [np.flatnonzero(labels == label)[:per_class] for label in np.unique(labels)]
    )


def distances(R: Array) -> Array:
    """Euclidean distances between the rows.

    >>> distances(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([[0., 5.],
           [5., 0.]])
    """
    from scipy.spatial.distance import pdist, squareform

    return squareform(pdist(np.asarray(R, dtype=np.float64)))


def separation(D: Array, labels: IntArray) -> dict[str, float]:
    """How well distances tell classes: ratio of mean distances within and between, silhouette, and AUC in percent.

    The AUC is the share of comparisons (a pair of one class, a pair of two) in which the first is
    closer, ties counted half.

    >>> separation(np.array([[0.0, 1.0, 4.0, 5.0], [1.0, 0.0, 3.0, 4.0], [4.0, 3.0, 0.0, 1.0], [5.0, 4.0, 1.0, 0.0]]), np.array([0, 0, 1, 1]))
    {'ratio': 0.25, 'silhouette': 0.746, 'auc': 100.0}
    """
    from scipy.stats import rankdata
    from sklearn.metrics import silhouette_score

    i, j = np.triu_indices(len(D), 1)
    pairs = D[i, j]
    same = labels[i] == labels[j]
    n = int(same.sum())
    m = int((~same).sum())
    auc = 1 - (rankdata(pairs)[same].sum() - n * (n + 1) / 2) / (n * m)
    return {
        "ratio": float(pairs[same].mean() / pairs[~same].mean()),
        "silhouette": round(float(silhouette_score(D, labels, metric="precomputed")), 4),
        "auc": 100 * float(auc),
    }


def _matrix(name: str) -> Any:
    def plot(data: Any, ax: Axes) -> list[Any]:
        D = np.asarray(data["distances"][name])
        edges = [0, *data["edges"], len(data["distances"][name])]
        picture = ax.imshow(
            D, cmap="viridis", vmin=0, vmax=1, interpolation="nearest", rasterized=True
        )
        middles = [(low + high) / 2 for low, high in zip(edges[:-1], edges[1:], strict=True)]
        ax.set_xticks(middles, data["labels"])
        ax.set_yticks(middles, data["labels"])
        ax.tick_params(length=0)
        ax.set(title=NAMES[name], xlabel="digit", ylabel="digit")
        ax.figure.colorbar(picture, ax=ax, shrink=0.8, label="distance / largest")
        return [picture]

    return plot


FIGURES = {
    "t21-figure-5": [[_matrix("pixels"), _matrix("sparse"), _matrix("group")]],
    "t21-figure-5-readings": [[_matrix("norms"), _matrix("group+"), _matrix("sparse+")]],
}
