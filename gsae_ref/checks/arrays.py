"""Arrays, checked: dictionaries, batches, codes, supports."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, BoolArray
from .scalars import group_size


def array(name: str, value: Any, ndim: tuple[int, ...] | None = None) -> Array:
    """Return ``value`` as a finite, non-empty float32 or float64 array (integers become float64).

    Raises
    ------
    TypeError
        If the entries are not real numbers of 4 or 8 bytes, or some are masked.
    ValueError
        If the number of axes is not in ``ndim``, the array is empty, or an entry is not finite.

    >>> array("Y", [1, 2]).dtype
    dtype('float64')
    """
    return measured(name, value, ndim)[0]


def measured(name: str, value: Any, ndim: tuple[int, ...] | None = None) -> tuple[Array, float]:
    """Return what :func:`array` returns, and its Euclidean norm, to rounding, as a float; inf if the sum of squares overflows.

    >>> measured("Y", [3.0, 4.0])
    (array([3., 4.]), 5.0)
    """
    result = readable(name, value)
    kind = result.dtype.kind
    size = result.dtype.itemsize
    if kind in "iu":
        result = result.astype(np.float64)
    elif kind == "f" and size in (4, 8):
        result = result.astype(np.float32 if size == 4 else np.float64, copy=False)
    else:
        raise TypeError(
            f"{name} has dtype {result.dtype}; it must be float32, float64 or an integer type; "
            f"convert it: np.asarray({name}, dtype=float)"
        )
    if ndim is not None and result.ndim not in ndim:
        rule = " or ".join(f"{k}-D" for k in ndim)
        raise ValueError(
            f"{name} has shape {result.shape}; it must be {rule}; reshape it, samples as rows"
        )
    if result.size == 0:
        raise ValueError(
            f"{name} is empty, of shape {result.shape}; it must hold at least one number; check how it was sliced"
        )
    squares = _sum_of_squares(result)
    if not (np.isfinite(squares) or np.isfinite(result).all()):
        bad = np.argwhere(~np.isfinite(result))
        where = tuple(bad[0].tolist())
        raise ValueError(
            f"{name} has {len(bad)} entries that are NaN or infinite, the first at {where}; "
            f"all entries must be finite; clean it, for example with np.nan_to_num"
        )
    return result, float(np.sqrt(squares))


def _sum_of_squares(x: Array) -> float:
    """To rounding, in one pass over memory and without a copy where x is contiguous; not finite if an entry is not."""
    flat = x.ravel(order="K")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return np.dot(flat, flat)


def readable(name: str, value: Any) -> NDArray[Any]:
    """Return ``value`` as an array of whatever kind, unless some of it would be lost on the way: a mask, or what a sparse matrix holds.

    >>> readable("labels", ["a", "b"])
    array(['a', 'b'], dtype='<U1')
    """
    refuse_mask(name, value)
    if hasattr(value, "toarray"):
        raise TypeError(
            f"{name} is a sparse {type(value).__name__}; arrays here are dense; convert it: {name}.toarray()"
        )
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name} cannot be read as an array ({error}); pass rows of equal length"
        ) from error


def refuse_mask(name: str, value: Any) -> None:
    """Refuse a masked array, or a list of some."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise TypeError(
            f"{name} is a masked array; masked entries have no meaning here; fill them: {name}.filled(0)"
        )


def all_finite(x: Array) -> bool:
    """Whether every entry of a floating array is finite."""
    return bool(np.isfinite(_sum_of_squares(x)) or np.isfinite(x).all())


def dictionary(name: str, value: Any, size: int = 1) -> Array:
    """Return ``value`` as a (n_features, n_atoms) array whose atoms form groups of ``size``."""
    result = array(name, value, ndim=(2,))
    group_size(size, result.shape[1], name)
    return result


def batch(name: str, value: Any, n_columns: int, of: str) -> Array:
    """Return samples as rows, (n_samples, n_columns) or one sample (n_columns,), that fit ``of``."""
    result = array(name, value, ndim=(1, 2))
    if result.shape[-1] != n_columns:
        transposed = result.ndim == 2 and result.shape[0] == n_columns
        hint = f"did you mean {name}.T?" if transposed else "check the two shapes"
        raise ValueError(
            f"{name} has shape {result.shape}, so {result.shape[-1]} columns; {of} asks for {n_columns}; samples are rows; {hint}"
        )
    return result


