"""The instructions of CONTRIBUTING.md work when followed literally, in a copy of the package."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_house import ARROWS

import gsae_ref

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.M | re.S)
LEDGER_FILE = re.search(r"here `(gsae_ref/papers/\S+\.py)`", TEXT)[1]
CALLER = "import sys, gsae_ref.cli; sys.exit(gsae_ref.cli.main(sys.argv[1:]))"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def run(*command, folder):
    return subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package with the statement of the text, and a file with its three tests."""
    folder = tmp_path_factory.mktemp("contribution")
    shutil.copytree(
        Path(gsae_ref.__file__).parent,
        folder / "gsae_ref",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    sides, row = BLOCKS[0].split("# and among ROWS:\n")
    path = folder / LEDGER_FILE
    text = path.read_text()
    assert text.count("\nROWS = (\n") == 1
    path.write_text(text.replace("\nROWS = (\n", f"\n{sides}ROWS = (\n{row.rstrip()},\n"))
    (folder / "test_the_statement.py").write_text(BLOCKS[1])
    return folder


def test_the_statement_is_added_in_thirty_lines():
    assert len(BLOCKS) == 2
    assert len([line for line in BLOCKS[0].splitlines() if line.strip()]) <= 30


def test_the_statement_is_verified(copy):
    result = run("-c", CALLER, "verify", "--only", "T21-sum-of-sizes", "--quick", folder=copy)
    assert result.returncode == 0, result.stderr
    assert "ok  printed bound: " in result.stdout
    assert "ok  corrected bound: " in result.stdout
    assert "1 of 1 recorded verdicts confirmed (1 corrected)" in result.stdout


def test_its_three_tests_pass(copy):
    result = run(*PYTEST, "test_the_statement.py", folder=copy)
    assert result.returncode == 0, result.stdout
    assert "3 passed" in result.stdout


def test_a_false_correction_fails_its_three_tests(copy):
    text = (copy / "test_the_statement.py").read_text()
    factor = "i.d**0.5 * "
    assert text.count(factor) == 1
    (copy / "test_spoilt.py").write_text(text.replace(factor, ""))
    result = run(*PYTEST, "test_spoilt.py", folder=copy)
    assert "FAILED test_spoilt.py::test_it_holds_under_its_hypotheses" in result.stdout


def test_imports_go_down_the_picture_and_never_sideways_in_the_row_of_formulas():
    picture = re.search(r"^```text\n(.*?)^```$", TEXT, re.M | re.S)[1]
    layers = [re.split(r" {3,}", line)[0].split() for line in picture.splitlines()]
    height = {room: -k for k, layer in enumerate(layers) for room in layer}
    up = [
        (room, target)
        for room in ARROWS.keys() & height.keys()
        for target in ARROWS[room] & height.keys()
        if height[target] > height[room]
    ]
    assert up == []
    formulas = next(set(layer) for layer in layers if "reference" in layer)
    assert not any(ARROWS[room] & formulas for room in formulas)


FILES = re.compile(r"`((?:gsae_ref|tests|notebooks|benchmarks|docs|\.ci)/[\w./]*)`")


@pytest.mark.parametrize("path", sorted(set(FILES.findall(TEXT))))
def test_every_file_it_names_exists(path):
    assert (ROOT / path).exists()
