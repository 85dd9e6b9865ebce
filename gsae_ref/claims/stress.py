"""Put a claim to the test: search for its worst instance, and prove a violation exactly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .claim import Claim
from .identity import try_identity
from .problem import Problem
from .proof import Proof
from .result import Result, worst_instance
from .shrink import round_to_proof, shrink
from .worst import Worst, find_worst

VIOLATION = 1e-7  # left/right above 1 by more is a violation in floats
ROUNDING = 1e-9  # relative difference of the sides of an equation
MOST_PROOFS = 6  # searches whose worst instance is rounded; the shortest counterexample is kept


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


def stress(
    claim: Claim,
    budget: int = 40_000,
    *,
    seeds: int = 3,
    rng: int | np.random.Generator = 0,
    n_jobs: int = 1,
    backend: str = "loky",
) -> Result:
    """Look for the worst instance of a claim; where it violates the claim, prove it in fractions.

    Parameters
    ----------
    claim : Claim
    budget : int, default 40,000
        Instances to evaluate at each of the claim's sizes.
    seeds : int, default 3
        Searches that share the budget.
    rng : int or Generator, default 0
        Seed of everything random.
    n_jobs : int, default 1
        Processes; -1 for all cores. The numbers do not depend on it.
    backend : str, default "loky"
        How joblib runs them: "loky", "threading", or "dask".

    Returns
    -------
    Result
        Its verdict, ``ratio``, ``worst`` instance, ``proof``, ``tightness`` and ``script()``.

    Raises
    ------
    TypeError
        If claim is no :class:`Claim`.
    ValueError
        If budget, seeds or n_jobs is not positive, or no instance gives finite numbers.

    Examples
    --------
    >>> import gsae_ref as gs
    >>> claim = gs.Claim(
    ...     "norm(A[v].T @ y) <= gamma * B_max * (mu + delta) for v in inactive",
    ...     sizes=dict(n=4, d=2, Gamma=2, gamma=1),
    ...     given=("orthonormal A", "orthonormal S", "norms bounded"),
    ... )
    >>> result = gs.stress(claim, budget=2000)
    >>> result.verdict, round(result.ratio, 4), result.proof.left, result.proof.right
    ('refuted', 2.0, Fraction(1, 1), Fraction(1, 2))
    """
    if not isinstance(claim, Claim):
        raise TypeError(f"claim is a {type(claim).__name__}; make a gsae_ref.Claim of it")
    began = time.perf_counter()
    settings = {"budget": budget, "seeds": seeds, "rng": rng, "n_jobs": n_jobs, "backend": backend}
    best = search(claim, budget, seeds, rng, n_jobs, backend)
    trial = try_identity(claim, np.random.default_rng(rng)) if claim.is_identity else None
    violated = best.ratio > (ROUNDING if trial else 1 + VIOLATION)
    proof = trial.proof if trial else None
    if violated and trial is None and isinstance(claim.conclusion, str):
        proof = prove_best(best.searches)
    return Result(
        claim,
        _verdict(best, proof, violated),
        best.ratio,
        worst_instance(best.problem, best.worst),
        best.problem.sizes,
        proof,
        tuple(worst for _, worst in best.searches),
        trial,
        time.perf_counter() - began,
        settings,
    )


def _verdict(best: Best, proof: Proof | None, violated: bool) -> str:
    if proof is not None:
        return "refuted"
    if best.worst.theta is None:
        return "no instance"
    return "unproved" if violated else "not refuted"


def search(
    claim: Claim,
    budget: int = 40_000,
    seeds: int = 3,
    rng: int | np.random.Generator = 0,
    n_jobs: int = 1,
    backend: str = "loky",
) -> Best:
    """Search a claim at all its sizes, in floats; see :func:`stress`."""
    for name, value in (("budget", budget), ("seeds", seeds)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} = {value!r}; it must be an integer of at least 1")
    numbers = np.random.default_rng(rng).integers(2**63, size=(len(claim.all_sizes), seeds))
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


def run_tasks(tasks: Sequence[Task], n_jobs: int, backend: str) -> list[Worst]:
    """Run searches, in processes if asked for."""
    if n_jobs == 0:
        raise ValueError("n_jobs = 0; it must be a number of processes, or -1 for all cores")
    if n_jobs == 1:
        return [_run_task(*task) for task in tasks]
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise ImportError(
            "n_jobs other than 1 needs joblib; pip install 'gsae_ref[parallel]'"
        ) from error
    result: list[Worst] = Parallel(n_jobs, backend=backend)(delayed(_run_task)(*t) for t in tasks)
    return result


def prove_best(searches: Sequence[tuple[Problem, Worst]]) -> Proof | None:
    """The shortest exact counterexample near the worst instances of the searches."""
    violated = [each for each in searches if each[1].gap > VIOLATION]
    violated.sort(key=lambda each: -each[1].gap)
    proofs: list[Any] = []
    for problem, worst in violated[:MOST_PROOFS]:
        assert worst.theta is not None
        proof = round_to_proof(problem, worst.theta)
        proofs += [shrink(proof)] if proof else []
    return min(proofs, key=lambda proof: proof.n_digits, default=None)
