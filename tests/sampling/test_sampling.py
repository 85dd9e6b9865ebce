"""Codes and data follow the documented laws, judged without gsae_ref.metrics."""

import itertools
import tracemalloc

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from gsae_ref.sampling import (
    GroupSparseSample,
    make_dictionary,
    perturb_dictionary,
    sample,
    sample_blocks,
)

CONFIDENCE = 1 - 1e-4  # every statistical bound below is this quantile, at a fixed seed
N_SIGMAS = scipy.stats.norm.ppf(1 - 1e-5)

seeds = st.integers(0, 2**32)


def decibels(Y, X, A):
    clean = X @ A.T
    return 10 * np.log10(np.sum(clean**2) / np.sum((Y - clean) ** 2))


def same_bits(first, second):
    return all(
        np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(first, second, strict=True)
    )


def chi_square(supports, n_groups, n_active):
    """Pearson's statistic against the uniform law on all supports, and its quantile."""
    counts = dict.fromkeys(itertools.combinations(range(n_groups), n_active), 0)
    for support in supports.tolist():
        counts[tuple(support)] += 1
    observed = np.array(list(counts.values()))
    expected = len(supports) / len(counts)
    statistic = np.sum((observed - expected) ** 2) / expected
    return statistic, scipy.stats.chi2.ppf(CONFIDENCE, len(counts) - 1)


@pytest.mark.parametrize(("n_groups", "n_active"), [(5, 1), (6, 2), (6, 3), (6, 5), (4, 4)])
def test_supports_are_uniform(n_groups, n_active):
    support = sample(np.eye(n_groups), 20_000, n_active, 1, rng=0).support
    if n_active == n_groups:
        assert (support == np.arange(n_groups)).all()
    else:
        statistic, quantile = chi_square(support, n_groups, n_active)
        assert statistic < quantile


def test_chi_square_rejects_a_biased_sampler():
    biased = np.sort(
        np.random.default_rng(0)
        .multinomial(1, [0.27, 0.25, 0.25, 0.23], size=20_000)
        .argmax(axis=1)[:, None],
        axis=1,
    )
    statistic, quantile = chi_square(biased, 4, 1)
    assert statistic > quantile


@given(seeds, st.integers(1, 7), st.integers(1, 3), st.integers(1, 20), st.data())
@settings(deadline=None, max_examples=30)
def test_codes_are_active_on_the_support_with_norms_in_the_range(
    seed, n_groups, d, n_samples, data
):
    n_active = data.draw(st.integers(1, n_groups))
    A = make_dictionary(5, n_groups, d, rng=seed)
    result = sample(A, n_samples, n_active, d, norm_range=(2, 3), rng=seed)
    Y, X, support = result
    assert isinstance(result, GroupSparseSample)
    assert (
        Y.shape == (n_samples, 5)
        and X.shape == (n_samples, n_groups * d)
        and support.shape == (n_samples, n_active)
    )
    assert (np.diff(support, axis=1) > 0).all() and support.min() >= 0 and support.max() < n_groups
    np.testing.assert_allclose(Y, X @ A.T, atol=1e-12)
    for x, active in zip(X, support, strict=True):
        lengths = np.array([np.linalg.norm(x[g * d : (g + 1) * d]) for g in range(n_groups)])
        assert set(np.flatnonzero(lengths)) == set(active)
        assert (lengths[active] >= 2 - 1e-12).all() and (lengths[active] <= 3 + 1e-12).all()


def second_moment_gap(x, y, expected):
    """Largest deviation of the mean of x_i y_i^T from ``expected``, in standard errors."""
    products = np.einsum("ni,nj->nij", x, y)
    return np.max(
        np.abs(products.mean(axis=0) - expected) / (products.std(axis=0) / np.sqrt(len(x)))
    )


@pytest.mark.parametrize(
    ("coefficients", "variance"), [("sphere", (4**2 + 4 * 5 + 5**2) / 3 / 3), ("gaussian", 1.0)]
)
def test_code_covariance(coefficients, variance):
    d = 3
    X = sample(np.eye(4 * d), 20_000, 2, d, rng=1, coefficients=coefficients).X.reshape(-1, 4, d)
    both = X[(X[:, 0] != 0).any(axis=1) & (X[:, 3] != 0).any(axis=1)]
    assert second_moment_gap(both[:, 0], both[:, 0], variance * np.eye(d)) < N_SIGMAS
    assert second_moment_gap(both[:, 3], both[:, 3], variance * np.eye(d)) < N_SIGMAS
    assert second_moment_gap(both[:, 0], both[:, 3], 0) < N_SIGMAS
    # A variance 15 percent off is detected.
    assert second_moment_gap(both[:, 0], both[:, 0], 1.15 * variance * np.eye(d)) > N_SIGMAS


