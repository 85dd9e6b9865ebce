"""L23, Appendices C.3, C.4, D: the perturbations of a step and the noise, Lemmas 12 to 17."""

from __future__ import annotations

import math

import numpy as np

from ....arrays import Array


def perturbation(gram: Array, nu: Array, w_star: Array, w: Array, groups: tuple[int, ...]) -> Array:
    """b of (4) for all groups at once: (X^T X / n - I)(w* - w) + nu, with nu = X^T xi / n.

    The gradient step of Algorithm 1 normalises w + X^T (y - X w) / n = w* + b. This b at w = u(t)^2
    v(t) is that of (4); its inner product with v_l(t+1) at w = u(t)^2 v(t+1) is e of (5): the two
    are taken at different points, so e != <v_l(t), b_l> in general.

    >>> gram = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> perturbation(gram, np.zeros(2), np.array([2.0, 2.0]), np.array([2.0, 0.0]), (1, 1))
    array([1., 0.])
    """
    return (gram - np.eye(len(w))) @ (w_star - w) + nu


def perturbation_factor(tau: float, tau_0: float, form: str) -> float:
    """Lemmas 12, 13, 17, (7), (9) and (10): r with ||u*^2 v* - u^2 v|| <= r u*^2, the least one.

    The square of the left-hand side is (u^2 - u*^2)^2 + 2 u^2 u*^2 (1 - <v, v*>). With
    abs(u^2 - u*^2) <= d u*^2 and <v, v*> >= 1 - a it is at most (d^2 + 2 (1 + d) a) u*^4.

    - Lemma 12, (7) and (9): d = tau and a = tau^2/5, so r = tau sqrt(1 + 2 (1 + tau)/5), below the
      3 tau of (7). In (9) u_max*^2 takes the place of u*^2, and tau = 2^-m_0 <= 1 gives 1.35 tau.
    - Lemma 13: d = tau/2 and a = tau^2/5; the paper has 1/sqrt(5) for sqrt(2/5), its 3/2 tau holds.
    - Lemma 17, (10): d = tau and a = tau/5, below the (1 + 2/sqrt(tau_0)) tau of (10).

    >>> round(perturbation_factor(0.5, 0.5, "lemma12"), 3)
    0.632
    """
    spread = {"lemma12": tau, "lemma13": tau / 2, "lemma17": tau}[form]
    drop = (tau if form == "lemma17" else tau**2) / 5
    return math.sqrt(spread**2 + 2 * (1 + spread) * drop)


def perturbation_bound(
    tau: float, tau_0: float, u_star_squared: float, u_min_squared: float, form: str
) -> float:
    """Lemmas 12, 13, 17, corrected: a bound on ||b_l||, so on abs(<v_l, b_l>) and abs(e_l), l in S.

    Assume delta_in <= d, delta_out <= d/s with d = u_min*^2 / (120 u_max*^2), times sqrt(tau_0) for
    Lemma 17; ||X_l^T xi / n||_2 <= tau_0 u*_l^2 / 80; u_l^2 and v_l of every l in S as in
    :func:`perturbation_factor`; off S, u_l^2 <= alpha <= tau_0 u_min*^2 / L. Then

        ||b_l|| <= delta_in r u*_l^2 + (s - 1) delta_out r u_max*^2
                   + (L - s) delta_out alpha + tau_0 u*_l^2 / 80
                <= 2 d r u_max*^2 + tau_0 u_min*^2 / 120 + tau_0 u*_l^2 / 80,

    with r as there, at most tau u*_l^2 / 10 (Lemmas 12, 17) or tau u*_l^2 / 20 (Lemma 13).

    Differs from the paper: its step abs(<v, nu>) <= ||v||_2 ||nu||_inf is false, sqrt(p_l) is
    missing, hence the 2-norm of the noise; it asks its hypotheses of l outside S, where u*_l = 0;
    and it needs alpha, not alpha^2, for the groups outside, where only u_l <= sqrt(alpha) is known.
    e_l takes v_l at t + 1: the angle of both is asked.

    >>> perturbation_bound(0.5, 0.5, 1.0, 1.0, "lemma12") < 0.05
    True
    """
    leak = (
        perturbation_factor(tau, tau_0, form)
        * u_min_squared
        / 60
        * (np.sqrt(tau_0) if form == "lemma17" else 1)
    )
    return float(leak + tau_0 * u_min_squared / 120 + tau_0 * u_star_squared / 80)


def noise_level(n: int, p: int, sigma: float = 1.0) -> float:
    """Lemma 15: what ||X^T xi / n||_inf exceeds with probability at most 1/(8 p^3).

    It is 2 sqrt(2 sigma^2 log(2p) / n), for columns of X with norms at most sqrt(n) and independent
    sigma^2-sub-Gaussian entries of xi. A random variable Y is sigma^2-sub-Gaussian if there is a
    sigma > 0 such that for all t, E exp(t Y) <= exp(sigma^2 t^2 / 2) (Definition 3, quantifiers in
    order); E Y = 0 follows. An entry of X^T xi / n is then sigma^2/n-sub-Gaussian, and the union
    over p entries and two signs gives 2 p exp(-n eps^2 / (2 sigma^2)) = 2p (2p)^-4 = 1/(8 p^3).

    Without the factor sqrt 2, as Corollary 1 prints it, the bound is 2p (2p)^-2 = 1/(2p).

    >>> round(noise_level(100, 50), 3)
    0.607
    """
    return 2 * math.sqrt(2 * sigma**2 * math.log(2 * p) / n)


def group_noise_level(
    size: int, n_groups: int, n: int, p: int, sigma: float = 1.0, delta_in: float = 0.0
) -> float:
    """What max_l ||X_l^T xi / n||_2 exceeds with probability at most 1/(8 p^3).

    For groups of at most p_l = ``size`` entries it is sigma sqrt((1 + delta_in)/n) (sqrt(p_l) +
    sqrt(2 t)) with t = log(8 L p^3). For xi with independent sigma^2-sub-Gaussian entries and A =
    X_l^T / n, Sigma = A^T A,

        P(||A xi||^2 > sigma^2 (tr Sigma + 2 sqrt(t tr Sigma^2) + 2 t ||Sigma||_2)) <= exp(-t)

    (Hsu, Kakade, Zhang 2012). The rank of Sigma is at most p_l, its eigenvalues at most
    (1 + delta_in)/n by (1), so the right-hand side is at most sigma^2 (1 + delta_in)/n
    (sqrt(p_l) + sqrt(2 t))^2; the union over the L groups gives L exp(-t) = 1/(8 p^3).

    >>> round(group_noise_level(25, 2, 100, 50), 3)
    1.039
    """
    t = math.log(8 * n_groups * p**3)
    return sigma * math.sqrt((1 + delta_in) / n) * (math.sqrt(size) + math.sqrt(2 * t))
