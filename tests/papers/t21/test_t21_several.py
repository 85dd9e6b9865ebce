"""R11: several active groups, an explicit basin; R10: the linearisation."""

from dataclasses import replace

import numpy as np
import pytest
from on_families import evidence, instances

import gsae_ref as gs
from gsae_ref.papers.t21.samples import formulas_noise
from gsae_ref.papers.t21.samples import instance as samples_instance
from gsae_ref.papers.t21.samples import measurements as samples_measurements
from gsae_ref.papers.t21.samples.formulas_noise import noise_floor
from gsae_ref.papers.t21.several import (
    formulas,
    formulas_basin,
    formulas_linear,
    instance,
    measurements,
    statements,
    teeth,
)

LARGEST = evidence("R11", "max_g ||tan Theta_g^+||_F <= its bound")
TOTAL = evidence("R11", "the same for all groups together")


# ---- R11 by other means


def network_step(i):
    """A step by the network's own gradient, all samples repeated by their weights."""
    gradient = sum(
        w * gs.loss_and_grad(i.A, y, i.lam, i.group_size)[1]
        for w, y in zip(i.weights, i.Y, strict=True)
    )
    A = i.A - i.step_size * gradient
    d = i.group_size
    return np.hstack([np.linalg.qr(A[:, k : k + d])[0] for k in range(0, A.shape[1], d)])


def test_r11_holds_for_steps_of_the_network():
    used = 0
    for i in instances(LARGEST, 24):
        tangents = np.tan(gs.principal_angles(network_step(i), i.A_star, i.group_size))
        sizes = np.linalg.norm(tangents, axis=1)
        np.testing.assert_allclose(sizes, i.tangent_norms(i.after), rtol=1e-8, atol=1e-12)
        largest, total = i.bounds
        assert sizes.max() <= largest * (1 + 1e-9)
        assert np.linalg.norm(sizes) <= total * (1 + 1e-9)
        used += 1
    assert used > 15


def test_r11_is_not_vacuous_from_the_basin_every_bound_goes_to_zero():
    s = orthonormal(25, 2)
    r_lo = s.support_ends(0.05)[1]
    largest, total = formulas.step_bounds(s, 1.0, 2.0, r_lo, 0.05, 0.25)
    assert largest < 0.25
    assert total < 0.25
    assert formulas_basin.iterate(s, 1.0, 2.0, 0.15, 0.75, 0).floor == 0


def test_a_code_law_that_r11_admits_has_dependent_codes():
    i = next(instances(LARGEST, 5))
    assert i.dependence == 1.0


# ---- hypotheses dropped


def pair(mean=0.0, lam=0.4, step=0.05, **fields):
    """Two orthogonal lines out of four that are always active: signs are biased by ``mean``."""
    codes = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    weights = np.array([(1 + mean * s) * (1 + mean * t) / 4 for s, t in codes])
    one = np.ones((1, 2), dtype=bool), np.ones(1), np.ones((1, 2)), 0.0
    i = instance.Population(np.eye(3)[:, :2], np.eye(3)[:, :2], codes, weights, *one, lam, step, 1)
    return replace(i, **fields)


def anisotropic():
    """Planes whose codes occur along one axis three times as often as along the other."""
    i = next(instances(evidence("R11", "the largest, near A*"), 40, seed=2, hypotheses=()))
    return replace(i, weights=i.weights * (1 + 0.5 * np.sign(i.codes[:, 0])))


OUTSIDE = {
    instance.FRAMES: pair(A=1.2 * np.eye(3)[:, :2]),
    instance.SIGN_SYMMETRIC: pair(mean=0.5),
    instance.ISOTROPIC: pair(codes=pair().codes * [1.0, 1.3]),
    instance.EXACT_SUPPORTS: pair(lam=1.2),
    instance.STEP_IN_RANGE: pair(step=1.7),
    instance.UNIFORM: pair(chances=np.array([0.7, 0.3]), supports=np.array([[1, 1], [1, 0]]) > 0),
}


@pytest.mark.parametrize("dropped", OUTSIDE, ids=lambda h: h.text[:30])
def test_the_checker_refuses_what_is_outside(dropped):
    assert dropped.holds(pair())
    assert not dropped.holds(OUTSIDE[dropped])


def test_without_symmetric_signs_the_truth_is_no_fixed_point():
    i = OUTSIDE[instance.SIGN_SYMMETRIC]
    assert i.tangent_norms(i.after).max() > 1e-3
    inside = pair()
    assert inside.tangent_norms(inside.after).max() < 1e-15


