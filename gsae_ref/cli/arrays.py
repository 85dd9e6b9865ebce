"""Arrays that commands read: .npy, .npz, text and MATLAB files; other files are named."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..arrays import Array
from ..files import READ_ERRORS, read_arrays

TEXT = (".csv", ".txt", ".tsv")
RULE = "it must be a .npy file, an .npz or .mat file with one array, or a table in .csv or .txt"
# A value that is no number, and no name of a column: missing, a truth value, 1+2j, 12%, 1/2.
VALUE = re.compile(r"[-.?]?|n/?a|none|null|true|false|[-+.]*\d.*", re.IGNORECASE)
# The first bytes of files that are no arrays, and what they are.
SIGNATURES = (
    (b"\x89HDF", "HDF5: read it with h5py and write the array with numpy.save"),
    (b"MATLAB 7.3", "a MATLAB file of version 7.3: save it with save(..., '-v7'), or use h5py"),
    (b"\x1f\x8b", "compressed by gzip: unpack it first"),
    (b"\x80", "a Python pickle, which is never loaded: write the array with numpy.save"),
    (b"\x89PNG", "a PNG picture: read its pixels and write them with numpy.save"),
    (b"\xff\xd8\xff", "a JPEG picture: read its pixels and write them with numpy.save"),
    (b"PAR1", "a Parquet file: read it with pandas and write the values with numpy.save"),
    (b"%PDF", "a PDF document"),
    (b"\xff\xfe", "text in UTF-16: convert it to UTF-8"),
    (b"\xfe\xff", "text in UTF-16: convert it to UTF-8"),
)


def load_array(path: str, memory_mapped: bool = False) -> Array:
    """Read one array of numbers; a .npy file may be mapped into memory. Nothing is unpickled.

    ``file.npz:name`` and ``file.mat:name`` name one of several arrays.

    Raises
    ------
    ValueError
        If there is no such file, it cannot be read, or it does not hold one array of numbers; the
        message says what it is.
    """
    file_path, name = split_name(path)
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise ValueError(f"{path} is a pipe or a device; write what it holds to a file first")
    try:
        with open(file_path, "rb") as file:
            head = file.read(512)
    except FileNotFoundError as error:
        raise ValueError(
            f"{path or repr(path)} does not exist; {RULE}; write one with numpy.save"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"{path} cannot be read ({reason}); {RULE}") from error
    if head.startswith(b"\x93NUMPY"):
        return _npy(file_path, memory_mapped)
    if head.startswith(b"PK"):
        return _npz(file_path, name)
    if head.startswith(b"MATLAB 5.0"):
        return _mat(file_path, name)
    if file_path.lower().endswith(TEXT) and _is_text(head):
        return _table(file_path)
    raise ValueError(f"{path} is {_what(head)}; {RULE}")


def split_name(path: str) -> tuple[str, str | None]:
    """Split ``file:name`` into the file and the name of an array in it, if there is such a file.

    >>> split_name("nowhere.npz:A")
    ('nowhere.npz:A', None)
    """
    file_path, colon, name = path.rpartition(":")
    if colon and not os.path.exists(path) and os.path.isfile(file_path):
        return file_path, name
    return path, None


def _is_text(head: bytes) -> bool:
    """Whether a file that begins so holds text."""
    return bool(head) and not re.search(rb"[\x00-\x08\x0e-\x1f]", head)


def _what(head: bytes) -> str:
    """What a file is that begins so."""
    if not head:
        return "empty"
    for signature, what in SIGNATURES:
        if head.startswith(signature):
            return what
    if re.match(rb"\s*<(!doctype|html|\?xml)", head, re.IGNORECASE):
        return "text: a web page or XML, perhaps the answer of a server to a download"
    if _is_text(head):
        return "text: if it is a table of numbers, name it .csv or .txt"
    return "not a file of numbers"


def _npy(path: str, memory_mapped: bool) -> Array:
    try:
        loaded: Any = np.load(path, mmap_mode="r" if memory_mapped else None, allow_pickle=False)
    except READ_ERRORS as error:
        objects = "Object arrays" in str(error) or "Array can't be memory-mapped" in str(error)
        what = f"is a damaged .npy file ({error}); write it again with numpy.save"
        if objects:
            what = (
                "is an array of Python objects; pickled data are refused; "
                "write numbers with numpy.save(..., array.astype(float))"
            )
        raise ValueError(f"{path} {what}") from error
    return _of_numbers(path, loaded)


def _npz(path: str, name: str | None) -> Array:
    """The one array of an archive, or the one with this name."""
    try:
        arrays = read_arrays(path)
    except ValueError as error:
        if _holds(path, "[Content_Types].xml"):
            raise ValueError(
                f"{path} is a spreadsheet or document of an office suite; save it as .csv"
            ) from error
        raise
    return _chosen(path, arrays, name)


def _holds(path: str, member: str) -> bool:
    """Whether an archive has this member."""
    try:
        with zipfile.ZipFile(path) as archive:
            return member in archive.namelist()
    except READ_ERRORS:
        return False


def _mat(path: str, name: str | None) -> Array:
    """The one array of a MATLAB file of version 5 to 7, or the one with this name."""
    from scipy.io import loadmat

    try:
        variables = loadmat(path)
    except Exception as error:  # a damaged file raises errors of many types
        raise ValueError(
            f"{path} is a damaged MATLAB file ({error}); save it again in MATLAB"
        ) from error
    arrays = {key: value for key, value in variables.items() if not key.startswith("__")}
    return _chosen(path, arrays, name)


def _chosen(path: str, arrays: dict[str, Any], name: str | None) -> Array:
    """The one of several arrays that is meant."""
    names = ", ".join(sorted(arrays))
    if not arrays:
        raise ValueError(f"{path} is an archive without arrays; {RULE}")
    if name is None and len(arrays) != 1:
        raise ValueError(
            f"{path} is an archive of several arrays ({names}); it must hold one array; "
            f"name one: {path}:{min(arrays)}"
        )
    if name is not None and name not in arrays:
        raise ValueError(f"{path} has no array {name}; it has {names}")
    value = arrays[next(iter(arrays)) if name is None else name]
    if hasattr(value, "toarray"):
        raise ValueError(f"{path} holds a sparse matrix; write the full one: full(A) in MATLAB")
    return _of_numbers(path, value)


def _of_numbers(path: str, value: Any) -> Array:
    """Refuse cells, structures and other objects."""
    if value.dtype.hasobject or value.dtype.names:
        raise ValueError(
            f"{path} holds an array of dtype {value.dtype}, such as a cell or a structure; "
            f"it must hold numbers; write the array of numbers alone"
        )
    return value


def _table(path: str) -> Array:
    """Numbers in rows, separated by commas, semicolons, tabs or spaces, with at most one head."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = [line for line in file if line.strip() and not line.startswith("#")]
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is text that is not UTF-8 ({error.reason}); convert it"
        ) from error
    if not lines:
        raise ValueError(f"{path} is text without a line of numbers; {RULE}")
    delimiter = next((mark for mark in (",", ";", "\t") if mark in lines[-1]), None)
    head = [field.strip().strip('"') for field in lines[0].split(delimiter)]
    if not head[0] and delimiter:
        raise ValueError(
            f"{path} is text whose first column has no name, so it seems to number the rows; "
            f"write it without (pandas: index=False)"
        )
    if _numbers_columns(head, lines[1:]):
        raise ValueError(
            f"{path} is text whose first line numbers the columns; "
            f"write it without (pandas: header=False)"
        )
    has_head = len(lines) > 1 and not _holds_data(head)
    table = _parsed(path, lines[1:] if has_head else lines, delimiter)
    first = table[:, 0] - table[0, 0]
    if table.shape[1] > 1 and len(table) > 2 and np.array_equal(first, np.arange(len(table))):
        raise ValueError(
            f"{path} is text whose first column numbers the rows; "
            f"write it without (pandas: index=False), or write the array with numpy.save"
        )
    return table


