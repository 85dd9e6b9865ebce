"""N19, Appendix B.3: the update for non-negative k-sparse codes, Claims 3 and 4, (16)."""

from __future__ import annotations

import numpy as np

from ....arrays import Array
from ..mixture.formulas import overlaps


def _without_diagonal(p2: Array, p3: Array) -> tuple[Array, Array]:
    """p_ij for j != i, and p_ijl for i, j, l all different."""
    m = len(p2)
    i, j, h = np.ogrid[:m, :m, :m]
    return np.where(np.eye(m, dtype=bool), 0, p2), np.where((i != j) & (j != h) & (i != h), p3, 0)


def alpha(
    W: Array, A_star: Array, p2: Array, p3: Array, bias: Array, kappa_1: float, kappa_2: float
) -> Array:
    """Coefficient of W_i in the expected update of non-negative codes. [N19] B.3, right as printed.

    It is E[1_i (W_i^T y + b_i)^2], term by term:

        kappa_2 p lam^2 + kappa_2 sum p_ij <W_i,A_j>^2 + 2 kappa_1^2 sum p_ij lam_i <W_i,A_j>
        + kappa_1^2 sum p_ijl <W_i,A_j> <W_i,A_l>
        + 2 kappa_1 p b lam + 2 kappa_1 sum p_ij b_i <W_i,A_j> + p b^2.

    >>> one = np.ones((1, 1, 1))
    >>> alpha(one[0] / 2, one[0], one[0], one, np.array([-0.5]), 1.0, 1.0)  # (lam + b)^2
    array([0.])
    """
    lam = overlaps(W, A_star)
    p = np.diag(p2)
    pairs, triples = _without_diagonal(p2, p3)
    cross = W.T @ A_star  # cross[i, j] = <W_i, A_j>
    linear = np.einsum("ij,ij->i", pairs, cross)
    quadratic = kappa_2 * np.einsum("ij,ij->i", pairs, cross**2) + kappa_1**2 * np.einsum(
        "ijl,ij,il->i", triples, cross, cross
    )
    biased = 2 * kappa_1 * bias * (p * lam + linear) + p * bias**2
    return kappa_2 * p * lam**2 + quadratic + 2 * kappa_1**2 * lam * linear + biased


def beta(
    W: Array,
    A_star: Array,
    p2: Array,
    p3: Array,
    bias: Array,
    kappa_1: float,
    kappa_2: float,
    form: str = "corrected",
) -> Array:
    """Minus the coefficient of A_i in the expected update of non-negative codes. [N19] B.3.

        kappa_2 p lam - kappa_2 sum p_ij <W_i,W_j> <A_i,W_j> + kappa_1^2 sum p_ij <W_i,A_j>
        - kappa_1^2 sum p_ij <W_i,W_j> lam_j - kappa_1^2 sum p_ijl <W_i,W_j> <W_j,A_l>
        - kappa_1 sum p_ij b_j <W_i,W_j>

    From -E[1_i x_i W_i^T (y - W x)] and -E[1_i (W_i^T y + b_i) x_i], the terms where y contributes
    A_i. The print has <W_j, A_l> with a free l in the fourth term, read <W_j, A_j> = lam_j, and b_i
    in the last, which ``form="printed"`` keeps.

    >>> one = np.ones((1, 1, 1))
    >>> beta(one[0] / 2, one[0], one[0], one, np.array([-0.5]), 1.0, 2.0)  # kappa_2 p lam
    array([1.])
    """
    lam = overlaps(W, A_star)
    p = np.diag(p2)
    pairs, triples = _without_diagonal(p2, p3)
    cross = W.T @ A_star
    gram = W.T @ W
    own = kappa_2 * (p * lam - np.einsum("ij,ij,ji->i", pairs, gram, cross))
    others = np.einsum("ij,ij->i", pairs, cross) - np.einsum("ij,ij,j->i", pairs, gram, lam)
    others = others - np.einsum("ijl,ij,jl->i", triples, gram, cross)
    of_bias = np.einsum("ij,ij->i", pairs, gram * (bias[:, None] if form == "printed" else bias))
    return own + kappa_1**2 * others - kappa_1 * of_bias


def leading_update(
    W: Array,
    A_star: Array,
    p: Array,
    bias: Array,
    kappa_1: float,
    kappa_2: float,
    form: str = "corrected",
) -> Array:
    """Leading terms of the expected update of non-negative codes. [N19] Eq. (16).

        -kappa_2 p lam A_i + p (kappa_2 lam^2 + 2 kappa_1 b lam + b^2) W_i

    ``form="printed"`` has 2 kappa_1 p_i b_i lam_i in the bracket: p_i, drawn out of it, was left
    inside once. For a mixture this is (9).

    >>> half = np.array([0.5, 0.5])
    >>> leading_update(np.eye(2), np.eye(2), half, -half, 1.0, 1.0)[:, 0]  # (9): (-1 + 1/4) / 2
    array([-0.375,  0.   ])
    """
    lam = overlaps(W, A_star)
    inner = 2 * kappa_1 * bias * lam * (p if form == "printed" else 1)
    return -kappa_2 * p * lam * A_star + p * (kappa_2 * lam**2 + inner + bias**2) * W