def test_with_wrong_supports_the_bound_fails():
    overlap = np.array([[1.0, 0.6], [0, 0.8]])
    i = pair(
        A=overlap,
        A_star=overlap,
        supports=np.eye(2) > 0,
        chances=np.full(2, 0.5),
        codes=np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]]),
        lam=0.05,
        step=0.5,
    )
    assert next(h for h in LARGEST.hypotheses if not h.holds(i)) is instance.EXACT_SUPPORTS
    assert i.tangent_norms(i.after).max() > i.bounds[0]


# ---- teeth


@pytest.mark.parametrize(("item", "k"), [(LARGEST, 0), (TOTAL, 1)])
def test_the_evidence_notices_a_smaller_bound(monkeypatch, item, k):
    right = formulas.step_bounds
    assert all(left <= bound + 1e-12 for left, bound in map(item.sides, instances(item, 60)))
    monkeypatch.setattr(formulas, "step_bounds", lambda *a: tuple(0.93 * b for b in right(*a)))
    assert any(left > bound + 1e-9 for left, bound in map(item.sides, instances(item, 60)))


def test_the_evidence_notices_that_the_interaction_is_dropped(monkeypatch):
    right = formulas.step_bounds

    def without(s, *a):
        return right(replace(s, n_active=1, nu=0.0, total=0.0), *a)

    monkeypatch.setattr(formulas, "step_bounds", without)
    found = [LARGEST.sides(i) for i in instances(LARGEST, 100)]
    assert any(left > 1.01 * bound for left, bound in found)


# ---- the run


def orthonormal(n_groups, n_active, d=2):
    return measurements._orthonormal(n_groups, n_active, d)


@pytest.mark.parametrize(
    ("n_active", "n_groups", "lam", "known"),
    [(2, 25, 2.0, 0.1535), (2, 100, 2.0, 0.2195), (3, 500, 1.8, 0.150), (5, 500, 1.5, 0.070)],
)
def test_the_basin_is_that_of_a_hostile_referee_or_slightly_larger(n_active, n_groups, lam, known):
    found = formulas_basin.basin(orthonormal(n_groups, n_active), 1.0, lam)
    assert known - 1e-3 <= found <= 1.06 * known


def test_the_rule_that_tests_the_condition_at_the_start_only_is_wrong():
    """From .2 the condition holds at the start; the bound leaves it a step later."""
    s = orthonormal(25, 2)
    assert s.support_margin(2.0, 0.2) > 0
    found = formulas_basin.iterate(s, 1.0, 2.0, 0.2, 1.0, 0)
    assert found.failure.startswith("after 1 steps")
    inside = formulas_basin.iterate(s, 1.0, 2.0, 0.152, 0.76, 0)
    assert inside.failure == ""
    assert inside.deltas.max() > 1.5 * inside.deltas[0]  # it rises before it falls


def test_a_basin_exists_when_the_small_angle_rate_contracts():
    for n_active, n_groups in ((2, 12), (3, 30), (4, 56)):
        a = 1.0
        rate = a * 2 * n_active * (n_active - 1) + a * (n_active - 1)
        small = (1 + a) * (2 * n_active + 1) * (n_active - 1) < n_groups - 1
        found = formulas_basin.basin(orthonormal(n_groups, n_active), a, 1.0)
        assert rate > 0
        assert (found > 0) >= small


def start(n_groups=20, sine=0.1, overlap=0.0, seed=0):
    rng = np.random.default_rng(seed)
    n = 2 * n_groups
    A_star = np.eye(n) + overlap * rng.normal(size=(n, n))
    A_star = np.hstack([np.linalg.qr(A_star[:, k : k + 2])[0] for k in range(0, n, 2)])
    return measurements._start(rng, A_star, 2, sine), A_star


LAW = {"group_size": 2, "n_active": 2, "norms": [4.0, 5.0]}


