"""Loss and gradient in one pass over the samples, with work in proportion to the active groups. Twin of the formulas in
:mod:`gsae_ref.reference.autoencoder` and :mod:`gsae_ref.reference.gradients`.

All three gradients are -1/N sum_i [ e_i x_i^T + y_i (D_i A^T e_i)^T ] with e = y - A x, x =
sigma(A^T y); they differ in D only. A block of samples goes one of two ways, whichever the share of
active groups in the block before it (in some samples of the first) suggests:

few active    Screen: Y A in float32 by BLAS, scaled so that rows of Y and groups of A have norm at most 1; (sample, group) pairs that may
              be active are the candidates. Then for each sample, in the dtype of the data and in
              first-level cache: z_g = A_g^T y of the candidates, the support, the residual, A_g^T e
              and the update of the gradient, for active groups only. No support is missed
              (:func:`screening_margin`), so the screen changes no result.
many active   The formulas of the reference, block by block: Y A, X A^T, E A and one product for both parts of the gradient, by BLAS.

If many groups are active at all, as some samples tell, all threads work on one large block at a
time (:func:`_together`), first each on some of its samples, then each on some features of the only
gradient. Otherwise samples are cut into chunks; each chunk has a gradient of its own, and these are
added in their order. Parts and chunks depend on the shapes alone. Results are therefore the same
bits for any number of threads, and where few groups are active they do not depend on the BLAS
either.

A part or chunk is computed by one thread, BLAS products included. A BLAS with threads of its own
gives the same result, but its threads and these fight for the processors: whoever calls with
n_threads > 1 should limit BLAS to one thread meanwhile (threadpoolctl), which cannot be done from
here.
"""

from __future__ import annotations

from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array, BoolArray
from ._jit import available_threads, in_threads, plain, slices, threshold_for
from .activations import KINDS, apply_derivative, group_soft_threshold
from .passes import (
    accumulate,
    count_active,
    largest_group,
    mark_active,
    normalise,
    renew,
    scale,
    screen_for,
    sum_of_squares,
)

if TYPE_CHECKING:
    from .lazy import Memory

BLOCK = 256  # samples processed together
SMALLEST_CHUNK = 128  # samples, at least, that are worth a thread
CHUNK_WORK = 2**24  # multiply-adds of Y A, at least, that are worth a thread
CHUNKS = 8  # at most; each has a gradient of its own
CHUNK_BYTES = 2**25  # for all these gradients together, but two there may always be
TOGETHER = (
    2**26
)  # bytes, at most, of what is computed from a block of samples that all threads share
SMALLEST_PART = 64  # samples of it, at least, that are worth a thread
PROBED = 16  # samples from which the share of active groups is judged
FEW = 0.2  # share of active groups below which the first way is faster
UNROLLED = 8  # group sizes up to here are constants of the compiled screen


