"""L23, Appendices C.1 and C.2: single steps with bounded perturbations, Eqs. (4)-(6), Lemmas 7 to 11."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array, Real
from ....claims.evidence import Counterexample, Identity, Inequality, Measurement
from ...row import equation, statement
from ..gradient_flow import formulas as gradient_flow
from ..instance import ABOVE_LOWER_END, BELOW_STAR, BELOW_UPPER_END, STEP_LEMMA7, STEP_LEMMA9
from . import formulas

if TYPE_CHECKING:
    from ..instance import OneGroup

statement, equation = partial(statement, paper="L23"), partial(equation, paper="L23")


def _six(i: OneGroup) -> tuple[Array, Array]:
    """(4) with eta = 1/u^4, and the unit vector along u*^2 v* + b."""
    z = i.star * i.v_star + i.b
    return formulas.direction_step(i.u**2, i.star, i.v_star, i.v, i.b, i.u**-4), z / np.linalg.norm(
        z
    )


def _end(i: OneGroup) -> Real:
    return formulas.step_after(i.u, i.cosines, i.star, i.errors, i.gamma) ** 2


ROWS = (
    statement(
        "lemma7",
        "Lemma 7",
        "inequality",
        "holds",
        "If u(0) < u* and gamma <= 1/(4 u*^2), u(t) = u(t-1) + 2 gamma u(t-1)(u*^2 - u^2(t-1)) never exceeds "
        "u*.",
        hypotheses=(BELOW_STAR, STEP_LEMMA7),
        evidence=(
            Inequality(
                "one step: u(t+1) <= u*",
                "dglnn_step",
                lambda i: (
                    formulas.magnitude_step(i.u, 1.0, i.star, 0.0, i.gamma),
                    np.sqrt(i.star),
                ),
                (BELOW_STAR, STEP_LEMMA7),
            ),
        ),
        derivation="gsae_ref.papers.l23.steps.formulas.largest_step",
    ),
    equation(
        4,
        "definition",
        "holds",
        "z = v + eta_t u^2 (u*^2 v* - u^2 v) + eta_t u^2 b_t, v(t+1) = z/||z||.",
        evidence=(Measurement("dglnn_updates"),),
        derivation="gsae_ref.papers.l23.steps.formulas.direction_step",
    ),
    equation(
        5,
        "definition",
        "holds",
        "u(t+1) = u + 2 gamma u v(t+1)^T (u*^2 v* - u^2 v(t+1)) + 2 gamma u e_t.",
        evidence=(Measurement("dglnn_updates"),),
        derivation="gsae_ref.papers.l23.steps.formulas.magnitude_step",
    ),
    equation(
        6,
        "identity",
        "holds",
        "With eta_t = 1/u^4, z(t+1) = (u*^2/u^2) v* + b_t/u^2.",
        evidence=(Identity("v(t+1)", "dglnn_step", _six),),
        derivation="gsae_ref.papers.l23.steps.formulas.direction_step",
    ),
    statement(
        "lemma8",
        "Lemma 8",
        "inequality",
        "holds",
        "Under (6), ||b_t|| <= B u*^2 with 0 < B < 1 gives <v(t+1), v*> >= 1 - B^2.",
        remark="Sharper: >= sqrt(1 - B^2).",
        evidence=(
            Inequality(
                "1 - B^2 <= <v(t+1), v*>", "dglnn_step", lambda i: (1 - i.level**2, i.cosine)
            ),
            Inequality(
                "the angle: sin <= B",
                "dglnn_step",
                lambda i: (gradient_flow.sine(i.v_next, i.v_star), i.level),
            ),
        ),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.alignment_bound",
    ),
    statement(
        "lemma9",
        "Lemma 9",
        "inequality",
        "false",
        "Under (5) with abs(e_t) <= B: u^2(0) <= u*^2 gives u^2(t) <= u*^2 + B; u^2(0) >= u*^2 and abs(<v(t), b_t>) <= B_2 tau u*^2 give u^2(t) "
        ">= (1 - B_2) "
        "u*^2 - B.",
        repaired="For gamma <= 1/(4 max(u(0)^2, u*^2 + B)), and with ||b_t|| <= B_2 u*^2 for the second part (tau is not defined).",
        hypotheses=(STEP_LEMMA9,),
        evidence=(
            Counterexample(),
            Inequality(
                "any step size: u^2(t+1) <= u*^2 + B",
                "dglnn_step",
                lambda i: (i.u_next**2, i.star + i.bound),
                (BELOW_UPPER_END,),
                expect="fails",
            ),
            Inequality(
                "u^2(t+1) <= u*^2 + B",
                "dglnn_step",
                lambda i: (i.u_next**2, i.star + i.bound),
                (BELOW_UPPER_END, STEP_LEMMA9),
            ),
            Inequality(
                "(1 - B_2) u*^2 - B <= u^2(t+1)",
                "dglnn_step",
                lambda i: ((1 - i.level) * i.star - i.bound, i.u_next**2),
                (ABOVE_LOWER_END, STEP_LEMMA9),
            ),
        ),
        derivation="gsae_ref.papers.l23.steps.formulas.largest_step",
    ),
    statement(
        "lemma10",
        "Lemma 10",
        "inequality",
        "false",
        "Under (4), (5), u(0) = alpha <= u*/5, abs(<v(t), b_t>) <= u*^2/20, abs(e_t) <= u*^2/20: u^2(T) >= u*^2/2 for T >= log(u*^2/(2 alpha^2)) / "
        "(2 log(1 + gamma u*^2/2)).",
        repaired="Under (6), with ||b_t|| <= u*^2/20 and gamma <= 1/(4.2 u*^2).",
        evidence=(
            Counterexample(),
            Inequality("u*^2/2 <= u^2(T)", "dglnn_growth", lambda i: (i.star / 2, _end(i))),
        ),
        derivation="gsae_ref.papers.l23.steps.formulas.largest_step",
    ),
    statement(
        "lemma11",
        "Lemma 11",
        "inequality",
        "false",
        "Under (4), (5), abs(u*^2 - u^2(0)) <= tau u*^2, 0 < tau <= 1/2, abs(<v(t), b_t>), abs(e_t) <= tau u*^2/10: after T >= 5/(2 gamma u*^2), "
        "<v(t), v*> >= 1 - tau^2/5 and abs(u^2(T) - u*^2) <= tau u*^2/2.",
        repaired="Under (6), with ||b_t|| <= tau u*^2/10 and gamma <= 1/(6 u*^2); then even tau u*^2/7.",
        evidence=(
            Counterexample(),
            Inequality(
                "abs(u^2(T) - u*^2) <= tau u*^2/2",
                "dglnn_refine",
                lambda i: (abs(_end(i) - i.star), i.tau * i.star / 2),
            ),
            Inequality(
                "abs(u^2(T) - u*^2) <= tau u*^2/7",
                "dglnn_refine",
                lambda i: (abs(_end(i) - i.star), i.tau * i.star / 7),
            ),
        ),
        derivation="gsae_ref.papers.l23.steps.formulas.interval_after",
    ),
)
