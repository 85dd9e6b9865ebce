"""Counterexamples to Theorems 3 and 4 and Corollary 1 of [L23]: the window, the error off the support, the rate, the step size."""

from fractions import Fraction
from math import factorial

from ....claims.exact import (
    Certificate,
    Comparison,
    add,
    column,
    counterexample,
    exp_above,
    frobenius_squared,
    log_above,
    root,
    scale,
)


def _theorem3(
    u_max: int,
    u_min: int,
    epsilon: Fraction,
    noise: Fraction,
    L: int,
    gamma: Fraction,
    alpha: Fraction,
) -> tuple[Comparison, ...]:
    """The hypotheses of Theorem 3 on an orthogonal design: zeta (largest entry of the noise), alpha, gamma, the deltas."""
    return (
        Comparison("epsilon > 0", epsilon, ">", 0),
        Comparison("alpha > 0", alpha, ">", 0),
        Comparison("alpha < epsilon^4 / u_max*^8", alpha, "<", epsilon**4 / u_max**4),
        Comparison("alpha < 1 / u_max*^8", alpha, "<", 1 / Fraction(u_max) ** 4),
        Comparison("alpha < u_min*^2 / (80 L)", alpha, "<", Fraction(u_min) / (80 * L)),
        Comparison("alpha < epsilon / L", alpha, "<", epsilon / L),
        Comparison("gamma <= 1/(20 u_max*^2)", gamma, "<=", 1 / (20 * Fraction(u_max))),
        Comparison(
            "delta_in = delta_out = 0 <= u_min*^2 / (120 s u_max*^2), s <= L",
            0,
            "<=",
            Fraction(u_min) / (120 * L * u_max),
        ),
        Comparison(
            "zeta = 80 max(||X^T xi / n||_inf, epsilon) <= u_max*^2",
            80 * max(noise, epsilon),
            "<=",
            u_max,
        ),
    )


@counterexample("L23-tub")
def ce_window(
    alpha: Fraction = Fraction(1, 10**9),
    gamma: Fraction = Fraction(1, 20),
    epsilon: Fraction = Fraction(1, 80),
    L: int = 4,
    noise: Fraction = Fraction(0),
) -> Certificate:
    """T_lb <= T_ub with T_ub = 5 log(1/alpha^4)/(16 gamma Z), u_min* = u_max* = 1, zeta <= 1 so Z = 1: T_lb is 825, T_ub 518.

    log(1 + x) <= x bounds T_lb from below, log(1 + x) >= x/(1 + x) from above; the second term of
    T_lb is not negative, and 0 for zeta > 1/2.
    """
    k = next(k for k in range(200, 0, -1) if exp_above(k) <= 1 / (2 * alpha**2))
    lower = k / gamma
    log_inverse = log_above(1 / alpha)
    upper = Fraction(5, 16) * 4 * log_inverse / gamma
    lower_above = log_above(1 / (2 * alpha**2)) * (1 + gamma / 2) / gamma
    log_below = next(j for j in range(200, 0, -1) if exp_above(j) <= 1 / alpha)
    return Certificate(
        data={
            "u_max*^2 = u_min*^2": 1,
            "epsilon": epsilon,
            "zeta": 80 * max(noise, epsilon),
            "L": L,
            "gamma": gamma,
            "alpha": alpha,
            "T_lb (rounded down)": lower,
            "T_ub (rounded up)": upper,
        },
        hypotheses=(
            *_theorem3(1, 1, epsilon, noise, L, gamma, alpha),
            Comparison(
                "zeta > 1/2, so floor(log2(1/zeta)) == 0",
                80 * max(noise, epsilon),
                ">",
                Fraction(1, 2),
            ),
        ),
        printed=Comparison("T_lb <= 5/16 log(1/alpha^4) / (gamma Z)", lower, "<=", upper),
        corrected=Comparison(
            "T_lb <= log(1/alpha^4) / (gamma Z)", lower_above, "<=", 4 * log_below / gamma
        ),
        note="gamma Z T_lb >= 2 log(1/alpha) + log(1/2) against 5/4 log(1/alpha): empty for every alpha that Theorem 3 admits here.",
    )


