"""Strided convolution, transposed convolution and the gradient in the kernel: the three faces of one trilinear form.

Images are (n_samples, height, width, channels); channels split into groups as atoms do, contiguous
equal blocks of the last axis. A kernel is (n_groups, k, k, inputs, outputs), channels counted
within a group. For kernel K, images X and images U (stride s, p zeros around X) let

    T(K, X, U) = sum over n, a, b, g, i, j, c, o of  K[g, i, j, c, o]  X[n, s a + i - p, s b + j -
    p, g c]  U[n, a, b, g o].

T is linear in each of the three, so each partial derivative is a product of the other two, and

    convolve(K, X)         = dT/dU      the convolution, linear in X: a matrix C_K applied to X
    transpose(K, U)        = dT/dX      the transposed convolution, C_K^T applied to U
    kernel_gradient(X, U)  = dT/dK      the adjoint in the kernel,   <convolve(K, X), U> = <X, transpose(K, U)> = <K, kernel_gradient(X, U)>.

Whatever a convolutional network needs, forward and backward, is one of the three: they are closed
under differentiation. Each is a matrix product on patches (im2col): row (n, a, b) of the patch
matrix holds the k x k window that output pixel (a, b) sees.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array


def patches(
    X: Array, k: int, stride: int, padding: int, n_groups: int
) -> tuple[Array, tuple[int, int, int]]:
    """Windows of k x k pixels as rows, (n_groups, n_samples * rows * columns, k * k * inputs), and the shape (n_samples, rows, columns).

    >>> patches(np.arange(4.0).reshape(1, 2, 2, 1), k=1, stride=1, padding=0, n_groups=1)[0].ravel()
    array([0., 1., 2., 3.])
    """
    if padding:
        X = np.pad(X, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(X, (k, k), axis=(1, 2))[
        :, ::stride, ::stride
    ]  # (n, a, b, channel, i, j)
    n, rows, columns, n_channels = windows.shape[:4]
    grouped = (
        windows.reshape(n, rows, columns, n_groups, -1, k, k)
        if n_groups > 1
        else windows[:, :, :, None]
    )
    return grouped.transpose(3, 0, 1, 2, 5, 6, 4).reshape(n_groups, n * rows * columns, -1), (
        n,
        rows,
        columns,
    )


def convolve(K: Array, X: Array, stride: int = 1, padding: int = 0) -> Array:
    """Convolution of images with a kernel (in the field's sense: no flip), dT/dU. Shapes (n, h, w, inputs) -> (n, a, b, outputs).

    Rows: a = (h + 2 padding - k) / stride + 1, a whole number; likewise columns.

    >>> convolve(np.ones((1, 2, 2, 1, 1)), np.arange(9.0).reshape(1, 3, 3, 1))[0, :, :, 0]  # sums over 2 x 2 windows
    array([[ 8., 12.],
           [20., 24.]])
    """
    P, shape = patches(X, K.shape[1], stride, padding, len(K))
    return _images(P @ _matrices(K), shape)


def transpose(K: Array, U: Array, stride: int = 1, padding: int = 0) -> Array:
    """Transposed convolution, dT/dX: every pixel of U pastes its multiple of the kernel; pastes add up where they overlap, borders are cut.

    Shapes (n, a, b, outputs) -> (n, h, w, inputs), h = stride (a - 1) + k - 2 padding: the adjoint
    of :func:`convolve` with the same kernel.

    >>> transpose(np.ones((1, 2, 2, 1, 1)), np.array([[1.0, 10.0]])[None, :, :, None])[0, :, :, 0]
    array([[ 1., 11., 10.],
           [ 1., 11., 10.]])
    """
    n_groups, k, _, inputs, _ = K.shape
    n, rows, columns, _ = U.shape
    P = _rows(U, n_groups) @ _matrices(K).swapaxes(1, 2)
    P = np.moveaxis(
        P.reshape(n_groups, n, rows, columns, k, k, inputs), 0, 5
    )  # (n, a, b, i, j, group, channel)
    X = np.zeros(
        (n, stride * (rows - 1) + k, stride * (columns - 1) + k, n_groups, inputs), P.dtype
    )
    for i in range(k):
        for j in range(k):
            X[:, i : i + stride * rows : stride, j : j + stride * columns : stride] += P[
                :, :, :, i, j
            ]
    X = X.reshape(*X.shape[:3], -1)
    return X[:, padding : X.shape[1] - padding, padding : X.shape[2] - padding]


def kernel_gradient(
    X: Array, U: Array, k: int, stride: int = 1, padding: int = 0, n_groups: int = 1
) -> Array:
    """Gradient in the kernel of <convolve(K, X), U>, dT/dK: correlates the windows of X with U. Shape (n_groups, k, k, inputs, outputs).

    >>> kernel_gradient(np.arange(4.0).reshape(1, 2, 2, 1), np.array([[[[10.0]]]]), k=2)[0, :, :, 0, 0]  # one window, times 10
    array([[ 0., 10.],
           [20., 30.]])
    """
    P, _ = patches(X, k, stride, padding, n_groups)
    return (P.swapaxes(1, 2) @ _rows(U, n_groups)).reshape(
        n_groups, k, k, X.shape[-1] // n_groups, U.shape[-1] // n_groups
    )


def _matrices(K: Array) -> Array:
    """One matrix for each group, (n_groups, k * k * inputs, outputs)."""
    return K.reshape(len(K), -1, K.shape[-1])


def _rows(U: Array, n_groups: int) -> Array:
    """Pixels as rows, group by group: (n_groups, n_samples * rows * columns, channels)."""
    return np.moveaxis(U.reshape(-1, n_groups, U.shape[-1] // n_groups), 1, 0)


def _images(rows: Array, shape: tuple[int, ...]) -> Array:
    """The inverse of :func:`_rows`."""
    return np.moveaxis(rows, 0, 1).reshape(*shape, -1)
