"""R7, this project's theorem in place of N19's bias schedule: the exact population step, and a bias that need not vanish."""

from __future__ import annotations

import math

import numpy as np

from ....arrays import Array


def population_step(
    W: Array, A_star: Array, p: float | Array, bias: float | Array, step_size: float
) -> Array:
    """R7: the exact population step for a mixture with a fixed bias: kappa A + rho W, column by column, before normalisation.

    **Setting.** y = A_i + eta with probability p_i (k = 1, x* = e_i), ||A_i|| = 1, eta of mean zero
    and covariance sigma^2 I, independent; W with unit columns; sample i activates neuron i and no
    other (the consistency event, here sure).

    **Theorem.** With lam_i = <W_i, A_i>, kappa_i = zeta p_i lam_i and rho_i = 1 - kappa_i (b_i +
    lam_i)^2/lam_i,

        (a)  W_i - zeta g_i = kappa_i A_i + rho_i W_i;
        (b)  if kappa_i + rho_i cos theta_i > 0, the angle after normalisation obeys
             tan theta_i+ = |rho_i| sin theta_i/(kappa_i + rho_i cos theta_i);
        (c)  if -lam_i < b_i <= 0, theta_i < pi/2 and 0 < kappa_i <= 1, then 0 <= rho_i < 1 and
             tan theta_i+ = tan theta_i * rho_i cos theta_i/(kappa_i + rho_i cos theta_i) <= tan
             theta_i/(1 + kappa_i): every column comes closer to A at every step; near A linearly,
             at the rate rho/(kappa + rho), kappa = zeta p_i, rho = 1 - kappa (1 + b_i)^2;
        (d)  if without noise mu/sqrt(n) + ||W_i - A_i|| <= -b_i < lam_i for all i at the first
        step, it holds at all later ones.
             So a bias that is *fixed* in this interval converges to A: sin theta_i -> 0 for all i,
             no floor.

    **Proof.** (a) On sample i, x = (W_i^T y + b_i) e_i, and (5) is g_i = -p_i E[((W_i^T y + b_i) I
    + y W_i^T)(y - W_i (W_i^T y + b_i))]. As
    ||W_i|| = 1, W_i^T (y - W_i (W_i^T y + b_i)) = -b_i. So g_i = -p_i E[u y - u^2 W_i - b_i y], u = W_i^T y + b_i, that is
    g_i = -p_i E[(W_i^T y) y - u^2 W_i]. The noise adds sigma^2 W_i to E[(W_i^T y) y] and sigma^2 to
    E[u^2]: it cancels. What is left is g_i = -p_i lam_i A_i + p_i (lam_i + b_i)^2 W_i, Eq. (9), and
    (a) follows. (b) The step lies in the plane of W_i and A_i; its component along A_i is kappa +
    rho cos theta, the one across |rho| sin theta; normalisation keeps the angle. (c) 0 < b + lam <=
    lam, so (b + lam)^2/lam <= lam <= 1 and 1 - kappa <= rho < 1. The factor of tan theta in (b),
    rho cos theta/(kappa + rho cos theta), grows with rho cos theta <= 1, so it is at most 1/(1 +
    kappa). As theta -> 0, lam -> 1, and it tends to rho/(kappa + rho). As theta decreases, kappa =
    zeta p cos theta increases: the factor stays away from 1, and tan theta -> 0. (d) By Claim 1
    <W_i, A_j> <= mu/sqrt(n) + ||W_i - A_i|| <= -b_i, so z_i <= 0 off the support, and z_i = lam_i +
    b_i > 0 on it; by (c) ||W_i - A_i|| decreases and lam_i increases. []

    Near A a bias biases the code, lam_i + b_i for 1, and the loss, whose floor is b^2/2 + (n - 1)
    sigma^2/2, but not the dictionary.

    >>> population_step(np.eye(2), np.eye(2), 0.5, -0.5, 2.0)[:, 0]  # kappa = 1, rho = 3/4
    array([1.75, 0.  ])
    """
    lam = np.einsum("ni,ni->i", W, A_star)
    kappa = step_size * p * lam
    return kappa * A_star + (1 - kappa * (bias + lam) ** 2 / lam) * W


def tangent_after(theta: float, p: float, bias: float, step_size: float) -> tuple[float, float]:
    """R7 (b): tan theta+ = |rho| sin theta/(kappa + rho cos theta), and the factor it is of tan theta.

    >>> tangent_after(0.0, 0.5, -0.5, 2.0)  # at A: rho/(kappa + rho) = 3/7
    (0.0, 0.42857142857142855)
    """
    lam = math.cos(theta)
    kappa = step_size * p * math.cos(theta)
    rho = 1 - kappa * (bias + lam) ** 2 / lam
    return abs(rho) * math.sin(theta) / (kappa + rho * lam), abs(rho) * lam / (kappa + rho * lam)


def contraction(lam: Array, p: float | Array, bias: float | Array, step_size: float) -> Array:
    """R7 (c): the factor of tan theta in one step, for arrays of columns: |rho| lam/(kappa + rho lam).

    >>> contraction(np.ones(1), 0.5, -0.5, 2.0)  # at A, rho/(kappa + rho) = (3/4)/(7/4)
    array([0.42857143])
    """
    kappa = step_size * p * lam
    rho = 1 - kappa * (bias + lam) ** 2 / lam
    return np.abs(rho) * lam / (kappa + rho * lam)


def linear_rate(p: float, bias: float, step_size: float) -> float:
    """R7 (c): the rate near A, rho/(kappa + rho) with kappa = zeta p, rho = 1 - kappa (1 + b)^2.

    >>> linear_rate(0.1, -0.5, 10.0)
    0.42857142857142855
    """
    kappa = step_size * p
    rho = 1 - kappa * (1 + bias) ** 2
    return rho / (kappa + rho)


def persistent_bias(errors: Array, coherence: float) -> tuple[float, float]:
    """R7 (d): the interval of biases (low, high) that stays consistent for the whole run: -min lam < b <= -(mu/sqrt(n) + max ||W_i - A_i||).

    >>> persistent_bias(np.array([0.5, 0.0]), 0.25)
    (-0.875, -0.75)
    """
    return float(-(1 - np.max(errors) ** 2 / 2)), float(-(coherence + np.max(errors)))
