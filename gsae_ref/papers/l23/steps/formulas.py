"""L23, Appendices C.1 and C.2: steps with bounded perturbations, Eqs. (4)-(6), Lemmas 7-11, 14."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ....arrays import Array, Real


def direction_step(
    u_squared: float, u_star_squared: Real, v_star: Array, v: Array, b: Array, eta: float
) -> Array:
    """(4): v(t+1), the unit vector along v + eta u^2 (u*^2 v* - u^2 v) + eta u^2 b.

    With eta = 1/u^4 it is (6), along u*^2 v* + b.

    >>> v_star, v, b = np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.0, 0.75])
    >>> direction_step(4.0, 1.0, v_star, v, b, 1 / 16)
    array([0.8, 0.6])
    """
    z = v + eta * u_squared * (u_star_squared * v_star - u_squared * v) + eta * u_squared * b
    return z / np.linalg.norm(z)


def magnitude_step(u: Real, cosine: float, u_star_squared: Real, e: float, gamma: float) -> Real:
    """(5): u(t+1) = u + 2 gamma u (u*^2 <v(t+1), v*> - u^2 + e).

    >>> magnitude_step(0.9, 1.0, 1.0, 0.0, 1.0)  # 1 is the fixed point, the step jumps over it
    1.242
    """
    return u + 2 * gamma * u * (u_star_squared * cosine - u**2 + e)


def largest_step(u_squared: float, u_star_squared: float, bound: float) -> float:
    """Lemma 9, corrected: the step size 1/(4 max(u(0)^2, u*^2 + B)), up to which u keeps its range.

    This is for (5) with abs(e_t) <= B and, below, (6) with ||b_t|| <= B_2 u*^2. With c_t = u*^2 <v,
    v*> + e_t, one step is f(u) = u (1 + 2 gamma (c_t - u^2)), concave for u > 0, with the fixed
    point sqrt(c_t). Let U = max(u(0)^2, u*^2 + B) and gamma <= 1/(4U). Above: f grows with c, and
    with c = U it increases for u^2 <= U, since f' = 1 + 2 gamma U - 6 gamma u^2 >= 1 - 4 gamma U >=
    0, and has the fixed point sqrt(U): so u^2 <= U stays. Below: if c_t >= c for all t and u^2 >=
    c, then f(u) >= sqrt(c): a concave function is least at an end of [sqrt(c), sqrt(U)], f(sqrt(c))
    >= sqrt(c), and f(sqrt(U)) >= sqrt(U) (1 - (U - c)/(2U)) = (U + c)/(2 sqrt(U)) >= sqrt(c). By
    Lemma 8, c_t >= sqrt(1 - B_2^2) u*^2 - B >= (1 - B_2) u*^2 - B when ||b_t|| <= B_2 u*^2, B_2 <=
    1. Without the bound on gamma both parts fail: u* = 1, gamma = 1, u(0) = 9/10, e = 0 gives u(1)
    = 621/500.

    >>> largest_step(0.25, 1.0, 0.25)
    0.2
    """
    return 1 / (4 * max(u_squared, u_star_squared + bound))


def step_after(
    u: Real, cosines: Iterable[float], u_star_squared: float, errors: Iterable[float], gamma: float
) -> Real:
    """u after one step (5) for each pair of <v(t+1), v*> and e_t.

    >>> step_after(0.5, [1.0, 1.0], 1.0, [0.0, 0.0], 0.0)
    0.5
    """
    for cosine, e in zip(cosines, errors, strict=True):
        u = magnitude_step(u, cosine, u_star_squared, e, gamma)
    return u


def interval_after(
    distance: float, steps: int, u_star_squared: float, gamma: float, rho: float
) -> float:
    """Lemma 11, corrected: a bound on abs(u^2 - u*^2) after some steps of (5) and (6).

    Asked are ||b_t||, abs(e_t) <= rho u*^2 and u^2 >= u*^2 / 2. With h = u^2, c as in
    :func:`largest_step` and gamma <= 1/(6 u*^2), h <= 3/2 u*^2: below c, h+ >= h (1 + 4 gamma (c -
    h)), so c - h+ <= (1 - 4 gamma h)(c - h); above, h+ - c = (h - c)(1 - 4 gamma h (1 - gamma (h -
    c))), with gamma (h - c) <= 1/4. Either way the distance from h to the interval [c-, c+] that
    c_t keeps to shrinks by the factor 1 - 3/2 gamma u*^2 at least, and u*^2 sqrt(1 - rho^2) - rho
    u*^2 = c-, c+ = (1 + rho) u*^2. So after t steps abs(h - u*^2) <= (1 - 3/2 gamma u*^2)^t
    ``distance`` + (rho + 1 - sqrt(1 - rho^2)) u*^2. For rho = tau/10, distance = tau u*^2 and t >=
    5/(2 gamma u*^2), it is below tau u*^2 / 7, less than the tau/2 that Lemma 11 claims.

    >>> bool(interval_after(0.5, 50, 1.0, 0.05, 0.05) < 0.5 / 7)
    True
    """
    return (1 - 1.5 * gamma * u_star_squared) ** steps * distance + (
        rho + 1 - np.sqrt(1 - rho**2)
    ) * u_star_squared


def growth_limit(B: float, gamma: float, alpha: float, factor: int = 16) -> float:
    """Lemma 14: the time until which u(t + 1) = u(t)(1 + 2 gamma e_t) stays below sqrt(alpha).

    It is log(1/alpha^4) / (factor gamma B), for u(0) = alpha < 1 and abs(e_t) <= B. Indeed
    alpha (1 + 2 gamma B)^t <= sqrt(alpha) iff t <= log(1/alpha) / (2 log(1 + 2 gamma B)), and
    log(1 + x) <= x gives log(1/alpha) / (4 gamma B) = log(1/alpha^4) / (16 gamma B). The paper has
    the factor 32, half of this time.

    >>> round(growth_limit(1.0, 0.25, math.exp(-4)), 9)
    4.0
    """
    return -4 * math.log(alpha) / (factor * gamma * B)


def alignment_rate(eta: float, u_star_squared: float, ratio: float, bound: float = 1 / 20) -> float:
    """How much of the tangent of the angle of v and v* one step (4) removes, at the least.

    Let h = u^2 = ratio u*^2, c = <v, v*> > 0, ||b|| <= beta u*^2 with beta < 1, and eta h^2 <= 1.
    The step has z = (1 - eta h^2) v + eta h (u*^2 v* + b). Its part normal to v* is at most (1 -
    eta h^2) ||v - c v*|| + eta h beta u*^2, the part along v* at least (1 - eta h^2) c + eta h (1 -
    beta) u*^2 > 0. So tan(t + 1) is at most a weighted mean,

        tan(t + 1) <= (1 - rate) tan(t) + rate beta / (1 - beta),
        rate >= eta h (1 - beta) u*^2 / (1 - eta h^2 + eta h (1 - beta) u*^2),

    since c <= 1. With eta = 1/u^4 the rate is 1: (6) forgets v(t). For h >= u*^2 / 2, beta = 1/20
    and eta <= 4/(9 u*^4) the rate is at least 0.43 eta u*^4; it tends to 0 with eta.

    >>> round(alignment_rate(4 / 9, 1.0, 0.5), 3)
    0.192
    """
    h = ratio * u_star_squared
    push = eta * h * (1 - bound) * u_star_squared
    return push / (1 - eta * h**2 + push)
