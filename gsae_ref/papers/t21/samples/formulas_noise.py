"""R13: samples with noise, and finitely many samples of several active groups."""

from __future__ import annotations

import math


def noisy_rate(
    gap: float, rest: float, high: float, tau_max: float, step_size: float, size: float
) -> float:
    """R13: factor by which a step multiplies F at most; inf where nothing is proved.

        F+ <= F / sqrt(1 + eta gap (2 (1 - x) + eta gap) / (1 + x + eta l_(d+1))^2),
        x = eta tau_max^2 min(l_1 sqrt(1 + f), l_1 + l_(d+1) f),  f = F^2 / gap,
        if 2 (1 - x) + eta gap > 0.

    gap = l_d - l_(d+1), rest = l_(d+1), high = l_1, size = F.

    **Theorem (R13, a and b).** One active group, any samples y_i (noise included), A_g orthonormal;
    at A exactly group g is active at the samples of I_g. H = (1/N) sum of y y^T over I_g has
    eigenvalues l_1 >= l_2 >= ... and V spans its d leading eigenvectors. Then span(A_g+) = span(A_g
    (I - eta M) + eta H A_g), M = (1/N) sum tau^2 z z^T, so the fixed spans are the invariant
    subspaces of H whatever lam is. If l_d > l_(d+1) and T is the tangent matrix of A_g with respect
    to V with rows t_i along the eigenvectors i > d,

        F^2 = sum_i |t_i (Lambda - l_i)^(1/2)|^2,   Lambda = diag(l_1, ..., l_d),

    falls as above, and tan^2 theta_max <= f. At the end the factor is at most (1 + eta
    l_(d+1)) / (1 + eta l_d) if eta tau_max^2 l_1 <= 1.

    Proof. The gradient of one sample is -(y z^T - tau^2 A_g z z^T), as for R9. If H A_g is not
    within span(A_g) the step moves the span. Let X and Y be the components of A_g in V and outside,
    T = Y X^(-1), E = I - eta X M X^(-1). Then X+ = (E + eta Lambda) X, row i of Y+ is t_i (E + eta
    l_i) X, and

        t_i+ D^(1/2) = (t_i D^(1/2)) Q (Q + eta)^(-1),  D = Lambda - l_i,
        Q = D^(-1/2) (E + eta l_i) D^(-1/2).

    Now |Q v|^2 / |(Q + eta) v|^2 = a / (a + 2 eta b + eta^2 c) with v = D^(1/2) u, a = |Q v|^2, b =
    <v, Q v>, c = |v|^2. ||eta X M X^(-1)|| <= x in two ways: ||M|| <= tau_max^2 l_1 and the
    smallest singular value of X is cos theta >= (1 + f)^(-1/2); and, as M <= tau_max^2 A_g^T H A_g,
    X M X^(-1) = Pi M' with Pi = X X^T <= I and M' = X^(-T) M X^(-1) <= tau_max^2 (Lambda + T^T
    Lambda_2 T), Lambda_2 = diag(l_(d+1), ...). So b >= (1 - x) |u|^2, c >= gap |u|^2, a <= (1 + x +
    eta l_(d+1))^2 |u|^2 / gap. At T = 0 the matrices are symmetric; if 0 <= E <= I, the eigenvalues
    of Q are between 0 and (1 + eta l_i) / (l_d - l_i). For larger steps that fails: at d = 1, l_2 =
    0, tau = 1, eta = 1.9 / l_1 the angle falls by .9 at every step, not by 1 / 2.9.

    At the step 1/l_1 the condition holds as soon as (1 + f l_(d+1)/l_1) tau_max^2 < 1 + gap/(2
    l_1): without noise from every angle below 90 degrees, with noise from a cone that opens as the
    noise falls. Outside it F can rise.

    >>> noisy_rate(1.0, 0.0, 1.0, 0.0, 1.0, 0.5)
    0.5
    >>> noisy_rate(0.1, 0.0, 1.0, 1.0, 3.0, 0.5)
    inf
    """
    x = step_size * tau_max**2 * noisy_spread(gap, rest, high, size)
    gain = 2 * (1 - x) + step_size * gap
    if not gain > 0:
        return math.inf
    return 1 / math.sqrt(1 + step_size * gap * gain / (1 + x + step_size * rest) ** 2)


def noisy_spread(gap: float, rest: float, high: float, size: float) -> float:
    """R13: min(l_1 sqrt(1 + f), l_1 + l_(d+1) f), f = F^2 / gap; inf without a gap.

    >>> noisy_spread(1.0, 0.0, 2.0, 5.0), noisy_spread(1.0, 1.0, 2.0, 1.0)
    (2.0, 2.8284271247461903)
    """
    if not gap > 0 or math.isinf(size):
        return math.inf
    f = size**2 / gap
    return min(high * math.sqrt(1 + f), high + rest * f)


def noisy_late_rate(low: float, rest: float, step_size: float) -> float:
    """R13: factor of F near V if eta tau_max^2 l_1 <= 1: (1 + eta l_(d+1)) / (1 + eta l_d).

    >>> noisy_late_rate(1.0, 0.5, 1.0)
    0.75
    """
    return (1 + step_size * rest) / (1 + step_size * low)


def noise_floor(
    low: float,
    high: float,
    noise: float,
    n: int,
    d: int,
    n_own: int,
    n_samples: int,
    failure: float,
) -> float:
    """R13: bound on the angle between V and span(A*_g), radians; nan where nothing is proved.

        theta <= 1/2 arctan(2 w (hi / N)^(1/2) ((n - d)^(1/2) + d^(1/2) + t)
                            / (lo - w^2 / N ((n - d)^(1/2) + N_g^(1/2) + t)^2)),
        t = (2 log(2 / failure))^(1/2),

    with probability at least 1 - failure, if the denominator is positive. y_i = A*_g x_i + w eps_i,
    eps_i standard normal in R^n, N_g samples of the group in N; lo and hi are the extreme
    eigenvalues of Z Z^T / N, Z = [x_i + w A*_g^T eps_i]. V is that of :func:`noisy_rate`.

    Proof. In a basis [A*_g, U] H has the blocks Z Z^T / N, (w / N) G Z^T and (w^2 / N) G G^T, where
    G = U^T eps is standard normal and independent of Z. Given Z, G Z^T = G0 (Z Z^T)^(1/2) with a
    standard normal (n - d) x d matrix G0. Davis and Kahan's tan 2 Theta theorem; Davidson and
    Szarek's bounds of ||G0|| and ||G||, each with probability 1 - failure/2. Exact supports along
    a run are another event, whose failure adds to this one.

    >>> round(noise_floor(1.0, 1.0, 0.1, 10, 2, 100, 100, 0.05), 3)
    0.071
    >>> noise_floor(0.01, 1.0, 1.0, 10, 2, 100, 100, 0.05)
    nan
    """
    t = math.sqrt(2 * math.log(2 / failure))
    across = noise * math.sqrt(high / n_samples) * (math.sqrt(n - d) + math.sqrt(d) + t)
    below = low - noise**2 / n_samples * (math.sqrt(n - d) + math.sqrt(n_own) + t) ** 2
    return math.atan(2 * across / below) / 2 if below > 0 else math.nan