def test_a_certified_run_keeps_its_supports_and_its_bound():
    A, A_star = start(24, overlap=0.001)
    found = gs.certify_run(A, A_star, lam=2.0, **LAW, n_steps=8)
    assert found.certified
    assert 0 < found.floor < 0.3
    assert found.margin > 0
    Y = measurements._samples(A_star, 2, 2, np.array([4.0, 5.0]))
    true = (np.abs(Y @ np.linalg.pinv(A_star).T) > 1e-6).reshape(len(Y), -1, 2).any(axis=2)
    for bound, angle in zip(found.sines, found.angles, strict=True):
        assert gs.principal_angles(A, A_star, 2).max() <= angle
        assert formulas_basin.start_sines(A, A_star, 2).max() <= bound * (1 + 1e-12)
        codes = gs.encode(A, Y, 2.0, 2).reshape(len(Y), -1, 2)
        np.testing.assert_array_equal((codes != 0).any(axis=2), true)
        A = measurements._step(A, Y, 2.0, 2, found.step_size)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lam": 0.01}, "leaves no room for lam"),
        ({"lam": 4.2}, "at angle 0 it asks"),
        ({"step_size": 10.0}, "times the largest one of R11"),
        ({"n_active": 9}, "even A = A* is not certified|leaves no room|denominator"),
    ],
)
def test_a_start_outside_is_reported_with_its_reason(change, reason):
    A, A_star = start()
    found = gs.certify_run(**({"A": A, "A_star": A_star, "lam": 2.0, **LAW} | change))
    assert not found.certified
    assert any(words in found.reason for words in reason.split("|"))
    assert np.isnan(found.angles).all()
    assert str(found).startswith("Nothing is certified")


def test_overcomplete_groups_in_the_proportion_of_the_paper_are_void_and_said_to_be():
    star = np.linalg.qr(np.random.default_rng(0).normal(size=(100, 190, 2)))[0]
    A = np.hstack(list(star))
    found = gs.certify_run(A, A, lam=2.2, group_size=2, n_active=3, norms=[4, 5])
    assert not found.certified
    assert "at angle 0 it asks" in found.reason or "even A = A*" in found.reason


def test_units_of_the_codes_do_not_matter():
    A, A_star = start()
    one = gs.certify_run(A, A_star, lam=2.0, **LAW)
    for c in (2.0**-300, 2.0**300):
        law = LAW | {"norms": [4 * c, 5 * c]}
        other = gs.certify_run(A, A_star, lam=2.0 * c, **law)
        np.testing.assert_array_equal(one.angles, other.angles)


def test_one_active_group_has_no_floor_whatever_the_overlap():
    star = np.linalg.qr(np.random.default_rng(0).normal(size=(10, 40, 2)))[0]
    A_star = np.hstack(list(star))
    A = gs.perturb_dictionary(A_star, delta=0.02, group_size=2, direction="tangent", rng=0)
    found = gs.certify_run(A, A_star, lam=3.0, group_size=2, n_active=1, norms=[4, 5])
    assert found.certified
    assert found.floor == 0


def test_fresh_samples_cost_a_floor_that_falls_with_their_number():
    A_star = np.eye(40)
    law = LAW | {"n_steps": 20}
    A = gs.perturb_dictionary(A_star, delta=0.03, group_size=2, direction="tangent", rng=0)
    found = [gs.certify_run(A, A_star, 2.0, **law, n_samples=10**k) for k in (4, 9, 11)]
    assert [each.certified for each in found] == [False, True, True]
    assert "n_samples is too small" in found[0].reason
    assert 3 < found[1].floor / found[2].floor < 30  # about sqrt(100)
    assert found[1].failure == 0.05
    assert "with probability 0.95" in str(found[1])
    population = gs.certify_run(A, A_star, 2.0, **law)
    assert (population.sines <= found[2].sines).all()
    assert population.failure == population.floor == 0


def test_a_certificate_of_no_step_is_printed():
    text = str(gs.certify_run(np.eye(4), np.eye(4), lam=2.0, **LAW | {"n_steps": 0}))
    assert text.splitlines()[1] == (
        "Largest angle now at most 0 degrees; floor of ||sin Theta_g||_F 0."
    )


def test_the_same_samples_at_every_step_are_certified_for_ever_and_cost_more():
    A_star = np.eye(12)
    law = {"group_size": 1, "n_active": 2, "norms": [4, 5], "n_steps": 3}
    fresh = gs.certify_run(A_star, A_star, 2.0, **law, n_samples=10**12)
    same = gs.certify_run(A_star, A_star, 2.0, **law, n_samples=10**12, same_samples=True)
    more = gs.certify_run(A_star, A_star, 2.0, **law, n_samples=10**14, same_samples=True)
    assert same.certified
    assert 8 < same.floor / more.floor < 12
    assert (same.sines[1:] > fresh.sines[1:]).all()
    few = gs.certify_run(A_star, A_star, 2.0, **law, n_samples=10**9, same_samples=True)
    assert "n_samples is too small" in few.reason


