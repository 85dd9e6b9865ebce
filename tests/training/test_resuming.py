"""A checkpoint is continued by the run that wrote it, and refused by a run with other settings."""

import inspect

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.ops import ConvolutionalAutoencoder
from gsae_ref.training.convolutional import train_convolutional

A = gs.make_dictionary(6, 3, 2, kind="orthonormal", rng=0)
Y = gs.sample(A, 30, 1, 2, rng=0).Y
CONV = ConvolutionalAutoencoder(
    n_groups=2, n_linear=1, n_latent=4, image_size=4, channels=(4,), decoder_channels=(4, 2)
)


def shallow(n_epochs, **options):
    return gs.train(A, Y, n_epochs=n_epochs, **{"lam": 0.5, "group_size": 2} | options)


def unfolded(n_epochs, **options):
    network = {"lam": 0.5, "group_size": 2, "n_unfold": 2, "unfold_step": 0.5}
    return gs.train(A, Y, n_epochs=n_epochs, **network | options)


def sparse(n_epochs, **options):
    defaults = {"bias": -0.1, "step_size": 0.01, "bias_schedule": 0.9}
    return gs.train_sparse(A, Y, n_epochs, **defaults | options)


def convolutional(n_epochs, **options):
    return train_convolutional(CONV, np.eye(16), n_epochs, **options)


OTHERS = [
    (shallow, {"lam": 3.0}, r"in epoch 0 lam = 3.0 here, 0.5 there"),
    (shallow, {"lam": lambda epoch: 0.5 + 0.1 * epoch}, r"in epoch 1 lam = 0.6 here, 0.5 there"),
    (shallow, {"step_size": 1e-2}, r"in epoch 0 step_size = 0.01 here, 0.001 there"),
    (shallow, {"optimizer": "gradient_descent"}, "optimizer = 'gradient_descent' here, 'adam'"),
    (shallow, {"gradient": "approximate"}, "gradient = 'approximate' here, 'exact' there"),
    (shallow, {"group_size": 3}, "group_size = 3 here, 2 there"),
    (shallow, {"n_unfold": 2}, "n_unfold = 2 here, 1 there"),
    (shallow, {"constraint": "columns"}, "constraint = 'columns' here, 'none' there"),
    (shallow, {"tangent": True}, "tangent = True here, False there"),
    (shallow, {"batch_size": 10}, "batch_size = 10 here, 30 there"),
    (shallow, {"rng": 1}, "rng = 1 here, 0 there"),
    (shallow, {"engine": "reference"}, "engine = 'reference' here, 'auto' there"),
    (shallow, {"weight_decay": 0.1}, "weight_decay = 0.1 here, 0.0 there"),
    (unfolded, {"unfold_step": None}, "unfold_step = None here, 0.5 there"),
    (unfolded, {"l1": 0.1}, "l1 = 0.1 here, 0.0 there"),
    (unfolded, {"nonnegative": True}, "nonnegative = True here, False there"),
    (unfolded, {"accelerated": False}, "accelerated = False here, True there"),
    (unfolded, {"n_unfold": 3}, "n_unfold = 3 here, 2 there"),
    (sparse, {"step_size": 0.02}, "in epoch 0 step_size = 0.02 here, 0.01 there"),
    (sparse, {"bias_schedule": 0.8}, "in epoch 0 bias_schedule = 0.8 here, 0.9 there"),
    (sparse, {"bias_schedule": "learned"}, "learns_bias = True here, False there"),
    (sparse, {"bias": -0.2}, "start or data differ"),
    (sparse, {"normalise": True}, "normalise = True here, False there"),
    (sparse, {"activation": "soft", "lam": 0.1}, "activation = 'soft' here, 'relu' there"),
    (convolutional, {"step_size": 1e-2}, "in epoch 0 step_size = 0.01 here, 0.0001 there"),
    (convolutional, {"batch_size": 4}, "batch_size = 4 here, 16 there"),
    (convolutional, {"rng": 1}, "start or data differ|rng = 1 here"),
]


@pytest.mark.parametrize(
    ("train", "other", "message"), OTHERS, ids=[message for *_, message in OTHERS]
)
def test_other_settings_are_refused_by_name(tmp_path, train, other, message):
    path = tmp_path / "run.npz"
    train(2, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"belongs to another run: ({message}).*resume=False"):
        train(3, checkpoint=path, resume=True, **other)
    assert path.read_bytes() == before


NO_SETTING = {"A", "W", "Y", "n_epochs", "A_star", "support", "measure", "callback", "progress"}
NO_SETTING |= {"checkpoint", "checkpoint_every", "resume", "gradient", "optimizer", "batch_size"}


@pytest.mark.parametrize(
    ("function", "calls"), [(gs.train, (shallow, unfolded)), (gs.train_sparse, (sparse,))]
)
def test_every_argument_that_a_step_depends_on_is_tried_above(function, calls):
    tried = {name for call, other, _ in OTHERS if call in calls for name in other}
    if function is gs.train_sparse:  # the same settings as of train
        tried |= {"rng", "engine"}
    assert set(inspect.signature(function).parameters) - NO_SETTING <= tried


@pytest.mark.parametrize("train", [shallow, unfolded, sparse, convolutional])
def test_the_same_settings_in_other_types_are_the_same_run(tmp_path, train):
    path = tmp_path / "run.npz"
    train(2, checkpoint=path, step_size=0.0078125)
    constant = {"step_size": lambda epoch: np.float32(0.0078125)}
    run = train(4, checkpoint=path, resume=True, rng=np.int64(0), **constant)
    whole = train(4, **constant)
    assert run.history == whole.history


def test_a_schedule_may_go_on_otherwise(tmp_path):
    path = tmp_path / "run.npz"
    shallow(2, checkpoint=path)
    changed = {"lam": lambda k: 0.5 if k < 2 else 0.1, "step_size": lambda k: 1e-3 / max(1, k - 1)}
    run = shallow(4, checkpoint=path, resume=True, **changed)
    assert run.x.tobytes() == shallow(4, **changed).x.tobytes()


def test_a_schedule_that_cannot_be_computed_again_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    draw = np.random.default_rng(0)
    shallow(2, checkpoint=path, lam=lambda epoch: draw.uniform(0.4, 0.5))
    with pytest.raises(ValueError, match="another run: in epoch 0 lam = 0.4.* here, 0.4.* there"):
        shallow(3, checkpoint=path, lam=lambda epoch: draw.uniform(0.4, 0.5), resume=True)


def test_a_checkpoint_without_settings_is_refused_and_kept(tmp_path):
    path = tmp_path / "run.npz"
    shallow(2, checkpoint=path)
    with np.load(path) as saved:
        old = {k: v for k, v in saved.items() if k != "settings" and "schedule" not in k}
    np.savez(path, **old)
    with pytest.raises(ValueError, match="before settings were stored, so these cannot"):
        shallow(3, checkpoint=path, resume=True)
    assert path.exists()
