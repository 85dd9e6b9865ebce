"""R17, a threshold from data alone, and R12, the debiasing threshold: oracles of their own."""

from dataclasses import fields, replace
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from on_families import evidence, outcome

import gsae_ref as gs
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.t21.threshold import families, formulas, instance, measurements

SEEDS = st.integers(0, 2**32 - 1)


def holds(i, hypotheses):
    return all(h.holds(i) for h in hypotheses)


def instances(family, hypotheses, count, seed=5):
    rng = np.random.default_rng(seed)
    for k in range(count):
        shape = FAMILIES[family].shapes[k % len(FAMILIES[family].shapes)]
        i = FAMILIES[family].build(shape, FAMILIES[family].draw(shape, rng))
        if holds(i, hypotheses):
            yield i


@pytest.mark.parametrize("name", families.FAMILIES)
def test_a_family_is_a_map_from_parameters(name):
    family = FAMILIES[name]
    rng = np.random.default_rng(0)
    for shape in family.shapes:
        for _ in range(10):
            theta = family.draw(shape, rng)
            assert len(theta) == shape.n_parameters
            one = family.build(shape, theta)
            two = family.build(shape, theta.copy())
            for field in fields(one):
                left = getattr(one, field.name)
                np.testing.assert_array_equal(left, getattr(two, field.name))
                assert np.isfinite(left).all()


# ---- R17, by sorted lists


def window(norms, gamma):
    """(lo, hi) of a list of lists of norms."""
    ordered = [sorted(r, reverse=True) + [0] for r in norms]
    return max(r[gamma] for r in ordered), min(r[gamma - 1] for r in ordered)


def fails(norms, last, gamma, place=Fraction(1, 2)):
    """Whether another number of groups than gamma is active at ``last``; None without a window."""
    lo, hi = window(norms, gamma)
    if not lo < hi:
        return None
    lam = lo + place * (hi - lo)
    return sum(r > lam for r in last) != gamma


def joint_failure(norms, gamma, place):
    """Chance that the last of a random order of the samples fails."""
    found = [fails(norms[:j] + norms[j + 1 :], norms[j], gamma, place) for j in range(len(norms))]
    return Fraction(found.count(True), len(norms))


def norms_of(i):
    """||A_g^T y|| of every sample, one group at a time."""
    d = i.group_size
    A = i.dictionaries[0]
    blocks = [A[:, k : k + d] for k in range(0, A.shape[1], d)]
    columns = [np.linalg.norm(i.Y @ B, axis=1) for B in blocks]
    return np.transpose(columns).tolist()


FAILURE = evidence("R17", "joint failure of the last sample")


def test_r17_holds_and_the_ledger_means_the_same():
    shares = []
    for i in instances("held_out", FAILURE.hypotheses, 400):
        gamma = i.n_active
        expected = joint_failure(norms_of(i), gamma, i.place)
        left, right = FAILURE.sides(i)
        sides = 1 if gamma == len(norms_of(i)[0]) else 2
        assert left == pytest.approx(float(expected))
        assert right == pytest.approx(sides / len(i.Y))
        assert expected <= Fraction(sides, len(i.Y))
        shares.append(left / right)
    assert len(shares) > 300
    assert shares.count(1.0) > 5  # attained
    assert 0.05 < np.mean(shares) < 0.95  # neither idle nor always tight


@given(SEEDS, st.integers(1, 6), st.integers(2, 5), st.sampled_from([0.0, 0.3, 0.5, 0.99]))
def test_r17_of_any_norms_ties_included(seed, N, n_groups, place):
    rng = np.random.default_rng(seed)
    norms = rng.integers(0, 5, (N + 1, n_groups)).tolist()
    gamma = int(rng.integers(1, n_groups + 1))
    assert joint_failure(norms, gamma, place) <= Fraction(2 - (gamma == n_groups), N + 1)


