"""T21's pieces of the expected gradient in sentences: (24), (25), (31), (55), (56)."""

from __future__ import annotations

from ....claims.evidence import Stress
from ..models import T21

# (24) and (7), times ||A_g^T y||; lam recovers the support
FIRST_LINE = Stress(
    "first line",
    "largest([0, norm(A[g].T @ y) - lam]) * (A[g].T @ y)"
    " == on[g] * (norm(A[g].T @ y) - lam) * (A[g].T @ y) for g in groups",
    T21.name,
    tuple(T21.tried),
    let={
        "leak": "largest([0] + [norm(A[v].T @ y) for v in inactive])",
        "signal": "least(norm(A[g].T @ y) for g in active)",
        "lam": "between(leak, signal)",
        "on": "[1 for g in active] + [0 for v in inactive]",
    },
)
PROJECTORS = Stress(
    "A_S diag(tau) A_S^T = sum_{h in S} tau_h A_h A_h^T",
    "beside([tau[h] * A[h] for h in active]) @ beside([A[h] for h in active]).T"
    " == total(tau[h] * P[h] for h in active)",
    T21.name,
    tuple(T21.tried),
)
LEADING_TERMS = Stress(
    "leading terms of (55) and (56)",
    "-tau[g] * (2 - tau[g]) * p[1] * (R[g] @ A[g]) + tau[g]**2 * p[1] * (P[g] @ R[g] @ A[g])"
    " == tau[g] * (2 - tau[g]) * p[1] * ((A[g] - S[g]) @ S[g].T @ A[g])"
    " + tau[g] * p[1] * (A[g] @ (tau[g] * A[g].T @ S[g] - (2 - tau[g]) * eye(d)) @ S[g].T @ A[g])"
    " for g in groups",
    T21.name,
    tuple(T21.tried),
)
