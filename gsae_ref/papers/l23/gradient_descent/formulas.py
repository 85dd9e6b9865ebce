"""When to stop: the window of [L23], Theorem 3, as printed and corrected, and R8 with its proof."""

import math

from ..gradient_flow.formulas import Window


def zeta(noise: float, epsilon: float) -> float:
    """zeta = 80 (max_l ||X_l^T xi / n||_2 v eps): Section 4 with the 2-norm of each group of the noise; the paper has the largest entry.

    >>> zeta(0.01, 0.001)
    0.8
    """
    return 80 * max(noise, epsilon)


def stopping_window(
    u_max_squared: float,
    u_min_squared: float,
    zeta: float,
    gamma: float,
    alpha: float,
    form: str = "corrected",
) -> Window:
    """T_lb and T_ub of Theorem 3; form "printed" has 5/16 log(1/alpha^4) / (gamma Z) for T_ub, "corrected" (R8) log(1/alpha^4) / (gamma Z).

        T_lb = log(M / (2 alpha^2)) / (2 log(1 + gamma Z / 2)) + floor(log2(M / zeta)) 5 / (2 gamma Z),    Z = max(zeta, m),

    with M = u_max*^2, m = u_min*^2 over the support.

    **R8.** Let delta_in <= m/(120 M), delta_out <= m/(120 s M), gamma <= 1/(20 M), alpha <
    min(min(eps^4, 1)/M^4, m/(80 L), eps/L), the v_l(0) any unit vectors, zeta = 80 max(max_l
    ||X_l^T xi / n||_2, eps) <= M. Then T_lb <= T_ub = log(1/alpha^4) / (gamma Z), and for every
    integer t with T_lb <= t <= T_ub Algorithm 1 has ||w_l(t) - w*_l||_2 <= 4.2 zeta for l in S and
    ||w_l(t)||_2 <= alpha for l not in S.

    **Proof.** Put h_l = u_l^2, a = zeta/80, Delta = w* - w. From eps <= a <= M/80 and alpha <
    eps^4/M^4: alpha < 80^-4. Let l0 = log(1/alpha).

    1. *The window is not empty.* With x = gamma Z / 2 <= 1/40, x / log(1 + x) <= 1 + x/2 <= 1.0125, so gamma Z T_lb <= 1.0125 (2 l0 + log(M/2)) +
    3.607 log(M/zeta). It suffices that 1.975 l0 >= 1.0125 log(M/2) + 3.607 log(M/zeta). Now l0 > 4
    log(80 M/zeta), which covers the last term and leaves 4 log 80; and 0.975 l0 > 3.9 log M if M >=
    1, while log(M/2) < 0 if M < 1. (The printed T_ub has 1.25 l0 for 4 l0; log(1 + x) <= x gives
    gamma Z T_lb >= 2 l0 + log(M/2), and 0.75 l0 > 3 log 80, so the printed window is empty whenever
    M > 2 / 80^3 = 3.91e-6.)

    2. *Crude bounds, all t <= T_ub.* Suppose h_k <= alpha off the support and ||Delta_k|| <= 2.05 M on it (so at t = 0, alpha^2 being < m/80). Then
    for l in S the perturbation has ||b_l||, abs(e_l) <= delta_in 2.05 M + (s - 1) delta_out 2.05 M
    + L delta_out alpha + a <= 2.05 m/60 + m/9600 + Z/80 <= Z/20. By Lemma 9 (corrected; gamma <=
    1/(20 M) <= 1/(4 (M + Z/20))) h_l <= u*_l^2 + Z/20, so ||Delta_l|| <= 2.05 M again, whatever the
    direction. For l not in S, u_l(t + 1) = u_l (1 + 2 gamma v^T q) with v^T q = -h_l (1 + v^T E_l
    v) + (cross terms and noise), the first part negative, the others at most s delta_out 2.05 M + L
    delta_out alpha + a <= (0.0171 + 0.0002) m + Z/80 <= Z/32. (v^T E_l v > -1.) By Lemma 14 with B
    = Z/32, h_l <= alpha for t <= 2 log(1/alpha^4) / (gamma Z), twice T_ub; the factor stays
    positive. Induction over t.

    3. *Strong groups*, u*_l^2 >= zeta, so >= Z: as ||b_l|| <= u*_l^2 / 20, <v_l, v*_l> >= sqrt(1 - 1/400) from t = 1 on (Lemma 8), and c_t =
    u*^2 <v, v*> + e >= 0.948 u*^2. While h_l <= u*_l^2 / 2, u_l grows by 1 + 0.89 gamma u*^2 a
    step; this brings h_l to u*_l^2 / 2 more than a step before the first term of T_lb, which has 1
    + 0.5 gamma Z, as log(M / 2 alpha^2) > 21. It never falls below again (Lemma 9).

    4. *Contraction.* From then on, as in Lemma 11 but with gamma <= 1/(20 M), the distance of h_l to the range of c_t shrinks by 1 - 2 gamma u*^2
    each step: by e^-4.9 in floor(5/(2 gamma Z)) >= 49 steps. Let ||Delta_l|| <= R for all strong l
    from some time on. Weak groups, u*_l^2 < zeta = Z, have ||Delta_l|| <= 2.05 zeta. So ||b_l||,
    abs(e_l) <= beta = (R + 2.05 zeta)/60 + 1.01 a, whence u*^2 ||v - v*|| <= 1.001 beta, abs(c_t -
    u*^2) <= 1.03 beta, and after one such stage, for good, ||Delta_l|| <= e^-4.9 R + 2.04 beta <=
    R/20 + zeta/10. From R = 2.05 M, m_0 = floor(log2(M/zeta)) stages give R <= 2.05 M / 20^{m_0} +
    0.106 zeta [m_0 >= 1] <= 4.1 zeta / 10^{m_0} + 0.106 zeta [m_0 >= 1] <= 4.2 zeta, since M <
    2^{m_0 + 1} zeta. Weak groups: 2.05 zeta. []

    Differs from the paper: T_ub; ||.||_2 for ||.||_inf of the noise of a group; zeta <= M, without
    which the proof has t = 0 only; explicit constants.

    Examples
    --------
    >>> printed = stopping_window(1.0, 1.0, 1.0, 0.05, 1e-9, "printed")
    >>> round(printed.lower), round(printed.upper), printed.empty
    (825, 518, True)
    >>> stopping_window(1.0, 1.0, 1.0, 0.05, 1e-9).empty
    False
    """
    Z = max(zeta, u_min_squared)
    grow = (math.log(u_max_squared / 2) - 2 * math.log(alpha)) / (
        2 * math.log1p(gamma * Z / 2)
    )  # alpha^2 could underflow
    refine = math.floor(math.log2(u_max_squared / zeta)) * 5 / (2 * gamma * Z)
    share = {"printed": 5 / 16, "corrected": 1.0}[form]
    return Window(grow + refine, share * -4 * math.log(alpha) / (gamma * Z))
