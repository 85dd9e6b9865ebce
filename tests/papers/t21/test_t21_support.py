"""Coherence and support recovery, by loops, by hand, by enumeration and by search."""

import itertools
import math
from fractions import Fraction as F

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from gsae_ref.papers.t21.model import formulas as model
from gsae_ref.papers.t21.support import formulas as support
from gsae_ref.papers.t21.support.formulas import SupportInterval, sharp_interval, support_interval

SHAPES = [(3, 2, 1), (4, 2, 2), (5, 3, 2), (6, 3, 3), (2, 4, 2)]  # n_features, n_groups, group_size


def split(A, d):
    return [A[:, k : k + d] for k in range(0, A.shape[1], d)]


def spectral(M):
    """||M||_2 as the root of the largest eigenvalue of M^T M."""
    return math.sqrt(max(np.linalg.eigvalsh(M.T @ M)[-1], 0.0))


def smallest_singular(M):
    return math.sqrt(max(np.linalg.eigvalsh(M.T @ M)[0], 0.0))


def frobenius(M):
    return math.sqrt(sum(float(entry) ** 2 for entry in M.ravel()))


def pair(shape, seed, spread=0.3):
    """Two dictionaries of unit columns, the second near the first."""
    n, n_groups, d = shape
    rng = np.random.default_rng(seed)
    A_star = rng.normal(size=(n, n_groups * d))
    A_star /= np.linalg.norm(A_star, axis=0)
    return A_star + spread * rng.normal(size=A_star.shape) / math.sqrt(n), A_star


def tilted_frame(cosine=0.28, sine=0.96):
    """[e1, e2] and its copy turned towards e3, e4: 7/25, 24/25."""
    return np.array([[1, 0, cosine, 0], [0, 1, 0, cosine], [0, 0, sine, 0], [0, 0, 0, sine]])


# ---- coherence


@pytest.mark.parametrize("shape", SHAPES)
def test_coherences_are_what_loops_over_atoms_and_groups_find(shape):
    A, A_star = pair(shape, 1)
    d = shape[2]
    atoms = A.shape[1]
    blocks = split(A, d)
    star = split(A_star, d)
    by_atoms = max(
        abs(sum(A[k, i] * A[k, j] for k in range(len(A))))
        for i in range(atoms)
        for j in range(atoms)
        if i != j
    )
    by_groups = (
        max(
            spectral(blocks[i].T @ blocks[j])
            for i in range(len(blocks))
            for j in range(len(blocks))
            if i != j
        )
        / d
    )
    assert model.coherence(A) == pytest.approx(by_atoms, rel=1e-12)
    assert model.block_coherence(A, d) == pytest.approx(by_groups, rel=1e-12)
    cross = np.array([spectral(B.T @ S) for B, S in itertools.product(blocks, star)])
    cross = cross.reshape(len(blocks), len(star))
    np.testing.assert_allclose(model.cross_block_norms(A, A_star, d), cross, rtol=1e-10)
    np.testing.assert_allclose(
        model.closeness(A, A_star, d), [frobenius(B - S) for B, S in zip(blocks, star, strict=True)]
    )
    defects = [np.abs(np.linalg.eigvalsh(B.T @ B - np.eye(d))).max() for B in blocks]
    np.testing.assert_allclose(model.orthonormality_defect(A, d), defects, rtol=1e-10)


def test_the_correlation_of_an_atom_with_itself_does_not_count():
    A = np.array([[10.0, 0.0], [0.1, 1.0]])
    assert model.coherence(A) == pytest.approx(0.1)
    assert model.block_coherence(A, 1) == pytest.approx(0.1)


def test_a_single_atom_or_group_has_coherence_zero():
    assert model.coherence([[3.0]]) == 0
    assert model.block_coherence(pair((4, 1, 3), 0)[0], 3) == 0


def test_block_coherence_at_group_size_one_is_coherence():
    A, _ = pair((5, 6, 1), 2)
    assert model.block_coherence(A, 1) == pytest.approx(model.coherence(A), rel=1e-14)


def test_block_coherence_divides_by_the_group_size():
    assert model.block_coherence(tilted_frame(0.6, 0.8), 2) == pytest.approx(0.3, abs=1e-15)
    assert model.cross_block_norms(tilted_frame(0.6, 0.8), tilted_frame(0.6, 0.8), 2)[
        0, 1
    ] == pytest.approx(0.6, abs=1e-15)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(2, 4), st.integers(1, 3))
def test_unit_atoms_have_0_le_mu_B_le_mu_le_1(seed, n, n_groups, d):
    A = np.random.default_rng(seed).normal(size=(n, n_groups * d))
    A /= np.linalg.norm(A, axis=0)
    assert 0 <= model.block_coherence(A, d) <= model.coherence(A) + 1e-12 <= 1 + 2e-12