def test_errors_of_the_same_samples_are_bounded_at_all_dictionaries_at_once():
    """Dictionaries at the edge for each of three sets of samples: within reach of the bound.

    The bound itself is a sum over every direction in which the dictionary can move.
    """
    rng = np.random.default_rng(0)
    s = formulas.setting(np.eye(4)[:, :, None], 2, np.array([4.0, 5.0]))
    A_star = np.eye(4)
    N = 20_000
    every = measurements._samples(A_star, 1, 2, np.array([4.0, 5.0]))
    largest = 0.0
    for _ in range(3):
        Y = every[rng.integers(len(every), size=N)]
        for _ in range(25):
            A = measurements._start(rng, A_star, 1, 0.02)
            error = gs.loss_and_grad(A, Y, 2.0, 1)[1] - gs.loss_and_grad(A, every, 2.0, 1)[1]
            largest = max(largest, np.linalg.norm(error, axis=0).max() / s.kappa)
    bound = formulas.batch_error(s, 2.0, 0.02, 0.04, formulas.Batch(N, 1, 0.05, 12))
    assert bound / 100 < largest <= bound


def test_a_chart_of_the_spans_is_lipschitz():
    """||A_g - A'_g||_F <= ||V_g - V'_g||_F / c, attained in the limit by two close points."""
    rng = np.random.default_rng(3)
    largest = 0.0
    for k in range(400):
        d, rest = rng.integers(1, 4, 2)
        delta = rng.random() * 0.98
        V = rng.normal(size=(2, rest, d))
        V[1] = V[0] + 1e-3 * V[1] if k % 2 else V[1]
        V *= delta / np.linalg.norm(V, axis=(1, 2), keepdims=True)
        values, frames = np.linalg.eigh(np.eye(d) - np.swapaxes(V, 1, 2) @ V)
        roots = (frames * np.sqrt(values)[:, None]) @ np.swapaxes(frames, 1, 2)
        change = np.linalg.norm(V[0] - V[1])
        if change > 1e-6:
            moved = np.hypot(np.linalg.norm(roots[0] - roots[1]), change)
            largest = max(largest, moved * np.sqrt(1 - delta**2) / change)
    assert 0.5 < largest <= 1 + 1e-9


@pytest.mark.parametrize("which", [0, 1])
def test_the_evidence_notices_a_smaller_bound_of_a_sample(monkeypatch, which):
    item = evidence("R11", "a sample's gradient and its change")
    right = formulas.sample_bounds
    exact = list(instances(item, 40))
    assert all(left <= bound + 1e-9 for left, bound in map(item.sides, exact))

    def smaller(*arguments):
        found = list(right(*arguments))
        found[which] *= (0.98, 0.1)[which]
        return tuple(found)

    monkeypatch.setattr(statements, "sample_bounds", smaller)
    assert any(left > bound for left, bound in map(item.sides, exact))


def test_no_gradient_of_a_sample_is_longer_than_r11_says():
    """Batch errors are bounded by K: that of a sample, far from A* and with overlap."""
    A, A_star = start(8, sine=0.3, overlap=0.02)
    s = formulas.setting(A_star.reshape(16, 8, 2).swapaxes(0, 1), 2, np.array([4.0, 5.0]))
    sines = formulas_basin.start_sines(A, A_star, 2)
    sizes = float(sines.max()), float(np.linalg.norm(sines))
    n = 10**6
    log = np.log(2 * s.n_groups) - np.log(0.1)
    unit = (np.sqrt(2 * 0.25 * log / n) + 4 * log / (3 * n)) / s.kappa
    K = formulas.batch_error(s, 1.0, *sizes, formulas.Batch(n, 1, 0.1)) / unit
    Y = measurements._samples(A_star, 2, 2, np.array([4.0, 5.0]))
    gradients = [gs.loss_and_grad(A, y[None], 1.0, 2)[1].reshape(16, 8, 2) for y in Y[::7]]
    largest = max(np.linalg.norm(G, axis=(0, 2)).max() for G in gradients)
    assert 0.1 * K < largest <= K


def test_the_evidence_notices_that_an_error_is_left_out(monkeypatch):
    item = evidence("R11", "the largest, with errors in the gradient")
    right = formulas.step_bounds
    assert all(left <= bound + 1e-12 for left, bound in map(item.sides, instances(item, 60)))
    monkeypatch.setattr(formulas, "step_bounds", lambda *a: right(*a[:6]))
    assert any(left > bound + 1e-6 for left, bound in map(item.sides, instances(item, 60)))


