"""L23's gradient flow in sentences."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ....claims.refutation import refute
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
PRINTED = Stress(  # with a design; a[l] = X_l^T y / n has the direction of v_l(0)
    "printed",
    "1 - (delta_in + L * delta_out + norm(nu[l]) / size[l])**2"
    " <= factor * inner(a[l], w_star[l]) / (norm(a[l]) * size[l]) for l in active",
    L23.name,
    tuple(L23.tried),
    let={
        "a": "[X[l].T @ y for l in groups]",
        "size": "[norm(w_star[l]) for l in active]",
        "beta": "[delta_in + (delta_out * total(size[k] for k in active if k != l)"
        " + norm(nu[l])) / size[l] for l in active]",
        "factor": "1",
    },
    expect="fails",
)
REPAIRED = replace(
    PRINTED,
    label="with a positive factor: sin <= beta_l",
    conclusion="norm(a[l] - inner(a[l], w_star[l]) / norm2(w_star[l]) * w_star[l])"
    " <= beta[l] * norm(a[l]) for l in active",
    expect="holds",
)


def _refute(
    variant: str, sizes: dict[str, int], point: dict[str, tuple[str, ...]], note: str
) -> None:
    printed = (
        PRINTED if variant != "sign" else replace(PRINTED, let={**PRINTED.let, "factor": "-1"})
    )
    refute(
        "L23-lemma3",
        printed,
        (sizes,),
        point,
        corrected=REPAIRED,
        note=note,
        variant=variant,
        given=("orthonormal groups",),
        where=("delta_in < 1", "delta_out < 1", "0 < norm(a[l]) for l in active"),
    )


_refute(
    "magnitudes",
    {"n": 4, "L": 2, "d": 2, "s": 2},
    {"X_tilt": ("0", "0", "0", "0", "0", "0", "1/20", "0"), "width": ("2",), "size": ("0", "1")},
    "L delta_out takes all magnitudes as equal; group l' leaks delta_out (u*_l' / u*_l)^2.",
)
_refute(
    "noise",
    {"n": 2, "L": 1, "d": 2, "s": 1},
    {"noise": ("-21/20", "0")},
    "The proof takes a square root of cos^2 without asking cos > 0: beta < 1 is missing.",
)
_refute(
    "sign",
    {"n": 2, "L": 1, "d": 2, "s": 1},
    {"noise": ("0", "1/10")},
    "'Proportional' must mean a positive factor; here it is -1.",
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
