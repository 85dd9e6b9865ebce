"""A small data set in the format of MNIST, and archives of it."""

import gzip
import hashlib
import io
import struct
import tarfile

import numpy as np

from gsae_ref.datasets.known import MNIST, Collection, NpmPackage, Part

rng = np.random.default_rng(0)
ARRAYS = [
    rng.integers(0, 256, shape).astype(np.uint8) for shape in [(6, 3, 2), (6,), (4, 3, 2), (4,)]
]
NAMES = [part.name for part in MNIST.parts]
FILES = [
    struct.pack(">I", 0x800 + x.ndim) + struct.pack(f">{x.ndim}I", *x.shape) + x.tobytes()
    for x in ARRAYS
]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def tarball(members, links=()):
    """A .tgz with these (name, content) pairs, and (name, kind, target) links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, kind, target in links:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = target
            archive.addfile(info)
    return gzip.compress(buffer.getvalue(), mtime=0)


GOOD = [(f"package/data/{name}", content) for name, content in zip(NAMES, FILES, strict=True)]


def collection(packed=None):
    """The small data set, with the npm package of this tarball."""
    packed = tarball(GOOD) if packed is None else packed
    parts = tuple(
        Part(name, x.shape, sha256(content))
        for name, x, content in zip(NAMES, ARRAYS, FILES, strict=True)
    )
    return Collection(
        "Tiny",
        "tiny",
        parts,
        "tiny",
        NpmPackage("tiny@1", "tiny-1.tgz", sha256(packed), len(packed), "package/data/"),
    )
