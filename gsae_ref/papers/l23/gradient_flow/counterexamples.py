"""Counterexamples to [L23] on gradient flow: Lemmas 5 and 6, Theorem 2 and its proof."""

from fractions import Fraction

from ....claims.exact import (
    Certificate,
    Comparison,
    Matrix,
    add,
    column,
    counterexample,
    exp_above,
    frobenius_squared,
    identity,
    inner,
    is_psd,
    log_above,
    norm,
    product,
    root,
    scale,
    spectral_norm,
    subtract,
    transpose,
)

ROOT_BELOW = Fraction(7, 5)
ROOT_ABOVE = Fraction(3, 2)  # of 2: 49/25 < 2 < 9/4


@counterexample("L23-lemma5")
def growth_at_equality(
    theta: Fraction = Fraction(1, 2), B: Fraction = Fraction(100)
) -> Certificate:
    """Equality in the hypothesis, u' = u^5 + sqrt 2 B u^3: u reaches sqrt(theta) before T.

    It does so by int_theta^sqrt(theta) du / (sqrt 2 B u^3) = (1 - theta)/(2 sqrt 2 B theta^2),
    since u^5 > 0.
    """
    reached = (1 - theta) / (2 * ROOT_BELOW * B * theta**2)
    not_before = (1 - theta) / (2 * theta**2 * (theta + ROOT_ABOVE * B))
    log_below = Fraction(2, 3)
    claimed = log_below / (2 * theta**2 + theta * ROOT_ABOVE * B)
    return Certificate(
        data={
            "theta = u(0)": theta,
            "B": B,
            "T (rounded down)": claimed,
            "u = sqrt(theta) at the latest at": reached,
        },
        hypotheses=(
            Comparison("B > 0", B, ">", 0),
            Comparison("theta > 0", theta, ">", 0),
            Comparison("theta < 1", theta, "<", 1),
            Comparison("e^2 <= theta^-3, so 2/3 <= log(1/theta)", exp_above(2), "<=", theta**-3),
            Comparison(
                "2 B <= (3 B / 2)^2: T with sqrt(2 B), as printed, is no smaller than with 3/2 B",
                2 * B,
                "<=",
                (ROOT_ABOVE * B) ** 2,
            ),
        ),
        printed=Comparison("T <= the time at which u exceeds sqrt(theta)", claimed, "<=", reached),
        corrected=Comparison(
            "log(1/theta)/(2 theta^2 + 2 sqrt 2 theta B) <= the time at which u > sqrt(theta)",
            log_above(1 / theta) / (2 * theta**2 + 2 * ROOT_BELOW * theta * B),
            "<=",
            not_before,
        ),
        note="d log(u^2)/dt <= 2 u^4 + 2 sqrt 2 u^2 B; the proof drops the second factor 2.",
    )


@counterexample("L23-lemma6")
def limit_below_the_signal(
    B: Fraction = Fraction(9, 100),
    tau: Fraction = Fraction(49, 100),
    theta: Fraction = Fraction(2, 5),
) -> Certificate:
    """Equality in the hypothesis, u* = 1: y = u^3/sqrt 2 < 1 - 3B, so abs(y - 1) > 3B always."""
    return Certificate(
        data={"u*": 1, "u(0) = theta": theta, "B": B, "tau": tau, "limit of u^3/sqrt 2": 1 - 3 * B},
        hypotheses=(
            Comparison("0 < B", 0, "<", B),
            Comparison("B < 1/10", B, "<", Fraction(1, 10)),
            Comparison("tau < 1/2", tau, "<", Fraction(1, 2)),
            Comparison("theta < u*/2", theta, "<", Fraction(1, 2)),
            Comparison(
                "theta^6 < 2 (1 - 3B)^2: y starts below its limit",
                theta**6,
                "<",
                2 * (1 - 3 * B) ** 2,
            ),
        ),
        printed=Comparison(
            "abs(u^3/sqrt 2 - u*^2) < (1 - 3B - tau) u*^2 for large t; inf over all t",
            3 * B,
            "<",
            1 - 3 * B - tau,
        ),
        corrected=Comparison(
            "u^3/sqrt 2 >= (1 - 3B - tau) u*^2 for large t; limit", 1 - 3 * B, ">=", 1 - 3 * B - tau
        ),
        note="The proof gives u^3/sqrt 2 >= (1 - 3B - tau) u*^2; a deviation would be 3B + tau.",
    )


