"""Checkpoints: the state of a run in one .npz, always whole, and known to belong to its run. May import files."""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..arrays import Array
from .blocks import rows
from .optimizers import State

FIELDS = ("parameters", "first", "second")


def fingerprint(parameters: dict[str, Array], Y: Array, *recipe: Any) -> str:
    """What a checkpoint must agree on to be continued: start, data and recipe. (Schedules and the number of epochs may change.)"""
    shapes = [(name, value.shape, value.dtype.name) for name, value in sorted(parameters.items())]
    digest = hashlib.sha256(repr((shapes, Y.shape, Y.dtype.name, recipe)).encode())
    for name in sorted(parameters):
        digest.update(np.ascontiguousarray(parameters[name]).data)
    for block in rows(Y):
        digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def save(path: str | Path, run: str, state: State, history: dict[str, list[float]]) -> None:
    """Write the state; the file that was there stays as .previous. Whenever the process ends, one whole checkpoint is there."""
    path = os.fspath(path)
    arrays = {
        f"{field}.{name}": value
        for field in FIELDS
        for name, value in getattr(state, field).items()
    }
    arrays |= {f"history.{name}": np.array(values) for name, values in history.items()}
    with files.atomically(path) as temporary:
        with open(temporary, "wb") as file:
            np.savez(file, run=np.array(run), steps=state.steps, epoch=state.epoch, **arrays)
        if os.path.exists(path):
            os.replace(path, f"{path}.previous")


def restore(path: str | Path, run: str) -> tuple[State, dict[str, list[float]]] | None:
    """State and history of the newest checkpoint that can be read; None if there is none.

    A damaged one is put aside as .damaged, so that :func:`save` never keeps it in the place of a
    whole one.
    """
    path = os.fspath(path)
    for candidate in (path, f"{path}.previous"):
        if not os.path.exists(candidate):
            continue
        try:
            owner, state, history = _read(candidate)
        except (ValueError, KeyError, TypeError) as error:
            older = candidate == path and os.path.exists(f"{path}.previous")
            then = (
                "trying the one before it"
                if older
                else "none is left, so the run starts from its beginning"
            )
            warnings.warn(
                f"checkpoint {candidate} is damaged ({error}) and put aside as {candidate}.damaged; {then}",
                RuntimeWarning,
                stacklevel=4,
            )
            os.replace(candidate, f"{candidate}.damaged")
            continue
        if owner != run:
            raise ValueError(
                f"checkpoint {candidate} belongs to another run (start, data or recipe differ); a run continues its own only; "
                f"give another file, or resume=False"
            )
        return state, history
    return None


def _read(path: str) -> tuple[str, State, dict[str, list[float]]]:
    """Owner, state and history that stand in a file."""
    held = files.read_arrays(path)

    def below(prefix: str) -> dict[str, Array]:
        return {
            name.removeprefix(f"{prefix}."): value
            for name, value in held.items()
            if name.startswith(f"{prefix}.")
        }

    state = State(
        below("parameters"), below("first"), below("second"), int(held["steps"]), int(held["epoch"])
    )
    return (
        str(held["run"]),
        state,
        {name: values.tolist() for name, values in below("history").items()},
    )
