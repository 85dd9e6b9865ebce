"""Gradient flow of the diagonally grouped linear network, and its invariants."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, IntArray
from .dglnn import expand, gather, loss_and_grad


def flow(
    u: Array, v: Array, X: Array, y: Array, sizes: IntArray, scale: int = 1
) -> tuple[Array, Array]:
    """Velocities du/dt = -dL/du and dv/dt = -dL/dv. [L23] Eq. (3).

    With q and c as in :mod:`gsae_ref.reference.dglnn`,

        u_l' = 2 c u_l v_l^T q_l,    v_l' = c u_l^2 q_l.

    >>> flow(np.array([2.0]), np.array([1.0]), np.eye(1), np.array([1.0]), np.array([1]))
    (array([-12.]), array([-12.]))
    """
    _, du, dv = loss_and_grad(u, v, X, y, sizes, scale)
    return -du, -dv


def balance(u: Array, v: Array, sizes: IntArray) -> Array:
    """The invariants 1/2 u_l^2 - ||v_l||^2 of the flow, one per group. [L23] Lemma 2.

    Along the flow u_l u_l' = 2 c u_l^2 v_l^T q_l = 2 v_l^T v_l', so the derivative is zero. A
    discrete step preserves it to first order. Leading axes of u and v remain.

    >>> balance(np.array([2.0]), np.array([0.6, 0.8]), np.array([2]))
    array([1.])
    """
    return u * u / 2 - gather(v * v, sizes)


def balanced_start(X: Array, y: Array, sizes: IntArray, alpha: float) -> tuple[Array, Array]:
    """The start of [L23] Theorem 2, u and v with balance zero.

    Here u_l = alpha, and v_l points along 1/n X_l^T y with ||v_l||^2 = alpha^2 / 2. Where X_l^T y
    is zero there is no such direction, and v_l = 0.

    >>> balanced_start(np.eye(2), np.array([3.0, 4.0]), np.array([2]), 2.0)
    (array([2.]), array([0.84852814, 1.13137085]))
    """
    a = X.T @ y / len(y)
    norms = expand(np.sqrt(gather(a * a, sizes)), sizes)
    v = np.where(norms > 0, a * (alpha / 2**0.5) / np.where(norms > 0, norms, 1), 0)
    return np.full(len(sizes), alpha, X.dtype), v.astype(X.dtype, copy=False)
