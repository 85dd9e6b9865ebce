"""R14: zero loss does not identify the dictionary; weight decay below a threshold does.

One active group: y = A*_g x with probability p_g, g = 1, ..., Gamma, A* with orthonormal columns
(all groups jointly), lam > 0. L is the mean of 1/2 ||y - A phi||^2, phi the code of y. Where all
codes have one norm B, l = lam / B, and f(v) = max(v - lam sqrt(v), 0), so that a group with ||A_h^T
y||^2 = q contributes f(q) to <y, A phi>.
"""

from __future__ import annotations

import math

import numpy as np

from .... import checks, groups
from ....arrays import Array

ENOUGH = 100  # Newton steps, far more than are needed

# ---------------------------------------------------------------- zero loss


def mixed_dictionary(A_star: Array, H: Array, ratio: float, group_size: int) -> Array:
    """R14 (a): A_k = p sum_g H_kg A*_g, with a Hadamard matrix H and ``ratio`` l = lam / B.

    **Theorem (R14, a).** Codes of one norm B, A* jointly orthonormal with m groups, H an m x m
    matrix with entries +-1 and orthogonal rows, p = (l + sqrt(l^2 + 4/m)) / 2. Then the dictionary
    of the A_k has zero loss. For m > 1 every group is at the angle arccos(1 / sqrt(m)) to every
    true one.

    Proof. At y = A*_g x, A_k^T y = p H_kg x has the norm p B. Since p m (p - l) = 1, p > l: every
    group is active, with code (1 - l / p) p H_kg x. The sum of A_k times it is p (p - l) sum_h
    (sum_k H_kh H_kg) A*_h x = p (p - l) m A*_g x = y. The columns of A_k have length p sqrt(m), so
    the cosines of the angles are p / (p sqrt(m)).

    The smallest instance in fractions: m = 4, d = 1, B = 1, lam = 3/4, p = 1, A* = I: H itself.
    It is the ambiguity that independent component analysis has for Gaussian sources: with every
    group active at one norm the threshold is a constant, and the network is linear.

    >>> H = np.array([[1.0, 1.0], [1.0, -1.0]])
    >>> mixed_dictionary(np.eye(2), H, 1.0, 1).round(3)
    array([[ 1.366,  1.366],
           [ 1.366, -1.366]])
    """
    p = (ratio + math.sqrt(ratio**2 + 4 / len(H))) / 2
    return groups.unblock(p * np.einsum("kg,gni->kni", H, groups.blocks(A_star, group_size)))


def two_norm_gap(squares: Array, lam: float, c1: float, c2: float) -> float:
    """R14 (b): a lower bound on the residuals at one direction with two norms c1 < c2.

    ``squares`` are v_k = ||A_k^T w||^2 of the groups for the unit vector w.

    **Theorem (R14, b).** Let e_i = ||c_i w - A phi(c_i w)||, for any dictionary A. Then

        e_1 + (c1 / c2) e_2 >= gap,
        gap = sum over the k active at c2 w of min{(1 - c1 / c2) lam sqrt(v_k),
                                                   c1 v_k - (c1 / c2) lam sqrt(v_k)},

    and e_2 = c2 if no group is active. As gap > 0 otherwise, no dictionary whatever has zero loss
    where one direction occurs with two norms.

    Proof. <w, A phi(c w)> = h(c) = sum_k max(c v_k - lam sqrt(v_k), 0), so e_i >= |c_i - h(c_i)|.
    Each term is convex in c and 0 at c = 0, so at c1 it is below c1 / c2 times its value at c2: by
    (1 - c1 / c2) lam sqrt(v_k) if it is positive at c1, by all of it otherwise. The sum of these is
    gap = (c1 / c2) h(c2) - h(c1) <= (c1 / c2)(c2 + e_2) - (c1 - e_1).

    >>> two_norm_gap(np.array([4.0]), 1.0, 1.0, 2.0)
    1.0
    """
    roots = np.sqrt(squares)
    at_c2 = np.maximum(c2 * squares - lam * roots, 0)
    lost = np.minimum((1 - c1 / c2) * lam * roots, c1 / c2 * at_c2)
    return float(np.sum(np.where(at_c2 > 0, lost, 0)))


# ---------------------------------------------------------------- weight decay


