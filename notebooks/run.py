"""Run every notebook of this folder in a fresh kernel and compare with the outputs stored in it.

    python notebooks/run.py             exit status 1 if a cell fails or an output has changed
    python notebooks/run.py --update    run, then store the new outputs

Name notebooks to run only these. Needs the extra ``notebooks``.

Outputs agree when words and whole numbers are equal, decimals differ by at most one unit of the
last digit printed, and every cell has as many figures, of nearly the same size and, seen from afar,
the same look. Of a cell with the tag "varies" (clocks, trainings that amplify rounding) only the
number and size of figures is compared. Sliders are stored as the static picture that is drawn where
ipywidgets is missing.
"""

import argparse
import base64
import difflib
import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image

FOLDER = Path(__file__).resolve().parent
SECONDS_PER_CELL = 300  # far more than any needs: a machine may be busy
VARIES = "varies"  # the tag of a cell whose numbers depend on the machine
# A kernel runs this first, so that no slider hides a stored picture.
STATIC = "import sys; sys.modules['ipywidgets'] = None"
NUMBER = re.compile(r"(?<![\w.])-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
SIZE_TOLERANCE = 0.06  # relative, of a figure's sides
LOOK_TOLERANCE = 0.02  # mean difference of greys between 0 and 1
LIMITED = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
ONE_BLAS_THREAD = dict.fromkeys(LIMITED, "1")  # the same sums on every machine
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main(argv=None):
    """Run notebooks; return 0 if all agree, 1 if a cell fails or an output has changed, 2 usage."""
    parser = argparse.ArgumentParser(
        description="Run the notebooks in a fresh kernel and compare with the stored outputs."
    )
    parser.add_argument(
        "notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: all of this folder"
    )
    parser.add_argument("--update", action="store_true", help="store the new outputs")
    arguments = parser.parse_args(argv)
    paths = arguments.notebooks or sorted(FOLDER.glob("*.ipynb"))
    for path in paths:
        if not path.is_file():
            parser.error(f"{path} does not exist")
    stale = False
    for path in paths:
        stored = nbformat.read(path, as_version=4)
        start = time.perf_counter()
        try:
            fresh = execute(stored)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            without_colours = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
            print(f"{path.name}  FAILS\n{without_colours}")
            return 1
        print(f"{path.name}  {time.perf_counter() - start:.1f} s", flush=True)
        if arguments.update:
            nbformat.write(fresh, path)
            continue
        changes = differences(stored, fresh)
        if changes:
            print("the outputs differ from the stored ones; inspect them, then run with --update")
            print("\n".join(changes))
            stale = True
    return 1 if stale else 0


def execute(notebook, sliders=False):
    """Execute a copy in an empty folder; return it without anything that depends on the run."""
    fresh = nbformat.from_dict(notebook)
    options = ["--log-level=ERROR"]
    if not sliders:
        options.append(f"--IPKernelApp.exec_lines={STATIC}")
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            fresh,
            timeout=SECONDS_PER_CELL,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
            extra_arguments=options,
        )
        client.execute(env={**os.environ, **ONE_BLAS_THREAD})
    fresh.metadata = nbformat.from_dict(METADATA)
    for cell in fresh.cells:
        kept = {key: value for key, value in cell.metadata.items() if key in ("tags", "slideshow")}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
        for figure in figures(cell):
            figure["image/png"] = compress(figure["image/png"])
    return fresh


def merge_streams(outputs):
    """Outputs with the pieces of a stream put together: where it is cut depends on the clock."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        streams = last is not None and output.output_type == "stream" == last.output_type
        if streams and output.name == last.name:
            merged[-1] = nbformat.from_dict({**last, "text": last.text + output.text})
        else:
            merged.append(output)
    return merged


def figures(cell):
    """The data of every output of a cell that holds a PNG figure."""
    return [
        output.data for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]


def compress(png):
    """A base64 PNG in 128 colours: a third of the bytes, the same look, no software version."""
    drawn = Image.open(io.BytesIO(base64.b64decode(png)))
    small = io.BytesIO()
    drawn.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def differences(stored, fresh):
    """Lines that describe how the outputs of two executions differ."""
    changes = []
    for number, (before, after) in enumerate(zip(stored.cells, fresh.cells, strict=True), start=1):
        varies = VARIES in before.metadata.get("tags", [])
        lines = [] if varies else text_changes(text_lines(before), text_lines(after))
        lines += figure_changes(figures(before), figures(after), varies)
        changes += [f"cell {number}: {line}" for line in lines]
    return changes


def text_lines(cell):
    """Lines of the plain-text outputs of a cell."""
    lines = []
    for output in merge_streams(cell.get("outputs", [])):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        if not text.startswith("<Figure"):
            lines += text.splitlines()
    return lines


def text_changes(old, new):
    """The lines removed and added, without those that agree to rounding."""
    if len(old) == len(new):
        new = [a if lines_agree(a, b) else b for a, b in zip(old, new, strict=True)]
    compared = list(difflib.unified_diff(old, new, lineterm="", n=0))[2:]
    return [line for line in compared if line[:2] != "@@"]


def lines_agree(before, after):
    """Whether words and whole numbers are equal, and decimals to a unit of their last digit."""
    if NUMBER.split(before) != NUMBER.split(after):
        return False
    return all(
        abs(float(b) - float(a)) <= 1.001 * last_unit(a)
        for a, b in zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    )


def last_unit(number):
    """One unit of the last digit of a printed number: 0.01 of 2.50, 1e-09 of 1.5e-08, 0 of 12."""
    mantissa, _, exponent = number.lower().partition("e")
    _, point, decimals = mantissa.partition(".")
    return 10.0 ** (int(exponent or 0) - len(decimals)) if point or exponent else 0.0


def figure_changes(before, after, varies):
    """A line on the first change among the figures of a cell, stored and fresh."""
    if len(before) != len(after):
        return [f"{len(before)} figures are stored, {len(after)} are drawn"]
    for old, new in zip(map(picture, before), map(picture, after), strict=True):
        if any(abs(a - b) > SIZE_TOLERANCE * a for a, b in zip(old.size, new.size, strict=True)):
            return [f"a figure of {old.size} pixels is stored, one of {new.size} is drawn"]
        apart = np.mean(np.abs(coarse_greys(old) - coarse_greys(new)))
        if not varies and apart > LOOK_TOLERANCE:
            return [f"a figure's greys differ by {apart:.3f} in the mean; limit {LOOK_TOLERANCE}"]
    return []


def picture(figure):
    """The picture of a figure's base64 PNG."""
    return Image.open(io.BytesIO(base64.b64decode(figure["image/png"])))


def coarse_greys(image):
    """Greys between 0 and 1 on a grid of 96 by 48."""
    small = image.convert("L").resize((96, 48), Image.Resampling.BOX)
    return np.asarray(small, dtype=float) / 255


if __name__ == "__main__":
    sys.exit(main())