def test_sphere_codes_have_uniform_direction_and_norm():
    X = sample(np.eye(2), 5000, 1, 2, rng=2).X
    angles = np.arctan2(X[:, 1], X[:, 0])
    norms = np.linalg.norm(X, axis=1)
    for values, law in ((angles, (-np.pi, 2 * np.pi)), (norms, (4, 1))):
        assert scipy.stats.kstest(values, "uniform", args=law).pvalue > 1 - CONFIDENCE
    both = sample(np.eye(4), 5000, 2, 2, rng=2).X.reshape(-1, 2, 2)
    lengths = np.linalg.norm(both, axis=2) - 4.5
    # The groups of a sample have independent norms.
    assert second_moment_gap(lengths[:, :1], lengths[:, 1:], 0) < N_SIGMAS
    gaussian = sample(np.eye(2), 5000, 1, 2, rng=2, coefficients="gaussian").X
    assert scipy.stats.kstest(gaussian.ravel(), "norm").pvalue > 1 - CONFIDENCE


@pytest.mark.parametrize("snr_db", [-20, 0, 1, 5, 10, 60.5])
def test_snr_is_exact_in_every_block_and_overall(snr_db):
    A = make_dictionary(30, 10, 2, rng=0)
    blocks = list(sample_blocks(A, 250, 3, 2, snr_db=snr_db, rng=0, block_size=100))
    assert [len(block.Y) for block in blocks] == [100, 100, 50]
    for block in blocks:
        assert decibels(block.Y, block.X, A) == pytest.approx(
            snr_db, abs=1e-11 if snr_db == 60.5 else 1e-12
        )
    Y, X, _ = sample(A, 5000, 3, 2, snr_db=snr_db, rng=0)
    assert decibels(Y, X, A) == pytest.approx(snr_db, abs=1e-11 if snr_db == 60.5 else 1e-12)


def test_noise_is_white_and_independent_of_the_codes():
    A = make_dictionary(20, 10, 2, rng=0)
    Y, X, _ = sample(A, 2000, 3, 2, snr_db=5, rng=0)
    Z = Y - X @ A.T
    Z /= np.std(Z)
    assert scipy.stats.kstest(Z.ravel(), "norm").pvalue > 1 - CONFIDENCE
    assert second_moment_gap(Z, Z, np.eye(20)) < N_SIGMAS
    assert second_moment_gap(Z, X, 0) < N_SIGMAS
    # X and Z of one shape: a shared stream would correlate them.
    Y, X, _ = sample(np.eye(4), 2000, 1, 4, snr_db=0, rng=0, coefficients="gaussian")
    assert second_moment_gap(Y - X, X, 0) < N_SIGMAS


def test_streaming_equals_one_shot_bit_for_bit():
    A = make_dictionary(7, 6, 2, rng=0)
    blocks = list(sample_blocks(A, 9000, 2, 2, snr_db=3, rng=5))
    assert [len(block.Y) for block in blocks] == [4096, 4096, 808]
    assert same_bits(
        [np.concatenate(parts) for parts in zip(*blocks, strict=True)],
        sample(A, 9000, 2, 2, snr_db=3, rng=5),
    )


def test_a_longer_sample_begins_with_the_shorter_one():
    A = make_dictionary(7, 6, 2, rng=0)
    short, long = (sample(A, n, 2, 2, snr_db=3, rng=5) for n in (5000, 9000))
    assert same_bits([short.X, short.support], [long.X[:5000], long.support[:5000]])
    # The last block of the shorter sample has a noise level of its own.
    assert np.array_equal(short.Y[:4096], long.Y[:4096])
    other = sample(A, 5000, 2, 2, snr_db=20, rng=5)
    assert same_bits([short.X, short.support], [other.X, other.support])
    assert not np.array_equal(short.X[:100], short.X[4096:4196])


def test_the_seed_decides_the_sample():
    A = make_dictionary(7, 6, 2, rng=0)
    rng = np.random.default_rng(5)
    first = sample(A, 10, 2, 2, snr_db=3, rng=5)
    assert same_bits(first, sample(A, 10, 2, 2, snr_db=3, rng=rng))
    # The Generator has advanced.
    assert not np.array_equal(first.Y, sample(A, 10, 2, 2, snr_db=3, rng=rng).Y)
    assert not np.array_equal(first.Y, sample(A, 10, 2, 2, snr_db=3).Y)


def test_a_stream_takes_its_seed_at_the_call_not_at_the_first_block():
    A = make_dictionary(7, 6, 2, rng=0)
    rng = np.random.default_rng(5)
    stream = sample_blocks(A, 10, 2, 2, rng=rng)
    rng.standard_normal(100)
    assert same_bits(next(stream), sample(A, 10, 2, 2, rng=5))


def test_global_seed_is_neither_used_nor_touched():
    A = make_dictionary(7, 6, 2, rng=0)
    state = np.random.get_state()[1].copy()
    first = sample(A, 10, 2, 2, snr_db=3, rng=1)
    assert np.array_equal(np.random.get_state()[1], state)
    np.random.seed(123)
    assert same_bits(first, sample(A, 10, 2, 2, snr_db=3, rng=1))


