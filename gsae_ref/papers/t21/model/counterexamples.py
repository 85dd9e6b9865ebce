"""Counterexamples to what [T21] says about its own model: "generalization of ReLU", (15) with (16), and ||A*_g||_2 = 1."""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    column,
    counterexample,
    frobenius_squared,
    hstack,
    inner,
    matrix,
    scale,
)
from ..exact import Setting, spikes, tau

SPIKES = spikes(2, {1: Fraction(2, 3), 2: Fraction(1, 3)})


@counterexample("T21-relu")
def ce_relu(x: Fraction = Fraction(-2), lam: Fraction = Fraction(1)) -> Certificate:
    """Text after (7): "we can consider (7) as a generalization of ReLU". At d = 1 it is the odd, two-sided soft threshold.

    ReLU with bias lambda is max(x - lambda, 0), which is 0 at x = -2; sigma_lambda(x) = ReLU(x -
    lambda) - ReLU(-x - lambda).
    """
    sigma = tau(column(x), lam) * x
    return Certificate(
        data={"d": 1, "x": x, "lambda": lam},
        hypotheses=(
            Comparison("lambda >= 0", lam, ">=", 0),
            Comparison("|x| != 0, so (7) is defined", abs(x), "!=", 0),
        ),
        printed=Comparison(
            "sigma_lambda(x) == ReLU(x - lambda) at d = 1", sigma, "==", max(x - lam, Fraction(0))
        ),
        corrected=Comparison(
            "sigma_lambda(x) == ReLU(x - lambda) - ReLU(-x - lambda)",
            sigma,
            "==",
            max(x - lam, Fraction(0)) - max(-x - lam, Fraction(0)),
        ),
        note="sigma is odd and ReLU is not, so no lambda makes them equal. ReLU belongs to the prox of lambda ||x||_2 with x >= 0, "
        "(1 - lambda/||x_+||_2)_+ x_+.",
    )


@counterexample("T21-assumption3")
def ce_assumption3(
    low: Fraction = Fraction(4), high: Fraction = Fraction(5), size: int = 2
) -> Certificate:
    """(15) with (16): the trace of E[x_g x_g^T] = I is d, so B_min^2 <= d <= B_max^2. The simulation has c ~ U(4, 5) and d = 2.

    E||x_g||^2 = E c^2 = (5^3 - 4^3)/3 = 61/3.
    """
    energy = (high**3 - low**3) / (3 * (high - low))
    variance = energy / size
    return Certificate(
        data={
            "d": size,
            "codes": "x_g = c u, c ~ U(B_min, B_max), u uniform on the circle (section 4.1)",
            "B_min": low,
            "B_max": high,
        },
        hypotheses=(
            Comparison("B_min^2 <= E||x_g||_2^2, from (15)", low**2, "<=", energy),
            Comparison("E||x_g||_2^2 <= B_max^2, from (15)", energy, "<=", high**2),
            Comparison("0 < B_min", 0, "<", low),
        ),
        printed=Comparison(
            "E||x_g||_2^2 == trace E[x_g x_g^T] == d, from (16)", energy, "==", size
        ),
        corrected=Comparison(
            f"E||x_g||_2^2 == trace of sigma_x^2 I with sigma_x^2 = {variance}",
            energy,
            "==",
            variance * size,
        ),
        note="(15) and (16) are consistent only if B_min^2 <= d <= B_max^2; the paper's simulation is not an instance of its theory. With "
        "covariance sigma_x^2 I the expected gradient and 1/eta scale by sigma_x^2.",
    )


@counterexample("T21-unit-norm")
def ce9(second: Fraction = Fraction(1, 2), delta: Fraction = Fraction(1, 2)) -> Certificate:
    """(67) from ||A*_g||_2 = 1: it uses ||A*_g||_F^2 = d, that is, unit columns. Here n = d, so (67)'s n for d is not the cause."""
    s = _short_column(second, delta)
    overlap = inner(s.A[0], s.A_star[0])
    energies = frobenius_squared(s.A[0]) + frobenius_squared(s.A_star[0])
    return Certificate(
        data=s.data(),
        hypotheses=s.model() + s.codes(),
        printed=Comparison(
            "<A_1, A*_1> >= n - delta^2/2, (67), where n = d",
            overlap,
            ">=",
            s.n_features - delta**2 / 2,
        ),
        corrected=Comparison(
            "<A_1, A*_1> >= (||A_1||_F^2 + ||A*_1||_F^2 - delta^2)/2",
            overlap,
            ">=",
            (energies - delta**2) / 2,
        ),
        note="||A*_g||_2 = 1 leaves columns of any norm up to 1. (67) needs unit columns too, and the two together mean that A*_g is "
        "orthonormal: its Gram matrix has trace d and largest eigenvalue 1.",
    )


@counterexample("T21-unit-norm", "alpha")
def ce9b(second: Fraction = Fraction(0), delta: Fraction = Fraction(1)) -> Certificate:
    """alpha_i = <a*_i, a_i> > 0, by which (32), (57) and (61) divide: with ||A*_g||_2 = 1 alone it can be 0."""
    s = _short_column(second, delta)
    a, a_star = (tuple(row[1:] for row in G) for G in (s.A[0], s.A_star[0]))
    alpha = inner(a, a_star)
    return Certificate(
        data=s.data(),
        hypotheses=s.model() + s.codes(),
        printed=Comparison("alpha_2 > 0", alpha, ">", 0),
        corrected=Comparison(
            "alpha_2 >= (||a_2||^2 + ||a*_2||^2 - delta^2)/2",
            alpha,
            ">=",
            (frobenius_squared(a) + frobenius_squared(a_star) - delta**2) / 2,
        ),
        note="The right side of (32) divides by alpha_2 = 0. With unit columns alpha_i >= 1 - delta^2/2 >= 1/2.",
    )


def _short_column(second: Fraction, delta: Fraction) -> Setting:
    """A_1 = [e1, e2], A*_1 = [e1, second e2]: a single group in R^2."""
    eye = matrix([[1, 0], [0, 1]])
    star = hstack(column(1, 0), scale(second, column(0, 1)))
    return Setting((eye,), (star,), SPIKES, 1, Fraction(1), Fraction(2), delta)
