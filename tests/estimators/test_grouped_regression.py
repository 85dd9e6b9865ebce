"""DiagonallyGroupedLinearRegressor: the checks of scikit-learn, recovery, early stopping, units."""

import warnings

import numpy as np
import pytest
from gradient_checks import agreement

import gsae_ref as gs

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

Regressor = gs.DiagonallyGroupedLinearRegressor
DATA = gs.grouped_regression(
    150, 90, 3, [2.0, 2.0, 2.0, -1.0, 1.0, -1.0], design="gaussian", noise_std=0.3, rng=0
)


more_epochs = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_path_that_was_too_short_is_said():
    few = Regressor(groups=3, n_epochs=30)
    with pytest.warns(ConvergenceWarning, match="last of n_epochs = 30 epochs.*raise n_epochs"):
        few.fit(DATA.X, DATA.y)
    assert few.stop_epoch_ == few.n_iter_ == 30
    enough = fitted()
    assert enough.stop_epoch_ < enough.n_iter_ == 2000
    whole = Regressor(groups=3, n_epochs=7, early_stopping=False)
    with pytest.warns(ConvergenceWarning, match="zero weights up to the last.* raise n_epochs"):
        whole.fit(DATA.X, DATA.y)
    assert whole.n_iter_ == 7
    nothing = np.random.default_rng(0).normal(size=150)  # learned, though the cost hardly falls
    Regressor(early_stopping=False).fit(1e-3 * DATA.X[:, :1], nothing)


def test_diabetes_needs_more_epochs_than_thirty():
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    with pytest.warns(ConvergenceWarning, match="raise n_epochs") as said:
        poor = Regressor(n_epochs=30).fit(X, y)
    assert said[0].filename == __file__
    assert poor.score(X, y) < 0.01
    assert Regressor(n_epochs=1000).fit(X, y).score(X, y) > 0.45


