"""Both sides of a statement on many instances, and an optimiser that looks for the worst one."""

import numpy as np

from ..theory.ledger.row import Counterexample, Identity, Inequality, Measurement, Reading
from .families import FAMILIES
from .finding import MEASUREMENTS, Finding

__all__ = ["run"]

FEWEST_INSTANCES = 20
# Instances are of order one. Sides agree to 1e-9 relative, or 1e-11 near zero; a side below 1e-3 no longer sets the scale of an error of
# an identity, one below 1e-6 that of a ratio.
RELATIVE, ABSOLUTE, SMALLEST_SCALE, SMALLEST_BOUND = 1e-9, 1e-11, 1e-3, 1e-6


def run(evidence, rng, quick):
    """Run one item of evidence and return its :class:`Finding`."""
    if isinstance(evidence, Inequality):
        return _inequality(evidence, rng, quick)
    if isinstance(evidence, Identity):
        return _identity(evidence, rng, quick)
    if isinstance(evidence, Counterexample):
        return _counterexample(evidence)
    if isinstance(evidence, Measurement):
        return MEASUREMENTS[evidence.name](rng, quick)
    assert isinstance(evidence, Reading)
    return Finding("reading", "by reading", True, evidence.text)


def _instances(evidence, rng, count):
    """Yield (shape, theta, instance) of those drawn instances that satisfy the hypotheses."""
    family = FAMILIES[evidence.family]
    for k in range(count):
        shape = family.shapes[k % len(family.shapes)]
        theta = family.draw(shape, rng)
        instance = family.build(shape, theta)
        if all(h.holds(instance) for h in evidence.hypotheses):
            yield shape, theta, instance


def _ratio(left, right):
    """left / right where that measures how much of a bound is used; 0 where the bound is not positive."""
    return left / right if right > SMALLEST_BOUND and left > 0 else 0.0


def _violated(left, right):
    """Whether left <= right fails beyond rounding; a side that is not a finite number proves nothing and counts as a violation."""
    if not (np.isfinite(left) and np.isfinite(right)):
        return True
    return bool(left > right + RELATIVE * max(abs(left), abs(right)) + ABSOLUTE)


def _inequality(evidence, rng, quick):
    drawn = 300 if quick else 6000
    used = violations = 0
    worst, best = 0.0, {}
    for shape, theta, instance in _instances(evidence, rng, drawn):
        left, right = evidence.sides(instance)
        used += 1
        violations += _violated(left, right)
        worst = max(worst, float(_ratio(left, right)))
        if _ratio(left, right) >= best.get(shape, (-1.0, None))[0]:
            best[shape] = _ratio(left, right), theta
    numbers = {"drawn": drawn, "instances": used, "violations": violations, "worst_random": worst}
    if evidence.expect == "fails":
        summary = f"fails as expected in {violations} of {used} instances, left/right up to {worst:.4g}"
        return Finding("inequality", evidence.label, violations > 0, summary, numbers)
    searched, found = _search(evidence, best, quick)
    numbers |= {"worst_search": max(searched, worst), "violations": violations + found}
    ok = used >= FEWEST_INSTANCES and numbers["violations"] == 0
    summary = (
        f"{used} of {drawn} instances meet the hypotheses, {numbers['violations']} violations; "
        f"largest left/right {worst:.4f} at random, {numbers['worst_search']:.4f} by search"
    )
    return Finding("inequality", evidence.label, ok, summary, numbers)


def _search(evidence, best, quick):
    """Push left/right up from the best random instance of every shape; return the largest ratio and the violations met."""
    from scipy.optimize import minimize

    family, largest, violations = FAMILIES[evidence.family], 0.0, 0
    starts = sorted(best.items(), key=lambda item: -item[1][0])[: 1 if quick else 6]
    for shape, (_, start) in starts:
        def objective(theta, shape=shape):
            instance = family.build(shape, theta)
            if not all(h.holds(instance) for h in evidence.hypotheses):
                return 0.0
            left, right = evidence.sides(instance)
            nonlocal largest, violations
            largest, violations = max(largest, float(_ratio(left, right))), violations + _violated(left, right)
            return -_ratio(left, right)

        minimize(objective, start, method="L-BFGS-B", options={"maxiter": 6 if quick else 30, "maxfun": 10**6})
    return largest, violations


def _identity(evidence, rng, quick):
    drawn, error, used = 120 if quick else 1500, 0.0, 0
    for _, _, instance in _instances(evidence, rng, drawn):
        left, right = (np.asarray(side, dtype=float) for side in evidence.sides(instance))
        used += 1
        if not (np.isfinite(left).all() and np.isfinite(right).all()):
            error = np.inf
            continue
        scale = max(np.linalg.norm(left), np.linalg.norm(right), SMALLEST_SCALE)
        error = max(error, float(np.linalg.norm(left - right) / scale))
    agrees = error <= evidence.tolerance
    ok = used >= FEWEST_INSTANCES and agrees == (evidence.expect == "holds")
    summary = f"largest relative error {error:.2g} over {used} instances"
    return Finding("identity", evidence.label, ok, summary, {"drawn": drawn, "instances": used, "relative_error": error})


def _counterexample(evidence):
    from ..theory.certificates import CERTIFICATES

    certificate = CERTIFICATES[evidence.name]()
    verdict = "all hypotheses hold exactly" if certificate.refutes else "does NOT refute"
    return Finding("counterexample", evidence.name, certificate.refutes, f"{verdict}; {certificate.printed}",
                   certificate.to_dict(), certificate.explain())