@counterexample("L23-theorem3")
def ce_theorem3(
    side: int = 400,
    level: Fraction = Fraction(1, 100),
    alpha: Fraction = Fraction(1, 10**9),
    gamma: Fraction = Fraction(1, 20),
    constant: Fraction = Fraction(10**6),
) -> Certificate:
    """Group 2, off the support, has side^2 entries with the noise ``level``: ||nu_2||_2 = B = side level, and u_2^2 grows to B before T_lb.

    While u^2 <= B/2, u grows by 1 + gamma B a step: from alpha it has passed B/2 after t_0 steps.
    As gamma <= 1/(4B) it stays above (Lemma 9), so every entry of w_2 = u_2^2 nu_2/||nu_2|| is at
    least (B/2)/side = level/2 at all t >= t_0, and t_0 < T_lb.
    """
    B = side * level
    epsilon = level
    L = 2
    t_0 = next(t for t in range(1, 2000) if alpha**2 * (1 + gamma * B) ** (2 * t) >= B / 2)
    k = next(k for k in range(200, 0, -1) if exp_above(k) <= 1 / (2 * alpha**2))
    return Certificate(
        data={
            "L": L,
            "S": "{1}",
            "p_1": 1,
            "w*_1": 1,
            "p_2": side**2,
            "entries of X_2^T xi / n": level,
            "X_1^T xi / n": 0,
            "epsilon": epsilon,
            "zeta": 80 * level,
            "gamma": gamma,
            "alpha": alpha,
            "t_0": t_0,
            "T_lb (rounded down)": k / gamma,
        },
        hypotheses=(
            *_theorem3(1, 1, epsilon, level, L, gamma, alpha),
            Comparison("gamma <= 1/(4B), so that u_2^2 >= B/2 persists", gamma, "<=", 1 / (4 * B)),
            Comparison("t_0 <= T_lb (rounded down)", t_0, "<=", k / gamma),
        ),
        printed=Comparison(
            f"||w_2(t)||_inf <= {constant} alpha at T_lb <= t <= T_ub; least entry",
            level / 2,
            "<=",
            constant * alpha,
        ),
        corrected=Comparison(
            "with the 2-norm of the noise in zeta, zeta > u_max*^2, and R8 does not speak of this instance",
            80 * B,
            ">",
            1,
        ),
        note="The noise of a group enters through ||X_l^T xi / n||_2 = sqrt(p_l) times its entries.",
    )


@counterexample("L23-corollary1")
def ce_corollary1(
    n: int = 4096,
    p_1: int = 2048,
    star: Fraction = Fraction(100),
    alpha: Fraction = Fraction(1, 10**20),
    gamma: Fraction = Fraction(1, 2000),
    constant: Fraction = Fraction(100),
) -> Certificate:
    """X = sqrt(n) I, p = n, signs for noise (sigma = 1): nu_i = +-1/sqrt(n) for sure. S = {1}, w*_1 = star e_1; the rest is group 2.

    For t >= 1, w_1(t) lies on the line of a_1 = w*_1 + nu_1, so ||w_1 - w*_1||^2 >= (||w*||^2
    ||nu||^2 - <w*, nu>^2)/||a||^2 >= star^2 (p_1 - 1)/n / ((star + 1/sqrt n)^2 + (p_1 - 1)/n): a
    group of p_1 entries costs p_1 sigma^2 / n, not log p sigma^2 / n.
    """
    entry = 1 / root(n)
    least = star**2 * Fraction(p_1 - 1, n) / ((star + entry) ** 2 + Fraction(p_1 - 1, n))
    log_p = log_above(n)
    log_2p_below = next(k for k in range(100, 0, -1) if exp_above(k) <= 2 * n)
    eps_squared_above = 4 * log_above(2 * n) / n
    eps_squared_below = Fraction(4 * log_2p_below, n)
    claim = constant * log_p / n
    return Certificate(
        data={
            "n = p": n,
            "p_1": p_1,
            "s": 1,
            "L": 2,
            "sigma": 1,
            "w*_1": f"{star} e_1",
            "entries of X^T xi / n": f"+-{entry}",
            "alpha": alpha,
            "gamma": gamma,
            "constant": constant,
        },
        hypotheses=(
            Comparison(
                "alpha < epsilon^4 / u_max*^8, epsilon^2 = 4 log(2p)/n rounded down",
                alpha,
                "<",
                eps_squared_below**2 / star**4,
            ),
            Comparison("alpha < 1 / u_max*^8", alpha, "<", 1 / star**4),
            Comparison("alpha < u_min*^2 / (80 L)", alpha, "<", star / 160),
            Comparison("alpha^2 < (epsilon / L)^2", alpha**2, "<", eps_squared_below / 4),
            Comparison("gamma <= 1/(20 u_max*^2)", gamma, "<=", 1 / (20 * star)),
            Comparison(
                "zeta^2 = 6400 max(1/n, epsilon^2) <= u_max*^4 (rounded up)",
                6400 * max(Fraction(1, n), eps_squared_above),
                "<=",
                star**2,
            ),
            Comparison("delta_in = delta_out = 0 <= 1/120", 0, "<=", Fraction(1, 120)),
            Comparison(
                "E exp(t xi) = cosh t <= exp(t^2/2): 2^k k! <= (2k)! term by term, k = 1..6",
                max(2**k * factorial(k) - factorial(2 * k) for k in range(1, 7)),
                "<=",
                0,
            ),
            Comparison("p_1 < p", p_1, "<", n),
        ),
        printed=Comparison(
            f"||w(t) - w*||^2 <= {constant} s sigma^2 log p / n; least over all signs and all t >= 1",
            least,
            "<=",
            claim,
        ),
        corrected=Comparison(
            "||nu_1||_2^2 <= sum_S p_l sigma^2 log p / n (1 <= log p)",
            Fraction(p_1, n),
            "<=",
            Fraction(p_1, n) * log_2p_below,
        ),
        note="The proof sums eps^2 over the s groups; the error of a group is p_l times that of an entry. No draw of the noise is an exception.",
    )


