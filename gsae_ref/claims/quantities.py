"""The basic quantities of a model, with what is asked of their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from .fields import Exact, Unsuitable
from .model import Block, Instance, Model, Sizes
from .rational import Interval, Matrix, Undecided
from .sentences import Formula, Items, Scope
from .tape import Recorded, Unrecordable

LISTS = (list, tuple, range, Items)


class FaultInModel(ValueError):
    """A model that cannot be evaluated, with its name and the remedy."""


@dataclass(frozen=True)
class Quantity:
    """A basic quantity: the function of a model, whose errors name the model and the quantity."""

    model: str
    name: str
    function: Formula

    def __call__(self, scope: Scope) -> Any:
        exact = isinstance(scope.field, Exact)
        try:
            value = self.function(scope)
        except (FaultInModel, Unrecordable, Undecided, Unsuitable):
            raise
        except (Exception, SystemExit) as error:
            if exact and isinstance(error, ZeroDivisionError):
                raise  # of this instance only
            raise self._failure(error, exact) from error
        assert isinstance(scope, Instance)
        wrong = _not_exact(value) if exact else _no_batch(value, len(scope.theta))
        if wrong:
            rule = "integers, Fractions and matrices of them" if exact else BATCH
            raise FaultInModel(
                f"the model {self.model!r}: the quantity {self.name} is {wrong}; {WHERE[exact]} it "
                f"must be made of {rule}; build it with the operations of the instance's field"
            )
        return value

    def _failure(self, error: BaseException, exact: bool) -> FaultInModel:
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        return FaultInModel(
            f"the model {self.model!r}: the quantity {self.name} fails with {reason}, "
            f"{WHERE[exact]}; it must be a function of an instance, in floats and exactly"
        )


WHERE = {True: "in exact arithmetic", False: "on a batch of floats"}
BATCH = "numbers and of real arrays (instances, rows, columns)"


def _no_batch(value: Any, n_instances: int) -> str:
    """What a value is that is no batch of numbers or matrices; empty where it is one."""
    if isinstance(value, (Recorded, range, Items)):
        return ""
    if isinstance(value, (list, tuple)):
        return next(filter(None, (_no_batch(each, n_instances) for each in value)), "")
    if not isinstance(value, np.ndarray):
        real = isinstance(value, (int, float, Fraction, np.integer, np.floating))
        return "" if real else _named(value)
    if value.dtype.kind not in "fiu":
        return f"an array of dtype {value.dtype}"
    if value.ndim != 3 or len(value) not in (1, n_instances):
        return f"an array of shape {value.shape} for a batch of {n_instances}"
    return ""


def _not_exact(value: Any) -> str:
    """What a value is that is not exact; empty where it is."""
    if isinstance(value, Matrix):
        value = [entry for row in value for entry in row]
    if isinstance(value, (range, Items)):
        return ""
    if isinstance(value, (list, tuple)):
        return next(filter(None, map(_not_exact, value)), "")
    return "" if isinstance(value, (int, Fraction, Interval)) else _named(value)


def _named(value: Any) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def blocks_of(model: Model, sizes: Sizes) -> dict[str, Block]:
    """The blocks of a model at these sizes, checked."""
    try:
        blocks = model.blocks(sizes)
    except Exception as error:
        raise FaultInModel(
            f"the model {model.name!r}: blocks({dict(sizes)}) fails with {type(error).__name__}: "
            f"{error}; it must return a Block for every name"
        ) from error
    if not isinstance(blocks, Mapping) or not all(
        isinstance(each, Block) for each in blocks.values()
    ):
        raise FaultInModel(
            f"the model {model.name!r}: blocks({dict(sizes)}) is {blocks!r}; it must be a dict "
            "with a Block for every name"
        )
    for name, block in blocks.items():
        if not isinstance(block.count, (int, np.integer)) or block.count < 0:
            raise FaultInModel(
                f"the model {model.name!r}: the block {name} has count = {block.count!r}; it must "
                "be an integer of at least 0"
            )
    return dict(blocks)
