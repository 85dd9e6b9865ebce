"""Training of unfolded networks, with constraints, and against other optimisers."""

import numpy as np
import oracle
import pytest
import scipy.optimize
from test_training import D, problem
from unfolded_oracle import slow_encode

import gsae_ref as gs
from gsae_ref.training import blocks
from gsae_ref.training.constraints import constraint_set

UNFOLDED = {"n_unfold": 4, "unfold_step": 0.05}


# ---- unfolded networks


@pytest.mark.parametrize(
    "options",
    [{}, {"step_size": 0.05}, {"accelerated": False, "nonnegative": True, "l1": 0.2}],
    ids=str,
)
def test_an_unfolded_network_descends_its_own_gradient(options):
    A, _, Y, _ = problem()
    expected = A.copy()
    for epoch in range(3):
        _, G = gs.unfolded_loss_and_grad(expected, Y, 1.0 + epoch, D, 4, **options)
        expected = expected - 0.02 * G
    train_options = dict(options)
    if "step_size" in options:
        train_options["unfold_step"] = train_options.pop("step_size")
    result = gs.train(
        A,
        Y,
        lambda epoch: 1.0 + epoch,
        D,
        3,
        n_unfold=4,
        optimizer="gradient_descent",
        step_size=0.02,
        **train_options,
    )
    np.testing.assert_array_equal(result.x, expected)
    codes = gs.unfolded_encode(expected, Y, 3.0, D, 4, **options)
    cost = np.sum((Y - codes @ expected.T) ** 2) / (2 * len(Y))
    assert result.fun == pytest.approx(cost, rel=1e-13)


def test_the_history_of_an_unfolded_network_has_its_codes_and_its_relative_step():
    A, A_star, Y, support = problem()
    history = gs.train(A, Y, 1.5, D, 2, A_star=A_star, support=support, **UNFOLDED).history
    codes, _ = slow_encode(A, Y, 1.5, D, 4, 0.05)
    by_group = [codes[:, group].any(axis=1) for group in oracle.group_indices(8, D)]
    active = np.stack(by_group, axis=1)
    assert history["active_groups"][0] == np.mean(np.sum(active, axis=1))
    assert history["exact"][0] == gs.support_recovery(support, active).exact
    assert history["relative_step"][0] == pytest.approx(
        0.05 * np.linalg.eigvalsh(A.T @ A)[-1], rel=1e-12
    )
    assert {len(values) for values in history.values()} == {2}
    assert "relative_step" not in gs.train(A, Y, 1.5, D, 1, n_unfold=4).history


def test_a_relative_step_above_one_gives_one_warning():
    A, _, Y, _ = problem()
    step = 1.2 / np.linalg.norm(A, 2) ** 2
    message = r"in epoch 0 unfold_step \* \|\|A\|\|_2\^2 = 1.2;.*lower unfold_step"
    with pytest.warns(RuntimeWarning, match=message) as warned:
        gs.train(A, Y, 1.5, D, 3, n_unfold=3, unfold_step=step)
    assert len(warned) == 1
    assert warned[0].filename == __file__
    gs.train(A, Y, 1.5, D, 1, n_unfold=3, unfold_step=step / 1.2)


def test_the_recipe_of_section_4_2_runs_and_learns():
    """15 steps of 0.04, lam * step = 0.2, batches of 128, Adam 1e-3, unit columns."""
    A_star = gs.make_dictionary(30, 5, 4, kind="orthonormal", rng=0)
    Y = gs.sample(A_star, 640, 1, 4, rng=0).Y
    A = gs.perturb_dictionary(A_star, delta=0.8, group_size=4, direction="tangent", rng=1)
    result = gs.train(
        A,
        Y,
        5.0 * 0.2,
        4,
        15,
        n_unfold=15,
        unfold_step=0.04,
        batch_size=128,
        step_size=1e-3,
        constraint="columns",
        rng=0,
    )
    np.testing.assert_allclose(np.linalg.norm(result.x, axis=0), 1, rtol=1e-13)
    assert result.history["loss"][-1] < 0.8 * result.history["loss"][0]
    assert max(result.history["relative_step"]) < 1


def test_an_unfolded_run_resumes_bit_for_bit(tmp_path):
    A, _, Y, _ = problem()
    recipe = {"batch_size": 16, "constraint": "columns", "step_size": 0.01, **UNFOLDED}
    gs.train(A, Y, 1.0, D, 3, checkpoint=tmp_path / "run.npz", **recipe)
    resumed = gs.train(A, Y, 1.0, D, 7, checkpoint=tmp_path / "run.npz", resume=True, **recipe)
    whole = gs.train(A, Y, 1.0, D, 7, **recipe)
    assert resumed.x.tobytes() == whole.x.tobytes()
    assert resumed.history == whole.history
    with pytest.raises(ValueError, match="belongs to another run"):
        gs.train(
            A,
            Y,
            1.0,
            D,
            7,
            checkpoint=tmp_path / "run.npz",
            resume=True,
            **recipe | {"unfold_step": 0.04},
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"unfold_step": 0.1},
            "^unfold_step = 0.1 with n_unfold = 1; .*drop it or use n_unfold >= 2",
        ),
        ({"nonnegative": True}, "^nonnegative = True with n_unfold = 1"),
        ({"l1": 0.1}, "^l1 = 0.1 with n_unfold = 1"),
        ({"n_unfold": 0}, "n_unfold = 0; it must be at least 1"),
        (
            {"n_unfold": 2, "gradient": "appendix_b"},
            "gradient = 'appendix_b' with n_unfold = 2.*use 'exact'",
        ),
        ({"n_unfold": 2, "unfold_step": -1.0}, "step_size = -1.0; it must be > 0"),
    ],
    ids=str,
)
def test_options_that_have_no_effect_are_refused(options, message):
    A, _, Y, _ = problem()
    with pytest.raises(ValueError, match=message):
        gs.train(A, Y, 1.0, D, 1, **options)


