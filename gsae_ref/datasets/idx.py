"""The IDX format of the MNIST files.

Two zero bytes, the code of the type, the number of axes, their lengths, then the entries. Lengths
are big-endian 4-byte integers. Only unsigned bytes (code 8) are read.
"""

import math
import struct

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import IntArray

UNSIGNED_BYTES = 8


def size(shape: tuple[int, ...]) -> int:
    """Size in bytes of a file with an array of this shape.

    >>> size((10000,))
    10008
    """
    return 4 + 4 * len(shape) + math.prod(shape)


def pack(array: ArrayLike) -> bytes:
    """Return the content of a file with an array of gray levels or labels.

    >>> pack(np.array([7, 2]))
    b'\\x00\\x00\\x08\\x01\\x00\\x00\\x00\\x02\\x07\\x02'

    Raises ValueError if an entry is no integer from 0 to 255.
    """
    array = np.asarray(array)
    with np.errstate(invalid="ignore"):
        small = array.astype(np.uint8)
    if not np.array_equal(small, array):
        raise ValueError(
            f"entries lie between {array.min()} and {array.max()}; "
            f"gray levels and labels are integers from 0 to 255"
        )
    header = struct.pack(f">HBB{array.ndim}I", 0, UNSIGNED_BYTES, array.ndim, *array.shape)
    return header + small.tobytes()


def parse(content: bytes) -> IntArray:
    """Return the array in the content of a file, uint8.

    >>> parse(pack([[1, 2, 3]]))
    array([[1, 2, 3]], dtype=uint8)

    Raises ValueError if the content is not in this format or not complete.
    """
    if len(content) < 4 or content[:2] != b"\0\0":
        raise ValueError(
            f"starts with {content[:4]!r}; "
            f"an IDX file starts with two zero bytes, a type and a number of axes"
        )
    code, ndim = content[2:4]
    if code != UNSIGNED_BYTES:
        raise ValueError(
            f"has entries of type {code}; "
            f"gray levels and labels are unsigned bytes, type {UNSIGNED_BYTES}"
        )
    header = 4 + 4 * ndim
    shape = struct.unpack(f">{ndim}I", content[4:header]) if len(content) >= header else None
    if shape is None or len(content) != size(shape):
        rule = "a header of its axes" if shape is None else f"{size(shape)} for shape {shape}"
        raise ValueError(
            f"has {len(content)} bytes; it must have {rule}; it is truncated or no IDX file"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
