"""L23's Appendices C.3, C.4 and D in sentences: perturbations beside w*, growth off the support."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ..models import GRAM, L23

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

# ---- Lemmas 12, 13 and 17, (7) and (10): on the support, beside w*

PAIRS = ({"L": 2, "d": 2, "s": 2}, {"L": 2, "d": 2, "s": 1}, {"L": 1, "d": 2, "s": 1})
DELTAS = ("120 * M * delta_in <= m", "120 * s * M * delta_out <= m")
LOOSE_DELTAS = tuple(f"{text[:-1]}sqrt(tau_0) * m" for text in DELTAS)
NEAR = (
    "abs(u[l]**2 - star[l]) <= tau * star[l] for l in active",
    "1 - tau**2 / 5 <= inner(v[l], v_star[l]) for l in active",
)
CLOSE = (  # the same, without the cancellation of 1 - <v, v*> where tau is small
    NEAR[0],
    "norm(v[l] - v_star[l]) <= sqrt(2 / 5) * tau for l in active",
)
LOOSE = (NEAR[0], "1 - tau / 5 <= inner(v[l], v_star[l]) for l in active")
NOISE = (
    "80 * norm(nu[l]) <= tau_0 * star[l] for l in active",
    "L * alpha <= tau_0 * m",
    "tau_0 <= tau",
)


def _claim(label: str, conclusion: str, *where: str, expect: str = "holds") -> Stress:
    return Stress(label, conclusion, GRAM.name, PAIRS, (), where, {}, expect)


def _and_after(where: tuple[str, ...]) -> tuple[str, ...]:
    """The same, and the angle of v(t+1) too."""
    return (*where, where[1].replace("v[l]", "v_next[l]"))


TENTH = _claim(
    "abs(<v, b>), abs(e) <= tau u*^2/10",
    "largest([abs(inner(v[l], b[l])), abs(e[l])]) <= tau * star[l] / 10 for l in active",
    *DELTAS,
    *_and_after(NEAR),
    *NOISE,
)
TWENTIETH = _claim(
    "abs(<v, b>), abs(e) <= tau u*^2/20",
    "largest([abs(inner(v[l], b[l])), abs(e[l])]) <= tau * star[l] / 20 for l in active",
    *DELTAS,
    "abs(u[l]**2 - star[l]) <= tau * star[l] / 2 for l in active",
    *_and_after(NEAR)[1:],
    *NOISE,
)
LOOSE_TENTH = replace(TENTH, where=(*LOOSE_DELTAS, *_and_after(LOOSE), *NOISE, "tau <= 1 / 2"))
EQUAL = replace(
    TENTH,
    label="abs(e) == abs(<v, b>)",
    conclusion="abs(e[l]) == abs(inner(v[l], b[l])) for l in active",
    expect="fails",
)
THREE_TAU = _claim(
    "<= 3 tau u*^2", "norm(gap[l]) <= 3 * tau * star[l] for l in active", *CLOSE, "0 < tau"
)
SHARP = replace(
    THREE_TAU,
    label="<= sqrt(1 + 2 (1 + tau)/5) tau u*^2",
    conclusion="norm(gap[l]) <= sqrt(1 + 2 * (1 + tau) / 5) * tau * star[l] for l in active",
)
TEN = _claim(
    "<= (1 + 2/sqrt(tau_0)) tau u*^2",
    "norm(gap[l]) <= (1 + 2 / sqrt(tau_0)) * tau * star[l] for l in active",
    *LOOSE,
    "0 < tau_0",
    *NOISE[2:],
)

# ---- any directions: (8), the end of Appendix C.3, R8

CRUDE = (
    *DELTAS,
    "80 * L * alpha <= Z",
    "u[l]**2 <= star[l] + Z / 20 for l in active",
)
ON = _claim("on S: ||b_l|| <= Z/20", "norm(b[l]) <= Z / 20 for l in active", *CRUDE)
ON_S = replace(ON, label="on S, any state before T_ub: ||b_l|| <= Z/20")
OFF_S = replace(
    ON,
    label="off S, any state before T_ub: <v_l, q_l> <= Z/32",
    conclusion="growth[l] <= Z / 32 for l in inactive",
    sizes=({"L": 2, "d": 2, "s": 1}, {"L": 3, "d": 2, "s": 1}),
)
EIGHT = replace(
    OFF_S,
    label="with the 2-norm",
    conclusion="abs(growth[l]) <= m / 20 + norm(nu[l]) for l in inactive",
    where=(*DELTAS, "80 * L * alpha <= m", CRUDE[-1], "zeta <= M"),
)
