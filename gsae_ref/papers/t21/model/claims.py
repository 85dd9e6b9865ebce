"""T21 on the model in sentences: coherences, closeness, the norms of groups and codes."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ..models import T21

SIZES = tuple(
    dict(zip(("n", "d", "Gamma", "gamma"), sizes, strict=True))
    for sizes in ((4, 2, 2, 1), (3, 1, 3, 2), (4, 2, 3, 2), (6, 3, 3, 1))
)
# "cross": largest entry of the blocks S[g].T @ S[h], g != h; "coherence": of all of S.T @ S
LET = {
    "cross": "largest(abs(inner(col(S[g], i), col(S[h], j)))"
    " for g in groups for h in groups if h != g for i in range(d) for j in range(d))",
    "columns": "[col(S[g], j) for g in groups for j in range(d)]",
    "coherence": "largest(abs(inner(columns[k], columns[l]))"
    " for k in range(Gamma * d) for l in range(Gamma * d) if l != k)",
}
UNIT_COLUMNS = ("norm(col(S[g], i)) <= 1 for g in groups for i in range(d)",)


def _claim(label: str, conclusion: str, given: tuple[str, ...] = ()) -> Stress:
    return Stress(label, conclusion, T21.name, SIZES, given, (), LET)


COHERENCE = _claim(
    "||A*_g^T A*_h||_2 <= d mu_B is attained",
    "largest(spectral(S[g].T @ S[h]) for g in groups for h in groups if h != g) == d * mu",
)
BLOCK_COHERENCE = _claim("mu_B <= mu", "mu <= coherence")
COHERENCE_AT_MOST_1 = replace(_claim("mu <= 1", "coherence <= 1"), where=UNIT_COLUMNS)
BLOCK_COHERENCE_AT_MOST = _claim(
    "mu_B <= 1/d for orthonormal groups", "mu <= 1 / d", ("orthonormal S",)
)
BLOCKS = _claim(
    "||B||_2 <= d max|B_ij| for cross-Gram blocks",
    "spectral(S[g].T @ S[h]) <= d * cross for g in groups for h in groups if h != g",
)
INTERFERENCE = _claim(
    "interference bound with (17) for all groups",
    "norm(A[v].T @ y) <= gamma * B_max * (d * mu + delta) for v in inactive",
    ("unit norm S", "norms bounded"),
)
INTERFERENCE_ON_SUPPORT = replace(
    INTERFERENCE,
    label="interference bound with (17) on S only",
    given=(*INTERFERENCE.given, "close on the support"),
    expect="fails",
)
# gamma groups are active, and their codes are not 0 in the instances drawn
ENVELOPE = replace(
    _claim(
        "sum ||x_g|| <= max ||x_g|| ||x||_{l0/l2}",
        "total(norm(x[h]) for h in active) <= gamma * largest(norm(x[h]) for h in active)",
    ),
    let={},
)
UNIT_GROUPS = _claim(
    "||A*_g||_F^2 = d for orthonormal groups",
    "norm2(S[g]) == d for g in groups",
    ("orthonormal S",),
)
