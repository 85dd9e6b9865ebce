"""The gradient over all samples, block by block, on one machine or on a Dask cluster.

The gradient is a sum over samples. Blocks have a fixed size, each is computed with one BLAS thread,
and their sums are added in float64 in a fixed binary tree. The result depends on the order of the
samples and on ``block_size``; it does not depend on the number of workers, on their places, or on
the form in which samples are passed. May import ops, checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from ..checks.blockwise import BLOCK, of_one_size, rows
from ..ops.engine import one_blas_thread
from ..ops.unfolding import warn_of_long_step
from .networks import Network, build_network


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
    """Cost (13) and its gradient over samples that need not fit in memory. [T21] Eqs. (13), (14).

    No more than a few blocks of samples are in memory at a time.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : ndarray or Dask array of shape (n_samples, n_features), or iterable of arrays
        Samples as rows: in memory or memory-mapped; a Dask array, computed by its scheduler or the
        active cluster; or an iterable of blocks (rows, n_features) of any sizes.
    lam, group_size, gradient
        As in :func:`gsae_ref.train`; lam is one number.
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
        As :func:`gsae_ref.loss_and_grad`, naming the block; if there are no samples; for a Dask
        array of unknown shape.

    Warns
    -----
    RuntimeWarning
        If ``unfold_step`` is too long, as :func:`gsae_ref.unfolded_encode`.

    Notes
    -----
    Workers should read the chunks of a Dask array themselves, ``block_size`` rows each
    (``dask.array.from_npy_stack``, ``from_zarr``, ``from_delayed``); ``from_array`` of a memory map
    sends all data through the scheduler. For the same bits all workers need threadpoolctl, the same
    type of processor, and the same NumPy and BLAS.

    Where many groups are active, the time grows as N n m, the products with all m = Gamma d atoms;
    where few are, only the float32 screen and the reading of the data do. A worker holds a few
    blocks, A, and a gradient of 8 n m bytes for each level of the tree. The table is measured by
    ``benchmarks/bench_scale.py`` on 2 shared cores, with float32 data on disk (760 MB for
    N = 200,000, n = 950) and groups of 2, either "near" the truth (3 groups active) or at T21's
    start (half of them). All runs of one problem gave the same bits::

              N    n  Gamma  start   CPU s: NumPy  1 worker  2 workers   MiB per worker
        200,000  950    500  near             5.0       6.6        7.6              312
        100,000  950    500  near             2.4         -        3.9              315
         50,000  950    500  near             1.2         -        1.8              286
        200,000  475    500  near             2.3         -        4.0              254
        200,000  950    250  near             2.6         -        4.8              282
        200,000  950    500  T21             21.0      25.8       30.0              321

    Examples
    --------
    Two samples; the second is below the threshold, with cost 1/8 and gradient 0.

    >>> blocks = [np.array([[3.0, 4.0]]), np.array([[0.3, 0.4]])]
    >>> cost, grad = full_batch_gradient(np.eye(2), blocks, lam=1.0, group_size=2)
    >>> cost, float(np.trace(grad))
    (0.3125, -4.5)
    """
    A = checks.dictionary("A", A, group_size)
    block_size = checks.count("block_size", block_size)
    lam = checks.threshold(lam)
    network = build_network(
        group_size, gradient, n_unfold, unfold_step, accelerated, nonnegative, l1, engine
    )
    add_up = _on_dask if checks.is_dask(Y) else _here
    with one_blas_thread():
        total = add_up(A, Y, lam, network, block_size)
    warn_of_long_step(A, n_unfold, unfold_step, accelerated, "unfold_step")
    return total.cost / total.n_samples, (total.gradient / total.n_samples).astype(total.dtype)


class _Sums(NamedTuple):
    """Sums over some samples, in float64, and the dtype of the result."""

    n_samples: int
    cost: float
    gradient: np.ndarray
    dtype: np.dtype


def _here(A: Array, Y: Any, lam: float, network: Network, block_size: int) -> _Sums:
    """Add the sums of all blocks, in this process."""
    is_table = hasattr(Y, "__array__") or hasattr(Y, "toarray")  # pandas, SciPy's sparse arrays
    if not isinstance(Y, Iterable) or (is_table and not isinstance(Y, np.ndarray)):
        Y = checks.array("Y", Y, ndim=(2,))
    if isinstance(Y, np.ndarray):
        _two_axes(Y.shape)
        blocks = rows(Y, block_size)
    else:
        checked = (_block(k, block, A) for k, block in enumerate(Y))
        blocks = of_one_size(checked, block_size)
    sums = (_sums(A, block, lam, network, k * block_size) for k, block in enumerate(blocks))
    total = _tree(sums, _add)
    if total is None:
        raise ValueError(
            "Y has no samples; a mean needs at least one; "
            "check its source (an iterator can be read only once)"
        )
    return total


def _block(k: int, block: Array, A: Array) -> Array:
    """Check a block of an iterable."""
    checks.refuse_no_numbers(f"item {k} of Y", block)
    block = checks.any_array(f"item {k} of Y", block)
    if block.ndim != 2:
        raise ValueError(
            f"item {k} of Y has shape {block.shape}; "
            f"the items of an iterable are blocks (rows, n_features); pass numpy.asarray(Y)"
        )
    return checks.batch(f"item {k} of Y", block, A.shape[0], f"A of shape {A.shape}")


def _on_dask(A: Array, Y: Any, lam: float, network: Network, block_size: int) -> _Sums:
    """Add the sums of all blocks of a Dask array, where they are computed."""
    from dask.delayed import delayed

    _two_axes(Y.shape)
    checks.known_shape("Y", Y)
    checks.fitting_columns("Y", Y.shape, A.shape[0], f"A of shape {A.shape}")
    blocks = Y.rechunk((block_size, -1)).to_delayed().ravel()
    sums_of = delayed(_sums, pure=False)
    shared = delayed(A)
    sums = (sums_of(shared, block, lam, network, k * block_size) for k, block in enumerate(blocks))
    return _tree(sums, delayed(_add, pure=False)).compute()


def _two_axes(shape: tuple[float, ...]) -> None:
    if len(shape) != 2:
        raise ValueError(
            f"Y has shape {shape}; it must be 2-D, samples as rows; use Y[None] for one sample"
        )


def _sums(A: Array, block: Array, lam: float, network: Network, begin: int) -> _Sums:
    """The sums of one block, which starts at sample ``begin``."""
    name = f"Y[{begin}:{begin + len(block)}]"
    block = checks.batch(name, block, A.shape[0], f"A of shape {A.shape}")
    with one_blas_thread():
        cost, G = network.loss_and_grad(A, block, lam)
    return _Sums(len(block), len(block) * cost, len(block) * G.astype(np.float64), G.dtype)


def _add(left: _Sums, right: _Sums) -> _Sums:
    return _Sums(
        left.n_samples + right.n_samples,
        left.cost + right.cost,
        left.gradient + right.gradient,
        np.result_type(left.dtype, right.dtype),
    )


def _tree(terms: Iterable[Any], add: Callable[[Any, Any], Any]) -> Any:
    """Add terms in a binary tree that their number determines; None for no terms.

    Neighbours are added first, then pairs of pairs, leftovers last. At most log2(number) + 2 sums
    are held at a time.

    >>> _tree("abcde", lambda left, right: f"({left}{right})")
    '(((ab)(cd))e)'
    """
    held: list[tuple[int, Any]] = []  # (number of terms, their sum), sizes decreasing
    for term in terms:
        held.append((1, term))
        while len(held) > 1 and held[-1][0] == held[-2][0]:
            _merge_last(held, add)
    while len(held) > 1:
        _merge_last(held, add)
    return held[0][1] if held else None


def _merge_last(held: list[tuple[int, Any]], add: Callable[[Any, Any], Any]) -> None:
    """Add the last two sums."""
    n_right, right = held.pop()
    n_left, left = held.pop()
    held.append((n_left + n_right, add(left, right)))
