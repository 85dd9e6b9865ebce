"""Loss and gradients of the sparse autoencoder in one pass over the samples. Twin of :mod:`gsae_ref.reference.sparse_autoencoder`.

All are -1/N sum_i of e_i x_i^T + y_i back_i^T and of back_i, with e = y - W x and back = D W^T e.
Samples are taken in blocks. Of each block Z = Y W + b comes from BLAS; then, whichever its share of
active atoms suggests,

few active    one compiled pass: the active atoms of a sample, its residual in first-level cache, and the update of their columns;
many active   the formulas of the reference: X W^T, E W and one product for both parts of the gradient, by BLAS.

Samples are cut into chunks that depend on the shapes alone; each chunk has a gradient of its own,
and these are added in their order. Results are therefore the same bits for any number of threads. A
chunk is computed by one thread, BLAS products included: whoever calls with n_threads > 1 should
limit BLAS to one thread meanwhile, as for :mod:`gsae_ref.kernels.fused`.
"""

import numpy as np

from ..arrays import Array, BoolArray, IntArray, Real
from ._jit import in_threads, jit, plain, slices

BLOCK = 512  # samples processed together
CHUNK_WORK = 2**24  # multiply-adds of Y W, at least, that are worth a thread
CHUNKS = 8  # at most; each has a gradient of its own
FEW = 0.15  # share of active atoms below which the first way is faster
ACTIVATIONS = {"relu": 0, "hard": 1, "soft": 2}


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
        Which gradient.
    n_threads : int, optional
        Threads that share the chunks; None takes the available processors. Changes no bit of the
        result.
    few : float
        Share of active atoms up to which a block is processed atom by atom: 0 never, 1 always.
    """
    n_samples = len(Y)
    count = max(min(CHUNKS, n_samples // BLOCK, n_samples * W.size // CHUNK_WORK), 1)
    chunks = slices(n_samples, count)
    W, WT, bias = plain(W), plain(W.T), plain(bias)
    everywhere = (
        gradient == "exact" and activation != "relu" and lam == 0
    )  # the identity, whose derivative is 1 at z = 0 too
    rule = ACTIVATIONS[activation], W.dtype.type(min(lam, float(np.finfo(W.dtype).max))), everywhere
    parts = in_threads(lambda chunk: _chunk(W, WT, bias, Y[chunk], rule, few), chunks, n_threads)
    cost, G, db = parts[0]
    for part in parts[1:]:
        cost, G, db = cost + part[0], G + part[1], db + part[2]
    return float(cost) / (2 * n_samples), np.divide(G.T, -n_samples, order="C"), db / -n_samples


def _chunk(
    W: Array, WT: Array, bias: Array, Y: Array, rule: tuple[int, Real, bool], few: float
) -> tuple[float, Array, Array]:
    """Sum of squares of the residuals, and the sums of e x^T + y back^T (n_atoms, n_features) and of back, of one chunk."""
    cost = 0.0
    G = np.zeros(WT.shape, W.dtype)
    db = np.zeros(len(WT), W.dtype)
    active = np.empty(len(WT), np.int64)
    e = np.empty(len(W), W.dtype)
    x, back = np.empty((2, len(WT)), W.dtype)
    for start in range(0, len(Y), BLOCK):
        block = plain(Y[start : start + BLOCK])
        Z = block @ W
        X = np.empty_like(Z)
        mask = np.empty(Z.shape, np.bool_)
        n_active = _activate(Z, bias, *rule, X, mask)
        if n_active <= few * X.size:
            cost += _accumulate(block, WT, X, mask, active, x, back, e, G, db)
            continue
        E = block - X @ WT
        passed = np.where(mask, E @ W, W.dtype.type(0))
        G += np.vstack([X, passed]).T @ np.vstack([E, block])
        db += passed.sum(axis=0)
        cost += float(np.sum(E * E, dtype=np.float64))
    return cost, G, db


# ----------------------------------------------------------------------------------------- compiled


@jit
def _activate(
    Z: Array, bias: Array, activation: int, lam: float, everywhere: bool, X: Array, mask: BoolArray
) -> int:
    """Write sigma(Z + b) and where its derivative is 1; return in how many places."""
    zero = Z.dtype.type(0)
    count = 0
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + bias[j]
            on = z > zero if activation == 0 else abs(z) > lam
            shift = zero if activation < 2 else lam if z > zero else -lam
            X[i, j] = z - shift if on else zero
            mask[i, j] = on or everywhere
            count += mask[i, j]
    return count


@jit
def _accumulate(
    Y: Array,
    WT: Array,
    X: Array,
    mask: BoolArray,
    active: IntArray,
    x: Array,
    back: Array,
    e: Array,
    G: Array,
    db: Array,
) -> float:
    """Sum of ||e_i||^2 in float64; sum of x_i e_i^T + back_i y_i^T added to G (n_atoms, n_features), sum of back_i to db."""
    cost = 0.0
    for i in range(Y.shape[0]):
        y = Y[i]
        k = 0
        for j in range(X.shape[1]):
            if mask[i, j]:
                active[k] = j
                x[k] = X[i, j]
                k += 1
        for p in range(e.size):
            e[p] = y[p]
        for q in range(k):
            atom = WT[active[q]]
            weight = x[q]
            for p in range(e.size):
                e[p] -= weight * atom[p]
        for p in range(e.size):
            cost += np.float64(e[p]) * np.float64(e[p])
        for q in range(k):
            atom = WT[active[q]]
            s = e.dtype.type(0)
            for p in range(e.size):
                s += atom[p] * e[p]
            back[q] = s
        for q in range(k):
            row = G[active[q]]
            weight = x[q]
            pull = back[q]
            for p in range(e.size):
                row[p] += weight * e[p] + pull * y[p]
            db[active[q]] += pull
    return cost
