"""The autoencoders as estimators: scikit-learn's checks, agreement with gs.train, partial fits."""

import os
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.training.blocks import shuffled
from gsae_ref.training.starts import starting_dictionary

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

SMALL = {
    "n_groups": 3,
    "group_size": 2,
    "lam": 1.5,
    "n_epochs": 4,
    "batch_size": 32,
    "random_state": 7,
}
KINDS = {
    "shallow": lambda **more: gs.GroupSparseAutoencoder(**SMALL | more),
    "unfolded": lambda **more: gs.GroupSparseAutoencoder(
        **SMALL | {"n_unfold": 3, "lam": 0.8} | more
    ),
    "soft": lambda **more: gs.SparseAutoencoder(
        6, 1.0, "soft", n_epochs=4, batch_size=32, random_state=7, **more
    ),
    "hard": lambda **more: gs.SparseAutoencoder(
        6, 1.0, "hard", n_epochs=4, batch_size=32, random_state=7, **more
    ),
    "relu": lambda **more: gs.SparseAutoencoder(
        6, 0.5, "relu", n_epochs=4, batch_size=32, random_state=7, **more
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def groups_of_three(dtype=np.float64, n_samples=150, noise=20):
    """Samples of three planes, the plane of each, and the dictionary."""
    A = gs.make_dictionary(8, 3, 2, kind="orthonormal", rng=0)
    Y, _, support = gs.sample(A, n_samples, 1, 2, snr_db=noise, rng=0)
    return Y.astype(dtype), support[:, 0], A


def same_bits(left, right):
    names = ["components_", "bias_"] if hasattr(left, "bias_") else ["components_"]
    return all(getattr(left, name).tobytes() == getattr(right, name).tobytes() for name in names)


# ---- the contract of scikit-learn


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        gs.GroupSparseAutoencoder(),
        gs.GroupSparseAutoencoder(n_unfold=2, n_epochs=5),
        gs.GroupSparseAutoencoder(constraint="groups", n_epochs=5),
        gs.SparseAutoencoder(),
        gs.SparseAutoencoder(activation="hard"),
        gs.SparseAutoencoder(activation="relu"),
    ]
)
def test_all_checks_of_scikit_learn_pass(estimator, check):
    """scikit-learn skips its check of the array API here; see the next test."""
    check(estimator)


def test_no_check_is_skipped_if_the_array_api_is_enabled_before_python_starts():
    program = (
        "import gsae_ref as gs; from sklearn.utils.estimator_checks import check_estimator\n"
        "for model in (gs.GroupSparseAutoencoder(), gs.SparseAutoencoder(activation='relu')):\n"
        "    assert {result['status'] for result in check_estimator(model)} == {'passed'}"
    )
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    command = [sys.executable, "-W", "ignore", "-c", program]
    subprocess.run(command, check=True, timeout=120, env=environment)


def test_pipelines_grid_searches_and_pickles():
    Y, _labels, _ = groups_of_three()
    pipeline = make_pipeline(
        StandardScaler(with_std=False),
        gs.GroupSparseAutoencoder(n_groups=3, constraint="groups", random_state=0),
    )
    name = "groupsparseautoencoder"
    search = GridSearchCV(pipeline, {f"{name}__lam": [1.5, 50.0], f"{name}__group_size": [2]}, cv=2)
    with pytest.warns(ConvergenceWarning, match="no sample has a non-zero code"):
        search.fit(Y)
    assert search.best_params_ == {f"{name}__lam": 1.5, f"{name}__group_size": 2}
    model = search.best_estimator_
    assert list(model.get_feature_names_out()) == [f"{name}{k}" for k in range(6)]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(Y), model.predict(Y))
    assert not hasattr(clone(model)[-1], "components_")


def test_output_can_be_a_data_frame():
    pandas = pytest.importorskip("pandas")
    Y, _, _ = groups_of_three()
    frame = pandas.DataFrame(Y, columns=[f"pixel{k}" for k in range(8)])
    codes = KINDS["shallow"]().set_output(transform="pandas").fit_transform(frame)
    assert list(codes.columns[:2]) == ["groupsparseautoencoder0", "groupsparseautoencoder1"]


