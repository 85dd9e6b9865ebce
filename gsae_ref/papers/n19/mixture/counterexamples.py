"""Counterexamples to [N19] on descent for mixtures of Gaussians: Lemma 1, the step size, tau, the bias."""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    basis,
    column,
    counterexample,
    frobenius_squared,
    identity,
    inner,
    matrix,
    scale,
    subtract,
    transpose,
)
from ..consistency.counterexamples import in_printed_interval, two_means
from ..exact import Model, mixture, pick, rotated_pairs

SMALL = Fraction(399, 401), Fraction(40, 401)
HALF = Fraction(1, 2)


def _turned(
    p: tuple[Fraction, Fraction] = (HALF, HALF),
    bias: Fraction = Fraction(0),
    delta: Fraction = Fraction(1, 10),
    angle: tuple[Fraction, Fraction] = SMALL,
    threshold: Fraction | None = HALF,
) -> Model:
    """A = I_2, W = A turned by a rational angle: both columns have the same lambda."""
    return Model(
        rotated_pairs(2, *angle), identity(2), mixture(*p), (bias, bias), delta, threshold=threshold
    )


def _tan_squared(w: Matrix, a: Matrix) -> Fraction:
    """tan^2 of the angle between w and the unit vector a."""
    along = inner(w, a)
    return (frobenius_squared(w) - along**2) / along**2


@counterexample("N19-lemma1")
def ce_lemma1(
    w: tuple[Fraction, ...] = (
        Fraction(3, 4),
        HALF,
        Fraction(1, 4),
        Fraction(1, 4),
        Fraction(1, 4),
    ),
    b: Fraction = Fraction(-1, 4),
    delta: Fraction = Fraction(5, 7),
    factor: int = 1,
) -> Certificate:
    """Lemma 1: 2 <g, W-A> >= p (lam - 2 delta^2) ||W-A||^2 + ||g||^2/(p lam) - 2 ||gamma||^2/(p lam). The 2 delta^2 must be 2 delta^2/lam.

    lam = 3/4, gamma = p ((b + lam)^2 - lam) W, the direction in which the proof's last two terms
    add up.
    """
    W = column(*w)
    A = column(1, *(0,) * (len(w) - 1))
    p = Fraction(1, 10)
    lam = inner(W, A)
    difference = subtract(W, A)
    bend = (b + lam) ** 2 - lam
    gamma = scale(factor * p * bend, W)
    g = add(scale(-p * lam, A), scale(p * (b + lam) ** 2, W), gamma)
    d2 = frobenius_squared(difference)
    left = 2 * inner(g, difference)
    rest = frobenius_squared(g) / (p * lam) - 2 * frobenius_squared(gamma) / (p * lam)
    return Certificate(
        data={
            "A_i": A,
            "W_i": W,
            "p_i": p,
            "lam_i": lam,
            "b_i": b,
            "delta": delta,
            "gamma": f"{factor * p * bend} W_i",
        },
        hypotheses=(
            Comparison("||W_i||^2 == 1", frobenius_squared(W), "==", 1),
            Comparison("||W_i - A_i||^2 <= delta^2", d2, "<=", delta**2),
            Comparison(
                "|(b_i + lam_i)^2 - lam_i| <= 2 (1 - lam_i)", abs(bend), "<=", 2 * (1 - lam)
            ),
        ),
        printed=Comparison(
            "2 <g, W-A> >= p (lam - 2 delta^2) ||W-A||^2 + (||g||^2 - 2 ||gamma||^2)/(p lam)",
            left,
            ">=",
            p * (lam - 2 * delta**2) * d2 + rest,
        ),
        corrected=Comparison(
            "2 <g, W-A> >= p (lam - 2 delta^2/lam) ||W-A||^2 + (||g||^2 - 2 ||gamma||^2)/(p lam)",
            left,
            ">=",
            p * (lam - 2 * delta**2 / lam) * d2 + rest,
        ),
        note="The proof's -||v||^2/(p lam) with ||v||^2 <= 2 p^2 delta^2 ||W-A||^2 + 2 ||gamma||^2 gives 2 delta^2/lam. With gamma = 0 half of "
        "it suffices and the printed form holds for lam >= 1/2.",
    )


