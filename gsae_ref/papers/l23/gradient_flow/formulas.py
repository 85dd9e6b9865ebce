"""L23, Section 3.2 and Appendix B: the angle of Lemma 3, the times of Theorem 2, Lemmas 5 and 6."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ....arrays import Array, Real


def sine(a: Array, b: Array) -> float:
    """sin of the angle between two vectors, and 1 beyond a right angle.

    >>> e_1 = np.array([1.0, 0.0])
    >>> sine(np.array([3.0, 4.0]), e_1), sine(-e_1, e_1)
    (0.8, 1.0)
    """
    inner = a @ b
    unit = b / np.linalg.norm(b)
    return 1.0 if inner <= 0 else float(np.linalg.norm(a - (a @ unit) * unit) / np.linalg.norm(a))


def alignment_bound(norms: Array, noise: Array, delta_in: float, delta_out: float) -> Array:
    """Lemma 3, repaired: beta_l, a bound on the sine of the angle of v_l(0) and v*_l, l in S.

        beta_l = delta_in + delta_out sum_{k in S, k != l} (u*_k / u*_l)^2
                 + ||X_l^T xi / n||_2 / u*_l^2,    asked to be < 1,

    for v_l(0) = eta X_l^T y / n with eta > 0; ``norms`` are the u*_l^2 = ||w*_l|| and ``noise`` the
    ||X_l^T xi / n||_2, both on S.

    Proof. X_l^T y / n = w*_l + b_l with ||b_l|| <= beta_l u*_l^2. For beta_l < 1 the ball around
    w*_l with this radius does not contain 0, and the largest angle under which it is seen from 0
    has the sine beta_l. So the cosine is at least sqrt(1 - beta_l^2). Differs from the paper: 1 -
    beta^2 is weaker than sqrt(1 - beta^2), but the paper (a) puts L delta_out, as if all magnitudes
    were equal, (b) does not ask beta < 1, (c) lets eta be negative ("proportional to").

    >>> float(alignment_bound(np.array([1.0, 100.0]), np.zeros(2), 0.0, 0.1)[0])
    10.0
    """
    others = np.sum(norms) - norms
    return delta_in + delta_out * others / norms + noise / norms


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


SQRT2 = math.sqrt(2)
SQRT3 = math.sqrt(3)


def flow_time(c: Real, start: float, end: Real) -> Real:
    """The time in which u' = c u^2 - u^5 takes u from start to end < c^(1/3), in closed form.

    It is the integral of du / (c u^2 - u^5), and 0 if end <= start.
    1/(c u^2 - u^5) = (1/u^2 + u/(c - u^3))/c. With u = k x, k = c^(1/3), the second part integrates
    to (1/k) [-log(1 - x)/3 + log(1 + x + x^2)/6 - atan((2 x + 1)/sqrt 3)/sqrt 3]. At c = 0 the flow
    decays and never gets there.

    >>> round(flow_time(1.0, 0.1, 0.2), 6)  # u' = u^2 alone takes 5
    5.015062
    """
    if end <= start:
        return 0.0
    if c <= 0 or end >= c ** (1 / 3):
        return math.inf
    k = c ** (1 / 3)

    def primitive(x: Real) -> float:
        return (
            -math.log1p(-x) / 3
            + math.log(1 + x + x * x) / 6
            - math.atan((2 * x + 1) / SQRT3) / SQRT3
        )

    return (1 / start - 1 / end + (primitive(end / k) - primitive(start / k)) / k) / c


def flow_window(
    theta: float, signals: Sequence[Real], noises: Sequence[Real], tau: float
) -> Window:
    """Theorem 2, repaired: T_l and T_u of the balanced flow on an orthogonal design, exactly.

    With a_l = X_l^T y / n = w*_l + nu_l and u_l(0) = theta, Lemma 4 keeps v_l(t) along a_l and
    Lemma 2 keeps ||v_l|| = u_l / sqrt 2. So w_l = (u_l^3 / sqrt 2) a_l / ||a_l||, and (3) becomes

        u_l' = sqrt 2 ||a_l|| u_l^2 - u_l^5.

    Let theta^3 <= sqrt 2 ||a_l|| on S: then ||w_l|| rises to ||a_l||, never above it. It reaches
    (1 - tau) ||a_l|| at T_l = flow_time(sqrt 2 ||a_l||, theta, (sqrt 2 (1 - tau) ||a_l||)^{1/3}),
    the largest over S. Off the support ||a_l|| = ||nu_l||_2, and u_l <= sqrt(theta), that is
    ||w_l|| <= theta^{3/2} / sqrt 2, until T_u = flow_time(sqrt 2 ||nu_l||, theta, sqrt(theta)) >=
    (1/theta - 1/sqrt(theta)) / (sqrt 2 max ||nu_l||). In [T_l, T_u] the error on the support is at
    most tau ||a_l|| + ||nu_l||_2: w_l - w*_l = (||w_l|| - ||a_l||) a_l / ||a_l|| + nu_l.

    As theta -> 0 both times grow as 1/(sqrt 2 ||a|| theta): the window is not empty for small theta
    iff the largest ||nu_l||_2 off the support is below the smallest ||a_l|| on it. That hypothesis,
    the 2-norm and theta^3 <= sqrt 2 ||a_l|| are missing in the paper.

    ``signals``: ||a_l|| for l in S; ``noises``: ||nu_l||_2 for l not in S.

    >>> window = flow_window(1e-3, [1.0], [0.05], 0.01)
    >>> round(window.lower), round(window.upper)
    (708, 13695)
    """
    lower = max(flow_time(SQRT2 * a, theta, (SQRT2 * (1 - tau) * a) ** (1 / 3)) for a in signals)
    return Window(
        lower,
        min((flow_time(SQRT2 * b, theta, math.sqrt(theta)) for b in noises), default=math.inf),
    )


def printed_flow_window(theta: float, u_star_squared: float, B: float, epsilon: float) -> Window:
    """T_l and T_u at the end of the proof of Theorem 2, where all magnitudes are u*^2.

    >>> window = printed_flow_window(0.1, 1.0, 0.0, 0.4)
    >>> round(window.lower), round(window.upper), window.empty
    (891, 115, True)
    """
    return Window(
        lemma6_time(theta, u_star_squared, B, epsilon / u_star_squared),
        lemma5_time(theta, B, "printed"),
    )


def lemma5_time(theta: float, B: float, form: str = "corrected") -> float:
    """Lemma 5: a time until which u <= sqrt(theta), from u(0) = theta < 1.

    The hypothesis is d(u^2/2)/dt <= u^6 + sqrt 2 u^4 B.
    While u <= sqrt(theta), d log(u^2)/dt <= 2 u^4 + 2 sqrt 2 u^2 B <= 2 theta^2 + 2 sqrt 2 theta B,
    so u^2 goes from theta^2 to theta no sooner than log(1/theta) / (2 theta^2 + 2 sqrt 2 theta B).
    The paper does not double the second term, and prints it as theta sqrt(2 B).

    >>> round(lemma5_time(0.9, 10.0), 5), round(lemma5_time(0.9, 10.0, "printed"), 5)
    (0.00389, 0.0187)
    """
    slope = {
        "corrected": 2 * SQRT2 * theta * B,
        "printed": theta * math.sqrt(2 * B),
        "proof": SQRT2 * theta * B,
    }[form]
    return math.log(1 / theta) / (2 * theta**2 + slope)


def lemma6_time(theta: float, u_star_squared: float, B: float, tau: float) -> float:
    """Lemma 6: the time T after which u^3 / sqrt 2 >= (1 - 3B - tau) u*^2.

    It starts from u(0) = theta < u*/2, with 0 < B < 1/10 and tau < 1/2.
    The hypothesis is u' >= sqrt 2 u^2 [(1 - 3B) u*^2 - y], y = u^3 / sqrt 2. Let u_1^3 = u*^2 /
    sqrt 2. Until y = u*^2/2 (u = u_1), u' >= u^2 (1 - 6B) u*^2 / sqrt 2, so this takes at most sqrt
    2 (1/theta - 1/u_1) / ((1 - 6B) u*^2); the first term of T is larger, for 2 (1 - x) x^2 <= 8/27
    < 2^{2/3}, x = theta/u_1. Then the deficit (1 - 3B) u*^2 - y decays at the rate 3 u^4 >= 3
    u_1^4, so it halves in log 2 / (3 u_1^4), where T allows at least 4 / (3 sqrt 2 u_1^4). Differs
    from the paper, which concludes abs(y - u*^2) < (1 - 3B - tau) u*^2: growth is bounded from
    below only, so there is no upper bound on y, and with equality y stays below (1 - 3B) u*^2:
    abs(y - u*^2) > 3B u*^2.

    >>> round(lemma6_time(0.1, 1.0, 0.0, 0.4), 1)
    891.4
    """
    first = (
        2 ** (1 / 3)
        * u_star_squared ** (2 / 3)
        / theta**2
        / ((1 - 6 * B) * SQRT2 * u_star_squared * theta)
    )
    rate = 3 * u_star_squared * (0.5 - 3 * B) * (SQRT2 * (0.5 - 3 * B) * u_star_squared) ** (1 / 3)
    return first + 2 * math.log2(1 / (2 * tau)) / rate
