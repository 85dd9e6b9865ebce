"""Counterexamples to [N19], Theorem 4 (iii) and Appendix B.3: non-negative codes.

In those to Theorem 4 (iii) all columns play the same part, so one column stands for every other,
and m may be large.
"""

from fractions import Fraction
from typing import Any

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    Rational,
    add,
    basis,
    column,
    counterexample,
    frobenius_squared,
    hstack,
    identity,
    inner,
    log_above,
    scale,
    subtract,
)
from ..consistency.counterexamples import turned
from ..exact import Model, constant_codes, mixture, pick, rotated_pairs
from ..sparse_codes.counterexamples import common_shift, shifted_columns

HALF = Fraction(1, 2)
Number = Any  # a Fraction; a caller that follows many steps may pass another kind of number


def common_mode_step(
    m: int, k: int, diagonal: Number, shift: Number, bias: Number, size: Number
) -> tuple[Number, Number]:
    """Entries (1, 1) and (2, 1) of W - size G for W = diagonal I + shift 11^T, A = I_m.

    Codes 1_S, S uniform of size k and recovered. Given S, all active entries of the code are z =
    diagonal + k shift + b; the residual 1_S - W x is r on S and -z k shift off it, and W_i^T
    residual = diagonal r + shift (k r - (m - k) z k shift). So column i of the update (5) is the
    same on S, and the same off S.
    """
    z = diagonal + k * shift + bias
    r = 1 - z * (diagonal + k * shift)
    outside = -z * k * shift
    on = -(z * r + diagonal * r + shift * (k * r + (m - k) * outside))
    off = -z * outside
    p = Fraction(k, m)
    pair = p * Fraction(k - 1, m - 1)
    return diagonal + shift - size * p * on, shift - size * (pair * on + (p - pair) * off)


def turned_pairs_step(
    m: int, k: int, angle: tuple[Fraction, Fraction], size: Fraction
) -> tuple[Fraction, Fraction, Fraction]:
    """Entries 1 and 2 of W_1 - size g_1, and a bound on its other entries' sum of squares.

    A = I_m, W = pairs (e_1, e_2), (e_3, e_4), ... turned in their planes by (c, s), codes 1_S, b =
    0, support recovered. A pair that lies in S, or outside, is reconstructed; of one that S holds
    one atom of, e_1 say, the residual is e_1 - c W_1 = (s^2, -c s), orthogonal to W_1. So g_1 =
    -E[1_1 z_1 (y - W x)] is -(p - p_12) c (s^2, -c s) in its own pair, and -kappa (s^2 + c s, s^2 -
    c s) in every other, with 0 <= kappa <= p_12 (c + s); the squares of such a pair add up to 2
    kappa^2 s^2.
    """
    cosine, sine = angle
    p = Fraction(k, m)
    pair = p * Fraction(k - 1, m - 1)
    one = size * (p - pair)
    own = cosine + one * cosine * sine**2
    other = sine - one * cosine**2 * sine
    return own, other, (size * pair * (cosine + sine) * sine) ** 2 * m


def _squared_sine(own: Fraction, rest: Fraction) -> Fraction:
    """sin^2 of the angle to a unit vector: component along it, squared norm of what is across."""
    return rest / (own**2 + rest)


def _common_mode(
    m: int, k: int, diagonal: Fraction, shift: Fraction, bias: Fraction, rate: Fraction
) -> tuple[Fraction, Fraction]:
    """||W - A||_F^2 before, and the sum of squared sines after, one step of size rate m/k."""
    own, other = common_mode_step(m, k, diagonal, shift, bias, rate * Fraction(m, k))
    return m * (2 - 2 * (diagonal + shift)), m * _squared_sine(own, (m - 1) * other**2)


def _sizes(m: int, k: int, delta: Fraction) -> tuple[Comparison, ...]:
    return (
        Comparison(
            "delta log n <= 1 (n = m, log n rounded up)",
            delta * log_above(m),
            "<=",
            1,
        ),
        Comparison("k delta^2 <= 1, so k = O(1/delta^2)", k * delta**2, "<=", 1),
        Comparison("3 <= k, so p_ijl > 0", 3, "<=", k),
    )


