"""Counterexamples to the convergence of [T21]: Theorem 2 (both versions), (77), the remarks.

All have gamma = 2, jointly orthonormal A* and A_g = A*_g Q_g, codes of constant norm (so tau_g is a
number) and surely recovered support (epsilon = 0): the expected gradient (27) is then exact, P_1 =
P_2 = 0 and the residual of (71) vanishes.
"""

from __future__ import annotations

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    counterexample,
    frobenius_squared,
    log_above,
    norm,
    product,
    scale,
    subtract,
    transpose,
)
from ..exact import Setting, signs, standard_groups, tau
from ..exact_descent import (
    Descent,
    corrected_condition,
    descent_at_truth,
    descent_rotated,
    neighbourhood_order,
    sure_hypotheses,
)

CLAIM = "||A_1^+ - A*_1||_F^2 <= (1 - rho) ||A_1 - A*_1||_F^2"
EPSILON = "C (mu_B + delta)^2 gamma^5/Gamma^3"


def _contracted(step: Descent) -> Fraction:
    """(1 - rho) ||A_1 - A*_1||_F^2, rho rounded down."""
    return (1 - step.rho_below) * step.error


def _rate(step: Descent, constant: Fraction) -> Fraction:
    """C d log^2 n/Gamma^2, log n rounded up."""
    s = step.setting
    return constant * s.group_size * (log_above(s.n_features) / s.n_groups) ** 2


@counterexample("T21-theorem2")
def step_from_a_rotation(
    n_groups: int = 4,
    constant: Fraction = Fraction(1),
    lam: Fraction = Fraction(3, 10),
    delta: Fraction = Fraction(1, 7),
) -> Certificate:
    """Theorem 2, first claim, from A_1 = A*_1 Q: the error grows, Lemma 1's hypotheses included.

    The encoder is equivariant and A*_1 A*_1^T = A_1 A_1^T, so G_1 = -2 tau (1 - tau) p A_1: a step
    only stretches A_1, and e^2 = 4 (1 - cos) becomes 2 (s^2 - 2 s cos + 1), s > 1.
    """
    step = descent_rotated(n_groups, lam, delta)
    s = step.setting
    added = step.eta * s.group_size * neighbourhood_order(s, constant)
    return Certificate(
        data=s.data() | step.data() | {"C": constant, "rho (rounded down)": step.rho_below},
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem2()),
        printed=Comparison(
            f"{CLAIM} + eta d {EPSILON}", step.next_error, "<=", _contracted(step) + added
        ),
        corrected=None,
        note="The loss does not change under A_g -> A_g Q, so no descent can reduce ||A_g - "
        "A*_g||_F in that direction. The left side does not depend on Gamma, the additive term is "
        "of order C/Gamma^2: every constant C fails for large Gamma.",
    )


@counterexample("T21-theorem2", "rate")
def rate_from_a_rotation(
    n_groups: int = 8, constant: Fraction = Fraction(1), lam: Fraction = Fraction(3, 10)
) -> Certificate:
    """Theorem 2, second claim: C d log^2 n/Gamma^2 in place of the additive term."""
    step = descent_rotated(n_groups, lam)
    s = step.setting
    shown = {
        "instance": "T21-theorem2 with this Gamma and n = 2 Gamma",
        "Gamma": s.n_groups,
        "n": s.n_features,
        "d": s.group_size,
        "C": constant,
        f"lambda (unit: sqrt({s.unit_squared}))": lam,
        "delta": s.delta,
        "A_1": s.A[0],
        "A*_1": s.A_star[0],
    }
    return Certificate(
        data=shown | step.data(),
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem2()),
        printed=Comparison(
            f"{CLAIM} + C d log^2 n/Gamma^2",
            step.next_error,
            "<=",
            _contracted(step) + _rate(step, constant),
        ),
        corrected=None,
        note="The left side is the constant of T21-theorem2, the additive term tends to 0: every "
        "constant C fails for large Gamma.",
    )


