"""The update loops of the diagonally grouped linear network, compiled. Twins of ``advance`` and ``signed_advance`` in
:mod:`gsae_ref.reference.dglnn`.

A pass over the rows of X gives the residual and the correlation together: r_i = y_i - <x_i, w>,
then q += r_i x_i. So Algorithms 1 and 2 read X twice an epoch, and gradient descent once. One
thread; X is read row by row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import Array, IntArray
from ._jit import jit, plain


def advance(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, rule: Any, epoch: int, n_epochs: int
) -> tuple[Array, Array, float, Any]:
    """Run epochs ``epoch``, ..., ``epoch + n_epochs - 1``: u, v, the loss before the first of them, and the rule, updated.

    Arrays are of one dtype, float32 or float64; ``rule`` is that of the reference, a NamedTuple.
    """
    u, v, real = np.array(u), np.array(v), u.dtype.type
    half = np.asarray(rule.half, u.dtype)
    numbers = real(rule.scale), real(rule.gamma), real(rule.eta), real(rule.tolerance)
    first, switch = _advance(
        u,
        v,
        plain(X),
        plain(y),
        plain(np.asarray(sizes, np.int64)),
        rule.normalise,
        rule.jacobi,
        *numbers,
        rule.switch_epoch,
        plain(half),
        epoch,
        n_epochs,
    )
    return u, v, float(first), rule._replace(switch_epoch=int(switch))


def signed_advance(
    u: Array, v: Array, X: Array, y: Array, scale: int, step_size: float, n_epochs: int
) -> tuple[Array, Array, float]:
    """Run ``n_epochs`` steps of gradient descent on w = u^2 - v^2: u, v and the loss before the first."""
    u, v, real = np.array(u), np.array(v), u.dtype.type
    first = _signed_advance(u, v, plain(X), plain(y), real(scale), real(step_size), n_epochs)
    return u, v, float(first)


@jit
def _correlate(w: Array, X: Array, y: Array, q: Array) -> float:
    """q = 1/n X^T (y - X w), written to ``q``; returns ||y - X w||^2 / n in float64."""
    n, p = X.shape
    total = 0.0
    for j in range(p):
        q[j] = 0
    for i in range(n):
        s = y.dtype.type(0)
        for j in range(p):
            s += X[i, j] * w[j]
        r = y[i] - s
        total += np.float64(r) * np.float64(r)
        for j in range(p):
            q[j] += r * X[i, j]
    for j in range(p):
        q[j] /= n
    return total / n


@jit
def _weigh(u: Array, v: Array, sizes: IntArray, w: Array) -> None:
    """w_l = u_l^2 v_l."""
    j = 0
    for g in range(sizes.size):
        for _ in range(sizes[g]):
            w[j] = u[g] * u[g] * v[j]
            j += 1


@jit
def _turn(
    u: Array, v: Array, w: Array, q: Array, sizes: IntArray, scale: float, eta: float, large: bool
) -> None:
    """Step on v, then v_l / ||v_l||, in place: large, by eta, or for eta = 0 by the bound of Lemma 16. A z_l of zero leaves v_l."""
    zero = v.dtype.type(0)
    share = v.dtype.type(4 / 9)
    top = np.max(np.abs(u))
    start = 0
    for g in range(sizes.size):
        end = start + sizes[g]
        largest = zero
        for j in range(start, end):
            if large:
                w[j] += scale * q[j]
            elif eta > zero:
                w[j] = v[j] + scale * eta * u[g] * u[g] * q[j]
            else:
                w[j] = top * top * v[j] + share * (u[g] / top) * (u[g] / top) * q[j]
            largest = max(largest, abs(w[j]))
        if largest > zero:
            s = zero
            for j in range(start, end):
                w[j] /= largest
                s += w[j] * w[j]
            s = np.sqrt(s)
            for j in range(start, end):
                v[j] = w[j] / s
        start = end


@jit
def _advance(
    u: Array,
    v: Array,
    X: Array,
    y: Array,
    sizes: IntArray,
    normalise: bool,
    jacobi: bool,
    scale: float,
    gamma: float,
    eta: float,
    tolerance: float,
    switch: int,
    half: Array,
    epoch: int,
    n_epochs: int,
) -> tuple[float, int]:
    """The loop; u and v are overwritten. Returns the first loss and the switching epoch."""
    p = v.size
    one = v.dtype.type(1)
    two = v.dtype.type(2)
    w = np.empty(p, v.dtype)
    q = np.empty(p, v.dtype)
    old = np.empty(p, v.dtype)
    first = 0.0
    for t in range(epoch, epoch + n_epochs):
        _weigh(u, v, sizes, w)
        cost = np.float64(scale) * _correlate(w, X, y, q) / 2
        if t == epoch:
            first = cost
        for j in range(p):
            old[j] = v[j]
        if normalise:
            _turn(u, v, w, q, sizes, scale, eta, not 0 <= switch <= t)
            if not jacobi:
                _weigh(u, v, sizes, w)
                _correlate(w, X, y, q)
                for j in range(p):
                    old[j] = v[j]
        else:
            j = 0
            for g in range(sizes.size):
                for _ in range(sizes[g]):
                    v[j] += eta * scale * u[g] * u[g] * q[j]
                    j += 1
        quiet = True
        grown = True
        j = 0
        for g in range(sizes.size):
            along = v.dtype.type(0)
            for _ in range(sizes[g]):
                along += old[j] * q[j]
                j += 1
            new = u[g] * (one + two * scale * gamma * along)
            quiet = quiet and abs(new - u[g]) < tolerance * abs(u[g])
            if half.size:
                grown = grown and new * new >= half[g]
            u[g] = new
        if switch < 0 and (quiet and tolerance > 0 or grown and half.size > 0):
            switch = t + 1
    return first, switch


@jit
def _signed_advance(
    u: Array, v: Array, X: Array, y: Array, scale: float, step_size: float, n_epochs: int
) -> float:
    """The loop; u and v are overwritten. Returns the first loss."""
    p = v.size
    one = v.dtype.type(1)
    two = v.dtype.type(2)
    w = np.empty(p, v.dtype)
    q = np.empty(p, v.dtype)
    first = 0.0
    for t in range(n_epochs):
        for j in range(p):
            w[j] = u[j] * u[j] - v[j] * v[j]
        cost = np.float64(scale) * _correlate(w, X, y, q) / 2
        first = cost if t == 0 else first
        for j in range(p):
            u[j] *= one + two * scale * step_size * q[j]
            v[j] *= one - two * scale * step_size * q[j]
    return first
