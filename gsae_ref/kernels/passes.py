"""The compiled passes of :mod:`.fused` and :mod:`.lazy`; each goes once over a block of samples. All in one file: Numba's cache on disk
does not notice when a function called from another file has changed.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..arrays import Array, BoolArray, IntArray, Real
from ._jit import jit


@jit
def largest_group(AT: Array, group_size: int) -> float:
    """max_g ||A_g||_F, in float64."""
    largest = 0.0
    for g in range(AT.shape[0] // group_size):
        s = 0.0
        for j in range(g * group_size, (g + 1) * group_size):
            for p in range(AT.shape[1]):
                s += np.float64(AT[j, p]) * np.float64(AT[j, p])
        largest = max(largest, s)
    return np.sqrt(largest)


@jit
def scale(M: Array, factor: float, out: Array) -> None:
    """Write factor * M as float32."""
    for i in range(M.shape[0]):
        for p in range(M.shape[1]):
            out[i, p] = np.float32(M[i, p] * factor)


@jit
def normalise(Y: Array, lam: float, margin: float, out: Array, bounds: Array) -> None:
    """Rows of norm 1 as float32, and for each row the bound on screened sums of squares: the square of lam / ||y|| - margin."""
    for i in range(Y.shape[0]):
        s = 0.0
        for p in range(Y.shape[1]):
            s += np.float64(Y[i, p]) * np.float64(Y[i, p])
        r = np.sqrt(s)
        bound = lam / r - margin if r > 0 else np.inf
        bounds[i] = np.float32(bound * bound if bound > 0 else -1.0)
        for p in range(Y.shape[1]):
            out[i, p] = np.float32(Y[i, p] * (1 / r) if r > 0 else 0.0)


@cache
def screen_for(constant: int) -> Callable[..., Any]:
    """Kernel that lists the groups of every row whose sum of squares is above the row's bound; False when there are too many."""

    @jit
    def screen(
        Z: Array, bounds: Array, group_size: int, room: int, candidates: IntArray, ends: IntArray
    ) -> bool:
        size = constant if constant else group_size
        k = 0
        for i in range(Z.shape[0]):
            row = Z[i]
            bound = bounds[i]
            for g in range(row.size // size):
                s = np.float32(0)
                for j in range(size):
                    s += row[g * size + j] * row[g * size + j]
                candidates[k] = g  # kept only if k moves on
                k += s > bound
            ends[i] = k
            if k > room:
                return False
        return True

    return screen


@jit
def _dot(a: Array, b: Array) -> Real:
    s = a.dtype.type(0)
    for p in range(a.size):
        s += a[p] * b[p]
    return s


@jit
def rounded_down(x: float) -> np.float32:
    """A finite float32 below x."""
    x = min(x, 3e38)
    return np.float32(x - abs(x) * 2.0**-23 - 2.0**-140)


@jit
def renew(
    Z: Array,
    lam: float,
    margin: float,
    largest: float,
    size: int,
    path: Array,
    norms: Array,
    wakes: Array,
) -> None:
    """When each group of each row next matters, from screened norms: once the path of the group exceeds path + (lam - ||z||) / ||y||."""
    for i in range(Z.shape[0]):
        for g in range(wakes.shape[1]):
            s = np.float32(0)
            for j in range(g * size, (g + 1) * size):
                s += Z[i, j] * Z[i, j]
            slack = (
                (lam / (norms[i] * largest) - margin - np.sqrt(np.float64(s))) * largest
                if norms[i] > 0
                else np.inf
            )
            wakes[i, g] = rounded_down(path[g] + slack) if slack > 0 else -np.inf


@jit
def due(wakes: Array, limits: Array, room: int, candidates: IntArray, ends: IntArray) -> bool:
    """List the groups of every row that may be active by now; False when there are more than ``room``."""
    k = 0
    for i in range(wakes.shape[0]):
        row = wakes[i]
        for g in range(row.size):
            candidates[k] = g  # kept only if k moves on
            k += row[g] <= limits[g]
        ends[i] = k
        if k > room:
            return False
    return True


@jit
def moved(AT: Array, before: Array, size: int, path: Array) -> float:
    """Add ||A_g - before_g||_F to the path of every group, rounded up, and keep A; return max_g ||A_g||_F."""
    largest = 0.0
    for g in range(path.size):
        s = 0.0
        t = 0.0
        for j in range(g * size, (g + 1) * size):
            for p in range(AT.shape[1]):
                a = np.float64(AT[j, p])
                change = a - np.float64(before[j, p])
                s += change * change
                t += a * a
                before[j, p] = AT[j, p]
        path[g] += np.sqrt(s) * (1 + 1e-9)
        largest = max(largest, t)
    return np.sqrt(largest)


@jit
def mark_active(X: Array, size: int, found: BoolArray) -> None:
    """Mark the groups that are not zero."""
    for i in range(X.shape[0]):
        for g in range(X.shape[1] // size):
            for j in range(g * size, (g + 1) * size):
                if X[i, j] != 0:
                    found[i, g] = True
                    break


@jit
def accumulate(
    Y: Array,
    AT: Array,
    lam: float,
    size: int,
    kind: int,
    candidates: IntArray,
    ends: IntArray,
    active: IntArray,
    rows: Array,
    e: Array,
    G: Array,
    path: Array,
    norms: Array,
    wakes: Array,
    found: BoolArray,
) -> tuple[float, int]:
    """Sum of ||e_i||^2 in float64 and number of active groups; sum of x_i e_i^T + back_i y_i^T added to G (n_atoms, n_features).

    With a memory (wakes not empty) the candidates that turn out inactive are told when they next
    matter, as :func:`renew`; with a mask ``found`` (not empty) the active groups are marked in it.
    """
    zero = Y.dtype.type(0)
    one = Y.dtype.type(1)
    z = rows[0]
    x = rows[1]
    back = rows[2]
    factor = rows[3]
    cost = 0.0
    n_active = 0
    begin = 0
    for i in range(Y.shape[0]):
        y = Y[i]
        k = 0
        for c in range(begin, ends[i]):  # the support, and z, x on it
            first = candidates[c] * size
            s = zero
            for j in range(size):
                z[k * size + j] = _dot(AT[first + j], y)
                s += z[k * size + j] * z[k * size + j]
            r = np.sqrt(s)
            if r > lam:
                tau = one - lam / r
                for j in range(size):
                    x[k * size + j] = tau * z[k * size + j]
                    z[k * size + j] /= r  # from here on the direction u
                factor[k] = tau
                active[k] = candidates[c]
                k += 1
                if found.size:
                    found[i, candidates[c]] = True
            if wakes.size:
                g = candidates[c]
                wakes[i, g] = rounded_down(path[g] + (lam - r) / norms[i]) if r < lam else -np.inf
        begin = ends[i]
        n_active += k

        for p in range(e.size):
            e[p] = y[p]
        for q in range(k * size):
            atom = AT[active[q // size] * size + q % size]
            weight = x[q]
            for p in range(e.size):
                e[p] -= weight * atom[p]
        for p in range(e.size):
            cost += np.float64(e[p]) * np.float64(e[p])

        for c in range(k):  # D A^T e
            first = active[c] * size
            start = c * size
            tau = factor[c]
            along = zero
            for j in range(size):
                back[start + j] = _dot(AT[first + j], e)
                along += z[start + j] * back[start + j]
            for j in range(size):
                u = z[start + j]
                if kind == 0:
                    back[start + j] = tau * back[start + j] + (one - tau) * along * u
                elif kind == 1:
                    back[start + j] *= tau + (one - tau) * u * u
                else:
                    back[start + j] *= tau
        for q in range(k * size):
            row = G[active[q // size] * size + q % size]
            weight = x[q]
            pull = back[q]
            for p in range(e.size):
                row[p] += weight * e[p] + pull * y[p]
    return cost, n_active


@jit
def sum_of_squares(E: Array) -> float:
    """In float64, whatever the dtype."""
    s = 0.0
    for i in range(E.shape[0]):
        for p in range(E.shape[1]):
            s += np.float64(E[i, p]) * np.float64(E[i, p])
    return s


@jit
def count_active(X: Array, size: int) -> int:
    """Groups that are not zero."""
    count = 0
    for i in range(X.shape[0]):
        for g in range(X.shape[1] // size):
            for j in range(g * size, (g + 1) * size):
                if X[i, j] != 0:
                    count += 1
                    break
    return count
