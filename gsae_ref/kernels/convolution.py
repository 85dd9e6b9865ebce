"""Patches of images, and their adjoint, without the copies of a general transpose.

Twin of :mod:`gsae_ref.reference.convolution`: the patches are the same to the bit.
"""

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
    for g in range(n_groups):
        for s in range(n * n_rows * n_columns):
            image = X[s // (n_rows * n_columns)]
            top = stride * (s // n_columns % n_rows) - padding
            left = stride * (s % n_columns) - padding
            row = P[g, s]
            p = 0
            for y in range(top, top + k):
                for x in range(left, left + k):
                    if 0 <= y < height and 0 <= x < width:
                        for c in range(inputs):
                            row[p + c] = image[y, x, g * inputs + c]
                    else:
                        for c in range(inputs):
                            row[p + c] = 0
                    p += inputs


@jit
def add_patches(P: Array, k: int, stride: int, padding: int, X: Array) -> None:
    """Write to X the sum of the windows in P, each at its place: the adjoint of the patches."""
    n, height, width, channels = X.shape
    n_groups = P.shape[0]
    inputs = channels // n_groups
    n_rows = (height + 2 * padding - k) // stride + 1
    n_columns = (width + 2 * padding - k) // stride + 1
    X[:] = 0
    for g in range(n_groups):
        for s in range(n * n_rows * n_columns):
            image = X[s // (n_rows * n_columns)]
            top = stride * (s // n_columns % n_rows) - padding
            left = stride * (s % n_columns) - padding
            row = P[g, s]
            p = 0
            for y in range(top, top + k):
                for x in range(left, left + k):
                    if 0 <= y < height and 0 <= x < width:
                        for c in range(inputs):
                            image[y, x, g * inputs + c] += row[p + c]
                    p += inputs
