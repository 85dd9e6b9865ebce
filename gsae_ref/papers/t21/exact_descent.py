"""The quantities of [T21] Theorems 1 and 2 at one group of a :class:`Setting`, exactly.

:class:`Descent` has G_g, alpha, omega, v_i, eta, rho and one step; ``descent_at_truth`` and
``descent_rotated`` are the two pairs (A, A*) at which most of them are evaluated. The cross-terms
E[P_1], E[P_2] of (30) and the residual beta of (71) are those of a deterministic tau.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from ...claims.exact import (
    Comparison,
    Matrix,
    add,
    frobenius_squared,
    identity,
    inner,
    matrix,
    product,
    root_above,
    scale,
    spectral_norm_squared,
    subtract,
    transpose,
)
from .exact import Setting, signs, spikes, standard_groups


def norm_condition(tau: Fraction, m: int, delta: Fraction) -> Fraction:
    """Theorem 2's bound: [3 (2-tau)(tau-2/3) m + (1-tau)(2-tau) delta^2]/tau^2.

    It bounds ||A_g^T A*_g||_F^2. m = n as printed, from (69); m = d when ||I||_F^2 in (66) is
    corrected.
    """
    return (3 * (2 - tau) * (tau - Fraction(2, 3)) * m + (1 - tau) * (2 - tau) * delta**2) / tau**2


@dataclass(frozen=True)
class Descent:
    """Group g of a setting with deterministic tau_g and its exact expected gradient G of (27)."""

    setting: Setting
    g: int
    tau: Fraction
    G: Matrix

    @property
    def A(self) -> Matrix:
        """A_g."""
        return self.setting.A[self.g - 1]

    @property
    def A_star(self) -> Matrix:
        """A*_g."""
        return self.setting.A_star[self.g - 1]

    @property
    def p(self) -> Fraction:
        """p_g."""
        return self.setting.inclusion(1)

    @property
    def c(self) -> Fraction:
        """c = tau_g (2 - tau_g) p_g, the coefficient of the main term of (31)."""
        return self.tau * (2 - self.tau) * self.p

    @property
    def X(self) -> Matrix:
        """A_g^T A*_g."""
        return product(transpose(self.A), self.A_star)

    @property
    def M(self) -> Matrix:
        """tau_g A_g^T A*_g - (2 - tau_g) I."""
        return subtract(scale(self.tau, self.X), scale(2 - self.tau, identity(len(self.X))))

    @property
    def M_squared(self) -> Fraction:
        """||tau_g A_g^T A*_g - (2 - tau_g) I||_F^2, the left side of (66)."""
        return frobenius_squared(self.M)

    @property
    def error(self) -> Fraction:
        """e^2 = ||A_g - A*_g||_F^2."""
        return frobenius_squared(subtract(self.A, self.A_star))

    @property
    def alphas(self) -> tuple[Fraction, ...]:
        """alpha_i = <a*_i, a_i> for all i."""
        return tuple(self.X[i][i] for i in range(len(self.X)))

    @property
    def omegas(self) -> tuple[Fraction, ...]:
        """omega_i = max_{j != i} |<a*_j, a_i>| for all i; 0 when d = 1."""
        return tuple(
            max((abs(entry) for j, entry in enumerate(row) if j != i), default=Fraction(0))
            for i, row in enumerate(self.X)
        )

    @property
    def eta(self) -> Fraction:
        """The largest step size that Theorem 2 allows, 1/(c alpha_max)."""
        return 1 / (self.c * max(self.alphas))

    @property
    def next_error(self) -> Fraction:
        """||A_g - eta G_g - A*_g||_F^2."""
        return frobenius_squared(subtract(subtract(self.A, scale(self.eta, self.G)), self.A_star))

    @property
    def slope(self) -> Fraction:
        """An upper bound of omega_max sqrt(d^2 + 1) + delta (the root rounded up to quarters)."""
        return max(self.omegas) * root_above(self.setting.group_size**2 + 1) + self.setting.delta

    @property
    def rho_below(self) -> Fraction:
        """A lower bound of Theorem 2's rho (``slope`` is rounded up)."""
        least = min(self.alphas)
        return self.eta * self.c * (least - 2 * self.setting.group_size * self.slope**2 / least)

    @property
    def v_printed_above(self) -> Fraction:
        """An upper bound of the square of (33): c^2 (omega_max sqrt(d^2+1) + delta)^2 e^2."""
        return self.c**2 * self.slope**2 * self.error

    @property
    def v_corrected(self) -> Fraction:
        """c^2 (d-1) omega_max^2 e^2 + tau^2 p^2 ||M||_2^2.

        This is at most the square of the valid bound c sqrt(d-1) omega e + tau p ||M||_2.
        """
        others = self.c**2 * (self.setting.group_size - 1) * max(self.omegas) ** 2 * self.error
        return others + self.tau**2 * self.p**2 * spectral_norm_squared(self.M)

    def columns(self) -> Iterator[tuple[Matrix, Matrix, Fraction, Matrix]]:
        """Yield (g_i, a_i - a*_i, alpha_i, v_i), v_i = g_i - c alpha_i (a_i - a*_i)."""
        shift = subtract(self.A, self.A_star)
        for i, alpha in enumerate(self.alphas):
            g = tuple((row[i],) for row in self.G)
            gap = tuple((row[i],) for row in shift)
            yield g, gap, alpha, subtract(g, scale(self.c * alpha, gap))

    def alignment(self, v_squared: Fraction | None = None) -> Iterator[tuple[Fraction, Fraction]]:
        """Yield both sides of (32), O-term apart; ``v_squared`` replaces ||v_i||^2 if given."""
        for g, gap, alpha, v in self.columns():
            k = self.c * alpha
            size = frobenius_squared(v) if v_squared is None else v_squared
            yield 2 * inner(g, gap), k * frobenius_squared(gap) + (frobenius_squared(g) - size) / k

    def v_squared(self) -> Fraction:
        """max_i ||v_i||_2^2."""
        return max(frobenius_squared(v) for *_, v in self.columns())

    def theorem1(self) -> tuple[Comparison, ...]:
        """(18), with Theorem 2's value of zeta, and a positive alpha_i for the division in (32)."""
        bound = norm_condition(self.tau, self.setting.n_features, self.setting.delta)
        return (
            Comparison(
                "||A_g^T A*_g||_F^2 <= [3 (2-tau)(tau-2/3) n + (1-tau)(2-tau) delta^2]/tau^2, (69)",
                frobenius_squared(self.X),
                "<=",
                bound,
            ),
            Comparison("alpha_min > 0", min(self.alphas), ">", 0),
        )

    def theorem2(self) -> tuple[Comparison, ...]:
        """All hypotheses of Theorem 2: the step size, the norm, the alignment, and rho > 0.

        The v_i are those of the proof, g_i - c alpha_i (a_i - a*_i), with which the alignment is
        the identity (61).
        """
        slack = min(left - right for left, right in self.alignment())
        largest_step = 1 / (self.c * max(self.alphas))
        return (
            *self.theorem1(),
            Comparison("eta <= 1/(tau (2 - tau) p_g alpha_max)", self.eta, "<=", largest_step),
            Comparison(
                "min_i of the left less the right side of the alignment >= 0, epsilon = 0",
                slack,
                ">=",
                0,
            ),
            Comparison("rho > 0 (rho rounded down)", self.rho_below, ">", 0),
        )

    def data(self) -> dict[str, Any]:
        """What a certificate shows besides the setting."""
        return {"g": self.g, "tau_g": self.tau, "p_g": self.p, "G_g": self.G, "eta": self.eta}


