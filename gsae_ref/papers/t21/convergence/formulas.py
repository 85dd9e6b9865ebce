"""T21 on convergence: rho of (77), and R2, R3, R4 in place of Theorem 2, with their proofs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from .... import groups
from ....arrays import Array, Real
from ..gradients.formulas import leading_coefficient


def rho(
    step_size: float,
    tau: float,
    p: float,
    alpha_min: float,
    omega: float,
    delta: float,
    d: int,
    version: int = 2,
) -> float:
    """Rate of Theorem 2, ``step_size`` eta. [T21] Theorem 2, Eq. (77).

        rho = eta c (alpha_min - 2 d (omega sqrt(d^2 + 1) + delta)^2 / alpha_min)

    ``omega`` is omega_max in version 2. Version 1 has no factor 2 and takes alpha_max for omega, so
    that rho is at most eta c alpha_min (1 - d (d^2 + 1)) < 0 for every d.

    >>> rho(1.0, 1.0, 0.5, 1.0, 0.0, 0.25, 2)
    0.375
    """
    factor = 2 if version == 2 else 1
    spread = (omega * math.sqrt(d**2 + 1) + delta) ** 2
    return step_size * leading_coefficient(tau, p) * (alpha_min - factor * d * spread / alpha_min)


def orbit_distance(A_g: Array, star_g: Array) -> float:
    """min over orthogonal Q of ||A_g - A*_g Q||_F, for orthonormal groups.

    ||A_g - A*_g Q||_F^2 = 2 d - 2 tr(Q^T A*_g^T A_g), and the trace is largest at the polar factor
    of A*_g^T A_g, where it is the nuclear norm: the distance is (2 d - 2 ||A*_g^T A_g||_*)^(1/2).
    Computed as the norm of the difference: the difference of 2 d and a trace would lose half of the
    digits.

    >>> orbit_distance(np.eye(2), np.array([[0.0, -1.0], [1.0, 0.0]]))
    0.0
    """
    return float(np.linalg.norm(A_g - star_g @ groups.polar(star_g.T @ A_g, A_g.shape[1])))


def contraction_factor(
    theta: float | Array, step_size: float, kappa: float, m: float | Array
) -> float | Array:
    """R2: factor by which a population gradient step multiplies tan(theta), a principal angle.

        tan(theta+) = (1 - eta kappa / (1 + eta m + eta kappa sin^2 theta)) tan(theta)

    Setting: one active group (gamma = 1), orthonormal groups, codes of random norm and isotropic
    direction with E[x x^T] = sigma^2 I, kappa = p_g sigma^2, and an exact support at every sample:
    r_g > lam for the active group, ||A_v^T y|| <= lam for every other one. m is the eigenvalue of
    p_g E[(lam / r)(2 - lam / r) z z^T].

    Proof. At a sample of group g the exact gradient is -(y - tau^2 A_g z) z^T (R1's computation
    without the projection). Averaged, A+ = A + eta kappa P* A - eta p A E[tau^2 z z^T], and p
    E[tau^2 z z^T] = kappa C^2 - diag(m) in the principal basis, where A*^T A = C, the diagonal
    matrix of cosines: flipping the sign of one principal coordinate of x changes no probability, so
    the matrix is diagonal. Column i, with a_i = cos a*_i + sin u_i, becomes cos s a*_i + sin (s -
    eta kappa) u_i, s = 1 + eta m + eta kappa sin^2. Columns stay orthogonal, so QR or polar
    normalisation leaves each ratio as it is. There is no neighbourhood term. For 0 < eta kappa <= 1
    every angle below pi/2 decreases.

    Where it fails. lam must also be *large* enough for no false activation. With A = A* = [(1, 0),
    (3/5, 4/5)], d = 1, codes +-4 and lam = 1/5 both groups are active at every sample, and the mean
    gradient of a_1 has the component 6.496 normal to a_1: the angle 0 does not stay 0. At lam = 5/2
    it does, as 3/5 * 4 <= lam. At exactly pi/2 a direction receives no signal and stays, an
    unstable point; with lam > 0 it is outside the setting, since r_g then comes arbitrarily near 0.

    >>> float(contraction_factor(0.0, 1.0, 0.5, 0.0))
    0.5
    """
    return 1 - step_size * kappa / (1 + step_size * m + step_size * kappa * np.sin(theta) ** 2)


def support_persists(
    lam: float, b_min: float, b_max: float, cross: float, theta_max: float
) -> float:
    """R2's support condition, which persists along the run: its margin, >= 0 when it holds.

        B_max (cross + sin theta_max) <= lam < B_min cos theta_max

    with cross = max_{v != g} ||A*_v^T A*_g||_2. For A_v = A*_v C + U S, ||A_v^T A*_g||_2 <=
    ||A*_v^T A*_g||_2 + sin theta_max(v) bounds a false activation; ||A_g^T A*_g x|| >= cos
    theta_max ||x||. Angles only decrease, so the left side only falls, the right side only rises.

    >>> support_persists(2.0, 4.0, 5.0, 0.1, 0.2)
    0.507
    """
    return min(lam - b_max * (cross + math.sin(theta_max)), b_min * math.cos(theta_max) - lam)


def repaired_bound(distance: Real, kappa: float, smallest_cosine: Real, drift: Real) -> Real:
    """R3, in place of Theorem 2: a bound on dist(A+), the orbit distance after a retracted step.

        dist(A+) <= sqrt(1 - kappa q) dist(A) + drift,
        q = min(s (1 + s)(2 - kappa s) / 2, 2 - kappa)

    Setting: A_g, A*_g orthonormal, codes of covariance sigma^2 I, deterministic tau (or one active
    group and the exact gradient, where beta = 0), kappa = eta c with c = sigma^2 tau (2 - tau) p1,
    kappa > 0; A_g+ = polar(A_g - eta (I - P_g) G_g) with P_g = A_g A_g^T; drift = eta ||(I -
    P_g) beta_g||_F; s = smallest_cosine = s_min(A*_g^T A_g), at least 1 - dist^2 / 2.

    Proof. Rotate A* so that A*^T A = C = diag(c_k) >= 0. The leading term of G has tangential part
    -c (A* - A C) C. Hence the squared distance of A - eta (I - P) G_lead from A* is dist^2 - kappa
    sum_k (1 - c_k) f(c_k), f(x) = x (1 + x)(2 - kappa x), while dist^2 = 2 sum_k (1 - c_k). f' is
    concave and f'(0) = 2, so f rises, then falls: on [s, 1] it is at least the smaller of f(s) and
    f(1) = 2 (2 - kappa). For kappa <= 6/5 it rises on [0, 1], and the minimum is f(s). The step is
    orthogonal to A, so all singular values of the sum are >= 1, where the polar factor is the
    projection on the (convex) spectral ball: non-expansive. The shrinkage bias 2 tau (1 - tau) of
    T21's gradient is radial and drops out.

    Iterated at kappa = 1, while dist <= 1: s >= 1/2 gives q >= 9/16, and 1 / (1 - sqrt(7/16)) <
    2.96, so limsup dist <= 2.96 max ||beta_g||_F / c <= 2.96 sqrt(d) max ||beta_g||_2 / c. The ball
    dist <= 1 is never left if drift <= .338 < 1 - sqrt(7/16) at every step; without such a bound a
    step can leave it. kappa = 1 for all groups at once needs equal tau_g. With gamma >= 2 this is
    about the expectation with deterministic tau, not about the exact gradient.

    >>> repaired_bound(0.4, 1.0, 1.0, 0.0)
    0.0
    """
    c = smallest_cosine
    q = min(c * (1 + c) * (2 - kappa * c) / 2, 2 - kappa)
    return math.sqrt(max(1 - kappa * q, 0)) * distance + drift


def exclusion_bound(tau: float, p: float, alpha: ArrayLike) -> Array:
    """R4: with one active group ||v_i|| >= 2 tau (1 - tau) p alpha_i, so (33) excludes Lemma 1.

    Lower bound. Orthonormal groups give <a_i, v_i> = -tau p [2 (1 - tau) sum_{j != i} X_ij^2 +
    alpha_i (2 - tau - tau alpha_i)], whose modulus is at least 2 tau (1 - tau) p alpha_i for
    alpha_i in (0, 1], and ||a_i|| = 1.

    Exclusion, for any A*_g with e = ||A_g - A*_g||_F <= delta. Put u = 1 - tau. By R6 <a_i, v_i> =
    -tau p [2 u ||A*_g^T a_i||^2 + (1 + u) alpha_i (1 - alpha_i)], whose modulus is at least tau p
    alpha_i m with m = 2 u - (1 - u) e: if alpha_i <= 1 it is at least 2 u tau p alpha_i, else
    alpha_i - 1 <= e. Lemma 1's interval is not empty, so delta <= 1/3, alpha_i >= 1 - e >= 2/3, and
    lam >= B_max delta, r_g <= (1 + e) B_max give u >= delta / (1 + delta) >= e / (1 + e). With K =
    omega_i sqrt(d^2 + 1) + delta, (33) would give alpha_i m <= (1 + u) K e. But K <= alpha_i / 2:
    for d = 1, K = delta <= 1/3; for d >= 2, rho > 0 asks alpha_i > sqrt(2 d) K. And m - (1 + u) e/2
    = u (2 + e/2) - 3 e/2 >= e (1/2 - e) / (1 + e), which is positive for e > 0. For e = 0 (33) is 0
    and m = 2 u > 0.

    Several active groups. Let b >= ||A_h^T A*_k|| and a >= ||A_h^T A_k|| for h != k, q >= 1,
    ||A*_h||_2, and t = max tau. By the form of beta_g in residual_bound_spectral, a_i^T beta_i is a
    sum of products of at least two cross-blocks:

        |a_i^T beta_i| <= 2 tau p (gamma - 1)[u b^2 + 2 t q a b + (gamma - 2) t a b^2],

    which equal atoms attain at tau = 1. Let k = gamma d (d mu_B + delta) <= 1/5 and s = mu_B +
    delta. Then e <= delta <= 1/(10 d), q <= 11/10, a <= 2 b_0 with b_0 = d mu_B + delta <= d s
    (residual_bound), and b = 11/10 b_0 will do. So r_g <= 11/10 (1 + k) B_max, lam >= gamma B_max s
    and u >= gamma s / 1.32 >= 2 e / 1.32. As omega_i <= e, K <= (sqrt(d^2 + 1) + 1) delta < .242,
    and rho is not needed. Divided by tau p, the modulus of a_i^T v_i is at least alpha_i m, less
    the bound, and (33) is (1 + u) K e. With alpha_i >= 9/10 and gamma e <= gamma s, e <= gamma s /
    2, alpha_i m - (1 + u) K e >= 1.8 u - 1.384 e >= .671 gamma s, while the bound is at most 2 (121
    / 100)(gamma - 1) b_0^2 (u + 4 + 2 (gamma - 2) b_0) <= 2.42 (5.4)(1/20) gamma s < .654 gamma s.
    For s = 0 it is 0 and alpha_i m = 2 u alpha_i > 0. So (33) fails for every column.

    Without such a bound it need not: if all groups of A* have one span, mu_B = 1/d, the overlap
    turns the gradient round, and for gamma = 2, d = 12, tau = 1/2 (33) holds.

    >>> float(exclusion_bound(0.5, 1.0, 1.0))
    0.5
    """
    return 2 * tau * (1 - tau) * p * np.asarray(alpha)


def scaled_minimiser(ratio: float) -> float:
    """Scale s > 1 at which A = s A* Q has zero loss: s - 1/s = lam / B =: ratio.

    Setting: codes of constant norm B, jointly orthonormal A*; with one active group it is enough
    that ||A*_v^T A*_g||_2 <= 1 - 1/s^2 for all v != g, so that no other group is active at s A* Q.
    A_g^T y = s x_g, so the code is (s - lam / B) x_g and the reconstruction s (s - lam / B) A* x =
    y. With a constant lam A* is therefore *not* a minimiser: ||s A* Q - A*||_F^2 is at least (s -
    1)^2 d for every group, however many samples, features or groups. Other dictionaries may have
    zero loss too.

    >>> scaled_minimiser(9 / 20)
    1.25
    """
    return ratio / 2 + math.sqrt(1 + ratio**2 / 4)
