"""Collect the reports of experiments: ``python docs/collect_reports.py REPRODUCED``.

REPRODUCED is a folder with the output of ``gsae-ref reproduce NAME --out REPRODUCED/NAME`` for some
of the experiments. Each report becomes the page ``docs/reproduction/NAME.md``, each of its pictures
``docs/figures/STEM.webp``, at most 900 pixels wide; ``docs/reproduction/index.md`` lists all pages.
Results that take hours are kept in ``docs/reproduction/results/NAME``. Needs Matplotlib, which
brings Pillow.
"""

import re
import shutil
import sys
from collections import Counter
from pathlib import Path

from PIL import Image
from PIL.ExifTags import Base

from gsae_ref import experiments

WIDTH = 900
QUALITY = 72
HERE = Path(__file__).parent
FIGURES = HERE / "figures"
PAGES = HERE / "reproduction"
RESULTS = PAGES / "results"
TAKE_HOURS = {"l23-figure-10"}
OUTCOME = re.compile(r"\*\*(reproduces|does not reproduce|not settled)\*\*")
HEAD = """\
# Reproduction

Every figure and table of the papers, computed again. A page compares it with the paper's claims one
by one, and gives the command, the settings, the seeds and the spread. What was tried around Table 1
and removed is in the [notes](notes.md).

"""
READ_BACK = """
The result of every network is kept. With a copy of them the command above judges, prints and draws
in seconds what took hours; from the folder of the sources:

```console
$ mkdir -p reproduced/{name}
$ cp -r docs/reproduction/results/{name} reproduced/{name}/cache
```
"""
CONTENTS = """\
```{toctree}
:hidden:
:glob:

*
```
"""


SEEN = {  # what a picture shows, and what came out of the run behind the page
    "t21-figure-3": "Distance to the truth and loss while training, for three levels of noise. The "
    "recipe as printed moves away from the truth; with a start rescaled by a rule it recovers. "
    "A run of reduced size.",
    "t21-figure-4": "Atoms of the sparse and of the group-sparse network, and codes of three test "
    "images. A group stands for a digit: of the images most of whose code is in it, 89 % show one.",
    "t21-figure-5": "Distances between test images, sorted by digit. Norms of groups show the "
    "digits more readily than pixels; signed codes do not.",
    "t21-table-1": "Accuracy of clustering, row by row, the paper's number above ours. "
    "Group-sparse codes are ahead by over 14 points; under the closest reading of its rows "
    "every number is within three points of the paper's.",
    "t21-sparse-against-group": "Samples whose support is found exactly, against noise and against "
    "the shape of the coefficients. The group-sparse encoder is ahead, unless one entry of a group "
    "is far larger than the others.",
    "n19-figure-2": "Loss of gradient descent from three starts, at three levels of noise. It "
    "falls to a low level from every start where the noise is small.",
    "n19-figure-3": "Distance to the truth at the end, by recipe and start. As printed the three "
    "starts do alike; five recipes nearby separate them as the paper says.",
    "l23-figure-2": "Error and magnitudes of the groups along Algorithm 1. It finds the weights; "
    "the paper's version stays there for thousands of epochs, the authors' code must be stopped.",
    "l23-figure-3": "Weights, magnitudes and directions along Algorithm 2, orthogonal predictors. "
    "All converge, and the larger a group, the earlier it grows.",
    "l23-figure-4": "Groups of four beside u^2 - v^2, which has no groups, and the samples that "
    "each needs. Groups win below 200 samples; then both do as well.",
    "l23-figure-5": "Weights and error with groups of one. The signs of all entries are found in "
    "30 of 30 repetitions.",
    "l23-figure-6": "Directions of Algorithm 1 at a large step. Those of the authors' code never "
    "settle, and its error does not stay small; those of the paper's version settle.",
    "l23-figure-7": "Weights from four starts without weight normalisation. It converges from 0 "
    "and along the truth, and fails from random or opposite directions.",
    "l23-figure-10": "Images between two digits, by five autoencoders and a blend of pixels: three "
    "trainings of each. A classifier is surest of the images of the variational one, in the middle "
    "of those of the rank-minimising one, and least sure of the blend.",
    "l23-figure-11": "As Figure 3, with Gaussian predictors: all converges, large groups first.",
    "l23-figure-12": "Error against the strength of the signal. The grouped network is ahead of "
    "the group lasso by 1.6 to 2 bits, of a refitted one by at most 0.14.",
    "l23-table-2": "A table without a picture: the numbers of parameters are those printed.",
    "l23-table-3": "Test error over many splits: gene expression, as in the paper, and two public "
    "data sets. On the first the network is ahead on average, barely; on the others it is not.",
}


def main(reproduced):
    """Write a page for every report that is found, and the list of all pages."""
    for name in experiments.EXPERIMENTS:
        folder = Path(reproduced) / name
        if (folder / "report.md").exists():
            collect(name, folder)
    (PAGES / "index.md").write_text(index(), encoding="utf-8")


def collect(name, folder):
    """Copy one report, its pictures, and the results that take hours."""
    text = (folder / "report.md").read_text(encoding="utf-8")
    (PAGES / f"{name}.md").write_text(page(text, name), encoding="utf-8")
    if name in TAKE_HOURS:
        shutil.rmtree(RESULTS / name, ignore_errors=True)
        (RESULTS / name).mkdir(parents=True)
        for result in (folder / "cache").glob("*-seed[0-9].npz"):
            shutil.copy(result, RESULTS / name)
    for stem in experiments.load(name).FIGURES:
        picture = FIGURES / f"{stem}.webp"
        shrink(folder / f"{stem}.png", picture)
        print(f"{picture.name} {picture.stat().st_size / 1024:.0f} KiB")


def page(report, name):
    """A report whose pictures are those of docs/figures; says how kept results are read back."""
    if name in TAKE_HOURS:
        report = re.sub(r"Computed in .* with", "Computed with", report)  # trainings were resumed
        report += READ_BACK.format(name=name)
    return re.sub(r"!\[([\w-]+)\]\(\1\.svg\)", r"![\1](../figures/\1.webp)", report)


def shrink(source, picture):
    """Write a small copy of a picture, with the description that it has of its panels."""
    with Image.open(source) as original:
        small = original.convert("RGB")
        panels = original.info["Description"]
    small.thumbnail((WIDTH, 10 * WIDTH))
    exif = Image.Exif()
    exif[Base.ImageDescription] = panels
    small.save(picture, quality=QUALITY, method=6, exif=exif)


def index():
    """The list of pages: title, what is seen, outcomes of the claims, first picture."""
    parts = [HEAD]
    for name in experiments.EXPERIMENTS:
        module = experiments.load(name)
        path = PAGES / f"{name}.md"
        parts.append(f"## [{module.TITLE}]({path.name})\n\n{SEEN[name]}\n\n")
        parts.append(f"{outcomes(path.read_text())}\n\n")
        stem = next(iter(module.FIGURES), None)
        if stem:
            parts.append(f"[![{module.TITLE}](../figures/{stem}.webp)]({path.name})\n\n")
    return "".join([*parts, CONTENTS])


def outcomes(report):
    """How many claims reproduce, in words.

    >>> outcomes("| a | **reproduces** |\\n| b | **not settled** |\\n| c | **reproduces** |")
    'Of 3 claims 2 reproduce, 0 do not; not settled: 1.'
    """
    counts = Counter(OUTCOME.findall(report))
    return (
        f"Of {counts.total()} claims {counts['reproduces']} reproduce, "
        f"{counts['does not reproduce']} do not; not settled: {counts['not settled']}."
    )


if __name__ == "__main__":
    main(sys.argv[1])
