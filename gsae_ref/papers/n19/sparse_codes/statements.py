"""N19, Theorem 4 (ii), Appendix B.2 and B.4, general codes: (10)-(15), Lemmas 2, 3 and 5."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ....claims.evidence import (
    Counterexample,
    Inequality,
    Measurement,
    Reading,
    Sides,
)
from ....claims.hypothesis import Hypothesis
from ... import row
from ..instance import (
    A2,
    CENTRED,
    CLOSE,
    NEAR,
    NO_BIAS,
    NOISELESS,
    STEP_BELOW,
    UNIFORM,
    UNIT,
    UNIT_STAR,
    UPDATE_CLOSE,
    UPDATE_DESCENDS,
)
from ..mixture.statements import POSITIVE_OVERLAP
from ..model import claims as model_claims
from . import claims

if TYPE_CHECKING:
    from ..instance import SparseInstance


EXPECTED = (A2, NO_BIAS, NOISELESS)  # of the expected update on recovered supports
CENTRED_CODES = (UNIT, UNIT_STAR, CLOSE, NEAR, CENTRED, UNIFORM, *EXPECTED)


def decrease(normalised: bool) -> Sides:
    """By how much ||W - A||_F^2 is bound to fall in a step, and by how much it does."""

    def sides(i: SparseInstance) -> tuple[float, float]:
        found = i.descent
        share = i.step_size * found.curvature
        before = float(np.sum(i.errors**2))
        M = i.W - i.step_size * i.G
        bound = found.before_normalisation(before, share)
        if normalised:
            M = M / np.linalg.norm(M, axis=0)
            bound = found.after_normalisation(before, share)
        return before - bound, before - float(np.sum((M - i.A_star) ** 2))

    return sides


def _linear_part(i: SparseInstance) -> tuple[float, float]:
    """Step (3): kappa_2 p (1 - beta) ||D||_F^2, and E||D_S x + A_S D_S^T y||^2 by enumeration."""
    Y = i.codes @ i.A_star.T
    D = i.W - i.A_star
    h = i.codes @ D.T + (i.active * (Y @ D)) @ i.A_star.T
    least = i.kappa_2 * i.p[0] * (1 - i.descent.beta) * np.sum(i.errors**2)
    return float(least), float(i.weights @ np.sum(h**2, axis=1))


def _growth(i: SparseInstance) -> tuple[float, float]:
    """Step (6): zeta max_i <g_i, W_i>, and s rho."""
    found = i.descent
    inner = max(float(np.einsum("ni,ni->i", i.G, i.W).max()), 0.0)
    return i.step_size * inner, i.step_size * found.curvature * found.growth


UNITS = Hypothesis(
    "||W_i|| = ||A_i|| = 1 for every column",
    lambda i: -max(float(np.abs(np.linalg.norm(M, axis=0) - 1).max()) for M in (i.W, i.A_star)),
)
INCOHERENT = Hypothesis(
    "nu = (k - 1) mu/sqrt(n) < 1", lambda i: 1 - 1e-9 - (i.n_active - 1) * i.coherence
)
SMALL_STEP = Hypothesis(
    "0 < zeta <= 1/Lambda (Theorem 4 (ii), repaired)",
    lambda i: min(i.step_size - 1e-9, 1 / i.descent.curvature - i.step_size),
)


statement = partial(row.statement, paper="N19")
equation = partial(row.equation, paper="N19")
COLUMNS = (UNIT, UNIT_STAR, CLOSE)
OF_MOMENTS = (UNITS, CLOSE, UNIFORM, A2, INCOHERENT)  # what step (3) speaks of
REPAIRED = (*OF_MOMENTS, NO_BIAS, NOISELESS, SMALL_STEP)
OF_LENGTHS = tuple(h for h in REPAIRED if h is not INCOHERENT)  # what step (6) speaks of


OF_LAW = (CENTRED, A2)
EXACT_15 = (
    "g_i = -2 sum_l p_il <A_l, W_i> A_l + sum_{j,l} p_ijl <W_j, A_l> (<A_l, W_i> W_j + <W_j, W_i> "
    "A_l) + gamma, p_ij = P[i, j in S], p_ijl = P[i, j, l in S], coincident indices counted once, "
    "kappa_1 = 0, kappa_2 = 1, b = 0, support recovered."
)
REPAIRED_STEP = (
    "Uniform supports of size k, codes of mean kappa_1 and second moment kappa_2, v = kappa_2 - "
    "kappa_1^2, independent given S; unit columns, ||W_i - A_i|| <= delta, nu = (k-1) mu/sqrt(n) "
    "< 1, b = 0, support recovered; zeta = s/Lambda, 0 < s <= 1, Lambda = 4 (k/m)(v + k "
    "kappa_1^2)(1 + nu)(sqrt(1 + nu) + delta sqrt(k))^2. Then ||W^+ - A||_F^2 <= ((1 - s tau) ||W "
    "- A||_F^2 + s phi)/(1 - s rho) with tau, phi, rho of descent_constants: tau tends to (3/16) "
    "kappa_2/(v + k kappa_1^2), rho is O(||W||/sqrt(m)), and phi = 0 for orthonormal A."
)
STEP_EVIDENCE = (
    Inequality(
        "the decrease before normalisation",
        "sparse_near",
        decrease(normalised=False),
        REPAIRED,
    ),
    Inequality(
        "the decrease after normalisation",
        "sparse_near",
        decrease(normalised=True),
        REPAIRED,
    ),
)
ROWS = (
    statement(
        "theorem4ii",
        "Theorem 4 (ii)",
        "asymptotic claim",
        "holds",
        "“General k-sparse code: Provided the conditions in Theorem 3 (i) hold and the learning "
        "rate” zeta = Theta(m/k). “Then,” ||W^{s+1} - A||_F^2 <= (1 - tau) ||W^s - A||_F^2 + O(m "
        "k^2/n^2).",
        reading="on the event that the support is recovered (Theorem 3 (i), which is to ensure "
        "it, is false), uniform supports, tau in (0, 1)",
        repaired=REPAIRED_STEP,
        remark="For signs zeta is of order m/k and tau tends to 3/16; the run converges to A "
        "itself where A is orthonormal. Column by column, for zeta <= min_i 1/(p lam_i), ||W~_i - "
        "A_i||^2 <= (1 - zeta p lam_i (1 - delta^2/2)) ||W_i - A_i||^2 + 2 zeta r^2/(p lam_i), r = "
        "8 p2 R + 2 p3 (R^2 + R), R = max(||A||^2, ||W||^2). At k near n/log n the floor m k^2/n^2 "
        "is as large as the error at the start. At a small rotation of A = I with k = 1 the "
        "bound is 3/7 of the decrease: tau is sharp up to a factor 7/3. For nu >= 1 the "
        "constants do not exist. No condition on m is needed: where m is too small for k, beta is "
        "above 1 and tau negative. A step far above 1/Lambda breaks the bound: zeta = m/k makes a "
        "common shift grow (N19-theorem4iii).",
        hypotheses=REPAIRED,
        evidence=(
            *STEP_EVIDENCE,
            Inequality("step (3): E||h||^2", "sparse_near", _linear_part, OF_MOMENTS),
            Inequality("step (6): rho", "sparse_near", _growth, OF_LENGTHS),
            claims.BY_COLUMNS,
            Measurement("repaired_step_on_data"),
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.descent_constants",
    ),
    statement(
        "noise",
        "Appendix B.2",
        "remark",
        "holds",
        "“Our analysis is robust to iid additive Gaussian noise in the data; see [28] for a "
        "similar treatment.”",
        reading="on the consistency event",
        remark="Noise of covariance sigma^2 I adds 2 sigma^2 sum_{j != i} p_ij <W_i, W_j> W_j to "
        "g_i, with non-negative codes too: nothing for orthonormal W.",
        hypotheses=(UNIT,),
        evidence=(Measurement("noise_in_the_update"),),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.noise_in_the_update",
    ),
    statement(
        "indicator",
        "Appendix B.2",
        "identity",
        "false",
        "“It is easy to see that” E[x*_j x*_l 1{x*_i != 0} | S] = 1 “if” i = j = l in S “and” "
        "E[x*_i x*_l 1{x*_i != 0} | S] = 0 “otherwise.”",
        repaired="1 if j = l in S and i in S, 0 otherwise.",
        hypotheses=OF_LAW,
        evidence=(
            Counterexample(),
            claims.INDICATOR,
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.given_support",
    ),
    statement(
        "eq10",
        "Eq. (10)",
        "remark",
        "typo",
        "“Now we combine the results in (10) and (12) to compute the expectation over” S.",
        repaired="(11) and (13).",
        remark="In our scan the displays are tagged (11), (12), (13) and none is (10).",
        evidence=(
            Reading(
                "no display carries the number 10; a scanning slip in the tags cannot be excluded"
            ),
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.given_support",
    ),
    equation(
        11,
        "identity",
        "false",
        "g^(1)_{i,S} = -lam_i (I - W_S W_S^T) A_i, “where we use the earlier notation” lam_i = "
        "W_i^T A_i.",
        repaired="-(I - W_S W_S^T) sum_{l in S} <W_i, A_l> A_l.",
        hypotheses=OF_LAW,
        evidence=(Counterexample(), claims.FIRST, claims.SECOND),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.given_support",
    ),
    equation(
        12,
        "identity",
        "typo",
        "g^(2)_{i,S} = -sum_{j,l in S} E[A_j W_i^T (I - W_S W_S^T) A_l x*_j x*_l sgn(x*_i) | S].",
        repaired="1{x*_i != 0} for sgn(x*_i).",
        hypotheses=OF_LAW,
        evidence=(Counterexample(), claims.SECOND),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.given_support",
    ),
    equation(
        13,
        "identity",
        "false",
        "g^(2)_{i,S} = -A_i W_i^T (I - W_S W_S^T) A_i.",
        repaired="-sum_{l in S} A_l W_i^T (I - W_S W_S^T) A_l.",
        hypotheses=OF_LAW,
        same_as="N19-eq11",
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.given_support",
    ),
    equation(
        14,
        "identity",
        "false",
        "g_i = -2 p_i lam_i A_i + E[lam_i^2 W_i + sum_{j in R} <A_i, W_j> W_j + lam_i ||W_i||^2 "
        "A_i + sum_{j in R} <W_i, W_j> <A_i, W_j> A_i] + gamma, “where” p_i = P[i in S] “and” R = "
        "S without i.",
        repaired=EXACT_15,
        remark="As printed 1{i in S} and a lam_i are missing too.",
        hypotheses=(CENTRED, *EXPECTED),
        same_as="N19-eq15",
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.centred_update",
    ),
    equation(
        15,
        "identity",
        "false",
        "g_i = -p_i lam_i A_i + p_i lam_i^2 W_i + sum_{j != i} p_ij lam_i <A_i, W_j> W_j + sum_{j "
        "!= i} p_ij <W_i, W_j> <A_i, W_j> A_i + gamma.",
        repaired=EXACT_15,
        hypotheses=(CENTRED, *EXPECTED),
        evidence=(
            Counterexample(),
            claims.EQ15_PRINTED,
            claims.EQ15,
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.centred_update",
    ),
    statement(
        "lemma2",
        "Lemma 2",
        "inequality",
        "false",
        "“Suppose” W “is” (delta, 2)-near “to” A. “Then” 2 <g_i, W_i - A_i> >= p_i lam_i ||W_i - "
        "A_i||^2 + ||g_i||^2/(p_i lam_i) - O(p_i k^2/(n^2 lam_i)).",
        repaired=(
            "p_i lam_i (1 - delta^2/2) for p_i lam_i; remainder 2 ||r_i||^2/(p_i lam_i), r_i = "
            "g_i + p_i lam_i A_i - p_i lam_i^2 W_i, ||r_i|| <= 8 p2 R + 2 p3 (R^2 + R) for "
            "uniform supports, R = max(||A||^2, ||W||^2), p2, p3 the probabilities of a pair and "
            "a triple."
        ),
        remark="The proof has the factor 1 - delta^2/2, the lemma drops it.",
        hypotheses=CENTRED_CODES,
        evidence=(
            Counterexample(),
            claims.WITHOUT_FACTOR,
            claims.WITH_FACTOR,
            claims.REMAINDER,
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.pair_remainder",
    ),
    statement(
        "descent-k-sparse",
        "Appendix B.2, after Lemma 2",
        "inequality",
        "typo",
        "“such that there is some” tau in (0, 1): ||W_i^{s+1} - A_i||^2 <= (1 - tau) ||W_i^s - "
        "A_i||^2 + O(p_i k^2/(n^2 lam_i)).",
        repaired="The last term is multiplied by zeta: O(k^2/n^2), from which Theorem 4 (ii) "
        "follows by summing m columns.",
        hypotheses=(*CENTRED_CODES, POSITIVE_OVERLAP, STEP_BELOW),
        evidence=(
            Reading(
                "Lemma 2's remainder enters a step of size zeta = Theta(1/p_i); Theorem 4 (ii)'s "
                "O(m k^2/n^2) has the factor"
            ),
            claims.ONE_STEP,
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.step_bound",
    ),
    statement(
        "lemma3",
        "Lemma 3",
        "inequality",
        "false",
        "“(Maintaining the nearness).” ||W - A|| <= 2 ||A||.",
        reading="of every W that is delta-close to A; no hypothesis is stated",
        repaired="Delta-closeness gives ||W - A|| <= delta sqrt(m).",
        hypotheses=COLUMNS,
        evidence=(
            Counterexample(),
            model_claims.LEMMA3,
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.counterexamples.common_shift_of_all_columns",
    ),
    statement(
        "lemma3-step",
        "Lemma 3",
        "asymptotic claim",
        "holds",
        "“(Maintaining the nearness).” ||W - A|| <= 2 ||A||.",
        reading="kept by a step: if W^s is (delta, 2)-near, so is W^{s+1}; sparse coding with "
        "uniform supports that are recovered, b = 0, ||A|| = O(1), zeta = s/p, 0 < s <= 1",
        repaired="For delta^2 and k/m below a constant that depends on ||A|| only: nearness_after "
        "is then at most 2 ||A||, since ||W^+ - A|| <= (1 - s) ||W - A|| + s O(delta^2 + k/m).",
        remark="The paper cites two lemmas of its [16] for it. For codes of one sign the step m/k "
        "makes a common shift grow (N19-theorem4iii).",
        hypotheses=(*COLUMNS, NEAR, CENTRED, UNIFORM, NO_BIAS, NOISELESS),
        evidence=(Measurement("nearness_after_a_step"),),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.nearness_after",
    ),
    statement(
        "lemma5",
        "Lemma 5",
        "asymptotic claim",
        "holds",
        "“Suppose that” ||W_i^s|| = ||A_i|| = 1 “and” ||W_i^s - A_i|| <= delta_s. “The gradient "
        "update” W~_i^{s+1} “satisfies” ||W~_i^{s+1} - A_i|| <= (1 - tau) ||W_i^s - A_i|| + "
        "o(delta_s). “Then, for” (1 - delta_s)/(2 - delta_s) <= tau < 1, “we have” ||W_i^{s+1} - "
        "A_i|| <= (1 + o(1)) delta_s.",
        reading="as delta_s tends to 0",
        repaired=(
            "||W~ - A|| = eps < 1 gives ||W^+ - A|| <= sqrt(2 - 2 sqrt(1 - eps^2)), about eps, "
            "attained; it is at most delta for eps = (1 - tau) delta iff tau >= 1 - sqrt(1 - "
            "delta^2/4), about delta^2/8."
        ),
        remark="No range of tau is needed as delta_s tends to 0. The printed range gives ||W^+ - "
        "A|| <= delta up to delta = .88, not for delta = .95.",
        hypotheses=(UNIT_STAR, UPDATE_CLOSE),
        evidence=(claims.SHARP, claims.PRINTED_RANGE),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.normalised_error",
    ),
    statement(
        "lemma5-proof",
        "proof of Lemma 5",
        "inequality",
        "typo",
        "||W_i^{s+1} - A_i|| <= 2 (1 - tau)/(1 + (1 - tau - o(1)) delta_s) ||W_i^s - A_i|| + "
        "o(delta_s). “This implies that when the condition” (1 + delta_s)/(2 + delta_s) <= tau < 1 "
        "“holds, we get”: [...]",
        repaired="w >= 1 - eps, eps = (1 - tau) delta_s, so 2 (1 - tau)/(1 - (1 - tau) delta_s); "
        "this is at most 1 for tau >= (1 + delta_s)/(2 + delta_s), the range with which the proof "
        "ends. The lemma's range is that of the wrong sign.",
        remark="The printed line is true for eps <= .79, by the sharp bound of N19-lemma5; its "
        "derivation is not.",
        hypotheses=(UNIT_STAR, UPDATE_CLOSE),
        evidence=(
            Reading("the lemma has (1 - delta)/(2 - delta), its proof (1 + delta)/(2 + delta)"),
            claims.RIGHT_SIGN,
            claims.PROOF_PRINTED,
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.printed_normalisation_range",
    ),
    statement(
        "normalised-descent",
        "after Lemma 1",
        "remark",
        "holds",
        "“Finally, we use Lemma 5 to obtain the descent property for the normalized” W_i^{s+1}.",
        reading="by the sharp bound of N19-lemma5",
        remark="Lemma 5 as printed bounds ||W_i^{s+1} - A_i|| by (1 + o(1)) delta_s, which is no "
        "descent. By the sharp bound, ||W~_i - A_i||^2 <= (1 - tau) d^2, d = ||W_i - A_i||, gives "
        "||W_i^{s+1} - A_i||^2 <= 2 (1 - tau) d^2/(1 + sqrt(1 - (1 - tau) d^2)), where (1 - tau) "
        "d^2 <= 3/4: a descent for tau above about d^2/4, and attained.",
        hypotheses=(UNIT_STAR, UPDATE_DESCENDS),
        evidence=(claims.DESCENT_KEPT,),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.normalised_error",
    ),
)
