"""The diagonally grouped linear network: weights, gradients, gradient flow, groups, data."""

import hypothesis.strategies as st
import numpy as np
import oracle_dglnn as oracle
import pytest
from dglnn_problem import SIZES, Problem, problem
from gradient_checks import agreement, central_difference, taylor
from hypothesis import given, settings
from strategies import SEEDS
from test_house import imports_of_the_package

import gsae_ref as gs
from gsae_ref import ops, sampling


def flat_loss(net, scale="half"):
    """The loss as a function of (u, v) in one vector, and its gradient there."""
    L = len(net.u)
    cost, du, dv = ops.dglnn_loss_and_grad(*net, loss_scale=scale)
    start = np.concatenate([net.u, net.v])

    def at(x):
        return ops.dglnn_loss_and_grad(x[:L], x[L:], *net[2:], loss_scale=scale)[0]

    return at, np.concatenate([du, dv]), start, cost


def test_the_oracle_does_not_import_the_package():
    with open(oracle.__file__) as file:
        offences = imports_of_the_package(file.read())
    assert not offences


# ---- model and gradients


@given(SEEDS, SIZES, st.integers(1, 6))
def test_weights_loss_and_gradients_agree_with_the_full_jacobians(seed, sizes, n_samples):
    net = problem(seed, sizes, n_samples)
    agreement(ops.dglnn_weights(net.u, net.v, net.groups), oracle.weights(net.u, net.v, sizes))
    for scale, factor in (("half", 0.5), ("mean", 1.0)):
        cost, du, dv = ops.dglnn_loss_and_grad(*net, loss_scale=scale)
        agreement(cost, oracle.loss(*net[:4], sizes, factor))
        expected = oracle.gradients(*net[:4], sizes, factor)
        # the size of the terms, before cancellation
        size = np.linalg.norm(net.X) ** 2
        size *= (1 + np.linalg.norm(net.u) ** 3) * (1 + np.linalg.norm(net.v) ** 2)
        agreement(du, expected[0], scale=size)
        agreement(dv, expected[1], scale=size)


def test_the_gradients_are_those_printed_in_section_2_divided_by_n():
    """For 1/2 ||.||^2, which is n times our loss, with B = X^T X (w - w*) - X^T xi:

    grad_u L = 2 D^T (v o B o D u) and grad_v L = B o (D u)^2.
    """
    net = problem(3)
    rng = np.random.default_rng(4)
    w_star = rng.normal(size=6)
    noise = rng.normal(size=5)
    net = net._replace(y=net.X @ w_star + noise)
    D = oracle.membership(net.groups)
    Du = D @ net.u
    B = net.X.T @ net.X @ (Du**2 * net.v - w_star) - net.X.T @ noise
    _, du, dv = ops.dglnn_loss_and_grad(*net)
    agreement(5 * du, 2 * D.T @ (net.v * B * Du))
    agreement(5 * dv, B * Du**2)


@given(SEEDS, SIZES)
def test_central_differences_and_taylor_orders_of_the_gradient(seed, sizes):
    net = problem(seed, sizes)
    at, G, start, _ = flat_loss(net)
    D = np.random.default_rng(seed + 1).normal(size=start.shape)
    central_difference(at, G, start, D, rtol=1e-6)
    taylor(at, G, start, D)


