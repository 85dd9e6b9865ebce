"""T21 on the direction of the gradient: Theorem 1, (32), (33), (57)-(75), and what holds."""

from __future__ import annotations

import math

import numpy as np

from ....arrays import Array, Real
from ..gradients.formulas import leading_coefficient, offset


def offset_norm_squared(X: Array, tau: float, size: int) -> float:
    """(2 - tau)^2 size + tau^2 ||X||_F^2 - 2 tau (2 - tau) tr X: ||M||_F^2 for size = d.

    [T21] Eq. (66) has size = n, the dimension of the data, for ||I||_F^2; the identity there is
    d x d.

    >>> offset_norm_squared(np.eye(2), 0.75, 2)
    0.5
    """
    return float((2 - tau) ** 2 * size + tau**2 * np.sum(X * X) - 2 * tau * (2 - tau) * np.trace(X))


def overlap_condition(tau: float, size: int, delta: float, version: int = 2) -> float:
    """Largest ||A_g^T A*_g||_F^2 that Theorem 2 allows. [T21] Eq. (69).

        [3 (2 - tau)(tau - 2/3) size + (1 - tau)(2 - tau) delta^2] / tau^2

    It makes the right-hand side of (68) at most (2 - tau) delta^2. Printed with size = n; size = d
    is meant. Version 1 has (tau - 1)^2 delta^2 as last term, which is right for the stronger target
    delta^2.

    >>> overlap_condition(1.0, 2, 0.0)
    2.0
    """
    last = (1 - tau) * (2 - tau) if version == 2 else (1 - tau) ** 2
    return (3 * (2 - tau) * (tau - 2 / 3) * size + last * delta**2) / tau**2


def smallest_feasible_tau(d: int, delta: float) -> float:
    """Smallest tau at which an orthonormal pair with e <= delta can meet (69) with d for n.

    e fixes tr X = d - e^2/2, and ||X||_F^2 >= (tr X)^2 / d; with s = delta^2 / d the condition
    becomes tau^2 s^2/4 - (2 - 3 tau + 2 tau^2) s + 4 (1 - tau)^2 <= 0, a quadratic in tau whose
    smaller root this is. At delta = 0 it is 1.

    >>> round(smallest_feasible_tau(2, 0.5), 4)
    0.8353
    """
    s = delta**2 / d
    a = 4 - 2 * s + s**2 / 4
    b = 8 - 3 * s
    c = 4 - 2 * s
    return (b - math.sqrt(max(b**2 - 4 * a * c, 0))) / (2 * a)


def align(A_g: Array, star_g: Array) -> tuple[Array, Array]:
    """alpha_i = a*_i^T a_i and omega_i = max_{j != i} |a*_j^T a_i| (0 for d = 1). [T21] Theorem 1.

    >>> align(np.eye(2), np.array([[0.8, 0.0], [0.6, 1.0]]))
    (array([0.8, 1. ]), array([0. , 0.6]))
    """
    overlap = star_g.T @ A_g
    alpha = np.diag(overlap).copy()
    rest = np.abs(overlap)
    np.fill_diagonal(rest, 0)
    return alpha, rest.max(axis=0)


def remainder(G_g: Array, A_g: Array, star_g: Array, tau: float, p: float) -> Array:
    """Columns v_i = g_i - c alpha_i (a_i - a*_i): the gradient less its direction. [T21] Eq. (59).

    With c_i = c alpha_i != 0, expanding ||g_i||^2 = ||c_i (a_i - a*_i) + v_i||^2 gives (61), an
    *equality*:

        2 <g_i, a_i - a*_i> = c_i ||a_i - a*_i||^2 + ||g_i||^2 / c_i - ||v_i||^2 / c_i.

    So (32) = (57) says nothing until v_i is bounded.

    >>> remainder(np.array([[-0.375]]), np.eye(1), np.eye(1), 0.5, 1.0)
    array([[-0.375]])
    """
    alpha, _ = align(A_g, star_g)
    return G_g - leading_coefficient(tau, p) * alpha * (A_g - star_g)


