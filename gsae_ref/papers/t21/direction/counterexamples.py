"""Counterexamples to the direction of the gradient of [T21]: Theorem 1, the norm condition (66)-(70) (||I_d||_F^2 is taken to be n, and it
is d), and the residual bounds (72)-(74) (the cross-terms P_1, P_2 of (30) and beta of (71)).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    basis,
    counterexample,
    frobenius_squared,
    inner,
    product,
    scale,
    spectral_norm_squared,
    subtract,
    transpose,
)
from ..exact import ABSENT, Setting, signs, spikes, standard_groups
from ..exact_descent import (
    corrected_condition,
    descent,
    descent_at_truth,
    descent_rotated,
    norm_condition,
    sure_hypotheses,
)

if TYPE_CHECKING:
    from ..exact_descent import Descent


@counterexample("T21-theorem1", also=("T21-eq33", "T21-eq70"))
def ce10(n: int = 4, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """Theorem 1: (32) with (33), at A = A*, delta = 0. By (33) v_i = 0, by (56) ||v_i|| = 2 tau (1 - tau) p_g = 2/25.

    The O-term is C (mu_B + delta)^2 gamma^5/Gamma^3 = 0 for every constant C.
    """
    step = descent_at_truth(n, lam)
    s = step.setting
    ((left, right),) = step.alignment(step.v_printed_above)
    ((_, repaired),) = step.alignment(step.v_corrected)
    order = s.leak_printed**2 * Fraction(s.n_active**5, s.n_groups**3)
    return Certificate(
        data=s.data()
        | step.data()
        | {"||v_1||_2^2": step.v_squared(), "(33) squared": step.v_printed_above},
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem1()),
        printed=Comparison(
            "2 <g_1, a_1 - a*_1> >= kappa ||a_1 - a*_1||^2 + nu ||g_1||^2 - xi (33)^2 - C (mu_B + delta)^2 gamma^5/Gamma^3",
            left,
            ">=",
            right - order,
        ),
        corrected=Comparison(
            "the same with ||v_i|| <= c sqrt(d-1) omega_i ||A_g - A*_g||_F + tau p_g ||tau X - (2-tau) I||_F in place of (33)",
            left,
            ">=",
            repaired - order,
        ),
        note="G_g(A*) = -2 tau (1 - tau) p_g A*_g: the shrinkage of (7) makes A* non-stationary, and (33) has no term for it. The same "
        "for every n = Gamma and every lambda > 0 that (18) allows.",
    )


@counterexample("T21-eq70")
def ce_eq70(n_groups: int = 3, lam: Fraction = Fraction(1, 400)) -> Certificate:
    """(70), (58) and (33) within Theorem 2's hypotheses, printed and corrected (n to d): ||v_1||^2 = .0011 > .0003.

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
                "||tau X - (2-tau) I||_F^2 <= (2-tau) delta^2, the conclusion of (69)",
                step.M_squared,
                "<=",
                (2 - step.tau) * s.delta**2,
            ),
        ),
        printed=Comparison(
            "max_i ||v_i||_2^2 <= c^2 (omega sqrt(d^2+1) + delta)^2 ||A_1 - A*_1||_F^2 (root rounded up)",
            step.v_squared(),
            "<=",
            step.v_printed_above,
        ),
        corrected=Comparison(
            "max_i ||v_i||_2^2 <= c^2 (d-1) omega^2 ||A_1 - A*_1||_F^2 + tau^2 p_g^2 ||tau X - (2-tau) I||_F^2",
            step.v_squared(),
            "<=",
            step.v_corrected,
        ),
        note="(70) takes the square root of (69) as if it were (2-tau) delta ||A_g - A*_g||_F, which is smaller by the factor "
        "sqrt(2-tau) ||A_g - A*_g||_F. In general ||v_i|| <= c sqrt(d-1) omega_i ||A_g - A*_g||_F + tau p_g ||tau X - (2-tau) I||_F.",
    )


