"""Counterexamples to the residual bounds (72)-(74) of [T21]: the cross-terms P_1, P_2 of (30) and beta of (71).

As in the paper, tau_h = tau is one frozen constant here; the expectation is over the supports, uniform of size gamma.
"""

from fractions import Fraction
from itertools import combinations
from typing import Any

from ..exact import Certificate, Comparison, Matrix, add, basis, frobenius_squared, product, scale, spectral_norm_squared, subtract, transpose
from .setting import ABSENT, Setting, spikes

__all__ = ["ce13", "ce13_variant", "ce13b", "ce_eq72", "ce_eq74"]

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

    A, supports = s.A[g - 1], supports_with(s, g)
    first = add(*(scale(-tau * w, shrunk(crossed(A, S), S)) for w, S in supports))
    return first, add(*(scale(-tau * w, crossed(shrunk(A, S), S)) for w, S in supports))


def residual(s: Setting, tau: Fraction, g: int = 1) -> Matrix:
    """beta of (71): tau sum_{h != g} p_gh tau (A_h A_h^T A*_g A*_g^T + A*_g A*_g^T A_h A_h^T) A_g + E[P_1 + P_2]."""
    A, star, weight = s.A[g - 1], s.A_star[g - 1], tau**2 * s.inclusion(2)
    others = [H for h, H in enumerate(s.A, 1) if h != g]
    swapped = add(*(add(project(H, project(star, A)), project(star, project(H, A))) for H in others))
    return add(scale(weight, swapped), *expected_cross_terms(s, tau, g))


def _equiangular(n: int, n_groups: int, n_active: int, cosine: Fraction, sine: Fraction, lam: Fraction = ABSENT) -> Setting:
    """d = 1, a*_h = cosine f + sine e_h with f = e_1, A = A*: every pair has inner product mu_B = cosine^2."""
    groups = tuple(add(scale(cosine, basis(n, 1)), scale(sine, basis(n, 1 + h))) for h in range(1, n_groups + 1))
    return Setting(groups, groups, SIGN, n_active, Fraction(1), Fraction(1), lam=lam)


def _sum_certificate(name: str, s: Setting, lemma1: tuple[Comparison, ...], note: str) -> Certificate:
    """(73) for a setting, in squares: ||sum_{h != g} A*_h A*_h^T A_g||_2 against gamma (mu_B + delta) and (Gamma - 1)(d mu_B + delta)."""
    left = spectral_norm_squared(cross_sum(s))
    return Certificate(
        name=name,
        statement="T21-eq73",
        data=s.data() | {"g": 1, "p_gh": s.inclusion(2)},
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *lemma1, Comparison("p_gh > 0", s.inclusion(2), ">", 0)),
        printed=Comparison(
            "||sum_{h != 1} A*_h A*_h^T A_1||_2^2 <= gamma^2 (mu_B + delta)^2",
            left, "<=", (s.n_active * s.leak_printed) ** 2,
        ),
        corrected=Comparison(
            "||sum_{h != 1} A*_h A*_h^T A_1||_2^2 <= (Gamma - 1)^2 (d mu_B + delta)^2", left, "<=", ((s.n_groups - 1) * s.leak) ** 2
        ),
        note=note,
    )


def ce13(cosine: Fraction = Fraction(3, 5), sine: Fraction = Fraction(4, 5), n_groups: int = 4, n_active: int = 2, n: int = 8) -> Certificate:
    """(73), third line: a sum over Gamma - 1 groups is bounded as if it had gamma terms. d = 1, equiangular, mu_B = 9/25."""
    s = _equiangular(n, n_groups, n_active, cosine, sine)
    return _sum_certificate(
        "CE13", s, s.lemma1(),
        "The sum is over h != g in [Gamma], not in S. With Gamma - 1 terms p_gh (Gamma - 1) = p_g (gamma - 1): the factor 1/Gamma that "
        "(73) claims is lost.",
    )


def ce13_variant(
    cosine: Fraction = Fraction(7, 25), sine: Fraction = Fraction(24, 25), n_groups: int = 5, n_active: int = 2, n: int = 8,
    lam: Fraction = Fraction(1, 5),
) -> Certificate:
    """(73) within Lemma 1: the same with mu_B = 49/625, where Lemma 1's interval, printed and corrected, contains lambda = 1/5."""
    s = _equiangular(n, n_groups, n_active, cosine, sine, lam)
    left, right = s.corrected_interval
    inside = (
        Comparison("left end of the corrected interval <= lambda", left, "<=", lam),
        Comparison("lambda < right end of the corrected interval", lam, "<", right),
    )
    return _sum_certificate("CE13_variant", s, s.lemma1() + inside, "As CE13, with a dictionary incoherent enough for support recovery.")


def ce13b(cosine: Fraction = Fraction(3, 5), sine: Fraction = Fraction(4, 5), n_active: int = 2) -> Certificate:
    """(73), second line: ||A*_h A*_h^T A_g||_2 <= mu_B + delta, where d mu_B + delta is due.

    Gamma - 1 = gamma = 2, so that only the factor d is at issue (gamma = 1 would make p_gh, and both sides of (73), zero).
    """
    first = basis(8, 1, 2)
    groups = (first, *(add(scale(cosine, first), scale(sine, basis(8, k, 2))) for k in (3, 5)))
    s = Setting(groups, groups, SPIKES, n_active, Fraction(1), Fraction(2))
    return _sum_certificate(
        "CE13b", s, s.lemma1(),
        "With Gamma - 1 = gamma the count of terms is right and (73) is still false, by the factor d of Proposition 2.",
    )


