"""The theory of L23: geometry against SymPy, windows against integrated equations, R8 by runs.

Nothing here calls the implementation: Algorithm 1 is written out, one group at a time.
"""

import math

import numpy as np
import pytest
import scipy.integrate
from hypothesis import given, settings
from hypothesis import strategies as st

from gsae_ref.papers.l23.gradient_descent import formulas as gradient_descent
from gsae_ref.papers.l23.gradient_flow import formulas as gradient_flow
from gsae_ref.papers.l23.mirror_flow import formulas as mirror_flow
from gsae_ref.papers.l23.model import formulas as model
from gsae_ref.papers.l23.perturbations import formulas as perturbations
from gsae_ref.papers.l23.steps import formulas as steps_formulas

SQRT2 = math.sqrt(2)
POINT = np.array([1.5, 0.7]), np.array([2.0, -1 / 3, 0.4, -0.8]), (3, 1)


# ---- geometry


def weights(x, L, groups):
    return x[:L].repeat(groups) ** 2 * x[L:]


@pytest.mark.parametrize("i", range(4))
def test_gradients_and_hessians_by_central_differences(i):
    u, v, groups = POINT
    x = np.concatenate([u, v])
    h = 1e-4
    slopes = [
        (weights(x + h * e, 2, groups)[i] - weights(x - h * e, 2, groups)[i]) / (2 * h)
        for e in np.eye(6)
    ]
    np.testing.assert_allclose(mirror_flow.gradient(i, *POINT), slopes, atol=1e-9)

    def gradient(x):
        return mirror_flow.gradient(i, x[:2], x[2:], groups)

    rows = [(gradient(x + h * e) - gradient(x - h * e)) / (2 * h) for e in np.eye(6)]
    np.testing.assert_allclose(mirror_flow.hessian(i, *POINT), rows, atol=1e-9)


@pytest.mark.parametrize(("i", "j"), [(i, j) for i in range(4) for j in range(4)])
def test_brackets_are_hessian_times_gradient_both_ways(i, j):
    H = lambda k: mirror_flow.hessian(k, *POINT)
    g = lambda k: mirror_flow.gradient(k, *POINT)
    np.testing.assert_allclose(
        mirror_flow.bracket(i, j, *POINT), H(j) @ g(i) - H(i) @ g(j), atol=1e-13
    )

    def inner(x):
        return mirror_flow.bracket(i, j, x[:2], x[2:], POINT[2])

    def outer(x):
        return mirror_flow.gradient(i, x[:2], x[2:], POINT[2])

    numeric = mirror_flow.lie_bracket(outer, inner, np.concatenate(POINT[:2]))
    np.testing.assert_allclose(mirror_flow.double_bracket(i, j, *POINT), numeric, atol=1e-5)


def test_brackets_between_groups_vanish():
    assert not mirror_flow.bracket(0, 3, *POINT).any()
    assert not mirror_flow.double_bracket(2, 3, *POINT).any()


def test_brackets_by_computer_algebra():
    sp = pytest.importorskip("sympy")
    u, v1, v2 = x = sp.symbols("u v1 v2")
    fields = [sp.Matrix([u**2 * v]).jacobian(x).T for v in (v1, v2)]

    def bracket(X, Y):
        return (Y.jacobian(x) * X - X.jacobian(x) * Y).applyfunc(sp.expand)

    one = bracket(*fields)
    two = bracket(fields[0], one)
    assert sp.expand(fields[1].dot(two)) == sp.expand(16 * u**4 * (v1**2 + v2**2) + 4 * u**6)
    at = {u: sp.Rational(3, 2), v1: 2, v2: sp.Rational(-1, 3)}
    here = np.array([1.5]), np.array([2, -1 / 3]), (2,)
    np.testing.assert_allclose(
        np.array(one.subs(at), dtype=float).ravel(), mirror_flow.bracket(0, 1, *here), rtol=1e-14
    )
    np.testing.assert_allclose(
        np.array(two.subs(at), dtype=float).ravel(),
        mirror_flow.double_bracket(0, 1, *here),
        rtol=1e-14,
    )
    assert sp.simplify(one - 4 * (v1 * fields[1] - v2 * fields[0])) == sp.zeros(3, 1)