def group_cost(scale: float | Array, ratio: float, decay: float) -> float | Array:
    """psi(s) = max(1 - max(s^2 - s l, 0), 0)^2 / 2 + c s^2 / 2, c = ``decay``.

    The least cost of one group at the scale s, in units of p_g B^2, where c = eps d / (p_g B^2) and
    eps is the weight decay.

    >>> group_cost(0.0, 0.5, 1.0), group_cost(1.0, 0.5, 0.5)
    (0.5, 0.375)
    """
    s = np.asarray(scale)
    left = np.maximum(1 - np.maximum(s**2 - s * ratio, 0), 0)
    cost = left**2 / 2 + decay * s**2 / 2
    return float(cost) if np.isscalar(scale) else cost


def _critical_excess(ratio: float) -> float:
    """t = s - l at which c* is attained: the positive root of t (l + t)^2 = l."""
    t = min(ratio ** (1 / 3), 1 / ratio)  # at or above the root of a convex increasing function
    for _ in range(ENOUGH):
        s = ratio + t
        step = (t * s**2 - ratio) / (s * (s + 2 * t))
        if step <= 0:
            break
        t -= step
    return t


def critical_decay(ratio: float) -> float:
    """R14 (c): c*(l) = max over s >= l of (s - l)(2 - s^2 + s l) / s, at s^3 = l (s^2 + 1).

    psi has its minimum at one s > 0 if c < c*, at that s and at 0 if c = c*, at 0 only if c > c*.

    Proof. Let w = s^2 - s l. For 0 < w <= 1, psi(s) < psi(0) = 1/2 iff c s^2 < 1 - (1 - w)^2 = w (2
    - w), which is c < (s - l)(2 - s^2 + s l) / s; larger s only cost more. The derivative of the
    right side has the sign of l (s^2 + 1) - s^3, so c* is attained at its root. For s > l, psi'(s)
    = s (c - g(s)), g(s) = (1 - w)(2 - l / s): a product of two positive concave functions, so log
    g is concave and {g > c} is an interval. psi increases up to it, falls on it, increases after
    it: apart from 0 there is one local minimum.

    >>> round(critical_decay(0.45), 4), round(critical_decay(1.0), 4)
    (0.8026, 0.4186)
    """
    t = _critical_excess(ratio)
    s = ratio + t
    return t / s * (2 - s * t)


def best_scale(ratio: float, decay: float) -> float:
    """R14 (c): the s that minimises psi: 0 above the threshold, else the larger root of g(s) = c.

    It tends to the s of ``scaled_minimiser``, s - 1/s = l, as the decay goes to 0.

    >>> best_scale(9 / 20, 0.0), best_scale(9 / 20, 0.9)
    (1.25, 0.0)
    """
    if decay >= critical_decay(ratio):
        return 0.0
    low = ratio + _critical_excess(ratio)
    high = ratio / 2 + math.sqrt(1 + ratio**2 / 4)
    for _ in range(ENOUGH):  # g falls from g(low) >= c to g(high) = 0
        s = (low + high) / 2
        if (1 - s**2 + s * ratio) * (2 - ratio / s) > decay:
            low = s
        else:
            high = s
    return high


