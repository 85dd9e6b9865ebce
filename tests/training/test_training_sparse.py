"""Training the sparse autoencoder: N19's steps, the rate with a fixed bias, schedules, resuming."""

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
    # the expected gradient is +p_i b_i: descent shrinks |b|, the printed -p_i b_i would grow it
    assert (result.bias > -0.3).all()


@pytest.mark.parametrize("b", [-0.1, -0.3, -0.5, -0.8])
def test_a_fixed_bias_converges_linearly_at_the_predicted_rate(b):
    """All means without noise, orthonormal; columns turned by theta out of their span.

    With kappa = zeta p l and rho = 1 - kappa (b + l)^2 / l every step has tan(theta+) = rho
    sin(theta) / (kappa + rho cos(theta)), so the limit rate is rho / (kappa + rho). N19 states that
    a fixed bias does not converge.
    """
    m = 4
    theta = 0.6
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 9)))[0]
    A = basis[:, :m]
    normal = basis[:, m : 2 * m]
    angles = []

    def measure_angle(intermediate_result):
        W = intermediate_result.x
        overlap = np.sum(W * A, axis=0)
        angles.append(np.arctan2(np.linalg.norm(W - A * overlap, axis=0), overlap))

    W = np.cos(theta) * A + np.sin(theta) * normal
    gs.train_sparse(W, A.T, 8, bias=b, normalise=True, callback=measure_angle)
    for now in angles:
        kappa = np.cos(theta)  # zeta = m, p = 1/m
        rho = 1 - (b + np.cos(theta)) ** 2
        theta = np.arctan(rho * np.sin(theta) / (kappa + rho * np.cos(theta)))
        agreement(now, np.full(m, theta), rtol=1e-9)
    rate = (1 - (1 + b) ** 2) / (2 - (1 + b) ** 2)
    assert angles[-1][0] / angles[-2][0] == pytest.approx(rate, rel=2e-3)


def test_a_vanishing_bias_loses_the_dictionary_that_a_fixed_one_finds():
    """Means with <A_i, A_j> = 0.05: once |b| < 0.05 every unit is active at every mean."""
    gram = 0.95 * np.eye(6) + 0.05
    A = np.vstack([np.linalg.cholesky(gram).T, np.zeros((6, 6))])
    W = gs.perturb_dictionary(A, delta=0.2, rng=0)
    W /= np.linalg.norm(W, axis=0)
    options = {"bias": -0.4, "normalise": True, "A_star": A}
    fixed = gs.train_sparse(W, A.T, 200, **options, bias_schedule="fixed")
    halved = gs.train_sparse(W, A.T, 200, **options, bias_schedule=0.5)
    assert fixed.history["delta"][-1] < 1e-12
    assert halved.history["delta"][-1] > 0.05


def test_the_history_has_the_values_of_the_metrics():
    A, Y, support, W = data()
    options = {"bias": -0.4, "normalise": True, "A_star": A, "support": support}
    result = gs.train_sparse(W, Y, 2, **options)
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
    unmeasured = gs.train_sparse(W, Y, 2, **options, measure=False)
    assert set(unmeasured.history) == {"loss", "bias"}
    np.testing.assert_array_equal(unmeasured.x, result.x)


@pytest.mark.parametrize(
    "activation, lam, bias", [("relu", 0.0, -0.3), ("hard", 0.5, 0.0), ("soft", 0.3, 0.0)]
)
@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam"])
def test_every_network_learns(optimizer, activation, lam, bias):
    _A, Y, _, W = data(200)
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
    assert result.success
    assert result.fun < 0.7 * result.history["loss"][0]


def test_a_resumed_run_equals_one_that_never_stopped(tmp_path):
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


def test_float32_stays_float32_and_the_start_is_not_modified():
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


def test_bad_arguments_are_refused():
    _, Y, _, W = data()
    message = "bias_schedule = 'halve' is unknown; choose one of 'fixed', 'learned'"
    with pytest.raises(ValueError, match=message):
        gs.train_sparse(W, Y, 1, bias_schedule="halve")
    with pytest.raises(ValueError, match="bias_schedule = -0.5 is negative"):
        gs.train_sparse(W, Y, 1, bias_schedule=-0.5)
    with pytest.raises(ValueError, match="optimizer = 'sgd' is unknown"):
        gs.train_sparse(W, Y, 1, optimizer="sgd")
    with pytest.raises(gs.DivergenceError, match="no longer finite .* lower step_size"):
        gs.train_sparse(W, 1e150 * Y, 20, activation="hard", step_size=1e6, A_star=W)
