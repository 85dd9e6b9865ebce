"""T21 on convergence: Eqs. (76)-(78), Theorem 2, the remarks, and R2, R3, R4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import groups
from ....arrays import Real
from ....claims.evidence import (
    Counterexample,
    Inequality,
    Measurement,
    Reading,
    Reproduction,
    worst,
)
from ....claims.hypothesis import Hypothesis
from ...row import Row, equation, statement
from ..direction import claims as direction_claims
from ..direction import formulas as direction_formulas
from ..direction.statements import (
    COSINES_POSITIVE,
    FRAMES,
    ONE_ACTIVE,
    OVERLAP_AS_PRINTED,
    OVERLAP_AS_PRINTED_V1,
    PAIR,
    column_norms,
    columns,
    group,
    remainder,
)
from ..gradients import formulas as gradients
from ..instance import (
    CLOSE,
    COVARIANCE,
    EXPECTATION,
    IN_PRINTED_INTERVAL,
    INCOHERENT,
    ISOTROPIC,
    NORMS_BOUNDED,
    ORTHONORMAL,
    ORTHONORMAL_STAR,
    TAU_POSITIVE,
)
from . import claims, formulas

if TYPE_CHECKING:
    from ..instance import Instance

POSITIVE_RHO = Hypothesis("rho > 0 (Theorem 2)", lambda i: _rho(i) - 1e-9)
SHRINKAGE = Hypothesis(
    "tau_g = 1 - lam / ||A_g^T y|| > 0 at a sample of at most gamma groups, norms <= B_max (Lemma "
    "1)",
    lambda i: min(
        i.b_max - i.code_norms.max(),
        i.n_active - i.active.sum(),
        i.tau[0],
        -abs((1 - i.tau[0]) * i.r[0] - i.lam),
    ),
)
STEP_ALLOWED = Hypothesis(
    "eta <= 1/(tau (2 - tau) p_g alpha_max) (Theorem 2)",
    lambda i: _largest_step(i) - i.step_size,
)
EXACT_SUPPORTS = Hypothesis(
    "B_max (max ||A*_v^T A*_g||_2 + sin theta_max) <= lam < B_min cos theta_max (support_persists)",
    lambda i: _support_margin(i),
)


WEAKLY_COUPLED = Hypothesis(
    "gamma d (d mu_B + delta) <= 1/5, gamma >= 2",
    lambda i: min(0.2 - i.n_active * i.d * (i.d * i.mu_block + i.delta), float(i.n_active - 2)),
)
IN_WINDOW = (ORTHONORMAL, CLOSE, IN_PRINTED_INTERVAL, SHRINKAGE)
EXCLUSION = (*IN_WINDOW, POSITIVE_RHO, ONE_ACTIVE)
EXCLUSION_MANY = (*IN_WINDOW, WEAKLY_COUPLED)


def _support_margin(i: Instance) -> float:
    """Margin of support_persists, from the matrices of an instance."""
    overlap = np.swapaxes(i.star, 1, 2) @ i.blocks
    smallest = np.linalg.svd(overlap, compute_uv=False).min()
    theta = float(np.arccos(min(smallest, 1.0)))
    return formulas.support_persists(i.lam, i.b_min, i.b_max, i.d * i.mu_block, theta)


def _largest_step(i: Instance) -> float:
    """1/(c alpha_max)."""
    B, S, t, p = group(i)
    alpha = direction_formulas.align(B, S)[0]
    return float(1 / (gradients.leading_coefficient(t, p) * np.abs(alpha).max()))


def _rho(i: Instance) -> float:
    B, S, t, p = group(i)
    alpha, omega = direction_formulas.align(B, S)
    step = i.step_size or _largest_step(i)
    return formulas.rho(step, t, p, alpha.min(), omega.max(), i.delta, i.d)


def _repaired(i: Instance) -> tuple[Real, Real]:
    """dist(A+, A*) after a retracted step along the tangential part of G, against R3's bound.

    The step is 6/5 of the instance's, so that kappa goes up to 6/5.
    """
    B, S, t, p = group(i)
    G = columns(i.G, i)
    beta = columns(i.beta, i)
    eta = 1.2 * i.step_size
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


R2_TEXT = (
    "Let gamma = 1, A_g, A*_g orthonormal, the codes x*_g of isotropic direction with E[x*_g "
    "x*_g^T] = sigma^2 I, and the support exact at every sample: ||A_g^T y||_2 > lam for the "
    "active group, ||A_v^T y||_2 <= lam for every other one. After a step of size eta along the "
    "expected exact gradient and a QR or polar retraction, every principal angle theta_i between "
    "A_g and A*_g obeys tan theta_i+ = (1 - eta kappa / (1 + eta m_i + eta kappa sin^2 theta_i)) "
    "tan theta_i, with kappa = p_g sigma^2 and m_i the i-th eigenvalue of p_g E[(lam/r)(2 - "
    "lam/r) z z^T], z = A_g^T y, r = ||z||_2. For 0 < eta kappa <= 1 every angle in (0, pi/2) "
    "falls. If B_max (max_{v != g} ||A*_v^T A*_g||_2 + sin theta_max) <= lam < B_min cos "
    "theta_max at the start, the supports stay exact and all angles go to zero linearly."
)
R3_TEXT = (
    "Let A_g, A*_g be orthonormal, tau constant (or gamma = 1 and G_g the expected exact "
    "gradient), codes of covariance sigma^2 I, c = sigma^2 tau_g (2 - tau_g) p_g, beta_g = G_g "
    "less the leading terms of (55), P_g = A_g A_g^T, dist(A_g) = min_Q ||A_g - A*_g Q||_F over "
    "orthogonal Q, and s the smallest singular value of A*_g^T A_g. The retracted step A_g+ = "
    "polar(A_g - eta (I - P_g) G_g), kappa = eta c > 0, has dist(A_g+) <= sqrt(1 - kappa q) "
    "dist(A_g) + eta ||(I - P_g) beta_g||_F, q = min{s (1 + s)(2 - kappa s)/2, 2 - kappa}, the "
    "first of which is the smaller one for kappa <= 6/5. If kappa = 1 and "
    "dist(A_g) <= 1 at every step, which ||(I - P_g) beta_g||_F <= .338 c ensures from dist <= 1 "
    "on, then limsup dist(A_g) <= 2.96 sqrt(d) max ||beta_g||_2 / c. With (74) that is O(sqrt(d) "
    "gamma R / Gamma) when ||A^k||_2^2, ||A*||_2^2 <= R for all k and gamma R <= Gamma."
)
R4_REMARK = "R4 excludes (33) for one active group and lam in Lemma 1's interval."
CONCLUSION = "||A_g^{k+1} - A*_g||_F^2 <= (1 - rho) ||A_g^k - A*_g||_F^2"
THEOREM2 = (
    "“Suppose that the learning rate” eta “is upper bounded by” 1/(tau_g (2 - tau_g) p_g "
    "alpha_max), “the norm” ||A_g^T A*_g||_F^2 “is upper bounded by” [3 (2 - tau_g)(tau_g - 2/3) "
    "n + (1 - tau_g)(2 - tau_g) delta^2] / tau_g^2, “and that” G_g is “aligned” with A_g - A*_g: "
    "2 <g_i, a_i - a*_i> >= kappa ||a_i - a*_i||_2^2 + nu ||g_i||_2^2 - xi ||v_i||_2^2 - epsilon, "
    "with kappa, nu, xi, epsilon “given by Theorem 1. Then it follows that” "
    + CONCLUSION
    + " + eta d epsilon. “If we further consider the assumptions of Lemma 1 then” "
    + CONCLUSION
    + " + O(d log^2 n / Gamma^2)."
)
STEP = (*PAIR, EXPECTATION, COSINES_POSITIVE, STEP_ALLOWED)
NORM_HYPOTHESES = (*STEP, OVERLAP_AS_PRINTED)

ROWS = (
    equation(
        76,
        "definition",
        "typo",
        "“The gradient updates are done as follows” A_g^{k+1} = A_g^k - eta grad_{A_g^k} L(A^k).",
        repaired="The proof steps along the expected approximate gradient: A_g^{k+1} = A_g^k - "
        "eta G_g.",
        evidence=(Reading("(77) expands the step with g_i, the columns of G_g"),),
        derivation="gsae_ref.training.optimizers.gradient_descent_step",
    ),
    equation(
        77,
        "inequality",
        "typo",
        "||A_g^{k+1} - A*_g||_F^2 = ... <= ||A_g^k - A*_g||_F^2 + eta^2 ||g_g||_F - eta sum_i "
        "[...] <= ... <= (1 - rho) ||A_g^k - A*_g||_F^2 + O(d (mu_B + delta)^2 gamma^4 / Gamma^2).",
        repaired="eta^2 ||G_g||_F^2 in place of eta^2 ||g_g||_F. The chain then holds for "
        "orthonormal A_g, A*_g, alpha_min > 0 and the actual v_i; its last two lines need (33).",
        hypotheses=(*PAIR, EXPECTATION, COSINES_POSITIVE),
        evidence=(
            Counterexample(),
            claims.CHAIN,
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.rho",
    ),
    equation(
        78,
        "asymptotic claim",
        "holds",
        "“Then, the error term becomes” O(d (mu_B + delta)^2 gamma^4 / Gamma^2) = O(d log^2 n / "
        "Gamma^2).",
        repaired="With gamma <= log n and mu_B, delta <= C / log n: at most 4 C^2 d log^2 n / "
        "Gamma^2.",
        hypotheses=(INCOHERENT,),
        evidence=(Measurement("final_rate"),),
        derivation="gsae_ref.papers.t21.convergence.formulas.rho",
    ),
    statement(
        "rho",
        "Theorem 2, rho",
        "definition",
        "holds",
        "“where” rho = eta tau_g (2 - tau_g) p_g (alpha_min - 2 d (omega_max sqrt(d^2 + 1) + "
        "delta)^2 / alpha_min), “where” omega_max = max_i omega_i, alpha_min = min_i alpha_i.",
        remark="rho <= 1 for the allowed eta. rho > 0, a rate of contraction, iff alpha_min > "
        "sqrt(2 d)(omega_max sqrt(d^2 + 1) + delta); so never for delta >= 1/sqrt(2 d), which is "
        "1/2 for d = 2.",
        hypotheses=(*PAIR, COSINES_POSITIVE, TAU_POSITIVE),
        evidence=(
            claims.RHO_AT_MOST_1,
            claims.SIGN_OF_RHO,
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.rho",
    ),
    statement(
        "rho-v1",
        "Theorem 2, version 1, rho",
        "definition",
        "vacuous",
        "“where” rho = eta tau_g (2 - tau_g) p_g (alpha_min - d (alpha_max sqrt(d^2 + 1) + "
        "delta)^2 / alpha_min).",
        remark="rho <= eta c alpha_min (1 - d (d^2 + 1)) < 0 for every d >= 1, as alpha_max >= "
        "alpha_min: the factor 1 - rho allows growth only.",
        hypotheses=(*PAIR, COSINES_POSITIVE, TAU_POSITIVE),
        evidence=(
            Counterexample(),
            claims.RHO_V1_POSITIVE,
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.rho",
    ),
    statement(
        "theorem2",
        "Theorem 2",
        "inequality",
        "false",
        THEOREM2,
        reading="the v_i are those of the proof, g_i = c alpha_i (a_i - a*_i) + v_i with c = "
        "tau_g (2 - tau_g) p_g, so that the alignment is the identity (61); epsilon = O((mu_B + "
        "delta)^2 gamma^5 / Gamma^3)",
        remark="No choice of constants repairs it: the loss is that of A_g Q for every rotation Q "
        "(R0), so ||A_g - A*_g||_F need not fall. R3 bounds the distance modulo rotations in its "
        "place. The other reading is T21-theorem2-implication.",
        hypotheses=NORM_HYPOTHESES,
        evidence=(Counterexample(),),
        derivation="gsae_ref.papers.t21.convergence.formulas.repaired_bound",
    ),
    statement(
        "theorem2-implication",
        "Theorem 2",
        "inequality",
        "holds",
        THEOREM2,
        reading="the alignment is asked with the bound (33) in place of ||v_i||_2, and any "
        "epsilon >= 0; first claim",
        remark="By (61) and (33) it is the chain (77), even with d for 2 d in rho; the condition "
        "on ||A_g^T A*_g||_F is not needed. But (33) does not follow from the hypotheses "
        "(T21-eq70), and " + R4_REMARK + " So the second claim has no instance there. For several "
        "active groups R4 excludes it on weakly coherent dictionaries; where (33) can hold the "
        "second claim is the first, with (78).",
        hypotheses=STEP,
        evidence=(claims.IMPLICATION,),
        derivation="gsae_ref.papers.t21.convergence.formulas.rho",
    ),
    statement(
        "theorem2-v1",
        "Theorem 2, version 1",
        "inequality",
        "false",
        "“Suppose that the learning rate” eta “is upper bounded by” 1/(tau_g (2 - tau_g) p_g "
        "alpha_max), “the norm” ||A_g^T A*_g||_F^2 “is upper bounded by” [3 (2 - tau_g)(tau_g - "
        "2/3) n + (tau_g - 1)^2 delta^2] / tau_g^2, “and that” G_g is “aligned” with A_g [...]. "
        "“Then it follows that” "
        + CONCLUSION
        + " + eta gamma epsilon. “If we further consider the assumptions of” Lemma 1 “then” "
        + CONCLUSION
        + " + O(log^3 n / Gamma^2).",
        reading="as for T21-theorem2",
        remark="It differs from version 2 in rho (T21-rho-v1), in gamma for d, hence log^3 n, and "
        "in the norm condition (T21-eq69-v1). R3 stands in its place.",
        hypotheses=(*STEP, OVERLAP_AS_PRINTED_V1),
        evidence=(Counterexample(),),
        derivation="gsae_ref.papers.t21.convergence.formulas.repaired_bound",
    ),
    statement(
        "closer",
        "text after Theorem 2",
        "remark",
        "false",
        "“when training with gradient descent, the weights of a shallow group-sparse autoencoder "
        "will, in Frobenius norm, get closer to the weights of the generating model.”",
        reading="at a step along G_g that Theorem 2 allows, ||A_g - A*_g||_F does not grow",
        remark="Modulo rotations, and with a retraction, they do: R2, R3.",
        hypotheses=NORM_HYPOTHESES,
        evidence=(Counterexample(),),
        derivation="gsae_ref.papers.t21.convergence.formulas.repaired_bound",
    ),
    statement(
        "because-of-epsilon",
        "text after Theorem 2",
        "remark",
        "false",
        "“because of the error term” epsilon, “the convergence isn’t to the exact weights; it is "
        "rather to a neighborhood of the generative model.”",
        reading="where epsilon is 0 the weights converge to A*",
        remark="epsilon = O((mu_B + delta)^2 gamma^5 / Gamma^3) is 0 at A = A* with jointly "
        "orthonormal groups, and a step leaves A* all the same (T21-theorem2-at-truth): it is lam "
        "that keeps the weights away (T21-remark-b).",
        hypotheses=NORM_HYPOTHESES,
        same_as="T21-theorem2",
        derivation="gsae_ref.papers.t21.convergence.formulas.scaled_minimiser",
    ),
    statement(
        "contribution",
        "Section 1",
        "remark",
        "false",
        "“Under mild assumptions introduced in Section 3, we prove that shallow group-sparse "
        "autoencoders, when trained with gradient descent, converge to a neighborhood of the "
        "generative model.”",
        reading="the neighbourhood of Theorem 2, in Frobenius norm",
        remark="Theorem 2 is what is proved, and it is false under this reading; under the other "
        "one its hypotheses exclude those of Lemma 1 for one active group (R4).",
        hypotheses=NORM_HYPOTHESES,
        same_as="T21-theorem2",
        derivation="gsae_ref.papers.t21.convergence.formulas.repaired_bound",
    ),
    statement(
        "remark-a",
        "remark (a) after Theorem 2",
        "remark",
        "holds",
        "“our formulation requires a bound on the norms of the true codes; a significantly looser "
        "assumption.”",
        remark="Non-zero entries with modulus in [a, b] give norms in [a, sqrt(d) b]; conversely "
        "(1, e) has norm between 1 and 2 for every e in (0, 1], and an entry as small as one "
        "likes.",
        hypotheses=(NORMS_BOUNDED,),
        evidence=(Measurement("norms_from_entries"),),
        derivation="gsae_ref.papers.t21.instance.NORMS_BOUNDED",
    ),
    statement(
        "success-rate",
        "remark (a) after Theorem 2",
        "remark",
        "holds",
        "“As a result, a group-sparse autoencoder is able to recover the support of the true "
        "codes” x* “with a significantly higher success rate (Section 4).”",
        reading="of codes as in Section 4, whose directions are uniform on the sphere",
        remark="That it is a result of the assumption is not shown. It depends on the law of the "
        "codes: where one entry carries the energy of a group the sparse encoder finds more, .44 "
        "against .38 at -5 dB.",
        evidence=(
            Reproduction(
                "gsae-ref reproduce t21-sparse-against-group",
                "the group-sparse encoder recovers supports with a higher success rate [directions "
                "on the sphere]",
                "reproduces",
                "-5 dB: 0.38 against 0.23",
            ),
        ),
        derivation="gsae_ref.experiments.t21.sparse_against_group",
    ),
    statement(
        "remark-b-sparse",
        "remark (b) after Theorem 2",
        "remark",
        "false",
        "“Sparse approaches (Nguyen, Wong, and Hegde, 2019) require the magnitude of the bias to "
        "diminish at every iteration.”",
        reading="of the networks that N19 analyses",
        remark="N19's threshold network has bias 0 throughout (its Theorem 3 (i), (iii) and "
        "Theorem 4 (i)); a diminishing bias is required of its ReLU network with non-negative "
        "codes. The sentence is about another paper, so the evidence is a run of that network and "
        "not an exact instance.",
        evidence=(Measurement("sparse_network_without_bias", "against"),),
        derivation="gsae_ref.ops.sparse_loss_and_grad",
    ),
    statement(
        "remark-b",
        "remark (b) after Theorem 2",
        "remark",
        "false",
        "“In stark contrast, our analysis makes no such assumption; we are able to satisfy both "
        "support recovery and convergence using a constant choice of bias.”",
        reading="convergence is that of Theorem 2, to a neighbourhood of radius^2 O(d log^2 n / "
        "Gamma^2) in Frobenius norm",
        repaired="Let A* be jointly orthonormal, codes of constant norm B, lam > 0 and s - 1/s "
        "= lam/B. Then L = 0, its minimum, at A_g = s A*_g Q_g for orthogonal Q_g, and ||A_g - "
        "A*_g||_F^2 >= (s - 1)^2 d there for every n and Gamma; L > 0 at A*.",
        remark="For the spans: R2 has no floor when the supports are exact; R3 has one that does "
        "not come from lam.",
        hypotheses=(ORTHONORMAL_STAR, NORMS_BOUNDED, COVARIANCE),
        evidence=(Counterexample(), Measurement("scaled_minimiser")),
        derivation="gsae_ref.papers.t21.convergence.formulas.scaled_minimiser",
    ),
    Row(
        "R2",
        "own",
        "R2",
        "identity",
        "holds",
        R2_TEXT,
        remark="Without the lower bound on lam it is false: with A = A* = [(1, 0), (3/5, 4/5)], d "
        "= 1, codes +-4 and lam = 1/5, an angle of 0 grows. Without isotropy angles still fall, "
        "but the equality does not hold.",
        hypotheses=(ORTHONORMAL, ORTHONORMAL_STAR, ONE_ACTIVE, ISOTROPIC, EXACT_SUPPORTS),
        evidence=(Measurement("contraction"), Measurement("support_condition_persists")),
        derivation="gsae_ref.papers.t21.convergence.formulas.contraction_factor",
    ),
    Row(
        "R3",
        "own",
        "R3",
        "inequality",
        "holds",
        R3_TEXT,
        remark="dist <= 1 is not needed for the one-step bound, and neither is (17). For gamma >= "
        "2 this is the expectation with constant tau, not that of the exact gradient. kappa = 1 "
        "for all groups at once needs equal tau_g. q > 0, a decrease, for kappa < 2; "
        "with the first of the two alone the bound fails at kappa = 2.2.",
        hypotheses=(ORTHONORMAL, ORTHONORMAL_STAR, EXPECTATION),
        evidence=(
            Inequality(
                "one retracted step",
                "descent",
                _repaired,
                FRAMES,
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
        "Mutual exclusion. Let A_g be orthonormal, ||A_g - A*_g||_F <= delta, gamma = 1, rho > 0 "
        "(Theorem 2), lam in Lemma 1's interval as printed, not lam = delta = 0, and tau_g = 1 - "
        "lam / ||A_g^T y|| > 0 at a sample with ||x_g|| <= B_max. Then (33) fails for every column "
        "i. So it does for gamma >= 2, without rho > 0, if gamma d (d mu_B + delta) <= 1/5 and "
        "the sample has at most gamma active groups, ||x_h|| <= B_max. If A*_g is orthonormal too "
        "and gamma = 1, ||v_i||_2 >= 2 tau_g (1 - tau_g) p_g alpha_i without rho and the "
        "interval.",
        remark="Without the bound on d mu_B + delta it is false for several active groups: two "
        "groups of 12 atoms with one and the same span, both active, fulfil (33) in every column, "
        "with rho > 0 and lam in the interval, since mu_B is 1/d there. ||A*_h||_2 = 1 is not "
        "needed.",
        hypotheses=(*EXCLUSION, EXPECTATION),
        evidence=(
            Inequality(
                "(33)'s bound lies below ||v_i||, every column",
                "exclusion",
                _exclusion,
                EXCLUSION,
            ),
            Inequality(
                "the same for any A*_g within delta",
                "exclusion_free_star",
                _exclusion,
                EXCLUSION,
            ),
            claims.LEAST_REMAINDER,
            Inequality(
                "(33)'s bound lies below ||v_i||, several active groups",
                "exclusion_many",
                _exclusion,
                EXCLUSION_MANY,
            ),
            direction_claims.SELF_TERM,
        ),
        derivation="gsae_ref.papers.t21.convergence.formulas.exclusion_bound",
    ),
)
