"""Make the small pictures of the gallery: ``python docs/thumbnails.py [REPRODUCED]``.

Runs ``gsae-ref reproduce NAME --quick`` for every experiment whose pictures are not in the folder
REPRODUCED (default ``reproduced``) yet, and writes each picture to ``docs/figures``, at most 900
pixels wide. Needs Matplotlib, which brings Pillow.
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
    """Write every thumbnail and print its size."""
    FIGURES.mkdir(exist_ok=True)
    for name in experiments.EXPERIMENTS:
        folder = Path(reproduced) / f"{name}-quick"
        stems = experiments.load(name).FIGURES
        if not all((folder / f"{stem}.png").exists() for stem in stems):
            reproduce(name, folder)
        for stem in stems:
            thumbnail = FIGURES / f"{stem}.webp"
            shrink(folder / f"{stem}.png", thumbnail)
            print(f"{thumbnail.name} {thumbnail.stat().st_size / 1024:.0f} KiB")


def reproduce(name, folder):
    """Run an experiment at its reduced size, if it has one."""
    quick = "quick" in inspect.signature(experiments.load(name).compute).parameters
    command = ["-m", "gsae_ref", "reproduce", name, *["--quick"] * quick, "--out", str(folder)]
    subprocess.run([sys.executable, *command], check=True)


def shrink(source, thumbnail):
    """Write a small copy of a picture."""
    with Image.open(source) as picture:
        small = picture.convert("RGB")
    small.thumbnail((WIDTH, 10 * WIDTH))
    small.save(thumbnail, quality=QUALITY, method=6)


if __name__ == "__main__":
    main(*sys.argv[1:])
