"""N19, Theorem 4 (iii) and Appendix B.3: descent for non-negative k-sparse codes."""

from __future__ import annotations

from functools import partial

from ....claims.evidence import Counterexample, Measurement
from ... import row
from ..sparse_codes.statements import REPAIRED, REPAIRED_STEP

statement = partial(row.statement, paper="N19")

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
)
