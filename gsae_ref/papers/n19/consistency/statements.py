"""N19 on code consistency: Theorem 3, its remarks, Claims 1 and 2 and the steps of Appendix A."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ....claims.evidence import (
    Counterexample,
    Measurement,
    Reading,
)
from ....claims.hypothesis import Hypothesis
from ... import row
from ..instance import (
    BIAS_CORRECTED,
    BIAS_PRINTED,
    BIAS_SHORT,
    CLOSE,
    CODES_BOUNDED,
    FAIR_SIGNS,
    NO_BIAS,
    NOISELESS,
    NONNEGATIVE,
    ONE_ACTIVE,
    SIZE,
    UNIT,
    UNIT_STAR,
    WEAK_COHERENCE,
)
from . import claims

if TYPE_CHECKING:
    pass

statement = partial(row.statement, paper="N19")

COLUMNS = (UNIT, UNIT_STAR, CLOSE)
CODES = (SIZE, CODES_BOUNDED, NONNEGATIVE)
THEOREM3II_PRINTED = (*COLUMNS, *CODES, WEAK_COHERENCE, BIAS_PRINTED)
SMALL = Hypothesis("mu/sqrt(n) <= delta and 2 delta + N <= 1/4")


PROOF_CONSTANT = Hypothesis("a_2 delta sqrt(k) < a_1/4 (proof of Theorem 3 (iii))")
SMALL_NOISE = Hypothesis("N <= a_1/50 and delta <= 1/10 (n large)")
SEVERAL = Hypothesis("k >= 2")
THEOREM3III = (*COLUMNS, *CODES, WEAK_COHERENCE, PROOF_CONSTANT, SMALL_NOISE, SEVERAL)


ROWS = (
    statement(
        "theorem1i",
        "Theorem 1 (i), informal",
        "inequality",
        "false",
        "“If” sigma “is either the ReLU or the hard thresholding activation, then the support of "
        "the true code vector” x* “matches that of” x “for the mixture-of-Gaussians and "
        "non-negative sparse coding generative models.”",
        reading="without a condition on b, as printed in this informal statement; with that of "
        "Theorem 3 (ii), which it summarises, it is false too (N19-theorem3ii)",
        repaired="With b, k and mu as in the repaired Theorem 3 (ii) for ReLU, as in Theorem 3 "
        "(iii) with the constant of its proof for the hard threshold.",
        hypotheses=(*COLUMNS, *CODES, BIAS_CORRECTED),
        evidence=(Counterexample(), Measurement("sparse_recovery")),
        derivation="gsae_ref.papers.n19.consistency.formulas.relu_interval",
    ),
    statement(
        "theorem1ii",
        "Theorem 1 (ii), informal",
        "inequality",
        "false",
        "“If” sigma “is the hard thresholding activation, then the support of” x* “matches that "
        "of” x “for the sparse coding generative model.”",
        repaired="With k and mu as in the repaired Theorem 3 (i).",
        hypotheses=COLUMNS,
        same_as="N19-theorem3i",
        derivation="gsae_ref.papers.n19.consistency.counterexamples.averages_of_blocks",
    ),
    statement(
        "theorem3i",
        "Theorem 3 (i)",
        "inequality",
        "false",
        "“General” k-sparse “code with thresholding activation: Suppose” mu <= sqrt(n)/log^2 n "
        "“and” k <= n/log n. “If” x = threshold_lambda(W^T y + b) “with” lambda = a_1/2 and b = 0, "
        "“then with high probability” sgn(x) = sgn(x*). [W is delta-close to A, delta = O*(1/log "
        "n), sigma_eta = O(1/sqrt(n)).]",
        repaired="Let the active codes be +1 or -1 with equal chances, independent given S, ||A|| "
        "= O(1), and (mu^2 k/n + "
        "delta^2) log^2 n = O*(1) in place of the conditions on mu and k. With E = max over i of "
        "the sum over j in S, j != i, of <W_i, A_j>^2 <= 2 mu^2 k/n + 2 ||A_S||^2 delta^2 and t = "
        "1/2 - delta^2/2 - N > 0, N = max_i |<W_i, eta>|: P(sgn(x) != sgn(x*)) <= 2 m exp(-t^2/(2 "
        "E)) for every S and eta.",
        remark="Under the printed conditions mu^2 k/n may be n/log^5 n. For exact numbers and for "
        "every n see the counterexample: A = W = [I, averages of blocks], P(all signs right) <= "
        "1/(1 + M P), below .008 at n = 1.07e9; one atom errs with probability n^(-O(1)). The "
        "paper has no proof of (i) but a reference. Codes of mean 0 are needed: with all codes +1, "
        "A = I, k = 100 and W_i at distance .06 of A_i towards their sum, unit i errs surely, and "
        "the bound is below m 10^(-14).",
        hypotheses=(*COLUMNS, FAIR_SIGNS, NO_BIAS),
        evidence=(
            Counterexample(),
            Measurement("dense_codes_fail", "against"),
            Measurement("signs_of_a_turned_column"),
            Measurement("signs_by_enumeration"),
        ),
        derivation="gsae_ref.papers.n19.consistency.counterexamples.averages_of_blocks",
    ),
    statement(
        "theorem3ii",
        "Theorem 3 (ii)",
        "inequality",
        "false",
        "“Non-negative” k-sparse “code with ReLU activation: Suppose” mu <= delta sqrt(n)/k “and” "
        "k = O(1/delta^2). “If” x = ReLU(W^T y + b), “and” b_i in [-(1 - delta) a_1 + a_2 delta "
        "sqrt(k), -a_2 delta sqrt(k)] “for all” i, “then with high probability,” supp(x) = "
        "supp(x*).",
        repaired="W delta-close to A, unit columns, 0 < a_1 <= x*_i <= a_2 on S, card(S) <= k; "
        "-(1 - delta^2/2) a_1 + a_2 rho_k + N < b_i <= -a_2 rho_k - N with rho_k = k mu/sqrt(n) + "
        "delta sqrt(k (1 + (k-1) mu/sqrt(n))) and N = max_i |<W_i, eta>|, at most sigma_eta log n "
        "with high probability. Then supp(x) = supp(x*), surely.",
        remark="For k = 1 the upper end is -mu/sqrt(n) - delta - N. mu/sqrt(n) may be replaced by "
        "the largest positive <A_i, A_j> in the upper end: ReLU responds to positive inner "
        "products.",
        hypotheses=THEOREM3II_PRINTED,
        evidence=(
            Counterexample(),
            claims.RELU_PRINTED,
            claims.RELU_OFF,
            claims.RELU_ON,
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.relu_interval",
    ),
    statement(
        "theorem3iii",
        "Theorem 3 (iii)",
        "asymptotic claim",
        "holds",
        "“Non-negative” k-sparse “code with thresholding activation: Suppose” mu <= delta "
        "sqrt(n)/k “and” k = O(1/delta^2). “If” x = threshold_lambda(W^T y + b) “with” lambda = "
        "a_1/2 “and” b = 0, “then with high probability,” supp(x) = supp(x*).",
        reading="with the constant that the proof prints, a_2 delta sqrt(k) < a_1/4",
        repaired="For k >= 2, delta <= 1/10, N <= a_1/50: |z_i| < a_1/2 off S, z_i >= a_1/2 on S. "
        "In general a_2 rho_k + N < a_1/2 and a_2 rho_k + N + a_1 delta^2/2 <= a_1/2 suffice, "
        "rho_k of Theorem 3 (ii) repaired.",
        hypotheses=THEOREM3III,
        evidence=(
            claims.THRESHOLD_OFF,
            claims.THRESHOLD_ON,
            claims.PROOF_OFF,
            claims.PROOF_ON,
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.threshold_levels",
    ),
    statement(
        "theorem3iii-any-constant",
        "Theorem 3 (iii)",
        "inequality",
        "false",
        "“Non-negative” k-sparse “code with thresholding activation: Suppose” mu <= delta "
        "sqrt(n)/k “and” k = O(1/delta^2) [...] “then with high probability,” supp(x) = supp(x*).",
        reading="with any constant in k = O(1/delta^2), for any law that meets A1",
        remark="With k delta^2 = 4/9 and a law that has one support of probability (k/n)^3 the "
        "network errs with that probability. For uniform supports with n <= m it is true for every "
        "constant, by a Chernoff bound for sampling without replacement.",
        hypotheses=(*COLUMNS, *CODES, WEAK_COHERENCE),
        evidence=(Counterexample(),),
        derivation="gsae_ref.papers.n19.consistency.counterexamples.rare_common_support",
    ),
    statement(
        "theorem3-short",
        "Theorem 3, short proof",
        "inequality",
        "false",
        "[Mixtures, b_i > -1 + delta and] “for” b_i <= -2 delta, mu <= delta sqrt(n)/k “and” "
        "sigma_eta = O(1/sqrt(n)) [...] x = ReLU(z) “has the same support as” x* “w.h.p..”",
        reading="for every such b_i, noise included",
        repaired="-1 + delta + N < b_i <= -2 delta - N, N = max_i |<W_i, eta>|; as printed without "
        "noise.",
        remark="Three intervals are printed: this one, Theorem 3's, and [-1 + 2 delta sqrt(k), "
        "-delta] in the proof of Theorem 4. It fails where delta = sigma_eta = 1/sqrt(n).",
        hypotheses=(*COLUMNS, WEAK_COHERENCE, ONE_ACTIVE, BIAS_SHORT),
        evidence=(
            Counterexample(),
            claims.SHORT_PRINTED,
            claims.SHORT_OFF,
            claims.SHORT_ON,
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.relu_interval",
    ),
    statement(
        "mixture-threshold",
        "Theorem 3, short proof",
        "asymptotic claim",
        "holds",
        "“one can also see that when” b_i = 0, “then w.h.p.,” z_i > 1/2 “if” i = j “and” z_i < 1/4 "
        "“otherwise.”",
        repaired="For mu/sqrt(n) <= delta and 2 delta + N <= 1/4.",
        hypotheses=(*COLUMNS, ONE_ACTIVE, SMALL),
        evidence=(
            claims.MIXTURE_OFF,
            claims.MIXTURE_ON,
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.threshold_levels",
    ),
    statement(
        "negative-bias",
        "remark after Theorem 3",
        "remark",
        "holds",
        "b “is required to be negative for ReLU activation for any” delta > 0 “due to the error of "
        "the current estimate” W.",
        evidence=(Measurement("negative_bias_needed"),),
        derivation="gsae_ref.papers.n19.consistency.counterexamples.relu_without_a_bias",
    ),
    statement(
        "statistical-bias",
        "remark after Theorem 3",
        "remark",
        "holds",
        "“such choices of” b “also lead to statistical bias (error) in nonzero code”.",
        remark="For a mixture the code is lam_i + b_i for 1. The dictionary need not suffer: R7.",
        hypotheses=(ONE_ACTIVE, NOISELESS),
        evidence=(claims.STATISTICAL_BIAS,),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
    statement(
        "claim1i",
        "Claim 1 (1)",
        "inequality",
        "holds",
        "“Suppose that” max_i ||W_i - A_i|| <= delta “and” ||W_i|| = 1. “We have:” <W_i, A_i> >= 1 "
        "- delta^2/2 “for any” i in [m].",
        hypotheses=COLUMNS,
        evidence=(
            claims.OVERLAP,
            claims.OVERLAP_EXACT,
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.overlap_bound",
    ),
    statement(
        "claim1ii",
        "Claim 1 (2)",
        "inequality",
        "holds",
        "|<W_i, A_j>| <= mu/sqrt(n) + delta, “for any” j != i in [m].",
        hypotheses=COLUMNS,
        evidence=(claims.CROSS,),
        derivation="gsae_ref.papers.n19.consistency.formulas.cross_bound",
    ),
    statement(
        "claim1iii",
        "Claim 1 (3)",
        "asymptotic claim",
        "holds",
        "[sum over i in S without j of] <W_i, A_j>^2 <= O(mu^2 k/n + delta^2) “for any” S in [m] "
        "“of size at most” k.",
        repaired="2 mu^2 k/n + 2 ||A_S||^2 delta^2; the sum is over j in S, j != i.",
        remark="Cited later as (ii).",
        hypotheses=COLUMNS,
        evidence=(claims.ENERGY,),
        derivation="gsae_ref.papers.n19.consistency.formulas.cross_energy_bound",
    ),
    statement(
        "claim2",
        "Claim 2",
        "asymptotic claim",
        "holds",
        "“Suppose” ||W_i|| = 1, “then” max_i |<W_i, eta>| <= sigma_eta log n “holds with high "
        "probability.”",
        repaired="For m = O(n) the failure probability is at most 2 m Q(log n) <= m exp(-log^2 "
        "n/2), Q the tail of a standard normal: 2.7e-10 at (n, m) = (784, 10), .21 at (10, 10).",
        hypotheses=(UNIT,),
        evidence=(Measurement("noise_tail"),),
        derivation="gsae_ref.papers.n19.consistency.formulas.noise_tail",
    ),
    statement(
        "pre-activation",
        "Appendix A",
        "identity",
        "holds",
        "“One can write the” i-th “entry” z_i “of the weighted sum” z “as” z_i = <W_i, A_i> x*_i + "
        "[sum over j in S, j != i, of] <W_i, A_j> x*_j + <W_i, eta> + b_i.",
        evidence=(claims.PRE_ACTIVATION,),
        derivation="gsae_ref.papers.n19.instance.SparseInstance.Z",
    ),
    statement(
        "interference",
        "Appendix A.2",
        "inequality",
        "false",
        "“Cauchy-Schwarz inequality implies” |Z_i| <= a_2 sqrt(mu^2 k^2/n + k delta^2), “where we "
        "use bound (ii) in Claim 1 and” ||x*|| <= a_2 sqrt(k).",
        repaired="|Z_i| <= a_2 (k mu/sqrt(n) + delta sqrt(k) ||A_S||): norms add, not their "
        "squares.",
        hypotheses=(*COLUMNS, *CODES),
        evidence=(
            Counterexample(),
            claims.INTERFERENCE_PRINTED,
            claims.INTERFERENCE,
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.interference_bound",
    ),
    statement(
        "interference-order",
        "Appendix A.2",
        "asymptotic claim",
        "holds",
        "“for” b_i <= -a_2 sqrt(mu^2 k^2/n + k delta^2) - sigma_eta log n, about -a_2 delta "
        "sqrt(k).",
        repaired="Under mu <= delta sqrt(n)/k the root is at most sqrt(1 + 1/k) delta sqrt(k): "
        "larger by sqrt(2) for k = 1.",
        hypotheses=(WEAK_COHERENCE,),
        evidence=(claims.ORDER,),
        derivation="gsae_ref.papers.n19.consistency.formulas.interference_bound",
    ),
    statement(
        "k-log-squared",
        "Appendix A.2",
        "asymptotic claim",
        "false",
        "k = O(1/delta^2) = O(log^2 n).",
        remark="delta = O*(1/log n) is an upper bound on delta, so 1/delta^2 is at least of order "
        "log^2 n. At step s, delta^s tends to 0.",
        evidence=(Counterexample(),),
        derivation="gsae_ref.papers.n19.consistency.counterexamples.small_delta_allows_large_k",
    ),
    statement(
        "threshold-half",
        "Appendix A.2",
        "inequality",
        "typo",
        "“with high probability” z_i > a_1/2 “if” i in S “and” z_i < a_2 delta sqrt(k) < a_1/4 "
        "“otherwise.” [...] x = threshold_{1/2}(z) “has the same support as” x* “w.h.p.”",
        repaired="threshold_{a_1/2}, as Theorem 3 (iii) has it; z_i <= a_2 rho_k + N off S "
        "(N19-interference).",
        hypotheses=THEOREM3III,
        evidence=(Reading("Theorem 3 (iii) has lambda = a_1/2; a_1 need not be 1"),),
        derivation="gsae_ref.papers.n19.consistency.formulas.threshold_levels",
    ),
)
