"""Units of work that are kept once they are done: how every experiment shows its progress and resumes."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..._version import __version__
from ...arrays import Array
from ...files import read_arrays, write_arrays


class Cells:
    """Runs units of work, keeps what they return, and returns it from there when the same unit is asked for again.

    Attributes
    ----------
    folder : str or path or None
        Where results are kept; None keeps nothing.
    progress : bool
        Say on standard error what is running.
    seconds : dict
        Time taken by each unit, in the run that computed it.
    """

    def __init__(self, folder: str | Path | None, progress: bool = False) -> None:
        self.folder = folder
        self.progress = progress
        self.seconds: dict[str, float] = {}
        if folder is not None:
            try:
                os.makedirs(folder, exist_ok=True)
            except OSError as error:
                raise ValueError(
                    f"folder {folder} cannot be made ({error.strerror}); it must be writable; choose another"
                ) from error

    def run(self, key: str, function: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """``function(**arguments)``, a flat dictionary of arrays and numbers, computed or read back.

        Parameters
        ----------
        key : str
            Name of the unit, letters, digits, hyphens.
        function : callable
        **arguments
            Plain data; a result is read back only if it was made with the same arguments by the
            same version of the package.

        Returns
        -------
        dict of str to ndarray
        """
        kept: dict[str, Any] | None = self._kept(key, function, arguments)
        if kept is None:
            self._say(f"{key} ...")
            start = time.perf_counter()
            kept = {**function(**arguments), "seconds": time.perf_counter() - start}
            if self.folder is not None:
                write_arrays(self._path(key), {**kept, "made_by": _made_by(function, arguments)})
        self.seconds[key] = float(kept["seconds"])
        self._say(f"{key}: {self.seconds[key]:.1f} s")
        return {name: value for name, value in kept.items() if name not in ("seconds", "made_by")}

    def checkpoint(self, key: str) -> str | None:
        """Path for the checkpoint of a long unit; None if nothing is kept."""
        return None if self.folder is None else os.path.join(self.folder, f"{key}.checkpoint.npz")

    def _path(self, key: str) -> str:
        return os.path.join(self.folder or "", f"{key}.npz")

    def _kept(
        self, key: str, function: Callable[..., Any], arguments: dict[str, Any]
    ) -> dict[str, Array] | None:
        """What an earlier run left for this unit, or None."""
        if self.folder is None or not os.path.exists(self._path(key)):
            return None
        try:
            kept = read_arrays(self._path(key))
        except ValueError as error:
            warnings.warn(f"{error}; computing it again", RuntimeWarning, stacklevel=3)
            return None
        return kept if str(kept.get("made_by")) == _made_by(function, arguments) else None

    def _say(self, text: str) -> None:
        if self.progress:
            print(text, file=sys.stderr, flush=True)


def _made_by(function: Callable[..., Any], arguments: dict[str, Any]) -> str:
    """What a kept result must agree on: version, function, arguments."""
    recipe = json.dumps(arguments, sort_keys=True, default=_known_by)
    return hashlib.sha256(
        f"{__version__} {function.__module__}.{function.__qualname__} {recipe}".encode()
    ).hexdigest()


def _known_by(value: object) -> str:
    """What stands for an argument that JSON does not know: for an array its contents, which its repr abbreviates."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()}"
    return repr(value)
