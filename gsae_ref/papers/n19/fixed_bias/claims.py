"""N19's step of a mixture in sentences: R7, Theorem 4 (i).

k = 1 and codes 1: support c is column c, p1[i] its probability, ``stepped`` the population step by
enumeration of the supports.
"""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ..models import N19


def _sizes(*several: tuple[int, int]) -> tuple[dict[str, int], ...]:
    return tuple({"n": n, "m": m, "k": 1} for n, m in several)


SIZES = _sizes((2, 2), (4, 3), (3, 4))
FEW = _sizes((2, 2), (3, 2), (3, 3))  # where random biases often meet the hypothesis of R7 (d)
COLUMNS = ("unit A", "unit W")
WINDOW = "-lam[i] < bias[i] <= 0 for i in atoms"
STEP = "0 < zeta * p1[i] * lam[i] <= 1 for i in atoms"
ONE_SIDED = (
    "largest([0] + [inner(A[i], A[j]) for j in atoms if j != i]) + norm(W[i] - A[i]) <= -bias[i]"
    " for i in atoms"
)
ACROSS = "norm({M}[i] - inner({M}[i], A[i]) * A[i])"
TANGENT = f"[{ACROSS} / inner({{M}}[i], A[i]) for i in atoms]"
LET = {
    "kappa": "[zeta * p1[i] * lam[i] for i in atoms]",
    "rho": "[1 - zeta * p1[i] * (bias[i] + lam[i])**2 for i in atoms]",
    "sine": "[norm(W[i] - lam[i] * A[i]) for i in atoms]",
    "tangent": TANGENT.format(M="W"),
    "tangent_next": TANGENT.format(M="stepped"),
}


def _claim(
    label: str,
    conclusion: str,
    given: tuple[str, ...] = COLUMNS,
    where: tuple[str, ...] = (WINDOW, STEP),
    sizes: tuple[dict[str, int], ...] = SIZES,
) -> Stress:
    return Stress(label, conclusion, N19.name, sizes, given, where, LET)


# Both sides times lam^2: where lam is small, tangents are large, and rounding in lam shows in them.
SMALL = "lam[i]**2 * {} <= lam[i]**2 * {} for i in atoms"

POPULATION_STEP = _claim(
    "(a) the step", "stepped[i] == kappa[i] * A[i] + rho[i] * W[i] for i in atoms", COLUMNS, ()
)
ANGLE = _claim(
    "(b) the angle",
    # 1 + tan^2 on both sides, without a division; kappa + rho lam > 0 gives the tangent its sign
    "norm2(stepped[i]) * (kappa[i] + rho[i] * lam[i])**2 == inner(stepped[i], A[i])**2"
    " * ((kappa[i] + rho[i] * lam[i])**2 + rho[i]**2 * (1 - lam[i]**2)) for i in atoms",
    where=(),
)
UNBIASED = _claim(
    "the angle after the step",
    SMALL.format("tangent_next[i]", "abs(rho[i]) * sine[i] / (kappa[i] + rho[i] * lam[i])"),
    (*COLUMNS, "no bias"),
    ("0 < lam[i] for i in atoms", STEP),
)
FACTOR = "abs(rho[i]) * lam[i] / (kappa[i] + rho[i] * lam[i])"
CONTRACTION = _claim(
    "(c) every column contracts", SMALL.format("tangent_next[i]", f"{FACTOR} * tangent[i]")
)
BOUND = _claim(
    "(c) the factor 1/(1 + kappa)",
    SMALL.format("tangent_next[i]", "tangent[i] / (1 + kappa[i])"),
)
QUIET = _claim(
    "(d) z_i <= 0 off the support after the step",
    "inner(W_next[i], A[j]) <= -bias[i] for i in atoms for j in atoms if j != i",
    where=(WINDOW, STEP, ONE_SIDED),
    sizes=FEW,
)

# ---- Theorem 4 (i)

ONE_STEP = replace(CONTRACTION, label="one step, any b in the window")
ONE_STEP_BOUND = replace(BOUND, label="one step, the factor 1/(1 + kappa)")
QUIET_AFTER = replace(QUIET, label="z_i <= 0 off the support after the step, the bias fixed")

# ---- the update (5) of a mixture with noise: the values +-tone e_r, each with the chance 1/(2n)

WITH_NOISE = {
    "tone": "between(0, 1)",
    "shifts": "[s * tone * col(eye(n), r) for r in range(n) for s in [-1, 1]]",
    "seen": "[[A[i] + h for h in shifts] for i in atoms]",
    "draws": "range(2 * n)",
    "along": "[[inner(W[i], seen[i][e]) for e in draws] for i in atoms]",
    "off": "[[seen[i][e] - along[i][e] * W[i] for e in draws] for i in atoms]",
    "code": "[[along[i][e] + bias[i] for e in draws] for i in atoms]",
    "left": "[[seen[i][e] - code[i][e] * W[i] for e in draws] for i in atoms]",
    "update_5": "[-p1[i] * total(code[i][e] * left[i][e] + inner(W[i], left[i][e]) * seen[i][e]"
    " for e in draws) / (2 * n) for i in atoms]",
}


def enumerated(
    conclusion: str, label: str = "against the enumeration of codes and noise"
) -> Stress:
    """An equation for every column, of sums over the noise."""
    return Stress(label, f"{conclusion} for i in atoms", N19.name, SIZES, COLUMNS, (), WITH_NOISE)


STEP_WITH_NOISE = enumerated(
    "W[i] - zeta * update_5[i] == zeta * p1[i] * lam[i] * A[i]"
    " + (1 - zeta * p1[i] * (bias[i] + lam[i])**2) * W[i]",
    "(a) the step, with noise",
)
