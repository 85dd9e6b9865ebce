"""N19's Lemma 5 in sentences: an update W~ before normalisation and after it."""

from __future__ import annotations

from ....claims.evidence import Stress
from ..models import N19

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
