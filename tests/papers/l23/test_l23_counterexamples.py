"""The exact counterexamples to L23: known numbers, spoiled instances, the same in floats.

What every certificate must meet is in test_certificates.py. Nothing in the second half uses the
package's arithmetic.
"""

import math
from fractions import Fraction as F

import numpy as np
import pytest
import scipy.integrate

from gsae_ref.claims.refutation import REFUTATIONS
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.l23.gradient_descent import counterexamples as gradient_descent
from gsae_ref.papers.l23.gradient_flow import counterexamples as gradient_flow
from gsae_ref.papers.l23.perturbations import counterexamples as perturbations
from gsae_ref.papers.l23.steps import counterexamples as steps

KNOWN = {
    "L23-bracket": (-4, 4),
    "L23-span": (4, -1),
    "L23-double-bracket": (F(6057, 16), F(-6057, 16)),
    "L23-lemma3-magnitudes": (F(154401, 160801), None),
    "L23-lemma3-noise": (F(-41, 400), -1),
    "L23-lemma3-sign": (F(99, 100), None),
    "L23-theorem2": (None, F(1, 5)),
    "L23-theorem2-times": (8 * 10**8, 35 * 10**5),
    "L23-theorem3": (F(1, 200), F(1, 1000)),
    "L23-theorem3-times": (800, 520),
    "L23-corollary1": (None, F(105, 512)),
    "L23-minimax": (None, F(123, 10**5)),
    "L23-weak-groups": (F(2875, 4), 199),
    "L23-theorem4": (None, F(1, 4 * 10**6)),
    "L23-lemma9-direction": (1, F(9, 16)),
    "L23-lemma10-upper": (2 * F(912016, 531441) ** 2, 3),
    "L23-theorem2-growth": (F(69999, 10**12), F(15001, 10**12)),
    "L23-lemma12-equality": (None, F(2400, 2186653)),
    "L23-lemma16-remark": (F(1451, 29452), F(9, 250)),
    "L23-theorem4-step": (None, F(23, 25) ** 2),
    "L23-lemma5": (F(4, 453), F(1, 140)),
    "L23-lemma6": (F(27, 100), F(6, 25)),
    "L23-lemma9": (F(683559, 500000) ** 2, 1),
    "L23-lemma10": (F(5, 13), F(1, 2)),
    "L23-lemma11": (F(1, 2), F(1, 4)),
    "L23-lemma12": (F(9, 160), F(1, 20)),
    "L23-lemma13": (F(1, 32), F(1, 40)),
    "L23-lemma17": (F(9, 160), F(1, 20)),
    "L23-eq8": (F(9, 100) - F(1, 10**9), F(3, 50)),
    "L23-eq9": (F(121, 100), 1),
    "L23-sample-complexity-optimal": (None, 1176 * 10**6),
    "L23-table1": (F(12, 25), 0),
}


def test_every_certificate_has_known_numbers():
    assert set(KNOWN) == {name for name in COUNTEREXAMPLES if name.startswith("L23")}


@pytest.mark.parametrize("name", KNOWN)
def test_known_numbers(built, name):
    left, right = KNOWN[name]
    assert left is None or built[name].printed.left == left
    assert right is None or built[name].printed.right == right
    assert built[name].refutes
    assert built[name].statement.startswith("L23-")


