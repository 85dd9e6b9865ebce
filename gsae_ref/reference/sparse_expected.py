"""Expected gradients of the sparse autoencoder: what N19 prints, and the closed form that holds.

The model: a support S drawn from a law (rows of ``masks`` with ``probabilities``), codes x*_j, j in
S, independent with mean k1 and second moment k2, y = A*_S x*_S + eta with eta ~ N(0, noise^2 I).
The expectation is taken where the code is consistent: the activation is on exactly at S, x_S =
W_S^T y + b_S (relu, or hard threshold; not soft).

W_i, A_i are columns of W, A*; l_i = <W_i, A_i>; p_i, p_ij, p_ijl are the probabilities that S holds
i; i and j; i, j and l.
"""

from __future__ import annotations

import numpy as np

from .. import groups
from ..arrays import Array, BoolArray


def exact(
    W: Array,
    A_star: Array,
    masks: BoolArray,
    probabilities: Array,
    bias: Array,
    k1: float,
    k2: float,
    noise: float,
) -> tuple[Array, Array]:
    """Exact expectation of the gradient (4), (5), in W and in b. Replaces (9), (15), (16).

    It holds for any law of supports, any W and any bias. Given S, write P = I - W_S W_S^T (a
    projection only if W_S is orthonormal). Then e = y - W_S x_S = P y - W_S b_S, and with

        m = E[y] = k1 A_S 1,    C = E[y y^T] = A_S [ (k2 - k1^2) I + k1^2 1 1^T ] A_S^T + noise^2 I

    the two parts of (4), (W_i^T y + b_i) e and y W_i^T e, average for i in S to

        P C W_i - W_S b_S (m^T W_i) + b_i (P m - W_S b_S)    and    C P W_i - m (W_i^T W_S b_S),

    and W_i^T e to W_i^T (P m - W_S b_S). Column i of the gradient is minus the sum of these,
    averaged over the supports that hold i. Nothing is neglected; neither incoherence nor unit
    columns are used.

    Parameters
    ----------
    W, A_star : ndarray (n_features, n_atoms)
    masks, probabilities : ndarray (n_supports, n_atoms) of bool, (n_supports,)
    bias : ndarray (n_atoms,)
    k1, k2, noise : float

    Returns
    -------
    dW, db : ndarray (n_features, n_atoms), (n_atoms,)

    Examples
    --------
    With y = 1, x = 1/2, e = 1/2 they are -(x e + y e) and -e:

    >>> one, S = np.eye(1), np.array([[True]])
    >>> dW, db = exact(one, one, S, np.ones(1), np.array([-0.5]), 1.0, 1.0, 0.0)
    >>> dW.item(), db.item()
    (-0.75, -0.5)
    """
    dW = np.zeros_like(W)
    db = np.zeros_like(W, shape=W.shape[1])
    for mask, probability in zip(masks, probabilities, strict=True):
        S = np.flatnonzero(mask)
        dW_S, db_S = _given_support(W[:, S], A_star[:, S], bias[S], k1, k2, noise)
        dW[:, S] += probability * dW_S
        db[S] += probability * db_S
    return dW, db


def _given_support(
    W: Array, A_star: Array, bias: Array, k1: float, k2: float, noise: float
) -> tuple[Array, Array]:
    """The expectation for one support; W, A_star and bias hold its columns and entries only."""
    m = k1 * A_star.sum(axis=1)
    Wb = W @ bias

    def P(M: Array) -> Array:
        return M - W @ (W.T @ M)

    def C(M: Array) -> Array:
        return (k2 - k1**2) * A_star @ (A_star.T @ M) + np.outer(m, m @ M) + noise**2 * M

    e = P(m) - Wb
    through_code = P(C(W)) - np.outer(Wb, m @ W) + np.outer(e, bias)
    through_encoder = C(P(W)) - np.outer(m, Wb @ W)
    return -(through_code + through_encoder), -(e @ W)


def printed_9(
    W: Array, A_star: Array, masks: BoolArray, probabilities: Array, bias: Array
) -> tuple[Array, Array]:
    """Mixture of Gaussians, [N19] Eq. (9) as printed:

        g_i = -p_i l_i A_i + p_i (l_i + b_i)^2 W_i,    (g_b)_i = -p_i b_i.

    g is exact for unit columns, whatever the noise. The sign of g_b is wrong: the expectation is
    +p_i b_i.

    >>> one, S = np.eye(1), np.array([[True]])
    >>> dW, db = printed_9(one, one, S, np.ones(1), np.array([-0.5]))
    >>> dW.item(), db.item()
    (-0.75, 0.5)
    """
    p = probabilities @ masks
    own = np.sum(W * A_star, axis=0)
    dW = p * (own + bias) ** 2 * W - p * own * A_star
    db = -p * bias
    return dW.astype(W.dtype), db.astype(W.dtype)