# ---- what they learn


@pytest.mark.filterwarnings("ignore:56% of the samples:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimizer": "gradient_descent", "step_size": 0.02, "gradient": "approximate"},
        {"n_unfold": 3, "unfold_step": 0.2, "l1": 0.1, "accelerated": False, "nonnegative": True},
    ],
    ids=str,
)
def test_fit_is_train(options):
    Y, _, _ = groups_of_three()
    model = gs.GroupSparseAutoencoder(
        **SMALL, init="principal", constraint="groups", tangent=False, **options
    ).fit(Y)
    start = starting_dictionary(Y, 3, 2, "principal", 7)
    expected = gs.train(start, Y, 1.5, 2, 4, batch_size=32, constraint="groups", rng=7, **options)
    assert model.components_.T.tobytes() == expected.x.tobytes()
    assert model.loss_curve_ == expected.history["loss"]
    assert model.score(Y) == -expected.fun
    assert model.n_iter_ == 4


def test_the_default_is_train_with_the_tangent_part_and_not_as_published():
    """tangent=True ends lower, and elsewhere: by default a fit is not the authors' training."""
    Y, _, _ = groups_of_three()
    found = {}
    for tangent in (True, False):
        options = {} if tangent else {"tangent": False}
        model = gs.GroupSparseAutoencoder(**SMALL, init="principal", **options).fit(Y)
        start = starting_dictionary(Y, 3, 2, "principal", 7)
        run = {"batch_size": 32, "constraint": "columns", "tangent": tangent, "rng": 7}
        expected = gs.train(start, Y, 1.5, 2, 4, **run)
        assert model.components_.T.tobytes() == expected.x.tobytes()
        found[tangent] = model
    assert not np.array_equal(found[True].components_, found[False].components_)
    assert -found[True].score(Y) < -found[False].score(Y)


def test_the_planes_are_found_and_are_the_clusters():
    Y, labels, A = groups_of_three(n_samples=400)
    start = gs.perturb_dictionary(A, delta=0.5, group_size=2, direction="tangent", rng=0)
    model = gs.GroupSparseAutoencoder(
        3,
        2,
        lam=1.5,
        init=start.T,
        constraint="groups",
        step_size=0.01,
        n_epochs=60,
        random_state=0,
    ).fit(Y)
    assert gs.principal_angles(start, A, 2).max() > 0.05
    assert gs.principal_angles(model.components_.T, A, 2).max() < 0.05
    np.testing.assert_array_equal(model.predict(Y), labels)
    assert model.score(Y) > model.score(Y[:, ::-1])
    assert model.loss_curve_[-1] < 0.9 * model.loss_curve_[0]


@every_kind
def test_codes_reconstructions_and_clusters_are_those_of_the_network(kind):
    Y, _, _ = groups_of_three()
    model = KINDS[kind]().fit(Y)
    A = model.components_.T
    size = 2 if kind in ("shallow", "unfolded") else 1
    if kind == "shallow":
        codes = gs.encode(A, Y, 1.5, 2)
    elif kind == "unfolded":
        codes = gs.unfolded_encode(A, Y, 0.8, 2, 3)
    else:
        lam = 0 if kind == "relu" else 1.0
        codes = gs.sparse_encode(A, Y, model.bias_, kind, lam)
        assert model.bias_.any() == (kind == "relu")
    np.testing.assert_allclose(model.transform(Y), codes, rtol=1e-12)
    np.testing.assert_allclose(model.inverse_transform(codes), codes @ A.T, rtol=1e-12)
    cost = np.sum((Y - codes @ A.T) ** 2) / (2 * len(Y))
    assert model.score(Y) == pytest.approx(-cost, rel=1e-12)
    for code, label in zip(codes, model.predict(Y), strict=True):
        norms = [np.linalg.norm(code[g : g + size]) for g in range(0, 6, size)]
        assert label == (np.argmax(norms) if max(norms) > 0 else -1)


