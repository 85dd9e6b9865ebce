"""T21 on gradients: R0, R1 (the Oja identity), and the pieces (55), (56) of the expected gradient.

R0. The loss sees spans, not bases: L(A) = L(A blkdiag(Q_1, ..., Q_Gamma)) for rotations Q_g inside
the groups, because the threshold commutes with them. So a distance to A* that can shrink must be
taken modulo such rotations: the orbit distance, principal angles.
"""

from __future__ import annotations

import numpy as np

from ....arrays import Array


def oja_gradient(A_g: Array, A_S: Array, y: Array) -> Array:
    """R1, the Oja identity: the exact gradient normal to the active groups is -(I - P_S) y y^T A_g.

    Let A_S, the atoms of the active groups, be orthonormal jointly, P_S = A_S A_S^T. Then A_g^T (y
    - A x) = z_g - tau_g z_g, which is (lam / r_g) z_g, and J_g z_g = z_g, so x_g + J_g A_g^T e =
    tau_g z_g + (1 - tau_g) z_g = z_g: the threshold drops out. A x lies in span(A_S), so (I - P_S)
    e = (I - P_S) y, and (I - P_S) grad_{A_g} L = -(I - P_S)[e x_g^T + y (J_g A_g^T e)^T] = -(I -
    P_S) y z_g^T.

    >>> oja_gradient(np.array([[1.0], [0.0]]), np.array([[1.0], [0.0]]), np.array([3.0, 4.0]))
    array([[ -0.],
           [-12.]])
    """
    Y = np.outer(y, y @ A_g)
    return -(Y - A_S @ (A_S.T @ Y))


def leading_coefficient(tau: float, p: float) -> float:
    """The factor c = tau (2 - tau) p of Eqs. (31), (32), (55).

    >>> leading_coefficient(0.5, 0.2)
    0.15
    """
    return tau * (2 - tau) * p


def offset(A_g: Array, star_g: Array, tau: float) -> Array:
    """M = tau A_g^T A*_g - (2 - tau) I, the bracket of (56); at A_g = A*_g it is -2 (1 - tau) I.

    >>> offset(np.eye(1), np.eye(1), 0.75)
    array([[-0.5]])
    """
    return tau * A_g.T @ star_g - (2 - tau) * np.eye(A_g.shape[1])
