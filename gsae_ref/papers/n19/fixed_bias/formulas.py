"""R7, in place of N19's bias schedule: the exact population step with a fixed bias."""

from __future__ import annotations

import math

import numpy as np

from ....arrays import Array, IntArray


def population_step(
    W: Array, A_star: Array, p: float | Array, bias: float | Array, step_size: float
) -> Array:
    """R7: the population step of a mixture with a fixed bias, kappa A + rho W for every column.

    Before normalisation.

    **Setting.** y = A_i + eta with probability p_i (k = 1, x* = e_i), ||A_i|| = 1, eta of mean zero
    and covariance sigma^2 I, independent; W with unit columns; sample i activates neuron i and no
    other (the consistency event, here sure).

    **Theorem.** With lam_i = <W_i, A_i>, kappa_i = zeta p_i lam_i and rho_i = 1 - kappa_i (b_i +
    lam_i)^2/lam_i,

        (a)  W_i - zeta g_i = kappa_i A_i + rho_i W_i;
        (b)  if kappa_i + rho_i cos theta_i > 0, the angle after normalisation obeys
             tan theta_i+ = |rho_i| sin theta_i/(kappa_i + rho_i cos theta_i);
        (c)  if -lam_i < b_i <= 0, theta_i < pi/2 and 0 < kappa_i <= 1, then 0 <= rho_i < 1 and
             tan theta_i+ = tan theta_i * rho_i cos theta_i/(kappa_i + rho_i cos theta_i)
                          <= tan theta_i/(1 + kappa_i):
             every column comes closer to A; near A linearly, at the rate rho/(kappa + rho),
             kappa = zeta p_i, rho = 1 - kappa (1 + b_i)^2;
        (d)  let zeta p_i <= 1 for all i, no noise, and nu = max(0, max_{i != j} <A_i, A_j>); if
             nu + ||W_i - A_i|| <= -b_i < lam_i for all i at the first step, it holds at all later
             ones. So a bias that is *fixed* there converges to A: sin theta_i -> 0, no floor.

    nu <= mu/sqrt(n): negative inner products between means do no harm.

    **On a sample** of N points, with noise of any law, supports right: with M_i the mean of y y^T
    over the points of class i and p_i their share, the same algebra gives g_i = -p_i (M_i W_i -
    E_i[u^2] W_i), u = W_i^T y + b_i. So a step multiplies W_i by (1 - zeta p_i E_i[u^2]) I + zeta
    p_i M_i: a shifted power iteration. If zeta p_i E_i[u^2] <= 1 at all steps, W_i converges to the
    leading eigenvector of M_i (unless it starts orthogonal to it), *whatever b*. In the population
    M_i = A_i A_i^T + sigma^2 I, whose leading eigenvector is A_i. See :func:`sample_step`.

    **Proof.** (a) On sample i, x = (W_i^T y + b_i) e_i, and (5) is g_i = -p_i E[((W_i^T y + b_i) I
    + y W_i^T)(y - W_i (W_i^T y + b_i))]. As
    ||W_i|| = 1, W_i^T (y - W_i (W_i^T y + b_i)) = -b_i. So, with u = W_i^T y + b_i,
    g_i = -p_i E[u y - u^2 W_i - b_i y] = -p_i E[(W_i^T y) y - u^2 W_i]. The noise adds sigma^2 W_i
    to E[(W_i^T y) y] and sigma^2 to E[u^2]: it cancels. What is left is g_i = -p_i lam_i A_i + p_i
    (lam_i + b_i)^2 W_i, Eq. (9), and (a) follows. (b) The step lies in the plane of W_i and A_i;
    its component along A_i is kappa + rho cos theta, the one across |rho| sin theta; normalisation
    keeps the angle. (c) 0 < b + lam <= lam, so (b + lam)^2/lam <= lam <= 1 and 1 - kappa <= rho <
    1. The factor of tan theta in (b),
    rho cos theta/(kappa + rho cos theta), grows with rho cos theta <= 1, so it is at most 1/(1 +
    kappa). As theta -> 0, lam -> 1, and it tends to rho/(kappa + rho). As theta decreases, kappa =
    zeta p cos theta increases, to at most zeta p <= 1: (c) applies again, its factor stays away
    from 1, and tan theta -> 0. (d) <W_i, A_j> = <A_i, A_j> + <W_i - A_i, A_j> <= nu + ||W_i -
    A_i|| <= -b_i, so z_i <= 0 off the support, and z_i = lam_i + b_i > 0 on it; by (c) ||W_i -
    A_i|| decreases and lam_i increases. []

    Near A a bias biases the code, lam_i + b_i for 1, and the loss, whose floor is b^2/2 + (n - 1)
    sigma^2/2, but not the dictionary.

    >>> population_step(np.eye(2), np.eye(2), 0.5, -0.5, 2.0)[:, 0]  # kappa = 1, rho = 3/4
    array([1.75, 0.  ])
    """
    lam = np.einsum("ni,ni->i", W, A_star)
    kappa = step_size * p * lam
    return kappa * A_star + (1 - kappa * (bias + lam) ** 2 / lam) * W


