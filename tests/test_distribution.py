"""The source distribution: it holds the repository, so its tests run where it is unpacked."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("setuptools", "64")

ROOT = Path(__file__).parent.parent
BUILD = "from setuptools import build_meta; build_meta.build_sdist('dist')"
NOT_SOURCES = shutil.ignore_patterns(
    ".git", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build", "dist", "reproduced",
    ".venv*", "_build", "generated", "jupyter_execute", ".ipynb_checkpoints", ".coverage*",
    ".gitignore",
)  # fmt: skip


def run(*command, folder):
    """Run Python without the path of this checkout."""
    environment = {name: v for name, v in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A copy of the repository, since a build leaves files behind."""
    folder = tmp_path_factory.mktemp("repository") / "copy"
    shutil.copytree(ROOT, folder, ignore=NOT_SOURCES)
    return folder


@pytest.fixture(scope="module")
def unpacked(repository, tmp_path_factory):
    """The source distribution of the copy, unpacked."""
    sources = files(repository)
    built = run("-c", BUILD, folder=repository)
    assert built.returncode == 0, built.stderr
    (archive,) = (repository / "dist").iterdir()
    assert archive.stat().st_size < 5_000_000
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (top,) = folder.iterdir()
    assert sources - files(top) == set()
    return top


def test_all_tests_can_be_collected(unpacked):
    plain = "--assert=plain", "--collect-only", "-q"
    done = run("-m", "pytest", *plain, "tests", folder=unpacked)
    assert done.returncode == 0, done.stdout[-2000:]


def test_some_of_them_pass(unpacked):
    names = "test_groups.py", "papers/test_counterexamples_text.py"
    chosen = "-k", "test_groups or all_there or T21-prop2"
    done = run("-m", "pytest", "-q", *(f"tests/{name}" for name in names), *chosen, folder=unpacked)
    assert done.returncode == 0, done.stdout[-2000:]
    assert " passed" in done.stdout
