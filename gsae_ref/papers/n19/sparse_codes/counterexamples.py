"""Counterexamples to [N19], Appendix B.2: the gradients (11)-(15), Lemmas 2 and 3."""

from dataclasses import replace
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
    frobenius_squared,
    hstack,
    identity,
    inner,
    log_above,
    product,
    scale,
    subtract,
    transpose,
)
from ..exact import Model, constant_codes, mixture, pick, rademacher, rotated_pairs

HALF = Fraction(1, 2)


@counterexample("N19-indicator")
def indicator_of_another_atom(law: Any = None) -> Certificate:
    """Appendix B.2: E[x*_j x*_l 1{x*_i != 0} | S] is 1 for every j = l in S, i in S.

    The print has 1 for i = j = l in S only.
    """
    law = law or rademacher(2, 2)
    moment = sum(p * x[1][0] ** 2 * int(x[0][0] != 0) for p, x in law)
    return Certificate(
        data={"S": "{1, 2}", "x*": "+-1, independent", "i": 1, "j = l": 2},
        hypotheses=(
            Comparison("E[x*_1 | S] == 0", sum(p * x[0][0] for p, x in law), "==", 0),
            Comparison("E[x*_2 | S] == 0", sum(p * x[1][0] for p, x in law), "==", 0),
            Comparison(
                "E[x*_1 x*_2 | S] == 0", sum(p * x[0][0] * x[1][0] for p, x in law), "==", 0
            ),
            Comparison("E[x*_1^2 | S] == 1", sum(p * x[0][0] ** 2 for p, x in law), "==", 1),
        ),
        printed=Comparison(
            "E[x*_2 x*_2 1{x*_1 != 0} | S] == 0, as 1, 2, 2 are not all equal", moment, "==", 0
        ),
        corrected=Comparison("E[x*_2 x*_2 1{x*_1 != 0} | S] == 1", moment, "==", 1),
        note=(
            "E[x*_S x*_S^T | S] = I, and 1{x*_1 != 0} is constant given S. This drops half of the "
            "terms of (11)-(15)."
        ),
    )


def _turned_pair(
    n: int, k: int, t: Fraction
) -> tuple[Matrix, Matrix, Matrix, Fraction, tuple[Fraction, Fraction]]:
    """A_1, W_1, g_1, p and (cos, sin) for A = I_n, W = pairs of columns turned, codes +-1.

    Uniform supports of size k; tan(theta/2) = t. By symmetry g_i lies in the plane of its pair i,
    i': g_i = -p c A_i - p_ii' s A_i' + (p c^2 + p_ii' s^2) W_i, the update (5).
    """
    c = (1 - t**2) / (1 + t**2)
    s = 2 * t / (1 + t**2)
    p = Fraction(k, n)
    pair = p * Fraction(k - 1, n - 1)
    A = column(1, 0)
    W = column(c, s)
    g = add(scale(-p * c, A), scale(-pair * s, column(0, 1)), scale(p * c**2 + pair * s**2, W))
    return A, W, g, p, (c, s)


def _close_pair(d2: Fraction, delta: Fraction, n: int, k: int) -> tuple[Comparison, ...]:
    """delta-closeness, nearness and the sizes that Theorem 3 (i) asks, for pairs turned."""
    log_n = log_above(n)
    return (
        Comparison("||W_i - A_i||^2 <= delta^2", d2, "<=", delta**2),
        Comparison("delta log n <= 1 (log n rounded up)", delta * log_n, "<=", 1),
        Comparison("k log n <= n (log n rounded up)", k * log_n, "<=", n),
        Comparison(
            "||W - A||^2 == ||W_1 - A_1||^2 <= 4 ||A||^2 (blocks are multiples of rotations)",
            d2,
            "<=",
            4,
        ),
    )


