"""R9: finitely many samples of one active group each, without noise; rates, with their proofs.

Throughout the loss is 1/(2N) sum_i ||y_i - A x_i||^2, a step
is one of gradient descent along the exact gradient of all N samples followed by a QR or polar
retraction of every group, and I_g are the samples of group g.
"""

from __future__ import annotations

import math

import numpy as np

from ....arrays import Array


def tangent_matrix(A_g: Array, star_g: Array) -> Array:
    """T = (I - A*_g A*_g^T) A_g (A*_g^T A_g)^(-1): singular values tan theta_j, (n, d).

    theta_j are the principal angles between the spans, all below 90 degrees. T depends on the span
    of A_g only.

    >>> tangent_matrix(np.array([[0.6], [0.8]]), np.array([[1.0], [0.0]])).round(3)
    array([[0.   ],
           [1.333]])
    """
    X = star_g.T @ A_g
    return np.linalg.solve(X.T, (A_g - star_g @ X).T).T


def tangents_after(T: Array, X: Array, n_samples: int, lam: float, step_size: float) -> Array:
    """R9: the tangent matrix after a step, T+ = T E (E + eta S)^(-1). Codes X of I_g, (N_g, d).

        S = (1/N) sum x x^T,  Psi = (1/N) sum tau^2 x x^T,  Pi = (I + T^T T)^(-1),
        E = I - eta Pi Psi,  tau_i = 1 - lam / r_i,  r_i^2 = x_i^T Pi x_i,  sums over I_g.

    **Theorem (R9).** Let y_i = A*_g x_i for i in I_g, A_g and A*_g orthonormal, all principal
    angles of group g below 90 degrees, and at A let exactly group g be active at the samples of
    I_g, for every g. The eigenvalues of S lie in [l, L], those tau_i in [tau_min, tau_max]. Then

        sigma_j(T+) <= q sigma_j(T) for every j,    q = :func:`sample_rate`,

    and q < 1 if l > 0 and 0 < eta < 2 / (L tau_max^4): every principal angle of the group falls.
    If S is singular the directions that no sample excites stay where they are: T+ u = T u, S u = 0.

    Proof of the recursion. Only samples of I_g enter the gradient of A_g. At one of them, z = A_g^T
    y, the code is tau z, y - A x = y - tau A_g z, the derivative J of the threshold is symmetric
    with J z = z, and A_g^T (y - A x) = (1 - tau) z; so

        -grad = (y - tau A_g z) tau z^T + y (1 - tau) z^T = y z^T - tau^2 A_g z z^T.

    Let X = A*_g^T A_g, so that A_g = A*_g X + T X. As z = X^T x, the mean over I_g is A*_g S X -
    A_g X^T Psi X. Hence A*_g^T A+ = X - eta X X^T Psi X + eta S X = (E + eta S) X, because X X^T =
    Pi; and the part outside is T X (I - eta X^T Psi X) = T E X. The retraction keeps the span, so
    T+ = T E X ((E + eta S) X)^(-1).

    >>> one = np.ones((1, 1))
    >>> tangents_after(one, one, 1, 0.0, 0.5), tangents_after(one, 0 * one, 1, -1.0, 0.5)
    (array([[0.6]]), array([[1.]]))
    """
    identity = np.eye(T.shape[1])
    Pi = np.linalg.inv(identity + T.T @ T)
    r = np.sqrt(np.einsum("ij,jk,ik->i", X, Pi, X))
    tau = 1 - lam / np.where(r > 0, r, np.inf)
    S = X.T @ X / n_samples
    E = identity - step_size * Pi @ ((tau**2 * X.T) @ X) / n_samples
    return np.linalg.solve((E + step_size * S).T, (T @ E).T).T


