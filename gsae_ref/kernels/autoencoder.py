"""Loss and gradients in one pass over the samples, with work in proportion to the active groups.

Twin of :mod:`gsae_ref.reference.autoencoder` and :mod:`gsae_ref.reference.gradients`. All three
gradients are -1/N sum_i [ e_i x_i^T + y_i (D_i A^T e_i)^T ] with e = y - A x, x = sigma(A^T y);
they differ in D only. A block of samples is processed by one of two methods, chosen by the share of
active groups in the block before it (in some of all samples for the first):

by groups
    Where few groups are active. Screen: Y A in bytes (:mod:`.byte_products`) or in float32 by BLAS,
    scaled so that rows of Y and groups of A have norm at most 1; (sample, group) pairs that may be
    active are the candidates. Then for each sample, in the dtype of the data and in first-level
    cache: z_g = A_g^T y of the candidates, the support, the residual, A_g^T e and the update of the
    gradient, for active groups only. No active group is missed (:func:`screening_margin`), so the
    screen changes no result.
by products
    Where many groups are active. The formulas of the reference: Y A, X A^T, E A and one product for
    both parts of the gradient, by BLAS.

If many groups are active at all, by the same samples, all threads work on one large block at a
time, first each on some of its samples, then each on some atoms of the only gradient. Otherwise
samples are cut into chunks; each chunk has a gradient of its own, and these are added in their
order. Parts and chunks depend on the shapes alone. Results are therefore the same bits for any
number of threads, and where few groups are active they do not depend on the BLAS either.

A part or chunk is computed by one thread, BLAS products included. A BLAS with threads of its own
gives the same result, but its threads compete with these for the processors: callers with
n_threads > 1 should limit BLAS to one thread meanwhile (threadpoolctl).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, BoolArray
from . import byte_products
from ._jit import contiguous, map_in_threads, map_with_workspaces, slices, threshold_for
from .activations import DERIVATIVES, apply_derivative, group_soft_threshold
from .passes import (
    Bounds,
    Candidates,
    Sample,
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

FEW = 0.1  # share of active groups up to which the method by groups is faster, on all threads
PROBED = 16  # samples from which that share is estimated at first
FEW_IN_BYTES = 0.04  # share of candidates up to which the screen in bytes is faster
UNROLLED = 8  # up to here each group size is compiled as a constant of the screen

# Chunks: samples of a block, least samples and least multiply-adds of Y A that pay for a thread,
# most chunks, and bytes of all their gradients (two chunks are always allowed).
BLOCK = 256
SMALLEST_CHUNK = 200
CHUNK_WORK = 2**24
CHUNKS = 8
CHUNK_BYTES = 2**25

# Blocks that all threads share: bytes of a block's arrays, and least samples that pay for a thread.
SHARED_BYTES = 2**26
SMALLEST_PART = 64

NO_BOUNDS = Bounds(np.empty(0), np.empty(0), np.empty((0, 0), np.float32))
NO_SUPPORT = np.empty((0, 0), np.bool_)


def loss_and_grad(
    A: Array,
    Y: Array,
    lam: float,
    group_size: int,
    gradient: str = "exact",
    n_threads: int | None = None,
    few: float = FEW,
    memory: Memory | None = None,
    support: BoolArray | None = None,
) -> tuple[float, Array]:
    """Loss (13) and one of its gradients, () and (n_features, n_atoms).

    Parameters
    ----------
    A, Y, lam, group_size
        (n_features, n_atoms) and (n_samples, n_features) of one dtype, float32 or float64, any
        strides; threshold; atoms per group.
    gradient : {"exact", "appendix_b", "approximate"}
        "approximate" takes the estimated support.
    n_threads : int, optional
        Threads that share the chunks; None takes the available processors. Changes no bit of the
        result.
    few : float
        Share of active groups up to which a block is processed by groups: 0 never, 1 always.
    memory : lazy.Memory, optional
        Bounds from earlier calls with the same Y; changes the time, not the result.
    support : ndarray of bool (n_samples, n_groups), optional
        Set to the active groups.
    """
    if support is not None:
        support.fill(False)
    problem = _Problem(A, Y, lam, group_size, gradient, support)
    known_few = memory is not None and memory.active <= few
    if lam > 0 and few > 0 and (known_few or _few_active(problem, few)):
        return _in_chunks(_Chunks(problem, few, memory), n_threads)
    return _in_shared_blocks(problem, n_threads)


class _Problem:
    """The arguments that every block needs, and the dictionary as the kernels take it."""

    def __init__(
        self,
        A: Array,
        Y: Array,
        lam: float,
        group_size: int,
        gradient: str,
        support: BoolArray | None,
    ) -> None:
        self.A = contiguous(A)
        self.Y = Y
        self.lam = lam
        self.group_size = group_size
        self.gradient = gradient
        self.support = support
        self.n_groups = A.shape[1] // group_size


def _few_active(problem: _Problem, few: float) -> bool:
    """Whether at most this share of the groups is active in some samples, evenly spaced."""
    p = problem
    Z = p.Y[:: -(-len(p.Y) // PROBED)] @ p.A
    X = group_soft_threshold(Z, p.lam, p.group_size)
    return bool(count_active(X, p.group_size) <= few * Z.size // p.group_size)


# ------------------------------------------------------------------------------------- by products


class _Stacks:
    """The stacks [X; back] and [E; Y] of a block of samples, and their product, the gradient."""

    def __init__(self, A: Array, n_samples: int) -> None:
        n_features, n_atoms = A.shape
        self.Z = np.empty((n_samples, n_atoms), A.dtype)
        self.codes = np.empty((2 * n_samples, n_atoms), A.dtype)
        self.data = np.empty((2 * n_samples, n_features), A.dtype)
        self.product = np.empty((n_atoms, n_features), A.dtype)

    def fill(self, problem: _Problem, block: slice, part: slice) -> float:
        """Write these rows of the stacks of a block; return the sum of squares of E there."""
        p = problem
        n = block.stop - block.start
        Y = contiguous(p.Y[block][part])
        Z = self.Z[:n][part]
        X = self.codes[:n][part]
        back = self.codes[n : 2 * n][part]
        E = self.data[:n][part]
        np.matmul(Y, p.A, out=Z)
        group_soft_threshold(Z, p.lam, p.group_size, out=X)
        np.subtract(Y, np.matmul(X, p.A.T, out=E), out=E)
        np.matmul(E, p.A, out=back)
        apply_derivative(Z, back, p.lam, p.group_size, p.gradient, out=back)
        self.data[n : 2 * n][part] = Y
        if p.support is not None:
            mark_active(X, p.group_size, p.support[block][part])
        return sum_of_squares(E)

    def add_product(self, n_samples: int, atoms: slice, G: Array) -> None:
        """Add these rows of the product to those of G (n_atoms, n_features)."""
        rows = slice(2 * n_samples)
        np.matmul(self.codes[rows, atoms].T, self.data[rows], out=self.product[atoms])
        G[atoms] += self.product[atoms]


def _in_shared_blocks(problem: _Problem, n_threads: int | None) -> tuple[float, Array]:
    """Loss and gradient by products; all threads work on one large block at a time."""
    A = problem.A
    n_samples = len(problem.Y)
    n_features, n_atoms = A.shape
    at_once = max(SHARED_BYTES // ((3 * n_atoms + 2 * n_features) * A.itemsize), 1)
    blocks = slices(n_samples, -(-n_samples // at_once))
    stacks = _Stacks(A, -(-n_samples // len(blocks)))
    G = np.zeros((n_atoms, n_features), A.dtype)
    cost = 0.0
    for block in blocks:
        n = block.stop - block.start
        parts = _cut(n, A, SMALLEST_PART)
        fill = partial(stacks.fill, problem, block)
        cost += sum(map_in_threads(fill, parts, n_threads))
        add_product = partial(stacks.add_product, n, G=G)
        map_in_threads(add_product, slices(n_atoms, len(parts)), n_threads)
    return float(cost) / (2 * n_samples), _average([G], n_samples, n_threads)


def _cut(n_samples: int, A: Array, smallest: int) -> list[slice]:
    """Slices of the samples, as even as possible; they depend on shapes and dtype alone.

    Their number is a power of two: of three, one would leave one of two threads waiting.
    """
    most = min(max(CHUNK_BYTES // A.nbytes, 2), CHUNKS)
    count = max(min(most, n_samples // smallest, n_samples * A.size // CHUNK_WORK), 1)
    return slices(n_samples, 2 ** (count.bit_length() - 1))


def _average(parts: Sequence[Array], n_samples: int, n_threads: int | None) -> Array:
    """-1/N times the sum of these gradients, in their order: (n_features, n_atoms)."""
    n_atoms, n_features = parts[0].shape
    G = np.empty((n_features, n_atoms), parts[0].dtype)

    def average(atoms: slice) -> None:
        total = parts[0][atoms]
        for part in parts[1:]:
            total += part[atoms]
        np.divide(total.T, -n_samples, out=G[:, atoms])

    map_in_threads(average, [slice(j, j + 64) for j in range(0, n_atoms, 64)], n_threads)
    return G


# --------------------------------------------------------------------------------------- by groups


def screening_margin(n_features: int, group_size: int) -> float:
    """Margin c of the screen: a group with ||A_g^T y|| > lam has a screened norm above t - c.

    The screen multiplies y / ||y|| and A / a with a = max_g ||A_g||_F; its threshold is
    t = lam / (||y|| a). Write u = 2^-24, gamma_k = k u / (1 - k u), and y', A' for the scaled
    quantities: ||y'|| <= 1, ||A'_g||_F <= 1. Rounding them to float32 costs a factor (1 + u) each,
    a product of n_features terms summed in any order gamma_n. So every screened z'_j is within
    gamma_{n+2} |y'|^T |a'_j| of the truth, and by Cauchy-Schwarz the vector of a group within
    gamma_{n+2} ||y'|| ||A'_g||_F <= gamma_{n+2}. Its float32 sum of squares has the relative error
    gamma_d, so the norm loses at most gamma_d (t <= 1, or no group is active at all). Rounding the
    bound (t - c)^2 to float32 costs less than 2 u. Together

        c = gamma_{n+2} + gamma_d + 2 u,

    and 1 % more for terms of a smaller order: products of these, and the float64 rounding of ||y||,
    a, t and of the norm that finally decides. Entries below the range of float32 lose at most
    2^-126 each, gathered in the last term; sums of squares that underflow belong to norms below
    2^-62, which the last term covers too. For float32 data the norm that decides carries
    gamma_{n+d+2} itself: the margin is then doubled by the caller.
    """
    k = (n_features + 2 + group_size + 2) * 2.0**-24
    if k >= 0.5:
        return np.inf
    return 1.01 * k / (1 - k) + 2.0**-60 + n_features * 2.0**-120


class _Screen:
    """Finds the groups that may be active: Y A in bytes or float32, at a threshold with a margin.

    In bytes the product is faster, if the processor is made for it, and the margin larger: where
    that gives too many candidates of a chunk, its blocks are screened in float32 from then on.
    """

    def __init__(self, AT: Array, lam: float, group_size: int) -> None:
        self.dictionary = AT
        self.group_size = group_size
        self.threshold = float(threshold_for(lam, AT.dtype))
        self.margin = screening_margin(AT.shape[1], group_size)
        if AT.dtype == np.float32:
            self.margin *= 2
        self.largest = largest_group(AT, group_size)
        self.is_sharp = 0 < self.largest < np.inf and self.margin < 0.1
        self.in_bytes = AT.shape[1] <= byte_products.MOST_FEATURES and byte_products.are_fast()

    @cached_property
    def AT(self) -> Array:
        """The dictionary in float32, of groups with norm at most 1."""
        AT = np.empty(self.dictionary.shape, np.float32)
        scale(self.dictionary, 1 / self.largest, AT)
        return AT

    @cached_property
    def atoms(self) -> byte_products.Atoms:
        """The same in bytes."""
        return byte_products.Atoms(self.dictionary, 1 / self.largest, self.group_size)

    def list_candidates(self, Y: Array, room: int, workspace: _Workspace) -> bool:
        """List the groups that may be active; False when there are more than ``room``."""
        w = workspace
        lam = self.threshold / self.largest
        if w.in_bytes:
            w.rows.fill(Y, lam, self.margin, self.atoms, w.margins, w.least)
            self.atoms.multiply(w.rows, w.Z[: len(Y)])
            few = int(FEW_IN_BYTES * len(Y) * w.problem.n_groups)
            w.in_bytes = self._list_above(len(Y), min(few, room), w)
            if w.in_bytes:
                return True
        normalise(Y, lam, self.margin, w.Y, w.least)
        w.margins.fill(self.margin)
        np.matmul(w.Y[: len(Y)], self.AT.T, out=w.Z[: len(Y)])
        return self._list_above(len(Y), room, w)

    def _list_above(self, n_samples: int, room: int, workspace: _Workspace) -> bool:
        """List the groups with a screened norm above the bound of their sample."""
        w = workspace
        screen = screen_for(self.group_size if self.group_size <= UNROLLED else 0)
        return screen(w.Z[:n_samples], w.least, self.group_size, room, w.candidates)

    def renew(self, Y: Array, bounds: Bounds, workspace: _Workspace) -> None:
        """Renew the bounds of these samples, just screened."""
        renew(
            workspace.Z[: len(Y)],
            self.threshold,
            workspace.margins,
            self.largest,
            self.group_size,
            bounds,
        )


class _Workspace:
    """Arrays of one thread for blocks of up to ``n_samples``; some are made when first used."""

    def __init__(self, problem: _Problem, n_samples: int, room: int) -> None:
        n_features, n_atoms = problem.A.shape
        dtype = problem.A.dtype
        self.problem = problem
        self.n_samples = n_samples
        self.in_bytes = False
        self.Z = np.empty((n_samples, n_atoms), np.float32)
        self.margins = np.empty(n_samples)
        self.least = np.empty(n_samples, np.float32)
        self.candidates = Candidates(
            np.empty(room + problem.n_groups, np.int32), np.empty(n_samples, np.int64)
        )
        self.sample = Sample(
            np.empty(problem.n_groups, np.int32),
            np.empty(problem.n_groups, dtype),
            np.empty(n_atoms, dtype),
            np.empty(n_atoms, dtype),
            np.empty(n_atoms, dtype),
            np.empty(n_features, dtype),
        )

    @cached_property
    def Y(self) -> Array:
        """Samples of norm 1."""
        return np.empty((self.n_samples, len(self.problem.A)), np.float32)

    @cached_property
    def rows(self) -> byte_products.Rows:
        """The same in bytes."""
        return byte_products.Rows(self.n_samples, len(self.problem.A))

    @cached_property
    def stacks(self) -> _Stacks:
        return _Stacks(self.problem.A, self.n_samples)


class _Chunks:
    """How the blocks of a chunk are processed, one after the other."""

    def __init__(self, problem: _Problem, few: float, memory: Memory | None) -> None:
        self.problem = problem
        self.AT = contiguous(problem.A.T)
        self.few = few
        self.memory = memory
        self.screen = _Screen(self.AT, problem.lam, problem.group_size)
        if not self.screen.is_sharp:
            self.few = 0.0
            self.memory = None
        if self.memory is not None:
            self.memory.follow(self.AT, problem.lam, problem.group_size)

    def room(self, n_samples: int) -> int:
        """Most active groups, and candidates, with which a block is processed by groups."""
        return int(self.few * n_samples * self.problem.n_groups)

    def workspace(self, n_samples: int) -> _Workspace:
        return _Workspace(self.problem, n_samples, self.room(n_samples))

    def zeros(self, chunk: slice) -> Array:
        """The gradient of a chunk; where there is a memory, an array of an earlier call."""
        if self.memory is None:
            return np.zeros(self.AT.shape, self.AT.dtype)
        return self.memory.zeros(chunk.start, self.AT)

    def run(self, chunk: slice, workspace: _Workspace) -> tuple[float, int, Array]:
        """Sum of squared residuals, number of active groups, and sum of gradients of a chunk.

        The gradient has the shape (n_atoms, n_features); sign and 1/N are left out.
        """
        cost = 0.0
        n_active = 0
        G = self.zeros(chunk)
        workspace.in_bytes = self.screen.in_bytes
        few = self.few > 0
        for start in range(chunk.start, chunk.stop, workspace.n_samples):
            rows = slice(start, min(start + workspace.n_samples, chunk.stop))
            result = self.by_groups(rows, workspace, G) if few else None
            if result is None:
                result = self.by_products(rows, workspace, G)
            cost += result[0]
            n_active += result[1]
            few = self.few > 0 and result[1] <= self.room(rows.stop - rows.start)
        return cost, n_active, G

    def by_products(self, rows: slice, workspace: _Workspace, G: Array) -> tuple[float, int]:
        """Sum of squared residuals and number of active groups of a block; adds its gradient."""
        n = rows.stop - rows.start
        stacks = workspace.stacks
        squares = stacks.fill(self.problem, rows, slice(n))
        stacks.add_product(n, slice(None), G)
        return squares, count_active(stacks.codes[:n], self.problem.group_size)

    def by_groups(self, rows: slice, workspace: _Workspace, G: Array) -> tuple[float, int] | None:
        """As :meth:`by_products`; None if there are too many candidates."""
        p = self.problem
        memory = self.memory
        Y = contiguous(p.Y[rows])
        room = self.room(len(Y))
        candidates = workspace.candidates
        bounds = NO_BOUNDS if memory is None else memory.bounds(rows)
        if memory is None or not memory.list_candidates(rows, room, candidates):
            if not self.screen.list_candidates(Y, room, workspace):
                return None
            if memory is not None:
                self.screen.renew(Y, bounds, workspace)
        return accumulate(
            Y,
            self.AT,
            self.AT.dtype.type(self.screen.threshold),
            p.group_size,
            DERIVATIVES[p.gradient],
            candidates,
            workspace.sample,
            G,
            bounds,
            NO_SUPPORT if p.support is None else p.support[rows],
        )


def _in_chunks(chunks: _Chunks, n_threads: int | None) -> tuple[float, Array]:
    """Loss and gradient of samples cut into chunks; each thread works on one at a time."""
    n_samples = len(chunks.problem.Y)
    cuts = _cut(n_samples, chunks.problem.A, SMALLEST_CHUNK)
    longest = min(BLOCK, -(-n_samples // len(cuts)))
    results = map_with_workspaces(chunks.run, cuts, lambda: chunks.workspace(longest), n_threads)
    costs, active, parts = zip(*results, strict=True)
    if chunks.memory is not None:
        chunks.memory.active = sum(active) / (n_samples * chunks.problem.n_groups)
    return float(sum(costs)) / (2 * n_samples), _average(parts, n_samples, n_threads)
