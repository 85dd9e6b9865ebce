"""Counterexamples to support recovery in [T21]: Proposition 2, its proof (39), the bound (22) and Lemma 1.

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
    scale,
    spectral_norm,
    transpose,
)
from ..exact import Setting, spikes, standard_groups, tau

SPIKES = spikes(2, {1: Fraction(2, 3), 2: Fraction(1, 3)})  # covariance I, norms 1 and 2
SIGN = spikes(1, {1: 1})


def _tilted(cosine: Fraction, sine: Fraction, n: int, fresh: int = 3) -> Matrix:
    """The group cosine [e1, e2] + sine [e_fresh, e_(fresh+1)], whose products with [e1, e2] are cosine I."""
    return add(scale(cosine, basis(n, 1, 2)), scale(sine, basis(n, fresh, 2)))


def _two_groups(cosine: Fraction, sine: Fraction, **constants: Any) -> Setting:
    """[e1, e2] and its tilted copy in R^4, one of them active: A*_1^T A*_2 = cosine I, so mu_B = cosine/2 while the norm is cosine."""
    groups = (basis(4, 1, 2), _tilted(cosine, sine, 4))
    given: dict[str, Any] = {
        "A": groups,
        "A_star": groups,
        "law": SPIKES,
        "n_active": 1,
        "b_min": Fraction(1),
        "b_max": Fraction(2),
    }
    return Setting(**given | constants)


@counterexample("T21-prop2")
def ce1(
    cosine: Fraction = Fraction(3, 5), sine: Fraction = Fraction(4, 5), x: tuple[int, int] = (2, 0)
) -> Certificate:
    """Proposition 2, (21) and (38): ||sum_{h in S} A_v^T A*_h x_h||_2 <= gamma B_max (mu_B + delta), at A = A*, delta = 0.

    (3) divides by d, so ||A*_v^T A*_h||_2 can be d mu_B, not mu_B; here A*_1^T A*_2 = (3/5) I and
    mu_B = 3/10.
    """
    s = _two_groups(cosine, sine)
    codes = {2: column(*x)}
    leak = norm(s.activation(1, s.observe(codes)))
    return Certificate(
        data=s.data() | {"S": "{2}", "v": 1, "x_2": codes[2]},
        hypotheses=s.model() + s.codes() + s.drawn(codes),
        printed=Comparison(
            "||A_1^T A*_2 x_2||_2 <= gamma B_max (mu_B + delta)",
            leak,
            "<=",
            s.n_active * s.b_max * s.leak_printed,
        ),
        corrected=Comparison(
            "||A_1^T A*_2 x_2||_2 <= gamma B_max (d mu_B + delta)",
            leak,
            "<=",
            s.n_active * s.b_max * s.leak,
        ),
        note="The cross-term is d times the printed bound and equals the corrected one; with d-dimensional groups of the same shape the "
        "ratio is exactly d, for every d >= 2.",
    )


@counterexample("T21-prop2", "delta")
def ce1b(
    cosine: Fraction = Fraction(63, 65),
    sine: Fraction = Fraction(16, 65),
    delta: Fraction = Fraction(71, 200),
) -> Certificate:
    """Proposition 2 with delta > 0: as T21-prop2, and A_1 tilted towards A*_2, so that the two errors add up."""
    star = (basis(4, 1, 2), _tilted(Fraction(3, 5), Fraction(4, 5), 4))
    s = _two_groups(
        Fraction(3, 5), Fraction(4, 5), A=(_tilted(cosine, sine, 4), star[1]), delta=delta
    )
    codes = {2: column(2, 0)}
    leak = norm(s.activation(1, s.observe(codes)))
    return Certificate(
        data=s.data() | {"S": "{2}", "v": 1, "x_2": codes[2]},
        hypotheses=s.model() + s.codes() + s.drawn(codes),
        printed=Comparison(
            "||A_1^T A*_2 x_2||_2 <= gamma B_max (mu_B + delta)",
            leak,
            "<=",
            s.n_active * s.b_max * s.leak_printed,
        ),
        corrected=Comparison(
            "||A_1^T A*_2 x_2||_2 <= gamma B_max (d mu_B + delta)",
            leak,
            "<=",
            s.n_active * s.b_max * s.leak,
        ),
        note="The failure of Proposition 2 is not an effect of delta = 0: it persists at a dictionary away from A*.",
    )


@counterexample("T21-eq39")
def ce_step39(cosine: Fraction = Fraction(3, 5), sine: Fraction = Fraction(4, 5)) -> Certificate:
    """The step of the chain (39) that fails: ||A*_v^T A*_h||_2 <= mu_B. All its other steps hold."""
    s = _two_groups(cosine, sine)
    block = spectral_norm(product(transpose(s.A_star[0]), s.A_star[1]))
    return Certificate(
        data=s.data(),
        hypotheses=s.model(),
        printed=Comparison("||A*_1^T A*_2||_2 <= mu_B", block, "<=", s.mu_block),
        corrected=Comparison("||A*_1^T A*_2||_2 <= d mu_B", block, "<=", s.group_size * s.mu_block),
        note="By its definition (3), mu_B is the largest block norm divided by d, so the step fails for every non-orthogonal dictionary "
        "with d >= 2; the corrected step is an equality for the pair of groups that attains mu_B.",
    )


@counterexample("T21-lemma1", also=("T21-recovery-in-one-pass",))
def ce2(
    cosine: Fraction = Fraction(7, 25),
    sine: Fraction = Fraction(24, 25),
    lam: Fraction = Fraction(1, 2),
) -> Certificate:
    """Lemma 1, recovery: a lambda inside the printed interval lets an inactive group through. The missing d of Proposition 2."""
    s = _two_groups(cosine, sine, lam=lam)
    codes = {2: column(2, 0)}
    leak = norm(s.activation(1, s.observe(codes)))
    return Certificate(
        data=s.data()
        | {"interval": f"[{s.interval[0]}, {s.interval[1]}]", "S": "{2}", "x_2": codes[2]},
        hypotheses=s.model() + s.codes() + s.drawn(codes) + s.lemma1(),
        printed=Comparison(
            "||A_1^T y||_2 <= lambda, so that the inactive group 1 is blocked", leak, "<=", s.lam
        ),
        corrected=Comparison(
            "||A_1^T y||_2 <= gamma B_max (d mu_B + delta), the corrected left end",
            leak,
            "<=",
            s.corrected_interval[0],
        ),
        note="Group 1 is not in S and yet exceeds lambda. With cosine c in place of 7/25 every lambda in [c, 2c) fails, however small c "
        "is: no constant in max(mu_B, delta) = O(1/log n) repairs the lemma.",
    )


@counterexample("T21-lemma1", "empty")
def ce3(n: int = 9, n_active: int = 2, delta: Fraction = Fraction(1, 4)) -> Certificate:
    """Lemma 1, non-emptiness: gamma <= log n and delta <= 1/log n, and the printed interval is [1/2, 1/4]."""
    groups = standard_groups(n, n, 1)
    s = Setting(groups, groups, SIGN, n_active, Fraction(1), Fraction(1), delta)
    left, right = s.interval
    small = s.b_min / (5 * s.b_max * log_above(n))
    return Certificate(
        data=s.data(),
        hypotheses=s.model() + s.codes() + s.lemma1(),
        printed=Comparison(
            "gamma B_max (mu_B + delta) <= B_min (1 - delta) - gamma B_max (mu_B + delta), non-empty",
            left,
            "<=",
            right,
        ),
        corrected=Comparison(
            "(2 gamma - 1) B_max (d mu_B + delta') < B_min (1 - delta') for delta' = B_min/(5 B_max log n)",
            (2 * n_active - 1) * s.b_max * (s.group_size * s.mu_block + small),
            "<",
            s.b_min * (1 - small),
        ),
        note="O(1/log n) is not enough, the constant matters: with gamma = floor(log n) and delta = 1/gamma the interval is [1, -1/gamma], "
        "empty for every n >= 3. max(d mu_B, delta) <= C/log n with C = B_min/(5 B_max) suffices.",
    )


@counterexample("T21-lemma1", "empty-delta")
def ce3b(
    cosine: Fraction = Fraction(1519, 1681),
    sine: Fraction = Fraction(720, 1681),
    delta: Fraction = Fraction(18, 41),
) -> Certificate:
    """Lemma 1, non-emptiness with delta attained: ||a_g - a*_g||_2 = delta exactly for both groups."""
    star = standard_groups(4, 2, 1)
    groups = tuple(add(scale(cosine, basis(4, g)), scale(sine, basis(4, g + 2))) for g in (1, 2))
    s = Setting(groups, star, SIGN, 1, Fraction(1), Fraction(1), delta)
    left, right = s.interval
    return Certificate(
        data=s.data(),
        hypotheses=s.model() + s.codes() + s.lemma1(),
        printed=Comparison(
            "gamma B_max (mu_B + delta) <= B_min (1 - delta) - gamma B_max (mu_B + delta), non-empty",
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
        note="Here delta is the distance itself. Only gamma - 1 other groups interfere with an active one, and with that count the "
        "(half-open) interval is not empty.",
    )


@counterexample("T21-lemma1", "closed-end")
def ce4(lam: Fraction = Fraction(1), inside: Fraction = Fraction(1, 2)) -> Certificate:
    """Lemma 1, the closed right end: at lambda = B_min (1-delta) - gamma B_max (mu_B+delta) an active group is set to zero."""
    groups = standard_groups(3, 3, 1)
    s = Setting(groups, groups, SIGN, 1, Fraction(1), Fraction(1), lam=lam)
    codes = {1: column(1)}
    z = s.activation(1, s.observe(codes))
    return Certificate(
        data=s.data() | {"S": "{1}", "x_1": codes[1]},
        hypotheses=s.model() + s.codes() + s.drawn(codes) + s.lemma1(),
        printed=Comparison(
            "||sigma_lambda(A_1^T y)||_2^2 != 0, so that the active group 1 is kept",
            frobenius_squared(scale(tau(z, lam), z)),
            "!=",
            0,
        ),
        corrected=Comparison(
            f"||sigma_lambda(A_1^T y)||_2^2 != 0 at lambda = {inside}, inside the half-open interval",
            frobenius_squared(scale(tau(z, inside), z)),
            "!=",
            0,
        ),
        note="(7) vanishes at ||x_g||_2 = lambda, so the right end of the interval must be excluded.",
    )


@counterexample("T21-eq22")
def ce5(
    cosine: Fraction = Fraction(9, 41),
    sine: Fraction = Fraction(40, 41),
    x_1: tuple[int, int] = (1, 0),
    others: tuple[int, int] = (-2, 0),
) -> Certificate:
    """(22), second inequality: ||A_g^T y||_2 >= B_min (1-delta) - gamma B_max (mu_B + delta), with three active groups."""
    groups = (basis(6, 1, 2), _tilted(cosine, sine, 6, 3), _tilted(cosine, sine, 6, 5))
    s = Setting(groups, groups, SPIKES, 3, Fraction(1), Fraction(2))
    codes = {1: column(*x_1), 2: column(*others), 3: column(*others)}
    r = norm(s.activation(1, s.observe(codes)))
    return Certificate(
        data=s.data() | {"S": "{1, 2, 3}"} | {f"x_{g}": x for g, x in codes.items()},
        hypotheses=s.model() + s.codes() + s.drawn(codes),
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
        note="The active group is smaller than the printed bound and equal to the corrected one. The printed bound counts gamma instead of "
        "gamma - 1 cross-terms and mu_B instead of d mu_B; at delta = 0 it can fail once (gamma - 1) d > gamma.",
    )