@pytest.mark.parametrize("name", ["basin_rises", "basin_sizes", "basin_batches"])
def test_the_measurements_confirm(name):
    assert getattr(measurements, name)(np.random.default_rng(1), True).ok


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"A": 2 * np.eye(4)}, "columns of group 0 are not orthonormal"),
        ({"norms": [0.0]}, "norms has the entry 0.0"),
        ({"norms": [4e307]}, "norms reaches 4e.307; step_size is out of range; scale norms"),
        ({"n_active": 3}, "n_active = 3, but there are only 2 groups"),
        ({"step_size": -1.0}, "step_size = -1.0; it must be > 0"),
        ({"n_samples": 0}, "n_samples = 0; it must be at least 1"),
        ({"same_samples": True}, "same_samples = True, but n_samples = None; give a number"),
        ({"n_samples": 9, "failure": 1.0}, "failure = 1.0; it must lie strictly between 0 and 1"),
        ({"A_star": np.eye(4)[:, :2]}, "A_star"),
    ],
)
def test_bad_input_is_refused_at_the_door(changes, words):
    with pytest.raises(ValueError, match=words):
        gs.certify_run(**({"A": np.eye(4), "A_star": np.eye(4), "lam": 1.0, **LAW} | changes))


def test_an_overcomplete_dictionary_of_little_overlap_is_certified_with_a_floor():
    """The n + 1 corners of a simplex: inner products -1/n."""
    n = 100
    corners = np.linalg.svd(np.eye(n + 1) - 1 / (n + 1))[0][:, :n].T
    corners /= np.linalg.norm(corners, axis=0)
    found = gs.certify_run(corners, corners, 1.5, group_size=1, n_active=2, norms=[4, 5])
    assert found.certified
    assert 0.009 < found.floor < 0.011


# ---- R10

LINEAR = evidence("R10", "B_hg+ to first order, any support law and norms")
NORMAL = evidence("R10", "n_g+ to first order")
WEIGHTED = evidence("R10", "sum_g (1 + eta m_g) D_g^2 falls")


def relative(sides):
    left, right = sides
    return np.linalg.norm(left - right) / max(np.linalg.norm(right), 1e-3)


def test_r10_holds_to_first_order_for_any_support_law_and_norms():
    found = list(instances(LINEAR, 24))
    assert len(found) == 24
    assert max(relative(LINEAR.sides(i)) for i in found) < 1e-5
    assert max(relative(NORMAL.sides(i)) for i in found) < 1e-5
    assert any(np.ptp(i.at.p.diagonal()) > 0.1 for i in found)
    assert any(np.ptp(i.at.norms[0]) > 0.1 for i in found)


@pytest.mark.parametrize("term", [0, 1, 2, 3])
def test_no_term_of_the_linear_map_can_be_dropped(term):
    """Without B, without the swapped B, without N, without the weight 1 + eta m_g."""
    i = next(instances(LINEAR, 9, seed=8))
    B, _, _, _, N = i.derivatives
    full = i.predicted[0]
    zero = np.zeros_like(B)
    step = i.at.step_size
    lower = np.tril(np.ones(B.shape[:2]))[..., None, None] * B
    one_sided = formulas_linear.linear_step(lower, N, i.at.p, i.laws, step)[0]
    parts = {
        0: formulas_linear.linear_step(zero, N, i.at.p, i.laws, step)[0],
        1: one_sided,
        2: formulas_linear.linear_step(B, zero, i.at.p, i.laws, step)[0],
        3: full * i.weights[:, None, None],
    }
    assert relative((parts[term], full)) > 1e-2
    assert relative((i.derivatives[2], parts[term])) > 1e-2


def test_hypotheses_of_r10_are_checked():
    i = next(instances(LINEAR, 3))
    assert not instance.INDEPENDENT.holds(replace(i, at=replace(i.at, dependence=1.0)))
    assert not instance.NORM_ABOVE_LAM.holds(replace(i, at=replace(i.at, lam=2.0)))
    biased = replace(i.at, codes=np.abs(i.at.codes))
    assert not instance.MEAN_ZERO.holds(replace(i, at=biased))
    assert relative(LINEAR.sides(replace(i, at=biased))) > 1e-2
    late = replace(i, at=replace(i.at, lam=1.2 * i.at.norms.min()))
    assert relative(LINEAR.sides(late)) > 1e-2
    plane = next(j for j in instances(LINEAR, 9) if j.at.group_size == 2)
    leaning = replace(plane, at=replace(plane.at, weights=teeth._leaning(plane.at)))
    assert instance.MEAN_ZERO.holds(leaning)
    assert not instance.DIRECTIONS.holds(leaning)
    assert relative(LINEAR.sides(leaning)) > 1e-2
    assert instance.THIN.holds(i)
    assert not instance.THIN.holds(replace(i, at=replace(i.at, A_star=i.at.A_star[:-2])))
    silent = replace(i, at=replace(i.at, supports=i.at.supports & [False, True, True]))
    assert not instance.EVERY_GROUP_OCCURS.holds(silent)