@pytest.mark.parametrize("N", [1, 2, 5, 30])
def test_r17_is_attained_and_then_every_window_fails(N):
    pairs = [[1, Fraction(6, 10)], [Fraction(11, 20), 0], *[[1, 0]] * (N - 1)]
    assert joint_failure(pairs, 1, Fraction(1, 2)) == Fraction(2, N + 1)
    found = [fails(pairs[:j] + pairs[j + 1 :], pairs[j], 1) for j in range(N + 1)]
    assert False not in found


@pytest.mark.parametrize(("k", "N"), [(2, 2), (3, 4), (5, 3)])
def test_no_bound_holds_conditional_on_a_window_even_for_independent_samples(k, N):
    levels = [[2 * j + 1, 2 * j] for j in range(1, k + 1)]
    found = [fails(list(first), last, 1) for *first, last in product(levels, repeat=N + 1)]
    windows = len(found) - found.count(None)
    assert Fraction(found.count(True), windows) == 1 - Fraction(1, k)
    assert Fraction(found.count(True), len(found)) <= Fraction(2, N + 1)


def fitted_to_the_others(i):
    """Sample j is encoded by a dictionary whose atoms are the other samples."""
    N = len(i.Y) - 1
    Y = np.random.default_rng(0).normal(size=(N + 1, 40 * N))
    others = np.stack([np.delete(Y, j, axis=0).T for j in range(N + 1)])
    unit = others / np.linalg.norm(others, axis=1, keepdims=True)
    return replace(i, Y=Y, dictionaries=unit, group_size=1, n_active=1, place=0.5)


def with_the_failing_sample_last(i):
    return replace(i, last=i.failures / max(i.failures.sum(), 1))


@pytest.mark.parametrize(
    ("dropped", "change"),
    [
        (instance.FIXED_DICTIONARY, fitted_to_the_others),
        (instance.EXCHANGEABLE, with_the_failing_sample_last),
        (instance.LAM_IN_WINDOW, lambda i: replace(i, place=1.5)),
    ],
    ids=["fixed", "exchangeable", "window"],
)
def test_r17_fails_without_any_one_of_its_hypotheses(dropped, change):
    found = [change(i) for i in instances("held_out", FAILURE.hypotheses, 120)]
    outside = [
        i
        for i in found
        if len(i.Y) > 2 and [h for h in FAILURE.hypotheses if not h.holds(i)] == [dropped]
    ]
    assert outside
    assert any(left > right + 0.1 for left, right in map(FAILURE.sides, outside))


@pytest.mark.parametrize(
    ("spoil", "noticed"),
    [
        (lambda left, right: (left, right), False),
        (lambda left, right: (left, 0.99 * right), True),
        (lambda left, right: (left, right / 2), True),  # one of the two events forgotten
    ],
)
def test_the_evidence_notices_a_smaller_bound(spoil, noticed):
    item = replace(FAILURE, sides=lambda i: spoil(*FAILURE.sides(i)))
    assert outcome(item).ok is not noticed


@pytest.mark.parametrize(
    ("label", "spoil"),
    [
        (
            "gamma active groups at each of the others",
            lambda i: replace(i, place=1.2),
        ),
        (
            "[lo, hi) contains the interval from the actual matrices",
            lambda i: replace(i, Y=1.3 * i.Y),
        ),
        (
            "[lo, hi) contains the interval from the actual matrices",
            lambda i: replace(i, n_active=i.n_active % 2 + 1),
        ),
        (
            "[lo, hi) contains the interval from the actual matrices",
            lambda i: replace(i, b_max=0.8 * i.b_max, b_min=1.3 * i.b_min),
        ),
    ],
)
def test_the_evidence_notices_a_hypothesis_that_is_dropped(label, spoil):
    item = evidence("R17", label)
    changed = [spoil(i) for i in instances(item.family, item.hypotheses, 200)]
    outside = [i for i in changed if not holds(i, item.hypotheses)]
    assert len(outside) > 20
    assert any(left > right + 1e-6 for left, right in map(item.sides, outside))


