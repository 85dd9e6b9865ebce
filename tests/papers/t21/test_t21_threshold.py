"""R17: a threshold from data alone, by sorted lists and fractions, and without each hypothesis."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gsae_ref as gs
from gsae_ref.claims.search import inequality
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.t21.threshold import formulas, instance

SEEDS = st.integers(0, 2**32 - 1)


def evidence(row, label):
    return next(e for e in LEDGER[row].evidence if getattr(e, "label", "") == label)


def holds(i, hypotheses):
    return all(h.holds(i) for h in hypotheses)


def instances(family, hypotheses, count, seed=5):
    rng = np.random.default_rng(seed)
    for k in range(count):
        shape = FAMILIES[family].shapes[k % len(FAMILIES[family].shapes)]
        i = FAMILIES[family].build(shape, FAMILIES[family].draw(shape, rng))
        if holds(i, hypotheses):
            yield i


def outcome(item):
    """What the search finds on the family of an item of evidence."""
    return inequality(item, FAMILIES[item.family], np.random.default_rng(0), quick=True)


# ---------------------------------------------------------------- R17, by sorted lists


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


# ---------------------------------------------------------------- gs.data_threshold


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
