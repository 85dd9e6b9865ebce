"""Files that commands write."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..files import check_writable
from .arrays import split_name


def require_writable(paths: Iterable[str | None]) -> None:
    """Refuse a file that cannot be written before the work begins; None stands for no file."""
    for path in paths:
        if path:
            check_writable(path)


def require_suffix(path: str, suffix: str) -> None:
    """Refuse the name of --out with the ending of another format; a name may have no ending.

    >>> require_suffix("codes.csv", ".npy")
    Traceback (most recent call last):
    ...
    ValueError: --out = codes.csv; the file is written as .npy; name it codes.npy
    """
    stem, found = os.path.splitext(path)
    if found not in ("", suffix):
        raise ValueError(f"--out = {path}; the file is written as {suffix}; name it {stem}{suffix}")


def require_different(written: dict[str, str | None], read: dict[str, str | None]) -> None:
    """Refuse to write one file twice, or over a file that is read.

    Parameters
    ----------
    written, read : dict
        What a file is for, such as an option's name, and its path; None stands for no file.

    Raises
    ------
    ValueError
        Naming both uses of the file.
    """
    seen = {os.path.realpath(split_name(path)[0]): use for use, path in read.items() if path}
    for use, path in written.items():
        other = seen.setdefault(os.path.realpath(path), use) if path else use
        if other != use:
            raise ValueError(
                f"{path} is both {other} and {use}; "
                "a file written must be none of the others; choose another name"
            )
