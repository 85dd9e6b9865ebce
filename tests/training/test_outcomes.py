"""What training says of a run that ends worse than nothing, and of steps that are too long."""

import re
import warnings

import numpy as np
import pytest

import gsae_ref as gs

WORSE = r"the mean cost is .*, but .* with codes that are all zero: .* worse than none; "


def coherent(n_samples=50):
    """Samples, and four times as many atoms as features, along half of them."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 16))
    return A / np.linalg.norm(A, axis=0), rng.normal(size=(n_samples, 4)) * 3


def test_a_run_that_ends_above_the_cost_of_zero_codes_says_so():
    A, Y = coherent()
    zero_cost = np.square(Y).sum() / (2 * len(Y))
    with pytest.warns(RuntimeWarning, match=WORSE + "the one step .* use n_unfold=15") as said:
        result = gs.train(A, Y, 0.1, 2, 1)
    assert result.fun > zero_cost
    assert [one.filename for one in said] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gs.train(A, Y, 0.1, 2, 1, n_unfold=15).fun < zero_cost


def test_weight_decay_is_no_part_of_that_comparison():
    A, Y = coherent()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "no sample has a non-zero code")
        result = gs.train(A, Y, 100.0, 2, 1, weight_decay=1.0)
    assert result.fun > np.square(Y).sum() / (2 * len(Y)) + 1


def decayed(weight_decay):
    """Runs on one active group of 4, from the truth, by ``train`` and by the estimator."""
    A = gs.make_dictionary(12, 4, 2, kind="orthonormal", rng=0)
    Y, _, _ = gs.sample(A, 200, n_active=1, group_size=2, rng=0)
    options = {"weight_decay": weight_decay, "step_size": 2e-2}
    yield lambda: gs.train(A, Y, 2.0, 2, 300, **options).x
    pytest.importorskip("sklearn", minversion="1.6")
    options |= {"constraint": "none", "batch_size": None, "n_epochs": 300, "init": A.T}
    yield lambda: gs.GroupSparseAutoencoder(4, 2, 2.0, **options).fit(Y).components_


@pytest.mark.parametrize(
    ("share", "message"),
    [
        (0.5, None),
        (1.2, "[1-3] of 4 groups.* active in no sample.* weight_decay"),
        (3.0, "no sample has a non-zero code .*weight_decay_threshold .*lower weight_decay"),
    ],
)
def test_a_weight_decay_that_takes_groups_to_zero_says_so(share, message):
    threshold = gs.weight_decay_threshold(2.0, 4.5, 2, 1 / 4)
    for run in decayed(share * threshold):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            norm = np.linalg.norm(run())
        assert [one.filename for one in said] == [__file__] * (message is not None)
        assert message is None or re.match(message, str(said[0].message))
        assert bool(norm < 0.1) is (share == 3.0)


def test_codes_that_are_all_zero_are_reported():
    A, Y = coherent()
    for run in (
        lambda: gs.train(A, Y, 100.0, 2, 1),
        lambda: gs.train_sparse(A, Y, 1, bias=-100.0),
        lambda: gs.train_sparse(A, Y, 1, lam=100.0, activation="soft"),
    ):
        with pytest.warns(RuntimeWarning, match="no sample has a non-zero code") as said:
            run()
        assert [one.filename for one in said] == [__file__]


@pytest.mark.parametrize("activation", ["relu", "soft", "hard"])
def test_a_sparse_run_says_the_same(activation):
    A, Y = coherent()
    lam = 0.0 if activation == "relu" else 0.1
    options = {"bias": -0.1 if activation == "relu" else 0.0, "lam": lam, "step_size": 1e-9}
    Y = np.abs(Y)
    A = np.abs(A)
    with pytest.warns(RuntimeWarning, match=WORSE + "use fewer atoms") as said:
        gs.train_sparse(A, Y, 1, activation=activation, **options)
    assert [one.filename for one in said] == [__file__]


def test_samples_of_few_bytes_are_compared_too(tmp_path):
    A, Y = coherent(5000)
    np.save(tmp_path / "Y.npy", (10 * Y).astype(np.int8))
    with pytest.warns(RuntimeWarning, match=WORSE):
        gs.train(A, np.load(tmp_path / "Y.npy", mmap_mode="r"), 0.1, 2, 1)


# ---- steps of the unfolded encoder

LONG = r"step_size \* \|\|A\|\|_2\^2 = {}; {} steps approach .*lower step_size, or leave it out"


def calls(A, Y, n_unfold, **options):
    """The doors of an unfolded network, and what to call them with."""
    return {
        "codes": lambda: gs.unfolded_encode(A, Y, 0.1, 2, n_unfold, **options),
        "one sample": lambda: gs.unfolded_encode(A, Y[0], 0.1, 2, n_unfold, **options),
        "gradient": lambda: gs.unfolded_loss_and_grad(A, Y, 0.1, 2, n_unfold, **options),
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("accelerated", "limit"), [(True, 1.0), (False, 2.0)])
def test_a_step_is_too_long_exactly_above_its_limit(dtype, accelerated, limit):
    A, Y = (x.astype(dtype) for x in coherent())
    longest = limit / np.linalg.norm(A.astype(float), 2) ** 2
    kind = "accelerated" if accelerated else "plain"
    for share, number in ((1.01, limit * 1.01), (4.0, limit * 4)):
        for call in calls(A, Y, 3, step_size=share * longest, accelerated=accelerated).values():
            with pytest.warns(RuntimeWarning, match=LONG.format(f"{number:.4g}", kind)) as said:
                call()
            assert [one.filename for one in said] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for step in (0.999 * longest, longest, None):
            for call in calls(A, Y, 3, step_size=step, accelerated=accelerated).values():
                call()
        for call in calls(A, Y, 1, step_size=1.0, accelerated=accelerated).values():
            call()  # T21's shallow network


@pytest.mark.parametrize(("accelerated", "good", "bad"), [(True, 1.0, 1.4), (False, 1.9, 2.1)])
def test_the_limits_are_those_of_the_mathematics(accelerated, good, bad):
    """On y = A x with lam = 0: the codes converge below the limit and grow without bound above."""
    A = np.diag([1.0, 0.5])
    y = np.array([1.0, 1.0])
    code = gs.unfolded_encode(A, y, 0.0, 1, 3000, step_size=good, accelerated=accelerated)
    np.testing.assert_allclose(code, [1.0, 2.0], atol=1e-3)
    with pytest.warns(RuntimeWarning, match="longer ones may diverge"):
        code = gs.unfolded_encode(A, y, 0.0, 1, 400, step_size=bad, accelerated=accelerated)
    assert np.abs(code).max() > 1e6


@pytest.mark.parametrize("engine", ["reference", "numba"])
@pytest.mark.parametrize("accelerated", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_codes_beyond_the_range_of_numbers_are_refused(engine, accelerated, dtype):
    A, Y = (x.astype(dtype) for x in coherent())
    options = {"step_size": 1.0, "accelerated": accelerated, "engine": engine}
    for call in calls(A, Y, 1000, **options).values():
        with pytest.raises(ValueError, match="cannot be represented.*; lower step_size, or scale"):
            call()


def test_blocks_and_files_warn_once(tmp_path):
    A, Y = coherent(5000)
    np.save(tmp_path / "Y.npy", (10 * Y).astype(np.int8))
    narrow = np.load(tmp_path / "Y.npy", mmap_mode="r")
    for call in calls(A, narrow, 2, step_size=1.0).values():
        with pytest.warns(RuntimeWarning) as said:
            call()
        assert len(said) == 1
    with pytest.warns(
        RuntimeWarning, match=r"^unfold_step \* \|\|A\|\|.*lower unfold_step, or leave it"
    ) as said:
        gs.full_batch_gradient(A, narrow, 0.1, 2, n_unfold=2, unfold_step=1.0)
    assert [one.filename for one in said] == [__file__]


def test_a_step_that_the_gram_matrix_allows_needs_no_eigenvalues(monkeypatch):
    A = np.linalg.qr(np.random.default_rng(0).normal(size=(30, 20)))[0]  # ||A||_F^2 = 20
    monkeypatch.setattr(np.linalg, "eigvalsh", None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gs.unfolded_encode(A, np.ones(30), 0.1, 2, 2, step_size=0.2)
        gs.unfolded_encode(A.T, np.ones(20), 0.1, 2, 2, step_size=0.2)


def test_plain_steps_between_one_and_two_are_no_fault():
    A, Y = coherent()
    step = 1.5 / np.linalg.norm(A, 2) ** 2
    options = {"n_unfold": 3, "unfold_step": step, "step_size": 1e-6}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gs.train(A, Y, 0.1, 2, 1, accelerated=False, **options)
    with pytest.warns(RuntimeWarning, match=r"in epoch 0 unfold_step \* .* = 1.5; accelerated"):
        gs.train(A, Y, 0.1, 2, 1, **options)
