"""N19's Lemma 1 and its step size in sentences, k = 1.

gamma, what is left of an update after (9), may be any vector: here it is ``noise``.
"""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ..models import N19

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