def _pair(n: int = 4, lam: Fraction = Fraction(1, 5)) -> Setting:
    """A = A* = pairs of columns of I_n, d = 2, gamma = 1, codes in {-1, 1}^2: tau = 1 - lambda/B for B = sqrt(2)."""
    groups = standard_groups(n, n // 2, 2)
    return Setting(groups, groups, signs(2), 1, Fraction(1), Fraction(1), lam=lam, unit_squared=2)


@counterexample("T21-eq67")
def ce8(n: int = 4) -> Certificate:
    """(67): <A_g, A*_g> >= n - delta^2/2. At A = A* it is ||A_g||_F^2 = d."""
    s = _pair(n)
    overlap = inner(s.A[0], s.A_star[0])
    return Certificate(
        data=s.data(),
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.lemma1()),
        printed=Comparison(
            "<A_1, A*_1> >= n - delta^2/2", overlap, ">=", s.n_features - s.delta**2 / 2
        ),
        corrected=Comparison(
            "<A_1, A*_1> >= d - delta^2/2", overlap, ">=", s.group_size - s.delta**2 / 2
        ),
        note="<A_g, A*_g> <= d always, so (67) fails for every dictionary with n > d; <A_g, A*_g> = d - ||A_g - A*_g||_F^2/2 exactly when "
        "both are orthonormal.",
    )


@counterexample("T21-eq66")
def ce_eq66(n: int = 4, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """(66), second line: ||tau A_g^T A*_g - (2-tau) I||_F^2 with ||I||_F^2 = n in place of d."""
    step = descent(_pair(n, lam))
    s = step.setting
    t = step.tau
    rest = t**2 * frobenius_squared(step.X) - 2 * (2 - t) * t * inner(s.A[0], s.A_star[0])
    return Certificate(
        data=s.data() | step.data(),
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.lemma1()),
        printed=Comparison(
            "||tau X - (2-tau) I||_F^2 == (2-tau)^2 n + tau^2 ||X||_F^2 - 2 (2-tau) tau trace X, X = A_1^T A*_1",
            step.M_squared,
            "==",
            (2 - t) ** 2 * s.n_features + rest,
        ),
        corrected=Comparison(
            "the same with d in place of n",
            step.M_squared,
            "==",
            (2 - t) ** 2 * s.group_size + rest,
        ),
        note="The identity matrix in (66) is d x d. The two sides differ by (2 - tau)^2 (n - d), whatever A and A* are.",
    )


def _four(delta: Fraction = Fraction(1, 5), lam: Fraction = Fraction(2, 5), n: int = 8) -> Descent:
    """A = A* = [e1..e4], [e5..e8], gamma = 1, codes +-2 e_i: ||x_g|| = 2 and tau = 1 - lambda/2 = 4/5."""
    groups = standard_groups(n, n // 4, 4)
    return descent(
        Setting(groups, groups, spikes(4, {2: 1}), 1, Fraction(2), Fraction(2), delta, lam)
    )


@counterexample("T21-eq68")
def ce_eq68(
    delta: Fraction = Fraction(1, 5), lam: Fraction = Fraction(2, 5), n: int = 8
) -> Certificate:
    """(68): the printed upper bound of a squared norm is negative."""
    step = _four(delta, lam, n)
    s = step.setting
    t = step.tau

    def bound(m: int) -> Fraction:
        return (
            (2 - t) ** 2 * m
            + t**2 * frobenius_squared(step.X)
            - 2 * (2 - t) * t * (m - delta**2 / 2)
        )

    return Certificate(
        data=s.data() | step.data(),
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.lemma1()),
        printed=Comparison(
            "||tau X - (2-tau) I||_F^2 <= (2-tau)^2 n + tau^2 ||X||_F^2 - 2 (2-tau) tau (n - delta^2/2), (68)",
            step.M_squared,
            "<=",
            bound(s.n_features),
        ),
        corrected=Comparison(
            "the same with d in place of n", step.M_squared, "<=", bound(s.group_size)
        ),
        note="(68) combines the wrong (66) and (67); the coefficient (2-tau)(2-3 tau) of n is negative for tau > 2/3, so the bound is "
        "negative for large n.",
    )