@counterexample("L23-corollary1-epsilon")
def ce_epsilon(q: Fraction = Fraction(3, 16), size: int = 2, p: int = 1) -> Certificate:
    """n = p = 1: xi = +-size with probability q, else 0, is 1-sub-Gaussian, and exceeds 2 sqrt(log(2p)) with probability q > 1/(8 p^3).

    E exp(t xi) = 1 + q sum_k (size t)^(2k)/(2k)! <= exp(t^2/2) = sum_k t^(2k)/(2^k k!) term by
    term: beyond k = 3 each ratio of successive terms is smaller on the left, size^2/((2k+1)(2k+2))
    <= 1/(2(k+1)) iff 2 k + 1 >= size^2.
    """
    terms = [
        q * Fraction(size ** (2 * k), factorial(2 * k)) - Fraction(1, 2**k * factorial(k))
        for k in range(1, 7)
    ]
    return Certificate(
        data={"n = p": p, "X": 1, "sigma": 1, "xi": f"+-{size} with probability {q}, else 0"},
        hypotheses=(
            Comparison("q size^(2k)/(2k)! <= 1/(2^k k!), k = 1..6", max(terms), "<=", 0),
            Comparison("2 * 6 + 1 >= size^2: and for all larger k", 13, ">=", size**2),
            Comparison("q <= 1", q, "<=", 1),
            Comparison("q >= 0", q, ">=", 0),
            Comparison(
                "epsilon^2 = 4 log(2p) (rounded up) < size^2: a draw that is not 0 exceeds epsilon",
                4 * log_above(2 * p),
                "<",
                size**2,
            ),
        ),
        printed=Comparison(
            "P(||X^T xi / n||_inf > epsilon) <= 1/(8 p^3)", q, "<=", Fraction(1, 8 * p**3)
        ),
        corrected=Comparison(
            "2p exp(-n epsilon^2 / (2 sigma^2)) <= 1/(8 p^3) with epsilon = 2 sqrt(2 sigma^2 log(2p)/n)",
            2 * p * Fraction(1, (2 * p) ** 4),
            "<=",
            Fraction(1, 8 * p**3),
        ),
        note="The proof has the factor sqrt 2 in epsilon, the statement has lost it: 2p exp(-n epsilon^2/(2 sigma^2)) is then only 1/(2p).",
    )


@counterexample("L23-theorem4-step")
def ce_theorem4_step(
    star: Fraction = Fraction(100),
    tau: Fraction = Fraction(2, 5),
    sides: tuple[int, ...] = (35, 12, 37),
) -> Certificate:
    """One group, u^2 = u*^2 = u_max*^2 = 100, b = 0: with eta = 4/(9 u_max*^2), eta u^4 = 400/9 and a step throws v across v*.

    The paper's second phase is Lemma 16, which has eta <= 4/(9 u*^4).
    """
    a, b, c = sides
    v = column(Fraction(a, c), Fraction(b, c))
    v_star = column(1, 0)

    def cosine_squared(eta: Fraction) -> Fraction:
        """cos abs(cos) of v(t+1) with v*, (4)."""
        z = add(scale(1 - eta * star**2, v), scale(eta * star**2, v_star))
        return z[0][0] * abs(z[0][0]) / frobenius_squared(z)

    least = (1 - tau / 5) ** 2
    eta = Fraction(4, 9) / star
    return Certificate(
        data={
            "u*^2 = u_max*^2": star,
            "u(t)^2": star,
            "v*": v_star,
            "v(t)": v,
            "b_t": 0,
            "tau": tau,
            "eta": eta,
            "eta u^4": eta * star**2,
        },
        hypotheses=(
            Comparison("||v||^2 == 1", frobenius_squared(v), "==", 1),
            Comparison("0 < tau", 0, "<", tau),
            Comparison("tau < 1/2", tau, "<", Fraction(1, 2)),
            Comparison("<v(t), v*> >= 1 - tau/5", v[0][0], ">=", 1 - tau / 5),
            Comparison("u^2(t) >= u*^2 / 2: the criterion to switch", star, ">=", star / 2),
            Comparison("eta <= 4/(9 u_max*^2)", eta, "<=", Fraction(4, 9) / star),
        ),
        printed=Comparison(
            "cos abs(cos) of v(t+1) and v* >= (1 - tau/5)^2", cosine_squared(eta), ">=", least
        ),
        corrected=Comparison(
            "the same with eta = 4/(9 u_max*^4)",
            cosine_squared(Fraction(4, 9) / star**2),
            ">=",
            least,
        ),
        note="Any error of the direction is multiplied by 1 - eta u^4; the bound on eta has the wrong dimension.",
    )