@counterexample("N19-zeta")
def ce_zeta(
    p: tuple[Fraction, Fraction] = (Fraction(1, 5), Fraction(4, 5)),
    delta: Fraction = Fraction(1, 10),
) -> Certificate:
    """The step zeta = max_i 1/(p_i lam_i): the column with the larger p_i overshoots, kappa = zeta p_2 lam_2 = 4. No bias, threshold 1/2."""
    s = _turned(p, delta=delta)
    rates = [s.probability(i) * s.overlap(i) for i in (1, 2)]
    before = s.error_squared(2)

    def after(size: Fraction, i: int) -> Fraction:
        return frobenius_squared(subtract(pick(s.step(size), i), pick(s.A_star, i)))

    return Certificate(
        data=s.data()
        | {"p": ", ".join(map(str, p)), "lam_1, lam_2": f"{s.overlap(1)}, {s.overlap(2)}"},
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative(), s.near(), *s.consistent()),
        printed=Comparison(
            "||W~_2 - A_2||^2 <= ||W_2 - A_2||^2 at zeta = max_i 1/(p_i lam_i)",
            after(1 / min(rates), 2),
            "<=",
            before,
        ),
        corrected=Comparison(
            "max_i (||W~_i - A_i||^2 - ||W_i - A_i||^2) <= 0 at zeta = min_i 1/(p_i lam_i)",
            max(after(1 / max(rates), i) - s.error_squared(i) for i in (1, 2)),
            "<=",
            0,
        ),
        note="Lemma 1 gives descent for zeta <= 1/(p_i lam_i), for every column i: the smallest of them, not the largest.",
    )


@counterexample("N19-tau")
def ce_tau(
    p: tuple[Fraction, Fraction] = (Fraction(1, 10), Fraction(9, 10)),
    n: int = 10**6,
    angle: tuple[Fraction, Fraction] = (Fraction(9999, 10001), Fraction(200, 10001)),
    delta: Fraction = Fraction(1, 40),
    constant: int = 1,
) -> Certificate:
    """Theorem 4: "some tau in (1/2, 1)" with one step size. With p_2/p_1 = 9 no zeta halves the squared error of both columns.

    The angle theta_i of column i obeys tan theta+ = |rho| sin theta/(kappa + rho cos theta), kappa
    = zeta p_i lam, rho = 1 - kappa lam. At zeta = 2/lam column 1 (kappa = 1/5) falls short and
    column 2 (kappa = 9/5) overshoots; a smaller zeta is worse for the first, a larger one for the
    second, as rho decreases in zeta. Take W wrong in the first or in the second column only.
    """
    squares = []
    hypotheses = tuple[Comparison, ...]()
    for wrong in (1, 2):
        W = identity(2)
        W = tuple(
            tuple(entry if j != wrong - 1 else new for j, entry in enumerate(row))
            for row, new in zip(W, angle if wrong == 1 else angle[::-1], strict=True)
        )
        s = Model(W, identity(2), mixture(*p), (Fraction(0),) * 2, delta, threshold=HALF)
        tan2 = _tan_squared(pick(s.step(2 / angle[0]), wrong), pick(s.A_star, wrong))
        squares.append((tan2 / (1 + tan2), s.error_squared(wrong)))
        hypotheses += (*s.model(), *s.codes(), *s.nonnegative(), s.near(), *s.consistent())
    smaller = min(after - before / 2 for after, before in squares)
    return Certificate(
        data=s.data()
        | {
            "n": n,
            "p": ", ".join(map(str, p)),
            "C": constant,
            "instance": "in R^n, n - 2 further coordinates zero",
        },
        hypotheses=(
            *hypotheses,
            Comparison("1/5 <= m min_i p_i", Fraction(1, 5), "<=", 2 * min(p)),
            Comparison("m max_i p_i <= 2", 2 * max(p), "<=", 2),
            Comparison("delta log n <= 1 (n <= 10^6, log n <= 14)", delta * 14, "<=", 1),
            Comparison("n <= 10^6", n, "<=", 10**6),
        ),
        printed=Comparison(
            "min over both W of ||W^+ - A||_F^2 - ||W - A||_F^2/2 (squared sines for the first) <= C m/n",
            smaller,
            "<=",
            Fraction(2 * constant, n),
        ),
        corrected=Comparison(
            "max over both W of ||W^+ - A||_F^2/||W - A||_F^2 (by sines, which are smaller) <= (4/5)^2 (1 + 1/100)",
            max(after / before for after, before in squares),
            "<=",
            Fraction(16, 25) * Fraction(101, 100),
        ),
        note="The best rate is tau = 1 - ((r - 1)/(r + 1))^2 with r = p_max/p_min, here 9/25; it exceeds 1/2 iff r < (1 + sqrt(2))^2 = 5.83. "
        "p_i = Theta(1/m) does not bound r by that.",
    )


