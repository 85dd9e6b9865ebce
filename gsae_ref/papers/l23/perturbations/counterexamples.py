"""Counterexamples to [L23], App. C.3, C.4, D: the noise of a group enters, not its largest entry.

X^T X / n = I, so delta_in = delta_out = 0, and groups do not see each other: w = w* on the support
leaves b = X^T xi / n. The noise of a group is ``level`` times the vector of ones, v* is along it,
so <v, b> = sqrt(p_l) level.
"""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    add,
    column,
    counterexample,
    frobenius_squared,
    inner,
    norm,
    scale,
)


def _aligned(side: int, tau: Fraction, limit: int, note: str) -> Certificate:
    """One group of side^2 entries, u = u* = 1, v = v* = ones/side, all noise entries tau/80."""
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
            f"with the noise scaled to ||X^T xi / n||_2 = {norm(repaired)} = tau_0 u*^2 / 80",
            inner(star, repaired),
            "<=",
            tau / limit,
        ),
        note=note,
    )


@counterexample("L23-lemma12", also=("L23-lemma10-condition",))
def noise_of_81_entries(side: int = 9, tau: Fraction = Fraction(1, 2)) -> Certificate:
    """81 entries: e = 9 tau/80 > tau/10."""
    return _aligned(
        side,
        tau,
        10,
        "The proof bounds ||v||_1 by ||v||_2; for p_l > 64 the lemma is false.",
    )


@counterexample("L23-lemma13")
def noise_of_25_entries(side: int = 5, tau: Fraction = Fraction(1, 2)) -> Certificate:
    """25 entries: e = 5 tau/80 > tau/20."""
    return _aligned(
        side,
        tau,
        20,
        "The proof of Lemma 12 is used again; here p_l > 16 suffices.",
    )


@counterexample("L23-lemma17")
def noise_beside_a_loose_direction(side: int = 9, tau: Fraction = Fraction(1, 2)) -> Certificate:
    """81 entries: e = 9 tau/80 > tau/10."""
    return _aligned(side, tau, 10, "The proof takes these terms from Lemma 12.")


@counterexample("L23-eq8")
def noise_off_the_support(
    side: int = 9, level: Fraction = Fraction(1, 100), u_squared: Fraction = Fraction(1, 10**9)
) -> Certificate:
    """Group 2 off the support, u_min* = u_max* = 1: e = side level - u^2 exceeds 1/20 + level."""
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


@counterexample("L23-lemma12-equality")
def direction_before_and_after(
    k: int = 400, sides: tuple[int, ...] = (40, 9, 41), tau: Fraction = Fraction(1, 2)
) -> Certificate:
    """u = u* = 1, noise along e_2: e has v(t+1), <v, b> has v(t), and (6) changes v."""
    a, b, c = sides
    level = Fraction(2 * k, k**2 - 1)  # so that 1 + level^2 is a square
    v = column(Fraction(a, c), Fraction(b, c))
    noise = column(0, level)
    star = column(1, 0)
    z = add(star, noise)
    v_next = scale(1 / norm(z), z)
    e = inner(v_next, noise)
    return Certificate(
        data={
            "X^T X / n": "I",
            "u* = u": 1,
            "v*": star,
            "v(t)": v,
            "b_t = X^T xi / n": noise,
            "v(t+1)": v_next,
            "tau = tau_0": tau,
        },
        hypotheses=(
            Comparison("||v||^2 == 1", frobenius_squared(v), "==", 1),
            Comparison("||v(t+1)||^2 == 1", frobenius_squared(v_next), "==", 1),
            Comparison("||X^T xi / n||_inf <= tau_0 u*^2 / 80", level, "<=", tau / 80),
            Comparison("delta_in = 0 <= 1/120", 0, "<=", Fraction(1, 120)),
            Comparison("0 < tau_0 <= tau <= 1/2", tau, "<=", Fraction(1, 2)),
            Comparison("<v, v*> >= 1 - tau^2/5", v[0][0], ">=", 1 - tau**2 / 5),
        ),
        printed=Comparison("abs(e) == abs(<v, b>)", abs(e), "==", abs(inner(v, noise))),
        corrected=Comparison(
            "both are at most tau u*^2 / 10", max(abs(e), abs(inner(v, noise))), "<=", tau / 10
        ),
        note="They are inner products at different times.",
    )
