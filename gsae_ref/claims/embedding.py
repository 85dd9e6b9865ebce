"""Start a search at large sizes from the worst instance at smaller ones.

The quantities of the smaller instance are set into the corner of those of a larger one: its groups
are the first groups, its rows the first rows, and rows below are 0. Parameters of such an instance
are fitted by least squares, for any model; those that the fit leaves free are drawn at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays import Array
from .problem import Problem, item

STARTS = 256
KEPT = 0.7  # of the fitted parameters, in all starts but the first
ATTEMPTS = 4  # of a fit, each with the signs of another draw
MOST_STEPS = 40  # of an attempt
STEP = 1e-7  # of a difference
SHARE = 4  # a fit builds at most this part of the budget in instances
FAR = 1e3  # in place of what is not finite


def embed(
    problem: Problem, smaller: Problem, theta: Array, budget: int, rng: np.random.Generator
) -> Array:
    """Parameters (256, size): of an instance that holds the one of a smaller problem, and near it.

    There are no rows where the budget is too small for a fit.
    """
    smooth = np.flatnonzero(problem.layout.smooth)
    n_steps = min(MOST_STEPS, budget // (SHARE * ATTEMPTS * (len(smooth) + 1)))
    if not len(smooth) or n_steps < 3:
        return np.empty((0, problem.layout.size))
    fit = _Fit(problem, smaller, theta)
    draws = problem.layout.draw(rng, min(512, budget // SHARE))
    costs = (fit.residuals(draws) ** 2).sum(axis=1)
    tries = [fit.solve(draws[k], smooth, n_steps) for k in costs.argsort()[:ATTEMPTS]]
    _, fitted, free = min(tries, key=lambda found: found[0])
    starts = problem.layout.draw(rng, STARTS)
    kept = rng.random(starts.shape) < KEPT
    kept[:, free] = False
    kept[0] = True
    return np.where(kept, fitted, starts)


class _Fit:
    """The distance of instances from those that hold a smaller one."""

    def __init__(self, problem: Problem, smaller: Problem, theta: Array) -> None:
        instance = smaller.float_instance(theta)
        self.problem = problem
        self.names = problem.basics or tuple(problem.model.basics)
        self.target = {name: item(instance[name], 0) for name in self.names}

    def residuals(self, theta: Array) -> Array:
        """(K, equations): what the quantities of instances differ by from those wanted."""
        instance = self.problem.float_instance(theta)
        with np.errstate(all="ignore"):
            values = [
                _corner(matrix, wanted)
                for name in self.names
                for matrix, wanted in _paired(instance[name], self.target[name])
            ]
        full = [np.broadcast_to(each, (len(theta), each.shape[1])) for each in values]
        return np.nan_to_num(np.concatenate(full, axis=1), nan=FAR, posinf=FAR, neginf=-FAR)

    def solve(self, start: Array, smooth: Any, n_steps: int) -> tuple[float, Array, Any]:
        """Sum of squares, parameters, and the numbers of those that the fit leaves free."""
        from scipy.optimize import least_squares

        def at(x: Array, n_copies: int = 1) -> Array:
            theta = np.repeat(start[np.newaxis], n_copies, axis=0)
            theta[:, smooth] = x
            return theta

        def slopes(x: Array) -> Array:
            theta = at(x, len(x) + 1)
            theta[np.arange(1, len(theta)), smooth] += STEP
            found = self.residuals(theta)
            result: Array = ((found[1:] - found[0]) / STEP).T
            return result

        solution = least_squares(
            lambda x: self.residuals(at(x))[0], start[smooth], jac=slopes, max_nfev=n_steps
        )
        free = smooth[~solution.jac.any(axis=0)]
        return 2 * float(solution.cost), at(solution.x)[0], free


def _paired(value: Any, wanted: Any) -> Iterator[tuple[Array, Array]]:
    """The batches of matrices of a quantity that the smaller instance has too, and its matrices."""
    if isinstance(wanted, list):
        for each, other in zip(value, wanted, strict=False):
            yield from _paired(each, other)
    elif isinstance(value, np.ndarray):
        yield value, np.atleast_2d(np.asarray(wanted, dtype=float))


def _corner(matrix: Array, wanted: Array) -> Array:
    """The first columns of a batch less those wanted, below which there are zeros."""
    n_rows = min(matrix.shape[1], len(wanted))
    n_columns = min(matrix.shape[2], wanted.shape[1])
    difference = matrix[:, :, :n_columns].copy()
    difference[:, :n_rows] -= wanted[:n_rows, :n_columns]
    return difference.reshape(len(matrix), -1)
