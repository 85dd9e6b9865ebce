"""Counterexamples to what [T21] says about its own model: generalisation of ReLU, uniqueness."""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    basis,
    column,
    counterexample,
    frobenius_squared,
    identity,
    product,
    subtract,
    transpose,
)
from ..exact import tau

ROTATION = (
    (Fraction(3, 5), Fraction(-4, 5)),
    (Fraction(4, 5), Fraction(3, 5)),
)


@counterexample("T21-relu")
def negative_input(x: Fraction = Fraction(-2), lam: Fraction = Fraction(1)) -> Certificate:
    """At d = 1 and x = -2 the threshold (7) is -1 and ReLU with bias lambda is 0.

    At d = 1 (7) is the odd, two-sided soft threshold ReLU(x - lambda) - ReLU(-x - lambda).
    """
    sigma = tau(column(x), lam) * x
    one_sided = max(x - lam, Fraction(0))
    return Certificate(
        data={"d": 1, "x": x, "lambda": lam},
        hypotheses=(
            Comparison("lambda >= 0", lam, ">=", 0),
            Comparison("|x| != 0, so (7) is defined", abs(x), "!=", 0),
        ),
        printed=Comparison("sigma_lambda(x) == ReLU(x - lambda) at d = 1", sigma, "==", one_sided),
        corrected=Comparison(
            "sigma_lambda(x) == ReLU(x - lambda) - ReLU(-x - lambda)",
            sigma,
            "==",
            one_sided - max(-x - lam, Fraction(0)),
        ),
        note="sigma is odd and ReLU is not, so no lambda makes them equal. ReLU belongs to the "
        "prox of lambda ||x||_2 with x >= 0, (1 - lambda/||x_+||_2)_+ x_+.",
    )


@counterexample("T21-uniqueness")
def rotated_group(rotation: Matrix = ROTATION, x: tuple[int, int] = (1, 2)) -> Certificate:
    """A*_1 = [e1, e2] and A*_1 Q for a rotation Q: both orthonormal, and the same data."""
    star = basis(3, 1, 2)
    other = product(star, rotation)
    code = column(*x)
    y = product(star, code)
    eye = identity(2)
    defect = subtract(product(transpose(other), other), eye)
    again = product(other, transpose(rotation), code)
    return Certificate(
        data={"d": 2, "A*_1": star, "A_1 = A*_1 Q": other, "x_1": code, "y": y},
        hypotheses=(
            Comparison("||A_1^T A_1 - I||_F^2 == 0", frobenius_squared(defect), "==", 0),
            Comparison(
                "||A_1 (Q^T x_1) - y||_F^2 == 0: A_1 generates the same y",
                frobenius_squared(subtract(again, y)),
                "==",
                0,
            ),
        ),
        printed=Comparison(
            "||A_1 - A*_1||_F^2 == 0, so that the group is unique",
            frobenius_squared(subtract(other, star)),
            "==",
            0,
        ),
        corrected=Comparison(
            "||A_1 A_1^T - A*_1 A*_1^T||_F^2 == 0: the span is the same",
            frobenius_squared(
                subtract(product(other, transpose(other)), product(star, transpose(star)))
            ),
            "==",
            0,
        ),
        note="Orthonormality fixes a group up to a rotation. The law of isotropic codes does not "
        "tell the two apart, and neither does the loss (R0).",
    )