def test_rotations_inside_the_groups_leave_block_coherence_and_defect_alone():
    A, _ = pair((6, 3, 2), 3)
    turned = np.hstack([B @ np.array([[0.6, -0.8], [0.8, 0.6]]) for B in split(A, 2)])
    assert model.block_coherence(turned, 2) == pytest.approx(model.block_coherence(A, 2), rel=1e-13)
    np.testing.assert_allclose(
        model.orthonormality_defect(turned, 2), model.orthonormality_defect(A, 2)
    )


REFUSED = [
    (lambda: model.coherence([[np.nan, 1.0]]), ValueError, "non-finite entry"),
    (lambda: model.coherence([1.0, 2.0]), ValueError, "must be 2-D"),
    (lambda: model.block_coherence(np.eye(3), 2), ValueError, "does not divide the 3 atoms"),
    (lambda: model.closeness(np.eye(2), np.eye(3), 1), ValueError, "they must be equal"),
    (lambda: model.cross_block_norms(np.eye(2), np.eye(2) * 1j, 1), TypeError, "complex128"),
    (
        lambda: support_interval(np.eye(4), np.eye(4), 2, 3, 1, 2),
        ValueError,
        "n_active = 3, but there are only 2 groups",
    ),
    (lambda: support_interval(np.eye(4), np.eye(4), 2, 1, 2, 1), ValueError, "0 < b_min <= b_max"),
    (
        lambda: support_interval(np.eye(4), np.eye(4), 2, 1, 1, 2, "tight"),
        ValueError,
        "'corrected', 'printed', 'sharp'",
    ),
    (lambda: support_interval(np.eye(4), np.eye(2), 2, 1, 1, 2), ValueError, "they must be equal"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED)
def test_bad_input_is_refused_with_the_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---- bounds as formulas

POSITIVE = st.fractions(min_value=F(1, 10), max_value=5, max_denominator=20)
COUNTS = st.integers(1, 6)


@given(COUNTS, COUNTS, POSITIVE, POSITIVE, POSITIVE, POSITIVE)
def test_the_formulas_of_lemma_1_in_exact_arithmetic(d, n_active, b_min, more, mu, delta):
    b_max = b_min + more
    printed = mu + delta
    corrected = d * mu + delta
    assert (
        support.cross_term_bound(n_active, b_max, mu, delta, d, "printed")
        == n_active * b_max * printed
    )
    assert support.cross_term_bound(n_active, b_max, mu, delta, d) == n_active * b_max * corrected
    assert support.signal_bound(b_min, delta) == b_min - b_min * delta
    assert support.signal_bound(b_min, delta, "orthonormal") == b_min - b_min * delta * delta / 2
    low, high = support.recovery_interval(n_active, b_min, b_max, mu, delta, d)
    assert (low, high) == (
        n_active * b_max * corrected,
        b_min * (1 - delta) - (n_active - 1) * b_max * corrected,
    )
    assert high == support.group_norm_bound(n_active, b_min, b_max, mu, delta, d)
    assert (low < high) == (b_min * (1 - delta) > (2 * n_active - 1) * b_max * corrected)
    assert support.recovery_interval(n_active, b_min, b_max, mu, delta, d, "printed") == (
        n_active * b_max * printed,
        b_min * (1 - delta) - n_active * b_max * printed,
    )
    assert 4 * support.incoherence_constant(b_min, b_max) * b_max == b_min


@given(
    st.integers(3, 10**6), st.integers(1, 14), st.floats(0.01, 1), st.floats(0, 1), st.floats(0, 1)
)
def test_the_incoherence_constant_makes_the_corrected_interval_non_empty(
    n, n_active, ratio, mu_share, delta_share
):
    n_active = min(n_active, int(math.log(n)))
    small = support.incoherence_constant(ratio, 1.0) / math.log(n)
    for d in (1, 4):
        low, high = support.recovery_interval(
            n_active, ratio, 1.0, mu_share * small / d, delta_share * small, d
        )
        assert low < high


@pytest.mark.parametrize("factor", [1.01, 1.1])
def test_no_larger_constant_does_for_all_n(factor):
    """gamma = log n, mu_B = delta = C / log n: the interval is empty once log n is large."""
    log_n = 200
    small = factor * support.incoherence_constant(1.0, 1.0) / log_n
    low, high = support.recovery_interval(log_n, 1.0, 1.0, small, small, 1)
    assert low > high


@pytest.mark.parametrize(
    ("d", "delta", "expected"),
    [(4, 0.5, 0.75), (4, 1.0, 2.0), (2, 0.9, 0.9 * math.sqrt(2)), (1, 0.5, 0.5)],
)
def test_version_1_multiplies_delta_by_the_largest_norm_that_a_target_can_have(d, delta, expected):
    assert support.cross_term_bound_v1(1, 1.0, 0.0, delta, d) == pytest.approx(expected)
    assert support.cross_term_bound_v1(3, 2.0, 0.1, delta, d) == pytest.approx(
        6 * (0.1 * d + expected)
    )


# ---- intervals by hand

BY_HAND = [
    ("printed", 1, (7 / 25, 18 / 25)),
    ("corrected", 1, (14 / 25, 1.0)),
    ("sharp", 1, (14 / 25, 1.0)),
    ("printed", 2, (14 / 25, 11 / 25)),
    ("corrected", 2, (28 / 25, 11 / 25)),
    ("sharp", 2, (14 / 25, 11 / 25)),
]


@pytest.mark.parametrize(("form", "n_active", "expected"), BY_HAND)
def test_the_three_intervals_of_the_7_25_frame(form, n_active, expected):
    """mu_B = 7/50, d mu_B = 7/25, B in [1, 2]; with both groups active one other interferes."""
    A = tilted_frame()
    interval = support_interval(A, A, group_size=2, n_active=n_active, b_min=1, b_max=2, form=form)
    assert interval == pytest.approx(expected, abs=1e-15)
    assert interval.empty == (expected[0] >= expected[1])


@pytest.mark.parametrize("form", ["printed", "corrected", "sharp"])
@pytest.mark.parametrize("n_active", [1, 2, 3])
def test_orthonormal_dictionaries_allow_every_threshold_below_the_smallest_norm(form, n_active):
    assert support_interval(np.eye(6), np.eye(6), 2, n_active, 4, 5, form) == (0, 4)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("form", ["printed", "corrected", "sharp"])
def test_the_interval_of_two_matrices_is_that_of_the_constants_found_by_loops(shape, form):
    A, A_star = pair(shape, 4, 0.05)
    d = shape[2]
    n_groups = shape[1]
    blocks = split(A, d)
    star = split(A_star, d)
    mu = (
        max(spectral(S.T @ T) for i, S in enumerate(star) for j, T in enumerate(star) if i != j) / d
    )
    delta = max(frobenius(B - S) for B, S in zip(blocks, star, strict=True))
    for k in range(1, n_groups + 1):
        if form == "printed":
            expected = k * 3 * (mu + delta), 2 * (1 - delta) - k * 3 * (mu + delta)
        elif form == "corrected":
            expected = k * 3 * (d * mu + delta), 2 * (1 - delta) - (k - 1) * 3 * (d * mu + delta)
        else:
            lows = []
            highs = []
            for g, B in enumerate(blocks):
                others = sorted(
                    (spectral(B.T @ S) for h, S in enumerate(star) if h != g), reverse=True
                )
                lows.append(3 * sum(others[:k]))
                highs.append(2 * smallest_singular(B.T @ star[g]) - 3 * sum(others[: k - 1]))
            expected = max(lows), min(highs)
        assert support_interval(A, A_star, d, k, 2, 3, form) == pytest.approx(expected, abs=1e-7)


def test_an_interval_of_one_point_is_empty_because_a_group_must_exceed_the_threshold():
    assert SupportInterval(1.0, 1.0).empty
    assert not SupportInterval(1.0, 1.5).empty


# ---- the sharp interval is true


def extremes_by_corners(A, A_star, n_active, b_min, b_max):
    """d = 1: largest |a_v^T y| off and smallest |a_g^T y| on the support, at extreme codes."""
    off = 0.0
    on = math.inf
    n_groups = A.shape[1]
    for S in itertools.combinations(range(n_groups), n_active):
        for values in itertools.product((-b_max, -b_min, b_min, b_max), repeat=n_active):
            y = sum(x * A_star[:, h] for x, h in zip(values, S, strict=True))
            r = np.abs(A.T @ y)
            off = max(off, max((r[v] for v in range(n_groups) if v not in S), default=0.0))
            on = min(on, min(r[list(S)]))
    return off, on


ATOMS = [
    (9, 3, 1, 0),
    (90, 4, 2, 1),
    (400, 4, 3, 2),
    (90, 5, 2, 3),
    (2, 2, 1, 4),
]  # n_features, n_groups, n_active, seed


@pytest.mark.parametrize(("n_features", "n_groups", "n_active", "seed"), ATOMS)
def test_for_single_atoms_the_sharp_interval_is_attained_at_both_ends(
    n_features, n_groups, n_active, seed
):
    A, A_star = pair((n_features, n_groups, 1), seed, 0.1)
    interval = sharp_interval(A, A_star, 1, n_active, 2.0, 2.5)
    off, on = extremes_by_corners(A, A_star, n_active, 2.0, 2.5)
    assert interval.high > 0
    assert (off, on) == pytest.approx(interval, rel=1e-12)


def worst_codes(A, A_star, d, S, group, sign, rng, starts=3):
    """Largest of sign * ||A_group^T y|| over codes on S with norms in [1, 2], by L-BFGS."""
    B = split(A, d)[group]
    star = split(A_star, d)
    k = len(S)

    def value(theta):
        U = theta[: k * d].reshape(k, d)
        t = theta[k * d :]
        norms = 1 + np.sin(t) ** 2
        y = sum(norms[i] * star[h] @ U[i] / np.linalg.norm(U[i]) for i, h in enumerate(S))
        return -sign * np.linalg.norm(B.T @ y)

    starting = rng.normal(size=(starts, k * d + k))
    return max(-scipy.optimize.minimize(value, theta, method="L-BFGS-B").fun for theta in starting)


@pytest.mark.parametrize(
    ("shape", "n_active", "spread"),
    [((4, 2, 2), 1, 0.3), ((5, 3, 2), 2, 0.3), ((20, 3, 3), 2, 0.05)],
)
def test_no_code_found_by_search_leaves_the_sharp_interval(shape, n_active, spread):
    A, A_star = pair(shape, 5, spread)
    d = shape[2]
    n_groups = shape[1]
    rng = np.random.default_rng(6)
    interval = sharp_interval(A, A_star, d, n_active, 1.0, 2.0)
    off = 0.0
    on = math.inf
    for S in itertools.combinations(range(n_groups), n_active):
        for g in range(n_groups):
            if g in S:
                on = min(on, -worst_codes(A, A_star, d, S, g, -1, rng))
            else:
                off = max(off, worst_codes(A, A_star, d, S, g, 1, rng))
    assert off <= interval.low * (1 + 1e-9)
    assert on >= interval.high - 1e-9
    assert off >= 0.75 * interval.low  # the bound is used, not idle
    if n_active == 1:  # one group: a singular vector attains both ends
        assert (off, on) == pytest.approx(interval, rel=1e-5)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(SHAPES[:4]), st.floats(1e-9, 1 - 1e-9))
