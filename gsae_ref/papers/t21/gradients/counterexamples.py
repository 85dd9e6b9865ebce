"""Counterexamples to the gradient of [T21]: (41), (42), (24), and the expectation (29)-(31).

The loss is L(A) = 1/2 ||y - A sigma_lambda(A^T y)||^2, (40). With z_g = A_g^T y, r_g = ||z_g|| >
lambda, E = y - A sigma_lambda(A^T y) and J_g = (1 - lambda/r_g) I + (lambda/r_g^3) z_g z_g^T, the
Jacobian of (7), its gradient is -[E sigma(z_g)^T + y (J_g A_g^T E)^T].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from itertools import product as tuples
from typing import TYPE_CHECKING

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    Rational,
    add,
    column,
    counterexample,
    frobenius_squared,
    identity,
    inner,
    matrix,
    norm,
    product,
    scale,
    subtract,
    transpose,
)
from ..exact import Setting, spikes, standard_groups, tau
from ..exact_descent import descent_at_truth, residual, sure_hypotheses

if TYPE_CHECKING:
    from ..exact import CodeLaw


def jacobian(z: Matrix, lam: Fraction) -> Matrix:
    """J = (1 - lam/r) I + (lam/r^3) z z^T at r = ||z|| > lam: the derivative of (7)."""
    r = norm(z)
    return add(scale(1 - lam / r, identity(len(z))), scale(lam / r**3, product(z, transpose(z))))


def gradient(
    A: Matrix, y: Matrix, lam: Fraction, slope: Callable[[Matrix, Fraction], Matrix] = jacobian
) -> Matrix:
    """-[E sigma(z)^T + y (D A^T E)^T] for one group, D = slope(z, lam).

    This is the exact gradient when D is the Jacobian, and (41) when D is diagonal.
    """
    z = product(transpose(A), y)
    sigma = scale(tau(z, lam), z)
    rest = subtract(y, product(A, sigma))
    encoder = product(slope(z, lam), transpose(A), rest)
    return scale(-1, add(product(rest, transpose(sigma)), product(y, transpose(encoder))))


def diagonal_slope(z: Matrix, lam: Fraction) -> Matrix:
    """sigma' of (41) read as the diagonal of the Jacobian of (7)."""
    diagonal = [row[i] for i, row in enumerate(jacobian(z, lam))]
    return tuple(
        tuple(entry if i == j else Fraction(0) for j in range(len(z)))
        for i, entry in enumerate(diagonal)
    )


def unit_slope(z: Matrix, lam: Fraction) -> Matrix:
    """sigma' of (41) read as the elementwise derivative 1 of an active unit, as in (42)."""
    return identity(len(z))


def substituted_slope(z: Matrix, lam: Fraction) -> Matrix:
    """(24) and (48): sigma' = 1 - lambda/r in every entry."""
    return scale(tau(z, lam), identity(len(z)))


def loss(A: Matrix, y: Matrix, lam: Fraction) -> Fraction:
    """(40) for one group."""
    z = product(transpose(A), y)
    return frobenius_squared(subtract(y, product(A, scale(tau(z, lam), z)))) / 2


def radial_slope(A: Matrix, y: Matrix, lam: Fraction) -> Fraction:
    """d/ds L(sA) at s = 1, for an active group.

    L(sA) = 1/2 ||y - (s^2 - s lambda/r) A A^T y||^2 is a polynomial in s while s r > lambda.
    """
    z = product(transpose(A), y)
    w = product(A, z)
    ratio = lam / norm(z)
    total = Fraction(0)
    for (a,), (b,) in zip(y, w, strict=True):
        coefficients = (a, ratio * b, -b)  # an entry of the residual: a + (lambda/r) b s - b s^2
        value = sum(coefficients)
        derivative = sum(k * c for k, c in enumerate(coefficients))
        total += value * derivative
    return total


def _differentiable(A: Matrix, y: Matrix, lam: Fraction) -> tuple[Comparison, ...]:
    """The group is active, and the loss is differentiable there."""
    r = norm(product(transpose(A), y))
    return (Comparison("||A^T y||_2 > lambda", r, ">", lam), Comparison("lambda > 0", lam, ">", 0))