@counterexample("T21-eq69")
def ce_eq69(
    delta: Fraction = Fraction(1, 5), lam: Fraction = Fraction(2, 5), n: int = 8
) -> Certificate:
    """(69) and Theorem 2: the condition on ||A_g^T A*_g||_F^2 holds, its purpose ||tau X - (2-tau) I||_F^2 <= (2-tau) delta^2 does not.

    For tau > 2/3 the condition grows with n while ||A_g^T A*_g||_F^2 <= d: here it holds for every
    A, and says nothing.
    """
    step = _four(delta, lam, n)
    s = step.setting
    t = step.tau
    return Certificate(
        data=s.data() | step.data(),
        hypotheses=(
            *s.model(),
            s.unit_columns(),
            *s.codes(),
            *s.lemma1(),
            *step.theorem1(),
            Comparison(
                "d <= zeta^2: the condition holds whatever A is",
                s.group_size,
                "<=",
                norm_condition(t, s.n_features, delta),
            ),
        ),
        printed=Comparison(
            "||tau X - (2-tau) I||_F^2 <= (2-tau) delta^2", step.M_squared, "<=", (2 - t) * delta**2
        ),
        corrected=Comparison(
            "the condition with d in place of n excludes the instance",
            frobenius_squared(step.X),
            ">",
            norm_condition(t, s.group_size, delta),
        ),
        note="The conclusion is false although the condition holds. With d in place of n the condition does imply it; (70), which needs "
        "(2-tau) delta e instead of sqrt(2-tau) delta, still does not follow (T21-eq70).",
    )


@counterexample("T21-eq69", "simulation")
def ce_eq69_simulation(
    n: int = 950,
    size: int = 2,
    longest: Fraction = Fraction(5),
    lam: Fraction = Fraction(2),
    delta: Fraction = Fraction(1),
) -> Certificate:
    """(69) and Theorem 2 below tau = 2/3: the condition bounds a squared norm by a negative number. As in the paper's simulation.

    There codes have norm in [4, 5] and lambda = 2: without cross-terms tau = 1 - lambda/||x_g|| is
    at most 3/5 at the truth.
    """
    t = 1 - lam / longest
    bound = norm_condition(t, n, delta)
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
            "0 <= [3 (2-tau)(tau-2/3) n + (1-tau)(2-tau) delta^2]/tau^2, so that some ||A_g^T A*_g||_F^2 is allowed",
            0,
            "<=",
            bound,
        ),
        corrected=None,
        note="No dictionary satisfies Theorem 2's condition at this tau; it needs tau > 2/3, or nearly so. With d for n the bound is "
        f"{norm_condition(t, size, delta)}, still below the least possible ||A_g^T A*_g||_F^2 of (d - delta^2/2)^2/d = {least}.",
    )


SIGN = spikes(1, {1: 1})
SPIKES = spikes(2, {1: Fraction(2, 3), 2: Fraction(1, 3)})


def frozen(tau: Fraction) -> tuple[Comparison, ...]:
    """The shrinkage of an active group: 0 < tau < 1."""
    return Comparison("0 < tau", 0, "<", tau), Comparison("tau < 1", tau, "<", 1)


def project(G: Matrix, N: Matrix) -> Matrix:
    """G G^T N."""
    return product(G, transpose(G), N)


def cross_sum(s: Setting, g: int = 1) -> Matrix:
    """sum_{h != g in [Gamma]} A*_h A*_h^T A_g, the sum that (73) bounds."""
    return add(*(project(H, s.A[g - 1]) for h, H in enumerate(s.A_star, 1) if h != g))


