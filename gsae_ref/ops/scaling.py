"""Powers of two that keep the squares in a loss, a gradient or a norm from overflow and underflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import Array

EXTENT = {
    4: 30,
    8: 240,
}  # by bytes of a number: magnitudes from 2^-this to 2^this are left as they are
LARGEST = {4: 100, 8: 1000}  # and this is the largest power that is multiplied by


def plain_squares(norm: float, lam: float, dtype: np.dtype[Any]) -> bool:
    """Whether a threshold may sum plain squares: no norm is above ``norm``, and lam is 0 or so large that only norms below it underflow."""
    bound = 2.0 ** EXTENT[dtype.itemsize]
    return norm <= bound and (lam == 0 or lam >= 1 / bound)


def moderate(norm: float, dtype: np.dtype[Any]) -> bool:
    """Whether a norm is far from both ends of the range."""
    bound = 2.0 ** EXTENT[dtype.itemsize]
    return 1 / bound <= norm <= bound


def plain_products(A: Array, Y: Array, lam: float, norm_of_Y: float | None = None) -> bool:
    """Whether the kernels, which sum plain squares, may take these: neither A nor Y is extreme, and so is no norm of Y A they compare."""
    norms = norm(A), norm(Y) if norm_of_Y is None else norm_of_Y
    return all(moderate(value, A.dtype) for value in norms) and plain_squares(
        norms[0] * norms[1], lam, A.dtype
    )


def norm(x: Array) -> float:
    """The Euclidean norm, to rounding, in one pass over memory; 0 or infinite where squares are."""
    flat = x.ravel(order="K")
    with np.errstate(over="ignore", under="ignore"):
        return float(np.sqrt(np.dot(flat, flat)))


def peak(x: Array) -> float:
    """The largest magnitude of an entry, as a float."""
    return float(max(x.max(), -x.min()))


def rescaled(
    Y: Array, *thresholds: float, bias: Any = None
) -> tuple[Array, tuple[float, ...], float]:
    """Samples and thresholds, all times a power of two if the largest entry of Y is extreme, and that power.

    With a bias, which may be the larger, it counts too; it is for the caller to scale.

    The networks of T21 are homogeneous: with c Y and c lam the codes are c X, the loss c^2 L, and
    its gradient in A is c^2 G. The power rounds nothing, and :func:`unscaled` takes it back.

    >>> rescaled(np.array([[2.0**-600]]), 1.0)[0]
    array([[0.5]])
    """
    extent = EXTENT[Y.dtype.itemsize]
    largest = LARGEST[Y.dtype.itemsize]
    if bias is None and moderate(norm(Y), Y.dtype):
        return Y, thresholds, 1.0
    top = peak(Y) if bias is None else max(peak(Y), peak(bias))
    if top == 0 or 2.0**-extent <= top <= 2.0**extent:
        return Y, thresholds, 1.0
    factor = 2.0 ** int(np.clip(-np.frexp(top)[1], -largest, largest))
    most = float(np.finfo(np.float64).max)
    return (
        Y * Y.dtype.type(factor),
        tuple(min(value * factor, most) for value in thresholds),
        factor,
    )


def unscaled(cost: float, grad: Array, factor: float) -> tuple[float, Array]:
    """Loss and gradient of the samples as they were."""
    return (
        (cost, grad)
        if factor == 1
        else (cost / factor / factor, grad / grad.dtype.type(factor) / grad.dtype.type(factor))
    )
