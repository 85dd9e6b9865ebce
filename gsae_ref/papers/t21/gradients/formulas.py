"""T21 on gradients: R0, R1 (the Oja identity), and the pieces (55), (56) of the expected gradient.

R0. The loss sees spans, not bases: L(A) = L(A blkdiag(Q_1, ..., Q_Gamma)) for rotations Q_g inside
the groups, because the threshold commutes with them. So a distance to A* that can shrink must be
taken modulo such rotations: the orbit distance, principal angles.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from .... import groups
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


def unfolded_share(step_size: float, n_unfold: int, accelerated: bool = False) -> float:
    """R15: q_K, the share of the code z tau that K steps of the unfolded encoder reach from zero.

    q_k = (1 - alpha) p_k + alpha with p_k = q_{k-1} + beta_k (q_{k-1} - q_{k-2}), q_0 = q_{-1} = 0;
    alpha = ``step_size``. Without acceleration beta_k = 0 and q_K = 1 - (1 - alpha)^K.

    >>> unfolded_share(0.5, 3), unfolded_share(1.0, 5)
    (0.875, 1.0)
    >>> round(unfolded_share(0.5, 3, accelerated=True), 4)
    0.9102
    """
    q = previous = 0.0
    t = 1.0
    last = 1.0
    for _ in range(n_unfold):
        beta = (last - 1) / t if accelerated else 0.0
        q, previous = (1 - step_size) * (q + beta * (q - previous)) + step_size, q
        last, t = t, (1 + np.sqrt(1 + 4 * t**2)) / 2
    return float(q)


def unfolded_oja_weight(tau: Array, share: float) -> Array:
    """R15: the weight q (1 + (1 - q) tau) of Oja's direction after K unfolded steps, q = q_K.

    **Theorem (R15).** Unfolded encoder of K steps of size alpha, 0 < alpha <= 1, from zero, each
    thresholding at alpha lam, with or without FISTA's extrapolation. Let the active set be S after
    every step, A_S orthonormal jointly, r_g = ||A_g^T y|| > lam for g in S, tau_g = 1 - lam / r_g,
    and q_k > 0 for k = 1, ..., K (with alpha <= 1 and no extrapolation they are). Then for g in S

        (I - P_S) grad_{A_g} L = -q (1 + (1 - q) tau_g) (I - P_S) y y^T A_g,   q = q_K,

    the gradient taken through all steps. At alpha = 1 without extrapolation, and as K grows, it is
    R1. In between every sample is turned in Oja's direction, but samples with larger norms weigh
    more: for codes of several norms the mean is that of a weighted second moment.

    Proof. On S the pre-activation of a step at t is (1 - alpha) t + alpha z, z = A_S^T y, group by
    group. If t_g = p tau_g z_g it is ((1 - alpha) p tau_g + alpha) z_g; its norm less alpha lam is
    ((1 - alpha) p + alpha) tau_g r_g, as r_g - lam = tau_g r_g. So x_g^k = q_k phi(z_g), with
    phi(z) = (1 - lam / ||z||) z, for all z_g near. Let dA_g be orthogonal to A_S. Then dA_g^T A x^k
    = 0 and A_h^T dA_g = 0 for h in S: in every step z_g alone changes, by dA_g^T y. So dx_g = q J
    dA_g^T y, J the symmetric derivative of phi, which has J z_g = z_g. With e = y - A x^K, A_g^T e
    = (1 - q tau_g) z_g, and

        -dL = <e, dA_g x_g> + <A_g^T e, dx_g> = [q tau_g + q (1 - q tau_g)] y^T dA_g z_g.

    >>> unfolded_oja_weight(np.array([0.5, 1.0]), 0.5)
    array([0.625, 0.75 ])
    """
    return share * (1 + (1 - share) * tau)


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


def expected_gradient(A: Array, A_star: Array, tau: Array, n_active: int, group_size: int) -> Array:
    """Return (27) for constant tau and codes of covariance I given S: the mean over all supports S.

    Given S it is -A_S t_S [R E[y y^T] + E[y y^T] R] with R = I - A_S t_S A_S^T. For A = A*, d = 1
    and one group that is -2 t (1 - t):

    >>> expected_gradient(np.eye(1), np.eye(1), np.array([0.5]), 1, 1)
    array([[-0.5]])
    """
    B = groups.blocks(A, group_size)
    star = groups.blocks(A_star, group_size)
    projections = B @ B.transpose(0, 2, 1)
    truths = star @ star.transpose(0, 2, 1)
    supports = list(combinations(range(len(B)), n_active))
    total = np.zeros_like(B)
    for support in map(list, supports):
        rest = np.eye(B.shape[1]) - np.tensordot(tau[support], projections[support], 1)
        second_moment = truths[support].sum(axis=0)
        total[support] -= tau[support, None, None] * (
            (rest @ second_moment + second_moment @ rest) @ B[support]
        )
    return groups.unblock(total / len(supports))


def leading_term(A: Array, A_star: Array, tau: Array, n_active: int, group_size: int) -> Array:
    """Return the leading terms of T21 (55), group by group.

    p [-t (2 - t) A* A*^T A + t^2 A A^T A* A*^T A]

    >>> leading_term(np.eye(1), np.eye(1), np.array([0.5]), 1, 1)
    array([[-0.5]])
    """
    B = groups.blocks(A, group_size)
    star = groups.blocks(A_star, group_size)
    t = tau[:, None, None]
    overlap = star.transpose(0, 2, 1) @ B
    return groups.unblock(
        n_active
        / len(B)
        * (-t * (2 - t) * star @ overlap + t**2 * B @ (overlap.transpose(0, 2, 1) @ overlap))
    )
