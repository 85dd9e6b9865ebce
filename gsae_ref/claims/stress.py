"""Put a claim to the test: search for its worst instance, and prove a violation exactly."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from .. import checks
from .claim import Claim
from .identity import try_identity
from .proof import Proof
from .result import Result, worst_instance
from .searches import VIOLATION, Best, Interrupted, search
from .shrink import prove_best

ROUNDING = 1e-9  # relative difference of the sides of an equation


def stress(
    claim: Claim,
    budget: int = 40_000,
    *,
    seeds: int = 3,
    rng: int | np.random.Generator = 0,
    n_jobs: int = 1,
    backend: str = "loky",
    progress: bool = False,
) -> Result:
    """Look for the worst instance of a claim; where it violates the claim, prove it in fractions.

    The sizes are searched in the order given, each also from the worst instance at sizes before it
    of which none is larger. Ctrl-C ends the search; the result is then what was found before.

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
    progress : bool, default False
        Show a progress bar on standard error (tqdm if installed).

    Returns
    -------
    Result
        Its verdict, ``ratio``, ``worst`` instance, ``proof``, ``tightness`` and ``script()``.

    Raises
    ------
    TypeError
        If claim is no :class:`Claim`, or budget, seeds or n_jobs no integer.
    ValueError
        If budget, seeds or n_jobs is not positive, the backend is unknown, or no instance gives
        finite numbers.
    KeyboardInterrupt
        If Ctrl-C comes before an instance was evaluated.

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
    settings: dict[str, Any] = {
        "budget": budget,
        "seeds": seeds,
        "rng": rng,
        "n_jobs": n_jobs,
        "backend": backend,
        "progress": "search" * checks.flag("progress", progress),
    }
    interrupted = False
    try:
        best = search(claim, **settings)
    except Interrupted as stop:
        best = stop.best
        interrupted = True
    trial = try_identity(claim, np.random.default_rng(rng)) if claim.is_identity else None
    violated = best.ratio > (ROUNDING if trial else 1 + VIOLATION)
    proof = trial.proof if trial else None
    if violated and trial is None and isinstance(claim.conclusion, str):
        proof = prove_best(best)
    return Result(
        claim,
        _verdict(best, proof, violated, interrupted),
        best.ratio,
        worst_instance(best.problem, best.worst),
        best.problem.sizes,
        proof,
        tuple(worst for _, worst in best.searches),
        trial,
        time.perf_counter() - began,
        settings,
        interrupted,
    )


def _verdict(best: Best, proof: Proof | None, violated: bool, interrupted: bool) -> str:
    if proof is not None:
        return "refuted"
    if violated:
        return "unproved"
    if interrupted:
        return "interrupted"
    return "no instance" if best.worst.theta is None else "not refuted"
