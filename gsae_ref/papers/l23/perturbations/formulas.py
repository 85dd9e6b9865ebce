"""L23, Appendices C.3, C.4 and D: the perturbations of a step, Eqs. (7)-(10), Lemmas 12 to 17."""

from __future__ import annotations

import math

import numpy as np

from ....arrays import Array


def perturbation(gram: Array, nu: Array, w_star: Array, w: Array, groups: tuple[int, ...]) -> Array:
    """b of (4): X_l^T X / n (w* - w) + nu less its own main term w*_l - w_l, for all groups at once: (X^T X / n - I)(w* - w) + nu.

    The gradient step of Algorithm 1 normalises w + X^T (y - X w) / n = w* + b. This b at w = u(t)^2
    v(t) is that of (4); its inner product with v_l(t+1) at w = u(t)^2 v(t+1) is e of (5): the two
    are taken at different points, so e != <v_l(t), b_l> in general.

    >>> perturbation(np.array([[1.0, 0.5], [0.5, 1.0]]), np.zeros(2), np.array([2.0, 2.0]), np.array([2.0, 0.0]), (1, 1))
    array([1., 0.])
    """
    return (gram - np.eye(len(w))) @ (w_star - w) + nu


def perturbation_factor(tau: float, tau_0: float, form: str) -> float:
    """Lemmas 12, 13, 17: r with ||u*^2 v* - u^2 v|| <= r u*^2, from the distance of u^2 and the angle of v, (7) and (10).

    ||u*^2 v* - u^2 v|| <= abs(u*^2 - u^2) + u^2 ||v - v*||, and ||v - v*||^2 = 2 - 2 <v, v*>. Lemma 12: tau and 1 - tau^2/5 give tau + (1 + tau)
    sqrt(2/5) tau, below the 3 tau of (7). Lemma 13: tau/2 and 1 - tau^2/5; the paper has 1/sqrt(5)
    for sqrt(2/5), its 3/2 tau still holds. Lemma 17: tau and 1 - tau/5 give tau + (1 + tau) sqrt(2
    tau / 5), below the (1 + 2/sqrt(tau_0)) tau of (10), since tau_0 <= tau.

    >>> round(perturbation_factor(0.5, 0.5, "lemma12"), 3), round(perturbation_factor(0.5, 0.5, "lemma13"), 3)
    (0.974, 0.645)
    """
    spread = {"lemma12": tau, "lemma13": tau / 2, "lemma17": tau}[form]
    angle = np.sqrt(2 / 5) * (np.sqrt(tau) if form == "lemma17" else tau)
    return float(spread + (1 + spread) * angle)


def perturbation_bound(
    tau: float, tau_0: float, u_star_squared: float, u_min_squared: float, form: str
) -> float:
    """Lemmas 12, 13, 17, corrected: a bound on ||b_l|| (so on abs(<v_l, b_l>) and abs(e_l)), l in S.

    Assume delta_in <= d, delta_out <= d/s with d = u_min*^2 / (120 u_max*^2), times sqrt(tau_0) for
    Lemma 17; ||X_l^T xi / n||_2 <= tau_0 u*_l^2 / 80; u_l^2 and v_l of every l in S as in
    :func:`perturbation_factor`; off S, u_l^2 <= alpha <= tau_0 u_min*^2 / L. Then

        ||b_l|| <= delta_in r u*_l^2 + (s - 1) delta_out r u_max*^2 + (L - s) delta_out alpha + tau_0 u*_l^2 / 80
                <= 2 d r u_max*^2 + tau_0 u_min*^2 / 120 + tau_0 u*_l^2 / 80,

    with r as there, at most tau u*_l^2 / 10 (Lemmas 12, 17) or tau u*_l^2 / 20 (Lemma 13). Differs
    from the paper: its step abs(<v, nu>) <=
    ||v||_2 ||nu||_inf is false, sqrt(p_l) is missing, hence the 2-norm of the noise; it asks its hypotheses of l outside S, where u*_l = 0;
    and it needs alpha, not alpha^2, for the groups outside, where only u_l <= sqrt(alpha) is known.
    e_l takes v_l at t + 1: ask the angle of both.

    >>> perturbation_bound(0.5, 0.5, 1.0, 1.0, "lemma12") < 0.05, perturbation_bound(0.5, 0.5, 1.0, 1.0, "lemma13") < 0.025
    (True, True)
    """
    leak = (
        perturbation_factor(tau, tau_0, form)
        * u_min_squared
        / 60
        * (np.sqrt(tau_0) if form == "lemma17" else 1)
    )
    return float(leak + tau_0 * u_min_squared / 120 + tau_0 * u_star_squared / 80)


def growth_limit(B: float, gamma: float, alpha: float, factor: int = 16) -> float:
    """Lemma 14: until when u(t + 1) = u(t)(1 + 2 gamma e_t), u(0) = alpha, abs(e_t) <= B, stays below sqrt(alpha): log(1/alpha^4) / (factor gamma B).

    alpha (1 + 2 gamma B)^t <= sqrt(alpha) iff t <= log(1/alpha) / (2 log(1 + 2 gamma B)), and log(1
    + x) <= x gives log(1/alpha) / (4 gamma B) = log(1/alpha^4) / (16 gamma B): the factor 32 that
    the paper has is twice what is needed.

    >>> round(growth_limit(1.0, 0.25, math.exp(-4)), 9)
    4.0
    """
    return -4 * math.log(alpha) / (factor * gamma * B)