@counterexample("L23-theorem2-times")
def order_of_the_times(
    theta: Fraction = Fraction(1, 1000),
    epsilon: Fraction = Fraction(1, 100),
    B: Fraction = Fraction(1, 1000),
) -> Certificate:
    """T_l < T_u of the proof, u* = 1: T_l > 4/(5 theta^3), T_u < log(1/theta)/(2 theta^2).

    2^(1/3)/sqrt 2 = 2^(-1/6) > 4/5, since (4/5)^6 < 1/2.
    """
    lower = Fraction(4, 5) / theta**3
    upper = log_above(1 / theta) / (2 * theta**2)
    return Certificate(
        data={
            "u*": 1,
            "theta": theta,
            "epsilon": epsilon,
            "B": B,
            "T_l (rounded down)": lower,
            "T_u (rounded up)": upper,
        },
        hypotheses=(
            Comparison("theta < epsilon / (2 u_max*^2)", theta, "<", epsilon / 2),
            Comparison("0 < B", 0, "<", B),
            Comparison("B <= 1/100", B, "<=", Fraction(1, 100)),
            Comparison(
                "epsilon < u*^2 / 2, so that the second term of T_l is positive",
                epsilon,
                "<",
                Fraction(1, 2),
            ),
            Comparison("(4/5)^6 < 1/2", Fraction(4, 5) ** 6, "<", Fraction(1, 2)),
        ),
        printed=Comparison("T_l < T_u", lower, "<", upper),
        corrected=Comparison(
            "exact window, to ||w|| >= 49/50 and u <= sqrt(theta), times sqrt 2: "
            "(1/theta + 2)/(1 - 1/50) <= (1/theta)(1 - 1/10)/B",
            (1 / theta + 2) / (1 - Fraction(1, 50)),
            "<=",
            Fraction(9, 10) / theta / B,
        ),
        note="T_l is of order theta^-3, the flow needs 1/(sqrt 2 ||a|| theta); T_u is of order "
        "theta^-2.",
    )


def _overtaking(
    u_hi: Fraction, level: Fraction, s: Fraction, share: Fraction
) -> tuple[Comparison, ...]:
    """That u_2 exceeds u_hi from s on, and that u_1 stays bounded until s."""
    return (
        Comparison(
            "u_hi^3 >= 2 side constant theta^(3/2), so w_2 is too large from s on",
            u_hi**3,
            ">=",
            level,
        ),
        Comparison("u_hi^6 < 2: u_2 still grows at u_hi", u_hi**6, "<", 2),
        Comparison("s > 0", s, ">", 0),
        Comparison("s u*_1^2 theta < 1: u_1 is bounded until s", share, "<", 1),
    )


