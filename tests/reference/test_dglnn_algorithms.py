"""Algorithms 1 and 2 of L23, gradient descent, their rival, and early stopping."""

import numpy as np
import oracle_dglnn as oracle
import pytest
from dglnn_problem import SIZES, problem
from gradient_checks import agreement
from hypothesis import given
from strategies import SEEDS

import gsae_ref as gs

RECOVERY = gs.grouped_regression(200, 60, 3, [2.0, 2.0, 2.0, -1.0, 1.0, -1.0], noise_std=0.1, rng=0)


def path_of(data, **options):
    defaults = {"n_epochs": 400, "alpha": 1e-4, "gamma": 0.05}
    return gs.dglnn_path(data.X, data.y, group_sizes=data.groups, **defaults | options)


# ---- step by step


@given(SEEDS, SIZES)
def test_algorithm_1_is_the_iteration_as_printed(seed, sizes):
    net = problem(seed, sizes)
    v = np.concatenate([part / np.linalg.norm(part) for part in oracle.groups_of(net.v, sizes)])
    for scale, factor, jacobi in (("half", 0.5, False), ("mean", 1.0, True)):
        path = gs.dglnn_path(
            net.X,
            net.y,
            net.groups,
            n_epochs=2,
            alpha=net.u,
            gamma=0.01,
            v0=v,
            loss_scale=scale,
            jacobi=jacobi,
            engine="reference",
        )
        state = net.u, v
        for t in range(3):
            agreement(path.u[t], state[0], rtol=1e-9)
            agreement(path.v[t], state[1], rtol=1e-9)
            agreement(path.w[t], oracle.weights(*state, sizes), rtol=1e-9)
            agreement(path.loss[t], oracle.loss(*state, net.X, net.y, sizes, factor), rtol=1e-9)
            state = oracle.algorithm_1(*state, net.X, net.y, sizes, 0.01, factor, jacobi)


@given(SEEDS, SIZES)
def test_algorithm_2_takes_the_constant_step_from_the_given_epoch(seed, sizes):
    net = problem(seed, sizes)
    path = gs.dglnn_path(
        net.X, net.y, net.groups, "algorithm_2", 3, net.u, 0.01, eta=0.02, v0=net.v, switch=1
    )
    state = oracle.algorithm_1(net.u, net.v, net.X, net.y, sizes, 0.01)
    for t in (1, 2, 3):
        agreement(path.u[t], state[0], rtol=1e-9)
        agreement(path.v[t], state[1], rtol=1e-9)
        state = oracle.algorithm_1(*state, net.X, net.y, sizes, 0.01, eta=0.02)
    assert path.switch_epoch == 1


@given(SEEDS, SIZES)
def test_algorithm_2_takes_the_largest_step_of_lemma_16_by_default(seed, sizes):
    net = problem(seed, sizes)
    for scale, factor in (("half", 0.5), ("mean", 1.0)):
        path = gs.dglnn_path(
            net.X,
            net.y,
            net.groups,
            "algorithm_2",
            1,
            net.u,
            0.01,
            v0=net.v,
            switch=0,
            loss_scale=scale,
        )
        eta = 4 / (9 * 2 * factor * max(net.u) ** 4)
        u, v = oracle.algorithm_1(net.u, net.v, net.X, net.y, sizes, 0.01, factor, eta=eta)
        agreement(path.u[1], u, rtol=1e-9)
        agreement(path.v[1], v, rtol=1e-9)


@given(SEEDS, SIZES)
def test_gradient_descent_takes_both_gradients_at_once(seed, sizes):
    net = problem(seed, sizes)
    path = gs.dglnn_path(
        net.X, net.y, net.groups, "gradient_descent", 2, net.u, 0.01, eta=0.02, v0=net.v
    )
    state = net.u, net.v
    for t in range(3):
        scale = 1 + np.linalg.norm(state[0]) + np.linalg.norm(state[1])
        agreement(path.u[t], state[0], scale=scale, rtol=1e-10)
        agreement(path.v[t], state[1], scale=scale, rtol=1e-10)
        state = oracle.gradient_descent(*state, net.X, net.y, sizes, 0.01, 0.02)
    default = gs.dglnn_path(net.X, net.y, net.groups, "gradient_descent", 1, net.u, 0.01)
    agreement(
        default.v[1],
        -0.01 * oracle.gradients(net.u, 0 * net.v, net.X, net.y, sizes)[1],
        scale=1 + np.linalg.norm(default.v[1]),
    )


