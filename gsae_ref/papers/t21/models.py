"""The model "t21": groups of columns with T21's expected gradient and its parts, for claims."""

from dataclasses import replace

from ...claims.grouped import GROUPS
from ...claims.model import register

DEFINITIONS = {
    "P": "[A[g] @ A[g].T for g in groups]",
    "R": "[S[g] @ S[g].T for g in groups]",
    "K": "total(R[g] for g in groups)",
    "K_tau": "total(tau[g] * P[g] for g in groups)",
    "K_2": "K_tau @ K + K @ K_tau",
    "K_both": "total(tau[g] * (P[g] @ R[g] + R[g] @ P[g]) for g in groups)",
    "G": "[-tau[g] * ((2 * (p[1] - p[2]) * R[g] + 2 * p[2] * K - p[3] * K_2"
    " - (p[2] - p[3]) * (K_tau @ R[g] + R[g] @ K_tau + tau[g] * (P[g] @ K + K @ P[g]) + K_both)"
    " - (p[1] - 3 * p[2] + 2 * p[3]) * tau[g] * (P[g] @ R[g] + R[g] @ P[g])) @ A[g])"
    " for g in groups]",
    "beta": "[G[g] + p[1] * tau[g] * ((2 - tau[g]) * (R[g] @ A[g]) - tau[g] * (P[g] @ R[g] @ A[g]))"
    " for g in groups]",
    "alpha": "[inner(col(S[0], i), col(A[0], i)) for i in range(d)]",
    "v": "[col(G[0], i) - tau[0] * (2 - tau[0]) * p[1] * alpha[i] * (col(A[0], i) - col(S[0], i))"
    " for i in range(d)]",
    "omega": "[largest([0] + [abs(inner(col(S[0], j), col(A[0], i))) for j in range(d) if j != i])"
    " for i in range(d)]",
}
MEANINGS = {
    "P": "P[g] = A[g] @ A[g].T",
    "R": "R[g] = S[g] @ S[g].T",
    "K": "sum of the R[g]",
    "K_tau": "sum of the tau[g] * P[g]",
    "K_2": "K_tau @ K + K @ K_tau",
    "K_both": "sum of the tau[g] * (P[g] @ R[g] + R[g] @ P[g])",
    "G": "G[g]: expected gradient (27) of group g, shrinkage factors held fixed, covariance I",
    "beta": "beta[g]: what (55) leaves of G[g] beside its leading term",
    "alpha": "alpha[i]: inner product of columns i of S[0] and A[0], (30)",
    "v": "v[i]: what is left of column i of G[0] in (31)",
    "omega": "omega[i]: largest inner product of column i of A[0] with another column of S[0]",
}
T21 = register(
    replace(
        GROUPS,
        name="t21",
        definitions={**GROUPS.definitions, **DEFINITIONS},
        meanings={**GROUPS.meanings, **MEANINGS},
        symbols={**GROUPS.symbols, "K_tau": r"K_\tau"},
    )
)
