"""Checkpoints: the state of a run in one .npz, always whole, marked with the run it belongs to.

May import files, checks.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import checks, files
from ..arrays import Array
from .blocks import rows
from .optimizers import State

FIELDS = ("parameters", "first", "second")
History = dict[str, list[float]]  # name -> one number per epoch


class Checkpoints:
    """The file of a run's state, written every few epochs; nothing is written if ``path`` is None.

    Parameters
    ----------
    path : str or path, optional
        The file. The checkpoint before the last has ``.previous`` added to its name.
    every : int
        Epochs between two checkpoints.
    resume : bool
        Whether a run continues from the checkpoint, if there is one.
    fingerprint : callable, optional
        Returns the mark of the run, see :func:`fingerprint`; called if there is a ``path``.
    """

    def __init__(
        self,
        path: str | Path | None,
        every: int = 1,
        resume: bool = False,
        fingerprint: Callable[[], str] | None = None,
    ) -> None:
        self.every = checks.count("checkpoint_every", every)
        self.path = None if path is None else os.fspath(path)
        self.resume = resume
        self.fingerprint = fingerprint
        self.run = ""

    def restore(self) -> tuple[State, History] | None:
        """State and history of the newest checkpoint that can be read, or None to start afresh.

        To be called once, before the first epoch. A damaged file is renamed to .damaged, so that
        :meth:`save` never keeps it as the previous one.
        """
        if self.path is None:
            return None
        if self.fingerprint is not None:
            self.run = self.fingerprint()
        if not self.resume:
            return None
        for candidate in (self.path, f"{self.path}.previous"):
            if not os.path.exists(candidate):
                continue
            try:
                run, state, history = _read(candidate)
            except (ValueError, KeyError, TypeError) as error:
                warnings.warn(self._damage(candidate, error), RuntimeWarning, stacklevel=4)
                os.replace(candidate, f"{candidate}.damaged")
                continue
            if run != self.run:
                raise ValueError(
                    f"checkpoint {candidate} belongs to another run: start, data or recipe differ; "
                    f"a run continues its own only; give another file, or resume=False"
                )
            return state, history
        return None

    def _damage(self, candidate: str, error: Exception) -> str:
        """The warning of a damaged file."""
        has_older = candidate == self.path and os.path.exists(f"{self.path}.previous")
        remedy = "trying the one before it"
        if not has_older:
            remedy = "none is left, so the run starts from its beginning"
        return (
            f"checkpoint {candidate} is damaged ({error}) "
            f"and put aside as {candidate}.damaged; {remedy}"
        )

    def save_if_due(self, state: State, history: History) -> None:
        """Write the state after every ``every`` epochs."""
        if state.epoch % self.every == 0:
            self.save(state, history)

    def save(self, state: State, history: History) -> None:
        """Write the state, and keep the file before it as .previous.

        At every moment one of the two is whole, whenever the process ends.
        """
        if self.path is None:
            return
        arrays: dict[str, Any] = {}
        for field in FIELDS:
            named = getattr(state, field)
            arrays |= {f"{field}.{name}": value for name, value in named.items()}
        arrays |= {f"history.{name}": np.array(values) for name, values in history.items()}
        with files.atomically(self.path) as temporary:
            with open(temporary, "wb") as file:
                np.savez(
                    file, run=np.array(self.run), steps=state.steps, epoch=state.epoch, **arrays
                )
            if os.path.exists(self.path):
                os.replace(self.path, f"{self.path}.previous")


def fingerprint(parameters: dict[str, Array], Y: Array, *recipe: Any) -> str:
    """A hash of start, data and recipe, on which a checkpoint and the run it continues must agree.

    Schedules and the number of epochs may change.
    """
    shapes = [(name, value.shape, value.dtype.name) for name, value in sorted(parameters.items())]
    digest = hashlib.sha256(repr((shapes, Y.shape, Y.dtype.name, recipe)).encode())
    for name in sorted(parameters):
        digest.update(np.ascontiguousarray(parameters[name]).data)
    for block in rows(Y):
        digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def _read(path: str) -> tuple[str, State, History]:
    """Run, state and history in a file."""
    arrays = files.read_arrays(path)

    def below(prefix: str) -> dict[str, Array]:
        """The arrays named ``prefix.something``, under the rest of the name."""
        start = f"{prefix}."
        return {
            name.removeprefix(start): value
            for name, value in arrays.items()
            if name.startswith(start)
        }

    parameters, first, second = (below(field) for field in FIELDS)
    state = State(parameters, first, second, int(arrays["steps"]), int(arrays["epoch"]))
    history = {name: values.tolist() for name, values in below("history").items()}
    return str(arrays["run"]), state, history