@counterexample("N19-both-conditions")
def ce_bias_conditions(
    delta: Fraction = Fraction(1, 10),
    bias: Fraction = Fraction(-1, 10),
    angle: tuple[Fraction, Fraction] = SMALL,
) -> Certificate:
    """Lemma 1's condition with the bias interval of the proof of Theorem 4, k = 1: at b = -delta, the best choice, it fails.

    It asks (b + lam)^2 >= 3 lam - 2. For b <= -delta and lam >= 1 - delta^2/2 the left minus the
    right is at most delta (delta^3/4 + delta^2 + 3 delta/2 - 2) < 0 for delta < 0.8089, while [-1 +
    2 delta, -delta] is empty for delta > 1/3.
    """
    s = _turned(bias=bias, delta=delta, angle=angle, threshold=None)
    lam = s.overlap(1)
    deficit = delta * (delta**3 / 4 + delta**2 + 3 * delta / 2 - 2)
    return Certificate(
        data=s.data() | {"lam": lam},
        hypotheses=(
            *s.model(),
            *s.codes(),
            *s.nonnegative(),
            Comparison("-1 + 2 delta <= b", -1 + 2 * delta, "<=", bias),
            Comparison("b <= -delta", bias, "<=", -delta),
        ),
        printed=Comparison(
            "|(b + lam)^2 - lam| <= 2 (1 - lam)", abs((bias + lam) ** 2 - lam), "<=", 2 * (1 - lam)
        ),
        corrected=Comparison(
            "(b + lam)^2 - (3 lam - 2) <= delta (delta^3/4 + delta^2 + 3 delta/2 - 2) < 0",
            (bias + lam) ** 2 - (3 * lam - 2),
            "<=",
            deficit,
        ),
        note="The two conditions never hold together, whatever the bias does: not at any step of the schedule either.",
    )


@counterexample("N19-fixed-bias")
def ce_fixed_bias(
    bias: Fraction = Fraction(-2, 5),
    angle: tuple[Fraction, Fraction] = (Fraction(99, 101), Fraction(20, 101)),
    delta: Fraction = Fraction(1, 5),
) -> Certificate:
    """ "A fixed bias for the rectified linear unit would not work": one population step with b = -2/5 brings every column closer to A.

    kappa = 1: W~ = A + rho W, rho = 1 - (b + lam)^2/lam, so tan theta+ = rho sin theta/(1 + rho cos
    theta).
    """
    s = _turned(bias=bias, angle=angle, delta=delta, threshold=None)
    before = min(_tan_squared(pick(s.W, i), pick(s.A_star, i)) for i in (1, 2))
    stepped = s.step(1 / (s.probability(1) * s.overlap(1)))
    after = max(_tan_squared(pick(stepped, i), pick(s.A_star, i)) for i in (1, 2))
    lam = s.overlap(1)
    rho = 1 - (bias + lam) ** 2 / lam
    return Certificate(
        data=s.data() | {"zeta": "1/(p lam)", "lam": lam, "rho": rho},
        hypotheses=(
            *s.model(),
            *s.codes(),
            *s.nonnegative(),
            *s.consistent(),
            Comparison(
                "|(b + lam)^2 - lam| > 2 (1 - lam): Lemma 1's condition fails",
                abs((bias + lam) ** 2 - lam),
                ">",
                2 * (1 - lam),
            ),
        ),
        printed=Comparison(
            "max_i tan^2 theta_i+ >= min_i tan^2 theta_i: the step does not bring W closer",
            after,
            ">=",
            before,
        ),
        corrected=Comparison(
            "max_i tan^2 theta_i+ == (rho sin theta/(1 + rho cos theta))^2",
            after,
            "==",
            (rho * angle[1] / (1 + rho * angle[0])) ** 2,
        ),
        note="Lemma 1's condition is sufficient for its own bound on the step before normalisation, not necessary for descent: an error along W "
        "is undone by the normalisation.",
    )


