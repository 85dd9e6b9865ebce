"""callback, tol and checkpoint of the estimators: interrupted fits, resumed fits, refused ones."""

import pickle
import warnings

import numpy as np
import pytest

import gsae_ref as gs

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SAMPLES = np.random.default_rng(0).normal(size=(60, 8))
OPTIONS = {"n_epochs": 6, "batch_size": 20, "random_state": 7, "step_size": 1e-2}
AUTO = {"lam": "auto", "n_active": 1.2, **OPTIONS}
KINDS = {
    "shallow": lambda: gs.GroupSparseAutoencoder(3, 2, 0.8, **OPTIONS),
    "unfolded": lambda: gs.GroupSparseAutoencoder(3, 2, 0.5, n_unfold=3, **OPTIONS),
    "auto": lambda: gs.GroupSparseAutoencoder(3, 2, **AUTO),
    "unfolded, auto": lambda: gs.GroupSparseAutoencoder(3, 2, n_unfold=4, **AUTO),
    "relu": lambda: gs.SparseAutoencoder(6, 0.1, "relu", **OPTIONS),
    "relu, auto": lambda: gs.SparseAutoencoder(6, activation="relu", **AUTO),
    "soft, auto": lambda: gs.SparseAutoencoder(6, **AUTO),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def interrupt(after):
    """A callback that presses Ctrl-C after some epochs."""

    def callback(intermediate_result):
        if intermediate_result.nit == after:
            raise KeyboardInterrupt

    return callback


def same_fit(model, expected):
    assert model.components_.tobytes() == expected.components_.tobytes()
    assert model.transform(SAMPLES).tobytes() == expected.transform(SAMPLES).tobytes()
    for name in ("loss_curve_", "lam_", "n_iter_", "active_groups_"):
        assert getattr(model, name) == getattr(expected, name), name
    assert (
        model.partial_fit(SAMPLES).components_.tobytes()
        == pickle.loads(pickle.dumps(expected)).partial_fit(SAMPLES).components_.tobytes()
    )


@every_kind
@pytest.mark.parametrize("every", [1, 2])
def test_an_interrupted_fit_resumes_to_the_same_bits(tmp_path, kind, every):
    expected = KINDS[kind]().fit(SAMPLES)
    saved = {"checkpoint": tmp_path / "fit.npz", "checkpoint_every": every}
    model = KINDS[kind]()
    with pytest.raises(KeyboardInterrupt):
        model.fit(SAMPLES, callback=interrupt(3), **saved)
    assert model.n_iter_ == 3  # what has been learned is kept
    again = clone(model).fit(SAMPLES, resume=True, **saved)
    same_fit(again, expected)
    same_fit(clone(model).fit(SAMPLES, resume=True, **saved), expected)  # it is complete
    longer = clone(model).set_params(n_epochs=8).fit(SAMPLES, resume=True, **saved)
    same_fit(longer, KINDS[kind]().set_params(n_epochs=8).fit(SAMPLES))


@every_kind
def test_interrupted_blocks_resume_to_the_same_bits(tmp_path, kind):
    blocks = [SAMPLES[:31], SAMPLES[31:]]
    expected = KINDS[kind]().fit_blocks(blocks)
    saved = {"checkpoint": tmp_path / "fit.npz", "checkpoint_every": 2}
    model = KINDS[kind]()
    with pytest.raises(KeyboardInterrupt):
        model.fit_blocks(blocks, callback=interrupt(3), **saved)
    again = clone(model).fit_blocks(lambda: iter(blocks), resume=True, **saved)
    same_fit(again, expected)
    done = clone(model).fit_blocks(blocks, resume=True, **saved)  # it is complete
    assert done.components_.tobytes() == expected.components_.tobytes()
    assert done.loss_curve_ == expected.loss_curve_ and done.active_groups_ > 0
    with pytest.raises(ValueError, match="belongs to another run: start or data differ"):
        clone(model).fit_blocks([SAMPLES[:31] + 1e-9, SAMPLES[31:]], resume=True, **saved)
    with pytest.raises(ValueError, match="belongs to another run: (step_size|in epoch 0 step)"):
        clone(model).set_params(step_size=0.1).fit_blocks(blocks, resume=True, **saved)


def test_a_fit_stopped_by_tol_is_not_continued(tmp_path):
    model = KINDS["shallow"]().set_params(tol=0.5, n_epochs=30)
    expected = clone(model).fit(SAMPLES, checkpoint=tmp_path / "fit.npz")
    assert expected.n_iter_ < 30
    same_fit(model.fit(SAMPLES, checkpoint=tmp_path / "fit.npz", resume=True), expected)


CHANGES = {
    "lam": 0.9,
    "n_unfold": 2,
    "batch_size": 30,
    "step_size": 2e-2,
    "optimizer": "gradient_descent",
    "constraint": "groups",
    "tangent": False,
    "random_state": 8,
    "init": "random",
    "gradient": "appendix_b",
    "engine": "reference",
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_checkpoint_of_another_fit_is_refused(tmp_path, name):
    saved = {"checkpoint": tmp_path / "fit.npz"}
    KINDS["shallow"]().set_params(n_epochs=2).fit(SAMPLES, **saved)
    model = KINDS["shallow"]().set_params(**{name: CHANGES[name]})
    with pytest.raises(ValueError, match="belongs to another run: (.* here, .* there|start or)"):
        model.fit(SAMPLES, resume=True, **saved)
    with pytest.raises(ValueError, match="belongs to another run: start or data differ"):
        KINDS["shallow"]().fit(SAMPLES + 1e-9, resume=True, **saved)


def test_parameters_of_no_step_may_change(tmp_path):
    saved = {"checkpoint": tmp_path / "fit.npz"}
    KINDS["shallow"]().set_params(n_epochs=2).fit(SAMPLES, **saved)
    model = KINDS["shallow"]().set_params(debias=True, n_active=2, tol=1e-9, verbose=0)
    model.fit(SAMPLES, resume=True, **saved)
    assert model.loss_curve_ == KINDS["shallow"]().fit(SAMPLES).loss_curve_


def test_a_damaged_checkpoint_is_put_aside_with_a_warning(tmp_path):
    (tmp_path / "fit.npz").write_bytes(b"PK\x03\x04 nothing")
    model = KINDS["shallow"]()
    with pytest.warns(RuntimeWarning, match="fit.npz is damaged.*fit.npz.damaged") as said:
        model.fit(SAMPLES, checkpoint=tmp_path / "fit.npz", resume=True)
    assert said[0].filename == __file__
    same_fit(model, KINDS["shallow"]().fit(SAMPLES))


@every_kind
@pytest.mark.parametrize("method", ["fit", "fit_blocks"])
def test_the_callback_sees_every_epoch_and_may_end_the_fit(kind, method):
    seen = []

    def callback(intermediate_result):
        seen.append(intermediate_result)
        if intermediate_result.nit == 4:
            raise StopIteration

    model = KINDS[kind]()
    data = [SAMPLES[:31], SAMPLES[31:]] if method == "fit_blocks" else SAMPLES
    getattr(model, method)(data, callback=callback)
    assert [now.nit for now in seen] == [1, 2, 3, 4]
    assert seen[-1].x.tobytes() == np.ascontiguousarray(model.components_.T).tobytes()
    assert seen[-1].fun == model.loss_curve_[-1]
    assert len(model.loss_curve_) == model.n_iter_ == 4
    assert model.active_groups_ > 0
    if kind.startswith("relu"):
        np.testing.assert_array_equal(seen[-1].bias, model.bias_)
    seen[-1].x[:] = 0  # a copy
    assert model.components_.any()


def test_a_pipeline_passes_them_on(tmp_path):
    model = KINDS["shallow"]()
    name = "groupsparseautoencoder"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline = make_pipeline(StandardScaler(with_std=False), model)
        pipeline.fit(SAMPLES, **{f"{name}__checkpoint": str(tmp_path / "fit.npz")})
    assert (tmp_path / "fit.npz").exists()


def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    for path in (tmp_path, tmp_path / "missing" / "fit.npz"):
        with pytest.raises((ValueError, OSError), match=r"fit.npz|directory|folder"):
            KINDS["shallow"]().fit(SAMPLES, checkpoint=path)


BAD = {
    "a number": ({"checkpoint": 3}, "checkpoint = 3; it must be the name of a file"),
    "no name": ({"checkpoint": ""}, "checkpoint = ''; it must be the name of a file"),
    "a word": ({"checkpoint": "fit.npz", "resume": "no"}, "resume = 'no' has type str"),
    "no function": ({"callback": 3}, "callback = 3 has type int; it must be a function"),
    "a folder": ({"checkpoint": "folder", "resume": True}, "folder is a folder; add a file name"),
    "an array": ({"checkpoint": "Y.npy", "resume": True}, "Y.npy is a .npy file, an array"),
    "a table": ({"checkpoint": "Y.csv", "resume": True}, "Y.csv is no .npz archive"),
    "a table, in a new run": ({"checkpoint": "Y.csv"}, "Y.csv is no .npz archive"),
    "another archive": ({"checkpoint": "Y.npz"}, "Y.npz is an archive of other arrays"),
    "no file": ({"resume": True}, "resume=True without a checkpoint; .* give the name of its file"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("door", ["fit", "fit_blocks", "train", "train_sparse"])
def test_bad_arguments_of_a_run_are_named_and_no_file_is_moved(tmp_path, monkeypatch, name, door):
    monkeypatch.chdir(tmp_path)
    np.save("Y.npy", SAMPLES)
    np.savez("Y.npz", Y=SAMPLES)
    np.savetxt("Y.csv", SAMPLES)
    (tmp_path / "folder").mkdir()
    before = {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    arguments, message = BAD[name]
    A = np.eye(8)[:, :6]
    doors = {
        "fit": lambda: KINDS["shallow"]().fit(SAMPLES, **arguments),
        "fit_blocks": lambda: KINDS["shallow"]().fit_blocks([SAMPLES], **arguments),
        "train": lambda: gs.train(A, SAMPLES, 0.5, 2, 1, **arguments),
        "train_sparse": lambda: gs.train_sparse(A, SAMPLES, 1, bias=-0.1, **arguments),
    }
    with pytest.raises((TypeError, ValueError), match=message):
        doors[door]()
    after = {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    assert after == before
