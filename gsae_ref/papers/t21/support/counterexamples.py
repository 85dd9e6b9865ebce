"""Counterexamples to support recovery in [T21]: Proposition 2, (39), (22), Lemma 1, activations.

Every function takes no argument; the keyword parameters are the instance, so that a test can spoil
it.
"""

from fractions import Fraction
from typing import Any

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    basis,
    column,
    counterexample,
    frobenius_squared,
    log_above,
    norm,
    product,
    root,
    scale,
    spectral_norm,
    subtract,
    transpose,
)
from ..exact import Setting, signs, spikes, standard_groups, tau

SPIKES = spikes(2, {1: Fraction(2, 3), 2: Fraction(1, 3)})  # covariance I, norms 1 and 2
SIGN = spikes(1, {1: 1})
ONE = Fraction(1)
BLOCKED = "||A_1^T A*_2 x_2||_2 <= gamma B_max"
BLOCKED_BOTH = "||A_1^T (A*_2 x_2 + A*_3 x_3)||_2 <= gamma B_max"


def _tilted(cosine: Fraction, sine: Fraction, n: int, fresh: int = 3) -> Matrix:
    """cosine [e1, e2] + sine [e_fresh, e_(fresh+1)]: its products with [e1, e2] are cosine I."""
    return add(scale(cosine, basis(n, 1, 2)), scale(sine, basis(n, fresh, 2)))


def _two_groups(cosine: Fraction, sine: Fraction) -> Setting:
    """[e1, e2] and its tilted copy in R^4, one of them active: mu_B = cosine/2."""
    groups = (basis(4, 1, 2), _tilted(cosine, sine, 4))
    return Setting(groups, groups, SPIKES, 1, ONE, Fraction(2))


def _three_groups(cosine: Fraction, sine: Fraction, n: int = 8, **changes: Any) -> Setting:
    """[e1, e2] and two tilted copies in R^n, two active, codes in {-1, 1}^2.

    The two copies meet [e1, e2] in cosine I and each other in cosine^2 I, so mu_B = cosine/2. Norms
    and lambda are in units of sqrt(2).
    """
    star = (basis(n, 1, 2), _tilted(cosine, sine, n, 3), _tilted(cosine, sine, n, 5))
    given: dict[str, Any] = {
        "A": star,
        "A_star": star,
        "law": signs(2),
        "n_active": 2,
        "b_min": ONE,
        "b_max": ONE,
        "unit_squared": 2,
    }
    return Setting(**given | changes)


def _in_units(s: Setting, z: Matrix) -> Fraction:
    """||z||_2 in units of sqrt(unit_squared)."""
    return root(frobenius_squared(z) / s.unit_squared)


@counterexample("T21-prop2", also=("T21-prop2-v1",))
def two_overlapping_groups(
    cosine: Fraction = Fraction(3, 5), sine: Fraction = Fraction(4, 5), x: tuple[int, int] = (2, 0)
) -> Certificate:
    """Proposition 2 at A = A*, delta = 0, with one active group: the smallest instance.

    (3) divides by d, so ||A*_v^T A*_h||_2 can be d mu_B, not mu_B; here A*_1^T A*_2 = (3/5) I and
    mu_B = 3/10. T21-prop2-delta has two active groups, p_gh > 0 and delta > 0.
    """
    s = _two_groups(cosine, sine)
    codes = {2: column(*x)}
    leak = norm(s.activation(1, s.observe(codes)))
    reach = s.n_active * s.b_max
    return Certificate(
        data=s.data() | {"S": "{2}", "v": 1, "x_2": codes[2]},
        hypotheses=(*s.model(), s.unit_columns(), *s.codes(), *s.drawn(codes)),
        printed=Comparison(f"{BLOCKED} (mu_B + delta)", leak, "<=", reach * s.leak_printed),
        corrected=Comparison(f"{BLOCKED} (d mu_B + delta)", leak, "<=", reach * s.leak),
        note="The cross-term is d times the printed bound and equals the corrected one; with "
        "d-dimensional groups of the same shape the ratio is exactly d, for every d >= 2.",
    )