def test_the_loop_of_theorem1_moves_w_by_the_bracket_and_not_at_all_between_groups():
    u, v, groups = POINT
    for s, tolerance in ((1e-2, 0.2), (1e-3, 0.02)):
        moved = mirror_flow.loop_displacement(0, 1, u, v, groups, s) / s**2
        assert moved[1] == pytest.approx(4 * u[0] ** 4 * v[0], rel=tolerance)
        assert moved[0] == pytest.approx(-4 * u[0] ** 4 * v[1], rel=0.6)
    assert np.abs(mirror_flow.loop_displacement(0, 3, u, v, groups, 1e-2)).max() < 1e-12
    flat = np.array([1.5]), np.array([0.0, 0.0]), (2,)
    assert (
        np.abs(mirror_flow.loop_displacement(0, 1, *flat, 1e-3)).max() < 0.05 * 1e-6
    )  # of the order s^3 where the bracket vanishes


# ---- one step


def test_deltas_are_suprema_over_unit_vectors():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 5))
    gram = X.T @ X / 40
    inside, outside = model.deltas(gram, (2, 3))
    ones, twos = (rng.standard_normal((20_000, k)) for k in (2, 3))
    ones, twos = (
        ones / np.linalg.norm(ones, axis=1, keepdims=True),
        twos / np.linalg.norm(twos, axis=1, keepdims=True),
    )
    cross = np.abs(np.einsum("ni,ij,nj->n", ones, gram[:2, 2:], twos)).max()
    blocks = [
        np.abs(np.einsum("ni,ij,nj->n", b, gram[c, c] - np.eye(len(b[0])), b)).max()
        for b, c in ((ones, slice(2)), (twos, slice(2, 5)))
    ]
    assert 0.97 * outside <= cross <= outside
    assert 0.97 * inside <= max(blocks) <= inside
    assert model.deltas(np.eye(3), (3,)) == (0.0, 0.0)


def test_the_perturbation_is_the_gradient_step_less_w_star():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((7, 4))
    w = rng.standard_normal(4)
    w_star = rng.standard_normal(4)
    xi = rng.standard_normal(7)
    y = X @ w_star + xi
    b = perturbations.perturbation(X.T @ X / 7, X.T @ xi / 7, w_star, w, (2, 2))
    np.testing.assert_allclose(w + X.T @ (y - X @ w) / 7, w_star + b, atol=1e-13)


@pytest.mark.parametrize("excess", [0.0, 0.3])
def test_beyond_the_step_of_lemma9_magnitudes_leave_their_range(excess):
    """Lemma 7's bound is sharp: at gamma = 1/(4 u*^2) no start leaves, above it some do."""
    starts = np.linspace(0.01, 1, 400)
    gamma = steps_formulas.largest_step(1.0, 1.0, 0.0) * (1 + excess)
    after = np.array([steps_formulas.magnitude_step(u, 1.0, 1.0, 0.0, gamma) for u in starts])
    assert (after.max() > 1 + 1e-6) == (excess > 0)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.02, 0.5), st.floats(0.1, 1.0), st.floats(-1, 1), st.integers(0, 2**31))
def test_lemma11_corrected_from_every_start(tau, share, place, seed):
    rng = np.random.default_rng(seed)
    gamma = share / 6
    steps = math.ceil(5 / (2 * gamma))
    level = rng.uniform(0, tau / 10, steps)
    u = steps_formulas.step_after(
        math.sqrt(1 + tau * place),
        np.sqrt(1 - level**2),
        1.0,
        rng.choice([-1, 1], steps) * tau / 10,
        gamma,
    )
    assert (
        abs(u**2 - 1)
        <= steps_formulas.interval_after(tau, steps, 1.0, gamma, tau / 10) + 1e-12
        <= tau / 7
    )


@pytest.mark.parametrize("form", ["lemma12", "lemma13", "lemma17"])
def test_the_bounds_of_lemmas_12_13_17_follow_from_the_corrected_hypotheses(form):
    share = 20 if form == "lemma13" else 10
    largest = 0.0
    for tau in np.linspace(0.01, 0.5, 40):
        for tau_0 in np.linspace(0.01, 1, 20) * tau:
            for u_min in (0.01, 0.3, 1.0):
                largest = max(
                    largest,
                    perturbations.perturbation_bound(tau, tau_0, 1.0, u_min, form) / (tau / share),
                )
    assert 0.38 < largest <= 1


# ---- gradient flow


@pytest.mark.parametrize(
    ("c", "start", "end"), [(1.0, 0.01, 0.5), (2.0, 0.1, 1.2), (0.05, 0.02, 0.3), (1.4, 0.3, 1.1)]
)
def test_the_time_of_the_flow_is_the_integral(c, start, end):
    integral = scipy.integrate.quad(lambda u: 1 / (c * u**2 - u**5), start, end, limit=200)[0]
    assert gradient_flow.flow_time(c, start, end) == pytest.approx(integral, rel=1e-8)