@counterexample("T21-eq41")
def radial_derivative(y: tuple[int, int] = (3, 4), lam: Fraction = Fraction(1)) -> Certificate:
    """(41) with sigma' = diagonal of the Jacobian: the derivative along A = I is not -9.

    Along sA the loss is the polynomial (25/2)(1 - s^2 + s/5)^2, whose slope at s = 1 is -9; the
    exact gradient agrees.
    """
    A = identity(2)
    sample = column(*y)
    truth = radial_slope(A, sample, lam)
    return Certificate(
        data={"n": 2, "d": 2, "A": A, "y": sample, "lambda": lam, "direction": A},
        hypotheses=_differentiable(A, sample, lam),
        printed=Comparison(
            "<(41), A> == d/ds L(sA) at s = 1",
            inner(gradient(A, sample, lam, diagonal_slope), A),
            "==",
            truth,
        ),
        corrected=Comparison(
            "<-[E sigma^T + y (J A^T E)^T], A> == d/ds L(sA) at s = 1",
            inner(gradient(A, sample, lam), A),
            "==",
            truth,
        ),
        note="sigma_lambda acts on the group, so its Jacobian has off-diagonal entries, which (41) "
        "drops. (41) is right for d = 1, lambda = 0, or z with at most one non-zero entry. The "
        "substitution (48) gives "
        f"{inner(gradient(A, sample, lam, substituted_slope), A)} here.",
    )


@counterexample("T21-eq41", "ones")
def derivative_along_a_rotation(
    A: Sequence[Sequence[Rational]] = ((1, 0), (0, 2)),
    y: tuple[int, int] = (3, 2),
    lam: Fraction = Fraction(1),
    rotation: Matrix = ((Fraction(3, 5), Fraction(-4, 5)), (Fraction(4, 5), Fraction(3, 5))),
) -> Certificate:
    """(41) with sigma' = 1 for an active unit: not zero along A Omega, where L is constant.

    ||Q^T z|| = ||z|| for a rotation Q, so sigma(Q^T z) = Q^T sigma(z) and L(AQ) = L(A). So the
    derivative along A Omega, Omega skew, is 0.
    """
    M = matrix(A)
    sample = column(*y)
    Q = matrix(rotation)
    turn = product(M, matrix([[0, -1], [1, 0]]))
    return Certificate(
        data={"n": 2, "d": 2, "A": M, "y": sample, "lambda": lam, "direction": turn},
        hypotheses=(
            *_differentiable(M, sample, lam),
            Comparison(
                "||Q^T Q - I||_F^2 == 0 for the test rotation Q",
                frobenius_squared(subtract(product(transpose(Q), Q), identity(2))),
                "==",
                0,
            ),
            Comparison(
                "L(A Q) == L(A)", loss(product(M, Q), sample, lam), "==", loss(M, sample, lam)
            ),
        ),
        printed=Comparison(
            "<(41) with sigma' = 1, A Omega> == 0",
            inner(gradient(M, sample, lam, unit_slope), turn),
            "==",
            0,
        ),
        corrected=Comparison(
            "<-[E sigma^T + y (J A^T E)^T], A Omega> == 0",
            inner(gradient(M, sample, lam), turn),
            "==",
            0,
        ),
        note="Reading sigma' as the derivative of the elementwise threshold does not save (41): "
        "it breaks the rotation invariance of the loss.",
    )


@counterexample("T21-eq42")
def off_diagonal_jacobian(y: tuple[int, int] = (3, 4), lam: Fraction = Fraction(1)) -> Certificate:
    """(42) keeps only the terms a_i d sigma_i/d a_i; at A = I it misses J_12 z_2.

    Along sA, A sigma(A^T y) = (s^2 - s lambda/r) y, whose derivative at s = 1 is (2 - lambda/r) y.
    """
    A = identity(2)
    z = column(*y)
    J = jacobian(z, lam)
    sigma = scale(tau(z, lam), z)
    truth = (2 - lam / norm(z)) * z[0][0]
    own = sigma[0][0] + J[0][0] * z[0][0]
    return Certificate(
        data={"n": 2, "d": 2, "A": A, "y": z, "lambda": lam, "entry": 1},
        hypotheses=_differentiable(A, z, lam),
        printed=Comparison(
            "entry 1 of sum_i (d/d a_i)(a_i sigma_i) a_i == that of d/ds (sA) sigma(sA^T y), s = 1",
            own,
            "==",
            truth,
        ),
        corrected=Comparison(
            "the same plus the cross term J_12 z_2", own + J[0][1] * z[1][0], "==", truth
        ),
        note="Every entry of sigma_lambda(A_g^T y) depends on all columns of A_g through "
        "||A_g^T y||. This is where Appendix B loses the off-diagonal Jacobian (T21-eq41).",
    )


