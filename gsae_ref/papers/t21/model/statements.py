"""T21, Eqs. (1)-(18): model, objectives, architecture, assumptions."""

from __future__ import annotations

from ....claims.evidence import Counterexample, Measurement, Reading
from ...row import Row, equation, statement
from ..instance import (
    CLOSE,
    CLOSE_ON_SUPPORT,
    COVARIANCE,
    NORMS_BOUNDED,
    ORTHONORMAL,
    ORTHONORMAL_STAR,
    OVERLAP_BOUNDED,
    SUPPORT_SIZE,
    UNIFORM_SUPPORTS,
    UNIT_COLUMNS,
    UNIT_NORM_STAR,
)
from . import claims

OWN_SUPPORT = (
    "S is the group support of the variable x (the paper: “which of the” Gamma “groups are "
    "active”), so that the sum runs over all non-zero groups and equals the sum over [Gamma]"
)
OBJECTIVE = "1/2 ||y - A x||_2^2 + lam sum_{g in S} ||x_g||_2"


ROWS = (
    equation(
        1,
        "definition",
        "holds",
        "“we assume that the data satisfy” y_i = f_{theta*}(x*_i), x*_i “is a latent vector”.",
        evidence=(Measurement("sampling_model"),),
        derivation="gsae_ref.sampling.sample",
    ),
    equation(
        2,
        "definition",
        "holds",
        "“In this general group-sparse model the observed data satisfy” y = A* x* = sum_{g in S} "
        "A*_g x*_g.",
        evidence=(Measurement("sampling_model"),),
        derivation="gsae_ref.sampling.sample",
    ),
    statement(
        "special-cases",
        "text after Eq. (2)",
        "remark",
        "holds",
        "“Gaussian mixture models, sparse models, and nonnegative sparse models” “can readily be "
        "derived as special cases of the highly-expressive generative model from (2).”",
        reading="special cases of (2) alone, with any law of the codes",
        remark="Not of (2) with Assumptions 1 to 3: codes of a Gaussian have no bounded norm, and "
        "non-negative independent codes have E[x_v x_h | v, h in S] > 0, where (16) asks for 0.",
        evidence=(
            Reading(
                "sparse: d = 1; non-negative: d = 1 and x >= 0; mixture: gamma = 1, A*_g = "
                "[mean_g, covariance_g^(1/2)], x*_g = (1, standard normal)"
            ),
        ),
        derivation="gsae_ref.sampling.sample",
    ),
    statement(
        "uniqueness",
        "text before Eq. (3)",
        "remark",
        "false",
        "“Eldar, Kuppinger, and Bölcskei (2010) impose orthonormality on” A*_g “to ensure "
        "uniqueness.”",
        reading="with orthonormal groups the pair (A*_g, x*_g) is determined by A*_g x*_g",
        repaired="With A*_g^T A*_g = I the span of A*_g is determined, and A*_g up to A*_g Q, Q "
        "orthogonal: A*_g x_g = (A*_g Q)(Q^T x_g).",
        remark="Orthonormality does not make the code unique for a given A* either: two groups "
        "may have the same span. R0 is the same for the loss.",
        hypotheses=(ORTHONORMAL_STAR,),
        evidence=(Counterexample(), Measurement("rotated_groups")),
        derivation="gsae_ref.papers.t21.gradients.formulas",
    ),
    equation(
        3,
        "definition",
        "holds",
        "“An analogue to the coherence of a dictionary in sparse models” “is the block coherence "
        "of” A*, mu_B = max_{g != h} (1/d) ||A*_g^T A*_h||_2.",
        evidence=(claims.COHERENCE,),
        derivation="gsae_ref.papers.t21.model.formulas.block_coherence",
    ),
    Row(
        "T21-mu-order",
        "T21",
        "text after Eq. (3)",
        "inequality",
        "holds",
        "“Assuming normalized groups, as we will in this work, it holds that” 0 <= mu_B <= mu <= "
        "1.",
        reading="normalised groups have atoms of norm 1; ||A*_g||_2 = 1 is enough too",
        remark="mu_B <= 1/d for orthonormal groups. mu_B <= mu needs no hypothesis: the spectral "
        "norm of a d x d block is at most d times its largest entry.",
        hypotheses=(UNIT_COLUMNS,),
        evidence=(
            claims.BLOCK_COHERENCE,
            claims.COHERENCE_AT_MOST_1,
            claims.BLOCK_COHERENCE_AT_MOST,
            claims.BLOCKS,
        ),
        derivation="gsae_ref.papers.t21.model.formulas.block_coherence",
    ),
    equation(
        4,
        "definition",
        "holds",
        "“group-sparse coding lets us find” x “as the solution to the optimization problem” min "
        "||x||_{l0/l2} s.t. y = A x [the number of active groups].",
        evidence=(Reading("states the combinatorial problem that (5) and (6) relax"),),
        derivation="gsae_ref.papers.t21.instance.Instance.active",
    ),
    statement(
        "intractable",
        "text after Eq. (4)",
        "remark",
        "holds",
        "“The combinatorial nature of” the l0 pseudo-norm “makes this optimization intractable in "
        "practice.”",
        reading="no polynomial algorithm solves every instance of (4), unless P = NP",
        evidence=(
            Reading(
                "with d = 1, (4) is min ||x||_0 subject to y = A x, which is NP-hard (Natarajan, "
                "1995); a run cannot show it"
            ),
        ),
        derivation="gsae_ref.papers.t21.instance.Instance.active",
    ),
    equation(
        5,
        "procedure",
        "holds",
        "“as a tractable convex relaxation of the optimization of (4)”: min ||x||_{l1/l2} s.t. y "
        "= A x, ||x||_{l1/l2} = sum_{g in S} ||x_g||_2.",
        reading=OWN_SUPPORT,
        remark="Where ||x_g||_2 <= 1 the objective is at most that of (4), and equal to it when "
        "every non-zero group has norm 1: it is its convex envelope there.",
        evidence=(
            claims.ENVELOPE,
            Measurement("norm_is_convex"),
        ),
        derivation="gsae_ref.papers.t21.instance.Instance.code_norms",
    ),
    equation(
        6,
        "procedure",
        "holds",
        "“The following unconstrained optimization problem enables a trade-off between exact "
        f"recovery and the group-sparsity of the latent codes”: min {OBJECTIVE}.",
        reading=OWN_SUPPORT,
        evidence=(Measurement("penalty_over_all_groups"),),
        derivation="gsae_ref.reference.activations.group_soft_threshold",
    ),
    statement(
        "fixed-support",
        "Eqs. (5), (6), (8), (9)",
        "procedure",
        "typo",
        f"min {OBJECTIVE}.",
        reading="S is the fixed support of x* in (2)",
        repaired="The sum over all groups g in [Gamma]: S is unknown, and a group outside S would "
        "go unpenalised.",
        evidence=(
            Measurement("penalty_over_support", "against"),
            Measurement("penalty_over_all_groups"),
        ),
        derivation="gsae_ref.reference.activations.group_soft_threshold",
    ),
    statement(
        "proximal",
        "text after Eqs. (6) and (10)",
        "remark",
        "holds",
        "(6) “can be directly solved via the theory of proximal operators”; the unfolded encoder "
        "“implicitly recovers the sparse codes”.",
        reading="by iterating a gradient step and (7), to the minimiser of (6)",
        remark="A single pass (11) minimises (6) when A^T A = I, and not in general. The "
        "minimiser of (6) is not x* (T21-activations).",
        evidence=(
            Measurement("unfolded_minimises"),
            Measurement("penalty_over_all_groups"),
        ),
        derivation="gsae_ref.reference.unfolded.unfolded_encode",
    ),
    equation(
        7,
        "identity",
        "holds",
        "“the proximal operator promoting group-sparse structures can be derived as” "
        "sigma_lam(x_g) = (1 - lam / ||x_g||_2)_+ x_g.",
        remark="sigma_lam(0) = 0 where the quotient is not defined.",
        evidence=(Measurement("prox_optimality"),),
        derivation="gsae_ref.reference.activations.group_soft_threshold",
    ),
    Row(
        "T21-relu",
        "T21",
        "text after Eq. (7)",
        "remark",
        "false",
        "“this proximal operator bears a striking similarity to” ReLU(x) = max(x, 0). “Indeed, we "
        "can consider (7) as a generalization of ReLU”, “where the thresholding is applied in a "
        "structured way”.",
        reading="a generalisation has ReLU, with some bias, as the special case d = 1",
        repaired="At d = 1 (7) is the odd two-sided soft threshold ReLU(x - lam) - ReLU(-x - "
        "lam). ReLU enters with a sign constraint: the proximal operator of lam ||x||_2 + 1{x >= "
        "0} is (1 - lam / ||x_+||_2)_+ x_+, with x_+ = max(x, 0) entrywise.",
        remark="As an analogy, a threshold on groups in place of entries, the sentence stands.",
        evidence=(
            Counterexample(),
            Measurement("two_sided_relu"),
            Measurement("nonnegative_prox"),
        ),
        derivation="gsae_ref.reference.activations.soft_threshold",
    ),
    equation(
        8,
        "procedure",
        "holds",
        "“Dictionary learning can then be performed by solving” arg min_{A in calA, x in X} "
        f"{OBJECTIVE}, “a nonconvex optimization problem”.",
        reading=OWN_SUPPORT,
        remark="The set calA is not named; over all matrices the infimum is not attained: scaling "
        "A by s and x by 1/s lets the penalty vanish.",
        evidence=(Measurement("nonconvex_objective"), Measurement("penalty_over_all_groups")),
        derivation="gsae_ref.training.train",
    ),
    equation(
        9,
        "procedure",
        "holds",
        "“the group-sparse coding step considers the dictionary” A^k “fixed and solves” x^{k+1} = "
        f"arg min {OBJECTIVE}.",
        reading=OWN_SUPPORT,
        same_as="T21-eq6",
        derivation="gsae_ref.reference.activations.group_soft_threshold",
    ),
    equation(
        10,
        "procedure",
        "holds",
        "“followed by an optimization to find the optimal dictionary”: A^{k+1} = arg min_{A in "
        "calA} 1/2 ||y - A x^{k+1}||_2^2.",
        evidence=(Reading("a least-squares problem; no claim is made of it"),),
        derivation="gsae_ref.reference.autoencoder.loss",
    ),
    equation(
        11,
        "definition",
        "holds",
        "“we denote the encoder as a function” g_theta(y) = sigma_lam(A^T y) = x.",
        evidence=(Measurement("network_by_loops"),),
        derivation="gsae_ref.reference.autoencoder.encode",
    ),
    equation(
        12,
        "definition",
        "holds",
        "“and the corresponding decoder” f_theta(x) = A x = y^.",
        evidence=(Measurement("network_by_loops"),),
        derivation="gsae_ref.reference.autoencoder.decode",
    ),
    statement(
        "footnote3",
        "footnote 3",
        "remark",
        "holds",
        "“the loss function we are minimizing to train the autoencoder is different from the "
        "minimization objective of (6), and instead similar to (10)”.",
        remark="Not equal to (10): the code is a function of A here, which is the second term of "
        "the gradient, the encoder's, in (41).",
        evidence=(Reading("(13) has no penalty, and x = sigma_lam(A^T y) in place of a variable"),),
        derivation="gsae_ref.reference.autoencoder.loss",
    ),
    equation(
        13,
        "definition",
        "holds",
        "“we end up minimizing the cost” 1/N sum_i L(theta) = 1/(2N) sum_i ||y_i - y^_i||_2^2.",
        evidence=(Measurement("network_by_loops"),),
        derivation="gsae_ref.reference.autoencoder.loss",
    ),
    equation(
        14,
        "definition",
        "holds",
        "“via gradient descent, yielding updates of the form” A^{k+1} = A^k - eta grad L(A^k).",
        evidence=(Measurement("descent_step"),),
        derivation="gsae_ref.training.optimizers.gradient_descent_step",
    ),
    equation(
        15,
        "definition",
        "holds",
        "“We assume that each group of the generating code” x* “has bounded norm”: B_min <= "
        "||x*_g||_2 <= B_max “for every” g in S.",
        hypotheses=(NORMS_BOUNDED,),
        evidence=(Measurement("sampled_norms"),),
        derivation="gsae_ref.papers.t21.instance.NORMS_BOUNDED",
    ),
    Row(
        "T21-assumption1",
        "T21",
        "Assumption 1",
        "definition",
        "holds",
        "“Bounded norms”: Eq. (15).",
        hypotheses=(NORMS_BOUNDED,),
        same_as="T21-eq15",
        derivation="gsae_ref.papers.t21.instance.NORMS_BOUNDED",
    ),
    statement(
        "looser-in-experiments",
        "Assumption 1",
        "remark",
        "holds",
        "“as we will show experimentally in Section 4, the norm condition is more easily "
        "satisfied than a direct bound on the codes of the generative model.”",
        reading="the codes of Section 4.1 have norms in [4, 5] and no lower bound on their entries",
        remark="Section 4 prints no experiment on the two conditions; the measurement is ours.",
        hypotheses=(NORMS_BOUNDED,),
        evidence=(Measurement("entries_without_a_bound"),),
        derivation="gsae_ref.sampling.sample",
    ),
    Row(
        "T21-assumption2",
        "T21",
        "Assumption 2",
        "asymptotic claim",
        "holds",
        "“the number of non-zero groups is at most” card(S) = gamma; “the support” S “is "
        "uniformly distributed, i.e.” P[g in S] = p_g = Theta(gamma/Gamma), P[g, h in S] = p_gh = "
        "Theta(gamma^2/Gamma^2), “etc.”",
        reading="S is uniform among the sets of exactly gamma groups",
        repaired="p1 = gamma/Gamma, p2 = p1 (gamma - 1)/(Gamma - 1), p3 = p2 (gamma - 2)/(Gamma - "
        "2), exactly. So p1^2/2 <= p2 <= p1^2 for gamma >= 2, and 2 p1^3/9 <= p3 <= p1^3 for "
        "gamma >= 3. For gamma = 1 p2 = 0, which is not Theta(1/Gamma^2).",
        remark="The law of S with at most gamma groups is not said; a uniform law over all of "
        "them has other probabilities.",
        hypotheses=(SUPPORT_SIZE, UNIFORM_SUPPORTS),
        evidence=(Measurement("support_probabilities"),),
        derivation="gsae_ref.reference.expected.support_probabilities",
    ),
    equation(
        16,
        "definition",
        "holds",
        "“Given two groups in the group support” v, h in S, “we assume it holds” E[x*_v x*_h^T | "
        "v, h in S] = I if v = h, 0 if v != h.",
        remark="(15) and (16) are consistent only if B_min^2 <= d <= B_max^2, as d is the trace "
        "of I; the simulation has E||x_g||^2 = 61/3 and d = 2. With covariance sigma^2 I every "
        "expected gradient scales by sigma^2. (29) needs the covariance given all of S "
        "(T21-covariance-given-support).",
        hypotheses=(COVARIANCE,),
        evidence=(Measurement("code_covariance"),),
        derivation="gsae_ref.ops.expected_gradient",
    ),
    Row(
        "T21-assumption3",
        "T21",
        "Assumption 3",
        "definition",
        "holds",
        "“Group-sparse code covariance”: Eq. (16).",
        remark="See (16).",
        hypotheses=(COVARIANCE,),
        same_as="T21-eq16",
        derivation="gsae_ref.ops.expected_gradient",
    ),
    equation(
        17,
        "definition",
        "holds",
        "“we assume that for every group” g in S “it holds that” ||A_g - A*_g||_F <= delta, “for "
        "some” delta in [0, 1].",
        reading="for every support S, hence for every g in [Gamma]",
        remark="delta <= 1 is needed nowhere: what holds in this ledger holds for every delta "
        "that bounds the distances.",
        hypotheses=(CLOSE,),
        evidence=(claims.INTERFERENCE,),
        derivation="gsae_ref.papers.t21.instance.CLOSE",
    ),
    statement(
        "closeness-on-one-support",
        "Eq. (17)",
        "definition",
        "typo",
        "“for every group” g in S: ||A_g - A*_g||_F <= delta.",
        reading="for the groups of the support at hand only",
        repaired="For every g in [Gamma]: Proposition 2 uses (17) for a group v outside S.",
        hypotheses=(CLOSE_ON_SUPPORT,),
        evidence=(
            claims.INTERFERENCE_ON_SUPPORT,
            claims.INTERFERENCE,
        ),
        derivation="gsae_ref.papers.t21.instance.CLOSE",
    ),
    equation(
        18,
        "definition",
        "holds",
        "“the norm” ||A_g^T A*_g||_F “is bounded, i.e.” ||A_g^T A*_g||_F <= zeta.",
        hypotheses=(OVERLAP_BOUNDED,),
        evidence=(Reading("introduces zeta; Theorem 2 gives it its value, in (69)"),),
        derivation="gsae_ref.papers.t21.instance.OVERLAP_BOUNDED",
    ),
    Row(
        "T21-unit-norm",
        "T21",
        "Assumption 4, ||A*_g||_2 = 1",
        "definition",
        "holds",
        "“the weight matrix has orthonormal groups, i.e.” A_g^T A_g = I, “and also” ||A*_g||_2 = "
        "1.",
        reading="with “normalized groups, as we will in this work” (text after (3)): unit atoms "
        "too",
        remark="Unit atoms and ||A*_g||_2 = 1 together mean A*_g^T A*_g = I: the Gram matrix has "
        "unit diagonal and largest eigenvalue 1, and its trace d leaves no other choice. With "
        "||A*_g||_2 = 1 alone (67) fails, and alpha_i, by which (61) divides, can be 0 "
        "(T21-eq67-short-atom).",
        hypotheses=(ORTHONORMAL, UNIT_NORM_STAR, UNIT_COLUMNS),
        evidence=(claims.UNIT_GROUPS,),
        derivation="gsae_ref.papers.t21.instance.ORTHONORMAL_STAR",
    ),
    Row(
        "T21-assumption4",
        "T21",
        "Assumption 4",
        "remark",
        "false",
        "“We assume that our initialization, and therefore the subsequent updates, are relatively "
        "close to the generating matrix” A*; (17), (18). “Finally, we assume that the weight "
        "matrix has orthonormal groups”.",
        reading="if A^0 meets (17) with some delta, so do the updates (14), with the same delta",
        remark="As assumptions on every iterate they are consistent only with a retraction: "
        "update (14) also leaves the orthonormal matrices at the first step, from A = A* already. "
        "R2 and R3 have a retraction and measure the distance between spans.",
        hypotheses=(ORTHONORMAL, ORTHONORMAL_STAR, CLOSE),
        evidence=(Counterexample(), Measurement("orthonormality_lost", "against")),
        derivation="gsae_ref.papers.t21.convergence.formulas.repaired_bound",
    ),
)
