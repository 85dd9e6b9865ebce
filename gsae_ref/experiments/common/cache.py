"""Results of long computations, stored one by one, so that an interrupted experiment resumes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..._version import __version__
from ...arrays import Array
from ...files import read_arrays, write_arrays


class ResultCache:
    """Computes results, stores them in a folder, and reads them back when they are needed again.

    Parameters
    ----------
    folder : str or path or None
        Where results are stored; None keeps them in memory.
    progress : bool
        Show progress on standard error, if that is a terminal.

    Attributes
    ----------
    seconds : dict
        Name of a result -> seconds that it took, in the run that computed it.

    Raises
    ------
    ValueError
        If the folder cannot be made.
    """

    def __init__(self, folder: str | Path | None, progress: bool = False) -> None:
        self.folder = folder
        self.progress = progress and sys.stderr.isatty()
        self.seconds: dict[str, float] = {}
        self._expected = 0
        self._memory: dict[str, dict[str, Any]] = {}
        if folder is not None:
            try:
                os.makedirs(folder, exist_ok=True)
            except OSError as error:
                raise ValueError(
                    f"folder {folder} cannot be made ({error.strerror}); "
                    "it must be writable; choose another"
                ) from error

    def expect(self, n_results: int) -> None:
        """Add to the number that progress counts up to: "result 7 of 42, about 90 s left"."""
        self._expected += n_results

    def run(self, key: str, function: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """Return ``function(**arguments)``, computed or read back.

        Parameters
        ----------
        key : str
            Name of the result: letters, digits, hyphens.
        function : callable
            Returns a flat dictionary of arrays and numbers. Arguments bound by
            ``functools.partial`` are passed too, but do not identify the result: use them for
            what changes no number, such as the path of a data set.
        **arguments
            Plain data and arrays. A stored result is read back only if the same version of the
            package made it by the same function with the same arguments.

        Returns
        -------
        dict of str to ndarray
        """
        result = self._read(key, function, arguments)
        if result is None:
            self._show(key)
            start = time.perf_counter()
            result = {**function(**arguments), "seconds": time.perf_counter() - start}
            result["made_by"] = _fingerprint(function, arguments)
            if self.folder is None:
                self._memory[key] = result
            else:
                write_arrays(self._path(key), result)
        self.seconds[key] = float(result["seconds"])
        return {name: a for name, a in result.items() if name not in ("seconds", "made_by")}

    def train(self, key: str, function: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """Return ``function(**arguments)`` as :meth:`run` does; an interrupted training resumes.

        Parameters
        ----------
        key : str
        function : callable
            Receives two arguments more: ``checkpoint``, the path of its checkpoint or None, and
            ``progress``. The checkpoint is removed once the result is stored.
        **arguments

        Returns
        -------
        dict of str to ndarray
        """
        path = self.checkpoint(key)
        training = partial(function, checkpoint=path, progress=self.progress)
        result = self.run(key, training, **arguments)
        for name in (path, f"{path}.previous") if path else ():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        return result

    def checkpoint(self, key: str) -> str | None:
        """Path of the checkpoint of a training; None if results are kept in memory."""
        return None if self.folder is None else os.path.join(self.folder, f"{key}.checkpoint.npz")

    def _path(self, key: str) -> str:
        return os.path.join(self.folder or "", f"{key}.npz")

    def _read(
        self, key: str, function: Callable[..., Any], arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The stored result; None if there is none, if it is damaged, or if others made it."""
        result: dict[str, Any] | None = self._memory.get(key)
        if self.folder is not None and os.path.exists(self._path(key)):
            try:
                result = read_arrays(self._path(key))
            except ValueError as error:
                warnings.warn(f"{error}; computing it again", RuntimeWarning, stacklevel=3)
        made_by = _fingerprint(function, arguments)
        return result if result and str(result.get("made_by")) == made_by else None

    def _show(self, key: str) -> None:
        """Report the result that is computed next, and how long the others may take."""
        if not self.progress:
            return
        number = len(self.seconds) + (key not in self.seconds)
        total = f" of {self._expected}" if number <= self._expected else ""
        left = self._expected - number + 1
        about = ""
        if self.seconds and left > 0:
            mean = sum(self.seconds.values()) / len(self.seconds)
            about = f", about {left * mean:.0f} s left"
        print(f"result {number}{total}{about}: {key}", file=sys.stderr, flush=True)


def digest(array: Array) -> str:
    """SHA-256 of an array: its dtype, shape and contents."""
    header = f"{array.dtype} {array.shape} ".encode()
    return hashlib.sha256(header + np.ascontiguousarray(array).tobytes()).hexdigest()


def _fingerprint(function: Callable[..., Any], arguments: dict[str, Any]) -> str:
    """Identifies a result: version of the package, function, arguments that are not bound."""
    made_by = function.func if isinstance(function, partial) else function
    recipe = json.dumps(arguments, sort_keys=True, default=_as_text)
    name = f"{made_by.__module__}.{made_by.__qualname__}"
    return hashlib.sha256(f"{__version__} {name} {recipe}".encode()).hexdigest()


def _as_text(value: object) -> str:
    """An argument that JSON lacks, as text; an array by its contents, unlike its repr."""
    return digest(value) if isinstance(value, np.ndarray) else repr(value)
