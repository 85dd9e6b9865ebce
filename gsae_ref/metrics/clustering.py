"""How well clusters agree with classes, and the chance level."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import IntArray


def clustering_accuracy(labels_true: ArrayLike, labels_pred: ArrayLike) -> float:
    """Accuracy under the best one-to-one assignment of clusters to classes. [T21] Table 1.

    The assignment is found by the Hungarian method.

    Parameters
    ----------
    labels_true, labels_pred : array_like (n_samples,)
        Integer, boolean or string labels, also as objects. The numbers of clusters and classes may
        differ; samples of unassigned clusters count as wrong, and so do samples that are in no
        cluster: those of the integer -1 in ``labels_pred``.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If labels are floats, or not of one type.
    ValueError
        If labels are not 1-D, are empty, or differ in length.

    Examples
    --------
    >>> clustering_accuracy([0, 0, 1, 1], [7, 7, 7, 5])
    0.75
    >>> clustering_accuracy([0, 0, 1, 1], [-1, -1, 1, 1])
    0.5
    """
    true = _classes("labels_true", labels_true)
    labels = checks.labels("labels_pred", labels_pred)
    checks.same_shape("labels_true", true, "labels_pred", labels)
    in_cluster = labels != -1 if labels.dtype.kind == "i" else np.ones(len(labels), bool)
    if not in_cluster.any():
        return 0.0
    pred = np.unique(labels[in_cluster], return_inverse=True)[1]
    n_clusters = pred.max() + 1
    cells = true[in_cluster] * n_clusters + pred
    table = np.bincount(cells, minlength=(true.max() + 1) * n_clusters)
    return _best_agreement(table.reshape(-1, n_clusters)) * float(in_cluster.mean())


def clustering_chance(
    labels_true: ArrayLike, n_clusters: int, n_draws: int = 100, rng: int | np.random.Generator = 0
) -> float:
    """Mean :func:`clustering_accuracy` of labels drawn uniformly from ``n_clusters`` values.

    It exceeds 1/n_clusters, since the best assignment is chosen afterwards. The table of classes by
    clusters is drawn directly: given the class sizes, its rows are independent and multinomial.

    Parameters
    ----------
    labels_true : array_like (n_samples,)
        As in :func:`clustering_accuracy`.
    n_clusters, n_draws : int
        Values of the random labels, and draws to average over.
    rng : int, Generator or None

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As :func:`clustering_accuracy`.

    Examples
    --------
    >>> clustering_chance([0, 1], 1)
    0.5
    """
    n_clusters = checks.count("n_clusters", n_clusters)
    n_draws = checks.count("n_draws", n_draws)
    sizes = np.bincount(_classes("labels_true", labels_true))
    tables = checks.generator(rng).multinomial(
        sizes, np.full(n_clusters, 1 / n_clusters), size=(n_draws, len(sizes))
    )
    return float(np.mean([_best_agreement(table) for table in tables]))


def _classes(name: str, value: ArrayLike) -> IntArray:
    """Labels as integers 0, 1, ... in sorted order of their values."""
    return np.unique(checks.labels(name, value), return_inverse=True)[1]


def _best_agreement(table: IntArray) -> float:
    """Share of the counts on the best one-to-one assignment of rows to columns."""
    from scipy.optimize import linear_sum_assignment

    assignment = linear_sum_assignment(table, maximize=True)
    return float(table[assignment].sum() / table.sum())
