"""How sparse the estimators' codes are: lam = "auto", the refit, the score that chooses lam."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_sample_image
from sklearn.feature_extraction.image import extract_patches_2d
from sklearn.model_selection import GridSearchCV

import gsae_ref as gs
from gsae_ref.training.starts import starting_dictionary

# a short fit on few samples is not meant to converge
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def digits(n=600):
    X = load_digits().data[:n]
    X = X - X.mean(axis=0)
    return X / X.std()


def patches(n=1500):
    image = load_sample_image("china.jpg").mean(axis=2) / 255
    Y = extract_patches_2d(image, (8, 8), max_patches=3 * n, random_state=0).reshape(-1, 64)
    Y = Y - Y.mean(axis=1, keepdims=True)
    return Y[Y.std(axis=1) > 0.02][:n]


def simulation(n=600):
    """Figure 3's model at a tenth of its size: three groups of two active, norms in [4, 5]."""
    A_star = gs.make_dictionary(95, 50, 2, rng=0)
    return gs.sample(A_star, n, n_active=3, group_size=2, norm_range=(4, 5), rng=1).Y


DATA = {"digits": digits, "patches": patches, "simulation": simulation}


def mean_active(model, Y):
    X = model.transform(Y)
    return float(np.any(X.reshape(len(X), -1, model.group_size), axis=2).sum() / len(X))


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("n_unfold", [1, 5])
@pytest.mark.parametrize("n_active", [1, 2.5])
def test_lam_auto_makes_the_wanted_number_of_groups_active(name, n_unfold, n_active):
    Y = DATA[name]()
    model = gs.GroupSparseAutoencoder(
        16, 4, "auto", n_active=n_active, n_unfold=n_unfold, n_epochs=2, random_state=0
    ).fit(Y)
    assert mean_active(model, Y) == pytest.approx(n_active, rel=0.15)  # 512 of the samples: 2 %
    fixed = clone(model).set_params(lam=model.lam_, init=model.components_, n_epochs=1)
    some = Y[np.linspace(0, len(Y) - 1, min(len(Y), 512)).astype(int)]
    assert mean_active(model, some) == pytest.approx(n_active, rel=0.021)
    assert fixed.fit(Y).lam_ == model.lam_


def test_lam_is_kept_up_while_the_dictionary_is_trained():
    """Trained codes are longer than at the start: the first lam would make more groups active."""
    Y = digits()
    options = {"n_active": 1.0, "random_state": 0, "n_unfold": 3}
    early = gs.GroupSparseAutoencoder(10, 4, "auto", n_epochs=1, **options).fit(Y)
    late = gs.GroupSparseAutoencoder(10, 4, "auto", n_epochs=30, **options).fit(Y)
    late.lam_ = early.lam_
    assert mean_active(late, Y) > 1.1


def test_a_second_fit_does_not_depend_on_the_first():
    Y = digits(300)
    model = gs.GroupSparseAutoencoder(10, 4, "auto", n_active=2, n_epochs=2, random_state=0)
    first = model.fit(Y).lam_
    model.fit(5 * Y)
    assert model.fit(Y).lam_ == first


def test_partial_fit_and_blocks_tune_lam_too():
    Y = digits(384)
    options = {"n_active": 2, "random_state": 0}
    model = gs.GroupSparseAutoencoder(10, 4, "auto", n_epochs=2, **options)
    by_blocks = clone(model).fit_blocks([Y[:128], Y[128:]])
    for _ in range(3):
        model.partial_fit(Y[:128])
    for each in (model, by_blocks):
        assert mean_active(each, Y[:128]) == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("activation", ["soft", "hard", "relu"])
def test_lam_auto_of_the_sparse_autoencoder_counts_atoms(activation):
    Y = digits()
    model = gs.SparseAutoencoder(
        30, "auto", activation, n_active=3, n_epochs=1, step_size=1e-9, random_state=0
    ).fit(Y)
    assert np.count_nonzero(model.transform(Y)) / len(Y) == pytest.approx(3, rel=0.1)
    if activation == "relu":
        np.testing.assert_allclose(model.bias_, -model.lam_, rtol=1e-6)