def test_every_threshold_in_the_sharp_interval_recovers_every_drawn_support(seed, shape, place):
    n, n_groups, d = shape
    rng = np.random.default_rng(seed)
    near_frame = (
        0.9 * np.eye(max(n, n_groups * d))[:, : n_groups * d]
    )  # weakly coherent, so that the interval is not empty
    A_star = near_frame + 0.01 * rng.normal(size=near_frame.shape)
    A = A_star + 0.01 * rng.normal(size=near_frame.shape)
    n_active = int(rng.integers(1, n_groups + 1))
    low, high = sharp_interval(A, A_star, d, n_active, 1.0, 1.5)
    assert low < high
    lam = low + place * (high - low)  # both ends are attained at d = 1, where rounding would decide
    for _ in range(20):
        S = rng.choice(n_groups, n_active, replace=False)
        x = np.zeros(n_groups * d)
        for g in S:
            u = rng.normal(size=d)
            x[g * d : (g + 1) * d] = u / np.linalg.norm(u) * rng.choice([1.0, 1.5])
        y = A_star @ x
        assert {
            g for g in range(n_groups) if np.linalg.norm(A[:, g * d : (g + 1) * d].T @ y) > lam
        } == set(S.tolist())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: model.cross_block_norms(np.eye(4), np.full((4, 4), np.nan), 2), "^B "),
        (
            lambda: model.cross_block_norms(np.eye(3), np.eye(4)[:3], 2),
            "does not divide the 3 atoms of A;",
        ),
        (lambda: model.cross_block_norms(np.eye(4), np.eye(6), 2), "^B has shape .*, A has shape"),
        (lambda: model.closeness(np.eye(4), np.full((4, 4), np.nan), 2), "^A_star "),
        (lambda: model.closeness(np.eye(3), np.eye(4)[:3], 2), "does not divide the 3 atoms of A;"),
        (lambda: model.closeness(np.eye(4), np.eye(6), 2), "^A_star has shape .*, A has shape"),
        (
            lambda: support_interval(np.eye(4), np.eye(6), 2, 1, 1.0, 2.0),
            "^A_star has shape .*, A has shape",
        ),
    ],
)
def test_a_refusal_names_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