def test_the_flow_never_reaches_its_limit_and_decays_without_a_signal():
    assert gradient_flow.flow_time(1.0, 0.1, 1.0) == math.inf
    assert gradient_flow.flow_time(0.0, 0.1, 0.2) == math.inf
    assert gradient_flow.flow_time(1.0, 0.2, 0.1) == 0


def test_the_window_of_the_flow_is_open_iff_the_noise_is_below_the_signal():
    assert not gradient_flow.flow_window(1e-3, [1.0, 0.5], [0.3], 0.05).empty
    assert gradient_flow.flow_window(1e-3, [1.0, 0.5], [0.6], 0.05).empty
    assert gradient_flow.flow_window(1e-3, [1.0], [], 0.05).upper == math.inf
    for theta in (1e-2, 1e-4, 1e-6):
        window = gradient_flow.flow_window(theta, [0.5], [0.4], 0.05)
        assert window.upper >= (1 / theta - 1 / math.sqrt(theta)) / (SQRT2 * 0.4)
    assert not window.empty


@pytest.mark.parametrize("theta", [0.1, 0.01, 0.001])
def test_the_times_of_theorem2s_proof_never_leave_a_window(theta):
    assert gradient_flow.printed_flow_window(theta, 1.0, 0.0, 0.4).empty
    assert not gradient_flow.flow_window(theta, [1.0], [1e-3], 0.4).empty


@pytest.mark.parametrize(("theta", "B"), [(0.9, 10.0), (0.5, 100.0), (0.1, 1.0)])
def test_lemma5_corrected_holds_along_the_extreme_flow_and_the_printed_time_does_not(theta, B):
    def crossing(t, u):
        return u[0] - math.sqrt(theta)

    crossing.terminal = True
    run = scipy.integrate.solve_ivp(
        lambda t, u: u**5 + SQRT2 * B * u**3,
        (0, 100),
        [theta],
        rtol=1e-10,
        atol=1e-12,
        events=crossing,
    )
    reached = run.t_events[0][0]
    assert gradient_flow.lemma5_time(theta, B) <= reached
    assert (reached < gradient_flow.lemma5_time(theta, B, "printed")) == (theta > 0.2)


# ---- R8


def constants(rng):
    """Constants inside Theorem 3 with zeta <= u_max*^2, over many orders of magnitude."""
    M = 10 ** rng.uniform(-3, 3)
    m = M * 10 ** rng.uniform(-3, 0)
    L = int(rng.integers(1, 1000))
    noise, epsilon = M / 80 * 10 ** rng.uniform(-4, 0, 2)
    alpha = (
        min(min(epsilon**4, 1) / M**4, m / (80 * L), epsilon / L) * 10 ** rng.uniform(-8, 0) * 0.999
    )
    return M, m, gradient_descent.zeta(noise, epsilon), 10 ** rng.uniform(-4, 0) / (20 * M), alpha


def test_r8_the_corrected_window_is_never_empty_and_the_printed_one_is_whenever_u_max_is_not_tiny():
    rng = np.random.default_rng(8)
    shares = []
    for _ in range(5000):
        setup = constants(rng)
        window = gradient_descent.stopping_window(*setup)
        shares.append(window.lower / window.upper)
        assert gradient_descent.stopping_window(*setup, "printed").empty
    assert 0.6 < max(shares) <= 1


def test_r8_the_factor_cannot_be_halved():
    """T_lb / T_ub tends to 1/2 as alpha -> 0: half of T_ub leaves almost no window."""
    window = gradient_descent.stopping_window(1.0, 1.0, 1.0, 1 / 20, 1e-300)
    assert 0.5 < window.lower / window.upper < 0.52


def test_r8_does_not_speak_of_noise_above_the_signal():
    assert (
        gradient_descent.stopping_window(1.0, 1e-3, 4.0, 1 / 20, 1e-9).lower
        < gradient_descent.stopping_window(1.0, 1e-3, 1.0, 1 / 20, 1e-9).lower
    )
    assert math.floor(math.log2(1.0 / 4.0)) < 0


