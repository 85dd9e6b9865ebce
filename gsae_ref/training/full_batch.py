"""The gradient over all samples, block by block, on one machine or on a Dask cluster. May import ops, checks.

The gradient is a sum over samples. Blocks have a fixed size, each is computed with one BLAS thread,
and their sums are added in a fixed binary tree, in float64: the result depends on the order of the
samples and on ``block_size``, not on where or by how many the blocks are computed, nor on how the
samples come.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from ..ops.engine import one_blas_thread
from .blocks import BLOCK, of_one_size, rows
from .dictionary import network


def full_batch_gradient(
    A: ArrayLike,
    Y: Any,
    lam: float,
    group_size: int,
    gradient: str = "exact",
    block_size: int = BLOCK,
    n_unfold: int = 1,
    unfold_step: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
    engine: str = "auto",
) -> tuple[float, Array]:
    """Cost (13) and its gradient over all samples, of which no more than a few blocks are in memory. [T21] Eqs. (13), (14).

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : ndarray, Dask array of shape (n_samples, n_features), or iterable of arrays (rows, n_features)
        Samples as rows: in memory or memory-mapped; a Dask array, computed by its scheduler or the
        cluster that is active; or blocks of any sizes, one after the other.
    lam : float
        Threshold (for an unfolded network the penalty), >= 0.
    group_size : int
        Atoms per group; divides n_atoms.
    gradient : {"exact", "appendix_b", "approximate"}
        As in :func:`gsae_ref.loss_and_grad`.
    block_size : int
        Samples in a block. Another value changes the order of summation, and so the last bits.
    n_unfold, unfold_step, accelerated, nonnegative, l1
        As in :func:`gsae_ref.train`.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.loss_and_grad`.

    Returns
    -------
    cost : float
    grad : ndarray of shape (n_features, n_atoms)
        Summed in float64, returned in the common dtype of A and Y.

    Raises
    ------
    TypeError, ValueError
        As :func:`gsae_ref.loss_and_grad`, naming the block; for no samples at all; for a Dask array
        whose shape is not known.

    Notes
    -----
    A Dask array should be one whose chunks the workers read themselves, of ``block_size`` rows
    (``dask.array.from_npy_stack``, ``from_zarr``, ``from_delayed``); ``from_array`` of a memory map
    sends all data through the scheduler. The same bits on every worker suppose the same processor
    type, NumPy and BLAS on all of them, and threadpoolctl.

    Cost grows as N n m for the products with all atoms (m = Gamma d) where many groups are active;
    where few are, only the float32 screen and the reading of the data do. Memory of a worker: a few
    blocks, A, and gradients of 8 n m bytes for each level of the tree that is waiting. Measured by
    ``benchmarks/bench_scale.py`` on 2 shared cores, float32 on disk (760 MB at N = 200,000, n =
    950), groups of 2,
    "near" the truth (3 groups active) or at T21's start (half of them); same bits in every row of a problem::

              N    n  Gamma  start   CPU s: NumPy  1 worker  2 workers   MiB per worker
        200,000  950    500  near             5.0       6.6        7.6              312
        100,000  950    500  near             2.4         -        3.9              315
         50,000  950    500  near             1.2         -        1.8              286
        200,000  475    500  near             2.3         -        4.0              254
        200,000  950    250  near             2.6         -        4.8              282
        200,000  950    500  T21             21.0      25.8       30.0              321

    Examples
    --------
    >>> cost, grad = full_batch_gradient(np.eye(2), [np.array([[3.0, 4.0]]), np.array([[0.3, 0.4]])], lam=1.0, group_size=2)
    >>> cost, float(np.trace(grad))  # the mean over two samples; the second is below the threshold: cost 1/8, no gradient
    (0.3125, -4.5)
    """
    A = checks.dictionary("A", A, group_size)
    block_size, lam = checks.count("block_size", block_size), checks.threshold(lam)
    options = group_size, gradient, n_unfold, unfold_step, accelerated, nonnegative, l1, engine
    network(*options)  # refused here rather than on a worker
    with one_blas_thread():
        add_up = _on_dask if _is_dask(Y) else _here
        total = add_up(A, Y, lam, options, block_size)
    return total.cost / total.n_samples, (total.gradient / total.n_samples).astype(total.dtype)


class _Sums(NamedTuple):
    """Sums over some samples, in float64, and the dtype that the result should have."""

    n_samples: int
    cost: float
    gradient: np.ndarray
    dtype: np.dtype


def _is_dask(Y: Any) -> bool:
    dask_array = sys.modules.get("dask.array")
    return dask_array is not None and isinstance(Y, dask_array.Array)


def _here(A: Array, Y: Any, lam: float, options: tuple[Any, ...], block_size: int) -> _Sums:
    if not isinstance(Y, Iterable):
        Y = checks.array("Y", Y, ndim=(2,))
    if isinstance(Y, np.ndarray):
        _two_axes(Y.shape)
        blocks = rows(Y, block_size)
    else:
        blocks = of_one_size((_block(k, block, A) for k, block in enumerate(Y)), block_size)
    total = _tree(
        (_sums(A, block, lam, options, k * block_size) for k, block in enumerate(blocks)), _add
    )
    if total is None:
        raise ValueError(
            "Y has no samples; a mean needs at least one; check where its blocks come from (an iterator can be read only once)"
        )
    return total


def _block(k: int, block: Array, A: Array) -> Array:
    """A block of an iterable, checked before blocks are joined."""
    if np.ndim(block) != 2:
        raise ValueError(
            f"item {k} of Y has shape {np.shape(block)}; the items of an iterable are blocks (rows, n_features); pass numpy.asarray(Y)"
        )
    return checks.batch(f"item {k} of Y", block, A.shape[0], f"A of shape {A.shape}")


def _on_dask(A: Array, Y: Any, lam: float, options: tuple[Any, ...], block_size: int) -> _Sums:
    from dask.delayed import delayed

    _two_axes(Y.shape)
    if np.isnan(Y.shape).any():
        raise ValueError(
            f"Y has shape {Y.shape}; the sizes of its chunks must be known; call Y.compute_chunk_sizes()"
        )
    if Y.shape[1] != A.shape[0]:
        raise ValueError(
            f"Y has shape {Y.shape}, so {Y.shape[1]} columns, "
            f"but {A.shape[0]} are needed for A of shape {A.shape}; samples are rows"
        )
    blocks = Y.rechunk((block_size, -1)).to_delayed().ravel()
    sums = delayed(_sums, pure=False)
    add = delayed(_add, pure=False)
    shared = delayed(A)
    return _tree(
        (sums(shared, block, lam, options, k * block_size) for k, block in enumerate(blocks)), add
    ).compute()


def _two_axes(shape: tuple[float, ...]) -> None:
    if len(shape) != 2:
        raise ValueError(
            f"Y has shape {shape}; it must be 2-D, samples as rows; use Y[None] for one sample"
        )


def _sums(A: Array, block: Array, lam: float, options: tuple[Any, ...], begin: int) -> _Sums:
    """The sums of one block, which starts at sample ``begin``."""
    block = checks.batch(
        f"Y[{begin}:{begin + len(block)}]", block, A.shape[0], f"A of shape {A.shape}"
    )
    with one_blas_thread():
        cost, G = network(*options).loss_and_grad(A, block, lam)
    return _Sums(len(block), len(block) * cost, len(block) * G.astype(np.float64), G.dtype)


def _add(left: _Sums, right: _Sums) -> _Sums:
    dtype = np.result_type(left.dtype, right.dtype)
    return _Sums(
        left.n_samples + right.n_samples,
        left.cost + right.cost,
        left.gradient + right.gradient,
        dtype,
    )


def _tree(terms: Iterable[Any], add: Callable[[Any, Any], Any]) -> Any:
    """Add terms in the binary tree that their number fixes: neighbours first, then pairs of pairs, a leftover last; None for no terms.

    A sum over 2^k terms waits for its neighbour, so at most log2(number) + 2 sums are held at a
    time.

    >>> _tree("abcde", lambda left, right: f"({left}{right})")
    '(((ab)(cd))e)'
    """
    held: list[tuple[int, Any]] = []
    for term in terms:
        held.append((1, term))
        while len(held) > 1 and held[-1][0] == held[-2][0]:
            _, right = held.pop()
            size, left = held.pop()
            held.append((2 * size, add(left, right)))
    while len(held) > 1:
        _, right = held.pop()
        size, left = held.pop()
        held.append((size, add(left, right)))
    return held[0][1] if held else None