@counterexample("T21-prop2", "delta")
def tilt_towards_both_active_groups(
    cosine: Fraction = Fraction(199, 201),
    sine: Fraction = Fraction(20, 201),
    delta: Fraction = Fraction(1, 5),
) -> Certificate:
    """Proposition 2 with delta > 0 and two active groups: A_1 is tilted towards A*_2 and A*_3."""
    star = _three_groups(Fraction(3, 5), Fraction(4, 5), 6).A
    moved = add(_tilted(cosine, sine, 6, 3), scale(sine, basis(6, 5, 2)))
    s = _three_groups(Fraction(3, 5), Fraction(4, 5), 6, A=(moved, star[1], star[2]), delta=delta)
    codes = {2: column(1, 1), 3: column(1, 1)}
    leak = _in_units(s, s.activation(1, s.observe(codes)))
    reach = s.n_active * s.b_max
    return Certificate(
        data=s.data() | {"S": "{2, 3}", "v": 1, "x_2 = x_3": codes[2]},
        hypotheses=(*s.assumptions(), *s.drawn(codes)),
        printed=Comparison(
            f"{BLOCKED_BOTH} (mu_B + delta), in units of sqrt(2)",
            leak,
            "<=",
            reach * s.leak_printed,
        ),
        corrected=Comparison(
            f"{BLOCKED_BOTH} (d mu_B + delta), in units of sqrt(2)", leak, "<=", reach * s.leak
        ),
        note="The failure of Proposition 2 is not an effect of delta = 0 or of a single active "
        "group: every assumption of the paper holds, p_gh > 0 among them.",
    )


@counterexample("T21-eq39")
def norm_of_a_cross_block(
    cosine: Fraction = Fraction(3, 5), sine: Fraction = Fraction(4, 5)
) -> Certificate:
    """The step of (39) that fails: ||A*_v^T A*_h||_2 <= mu_B. All its other steps hold."""
    s = _two_groups(cosine, sine)
    block = spectral_norm(product(transpose(s.A_star[0]), s.A_star[1]))
    return Certificate(
        data=s.data(),
        hypotheses=(*s.model(), s.unit_columns()),
        printed=Comparison("||A*_1^T A*_2||_2 <= mu_B", block, "<=", s.mu_block),
        corrected=Comparison("||A*_1^T A*_2||_2 <= d mu_B", block, "<=", s.group_size * s.mu_block),
        note="By its definition (3), mu_B is the largest block norm divided by d, so the step "
        "fails for every non-orthogonal dictionary with d >= 2; the corrected step is an equality "
        "for the pair of groups that attains mu_B.",
    )


@counterexample("T21-lemma1", also=("T21-recovery-in-one-pass", "T21-lemma1-v1"))
def inactive_group_above_the_threshold(
    cosine: Fraction = Fraction(7, 25),
    sine: Fraction = Fraction(24, 25),
    lam: Fraction = Fraction(1, 2),
) -> Certificate:
    """Lemma 1, recovery: a lambda inside the printed interval lets an inactive group through."""
    s = _three_groups(cosine, sine, lam=lam)
    codes = {2: column(1, 1), 3: column(1, 1)}
    leak = _in_units(s, s.activation(1, s.observe(codes)))
    interval = f"[{s.interval[0]}, {s.interval[1]}]"
    return Certificate(
        data=s.data() | {"interval": interval, "S": "{2, 3}", "x_2 = x_3": codes[2]},
        hypotheses=(*s.assumptions(), *s.drawn(codes), *s.lemma1()),
        printed=Comparison(
            "||A_1^T y||_2 <= lambda, so that the inactive group 1 is blocked", leak, "<=", s.lam
        ),
        corrected=Comparison(
            "||A_1^T y||_2 <= gamma B_max (d mu_B + delta), the corrected left end",
            leak,
            "<=",
            s.corrected_interval[0],
        ),
        note="Group 1 is not in S and yet exceeds lambda. With cosine c in place of 7/25 every "
        "lambda in [c, 2c) fails, however small c is: no constant in max(mu_B, delta) = "
        "O(1/log n) repairs the lemma. Norms and lambda are in units of sqrt(2).",
    )