def test_the_doubled_loss_doubles_both_steps_of_gradient_descent():
    net = problem(2)
    double = gs.dglnn_path(
        net.X,
        net.y,
        net.groups,
        "gradient_descent",
        5,
        0.5,
        0.01,
        eta=0.02,
        v0="ones",
        loss_scale="mean",
    )
    single = gs.dglnn_path(
        net.X, net.y, net.groups, "gradient_descent", 5, 0.5, 0.02, eta=0.04, v0="ones"
    )
    agreement(double.w, single.w)
    agreement(double.loss, 2 * single.loss)


def test_on_an_orthogonal_design_one_large_step_finds_the_direction():
    """z_l = w_l* + noise for every v; with the factor 2, z_l = 2 (w_l* + noise) - u_l^2 v_l."""
    data = gs.grouped_regression(
        16, 6, 3, [1.0, 2.0, -1.0, 0.5, 0.5, 0.5], design="orthogonal", rng=0
    )
    a = data.X.T @ data.y / 16
    start = {"alpha": 1.2, "gamma": 1e-3, "v0": "random", "rng": 1, "n_epochs": 1}
    path, double = (
        gs.dglnn_path(data.X, data.y, 3, loss_scale=scale, **start) for scale in ("half", "mean")
    )
    mirror = 2 * a - 1.44 * path.v[0]
    for found, z in ((path.v[1], a), (double.v[1], mirror)):
        expected = [part / np.linalg.norm(part) for part in np.split(z, 2)]
        agreement(found, np.concatenate(expected))


def test_the_literal_loss_of_section_2_diverges_in_algorithm_1():
    """1/2 ||.||^2, without 1/n, is our loss of sqrt(n) X and sqrt(n) y."""
    data = gs.grouped_regression(150, 300, 3, "figure-2", rng=0)
    message = "left the finite numbers between epochs .* lower gamma and eta"
    with pytest.raises(FloatingPointError, match=message):
        gs.dglnn_path(150**0.5 * data.X, 150**0.5 * data.y, 3, n_epochs=2000, engine="reference")


# ---- switching, starting


def test_the_practical_rule_switches_after_the_first_epoch_of_small_changes():
    path = path_of(RECOVERY, algorithm="algorithm_2", tolerance=0.01, eta=0.1)
    change = np.max(np.abs(np.diff(path.u, axis=0)) / path.u[:-1], axis=1)
    assert path.switch_epoch == 1 + np.argmax(change < 0.01)
    assert 5 < path.switch_epoch < 400
    without = path_of(RECOVERY, n_epochs=path.switch_epoch + 1)
    np.testing.assert_array_equal(path.v[: path.switch_epoch + 1], without.v[:-1])
    assert not np.array_equal(path.v[path.switch_epoch + 1], without.v[-1])


def test_the_rule_of_theorem_4_switches_when_all_groups_have_grown_to_half():
    u_star = np.sqrt([np.linalg.norm(part) for part in np.split(RECOVERY.w_star, 20)])
    path = path_of(RECOVERY, algorithm="algorithm_2", switch="growth", u_star=u_star)
    grown = (path.u**2 >= u_star**2 / 2).all(axis=1)
    assert path.switch_epoch == np.argmax(grown) > 5


def test_a_path_that_does_not_switch_has_no_switch_epoch():
    path = path_of(RECOVERY, algorithm="algorithm_2", tolerance=1e-12)
    assert path.switch_epoch is None
    assert path_of(RECOVERY, algorithm="algorithm_2", switch=500).switch_epoch is None
    np.testing.assert_array_equal(path.w, path_of(RECOVERY).w)


def test_directions_start_as_v0_says():
    def first(**options):
        return path_of(RECOVERY, n_epochs=1, **options).v[0]

    agreement(first(), np.full(60, 3**-0.5))
    assert not first(v0="zeros").any()
    assert not first(algorithm="gradient_descent").any()
    drawn = first(v0="random", rng=0)
    agreement(np.linalg.norm(drawn.reshape(20, 3), axis=1), np.ones(20))
    np.testing.assert_array_equal(drawn, first(v0="random", rng=0))
    assert not np.array_equal(drawn, first(v0="random", rng=1))
    np.testing.assert_array_equal(first(v0=np.arange(60.0)), np.arange(60.0))


