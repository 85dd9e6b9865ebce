"""Patches of images, and their adjoint, without the copies of a general transpose.

Twin of :mod:`gsae_ref.reference.convolution`: the patches are the same to the bit. A row of a
window inside the image is one run of memory where there is one group: it is copied as one.
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
    lines = X.reshape(n, height, width * channels)
    for g in range(n_groups):
        for s in range(n * n_rows * n_columns):
            image = lines[s // (n_rows * n_columns)]
            top = stride * (s // n_columns % n_rows) - padding
            left = stride * (s % n_columns) - padding
            window = P[g, s].reshape(k, k * inputs)
            for y in range(k):
                row = window[y]
                if not 0 <= top + y < height:
                    row[:] = 0
                elif n_groups == 1 and 0 <= left <= width - k:
                    pixels = image[top + y, left * inputs : (left + k) * inputs]
                    for c in range(k * inputs):
                        row[c] = pixels[c]
                else:
                    for x in range(k):
                        to = row[x * inputs : (x + 1) * inputs]
                        if 0 <= left + x < width:
                            start = (left + x) * channels + g * inputs
                            pixel = image[top + y, start : start + inputs]
                            for c in range(inputs):
                                to[c] = pixel[c]
                        else:
                            to[:] = 0


@jit
def add_patches(P: Array, k: int, stride: int, padding: int, X: Array) -> None:
    """Write to X the sum of the windows in P, each at its place: the adjoint of the patches."""
    n, height, width, channels = X.shape
    n_groups = P.shape[0]
    inputs = channels // n_groups
    n_rows = (height + 2 * padding - k) // stride + 1
    n_columns = (width + 2 * padding - k) // stride + 1
    X[:] = 0
    lines = X.reshape(n, height, width * channels)
    for g in range(n_groups):
        for s in range(n * n_rows * n_columns):
            image = lines[s // (n_rows * n_columns)]
            top = stride * (s // n_columns % n_rows) - padding
            left = stride * (s % n_columns) - padding
            window = P[g, s].reshape(k, k * inputs)
            for y in range(max(-top, 0), min(k, height - top)):
                row = window[y]
                if n_groups == 1 and 0 <= left <= width - k:
                    pixels = image[top + y, left * inputs : (left + k) * inputs]
                    for c in range(k * inputs):
                        pixels[c] += row[c]
                else:
                    for x in range(max(-left, 0), min(k, width - left)):
                        start = (left + x) * channels + g * inputs
                        pixel = image[top + y, start : start + inputs]
                        of = row[x * inputs : (x + 1) * inputs]
                        for c in range(inputs):
                            pixel[c] += of[c]