@counterexample("N19-expected-bias-gradient")
def ce_bias_gradient(
    bias: Fraction = Fraction(-2, 5),
    angle: tuple[Fraction, Fraction] = (Fraction(99, 101), Fraction(20, 101)),
    delta: Fraction = Fraction(1, 5),
) -> Certificate:
    """(g_b)_i = -p_i b_i + gamma. The sign is wrong, and with it descent in b would push the bias away from zero."""
    s = _turned(bias=bias, angle=angle, delta=delta, threshold=None)
    p = s.probability(1)
    return Certificate(
        data=s.data(),
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative(), *s.consistent()),
        printed=Comparison("(g_b)_1 == -p_1 b_1", s.bias_update(1), "==", -p * bias),
        corrected=Comparison("(g_b)_1 == p_1 b_1", s.bias_update(1), "==", p * bias),
        note='-E[W_i^T (y - W_i (W_i^T y + b_i))] = E[b_i] on the support, as ||W_i|| = 1; "+ ||W_i||^2 b_i" inside the bracket must be "-".',
    )


@counterexample("N19-expected-loss")
def ce_expected_loss(
    w: tuple[Fraction, Fraction] = (Fraction(4, 5), Fraction(3, 5)), threshold: Fraction = HALF
) -> Certificate:
    """ "We analyze the gradient of the expected loss": for the hard threshold the expectation of (4) is not that. m = 1, y = x A, A = e_1.

    x uniform on [0, 1]. The neuron is on for x >= c = lam/w_1; its loss is x^2 f/2 with f = ||A -
    w_1 W||^2, off it is x^2/2. So E L = c^3/6 + (1 - c^3) f/6, and d/dw_1 has, beside E[(4)] = (1 -
    c^3) f'/6, the jump -(lam/w_1^2) (c^2/2)(1 - f).
    """
    w1, w2 = w
    c = threshold / w1
    slope = -threshold / w1**2
    f = (1 - w1**2) ** 2 + (w1 * w2) ** 2
    f_slope = -4 * w1 * (1 - w1**2) + 2 * w1 * w2**2
    derivative = c**2 * slope / 2 - c**2 * slope * f / 2 + (1 - c**3) * f_slope / 6
    expected = (1 - c**3) * f_slope / 6
    jump = slope * c**2 / 2 * (1 - f)
    return Certificate(
        data={
            "A": column(1, 0),
            "W": column(*w),
            "x*": "uniform on [0, 1]",
            "lam": threshold,
            "c = lam/w_1": c,
            "E L": c**3 / 6 + (1 - c**3) * f / 6,
        },
        hypotheses=(
            Comparison("||W||^2 == 1", w1**2 + w2**2, "==", 1),
            Comparison("w_1 > lam, so that c lies in the support of x*", w1, ">", threshold),
            Comparison("lam > 0, so that there is a threshold", threshold, ">", 0),
        ),
        printed=Comparison("d/dw_1 E[L] == E[d/dw_1 L by (4)]", derivative, "==", expected),
        corrected=Comparison(
            "d/dw_1 E[L] == E[d/dw_1 L by (4)] + jump", derivative, "==", expected + jump
        ),
        note="The jump has the density of z at +-lam as a factor: it is zero when codes are consistent with a margin, |x*| >= a_1 and "
        "lam = a_1/2. ReLU has no jump, its loss is continuous.",
    )


