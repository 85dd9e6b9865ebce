"""Hostile command lines: exit status 2, one line with a remedy, no file changed. Complete help."""

import argparse
import os
import re
import shlex

import numpy as np
import pytest

from gsae_ref import experiments
from gsae_ref.cli import main

SIZES = ["--group-size", "2", "--n-active", "1", "--b-min", "1", "--b-max", "2"]


HOSTILE = {  # case: (command, which once gave a traceback or lost a file; part of the message)
    "more processes than C can count": (
        "verify --only R0 --quick --n-jobs 99999999999999",
        "asks for too many processes",
    ),
    "a scheduler without Dask": (
        "verify --only R0 --quick --dask-scheduler tcp://x:1",
        "add --backend dask or leave it out",
    ),
    "a dictionary without a name": ("check '' " + " ".join(SIZES), "'' does not exist"),
    "more atoms than memory": (
        "fit Y.npy --n-groups 999999 --group-size 999999 --lam 1 --out o.npz",
        "choose smaller ones",
    ),
    "a model in place of the data": (
        "fit Y.npy --n-groups 2 --group-size 2 --lam 1 --out Y.npy",
        "Y.npy is both the data and --out",
    ),
    "a checkpoint in place of the data": (
        "fit Y.npy --n-groups 2 --group-size 2 --lam 1 --out o.npz --checkpoint Y.npy --resume",
        "Y.npy is both the data and --checkpoint",
    ),
    "a model in place of the start": (
        "fit Y.npy --n-groups 2 --group-size 2 --lam 1 --init A.npy --out A.npy",
        "A.npy is both --init and --out",
    ),
    "a model and its report in one file": (
        "fit Y.npy --n-groups 2 --group-size 2 --lam 1 --out o --json ./o",
        "./o is both --out and --json",
    ),
    "codes in place of the data": (
        "encode m.npz Y.npy --out Y.npy",
        "Y.npy is both the data and --out",
    ),
    "codes in place of the model": (
        "encode m.npz Y.npy --out ./m.npz",
        "./m.npz is both the model and --out",
    ),
    "a model of words": (
        "encode words.npz Y.npy --out c.npy",
        "words.npz holds something other than numbers",
    ),
    "a model of arrays": (
        "encode arrays.npz Y.npy --out c.npy",
        "arrays.npz holds something other than numbers",
    ),
    "a pipe in place of a file": ("encode m.npz Y.npy --out pipe", "pipe is a device or a pipe"),
    "a report in place of its source": (
        "report --from o/report.html --json o/report.html --out o",
        "is both --from and",
    ),
    "a seed below zero, refused before any work": (
        "reproduce l23-figure-2 --seed -1 --out o",
        "--seed = -1; it must be at least 0",
    ),
    "no seeds": (
        "reproduce l23-figure-2 --seeds 0 --out o",
        "--seeds = 0; it must be at least 1",
    ),
}


@pytest.fixture
def arrays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("A.npy", np.eye(4))
    np.save("Y.npy", np.ones((6, 4)))
    network = {
        "n_unfold": 1,
        "unfold_step": np.nan,
        "accelerated": True,
        "nonnegative": False,
        "l1": 0.0,
    }
    np.savez("m.npz", A=np.eye(4), lam=1.0, group_size=2, **network)
    np.savez("words.npz", A=np.eye(4), lam="x", group_size="y", **network)
    np.savez("arrays.npz", A=np.eye(4), lam=np.ones(3), group_size=np.ones(2), **network)
    os.mkfifo("pipe")
    os.mkdir("o")
    return tmp_path


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_command_line_gives_status_2_one_line_and_leaves_every_file(run, arrays, name):
    line, message = HOSTILE[name]
    before = {path: path.read_bytes() for path in arrays.rglob("*") if path.is_file()}
    status, out, err = run(*shlex.split(line))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"gsae-ref {line.split()[0]}: ") and message in err
    assert {path: path.read_bytes() for path in arrays.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "line",
    [
        "verify --only R0 --json ''",
        "report --out ''",
        "report --out o --from ''",
        "report --out o --figures ''",
        "fit Y.npy --n-groups 2 --group-size 2 --lam 1 --out ''",
        "reproduce t21-figure-4 --out ''",
    ],
)
def test_an_empty_name_is_a_mistake_in_usage(capsys, arrays, line):
    with pytest.raises(SystemExit) as end:
        main(shlex.split(line))
    assert end.value.code == 2
    assert "the name is empty" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    "command", ["verify", "report", "check", "reproduce", "fit", "encode", "info"]
)
def test_help_describes_every_option(capsys, command):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    text = capsys.readouterr().out
    assert end.value.code == 0
    options = re.findall(r"^  (--[a-z0-9-]+)(?: [^\n]*?)?(?:  +(\S.*)|\n {10,}(\S.*))$", text, re.M)
    assert len(options) >= {"reproduce": 0, "encode": 2, "info": 2}.get(command, 4)
    assert [name for name, *described in options if not any(described)] == []
    used = set(re.findall(r"(?<=[ \[])--[a-z0-9-]+", text.split("\n\n")[0]))
    assert used <= {"--help", *(name for name, *_ in options)}


@pytest.mark.parametrize("name", ["t21-table-1", "t21-figure-4", "l23-table-2"])
def test_help_of_an_experiment_has_its_own_options(capsys, name):
    own = argparse.ArgumentParser(add_help=False)
    getattr(experiments.load(name), "add_options", lambda parser: None)(own)
    with pytest.raises(SystemExit):
        main(["reproduce", name, "--help"])
    text = capsys.readouterr().out
    options = re.findall(r"--[a-z0-9-]+", own.format_usage())
    assert (name == "l23-table-2") == (options == [])
    assert [option for option in (*options, "--out", "--json") if option not in text] == []
