"""Training the sparse autoencoder: one step by hand, the population step with a fixed bias and its rate, schedules, resuming."""

import numpy as np
import pytest
from gradient_checks import agreement

import gsae_ref as gs
from gsae_ref import ops


def data(n_samples=60, noise=0.05, seed=0):
    A = gs.make_dictionary(12, 5, 1, rng=seed)
    Y, _, support = gs.sample_sparse(A, n_samples, noise=noise, rng=seed)
    return A, Y, support, gs.initialise_sparse("perturbation", A_star=A, delta=0.3, rng=seed)


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize(
    "schedule, factor", [("fixed", 1.0), (0.5, 0.5), (lambda epoch: 0.9 - 0.1 * epoch, 0.9)]
)
def test_one_step_is_the_one_of_theorem_4(schedule, factor, normalise):
    _, Y, _, W = data()
    result = gs.train_sparse(W, Y, 1, bias=-0.3, normalise=normalise, bias_schedule=schedule)
    cost, dW, _ = ops.sparse_loss_and_grad(W, Y, -0.3)
    expected = W - 5 * dW  # zeta = m
    expected = expected / np.linalg.norm(expected, axis=0) if normalise else expected
    agreement(result.x, expected)
    agreement(result.bias, np.full(5, -0.3 * factor))
    assert result.history["loss"] == [cost] and result.history["bias"] == pytest.approx([-0.3])
    agreement(result.fun, ops.sparse_loss(expected, Y, -0.3 * factor))


def test_a_learned_bias_takes_its_own_gradient_step():
    _, Y, _, W = data()
    result = gs.train_sparse(W, Y, 1, bias=-0.3, bias_schedule="learned", step_size=0.5)
    _, dW, db = ops.sparse_loss_and_grad(W, Y, -0.3)
    agreement(result.x, W - 0.5 * dW)
    agreement(result.bias, -0.3 - 0.5 * db)
    assert (
        result.bias > -0.3
    ).all()  # the expectation is +p_i b_i: descent shrinks |b|, where the printed -p_i b_i would grow it


@pytest.mark.parametrize("b", [-0.1, -0.3, -0.5, -0.8])
def test_a_fixed_bias_converges_linearly_at_the_predicted_rate(b):
    """Population, noise-free, orthonormal means, columns turned by theta out of their span. With kappa = zeta p l, rho = 1 - kappa (b + l)^2 / l:
    tan(theta+) = rho sin(theta) / (kappa + rho cos(theta)) at every step, rate rho / (kappa + rho)
    in the limit. N19 says it would not work.
    """
    m = 4
    theta = 0.6
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 9)))[0]
    A = basis[:, :m]
    normal = basis[:, m : 2 * m]
    angles = []

    def watch(intermediate_result):
        overlap = np.sum(intermediate_result.x * A, axis=0)
        angles.append(
            np.arctan2(np.linalg.norm(intermediate_result.x - A * overlap, axis=0), overlap)
        )

    gs.train_sparse(
        np.cos(theta) * A + np.sin(theta) * normal, A.T, 8, bias=b, normalise=True, callback=watch
    )
    for now in angles:
        kappa = np.cos(theta)  # zeta = m, p = 1/m
        rho = 1 - (b + np.cos(theta)) ** 2
        theta = np.arctan(rho * np.sin(theta) / (kappa + rho * np.cos(theta)))
        agreement(now, np.full(m, theta), rtol=1e-9)
    rate = (1 - (1 + b) ** 2) / (2 - (1 + b) ** 2)
    assert angles[-1][0] / angles[-2][0] == pytest.approx(rate, rel=2e-3)


def test_a_bias_that_vanishes_loses_what_a_fixed_one_finds():
    """Means with <A_i, A_j> = 0.05: once |b| < 0.05 every unit answers to every mean."""
    gram = 0.95 * np.eye(6) + 0.05
    A = np.vstack([np.linalg.cholesky(gram).T, np.zeros((6, 6))])
    W = gs.perturb_dictionary(A, delta=0.2, rng=0)
    W /= np.linalg.norm(W, axis=0)
    ends = {
        rule: gs.train_sparse(
            W, A.T, 200, bias=-0.4, normalise=True, bias_schedule=rule, A_star=A
        ).history["delta"][-1]
        for rule in ("fixed", 0.5)
    }
    assert ends["fixed"] < 1e-12 and ends[0.5] > 0.05