def sample_rate(
    low: float, high: float, tau_min: float, tau_max: float, step_size: float, sine: float
) -> float:
    """R9: q, by which a step multiplies every tan theta_j at most; inf where nothing is proved.

    low = l and high = L bound the eigenvalues of S, tau_min <= tau_i <= tau_max <= 1, sine = s =
    sin of the largest angle. With x = eta L tau_max^2, q is the smaller of

        q_1 = (1 + eta l c / e^2)^(-1/2),    if c = max(2 - eta L tau_max^4, 2 - 2 x + eta l) > 0,
              e = max(1, x (1 - s^2/2) - 1) + x s^2/2;
        q_2 = (max(1 - eta l tau_min^2, x - 1) + x s^2) / f,
              if f = 1 + eta l (1 - tau_max^2) - x s^2 > 0.

    Proof. sigma_j(T+) <= sigma_j(T) ||E (E + eta S)^(-1)||, so bound |E u| / |(E + eta S) u|.

    (q_1) For a vector u put alpha = S u, beta = Psi u and m = u^T S u. As 0 <= Pi <= I,

        |(E + eta S) u|^2 - |E u|^2 = 2 eta <E u, S u> + eta^2 |alpha|^2
                                    >= 2 eta m - 2 eta^2 |alpha| |beta| + eta^2 |alpha|^2.

    Psi <= tau_max^2 S gives |beta|^2 <= tau_max^4 L m. Completing the square leaves 2 eta m - eta^2
    |beta|^2 >= eta m (2 - eta L tau_max^4). Or |alpha|^2 <= L m bounds the middle term by 2 eta^2 L
    tau_max^2 m, and |alpha|^2 >= l m: together eta m (2 - 2 x + eta l). Both are eta m c, and m >=
    l |u|^2. Finally |E u| <= e |u|: the eigenvalues of Pi lie in [1 - s^2, 1], so Pi = (1 - s^2/2)
    I + Pi' with ||Pi'|| <= s^2/2, and 0 <= eta Psi <= x I.

    (q_2) E = I - eta Psi + eta (I - Pi) Psi with ||I - Pi|| <= s^2 and Psi >= tau_min^2 S give the
    numerator; E + eta S = I + eta (S - Psi) + eta (I - Pi) Psi and S - Psi >= (1 - tau_max^2) S
    give f. (No instance was found that needs the last term of f; that is tested, not proved.)

    *Late rate.* As s goes to 0, E and S become symmetric, and 0 < E <= I if x < 1. Then T+ S^(1/2)
    = (T S^(1/2)) Q (Q + eta)^(-1) with Q = S^(-1/2) E S^(-1/2) <= 1/l: the factor of ||T
    S^(1/2)||_F is at most 1 / (1 + eta l). So is that of the tangents in the mean over many steps,
    not always in a single one.

    *All steps.* q does not increase when s falls and tau_min rises. Along a run s falls, 1 - lam /
    (cos theta_max min ||x_i||) <= tau_i rises, and tau_i <= 1 - lam / max ||x_i|| throughout. So
    the recursion tan <- q tan bounds the run. With l > 0 the error goes to exactly zero linearly:
    there is no floor, however few the samples.

    *Where it fails.* At eta L tau_max^4 slightly above 2 and l = L an angle grows (d = 1, lam = 0,
    eta L = 2.01). A second group that is active at samples of I_g can turn the span by any factor.

    *Attribution.* Orthogonal iteration, and Oja's and Krasulina's rule on data of exact rank d, of
    which exponential convergence is known (Tang 2019). New here are the threshold in Psi, the step
    up to 2 / (L tau_max^4) and the explicit rate.

    >>> sample_rate(1.0, 1.0, 1.0, 1.0, 1.0, 0.0)
    0.0
    >>> round(sample_rate(0.25, 1.0, 0.5, 0.5, 1.0, 0.5), 4)
    0.8289
    >>> sample_rate(1.0, 1.0, 1.0, 1.0, 4.0, 0.5)
    inf
    """
    x = step_size * high * tau_max**2
    gain = max(2 - x * tau_max**2, 2 - 2 * x + step_size * low)
    size = max(1.0, x * (1 - sine**2 / 2) - 1) + x * sine**2 / 2
    rates = [math.inf]
    if gain > 0:
        rates.append(1 / math.sqrt(1 + step_size * low * gain / size**2))
    smallest = 1 + step_size * low * (1 - tau_max**2) - x * sine**2
    if smallest > 0:
        largest = max(1 - step_size * low * tau_min**2, x - 1) + x * sine**2
        rates.append(largest / smallest)
    return min(rates)


def largest_step(high: float, tau_max: float) -> float:
    """R9: every angle falls for 0 < eta < 2 / (L tau_max^4).

    >>> largest_step(1.0, 0.5)
    32.0
    """
    return 2 / (high * tau_max**4) if high * tau_max > 0 else math.inf


def samples_needed(
    p_g: float, d: int, norm_ratio: float, failure: float, n_groups: int = 1
) -> float:
    """R9: N from which kappa_g / 2 <= l_g <= L_g <= 3 kappa_g / 2, with probability >= 1 - failure.

        N >= 12 B_max^2 / kappa_g log(2 d Gamma / failure),    kappa_g = p_g sigma^2.

    Samples are independent, group g has probability p_g (the smallest, for all Gamma groups at
    once), its codes have ||x|| <= B_max and E[x x^T] = sigma^2 I; norm_ratio = B_max / sigma.

    Proof. N S is a sum of N independent matrices 1_g x x^T, 0 <= . <= B_max^2, with mean N kappa_g
    I. Matrix Chernoff (Tropp 2012) bounds P(l < kappa_g/2) by d exp(-.153 N kappa_g / B_max^2) and
    P(L > 3 kappa_g/2) by d exp(-.108 N kappa_g / B_max^2); 1/12 is below both. The bounds are for
    each group with its own kappa_g: the same constants for all groups would be false, as p = (9/10,
    1/10) shows, where L_1 is about 9/10 sigma^2.

    >>> round(samples_needed(1.0, 1, 1.0, 0.02), 1)
    55.3
    """
    return 12 * norm_ratio**2 / p_g * math.log(2 * d * n_groups / failure)
