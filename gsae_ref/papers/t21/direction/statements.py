"""T21 on the direction of the gradient: Eqs. (32), (33), (57)-(75), Theorem 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import groups
from ....arrays import Array
from ....claims.evidence import (
    Counterexample,
    Identity,
    Measurement,
    Reading,
)
from ....claims.hypothesis import Hypothesis
from ...row import equation, statement
from ..gradients import formulas as gradients
from ..instance import (
    CLOSE,
    COVARIANCE_GIVEN_SUPPORT,
    DELTA_AT_MOST_1,
    EXPECTATION,
    ORTHONORMAL,
    ORTHONORMAL_STAR,
    TAU_POSITIVE,
    UNIFORM_SUPPORTS,
)
from . import claims, formulas

if TYPE_CHECKING:
    from ..instance import Instance

PAIR = (ORTHONORMAL, ORTHONORMAL_STAR, CLOSE, DELTA_AT_MOST_1)
# What the evidence asks is less than PAIR, which the paper assumes.
FRAMES = (ORTHONORMAL, ORTHONORMAL_STAR)
NEAR = (ORTHONORMAL, ORTHONORMAL_STAR, CLOSE)
COSINES_POSITIVE = Hypothesis(
    "alpha_i > 0", lambda i: formulas.align(i.blocks[0], i.star[0])[0].min()
)
ONE_ACTIVE = Hypothesis("one active group, so beta = 0", lambda i: -abs(i.n_active - 1.0))


def probability(i: Instance) -> float:
    return i.n_active / i.n_groups


def group(i: Instance) -> tuple[Array, Array, float, float]:
    """A_g, A*_g, tau_g, p of group 0; every family draws its groups alike."""
    return i.blocks[0], i.star[0], i.tau[0], probability(i)


def columns(M: Array, i: Instance) -> Array:
    return M[:, : i.d]


def remainder(i: Instance) -> Array:
    B, S, t, p = group(i)
    return formulas.remainder(columns(i.G, i), B, S, t, p)


def direction(i: Instance) -> tuple[Array, ...]:
    """c_i = c alpha_i, the differences a_i - a*_i, the gradient's columns and v."""
    B, S, t, p = group(i)
    return (
        gradients.leading_coefficient(t, p) * formulas.align(B, S)[0],
        B - S,
        columns(i.G, i),
        remainder(i),
    )


def column_norms(M: Array) -> Array:
    return np.linalg.norm(M, axis=0)


def _overlap_margin(i: Instance, size: int, version: int = 2) -> float:
    bound = formulas.overlap_condition(i.tau[0], size, i.delta, version)
    return float(bound - np.sum((i.blocks[0].T @ i.star[0]) ** 2))


OVERLAP_SMALL = Hypothesis(
    "||A_g^T A*_g||_F^2 <= the bound of (69) with d for n", lambda i: _overlap_margin(i, i.d)
)
OVERLAP_SMALL_V1 = Hypothesis(
    "||A_g^T A*_g||_F^2 <= version 1's bound with d for n", lambda i: _overlap_margin(i, i.d, 1)
)
OVERLAP_AS_PRINTED = Hypothesis(
    "||A_g^T A*_g||_F^2 <= the bound of (69) as printed, with n",
    lambda i: _overlap_margin(i, i.n_features),
)
OVERLAP_AS_PRINTED_V1 = Hypothesis(
    "||A_g^T A*_g||_F^2 <= version 1's bound as printed, with n",
    lambda i: _overlap_margin(i, i.n_features, 1),
)


def _radial_part(i: Instance) -> tuple[float, float]:
    """<G_g, A_g - A*_g Q> at the best rotation Q, against its closed form for one active group."""
    B, S, t, p = group(i)
    overlap = S.T @ B
    Q = groups.polar(overlap, i.d)
    cosines = np.linalg.svd(overlap, compute_uv=False)
    weights = gradients.leading_coefficient(t, p) + t**2 * p * cosines
    return np.sum(columns(i.G, i) * (B - S @ Q)), np.sum(cosines * (1 - cosines) * weights)


