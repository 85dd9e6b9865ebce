"""A family of instances: a smooth map from a vector of free parameters to an instance.

It serves statements whose two sides are functions of an instance, not sentences: an item of
evidence at one shape of its family is searched as a claim at one choice of sizes is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import Array
from .model import Block, Layout
from .problem import Sides

if TYPE_CHECKING:
    from .evidence import Identity, Inequality

SMALLEST_SIDE = 1e-6  # instances whose two sides are below it are left out of the search
SMALLEST_SCALE = 1e-3  # a side below it no longer sets the scale of an error of an identity


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


class FamilyLayout(Layout):
    """The parameters of a family at one shape: a single block."""

    def __init__(self, family: Family, shape: Any) -> None:
        super().__init__({"theta": Block(shape.n_parameters)}, ())
        self.family = family
        self.shape = shape

    def draw(self, rng: np.random.Generator, n_draws: int) -> Array:
        """Random parameters (n_draws, size)."""
        return np.array([self.family.draw(self.shape, rng) for _ in range(n_draws)])


@dataclass(frozen=True)
class FamilyProblem:
    """An item of evidence at one shape of its family, ready to be evaluated."""

    evidence: Inequality | Identity
    family: Family
    shape: Any

    @cached_property
    def layout(self) -> Layout:
        """The parameters."""
        return FamilyLayout(self.family, self.shape)

    @property
    def is_identity(self) -> bool:
        """Whether the statement is an equation."""
        return hasattr(self.evidence, "tolerance")

    def instance(self, theta: Array) -> Any:
        """The instance at a vector of parameters."""
        return self.family.build(self.shape, theta)

    def sides(self, theta: Array, full: bool = False) -> Sides:
        """Both sides and the margins of the hypotheses, one instance at a time."""
        with np.errstate(all="ignore"):
            found = [self._at(self.instance(each)) for each in theta]
        left, right, distance, *margins = np.array(found, dtype=float).T
        floor = 0.0 if self.is_identity else SMALLEST_SIDE
        return Sides(
            left, right, np.stack(margins or [np.ones(len(left))], axis=1), floor, distance
        )

    def _at(self, instance: Any) -> list[float]:
        """Left, right, distance from degenerate instances, and margins."""
        left, right = self.evidence.sides(instance)
        if self.is_identity:
            left, right = _error(left, right)
        margins = [float(h.margin(instance)) for h in self.evidence.hypotheses]
        return [float(left), float(right), getattr(instance, "delta", np.nan), *margins]


def _error(left: Any, right: Any) -> tuple[float, float]:
    """An equation as a pair: the norm of the difference, and the larger norm of the sides."""
    a = np.asarray(left, dtype=float)
    b = np.asarray(right, dtype=float)
    scale = max(float(np.linalg.norm(a)), float(np.linalg.norm(b)), SMALLEST_SCALE)
    return float(np.linalg.norm(a - b)), scale
