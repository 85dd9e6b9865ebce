"""Groups of predictors, checked: any sizes, by size or by label; targets; times."""

from typing import Any

import numpy as np

from ..arrays import Array, IntArray
from .arrays import any_array, array
from .scalars import count


def grouping(groups: Any, n_features: int) -> tuple[IntArray, IntArray]:
    """Return how ``n_features`` predictors form groups: (sizes, order), both arrays of int64.

    ``groups`` is one size for all, the sizes of contiguous groups in order, or one integer label
    per predictor, in any order. As many ones as predictors are sizes. Group l, of the l-th smallest
    label, holds the predictors ``order[start : start + sizes[l]]``, with start the sum of the sizes
    before it.

    >>> grouping(2, 4), grouping([1, 3], 4)
    ((array([2, 2]), array([0, 1, 2, 3])), (array([1, 3]), array([0, 1, 2, 3])))
    >>> grouping([7, 5, 7, 5], 4)
    (array([2, 2]), array([1, 3, 0, 2]))
    """
    values = any_array("groups", groups)
    in_order = np.arange(n_features)
    if values.ndim == 0:
        size = count("groups", groups)
        if n_features % size:
            raise ValueError(
                f"groups = {size} does not divide the {n_features} predictors; "
                f"choose a divisor of {n_features}, or pass the sizes of the groups"
            )
        return np.full(n_features // size, size), in_order
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise TypeError(
            f"groups has dtype {values.dtype} and shape {values.shape}; "
            f"it must be one size, a list of sizes, or one integer label per predictor"
        )
    values = values.astype(np.int64)
    if len(values) != n_features:
        if (values < 1).any() or (values > n_features).any() or values.sum() != n_features:
            raise ValueError(
                f"groups has {len(values)} entries of sum {values.sum()}, "
                f"but there are {n_features} predictors; "
                f"pass positive sizes of sum {n_features}, or {n_features} labels"
            )
        return values, in_order
    if (values == 1).all():
        return values, in_order
    _, sizes = np.unique(values, return_counts=True)
    return sizes.astype(np.int64), np.argsort(values, kind="stable")


def target(name: str, value: Any, n_samples: int, of: str) -> Array:
    """Return one number per sample, (n_samples,), that fits ``of``."""
    result = array(name, value, ndim=(1,))
    if len(result) != n_samples:
        raise ValueError(f"{name} has {len(result)} entries, but {n_samples} are needed for {of}")
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
