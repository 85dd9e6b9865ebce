"""Search a claim at all its sizes, several times, in processes if asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import checks
from .claim import Claim
from .model import Model, find_model, register
from .problem import Problem
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


def search(
    claim: Claim,
    budget: int = 40_000,
    seeds: int = 3,
    rng: int | np.random.Generator = 0,
    n_jobs: int = 1,
    backend: str = "loky",
) -> Best:
    """Search a claim at all its sizes, in floats; see :func:`stress`."""
    budget = checks.count("budget", budget)
    seeds = checks.count("seeds", seeds)
    checks.option("backend", backend, ("loky", "threading", "dask"))
    if checks.count("n_jobs", n_jobs, minimum=-1) == 0:
        raise ValueError("n_jobs = 0; it must be a number of processes, or -1 for all cores")
    numbers = checks.generator(rng).integers(2**63, size=(len(claim.all_sizes), seeds))
    shares = [budget // seeds + (k < budget % seeds) for k in range(seeds)]
    tasks = [
        (claim, sizes, share, int(number))
        for sizes, row in zip(claim.all_sizes, numbers, strict=True)
        for share, number in zip(shares, row, strict=True)
        if share
    ]
    found = run_tasks(tasks, n_jobs, backend)
    searches = tuple(
        (Problem(task[0], task[1]), worst) for task, worst in zip(tasks, found, strict=True)
    )
    if not any(worst.finite for worst in found):
        raise ValueError(f"{claim.text!r} gave no finite number at any instance; check the model")
    problem, worst = max(searches, key=lambda each: (each[1].gap, -each[1].miss))
    return Best(problem, worst, searches)


Task = tuple[Claim, dict[str, int], int, int]


def _run_task(claim: Claim, sizes: dict[str, int], budget: int, seed: int) -> Worst:
    return find_worst(Problem(claim, sizes), budget, np.random.default_rng(seed))


def _run_elsewhere(model: Model, task: Task) -> Worst:
    """Run a search in a process that need not have registered its model."""
    register(model)
    return _run_task(*task)


def run_tasks(tasks: Sequence[Task], n_jobs: int, backend: str) -> list[Worst]:
    """Run searches, in processes if asked for."""
    if n_jobs == 1:
        return [_run_task(*task) for task in tasks]
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise ImportError(
            "n_jobs other than 1 needs joblib; pip install 'gsae_ref[parallel]'"
        ) from error
    run = delayed(_run_elsewhere)
    jobs = (run(find_model(task[0].model), task) for task in tasks)
    result: list[Worst] = Parallel(n_jobs, backend=backend)(jobs)
    return result
