"""L23's gradient flow in sentences."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ..models import GRAM, L23, STEP

BALANCE = Stress(
    "u u' = 2 v^T v'",
    "u[l] * u_dot[l] == 2 * inner(v[l], v_dot[l]) for l in groups",
    L23.name,
    tuple(L23.tried),
)
# Lemma 3 as repaired, for v_l(0) along signal[l] = X_l^T y / n
OTHERS = "total(star[k] for k in active if k != l)"
ALIGNMENT = Stress(
    "sin <= beta_l",
    "norm(signal[l] - inner(signal[l], v_star[l]) * v_star[l]) / norm(signal[l]) <= beta[l]"
    " for l in active",
    GRAM.name,
    tuple(GRAM.tried),
    where=("beta[l] < 1 for l in active",),
    let={
        "beta": f"[delta_in + (delta_out * {OTHERS} + norm(nu[l])) / star[l] for l in active]",
    },
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
