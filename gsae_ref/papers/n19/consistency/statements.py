"""N19 on code consistency: Theorem 3, its remarks, Claims 1 and 2 and the steps of Appendix A."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Counterexample, Identity, Inequality, Measurement, worst
from ....claims.hypothesis import ABSENT, Hypothesis
from ... import row
from ..instance import (
    BIAS_CORRECTED,
    BIAS_PRINTED,
    CLOSE,
    CODES_BOUNDED,
    NONNEGATIVE,
    SIZE,
    THRESHOLD_ROOM,
    UNIT,
    UNIT_STAR,
    WEAK_COHERENCE,
)
from . import formulas

if TYPE_CHECKING:
    from ..instance import SparseInstance

statement = partial(row.statement, paper="N19")

COLUMNS = (UNIT, UNIT_STAR, CLOSE)
CODES = (SIZE, CODES_BOUNDED, NONNEGATIVE)
THEOREM3II = (*COLUMNS, *CODES, WEAK_COHERENCE, BIAS_PRINTED)
SMALL = Hypothesis(
    "mu/sqrt(n) <= delta and 2 delta + N <= 1/4",
    lambda i: min(i.delta - i.coherence, 0.25 - 2 * i.delta - i.noise),
)


def _on(Z: Array, i: SparseInstance) -> float:
    return Z[i.active].min()


def _off(Z: Array, i: SparseInstance) -> float:
    return Z[~i.active].max()


def _quiet(i: SparseInstance) -> tuple[float, float]:
    """z_i - b_i and -b_i off the support, the pair with least room."""
    return worst((i.Z - i.bias)[~i.active], np.broadcast_to(-i.bias, i.Z.shape)[~i.active])


def _heard(i: SparseInstance) -> tuple[float, float]:
    """-b_i and z_i - b_i on the support, the pair with least room."""
    return worst(np.broadcast_to(-i.bias, i.Z.shape)[i.active], (i.Z - i.bias)[i.active])


def _cross(i: SparseInstance) -> tuple[float, float]:
    """|<W_i, A_j>| for i != j, largest."""
    cross = np.abs(i.W.T @ i.A_star)
    np.fill_diagonal(cross, 0)
    return cross.max(), formulas.cross_bound(i.coherence, i.delta)


def _energies(i: SparseInstance) -> tuple[float, float]:
    """sum_{j in S, j != i} <W_i, A_j>^2 for every support and every i, with its bound."""
    left = []
    right = []
    squares = (i.W.T @ i.A_star) ** 2
    for mask in np.unique(i.active, axis=0):
        for k in range(i.n_atoms):
            others = mask & (np.arange(i.n_atoms) != k)
            left.append(squares[k, others].sum())
            spectral = np.linalg.norm(i.A_star[:, others], 2) if others.any() else 0.0
            right.append(formulas.cross_energy_bound(i.coherence, i.delta, others.sum(), spectral))
    return worst(left, right)


def _interference(i: SparseInstance, form: str) -> tuple[float, float]:
    Z = i.codes @ i.A_star.T @ i.W - i.codes * i.lam
    return np.abs(Z).max(), formulas.interference_bound(
        i.coherence, i.delta, i.n_active, i.a_2, form
    )


def _decomposition(i: SparseInstance) -> tuple[Array, Array]:
    """z_i, and lam_i x_i + Z_i + <W_i, eta> + b_i with Z_i summed over S without i."""
    noise = 0 if i.eta is ABSENT else i.W.T @ i.eta
    parts = []
    for x in i.codes:
        S = np.flatnonzero(x)
        Z = [sum(i.W[:, k] @ i.A_star[:, j] * x[j] for j in S if j != k) for k in range(i.n_atoms)]
        parts.append(i.lam * x + Z + noise + i.bias)
    return i.Z, np.array(parts)


THEOREM3II_CORRECTED = (
    "-(1 - delta^2/2) a_1 + a_2 rho_k + N < b_i <= -a_2 rho_k - N with rho_k = k mu/sqrt(n) + delta sqrt(k (1 + (k-1) mu/sqrt(n))) and N = max "
    "|<W_i, eta>| <= sigma_eta log n. (For k = 1 the upper end is -mu/sqrt(n) - delta - N.)"
)
THEOREM3III_CORRECTED = (
    "a_2 rho_k + N < a_1/2 and a_2 rho_k + N + a_1 delta^2/2 <= a_1/2, for which k <= c a_1^2/(a_2 delta)^2 with a small c suffices: the constant "
    "in k = O(1/delta^2) matters."
)
ROWS = (
    statement(
        "theorem1i",
        "Theorem 1 (i), informal",
        "inequality",
        "false",
        "If W is delta-close to A with delta = O*(1/log n), ReLU and the hard threshold recover the support for mixtures and for non-negative "
        "codes.",
        repaired="With a bias, k and mu as in the corrected Theorem 3 (ii), (iii).",
        evidence=(Counterexample(), Measurement("sparse_recovery")),
        derivation="gsae_ref.papers.n19.consistency.formulas.relu_interval",
    ),
    statement(
        "theorem1ii",
        "Theorem 1 (ii), informal",
        "inequality",
        "false",
        "The hard threshold recovers the support for sparse coding.",
        repaired="With k and mu as in the corrected Theorem 3 (i).",
        same_as="N19-theorem3i",
    ),
    statement(
        "theorem3i",
        "Theorem 3 (i)",
        "inequality",
        "false",
        "General k-sparse codes, mu <= sqrt(n)/log^2 n, k <= n/log n, delta = O*(1/log n): the hard threshold at a_1/2 without bias recovers "
        "signs and support with high probability.",
        repaired="Replace the conditions on mu and k by (mu^2 k/n + delta^2) log^2 n = O*(a_1^2): the interference has variance mu^2 k/n, up to "
        "1/log n under the printed ones, and the largest of m such variables exceeds a_1/2. Sub-Gaussian form: P(failure) <= 2 m exp(-t^2/(2 E)), t "
        "the room left in a_1/2, E of Claim 1 (iii).",
        evidence=(Measurement("dense_codes_fail", "against"), Measurement("rademacher_tail")),
        derivation="gsae_ref.papers.n19.consistency.formulas.cross_energy_bound",
    ),
    statement(
        "theorem3ii",
        "Theorem 3 (ii)",
        "inequality",
        "false",
        "Non-negative k-sparse codes, mu <= delta sqrt(n)/k, k = O(1/delta^2), b_i in [-(1 - delta) a_1 + a_2 delta sqrt(k), -a_2 delta sqrt(k)]: "
        "ReLU recovers the support with high probability.",
        repaired=THEOREM3II_CORRECTED,
        hypotheses=THEOREM3II,
        evidence=(
            Counterexample(),
            Inequality(
                "printed interval, off the support z_i <= N",
                "sparse_printed",
                lambda i: (_off(i.Z, i), i.noise),
                THEOREM3II,
                expect="fails",
            ),
            Inequality(
                "corrected interval, off the support z_i - b_i <= -b_i",
                "sparse_recovery",
                _quiet,
                (*COLUMNS, *CODES, BIAS_CORRECTED),
            ),
            Inequality(
                "corrected interval, on the support -b_i <= z_i - b_i",
                "sparse_recovery",
                _heard,
                (*COLUMNS, *CODES, BIAS_CORRECTED),
            ),
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.relu_interval",
    ),
    statement(
        "theorem3iii",
        "Theorem 3 (iii)",
        "inequality",
        "false",
        "Non-negative k-sparse codes, mu <= delta sqrt(n)/k, k = O(1/delta^2): the hard threshold at a_1/2 without bias recovers the support.",
        repaired=THEOREM3III_CORRECTED,
        evidence=(
            Counterexample(),
            Inequality(
                "off the support z_i < a_1/2",
                "sparse_recovery",
                lambda i: (_off(np.abs(i.Z - i.bias), i), i.a_1 / 2),
                (*COLUMNS, *CODES, THRESHOLD_ROOM),
            ),
            Inequality(
                "on the support a_1/2 <= z_i",
                "sparse_recovery",
                lambda i: (i.a_1 / 2, _on(i.Z - i.bias, i)),
                (*COLUMNS, *CODES, THRESHOLD_ROOM),
            ),
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.threshold_levels",
    ),
    statement(
        "theorem3-short",
        "Theorem 3, short proof",
        "inequality",
        "false",
        "For a mixture ReLU recovers the support for -1 + delta < b_i <= -2 delta.",
        repaired="True without noise; with noise -1 + delta + N < b_i <= -2 delta - N. Three intervals are printed: this one, Theorem 3's, and "
        "[-1 + 2 delta sqrt(k), -delta] in the proof of Theorem 4.",
        evidence=(
            Inequality(
                "off the support z_i <= 0, with noise",
                "sparse_short",
                lambda i: (_off(i.Z, i), 0.0),
                (*COLUMNS, WEAK_COHERENCE),
                expect="fails",
            ),
            Inequality(
                "off the support z_i <= N",
                "sparse_short",
                lambda i: (_off(i.Z, i), i.noise),
                (*COLUMNS, WEAK_COHERENCE),
            ),
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.relu_interval",
    ),
    statement(
        "mixture-threshold",
        "Theorem 3, short proof",
        "asymptotic claim",
        "holds",
        "For a mixture without bias z_i > 1/2 on the support and z_i < 1/4 off it.",
        repaired="For mu/sqrt(n) <= delta and 2 delta + N <= 1/4.",
        hypotheses=(*COLUMNS, SMALL),
        evidence=(
            Inequality(
                "off the support z_i <= 1/4",
                "sparse_short",
                lambda i: (_off(i.Z - i.bias, i), 0.25),
                (*COLUMNS, SMALL),
            ),
            Inequality(
                "on the support 1/2 <= z_i",
                "sparse_short",
                lambda i: (0.5, _on(i.Z - i.bias, i)),
                (*COLUMNS, SMALL),
            ),
        ),
    ),
    statement(
        "negative-bias",
        "remark after Theorem 3",
        "remark",
        "holds",
        "For ReLU b must be negative for any delta > 0, as W is in error.",
        evidence=(Measurement("negative_bias_needed"),),
    ),
    statement(
        "claim1i",
        "Claim 1 (1)",
        "inequality",
        "holds",
        "<W_i, A_i> >= 1 - delta^2/2.",
        hypotheses=COLUMNS,
        evidence=(
            Inequality(
                "1 - delta^2/2 <= <W_i, A_i>",
                "sparse_close",
                lambda i: (formulas.overlap_bound(i.delta), i.lam.min()),
                COLUMNS,
            ),
            Identity(
                "<W_i, A_i> = 1 - ||W_i - A_i||^2/2",
                "sparse_close",
                lambda i: (i.lam, formulas.overlap_bound(i.errors)),
                (UNIT, UNIT_STAR),
            ),
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.overlap_bound",
    ),
    statement(
        "claim1ii",
        "Claim 1 (2)",
        "inequality",
        "holds",
        "|<W_i, A_j>| <= mu/sqrt(n) + delta for j != i.",
        hypotheses=COLUMNS,
        evidence=(Inequality("all pairs", "sparse_close", _cross, COLUMNS),),
        derivation="gsae_ref.papers.n19.consistency.formulas.cross_bound",
    ),
    statement(
        "claim1iii",
        "Claim 1 (3)",
        "asymptotic claim",
        "holds",
        "sum_{i in S, i != j} <W_i, A_j>^2 <= O(mu^2 k/n + delta^2) for card(S) <= k.",
        repaired="2 mu^2 k/n + 2 ||A_S||^2 delta^2; the sum is over j. (Cited later as (ii).)",
        hypotheses=COLUMNS,
        evidence=(Inequality("all supports and columns", "sparse_close", _energies, COLUMNS),),
        derivation="gsae_ref.papers.n19.consistency.formulas.cross_energy_bound",
    ),
    statement(
        "claim2",
        "Claim 2",
        "asymptotic claim",
        "holds",
        "max_i |<W_i, eta>| <= sigma_eta log n with high probability.",
        repaired="The failure probability is at most 2 m Q(log n) <= m exp(-log^2 n/2): 2.7e-10 at (n, m) = (784, 10), 0.21 at (10, 10).",
        evidence=(Measurement("noise_tail"),),
        derivation="gsae_ref.papers.n19.consistency.formulas.noise_tail",
    ),
    statement(
        "pre-activation",
        "Appendix A",
        "identity",
        "holds",
        "z_i = <W_i, A_i> x*_i + sum_{j in S, j != i} <W_i, A_j> x*_j + <W_i, eta> + b_i.",
        evidence=(Identity("every code and column", "sparse_close", _decomposition),),
    ),
    statement(
        "interference",
        "Appendix A.2",
        "inequality",
        "false",
        "|Z_i| <= a_2 sqrt(mu^2 k^2/n + k delta^2).",
        repaired="|Z_i| <= a_2 (k mu/sqrt(n) + delta sqrt(k) ||A_S||): norms add, not their squares.",
        hypotheses=(*COLUMNS, *CODES),
        evidence=(
            Counterexample(),
            Inequality(
                "printed",
                "sparse_close",
                lambda i: _interference(i, "printed"),
                (*COLUMNS, *CODES),
                expect="fails",
            ),
            Inequality(
                "corrected",
                "sparse_close",
                lambda i: _interference(i, "corrected"),
                (*COLUMNS, *CODES),
            ),
        ),
        derivation="gsae_ref.papers.n19.consistency.formulas.interference_bound",
    ),
)
