"""How the evidence of R12 and R17 is spoiled: lines and samples outside a hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .instance import TWO_ACTIVE, HeldOut, Lines


def _varied_sample(i: HeldOut) -> Iterator[HeldOut]:
    """R17: another dictionary for each sample, unequal chances, lam outside, other bounds."""
    turned = np.stack([np.roll(i.A_star, j, axis=0) for j in range(len(i.Y))])
    fails = i.failures.astype(float)
    yield replace(i, last=fails / max(fails.sum(), 1))
    for dictionaries in (turned, i.Y.sum(axis=1)[:, None, None] * i.dictionaries):
        yield replace(i, dictionaries=dictionaries)
        yield replace(replace(i, dictionaries=dictionaries), place=0.0)
    for place in (-1.0, 1.5):
        yield replace(i, place=place)
    yield replace(i, Y=0.5 * i.Y)
    yield replace(i, Y=3 * i.Y)
    yield replace(i, Y=i.Y + 1.0)
    yield replace(i, b_min=1.1 * i.b_min)
    yield replace(i, b_min=1.1 * i.b_min, b_max=1.1 * i.b_max)
    yield replace(i, b_max=0.9 * i.b_max)
    yield replace(i, b_min=0.9 * i.b_min, b_max=0.9 * i.b_max)
    shape = len(i.codes), -1, i.group_size
    first = i.codes.reshape(shape).copy()
    first[np.arange(len(first)), np.abs(first).sum(axis=2).argmax(axis=1)] *= 0.01
    codes = first.reshape(i.codes.shape)
    yield replace(i, codes=codes, Y=codes @ i.A_star.T)
    codes = i.codes.copy()
    codes[0] = 0
    yield replace(i, codes=codes, Y=codes @ i.A_star.T)
    codes[0] = np.abs(i.codes).max()
    yield replace(i, codes=codes, Y=codes @ i.A_star.T)


def _varied_lines(i: Lines) -> Iterator[Lines]:
    """R12: long or coherent atoms, three active, one sign, unequal moduli, another lam."""
    for factor in (0.9, 1.1):
        yield replace(i, star=factor * i.star)
        yield replace(i, lam=factor * i.lam)
        for atom in (0, -1):
            moduli = i.moduli.copy()
            moduli[:, atom] *= factor
            yield replace(i, moduli=moduli)
        yield replace(i, star=np.diag([factor, *[1.0] * (len(i.star) - 1)]) @ i.star)
    for positive in (0.6, 1.0):
        yield replace(i, positive=positive)
    for share in (0.2, 0.5):
        star = i.star.copy()
        star[:, 0] = (1 - share) * star[:, 0] + share * star[:, 1]
        yield replace(i, star=star / np.linalg.norm(star, axis=0))
        yield replace(i, star=star / np.linalg.norm(star, axis=0), lam=0.5 * i.lam)
        yield replace(i, star=star / np.linalg.norm(star, axis=0), lam=0.0)
    m = i.star.shape[1]
    if m > 2:
        supports = np.vstack([i.supports, np.arange(m) < 3])
        p = np.append(0.5 * i.probabilities, 0.5)
        yield replace(i, supports=supports, probabilities=p)


VARIED: dict[type, Callable[[Any], Iterator[Any]]] = {
    HeldOut: _varied_sample,
    Lines: _varied_lines,
}

# ---- instances written by hand


def _together(product: float, moduli: Any, lam: float, n_alone: int = 0) -> Lines:
    """Two atoms of an inner product that occur together, others that occur alone."""
    m = n_alone + 2
    star = np.eye(m)
    star[-2:, -1] = product, np.sqrt(1 - product**2)
    supports = np.vstack([np.eye(m, dtype=bool)[:n_alone], np.arange(m) >= n_alone])
    p = np.full(len(supports), 1 / len(supports))
    V = np.roll(star, 1, axis=0)
    V = V - star * np.sum(star * V, axis=0)
    return Lines(star, V, supports, p, np.array(moduli, dtype=float), lam)


# Supports are exact, but the sign of the smaller entry follows the larger one.
FLIPPED = _together(0.95, [[1, 5], [5, 1]], 26 / 9)
FLIPPED_BELOW = _together(0.95, [[1, 1.2], [1.2, 1]], 0.05)
TOO_SMALL_A_THRESHOLD = _together(0.5, [[1, 1]], 0.4)
LARGER_TWINS = _together(0.5, [[1, 3, 3]], 2 / 3, n_alone=1)
POSITIVE = replace(_together(0.5, [[1, 1]], 2 / 3), positive=1.0)
SHORT_TWINS = replace(_together(0.0, [[1, 1]], 2 / 3), star=0.9 * np.eye(2))
ALL_ALIKE = (SHORT_TWINS, FLIPPED, TOO_SMALL_A_THRESHOLD, LARGER_TWINS, POSITIVE)
# A dictionary that is chosen so that the last sample has no active group.
FITTED = HeldOut(
    np.eye(5),
    np.eye(5),
    np.eye(5),
    np.stack([np.outer(1 - row, np.eye(5)[0]) for row in np.eye(5)]),
    np.full(5, 0.2),
    1,
    1,
)
# Three lines in the plane: the sum of two is the third.
CROSSING = np.array([[1.0, -0.5, -0.5], [0.0, np.sqrt(0.75), -np.sqrt(0.75)]])
PAIRS = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
CROWDED = HeldOut(
    PAIRS @ CROSSING.T,
    PAIRS,
    CROSSING,
    np.stack([CROSSING] * 3),
    np.full(3, 1 / 3),
    1,
    2,
)
WRITTEN = {
    "held_out_clean": (CROWDED,),
    "lines": (FLIPPED_BELOW,),
    "debiased_lines": ALL_ALIKE,
    "debiased_pair": ALL_ALIKE,
    "orthonormal_lines": ALL_ALIKE,
    "held_out": (FITTED,),
}

OF_PAIRS = {TWO_ACTIVE.text: "a formula for one or two active atoms"}
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("R12", "(c) second derivative of the loss"): OF_PAIRS,
    ("R12", "(c) positive definite exactly without twins"): OF_PAIRS,
    ("R12", "(c) the same for coherent atoms"): OF_PAIRS,
    ("R17", "data_threshold_attained"): {"": "counts ranks, which no scale changes"},
    ("R17", "data_threshold_conditional"): {"": "counts ranks, which no scale changes"},
}
