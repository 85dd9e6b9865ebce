"""Training: optimisers against loops and torch, recovery, interruptions and checkpoints."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref import training

D = 2


def problem(seed=0, n_samples=60, dtype=np.float64):
    """A small network near the truth: A, A*, Y, support."""
    A_star = gs.make_dictionary(12, 4, D, kind="orthonormal", rng=seed)
    Y, _, support = gs.sample(A_star, n_samples, 1, D, norm_range=(4, 5), rng=seed)
    A = gs.perturb_dictionary(A_star, delta=0.5, group_size=D, direction="tangent", rng=seed)
    return A.astype(dtype), A_star.astype(dtype), Y.astype(dtype), support


def adam_by_loops(A, Y, lam, n_epochs, step_size, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Kingma and Ba's Algorithm 1, entry by entry."""
    A = A.copy()
    m = np.zeros_like(A)
    v = np.zeros_like(A)
    for t in range(1, n_epochs + 1):
        G = gs.loss_and_grad(A, Y, lam, D)[1]
        for index in np.ndindex(A.shape):
            m[index] = beta_1 * m[index] + (1 - beta_1) * G[index]
            v[index] = beta_2 * v[index] + (1 - beta_2) * G[index] ** 2
            mean = m[index] / (1 - beta_1**t)
            mean_square = v[index] / (1 - beta_2**t)
            A[index] -= step_size * mean / (np.sqrt(mean_square) + epsilon)
    return A


# ---- steps


