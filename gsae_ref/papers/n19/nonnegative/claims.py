"""N19's Appendix B.3 in sentences: alpha and beta of non-negative codes, Claims 3 and 4, Lemma 4.

alpha[i] and -beta[i] are the coefficients of W_i and A_i in the update (5): what is left of y and
of W x has no W_i and no A_i in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from ....claims.evidence import Stress
from ....claims.refutation import refute
from ..models import N19

SIZES = tuple({"n": n, "m": m, "k": k} for n, m, k in ((4, 4, 2), (4, 3, 3), (3, 5, 3)))
MIXTURES = tuple({"n": n, "m": m, "k": 1} for n, m in ((2, 2), (4, 3), (3, 4)))
COLUMNS = ("unit A", "unit W")
LAW = (*COLUMNS, "independent codes")
J = "for j in atoms if j != i"
JL = f"{J} for l in atoms if l != i if l != j"
CROSS = f"total(p2[i][j] * inner(W[i], A[j]) {J})"
GRAM = "p2[i][j] * inner(W[i], W[j])"
ALPHA = (
    "kappa_2 * p1[i] * lam[i]**2"
    f" + kappa_2 * total(p2[i][j] * inner(W[i], A[j])**2 {J})"
    f" + 2 * kappa_1**2 * lam[i] * {CROSS}"
    f" + kappa_1**2 * total(p3[i][j][l] * inner(W[i], A[j]) * inner(W[i], A[l]) {JL})"
    f" + 2 * kappa_1 * p1[i] * bias[i] * lam[i] + 2 * kappa_1 * bias[i] * {CROSS}"
    " + p1[i] * bias[i]**2"
)
BETA = (
    f"kappa_2 * p1[i] * lam[i] - kappa_2 * total({GRAM} * inner(A[i], W[j]) {J})"
    f" + kappa_1**2 * {CROSS} - kappa_1**2 * total({GRAM} * lam[j] {J})"
    f" - kappa_1**2 * total(p3[i][j][l] * inner(W[i], W[j]) * inner(W[j], A[l]) {JL})"
    f" - kappa_1 * total({GRAM} * bias[j] {J})"
)
NOTHING: Mapping[str, str] = MappingProxyType({})
LET = {"alpha": f"[{ALPHA} for i in atoms]", "beta": f"[{BETA} for i in atoms]"}
CODES = "for c in cases if inside[c][i] == 1 for q in patterns"


def _claim(
    label: str,
    conclusion: str,
    given: tuple[str, ...] = LAW,
    sizes: tuple[dict[str, int], ...] = SIZES,
    let: Mapping[str, str] = NOTHING,
) -> Stress:
    return Stress(label, conclusion, N19.name, sizes, given, (), {**LET, **let})


OF_W = _claim(
    "against enumerated codes",
    f"total(law[c] * chance[q] * z[c][q][i]**2 {CODES}) == alpha[i] for i in atoms",
)
OF_A = _claim(
    "with b_j",
    "total(law[c] * chance[q] * codes[c][q][i] * (z[c][q][i] + inner(W[i], residuals[c][q]))"
    f" {CODES}) == beta[i] for i in atoms",
)
OF_A_PRINTED = replace(
    OF_A,
    label="with b_i",
    conclusion=OF_A.conclusion.replace("beta[i]", "with_b_i[i]"),
    let=LET | {"with_b_i": LET["beta"].replace("bias[j]", "bias[i]")},
    expect="fails",
)
refute(  # A_1 has a part along e_3, which no other vector has
    "N19-beta",
    OF_A_PRINTED,
    ({"n": 3, "m": 2, "k": 2},),
    {
        "A": ("0", "1/5", "0", "1/3"),
        "W": ("0", "-1/5", "0", "0"),
        "bias": ("-1/4", "-1/8"),
    },
    corrected=OF_A,
    given=("codes 1",),
    where=("0 < z[c][q][i] for c in cases for q in patterns for i in supports[c]",),
    note="The term comes from W_j b_j, the bias of the other active neurons in the reconstruction.",
)
SANE_W = replace(
    OF_W,
    label="alpha",
    conclusion="alpha[i] == p1[i] * (lam[i] + bias[i])**2 for i in atoms",
    sizes=MIXTURES,
    given=(*COLUMNS, "codes 1"),
)
SANE_A = replace(SANE_W, label="beta", conclusion="beta[i] == p1[i] * lam[i] for i in atoms")

# ---- remainders

FEWER = SIZES[:2]

SIZE = {
    "a": "spectral(beside(A))",
    "w": "spectral(beside(W))",
    "q2": f"[largest([p2[i][j] {J}]) for i in atoms]",
    "q3": f"[largest([0] + [p3[i][j][l] {JL}]) for i in atoms]",
    "size_1": "abs(kappa_1)",
}
RESIDUAL = _claim(
    "corrected",
    "norm(G_codes[i] - alpha[i] * W[i] + beta[i] * A[i])"
    " <= sqrt(m) * q2[i] * (a * top * (U + V) + w * U**2) for i in atoms",
    sizes=FEWER,
    let={name: SIZE[name] for name in ("a", "w", "q2")}
    | {
        "top": "abs(kappa_1) + spread",
        "U": "largest([abs(z[c][q][i]) for c in cases for q in patterns for i in supports[c]])",
        "V": "largest([abs(inner(W[i], residuals[c][q]))"
        " for c in cases for q in patterns for i in supports[c]])",
    },
)
CLAIM3 = _claim(
    "explicit",
    "abs(alpha[i] - p1[i] * (kappa_2 * lam[i]**2 + 2 * kappa_1 * bias[i] * lam[i] + bias[i]**2))"
    " <= kappa_2 * q2[i] * a**2"
    " + 2 * size_1 * (size_1 * abs(lam[i]) + abs(bias[i])) * sqrt(m) * q2[i] * a"
    " + kappa_1**2 * m * q3[i] * a**2 for i in atoms",
    COLUMNS,
    FEWER,
    SIZE,
)
CLAIM4 = replace(
    CLAIM3,
    conclusion="abs(beta[i] - kappa_2 * p1[i] * lam[i])"
    " <= kappa_2 * q2[i] * w**2 + kappa_1**2 * sqrt(m) * q2[i] * (a + w)"
    " + kappa_1**2 * m * q3[i] * w**2"
    " + size_1 * largest([abs(bias[j]) for j in atoms]) * sqrt(m) * q2[i] * w for i in atoms",
)

# ---- Lemma 4; v, what is left of the update after (16), may be any vector: here it is ``noise``

BEND = "kappa_2 * lam[i]**2 + 2 * kappa_1 * bias[i] * lam[i] + bias[i]**2"
LEMMA4 = Stress(
    "corrected",
    "q[i] * kappa_2 * p1[i] * (lam[i] - 2 * delta**2 / lam[i]) * norm2(W[i] - A[i]) + norm2(g[i])"
    " - 2 * norm2(noise) <= 2 * q[i] * inner(g[i], W[i] - A[i]) for i in atoms",
    N19.name,
    (*MIXTURES, {"n": 4, "m": 4, "k": 2}),
    COLUMNS,
    (
        "lam[i] >= 1 / 1000 for i in atoms",
        f"abs({BEND} - kappa_2 * lam[i]) <= 2 * kappa_2 * (1 - lam[i]) for i in atoms",
    ),
    {
        "q": "[kappa_2 * p1[i] * lam[i] for i in atoms]",
        "g": f"[-q[i] * A[i] + p1[i] * ({BEND}) * W[i] + noise for i in atoms]",
    },
)
PRINTED_REMAINDER = replace(
    LEMMA4,
    label="the printed remainder is at most the largest other term",
    conclusion="q[i] * largest([kappa_1**2, kappa_2]) * k**2 <= p1[i] * m * kappa_1**2"
    " * largest([2 * q[i] * abs(inner(G_codes[i], W[i] - A[i])), q[i]**2 * norm2(W[i] - A[i]),"
    " norm2(G_codes[i])]) for i in atoms",
    where=(*LEMMA4.where, "kappa_2 <= 4 * kappa_1**2"),
    expect="fails",
)