MUTANTS = {
    "u-gradient without its factor 2": lambda du, dv: (du / 2, dv),
    "u-gradient of the other sign": lambda du, dv: (-du, dv),
    "v-gradient without u^2": lambda du, dv: (du, dv * 0.7),
    "no gradient in u": lambda du, dv: (0 * du, dv),
    "off by a thousandth": lambda du, dv: (1.001 * du, 1.001 * dv),
    "one group exchanged for another": lambda du, dv: (np.roll(du, 1), dv),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_mutant_is_rejected(name):
    net = problem(11)
    at, G, start, _ = flat_loss(net)
    wrong = np.concatenate(MUTANTS[name](G[:3], G[3:]))
    D = np.random.default_rng(1).normal(size=start.shape)
    with pytest.raises(AssertionError, match="central difference"):
        central_difference(at, wrong, start, D, rtol=1e-6)
    if name != "off by a thousandth":
        with pytest.raises(AssertionError, match="order"):
            taylor(at, wrong, start, D)


@given(SEEDS)
def test_labels_in_any_order_are_sizes_after_a_permutation(seed):
    net = problem(seed, (2, 1, 3))
    rng = np.random.default_rng(seed)
    order = rng.permutation(6)  # position k holds the former feature order[k]
    labels = np.array([3, 3, 5, 9, 9, 9])[order]  # groups 0, 1, 2 in the order of the labels
    shuffled = Problem(net.u, net.v[order], net.X[:, order], net.y, labels)
    cost, du, dv = ops.dglnn_loss_and_grad(*net)
    other, eu, ev = ops.dglnn_loss_and_grad(*shuffled)
    agreement(other, cost)
    agreement(eu, du, scale=1 + np.linalg.norm(du))
    agreement(ev, dv[order], scale=1 + np.linalg.norm(dv))
    agreement(
        ops.dglnn_weights(net.u, net.v[order], labels),
        ops.dglnn_weights(net.u, net.v, net.groups)[order],
    )
    options = {"n_epochs": 7, "alpha": 0.1, "gamma": 0.01}
    path = gs.dglnn_path(net.X, net.y, net.groups, **options)
    other = gs.dglnn_path(shuffled.X, net.y, labels, **options)
    agreement(other.w, path.w[:, order], rtol=1e-9)
    agreement(other.v, path.v[:, order], rtol=1e-9)
    agreement(other.u, path.u, rtol=1e-9)


def test_equal_labels_are_one_group():
    net = problem(6, (1, 1, 1))
    np.testing.assert_array_equal(
        ops.dglnn_weights(net.u[:1], net.v, [0, 0, 0]), ops.dglnn_weights(net.u[:1], net.v, 3)
    )


def test_a_group_of_magnitude_zero_has_no_gradient():
    net = problem(5)._replace(u=np.array([0.0, 1.0, 2.0]))
    _, du, dv = ops.dglnn_loss_and_grad(*net)
    assert du[0] == 0 and not dv[:2].any() and dv[2:].all()


# ---- gradient flow


@settings(max_examples=15)
@given(SEEDS, SIZES)
def test_the_flow_preserves_the_balance_of_every_group(seed, sizes):
    """[L23] Lemma 2, from any start."""
    net = problem(seed, sizes)
    X = net.X / np.linalg.norm(net.X, 2)
    flow = ops.dglnn_flow(X, net.y, net.groups, [0, 1, 10], alpha=net.u, v0=net.v)
    squares = np.array([np.sum(part**2) for part in oracle.groups_of(net.v, sizes)])
    balance = net.u**2 / 2 - squares
    scale = 1 + np.max(np.abs(flow.u)) ** 2 + np.max(np.abs(flow.v)) ** 2
    assert flow.drift <= 1e-7 * scale
    agreement(flow.balance, np.tile(balance, (3, 1)), rtol=1e-6, scale=scale)
    assert flow.loss[0] >= flow.loss[1] >= flow.loss[2]


def test_gradient_descent_with_a_long_step_does_not_preserve_the_balance():
    net = problem(7)
    path = gs.dglnn_path(
        net.X, net.y, net.groups, "gradient_descent", n_epochs=50, alpha=0.3, gamma=0.05, v0="ones"
    )
    balance = path.u**2 / 2 - np.add.reduceat(path.v**2, [0, 2, 3], axis=1)
    assert np.max(np.abs(balance - balance[0])) > 1e-4


def test_on_an_orthogonal_design_the_flow_is_a_scalar_equation_for_each_group():
    """From the balanced start w_l = (u_l^3 / sqrt 2) a_l / ||a_l||, u' = sqrt(2) ||a_l|| u^2 - u^5.

    The equation is solved here by small Runge-Kutta steps.
    """
    data = sampling.grouped_regression(
        12, 6, [2, 1, 3], [1.0, -1.0, 0.5, 0, 0, 0], design="orthogonal", noise_std=0.3, rng=1
    )
    flow = ops.dglnn_flow(data.X, data.y, data.groups, [5.0], alpha=0.3)
    expected = []
    for a in oracle.groups_of(data.X.T @ data.y / 12, data.groups):
        norm = np.linalg.norm(a)
        u = runge_kutta(lambda u, norm=norm: 2**0.5 * norm * u**2 - u**5, 0.3, 5.0)
        expected.append(u**3 / 2**0.5 * a / norm)
    agreement(flow.w[0], np.concatenate(expected), rtol=1e-8)


def runge_kutta(slope, u, time, n_steps=4000):
    h = time / n_steps
    for _ in range(n_steps):
        k1 = slope(u)
        k2 = slope(u + h * k1 / 2)
        k3 = slope(u + h * k2 / 2)
        k4 = slope(u + h * k3)
        u += h * (k1 + 2 * k2 + 2 * k3 + k4) / 6
    return u


def test_the_mean_squared_error_runs_through_the_same_flow_twice_as_fast():
    net = problem(8)
    X = net.X / np.linalg.norm(net.X, 2)
    slow, fast = (
        ops.dglnn_flow(X, net.y, net.groups, t, 0.5, loss_scale=scale)
        for t, scale in (([8.0], "half"), ([4.0], "mean"))
    )
    agreement(fast.w, slow.w, rtol=1e-7)
    agreement(fast.loss, 2 * slow.loss, rtol=1e-7)


def test_short_steps_of_gradient_descent_follow_the_flow():
    net = problem(9)
    X = net.X / np.linalg.norm(net.X, 2)
    start = {"alpha": 0.5, "v0": net.v}
    flow = ops.dglnn_flow(X, net.y, net.groups, [3.0], **start)
    gaps = []
    for steps in (300, 600):
        path = gs.dglnn_path(
            X,
            net.y,
            net.groups,
            "gradient_descent",
            n_epochs=steps,
            gamma=3.0 / steps,
            record_every=steps,
            **start,
        )
        gaps.append(np.linalg.norm(path.x - flow.w[0]))
    # Euler's method is of first order: half the step, half the gap
    assert gaps[0] > 1e-6
    agreement(gaps[1] / gaps[0], 0.5, rtol=0.05)


def test_the_balanced_start_points_along_the_correlations_and_is_zero_where_they_are():
    X = np.eye(4)[:, [0, 1, 2]]
    y = np.array([3.0, 4.0, 0.0, 0.0])
    flow = ops.dglnn_flow(X, y, [2, 1], [0], alpha=[0.5, 2.0])
    agreement(flow.v[0], 0.5 / 2**0.5 * np.array([0.6, 0.8, 0.0]))
    assert flow.nfev == 0
    assert flow.drift == 0
    assert flow.w[0, 2] == 0


def test_a_flow_that_cannot_be_integrated_is_refused():
    message = "could not be followed to t = 1: .*; shorten it or scale the data"
    with pytest.raises(FloatingPointError, match=message):
        ops.dglnn_flow([[1.0]], [1.0], 1, [1.0], alpha=1e160)


# ---- data


def test_regression_data_are_consistent_and_reproducible():
    data = gs.grouped_regression(60, 12, 3, [1.0, 2.0, 3.0, -1.0], noise_std=0.5, rng=0)
    X, y, w_star, groups, noise = data
    assert set(np.unique(X)) == {-1.0, 1.0}
    assert groups.tolist() == [3] * 4
    assert w_star.tolist() == [1, 2, 3, -1] + 8 * [0]
    agreement(y, X @ w_star + noise)
    assert 0.3 < noise.std() < 0.7
    again, other = (
        gs.grouped_regression(60, 12, 3, [1.0, 2.0, 3.0, -1.0], rng=rng)
        for rng in (np.random.default_rng(0), 1)
    )
    np.testing.assert_array_equal(again.y, y)
    assert not np.array_equal(other.X, X)


def test_designs_have_the_identity_as_second_moment():
    orthogonal = gs.grouped_regression(20, 8, 2, [1.0], design="orthogonal", rng=0).X
    agreement(orthogonal.T @ orthogonal / 20, np.eye(8))
    gaussian = gs.grouped_regression(4000, 2, 1, [1.0], design="gaussian", rng=0).X
    assert len(np.unique(gaussian)) == 8000
    agreement(gaussian.T @ gaussian / 4000, np.eye(2), rtol=0.1)


def test_the_noise_level_does_not_change_the_rest_of_the_draw():
    quiet, loud = (
        gs.grouped_regression(30, 6, 2, [1.0, 1.0], noise_std=s, rng=3) for s in (0.0, 2.0)
    )
    np.testing.assert_array_equal(quiet.X, loud.X)
    assert not quiet.noise.any()
    assert loud.noise.all()


@pytest.mark.parametrize("name", sampling.PATTERNS)
def test_every_named_pattern_can_be_drawn(name):
    sizes = {"figure-2": 9, "figure-3": 9, "figure-4": 16, "figure-5": 5, "figure-12": 12}
    w_star = gs.grouped_regression(10, 40, 1, name, rng=0).w_star
    assert np.count_nonzero(w_star) == sizes[name]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"groups": [1, 0, 1, 0]}, "labels that are not in order.*pass the sizes"),
        (
            {"coefficients": np.ones(5)},
            "coefficients has 5 entries, but there are only 4 predictors",
        ),
        (
            {"coefficients": "figure-9"},
            "coefficients = 'figure-9' is unknown; choose one of 'figure-2'",
        ),
        (
            {"design": "orthogonal"},
            "design = 'orthogonal' needs n_samples >= n_features, but n_samples = 3",
        ),
        ({"design": "uniform"}, "design = 'uniform' is unknown"),
        ({"noise_std": -1}, "noise_std = -1.0 is negative"),
    ],
)
def test_bad_options_of_the_data_are_refused(change, message):
    options = {"n_samples": 3, "n_features": 4, "groups": 2, "coefficients": [1.0]}
    with pytest.raises(ValueError, match=message):
        gs.grouped_regression(**options | change)
