"""Counterexamples to the gradient of [T21]: (41), (42), (24), the expectation (29)-(31), and a step of (77) about ||G_g||_F.

The loss is L(A) = 1/2 ||y - A sigma_lambda(A^T y)||^2, (40). With z_g = A_g^T y, r_g = ||z_g|| >
lambda, E = y - A sigma_lambda(A^T y) and J_g = (1 - lambda/r_g) I + (lambda/r_g^3) z_g z_g^T, the
Jacobian of (7), its gradient is -[E sigma(z_g)^T + y (J_g A_g^T E)^T].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
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
from ..exact_descent import descent

if TYPE_CHECKING:
    from ..exact import CodeLaw


def jacobian(z: Matrix, lam: Fraction) -> Matrix:
    """J = (1 - lam/r) I + (lam/r^3) z z^T at r = ||z|| > lam: the derivative of (7)."""
    r = norm(z)
    return add(scale(1 - lam / r, identity(len(z))), scale(lam / r**3, product(z, transpose(z))))


def gradient(
    A: Matrix, y: Matrix, lam: Fraction, slope: Callable[[Matrix, Fraction], Matrix] = jacobian
) -> Matrix:
    """-[E sigma(z)^T + y (D A^T E)^T] for one group, D = slope(z, lam): the exact gradient for the Jacobian, (41) for a diagonal D."""
    z = product(transpose(A), y)
    sigma = scale(tau(z, lam), z)
    residual = subtract(y, product(A, sigma))
    encoder = product(slope(z, lam), transpose(A), residual)
    return scale(-1, add(product(residual, transpose(sigma)), product(y, transpose(encoder))))


def diagonal_slope(z: Matrix, lam: Fraction) -> Matrix:
    """(41) with sigma' = the diagonal of the Jacobian of (7)."""
    J = jacobian(z, lam)
    return matrix(
        [[entry if i == j else 0 for j, entry in enumerate(row)] for i, row in enumerate(J)]
    )


def unit_slope(z: Matrix, lam: Fraction) -> Matrix:
    """(41) with the elementwise sigma'_lambda(t) = 1 of an active unit, as in (42)."""
    return identity(len(z))


def substituted_slope(z: Matrix, lam: Fraction) -> Matrix:
    """(24) and (48): sigma' = 1 - lambda/r in every entry."""
    return scale(tau(z, lam), identity(len(z)))


def loss(A: Matrix, y: Matrix, lam: Fraction) -> Fraction:
    """(40) for one group."""
    z = product(transpose(A), y)
    return frobenius_squared(subtract(y, product(A, scale(tau(z, lam), z)))) / 2


def radial_slope(A: Matrix, y: Matrix, lam: Fraction) -> Fraction:
    """d/ds L(sA) at s = 1, from the polynomial L(sA) = 1/2 ||y - (s^2 - s lambda/r) A A^T y||^2, valid while s r > lambda."""
    z = product(transpose(A), y)
    w = product(A, z)
    ratio = lam / norm(z)
    total = Fraction(0)
    for (a,), (b,) in zip(y, w, strict=True):
        coefficients = (a, ratio * b, -b)  # one entry of the residual: a + (lambda/r) b s - b s^2
        value = sum(coefficients)
        derivative = sum(k * c for k, c in enumerate(coefficients))
        total += value * derivative
    return total


def _differentiable(A: Matrix, y: Matrix, lam: Fraction) -> tuple[Comparison, ...]:
    """(41) is stated for every A, y and lambda; the derivative exists and the group is active when ||A^T y|| > lambda > 0."""
    r = norm(product(transpose(A), y))
    return (Comparison("||A^T y||_2 > lambda", r, ">", lam), Comparison("lambda > 0", lam, ">", 0))