@counterexample("T21-theorem2", "at-truth")
def step_from_the_truth(n: int = 8, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """Theorem 2 from A = A*: one step of size 1/c goes to (4/3) A*, where error 0 is claimed."""
    step = descent_at_truth(n, lam)
    s = step.setting
    shrink = 4 * s.group_size * (1 - step.tau) ** 2 / (2 - step.tau) ** 2
    added = step.eta * s.group_size * neighbourhood_order(s)
    return Certificate(
        data=s.data() | step.data(),
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem2()),
        printed=Comparison(
            f"{CLAIM} + eta d {EPSILON}", step.next_error, "<=", _contracted(step) + added
        ),
        corrected=Comparison(
            "||A_1^+ - A*_1||_F^2 == 4 d (1-tau)^2/(2-tau)^2", step.next_error, "==", shrink
        ),
        note="The error after one step does not depend on n = Gamma, so the second claim, O(d "
        "log^2 n/Gamma^2), fails too, for every constant. The exact gradient, -(1 - tau^2) p_g "
        "A*_g, gives 9/64.",
    )


@counterexample("T21-theorem2", "mended")
def step_with_d_for_n(n_groups: int = 9, lam: Fraction = Fraction(1, 400)) -> Certificate:
    """Theorem 2 after the correction of (66)-(69), n to d: the error still grows.

    lambda is below Lemma 1's interval, but the support is recovered surely: the groups of A are
    orthogonal.
    """
    step = descent_rotated(n_groups, lam)
    s = step.setting
    added = step.eta * s.group_size * neighbourhood_order(s)
    return Certificate(
        data=s.data() | step.data() | {"rho (rounded down)": step.rho_below},
        hypotheses=(*sure_hypotheses(s), *step.theorem2(), corrected_condition(step)),
        printed=Comparison(
            f"{CLAIM} + eta d {EPSILON}, C = 1", step.next_error, "<=", _contracted(step) + added
        ),
        corrected=None,
        note="Correcting n to d does not save Theorem 2: the rotation is still invisible to the "
        "loss. The left side exceeds even ||A_1 - A*_1||_F^2 and does not depend on Gamma, the "
        "additive term is of order 1/Gamma^2.",
    )


@counterexample("T21-theorem2-v1")
def step_from_the_truth_v1(
    n: int = 8, lam: Fraction = Fraction(1, 5), constant: Fraction = Fraction(1)
) -> Certificate:
    """Version 1's Theorem 2 at A = A*: eta gamma epsilon = 0 and e = 0, the new error is 1/9."""
    step = descent_at_truth(n, lam)
    s = step.setting
    t = step.tau
    bound = 3 * (2 - t) * (t - Fraction(2, 3)) * s.n_features + (t - 1) ** 2 * s.delta**2
    added = step.eta * s.n_active * neighbourhood_order(s, constant)
    return Certificate(
        data=s.data() | step.data() | {"C": constant},
        hypotheses=(
            *sure_hypotheses(s),
            *s.lemma1(),
            Comparison(
                "||A_g^T A*_g||_F^2 <= [3 (2-tau)(tau-2/3) n + (tau-1)^2 delta^2]/tau^2",
                frobenius_squared(step.X),
                "<=",
                bound / t**2,
            ),
            Comparison("alpha_min > 0", min(step.alphas), ">", 0),
            Comparison("||A_1 - A*_1||_F^2 == 0, so rho does not matter", step.error, "==", 0),
        ),
        printed=Comparison(f"{CLAIM} + eta gamma {EPSILON}", step.next_error, "<=", added),
        corrected=Comparison(
            "||A_1^+ - A*_1||_F^2 == 4 d (1-tau)^2/(2-tau)^2",
            step.next_error,
            "==",
            4 * s.group_size * (1 - t) ** 2 / (2 - t) ** 2,
        ),
        note="epsilon is of the order (mu_B + delta)^2 = 0 here, for every constant C. Version "
        "1's second claim, O(log^3 n/Gamma^2), fails for the same reason: the error does not "
        "depend on n = Gamma.",
    )


