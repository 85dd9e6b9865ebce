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


def _signed_pair() -> Model:
    """A = I_2, W_1 = (12, 5)/13, W_2 = (5, 12)/13, S = {1, 2}, signs +-1, threshold 1/2.

    The support is recovered surely.
    """
    W = hstack(column(Fraction(12, 13), Fraction(5, 13)), column(Fraction(5, 13), Fraction(12, 13)))
    return Model(
        W,
        identity(2),
        rademacher(2, 2),
        (Fraction(0),) * 2,
        Fraction(2, 5),
        n_active=2,
        threshold=HALF,
    )


def _facts(s: Model) -> tuple[Comparison, ...]:
    return (*s.model(), *s.codes(), *s.consistent())


def _rest(s: Model) -> Matrix:
    """I - W_S W_S^T for S = {1, ..., m}."""
    return subtract(identity(s.n_features), product(s.W, transpose(s.W)))


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


@counterexample("N19-eq11")
def other_atoms_of_the_support(i: int = 1) -> Certificate:
    """(11): g^(1)_{i,S} = -lam_i (I - W_S W_S^T) A_i lacks <W_i, A_l> A_l, l != i in S."""
    s = _signed_pair()
    rest = _rest(s)
    w = pick(s.W, i)
    draws = []
    for p, x in s.law:
        y = product(s.A_star, x)
        draws.append(scale(-p * inner(w, y), product(rest, y)))
    exact = add(*draws)
    printed = scale(-s.overlap(i), product(rest, pick(s.A_star, i)))
    full = add(
        *(scale(-inner(w, pick(s.A_star, j)), product(rest, pick(s.A_star, j))) for j in (1, 2))
    )
    return Certificate(
        data=s.data() | {"S": "{1, 2}", "g^(1)_{i,S}": exact, "(11)": printed},
        hypotheses=_facts(s),
        printed=Comparison(
            "||g^(1)_{i,S} + lam_i (I - W_S W_S^T) A_i||^2 == 0",
            frobenius_squared(subtract(exact, printed)),
            "==",
            0,
        ),
        corrected=Comparison(
            "||g^(1)_{i,S} + (I - W_S W_S^T) sum_{l in S} <W_i, A_l> A_l||^2 == 0",
            frobenius_squared(subtract(exact, full)),
            "==",
            0,
        ),
        note='"I - W_S^T W_S" in the line before is a k x k matrix where an n x n one is meant.',
    )


@counterexample("N19-eq12")
def sign_for_indicator() -> Certificate:
    """(12): sgn(x*_i) in the place of 1{x*_i != 0}.

    For symmetric codes the expectation with sgn is zero.
    """
    s = _signed_pair()
    rest = _rest(s)
    w = pick(s.W, 1)
    exact = column(0, 0)
    signed = column(0, 0)
    for p, x in s.law:
        y = product(s.A_star, x)
        term = scale(-p * inner(w, product(rest, y)), y)
        exact, signed = add(exact, term), add(signed, scale(x[0][0], term))
    full = add(
        *(scale(-inner(w, product(rest, pick(s.A_star, j))), pick(s.A_star, j)) for j in (1, 2))
    )
    return Certificate(
        data=s.data() | {"S": "{1, 2}", "g^(2)_{1,S}": exact, "(12)": signed},
        hypotheses=_facts(s),
        printed=Comparison(
            "||g^(2)_{1,S} - (12)||^2 == 0", frobenius_squared(subtract(exact, signed)), "==", 0
        ),
        corrected=Comparison(
            "||g^(2)_{1,S} + sum_{l in S} A_l W_1^T (I - W_S W_S^T) A_l||^2 == 0",
            frobenius_squared(subtract(exact, full)),
            "==",
            0,
        ),
        note=(
            "sgn(x*_1) = x*_1 here. With the indicator all j = l in S survive, not j = l = 1 "
            "only, as the next display, (13), says."
        ),
    )


@counterexample("N19-eq15")
def twice_what_is_printed(bias: Fraction = Fraction(0)) -> Certificate:
    """(15): the expected gradient for k-sparse codes is twice what is printed.

    g_1 = (1200, 2880)/2197.
    """
    s = replace(_signed_pair(), bias=(bias, bias))
    lam = s.overlap(1)
    w = pick(s.W, 1)
    a = pick(s.A_star, 1)
    w2 = pick(s.W, 2)
    printed = add(
        scale(-lam, a),
        scale(lam**2, w),
        scale(lam * inner(a, w2), w2),
        scale(inner(w, w2) * inner(a, w2), a),
    )
    full = column(0, 0)
    for j in (1, 2):
        a_j = pick(s.A_star, j)
        full = add(full, scale(-2 * inner(a_j, w), a_j))
        for h in (1, 2):
            w_h = pick(s.W, h)
            full = add(
                full,
                scale(inner(w_h, a_j) * inner(a_j, w), w_h),
                scale(inner(w_h, a_j) * inner(w_h, w), a_j),
            )
    exact = s.update(1)
    return Certificate(
        data=s.data() | {"p_1 = p_12": 1, "g_1": exact, "(15)": printed},
        hypotheses=(*_facts(s), Comparison("b == 0", bias, "==", 0)),
        printed=Comparison(
            "||g_1 - (15)||^2 == 0", frobenius_squared(subtract(exact, printed)), "==", 0
        ),
        corrected=Comparison(
            "||g_1 - (-2 sum_l p_1l <A_l, W_1> A_l + sum_jl p_1jl <W_j, A_l> (<A_l, W_1> W_j + "
            "<W_j, W_1> A_l))||^2 == 0",
            frobenius_squared(subtract(exact, full)),
            "==",
            0,
        ),
        note=(
            "(15) holds the terms l = i only. In the regime of Lemma 2 what is missing is O(p_i "
            "k/n), the order that its proof allows."
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
