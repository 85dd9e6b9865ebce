"""What commands share: their common options, colours, wrapped text, files of arrays."""

import os
import shutil
import sys
import textwrap
import zipfile

import numpy as np

__all__ = ["common", "load_array", "paint", "wrapped"]

COLOURS = {"red": "31", "green": "32", "bold": "1", "dim": "2"}


def common(command):
    """Options of every command."""
    command.add_argument("--json", metavar="FILE", help="write the full result to a file")
    command.add_argument("--seed", type=int, default=0, help="seed of everything random (default 0)")


def paint(text, colour, stream=None):
    """Colour for people at a terminal; plain text for files, pipes and NO_COLOR."""
    stream = stream or sys.stdout
    plain = not stream.isatty() or os.environ.get("NO_COLOR")
    return text if plain else f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def wrapped(text, indent):
    """Text in lines of the terminal's width."""
    width = min(shutil.get_terminal_size((110, 24)).columns, 120)
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def load_array(path, memory_mapped=False):
    """Read one .npy array, or map it into memory; never unpickles."""
    try:
        with open(path, "rb") as file:
            A = np.load(path if memory_mapped else file, mmap_mode="r" if memory_mapped else None, allow_pickle=False)
    except FileNotFoundError as error:
        raise ValueError(f"{path} does not exist; the argument is a .npy file; write one with numpy.save") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}); it must be a readable .npy file") from error
    except (ValueError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise ValueError(f"{path} is not a .npy file of numbers ({error}); pickled data are refused; write it with numpy.save") from error
    if not isinstance(A, np.ndarray):
        raise ValueError(f"{path} is an archive of several arrays; one array is asked for; save it alone with numpy.save")
    return A
