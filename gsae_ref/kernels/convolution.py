"""Patches of images, and their adjoint, without the copies of a general transpose.

Twin of :mod:`gsae_ref.reference.convolution`: the patches are the same to the bit. A row of a
window inside the image is one run of memory where there is one group: it is copied as one.
"""

import numpy as np

from ..arrays import Array
from ._jit import jit


@jit
def write_patches(X: Array, k: int, stride: int, padding: int, P: Array) -> None:
    """Write the k x k windows of X, (n, h, w, n_groups * inputs), as rows of P.

    P has the shape (n_groups, n * rows * columns, k * k * inputs).
    """
    n, height, width, channels = X.shape
    n_groups = P.shape[0]
    inputs = channels // n_groups
    n_rows = (height + 2 * padding - k) // stride + 1
    n_columns = (width + 2 * padding - k) // stride + 1
    of = X.reshape(-1)
    to = P.reshape(-1)
    p = 0
    for g in range(n_groups):
        for s in range(n * n_rows * n_columns):
            image = s // (n_rows * n_columns) * height
            top = stride * (s // n_columns % n_rows) - padding
            left = stride * (s % n_columns) - padding
            is_run = n_groups == 1 and 0 <= left <= width - k
            for y in range(top, top + k):
                pixel = (image + y) * width + left
                if not 0 <= y < height:
                    _clear(to, p, k * inputs)
                elif is_run:
                    _copy(of, pixel * channels, to, p, k * inputs)
                else:
                    for x in range(k):
                        if 0 <= left + x < width:
                            start = (pixel + x) * channels + g * inputs
                            _copy(of, start, to, p + x * inputs, inputs)
                        else:
                            _clear(to, p + x * inputs, inputs)
                p += k * inputs


@jit
def add_patches(P: Array, k: int, stride: int, padding: int, X: Array) -> None:
    """Write to X the sum of the windows in P, each at its place: the adjoint of the patches."""
    n, height, width, channels = X.shape
    n_groups = P.shape[0]
    inputs = channels // n_groups
    n_rows = (height + 2 * padding - k) // stride + 1
    n_columns = (width + 2 * padding - k) // stride + 1
    X[:] = 0
    of = P.reshape(-1)
    to = X.reshape(-1)
    p = 0
    for g in range(n_groups):
        for s in range(n * n_rows * n_columns):
            image = s // (n_rows * n_columns) * height
            top = stride * (s // n_columns % n_rows) - padding
            left = stride * (s % n_columns) - padding
            is_run = n_groups == 1 and 0 <= left <= width - k
            for y in range(top, top + k):
                pixel = (image + y) * width + left
                if 0 <= y < height and is_run:
                    _add(of, p, to, pixel * channels, k * inputs)
                elif 0 <= y < height:
                    for x in range(max(-left, 0), min(k, width - left)):
                        start = (pixel + x) * channels + g * inputs
                        _add(of, p + x * inputs, to, start, inputs)
                p += k * inputs


# An index without a sign cannot count from the end: these loops are vectorised.


@jit
def _copy(of: Array, first: int, to: Array, start: int, size: int) -> None:
    """to[start : start + size] = of[first : first + size]."""
    a = np.uint64(first)
    b = np.uint64(start)
    for c in range(np.uint64(size)):
        to[b + c] = of[a + c]


@jit
def _add(of: Array, first: int, to: Array, start: int, size: int) -> None:
    """to[start : start + size] += of[first : first + size]."""
    a = np.uint64(first)
    b = np.uint64(start)
    for c in range(np.uint64(size)):
        to[b + c] += of[a + c]


@jit
def _clear(to: Array, start: int, size: int) -> None:
    """to[start : start + size] = 0."""
    b = np.uint64(start)
    for c in range(np.uint64(size)):
        to[b + c] = 0
