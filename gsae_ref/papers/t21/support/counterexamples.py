"""Counterexamples to support recovery in [T21]: Lemma 1's closed end, activations.

The others are sentences and points, in claims.py.

Every function takes no argument; the keyword parameters are the instance, so that a test can spoil
it.
"""

from fractions import Fraction
from typing import Any

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    basis,
    column,
    counterexample,
    frobenius_squared,
    log_above,
    norm,
    product,
    root,
    scale,
    spectral_norm,
    subtract,
    transpose,
)
from ..exact import Setting, signs, spikes, standard_groups, tau

SIGN = spikes(1, {1: 1})
ONE = Fraction(1)


@counterexample("T21-lemma1", "closed-end")
def threshold_at_the_closed_end(
    lam: Fraction = Fraction(1), inside: Fraction = Fraction(1, 2)
) -> Certificate:
    """Lemma 1, the closed right end: at lambda = B_min an active group of norm B_min is lost."""
    groups = standard_groups(8, 8, 1)
    s = Setting(groups, groups, SIGN, 2, ONE, ONE, lam=lam)
    codes = {1: column(1), 2: column(1)}
    z = s.activation(1, s.observe(codes))
    return Certificate(
        data=s.data() | {"S": "{1, 2}", "x_1 = x_2": codes[1]},
        hypotheses=(*s.assumptions(), *s.drawn(codes), *s.lemma1()),
        printed=Comparison(
            "||sigma_lambda(A_1^T y)||_2^2 != 0, so that the active group 1 is recovered",
            frobenius_squared(scale(tau(z, lam), z)),
            "!=",
            0,
        ),
        corrected=Comparison(
            f"||sigma_lambda(A_1^T y)||_2^2 != 0 at lambda = {inside}, inside the interval",
            frobenius_squared(scale(tau(z, inside), z)),
            "!=",
            0,
        ),
        note="(7) vanishes at ||x_g||_2 = lambda, so the right end of the interval is excluded.",
    )


@counterexample("T21-activations")
def shrunk_activation(n: int = 8, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """At A = A* = I_n, lambda in Lemma 1's interval, an activation 1 is encoded as 1 - lambda."""
    groups = standard_groups(n, n, 1)
    s = Setting(groups, groups, SIGN, 2, ONE, ONE, lam=lam)
    codes = {1: column(1), 2: column(-1)}
    z = s.activation(1, s.observe(codes))
    found = scale(tau(z, lam), z)
    mended = scale(1 + lam / norm(found), found)
    return Certificate(
        data=s.data() | {"S": "{1, 2}", "x_1": codes[1], "x_2": codes[2], "encoded x_1": found},
        hypotheses=(
            *s.assumptions(),
            *s.drawn(codes),
            *s.lemma1(),
            *s.recovered(),
            Comparison("lambda > 0", lam, ">", 0),
        ),
        printed=Comparison(
            "||sigma_lambda(A_1^T y) - x_1||_2 == 0",
            norm(subtract(found, codes[1])),
            "==",
            0,
        ),
        corrected=Comparison(
            "||(1 + lambda/||x^_1||) x^_1 - x_1||_2 == 0 for x^_1 = sigma_lambda(A_1^T y)",
            norm(subtract(mended, codes[1])),
            "==",
            0,
        ),
        note="Every activation is short by exactly lambda, at the generating matrix itself and "
        "whatever n and Gamma are. Its direction is right, so adding lambda along it mends it.",
    )
