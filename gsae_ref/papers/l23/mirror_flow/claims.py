"""L23's Section 3.1 and Appendix A in sentences: derivatives and brackets of G_k = u^2 v_k."""

from __future__ import annotations

from dataclasses import replace

from ....claims.evidence import Stress
from ....claims.refutation import refute
from ..models import GROUP


def _claim(label: str, conclusion: str, expect: str = "holds") -> Stress:
    return Stress(label, conclusion, GROUP.name, tuple(GROUP.tried), expect=expect)


TAYLOR = _claim(
    "G along a way: gradient, Hessian, third derivative",
    "(u + entry(way, 0, 0))**2 * (v[k] + entry(way, k + 1, 0)) == u**2 * v[k]"
    " + inner(grad[k], way) + inner(way, hess[k] @ way) / 2 + inner(way, third[k] @ way) / 6"
    " for k in entries",
)
ENTRIES = "entry(bracket, j, 0) == entry({}, j, 0) for j in range(d + 1)"
BRACKET = _claim("corrected sign", ENTRIES.format("4 * u**2 * (v[0] * axis[2] - v[1] * axis[1])"))
BRACKET_PRINTED = replace(
    BRACKET,
    label="printed sign",
    conclusion=ENTRIES.format("4 * u**2 * (v[1] * axis[1] - v[0] * axis[2])"),
    expect="fails",
)
SPAN = _claim("corrected", ENTRIES.format("4 * (v[0] * grad[1] - v[1] * grad[0])"))
SPAN_PRINTED = replace(
    SPAN,
    label="printed",
    conclusion=ENTRIES.format("v[1] * grad[0] - v[0] * grad[1]"),
    expect="fails",
)
LENGTH = _claim(
    "4 u^2 ||(v_1, v_2)|| <= ||[grad G_1, grad G_2]||",
    "4 * u**2 * sqrt(v[0]**2 + v[1]**2) <= norm(bracket)",
)
WAY = _claim(
    "4 u^6 <= <grad G_2, [grad G_1, [grad G_1, grad G_2]]>, the paper's way",
    "4 * u**6 <= inner(grad[1], double)",
)
DOUBLE = _claim(
    "the double bracket",
    "double == 8 * u**3 * v[1] * axis[0] - 16 * u**2 * v[0] * v[1] * axis[1]"
    " + (16 * u**2 * v[0]**2 + 4 * u**4) * axis[2]",
)
VALUE = _claim(
    "corrected value", "inner(grad[1], double) == 16 * u**4 * (v[0]**2 + v[1]**2) + 4 * u**6"
)
VALUE_PRINTED = replace(
    VALUE,
    label="printed value",
    conclusion="inner(grad[1], double) == -16 * u**4 * (v[1]**2 + v[0]**2) - 4 * u**6",
    expect="fails",
)
refute(
    "L23-bracket",
    BRACKET_PRINTED,
    ({"d": 2},),
    {"point": ("1", "1", "1")},
    corrected=BRACKET,
    where=("0 < u",),
    note="Definition 1 fixes the sign. The bracket is 0 only where v_i = v_j = 0, not at v_i = "
    "v_j.",
)
refute(
    "L23-span",
    SPAN_PRINTED,
    ({"d": 2},),
    {"point": ("1", "1", "0")},
    corrected=SPAN,
    where=("0 < u",),
    note="The bracket stays in the span of the gradients, which is what the proof uses.",
)
refute(
    "L23-double-bracket",
    VALUE_PRINTED,
    ({"d": 2},),
    {"point": ("3/2", "2", "-1/3")},
    corrected=VALUE,
    where=("0 < u",),
    note="Only != 0 is used, so Theorem 1 does not depend on the sign.",
)
