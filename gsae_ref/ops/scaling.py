"""Both ends of the floating range: powers of two keep squares from overflow and underflow.

The reference and the kernels sum squares; this module makes that safe. A power of two rounds
nothing: a result is the same whether or not its arguments were scaled.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import checks, groups
from ..arrays import Array

# By bytes of a number: magnitudes from 2^-EXTENT to 2^EXTENT are left as they are, and 2^LARGEST is
# the largest factor.
EXTENT = {4: 30, 8: 240}
LARGEST = {4: 100, 8: 1000}


def clip_threshold(lam: float, dtype: np.dtype[Any]) -> float:
    """The threshold, or the largest number of ``dtype`` if it is beyond: no norm exceeds either."""
    return min(lam, float(np.finfo(dtype).max))


def is_moderate(norm: float, dtype: np.dtype[Any]) -> bool:
    """Whether a norm is far from both ends of the range."""
    bound = 2.0 ** EXTENT[dtype.itemsize]
    return 1 / bound <= norm <= bound


def squares_are_safe(norm: float, lam: float, dtype: np.dtype[Any]) -> bool:
    """Whether a threshold at lam may sum plain squares of entries whose norm is ``norm``.

    A square may vanish only where the norm of its group is far below lam.
    """
    bound = 2.0 ** EXTENT[dtype.itemsize]
    return norm <= bound and (lam == 0 or lam >= 1 / bound)


def products_are_safe(norms: tuple[float, float], lam: float, dtype: np.dtype[Any]) -> bool:
    """Whether a network may sum plain squares of A, Y and Y A, which it thresholds at lam.

    ``norms`` are those of A and of Y.
    """
    norm_of_A, norm_of_Y = norms
    return (
        is_moderate(norm_of_A, dtype)
        and is_moderate(norm_of_Y, dtype)
        and squares_are_safe(norm_of_A * norm_of_Y, lam, dtype)
    )


def norm(x: Array) -> float:
    """The Euclidean norm, to rounding, in one pass over memory; 0 or infinite where squares are."""
    return float(np.sqrt(checks.sum_of_squares(x)))


def scale_groups(Z: Array, lam: float, group_size: int) -> tuple[Array, Array]:
    """Multiply every group by a power of two that brings its largest entry near 1, and lam with it.

    Returns arrays (..., n_atoms) and (..., n_groups). The factor 1 - lam / ||z_g|| and the
    direction z_g / ||z_g|| do not change.

    >>> scale_groups(np.array([3e-200, 4e-200]), 1e-200, 2)[0].round(1)
    array([0.6, 0.8])
    """
    G = groups.split(Z, group_size)
    exponent = np.frexp(np.abs(G).max(axis=-1))[1]
    scaled = groups.merge(np.ldexp(G, -exponent[..., None]))
    return scaled, np.ldexp(Z.dtype.type(lam), -exponent)


def rescale(
    Y: Array, *thresholds: float, norm_of_Y: float | None = None, bias: Any = None
) -> tuple[Array, tuple[float, ...], float]:
    """Samples and thresholds, times a power of two if the largest entry is extreme; and the power.

    The largest entry is that of Y, or of ``bias`` where that is larger; the caller scales the bias.
    ``norm_of_Y`` is computed unless it is given.
    The networks of T21 are homogeneous: with c Y and c lam the codes are c X, the loss c^2 L, and
    its gradient in A is c^2 G; :func:`undo_scale` divides by c^2.

    >>> rescale(np.array([[2.0**-600]]), 1.0)[0]
    array([[0.5]])
    """
    extent = EXTENT[Y.dtype.itemsize]
    largest = LARGEST[Y.dtype.itemsize]
    top = 0.0 if bias is None else _largest_magnitude(bias)
    is_safe = is_moderate(norm(Y) if norm_of_Y is None else norm_of_Y, Y.dtype)
    if is_safe and top <= 2.0**extent:
        return Y, thresholds, 1.0
    top = max(top, _largest_magnitude(Y))
    if top == 0 or 2.0**-extent <= top <= 2.0**extent:
        return Y, thresholds, 1.0
    factor = 2.0 ** int(np.clip(-np.frexp(top)[1], -largest, largest))
    scaled = tuple(clip_threshold(value * factor, Y.dtype) for value in thresholds)
    return Y * Y.dtype.type(factor), scaled, factor


def _largest_magnitude(x: Array) -> float:
    return float(max(x.max(), -x.min()))


def undo_scale(cost: float, grad: Array, factor: float) -> tuple[float, Array]:
    """Loss and gradient of the samples as they were."""
    if factor == 1:
        return cost, grad
    c = grad.dtype.type(factor)
    return cost / factor / factor, grad / c / c
