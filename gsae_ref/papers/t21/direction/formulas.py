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
    """Bound on ||v_i|| for every column. [T21] Eqs. (33), (58), (65), (70), (74).

    * ``form="printed"``: c (omega_i sqrt(d^2 + 1) + delta) e, with e = ||A_g - A*_g||_F.
    * ``form="version1"``, Eq. (34) there: max_i |alpha_i| in place of omega_i.
    * ``form="corrected"``: c sqrt(d - 1) omega_i e + tau p ||M||_2 + ||beta_i||.
    * ``form="frobenius"``: tau p ||M||_F + ||beta_i||, (65) without its first term.

    By (56) v_i = c sum_{j != i} (a_j - a*_j) a*_j^T a_i + tau p A_g M A*_g^T a_i + beta_i. The
    first sum is at most omega_i times sum_{j != i} ||a_j - a*_j|| <= sqrt(d - 1) e by
    Cauchy-Schwarz; the second at most tau p ||M||_2, as in (62): A_g, A*_g and a_i have norm 1. The
    paper replaces ||M||_2 by (2 - tau) delta e, which its condition (69) does not give: at A = A*
    the right side is 0 and ||M||_2 = 2 (1 - tau), which the corrected form attains.

    Proof of the last form, i = 1. With r = tau / (2 - tau) <= 1 and X = A_g^T A*_g = [[a, y^T], [z,
    B]], N = a^2 + ||y||^2 <= 1, b = B y and w = a z + b,

        (v_1 - beta_1) / c = r A_g X (a, y) - A*_g (0, y) - a A_g e_1,  M / (2 - tau) = r X - I.

    ||r X - I||_F^2 less the square of the first is (1 - r a)^2 + r^2 ||y||^2 + ||r B - I||_F^2 -
    r^2 N^2 + 2 r N (||y||^2 + a) - N - 2 a ||y||^2 + r^2 (||z||^2 - ||w||^2) + 2 r w^T b. As |a| <=
    1, ||z|| >= ||w - b||, and the last two terms are at least -(1 - r)^2 ||w||^2, where ||w||^2 <=
    N - N^2 because ||X|| <= 1. For d >= 2 ||r B - I||_F >= 1 - r. So the difference is at least

        F(r) = 2 - 2 N + N^2 + r^2 - 2 r q - 2 a (N - a^2),  q = (1 - N)(1 + a) + N a^2.

    For a >= 0: F(1) = (N - a^2)^2 + (1 - a^2)(1 - a)^2. If q >= 1, F(r) >= F(1). If q < 1, F(r) >=
    F(q), which is concave in N: positive or 0 at N = 1, where it is (1 - a^2)(1 - a)^2, and at the
    N with q = 1. For a < 0: 0 <= q <= 1 and F(q) >= 1 - q^2. For d = 1 the difference is (1 - r
    a)^2 (1 - a^2).

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
    if form == "frobenius":
        return np.full(d, tau * p * np.linalg.norm(M)) + beta_norms
    return c * np.sqrt(d - 1) * omega * error + tau * p * np.linalg.norm(M, 2) + beta_norms


def residual_bound(
    tau: float, tau_max: float, n_active: int, n_groups: int, cross: float, own: float
) -> float:
    """Explicit bound on ||beta_g||_2 by coherence. Replaces [T21] Eqs. (72)-(74).

    beta_g is the expected gradient without its leading term, for deterministic tau <= 1,
    orthonormal A_g and ||A*_g||_2 <= 1. With p1 = gamma / Gamma, b = ``cross`` >= ||A_h^T A*_k||
    and a = ``own`` >= ||A_h^T A_k|| for h != k, and t = max tau:

        ||beta_g||_2 <= tau_g p1 (gamma - 1) B,
        B = (2 - tau_g) b + t (b + a + a b + (gamma - 2) b (a + b)).

    b = d mu_B + delta and a = d mu_B + 2 delta will do. For a, ||A*_h||_2 <= 1 is not needed: let
    u, v be unit vectors of the ranges of A_h and A_k with c = u^T v = ||A_h^T A_k||, and u + f, v +
    g the images of the same coefficients in A*_h and A*_k, ||f||, ||g|| <= delta. If c > 2 delta,
    (u + f)^T (v + g) >= c + f^T v - delta ||u + f||, and ||u + delta w|| - w^T v <= 1 + delta^2/2 +
    ||delta u - v|| <= 2 + delta^2 - delta c < 2 for ||w|| <= 1, so that c - 2 delta <= d mu_B.

    Proof. Terms with two different groups come (Gamma - 1) p2 = (gamma - 1) p1 times. They are [(2
    - tau_g) I - tau_g P_g - tau_h P_h] P*_h A_g, where the eigenvalues of the bracket lie between 2
    - 2 tau_g - tau_h >= tau_g - 2 and 2 - tau_g, hence at most (2 - tau_g) b; and, times tau_h <=
    t, P_h P*_g A_g, P*_g P_h A_g and P*_h P_h A_g: at most b, a b and a. Terms with three come
    (Gamma - 1)(Gamma - 2) p3 = (gamma - 1)(gamma - 2) p1 times: P_k P*_h A_g and P*_h P_k A_g, at
    most b^2 and a b. Equal atoms at tau = 1 attain B, and so does any A = A* with d
    = 1, gamma = Gamma = 2 as t goes to 0.

    The sum in (73) has Gamma - 1 terms, not gamma: there is no gain of 1/Gamma over the leading
    term.

    >>> residual_bound(1.0, 1.0, 1, 10, 0.3, 0.4)
    0.0
    >>> residual_bound(0.5, 1.0, 2, 2, 1.0, 1.0)
    2.25
    """
    triples = max(n_active - 2, 0) * cross * (own + cross)
    bracket = (2 - tau) * cross + tau_max * (cross + own + own * cross + triples)
    return tau * n_active / n_groups * (n_active - 1) * bracket


def residual_bound_spectral(
    tau: float, tau_max: float, n_active: int, n_groups: int, R: Real
) -> Real:
    """Explicit bound on ||beta_g||_2 by spectral norms, R >= ||A||_2^2, ||A*||_2^2.

        ||beta_g||_2 <= tau_g [p2 R (2 + 4 t) + 2 t p3 (R^2 - R)], t = max tau

    Proof. Let {U, V} = U V + V U, and, over h != g, Y = sum P*_h, X = sum tau_h P_h, Z = sum tau_h
    {P_h, P*_h}. Then beta_g = -tau_g H A_g, H = p2 (2 Y - tau_g {P_g, Y} - {X, P*_g}) - (p2 - p3) Z
    - p3 {X, Y}, where ||Y|| <= R, ||X|| <= t R, ||Z|| <= 2 t R, as sum tau_h P_h P*_h = A D A*^T
    with ||D|| <= t, and p3 <= p2. [(2 - tau_g) I - tau_g P_g] Y A_g is at most 2 R.

    5 t / 2 will do for 4 t. If 0 <= U <= u and 0 <= V <= v, {U, V} >= -u v / 4: for two projections
    its eigenvalues are c^2 + c and c^2 - c, c the cosine of a principal angle, and U / u, V / v are
    averages of projections. 2 Y - tau_g {P_g, Y} = 2 (1 - tau_g) Y + tau_g {I - P_g, Y}. So H is
    between -p2 R (tau_g / 4 + 4 t) - 2 t p3 (R^2 - R) and p2 R (2
    + tau_g / 4 + 9 t / 4) + 2 t p3 (R^2 - R). Whether 2 t will do is open.

    This gains a factor gamma / Gamma over the leading term p1, as the paper wants, if R stays
    bounded: an assumption on A that T21 does not make.

    >>> residual_bound_spectral(1.0, 1.0, 2, 3, 1.0)
    2.0
    """
    p2 = n_active * (n_active - 1) / (n_groups * max(n_groups - 1, 1))
    p3 = p2 * max(n_active - 2, 0) / max(n_groups - 2, 1)
    return tau * (p2 * R * (2 + 4 * tau_max) + 2 * tau_max * p3 * (R**2 - R))
