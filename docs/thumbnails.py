"""Make the small pictures of the gallery: ``python docs/thumbnails.py [REPRODUCED]``.

Runs ``gsae-ref reproduce NAME --quick`` for every experiment whose pictures are not in the folder
REPRODUCED (default ``reproduced``) yet, and writes each picture to ``docs/figures``, at most 900
pixels wide. Needs Matplotlib, whose Pillow does the shrinking.
"""

import inspect
import subprocess
import sys
from pathlib import Path

from PIL import Image

from gsae_ref import experiments

WIDTH = 900
QUALITY = 72
FIGURES = Path(__file__).parent / "figures"


def main(reproduced="reproduced"):
    """Write every thumbnail and say what it weighs."""
    FIGURES.mkdir(exist_ok=True)
    for name in experiments.EXPERIMENTS:
        module = experiments.load(name)
        folder = Path(reproduced) / f"{name}-quick"
        stems = module.FIGURES
        if not all((folder / f"{stem}.png").exists() for stem in stems):
            quick = ["--quick"] if "quick" in inspect.signature(module.compute).parameters else []
            command = [sys.executable, "-m", "gsae_ref", "reproduce", name, *quick]
            subprocess.run([*command, "--out", str(folder)], check=True)
        for stem in stems:
            with Image.open(folder / f"{stem}.png") as picture:
                picture = picture.convert("RGB")
                picture.thumbnail((WIDTH, 10 * WIDTH))
                picture.save(FIGURES / f"{stem}.webp", quality=QUALITY, method=6)
            print(f"{stem}.webp {(FIGURES / f'{stem}.webp').stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(*sys.argv[1:])