def test_in_a_certified_interval_the_window_finds_the_true_supports():
    item = evidence("R17", "[lo, hi) contains the interval from the actual matrices")
    used = 0
    for i in instances("held_out_clean", item.hypotheses, 100):
        found = gs.data_threshold(i.dictionaries[0], i.Y, i.n_active, i.group_size)
        codes = gs.encode(i.dictionaries[0], i.Y, found.lam, i.group_size)
        np.testing.assert_array_equal(codes != 0, i.codes != 0)
        used += 1
    assert used > 50


# ---- gs.data_threshold


@given(SEEDS)
def test_the_threshold_makes_the_wanted_number_of_groups_active_at_each_sample(seed):
    rng = np.random.default_rng(seed)
    n, n_groups, d, N = rng.integers(1, 5, 4)
    A = rng.normal(size=(n, n_groups * d))
    Y = rng.normal(size=(N, n))
    gamma = int(rng.integers(1, n_groups + 1))
    found = gs.data_threshold(A, Y, gamma, d)
    columns = [np.linalg.norm(Y @ A[:, k * d : k * d + d], axis=1) for k in range(n_groups)]
    r = np.transpose(columns).tolist()
    assert (found.low, found.high) == pytest.approx(window(r, gamma))
    assert found.failure_bound == pytest.approx((2 - (gamma == n_groups)) / (N + 1))
    if found.low + 1e-9 < found.high:
        active = (gs.encode(A, Y, found.lam, d).reshape(N, n_groups, d) != 0).any(axis=2)
        assert (active.sum(axis=1) == gamma).all()
    elif found.lam is None:
        assert not found.low < found.high


def test_the_scale_of_the_data_scales_the_threshold_and_nothing_else_does():
    rng = np.random.default_rng(3)
    A = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    Y = gs.sample(A, 20, 1, 2, rng=rng).Y
    found = gs.data_threshold(A, Y, 1, 2)
    assert found.lam is not None
    for c in (2.0**-400, 8.0, 2.0**400):
        scaled = gs.data_threshold(A, c * Y, 1, 2)
        assert (scaled.lam, scaled.low, scaled.high) == (
            c * found.lam,
            c * found.low,
            c * found.high,
        )
    assert gs.data_threshold(A, Y[::-1], 1, 2) == found
    rotated = gs.data_threshold(A @ np.kron(np.eye(4), [[0, 1], [-1, 0]]), Y, 1, 2)
    assert rotated.lam == pytest.approx(found.lam)


def test_limiting_cases():
    A = np.eye(3)
    all_active = gs.data_threshold(A, [[3.0, 1.0, 2.0], [5.0, 4.0, 0.5]], 3, 1)
    assert (all_active.lam, all_active.low, all_active.high) == (0.25, 0.0, 0.5)
    assert all_active.failure_bound == 1 / 3
    one = gs.data_threshold(A, [3.0, 1.0, 2.0], 1, 1)
    assert (one.lam, one.failure_bound) == (2.5, 1.0)
    tie = gs.data_threshold(A, [3.0, 3.0, 2.0], 1, 1)
    assert tie.lam is None
    assert str(tie) == "no threshold: a group outside the 1 largest has norm 3, one inside has 3"
    zero = gs.data_threshold(A, np.zeros((2, 3)), 1, 1)
    assert zero.lam is None


