"""Checkpoints: the state of a run in one .npz, always whole, marked with the run it belongs to.

May import files, checks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import checks, files
from ..arrays import Array
from ..checks.blockwise import rows
from .optimizers import State

FIELDS = ("parameters", "first", "second")
OWN = {"steps.npy", "epoch.npy", "run.npy"}  # members of every checkpoint
ARCHIVE = b"PK\x03\x04"  # how an .npz begins
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
        Whether a run continues from the checkpoint, if there is one; refused without a ``path``.
    fingerprint : callable, optional
        Returns the mark of start and data, see :func:`fingerprint`; called if there is a ``path``.
    settings : dict, optional
        Name -> number, string, flag or None: all else that a step depends on.
    schedules : dict, optional
        Name -> function of the epoch: numbers that a step depends on. Those of the epochs done are
        stored and compared, so a run may be continued with a schedule that goes on otherwise.
    """

    def __init__(
        self,
        path: str | Path | None,
        every: int = 1,
        resume: bool = False,
        fingerprint: Callable[[], str] | None = None,
        settings: dict[str, Any] | None = None,
        schedules: dict[str, Callable[[int], float]] | None = None,
    ) -> None:
        self.every = checks.count("checkpoint_every", every)
        self.path = _checked_path(path)
        self.resume = checks.flag("resume", resume)
        if self.resume and self.path is None:
            raise ValueError(
                "resume=True without a checkpoint; a run continues from a checkpoint; "
                "give the name of its file, or resume=False"
            )
        self.fingerprint = fingerprint
        self.settings = settings or {}
        self.schedules = schedules or {}
        self.values: dict[str, list[float]] = {}  # of the schedules, in the epochs done
        self.run = ""
        self.restored: History = {}  # the history that a run continues, and appends to
        self.stacklevel = 4  # of the warning of a damaged file

    def restore(self) -> tuple[State, History] | None:
        """State and history of the newest checkpoint that can be read, or None to start afresh.

        To be called once, before the first epoch. A damaged file is renamed to .damaged, so that
        :meth:`save` never keeps it as the previous one.
        """
        if self.path is None:
            return None
        if self.fingerprint is not None:
            self.run = self.fingerprint()
        if os.path.exists(self.path) and not os.path.exists(f"{self.path}.previous"):
            _refuse_other_kinds(self.path)
            _refuse_other_contents(self.path)
        if not self.resume:
            return None
        for candidate in (self.path, f"{self.path}.previous"):
            if not os.path.exists(candidate):
                continue
            _refuse_other_kinds(candidate)
            try:
                saved, state, history = _read(candidate)
            except (ValueError, KeyError, TypeError) as error:
                damage = self._damage(candidate, error)
                warnings.warn(damage, RuntimeWarning, stacklevel=self.stacklevel)
                os.replace(candidate, f"{candidate}.damaged")
                continue
            difference = self._difference(saved, state.epoch)
            if difference:
                raise ValueError(
                    f"checkpoint {candidate} belongs to another run: {difference}; "
                    f"a run continues its own only; give another file, or resume=False"
                )
            self.restored = history
            return state, history
        return None

    def _difference(self, saved: _Saved, epoch: int) -> str:
        """What differs between the run of a checkpoint and this one; empty if nothing does."""
        if saved.settings is None:
            return "it was written before settings were stored, so these cannot be compared"
        here = json.loads(json.dumps(self.settings))
        for name in [*here, *(set(saved.settings) - set(here))]:
            if saved.settings.get(name) != here.get(name):
                return f"{name} = {here.get(name)!r} here, {saved.settings.get(name)!r} there"
        for name, now in self._schedule_values(epoch).items():
            before = saved.schedules.get(name, [])
            for k in range(epoch):
                if k >= len(before) or before[k] != now[k]:
                    there = before[k] if k < len(before) else "unknown"
                    return f"in epoch {k} {name} = {now[k]!r} here, {there} there"
        return "" if saved.run == self.run else "start or data differ"

    def _schedule_values(self, epoch: int) -> dict[str, list[float]]:
        """The values of the schedules in the epochs before ``epoch``; each is asked for once."""
        for name, at in self.schedules.items():
            values = self.values.setdefault(name, [])
            values.extend(float(at(k)) for k in range(len(values), epoch))
        return {name: values[:epoch] for name, values in self.values.items()}

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
        schedules = self._schedule_values(state.epoch)
        arrays |= {f"schedule.{name}": np.array(values) for name, values in schedules.items()}
        arrays |= {"run": np.array(self.run), "settings": np.array(json.dumps(self.settings))}
        with files.atomically(self.path) as temporary:
            with open(temporary, "wb") as file:
                np.savez(file, steps=state.steps, epoch=state.epoch, **arrays)
            if os.path.exists(self.path):
                os.replace(self.path, f"{self.path}.previous")


def fingerprint(parameters: dict[str, Array], Y: Array, *recipe: Any) -> str:
    """A hash of start, data and recipe: a checkpoint and the run it continues agree on it."""
    shapes = [(name, value.shape, value.dtype.name) for name, value in sorted(parameters.items())]
    digest = hashlib.sha256(repr((shapes, Y.shape, Y.dtype.name, recipe)).encode())
    for name in sorted(parameters):
        digest.update(np.ascontiguousarray(parameters[name]).data)
    for block in rows(Y):
        digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def settings_of(**values: Any) -> dict[str, Any]:
    """Settings as they are stored and compared: NumPy's numbers as Python's, 1 and 1.0 alike.

    >>> settings_of(l1=np.float64(1.0), n_unfold=2, unfold_step=None)
    {'l1': 1.0, 'n_unfold': 2, 'unfold_step': None}
    """
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in values.items()
    }


def _checked_path(path: Any) -> str | None:
    """Check the name of a file."""
    if path is None:
        return None
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise TypeError(f"checkpoint = {path!r}; it must be the name of a file, or None")
    return str(os.fspath(path))


def _refuse_other_kinds(path: str) -> None:
    """Refuse what is there but no damaged checkpoint, so that it is not put aside."""
    if os.path.isdir(path):
        raise ValueError(f"checkpoint {path} is a folder; add a file name")
    with open(path, "rb") as file:
        if file.read(6) == b"\x93NUMPY":
            raise ValueError(f"checkpoint {path} is a .npy file, an array; name another file")


def _refuse_other_contents(path: str) -> None:
    """Refuse a file that is neither a checkpoint nor a damaged one, so that it is not replaced.

    Damage leaves most of the first four bytes, or makes them zero, and some of the names.
    """
    with open(path, "rb") as file:
        head = file.read(len(ARCHIVE))
    n_same = sum(a == b for a, b in zip(head, ARCHIVE, strict=False))
    if len(head) == len(ARCHIVE) and any(head) and n_same < len(ARCHIVE) - 1:
        raise ValueError(f"checkpoint {path} is no .npz archive; name another file")
    names = list(OWN)  # an archive that cannot be read may be a checkpoint
    with contextlib.suppress(*files.READ_ERRORS), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if names and OWN.isdisjoint(names):
        raise ValueError(f"checkpoint {path} is an archive of other arrays; name another file")


class _Saved(NamedTuple):
    """What a file says of its run."""

    run: str  #: the mark of start and data
    settings: dict[str, Any] | None  #: None in a file of an older version
    schedules: dict[str, list[float]]


def _read(path: str) -> tuple[_Saved, State, History]:
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
    settings = json.loads(str(arrays["settings"])) if "settings" in arrays else None
    schedules = {name: values.tolist() for name, values in below("schedule").items()}
    return _Saved(str(arrays["run"]), settings, schedules), state, history
