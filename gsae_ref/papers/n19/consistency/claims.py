"""N19 on code consistency in sentences: Theorem 3, the short proof for mixtures, Claim 1.

``coherence`` is mu/sqrt(n), ``reach`` is a_2 rho_k of the repaired Theorem 3, ``N`` the largest
|<W_i, eta>|. Of a mixture x* = e_1, so that the sample is A[0] + noise.
"""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ....claims.refutation import refute
from ..models import N19

LET = {
    "N": "largest(abs(inner(W[i], noise)) for i in atoms)",
    "reach": "a_2 * (k * coherence + delta * sqrt(k) * sqrt(1 + (k - 1) * coherence))",
}


def _sizes(*several: tuple[int, int, int]) -> tuple[dict[str, int], ...]:
    return tuple(dict(zip(("n", "m", "k"), sizes, strict=True)) for sizes in several)


SIZES = _sizes((3, 3, 1), (4, 4, 2), (5, 3, 2), (3, 5, 2))
SEVERAL = _sizes((4, 4, 2), (5, 3, 2), (5, 5, 3))
SQUARE = _sizes((3, 3, 2), (4, 4, 3))
ONE = _sizes((2, 2, 1), (4, 3, 1), (3, 4, 1))
COLUMNS = ("unit A", "unit W")
CODES = (*COLUMNS, "codes bounded", "nonnegative codes")
WEAK_COHERENCE = ("coherence <= delta / k",)


def _claim(
    label: str,
    conclusion: str,
    given: tuple[str, ...] = CODES,
    where: tuple[str, ...] = (),
    sizes: tuple[dict[str, int], ...] = SIZES,
    **let: str,
) -> Stress:
    return Stress(label, conclusion, N19.name, sizes, given, where, LET | let)


# ---- Theorem 3 (ii), (iii); z_i = inner(W[i], y) + b, b one of the biases or the least

RELU_BIAS = "between(-(1 - delta**2 / 2) * a_1 + reach + N, -reach - N)"
RELU_BIAS_PRINTED = "between(-(1 - delta) * a_1 + a_2 * delta * sqrt(k), -a_2 * delta * sqrt(k))"
# What the bounds need is less than what the paper assumes: columns of W of any length, off the
# support codes of any sign, in the proof of (iii) no delta <= 1/10.
OFF = ("unit A", "codes bounded")
ON = (*OFF, "nonnegative codes")
RELU_OFF = _claim(
    "corrected interval, off the support z_i - b_i <= -b_i",
    "inner(W[i], y) <= -b for i in inactive",
    OFF,
    b=RELU_BIAS,
)
RELU_ON = _claim(
    "corrected interval, on the support -b_i <= z_i - b_i",
    "-b_min <= inner(W[i], y) for i in active",
    ON,
    b_min=RELU_BIAS,
)
RELU_PRINTED = replace(
    _claim(
        "printed interval, off the support z_i <= N",
        "inner(W[i], y) + b <= N for i in inactive",
        where=WEAK_COHERENCE,
        b=RELU_BIAS_PRINTED,
    ),
    expect="fails",
)
THRESHOLD_OFF = _claim(
    "off the support z_i < a_1/2",
    "abs(inner(W[i], y)) <= a_1 / 2 for i in inactive",
    OFF,
    ("reach + N < a_1 / 2",),
)
THRESHOLD_ON = _claim(
    "on the support a_1/2 <= z_i",
    "a_1 / 2 <= inner(W[i], y) for i in active",
    ON,
    ("reach + N + a_1 * delta**2 / 2 <= a_1 / 2",),
)
OF_THE_PROOF = (*WEAK_COHERENCE, "a_2 * delta * sqrt(k) < a_1 / 4", "N <= a_1 / 50")
PROOF_OFF = replace(
    THRESHOLD_OFF,
    label="off the support, the constant of the proof",
    sizes=SQUARE,
    where=OF_THE_PROOF,
)
PROOF_ON = replace(
    THRESHOLD_ON,
    label="on the support, the constant of the proof",
    sizes=SQUARE,
    where=OF_THE_PROOF,
)

# ---- mixtures: the short proof