def supports_with(s: Setting, g: int) -> list[Any]:
    """(probability, support) for every support that contains g."""
    found = [S for S in combinations(range(1, s.n_groups + 1), s.n_active) if g in S]
    return [(s.inclusion(1) / len(found), S) for S in found]


def expected_cross_terms(s: Setting, tau: Fraction, g: int = 1) -> tuple[Matrix, ...]:
    """(E[P_1], E[P_2]) of (30): P_1 = -tau (I - R) K A_g and P_2 = -tau K (I - R) A_g.

    R = tau sum_{v in S} A_v A_v^T and K = sum_{h in S, h != g} A*_h A*_h^T.
    """

    def shrunk(N: Matrix, S: tuple[int, ...]) -> Matrix:
        return subtract(N, scale(tau, add(*(project(s.A[v - 1], N) for v in S))))

    def crossed(N: Matrix, S: tuple[int, ...]) -> Matrix:
        return add(*(project(s.A_star[h - 1], N) for h in S if h != g))

    A = s.A[g - 1]
    supports = supports_with(s, g)
    first = add(*(scale(-tau * w, shrunk(crossed(A, S), S)) for w, S in supports))
    return first, add(*(scale(-tau * w, crossed(shrunk(A, S), S)) for w, S in supports))


def residual(s: Setting, tau: Fraction, g: int = 1) -> Matrix:
    """beta of (71): tau sum_{h != g} p_gh tau (A_h A_h^T A*_g A*_g^T + A*_g A*_g^T A_h A_h^T) A_g + E[P_1 + P_2]."""
    A = s.A[g - 1]
    star = s.A_star[g - 1]
    weight = tau**2 * s.inclusion(2)
    others = [H for h, H in enumerate(s.A, 1) if h != g]
    swapped = add(
        *(add(project(H, project(star, A)), project(star, project(H, A))) for H in others)
    )
    return add(scale(weight, swapped), *expected_cross_terms(s, tau, g))


def _equiangular(
    n: int, n_groups: int, n_active: int, cosine: Fraction, sine: Fraction, lam: Fraction = ABSENT
) -> Setting:
    """d = 1, a*_h = cosine f + sine e_h with f = e_1, A = A*: every pair has inner product mu_B = cosine^2."""
    groups = tuple(
        add(scale(cosine, basis(n, 1)), scale(sine, basis(n, 1 + h)))
        for h in range(1, n_groups + 1)
    )
    return Setting(groups, groups, SIGN, n_active, Fraction(1), Fraction(1), lam=lam)


def _sum_certificate(s: Setting, lemma1: tuple[Comparison, ...], note: str) -> Certificate:
    """(73) for a setting, in squares: ||sum_{h != g} A*_h A*_h^T A_g||_2 against gamma (mu_B + delta) and (Gamma - 1)(d mu_B + delta)."""
    left = spectral_norm_squared(cross_sum(s))
    return Certificate(
        data=s.data() | {"g": 1, "p_gh": s.inclusion(2)},
        hypotheses=(
            *s.model(),
            s.unit_columns(),
            *s.codes(),
            *lemma1,
            Comparison("p_gh > 0", s.inclusion(2), ">", 0),
        ),
        printed=Comparison(
            "||sum_{h != 1} A*_h A*_h^T A_1||_2^2 <= gamma^2 (mu_B + delta)^2",
            left,
            "<=",
            (s.n_active * s.leak_printed) ** 2,
        ),
        corrected=Comparison(
            "||sum_{h != 1} A*_h A*_h^T A_1||_2^2 <= (Gamma - 1)^2 (d mu_B + delta)^2",
            left,
            "<=",
            ((s.n_groups - 1) * s.leak) ** 2,
        ),
        note=note,
    )


