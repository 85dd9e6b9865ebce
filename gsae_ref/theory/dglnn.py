"""Statements of [L23] about one step of Algorithm 1 and about where it starts: deltas, perturbations, directions, magnitudes.

Everything is written with the Gram matrix X^T X / n (p, p), the noise nu = X^T xi / n (p,) and w* (p,): X enters in no other way.
``groups`` is the tuple of group sizes, groups are contiguous. The loss is 1/(2n) ||y - X w||^2 throughout, as (3), Algorithm 1 and (6) need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..arrays import Array, Real

__all__ = [
    "alignment_bound", "deltas", "direction_step", "group_norms", "interval_after", "largest_step", "magnitude_step", "parts",
    "perturbation", "perturbation_bound", "perturbation_factor", "sine", "step_after",
]


def parts(x: Array, groups: tuple[int, ...]) -> list[Array]:
    """The vector x cut into its groups.

    >>> parts(np.arange(3), (2, 1))
    [array([0, 1]), array([2])]
    """
    return np.split(x, np.cumsum(groups)[:-1])


def group_norms(x: Array, groups: tuple[int, ...]) -> Array:
    """||x_l||_2 for every group.

    >>> group_norms(np.array([3.0, 4.0, 1.0]), (2, 1))
    array([5., 1.])
    """
    return np.sqrt(np.add.reduceat(np.square(x), np.concatenate([[0], np.cumsum(groups)[:-1]])))


def deltas(gram: Array, groups: Sequence[int]) -> tuple[float, float]:
    """delta_in = max_l ||X_l^T X_l / n - I||_2 and delta_out = max_{l != l'} ||X_l^T X_l' / n||_2: the least constants in (1) and (2).

    The suprema over unit vectors are spectral norms; delta_out is 0 for a single group.

    >>> deltas(np.array([[1.0, 0.25], [0.25, 1.5]]), (1, 1))
    (0.5, 0.25)
    """
    ends = np.cumsum(groups)
    cuts = [slice(end - size, end) for end, size in zip(ends, groups, strict=True)]
    inside = max(_spectral(gram[c, c] - np.eye(c.stop - c.start)) for c in cuts)
    return inside, max((_spectral(gram[c, d]) for k, c in enumerate(cuts) for d in cuts[:k]), default=0.0)


def _spectral(M: Array) -> float:
    return float(np.linalg.norm(M, ord=2))


def sine(a: Array, b: Array) -> float:
    """sin of the angle between two vectors, and 1 beyond a right angle.

    >>> sine(np.array([3.0, 4.0]), np.array([1.0, 0.0])), sine(np.array([-1.0, 0.0]), np.array([1.0, 0.0]))
    (0.8, 1.0)
    """
    inner, unit = a @ b, b / np.linalg.norm(b)
    return 1.0 if inner <= 0 else float(np.linalg.norm(a - (a @ unit) * unit) / np.linalg.norm(a))


def alignment_bound(norms: Array, noise: Array, delta_in: float, delta_out: float) -> Array:
    """Lemma 3, corrected: for every group of the support, beta_l, an upper bound on the sine of the angle between v_l(0) and v*_l.

        beta_l = delta_in + delta_out sum_{l' != l, l' in S} (u*_l' / u*_l)^2 + ||X_l^T xi / n||_2 / u*_l^2,  asked to be < 1,

    for v_l(0) = eta X_l^T y / n with eta > 0; ``norms`` are the u*_l^2 = ||w*_l|| and ``noise`` the ||X_l^T xi / n||_2, both on S.

    Proof. X_l^T y / n = w*_l + b_l with ||b_l|| <= beta_l u*_l^2. For beta_l < 1 the ball around w*_l with this radius does not contain
    0, and the largest angle under which it is seen from 0 has the sine beta_l. So the cosine is at least sqrt(1 - beta_l^2).
    Differs from the paper: 1 - beta^2 is weaker than sqrt(1 - beta^2), but the paper (a) puts L delta_out, as if all magnitudes were equal,
    (b) does not ask beta < 1, (c) lets eta be negative ("proportional to").

    >>> float(alignment_bound(np.array([1.0, 100.0]), np.zeros(2), 0.0, 0.1)[0])
    10.0
    """
    others = np.sum(norms) - norms
    return delta_in + delta_out * others / norms + noise / norms


def perturbation(gram: Array, nu: Array, w_star: Array, w: Array, groups: tuple[int, ...]) -> Array:
    """b of (4): X_l^T X / n (w* - w) + nu less its own main term w*_l - w_l, for all groups at once: (X^T X / n - I)(w* - w) + nu.

    The gradient step of Algorithm 1 normalises w + X^T (y - X w) / n = w* + b. This b at w = u(t)^2 v(t) is that of (4); its inner product
    with v_l(t+1) at w = u(t)^2 v(t+1) is e of (5): the two are taken at different points, so e != <v_l(t), b_l> in general.

    >>> perturbation(np.array([[1.0, 0.5], [0.5, 1.0]]), np.zeros(2), np.array([2.0, 2.0]), np.array([2.0, 0.0]), (1, 1))
    array([1., 0.])
    """
    return (gram - np.eye(len(w))) @ (w_star - w) + nu


def direction_step(u_squared: float, u_star_squared: Real, v_star: Array, v: Array, b: Array, eta: float) -> Array:
    """(4): v(t+1), the unit vector along v + eta u^2 (u*^2 v* - u^2 v) + eta u^2 b; with eta = 1/u^4 it is (6), along u*^2 v* + b.

    >>> direction_step(4.0, 1.0, np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.0, 0.75]), 1 / 16)
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
    """Lemma 9, corrected: the step size 1/(4 max(u(0)^2, u*^2 + B)) up to which (5) with abs(e_t) <= B never leaves its range.

    With c_t = u*^2 <v, v*> + e_t, one step is f(u) = u (1 + 2 gamma (c_t - u^2)), concave for u > 0, with the fixed point sqrt(c_t).
    Let U = max(u(0)^2, u*^2 + B) and gamma <= 1/(4U). Above: f grows with c, and with c = U it increases for u^2 <= U, since f' = 1 + 2 gamma U - 6
    gamma u^2 >= 1 - 4 gamma U >= 0, and has the fixed point sqrt(U): so u^2 <= U stays. Below: if c_t >= c for all t and u^2 >= c, then f(u) >=
    sqrt(c): a concave function is least at an end of [sqrt(c), sqrt(U)], f(sqrt(c)) >= sqrt(c), and f(sqrt(U)) >= sqrt(U) (1 - (U - c)/(2U)) =
    (U + c)/(2 sqrt(U)) >= sqrt(c). By Lemma 8, c_t >= sqrt(1 - B_2^2) u*^2 - B >= (1 - B_2) u*^2 - B when ||b_t|| <= B_2 u*^2, B_2 <= 1.
    Without the bound on gamma both parts fail: u* = 1, gamma = 1, u(0) = 9/10, e = 0 gives u(1) = 621/500.

    >>> largest_step(0.25, 1.0, 0.25)
    0.2
    """
    return 1 / (4 * max(u_squared, u_star_squared + bound))


