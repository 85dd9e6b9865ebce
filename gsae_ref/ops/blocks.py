"""Samples in blocks: arrays whose conversion would need more memory than they do.

float16, and integers in a memory map, are converted block by block and never whole.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..arrays import Array

BLOCK = 4096  # samples whose codes are in memory at a time


def rows(Y: NDArray[Any], size: int = BLOCK) -> Iterator[NDArray[Any]]:
    """Yield the samples of an array, ``size`` at a time.

    >>> [len(block) for block in rows(np.zeros((5, 1)), 2)]
    [2, 2, 1]
    """
    for begin in range(0, len(Y), size):
        yield Y[begin : begin + size]


def is_mapped(x: Any) -> bool:
    """Whether an array lies in a memory-mapped file.

    >>> is_mapped(np.zeros(1))
    False
    """
    while isinstance(x, np.ndarray) and not isinstance(x, np.memmap):
        x = x.base
    return isinstance(x, (np.memmap, mmap.mmap))


def is_narrow(Y: Any) -> bool:
    """Whether an array is converted block by block: float16, or integers in a memory map.

    >>> is_narrow(np.zeros((2, 1), np.float16)), is_narrow(np.zeros((2, 1)))
    (True, False)
    """
    if not isinstance(Y, np.ndarray):
        return False
    return Y.dtype == np.float16 or (Y.dtype.kind in "iu" and is_mapped(Y))


def in_blocks(Y: Any) -> bool:
    """Whether samples are narrow and more than a block, so that they are computed in blocks."""
    return is_narrow(Y) and Y.ndim == 2 and len(Y) > BLOCK


def check_blocks(Y: NDArray[Any], n_features: int, of: str) -> None:
    """Check samples (n_samples, n_features) block by block; errors name the block."""
    for k, block in enumerate(rows(Y)):
        begin = k * BLOCK
        name = "Y" if len(Y) <= BLOCK else f"Y[{begin}:{begin + len(block)}]"
        checks.batch(name, block, n_features, of)


def stacked(compute: Callable[[Array], Array], A: Any, Y: Any) -> Array:
    """The rows ``compute(block)`` for all blocks of Y, which fit the dictionary A."""
    _check(A, Y)
    first = compute(Y[:BLOCK])
    result = np.empty((len(Y), *first.shape[1:]), first.dtype)
    result[:BLOCK] = first
    for k, block in enumerate(rows(Y[BLOCK:]), start=1):
        result[k * BLOCK : k * BLOCK + len(block)] = compute(block)
    return result


def averaged(
    compute: Callable[..., tuple[Any, ...]], A: Any, Y: Any, *others: Any
) -> tuple[Any, ...]:
    """Means over all samples of the means ``compute(block, ...)`` over a block, a tuple of them.

    ``others`` are None, or arrays with a row for each sample, of which a block is passed too.
    Sums are in float64; each mean has the dtype of those of a block.
    """
    _check(A, Y)
    totals: list[Any] = []
    for begin in range(0, len(Y), BLOCK):
        part = slice(begin, begin + BLOCK)
        means = compute(Y[part], *(None if other is None else other[part] for other in others))
        weight = len(Y[part]) / len(Y)
        terms = [weight * np.asarray(mean, np.float64) for mean in means]
        totals = list(map(np.add, totals, terms)) if totals else terms
    return tuple(
        total.astype(mean.dtype) if isinstance(mean, np.ndarray) else float(total)
        for total, mean in zip(totals, means, strict=True)
    )


def _check(A: Any, Y: NDArray[Any]) -> None:
    """Check samples of a dictionary, which the computation on a block checks."""
    shape = np.shape(A)
    if len(shape) == 2:
        check_blocks(Y, shape[0], f"A of shape {shape}")
