"""When to stop: the windows of [L23], Theorems 2 and 3, as printed and corrected, and R8 with its proof."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from ..arrays import Real

__all__ = [
    "Window", "flow_time", "flow_window", "growth_limit", "lemma5_time", "lemma6_time", "printed_flow_window", "stopping_window", "zeta",
]

SQRT2, SQRT3 = math.sqrt(2), math.sqrt(3)


class Window(NamedTuple):
    """Lower and upper end of a window of times; empty when lower > upper.

    >>> Window(1727, 997).empty, Window(1727, 3191).empty
    (True, False)
    """

    lower: Real
    upper: Real

    @property
    def empty(self) -> bool:
        """Whether no time lies in it."""
        return bool(self.lower > self.upper)


def zeta(noise: float, epsilon: float) -> float:
    """zeta = 80 (max_l ||X_l^T xi / n||_2 v eps): Section 4 with the 2-norm of each group of the noise; the paper has the largest entry.

    >>> zeta(0.01, 0.001)
    0.8
    """
    return 80 * max(noise, epsilon)


def growth_limit(B: float, gamma: float, alpha: float, factor: int = 16) -> float:
    """Lemma 14: until when u(t + 1) = u(t)(1 + 2 gamma e_t), u(0) = alpha, abs(e_t) <= B, stays below sqrt(alpha): log(1/alpha^4) / (factor gamma B).

    alpha (1 + 2 gamma B)^t <= sqrt(alpha) iff t <= log(1/alpha) / (2 log(1 + 2 gamma B)), and log(1 + x) <= x gives log(1/alpha) / (4 gamma B) =
    log(1/alpha^4) / (16 gamma B): the factor 32 that the paper has is twice what is needed.

    >>> round(growth_limit(1.0, 0.25, math.exp(-4)), 9)
    4.0
    """
    return -4 * math.log(alpha) / (factor * gamma * B)


def stopping_window(u_max_squared: float, u_min_squared: float, zeta: float, gamma: float, alpha: float, form: str = "corrected") -> Window:
    """T_lb and T_ub of Theorem 3; form "printed" has 5/16 log(1/alpha^4) / (gamma Z) for T_ub, "corrected" (R8) log(1/alpha^4) / (gamma Z).

        T_lb = log(M / (2 alpha^2)) / (2 log(1 + gamma Z / 2)) + floor(log2(M / zeta)) 5 / (2 gamma Z),    Z = max(zeta, m),

    with M = u_max*^2, m = u_min*^2 over the support.

    **R8.** Let delta_in <= m/(120 M), delta_out <= m/(120 s M), gamma <= 1/(20 M), alpha < min(min(eps^4, 1)/M^4, m/(80 L), eps/L), the v_l(0) any
    unit vectors, zeta = 80 max(max_l ||X_l^T xi / n||_2, eps) <= M. Then T_lb <= T_ub = log(1/alpha^4) / (gamma Z), and for every integer t
    with T_lb <= t <= T_ub Algorithm 1 has ||w_l(t) - w*_l||_2 <= 4.2 zeta for l in S and ||w_l(t)||_2 <= alpha for l not in S.

    **Proof.** Put h_l = u_l^2, a = zeta/80, Delta = w* - w. From eps <= a <= M/80 and alpha < eps^4/M^4: alpha < 80^-4. Let l0 = log(1/alpha).

    1. *The window is not empty.* With x = gamma Z / 2 <= 1/40, x / log(1 + x) <= 1 + x/2 <= 1.0125, so gamma Z T_lb <= 1.0125 (2 l0 + log(M/2)) +
    3.607 log(M/zeta). It suffices that 1.975 l0 >= 1.0125 log(M/2) + 3.607 log(M/zeta). Now l0 > 4 log(80 M/zeta), which covers the last term and
    leaves 4 log 80; and 0.975 l0 > 3.9 log M if M >= 1, while log(M/2) < 0 if M < 1. (The printed T_ub has 1.25 l0 for 4 l0; log(1 + x) <= x
    gives gamma Z T_lb >= 2 l0 + log(M/2), and 0.75 l0 > 3 log 80, so the printed window is empty whenever M > 2 / 80^3 = 3.91e-6.)

    2. *Crude bounds, all t <= T_ub.* Suppose h_k <= alpha off the support and ||Delta_k|| <= 2.05 M on it (so at t = 0, alpha^2 being < m/80). Then
    for l in S the perturbation has ||b_l||, abs(e_l) <= delta_in 2.05 M + (s - 1) delta_out 2.05 M + L delta_out alpha + a <= 2.05 m/60 + m/9600 +
    Z/80 <= Z/20. By Lemma 9 (corrected; gamma <= 1/(20 M) <= 1/(4 (M + Z/20))) h_l <= u*_l^2 + Z/20, so ||Delta_l|| <= 2.05 M again, whatever
    the direction. For l not in S, u_l(t + 1) = u_l (1 + 2 gamma v^T q) with v^T q = -h_l (1 + v^T E_l v) + (cross terms and noise), the first part
    negative, the others at most s delta_out 2.05 M + L delta_out alpha + a <= (0.0171 + 0.0002) m + Z/80 <= Z/32. (v^T E_l v > -1.) By Lemma 14
    with B = Z/32, h_l <= alpha for t <= 2 log(1/alpha^4) / (gamma Z), twice T_ub; the factor stays positive. Induction over t.

    3. *Strong groups*, u*_l^2 >= zeta, so >= Z: as ||b_l|| <= u*_l^2 / 20, <v_l, v*_l> >= sqrt(1 - 1/400) from t = 1 on (Lemma 8), and c_t =
    u*^2 <v, v*> + e >= 0.948 u*^2. While h_l <= u*_l^2 / 2, u_l grows by 1 + 0.89 gamma u*^2 a step; this brings h_l to u*_l^2 / 2 more than
    a step before the first term of T_lb, which has 1 + 0.5 gamma Z, as log(M / 2 alpha^2) > 21. It never falls below again (Lemma 9).

    4. *Contraction.* From then on, as in Lemma 11 but with gamma <= 1/(20 M), the distance of h_l to the range of c_t shrinks by 1 - 2 gamma u*^2
    each step: by e^-4.9 in floor(5/(2 gamma Z)) >= 49 steps. Let ||Delta_l|| <= R for all strong l from some time on. Weak groups, u*_l^2 <
    zeta = Z, have ||Delta_l|| <= 2.05 zeta. So ||b_l||, abs(e_l) <= beta = (R + 2.05 zeta)/60 + 1.01 a, whence u*^2 ||v - v*|| <= 1.001 beta,
    abs(c_t - u*^2) <= 1.03 beta, and after one such stage, for good, ||Delta_l|| <= e^-4.9 R + 2.04 beta <= R/20 + zeta/10. From R = 2.05 M,
    m_0 = floor(log2(M/zeta)) stages give R <= 2.05 M / 20^{m_0} + 0.106 zeta [m_0 >= 1] <= 4.1 zeta / 10^{m_0} + 0.106 zeta [m_0 >= 1] <= 4.2 zeta,
    since M < 2^{m_0 + 1} zeta. Weak groups: 2.05 zeta. []

    Differs from the paper: T_ub; ||.||_2 for ||.||_inf of the noise of a group; zeta <= M, without which the proof has t = 0 only; explicit
    constants.

    Examples
    --------
    >>> printed = stopping_window(1.0, 1.0, 1.0, 0.05, 1e-9, "printed")
    >>> round(printed.lower), round(printed.upper), printed.empty
    (825, 518, True)
    >>> stopping_window(1.0, 1.0, 1.0, 0.05, 1e-9).empty
    False
    """
    Z = max(zeta, u_min_squared)
    grow = (math.log(u_max_squared / 2) - 2 * math.log(alpha)) / (2 * math.log1p(gamma * Z / 2))  # alpha^2 could underflow
    refine = math.floor(math.log2(u_max_squared / zeta)) * 5 / (2 * gamma * Z)
    share = {"printed": 5 / 16, "corrected": 1.0}[form]
    return Window(grow + refine, share * -4 * math.log(alpha) / (gamma * Z))


def flow_time(c: Real, start: float, end: Real) -> Real:
    """The time in which u' = c u^2 - u^5 takes u from start to end < c^(1/3): int du / (c u^2 - u^5), in closed form; 0 if end <= start.

    1/(c u^2 - u^5) = (1/u^2 + u/(c - u^3))/c. With u = k x, k = c^(1/3), the second part integrates to (1/k) [-log(1 - x)/3 + log(1 + x + x^2)/6 -
    atan((2 x + 1)/sqrt 3)/sqrt 3]. At c = 0 the flow decays and never gets there.

    >>> round(flow_time(1.0, 0.1, 0.2), 6)  # u' = u^2 alone takes 5
    5.015062
    """
    if end <= start:
        return 0.0
    if c <= 0 or end >= c ** (1 / 3):
        return math.inf
    k = c ** (1 / 3)

    def primitive(x: Real) -> float:
        return -math.log1p(-x) / 3 + math.log(1 + x + x * x) / 6 - math.atan((2 * x + 1) / SQRT3) / SQRT3

    return (1 / start - 1 / end + (primitive(end / k) - primitive(start / k)) / k) / c


def flow_window(theta: float, signals: Sequence[Real], noises: Sequence[Real], tau: float) -> Window:
    """Theorem 2, corrected: T_l and T_u of the balanced gradient flow on an orthogonal design, from u_l(0) = theta, exactly.

    With a_l = X_l^T y / n = w*_l + nu_l, Lemma 4 keeps v_l(t) along a_l and Lemma 2 keeps ||v_l|| = u_l / sqrt 2, so w_l = (u_l^3 / sqrt 2) a_l /
    ||a_l|| and (3) becomes u_l' = sqrt 2 ||a_l|| u_l^2 - u_l^5. So ||w_l|| reaches (1 - tau) ||a_l|| at T_l = flow_time(sqrt 2 ||a_l||, theta,
    (sqrt 2 (1 - tau) ||a_l||)^{1/3}), the largest over S; and, off the support with ||a_l|| = ||nu_l||_2, u_l <= sqrt(theta), that is ||w_l|| <=
    theta^{3/2} / sqrt 2, until T_u = flow_time(sqrt 2 ||nu_l||, theta, sqrt(theta)) >= (1/theta - 1/sqrt(theta)) / (sqrt 2 max ||nu_l||). In
    [T_l, T_u] the error on the support is at most tau ||a_l|| + ||nu_l||_2. As theta -> 0 both times grow as 1/(sqrt 2 ||a|| theta): the window
    is not empty for small theta iff the largest ||nu_l||_2 off the support is below the smallest ||a_l|| on it. That hypothesis, and the
    2-norm, are missing in the paper.

    ``signals``: ||a_l|| for l in S; ``noises``: ||nu_l||_2 for l not in S.

    >>> window = flow_window(1e-3, [1.0], [0.05], 0.01)
    >>> round(window.lower), round(window.upper)
    (708, 13695)
    """
    lower = max(flow_time(SQRT2 * a, theta, (SQRT2 * (1 - tau) * a) ** (1 / 3)) for a in signals)
    return Window(lower, min((flow_time(SQRT2 * b, theta, math.sqrt(theta)) for b in noises), default=math.inf))


def printed_flow_window(theta: float, u_star_squared: float, B: float, epsilon: float) -> Window:
    """T_l and T_u at the end of the proof of Theorem 2, for one magnitude u*^2 (so u_min* = u_max*).

    >>> window = printed_flow_window(0.1, 1.0, 0.0, 0.4)
    >>> round(window.lower), round(window.upper), window.empty
    (891, 115, True)
    """
    return Window(lemma6_time(theta, u_star_squared, B, epsilon / u_star_squared), lemma5_time(theta, B, "printed"))


def lemma5_time(theta: float, B: float, form: str = "corrected") -> float:
    """Lemma 5: a time until which u(t) <= sqrt(theta), from u(0) = theta < 1, if d(u^2/2)/dt <= u^6 + sqrt 2 u^4 B.

    While u <= sqrt(theta), d log(u^2)/dt <= 2 u^4 + 2 sqrt 2 u^2 B <= 2 theta^2 + 2 sqrt 2 theta B, so u^2 goes from theta^2 to theta no sooner than
    log(1/theta) / (2 theta^2 + 2 sqrt 2 theta B). The paper forgets to double the second term, and prints it as theta sqrt(2 B).

    >>> round(lemma5_time(0.9, 10.0), 5), round(lemma5_time(0.9, 10.0, "printed"), 5)
    (0.00389, 0.0187)
    """
    slope = {"corrected": 2 * SQRT2 * theta * B, "printed": theta * math.sqrt(2 * B), "proof": SQRT2 * theta * B}[form]
    return math.log(1 / theta) / (2 * theta**2 + slope)


def lemma6_time(theta: float, u_star_squared: float, B: float, tau: float) -> float:
    """Lemma 6: the time T after which u^3 / sqrt 2 >= (1 - 3B - tau) u*^2, from u(0) = theta < u*/2, for 0 < B < 1/10 and tau < 1/2.

    The hypothesis is u' >= sqrt 2 u^2 [(1 - 3B) u*^2 - y], y = u^3 / sqrt 2. Let u_1^3 = u*^2 / sqrt 2. Until y = u*^2/2 (u = u_1), u' >=
    u^2 (1 - 6B) u*^2 / sqrt 2, so this takes at most sqrt 2 (1/theta - 1/u_1) / ((1 - 6B) u*^2); the first term of T is larger, for
    2 (1 - x) x^2 <= 8/27 < 2^{2/3}, x = theta/u_1. Then the deficit (1 - 3B) u*^2 - y decays at the rate 3 u^4 >= 3 u_1^4, so it halves in
    log 2 / (3 u_1^4), where T allows at least 4 / (3 sqrt 2 u_1^4). Differs from the paper, which concludes abs(y - u*^2) < (1 - 3B - tau) u*^2:
    growth is bounded from below only, so there is no upper bound on y, and with equality y stays below (1 - 3B) u*^2: abs(y - u*^2) > 3B u*^2.

    >>> round(lemma6_time(0.1, 1.0, 0.0, 0.4), 1)
    891.4
    """
    first = 2 ** (1 / 3) * u_star_squared ** (2 / 3) / theta**2 / ((1 - 6 * B) * SQRT2 * u_star_squared * theta)
    rate = 3 * u_star_squared * (0.5 - 3 * B) * (SQRT2 * (0.5 - 3 * B) * u_star_squared) ** (1 / 3)
    return first + 2 * math.log2(1 / (2 * tau)) / rate
