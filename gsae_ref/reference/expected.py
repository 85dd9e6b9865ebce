"""Expected gradients over random supports: what T21 prints, and the closed form that holds.

The approximate gradient (26) is averaged over uniformly random supports S of exactly ``n_active``
groups and over codes with E[x_h x_h^T | S] = Sigma_h, E[x_h x_v^T | S] = 0, with the factors tau_g
frozen (taken out of the expectation, as the paper does).
"""

from __future__ import annotations

import numpy as np

from .. import groups
from ..arrays import Array


def support_probabilities(n_active: int, n_groups: int) -> tuple[float, float, float]:
    """P[g in S], P[g, h in S], P[g, h, k in S] for distinct groups, S uniform of size n_active.

    With gamma active groups of Gamma they are gamma / Gamma, times (gamma - 1) / (Gamma - 1), times
    (gamma - 2) / (Gamma - 2); 0 where gamma is too small. [T21] Assumption 2 gives their orders,
    Theta(gamma / Gamma), Theta(gamma^2 / Gamma^2), ...

    >>> support_probabilities(2, 4)
    (0.5, 0.16666666666666666, 0.0)
    """
    p = 1.0
    result = []
    for k in range(3):
        p *= max(n_active - k, 0) / max(n_groups - k, 1)
        result.append(p)
    return result[0], result[1], result[2]


