"""The gradients that T21 uses in place of the exact one, as printed.

With z = A^T y, x = sigma(z), e = y - A x, all are of the form -[ e x^T + y (D A^T e)^T ]; they
differ in D only:

    exact         D = J        the Jacobian tau I + (1 - tau) u u^T of every active group
    Appendix B    D = diag J   the cross terms inside a group are dropped
    approximate   D = tau I    the factor across z is used along z too, where the true one is 1
"""

from __future__ import annotations

import numpy as np

from .. import groups
from ..arrays import Array, BoolArray
from .activations import group_soft_threshold, group_soft_threshold_diagonal, shrinkage
from .autoencoder import residual


def appendix_b(A: Array, Y: Array, lam: float, group_size: int) -> Array:
    """Gradient of [T21] Eqs. (23) = (41) = (47) exactly as printed,

        -1/N [ E^T X + Y^T ( sigma'(Z) * (E A) ) ],   * elementwise,

    with sigma' read as the diagonal of the Jacobian J.

    Differs from the exact gradient by 1/N Y^T ((J - diag J) E A): zero for groups of one atom, for
    lam = 0, for a group with at most one non-zero pre-activation, and when every A_g^T e lies in
    the kernel of J - diag J.

    >>> appendix_b(np.eye(2), np.array([[3.0, 4.0]]), 1.0, 2)
    array([[-3.0096, -4.1472],
           [-4.0128, -5.5296]])
    """
    Z = Y @ A
    X = group_soft_threshold(Z, lam, group_size)
    E = residual(A, Y, X)
    back = group_soft_threshold_diagonal(Z, lam, group_size) * (E @ A)
    return -(E.T @ X + Y.T @ back) / len(Y)


def approximate(
    A: Array, Y: Array, lam: float, group_size: int, support: BoolArray | None = None
) -> Array:
    """Gradient of [T21] Eqs. (26) = (49) = (51), with the '+' that (26) lost in print:

        -1_{g in S} tau_g [ M y y^T + y y^T M^T ] A_g,    M = I - A_S diag(tau) A_S^T,

    averaged over the samples. In the notation above it is -[ e x^T + y (diag(tau) A^T e)^T ] with
    x = diag(tau) z.

    Parameters
    ----------
    A, Y, lam, group_size
        (n_features, n_atoms), (n_samples, n_features), threshold, atoms per group.
    support : bool ndarray (n_samples, n_groups), optional
        The groups S of every sample. None: the estimated support, ||A_g^T y|| > lam. Given (say the
        true one): tau_g = 1 - lam / ||z_g|| on S without positive part, as in Eq. (48). A group
        of S of norm below lam then has tau_g < 0, and one with z_g = 0 has tau_g = 0, or 1 if
        lam = 0.

    >>> approximate(np.eye(2), np.array([[3.0, 4.0]]), 1.0, 2)
    array([[-2.88, -3.84],
           [-3.84, -5.12]])
    """
    Z = Y @ A
    r = groups.norms(Z, group_size)
    if support is None:
        tau = shrinkage(r, lam)
    else:
        nonzero = r > 0
        tau = np.where(support & nonzero, 1 - lam / np.where(nonzero, r, 1), support & (lam == 0))
    tau = groups.expand(tau, group_size)
    X = tau * Z
    E = residual(A, Y, X)
    return -(E.T @ X + Y.T @ (tau * (E @ A))) / len(Y)


def tangential_part(A: Array, G: Array, group_size: int) -> Array:
    """Part of every G_g across span(A_g): (I - P_g) G_g, P_g the orthogonal projector on the span.

    The rest, P_g G_g, is the radial part: it only rescales and mixes the atoms of the group; the
    tangential part turns its span.

    >>> tangential_part(np.array([[2.0], [0.0]]), np.array([[3.0], [4.0]]), 1)
    array([[0.],
           [4.]])
    """
    parts = []
    for A_g, G_g in zip(groups.blocks(A, group_size), groups.blocks(G, group_size), strict=True):
        parts.append(G_g - A_g @ np.linalg.lstsq(A_g, G_g, rcond=None)[0])
    return groups.unblock(np.stack(parts))
