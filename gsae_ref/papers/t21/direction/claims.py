"""T21 on the direction of the gradient in sentences: bounds as printed and repaired, and points.

What the paper says of columns is said of those of the first group, what it says of a group of every
group. ``c`` is tau_g (2 - tau_g) p_g, ``e`` the distance ||A_g - A*_g||_F, ``M`` the bracket of
(56), ``b`` and ``a`` the coherences of (74). At the points that refute, every code has the norm
B_min = B_max: by the laws of gsae_ref.papers.t21.support.claims the instance then meets (15), (16).
"""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ....claims.refutation import refute
from ..models import T21
from ..support.claims import (
    HIGH,
    HIGH_PRINTED,
    INCOHERENT_PRINTED,
    LAW,
    LOW,
    LOW_PRINTED,
    PAIRS_OCCUR,
)

LET = {
    "c": "tau[0] * (2 - tau[0]) * p[1]",
    "e": "norm(A[0] - S[0])",
    "X": "A[0].T @ S[0]",
    "M": "tau[0] * X - (2 - tau[0]) * eye(d)",
    "steps": "[norm(col(A[0], i) - col(S[0], i)) for i in range(d)]",
    "rest": "[norm(col(beta[0], i)) for i in range(d)]",
    "b": "d * mu + delta",
    "a": "largest([0] + [spectral(A[g].T @ A[h]) for g in groups for h in range(g)])",
    "t": "largest(tau[h] for h in groups)",
    "r": "largest([spectral(beside(A)), spectral(beside(S))])**2",
}


def _sizes(*several: tuple[int, int, int, int]) -> tuple[dict[str, int], ...]:
    return tuple(dict(zip(("n", "d", "Gamma", "gamma"), each, strict=True)) for each in several)


def _claim(
    label: str,
    conclusion: str,
    given: tuple[str, ...] = (),
    where: tuple[str, ...] = (),
    least: int = 0,
    expect: str = "holds",
) -> Stress:
    """A claim at the sizes from the one numbered ``least`` on."""
    return Stress(label, conclusion, T21.name, SIZES[least:], given, where, LET, expect)


SIZES = _sizes((3, 1, 2, 1), (4, 2, 2, 1), (5, 2, 3, 2), (6, 3, 3, 2))
COUPLED = _sizes((2, 1, 2, 2), (3, 1, 3, 3), (4, 2, 2, 2), (5, 2, 3, 2))
SEVERAL_COLUMNS = 1  # the first sizes with d >= 2
SEVERAL_GROUPS = 2  # the first sizes with gamma >= 2
FRAMES = ("orthonormal A", "orthonormal S")
UNIT = ("orthonormal A", "unit norm S")
# (69) times tau^2: with n as printed, with d, and as version 1 has it
OVERLAP = (
    "norm2(X) * tau[0]**2 <= 3 * (2 - tau[0]) * (tau[0] - 2/3) * d"
    " + (1 - tau[0]) * (2 - tau[0]) * delta**2"
)
OVERLAP_PRINTED = OVERLAP.replace("* d ", "* n ")
OVERLAP_V1 = OVERLAP.replace("(1 - tau[0]) * (2 - tau[0]) * delta", "(1 - tau[0])**2 * delta")

# ---- the gradient's columns, (32), (33), (57)-(65)