def _near_truth(
    m: int, k: int, delta: Fraction, diagonal: Fraction, shift: Fraction
) -> tuple[Comparison, ...]:
    """What Theorem 4 (iii) assumes of A = I, W = diagonal I + shift 11^T, codes 1_S."""
    squared = 2 - 2 * (diagonal + shift)
    return (
        Comparison("||W_i||^2 == 1", (diagonal + shift) ** 2 + (m - 1) * shift**2, "==", 1),
        Comparison("||W_i - A_i||^2 <= delta^2", squared, "<=", delta**2),
        Comparison(
            "||W - A||_F^2 <= 4 <= 4 ||A||^2, so W is (delta, 2)-near to A", m * squared, "<=", 4
        ),
        *_sizes(m, k, delta),
    )


@counterexample("N19-theorem4iii", "bias", also=("N19-bias-update",))
def bias_pushes_towards_all_others(
    m: int = 100,
    k: int = 3,
    bias: Fraction = -HALF,
    rate: Rational = 1,
    constant: Rational = 1,
    delta: Fraction = Fraction(1, 20),
) -> Certificate:
    """Theorem 4 (iii.2) from W = A = I: the bias moves every column towards all others.

    Entry j != i of g_i is b (2 kappa_1 + b) p_ij. After one step of size rate m/k the squared
    Frobenius error is near (3 rate (k-1)/(4 + 3 rate))^2 for b = -1/2, whatever m is, where (1 -
    tau) 0 + C k^3/m tends to 0.
    """
    before, after = _common_mode(m, k, Fraction(1), Fraction(0), bias, Fraction(rate))
    reach = delta * Fraction(k + 1, 2)
    push = Fraction(rate) * -bias * (2 + bias)
    return Certificate(
        data={
            "n = m": m,
            "k": k,
            "A = W": "I_m",
            "codes": "1_S, uniform supports: kappa_1 = kappa_2 = a_1 = a_2 = 1",
            "b": bias,
            "zeta": f"{rate} m/k",
            "C": constant,
            "delta": delta,
        },
        hypotheses=(
            *_near_truth(m, k, delta, Fraction(1), Fraction(0)),
            Comparison(
                "-(1 - delta) + delta sqrt(k) <= b (sqrt(k) rounded up)",
                -(1 - delta) + reach,
                "<=",
                bias,
            ),
            Comparison("b <= -delta sqrt(k) (sqrt(k) rounded up)", bias, "<=", -reach),
            Comparison("z_i = 1 + b on S > 0", 1 + bias, ">", 0),
            Comparison("z_i = b off S <= 0", bias, "<=", 0),
        ),
        printed=Comparison(
            "||W^+ - A||_F^2 <= (1 - tau) ||W - A||_F^2 + C k^3/m (squared sines for the first)",
            after,
            "<=",
            before + Fraction(constant * k**3, m),
        ),
        corrected=Comparison(
            "it is at most m/(m-1) (rate (k-1) |b| (2+b)/(1 + rate |b| (2+b)))^2",
            after,
            "<=",
            Fraction(m, m - 1) * (push * (k - 1) / (1 + push)) ** 2,
        ),
        note="At zeta = m/k the error after one step is of order b^2 k^2. With zeta of order m/k^2 "
        "a run with this bias ends at an error of order b^2.",
    )


def _both_consistent(
    k: int, diagonal: Fraction, shift: Fraction, angle: tuple[Fraction, Fraction], delta: Fraction
) -> tuple[Comparison, ...]:
    """Both W's recover the support at the threshold 1/2; the turned pairs are near A."""
    cosine, sine = angle
    return (
        Comparison("z_i on S >= 1/2 (first W)", diagonal + k * shift, ">=", HALF),
        Comparison("z_i off S < 1/2 (first W)", k * shift, "<", HALF),
        Comparison("||W_i - A_i||^2 <= delta^2 (second W)", 2 - 2 * cosine, "<=", delta**2),
        Comparison("||W - A||^2 == 2 - 2 cos <= 4 ||A||^2 (second W)", 2 - 2 * cosine, "<=", 4),
        Comparison("z_i on S, at least cos - sin, >= 1/2 (second W)", cosine - sine, ">=", HALF),
        Comparison("z_i off S, at most sin, < 1/2 (second W)", sine, "<", HALF),
    )