@counterexample("N19-gamma")
def ce_gamma() -> Certificate:
    """Appendix B.1: gamma = E[(W_i^T y I + b_i I + y W_i^T)(y - W x)(1{x*_i != 0} - 1{x_i != 0})] makes (9) exact. It counts x_i only.

    Here x_1 is right at both samples, so gamma_1 = 0, but x_2 is wrong at y = A_1, where W x is not
    W_1 x_1.
    """
    s = two_means()
    lam = s.overlap(1)
    b = s.bias[0]
    p = s.probability(1)
    closed = add(scale(-p * lam, pick(s.A_star, 1)), scale(p * (lam + b) ** 2, pick(s.W, 1)))
    wrong = [x for _, x in s.law if bool(s.encode(x)[0][0]) != bool(x[0][0])]
    missing = scale(Fraction(0), closed)
    for probability, x in s.law:  # the part of W x that (9) leaves out, where x*_1 != 0
        code = s.encode(x)
        alone = tuple((entry if j == 0 else Fraction(0),) for j, (entry,) in enumerate(code))
        if x[0][0]:
            missing = add(
                missing,
                scale(
                    probability, subtract(s.sample_update(1, x, code), s.sample_update(1, x, alone))
                ),
            )
    gap = subtract(s.update(1), closed)
    return Certificate(
        data=s.data() | {"g_1": s.update(1), "-p lam A_1 + p (lam + b)^2 W_1": closed},
        hypotheses=(
            *s.model(),
            *s.codes(),
            *s.nonnegative(),
            *in_printed_interval(s),
            Comparison(
                "number of codes with 1{x_1 != 0} != 1{x*_1 != 0}, so gamma_1 == 0",
                len(wrong),
                "==",
                0,
            ),
        ),
        printed=Comparison(
            "||g_1 - (-p_1 lam_1 A_1 + p_1 (lam_1 + b_1)^2 W_1 + gamma_1)||^2 == 0",
            frobenius_squared(gap),
            "==",
            0,
        ),
        corrected=Comparison(
            "the same with the terms of W_j x_j, j != 1, added to gamma_1",
            frobenius_squared(subtract(gap, missing)),
            "==",
            0,
        ),
        note="gamma is zero when the whole support is recovered; that is what its order n^(-omega(1)) needs, and what Theorem 3 gives.",
    )


@counterexample("N19-bias-schedule")
def ce_diminishing_bias(
    halvings: int = 2,
    cosine: Fraction = Fraction(9, 41),
    sine: Fraction = Fraction(40, 41),
    start: Fraction = Fraction(-1, 2),
    delta: Fraction = Fraction(1, 4),
) -> Certificate:
    """Section 5, the induction b_i^s <= -||W_i^s - A_i||: it does not keep the support. W^s = A, b^0 = -1/2 halved twice.

    mu/sqrt(n) = 9/41 > 1/8, so at y = A_1 the second neuron fires.
    """
    A = transpose(matrix([[1, 0], [cosine, sine]]))
    half = Fraction(1, 2)
    s = Model(A, A, mixture(half, half), (start / 2**halvings,) * 2, delta)
    z = s.pre_activation(basis(2, 1))[1][0]
    errors = max(s.error_squared(i) for i in (1, 2))
    return Certificate(
        data=s.data() | {"b^0": start, "C": 2, "s": halvings, "<A_1, A_2>": cosine},
        hypotheses=(
            *s.model(),
            *s.codes(),
            *s.nonnegative(),
            Comparison("b^s < 0", max(s.bias), "<", 0),
            Comparison(
                "||W_i^s - A_i||^2 <= (b_i^s)^2, that is b_i^s <= -||W_i^s - A_i||",
                errors,
                "<=",
                max(s.bias) ** 2,
            ),
        ),
        printed=Comparison("z_2 <= 0 for the sample y = A_1, as x*_2 = 0", z, "<=", 0),
        corrected=Comparison(
            "<W_2, A_1> + b^0 <= 0: with the bias kept at b^0 it is", cosine + start, "<=", 0
        ),
        note="Consistency needs |b| >= mu/sqrt(n) + ||W_i - A_i||; a bias that tends to zero violates it after finitely many steps unless "
        "mu = 0, even at W = A.",
    )