def step_after(u: Real, cosines: Iterable[float], u_star_squared: float, errors: Iterable[float], gamma: float) -> Real:
    """u after one step (5) for each pair of <v(t+1), v*> and e_t.

    >>> step_after(0.5, [1.0, 1.0], 1.0, [0.0, 0.0], 0.0)
    0.5
    """
    for cosine, e in zip(cosines, errors, strict=True):
        u = magnitude_step(u, cosine, u_star_squared, e, gamma)
    return u


def interval_after(distance: float, steps: int, u_star_squared: float, gamma: float, rho: float) -> float:
    """Lemma 11, corrected: a bound on abs(u^2 - u*^2) after some steps of (5) and (6) with ||b_t||, abs(e_t) <= rho u*^2, u^2 >= u*^2 / 2.

    With h = u^2, c as in :func:`largest_step` and gamma <= 1/(6 u*^2), h <= 3/2 u*^2: below c, h+ >= h (1 + 4 gamma (c - h)), so c - h+ <= (1 -
    4 gamma h)(c - h); above, h+ - c = (h - c)(1 - 4 gamma h (1 - gamma (h - c))), with gamma (h - c) <= 1/4. Either way the distance from h to
    the interval [c-, c+] that c_t keeps to shrinks by the factor 1 - 3/2 gamma u*^2 at least, and u*^2 sqrt(1 - rho^2) - rho u*^2 = c-, c+ =
    (1 + rho) u*^2. So after t steps abs(h - u*^2) <= (1 - 3/2 gamma u*^2)^t ``distance`` + (rho + 1 - sqrt(1 - rho^2)) u*^2. For rho = tau/10,
    distance = tau u*^2 and t >= 5/(2 gamma u*^2), it is below tau u*^2 / 7, less than the tau/2 that Lemma 11 claims.

    >>> bool(interval_after(0.5, 50, 1.0, 0.05, 0.05) < 0.5 / 7)
    True
    """
    return (1 - 1.5 * gamma * u_star_squared) ** steps * distance + (rho + 1 - np.sqrt(1 - rho**2)) * u_star_squared


