"""The one place that raises on bad input. May import numpy only.

Every message holds the value received, the rule it breaks and a remedy. Each function returns the value in the one form
that the rooms behind the door accept. Wrong kind of thing: ``TypeError``; right kind, wrong value: ``ValueError``.
"""

import numbers

import numpy as np

__all__ = [
    "array", "batch", "codes", "common_dtype", "count", "covariance", "dictionary", "flag", "generator", "group_size", "n_active",
    "norm_bounds", "option", "per_group", "real", "same_shape", "step", "support", "threshold",
]


def array(name, value, ndim=None):
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
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; masked entries have no meaning here; fill them: {name}.filled(0.0)")
    try:
        result = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"{name} cannot be read as an array ({error}); pass rows of equal length") from error
    kind, size = result.dtype.kind, result.dtype.itemsize
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
        raise ValueError(f"{name} has shape {result.shape}; it must be {rule}; reshape it, samples as rows")
    if result.size == 0:
        raise ValueError(f"{name} is empty, of shape {result.shape}; it must hold at least one number; check how it was sliced")
    bad = np.argwhere(~np.isfinite(result))
    if len(bad):
        where = tuple(bad[0].tolist())
        raise ValueError(
            f"{name} has {len(bad)} entries that are NaN or infinite, the first at {where}; "
            f"all entries must be finite; clean it, for example with np.nan_to_num"
        )
    return result


def dictionary(name, value, size=1):
    """Return ``value`` as a (n_features, n_atoms) array whose atoms form groups of ``size``."""
    result = array(name, value, ndim=(2,))
    group_size(size, result.shape[1], name)
    return result


def group_size(value, n_atoms=None, name="A"):
    """Return the group size as an int >= 1 that divides ``n_atoms``."""
    size = count("group_size", value)
    if n_atoms is not None and n_atoms % size:
        raise ValueError(
            f"group_size = {size} does not divide the {n_atoms} atoms of {name}; groups are equal blocks; "
            f"choose a divisor of {n_atoms} or drop {n_atoms % size} atoms"
        )
    return size


def batch(name, value, n_columns, of):
    """Return samples as rows, (n_samples, n_columns) or one sample (n_columns,), that fit ``of``."""
    result = array(name, value, ndim=(1, 2))
    if result.shape[-1] != n_columns:
        transposed = result.ndim == 2 and result.shape[0] == n_columns
        hint = f"did you mean {name}.T?" if transposed else "check the two shapes"
        raise ValueError(
            f"{name} has shape {result.shape}, so {result.shape[-1]} columns; {of} asks for {n_columns}; samples are rows; {hint}"
        )
    return result


def codes(name, value, size):
    """Return codes or pre-activations as a (..., n_atoms) float array whose last axis splits into groups of ``size``."""
    result = array(name, value)
    if result.ndim == 0:
        raise ValueError(f"{name} is a single number, {result}; it must have an axis of atoms; pass a sequence")
    group_size(size, result.shape[-1], name)
    return result


def same_shape(first, a, second, b):
    """Refuse two arrays of different shapes."""
    if a.shape != b.shape:
        raise ValueError(f"{second} has shape {b.shape}, {first} has shape {a.shape}; they must be equal; check where {second} is from")


def common_dtype(*arrays):
    """Promote arrays to one floating type (float32 only if all are).

    >>> [x.dtype.name for x in common_dtype(np.float32([1]), np.array([1.0]))]
    ['float64', 'float64']
    """
    dtype = np.result_type(*arrays)
    return tuple(np.asarray(x, dtype=dtype) for x in arrays)


def real(name, value):
    """Return a finite real number as a float."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} = {value!r} is a {type(value).__name__}; it must be one real number; pass a float")
    try:
        result = float(value)
    except OverflowError:
        result = np.inf
    if not np.isfinite(result):
        raise ValueError(f"{name} = {value!r}; it must be finite; check how it was computed")
    return result


def threshold(value, name="lam"):
    """Return a threshold: a finite real number >= 0."""
    lam = real(name, value)
    if lam < 0:
        raise ValueError(f"{name} = {lam!r} is negative; a threshold must be >= 0; use {name}=0 for the linear network")
    return lam


def step(value, name="step_size"):
    """Return a positive finite real number."""
    result = real(name, value)
    if result <= 0:
        raise ValueError(f"{name} = {result!r}; it must be > 0; pass a positive number")
    return result


def count(name, value, minimum=1):
    """Return an integer >= ``minimum``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} = {value!r} is a {type(value).__name__}; it must be an integer; pass an int")
    if value < minimum:
        raise ValueError(f"{name} = {value}; it must be at least {minimum}; pass a larger integer")
    return int(value)


