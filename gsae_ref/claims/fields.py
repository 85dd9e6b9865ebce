"""The two fields in which a sentence is evaluated: batches of floats, and exact numbers.

A field gives every word of the language a meaning. In :class:`Floats` a value is an array
(K, rows, columns) that holds K instances at once, a number is 1 x 1. In :class:`Exact` it is a
:class:`~gsae_ref.claims.rational.Matrix`, a Fraction or an enclosure, of one instance.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import partial, reduce
from math import comb
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arrays import Array
from . import rational

Value = Any  # an array of a batch, or an exact matrix or number

WORDS = {
    "norm": "norm(M): Frobenius norm; of a column, its Euclidean norm",
    "norm2": "norm2(M): norm(M)**2, without the root",
    "spectral": "spectral(M): largest singular value",
    "least_singular": "least_singular(M): least singular value of a matrix that is not wide",
    "nuclear": "nuclear(M): sum of the singular values",
    "inner": "inner(M, N): sum of the products of the entries, trace(M.T @ N)",
    "trace": "trace(M): sum of the diagonal",
    "det": "det(M): determinant",
    "inv": "inv(M): inverse",
    "entry": "entry(M, i, j): a number of a matrix, rows and columns counted from 0",
    "col": "col(M, j): column j, counted from 0",
    "beside": "beside([M, N, ...]): matrices side by side",
    "eye": "eye(k): identity",
    "sqrt": "sqrt(x): square root; 0 of a number below 0",
    "log": "log(x): natural logarithm",
    "largest": "largest(numbers): their maximum",
    "least": "least(numbers): their minimum",
    "total": "total(numbers or matrices): their sum",
    "prod": "prod(numbers): their product",
    "abs": "abs(x): absolute value of a number",
    "range": "range(k), range(i, k): the integers below k",
    "len": "len(list): its length",
    "subsets": "subsets(k, r): all lists of r of the integers below k, ascending",
    "tuples": "tuples(list, r): all lists of r items of a list, with repetition",
}


ADJUGATE_SIGNS: Array = np.array([[1.0, -1.0], [-1.0, 1.0]])
LARGEST_EXPONENT = 1000
LONGEST_RANGE = 10_000
LARGEST_IDENTITY = 1000
MOST_LISTED = 10_000


class Unsuitable(ValueError):
    """A number with which a sentence cannot be evaluated."""


def subsets(k: int, r: int) -> list[Any]:
    """See :data:`WORDS`; refused where there are too many."""
    _check_count(f"subsets({k}, {r})", comb(k, r))
    return rational.subsets(k, r)


def tuples(items: Iterable[Any], r: int) -> list[Any]:
    """See :data:`WORDS`; refused where there are too many."""
    found = list(items)
    _check_count(f"tuples(list of {len(found)}, {r})", len(found) ** r)
    return rational.tuples(found, r)


def _check_count(text: str, count: int) -> None:
    if count > MOST_LISTED:
        raise Unsuitable(f"{text} has {count} lists; at most {MOST_LISTED} are computed")


def _of_some(word: Callable[..., Any]) -> Callable[..., Any]:
    """The word, refused for an empty list."""

    def apply(numbers: Iterable[Any]) -> Any:
        found = list(numbers)
        if not found:
            raise Unsuitable(f"{word.__name__} of an empty list; [0] + [...] is never empty")
        return word(found)

    return apply


LISTS: dict[str, Callable[..., Any]] = {"subsets": subsets, "tuples": tuples}


def _range(*ends: int) -> range:
    """The integers of a range; one that would take for ever is refused."""
    result = range(*ends)
    if result and (result[-1] - result[0]) // result.step >= LONGEST_RANGE:
        raise Unsuitable(f"a range of more than {LONGEST_RANGE:,} integers; choose a shorter one")
    return result


def _eye(k: int) -> Any:
    """The identity; one that no instance needs is refused."""
    if k < 1 or k > LARGEST_IDENTITY:
        raise Unsuitable(f"eye({k}); its size must be between 1 and {LARGEST_IDENTITY:,}")
    return rational.eye(k)


class Exact:
    """Exact numbers; roots and logarithms are enclosed to about 1 / precision.

    >>> Exact(100).words["sqrt"](2)
    [141/100, 71/50]
    """

    def __init__(self, precision: int = 100) -> None:
        self.precision = precision
        plain: dict[str, Callable[..., Any]] = {"abs": abs, "range": _range, "len": len}
        plain |= LISTS
        plain |= {name: _of_some(getattr(rational, name)) for name in ("largest", "least")}
        plain["eye"] = _eye
        plain["least_singular"] = self._least_singular
        self.words: Mapping[str, Callable[..., Any]] = MappingProxyType(
            {name: plain.get(name) or self._at_precision(name) for name in WORDS}
        )

    def _at_precision(self, name: str) -> Callable[..., Any]:
        word: Callable[..., Any] = getattr(rational, name)
        if "precision" in inspect.signature(word).parameters:
            return partial(word, precision=self.precision)
        return word

    def _least_singular(self, M: Any) -> Any:
        if len(M) < len(M[0]):
            raise ValueError("least_singular of a wide matrix, which has more columns than rows")
        return rational.least_singular(M, self.precision)

    def constant(self, number: int | float) -> Any:
        """A number as it is written: 0.1 is one tenth."""
        return Fraction(repr(number)) if isinstance(number, float) else number

    def divide(self, a: Any, b: Any) -> Any:
        """a / b; of integers a Fraction."""
        return Fraction(a) / b if isinstance(a, int) else a / b

    def power(self, a: Any, k: Any) -> Any:
        """a to an integer power; of integers a Fraction where k is below 0."""
        if not isinstance(k, int):
            raise Unsuitable(f"an exponent of {k}; it must be an integer, and a root is sqrt(x)")
        if abs(k) > LARGEST_EXPONENT:
            raise Unsuitable(f"an exponent above {LARGEST_EXPONENT}; choose a smaller one")
        return Fraction(a) ** k if isinstance(a, int) and k < 0 else a**k

    def transpose(self, M: Any) -> Any:
        return M.T

    def above(self, x: Any) -> Fraction:
        """A rational number that is at least x."""
        return Fraction(rational.high(x))

    def between(self, low: Any, high: Any, share: Any) -> Fraction:
        """low + share (high - low), rational where the ends are enclosures."""
        a = Fraction(rational.high(low))
        return a + share * (Fraction(rational.low(high)) - a)

    def stack(self, matrices: Iterable[Any]) -> Any:
        """Matrices above one another."""
        return rational.Matrix(row for M in matrices for row in M)

    def matrix(self, rows: Iterable[Iterable[Any]]) -> Any:
        """A matrix from numbers."""
        return rational.Matrix(map(tuple, rows))

    def shape(self, M: Any) -> tuple[int, int]:
        """Rows and columns."""
        return len(M), len(M[0]) if M else 0

    def choose(self, sign: Any, negative: Any, positive: Any) -> Any:
        """``negative`` where the sign is below 0, else ``positive``."""
        return negative if sign < 0 else positive


class Floats:
    """Batches of floats: an array (K, rows, columns) holds K instances, a number is 1 x 1."""

    def __init__(self) -> None:
        words: dict[str, Callable[..., Any]] = {
            name: getattr(self, name) for name in WORDS if hasattr(self, name)
        }
        words |= {"abs": np.abs, "range": range, "len": len, "total": _total, "inner": _inner}
        words |= {"prod": rational.prod, **LISTS}
        self.words: Mapping[str, Callable[..., Any]] = MappingProxyType(words)

    def constant(self, number: int | float) -> Any:
        return number

    def divide(self, a: Any, b: Any) -> Any:
        return np.true_divide(a, b)

    def power(self, a: Any, k: Any) -> Any:
        return np.power(float(a), k) if isinstance(a, int) and k < 0 else a**k

    def transpose(self, M: Array) -> Array:
        return M.swapaxes(-1, -2)

    def above(self, x: Array) -> Array:
        return x

    def between(self, low: Any, high: Any, share: Any) -> Any:
        return low + share * (high - low)

    def stack(self, matrices: Iterable[Array]) -> Array:
        return np.concatenate(list(matrices), axis=-2)

    def matrix(self, rows: Iterable[Iterable[Array]]) -> Array:
        return np.concatenate([np.concatenate(list(row), axis=-1) for row in rows], axis=-2)

    def shape(self, M: Array) -> tuple[int, int]:
        return M.shape[-2], M.shape[-1]

    def choose(self, sign: Array, negative: Array, positive: Array) -> Array:
        return np.where(sign < 0, negative, positive)

    def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """A function of arrays that NumPy's operations do not make up."""
        return function(*arguments)

    # the words of the language

    def norm2(self, M: Array) -> Array:
        return np.einsum("kij,kij->k", M, M)[:, None, None]

    def norm(self, M: Array) -> Array:
        return np.sqrt(self.norm2(M))

    def trace(self, M: Array) -> Array:
        return np.trace(M, axis1=-2, axis2=-1)[:, None, None]

    def det(self, M: Array) -> Array:
        return np.linalg.det(M)[:, None, None]

    def entry(self, M: Array, i: int, j: int) -> Array:
        return M[:, i, j, None, None]

    def col(self, M: Array, j: int) -> Array:
        return M[:, :, j, None]

    def beside(self, matrices: Iterable[Array]) -> Array:
        return np.concatenate(list(matrices), axis=-1)

    def eye(self, k: int) -> Array:
        return np.eye(k)[None]

    def sqrt(self, x: Any) -> Any:
        return np.sqrt(np.maximum(x, 0))

    def log(self, x: Any) -> Any:
        return np.log(x)

    def largest(self, numbers: Iterable[Any]) -> Any:
        return reduce(np.maximum, numbers)

    def least(self, numbers: Iterable[Any]) -> Any:
        return reduce(np.minimum, numbers)

    def spectral(self, M: Array) -> Array:
        if min(M.shape[-2:]) == 1:
            return self.norm(M)
        if min(M.shape[-2:]) == 2:
            return _spectral_norm_of_rank_2(M)
        return np.sqrt(np.maximum(_eigenvalues(M)[:, -1:, None], 0))

    def nuclear(self, M: Array) -> Array:
        return np.linalg.svd(_finite(M), compute_uv=False).sum(axis=-1)[:, None, None]

    def least_singular(self, M: Array) -> Array:
        return np.linalg.svd(_finite(M), compute_uv=False)[:, -1:, None]

    def inv(self, M: Array) -> Array:
        """Inverses; NaN for a singular matrix, which must not cost the other instances."""
        if M.shape[-1] == 1:
            return np.true_divide(1, M)
        if M.shape[-1] == 2:
            return _inverse_2_by_2(M)
        try:
            return np.linalg.inv(M)
        except np.linalg.LinAlgError:
            bad = ~(np.abs(np.linalg.det(M)) > 1e-200)
            result = np.linalg.inv(np.where(bad[:, None, None], np.eye(M.shape[-1]), M))
            result[bad] = np.nan
            return result