EQ61 = _claim(
    "both sides of (61)",
    "2 * c * alpha[i] * inner(col(G[0], i), col(A[0] - S[0], i)) + norm2(v[i])"
    " == (c * alpha[i])**2 * norm2(col(A[0] - S[0], i)) + norm2(col(G[0], i)) for i in range(d)",
)
EQ33_PRINTED = _claim(
    "printed bound",
    "norm(v[i]) <= c * (omega[i] * sqrt(d**2 + 1) + delta) * e for i in range(d)",
    FRAMES,
    ("delta <= 1", OVERLAP_PRINTED),
    expect="fails",
)
EQ33 = _claim(
    "corrected bound",
    "norm(v[i]) <= c * sqrt(d - 1) * omega[i] * e + tau[0] * p[1] * spectral(M) + rest[i]"
    " for i in range(d)",
    FRAMES,
)
EQ34_V1_PRINTED = replace(
    EQ33_PRINTED,
    label="printed bound, version 1",
    conclusion="norm(v[i]) <= c * (largest(abs(alpha[j]) for j in range(d)) * sqrt(d**2 + 1)"
    " + delta) * e for i in range(d)",
    where=("delta <= 1",),
)
EQ59 = _claim(
    "columns of G_g",
    "col(G[0], i) == c * alpha[i] * col(A[0] - S[0], i)"
    " + c * ((A[0] - S[0]) @ col(X.T, i) - alpha[i] * col(A[0] - S[0], i))"
    " + tau[0] * p[1] * (A[0] @ (M @ col(X.T, i))) + col(beta[0], i) for i in range(d)",
)
EQ60 = _claim(
    "squared norms",
    "norm2(col(G[0], i)) == (c * alpha[i])**2 * norm2(col(A[0] - S[0], i))"
    " + 2 * c * alpha[i] * inner(col(A[0] - S[0], i), v[i]) + norm2(v[i]) for i in range(d)",
)
EQ62 = _claim(
    "triangle inequality",
    "norm(v[i]) <= c * (total(steps) - steps[i]) * omega[i] + tau[0] * p[1] * spectral(M)"
    " + rest[i] for i in range(d)",
    FRAMES,
)
EQ63 = _claim(
    "squared sums",
    "(total(steps) - steps[i])**2 <= e**2 + d**2 * largest(steps)**2 for i in range(d)",
    least=SEVERAL_COLUMNS,
)
EQ64 = _claim(
    "printed constant",
    "total(steps) - steps[i] <= sqrt(d**2 + 1) * e for i in range(d)",
    least=SEVERAL_COLUMNS,
)
EQ64_SHARP = replace(
    EQ64,
    label="sharp constant sqrt(d - 1)",
    conclusion="total(steps) - steps[i] <= sqrt(d - 1) * e for i in range(d)",
)
EQ65 = _claim(
    "without the first term",
    "norm(v[i]) <= tau[0] * p[1] * norm(M) + rest[i] for i in range(d)",
    FRAMES,
)

# ---- the norm of M, (66)-(69)

DELTA_SQUARED = _claim("delta e <= delta^2", "delta * e <= delta**2")
EQ66 = _claim(
    "with d",
    "norm2(M) == (2 - tau[0])**2 * d + tau[0]**2 * norm2(X)"
    " - 2 * (2 - tau[0]) * tau[0] * inner(A[0], S[0])",
)
EQ67 = _claim("= d - e^2/2", "inner(A[0], S[0]) == d - e**2 / 2", FRAMES)
EQ67_BOUND = _claim("d - delta^2/2 <= <A_g, A*_g>", "d - delta**2 / 2 <= inner(A[0], S[0])", FRAMES)
EQ68 = _claim(
    "with d",
    "norm2(M) <= (2 - tau[0])**2 * d + tau[0]**2 * norm2(X)"
    " - 2 * (2 - tau[0]) * tau[0] * (d - delta**2 / 2)",
    FRAMES,
)
EQ69 = _claim("with d", "norm2(M) <= (2 - tau[0]) * delta**2", FRAMES, (OVERLAP,))
EQ69_V1 = _claim("version 1, with d", "norm2(M) <= delta**2", FRAMES, (OVERLAP_V1,))

# ---- the rest beta~, (71)-(74)

SECOND_TERM = Stress(
    "second term by coherence",
    "tau[0] * p[2] * spectral(total((tau[0] * P[0] + tau[h] * P[h]) @ R[h] for h in groups"
    " if h != 0) @ A[0]) <= tau[0] * p[1] * (gamma - 1) * (tau[0] * b**2 + t * b)",
    T21.name,
    COUPLED,
    UNIT,
    let=LET,
)
CROSS = {
    "others": "total(R[h] for h in groups if h != 0)",
    "same": "total(tau[h] * (P[h] @ R[h]) for h in groups if h != 0)",
    "every": "total(tau[h] * P[h] for h in groups if h != 0) @ others",
    "cross": "-tau[0] * ((p[2] * (others - tau[0] * (P[0] @ others) - same)"
    " - p[3] * (every - same)) @ A[0])",
}
CROSS_TERMS = replace(
    SECOND_TERM,
    label="E[P_1] by coherence",
    conclusion="spectral(cross) <= tau[0] * p[1] * (gamma - 1) * (b + t * (gamma - 2) * b**2)",
    let=LET | CROSS,
)
SELF_TERM = replace(
    SECOND_TERM,
    label="what beta adds to <a_i, v_i>",
    conclusion="abs(inner(col(A[0], i), col(beta[0], i))) <= 2 * tau[0] * p[1] * (gamma - 1)"
    " * ((1 - tau[0]) * b**2 + 2 * t * a * b + (gamma - 2) * t * a * b**2) for i in range(d)",
    let=LET
    | {"b": "largest([0] + [spectral(A[g].T @ S[h]) for g in groups for h in groups if h != g])"},
)
EQ73 = _claim(
    "corrected",
    "p[2] * spectral((K - R[g]) @ A[g]) <= p[1] * (gamma - 1) * b for g in groups",
    ("unit norm S",),
    least=SEVERAL_GROUPS,
)
EQ74 = replace(
    SECOND_TERM,
    label="by coherence",
    conclusion="spectral(beta[g]) <= tau[g] * p[1] * (gamma - 1) * ((2 - tau[g]) * b"
    " + t * (b + a + a * b + (gamma - 2) * b * (a + b))) for g in groups",
)
EQ74_OWN = replace(
    EQ74,
    label="coherence of A",
    conclusion="a <= d * mu + 2 * delta",
    given=("orthonormal A",),
)
EQ74_SPECTRAL = replace(
    EQ74,
    sizes=_sizes((2, 1, 2, 2), (4, 2, 2, 2), (5, 2, 3, 2)),
    label="by spectral norms",
    conclusion="spectral(beta[g]) <= tau[g] * (p[2] * r * (2 + 4 * t) + 2 * t * p[3] * (r**2 - r))"
    " for g in groups",
)
EQ74_TRIPLES = replace(
    EQ74_SPECTRAL, sizes=_sizes((3, 1, 3, 3)), label="by spectral norms, gamma = 3"
)
EQ75 = replace(
    EQ61,
    label="columns",
    conclusion="(main[i] + rest[i])**2 <= 2 * main[i]**2 + 2 * rest[i]**2 for i in range(d)",
    let=LET | {"main": "[c * (omega[i] * sqrt(d**2 + 1) + delta) * e for i in range(d)]"},
)