def test_adam_is_the_published_algorithm():
    A, _, Y, _ = problem()
    expected = adam_by_loops(A, Y, 1.0, 7, 0.01)
    result = gs.train(A, Y, 1.0, D, 7, step_size=0.01)
    np.testing.assert_allclose(result.x, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("change", [{"beta_1": 0.8}, {"beta_2": 0.99}, {"epsilon": 1e-2}])
def test_other_constants_of_adam_are_detected(change):
    A, _, Y, _ = problem()
    other = adam_by_loops(A, Y, 1.0, 7, 0.01, **change)
    assert np.abs(gs.train(A, Y, 1.0, D, 7, step_size=0.01).x - other).max() > 1e-6


def test_adam_agrees_with_torch():
    torch = pytest.importorskip("torch")
    A, _, Y, _ = problem()
    weight = torch.nn.Parameter(torch.tensor(A))
    optimizer = torch.optim.Adam([weight], lr=0.01)
    for _ in range(7):
        optimizer.zero_grad()
        weight.grad = torch.tensor(gs.loss_and_grad(weight.detach().numpy(), Y, 1.0, D)[1])
        optimizer.step()
    result = gs.train(A, Y, 1.0, D, 7, step_size=0.01)
    np.testing.assert_allclose(result.x, weight.detach().numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("gradient", ["exact", "appendix_b", "approximate"])
def test_gradient_descent_is_equation_14(gradient):
    A, _, Y, _ = problem()
    expected = A.copy()
    for _ in range(5):
        expected = expected - 0.02 * gs.loss_and_grad(expected, Y, 1.0, D, gradient)[1]
    options = {"gradient": gradient, "optimizer": "gradient_descent", "step_size": 0.02}
    result = gs.train(A, Y, 1.0, D, 5, **options)
    np.testing.assert_array_equal(result.x, expected)


def test_schedules_are_functions_of_the_epoch():
    A, _, Y, _ = problem()
    expected = A.copy()
    for epoch in range(4):
        _, G = gs.loss_and_grad(expected, Y, 1.0 + 0.1 * epoch, D)
        expected = expected - 0.01 * (epoch + 1) * G
    result = gs.train(
        A,
        Y,
        lambda epoch: 1.0 + 0.1 * epoch,
        D,
        4,
        optimizer="gradient_descent",
        step_size=lambda epoch: 0.01 * (epoch + 1),
    )
    np.testing.assert_allclose(result.x, expected, rtol=1e-14)
    assert result.fun == gs.loss(result.x, Y, 1.3, D)


def test_the_batches_of_an_epoch_are_all_samples_in_a_new_order(monkeypatch):
    A, _, Y, _ = problem()
    seen = []

    def spy(A, batch, *rest):
        seen.append(batch)
        return 0.0, np.zeros_like(A)

    monkeypatch.setattr(training.ops, "loss_and_grad", spy)
    gs.train(A, Y, 1.0, D, 2, batch_size=16, rng=3)
    assert [len(batch) for batch in seen] == [16, 16, 16, 12] * 2
    first = np.concatenate(seen[:4])
    second = np.concatenate(seen[4:])
    for epoch in (first, second):
        np.testing.assert_array_equal(np.sort(epoch, axis=0), np.sort(Y, axis=0))
    assert not np.array_equal(first, second)


def test_the_constraints_hold_after_every_step():
    A, _, Y, _ = problem()
    unit, orthonormal = (
        gs.train(A * 1.3, Y, 1.0, D, 3, constraint=constraint, step_size=0.05).x
        for constraint in ("columns", "groups")
    )
    np.testing.assert_allclose(np.linalg.norm(unit, axis=0), 1, rtol=1e-14)
    for g in range(4):
        block = orthonormal[:, D * g : D * g + D]
        np.testing.assert_allclose(block.T @ block, np.eye(D), atol=1e-14)


# ---- what it learns


def test_the_spans_are_recovered_and_the_history_shows_it():
    """One active group, retraction: the spans converge with no floor, their atoms turn (R2)."""
    A, A_star, Y, support = problem(n_samples=400)
    result = gs.train(
        A,
        Y,
        1.9,
        D,
        150,
        optimizer="gradient_descent",
        step_size=0.2,
        constraint="groups",
        A_star=A_star,
        support=support,
    )
    assert result.success
    assert gs.principal_angles(result.x, A_star, D).max() < 1e-6
    history = result.history
    assert {len(values) for values in history.values()} == {150}
    assert history["rotation_free_error"][-1] < 1e-10 < 1e-3 < history["rotation_free_error"][0]
    assert history["error"][-1] >= history["rotation_free_error"][-1]
    for name in ("recall", "precision", "exact", "active_groups"):
        assert history[name][-1] == 1
    assert np.diff(history["loss"]).max() < 1e-12
    # what remains is the shrinkage of every code by lam
    assert history["loss"][-1] == pytest.approx(1.9**2 / 2, rel=1e-9)


def test_a_linear_network_reaches_the_optimum_that_the_svd_finds():
    """With lam = 0 the optimum is the residual of the leading principal directions."""
    rng = np.random.default_rng(1)
    Y = rng.standard_normal((50, 6)) * [3, 2, 1, 0.5, 0.3, 0.1]
    result = gs.train(
        rng.standard_normal((6, 2)) * 0.3,
        Y,
        0.0,
        2,
        3000,
        optimizer="gradient_descent",
        step_size=0.02,
    )
    best = np.sum(np.linalg.svd(Y, compute_uv=False)[2:] ** 2) / (2 * len(Y))
    assert result.fun == pytest.approx(best, rel=1e-8)


def test_the_history_is_measured_before_the_step():
    A, A_star, Y, support = problem()
    history = gs.train(A, Y, 1.5, D, 1, A_star=A_star, support=support).history
    active = np.linalg.norm((Y @ A).reshape(len(Y), -1, D), axis=2) > 1.5
    assert history["loss"] == [gs.loss(A, Y, 1.5, D)]
    assert history["active_groups"] == [active.sum(axis=1).mean()]
    assert history["error"] == [gs.dictionary_error(A, A_star)]
    assert history["exact"] == [gs.support_recovery(support, active).exact]


def test_float32_stays_float32_and_the_start_is_not_modified():
    A, _, Y, _ = problem(dtype=np.float32)
    before = A.copy()
    assert gs.train(A, Y, 1.0, D, 3).x.dtype == np.float32
    np.testing.assert_array_equal(A, before)


def test_a_memory_mapped_batch_gives_the_same_result(tmp_path):
    A, _, Y, _ = problem()
    np.save(tmp_path / "Y.npy", Y)
    mapped = np.load(tmp_path / "Y.npy", mmap_mode="r")
    on_disk, in_memory = (gs.train(A, each, 1.0, D, 3, batch_size=7) for each in (mapped, Y))
    np.testing.assert_array_equal(on_disk.x, in_memory.x)


# ---- interruptions


RECIPE = {"batch_size": 16, "checkpoint_every": 2, "step_size": 0.01}
KILLED = """
import os, signal, sys
import numpy as np
sys.path[:0] = sys.argv[1], os.path.dirname(sys.argv[1])
from test_training import D, RECIPE, problem
import gsae_ref as gs

A, _, Y, _ = problem()

def die(intermediate_result):
    if intermediate_result.nit == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

gs.train(A, Y, 1.0, D, 9, checkpoint=sys.argv[2], callback=die, **RECIPE)
"""


@pytest.mark.parametrize("epoch", [1, 2, 5, 8])
def test_a_killed_run_resumes_bit_for_bit(tmp_path, epoch):
    A, _, Y, _ = problem()
    path = tmp_path / "run.npz"
    command = [sys.executable, "-c", KILLED, os.path.dirname(__file__), str(path), str(epoch)]
    done = subprocess.run(command, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.exists() == (epoch >= 2)
    resumed = gs.train(A, Y, 1.0, D, 9, checkpoint=path, resume=True, **RECIPE)
    whole = gs.train(A, Y, 1.0, D, 9, **RECIPE)
    assert resumed.x.tobytes() == whole.x.tobytes()
    assert resumed.history == whole.history
    assert (resumed.nit, resumed.fun) == (9, whole.fun)


@pytest.mark.parametrize("damage", ["truncated", "emptied", "other file"])
def test_in_place_of_a_damaged_checkpoint_the_one_before_is_used(tmp_path, damage):
    A, _, Y, _ = problem()
    path = tmp_path / "run.npz"
    gs.train(A, Y, 1.0, D, 6, checkpoint=path, **RECIPE)
    if damage == "other file":
        path.write_text("not an archive")
    else:
        os.truncate(path, 100 if damage == "truncated" else 0)
    with pytest.warns(RuntimeWarning, match="run.npz is damaged.*trying the one before"):
        resumed = gs.train(A, Y, 1.0, D, 8, checkpoint=path, resume=True, **RECIPE)
    assert resumed.x.tobytes() == gs.train(A, Y, 1.0, D, 8, **RECIPE).x.tobytes()


def test_the_checkpoint_of_another_run_is_refused(tmp_path):
    A, _, Y, _ = problem()
    path = tmp_path / "run.npz"
    gs.train(A, Y, 1.0, D, 2, checkpoint=path, **RECIPE)
    arguments = {"A": A, "Y": Y, "lam": 1.0, "group_size": D, "n_epochs": 4, **RECIPE}
    for other in ({"A": 2 * A}, {"Y": Y + 1}, {"optimizer": "gradient_descent"}, {"rng": 1}):
        with pytest.raises(ValueError, match="belongs to another run.*its own only.*resume=False"):
            gs.train(**arguments | other, checkpoint=path, resume=True)


def test_checkpoints_leave_no_other_files(tmp_path):
    A, _, Y, _ = problem()
    gs.train(A, Y, 1.0, D, 6, checkpoint=tmp_path / "run.npz", **RECIPE)
    assert sorted(os.listdir(tmp_path)) == ["run.npz", "run.npz.previous"]
    with pytest.raises(ValueError, match="cannot be written.*must exist and be writable"):
        gs.train(A, Y, 1.0, D, 2, checkpoint=tmp_path / "nowhere" / "run.npz", **RECIPE)


def test_the_callback_can_stop_the_run():
    A, _, Y, _ = problem()

    def stop(intermediate_result):
        if intermediate_result.nit == 3:
            raise StopIteration

    result = gs.train(A, Y, 1.0, D, 50, callback=stop)
    assert (result.nit, result.status, result.success) == (3, 1, False)
    assert result.message == "stopped by the callback"
    np.testing.assert_array_equal(result.x, gs.train(A, Y, 1.0, D, 3).x)


@pytest.mark.parametrize("options", [{}, {"optimizer": "gradient_descent", "step_size": 0.1}])
def test_ctrl_c_in_an_epoch_of_several_batches_returns_its_start(options):
    """Steps after the first of an epoch overwrite arrays, but not those of its start."""
    n = 20_000  # from which Adam is compiled
    start = {"a": np.linspace(1.0, 2.0, n), "late": np.ones(n)}

    def batches(epoch):
        for k in range(4):
            if (epoch, k) == (2, 3):
                raise KeyboardInterrupt
            yield np.full((1, 1), k)

    def objective(parameters, samples, epoch):
        names = ("a", "late") if samples[0, 0] > 0 else ("a",)
        cost = 0.5 * sum(float(parameters[name] @ parameters[name]) for name in names)
        return cost, {name: parameters[name].copy() for name in names}

    run = training.descent.descend(start, objective, batches, 9, **options)
    whole = training.descent.descend(start, objective, batches, 2, **options)
    assert (run.state.epoch, run.message) == (2, "interrupted")
    for name in start:
        np.testing.assert_array_equal(run.state.parameters[name], whole.state.parameters[name])
        np.testing.assert_array_equal(run.state.first[name], whole.state.first[name])
    np.testing.assert_array_equal(start["a"], np.linspace(1.0, 2.0, n))


def test_ctrl_c_returns_what_has_been_learned(tmp_path, monkeypatch):
    A, _, Y, _ = problem()
    calls = []
    real = training.ops.adam_step

    def interrupted(*arguments, **options):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(training.ops, "adam_step", interrupted)
    path = tmp_path / "run.npz"
    result = gs.train(A, Y, 1.0, D, 50, checkpoint=path)
    monkeypatch.undo()
    assert (result.nit, result.status, result.message) == (3, 2, "interrupted")
    assert len(result.history["loss"]) == 3
    resumed = gs.train(A, Y, 1.0, D, 6, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.x, gs.train(A, Y, 1.0, D, 6).x)


def test_a_diverging_run_stops_at_once_and_keeps_the_last_checkpoint(tmp_path):
    A, _, Y, _ = problem()
    path = tmp_path / "run.npz"
    epochs = []
    message = r"in epoch \d+ the (cost|parameter A) is no longer finite.*lower step_size"
    with pytest.raises(gs.DivergenceError, match=message):
        gs.train(
            A,
            Y,
            1.0,
            D,
            500,
            optimizer="gradient_descent",
            step_size=1.0,
            checkpoint=path,
            checkpoint_every=1,
            callback=lambda intermediate_result: epochs.append(intermediate_result.nit),
        )
    with np.load(path) as saved:
        assert np.isfinite(saved["parameters.A"]).all()
        assert saved["epoch"] == epochs[-1]


# ---- weight decay


@pytest.mark.parametrize("options", [{}, {"n_unfold": 3, "unfold_step": 0.2}, {"batch_size": 20}])
def test_the_cost_with_weight_decay_is_the_one_of_the_docstring(options):
    A, _, Y, _ = problem()
    decay = 0.3

    def cost(B):
        run = {"optimizer": "gradient_descent", "step_size": 1e-12} | options
        return gs.train(B, Y, 1.0, D, 1, weight_decay=decay, **run).fun

    X = gs.encode(A, Y, 1.0, D)
    if "n_unfold" in options:
        X = gs.unfolded_encode(A, Y, 1.0, D, 3, step_size=0.2)
    by_hand = np.sum((Y - X @ A.T) ** 2) / (2 * len(Y)) + decay / 2 * np.sum(A**2)
    assert cost(A) == pytest.approx(by_hand, rel=1e-9)
    step = 1e-3
    moved = gs.train(
        A,
        Y,
        1.0,
        D,
        1,
        weight_decay=decay,
        **{"optimizer": "gradient_descent", "step_size": step} | options | {"batch_size": None},
    )
    direction = np.random.default_rng(0).normal(size=A.shape)
    slope = (cost(A + 1e-5 * direction) - cost(A - 1e-5 * direction)) / 2e-5
    assert np.sum((A - moved.x) / step * direction) == pytest.approx(slope, rel=1e-6)


def test_weight_decay_zero_changes_nothing():
    A, _, Y, _ = problem()
    plain = gs.train(A, Y, 1.0, D, 3, **RECIPE)
    zero = gs.train(A, Y, 1.0, D, 3, weight_decay=0, **RECIPE)
    assert plain.x.tobytes() == zero.x.tobytes()
    assert plain.history == zero.history
    A32, _, Y32, _ = problem(dtype=np.float32)
    some = gs.train(A32, Y32, 1.0, D, 3, weight_decay=0.1)
    assert some.x.dtype == np.float32
    assert np.linalg.norm(some.x) < np.linalg.norm(gs.train(A32, Y32, 1.0, D, 3).x)


def test_a_run_with_another_weight_decay_is_another_run(tmp_path):
    A, _, Y, _ = problem()
    path = tmp_path / "run.npz"
    run = {"checkpoint": path, "optimizer": "gradient_descent", "step_size": 0.01}
    gs.train(A, Y, 1.0, D, 2, weight_decay=0.1, **run)
    for other in (0.0, 0.2):
        with pytest.raises(ValueError, match="belongs to another run"):
            gs.train(A, Y, 1.0, D, 4, weight_decay=other, resume=True, **run)
    resumed = gs.train(A, Y, 1.0, D, 4, weight_decay=0.1, resume=True, **run)
    whole = gs.train(
        A, Y, 1.0, D, 4, weight_decay=0.1, optimizer="gradient_descent", step_size=0.01
    )
    assert resumed.x.tobytes() == whole.x.tobytes()


# ---- refusals


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"gradient": "true"}, ValueError, "gradient = 'true' is unknown; choose one of 'exact'"),
        (
            {"optimizer": "sgd"},
            ValueError,
            "optimizer = 'sgd' is unknown; choose one of 'adam', 'gradient_descent'",
        ),
        ({"constraint": "rows"}, ValueError, "constraint = 'rows' is unknown"),
        ({"n_epochs": 0}, ValueError, "n_epochs = 0; it must be at least 1"),
        ({"batch_size": 0}, ValueError, "batch_size = 0; it must be at least 1"),
        ({"checkpoint_every": 0}, ValueError, "checkpoint_every = 0"),
        ({"step_size": 0.0}, ValueError, "step_size = 0.0; it must be > 0"),
        ({"step_size": lambda epoch: -1.0}, ValueError, "step_size = -1.0; it must be > 0"),
        ({"lam": lambda epoch: "high"}, TypeError, "lam = 'high' has type str"),
        ({"Y": np.ones(12)}, ValueError, r"Y has shape \(12,\), one sample.*use Y\[None\]"),
        ({"A_star": np.eye(12)}, ValueError, "A_star has shape"),
        ({"support": np.ones((3, 1), dtype=int)}, ValueError, "support has shape"),
        ({"rng": None}, TypeError, "rng = None has type NoneType"),
        ({"weight_decay": -1}, ValueError, "weight_decay = -1.0 is negative"),
        (
            {"weight_decay": 0.1, "constraint": "groups"},
            ValueError,
            "weight_decay = 0.1 with constraint = 'groups', under which",
        ),
        ({"engine": "fast"}, ValueError, "engine = 'fast' is unknown"),
    ],
)
def test_bad_arguments_are_refused(change, error, message):
    A, _, Y, _ = problem()
    arguments = {"A": A, "Y": Y, "lam": 1.0, "group_size": D, "n_epochs": 2}
    with pytest.raises(error, match=message):
        gs.train(**arguments | change)


def test_progress_goes_to_standard_error_only(capsys):
    A, _, Y, _ = problem()
    gs.train(A, Y, 1.0, D, 2, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "epoch" in captured.err
    assert "loss" in captured.err
