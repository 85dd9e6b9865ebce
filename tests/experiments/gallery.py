"""The gallery's pictures, held against the figures that the program draws today."""

import json
import re
from pathlib import Path

from gsae_ref.experiments.common.publishing import panels

FIGURES = Path(__file__).parent.parent.parent / "docs" / "figures"
NUMBER = re.compile(r"\d[\d.,]*")


def assert_panels_of_the_gallery(stem, figure, first=0):
    """The kept picture has the panels, labels and legends of a figure, up to numbers in them.

    The title of a panel comes first; ``first=1`` leaves it out.
    """
    kept = [panel[first:] for panel in panels_of(FIGURES / f"{stem}.webp")]
    assert kept == [panel[first:] for panel in without_numbers(panels(figure))], stem


def panels_of(picture):
    """What a picture of the gallery says of its panels, without numbers."""
    from PIL import Image
    from PIL.ExifTags import Base

    with Image.open(picture) as image:
        return without_numbers(json.loads(image.getexif()[Base.ImageDescription]))


def without_numbers(found):
    """Panels without numbers and repetitions: a small study has others, and fewer of a kind."""
    return [_without_numbers(panel) for panel in found]


def _without_numbers(panel):
    return list(dict.fromkeys(NUMBER.sub("#", words) for words in panel))