def n_active(value, n_groups):
    """Return the number of active groups: an integer between 1 and ``n_groups``."""
    result = count("n_active", value)
    if result > n_groups:
        raise ValueError(
            f"n_active = {result} exceeds the {n_groups} groups there are; at most all groups can be active; lower n_active or group_size"
        )
    return result


def norm_bounds(b_min, b_max):
    """Return (b_min, b_max), the bounds of an active group's code norm, with 0 < b_min <= b_max."""
    low, high = real("b_min", b_min), real("b_max", b_max)
    if not 0 < low <= high:
        raise ValueError(f"b_min = {low!r} and b_max = {high!r}; they must satisfy 0 < b_min <= b_max; swap or rescale them")
    return low, high


def per_group(name, value, n_groups):
    """Return one number per group, (n_groups,), from one number for all or from n_groups of them."""
    result = array(name, value, ndim=(0, 1))
    if result.ndim and len(result) != n_groups:
        raise ValueError(f"{name} has {len(result)} entries; there are {n_groups} groups; pass one number, or one for each group")
    return np.broadcast_to(result, (n_groups,))


def covariance(name, value, n_groups, size):
    """Return one covariance per group, (n_groups, size, size), from a variance, one matrix for all groups, or one for each."""
    result = array(name, value, ndim=(0, 2, 3))
    result = result * np.eye(size, dtype=result.dtype) if result.ndim == 0 else result
    if result.shape not in ((size, size), (n_groups, size, size)):
        raise ValueError(
            f"{name} has shape {result.shape}; it must be a number, one {(size, size)} matrix, "
            f"or {(n_groups, size, size)}, one for each group; check group_size"
        )
    lowest = np.linalg.eigvalsh((result + np.swapaxes(result, -1, -2)) / 2).min()
    scale = np.abs(result).max()
    if np.abs(result - np.swapaxes(result, -1, -2)).max() > 1e-6 * scale or lowest < -1e-6 * scale:
        raise ValueError(
            f"{name} is not symmetric or has a negative eigenvalue, {lowest:.3g}; a covariance is symmetric and >= 0; "
            f"use ({name} + {name}.T) / 2 of a positive matrix"
        )
    return np.broadcast_to(result, (n_groups, size, size))


def option(name, value, options):
    """Return ``value`` if it is one of ``options`` (strings)."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} = {value!r} is unknown; choose one of {', '.join(map(repr, options))}")
    return value


def flag(name, value):
    """Return ``value`` as a bool if it is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} = {value!r} is a {type(value).__name__}; it must be True or False; pass one of the two")
    return bool(value)


def generator(rng):
    """Return a :class:`numpy.random.Generator`: ``rng`` itself, or one seeded by an int or, for None, by the system.

    >>> int(generator(0).integers(10))
    8
    """
    if rng is None or isinstance(rng, np.random.Generator):
        return np.random.default_rng(rng)
    return np.random.default_rng(count("rng", rng, minimum=0))


def support(name, value, n_samples, n_groups):
    """Return active groups as a boolean mask (n_samples, n_groups).

    Accepts that mask, or integer indices (n_samples, n_active) of the active groups; a 1-D array is one sample.
    """
    try:
        result = np.atleast_2d(np.asarray(value))
    except ValueError as error:
        raise TypeError(f"{name} cannot be read as an array ({error}); pass a boolean mask if supports differ in size") from error
    if result.dtype == bool:
        if result.shape != (n_samples, n_groups):
            raise ValueError(f"{name} has shape {result.shape}; a mask must be {(n_samples, n_groups)}, samples by groups; rebuild it")
        return result
    if result.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {result.dtype}; it must be a boolean mask or integer group indices; convert it")
    if result.ndim != 2 or len(result) != n_samples:
        raise ValueError(f"{name} has shape {result.shape}; it must have one row for each of the {n_samples} samples; check the batch")
    outside = result[(result < 0) | (result >= n_groups)]
    if outside.size:
        raise ValueError(f"{name} names group {outside[0]}; groups are numbered 0 to {n_groups - 1}; count from 0")
    mask = np.zeros((n_samples, n_groups), dtype=bool)
    np.put_along_axis(mask, result.astype(np.intp), True, axis=1)
    return mask