def ce_eq72(
    cosine: Fraction = Fraction(7, 25), sine: Fraction = Fraction(24, 25), tau: Fraction = Fraction(4, 5), delta: Fraction = Fraction(3, 10)
) -> Certificate:
    """(72): stars are swapped in its last term, A*_v A*_v^T A_h A_h^T for A_v A_v^T A*_h A*_h^T; as printed the bound is false.

    d = 1, Gamma = gamma = 4, n = 2: a_1 = a*_1 = e1, a_2 = a_3 = a_4 = e2, a*_2 = a*_3 = a*_4 = (7 e1 + 24 e2)/25. Then A_h^T A_1 = 0, the
    printed second term is 0, and E[P_1] = -tau (I - tau (A_1 A_1^T + 3 A_2 A_2^T)) w is longer than the first term, tau w.
    """
    e1, e2 = basis(2, 1), basis(2, 2)
    tilted = add(scale(cosine, e1), scale(sine, e2))
    s = Setting((e1, e2, e2, e2), (e1, tilted, tilted, tilted), SIGN, 4, Fraction(1), Fraction(1), delta)
    w = scale(s.inclusion(2), cross_sum(s))
    others, everyone = range(2, 5), range(1, 5)
    swapped = add(*(project(s.A_star[v - 1], project(s.A[h - 1], e1)) for h in others for v in everyone))
    right_order = add(*(project(s.A[v - 1], project(s.A_star[h - 1], e1)) for h in others for v in everyone))
    exact = frobenius_squared(expected_cross_terms(s, tau)[0])
    return Certificate(
        name="CE_eq72",
        statement="T21-eq72",
        data=s.data() | {"g": 1, "tau": tau, "p_gh": s.inclusion(2), "p_ghv": s.inclusion(3)},
        hypotheses=(
            *s.model(),
            s.unit_columns(),
            *s.codes(),
            *frozen(tau),
            Comparison("the printed second term of (72), squared, == 0", frobenius_squared(swapped), "==", 0),
        ),
        printed=Comparison("||E[P_1]||_2^2 <= (first term + second term of (72))^2", exact, "<=", tau**2 * frobenius_squared(w)),
        corrected=Comparison(
            "||E[P_1]||_2^2 <= first^2 + second^2 with A_v A_v^T A*_h A*_h^T A_g in the second term (less than the square of their sum)",
            exact, "<=", tau**2 * frobenius_squared(w) + tau**4 * frobenius_squared(right_order),
        ),
        note="Not only a misprint in an identity: the bound fails as it stands. Its first line also lacks the norm bars and has the sign "
        "of E[P_1] on the outside. In the corrected order it is the triangle inequality.",
    )


def ce_eq74(
    constant: Fraction = Fraction(4), cosine: Fraction = Fraction(7, 25), sine: Fraction = Fraction(24, 25), tau: Fraction = Fraction(4, 5)
) -> Certificate:
    """(74): ||beta|| = O((gamma^3/Gamma^2)(mu_B + delta)). For every constant C the equiangular family, gamma = 2, breaks it at some Gamma.

    d = 1, A = A*, mu_B = 49/625: beta is of order gamma/Gamma times mu_B^(3/2), so the ratio to the printed bound grows like Gamma.
    """
    ratios: dict[int, Fraction] = {}
    n_groups = 2
    while not ratios or ratios[n_groups] <= constant**2:
        n_groups *= 2
        s = _equiangular(max(8, n_groups + 1), n_groups, 2, cosine, sine)
        left = frobenius_squared(residual(s, tau))
        order = Fraction(s.n_active**3, n_groups**2) * s.leak_printed
        ratios[n_groups] = left / order**2
    b, b2 = s.leak, s.leak + s.delta
    explicit = tau * s.inclusion(1) * (s.n_active - 1) * (5 * b + b2 + b**2 + b * b2 + (s.n_active - 2) * b * (b + b2))
    return Certificate(
        name="CE_eq74",
        statement="T21-eq74",
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
            "||beta||^2 over the squared order, by Gamma": ", ".join(f"{k}: {v}" for k, v in ratios.items()),
        },
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.lemma1(), *frozen(tau)),
        printed=Comparison("||beta_1||_2^2 <= C^2 (gamma^3/Gamma^2)^2 (mu_B + delta)^2", left, "<=", (constant * order) ** 2),
        corrected=Comparison(
            "||beta_1||_2^2 <= (tau p_g (gamma-1) [5b + b' + b^2 + b b' + (gamma-2) b (b + b')])^2, b = d mu_B + delta, b' = b + delta",
            left, "<=", explicit**2,
        ),
        note="There is no constant: (73) loses the factor (Gamma - 1)/gamma. The explicit bound has p_g = gamma/Gamma, no further 1/Gamma; "
        "a better rate needs a bound on ||A||_2.",
    )
