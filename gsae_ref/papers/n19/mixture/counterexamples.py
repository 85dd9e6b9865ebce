"""Counterexamples to [N19], section 5 and B.1: Lemma 1, the step size, tau, the bias."""

from dataclasses import dataclass
from fractions import Fraction

from ....claims.exact import (
    E_ABOVE,
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
    log_above,
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
def error_along_w(
    root: Fraction = HALF,
    delta_squared: Fraction | None = None,
    b: Fraction | None = None,
    factor: int = 1,
) -> Certificate:
    """Lemma 1: its 2 delta^2 must be 2 delta^2/lam.

        2 <g, W-A> >= p (lam - 2 delta^2) ||W-A||^2 + (||g||^2 - 2 ||gamma||^2)/(p lam)

    With d = ||W - A||, (b + lam)^2 = lam - d^2 and gamma = -p d^2 W the proof's last two terms add
    up: the left side lacks 4 p d^4/lam, where 2 p d^4 (1 + 1/lam) are allowed at delta = d. This is
    so for every lam < 1: d^2, the size of gamma, may be n^(-log n). ``root`` is b + lam, so that
    lam = (2 + root^2)/3. Inner products of W and A, unit vectors with <W, A> = lam, suffice.
    """
    lam = (2 + root**2) / 3
    b = root - lam if b is None else b
    p = Fraction(1, 10)
    d2 = 2 - 2 * lam
    delta_squared = d2 if delta_squared is None else delta_squared
    bend = (b + lam) ** 2 - lam
    of_gamma = factor * p * bend  # gamma = of_gamma W
    of_a = -p * lam  # g = of_a A + of_w W
    of_w = p * (b + lam) ** 2 + of_gamma
    g2 = of_a**2 + of_w**2 + 2 * of_a * of_w * lam
    left = 2 * (of_a * (lam - 1) + of_w * (1 - lam))
    rest = (g2 - 2 * of_gamma**2) / (p * lam)
    return Certificate(
        data={
            "lam_i = <W_i, A_i>": lam,
            "||W_i|| = ||A_i||": 1,
            "p_i": p,
            "b_i": b,
            "delta^2": delta_squared,
            "gamma": f"{of_gamma} W_i",
        },
        hypotheses=(
            Comparison("||W_i - A_i||^2 <= delta^2", d2, "<=", delta_squared),
            Comparison(
                "|(b_i + lam_i)^2 - lam_i| <= 2 (1 - lam_i)", abs(bend), "<=", 2 * (1 - lam)
            ),
            Comparison("||gamma|| <= p d^2", abs(of_gamma), "<=", p * d2),
        ),
        printed=Comparison(
            "2 <g, W-A> >= p (lam - 2 delta^2) ||W-A||^2 + (||g||^2 - 2 ||gamma||^2)/(p lam)",
            left,
            ">=",
            p * (lam - 2 * delta_squared) * d2 + rest,
        ),
        corrected=Comparison(
            "2 <g, W-A> >= p (lam - 2 delta^2/lam) ||W-A||^2 + (||g||^2 - 2 ||gamma||^2)/(p lam)",
            left,
            ">=",
            p * (lam - 2 * delta_squared / lam) * d2 + rest,
        ),
        note="The proof's -||v||^2/(p lam) with ||v||^2 <= 2 p^2 delta^2 ||W-A||^2 + 2 ||gamma||^2 "
        "gives 2 delta^2/lam. With gamma = 0 half of it suffices and the printed form holds for "
        "lam >= 1/2.",
    )


@dataclass(frozen=True)
class TwoClasses:
    """Sparse coding with A = I_n, W_1 = cos e_1 + sin e_2, W_j = e_j for j > 1, b = 0.

    The atoms are n/2 rare and n/2 frequent ones; S holds ``n_rare`` of the first and
    ``n_frequent`` of the second, both uniform, independent. Codes are +-1, independent. Columns 1
    and 2 are rare, or frequent where ``turned_frequent``.
    """

    n: int
    n_rare: int
    n_frequent: int
    angle: tuple[Fraction, Fraction]
    delta: Fraction
    turned_frequent: bool = False

    def chance(self, frequent: bool) -> Fraction:
        """p_i of an atom."""
        return Fraction(self.n_frequent if frequent else self.n_rare, self.n // 2)

    @property
    def pair(self) -> Fraction:
        """p_12."""
        count = self.n_frequent if self.turned_frequent else self.n_rare
        return self.chance(self.turned_frequent) * Fraction(count - 1, self.n // 2 - 1)

    def step(self, size: Fraction) -> tuple[Fraction, Fraction]:
        """Entries 1 and 2 of W_1 - size g_1; the others are zero.

        With e_j the signs, x_1 = cos e_1 + sin e_2 [2 in S] and y - W x = e_1 A_1 - x_1 W_1, so
        W_1^T (y - W x) = -sin e_2 [2 in S] and

            g_1 = -p_1 cos A_1 + (p_1 cos^2 + p_12 sin^2) W_1 + p_12 sin A_2.
        """
        cosine, sine = self.angle
        p = self.chance(self.turned_frequent)
        of_w = p * cosine**2 + self.pair * sine**2
        own = cosine + size * (p * cosine - of_w * cosine)
        return own, sine - size * (of_w * sine + self.pair * sine)

    def error_squared(self) -> Fraction:
        """||W_1 - A_1||^2, which is ||W - A||_F^2."""
        return 2 - 2 * self.angle[0]

    def after(self, size: Fraction) -> Fraction:
        """Squared sine of the angle of column 1 after the step: at most ||W^+ - A||_F^2."""
        own, other = self.step(size)
        return other**2 / (own**2 + other**2)

    def hypotheses(self) -> tuple[Comparison, ...]:
        """A1, those of Theorem 3 (i), nearness, and the support recovered surely."""
        n = self.n
        k = self.n_rare + self.n_frequent
        cosine, sine = self.angle
        log_n = log_above(n)
        ratios = [(self.chance(False), self.chance(True))]
        for j in (1, 2):
            low, high = ratios[-1]
            half = n // 2 - j
            rare = low * Fraction(self.n_rare - j, half)
            ratios.append((rare, high * Fraction(self.n_frequent - j, half)))
        names = ("p_i", "p_ij", "p_ijl")
        spread = [
            Comparison(f"(k/n)^{j}/1000 <= min {name}", Fraction(k, n) ** j / 1000, "<=", low)
            for j, (name, (low, _)) in enumerate(zip(names, ratios, strict=True), 1)
        ]
        below = [
            Comparison(f"max {name} <= 8 (k/n)^{j}", high, "<=", 8 * Fraction(k, n) ** j)
            for j, (name, (_, high)) in enumerate(zip(names, ratios, strict=True), 1)
        ]
        return (
            Comparison("||W_1||^2 == 1", cosine**2 + sine**2, "==", 1),
            Comparison("||W_1 - A_1||^2 <= delta^2", 2 - 2 * cosine, "<=", self.delta**2),
            Comparison("delta log n <= 1 (log n rounded up)", self.delta * log_n, "<=", 1),
            Comparison("k log n <= n (log n rounded up)", k * log_n, "<=", n),
            *spread,
            *below,
            Comparison("min |z_i| on S, at least cos - sin, >= 1/2", cosine - sine, ">=", HALF),
            Comparison("max |z_i| off S, at most sin, < 1/2", sine, "<", HALF),
        )

    def data(self) -> dict[str, object]:
        """The instance, for a certificate's ``data``."""
        return {
            "n = m": self.n,
            "k": self.n_rare + self.n_frequent,
            "codes": f"+-1; {self.n_rare} of n/2 rare atoms, {self.n_frequent} of the others",
            "A": "I_n",
            "W": f"W_1 = {self.angle[0]} e_1 + {self.angle[1]} e_2, W_j = e_j for j > 1",
            "delta": self.delta,
            "activation": "hard threshold at 1/2, b = 0",
        }


@counterexample("N19-zeta")
def frequent_column_overshoots(
    n: int = 10**8,
    counts: tuple[int, int] = (3, 27),
    angle: tuple[Fraction, Fraction] = (Fraction(9999, 10001), Fraction(200, 10001)),
    delta: Fraction = Fraction(1, 40),
    constant: int = 1,
) -> Certificate:
    """The step zeta = max_i 1/(p_i lam_i): the column with the larger p_i overshoots.

    A = I_n, column 1 frequent: zeta p_1 is about 9, and tau = zeta p_1 (lam_1 - 2 delta^2), which
    is to lie in (0, 1), is about 9 too.
    """
    s = TwoClasses(n, *counts, angle, delta, turned_frequent=True)
    largest = 1 / s.chance(False)
    smallest = 1 / s.chance(True)
    k = sum(counts)
    tau = largest * s.chance(True) * (angle[0] - 2 * delta**2)
    return Certificate(
        data=s.data() | {"zeta = max_i 1/(p_i lam_i)": largest, "tau": tau, "C": constant},
        hypotheses=(*s.hypotheses(), Comparison("tau > 1", tau, ">", 1)),
        printed=Comparison(
            "||W_1^+ - A_1||^2 <= ||W_1 - A_1||^2 + C k^2/n^2 (squared sine for the first)",
            s.after(largest),
            "<=",
            s.error_squared() + constant * Fraction(k, n) ** 2,
        ),
        corrected=Comparison(
            "sin^2 theta_1+ <= ||W_1 - A_1||^2/4 at zeta = min_i 1/(p_i lam_i), about",
            s.after(smallest),
            "<=",
            s.error_squared() / 4,
        ),
        note="Lemmas 1 and 2 give descent for zeta <= 1/(p_i lam_i), for every column i: the "
        "smallest of them, not the largest. A mixture with unequal p_i has the same numbers.",
    )


@counterexample("N19-tau")
def no_step_serves_two_classes(
    n: int = 10**8,
    counts: tuple[int, int] = (3, 27),
    angle: tuple[Fraction, Fraction] = (Fraction(9999, 10001), Fraction(200, 10001)),
    delta: Fraction = Fraction(1, 40),
    constant: int = 1,
) -> Certificate:
    """Theorem 4 (ii): with p_max/p_min = 9 no zeta halves the squared error of both columns.

    The tangent of the angle of column 1 after the step, (sin - zeta ..)/(cos + zeta ..), falls in
    zeta. At zeta = 2/(p_rare + p_frequent) a rare column falls short (by a factor near 4/5) and a
    frequent one overshoots (near -4/5); a smaller zeta is worse for the first, a larger one for the
    second. Take W wrong in a rare column or in a frequent one.
    """
    rare = TwoClasses(n, *counts, angle, delta)
    frequent = TwoClasses(n, *counts, angle, delta, turned_frequent=True)
    size = 2 / (rare.chance(False) + rare.chance(True))
    before = rare.error_squared()
    after = [each.after(size) for each in (rare, frequent)]
    signs = [each.step(size)[1] for each in (rare, frequent)]
    k = sum(counts)
    return Certificate(
        data=rare.data() | {"columns 1, 2": "rare, or both frequent", "C": constant},
        hypotheses=(
            *rare.hypotheses(),
            *frequent.hypotheses(),
            Comparison("entry 2 of the rare column > 0 at this zeta", signs[0], ">", 0),
            Comparison("entry 2 of the frequent column < 0 at it", signs[1], "<", 0),
        ),
        printed=Comparison(
            "min over both W of ||W^+ - A||_F^2 - ||W - A||_F^2/2 (squared sines) <= C m k^2/n^2",
            min(after) - before / 2,
            "<=",
            constant * Fraction(k**2, n),
        ),
        corrected=Comparison(
            "max over both W of squared sines/||W - A||_F^2 <= (4/5)^2 (1 + 1/100)",
            max(after) / before,
            "<=",
            Fraction(16, 25) * Fraction(101, 100),
        ),
        note="The best rate is tau = 1 - ((r - 1)/(r + 1))^2 with r = p_max/p_min, here 9/25; it "
        "exceeds 1/2 iff r < (1 + sqrt(2))^2 = 5.83. p_i = Theta(k/m) does not bound r by that. "
        "The error is fixed and k^2/n tends to 0: every C fails. A mixture with p = (1/10, 9/10) "
        "has the same numbers.",
    )


@counterexample("N19-fixed-bias")
def fixed_bias_brings_closer(
    bias: Fraction = Fraction(-2, 5),
    angle: tuple[Fraction, Fraction] = (Fraction(99, 101), Fraction(20, 101)),
    delta: Fraction = Fraction(1, 5),
) -> Certificate:
    """A fixed bias: one population step with b = -2/5 brings every column closer to A.

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
        note=(
            "Lemma 1's condition is sufficient for its own bound on the step before "
            "normalisation, not necessary for descent: an error along W is undone by the "
            "normalisation."
        ),
    )


@counterexample("N19-gamma")
def another_neuron_errs() -> Certificate:
    """Appendix B.1: the printed gamma, which is to make (9) exact, counts errors of x_i only.

        gamma = E[(W_i^T y I + b_i I + y W_i^T)(y - W x)(1{x*_i != 0} - 1{x_i != 0})]

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
        note=(
            "gamma is zero when the whole support is recovered; that is what its order "
            "n^(-omega(1)) needs, and what Theorem 3 gives."
        ),
    )


@counterexample("N19-bias-schedule", also=("N19-theorem4i2",))
def bias_below_the_coherence(
    n: int = 16,
    halvings: int = 1,
    cosine: Fraction = Fraction(9, 41),
    sine: Fraction = Fraction(40, 41),
    delta: Fraction = Fraction(1, 4),
) -> Certificate:
    """Section 5: b_i^s <= -||W_i^s - A_i|| does not keep the support. W^s = A, two means in R^n.

    sqrt(1 - tau) = 1/2, b^0 = -1/log n: after one step |b| <= 10/54 < 9/41 = <A_1, A_2>, so at y =
    A_1 the second neuron fires.
    """
    A = transpose(matrix([[1, 0], [cosine, sine]]))
    start = Fraction(-10, 27)  # below -1/log 16
    s = Model(A, A, mixture(HALF, HALF), (start / 2**halvings,) * 2, delta)
    z = s.pre_activation(basis(2, 1))[1][0]
    errors = max(s.error_squared(i) for i in (1, 2))
    return Certificate(
        data=s.data() | {"n": f"{n}, n - 2 coordinates zero", "C": 2, "s": halvings},
        hypotheses=(
            *s.model(),
            *s.codes(),
            *s.nonnegative(),
            Comparison("delta log n <= 1 (log n rounded up)", delta * log_above(n), "<=", 1),
            Comparison("27/10 <= log n, so -1/log n >= -10/27", E_ABOVE**27, "<=", n**10),
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
            "z_2 - b^s - <A_1, A_2> <= 0: with the bias -<A_1, A_2> it is",
            z - s.bias[1] - cosine,
            "<=",
            0,
        ),
        note="b_i <= -(max_{j != i} <A_i, A_j> + ||W_i - A_i||) suffices, and at W = A some "
        "neuron fires wrongly as soon as |b| is below a positive inner product. For every n the "
        "schedule passes below <A_1, A_2> = 1/(2 log n) after two steps, with another C > 1 after "
        "more. Negative inner products "
        "do no harm: with means at -1/4 the schedule converges to A.",
    )


@counterexample("N19-induction")
def remainder_of_the_wrong_sign(
    rate: Fraction = HALF, error: Fraction = Fraction(1, 10), rest: Fraction = Fraction(1, 1000)
) -> Certificate:
    """Section 5: b^{s+1} <= -||W^{s+1} - A|| does not follow, a remainder has the wrong sign.

    The descent property gives ||W^{s+1} - A|| <= sqrt(1 - tau) ||W^s - A|| + o(delta_s). Here b^s =
    -||W^s - A||.
    """
    after = rate * error + rest
    return Certificate(
        data={
            "sqrt(1 - tau)": rate,
            "||W^s - A|| = -b^s": error,
            "o(delta_s)": rest,
            "||W^{s+1} - A||": after,
        },
        hypotheses=(
            Comparison(
                "||W^{s+1} - A|| <= sqrt(1 - tau) ||W^s - A|| + o(delta_s)",
                after,
                "<=",
                rate * error + rest,
            ),
            Comparison("o(delta_s) >= 0", rest, ">=", 0),
        ),
        printed=Comparison(
            "b^{s+1} = sqrt(1 - tau) b^s <= -||W^{s+1} - A||, which is to be proved",
            -rate * error,
            "<=",
            -after,
        ),
        corrected=Comparison(
            "b^{s+1} <= -||W^{s+1} - A|| + o(delta_s)", -rate * error, "<=", -after + rest
        ),
        note="With + o(delta_s) the induction does not close: b^{s+1} may exceed -||W^{s+1} - A||.",
    )