def test_a_sample_without_an_active_group_has_no_cluster():
    Y, _, _ = groups_of_three()
    model = KINDS["shallow"]().fit(Y)
    small = np.concatenate([Y[:1] * 1e-3, np.zeros((1, 8))])
    assert model.predict(small).tolist() == [-1, -1]


def test_the_bias_of_relu_starts_at_minus_lam_and_is_learned_if_asked():
    Y, _, _ = groups_of_three()
    np.testing.assert_array_equal(KINDS["relu"](fit_bias=False).fit(Y).bias_, np.full(6, -0.5))
    one = gs.SparseAutoencoder(
        6,
        0.5,
        "relu",
        init="random",
        optimizer="gradient_descent",
        step_size=0.1,
        constraint="none",
        random_state=7,
    )
    one.partial_fit(Y)
    W = starting_dictionary(Y, 6, 1, "random", 7)
    _, dW, db = gs.sparse_loss_and_grad(W, Y, -0.5)
    np.testing.assert_allclose(one.bias_, -0.5 - 0.1 * db, rtol=1e-13)
    np.testing.assert_allclose(one.components_.T, W - 0.1 * dW, rtol=1e-13)


@every_kind
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(kind, dtype):
    Y, _, _ = groups_of_three(dtype)
    model = KINDS[kind]().fit(Y)
    codes = model.transform(Y)
    for array in (model.components_, codes, model.inverse_transform(codes)):
        assert array.dtype == dtype


# ---- in pieces


@every_kind
@pytest.mark.parametrize("init", ["random", "samples"])
def test_partial_fit_is_fit_on_the_same_batches(kind, init):
    Y, _, _ = groups_of_three()
    whole = KINDS[kind](init=init).fit(Y)
    if init == "samples":  # of all samples, not of those of the first batch
        sizes = (3, 2) if kind in ("shallow", "unfolded") else (6, 1)
        init = starting_dictionary(Y, *sizes, "samples", 7).T
    pieces = KINDS[kind](init=init)
    for epoch in range(4):
        for batch in shuffled(len(Y), 32, 7, epoch):
            pieces.partial_fit(Y[batch])
    assert same_bits(whole, pieces)
    assert pieces.n_iter_ == len(pieces.loss_curve_) == 20
    assert not same_bits(whole, pieces.partial_fit(Y))


@every_kind
def test_blocks_of_any_sizes_are_partial_fit_in_their_order(kind):
    Y, _, _ = groups_of_three()
    expected = KINDS[kind](init="random")
    for _ in range(4):
        for start in range(0, len(Y), 32):
            expected.partial_fit(Y[start : start + 32])
    for size in (10, 32, 150):
        cut = [Y[start : start + size] for start in range(0, len(Y), size)]
        assert same_bits(KINDS[kind](init="random").fit_blocks(cut), expected)
        assert same_bits(KINDS[kind](init="random").fit_blocks(lambda cut=cut: iter(cut)), expected)
    if kind in ("shallow", "unfolded"):
        batches = [Y[start : start + 32] for start in range(0, len(Y), 32)]
        uncut = KINDS[kind](init="random", batch_size=None).fit_blocks(batches)
        assert same_bits(uncut, expected)


def test_an_iterator_can_be_used_for_one_epoch_only():
    Y, _, _ = groups_of_three()
    cut = [Y[:64], Y[64:]]
    once = KINDS["shallow"](n_epochs=1, init="random")
    assert same_bits(clone(once).fit_blocks(iter(cut)), clone(once).fit_blocks(cut))
    message = "blocks is an iterator.*read once, and n_epochs = 4; pass a list, or a function"
    with pytest.raises(ValueError, match=message):
        KINDS["shallow"]().fit_blocks(iter(cut))
    for nothing in ([], iter(()), lambda: iter(())):
        with pytest.raises(ValueError, match="blocks is empty"):
            clone(once).fit_blocks(nothing)
    message = "X has 5 features, but GroupSparseAutoencoder is expecting 8"
    with pytest.raises(ValueError, match=message):
        clone(once).fit_blocks([Y, Y[:, :5]])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("init", ["samples", "principal", "random"])