def descent(setting: Setting, g: int = 1) -> Descent:
    """Enumerate the setting once; ValueError if tau_g is random, as (29) then has no meaning."""
    values = setting.taus(g)
    if len(values) != 1:
        raise ValueError(
            f"tau_{g} takes the values {sorted(values)}; (29) needs one; "
            "choose codes of constant norm"
        )
    return Descent(setting, g, values.pop(), setting.expected_surrogate(g))


def sure_hypotheses(s: Setting) -> tuple[Comparison, ...]:
    """Assumptions 1 to 4, and a support that is surely recovered."""
    return (*s.assumptions(), *s.recovered())


def descent_at_truth(
    n: int = 8, lam: Fraction = Fraction(1, 5), n_active: int = 2, size: int = 1, length: int = 1
) -> Descent:
    """A = A* = columns of I_n, codes +-length e_i of norm B = length: tau = 1 - lambda/B."""
    groups = standard_groups(n, n // size, size)
    law = spikes(size, {length: 1})
    b = Fraction(length)
    return descent(Setting(groups, groups, law, n_active, b, b, lam=lam))


def descent_rotated(
    n_groups: int = 4,
    lam: Fraction = Fraction(3, 10),
    delta: Fraction = Fraction(1, 7),
    cosine: Fraction = Fraction(399, 401),
    sine: Fraction = Fraction(40, 401),
    n_active: int = 2,
) -> Descent:
    """A_1 = A*_1 Q for a rotation Q by a small angle, A_h = A*_h otherwise: the loss is that of A*.

    d = 2, n = 2 Gamma, A* = I_n, codes in {-1, 1}^2.
    """
    star = standard_groups(2 * n_groups, n_groups, 2)
    Q = matrix([[cosine, -sine], [sine, cosine]])
    groups = (product(star[0], Q), *star[1:])
    one = Fraction(1)
    return descent(Setting(groups, star, signs(2), n_active, one, one, delta, lam, unit_squared=2))


def corrected_condition(step: Descent) -> Comparison:
    """(69) with d in place of n."""
    s = step.setting
    bound = norm_condition(step.tau, s.group_size, s.delta)
    return Comparison(
        "||A_g^T A*_g||_F^2 <= [3 (2-tau)(tau-2/3) d + (1-tau)(2-tau) delta^2]/tau^2",
        frobenius_squared(step.X),
        "<=",
        bound,
    )


def neighbourhood_order(s: Setting, constant: Fraction = Fraction(1)) -> Fraction:
    """epsilon of Theorem 1: C (mu_B + delta)^2 gamma^5/Gamma^3, C = ``constant``."""
    return constant * s.leak_printed**2 * Fraction(s.n_active**5, s.n_groups**3)


def project(G: Matrix, N: Matrix) -> Matrix:
    """G G^T N."""
    return product(G, transpose(G), N)


def cross_sum(s: Setting, g: int = 1) -> Matrix:
    """sum_{h != g in [Gamma]} A*_h A*_h^T A_g, the sum that (73) bounds."""
    return add(*(project(H, s.A[g - 1]) for h, H in enumerate(s.A_star, 1) if h != g))


def supports_with(s: Setting, g: int) -> list[tuple[Fraction, tuple[int, ...]]]:
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
    """beta~ of (71), epsilon = 0: the terms with p_gh, and E[P_1 + P_2]."""
    A = s.A[g - 1]
    star = s.A_star[g - 1]
    weight = tau**2 * s.inclusion(2)
    others = [H for h, H in enumerate(s.A, 1) if h != g]
    swapped = add(
        *(add(project(H, project(star, A)), project(star, project(H, A))) for H in others)
    )
    return add(scale(weight, swapped), *expected_cross_terms(s, tau, g))
