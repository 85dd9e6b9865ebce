"""L23's gradient flow in sentences."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ..models import L23, STEP

BALANCE = Stress(
    "u u' = 2 v^T v'",
    "u[l] * u_dot[l] == 2 * inner(v[l], v_dot[l]) for l in groups",
    L23.name,
    tuple(L23.tried),
)
# Off the support of an orthogonal design, ||v_l|| = u/sqrt 2: w_l = w, b the noise X_l^T xi / n.
GROWTH = Stress(
    "-u^6 + sqrt 2 u^3 ||nu||",
    "2 * inner(w, b) - 2 * norm2(w) <= -u**6 + sqrt(2) * u**3 * norm(b)",
    STEP.name,
    tuple(STEP.tried),
    let={"w": "u**3 / sqrt(2) * v"},
)
GROWTH_PRINTED = replace(
    GROWTH,
    label="printed",
    conclusion="2 * inner(w, b) - 2 * norm2(w) <= u**6 + sqrt(2) * u**4 * norm(b)",
    expect="fails",
)