@counterexample("L23-theorem2")
def large_group_off_the_support(
    constant: Fraction = Fraction(10), side: int = 50, theta: Fraction = Fraction(1, 10**6)
) -> Certificate:
    """Theorem 2 with ``constant`` for <~: a large group outside S grows before the group in S does.

    X^T X / n = I. S = {1}, p_1 = 1, w*_1 = 1/2, no noise on it. Group 2 has side^2 entries, each
    with the noise 1/side, so ||nu_2||_2 = 1 while the largest entry is 1/side. In units of time
    sqrt 2: u_2' = u_2^2 - u_2^5/sqrt 2 >= u_2^2 (1 - u_2^3), u_1' <= u_1^2/2. Let u_hi^3 >= 2 side
    constant theta^(3/2); u_2 gets there by s = (1/theta - 1/u_hi)/(1 - u_hi^3), and then an entry
    of w_2, u_2^3/(sqrt 2 side), exceeds constant theta^(3/2) for good. Until s, u_1 <= 1/(1/theta -
    s/2), so w_1 = u_1^3/sqrt 2 is far from 1/2.
    """
    noise = Fraction(1, side)
    star = Fraction(1, 2)
    small = root(theta)
    ratio = next(k for k in range(1, 10**4) if k**3 >= 2 * side * constant)
    u_hi = ratio * small
    s = (1 / theta - 1 / u_hi) / (1 - u_hi**3)
    u_1 = 1 / (1 / theta - s * star)
    return Certificate(
        data={
            "L": 2,
            "p_1": 1,
            "p_2": side**2,
            "w*_1": star,
            "X_1^T xi / n": 0,
            "entries of X_2^T xi / n": noise,
            "theta": theta,
            "epsilon": noise,
            "constant": constant,
            "u_2 > u_hi from s on": s,
            "u_hi": u_hi,
            "u_1 until s": u_1,
        },
        hypotheses=(
            Comparison("epsilon > 0", noise, ">", 0),
            Comparison("theta < epsilon / (2 u_max*^2)", theta, "<", noise / (2 * star)),
            *_overtaking(u_hi, 2 * side * constant * small**3, s, s * star * theta),
        ),
        printed=Comparison(
            "abs(w_1 - w*_1) <= constant max(||X^T xi / n||_inf, epsilon) at some time before s; "
            "least error, w_1 < u_1^3",
            star - u_1**3,
            "<=",
            constant * noise,
        ),
        corrected=Comparison(
            "max ||nu_l||_2 off S < min ||a_l|| on S, which is missing: ||nu_2||_2 >= ||a_1|| here",
            side * noise,
            ">=",
            star,
        ),
        note="It fails for every constant and a large side: the error on S is 1/2, its bound "
        "constant/side.",
    )


@counterexample("L23-theorem2-growth")
def growth_of_a_small_group(
    u: Fraction = Fraction(1, 100),
    noise: Fraction = Fraction(1, 20),
    signal: Fraction = Fraction(1),
) -> Certificate:
    """One group off S, v along its noise, ||v||^2 = u^2/2: u^4 stands for u^3 in the printed bound.

    Both groups have one entry. B is ||X^T y / n||_inf, the signal, as printed, or the noise. The
    slope is -2 ||w||^2 + 2 ||w|| noise = -u^6 + sqrt 2 u^3 noise, since ||w|| = u^3/sqrt 2.
    """
    slope = -(u**6) + ROOT_BELOW * u**3 * noise
    B = max(signal, noise)
    return Certificate(
        data={
            "X^T X / n": "I",
            "u": u,
            "||v||^2": u**2 / 2,
            "||X_l^T xi / n||_2": noise,
            "X_1^T y / n, S = {1}": signal,
            "1/2 d(u^2)/dt (rounded down)": slope,
        },
        hypotheses=(
            Comparison("u > 0", u, ">", 0),
            Comparison("noise > 0", noise, ">", 0),
            Comparison("(7/5)^2 < 2", ROOT_BELOW**2, "<", 2),
            Comparison("2 < (3/2)^2", 2, "<", ROOT_ABOVE**2),
        ),
        printed=Comparison(
            "1/2 d(u^2)/dt <= u^6 + sqrt 2 u^4 B, B the larger of both",
            slope,
            "<=",
            u**6 + ROOT_ABOVE * u**4 * B,
        ),
        corrected=Comparison(
            "-u^6 + sqrt 2 u^3 ||X_l^T xi / n||_2, from above",
            slope,
            "<=",
            -(u**6) + ROOT_ABOVE * u**3 * noise,
        ),
        note="2/n w_l^T X_l^T xi is 2 (u^3/sqrt 2) ||X_l^T xi / n||_2 at most, and -2 ||w_l||^2 "
        "has lost its sign.",
    )
