"""T21 on the direction of the gradient: Eqs. (32), (33), (57)-(75), Theorem 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array, Real
from ....claims.evidence import Counterexample, Identity, Inequality, Measurement, worst
from ....claims.hypothesis import Hypothesis
from ...row import equation, statement
from ..gradients import formulas as gradients
from ..instance import CLOSE, DELTA_AT_MOST_1, ORTHONORMAL, ORTHONORMAL_STAR
from . import formulas

if TYPE_CHECKING:
    from ..instance import Instance

PAIR = (ORTHONORMAL, ORTHONORMAL_STAR, CLOSE, DELTA_AT_MOST_1)
COSINES_POSITIVE = Hypothesis(
    "alpha_i > 0", lambda i: formulas.align(i.blocks[0], i.star[0])[0].min()
)


def probability(i: Instance) -> float:
    return i.n_active / i.n_groups


def group(i: Instance) -> tuple[Array, Array, float, float]:
    """A_g, A*_g, tau_g, p of group 0; every family draws its groups alike, so one stands for all."""
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


def _eq59(i: Instance) -> tuple[Array, Array]:
    B, S, t, p = group(i)
    c, difference, G, v = direction(i)
    return G, c * difference + _second_form(i)


def _second_form(i: Instance) -> Array:
    """v_i as (59) writes it: the other columns of the direction, the offset term, beta_i."""
    B, S, t, p = group(i)
    overlap = S.T @ B
    others = overlap - np.diag(np.diag(overlap))
    return (
        gradients.leading_coefficient(t, p) * (B - S) @ others
        + t * p * B @ gradients.offset(B, S, t) @ overlap
        + columns(i.beta, i)
    )


def _eq60(i: Instance) -> tuple[Array, Array]:
    c, difference, G, v = direction(i)
    return (G**2).sum(axis=0), c**2 * (difference**2).sum(axis=0) + 2 * c * (difference * v).sum(
        axis=0
    ) + (v**2).sum(axis=0)


def _eq61(i: Instance) -> tuple[Array, Array]:
    """(61) times c_i, with the negative term moved to the left, so that rounding is small beside both sides."""
    c, difference, G, v = direction(i)
    return 2 * c * (difference * G).sum(axis=0) + (v**2).sum(axis=0), c**2 * (difference**2).sum(
        axis=0
    ) + (G**2).sum(axis=0)


def _eq62(i: Instance) -> tuple[float, float]:
    B, S, t, p = group(i)
    alpha, omega = formulas.align(B, S)
    steps = column_norms(B - S)
    first = gradients.leading_coefficient(t, p) * omega * (steps.sum() - steps)
    return worst(
        column_norms(remainder(i)),
        first
        + t * p * np.linalg.norm(gradients.offset(B, S, t), 2)
        + column_norms(columns(i.beta, i)),
    )


def _eq63(i: Instance) -> tuple[float, float]:
    B, S, *_ = group(i)
    steps = column_norms(B - S)
    return (steps.sum() - steps).max() ** 2, np.sum(steps**2) + i.d**2 * steps.max() ** 2


def _others(i: Instance, constant: Callable[[int], float]) -> tuple[Real, Real]:
    B, S, *_ = group(i)
    steps = column_norms(B - S)
    return (steps.sum() - steps).max(), constant(i.d) * np.linalg.norm(B - S)


def _eq65(i: Instance) -> tuple[float, float]:
    B, S, t, p = group(i)
    omega = formulas.align(B, S)[1]
    first = (
        gradients.leading_coefficient(t, p) * omega * np.sqrt(i.d**2 + 1) * np.linalg.norm(B - S)
    )
    return worst(
        column_norms(remainder(i)),
        first
        + t * p * np.linalg.norm(gradients.offset(B, S, t))
        + column_norms(columns(i.beta, i)),
    )


def _eq66(i: Instance, size: Callable[[Instance], int]) -> tuple[Real, Real]:
    B, S, t, _ = group(i)
    return np.sum(gradients.offset(B, S, t) ** 2), formulas.offset_norm_squared(B.T @ S, t, size(i))


def _eq68(i: Instance) -> tuple[Real, Real]:
    """Right-hand side of (68) with d for n bounds ||M||_F^2."""
    B, S, t, _ = group(i)
    X = B.T @ S
    right = (2 - t) ** 2 * i.d + t**2 * np.sum(X * X) - 2 * (2 - t) * t * (i.d - i.delta**2 / 2)
    return np.sum(gradients.offset(B, S, t) ** 2), right


def _eq69(i: Instance) -> tuple[Real, Real]:
    """If ||X||_F^2 meets (69) with d for n, then ||M||_F^2 <= (2 - tau) delta^2."""
    B, S, t, _ = group(i)
    return np.sum(gradients.offset(B, S, t) ** 2), (2 - t) * i.delta**2


OVERLAP_SMALL = Hypothesis(
    "||A_g^T A*_g||_F^2 <= the bound of (69) with d for n",
    lambda i: (
        formulas.overlap_condition(i.tau[0], i.d, i.delta)
        - np.sum((i.blocks[0].T @ i.star[0]) ** 2)
    ),
)


def _bound33(i: Instance, form: str) -> tuple[float, float]:
    B, S, t, p = group(i)
    return worst(
        column_norms(remainder(i)),
        formulas.remainder_bound(B, S, t, p, i.delta, column_norms(columns(i.beta, i)), form),
    )


def _residual(i: Instance) -> tuple[float, float]:
    right = [
        formulas.residual_bound(t, i.n_active, i.n_groups, i.d, i.mu_block, i.delta) for t in i.tau
    ]
    return worst(_spectral(i.beta, i), right)


def _residual_spectral(i: Instance) -> tuple[float, float]:
    R = max(np.linalg.norm(i.A, 2), np.linalg.norm(i.A_star, 2)) ** 2
    right = [
        formulas.residual_bound_spectral(t, i.tau.max(), i.n_active, i.n_groups, R) for t in i.tau
    ]
    return worst(_spectral(i.beta, i), right)


def _spectral(M: Array, i: Instance) -> Array:
    return np.linalg.norm(np.moveaxis(M.reshape(len(M), i.n_groups, i.d), 1, 0), ord=2, axis=(1, 2))


def _eq73(i: Instance) -> tuple[float, float]:
    """p2 ||sum_{h != g} A*_h A*_h^T A_g|| against p1 (gamma - 1)(d mu_B + delta)."""
    p2 = probability(i) * (i.n_active - 1) / max(i.n_groups - 1, 1)
    total = i.A_star @ i.A_star.T @ i.A - (i.star @ np.swapaxes(i.star, 1, 2) @ i.blocks).transpose(
        1, 0, 2
    ).reshape(i.A.shape)
    return p2 * _spectral(total, i).max(), probability(i) * (i.n_active - 1) * (
        i.d * i.mu_block + i.delta
    )


def _eq75(i: Instance) -> tuple[float, float]:
    B, S, t, p = group(i)
    beta = column_norms(columns(i.beta, i))
    main = formulas.remainder_bound(B, S, t, p, i.delta)
    return worst((main + beta) ** 2, 2 * main**2 + 2 * beta**2)


EQ33 = "||v_i|| <= c (omega_i sqrt(d^2 + 1) + delta) ||A_g - A*_g||_F, c = tau (2 - tau) p_g, omega_i = max_{j != i} |a*_j^T a_i|."
EQ33_RIGHT = "||v_i|| <= c sqrt(d - 1) omega_i e + tau p_g ||M||_F + ||beta_i||, and ||M||_F >= 2 (1 - tau) sqrt(d) > 0 when lam > 0."
EQ33_EVIDENCE = (
    Counterexample(),
    Inequality("printed bound", "descent", lambda i: _bound33(i, "printed"), PAIR, expect="fails"),
    Inequality("corrected bound", "descent", lambda i: _bound33(i, "corrected"), PAIR),
)

ROWS = (
    equation(
        32,
        "identity",
        "holds",
        "2 <g_i, a_i - a*_i> >= c alpha_i ||a_i - a*_i||^2 + ||g_i||^2 / (c alpha_i) - ||v_i||^2 / (c alpha_i) - "
        "O((mu_B + delta)^2 gamma^5 / Gamma^3).",
        remark="It is the equality (61), without the O-term, when v_i includes beta_i.",
        evidence=(Identity("both sides of (61)", "descent", _eq61, (COSINES_POSITIVE,)),),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder",
    ),
    equation(
        33,
        "inequality",
        "false",
        EQ33,
        repaired=EQ33_RIGHT,
        hypotheses=PAIR,
        evidence=EQ33_EVIDENCE,
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    statement(
        "eq34-v1",
        "Eq. (34) of version 1",
        "inequality",
        "false",
        "(33) with alpha_max in place of omega_i.",
        repaired=EQ33_RIGHT,
        hypotheses=PAIR,
        same_as="T21-eq33",
    ),
    statement(
        "theorem1",
        "Theorem 1",
        "inequality",
        "false",
        "(32) with v_i bounded by (33).",
        hypotheses=PAIR,
        repaired="(32) is an equality for any v_i that completes the gradient; (33) must be replaced: "
        + EQ33_RIGHT,
        evidence=(*EQ33_EVIDENCE, Identity("(32)", "descent", _eq61, (COSINES_POSITIVE,))),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        57, "identity", "holds", "(32) restated.", remark="the equality (61)", same_as="T21-eq32"
    ),
    equation(58, "inequality", "false", "(33) restated.", repaired=EQ33_RIGHT, same_as="T21-eq33"),
    equation(
        59,
        "identity",
        "holds",
        "g_i = c alpha_i (a_i - a*_i) + v_i, v_i = c sum_{j != i} (a_j - a*_j) a*_j^T a_i + tau p A_g M A*_g^T a_i + beta_i.",
        evidence=(Identity("columns of G_g", "descent", _eq59, PAIR),),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder",
    ),
    equation(
        60,
        "identity",
        "holds",
        "||g_i||^2 = c^2 alpha_i^2 ||a_i - a*_i||^2 + 2 c alpha_i <a_i - a*_i, v_i> + ||v_i||^2.",
        evidence=(Identity("squared norms", "descent", _eq60),),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder",
    ),
    equation(
        61,
        "identity",
        "holds",
        "2 <a_i - a*_i, g_i> = c alpha_i ||a_i - a*_i||^2 + (||g_i||^2 - ||v_i||^2) / (c alpha_i).",
        same_as="T21-eq32",
    ),
    equation(
        62,
        "inequality",
        "holds",
        "||v_i|| <= c sum_{j != i} ||a_j - a*_j|| max_j |a*_j^T a_i| + tau p ||M||_2 + ||beta_i||.",
        hypotheses=PAIR,
        evidence=(Inequality("triangle inequality", "descent", _eq62, PAIR),),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        63,
        "inequality",
        "holds",
        "(sum_{j != i} ||a_j - a*_j||)^2 <= ||A_g - A*_g||_F^2 + d^2 max_j ||a_j - a*_j||^2.",
        evidence=(Inequality("squared sums", "descent", _eq63),),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        64,
        "inequality",
        "holds",
        "sum_{j != i} ||a_j - a*_j|| <= sqrt(d^2 + 1) ||A_g - A*_g||_F.",
        remark="sqrt(d - 1) holds and is sharp: by Cauchy-Schwarz over d - 1 terms.",
        evidence=(
            Inequality("loose", "descent", lambda i: _others(i, lambda d: np.sqrt(d**2 + 1))),
            Inequality(
                "sharp constant sqrt(d - 1)",
                "descent",
                lambda i: _others(i, lambda d: np.sqrt(d - 1)),
            ),
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        65,
        "inequality",
        "holds",
        "(62) with (64) and the Frobenius norm of M.",
        hypotheses=PAIR,
        evidence=(Inequality("chain", "descent", _eq65, PAIR),),
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        66,
        "identity",
        "false",
        "||tau A_g^T A*_g - (2 - tau) I||_F^2 = (2 - tau)^2 n + tau^2 ||A_g^T A*_g||_F^2 - 2 (2 - tau) tau <A_g, A*_g>.",
        repaired="d in place of n: I is d x d.",
        evidence=(
            Counterexample(),
            Identity("with d", "descent", lambda i: _eq66(i, lambda j: j.d)),
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.offset_norm_squared",
    ),
    equation(
        67,
        "identity",
        "false",
        "<A_g, A*_g> >= n - delta^2/2.",
        repaired="<A_g, A*_g> = d - e^2/2 >= d - delta^2/2 for orthonormal groups.",
        hypotheses=PAIR,
        evidence=(
            Counterexample(),
            Identity(
                "= d - e^2/2",
                "descent",
                lambda i: (np.sum(i.blocks[0] * i.star[0]), i.d - i.errors[0] ** 2 / 2),
                PAIR,
            ),
            Inequality(
                "d - delta^2/2 <= <A_g, A*_g>",
                "descent",
                lambda i: (i.d - i.delta**2 / 2, np.sum(i.blocks[0] * i.star[0])),
                PAIR,
            ),
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.offset_norm_squared",
    ),
    equation(
        68,
        "inequality",
        "false",
        "||M||_F^2 <= (2 - tau)^2 n + tau^2 ||A_g^T A*_g||_F^2 - 2 (2 - tau) tau (n - delta^2/2).",
        repaired="d in place of n. As printed it bounds a squared norm by a negative number.",
        hypotheses=PAIR,
        evidence=(Counterexample(), Inequality("with d", "descent", _eq68, PAIR)),
        derivation="gsae_ref.papers.t21.direction.formulas.offset_norm_squared",
    ),
    equation(
        69,
        "inequality",
        "false",
        "||A_g^T A*_g||_F^2 <= [3 (2 - tau)(tau - 2/3) n + (1 - tau)(2 - tau) delta^2] / tau^2 makes ||M||_F^2 <= (2 - tau) delta^2.",
        hypotheses=(*PAIR, OVERLAP_SMALL),
        repaired="With d in place of n. As printed the condition cannot be met for tau below about 2/3 and is empty above; with d it needs "
        "1 - tau of the order of delta / (2 sqrt(d)) or less.",
        evidence=(
            Counterexample(),
            Inequality("with d", "nearly_linear", _eq69, (*PAIR, OVERLAP_SMALL)),
            Measurement("overlap_condition_range"),
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.smallest_feasible_tau",
    ),
    equation(
        70,
        "inequality",
        "false",
        "(65) with ||M||_F <= (2 - tau) delta ||A_g - A*_g||_F.",
        repaired="(69) gives ||M||_F <= sqrt(2 - tau) delta at best. " + EQ33_RIGHT,
        evidence=EQ33_EVIDENCE,
        derivation="gsae_ref.papers.t21.direction.formulas.remainder_bound",
    ),
    equation(
        71,
        "identity",
        "holds",
        "beta~ = tau_g sum_{h != g} p_gh tau_h (A_h A_h^T A*_g A*_g^T A_g + A*_g A*_g^T A_h A_h^T A_g) + E[P_1 + P_2] + epsilon.",
        evidence=(Measurement("leading_term_and_residual"),),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    equation(
        72,
        "inequality",
        "false",
        "||E[P_1]|| <= tau_g p_gh ||sum_h A*_h A*_h^T A_g|| + tau_g ||sum_{h != g, v} tau_v p_ghv A*_v A*_v^T A_h A_h^T A_g||.",
        repaired="Stars: the last product is A_v A_v^T A*_h A*_h^T A_g. As printed the inequality itself fails.",
        evidence=(Counterexample(), Measurement("first_cross_term")),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    equation(
        73,
        "inequality",
        "false",
        "||sum_{h != g in [Gamma]} A*_h A*_h^T A_g|| <= gamma (mu_B + delta).",
        repaired="(Gamma - 1)(d mu_B + delta): the sum has Gamma - 1 terms. Times p_gh: p1 (gamma - 1)(d mu_B + delta); or p2 ||A*||_2^2.",
        hypotheses=PAIR,
        evidence=(
            Counterexample(),
            Inequality("corrected", "descent", _eq73, PAIR),
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    equation(
        74,
        "inequality",
        "false",
        "||v_i|| <= c (omega_i sqrt(d^2 + 1) + delta) e + O(gamma^3 / Gamma^2 (mu_B + delta)).",
        hypotheses=PAIR,
        repaired="||beta_g||_2 <= tau p1 (gamma - 1)[5 b + b2 + b^2 + b b2 + (gamma - 2) b (b + b2)], or by spectral norms; no gain of 1/Gamma "
        "without a bound on ||A||_2.",
        evidence=(
            Counterexample(),
            Inequality("by coherence", "descent", _residual, PAIR),
            Inequality("by spectral norms", "descent", _residual_spectral, PAIR),
        ),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
    equation(
        75,
        "inequality",
        "holds",
        "(a + b)^2 <= 2 a^2 + 2 b^2, applied to (74).",
        evidence=(Inequality("columns", "descent", _eq75, PAIR),),
        derivation="gsae_ref.papers.t21.direction.formulas.residual_bound",
    ),
)