def remainder_bound(
    A_g: Array,
    star_g: Array,
    tau: float,
    p: float,
    delta: float,
    beta_norms: float | Array = 0.0,
    form: str = "corrected",
) -> Array:
    """Bound on ||v_i|| for every column. [T21] Eqs. (33), (58), (70), (74).

    * ``form="printed"``: c (omega_i sqrt(d^2 + 1) + delta) e, with e = ||A_g - A*_g||_F.
    * ``form="version1"``, Eq. (34) there: max_i |alpha_i| in place of omega_i.
    * ``form="corrected"``: c sqrt(d - 1) omega_i e + tau p ||M||_2 + ||beta_i||.

    By (56) v_i = c sum_{j != i} (a_j - a*_j) a*_j^T a_i + tau p A_g M A*_g^T a_i + beta_i. The
    first sum is at most omega_i times sum_{j != i} ||a_j - a*_j|| <= sqrt(d - 1) e by
    Cauchy-Schwarz; the second at most tau p ||M||_2, as in (62): A_g, A*_g and a_i have norm 1. The
    paper replaces ||M||_2 by (2 - tau) delta e, which its condition (69) does not give: at A = A*
    the right side is 0 and ||M||_2 = 2 (1 - tau), which the corrected form attains.

    >>> I = np.eye(1)
    >>> remainder_bound(I, I, 0.5, 1.0, 0.0), remainder_bound(I, I, 0.5, 1.0, 0.0, form="printed")
    (array([0.5]), array([0.]))
    """
    d = A_g.shape[1]
    c = leading_coefficient(tau, p)
    error = np.linalg.norm(A_g - star_g)
    alpha, omega = align(A_g, star_g)
    if form == "version1":
        omega = np.full(d, np.abs(alpha).max())
    if form in ("printed", "version1"):
        return c * (omega * np.sqrt(d**2 + 1) + delta) * error
    M = offset(A_g, star_g, tau)
    return c * np.sqrt(d - 1) * omega * error + tau * p * np.linalg.norm(M, 2) + beta_norms


def residual_bound(
    tau: float, n_active: int, n_groups: int, d: int, mu_block: float, delta: float
) -> float:
    """Explicit bound on ||beta_g||_2 by coherence. Replaces [T21] Eqs. (72)-(74).

    beta_g is the expected gradient without its leading term, for deterministic tau <= 1 and
    orthonormal groups. With p1 = gamma / Gamma, b = d mu_B + delta, b2 = d mu_B + 2 delta:

        ||beta_g||_2 <= tau_g p1 (gamma - 1) B,
        B = (4 - tau_g) b + b2 + tau_g b^2 + b b2 + (gamma - 2) b (b + b2).

    Proof. A product P_h P*_k A_g is at most the product of the norms ||A_h^T A*_k|| <= b and
    ||A_h^T A_k|| <= b2 that it contains. Terms with two different groups come (Gamma - 1) p2 =
    (gamma - 1) p1 times. They are (2 - tau_g) P*_h A_g (the two P*_h A_g less tau_g P*_h P_g A_g =
    tau_g P*_h A_g), tau_g P_g P*_h A_g, and, times tau_h <= 1, P_h P*_g A_g, P*_g P_h A_g, P_h P*_h
    A_g, P*_h P_h A_g: at most (2 - tau_g) b, tau_g b^2, b, b b2, b, b2. Terms with three come
    (Gamma - 1)(Gamma - 2) p3 = (gamma - 1)(gamma - 2) p1 times: P_k P*_h A_g and P*_h P_k A_g, at
    most b^2 and b b2.

    The sum in (73) has Gamma - 1 terms, not gamma: there is no gain of 1/Gamma over the leading
    term.

    >>> residual_bound(1.0, 1, 10, 2, 0.1, 0.1)
    0.0
    """
    b = d * mu_block + delta
    b2 = d * mu_block + 2 * delta
    pairs = (4 - tau) * b + b2 + tau * b**2 + b * b2
    bracket = pairs + max(n_active - 2, 0) * b * (b + b2)
    return tau * n_active / n_groups * (n_active - 1) * bracket


def residual_bound_spectral(
    tau: float, tau_max: float, n_active: int, n_groups: int, R: Real
) -> Real:
    """Explicit bound on ||beta_g||_2 by spectral norms, R >= ||A||_2^2, ||A*||_2^2.

        ||beta_g||_2 <= tau_g [p2 R (2 + 4 t) + 2 t p3 (R^2 + R)], t = max tau

    Proof. The terms are those of :func:`residual_bound`, summed over h and k as operators: ||sum_h
    P*_h||_2 <= ||A*||_2^2 <= R, and sum_h P_h P*_h = A D A*^T with ||D||_2 <= 1. The pairs give R
    (2 - tau_g) + R tau_g + 4 t R; the triples are a product of two sums less its diagonal.

    This gains a factor gamma / Gamma over the leading term p1, as the paper wants, if R stays
    bounded: an assumption on A that T21 does not make.

    >>> residual_bound_spectral(1.0, 1.0, 2, 3, 1.0)
    2.0
    """
    p2 = n_active * (n_active - 1) / (n_groups * max(n_groups - 1, 1))
    p3 = p2 * max(n_active - 2, 0) / max(n_groups - 2, 1)
    return tau * (p2 * R * (2 + 4 * tau_max) + 2 * tau_max * p3 * (R**2 + R))
