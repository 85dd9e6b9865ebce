"""How the evidence of R10 and R11 is spoiled: populations outside a hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .... import groups
from ....arrays import Array, BoolArray
from .instance import DENOMINATOR, Moved, Population

# ---- R11


def _varied_population(i: Population) -> Iterator[Population]:
    """Atoms of another length, other steps and thresholds."""
    for factor in (0.5, 0.8, 1.25, 2.0):
        yield replace(i, A=factor * i.A, lam=factor * i.lam)
        yield replace(i, A_star=factor * i.A_star)
        yield replace(i, lam=factor * i.lam)
    for factor in (2.0, 10.0, 100.0):
        yield replace(i, step_size=factor * i.step_size)


def _one_active(codes: Array, weights: Array, chances: Array, **fields: Any) -> Population:
    """Two planes, one active, norms 1; both turned by .3, the first towards the second."""
    A_star = np.eye(6)[:, :4]
    c = np.cos(0.3)
    s = np.sin(0.3)
    A = c * A_star + s * np.eye(6)[:, [2, 3, 4, 5]]
    law = codes, weights, np.eye(2, dtype=bool), chances, np.ones((1, 2))
    i = Population(A, A_star, *law, 1.0, 0.5, 0.0, 2)
    return replace(i, step_size=0.9 / i.setting.kappa, **fields)


AXES = np.vstack([np.eye(4), -np.eye(4)])
EVEN = np.full(2, 0.5)
OFTEN_ONE_DIRECTION = np.tile([0.24, 0.01, 0.24, 0.01], 2)
OFTEN_ONE_GROUP = np.tile([0.24, 0.24, 0.01, 0.01], 2)
EIGHTHS = np.full(8, 0.125)
# Independent codes 1 and -5/4 of mean 0: not symmetric, and A* does not stay where it is.
SKEWED = Population(
    np.eye(2),
    np.eye(2),
    np.array([[1.0, 1.0], [1.0, -1.25], [-1.25, 1.0], [-1.25, -1.25]]),
    np.array([25.0, 20.0, 20.0, 16.0]) / 81,
    np.ones((1, 2), dtype=bool),
    np.ones(1),
    np.full((1, 2), np.sqrt(1.25)),
    0.0,
    0.5,
    0.4,
    1,
)


def _far_lines() -> Population:
    """Two lines, both active, codes +-1, turned by .6 out of their plane: the bound is infinite."""
    A_star = np.eye(4)[:, :2]
    A = np.cos(0.6) * A_star + np.sin(0.6) * np.eye(4)[:, 2:]
    codes = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    law = codes, np.full(4, 0.25), np.ones((1, 2), dtype=bool), np.ones(1), np.ones((1, 2))
    i = Population(A, A_star, *law, 0.0, 0.1, 0.0, 1)
    return replace(i, step_size=0.9 / i.setting.kappa)


BASINS = (
    SKEWED,
    _far_lines(),
    _one_active(AXES, OFTEN_ONE_DIRECTION, EVEN),
    _one_active(AXES, OFTEN_ONE_GROUP, np.array([0.96, 0.04])),
    _one_active(AXES, EIGHTHS, EVEN),
    _one_active(AXES, EIGHTHS, EVEN, lam=0.05),
)
WRITTEN = {"populations": BASINS, "close_populations": BASINS}

# ---- R10


def _with(i: Moved, **fields: Any) -> Moved:
    return replace(i, at=replace(i.at, **fields))


def _varied_moved(i: Moved) -> Iterator[Moved]:
    """Dependent or skew codes, other thresholds and steps, A* not orthonormal, A near to it."""
    at = i.at
    signs = np.sign(groups.split(at.codes, at.group_size).sum(axis=2))
    alike = np.abs(signs.sum(axis=1)) == at.active.sum(axis=1)  # all active codes of one sign
    skew = at.weights * np.prod(1 + 0.9 * signs, axis=1)
    dependent = _with(i, codes=at.codes[alike], weights=_kept(at, alike), dependence=1.0)
    outside = [dependent, _with(i, weights=skew / skew.sum()), _with(i, weights=_leaning(at))]
    outside += [_with(i, lam=lam) for lam in (0.0, 1.1, 1.25, 1.4)]
    for j in outside:
        for step in (0.3, 1.0, 3.0):
            k = _with(j, step_size=step * at.step_size)
            yield k
            if not i.star_move.any():
                yield replace(k, move=_steepest(k))
    for factor in (3.0, 10.0, 50.0):
        yield _with(i, step_size=factor * at.step_size)
    for size in (0.01, 1.0):
        yield replace(i, star_move=np.roll(i.move, 1, axis=0), move=size * i.move)


def _leaning(at: Population) -> Array:
    """Weights of the same codes, most of them along the first direction that the group takes."""
    X = groups.split(at.codes, at.group_size)
    units = X / np.maximum(np.linalg.norm(X, axis=2, keepdims=True), 1e-300)
    first = units[at.active.argmax(axis=0), np.arange(len(at.star))]
    along = np.einsum("igk,gk->ig", units, first) ** 2 > 0.5
    tilt = np.prod(np.where(along | ~at.active, 1.0, 0.1), axis=1)
    return _kept(at, np.ones(len(tilt), dtype=bool), tilt)


def _steepest(i: Moved) -> Array:
    """The direction in which sum_g (1 + eta m_g) D_g^2 grows most."""
    shape = i.move.shape
    pairs = []
    for entry in np.eye(i.move.size):
        B, n, B_after, n_after, _ = replace(i, move=entry.reshape(shape)).derivatives
        pairs.append((_flat(i, B, n), _flat(i, B_after, n_after)))
    before, after = (np.array(side).T for side in zip(*pairs, strict=True))
    _, sizes, right = np.linalg.svd(before)
    kept = sizes > 1e-6
    basis = right[: len(sizes)][kept].T / sizes[kept]
    direction: Array = basis @ np.linalg.svd(after @ basis)[2][0]
    return direction.reshape(shape)


def _flat(i: Moved, B: Array, n: Array) -> Array:
    roots = np.sqrt(i.weights)[:, None, None]
    return np.concatenate([(B * roots).ravel(), (n * roots).ravel()])


def _kept(at: Population, rows: BoolArray, tilt: Array | float = 1.0) -> Array:
    """Weights of some samples, times a factor; each support keeps its probability."""
    weights = (tilt * at.weights)[rows]
    number = (at.active[rows] @ (1 << np.arange(at.active.shape[1]))).astype(int)
    totals = np.bincount(number, weights)
    wanted = np.bincount(at.active @ (1 << np.arange(at.active.shape[1])), at.weights)
    result: Array = weights * wanted[number] / totals[number]
    return result


VARIED: dict[type, Callable[[Any], Iterator[Any]]] = {
    Population: _varied_population,
    Moved: _varied_moved,
}

FINITE = {DENOMINATOR.text: "it says that the bound is finite; it is infinite otherwise"}


def _lines() -> Population:
    """Two lines, one active, codes +-1, both turned by .3 out of their plane."""
    A_star = np.eye(4)[:, :2]
    A = np.cos(0.3) * A_star + np.sin(0.3) * np.eye(4)[:, 2:]
    codes = np.vstack([np.eye(2), -np.eye(2)])
    law = codes, np.full(4, 0.25), np.eye(2, dtype=bool), EVEN, np.ones((1, 2))
    i = Population(A, A_star, *law, 1.0, 0.5, 0.0, 1)
    return replace(i, step_size=0.9 / i.setting.kappa)


REACHED: dict[tuple[str, str], Callable[[], Population]] = {
    ("R11", "max_g ||tan Theta_g^+||_F <= its bound"): _lines,
    ("R11", "the same for all groups together"): _lines,
    ("R11", "the largest, near A*"): _lines,
    ("R11", "the largest, with errors in the gradient"): _lines,
}
NOT_ATTAINED = {
    ("R13", "noise_run"): (0.08, "one step attains it, (b); a run turns from the worst direction"),
}
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("R11", "max_g ||tan Theta_g^+||_F <= its bound"): FINITE,
    ("R11", "the same for all groups together"): FINITE,
    ("R11", "the largest, near A*"): FINITE,
    ("R11", "the largest, with errors in the gradient"): FINITE,
}
MOVED_BY = {
    ("R13", "noise_floor_covered"): (0.35, "the median angle is .39 of the floor"),
    ("R13", "sampling_floor"): (1.75, "four standard errors of 40 runs are 48 %"),
}
