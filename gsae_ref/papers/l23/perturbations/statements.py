"""L23, Appendices C.3, C.4, D: perturbations and noise, (7)-(10), Lemmas 12, 13 and 15 to 17."""

from __future__ import annotations

from functools import partial

from ....claims.evidence import Counterexample, Measurement
from ...row import equation, statement
from ..instance import (
    DELTAS,
    DIRECTIONS,
    INSIDE_LEMMA16,
    NEAR_STAR,
    NEARER_STAR,
    NOISE_IN_2_NORM,
    NORMALISED,
    SMALL_OFF_SUPPORT,
    STEP_LEMMA16,
    SUB_GAUSSIAN,
    TAUS,
    TILTED,
)
from ..steps import claims as steps_claims
from . import claims

statement, equation = partial(statement, paper="L23"), partial(equation, paper="L23")


LIMITS = (
    "“Assume” delta_in <= u_min*^2/(120 u_max*^2) “and” delta_out <= u_min*^2/(120 s u_max*^2), "
    "alpha < sqrt(tau_0/L) u*_l/2, ||X^T xi / n||_inf <= tau_0 u*_l^2/80 "
)
START = "abs(u*_l^2 - u_l^2(0)) <= tau u*_l^2 “for each” l in [L] “where” 0 < tau_0 <= tau <= 1/2. "
REPAIRED = (
    "For l in S, with the same deltas, ||X_l^T xi / n||_2 <= tau_0 u*_l^2/80, u_l^2 <= alpha <= "
    "tau_0 u_min*^2/L off S, 0 < tau_0 <= tau <= 1/2, "
)
READING = "The hypotheses are those of u_l(t), for l in S."
NEAR = (DELTAS, NEAR_STAR, NOISE_IN_2_NORM, TAUS, DIRECTIONS)
NEARER = (DELTAS, NEARER_STAR, NOISE_IN_2_NORM, TAUS, DIRECTIONS)
CLOSE = (NEAR_STAR, DIRECTIONS)
CRUDE = (DELTAS, SMALL_OFF_SUPPORT, DIRECTIONS)
FORMULAS = "gsae_ref.papers.l23.perturbations.formulas."
BOUND = FORMULAS + "perturbation_bound"
FACTOR = FORMULAS + "perturbation_factor"

