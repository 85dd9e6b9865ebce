"""Files that commands read and write."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable

import numpy as np

from ..arrays import Array
from ..files import check_writable


def require_writable(paths: Iterable[str | None]) -> None:
    """Refuse a file that cannot be written before the work begins; None stands for no file."""
    for path in paths:
        if path:
            check_writable(path)


def require_different(written: dict[str, str | None], read: dict[str, str | None]) -> None:
    """Refuse to write one file twice, or over a file that is read.

    Parameters
    ----------
    written, read : dict
        What a file is for, such as an option's name, and its path; None stands for no file.

    Raises
    ------
    ValueError
        Naming both uses of the file.
    """
    seen = {os.path.realpath(path): use for use, path in read.items() if path}
    for use, path in written.items():
        other = seen.setdefault(os.path.realpath(path), use) if path else use
        if other != use:
            raise ValueError(
                f"{path} is both {other} and {use}; "
                "a file written must be none of the others; choose another name"
            )


def load_array(path: str, memory_mapped: bool = False) -> Array:
    """Read one .npy array, or map it into memory; never unpickle.

    Raises
    ------
    ValueError
        If there is no such file, it cannot be read, or it does not hold one array of numbers.
    """
    try:
        if memory_mapped:
            loaded = np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            with open(path, "rb") as file:
                loaded = np.load(file, allow_pickle=False)
    except FileNotFoundError as error:
        raise ValueError(
            f"{path or repr(path)} does not exist; it must be a .npy file; "
            "write one with numpy.save"
        ) from error
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read ({error.strerror or error}); it must be a readable .npy file"
        ) from error
    except (ValueError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise ValueError(
            f"{path} is not a .npy file of numbers ({error}); pickled data are refused; "
            "write it with numpy.save"
        ) from error
    if not isinstance(loaded, np.ndarray):
        raise ValueError(
            f"{path} is an archive of several arrays; it must hold one array; "
            "save that one with numpy.save"
        )
    return loaded
