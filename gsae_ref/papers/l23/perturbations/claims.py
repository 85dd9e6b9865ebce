"""L23's Appendix C.4 in sentences: the growth of a group off the support, <v_l, q_l> expanded."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ..models import L23

SIZES = (
    {"n": 4, "L": 3, "d": 2, "s": 1},
    {"n": 3, "L": 4, "d": 1, "s": 2},
)
OWN = "-u[l]**2 - u[l]**2 * inner(v[l], (X[l].T @ X[l] - eye(d)) @ v[l]) + inner(v[l], nu[l])"
INSIDE = "inner(v[l], X[l].T @ total(X[k] @ (w_star[k] - w[k]) for k in active))"
PRINTED_TWICE = "inner(v[l], X[l].T @ total(X[k] @ w[k] for k in active))"
OTHERS = "inner(v[l], X[l].T @ total(X[k] @ w[k] for k in inactive if k != l))"

BELOW_DISPLAY = Stress(
    "e_{l,t} below it",
    f"inner(v[l], q[l]) == {OWN} + {INSIDE} - {OTHERS} for l in inactive",
    L23.name,
    SIZES,
    ("unit v",),
)
DISPLAY = replace(
    BELOW_DISPLAY,
    label="the display",
    conclusion=f"inner(v[l], q[l]) == {OWN} + {INSIDE} - {PRINTED_TWICE} + {OTHERS}"
    " for l in inactive",
    expect="fails",
)
