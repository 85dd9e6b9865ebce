"""N19, section 5 and Appendix B.1: the expected update (5), (6)-(9), Lemma 1, tau, the bias."""

from __future__ import annotations

import numpy as np

from ....arrays import Array, BoolArray


def overlaps(W: Array, A_star: Array) -> Array:
    """lam_i = <W_i, A_i>.

    >>> overlaps(np.array([[0.6, 0.0], [0.8, 1.0]]), np.eye(2))
    array([0.6, 1. ])
    """
    return np.einsum("ni,ni->i", W, A_star)


def enumerated_update(
    W: Array, bias: Array, Y: Array, active: BoolArray, weights: Array
) -> tuple[Array, Array]:
    """The expected update of W and of b, by enumeration of weighted samples. [N19] Eq. (5).

    g_i = -E[1_i (W_i^T y I + b_i I + y W_i^T)(y - W x)],  (g_b)_i = -E[1_i W_i^T (y - W x)],  x = 1
    (W^T y + b), where row k of ``active`` is the support of sample k.

    >>> active = np.array([[True]])
    >>> G, g_b = enumerated_update(np.eye(1), np.array([-0.5]), np.eye(1), active, np.ones(1))
    >>> G, g_b  # -1 + (1 - 1/2)^2, and b
    (array([[-0.75]]), array([-0.5]))
    """
    Z = active * (Y @ W + bias)
    rest = Y - Z @ W.T
    back = active * (rest @ W)
    G = -(rest.T @ (weights[:, None] * Z) + Y.T @ (weights[:, None] * back))
    return G, -weights @ back


def mixture_terms(W: Array, A_star: Array, p: Array, bias: Array) -> tuple[Array, Array, Array]:
    """g^(1), g^(2), g^(3) of a mixture of Gaussians. [N19] Eqs. (6), (7), (8).

    Noise of covariance sigma^2 I drops out.

    With y = A_i + eta and ||W_i|| = 1: (I - W_i W_i^T) W_i = 0 removes the noise from (6), its mean
    is zero in (7) and (8).

    >>> # lam = 1/2: -1/2 + 1/8, -1/8 - 1/2, 1/2 - 1/8
    >>> mixture_terms(np.array([[0.5]]), np.eye(1), np.ones(1), np.array([-0.5]))
    (array([[-0.375]]), array([[-0.625]]), array([[0.375]]))
    """
    lam = overlaps(W, A_star)
    return (
        -p * lam * A_star + p * lam**2 * W,
        p * bias * lam * W + p * bias * A_star,
        -p * bias * A_star + p * bias * lam * W,
    )


def mixture_update(W: Array, A_star: Array, p: float | Array, bias: float | Array) -> Array:
    """g_i = -p_i lam_i A_i + p_i (lam_i + b_i)^2 W_i for a mixture. [N19] Eq. (9), gamma = 0.

    The sum of (6), (7), (8) and p_i b_i^2 W_i. The main text prints A for A_i.

    >>> mixture_update(np.eye(2), np.eye(2), 0.5, -0.5)[:, 0]
    array([-0.375,  0.   ])
    """
    lam = overlaps(W, A_star)
    return -p * lam * A_star + p * (lam + bias) ** 2 * W


def descent_bound(
    p: float | Array,
    lam: float | Array,
    error: float | Array,
    update_norm: float | Array,
    noise_norm: float | Array,
    delta: float,
    form: str = "corrected",
    kappa_2: float = 1.0,
) -> float | Array:
    """Lower bound on 2 <g_i, W_i - A_i>. [N19] Lemma 1 (kappa_2 = 1) and Lemma 4.

    Lemma 4 has the remainder itself in place of its order.

    kappa_2 p (lam - 2 delta^2/lam) d^2 + (||g||^2 - 2 ||gamma||^2)/(kappa_2 p lam);
    ``form="printed"`` has 2 delta^2 for 2 delta^2/lam.

    With v = g - q (W - A), q = kappa_2 p lam: 2 <g, W - A> = q d^2 + ||g||^2/q - ||v||^2/q. Here v
    = p ((b + lam)^2 - lam) W + gamma, and the condition |(b + lam)^2 - lam| <= 2 (1 - lam) = d^2 <=
    delta d gives ||v||^2 <= 2 (p delta d)^2 + 2 ||gamma||^2; divided by q = p lam the first term is
    2 p delta^2 d^2/lam. (Lemma 4: the bracket is kappa_2 times as large, and so is everything
    else.)

    >>> descent_bound(0.5, 0.5, 1.0, 0.0, 0.0, 0.5)
    -0.25
    >>> descent_bound(0.5, 0.5, 1.0, 0.0, 0.0, 0.5, "printed")
    0.0
    """
    q = kappa_2 * p * lam
    loss = 2 * delta**2 / (1 if form == "printed" else lam)
    return kappa_2 * p * (lam - loss) * error**2 + (update_norm**2 - 2 * noise_norm**2) / q


def bias_window(delta: float) -> float:
    """(b + lam)^2 - (3 lam - 2) at b = -delta, lam = 1 - delta^2/2; negative. [N19] Theorem 4.

    So Lemma 1 and consistency never hold together.

    Consistency (proof of Theorem 4, k = 1) asks -1 + 2 delta <= b <= -delta, Lemma 1 (b + lam)^2 >=
    3 lam - 2. As 0 <= b + lam <= lam - delta and (lam - delta)^2 - 3 lam + 2 decreases in lam < (3
    + 2 delta)/2, the left minus the right is at most its value at lam = 1 - delta^2/2, delta
    (delta^3/4 + delta^2 + 3 delta/2 - 2): negative for delta < 0.8089, while the interval is empty
    for delta > 1/3.

    >>> bias_window(0.5)
    -0.484375
    """
    return delta * (delta**3 / 4 + delta**2 + 3 * delta / 2 - 2)


def tau_of_spread(ratio: float) -> float:
    """The best tau of one step size for all columns, near A. [N19] Theorem 4.

        1 - ((ratio - 1)/(ratio + 1))^2,    ratio = p_max/p_min

    Column i contracts by |1 - kappa_i|, kappa_i = zeta p_i (threshold, b = 0); the best zeta
    balances 1 - kappa_min = kappa_max - 1. So tau > 1/2 is possible iff ratio < (1 + sqrt(2))^2 =
    5.83.

    >>> tau_of_spread(1.0), tau_of_spread(3.0)
    (1.0, 0.75)
    """
    return 1 - ((ratio - 1) / (ratio + 1)) ** 2
