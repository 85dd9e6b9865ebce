"""R11: an explicit basin and floor for several active groups, per group, with the proof.

Setting, here called B. A*_g has orthonormal columns, n, Gamma and d are arbitrary, overcomplete or
not. The support S is uniform of size gamma. Given S, the law of the codes is unchanged when one x_g
changes sign, E[x_g x_g^T] = s2 I, B_min <= ||x_g|| <= B_max; codes may depend on each other. A_g
has orthonormal columns; a step is one along the exact gradient of the population loss, and a QR or
polar retraction of every group. D_g = ||sin Theta_g||_F of the principal angles of A_g and A*_g,
delta = max_g D_g, D^2 = sum_g D_g^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ....arrays import Array
from ....groups import spectral_norm

LEVELS = 161  # values of delta, and of D, at which the same samples are bounded


@dataclass(frozen=True)
class Setting:
    """Everything that R11's bounds know of A* and of the law of the codes.

    Attributes
    ----------
    n_groups, group_size, n_active : int
    b_min, b_max, second_moment : float
        Bounds of ||x_g||, and s2 = E ||x_g||^2 / d.
    R : float
        max(1, ||A*||_2^2).
    nu, total : float
        (sum_{h != g} ||A*_h^T A*_g||_F^2)^(1/2), the largest over g, and summed over g too.
    sums : tuple of float
        Largest over v of the sum of the gamma - 1, and of the gamma, largest ||A*_h^T A*_v||_2, h
        other than v.

    Examples
    --------
    >>> one = setting(np.eye(4).reshape(2, 2, 4).swapaxes(1, 2), 1, np.array([4.0, 5.0]))
    >>> one.R, one.nu, one.second_moment, one.pi
    (1.0, 0.0, 10.25, 0.0)
    """

    n_groups: int
    group_size: int
    n_active: int
    b_min: float
    b_max: float
    second_moment: float
    R: float
    nu: float
    total: float
    sums: tuple[float, float]

    @cached_property
    def pi(self) -> float:
        """p_gh / p_g = (gamma - 1) / (Gamma - 1)."""
        return (self.n_active - 1) / (self.n_groups - 1) if self.n_groups > 1 else 0.0

    @cached_property
    def kappa(self) -> float:
        """p_g s2."""
        return self.n_active / self.n_groups * self.second_moment

    @cached_property
    def largest_a(self) -> float:
        """The largest a = eta kappa: a (1 + pi (R - 1)) <= 1."""
        return 1 / (1 + self.pi * (self.R - 1))

    def support_ends(self, delta: float) -> tuple[float, float]:
        """lam >= the first recovers no false group, r_lo is a lower bound of the active norms.

            B_max (Sigma_gamma + sqrt(gamma R) delta) <= lam < r_lo,
            r_lo = c B_min - B_max (Sigma_(gamma-1) + sqrt((gamma - 1) R) delta), c^2 = 1 - delta^2.

        For A_v = A*_v C + U S, ||A_v^T y|| <= ||A*_v^T y|| + ||S|| ||y'||, where y' is y without
        x_v, and ||sum_h A*_h x_h|| <= (R sum_h ||x_h||^2)^(1/2).
        """
        gamma = self.n_active
        before, all_of_them = self.sums
        low = self.b_max * (all_of_them + math.sqrt(gamma * self.R) * delta)
        lost = self.b_max * (before + math.sqrt((gamma - 1) * self.R) * delta)
        return low, math.sqrt(max(1 - delta**2, 0.0)) * self.b_min - lost

    def support_margin(self, lam: float, delta: float) -> float:
        """Margin of the support condition at ``delta``; positive where it holds strictly."""
        low, r_lo = self.support_ends(delta)
        return min(lam - low, r_lo - lam)


def setting(star: Array, n_active: int, norms: Array) -> Setting:
    """Constants of A*, groups (n_groups, n_features, d), and of equally likely norms.

    >>> star = np.array([[[1.0], [0.0]], [[0.6], [0.8]]])
    >>> found = setting(star, 2, np.array([1.0]))
    >>> round(found.R, 3), round(found.nu, 3), round(found.total, 3), found.sums
    (1.6, 0.6, 0.849, (0.6, 0.6))
    """
    G, _, d = star.shape
    gram = np.swapaxes(star, 1, 2)[:, None] @ star[None]
    gram[np.arange(G), np.arange(G)] = 0
    squares = np.sum(gram**2, axis=(2, 3))
    sizes = -np.sort(-spectral_norm(gram), axis=0)
    sums = tuple(float(sizes[:k].sum(axis=0).max()) for k in (n_active - 1, n_active))
    flat = np.moveaxis(star, 0, 1).reshape(star.shape[1], -1)
    return Setting(
        G,
        d,
        n_active,
        float(norms.min()),
        float(norms.max()),
        float(np.mean(norms**2)) / d,
        max(1.0, float(spectral_norm(flat)) ** 2),
        math.sqrt(float(squares.sum(axis=0).max())),
        math.sqrt(float(squares.sum())),
        (sums[0], sums[1]),
    )


def step_bounds(
    s: Setting, a: float, lam: float, r_lo: float, delta: float, D: float, error: float = 0.0
) -> tuple[float, float]:
    """R11: bounds on max_g ||tan Theta_g+||_F and (sum_g ||tan Theta_g+||_F^2)^(1/2); inf if none.

    a = eta kappa, kappa = p_g s2; r_lo > lam is a lower bound of ||A_g^T y|| of the active groups.

    **Theorem (R11).** Setting B, exact supports at A, a (1 + pi (R - 1)) <= 1, pi = (gamma - 1) /
    (Gamma - 1), chi = 1 - a pi (R - 1) > 0. With q = R^(1/2), c = (1 - delta^2)^(1/2) and

        k = nu + q delta,  k' = nu + D,  n = nu + q delta + D,  K = N + q D,  M = N + 2 q D + D^2,
        z = pi q (k + k') + pi^2 k K,  Z = 2 pi q K + pi^2 K^2,  N = ``total``,
        rho = (1 - a m) / (1 + a - a m),  m = ((1 - lam / r_lo) c)^2,
        zeta = 2 ((gamma - 1) R)^(1/2) lam B_max / r_lo^2, or 0 if d = 1,
        w     = pi q k + (q + 2^(1/2) D) z + pi (gamma - 1) R n,
        w_all = pi q K + (q + 2^(1/2) D) Z + pi (gamma - 1) R M,
        w_par = pi nu k + k' z + pi k' n + pi zeta k n + pi nu (gamma - 1) q n,

    if c > a w_par / chi then delta+ <= (rho delta + a w / chi) / (c - a w_par / chi) and D+ <= (rho
    D + a w_all / chi) / (c - a w_par / chi).

    *A run.* Iterate both from the start. They do not decrease in (delta, D). If at every iterate
    the denominator is positive and the support condition of :meth:`Setting.support_ends` holds, the
    supports are exact for ever and the iterates bound every run. delta may rise before it falls, so
    the condition at the start is not enough. Once both fall they fall for ever, by monotonicity: a
    certificate is finite.

    Proof. By the identity of
    :func:`~gsae_ref.papers.t21.threshold.formulas.mean_drift`, as E[x_g x_h^T] = 0,

        -grad_{A_g} = kappa P*_g A_g - A_g M_g + W_g,   M_g = E[1_g phi_g phi_g^T],
        W_g = p_gh s2 sum_{h != g} P*_h A_g - sum_{k != g} A_k Z_kg - E[1_g y F^T A_g J_g],

    Z_kg = E[1_gk phi_k phi_g^T], F = sum_{k != g} A_k phi_k. Let X = A*_g^T A_g, Y the components
    outside, Q = ((1 + a) I - eta M_g)^(-1). Then

        T+ = [Y (I - eta M_g) Q + eta W_perp Q] X^(-1) (I + eta A*_g^T W_g Q X^(-1))^(-1).

    E[1_g y y^T] = s2 ((p_g - p_gh) P*_g + p_gh A* A*^T), so kappa m <= M_g <= kappa (1 + pi (R -
    1)), ||Q|| <= 1 / chi, and ||(I - eta M_g) Q|| <= rho as (1 - x) / (1 + a - x) decreases. As
    ||X^(-1)|| <= 1/c, ||T_g+||_F <= (rho D_g + eta ||W_perp||_F / chi) / (c - eta ||A*_g^T W_g|| /
    chi). It remains to bound W_g, in units of kappa; sum over g with Minkowski for D.

    (overlaps) With A_k = A*_k C_k + U_k S_k: (sum_h ||A*_h^T A_g||_F^2)^(1/2) <= k, (sum_k ||A_k^T
    A*_g||_F^2)^(1/2) <= k', (sum_k ||A_k^T A_g||_F^2)^(1/2) <= n; with the sum over g too, K, K, M.
    ||A|| <= q + 2^(1/2) D, as min_O ||A_g - A*_g O||_F^2 <= 2 D_g^2.

    (first term) ||sum_h P*_h A_g||_F <= q k; its component along A*_g is at most nu k.

    (Z) Fix everything but the signs of x_k and x_g, and expand phi_k, phi_g in the four characters
    of the two signs. The coefficient of phi_g at the sign of x_k is at most ||A_g^T A*_k x_k||, the
    threshold being 1-Lipschitz, and the other way round. It is odd, so the even parts are at most
    ||A_k^T w||, ||A_g^T w||, w = sum of A*_h x_h over the other h. Since E[1_gk y y^T] <= p_gh s2
    R and p_ghk <= pi p_gh, ||Z_kg||_F <= p_gh s2 (q (||A_g^T A*_k||_F + ||A_k^T A*_g||_F) + pi k_k
    k_g), k_g the overlap of group g: (sum_k ||Z_kg||_F^2)^(1/2) <= kappa z, over all g kappa Z.

    (last term, outside A*_g) It is sum_h A*_h v_h, and h = g drops out. In v_h the term k = h is at
    most p_gh s2 q ||A_h^T A_g||_F; the others, by Cauchy-Schwarz over k and E[1_ghk y y^T] <= p_ghk
    s2 R, have a sum of squares over h of at most (p_gh s2 (gamma - 2))^2 R n^2. Together p_gh s2
    (gamma - 1) q n.

    (last term, along A*_g) From h != g at most nu times that. In v_g = E[1_g x_g F^T A_g J_g] only
    the part of F^T A_g J_g that is odd in x_g counts: the odd part of F gives p_gh s2 n k'; J is
    Lipschitz with constant 2 lam / r_lo^2 where norms are at least r_lo, so the odd part of J gives
    p_gh s2 zeta k n. For d = 1, J = 1.

    *A gradient with errors.* If every -grad_{A_g} is replaced by -grad_{A_g} + E_g with ||E_g||_F
    <= ``error`` kappa, E_g joins W_g: ``error`` is added to w and w_par, Gamma^(1/2) ``error`` to
    w_all. :func:`batch_error` is such a bound for fresh samples.

    *Limits.* The floor is 10 to 45 times the true one, which R10 gives to first order, and for
    small Gamma there may be no basin at all. *Attribution:* orthogonal iteration with noise; what
    is new are the constants.

    >>> s = setting(np.eye(8).reshape(4, 2, 8).swapaxes(1, 2), 2, np.array([4.0, 5.0]))
    >>> [round(bound, 3) for bound in step_bounds(s, 1.0, 2.0, 4.0, 0.0, 0.0)]
    [0.0, 0.0]
    >>> step_bounds(s, 1.0, 2.0, 4.0, 0.9, 0.9)
    (inf, inf)
    """
    c = math.sqrt(max(1 - delta**2, 0.0))
    chi = 1 - a * s.pi * (s.R - 1)
    w, w_all, w_par = interference(s, lam, r_lo, delta, D)
    w += error
    w_all += math.sqrt(s.n_groups) * error
    w_par += error
    below = c - a * w_par / chi if chi > 0 else 0.0
    if not (below > 0 and r_lo > lam):
        return math.inf, math.inf
    rho = contraction(a, ((1 - lam / r_lo) * c) ** 2)
    return (rho * delta + a * w / chi) / below, (rho * D + a * w_all / chi) / below


def interference(
    s: Setting, lam: float, r_lo: float, delta: float, D: float
) -> tuple[float, float, float]:
    """R11: w, w_all and w_par of :func:`step_bounds`.

    >>> s = setting(np.eye(8).reshape(4, 2, 8).swapaxes(1, 2), 2, np.array([4.0, 5.0]))
    >>> interference(s, 2.0, 4.0, 0.0, 0.0)
    (0.0, 0.0, 0.0)
    """
    pi = s.pi
    others = s.n_active - 1
    q = math.sqrt(s.R)
    k = s.nu + q * delta
    rows = s.nu + D
    n = k + D
    K = s.total + q * D
    M = s.total + 2 * q * D + D**2
    z = pi * q * (k + rows) + pi**2 * k * K
    Z = 2 * pi * q * K + pi**2 * K**2
    zeta = 0.0 if s.group_size == 1 else 2 * math.sqrt(others * s.R) * lam * s.b_max / r_lo**2
    norm = q + math.sqrt(2) * D
    w = pi * q * k + norm * z + pi * others * s.R * n
    w_all = pi * q * K + norm * Z + pi * others * s.R * M
    w_par = pi * s.nu * k + rows * z + pi * n * (rows + zeta * k + s.nu * others * q)
    return w, w_all, w_par


class Batch(NamedTuple):
    """A mean over samples in the place of the population's.

    Attributes
    ----------
    n_samples, n_steps : int
    failure : float
        Probability that is allowed.
    n_free : int
        0 for fresh samples at every step; Gamma d (n - d) if every step takes the same ones.

    Examples
    --------
    >>> Batch(10**6, 20, 0.05).n_steps
    20
    """

    n_samples: int
    n_steps: int
    failure: float
    n_free: int = 0


def sample_bounds(s: Setting, lam: float, delta: float, D: float) -> tuple[float, float]:
    """R11: K bounds a sample's gradient in A_g, Lambda how much it changes with A; inf if none.

        K = e f + Y b,    Lambda = e' f + e Y + Y (j Y b + e + e'),    Y = (gamma R)^(1/2) B_max,
        o = Sigma_(gamma-1) + ((gamma - 1) R)^(1/2) delta,  f = B_max (1 + o) - lam,
        e = lam gamma^(1/2) (q + 2^(1/2) D) + gamma B_max (delta + o),  e' = gamma (f + Y),
        b = lam + n (gamma - 1)^(1/2) f,    j = 2 lam / r_lo^2, or 0 if d = 1,

    q and n as in :func:`step_bounds`. Where the support condition holds at delta, the part psi_g(A)
    of a sample in -grad_{A_g} has ||psi_g(A)||_F <= K, and ||psi_g(A) - psi_g(A')||_F <= Lambda
    max_k ||A_k - A'_k||_F, for all A, A' with max_g D_g <= delta, D as given.

    Proof. psi_g = (y - A x) phi_g^T + y (J_g A_g^T (y - A x))^T, 0 unless g is active. ||A_g^T y||
    <= B_max (1 + o) as in :meth:`Setting.support_ends`, so ||phi_g|| <= f, and ||y|| <= Y. A_g^T (y
    - A x) = z_g - phi_g - sum_{k != g} A_g^T A_k phi_k has at most the norm b, and J_g <= I. y - A
    x = sum_k (A*_k x_k - A_k z_k) + lam sum_k A_k z_k / r_k: the second sum is at most gamma^(1/2)
    ||A||; in the first (I - A_k A_k^T) A*_k x_k is at most delta B_max, and A_k^T of the other
    groups' part at most B_max o. So ||y - A x|| <= e: this is K.

    Let h = max_k ||A_k - A'_k||_F. The supports are the same, so z_k and, the threshold being
    1-Lipschitz, phi_k change by at most h Y, A_k phi_k by h (f + Y), y - A x by h e', A_g^T (y - A
    x) by h (e + e'), and J_g by 2 lam / r_lo^2 times h Y. The product rule is Lambda.

    >>> s = setting(np.eye(8).reshape(4, 2, 8).swapaxes(1, 2), 2, np.array([4.0, 5.0]))
    >>> [round(bound, 1) for bound in sample_bounds(s, 2.0, 0.0, 0.0)]
    [22.6, 267.9]
    """
    gamma = s.n_active
    r_lo = s.support_ends(delta)[1]
    if not r_lo > 0:
        return math.inf, math.inf
    q = math.sqrt(s.R)
    o = s.sums[0] + math.sqrt((gamma - 1) * s.R) * delta
    f = max(s.b_max * (1 + o) - lam, 0.0)
    Y = math.sqrt(gamma * s.R) * s.b_max
    e = lam * math.sqrt(gamma) * (q + math.sqrt(2) * D) + gamma * s.b_max * (delta + o)
    b = lam + (s.nu + q * delta + D) * math.sqrt(gamma - 1) * f
    j = 0.0 if s.group_size == 1 else 2 * lam / r_lo**2
    moved = gamma * (f + Y)
    return e * f + Y * b, moved * f + e * Y + Y * (j * Y * b + e + moved)


def next_level(size: float, top: float) -> float:
    """Round up to top, top / 2^(1/8), top / 2^(2/8), ..., top / 2^20, of which there are LEVELS.

    >>> next_level(0.5, 1.0), round(next_level(0.51, 1.0), 3), next_level(0.0, 1.0) == 2**-20
    (0.5, 0.545, True)
    """
    if size <= top * 2.0**-20:
        return top * 2.0**-20
    return top * 2 ** (math.ceil(8 * math.log2(size / top) - 1e-9) / 8)


def batch_error(s: Setting, lam: float, delta: float, D: float, batch: Batch) -> float:
    """R11: bound on max_g ||E_g||_F / kappa of the mean gradient of N samples.

        (K / kappa) ((2 p_g L / N)^(1/2) + 4 L / (3 N)),    L = log(2 Gamma n_steps / failure),

    K of :func:`sample_bounds`. In ``n_steps`` steps, each on N samples that are independent of A
    and of each other, every E_g keeps it with probability at least 1 - ``failure``.

    If every step takes the same N samples, delta and D are rounded up (:func:`next_level`), L =
    log(2 Gamma LEVELS^2 / failure) + Gamma d (n - d) log(1 + 2 N), and 2 Lambda delta / (N c kappa)
    is added. With probability at least 1 - ``failure`` this holds at all A at once, with their
    delta and D, as long as the support condition holds at the rounded delta.

    Proof. *Fresh samples.* ||psi_g|| <= K and E||psi_g||^2 <= p_g K^2. Bernstein's inequality in a
    Hilbert space (Pinelis 1994) for psi_g - E psi_g, of norm at most 2 K, has probability 2 exp(-L)
    beyond the bound; union over groups and steps.

    *The same samples.* ||E_g|| does not change if groups of A are rotated (R0), so let A_g = A*_g
    (I - V_g^T V_g)^(1/2) + U_g V_g, with U_g a basis of the complement and ||V_g||_F = D_g. If c^2
    = 1 - delta^2, ||A_g - A'_g||_F <= ||V_g - V'_g||_F / c: the roots are at least c, so their
    difference is at most that of the squares over 2 c, delta ||V_g - V'_g||_F / c. For one delta
    and D the V lie in a ball of radius delta for the norm max_g ||V_g||_F, in dimension m = Gamma d
    (n - d). A largest set of them that are delta / N apart has at most (1 + 2 N)^m members, as
    balls of half that radius are disjoint. At these the first bound holds, by union, with m log(1 +
    2 N) in L; from the nearest of them mean and expectation of psi_g differ by Lambda delta / (N c)
    each. Union over the LEVELS^2 values of delta and D.

    >>> s = setting(np.eye(8).reshape(4, 2, 8).swapaxes(1, 2), 2, np.array([4.0, 5.0]))
    >>> [round(batch_error(s, 2.0, 0.0, 0.0, Batch(10**k, 10, 0.05)), 4) for k in (6, 8)]
    [0.012, 0.0012]
    >>> round(batch_error(s, 2.0, 0.0, 0.0, Batch(10**10, 10, 0.05, 4 * 2 * 6)), 4)
    0.0015
    """
    cases = float(batch.n_steps)
    if batch.n_free:
        delta = next_level(delta, 1.0)
        D = next_level(D, math.sqrt(s.n_groups))
        cases = float(LEVELS**2)
    K, change = sample_bounds(s, lam, delta, D)
    N = batch.n_samples
    p = s.n_active / s.n_groups
    L = math.log(2 * s.n_groups * cases) - math.log(batch.failure)
    L += batch.n_free * math.log1p(2 * N)
    error = K / s.kappa * (math.sqrt(2 * p * L / N) + 4 * L / (3 * N))
    if batch.n_free:
        apart = delta / (N * math.sqrt(1 - delta**2)) if delta < 1 else math.inf
        error += 2 * change * apart / s.kappa
    return error


def contraction(a: float, m: float) -> float:
    """R11: rho = (1 - a m) / (1 + a - a m), the factor without interaction.

    >>> contraction(1.0, 0.25)
    0.42857142857142855
    """
    return (1 - a * m) / (1 + a - a * m)
