"""Kinds of evidence: inequalities, identities, counterexamples, measurements, readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Real
from .claim import Claim
from .hypothesis import Hypothesis

Reals = Sequence[Real] | Array | float
# of an instance of the paper at hand: its left and right side, numbers or arrays
Sides = Callable[[Any], tuple[Any, Any]]


@dataclass(frozen=True)
class Inequality:
    """left(i) <= right(i) on every instance of a family that satisfies the hypotheses.

    ``expect="holds"``: no violation, at random or by an optimiser that pushes left/right up.
    ``expect="fails"``: violations exist.
    """

    label: str
    family: str
    sides: Sides
    hypotheses: tuple[Hypothesis, ...] = ()
    expect: str = "holds"


@dataclass(frozen=True)
class Identity:
    """left(i) == right(i), numbers or arrays, on every instance of a family.

    ``tolerance`` is a relative error. ``expect="fails"``: the sides differ on some instance.
    """

    label: str
    family: str
    sides: Sides
    hypotheses: tuple[Hypothesis, ...] = ()
    expect: str = "holds"
    tolerance: float = 1e-10


@dataclass(frozen=True)
class Stress:
    """A claim of the workbench, put to the test at all its sizes.

    ``expect="holds"``: no violation, at random or by search; ``expect="fails"``: random instances
    violate it. Of an equation, the sides are equal to rounding, or differ.
    """

    claim: Claim
    expect: str = "holds"

    @property
    def label(self) -> str:
        """The name of the claim."""
        return self.claim.name


@dataclass(frozen=True)
class Counterexample:
    """The exact rational instances that are registered for the row.

    Each meets the hypotheses and refutes the printed statement.
    """


@dataclass(frozen=True)
class Measurement:
    """A run of the implementation, a named function of :mod:`gsae_ref.papers.measurements`.

    ``shows="support"`` for the statement (or its corrected form), ``"against"`` for evidence that
    the printed form fails.
    """

    name: str
    shows: str = "support"


@dataclass(frozen=True)
class Reading:
    """What the text itself shows: a symbol introduced, an index misprinted."""

    text: str


Evidence = Inequality | Identity | Stress | Counterexample | Measurement | Reading


def worst(left: Reals, right: Reals) -> tuple[float, float]:
    """The pair (left_k, right_k), of arrays of one shape, that is closest to left > right."""
    a = np.ravel(np.asarray(left))
    b = np.ravel(np.asarray(right))
    k = np.argmax(a - b)
    return float(a[k]), float(b[k])
