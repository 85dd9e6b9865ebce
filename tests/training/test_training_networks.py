"""Training of unfolded networks, under constraints, and against other optimisers: what tests/training/test_training.py leaves open."""

import numpy as np
import oracle
import pytest
import scipy.optimize
from test_training import D, problem
from unfolded_oracle import slow_encode

import gsae_ref as gs
from gsae_ref.training import dictionary, optimizers

UNFOLDED = {"n_unfold": 4, "unfold_step": 0.05}


# -------------------------------------------------------------------------------- unfolded networks


@pytest.mark.parametrize(
    "options",
    [{}, {"step_size": 0.05}, {"accelerated": False, "nonnegative": True, "l1": 0.2}],
    ids=str,
)
def test_an_unfolded_network_descends_its_own_gradient(options):
    A, _, Y, _ = problem()
    expected = A.copy()
    for epoch in range(3):
        expected = (
            expected
            - 0.02 * gs.unfolded_loss_and_grad(expected, Y, 1.0 + epoch, D, 4, **options)[1]
        )
    train_options = {
        ("unfold_step" if name == "step_size" else name): value for name, value in options.items()
    }
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
    assert result.fun == pytest.approx(
        np.sum((Y - codes @ expected.T) ** 2) / (2 * len(Y)), rel=1e-13
    )


def test_its_history_has_its_own_codes_and_its_relative_step():
    A, A_star, Y, support = problem()
    history = gs.train(A, Y, 1.5, D, 2, A_star=A_star, support=support, **UNFOLDED).history
    codes, _ = slow_encode(A, Y, 1.5, D, 4, 0.05)
    active = [[any(code[group]) for group in oracle.group_indices(8, D)] for code in codes]
    assert history["active_groups"][0] == np.mean(np.sum(active, axis=1))
    assert history["exact"][0] == gs.support_recovery(support, np.array(active)).exact
    assert history["relative_step"][0] == pytest.approx(
        0.05 * np.linalg.eigvalsh(A.T @ A)[-1], rel=1e-12
    )
    assert {len(values) for values in history.values()} == {2}
    assert "relative_step" not in gs.train(A, Y, 1.5, D, 1, n_unfold=4).history


def test_a_step_above_one_is_told_once():
    A, _, Y, _ = problem()
    step = 1.2 / np.linalg.norm(A, 2) ** 2
    with pytest.warns(
        RuntimeWarning, match=r"in epoch 0 unfold_step \* \|\|A\|\|_2\^2 = 1.2;.*lower unfold_step"
    ) as told:
        gs.train(A, Y, 1.5, D, 3, n_unfold=3, unfold_step=step)
    assert len(told) == 1
    assert told[0].filename == __file__
    gs.train(A, Y, 1.5, D, 1, n_unfold=3, unfold_step=step / 1.2)


def test_the_recipe_of_section_4_2_runs_and_learns():
    """15 steps of 0.04, lam * step = 0.2, mini-batches of 128, Adam 1e-3, unit columns; smaller images."""
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
        ({"unfold_step": 0.1}, "n_unfold = 1 with unfold_step=0.1.*drop them or use n_unfold >= 2"),
        ({"nonnegative": True}, "nonnegative=True"),
        ({"l1": 0.1}, "l1=0.1"),
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


def test_what_is_not_measured_is_not_in_the_history(monkeypatch):
    A, A_star, Y, _ = problem()
    measured, plain = (
        gs.train(A, Y, 1.0, D, 3, A_star=A_star, measure=measure) for measure in (True, False)
    )
    assert set(plain.history) == {"loss"} < set(measured.history)
    assert plain.x.tobytes() == measured.x.tobytes()


def test_samples_in_memory_are_checked_once_and_a_file_is_never_held_whole(tmp_path, monkeypatch):
    A, _, Y, _ = problem()
    np.save(tmp_path / "Y.npy", Y)
    held = []
    real = gs.training.ops.FixedSamples
    monkeypatch.setattr(
        gs.training.ops, "FixedSamples", lambda *arguments: held.append(1) or real(*arguments)
    )
    in_memory = gs.train(A, Y, 1.0, D, 3).x
    assert held == [1]
    on_disk = gs.train(A, np.load(tmp_path / "Y.npy", mmap_mode="r"), 1.0, D, 3).x
    gs.train(A, Y, 1.0, D, 1, batch_size=len(Y) - 1)
    assert held == [1]
    assert on_disk.tobytes() == in_memory.tobytes()


# --------------------------------------------------------------------------------- other optimisers


@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam"])
def test_training_ends_where_scipy_ends(optimizer):
    """lam > 0, no constraint, from one start: the same cost, and the same A_g A_g^T (A_g Q costs the same), as BFGS with finite differences."""
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
    assert (
        gs.loss(A_star, Y, 1.0, D) > 2 * theirs.fun
    )  # the truth is no optimum: longer atoms make up for the shrinkage
    for g in range(4):
        block, other = (M[:, D * g : D * g + D] for M in (ours.x, theirs.x.reshape(A.shape)))
        np.testing.assert_allclose(block @ block.T, other @ other.T, atol=2e-3)


# ----------------------------------------------------------------------------- constraints and Adam


@pytest.mark.parametrize("constraint", ["columns", "groups"])
def test_the_tangent_part_is_the_slope_along_the_constraint(constraint):
    """It gives the same derivative of any cost along curves that keep the constraint, and is such a direction itself."""
    rng = np.random.default_rng(0)
    restrict = optimizers.constraint_on(constraint, 3)
    tangent = optimizers.tangent_to(constraint, 3)
    A = restrict(rng.normal(size=(8, 6)))
    G = rng.normal(size=(8, 6))
    H = rng.normal(size=(8, 6))
    part = tangent(A, G)
    h = 1e-6
    along = (restrict(A + h * H) - restrict(A - h * H)) / (2 * h)
    assert np.sum(part * along) == pytest.approx(np.sum(G * along), rel=1e-7)
    np.testing.assert_allclose(tangent(A, part), part, atol=1e-14)
    np.testing.assert_allclose(restrict(A + h * part), A + h * part, atol=1e-10)
    assert np.abs(part - G).max() > 0.1


@pytest.mark.parametrize("constraint", ["columns", "groups"])
def test_adam_rests_at_the_truth_only_along_the_constraint(constraint):
    """Noiseless data, one active group, from the truth itself: the published recipe walks away, its tangential form and descent stay."""
    A_star = gs.make_dictionary(12, 4, D, kind="orthonormal", rng=0)
    Y = gs.sample(A_star, 400, 1, D, rng=0).Y

    def angle(**options):
        return np.degrees(
            gs.principal_angles(
                gs.train(A_star, Y, 1.5, D, 200, constraint=constraint, measure=False, **options).x,
                A_star,
                D,
            ).max()
        )

    published = gs.train(A_star, Y, 1.5, D, 200, constraint=constraint, measure=False)
    assert angle() == pytest.approx(13.5, abs=0.5)
    assert published.fun / published.history["loss"][0] == pytest.approx(4 / 3, abs=0.03)
    assert angle(tangent=True) < 0.1
    assert angle(optimizer="gradient_descent", step_size=0.2) < 0.1


def test_the_linear_rate_of_recovery_shows_in_the_history():
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
    monkeypatch.setattr(dictionary, "rows", lambda Y: iter((Y[:3], Y[3:])))
    assert dictionary.mean_cost(
        lambda block: float(np.mean(block)), np.array([1.0, 2.0, 3.0, 10.0])
    ) == pytest.approx(4.0)
