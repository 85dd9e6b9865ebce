"""Run the lessons: every notebook of this folder from a fresh kernel, and compare with the outputs that are kept in it.

    python notebooks/run.py                      exit status 1 if a cell fails or an output differs from the kept one
    python notebooks/run.py --update             run, then keep the new outputs

Name notebooks to run only these. Needs the extra ``notebooks``.

What counts as the same: the same words; whole numbers equal; decimal numbers within one unit of the last digit that is printed; as many figures
in every cell, of nearly the same size and the same look from afar. A cell with the tag "varies" (clocks, trainings that amplify rounding) is
held to the presence and size of its figures only. Sliders are kept as the static picture that is drawn where ipywidgets is missing.
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
STATIC = "import sys; sys.modules['ipywidgets'] = None"  # what a kernel runs first, so that no slider hides a kept picture
NUMBER = re.compile(r"(?<![\w.])-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
SIZE_TOLERANCE = 0.06
LOOK_TOLERANCE = 0.02  # relative, of a figure's sides; mean difference of greys between 0 and 1
ONE_BLAS_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)  # same sums, calm on a busy machine
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main(argv=None):
    """Run notebooks and return the exit status: 0 all good, 1 a cell fails or an output is stale, 2 usage."""
    parser = argparse.ArgumentParser(
        description="Run the notebooks from a fresh kernel and compare with the outputs kept in them."
    )
    parser.add_argument(
        "notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: all of this folder"
    )
    parser.add_argument("--update", action="store_true", help="keep the new outputs")
    arguments = parser.parse_args(argv)
    paths = arguments.notebooks or sorted(FOLDER.glob("*.ipynb"))
    for path in paths:
        if not path.is_file():
            parser.error(f"{path} does not exist")

    stale = False
    for path in paths:
        kept = nbformat.read(path, as_version=4)
        start = time.perf_counter()
        try:
            fresh = execute(kept)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(
                f"{path.name}  FAILS\n" + re.sub(r"\x1b\[[0-9;]*m", "", str(error))
            )  # plain text: no colour codes in a log
            return 1
        print(f"{path.name}  {time.perf_counter() - start:.1f} s", flush=True)
        if arguments.update:
            nbformat.write(fresh, path)
            continue
        changes = difference(kept, fresh)
        if changes:
            print(
                "the outputs differ from the kept ones; look at them, then run with --update\n"
                + "\n".join(changes)
            )
            stale = True
    return 1 if stale else 0


def execute(notebook, sliders=False):
    """Execute a copy in an empty folder and return it, with nothing in it that depends on when and where it ran."""
    fresh = nbformat.from_dict(notebook)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            fresh,
            timeout=SECONDS_PER_CELL,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
            extra_arguments=["--log-level=ERROR"]
            + ([] if sliders else [f"--IPKernelApp.exec_lines={STATIC}"]),
        )
        client.execute(env={**os.environ, **ONE_BLAS_THREAD})
    fresh.metadata = nbformat.from_dict(METADATA)
    for cell in fresh.cells:
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key == "tags"}
        )
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
        for figure in figures(cell):
            figure["image/png"] = compact(figure["image/png"])
    return fresh


def joined(outputs):
    """Outputs with the pieces of a stream put together: where it is cut depends on the clock."""
    whole = []
    for output in outputs:
        if (
            whole
            and output.output_type == "stream" == whole[-1].output_type
            and output.name == whole[-1].name
        ):
            whole[-1] = nbformat.from_dict({**whole[-1], "text": whole[-1].text + output.text})
        else:
            whole.append(output)
    return whole


def figures(cell):
    """The data of every output of a cell that holds a PNG figure."""
    return [
        output.data for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]


def compact(png):
    """A base64 PNG of line art with 128 colours: a third of the bytes, the same to the eye, and no version of the software in it."""
    drawn = Image.open(io.BytesIO(base64.b64decode(png)))
    small = io.BytesIO()
    drawn.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def difference(kept, fresh):
    """What differs between the outputs of two executions, as lines to print; empty if nothing does."""
    changes = []
    for number, (before, after) in enumerate(zip(kept.cells, fresh.cells, strict=True), start=1):
        varies = VARIES in before.metadata.get("tags", [])
        if not varies:
            old = printed(before)
            new = printed(after)
            if len(old) == len(new):
                new = [
                    a if alike(a, b) else b for a, b in zip(old, new, strict=True)
                ]  # what agrees is not shown as a change
            changes += [
                f"cell {number}: {line}"
                for line in list(difflib.unified_diff(old, new, lineterm="", n=0))[2:]
                if line[:2] != "@@"
            ]
        changes += [
            f"cell {number}: {line}" for line in pictured(figures(before), figures(after), varies)
        ]
    return changes


def printed(cell):
    """Lines of the plain-text outputs of a cell."""
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in joined(cell.get("outputs", []))
    ]
    return [line for text in texts if not text.startswith("<Figure") for line in text.splitlines()]


def alike(before, after):
    """Whether two lines have the same words, the same whole numbers, and decimals within one unit of the last digit of the first."""
    if NUMBER.split(before) != NUMBER.split(after):
        return False
    return all(
        abs(float(b) - float(a)) <= 1.001 * last_unit(a)
        for a, b in zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    )


def last_unit(number):
    """One unit of the last digit of a printed number, 0 for a whole one: ``2.50`` gives 0.01, ``1.5e-08`` gives 1e-09, ``12`` gives 0."""
    mantissa, _, exponent = number.lower().partition("e")
    _, point, decimals = mantissa.partition(".")
    return 10.0 ** (int(exponent or 0) - len(decimals)) if point or exponent else 0.0


def pictured(before, after, varies):
    """What differs between the figures of a cell, kept and fresh."""
    if len(before) != len(after):
        return [f"{len(before)} figures are kept, {len(after)} are drawn"]
    for old, new in zip(map(opened, before), map(opened, after), strict=True):
        if any(abs(a - b) > SIZE_TOLERANCE * a for a, b in zip(old.size, new.size, strict=True)):
            return [f"a figure of {old.size} pixels is kept, one of {new.size} is drawn"]
        apart = np.mean(np.abs(from_afar(old) - from_afar(new)))
        if not varies and apart > LOOK_TOLERANCE:
            return [
                f"the figure looks different: greys differ by {apart:.3f} in the mean, {LOOK_TOLERANCE} is allowed"
            ]
    return []


def opened(figure):
    """The picture of a figure's base64 PNG."""
    return Image.open(io.BytesIO(base64.b64decode(figure["image/png"])))


def from_afar(picture):
    """Greys between 0 and 1 on a grid of 96 by 48."""
    return (
        np.asarray(picture.convert("L").resize((96, 48), Image.Resampling.BOX), dtype=float) / 255
    )


if __name__ == "__main__":
    sys.exit(main())