@counterexample("T21-eq41")
def ce6(y: tuple[int, int] = (3, 4), lam: Fraction = Fraction(1)) -> Certificate:
    """(41) and (47) with sigma' = diagonal of the Jacobian, n = d = 2, A = I: the derivative of (40) along A is -9, not -5337/625.

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
        note="sigma_lambda acts on the group, so its Jacobian has off-diagonal entries, which (41) drops. (41) is right for d = 1, "
        "lambda = 0, or z with at most one non-zero entry. The substitution (48) gives "
        f"{inner(gradient(A, sample, lam, substituted_slope), A)} here.",
    )


@counterexample("T21-eq41", "ones")
def ce6b(
    A: Sequence[Sequence[Rational]] = ((1, 0), (0, 2)),
    y: tuple[int, int] = (3, 2),
    lam: Fraction = Fraction(1),
    rotation: Matrix = ((Fraction(3, 5), Fraction(-4, 5)), (Fraction(4, 5), Fraction(3, 5))),
) -> Certificate:
    """(41) in the other reading, sigma' = 1 for an active unit: it is not zero along A Omega, Omega skew, where L is constant.

    ||Q^T z|| = ||z|| for a rotation Q, so sigma(Q^T z) = Q^T sigma(z) and L(AQ) = L(A): the derivative along A Omega is 0.
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
        note="Reading sigma' as the derivative of the elementwise threshold does not save (41): it breaks the rotation invariance of the "
        "loss.",
    )


@counterexample("T21-eq42")
def ce6_eq42(y: tuple[int, int] = (3, 4), lam: Fraction = Fraction(1)) -> Certificate:
    """(42): the derivative of A sigma(A^T y) keeps only the own-column terms a_i d sigma_i/d a_i; at A = I it misses J_12 z_2.

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
            "entry 1 of sum_i (d/d a_i)(a_i sigma_i) a_i == entry 1 of d/ds (sA) sigma(sA^T y) at s = 1",
            own,
            "==",
            truth,
        ),
        corrected=Comparison(
            "the same plus the cross term J_12 z_2", own + J[0][1] * z[1][0], "==", truth
        ),
        note="Every entry of sigma_lambda(A_g^T y) depends on all columns of A_g through ||A_g^T y||. This is where Appendix B loses the "
        "off-diagonal Jacobian (T21-eq41).",
    )


@counterexample("T21-eq24")
def ce7(y: Fraction = Fraction(5), lam: Fraction = Fraction(1)) -> Certificate:
    """(24) and (48), second line: sigma' = 1 - lambda/r is wrong for every d, also d = 1, where the true slope is 1.

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
        note="On codes with recovered support the radial coefficient is 2 tau (1 - tau) instead of (1 - tau)(1 + tau): relative error "
        "(1 - tau)/(1 + tau), not small.",
    )


SMALL_AND_LARGE = spikes(1, {Fraction(1, 5): Fraction(1, 2), Fraction(7, 5): Fraction(1, 2)})


def _varying_norm(sizes: CodeLaw = SMALL_AND_LARGE, lam: Fraction = Fraction(1, 10)) -> Setting:
    """d = 1, A = A* = I_3, gamma = 1, codes +-1/5 and +-7/5: tau_g is 1/2 or 13/14."""
    groups = standard_groups(3, 3, 1)
    norms = [norm(x) for _, x in sizes.atoms]
    return Setting(groups, groups, sizes, 1, min(norms), max(norms), lam=lam)


def _moment(s: Setting, power: int) -> Fraction:
    """E[tau_g^power x_g^2 | g in S] at A = A*, d = 1, gamma = 1."""
    return sum(
        (p * tau(x, s.lam) ** power * frobenius_squared(x) for p, x in s.law.atoms), Fraction(0)
    )


@counterexample("T21-eq30")
def ce14(sizes: CodeLaw = SMALL_AND_LARGE, lam: Fraction = Fraction(1, 10)) -> Certificate:
    """(29), (30), (53), (54): tau_g is pulled out of the expectation, though it depends on ||x_g||. Given g in S = {g}.

    The expected surrogate is -2 E[tau (1 - tau) x^2] A_g = -(7/50) A_g; the printed form with
    E[tau] = 5/7 is -(20/49) A_g.
    """
    s = _varying_norm(sizes, lam)
    exact = s.expected_surrogate(1)[0][0] / s.inclusion(1)
    t = sum(p * tau(x, lam) for p, x in sizes.atoms)
    return Certificate(
        data=s.data() | {"E[tau]": t},
        hypotheses=s.model() + s.codes() + s.lemma1() + s.recovered(),
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
        note="The printed expectation is 2.9 times the true one. Pulling tau out is exact when ||A_g^T y||_2 is constant on the samples "
        "with g in S.",
    )