@counterexample("T21-eq24")
def slope_of_a_single_atom(y: Fraction = Fraction(5), lam: Fraction = Fraction(1)) -> Certificate:
    """(24) and (48), second line: sigma' = 1 - lambda/r is wrong at d = 1, where it is 1.

    n = d = 1, A = 1: L(s) = 1/2 (5 - 5 s^2 + s)^2, L'(1) = -9.
    """
    A = identity(1)
    data = column(y)
    truth = radial_slope(A, data, lam)
    return Certificate(
        data={"n": 1, "d": 1, "A": A, "y": data, "lambda": lam},
        hypotheses=_differentiable(A, data, lam),
        printed=Comparison(
            "(23) with (24) == dL/dA", gradient(A, data, lam, substituted_slope)[0][0], "==", truth
        ),
        corrected=Comparison(
            "(23) with sigma' = 1 == dL/dA", gradient(A, data, lam, unit_slope)[0][0], "==", truth
        ),
        note="On codes with recovered support the radial coefficient is 2 tau (1 - tau) instead of "
        "(1 - tau)(1 + tau): relative error (1 - tau)/(1 + tau).",
    )


SMALL_AND_LARGE = spikes(1, {Fraction(1, 5): Fraction(1, 2), Fraction(7, 5): Fraction(1, 2)})
SIGN = spikes(1, {1: 1})


def _varying_norm(sizes: CodeLaw, lam: Fraction, n: int = 8) -> Setting:
    """d = 1, A = A* = I_n, gamma = 2, codes +-1/5 and +-7/5: tau_g is 1/2 or 13/14."""
    groups = standard_groups(n, n, 1)
    norms = [norm(x) for _, x in sizes.atoms]
    return Setting(groups, groups, sizes, 2, min(norms), max(norms), lam=lam)


def _moment(s: Setting, power: int) -> Fraction:
    """E[tau_g^power x_g^2 | g in S] at A = A*, d = 1, orthonormal atoms."""
    return sum(
        (p * tau(x, s.lam) ** power * frobenius_squared(x) for p, x in s.law.atoms), Fraction(0)
    )


@counterexample("T21-eq30")
def random_shrinkage(
    sizes: CodeLaw = SMALL_AND_LARGE, lam: Fraction = Fraction(1, 10)
) -> Certificate:
    """(29), (30), (53), (54): tau_g is pulled out of the expectation and depends on ||x_g||.

    The expected surrogate is -2 E[tau (1 - tau) x^2] A_g = -(7/50) A_g, given g in S; the printed
    form with E[tau] = 5/7 is -(20/49) A_g.
    """
    s = _varying_norm(sizes, lam)
    exact = s.expected_surrogate(1)[0][0] / s.inclusion(1)
    t = sum(p * tau(x, lam) for p, x in sizes.atoms)
    return Certificate(
        data=s.data() | {"E[tau]": t},
        hypotheses=(*sure_hypotheses(s), *s.lemma1()),
        printed=Comparison(
            "-2 E[tau] (1 - E[tau]) == G_{g|S}, the coefficient of A_g",
            -2 * t * (1 - t),
            "==",
            exact,
        ),
        corrected=Comparison(
            "-2 (E[tau x^2] - E[tau^2 x^2]) == G_{g|S}",
            -2 * (_moment(s, 1) - _moment(s, 2)),
            "==",
            exact,
        ),
        note="The printed expectation is 2.9 times the true one. Pulling tau out is exact when "
        "||A_h^T y||_2 is constant for every h in S.",
    )


@counterexample("T21-eq30", "constant")
def no_constant_shrinkage(
    sizes: CodeLaw = SMALL_AND_LARGE, lam: Fraction = Fraction(1, 10)
) -> Certificate:
    """As T21-eq30: no constant in place of the random tau_g makes (53) exact.

    It would need E[tau x^2] = tau and E[tau^2 x^2] = tau^2.
    """
    s = _varying_norm(sizes, lam)
    return Certificate(
        data=s.data(),
        hypotheses=(*sure_hypotheses(s), *s.lemma1()),
        printed=Comparison(
            "E[tau^2 x^2] == (E[tau x^2])^2, as for a constant tau",
            _moment(s, 2),
            "==",
            _moment(s, 1) ** 2,
        ),
        corrected=Comparison(
            "E[tau^2 x^2] >= (E[tau x^2])^2 (Cauchy-Schwarz, E x^2 = 1)",
            _moment(s, 2),
            ">=",
            _moment(s, 1) ** 2,
        ),
        note="Equality in Cauchy-Schwarz holds only if tau_g is constant almost surely.",
    )


def _correlation(S: tuple[int, ...], size: Fraction) -> Fraction:
    """E[x_1 x_2 | S]: size given {1, 2, 3}, -size given {1, 2, 4}, else 0."""
    return size if S == (1, 2, 3) else -size if S == (1, 2, 4) else Fraction(0)