EQ33 = "||v_i||_2 <= tau_g (2 - tau_g) p_g (omega_i sqrt(d^2 + 1) + delta) ||A_g - A*_g||_F"
EQ33_RIGHT = (
    "Let A_g^T A_g = A*_g^T A*_g = I, c = tau_g (2 - tau_g) p_g, M = tau_g A_g^T A*_g - (2 - "
    "tau_g) I and beta_i the i-th column of beta~ of (71). Then ||v_i||_2 <= c sqrt(d - 1) "
    "omega_i ||A_g - A*_g||_F + tau_g p_g ||M||_2 + ||beta_i||_2"
)
EQ33_REMARK = (
    "||M||_2 is 2 (1 - tau_g) at A = A*, where the bound is attained and (33) is 0. By R4 no "
    "bound that vanishes with A_g - A*_g can hold for lam > 0."
)
EQ33_EVIDENCE = (
    Counterexample(),
    claims.EQ33_PRINTED,
    claims.EQ33,
)
EQ32 = (
    "2 <g_i, a_i - a*_i> >= c alpha_i ||a_i - a*_i||_2^2 + ||g_i||_2^2 / (c alpha_i) - "
    "||v_i||_2^2 / (c alpha_i) - O((mu_B + delta)^2 gamma^5 / Gamma^3), c = tau_g (2 - tau_g) "
    "p_g, “where” alpha_i = a*_i^T a_i"
)
ORDER = "O((gamma^3/Gamma^2)(mu_B + delta))"