def test_without_measure_the_history_has_the_loss_only():
    A, A_star, Y, _ = problem()
    measured = gs.train(A, Y, 1.0, D, 3, A_star=A_star)
    plain = gs.train(A, Y, 1.0, D, 3, A_star=A_star, measure=False)
    assert set(plain.history) == {"loss"} < set(measured.history)
    assert plain.x.tobytes() == measured.x.tobytes()


def test_samples_are_fixed_in_memory_only_if_all_are_in_one_batch(tmp_path, monkeypatch):
    A, _, Y, _ = problem()
    np.save(tmp_path / "Y.npy", Y)
    made = []
    real = gs.training.ops.FixedSamples

    def fixed_samples(*arguments):
        made.append(1)
        return real(*arguments)

    monkeypatch.setattr(gs.training.ops, "FixedSamples", fixed_samples)
    in_memory = gs.train(A, Y, 1.0, D, 3).x
    assert made == [1]
    on_disk = gs.train(A, np.load(tmp_path / "Y.npy", mmap_mode="r"), 1.0, D, 3).x
    gs.train(A, Y, 1.0, D, 1, batch_size=len(Y) - 1)
    assert made == [1]
    assert on_disk.tobytes() == in_memory.tobytes()


# ---- other optimisers


@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam"])
def test_training_ends_where_scipy_ends(optimizer):
    """BFGS with finite differences finds the same cost and A_g A_g^T; A_g Q has equal cost."""
    A, A_star, Y, _ = problem(n_samples=40)
    theirs = scipy.optimize.minimize(
        lambda flat: gs.loss(flat.reshape(A.shape), Y, 1.0, D),
        A.ravel(),
        method="BFGS",
        options={"gtol": 1e-6},
    )
    step_size = {"adam": lambda epoch: 1e-2 / (1 + epoch / 50), "gradient_descent": 0.05}[optimizer]
    ours = gs.train(A, Y, 1.0, D, 1000, optimizer=optimizer, step_size=step_size, measure=False)
    assert ours.fun == pytest.approx(theirs.fun, rel=1e-6)
    # the truth is no optimum: longer atoms make up for the shrinkage
    assert gs.loss(A_star, Y, 1.0, D) > 2 * theirs.fun
    for g in range(4):
        block, other = (M[:, D * g : D * g + D] for M in (ours.x, theirs.x.reshape(A.shape)))
        np.testing.assert_allclose(block @ block.T, other @ other.T, atol=2e-3)


# ---- constraints and Adam


@pytest.mark.parametrize("constraint", ["columns", "groups"])
def test_the_tangent_part_is_the_slope_along_the_constraint(constraint):
    """Along curves on the constraint it has the inner product of G, and it is tangent itself."""
    rng = np.random.default_rng(0)
    manifold = constraint_set(constraint, 3)
    A = manifold.retract(rng.normal(size=(8, 6)))
    G = rng.normal(size=(8, 6))
    H = rng.normal(size=(8, 6))
    part = manifold.tangent(A, G)
    h = 1e-6
    along = (manifold.retract(A + h * H) - manifold.retract(A - h * H)) / (2 * h)
    assert np.sum(part * along) == pytest.approx(np.sum(G * along), rel=1e-7)
    np.testing.assert_allclose(manifold.tangent(A, part), part, atol=1e-14)
    np.testing.assert_allclose(manifold.retract(A + h * part), A + h * part, atol=1e-10)
    assert np.abs(part - G).max() > 0.1


@pytest.mark.parametrize("constraint", ["columns", "groups"])
def test_adam_stays_at_the_truth_only_with_the_tangent_part(constraint):
    """Without noise and with one active group, the published recipe leaves the truth.

    With the tangent part of the gradient, and with gradient descent, the spans stay.
    """
    A_star = gs.make_dictionary(12, 4, D, kind="orthonormal", rng=0)
    Y = gs.sample(A_star, 400, 1, D, rng=0).Y

    def train(**options):
        return gs.train(A_star, Y, 1.5, D, 200, constraint=constraint, measure=False, **options)

    def angle(result):
        return np.degrees(gs.principal_angles(result.x, A_star, D).max())

    published = train()
    assert angle(published) == pytest.approx(13.5, abs=0.5)
    assert published.fun / published.history["loss"][0] == pytest.approx(4 / 3, abs=0.03)
    assert angle(train(tangent=True)) < 0.1
    assert angle(train(optimizer="gradient_descent", step_size=0.2)) < 0.1


def test_adam_along_the_constraint_recovers_the_spans():
    A, A_star, Y, support = problem(n_samples=400)
    history = gs.train(
        A,
        Y,
        1.9,
        D,
        400,
        constraint="groups",
        tangent=True,
        step_size=5e-3,
        A_star=A_star,
        support=support,
    ).history
    assert history["rotation_free_error"][-1] < 1e-4 * history["rotation_free_error"][0]
    assert history["exact"][-1] == 1


def test_mean_cost_weighs_blocks_by_their_samples(monkeypatch):
    monkeypatch.setattr(blocks, "rows", lambda Y: iter((Y[:3], Y[3:])))
    Y = np.array([1.0, 2.0, 3.0, 10.0])
    assert blocks.mean_cost(lambda block: float(np.mean(block)), Y) == pytest.approx(4.0)
