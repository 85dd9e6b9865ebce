"""Counterexamples to the brackets in Appendix A of [L23], from G(u, v) = (u^2 v_1, u^2 v_2) alone.

Derivatives are exact: along a line, a polynomial of degree at most 4 has the derivative (f(-2) - 8
f(-1) + 8 f(1) - f(2)) / 12 at 0.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    Rational,
    add,
    basis,
    column,
    counterexample,
    inner,
    scale,
    subtract,
)

STENCIL = (
    (-2, Fraction(1, 12)),
    (-1, Fraction(-8, 12)),
    (1, Fraction(8, 12)),
    (2, Fraction(-1, 12)),
)


def parameterisation(i: int, x: Matrix) -> Fraction:
    """G_i(x) = u^2 v_i at x = (u, v_1, v_2)."""
    return x[0][0] ** 2 * x[i][0]


def gradient(i: int) -> Callable[..., Any]:
    """grad G_i as a vector field: three exact directional derivatives."""

    def field(x: Matrix) -> Matrix:
        slopes = (
            sum(
                c * parameterisation(i, add(x, scale(Fraction(h), basis(3, k)))) for h, c in STENCIL
            )
            for k in (1, 2, 3)
        )
        return column(*slopes)

    return field


def bracket(X: Callable[..., Any], Y: Callable[..., Any]) -> Callable[..., Any]:
    """Definition 1: [X, Y](x) = (DY) X - (DX) Y, as a vector field."""

    def along(field: Callable[..., Any], x: Matrix, direction: Matrix) -> Matrix:
        return add(*(scale(c, field(add(x, scale(Fraction(h), direction)))) for h, c in STENCIL))

    return lambda x: subtract(along(Y, x, X(x)), along(X, x, Y(x)))


def _point(
    u: Rational, v: tuple[int, int | Fraction]
) -> tuple[Matrix, dict[str, Any], tuple[Comparison, ...]]:
    x = column(u, *v)
    return (
        x,
        {"p": 2, "groups": "(2,)", "u": Fraction(u), "v": x[1:]},
        (Comparison("u > 0", Fraction(u), ">", 0),),
    )


@counterexample("L23-bracket")
def sign_of_the_bracket(u: int = 1, v: tuple[int, int] = (1, 1)) -> Certificate:
    """Proof of Lemma 1: the entry of [grad G_1, grad G_2] in direction v_1 is -4 u^2 v_2, not +."""
    x, data, hypotheses = _point(u, v)
    value = bracket(gradient(1), gradient(2))(x)
    return Certificate(
        data=data | {"[grad G_1, grad G_2]": value},
        hypotheses=hypotheses,
        printed=Comparison(
            "e_{L+1}^T [grad G_1, grad G_2] == 4 u^2 v_2",
            value[1][0],
            "==",
            4 * x[0][0] ** 2 * x[2][0],
        ),
        corrected=Comparison(
            "e_{L+1}^T [grad G_1, grad G_2] == -4 u^2 v_2",
            value[1][0],
            "==",
            -4 * x[0][0] ** 2 * x[2][0],
        ),
        note="Definition 1 fixes the sign. The bracket is 0 only where v_i = v_j = 0, not at v_i = "
        "v_j.",
    )


@counterexample("L23-span")
def factor_of_the_bracket(u: int = 1, v: tuple[int, int] = (1, 0)) -> Certificate:
    """Proof of Theorem 1: [grad G_1, grad G_2] = v_2 grad G_1 - v_1 grad G_2 misses a factor -4."""
    x, data, hypotheses = _point(u, v)
    value = bracket(gradient(1), gradient(2))(x)
    claimed = subtract(scale(x[2][0], gradient(1)(x)), scale(x[1][0], gradient(2)(x)))
    return Certificate(
        data=data | {"[grad G_1, grad G_2]": value, "v_2 grad G_1 - v_1 grad G_2": claimed},
        hypotheses=hypotheses,
        printed=Comparison(
            "||bracket - (v_2 grad G_1 - v_1 grad G_2)||^2 == 0",
            inner(*[subtract(value, claimed)] * 2),
            "==",
            0,
        ),
        corrected=Comparison(
            "||bracket - 4 (v_1 grad G_2 - v_2 grad G_1)||^2 == 0",
            inner(*[add(value, scale(Fraction(4), claimed))] * 2),
            "==",
            0,
        ),
        note="The bracket stays in the span of the gradients, which is what the proof uses.",
    )


@counterexample("L23-double-bracket")
def sign_of_the_double_bracket(
    u: Rational = Fraction(3, 2), v: tuple[int, Fraction] = (2, Fraction(-1, 3))
) -> Certificate:
    """Last display: <grad G_2, [grad G_1, [grad G_1, grad G_2]]> is 6057/16, printed -6057/16."""
    x, data, hypotheses = _point(u, v)
    first = gradient(1)
    value = inner(gradient(2)(x), bracket(first, bracket(first, gradient(2)))(x))
    claimed = -16 * x[0][0] ** 4 * (x[1][0] ** 2 + x[2][0] ** 2) - 4 * x[0][0] ** 6
    return Certificate(
        data=data,
        hypotheses=hypotheses,
        printed=Comparison(
            "<grad G_2, [grad G_1, [grad G_1, grad G_2]]> == -16 u^4 (v_1^2 + v_2^2) - 4 u^6",
            value,
            "==",
            claimed,
        ),
        corrected=Comparison(
            "<grad G_2, [grad G_1, [grad G_1, grad G_2]]> == 16 u^4 (v_1^2 + v_2^2) + 4 u^6",
            value,
            "==",
            -claimed,
        ),
        note="Only != 0 is used, so Theorem 1 does not depend on the sign.",
    )
