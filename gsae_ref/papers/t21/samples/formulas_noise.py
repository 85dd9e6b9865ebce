"""R13: samples with noise, and finitely many samples of several active groups."""

from __future__ import annotations

import math


def noisy_rate(
    gap: float, rest: float, high: float, tau_max: float, step_size: float, size: float
) -> float:
    """R13: factor by which a step multiplies F at most; inf where nothing is proved.

        F+ <= F / sqrt(1 + eta gap (2 (1 - x) + eta gap) / (1 + x + eta l_(d+1))^2),
        x = eta l_1 tau_max^2 sqrt(1 + F^2 / gap), if 2 (1 - x) + eta gap > 0.

    gap = l_d - l_(d+1), rest = l_(d+1), high = l_1, size = F.

    **Theorem (R13, a and b).** One active group, any samples y_i (noise included), A_g orthonormal;
    at A exactly group g is active at the samples of I_g. H = (1/N) sum of y y^T over I_g has
    eigenvalues l_1 >= l_2 >= ... and V spans its d leading eigenvectors. Then span(A_g+) = span(A_g
    (I - eta M) + eta H A_g), M = (1/N) sum tau^2 z z^T, so the fixed spans are the invariant
    subspaces of H whatever lam is. If l_d > l_(d+1) and T is the tangent matrix of A_g with respect
    to V with rows t_i along the eigenvectors i > d,

        F^2 = sum_i |t_i (Lambda - l_i)^(1/2)|^2,   Lambda = diag(l_1, ..., l_d),

    falls as above, and tan theta_max <= F / gap^(1/2). At the end the factor is at most (1 + eta
    l_(d+1)) / (1 + eta l_d).

    Proof. The gradient of one sample is -(y z^T - tau^2 A_g z z^T), as for R9. If H A_g is not
    within span(A_g) the step moves the span. Let X and Y be the components of A_g in V and outside,
    T = Y X^(-1), E = I - eta X M X^(-1). Then X+ = (E + eta Lambda) X, row i of Y+ is t_i (E + eta
    l_i) X, and

        t_i+ D^(1/2) = (t_i D^(1/2)) Q (Q + eta)^(-1),  D = Lambda - l_i,
        Q = D^(-1/2) (E + eta l_i) D^(-1/2).

    Now |Q v|^2 / |(Q + eta) v|^2 = a / (a + 2 eta b + eta^2 c) with v = D^(1/2) u, a = |Q v|^2, b =
    <v, Q v>, c = |v|^2. As ||M|| <= tau_max^2 l_1 and the smallest singular value of X is cos theta
    >= (1 + F^2 / gap)^(-1/2), ||eta X M X^(-1)|| <= x; so b >= (1 - x) |u|^2, c >= gap |u|^2, a <=
    (1 + x + eta l_(d+1))^2 |u|^2 / gap. At T = 0 the matrices are symmetric and E <= I.

    >>> noisy_rate(1.0, 0.0, 1.0, 0.0, 1.0, 0.5)
    0.5
    >>> noisy_rate(0.1, 0.0, 1.0, 1.0, 3.0, 0.5)
    inf
    """
    x = step_size * high * tau_max**2 * math.sqrt(1 + size**2 / gap) if gap > 0 else math.inf
    gain = 2 * (1 - x) + step_size * gap
    if not gain > 0:
        return math.inf
    return 1 / math.sqrt(1 + step_size * gap * gain / (1 + x + step_size * rest) ** 2)


def noisy_late_rate(low: float, rest: float, step_size: float) -> float:
    """R13: factor of the tangents near V, (1 + eta l_(d+1)) / (1 + eta l_d).

    >>> noisy_late_rate(1.0, 0.5, 1.0)
    0.75
    """
    return (1 + step_size * rest) / (1 + step_size * low)