@counterexample("T21-rho-v1")
def negative_rate(largest: int = 16, delta: Fraction = Fraction(0)) -> Certificate:
    """Version 1's rho is negative for every d; at A = A*, eta = 1/c it is 1 - d (d^2 + 1).

    alpha_max >= alpha_min gives rho <= eta c alpha_min (1 - d (d^2 + 1)).
    """
    rhos = []
    ceilings = []
    least = []
    for d in range(1, largest + 1):
        G = standard_groups(2 * d, 2, d)[0]
        overlap = product(transpose(G), G)
        alphas = [overlap[i][i] for i in range(d)]
        spread = max(alphas) ** 2 * (d**2 + 1) + delta**2  # exact at delta = 0
        rhos.append(min(alphas) - d * spread / min(alphas))
        ceilings.append(min(alphas) * (1 - d * (d**2 + 1)))
        least.append(min(alphas))
    excess = max(rho - ceiling for rho, ceiling in zip(rhos, ceilings, strict=True))
    return Certificate(
        data={
            "d": f"1, ..., {largest}",
            "A_g = A*_g": "[e_1, ..., e_d]",
            "delta": delta,
            "rho by d": ", ".join(map(str, rhos)),
        },
        hypotheses=(
            Comparison("min_{d, i} alpha_i > 0", min(least), ">", 0),
            Comparison(
                "max_d (rho - alpha_min (1 - d (d^2 + 1))) <= 0, in units of eta c",
                excess,
                "<=",
                0,
            ),
            Comparison("delta <= 1", delta, "<=", 1),
        ),
        printed=Comparison(
            "max_d rho > 0 (largest over the listed d, eta c = 1)", max(rhos), ">", 0
        ),
        corrected=None,
        note="With rho < 0 the factor 1 - rho is above 1, and the bound allows growth.",
    )


@counterexample("T21-closer")
def error_that_grows(
    n_groups: int = 4, lam: Fraction = Fraction(3, 10), share: Fraction = Fraction(1, 100)
) -> Certificate:
    """After Theorem 2: a step of any size from A_1 = A*_1 Q increases ||A_1 - A*_1||_F."""
    step = descent_rotated(n_groups, lam)
    s = step.setting
    eta = share * step.eta
    after = subtract(subtract(step.A, scale(eta, step.G)), step.A_star)
    return Certificate(
        data=s.data() | step.data() | {"step size": eta},
        hypotheses=(
            *sure_hypotheses(s),
            *s.lemma1(),
            *step.theorem2(),
            Comparison("step size > 0", eta, ">", 0),
            Comparison("step size <= 1/(tau (2 - tau) p_g alpha_max)", eta, "<=", step.eta),
        ),
        printed=Comparison(
            "||A_1^+ - A*_1||_F^2 <= ||A_1 - A*_1||_F^2",
            frobenius_squared(after),
            "<=",
            step.error,
        ),
        corrected=None,
        note="The step stretches A_1, and <A_1, A_1 - A*_1> > 0. The span of A_1 is that of A*_1 "
        "before and after the step.",
    )


@counterexample("T21-assumption4")
def step_out_of_the_ball(
    n_groups: int = 4,
    lam: Fraction = Fraction(3, 10),
    delta: Fraction = Fraction(1, 7),
) -> Certificate:
    """Assumption 4: a delta-close initialisation is followed by an update that is not."""
    step = descent_rotated(n_groups, lam, delta)
    s = step.setting
    return Certificate(
        data=s.data() | step.data(),
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem2()),
        printed=Comparison("||A_1^+ - A*_1||_F^2 <= delta^2", step.next_error, "<=", delta**2),
        corrected=None,
        note="From A_1 = A*_1 Q at the distance e every step stretches A_1, so the distance "
        "exceeds any delta that is close enough to e: no delta in (0, 1] is preserved. The step "
        "also breaks A_1^T A_1 = I.",
    )


