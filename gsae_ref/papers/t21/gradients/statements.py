"""T21 on gradients: Eqs. (23)-(31) and (40)-(56), and R0, R1, R6."""

from __future__ import annotations

from ....claims.evidence import Counterexample, Measurement, Reading
from ...row import Row, equation, statement
from ..instance import (
    ACTIVE_ABOVE,
    CLOSE,
    COVARIANCE,
    DIFFERENTIABLE,
    EXPECTATION,
    IN_CORRECTED_INTERVAL,
    JOINTLY_ORTHONORMAL,
    NORMS_BOUNDED,
    ONE_ATOM,
    ORTHONORMAL,
    RECOVERED,
    SUPPORT_SIZE,
    UNCORRELATED,
    UNIFORM_SUPPORTS,
    UNIT_NORM_STAR,
)
from . import claims

LEMMA1 = (ORTHONORMAL, UNIT_NORM_STAR, CLOSE, NORMS_BOUNDED, SUPPORT_SIZE)
GRADIENT = (
    "-(y - A sigma(A^T y)) sigma(A_g^T y)^T - y (y - A sigma(A^T y))^T A_g diag(sigma'(A_g^T y))"
)
EXACT = (
    "Let ||A_h^T y||_2 != lam for every h. Then grad_{A_g} L = -[E sigma(z_g)^T + y (J_g A_g^T "
    "E)^T], with z_g = A_g^T y, r_g = ||z_g||_2, E = y - A sigma(A^T y), and the Jacobian of (7), "
    "J_g = (1 - lam/r_g) I + (lam/r_g^3) z_g z_g^T if r_g > lam, else 0"
)
FROZEN = (
    "It holds when tau_h is a constant given S for every h in S: for instance, when the groups of "
    "A* are orthonormal jointly, A_h = A*_h Q_h with Q_h orthogonal, and ||x*_h||_2 is constant. "
    "And E[x*_v x*_h^T | S] must be I if v = h, else 0 (T21-covariance-given-support)."
)
NOT_FROZEN = (
    "In general E[tau_g x x^T] != E[tau_g] E[x x^T]. A constant ||x*_h||_2 is not enough for d >= "
    "2: ||A_h^T A*_h x||_2 is constant on a sphere only if A_h^T A*_h is a multiple of an "
    "orthogonal matrix."
)
CLOSED_FORM = "Complete, for constant tau: R6."


GRADIENT_EVIDENCE = (
    Counterexample(),
    Measurement("printed_gradient", "against"),
    Measurement("exact_gradient"),
)
GRADIENT_REMARK = "The printed form is right for d = 1 and for lam = 0."
GRADIENT_READING = (
    "sigma' is the diagonal of the Jacobian of (7), or the derivative 1 of an active entry; both "
    "fail"
)

