"""N19, Theorem 4 (iii) and Appendix B.3, non-negative codes: Claims 3 and 4, (16), Lemma 4."""

from __future__ import annotations

from functools import partial

from ....claims.evidence import (
    Counterexample,
    Measurement,
    Reading,
)
from ....claims.hypothesis import Hypothesis
from ... import row
from ..instance import (
    A2,
    BIAS_LEMMA4,
    CODES_BOUNDED,
    NOISELESS,
    ONE_ACTIVE,
    UNIT,
    UNIT_STAR,
)
from ..mixture import claims as mixture
from ..model import claims as model_claims
from ..sparse_codes.statements import COLUMNS, REPAIRED, REPAIRED_STEP
from . import claims

statement = partial(row.statement, paper="N19")
equation = partial(row.equation, paper="N19")

LAW = (UNIT, UNIT_STAR, A2)
NORM_OF_W = Hypothesis("||W|| <= 2 ||A|| (B.3)")


ROWS = (
    statement(
        "theorem4iii",
        "Theorem 4 (iii)",
        "inequality",
        "false",
        "“More precisely, there exists some” tau in (1/2, 1) “such that”: [...] “Non-negative "
        "k-sparse code: Suppose the conditions in either (ii) or (iii) of Theorem 3 hold. Suppose "
        "that the learning rate” zeta = Theta(m/k) “and the bias” b “satisfies”: [(iii.1)] b = 0 "
        "“if” x = threshold_{a_1/2}(W^T y + b); “or” [(iii.2)] b^{s+1} = b^s/C “if” x = ReLU(W^T y "
        "+ b) “for some constant” C > 1. “Then,” ||W^{s+1} - A||_F^2 <= (1 - tau) ||W^s - A||_F^2 "
        "+ O(k^3/m).",
        repaired="(iii.1): " + REPAIRED_STEP,
        remark="(iii.1): with zeta of order m/k the best tau near A is 4k/(k + 1)^2, at most 1/2 "
        "for k >= 6, as the curvature along a common shift of all columns is about k times that "
        "along other directions; with zeta of order m/k^2 tau is of order 1/k, and the run "
        "converges to an orthonormal A. (iii.2): from W = A = I one step of size rate m/k with b = "
        "-1/2 makes an error of order b^2 k^2, whatever m and the rate are; with zeta of order "
        "m/k^2 a fixed bias ends at an error of order b^2 (N19-fixed-bias-breaks).",
        hypotheses=REPAIRED,
        evidence=(
            Counterexample(),
            Measurement("common_shift_grows", "against"),
            Measurement("common_shift_small_step"),
            Measurement("repaired_step_on_data"),
        ),
        derivation="gsae_ref.papers.n19.sparse_codes.formulas.descent_constants",
    ),
    statement(
        "alpha",
        "Appendix B.3, alpha_i",
        "identity",
        "holds",
        "[alpha_i of] g_i = alpha_i W_i - beta_i A_i + e_i “where” alpha_i = kappa_2 p_i lam_i^2 + "
        "kappa_2 sum p_ij <W_i, A_j>^2 + 2 kappa_1^2 sum p_ij lam_i <W_i, A_j> + kappa_1^2 sum "
        "p_ijl <W_i, A_j> <W_i, A_l> + 2 kappa_1 p_i b_i lam_i + 2 kappa_1 sum p_ij b_i <W_i, A_j> "
        "+ p_i b_i^2.",
        hypotheses=LAW,
        evidence=(claims.OF_W,),
        derivation="gsae_ref.papers.n19.nonnegative.formulas.alpha",
    ),
    statement(
        "beta",
        "Appendix B.3, beta_i",
        "identity",
        "typo",
        "beta_i = kappa_2 p_i lam_i - kappa_2 sum p_ij <W_i, W_j> <A_i, W_j> + kappa_1^2 sum p_ij "
        "<W_i, A_j> - kappa_1^2 sum p_ij <W_i, W_j> <W_j, A_l> - kappa_1^2 sum p_ijl <W_i, W_j> "
        "<W_j, A_l> - kappa_1 sum p_ij b_i <W_i, W_j>.",
        repaired="<W_j, A_j> for <W_j, A_l> with a free index l in the fourth term; b_j for b_i in "
        "the last.",
        hypotheses=LAW,
        evidence=(
            Counterexample(),
            claims.OF_A_PRINTED,
            claims.OF_A,
        ),
        derivation="gsae_ref.papers.n19.nonnegative.formulas.beta",
    ),
    statement(
        "residual",
        "Appendix B.3, e_i",
        "inequality",
        "false",
        "e_i “is a term with norm” ||e_i|| <= O(max(kappa_1^2, kappa_2^2) p_i k/m) “– a rough "
        "bound obtained in [11]”.",
        repaired="||e_i|| <= sqrt(m) max_{j != i} p_ij (||A|| a_2 (U + V) + ||W|| U^2), U = max "
        "|x_j| over active codes, V = max |W_j^T (y - W x)|: order p_i k/sqrt(m), attained up to a "
        "constant.",
        remark="kappa_2^2 should be kappa_2.",
        hypotheses=(*LAW, NOISELESS, CODES_BOUNDED),
        evidence=(
            Counterexample(),
            claims.RESIDUAL,
        ),
        derivation="gsae_ref.papers.n19.nonnegative.formulas.residual_bound",
    ),
    statement(
        "sanity",
        "Appendix B.3",
        "identity",
        "holds",
        "“As a sanity check, by plugging in the parameters of the mixture of Gaussians to” "
        "alpha_i, beta_i “and” e_i, “we get the same expression for” g_i “in Case 1.”",
        hypotheses=(UNIT, UNIT_STAR, ONE_ACTIVE),
        evidence=(claims.SANE_W, claims.SANE_A),
        derivation="gsae_ref.papers.n19.nonnegative.formulas.alpha",
    ),
    statement(
        "claim3",
        "Claim 3",
        "asymptotic claim",
        "holds",
        "alpha_i = kappa_2 p_i lam_i^2 + kappa_2 O(p_i k/m) + 2 kappa_1^2 p_i lam_i O(k/sqrt(m)) + "
        "kappa_1^2 O(p_i k^2/m) + 2 kappa_1 p_i b_i lam_i + 2 kappa_1 p_i b_i O(k/sqrt(m)) + p_i "
        "b_i^2.",
        repaired="The O-terms add up to at most kappa_2 q2 a^2 + 2 |kappa_1| (|kappa_1 lam_i| + "
        "|b_i|) sqrt(m) q2 a + kappa_1^2 m q3 a^2, q2 = max_j p_ij, q3 = max p_ijl over different "
        "indices, a = ||A||.",
        remark="q_i in the proof is p_i.",
        hypotheses=(UNIT, UNIT_STAR),
        evidence=(claims.CLAIM3,),
        derivation="gsae_ref.papers.n19.nonnegative.formulas.remainder_16",
    ),
    statement(
        "claim4",
        "Claim 4",
        "asymptotic claim",
        "holds",
        "beta_i = kappa_2 p_i lam_i - kappa_2 O(p_i k/m) + kappa_1^2 O(p_i k/sqrt(m)) - kappa_1^2 "
        "O(p_i k/sqrt(m)) + kappa_1^2 O(p_i k^2/m) - kappa_1 b_i O(p_i k/sqrt(m)).",
        repaired="The O-terms add up to at most kappa_2 q2 w^2 + kappa_1^2 sqrt(m) q2 (a + w) + "
        "kappa_1^2 m q3 w^2 + |kappa_1| max |b| sqrt(m) q2 w, q2, q3, a of Claim 3, w = ||W||.",
        hypotheses=(UNIT, UNIT_STAR),
        evidence=(claims.CLAIM4,),
        derivation="gsae_ref.papers.n19.nonnegative.formulas.remainder_16",
    ),
    statement(
        "zero-bias",
        "Appendix B.3, before (16)",
        "remark",
        "typo",
        "“When” b_i = 0, “from (3) and (4) and” b_i in (-1, 0), “we have”: [...]",
        repaired="From Claims 3 and 4, for b_i in (-1, 0].",
        evidence=(Reading("(3) and (4) are the model and the gradient; b_i = 0 excludes (-1, 0)"),),
        derivation="gsae_ref.papers.n19.nonnegative.formulas.leading_update",
    ),
    statement(
        "k-root-n",
        "Appendix B.3, before (16)",
        "asymptotic claim",
        "false",
        "“where we implicitly require that” k <= O(sqrt(n)), “which is even weaker than the "
        "condition” k = O(1/delta^2) “stated in Theorem 3.”",
        remark="delta = O*(1/log n) is an upper bound on delta: k = O(1/delta^2) does not give k = "
        "O(sqrt(n)).",
        same_as="N19-k-log-squared",
        derivation="gsae_ref.papers.n19.consistency.counterexamples.small_delta_allows_large_k",
    ),
    equation(
        16,
        "identity",
        "typo",
        "g_i = -kappa_2 p_i lam_i A_i + p_i (kappa_2 lam_i^2 + 2 kappa_1 p_i b_i lam_i + b_i^2) "
        "W_i + v, ||v|| <= O(max(kappa_1^2, kappa_2) k/sqrt(m)).",
        repaired="2 kappa_1 b_i lam_i in the bracket (p_i is outside), and O(p_i k/sqrt(m)): the "
        "printed remainder is sqrt(m) times the main term.",
        hypotheses=(UNIT, UNIT_STAR, ONE_ACTIVE),
        evidence=(
            Counterexample(),
            mixture.EQ16,
        ),
        derivation="gsae_ref.papers.n19.nonnegative.formulas.leading_update",
    ),
    statement(
        "lemma4",
        "Lemma 4",
        "inequality",
        "vacuous",
        "“Suppose” A “is” delta-close “to” A* “and the bias satisfies” |kappa_2 lam_i^2 + 2 "
        "kappa_1 p_i b_i lam_i + b_i^2 - kappa_2 lam_i| <= 2 kappa_2 (1 - lam_i), “then” 2 <g_i, "
        "W_i - A_i> >= kappa_2 p_i (lam_i - 2 delta^2) ||W_i - A_i||^2 + ||g_i||^2/(kappa_2 p_i "
        "lam_i) - O(max(1, kappa_2/kappa_1^2) k^2/(p_i m)).",
        repaired="Condition with 2 kappa_1 b_i lam_i, lam_i > 0; 2 delta^2/lam_i; last term 2 "
        "||v||^2/(kappa_2 p_i lam_i) with v what is left of g_i in (16), of order p_i k^2/m times "
        "the square of the codes; W for A, A for A*.",
        remark=(
            "The printed remainder, k^2/(p_i m), about k, exceeds all other terms for codes that "
            "are bounded, so the lemma says nothing. It does not scale with the codes: no "
            "constant serves all a_2."
        ),
        hypotheses=(*COLUMNS, BIAS_LEMMA4),
        evidence=(
            claims.PRINTED_REMAINDER,
            claims.LEMMA4,
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.descent_bound",
    ),
    statement(
        "fixed-bias-breaks",
        "Appendix B.3, after Lemma 4",
        "remark",
        "holds",
        "“Again, the condition for bias holds when” b_i = 0 “and the thresholding activation is "
        "used; but breaks down when the nonzero bias is set fixed across iterations.”",
        remark=(
            "The condition asks 2 kappa_1 b + b^2 = 0 as lam tends to 1. For A = I, codes 1_S, "
            "zeta = m/(4 k^2), m large, a run with a fixed b ends at A plus a common shift of "
            "Frobenius size |b| (2+b)(k-1)/((1+b)^2 k + |b| (2+b)): unlike for a mixture (R7, k = "
            "1) a fixed bias does not lead to A."
        ),
        evidence=(Measurement("fixed_bias_leaves_a_shift"),),
        derivation="gsae_ref.papers.n19.nonnegative.counterexamples.common_mode_step",
    ),
    statement(
        "bias-update",
        "Appendix B.3, after Lemma 4",
        "remark",
        "false",
        "“Similarly to the mixture of Gaussian case, the bias is updated as” b^{s+1} = b^s/C, “for "
        "some” C > 1. “The proof remains the same to guarantee the consistency and also the "
        "descent.”",
        reading="with zeta = Theta(m/k), as in Theorem 4 (iii)",
        remark="The step that Theorem 4 (iii.2) refers to; its counterexample is a step of this "
        "update.",
        evidence=(Counterexample(),),
        derivation="gsae_ref.papers.n19.nonnegative.counterexamples.bias_pushes_towards_all_others",
    ),
    statement(
        "projection",
        "Appendix B.3",
        "inequality",
        "false",
        "“we can instead perform a projection on convex set” {W | W is delta-close to A*, ||W|| <= "
        "2 ||A||} “to guarantee the nearness.”",
        reading="of (delta, 2)-nearness, which Theorem 4 assumes",
        repaired="W in this set is (delta, 3)-near: ||W - A|| <= ||W|| + ||A|| <= 3 ||A||.",
        remark="The set {W: ||W_i - A_i|| <= delta, ||W - A|| <= 2 ||A||} would do. Both need A.",
        hypotheses=(*COLUMNS, NORM_OF_W),
        evidence=(
            Counterexample(),
            model_claims.PROJECTION,
        ),
        derivation="gsae_ref.papers.n19.nonnegative.counterexamples.against_the_common_direction",
    ),
)