@counterexample("T21-lemma1", "empty")
def interval_without_points(
    n: int = 9, n_active: int = 2, delta: Fraction = Fraction(1, 4)
) -> Certificate:
    """Lemma 1, non-emptiness with 1 for the constant in O(1/log n): the interval is [1/2, 1/4]."""
    groups = standard_groups(n, n, 1)
    s = Setting(groups, groups, SIGN, n_active, ONE, ONE, delta)
    left, right = s.interval
    small = s.b_min / (4 * s.b_max * log_above(n))
    return Certificate(
        data=s.data(),
        hypotheses=(*s.assumptions(), *s.lemma1()),
        printed=Comparison(
            "gamma B_max (mu_B + delta) <= B_min (1 - delta) - gamma B_max (mu_B + delta)",
            left,
            "<=",
            right,
        ),
        corrected=Comparison(
            "(2 gamma - 1) B_max (d mu_B + e) < B_min (1 - e) for e = B_min/(4 B_max log n)",
            (2 * n_active - 1) * s.b_max * (s.group_size * s.mu_block + small),
            "<",
            s.b_min * (1 - small),
        ),
        note="The constant in O(1/log n) matters: with gamma = floor(log n) and delta = 1/gamma "
        "the interval is [1, -1/gamma], empty for every n >= 3. max(d mu_B, delta) <= C/log n "
        "with C = B_min/(4 B_max) suffices.",
    )


@counterexample("T21-lemma1", "empty-delta")
def interval_without_points_at_distance_delta(
    cosine: Fraction = Fraction(20447, 21025),
    sine: Fraction = Fraction(4896, 21025),
    delta: Fraction = Fraction(34, 145),
) -> Certificate:
    """Lemma 1, non-emptiness with delta attained: ||a_g - a*_g||_2 = delta for every group."""
    star = standard_groups(8, 3, 1)
    groups = tuple(add(scale(cosine, basis(8, g)), scale(sine, basis(8, g + 3))) for g in (1, 2, 3))
    s = Setting(groups, star, SIGN, 2, ONE, ONE, delta)
    left, right = s.interval
    return Certificate(
        data=s.data(),
        hypotheses=(*s.assumptions(), *s.lemma1()),
        printed=Comparison(
            "gamma B_max (mu_B + delta) <= B_min (1 - delta) - gamma B_max (mu_B + delta)",
            left,
            "<=",
            right,
        ),
        corrected=Comparison(
            "gamma B_max b < B_min (1 - delta) - (gamma - 1) B_max b, b = d mu_B + delta",
            s.corrected_interval[0],
            "<",
            s.corrected_interval[1],
        ),
        note="Here delta is the distance itself. Only gamma - 1 other groups interfere with an "
        "active one, and with that count the (half-open) interval is not empty.",
    )


