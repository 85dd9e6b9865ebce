"""``gsae-ref fit`` and ``gsae-ref encode``: results, files, continued runs, bad input."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref import training

SIZES = "--n-groups 3 --group-size 2 --lam 1.5".split()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder with Y.npy: samples of three groups of two atoms."""
    monkeypatch.chdir(tmp_path)
    A = gs.make_dictionary(8, 3, 2, kind="orthonormal", rng=0)
    Y = gs.sample(A, 300, 1, 2, rng=0).Y.astype(np.float32)
    np.save("Y.npy", Y)
    return Y


def test_fit_writes_what_train_learns(run, data):
    options = "--epochs 4 --seed 3 --out model.npz --json out.json"
    status, out, err = run("fit", "Y.npy", *SIZES, *options.split())
    start = training.starts.starting_dictionary(data, 3, 2, rng=3)
    expected = gs.train(
        start, data, 1.5, 2, 4, batch_size=128, constraint="columns", tangent=True, rng=3
    )
    assert (status, err) == (0, "")
    with np.load("model.npz") as model:
        assert model["A"].tobytes() == expected.x.tobytes()
        assert model["A"].dtype == np.float32
        assert (model["lam"], model["group_size"], model["n_unfold"]) == (1.5, 2, 1)
    report = json.loads(Path("out.json").read_text())
    assert report["history"]["loss"] == expected.history["loss"]
    assert (report["epochs"], report["loss"]) == (4, expected.fun)
    active = np.linalg.norm((data @ expected.x).reshape(-1, 3, 2), axis=2) > 1.5
    assert report["active_groups"] == active.sum() / 300
    assert out == (
        f"model.npz: loss {expected.fun:.6g} after 4 epochs, "
        f"{active.sum() / 300:.3g} of 3 groups active per sample\n"
    )
    assert sorted(os.listdir()) == ["Y.npy", "model.npz", "out.json"]


def test_encode_writes_the_codes(run, data):
    run("fit", "Y.npy", *SIZES, "--epochs", "2", "--out", "model.npz")
    status, out, err = run(
        "encode", "model.npz", "Y.npy", "--out", "codes.npy", "--json", "out.json"
    )
    with np.load("model.npz") as model:
        expected = gs.encode(model["A"], data, 1.5, 2)
    assert (status, err) == (0, "")
    np.testing.assert_array_equal(np.load("codes.npy"), expected)
    active = expected.reshape(-1, 3, 2).any(axis=2)
    report = json.loads(Path("out.json").read_text())
    assert report == {
        "n_samples": 300,
        "active_groups": active.sum() / 300,
        "share_of_samples": active.mean(axis=0).tolist(),
    }
    assert out.startswith("codes.npy: codes of 300 samples, ")


def test_an_unfolded_network_is_fitted_and_encoded(run, data):
    network = "--n-unfold 4 --unfold-step 0.2 --nonnegative --l1 0.1 --no-acceleration"
    options = f"{network} --epochs 2 --init principal --out model.npz".split()
    assert run("fit", "Y.npy", *SIZES, *options)[0] == 0
    assert run("encode", "model.npz", "Y.npy", "--out", "codes.npy")[0] == 0
    with np.load("model.npz") as model:
        A = model["A"]
    codes = np.load("codes.npy")
    flags = {"step_size": 0.2, "nonnegative": True, "l1": 0.1}
    slow, fast = (
        gs.unfolded_encode(A, data, 1.5, 2, 4, accelerated=accelerated, **flags)
        for accelerated in (False, True)
    )
    np.testing.assert_array_equal(codes, slow)
    assert not np.array_equal(codes, fast)


def test_a_start_can_be_given(run, data):
    A = gs.make_dictionary(8, 3, 2, rng=5)
    np.save("A.npy", A)
    options = "--epochs 2 --init A.npy --batch-size 300 --constraint none --published --out m.npz"
    assert run("fit", "Y.npy", *SIZES, *options.split())[0] == 0
    with np.load("m.npz") as model:
        assert model["A"].tobytes() == gs.train(A, data, 1.5, 2, 2).x.tobytes()


def test_a_run_resumes_bit_for_bit(run, data):
    shared = ["fit", "Y.npy", *SIZES, "--checkpoint", "state.npz"]
    assert run(*shared, "--epochs", "3", "--out", "half.npz")[0] == 0
    assert run(*shared, "--epochs", "7", "--out", "resumed.npz", "--resume")[0] == 0
    assert run("fit", "Y.npy", *SIZES, "--epochs", "7", "--out", "whole.npz")[0] == 0
    with (
        np.load("resumed.npz") as resumed,
        np.load("whole.npz") as whole,
        np.load("half.npz") as half,
    ):
        assert resumed["A"].tobytes() == whole["A"].tobytes() != half["A"].tobytes()


INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from gsae_ref.cli import main; sys.exit(main(sys.argv[1:]))"
)


def test_ctrl_c_keeps_the_dictionary_of_the_last_epoch(data):
    options = "--epochs 1000000 --out model.npz --checkpoint state.npz".split()
    started = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "fit", "Y.npy", *SIZES, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not os.path.exists("state.npz") and time.monotonic() < deadline:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130
    assert err == "gsae-ref fit: interrupted; the same command with --resume continues\n"
    assert "model.npz: loss" in out
    with np.load("model.npz") as model, np.load("state.npz") as state:
        assert model["A"].tobytes() == state["parameters.A"].tobytes()


def test_each_warning_is_one_line(run, data):
    options = "--n-unfold 2 --unfold-step 1.5 --epochs 2 --out model.npz".split()
    status, _, err = run("fit", "Y.npy", *SIZES, *options)
    first, second = err.splitlines()
    assert status == 0
    assert first.startswith("gsae-ref fit: warning: in epoch 0 --unfold-step * ||A||_2^2 = ")
    assert "worse than none; lower --unfold-step" in second


def test_the_codes_of_steps_that_are_too_long_come_with_a_warning(run, data):
    options = "--n-unfold 2 --epochs 1 --out model.npz".split()
    for step, warns in (("1.5", True), ("0.1", False)):
        run("fit", "Y.npy", *SIZES, *options, "--unfold-step", step)
        status, _, err = run("encode", "model.npz", "Y.npy", "--out", "X.npy")
        assert status == 0
        start = "gsae-ref encode: warning: of the model, --unfold-step * ||A||_2^2 = "
        assert err.startswith(start) is warns and len(err.splitlines()) == warns


def test_a_threshold_above_every_norm_is_reported(run, data):
    options = "--n-groups 3 --group-size 2 --lam 100 --epochs 1 --out model.npz".split()
    status, out, err = run("fit", "Y.npy", *options)
    assert status == 0
    assert err.startswith("gsae-ref fit: warning: no sample has a non-zero code (--lam = 100.0), ")
    assert len(err.splitlines()) == 1
    assert "0 of 3 groups active" in out


BAD_FIT = {  # case: (file of the data, more options, part of the message)
    "a missing file": ("Z.npy", "", "Z.npy does not exist"),
    "text": ("text.npy", "", "text.npy is text: if it is a table of numbers, name it .csv"),
    "pickled data": ("objects.npy", "", "pickled data are refused"),
    "a truncated file": ("truncated.npy", "", "truncated.npy is a damaged .npy file"),
    "an archive": ("archive.npz", "", "is an archive of several arrays"),
    "NaN": ("nan.npy", "", "Y has 1 non-finite entry, at index (1, 2)"),
    "one sample": ("one.npy", "", "one sample; samples are rows"),
    "no folder": ("Y.npy", "--out no/m.npz", "its folder must exist"),
    "no folder for the checkpoint": ("Y.npy", "--checkpoint no/s.npz", "its folder must exist"),
    "nothing to resume from": ("Y.npy", "--resume", "--resume without --checkpoint"),
    "no epochs": ("Y.npy", "--epochs 0", "--epochs = 0; it must be at least 1"),
    "no groups": ("Y.npy", "--n-groups 0", "--n-groups = 0"),
    "no batch": ("Y.npy", "--batch-size 0", "--batch-size = 0"),
    "a negative threshold": ("Y.npy", "--lam=-1", "--lam = -1.0 is negative"),
    "an unknown start": ("Y.npy", "--init zeros", "zeros does not exist"),
    "a start of another size": ("Y.npy", "--init Y.npy", "Y.npy has 8 atoms; --n-groups times"),
    "a negative seed": ("Y.npy", "--seed=-1", "--seed = -1; it must be at least 0"),
    "a penalty of another network": ("Y.npy", "--l1 0.3", "--l1 = 0.3 with --n-unfold = 1"),
    "a sign of another network": ("Y.npy", "--nonnegative", "--nonnegative = True with"),
    "a step of another network": ("Y.npy", "--unfold-step 0.1", "--unfold-step = 0.1 with"),
    "a method of another network": ("Y.npy", "--no-acceleration", "--no-acceleration with"),
    "divergence": (
        "Y.npy",
        "--optimizer gradient_descent --step-size 1e9 --constraint none --epochs 9",
        "no longer finite",
    ),
}