@counterexample("T21-eq30", "constant")
def ce14_constant(sizes: CodeLaw = SMALL_AND_LARGE, lam: Fraction = Fraction(1, 10)) -> Certificate:
    """As T21-eq30, for any constant: E[tau x^2] = tau and E[tau^2 x^2] = tau^2 cannot both hold, so no value of tau_g makes (53) exact."""
    s = _varying_norm(sizes, lam)
    return Certificate(
        data=s.data(),
        hypotheses=s.model() + s.codes() + s.lemma1() + s.recovered(),
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


def _at_the_truth(
    n: int, size: int, lam: Fraction, length: int = 1, n_groups: int | None = None
) -> Setting:
    """A = A* = columns of I_n, gamma = 1, codes of constant norm: tau_g is constant and the expectation (31) can be taken literally."""
    groups = standard_groups(n, n_groups or n // size, size)
    return Setting(
        groups, groups, spikes(size, {length: 1}), 1, Fraction(length), Fraction(length), lam=lam
    )


@counterexample("T21-eq77")
def ce14b(n: int = 36, size: int = 16, lam: Fraction = Fraction(1), length: int = 4) -> Certificate:
    """(77): the term eta^2 sum_i ||g_i||^2 is written eta^2 ||g||_F, unsquared; the line is false once ||G_g||_F > 1.

    At A = A*, d = 16, tau = 3/4: G_g = -2 tau (1 - tau) A*_g, ||G_g||_F = (3/8) 4 = 3/2, and the
    bracket of (77) is 0 because v_i = g_i.
    """
    step = descent(_at_the_truth(n, size, lam, length, n_groups=1))
    s = step.setting
    eta = step.eta
    bracket = sum(right for _, right in step.alignment())
    rest = step.error - eta * bracket
    return Certificate(
        data=s.data() | step.data() | {"||G_1||_F": norm(step.G), "bracket of (77)": bracket},
        hypotheses=(
            *s.model(),
            s.unit_columns(),
            *s.codes(),
            *s.lemma1(),
            *s.recovered(),
            *step.theorem2(),
        ),
        printed=Comparison(
            "||A_1^+ - A*_1||_F^2 <= ||A_1 - A*_1||_F^2 + eta^2 ||G_1||_F - eta [...]",
            step.next_error,
            "<=",
            rest + eta**2 * norm(step.G),
        ),
        corrected=Comparison(
            "||A_1^+ - A*_1||_F^2 <= ||A_1 - A*_1||_F^2 + eta^2 ||G_1||_F^2 - eta [...]",
            step.next_error,
            "<=",
            rest + eta**2 * frobenius_squared(step.G),
        ),
        note="A misprint (the next lines of (77) use the square), and a wrong line as it stands. It needs ||G_g||_F > 1, hence a large "
        "group.",
    )


@counterexample("T21-eq31")
def ce15(n: int = 4, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """Text after (31): "V is an amalgam of E[P_1 + P_2] and lower probability terms". With gamma = 1 all of these are 0 and V is not.

    By (56), V also contains tau p_g A_g [tau A_g^T A*_g - (2 - tau) I] A*_g^T A_g, which is -2 tau
    (1 - tau) p_g A*_g at A = A*.
    """
    step = descent(_at_the_truth(n, 1, lam))
    s = step.setting
    t = step.tau
    p = step.p
    a = step.A
    star = step.A_star
    V = subtract(step.G, scale(step.c, product(subtract(a, star), transpose(star), a)))
    M = subtract(scale(t, step.X), scale(2 - t, identity(1)))
    missing = scale(t * p, product(a, M, transpose(star), a))
    return Certificate(
        data=s.data() | {"tau": t, "V": V},
        hypotheses=(
            *s.model(),
            s.unit_columns(),
            *s.codes(),
            *s.lemma1(),
            *s.recovered(),
            Comparison(
                "p_gh == 0, so that P_1, P_2 and all terms with h != g vanish",
                s.inclusion(2),
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
        note="The missing term has the probability p_g of the main term and does not vanish at A = A*: the expected gradient is "
        "-2 tau (1 - tau) p_g A*_g there, so A* is not stationary.",
    )
