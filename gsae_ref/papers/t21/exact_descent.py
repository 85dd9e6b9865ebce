"""The quantities of [T21] Theorems 1 and 2 at one group of a :class:`Setting`, exactly: G_g, alpha, omega, v_i, eta, rho, one step; and the
two pairs (A, A*) at which most of them are evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...claims.exact import (
    Comparison,
    Matrix,
    frobenius_squared,
    identity,
    inner,
    matrix,
    product,
    root_above,
    scale,
    subtract,
    transpose,
)
from .exact import Setting, signs, spikes, standard_groups


def norm_condition(tau: Fraction, m: int, delta: Fraction) -> Fraction:
    """Theorem 2's bound of ||A_g^T A*_g||_F^2: (1/tau^2)[3 (2-tau)(tau - 2/3) m + (1-tau)(2-tau) delta^2].

    m = n as printed, from (69); m = d when ||I||_F^2 in (66) is corrected.
    """
    return (3 * (2 - tau) * (tau - Fraction(2, 3)) * m + (1 - tau) * (2 - tau) * delta**2) / tau**2


@dataclass(frozen=True)
class Descent:
    """Group g of a setting with deterministic tau_g, whose expected gradient G = G_g of (27) is known exactly (epsilon = 0)."""

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
    def M_squared(self) -> Fraction:
        """||tau_g A_g^T A*_g - (2 - tau_g) I||_F^2, the left side of (66)."""
        return frobenius_squared(
            subtract(scale(self.tau, self.X), scale(2 - self.tau, identity(len(self.X))))
        )

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
        """A lower bound of Theorem 2's rho = eta c (alpha_min - 2 d (omega_max sqrt(d^2+1) + delta)^2/alpha_min)."""
        least = min(self.alphas)
        return self.eta * self.c * (least - 2 * self.setting.group_size * self.slope**2 / least)

    @property
    def v_printed_above(self) -> Fraction:
        """An upper bound of the square of (33): c^2 (omega_max sqrt(d^2+1) + delta)^2 e^2."""
        return self.c**2 * self.slope**2 * self.error

    @property
    def v_corrected(self) -> Fraction:
        """c^2 (d-1) omega_max^2 e^2 + tau^2 p^2 ||M||_F^2: at most the square of the valid bound c sqrt(d-1) omega e + tau p ||M||_F."""
        loose = self.c**2 * (self.setting.group_size - 1) * max(self.omegas) ** 2 * self.error
        return loose + self.tau**2 * self.p**2 * self.M_squared

    def columns(self) -> Iterator[tuple[Matrix, Matrix, Fraction, Matrix]]:
        """For every column i: (g_i, a_i - a*_i, alpha_i, v_i), with v_i = g_i - c alpha_i (a_i - a*_i) as below (60)."""
        shift = subtract(self.A, self.A_star)
        for i, alpha in enumerate(self.alphas):
            g, gap = (tuple((row[i],) for row in N) for N in (self.G, shift))
            yield g, gap, alpha, subtract(g, scale(self.c * alpha, gap))

    def alignment(self, v_squared: Fraction | None = None) -> Iterator[tuple[Fraction, Fraction]]:
        """For every column, both sides of (32) without its O-term, with ||v_i||^2 replaced by ``v_squared`` if given."""
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
                "||A_g^T A*_g||_F^2 <= zeta^2 = [3 (2-tau)(tau-2/3) n + (1-tau)(2-tau) delta^2]/tau^2",
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
        return (
            *self.theorem1(),
            Comparison(
                "eta <= 1/(tau (2 - tau) p_g alpha_max)",
                self.eta,
                "<=",
                1 / (self.c * max(self.alphas)),
            ),
            Comparison(
                "min_i of 2 <g_i, a_i - a*_i> - kappa ||a_i - a*_i||^2 - nu ||g_i||^2 + xi ||v_i||^2 >= 0 (aligned)",
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
            f"tau_{g} takes the values {sorted(values)}; (29) needs one; choose codes of constant norm"
        )
    return Descent(setting, g, values.pop(), setting.expected_surrogate(g))


def sure_hypotheses(s: Setting) -> tuple[Comparison, ...]:
    """The assumptions that every counterexample here satisfies, beyond the paper's: A*_g orthonormal, the support surely recovered."""
    return (*s.model(), s.unit_columns(), *s.codes(), *s.recovered())


def descent_at_truth(n: int = 4, lam: Fraction = Fraction(1, 5)) -> Descent:
    """d = 1, n = Gamma, A = A* = I_n, codes +-1: tau = 1 - lambda."""
    groups = standard_groups(n, n, 1)
    return descent(Setting(groups, groups, spikes(1, {1: 1}), 1, Fraction(1), Fraction(1), lam=lam))


def descent_rotated(
    n_groups: int,
    lam: Fraction,
    delta: Fraction = Fraction(1, 7),
    cosine: Fraction = Fraction(399, 401),
    sine: Fraction = Fraction(40, 401),
) -> Descent:
    """d = 2, A* = I_n, n = 2 Gamma, A_1 = A*_1 Q for a rotation Q by a small angle, A_h = A*_h otherwise: same loss, ||A_1 - A*_1|| > 0."""
    star = standard_groups(2 * n_groups, n_groups, 2)
    Q = matrix([[cosine, -sine], [sine, cosine]])
    groups = (product(star[0], Q), *star[1:])
    return descent(
        Setting(groups, star, signs(2), 1, Fraction(1), Fraction(1), delta, lam, unit_squared=2)
    )


def corrected_condition(step: Descent) -> Comparison:
    s = step.setting
    bound = norm_condition(step.tau, s.group_size, s.delta)
    return Comparison(
        "||A_g^T A*_g||_F^2 <= [3 (2-tau)(tau-2/3) d + (1-tau)(2-tau) delta^2]/tau^2",
        frobenius_squared(step.X),
        "<=",
        bound,
    )
