"""The group-sparse autoencoder: encoder, decoder, loss and the exact gradient of the loss."""

from __future__ import annotations

import numpy as np  # noqa: F401  # for the examples

from ..arrays import Array
from .activations import group_soft_threshold, group_soft_threshold_vjp
from .losses import half_mean_square


def encode(A: Array, Y: Array, lam: float, group_size: int) -> Array:
    """Codes of the samples, X = sigma(Y A), rows x_i = sigma(A^T y_i). [T21] Eq. (11).

    >>> encode(np.eye(2), np.array([3.0, 4.0]), 1.0, 2)
    array([2.4, 3.2])
    """
    return group_soft_threshold(Y @ A, lam, group_size)


def decode(A: Array, X: Array) -> Array:
    """Reconstructions X A^T, rows A x_i. [T21] Eq. (12).

    >>> decode(np.eye(2), np.array([2.4, 3.2]))
    array([2.4, 3.2])
    """
    return X @ A.T


def residual(A: Array, Y: Array, X: Array) -> Array:
    """Residuals of the reconstructions, E = Y - X A^T.

    >>> residual(np.eye(2), np.array([[3.0, 4.0]]), np.array([[1.0, 4.0]]))
    array([[2., 0.]])
    """
    return Y - decode(A, X)


def loss(A: Array, Y: Array, lam: float, group_size: int) -> float:
    """Mean reconstruction cost 1/(2N) sum_i ||y_i - A sigma(A^T y_i)||^2. [T21] Eqs. (13), (40).

    >>> loss(np.eye(2), np.array([[3.0, 4.0]]), 1.0, 2)
    0.5
    """
    return half_mean_square(residual(A, Y, encode(A, Y, lam, group_size)))


def loss_and_grad(A: Array, Y: Array, lam: float, group_size: int) -> tuple[float, Array]:
    """Loss (13) and its exact gradient with respect to A, shapes () and (n_features, n_atoms).

    Take one sample, z = A^T y, x = sigma(z), e = y - A x, and move A by dA. Then

        dz = dA^T y,    dx = J dz,    de = -dA x - A J dA^T y,
        dL = e^T de = -<e x^T, dA> - <y (J A^T e)^T, dA>        (J symmetric),

    so grad L = -[ e x^T + y (J A^T e)^T ]: decoder part, then encoder part. Stacked over rows and
    averaged,

        grad L = -1/N [ E^T X + Y^T (J (E A)) ].

    Differs from the paper: [T21] Eq. (41) has diag(sigma') where the full Jacobian J of the
    threshold belongs; the two agree for groups of one atom. The loss has no gradient where some
    ||A_g^T y|| = lam; there J = 0 is used, a one-sided choice.

    >>> loss_and_grad(np.eye(2), np.array([[3.0, 4.0]]), 1.0, 2)[1]
    array([[-3.24, -4.32],
           [-4.32, -5.76]])
    """
    Z = Y @ A
    X = group_soft_threshold(Z, lam, group_size)
    E = residual(A, Y, X)
    back = group_soft_threshold_vjp(Z, E @ A, lam, group_size)
    return half_mean_square(E), -(E.T @ X + Y.T @ back) / len(Y)
