"""Counterexamples to the direction of the gradient of [T21]: Theorem 1 and (66)-(74).

In (66)-(70) ||I_d||_F^2 is taken to be n, and it is d; (72)-(74) bound the cross-terms P_1, P_2 of
(30) and beta~ of (71). The others are sentences and points, in claims.py.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    basis,
    counterexample,
    frobenius_squared,
    hstack,
    inner,
    matrix,
    scale,
    spectral_norm_squared,
    transpose,
)
from ..exact import ABSENT, Setting, signs, spikes, standard_groups
from ..exact_descent import (
    Descent,
    corrected_condition,
    cross_sum,
    descent,
    descent_at_truth,
    descent_rotated,
    expected_cross_terms,
    neighbourhood_order,
    norm_condition,
    project,
    residual,
    sure_hypotheses,
)

SIGN = spikes(1, {1: 1})
ONE = Fraction(1)
STEEPER = (Fraction(5, 13), Fraction(12, 13))  # cosine and sine
M_NORM = "||tau X - (2-tau) I||_F^2"  # X = A_g^T A*_g


@counterexample("T21-theorem1", also=("T21-eq33", "T21-eq34-v1"))
def remainder_at_the_truth(n: int = 8, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """Theorem 1 at A = A*, delta = 0: by (33) v_i = 0, by (56) ||v_i|| = 2 tau (1 - tau) p_g.

    The O-term is C (mu_B + delta)^2 gamma^5/Gamma^3 = 0 for every constant C.
    """
    step = descent_at_truth(n, lam)
    s = step.setting
    order = neighbourhood_order(s)
    ((left, right),) = step.alignment(step.v_printed_above)
    ((_, repaired),) = step.alignment(step.v_corrected)
    sizes = {"||v_1||_2^2": step.v_squared(), "(33) squared": step.v_printed_above}
    return Certificate(
        data=s.data() | step.data() | sizes,
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem1()),
        printed=Comparison(
            "2 <g_1, a_1 - a*_1> >= the right side of (32) with (33) for ||v_1||",
            left,
            ">=",
            right - order,
        ),
        corrected=Comparison(
            "the same with ||v_i|| <= c sqrt(d-1) omega_i ||A_g - A*_g||_F + tau p_g "
            "||tau X - (2-tau) I||_2 in place of (33)",
            left,
            ">=",
            repaired - order,
        ),
        note="G_g(A*) = -2 tau (1 - tau) p_g A*_g: the shrinkage of (7) makes A* non-stationary, "
        "and (33) has no term for it. The same for every n = Gamma and every lambda > 0 that (18) "
        "allows.",
    )


@counterexample("T21-eq70")
def remainder_of_a_rotation(n_groups: int = 4, lam: Fraction = Fraction(1, 400)) -> Certificate:
    """(70), (58) and (33) within Theorem 2's hypotheses, printed and corrected (n to d).

    (69) gives ||tau X - (2-tau) I||_F <= sqrt(2-tau) delta; (70) uses (2-tau) delta ||A_g -
    A*_g||_F.
    """
    step = descent_rotated(n_groups, lam)
    s = step.setting
    return Certificate(
        data=s.data() | step.data(),
        hypotheses=(
            *sure_hypotheses(s),
            *step.theorem2(),
            corrected_condition(step),
            Comparison(
                f"{M_NORM} <= (2-tau) delta^2, the conclusion of (69)",
                step.M_squared,
                "<=",
                (2 - step.tau) * s.delta**2,
            ),
        ),
        printed=Comparison(
            "max_i ||v_i||_2^2 <= c^2 (omega sqrt(d^2+1) + delta)^2 ||A_1 - A*_1||_F^2",
            step.v_squared(),
            "<=",
            step.v_printed_above,
        ),
        corrected=Comparison(
            "max_i ||v_i||_2^2 <= c^2 (d-1) omega^2 ||A_1 - A*_1||_F^2 + tau^2 p_g^2 "
            "||tau X - (2-tau) I||_2^2",
            step.v_squared(),
            "<=",
            step.v_corrected,
        ),
        note="(70) takes the square root of (69) as if it were (2-tau) delta ||A_g - A*_g||_F, "
        "which is smaller by the factor sqrt(2-tau) ||A_g - A*_g||_F. sqrt(5) is rounded up.",
    )


@counterexample("T21-gradient-points")
def gradient_away_from_the_truth(n_groups: int = 4, lam: Fraction = Fraction(3, 10)) -> Certificate:
    """At A_1 = A*_1 Q the gradient -2 tau (1 - tau) p A_1 points away from A_1 - A*_1."""
    step = descent_rotated(n_groups, lam)
    s = step.setting
    gap = add(step.A, scale(-1, step.A_star))
    return Certificate(
        data=s.data() | step.data(),
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem1()),
        printed=Comparison("<G_1, A_1 - A*_1>_F >= 0", inner(step.G, gap), ">=", 0),
        corrected=Comparison(
            "<G_1, A_1 - A*_1 Q>_F >= 0, modulo the rotation", Fraction(0), ">=", 0
        ),
        note="The derivative of ||A_1 - eta G_1 - A*_1||_F^2 in eta at 0 is positive, so every "
        "step size moves A_1 away from A*_1. The loss is that of A*: it does not see Q.",
    )


def _pair(n: int, lam: Fraction) -> Setting:
    """A = A* = pairs of columns of I_n, d = 2, gamma = 2, codes in {-1, 1}^2."""
    groups = standard_groups(n, n // 2, 2)
    return Setting(groups, groups, signs(2), 2, ONE, ONE, lam=lam, unit_squared=2)


@counterexample("T21-eq69", "simulation")
def negative_condition_in_the_simulation(
    n: int = 950,
    size: int = 2,
    longest: Fraction = Fraction(5),
    lam: Fraction = Fraction(2),
    delta: Fraction = Fraction(1),
) -> Certificate:
    """(69) bounds a squared norm by a negative number at tau = 3/5, as in the paper's simulation.

    There codes have norm in [4, 5] and lambda = 2: without cross-terms tau = 1 - lambda/||x_g|| is
    at most 3/5 at the truth.
    """
    t = 1 - lam / longest
    least = (size - delta**2 / 2) ** 2 / size
    return Certificate(
        data={
            "n": n,
            "d": size,
            "lambda": lam,
            "largest code norm": longest,
            "tau (largest)": t,
            "delta (largest)": delta,
        },
        hypotheses=(
            Comparison("0 < tau", 0, "<", t),
            Comparison("tau < 2/3", t, "<", Fraction(2, 3)),
            Comparison("delta <= 1", delta, "<=", 1),
            Comparison("n > d", n, ">", size),
        ),
        printed=Comparison(
            "0 <= the bound of (69), so that some ||A_g^T A*_g||_F^2 is allowed",
            0,
            "<=",
            norm_condition(t, n, delta),
        ),
        corrected=None,
        note="No dictionary satisfies Theorem 2's condition at this tau. With d for n the bound is "
        f"{norm_condition(t, size, delta)}, still below the least possible ||A_g^T A*_g||_F^2 of "
        f"(d - delta^2/2)^2/d = {least}.",
    )


def frozen(tau: Fraction) -> tuple[Comparison, ...]:
    """The shrinkage of an active group: 0 < tau < 1."""
    return Comparison("0 < tau", 0, "<", tau), Comparison("tau < 1", tau, "<", 1)


def _equiangular(
    n: int, n_groups: int, n_active: int, cosine: Fraction, sine: Fraction, lam: Fraction = ABSENT
) -> Setting:
    """d = 1, A = A*, a*_h = cosine e_1 + sine e_(1+h): every pair has inner product cosine^2."""
    groups = tuple(
        add(scale(cosine, basis(n, 1)), scale(sine, basis(n, 1 + h)))
        for h in range(1, n_groups + 1)
    )
    return Setting(groups, groups, SIGN, n_active, ONE, ONE, lam=lam)


@counterexample("T21-eq72")
def swapped_stars(
    cosine: Fraction = Fraction(7, 25),
    sine: Fraction = Fraction(24, 25),
    tau: Fraction = Fraction(4, 5),
    delta: Fraction = Fraction(3, 10),
) -> Certificate:
    """(72): A*_v A*_v^T A_h A_h^T in its last term, for A_v A_v^T A*_h A*_h^T.

    d = 1, Gamma = gamma = 4, n = 2: a_1 = a*_1 = e1, a_2 = a_3 = a_4 = e2, a*_2 = a*_3 = a*_4 = (7
    e1 + 24 e2)/25. Then A_h^T A_1 = 0, the printed second term is 0, and E[P_1] = -tau (I - tau
    (A_1 A_1^T + 3 A_2 A_2^T)) w is longer than the first term, tau w.
    """
    e1 = basis(2, 1)
    e2 = basis(2, 2)
    tilted = add(scale(cosine, e1), scale(sine, e2))
    star = (e1, tilted, tilted, tilted)
    s = Setting((e1, e2, e2, e2), star, SIGN, 4, ONE, ONE, delta)

    def second_term(outer: tuple[Matrix, ...], inside: tuple[Matrix, ...]) -> Matrix:
        terms = [project(v, project(h, e1)) for h in inside[1:] for v in outer]
        return scale(tau**2, add(*terms))

    first = tau**2 * frobenius_squared(scale(s.inclusion(2), cross_sum(s)))
    swapped = frobenius_squared(second_term(s.A_star, s.A))
    in_order = frobenius_squared(second_term(s.A, s.A_star))
    exact = frobenius_squared(expected_cross_terms(s, tau)[0])
    pairs = {"p_gh": s.inclusion(2), "p_ghv": s.inclusion(3)}
    return Certificate(
        data=s.data() | {"g": 1, "tau": tau} | pairs,
        hypotheses=(
            *s.assumptions(),
            *frozen(tau),
            Comparison("the printed second term of (72), squared, == 0", swapped, "==", 0),
        ),
        printed=Comparison(
            "||E[P_1]||_2^2 <= (first term + second term of (72))^2", exact, "<=", first
        ),
        corrected=Comparison(
            "||E[P_1]||_2^2 <= first^2 + second^2 with A_v A_v^T A*_h A*_h^T A_g in the second",
            exact,
            "<=",
            first + in_order,
        ),
        note="As it stands the bound fails; three groups of A coincide, so this is far from "
        "Lemma 1. In the corrected order it is the triangle inequality. The first line of (72) "
        "also lacks norm bars and has the sign of E[P_1] outside.",
    )


def _growing_family(
    size: Callable[[Setting], Matrix],
    order: Callable[[Setting], Fraction],
    constant: Fraction,
    cosine: Fraction = Fraction(7, 25),
    sine: Fraction = Fraction(24, 25),
) -> tuple[Setting, Fraction, Fraction, dict[str, Any]]:
    """Double Gamma in the equiangular family, gamma = 2, until ||size|| > C order."""
    ratios: dict[int, Fraction] = {}
    n_groups = 2
    while not ratios or ratios[n_groups] <= constant**2:
        n_groups *= 2
        s = _equiangular(max(8, n_groups + 1), n_groups, 2, cosine, sine)
        left = frobenius_squared(size(s))
        ratios[n_groups] = left / order(s) ** 2
    data = {
        "d": 1,
        "n": s.n_features,
        "gamma": s.n_active,
        "Gamma": n_groups,
        "A = A*": f"a_h = {cosine} e_1 + {sine} e_(1+h), h = 1..Gamma",
        "mu_B": s.mu_block,
        "delta": s.delta,
        "C": constant,
        "squared ratio by Gamma": ", ".join(f"{k}: {v}" for k, v in ratios.items()),
    }
    return s, left, (constant * order(s)) ** 2, data


def _paper_order(s: Setting) -> Fraction:
    """(gamma^3/Gamma^2)(mu_B + delta)."""
    return Fraction(s.n_active**3, s.n_groups**2) * s.leak_printed


@counterexample("T21-eq74")
def residual_of_equal_angles(
    constant: Fraction = Fraction(4), tau: Fraction = Fraction(4, 5)
) -> Certificate:
    """(74): ||beta~|| = O((gamma^3/Gamma^2)(mu_B + delta)) fails for every C at some Gamma.

    In the equiangular family beta~ is of the order of 1/Gamma, the printed bound of 1/Gamma^2.
    """
    s, left, bound, data = _growing_family(lambda s: residual(s, tau), _paper_order, constant)
    b = s.leak
    a = s.leak + s.delta
    bracket = (2 - tau) * b + tau * (b + a + a * b + (s.n_active - 2) * b * (a + b))
    explicit = tau * s.inclusion(1) * (s.n_active - 1) * bracket
    return Certificate(
        data=data | {"tau": tau},
        hypotheses=(*s.assumptions(), *s.lemma1(), *frozen(tau)),
        printed=Comparison(
            "||beta~_1||_2^2 <= C^2 (gamma^3/Gamma^2)^2 (mu_B + delta)^2", left, "<=", bound
        ),
        corrected=Comparison(
            "||beta~_1||_2^2 <= the square of the explicit bound of T21-eq74",
            left,
            "<=",
            explicit**2,
        ),
        note="There is no constant: (73) loses the factor (Gamma - 1)/gamma. The explicit bound "
        "has p_g = gamma/Gamma, no further 1/Gamma; a better rate needs a bound on ||A||_2.",
    )


@counterexample("T21-cross-terms")
def cross_term_of_equal_angles(
    constant: Fraction = Fraction(1, 2), tau: Fraction = Fraction(1, 2)
) -> Certificate:
    """Text after (73): E[P_1] = O((gamma^3/Gamma^2)(mu_B + delta)) fails for every C."""
    s, left, bound, data = _growing_family(
        lambda s: expected_cross_terms(s, tau)[0], _paper_order, constant, *STEEPER
    )
    explicit = tau * s.inclusion(1) * s.leak
    return Certificate(
        data=data | {"tau": tau},
        hypotheses=(*s.assumptions(), *s.lemma1(), *frozen(tau)),
        printed=Comparison(
            "||E[P_1]||_2^2 <= C^2 (gamma^3/Gamma^2)^2 (mu_B + delta)^2", left, "<=", bound
        ),
        corrected=Comparison(
            "||E[P_1]||_2^2 <= (tau p_g b)^2, b = d mu_B + delta, gamma = 2",
            left,
            "<=",
            explicit**2,
        ),
        note="p_gh times a sum of Gamma - 1 terms is p_g (gamma - 1): of the order of 1/Gamma, not "
        "1/Gamma^2.",
    )


def _second_term(s: Setting, tau: Fraction) -> Matrix:
    """The second term of (72) over v in {g, h}, A = A*, d = 1, equal tau."""
    others = range(2, s.n_groups + 1)
    weight = tau**2 * s.inclusion(2)
    g = s.A[0]
    inside = add(*(project(s.A[h - 1], g) for h in others))
    return scale(weight, add(project(g, inside), inside))


@counterexample("T21-second-term")
def second_term_of_equal_angles(
    constant: Fraction = Fraction(1, 4), tau: Fraction = Fraction(4, 5)
) -> Certificate:
    """Text after (72): the second term is O(p_gh) = O(gamma^3/Gamma^2) when v is in {g, h}."""
    s, left, bound, data = _growing_family(
        lambda s: _second_term(s, tau),
        lambda s: Fraction(s.n_active**3, s.n_groups**2),
        constant,
        *STEEPER,
    )
    weight = tau**2 * s.inclusion(1) * (s.n_active - 1)
    return Certificate(
        data=data | {"tau": tau},
        hypotheses=(*s.assumptions(), *s.lemma1(), *frozen(tau)),
        printed=Comparison(
            "||second term of (72), v in {g, h}||_2^2 <= C^2 (gamma^3/Gamma^2)^2",
            left,
            "<=",
            bound,
        ),
        corrected=Comparison(
            "||second term of (72), v in {g, h}||_2^2 <= (2 tau^2 p_g (gamma - 1) b)^2",
            left,
            "<=",
            (2 * weight * s.leak) ** 2,
        ),
        note="Each of its Gamma - 1 terms has the probability p_gh; their sum has p_g (gamma - 1).",
    )