ROWS = (
    equation(
        23,
        "identity",
        "false",
        "“The gradient of the loss function” L “with respect to a group” A_g “is given by” "
        f"grad_{{A_g}} L = {GRADIENT}.",
        reading=GRADIENT_READING,
        repaired=EXACT + ".",
        remark=GRADIENT_REMARK,
        hypotheses=(DIFFERENTIABLE,),
        evidence=GRADIENT_EVIDENCE,
        derivation="gsae_ref.reference.autoencoder.loss_and_grad",
    ),
    statement(
        "eq24-v1",
        "Eq. (24) of version 1",
        "identity",
        "typo",
        "“The gradient of the loss function” “with respect to a group” A_g “is given by” -(y - A "
        "sigma(A^T y)) sigma'(A_g^T y) - y (y - A sigma(A^T y))^T A_g diag(sigma'(A_g^T y)).",
        repaired="sigma(A_g^T y)^T in place of the first sigma', as version 2 has it; then see "
        "(23).",
        hypotheses=(DIFFERENTIABLE,),
        evidence=(Measurement("version1_decoder_term", "against"), Measurement("exact_gradient")),
        derivation="gsae_ref.reference.autoencoder.loss_and_grad",
    ),
    equation(
        24,
        "identity",
        "false",
        "“we can see that they will either be zero” [when g is not in S], “or they will be scaled "
        "versions of” A_g^T y “and” 1: sigma(A_g^T y) = 1{x_g != 0} (1 - lam/||A_g^T y||_2) A_g^T "
        "y, sigma'(A_g^T y) = 1{x_g != 0} (1 - lam/||A_g^T y||_2) 1.",
        repaired="The first line holds. In place of the second, the Jacobian of (7) at an active "
        "group is J_g = (1 - lam/r_g) I + (lam/r_g^3) z_g z_g^T, with z_g = A_g^T y and r_g = "
        "||z_g||_2; for d = 1 it is 1, not 1 - lam/r_g.",
        hypotheses=(RECOVERED, DIFFERENTIABLE),
        evidence=(
            Counterexample(),
            claims.FIRST_LINE,
            Measurement("jacobian"),
        ),
        derivation="gsae_ref.reference.activations.group_soft_threshold_jacobian",
    ),
    statement(
        "good-approximation",
        "text after Eq. (24)",
        "remark",
        "holds",
        "“The substitutions of (24) result in a different gradient” “that was shown to be a good "
        "approximation of” grad_{A_g} L “(Rangamani et al., 2018)”.",
        reading="good when lam is small beside ||A_g^T y||_2",
        remark="At one active orthonormal group, with l = lam/||A_g^T y||_2, the relative error "
        "of (26) is l/(2 - l) along A_g and l^2 normal to it: .5 % and .01 % at l = .01, 5 % and "
        "1 % at l = .1, 28.6 % and 19.8 % at l = 4/9, as in the simulation.",
        hypotheses=(ACTIVE_ABOVE,),
        evidence=(
            Measurement("approximation_error_formula"),
            Measurement("approximation_error"),
        ),
        derivation="gsae_ref.ops.compare_gradients",
    ),
    equation(
        25,
        "definition",
        "holds",
        "“let us define” tau_g = 1 - lam/||A_g^T y||_2 “for every” g in S. “Then, we can define a "
        "vector” tau = [tau_1 ... tau_1 tau_2 ... tau_gamma ... tau_gamma]^T [every tau_g d "
        "times].",
        evidence=(claims.PROJECTORS,),
        derivation="gsae_ref.reference.activations.shrinkage",
    ),
    statement(
        "code-by-tau",
        "text after Eq. (25)",
        "identity",
        "typo",
        "“We can then write” sigma(A^T y) = diag(tau) A_S^T y.",
        repaired="The entries of sigma(A^T y) in the groups of S are diag(tau) A_S^T y, the "
        "others are 0.",
        hypotheses=(RECOVERED,),
        evidence=(Reading("the left side has d Gamma entries, the right side d gamma"),),
        derivation="gsae_ref.reference.activations.shrinkage",
    ),
    equation(
        26,
        "identity",
        "typo",
        "“the approximate gradient” grad L~ “becomes” grad_{A_g} L~ = -1{x_g != 0} tau_g [(I - "
        "A_S diag(tau) A_S^T) y y^T y y^T (I - A_S diag(tau) A_S^T)^T] A_g.",
        repaired="A '+' is missing between the two y y^T; (49), (51) and version 1 have it.",
        hypotheses=(RECOVERED,),
        evidence=(Measurement("missing_plus", "against"), Measurement("approximate_gradient")),
        derivation="gsae_ref.reference.gradients.approximate",
    ),
    equation(
        27,
        "asymptotic claim",
        "holds",
        "G_g is the expectation of (26) plus epsilon, “where” 1{x*_g != 0} “replaced” 1{x_g != "
        "0}. “this introduces an error term” epsilon, “that is, however, bounded (and "
        "specifically has a norm of order” O(n^{-w(1)}).",
        reading="within the corrected Lemma 1, where the support is recovered surely",
        repaired="epsilon = 0 for lam in the corrected interval of Lemma 1 (R5).",
        hypotheses=(*LEMMA1, IN_CORRECTED_INTERVAL),
        remark="Outside that interval nothing is proved here.",
        evidence=(Measurement("support_substitution"),),
        derivation="gsae_ref.papers.t21.support.formulas.recovery_interval",
    ),
    equation(
        28,
        "definition",
        "typo",
        "G^(i)_{g|S} = -E[1{x*_g != 0} tau_g (I - A_S diag(tau) A_S^T) y y^T A_g | S].",
        repaired="This is i = 1 only; i = 2 has y y^T (I - A_S diag(tau) A_S^T)^T.",
        evidence=(Reading("the index i is not used on the right"),),
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        29,
        "identity",
        "false",
        "“invoking the assumption of the code covariances we can finally write” G^(i)_{g|S} “as” "
        "G^(1)_{g|S} [printed G^(1)_{g|Gamma}] = -tau_g (I - A_S diag(tau) A_S^T) A*_g A*_g^T A_g "
        "+ P_1, G^(2)_{g|S} = -tau_g A*_g A*_g^T (I - A_S diag(tau) A_S^T) A_g + P_2.",
        repaired=FROZEN,
        remark=NOT_FROZEN,
        hypotheses=(NORMS_BOUNDED, COVARIANCE),
        evidence=(
            Counterexample(),
            Measurement("frozen_tau", "against"),
            Measurement("conditional_expectation"),
        ),
        derivation="gsae_ref.reference.expected.exact",
    ),
    statement(
        "covariance-given-support",
        "text before Eq. (29)",
        "identity",
        "false",
        "“invoking the assumption of the code covariances we can finally write” G^(i)_{g|S} “as” "
        "(29).",
        reading="(16) as printed, with expectations given v, h in S; tau constant",
        repaired="(29) with E[x*_v x*_h^T | S] = I if v = h, else 0, given the whole support S, "
        "in place of (16).",
        hypotheses=(NORMS_BOUNDED, COVARIANCE),
        evidence=(Counterexample(), Measurement("conditional_expectation")),
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        30,
        "identity",
        "false",
        "“where the” P_i “are cross-terms given by” P_1 = -tau_g (I - A_S diag(tau) A_S^T) sum_{h "
        "!= g in S} A*_h A*_h^T A_g, P_2 = -tau_g sum_{h != g in S} A*_h A*_h^T (I - A_S "
        "diag(tau) A_S^T) A_g.",
        repaired=FROZEN,
        remark=NOT_FROZEN,
        hypotheses=(NORMS_BOUNDED, COVARIANCE),
        same_as="T21-eq29",
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        31,
        "identity",
        "false",
        "G_g = tau_g p_g (2 - tau_g)(A_g - A*_g) A*_g^T A_g + V + epsilon, “where the matrix” V "
        "“is an amalgam of” E[P_1 + P_2] “and lower probability terms”.",
        reading="terms of lower probability than p_g: those with p_gh, p_ghv",
        repaired="For constant tau and A_g^T A_g = I, V = tau_g p_g A_g M A*_g^T A_g + beta~ with "
        "M = tau_g A_g^T A*_g - (2 - tau_g) I and beta~ of (71). The first term has the order of "
        "p_g and is -2 tau_g (1 - tau_g) p_g A*_g at A = A*.",
        remark=CLOSED_FORM,
        hypotheses=(ORTHONORMAL, EXPECTATION),
        evidence=(
            Counterexample(),
            Measurement("displayed_term", "against"),
            Measurement("leading_term_and_residual"),
            claims.LEADING_TERMS,
        ),
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        40,
        "definition",
        "holds",
        "“the loss function” L(A) = 1/2 ||y - A sigma(A^T y)||_2^2.",
        evidence=(Measurement("network_by_loops"),),
        derivation="gsae_ref.reference.autoencoder.loss",
    ),
    equation(
        41,
        "identity",
        "false",
        f"“is given by” grad_{{A_g}} L = {GRADIENT}.",
        reading=GRADIENT_READING,
        repaired=EXACT + ".",
        remark=GRADIENT_REMARK,
        hypotheses=(DIFFERENTIABLE,),
        same_as="T21-eq23",
        derivation="gsae_ref.reference.autoencoder.loss_and_grad",
    ),
    equation(
        42,
        "identity",
        "false",
        "grad_{a_i} L = -grad_{a_i} sum_i a_i sigma(a_i^T y) (y - A sigma(A^T y)) = -grad_{a_i} "
        "a_i sigma(a_i^T y) (y - A sigma(A^T y)).",
        repaired="sigma(A_g^T y)_j depends on a_i for every j in the group of i. So the gradient "
        "of sum_j a_j sigma(A^T y)_j in a_i also has the terms with J_ij, j != i, the "
        "off-diagonal entries of the Jacobian of (7).",
        hypotheses=(DIFFERENTIABLE,),
        evidence=(Counterexample(), Measurement("exact_gradient")),
        derivation="gsae_ref.reference.activations.group_soft_threshold_jacobian",
    ),
    *(
        equation(
            number,
            "identity",
            "holds",
            printed,
            reading="given (42), that is, for d = 1",
            remark="For d >= 2 the terms that (42) drops are missing.",
            hypotheses=(ONE_ATOM, DIFFERENTIABLE),
            evidence=(Measurement(name),),
            derivation="gsae_ref.reference.gradients.appendix_b",
        )
        for number, name, printed in (
            (
                43,
                "column_derivative",
                "grad_{a_i} a_i sigma(a_i^T y) = sigma(a_i^T y) I + sigma'(a_i^T y) y a_i^T.",
            ),
            (
                44,
                "column_gradient",
                "“the gradient with respect to the column” a_i “becomes” -sigma(a_i^T y) E - "
                "sigma'(a_i^T y) y a_i^T E, E = y - A sigma(A^T y) [decoder and encoder].",
            ),
            (
                45,
                "decoder_part",
                "“For the decoder, we have” -E sigma(A_g^T y)^T.",
            ),
            (
                46,
                "encoder_part",
                "“For the encoder, noting that” a_i^T E “is a scalar, we have” -y E^T A_g "
                "diag(sigma'(A_g^T y)).",
            ),
        )
    ),
    equation(
        47,
        "identity",
        "false",
        f"“Finally, the gradient of” L(A) “with respect to” A_g “is given by” {GRADIENT}.",
        reading=GRADIENT_READING,
        repaired=EXACT + ".",
        remark=GRADIENT_REMARK,
        hypotheses=(DIFFERENTIABLE,),
        same_as="T21-eq23",
        derivation="gsae_ref.reference.autoencoder.loss_and_grad",
    ),
    equation(
        48,
        "identity",
        "false",
        "“Note that we can write” sigma(A_g^T y) = 1{x_g != 0} (1 - lam/||A_g^T y||_2) A_g^T y, "
        "sigma'(A_g^T y) = 1{x_g != 0} (1 - lam/||A_g^T y||_2) 1 [(24)].",
        repaired="The first line holds; the Jacobian of (7) at an active group is J_g = (1 - "
        "lam/r_g) I + (lam/r_g^3) z_g z_g^T, with z_g = A_g^T y and r_g = ||z_g||_2.",
        hypotheses=(RECOVERED, DIFFERENTIABLE),
        same_as="T21-eq24",
        derivation="gsae_ref.reference.activations.group_soft_threshold_jacobian",
    ),
    equation(
        49,
        "identity",
        "holds",
        "“These substitutions will lead to an approximate gradient” grad L~ = -1{x_g != 0} (1 - "
        "lam/||A_g^T y||_2) [(y - A sigma(A^T y)) y^T + y (y - A sigma(A^T y))^T] A_g.",
        reading="with (24) substituted, the right side defines the approximate gradient",
        evidence=(Measurement("approximate_gradient"),),
        derivation="gsae_ref.reference.gradients.approximate",
    ),
    equation(
        50,
        "definition",
        "holds",
        "“Let us define” tau_g = 1 - lam/||A_g^T y||_2 “for every” g in S; tau = [tau_1 ... tau_1 "
        "tau_2 ... tau_gamma ... tau_gamma]^T.",
        same_as="T21-eq25",
        derivation="gsae_ref.reference.activations.shrinkage",
    ),
    equation(
        51,
        "identity",
        "holds",
        "grad L~ = -1{x_g != 0} tau_g [(I - A_S diag(tau) A_S^T) y y^T + y y^T (I - A_S diag(tau) "
        "A_S^T)^T] A_g.",
        hypotheses=(RECOVERED,),
        evidence=(Measurement("approximate_gradient"),),
        derivation="gsae_ref.reference.gradients.approximate",
    ),
    equation(
        52,
        "identity",
        "typo",
        "“We will now take the expectation of the gradient. We have” G_g = -1{x_g != 0} tau_g [(I "
        "- A_S diag(tau) A_S^T) y y^T + y y^T (I - A_S diag(tau) A_S^T)^T] A_g = ... = G^(1)_g + "
        "G^(2)_g + epsilon.",
        repaired="E[...] around the right side; then see (27).",
        evidence=(Reading("the left side is an expectation, the right side a random matrix"),),
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        53,
        "identity",
        "false",
        "G^(1)_{g|S} = ... = -tau_g (I - A_S diag(tau) A_S^T) sum_{h,v in S} A*_h E[1{x*_g != 0} "
        "x*_h x*_v^T | S] A*_v^T A_g = ... = -tau_g (I - A_S diag(tau) A_S^T) A*_g A*_g^T A_g + "
        "P_1.",
        repaired=FROZEN,
        remark=NOT_FROZEN,
        hypotheses=(NORMS_BOUNDED, COVARIANCE),
        same_as="T21-eq29",
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        54,
        "identity",
        "false",
        "“Similarly, we can show that” G^(2)_{g|S} = -tau_g A*_g A*_g^T (I - A_S diag(tau) A_S^T) "
        "A_g + P_2.",
        repaired=FROZEN,
        remark=NOT_FROZEN,
        hypotheses=(NORMS_BOUNDED, COVARIANCE),
        same_as="T21-eq29",
        derivation="gsae_ref.reference.expected.exact",
    ),
    equation(
        55,
        "identity",
        "holds",
        "“the expected gradient” G_g “becomes” ... = -tau_g (2 - tau_g) p_g A*_g A*_g^T A_g + "
        "tau_g^2 p_g A_g A_g^T A*_g A*_g^T A_g + beta~.",
        reading="for constant tau, with beta~ as in (71)",
        hypotheses=(ORTHONORMAL, EXPECTATION),
        evidence=(Measurement("leading_term_and_residual"),),
        derivation="gsae_ref.reference.expected.printed",
    ),
    equation(
        56,
        "identity",
        "holds",
        "“to introduce the” direction A*_g - A_g “we can write” G_g = ... = tau_g (2 - tau_g) p_g "
        "(A_g - A*_g) A*_g^T A_g + tau_g p_g A_g [tau_g A_g^T A*_g - (2 - tau_g) I] A*_g^T A_g + "
        "beta~.",
        hypotheses=(ORTHONORMAL, EXPECTATION),
        evidence=(claims.LEADING_TERMS,),
        derivation="gsae_ref.papers.t21.gradients.formulas.offset",
    ),
    Row(
        "R0",
        "own",
        "R0",
        "identity",
        "holds",
        "L(A) = L(A blkdiag(Q_1, ..., Q_Gamma)) for orthogonal d x d matrices Q_g, for every A, y "
        "and lam. So <grad_{A_g} L, A_g Omega> = 0 for every skew Omega, where L is "
        "differentiable.",
        hypotheses=(DIFFERENTIABLE,),
        evidence=(Measurement("rotation_invariance"),),
        derivation="gsae_ref.papers.t21.gradients.formulas",
    ),
    Row(
        "R1",
        "own",
        "R1",
        "identity",
        "holds",
        "Oja identity. Let S be the set of groups with ||A_g^T y||_2 > lam, and let the atoms of "
        "A_S be orthonormal jointly. With P_S = A_S A_S^T, (I - P_S) grad_{A_g} L = -(I - P_S) y "
        "y^T A_g for g in S: lam drops out.",
        hypotheses=(JOINTLY_ORTHONORMAL, ACTIVE_ABOVE),
        evidence=(Measurement("oja_identity"),),
        derivation="gsae_ref.papers.t21.gradients.formulas.oja_gradient",
    ),
    Row(
        "R15",
        "own",
        "R15",
        "identity",
        "holds",
        "R1 for the unfolded encoder. K steps of size alpha, 0 < alpha <= 1, from zero, each "
        "thresholding at alpha lam; S the set of active groups after every step, A_S orthonormal "
        "jointly, r_g = ||A_g^T y|| > lam and tau_g = 1 - lam / r_g for g in S, P_S = A_S A_S^T. "
        "With q = 1 - (1 - alpha)^K the gradient through all steps has (I - P_S) grad_{A_g} L = -q "
        "(1 + (1 - q) tau_g)(I - P_S) y y^T A_g for g in S.",
        remark="alpha = 1 and K to infinity give R1. With FISTA's extrapolation the same holds for "
        "the q of its recursion, unfolded_share. The direction is Oja's for every sample; with "
        "several norms the mean over samples is that of a weighted second moment.",
        hypotheses=(JOINTLY_ORTHONORMAL, ACTIVE_ABOVE),
        evidence=(Measurement("unfolded_oja_identity"),),
        derivation="gsae_ref.papers.t21.gradients.formulas.unfolded_oja_weight",
    ),
    Row(
        "R6",
        "own",
        "R6",
        "identity",
        "holds",
        "Let S be uniform of size gamma, tau constant, E[x_h x_h^T | S] = Sigma_h and E[x_h x_v^T "
        "| S] = 0 for h != v. Then the expectation of (26) is -tau_g {2 (p1 - p2) P*_g + 2 p2 K* "
        "- p3 {K_t, K*} - (p2 - p3) [{K_t, P*_g} + tau_g {P_g, K*} + D_t] - (p1 - 3 p2 + 2 p3) "
        "tau_g {P_g, P*_g}} A_g, with P_h = A_h A_h^T, P*_h = A*_h Sigma_h A*_h^T, K* = sum_h "
        "P*_h, K_t = sum_h tau_h P_h, D_t = sum_h tau_h {P_h, P*_h}, {X, Y} = X Y + Y X, and p1, "
        "p2, p3 of T21-assumption2.",
        remark="Nothing is neglected, and A, A* need not be orthonormal. It is the expectation "
        "with constant tau, not that of the exact gradient.",
        hypotheses=(UNIFORM_SUPPORTS, UNCORRELATED),
        evidence=(Measurement("expected_enumeration"),),
        derivation="gsae_ref.reference.expected.exact",
    ),
)
