"""Counterexamples to Theorem 4 (iii) of [N19], non-negative codes: the common direction of all columns.

All columns of the instances play the same part, so one column stands for every other, and m may be
large.
"""

from fractions import Fraction
from typing import Any

from ....claims.exact import Certificate, Comparison, Rational, counterexample, log_above

HALF = Fraction(1, 2)
Number = Any  # a Fraction; whoever follows many steps may pass another kind of number


def common_mode_step(
    m: int, k: int, diagonal: Number, shift: Number, bias: Number, size: Number
) -> tuple[Number, Number]:
    """One step W - size G for A = I_m, W = diagonal I + shift 11^T, codes 1_S, S uniform of size k and recovered: entries (1, 1) and (2, 1).

    Given S, all active entries of the code are z = diagonal + k shift + b; the residual 1_S - W x
    is r on S and -z k shift off it, and W_i^T residual = diagonal r + shift (k r - (m - k) z k
    shift). So column i of the update (5) is the same on S, and the same off S.
    """
    z = diagonal + k * shift + bias
    r = 1 - z * (diagonal + k * shift)
    outside = -z * k * shift
    on = -(z * r + diagonal * r + shift * (k * r + (m - k) * outside))
    off = -z * outside
    p = Fraction(k, m)
    pair = p * Fraction(k - 1, m - 1)
    return diagonal + shift - size * p * on, shift - size * (pair * on + (p - pair) * off)


def _common_mode(
    m: int, k: int, diagonal: Fraction, shift: Fraction, bias: Fraction, rate: Fraction
) -> tuple[Fraction, Fraction]:
    """Frobenius errors before and (from below: sin^2 <= 2 - 2 cos) after one step of size rate m/k."""
    own, other = common_mode_step(m, k, diagonal, shift, bias, rate * Fraction(m, k))
    tan2 = (m - 1) * other**2 / own**2
    return m * (2 - 2 * (diagonal + shift)), m * tan2 / (1 + tan2)


def _near_truth(
    m: int, k: int, delta: Fraction, diagonal: Fraction, shift: Fraction
) -> tuple[Comparison, ...]:
    """What Theorem 4 (iii) assumes of A = I, W = diagonal I + shift 11^T, codes 1_S."""
    return (
        Comparison("||W_i||^2 == 1", (diagonal + shift) ** 2 + (m - 1) * shift**2, "==", 1),
        Comparison("||W_i - A_i||^2 <= delta^2", 2 - 2 * (diagonal + shift), "<=", delta**2),
        Comparison(
            "||W - A||_F^2 <= 4 <= 4 ||A||^2, so W is (delta, 2)-near to A",
            m * (2 - 2 * (diagonal + shift)),
            "<=",
            4,
        ),
        Comparison(
            "delta log n <= 6/5 (n = m, log n rounded up)",
            delta * log_above(m),
            "<=",
            Fraction(6, 5),
        ),
        Comparison("k delta^2 <= 1, so k = O(1/delta^2)", k * delta**2, "<=", 1),
        Comparison("3 <= k, so p_ijl > 0", 3, "<=", k),
    )


@counterexample("N19-theorem4iii", "bias")
def ce_theorem4iii_bias(
    m: int = 100,
    k: int = 3,
    bias: Fraction = -HALF,
    rate: Rational = 1,
    constant: Rational = 1,
    delta: Fraction = Fraction(1, 9),
) -> Certificate:
    """Theorem 4 (iii.2), from W = A = I: the bias moves every column towards all others, and the error O(k^3/m) is exceeded.

    Entry j != i of g_i is b (2 kappa_1 + b) p_ij. After one step of size rate m/k the squared
    Frobenius error is near (3 rate (k-1)/(4 + 3 rate))^2 for b = -1/2, whatever m is, where (1 -
    tau) 0 + C k^3/m tends to 0.
    """
    before, after = _common_mode(m, k, Fraction(1), Fraction(0), bias, Fraction(rate))
    reach = delta * Fraction(k + 1, 2)
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
            "the same with C k^2 for C k^3/m", after, "<=", before + constant * k**2
        ),
        note="O(k^2) is what the corrected Lemma 4 gives: O(k^2/m) for each of the m columns.",
    )


@counterexample("N19-theorem4iii", "threshold")
def ce_theorem4iii_threshold(
    root_m: int = 20,
    k: int = 5,
    r: Fraction = Fraction(19, 20),
    rate: Rational = 1,
    constant: int = 1,
    delta: Fraction = Fraction(1, 10),
) -> Certificate:
    """Theorem 4 (iii.1), threshold 1/2 and b = 0: a shift of all columns in the common direction grows by about (k rate - 1)^2 in a step.

    A = I_m, m = root_m^2, W_i = (e_i + t (1, ..., 1)/root_m)/(t + r), t = (1 - r^2)/(2 r -
    2/root_m). Non-negative codes have the mean kappa_1 p (1, ..., 1): the curvature of the loss
    along a common shift of the columns is about k p_i, k times that along other directions.
    """
    m = root_m**2
    t = (1 - r**2) / (2 * r - Fraction(2, root_m))
    diagonal = 1 / (t + r)
    shift = t * diagonal / root_m
    before, after = _common_mode(m, k, diagonal, shift, Fraction(0), Fraction(rate))
    _, small = _common_mode(m, k, diagonal, shift, Fraction(0), Fraction(rate, k))
    return Certificate(
        data={
            "n = m": m,
            "k": k,
            "A": "I_m",
            "W": f"{diagonal} I + {shift} 11^T",
            "codes": "1_S, uniform supports",
            "zeta": f"{rate} m/k",
            "C": constant,
            "delta": delta,
        },
        hypotheses=(
            *_near_truth(m, k, delta, diagonal, shift),
            Comparison("z_i on S >= 1/2", diagonal + k * shift, ">=", HALF),
            Comparison("z_i off S < 1/2", k * shift, "<", HALF),
        ),
        printed=Comparison(
            "||W^+ - A||_F^2 <= ||W - A||_F^2 + C k^3/m (squared sines for the first)",
            after,
            "<=",
            before + Fraction(constant * k**3, m),
        ),
        corrected=Comparison(
            "sum_i sin^2 theta_i+ <= ||W - A||_F^2 at zeta = m/k^2", small, "<=", before
        ),
        note="With k >= 6 no zeta gives tau > 1/2: along the shift the error is multiplied by about (1 - k rate)^2, along other directions by "
        "(1 - rate)^2. A step of order m/k^2 contracts both, with tau of order 1/k.",
    )
