"""R16, the exact window of thresholds, against codes found by loops and by climbing."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gsae_ref as gs
from gsae_ref import groups
from gsae_ref.claims.trials import try_on_family
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.t21 import instance as t21
from gsae_ref.papers.t21.window import formulas, measurements, statements

SEEDS = st.integers(0, 2**32 - 1)
B_MIN = 1.0
B_MAX = 1.4


def pair(n, n_groups, d, seed, spread=0.3):
    """A* with orthonormal groups, and A beside it, not orthonormal."""
    rng = np.random.default_rng(seed)
    near = np.eye(n)[:, np.arange(n_groups * d) % n] + spread * rng.normal(size=(n, n_groups * d))
    A_star = groups.polar(near, d)
    return A_star + 0.1 * rng.normal(size=A_star.shape) / np.sqrt(n), A_star


def unit(v):
    size = np.linalg.norm(v)
    return v / size if size > 0 else np.eye(len(v))[0]


def climb(B, stars, own, rng, n_starts=12):
    """Largest ||B^T y||, y = sum_h S_h x_h, or smallest ||B^T own x + B^T y||, by coordinates."""
    maps = [B.T @ S for S in stars]
    best = []
    for _ in range(n_starts):
        x = [B_MAX * unit(rng.normal(size=B.shape[1])) for _ in maps]
        if own is None:
            for _ in range(60):
                for h, M in enumerate(maps):
                    x[h] = B_MAX * unit(M.T @ sum(N @ w for N, w in zip(maps, x, strict=True)))
            best.append(np.linalg.norm(sum(N @ w for N, w in zip(maps, x, strict=True))))
            continue
        u = unit(rng.normal(size=B.shape[1]))
        M = B.T @ own
        for _ in range(200):  # the nearest point of the shell, then the code that points at it
            z = -B_MIN * M @ unit(M.T @ u) + sum(B_MAX * N @ unit(N.T @ u) for N in maps)
            best.append(np.linalg.norm(z))
            u = unit(u - 0.3 * unit(z)) if np.linalg.norm(z) > 0 else u
    return max(best) if own is None else min(best)


def by_climbing(A, A_star, d, n_active, seed=0):
    """Largest norm of an inactive, smallest of an active group that is found."""
    rng = np.random.default_rng(seed)
    blocks = [A[:, k : k + d] for k in range(0, A.shape[1], d)]
    stars = [A_star[:, k : k + d] for k in range(0, A.shape[1], d)]
    leaks = [0.0]
    signals = []
    for S in combinations(range(len(blocks)), n_active):
        for g, B in enumerate(blocks):
            others = [stars[h] for h in S if h != g]
            if g in S:
                signals.append(climb(B, others, stars[g], rng, 3))
            else:
                leaks.append(climb(B, others, None, rng, 3))
    return max(leaks), min(signals)


SIZES = [(6, 3, 2, 2, 0), (5, 4, 1, 2, 1), (9, 3, 3, 2, 2), (7, 4, 2, 2, 3), (8, 3, 2, 1, 4)]


@pytest.mark.parametrize(("n", "n_groups", "d", "n_active", "seed"), SIZES)
def test_codes_found_by_climbing_reach_the_left_end_and_none_leaves_the_window(
    n, n_groups, d, n_active, seed
):
    A, A_star = pair(n, n_groups, d, seed)
    sizes = d, n_active, B_MIN, B_MAX
    low, high = gs.support_interval(A, A_star, *sizes, form="exact")
    first, last = gs.support_interval(A, A_star, *sizes, form="necessary")
    leak, signal = by_climbing(A, A_star, d, n_active)
    assert first <= low <= first + 1e-7
    assert high <= last <= high + 1e-7
    assert leak <= low + 1e-9
    assert leak == pytest.approx(low, rel=1e-6)
    assert signal >= high - 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_for_planes_both_ends_are_those_of_a_fine_grid_of_angles(seed):
    A, A_star = pair(7, 4, 2, seed, 0.15)
    window = formulas.exact_window(A, A_star, 2, 2, B_MIN, B_MAX)
    angles = np.linspace(0, np.pi, 5001)
    low = 0.0
    high = np.inf
    for v in range(4):
        norms = []
        for h in range(4):
            C = A_star[:, 2 * h : 2 * h + 2].T @ A[:, 2 * v : 2 * v + 2]
            norms.append(np.linalg.norm(C @ np.array([np.cos(angles), np.sin(angles)]), axis=0))
        own = norms.pop(v)
        ranked = -np.sort(-np.array(norms), axis=0)
        low = max(low, (B_MAX * (ranked[0] + ranked[1])).max())
        high = min(high, (B_MIN * own - B_MAX * ranked[0]).min())
    for ends in (window.certified, window.possible):
        assert ends == pytest.approx((low, high), abs=1e-6)


def test_for_single_atoms_it_is_the_babel_function():
    A = pair(6, 5, 1, 3)[1]
    M = np.abs(A.T @ A) - np.eye(5)
    ranked = -np.sort(-M, axis=1)
    for k in (1, 2, 3):
        expected = (
            B_MAX * ranked[:, :k].sum(axis=1).max(),
            B_MIN - B_MAX * ranked[:, : k - 1].sum(axis=1).max(),
        )
        window = formulas.exact_window(A, A, 1, k, B_MIN, B_MAX)
        assert window.certified == pytest.approx(expected)
        assert window.possible == pytest.approx(expected)


def test_the_common_direction_is_what_the_norms_of_the_blocks_do_not_see():
    """Two planes that overlap with a third in different directions: 1.4 by hand, 1.56 by norms."""
    tilted = np.array([[1, 0, 0.28, 0], [0, 1, 0, 0.6], [0, 0, 0.96, 0], [0, 0, 0, 0.8]])
    A = np.hstack([tilted, np.eye(4)[:, 2:]])
    low = gs.support_interval(A, A, 2, 2, 1, 1, form="exact").low
    assert low == pytest.approx(0.6 + 0.8, abs=1e-8)
    assert gs.support_interval(A, A, 2, 2, 1, 1, form="sharp").low == pytest.approx(0.6 + 0.96)


@settings(max_examples=40)
@given(SEEDS, st.sampled_from([(4, 3, 1, 2), (6, 3, 2, 2), (9, 3, 3, 1), (12, 3, 4, 2)]))
def test_the_window_contains_the_sharp_interval_and_random_codes_stay_inside(seed, shape):
    n, n_groups, d, n_active = shape
    A, A_star = pair(n, n_groups, d, seed, 0.1)
    sizes = d, n_active, B_MIN, B_MAX
    window = formulas.exact_window(A, A_star, *sizes, tolerance=1e-3)
    sharp = gs.support_interval(A, A_star, *sizes, form="sharp")
    low, high = window.certified
    assert window.possible[0] <= low <= sharp.low + 1e-12
    assert sharp.high - 1e-12 <= high <= window.possible[1]
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, n_groups, d))
    x *= (rng.choice([B_MIN, B_MAX], (200, n_groups)) / np.linalg.norm(x, axis=2))[..., None]
    active = np.argsort(np.argsort(rng.random((200, n_groups)), axis=1), axis=1) < n_active
    Y = (x * active[..., None]).reshape(200, -1) @ A_star.T
    r = np.linalg.norm((Y @ A).reshape(200, n_groups, d), axis=2)
    assert r[~active].max() <= low + 1e-12
    assert r[active].min() >= high - 1e-12


def test_outside_the_necessary_interval_the_encoder_gets_a_support_wrong():
    wrong = 0
    for seed in range(6):
        A, A_star = pair(9, 4, 2, seed, 0.12)
        window = formulas.exact_window(A, A_star, 2, 2, B_MIN, B_MAX)
        C = formulas.cross_blocks(A, A_star, 2)
        low, high = window.possible
        for lam, extreme, active in (
            (low * (1 - 1e-6), window.leak, False),
            (max(high, 0) * (1 + 1e-6), window.loss, True),
        ):
            x = formulas.worst_code(C, extreme, 2, B_MIN, B_MAX, active)
            norms = np.linalg.norm(x, axis=1)
            assert np.count_nonzero(norms) == 2
            assert B_MIN - 1e-12 <= norms[norms > 0].min() <= norms.max() <= B_MAX + 1e-12
            found = gs.encode(A, A_star @ x.ravel(), lam, 2).reshape(4, 2)
            right = (np.linalg.norm(found, axis=1) > 0) == (norms > 0)
            assert not right[extreme.group]
            wrong += 1
    assert wrong == 12


def test_where_the_right_end_is_negative_no_threshold_works():
    checked = 0
    for seed in range(40):
        A, A_star = pair(3, 4, 2, seed, 1.0)
        window = formulas.exact_window(A, A_star, 2, 2, B_MIN, B_MAX)
        if window.possible[1] > 0:
            continue
        C = formulas.cross_blocks(A, A_star, 2)
        x = formulas.missed_code(C, window.loss, 2, B_MIN, B_MAX)
        norms = np.linalg.norm(x, axis=1)
        assert norms[window.loss.group] == pytest.approx(B_MIN)
        z = A[:, 2 * window.loss.group : 2 * window.loss.group + 2].T @ (A_star @ x.ravel())
        assert np.linalg.norm(z) <= window.possible[0] + 1e-9
        checked += 1
    assert checked > 20


def test_where_every_group_is_active_there_is_no_left_end():
    A = np.array([[1.0, 0.8], [0.0, 0.6]])
    assert gs.support_interval(A, A, 1, 2, 4, 4, form="exact").low == 0
    # Norms 1 and a product of .8: high = 1 - .8, attained by codes of opposite signs.
    window = formulas.exact_window(A, A, 1, 2, 1.0, 1.0)
    assert window.certified == pytest.approx((0, 0.2))
    # Norms in [1, 2]: high = 1 - 1.6 < 0. The bound is not necessary then: a code is.
    window = formulas.exact_window(A, A, 1, 2, 1.0, 2.0)
    assert window.certified == pytest.approx((0, -0.6))
    assert window.possible == pytest.approx((0, 0.6))


def test_large_groups_are_enclosed_at_the_truth_to_rounding():
    A_star = pair(40, 4, 9, 0, 0.1)[1]
    window = formulas.exact_window(A_star, A_star, 9, 2, B_MIN, B_MAX)
    assert window.certified == pytest.approx(window.possible, rel=1e-9)
    sharp = gs.support_interval(A_star, A_star, 9, 2, B_MIN, B_MAX, form="sharp")
    assert window.certified[0] < sharp.low - 1e-3


@pytest.mark.parametrize(("d", "k", "b_min"), [(3, 1, 0.5), (4, 2, 0.0), (5, 3, 1.0), (6, 2, 0.3)])
def test_no_direction_exceeds_the_bound_by_eigenvalues(d, k, b_min):
    """Any blocks, also singular ones, against 20,000 directions."""
    rng = np.random.default_rng(d)
    for scale in (0.0, 0.3, 1.0):
        C = rng.normal(size=(5, 5, d, d)) / np.sqrt(d)
        C[0, 0] = np.eye(d) + scale * C[0, 0]
        C[0, 0, 0] *= scale > 0.5
        search = formulas._Search(C, 1.4, k, b_min, 1.0)  # so coarse that no ceiling is lowered
        before = search.ceilings[0]
        own = np.linalg.svd(C[0, 0])[1]
        search.value = -np.inf
        search._lower_ceiling(0, own[-1], own[0], np.array(list(combinations(range(1, 5), k))))
        u = rng.normal(size=(20_000, d))
        u /= np.linalg.norm(u, axis=1, keepdims=True)
        norms = np.linalg.norm(np.einsum("hij,mj->mhi", C[0], u), axis=2)
        ranked = -np.sort(-norms[:, 1:], axis=1)
        found = (1.4 * ranked[:, :k].sum(axis=1) - b_min * norms[:, 0]).max()
        assert found <= search.ceilings[0] + 1e-12
        assert search.ceilings[0] <= before
        assert search.ceilings[0] - found < 0.2 * abs(before) + 0.3


def test_many_choices_of_groups_are_enclosed_since_few_of_them_matter():
    """Thirty groups of five, three active: 3,654 choices; spectral norms alone are 14 % off."""
    A = gs.make_dictionary(450, 30, 5, kind="orthonormal_groups", rng=0)
    law = {"group_size": 5, "n_active": 3, "b_min": 4, "b_max": 5}
    low, inside, sharp = (
        gs.support_interval(A, A, form=form, **law) for form in ("necessary", "exact", "sharp")
    )
    assert low.low <= inside.low <= low.low + 1e-6
    assert low.high - 1e-6 <= inside.high <= low.high
    assert sharp.low > 1.1 * inside.low


@settings(max_examples=30)
@given(SEEDS, st.integers(0, 4))
def test_choices_are_those_with_a_sum_above(seed, k):
    norms = np.random.default_rng(seed).random(6).round(1)
    above = 0.3 * k + 0.05
    chosen = formulas._choices(norms, k, above, 15)
    every = [c for c in combinations(range(6), k) if norms[list(c)].sum() > above or not k]
    if len(every) > 15:
        assert chosen is None
    else:
        assert sorted(tuple(sorted(row)) for row in chosen.tolist()) == every


@pytest.mark.parametrize("seed", range(3))
def test_directions_without_an_image_are_enclosed_too(seed):
    A = np.random.default_rng(seed).normal(size=(2, 9))  # three groups of three atoms in a plane
    law = {"n_active": 1, "b_min": 1, "b_max": 1}
    exact = gs.support_interval(A, A, 3, **law, form="exact")
    attained = gs.support_interval(A, A, 3, **law, form="necessary")
    assert attained.low <= exact.low <= attained.low * (1 + 1e-6)
    assert exact.high <= attained.high
    assert exact.high <= 1e-12


def test_neither_scale_nor_bases_nor_the_order_of_groups_matters():
    A, A_star = pair(7, 4, 2, 5)
    low, high = gs.support_interval(A, A_star, 2, 2, 1, 2, form="exact")
    for c in (2.0**-500, 2.0**500):
        scaled = gs.support_interval(c * A, A_star, 2, 2, 1, 2, form="exact")
        assert tuple(scaled) == (c * low, c * high)
    turn = np.kron(np.eye(4), [[0.6, -0.8], [0.8, 0.6]])
    order = [4, 5, 0, 1, 6, 7, 2, 3]
    moved = gs.support_interval((A @ turn)[:, order], A_star[:, order], 2, 2, 1, 2, form="exact")
    assert tuple(moved) == pytest.approx((low, high), abs=1e-7)


# ---- the evidence


def evidence(label):
    return next(e for e in LEDGER["R16"].evidence if getattr(e, "label", "") == label)


def drawn(item, count=60):
    rng = np.random.default_rng(1)
    family = FAMILIES[item.family]
    for k in range(count):
        shape = family.shapes[k % len(family.shapes)]
        yield family.build(shape, family.draw(shape, rng))


LEAK = "||A_v^T y|| <= low for v not in S"
SIGNAL = "high <= ||A_g^T y|| for g in S"


@pytest.mark.parametrize(
    ("label", "dropped", "change"),
    [
        (LEAK, t21.NORMS_BOUNDED, lambda i: replace(i, b_max=0.6 * i.b_max)),
        (LEAK, t21.SUPPORT_SIZE, lambda i: replace(i, n_active=i.n_active - 1)),
        (SIGNAL, t21.NORMS_BOUNDED, lambda i: replace(i, b_min=2 * i.b_min, b_max=2 * i.b_max)),
        (SIGNAL, t21.SUPPORT_SIZE, lambda i: replace(i, n_active=i.n_active - 1)),
    ],
)
def test_without_a_hypothesis_it_fails_and_the_checker_refuses(label, dropped, change):
    item = evidence(label)
    changed = [change(i) for i in drawn(item, 120)]
    outside = [i for i in changed if i.n_active and not dropped.holds(i)]
    assert outside
    assert any(left > right + 1e-3 for left, right in map(item.sides, outside))


@pytest.mark.parametrize("label", [LEAK, SIGNAL, "low is attained by a code"])
def test_the_evidence_notices_a_window_that_is_too_wide(label):
    item = evidence(label)
    wide = replace(item, sides=lambda i: (item.sides(i)[0], 0.99 * item.sides(i)[1]))
    refuted = False
    for i in drawn(item, 200):
        left, right = wide.sides(i)
        refuted = refuted or left > right + 1e-9
    if not refuted:
        refuted = not try_on_family(wide, FAMILIES[item.family], np.random.default_rng(0), True).ok
    assert refuted


def test_the_hypotheses_of_necessity_refuse():
    i = next(drawn(evidence(LEAK)))
    assert statements.SOME_INACTIVE.holds(i)
    assert not statements.SOME_INACTIVE.holds(replace(i, n_active=i.n_groups))
    found = list(drawn(evidence(LEAK)))
    some = [statements.ALL_FOUND.holds(i) for i in found]
    none = [statements.NONE_FOUND.holds(i) for i in found]
    both = list(zip(some, none, strict=True))
    assert {(True, False), (False, True)} <= set(both)
    assert (True, True) not in both


def test_at_the_sizes_of_the_simulation_lam_2_is_below_the_window():
    finding = measurements.window_of_the_simulation(np.random.default_rng(0), True)
    assert finding.ok
    assert finding.numbers["low"] > 2
