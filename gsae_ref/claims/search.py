"""Both sides of a statement on instances of a family, and a search for the worst instance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import Array
from .evidence import Identity, Inequality
from .family import Family
from .finding import Finding

FEWEST_INSTANCES = 20
# Instances are of order one. Sides agree to 1e-9 relative, or 1e-11 near zero; a side below 1e-3 no
# longer sets the scale of an error of an identity, one below 1e-6 that of a ratio. A statement said
# to fail must fail by more than CLEAR, far above rounding.
RELATIVE = 1e-9
ABSOLUTE = 1e-11
SMALLEST_SCALE = 1e-3
SMALLEST_BOUND = 1e-6
LARGEST_RATIO = 1e3
CLEAR = 1e-6


def _instances(
    evidence: Inequality | Identity, family: Family, rng: np.random.Generator, count: int
) -> Iterator[tuple[Any, Array, Any]]:
    """Yield (shape, theta, instance) of those drawn instances that satisfy the hypotheses."""
    for k in range(count):
        shape = family.shapes[k % len(family.shapes)]
        theta = family.draw(shape, rng)
        instance = family.build(shape, theta)
        if all(h.holds(instance) for h in evidence.hypotheses):
            yield shape, theta, instance


def _ratio(left: float, right: float) -> float:
    """left / right, the share of a bound that is used; 0 where the bound is not positive."""
    return left / right if right > SMALLEST_BOUND and left > 0 else 0.0


def _violated(
    left: float, right: float, relative: float = RELATIVE, absolute: float = ABSOLUTE
) -> bool:
    """Whether left <= right fails beyond rounding."""
    return bool(left > right + relative * max(abs(left), abs(right)) + absolute)


def _finite(*sides: ArrayLike) -> bool:
    """Whether all sides are finite; one that is not is evidence neither for nor against."""
    return all(bool(np.isfinite(side).all()) for side in sides)


def inequality(
    evidence: Inequality, family: Family, rng: np.random.Generator, quick: bool
) -> Finding:
    drawn = 300 if quick else 6000
    fails = evidence.expect == "fails"
    tolerance = (CLEAR, CLEAR) if fails else (RELATIVE, ABSOLUTE)
    used = violations = not_finite = 0
    worst = 0.0
    best = dict[Any, tuple[float, Array]]()
    for shape, theta, instance in _instances(evidence, family, rng, drawn):
        left, right = evidence.sides(instance)
        used += 1
        if not _finite(left, right):
            not_finite += 1
            continue
        violations += _violated(left, right, *tolerance)
        ratio = float(_ratio(left, right))
        worst = max(worst, ratio)
        if ratio >= best.get(shape, (-1.0, theta))[0]:
            best[shape] = ratio, theta
    numbers = {
        "drawn": drawn,
        "instances": used,
        "violations": violations,
        "worst_random": worst,
        "not_finite": not_finite,
    }
    if fails:
        summary = f"fails, as it should, in {violations} of {used} instances{_up_to(worst)}"
        return Finding(
            "inequality",
            evidence.label,
            violations > 0 and not_finite == 0,
            summary + _complaint(not_finite),
            numbers,
        )
    searched, found, lost = _search(evidence, family, best, quick)
    not_finite += lost
    numbers |= {
        "worst_search": max(searched, worst),
        "violations": violations + found,
        "not_finite": not_finite,
    }
    ok = used >= FEWEST_INSTANCES and numbers["violations"] == not_finite == 0
    summary = (
        f"{used} of {drawn} instances meet the hypotheses, {numbers['violations']} violations; "
        f"largest left/right {worst:.4f} at random, {numbers['worst_search']:.4f} by search"
    )
    return Finding("inequality", evidence.label, ok, summary + _complaint(not_finite), numbers)


def _up_to(ratio: float) -> str:
    """The largest left/right of a bound that fails, unless its right side is near or below 0."""
    return f", left/right up to {ratio:.4g}" if 1 < ratio < LARGEST_RATIO else ""


def _complaint(not_finite: int) -> str:
    return f"; {not_finite} evaluations gave no finite number" if not_finite else ""


def _search(
    evidence: Inequality, family: Family, best: dict[Any, tuple[float, Array]], quick: bool
) -> tuple[float, int, int]:
    """Push left/right up from the best random instance of every shape.

    Returns the largest ratio, and the numbers of violations and of values that are not finite.
    """
    from scipy.optimize import minimize

    largest = 0.0
    violations = 0
    not_finite = 0
    starts = sorted(best.items(), key=lambda item: -item[1][0])[: 1 if quick else 6]
    for shape, (_, start) in starts:

        def objective(theta: Array, shape: Any = shape) -> float:
            instance = family.build(shape, theta)
            if not all(h.holds(instance) for h in evidence.hypotheses):
                return 0.0
            left, right = evidence.sides(instance)
            nonlocal largest, violations, not_finite
            if not _finite(left, right):
                not_finite += 1
                return 0.0
            largest = max(largest, float(_ratio(left, right)))
            violations += _violated(left, right)
            return -_ratio(left, right)

        minimize(
            objective,
            start,
            method="L-BFGS-B",
            options={"maxiter": 6 if quick else 30, "maxfun": 10**6},
        )
    return largest, violations, not_finite


def identity(evidence: Identity, family: Family, rng: np.random.Generator, quick: bool) -> Finding:
    drawn = 120 if quick else 1500
    error = 0.0
    used = 0
    not_finite = 0
    for _, _, instance in _instances(evidence, family, rng, drawn):
        left, right = (np.asarray(side, dtype=float) for side in evidence.sides(instance))
        used += 1
        if not _finite(left, right):
            not_finite += 1
            continue
        scale = max(float(np.linalg.norm(left)), float(np.linalg.norm(right)), SMALLEST_SCALE)
        error = max(error, float(np.linalg.norm(left - right) / scale))
    as_expected = error > CLEAR if evidence.expect == "fails" else error <= evidence.tolerance
    ok = used >= FEWEST_INSTANCES and not_finite == 0 and as_expected
    summary = f"largest relative error {error:.2g} over {used} instances" + _complaint(not_finite)
    numbers = {"drawn": drawn, "instances": used, "relative_error": error, "not_finite": not_finite}
    return Finding("identity", evidence.label, ok, summary, numbers)
