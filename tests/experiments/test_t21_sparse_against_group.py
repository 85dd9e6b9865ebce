"""The comparison of group-sparse with sparse encoders, at a small size."""

import numpy as np
import pytest
from gallery import assert_panels_of_the_gallery

from gsae_ref.experiments import load
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.common.publishing import draw
from gsae_ref.experiments.t21 import sparse_against_group


@pytest.fixture(scope="module")
def cache():
    return ResultCache(None)


@pytest.fixture(scope="module")
def comparison(cache):
    return sparse_against_group.compute(cache, n_samples=1000)


def test_the_comparison_is_registered():
    assert load("t21-sparse-against-group") is sparse_against_group


def test_the_group_encoder_is_ahead_on_the_sphere_and_behind_where_one_entry_has_all(comparison):
    assert [claim.holds for claim in comparison.claims] == [True, False, False]
    noise = comparison.data.noise.rates
    shape = comparison.data.shape.rates
    assert (np.diff(noise["group"][:, 0]) >= -0.01).all()
    assert noise["group"][-1, 0] > 0.99
    assert shape["group"][0, 0] > shape["sparse"][0, 0] + 0.1
    assert shape["sparse"][-1, 0] > shape["group"][-1, 0]
    assert np.ptp(shape["group"]) < 0.05  # the group encoder uses norms only
    assert (noise["atoms"] <= noise["sparse"] + 0.01).all()


def test_the_number_of_results_is_announced(cache, comparison):
    assert len(cache.seconds) == cache._expected


def test_the_best_threshold_is_the_best_of_all():
    rng = np.random.default_rng(0)
    for _ in range(20):
        active = rng.random((60, 5)) < 0.4
        score = rng.normal(size=(60, 5)) + 1.5 * active
        even = slice(0, None, 2)

        def exact(t, rows, active=active, score=score):
            return np.mean(((score[rows] > t) == active[rows]).all(axis=1))

        best = max(exact(t, even) for t in np.unique(score))
        # Both halves are the same samples.
        twice = np.repeat(score[even], 2, axis=0), np.repeat(active[even], 2, axis=0)
        assert sparse_against_group._best_rate(*twice) == pytest.approx(best)


def test_a_power_changes_the_entries_of_a_group_and_not_its_norm():
    X = np.array([[3.0, -4.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    Z = sparse_against_group._with_power(X, 0.0, 2)
    np.testing.assert_allclose(Z, [[12.5**0.5, -(12.5**0.5), 0, 0], [0, 0, 1, 0]])
    np.testing.assert_allclose(sparse_against_group._with_power(X, 1.0, 2), X)


def test_without_noise_the_group_encoder_errs_only_where_groups_overlap():
    shape = dict(n_features=60, n_groups=10, group_size=3, n_active=2, n_samples=200)
    rates = sparse_against_group.recover(80.0, 1.0, 0, shape)
    assert rates["group"] > 0.9
    assert rates["atoms"] < 0.2


def test_the_picture_has_its_labels(comparison):
    pytest.importorskip("matplotlib")
    for stem, grid in sparse_against_group.FIGURES.items():
        figure = draw(comparison, grid)
        assert_panels_of_the_gallery(stem, figure)
        for ax in figure.axes:
            assert ax.get_xlabel()
            assert ax.get_ylabel()
            assert ax.get_title()
            assert ax.lines
