"""L23, Section 3.2 and Appendix B: gradient flow, Lemmas 2 to 6, Theorem 2."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Real
from ....claims.evidence import Counterexample, Identity, Inequality, Measurement, Reading, worst
from ...row import statement
from ..instance import BETA_BELOW_1, THETA_SMALL
from . import formulas

if TYPE_CHECKING:
    from ..instance import OneGroup, Regression

statement = partial(statement, paper="L23")


def _balance(i: Regression) -> tuple[list[float], list[float]]:
    """u_l du_l/dt and 2 v_l^T dv_l/dt from (3), q = X^T r / n."""
    q = i.parts(i.gram @ (i.w_star - i.weights(i.v)) + i.nu)
    v = i.parts(i.v)
    return [u * (2 * u * (a @ b)) for u, a, b in zip(i.u, v, q, strict=True)], [
        2 * a @ (u**2 * b) for u, a, b in zip(i.u, v, q, strict=True)
    ]


def _alignment(i: Regression) -> tuple[float, float]:
    """sin of the angle of X_l^T y / n with w*_l against beta_l."""
    star = i.parts(i.w_star)
    return worst(
        [formulas.sine(i.signal[k], star[k]) for k in i.on],
        formulas.alignment_bound(i.star[i.on], i.noise[i.on], *i.deltas),
    )


def _reach(i: OneGroup) -> float:
    """When u' = u^5 + sqrt 2 B u^3 goes from theta to sqrt(theta): with h = u^2, int dh / (2 h^2 (h + c)), c = sqrt 2 B."""
    c = np.sqrt(2) * i.bound
    low = i.alpha**2
    high = i.alpha
    return (1 / low - 1 / high - np.log((high / (high + c)) / (low / (low + c))) / c) / (2 * c)


def _rise(i: OneGroup) -> Real:
    """When the equality in Lemma 6 reaches u^3 / sqrt 2 = (1 - 3B - tau) u*^2."""
    end = (np.sqrt(2) * (1 - 3 * i.level - i.tau) * i.star) ** (1 / 3)
    return formulas.flow_time(np.sqrt(2) * (1 - 3 * i.level) * i.star, i.alpha, end)


def _printed_times(i: OneGroup) -> tuple[float, float]:
    """Theorem 2's proof: T_l and T_u for one magnitude, noise-free, with tau = epsilon / u*^2 and theta < epsilon / (2 u*^2)."""
    theta = 0.45 * i.tau * min(1.0, i.star)
    return formulas.lemma6_time(theta, i.star, 0.0, i.tau), formulas.lemma5_time(theta, 0.0)


