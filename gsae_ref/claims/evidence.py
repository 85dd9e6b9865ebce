"""What can bear a verdict out: inequalities and identities on families of instances, counterexamples, measurements, readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Real
from .hypothesis import Hypothesis

Reals = Sequence[Real] | Array | float
Sides = Callable[
    [Any], tuple[Any, Any]
]  # of an instance of the paper at hand: its left and right side, numbers or arrays


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
    """left(i) == right(i), arrays, on every instance of a family, up to a relative error of ``tolerance``; or ``expect="fails"``."""

    label: str
    family: str
    sides: Sides
    hypotheses: tuple[Hypothesis, ...] = ()
    expect: str = "holds"
    tolerance: float = 1e-10


@dataclass(frozen=True)
class Counterexample:
    """The exact rational instances registered for the row: each meets the hypotheses and refutes the printed statement."""


@dataclass(frozen=True)
class Measurement:
    """Evidence that runs the implementation: a named function of :mod:`gsae_ref.papers.measurements`.

    ``shows="support"`` for the statement (or its corrected form), ``"against"`` for evidence that
    the printed form fails.
    """

    name: str
    shows: str = "support"


@dataclass(frozen=True)
class Reading:
    """No number can settle it: the text itself shows it (a symbol introduced, an index misprinted)."""

    text: str


Evidence = Inequality | Identity | Counterexample | Measurement | Reading


def worst(left: Reals, right: Reals) -> tuple[float, float]:
    """The pair (left_k, right_k) that comes closest to violating left <= right, of arrays of one shape."""
    a = np.ravel(np.asarray(left))
    b = np.ravel(np.asarray(right))
    k = np.argmax(a - b)
    return float(a[k]), float(b[k])