def _numbers_columns(head: list[str], others: list[str]) -> bool:
    """Whether the first line counts 0, 1, 2, ..., or on from another integer above fractions.

    >>> _numbers_columns(["0", "1"], ["5,6"]), _numbers_columns(["1", "2", "3"], ["4,5,6"])
    (True, False)
    >>> _numbers_columns(["2019", "2020", "2021"], ["1.5,2,3"])
    True
    """
    if len(head) < 2 or not others or not head[0].isdigit():
        return False
    begin = int(head[0])
    counts = head == [str(begin + k) for k in range(len(head))]
    return counts and (begin == 0 or (len(head) > 2 and all("." in line for line in others)))


def _parsed(path: str, lines: Iterable[str], delimiter: str | None) -> Array:
    try:
        return np.loadtxt(lines, delimiter=delimiter, ndmin=2)
    except ValueError as error:
        raise ValueError(f"{path} is text, but not a table of numbers ({error}); {RULE}") from error


def _holds_data(fields: list[str]) -> bool:
    """Whether a first line is a row, not names: a field is a number, or all are other values.

    A field of numbers between other separators, as in a table whose rows differ, is one of data.

    >>> _holds_data(["a", "layer 2"]), _holds_data(["a", "2"]), _holds_data(["1;2"])
    (False, True, True)
    >>> _holds_data(["NA", "?"]), _holds_data(["1+2j", "12%"]), _holds_data(["x1", "na_2"])
    (True, True, False)
    """
    parts = [re.split(r"[,;\s]+", field) for field in fields]
    of_numbers = any(all(map(_is_number, each)) for each in parts)
    return of_numbers or all(map(VALUE.fullmatch, fields))


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
