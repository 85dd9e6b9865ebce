"""Strided convolution, transposed convolution and the gradient in the kernel.

The three are the partial derivatives of one trilinear form. Images are (n_samples, height, width,
channels); their channels form groups as atoms do, contiguous equal blocks of the last axis. A
kernel is (n_groups, k, k, inputs, outputs), with the channels of one group. For a kernel K, images
X and images U (stride s, p zeros around X) let

    T(K, X, U) = sum K[g, i, j, c, o] X[n, s a + i - p, s b + j - p, g c] U[n, a, b, g o]

over n, a, b, g, i, j, c, o. T is linear in each argument, and

    convolve(K, X)         = dT/dU    the convolution, a matrix C_K applied to X
    transpose(K, U)        = dT/dX    the transposed convolution, C_K^T applied to U
    kernel_gradient(X, U)  = dT/dK    the gradient in K of <convolve(K, X), U>.

So <convolve(K, X), U> = <X, transpose(K, U)> = <K, kernel_gradient(X, U)>. The three are closed
under differentiation: a convolutional network, forward and backward, needs nothing else. Each is a
matrix product on patches (im2col): row (n, a, b) of the patch matrix is the k x k window of output
pixel (a, b).
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array


def patches(
    X: Array, k: int, stride: int, padding: int, n_groups: int
) -> tuple[Array, tuple[int, int, int]]:
    """Windows of k x k pixels as rows, (n_groups, n_samples * rows * columns, k * k * inputs).

    The shape (n_samples, rows, columns) is returned too.

    >>> X = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> patches(X, k=1, stride=1, padding=0, n_groups=1)[0].ravel()
    array([0., 1., 2., 3.])
    """
    if padding:
        X = np.pad(X, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(X, (k, k), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]  # (n, a, b, channel, i, j)
    n, rows, columns, _ = windows.shape[:4]
    if n_groups > 1:
        grouped = windows.reshape(n, rows, columns, n_groups, -1, k, k)
    else:
        grouped = windows[:, :, :, None]
    P = grouped.transpose(3, 0, 1, 2, 5, 6, 4).reshape(n_groups, n * rows * columns, -1)
    return P, (n, rows, columns)


def convolve(K: Array, X: Array, stride: int = 1, padding: int = 0) -> Array:
    """Convolution of images with a kernel that is not flipped, dT/dU.

    Shapes (n, h, w, inputs) -> (n, a, b, outputs) with a = (h + 2 padding - k) / stride + 1, which
    must be a whole number; likewise columns. A kernel of ones sums over 2 x 2 windows:

    >>> X = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> convolve(np.ones((1, 2, 2, 1, 1)), X)[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    P, shape = patches(X, K.shape[1], stride, padding, len(K))
    return _images(P @ _matrices(K), shape)


def transpose(K: Array, U: Array, stride: int = 1, padding: int = 0) -> Array:
    """Transposed convolution, dT/dX: the adjoint of :func:`convolve` with the same kernel.

    Every pixel of U adds its multiple of the kernel to a window of the result, whose borders are
    cut off. Shapes (n, a, b, outputs) -> (n, h, w, inputs), h = stride (a - 1) + k - 2 padding.

    >>> U = np.array([[1.0, 10.0]])[None, :, :, None]
    >>> transpose(np.ones((1, 2, 2, 1, 1)), U)[0, :, :, 0]
    array([[ 1., 11., 10.],
           [ 1., 11., 10.]])
    """
    n_groups, k, _, inputs, _ = K.shape
    n, rows, columns, _ = U.shape
    P = _rows(U, n_groups) @ _matrices(K).swapaxes(1, 2)
    P = P.reshape(n_groups, n, rows, columns, k, k, inputs)
    P = np.moveaxis(P, 0, 5)  # (n, a, b, i, j, group, channel)
    height = stride * (rows - 1) + k
    width = stride * (columns - 1) + k
    X = np.zeros((n, height, width, n_groups, inputs), P.dtype)
    for i in range(k):
        for j in range(k):
            pixels = X[:, i : i + stride * rows : stride, j : j + stride * columns : stride]
            pixels += P[:, :, :, i, j]
    X = X.reshape(n, height, width, -1)
    return X[:, padding : X.shape[1] - padding, padding : X.shape[2] - padding]


def kernel_gradient(
    X: Array, U: Array, k: int, stride: int = 1, padding: int = 0, n_groups: int = 1
) -> Array:
    """Gradient in the kernel of <convolve(K, X), U>, dT/dK, (n_groups, k, k, inputs, outputs).

    It is the correlation of the windows of X with U. Here there is one window, times 10:

    >>> X = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> kernel_gradient(X, np.array([[[[10.0]]]]), k=2)[0, :, :, 0, 0]
    array([[ 0., 10.],
           [20., 30.]])
    """
    P, _ = patches(X, k, stride, padding, n_groups)
    K = P.swapaxes(1, 2) @ _rows(U, n_groups)
    inputs = X.shape[-1] // n_groups
    outputs = U.shape[-1] // n_groups
    return K.reshape(n_groups, k, k, inputs, outputs)


def _matrices(K: Array) -> Array:
    """A kernel as one matrix per group, (n_groups, k * k * inputs, outputs)."""
    return K.reshape(len(K), -1, K.shape[-1])


def _rows(U: Array, n_groups: int) -> Array:
    """Pixels as rows, group by group: (n_groups, n_samples * rows * columns, channels)."""
    return np.moveaxis(U.reshape(-1, n_groups, U.shape[-1] // n_groups), 1, 0)


def _images(rows: Array, shape: tuple[int, ...]) -> Array:
    """The inverse of :func:`_rows`."""
    return np.moveaxis(rows, 0, 1).reshape(*shape, -1)