@counterexample("T21-eq73")
def ce13(
    cosine: Fraction = Fraction(3, 5),
    sine: Fraction = Fraction(4, 5),
    n_groups: int = 4,
    n_active: int = 2,
    n: int = 8,
) -> Certificate:
    """(73), third line: a sum over Gamma - 1 groups is bounded as if it had gamma terms. d = 1, equiangular, mu_B = 9/25."""
    s = _equiangular(n, n_groups, n_active, cosine, sine)
    return _sum_certificate(
        s,
        s.lemma1(),
        "The sum is over h != g in [Gamma], not in S. With Gamma - 1 terms p_gh (Gamma - 1) = p_g (gamma - 1): the factor 1/Gamma that "
        "(73) claims is lost.",
    )


@counterexample("T21-eq73", "lemma1")
def ce13_variant(
    cosine: Fraction = Fraction(7, 25),
    sine: Fraction = Fraction(24, 25),
    n_groups: int = 5,
    n_active: int = 2,
    n: int = 8,
    lam: Fraction = Fraction(1, 5),
) -> Certificate:
    """(73) within Lemma 1: the same with mu_B = 49/625, where Lemma 1's interval, printed and corrected, contains lambda = 1/5."""
    s = _equiangular(n, n_groups, n_active, cosine, sine, lam)
    left, right = s.corrected_interval
    inside = (
        Comparison("left end of the corrected interval <= lambda", left, "<=", lam),
        Comparison("lambda < right end of the corrected interval", lam, "<", right),
    )
    return _sum_certificate(
        s,
        s.lemma1() + inside,
        "As T21-eq73, with a dictionary incoherent enough for support recovery.",
    )


@counterexample("T21-eq73", "second-line")
def ce13b(
    cosine: Fraction = Fraction(3, 5), sine: Fraction = Fraction(4, 5), n_active: int = 2
) -> Certificate:
    """(73), second line: ||A*_h A*_h^T A_g||_2 <= mu_B + delta, where d mu_B + delta is due.

    Gamma - 1 = gamma = 2, so that only the factor d is at issue (gamma = 1 would make p_gh, and
    both sides of (73), zero).
    """
    first = basis(8, 1, 2)
    groups = (first, *(add(scale(cosine, first), scale(sine, basis(8, k, 2))) for k in (3, 5)))
    s = Setting(groups, groups, SPIKES, n_active, Fraction(1), Fraction(2))
    return _sum_certificate(
        s,
        s.lemma1(),
        "With Gamma - 1 = gamma the count of terms is right and (73) is still false, by the factor d of Proposition 2.",
    )


@counterexample("T21-eq72")
def ce_eq72(
    cosine: Fraction = Fraction(7, 25),
    sine: Fraction = Fraction(24, 25),
    tau: Fraction = Fraction(4, 5),
    delta: Fraction = Fraction(3, 10),
) -> Certificate:
    """(72): stars are swapped in its last term, A*_v A*_v^T A_h A_h^T for A_v A_v^T A*_h A*_h^T; as printed the bound is false.

    d = 1, Gamma = gamma = 4, n = 2: a_1 = a*_1 = e1, a_2 = a_3 = a_4 = e2, a*_2 = a*_3 = a*_4 = (7
    e1 + 24 e2)/25. Then A_h^T A_1 = 0, the printed second term is 0, and E[P_1] = -tau (I - tau
    (A_1 A_1^T + 3 A_2 A_2^T)) w is longer than the first term, tau w.
    """
    e1 = basis(2, 1)
    e2 = basis(2, 2)
    tilted = add(scale(cosine, e1), scale(sine, e2))
    s = Setting(
        (e1, e2, e2, e2), (e1, tilted, tilted, tilted), SIGN, 4, Fraction(1), Fraction(1), delta
    )
    w = scale(s.inclusion(2), cross_sum(s))
    others = range(2, 5)
    everyone = range(1, 5)
    swapped = add(
        *(project(s.A_star[v - 1], project(s.A[h - 1], e1)) for h in others for v in everyone)
    )
    right_order = add(
        *(project(s.A[v - 1], project(s.A_star[h - 1], e1)) for h in others for v in everyone)
    )
    exact = frobenius_squared(expected_cross_terms(s, tau)[0])
    return Certificate(
        data=s.data() | {"g": 1, "tau": tau, "p_gh": s.inclusion(2), "p_ghv": s.inclusion(3)},
        hypotheses=(
            *s.model(),
            s.unit_columns(),
            *s.codes(),
            *frozen(tau),
            Comparison(
                "the printed second term of (72), squared, == 0",
                frobenius_squared(swapped),
                "==",
                0,
            ),
        ),
        printed=Comparison(
            "||E[P_1]||_2^2 <= (first term + second term of (72))^2",
            exact,
            "<=",
            tau**2 * frobenius_squared(w),
        ),
        corrected=Comparison(
            "||E[P_1]||_2^2 <= first^2 + second^2 with A_v A_v^T A*_h A*_h^T A_g in the second term (less than the square of their sum)",
            exact,
            "<=",
            tau**2 * frobenius_squared(w) + tau**4 * frobenius_squared(right_order),
        ),
        note="Not only a misprint in an identity: the bound fails as it stands. Its first line also lacks the norm bars and has the sign "
        "of E[P_1] on the outside. In the corrected order it is the triangle inequality.",
    )


