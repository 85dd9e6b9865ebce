"""Samples as rows, in blocks, so that only a block need be in memory. May import ops, checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .. import checks
from ..arrays import Array, IntArray
from ..ops.blocks import BLOCK as BLOCK
from ..ops.blocks import check_blocks
from ..ops.blocks import rows as rows


def mean_cost(cost: Callable[[Array], float], Y: Array) -> float:
    """Mean over all samples of a cost that is a mean over a block.

    >>> mean_cost(np.mean, np.array([1.0, 2.0, 6.0]))
    3.0
    """
    costs = []
    sizes = []
    for block in rows(Y):
        costs.append(cost(block))
        sizes.append(len(block))
    return float(np.average(costs, weights=sizes))


def of_one_size(blocks: Iterable[Array], size: int) -> Iterator[Array]:
    """Yield the samples of blocks of any sizes in blocks of ``size``; the last may be smaller.

    >>> blocks = [np.array([[0.0], [1.0], [2.0]]), np.array([[3.0], [4.0]])]
    >>> [block.ravel().tolist() for block in of_one_size(blocks, 2)]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """
    pending: list[Array] = []
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


def _joined(blocks: list[Array]) -> Array:
    """Blocks as one; a single block is not copied."""
    return np.concatenate(blocks) if len(blocks) > 1 else blocks[0]


def size_of_batches(batch_size: int | None, n_samples: int) -> int:
    """Check the size of mini-batches; None, and sizes above, are all samples.

    >>> size_of_batches(None, 60), size_of_batches(16, 60), size_of_batches(128, 60)
    (60, 16, 60)
    """
    if batch_size is None:
        return n_samples
    return min(checks.count("batch_size", batch_size), n_samples)


def shuffled(n_samples: int, batch_size: int, seed: int, epoch: int) -> list[IntArray | slice]:
    """Indices of the mini-batches of an epoch, drawn without replacement.

    All samples, in their order, if they fit in one batch.

    >>> [len(batch) for batch in shuffled(5, 2, seed=0, epoch=0)]
    [2, 2, 1]
    """
    if batch_size >= n_samples:
        return [slice(None)]
    order = np.random.default_rng([seed, epoch]).permutation(n_samples)
    return list(rows(order, batch_size))


def mini_batches(Y: Array, batch_size: int, seed: int, epoch: int) -> Iterator[Array]:
    """Yield the mini-batches of an epoch; see :func:`shuffled`.

    >>> [batch.ravel().tolist() for batch in mini_batches(np.array([[3.0], [4.0]]), 2, 0, 0)]
    [[3.0, 4.0]]
    """
    for batch in shuffled(len(Y), batch_size, seed, epoch):
        yield Y[batch]


def samples_that_fit(Y: Any, A: Array | None = None) -> Array:
    """Check samples as rows, which fit the dictionary A if it is given, and return them.

    They are checked block by block: a memory-mapped Y is never copied whole.
    """
    Y = checks.any_array("Y", Y)
    n_features = Y.shape[-1] if Y.ndim else 0
    of = "it"
    if A is not None:
        n_features = A.shape[0]
        of = f"A of shape {A.shape}"
    if Y.ndim != 2 or not len(Y):
        checks.batch("Y", Y, n_features, of)
        raise ValueError(f"Y has shape {Y.shape}, one sample; samples are rows; use Y[None]")
    check_blocks(Y, n_features, of)
    return Y