def test_debias_gives_least_squares_codes_on_the_support():
    Y = digits(200)
    model = gs.GroupSparseAutoencoder(10, 4, 5.0, n_epochs=2, random_state=0).fit(Y)
    shrunk = model.transform(Y)
    free = clone(model).set_params(debias=True).fit(Y).transform(Y)
    assert ((free != 0) == (shrunk != 0)).all()
    for x, y in zip(free, Y, strict=True):
        atoms = model.components_[x != 0]
        assert np.abs(atoms @ (y - x @ model.components_)).max(initial=0) < 1e-8
    E = Y - free @ model.components_
    assert np.sum(E**2) < np.sum((Y - shrunk @ model.components_) ** 2)
    again = clone(model).set_params(debias=True).fit(Y)
    assert again.score(Y) == pytest.approx(-np.sum(E**2) / (2 * len(Y)))


def test_the_score_at_equal_sparsity_chooses_lam():
    """Without the refit the smallest lam wins; at two groups a sample, another one."""
    Y = digits()
    search = {"lam": [0.1, 2.0, 4.0, 40.0]}
    model = gs.GroupSparseAutoencoder(10, 4, n_unfold=5, n_epochs=5, random_state=0)
    plain = GridSearchCV(model, search, cv=2).fit(Y).best_params_["lam"]
    honest = clone(model).set_params(n_active=2, debias=True)
    chosen = GridSearchCV(honest, search, cv=2).fit(Y).best_params_["lam"]
    assert (plain, chosen) == (0.1, 2.0)


def test_fit_predict_gives_the_labels_of_predict():
    Y = digits(200)
    model = gs.GroupSparseAutoencoder(10, 4, 5.0, n_epochs=1, random_state=0)
    labels = model.fit_predict(Y)
    np.testing.assert_array_equal(labels, model.predict(Y))
    np.testing.assert_array_equal(labels, model.labels_)


def test_training_ends_where_the_cost_no_longer_falls():
    Y = digits(256)
    model = gs.GroupSparseAutoencoder(10, 4, 5.0, n_epochs=400, tol=0.01, random_state=0).fit(Y)
    costs = model.loss_curve_
    assert 3 < model.n_iter_ < 400
    by_blocks = clone(model).fit_blocks([Y])
    assert by_blocks.n_iter_ < 400
    assert by_blocks.active_groups_ > 0
    assert min(costs[-3:]) > 0.99 * min(costs[:-3])
    assert all(min(costs[k - 3 : k]) <= 0.99 * min(costs[: k - 3]) for k in range(4, len(costs)))


@pytest.mark.parametrize("options", [{}, {"n_unfold": 3, "unfold_step": 0.1, "l1": 0.2}])
def test_a_saved_model_is_what_the_shell_encodes_with_and_comes_back(run, tmp_path, options):
    Y = digits(100).astype(np.float32)
    model = gs.GroupSparseAutoencoder(10, 4, "auto", n_active=2, n_epochs=1, **options).fit(Y)
    path = tmp_path / "model.npz"
    model.save(path)
    np.save(tmp_path / "Y.npy", Y)
    assert run("encode", path, tmp_path / "Y.npy", "--out", tmp_path / "X.npy")[0] == 0
    np.testing.assert_array_equal(np.load(tmp_path / "X.npy"), model.transform(Y))
    back = gs.GroupSparseAutoencoder.load(path)
    np.testing.assert_array_equal(back.transform(Y), model.transform(Y))
    assert back.partial_fit(Y).components_.shape == (40, 64)


SPARSE = {
    "soft": {"lam": 5.0},
    "hard": {"lam": "auto", "n_active": 4, "activation": "hard"},
    "relu": {"lam": 5.0, "activation": "relu"},
    "relu, fixed bias": {"lam": 5.0, "activation": "relu", "fit_bias": False},
}


@pytest.mark.parametrize("kind", SPARSE)
def test_a_saved_sparse_model_is_what_the_shell_encodes_with_and_comes_back(run, tmp_path, kind):
    Y = digits(100).astype(np.float32)
    model = gs.SparseAutoencoder(20, n_epochs=2, random_state=0, **SPARSE[kind]).fit(Y)
    path = tmp_path / "model.npz"
    model.save(path)
    np.save(tmp_path / "Y.npy", Y)
    status, out, err = run("encode", path, tmp_path / "Y.npy", "--out", tmp_path / "X.npy")
    assert (status, err) == (0, "")
    assert "of 20 atoms active" in out
    np.testing.assert_array_equal(np.load(tmp_path / "X.npy"), model.transform(Y))
    back = gs.SparseAutoencoder.load(path)
    np.testing.assert_array_equal(back.transform(Y), model.transform(Y))
    np.testing.assert_array_equal(back.bias_, model.bias_)
    assert back.partial_fit(Y).components_.shape == (20, 64)
    with pytest.raises(ValueError, match="holds a sparse network; .*SparseAutoencoder.load"):
        gs.GroupSparseAutoencoder.load(path)


