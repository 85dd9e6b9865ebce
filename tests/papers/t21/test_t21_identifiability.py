"""R14: zero loss does not identify the dictionary, weight decay below a threshold does."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

import gsae_ref as gs
from gsae_ref import groups
from gsae_ref.claims.trials import try_on_family
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.t21.identifiability import families, formulas, instance, measurements

SEEDS = st.integers(0, 2**32 - 1)


def evidence(label):
    return next(e for e in LEDGER["R14"].evidence if getattr(e, "label", "") == label)


LEAST = evidence("(c) least cost with weight decay")
RESIDUALS = evidence("(b) residuals at two norms")


def drawn(item, count=120, seed=0):
    rng = np.random.default_rng(seed)
    family = FAMILIES[item.family]
    for k in range(count):
        shape = family.shapes[k % len(family.shapes)]
        yield family.build(shape, family.draw(shape, rng))


def one_group(A, A_star, lam, weight=0.0, d=1, p=None, norms=(1.0,), directions=None):
    G = A_star.shape[1] // d
    p = np.full(G, 1 / G) if p is None else np.array(p)
    U = families.directions(d) if directions is None else directions
    return instance.OneGroup(A, A_star, U, p, np.array(norms), lam, weight, d)


def cost_by_loops(i):
    """L + weight_decay / 2 ||A||_F^2, one sample at a time."""
    d = i.group_size
    total = 0.0
    for g, chance in enumerate(i.p):
        for c in i.norms:
            for u in i.directions:
                y = i.A_star[:, g * d : g * d + d] @ (c * u)
                e = y.copy()
                for k in range(0, i.A.shape[1], d):
                    B = i.A[:, k : k + d]
                    z = B.T @ y
                    r = np.linalg.norm(z)
                    if r > i.lam:
                        e -= B @ z * (1 - i.lam / r)
                total += chance / (len(i.norms) * len(i.directions)) * (e @ e) / 2
    return total + i.weight_decay / 2 * np.sum(i.A**2)


# ---- (a) and (b): zero loss


def test_a_hadamard_matrix_has_zero_loss_in_fractions_and_is_not_the_truth():
    lam = Fraction(3, 4)
    H = measurements.H4.tolist()
    for g in range(4):
        code = [max(abs(H[g][k]) - lam, 0) * H[g][k] for k in range(4)]
        rebuilt = [int(each) if each == int(each) else each for each in np.array(H) @ code]
        assert rebuilt == [int(n == g) for n in range(4)]
    assert measurements.hadamard_zero_loss(np.random.default_rng(0), True).ok


@pytest.mark.parametrize(("m", "d"), [(2, 1), (2, 2), (4, 1), (4, 3)])
def test_the_mixture_has_zero_loss_at_45_and_60_degrees(m, d):
    H = measurements.H4 if m == 4 else np.array([[1, 1], [1, -1]])
    rng = np.random.default_rng(0)
    A_star = groups.polar(rng.normal(size=(m * d + 1, m * d)), m * d)
    A = formulas.mixed_dictionary(A_star, H, 0.6, d)
    i = one_group(A, A_star, 0.6, d=d)
    assert i.loss < 1e-28
    angles = gs.principal_angles(A, A_star, d)
    np.testing.assert_allclose(np.degrees(angles), {2: 45, 4: 60}[m], atol=1e-5)
    assert one_group(A, A_star, 0.6, d=d, norms=(1.0, 1.2)).loss > 1e-4


def test_at_two_norms_the_residuals_have_the_bound_and_it_is_attained():
    shares = []
    for i in drawn(RESIDUALS, 300):
        left, right = RESIDUALS.sides(i)
        assert left <= right + 1e-12
        shares.append(left / right)
        assert i.loss > 0
    assert max(shares) > 0.999
    assert sum(share > 0.1 for share in shares) > 100
    equal = replace(next(drawn(RESIDUALS)), norms=np.array([1.0, 1.0]))
    assert not instance.TWO_NORMS.holds(equal)


# ---- (c): weight decay


def test_the_cost_is_that_of_loops_and_no_dictionary_is_below_the_bound():
    used = 0
    for i in drawn(LEAST):
        assert all(h.holds(i) for h in LEAST.hypotheses)
        bound, cost = LEAST.sides(i)
        assert cost == pytest.approx(cost_by_loops(i), rel=1e-10, abs=1e-14)
        assert bound <= cost + 1e-12
        used += cost > 1.1 * bound
    assert 20 < used < 110


@given(SEEDS, st.floats(0.05, 2), st.floats(0.01, 1.5))
def test_the_scale_is_the_minimiser_and_the_threshold_separates(seed, ratio, share):
    critical = formulas.critical_decay(ratio)
    grid = np.linspace(0, ratio / 2 + np.sqrt(1 + ratio**2 / 4), 4001)
    ratios = (grid - ratio) * (2 - grid**2 + grid * ratio) / np.maximum(grid, 1e-9)
    assert ratios.max() == pytest.approx(critical, rel=1e-5)
    s = formulas.best_scale(ratio, share * critical)
    values = formulas.group_cost(grid, ratio, share * critical)
    assert formulas.group_cost(s, ratio, share * critical) <= values.min() + 1e-12
    assert (s > 0) == (share < 1)
    if abs(share - 1) > 0.01:  # nothing far from s is nearly as good
        far = np.abs(grid - s) > 0.1
        assert values[far].min() > formulas.group_cost(s, ratio, share * critical)


def descend(A, i):
    """Least cost from a start, by differences only: shares nothing with the gradients."""

    def cost(theta):
        return cost_by_loops(replace(i, A=theta.reshape(A.shape)))

    return scipy.optimize.minimize(cost, A.ravel(), method="BFGS", options={"gtol": 1e-8}).fun


def test_a_minimum_is_at_the_bound_and_has_the_predicted_form():
    rng = np.random.default_rng(4)
    A_star = np.eye(3)[:, :2]
    i = one_group(A_star, A_star, 0.6, 0.15, p=(0.6, 0.4))
    bound = formulas.least_cost(i.p, 0.6, 1.0, 0.15, 1)
    found = [descend(rng.normal(size=(3, 3)), i) for _ in range(6)]
    assert min(found) == pytest.approx(bound, abs=1e-8)
    scales = [formulas.best_scale(0.6, 0.15 / p) for p in i.p]
    assert replace(i, A=A_star * scales).cost == pytest.approx(bound, rel=1e-12)
    finding = measurements.minimisers_with_weight_decay(np.random.default_rng(2), True)
    assert finding.ok
    assert finding.numbers["at_the_bound"] >= 5


def test_each_hypothesis_is_needed():
    # Not isotropic: 3 : 1 along the axes; unequal scales cost less than the bound.
    uneven = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, np.pi, 60, endpoint=False)])
    uneven = uneven * [np.sqrt(1.5), np.sqrt(0.5)]
    uneven = uneven / np.linalg.norm(uneven, axis=1, keepdims=True)
    star = np.eye(2)
    i = one_group(star, star, 0.45, 0.2, d=2, directions=uneven)
    assert not instance.ISOTROPIC.holds(i)
    bound = formulas.least_cost(i.p, 0.45, 1.0, 0.2, 2)
    grid = np.linspace(0.9, 1.3, 21)
    costs = [replace(i, A=np.diag([a, b])).cost for a in grid for b in grid]
    assert min(costs) < bound * (1 - 1e-4)
    # Not jointly orthonormal: one atom serves two groups.
    twice = np.array([[1.0, 1.0], [0.0, 0.0]])
    i = one_group(np.array([[1.1, 0.0], [0.0, 0.0]]), twice, 0.45, 0.2)
    assert not instance.JOINTLY_ORTHONORMAL_STAR.holds(i)
    assert i.cost < formulas.least_cost(i.p, 0.45, 1.0, 0.2, 1) * 0.9
    # Two norms: the formula of one norm is not that of the law.
    i = one_group(star, star, 0.45, 0.2, norms=(1.0, 0.3))
    assert not instance.ONE_NORM.holds(i)
    assert replace(i, A=0.95 * star).cost < formulas.least_cost(i.p, 0.45, 1.0, 0.2, 1)
    # lam = 0: a rotation across the groups costs the same, so the truth is not identified.
    i = one_group(0.9 * star, star, 0.0, 0.2)
    assert not instance.POSITIVE_LAM.holds(i)
    turned = 0.9 * np.array([[0.8, -0.6], [0.6, 0.8]])
    assert replace(i, A=turned).cost == pytest.approx(i.cost)
    assert replace(i, lam=0.3, A=turned).cost > replace(i, lam=0.3).cost + 1e-3


def test_directions_on_two_axes_do_not_identify():
    axes = np.vstack([np.eye(2), -np.eye(2)])
    s = formulas.best_scale(0.45, 0.2 * 2)
    whole = np.hstack([s * np.eye(2), np.zeros((2, 2))])
    split = np.zeros((2, 4))
    split[0, 0] = split[1, 2] = s
    costs = [one_group(A, np.eye(2), 0.45, 0.2, d=2, directions=axes).cost for A in (whole, split)]
    assert costs[0] == pytest.approx(costs[1])
    assert not instance.RICH.holds(one_group(whole, np.eye(2), 0.45, 0.2, d=2, directions=axes))
    rich = [one_group(A, np.eye(2), 0.45, 0.2, d=2).cost for A in (whole, split)]
    assert rich[1] > rich[0] + 1e-3


def test_the_least_norm_at_zero_loss_needs_no_isotropy():
    """Five directions of the plane, the first seven times as likely: no zero loss of less norm."""
    U = families.directions(2)
    Y = np.vstack([np.repeat(U[:1], 6, axis=0), U])
    assert np.linalg.cond(Y.T @ Y) > 2
    s = formulas.best_scale(0.45, 0.0)
    rng = np.random.default_rng(0)
    norms = []
    for scale in np.linspace(0.3, 1.5, 12):
        start = np.hstack([s * np.eye(2), np.zeros((2, 2))]) + scale * rng.normal(size=(2, 4))

        def cost(theta):
            value, G = gs.loss_and_grad(theta.reshape(2, 4), Y, 0.45, 2)
            return value, G.ravel()

        found = scipy.optimize.minimize(cost, start.ravel(), jac=True, options={"gtol": 1e-9})
        if found.fun < 1e-14:
            norms.append(found.x @ found.x / (2 * s**2))
    assert gs.loss(s * np.eye(2), Y, 0.45, 2) < 1e-28
    assert len(norms) > 3
    assert min(norms) > 1 - 1e-6
    assert max(norms) > 1 + 1e-3


def test_what_is_rich_and_what_lies_in_two_planes():
    for d in (1, 2, 3):
        U = families.directions(d)
        A_star = np.eye(d)
        assert instance.RICH.holds(one_group(A_star, A_star, 0.45, 0.2, d=d, directions=U))
    t = np.linspace(0, np.pi, 7)
    circle = np.stack([np.cos(t), np.sin(t), 0 * t], axis=1)
    two_planes = np.vstack([circle, circle[:, [2, 0, 1]]])
    assert not instance.RICH.holds(
        one_group(np.eye(3), np.eye(3), 0.45, d=3, directions=two_planes)
    )
    i = one_group(np.eye(2), np.eye(2), 0.45, 0.1, p=(0.9, 0.1))
    assert not instance.BELOW_THRESHOLD.holds(i)  # for the rare group .1 / .1 > c*
    assert instance.BELOW_THRESHOLD.holds(replace(i, weight_decay=0.07))
    assert not instance.BELOW_THRESHOLD.holds(replace(i, weight_decay=0.0))


def test_above_its_threshold_a_group_is_dropped_the_rarest_first():
    finding = measurements.groups_dropped_by_weight_decay(np.random.default_rng(0), True)
    assert finding.ok
    kept = [finding.numbers[name] for name in ("below", "above_the_rare", "above_both")]
    assert kept == [2, 1, 0]


def test_the_measurement_notices_a_wrong_spectrum(monkeypatch):
    measure = measurements.spectrum_at_the_scaled_dictionary
    assert measure(np.random.default_rng(0), True).ok
    assert measurements.rate_at_the_scaled_dictionary(np.random.default_rng(0), True).ok
    honest = formulas.scaled_spectrum

    def spoilt(*arguments):
        return [(1.05 * value, times) for value, times in honest(*arguments)]

    monkeypatch.setattr(formulas, "scaled_spectrum", spoilt)
    assert not measure(np.random.default_rng(0), True).ok


def test_coherent_groups_beyond_the_limit_have_loss_at_the_scaled_dictionary():
    s = formulas.best_scale(0.45, 0.0)  # 5/4, so the limit is 9/25
    for coherence, zero in ((0.35, True), (0.37, False)):
        star = np.array([[1.0, coherence], [0.0, np.sqrt(1 - coherence**2)]])
        i = one_group(s * star, star, 0.45)
        assert (i.loss < 1e-20) == zero


def test_the_evidence_notices_a_bound_that_is_too_large():
    for item in (LEAST, RESIDUALS):
        left, right = (lambda i, k=k, item=item: item.sides(i)[k] for k in (0, 1))
        spoilt = replace(item, sides=lambda i, a=left, b=right: (1.01 * a(i), b(i)))
        assert not try_on_family(spoilt, FAMILIES[item.family], np.random.default_rng(0), True).ok


# ---- gs.weight_decay_threshold


def test_the_threshold_scales_as_the_energy_of_a_group():
    one = gs.weight_decay_threshold(0.5, 1.0, 1, 1.0)
    assert one == pytest.approx(0.75)
    assert gs.weight_decay_threshold(2.0, 4.0, 2, 0.1) == pytest.approx(0.1 * 16 / 2 * one)
    assert gs.weight_decay_threshold(5e-200, 1e-199, 1, 1.0) == 0.0
    assert gs.weight_decay_threshold(5e149, 1e150, 1, 1.0) == pytest.approx(0.75e300)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"lam": 0}, ValueError, "lam = 0.0; it must be > 0"),
        ({"norm": -1}, ValueError, "norm = -1.0; it must be > 0"),
        ({"probability": 1.5}, ValueError, "probability = 1.5; it must be at most 1"),
        ({"group_size": 0}, ValueError, "group_size"),
        ({"lam": "x"}, TypeError, "lam"),
    ],
)
def test_bad_arguments_are_refused(changes, error, words):
    arguments = {"lam": 0.5, "norm": 1.0, "group_size": 1, "probability": 0.5}
    with pytest.raises(error, match=words):
        gs.weight_decay_threshold(**(arguments | changes))


def test_training_below_the_threshold_finds_the_scaled_truth_from_nearby():
    A_star = gs.make_dictionary(6, 2, 2, kind="orthonormal", rng=0)
    stars = groups.blocks(A_star, 2)
    Y = np.concatenate([4 * families.directions(2) @ S.T for S in stars])
    threshold = gs.weight_decay_threshold(2.0, 4.0, 2, 0.5)
    start = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, direction="tangent", rng=0)
    options = {"optimizer": "gradient_descent", "step_size": 0.05}
    run = gs.train(start, Y, 2.0, 2, 400, weight_decay=threshold / 4, **options)
    scale = formulas.best_scale(0.5, threshold / 4 * 2 / (0.5 * 16))
    assert measurements.distance_from_form(run.x, A_star, np.array([scale, scale]), 2) < 1e-6
    assert run.fun == pytest.approx(
        formulas.least_cost(np.array([0.5, 0.5]), 0.5, 4.0, threshold / 4, 2)
    )
