"""The gallery: every figure and table with the command that computes it."""

import inspect

from gsae_ref import experiments

INTRODUCTION = """\
Every figure and table with the command that computes it again: pictures (PNG, SVG), numbers (JSON)
and a report that compares them with the paper's claims. The pictures here are small copies of the
output of `--quick`; without `--quick` sizes and seeds are the paper's. `python docs/thumbnails.py`
makes them again.
"""


def gallery(pictures):
    """Markdown of the page; the folder ``pictures`` holds a thumbnail NAME.webp of each figure."""
    lines = ["# Gallery\n", INTRODUCTION]
    for name in experiments.EXPERIMENTS:
        module = experiments.load(name)
        quick = " --quick" if "quick" in inspect.signature(module.compute).parameters else ""
        command = f"gsae-ref reproduce {name}"
        lines += [f"({name})=", f"## {module.TITLE}\n", f"```console\n$ {command}\n```\n"]
        for stem in module.FIGURES:
            if (pictures / f"{stem}.webp").exists():
                lines += [
                    f":::{{figure}} ../figures/{stem}.webp",
                    f":alt: {module.TITLE}",
                    ":class: picture",
                    f"`{stem}.svg` of `{command}{quick}`",
                    ":::\n",
                ]
            else:
                lines.append(f"It writes `{stem}.svg`.\n")
        if not module.FIGURES:
            lines.append("A table, in the report.\n")
    return "\n".join(lines)
