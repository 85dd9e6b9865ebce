"""T21, Eqs. (1)-(18): model, objectives, architecture, assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....claims.evidence import Counterexample, Identity, Inequality, Measurement, Reading
from ...row import Row, equation
from ..instance import CLOSE, CLOSE_ON_SUPPORT, ORTHONORMAL_STAR, UNIT_COLUMNS

if TYPE_CHECKING:
    from ..instance import Instance

PENALTY = "sum over all groups g in [Gamma], not over g in S: S is unknown, and a group outside S would go unpenalised"


def _largest_entry(i: Instance) -> float:
    gram = np.abs(i.A_star.T @ i.A_star)
    np.fill_diagonal(gram, 0)
    return gram.max()


def _cross_gram(i: Instance) -> tuple[float, float]:
    """All blocks A*_g^T A*_h with g != h, entrywise maxima and spectral norms."""
    gram = np.swapaxes(i.star, 1, 2)[:, None] @ i.star[None]
    off = ~np.eye(i.n_groups, dtype=bool)
    return np.abs(gram[off]).max(), np.linalg.norm(gram[off], ord=2, axis=(1, 2)).max()


def _interference(i: Instance) -> tuple[float, float]:
    outside = ~i.active
    return i.r[outside].max(), i.active.sum() * i.b_max * (i.d * i.mu_block + i.delta)


ROWS = (
    equation(
        1,
        "definition",
        "holds",
        "Data are a function of latent codes: y_i = f(x*_i).",
        evidence=(Measurement("sampling_model"),),
    ),
    equation(
        2,
        "definition",
        "holds",
        "Group-sparse model: y = A* x* = sum_{g in S} A*_g x*_g.",
        evidence=(Measurement("sampling_model"),),
        derivation="gsae_ref.sampling.sample",
    ),
    equation(
        3,
        "definition",
        "holds",
        "Block coherence: mu_B = max_{g != h} ||A*_g^T A*_h||_2 / d.",
        evidence=(
            Identity(
                "||A*_g^T A*_h||_2 <= d mu_B is attained",
                "unit",
                lambda i: (i.d * i.mu_block, _cross_gram(i)[1]),
            ),
        ),
        derivation="gsae_ref.papers.t21.model.formulas.block_coherence",
    ),
    Row(
        "T21-mu-order",
        "T21",
        "text after Eq. (3)",
        "inequality",
        "holds",
        "For normalised groups 0 <= mu_B <= mu <= 1.",
        hypotheses=(UNIT_COLUMNS,),
        evidence=(
            Inequality(
                "mu_B <= mu", "unit", lambda i: (i.mu_block, _largest_entry(i)), (UNIT_COLUMNS,)
            ),
            Inequality("mu <= 1", "unit", lambda i: (_largest_entry(i), 1.0), (UNIT_COLUMNS,)),
            Inequality(
                "mu_B <= 1/d for orthonormal groups",
                "support",
                lambda i: (i.mu_block, 1 / i.d),
                (ORTHONORMAL_STAR,),
            ),
            Inequality(
                "||B||_2 <= d max|B_ij| for cross-Gram blocks",
                "unit",
                lambda i: (_cross_gram(i)[1], i.d * _cross_gram(i)[0]),
            ),
        ),
        derivation="gsae_ref.papers.t21.model.formulas.block_coherence",
    ),
    equation(
        4,
        "definition",
        "holds",
        "Group-sparse coding: minimise ||x||_{l0/l2}, the number of active groups, subject to y = A x.",
        evidence=(Reading("states the combinatorial problem that (5) and (6) relax"),),
    ),
    equation(
        5,
        "inequality",
        "typo",
        "Convex relaxation: minimise ||x||_{l1/l2} = sum_{g in S} ||x_g||_2 subject to y = A x.",
        repaired=PENALTY,
        evidence=(
            Measurement("penalty_over_support", "against"),
            Measurement("penalty_over_all_groups"),
        ),
    ),
    equation(
        6,
        "inequality",
        "typo",
        "Group lasso: minimise 1/2 ||y - A x||^2 + lam sum_{g in S} ||x_g||_2.",
        repaired=PENALTY,
        evidence=(
            Measurement("penalty_over_support", "against"),
            Measurement("penalty_over_all_groups"),
        ),
    ),
    equation(
        7,
        "identity",
        "holds",
        "Proximal operator of lam ||.||_2: sigma(x_g) = (1 - lam / ||x_g||)_+ x_g, with sigma(0) = 0.",
        evidence=(Measurement("prox_optimality"),),
        derivation="gsae_ref.reference.activations.group_soft_threshold",
    ),
    Row(
        "T21-relu",
        "T21",
        "text after Eq. (7)",
        "remark",
        "false",
        "The group threshold (7) is a generalisation of ReLU(x) = max(x, 0).",
        repaired="At d = 1 it is the odd two-sided soft threshold ReLU(x - lam) - ReLU(-x - lam). ReLU enters with a sign constraint: the "
        "proximal operator of lam ||x||_2 + 1{x >= 0} is (1 - lam / ||x_+||)_+ x_+.",
        evidence=(
            Counterexample(),
            Measurement("two_sided_relu"),
            Measurement("nonnegative_prox"),
        ),
        derivation="gsae_ref.reference.activations.soft_threshold",
    ),
    equation(
        8,
        "inequality",
        "typo",
        "Dictionary learning: minimise 1/2 ||y - A x||^2 + lam sum_{g in S} ||x_g||_2 over A and x.",
        repaired=PENALTY,
        same_as="T21-eq6",
    ),
    equation(
        9,
        "inequality",
        "typo",
        "Coding step: x^{k+1} minimises 1/2 ||y - A^k x||^2 + lam sum_{g in S} ||x_g||_2.",
        repaired=PENALTY,
        same_as="T21-eq6",
    ),
    equation(
        10,
        "definition",
        "holds",
        "Dictionary step: A^{k+1} minimises 1/2 ||y - A x^{k+1}||^2.",
        evidence=(Reading("a least-squares problem; no claim is made of it"),),
    ),
    equation(
        11,
        "definition",
        "holds",
        "Encoder: x = sigma(A^T y).",
        evidence=(Measurement("network_by_loops"),),
        derivation="gsae_ref.ops.encode",
    ),
    equation(
        12,
        "definition",
        "holds",
        "Decoder: y^ = A x.",
        evidence=(Measurement("network_by_loops"),),
        derivation="gsae_ref.ops.decode",
    ),
    equation(
        13,
        "definition",
        "holds",
        "Cost: 1/N sum_i L = 1/(2N) sum_i ||y_i - y^_i||^2.",
        evidence=(Measurement("network_by_loops"),),
        derivation="gsae_ref.ops.loss",
    ),
    equation(
        14,
        "definition",
        "holds",
        "Update: A^{k+1} = A^k - eta grad L(A^k).",
        evidence=(Measurement("descent_step"),),
        derivation="gsae_ref.ops.loss_and_grad",
    ),
    equation(
        15,
        "definition",
        "holds",
        "Assumption 1: B_min <= ||x*_g||_2 <= B_max for g in S.",
        evidence=(Measurement("sampled_norms"),),
        derivation="gsae_ref.papers.t21.instance.NORMS_BOUNDED",
    ),
    Row(
        "T21-assumption1",
        "T21",
        "Assumption 1",
        "definition",
        "holds",
        "Bounded norms, Eq. (15).",
        same_as="T21-eq15",
    ),
    Row(
        "T21-assumption2",
        "T21",
        "Assumption 2",
        "asymptotic claim",
        "holds",
        "Supports are uniform: P[g in S] = Theta(gamma/Gamma), P[g, h in S] = Theta(gamma^2/Gamma^2), and so on.",
        repaired="p1 = gamma/Gamma, p2 = gamma(gamma-1)/(Gamma(Gamma-1)), p3 = p2 (gamma-2)/(Gamma-2), exactly. So (1 - 1/gamma) p1^2 <= p2 <= "
        "p1^2, Theta with constants 1/2 and 1 for gamma >= 2; for gamma = 1, p2 = 0.",
        evidence=(Measurement("support_probabilities"),),
        derivation="gsae_ref.reference.expected.support_probabilities",
    ),
    equation(
        16,
        "inequality",
        "false",
        "Assumption 3: E[x_v x_h^T | v, h in S] = I if v = h, else 0.",
        repaired="Covariance sigma_x^2 I (with (15), B_min^2 <= d sigma_x^2 <= B_max^2), conditional on the whole support S; every expected "
        "gradient then scales by sigma_x^2. The paper's simulation has sigma_x^2 = 61/6.",
        evidence=(Counterexample(), Measurement("code_covariance")),
        derivation="gsae_ref.ops.expected_gradient",
    ),
    Row(
        "T21-assumption3",
        "T21",
        "Assumption 3",
        "inequality",
        "false",
        "Group-sparse code covariance, Eq. (16).",
        repaired="Covariance sigma_x^2 I, conditional on the whole support; see (16).",
        same_as="T21-eq16",
    ),
    equation(
        17,
        "inequality",
        "typo",
        "Assumption 4: ||A_g - A*_g||_F <= delta for every group g in S, delta in [0, 1].",
        repaired="For every g in [Gamma]: Proposition 2 uses it for a group v outside S.",
        evidence=(
            Inequality(
                "interference bound with (17) on S only",
                "far_outside_support",
                _interference,
                (CLOSE_ON_SUPPORT,),
                expect="fails",
            ),
            Inequality(
                "interference bound with (17) for all groups", "support", _interference, (CLOSE,)
            ),
        ),
        derivation="gsae_ref.papers.t21.instance.CLOSE",
    ),
    equation(
        18,
        "definition",
        "holds",
        "||A_g^T A*_g||_F <= zeta.",
        evidence=(Reading("introduces zeta; Theorem 2 gives it its value"),),
    ),
    Row(
        "T21-unit-norm",
        "T21",
        "Assumption 4, ||A*_g||_2 = 1",
        "identity",
        "false",
        "With A_g^T A_g = I and ||A*_g||_2 = 1 the target norm enters (67) as that of orthonormal columns.",
        repaired="Ask for A*_g^T A*_g = I. Unit columns and ||A*_g||_2 = 1 together mean just that: the Gram matrix has unit diagonal and "
        "largest eigenvalue 1, and its trace leaves no other choice.",
        evidence=(
            Counterexample(),
            Identity(
                "||A*_g||_F^2 = d for orthonormal groups",
                "support",
                lambda i: ((i.star**2).sum(axis=(1, 2)), np.full(i.n_groups, i.d)),
            ),
        ),
        derivation="gsae_ref.papers.t21.instance.ORTHONORMAL_STAR",
    ),
    Row(
        "T21-assumption4",
        "T21",
        "Assumption 4",
        "inequality",
        "false",
        "The initialisation, and therefore the subsequent updates, satisfy A_g^T A_g = I and stay delta-close to A*.",
        remark="Update (14) leaves the orthonormal matrices at the first step, even from A = A*; add a retraction (R2, R3).",
        evidence=(Counterexample(), Measurement("orthonormality_lost", "against")),
        derivation="gsae_ref.papers.t21.convergence.formulas.repaired_bound",
    ),
)
