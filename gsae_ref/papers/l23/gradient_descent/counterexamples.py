"""Counterexamples to Theorems 3 and 4 and Corollary 1 of [L23]: window, error, rate, step size."""

from fractions import Fraction
from math import factorial

from ....claims.exact import (
    E_BELOW,
    Certificate,
    Comparison,
    Rational,
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
    u_min: Rational,
    epsilon: Fraction,
    noise: Fraction,
    L: int,
    gamma: Fraction,
    alpha: Fraction,
) -> tuple[Comparison, ...]:
    """The hypotheses of Theorem 3 on an orthogonal design, with the largest entry in zeta."""
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


@counterexample("L23-theorem3-times")
def times_of_equal_magnitudes(
    alpha: Fraction = Fraction(1, 10**9),
    gamma: Fraction = Fraction(1, 20),
    epsilon: Fraction = Fraction(1, 80),
    L: int = 4,
    noise: Fraction = Fraction(0),
) -> Certificate:
    """u_min* = u_max* = 1, zeta <= 1, so Z = 1: T_1 + T_2 is 825, T_3 at most 518.

    log(1 + x) <= x bounds T_1 from below, log(1 + x) >= x/(1 + x) from above; T_2 is not negative,
    and 0 for zeta > 1/2.
    """
    k = next(k for k in range(200, 0, -1) if exp_above(k) <= 1 / (2 * alpha**2))
    lower = k / gamma
    log_inverse = log_above(1 / alpha)
    upper = Fraction(5, 16) * 4 * log_inverse / gamma
    lower_above = log_above(1 / (2 * alpha**2)) * (1 + gamma / 2) / gamma
    log_below = next(j for j in range(200, 0, -1) if exp_above(j) <= 1 / alpha)
    zeta = 80 * max(noise, epsilon)
    return Certificate(
        data={
            "u_max*^2 = u_min*^2": 1,
            "epsilon": epsilon,
            "zeta": zeta,
            "L": L,
            "gamma": gamma,
            "alpha": alpha,
            "T_1 + T_2 = T_lb (rounded down)": lower,
            "5/16 log(1/alpha^4) / (gamma Z) (rounded up)": upper,
        },
        hypotheses=(
            *_theorem3(1, 1, epsilon, noise, L, gamma, alpha),
            Comparison("zeta > 1/2, so floor(log2(1/zeta)) == 0", zeta, ">", Fraction(1, 2)),
        ),
        printed=Comparison("T_1 + T_2 <= 5/16 log(1/alpha^4) / (gamma Z)", lower, "<=", upper),
        corrected=Comparison(
            "T_1 + T_2 <= log(1/alpha^4) / (gamma Z)", lower_above, "<=", 4 * log_below / gamma
        ),
        note="gamma Z T_1 >= 2 log(1/alpha) - log 2 against 5/4 log(1/alpha), for every small "
        "alpha.",
    )


