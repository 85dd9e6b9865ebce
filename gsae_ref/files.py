"""Files that are complete or as they were: written under a temporary name, then renamed. Arrays are never pickled. May import numpy only.

A temporary file has a name of its own, made for this process alone and as private as the file it is
to become. It is locked while it is written; one that nobody holds was left by a process that was
killed, and is removed when the same file is written the next time.
"""

import contextlib
import json
import math
import os
import re
import secrets
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from .arrays import Array

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# What the readers of archives and of arrays raise for bits that are not as they were written.
DAMAGE = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError, MemoryError)
SWELLING = 20  # how many times its size on disk an archive may hold: measurements compress to a half or a third, a bomb to a thousandth


@contextlib.contextmanager
def atomically(path: str | Path) -> Iterator[str | Path]:
    """Yield a temporary name beside ``path``; what is written there becomes ``path`` at the end, or nothing does.

    Raises
    ------
    ValueError
        If the path is a folder, its folder does not exist or cannot be written to, or the disk is
        full.
    """
    temporary, lock = _temporary(path)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())  # on the disk before it takes the name
        os.replace(temporary, path)
    except OSError as error:
        raise ValueError(
            f"{path} cannot be written ({error.strerror or error}); its folder must have room; choose another"
        ) from error
    finally:
        lock.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def check_writable(path: str | Path) -> None:
    """Refuse a path that could not be written, leaving any file there as it is. Raises ValueError as :func:`atomically`."""
    temporary, lock = _temporary(path)
    lock.close()
    os.unlink(temporary)


def write_json(data: dict[str, Any], path: str | Path) -> None:
    """Write plain data as JSON. JSON has no NaN and no infinity: they are written as null. Raises ValueError as :func:`atomically`."""
    with atomically(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump(_plain(data), file, indent=1, allow_nan=False)


def write_arrays(path: str | Path, arrays: dict[str, Any]) -> None:
    """Write a dictionary of arrays as an ``.npz`` archive. Raises ValueError as :func:`atomically`, and for arrays of objects."""
    objects = [name for name, array in arrays.items() if np.asarray(array).dtype.hasobject]
    if objects:
        raise ValueError(
            f"{objects[0]} holds Python objects; files hold plain arrays, which need no unpickling; convert it to numbers or text"
        )
    with atomically(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def read_arrays(path: str | Path) -> dict[str, Array]:
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
            members = saved.zip.infolist() if saved.zip else []
            if any(
                member.comment for member in members
            ):  # NumPy writes none: a flipped length hides the members that follow
                raise ValueError("its table of contents is damaged")
            held = sum(member.file_size for member in members)
            size = os.fstat(file.fileno()).st_size
            if (
                held > SWELLING * size
            ):  # zeros compressed, or one content under many names: it could fill the memory
                raise ValueError(f"{held} bytes in a file of {size}; write it with numpy.savez")
            return {name: saved[name] for name in saved.files}
    except FileNotFoundError:
        raise
    except DAMAGE as error:
        raise ValueError(
            f"{path} is damaged or no .npz archive of arrays ({error}); it must be whole; delete it or name another"
        ) from error


def _plain(data: Any | None) -> Any | None:
    """The same data with arrays as lists, NumPy's numbers as Python's, and None for every number that is not finite."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if isinstance(data, (np.ndarray, np.generic)):
        return _plain(data.tolist())
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _temporary(path: str | Path) -> tuple[str, IO[bytes]]:
    """Make an empty file beside ``path``; its name, and the file that holds the lock on it, which ends with the process."""
    folder, name = os.path.split(os.path.abspath(path))
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; a file is to be written; add a file name")
    if os.path.exists(path) and not os.path.isfile(
        path
    ):  # renaming would put a file in the place of /dev/null or of a pipe
        raise ValueError(
            f"{path} is a device or a pipe; a file is to be written; name an ordinary file"
        )
    _remove_leftovers(folder, name)
    try:
        while True:
            temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}.tmp")
            mode = (
                stat.S_IMODE(os.stat(path).st_mode) | stat.S_IWUSR if os.path.exists(path) else None
            )  # what is there keeps its permissions
            created = (
                os.O_RDWR | os.O_CREAT | os.O_EXCL
            )  # never a file or a link that somebody else has put there
            lock = open(os.open(temporary, created, 0o666 if mode is None else 0o600), "wb")
            if fcntl is None:
                lock.close()
                return temporary, lock
            if mode is not None:
                os.fchmod(lock.fileno(), mode)
            if _locked(lock) is not False and os.path.exists(
                temporary
            ):  # another process may have taken it for a leftover before
                return temporary, lock
            lock.close()
    except OSError as error:
        raise ValueError(
            f"{path} cannot be written ({error.strerror}); its folder must exist and be writable; choose another"
        ) from error


def _remove_leftovers(folder: str, name: str) -> None:
    """Remove what killed processes left of their attempts to write this file: temporary files that nobody locks."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):  # a folder that cannot be listed
        for leftover in filter(
            re.compile(re.escape(f".{name}.") + r"[0-9a-f]{16}\.tmp").fullmatch, os.listdir(folder)
        ):
            with contextlib.suppress(OSError):  # gone meanwhile, or another user's
                with open(
                    os.open(os.path.join(folder, leftover), os.O_RDWR | os.O_NOFOLLOW), "rb"
                ) as file:
                    if _locked(file):
                        os.unlink(os.path.join(folder, leftover))


def _locked(file: IO[bytes]) -> bool | None:
    """Try to lock a file: True if this process holds it now, False if another does, None where the file system has no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
