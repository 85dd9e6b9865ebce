"""The lessons run, say what is kept in them, and end in an assertion; and their runner notices when one does not."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MAX_CELLS, MAX_BYTES = 30, 300_000
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|Users|tmp|root|work|usr|opt|mnt)/|[A-Z]:\\\\")

spec = importlib.util.spec_from_file_location("run_notebooks", FOLDER / "run.py")
run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run)

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def read(path):
    return nbformat.read(path, as_version=4)


def test_there_are_notebooks():
    assert NOTEBOOKS


@each_notebook
def test_it_runs_and_prints_what_is_kept_in_it(path, capsys):
    status = run.main([str(path)])
    assert status == 0, capsys.readouterr().out


@each_notebook
def test_its_outputs_are_kept_and_hold_no_error(path):
    outputs = [output for cell in read(path).cells for output in cell.get("outputs", [])]
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    counts = [cell.execution_count for cell in read(path).cells if cell.cell_type == "code"]
    assert outputs and counts == list(range(1, len(counts) + 1)), "run: python notebooks/run.py --update"


@each_notebook
def test_its_last_cell_asserts(path):
    last = read(path).cells[-1]
    assert last.cell_type == "code"
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(last.source)))


@each_notebook
def test_it_is_short_and_knows_no_machine(path):
    text, notebook = path.read_text(), read(path)
    assert len(notebook.cells) <= MAX_CELLS and path.stat().st_size <= MAX_BYTES
    assert MACHINE_PATH.findall(re.sub(r'"image/png": "[^"]*"', "", text)) == []
    assert notebook.metadata == run.METADATA
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


# ------------------------------------------------------------------------------------------------ the runner tested


@pytest.fixture
def written(tmp_path):
    """Write a notebook of the given cells, without outputs."""

    def write(*sources, tags=()):
        cells = [nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
        path = tmp_path / "lesson.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


def test_a_failing_cell_fails_the_run_with_its_traceback(written, capsys):
    assert run.main([str(written("x = 1", "assert x == 2, 'not two'"))]) == 1
    said = capsys.readouterr().out
    assert "AssertionError" in said and "not two" in said and "\x1b" not in said


def test_a_stale_output_fails_until_it_is_updated(written, capsys):
    path = written("print(6 * 7)")
    assert run.main([str(path)]) == 1
    assert "+cell 1: 42" in capsys.readouterr().out
    assert run.main([str(path), "--update"]) == 0
    assert run.main([str(path)]) == 0
    assert read(path).metadata == run.METADATA


def test_the_tagged_figure_is_written(written, tmp_path, capsys):
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    assert run.main([str(written(source, tags=["readme"])), "--update", "--figure", str(tmp_path / "figure.png")]) == 0
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(SystemExit):
        run.main([str(written(source)), "--update", "--figure", str(tmp_path / "none.png")])
    assert 'have the tag "readme"' in capsys.readouterr().err


def test_a_missing_notebook_is_a_usage_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run.main([str(tmp_path / "none.ipynb")])
    assert stopped.value.code == 2 and "does not exist" in capsys.readouterr().err
