"""Arrays, checked: dictionaries, batches, codes, supports."""

import os
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array, BoolArray, IntArray
from .scalars import counted, group_size

UNIT = 1e-5  # what a norm of single precision may differ from 1
PIECE = 8192  # numbers in a product of vectors; from 10,000 on OpenBLAS starts its threads


def array(name: str, value: Any, ndim: tuple[int, ...] | None = None) -> Array:
    """Return ``value`` as a finite, non-empty float32 or float64 array.

    Integers become float64, float16 becomes float32.

    Raises
    ------
    TypeError
        If the entries are not real numbers of 2, 4 or 8 bytes, or some are masked.
    ValueError
        If the number of axes is not in ``ndim``, the array is empty, or an entry is not finite.

    >>> array("Y", [1, 2]).dtype
    dtype('float64')
    """
    return array_and_norm(name, value, ndim)[0]


def array_and_norm(
    name: str, value: Any, ndim: tuple[int, ...] | None = None
) -> tuple[Array, float]:
    """Return the array of :func:`array` and its norm; inf if the sum of squares overflows.

    >>> array_and_norm("Y", [3.0, 4.0])
    (array([3., 4.]), 5.0)
    """
    refuse_no_numbers(name, value)
    result = _floating(name, any_array(name, value))
    if ndim is not None and result.ndim not in ndim:
        rule = " or ".join(f"{k}-D" for k in ndim)
        hint = f"; pass {name}.reshape(len({name}), -1)" * (result.ndim > 2 > min(ndim, default=0))
        raise ValueError(
            f"{name} has shape {result.shape}; it must be {rule}, samples as rows{hint}"
        )
    if result.size == 0:
        raise ValueError(f"{name} is empty, of shape {result.shape}; it needs at least one entry")
    squares = sum_of_squares(result)
    if not (np.isfinite(squares) or np.isfinite(result).all()):
        wrong = np.argwhere(~np.isfinite(result))
        where = f"at index {tuple(wrong[0].tolist())}"
        found = f"1 non-finite entry, {where}"
        if len(wrong) > 1:
            found = f"{len(wrong)} non-finite entries, the first {where}"
        raise ValueError(f"{name} has {found}; no entry may be NaN or infinite")
    return result, float(np.sqrt(squares))


def _floating(name: str, value: NDArray[Any]) -> Array:
    """Return a floating array of the native byte order, aligned as its products need it."""
    if not value.flags.aligned:
        value = value.copy(order="K")  # a product of the same numbers can differ in the last bit
    kind = value.dtype.kind
    size = value.dtype.itemsize
    if kind in "iu":
        return value.astype(np.float64)
    if kind == "f" and size in (2, 4, 8):
        return value.astype(np.float64 if size == 8 else np.float32, copy=False)
    remedy = f"convert it: np.asarray({name}, dtype=float)"
    if kind == "c":
        remedy = f"pass {name}.real, or real and imaginary parts as separate columns"
    raise TypeError(
        f"{name} has dtype {value.dtype}; it must be float32, float64, float16 or an integer type; "
        f"{remedy}"
    )


def sum_of_squares(x: Array) -> float:
    """To rounding, in one pass, without a copy of a contiguous x; not finite if an entry is not.

    The pass starts no threads: those of BLAS would go on for a while, beside the threads of a
    kernel.

    >>> sum_of_squares(np.array([[3.0, 4.0]]))
    25.0
    """
    flat = x.ravel(order="K")
    whole = flat.size - flat.size % PIECE
    rest = flat[whole:]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        total = float(np.dot(rest, rest))
        if whole:
            pieces = flat[:whole].reshape(-1, 1, PIECE)
            total += float(np.sum(np.matmul(pieces, pieces.swapaxes(1, 2)), dtype=np.float64))
    return total


def any_array(name: str, value: Any) -> NDArray[Any]:
    """Return ``value`` as an array of any dtype; masked arrays and sparse matrices are refused.

    >>> any_array("labels", ["a", "b"])
    array(['a', 'b'], dtype='<U1')
    """
    refuse_mask(name, value)
    if callable(value) and not hasattr(value, "__array__"):
        raise TypeError(f"{name} is a function; it must be an array; pass what it returns")
    refuse_no_array(name, value)
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name} cannot be read as an array ({error}); pass rows of equal length"
        ) from error


