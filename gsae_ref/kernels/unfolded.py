"""The unfolded encoder in code space, forward and reverse.

Twin of :mod:`gsae_ref.reference.unfolded`. With G = A^T A and C = Y A a step needs neither Y nor A:
R A = (Y - T A^T) A = C - T G, 2 m^2 instead of 4 n m operations for a sample. Nor does the reverse
pass: there R_bar A = a V_bar G, and all that R and R_bar add to A_bar is, summed over the steps,

    A_bar = Y^T D + A H,
    D = sum_k a V_bar_k - X_K / N,
    H = -a sum_k (T_k^T V_bar_k + V_bar_k^T T_k) + X_K^T X_K / N.

The last terms are those of the loss: -E^T X_K / N with E = Y - X_K A^T. They look like one more
step with T = X_K and V_bar = -X_K / (2 a N), and take the place of the first, where T = 0: so
H = -a (S + S^T), S the sum of K products.

Two more savings. A code determines the Jacobian at its pre-activation: an active group has
||x|| = ||w|| - a lam, so tau = ||x|| / (||x|| + a lam) and u = x / ||x||, and an entry passed the
entrywise part if it is not zero. And where J is not zero, x = t + a (R A - l1 sign(x) - lam u), so
the derivative in the step is a_bar = sum_k <V_bar_k, X_k - T_k> / a.

A block of samples is processed by one of two methods, chosen by the share of active groups that the
encoder meets in some of its samples:

by samples
    Where few groups are active. One sample after the other, all steps forward and back in
    first-level cache; T G and V_bar G are sums of the rows of G where T and V_bar are not zero, S
    and the residual likewise.
by products
    Where many groups are active. The formulas above for the block at once, matrix products by BLAS,
    one pass over memory between two of them.

Samples are cut into chunks and blocks by the shapes alone, every chunk has sums of its own, and
these are added in their order: the result is the same bits for any number of threads. For
n_threads > 1 see the remark on BLAS in :mod:`.autoencoder`.

Ties. G and C are rounded where the reference rounds residuals, so pre-activations agree to
rounding, relative to ||C|| and ||T|| ||G||, and not to the bit. A norm (or entry) within that of
its threshold may fall on the other side. The codes are continuous there and still agree to
rounding; the gradient may be that of the other side of the kink. In exact arithmetic, as with small
integers, a tie is a tie, and inactive, here too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..arrays import Array
from . import unfolded_steps
from ._jit import Result, contiguous, map_with_workspaces, slices, threshold_for
from .passes import sum_of_squares
from .unfolded_steps import Combination, Network, Sample

BLOCK = 256  # samples, at most, that are processed together
BLOCK_BYTES = 2**24  # for the iterates of a block
CHUNKS = 8  # at most; each has sums of its own
CHUNK_BYTES = 2**25  # for all these sums together; two chunks are always allowed
PROBED = 8  # samples of a block from which the share of active groups is estimated

# Less than two blocks are cut in halves if a half has at least so many samples, and products of
# samples, atoms and steps.
SMALLEST_HALF = 64
HALF_WORK = 2**17

# Share of active groups up to which the method by samples is faster, for groups of at least LARGE
# atoms (a vector of float64) and for smaller ones.
FEW = 0.3
FEW_SMALL = 0.1
LARGE = 8
UNROLLED = (1, 2, 4, 8, 16)  # group sizes that are constants of the compiled code


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
        Share of active groups up to which a block is processed by samples: 0 never, 1 always; None
        takes FEW or FEW_SMALL.
    """
    unfolding = n_unfold, step_size, accelerated, nonnegative, l1
    problem = _Problem(A, len(Y), lam, group_size, *unfolding, few=few)
    X = np.empty((len(Y), A.shape[1]), A.dtype)

    def encode(chunk: slice, workspace: _Workspace) -> None:
        for rows in problem.blocks(chunk):
            C = np.matmul(contiguous(Y[rows]), problem.A)
            if problem.few_active(C, workspace):
                unfolded_steps.encode(C, problem.network, workspace.sample, X[rows])
            else:
                X[rows] = problem.forward(C, workspace.for_block(len(C)))

    problem.map_chunks(encode, n_threads)
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
    """Loss (13) of the K-th codes and its gradient in A through all steps. [T21] Eqs. (13), (14).

    Parameters
    ----------
    A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1, n_threads, few
        As for :func:`unfolded_encode`.
    """
    unfolding = n_unfold, step_size, accelerated, nonnegative, l1
    problem = _Problem(A, len(Y), lam, group_size, *unfolding, few=few)
    parts = problem.map_chunks(partial(_differentiate, problem, Y), n_threads)
    cost, slope, S, A_bar = parts[0]
    for more in parts[1:]:
        cost += more[0]
        slope += more[1]
        S += more[2]
        A_bar += more[3]
    S += S.T.copy()
    S *= -problem.network.step
    A_bar += problem.A @ S
    if step_size is None:
        A_bar += (slope / float(problem.network.step)) * problem.step_gradient()
    return float(cost) / (2 * len(Y)), A_bar