def codes(name: str, value: Any, size: int) -> Array:
    """Return codes or pre-activations as a (..., n_atoms) float array whose last axis splits into groups of ``size``."""
    return measured_codes(name, value, size)[0]


def measured_codes(name: str, value: Any, size: int) -> tuple[Array, float]:
    """Return what :func:`codes` returns, and its Euclidean norm as :func:`measured` does."""
    result, norm = measured(name, value)
    if result.ndim == 0:
        raise ValueError(
            f"{name} is a single number, {result}; it must have an axis of atoms; pass a sequence"
        )
    group_size(size, result.shape[-1], name)
    return result, norm


def same_shape(first: str, a: NDArray[Any], second: str, b: NDArray[Any]) -> None:
    """Refuse two arrays of different shapes."""
    if a.shape != b.shape:
        raise ValueError(
            f"{second} has shape {b.shape}, {first} has shape {a.shape}; they must be equal; check where {second} is from"
        )


def common_dtype(*arrays: Array) -> tuple[Array, ...]:
    """Promote arrays to one floating type (float32 only if all are).

    >>> [x.dtype.name for x in common_dtype(np.float32([1]), np.array([1.0]))]
    ['float64', 'float64']
    """
    dtype = np.result_type(*arrays)
    return tuple(np.asarray(x, dtype=dtype) for x in arrays)


def per_group(name: str, value: Any, n_groups: int) -> Array:
    """Return one number per group, (n_groups,), from one number for all or from n_groups of them."""
    result = array(name, value, ndim=(0, 1))
    if result.ndim and len(result) != n_groups:
        raise ValueError(
            f"{name} has {len(result)} entries; there are {n_groups} groups; pass one number, or one for each group"
        )
    return np.broadcast_to(result, (n_groups,))


def covariance(name: str, value: Any, n_groups: int, size: int) -> Array:
    """Return one covariance per group, (n_groups, size, size), from a variance, one matrix for all groups, or one for each."""
    result = array(name, value, ndim=(0, 2, 3))
    result = result * np.eye(size, dtype=result.dtype) if result.ndim == 0 else result
    if result.shape not in ((size, size), (n_groups, size, size)):
        raise ValueError(
            f"{name} has shape {result.shape}; it must be a number, one {(size, size)} matrix, "
            f"or {(n_groups, size, size)}, one for each group; check group_size"
        )
    lowest = np.linalg.eigvalsh(result / 2 + np.swapaxes(result, -1, -2) / 2).min()
    scale = np.abs(result).max()
    if (
        np.abs(result / 2 - np.swapaxes(result, -1, -2) / 2).max() > 0.5e-6 * scale
        or lowest < -1e-6 * scale
    ):
        raise ValueError(
            f"{name} is not symmetric or has a negative eigenvalue, {lowest:.3g}; a covariance is symmetric and >= 0; "
            f"use ({name} + {name}.T) / 2 of a positive matrix"
        )
    return np.broadcast_to(result, (n_groups, size, size))


def support(name: str, value: Any, n_samples: int, n_groups: int) -> BoolArray:
    """Return active groups as a boolean mask (n_samples, n_groups).

    Accepts that mask, or integer indices (n_samples, n_active) of the active groups; a 1-D array is
    one sample.
    """
    result = np.atleast_2d(readable(name, value))
    if result.dtype == bool:
        if result.shape != (n_samples, n_groups):
            raise ValueError(
                f"{name} has shape {result.shape}; a mask must be {(n_samples, n_groups)}, samples by groups; rebuild it"
            )
        return result
    if result.dtype.kind not in "iu":
        raise TypeError(
            f"{name} has dtype {result.dtype}; it must be a boolean mask or integer group indices; convert it"
        )
    if result.ndim != 2 or len(result) != n_samples:
        raise ValueError(
            f"{name} has shape {result.shape}; it must have one row for each of the {n_samples} samples; check the batch"
        )
    outside = result[(result < 0) | (result >= n_groups)]
    if outside.size:
        raise ValueError(
            f"{name} names group {outside[0]}; groups are numbered 0 to {n_groups - 1}; count from 0"
        )
    mask = np.zeros((n_samples, n_groups), dtype=bool)
    np.put_along_axis(mask, result.astype(np.intp), True, axis=1)
    return mask