def refuse_no_array(name: str, value: Any) -> None:
    """Refuse sparse matrices, and iterators, which an array would hold as one object."""
    sparse = getattr(value, "_meta", value)  # of a Dask array, a chunk without entries
    if hasattr(sparse, "toarray"):
        raise TypeError(
            f"{name} is a sparse {type(sparse).__name__}; it must be dense; pass {name}.toarray()"
        )
    if isinstance(value, Iterator):
        raise TypeError(
            f"{name} is an iterator, of type {type(value).__name__}; it must be an array; "
            f"pass np.array(list({name}))"
        )


def refuse_no_numbers(name: str, value: Any) -> None:
    """Refuse what cannot be an array of numbers, such as the name of a file."""
    if value is None or isinstance(value, (str, bytes, dict, set, os.PathLike)):
        raise TypeError(
            f"{name} is of type {type(value).__name__}; it must be an array; "
            f"pass its rows or entries as a list, or read a file with np.load"
        )


def table(name: str, value: Any) -> Any:
    """Return what scikit-learn is to check: a list as an array, a data frame as it is.

    >>> table("X", [[1, 2]])
    array([[1, 2]])
    """
    refuse_mask(name, value)
    refuse_no_array(name, value)
    refuse_no_numbers(name, value)
    return any_array(name, value) if isinstance(value, (list, tuple)) else value


def refuse_mask(name: str, value: Any) -> None:
    """Refuse a masked array, a list that contains one, and a Dask array of masked chunks."""
    parts = value if isinstance(value, (list, tuple)) else [getattr(value, "_meta", value)]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        raise TypeError(
            f"{name} is a masked array; missing entries are not supported; "
            f"drop or replace them and pass a plain array"
        )


def all_finite(x: Array) -> bool:
    """Whether every entry of a floating array is finite."""
    return bool(np.isfinite(sum_of_squares(x)) or np.isfinite(x).all())


def dictionary(name: str, value: Any, size: int = 1) -> Array:
    """Return ``value`` as a (n_features, n_atoms) array whose atoms form groups of ``size``."""
    return dictionary_and_norm(name, value, size)[0]


def dictionary_and_norm(name: str, value: Any, size: int = 1) -> tuple[Array, float]:
    """Return the array of :func:`dictionary` and its Euclidean norm."""
    result, norm = array_and_norm(name, value, ndim=(2,))
    group_size(size, result.shape[1], name)
    return result, norm


def orthonormal_groups(name: str, value: Any, size: int) -> Array:
    """Return a float64 dictionary whose groups of ``size`` have orthonormal columns, to 1e-5."""
    result = dictionary(name, value, size).astype(np.float64)
    B = np.moveaxis(result.reshape(len(result), -1, size), 1, 0)
    with np.errstate(over="ignore", invalid="ignore"):
        defects = np.abs(np.swapaxes(B, 1, 2) @ B - np.eye(size)).max(axis=(1, 2))
    if not (defects <= 1e-5).all():
        g = int(np.argmax(np.where(np.isfinite(defects), defects, np.inf)))
        raise ValueError(
            f"{name}: the columns of group {g} are not orthonormal, "
            f"||A_g^T A_g - I|| reaches {defects[g]:.3g}; orthonormalise every group first"
        )
    return result


def nonzero_atoms(name: str, A: Array, atoms: str = "column") -> Array:
    """Return a dictionary (n_features, n_atoms) to learn from, of which no atom is zero.

    >>> nonzero_atoms("A", np.eye(1))
    array([[1.]])
    """
    zero = np.flatnonzero(~A.any(axis=0))
    if len(zero):
        raise ValueError(
            f"{name} has {counted(len(zero), f'zero {atoms}')}, the first number {zero[0]}; an "
            f"atom that is zero has no gradient and stays zero; drop or redraw it"
            f"{transposed(name, A)}"
        )
    return A


