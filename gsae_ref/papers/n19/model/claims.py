"""N19 on columns in sentences: coherence, separation, Lemma 3, the projection, a threshold."""

from __future__ import annotations

from ....claims.evidence import Stress
from ..models import N19

SIZES = tuple({"n": n, "m": m, "k": 1} for n, m in ((2, 3), (4, 4), (3, 5), (5, 2)))
DIFFERENCE = "spectral(beside([W[i] - A[i] for i in atoms]))"
SPECTRAL_A = "spectral(beside([A[i] for i in atoms]))"

COHERENCE = Stress(
    "the smallest mu, entry by entry",
    "coherence == largest([0] + [abs(total(entry(A[i], r, 0) * entry(A[j], r, 0)"
    " for r in range(n))) for j in atoms for i in range(j)])",
    N19.name,
    SIZES,
)
SEPARATION = Stress(
    "2 - 2 mu/sqrt(n) at most",
    "2 - 2 * coherence <= norm2(A[i] - A[j]) for i in atoms for j in range(i)",
    N19.name,
    SIZES,
    ("unit A",),
)
THRESHOLD = Stress(
    "every column",
    "abs(lam[i]**2 - lam[i]) <= 2 * (1 - lam[i]) for i in atoms",
    N19.name,
    SIZES,
    ("unit A", "unit W"),
)
SMALLEST = Stress(  # of codes of either value, with any chances
    "a_1 <= sqrt(kappa_2)",
    "least([abs(kappa_1 + s * spread) for s in [-1, 1]])"
    " <= sqrt(total(chance[q] * (kappa_1 + signs[q][0] * spread)**2 for q in patterns))",
    N19.name,
    ({"n": 1, "m": 1, "k": 1},),
)
LEMMA3 = Stress("delta sqrt(m)", f"{DIFFERENCE} <= delta * sqrt(m)", N19.name, SIZES)
PROJECTION = Stress(
    "3 ||A||",
    f"{DIFFERENCE} <= 3 * {SPECTRAL_A}",
    N19.name,
    SIZES,
    where=(f"spectral(beside([W[i] for i in atoms])) <= 2 * {SPECTRAL_A}",),
)