def least_cost(p: Array, ratio: float, norm: float, weight_decay: float, group_size: int) -> float:
    """R14 (c): min over A of L(A) + (eps/2) ||A||_F^2, ``p`` the probabilities of the groups.

    **Theorem (R14, c).** Codes of one norm B with E[x x^T | g] = (B^2 / d) I, A* jointly
    orthonormal, A any matrix with G' >= Gamma groups of d columns, eps > 0 the weight decay. With
    c_g = eps d / (p_g B^2) and psi of ``group_cost``,

        L(A) + (eps/2) ||A||_F^2 >= sum_g p_g B^2 min_s psi(s; c_g),

    with equality at A = {s_g A*_g Q_g}, s_g the minimisers, Q_g orthogonal, in any order, the other
    groups 0. Let moreover c_g < c*(l) for every g, and let the directions u = x / B given g lie in
    no union of two proper subspaces, with the u u^T spanning all symmetric d x d matrices. Then
    equality holds for no other A: the cost identifies A* up to a scale, rotations and the order.

    Proof. *The bound.* For a sample of group g let q_h = ||A_h^T y||^2 and Q = sum_h q_h. f(v) / v
    = max(1 - lam / sqrt(v), 0) does not decrease, so <y, A phi> = sum_h f(q_h) <= sum_h q_h f(Q) /
    Q = f(Q). So ||y - A phi|| >= B - f(Q) / B. With Q = s^2 B^2 half the square of its positive
    part is B^2 times the first term of psi(s). The mean of Q given g is (B^2 / d) sum_h ||A*_g^T
    A_h||_F^2, and the sum of these over g is (B^2 / d) ||A*^T A||_F^2 <= (B^2 / d) ||A||_F^2. So
    the cost is at least sum_g E[p_g B^2 psi(sqrt(Q) / B; c_g) | g].

    *Attained.* At {s_g A*_g Q_g} only group g sees y, and the reconstruction is (s_g^2 - s_g l) y
    if s_g > l, else 0.

    *Nothing else.* Let equality hold; s_g > 0 by ``critical_decay``. Then Q = s_g^2 B^2 for every u
    that occurs, f(Q) > 0, and f(q_h) = q_h f(Q) / Q for all h; f(v) / v increases strictly where it
    is positive, so exactly one q_h is not 0. Let M_h = A_h^T A*_g. If two of them were not 0, some
    u would lie in the kernel of neither, and two q_h would be positive. So M_h = 0 but for one h =
    h(g), and u^T M^T M u = s_g^2 for all u: M^T M = s_g^2 I, as the u u^T span. Equality of the
    norms puts the columns of A in the span of A*. If h(g) = h(g') = h with g != g', the
    reconstruction of a sample of group g would have the component A*_g'^T A_h M x / B != 0 outside
    the line of y; but equality needs A phi parallel to y. So A_h(g) = A*_g M^T for all g and the
    other groups are 0.

    *Phase transition.* A group with c_g > c*(l) is 0 in every minimiser: with unequal p_g the
    rarest go first.

    *As eps -> 0.* Zero loss needs f(Q) >= B^2, that is Q >= s^2 B^2 with s - 1/s = l, for every u
    that occurs. The law itself need not be isotropic: if some other weights on the directions that
    occur have mean u u^T = I / d, their mean of Q gives ||A||_F^2 >= Gamma d s^2. So of the
    dictionaries with zero loss {s A*_g Q_g} have the least norm, and by the same proof no others if
    the directions with weight are rich.

    *What is needed.* If only the axes +-e_1, +-e_2 occur (d = 2), the groups (s e_1, 0) and (s e_2,
    0) cost as much as s I: the u lie in two lines. If the u are not isotropic, unequal scales along
    the axes cost less than the bound. If A* is not jointly orthonormal one group can serve two. For
    lam = 0 f is linear, and any orthonormal mixture of A*'s columns is as good: c* and s_g are
    those of principal component analysis. Nothing is said of whether gradient descent finds a
    minimiser.

    *Attribution.* With lam = 0 it is the landscape of linear autoencoders (Baldi and Hornik 1989),
    where weight decay identifies directions if the spectrum is simple (Kunin et al. 2019); a convex
    contrast that selects independent components is that of kurtosis and l4 methods. Here the
    threshold of the group is the contrast.

    >>> least_cost(np.array([0.5, 0.5]), 9 / 20, 1.0, 1.0, 1)
    0.5
    """
    decays = weight_decay * group_size / (p * norm**2)
    costs = [group_cost(best_scale(ratio, c), ratio, c) for c in decays]
    return float(norm**2 * np.sum(p * np.array(costs)))


