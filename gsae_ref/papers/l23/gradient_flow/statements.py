"""L23, Section 3.2 and Appendix B: gradient flow, Lemmas 2 to 6, Theorem 2."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Real
from ....claims.evidence import (
    Counterexample,
    Inequality,
    Measurement,
    Reading,
    Sides,
)
from ....claims.hypothesis import Hypothesis
from ...row import statement
from ..instance import (
    BALANCED,
    BETA_BELOW_1,
    LEVELS_LEMMA6,
    NONZERO_U,
    ORTHOGONAL,
    PROPORTIONAL,
    SMALLER_THAN_LIMIT,
    THETA_BELOW_1,
    THETA_SMALL,
)
from . import claims, formulas

if TYPE_CHECKING:
    from ..instance import OneGroup

statement = partial(statement, paper="L23")


def _reach(i: OneGroup) -> float:
    """When u' = u^5 + sqrt 2 B u^3 goes from theta to sqrt(theta).

    It is the integral of dh / (2 h^2 (h + c)), with h = u^2 and c = sqrt 2 B.
    """
    c = np.sqrt(2) * i.bound
    low = i.alpha**2
    high = i.alpha
    return (1 / low - 1 / high - np.log((high / (high + c)) / (low / (low + c))) / c) / (2 * c)


def _rise(i: OneGroup) -> Real:
    """When the equality in Lemma 6 reaches u^3 / sqrt 2 = (1 - 3B - tau) u*^2."""
    end = (np.sqrt(2) * (1 - 3 * i.level - i.tau) * i.star) ** (1 / 3)
    return formulas.flow_time(np.sqrt(2) * (1 - 3 * i.level) * i.star, i.alpha, end)


def _theta(i: OneGroup) -> float:
    """A start that Theorem 2 allows."""
    return 0.45 * i.tau * min(1.0, i.star)


SMALL_THETA = Hypothesis(
    "theta < eps/(2 u_max*^2), here eps = tau u*^2 (Theorem 2)", lambda i: i.tau / 2 - _theta(i)
)


def _printed_times(i: OneGroup) -> tuple[float, float]:
    """Theorem 2's proof: T_l and T_u for one magnitude, no noise, tau = epsilon / u*^2."""
    theta = _theta(i)
    return formulas.lemma6_time(theta, i.star, 0.0, i.tau), formulas.lemma5_time(theta, 0.0)


def _lemma5(form: str) -> Sides:
    return lambda i: (formulas.lemma5_time(i.alpha, i.bound, form), _reach(i))


FORMULAS = "gsae_ref.papers.l23.gradient_flow.formulas."
WINDOW = FORMULAS + "flow_window"