def _differentiate(
    problem: _Problem, Y: Array, chunk: slice, workspace: _Workspace
) -> tuple[float, float, Array, Array]:
    """Sum of squared residuals, sum of <V_bar, X - T>, S and Y^T D of one chunk."""
    cost = 0.0
    slope = 0.0
    S = np.zeros_like(problem.network.G)
    A_bar: Any = None
    for rows in problem.blocks(chunk):
        block = contiguous(Y[rows])
        C = np.matmul(block, problem.A)
        D = np.empty_like(C)
        if problem.few_active(C, workspace):
            squares, more = problem.differentiate_samples(block, C, workspace.sample, D, S)
        else:
            arrays = workspace.for_block(len(C))
            E = problem.forward(C, arrays) @ problem.A.T
            squares = sum_of_squares(np.subtract(block, E, out=E))
            more = problem.reverse(C, arrays, D, S)
        cost += squares
        slope += more
        part = block.T @ D
        A_bar = part if A_bar is None else np.add(A_bar, part, out=A_bar)
    return cost, slope, S, A_bar


def momentum(n_unfold: int, accelerated: bool = True) -> Array:
    """Weights beta_1, ..., beta_K of the extrapolations, as in the reference."""
    t = 1.0
    weights = np.zeros(n_unfold)
    for k in range(1, n_unfold if accelerated else 0):
        t, previous = (1 + (1 + 4 * t * t) ** 0.5) / 2, t
        weights[k] = (previous - 1) / t
    return weights


def spectral_step(A: Array) -> tuple[float, Array]:
    """Step 1 / ||A||_2^2 and the leading right singular vector, from A^T A in float64.

    For A = 0 the step is 1.
    """
    A = np.asarray(A, np.float64)
    scale = float(np.abs(A).max())
    if not scale:
        return 1.0, np.zeros(A.shape[1])
    A = A / scale
    values, vectors = np.linalg.eigh(A.T @ A)
    return 1 / float(values[-1]) / scale**2, vectors[:, -1]


# -------------------------------------------------------------------------------- chunks and blocks


