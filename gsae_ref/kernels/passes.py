"""The compiled passes of :mod:`.autoencoder` and :mod:`.lazy`, each once over a block of samples.

All stand in one file: Numba's cache on disk does not notice when a function called from another
file has changed.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, BoolArray, IntArray, Real
from ._jit import jit


class Candidates(NamedTuple):
    """Groups that may be active, sample after sample: those of sample i end before ``ends[i]``."""

    groups: IntArray
    ends: IntArray


class Bounds(NamedTuple):
    """Bounds that certify inactive pairs of sample and group, see :mod:`.lazy`; or empty arrays."""

    path: Array  # (n_groups,): length of the path of every group so far
    norms: Array  # (n_samples,): norms of the samples
    until: Array  # (n_samples, n_groups): length up to which the pair is inactive


class Sample(NamedTuple):
    """Scratch for one sample; the vectors of its active groups stand side by side."""

    groups: IntArray  # numbers of the active groups
    tau: Array  # their factors
    u: Array  # pre-activations, then directions
    x: Array  # codes
    back: Array  # residual taken back through encoder and threshold
    e: Array  # residual


@jit
def _dot(a: Array, b: Array) -> Real:
    s = a.dtype.type(0)
    for p in range(a.size):
        s += a[p] * b[p]
    return s


@jit
def sum_of_squares(E: Array) -> float:
    """In float64, whatever the dtype."""
    s = 0.0
    for i in range(E.shape[0]):
        for p in range(E.shape[1]):
            s += np.float64(E[i, p]) * np.float64(E[i, p])
    return s


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
def normalise(Y: Array, lam: float, margin: float, out: Array, least: Array) -> None:
    """Write rows of norm 1 as float32, and the least screened sum of squares of a candidate.

    For row y the latter is the square of lam / ||y|| - margin.
    """
    for i in range(Y.shape[0]):
        s = 0.0
        for p in range(Y.shape[1]):
            s += np.float64(Y[i, p]) * np.float64(Y[i, p])
        r = np.sqrt(s)
        root = lam / r - margin if r > 0 else np.inf
        least[i] = np.float32(root * root if root > 0 else -1.0)
        for p in range(Y.shape[1]):
            out[i, p] = np.float32(Y[i, p] * (1 / r) if r > 0 else 0.0)


@cache
def screen_for(constant: int) -> Callable[..., Any]:
    """Kernel that lists the groups of every row whose sum of squares is above ``least``.

    It returns False when there are more than ``room``. Groups have ``constant`` atoms, or any size
    given at run time if that is 0.
    """

    @jit
    def screen(Z: Array, least: Array, group_size: int, room: int, candidates: Candidates) -> bool:
        size = constant if constant else group_size
        groups = candidates.groups
        k = 0
        for i in range(Z.shape[0]):
            row = Z[i]
            bound = least[i]
            for g in range(row.size // size):
                s = np.float32(0)
                for j in range(size):
                    s += row[g * size + j] * row[g * size + j]
                groups[k] = g  # overwritten unless k moves on
                k += s > bound
            candidates.ends[i] = k
            if k > room:
                return False
        return True

    return screen


@jit
def list_uncertain(until: Array, limits: Array, room: int, candidates: Candidates) -> bool:
    """List the groups of every row that may be active; False when there are more than ``room``."""
    groups = candidates.groups
    k = 0
    for i in range(until.shape[0]):
        row = until[i]
        for g in range(row.size):
            groups[k] = g  # overwritten unless k moves on
            k += row[g] <= limits[g]
        candidates.ends[i] = k
        if k > room:
            return False
    return True


@jit
def round_down(x: float) -> np.float32:
    """A finite float32 below x."""
    x = min(x, 3e38)
    return np.float32(x - abs(x) * 2.0**-23 - 2.0**-140)


@jit
def renew(
    Z: Array, lam: float, margins: Array, largest: float, group_size: int, bounds: Bounds
) -> None:
    """Bounds of all pairs from screened norms: a group is inactive up to (lam - ||z||) / ||y||."""
    for i in range(Z.shape[0]):
        norm = bounds.norms[i]
        threshold = lam / (norm * largest) - margins[i] if norm > 0 else np.inf
        for g in range(bounds.path.size):
            s = np.float32(0)
            for j in range(g * group_size, (g + 1) * group_size):
                s += Z[i, j] * Z[i, j]
            slack = (threshold - np.sqrt(np.float64(s))) * largest
            bounds.until[i, g] = round_down(bounds.path[g] + slack) if slack > 0 else -np.inf


@jit
def lengthen_paths(AT: Array, before: Array, group_size: int, path: Array) -> float:
    """Add a bound of ||A_g - before_g||_2 to every path; copy A; return max_g ||A_g||_F."""
    largest = 0.0
    change = np.empty((group_size, AT.shape[1]))
    gram = np.empty((group_size, group_size))
    for g in range(path.size):
        t = 0.0
        for j in range(group_size):
            atom = AT[g * group_size + j]
            old = before[g * group_size + j]
            for p in range(atom.size):
                a = np.float64(atom[p])
                change[j, p] = a - np.float64(old[p])
                t += a * a
                old[p] = atom[p]
            for k in range(j + 1):
                gram[j, k] = gram[k, j] = _dot(change[j], change[k])
        path[g] += np.sqrt(bound_eigenvalue(gram)) * (1 + 1e-9)
        largest = max(largest, t)
    return np.sqrt(largest)


@jit
def bound_eigenvalue(M: Array) -> float:
    """||M^4||_F^(1/4), at least the largest eigenvalue of a positive semidefinite M.

    It is at most size^(1/8) times that eigenvalue.
    """
    trace = 0.0
    for j in range(len(M)):
        trace += M[j, j]
    if not trace > 0:
        return trace
    power = M / trace
    for _ in range(2):
        square = np.zeros(M.shape)
        for i in range(len(M)):
            for j in range(len(M)):
                for k in range(len(M)):
                    square[i, j] += power[i, k] * power[k, j]
        power = square
    return trace * np.sqrt(np.sqrt(np.sqrt(sum_of_squares(power))))


@jit
def mark_active(X: Array, group_size: int, support: BoolArray) -> None:
    """Set the entries of ``support`` (n_samples, n_groups) whose group is not zero."""
    for i in range(X.shape[0]):
        for g in range(X.shape[1] // group_size):
            for j in range(g * group_size, (g + 1) * group_size):
                if X[i, j] != 0:
                    support[i, g] = True
                    break


@jit
def count_active(X: Array, group_size: int) -> int:
    """Number of groups that are not zero."""
    count = 0
    for i in range(X.shape[0]):
        for g in range(X.shape[1] // group_size):
            for j in range(g * group_size, (g + 1) * group_size):
                if X[i, j] != 0:
                    count += 1
                    break
    return count


# ------------------------------------------------------------------------------ sample after sample


@jit
def accumulate(
    Y: Array,
    AT: Array,
    lam: float,
    group_size: int,
    derivative: int,
    candidates: Candidates,
    sample: Sample,
    G: Array,
    bounds: Bounds,
    support: BoolArray,
) -> tuple[float, int]:
    """Add x_i e_i^T + back_i y_i^T of every sample to G (n_atoms, n_features).

    Returns the sum of ||e_i||^2 in float64 and the number of active groups. Where ``bounds`` are
    not empty those of inactive candidates are renewed; where ``support`` is not empty the active
    groups are set in it.
    """
    cost = 0.0
    n_active = 0
    begin = 0
    for i in range(Y.shape[0]):
        groups = candidates.groups[begin : candidates.ends[i]]
        begin = candidates.ends[i]
        count = _encode(Y[i], AT, lam, group_size, groups, sample, i, bounds, support)
        _take_residual(Y[i], AT, group_size, count, sample)
        for p in range(sample.e.size):
            cost += np.float64(sample.e[p]) * np.float64(sample.e[p])
        _take_back(AT, group_size, derivative, count, sample)
        _add_outer_products(Y[i], group_size, count, sample, G)
        n_active += count
    return cost, n_active


@jit
def _encode(
    y: Array,
    AT: Array,
    lam: float,
    group_size: int,
    groups: IntArray,
    sample: Sample,
    i: int,
    bounds: Bounds,
    support: BoolArray,
) -> int:
    """Write the active ones of these groups, with tau, u and x; return how many there are."""
    one = y.dtype.type(1)
    count = 0
    for g in groups:
        start = count * group_size
        s = y.dtype.type(0)
        for j in range(group_size):
            z = _dot(AT[g * group_size + j], y)
            sample.u[start + j] = z
            s += z * z
        r = np.sqrt(s)
        if bounds.until.size:
            slack = (lam - r) / bounds.norms[i]
            bounds.until[i, g] = round_down(bounds.path[g] + slack) if r < lam else -np.inf
        if r > lam:
            tau = one - lam / r
            for j in range(start, start + group_size):
                sample.x[j] = tau * sample.u[j]
                sample.u[j] /= r
            sample.tau[count] = tau
            sample.groups[count] = g
            count += 1
            if support.size:
                support[i, g] = True
    return count


@jit
def _take_residual(y: Array, AT: Array, group_size: int, count: int, sample: Sample) -> None:
    """e = y - A x."""
    e = sample.e
    for p in range(e.size):
        e[p] = y[p]
    for q in range(count * group_size):
        atom = AT[sample.groups[q // group_size] * group_size + q % group_size]
        weight = sample.x[q]
        for p in range(e.size):
            e[p] -= weight * atom[p]


@jit
def _take_back(AT: Array, group_size: int, derivative: int, count: int, sample: Sample) -> None:
    """back = D A^T e, with D one of the DERIVATIVES of :mod:`.activations`."""
    one = AT.dtype.type(1)
    back = sample.back
    for c in range(count):
        start = c * group_size
        tau = sample.tau[c]
        along = AT.dtype.type(0)
        for j in range(group_size):
            back[start + j] = _dot(AT[sample.groups[c] * group_size + j], sample.e)
            along += sample.u[start + j] * back[start + j]
        for j in range(start, start + group_size):
            u = sample.u[j]
            if derivative == 0:
                back[j] = tau * back[j] + (one - tau) * along * u
            elif derivative == 1:
                back[j] *= tau + (one - tau) * u * u
            else:
                back[j] *= tau


@jit
def _add_outer_products(y: Array, group_size: int, count: int, sample: Sample, G: Array) -> None:
    """G += x e^T + back y^T."""
    e = sample.e
    for q in range(count * group_size):
        row = G[sample.groups[q // group_size] * group_size + q % group_size]
        weight = sample.x[q]
        pull = sample.back[q]
        for p in range(e.size):
            row[p] += weight * e[p] + pull * y[p]
