"""How the evidence of R14 is spoiled: laws of codes outside a hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .instance import POSITIVE_LAM, OneGroup


def _varied(i: OneGroup) -> Iterator[OneGroup]:
    """Other norms, one direction, equal groups of A*, no threshold; A as cheap as that allows."""
    d = i.group_size
    first = np.arange(i.A.shape[1]) % d == 0
    for norm in (0.2, 0.5, 1.0):
        yield replace(i, norms=np.array([1.0, norm]))
    yield replace(i, lam=0.0)
    yield replace(i, directions=np.eye(d)[:1], A=i.A * first)
    one = np.arange(i.A.shape[1]) < d
    equal = np.tile(i.A_star[:, :d], len(i.p))
    yield replace(i, A_star=equal, A=i.A * one)


VARIED: dict[type, Callable[[Any], Iterator[Any]]] = {OneGroup: _varied}

PRINCIPAL_COMPONENTS = "the bound holds for lam = 0 too: it is that of principal components"
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("R14", "(c) least cost with weight decay"): {POSITIVE_LAM.text: PRINCIPAL_COMPONENTS},
}