ROWS = (
    statement(
        "lemma2",
        "Lemma 2",
        "identity",
        "holds",
        "d/dt (u_l^2 / 2 - ||v_l||^2) = 0 along (3).",
        evidence=(
            Identity("u u' = 2 v^T v'", "dglnn_design", _balance),
            Measurement("dglnn_balance"),
        ),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.flow_window",
    ),
    statement(
        "lemma3",
        "Lemma 3",
        "inequality",
        "false",
        "If v_l(0) is proportional to X_l^T y / n, then <v_l(0)/||v_l(0)||, v*_l> >= 1 - (delta_in + L delta_out + ||X_l^T xi / n||_2 / "
        "u*_l^2)^2.",
        repaired="For a positive factor, l in S and beta_l = delta_in + delta_out sum_{l' != l in S} (u*_l'/u*_l)^2 + ||X_l^T xi / n||_2 / u*_l^2 "
        "< 1: >= sqrt(1 - beta_l^2).",
        evidence=(
            Counterexample(),
            Inequality("sin <= beta_l", "dglnn_design", _alignment, (BETA_BELOW_1,)),
        ),
        hypotheses=(BETA_BELOW_1,),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.alignment_bound",
    ),
    statement(
        "theorem2",
        "Theorem 2",
        "inequality",
        "false",
        "Orthogonal design, balanced aligned start u_l(0) = theta < eps/(2 u_max*^2): there are T_l < T_u with ||w_l(t) - w*_l||_inf <~ "
        "||X^T xi / n||_inf v eps on S, theta^{3/2} off S, for T_l <= t <= T_u.",
        repaired="w_l(t) = (u_l^3/sqrt 2) a_l/||a_l||, u_l' = sqrt 2 ||a_l|| u_l^2 - u_l^5, a_l = X_l^T y / n; T_l and T_u are integrals in "
        "closed form, and the "
        "window is not empty for small theta iff max off S of ||X_l^T xi / n||_2 < min on S of ||a_l||. The error on S is at most tau ||a_l|| + "
        "||X_l^T xi / n||_2.",
        evidence=(Counterexample(), Measurement("dglnn_flow_times")),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.flow_window",
    ),
    statement(
        "lemma4",
        "Lemma 4",
        "inequality",
        "holds",
        "Orthogonal design: if v_l(0) = eta X_l^T y / n then v_l(t) = c X_l^T y / n.",
        remark="c = c(t).",
        evidence=(Measurement("dglnn_direction_kept"),),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.flow_window",
    ),
    statement(
        "lemma5",
        "Lemma 5",
        "inequality",
        "false",
        "If d(u^2)/dt / 2 <= u^6 + sqrt 2 u^4 B and u(0) = theta, then u(t) <= sqrt(theta) for t <= log(1/theta) / (2 theta^2 + theta sqrt(2B)).",
        repaired="for t <= log(1/theta) / (2 theta^2 + 2 sqrt 2 theta B), theta < 1.",
        evidence=(
            Counterexample(),
            Inequality(
                "printed T <= the time at which u = sqrt(theta)",
                "dglnn_ode",
                lambda i: (formulas.lemma5_time(i.alpha, i.bound, "printed"), _reach(i)),
                expect="fails",
            ),
            Inequality(
                "the proof's T (sqrt 2 B) <= that time",
                "dglnn_ode",
                lambda i: (formulas.lemma5_time(i.alpha, i.bound, "proof"), _reach(i)),
                expect="fails",
            ),
            Inequality(
                "corrected T <= that time",
                "dglnn_ode",
                lambda i: (formulas.lemma5_time(i.alpha, i.bound), _reach(i)),
            ),
        ),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.lemma5_time",
    ),
    statement(
        "lemma6",
        "Lemma 6",
        "inequality",
        "false",
        "If d(u^2)/dt / 2 >= (1 - 2B) sqrt 2 u^3 u*^2 - u^6 - sqrt 2 u^3 B u*^2, 0 < B < 1/10, tau < 1/2, u(0) = theta < u*/2, then abs(u^3/sqrt "
        "2 - u*^2) "
        "< (1 - 3B - tau) u*^2 for t >= T.",
        repaired="u^3/sqrt 2 >= (1 - 3B - tau) u*^2 for t >= T; from below only.",
        evidence=(
            Counterexample(),
            Inequality(
                "time to (1 - 3B - tau) u*^2 <= T",
                "dglnn_ode",
                lambda i: (_rise(i), formulas.lemma6_time(i.alpha, i.star, i.level, i.tau)),
                (THETA_SMALL,),
            ),
        ),
        hypotheses=(THETA_SMALL,),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.lemma6_time",
    ),
    statement(
        "theorem2-zeta",
        "Appendix B, proof of Theorem 2",
        "remark",
        "typo",
        "zeta = 100 ||X^T xi / n||_inf, ||X_l^T xi / n||_2 <= ||X^T xi / n||_inf, the limit X^T y for X^T xi.",
        repaired="zeta = 80 (max_l ||X_l^T xi / n||_2 v eps), as in Section 4, and the 2-norm of each group throughout.",
        evidence=(
            Reading(
                "100 here and 80 in Section 4; the largest entry never exceeds the 2-norm; the bounds on the noise have y for xi"
            ),
        ),
        derivation="gsae_ref.papers.l23.gradient_descent.formulas.zeta",
    ),
    statement(
        "theorem2-times",
        "Appendix B, end of the proof of Theorem 2",
        "inequality",
        "false",
        "With T_l of Lemma 6 and T_u of Lemma 5: since theta < eps/(2 u_max*^2), T_l < T_u is ensured.",
        remark="T_l of the proof is of the order theta^-3, T_u of the order theta^-2 or less; the exact times are those of Theorem 2, corrected.",
        evidence=(
            Counterexample(),
            Inequality("T_l <= T_u", "dglnn_ode", _printed_times, expect="fails"),
        ),
        derivation="gsae_ref.papers.l23.gradient_flow.formulas.flow_window",
    ),
)
