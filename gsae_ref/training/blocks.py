"""Samples as rows, in blocks, so that only a block need be in memory. May import ops, checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import checks
from ..arrays import Array, IntArray
from ..checks.blockwise import BLOCK, rows


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
    return list(rows(_order(n_samples, seed, epoch), batch_size))


def _order(n_samples: int, seed: int, epoch: int) -> IntArray:
    """The samples in the order of an epoch."""
    return np.random.default_rng([seed, epoch]).permutation(n_samples)


def mini_batches(Y: Array, batch_size: int, seed: int, epoch: int) -> Iterator[Array]:
    """Yield the mini-batches of an epoch; see :func:`shuffled`.

    Those of a Dask array are computed several at a time: each may need all of its chunks.

    >>> [batch.ravel().tolist() for batch in mini_batches(np.array([[3.0], [4.0]]), 2, 0, 0)]
    [[3.0, 4.0]]
    """
    if checks.is_dask(Y) and batch_size < len(Y):
        several = max(BLOCK // batch_size, 1) * batch_size
        for places in rows(_order(len(Y), seed, epoch), several):
            yield from rows(np.asarray(Y[places]), batch_size)
        return
    for batch in shuffled(len(Y), batch_size, seed, epoch):
        yield Y[batch]


def samples_that_fit(Y: Any, A: Array | None = None) -> Array:
    """Check samples as rows, which fit the dictionary A if it is given, and return them.

    They are checked block by block: a memory map or a Dask array is never in memory whole.
    """
    fit = () if A is None else (A.shape[0], f"A of shape {A.shape}")
    result: Array = checks.samples("Y", Y, *fit)
    if np.ndim(Y) == 1:
        raise ValueError(f"Y has shape {np.shape(Y)}, one sample; samples are rows; use Y[None]")
    for _ in checks.blocks("Y", result):
        pass
    return result
