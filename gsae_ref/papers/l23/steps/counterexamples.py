"""Counterexamples to Lemmas 9, 10 and 11 of [L23]: single steps, and a direction that stays."""

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


def _magnitude(u: Fraction, cosine: int, star: int, e: int, gamma: Fraction) -> Fraction:
    """(5): u + 2 gamma u (u*^2 <v, v*> - u^2 + e)."""
    return u + 2 * gamma * u * (star * cosine - u**2 + e)


@counterexample("L23-lemma9")
def step_over_the_bound(
    u: Fraction = Fraction(9, 10), gamma: Fraction = Fraction(1), bound: Fraction = Fraction(1, 10)
) -> Certificate:
    """u* = 1, v = v*, e = 0: one step with gamma = 1 jumps from 9/10 to 621/500."""
    repaired = min(gamma, 1 / (4 * max(u**2, 1 + bound)))
    return Certificate(
        data={
            "u*": 1,
            "u(0)": u,
            "gamma": gamma,
            "e_0": 0,
            "B": bound,
            "u(1)": _magnitude(u, 1, 1, 0, gamma),
        },
        hypotheses=(
            Comparison("u(0)^2 <= u*^2", u**2, "<=", 1),
            Comparison("abs(e_0) <= B", 0, "<=", bound),
            Comparison("gamma > 0", gamma, ">", 0),
        ),
        printed=Comparison(
            "u(1)^2 <= u*^2 + B", _magnitude(u, 1, 1, 0, gamma) ** 2, "<=", 1 + bound
        ),
        corrected=Comparison(
            "the same with gamma <= 1/(4 max(u(0)^2, u*^2 + B))",
            _magnitude(u, 1, 1, 0, repaired) ** 2,
            "<=",
            1 + bound,
        ),
        note="Lemma 7 has the condition gamma <= 1/(4 u*^2); Lemma 9 needs one too.",
    )


@counterexample("L23-lemma9", "direction")
def direction_against_the_signal(gamma: Fraction = Fraction(1, 8)) -> Certificate:
    """u* = 1, v = -v*, b = e = 0: u falls although <v, b> = 0; Lemma 9 says nothing of v."""
    u_next = _magnitude(Fraction(1), -1, 1, 0, gamma)
    return Certificate(
        data={"u*": 1, "v": "-v*", "u(0)": 1, "gamma": gamma, "e_0": 0, "b_0": 0, "u(1)": u_next},
        hypotheses=(
            Comparison("u(0)^2 >= u*^2", 1, ">=", 1),
            Comparison("abs(e_0) <= B = 0", 0, "<=", 0),
            Comparison("abs(<v, b_0>) <= B_2 tau u*^2 with B_2 = 0", 0, "<=", 0),
            Comparison("gamma <= 1/(4 max(u(0)^2, u*^2 + B))", gamma, "<=", Fraction(1, 4)),
        ),
        printed=Comparison("u(1)^2 >= (1 - B_2) u*^2 - B", u_next**2, ">=", 1),
        corrected=Comparison(
            "after (6) with b = 0, v = v*: u(1)^2 >= (1 - B_2) u*^2 - B",
            _magnitude(Fraction(1), 1, 1, 0, gamma) ** 2,
            ">=",
            1,
        ),
        note="The second part needs the directions of (6), and a bound on ||b_t||.",
    )


@counterexample("L23-lemma10-upper")
def long_step(u: Fraction = Fraction(1, 5), gamma: Fraction = Fraction(4)) -> Certificate:
    """u* = 1, v = v*, b = e = 0, gamma = 4: one step from 1/5 to 217/125."""
    repaired = min(gamma, Fraction(10, 42))
    return Certificate(
        data={
            "u*": 1,
            "v": "v*",
            "u(0) = alpha": u,
            "gamma": gamma,
            "e_0": 0,
            "b_0": 0,
            "u(1)": _magnitude(u, 1, 1, 0, gamma),
        },
        hypotheses=(
            Comparison("alpha <= u*/5", u, "<=", Fraction(1, 5)),
            Comparison("abs(<v, b_0>) <= u*^2/20", 0, "<=", Fraction(1, 20)),
            Comparison("abs(e_0) <= u*^2/20", 0, "<=", Fraction(1, 20)),
            Comparison("gamma > 0", gamma, ">", 0),
        ),
        printed=Comparison(
            "u(1)^2 <= 3/2 u*^2", _magnitude(u, 1, 1, 0, gamma) ** 2, "<=", Fraction(3, 2)
        ),
        corrected=Comparison(
            "u(1)^2 <= 1.05 u*^2 with gamma <= 1/(4.2 u*^2)",
            _magnitude(u, 1, 1, 0, repaired) ** 2,
            "<=",
            Fraction(21, 20),
        ),
        note="Lemma 10 asks nothing of gamma.",
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
