"""The update loops of the diagonally grouped linear network, compiled.

Twins of ``advance``, ``advance_and_record`` and ``signed_advance`` in
:mod:`gsae_ref.reference.dglnn`. One pass over the rows of X gives residual and correlation
together: r_i = y_i - <x_i, w>, then q += r_i x_i. So Algorithms 1 and 2 read X twice an epoch,
gradient descent once. One thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import Array, IntArray
from ._jit import contiguous, jit


def advance(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, rule: Any, epoch: int, n_epochs: int
) -> tuple[Array, Array, float, Any]:
    """Run ``n_epochs`` epochs of an algorithm, the first of them number ``epoch``.

    Returned are u, v, the loss before the first of these epochs, and the rule with its
    ``switch_epoch``, once that is known. Arrays are of one dtype, float32 or float64; ``rule`` is
    the ``Rule`` of the reference.
    """
    us, vs, costs, rule = advance_and_record(u, v, X, y, sizes, rule, epoch, [n_epochs])
    return us[0], vs[0], float(costs[0]), rule


def advance_and_record(
    u: Array,
    v: Array,
    X: Array,
    y: Array,
    sizes: IntArray,
    rule: Any,
    epoch: int,
    lengths: Sequence[int],
) -> tuple[Array, Array, Array, Any]:
    """Run as many epochs as each of the lengths says, one after the other.

    Returned are the u (n_records, n_groups) and the v (n_records, n_atoms) after each of them, the
    loss before each, and the rule.
    """
    switch_epoch = _NEVER if rule.switch_epoch is None else rule.switch_epoch
    half = np.empty(0) if rule.half is None else rule.half
    us = np.empty((len(lengths), u.size), u.dtype)
    vs = np.empty((len(lengths), v.size), v.dtype)
    costs = np.empty(len(lengths))
    switch_epoch = _record(
        np.array(u),
        np.array(v),
        contiguous(X),
        contiguous(y),
        contiguous(np.asarray(sizes, np.int64)),
        rule.normalise,
        rule.jacobi,
        *_numbers(rule, u.dtype.type),
        switch_epoch,
        contiguous(np.asarray(half, u.dtype)),
        epoch,
        contiguous(np.asarray(lengths, np.int64)),
        us,
        vs,
        costs,
    )
    if switch_epoch != _NEVER:
        rule = rule._replace(switch_epoch=int(switch_epoch))
    return us, vs, costs, rule


def signed_advance(
    u: Array, v: Array, X: Array, y: Array, scale: int, step_size: float, n_epochs: int
) -> tuple[Array, Array, float]:
    """Run ``n_epochs`` steps of gradient descent on w = u^2 - v^2.

    Returned are u, v and the loss before the first step.
    """
    u = np.array(u)
    v = np.array(v)
    real = u.dtype.type
    first = _signed_advance(
        u, v, contiguous(X), contiguous(y), real(scale), real(step_size), n_epochs
    )
    return u, v, float(first)


_NEVER = -1  # the switch_epoch of a rule without one


def _numbers(rule: Any, real: Any) -> tuple[Any, Any, Any, Any]:
    """Scale, gamma, eta and tolerance as numbers of one dtype.

    An eta of 0 stands for the bound of Lemma 16, a tolerance of 0 for no such rule.
    """
    eta = rule.eta
    if eta is None:
        eta = 0.0 if rule.normalise else rule.gamma
    tolerance = 0.0 if rule.tolerance is None else rule.tolerance
    return real(rule.scale), real(rule.gamma), real(eta), real(tolerance)


@jit
def _correlate(w: Array, X: Array, y: Array, q: Array) -> float:
    """Write q = 1/n X^T (y - X w); return ||y - X w||^2 / n, summed in float64."""
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
    """Write w_l = u_l^2 v_l."""
    j = 0
    for g in range(sizes.size):
        for _ in range(sizes[g]):
            w[j] = u[g] * u[g] * v[j]
            j += 1


@jit
def _turn(
    u: Array, v: Array, w: Array, q: Array, sizes: IntArray, scale: float, eta: float, large: bool
) -> None:
    """Step on v and divide v_l by its norm, in place; w = (D u)^2 o v is overwritten by z.

    The step is large, or eta, or for eta = 0 the bound of Lemma 16. A z_l of zero leaves v_l.
    """
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
def _descend(u: Array, v: Array, q: Array, sizes: IntArray, step: float) -> None:
    """v_l + step u_l^2 q_l, in place: the step of gradient descent on v, for step = eta scale."""
    j = 0
    for g in range(sizes.size):
        for _ in range(sizes[g]):
            v[j] += step * u[g] * u[g] * q[j]
            j += 1


@jit
def _grow(
    u: Array, v: Array, q: Array, sizes: IntArray, step: float, tolerance: float, half: Array
) -> bool:
    """u_l (1 + step v_l^T q_l), in place: the step on u, for step = 2 scale gamma.

    Returns whether the switch is due: every u_l changed by less than a share ``tolerance`` > 0,
    or u_l^2 >= half_l in every group and ``half`` is not empty.
    """
    one = v.dtype.type(1)
    quiet = tolerance > 0
    grown = half.size > 0
    j = 0
    for g in range(sizes.size):
        along = v.dtype.type(0)
        for _ in range(sizes[g]):
            along += v[j] * q[j]
            j += 1
        new = u[g] * (one + step * along)
        quiet = quiet and abs(new - u[g]) < tolerance * abs(u[g])
        if half.size:
            grown = grown and new * new >= half[g]
        u[g] = new
    return quiet or grown


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
    switch_epoch: int,
    half: Array,
    epoch: int,
    n_epochs: int,
) -> tuple[float, int]:
    """The loop; u and v are overwritten. Returns the first loss and the switching epoch."""
    step = v.dtype.type(2) * scale * gamma
    w = np.empty_like(v)
    q = np.empty_like(v)
    old = np.empty_like(v)
    first = 0.0
    for t in range(epoch, epoch + n_epochs):
        _weigh(u, v, sizes, w)
        cost = np.float64(scale) * _correlate(w, X, y, q) / 2
        if t == epoch:
            first = cost
        old[:] = v
        if normalise:
            _turn(u, v, w, q, sizes, scale, eta, not 0 <= switch_epoch <= t)
        else:
            _descend(u, v, q, sizes, eta * scale)
        if normalise and not jacobi:
            _weigh(u, v, sizes, w)
            _correlate(w, X, y, q)
            old[:] = v
        due = _grow(u, old, q, sizes, step, tolerance, half)
        if due and switch_epoch < 0:
            switch_epoch = t + 1
    return first, switch_epoch


@jit
def _record(
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
    switch_epoch: int,
    half: Array,
    epoch: int,
    lengths: IntArray,
    us: Array,
    vs: Array,
    costs: Array,
) -> int:
    """Write the states after each of the lengths, and the losses before; the switching epoch."""
    rule = scale, gamma, eta, tolerance
    for k in range(lengths.size):
        costs[k], switch_epoch = _advance(
            u, v, X, y, sizes, normalise, jacobi, *rule, switch_epoch, half, epoch, lengths[k]
        )
        epoch += lengths[k]
        us[k] = u
        vs[k] = v
    return switch_epoch


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
