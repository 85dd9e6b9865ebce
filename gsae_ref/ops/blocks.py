"""Computations on samples in blocks, which the codes or the conversion of all would not allow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import checks
from ..arrays import Array
from ..checks.blockwise import BLOCK, is_read_in_blocks


def in_blocks(Y: Any) -> bool:
    """Whether means over samples are taken block by block: of two blocks that are not read whole.

    >>> in_blocks(np.zeros((BLOCK + 1, 1), np.float16)), in_blocks(np.zeros((BLOCK + 1, 1)))
    (True, False)
    """
    return is_read_in_blocks(Y) and _several(Y)


def in_rows(Y: Any) -> bool:
    """Whether codes are computed block by block: of two blocks of whatever array.

    Thus they have the same bits in whatever form the samples are.
    """
    return (isinstance(Y, np.ndarray) or checks.is_dask(Y)) and _several(Y)


def _several(Y: Any) -> bool:
    """Whether there are two blocks of samples, or an unknown number of them."""
    checks.known_shape("Y", Y)
    return Y.ndim == 2 and len(Y) > BLOCK


def stacked(compute: Callable[[Array], Array], A: Any, Y: Any, name: str = "A") -> Array:
    """The rows ``compute(block)`` for all blocks of Y, which fit the dictionary A."""
    begin = 0
    for block in _checked(A, Y, name):
        codes = compute(block)
        if not begin:
            result = np.empty((len(Y), *codes.shape[1:]), codes.dtype)
        result[begin : begin + len(block)] = codes
        begin += len(block)
    return result


def averaged(
    compute: Callable[..., tuple[Any, ...]], A: Any, Y: Any, *others: Any, name: str = "A"
) -> tuple[Any, ...]:
    """Means over all samples of the means ``compute(block, ...)`` over a block, a tuple of them.

    ``others`` are None, or arrays with a row for each sample, of which a block is passed too.
    Sums are in float64; each mean has the dtype of those of a block.
    """
    totals: list[Any] = []
    begin = 0
    for block in _checked(A, Y, name):
        part = slice(begin, begin + len(block))
        means = compute(block, *(None if other is None else other[part] for other in others))
        weight = len(block) / len(Y)
        terms = [weight * np.asarray(mean, np.float64) for mean in means]
        totals = list(map(np.add, totals, terms)) if totals else terms
        begin += len(block)
    return tuple(
        total.astype(mean.dtype) if isinstance(mean, np.ndarray) else float(total)
        for total, mean in zip(totals, means, strict=True)
    )


def _checked(A: Any, Y: Any, name: str) -> Iterator[Array]:
    """The blocks of samples that fit a dictionary, which the computation on a block checks."""
    shape = checks.any_array(name, A).shape
    if len(shape) == 2:
        Y = checks.samples("Y", Y, shape[0], f"{name} of shape {shape}")
    return checks.blocks("Y", Y)