@counterexample("T21-lemma1", "closed-end")
def threshold_at_the_closed_end(
    lam: Fraction = Fraction(1), inside: Fraction = Fraction(1, 2)
) -> Certificate:
    """Lemma 1, the closed right end: at lambda = B_min an active group of norm B_min is lost."""
    groups = standard_groups(8, 8, 1)
    s = Setting(groups, groups, SIGN, 2, ONE, ONE, lam=lam)
    codes = {1: column(1), 2: column(1)}
    z = s.activation(1, s.observe(codes))
    return Certificate(
        data=s.data() | {"S": "{1, 2}", "x_1 = x_2": codes[1]},
        hypotheses=(*s.assumptions(), *s.drawn(codes), *s.lemma1()),
        printed=Comparison(
            "||sigma_lambda(A_1^T y)||_2^2 != 0, so that the active group 1 is recovered",
            frobenius_squared(scale(tau(z, lam), z)),
            "!=",
            0,
        ),
        corrected=Comparison(
            f"||sigma_lambda(A_1^T y)||_2^2 != 0 at lambda = {inside}, inside the interval",
            frobenius_squared(scale(tau(z, inside), z)),
            "!=",
            0,
        ),
        note="(7) vanishes at ||x_g||_2 = lambda, so the right end of the interval is excluded.",
    )


@counterexample("T21-eq22")
def active_group_cancelled_by_two_others(
    cosine: Fraction = Fraction(9, 41),
    sine: Fraction = Fraction(40, 41),
    x_1: tuple[int, int] = (1, 0),
    others: tuple[int, int] = (-2, 0),
) -> Certificate:
    """(22), second inequality, with three active groups."""
    groups = (basis(6, 1, 2), _tilted(cosine, sine, 6, 3), _tilted(cosine, sine, 6, 5))
    s = Setting(groups, groups, SPIKES, 3, ONE, Fraction(2))
    codes = {1: column(*x_1), 2: column(*others), 3: column(*others)}
    r = norm(s.activation(1, s.observe(codes)))
    return Certificate(
        data=s.data() | {"S": "{1, 2, 3}"} | {f"x_{g}": x for g, x in codes.items()},
        hypotheses=(*s.assumptions(), *s.drawn(codes)),
        printed=Comparison(
            "||A_1^T y||_2 >= B_min (1 - delta) - gamma B_max (mu_B + delta)",
            r,
            ">=",
            s.interval[1],
        ),
        corrected=Comparison(
            "||A_1^T y||_2 >= B_min (1 - delta) - (gamma - 1) B_max (d mu_B + delta)",
            r,
            ">=",
            s.corrected_interval[1],
        ),
        note="The active group is smaller than the printed bound and equal to the corrected one. "
        "The printed bound counts gamma instead of gamma - 1 cross-terms and mu_B instead of "
        "d mu_B; at delta = 0 it can fail once (gamma - 1) d > gamma.",
    )


@counterexample("T21-activations")
def shrunk_activation(n: int = 8, lam: Fraction = Fraction(1, 5)) -> Certificate:
    """At A = A* = I_n, lambda in Lemma 1's interval, an activation 1 is encoded as 1 - lambda."""
    groups = standard_groups(n, n, 1)
    s = Setting(groups, groups, SIGN, 2, ONE, ONE, lam=lam)
    codes = {1: column(1), 2: column(-1)}
    z = s.activation(1, s.observe(codes))
    found = scale(tau(z, lam), z)
    mended = scale(1 + lam / norm(found), found)
    return Certificate(
        data=s.data() | {"S": "{1, 2}", "x_1": codes[1], "x_2": codes[2], "encoded x_1": found},
        hypotheses=(
            *s.assumptions(),
            *s.drawn(codes),
            *s.lemma1(),
            *s.recovered(),
            Comparison("lambda > 0", lam, ">", 0),
        ),
        printed=Comparison(
            "||sigma_lambda(A_1^T y) - x_1||_2 == 0",
            norm(subtract(found, codes[1])),
            "==",
            0,
        ),
        corrected=Comparison(
            "||(1 + lambda/||x^_1||) x^_1 - x_1||_2 == 0 for x^_1 = sigma_lambda(A_1^T y)",
            norm(subtract(mended, codes[1])),
            "==",
            0,
        ),
        note="Every activation is short by exactly lambda, at the generating matrix itself and "
        "whatever n and Gamma are. Its direction is right, so adding lambda along it mends it.",
    )