def test_streaming_is_bounded_in_memory():
    A = make_dictionary(50, 50, 2, rng=0)
    block_bytes = 200 * (50 + 100 + 3) * 8
    for _ in sample_blocks(A, 1, 3, 2, snr_db=5, rng=0):
        pass  # lazy imports, paid once
    tracemalloc.start()
    n_samples = sum(
        len(block.Y) for block in sample_blocks(A, 20_000, 3, 2, snr_db=5, rng=0, block_size=200)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_samples == 20_000 and peak < 5 * block_bytes


def test_single_precision_is_the_rounded_double_sample():
    A = make_dictionary(7, 6, 2, rng=0).astype(np.float32)
    single, double = (sample(D, 50, 2, 2, snr_db=3, rng=1) for D in (A, A.astype(np.float64)))
    assert (
        single.Y.dtype == single.X.dtype == np.float32
        and double.Y.dtype == double.X.dtype == np.float64
    )
    assert same_bits(
        [single.Y, single.X], [double.Y.astype(np.float32), double.X.astype(np.float32)]
    )
    assert sample([[1, 0], [0, 1]], 2, 1, 1, rng=0).Y.dtype == np.float64
    assert perturb_dictionary(A, correlation=0.5, rng=0).dtype == np.float32
    ortho = make_dictionary(7, 3, 2, kind="orthonormal_groups", rng=0).astype(np.float32)
    for direction in ("generic", "tangent", "rotation"):
        moved = perturb_dictionary(ortho, delta=0.5, group_size=2, direction=direction, rng=0)
        assert moved.dtype == np.float32 and np.linalg.norm(
            (moved - ortho)[:, :2]
        ) == pytest.approx(0.5, rel=1e-5)


def test_inputs_may_be_read_only_and_strided_and_are_not_modified():
    big = make_dictionary(14, 6, 4, kind="gaussian", rng=0)
    view = big[::2, ::2]
    view.flags.writeable = False
    before = view.copy()
    contiguous = before.copy()
    assert same_bits(
        sample(view, 20, 2, 2, snr_db=3, rng=1), sample(contiguous, 20, 2, 2, snr_db=3, rng=1)
    )
    for move in ({"correlation": 0.5}, {"delta": 0.5, "group_size": 2}):
        assert np.array_equal(
            perturb_dictionary(view, rng=1, **move), perturb_dictionary(contiguous, rng=1, **move)
        )
    assert np.array_equal(view, before)


def test_a_running_stream_does_not_see_later_changes_of_the_dictionary():
    A = np.asfortranarray(make_dictionary(7, 6, 2, rng=0))
    expected = sample(A, 10, 2, 2, rng=1)
    stream = sample_blocks(A, 10, 2, 2, rng=1, block_size=4096)
    A[:] = 0
    assert same_bits(next(stream), expected)


@pytest.mark.parametrize("draw", [sample, sample_blocks])
@pytest.mark.parametrize(
    ("kwargs", "error", "match"),
    [
        ({"n_active": 4}, ValueError, r"n_active = 4, but there are only 3 groups"),
        ({"n_active": 0}, ValueError, r"n_active = 0; it must be at least 1"),
        ({"n_samples": 0}, ValueError, r"n_samples = 0; it must be at least 1"),
        ({"group_size": 4}, ValueError, r"group_size = 4 does not divide the 6 atoms of A_star"),
        (
            {"norm_range": (5, 4)},
            ValueError,
            r"b_min = 5.0 and b_max = 4.0; they must satisfy 0 < b_min <= b_max",
        ),
        ({"norm_range": 5}, ValueError, r"norm_range = 5; it must be a pair"),
        (
            {"norm_range": (1, 2), "coefficients": "gaussian"},
            ValueError,
            r"norm_range = \(1, 2\), but Gaussian groups have no norm range",
        ),
        (
            {"coefficients": "laplace"},
            ValueError,
            r"coefficients = 'laplace' is unknown; choose one of 'sphere', 'gaussian'",
        ),
        ({"snr_db": np.inf}, ValueError, r"snr_db = inf; it must be finite"),
        ({"snr_db": "5"}, TypeError, r"snr_db = '5' has type str"),
        ({"rng": -1}, ValueError, r"rng = -1; it must be at least 0"),
        (
            {"A_star": np.full((2, 6), np.nan)},
            ValueError,
            r"A_star has 12 non-finite entries",
        ),
        ({"A_star": np.ones(6)}, ValueError, r"A_star has shape \(6,\); it must be 2-D"),
    ],
)
def test_sample_refuses_at_the_call(draw, kwargs, error, match):
    with pytest.raises(error, match=match):
        draw(**({"A_star": np.eye(6), "n_samples": 5, "n_active": 1, "group_size": 2} | kwargs))


def test_refusals_of_the_stream_itself():
    with pytest.raises(ValueError, match=r"block_size = 0; it must be at least 1"):
        sample_blocks(np.eye(6), 5, 1, 2, block_size=0)
    with pytest.raises(
        ValueError,
        match=r"snr_db = 5.0, but the active atoms of A_star are zero, .* pass snr_db=None",
    ):
        sample(np.zeros((2, 2)), 5, 1, 1, snr_db=5)
