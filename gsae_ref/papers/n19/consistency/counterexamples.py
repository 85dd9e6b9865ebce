"""Counterexamples to [N19] on code consistency: Theorem 3, the bounds of its proof."""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    basis,
    counterexample,
    identity,
    inner,
    log_above,
    matrix,
    transpose,
)
from ..exact import Model, mixture, pick

HALF = Fraction(1, 2)


def turned(half_tangent: Fraction) -> tuple[Fraction, Fraction]:
    """(cos, sin) of the angle whose half has the given tangent: a rational point of the circle."""
    square = half_tangent**2
    return (1 - square) / (1 + square), 2 * half_tangent / (1 + square)


def two_means(
    delta: Fraction = Fraction(1, 10),
    bias: Fraction = Fraction(-1, 10),
    lean: Fraction | None = None,
) -> Model:
    """n = m = 2, k = 1: A_1 = W_1 = e_1, A_2 near e_2, W_2 leaning to the side of A_1.

    <A_1, A_2> and ||W_2 - A_2|| are just below delta, <W_2, A_1> just below 2 delta.
    """
    near_cosine, near_sine = turned(delta / 2)
    cosine, sine = turned(delta if lean is None else lean)
    A = transpose(matrix([[1, 0], [near_sine, near_cosine]]))
    W = transpose(matrix([[1, 0], [sine, cosine]]))
    return Model(W, A, mixture(HALF, HALF), (bias, bias), delta)


def in_printed_interval(s: Model) -> tuple[Comparison, ...]:
    """-(1-delta) a_1 + a_2 delta sqrt(k) <= b_i <= -a_2 delta sqrt(k), for k = 1."""
    return (
        Comparison(
            "-(1 - delta) a_1 + a_2 delta <= min_i b_i",
            -(1 - s.delta) * s.a_1 + s.a_2 * s.delta,
            "<=",
            min(s.bias),
        ),
        Comparison("max_i b_i <= -a_2 delta", max(s.bias), "<=", -s.a_2 * s.delta),
    )


@counterexample("N19-theorem3ii")
def inactive_neuron_above_the_interval(
    delta: Fraction = Fraction(1, 10),
    bias: Fraction | None = None,
    lean: Fraction | None = None,
    inside: Fraction = Fraction(-3, 10),
) -> Certificate:
    """Theorem 3 (ii): at b = -a_2 delta sqrt(k), the upper end, an inactive neuron fires.

    No noise, k = 1. Off the support z_i can reach mu/sqrt(n) + delta + b, not delta + b. At y =
    A_1: z_2 = <W_2, A_1> - delta = 2 delta/(1 + delta^2) - delta > 0, for every delta < 1.
    """
    s = two_means(delta, -delta if bias is None else bias, lean)
    sample = basis(2, 1)
    z = s.pre_activation(sample)[1][0]
    deeper = two_means(delta, inside, lean).pre_activation(sample)[1][0]
    return Certificate(
        data=s.data() | {"x*": sample, "P(x*)": s.probability(1), "mu/sqrt(n)": s.coherence},
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative(), *in_printed_interval(s)),
        printed=Comparison("z_2 <= 0 for the sample y = A_1, as x*_2 = 0", z, "<=", 0),
        corrected=Comparison(
            f"z_2 <= 0 at b = {inside} <= -a_2 rho_k, rho_k = mu/sqrt(n) + delta", deeper, "<=", 0
        ),
        note="The sample has probability 1/2, whatever delta is: in R^n, with n - 2 coordinates "
        "zero and delta = 1/log n, the support is lost at half of the samples for every n. The "
        "interval of the proof of Theorem 4, [-1 + 2 delta sqrt(k), -delta], holds this b too; the "
        "short proof's b <= -2 delta leaves room for mu/sqrt(n) <= delta and is right for k = 1 "
        "without noise.",
    )


