"""Counterexamples to Lemmas 10 and 11 of [L23]: a direction that stays."""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    column,
    counterexample,
    frobenius_squared,
    inner,
    root,
    scale,
    subtract,
)


def _frozen(cosine: Fraction) -> tuple[Matrix, Matrix, Matrix, tuple[Comparison, ...]]:
    """v, v* = e_1 and b normal to v such that (6) leaves v where it is; and the proof of that."""
    s = root(1 - cosine**2)
    v = column(cosine, s)
    star = column(1, 0)
    b = scale(s, column(-s, cosine))
    z = add(star, b)
    moved = subtract(scale(inner(z, v), v), z)
    comparisons = (
        Comparison("||v||^2 == 1", frobenius_squared(v), "==", 1),
        Comparison(
            "||z - <z, v> v||^2 == 0 for z = v* + b: (6) leaves v where it is",
            frobenius_squared(moved),
            "==",
            0,
        ),
        Comparison("<z, v> > 0", inner(z, v), ">", 0),
    )
    return v, star, b, comparisons


@counterexample("L23-lemma10")
def direction_that_stays(
    cosine: Fraction = Fraction(5, 13),
    alpha: Fraction = Fraction(1, 5),
    gamma: Fraction = Fraction(1, 20),
) -> Certificate:
    """u* = 1, e = 0, b_t normal to v(t): v is fixed, u^2 <= max(alpha^2, <v, v*>) < 1/2 always.

    c = <v, v*>: by Lemma 9 (gamma <= 1/4 <= 1/(4c)) u(t)^2 never exceeds max(u(0)^2, c).
    """
    v, star, b, fixed = _frozen(cosine)
    tilt = root(1 - cosine**2)
    return Certificate(
        data={
            "u*": 1,
            "v*": star,
            "v(0) = v(t)": v,
            "b_t": b,
            "e_t": 0,
            "alpha": alpha,
            "gamma": gamma,
        },
        hypotheses=(
            *fixed,
            Comparison("alpha <= u*/5", alpha, "<=", Fraction(1, 5)),
            Comparison("abs(<v(t), b_t>) <= u*^2 / 20", abs(inner(v, b)), "<=", Fraction(1, 20)),
            Comparison("abs(e_t) <= u*^2 / 20", 0, "<=", Fraction(1, 20)),
            Comparison(
                "gamma <= 1/4, so that u^2 <= max(alpha^2, <v, v*>) persists",
                gamma,
                "<=",
                Fraction(1, 4),
            ),
        ),
        printed=Comparison(
            "u(T)^2 >= u*^2 / 2 at some T; sup over all t",
            max(alpha**2, cosine),
            ">=",
            Fraction(1, 2),
        ),
        corrected=Comparison(
            "with ||b_t|| <= u*^2 / 20 asked, this b_t is excluded: ||b_t||^2 > 1/400",
            tilt**2,
            ">",
            Fraction(1, 400),
        ),
        note="The proof applies Lemma 8, which bounds ||b_t||; Lemma 10 bounds <v(t), b_t> only.",
    )


@counterexample("L23-lemma11")
def direction_that_stays_near(
    cosine: Fraction = Fraction(5, 13),
    tau: Fraction = Fraction(1, 2),
    gamma: Fraction = Fraction(1, 20),
) -> Certificate:
    """The same fixed direction from u(0)^2 = 1 - tau, u* = 1: u^2 <= max(1 - tau, <v, v*>)."""
    v, star, b, fixed = _frozen(cosine)
    start = 1 - tau
    tilt = root(1 - cosine**2)
    return Certificate(
        data={
            "u*": 1,
            "v*": star,
            "v(0) = v(t)": v,
            "b_t": b,
            "e_t": 0,
            "u(0)^2": start,
            "tau": tau,
            "gamma": gamma,
        },
        hypotheses=(
            *fixed,
            Comparison("0 < tau", 0, "<", tau),
            Comparison("tau <= 1/2", tau, "<=", Fraction(1, 2)),
            Comparison("abs(u*^2 - u(0)^2) <= tau u*^2", abs(1 - start), "<=", tau),
            Comparison("abs(<v(t), b_t>) <= tau u*^2 / 10", abs(inner(v, b)), "<=", tau / 10),
            Comparison("abs(e_t) <= tau u*^2 / 10", 0, "<=", tau / 10),
            Comparison(
                "gamma <= 1/4, so that u^2 <= max(u(0)^2, <v, v*>) persists",
                gamma,
                "<=",
                Fraction(1, 4),
            ),
        ),
        printed=Comparison(
            "abs(u(T)^2 - u*^2) <= tau u*^2 / 2 for all T >= 5/(2 gamma u*^2); inf over all t",
            1 - max(start, cosine),
            "<=",
            tau / 2,
        ),
        corrected=Comparison(
            "with ||b_t|| <= tau u*^2 / 10 asked, this b_t is excluded: ||b_t||^2 > tau^2/100",
            tilt**2,
            ">",
            tau**2 / 100,
        ),
        note="The direction fails too: <v(t), v*> = 5/13 at all t; claimed is 1 - tau^2/5 = 19/20.",
    )