def test_a_group_that_never_occurs_does_not_move_and_is_no_twin():
    """p_g = 0: the stiffness of B_hg is 0 although p_gh = p_g < p_h."""
    p = np.array([[0.0, 0.0], [0.0, 0.5]])
    law = formulas_linear.norm_law(np.array([1.0]), 1, 0.5)
    assert formulas_linear.spectral_radius(p, [law, law], 0.4) == pytest.approx(1.0)


def test_the_weighted_distance_falls_and_its_evidence_has_teeth():
    found = [WEIGHTED.sides(i) for i in instances(WEIGHTED, 40)]
    assert len(found) > 20
    assert all(left <= right for left, right in found)
    unstable = [
        WEIGHTED.sides(replace(i, at=replace(i.at, step_size=40.0)))
        for i in instances(WEIGHTED, 10)
        if not instance.STABLE.holds(replace(i, at=replace(i.at, step_size=40.0)))
    ]
    assert any(left > right for left, right in unstable)


def test_for_unequal_probabilities_the_plain_distance_may_rise_while_the_weighted_one_falls():
    """Two lines, norm 1: p_g = .177, p_h = .856, p_gh just below p_g; a step of 5.41."""
    lam = 0.27588
    p = np.array([[0.17739, 0.17738], [0.17738, 0.85620]])
    laws = [formulas_linear.norm_law(np.ones(1), 1, lam)] * 2
    M = []
    for h, g in ((0, 1), (1, 0)):
        B = np.zeros((2, 2, 1, 1))
        B[h, g] = 1.0
        after, _ = formulas_linear.linear_step(B, 0 * B, p, laws, 5.4113)
        M.append([after[0, 1, 0, 0], after[1, 0, 0, 0]])
    M = np.array(M).T
    assert np.abs(np.linalg.eigvals(M)).max() == pytest.approx(0.983, abs=1e-3)
    assert np.linalg.norm(M, 2) > 1.13
    law = laws[0]
    w = np.sqrt(1 + 5.4113 * p.diagonal() * (law.s2 - law.q))[::-1]  # of group g: B_01 moves A_1
    assert np.linalg.norm(np.diag(w) @ M @ np.diag(1 / w), 2) < 1


def test_the_floor_agrees_with_that_of_the_debiasing_threshold():
    norms = np.array([1.0, 1.1])
    A_star = np.eye(9)[:, :8]
    A_star[8, 0] = 0.05
    A_star[0, 2] = 0.05
    A_star = np.hstack([np.linalg.qr(A_star[:, k : k + 2])[0] for k in range(0, 8, 2)])
    lam = gs.debiasing_threshold(norms, 2)
    law = {"group_size": 2, "n_active": 2, "norms": norms, "step_size": 0.5}
    assert gs.predict_run(A_star, lam, **law).floor == pytest.approx(0, abs=1e-12)
    assert gs.predict_run(A_star, 0.5 * lam, **law).floor > 1e-3


@pytest.mark.parametrize(
    "name",
    [
        "linear_rate",
        "linear_step_limit",
        "linear_twins",
        "linear_unequal_norms",
        "linear_angle_rises",
    ],
)
def test_the_measurements_of_r10_confirm(name):
    assert getattr(measurements, name)(np.random.default_rng(1), True).ok


def test_the_measurement_notices_a_wrong_rate(monkeypatch):
    right = formulas_linear.mode_factors
    monkeypatch.setattr(
        formulas_linear, "mode_factors", lambda *a: tuple(1.05 * f for f in right(*a))
    )
    assert not measurements.linear_rate(np.random.default_rng(1), True).ok


