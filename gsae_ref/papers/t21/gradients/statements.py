"""T21 on gradients: Eqs. (23)-(31) and (40)-(56), and R0, R1, R6."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Counterexample, Identity, Measurement, Reading
from ...row import Row, equation, statement

if TYPE_CHECKING:
    from ..instance import Instance

EXACT = "grad = -[ e x^T + y (J A^T e)^T ] with the full Jacobian J = (1 - lam/r) I + (lam/r^3) z z^T of every active group"
CLOSED_FORM = "the closed form R6 (form='exact'), for tau that do not depend on the sample"
FROZEN = "true when every tau_h, h in S, is deterministic (say gamma = 1, ||x_g|| constant); otherwise E[tau x x^T] != E[tau] E[x x^T]"


def _threshold_first_line(i: Instance) -> tuple[Array, Array]:
    """(24), first line, group by group against the definition (7) with the positive part."""
    Z = (i.A.T @ i.y).reshape(i.n_groups, i.d)
    r = np.linalg.norm(Z, axis=1, keepdims=True)
    active = r > i.lam
    printed = np.where(active, (1 - i.lam / np.where(active, r, 1)) * Z, 0)
    positive_part = np.maximum(1 - i.lam / np.maximum(r, 1e-300), 0) * Z
    return printed, positive_part


def _projector_sum(i: Instance) -> tuple[Array, Array]:
    """A_S diag(tau) A_S^T against sum_{h in S} tau_h A_h A_h^T (text before Eq. (31))."""
    atoms = np.repeat(i.active, i.d)
    A_S = i.A[:, atoms]
    tau = np.repeat(i.tau[i.active], i.d)
    return A_S @ np.diag(tau) @ A_S.T, np.einsum(
        "g,gni,gmi->nm", i.tau * i.active, i.blocks, i.blocks
    )


def _reordering(i: Instance) -> tuple[Array, Array]:
    """(56): the leading term of (55) written with A_g - A*_g, both sides for every group."""
    p = i.n_active / i.n_groups
    left = []
    right = []
    for B, S, t in zip(i.blocks, i.star, i.tau, strict=True):
        left.append(-t * (2 - t) * p * S @ S.T @ B + t**2 * p * B @ B.T @ S @ S.T @ B)
        right.append(
            t * (2 - t) * p * (B - S) @ S.T @ B
            + t * p * B @ (t * B.T @ S - (2 - t) * np.eye(i.d)) @ S.T @ B
        )
    return np.array(left), np.array(right)


GRADIENT_EVIDENCE = (
    Counterexample(),
    Measurement("printed_gradient", "against"),
    Measurement("exact_gradient"),
)

ROWS = (
    equation(
        23,
        "inequality",
        "false",
        "grad_{A_g} L = -(y - A sigma(A^T y)) sigma(A_g^T y)^T - y (y - A sigma(A^T y))^T A_g diag(sigma'(A_g^T y)).",
        repaired=EXACT + "; (23) is right for d = 1 (away from the kink) and for lam = 0.",
        evidence=GRADIENT_EVIDENCE,
        derivation="gsae_ref.reference.autoencoder.loss_and_grad",
    ),
    statement(
        "eq24-v1",
        "Eq. (24) of version 1",
        "inequality",
        "typo",
        "(23) with sigma' in place of sigma^T in the decoder term.",
        repaired="sigma(A_g^T y)^T, as version 2 has it; then see (23).",
        evidence=(Measurement("version1_decoder_term", "against"), Measurement("exact_gradient")),
        derivation="gsae_ref.reference.autoencoder.loss_and_grad",
    ),
    equation(
        24,
        "identity",
        "false",
        "sigma(A_g^T y) = 1{x_g != 0} (1 - lam/r) A_g^T y and sigma'(A_g^T y) = 1{x_g != 0} (1 - lam/r) 1, with r = ||A_g^T y||.",
        repaired="First line true. Second: J = (1 - lam/r) I + (lam/r^3) z z^T; for d = 1 this is 1, not 1 - lam/r.",
        evidence=(
            Counterexample(),
            Identity("first line", "recovery", _threshold_first_line),
            Measurement("jacobian"),
        ),
        derivation="gsae_ref.reference.activations.group_soft_threshold_jacobian",
    ),
    statement(
        "good-approximation",
        "text after Eq. (24)",
        "remark",
        "false",
        "The gradient (26) is a good approximation of (23).",
        remark="At one active orthonormal group with l = lam/r: radial error l/(2 - l), tangential error l^2 (28.6 % and 19.8 % at l = 4/9).",
        evidence=(
            Measurement("approximation_error", "against"),
            Measurement("approximation_error_formula"),
        ),
        derivation="gsae_ref.ops.compare_gradients",
    ),
    equation(
        25,
        "definition",
        "holds",
        "tau = [tau_1 ... tau_1, tau_2, ..., tau_gamma]^T repeats tau_g = 1 - lam/||A_g^T y|| over the atoms of g in S.",
        evidence=(
            Identity(
                "A_S diag(tau) A_S^T = sum_{h in S} tau_h A_h A_h^T", "descent", _projector_sum
            ),
        ),
        derivation="gsae_ref.reference.activations.shrinkage",
    ),
    equation(
        26,
        "inequality",
        "typo",
        "grad L~ = -1{x_g != 0} tau_g [ (I - A_S diag(tau) A_S^T) y y^T y y^T (I - A_S diag(tau) A_S^T)^T ] A_g.",
        repaired="A '+' is missing between the two y y^T (version 1, (49) and (51) have it).",
        evidence=(Measurement("missing_plus", "against"), Measurement("approximate_gradient")),
        derivation="gsae_ref.reference.gradients.approximate",
    ),
    equation(
        27,
        "asymptotic claim",
        "holds",
        "G_g is the expectation of (26) plus epsilon, ||epsilon|| = O(n^{-omega(1)}), for replacing 1{x_g != 0} by 1{x*_g != 0}.",
        repaired="epsilon = 0 under the corrected Lemma 1, where the support is recovered surely; outside it nothing is proved.",
        evidence=(Measurement("support_substitution"),),
        derivation="gsae_ref.papers.t21.support.formulas.recovery_interval",
    ),
    equation(
        28,
        "inequality",
        "typo",
        "G^(i)_{g|S} = -E[ 1{x*_g != 0} tau_g (I - A_S diag(tau) A_S^T) y y^T A_g | S ].",
        repaired="This is i = 1 only; i = 2 has y y^T (I - A_S diag(tau) A_S^T)^T.",
        evidence=(Reading("the index i is not used on the right"),),
    ),
    equation(
        29,
        "inequality",
        "false",
        "G^(1)_{g|S} = -tau_g (I - A_S diag(tau) A_S^T) A*_g A*_g^T A_g + P_1, and G^(2) likewise.",
        repaired=FROZEN,
        evidence=(
            Counterexample(),
            Measurement("frozen_tau", "against"),
            Measurement("conditional_expectation"),
        ),
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        30,
        "inequality",
        "false",
        "P_1 = -tau_g (I - A_S diag(tau) A_S^T) sum_{h != g in S} A*_h A*_h^T A_g, and P_2 likewise.",
        repaired=FROZEN,
        same_as="T21-eq29",
    ),
    equation(
        31,
        "inequality",
        "false",
        "G_g = tau_g p_g (2 - tau_g)(A_g - A*_g) A*_g^T A_g + V + epsilon, V = E[P_1 + P_2] and terms of lower probability.",
        repaired="V also holds tau p_g A_g M A*_g^T A_g, of the order of p_g and not small: -2 tau (1 - tau) p_g A*_g at A = A*. Complete: "
        + CLOSED_FORM
        + ".",
        evidence=(
            Counterexample(),
            Measurement("displayed_term", "against"),
            Measurement("expected_enumeration"),
        ),
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        40,
        "definition",
        "holds",
        "L(A) = 1/2 ||y - A sigma(A^T y)||^2.",
        evidence=(Measurement("network_by_loops"),),
        derivation="gsae_ref.ops.loss",
    ),
    equation(
        41,
        "inequality",
        "false",
        "(23) restated: the result of Appendix B.",
        repaired=EXACT,
        same_as="T21-eq23",
    ),
    equation(
        42,
        "inequality",
        "false",
        "grad_{a_i} sum_j a_j sigma(a_j^T y) = grad_{a_i} a_i sigma(a_i^T y): only the i-th term depends on a_i.",
        repaired="sigma(A_g^T y)_j depends on a_i for every j in the group of i; the cross terms j != i are off-diagonal entries of J.",
        evidence=(Counterexample(), Measurement("exact_gradient")),
        derivation="gsae_ref.reference.activations.group_soft_threshold_jacobian",
    ),
    *(
        equation(
            number,
            "identity",
            "holds",
            statement,
            remark="given (42), so for d = 1",
            evidence=(Measurement("elementwise_gradient"),),
            derivation="gsae_ref.reference.gradients.appendix_b",
        )
        for number, statement in (
            (43, "grad_{a_i} a_i sigma(a_i^T y) = sigma(a_i^T y) I + sigma'(a_i^T y) y a_i^T."),
            (
                44,
                "grad_{a_i} L = -sigma(a_i^T y) e - sigma'(a_i^T y) y a_i^T e: decoder part and encoder part.",
            ),
            (45, "The decoder parts of all columns: -e sigma(A_g^T y)^T."),
            (46, "The encoder parts of all columns: -y e^T A_g diag(sigma'(A_g^T y))."),
        )
    ),
    equation(47, "inequality", "false", "(41) restated.", repaired=EXACT, same_as="T21-eq23"),
    equation(48, "identity", "false", "(24) restated.", repaired="see (24)", same_as="T21-eq24"),
    equation(
        49,
        "identity",
        "holds",
        "grad L~ = -1{x_g != 0} (1 - lam/r) [ (y - A sigma(A^T y)) y^T + y (y - A sigma(A^T y))^T ] A_g.",
        evidence=(Measurement("approximate_gradient"),),
        derivation="gsae_ref.reference.gradients.approximate",
    ),
    equation(50, "definition", "holds", "(25) restated.", same_as="T21-eq25"),
    equation(
        51,
        "identity",
        "holds",
        "grad L~ = -1{x_g != 0} tau_g [ (I - A_S diag(tau) A_S^T) y y^T + y y^T (I - A_S diag(tau) A_S^T)^T ] A_g.",
        evidence=(Measurement("approximate_gradient"),),
        derivation="gsae_ref.reference.gradients.approximate",
    ),
    equation(
        52,
        "inequality",
        "typo",
        "(27) restated, without the expectation.",
        repaired="E[...] is missing; then see (27).",
        evidence=(Reading("the left side is an expectation, the right side a random matrix"),),
    ),
    equation(
        53,
        "inequality",
        "false",
        "(29), (30) derived for i = 1.",
        repaired=FROZEN,
        same_as="T21-eq29",
    ),
    equation(
        54, "inequality", "false", "(29), (30) for i = 2.", repaired=FROZEN, same_as="T21-eq29"
    ),
    equation(
        55,
        "identity",
        "holds",
        "G_g = -tau_g (2 - tau_g) p_g A*_g A*_g^T A_g + tau_g^2 p_g A_g A_g^T A*_g A*_g^T A_g + beta~.",
        remark="for deterministic tau and A_g^T A_g = I, with beta~ as in (71)",
        evidence=(Measurement("leading_term_and_residual"),),
        derivation="gsae_ref.reference.expected.printed",
    ),
    equation(
        56,
        "identity",
        "holds",
        "The same with the direction: tau_g (2 - tau_g) p_g (A_g - A*_g) A*_g^T A_g + tau_g p_g A_g [tau_g A_g^T A*_g - (2 - tau_g) I] "
        "A*_g^T A_g + beta~.",
        evidence=(Identity("leading terms of (55) and (56)", "descent", _reordering),),
        derivation="gsae_ref.papers.t21.gradients.formulas.offset",
    ),
    Row(
        "R0",
        "own",
        "R0",
        "identity",
        "holds",
        "L(A) = L(A blkdiag(Q_1, ..., Q_Gamma)) for rotations Q_g inside the groups; so <grad_{A_g} L, A_g Omega> = 0 for skew Omega.",
        evidence=(Measurement("rotation_invariance"),),
        derivation="gsae_ref.papers.t21.gradients.formulas",
    ),
    Row(
        "R1",
        "own",
        "R1",
        "identity",
        "holds",
        "Oja identity: if the active groups are orthonormal jointly, (I - P_S) grad_{A_g} L = -(I - P_S) y y^T A_g: lam drops out.",
        evidence=(Measurement("oja_identity"),),
        derivation="gsae_ref.papers.t21.gradients.formulas.oja_gradient",
    ),
    Row(
        "R6",
        "own",
        "R6",
        "identity",
        "holds",
        "Closed form of the expectation of (26) over uniform supports of exact size, frozen tau and any code covariance.",
        evidence=(Measurement("expected_enumeration"),),
        derivation="gsae_ref.reference.expected.exact",
    ),
)