@counterexample("N19-theorem4iii", "threshold")
def no_step_serves_both_directions(
    root_m: int = 1000,
    k: int = 8,
    r: Fraction = Fraction(999, 1000),
    half_tangent: Fraction = Fraction(1, 100),
    constant: int = 1,
    delta: Fraction = Fraction(1, 20),
) -> Certificate:
    """Theorem 4 (iii.1), b = 0: for k >= 6 no zeta halves the squared error of both W's.

    A = I_m, m = root_m^2, codes 1_S. First W: W_i = (e_i + t (1, ..., 1)/root_m)/(t + r), t = (1 -
    r^2)/(2 r - 2/root_m), a shift of all columns; a step of size rate m/k multiplies it by about 1
    - k rate. Second W: pairs of columns turned; the factor is about 1 - rate. At rate = 2/(k + 1)
    both are (k - 1)/(k + 1) in modulus. A smaller zeta is worse for the second W: entry 2 over
    entry 1 of :func:`turned_pairs_step` falls in zeta and is positive. A larger one is worse for
    the first: the same quotient falls in zeta, is negative, and where entry 1 is no longer positive
    the error is at least 2 for every column.
    """
    m = root_m**2
    t = (1 - r**2) / (2 * r - Fraction(2, root_m))
    diagonal = 1 / (t + r)
    shift = t * diagonal / root_m
    angle = turned(half_tangent)
    rate = Fraction(2, k + 1)
    before, after, signs = _two_errors(m, k, diagonal, shift, angle, rate)
    small_before, small_after, _ = _two_errors(m, k, diagonal, shift, angle, Fraction(1, k))
    return Certificate(
        data={
            "n = m": m,
            "k": k,
            "A": "I_m",
            "first W": f"{diagonal} I + {shift} 11^T",
            "second W": f"pairs turned, cos = {angle[0]}, sin = {angle[1]}",
            "codes": "1_S, uniform supports",
            "C": constant,
            "delta": delta,
        },
        hypotheses=(
            *_near_truth(m, k, delta, diagonal, shift),
            *_both_consistent(k, diagonal, shift, angle, delta),
            Comparison("entry (2, 1) at zeta = 2/(k+1) m/k < 0 (first W)", signs[0], "<", 0),
            Comparison("entry (1, 1) at this zeta > 0 (first W)", signs[1], ">", 0),
            Comparison("entry (2, 1) at this zeta > 0 (second W)", signs[2], ">", 0),
        ),
        printed=Comparison(
            "min over both W of ||W^+ - A||_F^2 - ||W - A||_F^2/2 (squared sines) <= C k^3/m",
            min(a - b / 2 for a, b in zip(after, before, strict=True)),
            "<=",
            Fraction(constant * k**3, m),
        ),
        corrected=Comparison(
            "at zeta = m/k^2: max over both W of squared sines/||W - A||_F^2 <= 1 - 1/k",
            max(a / b for a, b in zip(small_after, small_before, strict=True)),
            "<=",
            1 - Fraction(1, k),
        ),
        note="The best tau near A is 4k/(k + 1)^2, at most 1/2 for k >= 6: non-negative codes have "
        "the mean kappa_1 p (1, ..., 1), and the curvature of the loss along a common shift is "
        "about k times that along other directions. For k <= 5 one zeta does serve both.",
    )


def _two_errors(
    m: int,
    k: int,
    diagonal: Fraction,
    shift: Fraction,
    angle: tuple[Fraction, Fraction],
    rate: Fraction,
) -> tuple[list[Fraction], list[Fraction], list[Fraction]]:
    """Squared errors of both W before a step of size rate m/k and, by sines, after it; entries.

    Of the turned pairs, entries outside the own pair enlarge the error; they are left out at rate
    2/(k + 1), where the error is bounded below, and counted at rate 1/k, where it is bounded above.
    """
    size = rate * Fraction(m, k)
    first, moved = _common_mode(m, k, diagonal, shift, Fraction(0), rate)
    entries = common_mode_step(m, k, diagonal, shift, Fraction(0), size)
    own, other, outside = turned_pairs_step(m, k, angle, size)
    across = other**2 + (outside if rate == Fraction(1, k) else 0)
    before = [first, m * (2 - 2 * angle[0])]
    after = [moved, m * _squared_sine(own, across)]
    return before, after, [entries[1], entries[0], other]


