"""N19, section 5 and Appendix B.1: (4)-(9), Lemma 1, Theorem 4 (i), the bias."""

from __future__ import annotations

from functools import partial

from ....claims.evidence import Counterexample, Measurement, Reading
from ....claims.hypothesis import Hypothesis
from ... import row
from ..consistency import claims as consistency
from ..fixed_bias import claims as fixed_bias
from ..instance import (
    BIAS_LEMMA1,
    BIAS_THEOREM4,
    CLOSE,
    NO_BIAS,
    ONE_ACTIVE,
    SMOOTH,
    STEP,
    STEP_BELOW,
    UNIT,
    UNIT_STAR,
    WINDOW,
)
from ..model import claims as model_claims
from . import claims

statement = partial(row.statement, paper="N19")
equation = partial(row.equation, paper="N19")
MIXTURE = (UNIT, UNIT_STAR, ONE_ACTIVE)
LEMMA1 = (*MIXTURE, CLOSE, BIAS_LEMMA1)
POSITIVE_OVERLAP = Hypothesis("lam_i > 0")


R7_TEXT = (
    "R7: for zeta p_i <= 1, W~ on the population without noise, every fixed b_i in (-lam_i, "
    "-(nu + ||W_i - A_i||)], nu = max(0, max_{i != j} <A_i, A_j>), is consistent at every step and "
    "W converges to A, linearly, at the rate rho/(kappa + rho), rho = 1 - kappa (1 + b)^2, kappa = "
    "zeta p."
)
RUNS = (Measurement("diminishing_bias_run", "against"), Measurement("fixed_bias_run"))
ROWS = (
    equation(
        4,
        "identity",
        "holds",
        "“Whenever differentiable, the gradient of the loss” L “with respect to the column” W_i "
        "“of the weight matrix” W “is given by”: grad_{W_i} L = -sigma'(W_i^T y + b_i) [(W_i^T y "
        "+ b_i) I + y W_i^T] [y - W x].",
        hypotheses=(SMOOTH,),
        evidence=(Measurement("sparse_gradient"),),
        derivation="gsae_ref.ops.sparse_loss_and_grad",
    ),
    statement(
        "approximate-gradient",
        "text after Eq. (4)",
        "identity",
        "holds",
        "“this approximate gradient” [with 1{x_i != 0} for sigma'(W_i^T y + b_i)] “is a good "
        "approximation of the true gradient (4) in expectation.”",
        remark="They are equal wherever (4) exists, so almost everywhere when y has a density.",
        hypotheses=(SMOOTH,),
        evidence=(Measurement("sparse_approximate"),),
        derivation="gsae_ref.ops.sparse_loss_and_grad",
    ),
    statement(
        "expected-loss",
        "section 5, first paragraph",
        "remark",
        "holds",
        "“we analyze the gradient of the expected loss with respect to” W. “Our analysis involves "
        "calculating the expected value of the gradient as if we were given infinitely many "
        "samples.”",
        reading="under Theorem 3, where no |z_i| is at the threshold; and for ReLU",
        remark="The expectation of (4) is the gradient of the expected loss for ReLU. For the hard "
        "threshold it lacks a jump term, the density of z_i at the thresholds times the jump of "
        "the loss, which is zero where codes are consistent with a margin, |x*_i| >= a_1 > 0 and "
        "lam = a_1/2. With x* uniform on [0, 1] it is not: see the measurement.",
        hypotheses=(SMOOTH,),
        evidence=(Measurement("jump_term"),),
        derivation="gsae_ref.ops.sparse_expected_gradient",
    ),
    statement(
        "theorem4i1",
        "Theorem 4 (i.1)",
        "asymptotic claim",
        "holds",
        "“Suppose that at step” s “the weight” W^s “is” (delta^s, 2)-near “to” A. [...] “Mixture "
        "of Gaussians: Suppose the conditions in either (ii) or (iii) of Theorem 3 hold. Suppose "
        "that the learning rate” zeta = Theta(m), “and that the bias vector” b “satisfies:” b = 0 "
        "“if” x = threshold_{1/2}(W^T y + b). “Then,” ||W^{s+1} - A||_F^2 <= (1 - tau) ||W^s - "
        "A||_F^2 + O(m n^(-O(1))).",
        reading="of a tau in (0, 1); for tau > 1/2 see N19-tau",
        repaired="On the consistency event tan theta+ = |rho| sin theta/(kappa + rho cos theta) "
        "with kappa = zeta p lam, rho = 1 - kappa lam: linear for kappa < 1, and cubic for kappa = "
        "1, where ||W^+ - A|| is about ||W - A||^3/2.",
        hypotheses=(*MIXTURE, NO_BIAS, STEP),
        evidence=(
            fixed_bias.UNBIASED,
            Measurement("cubic_step"),
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
    statement(
        "theorem4i2-step",
        "Theorem 4 (i.2)",
        "asymptotic claim",
        "holds",
        "“Suppose the conditions in either (ii) or (iii) of Theorem 3 hold.” [...] b^{s+1} = b^s/C "
        "“if” x = ReLU(W^T y + b) “for some constant” C > 1. “Then,” ||W^{s+1} - A||_F^2 <= (1 - "
        "tau) ||W^s - A||_F^2 + O(m n^(-O(1))).",
        reading="of one step at which the support is recovered",
        repaired="R7 (c): for -lam_i < b_i <= 0 and 0 < kappa_i = zeta p_i lam_i <= 1, tan "
        "theta_i+ <= tan theta_i/(1 + kappa_i), whatever b is in this window.",
        hypotheses=(*MIXTURE, WINDOW, STEP),
        evidence=(fixed_bias.ONE_STEP, fixed_bias.ONE_STEP_BOUND),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
    statement(
        "theorem4i2",
        "Theorem 4 (i.2)",
        "inequality",
        "false",
        "“There exists an iterative update rule using an approximate gradient” g^s “that linearly "
        "converges to” A “when given infinitely many fresh samples.” [...] b^{s+1} = b^s/C “if” x "
        "= ReLU(W^T y + b) “for some constant” C > 1.",
        reading="iterated: the conditions of Theorem 3 are not assumed at the later steps",
        repaired=R7_TEXT,
        remark="One step does contract (N19-theorem4i2-step). The schedule keeps the support as "
        "long as b_i <= -(max_{j != i} <A_i, A_j> + ||W_i - A_i||) - N, which is sufficient; with "
        "a positive inner product it is lost, at W = A too, once |b| is below it. With means whose "
        "inner products are -1/4 the run does reach A.",
        hypotheses=(*MIXTURE, WINDOW, STEP),
        evidence=(
            Counterexample(),
            *RUNS,
            Measurement("schedule_with_negative_products"),
            fixed_bias.QUIET_AFTER,
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.persistent_bias",
    ),
    statement(
        "tau",
        "Theorem 4",
        "remark",
        "false",
        "“More precisely, there exists some” tau in (1/2, 1) “such that”: [...] (ii) General "
        "k-sparse code: “Provided the conditions in Theorem 3 (i) hold and the learning rate” zeta "
        "= Theta(m/k). “Then,” ||W^{s+1} - A||_F^2 <= (1 - tau) ||W^s - A||_F^2 + O(m k^2/n^2).",
        reading="of (ii), where A1 asks p_i = Theta(k/m) only; for mixtures it is true if all p_i "
        "are equal",
        repaired="With one zeta for all columns the best tau near A is 1 - ((r - 1)/(r + 1))^2, r "
        "= p_max/p_min: above 1/2 iff r < (1 + sqrt(2))^2 = 5.83.",
        remark="The text has tau in (0, 1) after Lemma 1 and Lemma 2. For non-negative codes with "
        "k >= 6 tau > 1/2 fails for equal p_i too (N19-theorem4iii).",
        evidence=(Counterexample(), Measurement("best_tau")),
        derivation="gsae_ref.papers.n19.mixture.formulas.tau_of_spread",
    ),
    equation(
        5,
        "definition",
        "holds",
        "“Let us consider an update step” g^s “in expectation over the code” x* “and and the "
        "noise” eta: g_i = -E[1{x_i != 0} (W_i^T y I + b_i I + y W_i^T)(y - W x)].",
        evidence=(Measurement("expected_by_enumeration"),),
        derivation="gsae_ref.ops.sparse_expected_gradient",
    ),
    statement(
        "mixture-gradient",
        "proof of Theorem 4 (i), main text",
        "identity",
        "typo",
        "“Specifically, the expected gradient” g_i “is of the form”: g_i = -p_i lam_i A + p_i "
        "(lam_i^2 + 2 b_i lam_i + b_i^2) W_i + gamma.",
        repaired="A_i for the matrix A, as in (9).",
        hypotheses=MIXTURE,
        evidence=(Reading("g_i is a vector, A a matrix; (9) has A_i"), claims.EQ9),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_update",
    ),
    statement(
        "lemma1",
        "Lemma 1",
        "inequality",
        "false",
        "“Suppose” W “is” delta-close “to” A “and the bias satisfies” |(b_i + lam_i)^2 - lam_i| <= "
        "2 (1 - lam_i). “Then”: 2 <g_i, W_i - A_i> >= p_i (lam_i - 2 delta^2) ||W_i - A_i||^2 + "
        "||g_i||^2/(p_i lam_i) - 2 ||gamma||^2/(p_i lam_i).",
        repaired="2 delta^2/lam_i for 2 delta^2, lam_i > 0.",
        remark="Without gamma, delta^2/lam_i suffices, so that the printed form holds for lam_i >= "
        "1/2.",
        hypotheses=LEMMA1,
        evidence=(
            Counterexample(),
            claims.PRINTED,
            claims.CORRECTED,
            claims.PRINTED_ABOVE_HALF,
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.descent_bound",
    ),
    statement(
        "zeta",
        "after Lemma 1; after Lemma 2",
        "inequality",
        "false",
        "“we are able to get the descent property column-wise for the normalized gradient update "
        "with the step size” zeta = max_i(1/(p_i lam_i)) “such that there is some” tau in (0, 1).",
        reading="of B.2, where A1 asks p_i = Theta(k/m) only; with equal p_i, as for a uniform "
        "mixture, the largest of these numbers is within 1 + O(delta^2) of the smallest",
        repaired="zeta <= min_i 1/(p_i lam_i). For a mixture ||W~_i - A_i||^2 <= (1 - zeta p_i "
        "(lam_i - 2 delta^2/lam_i)) ||W_i - A_i||^2 under Lemma 1's condition on b.",
        hypotheses=(*LEMMA1, STEP_BELOW),
        evidence=(
            Counterexample(),
            claims.AT_MOST_THE_SMALLEST,
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.descent_bound",
    ),
    statement(
        "tau-of-zeta",
        "after Lemma 1",
        "inequality",
        "holds",
        "“We apply this lemma with learning rate” zeta = max_i(1/(p_i lam_i)) “and” tau = zeta p_i "
        "(lam_i - 2 delta^2) in (0, 1) “to achieve the descent”.",
        reading="for a mixture with equal p_i, as “uniformly” has it, and delta^2 < 2/5",
        remark="tau <= (1 - 2 delta^2)/(1 - delta^2/2) < 1, and tau > 0 as lam_i >= 1 - delta^2/2 "
        "> 2 delta^2. For unequal p_i tau exceeds 1 (N19-zeta). The descent follows from Lemma 1 "
        "as repaired, with 2 delta^2/lam_i for 2 delta^2 and zeta <= min_i 1/(p_i lam_i).",
        hypotheses=(UNIT, UNIT_STAR, CLOSE),
        evidence=(consistency.TAU_OF_EQUAL_P,),
        derivation="gsae_ref.papers.n19.mixture.counterexamples.frequent_column_overshoots",
    ),
    statement(
        "threshold-condition",
        "after Lemma 1",
        "inequality",
        "holds",
        "“For the hardthresholding function, since we do not need bias (i.e.” b_i = 0 “for every” "
        "i “), then” lam_i (1 - lam_i) <= 2 (1 - lam_i) “and this lemma clearly follows.”",
        hypotheses=(UNIT, UNIT_STAR, POSITIVE_OVERLAP),
        evidence=(model_claims.THRESHOLD,),
        derivation="gsae_ref.papers.n19.instance.BIAS_LEMMA1",
    ),
    statement(
        "both-conditions",
        "proof of Theorem 4, bias",
        "inequality",
        "vacuous",
        "“we need every bias” b_i “to satisfy” b_i in [-1 + 2 delta^s sqrt(k), -delta^s] “and” "
        "|(b_i + lam_i)^2 - lam_i| <= 2 (1 - lam_i). [...] “for the conditions of” b_i “to hold, "
        "we require” b_i -> 0 “as” s “increases.”",
        remark="They never hold together (but for b = delta = 0): (b + lam)^2 - (3 lam - 2) <= "
        "delta (delta^3/4 + delta^2 + 3 delta/2 - 2) < 0 for 0 < delta < .8, and the interval is "
        "empty for delta > 1/3. |(b + lam)^2 - lam| is near 2 |b|, not lam (1 - lam).",
        hypotheses=(UNIT, UNIT_STAR, CLOSE, BIAS_THEOREM4),
        evidence=(
            Counterexample(),
            claims.MISSED,
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.bias_window",
    ),
    statement(
        "constant-bias",
        "section 5, before Theorem 4",
        "remark",
        "holds",
        "“Indeed, our current analysis does not succeed for any constant choice of bias (i.e., we "
        "do not find a constant bias that leads to both support consistency and linear "
        "convergence.)”",
        reading="of the analysis by Lemma 1",
        remark="Lemma 1's condition excludes every bias that Theorem 3 admits "
        "(N19-both-conditions), so the analysis cannot succeed. A constant bias does: R7.",
        hypotheses=(UNIT, UNIT_STAR, CLOSE, BIAS_THEOREM4),
        evidence=(claims.NO_ADMISSIBLE,),
        derivation="gsae_ref.papers.n19.mixture.formulas.bias_window",
    ),
    statement(
        "fixed-bias",
        "proof of Theorem 4, bias",
        "remark",
        "false",
        "“Hence, a fixed bias for the rectified linear unit would not work.”",
        reading="of the network on a mixture (k = 1); of the paper's analysis it is true "
        "(N19-constant-bias)",
        repaired=R7_TEXT,
        remark="Section 5 hedges before: “our current analysis does not succeed for any constant "
        "choice of bias”. For non-negative codes with k >= 2 a fixed bias leaves an error "
        "(N19-fixed-bias-breaks).",
        hypotheses=(*MIXTURE, WINDOW, STEP),
        evidence=(
            Counterexample(),
            Measurement("fixed_bias_works", "against"),
            Measurement("fixed_bias_run"),
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
    statement(
        "bias-gradient",
        "section 5",
        "identity",
        "holds",
        "“The gradient of” L “with respect to” b_i “is given by”: grad_{b_i} L = -sigma'(W_i^T y + "
        "b_i) W_i^T (y - W x).",
        hypotheses=(SMOOTH,),
        evidence=(Measurement("sparse_bias_gradient"),),
        derivation="gsae_ref.ops.sparse_loss_and_grad",
    ),
    statement(
        "expected-bias-gradient",
        "section 5",
        "identity",
        "typo",
        "“calculate the expected gradient and obtain”: (g_b)_i = [...] = -E[(W_i^T - ||W_i||^2 "
        "W_i^T) y + ||W_i||^2 b_i 1{x*_i != 0}] + gamma = -p_i b_i + gamma.",
        repaired="(g_b)_i = + p_i b_i + gamma. Inside the bracket of the line before, + ||W_i||^2 "
        "b_i must be -.",
        hypotheses=MIXTURE,
        evidence=(
            Counterexample(),
            claims.BIAS_GRADIENT,
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.enumerated_update",
    ),
    statement(
        "bias-schedule",
        "section 5",
        "remark",
        "false",
        "“we design a very simple update for the bias”: b^{s+1} = sqrt(1 - tau) b^s “where” b^0 = "
        "-1/log n, “and show by induction that this choice of bias is sufficiently negative to "
        "make the consistency result 3 (ii) and (iii) hold at each step.”",
        repaired="b_i^s <= -(nu_i + ||W_i^s - A_i||) - N, nu_i = max(0, max_{j != i} <A_i, A_j>), "
        "N = max_i |<W_i, eta>|, is sufficient for z_i <= 0 off the support of a mixture. "
        + R7_TEXT,
        remark="b_i^s <= -||W_i^s - A_i|| is not. With a positive inner product between means the "
        "schedule passes below it and the support is lost, at W = A too; with negative ones it "
        "does no harm. nu_i <= mu/sqrt(n).",
        hypotheses=(*MIXTURE, WINDOW, STEP),
        evidence=(
            Counterexample(),
            *RUNS,
            Measurement("schedule_with_negative_products"),
            fixed_bias.QUIET_AFTER,
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.persistent_bias",
    ),
    statement(
        "induction",
        "section 5",
        "inequality",
        "false",
        "“From the descent property at the step” s, “we have” ||W_i^{s+1} - A_i|| <= sqrt(1 - tau) "
        "||W_i^s - A_i|| + o(delta^s). “Therefore,” b_i^{s+1} = sqrt(1 - tau) b_i^s <= -sqrt(1 - "
        "tau) ||W_i^s - A_i|| <= -||W_i^{s+1} - A_i|| - o(delta_s).",
        reading="as a proof of b^{s+1} <= -||W_i^{s+1} - A_i||",
        remark="What follows is + o(delta_s), with which the induction does not close.",
        evidence=(Counterexample(),),
        derivation="gsae_ref.papers.n19.mixture.counterexamples.remainder_of_the_wrong_sign",
    ),
    statement(
        "misnumbered",
        "Appendix B.1, B.2",
        "remark",
        "typo",
        "“Second, by Theorem 3 in (i),” 1{x_i != 0} = x*_i = 1 “with high probability.” [B.1; and "
        "B.2:] “Theorem 3 in (ii) shows that” supp(x) = S “w.h.p.”",
        repaired="B.1: Theorem 3 (ii) or (iii), 1{x_i != 0} = x*_i. B.2: Theorem 3 (i).",
        evidence=(Reading("(i) is about general k-sparse codes, (ii) about non-negative ones"),),
        derivation="gsae_ref.papers.n19.consistency.formulas.relu_interval",
    ),
    statement(
        "gamma",
        "Appendix B.1",
        "identity",
        "false",
        "gamma = E[(W_i^T y I + b_i I + y W_i^T)(y - W x)(1{x*_i != 0} - 1{x_i != 0})] [and g_i = "
        "-E[1{x*_i != 0} (W_i^T y I + y W_i^T + b_i I)(y - W_i W_i^T y - b_i W_i)] + gamma].",
        repaired="Add to gamma E[1{x*_i != 0} (W_i^T y I + b_i I + y W_i^T) sum_{j != i} W_j x_j], "
        "from W x -> W_i x_i. Both vanish when the whole support is recovered.",
        hypotheses=MIXTURE,
        evidence=(Counterexample(), claims.EQ9),
        derivation="gsae_ref.papers.n19.mixture.counterexamples.another_neuron_errs",
    ),
    equation(
        6,
        "identity",
        "holds",
        "g^(1)_i = -p_i lam_i A_i + p_i lam_i^2 W_i.",
        hypotheses=MIXTURE,
        evidence=(claims.EQ6,),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_terms",
    ),
    equation(
        7,
        "identity",
        "holds",
        "g^(2)_i = p_i b_i lam_i W_i + p_i b_i A_i.",
        hypotheses=MIXTURE,
        evidence=(claims.EQ7,),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_terms",
    ),
    equation(
        8,
        "identity",
        "holds",
        "g^(3)_i = -p_i b_i A_i + p_i b_i lam_i W_i.",
        hypotheses=MIXTURE,
        evidence=(claims.EQ8,),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_terms",
    ),
    equation(
        9,
        "identity",
        "holds",
        "g_i = -p_i lam_i A_i + p_i (lam_i^2 + 2 b_i lam_i + b_i^2) W_i + gamma = p_i lam_i (W_i - "
        "A_i) + v.",
        hypotheses=MIXTURE,
        evidence=(claims.EQ9,),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_update",
    ),
    statement(
        "lemma1-identity",
        "proof of Lemma 1",
        "identity",
        "holds",
        "2 <v, W_i - A_i> = ||g_i||^2/(p_i lam_i) - p_i lam_i ||W_i - A_i||^2 - ||v||^2/(p_i "
        "lam_i).",
        hypotheses=(*MIXTURE, BIAS_LEMMA1),
        evidence=(claims.OF_SQUARES,),
        derivation="gsae_ref.papers.n19.mixture.formulas.descent_bound",
    ),
)