def test_a_memory_mapped_file_gives_the_same_bits(tmp_path, init):
    Y, _, _ = groups_of_three(np.float32, n_samples=5000)
    np.save(tmp_path / "Y.npy", Y)
    mapped = np.load(tmp_path / "Y.npy", mmap_mode="r")
    model = gs.GroupSparseAutoencoder(**SMALL | {"batch_size": 1000, "n_epochs": 2}, init=init)
    assert same_bits(clone(model).fit(mapped), clone(model).fit(Y))


def test_a_file_larger_than_memory(tmp_path):
    """Fitting, scoring and clustering a 10 MB file need less than 4 MB of memory."""
    Y = np.random.default_rng(0).standard_normal((40_000, 64)).astype(np.float32)
    np.save(tmp_path / "Y.npy", Y)
    mapped = np.load(tmp_path / "Y.npy", mmap_mode="r")
    del Y
    model = gs.GroupSparseAutoencoder(**SMALL | {"batch_size": 2000, "n_epochs": 1})
    uses = (
        lambda: model.fit(mapped),
        lambda: model.score(mapped),
        lambda: model.predict(mapped),
        lambda: clone(model).fit_blocks(mapped[k : k + 3000] for k in range(0, len(mapped), 3000)),
    )
    for use in uses:
        tracemalloc.start()
        use()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4e6


# ---- starts, interruptions, mistakes


@pytest.mark.parametrize("kind", ["samples", "principal", "random"])
def test_a_start_has_unit_atoms_of_its_kind(kind):
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(40, 5)) * [5, 4, 1, 1, 1]
    Y[::2] = 0
    A = starting_dictionary(Y, 3, 2, kind, rng=1)
    np.testing.assert_allclose(np.linalg.norm(A, axis=0), 1, rtol=1e-14)
    assert np.linalg.matrix_rank(A) == (2 if kind == "principal" else 5)
    if kind == "samples":
        directions = Y[1::2] / np.linalg.norm(Y[1::2], axis=1, keepdims=True)
        np.testing.assert_allclose((directions @ A).max(axis=0), 1, rtol=1e-14)
    if kind == "principal":
        V = np.linalg.svd(Y)[2][:2]
        np.testing.assert_allclose(np.linalg.norm(V @ A, axis=0), 1, rtol=1e-12)
        assert np.linalg.norm(A[:, :2] - A[:, 2:4]) > 0.1
    assert not np.array_equal(A, starting_dictionary(Y, 3, 2, kind, rng=2))
    assert starting_dictionary(Y[:2], 30, 2, kind, rng=1).shape == (5, 60)


def test_after_ctrl_c_the_attributes_are_those_of_the_last_epoch(monkeypatch):
    Y, _, _ = groups_of_three()
    calls = []
    real = gs.training.ops.loss_and_grad

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 12:  # in the third epoch of five batches
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(gs.training.ops, "loss_and_grad", interrupted)
    model = KINDS["shallow"]()
    with pytest.raises(KeyboardInterrupt):
        model.fit(Y)
    monkeypatch.undo()
    assert model.n_iter_ == 2
    assert same_bits(model, KINDS["shallow"](n_epochs=2).fit(Y))