def _second_moment(n: int, S: tuple[int, ...], size: Fraction) -> Matrix:
    """E[y y^T | S] at A* = I_n, d = 1, by enumeration of the signs x_h, h in S."""
    total = scale(0, identity(n))
    for signs in tuples((1, -1), repeat=len(S)):
        codes = dict(zip(S, signs, strict=True))
        agreement = codes.get(1, 0) * codes.get(2, 0)
        weight = (1 + agreement * _correlation(S, size)) / 2 ** len(S)
        y = column(*(codes.get(i, 0) for i in range(1, n + 1)))
        total = add(total, scale(weight, product(y, transpose(y))))
    return total


@counterexample("T21-covariance-given-support")
def correlated_given_the_support(
    size: Fraction = Fraction(1, 2), lam: Fraction = Fraction(1, 5), n: int = 21
) -> Certificate:
    """(29) from (16): codes +-1 with E[x_1 x_2] = 1/2 given S = {1, 2, 3}, -1/2 given {1, 2, 4}.

    Given that 1 and 2 are in S they are uncorrelated, as (16) asks; given S they are not.
    """
    groups = standard_groups(n, 4, 1)
    s = Setting(groups, groups, SIGN, 3, Fraction(1), Fraction(1), lam=lam)
    supports = list(combinations(range(1, 5), 3))
    moments = {S: _second_moment(n, S, size) for S in supports}
    pairs = {
        (v, h): sum((M[v - 1][h - 1] for S, M in moments.items() if {v, h} <= set(S)), Fraction(0))
        for v, h in combinations(range(1, 5), 2)
    }
    t = 1 - lam
    y_y = moments[1, 2, 3]
    right = product(y_y, s.A[0])
    inside = add(*(product(s.A[h], transpose(s.A[h]), right) for h in range(3)))
    exact = scale(-t, subtract(right, scale(t, inside)))
    return Certificate(
        data=s.data() | {"codes": "+-1", "S": "{1, 2, 3}", "tau": t, "E[x_1 x_2 | S]": y_y[0][1]},
        hypotheses=(
            s.orthonormal(),
            s.unit_columns(),
            *s.close(),
            s.pairs(),
            *s.lemma1(),
            Comparison(
                "max_{v != h} |E[x_v x_h | v, h in S]| == 0, (16)",
                max(abs(value) for value in pairs.values()),
                "==",
                0,
            ),
            Comparison("E[x_1^2 | S] == 1, (16)", y_y[0][0], "==", 1),
            Comparison("lambda < |x_g|, so the support is recovered", lam, "<", 1),
        ),
        printed=Comparison("entry 2 of G^(1)_{1|S} == 0, by (29) and (30)", exact[1][0], "==", 0),
        corrected=Comparison(
            "entry 2 of G^(1)_{1|S} == -tau (1 - tau) E[x_1 x_2 | S]",
            exact[1][0],
            "==",
            -t * (1 - t) * y_y[0][1],
        ),
        note="(28) conditions on the whole support S, (16) on two of its groups. (29) needs the "
        "covariance given S.",
    )


@counterexample("T21-eq31")
def missing_offset_term(n: int = 8, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """Text after (31): at A = A* with orthonormal atoms all cross-terms are 0 and V is not.

    By (56), V also contains tau p_g A_g [tau A_g^T A*_g - (2 - tau) I] A*_g^T A_g, which is -2 tau
    (1 - tau) p_g A*_g at A = A*.
    """
    step = descent_at_truth(n, lam)
    s = step.setting
    shift = subtract(step.A, step.A_star)
    V = subtract(step.G, scale(step.c, product(shift, transpose(step.A_star), step.A)))
    offset = product(step.A, step.M, transpose(step.A_star), step.A)
    missing = scale(step.tau * step.p, offset)
    return Certificate(
        data=s.data() | {"tau": step.tau, "p_gh": s.inclusion(2), "V": V},
        hypotheses=(
            *sure_hypotheses(s),
            *s.lemma1(),
            Comparison(
                "||beta~||_F^2 == 0: E[P_1 + P_2] and the terms with p_gh, p_ghv vanish",
                frobenius_squared(residual(s, step.tau)),
                "==",
                0,
            ),
        ),
        printed=Comparison(
            "||V||_F^2 == ||E[P_1 + P_2] + lower probability terms||_F^2 == 0",
            frobenius_squared(V),
            "==",
            0,
        ),
        corrected=Comparison(
            "||V - tau p_g A_g [tau A_g^T A*_g - (2-tau) I] A*_g^T A_g||_F^2 == 0",
            frobenius_squared(subtract(V, missing)),
            "==",
            0,
        ),
        note="The missing term has the probability p_g of the main term and does not vanish at "
        "A = A*: the expected gradient is -2 tau (1 - tau) p_g A*_g there, so A* is not "
        "stationary.",
    )