@counterexample("T21-eq74")
def ce_eq74(
    constant: Fraction = Fraction(4),
    cosine: Fraction = Fraction(7, 25),
    sine: Fraction = Fraction(24, 25),
    tau: Fraction = Fraction(4, 5),
) -> Certificate:
    """(74): ||beta|| = O((gamma^3/Gamma^2)(mu_B + delta)). For every constant C the equiangular family, gamma = 2, breaks it at some Gamma.

    d = 1, A = A*, mu_B = 49/625: beta is of order gamma/Gamma times mu_B^(3/2), so the ratio to the
    printed bound grows like Gamma.
    """
    ratios: dict[int, Fraction] = {}
    n_groups = 2
    while not ratios or ratios[n_groups] <= constant**2:
        n_groups *= 2
        s = _equiangular(max(8, n_groups + 1), n_groups, 2, cosine, sine)
        left = frobenius_squared(residual(s, tau))
        order = Fraction(s.n_active**3, n_groups**2) * s.leak_printed
        ratios[n_groups] = left / order**2
    b = s.leak
    b2 = s.leak + s.delta
    explicit = (
        tau
        * s.inclusion(1)
        * (s.n_active - 1)
        * (5 * b + b2 + b**2 + b * b2 + (s.n_active - 2) * b * (b + b2))
    )
    return Certificate(
        data={
            "d": 1,
            "n": s.n_features,
            "gamma": s.n_active,
            "Gamma": n_groups,
            "A = A*": f"a_h = {cosine} f + {sine} e_h, h = 1..Gamma",
            "tau": tau,
            "mu_B": s.mu_block,
            "delta": s.delta,
            "C": constant,
            "||beta||^2 over the squared order, by Gamma": ", ".join(
                f"{k}: {v}" for k, v in ratios.items()
            ),
        },
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.lemma1(), *frozen(tau)),
        printed=Comparison(
            "||beta_1||_2^2 <= C^2 (gamma^3/Gamma^2)^2 (mu_B + delta)^2",
            left,
            "<=",
            (constant * order) ** 2,
        ),
        corrected=Comparison(
            "||beta_1||_2^2 <= (tau p_g (gamma-1) [5b + b' + b^2 + b b' + (gamma-2) b (b + b')])^2, b = d mu_B + delta, b' = b + delta",
            left,
            "<=",
            explicit**2,
        ),
        note="There is no constant: (73) loses the factor (Gamma - 1)/gamma. The explicit bound has p_g = gamma/Gamma, no further 1/Gamma; "
        "a better rate needs a bound on ||A||_2.",
    )
