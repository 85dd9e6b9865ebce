"""N19's Figures 2 and 3 at a small size: measurements by other routes, claims, pictures."""

import numpy as np
import pytest
from gallery import assert_panels_of_the_gallery

import gsae_ref as gs
from gsae_ref.experiments import load
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.common.publishing import draw, publish
from gsae_ref.experiments.n19 import figure_2, figure_3, runs

SMALL = dict(n_features=200, n_samples=600)
ONE = dict(start="perturbation", noise=0.02, seed=0, setting={**SMALL, "n_steps": 4})


@pytest.fixture(scope="module")
def study_2():
    return figure_2.compute(ResultCache(None), **SMALL)


@pytest.fixture(scope="module")
def study_3():
    return figure_3.compute(ResultCache(None), **SMALL, noise=0.02)


def test_the_figures_are_registered():
    assert load("n19-figure-2") is figure_2
    assert load("n19-figure-3") is figure_3


# ---- one training


def test_a_training_reports_the_numbers_of_train_sparse():
    run = runs.train_mixture(**ONE, variant=runs.VARIANTS["normalised, step 10, b/2"])
    A = gs.make_dictionary(200, 10, 1, rng=0)
    Y, _, support = gs.sample_sparse(A, 600, noise=0.02, rng=0)
    W = gs.initialise_sparse("perturbation", A_star=A, delta=0.5, rng=0)
    result = gs.train_sparse(
        W, Y, 4, bias=-1.25, bias_schedule=0.5, normalise=True, A_star=A, support=support
    )
    last = gs.metrics.matched_distance(result.x, A, "permutation")
    np.testing.assert_array_equal(run["loss"], [*result.history["loss"], result.fun])
    np.testing.assert_array_equal(run["distance"], [*result.history["distance"], last])
    np.testing.assert_array_equal(run["exact"][:4], result.history["exact"])
    assert run["found"] == 10 and not run["diverged"]
    # b = -1.25: no unit is active, nothing is reconstructed
    assert run["loss"][0] == np.sum(Y * Y) / 1200
    assert run["exact"][0] == 0


def test_the_first_step_is_no_step():
    run = runs.train_mixture(**ONE, variant=runs.VARIANTS["unnormalised, step 5, b/2"])
    assert run["distance"][1] == run["distance"][0]


def test_a_training_that_diverges_is_marked():
    variant = dict(step_size=1e3, normalise=False, bias=0.0, factor=1.0)
    run = runs.train_mixture(**{**ONE, "setting": {**SMALL, "n_steps": 20}}, variant=variant)
    assert run["diverged"] and run["found"] == 0 and np.isnan(run["loss"][-1])


def test_a_column_is_found_within_one_half():
    A = np.eye(4)[:, :3]
    W = A[:, [2, 0, 1]] + np.array([[0.49, 0.51, 0.0]]) * np.eye(4)[:, 3:]
    assert runs.n_columns_found(W, A) == 2


def test_the_loss_of_the_truth_is_about_the_floor():
    A = gs.make_dictionary(784, 10, 1, rng=0)
    Y, X, _ = gs.sample_sparse(A, 2000, noise=0.02, rng=0)
    loss = np.sum((Y - X @ A.T) ** 2) / 4000
    assert runs.noise_floor(runs.Setting(), 0.02) == pytest.approx(loss, rel=0.01)


# ---- claims


def test_the_losses_of_figure_2_fall_from_every_start(study_2):
    assert [claim.holds for claim in study_2.claims] == [True, True, True]
    for start in runs.STARTS:
        loss = study_2.data.loss[start]
        assert loss.shape == (3, 1, 51)
        for i, noise in enumerate(study_2.data.noises):
            floor = 100 * noise**2
            assert study_2.data.floors[i] == pytest.approx(floor)
            assert 0.9 * floor < loss[i, 0, -1] < floor + 0.05


