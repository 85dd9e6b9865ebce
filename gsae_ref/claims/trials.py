"""Run a bound or an equation of the ledger: draw instances, search for the worst, report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .claim import Claim
from .evidence import Identity, Inequality
from .family import Family, FamilyProblem
from .finding import Finding
from .problem import Problem, item
from .proof import decide
from .shrink import round_to_proof
from .tally import CLEAR, Tally
from .tightness import distance_of
from .worst import CLEARLY, Search, Searched, explore

FEWEST_INSTANCES = 20
LARGEST_RATIO = 1e3
TOLERANCE = 1e-10  # relative error of an equation
SHOWN = 24  # entries of an array that stand in a line
ROUNDING = "; in exact arithmetic at none that was tried, so it may be rounding"


def try_claim(claim: Claim, expect: str, rng: np.random.Generator, quick: bool) -> Finding:
    """Run a claim of the workbench, expected to hold or to fail."""
    distance = "" if claim.is_identity else distance_of(claim)
    problems = [problem.again(distance) for problem in claim.problems]
    if claim.is_identity:
        n_draws = 500 if quick else 20_000
        return _equation(claim.name, problems, expect, TOLERANCE, rng, n_draws)
    n_draws = 1000 if quick else 20_000
    budgets = [2000 if quick else 20_000] * len(problems)
    n_climbs = 2 if quick else len(problems)
    return _bound(claim.name, problems, expect, rng, n_draws, budgets, n_climbs)


def try_on_family(
    evidence: Inequality | Identity, family: Family, rng: np.random.Generator, quick: bool
) -> Finding:
    """Run an item of evidence whose sides are functions of an instance of a family."""
    problems = [FamilyProblem(evidence, family, shape) for shape in family.shapes]
    label = evidence.label
    if isinstance(evidence, Identity):
        n_draws = 120 if quick else 1500
        return _equation(label, problems, evidence.expect, evidence.tolerance, rng, n_draws)
    n_draws = 300 if quick else 3000
    budgets = [(12 if quick else 30) * (problem.layout.size + 1) for problem in problems]
    return _bound(label, problems, evidence.expect, rng, n_draws, budgets, 1 if quick else 3)


def _bound(
    label: str,
    problems: Sequence[Searched],
    expect: str,
    rng: np.random.Generator,
    n_draws: int,
    budgets: Sequence[int],
    n_climbs: int,
) -> Finding:
    """Whether left <= right holds, or fails, as expected.

    Instances are drawn for all problems. Of these the ``n_climbs`` with the largest gaps are
    searched, each within its budget; of claims also at a distance from degenerate instances. A
    claim that should fail is searched where no instance drawn violates it, and must fail in exact
    arithmetic too.
    """
    random = Tally(clear=expect == "fails")
    searches = _drawn(problems, rng, n_draws, random)
    order = sorted(range(len(problems)), key=lambda k: -searches[k].gap)[:n_climbs]
    if expect == "fails":
        for k in order:
            if isinstance(problems[k], Problem) and not random.violations:
                _climb_on(searches[k], budgets[k], random, rng)
        return _failing(label, _counted(random), _may_be_rounding(searches))
    numbers = _counted(random)
    climbed = Tally()
    for k in order:
        _climb_on(searches[k], budgets[k], climbed, rng)
        if isinstance(problems[k], Problem):
            _climb_on(Search(problems[k], 0, away=True), budgets[k], climbed, rng)
    numbers |= {
        "evaluations": climbed.evaluations,
        "worst_search": max(random.ratio, climbed.ratio),
        "worst_away": float(np.fmax(random.away, climbed.away)),
        "violations": random.violations + climbed.violations,
        "not_finite": numbers["not_finite"] + climbed.feasible - climbed.finite,
    }
    return _holding(label, numbers, _worst(max(searches, key=lambda search: search.gap)))


def _counted(random: Tally) -> dict[str, Any]:
    """The numbers of the instances that were drawn."""
    return {
        "drawn": random.evaluations,
        "instances": random.feasible,
        "violations": random.violations,
        "worst_random": random.ratio,
        "not_finite": random.feasible - random.finite,
    }


def _drawn(
    problems: Sequence[Searched], rng: np.random.Generator, n_draws: int, tally: Tally
) -> list[Search]:
    """A search for every problem, at which its share of the instances has been drawn."""
    shares = [
        n_draws // len(problems) + (k < n_draws % len(problems)) for k in range(len(problems))
    ]
    if isinstance(problems[0], FamilyProblem):  # the shapes in turn
        turns = [problems[k % len(problems)].layout.draw(rng, 1) for k in range(n_draws)]
        starts = [np.concatenate(turns[k :: len(problems)]) for k in range(len(problems))]
    else:
        starts = [p.layout.draw(rng, n) for p, n in zip(problems, shares, strict=True)]
    searches = []
    for problem, theta in zip(problems, starts, strict=True):
        search = Search(problem, len(theta), tally=tally)
        search.evaluate(theta)
        searches.append(search)
    return searches


def _climb_on(search: Search, budget: int, tally: Tally, rng: np.random.Generator) -> None:
    search.tally = tally
    search.budget = search.evaluations + budget
    explore(search, rng)


def _may_be_rounding(searches: Sequence[Search]) -> bool:
    """Whether no violation of a claim was found in exact arithmetic; False for families.

    Where a hypothesis is too close to be decided, a clear gap counts unless the claim holds there.
    """
    for search in sorted(searches, key=lambda search: -search.gap):
        problem = search.problem
        if not isinstance(problem, Problem):
            return False
        for theta in (search.sparse, search.theta):
            if theta is not None and round_to_proof(problem, theta):
                return False
        if search.theta is not None and search.gap > CLEARLY:
            at = decide(problem, [Fraction(float(x)) for x in search.theta])
            if at.status != "satisfies":
                return False
    return True


def _failing(label: str, numbers: dict[str, Any], may_be_rounding: bool) -> Finding:
    violations = numbers["violations"]
    ratio = numbers["worst_random"]
    up_to = f", left/right up to {ratio:.4g}" if 1 < ratio < LARGEST_RATIO else ""
    summary = f"fails, as it should, in {violations} of {numbers['instances']} instances{up_to}"
    if violations and may_be_rounding:
        summary += ROUNDING
    ok = violations > 0 and numbers["not_finite"] == 0 and not may_be_rounding
    return Finding("inequality", label, ok, summary + _complaint(numbers), _plain(numbers))


def _holding(label: str, numbers: dict[str, Any], worst: str) -> Finding:
    used = numbers["instances"]
    violations = numbers["violations"]
    ok = used >= FEWEST_INSTANCES and violations == numbers["not_finite"] == 0
    away = numbers["worst_away"]
    summary = (
        f"{used} of {numbers['drawn']} instances meet the hypotheses, {violations} violations; "
        f"largest left/right {numbers['worst_random']:.4f} at random, "
        f"{numbers['worst_search']:.4f} by search"
    )
    if not math.isnan(away):
        summary += f", {away:.4f} away from degenerate instances"
    return Finding("inequality", label, ok, summary + _complaint(numbers), _plain(numbers), worst)


def _complaint(numbers: dict[str, Any]) -> str:
    n = numbers["not_finite"]
    return f"; {n} evaluations gave no finite number" if n else ""


def _plain(numbers: dict[str, Any]) -> dict[str, Any]:
    """Without a ratio that no instance has."""
    return {name: value for name, value in numbers.items() if not math.isnan(value)}


def _equation(
    label: str,
    problems: Sequence[Searched],
    expect: str,
    tolerance: float,
    rng: np.random.Generator,
    n_draws: int,
) -> Finding:
    """Whether both sides agree to rounding, or differ, as expected."""
    tally = Tally()
    searches = _drawn(problems, rng, n_draws, tally)
    error = tally.ratio
    rounding = expect == "fails" and error > CLEAR and _may_be_rounding(searches)
    as_expected = error > CLEAR and not rounding if expect == "fails" else error <= tolerance
    numbers = {
        "drawn": tally.evaluations,
        "instances": tally.feasible,
        "relative_error": error,
        "not_finite": tally.feasible - tally.finite,
    }
    ok = tally.feasible >= FEWEST_INSTANCES and not numbers["not_finite"] and as_expected
    summary = f"largest relative error {error:.2g} over {tally.feasible} instances"
    summary += ROUNDING * rounding
    return Finding("identity", label, ok, summary + _complaint(numbers), _plain(numbers))


def _worst(search: Search) -> str:
    """The instance with the largest gap, in lines."""
    if search.theta is None:
        return ""
    problem = search.problem
    if isinstance(problem, Problem):
        instance = problem.float_instance(search.theta)
        names = (*problem.basics, *problem.defined)
        values = {name: item(instance[name], 0) for name in names}
    else:
        assert isinstance(problem, FamilyProblem)
        values = vars(problem.instance(search.theta))
    given = ((name, value) for name, value in values.items() if value is not None)
    return "\n".join(line for name, value in given for line in _assigned(name, value))


def _assigned(name: str, value: Any) -> Iterator[str]:
    """A value of an instance in lines, arrays to four decimals; of a list a line an item.

    >>> list(_assigned("x", [np.array([[1.0], [-0.0]]), np.float64(0.25)]))
    ['x[0] = [[1], [0]]', 'x[1] = 0.25']
    """
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, (list, tuple, np.ndarray)) for item in value):
            for k, item in enumerate(value):
                yield from _assigned(f"{name}[{k}]", item)
            return
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.size > SHOWN:
        with np.printoptions(precision=4, suppress=True, threshold=200):
            yield f"{name} = {value + 0.0 if value.dtype.kind == 'f' else value}"
    elif isinstance(value, np.ndarray):
        yield f"{name} = {_digits(value.tolist())}"
    else:
        yield f"{name} = {_digits(value)}"


def _digits(value: Any) -> str:
    """A number to six digits, numbers of an array to four decimals."""
    if isinstance(value, list):
        numbers = (round(x, 4) if isinstance(x, float) else x for x in value)
        return f"[{', '.join(map(_digits, numbers))}]"
    if isinstance(value, range):
        return _digits(list(value))
    return f"{value + 0.0:.6g}" if isinstance(value, float) else str(value)