def test_the_middle_of_neighbouring_numbers_is_the_lower_one():
    assert formulas.middle(1.0, np.nextafter(1.0, 2)) == 1.0
    assert formulas.middle(5e-324, 1e-323) == 5e-324
    assert formulas.middle(0.0, 1.7e308) == 8.5e307


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"n_active": 4}, ValueError, "n_active = 4, but there are only 3 groups"),
        ({"n_active": 0}, ValueError, "n_active"),
        ({"group_size": 2}, ValueError, "group_size = 2 does not divide the 3 atoms"),
        ({"Y": np.ones((2, 4))}, ValueError, "Y has shape"),
        ({"Y": [[1.0, np.nan, 0.0]]}, ValueError, "Y has 1 non-finite entry"),
        ({"A": 1e308 * np.ones((3, 3)), "Y": 10 * np.ones((1, 3))}, ValueError, "A_g\\^T y cannot"),
    ],
)
def test_bad_input_is_refused_at_the_door(changes, error, words):
    arguments = {"A": np.eye(3), "Y": np.ones((2, 3)), "n_active": 1, "group_size": 1}
    with pytest.raises(error, match=words):
        gs.data_threshold(**(arguments | changes))


# ---- R12, exactly

SIGNS = (1, -1)


def dot(u, v):
    return sum(a * b for a, b in zip(u, v, strict=True))


def shrink(z, lam):
    return max(abs(z) - lam, 0) * (1 if z > 0 else -1)


def pair_gradient(a, b, lam):
    """Gradient of the loss in a, at A = A*, codes +-1 of both atoms, by the rule for products."""
    total = [Fraction(0)] * len(a)
    for x, w in product(SIGNS, SIGNS):
        y = [x * p + w * q for p, q in zip(a, b, strict=True)]
        phi = shrink(dot(a, y), lam)
        psi = shrink(dot(b, y), lam)
        e = [s - phi * p - psi * q for s, p, q in zip(y, a, b, strict=True)]
        slope = dot(a, e) * (abs(dot(a, y)) > lam)
        total = [t - (r * phi + s * slope) / 4 for t, r, s in zip(total, e, y, strict=True)]
    return total


def tangential(g, a):
    return [p - dot(g, a) * q for p, q in zip(g, a, strict=True)]


def test_at_the_threshold_a_pair_of_coherent_lines_is_a_fixed_point_in_rational_arithmetic():
    a = [Fraction(1), Fraction(0)]
    b = [Fraction(7, 25), Fraction(24, 25)]
    assert tangential(pair_gradient(a, b, Fraction(2, 3)), a) == [0, 0]
    assert tangential(pair_gradient(b, a, Fraction(2, 3)), b) == [0, 0]
    drift = tangential(pair_gradient(a, b, Fraction(1, 2)), a)
    # R12 (b): -grad = (3 lam - 2) rho a*_h, and a*_h has 24/25 beside a.
    assert drift == [0, -(3 * Fraction(1, 2) - 2) * Fraction(7, 25) * Fraction(24, 25)]


# ---- R12, by loops


def gradient_by_loops(i):
    """Gradient of the population loss at A*, one sample and one atom at a time."""
    codes, weights = i.samples
    G = np.zeros_like(i.star)
    for x, p in zip(codes, weights, strict=True):
        y = sum(x[g] * i.star[:, g] for g in range(len(x)))
        z = [float(i.star[:, g] @ y) for g in range(len(x))]
        phi = [shrink(each, i.lam) for each in z]
        e = y - sum(phi[g] * i.star[:, g] for g in range(len(x)))
        for g in range(len(x)):
            if abs(z[g]) > i.lam:
                G[:, g] -= p * (e * phi[g] + y * (i.star[:, g] @ e))
    return G


ALONG = evidence("R12", "(b) gradient along the atoms at lam*")
DRIFT = evidence("R12", "(b) drift at A*, any lam, any number active")
SECOND = evidence("R12", "(c) second derivative of the loss")
DEFINITE = evidence("R12", "(c) positive definite exactly without twins")


def off_the_atoms(i):
    """Part of the gradient orthogonal to the atoms, over the gradient."""
    G = gradient_by_loops(i)
    rest = G - i.star * np.sum(i.star * G, axis=0) / np.sum(i.star**2, axis=0)
    return np.linalg.norm(rest) / np.linalg.norm(G)


