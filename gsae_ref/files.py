"""Files that are complete or as they were: written under a temporary name, then renamed. Arrays are never pickled. May import numpy only."""

import contextlib
import json
import math
import os
import zipfile
import zlib

import numpy as np

__all__ = ["atomically", "check_writable", "read_arrays", "write_arrays", "write_json"]


@contextlib.contextmanager
def atomically(path):
    """Yield a temporary name beside ``path``; what is written there becomes ``path`` at the end, or nothing does.

    Raises
    ------
    ValueError
        If the path is a folder, its folder does not exist or cannot be written to, or the disk is full.
    """
    temporary = _temporary(path)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())  # on the disk before it takes the name
        os.replace(temporary, path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error.strerror or error}); its folder must have room; choose another") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def check_writable(path):
    """Refuse a path that could not be written, leaving any file there as it is. Raises ValueError as :func:`atomically`."""
    os.unlink(_temporary(path))


def write_json(data, path):
    """Write plain data as JSON. JSON has no NaN and no infinity: they are written as null. Raises ValueError as :func:`atomically`."""
    with atomically(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump(_plain(data), file, indent=1, allow_nan=False)


def write_arrays(path, arrays):
    """Write a dictionary of arrays as an ``.npz`` archive. Raises ValueError as :func:`atomically`, and for arrays of objects."""
    objects = [name for name, array in arrays.items() if np.asarray(array).dtype.hasobject]
    if objects:
        raise ValueError(f"{objects[0]} holds Python objects; files hold plain arrays, which need no unpickling; convert it to numbers or text")
    with atomically(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def read_arrays(path):
    """Read every array of an ``.npz`` archive; nothing is unpickled.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a whole archive of arrays.
    """
    try:
        with open(path, "rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as saved:
            return {name: saved[name] for name in saved.files}
    except FileNotFoundError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError) as error:
        raise ValueError(f"{path} is damaged or no .npz archive of arrays ({error}); it must be whole; delete it or name another") from error


def _plain(data):
    """The same data with arrays as lists, NumPy's numbers as Python's, and None for every number that is not finite."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if isinstance(data, (np.ndarray, np.generic)):
        return _plain(data.tolist())
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _temporary(path):
    """Make an empty file beside ``path`` and return its name."""
    folder, name = os.path.split(os.path.abspath(path))
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; a file is to be written; add a file name")
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        open(temporary, "w").close()
    except OSError as error:
        raise ValueError(f"{path} cannot be written ({error.strerror}); its folder must exist and be writable; choose another") from error
    return temporary