# ---- where they arrive


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"algorithm": "algorithm_2", "tolerance": 0.01},
        {"algorithm": "algorithm_2", "switch": 1},
        {"algorithm": "algorithm_2", "tolerance": 0.01, "eta": 0.05},
        {"algorithm": "gradient_descent", "n_epochs": 3000, "alpha": 1e-2},
        {"v0": "random", "rng": 3},
        {"v0": -np.repeat(RECOVERY.w_star[:1], 60)},
        {
            "loss_scale": "mean",
            "jacobi": True,
            "gamma": 0.02,
            "algorithm": "algorithm_2",
            "tolerance": 0.01,
        },
    ],
    ids=[
        "1",
        "2",
        "2 at once",
        "2 with eta",
        "descent",
        "random directions",
        "wrong directions",
        "as the authors' code",
    ],
)
def test_the_true_groups_are_found_and_the_others_stay_small(options):
    path = path_of(RECOVERY, **options)
    on_the_support, *_ = np.linalg.lstsq(RECOVERY.X[:, :6], RECOVERY.y, rcond=None)
    agreement(path.x[:6], on_the_support, rtol=0.02)
    assert np.max(np.abs(path.x[6:])) < 1e-3
    factor = 1 if options.get("loss_scale") else 0.5
    agreement(path.fun, factor * np.mean((RECOVERY.y - RECOVERY.X @ path.x) ** 2))


def test_groups_of_one_are_sparse_regression_with_signs():
    data = gs.grouped_regression(200, 80, 1, "figure-5", noise_std=0.1, rng=2)
    path = path_of(data, v0="ones")
    agreement(path.x[:5], data.w_star[:5], rtol=0.05)
    assert np.max(np.abs(path.x[5:])) < 1e-3
    assert set(np.unique(path.v)) == {-1.0, 1.0}


def test_single_precision_stays_single_and_recovers_from_a_tiny_start():
    X = RECOVERY.X.astype(np.float32)
    y = RECOVERY.y.astype(np.float32)
    path = gs.dglnn_path(X, y, 3, n_epochs=600, alpha=1e-12, gamma=0.05)
    assert {path.x.dtype, path.u.dtype, path.v.dtype} == {np.dtype(np.float32)}
    agreement(path.x[:6], RECOVERY.w_star[:6], rtol=0.05)


def test_the_signed_rival_finds_signs_and_its_positive_part_does_not():
    data = gs.grouped_regression(200, 20, 1, [1.0, -1.0], noise_std=0.01, rng=0)
    options = {"n_epochs": 600, "alpha": 1e-3, "step_size": 0.05}
    path = gs.signed_path(data.X, data.y, **options)
    agreement(path.x, data.w_star, rtol=0.01)
    half = gs.signed_path(data.X, data.y, negative_part=False, **options)
    assert (half.x >= 0).all()
    assert half.x[1] < 1e-3
    assert not half.v.any()
    step = gs.signed_path(data.X, data.y, n_epochs=1, alpha=0.5, step_size=0.05, loss_scale="mean")
    q = data.X.T @ data.y / 200
    agreement(step.u[1], 0.5 * (1 + 4 * 0.05 * q))
    agreement(step.v[1], 0.5 * (1 - 4 * 0.05 * q))


# ---- the record


def test_a_coarser_record_is_part_of_the_finer_one():
    fine = path_of(RECOVERY, n_epochs=25)
    coarse = path_of(RECOVERY, n_epochs=25, record_every=10)
    assert coarse.epochs.tolist() == [0, 10, 20, 25]
    for name in ("u", "v", "w", "loss"):
        np.testing.assert_array_equal(coarse[name], fine[name][coarse.epochs])
    assert coarse.success
    assert coarse.status == 0
    assert coarse.nit == 25
    assert coarse.fun == coarse.loss[-1]


def test_a_callback_receives_every_recorded_state_and_may_stop():
    seen = []

    def stop_when_small(intermediate_result):
        seen.append((intermediate_result.nit, intermediate_result.fun))
        if intermediate_result.fun < 1.0:
            raise StopIteration

    path = path_of(RECOVERY, record_every=5, callback=stop_when_small)
    assert path.status == 1
    assert not path.success
    assert path.message == "stopped by the callback"
    assert [nit for nit, _ in seen] == path.epochs[1:].tolist()
    assert path.nit == seen[-1][0] < 400
    agreement([fun for _, fun in seen], path.loss[1:])