def transposed(name: str, A: Array) -> str:
    """The end of a message about a dictionary of which the rows have norm 1, and not the columns.

    >>> transposed("A", np.eye(2, 3)), transposed("A", np.eye(2))
    ('; the rows of A have norm 1: is it transposed? atoms are columns', '')
    """
    with np.errstate(over="ignore", invalid="ignore"):
        defects = [np.abs(np.linalg.norm(A, axis=k) - 1).max() for k in (1, 0)]
    if not defects[0] <= UNIT < defects[1]:
        return ""
    return f"; the rows of {name} have norm 1: is it transposed? atoms are columns"


def batch(name: str, value: Any, n_columns: int, of: str) -> Array:
    """Return samples that fit ``of``: rows (n_samples, n_columns), or one (n_columns,).

    If they do not fit, the transpose that would is proposed, also of a dictionary whose shape
    ``of`` ends with.

    >>> batch("Y", np.ones((5, 2)), 2, "A of shape (2, 3)").shape
    (5, 2)
    """
    return batch_and_norm(name, value, n_columns, of)[0]


def batch_and_norm(name: str, value: Any, n_columns: int, of: str) -> tuple[Array, float]:
    """Return the array of :func:`batch` and its Euclidean norm."""
    result, norm = array_and_norm(name, value, ndim=(1, 2))
    fitting_columns(name, result.shape, n_columns, of)
    return result, norm


def fitting_columns(name: str, shape: tuple[int, ...], n_columns: int, of: str) -> None:
    """Refuse samples of a shape that does not fit ``of``, as :func:`batch`."""
    if shape[-1] != n_columns:
        fits = len(shape) == 2 and shape[0] == n_columns
        hint = f"; did you mean {name}.T?" if fits else ""
        if str(shape[-1]) in re.findall(r"\d+", of.partition(" of shape ")[2]):
            hint = f"{hint}; atoms are columns: is {of.split(' of ')[0]} transposed?"
        raise ValueError(
            f"{name} has shape {shape}, so {counted(shape[-1], 'column')}, "
            f"but {n_columns} are needed for {of}; samples are rows{hint}"
        )


def codes(name: str, value: Any, size: int) -> Array:
    """Return codes or pre-activations, (..., n_atoms), whose atoms form groups of ``size``."""
    return codes_and_norm(name, value, size)[0]


def codes_and_norm(name: str, value: Any, size: int) -> tuple[Array, float]:
    """Return the array of :func:`codes` and its Euclidean norm, as :func:`array_and_norm` does."""
    result, norm = array_and_norm(name, value)
    if result.ndim == 0:
        raise ValueError(f"{name} is the single number {result}; it needs an axis of atoms")
    group_size(size, result.shape[-1], name)
    return result, norm


def same_shape(first: str, a: NDArray[Any], second: str, b: NDArray[Any]) -> None:
    """Refuse two arrays of different shapes."""
    if a.shape != b.shape:
        raise ValueError(
            f"{second} has shape {b.shape}, {first} has shape {a.shape}; they must be equal"
        )


def common_dtype(*arrays: Array) -> tuple[Array, ...]:
    """Promote arrays to one floating type (float32 only if all are).

    >>> [x.dtype.name for x in common_dtype(np.float32([1]), np.array([1.0]))]
    ['float64', 'float64']
    """
    dtype = np.result_type(*arrays)
    return tuple(np.asarray(x, dtype=dtype) for x in arrays)


def _one_each(name: str, value: Any, number: int, of: str) -> Array:
    """Return ``number`` entries, from one for all or from one for each."""
    result = array(name, value, ndim=(0, 1))
    if result.ndim and len(result) != number:
        raise ValueError(
            f"{name} has {counted(len(result), 'entry')}, but there are {number} {of}s; "
            f"pass one number for all, or one for each {of}"
        )
    return np.broadcast_to(result, (number,))


def per_group(name: str, value: Any, n_groups: int) -> Array:
    """Return one number per group, (n_groups,), from one for all or from one for each."""
    return _one_each(name, value, n_groups, "group")


def per_atom(name: str, value: Any, n_atoms: int) -> Array:
    """Return one number per atom, (n_atoms,), from one for all or from one for each."""
    return _one_each(name, value, n_atoms, "atom")


