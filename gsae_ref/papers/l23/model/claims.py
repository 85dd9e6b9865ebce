"""L23's Assumption 1 in sentences: (1) and (2) hold with spectral norms, and with nothing less."""

from __future__ import annotations

from ....claims.evidence import Stress
from ..models import GRAM

INSIDE = Stress(
    "the least delta_in is a spectral norm",
    "abs(inner(v[l], E[l][l] @ v_next[l])) <= spectral(E[l][l]) for l in groups",
    GRAM.name,
    tuple(GRAM.tried),
)
OUTSIDE = Stress(
    "the least delta_out is a spectral norm",
    "abs(inner(v[l], E[l][k] @ v[k])) <= spectral(E[l][k]) for l in groups for k in range(l)",
    GRAM.name,
    tuple(GRAM.tried),
)