def test_r12_holds_by_loops_and_the_ledger_means_the_same():
    used = 0
    for i in instances("debiased_lines", ALONG.hypotheses, 60):
        assert off_the_atoms(i) < 1e-14
        np.testing.assert_allclose(i.gradient, gradient_by_loops(i), atol=1e-14)
        left, right = ALONG.sides(i)
        np.testing.assert_allclose(left, right, atol=1e-14)
        used += 1
    assert used > 30


def test_r12_is_not_vacuous_coherent_and_overcomplete_frames_are_among_its_instances():
    found = list(instances("debiased_lines", ALONG.hypotheses, 200))
    gram = [i.star.T @ i.star - np.eye(i.star.shape[1]) for i in found]
    assert max(np.abs(M).max() for M in gram) > 0.2
    assert any(i.star.shape[1] > i.star.shape[0] for i in found)
    at_another = [replace(i, lam=0.9 * i.lam) for i in found]
    assert sum(off_the_atoms(i) > 1e-3 for i in at_another) > len(found) / 3


def lines(rho, moduli, supports, lam=None, **fields):
    """Two or three atoms in the plane or in space with inner products rho."""
    m = len(supports[0])
    star = np.linalg.cholesky(np.full((m, m), rho) + (1 - rho) * np.eye(m)).T
    moduli = np.array(moduli, dtype=float)
    if lam is None:
        lam = 2 / 3 * np.mean(moduli[:, 0] ** 2) / np.mean(moduli[:, 0])
    supports = np.array(supports, dtype=bool)
    chances = np.full(len(supports), 1 / len(supports))
    return instance.Lines(star, np.zeros((m, m)), supports, chances, moduli, lam, **fields)


PAIR = [[1, 1]]
OUTSIDE = {
    instance.UNIT_ATOMS: replace(
        lines(0.2, PAIR, PAIR), star=lines(0.2, PAIR, PAIR).star * [1.0, 1.05]
    ),
    instance.SYMMETRIC: lines(0.2, PAIR, PAIR, positive=0.8),
    instance.ONE_LAW: lines(0.2, [[1, 1.1]], PAIR),
    instance.EXACT_SUPPORTS: lines(0.36, PAIR, PAIR),
    instance.EXACT_SIGNS: lines(0.8, [[0.05, 1], [1, 0.05]], PAIR),
    instance.TWO_ACTIVE: lines(0.1, [[1, 1, 1]], [[1, 1, 1]]),
    instance.AT_DEBIASING: lines(0.2, PAIR, PAIR, lam=0.7),
}


def test_every_hypothesis_of_the_exact_threshold_is_dropped_once():
    assert set(OUTSIDE) == set(ALONG.hypotheses)
    assert off_the_atoms(lines(0.2, PAIR, PAIR)) < 1e-15


@pytest.mark.parametrize("dropped", OUTSIDE, ids=lambda h: h.text[:30])
def test_r12_fails_without_any_one_of_its_hypotheses(dropped):
    i = OUTSIDE[dropped]
    assert [h for h in ALONG.hypotheses if not h.holds(i)] == [dropped]
    assert off_the_atoms(i) > 1e-3


def test_a_norm_at_the_threshold_is_outside_for_the_loss_has_a_kink_there():
    assert instance.EXACT_SUPPORTS.holds(lines(0.2, PAIR, PAIR, lam=0.79))
    assert not instance.EXACT_SUPPORTS.holds(lines(0.2, PAIR, PAIR, lam=0.8))


def test_dependent_norms_are_allowed_only_the_signs_must_be_symmetric():
    i = lines(0.2, [[1, 1.2], [1.2, 1]], [[1, 1], [1, 0]])
    assert holds(i, ALONG.hypotheses)
    assert off_the_atoms(i) < 1e-15