@pytest.fixture
def bad_files(data):
    """Files beside Y.npy that are no arrays, or not the right ones."""
    np.save("objects.npy", np.array([1, None], dtype=object), allow_pickle=True)
    np.save("truncated.npy", data)
    os.truncate("truncated.npy", 400)
    np.savez("archive.npz", Y=data, Z=data)
    np.save("nan.npy", np.where(np.arange(16).reshape(2, 8) == 10, np.nan, 1))
    np.save("one.npy", data[0])
    Path("text.npy").write_text("1 2 3")


@pytest.mark.parametrize("name", BAD_FIT)
def test_bad_input_to_fit_gives_status_2_one_line_and_no_file(run, bad_files, name):
    path, options, message = BAD_FIT[name]
    before = sorted(os.listdir())
    status, out, err = run("fit", path, *SIZES, "--out", "m.npz", *options.split())
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("gsae-ref fit: ")
    assert message in err
    assert sorted(os.listdir()) == before


def test_a_message_names_no_option_that_was_not_given(run, data):
    _, _, err = run("fit", "Y.npy", *SIZES, "--out", "m.npz", "--l1", "0.3")
    assert set(re.findall(r"--[a-z0-9-]+", err)) == {"--l1", "--n-unfold"}
    assert not re.search(r"n_unfold|unfold_step|nonnegative", err)


@pytest.mark.parametrize("options", ["--optimizer sgd", "--constraint rows"])
def test_a_choice_that_does_not_exist_is_refused_with_the_choices(refuse, options):
    last = refuse("fit", "Y.npy", *SIZES, "--out", "m.npz", *options.split())
    assert "invalid choice" in last
    assert "gradient_descent" in last or "columns" in last


@pytest.mark.parametrize(
    ("model", "path", "out", "message"),
    [
        ("no.npz", "Y.npy", "c.npy", "no.npz does not exist; it must be a model"),
        ("Y.npy", "Y.npy", "c.npy", "Y.npy is damaged or no .npz archive"),
        ("archive.npz", "Y.npy", "c.npy", "archive.npz has no A, so it is not a model"),
        ("model.npz", "no.npy", "c.npy", "no.npy does not exist"),
        ("model.npz", "nan.npy", "c.npy", "Y has 1 non-finite entry, at index (1, 2)"),
        ("model.npz", "one.npy", "c.npy", "one sample"),
        (
            "model.npz",
            "narrow.npy",
            "c.npy",
            "Y has shape (300, 7), so 7 columns, but 8 are needed for A of shape (8, 6)",
        ),
        ("model.npz", "Y.npy", "no/c.npy", "its folder must exist"),
        ("model.npz", "Y.npy", "c.csv", "the file is written as .npy; name it c.npy"),
    ],
    ids=str,
)
def test_bad_input_to_encode_gives_status_2_one_line_and_no_file(
    run, data, bad_files, model, path, out, message
):
    run("fit", "Y.npy", *SIZES, "--epochs", "1", "--out", "model.npz")
    np.save("narrow.npy", data[:, :7])
    before = sorted(os.listdir())
    status, printed, err = run("encode", model, path, "--out", out)
    assert (status, printed, err.count("\n")) == (2, "", 1)
    assert err.startswith("gsae-ref encode: ")
    assert message in err
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("--lam 3", "in epoch 0 --lam = 3.0 here, 1.5 there"),
        ("--step-size .1", "in epoch 0 --step-size = 0.1 here, 0.001 there"),
        ("--n-unfold 3", "--n-unfold = 3 here, 1 there"),
        ("--batch-size 64", "--batch-size = 64 here, 128 there"),
        ("--constraint none", "--constraint = 'none' here, 'columns' there"),
        ("--published", "--published = True here, False there"),
        ("--seed 4", "--seed = 4 here, 0 there"),
    ],
)
def test_a_run_is_not_resumed_with_other_settings(run, data, other, message):
    shared = ["fit", "Y.npy", *SIZES, "--checkpoint", "state.npz", "--epochs", "2"]
    assert run(*shared, "--out", "first.npz")[0] == 0
    status, out, err = run(*shared, *other.split(), "--out", "second.npz", "--resume")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert err.endswith("give another file, or leave out --resume\n")
    assert not os.path.exists("second.npz")
