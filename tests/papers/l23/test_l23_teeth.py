"""What the runs of L23 would notice: a smaller constant, a term or a hypothesis left out."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gsae_ref.claims.finding import MEASUREMENTS
from gsae_ref.ops.divergence import DivergenceError
from gsae_ref.papers.l23.gradient_descent import measurements
from gsae_ref.papers.l23.gradient_descent.formulas import second_step
from gsae_ref.papers.l23.steps import formulas as steps


def found(name, seed=0):
    return MEASUREMENTS[name](np.random.default_rng(seed), True).numbers


def problem(norms=(1.0, 0.0), level=1e-8, noise="none", gamma=None, groups=(2, 2), seed=0):
    rng = np.random.default_rng(seed)
    return measurements._problem(rng, groups, np.array(norms), level, noise, gamma)


def outside(inside, **changes):
    """The problem with some fields changed, its hypotheses not checked."""
    other = object.__new__(measurements.Problem)
    other.__dict__.update(inside.__dict__ | changes)
    return other


def test_r8_with_a_tenth_of_its_constant_would_be_noticed():
    assert found("dglnn_weak_groups")["on_support_over_zeta"] > 0.2


@pytest.mark.parametrize("seed", [1, 2])
def test_weak_groups_reach_a_fifth_of_zeta_with_other_seeds(seed):
    assert found("dglnn_weak_groups", seed)["on_support_over_zeta"] > 0.2


def test_the_sum_over_the_support_would_be_noticed_in_corollary_1():
    numbers = found("dglnn_unequal_groups")
    assert numbers["over_sum_on_S_400"] > 3 * numbers["over_sum_on_S_100"] > 3000
    assert numbers["over_s_max_p_l_rate_400"] < numbers["over_s_max_p_l_rate_100"] < 40


def test_corollary_1_without_the_size_of_groups_would_be_noticed():
    numbers = found("dglnn_printed_rate")
    assert numbers["ratio_p_l_64"] > 4 * numbers["ratio_p_l_4"]


def test_theorem_4_without_its_lower_bound_on_eta_would_be_noticed():
    inside = problem(level=1e-12)
    ratios = [
        measurements._second_phase(inside, second_step(1, 1, inside.zeta, inside.gamma).lower / k)[
            0
        ]
        for k in (1, 1000)
    ]
    assert ratios[0] < 1.2 < ratios[1]


def test_theorem_4_with_the_printed_power_of_u_max_would_be_noticed():
    inside = measurements._hundred(np.random.default_rng(0), theorem=4)
    upper = second_step(100, 100, inside.zeta, inside.gamma).upper
    assert measurements._second_phase(inside, upper)[0] < 1.2
    assert measurements._second_phase(inside, 100 * upper)[0] > 20


def worst(inside):
    """The largest error over zeta on S and over alpha off S, at the times that R8 speaks of."""
    on, off = inside.errors(inside.run())
    return on[inside.first :].max() / inside.zeta, off.max() / inside.alpha


def test_r8_without_its_bound_on_gamma_would_be_noticed():
    inside = problem((1.0, 0.0), 0.5 / 80, "gaussian")
    assert worst(inside)[0] < 1.2
    with pytest.raises(DivergenceError, match="left the finite numbers"):
        worst(outside(inside, gamma=1.0))


def test_r8_without_its_bound_on_delta_out_would_be_noticed():
    """Another group leaks into one off S, which then grows."""
    inside = problem((1.0, 0.0), 0.5 / 80)
    X = np.sqrt(4) * np.linalg.cholesky(np.kron([[1, 0.5], [0.5, 1]], np.eye(2))).T
    assert worst(inside)[1] < 1 < worst(outside(inside, X=X))[1]


def test_r8_without_zeta_below_u_max_would_be_noticed():
    inside = problem((1.0, 0.0), 0.5 / 80)
    loud = outside(inside, xi=4 * np.linalg.solve(inside.X.T, np.array([0, 0, 3.0, 0])))
    assert worst(loud)[1] > 1


@pytest.mark.parametrize(("ratio", "bound"), [(0.5, 1 / 20), (1.0, 1 / 20), (1.05, 1 / 20)])
def test_the_rate_of_alignment_is_reached_and_never_beaten(ratio, bound):
    """Steps (4) near v*: the tangent is at most the weighted mean, and comes close to it."""
    rng = np.random.default_rng(3)
    v_star = np.array([1.0, 0.0])
    largest = 0.0
    for _ in range(400):
        eta = rng.uniform(0.01, 4 / 9)
        tangent = rng.uniform(0, 1 / 19)
        v = np.array([1.0, tangent]) / math.hypot(1, tangent)
        angle = rng.uniform(0, math.pi)
        b = bound * np.array([math.cos(angle), math.sin(angle)])
        after = steps.direction_step(ratio, 1.0, v_star, v, b, eta)
        rate = steps.alignment_rate(eta, 1.0, ratio, bound)
        mean = (1 - rate) * tangent + rate * bound / (1 - bound)
        if tangent <= bound / (1 - bound):
            largest = max(largest, after[1] / after[0] / mean)
        assert rate >= 0.43 * eta
    assert 0.9 < largest <= 1 + 1e-12


def test_a_problem_outside_theorem_3_is_refused():
    inside = problem((1.0, 0.0), 0.5 / 80, "gaussian")
    for changes in ({"xi": 2 * inside.xi}, {"X": 1.1 * inside.X}, {"level": 0.1}):
        with pytest.raises(ArithmeticError, match="a hypothesis is missed"):
            replace(inside, **changes)