def test_progress_is_shown_if_verbose(capsys):
    Y, _, _ = groups_of_three()
    KINDS["shallow"]().fit(Y)
    assert capsys.readouterr() == ("", "")
    KINDS["shallow"](verbose=1).fit(Y)
    assert "epoch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n_groups": 0}, ValueError, "n_groups = 0"),
        ({"group_size": 1.5}, TypeError, "group_size = 1.5"),
        ({"lam": -1}, ValueError, "lam = -1"),
        ({"n_epochs": 0}, ValueError, "n_epochs = 0"),
        ({"batch_size": 0}, ValueError, "batch_size = 0"),
        ({"optimizer": "sgd"}, ValueError, "optimizer = 'sgd'"),
        ({"constraint": "rows"}, ValueError, "constraint = 'rows'"),
        ({"init": "zeros"}, ValueError, "init = 'zeros'"),
        ({"gradient": "true"}, ValueError, "gradient = 'true'"),
        ({"init": np.ones((6, 5))}, ValueError, r"init has shape \(6, 5\); it must be \(6, 8\)"),
        ({"random_state": -1}, ValueError, "random_state = -1"),
        ({"l1": 1.0}, ValueError, "only an unfolded network has it"),
        ({"step_size": 0}, ValueError, "step_size = 0"),
    ],
    ids=str,
)
def test_bad_options_are_refused_at_fit(change, error, message):
    Y, _, _ = groups_of_three()
    with pytest.raises(error, match=message):
        KINDS["shallow"](**change).fit(Y)


@pytest.mark.filterwarnings("ignore:the cost is that of zero weights")
@every_kind
def test_masked_samples_are_refused_by_every_method(kind):
    Y, labels, _ = groups_of_three()
    masked = np.ma.masked_array(Y, Y > 1)
    model = KINDS[kind]().fit(Y)
    for method in (model.fit, model.partial_fit, model.transform, model.predict, model.score):
        with pytest.raises(
            TypeError, match="X is a masked array; missing entries are not supported"
        ):
            method(masked)
    regressor = gs.DiagonallyGroupedLinearRegressor(2, n_epochs=3, early_stopping=False).fit(
        Y, labels.astype(float)
    )
    for method in (regressor.predict, lambda X: regressor.fit(X, labels)):
        with pytest.raises(TypeError, match="X is a masked array"):
            method(masked)


def test_methods_of_a_model_that_is_not_fitted_raise():
    for method in ("transform", "predict", "score", "inverse_transform"):
        with pytest.raises(NotFittedError):
            getattr(KINDS["shallow"](), method)(np.ones((2, 6)))


# ---- the import


def test_the_package_lists_them_without_importing_scikit_learn():
    program = (
        "import sys, gsae_ref as gs; names = dir(gs); assert 'sklearn' not in sys.modules; "
        "assert {'GroupSparseAutoencoder', 'SparseAutoencoder', 'train'} <= set(names); "
        "gs.GroupSparseAutoencoder; assert 'sklearn' in sys.modules; "
        "assert not hasattr(gs, 'nothing')"
    )
    root = os.path.dirname(os.path.dirname(gs.__file__))
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=root)


def test_without_scikit_learn_the_error_names_the_remedy(monkeypatch):
    for name in list(sys.modules):
        if name.split(".")[0] == "sklearn" or name.startswith("gsae_ref.estimators."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(vars(gs), "SparseAutoencoder", raising=False)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    message = r"SparseAutoencoder needs scikit-learn.*pip install 'gsae_ref\[sklearn\]'"
    with pytest.raises(ImportError, match=message):
        gs.SparseAutoencoder()


def test_weight_decay_is_that_of_train_and_refused_where_a_constraint_fixes_the_norm():
    A = gs.make_dictionary(6, 3, 2, kind="orthonormal", rng=0)
    Y = gs.sample(A, 40, 1, 2, rng=0).Y
    start = gs.perturb_dictionary(A, delta=0.3, group_size=2, direction="tangent", rng=0)
    options = {"weight_decay": 0.05, "optimizer": "gradient_descent", "step_size": 0.05}
    model = gs.GroupSparseAutoencoder(
        3, 2, 0.2, init=start.T, n_epochs=4, batch_size=None, constraint="none", **options
    ).fit(Y)
    run = gs.train(start, Y, 0.2, 2, 4, **options)
    np.testing.assert_allclose(model.components_.T, run.x, rtol=1e-12)
    assert model.loss_curve_ == pytest.approx(run.history["loss"])
    with pytest.raises(ValueError, match="weight_decay = 0.05 with constraint = 'columns'"):
        gs.GroupSparseAutoencoder(3, 2, 0.2, weight_decay=0.05).fit(Y)
