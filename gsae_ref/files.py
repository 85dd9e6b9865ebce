"""Files that are written as a whole or not at all; arrays without pickle. May import numpy only.

A file is written under a temporary name beside it, made for this process alone and as private as
the file itself, and then renamed. The temporary file is locked while it is written; an unlocked one
was left by a process that was killed, and is removed when the same file is written the next time.
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

# What zipfile and NumPy raise when an archive is damaged.
READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    EOFError,
    OSError,
    RuntimeError,
    MemoryError,
)
# Contents over size on disk, at most: measurements reach 2 or 3, a zip bomb 1000.
MAX_COMPRESSION = 20


@contextlib.contextmanager
def atomically(path: str | Path) -> Iterator[str | Path]:
    """Yield a temporary name beside ``path``; the file there is renamed to ``path`` at the end.

    After an exception ``path`` is as it was before.

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
            f"{path} cannot be written ({error.strerror or error}); "
            f"make room or choose another path"
        ) from error
    finally:
        lock.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def check_writable(path: str | Path) -> None:
    """Refuse a path that cannot be written. Raises ValueError as :func:`atomically`.

    A file that exists is left as it is.
    """
    temporary, lock = _temporary(path)
    lock.close()
    os.unlink(temporary)


def write_json(data: dict[str, Any], path: str | Path) -> None:
    """Write plain data as JSON, NaN and infinity as null; raises as :func:`atomically`."""
    with atomically(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        json.dump(_plain(data), file, indent=1, allow_nan=False)


def write_arrays(path: str | Path, arrays: dict[str, Any]) -> None:
    """Write a dictionary of arrays as an ``.npz`` archive.

    Raises ValueError for arrays of Python objects, and as :func:`atomically`.
    """
    objects = [name for name, array in arrays.items() if np.asarray(array).dtype.hasobject]
    if objects:
        raise ValueError(
            f"{objects[0]} holds Python objects; only arrays that need no pickle are written; "
            f"convert it to numbers or text"
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
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; add a file name")
    try:
        with open(path, "rb") as file, np.lib.npyio.NpzFile(file, allow_pickle=False) as saved:
            _check_members(saved, os.fstat(file.fileno()).st_size)
            return {name: saved[name] for name in saved.files}
    except FileNotFoundError:
        raise
    except READ_ERRORS as error:
        if "allow_pickle" in str(error):
            raise ValueError(
                f"{path} holds Python objects; pickled data are refused; write numbers"
            ) from error
        raise ValueError(
            f"{path} is damaged or no .npz archive of arrays ({error}); name another file"
        ) from error


def _check_members(archive: Any, size: int) -> None:
    """Refuse an archive whose table of contents is damaged or that would expand without bound."""
    members = archive.zip.infolist() if archive.zip else []
    # NumPy writes no comments: a comment is a flipped length that hides the members that follow.
    if any(member.comment for member in members):
        raise ValueError("its table of contents is damaged")
    expanded = sum(member.file_size for member in members)
    if expanded > MAX_COMPRESSION * size:
        raise ValueError(f"{expanded} bytes in a file of {size}; write it with numpy.savez")


def _plain(data: Any | None) -> Any | None:
    """The same data with lists for arrays, and None for numbers that are not finite."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if isinstance(data, (np.ndarray, np.generic)):
        return _plain(data.tolist())
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _temporary(path: str | Path) -> tuple[str, IO[bytes]]:
    """Make an empty file beside ``path``; return its name and the open file that holds its lock."""
    folder, name = os.path.split(os.path.abspath(path))
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; add a file name")
    # Renaming would replace /dev/null or a pipe by a file.
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError(f"{path} is a device or a pipe; name an ordinary file")
    _remove_leftovers(folder, name)
    try:
        while True:
            temporary = os.path.join(folder, f".{name}.{secrets.token_hex(8)}.tmp")
            lock = _create(temporary, path)
            if fcntl is None:
                lock.close()  # Windows renames no open file
                return temporary, lock
            # Another process may have removed it as a leftover before it was locked.
            if _try_lock(lock) is not False and os.path.exists(temporary):
                return temporary, lock
            lock.close()
    except OSError as error:
        raise ValueError(
            f"{path} cannot be written ({error.strerror}); "
            f"its folder must exist and be writable; choose another path"
        ) from error


def _create(temporary: str, path: str | Path) -> IO[bytes]:
    """Create and open a temporary file with the permissions that the file at ``path`` has."""
    new = os.O_RDWR | os.O_CREAT | os.O_EXCL  # never a file or a link that is already there
    if not os.path.exists(path):
        return open(os.open(temporary, new, 0o666), "wb")
    mode = stat.S_IMODE(os.stat(path).st_mode) | stat.S_IWUSR
    file = open(os.open(temporary, new, 0o600), "wb")
    if fcntl is not None:
        os.fchmod(file.fileno(), mode)
    return file


def _remove_leftovers(folder: str, name: str) -> None:
    """Remove the unlocked temporary files of earlier attempts to write this file."""
    if fcntl is None:
        return
    leftover = re.compile(re.escape(f".{name}.") + r"[0-9a-f]{16}\.tmp")
    with contextlib.suppress(OSError):  # a folder that cannot be listed
        for path in [os.path.join(folder, n) for n in os.listdir(folder) if leftover.fullmatch(n)]:
            with contextlib.suppress(OSError):  # gone meanwhile, or another user's
                with open(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "rb") as file:
                    if _try_lock(file):
                        os.unlink(path)


def _try_lock(file: IO[bytes]) -> bool | None:
    """Try to lock a file: False if another process has locked it, None if it cannot be locked."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
