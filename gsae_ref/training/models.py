"""Fitted models as files: the dictionary, the threshold, and the options of the network.

May import ops, checks, files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import checks, ops
from ..arrays import Array
from ..files import read_arrays, write_arrays
from ..ops.sparse import ACTIVATIONS
from .networks import Network, build_network

NETWORK = {  # options of the network, and their types
    "group_size": int,
    "n_unfold": int,
    "unfold_step": float,
    "accelerated": bool,
    "nonnegative": bool,
    "l1": float,
}
REMEDY = "write one with gsae-ref fit, or with the method save of an estimator"


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

    def encode(self, Y: Array) -> Array:
        """Codes of samples."""
        return self.network.encode(self.A, Y, self.lam)

    def arrays(self) -> dict[str, Any]:
        """What a file holds; an option that is None is stored as NaN."""
        options = {name: np.nan if value is None else value for name, value in self.options.items()}
        return {"A": self.A, "lam": self.lam, **options}


@dataclass(frozen=True)
class SparseModel:
    """Weights (n_features, n_atoms) of a sparse network, its bias, activation and threshold.

    >>> SparseModel(np.eye(2), np.zeros(2), "hard", 1.0).encode(np.array([[2.0, 0.5]]))
    array([[2., 0.]])
    """

    W: Array
    bias: Array
    activation: str
    lam: float

    @property
    def A(self) -> Array:
        """The weights, as the dictionary that they are."""
        return self.W

    @property
    def n_groups(self) -> int:
        """Number of groups of one atom."""
        return int(self.W.shape[1])

    def encode(self, Y: Array) -> Array:
        """Codes of samples."""
        return ops.sparse_encode(self.W, Y, self.bias, self.activation, self.lam)

    def arrays(self) -> dict[str, Any]:
        """What a file holds."""
        return {"W": self.W, "bias": self.bias, "activation": self.activation, "lam": self.lam}


def write_model(path: str | Path, model: Model | SparseModel) -> None:
    """Write a model as an .npz archive."""
    write_arrays(path, model.arrays())


def read_model(path: str | Path) -> Model | SparseModel:
    """Read a model that :func:`write_model` wrote.

    Raises
    ------
    ValueError
        If there is no such file, or it does not hold a model.
    """
    if not os.path.exists(path):
        raise ValueError(f"{path} does not exist; it must be a model; {REMEDY}")
    stored = read_arrays(path)
    try:
        return _sparse_model(path, stored) if "W" in stored else _group_model(path, stored)
    except TypeError as error:
        raise ValueError(_no_numbers(path, error)) from error


def _no_numbers(path: str | Path, error: Exception) -> str:
    """The message that entries of a file have other types than those of a model."""
    return f"{path} holds something other than numbers ({error}), so it is not a model; {REMEDY}"


def _require(path: str | Path, stored: dict[str, Any], names: Iterable[str]) -> None:
    """Refuse a file without arrays of these names."""
    missing = set(names) - set(stored)
    if missing:
        raise ValueError(f"{path} has no {min(missing)}, so it is not a model; {REMEDY}")


def _group_model(path: str | Path, stored: dict[str, Any]) -> Model:
    """The model of groups in a file."""
    _require(path, stored, {"A", "lam", *NETWORK})
    try:
        options: dict[str, Any] = {name: kind(stored[name]) for name, kind in NETWORK.items()}
        lam = float(stored["lam"])
    except ValueError as error:
        raise ValueError(_no_numbers(path, error)) from error
    if np.isnan(options["unfold_step"]):
        options["unfold_step"] = None
    else:
        checks.step(options["unfold_step"], "unfold_step")
    for name in ("n_unfold", "accelerated", "nonnegative"):
        if options[name] != stored[name].item():
            raise ValueError(
                f"{path} has {name} = {stored[name].item()!r}, of another type than "
                f"{NETWORK[name].__name__}, so it is not a model; {REMEDY}"
            )
    checks.count("n_unfold", options["n_unfold"])
    checks.threshold(options["l1"], "l1")
    A = checks.dictionary("A", stored["A"], options["group_size"])
    return Model(A, checks.threshold(lam), options)


def _sparse_model(path: str | Path, stored: dict[str, Any]) -> SparseModel:
    """The sparse model in a file."""
    _require(path, stored, {"W", "bias", "activation", "lam"})
    W = checks.dictionary("W", stored["W"])
    bias = checks.per_atom("bias", stored["bias"], W.shape[1])
    activation = checks.option("activation", str(stored["activation"]), ACTIVATIONS)
    try:
        lam = float(stored["lam"])
    except ValueError as error:
        raise ValueError(_no_numbers(path, error)) from error
    return SparseModel(W, bias, activation, checks.threshold(lam))
