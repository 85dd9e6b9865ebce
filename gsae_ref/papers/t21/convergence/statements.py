"""T21 on convergence: Eqs. (76)-(78), Theorem 2, the remarks, the simulation, and this project's R2 to R4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import groups
from ....arrays import Real
from ....claims.evidence import Counterexample, Identity, Inequality, Measurement, Reading, worst
from ....claims.hypothesis import Hypothesis
from ...row import Row, equation, statement
from ..direction import formulas as direction_formulas
from ..direction.statements import (
    COSINES_POSITIVE,
    PAIR,
    column_norms,
    columns,
    direction,
    group,
    remainder,
)
from ..gradients import formulas as gradients
from ..instance import IN_PRINTED_INTERVAL, ORTHONORMAL, ORTHONORMAL_STAR
from . import formulas

if TYPE_CHECKING:
    from ..instance import Instance

POSITIVE_RHO = Hypothesis("rho > 0 (Theorem 2)", lambda i: _rho(i) - 1e-9)
ONE_ACTIVE = Hypothesis("one active group, so beta = 0", lambda i: -abs(i.n_active - 1.0))
ORBIT_WITHIN_1 = Hypothesis(
    "dist(A_g, A*_g) <= 1", lambda i: 1 - formulas.orbit_distance(i.blocks[0], i.star[0])
)


def _rho(i: Instance, version: int = 2) -> float:
    B, S, t, p = group(i)
    alpha, omega = direction_formulas.align(B, S)
    spread = omega.max() if version == 2 else np.abs(alpha).max()
    step = 1 / (gradients.leading_coefficient(t, p) * np.abs(alpha).max())
    return formulas.rho(step, t, p, alpha.min(), spread, i.delta, i.d, version)


def _rho_needs(i: Instance) -> tuple[float, float]:
    """rho > 0 exactly when alpha_min > sqrt(2 d)(omega_max sqrt(d^2 + 1) + delta)."""
    B, S, *_ = group(i)
    alpha, omega = direction_formulas.align(B, S)
    return float(_rho(i) > 0), float(
        alpha.min() > np.sqrt(2 * i.d) * (omega.max() * np.sqrt(i.d**2 + 1) + i.delta)
    )


def _eq77(i: Instance) -> tuple[float, float]:
    """||A+ - A*||_F^2 for the step A - eta G against the chain's last line before (33) enters."""
    B, S, t, p = group(i)
    c, difference, G, v = direction(i)
    eta = i.step_size
    e2 = np.sum(difference**2)
    gain = c.min() * e2 + np.sum(G**2) / c.max() - np.sum(v**2) / c.min()
    return np.sum((difference - eta * G) ** 2), e2 + eta**2 * np.sum(G**2) - eta * gain


def _repaired(i: Instance) -> tuple[Real, Real]:
    """dist(A+, A*) after a retracted step along the tangential part of G, against R3's bound."""
    B, S, t, p = group(i)
    G = columns(i.G, i)
    beta = columns(i.beta, i)
    eta = i.step_size
    after = formulas.orbit_distance(groups.polar(B - eta * (G - B @ (B.T @ G)), i.d), S)
    smallest = np.linalg.svd(S.T @ B, compute_uv=False)[-1]
    drift = eta * np.linalg.norm(beta - B @ (B.T @ beta))
    return after, formulas.repaired_bound(
        formulas.orbit_distance(B, S), eta * gradients.leading_coefficient(t, p), smallest, drift
    )


def _exclusion(i: Instance) -> tuple[float, float]:
    """(33)'s bound is missed by *every* column: bound_i < ||v_i||."""
    B, S, t, p = group(i)
    return worst(
        direction_formulas.remainder_bound(B, S, t, p, i.delta, form="printed"),
        column_norms(remainder(i)),
    )


def _lower_bound(i: Instance) -> tuple[float, float]:
    B, S, t, p = group(i)
    return worst(
        formulas.exclusion_bound(t, p, direction_formulas.align(B, S)[0]),
        column_norms(remainder(i)),
    )


REPAIRED = (
    "R3: the orbit distance contracts under a retracted step, dist(A+) <= sqrt(1 - kappa q) dist(A) + eta ||(I - P_g) beta_g||_F; so "
    "limsup dist <= 2.96 sqrt(d) ||beta||_2 / c (kappa = 1), O(sqrt(d) gamma R / Gamma) when ||A||_2^2, ||A*||_2^2 <= R and gamma R <= Gamma."
)

