"""Group soft threshold and its Jacobian, compiled for each group size.

Twin of :mod:`gsae_ref.reference.activations`: one pass over memory where the reference makes about
ten. Conventions at the kinks are those of the reference: strict threshold, the zero Jacobian at
||z_g|| = lam and at z_g = 0, the identity for lam = 0. Norms may be summed in another order, so a
group whose norm is within rounding of ``lam`` without being equal to it in exact arithmetic may
fall on the other side. Squares are summed as they are: the door sends extreme norms and thresholds
to the reference (:func:`gsae_ref.ops.scaling.squares_are_safe`).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..arrays import Array, Real
from ._jit import contiguous, jit, map_in_threads, threshold_for

UNROLLED = 4  # up to here each group size is compiled as a constant; larger ones share one code
PIECE = 2**18  # entries that one thread takes at a time
DERIVATIVES = {"exact": 0, "appendix_b": 1, "approximate": 2}  # J, diag(J), tau I


def group_soft_threshold(
    Z: Array, lam: float, group_size: int, n_threads: int | None = 1, out: Array | None = None
) -> Array:
    """Shrink every group towards zero by ``lam`` in norm, or to zero. [T21] Eq. (7).

    Shape (..., n_atoms) in and out; any strides, but ``out`` in C order.
    Branch-free: tau = 1 - lam / max(||z_g||, lam), which is exactly 0 for inactive groups.
    """
    out = np.empty(Z.shape, Z.dtype) if out is None else out
    if lam == 0:
        out[...] = Z
        return out
    kernel = _threshold(_constant(group_size))
    lam = threshold_for(lam, Z.dtype)
    Z = contiguous(Z).reshape(-1)
    X = out.reshape(-1)
    map_in_threads(
        lambda part: kernel(Z[part], lam, group_size, X[part]),
        _pieces(Z.size, group_size),
        n_threads,
    )
    return out


def group_soft_threshold_vjp(
    Z: Array, V: Array, lam: float, group_size: int, n_threads: int | None = 1
) -> Array:
    """Jacobian of the group soft threshold at Z times V: J v = tau v + (1 - tau) u (u^T v).

    u = z / ||z||, 0 where inactive. Z, V and the result share one shape (..., n_atoms) and one
    dtype; any strides.
    """
    return apply_derivative(Z, V, lam, group_size, "exact", n_threads)


def apply_derivative(
    Z: Array,
    V: Array,
    lam: float,
    group_size: int,
    gradient: str,
    n_threads: int | None = 1,
    out: Array | None = None,
) -> Array:
    """Apply the derivative of the threshold that a gradient uses, exact or not, at Z to V.

    "exact": J v. "appendix_b": diag(J) v, with diag(J) = tau + (1 - tau) u_j^2. "approximate":
    tau v. ``out`` may be V itself.
    """
    out = np.empty(Z.shape, Z.dtype) if out is None else out
    if lam == 0:
        out[...] = V
        return out
    kernel = _derivative(_constant(group_size), DERIVATIVES[gradient])
    lam = threshold_for(lam, Z.dtype)
    Z = contiguous(Z).reshape(-1)
    V = contiguous(V).reshape(-1)
    result = out.reshape(-1)
    map_in_threads(
        lambda part: kernel(Z[part], V[part], lam, group_size, result[part]),
        _pieces(Z.size, group_size),
        n_threads,
    )
    return out


def _constant(group_size: int) -> int:
    """The group size if the code is to be compiled for it, else 0."""
    return group_size if group_size <= UNROLLED else 0


def _pieces(size: int, group_size: int) -> list[slice]:
    """Slices of whole groups, about PIECE entries each."""
    step = max(PIECE // group_size, 1) * group_size
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


@jit
def _norm(Z: Array, start: int, size: int) -> Real:
    """Norm of the group that begins at ``start``; of one atom, its magnitude without a root."""
    if size == 1:
        return abs(Z[start])
    s = Z.dtype.type(0)
    for j in range(start, start + size):
        s += Z[j] * Z[j]
    return np.sqrt(s)


@cache
def _threshold(constant: int) -> Callable[..., Any]:
    """Kernel for groups of ``constant`` atoms; for any size, given at run time, if it is 0."""

    @jit
    def threshold(Z: Array, lam: float, group_size: int, X: Array) -> None:
        size = constant if constant else group_size
        one = Z.dtype.type(1)
        for g in range(Z.size // size):
            r = _norm(Z, g * size, size)
            tau = one - lam / (r if r > lam else lam)
            for j in range(size):
                X[g * size + j] = tau * Z[g * size + j]

    return threshold


@cache
def _derivative(constant: int, kind: int) -> Callable[..., Any]:
    """Kernel for one of DERIVATIVES; ``constant`` as for :func:`_threshold`."""

    @jit
    def derivative(Z: Array, V: Array, lam: float, group_size: int, out: Array) -> None:
        size = constant if constant else group_size
        zero = Z.dtype.type(0)
        one = Z.dtype.type(1)
        for g in range(Z.size // size):
            r = _norm(Z, g * size, size)
            tau = one - lam / (r if r > lam else lam)
            inverse = one / r if r > lam else zero  # u = inverse * z
            if kind == 0:
                along = zero
                for j in range(size):
                    along += inverse * Z[g * size + j] * V[g * size + j]
                along *= (one - tau) * inverse
                for j in range(size):
                    out[g * size + j] = tau * V[g * size + j] + along * Z[g * size + j]
            elif kind == 1:
                for j in range(size):
                    u = inverse * Z[g * size + j]
                    out[g * size + j] = (tau + (one - tau) * u * u) * V[g * size + j]
            else:
                for j in range(size):
                    out[g * size + j] = tau * V[g * size + j]

    return derivative