def perturbation_factor(tau: float, tau_0: float, form: str) -> float:
    """Lemmas 12, 13, 17: r with ||u*^2 v* - u^2 v|| <= r u*^2, from the distance of u^2 and the angle of v, (7) and (10).

    ||u*^2 v* - u^2 v|| <= abs(u*^2 - u^2) + u^2 ||v - v*||, and ||v - v*||^2 = 2 - 2 <v, v*>. Lemma 12: tau and 1 - tau^2/5 give tau + (1 + tau)
    sqrt(2/5) tau, below the 3 tau of (7). Lemma 13: tau/2 and 1 - tau^2/5; the paper has 1/sqrt(5) for sqrt(2/5), its 3/2 tau still holds.
    Lemma 17: tau and 1 - tau/5 give tau + (1 + tau) sqrt(2 tau / 5), below the (1 + 2/sqrt(tau_0)) tau of (10), since tau_0 <= tau.

    >>> round(perturbation_factor(0.5, 0.5, "lemma12"), 3), round(perturbation_factor(0.5, 0.5, "lemma13"), 3)
    (0.974, 0.645)
    """
    spread = {"lemma12": tau, "lemma13": tau / 2, "lemma17": tau}[form]
    angle = np.sqrt(2 / 5) * (np.sqrt(tau) if form == "lemma17" else tau)
    return float(spread + (1 + spread) * angle)


def perturbation_bound(tau: float, tau_0: float, u_star_squared: float, u_min_squared: float, form: str) -> float:
    """Lemmas 12, 13, 17, corrected: a bound on ||b_l|| (so on abs(<v_l, b_l>) and abs(e_l)), l in S.

    Assume delta_in <= d, delta_out <= d/s with d = u_min*^2 / (120 u_max*^2), times sqrt(tau_0) for Lemma 17; ||X_l^T xi / n||_2 <= tau_0
    u*_l^2 / 80; u_l^2 and v_l of every l in S as in :func:`perturbation_factor`; off S, u_l^2 <= alpha <= tau_0 u_min*^2 / L. Then

        ||b_l|| <= delta_in r u*_l^2 + (s - 1) delta_out r u_max*^2 + (L - s) delta_out alpha + tau_0 u*_l^2 / 80
                <= 2 d r u_max*^2 + tau_0 u_min*^2 / 120 + tau_0 u*_l^2 / 80,

    with r as there, at most tau u*_l^2 / 10 (Lemmas 12, 17) or tau u*_l^2 / 20 (Lemma 13). Differs from the paper: its step abs(<v, nu>) <=
    ||v||_2 ||nu||_inf is false, sqrt(p_l) is missing, hence the 2-norm of the noise; it asks its hypotheses of l outside S, where u*_l = 0;
    and it needs alpha, not alpha^2, for the groups outside, where only u_l <= sqrt(alpha) is known. e_l takes v_l at t + 1: ask the angle of both.

    >>> perturbation_bound(0.5, 0.5, 1.0, 1.0, "lemma12") < 0.05, perturbation_bound(0.5, 0.5, 1.0, 1.0, "lemma13") < 0.025
    (True, True)
    """
    leak = perturbation_factor(tau, tau_0, form) * u_min_squared / 60 * (np.sqrt(tau_0) if form == "lemma17" else 1)
    return float(leak + tau_0 * u_min_squared / 120 + tau_0 * u_star_squared / 80)
