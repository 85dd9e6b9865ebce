"""Instances of larger sizes that hold one of smaller sizes, and searches that start from them."""

import numpy as np
import pytest
from claims_to_try import TRUE, groups

import gsae_ref as gs
from gsae_ref.claims import searches
from gsae_ref.claims.embedding import STARTS, embed
from gsae_ref.claims.problem import Problem

SMALL = groups(4, 2, 2, 1)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def embedded(claim, small, large, rng):
    smaller = Problem(claim, small)
    theta = smaller.layout.draw(rng, 1)[0]
    problem = Problem(claim, large)
    starts = embed(problem, smaller, theta, 20_000, rng)
    assert starts.shape == (STARTS, problem.layout.size)
    assert np.ptp(starts, axis=0).max() > 0.1  # the others are near it
    return smaller.float_instance(theta), problem.float_instance(starts[0])


@pytest.mark.parametrize("large", [groups(4, 2, 4, 1), groups(5, 2, 3, 2)])
def test_the_first_groups_are_those_of_the_smaller_instance(rng, large):
    small, instance = embedded(TRUE.but(sizes=SMALL), SMALL, large, rng)
    for name in ("A", "S"):
        for g in range(SMALL["Gamma"]):
            found = instance[name][g]
            assert np.allclose(found[:, :4], small[name][g][0], atol=1e-6)
            assert np.allclose(found[:, 4:], 0, atol=1e-6)
    assert np.allclose(instance["x"][0], small["x"][0][0], atol=1e-6)


def test_the_first_columns_are_those_of_the_smaller_instance(rng):
    claim = gs.Claim("coherence <= 1", "columns", given=("unit A",))
    small = {"n": 3, "m": 2, "k": 1}
    smaller, instance = embedded(claim, small, {"n": 4, "m": 3, "k": 2}, rng)
    for i in range(small["m"]):
        assert np.allclose(instance["A"][i][:, :3], smaller["A"][i][0], atol=1e-6)


def test_a_small_budget_is_not_spent_on_a_fit(rng):
    problem = Problem(TRUE, groups(4, 2, 3, 2))
    assert embed(problem, problem, problem.layout.draw(rng, 1)[0], 500, rng).shape[0] == 0


def test_a_search_starts_from_the_worst_instance_at_no_larger_sizes(monkeypatch):
    asked = []

    def noted(problem, smaller, theta, budget, rng):
        asked.append((smaller.sizes, problem.sizes))
        return np.empty((0, problem.layout.size))

    monkeypatch.setattr(searches, "embed", noted)
    sizes = [groups(3, 1, 4, 2), groups(4, 2, 2, 1), groups(4, 2, 3, 2)]
    gs.stress(TRUE.but(sizes=sizes), budget=200, seeds=1)
    assert asked == [(sizes[1], sizes[2])]