ROWS = (
    equation(
        32,
        "inequality",
        "holds",
        EQ32 + ".",
        reading="v_i is all that completes the gradient, g_i = c alpha_i (a_i - a*_i) + v_i",
        remark="It is then the equality (61), without the O-term: it says nothing until v_i is "
        "bounded.",
        hypotheses=(COSINES_POSITIVE, TAU_POSITIVE),
        evidence=(claims.EQ61,),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder",
    ),
    equation(
        33,
        "inequality",
        "false",
        f"“satisfies” {EQ33}, “with” omega_i = max_{{j != i in g}} |a*_j^T a_i|.",
        reading="without the beta_i of (74), which is 0 in the counterexamples",
        repaired=EQ33_RIGHT + ".",
        remark=EQ33_REMARK,
        hypotheses=(*PAIR, EXPECTATION),
        evidence=EQ33_EVIDENCE,
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    statement(
        "eq34-v1",
        "Eq. (34) of version 1",
        "inequality",
        "false",
        "“satisfies” ||v_i||_2 <= tau_g (2 - tau_g) p_g (alpha_max sqrt(d^2 + 1) + delta) ||A_g - "
        "A*_g||_F, “with” alpha_max = max_i |a*_i^T a_i|.",
        repaired=EQ33_RIGHT + ".",
        remark=EQ33_REMARK,
        hypotheses=(*PAIR, EXPECTATION),
        evidence=(
            Counterexample(),
            claims.EQ34_V1_PRINTED,
            claims.EQ33,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    statement(
        "theorem1",
        "Theorem 1",
        "inequality",
        "false",
        "“The inner product between the” i-th columns of G_g and A_g - A*_g “is lower-bounded by” "
        f"(32): {EQ32}, and v_i “satisfies” (33): {EQ33}.",
        repaired="(32) holds, with equality and without the O-term, for v_i = g_i - c alpha_i "
        "(a_i - a*_i) and alpha_i > 0. " + EQ33_RIGHT + ".",
        remark=EQ33_REMARK,
        hypotheses=(*PAIR, EXPECTATION, COSINES_POSITIVE),
        evidence=(*EQ33_EVIDENCE, claims.EQ61),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    statement(
        "gradient-points",
        "text after Theorem 1",
        "remark",
        "false",
        "“Theorem 1 states that the gradient” g_i points “at the same direction as” a_i - a*_i, "
        "“and thus moving along the opposite direction will get us closer to the generative model "
        "of” A_g.",
        reading="<G_g, A_g - A*_g> >= 0",
        repaired="Modulo rotations: let A_g, A*_g be orthonormal, one group active and tau_g "
        "constant. With the orthogonal Q nearest to A*_g^T A_g and the singular values c_k of "
        "A*_g^T A_g, <G_g, A_g - A*_g Q> = sum_k c_k (1 - c_k)(c + tau_g^2 p_g c_k) >= 0, c = "
        "tau_g (2 - tau_g) p_g.",
        hypotheses=(*PAIR, EXPECTATION, ONE_ACTIVE),
        evidence=(
            Counterexample(),
            Identity("<G_g, A_g - A*_g Q>", "descent", _radial_part, (*FRAMES, ONE_ACTIVE)),
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.orbit_distance",
    ),
    equation(
        57,
        "inequality",
        "holds",
        EQ32 + " [(32) restated].",
        reading="v_i is all that completes the gradient, g_i = c alpha_i (a_i - a*_i) + v_i",
        remark="The equality (61).",
        hypotheses=(COSINES_POSITIVE, TAU_POSITIVE),
        same_as="T21-eq32",
        derivation="gsae_ref.papers.t21.direction.formulas.remainder",
    ),
    equation(
        58,
        "inequality",
        "false",
        EQ33 + " [(33) restated].",
        repaired=EQ33_RIGHT + ".",
        remark=EQ33_REMARK,
        hypotheses=(*PAIR, EXPECTATION),
        same_as="T21-eq33",
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        59,
        "identity",
        "holds",
        "“We can write a single column of the gradient” G_g “as” g_i = c alpha_i (a_i - a*_i) + "
        "v_i, v_i = c sum_{j != i in g} (a_j - a*_j) a*_j^T a_i + tau_g p_g A_g [tau_g A_g^T A*_g "
        "- (2 - tau_g) I] A*_g^T a_i + beta~_i, c = tau_g (2 - tau_g) p_g.",
        hypotheses=(ORTHONORMAL, EXPECTATION),
        evidence=(claims.EQ59,),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder",
    ),
    equation(
        60,
        "identity",
        "holds",
        "“Then we can write” ||g_i||_2^2 “as” ||g_i||_2^2 = c^2 alpha_i^2 ||a_i - a*_i||_2^2 + 2 "
        "c alpha_i (a_i - a*_i)^T v_i + ||v_i||_2^2 [c = tau_g (2 - tau_g) p_g].",
        evidence=(claims.EQ60,),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder",
    ),
    equation(
        61,
        "identity",
        "holds",
        "2 (a_i - a*_i)^T g_i = c alpha_i ||a_i - a*_i||_2^2 + ||g_i||_2^2 / (c alpha_i) - "
        "||v_i||_2^2 / (c alpha_i) [c = tau_g (2 - tau_g) p_g].",
        hypotheses=(COSINES_POSITIVE, TAU_POSITIVE),
        same_as="T21-eq32",
        derivation="gsae_ref.papers.t21.direction.formulas.remainder",
    ),
    equation(
        62,
        "inequality",
        "holds",
        "“We will bound the norm of” v_i. “We have” ||v_i||_2 <= ... <= c sum_{j != i in g} ||a_j "
        "- a*_j||_2 max_{j != i in g} |a*_j^T a_i| + tau_g p_g ||tau_g A_g^T A*_g - (2 - tau_g) "
        "I||_2 + ||beta~_i||_2 [c = tau_g (2 - tau_g) p_g].",
        hypotheses=(*PAIR, EXPECTATION),
        evidence=(claims.EQ62,),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        63,
        "inequality",
        "holds",
        "(sum_{j != i in g} ||a_j - a*_j||_2)^2 <= (sum_{j in g} ||a_j - a*_j||_2)^2 = ... <= "
        "||A_g - A*_g||_F^2 + d^2 max_{i in g} ||a_j - a*_j||_2^2.",
        evidence=(claims.EQ63,),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        64,
        "inequality",
        "holds",
        "sum_{j != i in g} ||a_j - a*_j||_2 <= sqrt(d^2 + 1) ||A_g - A*_g||_F.",
        remark="sqrt(d - 1) in place of sqrt(d^2 + 1) holds and is sharp: Cauchy-Schwarz over d - "
        "1 terms.",
        evidence=(
            claims.EQ64,
            claims.EQ64_SHARP,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        65,
        "inequality",
        "holds",
        "“We can temporarily rewrite the norm of” v_i “as” ||v_i||_2 <= c omega_i sqrt(d^2 + 1) "
        "||A_g - A*_g||_F + tau_g p_g ||tau_g A_g^T A*_g - (2 - tau_g) I||_F + ||beta~_i||_2 [c = "
        "tau_g (2 - tau_g) p_g].",
        remark="The first term is not needed: ||v_i||_2 <= tau_g p_g ||tau_g A_g^T A*_g - (2 - "
        "tau_g) I||_F + ||beta~_i||_2 for every orthonormal A_g, A*_g, and this is attained. The "
        "proof is in remainder_bound. With the spectral norm, (62), the term is needed.",
        hypotheses=(*PAIR, EXPECTATION),
        evidence=(claims.EQ65,),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    statement(
        "delta-squared",
        "text before Eq. (66)",
        "identity",
        "false",
        "“we want the second norm to be small” [...] “specifically on the order of” (2 - tau_g) "
        "delta^2 = (2 - tau_g) delta ||A_g - A*_g||_F.",
        repaired="(2 - tau_g) delta ||A_g - A*_g||_F <= (2 - tau_g) delta^2 under (17), with "
        "equality only if delta = ||A_g - A*_g||_F.",
        hypotheses=(CLOSE,),
        evidence=(
            Counterexample(),
            claims.DELTA_SQUARED,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        66,
        "identity",
        "false",
        "||tau_g A_g^T A*_g - (2 - tau_g) I||_F^2 = (2 - tau_g)^2 ||I||_F^2 + ... = (2 - tau_g)^2 "
        "n + tau_g^2 ||A_g^T A*_g||_F^2 - 2 (2 - tau_g) tau_g <A_g, A*_g>_F [printed <A_g^T, "
        "A*_g>_F].",
        repaired="d in place of n: I is d x d.",
        evidence=(
            Counterexample(),
            claims.EQ66,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.offset_norm_squared",
    ),
    equation(
        67,
        "inequality",
        "false",
        "“it holds that” ||A_g - A*_g||_F <= delta => ... => <A_g, A*_g>_F [printed <A_g^T, "
        "A*_g>_F] >= n - delta^2/2.",
        repaired="<A_g, A*_g>_F = d - ||A_g - A*_g||_F^2/2 >= d - delta^2/2 for orthonormal A_g, "
        "A*_g.",
        hypotheses=PAIR,
        evidence=(
            Counterexample(),
            claims.EQ67,
            claims.EQ67_BOUND,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.offset_norm_squared",
    ),
    equation(
        68,
        "inequality",
        "false",
        "“Therefore we have” ||tau_g A_g^T A*_g - (2 - tau_g) I||_F^2 <= (2 - tau_g)^2 n + "
        "tau_g^2 ||A_g^T A*_g||_F^2 - 2 (2 - tau_g) tau_g (n - delta^2/2).",
        repaired="With d in place of n, for orthonormal A_g, A*_g and ||A_g - A*_g||_F <= delta.",
        remark="As printed it can bound a squared norm by a negative number.",
        hypotheses=PAIR,
        evidence=(Counterexample(), claims.EQ68),
        derivation="gsae_ref.papers.t21.direction.formulas.offset_norm_squared",
    ),
    equation(
        69,
        "inequality",
        "false",
        "“We can now find values of” ||A_g^T A*_g||_F^2 “that make the above quantity be below” "
        "(2 - tau_g) delta^2: ... => ||A_g^T A*_g||_F^2 <= [3 (2 - tau_g)(tau_g - 2/3) n + (1 - "
        "tau_g)(2 - tau_g) delta^2] / tau_g^2.",
        reading="the condition makes ||tau_g A_g^T A*_g - (2 - tau_g) I||_F^2 <= (2 - tau_g) "
        "delta^2",
        repaired="Let A_g, A*_g be orthonormal, ||A_g - A*_g||_F <= delta, and the condition hold "
        "with d in place of n. Then ||tau_g A_g^T A*_g - (2 - tau_g) I||_F^2 <= (2 - tau_g) "
        "delta^2.",
        remark="As printed, with n much larger than d, the condition cannot be met for tau below "
        "about 2/3 and holds for every A above; at n = 4, d = 2 it distinguishes for tau between "
        ".667 and .739. With d it needs 1 - tau of the order of delta / (2 sqrt(d)) or less.",
        hypotheses=(*PAIR, OVERLAP_SMALL),
        evidence=(
            Counterexample(),
            claims.EQ69,
            Measurement("overlap_condition_range"),
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.smallest_feasible_tau",
    ),
    statement(
        "eq69-v1",
        "Theorem 2, version 1, norm condition",
        "definition",
        "typo",
        "“the norm” ||A_g^T A*_g||_F^2 “is upper bounded by” [3 (2 - tau_g)(tau_g - 2/3) n + "
        "(tau_g - 1)^2 delta^2] / tau_g^2.",
        repaired="d in place of n, as in (69). With orthonormal A_g, A*_g and ||A_g - A*_g||_F <= "
        "delta it then makes ||tau_g A_g^T A*_g - (2 - tau_g) I||_F <= delta.",
        hypotheses=(*PAIR, OVERLAP_SMALL_V1),
        evidence=(
            Reading("||I||_F^2 = d in the expansion that the condition comes from"),
            claims.EQ69_V1,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.overlap_condition",
    ),
    equation(
        70,
        "inequality",
        "false",
        "“we can rewrite” ||v_i||_2 “as” ||v_i||_2 <= c omega_i sqrt(d^2 + 1) ||A_g - A*_g||_F + "
        "tau_g p_g (2 - tau_g) delta ||A_g - A*_g||_F + ||beta~_i||_2 [c = tau_g (2 - tau_g) p_g].",
        repaired="(69), with d, gives ||M||_F <= sqrt(2 - tau_g) delta and no more. "
        + EQ33_RIGHT
        + ".",
        hypotheses=(*PAIR, EXPECTATION),
        evidence=EQ33_EVIDENCE,
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        71,
        "identity",
        "holds",
        "“Remember that” beta~_i = tau_g sum_{h != g in [Gamma]} p_gh tau_h (A_h A_h^T A*_g "
        "A*_g^T A_g + A*_g A*_g^T A_h A_h^T A_g) + E[P_1 + P_2] + epsilon.",
        reading="for constant tau; the right side is beta~, whose i-th column is meant",
        hypotheses=(ORTHONORMAL, EXPECTATION),
        evidence=(Measurement("leading_term_and_residual"),),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    equation(
        72,
        "inequality",
        "typo",
        "||E[P_1]||_2 = ... <= tau_g p_gh ||sum_{h != g in [Gamma]} A*_h A*_h^T A_g||_2 + tau_g "
        "||sum_{h != g, v in [Gamma]} tau_v p_ghv A*_v A*_v^T A_h A_h^T A_g||_2.",
        reading="for constant tau, with norm bars around E[...]",
        repaired="A_v A_v^T A*_h A*_h^T A_g in the last sum, with p_gh for p_ghv when v is g or h: "
        "the triangle inequality.",
        remark="With the stars as printed the inequality itself fails where groups of A coincide, "
        "far from Lemma 1.",
        hypotheses=(UNIFORM_SUPPORTS, COVARIANCE_GIVEN_SUPPORT),
        evidence=(Counterexample(), Measurement("first_cross_term")),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    statement(
        "second-term",
        "text after Eq. (72)",
        "asymptotic claim",
        "false",
        "“note the second term is at best” O(p_gh) = O(gamma^3/Gamma^2) [when v is g or h], “and "
        "of smaller order otherwise.”",
        reading="the sum over the Gamma - 1 groups h != g, with v in {g, h}, the stars of (72) in "
        "order",
        repaired="Let A_g, A*_g be orthonormal, b = d mu_B + delta and t = max_h tau_h. Then "
        "tau_g p_gh ||sum_{h != g} (tau_g A_g A_g^T + tau_h A_h A_h^T) A*_h A*_h^T A_g||_2 <= "
        "tau_g p_g (gamma - 1)(tau_g b^2 + t b).",
        hypotheses=(*PAIR, UNIFORM_SUPPORTS),
        evidence=(
            Counterexample(),
            claims.SECOND_TERM,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    equation(
        73,
        "inequality",
        "false",
        "“For the first term we have” tau_g p_gh ||sum_{h != g in [Gamma]} A*_h A*_h^T A_g||_2 = "
        "... <= tau_g p_gh sum_{h != g in [Gamma]} (mu_B + delta) <= tau_g p_gh gamma (mu_B + "
        "delta) = O(p_gh gamma (mu_B + delta)).",
        repaired="Let A_g, A*_g be orthonormal. Then p_gh ||sum_{h != g} A*_h A*_h^T A_g||_2 <= "
        "p_gh (Gamma - 1)(d mu_B + delta) = p_g (gamma - 1)(d mu_B + delta): the sum has Gamma - "
        "1 terms.",
        remark="It is also at most p_gh ||A*||_2^2.",
        hypotheses=(*PAIR, UNIFORM_SUPPORTS),
        evidence=(
            Counterexample(),
            claims.EQ73,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    statement(
        "cross-terms",
        "text after Eq. (73)",
        "asymptotic claim",
        "false",
        f"“Therefore,” E[P_1] = {ORDER}. “Similarly, we can show that” E[P_2] = {ORDER}.",
        repaired="Let A_g, A*_g be orthonormal, b = d mu_B + delta and t = max_h tau_h. Then "
        "||E[P_1]||_2 <= tau_g p_g (gamma - 1)[b + t (gamma - 2) b^2].",
        remark="Attained, by equal atoms among others. E[P_2] is bounded within beta~, (74).",
        hypotheses=(*PAIR, EXPECTATION),
        evidence=(
            Counterexample(),
            claims.CROSS_TERMS,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    equation(
        74,
        "asymptotic claim",
        "false",
        "“assuming” O(n^{-w(1)}) “is dominated by” O((gamma^3/Gamma^2)(mu_B + delta)), “we "
        "finally have” ||v_i||_2 <= c (omega_i sqrt(d^2 + 1) + delta) ||A_g - A*_g||_F + "
        "O((gamma^3/Gamma^2)(mu_B + delta)) [c = tau_g (2 - tau_g) p_g].",
        reading="the O-term bounds ||beta~_i||_2 of (71)",
        repaired="Let A_g, A*_g be orthonormal, tau constant, t = max_h tau_h, b = d mu_B + delta "
        "and a = max_{h != k} ||A_h^T A_k||_2, which is at most d mu_B + 2 delta. Then "
        "||beta~||_2 <= tau_g p_g (gamma - 1)[(2 - tau_g) b + t (b + a + a b + (gamma - 2) b (a + "
        "b))]. Also ||beta~||_2 <= tau_g [p_gh R (2 + 4 t) + 2 t p_ghv (R^2 - R)] for R >= "
        "||A||_2^2, ||A*||_2^2.",
        remark="The first bound is attained by equal atoms at tau = 1. In the second 5 t / 2 will "
        "do for 4 t. There is no gain of 1/Gamma over p_g without a bound on ||A||_2. epsilon = 0 "
        "within the corrected Lemma 1, so it is dominated there.",
        hypotheses=(*PAIR, EXPECTATION),
        evidence=(
            Counterexample(),
            claims.EQ74,
            claims.EQ74_OWN,
            claims.EQ74_SPECTRAL,
            claims.EQ74_TRIPLES,
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    equation(
        75,
        "inequality",
        "holds",
        "“Then the squared norm of” v_i “satisfies” ||v_i||_2^2 <= 2 c^2 (omega_i sqrt(d^2 + 1) + "
        "delta)^2 ||A_g - A*_g||_F^2 + O((gamma^6/Gamma^4)(mu_B + delta)^2), “since” (a + b)^2 <= "
        "2 a^2 + 2 b^2 [c = tau_g (2 - tau_g) p_g].",
        reading="given (74)",
        evidence=(claims.EQ75,),
        hypotheses=(*PAIR, EXPECTATION),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
)
