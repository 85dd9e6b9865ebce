"""Counterexamples to [N19] on code consistency: Theorem 3, the bounds of its proof."""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    basis,
    counterexample,
    identity,
    inner,
    matrix,
    transpose,
)
from ..exact import Model, mixture, pick


def two_means(
    delta: Fraction = Fraction(1, 10),
    bias: Fraction = Fraction(-1, 10),
    far: tuple[Fraction, Fraction] = (Fraction(20, 101), Fraction(99, 101)),
) -> Model:
    """n = m = 2, k = 1: A_1 = W_1 = e_1, A_2 = (40, 399)/401 and W_2 leaning to the side of A_1."""
    A = transpose(matrix([[1, 0], [Fraction(40, 401), Fraction(399, 401)]]))
    W = transpose(matrix([[1, 0], far]))
    half = Fraction(1, 2)
    return Model(W, A, mixture(half, half), (bias, bias), delta)


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
def ce_theorem3ii(
    delta: Fraction = Fraction(1, 10),
    bias: Fraction = Fraction(-1, 10),
    far: tuple[Fraction, Fraction] = (Fraction(20, 101), Fraction(99, 101)),
    inside: Fraction = Fraction(-3, 10),
) -> Certificate:
    """Theorem 3 (ii), the upper end of the bias interval: at b = -a_2 delta sqrt(k) an inactive neuron fires. No noise, k = 1.

    Off the support z_i can reach mu/sqrt(n) + delta + b, not delta + b. At y = A_1: z_2 = <W_2,
    A_1> - 1/10 = 20/101 - 1/10 > 0.
    """
    s = two_means(delta, bias, far)
    sample = basis(2, 1)
    z = s.pre_activation(sample)[1][0]
    deeper = two_means(delta, inside, far).pre_activation(sample)[1][0]
    return Certificate(
        data=s.data() | {"x*": sample, "P(x*)": s.probability(1), "mu/sqrt(n)": s.coherence},
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative(), *in_printed_interval(s)),
        printed=Comparison("z_2 <= 0 for the sample y = A_1, as x*_2 = 0", z, "<=", 0),
        corrected=Comparison(
            f"z_2 <= 0 at b = {inside} <= -a_2 (k mu/sqrt(n) + delta sqrt(k (1 + (k-1) mu/sqrt(n))))",
            deeper,
            "<=",
            0,
        ),
        note="The sample has probability 1/2. The interval of the proof of Theorem 4, [-1 + 2 delta sqrt(k), -delta], holds this b too; the "
        "short proof's b <= -2 delta leaves room for mu/sqrt(n) <= delta and is right for k = 1 without noise.",
    )


@counterexample("N19-interference")
def ce_interference() -> Certificate:
    """Appendix A.2: |Z_i| <= a_2 sqrt(mu^2 k^2/n + k delta^2). The bounds of the two parts add; their squares do not."""
    s = two_means()
    Z = inner(pick(s.W, 2), pick(s.A_star, 1))
    return Certificate(
        data=s.data() | {"x*": basis(2, 1), "i": 2},
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative()),
        printed=Comparison(
            "Z_2^2 <= a_2^2 (mu^2 k^2/n + k delta^2)",
            Z**2,
            "<=",
            s.a_2**2 * (s.coherence**2 + s.delta**2),
        ),
        corrected=Comparison(
            "|Z_2| <= a_2 (k mu/sqrt(n) + delta sqrt(k) ||A_S||), ||A_S|| = 1",
            abs(Z),
            "<=",
            s.a_2 * (s.coherence + s.delta),
        ),
        note="Claim 1 (iii) has the factors 2 and 2 ||A_S||^2, dropped here.",
    )


@counterexample("N19-theorem1i")
def ce_negative_bias(
    cosine: Fraction = Fraction(99, 101),
    sine: Fraction = Fraction(20, 101),
    delta: Fraction = Fraction(1, 5),
    bias: Fraction = Fraction(0),
) -> Certificate:
    """Theorem 1 (i), informal, without a condition on b: at b = 0 ReLU lets an inactive neuron fire although W is delta-close to A."""
    W = matrix([[cosine, -sine], [sine, cosine]])
    half = Fraction(1, 2)
    s = Model(W, identity(2), mixture(half, half), (bias, bias), delta)
    z = s.pre_activation(basis(2, 2))[0][0]
    return Certificate(
        data=s.data() | {"x*": basis(2, 2)},
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative()),
        printed=Comparison("z_1 <= 0 for the sample y = A_2, as x*_1 = 0", z, "<=", 0),
        corrected=Comparison("z_1 - delta <= 0: with the bias -delta it is", z - delta, "<=", 0),
        note="<W_1, A_2> is positive for one of the two directions in which W_1 can err: no threshold below it works.",
    )


@counterexample("N19-theorem3iii")
def ce_theorem3iii(
    k: int = 6,
    root_m: int = 4,
    cosine: Fraction = Fraction(12, 13),
    sine: Fraction = Fraction(5, 13),
    delta: Fraction = Fraction(2, 5),
) -> Certificate:
    """Theorem 3 (iii), k = O(1/delta^2): with constant 1 every inactive neuron passes the threshold a_1/2, at every sample of size k.

    A = I_m, m - 1 = root_m^2, W_i = cos A_i + sin u_i with u_i = sum_{j != i} A_j/root_m. For i not
    in S, z_i = sin k/root_m. A constant below 1/4 rules this out: the interference is then at most
    a_2 sqrt(k) delta < a_1/2 - a_1 delta^2/2.
    """
    m = root_m**2 + 1
    W = tuple(tuple(cosine if i == j else sine / root_m for j in range(m)) for i in range(m))
    sample = tuple((Fraction(int(j < k)),) for j in range(m))
    s = Model(
        W,
        identity(m),
        ((Fraction(1), sample),),
        (Fraction(0),) * m,
        delta,
        n_active=k,
        threshold=Fraction(1, 2),
    )
    z = [entry for (entry,), (x,) in zip(s.pre_activation(sample), sample, strict=True) if not x]
    return Certificate(
        data=s.data()
        | {
            "W_i": f"{cosine} e_i + {sine / root_m} sum_(j != i) e_j",
            "S": f"{{1, ..., {k}}}, x*_S = 1",
        },
        hypotheses=(*s.model(), *s.codes(), *s.nonnegative()),
        printed=Comparison(
            "max over i not in S of |z_i| < a_1/2", max(map(abs, z)), "<", s.a_1 / 2
        ),
        corrected=Comparison(
            "max over i not in S of |z_i| <= a_2 (k mu/sqrt(n) + delta sqrt(k) ||A_S||), squared",
            max(map(abs, z)) ** 2,
            "<=",
            s.a_2**2 * k * s.delta**2,
        ),
        note="W and A treat all atoms alike, so it is the same for every support of size k: no sample is encoded consistently. The same "
        "construction with m = 2 k and k = 1/delta^2 has z_i near 1/sqrt(2) for every delta.",
    )