MIXTURE_OFF = _claim(
    "off the support z_i <= 1/4",
    "inner(W[i], A[0] + noise) <= 1 / 4 for i in inactive",
    ("unit A",),
    ("coherence <= delta", "2 * delta + N <= 1 / 4"),
    ONE,
)
MIXTURE_ON = _claim(
    "on the support 1/2 <= z_i",
    "1 / 2 <= inner(W[0], A[0] + noise)",
    ("unit A",),
    ("2 * delta + N <= 1 / 4",),
    ONE,
)
SHORT_OFF = _claim(
    "off the support z_i <= N",
    "inner(W[i], A[0] + noise) <= N - b for i in inactive",
    COLUMNS,
    WEAK_COHERENCE,
    ONE,
    b="between(-1 + delta, -2 * delta)",
)
SHORT_PRINTED = replace(
    SHORT_OFF,
    label="off the support z_i <= 0, with noise",
    conclusion="inner(W[i], A[0] + noise) <= -b for i in inactive",
    expect="fails",
)
SHORT_ON = _claim(
    "on the support b_i + 1 - delta - N <= z_i",
    "1 - delta - N <= inner(W[0], A[0] + noise)",
    COLUMNS,
    sizes=ONE,
)

STATISTICAL_BIAS = _claim(
    "x_i = lam_i + b_i",
    "inner(W[0], A[0]) + bias[0] == lam[0] + bias[0]",
    (),
    sizes=ONE,
)

# ---- the remark after Lemma 1: tau = zeta p (lam_i - 2 delta^2), zeta = max_j 1/(p lam_j)

TAU_OF_EQUAL_P = _claim(
    "tau <= (1 - 2 delta^2)/(1 - delta^2/2)",
    "(lam[i] - 2 * delta**2) / lam[j] <= (1 - 2 * delta**2) / (1 - delta**2 / 2)"
    " for i in atoms for j in atoms",
    COLUMNS,
    ("5 * delta**2 < 2",),
    ONE,
)

# ---- Claim 1, Appendix A

OVERLAP = _claim(
    "1 - delta^2/2 <= <W_i, A_i>", "1 - delta**2 / 2 <= inner(W[i], A[i]) for i in atoms", COLUMNS
)
OVERLAP_EXACT = _claim(
    "<W_i, A_i> = 1 - ||W_i - A_i||^2/2",
    "inner(W[i], A[i]) == 1 - norm2(W[i] - A[i]) / 2 for i in atoms",
    COLUMNS,
)
CROSS = _claim(
    "all pairs",
    "abs(inner(W[i], A[j])) <= coherence + delta for i in atoms for j in atoms if j != i",
    COLUMNS,
)
ENERGY = _claim(
    "all supports and columns",
    "total(inner(W[i], A[j])**2 for j in active if j != i)"
    " <= 2 * len([1 for j in active if j != i]) * coherence**2"
    " + 2 * (spectral(beside(A[j] for j in active if j != i)) * delta)**2 for i in atoms",
    COLUMNS,
    sizes=SEVERAL,
)
PRE_ACTIVATION = _claim(
    "every code and column",
    "inner(W[i], y) + bias[i] == lam[i] * code[i]"
    " + total(inner(W[i], A[j]) * x[j] for j in active if j != i) + inner(W[i], noise) + bias[i]"
    " for i in atoms",
    (),
    code="[x[j] for j in active] + [0 for j in inactive]",
)
INTERFERENCE = _claim(
    "corrected",
    "abs(total(inner(W[i], A[j]) * x[j] for j in active if j != i)) <= reach for i in atoms",
)
INTERFERENCE_PRINTED = replace(
    INTERFERENCE,
    label="printed",
    conclusion="abs(total(inner(W[i], A[j]) * x[j] for j in active if j != i))"
    " <= a_2 * sqrt(coherence**2 * k**2 + k * delta**2) for i in atoms",
    expect="fails",
)
refute(
    "N19-interference",
    INTERFERENCE_PRINTED,
    _sizes((2, 2, 1)),
    {"A": ("0", "1/20"), "W": ("0", "1/20")},
    corrected=INTERFERENCE,
    given=("no noise",),
    note="The bounds of the two parts add; their squares do not. Claim 1 (iii) has the factors 2 "
    "and 2 ||A_S||^2, dropped here.",
)
ORDER = _claim(
    "sqrt(1 + 1/k)",
    "sqrt(coherence**2 * k**2 + k * delta**2) <= sqrt(1 + 1 / k) * delta * sqrt(k)",
    COLUMNS,
    WEAK_COHERENCE,
)
