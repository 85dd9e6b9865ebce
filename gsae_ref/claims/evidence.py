"""Kinds of evidence: inequalities, identities, counterexamples, measurements, and more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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

    The fields are those of :class:`gsae_ref.Claim`, which is made when it is needed.
    ``expect="holds"``: no violation, at random or by search; ``expect="fails"``: instances violate
    it, one of them in exact arithmetic. Of an equation, the sides are equal to rounding, or differ.
    """

    label: str
    conclusion: str
    model: str
    sizes: tuple[Mapping[str, int], ...]
    given: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    let: Mapping[str, str] = field(default_factory=dict)
    expect: str = "holds"

    @property
    def kind(self) -> str:
        """What the claim is: "identity" or "inequality"."""
        return "identity" if "==" in self.conclusion else "inequality"

    @cached_property
    def claim(self) -> Claim:
        """The claim."""
        fields = {name: getattr(self, name) for name in ("model", "sizes", "given", "where", "let")}
        return Claim(self.conclusion, name=self.label, **fields)


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


@dataclass(frozen=True)
class Reproduction:
    """A figure or table computed again, by a command that takes minutes to hours.

    ``verify`` reports the kept result and does not run the command. ``outcome`` is "reproduces",
    "does not reproduce" or "not settled", of ``claim``; ``measured`` are its numbers.
    """

    command: str
    claim: str
    outcome: str
    measured: str

    @property
    def shows(self) -> str:
        """What the result speaks for: "support", "against" or "neither"."""
        return {"reproduces": "support", "does not reproduce": "against"}.get(
            self.outcome, "neither"
        )


Evidence = Inequality | Identity | Stress | Counterexample | Measurement | Reading | Reproduction


def worst(left: Reals, right: Reals) -> tuple[float, float]:
    """The pair (left_k, right_k), of arrays of one shape, that is closest to left > right."""
    a = np.ravel(np.asarray(left))
    b = np.ravel(np.asarray(right))
    k = np.argmax(a - b)
    return float(a[k]), float(b[k])
