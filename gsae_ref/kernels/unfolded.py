"""The unfolded encoder in code space, forward and reverse. Twin of :mod:`gsae_ref.reference.unfolded`.

With G = A^T A and C = Y A a step needs neither Y nor A: R A = (Y - T A^T) A = C - T G, 2 m^2
instead of 4 n m operations for a sample. Nor does the reverse pass: there R_bar A = a V_bar G, and
all that R and R_bar add to A_bar is, summed over the steps,

    A_bar = Y^T D + A H,    D = sum_k a V_bar_k - X_K / N,    H = -a sum_k (T_k^T V_bar_k + V_bar_k^T T_k) + X_K^T X_K / N.

The last terms are those of the loss: -E^T X_K / N with E = Y - X_K A^T. They look like one more
step with T = X_K and V_bar = -X_K / (2 a N), and fill the place of the first, where T = 0: so H =
-a (S + S^T), S the sum of K products.

Two more savings. A code tells the Jacobian that made it: an active group has ||x|| = ||w|| - a lam,
so tau = ||x|| / (||x|| + a lam) and u = x / ||x||, and an entry passed the entrywise part if it is
not zero. And where J is not zero, x = t + a (R A - l1 sign(x) - lam u), so the derivative in the
step is a_bar = sum_k <V_bar_k, X_k - T_k> / a.

A block of samples goes one of two ways, whichever the share of active groups that the encoder meets
in some of its samples suggests:

few active    One sample after the other, all steps forward and back in first-level cache; T G and V_bar G are sums of the rows of G where
              T and V_bar are not zero, S and the residual likewise.
many active   The formulas above for the block at once, matrix products by BLAS, one pass over memory between two of them.

Samples are cut into chunks and blocks by the shapes alone, every chunk has sums of its own, and
these are added in their order: the result is the same bits for any number of threads. What is said
of BLAS and threads in :mod:`.fused` holds here too.

Ties. G and C are rounded where the reference rounds residuals, so pre-activations agree to
rounding, relative to ||C|| and ||T|| ||G||, and not to the bit. A norm (or entry) within that of
its threshold may fall on the other side. The codes are continuous there and still agree to
rounding; the gradient is not: it may be that of the other side of the kink. No equality with the
reference is promised there, nor would it mean anything; in exact arithmetic, as with small
integers, a tie is a tie, and inactive, here too.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import numpy as np

from ..arrays import Array
from . import unfolded_steps
from ._jit import Result, available_threads, in_threads, plain, slices, threshold_for

BLOCK = 256  # samples, at most, that are processed together
BLOCK_BYTES = 2**24  # for the iterates of a block
CHUNKS = 8  # at most; each has sums of its own
SMALLEST_HALF = 64
HALF_WORK = (
    2**17
)  # samples, and samples * atoms * steps, from which half of less than two blocks is worth a thread
CHUNK_BYTES = 2**25  # for all these sums together, but two there may always be
PROBED = 8  # samples of a block from which the share of active groups is judged
FEW = 0.3
FEW_SMALL = 0.1  # share of active groups below which the first way is faster, for groups of LARGE atoms or more, and fewer
LARGE = 8  # atoms: a vector of float64
UNROLLED = (
    1,
    2,
    4,
    8,
    16,
)  # group sizes that are constants of the compiled code; the others share one


def unfolded_encode(
    A: Array,
    Y: Array,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
    n_threads: int | None = None,
    few: float | None = None,
) -> Array:
    """Codes after K proximal-gradient steps from zero. [T21] sections 3.1 and 4.2.

    Parameters
    ----------
    A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1
        As for the reference; A and Y with two axes, of one dtype, any strides.
    n_threads : int, optional
        Threads that share the chunks; None takes the available processors. Changes no bit of the
        result.
    few : float, optional
        Share of active groups up to which a block is processed sample by sample: 0 never, 1 always;
        None as was found fastest.
    """
    problem = _Problem(
        A, len(Y), lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1, few
    )
    X = np.empty((len(Y), A.shape[1]), A.dtype)

    def encode(rows: slice, workspace: _Workspace) -> None:
        C = np.matmul(plain(Y[rows]), problem.A)
        if problem.few_active(C, workspace):
            unfolded_steps.encode(
                C, problem.G, problem.betas, *problem.numbers, *workspace.sample, X[rows]
            )
        else:
            X[rows] = problem.forward(C, workspace.for_block(len(C)))

    def encode_chunk(chunk: slice, workspace: _Workspace) -> None:
        for rows in problem.blocks(chunk):
            encode(rows, workspace)

    _over_chunks(problem, len(Y), n_threads, encode_chunk)
    return X


def unfolded_loss_and_grad(
    A: Array,
    Y: Array,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
    n_threads: int | None = None,
    few: float | None = None,
) -> tuple[float, Array]:
    """Loss (13) of the K-th codes and its exact gradient in A through all steps, () and (n_features, n_atoms). [T21] Eqs. (13), (14).

    Parameters
    ----------
    A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1
        As for the reference; A and Y with two axes, of one dtype, any strides.
    n_threads : int, optional
        Threads that share the chunks; None takes the available processors. Changes no bit of the
        result.
    few : float, optional
        Share of active groups up to which a block is processed sample by sample: 0 never, 1 always;
        None as was found fastest.
    """
    problem = _Problem(
        A, len(Y), lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1, few
    )
    parts = _over_chunks(
        problem,
        len(Y),
        n_threads,
        lambda chunk, workspace: _chunk(problem, plain(Y[chunk]), workspace),
    )
    cost, slope, S, A_bar = parts[0]
    for more in parts[1:]:
        cost, slope = cost + more[0], slope + more[1]
        S += more[2]
        A_bar += more[3]
    S += S.T.copy()
    S *= -problem.step
    A_bar += problem.A @ S
    if step_size is None:
        A_bar += (slope / float(problem.step)) * problem.step_gradient()
    return float(cost) / (2 * len(Y)), A_bar


def momentum(n_unfold: int, accelerated: bool = True) -> Array:
    """Weights beta_1, ..., beta_K of the extrapolation before each step: (t_{k-1} - 1) / t_k for FISTA, 0 for ISTA."""
    t = 1.0
    weights = np.zeros(n_unfold)
    for k in range(1, n_unfold if accelerated else 0):
        t, previous = (1 + (1 + 4 * t * t) ** 0.5) / 2, t
        weights[k] = (previous - 1) / t
    return weights


def spectral_step(A: Array) -> tuple[float, Array]:
    """Step 1 / ||A||_2^2 (1 for A = 0) and the leading right singular vector, from A^T A in float64."""
    A = np.asarray(A, np.float64)
    scale = float(np.abs(A).max())
    if not scale:
        return 1.0, np.zeros(A.shape[1])
    A = A / scale
    values, vectors = np.linalg.eigh(A.T @ A)
    return 1 / float(values[-1]) / scale**2, vectors[:, -1]


# -------------------------------------------------------------------------------- chunks and blocks


class _Problem:
    """What all blocks share: the dictionary, its Gram matrix, step, thresholds and weights as numbers of the dtype."""

    def __init__(
        self,
        A: Array,
        n_samples: int,
        lam: float,
        group_size: int,
        n_unfold: int,
        step_size: float | None,
        accelerated: bool,
        nonnegative: bool,
        l1: float,
        few: float | None,
    ) -> None:
        self.A = plain(A)
        self.dtype = A.dtype
        self.n_unfold = n_unfold
        self.few = (FEW if group_size >= LARGE else FEW_SMALL) if few is None else few
        self.n_groups = A.shape[1] // group_size
        self.n_samples = n_samples
        self.G = np.ascontiguousarray(self.A.T @ self.A)
        self.vector: Array
        self.step_size, self.vector = (
            spectral_step(A) if step_size is None else (step_size, np.empty(0))
        )
        self.step, self.betas = (
            self.dtype.type(self.step_size),
            momentum(n_unfold, accelerated).astype(self.dtype),
        )
        thresholds = (
            threshold_for(self.step_size * t, self.dtype) if t > 0 else self.dtype.type(0)
            for t in (lam, l1)
        )
        self.numbers = (
            self.step,
            *thresholds,
            nonnegative,
            group_size,
        )  # as the compiled functions take them
        constant = group_size if group_size in UNROLLED else 0
        self.step_forward = unfolded_steps.step_forward(constant)
        self.step_back = unfolded_steps.step_back(constant)
        self.block = int(
            min(max(BLOCK_BYTES // (2 * n_unfold * A.shape[1] * self.dtype.itemsize), 1), BLOCK)
        )

    def blocks(self, chunk: slice) -> list[slice]:
        return [
            slice(start, min(start + self.block, chunk.stop))
            for start in range(chunk.start, chunk.stop, self.block)
        ]

    def few_active(self, C: Array, workspace: _Workspace) -> bool:
        """Whether few groups are active in some samples of the block, evenly spaced."""
        if not 0 < self.few < 1:
            return self.few >= 1
        some = np.ascontiguousarray(C[:: -(-len(C) // PROBED)])
        count = unfolded_steps.probe(some, self.G, self.betas, *self.numbers, *workspace.sample)
        return count <= self.few * len(some) * self.n_groups * self.n_unfold

    def forward(self, C: Array, arrays: tuple[Array, ...]) -> Array:
        """The K-th codes of a block; all iterates and extrapolated points stay in ``arrays``."""
        X, T, P, *_ = arrays
        T[0] = 0
        P[...] = 0
        for k in range(self.n_unfold):
            if k:
                np.matmul(T[k], self.G, out=P)
            last = k + 1 == self.n_unfold
            beta = self.betas[0 if last else k + 1]
            self.step_forward(
                T[k],
                P,
                C,
                X[max(k - 1, 0)],
                k > 0,
                beta,
                *self.numbers,
                X[k],
                P if last else T[k + 1],
            )
        return X[-1]

    def reverse(self, C: Array, arrays: tuple[Array, ...], D: Array, S: Array) -> float:
        """Sum of <V_bar, X - T> of a block; its part of S is added, D is written."""
        X, T, P, earlier = arrays
        inverse = self.dtype.type(1 / self.n_samples)
        np.matmul(X[-1], self.G, out=P)
        T[0] = X[-1]
        earlier[...] = 0
        np.multiply(X[-1], -inverse, out=D)
        slope = 0.0
        other = C
        scales = (inverse, -inverse)  # T_bar is a combination of P and another array
        for k in reversed(range(self.n_unfold)):
            beta = self.betas[k + 1] if k + 1 < self.n_unfold else self.dtype.type(0)
            slope += self.step_back(
                P, other, *scales, beta, earlier, T[k], k > 0, *self.numbers, X[k], D
            )
            other = X[k]
            scales = (-self.step, self.dtype.type(1))
            if k:
                np.matmul(X[k], self.G, out=P)
        np.multiply(T[0], -inverse / (2 * self.step), out=X[0])
        n_atoms = C.shape[1]
        S += T.reshape(-1, n_atoms).T @ X.reshape(-1, n_atoms)
        return slope

    def step_gradient(self) -> Array:
        """d(1 / ||A||_2^2) / dA = -2 / sigma^4 (A v) v^T, v the leading right singular vector."""
        return (-2 * self.step_size**2 * np.outer(self.A @ self.vector, self.vector)).astype(
            self.dtype
        )


class _Workspace:
    """Arrays of one thread: those of one sample, and those of a block, which are made when first used."""

    def __init__(self, problem: _Problem) -> None:
        K = problem.n_unfold
        n_atoms = len(problem.G)
        self.problem = problem
        self.block: tuple[Array, ...] | None = None
        tau = np.empty((K, problem.n_groups), problem.dtype)
        rows = np.zeros(max(n_atoms, K) + 8, np.int64)
        weights = np.zeros(len(rows), problem.dtype)
        scratch = np.empty((3, n_atoms), problem.dtype)
        self.sample = (*np.empty((2, K, n_atoms), problem.dtype), tau, rows, weights, scratch)

    def for_block(self, n: int) -> tuple[Array, ...]:
        """X, T of all steps, and two arrays of one step, for n samples."""
        K = self.problem.n_unfold
        n_atoms = len(self.problem.G)
        if self.block is None or self.block[0].shape[1] != n:
            self.block = None
            self.block = (
                *np.empty((2, K, n, n_atoms), self.problem.dtype),
                *np.empty((2, n, n_atoms), self.problem.dtype),
            )
        return self.block


def _over_chunks(
    problem: _Problem,
    n_samples: int,
    n_threads: int | None,
    task: Callable[[slice, _Workspace], Result],
) -> list[Result]:
    """Run the task on every chunk of samples; the results in their order."""
    most = min(max(CHUNK_BYTES // (problem.A.nbytes + problem.G.nbytes), 2), CHUNKS)
    half = n_samples // 2
    worth_two = half >= SMALLEST_HALF and half * problem.A.shape[1] * problem.n_unfold >= HALF_WORK
    count = max(min(most, n_samples // problem.block), 2 if worth_two else 1)
    chunks = slices(n_samples, count)
    n_threads = min(n_threads or available_threads(), count)
    free: SimpleQueue[_Workspace] = SimpleQueue()
    for _ in range(n_threads):
        free.put(_Workspace(problem))

    def work(chunk: slice) -> Result:
        workspace = free.get()
        try:
            return task(chunk, workspace)
        finally:
            free.put(workspace)

    return in_threads(work, chunks, n_threads)


def _chunk(problem: _Problem, Y: Array, workspace: _Workspace) -> tuple[float, float, Array, Array]:
    """Sum of squares of the residuals, sum of <V_bar, X - T>, S and Y^T D of one chunk, which has at least one sample."""
    cost = 0.0
    slope = 0.0
    S = np.zeros_like(problem.G)
    AT = None
    A_bar: Any = None
    for rows in problem.blocks(slice(0, len(Y))):
        block = Y[rows]
        C = np.matmul(block, problem.A)
        D = np.empty_like(C)
        if problem.few_active(C, workspace):
            AT = plain(problem.A.T) if AT is None else AT
            e = np.empty(block.shape[1], problem.dtype)
            inverse = problem.dtype.type(1 / problem.n_samples)
            squares, slope_of_block = unfolded_steps.few_active(
                block,
                C,
                AT,
                problem.G,
                problem.betas,
                *problem.numbers,
                *workspace.sample,
                inverse,
                e,
                D,
                S,
            )
        else:
            arrays = workspace.for_block(len(C))
            E = problem.forward(C, arrays) @ problem.A.T
            squares = unfolded_steps.sum_of_squares(np.subtract(block, E, out=E))
            slope_of_block = problem.reverse(C, arrays, D, S)
        cost, slope = cost + squares, slope + slope_of_block
        part = block.T @ D
        A_bar = part if A_bar is None else np.add(A_bar, part, out=A_bar)
    return cost, slope, S, A_bar
