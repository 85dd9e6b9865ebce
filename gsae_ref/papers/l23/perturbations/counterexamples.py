"""Counterexamples to [L23], Appendix C.3, C.4 and (9): the noise of a whole group enters, not its largest entry.

X^T X / n = I, so delta_in = delta_out = 0, and groups do not see each other: w = w* on the support
leaves b = X^T xi / n. The noise of a group is ``level`` times the vector of ones, v* is along it,
so <v, b> = sqrt(p_l) level.
"""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    column,
    counterexample,
    frobenius_squared,
    inner,
    norm,
    scale,
    subtract,
)


def _aligned(side: int, tau: Fraction, limit: int, note: str) -> Certificate:
    """One group of side^2 entries at u = u* = 1, v = v* = ones/side, noise level tau/80 in every entry, tau_0 = tau."""
    size = side**2
    alpha = Fraction(1, 100)
    star = column(*[Fraction(1, side)] * size)
    noise = column(*[tau / 80] * size)
    e = inner(star, noise)
    repaired = scale(1 / Fraction(side), noise)
    return Certificate(
        data={
            "L": 1,
            "p_1": size,
            "X^T X / n": "I",
            "u*^2 = u^2": 1,
            "entries of v* = v": Fraction(1, side),
            "entries of X^T xi / n": tau / 80,
            "tau = tau_0": tau,
            "alpha": alpha,
            "e = <v, b>": e,
        },
        hypotheses=(
            Comparison("||v*||^2 == 1", frobenius_squared(star), "==", 1),
            Comparison("delta_in = 0 <= sqrt(tau_0)/120 and 1/120", 0, "<=", tau / 120),
            Comparison("delta_out = 0 <= sqrt(tau_0)/(120 s) and 1/(120 s)", 0, "<=", tau / 120),
            Comparison("alpha^2 < tau_0 u*^2 / (4 L)", alpha**2, "<", tau / 4),
            Comparison(
                "||X^T xi / n||_inf <= tau_0 u*^2 / 80",
                max(abs(x) for (x,) in noise),
                "<=",
                tau / 80,
            ),
            Comparison("abs(u*^2 - u^2) == 0 <= tau u*^2 / 2", 0, "<=", tau / 2),
            Comparison("0 < tau_0 <= tau <= 1/2", tau, "<=", Fraction(1, 2)),
            Comparison("0 < tau_0", 0, "<", tau),
            Comparison(
                "<v, v*> >= 1 - tau^2/5, so >= 1 - tau/5",
                frobenius_squared(star),
                ">=",
                1 - tau**2 / 5,
            ),
        ),
        printed=Comparison(f"abs(<v, b>) <= tau u*^2 / {limit}", e, "<=", tau / limit),
        corrected=Comparison(
            f"the same with the noise scaled to ||X^T xi / n||_2 = {norm(repaired)} = tau_0 u*^2 / 80",
            inner(star, repaired),
            "<=",
            tau / limit,
        ),
        note=note,
    )


@counterexample("L23-lemma12")
def ce_lemma12(side: int = 9, tau: Fraction = Fraction(1, 2)) -> Certificate:
    """81 entries: e = 9 tau/80 > tau/10."""
    return _aligned(
        side,
        tau,
        10,
        "The proof bounds ||v||_1 by ||v||_2; for p_l > 64 the lemma is false.",
    )


@counterexample("L23-lemma13")
def ce_lemma13(side: int = 5, tau: Fraction = Fraction(1, 2)) -> Certificate:
    """25 entries: e = 5 tau/80 > tau/20."""
    return _aligned(
        side,
        tau,
        20,
        "The proof of Lemma 12 is used again; here p_l > 16 suffices.",
    )


@counterexample("L23-lemma17")
def ce_lemma17(side: int = 9, tau: Fraction = Fraction(1, 2)) -> Certificate:
    """81 entries: e = 9 tau/80 > tau/10."""
    return _aligned(side, tau, 10, "The proof takes these terms from Lemma 12.")