def test_early_stopping_takes_the_state_of_its_rule():
    path = gs.dglnn_path(
        RECOVERY.X, RECOVERY.y, 3, n_epochs=3000, alpha=1e-2, gamma=0.05, record_every=10
    )
    fixed = gs.early_stop(path, "fixed", epoch=57)
    assert (fixed.epoch, fixed.index) == (50, 5)
    assert gs.early_stop(path, "fixed", epoch=10**6).epoch == 3000
    oracle_stop = gs.early_stop(path, "oracle", w_star=RECOVERY.w_star)
    errors = [np.sum((w - RECOVERY.w_star) ** 2) for w in path.w]
    agreement(oracle_stop.scores, errors)
    assert errors[oracle_stop.index] == min(errors) < errors[-1] / 2
    fresh = gs.grouped_regression(200, 60, 3, RECOVERY.w_star[:6], noise_std=0.1, rng=9)
    valid = gs.early_stop(path, "validation", X=fresh.X, y=fresh.y)
    agreement(valid.scores[-1], np.mean((fresh.y - fresh.X @ path.x) ** 2))
    assert valid.scores[valid.index] == valid.scores.min()
    assert errors[valid.index] < 2 * min(errors)
    window = gs.early_stop(path, "window", window=(101, 200))
    assert window.epoch == 110
    np.testing.assert_array_equal(window.w, path.w[11])


REFUSED_PATHS = [
    ({"eta": 0.1}, "eta = 0.1, but algorithm_1 has the step 1 / u\\^4"),
    ({"switch": 3}, "switch = 3, but algorithm_1 never switches"),
    (
        {"algorithm": "algorithm_3"},
        "algorithm = 'algorithm_3' is unknown; choose one of 'algorithm",
    ),
    (
        {"algorithm": "algorithm_2", "switch": "growth"},
        "switch = 'growth' without u_star; .*pass both",
    ),
    ({"u_star": np.ones(20)}, "switch = None with u_star; .*pass both or neither"),
    ({"algorithm": "algorithm_2", "switch": -1}, "switch = -1; it must be at least 0"),
    (
        {"algorithm": "algorithm_2", "switch": "now"},
        "switch = 'now' is unknown; choose one of 'change'",
    ),
    ({"alpha": 0}, "alpha has the entry 0.0; every entry must be > 0"),
    ({"alpha": [1.0, 2.0]}, "alpha has 2 entries, but there are 20 groups"),
    ({"gamma": -1}, "gamma = -1.0; it must be > 0"),
    ({"v0": "twos"}, "v0 = 'twos' is unknown; choose one of 'ones', 'zeros', 'random'"),
    ({"v0": [1.0]}, "v0 has 1 entry, but 60 are needed for 60 predictors"),
    ({"jacobi": 1}, "jacobi = 1 has type int; it must be True or False"),
    ({"engine": "gpu"}, "engine = 'gpu' is unknown"),
    ({"n_epochs": 0}, "n_epochs = 0; it must be at least 1"),
    ({"loss_scale": "sum"}, "loss_scale = 'sum' is unknown; choose one of 'half', 'mean'"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED_PATHS, ids=str)
def test_bad_options_of_a_path_are_refused(options, message):
    error = TypeError if "jacobi" in options else ValueError
    with pytest.raises(error, match=message):
        path_of(RECOVERY, **options)


def test_data_of_different_lengths_are_refused():
    message = r"y has 5 entries, but 200 are needed for X of shape \(200, 60\)"
    with pytest.raises(ValueError, match=message):
        gs.dglnn_path(RECOVERY.X, RECOVERY.y[:5], 3)


REFUSED_STOPS = [
    ("fixed", {}, r"rule = 'fixed' was given \[\]; it takes exactly \['epoch'\]"),
    ("window", {"window": (5, 4)}, r"window = \(5, 4\) is empty"),
    ("window", {"window": 5}, "window = 5; it must be a pair"),
    ("window", {"window": (900, 999)}, "holds none of the 401 recorded epochs, 0 to 400"),
    ("oracle", {"w_star": [1.0]}, "w_star has 1 entry, but 60 are needed"),
]


@pytest.mark.parametrize(("rule", "options", "message"), REFUSED_STOPS, ids=str)
def test_bad_options_of_early_stopping_are_refused(rule, options, message):
    with pytest.raises(ValueError, match=message):
        gs.early_stop(path_of(RECOVERY), rule, **options)
