"""Evidence of the ledger on instances of its families."""

import numpy as np

from gsae_ref.claims.problem import item as item_of
from gsae_ref.claims.trials import try_on_family
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.t21.instance import Instance


def evidence(row, label):
    return next(e for e in LEDGER[row].evidence if getattr(e, "label", "") == label)


def instances(item, count, seed=5, hypotheses=None):
    """Instances of the family of an item that satisfy its hypotheses, or others."""
    rng = np.random.default_rng(seed)
    family = FAMILIES[item.family]
    wanted = item.hypotheses if hypotheses is None else hypotheses
    for k in range(count):
        shape = family.shapes[k % len(family.shapes)]
        i = family.build(shape, family.draw(shape, rng))
        if all(h.holds(i) for h in wanted):
            yield i


def instances_of_claim(item, count, seed=5):
    """Instances drawn for a claim on T21's groups that meet its hypotheses, and their sides."""
    rng = np.random.default_rng(seed)
    problems = item.claim.problems
    for problem in problems:
        theta = problem.layout.draw(rng, count // len(problems))
        scope = problem.float_instance(theta)
        pairs = list(problem.conclusion.pairs(scope))
        inside = (problem.sides(theta).margins >= 0).all(axis=1)
        for k in np.flatnonzero(inside):
            both = [(item_of(left, k), item_of(right, k)) for left, _, right in pairs]
            yield instance_at(problem, scope, k), max(both, key=lambda pair: pair[0] - pair[1])


def instance_at(problem, scope, k):
    """Instance k of a batch of T21's groups."""
    d = problem.sizes["d"]
    x = np.zeros(d * problem.sizes["Gamma"])
    codes = np.ravel(item_of(scope["x"], k))
    x[: len(codes)] = codes
    A, S, taus = (item_of(scope[name], k) for name in ("A", "S", "tau"))
    b_min, b_max, delta = (item_of(scope[name], k) for name in ("B_min", "B_max", "delta"))
    shape = problem.sizes["n"], len(x)  # a 1 x 1 matrix is a number
    return Instance(
        np.hstack(A).reshape(shape),
        np.hstack(S).reshape(shape),
        d,
        problem.sizes["gamma"],
        x,
        b_min,
        b_max,
        delta,
        tau=np.array(taus),
        step_size=item_of(scope["eta"], k) if "eta" in problem.used else 0.0,
    )


def outcome(item):
    """What the search finds on the family of an item."""
    return try_on_family(item, FAMILIES[item.family], np.random.default_rng(0), quick=True)