# A spoiled instance must not refute: either a hypothesis fails, or the printed claim becomes true
# while every hypothesis holds.
spoil = {name: found.certificate for name, found in REFUTATIONS.items()}
SPOILED = [
    (spoil["L23-bracket"], {"point": ("0", "1", "1")}, "hypothesis"),
    (spoil["L23-bracket"], {"point": ("1", "0", "0")}, "printed"),
    (spoil["L23-span"], {"point": ("1", "0", "0")}, "printed"),
    (spoil["L23-double-bracket"], {"point": ("-1", "2", "0")}, "hypothesis"),
    (spoil["L23-lemma9"], {"gamma": ("1/4",)}, "printed"),
    (spoil["L23-lemma9"], {"u": ("1/20",)}, "hypothesis"),
    (spoil["L23-lemma9-direction"], {"gamma": ("1",)}, "hypothesis"),
    (spoil["L23-lemma9-direction"], {"gamma": ("-1/4",)}, "printed"),
    (spoil["L23-lemma10-upper"], {"gamma": ("1/2",)}, "printed"),
    (spoil["L23-lemma10-upper"], {"u": ("-1/2",)}, "hypothesis"),
    (spoil["L23-lemma16-remark"], {"eta": ("1/6",)}, "printed"),
    (spoil["L23-lemma16-remark"], {"eta": ("1/5",)}, "hypothesis"),
    (spoil["L23-eq9"], {"u": ("0",)}, "printed"),
    (spoil["L23-eq9"], {"v": ("1/2",)}, "hypothesis"),
    (spoil["L23-lemma3-magnitudes"], {"width": ("0",)}, "printed"),
    (spoil["L23-lemma3-magnitudes"], {"X_tilt": ("0",) * 6 + ("1", "0")}, "hypothesis"),
    (spoil["L23-lemma3-noise"], {"noise": ("-1/2", "0")}, "printed"),
    (spoil["L23-lemma3-noise"], {"noise": ("-1", "0")}, "division"),
    (gradient_flow.growth_at_equality, {"B": F(1)}, "printed"),
    (gradient_flow.growth_at_equality, {"B": F(1, 100)}, "hypothesis"),
    (gradient_flow.growth_at_equality, {"theta": F(3, 2)}, "hypothesis"),
    (gradient_flow.limit_below_the_signal, {"tau": F(1, 10)}, "printed"),
    (gradient_flow.limit_below_the_signal, {"B": F(1, 10)}, "hypothesis"),
    (gradient_flow.large_group_off_the_support, {"constant": F(100)}, "printed"),
    (gradient_flow.large_group_off_the_support, {"theta": F(1, 4)}, "hypothesis"),
    (gradient_flow.order_of_the_times, {"theta": F(1, 100)}, "hypothesis"),
    (steps.direction_that_stays, {"cosine": F(4, 5)}, "printed"),
    (steps.direction_that_stays, {"alpha": F(1, 4)}, "hypothesis"),
    (steps.direction_that_stays, {"gamma": F(1, 2)}, "hypothesis"),
    (steps.direction_that_stays_near, {"tau": F(3, 5)}, "hypothesis"),
    (gradient_descent.step_across_the_direction, {"star": F(1)}, "printed"),
    (gradient_descent.step_across_the_direction, {"sides": (4, 3, 5)}, "hypothesis"),
    (perturbations.noise_of_81_entries, {"side": 8}, "printed"),
    (perturbations.noise_of_81_entries, {"tau": F(3, 5)}, "hypothesis"),
    (perturbations.noise_of_25_entries, {"side": 4}, "printed"),
    (perturbations.noise_beside_a_loose_direction, {"side": 8}, "printed"),
    (perturbations.noise_off_the_support, {"side": 5}, "printed"),
    (perturbations.noise_off_the_support, {"u_squared": F(1, 10)}, "hypothesis"),
    (gradient_descent.times_of_equal_magnitudes, {"alpha": F(1, 10**6)}, "hypothesis"),
    (gradient_descent.times_of_equal_magnitudes, {"epsilon": F(1, 40)}, "hypothesis"),
    (gradient_descent.noisy_group_off_the_support, {"gamma": F(1, 10)}, "hypothesis"),
    (gradient_descent.noisy_group_off_the_support, {"constant": F(10**7)}, "printed"),
    (gradient_descent.noisy_group_on_the_support, {"p_1": 100}, "printed"),
    (gradient_descent.noisy_group_on_the_support, {"star": F(1)}, "hypothesis"),
    (gradient_descent.noisy_group_on_the_support, {"alpha": F(1, 10**10)}, "hypothesis"),
    (gradient_descent.rate_below_the_noise_of_known_groups, {"size": 10**4}, "printed"),
    (gradient_descent.rate_below_the_noise_of_known_groups, {"size": 10**6}, "hypothesis"),
    (gradient_descent.samples_of_any_design, {"s": 1}, "printed"),
    (gradient_descent.samples_of_any_design, {"constant": 10**7}, "printed"),
    (gradient_descent.one_scale_for_all, {"v": (5, 0)}, "printed"),
    (gradient_descent.one_scale_for_all, {"norm": 4}, "hypothesis"),
    (gradient_descent.weak_group_that_grows, {"star": F(3, 20)}, "printed"),
    (gradient_descent.weak_group_that_grows, {"star": F(9, 10)}, "hypothesis"),
    (gradient_descent.direction_that_stops, {"constant": F(1000)}, "printed"),
    (gradient_descent.direction_that_stops, {"gamma": F(1, 10)}, "hypothesis"),
    (gradient_flow.growth_of_a_small_group, {"u": F(1, 2)}, "printed"),
    (gradient_flow.growth_of_a_small_group, {"noise": F(0)}, "hypothesis"),
    (perturbations.direction_before_and_after, {"k": 300}, "hypothesis"),
]


