"""How the evidence of R9 and R13 is spoiled: samples outside a hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .instance import BELOW_90, Samples


def _scaled(i: Samples) -> Iterator[Samples]:
    """A, A* or the norm of the noise away from what they are; atoms of unequal norm."""
    for factor in (0.5, 0.8, 1.25, 2.0):
        yield replace(i, A=factor * i.A, lam=factor * i.lam)
        yield replace(i, A=factor * i.A)
        yield replace(i, A_star=factor * i.A_star)
    yield replace(i, A=i.A * (1 + 0.3 * (np.arange(i.A.shape[1]) % i.group_size)))
    shape = i.noise.shape
    wave = np.cos(1.0 + np.arange(i.noise.size)).reshape(shape)
    for size in (0.05, 0.3, 1.0):
        yield replace(i, noise=i.noise + size * wave)


def _varied(i: Samples) -> Iterator[Samples]:
    """One change at a time, with smaller and larger steps and thresholds."""
    few = i.codes.copy()
    few[:, 1:] = 0.0
    codes = [i.codes] if i.group_size == 1 else [i.codes, few]
    for each in codes:
        j = replace(i, codes=each)
        for step in (0.05, 1.0, 5.0, 100.0):
            k = replace(j, step_size=step * i.step_size)
            yield k
            yield from _scaled(k)
            for lam in (0.0, 0.3, 0.7, 0.95, 1.05, 1.4, 2.0):
                yield replace(k, lam=lam * i.lam)
    yield replace(i, noise=0 * i.noise)


VARIED: dict[type, Callable[[Any], Iterator[Any]]] = {Samples: _varied}

# Planes in R^6 of which the first has one atom out of the span of A*.
AT_90_DEGREES = Samples(
    np.eye(6)[:, [0, 4, 2, 3]],
    np.eye(6)[:, :4],
    np.array([[2.0, 1.0], [1.0, 2.0], [2.0, -1.0], [2.0, 2.0]]),
    np.array([0, 1, 0, 1]),
    np.zeros((4, 6)),
    0.5,
    0.1,
    2,
)
WRITTEN = dict.fromkeys(("samples", "one_group_samples", "few_samples"), (AT_90_DEGREES,))

NO_TANGENT = {BELOW_90.text: "at 90 degrees there is no tangent to speak of"}
NOT_ATTAINED = {
    ("R9", "samples_run"): (0.75, "one step attains it; a run turns from the worst direction"),
}
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("R9", "T+ = T E (E + eta S)^-1, several groups"): NO_TANGENT,
    ("R9", "T+ = T E (E + eta S)^-1, any angle"): NO_TANGENT,
    ("R9", "tan theta_j+ <= q tan theta_j"): NO_TANGENT,
    ("R9", "the same, several groups"): NO_TANGENT,
    ("R9", "directions without a sample do not move"): NO_TANGENT,
}
MOVED_BY = {
    ("R9", "samples_probability"): (0.1, "the exponent of the Chernoff bound is not the exact one"),
}