@counterexample("N19-residual")
def residual_at_the_truth(
    m: int = 12, k: int = 3, bias: Fraction = Fraction(-1, 2), constant: Fraction = Fraction(3, 2)
) -> Certificate:
    """B.3: ||e_i|| is not O(max(kappa_1^2, kappa_2^2) p_i k/m) but larger by sqrt(m).

    At A = W = I it is |b (2 kappa_1 + b)| p_i (k-1)/sqrt(m-1).
    """
    s = Model(
        identity(m), identity(m), constant_codes(m, k), (bias,) * m, Fraction(1, 9), n_active=k
    )
    p = s.probability(1)
    alpha = p + 2 * p * bias + p * bias**2
    beta = p
    e2 = frobenius_squared(add(s.update(1), scale(beta - alpha, basis(m, 1))))
    return Certificate(
        data=s.data() | {"C": constant, "p_1": p},
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative(), *s.consistent(), *_in_interval(s)),
        printed=Comparison(
            "||e_1||^2 <= C^2 p_1^2 k^2/m^2 (kappa_1 = kappa_2 = 1)",
            e2,
            "<=",
            constant**2 * p**2 * Fraction(k**2, m**2),
        ),
        corrected=Comparison(
            "||e_1||^2 == b^2 (2 kappa_1 + b)^2 p_1^2 (k-1)^2/(m-1)",
            e2,
            "==",
            bias**2 * (2 + bias) ** 2 * p**2 * Fraction((k - 1) ** 2, m - 1),
        ),
        note=(
            "The ratio of the two sides grows like m: every constant C fails. The order is p_i "
            "k/sqrt(m) (and kappa_2, not its square)."
        ),
    )


def _in_interval(s: Model) -> tuple[Comparison, ...]:
    """The bias interval of Theorem 3 (ii) as printed, sqrt(k) enclosed by (k + 1)/2."""
    reach = s.a_2 * s.delta * Fraction(s.n_active + 1, 2)
    return (
        Comparison(
            "-(1 - delta) a_1 + a_2 delta sqrt(k) <= min_i b_i (sqrt(k) rounded up)",
            -(1 - s.delta) * s.a_1 + reach,
            "<=",
            min(s.bias),
        ),
        Comparison(
            "max_i b_i <= -a_2 delta sqrt(k) (sqrt(k) rounded up)", max(s.bias), "<=", -reach
        ),
    )


@counterexample("N19-projection")
def against_the_common_direction(
    root_n: int = 30, r: Fraction = Fraction(13, 12), delta: Fraction = Fraction(1, 7)
) -> Certificate:
    """B.3: delta-closeness and ||W|| <= 2 ||A|| do not give ||W - A|| <= 2 ||A||, but 3 ||A||.

    A = I_n, W = diagonal I + shift 11^T with shift < 0: W turns u = (1, ..., 1)/root_n round.
    """
    n = root_n**2
    diagonal, shift = common_shift(root_n, r)
    along = diagonal + n * shift
    return Certificate(
        data={
            "n = m": n,
            "A": "I_n",
            "W_i": f"{diagonal} e_i - {-shift} (1, ..., 1)",
            "delta": delta,
        },
        hypotheses=(
            *shifted_columns(n, diagonal, shift, delta),
            Comparison(
                "||W||^2, of the eigenvalues diagonal and diagonal + n shift, <= 4 == 4 ||A||^2",
                max(diagonal**2, along**2),
                "<=",
                4,
            ),
        ),
        printed=Comparison("||(W - A) u||^2 <= 4 == 4 ||A||^2", (along - 1) ** 2, "<=", 4),
        corrected=Comparison("||(W - A) u||^2 <= 9 == 9 ||A||^2", (along - 1) ** 2, "<=", 9),
        note="||W - A|| <= ||W|| + ||A||: W is (delta, 3)-near. A projection on {W: ||W_i - A_i|| "
        "<= delta, ||W - A|| <= 2 ||A||} would do; both sets need A.",
    )
