"""What commands share: their common options, colours, wrapped text, files of arrays."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
import zipfile
from typing import Any

import numpy as np

from ..arrays import Array

MOST_PROCESSES = 4096
COLOURS = {"red": "31", "green": "32", "bold": "1", "dim": "2"}


def common(command: argparse.ArgumentParser) -> None:
    """Options of every command."""
    command.add_argument(
        "--json",
        type=file_name,
        metavar="FILE",
        help="also write the full result to a file, as JSON",
    )
    command.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of everything random (default 0)"
    )


def file_name(text: str) -> str:
    """A name of a file or folder as an option: not empty, which would be taken for an option left out."""
    if not text:
        raise argparse.ArgumentTypeError(
            "the name is empty; a file or folder must have one; give a name or leave the option out"
        )
    return text


def processes(number: int) -> int:
    """The number of processes, refused where it is more than a machine could have. Others are checked where they are used."""
    if number > MOST_PROCESSES:
        raise ValueError(
            f"--n-jobs {number} asks for too many processes; at most {MOST_PROCESSES} are started; use -1 for all cores"
        )
    return number


def different_files(written: dict[str, str | None], read: dict[str, str | None]) -> None:
    """Refuse to write one file twice, or over what is read: what was there would be lost.

    Raises
    ------
    ValueError
        Naming both uses of the file.
    """
    seen = {os.path.realpath(path): name for name, path in read.items() if path}
    for name, path in written.items():
        if path:
            other = seen.setdefault(os.path.realpath(path), name)
            if other != name:
                raise ValueError(
                    f"{path} is both {other} and {name}; every file written must be another; choose a name of its own"
                )


def paint(text: str, colour: str, stream: Any = None) -> str:
    """Colour for people at a terminal; plain text for files, pipes and NO_COLOR."""
    stream = stream or sys.stdout
    plain = not stream.isatty() or os.environ.get("NO_COLOR")
    return text if plain else f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def wrapped(text: str, indent: str) -> str:
    """Text in lines of the terminal's width."""
    width = min(shutil.get_terminal_size((110, 24)).columns, 120)
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def load_array(path: str, memory_mapped: bool = False) -> Array:
    """Read one .npy array, or map it into memory; never unpickles."""
    try:
        with open(path, "rb") as file:
            A = np.load(
                path if memory_mapped else file,
                mmap_mode="r" if memory_mapped else None,
                allow_pickle=False,
            )
    except FileNotFoundError as error:
        raise ValueError(
            f"{path or repr(path)} does not exist; the argument is a .npy file; write one with numpy.save"
        ) from error
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read ({error.strerror or error}); it must be a readable .npy file"
        ) from error
    except (ValueError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise ValueError(
            f"{path} is not a .npy file of numbers ({error}); pickled data are refused; write it with numpy.save"
        ) from error
    if not isinstance(A, np.ndarray):
        raise ValueError(
            f"{path} is an archive of several arrays; one array is asked for; save it alone with numpy.save"
        )
    return A