def test_three_active_atoms_leave_a_drift_of_second_order():
    i = OUTSIDE[instance.TWO_ACTIVE]
    M = i.star.T @ i.star
    expected = np.zeros((3, 3))
    for g, h, k in permutations(range(3)):
        expected[h, g] = -2 * M[h, k] * M[k, g]
    C = formulas.line_drift(M, 1.0, 1.0, i.lam)
    np.testing.assert_allclose(C, expected, atol=1e-15)


# ---- R12, the second derivative


@pytest.mark.parametrize("rho", [-0.7, -0.3, 0.0, 0.2, 0.6])
def test_the_eigenvalues_of_a_pair(rho):
    a = np.array([1.0, 0, 0, 0])
    b = np.array([rho, np.sqrt(1 - rho**2), 0, 0])
    found = np.linalg.eigvalsh(formulas.pair_hessian(a, b))
    low, high, turn, opening = formulas.pair_eigenvalues(rho)
    expected = sorted([0, 0, low, low, high, high, turn, opening])
    np.testing.assert_allclose(found, expected, atol=1e-14)


def test_twins_can_be_turned_without_any_change_of_the_loss():
    i = lines(0.0, PAIR, PAIR)
    turned = [[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]]
    assert i.loss(np.array(turned)) == pytest.approx(i.loss(i.star), abs=1e-15)
    apart = lines(0.0, PAIR, [[1, 1], [1, 0]])
    assert apart.loss(np.array(turned)) > apart.loss(apart.star) + 1e-3
    assert formulas.find_twins(i.star, i.supports) == [(0, 1)]
    assert formulas.find_twins(apart.star, apart.supports) == []


def test_the_family_has_instances_with_twins_and_without():
    found = [DEFINITE.sides(i)[1] for i in instances(DEFINITE.family, DEFINITE.hypotheses, 300)]
    assert min(found.count(0.0), found.count(1.0)) >= 10


# ---- R12, teeth


def spoilt(monkeypatch, name, change):
    right = getattr(formulas, name)
    monkeypatch.setattr(formulas, name, lambda *a: change(right(*a)))


@pytest.mark.parametrize(
    ("item", "name", "change"),
    [
        (DRIFT, "line_drift", lambda C: 1.001 * C),
        (SECOND, "loss_hessian", lambda H: 1.001 * H),
        (DEFINITE, "loss_hessian", lambda H: H + 0.1 * np.eye(len(H))),
        (DEFINITE, "find_twins", lambda twins: []),
    ],
    ids=["drift", "second derivative", "definite", "twins"],
)
def test_the_evidence_notices_a_spoilt_formula(monkeypatch, item, name, change):
    assert outcome(item).ok
    spoilt(monkeypatch, name, change)
    assert not outcome(item).ok


def test_the_evidence_notices_that_terms_of_the_drift_are_dropped(monkeypatch):
    for dropped in (lambda M, m1, m2: -2 * m2 * M @ M, lambda M, m1, m2: 2 * m2 * M):
        right = formulas.line_drift
        with monkeypatch.context() as patch:
            patch.setattr(
                formulas,
                "line_drift",
                lambda M, m1, m2, lam, right=right, dropped=dropped: (
                    right(M, m1, m2, lam) - dropped(M, m1, m2) * (1 - np.eye(len(M)))
                ),
            )
            assert not outcome(DRIFT).ok


@pytest.mark.parametrize(
    "name", ["debiasing_first_order", "debiasing_floor", "debiasing_run", "debiasing_sign_change"]
)
def test_the_measurements_notice_another_threshold(monkeypatch, name):
    measure = getattr(measurements, name)
    assert measure(np.random.default_rng(1), True).ok
    spoilt(monkeypatch, "debiasing_threshold", lambda lam: lam and 0.97 * lam)
    if name == "debiasing_floor":
        spoilt(monkeypatch, "floor_coefficient", lambda c: 1.1 * c)
    assert not measure(np.random.default_rng(1), True).ok


