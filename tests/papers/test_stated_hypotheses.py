"""What a family builds in is a hypothesis of the row: its instances, varied, keep the statement."""

import contextlib
import warnings
from dataclasses import replace

import numpy as np
import pytest

from gsae_ref.claims.evidence import Identity, Inequality
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.teeth import VARIED

ITEMS = {}
for row in LEDGER.values():
    for item in row.evidence:
        if isinstance(item, (Inequality, Identity)) and item.expect == "holds":
            ITEMS.setdefault(item.family, []).append((row.id, item))


def varied(family):
    """An instance of a family, and the instances with one field changed."""
    shape = FAMILIES[family].shapes[0]
    i = FAMILIES[family].build(shape, FAMILIES[family].draw(shape, np.random.default_rng(1)))
    return [i, *VARIED[type(i)](i)]


def breaks(item, i):
    left, right = map(np.asarray, item.sides(i))
    rounding = 1e-6 * max(1.0, float(np.linalg.norm(right)))
    if isinstance(item, Identity):
        return bool(np.linalg.norm(left - right) > rounding)
    return bool(left > right + rounding)


def against(items, instances):
    """Rows with an instance that meets the stated hypotheses and breaks the statement."""
    found = set()
    for i in instances:
        for row_id, item in items:
            with contextlib.suppress(ValueError, ArithmeticError):  # not defined there
                if all(h.holds(i) for h in item.hypotheses) and breaks(item, i):
                    found.add(row_id)
    return found


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("family", sorted(f for f in ITEMS if f.startswith(("sparse", "dglnn"))))
def test_instances_that_meet_the_stated_hypotheses_keep_the_statement(family):
    assert against(ITEMS[family], varied(family)) == set()


def test_a_hypothesis_that_only_the_family_has_is_found():
    items = [(row_id, replace(item, hypotheses=())) for row_id, item in ITEMS["sparse_near"]]
    assert against(items, varied("sparse_near")) == {"N19-theorem4ii"}