ROWS = (
    statement(
        "lemma2",
        "Lemma 2",
        "identity",
        "holds",
        "“For any” l in [L], d/dt (u_l^2 / 2 - ||v_l||^2) = 0 [along (3)].",
        evidence=(
            claims.BALANCE,
            Measurement("dglnn_balance"),
        ),
        derivation=WINDOW,
    ),
    statement(
        "lemma3",
        "Lemma 3",
        "inequality",
        "false",
        "“If the initialization” v_l(0) “is proportional to” X_l^T y / n, “then” "
        "<v_l(0)/||v_l(0)||, v*_l> >= 1 - (delta_in + L delta_out + ||X_l^T xi / n||_2 / "
        "u*_l^2)^2.",
        repaired="For l in S, v_l(0) = eta X_l^T y / n with eta > 0, and beta_l = delta_in + "
        "delta_out sum_{k in S, k != l} (u*_k/u*_l)^2 + ||X_l^T xi / n||_2 / u*_l^2 < 1: the sine "
        "of the angle of v_l(0) and v*_l is at most beta_l, and the cosine at least sqrt(1 - "
        "beta_l^2).",
        remark="False in three ways: magnitudes differ, beta_l may exceed 1, the factor may be "
        "negative.",
        hypotheses=(BETA_BELOW_1,),
        evidence=(
            Counterexample(),
            claims.ALIGNMENT,
        ),
        derivation=FORMULAS + "alignment_bound",
    ),
    statement(
        "first-step",
        "Section 3.2, after Lemma 3",
        "identity",
        "holds",
        "“Note that this initialization can be obtained by a single step of gradient descent with” "
        "0 “initialization.”",
        reading="The 0 initialization is that of v; u_l(0) != 0.",
        remark="-grad_{v_l} L at v = 0 is u_l^2 X_l^T y / n. At u = v = 0 both gradients are 0.",
        hypotheses=(NONZERO_U,),
        evidence=(Measurement("dglnn_first_step"),),
        derivation="gsae_ref.ops.dglnn_loss_and_grad",
    ),
    statement(
        "theorem2",
        "Theorem 2",
        "asymptotic claim",
        "false",
        "X_l^T X_l / n = I, X_l^T X_l' / n = O for l != l', u_l(0) = theta < eps/(2 u_max*^2), "
        "v_l(0) = eta_l X_l^T y / n with ||v_l(0)||^2 = theta^2/2: “there exists an lower bound "
        "and upper bound of the time” T_l < T_u “in the gradient flow in Eq. (3), such that for "
        "any” T_l <= t <= T_u, ||u_l^2(t) v_l(t) - w*_l||_inf <~ ||X^T xi / n||_inf v eps for l "
        "in S, theta^{3/2} for l not in S.",
        repaired="With a_l = X_l^T y / n, nu_l = X_l^T xi / n, eta_l > 0 and theta^3 <= sqrt 2 "
        "||a_l|| for l in S: w_l(t) = (u_l^3/sqrt 2) a_l/||a_l|| with u_l' = sqrt 2 ||a_l|| u_l^2 "
        "- u_l^5. For 0 < tau < 1 and all t in [T_l, T_u], the integrals of flow_window, ||w_l - "
        "w*_l|| <= tau ||a_l|| + ||nu_l||_2 on S and ||w_l|| <= theta^{3/2}/sqrt 2 off S. For "
        "small theta, T_l < T_u iff the largest ||nu_l||_2 off S is below the smallest ||a_l|| on "
        "S.",
        remark="Where the noise of a large group off S exceeds a signal, that group grows first.",
        hypotheses=(ORTHOGONAL, PROPORTIONAL, BALANCED, SMALLER_THAN_LIMIT),
        evidence=(
            Counterexample(),
            Measurement("dglnn_flow_times"),
            Measurement("dglnn_flow_error"),
        ),
        derivation=WINDOW,
    ),
    statement(
        "lemma4",
        "Lemma 4",
        "identity",
        "holds",
        "X_l^T X_l / n = I, X_l^T X_l' / n = O for l != l': “if” v_l(0) = eta X_l^T y / n, “then” "
        "v_l(t) = c X_l^T y / n “for some constant” c.",
        reading="c may depend on t.",
        hypotheses=(ORTHOGONAL, PROPORTIONAL),
        evidence=(Measurement("dglnn_direction_kept"),),
        derivation=WINDOW,
    ),
    statement(
        "lemma5",
        "Lemma 5",
        "inequality",
        "false",
        "“If the gradient flow satisfies” 1/2 d(u^2)/dt <= u^6 + sqrt 2 u^4 B “for some constant” "
        "B > 0, “then for any” t <= T = log(1/theta) / (2 theta^2 + theta sqrt(2B)) “we have” "
        "u(t) <= sqrt(theta) “with initialization” u(0) = theta.",
        repaired="If 1/2 d(u^2)/dt <= u^6 + sqrt 2 u^4 B, B > 0 and u(0) = theta < 1, then u(t) <= "
        "sqrt(theta) for t <= log(1/theta) / (2 theta^2 + 2 sqrt 2 theta B).",
        remark="The proof has sqrt 2 theta B for theta sqrt(2B), which is too little as well.",
        hypotheses=(THETA_BELOW_1,),
        evidence=(
            Counterexample(),
            Inequality(
                "printed T <= the time at which u = sqrt(theta)",
                "dglnn_ode",
                _lemma5("printed"),
                expect="fails",
            ),
            Inequality(
                "the proof's T (sqrt 2 B) <= that time",
                "dglnn_ode",
                _lemma5("proof"),
                expect="fails",
            ),
            Inequality(
                "corrected T <= that time", "dglnn_ode", _lemma5("corrected"), (THETA_BELOW_1,)
            ),
        ),
        derivation=FORMULAS + "lemma5_time",
    ),
    statement(
        "lemma6",
        "Lemma 6",
        "inequality",
        "false",
        "“Fix any” tau < 1/2. “Consider the gradient flow” 1/2 d(u^2)/dt >= (1 - 2B) sqrt 2 u^3 "
        "u*^2 - u^6 - sqrt 2 u^3 B u*^2 “for some constant” 0 < B < 1/10 “with initialization” "
        "u(0) = theta < u*/2, “we have that” abs(u^3/sqrt 2 - u*^2) < (1 - 3B - tau) u*^2 “after” "
        "t >= T = 2^{1/3} u*^{4/3} / (theta^2 (1 - 6B) sqrt 2 u*^2 theta) + 2 log2(1/(2 tau)) / "
        "(3 u*^2 (1/2 - 3B) (sqrt 2 (1/2 - 3B) u*^2)^{1/3}).",
        repaired="Under the same hypotheses and with tau > 0: u^3(t)/sqrt 2 >= (1 - 3B - tau) u*^2 "
        "for t >= T. From below only.",
        hypotheses=(THETA_SMALL, LEVELS_LEMMA6),
        evidence=(
            Counterexample(),
            Inequality(
                "time to (1 - 3B - tau) u*^2 <= T",
                "dglnn_ode",
                lambda i: (_rise(i), formulas.lemma6_time(i.alpha, i.star, i.level, i.tau)),
                (THETA_SMALL, LEVELS_LEMMA6),
            ),
        ),
        derivation=FORMULAS + "lemma6_time",
    ),
    statement(
        "theorem2-zeta",
        "Appendix B, proof of Theorem 2",
        "definition",
        "typo",
        "“Denote” zeta = 100 ||X^T xi / n||_inf; [further on] ||X_l^T xi / n||_2 / u*_l^2 <= "
        "||X^T xi / n||_inf / u*_l^2, and “where” B = ||X^T y / n||_inf / u_min*^2.",
        repaired="zeta = 80 (max_l ||X_l^T xi / n||_2 v eps), as in Section 4, with the 2-norm of "
        "each group throughout, and B = max_l ||X_l^T xi / n||_2 / u_min*^2.",
        evidence=(
            Reading(
                "100 here and 80 in Section 4; the largest entry never exceeds the 2-norm; the "
                "bounds on the noise have y for xi"
            ),
        ),
        derivation="gsae_ref.papers.l23.gradient_descent.formulas.zeta",
    ),
    statement(
        "theorem2-display",
        "Appendix B, proof of Theorem 2, error on S",
        "inequality",
        "typo",
        "“Therefore, the error bound on the support is as follows”: ... <= (3B + tau) u*_l^2 + "
        "u*_l^2 sqrt(2 - 2 <v_l/||v_l||, v*_l>) = (3B + tau) u*_l^2 + u*_l^2 sqrt(2B) <= ||X^T y "
        "/ n||_inf + eps.",
        repaired="With <v_l/||v_l||, v*_l> >= 1 - B^2, B u*_l^2 = ||X_l^T xi / n||_2 and tau "
        "u*_l^2 = eps: (3B + tau) u*_l^2 + sqrt 2 B u*_l^2 = (3 + sqrt 2) ||X_l^T xi / n||_2 + "
        "eps.",
        remark="The same proof has - sqrt 2 u^3 B for - sqrt 2 u^3 B u*^2. The theorem has "
        "constants of its own, so nothing depends on these.",
        hypotheses=(ORTHOGONAL, BALANCED),
        evidence=(
            Reading(
                "the first line adds a vector and an inner product; sqrt(2 - 2 (1 - B^2)) is sqrt "
                "2 B; the last step has no constant; the noise has y for xi"
            ),
        ),
        derivation=WINDOW,
    ),
    statement(
        "theorem2-growth",
        "Appendix B, proof of Theorem 2, off S",
        "inequality",
        "false",
        "“For” l not in S, “we derive a lower bound on the growth rate” 1/2 d(u_l^2)/dt = ... = 2 "
        "||w_l||^2 + 2/n w_l^T X_l^T xi <= u_l^6 + sqrt 2 u_l^4 B.",
        repaired="Orthogonal design, ||v_l||^2 = u_l^2/2, l not in S: 1/2 d(u_l^2)/dt = -2 "
        "||w_l||^2 + 2 w_l^T X_l^T xi / n <= -u_l^6 + sqrt 2 u_l^3 ||X_l^T xi / n||_2.",
        remark="Lemma 5, also as repaired, has u^4 and does not bound this flow: at theta = 1/100, "
        "B = 1/20 it allows t <= 2853, but u passes sqrt(theta) at 1274.",
        hypotheses=(ORTHOGONAL, BALANCED),
        evidence=(
            Counterexample(),
            claims.GROWTH_PRINTED,
            claims.GROWTH,
        ),
        derivation=WINDOW,
    ),
    statement(
        "theorem2-times",
        "Appendix B, end of the proof of Theorem 2",
        "inequality",
        "false",
        "“Since” theta < eps/(2 u_max*^2), T_l < T_u “is ensured.” [of Lemmas 6 and 5]",
        remark="T_l is of the order theta^-3, T_u of the order theta^-2 or less, so T_l > T_u for "
        "all small theta. The exact times are those of Theorem 2, repaired.",
        hypotheses=(SMALL_THETA,),
        evidence=(
            Counterexample(),
            Inequality("T_l <= T_u", "dglnn_ode", _printed_times, (SMALL_THETA,), "fails"),
        ),
        derivation=WINDOW,
    ),
)