def test_the_history_is_what_the_metrics_say():
    A, Y, support, W = data()
    result = gs.train_sparse(W, Y, 2, bias=-0.4, normalise=True, A_star=A, support=support)
    X = ops.sparse_encode(W, Y, -0.4)
    found = gs.metrics.support_recovery(support, X != 0)
    first = {name: values[0] for name, values in result.history.items()}
    expected = {
        "active_atoms": (X != 0).sum(axis=1).mean(),
        "distance": gs.metrics.matched_distance(W, A, "permutation"),
        "delta": gs.closeness(W, A, "permutation").delta,
        "recall": found.recall,
        "precision": found.precision,
        "exact": found.exact,
    }
    assert {name: first[name] for name in expected} == pytest.approx(expected, nan_ok=True)
    quick = gs.train_sparse(
        W, Y, 2, bias=-0.4, normalise=True, A_star=A, support=support, measure=False
    )
    assert set(quick.history) == {"loss", "bias"}
    np.testing.assert_array_equal(quick.x, result.x)


@pytest.mark.parametrize(
    "activation, lam, bias", [("relu", 0.0, -0.3), ("hard", 0.5, 0.0), ("soft", 0.3, 0.0)]
)
@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam"])
def test_every_network_learns(optimizer, activation, lam, bias):
    A, Y, _, W = data(200)
    step = 0.5 if optimizer == "gradient_descent" else 0.01
    result = gs.train_sparse(
        W,
        Y,
        40,
        bias=bias,
        activation=activation,
        lam=lam,
        optimizer=optimizer,
        step_size=step,
        batch_size=70,
    )
    assert result.success and result.fun < 0.7 * result.history["loss"][0]


def test_a_run_resumed_is_the_run_that_never_stopped(tmp_path):
    _, Y, _, W = data()
    options = dict(
        bias=-0.3,
        bias_schedule=0.9,
        normalise=True,
        optimizer="adam",
        step_size=0.01,
        batch_size=20,
    )
    whole = gs.train_sparse(W, Y, 6, **options)
    path = tmp_path / "run.npz"
    gs.train_sparse(W, Y, 3, **options, checkpoint=path)
    resumed = gs.train_sparse(W, Y, 6, **options, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.x, whole.x)
    np.testing.assert_array_equal(resumed.bias, whole.bias)
    assert resumed.history == whole.history
    with pytest.raises(ValueError, match="belongs to another run"):
        gs.train_sparse(W, Y, 6, **{**options, "normalise": False}, checkpoint=path, resume=True)


def test_float32_stays_float32_and_nothing_is_modified():
    _, Y, _, W = data()
    single = W.astype(np.float32)
    before = W.astype(np.float32)
    result = gs.train_sparse(single, Y.astype(np.float32), 3, bias=-0.3, bias_schedule=0.5)
    assert result.x.dtype == result.bias.dtype == np.float32
    np.testing.assert_array_equal(single, before)


def test_a_callback_can_stop_the_run():
    _, Y, _, W = data()

    def stop(intermediate_result):
        if intermediate_result.nit == 2:
            raise StopIteration

    result = gs.train_sparse(W, Y, 5, bias=-0.3, callback=stop)
    assert (result.nit, result.status, result.message) == (2, 1, "stopped by the callback")


def test_refusals():
    _, Y, _, W = data()
    with pytest.raises(
        ValueError, match="bias_schedule = 'halve' is unknown; choose one of 'fixed', 'learned'"
    ):
        gs.train_sparse(W, Y, 1, bias_schedule="halve")
    with pytest.raises(ValueError, match="bias_schedule = -0.5 is negative"):
        gs.train_sparse(W, Y, 1, bias_schedule=-0.5)
    with pytest.raises(ValueError, match="optimizer = 'sgd' is unknown"):
        gs.train_sparse(W, Y, 1, optimizer="sgd")
    with pytest.raises(gs.DivergenceError, match="no longer finite .* lower step_size"):
        gs.train_sparse(W, 1e150 * Y, 20, activation="hard", step_size=1e6, A_star=W)
