"""A family of instances: a smooth map from a vector of free parameters to an instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array


@dataclass(frozen=True)
class Family:
    """A map from parameter vectors to instances, and the shapes it is tried at."""

    build: Callable[[Any, Array], Any]  # of a shape, the instance of its paper
    shapes: tuple[Any, ...]

    def draw(self, shape: Any, rng: np.random.Generator) -> Array:
        """Random parameters; every scalar lands on an end of its range with probability 1/4."""
        theta = rng.standard_normal(shape.n_parameters)
        scalars = rng.uniform(0, np.pi, shape.n_scalars)
        ends = rng.choice([0.0, np.pi / 2], shape.n_scalars)
        theta[-shape.n_scalars :] = np.where(rng.random(shape.n_scalars) < 0.25, ends, scalars)
        return theta