def scaled_spectrum(
    ratio: float, kappa: float, n_features: int, group_size: int
) -> list[tuple[float, int]]:
    """R14 (d): eigenvalues of the Hessian of L in one group at s A* Q, with their multiplicities.

    ``kappa`` is p_g B^2 / d, ``ratio`` l = lam / B, s - 1/s = l.

    **Theorem (R14, d).** Codes of one norm B whose second and fourth moments given g are the
    sphere's, groups of A* orthonormal, max ||A*_v^T A*_g||_2 < 1 - 1/s^2 over v != g. At A = {s
    A*_g Q_g}, where L = 0, the Hessian is block diagonal over the groups, and its eigenvalues are

        0                                           d (d - 1) / 2 times: turns in the group,
        kappa / s^2                                 d (n - d) times: out of the span,
        kappa [4/s^2 + 2 (s - 1/s)(s + 3/s)/(d + 2)]  d (d + 1) / 2 - 1 times: symmetric, trace 0,
        kappa (s + 1/s)^2                           once: the scale.

    So it is a strict local minimum modulo rotations. For n > d and equal p_g gradient descent of
    step 2 / (kappa / s^2 + kappa (s + 1/s)^2) converges to it from a generic start nearby, at the
    rate (K - 1)/(K + 1), K = (s^2 + 1)^2.

    Proof. ||A_v^T y|| <= s B max ||A*_v^T A*_g|| < s B - B / s = lam, so only group g sees its
    samples, here and nearby. Let A_g = s A* + A* F + N with A*^T N = 0. The derivative of the code
    is J, J = I / s^2 + (1 - 1/s^2) u u^T, applied to F^T x, and the code is x / s. So the residual
    is, to first order, -(A* [F x / s + s J F^T x] + N x / s). The mean of ||N x||^2 / s^2 is kappa
    ||N||^2 / (s^2 p_g). For skew F the bracket is 0, for symmetric F it is 2 F x / s + (s - 1/s) u
    u^T F x, with E ||F u||^2 = ||F||^2 / d and E (u^T F u)^2 = (2 ||F||^2 + tr(F)^2) / (d (d + 2)).
    At zero loss the Hessian is the mean of the squared derivative of the residual. The least
    positive and the largest eigenvalues are the second and the last: the third is between them.

    >>> [(round(value, 4), times) for value, times in scaled_spectrum(9 / 20, 1.0, 3, 1)]
    [(0.0, 0), (0.64, 2), (3.655, 0), (4.2025, 1)]
    """
    d = group_size
    s = ratio / 2 + math.sqrt(1 + ratio**2 / 4)
    return [
        (0.0, d * (d - 1) // 2),
        (kappa / s**2, d * (n_features - d)),
        (kappa * (4 / s**2 + 2 * (s - 1 / s) * (s + 3 / s) / (d + 2)), d * (d + 1) // 2 - 1),
        (kappa * (s + 1 / s) ** 2, 1),
    ]


def weight_decay_threshold(lam: float, norm: float, group_size: int, probability: float) -> float:
    """Weight decay above which a group is not worth its norm; below, it is learned. (R14)

    Zero loss does not determine the dictionary, but the least value of

        1/(2N) sum_i ||y_i - A x_i||^2 + weight_decay/2 ||A||_F^2

    does: for one active group per sample, codes of one norm and isotropic directions, and a weight
    decay that is positive and below the threshold of the rarest group, its minimisers are the
    generating groups, scaled and rotated, and nothing else. A group above its threshold is zero.

    Parameters
    ----------
    lam : float
        Threshold of the encoder, positive.
    norm : float
        Norm of the active codes, positive.
    group_size : int
        Atoms per group, d.
    probability : float
        How often the group is active, in (0, 1]. With equal groups, 1 / n_groups.

    Returns
    -------
    weight_decay : float
        (probability norm^2 / d) max_s (s - l)(2 - s^2 + s l)/s, l = lam / norm.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not a finite real number in its range.

    Notes
    -----
    Proof and hypotheses: :func:`~gsae_ref.papers.t21.identifiability.formulas.least_cost`. It is
    about the global minimum of the expected cost, for a jointly orthonormal generating dictionary;
    gradient descent may stop in a local one. ``train(..., weight_decay=)`` has the option.

    Examples
    --------
    >>> round(weight_decay_threshold(lam=2.0, norm=4.0, group_size=2, probability=0.1), 4)
    0.6
    """
    lam = checks.step(lam, "lam")
    norm = checks.step(norm, "norm")
    d = checks.group_size(group_size)
    p = checks.step(probability, "probability")
    if p > 1:
        raise ValueError(f"probability = {p!r}; it must be at most 1")
    ratio = checks.representable("lam / norm", lambda: lam / norm, lam=lam, norm=norm)
    return checks.representable(
        "the threshold", lambda: p / d * norm * (norm * critical_decay(ratio)), norm=norm
    )
