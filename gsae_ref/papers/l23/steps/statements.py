"""L23, Appendices C.1, C.2 and C.4: bounded perturbations, Eqs. (4)-(6), Lemmas 7 to 11 and 14."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ....arrays import Real
from ....claims.evidence import Counterexample, Inequality, Measurement, Sides
from ...row import equation, statement
from ..instance import (
    ABOVE_LOWER_END,
    BELOW_STAR,
    BELOW_UPPER_END,
    DRIFT,
    LONG_LEMMA10,
    LONG_LEMMA11,
    NEAR_START,
    NONZERO_U,
    PERTURBED_LEMMA10,
    PERTURBED_LEMMA11,
    SMALL_B,
    SMALL_START,
    STEP_LEMMA7,
    STEP_LEMMA9,
    STEP_LEMMA10,
    STEP_LEMMA11,
)
from . import claims, formulas

if TYPE_CHECKING:
    from ..instance import OneGroup

statement, equation = partial(statement, paper="L23"), partial(equation, paper="L23")


def _end(i: OneGroup) -> Real:
    return formulas.step_after(i.u, i.cosines, i.star, i.errors, i.gamma) ** 2


def _near(share: float) -> Sides:
    return lambda i: (abs(_end(i) - i.star), share * i.tau * i.star)


FORMULAS = "gsae_ref.papers.l23.steps.formulas."
LEMMA10 = (SMALL_START, PERTURBED_LEMMA10, STEP_LEMMA10, LONG_LEMMA10)
BOUNDED = (BELOW_STAR, PERTURBED_LEMMA10, STEP_LEMMA10)
LEMMA11 = (NEAR_START, PERTURBED_LEMMA11, STEP_LEMMA11, LONG_LEMMA11)

ROWS = (
    statement(
        "lemma7",
        "Lemma 7",
        "inequality",
        "holds",
        "“With an initialization” u(0) < u* “and step size” gamma <= 1/(4 u*^2), “the updating "
        "sequence” u(t) = u(t-1) + 2 gamma u(t-1) [u*^2 - u^2(t-1)] “is always bounded above by” "
        "u*.",
        reading="u(t) >= 0, as everywhere in the paper; u(0) < -u* would leave the range.",
        hypotheses=(BELOW_STAR, STEP_LEMMA7),
        evidence=(claims.BELOW_STAR,),
        derivation=FORMULAS + "largest_step",
    ),
    equation(
        4,
        "definition",
        "holds",
        "“Consider the update on” v(t) “with bounded perturbations” z(t+1) = v(t) + eta_t u^2(t) "
        "(u*^2 v* - u^2(t) v(t)) + eta_t u^2(t) b_t, v(t+1) = z(t+1)/||z(t+1)||.",
        evidence=(Measurement("dglnn_updates"),),
        derivation=FORMULAS + "direction_step",
    ),
    equation(
        5,
        "definition",
        "holds",
        "“and the updates on” u(t): u(t+1) = u(t) + 2 gamma u(t) v^T(t+1) {u*^2 v* - u^2(t) "
        "v(t+1)} + 2 gamma u(t) e_t.",
        evidence=(Measurement("dglnn_updates"),),
        derivation=FORMULAS + "magnitude_step",
    ),
    equation(
        6,
        "identity",
        "holds",
        "“Note that if we choose” eta_t = 1/u^4(t), (4) “is recast as” z(t+1) = (u*^2/u^2(t)) v* + "
        "b_t/u^2(t), v(t+1) = z(t+1)/||z(t+1)||.",
        hypotheses=(NONZERO_U,),
        evidence=(claims.RECAST,),
        derivation=FORMULAS + "direction_step",
    ),
    statement(
        "sign",
        "Section 4, connection to standard sparsity",
        "remark",
        "holds",
        "“If the initialization on” v_i “is incorrect, the sign of” v_i “may not move with a small "
        "step size.”",
        remark="For p_l = 1, v(t+1) has the sign of v(t) if eta_t u^2(t) (u*^2 + u^2(t) + "
        "abs(b_t)) < 1; for b_t = 0 and v(t) = -v*, only then.",
        evidence=(claims.KEPT_SIGN,),
        derivation=FORMULAS + "direction_step",
    ),
    statement(
        "lemma8",
        "Lemma 8",
        "inequality",
        "holds",
        "“Consider the update in Eq. (6), if” ||b_t|| <= B u*^2 “for some constant” 0 < B < 1, “we "
        "have that” <v(t+1), v*> >= 1 - B^2.",
        remark="Sharp: >= sqrt(1 - B^2).",
        hypotheses=(SMALL_B,),
        evidence=(claims.ALIGNED, claims.ANGLE),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.alignment_bound",
    ),
    statement(
        "lemma9",
        "Lemma 9",
        "inequality",
        "false",
        "“Consider the updates in Eq. (5) with” abs(e_t) <= B, “if” u^2(0) <= u*^2, “then” u^2(t) "
        "<= u*^2 + B “for all t.” “If” u^2(0) >= u*^2 “and” abs(<v(t), b_t>) <= B_2 tau u*^2, "
        "“then” u^2(t) >= (1 - B_2) u*^2 - B “for all t.”",
        repaired="Let abs(e_t) <= B and gamma <= 1/(4 max(u(0)^2, u*^2 + B)). Under (5), with any "
        "unit vectors v(t), u(0)^2 <= u*^2 + B gives u(t)^2 <= u*^2 + B for all t. Under (5) and "
        "(6), with ||b_t|| <= B_2 u*^2, B_2 <= 1, and l = (1 - B_2) u*^2 - B > 0, u(0)^2 >= l "
        "gives u(t)^2 >= l for all t.",
        remark="tau is not defined. Theorem 3's gamma <= 1/(20 u_max*^2) gives the first part for "
        "B <= 4 u*^2. With the directions of (4) instead of (6) the second part fails at v = -v*.",
        hypotheses=(STEP_LEMMA9, BELOW_UPPER_END, ABOVE_LOWER_END),
        evidence=(
            Counterexample(),
            claims.UPPER_PRINTED,
            claims.UPPER,
            claims.LOWER,
        ),
        derivation=FORMULAS + "largest_step",
    ),
    statement(
        "lemma10",
        "Lemma 10",
        "inequality",
        "false",
        "“Fix the step size” gamma, “and choose” u(0) = alpha <= u*/5. “Consider the updates in "
        "Eq. (5) and Eq. (4) with” abs(<v(t), b_t>) <= u*^2/20 “and” abs(e_t) <= u*^2/20, “then” "
        "T >= log(u*^2/(2 alpha^2)) / (2 log(1 + gamma u*^2/2)), “we have that” u^2(T) >= u*^2/2.",
        repaired="Under (5) and (6) with ||b_t|| <= u*^2/20, abs(e_t) <= u*^2/20, 0 < u(0) = alpha "
        "<= u*/5 and gamma <= 1/(4.2 u*^2): u^2(T) >= u*^2/2 for the same T.",
        hypotheses=LEMMA10,
        evidence=(
            Counterexample(),
            Inequality(
                "u*^2/2 <= u^2(T)", "dglnn_growth", lambda i: (i.star / 2, _end(i)), LEMMA10
            ),
        ),
        derivation=FORMULAS + "largest_step",
    ),
    statement(
        "lemma10-upper",
        "Appendix C.2, end of the proof of Lemma 10",
        "inequality",
        "false",
        "“With these requirements, by Lemma 9, we also have that” u^2(t) <= 3/2 u*^2 for all t >= "
        "0.",
        repaired="u^2(t) <= 1.05 u*^2 for all t >= 0, if u(0) <= u*, abs(e_t) <= u*^2/20 and gamma "
        "<= 1/(4.2 u*^2).",
        remark="Lemma 10 asks nothing of gamma. Where the paper uses it, gamma <= 1/(20 u_max*^2), "
        "and the line is true.",
        hypotheses=BOUNDED,
        evidence=(
            Counterexample(),
            Inequality(
                "u^2(T) <= 1.05 u*^2", "dglnn_growth", lambda i: (_end(i), 1.05 * i.star), BOUNDED
            ),
            claims.UPPER,
        ),
        derivation=FORMULAS + "largest_step",
    ),
    statement(
        "lemma11",
        "Lemma 11",
        "inequality",
        "false",
        "“Fix the step size” gamma, “and choose the initialization” u(0) “such that” abs(u*^2 - "
        "u^2(0)) <= tau u*^2 “where” 0 < tau <= 1/2. “Consider the updates in Eq. (5) and Eq. (4) "
        "with” abs(<v(t), b_t>) <= tau u*^2/10 “and” abs(e_t) <= tau u*^2/10, “then after” T >= "
        "5/(2 gamma u*^2), “we have that” <v(t), v*> >= 1 - tau^2/5 “for all” t <= T “and” "
        "abs(u^2(T) - u*^2) <= tau u*^2/2.",
        repaired="Under (5) and (6) with ||b_t||, abs(e_t) <= tau u*^2/10, abs(u*^2 - u^2(0)) <= "
        "tau u*^2, 0 < tau <= 1/2 and gamma <= 1/(6 u*^2): <v(t), v*> >= 1 - tau^2/5 for 1 <= t "
        "<= T, and abs(u^2(T) - u*^2) <= tau u*^2/2 for T >= 5/(2 gamma u*^2).",
        remark="v(0) is any unit vector, so t = 0 is excluded. Even abs(u^2(T) - u*^2) <= tau "
        "u*^2/7 and <v(t), v*> >= sqrt(1 - tau^2/100).",
        hypotheses=LEMMA11,
        evidence=(
            Counterexample(),
            Inequality("abs(u^2(T) - u*^2) <= tau u*^2/2", "dglnn_refine", _near(1 / 2), LEMMA11),
            Inequality("abs(u^2(T) - u*^2) <= tau u*^2/7", "dglnn_refine", _near(1 / 7), LEMMA11),
            claims.NEVER_FAR,
        ),
        derivation=FORMULAS + "interval_after",
    ),
    statement(
        "lemma14",
        "Lemma 14",
        "inequality",
        "holds",
        "“Consider” u(t+1) = u(t)(1 + 2 gamma e_t) “where” abs(e_t) <= B “and” u(0) = alpha. “Let "
        "the step size” gamma <= 1/(4B), “then for any” t <= T = log(1/alpha^4)/(32 gamma B), “we "
        "have” u(t) <= sqrt(u(0)).",
        remark="Even for t <= log(1/alpha^4)/(16 gamma B). For alpha >= 1 there is no such t > 0.",
        hypotheses=(DRIFT,),
        evidence=(claims.DRIFT, claims.LONGER_DRIFT),
        derivation=FORMULAS + "growth_limit",
    ),
)
