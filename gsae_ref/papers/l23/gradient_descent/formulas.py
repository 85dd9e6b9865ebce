"""When to stop: the window of [L23], Theorem 3, as printed and corrected, and R8 with its proof."""

import math

from ..gradient_flow.formulas import Window


def zeta(noise: float, epsilon: float) -> float:
    """zeta = 80 (max_l ||X_l^T xi / n||_2 v eps): Section 4 with the 2-norm of the noise.

    The paper has the largest entry ||X^T xi / n||_inf.

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
    """T_lb and T_ub of Theorem 3, as printed and as in R8; R8 and Theorem 4, repaired, proved.

    With M = u_max*^2, m = u_min*^2 over the support and Z = max(zeta, m),

        T_lb = log(M / (2 alpha^2)) / (2 log(1 + gamma Z / 2))
               + floor(log2(M / zeta)) 5 / (2 gamma Z),

        T_ub = log(1/alpha^4) / (gamma Z)         (form "corrected", R8),
        T_ub = 5/16 log(1/alpha^4) / (gamma Z)    (form "printed").

    **R8.** Let delta_in <= m/(120 M), delta_out <= m/(120 s M), gamma <= 1/(20 M),
    alpha < min(min(eps^4, 1)/M^4, m/(80 L), eps/L), zeta = 80 max(max_l ||X_l^T xi / n||_2, eps) <=
    M, and the v_l(0) any unit vectors. Then T_lb <= T_ub, and for every integer t with T_lb <= t <=
    T_ub Algorithm 1 has

    - ||w_l(t) - w*_l||_2 <= 2.05 zeta for l in S, and <= 1.2 zeta where u*_l^2 >= zeta,
    - ||w_l(t)||_2 <= alpha for l not in S.

    **Theorem 4, repaired.** The same holds for Algorithm 2 with the step gamma/Z <= eta <= 4/(9
    M^2) on v from any time on at which u_l^2 >= u*_l^2 / 2 for all l with u*_l^2 >= zeta.

    Where the vector z_l to be normalised is 0, v_l stays.

    **Proof.** Put h_l = u_l^2, a = zeta/80, Delta = w* - w. From eps <= a <= M/80 and
    alpha < eps^4/M^4: alpha < 80^-4. Let l0 = log(1/alpha). *Strong* groups have u*_l^2 >= zeta, so
    u*_l^2 >= Z; *weak* ones u*_l^2 < zeta, and if there are any, Z = zeta.

    1. *The window is not empty.* With x = gamma Z / 2 <= 1/40, x / log(1 + x) <= 1 + x/2 <= 1.0125,
    so gamma Z T_lb <= 1.0125 (2 l0 + log(M/2)) + 3.607 log(M/zeta). It suffices that
    1.975 l0 >= 1.0125 log(M/2) + 3.607 log(M/zeta). Now l0 > 4 log(80 M/zeta), which covers the
    last term and leaves 4 log 80; and 0.975 l0 > 3.9 log M if M >= 1, while log(M/2) < 0 if M < 1.
    (The printed T_ub has 1.25 l0 for 4 l0; log(1 + x) <= x gives gamma Z T_lb >= 2 l0 + log(M/2),
    and 0.75 l0 > 3 log 80, so the printed T_ub is below T_lb whenever M > 2 / 80^3 = 3.91e-6.)

    2. *Crude bounds, all t <= T_ub, any directions.* Suppose h_k <= alpha off the support and
    ||Delta_k|| <= 2.05 M on it (so at t = 0, alpha^2 being < m/80). Then for l in S the
    perturbation has ||b_l||, abs(e_l) <= delta_in 2.05 M + (s - 1) delta_out 2.05 M + L delta_out
    alpha + a <= 2.05 m/60 + m/9600 + Z/80 <= Z/20, also for e_l, which has h at t and v at t + 1:
    the bounds on h and on v hold separately. By Lemma 9 (repaired; gamma <= 1/(20 M) <= 1/(4 (M +
    Z/20))) h_l <= u*_l^2 + Z/20, so ||Delta_l|| <= 2.05 M again, whatever the direction. For l not
    in S, u_l(t + 1) = u_l (1 + 2 gamma v^T q) with v^T q = -h_l (1 + v^T E_l v) + (cross terms and
    noise), the first part not positive, as v^T E_l v > -1, the others at most s delta_out 2.05 M +
    L delta_out alpha + a <= (0.0171 + 0.0002) m + Z/80 <= Z/32. By Lemma 14 with B = Z/32, h_l <=
    alpha for t <= 2 log(1/alpha^4) / (gamma Z), twice T_ub; the factor stays positive. Induction
    over t. So weak groups have ||Delta_l|| <= h_l + u*_l^2 <= 2.05 zeta.

    3. *Strong groups* under (6): as ||b_l|| <= u*_l^2 / 20, tan(v_l, v*_l) <= 1/19 from t = 1 on
    (Lemma 8), and c_t = u*^2 <v, v*> + e >= 0.948 u*^2. While h_l <= u*_l^2 / 2, u_l grows by
    1 + 0.89 gamma u*^2 a step; this brings h_l to u*_l^2 / 2 more than a step before T_1, the first
    term of T_lb, which has 1 + 0.5 gamma Z, as log(M / 2 alpha^2) > 21. It never falls below again
    (Lemma 9). After a change to the step eta, ``steps.formulas.alignment_rate`` makes tan(t + 1) a
    weighted mean of tan(t) and at most 1/19, so the same bounds stay: eta h^2 <= 4/9 (1.05)^2 < 1.

    4. *Contraction.* Let P bound abs(h_l - u*_l^2) and Q bound u*_l^2 tan(v_l, v*_l) for all strong
    l from some time t_0 >= T_1 on. Then ||Delta_l|| <= R = P + Q, at (u(t), v(t)) and at (u(t),
    v(t+1)), since ||v - v*|| <= tan. So ||b_l||, abs(e_l) <= beta = min((R + 2.05 zeta)/60 + 1.01
    a, Z/20). With N = floor(5/(2 gamma Z)), so gamma Z N >= 2.45, from t_0 + N on:

    - u*^2 tan <= (1 - rate)^N Q + beta/(1 - 1/20) <= 0.349 Q + 1.053 beta. Here rate = 1 with (6),
      else rate >= 0.43 eta u*_l^4 >= 0.43 gamma Z, and exp(-0.43 2.45) <= 0.349.
    - c_t is within Q/38 + beta of u*^2, since u*^2 (1 - <v, v*>) <= u*^2 tan^2 / 2. As in Lemma 11,
      but with gamma <= 1/(20 M), the distance of h_l to that interval shrinks by 1 - 2 gamma u*^2 a
      step, so abs(h_l - u*_l^2) <= e^-4.9 P + Q/38 + beta.

    Together R becomes at most 0.376 R + 2.053 beta <= 0.411 R + 0.097 zeta. At T_1,
    R <= M/2 + M/19 <= 0.553 M, and M < 2^{m_0 + 1} zeta with m_0 = floor(log2(M/zeta)). After m_0
    such stages R <= 1.106 (0.822)^{m_0} zeta + 0.165 zeta [m_0 >= 1] <= 1.2 zeta. []

    Differs from the paper: T_ub; ||.||_2 for ||.||_inf of the noise of a group; zeta <= M, without
    which the proof has t = 0 only; explicit constants; for Algorithm 2 a lower bound on eta, the
    right power of u_max* in the upper one, and the deltas of Theorem 3 instead of smaller ones.

    Examples
    --------
    >>> printed = stopping_window(1.0, 1.0, 1.0, 0.05, 1e-9, "printed")
    >>> round(printed.lower), round(printed.upper), printed.empty
    (825, 518, True)
    >>> stopping_window(1.0, 1.0, 1.0, 0.05, 1e-9).empty
    False
    """
    Z = max(zeta, u_min_squared)
    log_ratio = math.log(u_max_squared / 2) - 2 * math.log(alpha)  # alpha^2 could underflow
    grow = log_ratio / (2 * math.log1p(gamma * Z / 2))
    refine = math.floor(math.log2(u_max_squared / zeta)) * 5 / (2 * gamma * Z)
    share = {"printed": 5 / 16, "corrected": 1.0}[form]
    return Window(grow + refine, share * -4 * math.log(alpha) / (gamma * Z))


def second_step(u_max_squared: float, u_min_squared: float, zeta: float, gamma: float) -> Window:
    """Theorem 4, repaired: the steps eta on v that Algorithm 2 may change to, gamma/Z to 4/(9 M^2).

    Empty where gamma is too large for them, above 4 Z / (9 M^2).

    >>> second_step(1.0, 1.0, 0.5, 0.05).lower
    0.05
    """
    return Window(gamma / max(zeta, u_min_squared), 4 / (9 * u_max_squared**2))
