"""Loss and gradients of the sparse autoencoder in one pass over the samples.

Twin of :mod:`gsae_ref.reference.sparse_autoencoder`. All gradients are -1/N sum_i of
e_i x_i^T + y_i back_i^T and of back_i, with e = y - W x and back = D W^T e. Samples are taken in
blocks. Of each block Z = Y W + b comes from BLAS; the rest by one of two methods, chosen by its
share of active atoms:

by atoms
    Where few are active. One compiled pass: the active atoms of a sample, its residual in
    first-level cache, and the update of their columns.
by products
    Where many are active. The formulas of the reference: X W^T, E W and one product for both parts
    of the gradient, by BLAS.

Samples are cut into chunks that depend on the shapes alone; each chunk has a gradient of its own,
and these are added in their order. Results are therefore the same bits for any number of threads. A
chunk is computed by one thread, BLAS products included: for n_threads > 1 see the remark on BLAS in
:mod:`.autoencoder`.
"""

from typing import NamedTuple

import numpy as np

from ..arrays import Array, BoolArray, IntArray, Real
from ._jit import contiguous, jit, map_in_threads, slices

BLOCK = 512  # samples processed together
CHUNK_WORK = 2**24  # least multiply-adds of Y W that pay for a thread
CHUNKS = 8  # at most; each has a gradient of its own
FEW = 0.15  # share of active atoms up to which the method by atoms is faster
ACTIVATIONS = {"relu": 0, "hard": 1, "soft": 2}


class _Rule(NamedTuple):
    """Bias and activation as the compiled functions take them."""

    bias: Array
    activation: int
    lam: Real
    identity: bool  # the derivative is 1 everywhere, at z = 0 too


class _Sample(NamedTuple):
    """Scratch for one sample: its active atoms, and their entries side by side."""

    atoms: IntArray
    x: Array
    back: Array
    e: Array


def loss_and_grad(
    W: Array,
    Y: Array,
    bias: Array,
    activation: str,
    lam: float,
    gradient: str = "exact",
    n_threads: int | None = None,
    few: float = FEW,
) -> tuple[float, Array, Array]:
    """Loss and one of its gradients in W and in b, (), (n_features, n_atoms) and (n_atoms,).

    Parameters
    ----------
    W, Y, bias, activation, lam
        (n_features, n_atoms), (n_samples, n_features) and (n_atoms,) of one dtype, float32 or
        float64, any strides; "relu", "hard" or "soft"; threshold.
    gradient : {"exact", "approximate"}
    n_threads : int, optional
        Threads that share the chunks; None takes the available processors. Changes no bit of the
        result.
    few : float
        Share of active atoms up to which a block is processed by atoms: 0 never, 1 always.
    """
    n_samples = len(Y)
    W = contiguous(W)
    WT = contiguous(W.T)
    identity = gradient == "exact" and activation != "relu" and lam == 0
    largest = float(np.finfo(W.dtype).max)
    rule = _Rule(
        contiguous(bias), ACTIVATIONS[activation], W.dtype.type(min(lam, largest)), identity
    )
    count = max(min(CHUNKS, n_samples // BLOCK, n_samples * W.size // CHUNK_WORK), 1)
    cost, G, db = _add(
        map_in_threads(
            lambda chunk: _chunk(W, WT, Y[chunk], rule, few), slices(n_samples, count), n_threads
        )
    )
    dW = np.divide(G.T, -n_samples, order="C")
    return float(cost) / (2 * n_samples), dW, db / -n_samples


def _add(parts: list[tuple[float, Array, Array]]) -> tuple[float, Array, Array]:
    """The sum of these triples, in their order."""
    cost, G, db = parts[0]
    for part in parts[1:]:
        cost += part[0]
        G += part[1]
        db += part[2]
    return cost, G, db


def _chunk(W: Array, WT: Array, Y: Array, rule: _Rule, few: float) -> tuple[float, Array, Array]:
    """Sum of squared residuals, and sums of e x^T + y back^T (n_atoms, n_features) and of back."""
    n_features, n_atoms = W.shape
    cost = 0.0
    G = np.zeros(WT.shape, W.dtype)
    db = np.zeros(n_atoms, W.dtype)
    sample = _Sample(
        np.empty(n_atoms, np.int64),
        np.empty(n_atoms, W.dtype),
        np.empty(n_atoms, W.dtype),
        np.empty(n_features, W.dtype),
    )
    for start in range(0, len(Y), BLOCK):
        block = contiguous(Y[start : start + BLOCK])
        Z = block @ W
        X = np.empty_like(Z)
        mask = np.empty(Z.shape, np.bool_)
        n_active = _activate(Z, rule, X, mask)
        if n_active <= few * X.size:
            cost += _accumulate(block, WT, X, mask, sample, G, db)
            continue
        E = block - X @ WT
        back = np.where(mask, E @ W, W.dtype.type(0))
        G += np.vstack([X, back]).T @ np.vstack([E, block])
        db += back.sum(axis=0)
        cost += float(np.sum(E * E, dtype=np.float64))
    return cost, G, db


# ---------------------------------------------------------------------------------------- compiled


@jit
def _activate(Z: Array, rule: _Rule, X: Array, mask: BoolArray) -> int:
    """Write sigma(Z + b) and where its derivative is 1; return the number of these entries."""
    zero = Z.dtype.type(0)
    lam = rule.lam
    count = 0
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + rule.bias[j]
            on = z > zero if rule.activation == 0 else abs(z) > lam
            shift = zero if rule.activation < 2 else lam if z > zero else -lam
            X[i, j] = z - shift if on else zero
            mask[i, j] = on or rule.identity
            count += mask[i, j]
    return count


@jit
def _accumulate(
    Y: Array, WT: Array, X: Array, mask: BoolArray, sample: _Sample, G: Array, db: Array
) -> float:
    """Add sum x_i e_i^T + back_i y_i^T to G and sum back_i to db; return the sum of ||e_i||^2."""
    atoms = sample.atoms
    x = sample.x
    back = sample.back
    e = sample.e
    cost = 0.0
    for i in range(Y.shape[0]):
        y = Y[i]
        count = 0
        for j in range(X.shape[1]):
            if mask[i, j]:
                atoms[count] = j
                x[count] = X[i, j]
                count += 1
        for p in range(e.size):
            e[p] = y[p]
        for q in range(count):
            atom = WT[atoms[q]]
            weight = x[q]
            for p in range(e.size):
                e[p] -= weight * atom[p]
        for p in range(e.size):
            cost += np.float64(e[p]) * np.float64(e[p])
        for q in range(count):
            atom = WT[atoms[q]]
            s = e.dtype.type(0)
            for p in range(e.size):
                s += atom[p] * e[p]
            back[q] = s
        for q in range(count):
            row = G[atoms[q]]
            weight = x[q]
            pull = back[q]
            for p in range(e.size):
                row[p] += weight * e[p] + pull * y[p]
            db[atoms[q]] += pull
    return cost
