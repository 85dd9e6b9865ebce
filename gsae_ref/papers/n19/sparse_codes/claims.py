"""N19's (11) to (15), Lemmas 2 and 5 in sentences: codes of mean 0, an update normalised."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ....claims.refutation import refute
from ..models import N19, squared

SIZES = tuple({"n": n, "m": m, "k": 1} for n, m in ((2, 2), (4, 3), (3, 4)))
ERROR = "norm(update[i] - A[i])"
BEFORE = "norm(W[i] - A[i])"
BELOW_1 = f"{ERROR} < 1 for i in atoms"


def _claim(label: str, bound: str, *where: str, **let: str) -> Stress:
    conclusion = f"norm(update[i] / norm(update[i]) - A[i]) <= {bound} for i in atoms"
    return Stress(label, conclusion, N19.name, SIZES, ("unit A",), where, let)


SHARP = _claim("sharp", f"{ERROR} * sqrt(2 / (1 + sqrt(1 - {ERROR}**2)))", BELOW_1)
PRINTED_RANGE = _claim(
    "printed range, delta <= 0.88",
    BEFORE,
    f"{ERROR} <= (1 - tau) * {BEFORE} for i in atoms",
    f"(1 - {BEFORE}) / (2 - {BEFORE}) <= tau for i in atoms",
    f"{BEFORE} <= 22 / 25 for i in atoms",
    tau="between(0, 1)",
)
RIGHT_SIGN = _claim("with the right sign", f"2 * {ERROR} / (1 - {ERROR})", BELOW_1)
PROOF_PRINTED = _claim(
    "as printed, eps <= .79", f"2 * {ERROR} / (1 + {ERROR})", f"{ERROR} <= 79 / 100 for i in atoms"
)
DESCENT_KEPT = _claim(
    "the descent, columns normalised",
    f"{BEFORE} * sqrt(2 * (1 - tau) / (1 + sqrt(1 - (1 - tau) * {BEFORE}**2)))",
    f"{ERROR} <= sqrt(1 - tau) * {BEFORE} for i in atoms",
    f"(1 - tau) * {BEFORE}**2 <= 3 / 4 for i in atoms",
    tau="between(0, 1)",
)

# ---- codes of mean 0 and variance 1: (11) to (15), Lemma 2, a step

SIGNED = tuple({"n": n, "m": m, "k": k} for n, m, k in ((2, 2, 2), (3, 3, 1), (4, 4, 2), (4, 5, 3)))
SOME = SIGNED[:3]
LAW = ("centred codes", "independent codes")
OF_SUPPORT = {  # E[y y^T | S], and I - W_S W_S^T
    "second": "[total(chance[q] * samples[c][q] @ samples[c][q].T for q in patterns)"
    " for c in cases]",
    "off": "[eye(n) - total(W[j] @ W[j].T for j in supports[c]) for c in cases]",
}
INDICATOR = Stress(
    "all i, j, l",
    "total(law[c] * chance[q] * codes[c][q][j] * codes[c][q][l] * inside[c][i]"
    " for c in cases for q in patterns) == p2[i][j] * entry(eye(m), j, l)"
    " for i in atoms for j in atoms for l in atoms",
    N19.name,
    SOME,
    LAW,
)
FIRST = Stress(
    "g^(1) against enumerated codes",
    "-off[c] @ second[c] @ W[i] == -off[c] @ total(inner(W[i], A[l]) * A[l] for l in supports[c])"
    " for c in cases for i in supports[c]",
    N19.name,
    SIGNED,
    LAW,
    let=OF_SUPPORT,
)
SECOND = replace(
    FIRST,
    label="g^(2) against enumerated codes",
    conclusion="-second[c] @ off[c] @ W[i]"
    " == -total(inner(A[l], off[c] @ W[i]) * A[l] for l in supports[c])"
    " for c in cases for i in supports[c]",
)
EQ15 = Stress(
    "corrected",
    "G_codes[i] == -2 * total(p2[i][l] * inner(A[l], W[i]) * A[l] for l in atoms)"
    " + total(p3[i][j][l] * inner(W[j], A[l])"
    " * (inner(A[l], W[i]) * W[j] + inner(W[j], W[i]) * A[l])"
    " for j in atoms for l in atoms) for i in atoms",
    N19.name,
    SIGNED,
    (*LAW, "no bias"),
)
EQ15_PRINTED = replace(
    EQ15,
    label="printed",
    conclusion="G_codes[i] == -p1[i] * lam[i] * A[i] + p1[i] * lam[i]**2 * W[i]"
    " + total(p2[i][j] * lam[i] * inner(A[i], W[j]) * W[j] for j in atoms if j != i)"
    " + total(p2[i][j] * inner(W[i], W[j]) * inner(A[i], W[j]) * A[i] for j in atoms if j != i)"
    " for i in atoms",
    expect="fails",
)

# A = I, W_1 = (12, 5)/13, W_2 = (5, 12)/13: the threshold 1/2 recovers the support surely
SIGNED_PAIR = ({"n": 2, "m": 2, "k": 2},), {"W": ("1/5", "1/5")}
KEPT = ("1 / 2 <= abs(z[c][q][i]) for c in cases for q in patterns for i in supports[c]",)
PAIR_GIVEN = ("unit A", "unit W", "no bias")
refute(
    "N19-eq11",
    squared(
        FIRST,
        "-off[c] @ second[c] @ W[i] == -lam[i] * (off[c] @ A[i])"
        " for c in cases for i in supports[c]",
    ),
    *SIGNED_PAIR,
    corrected=FIRST,
    given=PAIR_GIVEN,
    where=KEPT,
    note='"I - W_S^T W_S" in the line before is a k x k matrix where an n x n one is meant.',
)
refute(
    "N19-eq12",
    squared(
        SECOND,
        "-second[c] @ off[c] @ W[i] == -total(chance[q] * codes[c][q][i]"
        " * inner(samples[c][q], off[c] @ W[i]) * samples[c][q] for q in patterns)"
        " for c in cases for i in supports[c]",
    ),
    *SIGNED_PAIR,
    corrected=SECOND,
    given=PAIR_GIVEN,
    where=KEPT,
    note="sgn(x*_1) = x*_1 here. With the indicator all j = l in S survive, not j = l = 1 only, "
    "as the next display, (13), says.",
)
refute(
    "N19-eq15",
    squared(EQ15_PRINTED, EQ15_PRINTED.conclusion),
    *SIGNED_PAIR,
    corrected=EQ15,
    given=PAIR_GIVEN,
    where=KEPT,
    note="(15) holds the terms l = i only. In the regime of Lemma 2 what is missing is O(p_i k/n), "
    "the order that its proof allows.",
)

# G is the update of (15) for uniform supports; r its part beside those of one column

COLUMNS = ("unit A", "unit W")
POSITIVE = "lam[i] >= 1 / 1000 for i in atoms"
OF_G = {
    "r": "[G[i] + p[1] * lam[i] * A[i] - p[1] * lam[i]**2 * W[i] for i in atoms]",
    "R": "largest([spectral(beside(A)), spectral(beside(W))])**2",
    "rest": "8 * p[2] * R + 2 * p[3] * (R**2 + R)",
    "q": "[p[1] * lam[i] for i in atoms]",
}
TWICE = "2 * inner(G[i], W[i] - A[i]) for i in atoms"


def _of_g(label: str, conclusion: str, *where: str, given: tuple[str, ...] = COLUMNS) -> Stress:
    return Stress(label, conclusion, N19.name, SIGNED, given, where, OF_G)


WITH_FACTOR = _of_g(
    "with the factor",
    "q[i] * (1 - delta**2 / 2) * norm2(W[i] - A[i]) + (norm2(G[i]) - 2 * norm2(r[i])) / q[i]"
    f" <= {TWICE}",
    POSITIVE,
)
WITHOUT_FACTOR = replace(
    WITH_FACTOR,
    label="without the factor",
    conclusion=f"q[i] * norm2(W[i] - A[i]) + (norm2(G[i]) - 2 * norm2(r[i])) / q[i] <= {TWICE}",
    where=(
        POSITIVE,
        "spectral(beside([W[i] - A[i] for i in atoms])) <= 2 * spectral(beside(A))",
    ),
    expect="fails",
)
REMAINDER = _of_g("the remainder", "norm(r[i]) <= rest for i in atoms", given=("unit W",))
BY_COLUMNS = _of_g(
    "2 <g_i, W_i - A_i>, column by column",
    "q[i] * (1 - delta**2 / 2) * norm2(W[i] - A[i]) + (norm2(G[i]) - 2 * rest**2) / q[i]"
    f" <= {TWICE}",
    POSITIVE,
)
ONE_STEP = _of_g(
    "one step",
    "norm2(W[i] - zeta * G[i] - A[i])"
    " <= (1 - zeta * q[i] * (1 - delta**2 / 2)) * norm2(W[i] - A[i])"
    " + 2 * zeta * rest**2 / q[i] for i in atoms",
    POSITIVE,
    "zeta * q[i] <= 1 for i in atoms",
)