def printed_15(
    W: Array, A_star: Array, masks: BoolArray, probabilities: Array, bias: Array
) -> tuple[Array, Array]:
    """General k-sparse codes, [N19] Eq. (15), for k1 = 0, k2 = 1, b = 0 and unit columns:

        g_i = -p_i l_i A_i + p_i l_i^2 W_i
              + sum_{j != i} p_ij <A_i, W_j> ( l_i W_j + <W_i, W_j> A_i ).

    Of E[x_j x_l | S] it has the term j = l = i only; every j = l in S contributes to the
    expectation. The paper prints no (g_b)_i here; it is 0. At W = A* the gradient is zero:

    >>> I = np.eye(2)
    >>> printed_15(I, I, np.array([[True, True]]), np.ones(1), np.zeros(2))[0]
    array([[0., 0.],
           [0., 0.]])
    """
    p, pairs, _ = groups.support_moments(masks, probabilities)
    gram = W.T @ W  # <W_i, W_j>
    overlap = W.T @ A_star  # <W_j, A_i>
    own = np.diagonal(overlap)
    np.fill_diagonal(pairs, 0)
    T = pairs * overlap  # T_ji = p_ij <A_i, W_j>
    dW = -p * own * A_star + p * own**2 * W + own * (W @ T) + np.sum(gram * T, axis=0) * A_star
    return dW.astype(W.dtype), np.zeros_like(W, shape=W.shape[1])


def printed_16(
    W: Array,
    A_star: Array,
    masks: BoolArray,
    probabilities: Array,
    bias: Array,
    k1: float,
    k2: float,
) -> tuple[Array, Array]:
    """Non-negative k-sparse codes, [N19] Eq. (16) without its remainder v:

        g_i = -k2 p_i l_i A_i + p_i (k2 l_i^2 + 2 k1 p_i b_i l_i + b_i^2) W_i.

    The p_i inside the bracket does not belong there: with it, (16) does not reduce to (9). The
    paper prints no (g_b)_i; NaN is returned for it.

    >>> one, S = np.eye(1), np.array([[True]])
    >>> printed_16(one, one, S, np.ones(1), np.array([-0.5]), 1.0, 1.0)[0].item()
    -0.75
    """
    p = probabilities @ masks
    own = np.sum(W * A_star, axis=0)
    dW = -k2 * p * own * A_star + p * (k2 * own**2 + 2 * k1 * p * bias * own + bias**2) * W
    return dW.astype(W.dtype), np.full_like(W, np.nan, shape=W.shape[1])


def coefficients(
    W: Array,
    A_star: Array,
    masks: BoolArray,
    probabilities: Array,
    bias: Array,
    k1: float,
    k2: float,
    corrected: bool = False,
) -> tuple[Array, Array]:
    """alpha_i and beta_i of [N19] B.3, where g_i = alpha_i W_i - beta_i A_i + e_i.

    Both have shape (n_atoms,); columns of W have norm 1. With ``corrected`` they are the
    coefficients of W_i and -A_i in :func:`exact`, written out in the columns of W and A*. As
    printed, beta_i differs in its last term, b_i for b_j. (Its fourth term, <W_j, A_l> under a sum
    over j alone, is read as <W_j, A_j>.) The rest e_i is not small: on random instances it is more
    than half of g_i. Use :func:`exact` to compute.

    >>> one, S = np.eye(1), np.array([[True]])
    >>> alpha, beta = coefficients(one, one, S, np.ones(1), np.array([-0.5]), 1.0, 1.0)
    >>> alpha.item(), beta.item()
    (0.25, 1.0)
    """
    p, pairs, triples = groups.support_moments(masks, probabilities)
    m = len(p)
    gram = W.T @ W  # <W_i, W_j>
    overlap = W.T @ A_star  # <W_i, A_j>
    own = np.diagonal(overlap)
    np.fill_diagonal(pairs, 0)
    distinct = ~np.eye(m, dtype=bool)
    triples = triples * (distinct[:, :, None] & distinct[:, None, :] & distinct[None, :, :])
    to_others = np.sum(pairs * overlap, axis=1)  # sum_j p_ij <W_i, A_j>
    alpha = (
        k2 * p * own**2
        + k2 * np.sum(pairs * overlap**2, axis=1)
        + 2 * k1**2 * own * to_others
        + k1**2 * np.einsum("ijl,ij,il->i", triples, overlap, overlap)
        + 2 * k1 * p * bias * own
        + 2 * k1 * bias * to_others
        + p * bias**2
    )
    last = bias if corrected else bias[:, None]  # b_j, or b_i as printed
    beta = (
        k2 * p * own
        - k2 * np.sum(pairs * gram * overlap.T, axis=1)
        + k1**2 * to_others
        - k1**2 * np.sum(pairs * gram * own, axis=1)
        - k1**2 * np.einsum("ijl,ij,jl->i", triples, gram, overlap)
        - k1 * np.sum(pairs * last * gram, axis=1)
    )
    return alpha, beta