# ---- points that refute

LAM = {"lam": "1 / 5"}
LEMMA_1 = ("delta <= 1", *INCOHERENT_PRINTED, *PAIRS_OCCUR)
IN_INTERVALS = (f"{LOW_PRINTED} <= lam <= {HIGH_PRINTED}", f"{LOW} <= lam", f"lam < {HIGH}")
TAU_OF_THE_CODES = ("tau[g] == 1 - lam / norm(A[g].T @ y) for g in active",)
BRACKET = "M = tau X - (2 - tau) I, X = A_g^T A*_g."
TAU_IS_FOUR_FIFTHS = {"tau": ("1/2", "1/2")}

EQ66_PRINTED = replace(
    EQ66,
    label="(66) with n",
    conclusion=EQ66.conclusion.replace("* d ", "* n "),
    given=FRAMES,
    let=LET | LAM,
)
EQ67_PRINTED = replace(EQ67_BOUND, conclusion="n - delta**2 / 2 <= inner(A[0], S[0])")
EQ67_SHORT = replace(EQ67_PRINTED, given=UNIT, where=("delta <= 1", *PAIRS_OCCUR))
EQ67_ANY = replace(
    EQ67_BOUND, conclusion="(norm2(A[0]) + norm2(S[0]) - delta**2) / 2 <= inner(A[0], S[0])"
)
EQ68_PRINTED = replace(
    EQ68,
    conclusion="norm2(M) <= (2 - tau[0])**2 * n + tau[0]**2 * norm2(X)"
    " - 2 * (2 - tau[0]) * tau[0] * (n - delta**2 / 2)",
    let=LET | LAM,
)
EQ69_PRINTED = replace(EQ69, where=(OVERLAP_PRINTED,), let=LET | LAM)
EXCLUDED = replace(
    EQ69,
    label="the condition with d in place of n excludes the instance",
    conclusion=" < ".join(reversed(OVERLAP.split(" <= "))),
)
DELTA_SQUARED_PRINTED = replace(DELTA_SQUARED, conclusion="delta**2 == delta * e", given=FRAMES)
EQ73_PRINTED = replace(
    EQ73,
    conclusion="spectral(total(R[h] @ A[0] for h in groups if h != 0)) <= gamma * (mu + delta)",
    given=FRAMES,
    let=LET | LAM,
)
EQ73_ALL_GROUPS = replace(
    EQ73,
    conclusion="spectral(total(R[h] @ A[0] for h in groups if h != 0)) <= (Gamma - 1) * b",
)
refute(
    "T21-eq66",
    EQ66_PRINTED,
    _sizes((8, 2, 4, 2)),
    {"tau": ("1/2",) * 4},
    corrected=EQ66,
    where=(*LEMMA_1, *IN_INTERVALS, *TAU_OF_THE_CODES),
    note=f"{BRACKET} The identity matrix in it is d x d. The two sides differ by (2 - tau)^2 "
    "(n - d), whatever A and A* are." + LAW,
)
refute(
    "T21-eq67",
    EQ67_PRINTED,
    _sizes((8, 2, 4, 2)),
    {},
    corrected=EQ67_BOUND,
    where=LEMMA_1,
    note="<A_g, A*_g> <= d always, so (67) fails for every dictionary with n > d; <A_g, A*_g> = d "
    "- ||A_g - A*_g||_F^2/2 exactly when both are orthonormal.",
)
refute(
    "T21-eq67",
    EQ67_SHORT,
    _sizes((2, 2, 2, 2)),
    {"S_shrink": ("1", "1")},
    corrected=EQ67_ANY,
    variant="short-atom",
    note="(67) with ||A*_g||_2 = 1 and no more, where n = d is not the cause: ||A*_g||_2 = 1 "
    "leaves atoms of any norm up to 1. Under this reading alpha_2 = 0, by which (32), (57) and "
    "(61) divide. Unit atoms and ||A*_g||_2 = 1 mean that A*_g is orthonormal: its Gram matrix has "
    "trace d and largest eigenvalue 1. Then alpha_i >= 1 - delta^2/2 >= 1/2.",
)
refute(
    "T21-eq68",
    EQ68_PRINTED,
    _sizes((8, 4, 2, 2)),
    TAU_IS_FOUR_FIFTHS | {"slack": ("1/4",)},
    corrected=EQ68,
    where=(*LEMMA_1, *IN_INTERVALS, *TAU_OF_THE_CODES),
    note=f"{BRACKET} (68) combines the wrong (66) and (67); the coefficient (2-tau)(2-3 tau) of n "
    "is negative for tau > 2/3, so the bound is negative for large n, and here." + LAW,
)
refute(
    "T21-eq69",
    EQ69_PRINTED,
    _sizes((8, 4, 2, 2)),
    TAU_IS_FOUR_FIFTHS | {"slack": ("1/4",)},
    corrected=EXCLUDED,
    where=(*LEMMA_1, *IN_INTERVALS, *TAU_OF_THE_CODES, "0 < alpha[i] for i in range(d)"),
    note=f"{BRACKET} For tau > 2/3 the condition grows with n while ||A_g^T A*_g||_F^2 <= d: here "
    "it holds for every A, and says nothing. With d in place of n the condition implies the "
    "conclusion; (70), which needs (2-tau) delta e instead of sqrt(2-tau) delta, still does not "
    "follow (T21-eq70)." + LAW,
)
refute(
    "T21-delta-squared",
    DELTA_SQUARED_PRINTED,
    _sizes((8, 1, 4, 2)),
    {"A_tilt": ("11/60", *("0",) * 6, "9/40", *("0",) * 20), "tau": ("1/3",) * 4},
    corrected=DELTA_SQUARED,
    where=(*LEMMA_1, OVERLAP_PRINTED, "0 < alpha[i] for i in range(d)"),
    note="delta bounds the distance of every group, so it does not shrink with the distance of "
    "one. This is where (70) replaces delta by ||A_g - A*_g||_F.",
)
refute(
    "T21-eq73",
    EQ73_PRINTED,
    _sizes((8, 1, 4, 2)),
    {
        "S_tilt": ("1/2", *(*("0",) * 7, "1/2") * 3, *("0",) * 3),
        "chart": ("-1",) * 4,
    },
    corrected=EQ73_ALL_GROUPS,
    where=LEMMA_1,
    note="The sum is over h != g in [Gamma], not in S. With Gamma - 1 terms p_gh (Gamma - 1) = p_g "
    "(gamma - 1): the factor 1/Gamma that (73) claims is lost.",
)
refute(
    "T21-eq73",
    EQ73_PRINTED,
    _sizes((8, 1, 5, 2)),
    {
        "S_tilt": ("3/4", *(*("0",) * 7, "3/4") * 4, *("0",) * 2),
        "chart": ("-1",) * 5,
    },
    corrected=EQ73_ALL_GROUPS,
    variant="lemma1",
    where=(*LEMMA_1, *IN_INTERVALS),
    note="As T21-eq73, with a dictionary incoherent enough for support recovery: mu_B = 49/625, "
    "and lam = 1/5 lies in both intervals.",
)
refute(
    "T21-eq73",
    EQ73_PRINTED,
    _sizes((8, 2, 3, 2)),
    {
        "S_tilt": (
            *("0",) * 12,
            *("1/2", "0", "0", "1/2", *("0",) * 8),
            *(*("0",) * 4, "1/2", "0", "0", "1/2", *("0",) * 4),
        ),
        "chart": ("-1",) * 3,
    },
    corrected=EQ73_ALL_GROUPS,
    variant="second-line",
    where=LEMMA_1,
    note="(73), second line: ||A*_h A*_h^T A_g||_2 <= mu_B + delta, where d mu_B + delta is due. "
    "With Gamma - 1 = gamma the count of terms is right and (73) is still false, by the factor d "
    "of Proposition 2.",
)
