"""N19, Appendix B.2 and B.4: the update for general k-sparse codes, a step, Lemmas 2 and 5."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ....arrays import Array, IntArray, Real
from ..mixture.formulas import overlaps


def given_support(
    W: Array, A_star: Array, S: IntArray, i: int, form: str = "corrected"
) -> tuple[Array, Array]:
    """g^(1)_{i,S} and g^(2)_{i,S} for E[x_S x_S^T] = I, no bias, i in S. [N19] Eqs. (11)-(13).

    With y = A_S x_S and x = W_S^T y, g^(1) = -(I - W_S W_S^T) E[y y^T] W_i and g^(2) = -E[y y^T](I
    - W_S W_S^T) W_i, E[y y^T] = A_S A_S^T: sums over l in S. ``form="printed"`` keeps l = i only.

    >>> W, A_star, S = np.array([[0.5, 0.0], [0.0, 1.0]]), np.eye(2), np.array([0, 1])
    >>> given_support(W, A_star, S, 0)[0]  # -(1 - 1/4) 1/2
    array([-0.375,  0.   ])
    """
    kept = [i] if form == "printed" else list(S)
    second = A_star[:, kept] @ A_star[:, kept].T
    rest = np.eye(len(W)) - W[:, S] @ W[:, S].T
    return -rest @ second @ W[:, i], -second @ rest @ W[:, i]


def centred_update(W: Array, A_star: Array, p2: Array, p3: Array) -> Array:
    """The expected update for kappa_1 = 0, kappa_2 = 1, no bias: what (14) and (15) should be.

    g_i = -2 sum_l p_il <A_l, W_i> A_l + sum_{j,l} p_ijl <W_j, A_l> (<A_l, W_i> W_j + <W_j, W_i>
    A_l): the expectation over S of
    :func:`given_support`, each term multiplied out.

    >>> centred_update(np.array([[0.5]]), np.eye(1), np.eye(1), np.ones((1, 1, 1)))  # -2 w + 2 w^3
    array([[-0.75]])
    """
    cross = A_star.T @ W
    gram = W.T @ W
    first = -2 * A_star @ (p2 * cross)
    by_W = W @ np.einsum("ijl,lj,li->ji", p3, cross, cross)
    return first + by_W + A_star @ np.einsum("ijl,lj,ji->li", p3, cross, gram)


def printed_15(W: Array, A_star: Array, p2: Array) -> Array:
    """(15) as printed: the terms l = i of :func:`centred_update`.

    -p_i lam_i A_i + p_i lam_i^2 W_i + lam_i sum_{j != i} p_ij <A_i, W_j> W_j + sum_{j != i} p_ij
    <W_i, W_j> <A_i, W_j> A_i.

    >>> printed_15(np.array([[0.5]]), np.eye(1), np.eye(1))  # -w + w^3
    array([[-0.375]])
    """
    lam = overlaps(W, A_star)
    p = np.diag(p2)
    pairs = p2 - np.diag(p)
    cross = A_star.T @ W
    gram = W.T @ W  # cross[i, j] = <A_i, W_j>
    by_A = np.einsum("ij,ij,ij->i", pairs, gram, cross)
    return -p * lam * A_star + p * lam**2 * W + W @ (pairs * cross).T * lam + by_A * A_star


def pair_remainder(p2: float, p3: float, norm: Real) -> Real:
    """Bound on r_i = g_i + p lam A_i - p lam^2 W_i, centred codes, uniform supports. [N19] Lemma 2.

        8 p2 R + 2 p3 (R^2 + R)

    R >= ||A||_2^2, ||W||_2^2; p2 and p3 are the probabilities of a pair and of a triple. The terms
    of the exact update other than (i, i): l != i of the first sum, 2 p2 R (l != i) and then of the
    double sum j = i, l != i: 2 p2 R; j != i, l = i: 2 p2 R; j = l != i: 2 p2 R; j != l, both != i:
    2 p3 (R^2 + R), the R for the diagonal taken out of A A^T and W W^T. So 2 ||r||^2/(p lam) is of
    the order p k^2/(n^2 lam) of the lemma when R = O(1), p2 = Theta(p k/m), p3 = Theta(p k^2/m^2).

    >>> pair_remainder(0.5, 0.25, 1.0)
    5.0
    """
    return 8 * p2 * norm + 2 * p3 * (norm**2 + norm)


def nearness_after(W: Array, A_star: Array, n_active: int, delta: float, share: float) -> float:
    """Bound on ||W^+ - A|| after a step zeta = share/p, share <= 1. [N19] Lemma 3, of a step.

    Uniform supports of size k, centred codes, supports recovered, unit columns, ||W_i - A_i|| <=
    delta < sqrt(2). Put D = W - A, a = ||A||, w = ||W||, p2 and p3 for the probabilities of a pair
    and a triple. Multiplied out, :func:`centred_update` is

        G = p (W L^2 - A L) + R,   L = diag(lam_i),   ||R|| <= p2 c2 + p3 c3,
        c2 = 2 a (a w + 1) + 2 w (a w + 1) + a^2 w + a (w^2 + 1) + a (a w + 1) + a w^2,
        c3 = w (a^2 w^2 + 2 a w + a^2 + 2) + a (a w^3 + 2 w^2 + a w + 2),

    one term for each way in which i, j and l may coincide. As 0 <= 1 - lam_i <= delta^2/2, W - zeta
    G - A = D (I - s L^2) + s A L (I - L) - zeta R has the norm

        b <= (1 - s (1 - delta^2/2)^2) ||D|| + s a delta^2/2 + zeta ||R||,

    and the columns of W - zeta G differ from 1 in norm by at most e = s delta^2/2 + zeta ||R||. So
    ||W^+ - A|| <= b + (a + b) e/(1 - e). From ||D|| <= 2 a this is at most 2 a once delta^2 and
    k/m, to which zeta ||R|| is proportional, are small beside s.

    >>> float(nearness_after(np.eye(2), np.eye(2), 1, 0.0, 0.5))
    0.0
    """
    m = W.shape[1]
    a = float(np.linalg.norm(A_star, 2))
    w = float(np.linalg.norm(W, 2))
    t = (n_active - 1) / max(m - 1, 1)
    t3 = max(n_active - 2, 0) / max(m - 2, 1)
    c2 = 3 * a * (a * w + 1) + 2 * w * (a * w + 1) + a**2 * w + a * (2 * w**2 + 1)
    c3 = w * (a**2 * w**2 + 2 * a * w + a**2 + 2) + a * (a * w**3 + 2 * w**2 + a * w + 2)
    rest = share * t * (c2 + t3 * c3)
    bent = share * delta**2 / 2
    kept = 1 - share * (1 - delta**2 / 2) ** 2
    b = kept * float(np.linalg.norm(W - A_star, 2)) + a * bent + rest
    off = bent + rest
    return b + (a + b) * off / (1 - off) if off < 1 else math.inf


def step_bound(
    error: float | Array,
    p: float | Array,
    lam: float | Array,
    step_size: float,
    delta: float,
    remainder: float,
) -> float | Array:
    """Bound on ||W~_i - A_i||^2 for W~ = W - zeta g, zeta <= 1/(p lam). [N19] Appendix B.2.

    The column-wise line after Lemma 2, corrected.

    (1 - zeta p lam (1 - delta^2/2)) d^2 + 2 zeta ||r||^2/(p lam): Lemma 2 in its corrected form
    times zeta. The paper prints the last term without zeta: O(p_i k^2/(n^2 lam_i)) for O(k^2/n^2).

    >>> step_bound(0.5, 0.5, 1.0, 2.0, 0.0, 0.0)
    0.0
    """
    return (
        1 - step_size * p * lam * (1 - delta**2 / 2)
    ) * error**2 + 2 * step_size * remainder**2 / (p * lam)


def normalised_error(error: float) -> float:
    """||W^+ - A|| <= sqrt(2 - 2 sqrt(1 - eps^2)), ||W~ - A|| = eps <= 1. [N19] Lemma 5, sharp.

    W^+ = W~/||W~||, ||A|| = 1.

    The sine of the angle between W~ and A is at most eps (the distance from A to the line through
    W~), so cos >= sqrt(1 - eps^2); attained at W~ orthogonal to W~ - A. It is eps (1 + eps^2/8 +
    ...), at most delta for eps = (1 - tau) delta iff tau >= 1 - sqrt(1 - delta^2/4).

    >>> normalised_error(0.0), normalised_error(1.0)
    (0.0, 1.4142135623730951)
    """
    return error * math.sqrt(2 / (1 + math.sqrt(1 - error**2)))  # the same without cancellation


def printed_normalisation_range(delta: float | Array) -> float | Array:
    """(1 - delta)/(2 - delta), the least tau that Lemma 5 admits as printed.

    Its proof ends with (1 + delta)/(2 + delta).

    >>> printed_normalisation_range(0.5)
    0.3333333333333333
    """
    return (1 - delta) / (2 - delta)


@dataclass(frozen=True)
class DescentConstants:
    """Constants of :func:`descent_constants`; ``share`` is s = zeta Lambda, 0 < s <= 1.

    Attributes
    ----------
    curvature : float
        Lambda; the step is zeta = s/Lambda.
    tau, floor, growth : float
        tau, phi and rho at s = 1.
    beta, sigma, coherent : float
        beta, sigma and Phi, of which they are made.

    Examples
    --------
    >>> c = DescentConstants(1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0)
    >>> c.before_normalisation(1.0), c.after_normalisation(1.0, share=0.5)
    (0.5, 0.75)
    """

    curvature: float
    tau: float
    floor: float
    growth: float
    beta: float
    sigma: float
    coherent: float

    def before_normalisation(self, error: float, share: float = 1.0) -> float:
        """(1 - s tau) ||W - A||_F^2 + s phi, for ``error`` = ||W - A||_F^2."""
        return (1 - share * self.tau) * error + share * self.floor

    def after_normalisation(self, error: float, share: float = 1.0) -> float:
        """The same over 1 - s rho."""
        return self.before_normalisation(error, share) / (1 - share * self.growth)


def descent_constants(
    W: Array, A_star: Array, n_active: int, kappa_1: float, kappa_2: float, delta: float
) -> DescentConstants:
    """Constants of a step for k-sparse codes of any sign. [N19] Theorem 4 (ii), (iii.1), repaired.

    **Setting.** Uniform supports of size k of m; x_S independent given S, of mean kappa_1 and
    second moment kappa_2, v = kappa_2 - kappa_1^2. Unit columns, D = W - A, ||D_i|| <= delta, R =
    ||A||^2, E = A^T A - I, nu = (k - 1) mu/sqrt(n) < 1, eps = delta sqrt(k). b = 0, the support is
    recovered (Theorem 3). p = k/m, t = (k-1)/(m-1), t3 = (k-2)/(m-2) (0 for k = 1), p2 = p t, p3 =
    p2 t3. Put q = sqrt(1 + nu) + eps, N_W = max_i ||(W^T W - I) e_i|| <= ||W||,

        Lambda = 4 p (v + k kappa_1^2) (1 + nu) q^2,           zeta = s/Lambda, 0 < s <= 1,
        beta   = t + (t R + eps^2/4)/(1 - nu),
        sigma  = delta^2/2 + t R (2 k - 1),
        Phi    = kappa_2 p2 ||E||_F^2 + kappa_1^2 p3 ||E 1||^2,
        tau    = (kappa_2 p/Lambda) (3/4 (1 - beta) - 26 eps^2 sigma),
        phi    = (2 (1 + nu) + 6 eps^2) Phi/Lambda,
        rho    = (k - 1) kappa_2 N_W/(2 (v + k kappa_1^2) sqrt(m - 1)).

    **Theorem.** W~ = W - zeta G and W^+ = W~ with columns normalised satisfy

        ||W~ - A||_F^2 <= (1 - s tau) ||D||_F^2 + s phi,
        ||W^+ - A||_F^2 <= ((1 - s tau) ||D||_F^2 + s phi)/(1 - s rho)    if s rho < 1.

    zeta is of order m/k for kappa_1 = 0, m/k^2 for codes of one sign; there tau tends to 3/16 and
    to 3/(16 k). **phi = 0 for orthonormal A**: if ||W^0 - A||_F <= delta and s tau > s rho, the run
    converges to A linearly, at every step delta-close.

    **Proof.** y = A_S x, the code W_S^T y, u = W_S W_S^T y - y, D_S = W_S - A_S, E_S = A_S^T A_S -
    I. From (5), <G, V> = E<u, V_S W_S^T y + W_S V_S^T y> for every V. Let h = D_S x + A_S D_S^T y,
    r = D_S D_S^T y, e = A_S E_S x. As W_S^T y = x + E_S x + D_S^T y: u = h + r + W_S E_S x, and for
    V = D the second vector is u + r - e = h + 2 r + D_S E_S x.

    (1) *The step.* If E||V_S W_S^T y + W_S V_S^T y||^2 <= Lambda ||V||_F^2 for all V, Cauchy and
    Schwarz give ||G||_F^2 <= Lambda E||u||^2 (take V = G). So for zeta <= 1/Lambda ||W~ - A||_F^2
    <= ||D||_F^2 - zeta E(2 <u, u + r - e> - ||u||^2) = ||D||_F^2 - zeta E(||h + 2 r + D_S E_S x||^2
    - ||r - e||^2), and, as ||a + b||^2 >= 3/4 ||a||^2 - 3 ||b||^2, this is at most ||D||_F^2 - zeta
    E(3/4 ||h||^2 - 26 ||r||^2 - 6 ||D_S E_S x||^2 - 2 ||e||^2).

    (2) *Lambda.* ||A_S|| <= sqrt(1 + nu), ||W_S|| <= q. Given S, E_x||V_S B x||^2 = v ||V_S B||_F^2
    + kappa_1^2 ||V_S B 1||^2 <= ||V_S||_F^2 ||B||^2 (v + k kappa_1^2) for B = W_S^T A_S; the same
    bound holds for W_S V_S^T A_S x; E||V_S||_F^2 = p ||V||_F^2; (a + b)^2 <= 2 a^2 + 2 b^2.

    (3) *E||h||^2 >= kappa_2 p (1 - beta) ||D||_F^2.* Let beta < 1. With P the projection on the
    span of A_S, h - P h = D_S x - P D_S x, and ||P z||^2 <= ||A_S^T z||^2/(1 - nu). Let M = A^T D,
    f its diagonal, c = M 1: f_i = -||D_i||^2/2, so ||f||^2 <= delta^2 ||D||_F^2/4; ||M||_F^2 <= R
    ||D||_F^2 and ||c||^2 <= R ||D 1||^2. The part of v: E||D_S||_F^2 = p ||D||_F^2, E||A_S^T
    D_S||_F^2 <= p ||f||^2 + p2 ||M||_F^2. The part of kappa_1^2: E||D_S 1||^2 = p (1 - t) ||D||_F^2
    + p2 ||D 1||^2, and E||A_S^T D_S 1||^2 is p times

        t t3 ||c||^2 + 2 t (1 - t3) <c, f> + (1 - 3 t + 2 t t3) ||f||^2 + t (1 - t3) ||M||_F^2.

    Put g = (1 - nu)/R - t3. For k >= 2, (1 - nu)/R > t/(1 - t) by beta < 1, and t - t3 + t t3 >=
    t/(k - 1); so g >= t/((k - 1)(1 - t)). As 2 (1 - t3) <c, f> <= g ||c||^2 + (1 - t3)^2 ||f||^2/g,
    the terms in ||D 1||^2 add up to something non-negative, and those in ||f||^2 to at most k
    ||f||^2 <= eps^2 ||D||_F^2/4.

    (4) *E||r||^2 <= eps^2 kappa_2 p sigma ||D||_F^2*: ||D_S|| <= eps, and E||D_S^T A_S x||^2 is
    bounded as in (3) with M^T; its row sums are <A 1 - A_i, D_i>, ||A 1 - A_i||^2 <= R (m - 1), and
    (m - 1) (p3/p + t^2) <= 2 t (k - 1).

    (5) *E||E_S x||^2 <= Phi*, v p2 ||E||_F^2 + kappa_1^2 ((p2 - p3) ||E||_F^2 + p3 ||E 1||^2).

    (6) *Normalisation.* For a unit a, ||w/|w| - a||^2 - ||w - a||^2 = (1 - |w|)(1 + |w| - 2 cos) is
    at most max(0, 1 - |w|) ||w/|w| - a||^2. |W~_i| >= <W~_i, W_i> = 1 - zeta <g_i, W_i>, and as
    W_i^T u = sum_{j in S, j != i} <W_i, W_j> x_j with the code's x_j, <g_i, W_i> <= 2 p2 U^2 sqrt(m
    - 1) N_W, U^2 = max E_x (W_i^T y)^2 <= kappa_2 (1 + nu) q^2; times zeta this is s rho. []

    Where it says nothing: for k = m a common shift may lie in the null space of the data; beta is
    above 1 there, and tau negative. Where it fails: with the step m/k and codes of one sign, zeta
    Lambda is about 4 k and a common shift grows.

    >>> c = descent_constants(np.eye(64), np.eye(64), 2, 0.0, 1.0, 0.0)
    >>> c.floor, c.growth, round(c.curvature * 64 / 2, 12), round(c.tau, 4)
    (0.0, 0.0, 4.0, 0.1815)
    """
    m = W.shape[1]
    k = n_active
    gram = A_star.T @ A_star - np.eye(m)
    coherence = float(np.abs(gram - np.diag(np.diag(gram))).max(initial=0.0))
    R = float(np.linalg.norm(A_star, 2) ** 2)
    nu = (k - 1) * coherence
    eps2 = delta**2 * k
    p = k / m
    t = (k - 1) / max(m - 1, 1)
    p3 = p * t * max(k - 2, 0) / max(m - 2, 1)
    spread = kappa_2 + (k - 1) * kappa_1**2
    curvature = 4 * p * spread * (1 + nu) * (math.sqrt(1 + nu) + math.sqrt(eps2)) ** 2
    beta = t + (t * R + eps2 / 4) / (1 - nu)
    sigma = delta**2 / 2 + t * R * (2 * k - 1)
    of_sums = kappa_1**2 * p3 * float(np.sum(gram.sum(axis=1) ** 2))
    coherent = kappa_2 * p * t * float(np.sum(gram**2)) + of_sums
    products = float(np.linalg.norm(W.T @ W - np.eye(m), axis=0).max())
    return DescentConstants(
        curvature,
        kappa_2 * p / curvature * (0.75 * (1 - beta) - 26 * eps2 * sigma),
        (2 * (1 + nu) + 6 * eps2) * coherent / curvature,
        (k - 1) * kappa_2 * products / (2 * spread * math.sqrt(max(m - 1, 1))),
        beta,
        sigma,
        coherent,
    )


def noise_in_the_update(W: Array, p2: Array, sigma: float) -> Array:
    """What noise of covariance sigma^2 I adds to the update, b = 0. [N19] Appendix B.2, B.3.

        2 sigma^2 sum_{j != i} p_ij <W_i, W_j> W_j

    On the consistency event, for unit columns: -E[1_i (W_i^T n (I - W_S W_S^T) n + n W_i^T (I - W_S
    W_S^T) n)] = -2 sigma^2 E[1_i (I - W_S W_S^T)] W_i, n the noise. For uniform supports it is 2
    sigma^2 p2 W (W^T W - I): zero for orthonormal W.

    >>> noise_in_the_update(np.array([[1.0, 0.6], [0.0, 0.8]]), np.ones((2, 2)), 1.0)[:, 0]
    array([0.72, 0.96])
    """
    gram = W.T @ W
    return 2 * sigma**2 * W @ (p2 * (gram - np.diag(np.diag(gram))))
