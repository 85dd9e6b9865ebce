"""Checkpoints: the state of a run in one .npz, always whole, and known to belong to its run. May import files."""

import hashlib
import os
import warnings

import numpy as np

from .. import files
from .blocks import rows
from .optimizers import State

__all__ = ["fingerprint", "restore", "save"]

FIELDS = ("parameters", "first", "second")


def fingerprint(parameters, Y, *recipe):
    """What a checkpoint must agree on to be continued: start, data and recipe. (Schedules and the number of epochs may change.)"""
    shapes = [(name, value.shape, value.dtype.name) for name, value in sorted(parameters.items())]
    digest = hashlib.sha256(repr((shapes, Y.shape, Y.dtype.name, recipe)).encode())
    for name in sorted(parameters):
        digest.update(np.ascontiguousarray(parameters[name]))
    for block in rows(Y):
        digest.update(np.ascontiguousarray(block))
    return digest.hexdigest()


def save(path, run, state, history):
    """Write the state; the file that was there stays as .previous. Whenever the process ends, one whole checkpoint is there."""
    path = os.fspath(path)
    arrays = {f"{field}.{name}": value for field in FIELDS for name, value in getattr(state, field).items()}
    arrays |= {f"history.{name}": np.array(values) for name, values in history.items()}
    with files.atomically(path) as temporary:
        with open(temporary, "wb") as file:
            np.savez(file, run=np.array(run), steps=state.steps, epoch=state.epoch, **arrays)
        if os.path.exists(path):
            os.replace(path, f"{path}.previous")


def restore(path, run):
    """State and history of the newest checkpoint that can be read; None if there is none."""
    path = os.fspath(path)
    for candidate in (path, f"{path}.previous"):
        if not os.path.exists(candidate):
            continue
        try:
            owner, state, history = _read(candidate)
        except (ValueError, KeyError, TypeError) as error:
            warnings.warn(f"checkpoint {candidate} is damaged ({error}); trying the one before it", RuntimeWarning, stacklevel=4)
            continue
        if owner != run:
            raise ValueError(
                f"checkpoint {candidate} belongs to another run (start, data or recipe differ); a run continues its own only; "
                f"give another file, or resume=False"
            )
        return state, history
    return None


def _read(path):
    """Owner, state and history that stand in a file."""
    held = files.read_arrays(path)

    def below(prefix):
        return {name.removeprefix(f"{prefix}."): value for name, value in held.items() if name.startswith(f"{prefix}.")}

    state = State(*map(below, FIELDS), int(held["steps"]), int(held["epoch"]))
    return str(held["run"]), state, {name: values.tolist() for name, values in below("history").items()}