ROWS = (
    statement(
        "perturbations",
        "Appendix C.3, b_{l,t} and e_{l,t}",
        "identity",
        "holds",
        "“We now rewrite the definition of bounded perturbation in Eq. (4, 5)”: e_{l,t} with "
        "v(t+1), b_{l,t} with v(t).",
        evidence=(Measurement("dglnn_updates"),),
        derivation=FORMULAS + "perturbation",
    ),
    statement(
        "lemma12",
        "Lemma 12",
        "inequality",
        "false",
        LIMITS
        + "“and” "
        + START
        + "“If” <v_l(t), v*_l> >= 1 - tau^2/5, “then” abs(<v_l(t), b_{l,t}>) <= "
        "tau u*_l^2/10 “and” abs(e_{l,t}) <= tau u*_l^2/10.",
        reading=READING,
        repaired=REPAIRED
        + "abs(u_l^2 - u*_l^2) <= tau u*_l^2 and <v_l, v*_l> >= 1 - tau^2/5 for v_l(t) and "
        "v_l(t+1): ||b_{l,t}||, abs(e_{l,t}) <= tau u*_l^2/10.",
        remark="As printed it is false for p_l > 64.",
        hypotheses=NEAR,
        evidence=(
            Counterexample(),
            claims.TENTH,
        ),
        derivation=BOUND,
    ),
    equation(
        7,
        "inequality",
        "holds",
        "“We first verify” ||u*_l^2 v*_l - u_l^2 v_l|| <= 3 tau u*_l^2 [under the hypotheses of "
        "Lemma 12].",
        remark="Sharp: tau sqrt(1 + 2 (1 + tau)/5) u*_l^2, below 1.27 tau u*_l^2 for tau <= 1/2.",
        hypotheses=CLOSE,
        evidence=(
            claims.THREE_TAU,
            claims.SHARP,
        ),
        derivation=FACTOR,
    ),
    statement(
        "lemma12-equality",
        "Appendix C.3, end of the proof of Lemma 12",
        "identity",
        "false",
        "“Therefore,” abs(e_{l,t}) = abs(<v_l(t), b_{l,t}>).",
        repaired="Under the hypotheses of Lemma 12 as repaired both are at most tau u*_l^2/10; "
        "they differ, since e_{l,t} has v(t+1) where <v_l(t), b_{l,t}> has v(t).",
        hypotheses=NEAR,
        evidence=(
            Counterexample(),
            claims.EQUAL,
            claims.TENTH,
        ),
        derivation=FORMULAS + "perturbation",
    ),
    statement(
        "lemma13",
        "Lemma 13",
        "inequality",
        "false",
        LIMITS
        + "“and” <v_l(t), v*_l> >= 1 - tau^2/5. “If we achieve that” abs(u*_l^2 - u_l^2(0)) <= tau "
        "u*_l^2/2 “for each” l in [L] “where” 0 < tau_0 <= tau <= 1/2, “then” abs(<v_l(t), "
        "b_{l,t}>) <= tau u*_l^2/20 “and” abs(e_{l,t}) <= tau u*_l^2/20.",
        reading=READING,
        repaired=REPAIRED
        + "abs(u_l^2 - u*_l^2) <= tau u*_l^2/2 and <v_l, v*_l> >= 1 - tau^2/5 for v_l(t) and "
        "v_l(t+1): ||b_{l,t}||, abs(e_{l,t}) <= tau u*_l^2/20.",
        remark="As printed it is false for p_l > 16. Its proof has 1/sqrt 5 for sqrt(2/5).",
        hypotheses=NEARER,
        evidence=(
            Counterexample(),
            claims.TWENTIETH,
        ),
        derivation=BOUND,
    ),
    statement(
        "lemma10-condition",
        "Appendix C.3, end",
        "inequality",
        "false",
        "“Note the condition of Lemma 10 is satisfied when” delta_in <= u_min*^2/(120 u_max*^2) "
        "“and” delta_out <= u_min*^2/(120 s u_max*^2), alpha <= u_min*^2/4, ||X^T xi / n||_inf <= "
        "tau_0 u_min*^2/80.",
        repaired="With the same deltas, zeta = 80 (max_l ||X_l^T xi / n||_2 v eps) <= u_max*^2, Z "
        "= zeta v u_min*^2, alpha < min(u_min*^2/(80 L), eps/L), u_l^2 <= alpha off S and u_l^2 "
        "<= u*_l^2 + Z/20 on S, any directions: ||b_{l,t}||, abs(e_{l,t}) <= Z/20 for l in S, so "
        "<= u*_l^2/20 where u*_l^2 >= zeta.",
        remark="“the condition of Lemma 10 already satisfies the condition of Lemma 11 at” tau = "
        "1/2 is true: u*^2/20 = tau u*^2/10.",
        hypotheses=CRUDE,
        evidence=(
            Counterexample(),
            claims.ON,
        ),
        derivation="gsae_ref.papers.l23.gradient_descent.formulas.stopping_window",
    ),
    statement(
        "growth",
        "Appendix C.4, first display",
        "identity",
        "typo",
        "“When” l in S^c, “the gradient updates on” u_l “reads” u_l(t+1) = ... - 2 gamma u_l v_l^T "
        "X_l^T sum_{l' in S} X_l' u_l'^2 v_l' / n + 2 gamma u_l v_l^T X_l^T sum_{l' != l, l' in "
        "S^c} X_l' u_l'^2 v_l' / n + ...",
        repaired="Without the first of these terms, and with - before the second, as in e_{l,t} "
        "below it.",
        evidence=(
            claims.DISPLAY,
            claims.BELOW_DISPLAY,
        ),
        derivation=FORMULAS + "perturbation",
    ),
    equation(
        8,
        "inequality",
        "false",
        "“If” alpha <= u_min*^2/(80 L), delta_in <= u_min*^2/(120 u_max*^2) “and” delta_out <= "
        "u_min*^2/(120 s u_max*^2), “we have that” abs(e_{l,t}) <= u_min*^2/20 + ||X_l^T xi / "
        "n||_inf [l not in S].",
        repaired="abs(e_{l,t}) <= u_min*^2/20 + ||X_l^T xi / n||_2 for l not in S, where also "
        "u_k^2 <= alpha off S, u_k^2 <= u*_k^2 + Z/20 on S and zeta <= u_max*^2 (zeta and Z as in "
        "R8).",
        hypotheses=CRUDE,
        evidence=(
            Counterexample(),
            claims.EIGHT,
        ),
        derivation=BOUND,
    ),
    equation(
        9,
        "inequality",
        "false",
        "||u_l^2(T_2) v_l(T_2) - u*_l^2 v*_l||_2 <= 2^-m_0 u_max*^2 + u*_l^2 sqrt(2 - 2 <v_l(T_2), "
        "v*_l>) <= 2^-m_0 u_max*^2 + 2/5 2^-m_0 u*_l^2 <= 2 zeta.",
        repaired="With abs(u_l^2 - u*_l^2) <= 2^-m_0 u_max*^2, <v_l, v*_l> >= 1 - 4^-m_0/5 and "
        "2^-m_0 u_max*^2 <= 2 zeta, m_0 >= 0: the left-hand side is at most "
        "sqrt(1 + 2 (1 + 2^-m_0)/5) 2^-m_0 u_max*^2 <= 2.7 zeta.",
        remark="The last step is false for u*_l = u_max* and zeta < 0.7 2^-m_0 u_max*^2, the one "
        "before it does not follow. The iterates of Theorem 3 as repaired have an error of at most "
        "1.2 zeta where u*_l^2 >= zeta (R8), so the two ends agree there.",
        hypotheses=(TILTED,),
        evidence=(
            Counterexample(),
            steps_claims.TILTED,
        ),
        derivation=FACTOR,
    ),
    statement(
        "lemma15",
        "Lemma 15",
        "asymptotic claim",
        "holds",
        "“Let” X/sqrt n “be a” n x p “matrix with” l_2-“normalized columns. Let” xi “be a vector "
        "of independent” sigma^2-“sub-Gaussian random variables. Then, with probability at least” "
        "1 - 1/(8p^3), ||X^T xi / n||_inf <~ sqrt(sigma^2 log p / n).",
        reading="p >= 2: for p = 1 the right-hand side is 0.",
        repaired="||X^T xi / n||_inf <= 2 sqrt(2 sigma^2 log(2p)/n) with probability at least 1 - "
        "1/(8p^3).",
        remark="The last display of its proof lacks sqrt 2. Assumption 1 gives columns of norm up "
        "to sqrt(1 + delta_in), not 1: the bound then has this factor.",
        hypotheses=(NORMALISED, SUB_GAUSSIAN),
        evidence=(Measurement("dglnn_noise_quantile"),),
        derivation=FORMULAS + "noise_level",
    ),
    statement(
        "lemma16",
        "Lemma 16",
        "inequality",
        "holds",
        "“Consider the update in Eq. (4), choose the step size” eta_t = eta <= 4/(9 u*^4), “if” "
        "<v(t), v*> >= 1 - tau/5, abs(u^2(t) - u*^2) <= tau u*^2 “and” ||b_t|| <= tau u*^2/10 "
        "“for some constant” 0 < tau < 1/2, “we have that” <v(t+1), v*> >= 1 - tau/5.",
        remark="It preserves an angle and does not improve it: with eta -> 0 the direction does "
        "not move.",
        hypotheses=(INSIDE_LEMMA16, STEP_LEMMA16),
        evidence=(steps_claims.PRESERVED,),
        derivation="gsae_ref.papers.l23.steps.formulas.alignment_rate",
    ),
    statement(
        "lemma16-remark",
        "Appendix D.3, after Lemma 16",
        "inequality",
        "false",
        "“Note that compared with Lemma 8, under the condition” ||b_t|| <= B u*^2, “we get” "
        "<v(t+1), v*> >= 1 - B “instead of” <v(t+1), v*> >= 1 - B^2.",
        repaired="With B = tau/10 and under all hypotheses of Lemma 16, among them <v(t), v*> >= 1 "
        "- 2B: <v(t+1), v*> >= 1 - 2B.",
        hypotheses=(INSIDE_LEMMA16, STEP_LEMMA16),
        evidence=(
            Counterexample(),
            steps_claims.HALVED,
            steps_claims.PRESERVED_2B,
        ),
        derivation="gsae_ref.papers.l23.steps.formulas.alignment_rate",
    ),
    statement(
        "lemma17",
        "Lemma 17",
        "inequality",
        "false",
        "“Assume” delta_in <= sqrt(tau_0) u_min*^2/(120 u_max*^2) “and” delta_out <= sqrt(tau_0) "
        "u_min*^2/(120 s u_max*^2), alpha < sqrt(tau_0/L) u*_l/2, ||X^T xi / n||_inf <= tau_0 "
        "u*_l^2/80 “and” "
        + START
        + "“If” <v_l(t), v*_l> >= 1 - tau/5, “then” abs(<v_l(t), b_{l,t}>) <= tau u*_l^2/10 “and” "
        "abs(e_{l,t}) <= tau u*_l^2/10.",
        reading=READING,
        repaired=REPAIRED
        + "abs(u_l^2 - u*_l^2) <= tau u*_l^2 and <v_l, v*_l> >= 1 - tau/5 for v_l(t) and v_l(t+1): "
        "||b_{l,t}||, abs(e_{l,t}) <= tau u*_l^2/10. (The deltas are those of this lemma.)",
        remark="As printed it is false for p_l > 64. u_max*^2 here and u_max*^3 in Theorem 4 "
        "agree: tau_0 = zeta/u_max*^2.",
        hypotheses=NEAR,
        evidence=(
            Counterexample(),
            claims.LOOSE_TENTH,
        ),
        derivation=BOUND,
    ),
    equation(
        10,
        "inequality",
        "holds",
        "“Similarly to Lemma 12, we have that” ||u*_l^2 v*_l - u_l^2 v_l|| <= (1 + 2/sqrt(tau_0)) "
        "tau u*_l^2 [under the hypotheses of Lemma 17].",
        hypotheses=(*CLOSE, TAUS),
        evidence=(claims.TEN,),
        derivation=FACTOR,
    ),
)
