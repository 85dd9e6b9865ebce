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
        Integer, boolean or string labels. The numbers of clusters and classes may differ; samples
        of unassigned clusters count as wrong.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If labels are floats or objects.
    ValueError
        If labels are not 1-D, are empty, or differ in length.

    Examples
    --------
    >>> clustering_accuracy([0, 0, 1, 1], [7, 7, 7, 5])
    0.75
    """
    true = _labels("labels_true", labels_true)
    pred = _labels("labels_pred", labels_pred)
    checks.same_shape("labels_true", true, "labels_pred", pred)
    n_clusters = pred.max() + 1
    table = np.bincount(true * n_clusters + pred, minlength=(true.max() + 1) * n_clusters)
    return _best_agreement(table.reshape(-1, n_clusters))


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
    sizes = np.bincount(_labels("labels_true", labels_true))
    tables = checks.generator(rng).multinomial(
        sizes, np.full(n_clusters, 1 / n_clusters), size=(n_draws, len(sizes))
    )
    return float(np.mean([_best_agreement(table) for table in tables]))


def _labels(name: str, value: ArrayLike) -> IntArray:
    """Labels as integers 0, 1, ... in sorted order of their values."""
    labels = checks.any_array(name, value)
    if labels.dtype.kind not in "biuUS":
        raise TypeError(
            f"{name} has dtype {labels.dtype}; labels must be integers, booleans or strings"
        )
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(f"{name} has shape {labels.shape}; it must be 1-D with at least one label")
    return np.unique(labels, return_inverse=True)[1]


def _best_agreement(table: IntArray) -> float:
    """Share of the counts on the best one-to-one assignment of rows to columns."""
    from scipy.optimize import linear_sum_assignment

    assignment = linear_sum_assignment(table, maximize=True)
    return float(table[assignment].sum() / table.sum())
