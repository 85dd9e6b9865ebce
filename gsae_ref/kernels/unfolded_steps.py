"""The compiled parts of :mod:`.unfolded`: a step of a block of samples, all steps of one sample."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, IntArray, Real
from ._jit import jit


class Network(NamedTuple):
    """An unfolded encoder in code space; all numbers are of the dtype of the data."""

    G: Array  # A^T A
    betas: Array  # weights of the extrapolations
    step: Real
    lam: Real  # thresholds of a step, its length included
    l1: Real
    nonnegative: bool
    group_size: int


class Combination(NamedTuple):
    """The array a P + b Q, not formed; P is scratch."""

    P: Array
    a: Real
    Q: Array
    b: Real


class Sample(NamedTuple):
    """Scratch for one sample."""

    X: Array  # iterates (n_unfold, n_atoms)
    T: Array  # extrapolated points
    tau: Array  # factors (n_unfold, n_groups)
    rows: IntArray  # indices and weights of a sparse combination of rows
    weights: Array
    x_bar: Array  # (n_atoms,): adjoints of an iterate,
    t_bar: Array  # of an extrapolated point,
    earlier: Array  # and, so far, of the iterate before
    e: Array  # residual (n_features,)


@jit
def _threshold_entry(z: float, l1: float, nonnegative: bool) -> float:
    """Positive part (if nonnegative), then soft threshold at l1; a NaN stays one."""
    if z > l1:
        return z - l1
    return z + l1 if not nonnegative and z < -l1 else z * (l1 == 0 and not nonnegative)


# ------------------------------------------------------------------------------------- for a block


@cache
def step_forward(constant: int) -> Callable[..., Any]:
    """Kernel of V = T + a (C - P), X = prox(V), T_next = X + beta (X - before).

    Groups have ``constant`` atoms, or any size given at run time if that is 0. T_next may be P, and
    before may be X where beta is 0.
    """

    @jit
    def step_forward(
        T: Array,
        P: Array,
        C: Array,
        before: Array,
        beta: float,
        network: Network,
        X: Array,
        T_next: Array,
    ) -> None:
        size = constant if constant else network.group_size
        a = network.step
        lam = network.lam
        l1 = network.l1
        nonnegative = network.nonnegative
        zero = C.dtype.type(0)
        one = C.dtype.type(1)
        for i in range(C.shape[0]):
            x = X[i]
            t = T[i]
            p = P[i]
            c = C[i]
            old = before[i]
            t_next = T_next[i]
            for g in range(c.size // size):
                s = zero
                for j in range(g * size, (g + 1) * size):
                    w = _threshold_entry(t[j] + a * (c[j] - p[j]), l1, nonnegative)
                    x[j] = w
                    s += w * w
                r = np.sqrt(s)
                tau = one - lam / r if r > lam else (zero if lam > 0 else one)
                for j in range(g * size, (g + 1) * size):
                    x[j] *= tau
                    t_next[j] = x[j] + beta * (x[j] - old[j])

    return step_forward


@cache
def step_back(constant: int) -> Callable[..., Any]:
    """Kernel that turns the codes X of a step into V_bar, in place, and adds a V_bar to D.

    The adjoint of X is earlier + (1 + beta) T_bar, with T_bar of the step after; the adjoint of the
    code before it is so far -beta T_bar, which replaces ``earlier``. Returns the sum of
    <V_bar, X - T>, with T = 0 in the first step.
    """

    @jit
    def step_back(
        T_bar: Combination,
        beta: float,
        earlier: Array,
        T: Array,
        is_first: bool,
        network: Network,
        X: Array,
        D: Array,
    ) -> float:
        size = constant if constant else network.group_size
        a = network.step
        lam = network.lam
        masked = network.nonnegative or network.l1 > 0
        zero = X.dtype.type(0)
        one = X.dtype.type(1)
        slope = 0.0
        for i in range(X.shape[0]):
            x = X[i]
            t = T[i]
            d = D[i]
            e = earlier[i]
            p = T_bar.P[i]
            q = T_bar.Q[i]
            for g in range(x.size // size):
                s = zero
                along = zero
                for j in range(g * size, (g + 1) * size):
                    t_bar = T_bar.a * p[j] + T_bar.b * q[j]
                    x_bar = e[j] + (one + beta) * t_bar
                    e[j] = -beta * t_bar
                    p[j] = zero if masked and x[j] == 0 else x_bar
                    s += x[j] * x[j]
                    along += x[j] * p[j]
                r = np.sqrt(s)
                tau = r / (r + lam) if r > 0 else (zero if lam > 0 else one)
                along = (one - tau) * along / s if s > 0 else zero
                shift = zero
                for j in range(g * size, (g + 1) * size):
                    v_bar = tau * p[j] + along * x[j]
                    shift += v_bar * (x[j] if is_first else x[j] - t[j])
                    d[j] += a * v_bar
                    x[j] = v_bar
                slope += np.float64(shift)
        return slope

    return step_back


# ------------------------------------------------------------------------------------ for a sample


@jit
def count_active(C: Array, network: Network, sample: Sample) -> int:
    """How often a group is active, over all samples and steps."""
    n_active = 0
    for i in range(C.shape[0]):
        n_active += _encode(C[i], network, sample)
    return n_active


@jit
def encode(C: Array, network: Network, sample: Sample, out: Array) -> None:
    """Write the codes of samples with these Y A."""
    for i in range(C.shape[0]):
        _encode(C[i], network, sample)
        out[i] = sample.X[-1]


@jit
def differentiate(
    Y: Array,
    C: Array,
    AT: Array,
    network: Network,
    sample: Sample,
    inverse: float,
    D: Array,
    S: Array,
) -> tuple[float, float]:
    """Write D, add to S, for samples Y with C = Y A; ``inverse`` is 1/N.

    Returns the sum of squares of the residuals and the sum of <V_bar, X - T>.
    """
    cost = 0.0
    slope = 0.0
    for i in range(Y.shape[0]):
        _encode(C[i], network, sample)
        cost += _start_back(Y[i], C[i], AT, network, sample, inverse, D[i])
        slope += _reverse(network, sample, D[i])
        _add_products(network, sample, inverse, S)
    return cost, slope


@jit
def _add_rows(M: Array, rows: IntArray, weights: Array, count: int, out: Array) -> None:
    """out += sum over q < count of weights[q] M[rows[q]], eight at a time.

    ``rows`` and ``weights`` have room for seven more entries.
    """
    for q in range(count, count + 7):
        rows[q] = 0
        weights[q] = 0
    for q in range(0, count, 8):
        w0 = weights[q]
        w1 = weights[q + 1]
        w2 = weights[q + 2]
        w3 = weights[q + 3]
        w4 = weights[q + 4]
        w5 = weights[q + 5]
        w6 = weights[q + 6]
        w7 = weights[q + 7]
        m0 = M[rows[q]]
        m1 = M[rows[q + 1]]
        m2 = M[rows[q + 2]]
        m3 = M[rows[q + 3]]
        m4 = M[rows[q + 4]]
        m5 = M[rows[q + 5]]
        m6 = M[rows[q + 6]]
        m7 = M[rows[q + 7]]
        for p in range(out.size):
            out[p] += (w0 * m0[p] + w1 * m1[p] + w2 * m2[p] + w3 * m3[p]) + (
                w4 * m4[p] + w5 * m5[p] + w6 * m6[p] + w7 * m7[p]
            )


@jit
def _encode(c: Array, network: Network, sample: Sample) -> int:
    """All iterates, extrapolated points and factors tau; returns how often a group was active."""
    G, betas, a, lam, l1, nonnegative, size = network
    X = sample.X
    T = sample.T
    tau = sample.tau
    rows = sample.rows
    weights = sample.weights
    zero = c.dtype.type(0)
    one = c.dtype.type(1)
    n_active = 0
    for k in range(betas.size):
        x = X[k]
        t = T[k]
        before = X[max(k - 1, 0)]
        old = X[max(k - 2, 0)]  # the first two weights are 0
        for j in range(c.size):
            x[j] = a * c[j]
            t[j] = 0
        count = 0
        for g in range(c.size // size if k > 0 else 0):
            if tau[k - 1, g] > 0 or tau[max(k - 2, 0), g] > 0:
                for j in range(g * size, (g + 1) * size):
                    t[j] = before[j] + betas[k] * (before[j] - old[j])
                    x[j] += t[j]
                    rows[count] = j
                    weights[count] = -a * t[j]
                    count += t[j] != 0
        _add_rows(G, rows, weights, count, x)
        if nonnegative or l1 > 0:
            for j in range(c.size):
                x[j] = _threshold_entry(x[j], l1, nonnegative)
        for g in range(c.size // size):
            s = zero
            for j in range(g * size, (g + 1) * size):
                s += x[j] * x[j]
            r = np.sqrt(s)
            factor = one - lam / r if r > lam else (zero if lam > 0 else one)
            for j in range(g * size, (g + 1) * size):
                x[j] *= factor
            tau[k, g] = factor
            n_active += factor > 0  # type: ignore[assignment]  # an int to Numba
    return n_active


@jit
def _start_back(
    y: Array, c: Array, AT: Array, network: Network, sample: Sample, inverse: float, d: Array
) -> float:
    """Adjoints of the loss at the last iterate, which moves to T[0]; returns ||e||^2."""
    rows = sample.rows
    weights = sample.weights
    e = sample.e
    count = 0
    for j in range(c.size):
        x = sample.X[-1, j]
        sample.T[0, j] = x
        d[j] = -inverse * x
        sample.t_bar[j] = -inverse * c[j]
        sample.earlier[j] = 0
        rows[count] = j
        weights[count] = -x
        count += x != 0
    for p in range(e.size):
        e[p] = y[p]
    _add_rows(AT, rows, weights, count, e)
    squares = 0.0
    for p in range(e.size):
        squares += np.float64(e[p]) * np.float64(e[p])
    for q in range(count):
        weights[q] *= -inverse
    _add_rows(network.G, rows, weights, count, sample.t_bar)
    return squares


@jit
def _reverse(network: Network, sample: Sample, d: Array) -> float:
    """All steps in reverse: every X[k] becomes V_bar, and a V_bar is added to d.

    Returns the sum of <V_bar, X - T>, with T = 0 in the first step.
    """
    G, betas, a, _, l1, nonnegative, size = network
    X, T, tau, rows, weights, x_bar, t_bar, earlier, _ = sample
    zero = d.dtype.type(0)
    one = d.dtype.type(1)
    masked = nonnegative or l1 > 0
    beta = zero
    slope = 0.0
    for k in range(betas.size - 1, -1, -1):
        x = X[k]
        t = T[k]
        for j in range(d.size):
            x_bar[j] = earlier[j] + (one + beta) * t_bar[j]
            earlier[j] = -beta * t_bar[j]
        count = 0
        for g in range(d.size // size):
            factor = tau[k, g]
            if factor > 0:
                s = zero
                along = zero
                for j in range(g * size, (g + 1) * size):
                    x_bar[j] = zero if masked and x[j] == 0 else x_bar[j]
                    s += x[j] * x[j]
                    along += x[j] * x_bar[j]
                along = (one - factor) * along / s if s > 0 else zero
                shift = zero
                for j in range(g * size, (g + 1) * size):
                    v_bar = factor * x_bar[j] + along * x[j]
                    shift += v_bar * (x[j] - t[j] if k > 0 else x[j])
                    d[j] += a * v_bar
                    x[j] = v_bar
                    rows[count] = j
                    weights[count] = -a * v_bar
                    count += v_bar != 0
                slope += np.float64(shift)
        for j in range(d.size):
            t_bar[j] = x[j]
        if k > 0:
            _add_rows(G, rows, weights, count, t_bar)
        beta = betas[k]
    return slope


@jit
def _add_products(network: Network, sample: Sample, inverse: float, S: Array) -> None:
    """S += sum_k V_bar_k T_k^T, where the loss takes the place of the first step."""
    size = network.group_size
    X = sample.X
    tau = sample.tau
    last = network.betas.size - 1
    weight = -inverse / (network.step + network.step)
    for j in range(X.shape[1]):
        X[0, j] = weight * sample.T[0, j]
    for g in range(tau.shape[1]):
        ever = tau[last, g] > 0
        for k in range(1, last):
            ever |= tau[k, g] > 0
        for j in range(g * size, (g + 1) * size if ever else 0):
            count = 0
            for k in range(network.betas.size):
                sample.rows[count] = k
                sample.weights[count] = X[k, j]
                count += X[k, j] != 0
            _add_rows(sample.T, sample.rows, sample.weights, count, S[j])
