"""Counterexamples to the convergence of [T21]: Theorem 2 (both versions) and remark (b).

All have gamma = 1, orthonormal A_g and A*_g, codes of constant norm (so tau_g is a number) and
surely recovered support (epsilon = 0): the expected gradient (27) is then exact, P_1 = P_2 = 0 and
the residual of (71) vanishes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    counterexample,
    frobenius_squared,
    log_above,
    product,
    scale,
    subtract,
    transpose,
)
from ..exact import Setting, signs, standard_groups, tau
from ..exact_descent import corrected_condition, descent_at_truth, descent_rotated, sure_hypotheses

if TYPE_CHECKING:
    pass


@counterexample("T21-theorem2", "at-truth", also=("T21-assumption4",))
def ce10_step(n: int = 4, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """Theorem 2 from A = A*: one step of size 1/c goes to A^1 = (4/3) A*, error 1/9, where (1 - rho) 0 + eta d epsilon = 0 is claimed."""
    step = descent_at_truth(n, lam)
    s = step.setting
    order = s.leak_printed**2 * Fraction(s.n_active**5, s.n_groups**3)
    shrink = 4 * s.group_size * (1 - step.tau) ** 2 / (2 - step.tau) ** 2
    return Certificate(
        data=s.data() | step.data(),
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem2()),
        printed=Comparison(
            "||A_g^+ - A*_g||_F^2 <= (1 - rho) ||A_g - A*_g||_F^2 + eta d C (mu_B + delta)^2 gamma^5/Gamma^3",
            step.next_error,
            "<=",
            (1 - step.rho_below) * step.error + step.eta * s.group_size * order,
        ),
        corrected=Comparison(
            "||A_g^+ - A*_g||_F^2 == 4 d (1-tau)^2/(2-tau)^2", step.next_error, "==", shrink
        ),
        note="The error after one step does not depend on n = Gamma, so the second claim, O(d log^2 n/Gamma^2), fails too, for every "
        "constant. The exact gradient, -(1 - tau^2) p_g A*_g, gives 9/64. The step also breaks A_g^T A_g = I.",
    )


@counterexample("T21-remark-b")
def ce10b(s: Fraction = Fraction(5, 4), n: int = 4) -> Certificate:
    """Remark (b) after Theorem 2: a constant bias gives recovery and convergence to A*. It moves the minimiser to s A*, s - 1/s = lambda/B.

    At A = s A*, A_g sigma(A_g^T y) = s (s - lambda/B) y = y: the loss is zero there, and positive
    at A*. With s = 5/4, lambda/B = 9/20.
    """
    lam = s - 1 / s
    groups = standard_groups(n, n // 2, 2)
    truth = Setting(groups, groups, signs(2), 1, Fraction(1), Fraction(1), lam=lam, unit_squared=2)
    moved = tuple(scale(s, G) for G in groups)
    at_truth, at_moved = (_expected_loss(truth, A) for A in (groups, moved))
    floor = frobenius_squared(subtract(moved[0], groups[0]))
    return Certificate(
        data=truth.data() | {"s": s, "||s A*_g - A*_g||_F^2": floor, "E L(A*)": at_truth},
        hypotheses=(
            *sure_hypotheses(truth),
            *truth.lemma1(),
            Comparison("E L(s A*) == 0: a global minimum", at_moved, "==", 0),
        ),
        printed=Comparison(
            "E L(A*) <= E L(s A*), so that A* is a minimum too", at_truth, "<=", at_moved
        ),
        corrected=Comparison(
            "||A_g/s - A*_g||_F^2 <= 0 at A = s A*: the normalised factor is A*",
            frobenius_squared(subtract(scale(1 / s, moved[0]), groups[0])),
            "<=",
            0,
        ),
        note="Descent from A* moves along s A* to s = 5/4, where the loss (B^2/2)(1 - s^2 + s lambda/B)^2 is zero: the distance to A* ends "
        "at (s - 1) sqrt(d) per group for all n and Gamma. A constant bias recovers the support and not the dictionary.",
    )


def _expected_loss(setting: Setting, A: tuple[Matrix, ...]) -> Fraction:
    """E of (40), all groups encoded, by enumeration of the supports and codes of ``setting``."""
    total = Fraction(0)
    for weight, _, codes in setting.samples():
        y = setting.observe(codes)
        z = [product(transpose(G), y) for G in A]
        fit = add(
            *(
                product(G, scale(tau(u, setting.lam, setting.unit_squared), u))
                for G, u in zip(A, z, strict=True)
            )
        )
        total += weight * frobenius_squared(subtract(y, fit)) / 2
    return total


@counterexample("T21-theorem2")
def ce11(
    n_groups: int = 3,
    constant: Fraction = Fraction(1),
    lam: Fraction = Fraction(1, 5),
    delta: Fraction = Fraction(1, 7),
) -> Certificate:
    """Theorem 2, first claim: from A_1 = A*_1 Q the error grows, though every hypothesis holds, Lemma 1's included.

    The encoder is equivariant and A*_1 A*_1^T = A_1 A_1^T, so G_1 = -2 tau (1 - tau) p A_1: a step
    only stretches A_1, and e^2 = 8/401 becomes 2 (s^2 - 2 s cos + 1) with s = 1598/1197.
    """
    step = descent_rotated(n_groups, lam, delta)
    s = step.setting
    order = constant * s.leak_printed**2 * Fraction(s.n_active**5, s.n_groups**3)
    return Certificate(
        data=s.data() | step.data() | {"C": constant, "rho (rounded down)": step.rho_below},
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem2()),
        printed=Comparison(
            "||A_1^+ - A*_1||_F^2 <= (1 - rho) ||A_1 - A*_1||_F^2 + eta d C (mu_B + delta)^2 gamma^5/Gamma^3 (rho rounded down)",
            step.next_error,
            "<=",
            (1 - step.rho_below) * step.error + step.eta * s.group_size * order,
        ),
        corrected=None,
        note="The loss does not change under A_g -> A_g Q, so no descent can reduce ||A_g - A*_g||_F in that direction. The left side does "
        "not depend on Gamma, the additive term is of order C/Gamma^2: every constant C fails for large Gamma.",
    )


@counterexample("T21-theorem2", "rate")
def ce11_rate(
    n_groups: int = 12, constant: Fraction = Fraction(1), lam: Fraction = Fraction(1, 5)
) -> Certificate:
    """Theorem 2, second claim, with Lemma 1's assumptions: ||A^+ - A*||_F^2 <= (1 - rho) ||A - A*||_F^2 + C d log^2 n/Gamma^2."""
    step = descent_rotated(n_groups, lam)
    s = step.setting
    rate = constant * s.group_size * (log_above(s.n_features) / s.n_groups) ** 2
    return Certificate(
        data={
            "instance": "T21-theorem2 with this Gamma and n = 2 Gamma",
            "Gamma": s.n_groups,
            "n": s.n_features,
            "d": s.group_size,
            "C": constant,
        }
        | {
            f"lambda (unit: sqrt({s.unit_squared}))": lam,
            "delta": s.delta,
            "A_1": s.A[0],
            "A*_1": s.A_star[0],
        }
        | step.data(),
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem2()),
        printed=Comparison(
            "||A_1^+ - A*_1||_F^2 <= (1 - rho) ||A_1 - A*_1||_F^2 + C d log^2 n/Gamma^2 (rho rounded down, log n up)",
            step.next_error,
            "<=",
            (1 - step.rho_below) * step.error + rate,
        ),
        corrected=None,
        note="The left side is the constant of T21-theorem2, the additive term tends to 0: every constant C fails for large Gamma.",
    )


