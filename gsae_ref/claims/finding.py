"""What running an item of evidence gives."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arrays import Real
from ..notation.account import Outcome, block_html

Measure = Callable[[np.random.Generator, bool], "Finding"]
MEASUREMENTS: dict[str, Measure] = {}


@dataclass(frozen=True)
class Finding:
    """Outcome of one item of evidence.

    Attributes
    ----------
    kind, label, summary : str
        What was run, and its result in one line.
    ok : bool
        Whether it came out as the ledger expects.
    numbers : dict
        Instances, violations, ratios, errors: everything ``--json`` writes.
    detail : str
        Several lines for ``--explain``: an exact counterexample with both sides evaluated.
    """

    kind: str
    label: str
    ok: bool
    summary: str
    numbers: dict[str, Any] = field(default_factory=dict)
    detail: str = ""

    def __repr__(self) -> str:
        state = "ok" if self.ok else "FAILS"
        return f"<{state} {textwrap.shorten(f'{self.label}: {self.summary}', 80)}>"

    def _repr_html_(self) -> str:
        return block_html(self.block)

    @property
    def block(self) -> Outcome:
        """Its line in the account of a statement."""
        return Outcome(self.ok, self.kind, self.label, self.summary)


def measurement(function: Measure) -> Measure:
    """Register a measurement, ``function(rng, quick) -> Finding``, under its own name."""
    MEASUREMENTS[function.__name__] = function
    return function


def at_most(what: str, value: Real, limit: Real, **numbers: Any) -> Finding:
    """A measured value that must not exceed a limit (an error)."""
    return _compared(what, "<=", value, limit, value <= limit, numbers)


def at_least(what: str, value: Real, limit: Real, **numbers: Any) -> Finding:
    """A measured value that must reach a limit (the size of a discrepancy)."""
    return _compared(what, ">=", value, limit, value >= limit, numbers)


def _compared(
    what: str, relation: str, value: Real, limit: Real, ok: bool | np.bool_, numbers: dict[str, Any]
) -> Finding:
    more = "".join(
        f", {name.replace('_', ' ')} {number:.4g}"
        for name, number in numbers.items()
        if isinstance(number, (int, float))
    )
    summary = f"{value:.3g} (asked: {relation} {limit:.3g}){more}"
    return Finding(
        "measurement",
        what,
        bool(ok),
        summary,
        {"value": float(value), "limit": float(limit), **numbers},
    )
