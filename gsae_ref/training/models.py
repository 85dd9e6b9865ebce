"""Fitted models as files: the dictionary, the threshold, and the options of the network.

May import checks, files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import checks
from ..arrays import Array
from ..files import read_arrays, write_arrays
from .networks import Network, build_network

NETWORK = {  # options of the network, and their types
    "group_size": int,
    "n_unfold": int,
    "unfold_step": float,
    "accelerated": bool,
    "nonnegative": bool,
    "l1": float,
}


@dataclass(frozen=True)
class Model:
    """A dictionary (n_features, n_atoms), its threshold, and the options of its network."""

    A: Array
    lam: float
    options: dict[str, Any]

    @property
    def n_groups(self) -> int:
        """Number of groups of atoms."""
        return int(self.A.shape[1] // self.options["group_size"])

    @property
    def network(self) -> Network:
        """The network that encodes with this dictionary."""
        return build_network(**self.options)


def write_model(path: str | Path, model: Model) -> None:
    """Write a model as an .npz archive; an option that is None is stored as NaN."""
    options = {name: np.nan if value is None else value for name, value in model.options.items()}
    write_arrays(path, {"A": model.A, "lam": model.lam, **options})


def read_model(path: str | Path) -> Model:
    """Read a model that :func:`write_model` wrote.

    Raises
    ------
    ValueError
        If there is no such file, or it does not hold a model.
    """
    remedy = "write one with gsae-ref fit"
    if not os.path.exists(path):
        raise ValueError(f"{path} does not exist; it must be a model; {remedy}")
    stored = read_arrays(path)
    missing = {"A", "lam", *NETWORK} - set(stored)
    if missing:
        raise ValueError(f"{path} has no {min(missing)}, so it is not a model; {remedy}")
    try:
        options: dict[str, Any] = {name: kind(stored[name]) for name, kind in NETWORK.items()}
        lam = float(stored["lam"])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{path} holds something other than numbers ({error}), so it is not a model; {remedy}"
        ) from error
    if np.isnan(options["unfold_step"]):
        options["unfold_step"] = None
    return Model(checks.dictionary("A", stored["A"], options["group_size"]), lam, options)