def _total(items: Iterable[Any]) -> Any:
    found = list(items)
    return reduce(operator.add, found) if found else 0


def _inner(M: Array, N: Array) -> Array:
    return (M * N).sum(axis=(-2, -1), keepdims=True)


def _inverse_2_by_2(M: Array) -> Array:
    """The adjugate over the determinant: faster than a solver; infinite or NaN where singular."""
    adjugate = M[:, ::-1, ::-1].swapaxes(-1, -2) * ADJUGATE_SIGNS
    result: Array = adjugate / (M[:, :1] @ adjugate[:, :, :1])
    return result


def _spectral_norm_of_rank_2(M: Array) -> Array:
    """The root of the larger eigenvalue of a 2 x 2 Gram matrix: faster than an SVD."""
    transposed = np.swapaxes(M, -1, -2)
    gram = transposed @ M if M.shape[-1] == 2 else M @ transposed
    a = gram[:, 0, 0]
    b = gram[:, 0, 1]
    c = gram[:, 1, 1]
    root = np.sqrt((a - c) ** 2 + 4 * b * b)
    result: Array = np.sqrt((a + c + root) / 2)[:, None, None]
    return result


def _eigenvalues(M: Array) -> Array:
    """Eigenvalues of the smaller Gram matrix, ascending: for the largest, faster than an SVD."""
    M = _finite(M)
    transposed = np.swapaxes(M, -1, -2)
    return np.linalg.eigvalsh(transposed @ M if M.shape[-1] <= M.shape[-2] else M @ transposed)


def _finite(M: Array) -> Array:
    """M with zeros for what is not finite: one instance must not cost the others."""
    return M if np.isfinite(M).all() else np.nan_to_num(M, posinf=0, neginf=0)
