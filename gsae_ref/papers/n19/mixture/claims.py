"""N19's Lemma 1 and its step size in sentences, k = 1.

gamma, what is left of an update after (9), may be any vector: here it is ``noise``.
"""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ....claims.refutation import refute
from ..fixed_bias.claims import enumerated
from ..models import N19, squared

SIZES = tuple({"n": n, "m": m, "k": 1} for n, m in ((2, 2), (4, 3), (3, 4)))
COLUMNS = ("unit A", "unit W")
POSITIVE = "lam[i] >= 1 / 1000 for i in atoms"
BIAS = "abs((bias[i] + lam[i])**2 - lam[i]) <= 2 * (1 - lam[i]) for i in atoms"
LET = {
    "g": "[G_sum[i] + noise for i in atoms]",
    "q": "[p1[i] * lam[i] for i in atoms]",
    "v": "[g[i] - q[i] * (W[i] - A[i]) for i in atoms]",
}


def _lemma1(loss: str) -> str:
    """Both sides times p_i lam_i."""
    return (
        f"q[i] * p1[i] * (lam[i] - {loss}) * norm2(W[i] - A[i]) + norm2(g[i]) - 2 * norm2(noise)"
        " <= 2 * q[i] * inner(g[i], W[i] - A[i]) for i in atoms"
    )


CORRECTED = Stress(
    "corrected", _lemma1("2 * delta**2 / lam[i]"), N19.name, SIZES, COLUMNS, (POSITIVE, BIAS), LET
)
PRINTED = replace(
    CORRECTED,
    label="printed",
    conclusion=_lemma1("2 * delta**2"),
    sizes=({"n": 2, "m": 1, "k": 1},),
    where=(POSITIVE, "lam[i] <= 1 / 2 for i in atoms", BIAS),
    expect="fails",
)
PRINTED_ABOVE_HALF = replace(
    CORRECTED,
    label="printed, gamma = 0 and lam >= 1/2",
    conclusion=_lemma1("2 * delta**2"),
    given=(*COLUMNS, "no noise"),
    where=("lam[i] >= 1 / 2 for i in atoms", BIAS),
)
AT_MOST_THE_SMALLEST = Stress(
    "at most the smallest",
    "norm2(stepped[i] - A[i])"
    " <= (1 - zeta * p1[i] * (lam[i] - 2 * delta**2 / lam[i])) * norm2(W[i] - A[i]) for i in atoms",
    N19.name,
    SIZES,
    COLUMNS,
    (POSITIVE, BIAS, "zeta * p1[i] * lam[i] <= 1 for i in atoms"),
)
OF_SQUARES = Stress(
    "every column",
    "2 * q[i] * inner(v[i], W[i] - A[i])"
    " == norm2(g[i]) - norm2(v[i]) - q[i]**2 * norm2(W[i] - A[i]) for i in atoms",
    N19.name,
    SIZES,
    let=LET,
)

# ---- the update (5) of a mixture with noise, in parts


def _mean(term: str) -> str:
    return f"p1[i] * total({term} for e in draws) / (2 * n)"


EQ6 = enumerated(
    _mean("-along[i][e] * off[i][e] - inner(W[i], off[i][e]) * seen[i][e]")
    + " == -p1[i] * lam[i] * A[i] + p1[i] * lam[i]**2 * W[i]"
)
EQ7 = enumerated(
    _mean("bias[i] * (along[i][e] * W[i] + norm2(W[i]) * seen[i][e])")
    + " == p1[i] * bias[i] * lam[i] * W[i] + p1[i] * bias[i] * A[i]"
)
EQ8 = enumerated(
    _mean("-bias[i] * off[i][e]") + " == -p1[i] * bias[i] * A[i] + p1[i] * bias[i] * lam[i] * W[i]"
)
EQ9 = enumerated("update_5[i] == -p1[i] * lam[i] * A[i] + p1[i] * (lam[i] + bias[i])**2 * W[i]")
BIAS_GRADIENT = enumerated(_mean("-inner(W[i], left[i][e])") + " == p1[i] * bias[i]", "p_i b_i")
EQ16 = enumerated(
    "update_5[i] == -p1[i] * lam[i] * A[i]"
    " + p1[i] * (lam[i]**2 + 2 * bias[i] * lam[i] + bias[i]**2) * W[i]",
    "a mixture, v = 0",
)

# A = I, W turned by the angle of cosine 99/101, without noise; W_i^T A_j + b_i <= 0 off the support
TURNED = ({"n": 2, "m": 2, "k": 1},), {"W": ("1/10", "-1/10"), "bias": ("-2/5", "-2/5")}
RECOVERED = (
    "0 < lam[i] + bias[i] for i in atoms",
    "inner(W[i], A[j]) + bias[i] <= 0 for i in atoms for j in atoms if j != i",
)
OF_BIAS = Stress(
    "(g_b)_i == p_i b_i",
    "-p1[i] * inner(W[i], rests[i]) == p1[i] * bias[i] for i in atoms",
    N19.name,
    SIZES,
    COLUMNS,
)
BRACKET = replace(
    OF_BIAS,
    label="2 kappa_1 b_i lam_i in the bracket",
    conclusion="G_sum[i] == -p1[i] * lam[i] * A[i]"
    " + p1[i] * (lam[i]**2 + 2 * bias[i] * lam[i] + bias[i]**2) * W[i] for i in atoms",
)
refute(
    "N19-expected-bias-gradient",
    replace(
        OF_BIAS, conclusion="-p1[i] * inner(W[i], rests[i]) == -p1[i] * bias[i] for i in atoms"
    ),
    *TURNED,
    corrected=OF_BIAS,
    where=RECOVERED,
    note='-E[W_i^T (y - W_i (W_i^T y + b_i))] = E[b_i] on the support, as ||W_i|| = 1; "+ '
    '||W_i||^2 b_i" inside the bracket must be "-".',
)
refute(
    "N19-eq16",
    squared(BRACKET, BRACKET.conclusion.replace("2 * bias[i]", "2 * p1[i] * bias[i]")),
    *TURNED,
    corrected=BRACKET,
    where=RECOVERED,
    note="p_i has been drawn out of the bracket once already. The remainder O(k/sqrt(m)) lost its "
    "factor p_i in the same step.",
)

# ---- the bias between the interval of Theorem 4's proof and Lemma 1's (b + lam)^2 >= 3 lam - 2

MISSED = Stress(
    "Lemma 1's condition is missed by the bound",
    "delta * (2 - 3 * delta / 2 - delta**2 - delta**3 / 4) <= 3 * lam[i] - 2 - (b + lam[i])**2"
    " for i in atoms",
    N19.name,
    tuple({"n": n, "m": m, "k": k} for n, m, k in ((3, 3, 1), (4, 4, 2), (3, 5, 2))),
    COLUMNS,
    let={"b": "between(-1 + 2 * delta * sqrt(k), -delta)"},
)
refute(  # the best choice: b = -delta
    "N19-both-conditions",
    replace(
        MISSED,
        conclusion="abs((b + lam[i])**2 - lam[i]) <= 2 * (1 - lam[i]) for i in atoms",
        let={"b": "-delta"},
    ),
    ({"n": 2, "m": 2, "k": 1},),
    {"W": ("1/20", "-1/20")},
    corrected=MISSED,
    where=("-1 + 2 * delta * sqrt(k) <= b",),
    note="The two conditions never hold together, whatever the bias does: not at any step of the "
    "schedule either.",
)
NO_ADMISSIBLE = replace(MISSED, label="Lemma 1's condition fails for every admissible bias")
