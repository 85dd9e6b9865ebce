"""Collect the reports of experiments: ``python docs/collect_reports.py REPRODUCED``.

REPRODUCED is a folder with the output of ``gsae-ref reproduce NAME --out REPRODUCED/NAME`` for some
of the experiments. Each report becomes the page ``docs/reproduction/NAME.md``, each of its pictures
``docs/figures/STEM.webp``, at most 900 pixels wide; ``docs/reproduction/index.md`` lists all pages.
Needs Matplotlib, which brings Pillow.
"""

import re
import sys
from collections import Counter
from pathlib import Path

from PIL import Image

from gsae_ref import experiments

WIDTH = 900
QUALITY = 72
HERE = Path(__file__).parent
FIGURES = HERE / "figures"
PAGES = HERE / "reproduction"
OUTCOME = re.compile(r"\*\*(reproduces|does not reproduce|not settled)\*\*")
HEAD = """\
# Reproduction

Every figure and table of the papers, computed again. A page compares it with the paper's claims one
by one, and gives the command, the settings, the seeds and the spread. What was tried around Table 1
and removed is in the [notes](notes.md).

"""
CONTENTS = """\
```{toctree}
:hidden:
:glob:

*
```
"""


def main(reproduced):
    """Write a page for every report that is found, and the list of all pages."""
    for name in experiments.EXPERIMENTS:
        folder = Path(reproduced) / name
        if (folder / "report.md").exists():
            collect(name, folder)
    (PAGES / "index.md").write_text(index(), encoding="utf-8")


def collect(name, folder):
    """Copy one report and its pictures."""
    text = (folder / "report.md").read_text(encoding="utf-8")
    (PAGES / f"{name}.md").write_text(page(text), encoding="utf-8")
    for stem in experiments.load(name).FIGURES:
        picture = FIGURES / f"{stem}.webp"
        shrink(folder / f"{stem}.png", picture)
        print(f"{picture.name} {picture.stat().st_size / 1024:.0f} KiB")


def page(report):
    """A report whose pictures are those of docs/figures."""
    return re.sub(r"!\[([\w-]+)\]\(\1\.svg\)", r"![\1](../figures/\1.webp)", report)


def shrink(source, picture):
    """Write a small copy of a picture."""
    with Image.open(source) as original:
        small = original.convert("RGB")
    small.thumbnail((WIDTH, 10 * WIDTH))
    small.save(picture, quality=QUALITY, method=6)


def index():
    """The list of pages: title, outcomes of the claims, first picture."""
    parts = [HEAD]
    for name in experiments.EXPERIMENTS:
        module = experiments.load(name)
        path = PAGES / f"{name}.md"
        parts.append(f"## [{module.TITLE}]({path.name})\n\n{outcomes(path.read_text())}\n\n")
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
