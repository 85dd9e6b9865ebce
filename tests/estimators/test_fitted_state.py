"""The fitted attributes are the state: assigned, edited, copied, pickled; parameters set later."""

import copy
import pickle

import numpy as np
import pytest

import gsae_ref as gs

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone

SAMPLES = np.random.default_rng(0).normal(size=(60, 8))
OPTIONS = {"n_epochs": 2, "batch_size": 20, "random_state": 7, "step_size": 1e-3}
KINDS = {
    "shallow": lambda: gs.GroupSparseAutoencoder(3, 2, 0.8, **OPTIONS),
    "unfolded": lambda: gs.GroupSparseAutoencoder(3, 2, 0.5, n_unfold=3, **OPTIONS),
    "soft": lambda: gs.SparseAutoencoder(6, 0.5, "soft", **OPTIONS),
    "relu": lambda: gs.SparseAutoencoder(6, 0.1, "relu", **OPTIONS),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def other_atoms():
    new = np.random.default_rng(5).normal(size=(6, 8))
    return new / np.linalg.norm(new, axis=1, keepdims=True)


def assigned(model, new):
    model.components_ = new.copy()
    return model


def edited(model, new):
    model.components_[:] = new
    return model


COPIES = {
    "itself": lambda model: model,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deep copy": copy.deepcopy,
    "copy": copy.copy,
    "set_state": lambda model: clone(model).__setstate__(model.__getstate__()) or model,
}


@every_kind
@pytest.mark.parametrize("fitted", ["fit", "partial_fit"])
@pytest.mark.parametrize("change", [assigned, edited], ids=["assigned", "edited"])
@pytest.mark.parametrize("copied", COPIES)
def test_a_step_starts_from_the_components_as_they_are(kind, fitted, change, copied):
    model = COPIES[copied](getattr(KINDS[kind](), fitted)(SAMPLES))
    new = other_atoms()
    model = change(model, new)
    np.testing.assert_array_equal(model.inverse_transform(np.eye(6)), new)
    distance = np.linalg.norm(model.partial_fit(SAMPLES).components_ - new)
    assert 0 < distance < 0.05  # one step of Adam


def test_a_step_starts_from_the_bias_as_it_is():
    model = KINDS["relu"]().partial_fit(SAMPLES)
    for again in (model, pickle.loads(pickle.dumps(model))):
        again.bias_ = np.full(6, -0.9)
        before = again.transform(SAMPLES)
        again.partial_fit(SAMPLES)
        assert np.abs(again.bias_ + 0.9).max() < 2e-3
        assert np.abs(again.transform(SAMPLES) - before).max() < 0.1


@every_kind
@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_goes_on_with_the_same_bits_and_leaves_the_original(kind, copied):
    model = KINDS[kind]().fit(SAMPLES)
    again = COPIES[copied](copy.deepcopy(model))
    expected = copy.deepcopy(model).partial_fit(SAMPLES)
    curve = list(model.loss_curve_)
    assert again.partial_fit(SAMPLES).components_.tobytes() == expected.components_.tobytes()
    assert model.loss_curve_ == curve
    shallow = copy.copy(model)
    kept = model.components_.copy()
    shallow.partial_fit(SAMPLES)
    np.testing.assert_array_equal(model.components_, kept)
    assert model.loss_curve_ == curve


def test_a_pickle_holds_the_dictionary_once():
    model = gs.GroupSparseAutoencoder(30, 4, 0.5, n_epochs=1, random_state=0, init="random")
    model.partial_fit(np.random.default_rng(0).normal(size=(200, 100)))
    pattern = model.components_.tobytes(order="A")[:64]
    assert pickle.dumps(model).count(pattern) == 1
    assert len(pickle.dumps(model)) < 3.2 * model.components_.nbytes  # and Adam's two moments


def test_components_can_be_given_without_a_fit():
    model = assigned(KINDS["shallow"](), other_atoms())
    expected = gs.encode(other_atoms().T, SAMPLES, 0.8, 2)
    np.testing.assert_allclose(model.transform(SAMPLES), expected, rtol=1e-12)
    assert np.linalg.norm(model.partial_fit(SAMPLES).components_ - other_atoms()) < 0.05


def test_components_may_be_lists():
    model = KINDS["shallow"]().fit(SAMPLES)
    expected = [model.transform(SAMPLES), model.inverse_transform(np.eye(6)), model.score(SAMPLES)]
    model.components_ = model.components_.tolist()
    found = [model.transform(SAMPLES), model.inverse_transform(np.eye(6)), model.score(SAMPLES)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_components_that_do_not_fit_the_parameters_are_refused():
    model = KINDS["shallow"]().fit(SAMPLES)
    with pytest.raises(ValueError, match="components_ has 6 atoms.*4 groups of 2; set both"):
        model.set_params(n_groups=4).partial_fit(SAMPLES)
    model.components_ = np.eye(8)  # grown by hand: the moments start afresh
    assert model.partial_fit(SAMPLES).components_.shape == (8, 8)


CHANGES = {
    "shallow": {
        "lam": 5.0,
        "debias": True,
        "n_active": 2,
        "n_groups": 2,
        "group_size": 3,
        "n_unfold": 4,
        "engine": "reference",
    },
    "unfolded": {"lam": 5.0, "group_size": 1, "n_unfold": 9, "unfold_step": 0.01, "l1": 1.0},
    "soft": {"lam": 5.0, "debias": True, "activation": "hard", "n_components": 4},
    "relu": {"lam": 5.0, "activation": "soft", "fit_bias": False},
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in CHANGES for name in CHANGES[kind]]
)
def test_a_parameter_set_after_the_fit_changes_no_result(kind, name):
    model = KINDS[kind]().fit(SAMPLES)
    methods = (model.transform, model.predict, model.score)
    before = [method(SAMPLES) for method in methods]
    model.set_params(**{name: CHANGES[kind][name]})
    for method, expected in zip(methods, before, strict=True):
        np.testing.assert_array_equal(method(SAMPLES), expected)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.transform(SAMPLES), before[0])


def test_a_parameter_takes_effect_at_the_next_step():
    model = KINDS["shallow"]().fit(SAMPLES).set_params(lam=0.3)
    model.partial_fit(SAMPLES)
    expected = gs.encode(model.components_.T, SAMPLES, 0.3, 2)
    np.testing.assert_allclose(model.transform(SAMPLES), expected, rtol=1e-12)


def test_parameters_set_after_the_fit_change_no_prediction_of_the_regressor():
    data = gs.grouped_regression(60, 12, 3, [2, 2, 2], noise_std=0.1, rng=0)
    model = gs.DiagonallyGroupedLinearRegressor(3, early_stopping=False).fit(data.X, data.y)
    before = model.predict(data.X)
    model.set_params(groups=2, fit_intercept=False, alpha=1.0, early_stopping=True)
    np.testing.assert_array_equal(model.predict(data.X), before)
