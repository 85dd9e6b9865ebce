"""Samples as rows, block by block, so that no more than a block need be in memory. May import checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import checks
from ..arrays import Array, IntArray

BLOCK = 4096  # samples whose codes are held at a time


def rows(Y: NDArray[Any], size: int = BLOCK) -> Iterator[NDArray[Any]]:
    """Yield the samples of an array, ``size`` at a time.

    >>> [len(block) for block in rows(np.zeros((5, 1)), 2)]
    [2, 2, 1]
    """
    for begin in range(0, len(Y), size):
        yield Y[begin : begin + size]


def of_one_size(blocks: Iterable[Array], size: int) -> Iterator[Array]:
    """Yield the same samples in blocks of ``size`` (the last may be smaller), whatever sizes they come in.

    >>> [block.ravel().tolist() for block in of_one_size([np.arange(3.0)[:, None], np.arange(3.0, 5)[:, None]], 2)]
    [[0.0, 1.0], [2.0, 3.0], [4.0]]
    """
    waiting: list[Array] = []
    held = 0
    for block in blocks:
        while held + len(block) >= size:
            cut = size - held
            yield np.concatenate([*waiting, block[:cut]]) if waiting else block[:cut]
            waiting, held, block = [], 0, block[cut:]
        if len(block):
            waiting.append(block)
            held += len(block)
    if waiting:
        yield np.concatenate(waiting) if len(waiting) > 1 else waiting[0]


def shuffled(n_samples: int, batch_size: int, seed: int, epoch: int) -> list[IntArray | slice]:
    """Index of every mini-batch of an epoch, drawn without replacement; all samples, in place, when one batch holds them.

    >>> [len(batch) for batch in shuffled(5, 2, seed=0, epoch=0)]
    [2, 2, 1]
    """
    if batch_size >= n_samples:
        return [slice(None)]
    order = np.random.default_rng([seed, epoch]).permutation(n_samples)
    return list(rows(order, batch_size))


def samples_that_fit(Y: Any, A: Array | None = None) -> Array:
    """Return samples as rows, that fit a dictionary if one is given, checked block by block: a memory-mapped Y is never held whole."""
    if not isinstance(Y, np.ndarray):
        Y = checks.array("Y", Y)
    n_features, of = (
        (Y.shape[-1] if Y.ndim else 0, "it") if A is None else (A.shape[0], f"A of shape {A.shape}")
    )
    if Y.ndim != 2 or not len(Y):
        checks.batch("Y", Y, n_features, of)
        raise ValueError(f"Y has shape {Y.shape}, one sample; samples are rows; use Y[None]")
    for k, block in enumerate(rows(Y)):
        checks.batch(
            "Y" if len(Y) <= BLOCK else f"Y[{k * BLOCK}:{k * BLOCK + len(block)}]",
            block,
            n_features,
            of,
        )
    return np.asarray(Y)
