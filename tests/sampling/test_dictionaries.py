"""Dictionaries and perturbations follow the documented laws, judged without gsae_ref.metrics."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from gsae_ref.sampling import make_dictionary, perturb_dictionary

CONFIDENCE = 1 - 1e-4  # every statistical bound below is this quantile, at a fixed seed
N_SIGMAS = scipy.stats.norm.ppf(1 - 1e-5)

seeds = st.integers(0, 2**32)


def groups_of(A, d):
    return [A[:, j : j + d] for j in range(0, A.shape[1], d)]


def test_gaussian_columns_are_uniform_on_the_sphere():
    A = make_dictionary(3, 4000, 2, rng=0)
    assert A.shape == (3, 8000) and A.dtype == np.float64
    np.testing.assert_allclose(np.sum(A**2, axis=0), 1, rtol=1e-14)
    # Archimedes: a coordinate of a uniform point on the sphere in 3-D is uniform on [-1, 1].
    for row in A:
        assert scipy.stats.kstest(row, "uniform", args=(-1, 2)).pvalue > 1 - CONFIDENCE


@given(seeds, st.integers(1, 4), st.integers(1, 4), st.integers(0, 3))
@settings(deadline=None, max_examples=25)
def test_orthonormal_kinds(seed, n_groups, size, extra):
    for A_g in groups_of(
        make_dictionary(size + extra, n_groups, size, kind="orthonormal_groups", rng=seed), size
    ):
        np.testing.assert_allclose(A_g.T @ A_g, np.eye(size), atol=1e-13)
    A = make_dictionary(n_groups * size + extra, n_groups, size, kind="orthonormal", rng=seed)
    np.testing.assert_allclose(A.T @ A, np.eye(n_groups * size), atol=1e-13)


def test_orthonormal_groups_are_haar_distributed():
    Q = np.stack(groups_of(make_dictionary(3, 4000, 3, kind="orthonormal_groups", rng=0), 3))
    bound = N_SIGMAS / np.sqrt(len(Q))
    # The trace has mean 0 and variance 1; LAPACK's own signs give about -0.5.
    assert abs(np.trace(Q, axis1=1, axis2=2).mean()) < bound
    assert abs(np.linalg.det(Q).mean()) < bound
    assert scipy.stats.kstest(Q[:, 0, 0], "uniform", args=(-1, 2)).pvalue > 1 - CONFIDENCE


def test_lapack_signs_alone_would_fail_the_haar_check():
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((4000, 3, 3)))[0]
    assert abs(np.trace(Q, axis1=1, axis2=2).mean()) > N_SIGMAS / np.sqrt(len(Q))


@pytest.mark.parametrize("kind", ["gaussian", "orthonormal_groups", "orthonormal"])
def test_dictionary_depends_on_its_seed_only(kind):
    A, again = (
        make_dictionary(8, 2, 2, kind=kind, rng=rng) for rng in (3, np.random.default_rng(3))
    )
    assert np.array_equal(A, again)
    assert not np.array_equal(A, make_dictionary(8, 2, 2, kind=kind, rng=4))


@pytest.mark.parametrize(
    ("kwargs", "error", "match"),
    [
        ({"kind": "uniform"}, ValueError, r"kind = 'uniform' is unknown; choose one of 'gaussian'"),
        (
            {"kind": "orthonormal"},
            ValueError,
            r"has 12 orthonormal columns, but n_features = 5; raise n_features",
        ),
        (
            {"kind": "orthonormal_groups", "group_size": 6},
            ValueError,
            r"has 6 orthonormal columns, but n_features = 5",
        ),
        ({"n_features": 0}, ValueError, r"n_features = 0; it must be at least 1"),
        ({"n_groups": 2.0}, TypeError, r"n_groups = 2.0 has type float; it must be an integer"),
        ({"group_size": 0}, ValueError, r"group_size = 0; it must be at least 1"),
        ({"rng": "seed"}, TypeError, r"rng = 'seed' has type str"),
    ],
)
def test_make_dictionary_refuses(kwargs, error, match):
    with pytest.raises(error, match=match):
        make_dictionary(**({"n_features": 5, "n_groups": 4, "group_size": 3} | kwargs))


# ---- perturbations


def mean_cosine(A, B):
    return np.mean(np.sum(A * B, axis=0) / np.linalg.norm(A, axis=0) / np.linalg.norm(B, axis=0))


@given(seeds, st.floats(0.3, 0.9999), st.sampled_from([1e-6, 1.0, 1e6]))
@settings(deadline=None, max_examples=50)
def test_correlation_is_met_exactly(seed, target, scale):
    A_star = scale * make_dictionary(20, 10, 2, rng=seed)
    assert mean_cosine(
        perturb_dictionary(A_star, correlation=target, rng=seed), A_star
    ) == pytest.approx(target, abs=1e-10)


def test_paper_initialisation():
    A_star = make_dictionary(950, 500, 2, rng=0)
    A = perturb_dictionary(A_star, correlation=0.15, rng=0)
    B = A - A_star
    assert mean_cosine(A, A_star) == pytest.approx(0.15, abs=1e-10)
    assert np.std(B) == pytest.approx(0.2138, abs=0.0015)
    assert scipy.stats.kstest(B[:, ::50].ravel() / np.std(B), "norm").pvalue > 1 - CONFIDENCE
    # B is independent of A*, although the same integer seeds both.
    assert abs(mean_cosine(B, A_star)) < N_SIGMAS / np.sqrt(A_star.size)


@given(seeds, st.integers(1, 4), st.integers(1, 4), st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=25)
def test_generic_delta_is_exact(seed, n_groups, d, delta):
    A_star = make_dictionary(6, n_groups, d, rng=seed)
    A = perturb_dictionary(A_star, delta=delta, group_size=d, rng=seed)
    for A_g, S_g in zip(groups_of(A, d), groups_of(A_star, d), strict=True):
        assert np.linalg.norm(A_g - S_g) == pytest.approx(delta, rel=1e-10)


@given(seeds, st.integers(1, 4), st.integers(0, 3), st.floats(1e-3, 1))
@settings(deadline=None, max_examples=40)
def test_tangent_delta_is_exact_orthonormal_and_leaves_the_span(seed, d, extra, share):
    A_star = make_dictionary(2 * d + extra, 3, d, kind="orthonormal_groups", rng=seed)
    delta = share * np.sqrt(2 * d)
    A = perturb_dictionary(A_star, delta=delta, group_size=d, direction="tangent", rng=seed)
    cosine = 1 - delta**2 / (2 * d)
    for A_g, S_g in zip(groups_of(A, d), groups_of(A_star, d), strict=True):
        assert np.linalg.norm(A_g - S_g) == pytest.approx(delta, rel=1e-10)
        np.testing.assert_allclose(A_g.T @ A_g, np.eye(d), atol=1e-12)
        # The rest of the change is orthogonal to span(A*_g).
        np.testing.assert_allclose(S_g.T @ (A_g - cosine * S_g), 0, atol=1e-12)
        np.testing.assert_allclose(
            scipy.linalg.subspace_angles(A_g, S_g), np.arccos(np.clip(cosine, 0, 1)), atol=1e-7
        )


@given(seeds, st.integers(2, 5), st.integers(0, 2), st.floats(1e-3, 1))
@settings(deadline=None, max_examples=40)
def test_rotation_delta_is_exact_orthonormal_and_keeps_the_span(seed, d, extra, share):
    A_star = make_dictionary(d + extra, 3, d, kind="orthonormal_groups", rng=seed)
    delta = share * np.sqrt(8 * (d // 2))
    A = perturb_dictionary(A_star, delta=delta, group_size=d, direction="rotation", rng=seed)
    for A_g, S_g in zip(groups_of(A, d), groups_of(A_star, d), strict=True):
        assert np.linalg.norm(A_g - S_g) == pytest.approx(delta, rel=1e-10)
        np.testing.assert_allclose(A_g.T @ A_g, np.eye(d), atol=1e-12)
        np.testing.assert_allclose(S_g @ (S_g.T @ A_g), A_g, atol=1e-12)
        assert np.linalg.det(S_g.T @ A_g) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("direction", ["generic", "tangent", "rotation"])
def test_perturbation_limits_and_seed(direction):
    A_star = make_dictionary(6, 2, 2, kind="orthonormal_groups", rng=0)
    move = {"group_size": 2, "direction": direction}
    assert np.array_equal(perturb_dictionary(A_star, delta=0, rng=1, **move), A_star)
    A = perturb_dictionary(A_star, delta=0.5, rng=1, **move)
    assert np.array_equal(
        A, perturb_dictionary(A_star, delta=0.5, rng=np.random.default_rng(1), **move)
    )
    assert not np.array_equal(A, perturb_dictionary(A_star, delta=0.5, rng=2, **move))
    # Groups change independently.
    assert not np.allclose(A[:, :2] - A_star[:, :2], A[:, 2:] - A_star[:, 2:])


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({}, r"correlation = None and delta = None; exactly one must be given"),
        (
            {"correlation": 0.5, "delta": 0.5},
            r"correlation = 0.5 and delta = 0.5; exactly one must be given",
        ),
        (
            {"correlation": 0.5, "direction": "tangent"},
            r"direction = 'tangent' with correlation = 0.5; .* use delta=",
        ),
        ({"correlation": 1.0}, r"correlation = 1.0; .* strictly between -?0.\d+ and 1"),
        ({"correlation": -0.9}, r"correlation = -0.9; .* strictly between"),
        ({"correlation": np.nan}, r"correlation = nan; it must be finite"),
        ({"delta": -1.0}, r"delta = -1.0; direction = 'generic' needs 0 <= delta <= inf"),
        (
            {"delta": 1, "direction": "sideways"},
            r"direction = 'sideways' is unknown; choose one of 'generic', 'tangent', 'rotation'",
        ),
        (
            {"delta": 2.1, "direction": "tangent"},
            r"delta = 2.1; .* 0 <= delta <= sqrt\(2 \* group_size\) = 2",
        ),
        (
            {"delta": 3.0, "direction": "rotation"},
            r"delta = 3.0; .* sqrt\(8 \* floor\(group_size / 2\)\) = 2.82843",
        ),
        (
            {"delta": 1, "direction": "rotation", "group_size": 1},
            r"direction = 'rotation' needs group_size >= 2, but group_size = 1",
        ),
        (
            {"delta": 1, "direction": "tangent", "group_size": 4},
            r"needs 2 \* group_size <= n_features, but group_size = 4 and n_features = 6",
        ),
        ({"delta": 1, "group_size": 3}, r"group_size = 3 does not divide the 4 atoms of A_star"),
    ],
)
def test_perturb_dictionary_refuses(kwargs, match):
    A_star = make_dictionary(6, 2, 2, kind="orthonormal", rng=0)
    with pytest.raises(ValueError, match=match):
        perturb_dictionary(A_star, rng=0, **({"group_size": 2} | kwargs))


@pytest.mark.parametrize("direction", ["tangent", "rotation"])
def test_tangent_and_rotation_need_orthonormal_groups(direction):
    with pytest.raises(
        ValueError,
        match=r"needs orthonormal groups, but max \|A_g\^T A_g - I\| = 0.\d+; use make_dictionary",
    ):
        perturb_dictionary(
            make_dictionary(6, 2, 2, rng=0), delta=0.1, group_size=2, direction=direction
        )


def test_correlation_refuses_a_zero_column():
    with pytest.raises(ValueError, match=r"A_star has a zero column, number 1; .* or use delta="):
        perturb_dictionary(np.array([[1.0, 0.0]]), correlation=0.5)