def covariance(name: str, value: Any, n_groups: int, size: int) -> Array:
    """Return one covariance per group, (n_groups, size, size).

    ``value`` is a variance, one matrix for all groups, or one matrix for each.
    """
    result = array(name, value, ndim=(0, 2, 3))
    result = result * np.eye(size, dtype=result.dtype) if result.ndim == 0 else result
    if result.shape not in ((size, size), (n_groups, size, size)):
        raise ValueError(
            f"{name} has shape {result.shape}; it must be a number, one {(size, size)} matrix, "
            f"or {(n_groups, size, size)}, one matrix for each group"
        )
    transposed = np.swapaxes(result, -1, -2)
    scale = np.abs(result).max()
    if np.abs(result / 2 - transposed / 2).max() > 0.5e-6 * scale:
        raise ValueError(
            f"{name} is not symmetric; a covariance must be; pass ({name} + {name}.T) / 2"
        )
    lowest = np.linalg.eigvalsh(result / 2 + transposed / 2).min()
    if lowest < -1e-6 * scale:
        raise ValueError(
            f"{name} has the negative eigenvalue {lowest:.3g}; a covariance has none below 0"
        )
    return np.broadcast_to(result, (n_groups, size, size))


def support(name: str, value: Any, n_samples: int, n_groups: int) -> BoolArray:
    """Return active groups as a boolean mask (n_samples, n_groups).

    Accepts that mask, or integer indices (n_samples, n_active) of the active groups, each once; a
    1-D array is one sample. Integers 0 and 1 in as many columns as there are groups are a mask if a
    row repeats one of them, as no indices do; they are refused if they could be both.

    >>> support("support", [[0, 1, 1]], 1, 3)
    array([[False,  True,  True]])
    >>> support("support", [[0, 1]], 1, 3)
    array([[ True,  True, False]])
    """
    result = np.atleast_2d(any_array(name, value))
    if result.dtype.kind not in "biu":
        raise TypeError(
            f"{name} has dtype {result.dtype}; it must be a boolean mask or integer group indices"
        )
    if result.dtype.kind != "b" and result.shape[1:] == (n_groups,) and (result < 2).all():
        result = _mask_of_integers(name, result, n_groups)
    if result.dtype == bool:
        if result.shape != (n_samples, n_groups):
            raise ValueError(
                f"{name} has shape {result.shape}; "
                f"a mask must be {(n_samples, n_groups)}, samples by groups"
            )
        return result
    if result.ndim != 2 or len(result) != n_samples:
        raise ValueError(
            f"{name} has shape {result.shape}; "
            f"it must have one row for each of the {counted(n_samples, 'sample')}"
        )
    return _mask_of_indices(name, result, n_groups)


def _mask_of_integers(name: str, value: IntArray, n_groups: int) -> NDArray[Any]:
    """Return integers below 2, one column for each group, as the mask that they are.

    Negative entries are left to the check of indices.
    """
    if (value < 0).any():
        return value
    in_order = np.sort(value, axis=1)
    is_permutation = in_order.shape[1] <= 2 and (in_order == np.arange(n_groups)).all()
    if is_permutation:
        raise ValueError(
            f"{name} holds the integers 0 and 1 for {n_groups} groups, which can be a mask or "
            f"indices; pass a mask as {name}.astype(bool), all groups as np.ones(shape, bool)"
        )
    return value.astype(bool)


def _mask_of_indices(name: str, value: IntArray, n_groups: int) -> BoolArray:
    """The mask of active groups from their indices (n_samples, n_active)."""
    outside = value[(value < 0) | (value >= n_groups)]
    if outside.size:
        raise ValueError(
            f"{name} contains group {outside[0]}; groups are numbered from 0 to {n_groups - 1}"
        )
    in_order = np.sort(value, axis=1)
    repeated = np.argwhere(in_order[:, 1:] == in_order[:, :-1])
    if len(repeated):
        row, column = repeated[0]
        raise ValueError(
            f"{name} contains group {in_order[row, column]} twice in row {row}; indices are the "
            f"active groups of a sample, each once; pass a mask as {name}.astype(bool), "
            f"one group for each sample as {name}[:, None]"
        )
    mask = np.zeros((len(value), n_groups), dtype=bool)
    np.put_along_axis(mask, value.astype(np.intp), True, axis=1)
    return mask
