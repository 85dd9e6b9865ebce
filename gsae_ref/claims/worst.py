"""The worst instance of a claim: screening, and SLSQP from many starts.

The objective is the gap (left - right) / (|left| + |right|), which has no scale and means something
where the right side is not positive. Hypotheses are constraints. The derivatives of the objective
and of all constraints come from one batch of differences.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from ..arrays import Array, BoolArray
from .progress import no_progress
from .tally import AWAY, Tally

if TYPE_CHECKING:
    from .model import Layout
    from .problem import Sides

FEASIBLE = 1e-9  # rounding in a margin
INSIDE = 1e-9  # a climb keeps it from the boundary, so that rounding does not leave it outside
CLEARLY = 1e-3  # a gap that rounding of the parameters can leave a violation
STEP = 1e-7  # of a difference, relative to max(1, |parameter|)
FARTHEST = 50.0  # parameters are clipped to it
SCREENED = (8, 64, 512)  # draws of which a start is the best
PLATEAU = 1e-6  # gaps this close count as equal
MOST_DRAWN = 4096  # instances of an equation
PROGRESS = 1e-7  # of a climb
PATIENCE = 40  # points of a climb that are no higher
WORTH_ANOTHER = 1e-5  # a best gap that grew by more is climbed from again
N_CLIMBED = 3  # of the starts that are given
PENALTY = 3.0  # a unit of infeasibility of a start, in gap


class Searched(Protocol):
    """What a search needs: parameters to draw, and both sides at a batch of them."""

    @property
    def layout(self) -> Layout: ...
    @property
    def is_identity(self) -> bool: ...
    def sides(self, theta: Array, full: bool = False) -> Sides: ...


@dataclass(frozen=True)
class Worst:
    """What a search found.

    Attributes
    ----------
    gap : float
        Largest gap of an instance that meets the hypotheses; -inf where none does.
    theta : ndarray or None
        Its parameters.
    sparse : ndarray or None
        Of all instances that clearly violate the claim, parameters with the fewest non-zeros.
    nearest : ndarray or None
        Parameters of the instance that comes closest to the hypotheses, where none meets them.
    miss : float
        By how much it misses them, the sum over the hypotheses.
    evaluations, finite, feasible : int
        How many instances were evaluated, gave finite numbers, met the hypotheses.
    interrupted : bool
        Whether Ctrl-C ended the search before its budget was spent.
    """

    gap: float
    theta: Array | None
    sparse: Array | None
    nearest: Array | None
    miss: float
    evaluations: int
    finite: int
    feasible: int
    interrupted: bool = False


class _Spent(Exception):
    """The budget is used up."""


class _Stalled(Exception):
    """A climb no longer gets higher."""


class Search:
    """Evaluates batches within a budget, and keeps the best instance that meets the hypotheses.

    Parameters
    ----------
    problem : Searched
    budget : int
        Instances to evaluate.
    away : bool
        Whether to keep the distance ``AWAY`` from degenerate instances.
    tally : Tally, optional
        Counts what is evaluated.
    advance : callable, optional
        Of a number of instances: called after they were evaluated.
    """

    def __init__(
        self,
        problem: Searched,
        budget: int,
        away: bool = False,
        tally: Tally | None = None,
        advance: Callable[[int], object] = no_progress,
    ) -> None:
        self.problem = problem
        self.layout = problem.layout
        self.budget = budget
        self.away = away
        self.tally = tally
        self.advance = advance
        self.gap = -np.inf
        self.theta: Array | None = None
        self.sparse: Array | None = None
        self.n_nonzero = self.layout.size + 1
        self.nearest: Array | None = None
        self.miss = np.inf
        self.evaluations = 0
        self.finite = 0
        self.feasible = 0

    def evaluate(self, theta: Array) -> tuple[Array, Array]:
        """Gaps and margins of a batch; raise _Spent after the last one within the budget."""
        n_left = self.budget - self.evaluations
        if n_left <= 0:
            raise _Spent
        batch = np.minimum(np.maximum(theta[:n_left], -FARTHEST), FARTHEST)
        sides = self.problem.sides(batch)
        self.evaluations += len(batch)
        self.advance(len(batch))
        if self.tally is not None:
            self.tally.add(sides)
        gaps = sides.gap
        margins = sides.conditions
        if self.away:
            margins = np.column_stack([margins, sides.distance - AWAY])
        if np.isfinite(gaps).all() and np.isfinite(margins).all():
            self._record(batch, gaps, margins)
        else:
            finite = np.isfinite(gaps) & np.isfinite(margins).all(axis=1)
            gaps = np.where(finite, gaps, -2)
            margins = np.where(finite[:, None], margins, -1)
            self._record(batch[finite], gaps[finite], margins[finite])
        if len(batch) < len(theta):
            raise _Spent
        return gaps, margins

    def _record(self, batch: Array, gaps: Array, margins: Array) -> None:
        """Keep the best of instances that gave finite numbers."""
        self.finite += len(batch)
        feasible: BoolArray = margins.min(axis=1) >= -FEASIBLE
        n_feasible = int(np.count_nonzero(feasible))
        self.feasible += n_feasible
        if n_feasible:
            if n_feasible < len(batch):
                batch = batch[feasible]
                gaps = gaps[feasible]
            k = gaps.argmax()
            if gaps[k] > self.gap:
                self.theta = batch[k].copy()
                self.gap = float(gaps[k])
            if gaps[k] > CLEARLY:
                self._record_sparse(batch[gaps > CLEARLY])
        elif self.theta is None and len(batch):
            misses = np.maximum(-margins, 0).sum(axis=1)
            k = misses.argmin()
            if misses[k] < self.miss:
                self.miss = float(misses[k])
                self.nearest = batch[k].copy()

    def _record_sparse(self, violating: Array) -> None:
        counts = np.count_nonzero(violating, axis=1)
        k = counts.argmin()
        if counts[k] < self.n_nonzero:
            self.n_nonzero = int(counts[k])
            self.sparse = violating[k].copy()

    def result(self, interrupted: bool = False) -> Worst:
        return Worst(
            self.gap,
            self.theta,
            self.sparse,
            self.nearest,
            self.miss,
            self.evaluations,
            self.finite,
            self.feasible,
            interrupted,
        )


def find_worst(
    problem: Searched,
    budget: int,
    rng: np.random.Generator,
    starts: Array | None = None,
    advance: Callable[[int], object] = no_progress,
) -> Worst:
    """Look for the instance of a problem with the largest gap; first around ``starts``.

    Each round draws some starts, or redraws some blocks of the best instance, takes the best of
    them and climbs. A start on a plateau, where the gap equals the end of an earlier climb or 0,
    is passed over in three rounds of four: ties attract and lead nowhere. A new best instance is
    climbed from again, with curvature forgotten, as long as that helps. Ctrl-C ends the search.
    ``advance`` is called with the number of instances of every batch.
    """
    n_instances = min(budget, MOST_DRAWN) if problem.is_identity else budget
    search = Search(problem, n_instances, advance=advance)
    try:
        if problem.is_identity:
            _draw(search, rng)
        else:
            if starts is not None and len(starts):
                _climb_from(search, starts)
            explore(search, rng)
    except KeyboardInterrupt:
        return search.result(interrupted=True)
    return search.result()


def _climb_from(search: Search, starts: Array) -> None:
    """Climb from the first start, and from the best."""
    with contextlib.suppress(_Spent):
        gaps, margins = search.evaluate(starts)
        merit = gaps - PENALTY * np.maximum(-margins, 0).sum(axis=1)
        for k in (0, *merit.argsort()[: -N_CLIMBED - 1 : -1]):
            climb(search, starts[k])


def explore(search: Search, rng: np.random.Generator) -> None:
    """Draw and climb until the budget is spent, first from the best instance, if there is one."""
    plateaus = [0.0]
    n_rounds = 0
    with contextlib.suppress(_Spent):
        if search.theta is not None:
            plateaus.append(climb(search, search.theta))
        while True:
            starts = _draw_starts(search, rng, near_best=n_rounds % 3 == 2)
            gaps, margins = search.evaluate(starts)
            merit = gaps - PENALTY * np.maximum(-margins, 0).sum(axis=1)
            if n_rounds % 4 < 3:
                flat = np.abs(gaps[:, None] - np.array(plateaus)).min(axis=1) < PLATEAU
                merit = merit - 10 * flat
            before = search.gap
            plateaus.append(climb(search, starts[merit.argmax()]))
            while search.gap > before + WORTH_ANOTHER and search.theta is not None:
                before = search.gap
                climb(search, search.theta)
            n_rounds += 1


def _draw(search: Search, rng: np.random.Generator) -> None:
    """Random instances, for an equation: one that fails fails nearly everywhere."""
    while search.evaluations < search.budget:
        n_draws = min(SCREENED[-1], search.budget - search.evaluations)
        search.evaluate(search.layout.draw(rng, n_draws))


def _draw_starts(search: Search, rng: np.random.Generator, near_best: bool) -> Array:
    """Random parameters; or the best ones with some blocks and some entries drawn anew."""
    layout = search.layout
    starts = layout.draw(rng, int(rng.choice(SCREENED)))
    if not near_best or search.theta is None:
        return starts
    same = rng.random(starts.shape) < 0.5
    for part in layout.parts():
        same[:, part] |= rng.random((len(starts), 1)) < 0.6
    return np.where(same, search.theta, starts)


def climb(search: Search, start: Array, n_iterations: int = 80) -> float:
    """Maximise the gap from a start by SLSQP; return the largest that met the conditions."""
    from scipy.optimize import minimize

    smooth = np.flatnonzero(search.layout.smooth)
    if not len(smooth):
        return 0.0  # signs only
    climbing = _Climb(search, start, smooth)
    constraint: dict[str, Any] = {
        "type": "ineq",
        "fun": lambda x: climbing.at(x).margins - INSIDE,
        "jac": lambda x: climbing.at(x).margin_slopes,
    }
    with contextlib.suppress(_Stalled):
        minimize(
            lambda x: -climbing.at(x).gap,
            start[smooth],
            jac=lambda x: -climbing.at(x).gap_slopes,
            method="SLSQP",
            options={"maxiter": n_iterations},
            constraints=constraint,
        )
    return climbing.highest


class _Local(NamedTuple):
    """The gap and the margins of an instance, and their derivatives."""

    gap: float
    gap_slopes: Array  # (parameters,)
    margins: Array  # (conditions,)
    margin_slopes: Array  # (conditions, parameters)


class _Climb:
    """Evaluates along a climb; raises _Stalled after PATIENCE points that are no higher."""

    def __init__(self, search: Search, start: Array, smooth: Any) -> None:
        self.search = search
        self.theta = start.copy()
        self.smooth = smooth
        self.key = b""
        self.bounding: BoolArray | None = None
        self.highest = -np.inf
        self.merit = -np.inf
        self.n_idle = 0

    def at(self, x: Array) -> _Local:
        """What SLSQP asks for at x, from one batch of differences."""
        key = x.tobytes()
        if key != self.key:
            self.key = key
            self.theta[self.smooth] = x
            self.local = self._differences()
            self._judge(self.local)
        return self.local

    def _differences(self) -> _Local:
        theta = self.theta
        smooth = self.smooth
        steps = STEP * np.maximum(1, np.abs(theta[smooth]))
        batch = np.repeat(theta[np.newaxis], len(smooth) + 1, axis=0)
        batch[np.arange(1, len(batch)), smooth] += steps
        gaps, margins = self.search.evaluate(batch)
        if self.bounding is None:  # what is 0 all around holds by construction
            self.bounding = np.abs(margins).max(axis=0) > FEASIBLE
            if not self.bounding.any():
                self.bounding[0] = True
        margins = margins[:, self.bounding]
        slopes = (margins[1:] - margins[0]) / steps[:, None]
        return _Local(float(gaps[0]), (gaps[1:] - gaps[0]) / steps, margins[0], slopes.T)

    def _judge(self, local: _Local) -> None:
        infeasible = np.maximum(-local.margins, 0).sum()
        merit = local.gap - PENALTY * infeasible
        if infeasible <= FEASIBLE:
            self.highest = max(self.highest, local.gap)
        self.n_idle = 0 if merit > self.merit + PROGRESS else self.n_idle + 1
        self.merit = max(self.merit, merit)
        if self.n_idle > PATIENCE:
            raise _Stalled