def sample_step(
    W: Array, Y: Array, labels: IntArray, bias: float | Array, step_size: float
) -> Array:
    """R7 on a sample whose supports are right: W_i + zeta p_i (M_i W_i - E_i[u^2] W_i).

    M_i is the mean of y y^T over class i, p_i its share, u = W_i^T y + b_i. Rows of Y are samples,
    labels[k] is the class of Y[k]; every class has a sample.

    >>> sample_step(np.eye(2), np.eye(2), np.array([0, 1]), -0.5, 2.0)[:, 0]  # 1 + (1 - 1/4)
    array([1.75, 0.  ])
    """
    result = W.copy()
    biases = bias + np.zeros(W.shape[1])
    for i, b in enumerate(biases):
        own = Y[labels == i]
        share = len(own) / len(Y)
        along = own @ W[:, i]
        moved = own.T @ along / len(own) - np.mean((along + b) ** 2) * W[:, i]
        result[:, i] += step_size * share * moved
    return result


def tangent_after(theta: float, p: float, bias: float, step_size: float) -> tuple[float, float]:
    """R7 (b): tan theta+ = |rho| sin theta/(kappa + rho cos theta), and its factor of tan theta.

    >>> tangent_after(0.0, 0.5, -0.5, 2.0)  # at A: rho/(kappa + rho) = 3/7
    (0.0, 0.42857142857142855)
    """
    lam = math.cos(theta)
    kappa = step_size * p * math.cos(theta)
    rho = 1 - kappa * (bias + lam) ** 2 / lam
    return abs(rho) * math.sin(theta) / (kappa + rho * lam), abs(rho) * lam / (kappa + rho * lam)


def linear_rate(p: float, bias: float, step_size: float) -> float:
    """R7 (c): the rate near A, rho/(kappa + rho) with kappa = zeta p, rho = 1 - kappa (1 + b)^2.

    >>> linear_rate(0.1, -0.5, 10.0)
    0.42857142857142855
    """
    kappa = step_size * p
    rho = 1 - kappa * (1 + bias) ** 2
    return rho / (kappa + rho)


def persistent_bias(errors: Array, largest_product: float) -> tuple[float, float]:
    """R7 (d): the biases (low, high) that stay consistent for the whole run.

        -min lam < b <= -(nu + max ||W_i - A_i||),    nu = max(0, max_{i != j} <A_i, A_j>)

    Negative inner products do no harm: ReLU responds to positive ones. nu <= mu/sqrt(n).

    >>> persistent_bias(np.array([0.5, 0.0]), 0.25)
    (-0.875, -0.75)
    >>> persistent_bias(np.array([0.5, 0.0]), -0.25)
    (-0.875, -0.5)
    """
    errors_below = max(largest_product, 0.0) + np.max(errors)
    return float(-(1 - np.max(errors) ** 2 / 2)), float(-errors_below)