@counterexample("L23-eq8")
def ce_eq8(
    side: int = 9, level: Fraction = Fraction(1, 100), u_squared: Fraction = Fraction(1, 10**9)
) -> Certificate:
    """Group 2 off the support, u_min* = u_max* = 1, alpha = 1/320: e = side level - u^2 exceeds 1/20 + level."""
    size = side**2
    alpha = Fraction(1, 320)
    v = column(*[Fraction(1, side)] * size)
    noise = column(*[level] * size)
    e = inner(v, noise) - u_squared
    return Certificate(
        data={
            "L": 2,
            "S": "{1}",
            "p_2": size,
            "X^T X / n": "I",
            "u_1 = u*_1": 1,
            "u_2^2": u_squared,
            "entries of v_2": Fraction(1, side),
            "entries of X_2^T xi / n": level,
            "alpha": alpha,
        },
        hypotheses=(
            Comparison("||v_2||^2 == 1", frobenius_squared(v), "==", 1),
            Comparison("alpha <= u_min*^2 / (80 L)", alpha, "<=", Fraction(1, 160)),
            Comparison("delta_in = 0 <= 1/120", 0, "<=", Fraction(1, 120)),
            Comparison("delta_out = 0 <= 1/(120 s)", 0, "<=", Fraction(1, 120)),
            Comparison("u_2^2 <= alpha", u_squared, "<=", alpha),
        ),
        printed=Comparison(
            "abs(e_2) <= u_min*^2 / 20 + ||X_2^T xi / n||_inf",
            abs(e),
            "<=",
            Fraction(1, 20) + level,
        ),
        corrected=Comparison(
            "abs(e_2) <= u_min*^2 / 20 + ||X_2^T xi / n||_2",
            abs(e),
            "<=",
            Fraction(1, 20) + norm(noise),
        ),
        note="The bound holds with the 2-norm of the noise of the group.",
    )


@counterexample("L23-eq9")
def ce_eq9(
    u_squared: Fraction = Fraction(2),
    sides: tuple[int, ...] = (4, 3, 5),
    zeta: Fraction = Fraction(51, 100),
) -> Certificate:
    """u* = u_max* = 1, m_0 = 0: what is known before (9), abs(u^2 - u*^2) <= 2^-m_0 and <v, v*> >= 1 - 4^-m_0 / 5, does not give 2 zeta."""
    a, b, c = sides
    star = column(1, 0)
    v = column(Fraction(a, c), Fraction(b, c))
    error = frobenius_squared(subtract(scale(u_squared, v), star))
    return Certificate(
        data={
            "u*^2 = u_max*^2": 1,
            "m_0": 0,
            "zeta": zeta,
            "u^2": u_squared,
            "v*": star,
            "v": v,
            "||w - w*||^2": error,
        },
        hypotheses=(
            Comparison("||v||^2 == 1", frobenius_squared(v), "==", 1),
            Comparison("u_max*^2 / 2 <= zeta", Fraction(1, 2), "<=", zeta),
            Comparison("zeta <= u_max*^2", zeta, "<=", 1),
            Comparison("abs(u^2 - u*^2) <= 2^-m_0 u_max*^2", abs(u_squared - 1), "<=", 1),
            Comparison("<v, v*> >= 1 - 4^-m_0 / 5", v[0][0], ">=", Fraction(4, 5)),
        ),
        printed=Comparison("||u^2 v - u*^2 v*||^2 <= (2 zeta)^2", error, "<=", (2 * zeta) ** 2),
        corrected=Comparison("||u^2 v - u*^2 v*||^2 <= (4 zeta)^2", error, "<=", (4 * zeta) ** 2),
        note="sqrt(2 - 2 <v, v*>) <= sqrt(2/5) 2^-m_0, not 2/5 2^-m_0, and 2^-m_0 u_max*^2 <= 2 zeta: together (1 + sqrt(2/5)) 2 zeta < 4 zeta.",
    )
