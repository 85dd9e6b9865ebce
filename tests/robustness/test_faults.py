"""After a fault only work since the last checkpoint is lost, and no half-written file is read.

``tests/robustness/faults.py`` plants the faults. A few of each are tried; GSAE_REF_FAULTS=50 tries
50 of each and prints their numbers.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import gsae_ref
from gsae_ref.files import write_arrays

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="the faults are planted in a forked child"
)
MANY = int(os.environ.get("GSAE_REF_FAULTS", "0"))
REPOSITORY = Path(gsae_ref.__file__).parents[1]


def survive(capsys, fault, job, few, share=1.0):
    """Plant faults, assert that all are survived, and return the numbers."""
    n = max(int(MANY * share), 1) if MANY else few
    here = Path(__file__).parent
    folders = [here, here.parent, REPOSITORY]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, here / "faults.py", fault, job, str(n), "0"]
    options = {"env": environment, "capture_output": True, "text": True, "timeout": 600}
    done = subprocess.run(command, **options, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    if MANY:
        counts = f"faults tried: {result['tried']}, survived: {result['survived']}"
        with capsys.disabled():
            print(f"\n{job}, {fault}: {counts} ({result['cut short']} cut the job short)")
    assert not result["failures"]
    assert result["tried"] == result["survived"] == n
    return result


@pytest.mark.parametrize("job", ["training", "reproduce", "cache", "report"])
def test_a_killed_process(job, capsys):
    assert survive(capsys, "killed", job, few=3)["cut short"] > 0


@pytest.mark.parametrize(("job", "few"), [("kernel", 3), ("training", 2)])
def test_ctrl_c(job, few, capsys):
    assert survive(capsys, "interrupted", job, few, share=0.2)["cut short"] > 0


def can_mount():
    with tempfile.TemporaryDirectory() as folder:
        try:
            command = ["mount", "-t", "tmpfs", "-o", "size=4096", "tmpfs", folder]
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return False
        subprocess.run(["umount", folder], check=True)
    return True


@pytest.mark.skipif(
    not can_mount(),
    reason="NOT TESTED: no file system can be mounted here; see the limit on file sizes",
)
@pytest.mark.parametrize("job", ["training", "reproduce", "cache", "report"])
def test_a_full_disk(job, capsys):
    survive(capsys, "no room", job, few=2, share=0.2)


@pytest.mark.parametrize("job", ["training", "report"])
def test_a_limit_on_the_size_of_files(job, capsys):
    survive(capsys, "file size", job, few=2, share=0.2)


@pytest.mark.parametrize("job", ["training", "reproduce", "cache", "report"])
def test_a_folder_without_write_permission(job, capsys):
    survive(capsys, "unwritable", job, few=1, share=0.04)


@pytest.mark.skipif(not can_mount(), reason="NOT TESTED: no file system can be mounted here")
def test_codes_that_do_not_fit_on_the_disk_are_refused_in_one_line(tmp_path):
    """A memory-mapped file would end the process with a bus error."""
    A = gsae_ref.make_dictionary(8, 64, 2, rng=0)
    np.save(tmp_path / "Y.npy", np.ones((500, 8)))
    options = {
        "group_size": 2,
        "n_unfold": 1,
        "unfold_step": np.nan,
        "accelerated": True,
        "nonnegative": False,
        "l1": 0.0,
    }
    write_arrays(tmp_path / "model.npz", {"A": A, "lam": 0.1, **options})
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={2**16}", "tmpfs", small], check=True)
    try:
        files = [tmp_path / "model.npz", tmp_path / "Y.npy", "--out", small / "codes.npy"]
        command = [sys.executable, "-m", "gsae_ref", "encode", *files]
        options = {"capture_output": True, "text": True, "timeout": 120, "cwd": REPOSITORY}
        done = subprocess.run(command, **options, check=False)
        assert (done.returncode, os.listdir(small)) == (2, [])
        assert "cannot be written (No space left on device); make room" in done.stderr
    finally:
        subprocess.run(["umount", small], check=True)
