"""The gradients that T21 uses in place of the exact one, as printed, and how far they are from it.

With z = A^T y, x = sigma(z), e = y - A x, all are of the form -[ e x^T + y (D A^T e)^T ]; they
differ in D only:

    exact         D = J        the Jacobian tau I + (1 - tau) u u^T of every active group
    Appendix B    D = diag J   the cross terms inside a group are dropped
    approximate   D = tau I    what the threshold does across z, used along z too, where the truth is 1
"""

from __future__ import annotations

import numpy as np

from .. import groups
from ..arrays import Array, BoolArray
from .activations import group_shrinkage, group_soft_threshold, group_soft_threshold_diagonal
from .autoencoder import residual


def appendix_b(A: Array, Y: Array, lam: float, group_size: int) -> Array:
    """Gradient of [T21] Eqs. (23) = (41) = (47) exactly as printed, sigma' read as the diagonal of the Jacobian.

        -1/N [ E^T X + Y^T ( sigma'(Z) * (E A) ) ],   * elementwise.

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

        -1_{g in S} tau_g [ (I - A_S diag(tau) A_S^T) y y^T + y y^T (I - A_S diag(tau) A_S^T)^T ]
        A_g,

    averaged over the samples. In the notation above it is -[ e x^T + y (diag(tau) A^T e)^T ] with x
    = diag(tau) z.

    Parameters
    ----------
    A, Y, lam, group_size
        As everywhere: (n_features, n_atoms), (n_samples, n_features), threshold, atoms per group.
    support : bool ndarray (n_samples, n_groups), optional
        The groups S of every sample. None: the estimated support, ||A_g^T y|| > lam. Given (say the
        true one): tau_g = 1 - lam / ||z_g|| on it without positive part, as Eq. (48) has it, so a
        true group of norm below lam enters with tau_g < 0; a group with z_g = 0 contributes nothing
        unless lam = 0, where tau_g = 1.

    >>> approximate(np.eye(2), np.array([[3.0, 4.0]]), 1.0, 2)
    array([[-2.88, -3.84],
           [-3.84, -5.12]])
    """
    Z = Y @ A
    if support is None:
        tau: Array = group_shrinkage(Z, lam, group_size)
    else:
        r = groups.norms(Z, group_size)
        seen = support & ((r > 0) | (lam == 0))
        tau = np.where(seen, 1 - lam / np.where(r > 0, r, 1), 0).astype(Z.dtype, copy=False)
    tau = groups.expand(tau, group_size)
    X = tau * Z
    E = residual(A, Y, X)
    return -(E.T @ X + Y.T @ (tau * (E @ A))) / len(Y)


def tangential_part(A: Array, G: Array, group_size: int) -> Array:
    """Remove from every G_g its component in span(A_g): (I - P_g) G_g, with P_g the orthogonal projector on span(A_g).

    The rest, P_g G_g, is the radial part: it only rescales and mixes the atoms of the group; the
    tangential part turns its span.

    >>> tangential_part(np.array([[2.0], [0.0]]), np.array([[3.0], [4.0]]), 1)
    array([[0.],
           [4.]])
    """
    parts = []
    for A_g, G_g in zip(groups.blocks(A, group_size), groups.blocks(G, group_size), strict=True):
        A_g = np.ldexp(
            A_g, -np.frexp(np.abs(A_g).max())[1]
        )  # spans the same; squares stay in range
        parts.append(G_g - A_g @ np.linalg.lstsq(A_g, G_g, rcond=None)[0])
    return groups.unblock(np.stack(parts))