@pytest.mark.parametrize(("make", "changes", "fault"), SPOILED)
def test_a_spoiled_instance_does_not_refute(make, changes, fault):
    if fault == "division":
        with pytest.raises(ZeroDivisionError):
            make(**changes)
        return
    certificate = make(**changes)
    held = all(h.holds for h in certificate.hypotheses)
    assert (held, certificate.printed.holds) == (True, True) if fault == "printed" else not held
    assert certificate.refutes is False


# Families: the failures are not accidents of one instance.


@pytest.mark.parametrize(("constant", "side"), [(1, 10), (10, 50), (100, 500), (1000, 4000)])
def test_theorem2_fails_for_every_constant(constant, side):
    assert gradient_flow.large_group_off_the_support(F(constant), side, F(1, 10**10)).refutes


@pytest.mark.parametrize(
    ("side", "level"), [(400, F(1, 100)), (480, F(1, 100)), (2000, F(1, 1000))]
)
def test_theorem3_fails_for_every_large_group(side, level):
    assert gradient_descent.noisy_group_off_the_support(
        side, level, alpha=min(F(1, 10**9), level**4 / 2)
    ).refutes


@pytest.mark.parametrize("exponent", range(9, 60, 5))
def test_the_printed_window_is_empty_for_every_small_alpha(exponent):
    assert gradient_descent.times_of_equal_magnitudes(alpha=F(1, 10**exponent)).refutes


@pytest.mark.parametrize(
    ("n", "p_1", "constant"), [(4096, 2048, 50), (16384, 15000, 90), (65536, 65000, 80)]
)
def test_corollary1_fails_for_large_groups(n, p_1, constant):
    assert gradient_descent.noisy_group_on_the_support(
        n, p_1, constant=F(constant), alpha=F(1, 10**24)
    ).refutes


def test_the_frozen_direction_may_be_as_wrong_as_one_likes():
    for a, b in ((20, 99), (39, 760), (200, 9999)):
        assert steps.direction_that_stays(F(a, math.isqrt(a * a + b * b)), alpha=F(1, 20)).refutes


# Both sides again, in floating point, from the paper alone.


def test_the_brackets_in_floats(built):
    u = 1.5
    v1 = 2.0
    v2 = -1 / 3

    def gradient(i, x):
        return np.array([2 * x[0] * x[i], *(x[0] ** 2 * (i == k) for k in (1, 2))])

    def bracket(X, Y, h=1e-3):
        return lambda x: (
            ((Y(x + h * X(x)) - Y(x - h * X(x))) - (X(x + h * Y(x)) - X(x - h * Y(x)))) / (2 * h)
        )

    one = lambda x: gradient(1, x)
    two = lambda x: gradient(2, x)
    x = np.array([u, v1, v2])
    assert float(built["L23-double-bracket"].printed.left) == pytest.approx(
        two(x) @ bracket(one, bracket(one, two))(x), rel=1e-4
    )
    assert bracket(one, two)(np.array([1.0, 1.0, 1.0]))[1] == pytest.approx(-4, abs=1e-9)


def test_lemma3_in_floats(built):
    gram = np.eye(4)
    gram[1, 2] = gram[2, 1] = 40 / 401
    assert np.linalg.eigvalsh(gram)[0] > 0
    a = (gram @ np.array([1.0, 0, 5, 0]))[:2]
    cosine = a[0] / np.linalg.norm(a)
    printed = built["L23-lemma3-magnitudes"].printed
    assert float(printed.right) == pytest.approx(cosine, abs=1e-2)
    assert float(printed.left) == pytest.approx(1 - (2 * 40 / 401) ** 2) and cosine < 0.9
    opposite = built["L23-lemma3-sign"].printed.right
    assert float(opposite) == pytest.approx(-1 / math.sqrt(1.01), abs=1e-2)


def test_lemma5_in_floats(built):
    event = scipy.integrate.solve_ivp(
        lambda t, u: u**5 + math.sqrt(2) * 100 * u**3,
        (0, 0.05),
        [0.5],
        rtol=1e-10,
        events=_crossing(math.sqrt(0.5)),
    ).t_events[0][0]
    printed, repaired = (
        math.log(2) / (0.5 + slope) for slope in (0.5 * math.sqrt(200), math.sqrt(2) * 100)
    )
    assert (
        repaired
        < event
        < float(built["L23-lemma5"].printed.right)
        < float(built["L23-lemma5"].printed.left)
        < printed
    )


def _crossing(level):
    def event(t, u):
        return u[0] - level

    event.terminal = True
    return event


