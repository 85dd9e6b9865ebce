"""What ``verify --teeth`` needs to spoil the evidence of the ledger.

``VARIED``: by class of instances, a function that yields the variations of one, some of which miss
a hypothesis. ``WRITTEN``: by family, instances written by hand. ``TERMS``: by (row, label), both
sides of an inequality without one of the terms of its bound. ``NOT_ATTAINED``: by (row, label), the
share of a bound that the evidence finds used, and why no more is. ``NOT_NEEDED``: by (row, label),
what the statement holds without, and why; under "", why a measurement cannot notice. ``MOVED_BY``:
by (row, measurement), the factor that it notices where that is not 1.01, and why. ``SHOWN``: by
(row, label), for a spoiled claim the sizes and the parameters of an instance that refutes it.
``REACHED``: by (row, label), a function that returns an instance at which a bound uses the share
of ``NOT_ATTAINED``, or 0.98 of it where none is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .l23 import teeth as l23
from .n19 import teeth as n19
from .t21 import teeth as t21
from .t21.identifiability import teeth as identifiability
from .t21.samples import teeth as samples
from .t21.several import teeth as several
from .t21.threshold import teeth as threshold
from .t21.window import teeth as window

OWN = (samples, several, threshold, identifiability, window)
EVERY = (t21, n19, l23, *OWN)


def _united(name: str) -> dict[Any, Any]:
    """The records of a name in all files."""
    found = [getattr(module, name, {}) for module in EVERY]
    return {key: value for records in found for key, value in records.items()}


VARIED: dict[type, Callable[[Any], Iterator[Any]]] = _united("VARIED")
WRITTEN: dict[str, tuple[Any, ...]] = _united("WRITTEN")
TERMS: dict[tuple[str, str], dict[str, Callable[[Any], tuple[Any, Any]]]] = _united("TERMS")
NOT_ATTAINED: dict[tuple[str, str], tuple[float, str]] = _united("NOT_ATTAINED")
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = _united("NOT_NEEDED")
MOVED_BY: dict[tuple[str, str], tuple[float, str]] = _united("MOVED_BY")
SHOWN: dict[tuple[str, str], dict[str, Any]] = _united("SHOWN")
REACHED: dict[tuple[str, str], Callable[[], Any]] = _united("REACHED")
