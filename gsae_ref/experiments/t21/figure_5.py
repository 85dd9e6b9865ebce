"""T21 Figure 5: distances between test images, sorted by digit, in pixels and in two codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Array, IntArray
from ..common.clustering import represent
from ..common.study import Claim, Study, Table, seed_range
from .figure_4 import add_options as add_options
from .figure_4 import networks_cache
from .table_1.networks import codes, images
from .table_1.restarts import n_trainings, train_networks
from .table_1.settings import Setting, Sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache

TITLE = "T21 Figure 5: pairwise distances of test images in three representations"
PER_CLASS = 100  # images of each digit
AHEAD = 5.0  # points by which a representation's AUC must be higher than the others'
NAMES = {
    "pixels": "pixel basis",
    "sparse": "sparse codes",
    "group": "group-sparse codes",
    "sparse+": "sparse codes+, abs / l2",
    "group+": "group-sparse codes+, norms / sum",
    "norms": "group norms",
}
# Name -> the network whose codes are taken, and their representation.
REPRESENTATIONS = {
    "sparse": ("sparse", "signed"),
    "group": ("group", "signed"),
    "sparse+": ("sparse", "abs / l2"),
    "norms": ("group", "group norms"),
    "group+": ("group", "group norms / sum"),
}
READINGS = {
    "group": "signed codes, literally",
    "norms": "group norms",
    "group+": "group norms / sum",
}
NOTES = [
    f"Up to {PER_CLASS} test images of each digit, the first in their order. Distances are "
    "Euclidean, each picture divided by its largest.",
    f"A representation is ahead where its AUC is {AHEAD:g} points higher than both others'.",
    'The paper shows one picture of "the group-sparse dictionary" and does not say which '
    "representation; see the notes of t21-table-1.",
]


@dataclass(frozen=True)
class Separation:
    """How well distances separate classes.

    ``ratio`` is that of the mean distance within a class and between classes; ``silhouette`` the
    mean silhouette coefficient; ``auc`` the share, in percent, of comparisons of a pair of one
    class with a pair of two in which the first is closer, ties counted half.
    """

    ratio: float
    silhouette: float
    auc: float


@dataclass(frozen=True)
class Figure5:
    """Distances of the first seed, divided by the largest; separations by seed.

    ``edges`` are the positions at which the digit changes, ``labels`` the digits.
    """

    distances: dict[str, Array]
    separations: dict[str, list[Separation]]
    edges: IntArray
    labels: IntArray

    def mean(self, name: str) -> Separation:
        """Mean separation of a representation over the seeds."""
        found = self.separations[name]
        return Separation(
            float(np.mean([one.ratio for one in found])),
            float(np.mean([one.silhouette for one in found])),
            float(np.mean([one.auc for one in found])),
        )


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    saved: str | Path | None = None,
    **options: Any,
) -> Study:
    """Train the networks of Table 1, or read them back; compare distances between their codes.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        As for t21-table-1.
    seed, n_seeds : int
        The figure shows the first seed; tables and claims use all.
    saved : str or path, optional
        Folder of a t21-table-1; networks that it lacks are trained, and stored there.
    **options
        Arguments of :meth:`.table_1.settings.Sizes.resolve`.

    Returns
    -------
    Study
    """
    size = Sizes.resolve(quick, **options)
    seeds = seed_range(seed, n_seeds)
    networks = networks_cache(cache, saved)
    networks.expect(len(seeds) * n_trainings(size))
    Y = images(size.data, size.source, size.n_train, size.n_test)
    order = sorted_sample(Y.labels)
    labels = Y.labels[order]
    first: dict[str, Array] = {}
    separations: dict[str, list[Separation]] = {name: [] for name in NAMES}
    for s in seeds:
        trained = train_networks(networks, size, s)
        for name in NAMES:
            D = distances(_represented(name, Y.test[order], trained, size.setting))
            separations[name].append(separation(D, labels))
            first.setdefault(name, (D / D.max()).astype(np.float32))
    data = Figure5(first, separations, np.flatnonzero(np.diff(labels)) + 1, np.unique(labels))
    recipe = {**size.recipe(), "seeds": list(seeds)}
    title = size.titled(TITLE)
    return Study("t21-figure-5", title, recipe, data, [_table(data)], _claims(data, size), NOTES)


def _represented(name: str, Y: Array, trained: dict[str, Any], setting: Setting) -> Array:
    if name == "pixels":
        return Y
    network, representation = REPRESENTATIONS[name]
    X = codes(trained[network]["A"], Y, network, setting)
    return represent(X, representation, setting.shape(network)[1])


def sorted_sample(labels: IntArray, per_class: int = PER_CLASS) -> IntArray:
    """Index of the first samples of every class, class after class.

    >>> sorted_sample(np.array([1, 0, 1, 1, 0]), per_class=2)
    array([1, 4, 0, 2])
    """
    firsts = [np.flatnonzero(labels == label)[:per_class] for label in np.unique(labels)]
    return np.concatenate(firsts)


def distances(R: Array) -> Array:
    """Euclidean distances between the rows.

    >>> distances(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([[0., 5.],
           [5., 0.]])
    """
    from scipy.spatial.distance import pdist, squareform

    return squareform(pdist(np.asarray(R, dtype=np.float64)))


def separation(D: Array, labels: IntArray) -> Separation:
    """How well distances separate classes.

    >>> D = distances(np.array([[0.0], [1.0], [4.0], [5.0]]))
    >>> separation(D, np.array([0, 0, 1, 1]))
    Separation(ratio=0.25, silhouette=0.746, auc=100.0)
    """
    from scipy.stats import rankdata
    from sklearn.metrics import silhouette_score

    i, j = np.triu_indices(len(D), 1)
    pairs = D[i, j]
    same = labels[i] == labels[j]
    n = int(same.sum())
    m = int((~same).sum())
    auc = 1 - (rankdata(pairs)[same].sum() - n * (n + 1) / 2) / (n * m)
    return Separation(
        ratio=float(pairs[same].mean() / pairs[~same].mean()),
        silhouette=round(float(silhouette_score(D, labels, metric="precomputed")), 4),
        auc=100 * float(auc),
    )


def _table(data: Figure5) -> Table:
    rows = []
    for name, title in NAMES.items():
        mean = data.mean(name)
        rows.append([title, mean.ratio, mean.silhouette, mean.auc])
    columns = (
        "representation",
        "distance within a digit / between digits",
        "silhouette",
        "pairs of a digit closer than pairs of two (AUC, %)",
    )
    return Table("Distances within and between digits, mean over seeds", columns, rows)


def _claims(data: Figure5, size: Sizes) -> list[Claim]:
    pixels = data.mean("pixels").auc
    sparse = data.mean("sparse").auc
    claims = []
    for name, reading in READINGS.items():
        auc = data.mean(name).auc
        ahead = bool(auc - max(pixels, sparse) >= AHEAD)
        claims.append(
            Claim(
                "T21 Figure 5",
                f"distances of group-sparse codes show the digits most readily [{reading}]",
                f"a pair of one digit is closer than a pair of two in {auc:.1f} of 100 "
                f"comparisons; pixels {pixels:.1f}, sparse codes {sparse:.1f}",
                ahead if size.settles_claims else None,
            )
        )
    return claims


def _matrix(name: str) -> Any:
    def plot(data: Figure5, ax: Axes) -> list[Any]:
        D = data.distances[name]
        picture = ax.imshow(
            D, cmap="viridis", vmin=0, vmax=1, interpolation="nearest", rasterized=True
        )
        edges = np.array([0, *data.edges, len(D)])
        middles = (edges[:-1] + edges[1:]) / 2
        ax.set_xticks(middles, data.labels)
        ax.set_yticks(middles, data.labels)
        ax.tick_params(length=0)
        ax.set(title=NAMES[name], xlabel="digit", ylabel="digit")
        ax.figure.colorbar(picture, ax=ax, shrink=0.8, label="distance / largest")
        return [picture]

    return plot


FIGURES = {
    "t21-figure-5": [[_matrix("pixels"), _matrix("sparse"), _matrix("group")]],
    "t21-figure-5-readings": [[_matrix("norms"), _matrix("group+"), _matrix("sparse+")]],
}
