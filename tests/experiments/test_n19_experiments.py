"""N19's Figures 2 and 3 and the comparison with group-sparse encoders, in small: what the claims come to, and where the numbers are from."""

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.experiments import load
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.common.publishing import draw, publish
from gsae_ref.experiments.n19 import figure_2 as sae_figure_2
from gsae_ref.experiments.n19 import figure_3 as sae_figure_3
from gsae_ref.experiments.n19 import runs as sae_runs
from gsae_ref.experiments.t21 import sparse_against_group

SMALL = dict(n_features=200, n_samples=600)
ONE = dict(start="perturbation", noise=0.02, seed=0, setting={**SMALL, "n_steps": 4})


@pytest.fixture(scope="module")
def figure_2():
    return sae_figure_2.compute(ResultCache(None), **SMALL)


@pytest.fixture(scope="module")
def figure_3():
    return sae_figure_3.compute(ResultCache(None), **SMALL, noise=0.02)


@pytest.fixture(scope="module")
def comparison():
    return sparse_against_group.compute(ResultCache(None), n_samples=1000)


def test_the_experiments_are_registered():
    assert load("n19-figure-2") is sae_figure_2 and load("n19-figure-3") is sae_figure_3
    assert load("t21-sparse-against-group") is sparse_against_group


# ------------------------------------------------------------------------------------------------ one training


def test_a_training_reports_what_train_sparse_does():
    variant = sae_runs.VARIANTS["normalised, step 10, b/2"]
    run = sae_runs.train_mixture(**ONE, variant=variant)
    A = gs.make_dictionary(200, 10, 1, rng=0)
    Y, _, support = gs.sample_sparse(A, 600, noise=0.02, rng=0)
    W = gs.initialise_sparse("perturbation", A_star=A, delta=0.5, rng=0)
    result = gs.train_sparse(
        W, Y, 4, bias=-1.25, bias_schedule=0.5, normalise=True, A_star=A, support=support
    )
    np.testing.assert_array_equal(run["loss"], [*result.history["loss"], result.fun])
    np.testing.assert_array_equal(
        run["distance"],
        [*result.history["distance"], gs.metrics.matched_distance(result.x, A, "permutation")],
    )
    np.testing.assert_array_equal(run["exact"][:4], result.history["exact"])
    assert run["found"] == 10 and not run["diverged"]
    assert (
        run["loss"][0] == np.sum(Y * Y) / 1200
    )  # b = -1.25: no unit is active, nothing is reconstructed
    assert run["exact"][0] == 0


def test_the_first_step_is_no_step():
    run = sae_runs.train_mixture(**ONE, variant=sae_runs.VARIANTS["unnormalised, step 5, b/2"])
    assert run["distance"][1] == run["distance"][0]


def test_a_training_that_diverges_says_so():
    variant = dict(step_size=1e3, normalise=False, bias=0.0, factor=1.0)
    run = sae_runs.train_mixture(**{**ONE, "setting": {**SMALL, "n_steps": 20}}, variant=variant)
    assert run["diverged"] and run["found"] == 0 and np.isnan(run["loss"][-1])


def test_the_loss_of_the_truth_is_about_the_floor():
    A = gs.make_dictionary(784, 10, 1, rng=0)
    Y, X, _ = gs.sample_sparse(A, 2000, noise=0.02, rng=0)
    assert sae_runs.floor(sae_runs.Setting(), 0.02) == pytest.approx(
        np.sum((Y - X @ A.T) ** 2) / 4000, rel=0.01
    )


# ------------------------------------------------------------------------------------------------ claims


def test_the_losses_of_figure_2_fall_from_every_start(figure_2):
    assert [claim.holds for claim in figure_2.claims] == [True, True, True]
    for start in sae_runs.STARTS:
        for noise in sae_figure_2.NOISES:
            loss = figure_2.data["loss"][start][str(noise)]
            assert loss.shape == (1, 51)
            assert figure_2.data["floor"][str(noise)] == pytest.approx(100 * noise**2)
            assert 0.9 * 100 * noise**2 < loss[0, -1] < 100 * noise**2 + 0.05


def test_figure_3_depends_on_the_reading(figure_3):
    holds = {claim.text.split("[")[1].rstrip("]"): claim.holds for claim in figure_3.claims[:-1]}
    assert set(holds) == set(sae_runs.VARIANTS)
    assert holds["normalised, step 1, b/2"] and holds["unnormalised, step 1, b/2"]
    assert not holds["unnormalised, step 10, b/2"]  # nothing recovers, the perturbed start included


def test_a_fixed_bias_works_from_the_perturbed_start(figure_3):
    assert figure_3.claims[-1].holds is False
    curves = figure_3.data["curve"]
    assert curves[sae_figure_3.FIXED][0, -1] < 0.3 * curves[sae_figure_3.THEORY][0, -1]


def test_the_group_encoder_is_ahead_on_the_sphere_and_behind_where_one_entry_has_all(comparison):
    a, everywhere, b = comparison.claims
    assert a.holds and not everywhere.holds and b.holds is False
    noise = comparison.data["rates"]["noise"]
    shape = comparison.data["rates"]["shape"]
    assert (np.diff(noise["group"][:, 0]) >= -0.01).all() and noise["group"][-1, 0] > 0.99
    assert (
        shape["group"][0, 0] > shape["sparse"][0, 0] + 0.1
        and shape["sparse"][-1, 0] > shape["group"][-1, 0]
    )
    assert np.ptp(shape["group"]) < 0.05  # the group encoder sees norms only
    assert (noise["atoms"] <= noise["sparse"] + 0.01).all()


def test_the_best_threshold_is_the_best_of_all():
    rng = np.random.default_rng(0)
    for _ in range(20):
        active = rng.random((60, 5)) < 0.4
        score = rng.normal(size=(60, 5)) + 1.5 * active
        even = slice(0, None, 2)

        def exact(t, rows, active=active, score=score):
            return np.mean(((score[rows] > t) == active[rows]).all(axis=1))

        best = max(exact(t, even) for t in np.unique(score))
        twice = (
            np.repeat(score[even], 2, axis=0),
            np.repeat(active[even], 2, axis=0),
        )  # so that both halves are the same samples
        assert sparse_against_group._best_rate(*twice) == pytest.approx(best)


def test_without_noise_the_group_encoder_errs_only_where_groups_overlap():
    shape = dict(n_features=60, n_groups=10, group_size=3, n_active=2, n_samples=200)
    rates = sparse_against_group.recover(80.0, 1.0, 0, shape)
    assert rates["group"] > 0.9 and rates["atoms"] < 0.2


# ------------------------------------------------------------------------------------------------ pictures


def test_pictures_and_report_are_written(tmp_path, figure_3):
    pytest.importorskip("matplotlib")
    files = publish(figure_3, sae_figure_3.FIGURES, tmp_path)
    assert [file.split(".")[-1] for file in files] == ["md", "json", "png", "svg"]
    text = (tmp_path / "report.md").read_text()
    assert "does not reproduce" in text and "normalised, step 10, b = -1/2" in text


def test_every_picture_has_its_labels(figure_2, comparison):
    pytest.importorskip("matplotlib")
    for study, figures in (
        (figure_2, sae_figure_2.FIGURES),
        (comparison, sparse_against_group.FIGURES),
    ):
        for grid in figures.values():
            for ax in draw(study, grid).axes:
                assert ax.get_xlabel() and ax.get_ylabel() and ax.get_title() and ax.lines
