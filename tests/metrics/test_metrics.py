"""Metrics against brute force, planted truths and chance levels, without other gsae_ref code."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from gsae_ref.metrics import (
    DictionaryMatch,
    SupportRecovery,
    clustering_accuracy,
    clustering_chance,
    dictionary_error,
    match_dictionaries,
    principal_angles,
    support_recovery,
)

N_SIGMAS = scipy.stats.norm.ppf(1 - 1e-5)
seeds = st.integers(0, 2**32)


def gaussian(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def unit(A):
    return A / np.sqrt((A**2).sum(axis=0))


def orthonormal_groups(seed, n_features, n_groups, d):
    return np.concatenate(
        [np.linalg.qr(G)[0] for G in gaussian(seed, n_groups, n_features, d)], axis=1
    )


def random_orthogonal(seed, d):
    return (
        scipy.stats.ortho_group.rvs(d, random_state=seed % 2**32) if d > 1 else np.array([[-1.0]])
    )


# dictionaries: brute force


def brute_force(A, A_star, d, up_to):
    """The smallest ||aligned - A*||_F^2 over every permutation and sign; rotations by SciPy."""
    A = unit(A)
    A_star = unit(A_star)
    m = A.shape[1]
    if up_to == "permutation":
        return min(np.sum((A[:, p] - A_star) ** 2) for p in itertools.permutations(range(m)))
    if up_to == "sign":
        signs = list(itertools.product([-1, 1], repeat=m))
        return min(
            np.sum((A[:, p] * s - A_star) ** 2)
            for p in itertools.permutations(range(m))
            for s in signs
        )
    best = np.inf
    for order in itertools.permutations(range(m // d)):
        total = 0
        for g, h in enumerate(order):
            A_h = A[:, h * d : (h + 1) * d]
            S_g = A_star[:, g * d : (g + 1) * d]
            Q, _ = scipy.linalg.orthogonal_procrustes(A_h, S_g)
            total += np.sum((A_h @ Q - S_g) ** 2)
        best = min(best, total)
    return best


@pytest.mark.parametrize(
    ("up_to", "d", "m"),
    [("permutation", 1, 5), ("sign", 1, 4), ("rotation", 2, 8), ("rotation", 3, 9)],
)
@given(seed=seeds)
@settings(deadline=None, max_examples=12)
def test_matching_equals_brute_force(up_to, d, m, seed):
    A = gaussian([seed, 0], 4, m)
    A_star = gaussian([seed, 1], 4, m)
    match = match_dictionaries(A, A_star, d, up_to=up_to, n_chance=0)
    assert match.error == pytest.approx(brute_force(A, A_star, d, up_to), rel=1e-10)
    assert match.error == pytest.approx(np.sum((match.aligned - unit(A_star)) ** 2), rel=1e-12)
    assert match.error_per_atom == pytest.approx(match.error / m, rel=1e-15)


def test_procrustes_beats_every_rotation_on_a_grid():
    A = unit(gaussian(0, 5, 2))
    A_star = unit(gaussian(1, 5, 2))
    match = match_dictionaries(A, A_star, 2, up_to="rotation", n_chance=0)
    angles = np.linspace(0, 2 * np.pi, 20_001)
    cosines = np.cos(angles)
    sines = np.sin(angles)
    turns = np.array([[cosines, -sines], [sines, cosines]]).transpose(2, 0, 1)
    grid = min(
        np.min(np.sum((A - A_star @ (turns @ flip)) ** 2, axis=(1, 2)))
        for flip in (np.eye(2), np.diag([1, -1]))
    )
    assert match.error <= grid + 1e-12 and match.error == pytest.approx(grid, rel=1e-6)


# dictionaries: planted truths


@given(seeds, st.integers(2, 7))
@settings(deadline=None, max_examples=20)
def test_planted_permutation_is_undone(seed, m):
    A_star = gaussian(seed, 6, m)
    order = np.random.default_rng(seed).permutation(m)
    match = match_dictionaries(3 * A_star[:, order], A_star, up_to="permutation", n_chance=0)
    assert np.array_equal(order[match.permutation], np.arange(m))
    np.testing.assert_allclose(match.aligned, unit(A_star), atol=1e-14)
    assert match.error < 1e-28 and match.mean_correlation == pytest.approx(1, abs=1e-14)


@given(seeds, st.integers(2, 7))
@settings(deadline=None, max_examples=20)
def test_planted_sign_is_undone_by_sign_but_not_by_permutation(seed, m):
    rng = np.random.default_rng(seed)
    A_star = gaussian(seed, 6, m)
    order = rng.permutation(m)
    signs = rng.choice([-1, 1], m)
    signs[0] = -1
    A = (A_star * signs)[:, order]
    match = match_dictionaries(A, A_star, up_to="sign", n_chance=0)
    assert np.array_equal(order[match.permutation], np.arange(m))
    np.testing.assert_allclose(match.aligned, unit(A_star), atol=1e-14)
    assert match.error < 1e-28
    assert match_dictionaries(A, A_star, up_to="permutation", n_chance=0).error > 1e-3


@given(seeds, st.integers(1, 4), st.integers(1, 3))
@settings(deadline=None, max_examples=20)
def test_planted_rotation_is_undone(seed, n_groups, d):
    A_star = orthonormal_groups(seed, 7, n_groups, d)
    order = np.random.default_rng(seed).permutation(n_groups)
    G = A_star.reshape(7, n_groups, d)
    A = np.concatenate([G[:, h] @ random_orthogonal(seed + h, d) for h in order], axis=1)
    match = match_dictionaries(A, A_star, d, up_to="rotation", n_chance=0)
    assert np.array_equal(order[match.permutation], np.arange(n_groups))
    np.testing.assert_allclose(match.aligned, A_star, atol=1e-13)
    assert match.error < 1e-25 and match.mean_correlation == pytest.approx(1, abs=1e-13)


def test_rotation_of_atoms_that_are_not_orthogonal_leaves_an_error():
    A_star = np.array([[1.0, np.sqrt(0.5)], [0.0, np.sqrt(0.5)], [0.0, 0.0]])
    A = A_star @ np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
    match = match_dictionaries(A, A_star, 2, up_to="rotation", n_chance=0)
    assert match.error > 0.1  # as documented


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_more_symmetries_never_increase_the_error(seed):
    A = gaussian([seed, 0], 5, 6)
    A_star = gaussian([seed, 1], 5, 6)
    plain, sign = (
        match_dictionaries(A, A_star, up_to=up_to, n_chance=0) for up_to in ("permutation", "sign")
    )
    assert sign.error <= plain.error + 1e-12 and plain.error <= dictionary_error(A, A_star) + 1e-12
    assert plain.mean_correlation == pytest.approx(1 - plain.error / 12, abs=1e-12)
    # In groups of one atom a rotation is a sign.
    atoms = match_dictionaries(A, A_star, 1, up_to="rotation", n_chance=0)
    assert np.array_equal(atoms.permutation, sign.permutation)
    assert (atoms.error, atoms.mean_correlation) == pytest.approx(
        (sign.error, sign.mean_correlation), rel=1e-10
    )


@pytest.mark.parametrize("up_to", ["permutation", "sign", "rotation"])
def test_the_chance_level_is_the_score_of_independent_dictionaries(up_to):
    A_star = gaussian(0, 30, 20)
    options = {"group_size": 2, "up_to": up_to, "n_chance": 50}
    reference = match_dictionaries(gaussian(1, 30, 20), A_star, rng=3, **options)
    errors = [
        match_dictionaries(gaussian([2, i], 30, 20), A_star, 2, up_to=up_to, n_chance=0)
        for i in range(50)
    ]
    for score in ("error", "mean_correlation"):
        mean = getattr(reference, f"chance_{score}")
        std = getattr(reference, f"chance_{score}_std")
        values = np.array([getattr(match, score) for match in errors])
        assert abs(values.mean() - mean) < N_SIGMAS * std * np.sqrt(2 / 50)
        assert 0.6 < values.std(ddof=1) / std < 1.6
    again, other = (
        match_dictionaries(gaussian(1, 30, 20), A_star, rng=rng, **options)
        for rng in (np.random.default_rng(3), 4)
    )
    assert reference.chance_error == again.chance_error != other.chance_error
    near = match_dictionaries(A_star + 0.1 * gaussian(5, 30, 20), A_star, **options)
    assert near.error < near.chance_error - 20 * near.chance_error_std
    assert (
        near.mean_correlation > near.chance_mean_correlation + 20 * near.chance_mean_correlation_std
    )


def test_chance_deviation_is_unbiased_even_for_two_draws():
    A_star = gaussian(0, 6, 5)
    variances = [
        match_dictionaries(A_star, A_star, n_chance=2, rng=seed).chance_error_std ** 2
        for seed in range(400)
    ]
    expected = match_dictionaries(A_star, A_star, n_chance=2000, rng=0).chance_error_std ** 2
    assert abs(np.mean(variances) / expected - 1) < 4 * np.sqrt(2 / 400)


def test_chance_draws_are_independent_of_a_dictionary_drawn_from_the_same_seed():
    match = match_dictionaries(gaussian(1, 30, 20), gaussian(0, 30, 20), n_chance=2, rng=0)
    assert match.chance_error > 20 and match.chance_error_std < 5


def test_skipped_chance_is_nan_and_the_result_is_frozen():
    match = match_dictionaries(np.eye(2), np.eye(2), n_chance=0)
    assert (
        isinstance(match, DictionaryMatch)
        and np.isnan([match.chance_error, match.chance_mean_correlation_std]).all()
    )
    with pytest.raises(AttributeError):
        match.error = 0.0


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_dictionary_error_by_hand(seed):
    A = gaussian([seed, 0], 3, 4)
    B = gaussian([seed, 1], 3, 4)
    expected = 0.0
    for a, b in zip(A.T, B.T, strict=True):
        expected += np.sum((a / np.linalg.norm(a) - b / np.linalg.norm(b)) ** 2)
    assert dictionary_error(A, B) == pytest.approx(expected, rel=1e-12)
    assert dictionary_error(2 * A, A) < 1e-28
    assert dictionary_error(-A, A) == pytest.approx(16, rel=1e-12)


# principal angles


@given(seeds, st.integers(1, 3), st.integers(1, 4), st.integers(0, 5))
@settings(deadline=None, max_examples=40)
def test_principal_angles_equal_scipy(seed, n_groups, d, extra):
    A = gaussian([seed, 0], d + extra, n_groups * d)
    B = gaussian([seed, 1], d + extra, n_groups * d)
    angles = principal_angles(A, B, d)
    assert angles.shape == (n_groups, d)
    for g in range(n_groups):
        group = slice(g * d, (g + 1) * d)
        expected = scipy.linalg.subspace_angles(A[:, group], B[:, group])[::-1]
        # SciPy takes the arccos of some small angles; see the next test.
        np.testing.assert_allclose(angles[g], expected, atol=1e-7)


@pytest.mark.parametrize("t", [1e-14, 1e-9, 1e-3, 1.0])
def test_principal_angles_are_accurate_at_both_ends(t):
    near = np.array([[1.0, np.cos(t)], [0.0, np.sin(t)], [0.0, 0.0]])
    assert principal_angles(near[:, :1], near[:, 1:], 1).item() == pytest.approx(t, rel=1e-12)
    far = np.array([[1.0, np.sin(t)], [0.0, np.cos(t)], [0.0, 0.0]])  # at pi/2 - t
    assert principal_angles(far[:, :1], far[:, 1:], 1).item() == pytest.approx(
        np.pi / 2 - t, abs=5e-16
    )
    mixed = np.zeros((4, 2))  # t and pi/2 at once, in a rotated basis
    mixed[[0, 1, 3], [0, 0, 1]] = np.cos(t), np.sin(t), 1
    angles = principal_angles(np.eye(4)[:, [0, 2]], mixed @ [[0.6, -0.8], [0.8, 0.6]], 2)
    np.testing.assert_allclose(angles, [[t, np.pi / 2]], rtol=1e-12, atol=2e-16)


def test_principal_angles_depend_on_the_spans_only():
    A = gaussian(0, 6, 2)
    B = gaussian(1, 6, 2)
    np.testing.assert_allclose(
        principal_angles(A @ [[2, 1], [0, 3]], B, 2), principal_angles(B, A, 2), atol=1e-12
    )


# supports


@st.composite
def support_pairs(draw):
    n_groups = draw(st.integers(1, 6))
    n_samples = draw(st.integers(1, 6))
    one = st.sets(st.integers(0, n_groups - 1))
    true = draw(st.lists(one, min_size=n_samples, max_size=n_samples).filter(any))
    return n_groups, true, draw(st.lists(one, min_size=n_samples, max_size=n_samples))


def as_mask(supports, n_groups):
    mask = np.zeros((len(supports), n_groups), bool)
    for row, support in zip(mask, supports, strict=True):
        row[list(support)] = True
    return mask


@given(support_pairs())
@settings(deadline=None, max_examples=60)
def test_support_recovery_equals_sets(case):
    n_groups, true, pred = case
    hits = sum(len(t & p) for t, p in zip(true, pred, strict=True))
    n_true = sum(map(len, true))
    n_pred = sum(map(len, pred))
    chance = 0
    for t, p in zip(true, pred, strict=True):  # all supports of that size, equally probable
        every = list(itertools.combinations(range(n_groups), len(p)))
        chance += sum(len(t & set(s)) for s in every) / len(every)
    result = support_recovery(as_mask(true, n_groups), as_mask(pred, n_groups))
    assert isinstance(result, SupportRecovery)
    assert result.recall == pytest.approx(hits / n_true)
    assert result.precision == (
        pytest.approx(hits / n_pred) if n_pred else pytest.approx(np.nan, nan_ok=True)
    )
    assert result.exact == pytest.approx(np.mean([t == p for t, p in zip(true, pred, strict=True)]))
    assert result.n_active_mean == pytest.approx(n_pred / len(pred))
    assert result.chance_recall == pytest.approx(chance / n_true)


def test_masks_and_indices_are_the_same_support():
    true = np.array([[0, 3], [1, 2]])
    pred = np.array([[3, 1], [2, 1]])
    expected = SupportRecovery(
        recall=0.75, precision=0.75, exact=0.5, n_active_mean=2.0, chance_recall=0.4
    )
    masks = [as_mask(s.tolist(), 5) for s in (true, pred)]
    assert support_recovery(true, pred, n_groups=5) == expected
    for pair in [(true, masks[1]), (masks[0], pred), masks]:
        assert support_recovery(*pair) == expected
    assert support_recovery([0, 1], np.array([True, False, False])).recall == 0.5
    assert support_recovery(true, np.empty((2, 0), dtype=int), n_groups=5).recall == 0


# clusterings


def brute_force_accuracy(true, pred):
    classes = sorted(set(true))
    clusters = sorted(set(pred) - {-1})  # -1: in no cluster
    classes = classes + [None] * max(0, len(clusters) - len(classes))
    best = 0
    for names in itertools.permutations(classes, len(clusters)):
        name_of = dict(zip(clusters, names, strict=True))
        renamed = [name_of.get(p, "none") for p in pred]
        best = max(best, sum(t == r for t, r in zip(true, renamed, strict=True)))
    return best / len(true)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 2)), min_size=1, max_size=12))
@settings(deadline=None, max_examples=80)
def test_clustering_accuracy_equals_brute_force(pairs):
    true, pred = map(list, zip(*pairs, strict=True))
    assert clustering_accuracy(true, pred) == pytest.approx(
        brute_force_accuracy(true, pred), abs=1e-15
    )


def test_clustering_accuracy_ignores_names():
    true = np.random.default_rng(0).integers(10, size=1000)
    names = np.array(list("qwertyuiop"))
    assert (
        clustering_accuracy(true, names[true]) == 1.0 == clustering_accuracy(names[true], -7 * true)
    )
    assert clustering_accuracy(true, np.zeros(1000, dtype=bool)) == np.bincount(true).max() / 1000
    assert isinstance(clustering_accuracy(true, true), float)


@pytest.mark.parametrize(
    ("true", "n_clusters"), [([0, 0, 1, 1], 2), ([0, 0, 0, 1, 2], 3), ([0, 1, 1, 1], 3)]
)
def test_clustering_chance_is_the_mean_over_all_labelings(true, n_clusters):
    every = np.array(
        [
            brute_force_accuracy(true, list(p))
            for p in itertools.product(range(n_clusters), repeat=len(true))
        ]
    )
    estimate = clustering_chance(true, n_clusters, n_draws=4000, rng=0)
    assert abs(estimate - every.mean()) < N_SIGMAS * every.std() / np.sqrt(4000)
    assert estimate > 1 / n_clusters
    assert estimate == clustering_chance(
        true, n_clusters, n_draws=4000, rng=np.random.default_rng(0)
    )
    assert estimate != clustering_chance(true, n_clusters, n_draws=4000, rng=1)


# precision, memory layout, refusals


def test_single_precision_stays_single():
    A = gaussian(0, 6, 4).astype(np.float32)
    A_star = gaussian(1, 6, 4).astype(np.float32)
    for up_to in ("permutation", "sign", "rotation"):
        single = match_dictionaries(A, A_star, 2, up_to=up_to)
        double = match_dictionaries(A.astype(float), A_star, 2, up_to=up_to)
        assert single.aligned.dtype == np.float32 and double.aligned.dtype == np.float64
        assert isinstance(single.error, float) and single.error == pytest.approx(
            double.error, rel=1e-5
        )
    assert principal_angles(A, A_star, 2).dtype == np.float32


def test_inputs_may_be_read_only_and_strided_and_are_not_modified():
    A = gaussian(0, 12, 8)[::2, ::2]
    A_star = gaussian(1, 4, 6).T
    A.flags.writeable = A_star.flags.writeable = False
    before = A.copy()
    before_star = A_star.copy()
    for up_to in ("permutation", "sign", "rotation"):
        view = match_dictionaries(A, A_star, 2, up_to=up_to)
        copy = match_dictionaries(before, before_star, 2, up_to=up_to)
        np.testing.assert_allclose(view.aligned, copy.aligned, rtol=1e-13)
        assert view.error == pytest.approx(copy.error, rel=1e-13)
    assert dictionary_error(A, A_star) == pytest.approx(
        dictionary_error(before, before_star), rel=1e-13
    )
    np.testing.assert_allclose(
        principal_angles(A, A_star, 2), principal_angles(before, before_star, 2), rtol=1e-12
    )
    assert np.array_equal(A, before) and np.array_equal(A_star, before_star)


E = np.eye(4)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (
            lambda: match_dictionaries(E, E[:, :3]),
            ValueError,
            r"A_star has shape \(4, 3\), A has shape \(4, 4\); they must be equal",
        ),
        (
            lambda: match_dictionaries(E, 0 * E),
            ValueError,
            r"A_star has 4 zero columns, the first number 0; .* drop or redraw it",
        ),
        (
            lambda: dictionary_error(np.diag([1, 0, 1]), np.eye(3)),
            ValueError,
            r"A has 1 zero column, the first number 1",
        ),
        (
            lambda: match_dictionaries(E, E, up_to="scale"),
            ValueError,
            r"up_to = 'scale' is unknown; choose one of 'permutation', 'sign'",
        ),
        (
            lambda: match_dictionaries(E, E, 3),
            ValueError,
            r"group_size = 3 does not divide the 4 atoms",
        ),
        (
            lambda: match_dictionaries(E, E, n_chance=1),
            ValueError,
            r"n_chance = 1; .* at least 2 .* pass 0 to skip",
        ),
        (
            lambda: match_dictionaries(E, E, n_chance=-1),
            ValueError,
            r"n_chance = -1; it must be at least 0",
        ),
        (lambda: match_dictionaries(E, E, rng=0.5), TypeError, r"rng = 0.5 has type float"),
        (
            lambda: match_dictionaries(E, E[:, [0, 1, 2, 2]], 2, up_to="rotation"),
            ValueError,
            r"group 1 of A_star has rank 1 with group_size = 2; its atoms must be linearly",
        ),
        (
            lambda: principal_angles(E[:, [0, 0]], E[:, :2], 2),
            ValueError,
            r"group 0 of A has rank 1 with group_size = 2",
        ),
        (
            lambda: principal_angles(np.ones((1, 2)), np.ones((1, 2)), 2),
            ValueError,
            r"group 0 of A has rank 1",
        ),
        (
            lambda: principal_angles(E, E[:2], 2),
            ValueError,
            r"B has shape \(2, 4\), A has shape \(4, 4\)",
        ),
        (
            lambda: dictionary_error(E * np.nan, E),
            ValueError,
            r"A has 16 non-finite entries",
        ),
        (lambda: dictionary_error(E * 1j, E), TypeError, r"A has dtype complex128"),
        (
            lambda: support_recovery([[0]], [[1]]),
            ValueError,
            r"n_groups = None, but neither .* \(they have dtypes int64 and .*pass n_groups",
        ),
        (
            lambda: support_recovery([[0]], [[4]], n_groups=4),
            ValueError,
            r"support_pred contains group 4; groups are numbered from 0 to 3",
        ),
        (
            lambda: support_recovery([[0]], [[1], [2]], n_groups=4),
            ValueError,
            r"support_pred has shape \(2, 1\); .* each of the 1 sample",
        ),
        (
            lambda: support_recovery([[0.0]], [[1]], n_groups=4),
            TypeError,
            r"support_true has dtype float64",
        ),
        (
            lambda: support_recovery(E > 2, E > 0),
            ValueError,
            r"support_true has no active group in 4 samples",
        ),
        (
            lambda: support_recovery(E > 0, E[:, :3] > 0),
            ValueError,
            r"support_pred has shape \(4, 3\); a mask must be \(4, 4\)",
        ),
        (
            lambda: clustering_accuracy([0.5], [1]),
            TypeError,
            r"labels_true has dtype float64; labels must be integers, booleans or",
        ),
        (
            lambda: clustering_accuracy([0], [[1]]),
            ValueError,
            r"labels_pred has shape \(1, 1\); it must be 1-D",
        ),
        (
            lambda: clustering_accuracy(np.empty(0, int), [1]),
            ValueError,
            r"labels_true has shape \(0,\); .* at least one label",
        ),
        (
            lambda: clustering_accuracy([0, 1], [1]),
            ValueError,
            r"labels_pred has shape \(1,\), labels_true has shape \(2,\)",
        ),
        (
            lambda: clustering_chance([0, 1], 0),
            ValueError,
            r"n_clusters = 0; it must be at least 1",
        ),
        (
            lambda: clustering_chance([0, 1], 2, n_draws=0),
            ValueError,
            r"n_draws = 0; it must be at least 1",
        ),
        (lambda: clustering_chance([0.0, 1.0], 2), TypeError, r"labels_true has dtype float64"),
    ],
)
def test_bad_arguments_are_refused(call, error, match):
    with pytest.raises(error, match=match):
        call()
