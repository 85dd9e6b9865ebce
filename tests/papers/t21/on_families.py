"""Evidence of the ledger on instances of its families."""

import numpy as np

from gsae_ref.claims.trials import try_on_family
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER


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


def outcome(item):
    """What the search finds on the family of an item."""
    return try_on_family(item, FAMILIES[item.family], np.random.default_rng(0), quick=True)
