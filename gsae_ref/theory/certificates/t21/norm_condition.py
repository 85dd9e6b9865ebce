"""Counterexamples to the norm condition of [T21] Theorem 2, (66)-(69): ||I_d||_F^2 is taken to be n, and it is d."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ..exact import Certificate, Comparison, frobenius_squared, inner
from .descent import descent, norm_condition
from .setting import Setting, signs, spikes, standard_groups

if TYPE_CHECKING:
    from .descent import Descent

__all__ = ["ce8", "ce_eq66", "ce_eq68", "ce_eq69", "ce_eq69_simulation"]


def _pair(n: int = 4, lam: Fraction = Fraction(1, 5)) -> Setting:
    """A = A* = pairs of columns of I_n, d = 2, gamma = 1, codes in {-1, 1}^2: tau = 1 - lambda/B for B = sqrt(2)."""
    groups = standard_groups(n, n // 2, 2)
    return Setting(groups, groups, signs(2), 1, Fraction(1), Fraction(1), lam=lam, unit_squared=2)


def ce8(n: int = 4) -> Certificate:
    """(67): <A_g, A*_g> >= n - delta^2/2. At A = A* it is ||A_g||_F^2 = d."""
    s = _pair(n)
    overlap = inner(s.A[0], s.A_star[0])
    return Certificate(
        name="CE8",
        statement="T21-eq67",
        data=s.data(),
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.lemma1()),
        printed=Comparison("<A_1, A*_1> >= n - delta^2/2", overlap, ">=", s.n_features - s.delta**2 / 2),
        corrected=Comparison("<A_1, A*_1> >= d - delta^2/2", overlap, ">=", s.group_size - s.delta**2 / 2),
        note="<A_g, A*_g> <= d always, so (67) fails for every dictionary with n > d; <A_g, A*_g> = d - ||A_g - A*_g||_F^2/2 exactly when "
        "both are orthonormal.",
    )


def ce_eq66(n: int = 4, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """(66), second line: ||tau A_g^T A*_g - (2-tau) I||_F^2 with ||I||_F^2 = n in place of d."""
    step = descent(_pair(n, lam))
    s, t = step.setting, step.tau
    rest = t**2 * frobenius_squared(step.X) - 2 * (2 - t) * t * inner(s.A[0], s.A_star[0])
    return Certificate(
        name="CE_eq66",
        statement="T21-eq66",
        data=s.data() | step.data(),
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.lemma1()),
        printed=Comparison(
            "||tau X - (2-tau) I||_F^2 == (2-tau)^2 n + tau^2 ||X||_F^2 - 2 (2-tau) tau trace X, X = A_1^T A*_1",
            step.M_squared, "==", (2 - t) ** 2 * s.n_features + rest,
        ),
        corrected=Comparison("the same with d in place of n", step.M_squared, "==", (2 - t) ** 2 * s.group_size + rest),
        note="The identity matrix in (66) is d x d. The two sides differ by (2 - tau)^2 (n - d), whatever A and A* are.",
    )


def _four(delta: Fraction = Fraction(1, 5), lam: Fraction = Fraction(2, 5), n: int = 8) -> Descent:
    """A = A* = [e1..e4], [e5..e8], gamma = 1, codes +-2 e_i: ||x_g|| = 2 and tau = 1 - lambda/2 = 4/5."""
    groups = standard_groups(n, n // 4, 4)
    return descent(Setting(groups, groups, spikes(4, {2: 1}), 1, Fraction(2), Fraction(2), delta, lam))


def ce_eq68(delta: Fraction = Fraction(1, 5), lam: Fraction = Fraction(2, 5), n: int = 8) -> Certificate:
    """(68): the printed upper bound of a squared norm is negative."""
    step = _four(delta, lam, n)
    s, t = step.setting, step.tau

    def bound(m: int) -> Fraction:
        return (2 - t) ** 2 * m + t**2 * frobenius_squared(step.X) - 2 * (2 - t) * t * (m - delta**2 / 2)

    return Certificate(
        name="CE_eq68",
        statement="T21-eq68",
        data=s.data() | step.data(),
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.lemma1()),
        printed=Comparison(
            "||tau X - (2-tau) I||_F^2 <= (2-tau)^2 n + tau^2 ||X||_F^2 - 2 (2-tau) tau (n - delta^2/2), (68)",
            step.M_squared, "<=", bound(s.n_features),
        ),
        corrected=Comparison("the same with d in place of n", step.M_squared, "<=", bound(s.group_size)),
        note="(68) combines the wrong (66) and (67); the coefficient (2-tau)(2-3 tau) of n is negative for tau > 2/3, so the bound is "
        "negative for large n.",
    )


def ce_eq69(delta: Fraction = Fraction(1, 5), lam: Fraction = Fraction(2, 5), n: int = 8) -> Certificate:
    """(69) and Theorem 2: the condition on ||A_g^T A*_g||_F^2 holds, its purpose ||tau X - (2-tau) I||_F^2 <= (2-tau) delta^2 does not.

    For tau > 2/3 the condition grows with n while ||A_g^T A*_g||_F^2 <= d: here it holds for every A, and says nothing.
    """
    step = _four(delta, lam, n)
    s, t = step.setting, step.tau
    return Certificate(
        name="CE_eq69",
        statement="T21-eq69",
        data=s.data() | step.data(),
        hypotheses=(
            *s.model(), s.unit_columns(), *s.codes(), *s.lemma1(), *step.theorem1(),
            Comparison("d <= zeta^2: the condition holds whatever A is", s.group_size, "<=", norm_condition(t, s.n_features, delta)),
        ),
        printed=Comparison("||tau X - (2-tau) I||_F^2 <= (2-tau) delta^2", step.M_squared, "<=", (2 - t) * delta**2),
        corrected=Comparison(
            "the condition with d in place of n excludes the instance",
            frobenius_squared(step.X), ">", norm_condition(t, s.group_size, delta),
        ),
        note="The conclusion is false although the condition holds. With d in place of n the condition does imply it; (70), which needs "
        "(2-tau) delta e instead of sqrt(2-tau) delta, still does not follow (CE_eq70).",
    )


def ce_eq69_simulation(
    n: int = 950, size: int = 2, longest: Fraction = Fraction(5), lam: Fraction = Fraction(2), delta: Fraction = Fraction(1)
) -> Certificate:
    """(69) and Theorem 2 below tau = 2/3: the condition bounds a squared norm by a negative number. As in the paper's simulation.

    There codes have norm in [4, 5] and lambda = 2: without cross-terms tau = 1 - lambda/||x_g|| is at most 3/5 at the truth.
    """
    t = 1 - lam / longest
    bound = norm_condition(t, n, delta)
    least = (size - delta**2 / 2) ** 2 / size
    return Certificate(
        name="CE_eq69_simulation",
        statement="T21-eq69",
        data={"n": n, "d": size, "lambda": lam, "largest code norm": longest, "tau (largest)": t, "delta (largest)": delta},
        hypotheses=(
            Comparison("0 < tau", 0, "<", t),
            Comparison("tau < 2/3", t, "<", Fraction(2, 3)),
            Comparison("delta <= 1", delta, "<=", 1),
            Comparison("n > d", n, ">", size),
        ),
        printed=Comparison(
            "0 <= [3 (2-tau)(tau-2/3) n + (1-tau)(2-tau) delta^2]/tau^2, so that some ||A_g^T A*_g||_F^2 is allowed",
            0, "<=", bound,
        ),
        corrected=None,
        note="No dictionary satisfies Theorem 2's condition at this tau; it needs tau > 2/3, or nearly so. With d for n the bound is "
        f"{norm_condition(t, size, delta)}, still below the least possible ||A_g^T A*_g||_F^2 of (d - delta^2/2)^2/d = {least}.",
    )
