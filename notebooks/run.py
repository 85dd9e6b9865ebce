"""Run the lessons: every notebook of this folder from a fresh kernel, and compare with the outputs that are kept in it.

    python notebooks/run.py                      exit status 1 if a cell fails or a printed line differs from the kept one
    python notebooks/run.py --update             run, then keep the new outputs
    python notebooks/run.py --figure FILE.png    run, then write the figure of the cell tagged "readme" to a file

Name notebooks to run only these. Needs the extra ``notebooks``.
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
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image

FOLDER = Path(__file__).resolve().parent
SECONDS_PER_CELL = 120
ONE_BLAS_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # same sums, calm on a busy machine
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main(argv=None):
    """Run notebooks and return the exit status: 0 all good, 1 a cell fails or an output is stale, 2 usage."""
    parser = argparse.ArgumentParser(description="Run the notebooks from a fresh kernel and compare with the outputs kept in them.")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: all of this folder")
    parser.add_argument("--update", action="store_true", help="keep the new outputs")
    parser.add_argument("--figure", type=Path, metavar="FILE.png", help='write the figure of the cell tagged "readme"')
    arguments = parser.parse_args(argv)
    paths = arguments.notebooks or sorted(FOLDER.glob("*.ipynb"))
    for path in paths:
        if not path.is_file():
            parser.error(f"{path} does not exist")

    tagged, stale = [], False
    for path in paths:
        kept, start = nbformat.read(path, as_version=4), time.perf_counter()
        try:
            fresh = execute(kept)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"{path.name}  FAILS\n" + re.sub(r"\x1b\[[0-9;]*m", "", str(error)))  # plain text: no colour codes in a log
            return 1
        print(f"{path.name}  {time.perf_counter() - start:.1f} s", flush=True)
        tagged += tagged_figures(fresh)
        if arguments.update:
            nbformat.write(fresh, path)
            continue
        changes = difference(kept, fresh)
        if changes:
            print("the printed text differs from the kept one; look at it, then run with --update\n" + changes)
            stale = True
    if arguments.figure is not None:
        if len(tagged) != 1:
            parser.error(f'{len(tagged)} figures have the tag "readme"; there must be one; name its notebook')
        arguments.figure.write_bytes(tagged[0])
        print(f"{arguments.figure}  {len(tagged[0]) / 1000:.0f} kB")
    return 1 if stale else 0


def execute(notebook):
    """Execute a copy in an empty folder and return it, with nothing in it that depends on when and where it ran."""
    fresh = nbformat.from_dict(notebook)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            fresh, timeout=SECONDS_PER_CELL, kernel_name="python3", resources={"metadata": {"path": folder}}, record_timing=False,
            extra_arguments=["--log-level=ERROR"],
        )
        client.execute(env={**os.environ, **ONE_BLAS_THREAD})
    fresh.metadata = nbformat.from_dict(METADATA)
    for cell in fresh.cells:
        cell.metadata = nbformat.from_dict({key: value for key, value in cell.metadata.items() if key == "tags"})
        for figure in figures(cell):
            figure["image/png"] = compact(figure["image/png"])
    return fresh


def figures(cell):
    """The data of every output of a cell that holds a PNG figure."""
    return [output.data for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]


def compact(png):
    """A base64 PNG of line art with 128 colours: a third of the bytes, the same to the eye, and no version of the software in it."""
    drawn, small = Image.open(io.BytesIO(base64.b64decode(png))), io.BytesIO()
    drawn.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def difference(kept, fresh):
    """Unified difference of the plain-text outputs of two executions; empty if they print the same."""
    before, after = printed(kept), printed(fresh)
    return "\n".join(difflib.unified_diff(before, after, "kept", "fresh", lineterm="", n=0))


def printed(notebook):
    """Lines of all plain-text outputs, each with the number of its cell."""
    lines = []
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            lines += [f"cell {number}: {line}" for line in text.splitlines()]
    return lines


def tagged_figures(notebook, tag="readme"):
    """The PNG bytes of every figure shown by a cell with the tag."""
    cells = [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]
    return [base64.b64decode(figure["image/png"]) for cell in cells for figure in figures(cell)]


if __name__ == "__main__":
    sys.exit(main())