def test_lemma6_in_floats():
    B = 0.09
    u_0 = 0.4
    run = scipy.integrate.solve_ivp(
        lambda t, u: math.sqrt(2) * u**2 * (1 - 3 * B) - u**5,
        (0, 60),
        [u_0],
        rtol=1e-10,
        atol=1e-12,
    )
    deviation = np.abs(run.y[0] ** 3 / math.sqrt(2) - 1)
    assert deviation[-1] == pytest.approx(0.27, abs=1e-6)
    assert deviation.min() > 0.24


def test_theorem2_in_floats(built):
    """The two groups of the certificate, integrated: at no time are both bounds met."""
    side = 50
    constant = 10
    theta = 1e-3  # a start that an integrator can follow
    epsilon = 1 / side

    def velocity(t, u):
        return np.array([math.sqrt(2) * 0.5, math.sqrt(2) * 1.0]) * u**2 - u**5

    times = np.linspace(0, 3000, 3001)
    run = scipy.integrate.solve_ivp(
        velocity, (0, 3000), [theta, theta], t_eval=times, rtol=1e-9, atol=1e-14, method="LSODA"
    )
    on = np.abs(run.y[0] ** 3 / math.sqrt(2) - 0.5) <= constant * epsilon
    off = run.y[1] ** 3 / math.sqrt(2) / side <= constant * theta**1.5
    assert on.any() and off.any()
    assert not (on & off).any()
    assert gradient_flow.large_group_off_the_support(theta=F(1, 10**6)).refutes


def test_theorem2_times_in_floats(built):
    theta = 1e-3
    B = 1e-3
    epsilon = 1e-2
    printed_lower = 2 ** (1 / 3) / theta**3 / ((1 - 6 * B) * math.sqrt(2))
    printed_upper = math.log(1 / theta) / (2 * theta**2 + theta * math.sqrt(2 * B))
    assert printed_upper < float(built["L23-theorem2-times"].printed.right)
    assert printed_lower > float(built["L23-theorem2-times"].printed.left)

    def time(c, end):
        """int du / (c u^2 - u^5) with u = exp(-x)."""
        return scipy.integrate.quad(
            lambda x: math.exp(-x) / (c * math.exp(-2 * x) - math.exp(-5 * x)),
            -math.log(end),
            -math.log(theta),
        )[0]

    exact = [
        time(math.sqrt(2) * 0.99, (math.sqrt(2) * 0.98 * 0.99) ** (1 / 3)),
        time(math.sqrt(2) * B, math.sqrt(theta)),
    ]
    assert exact[0] * math.sqrt(2) <= float(built["L23-theorem2-times"].corrected.left)
    assert exact[1] * math.sqrt(2) >= float(built["L23-theorem2-times"].corrected.right)
    assert exact[0] < exact[1] and epsilon > 2 * theta


def test_theorem3_in_floats(built):
    """Algorithm 1 on the instance: the design is orthogonal, so one number a group is enough."""
    gamma = 1 / 20
    alpha = 1e-9
    side = 400
    level = 0.01
    lower = math.log(1 / (2 * alpha**2)) / (2 * math.log(1 + gamma / 2))
    u = np.array([alpha, alpha])
    signal = np.array([1.0, side * level])
    for _ in range(math.ceil(lower)):
        u = u * (1 + 2 * gamma * (signal - u**2))
    assert float(built["L23-theorem3"].data["T_lb (rounded down)"]) <= lower
    assert u[1] ** 2 / side >= float(built["L23-theorem3"].printed.left) > 10**6 * alpha
    assert u[0] ** 2 == pytest.approx(1, abs=1e-3)


def test_the_window_in_floats(built):
    lower = math.log(1 / (2 * 1e-18)) / (2 * math.log(1 + 1 / 40))
    upper = 5 / 16 * 20 * math.log(1e36)
    assert (round(lower), round(upper)) == (825, 518)
    assert (
        float(built["L23-theorem3-times"].printed.left)
        <= lower
        <= float(built["L23-theorem3-times"].corrected.left)
    )
    assert upper <= float(built["L23-theorem3-times"].printed.right)
    assert float(built["L23-theorem3-times"].corrected.right) <= 16 / 5 * upper


def test_a_weak_group_grows_in_floats(built):
    """One number is enough: from t = 1 on the sign is right."""
    u = alpha = 1e-10
    epochs = 0
    while u <= math.sqrt(alpha):
        u *= 1 + 2 / 20 * (0.6 - u**2)
        epochs += 1
    assert epochs + 1 == built["L23-weak-groups"].printed.right
    assert epochs < math.log(1 / alpha**4) / (32 / 20 * 0.08)
    for _ in range(1000):
        u *= 1 + 2 / 20 * (0.6 - u**2)
    assert u**2 == pytest.approx(0.6)


