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

from ..arrays import Array, BoolArray


def support_probabilities(masks: BoolArray, probabilities: Array) -> tuple[Array, Array, Array]:
    """p_i, p_ij, p_ijl of a law of supports: (m,), (m, m), (m, m, m). Equal indices collapse: p_ii = p_i, p_iij = p_ij.

    >>> p1, p2, p3 = support_probabilities(np.array([[True, True], [True, False]]), np.array([0.25, 0.75]))
    >>> p1.tolist(), p2.tolist()
    ([1.0, 0.25], [[1.0, 0.25], [0.25, 0.25]])
    """
    M = masks.astype(np.float64)
    weighted = probabilities[:, None] * M
    return (
        weighted.sum(axis=0),
        weighted.T @ M,
        np.einsum("si,sj,sl->ijl", weighted, M, M, optimize=True),
    )


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
    """Exact expectation of the gradient (4), (5), in W and in b, for any law of supports, any W and any bias. Replaces (9), (15), (16).

    Given S, write P = I - W_S W_S^T (a projection only if W_S is orthonormal). Then e = y - W_S x_S
    = P y - W_S b_S, and with

        m = E[y] = k1 A_S 1,    C = E[y y^T] = A_S [ (k2 - k1^2) I + k1^2 1 1^T ] A_S^T + noise^2 I

    the two parts of (4), (W_i^T y + b_i) e and y W_i^T e, average for i in S to

        P C W_i - W_S b_S (m^T W_i) + b_i (P m - W_S b_S)    and    C P W_i - m (W_i^T W_S b_S),

    and W_i^T e to W_i^T (P m - W_S b_S). Column i of the gradient is minus the sum of these,
    averaged over the supports that hold i. Nothing is neglected; no incoherence, no unit columns.

    Parameters
    ----------
    W, A_star : ndarray (n_features, n_atoms)
    masks, probabilities : ndarray (n_supports, n_atoms) of bool, (n_supports,)
    bias : ndarray (n_atoms,)
    k1, k2, noise : float

    Returns
    -------
    dW, db : ndarray (n_features, n_atoms), (n_atoms,)

    >>> one, S = np.eye(1), np.array([[True]])
    >>> dW, db = exact(one, one, S, np.ones(1), np.array([-0.5]), 1.0, 1.0, 0.0)  # y = 1, x = 1/2, e = 1/2: -(x e + y e), -e
    >>> dW.item(), db.item()
    (-0.75, -0.5)
    """
    dW = np.zeros_like(W)
    db = np.zeros_like(W, shape=W.shape[1])
    for mask, probability in zip(masks, probabilities, strict=True):
        S = np.flatnonzero(mask)
        W_S = W[:, S]
        A_S = A_star[:, S]
        b_S = bias[S]
        m = k1 * A_S.sum(axis=1)
        Wb = W_S @ b_S

        def P(M: Array, W_S: Array = W_S) -> Array:
            return M - W_S @ (W_S.T @ M)

        def C(M: Array, A_S: Array = A_S, m: Array = m) -> Array:
            return (k2 - k1**2) * A_S @ (A_S.T @ M) + np.outer(m, m @ M) + noise**2 * M

        e = P(m) - Wb
        parts = (
            P(C(W_S)) - np.outer(Wb, m @ W_S) + np.outer(e, b_S) + C(P(W_S)) - np.outer(m, Wb @ W_S)
        )
        dW[:, S] -= probability * parts
        db[S] -= probability * (e @ W_S)
    return dW, db


def printed_9(
    W: Array, A_star: Array, masks: BoolArray, probabilities: Array, bias: Array
) -> tuple[Array, Array]:
    """Mixture of Gaussians, [N19] Eq. (9): g_i = -p_i l_i A_i + p_i (l_i + b_i)^2 W_i; and (g_b)_i = -p_i b_i, as printed.

    dW is exact for unit columns, whatever the noise. The sign of g_b is wrong: the expectation is
    +p_i b_i.

    >>> one, S = np.eye(1), np.array([[True]])
    >>> dW, db = printed_9(one, one, S, np.ones(1), np.array([-0.5]))
    >>> dW.item(), db.item()
    (-0.75, 0.5)
    """
    p = probabilities @ masks
    overlap = np.sum(W * A_star, axis=0)
    return (p * (overlap + bias) ** 2 * W - p * overlap * A_star).astype(W.dtype), (
        -p * bias
    ).astype(W.dtype)


def printed_15(
    W: Array, A_star: Array, masks: BoolArray, probabilities: Array, bias: Array
) -> tuple[Array, Array]:
    """General k-sparse codes, [N19] Eq. (15), for k1 = 0, k2 = 1, b = 0 and unit columns:

        g_i = -p_i l_i A_i + p_i l_i^2 W_i + sum_{j != i} p_ij <A_i, W_j> ( l_i W_j + <W_i, W_j> A_i
        ).

    It keeps E[x_j x_l | S] for j = l = i only; every j = l in S has a share in the expectation. The
    paper prints no (g_b)_i here; it is 0.

    >>> I = np.eye(2)
    >>> printed_15(I, I, np.array([[True, True]]), np.ones(1), np.zeros(2))[0].tolist()  # zero at W = A*
    [[0.0, 0.0], [0.0, 0.0]]
    """
    p, pairs, _ = support_probabilities(masks, probabilities)
    gram = W.T @ W
    overlap = W.T @ A_star  # <W_i, W_j>; <W_j, A_i>
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
    paper prints no (g_b)_i: NaN.

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
    """alpha_i and beta_i of [N19] B.3, where g_i = alpha_i W_i - beta_i A_i + e_i: (n_atoms,) each, for unit columns of W.

    With ``corrected`` they are the coefficients of W_i and -A_i when :func:`exact` is written out
    in the columns of W and A*. As printed, beta_i differs in its last term, b_i for b_j. (Its
    fourth term, <W_j, A_l> under a sum over j alone, is read as <W_j, A_j>.) The rest e_i is not
    small: on random instances it is a good half of g_i. Use :func:`exact` to compute.

    >>> alpha, beta = coefficients(np.eye(1), np.eye(1), np.array([[True]]), np.ones(1), np.array([-0.5]), 1.0, 1.0)
    >>> alpha.item(), beta.item()
    (0.25, 1.0)
    """
    p, pairs, triples = support_probabilities(masks, probabilities)
    m = len(p)
    gram = W.T @ W
    overlap = W.T @ A_star  # <W_i, W_j>; <W_i, A_j>
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