@counterexample("T21-remark-b")
def stretched_minimiser(
    s: Fraction = Fraction(3, 2), n_groups: int = 6, constant: Fraction = Fraction(1)
) -> Certificate:
    """Remark (b): a constant bias moves the minimiser to s A*, s - 1/s = lambda/B.

    At A = s A*, A_g sigma(A_g^T y) = s (s - lambda/B) A*_g x_g: the loss is zero there, and
    positive at A*. Descent from A* moves along t A*, on which s A* is the only stationary point.
    """
    lam = s - 1 / s
    groups = standard_groups(2 * n_groups, n_groups, 2)
    one = Fraction(1)
    truth = Setting(groups, groups, signs(2), 2, one, one, lam=lam, unit_squared=2)
    moved = tuple(scale(s, G) for G in groups)
    floor = frobenius_squared(subtract(moved[0], groups[0]))
    d = truth.group_size
    rate = constant * d * (log_above(truth.n_features) / n_groups) ** 2
    return Certificate(
        data=truth.data() | {"s": s, "C": constant, "E L(A*)": _expected_loss(truth, groups)},
        hypotheses=(
            *sure_hypotheses(truth),
            *truth.lemma1(),
            Comparison("E L(s A*) == 0: a global minimum", _expected_loss(truth, moved), "==", 0),
        ),
        printed=Comparison(
            "||s A*_g - A*_g||_F^2 <= C d log^2 n/Gamma^2: A ends in the neighbourhood",
            floor,
            "<=",
            rate,
        ),
        corrected=Comparison(
            "||A_g/s - A*_g||_F^2 <= 0 at A = s A*: the normalised factor is A*",
            frobenius_squared(subtract(scale(1 / s, moved[0]), groups[0])),
            "<=",
            0,
        ),
        note="The loss along t A* is (gamma B^2/2)(1 - t^2 + t lambda/B)^2. The distance ends at "
        "(s - 1) sqrt(d) per group for all n and Gamma, so every constant C fails for large Gamma.",
    )


def _expected_loss(setting: Setting, A: tuple[Matrix, ...]) -> Fraction:
    """E of (40), all groups encoded, by enumeration of the supports and codes of ``setting``."""
    total = Fraction(0)
    for weight, _, codes in setting.samples():
        y = setting.observe(codes)
        fit = scale(0, y)
        for G in A:
            z = product(transpose(G), y)
            x = scale(tau(z, setting.lam, setting.unit_squared), z)
            fit = add(fit, product(G, x))
        total += weight * frobenius_squared(subtract(y, fit)) / 2
    return total


@counterexample("T21-eq77")
def square_left_out(
    n: int = 18, size: int = 9, lam: Fraction = Fraction(3, 4), length: int = 3
) -> Certificate:
    """(77): eta^2 sum_i ||g_i||^2 is written eta^2 ||g||_F; false once ||G_g||_F > 1.

    At A = A*, d = 9, Gamma = gamma = 2, tau = 3/4: G_g = -2 tau (1 - tau) A*_g has norm 9/8, and
    the bracket of (77) is 0 because v_i = g_i.
    """
    step = descent_at_truth(n, lam, 2, size, length)
    s = step.setting
    eta = step.eta
    bracket = sum(right for _, right in step.alignment())
    rest = step.error - eta * bracket
    size_of_G = norm(step.G)
    claim = "||A_1^+ - A*_1||_F^2 <= ||A_1 - A*_1||_F^2"
    return Certificate(
        data=s.data() | step.data() | {"||G_1||_F": size_of_G, "bracket of (77)": bracket},
        hypotheses=(*sure_hypotheses(s), *s.lemma1(), *step.theorem2()),
        printed=Comparison(
            f"{claim} + eta^2 ||G_1||_F - eta [...]",
            step.next_error,
            "<=",
            rest + eta**2 * size_of_G,
        ),
        corrected=Comparison(
            f"{claim} + eta^2 ||G_1||_F^2 - eta [...]",
            step.next_error,
            "<=",
            rest + eta**2 * size_of_G**2,
        ),
        note="A misprint (the next lines of (77) use the square), and a wrong line as it stands. "
        "It needs ||G_g||_F > 1, hence a large group.",
    )
