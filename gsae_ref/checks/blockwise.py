"""Samples in blocks: arrays that may be larger than memory, or whose conversion may be.

Dask arrays, memory maps and float16 are converted block by block and never whole.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Array
from .arrays import (
    any_array,
    array,
    fitting_columns,
    refuse_mask,
    refuse_no_array,
    refuse_no_numbers,
)

BLOCK = 4096  # samples that are in memory at a time


def is_dask(Y: Any) -> bool:
    """Whether ``Y`` is a Dask array; Dask is not imported.

    >>> is_dask(np.zeros(1))
    False
    """
    dask_array = sys.modules.get("dask.array")
    return dask_array is not None and isinstance(Y, dask_array.Array)


def is_mapped(Y: Any) -> bool:
    """Whether an array lies in a memory-mapped file.

    >>> is_mapped(np.zeros(1))
    False
    """
    while isinstance(Y, np.ndarray) and not isinstance(Y, np.memmap):
        Y = Y.base
    return isinstance(Y, (np.memmap, mmap.mmap))


def is_read_in_blocks(Y: Any) -> bool:
    """Whether an array is never converted whole: Dask arrays, memory maps, float16.

    >>> is_read_in_blocks(np.zeros((2, 1), np.float16)), is_read_in_blocks(np.zeros((2, 1)))
    (True, False)
    """
    if not isinstance(Y, np.ndarray):
        return is_dask(Y)
    return Y.dtype == np.float16 or is_mapped(Y)


def rows(Y: Any, size: int = BLOCK) -> Iterator[NDArray[Any]]:
    """Yield the samples of an array, ``size`` at a time.

    The chunks of a Dask array are computed one after the other, each once.

    >>> [len(block) for block in rows(np.zeros((5, 1)), 2)]
    [2, 2, 1]
    """
    if is_dask(Y):
        chunks = (np.asarray(Y.blocks[k]) for k in range(Y.numblocks[0]))
        yield from of_one_size(chunks, size)
        return
    for begin in range(0, len(Y), size):
        yield Y[begin : begin + size]


def of_one_size(blocks: Iterable[NDArray[Any]], size: int) -> Iterator[NDArray[Any]]:
    """Yield the samples of blocks of any sizes in blocks of ``size``; the last may be smaller.

    >>> blocks = [np.array([[0.0], [1.0], [2.0]]), np.array([[3.0], [4.0]])]
    >>> [block.ravel().tolist() for block in of_one_size(blocks, 2)]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """
    pending: list[NDArray[Any]] = []
    n_pending = 0
    for block in blocks:
        while n_pending + len(block) >= size:
            cut = size - n_pending
            yield _joined([*pending, block[:cut]])
            block = block[cut:]
            pending = []
            n_pending = 0
        if len(block):
            pending.append(block)
            n_pending += len(block)
    if pending:
        yield _joined(pending)


def _joined(blocks: list[NDArray[Any]]) -> NDArray[Any]:
    """Blocks as one; a single block is not copied."""
    return np.concatenate(blocks) if len(blocks) > 1 else blocks[0]


def samples(name: str, value: Any, n_columns: int | None = None, of: str = "it") -> Any:
    """Return samples as an array (n_samples, n_columns); one sample becomes a row.

    The shape is checked, the entries are left to :func:`blocks`. A Dask array stays one, and is not
    computed.

    >>> samples("Y", [1, 2], 2, "A of shape (2, 3)")
    array([[1, 2]])
    """
    refuse_mask(name, value)
    refuse_no_array(name, value)
    refuse_no_numbers(name, value)
    result = value if is_dask(value) else any_array(name, value)
    known_shape(name, result)
    if result.ndim not in (1, 2):
        raise ValueError(f"{name} has shape {result.shape}; it must be 1-D or 2-D, samples as rows")
    if result.size == 0:
        raise ValueError(f"{name} is empty, of shape {result.shape}; it needs at least one entry")
    if n_columns is not None:
        fitting_columns(name, result.shape, n_columns, of)
    return result if result.ndim == 2 else result[None]


def blocks(name: str, Y: Any) -> Iterator[Array]:
    """Yield the samples of :func:`samples` as floats, block by block; errors name the block.

    >>> [block.tolist() for block in blocks("Y", np.array([[1, 2]]))]
    [[[1.0, 2.0]]]
    """
    begin = 0
    for block in rows(Y):
        yield array(block_name(name, Y, begin, len(block)), block)
        begin += len(block)


def block_name(name: str, Y: Any, begin: int, size: int) -> str:
    """The name of a block of samples in a message; that of ``Y`` if it is all of them.

    >>> block_name("Y", np.zeros((3, 1)), 1, 2)
    'Y[1:3]'
    """
    return name if size == len(Y) else f"{name}[{begin}:{begin + size}]"


def known_shape(name: str, Y: Any) -> None:
    """Refuse a Dask array whose chunks have unknown sizes, which are NaN."""
    if np.isnan(Y.shape).any():
        raise ValueError(
            f"{name} has shape {Y.shape}; the sizes of its chunks must be known; "
            f"call {name}.compute_chunk_sizes()"
        )