@counterexample("N19-lemma2")
def factor_dropped(
    n: int = 10**8, k: int = 10**4, constant: int = 1, t: Fraction = Fraction(1, 38)
) -> Certificate:
    """Lemma 2 lacks the factor 1 - delta^2/2 of its proof; no O(p_i k^2/(n^2 lam_i)) pays for it.

    A = I_n, W pairs of columns turned.
    """
    A, W, g, p, (c, s) = _turned_pair(n, k, t)
    difference = subtract(W, A)
    d2 = frobenius_squared(difference)
    left = 2 * inner(g, difference)
    square = frobenius_squared(g) / (p * c)
    order = constant * p * Fraction(k, n) ** 2 / c
    rest = add(g, scale(p * c, A), scale(-p * c**2, W))
    delta = 2 * t
    repaired = p * c * (1 - delta**2 / 2) * d2 + square - 2 * frobenius_squared(rest) / (p * c)
    return Certificate(
        data={
            "n = m": n,
            "k": k,
            "A": "I_n",
            "W": "pairs (e_1, e_2), (e_3, e_4), ... turned in their planes",
            "cos": c,
            "sin": s,
            "delta": delta,
            "C": constant,
            "codes": "+-1, uniform supports of size k",
        },
        hypotheses=(
            *_close_pair(d2, delta, n, k),
            Comparison("min |z_i| on S, at least c - s, > 1/2", c - s, ">", HALF),
            Comparison("max |z_i| off S, s, < 1/2", s, "<", HALF),
        ),
        printed=Comparison(
            "2 <g_i, W_i-A_i> >= p lam ||W_i-A_i||^2 + ||g_i||^2/(p lam) - C p k^2/(n^2 lam)",
            left,
            ">=",
            p * c * d2 + square - order,
        ),
        corrected=Comparison(
            "the same with p lam (1 - delta^2/2), and 2 ||r||^2/(p lam) for the last term, "
            "r = g + p lam A - p lam^2 W",
            left,
            ">=",
            repaired,
        ),
        note="The deficit is about p delta^4/4 = p/(4 log^4 n) at delta = 1/log n, and p k^2/n^2 = "
        "p/n: their ratio tends to infinity with n, so every constant C fails.",
    )


def common_shift(root_n: int, r: Fraction) -> tuple[Fraction, Fraction]:
    """(diagonal, shift) of W = diagonal I + shift 11^T with rational unit columns, n = root_n^2.

    W_i = (e_i + t u)/(t + r), u = (1, ..., 1)/root_n; r < 1 shifts along u, r > 1 against it.
    """
    t = (1 - r**2) / (2 * r - Fraction(2, root_n))
    diagonal = 1 / (t + r)
    return diagonal, t * diagonal / root_n


def shifted_columns(
    n: int, diagonal: Fraction, shift: Fraction, delta: Fraction
) -> tuple[Comparison, ...]:
    """Unit norm and delta-closeness of W = diagonal I + shift 11^T, A = I_n."""
    own = diagonal + shift
    return (
        Comparison("||W_i||^2 == 1", own**2 + (n - 1) * shift**2, "==", 1),
        Comparison("||W_i - A_i||^2 <= delta^2", 2 - 2 * own, "<=", delta**2),
        Comparison("delta log n <= 1 (log n rounded up)", delta * log_above(n), "<=", 1),
    )


@counterexample("N19-lemma3")
def common_shift_of_all_columns(
    root_n: int = 20, r: Fraction = Fraction(9, 10), delta: Fraction = Fraction(1, 9)
) -> Certificate:
    """Lemma 3: ||W - A|| <= 2 ||A|| does not follow from delta-closeness: a common shift.

    A = I_n, n = root_n^2, W = diagonal I + shift 11^T; W - A multiplies u = (1, ..., 1)/root_n by
    diagonal - 1 + n shift.
    """
    n = root_n**2
    diagonal, shift = common_shift(root_n, r)
    stretch = diagonal - 1 + n * shift
    return Certificate(
        data={
            "n = m": n,
            "A": "I_n",
            "W_i": f"{diagonal} e_i + {shift} (1, ..., 1)",
            "delta": delta,
        },
        hypotheses=shifted_columns(n, diagonal, shift, delta),
        printed=Comparison("||(W - A) u||^2 <= 4 == 4 ||A||^2", stretch**2, "<=", 4),
        corrected=Comparison("||(W - A) u||^2 <= m delta^2", stretch**2, "<=", n * delta**2),
        note="||W - A|| <= ||W - A||_F <= delta sqrt(m) is all that closeness gives. With delta = "
        "1/log n the ratio grows like sqrt(n)/log n.",
    )
