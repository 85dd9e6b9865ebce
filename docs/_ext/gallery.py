"""The gallery: every figure and table with the command that makes it, from :data:`gsae_ref.experiments.EXPERIMENTS`."""

import inspect

from gsae_ref import experiments


def gallery(pictures):
    """Markdown of the page; ``pictures`` is the folder of thumbnails, ``NAME.webp`` for a figure called NAME."""
    lines = [
        "# Gallery\n",
        "Every figure and table, and the command that makes it again: pictures (PNG, SVG), numbers (JSON) and a report that goes "
        "through the paper's claims one by one. The pictures here are small copies of what `--quick` makes; without `--quick` sizes and "
        "seeds are the paper's. `python docs/thumbnails.py` makes them again.\n",
    ]
    for name in experiments.EXPERIMENTS:
        module = experiments.load(name)
        quick = " --quick" if "quick" in inspect.signature(module.compute).parameters else ""
        lines += [
            f"({name})=",
            f"## {module.TITLE}\n",
            f"```console\n$ gsae-ref reproduce {name}\n```\n",
        ]
        for stem in module.FIGURES:
            if (pictures / f"{stem}.webp").exists():
                lines.append(
                    f":::{{figure}} ../figures/{stem}.webp\n:alt: {module.TITLE}\n:class: picture\n`{stem}.svg` of "
                    f"`gsae-ref reproduce {name}{quick}`\n:::\n"
                )
            else:
                lines.append(f"It writes `{stem}.svg`.\n")
        if not module.FIGURES:
            lines.append("A table, in the report.\n")
    return "\n".join(lines)