@pytest.mark.parametrize("d", [1, 2])
def test_without_mean_zero_or_one_law_no_threshold_removes_the_first_order(d):
    rng = np.random.default_rng(0)
    A_star = np.eye(2 * d + 1)[:, :-1] + 0.01 * rng.normal(size=(2 * d + 1, 2 * d))
    A_star = np.linalg.qr(A_star[:, :d])[0], np.linalg.qr(A_star[:, d:])[0]
    units = np.concatenate([np.eye(d), -np.eye(d)])

    def drift(first, second, lam):
        Y = np.array([A_star[0] @ x + A_star[1] @ w for x, w in product(first, second)])
        return np.linalg.norm(measurements._drift(np.hstack(A_star), Y, lam, d))

    lam = gs.debiasing_threshold([1.0], d)
    assert drift(units, units, lam) < 1e-4
    assert drift(units[:d], units[:d], lam) > 0.05
    grid = np.linspace(0.5, 1.5, 11) * lam
    assert min(drift(units, 1.2 * units, each) for each in grid) > 2e-4


# ---- gs.debiasing_threshold


@given(SEEDS, st.integers(1, 8))
def test_the_threshold_is_the_root_below_the_smallest_norm_or_there_is_none(seed, d):
    rng = np.random.default_rng(seed)
    norms = np.exp(rng.uniform(0, 1.2) * rng.uniform(-1, 1, rng.integers(1, 7)))

    def excess(lam):
        first = np.mean(norms * (norms - lam)) / np.mean(norms**2)
        return first * (1 - (1 - 1 / d) * np.mean(lam / norms)) - 1 / 3

    found = gs.debiasing_threshold(norms, d)
    if found is None:
        assert excess(norms.min()) >= -1e-12
    else:
        root = scipy.optimize.brentq(excess, 0, norms.min(), xtol=1e-14)
        assert found == pytest.approx(root, rel=1e-10)


@pytest.mark.parametrize(("d", "share"), [(1, 0.6667), (2, 0.5426), (3, 0.5), (10**9, 0.4226)])
def test_codes_of_one_norm(d, share):
    assert gs.debiasing_threshold([3.0], d) / 3 == pytest.approx(share, abs=5e-5)


def test_spread_norms_have_no_threshold():
    assert gs.debiasing_threshold([1.0, 3.0], 1) is None
    grid = (np.arange(20000) + 0.5) / 20000
    limit = (5 + np.sqrt(105)) / 8  # 4 b^2 - 5 b - 5 = 0
    assert gs.debiasing_threshold(1 + (limit - 1.001) * grid, 1) is not None
    assert gs.debiasing_threshold(1 + (limit - 0.999) * grid, 1) is None


def test_units_of_the_norms_do_not_matter():
    norms = np.array([4.0, 4.5, 5.0])
    found = gs.debiasing_threshold(norms, 2)
    for c in (2.0**-1000, 2.0**1000):
        assert gs.debiasing_threshold(c * norms, 2) == c * found
    assert gs.debiasing_threshold(norms.astype(np.float32), 2) == pytest.approx(found, rel=1e-6)
    assert gs.debiasing_threshold([1e-300, 1e300], 1) is None
    assert gs.debiasing_threshold([4, 5], 2) == pytest.approx(2.457, abs=5e-4)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"norms": [1.0, 0.0]}, ValueError, "norms has the entry 0.0; every entry must be > 0"),
        ({"norms": [-1.0]}, ValueError, "norms has the entry -1.0"),
        ({"norms": []}, ValueError, "norms is empty"),
        ({"norms": [np.inf]}, ValueError, "norms has 1 non-finite entry"),
        ({"norms": "abc"}, TypeError, "norms"),
        ({"group_size": 0}, ValueError, "group_size"),
        ({"group_size": 1.5}, TypeError, "group_size"),
    ],
)
def test_norms_that_are_none_are_refused_at_the_door(changes, error, words):
    with pytest.raises(error, match=words):
        gs.debiasing_threshold(**({"norms": [1.0], "group_size": 1} | changes))