@counterexample("N19-theorem1i")
def relu_without_a_bias(
    half_tangent: Fraction = Fraction(1, 10),
    delta: Fraction = Fraction(1, 5),
    bias: Fraction = Fraction(0),
) -> Certificate:
    """Theorem 1 (i), informal: at b = 0 ReLU lets an inactive neuron fire, W delta-close to A.

    z_1 = sin theta at y = A_2, for every angle theta > 0.
    """
    cosine, sine = turned(half_tangent)
    W = matrix([[cosine, -sine], [sine, cosine]])
    s = Model(W, identity(2), mixture(HALF, HALF), (bias, bias), delta)
    z = s.pre_activation(basis(2, 2))[0][0]
    return Certificate(
        data=s.data() | {"x*": basis(2, 2)},
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative()),
        printed=Comparison("z_1 <= 0 for the sample y = A_2, as x*_1 = 0", z, "<=", 0),
        corrected=Comparison("z_1 - delta <= 0: with the bias -delta it is", z - delta, "<=", 0),
        note="<W_1, A_2> is positive for one of the two directions in which W_1 can err: no "
        "threshold below it works.",
    )


def sign_sum_tail(n_signs: int, threshold: Fraction) -> Fraction:
    """P(|e_1 + ... + e_q| >= threshold) for q independent signs, exactly."""
    total = 0
    term = 1  # binomial(q, j)
    for j in range(n_signs // 2 + 1):
        if n_signs - 2 * j < threshold:
            break
        total += term * (1 if n_signs == 2 * j else 2)
        term = term * (n_signs - j) // (j + 1)
    return Fraction(total, 2**n_signs)


def _rounded_down(x: Fraction, digits: int = 6) -> Fraction:
    return Fraction(x.numerator * 10**digits // x.denominator, 10**digits)


def _law_of_blocks(r: int, q: int, k: int, m: int) -> tuple[Comparison, ...]:
    """A1 of q atoms out of each block of r + 1: the ratios of p_i, p_ij, p_ijl to (k/m)^j."""
    chance = Fraction(q, r + 1)
    pair = chance * Fraction(q - 1, r)
    triple = pair * Fraction(q - 2, r - 1)
    return (
        Comparison("p_i == k/m", chance, "==", Fraction(k, m)),
        Comparison("1/2 (k/m)^2 <= p_ij within a block", chance**2 / 2, "<=", pair),
        Comparison("p_ij <= (k/m)^2, its value across blocks", pair, "<=", chance**2),
        Comparison("1/2 (k/m)^3 <= p_ijl within a block", chance**3 / 2, "<=", triple),
        Comparison("p_ijl <= (k/m)^3, its largest value", triple, "<=", chance**3),
    )


@counterexample("N19-theorem3-short")
def noise_above_the_interval(root: int = 100, extra: Fraction = Fraction(0)) -> Certificate:
    """Theorem 3, short proof: at b = -2 delta noise alone activates a neuron.

    Two means, A_i = W_i = e_i in R^n, delta = sigma_eta = 1/sqrt(n). At x* = e_1 z_2 = eta_2 + b is
    positive where eta_2 > 2 sigma, with probability at least phi(2)(1/2 - 1/8) >= 1/50 (a lower
    bound of Mills' ratio), for every n.
    """
    n = root**2
    delta = Fraction(1, root)
    b = -2 * delta - extra
    error = Fraction(1, 50)
    mills = Fraction(3, 8) / (Fraction(739, 100) * Fraction(251, 100))
    return Certificate(
        data={
            "n": n,
            "m": 2,
            "A_i = W_i": "e_i",
            "delta = sigma_eta": delta,
            "b_i": b,
            "k": 1,
            "P(the inactive neuron is active), rounded down": error,
        },
        hypotheses=(
            Comparison("delta log n <= 1 (log n rounded up)", delta * log_above(n), "<=", 1),
            Comparison("mu == 0 <= delta sqrt(n)/k", 0, "<=", delta * root),
            Comparison("sigma_eta sqrt(n) <= 1", delta * root, "<=", 1),
            Comparison("-1 + delta < b_i", -1 + delta, "<", b),
            Comparison("b_i <= -2 delta", b, "<=", -2 * delta),
            Comparison("-b_i <= 2 sigma_eta", -b, "<=", 2 * delta),
            Comparison(
                "1/50 <= phi(2)(1/2 - 1/8), as e^2 <= 739/100, sqrt(2 pi) <= 251/100",
                error,
                "<=",
                mills,
            ),
        ),
        printed=Comparison(
            "P(x has another support than x*), at least 1/50, <= 1/n: with high probability it is "
            "n^(-omega(1))",
            error,
            "<=",
            Fraction(1, n),
        ),
        corrected=Comparison("z_i <= N + b_i at b_i = -2 delta - N", -2 * delta, "<=", 0),
        note="At a fixed delta the noise, of order sqrt(log n/n), is below the room that delta "
        "leaves for large n; a training whose delta goes to 0 passes delta = 1/sqrt(n).",
    )


@counterexample("N19-theorem3i")
def averages_of_blocks(s: int = 433, n_blocks: int = 5726, q: int = 9013) -> Certificate:
    """Theorem 3 (i): A = W = [I_n, a_1, ..., a_M], a_t = (1/s) x the sum of block t of the e_j.

    n = M r, blocks of r = s^2 unit vectors, m = n + M, codes +-1, no noise, b = 0, delta = 0. In
    every block the law chooses q of its r + 1 atoms uniformly, blocks independent; k = M q. Where
    a_t is not in S, its pre-activation is the sum of q independent signs over s, and the network
    errs if that is at least 1/2 in modulus. So block t errs with the rational probability

        P >= (1 - q/(r + 1)) P(|e_1 + ... + e_q| >= s/2),

    independently, and P(sgn(x) = sgn(x*)) <= (1 - P)^M <= 1/(1 + M P).

    **For every n.** Let s = ceil(log^2 n) and q = floor(r/log n), so that k <= n/log n; q is log^3
    n (1 + o(1)). Cut the q signs into L = ceil(3 log n) groups of g = floor(q/L); let T be the sum
    of a group. E T^4 <= 3 (E T^2)^2, so by Paley and Zygmund P(T^2 >= g/4) >= (3/4)^2/3 = 3/16, and
    P(T >= sqrt(g)/2) >= 3/32. With probability at least (3/32)^L/2 all groups do that and the signs
    that are left over do not sum to less than zero; the sum is then at least L sqrt(g)/2, and
    L^2 g >= L (q - L) = 3 log^4 n (1 + o(1)) >= s^2 for large n, so that it is at least s/2. Hence
    P >= n^(-3 log(32/3) - o(1)) >= n^(-7.2) for large n: one atom a_t has the wrong sign with a
    probability that is not n^(-omega(1)). [] (Cramer's theorem gives P = n^(-1/8 + o(1)), so that
    with M = n/log^4 n blocks the probability that all signs are right tends to 0; the numbers below
    do not use it.)
    """
    r = s**2
    n = n_blocks * r
    m = n + n_blocks
    k = n_blocks * q
    log_n = log_above(n)
    missing = 1 - Fraction(q, r + 1)
    error = _rounded_down(missing * sign_sum_tail(q, Fraction(s, 2)))
    right = 1 / (1 + n_blocks * error)
    variance = Fraction(q, r)
    return Certificate(
        data={
            "n": n,
            "m": m,
            "k": k,
            "r = s^2": r,
            "M": n_blocks,
            "q": q,
            "A = W": "[I_n, a_1, ..., a_M], a_t = (1/s) sum of e_j over block t",
            "codes": "+-1; q of the r + 1 atoms of each block, blocks independent",
            "P(a block errs), rounded down": error,
        },
        hypotheses=(
            Comparison("||a_t||^2 == 1", Fraction(r, s**2), "==", 1),
            Comparison("n <= m", n, "<=", m),
            Comparison("m <= 2 n", m, "<=", 2 * n),
            Comparison("||A||^2 == ||I + sum_t a_t a_t^T|| == 2 <= 2 m/n", n, "<=", m),
            Comparison("mu/sqrt(n) == 1/s <= 1/log^2 n (log n rounded up)", log_n**2, "<=", s),
            Comparison("k log n <= n (log n rounded up)", k * log_n, "<=", n),
            Comparison("q <= r + 1", q, "<=", r + 1),
            *_law_of_blocks(r, q, k, m),
        ),
        printed=Comparison("P(sgn(x) = sgn(x*)), at most 1/(1 + M P), >= 1/2", right, ">=", HALF),
        corrected=Comparison(
            "the corrected condition, (mu^2 k/n) log^2 n small, is violated: (q/s^2) log^2 n >= 1",
            variance * log_n**2,
            ">=",
            1,
        ),
        note="One active block alone gives the interference the variance q/s^2 = mu^2 q/n, about "
        "1/log n: that of 1 of n/log^4 n independent sums, whose largest exceeds any constant. "
        "The proof has no argument for (i) but a reference.",
    )


def _mixed_law(n: int, k: int, rare: Fraction) -> list[Comparison]:
    """A1 of a law that is uniform but for one support of probability ``rare``."""
    found = []
    chance = Fraction(1)
    for j, name in enumerate(("p_i", "p_ij", "p_ijl"), 1):
        chance *= Fraction(k - j + 1, n - j + 1)
        order = Fraction(k, n) ** j
        low = (1 - rare) * chance
        found.append(Comparison(f"1/2 (k/n)^{j} <= min {name}", order / 2, "<=", low))
        found.append(Comparison(f"max {name} <= 2 (k/n)^{j}", low + rare, "<=", 2 * order))
    return found


@counterexample("N19-theorem3iii-any-constant")
def rare_common_support(
    q: int = 10, n: int = 10**6, half_tangent: Fraction = Fraction(1, 30)
) -> Certificate:
    """Theorem 3 (iii) with constant 1 in k = O(1/delta^2): a support of probability (k/n)^3 fails.

    A = I_n, B a set of k = q^2 atoms, W_i = cos e_i + (sin/q) sum_B e_j for i not in B, W_j = e_j
    in B. Codes 1_S, S uniform of size k with probability 1 - (k/n)^3, S = B otherwise. At S = B
    every inactive neuron has z_i = q sin, about 2/3, above a_1/2.
    """
    k = q**2
    cosine, sine = turned(half_tangent)
    rare = Fraction(k, n) ** 3
    z = q * sine
    squared = 2 - 2 * cosine
    delta = 2 * half_tangent
    return Certificate(
        data={
            "n = m": n,
            "k": k,
            "delta": delta,
            "A": "I_n, mu = 0",
            "W_i, i not in B": f"{cosine} e_i + {sine / q} sum of e_j over B",
            "codes": "1_S; S = B with probability (k/n)^3, else S uniform",
        },
        hypotheses=(
            Comparison("||W_i||^2 == 1", cosine**2 + k * (sine / q) ** 2, "==", 1),
            Comparison("||W_i - A_i||^2 <= delta^2", squared, "<=", delta**2),
            Comparison("delta log n <= 1 (log n rounded up)", delta * log_above(n), "<=", 1),
            Comparison("k delta^2 <= 1, so k = O(1/delta^2)", k * delta**2, "<=", 1),
            *_mixed_law(n, k, rare),
        ),
        printed=Comparison("z_i < 1/2 for i not in B at S = B, as x*_i = 0", z, "<", HALF),
        corrected=Comparison(
            "z_i^2 <= a_2^2 k delta^2, below 1/16 under the constant that the proof prints",
            z**2,
            "<=",
            k * delta**2,
        ),
        note="S = B has probability (k/n)^3 >= n^(-3): not n^(-omega(1)). delta = 1/log n and k = "
        "log^2 n serve for every n. The proof prints the constant it uses: a_2 delta sqrt(k) < "
        "a_1/4. For uniform supports, ||A|| = O(1) and n <= m a Chernoff bound for sampling "
        "without replacement makes the statement true with high probability for every constant.",
    )


@counterexample("N19-k-log-squared", also=("N19-k-root-n",))
def small_delta_allows_large_k(
    n: int = 10**12,
    k: int = 10**9,
    delta: Fraction = Fraction(1, 10**5),
    constant: int = 100,
) -> Certificate:
    """A.2 and B.3: k = O(1/delta^2) allows a k that is neither O(log^2 n) nor O(sqrt(n)).

    delta = O*(1/log n) is an upper bound. A = W = I_n, constant codes; k = n^(3/4).
    """
    return Certificate(
        data={"n = m": n, "k": k, "delta": delta, "A = W": "I_n, mu = 0", "C": constant},
        hypotheses=(
            Comparison("delta log n <= 1 (log n rounded up)", delta * log_above(n), "<=", 1),
            Comparison("k delta^2 <= 1, so k = O(1/delta^2)", k * delta**2, "<=", 1),
            Comparison("k log n <= n (log n rounded up)", k * log_above(n), "<=", n),
            Comparison("k > C log^2 n (log n rounded up)", k, ">", constant * log_above(n) ** 2),
        ),
        printed=Comparison("k^2 <= C^2 n, that is k <= C sqrt(n)", k**2, "<=", constant**2 * n),
        corrected=Comparison("k <= 1/delta^2", k, "<=", 1 / delta**2),
        note="With delta = n^(-1/2) k = n^(3/4) meets k = O(1/delta^2), for every n. The two "
        "sentences need a delta of order 1/log n, which holds at the first step at most.",
    )
