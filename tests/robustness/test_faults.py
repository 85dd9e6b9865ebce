"""Nothing is lost but work since the last checkpoint, no half-written file is ever read, and the message says what to do.

``tests/robustness/faults.py`` plants the faults in processes of its own; here a few of each, and
GSAE_REF_FAULTS=50 of each in the lane that counts them.
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
    not hasattr(os, "fork"), reason="the faults are planted in a child by fork"
)
MANY = int(os.environ.get("GSAE_REF_FAULTS", "0"))


def survived(capsys, fault, job, few, share=1.0):
    """Plant faults and look at what became of them."""
    n = max(int(MANY * share), 1) if MANY else few
    here = Path(__file__).parent
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(here), str(here.parent), str(Path(gsae_ref.__file__).parent.parent)]
        ),
    }
    done = subprocess.run(
        [sys.executable, here / "faults.py", fault, job, str(n), "0"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    if MANY:
        with capsys.disabled():
            print(
                f"\n{job}, {fault}: faults tried: {result['tried']}, survived: {result['survived']} ({result['cut short']} cut the job short)"
            )
    assert not result["failures"]
    assert result["tried"] == result["survived"] == n
    return result


@pytest.mark.parametrize("job", ["training", "reproduce", "cache", "report"])
def test_a_process_that_is_killed(job, capsys):
    assert survived(capsys, "killed", job, few=3)["cut short"] > 0


@pytest.mark.parametrize(("job", "few"), [("kernel", 2), ("training", 2)])
def test_ctrl_c(job, few, capsys):
    assert survived(capsys, "interrupted", job, few, share=0.2)["cut short"] > 0


def can_mount():
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=4096", "tmpfs", folder],
                check=True,
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            return False
        subprocess.run(["umount", folder], check=True)
    return True


@pytest.mark.skipif(
    not can_mount(),
    reason="NOT TESTED: no file system can be mounted here; the limit on file sizes stands in for it",
)
@pytest.mark.parametrize("job", ["training", "reproduce", "cache", "report"])
def test_a_disk_that_is_full(job, capsys):
    survived(capsys, "no room", job, few=2, share=0.2)


@pytest.mark.parametrize("job", ["training", "report"])
def test_a_file_that_may_not_grow(job, capsys):
    survived(capsys, "file size", job, few=2, share=0.2)


@pytest.mark.parametrize("job", ["training", "reproduce", "cache", "report"])
def test_a_folder_that_may_not_be_written_to(job, capsys):
    survived(capsys, "unwritable", job, few=1, share=0.04)


@pytest.mark.skipif(not can_mount(), reason="NOT TESTED: no file system can be mounted here")
def test_codes_that_do_not_fit_on_the_disk_are_told_in_a_line(tmp_path):
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
        command = [
            sys.executable,
            "-m",
            "gsae_ref",
            "encode",
            tmp_path / "model.npz",
            tmp_path / "Y.npy",
            "--out",
            small / "codes.npy",
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=Path(gsae_ref.__file__).parent.parent,
        )
        assert (done.returncode, os.listdir(small)) == (2, [])
        assert "cannot be written (No space left on device); make room" in done.stderr
    finally:
        subprocess.run(["umount", small], check=True)
