"""T21 on support recovery: Eqs. (19)-(22), (34)-(39), Propositions 1 and 2, Lemma 1, and R5."""

from __future__ import annotations

from ....claims.evidence import (
    Counterexample,
    Measurement,
)
from ...row import Row, equation, statement
from ..instance import (
    CLOSE,
    DELTA_AT_MOST_1,
    IN_CORRECTED_INTERVAL,
    IN_PRINTED_INTERVAL,
    INCOHERENT,
    NORMS_BOUNDED,
    ORTHONORMAL,
    ORTHONORMAL_STAR,
    SUPPORT_SIZE,
    UNIT_COLUMNS,
    UNIT_NORM_STAR,
)
from . import claims

PROP1 = (ORTHONORMAL, CLOSE, DELTA_AT_MOST_1, NORMS_BOUNDED)
PROP2 = (ORTHONORMAL, UNIT_NORM_STAR, CLOSE, DELTA_AT_MOST_1, NORMS_BOUNDED, SUPPORT_SIZE)
PROP2_V1 = (ORTHONORMAL, UNIT_COLUMNS, CLOSE, DELTA_AT_MOST_1, NORMS_BOUNDED, SUPPORT_SIZE)


LEMMA1_PRINTED = (
    "“Assume” gamma <= log n “and” max(mu_B, delta) = O(1/log n). “Then the range” [gamma B_max "
    "(mu_B + delta), B_min (1 - delta) - gamma B_max (mu_B + delta)] “is non-empty, and any "
    "value” lam “within that range will correctly recover the support.”"
)
LEMMA1_CORRECTED = (
    "Let A_g^T A_g = I, ||A*_g||_2 = 1, ||A_g - A*_g||_F <= delta for every g in [Gamma], (15), "
    "and b = d mu_B + delta. Every lam in [gamma B_max b, B_min (1 - delta) - (gamma - 1) B_max "
    "b) recovers every support of at most gamma groups. The interval is not empty iff B_min (1 - "
    "delta) > (2 gamma - 1) B_max b, for which gamma <= log n and max(d mu_B, delta) <= B_min / "
    "(4 B_max log n) suffice."
)
LEMMA1_EVIDENCE = (claims.OFF_SUPPORT, claims.ON_SUPPORT, claims.NOT_EMPTY)
PROP2_CORRECTED = (
    "||sum_{h in S} A_v^T A*_h x*_h||_2 <= gamma B_max (d mu_B + delta) for v not in S, when "
    "||A*_h||_2 = 1 and ||A_v - A*_v||_F <= delta: (3) divides by d, and the proof does not "
    "multiply back. Sharp at delta = 0."
)