@counterexample("L23-theorem3")
def noisy_group_off_the_support(
    side: int = 400,
    level: Fraction = Fraction(1, 100),
    alpha: Fraction = Fraction(1, 10**9),
    gamma: Fraction = Fraction(1, 20),
    constant: Fraction = Fraction(10**6),
) -> Certificate:
    """Group 2, off S, has side^2 entries of noise ``level``: u_2^2 grows to ||nu_2||_2 before T_lb.

    B = ||nu_2||_2 = side level. While u^2 <= B/2, u grows by 1 + gamma B a step: from alpha it has
    passed B/2 after t_0 steps. As gamma <= 1/(4B) it stays above (Lemma 9), so every entry of w_2 =
    u_2^2 nu_2/||nu_2|| is at least (B/2)/side = level/2 at all t >= t_0, and t_0 < T_lb.
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
            "with the 2-norm of the noise in zeta, zeta > u_max*^2: not an instance of R8",
            80 * B,
            ">",
            1,
        ),
        note="The noise of a group enters through its 2-norm, sqrt(p_l) times an entry.",
    )


def _signs(
    n: int, star: Fraction, alpha: Fraction, gamma: Fraction
) -> tuple[tuple[Comparison, ...], int]:
    """The hypotheses of Corollary 1 for X = sqrt(n) I and noise of signs; and floor(log 2n)."""
    log_below = next(k for k in range(100, 0, -1) if exp_above(k) <= 2 * n)
    above = 4 * log_above(2 * n) / n
    below = Fraction(4 * log_below, n)
    terms = [2**k * factorial(k) - factorial(2 * k) for k in range(1, 7)]
    return (
        Comparison(
            "alpha < epsilon^4 / u_max*^8, epsilon^2 = 4 log(2p)/n rounded down",
            alpha,
            "<",
            below**2 / star**4,
        ),
        Comparison("alpha < 1 / u_max*^8", alpha, "<", 1 / star**4),
        Comparison("alpha < u_min*^2 / (80 L)", alpha, "<", star / 160),
        Comparison("alpha^2 < (epsilon / L)^2", alpha**2, "<", below / 4),
        Comparison("gamma <= 1/(20 u_max*^2)", gamma, "<=", 1 / (20 * star)),
        Comparison(
            "zeta^2 = 6400 max(1/n, epsilon^2) <= u_max*^4 (rounded up)",
            6400 * max(Fraction(1, n), above),
            "<=",
            star**2,
        ),
        Comparison("delta_in = delta_out = 0 <= 1/120", 0, "<=", Fraction(1, 120)),
        Comparison(
            "E exp(t xi) = cosh t <= exp(t^2/2): 2^k k! <= (2k)! term by term, k = 1..6",
            max(terms),
            "<=",
            0,
        ),
    ), log_below


@counterexample("L23-corollary1")
def noisy_group_on_the_support(
    n: int = 4096,
    p_1: int = 2048,
    star: Fraction = Fraction(100),
    alpha: Fraction = Fraction(1, 10**20),
    gamma: Fraction = Fraction(1, 2000),
    constant: Fraction = Fraction(100),
) -> Certificate:
    """X = sqrt(n) I, p = n, signs for noise: nu_i = +-1/sqrt(n) for sure. S = {1}, w*_1 = star e_1.

    The rest is group 2. For t >= 1, w_1(t) lies on the line of a_1 = w*_1 + nu_1, so ||w_1 -
    w*_1||^2 >= (||w*||^2 ||nu||^2 - <w*, nu>^2)/||a||^2 >= star^2 (p_1 - 1)/n / ((star + 1/sqrt
    n)^2 + (p_1 - 1)/n): a group of p_1 entries costs p_1 sigma^2 / n, not log p sigma^2 / n.
    """
    entry = 1 / root(n)
    least = star**2 * Fraction(p_1 - 1, n) / ((star + entry) ** 2 + Fraction(p_1 - 1, n))
    hypotheses, log_2p_below = _signs(n, star, alpha, gamma)
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
        hypotheses=(*hypotheses, Comparison("p_1 < p", p_1, "<", n)),
        printed=Comparison(
            f"||w(t) - w*||^2 <= {constant} s sigma^2 log p / n; least over signs and t >= 1",
            least,
            "<=",
            constant * log_above(n) / n,
        ),
        corrected=Comparison(
            "||nu_1||_2^2 <= s max_l p_l sigma^2 log p / n (1 <= log p)",
            Fraction(p_1, n),
            "<=",
            Fraction(max(p_1, n - p_1), n) * log_2p_below,
        ),
        note="The proof sums eps^2 over s groups; the error of a group is p_l times that of an "
        "entry.",
    )


@counterexample("L23-minimax")
def rate_below_the_noise_of_known_groups(
    n: int = 10**6, size: int = 10**5, s: int = 1, constant: Fraction = Fraction(100)
) -> Certificate:
    """No estimator has the rate s sigma^2 log p / n: s known groups of ``size`` entries cost more.

    X^T X / n = I, sigma = 1, Gaussian noise, v = 1/n. In each group of S one entry is known and
    large, the others are +-tau with tau^2 = v/4, signs independent and uniform; so all ||w*_l|| are
    equal. The two laws of an entry of X^T y / n differ by KL = (2 tau)^2/(2 v) = 1/2, so by
    Pinsker's inequality TV <= sqrt(KL/2) = 1/2: whatever the estimator, the sign is wrong with
    probability (1 - TV)/2 >= 1/4, and costs tau^2. So the mean loss is at least s (size - 1) v /
    16. Clipped to [-tau, tau] an estimator loses 4 tau^2 = v an entry at most, so a bound that
    holds with probability 1 - q is at least s (size - 1) v (1/16 - q), q = 1/(8 p^3).
    """
    p = 2 * s * size
    q = Fraction(1, 8 * p**3)
    least = Fraction(s * (size - 1), n) * (Fraction(1, 16) - q)
    return Certificate(
        data={"n": n, "p": p, "L": 2 * s, "s": s, "p_l": size, "sigma": 1, "constant": constant},
        hypotheses=(
            Comparison("p <= n, so that X^T X / n = I is possible", p, "<=", n),
            Comparison("TV^2 <= KL/2 = 1/4", Fraction(1, 4), "<=", Fraction(1, 2) ** 2),
            Comparison("q = 1/(8 p^3) < 1/16", q, "<", Fraction(1, 16)),
        ),
        printed=Comparison(
            f"least bound of any estimator <= {constant} s sigma^2 log p / n",
            least,
            "<=",
            constant * s * log_above(p) / n,
        ),
        corrected=Comparison(
            "least bound of any estimator <= s p_l sigma^2 / n, that of least squares on known "
            "groups",
            least,
            "<=",
            Fraction(s * size, n),
        ),
        note="For groups of bounded size the rate is minimax as long as log(L/s) is of the order "
        "log p.",
    )


@counterexample("L23-sample-complexity-optimal")
def samples_of_any_design(s: int = 10**4, size: int = 4, constant: int = 1000) -> Certificate:
    """The bounds of Theorem 3 ask for s^2 p_l samples of any design with (120 s)^2 groups.

    u_max* = u_min*. With G = X^T X / n of rank at most n, ||G||_F^2 >= (tr G)^2/n >= p^2 (1 -
    delta_in)^2/n; and ||G||_F^2 <= p (1 + delta_in)^2 + p (L - 1) delta_out^2, since a block has
    ||B||_F^2 <= p_l ||B||_2^2. So n >= p (1 - delta_in)^2/((1 + delta_in)^2 + (L - 1) delta_out^2).
    """
    L = (120 * s) ** 2
    p = L * size
    inside = Fraction(1, 120)
    outside = Fraction(1, 120 * s)
    least = p * (1 - inside) ** 2 / ((1 + inside) ** 2 + (L - 1) * outside**2)
    return Certificate(
        data={"L": L, "s": s, "p_l": size, "p": p, "u_max* = u_min*": 1, "constant": constant},
        hypotheses=(
            Comparison("delta_in <= u_min*^2/(120 u_max*^2)", inside, "<=", Fraction(1, 120)),
            Comparison("delta_out <= u_min*^2/(120 s u_max*^2)", outside, "<=", inside / s),
        ),
        printed=Comparison(
            f"least n of any design <= {constant} s p_l log p",
            least,
            "<=",
            constant * s * size * log_above(p),
        ),
        corrected=Comparison(
            "least n of any design <= p, that of X^T X / n = I", least, "<=", Fraction(p)
        ),
        note="0.48 (120 s)^2 p_l against s p_l log p: more than any multiple of it, for large s.",
    )


@counterexample("L23-table1")
def one_scale_for_all(v: tuple[int, int] = (3, 4), norm: int = 5) -> Certificate:
    """w = g v/||v||, two coordinates: the scale g affects both, so the network is not diagonal."""
    slopes = tuple(Fraction(entry, norm) for entry in v)
    return Certificate(
        data={"v_1": v[0], "v_2": v[1], "dw_1/dg": slopes[0], "dw_2/dg": slopes[1]},
        hypotheses=(Comparison("||v||^2", v[0] ** 2 + v[1] ** 2, "==", norm**2),),
        printed=Comparison(
            "g affects one coordinate: dw_1/dg dw_2/dg = 0", slopes[0] * slopes[1], "==", 0
        ),
        corrected=Comparison(
            "one group: ||dw/dg||^2 = 1", slopes[0] ** 2 + slopes[1] ** 2, "==", 1
        ),
        note="By the abstract of Wu et al. (2020): a scale g and a unit vector.",
    )


@counterexample("L23-weak-groups")
def weak_group_that_grows(
    alpha: Fraction = Fraction(1, 10**10),
    gamma: Fraction = Fraction(1, 20),
    epsilon: Fraction = Fraction(1, 100),
    star: Fraction = Fraction(3, 5),
) -> Certificate:
    """Two groups of one entry, u*_1^2 = 1, u*_2^2 = 3/5 < zeta = 4/5: u_2 > sqrt(alpha) early.

    v = v* from t = 1 on. While u_2^2 <= alpha, u_2 grows by 1 + 2 gamma (u*_2^2 - alpha) a step, so
    it exceeds sqrt(alpha) after k steps at the latest.
    """
    top = root(alpha)
    factor = 1 + 2 * gamma * (star - alpha)
    k = next(k for k in range(1, 1000) if alpha * factor**k > top)
    log_below = next(j for j in range(200, 0, -1) if exp_above(j) <= 1 / alpha)
    zeta = 80 * epsilon
    B = max(zeta, star) / 10
    T_3 = 4 * log_below / (32 * gamma * B)
    return Certificate(
        data={
            "L = s": 2,
            "p_1 = p_2": 1,
            "X^T X / n": "I",
            "u*_1^2": 1,
            "u*_2^2": star,
            "zeta": zeta,
            "alpha": alpha,
            "gamma": gamma,
            "B = Z/10": B,
            "T_3 = log(1/alpha^4)/(32 gamma B) (rounded down)": T_3,
            "u_2 > sqrt(alpha) from": k + 1,
        },
        hypotheses=(
            *_theorem3(1, star, epsilon, Fraction(0), 2, gamma, alpha),
            Comparison("zeta >= u*_2^2: a group that is not recovered", zeta, ">=", star),
        ),
        printed=Comparison("u_2 <= sqrt(alpha) until T_3; first failure", T_3, "<", k + 1),
        corrected=Comparison(
            "||w_2 - w*_2|| <= h_2 + u*_2^2 <= 2.05 zeta, with h_2 <= u*_2^2 + Z/20",
            2 * star + max(zeta, star) / 20,
            "<=",
            Fraction(41, 20) * zeta,
        ),
        note="Lemma 14 bounds the perturbation alone; a weak group has a signal too.",
    )


@counterexample("L23-theorem4")
def direction_that_stops(
    q: Fraction = Fraction(1, 10**5),
    gamma: Fraction = Fraction(1, 20),
    constant: Fraction = Fraction(500),
) -> Certificate:
    """One group of two entries, no noise, a tiny eta: the direction stays wrong by sqrt(zeta)/360.

    w* = v(0) = e_1, X^T X / n = I + E, E = delta (e_1 e_2^T + e_2 e_1^T), epsilon = 5 q^2, so zeta
    = (20 q)^2 and delta = q/6 is at its limit. While h < 1/2 the error exceeds 1/2. Before the
    change (6) gives v along e_1 + E (e_1 - w) with ||w|| < 1/2: its second entry is at least
    delta/2, its norm at most 1 + 3 delta/2. Later a step moves v by at most 2 eta ||X^T (y - X
    w)/n|| h <= 6 eta, as h <= 21/20 (Lemma 9, abs(e) <= 3 delta). The distance of w* to the line of
    v is abs(v_2), and ||.||_inf >= 2/3 ||.||_2.
    """
    epsilon = 5 * q**2
    delta = q / 6
    alpha = epsilon**4 / 2
    bits = int(1 / (2 * alpha**2)).bit_length()
    stages = int(1 / (80 * epsilon)).bit_length()
    T = Fraction(7, 10) * bits * (1 + gamma / 2) / gamma + stages * 5 / (2 * gamma) + 1
    eta = delta / (100 * T)
    least = Fraction(2, 3) * (delta / 2 / (1 + Fraction(3, 2) * delta) - 6 * eta * T)
    return Certificate(
        data={
            "L = s": 1,
            "p_1": 2,
            "w* = v(0)": column(1, 0),
            "delta": delta,
            "epsilon": epsilon,
            "alpha": alpha,
            "gamma": gamma,
            "T >= T_lb + 1": T,
            "eta": eta,
        },
        hypotheses=(
            *_theorem3(1, 1, epsilon, Fraction(0), 1, gamma, alpha),
            Comparison("delta_in^2 <= zeta / 120^2", delta**2, "<=", 80 * epsilon / 120**2),
            Comparison("0 < eta", 0, "<", eta),
            Comparison("eta <= 4/(9 u_max*^2) = 4/9", eta, "<=", Fraction(4, 9)),
            Comparison("log 2 <= 7/10: 2^10 <= e^7", 1024, "<=", E_BELOW**7),
            Comparison("abs(e) <= 3 delta <= 1/20", 3 * delta, "<=", Fraction(1, 20)),
            Comparison(
                "constant epsilon < 1/3: the error is large before",
                constant * epsilon,
                "<",
                Fraction(1, 3),
            ),
        ),
        printed=Comparison(
            f"||w - w*||_inf <= {constant} epsilon at the first t >= T_lb; least error",
            least,
            "<=",
            constant * epsilon,
        ),
        corrected=Comparison("this eta is below gamma/Z, which is excluded", eta, "<", gamma),
        note="Lemma 16 keeps an angle and does not improve it: eta needs a lower bound.",
    )


@counterexample("L23-theorem4-step")
def step_across_the_direction(
    star: Fraction = Fraction(100),
    tau: Fraction = Fraction(2, 5),
    sides: tuple[int, ...] = (35, 12, 37),
) -> Certificate:
    """u^2 = u*^2 = u_max*^2 = 100, b = 0: with eta = 4/(9 u_max*^2) a step throws v across v*.

    eta u^4 = 400/9. The paper's second phase is Lemma 16, which has eta <= 4/(9 u*^4).
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
        note="An error of the direction is multiplied by 1 - eta u^4; the bound has the wrong "
        "power.",
    )
