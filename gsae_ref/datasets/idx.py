"""The IDX format of the MNIST files: two zero bytes, the code of the type, the number of axes, their lengths, then the entries.

Lengths are big-endian 4-byte integers. Only the type of the MNISTs, unsigned bytes (code 8), is
read.
"""

import math
import struct

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import IntArray

UNSIGNED_BYTES = 8


def size(shape: tuple[int, ...]) -> int:
    """Bytes of a file that holds this shape.

    >>> size((10000,))
    10008
    """
    return 4 + 4 * len(shape) + math.prod(shape)


def pack(array: ArrayLike) -> bytes:
    """Return the content of the file that holds an array of gray levels or labels.

    >>> pack(np.array([7, 2]))
    b'\\x00\\x00\\x08\\x01\\x00\\x00\\x00\\x02\\x07\\x02'

    Raises ValueError if an entry is no whole number from 0 to 255.
    """
    array = np.asarray(array)
    with np.errstate(invalid="ignore"):
        small = array.astype(np.uint8)
    if not np.array_equal(small, array):
        rule = "gray levels and labels are whole numbers from 0 to 255"
        raise ValueError(
            f"entries run from {array.min()} to {array.max()}; {rule}; pass them unscaled"
        )
    return (
        struct.pack(f">HBB{array.ndim}I", 0, UNSIGNED_BYTES, array.ndim, *array.shape)
        + small.tobytes()
    )


def parse(content: bytes) -> IntArray:
    """Return the array that the content of a file holds, uint8.

    >>> parse(pack([[1, 2, 3]]))
    array([[1, 2, 3]], dtype=uint8)

    Raises ValueError if the content is not of this format, or not complete.
    """
    if len(content) < 4 or content[:2] != b"\0\0":
        raise ValueError(
            f"starts with {content[:4]!r}; an IDX file starts with two zero bytes, a type and a number of axes; check the file"
        )
    code, ndim = content[2:4]
    if code != UNSIGNED_BYTES:
        raise ValueError(
            f"has entries of type {code}; gray levels and labels are unsigned bytes, type {UNSIGNED_BYTES}; check the file"
        )
    header = 4 + 4 * ndim
    shape = struct.unpack(f">{ndim}I", content[4:header]) if len(content) >= header else None
    if shape is None or len(content) != size(shape):
        rule = "a header of its axes" if shape is None else f"{size(shape)} for shape {shape}"
        raise ValueError(
            f"has {len(content)} bytes; it must have {rule}; it is truncated or not of this format; copy it again"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
