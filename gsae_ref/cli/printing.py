"""What commands print: colour for terminals, text wrapped to their width."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import Any

COLOURS = {"red": "31", "green": "32", "bold": "1", "dim": "2"}
WIDEST = 120


def paint(text: str, colour: str, stream: Any = None) -> str:
    """Colour text for a terminal; leave it plain for files, for pipes, and under NO_COLOR."""
    stream = stream or sys.stdout
    plain = not stream.isatty() or os.environ.get("NO_COLOR")
    return text if plain else f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def columns() -> int:
    """Width of the lines that are printed: the terminal's, within reason."""
    return min(shutil.get_terminal_size((110, 24)).columns, WIDEST)


def wrap(text: str, indent: str, hanging: str | None = None) -> str:
    """Break text into lines of the terminal's width.

    Parameters
    ----------
    text : str
    indent : str
        Begins the first line, which may hold more than blanks.
    hanging : str, optional
        Begins the other lines; None: ``indent``.

    Returns
    -------
    str
    """
    return textwrap.fill(
        text,
        columns(),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