def near_identity(rng, groups, delta_in, delta_out):
    """A Gram matrix with exactly these deltas."""
    p = sum(groups)
    ends = np.cumsum(groups)
    G = np.eye(p)
    for k, (end, size) in enumerate(zip(ends, groups, strict=True)):
        for j, (other, width) in enumerate(zip(ends[: k + 1], groups[: k + 1], strict=True)):
            block = rng.standard_normal((size, width))
            block = block + block.T if j == k else block
            block *= (delta_in if j == k else delta_out) / np.linalg.svd(block, compute_uv=False)[0]
            G[end - size : end, other - width : other] += block
            if j < k:
                G[other - width : other, end - size : end] += block.T
    return G


def algorithm_1(gram, signal, groups, alpha, gamma, rng, steps):
    """Yield w(t), t = 0, 1, ..., with (1/n) X^T (y - X w) = signal - gram w."""
    ends = np.cumsum(groups)
    cuts = [slice(e - size, e) for e, size in zip(ends, groups, strict=True)]
    u = [alpha] * len(groups)
    v = rng.standard_normal(sum(groups))
    for c in cuts:
        v[c] /= np.linalg.norm(v[c])
    for _ in range(steps + 1):
        w = np.concatenate([u[k] ** 2 * v[c] for k, c in enumerate(cuts)])
        yield w, cuts
        q = signal - gram @ w
        z = w + q  # u^2 (v + q / u^2): the step 1/u^4 up to a positive factor
        v = np.concatenate([z[c] / np.linalg.norm(z[c]) for c in cuts])
        q = signal - gram @ np.concatenate([u[k] ** 2 * v[c] for k, c in enumerate(cuts)])
        u = [u[k] * (1 + 2 * gamma * v[c] @ q[c]) for k, c in enumerate(cuts)]


@pytest.mark.parametrize(
    ("seed", "M", "m", "level"),
    [(0, 1.0, 1.0, 0.9), (1, 2.0, 1.0, 0.2), (2, 5.0, 1.0, 0.95), (3, 0.3, 0.2, 0.5)],
)
def test_r8_holds_along_algorithm_1_on_designs_at_the_limits(seed, M, m, level):
    """Groups 1 and 2 are the support; at level 0.95 with M = 5 m the second is weaker than zeta."""
    rng = np.random.default_rng(seed)
    groups = (2, 3, 3, 1)
    gram = near_identity(rng, groups, m / (120 * M), m / (240 * M))
    a = level * M / 80
    nu = rng.standard_normal(9)
    for c in (slice(0, 2), slice(2, 5), slice(5, 8), slice(8, 9)):
        nu[c] *= a / np.linalg.norm(nu[c])
    w_star = np.zeros(9)
    for c, norm in ((slice(0, 2), M), (slice(2, 5), m)):
        w_star[c] = rng.standard_normal(c.stop - c.start)
        w_star[c] *= norm / np.linalg.norm(w_star[c])
    alpha = 0.9 * min(min(a**4, 1) / M**4, m / 320, a / 4)
    zeta = gradient_descent.zeta(a, a)
    gamma = 1 / (20 * M)
    assert zeta <= M and (m < zeta) == (seed in (2,))
    window = gradient_descent.stopping_window(M, m, zeta, gamma, alpha)
    before = False
    for t, (w, cuts) in enumerate(
        algorithm_1(gram, gram @ w_star + nu, groups, alpha, gamma, rng, math.floor(window.upper))
    ):
        errors = [np.linalg.norm(w[c] - w_star[c]) for c in cuts]
        assert max(errors[2:]) <= alpha
        before |= max(errors[:2]) > 0.1 * zeta and t < window.lower
        if t >= window.lower:
            assert max(errors[:2]) <= 2.05 * zeta
    assert before  # not vacuous: the error did have to come down
    assert max(errors[:2]) > 0.5 * a  # and the noise stays


def test_r8_outside_its_hypotheses_the_conclusion_does_fail():
    """1024 entries of small noise off the support: only the paper's zeta admits it."""
    level = 0.01
    size = 1024
    alpha = 5e-9
    gamma = 1 / 20
    assert (
        gradient_descent.zeta(level * math.sqrt(size), level)
        > 1
        >= gradient_descent.zeta(level, level)
    )
    window = gradient_descent.stopping_window(
        1.0, 1.0, gradient_descent.zeta(level, level), gamma, alpha
    )
    u = alpha
    for _ in range(math.ceil(window.lower)):
        u *= 1 + 2 * gamma * (level * math.sqrt(size) - u**2)
    assert u**2 / math.sqrt(size) > 10**6 * alpha
