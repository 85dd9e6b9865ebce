"""L23's gradient flow in sentences."""

from __future__ import annotations

from ....claims.evidence import Stress
from ..models import L23

BALANCE = Stress(
    "u u' = 2 v^T v'",
    "u[l] * u_dot[l] == 2 * inner(v[l], v_dot[l]) for l in groups",
    L23.name,
    tuple(L23.tried),
)