def exact(
    A: Array, A_star: Array, tau: Array, n_active: int, group_size: int, code_covariance: Array
) -> Array:
    """Exact expectation of the approximate gradient (26) for frozen tau.

    Replaces [T21] Eqs. (29)-(31), (53)-(56). Write P_h = A_h A_h^T, P*_k = A*_k Sigma_k A*_k^T and
    {X, Y} = X Y + Y X. Given S with g in S, (26) averages over the codes to

        -tau_g [ 2 sum_k P*_k - sum_{h,k} tau_h {P_h, P*_k} ] A_g,    sums over S.

    Averaging over S weighs a term by the probability p1, p2, p3 that the one, two or three
    different groups it names (g among them) are all active. Sorting the coincidences h = k, h = g,
    k = g gives

        G_g = -tau_g { 2 (p1 - p2) P*_g + 2 p2 K* - p3 {K_t, K*}
                       - (p2 - p3) [ {K_t, P*_g} + tau_g {P_g, K*} + D_t ]
                       - (p1 - 3 p2 + 2 p3) tau_g {P_g, P*_g} } A_g

    with K* = sum_h P*_h, K_t = sum_h tau_h P_h, D_t = sum_h tau_h {P_h, P*_h}. Nothing is
    neglected; no orthonormality is used.

    Parameters
    ----------
    A, A_star : ndarray (n_features, n_atoms)
    tau : ndarray (n_groups,)
    n_active, group_size : int
    code_covariance : ndarray (n_groups, group_size, group_size)

    Returns
    -------
    G : ndarray (n_features, n_atoms)

    >>> one = np.ones(1)
    >>> exact(np.eye(1), np.eye(1), 0.5 * one, 1, 1, np.ones((1, 1, 1)))  # -2 tau (1 - tau)
    array([[-0.5]])
    """
    p1, p2, p3 = support_probabilities(n_active, A.shape[1] // group_size)
    q = p2 - p3
    c = p1 - 3 * p2 + 2 * p3
    t = tau[:, None, None]
    rows_by_tau = groups.expand(tau, group_size)[:, None]

    # G = -(A* Z - A X) diag(t): 6 products of full size, whose results are changed in place.
    # Block (h, g) of H is A*_h^T A_g.
    gram = A.T @ A
    H = A_star.T @ A
    own_gram = _own(gram, group_size).copy()
    own = _own(H, group_size).copy()
    weighted_own = code_covariance @ own

    R = _times_rows(_roots(code_covariance), H)
    X = R.T @ R  # A_h^T K* A_g; BLAS computes half of a symmetric product
    del R
    at_own = q * _own(X, group_size) + c * np.swapaxes(own, 1, 2) @ weighted_own
    X *= p3
    beside = _times_rows(q * np.swapaxes(weighted_own, 1, 2), H)
    X += beside
    X += beside.T
    _own(X, group_size)[:] += at_own

    Z = H @ (rows_by_tau * gram)  # A*_h^T K_t A_g
    at_own = 2 * (p1 - p2) * own - q * _own(Z, group_size) - c * t * own @ own_gram
    Z *= -p3
    Z -= _times_rows(q * t * own, gram)
    Z -= _times_rows(q * t * own_gram, H.T).T
    H *= 2 * p2
    Z += H
    _own(Z, group_size)[:] += at_own

    X *= rows_by_tau
    G = A @ X
    G -= A_star @ _times_rows(code_covariance, Z)
    G *= groups.expand(tau, group_size)
    return G


def _own(M: Array, group_size: int) -> Array:
    """The blocks (g, g) of a matrix of groups by groups: a view (n_groups, group_size, group_size).

    >>> _own(np.arange(4.0).reshape(2, 2), 1).ravel()
    array([0., 3.])
    """
    split = M.reshape(-1, group_size, len(M) // group_size, group_size)
    return np.einsum("gdge->gde", split)


def _roots(C: Array) -> Array:
    """R_g with R_g^T R_g = C_g, of covariances C (n_groups, group_size, group_size).

    >>> _roots(np.array([[[4.0]]]))
    array([[[2.]]])
    """
    values, vectors = np.linalg.eigh(C)
    return np.sqrt(np.maximum(values, 0))[..., None] * np.swapaxes(vectors, 1, 2)


def _times_rows(C: Array, M: Array) -> Array:
    """C_g times the rows of M that belong to group g; C (n_groups, group_size, group_size).

    >>> _times_rows(np.array([[[2.0]], [[3.0]]]), np.ones((2, 1))).ravel()
    array([2., 3.])
    """
    return (C @ M.reshape(*C.shape[:2], -1)).reshape(M.shape)


def printed(
    A: Array, A_star: Array, tau: Array, n_active: int, group_size: int, code_covariance: Array
) -> Array:
    """Leading term of [T21] Eq. (55), which the paper analyses:

        -tau_g (2 - tau_g) p_g P*_g A_g + tau_g^2 p_g P_g P*_g A_g.

    >>> one = np.ones(1)
    >>> printed(np.eye(1), np.eye(1), 0.5 * one, 1, 1, np.ones((1, 1, 1)))
    array([[-0.5]])
    """
    p1 = n_active / (A.shape[1] // group_size)
    B = groups.blocks(A, group_size)
    star = groups.blocks(A_star, group_size)
    t = tau[:, None, None]
    PstarA = star @ code_covariance @ (np.swapaxes(star, 1, 2) @ B)
    return groups.unblock(p1 * (-t * (2 - t) * PstarA + t**2 * B @ (np.swapaxes(B, 1, 2) @ PstarA)))


def printed_31(
    A: Array, A_star: Array, tau: Array, n_active: int, group_size: int, code_covariance: Array
) -> Array:
    """Displayed term of [T21] Eq. (31), without the matrix V:

        tau_g (2 - tau_g) p_g (A_g - A*_g) Sigma_g A*_g^T A_g.

    It vanishes at A = A*, where the expectation itself does not (``T21-eq31`` in the ledger).

    >>> printed_31(np.eye(1), np.eye(1), np.array([0.5]), 1, 1, np.ones((1, 1, 1)))
    array([[0.]])
    """
    p1 = n_active / (A.shape[1] // group_size)
    B = groups.blocks(A, group_size)
    star = groups.blocks(A_star, group_size)
    t = tau[:, None, None]
    return groups.unblock(
        p1 * t * (2 - t) * (B - star) @ code_covariance @ (np.swapaxes(star, 1, 2) @ B)
    )
