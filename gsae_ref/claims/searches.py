"""Search a claim at all its sizes, several times, in processes if asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import checks
from ..arrays import Array
from .claim import Claim
from .embedding import embed
from .model import Model, find_model, register
from .problem import Problem
from .progress import no_progress, progress_bar
from .worst import Worst, find_worst

VIOLATION = 1e-7  # a gap above it is a violation in floats


@dataclass(frozen=True)
class Best:
    """The searches of a claim, and the one with the largest gap."""

    problem: Problem
    worst: Worst
    searches: tuple[tuple[Problem, Worst], ...]

    @property
    def ratio(self) -> float:
        """Largest left/right; NaN where no instance met the hypotheses."""
        gap = self.worst.gap
        if not np.isfinite(gap):
            return float("nan")
        return float("inf") if gap >= 1 else (1 + gap) / (1 - gap)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with what was found before it."""

    def __init__(self, best: Best) -> None:
        super().__init__()
        self.best = best


def search(
    claim: Claim,
    budget: int = 40_000,
    seeds: int = 3,
    rng: int | np.random.Generator = 0,
    n_jobs: int = 1,
    backend: str = "loky",
    progress: str = "",
) -> Best:
    """Search a claim at all its sizes, in floats; see :func:`stress`.

    ``progress`` is what is written before a bar on standard error; empty: no bar.

    Raises
    ------
    Interrupted
        At Ctrl-C, once an instance was evaluated.
    """
    budget = checks.count("budget", budget)
    seeds = checks.count("seeds", seeds)
    checks.option("backend", backend, ("loky", "threading", "dask"))
    if checks.count("n_jobs", n_jobs, minimum=-1) == 0:
        raise ValueError("n_jobs = 0; it must be a number of processes, or -1 for all cores")
    numbers = checks.generator(rng).integers(2**63, size=(len(claim.all_sizes), seeds))
    shares = [budget // seeds + (k < budget % seeds) for k in range(seeds)]
    searches: list[Found] = []
    try:
        with progress_bar(progress, budget * len(claim.all_sizes), "instances") as advance:
            for sizes, row in zip(claim.all_sizes, numbers, strict=True):
                tasks = [
                    Task(claim, sizes, share, int(number), _smaller(searches, sizes, k))
                    for k, (share, number) in enumerate(zip(shares, row, strict=True))
                    if share
                ]
                problem = _problem_at(claim, sizes)
                for k, worst in enumerate(run_tasks(tasks, n_jobs, backend, advance)):
                    searches.append(Found(k, problem, worst))
                    if worst.interrupted:
                        raise KeyboardInterrupt
    except KeyboardInterrupt:
        if any(found.worst.finite for found in searches):
            raise Interrupted(_best(searches)) from None
        raise
    if not any(found.worst.finite for found in searches):
        raise ValueError(
            f"{claim.text!r} gave no finite number at any instance; look for a division by 0, the "
            "logarithm of a number that is not positive, or the inverse of a singular matrix"
        )
    return _best(searches)


def _best(searches: Sequence[Found]) -> Best:
    best = max(searches, key=lambda found: (found.worst.gap, -found.worst.miss))
    return Best(best.problem, best.worst, tuple((each.problem, each.worst) for each in searches))


def _problem_at(claim: Claim, sizes: dict[str, int]) -> Problem:
    """The claim at one of its sizes."""
    return next(problem for problem in claim.problems if problem.sizes == sizes)


class Found(NamedTuple):
    """What the k-th search of a problem found."""

    k: int
    problem: Problem
    worst: Worst


class Task(NamedTuple):
    """A search, and the sizes and parameters of an instance that it starts from."""

    claim: Claim
    sizes: dict[str, int]
    budget: int
    seed: int
    smaller: tuple[dict[str, int], Array] | None


def _smaller(
    searches: Sequence[Found], sizes: dict[str, int], k: int
) -> tuple[dict[str, int], Array] | None:
    """Of the k-th searches at smaller sizes the worst instance; None where there is none."""
    before = [
        (found.worst.gap, found.problem.sizes, found.worst.theta)
        for found in searches
        if found.k == k and all(found.problem.sizes[name] <= sizes[name] for name in sizes)
    ]
    _, smaller, theta = max(before, key=lambda each: each[0], default=(0.0, {}, None))
    return None if theta is None else (smaller, theta)


def _run_task(task: Task, advance: Callable[[int], object] = no_progress) -> Worst:
    """Search; an equation needs no starts, since one that fails fails nearly everywhere."""
    problem = _problem_at(task.claim, task.sizes)
    rng = np.random.default_rng(task.seed)
    starts = None
    if task.smaller and not problem.is_identity:
        smaller, theta = task.smaller
        starts = embed(problem, _problem_at(task.claim, smaller), theta, task.budget, rng)
    try:
        return find_worst(problem, task.budget, rng, starts, advance)
    except ValueError:
        raise
    except Exception as error:
        raise problem.failure(error) from error


def _run_elsewhere(model: Model, task: Task) -> Worst:
    """Run a search in a process that need not have registered its model."""
    register(model)
    return _run_task(task)


def run_tasks(
    tasks: Sequence[Task],
    n_jobs: int,
    backend: str,
    advance: Callable[[int], object] = no_progress,
) -> Iterator[Worst]:
    """Run searches, in processes if asked for; each result is given as soon as it is known.

    ``advance`` is called with the number of instances that were evaluated: in this process after
    every batch, in others after a search.
    """
    if n_jobs == 1 and backend != "dask":
        yield from (_run_task(task, advance) for task in tasks)
        return
    try:
        from joblib import Parallel, delayed, parallel_config
    except ImportError as error:
        raise ImportError(
            "n_jobs other than 1 needs joblib; pip install 'gsae_ref[parallel]'"
        ) from error
    run = delayed(_run_elsewhere)
    jobs = (run(find_model(task.claim.model), task) for task in tasks)
    workers = -1 if backend == "dask" else n_jobs  # a cluster is used whole
    with parallel_config(backend=backend):
        for worst in Parallel(workers, return_as="generator")(jobs):
            advance(worst.evaluations)
            yield worst
