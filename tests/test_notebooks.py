"""Notebooks run, reproduce their outputs and end in an assertion; their runner; the front page."""

import ast
import base64
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MAX_CELLS = 32
MAX_BYTES = 300_000
MACHINE_PATH = re.compile(r"(?<![\w.])/(home|Users|tmp|root|work|usr|opt|mnt)/|[A-Z]:\\\\")

SOLUTION = re.compile(r"^<details><summary>Solution</summary>$.+?^</details>$", re.M | re.S)
HEADINGS = ("**Question.**", "**At the end you know**", "**You need**", "**Time.**")
OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}
GREYS_AND_SHADES = {"#767676", "#8a5f00", "#1f78a8"}  # the last two: dark enough for text


def module(name):
    """A script of the notebooks' folder, imported."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


run = module("run")
front_page = module("front_page")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def read(path):
    return nbformat.read(path, as_version=4)


def errors(cells):
    """What cells have written to standard error."""
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return [output.text for output in outputs if output.get("name") == "stderr"]


def widgets(cell):
    """The sliders among the outputs of a cell."""
    kind = "application/vnd.jupyter.widget-view+json"
    return [output for output in cell.get("outputs", []) if kind in output.get("data", {})]


def test_there_are_notebooks():
    assert NOTEBOOKS


@each_notebook
def test_it_runs_and_reproduces_its_outputs(path, capsys):
    status = run.main([str(path)])
    assert status == 0, capsys.readouterr().out


@each_notebook
def test_its_outputs_are_stored_and_hold_no_error(path):
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    types = {"stream", "display_data", "execute_result"}
    assert {output.output_type for output in outputs} <= types
    assert errors(code) == []
    counts = [cell.execution_count for cell in code]
    assert outputs
    assert counts == list(range(1, len(counts) + 1)), "run: python notebooks/run.py --update"


@each_notebook
def test_its_last_cell_asserts(path):
    last = read(path).cells[-1]
    assert last.cell_type == "code"
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(last.source)))


@each_notebook
def test_its_first_cell_states_question_outcome_prerequisites_and_time(path):
    first = read(path).cells[0].source
    places = [first.find(heading) for heading in HEADINGS]
    assert first.startswith("# ")
    assert -1 not in places
    assert places == sorted(places)


@each_notebook
def test_its_exercises_hide_their_solutions(path):
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    exercises = next(text for text in texts if "## Exercises" in text)
    numbered = re.findall(r"^\*\*\d\.\*\*", exercises, re.M)
    solutions = SOLUTION.findall(exercises)
    assert len(solutions) == len(numbered) >= 3
    assert texts[-1].rstrip().endswith("## What the lesson claims")


@each_notebook
def test_its_colours_are_safe_for_colour_blind_readers(path):
    source = "\n".join(cell.source for cell in read(path).cells)
    used = set(re.findall(r'"(#[0-9A-Fa-f]{6})"', source))
    assert used
    assert used <= OKABE_ITO | GREYS_AND_SHADES


@pytest.mark.parametrize(
    "path",
    [path for path in NOTEBOOKS if "ipywidgets" in path.read_text()],
    ids=lambda path: path.name,
)
def test_its_sliders_work(path):
    pytest.importorskip("ipywidgets")
    stored = read(path)
    last = max(
        k
        for k, cell in enumerate(stored.cells)
        if "ipywidgets" in cell.source and cell.cell_type == "code"
    )
    stored.cells = stored.cells[: last + 1]
    fresh = run.execute(stored, sliders=True)
    assert widgets(fresh.cells[last])
    assert errors(fresh.cells) == []
    assert not widgets(stored.cells[last])


@each_notebook
def test_it_is_short_and_names_no_machine(path):
    text = path.read_text()
    notebook = read(path)
    assert len(notebook.cells) <= MAX_CELLS
    assert path.stat().st_size <= MAX_BYTES
    assert MACHINE_PATH.findall(re.sub(r'"image/png": "[^"]*"', "", text)) == []
    assert notebook.metadata == run.METADATA
    assert all(set(cell.metadata) <= {"tags", "slideshow"} for cell in notebook.cells)


@each_notebook
def test_every_section_is_a_slide_and_the_code_of_pictures_is_folded(path):
    for cell in read(path).cells:
        is_section = cell.source.startswith(("# ", "## "))
        if cell.cell_type == "markdown":
            assert "\n## " not in cell.source
            assert not is_section or cell.metadata.slideshow.slide_type == "slide"
        elif "plt.show()" in cell.source:
            assert "hide-input" in cell.metadata.get("tags", ())


# Pixels of slides 1440 wide, 810 high, of which 724 are seen at once (measured in a browser).
SEEN = 724
LINE = {"code": 23, "markdown": 27}
SCROLLED = {"08_from_loops_to_a_kernel.ipynb": 3}  # loops that are one function


def height(cell):
    """About how many pixels of a slide a cell takes."""
    if cell.cell_type == "markdown":
        text = re.sub(r"<details>.*?</details>", "solution", cell.source, flags=re.S)
        return sum(map(block_height, re.split(r"\n\s*\n", text)))
    shown = 0 if "hide-input" in cell.metadata.get("tags", ()) else cell.source.count("\n") + 2
    pixels = LINE["code"] * shown + 10
    for output in cell.outputs:
        png = base64.b64decode(output.get("data", {}).get("image/png", ""))
        lines = (output.get("text") or "").count("\n")
        pixels += int.from_bytes(png[20:24], "big") + 75 if png else LINE["code"] * lines + 35
    return pixels


def block_height(block):
    """The same of a heading, a displayed formula, a paragraph, or a list."""
    if block.startswith(("# ", "## ")):
        return 110 if block.startswith("# ") else 75
    if block.startswith("$$"):
        tall = any(word in block for word in ("frac", "sum", "brace"))
        return 45 + 45 * block.count(r"\\") + 25 * tall
    rows = block.splitlines() if re.search("^[-|]", block, re.M) else [block]
    lengths = (len(re.sub(r"\\[a-zA-Z]+|[{}$]", "", row)) for row in rows)
    return LINE["markdown"] * sum(1 + length // 135 for length in lengths) + 18


@each_notebook
def test_its_slides_need_no_scrolling(path):
    slides = []
    for cell in read(path).cells:
        if cell.metadata.get("slideshow", {}).get("slide_type") in ("slide", "subslide"):
            slides.append(0)
        slides[-1] += height(cell)
    assert sum(pixels > SEEN for pixels in slides) == SCROLLED.get(path.name, 0)


@each_notebook
def test_its_code_fits_a_projector(path):
    lines = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    assert [line for line in lines.splitlines() if len(line) > 88] == []


@each_notebook
def test_its_outputs_fit_the_page(path):
    outputs = [output for cell in read(path).cells for output in cell.get("outputs", [])]
    texts = [output.get("text") or output.data.get("text/plain", "") for output in outputs]
    lines = "\n".join(texts).splitlines()
    assert [line for line in lines if len(line) > 88] == []


@each_notebook
def test_its_last_cell_prints_one_sentence_of_what_it_proves(path):
    (output,) = read(path).cells[-1].outputs
    assert re.fullmatch(r"[A-Z0-9].{40,140}\.?\n", output.text, re.S)


# ---- the runner tested


@pytest.fixture
def written(tmp_path):
    """Write a notebook of the given cells, without outputs."""

    def write(*sources, tags=()):
        cells = [
            nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}) for source in sources
        ]
        path = tmp_path / "lesson.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


def test_a_failing_cell_fails_the_run_with_its_traceback(written, capsys):
    assert run.main([str(written("x = 1", "assert x == 2, 'not two'"))]) == 1
    printed = capsys.readouterr().out
    assert "AssertionError" in printed
    assert "not two" in printed
    assert "\x1b" not in printed


def test_a_stale_output_fails_until_it_is_updated(written, capsys):
    path = written("print(6 * 7)")
    assert run.main([str(path)]) == 1
    assert "cell 1: +42" in capsys.readouterr().out
    assert run.main([str(path), "--update"]) == 0
    assert run.main([str(path)]) == 0
    assert read(path).metadata == run.METADATA


@pytest.mark.parametrize(
    "before, after, same",
    [
        ("error 0.1234 at step 12", "error 0.1235 at step 12", True),
        ("error 0.1234 at step 12", "error 0.1236 at step 12", False),
        ("error 0.1234 at step 12", "error 0.1234 at step 13", False),
        ("error 0.1234 at step 12", "loss 0.1234 at step 12", False),
        ("1.5e-08", "1.6e-08", True),
        ("1.5e-08", "1.5e-07", False),
        ("3e-06", "4e-06", True),
        ("-0.50", "0.50", False),
        ("-0.00", "0.00", True),
        ("9 of 4000", "10 of 4000", False),
        ("-5337/625 = -8.5392", "-5337/625 = -8.5393", True),
        ("T21-eq7", "T21-eq8", False),
        ("[0.2, 0.3]", "[0.2, 0.3, 0.3]", False),
    ],
)
def test_printed_numbers_agree_to_their_last_digit(before, after, same):
    assert run.lines_agree(before, after) is same


def executed(*outputs, tags=()):
    """A notebook of one cell with these outputs: texts, or pictures as arrays of greys."""
    from io import BytesIO

    from PIL import Image

    def output(shown):
        if isinstance(shown, str):
            return nbformat.v4.new_output("stream", text=shown)
        png = BytesIO()
        Image.fromarray(shown.astype(np.uint8)).save(png, "png")
        return nbformat.v4.new_output(
            "display_data", {"image/png": base64.b64encode(png.getvalue()).decode()}
        )

    cell = nbformat.v4.new_code_cell(
        "", outputs=[output(shown) for shown in outputs], metadata={"tags": list(tags)}
    )
    return nbformat.v4.new_notebook(cells=[cell])


WHITE = np.full((200, 300), 255)
CURVE = np.where(np.abs(np.arange(300) - np.arange(200)[:, None]) < 8, 0, 255)
# case: ((stored, fresh), whether they agree, whether they agree in a cell whose numbers vary)
OUTPUTS = {
    "the same": ((("a 1.00\nb 2", CURVE), ("a 1.01\nb 2", CURVE)), True, True),
    "a stream cut elsewhere": ((("a 1.00\n", "b", "\n"), ("a 1.00", "\nb\n")), True, True),
    "another number": ((("a 1.00",), ("a 1.02",)), False, True),
    "a line less": ((("a\nb",), ("a",)), False, True),
    "a figure that is not drawn": (((CURVE,), ()), False, False),
    "a figure more": (((CURVE,), (CURVE, WHITE)), False, False),
    "a figure of another size": (((CURVE,), (CURVE[:150],)), False, False),
    "a figure a few pixels larger": (
        ((CURVE,), (np.pad(CURVE, 3, constant_values=255),)),
        True,
        True,
    ),
    "a curve that is gone": (((CURVE,), (WHITE,)), False, True),
    "a curve that has moved": (((CURVE,), (CURVE[::-1],)), False, True),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_runner_finds_differences(name):
    (before, after), same, same_if_it_varies = OUTPUTS[name]
    fresh = executed(*after)
    assert (run.differences(executed(*before), fresh) == []) is same
    varying = executed(*before, tags=["varies"])
    assert (run.differences(varying, fresh) == []) is same_if_it_varies


def test_a_missing_notebook_is_a_usage_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run.main([str(tmp_path / "none.ipynb")])
    assert stopped.value.code == 2
    assert "does not exist" in capsys.readouterr().err


# ---- the front page


def test_the_curves_of_the_front_page_meet_the_measurements_and_the_printed_ones_do_not():
    sizes, printed, corrected, found = front_page.interference()
    np.testing.assert_allclose(found, corrected, rtol=1e-12)
    np.testing.assert_allclose(found / printed, sizes, rtol=1e-12)
    printed, exact, measured = front_page.gradient([0.2, 0.5, 0.8])
    np.testing.assert_allclose(measured, exact, rtol=1e-7)
    np.testing.assert_allclose(exact, [0.36, 0.75, 0.96], rtol=1e-12)  # l (2 - l)
    assert np.all(exact - printed > 0.02)
    law, measured = front_page.fixed_bias([-0.9, -0.5, -0.1])
    np.testing.assert_allclose(measured, law, rtol=1e-5)
    assert [f"{rate:.3f}" for rate in law] == ["0.497", "0.429", "0.160"]


def test_the_picture_of_the_front_page_is_the_stored_one(tmp_path):
    fresh, stored = (
        {"image/png": base64.b64encode(path.read_bytes()).decode()}
        for path in (front_page.main(tmp_path / "fresh.png"), FOLDER / "front_page.png")
    )
    assert run.figure_changes([stored], [fresh], varies=False) == []