ROWS = (
    statement(
        "activations",
        "Section 1",
        "remark",
        "false",
        "“can a shallow, group-sparse autoencoder recover the generating matrix, as well as "
        "nonzero blocks and their activations? We answer this question in the affirmative” “we "
        "show that the encoder’s output demonstrably identifies nonzero blocks and their "
        "activations.”",
        reading="the activations of a non-zero block are its code x*_g",
        repaired="Let the groups of A = A* be orthonormal jointly and lam < ||x*_g||_2 for g in "
        "S. Then sigma_lam(A_g^T y) = (1 - lam/||x*_g||_2) x*_g: the direction of every "
        "activation is right, its norm is short by lam. So x*_g = (1 + lam/||x_g||_2) x_g for the "
        "output x_g.",
        remark="That the generating matrix is not a minimiser either is T21-remark-b.",
        hypotheses=(ORTHONORMAL, ORTHONORMAL_STAR, NORMS_BOUNDED),
        evidence=(Counterexample(), Measurement("activations_short_by_lam")),
        derivation="gsae_ref.reference.activations.shrinkage",
    ),
    equation(
        19,
        "identity",
        "holds",
        "“we decompose” A_g^T y “as follows” A_g^T y = A_g^T A*_g x*_g + sum_{h != g in S} A_g^T "
        "A*_h x*_h.",
        evidence=(claims.DECOMPOSITION,),
        derivation="gsae_ref.papers.t21.support.formulas.group_norm_bound",
    ),
    statement(
        "prop1",
        "Proposition 1",
        "inequality",
        "holds",
        "“The norm of the term” A_g^T A*_g x*_g “is lower-bounded by” ||A_g^T A*_g x*_g||_2 >= "
        "B_min (1 - delta).",
        hypotheses=PROP1,
        remark="With orthonormal A*_g the sharper (1 - delta^2/2) B_min holds, and is attained.",
        evidence=(claims.SIGNAL_BOUND, claims.SHARP_SIGNAL_BOUND),
        derivation="gsae_ref.papers.t21.support.formulas.signal_bound",
    ),
    equation(
        20,
        "inequality",
        "holds",
        "||A_g^T A*_g x*_g||_2 >= B_min (1 - delta) [Proposition 1].",
        same_as="T21-prop1",
        hypotheses=PROP1,
        derivation="gsae_ref.papers.t21.support.formulas.signal_bound",
    ),
    statement(
        "prop2",
        "Proposition 2",
        "inequality",
        "false",
        "“The norm of the term” sum_{h in S} A_v^T A*_h x*_h “is upper-bounded by” ||sum_{h in S} "
        "A_v^T A*_h x*_h||_2 <= gamma B_max (mu_B + delta) [v not in S].",
        repaired=PROP2_CORRECTED,
        hypotheses=PROP2,
        evidence=(Counterexample(), claims.PROP2_PRINTED, claims.PROP2),
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound",
    ),
    statement(
        "prop2-v1",
        "Proposition 2, version 1",
        "inequality",
        "false",
        "“The norm of the term” sum_{h in S} A_v^T A*_h x*_h “is upper-bounded by” gamma B_max "
        "(mu_B + delta) [with nothing assumed of ||A*_h||_2].",
        repaired="||sum_{h in S} A_v^T A*_h x*_h||_2 <= gamma B_max (d mu_B + delta min(sqrt(d), "
        "1 + delta)) for v not in S, when A_v and A_h are orthonormal, the atoms of A* have unit "
        "norm, and ||A_g - A*_g||_F <= delta for every g.",
        hypotheses=PROP2_V1,
        evidence=(
            Counterexample(),
            claims.PROP2_V1_PRINTED,
            claims.PROP2_V1,
        ),
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound_v1",
    ),
    equation(
        21,
        "inequality",
        "false",
        "||sum_{h in S} A_v^T A*_h x*_h||_2 <= gamma B_max (mu_B + delta) [Proposition 2].",
        repaired=PROP2_CORRECTED,
        same_as="T21-prop2",
        hypotheses=PROP2,
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound",
    ),
    statement(
        "eq22",
        "Eq. (22) (version 1: (22), (23))",
        "inequality",
        "false",
        "“we can now lower-bound the norm of a group” g in S “as” ||A_g^T y||_2 >= ||A_g^T A*_g "
        "x*_g||_2 - ||sum_{h != g in S} A_g^T A*_h x*_h||_2 >= B_min (1 - delta) - gamma B_max "
        "(mu_B + delta).",
        repaired="The first inequality holds. The second holds with (gamma - 1) B_max (d mu_B + "
        "delta) as its last term, under the hypotheses of Proposition 2.",
        remark="||A*_h||_2 <= 1 is needed: it fails, 23/1480 for 1/40, with d = 1, A_1 = e_1, A*_1 "
        "= (7/8, 3/10), A_2 = (-12/37, 35/37), A*_2 = (53/40) A_2, delta = 13/40 and x = (1, 2).",
        hypotheses=PROP2,
        evidence=(claims.TRIANGLE_22, Counterexample(), claims.EQ22),
        derivation="gsae_ref.papers.t21.support.formulas.group_norm_bound",
    ),
    statement(
        "recovery-in-one-pass",
        "text before Lemma 1",
        "remark",
        "false",
        "“If we choose the threshold” lam “to be in the range” of Lemma 1, “then the support is "
        "correctly recovered.” “Connecting this result to the clustering narrative, cluster "
        "membership is recovered in a single step of our architecture.”",
        repaired="For lam in the corrected interval of Lemma 1 (R5) every support is recovered by "
        "one pass of the encoder.",
        hypotheses=(*PROP2, INCOHERENT, IN_PRINTED_INTERVAL),
        evidence=(Counterexample(), Measurement("one_pass_recovery")),
        derivation="gsae_ref.papers.t21.support.formulas.recovery_interval",
    ),
    statement(
        "lemma1",
        "Lemma 1",
        "inequality",
        "false",
        LEMMA1_PRINTED,
        repaired=LEMMA1_CORRECTED,
        remark="The factor d of Proposition 2 is what no constant in O(1/log n) repairs "
        "(T21-lemma1); that the constant must be small enough (-empty) and the right end excluded "
        "(-closed-end) are smaller matters. B_min / (4 B_max) is the largest constant that does "
        "for all n. On the support ||A*_g||_2 <= 1 is not needed: gsae_ref.papers.t21.support."
        "claims.",
        hypotheses=(*PROP2, INCOHERENT, IN_PRINTED_INTERVAL),
        evidence=(
            Counterexample(),
            *LEMMA1_EVIDENCE,
        ),
        derivation="gsae_ref.papers.t21.support.formulas.recovery_interval",
    ),
    statement(
        "lemma1-v1",
        "Lemma 1, version 1",
        "inequality",
        "false",
        "“Assume” gamma <= log n “and” max(mu_B, delta) = O(1/log n). “Then the range” [gamma "
        "B_max (mu_B + delta), B_min (1 - delta) - gamma B_max (mu_B + delta)] “is non-empty, and "
        "any value” lam “within that range will correctly recover the support.” [With nothing "
        "assumed of ||A*_h||_2.]",
        repaired="Let A_g be orthonormal, the atoms of A* of unit norm, ||A_g - A*_g||_F <= delta "
        "for every g in [Gamma], (15), and b = d mu_B + delta min(sqrt(d), 1 + delta). Every lam "
        "in [gamma B_max b, B_min (1 - delta) - (gamma - 1) B_max b) recovers every support of at "
        "most gamma groups.",
        hypotheses=(*PROP2_V1, INCOHERENT, IN_PRINTED_INTERVAL),
        evidence=(
            Counterexample(),
            claims.OFF_SUPPORT_V1,
            claims.ON_SUPPORT_V1,
        ),
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound_v1",
    ),
    equation(
        34,
        "inequality",
        "holds",
        "||A_g^T A*_g x*_g||_2 >= B_min (1 - delta) [Proposition 1 restated].",
        same_as="T21-prop1",
        hypotheses=PROP1,
        derivation="gsae_ref.papers.t21.support.formulas.signal_bound",
    ),
    equation(
        35,
        "inequality",
        "holds",
        "||A_g^T A*_g x*_g||_2 = ||(A_g^T A*_g - I) x*_g + x*_g||_2 >= (1 - ||A_g^T A*_g - I||_2) "
        "||x*_g||_2.",
        evidence=(claims.STEP_35,),
        derivation="gsae_ref.papers.t21.support.formulas.signal_bound",
    ),
    equation(
        36,
        "inequality",
        "holds",
        "||A_g^T A*_g - I||_2 = ||A_g^T (A*_g - A_g)||_2 <= ||A_g^T||_2 ||A*_g - A_g||_2 <= delta.",
        hypotheses=(ORTHONORMAL, CLOSE),
        evidence=(claims.OVERLAP_DEFECT,),
        derivation="gsae_ref.papers.t21.support.formulas.signal_bound",
    ),
    equation(
        37,
        "inequality",
        "holds",
        "||A_g^T A*_g x*_g||_2 >= (1 - ||A_g^T A*_g - I||_2) ||x*_g||_2 >= (1 - delta) ||x*_g||_2 "
        ">= (1 - delta) B_min.",
        same_as="T21-prop1",
        hypotheses=PROP1,
        derivation="gsae_ref.papers.t21.support.formulas.signal_bound",
    ),
    equation(
        38,
        "inequality",
        "false",
        "||sum_{h in S} A_v^T A*_h x*_h||_2 <= gamma B_max (mu_B + delta) [Proposition 2 "
        "restated].",
        repaired=PROP2_CORRECTED,
        same_as="T21-prop2",
        hypotheses=PROP2,
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound",
    ),
    equation(
        39,
        "inequality",
        "false",
        "||sum_{h in S} A_v^T A*_h x*_h||_2 <= ... <= sum_{h in S} ||A_v^T - A*_v^T||_2 "
        "||A*_h||_2 ||x*_h||_2 + sum_{h in S} ||A*_v^T A*_h||_2 ||x*_h||_2 <= sum_{h in S} delta "
        "B_max + sum_{h in S} mu_B B_max.",
        repaired="||A*_v^T A*_h||_2 <= d mu_B by (3), so d mu_B in place of mu_B; the other steps "
        "hold.",
        hypotheses=PROP2,
        evidence=(Counterexample(), claims.STEP_39_PRINTED, claims.STEP_39),
        derivation="gsae_ref.papers.t21.support.formulas.cross_term_bound",
    ),
    Row(
        "R5",
        "own",
        "R5",
        "inequality",
        "holds",
        LEMMA1_CORRECTED,
        remark="The right end is excluded because a group is active only above lam. The interval "
        "from the actual matrices, of support_interval(form='sharp'), contains this one.",
        hypotheses=PROP2 + (IN_CORRECTED_INTERVAL,),
        evidence=(*LEMMA1_EVIDENCE, claims.SHARP_LOW, claims.SHARP_HIGH),
        derivation="gsae_ref.papers.t21.support.formulas.recovery_interval",
    ),
)