def loss_and_grad(
    A: Array,
    Y: Array,
    lam: float,
    group_size: int,
    gradient: str = "exact",
    n_threads: int | None = None,
    few: float = FEW,
    memory: Memory | None = None,
    found: BoolArray | None = None,
) -> tuple[float, Array]:
    """Loss (13) and one of its gradients, () and (n_features, n_atoms).

    Parameters
    ----------
    A, Y, lam, group_size
        (n_features, n_atoms) and (n_samples, n_features) of one dtype, float32 or float64, any
        strides; threshold; atoms per group.
    gradient : {"exact", "appendix_b", "approximate"}
        Which gradient; "approximate" with the estimated support.
    n_threads : int, optional
        Threads that share the chunks; None takes the available processors. Changes no bit of the
        result.
    few : float
        Share of active groups up to which a block is processed group by group: 0 never, 1 always.
    memory : lazy.Memory, optional
        What earlier calls with the same Y have left; changes the time, not the result.
    found : ndarray of bool (n_samples, n_groups), optional
        Set to the active groups.
    """
    n_samples = len(Y)
    n_atoms = A.shape[1]
    few = few if lam > 0 else 0
    if found is not None:
        found.fill(False)
    if (memory is None or memory.many) and _are_many(A, Y, lam, group_size, few):
        return _together(A, Y, lam, group_size, gradient, n_threads, found)
    chunks = _chunks(n_samples, A)
    n_threads = min(n_threads or available_threads(), len(chunks))
    problem = _Problem(A, lam, group_size, gradient, few, memory, found)
    free: SimpleQueue[_Workspace] = SimpleQueue()
    for _ in range(n_threads):
        free.put(_Workspace(problem, min(BLOCK, -(-n_samples // len(chunks)))))

    def work(chunk: slice) -> tuple[float, int, Array]:
        workspace = free.get()
        try:
            return _chunk(problem, Y, chunk, workspace)
        finally:
            free.put(workspace)

    costs, active, parts = zip(*in_threads(work, chunks, n_threads), strict=True)
    if memory is not None:
        memory.many = sum(active) > few * n_samples * problem.n_groups
    G = np.empty_like(A, order="C")
    pieces = [slice(start, start + 64) for start in range(0, n_atoms, 64)]
    in_threads(lambda atoms: _add_up(parts, atoms, n_samples, G), pieces, n_threads)
    return float(sum(costs)) / (2 * n_samples), G


def screening_margin(n_features: int, group_size: int) -> float:
    """How far the screen may err: with margin c, no group with ||A_g^T y|| > lam has a screened norm of at most t - c.

    The screen sees y / ||y|| and A / a with a = max_g ||A_g||_F, hence the threshold t = lam /
    (||y|| a). Write u = 2^-24, gamma_k = k u / (1 - k u), and y', A' for the scaled quantities:
    ||y'|| <= 1, ||A'_g||_F <= 1. Rounding them to float32 costs a factor (1 + u) each, a product of
    n_features terms summed in any order gamma_n, so every screened z'_j is within gamma_{n+2}
    |y'|^T |a'_j| of the truth, and by Cauchy-Schwarz the vector of a group within gamma_{n+2}
    ||y'|| ||A'_g||_F <= gamma_{n+2}. Its float32 sum of squares has the relative error gamma_d, so
    the norm loses at most gamma_d (t <= 1, or no group is active at all); rounding the bound (t -
    c)^2 to float32 costs less than 2 u. Together

        c = gamma_{n+2} + gamma_d + 2 u,

    and 1 % more for what is of a smaller order: products of these, the float64 rounding of ||y||,
    a, t and of the norm that finally decides. Entries below the range of float32 lose at most
    2^-126 each, gathered in the last term; sums of squares that underflow belong to norms below
    2^-62, which the last term covers too. For float32 data the norm that decides carries
    gamma_{n+d+2} itself: the margin is then doubled by the caller.
    """
    k = (n_features + 2 + group_size + 2) * 2.0**-24
    return 1.01 * k / (1 - k) + 2.0**-60 + n_features * 2.0**-120 if k < 0.5 else np.inf


class _Problem:
    """What all blocks share: the dictionary in its layouts, the threshold, the kind."""

    def __init__(
        self,
        A: Array,
        lam: float,
        group_size: int,
        kind: str,
        few: float,
        memory: Memory | None,
        found: BoolArray | None,
    ) -> None:
        self.A = plain(A)
        self.AT = plain(A.T)
        self.lam = lam
        self.group_size = group_size
        self.kind = kind
        self.few = few
        self.memory = memory if few > 0 else None
        self.found = found
        self.dtype = A.dtype
        self.n_groups = A.shape[1] // group_size
        self.small: Any = None
        if few > 0:
            largest = largest_group(self.AT, group_size)
            self.threshold = threshold_for(lam, A.dtype)
            self.margin = screening_margin(len(A), group_size) * (1 if A.dtype == np.float64 else 2)
            if 0 < largest < np.inf and self.margin < 0.1:
                self.largest = largest
                self.small = np.empty(self.AT.shape, np.float32)
                scale(self.AT, 1 / largest, self.small)
            else:
                self.few = 0
                self.memory = None
        if self.memory is not None:
            self.memory.follow(self.AT, lam, group_size)

    def room(self, n_samples: int) -> int:
        """Most candidates with which the first way is taken."""
        return int(self.few * n_samples * self.n_groups)

    def recalled(self, rows: slice) -> tuple[Array, Array, Array, BoolArray]:
        """Path, norms and waking lengths of these samples, and their row of the mask; empty arrays stand for what is not kept."""
        m = self.memory
        kept = (
            (m.path, m.norms[rows], m.wakes[rows])
            if m is not None
            else (np.empty(0), np.empty(0), np.empty((0, 0), np.float32))
        )
        return *kept, np.empty((0, 0), np.bool_) if self.found is None else self.found[rows]


class _Workspace:
    """Arrays of one thread, at most BLOCK samples long; those of the second way are made when it is first taken."""

    def __init__(self, problem: _Problem, n_samples: int) -> None:
        self.problem = problem
        self.n_samples = n_samples
        n_features, n_atoms = problem.A.shape
        if problem.few:
            self.Y = np.empty((n_samples, n_features), np.float32)
            self.Z = np.empty((n_samples, n_atoms), np.float32)
            self.bounds = np.empty(n_samples, np.float32)
            self.candidates = np.empty(problem.room(n_samples) + problem.n_groups, np.int32)
            self.ends = np.empty(n_samples, np.int64)
            self.rows = np.empty((4, n_atoms), problem.dtype)
            self.e = np.empty(n_features, problem.dtype)
            self.active = np.empty(problem.n_groups, np.int32)
        self.dense: list[Array] | None = None

    def for_dense(self) -> list[Array]:
        """Z, the stacks [X; back] and [E; Y] of twice the length, and room for their product."""
        if self.dense is None:
            n_features, n_atoms = self.problem.A.shape
            n = self.n_samples
            shapes = (n, n_atoms), (2 * n, n_atoms), (2 * n, n_features), (n_atoms, n_features)
            self.dense = [np.empty(shape, self.problem.dtype) for shape in shapes]
        return self.dense


def _chunks(n_samples: int, A: Array, smallest: int = SMALLEST_CHUNK) -> list[slice]:
    """Slices of the samples, a power of two and as even as can be; they depend on shapes and dtype alone."""
    most = min(max(CHUNK_BYTES // A.nbytes, 2), CHUNKS)
    count = max(min(most, n_samples // smallest, n_samples * A.size // CHUNK_WORK), 1)
    return slices(
        n_samples, 2 ** (count.bit_length() - 1)
    )  # three for two threads would leave one of them waiting


def _are_many(A: Array, Y: Array, lam: float, group_size: int, few: float) -> bool:
    """Whether more than this share of the groups is active, as some samples tell."""
    if few == 0:
        return True
    Z = Y[:: -(-len(Y) // PROBED)] @ A
    return bool(
        count_active(group_soft_threshold(Z, lam, group_size), group_size)
        > few * Z.size // group_size
    )


def _together(
    A: Array,
    Y: Array,
    lam: float,
    group_size: int,
    kind: str,
    n_threads: int | None,
    found: BoolArray | None,
) -> tuple[float, Array]:
    """Loss and gradient by matrix products, block after block, the samples and then the features of each shared out to the threads."""
    A, n_samples, (n_features, n_atoms) = plain(A), len(Y), A.shape
    at_once = max(TOGETHER // ((3 * n_atoms + 2 * n_features) * A.itemsize), 1)
    blocks = slices(n_samples, -(-n_samples // at_once))
    longest = -(-n_samples // len(blocks))
    Z, codes, data = (
        np.empty((n, k), A.dtype)
        for n, k in ((longest, n_atoms), (2 * longest, n_atoms), (2 * longest, n_features))
    )
    G = np.empty_like(A)
    product = G if len(blocks) == 1 else np.empty_like(A)

    def forward(block: slice, rows: slice) -> float:
        """The stacks of codes, [X; back], and of data, [E; Y] / -N, and the squares of E."""
        n = block.stop - block.start
        y = plain(Y[block][rows])
        X = codes[:n][rows]
        E = data[:n][rows]
        _by_products(A, A.T, y, lam, group_size, kind, Z[rows], X, codes[n : 2 * n][rows], E)
        if found is not None:
            mark_active(X, group_size, found[block][rows])
        squares = sum_of_squares(E)
        np.divide(E, -n_samples, out=E)
        np.divide(y, -n_samples, out=data[n : 2 * n][rows])
        return squares

    def backward(block: slice, features: slice) -> None:
        both = slice(2 * (block.stop - block.start))
        out = (G if block.start == 0 else product)[features]
        np.matmul(data[both, features].T, codes[both], out=out)
        if block.start > 0:
            G[features] += out

    cost = 0.0
    for block in blocks:
        parts = _chunks(block.stop - block.start, A, SMALLEST_PART)
        cost += sum(in_threads(partial(forward, block), parts, n_threads))
        in_threads(partial(backward, block), slices(n_features, len(parts)), n_threads)
    return float(cost) / (2 * n_samples), G


def _by_products(
    A: Array,
    AT: Array,
    Y: Array,
    lam: float,
    group_size: int,
    kind: str,
    Z: Array,
    X: Array,
    back: Array,
    E: Array,
) -> None:
    """Write pre-activations, codes, the residual taken back through the encoder, and the residual."""
    np.matmul(Y, A, out=Z)
    group_soft_threshold(Z, lam, group_size, out=X)
    np.subtract(Y, np.matmul(X, AT, out=E), out=E)
    apply_derivative(Z, np.matmul(E, A, out=back), lam, group_size, kind, out=back)


def _chunk(
    problem: _Problem, Y: Array, chunk: slice, workspace: _Workspace
) -> tuple[float, int, Array]:
    """Sum of squares of the residuals, number of active groups, and gradient sum (n_atoms, n_features), sign and 1/N left out, of one chunk."""
    cost = 0.0
    active = 0
    G = np.zeros(problem.AT.shape, problem.dtype)
    first = True
    sparse = problem.few > 0
    for start in range(chunk.start, chunk.stop, workspace.n_samples):
        rows = slice(start, min(start + workspace.n_samples, chunk.stop))
        block = plain(Y[rows])
        result = _few_active(problem, block, rows, workspace, G, first) if sparse else None
        if result is None:
            result = _many_active(problem, block, rows, workspace, G, first)
        cost, active, first = cost + result[0], active + result[1], False
        sparse = result[1] <= problem.few * len(block) * problem.n_groups
    return cost, active, G


def _few_active(
    problem: _Problem, Y: Array, rows: slice, workspace: _Workspace, G: Array, first: bool
) -> tuple[float, int] | None:
    """Cost and number of active groups of a block, its gradient added to G; None if there are too many candidates.

    Of the ``first`` block of a chunk some samples are screened before all are: nothing is known of
    it yet.
    """
    w = workspace
    memory = problem.memory
    size = problem.group_size
    path, norms, wakes, found = problem.recalled(rows)
    if memory is None or not memory.awake(rows, problem.room(len(Y)), w.candidates, w.ends):
        if (
            first
            and not _screen(problem, plain(Y[:: -(-len(Y) // PROBED)]), w)
            or not _screen(problem, Y, w)
        ):
            return None
        if memory is not None:
            renew(
                w.Z[: len(Y)],
                float(problem.threshold),
                problem.margin,
                problem.largest,
                size,
                path,
                norms,
                wakes,
            )
    return accumulate(
        Y,
        problem.AT,
        problem.threshold,
        size,
        KINDS[problem.kind],
        w.candidates,
        w.ends,
        w.active,
        w.rows,
        w.e,
        G,
        path,
        norms,
        wakes,
        found,
    )


def _screen(problem: _Problem, Y: Array, w: _Workspace) -> bool:
    """Z in float32, and the candidates among the groups of these samples; False if there are too many."""
    n = len(Y)
    size = problem.group_size
    normalise(Y, float(problem.threshold) / problem.largest, problem.margin, w.Y, w.bounds)
    np.matmul(w.Y[:n], problem.small.T, out=w.Z[:n])
    return screen_for(size if size <= UNROLLED else 0)(
        w.Z[:n], w.bounds, size, problem.room(n), w.candidates, w.ends
    )


def _many_active(
    problem: _Problem, Y: Array, rows: slice, workspace: _Workspace, G: Array, first: bool
) -> tuple[float, int]:
    """As :func:`_few_active`, by matrix products."""
    n = len(Y)
    size = problem.group_size
    Z, codes, data, product = workspace.for_dense()
    Z, codes, data = Z[:n], codes[: 2 * n], data[: 2 * n]
    X = codes[:n]
    E = data[:n]
    _by_products(problem.A, problem.AT, Y, problem.lam, size, problem.kind, Z, X, codes[n:], E)
    data[n:] = Y
    if first:
        np.matmul(codes.T, data, out=G)
    else:
        G += np.matmul(codes.T, data, out=product)
    if problem.found is not None:
        mark_active(X, size, problem.found[rows])
    return sum_of_squares(E), count_active(X, size)


def _add_up(parts: tuple[Array, ...], atoms: slice, n_samples: int, G: Array) -> None:
    """Write -1/N times the sum of the chunks' gradients, in their order, into these columns of G."""
    total = parts[0][atoms]
    for part in parts[1:]:
        total += part[atoms]
    np.divide(total.T, -n_samples, out=G[:, atoms])