def test_theorem4_in_floats(built):
    """Algorithm 2 on the certificate's instance, written out for two entries."""
    data = {key: float(built["L23-theorem4"].data[key]) for key in ("delta", "alpha", "eta")}
    gamma = 1 / 20
    G = np.array([[1.0, data["delta"]], [data["delta"], 1.0]])
    star = np.array([1.0, 0.0])
    v = star.copy()
    u = data["alpha"]
    for _ in range(math.ceil(float(built["L23-theorem4"].data["T >= T_lb + 1"]))):
        step = u**-4 if u**2 < 0.5 else data["eta"]
        gradient = G @ (star - u**2 * v)
        z = u**2 * v + gradient if u**2 < 0.5 else v + step * u**2 * gradient
        v = z / np.linalg.norm(z)
        u += 2 * gamma * u * (v @ G @ (star - u**2 * v))
    error = np.abs(u**2 * v - star).max()
    epsilon = float(built["L23-theorem4"].data["epsilon"])
    assert u**2 == pytest.approx(1, abs=1e-6)
    assert error >= float(built["L23-theorem4"].printed.left) > 500 * epsilon


@pytest.mark.parametrize(("q", "constant"), [(F(1, 10**5), 500), (F(1, 10**8), 5 * 10**5)])
def test_theorem4_fails_for_every_constant(q, constant):
    assert gradient_descent.direction_that_stops(q, constant=F(constant)).refutes


@pytest.mark.parametrize(("size", "constant"), [(10**5, 100), (10**8, 10**5)])
def test_no_estimator_has_the_rate_for_any_constant(size, constant):
    make = gradient_descent.rate_below_the_noise_of_known_groups
    assert make(n=2 * size, size=size, constant=F(constant)).refutes


def test_the_risk_of_two_signs_in_floats():
    """The Bayes risk of +-tau in noise of variance v = 4 tau^2 is at least tau^2/4 = v/16."""
    z = np.linspace(-12, 12, 48001)
    tau = 0.5
    weights = np.exp(-((z - tau) ** 2) / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    risk = np.sum(weights * (tau * np.tanh(tau * z) - tau) ** 2)
    assert risk > tau**2 / 4
    assert risk < tau**2


def test_corollary1_in_floats(built):
    n = 4096
    p_1 = 2048
    star = 100.0
    rng = np.random.default_rng(0)
    w_star = np.zeros(p_1)
    w_star[0] = star
    for _ in range(20):
        nu = rng.choice([-1.0, 1.0], p_1) / math.sqrt(n)
        a = w_star + nu
        nearest = (w_star @ a) / (a @ a) * a
        assert np.sum((w_star - nearest) ** 2) >= float(built["L23-corollary1"].printed.left)
    assert 100 * math.log(n) / n <= float(built["L23-corollary1"].printed.right)


def test_lemmas_10_and_11_in_floats():
    v = np.array([5, 12]) / 13
    v_star = np.array([1.0, 0.0])
    b = 12 / 13 * np.array([-12, 5]) / 13
    state = v.copy()
    u = 0.2
    gamma = 1 / 20
    for _ in range(400):
        assert abs(state @ b) < 1e-3
        z = v_star + b
        state = z / np.linalg.norm(z)
        u = u + 2 * gamma * u * (state @ v_star - u**2)
    assert math.log(1 / (2 * 0.04)) / (2 * math.log(1 + gamma / 2)) < 400
    assert u**2 == pytest.approx(5 / 13, abs=1e-6)


def test_lemma12_in_floats(built):
    v = np.ones(81) / 9
    noise = np.full(81, 0.5 / 80)
    assert float(built["L23-lemma12"].printed.left) == pytest.approx(v @ noise, abs=1e-15)
    assert np.abs(noise).max() <= 0.5 / 80 < np.linalg.norm(noise)


def test_eq9_in_floats(built):
    error = np.linalg.norm((7 / 6) ** 4 * np.array([0.8, 0.6]) - [1, 0])
    assert float(built["L23-eq9"].printed.left) == pytest.approx(error, abs=0.01)
    assert 1.2 < error < math.sqrt(1.8)


def test_theorem4_step_in_floats(built):
    v = np.array([35, 12]) / 37
    for eta, kept in ((4 / 900, False), (4 / 90_000, True)):
        z = v + eta * 100 * (100 * np.array([1.0, 0]) - 100 * v)
        assert bool(z[0] / np.linalg.norm(z) >= 0.92) == kept
    assert float(built["L23-theorem4-step"].printed.left) < 0.06