ROWS = (
    equation(
        76,
        "inequality",
        "typo",
        "A_g^{k+1} = A_g^k - eta grad L(A^k).",
        repaired="The proof steps along the expected approximate gradient G_g.",
        evidence=(Reading("(77) expands the step with g_i, the columns of G_g"),),
    ),
    equation(
        77,
        "inequality",
        "typo",
        "The chain from (32) to ||A_g^{k+1} - A*_g||^2 <= (1 - rho) ||A_g^k - A*_g||^2 + O(d (mu_B + delta)^2 gamma^4 / Gamma^2).",
        repaired="eta^2 ||g||_F must be eta^2 ||G_g||_F^2. The chain is right given (33) and alpha_min > 0; (33) is not.",
        evidence=(
            Counterexample(),
            Inequality(
                "the chain, with the actual v_i", "descent", _eq77, (*PAIR, COSINES_POSITIVE)
            ),
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.rho",
    ),
    equation(
        78,
        "asymptotic claim",
        "holds",
        "O(d (mu_B + delta)^2 gamma^4 / Gamma^2) = O(d log^2 n / Gamma^2).",
        repaired="With gamma <= log n and mu_B, delta <= C / log n: at most 4 C^2 d log^2 n / Gamma^2.",
        evidence=(Measurement("final_rate"),),
    ),
    statement(
        "rho",
        "Theorem 2, rho",
        "inequality",
        "false",
        "rho is a contraction rate.",
        repaired="rho <= 1 always; rho > 0 iff alpha_min > sqrt(2 d)(omega_max sqrt(d^2 + 1) + delta), so never for delta >= 1/sqrt(2 d), which "
        "is 1/2 for d = 2.",
        evidence=(
            Inequality("0 < rho", "descent", lambda i: (1e-9, _rho(i)), PAIR, expect="fails"),
            Inequality("rho <= 1", "descent", lambda i: (_rho(i), 1.0), (*PAIR, COSINES_POSITIVE)),
            Identity("its sign", "descent", _rho_needs, (*PAIR, COSINES_POSITIVE)),
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.rho",
    ),
    statement(
        "theorem2",
        "Theorem 2",
        "inequality",
        "false",
        "If eta <= 1/(tau (2 - tau) p_g alpha_max), (69) and Theorem 1 hold: ||A_g^{k+1} - A*_g||_F^2 <= (1 - rho) ||A_g^k - A*_g||_F^2 + eta d "
        "epsilon; under Lemma 1 the last term is O(d log^2 n / Gamma^2).",
        remark=REPAIRED,
        evidence=(Counterexample(),),
        derivation="gsae_ref.papers.t21.convergence.formulas.repaired_bound",
    ),
    statement(
        "theorem2-v1",
        "Theorem 2, version 1",
        "inequality",
        "vacuous",
        "The same with rho = eta c (alpha_min - d (alpha_max sqrt(d^2 + 1) + delta)^2 / alpha_min).",
        remark="rho <= eta c alpha_min (1 - d (d^2 + 1)) < 0 for every d: the bound allows growth only. "
        + REPAIRED,
        evidence=(
            Counterexample(),
            Inequality(
                "0 < rho",
                "descent",
                lambda i: (0.0, _rho(i, 1)),
                (*PAIR, COSINES_POSITIVE),
                expect="fails",
            ),
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.rho",
    ),
    statement(
        "remark-a",
        "remark (a) after Theorem 2",
        "remark",
        "holds",
        "A bound on the norm of a group of the code is a looser assumption than bounds on its entries.",
        remark="It is: entries in [a, b] in modulus give norms in [a, sqrt(d) b]; the converse fails, (1, 0) has norm 1 and a zero entry.",
        evidence=(Measurement("norms_from_entries"),),
    ),
    statement(
        "remark-b",
        "remark (b) after Theorem 2",
        "remark",
        "false",
        "Support recovery and convergence are both possible with a constant bias lam.",
        remark="A constant lam moves the minimiser to s A* Q, s - 1/s = lam/B (gamma = 1): zero loss at s = 5/4, lam/B = 9/20. Convergence "
        "holds for the span: R2 has no floor, R3 one that does not come from lam.",
        evidence=(Counterexample(), Measurement("scaled_minimiser", "against")),
        derivation="gsae_ref.papers.t21.convergence.formulas.scaled_minimiser",
    ),
    statement(
        "simulation",
        "Section 4.1",
        "remark",
        "false",
        "The simulation (Figure 3) supports the theory.",
        remark="It satisfies neither (15) with (16), nor (17), A_g^T A_g = I, ||A*_g||_2 = 1, the corrected Lemma 1 (even at A = A*), nor the "
        "norm condition of Theorem 2. At A = A* the support is recovered all the same: worst-case bounds are loose there.",
        evidence=(Measurement("simulation", "against"),),
        derivation="gsae_ref.sampling.sample",
    ),
    Row(
        "R2",
        "own",
        "R2",
        "identity",
        "holds",
        "One active group, exact population gradient, retraction: tan theta_i+ = (1 - eta kappa / (1 + eta m_i + eta kappa sin^2 theta_i)) tan "
        "theta_i: every principal angle below pi/2 goes to zero linearly, for any lam below the smallest active norm.",
        evidence=(Measurement("contraction"), Measurement("support_condition_persists")),
        derivation="gsae_ref.papers.t21.convergence.formulas.contraction_factor",
    ),
    Row(
        "R3",
        "own",
        "R3",
        "inequality",
        "holds",
        REPAIRED,
        hypotheses=(*PAIR, ORBIT_WITHIN_1),
        evidence=(
            Inequality(
                "one retracted step",
                "descent",
                _repaired,
                (ORTHONORMAL, ORTHONORMAL_STAR, ORBIT_WITHIN_1),
            ),
            Measurement("repaired_run"),
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.repaired_bound",
    ),
    Row(
        "R4",
        "own",
        "R4",
        "inequality",
        "holds",
        "Mutual exclusion: with lam in Lemma 1's interval, orthonormal groups, rho > 0 and one active group, (33) fails for every column "
        "(unless lam = delta = 0).",
        hypotheses=(*PAIR, IN_PRINTED_INTERVAL, POSITIVE_RHO, ONE_ACTIVE),
        evidence=(
            Inequality(
                "(33)'s bound lies below ||v_i||, every column",
                "exclusion",
                _exclusion,
                (*PAIR, IN_PRINTED_INTERVAL, POSITIVE_RHO, ONE_ACTIVE),
            ),
            Inequality(
                "2 tau (1 - tau) p alpha_i <= ||v_i||",
                "exclusion",
                _lower_bound,
                (*PAIR, ONE_ACTIVE, COSINES_POSITIVE),
            ),
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.exclusion_bound",
    ),
)