TURNED = np.eye(6)  # the second plane has an overlap of .3 with the first
TURNED[:, 2] = 0.3 * TURNED[:, 0] + np.sqrt(0.91) * TURNED[:, 2]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"A_star": np.eye(4)[:3]}, "not orthonormal"),
        ({"lam": 1.0}, "lam = 1; it must be below the smallest norm, 1"),
        ({"lam": 0.0}, "lam = 0.0; it must be > 0"),
        (
            {"A_star": np.array([[1.0, 0.6], [0, 0.8]])[:, [0, 1, 0]], "group_size": 1},
            "3 atoms in 2",
        ),
        ({"n_samples": 0}, "n_samples = 0"),
        ({"A_star": TURNED, "lam": 0.2}, "supports need 0.3 <= lam < 0.7"),
        ({"A_star": TURNED, "lam": 0.75}, "supports need 0.3 <= lam < 0.7"),
    ],
)
def test_a_prediction_outside_r10_is_refused(changes, words):
    arguments = {"A_star": np.eye(4), "lam": 0.5, "group_size": 2, "n_active": 2}
    with pytest.raises(ValueError, match=words):
        gs.predict_run(**(arguments | {"norms": [1.0], "step_size": 0.5} | changes))


@pytest.mark.parametrize("changes", [{"step_size": 1e3}, {"n_active": 2}])
def test_where_the_truth_is_not_stable_no_floor_is_predicted(changes):
    """Beyond the largest step; all groups always active, so that turns of all are neutral."""
    arguments = {"group_size": 2, "n_active": 1, "norms": [1.0], "step_size": 0.5}
    found = gs.predict_run(np.eye(4), 0.1, **arguments)
    assert found.floor == 0
    found = gs.predict_run(np.eye(4), 0.1, **(arguments | changes))
    assert found.rate >= 1
    assert np.isnan(found.floor)


def test_a_plan_has_a_positive_threshold():
    plan = gs.plan_run(np.eye(8), 0.02, group_size=2, n_active=2, norms=[1.0])
    assert plan.lam > 0


# ---- R13

FALLS = evidence("R13", "(b) F+ <= its bound")
INVARIANT = evidence("R13", "(a) the leading eigenvectors of H do not move")


def test_r13_holds_and_is_not_vacuous():
    found = [FALLS.sides(i) for i in instances(FALLS, 120)]
    assert len(found) > 40
    assert all(left <= right * (1 + 1e-9) + 1e-12 for left, right in found)
    assert max(left / right for left, right in found if right > 1e-6) > 0.9
    for i in instances(INVARIANT, 40):
        left, right = INVARIANT.sides(i)
        np.testing.assert_allclose(left, right, atol=1e-10)


def test_the_evidence_of_r13_notices_a_smaller_bound(monkeypatch):
    right = formulas_noise.noisy_rate
    monkeypatch.setattr(formulas_noise, "noisy_rate", lambda *a: 0.97 * right(*a))
    found = [FALLS.sides(i) for i in instances(FALLS, 300)]
    assert any(left > bound + 1e-9 for left, bound in found)


def test_r13_needs_neither_noise_nor_a_gap_for_its_fixed_spans():
    i = next(instances(FALLS, 40))
    left, right = FALLS.sides(replace(i, noise=0 * i.noise))
    assert left <= right
    tie = 2.0 * np.array([[1, 1], [1, -1], [1, 1], [1, -1]])
    for codes, noise in ((i.codes, 0 * tie), (0 * i.codes, tie)):  # H of rank 1, and H = 4 I
        for step in (1e-3, 1.0, 1e9):
            j = replace(i, codes=codes, noise=noise, lam=0.1, step_size=step)
            assert samples_instance.EIGENVECTORS_ACTIVE.holds(j)
            left, right = INVARIANT.sides(j)
            np.testing.assert_allclose(left, right, atol=1e-12 * np.abs(left).max())


def test_hypotheses_of_r13_are_checked():
    i = next(instances(FALLS, 40))
    assert not samples_instance.NOISY_STEP.holds(replace(i, step_size=1e3))
    tied = replace(i, noise=np.eye(2)[[0, 1, 0, 1]], codes=0 * i.codes)  # H = I/2
    assert not samples_instance.NOISY_STEP.holds(tied)
    assert not samples_instance.OWN_GROUP_ACTIVE.holds(replace(i, lam=1e3))


@pytest.mark.parametrize("name", ["noise_run", "noise_floor_covered"])
def test_the_measurements_of_r13_confirm(name):
    assert getattr(samples_measurements, name)(np.random.default_rng(1), True).ok


def test_the_step_1_over_l_1_is_covered_from_any_angle_without_noise():
    for size in (0.1, 10.0, 1e4):
        assert formulas_noise.noisy_rate(0.2, 0.0, 1.0, 0.99, 1.0, size) < 1
    assert formulas_noise.noisy_rate(0.2, 0.1, 1.0, 0.99, 1.0, 0.3) < 1
    assert formulas_noise.noisy_rate(0.2, 0.1, 1.0, 0.99, 1.0, 3.0) == np.inf


