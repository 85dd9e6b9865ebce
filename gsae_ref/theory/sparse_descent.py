"""N19 on descent: Lemmas 1, 2, 4 and 5, the step size, tau, and this project's R7: a bias that need not vanish.

Symbols of one column: d = ||W_i - A_i||, lam = <W_i, A_i> = 1 - d^2/2, theta the angle between W_i and A_i, p = P[i in S], zeta the step.
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays import Array, Real

__all__ = [
    "bias_window", "contraction", "descent_bound", "linear_rate", "normalised_error", "pair_remainder", "persistent_bias", "population_step",
    "printed_normalisation_range", "step_bound", "tangent_after", "tau_of_spread",
]


def descent_bound(
    p: float | Array, lam: float | Array, error: float | Array, update_norm: float | Array, noise_norm: float | Array, delta: float,
    form: str = "corrected", kappa_2: float = 1.0,
) -> float | Array:
    """Lower bound on 2 <g_i, W_i - A_i>. [N19] Lemma 1 (kappa_2 = 1) and Lemma 4 with the remainder itself in place of its order.

    kappa_2 p (lam - 2 delta^2/lam) d^2 + (||g||^2 - 2 ||gamma||^2)/(kappa_2 p lam); ``form="printed"`` has 2 delta^2 for 2 delta^2/lam.

    With v = g - q (W - A), q = kappa_2 p lam: 2 <g, W - A> = q d^2 + ||g||^2/q - ||v||^2/q. Here v = p ((b + lam)^2 - lam) W + gamma, and the
    condition |(b + lam)^2 - lam| <= 2 (1 - lam) = d^2 <= delta d gives ||v||^2 <= 2 (p delta d)^2 + 2 ||gamma||^2; divided by q = p lam the
    first term is 2 p delta^2 d^2/lam. (Lemma 4: the bracket is kappa_2 times as large, and so is everything else.)

    >>> descent_bound(0.5, 0.5, 1.0, 0.0, 0.0, 0.5), descent_bound(0.5, 0.5, 1.0, 0.0, 0.0, 0.5, "printed")
    (-0.25, 0.0)
    """
    q = kappa_2 * p * lam
    loss = 2 * delta**2 / (1 if form == "printed" else lam)
    return kappa_2 * p * (lam - loss) * error**2 + (update_norm**2 - 2 * noise_norm**2) / q


def pair_remainder(p2: float, p3: float, norm: Real) -> Real:
    """Bound on r_i = g_i + p lam A_i - p lam^2 W_i for centred codes, uniform supports: 8 p2 R + 2 p3 (R^2 + R). [N19] Lemma 2.

    R >= ||A||_2^2, ||W||_2^2; p2 and p3 are the probabilities of a pair and of a triple. The terms of the exact update other than (i, i): l != i
    of the first sum, 2 p2 R (l != i) and then of the double sum j = i, l != i: 2 p2 R; j != i, l = i: 2 p2 R; j = l != i: 2 p2 R;
    j != l, both != i: 2 p3 (R^2 + R), the R for the diagonal taken out of A A^T and W W^T. So 2 ||r||^2/(p lam) is of the order
    p k^2/(n^2 lam) of the lemma when R = O(1), p2 = Theta(p k/m), p3 = Theta(p k^2/m^2).

    >>> pair_remainder(0.5, 0.25, 1.0)
    5.0
    """
    return 8 * p2 * norm + 2 * p3 * (norm**2 + norm)


def step_bound(error: float | Array, p: float | Array, lam: float | Array, step_size: float, delta: float, remainder: float) -> float | Array:
    """||W~_i - A_i||^2 for W~ = W - zeta g, zeta <= 1/(p lam). [N19] the column-wise line before Theorem 4 (ii), corrected.

    (1 - zeta p lam (1 - delta^2/2)) d^2 + 2 zeta ||r||^2/(p lam): Lemma 2 in its corrected form times zeta. The paper prints the last term
    without zeta: O(p_i k^2/(n^2 lam_i)) for O(k^2/n^2).

    >>> step_bound(0.5, 0.5, 1.0, 2.0, 0.0, 0.0)
    0.0
    """
    return (1 - step_size * p * lam * (1 - delta**2 / 2)) * error**2 + 2 * step_size * remainder**2 / (p * lam)


def normalised_error(error: float) -> float:
    """||W^+ - A|| <= sqrt(2 - 2 sqrt(1 - eps^2)) for W^+ = W~/||W~||, ||W~ - A|| = eps <= 1, ||A|| = 1. [N19] Lemma 5, sharp.

    The sine of the angle between W~ and A is at most eps (the distance from A to the line through W~), so cos >= sqrt(1 - eps^2); attained
    at W~ orthogonal to W~ - A. It is eps (1 + eps^2/8 + ...), at most delta for eps = (1 - tau) delta iff tau >= 1 - sqrt(1 - delta^2/4).

    >>> normalised_error(0.0), normalised_error(1.0)
    (0.0, 1.4142135623730951)
    """
    return error * math.sqrt(2 / (1 + math.sqrt(1 - error**2)))  # the same without cancellation


def printed_normalisation_range(delta: float | Array) -> float | Array:
    """(1 - delta)/(2 - delta), the least tau that Lemma 5 admits as printed; its proof ends with (1 + delta)/(2 + delta).

    >>> printed_normalisation_range(0.5)
    0.3333333333333333
    """
    return (1 - delta) / (2 - delta)


def bias_window(delta: float) -> float:
    """(b + lam)^2 - (3 lam - 2) at b = -delta, lam = 1 - delta^2/2: negative, so Lemma 1 and consistency never hold together.

    Consistency (proof of Theorem 4, k = 1) asks -1 + 2 delta <= b <= -delta, Lemma 1 (b + lam)^2 >= 3 lam - 2. As 0 <= b + lam <= lam - delta
    and (lam - delta)^2 - 3 lam + 2 decreases in lam < (3 + 2 delta)/2, the left minus the right is at most its value at lam = 1 - delta^2/2,
    delta (delta^3/4 + delta^2 + 3 delta/2 - 2): negative for delta < 0.8089, while the interval is empty for delta > 1/3.

    >>> bias_window(0.5)
    -0.484375
    """
    return delta * (delta**3 / 4 + delta**2 + 3 * delta / 2 - 2)


def tau_of_spread(ratio: float) -> float:
    """The best tau of one step size for all columns, p_max/p_min = ratio, near A: 1 - ((ratio - 1)/(ratio + 1))^2. [N19] Theorem 4 (i).

    Column i contracts by |1 - kappa_i|, kappa_i = zeta p_i (threshold, b = 0); the best zeta balances 1 - kappa_min = kappa_max - 1. So
    tau > 1/2 is possible iff ratio < (1 + sqrt(2))^2 = 5.83.

    >>> tau_of_spread(1.0), tau_of_spread(3.0)
    (1.0, 0.75)
    """
    return 1 - ((ratio - 1) / (ratio + 1)) ** 2


# ------------------------------------------------------------------------------------------------ R7


def population_step(W: Array, A_star: Array, p: float | Array, bias: float | Array, step_size: float) -> Array:
    """R7: the exact population step for a mixture with a fixed bias: kappa A + rho W, column by column, before normalisation.

    **Setting.** y = A_i + eta with probability p_i (k = 1, x* = e_i), ||A_i|| = 1, eta of mean zero and covariance sigma^2 I, independent; W
    with unit columns; sample i activates neuron i and no other (the consistency event, here sure).

    **Theorem.** With lam_i = <W_i, A_i>, kappa_i = zeta p_i lam_i and rho_i = 1 - kappa_i (b_i + lam_i)^2/lam_i,

        (a)  W_i - zeta g_i = kappa_i A_i + rho_i W_i;
        (b)  if kappa_i + rho_i cos theta_i > 0, the angle after normalisation obeys
             tan theta_i+ = |rho_i| sin theta_i/(kappa_i + rho_i cos theta_i);
        (c)  if -lam_i < b_i <= 0, theta_i < pi/2 and 0 < kappa_i <= 1, then 0 <= rho_i < 1 and
             tan theta_i+ = tan theta_i * rho_i cos theta_i/(kappa_i + rho_i cos theta_i) <= tan theta_i/(1 + kappa_i): every column
             comes closer to A at every step; near A linearly, at the rate rho/(kappa + rho), kappa = zeta p_i, rho = 1 - kappa (1 + b_i)^2;
        (d)  if without noise mu/sqrt(n) + ||W_i - A_i|| <= -b_i < lam_i for all i at the first step, it holds at all later ones.
             So a bias that is *fixed* in this interval converges to A: sin theta_i -> 0 for all i, no floor.

    **Proof.** (a) On sample i, x = (W_i^T y + b_i) e_i, and (5) is g_i = -p_i E[((W_i^T y + b_i) I + y W_i^T)(y - W_i (W_i^T y + b_i))]. As
    ||W_i|| = 1, W_i^T (y - W_i (W_i^T y + b_i)) = -b_i. So g_i = -p_i E[u y - u^2 W_i - b_i y], u = W_i^T y + b_i, that is
    g_i = -p_i E[(W_i^T y) y - u^2 W_i]. The noise adds sigma^2 W_i to E[(W_i^T y) y] and sigma^2 to E[u^2]: it cancels. What is left is
    g_i = -p_i lam_i A_i + p_i (lam_i + b_i)^2 W_i, Eq. (9), and (a) follows. (b) The step lies in the plane of W_i and A_i; its component
    along A_i is kappa + rho cos theta, the one across |rho| sin theta; normalisation keeps the angle. (c) 0 < b + lam <= lam, so
    (b + lam)^2/lam <= lam <= 1 and 1 - kappa <= rho < 1. The factor of tan theta in (b), rho cos theta/(kappa + rho cos theta), grows with
    rho cos theta <= 1, so it is at most 1/(1 + kappa). As theta -> 0, lam -> 1, and it tends to rho/(kappa + rho). As theta decreases,
    kappa = zeta p cos theta increases: the factor stays away from 1, and tan theta -> 0. (d) By Claim 1
    <W_i, A_j> <= mu/sqrt(n) + ||W_i - A_i|| <= -b_i, so z_i <= 0 off the support, and z_i = lam_i + b_i > 0 on it; by (c) ||W_i - A_i||
    decreases and lam_i increases. []

    Near A a bias biases the code, lam_i + b_i for 1, and the loss, whose floor is b^2/2 + (n - 1) sigma^2/2, but not the dictionary.

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
    lam, kappa = math.cos(theta), step_size * p * math.cos(theta)
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