def test_a_model_of_the_other_kind_and_a_damaged_one_are_named(run, tmp_path):
    Y = digits(20)
    path = tmp_path / "model.npz"
    gs.GroupSparseAutoencoder(4, 2, 1.0, n_epochs=1).fit(Y).save(path)
    with pytest.raises(ValueError, match="a network of groups; .*GroupSparseAutoencoder.load"):
        gs.SparseAutoencoder.load(path)
    whole = {"W": np.eye(64), "bias": np.zeros(64), "activation": "soft", "lam": 1.0}
    damaged = {
        "has no bias, so it is not a model": {"bias": None},
        "activation = 'tanh' is unknown": {"activation": "tanh"},
        "bias has 3 entries, but there are 64 atoms": {"bias": np.zeros(3)},
        "lam = -1.0": {"lam": -1.0},
        "something other than numbers": {"W": np.full((2, 2), "a")},
    }
    np.save(tmp_path / "Y.npy", Y)
    for message, change in damaged.items():
        stored = {name: value for name, value in (whole | change).items() if value is not None}
        np.savez(path, **stored)
        with pytest.raises(ValueError, match=message):
            gs.SparseAutoencoder.load(path)
        status, _, err = run("encode", path, tmp_path / "Y.npy", "--out", tmp_path / "X.npy")
        assert status == 2
        assert message in err


def test_a_model_of_groups_with_another_value_than_was_written_is_named(tmp_path):
    path = tmp_path / "model.npz"
    gs.GroupSparseAutoencoder(4, 2, 1.0, n_epochs=1).fit(digits(20)).save(path)
    whole = dict(np.load(path))
    for name, value in (
        ("lam", np.nan),
        ("lam", -1.0),
        ("n_unfold", 2.5),
        ("n_unfold", 0),
        ("accelerated", "no"),
        ("l1", -1.0),
        ("unfold_step", 0.0),
        ("group_size", 3),
    ):
        np.savez(path, **whole | {name: value})
        with pytest.raises(ValueError, match=f"{name} = "):
            gs.GroupSparseAutoencoder.load(path)


def test_samples_of_three_axes_are_refused_with_the_shape_that_would_do():
    with pytest.raises(
        ValueError, match=r"X has shape \(5, 8, 8\).*pass X.reshape\(len\(X\), -1\)"
    ):
        gs.GroupSparseAutoencoder(4, 2, 1.0).fit(digits(5).reshape(5, 8, 8))


def test_the_orthogonal_start_has_orthonormal_groups_in_the_leading_directions():
    Y = digits()
    A = starting_dictionary(Y, 5, 4, "principal", 0)
    V = np.linalg.svd(Y, full_matrices=False)[2][:4].T
    for k in range(0, 20, 4):
        group = A[:, k : k + 4]
        np.testing.assert_allclose(group.T @ group, np.eye(4), atol=1e-12)
        np.testing.assert_allclose(V @ (V.T @ group), group, atol=1e-10)
    gaussian = starting_dictionary(Y, 5, 4, "principal", 0, mixing="gaussian")
    assert np.abs(gaussian[:, :4].T @ gaussian[:, :4] - np.eye(4)).max() > 0.05


@pytest.mark.parametrize(("optimizer", "same"), [("gradient_descent", True), ("adam", False)])
def test_groups_that_start_in_one_span_stay_in_one_under_gradient_descent(optimizer, same):
    Y = digits(100)
    options = {"optimizer": optimizer, "constraint": "groups", "init": "principal"}
    model = gs.GroupSparseAutoencoder(5, 4, 0.5, n_unfold=3, n_epochs=3, random_state=0, **options)
    norms = np.linalg.norm(model.fit(Y).transform(Y).reshape(100, 5, 4), axis=2)
    assert bool(np.ptp(norms, axis=1).max() < 1e-9 * norms.max()) == same
    assert norms.max() > 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lam": "auto"}, "without n_active"),
        ({"lam": "best", "n_active": 2}, "lam = 'best'"),
        ({"lam": "auto", "n_active": 10}, "between 0 and the 10 groups"),
        ({"lam": "auto", "n_active": 0}, "between 0 and the 10 groups"),
        ({"debias": 1}, "debias"),
    ],
)
def test_what_cannot_be_meant_is_refused(parameters, message):
    model = gs.GroupSparseAutoencoder(10, 4, n_epochs=1).set_params(**parameters)
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(digits(50)).transform(digits(50))
