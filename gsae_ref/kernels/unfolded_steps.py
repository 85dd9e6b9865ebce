"""The compiled parts of :mod:`.unfolded`: one step of a block of samples, and all steps of one sample."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..arrays import Array, IntArray
from ._jit import jit

# ---------------------------------------------------------------------------- compiled, for a block


@jit
def _entrywise(z: float, l1: float, nonnegative: bool) -> float:
    """Positive part (if nonnegative), then soft threshold at l1."""
    if z > l1:
        return z - l1
    return z + l1 if not nonnegative and z < -l1 else z * (l1 == 0 and not nonnegative)


@cache
def step_forward(constant: int) -> Callable[..., Any]:
    """Kernel of V = T + a (C - P), X = prox(V), T_next = X + beta (X - before), for groups of ``constant`` atoms (0: any size)."""

    @jit
    def step_forward(
        T: Array,
        P: Array,
        C: Array,
        before: Array,
        has_before: bool,
        beta: float,
        a: float,
        lam: float,
        l1: float,
        nonnegative: bool,
        group_size: int,
        X: Array,
        T_next: Array,
    ) -> None:
        size = constant if constant else group_size
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
                    w = _entrywise(t[j] + a * (c[j] - p[j]), l1, nonnegative)
                    x[j] = w
                    s += w * w
                r = np.sqrt(s)
                tau = one - lam / r if r > lam else (zero if lam > 0 else one)
                for j in range(g * size, (g + 1) * size):
                    x[j] *= tau
                    t_next[j] = x[j] + beta * (x[j] - old[j]) if has_before else x[j]

    return step_forward


@cache
def step_back(constant: int) -> Callable[..., Any]:
    """Kernel that turns the codes X of a step into V_bar there, adds a V_bar to D, and returns the sum of <V_bar, X - T>.

    What reaches X is earlier + (1 + beta) T_bar, with T_bar = p P + q other of the step after; what
    reaches the code before it, so far, is
    - beta T_bar, and replaces ``earlier``.
    """

    @jit
    def step_back(
        P: Array,
        other: Array,
        p: float,
        q: float,
        beta: float,
        earlier: Array,
        T: Array,
        has_T: bool,
        a: float,
        lam: float,
        l1: float,
        nonnegative: bool,
        group_size: int,
        X: Array,
        D: Array,
    ) -> float:
        size = constant if constant else group_size
        zero = X.dtype.type(0)
        one = X.dtype.type(1)
        masked = nonnegative or l1 > 0
        slope = 0.0
        for i in range(X.shape[0]):
            x = X[i]
            t = T[i]
            d = D[i]
            e = earlier[i]
            product = P[i]
            rest = other[i]
            for g in range(x.size // size):
                s = zero
                along = zero
                for j in range(g * size, (g + 1) * size):
                    t_bar = p * product[j] + q * rest[j]
                    x_bar = e[j] + (one + beta) * t_bar
                    e[j] = -beta * t_bar
                    product[j] = zero if masked and x[j] == 0 else x_bar
                    s += x[j] * x[j]
                    along += x[j] * product[j]
                r = np.sqrt(s)
                tau = r / (r + lam) if r > 0 else (zero if lam > 0 else one)
                along = (one - tau) * along / s if s > 0 else zero
                shift = zero
                for j in range(g * size, (g + 1) * size):
                    v_bar = tau * product[j] + along * x[j]
                    shift += v_bar * (x[j] - t[j] if has_T else x[j])
                    d[j] += a * v_bar
                    x[j] = v_bar
                slope += np.float64(shift)
        return slope

    return step_back


@jit
def sum_of_squares(E: Array) -> float:
    """In float64, whatever the dtype."""
    s = 0.0
    for i in range(E.shape[0]):
        for p in range(E.shape[1]):
            s += np.float64(E[i, p]) * np.float64(E[i, p])
    return s


# --------------------------------------------------------------------------- compiled, for a sample


@jit
def _add_rows(M: Array, rows: IntArray, weights: Array, count: int, out: Array) -> None:
    """out += sum of weights[q] M[rows[q]] for q < count, eight at a time; beyond count there is room for seven more."""
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
def _encode_one(
    c: Array,
    G: Array,
    betas: Array,
    a: float,
    lam: float,
    l1: float,
    nonnegative: bool,
    size: int,
    X: Array,
    T: Array,
    tau: Array,
    rows: IntArray,
    weights: Array,
) -> int:
    """All iterates X and extrapolated points T of one sample, (n_unfold, n_atoms), and the factors tau; returns how often a group was active."""
    zero = c.dtype.type(0)
    one = c.dtype.type(1)
    masked = nonnegative or l1 > 0
    n_active = 0
    for k in range(betas.size):
        x = X[k]
        t = T[k]
        before = X[max(k - 1, 0)]
        old = X[max(k - 2, 0)]  # the first two weights are 0
        count = 0
        for j in range(c.size):
            x[j], t[j] = a * c[j], 0
        for g in range(c.size // size if k > 0 else 0):
            if tau[k - 1, g] > 0 or tau[max(k - 2, 0), g] > 0:
                for j in range(g * size, (g + 1) * size):
                    t[j] = before[j] + betas[k] * (before[j] - old[j])
                    x[j] += t[j]
                    rows[count] = j
                    weights[count] = -a * t[j]
                    count += t[j] != 0
        _add_rows(G, rows, weights, count, x)
        if masked:
            for j in range(c.size):
                x[j] = _entrywise(x[j], l1, nonnegative)
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
def probe(
    C: Array,
    G: Array,
    betas: Array,
    a: float,
    lam: float,
    l1: float,
    nonnegative: bool,
    size: int,
    X: Array,
    T: Array,
    tau: Array,
    rows: IntArray,
    weights: Array,
    scratch: Array,
) -> int:
    """How often a group is active, over all samples and steps."""
    n_active = 0
    for i in range(C.shape[0]):
        n_active += _encode_one(
            C[i], G, betas, a, lam, l1, nonnegative, size, X, T, tau, rows, weights
        )
    return n_active


@jit
def encode(
    C: Array,
    G: Array,
    betas: Array,
    a: float,
    lam: float,
    l1: float,
    nonnegative: bool,
    size: int,
    X: Array,
    T: Array,
    tau: Array,
    rows: IntArray,
    weights: Array,
    scratch: Array,
    out: Array,
) -> None:
    for i in range(C.shape[0]):
        _encode_one(C[i], G, betas, a, lam, l1, nonnegative, size, X, T, tau, rows, weights)
        out[i] = X[-1]


@jit
def few_active(
    Y: Array,
    C: Array,
    AT: Array,
    G: Array,
    betas: Array,
    a: float,
    lam: float,
    l1: float,
    nonnegative: bool,
    size: int,
    X: Array,
    T: Array,
    tau: Array,
    rows: IntArray,
    weights: Array,
    scratch: Array,
    inverse: float,
    e: Array,
    D: Array,
    S: Array,
) -> tuple[float, float]:
    """Sum of squares of the residuals and of <V_bar, X - T>; S is added to, D is written."""
    zero = C.dtype.type(0)
    one = C.dtype.type(1)
    masked = nonnegative or l1 > 0
    last = betas.size - 1
    cost = 0.0
    slope = 0.0
    t_bar = scratch[0]
    earlier = scratch[1]
    x_bar = scratch[2]
    for i in range(Y.shape[0]):
        c = C[i]
        d = D[i]
        _encode_one(c, G, betas, a, lam, l1, nonnegative, size, X, T, tau, rows, weights)

        count = 0
        for j in range(c.size):
            x = X[last, j]
            T[0, j] = x
            d[j] = -inverse * x
            t_bar[j], earlier[j] = -inverse * c[j], 0
            rows[count] = j
            weights[count] = -x
            count += x != 0
        for p in range(e.size):
            e[p] = Y[i, p]
        _add_rows(AT, rows, weights, count, e)
        for p in range(e.size):
            cost += np.float64(e[p]) * np.float64(e[p])
        for q in range(count):
            weights[q] *= -inverse
        _add_rows(G, rows, weights, count, t_bar)

        for k in range(last, -1, -1):
            x = X[k]
            t = T[k]
            beta = betas[k + 1] if k < last else zero
            count = 0
            for j in range(c.size):
                x_bar[j] = earlier[j] + (one + beta) * t_bar[j]
                earlier[j] = -beta * t_bar[j]
            for g in range(c.size // size):
                factor = tau[k, g]
                s = zero
                along = zero
                shift = zero
                if factor > 0:
                    for j in range(g * size, (g + 1) * size):
                        x_bar[j] = zero if masked and x[j] == 0 else x_bar[j]
                        s += x[j] * x[j]
                        along += x[j] * x_bar[j]
                    along = (one - factor) * along / s if s > 0 else zero
                    for j in range(g * size, (g + 1) * size):
                        v_bar = factor * x_bar[j] + along * x[j]
                        shift += v_bar * (x[j] - t[j] if k > 0 else x[j])
                        d[j] += a * v_bar
                        x[j] = v_bar
                        rows[count] = j
                        weights[count] = -a * v_bar
                        count += v_bar != 0
                    slope += np.float64(shift)
            for j in range(c.size):
                t_bar[j] = x[j]
            if k > 0:
                _add_rows(G, rows, weights, count, t_bar)

        for j in range(c.size):
            X[0, j] = -inverse / (a + a) * T[0, j]
        for g in range(c.size // size):
            ever = tau[last, g] > 0
            for k in range(1, last):
                ever |= tau[k, g] > 0
            for j in range(g * size, (g + 1) * size if ever else 0):
                count = 0
                for k in range(betas.size):
                    rows[count] = k
                    weights[count] = X[k, j]
                    count += X[k, j] != 0
                _add_rows(T, rows, weights, count, S[j])
    return cost, slope
