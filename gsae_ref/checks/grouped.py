"""Groups of predictors, checked: any sizes, by size or by label; targets; times."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, IntArray
from .arrays import any_array, array
from .scalars import count, counted


def grouping(
    groups: Any, n_features: int, group_sizes: Any = None, group_labels: Any = None
) -> tuple[IntArray, IntArray]:
    """Return how ``n_features`` predictors form groups: (sizes, order), both arrays of int64.

    ``group_sizes`` is one size for all or the sizes of contiguous groups in order; ``group_labels``
    is one integer, boolean or string per predictor, in any order. ``groups`` is either of them, or
    the lists of the predictors of every group. As many ones as predictors can be both, and are
    refused. Group l, of the l-th smallest label or the l-th list, holds the predictors
    ``order[start : start + sizes[l]]``, with start the sum of the sizes before it.

    >>> grouping(2, 4), grouping([1, 3], 4)
    ((array([2, 2]), array([0, 1, 2, 3])), (array([1, 3]), array([0, 1, 2, 3])))
    >>> grouping(["b", "a", "b", "a"], 4), grouping([[1, 3], [0, 2]], 4)
    ((array([2, 2]), array([1, 3, 0, 2])), (array([2, 2]), array([1, 3, 0, 2])))
    """
    given = {"groups": groups, "group_sizes": group_sizes, "group_labels": group_labels}
    names = [name for name, value in given.items() if value is not None]
    if len(names) != 1:
        raise ValueError(
            f"{' and '.join(names) or 'no groups'} given; pass exactly one of groups, "
            f"group_sizes and group_labels"
        )
    if group_labels is not None:
        return _by_label("group_labels", group_labels, n_features)
    if group_sizes is not None:
        return _by_size("group_sizes", group_sizes, n_features)
    lists = _index_lists(groups)
    if lists is not None:
        return _by_index(lists, n_features)
    values = any_array("groups", groups)
    if values.ndim == 1 and (values.dtype.kind not in "iu" or len(values) == n_features):
        if n_features > 1 and values.dtype.kind in "iu" and (values == 1).all():
            raise ValueError(
                f"groups has {n_features} ones for {n_features} predictors, the sizes of "
                f"{n_features} groups or the labels of one; pass groups=1 or groups={n_features}, "
                f"or group_sizes or group_labels"
            )
        return _by_label("groups", groups, n_features)
    return _by_size("groups", groups, n_features)


def _by_label(name: str, value: Any, n_features: int) -> tuple[IntArray, IntArray]:
    """Sizes and order from one label per predictor."""
    values = labels(name, value)
    if len(values) != n_features:
        raise ValueError(
            f"{name} has {counted(len(values), 'label')}, but there are {n_features} predictors; "
            f"pass one label for each"
        )
    _, sizes = np.unique(values, return_counts=True)
    return sizes.astype(np.int64), np.argsort(values, kind="stable")


def _by_size(name: str, value: Any, n_features: int) -> tuple[IntArray, IntArray]:
    """Sizes and order from one size for all groups, or the size of each."""
    values = any_array(name, value)
    in_order = np.arange(n_features)
    if values.ndim == 0 and values.dtype.kind in "iuf":
        size = count(name, value)
        if n_features % size:
            raise ValueError(
                f"{name} = {size} does not divide the {n_features} predictors; "
                f"choose a divisor of {n_features}, or pass the sizes of the groups"
            )
        return np.full(n_features // size, size), in_order
    if values.ndim != 1 or values.dtype.kind not in "iu":
        what = f"has dtype {values.dtype} and shape {values.shape}"
        if values.ndim == 0:
            what = f"has type {type(value).__name__}"
        raise TypeError(
            f"{name} {what}; it must be one size, "
            f"a list of sizes, one label per predictor, or lists of predictors"
        )
    values = values.astype(np.int64)
    if (values < 1).any() or (values > n_features).any() or values.sum() != n_features:
        raise ValueError(
            f"{name} has {counted(len(values), 'entry')} of sum {values.sum()}, "
            f"but there are {n_features} predictors; "
            f"pass positive sizes of sum {n_features}, or {n_features} labels"
        )
    return values, in_order


def _index_lists(groups: Any) -> list[Any] | None:
    """The lists of the predictors of every group, if ``groups`` is lists or a 2-D array."""
    if isinstance(groups, np.ndarray):
        return list(groups) if groups.ndim == 2 else None
    if isinstance(groups, (list, tuple)) and groups:
        kinds = (list, tuple, range, np.ndarray)
        one_axis = [isinstance(g, kinds) and np.ndim(g) == 1 for g in groups]
        return list(groups) if all(one_axis) else None
    return None


def _by_index(lists: list[Any], n_features: int) -> tuple[IntArray, IntArray]:
    """Sizes and order from the lists of the predictors of every group."""
    parts = [any_array("groups", part) for part in lists]
    order = np.concatenate(parts)
    sizes = np.array([len(part) for part in parts])
    if order.dtype.kind not in "iu" or not sizes.all():
        raise TypeError(
            f"groups has lists of dtype {order.dtype}, the shortest of length {sizes.min()}; "
            f"each must hold the numbers of the predictors of a group, at least one"
        )
    times = np.bincount(order[(order >= 0) & (order < n_features)], minlength=n_features)
    if len(order) != n_features or (times != 1).any():
        k = int(np.argmax(times != 1))
        raise ValueError(
            f"groups has lists of {len(order)} numbers, with predictor {k} {times[k]} times; each "
            f"of the predictors 0 to {n_features - 1} must be in one list; groups do not overlap"
        )
    return sizes, order.astype(np.int64)


def labels(name: str, value: Any) -> NDArray[Any]:
    """Return labels (n,) as an array of integers, booleans or strings.

    Objects, as a column of a data frame has, are taken if all are of one of these types.

    >>> labels("labels", np.array(["b", "a"], dtype=object))
    array(['b', 'a'], dtype='<U1')
    """
    result = any_array(name, value)
    if result.dtype.kind in "OT":
        value = result.tolist()
        result = result if result.ndim != 1 else _of_one_type(value)
    elif isinstance(value, (list, tuple)) and result.dtype.kind == "U" and result.ndim == 1:
        result = _of_one_type(list(value))
    if result.dtype.kind not in "biuUS":
        raise TypeError(
            f"{name} has dtype {result.dtype}; labels must be integers, booleans or strings, all "
            f"of one type, none missing; convert them"
        )
    if result.ndim != 1 or result.size == 0:
        raise ValueError(f"{name} has shape {result.shape}; it must be 1-D with at least one label")
    return result


def _of_one_type(values: list[Any]) -> NDArray[Any]:
    """Labels as an array of strings or of integers; of objects if they are not of one type."""
    if all(isinstance(label, str) for label in values):
        return np.array(values, dtype=str)
    if all(isinstance(label, (int, np.integer)) for label in values):
        booleans = [isinstance(label, bool) for label in values]
        if all(booleans) or not any(booleans):
            return np.array(values)
    return np.array(values, dtype=object)


def target(name: str, value: Any, n_samples: int, of: str) -> Array:
    """Return one number per sample, (n_samples,), that fits ``of``."""
    result = array(name, value, ndim=(1,))
    if len(result) != n_samples:
        hint = "; samples are rows: is it transposed?" * of.endswith(f", {len(result)})")
        raise ValueError(
            f"{name} has {counted(len(result), 'entry')}, but {n_samples} are needed for {of}{hint}"
        )
    return result


def times(name: str, value: Any) -> Array:
    """Return times >= 0, strictly increasing, as float64 (n_times,); one number is one time."""
    result = np.atleast_1d(array(name, value, ndim=(0, 1))).astype(np.float64)
    if result[0] < 0:
        raise ValueError(f"{name} starts at {result[0]}; times must be >= 0")
    if (np.diff(result) <= 0).any():
        k = int(np.argmax(np.diff(result) <= 0))
        raise ValueError(
            f"{name} has {result[k + 1]} after {result[k]}; times must increase strictly; "
            f"sort them and drop duplicates"
        )
    return result


def positive(name: str, value: Array) -> Array:
    """Return an array whose entries are all > 0.

    >>> positive("alpha", np.array([0.5]))
    array([0.5])
    """
    if not (value > 0).all():
        raise ValueError(f"{name} has the entry {value.min()!s}; every entry must be > 0")
    return value