@counterexample("T21-theorem2", "mended")
def ce12(n_groups: int = 3, lam: Fraction = Fraction(1, 400)) -> Certificate:
    """Theorem 2 after the correction of (66)-(69), n to d: the error still grows, e^2 = 8/401 to 3200/159201.

    lambda is below Lemma 1's interval, but the support is recovered surely: the groups of A are
    orthogonal.
    """
    step = descent_rotated(n_groups, lam)
    s = step.setting
    order = s.leak_printed**2 * Fraction(s.n_active**5, s.n_groups**3)
    return Certificate(
        data=s.data() | step.data() | {"rho (rounded down)": step.rho_below},
        hypotheses=(*sure_hypotheses(s), *step.theorem2(), corrected_condition(step)),
        printed=Comparison(
            "||A_1^+ - A*_1||_F^2 <= (1 - rho) ||A_1 - A*_1||_F^2 + eta d (mu_B + delta)^2 gamma^5/Gamma^3 (rho rounded down)",
            step.next_error,
            "<=",
            (1 - step.rho_below) * step.error + step.eta * s.group_size * order,
        ),
        corrected=None,
        note="Correcting n to d does not save Theorem 2: the rotation is still invisible to the loss. The left side exceeds even ||A_1 - "
        "A*_1||_F^2 and does not depend on Gamma, the additive term is of order 1/Gamma^2.",
    )


@counterexample("T21-theorem2-v1")
def ce_v1_theorem2(largest: int = 16, delta: Fraction = Fraction(0)) -> Certificate:
    """Theorem 2 of version 1: rho = eta c (alpha_min - d (alpha_max sqrt(d^2+1) + delta)^2/alpha_min) is negative for every d.

    alpha_max >= alpha_min gives rho <= eta c alpha_min (1 - d (d^2 + 1)); at A = A*, delta = 0, eta
    = 1/c it is 1 - d (d^2 + 1).
    """
    groups = {d: standard_groups(2 * d, 2, d)[0] for d in range(1, largest + 1)}
    alphas = {d: [sum(row[i] ** 2 for row in G) for i in range(d)] for d, G in groups.items()}
    rhos = [
        min(a) - d * (max(a) ** 2 * (d**2 + 1) + delta**2) / min(a) for d, a in alphas.items()
    ]  # exact at delta = 0, else rounded up
    ceiling = [min(a) * (1 - d * (d**2 + 1)) for d, a in alphas.items()]
    return Certificate(
        data={
            "d": f"1, ..., {largest}",
            "A_g = A*_g": "[e_1, ..., e_d]",
            "delta": delta,
            "rho by d": ", ".join(map(str, rhos)),
        },
        hypotheses=(
            Comparison("min_{d, i} alpha_i > 0", min(min(a) for a in alphas.values()), ">", 0),
            Comparison(
                "min_d (alpha_max - alpha_min) >= 0",
                min(max(a) - min(a) for a in alphas.values()),
                ">=",
                0,
            ),
            Comparison(
                "max_d (rho - alpha_min (1 - d (d^2 + 1))) <= 0, in units of eta c",
                max(r - b for r, b in zip(rhos, ceiling, strict=True)),
                "<=",
                0,
            ),
            Comparison("delta <= 1", delta, "<=", 1),
        ),
        printed=Comparison(
            "max_d rho > 0 (largest over the listed d, eta c = 1)", max(rhos), ">", 0
        ),
        corrected=None,
        note="With rho < 0 the claim ||A^+ - A*||_F^2 <= (1 - rho) ||A - A*||_F^2 + ... allows growth by a factor above 1: version 1's "
        "theorem says nothing for any d, delta, alpha or dictionary.",
    )
