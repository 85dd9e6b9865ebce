"""L23's Appendices C.1, C.2, C.4 and D in sentences: a step of one group with perturbations."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ....claims.refutation import refute
from ..models import STEP

SIZES = ({"d": 2}, {"d": 3}, {"d": 1})


def _claim(label: str, conclusion: str, *where: str, expect: str = "holds", **let: str) -> Stress:
    return Stress(label, conclusion, STEP.name, SIZES, (), where, let, expect)


BELOW_STAR = _claim(
    "one step: u(t+1) <= u*",
    "u + 2 * gamma * u * (u_star**2 - u**2) <= u_star",
    "u <= u_star",
    "4 * gamma * u_star**2 <= 1",
)
RECAST = _claim(
    "z(t+1)",
    "v + rate * u**2 * (u_star**2 * v_star - u**2 * v) + rate * u**2 * b"
    " == u_star**2 / u**2 * v_star + b / u**2",
    "0 < u",
    rate="1 / u**4",
)
KEPT_SIGN = _claim(
    "1 - <z(t+1), v(t)>",
    "1 - inner(z, v) <= eta * u**2 * (u_star**2 + u**2 + norm(b))",
)
ALIGNED = _claim("1 - B^2 <= <v(t+1), v*>", "1 - B_2**2 <= cosine", "B_2 < 1")
ANGLE = _claim(
    "the angle: sin <= B", "norm(z_6 - inner(z_6, v_star) * v_star) <= B_2 * norm(z_6)", "B_2 < 1"
)
UPPER = _claim(
    "u^2(t+1) <= u*^2 + B",
    "u_next**2 <= u_star**2 + B",
    "u**2 <= u_star**2 + B",
    "4 * gamma * (u_star**2 + B) <= 1",
)
UPPER_PRINTED = replace(
    UPPER,
    label="any step size: u^2(t+1) <= u*^2 + B",
    where=("u**2 <= u_star**2 + B",),
    expect="fails",
)
LOWER = _claim(
    "(1 - B_2) u*^2 - B <= u^2(t+1)",
    "least_square <= u_next**2",
    "least_square <= u**2",
    "4 * gamma * largest([u**2, u_star**2 + B]) <= 1",
    least_square="(1 - B_2) * u_star**2 - B",
)
ANY_DIRECTION = replace(
    LOWER,
    label="(1 - B_2) u*^2 - B <= u^2(t+1), v(t+1) = v",
    conclusion="least_square <= (u + 2 * gamma * u * (u_star**2 * inner(v, v_star) - u**2 + e))**2",
    expect="fails",
)
refute(
    "L23-lemma9",
    UPPER_PRINTED,
    ({"d": 1},),
    {"u": ("-1/10",), "gamma": ("3/4",)},
    where=("u <= u_star",),
    note="Lemma 7 has the condition gamma <= 1/(4 u*^2); Lemma 9 needs one too.",
)
refute(
    "L23-lemma9",
    ANY_DIRECTION,
    ({"d": 1},),
    {"flip": ("-1",)},
    corrected=LOWER,
    variant="direction",
    where=("u_star <= u", "abs(inner(v, b)) <= B_2 * tau * u_star**2"),
    note="u falls although <v, b> = 0; Lemma 9 says nothing of v. Its second part needs the "
    "directions of (6), and a bound on ||b_t||.",
)
LONG_STEP = _claim(
    "u^2(t+1) <= 3/2 u*^2",
    "2 * u_next**2 <= 3 * u_star**2",
    "5 * u <= u_star",
    "20 * abs(inner(v, b)) <= u_star**2",
    "20 * abs(e) <= u_star**2",
    expect="fails",
)
refute(
    "L23-lemma10-upper",
    LONG_STEP,
    ({"d": 1},),
    {"u": ("-5/9",), "gamma": ("7/4",)},
    note="Lemma 10 asks nothing of gamma. With gamma <= 1/(4.2 u*^2), u^2 <= 1.05 u*^2.",
)
DRIFT = _claim(
    "u(T) <= sqrt(alpha)",
    "T_gamma_B * log(1 + 2 * gamma * e) <= -log(alpha) / 2 * (gamma * B)",
    "4 * gamma * B <= 1",
    T_gamma_B="log(1 / alpha**4) / 32",
)
LONGER_DRIFT = replace(
    DRIFT, label="u(2T) <= sqrt(alpha)", let={"T_gamma_B": "log(1 / alpha**4) / 16"}
)
NEVER_FAR = _claim(
    "1 - <v(t), v*> <= 1 - sqrt(1 - tau^2/100), t >= 1",
    "1 - cosine <= 1 - sqrt(1 - tau**2 / 100)",
    "norm(b) <= tau * u_star**2 / 10",
    "tau <= 10",
)

# ---- Lemma 16, (9), and the growth of a group

INSIDE = (
    "1 - tau / 5 <= inner(v, v_star)",
    "abs(u**2 - u_star**2) <= tau * u_star**2",
    "norm(b) <= tau * u_star**2 / 10",
    "tau <= 1 / 2",
    "9 * eta * u_star**4 <= 4",
)
PRESERVED = _claim(
    "1 - <v(t+1), v*> <= tau/5", "1 - inner(z, v_star) / norm(z) <= tau / 5", *INSIDE
)
PRESERVED_2B = replace(PRESERVED, label="1 - <v(t+1), v*> <= 2B")
HALVED = replace(
    PRESERVED,
    label="1 - <v(t+1), v*> <= B",
    conclusion="1 - inner(z, v_star) / norm(z) <= tau / 10",
    expect="fails",
)
refute(
    "L23-lemma16-remark",
    HALVED,
    ({"d": 2},),
    {"v": ("1/6",), "eta": ("-19/40",), "tau": ("1/10",)},
    corrected=PRESERVED,
    note="b = 0, a small eta: <v(t), v*> between 1 - 2B and 1 - B stays there. Lemma 16 has tau/5 "
    "= 2B, and needs the same before the step.",
)
TILTED = _claim(
    "at most sqrt(1 + 2 (1 + tau)/5) tau u_max*^2",
    "norm(u**2 * v - u_star**2 * v_star) <= sqrt(1 + 2 * (1 + power) / 5) * power * M",
    "abs(u**2 - u_star**2) <= power * M",
    "norm(v - v_star) <= sqrt(2 / 5) * power",  # <v, v*> >= 1 - power^2/5 without cancellation
)
TILTED_PRINTED = replace(
    TILTED,
    label="at most 2 zeta, 2^-m_0 u_max*^2 <= 2 zeta",
    conclusion="norm(u**2 * v - u_star**2 * v_star) <= 2 * zeta",
    where=(TILTED.where[0], "1 - power**2 / 5 <= inner(v, v_star)", "power <= 1"),
    let={"zeta": "between(power * M / 2, M)"},
    expect="fails",
)
refute(
    "L23-eq9",
    TILTED_PRINTED,
    ({"d": 2},),
    {"v": ("1/3",), "u": ("1/6",), "power": ("1/2",)},
    corrected=TILTED,
    note="sqrt(2 - 2 <v, v*>) is at most sqrt(2/5) 2^-m_0, not 2/5 2^-m_0; 2^-m_0 u_max*^2 < 2 "
    "zeta.",
)
CHANGE = _claim(
    "0.89 gamma u*^2 <= abs(u(t+1) - u(t))/u(t)",
    "0.89 * gamma * u_star**2 * u <= abs(u_next - u)",
    "norm(b) <= u_star**2 / 20",
    "abs(e) <= u_star**2 / 20",
    "u**2 <= u_star**2 / 2",
)