class _Problem:
    """The dictionary, the unfolded network, and how samples are cut and processed."""

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
        if few is None:
            few = FEW if group_size >= LARGE else FEW_SMALL
        self.few = few
        self.A = contiguous(A)
        self.n_samples = n_samples
        self.n_unfold = n_unfold
        self.n_groups = A.shape[1] // group_size
        self.vector: Array = np.empty(0)
        if step_size is None:
            step_size, self.vector = spectral_step(A)
        self.step_size = step_size
        self.network = Network(
            np.ascontiguousarray(self.A.T @ self.A),
            momentum(n_unfold, accelerated).astype(A.dtype),
            A.dtype.type(step_size),
            _threshold(step_size * lam, A.dtype),
            _threshold(step_size * l1, A.dtype),
            nonnegative,
            group_size,
        )
        self.inverse = A.dtype.type(1 / n_samples)
        constant = group_size if group_size in UNROLLED else 0
        self.step_forward = unfolded_steps.step_forward(constant)
        self.step_back = unfolded_steps.step_back(constant)

    def map_chunks(
        self, task: Callable[[slice, _Workspace], Result], n_threads: int | None
    ) -> list[Result]:
        """Run a task on every chunk of samples; the results in their order."""
        m = self.A.shape[1]
        most = min(max(CHUNK_BYTES // (self.A.nbytes + self.network.G.nbytes), 2), CHUNKS)
        half = self.n_samples // 2
        pay_for_two = half >= SMALLEST_HALF and half * m * self.n_unfold >= HALF_WORK
        count = max(min(most, self.n_samples // self._block()), 2 if pay_for_two else 1)
        chunks = slices(self.n_samples, count)
        return map_with_workspaces(task, chunks, lambda: _Workspace(self), n_threads)

    def _block(self) -> int:
        """Samples, at most, of a block."""
        bytes_of_sample = 2 * self.n_unfold * self.A.shape[1] * self.A.itemsize
        return min(max(BLOCK_BYTES // bytes_of_sample, 1), BLOCK)

    def blocks(self, chunk: slice) -> list[slice]:
        step = self._block()
        starts = range(chunk.start, chunk.stop, step)
        return [slice(start, min(start + step, chunk.stop)) for start in starts]

    def few_active(self, C: Array, workspace: _Workspace) -> bool:
        """Whether few groups are active in some samples of the block, evenly spaced."""
        if not 0 < self.few < 1:
            return self.few >= 1
        some = np.ascontiguousarray(C[:: -(-len(C) // PROBED)])
        count = unfolded_steps.count_active(some, self.network, workspace.sample)
        return count <= self.few * len(some) * self.n_groups * self.n_unfold

    def differentiate_samples(
        self, Y: Array, C: Array, sample: Sample, D: Array, S: Array
    ) -> tuple[float, float]:
        """Sum of squared residuals and of <V_bar, X - T> of a block; adds to S, writes D."""
        return unfolded_steps.differentiate(Y, C, self.AT, self.network, sample, self.inverse, D, S)

    @cached_property
    def AT(self) -> Array:
        return contiguous(self.A.T)

    def forward(self, C: Array, arrays: tuple[Array, ...]) -> Array:
        """The K-th codes of a block; all iterates and extrapolated points stay in ``arrays``."""
        X, T, P, _ = arrays
        betas = self.network.betas
        last = self.n_unfold - 1
        T[0] = 0
        P[...] = 0
        for k in range(self.n_unfold):
            if k:
                np.matmul(T[k], self.network.G, out=P)
            beta = betas[k + 1] if k < last else betas[0]
            T_next = T[k + 1] if k < last else P
            self.step_forward(T[k], P, C, X[max(k - 1, 0)], beta, self.network, X[k], T_next)
        return X[-1]

    def reverse(self, C: Array, arrays: tuple[Array, ...], D: Array, S: Array) -> float:
        """Sum of <V_bar, X - T> of a block; adds to S, writes D."""
        X, T, P, earlier = arrays
        network = self.network
        one = C.dtype.type(1)
        np.matmul(X[-1], network.G, out=P)
        T[0] = X[-1]
        earlier[...] = 0
        np.multiply(X[-1], -self.inverse, out=D)
        slope = 0.0
        beta = C.dtype.type(0)
        T_bar = Combination(P, self.inverse, C, -self.inverse)
        for k in reversed(range(self.n_unfold)):
            slope += self.step_back(T_bar, beta, earlier, T[k], k == 0, network, X[k], D)
            beta = network.betas[k]
            T_bar = Combination(P, -network.step, X[k], one)
            if k:
                np.matmul(X[k], network.G, out=P)
        np.multiply(T[0], -self.inverse / (2 * network.step), out=X[0])
        m = C.shape[1]
        S += T.reshape(-1, m).T @ X.reshape(-1, m)
        return slope

    def step_gradient(self) -> Array:
        """d(1 / ||A||_2^2) / dA = -2 / sigma^4 (A v) v^T, v the leading right singular vector."""
        G = -2 * self.step_size**2 * np.outer(self.A @ self.vector, self.vector)
        return G.astype(self.A.dtype)


def _threshold(value: float, dtype: np.dtype[Any]) -> Any:
    return threshold_for(value, dtype) if value > 0 else dtype.type(0)


class _Workspace:
    """Arrays of one thread: for one sample, and for a block, which are made when first used."""

    def __init__(self, problem: _Problem) -> None:
        K = problem.n_unfold
        n_features, m = problem.A.shape
        dtype = problem.A.dtype
        room = max(m, K) + 8
        self.shape = K, m
        self.dtype = dtype
        self.block: tuple[Array, ...] | None = None
        self.sample = Sample(
            X=np.empty((K, m), dtype),
            T=np.empty((K, m), dtype),
            tau=np.empty((K, problem.n_groups), dtype),
            rows=np.zeros(room, np.int64),
            weights=np.zeros(room, dtype),
            x_bar=np.empty(m, dtype),
            t_bar=np.empty(m, dtype),
            earlier=np.empty(m, dtype),
            e=np.empty(n_features, dtype),
        )

    def for_block(self, n: int) -> tuple[Array, ...]:
        """X, T of all steps, and two arrays of one step, for n samples."""
        K, m = self.shape
        if self.block is None or self.block[0].shape[1] != n:
            self.block = None  # frees the memory before more is taken
            steps = np.empty((2, K, n, m), self.dtype)
            step = np.empty((2, n, m), self.dtype)
            self.block = (*steps, *step)
        return self.block