def test_far_from_v_f_can_rise_at_the_step_1_over_l_1():
    """Three samples in space, a plane whose largest tangent is 61; it becomes 77."""
    Y = np.array([[1.5, -0.9, -1.2], [0.0, -1.3, 0.1], [0.0, -0.2, -2.0]])
    A = np.linalg.svd([[0.09, -0.44, 1.0]])[2][1:].T
    values, vectors = np.linalg.eigh(Y.T @ Y / 3)
    weights = np.sqrt(values[:0:-1] - values[0])

    def size(B):
        inside = vectors[:, :0:-1].T @ B
        tangents = np.linalg.solve(inside.T, (vectors[:, 0] @ B).T)
        return float(np.linalg.norm(tangents * weights))

    gradient = gs.loss_and_grad(A, Y, 0.7, 2)[1]
    after = A - gradient / values[-1]
    assert np.linalg.norm(Y @ A, axis=1).min() > 0.7
    assert size(after) / size(A) == pytest.approx(1.06, abs=0.001)
    f = size(A) ** 2 / (values[1] - values[0])
    sizes = float(values[1] - values[0]), float(values[0]), float(values[2])
    tau_max = 1 - 0.7 / np.linalg.norm(Y @ A, axis=1).max()
    assert formulas_noise.noisy_rate(*sizes, tau_max, 1 / values[2], size(A)) == np.inf
    assert f > 3600
    found = gs.certify_samples(A, Y, 0.7, 2, step_size=1 / values[2], n_steps=1)
    assert not found.certified
    assert found.measured[0] == pytest.approx(77, abs=0.5)


def test_without_noise_the_floor_is_zero_and_it_grows_with_the_noise():
    arguments = 10, 2, 100, 100, 0.05
    floors = [noise_floor(1.0, 1.0, w, *arguments) for w in (0.0, 0.1, 0.2)]
    assert floors[0] == 0
    assert floors == sorted(floors)
    assert np.isnan(noise_floor(1.0, 1.0, 5.0, *arguments))


def test_a_plan_reaches_the_accuracy_with_the_fewest_samples():
    A_star = start(6, overlap=0.01)[1]
    law = {"group_size": 2, "n_active": 2, "norms": [1.0, 1.2]}
    plan = gs.plan_run(A_star, 0.05, **law, lam_min=0.3)
    found = gs.predict_run(A_star, plan.lam, **law, step_size=1.0, n_samples=plan.n_samples)
    assert found.floor == pytest.approx(plan.floor)
    assert found.floor <= 0.05
    for lam in (0.3, 0.45, 0.6, 0.8):
        other = gs.predict_run(A_star, lam, **law, step_size=1.0, n_samples=plan.n_samples - 1)
        assert other.floor > 0.05


@pytest.mark.parametrize(
    ("A_star", "n_active"), [(np.eye(8), 4), (np.eye(8)[:, [0, 1, 0, 1, 4, 5]], 2)]
)
def test_where_r10_does_not_apply_there_is_no_plan(A_star, n_active):
    """All groups always active; two groups that are the same."""
    plan = gs.plan_run(A_star, 0.1, group_size=2, n_active=n_active, norms=[1.0])
    assert plan.lam is None
    assert np.isnan(plan.floor)


def test_a_plan_has_samples_of_every_group_and_a_threshold_above_the_overlaps():
    plan = gs.plan_run(TURNED, 2.0, group_size=2, n_active=2, norms=[1.0])
    assert plan.n_samples == 3
    assert plan.lam >= 0.3


def test_an_accuracy_below_every_bias_has_no_plan():
    A_star = start(6, overlap=0.02)[1]
    law = {"group_size": 2, "n_active": 2, "norms": [1.0]}
    plan = gs.plan_run(A_star, 1e-9, **law, lam_min=0.8)
    assert plan.lam is None
    assert plan.n_samples is None
    assert plan.floor > 1e-9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"accuracy": 0.0}, "accuracy = 0.0; it must be > 0"),
        ({"lam_min": 1.0}, "lam_min = 1; it must be below the smallest norm, 1"),
    ],
)
def test_a_plan_outside_is_refused(changes, words):
    arguments = {"A_star": np.eye(4), "accuracy": 0.1, "group_size": 2, "n_active": 2}
    with pytest.raises(ValueError, match=words):
        gs.plan_run(**(arguments | {"norms": [1.0]} | changes))