@more_epochs
@parametrize_with_checks(
    [
        Regressor(),
        Regressor(algorithm="algorithm_1", early_stopping=False, n_epochs=300),
        Regressor(fit_intercept=False),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def fitted(data=DATA, shift=0.0, **options):
    return Regressor(groups=data.groups, **options).fit(data.X, data.y + shift)


def test_recovery_has_about_the_error_of_least_squares_on_the_true_groups():
    model = fitted(shift=7.0)
    expected = 6 * 0.3**2 / 120  # of least squares on the six true predictors
    found = np.sum((model.coef_ - DATA.w_star) ** 2)
    assert found < 4 * expected < 0.002 * np.sum(DATA.w_star**2)
    assert set(np.argsort(model.magnitudes_)[-2:]) == {0, 1}
    assert model.magnitudes_[2:].max() < 0.1
    assert abs(model.intercept_ - 7) < 0.1
    assert model.score(DATA.X, DATA.y + 7) > 0.97


def test_the_validation_error_is_smallest_where_it_stopped():
    model = fitted(n_epochs=3000)
    errors = model.path_.validation_error
    index = int(np.argmin(errors))
    assert 0 < index < len(errors) - 1
    assert model.stop_epoch_ == model.path_.epochs[index]
    np.testing.assert_array_equal(model.coef_, model.path_.coef[index])
    np.testing.assert_array_equal(model.magnitudes_, model.path_.magnitudes[index])
    validation = np.sort(np.random.RandomState(0).permutation(150)[:30])
    agreement(errors[index], np.mean((DATA.y - model.predict(DATA.X))[validation] ** 2))
    agreement(model.magnitudes_, np.linalg.norm(model.coef_.reshape(30, 3), axis=1))


def test_without_early_stopping_the_last_iterate_is_returned():
    model = fitted(early_stopping=False, n_epochs=305)
    assert model.stop_epoch_ == 305 == model.path_.epochs[-1]
    assert model.path_.validation_error is None
    np.testing.assert_array_equal(model.coef_, model.path_.coef[-1])


def test_units_of_the_data_change_the_units_of_the_weights_and_nothing_else():
    model = fitted()
    other = Regressor(groups=DATA.groups).fit(DATA.X * 1e4, DATA.y * 1e-3)
    agreement(other.coef_, model.coef_ * 1e-7, rtol=1e-6)
    assert other.stop_epoch_ == model.stop_epoch_
    agreement(other.path_.validation_error, model.path_.validation_error * 1e-6, rtol=1e-6)


def test_without_intercept_it_is_dglnn_path_in_scaled_units():
    model = fitted(fit_intercept=False, early_stopping=False, n_epochs=50)
    s = np.linalg.norm(DATA.X, 2) / 150**0.5
    t = np.linalg.norm(DATA.y) / 150**0.5
    path = gs.dglnn_path(DATA.X / s, DATA.y / t, 3, "algorithm_2", 50, 1e-4, 0.2)
    agreement(model.coef_, path.x * t / s)
    assert model.intercept_ == 0


def test_labels_in_any_order_give_the_weights_in_the_order_of_the_columns():
    order = np.random.default_rng(0).permutation(90)
    model = fitted()
    shuffled = Regressor(groups=np.repeat(np.arange(30), 3)[order]).fit(DATA.X[:, order], DATA.y)
    agreement(shuffled.coef_, model.coef_[order], rtol=1e-6)
    agreement(shuffled.magnitudes_, model.magnitudes_, rtol=1e-6)


@more_epochs
def test_groups_of_one_by_default():
    data = gs.grouped_regression(120, 30, 1, "figure-5", noise_std=0.2, rng=1)
    model = Regressor().fit(data.X, data.y)
    agreement(model.coef_[:5], data.w_star[:5], rtol=0.1)
    agreement(model.magnitudes_, np.abs(model.coef_))


def test_single_precision_stays_single():
    X = DATA.X.astype(np.float32)
    model = Regressor(groups=3).fit(X, DATA.y.astype(np.float32))
    for array in (model.coef_, model.path_.coef, model.predict(X)):
        assert array.dtype == np.float32
    agreement(model.coef_, fitted().coef_, rtol=1e-2)


def test_a_clone_is_not_fitted_and_fits_the_same():
    model = fitted(alpha=1e-3)
    other = clone(model)
    assert not hasattr(other, "coef_")
    assert other.alpha == 1e-3
    np.testing.assert_array_equal(other.fit(DATA.X, DATA.y).coef_, model.coef_)
    reseeded = other.set_params(random_state=1).fit(DATA.X, DATA.y)
    assert not np.array_equal(reseeded.coef_, model.coef_)


@more_epochs
def test_in_a_pipeline_and_a_search():
    X = DATA.X * np.geomspace(1, 100, 90)
    pipeline = make_pipeline(StandardScaler(), Regressor(groups=3, n_epochs=500))
    assert pipeline.fit(X, DATA.y).score(X, DATA.y) > 0.95
    search = GridSearchCV(Regressor(n_epochs=500), {"groups": [1, 3, 90]}, cv=3).fit(DATA.X, DATA.y)
    assert search.best_params_ == {"groups": 3}


def test_the_callback_sees_every_recorded_state_and_may_end_the_path():
    seen = []

    def callback(intermediate_result):
        seen.append(intermediate_result)
        if intermediate_result.nit == 40:
            raise StopIteration

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the path is short because the callback ended it
        model = Regressor(3, n_epochs=500).fit(DATA.X, DATA.y, callback=callback)
    assert [now.nit for now in seen] == [10, 20, 30, 40]
    assert model.n_iter_ == 40
    np.testing.assert_array_equal([now.x for now in seen], model.path_.coef[1:])
    np.testing.assert_allclose([now.fun for now in seen], model.path_.loss[1:])
    with pytest.raises(TypeError, match="callback = 3 has type int; it must be a function"):
        Regressor(3).fit(DATA.X, DATA.y, callback=3)


def test_an_epoch_without_progress_is_no_sign_of_the_end():
    """Why there is no tol: the cost rests while the next group is still small."""
    path = fitted(early_stopping=False, n_epochs=400).path_
    rests = np.flatnonzero(path.loss[3:] > (1 - 1e-3) * path.loss[:-3])
    assert path.loss[rests[0] + 3] > 0.99 * path.loss[0] > 20 * path.loss[-1]


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"groups": 4}, ValueError, "groups = 4 does not divide the 90 predictors"),
        (
            {"validation_fraction": 0.0},
            ValueError,
            "validation_fraction = 0.0; it must lie strictly between 0 and 1",
        ),
        (
            {"early_stopping": "yes"},
            TypeError,
            "early_stopping = 'yes' has type str; it must be True or False",
        ),
        ({"fit_intercept": 1}, TypeError, "fit_intercept = 1 has type int"),
        ({"algorithm": "lasso"}, ValueError, "algorithm = 'lasso' is unknown"),
        (
            {"gamma": 1e6, "algorithm": "gradient_descent"},
            FloatingPointError,
            "lower gamma and eta",
        ),
    ],
)
def test_bad_settings_are_refused_at_fit(options, error, message):
    with pytest.raises(error, match=message):
        Regressor(**{"groups": 3, **options}).fit(DATA.X, DATA.y)


@more_epochs
def test_one_sample_cannot_be_split():
    message = "early_stopping=True with n_samples = 1; one sample is needed"
    with pytest.raises(ValueError, match=message):
        Regressor().fit(DATA.X[:1], DATA.y[:1])
    whole = Regressor(early_stopping=False, fit_intercept=False, n_epochs=20)
    assert whole.fit(DATA.X[:1], DATA.y[:1]).coef_.shape == (90,)