def remainder_16(
    W: Array, A_star: Array, p2: Array, p3: Array, bias: Array, kappa_1: float, kappa_2: float
) -> tuple[Array, Array]:
    """Explicit bounds for the O-terms of alpha_i and beta_i: two arrays. [N19] Claims 3 and 4.

    With q2 = max_j p_ij, q3 = max p_ijl (different indices), a = ||A||_2, w = ||W||_2, m atoms and
    B = max |b|:

        |alpha_i - p (kappa_2 lam^2 + 2 kappa_1 b lam + b^2)| <= kappa_2 q2 a^2
            + 2 |kappa_1| (|kappa_1 lam_i| + |b_i|) sqrt(m) q2 a + kappa_1^2 m q3 a^2,
        |beta_i - kappa_2 p lam| <= kappa_2 q2 w^2
            + kappa_1^2 sqrt(m) q2 (a + w) + kappa_1^2 m q3 w^2 + |kappa_1| B sqrt(m) q2 w.

    The sums over j are W_i^T A v or W_i^T W v with ||v|| <= sqrt(m) q2; sum_j p_ij <W_i, A_j>^2 <=
    q2 ||A^T W_i||^2; the double sum is W_i^T A Q A^T W_i with ||Q||_F <= m q3, and in beta, for
    each of the m values of l, W_i^T W diag(p_ijl) W^T A_l <= q3 w^2. With p_ij = Theta(p_i k/m),
    p_ijl = Theta(p_i k^2/m^2) these are the printed orders, which write q_i for p_i.

    >>> never = np.zeros((2, 2, 2))  # no two atoms at once: nothing is left out
    >>> remainder_16(np.eye(2), np.eye(2), np.eye(2) / 2, never, np.zeros(2), 1.0, 1.0)
    (array([0., 0.]), array([0., 0.]))
    """
    lam = np.abs(overlaps(W, A_star))
    pairs, triples = _without_diagonal(p2, p3)
    q2 = pairs.max(axis=1)
    q3 = triples.max(axis=(1, 2))
    a = np.linalg.norm(A_star, 2)
    w = np.linalg.norm(W, 2)
    m = W.shape[1]
    k1 = abs(kappa_1)
    spread = np.sqrt(m) * q2
    of_alpha = (
        kappa_2 * q2 * a**2
        + 2 * k1 * (k1 * lam + np.abs(bias)) * spread * a
        + k1**2 * m * q3 * a**2
    )
    of_beta = (
        kappa_2 * q2 * w**2
        + k1**2 * spread * (a + w)
        + k1**2 * m * q3 * w**2
        + k1 * np.abs(bias).max() * spread * w
    )
    return of_alpha, of_beta


def residual_bound(
    W: Array, A_star: Array, p2: Array, a_2: float, largest_code: float, largest_back: float
) -> Array:
    """Bound on e_i = g_i - alpha_i W_i + beta_i A_i, for every column. [N19] B.3.

    The print has O(max(kappa_1^2, kappa_2^2) p_i k/m).

        ||e_i|| <= sqrt(m) max_{j != i} p_ij (||A|| a_2 (U + V) + ||W|| U^2)

    with U = max |x_j| over active codes, V = max |W_j^T (y - W x)|.

    With u = W_i^T y + b_i and v = W_i^T (y - W x), g_i = -E[1_i (u y - u W x + v y)], and e_i is
    the part along A_j, W_j, j != i: -sum_j A_j E[1_i (u + v) x*_j] + sum_j W_j E[1_i u x_j]. Every
    coefficient is an expectation over the event that i and j are active, of size at most p_ij (U +
    V) a_2 or p_ij U^2; a vector of m of them has norm at most sqrt(m) times the largest. So the
    order is p_i k/sqrt(m), which A = W = I attains up to a constant.

    >>> residual_bound(np.eye(2), np.eye(2), np.full((2, 2), 0.5), 1.0, 0.5, 0.25)
    array([0.70710678, 0.70710678])
    """
    m = len(p2)
    q2 = np.where(np.eye(m, dtype=bool), 0, p2).max(axis=1)
    a = np.linalg.norm(A_star, 2)
    w = np.linalg.norm(W, 2)
    return np.sqrt(m) * q2 * (a * a_2 * (largest_code + largest_back) + w * largest_code**2)