def test_the_remainder_is_the_share_of_the_height_that_is_left():
    loss = np.array([[[3.0, 2.0, 1.1], [3.0, 2.0, 1.2]], [[3.0, 2.0, 1.0], [3.0, 2.0, np.nan]]])
    data = figure_2.Figure2(np.arange(3), (1.0, 2.0), np.ones(2), {"pca": loss}, {}, 10)
    np.testing.assert_allclose(data.remainder("pca"), [0.1, np.inf])


def test_neither_reading_of_figure_3_reproduces_and_departures_do(study_3):
    as_printed, *each = study_3.claims[:-1]
    holds = {claim.text.split("[")[1].rstrip("]"): claim.holds for claim in each}
    assert set(holds) == set(runs.READINGS) | set(runs.DEPARTURES)
    assert not any(holds[variant] for variant in runs.READINGS)
    assert holds["normalised, step 1, b/2"] and holds["unnormalised, step 1, b/2"]
    assert as_printed.holds is False
    reproducing = sum(holds[variant] for variant in runs.DEPARTURES)
    assert "under 0 of the 2 readings" in as_printed.measured
    assert f"under {reproducing} of 5 departures" in as_printed.measured


def test_a_start_that_misses_one_column_does_not_recover():
    def ends(found):
        numbers = np.zeros(2)
        return figure_3.Ends(numbers, np.array(found), numbers, numbers, numbers > 0)

    def reproduces(**found):
        by_start = {start: ends(columns) for start, columns in found.items()}
        data = figure_3.Figure3(0.01, 10, np.arange(3), {"v": by_start}, {})
        return data.reproduces("v")

    assert reproduces(perturbation=[10, 10], pca=[9, 9], random=[0, 9])
    assert not reproduces(perturbation=[10, 9], pca=[9, 9], random=[0, 9])
    assert not reproduces(perturbation=[10, 10], pca=[9, 10], random=[0, 9])
    assert not reproduces(perturbation=[10, 10], pca=[9, 9], random=[10, 9])


def test_a_fixed_bias_works_from_the_perturbed_start(study_3):
    assert study_3.claims[-1].holds is False
    curves = study_3.data.curves
    assert curves[figure_3.FIXED_BIAS][0, -1] < 0.3 * curves[figure_3.THEORY][0, -1]


# ---- pictures


def test_pictures_and_report_are_written(tmp_path, study_3):
    pytest.importorskip("matplotlib")
    files = publish(study_3, figure_3.FIGURES, tmp_path)
    assert [file.split(".")[-1] for file in files] == ["md", "json", "png", "svg"]
    text = (tmp_path / "report.md").read_text()
    assert "does not reproduce" in text and "normalised, step 10, b = -1/2" in text


@pytest.mark.parametrize("figure", [figure_2, figure_3])
def test_every_picture_has_its_labels(figure, study_2, study_3):
    pytest.importorskip("matplotlib")
    study = study_2 if figure is figure_2 else study_3
    for stem, grid in figure.FIGURES.items():
        drawn = draw(study, grid)
        assert_panels_of_the_gallery(stem, drawn)
        for ax in drawn.axes:
            assert ax.get_xlabel() and ax.get_ylabel() and ax.get_title() and ax.get_legend()
            assert ax.lines


def test_diverged_runs_are_marked_apart_from_the_distances(study_3):
    pytest.importorskip("matplotlib")
    ax = draw(study_3, [[figure_3.plot_distances]]).axes[0]
    ends = [e for by_start in study_3.data.ends.values() for e in by_start.values()]
    crosses = [x for line in ax.lines if line.get_marker() == "x" for x in line.get_xdata()]
    marks = [
        x for line in ax.lines if line.get_marker() in ("o", "s", "^") for x in line.get_xdata()
    ]
    assert len(crosses) == sum(int(e.diverged.sum()) for e in ends) > 0
    assert sorted(marks) == sorted(d for e in ends for d in e.distance if np.isfinite(d))
    assert min(crosses) > max(marks)
    assert ax.get_xticklabels()[-1].get_text() == "diverged"
    assert ax.get_xticks()[-1] == crosses[0]
