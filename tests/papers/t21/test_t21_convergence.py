"""Theorems 1 and 2 and R1 to R4, by loops, quadrature and search."""

import math

import numpy as np
import pytest
import scipy.linalg
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle import encode, exact_gradient, expected_over_supports, loss, printed_55
from strategies import act_on_groups, orthonormal_groups, rotation, skew

from gsae_ref import groups
from gsae_ref.papers.t21 import teeth
from gsae_ref.papers.t21.convergence import formulas as convergence
from gsae_ref.papers.t21.convergence import statements
from gsae_ref.papers.t21.direction import formulas as direction
from gsae_ref.papers.t21.gradients import formulas as gradients

SEEDS = st.integers(0, 2**32 - 1)


def frames(seed, d, n=None, spread=0.5):
    """One group of d orthonormal columns, and another at a moderate distance."""
    rng, n = np.random.default_rng(seed), n or 2 * d
    S = np.linalg.qr(rng.normal(size=(n, d)))[0]
    return np.linalg.qr(S + spread * rng.normal(size=(n, d)) / math.sqrt(n))[0] * np.sign(
        np.diag(np.linalg.qr(S)[1])
    ), S


def near(seed, d, n=None, spread=0.5):
    """As :func:`frames`, with the sign of each column that is nearer to the target's."""
    A, S = frames(seed, d, n, spread)
    return A * np.sign(np.sum(A * S, axis=0)), S


def turned(d, angle):
    """Orthonormal pair in R^{2d} with A^T A* = cos(angle) I."""
    eye = np.eye(2 * d)
    return math.cos(angle) * eye[:, :d] + math.sin(angle) * eye[:, d:], eye[:, :d]


# ---- pieces of Theorems 1 and 2


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_pieces_of_the_expected_gradient_entry_by_entry(d):
    A, S = near(d, d)
    tau = 0.7
    p = 0.3
    assert gradients.leading_coefficient(tau, p) == pytest.approx(p * (1 - (1 - tau) ** 2))
    M = [
        [
            tau * sum(A[k, i] * S[k, j] for k in range(len(A))) - (2 - tau) * (i == j)
            for j in range(d)
        ]
        for i in range(d)
    ]
    np.testing.assert_allclose(gradients.offset(A, S, tau), M, atol=1e-14)
    assert direction.offset_norm_squared(A.T @ S, tau, d) == pytest.approx(
        sum(m * m for row in M for m in row)
    )
    alpha, omega = direction.align(A, S)
    for i in range(d):
        assert alpha[i] == pytest.approx(sum(S[k, i] * A[k, i] for k in range(len(A))))
        assert omega[i] == pytest.approx(
            max((abs(S[:, j] @ A[:, i]) for j in range(d) if j != i), default=0.0)
        )


@pytest.mark.parametrize(
    ("version", "target"),
    [(2, lambda tau, delta: (2 - tau) * delta**2), (1, lambda tau, delta: delta**2)],
)
@given(st.floats(0.05, 1), st.integers(1, 1000), st.floats(0, 1))
def test_condition_69_makes_the_bound_68_equal_to_its_target(version, target, tau, size, delta):
    overlap = direction.overlap_condition(tau, size, delta, version)
    bound68 = (2 - tau) ** 2 * size + tau**2 * overlap - 2 * (2 - tau) * tau * (size - delta**2 / 2)
    assert bound68 == pytest.approx(target(tau, delta), abs=1e-9 * size)


TABLE = {  # smallest tau at which the repaired condition (69) can be met
    1: (0.9753, 0.9512, 0.9044, 0.8591, 0.7710, 0.6582, 0.5232),
    2: (0.9825, 0.9652, 0.9316, 0.8988, 0.8353, 0.7577, 0.6783),
    4: (0.9876, 0.9753, 0.9512, 0.9275, 0.8816, 0.8259, 0.7710),
    8: (0.9912, 0.9825, 0.9652, 0.9483, 0.9151, 0.8747, 0.8353),
}
DELTAS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


@pytest.mark.parametrize("d", TABLE)
def test_the_smallest_feasible_tau_is_that_of_the_table(d):
    assert [direction.smallest_feasible_tau(d, delta) for delta in DELTAS] == pytest.approx(
        TABLE[d], abs=6e-5
    )


@pytest.mark.parametrize("d", TABLE)
@pytest.mark.parametrize("delta", DELTAS)
def test_the_smallest_feasible_tau_is_that_of_a_search_over_pairs(d, delta):
    """Of all pairs with error e <= delta, A^T A* = cos I has the smallest ||X||_F^2."""
    tau = np.arange(0.4, 1.0000005, 1e-5)
    right = ((2 - tau) * (3 * tau - 2) * d + (1 - tau) * (2 - tau) * delta**2) / tau**2
    possible = np.zeros(len(tau), dtype=bool)
    for error in np.linspace(0, delta, 21):
        A, S = turned(d, 2 * math.asin(error / (2 * math.sqrt(d))))
        assert np.linalg.norm(A - S) == pytest.approx(error, abs=1e-12)
        possible |= np.sum((A.T @ S) ** 2) <= right + 1e-12
    first = tau[possible.argmax()]
    assert possible[possible.argmax() :].all()
    assert direction.smallest_feasible_tau(d, delta) == pytest.approx(first, abs=2e-5)


@given(SEEDS, st.integers(2, 4), st.floats(0.01, 1.5))
def test_no_random_pair_meets_the_condition_below_the_smallest_feasible_tau(seed, d, spread):
    A, S = near(seed, d, spread=spread)
    delta = float(np.linalg.norm(A - S))
    assume(delta <= 1)
    tau = direction.smallest_feasible_tau(d, delta) - 1e-6
    assert np.sum((A.T @ S) ** 2) > direction.overlap_condition(tau, d, delta)


def test_without_error_only_the_linear_network_meets_the_condition():
    assert direction.smallest_feasible_tau(3, 0.0) == pytest.approx(1.0)


@given(SEEDS, st.integers(1, 4), st.floats(0.05, 1))
def test_the_remainder_completes_the_gradient_and_61_is_an_equality(seed, d, tau):
    A, S = near(seed, d)
    G = np.random.default_rng(seed).normal(size=A.shape)
    p = 0.4
    v = direction.remainder(G, A, S, tau, p)
    alpha = np.sum(A * S, axis=0)
    c = tau * (2 - tau) * p
    for i in range(d):
        u = A[:, i] - S[:, i]
        ci = c * alpha[i]
        np.testing.assert_allclose(ci * u + v[:, i], G[:, i], atol=1e-12)
        assert 2 * ci * (u @ G[:, i]) == pytest.approx(
            ci**2 * (u @ u) + G[:, i] @ G[:, i] - v[:, i] @ v[:, i], abs=1e-9
        )


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_two_bounds_on_the_remainder_by_loops(d):
    A, S = near(7, d)
    tau = 0.6
    p = 0.25
    delta = 0.9
    beta = np.arange(1.0, d + 1)
    c = tau * (2 - tau) * p
    e = math.sqrt(sum(float(x) ** 2 for x in (A - S).ravel()))
    M = tau * A.T @ S - (2 - tau) * np.eye(d)
    eigenvalues = np.linalg.eigvalsh(M.T @ M)
    M = math.sqrt(eigenvalues[-1])
    frobenius = math.sqrt(eigenvalues.sum())
    alpha = max(abs(S[:, i] @ A[:, i]) for i in range(d))
    for i in range(d):
        omega = max((abs(S[:, j] @ A[:, i]) for j in range(d) if j != i), default=0.0)
        corrected = c * math.sqrt(d - 1) * omega * e + tau * p * M + beta[i]
        assert direction.remainder_bound(A, S, tau, p, delta, beta)[i] == pytest.approx(corrected)
        without = direction.remainder_bound(A, S, tau, p, delta, beta, form="frobenius")
        assert without[i] == pytest.approx(tau * p * frobenius + beta[i])
        printed = c * (omega * math.sqrt(d * d + 1) + delta) * e
        assert direction.remainder_bound(A, S, tau, p, delta, form="printed")[i] == pytest.approx(
            printed
        )
        version1 = c * (alpha * math.sqrt(d * d + 1) + delta) * e
        assert direction.remainder_bound(A, S, tau, p, delta, form="version1")[i] == pytest.approx(
            version1
        )


@pytest.mark.parametrize(("n_groups", "n_active"), [(3, 1), (3, 2), (4, 3), (5, 4), (4, 4)])
def test_the_residual_enumerated_over_supports_obeys_both_bounds(n_groups, n_active):
    d = 2
    n = 9
    share = []
    for seed in range(12):
        rng = np.random.default_rng([seed, n_groups, n_active])
        A_star = orthonormal_groups(rng.normal(size=(n, n_groups * d)), d)
        A = orthonormal_groups(A_star + 0.2 * rng.uniform() * rng.normal(size=A_star.shape), d)
        A = A * np.sign(np.sum(A * A_star, axis=0))
        tau = rng.uniform(0.1, 1, n_groups)
        eye = np.broadcast_to(np.eye(d), (n_groups, d, d))
        beta = expected_over_supports(A, A_star, tau, n_active, d, eye) - printed_55(
            A, A_star, tau, n_active, d, eye
        )
        blocks = np.split(A, n_groups, 1)
        star = np.split(A_star, n_groups, 1)
        mu = max(np.linalg.norm(S.T @ T, 2) for i, S in enumerate(star) for T in star[:i]) / d
        delta = max(np.linalg.norm(B - S) for B, S in zip(blocks, star, strict=True))
        R = max(np.linalg.svd(A)[1][0], np.linalg.svd(A_star)[1][0]) ** 2
        for g, b in enumerate(np.split(beta, n_groups, 1)):
            size = np.linalg.norm(b, 2)
            cross = d * mu + delta
            by_coherence = direction.residual_bound(
                tau[g], tau.max(), n_active, n_groups, cross, cross + delta
            )
            by_spectrum = direction.residual_bound_spectral(
                tau[g], tau.max(), n_active, n_groups, R
            )
            assert size <= by_coherence + 1e-12
            assert size <= by_spectrum + 1e-12
            share.append(size / by_spectrum if n_active > 1 else 0.0)
    assert max(share) > 0.1 or n_active == 1


def test_one_active_group_has_no_residual():
    assert direction.residual_bound(0.5, 1.0, 1, 7, 0.2, 0.3) == 0
    assert direction.residual_bound_spectral(0.5, 1.0, 1, 7, 3.0) == 0
    assert direction.residual_bound_spectral(0.5, 1.0, 1, 1, 3.0) == 0


@pytest.mark.parametrize("d", range(1, 17))
def test_the_rate_of_version_1_is_negative_whatever_the_overlaps(d):
    for alpha_max in (0.01, 0.3, 1.0):
        for alpha_min in np.array([0.05, 0.5, 1.0]) * alpha_max:
            for delta in (0.0, 0.2, 1.0):
                value = convergence.rho(1.0, 0.8, 0.2, alpha_min, alpha_max, delta, d, version=1)
                assert value <= 0.8 * 1.2 * 0.2 * alpha_min * (1 - d * (d * d + 1)) + 1e-12 < 0


@given(st.integers(1, 16), st.floats(0.01, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 1))
def test_the_rate_of_version_2_is_positive_exactly_when_the_overlaps_dominate(
    d, alpha, omega, delta, tau
):
    threshold = math.sqrt(2 * d) * (omega * math.sqrt(d**2 + 1) + delta)
    value = convergence.rho(0.5, tau, 0.3, alpha, omega, delta, d)
    by_hand = 0.5 * tau * (2 - tau) * 0.3 * (alpha * alpha - threshold**2) / alpha
    assert value == pytest.approx(by_hand, rel=1e-9, abs=1e-12)
    if abs(alpha - threshold) > 1e-9:
        assert (value > 0) == (alpha > threshold)


# ---- orbit distance, R1, R2


@pytest.mark.parametrize("shape", [(2, 2), (5, 2), (4, 3), (3, 1)])
def test_the_polar_factor_is_scipys(shape):
    M = np.random.default_rng(8).normal(size=shape)
    np.testing.assert_allclose(groups.polar(M, M.shape[1]), scipy.linalg.polar(M)[0], atol=1e-12)


def test_the_orbit_distance_is_the_smallest_over_all_rotations_and_reflections():
    for seed in range(5):
        A, S = frames(seed, 2, 5, 1.0)
        candidates = []
        for t in np.linspace(0, 2 * np.pi, 20001):
            c = math.cos(t)
            s = math.sin(t)
            candidates += [
                np.linalg.norm(A - S @ [[c, -s], [s, c]]),
                np.linalg.norm(A - S @ [[c, s], [s, -c]]),
            ]
        assert convergence.orbit_distance(A, S) == pytest.approx(min(candidates), abs=1e-7)
        nuclear = np.sqrt(np.linalg.eigvalsh(A.T @ S @ S.T @ A)).sum()
        assert convergence.orbit_distance(A, S) == pytest.approx(
            math.sqrt(4 - 2 * nuclear), abs=1e-9
        )


def test_the_orbit_distance_sees_spans_only():
    A, S = frames(1, 3)
    rng = np.random.default_rng(2)
    assert convergence.orbit_distance(A @ rotation(rng, 3), S @ rotation(rng, 3)) == pytest.approx(
        convergence.orbit_distance(A, S), abs=1e-12
    )
    assert convergence.orbit_distance(S @ rotation(rng, 3), S) < 1e-14
    tiny = scipy.linalg.expm(1e-9 * skew(rng, 6)) @ S
    assert (
        1e-10 < convergence.orbit_distance(tiny, S) < 1e-8
    )  # the difference of 2 d and a trace would give 0


@pytest.mark.parametrize("lam", [0.0, 0.4, 1.0])
def test_normal_to_the_active_span_the_exact_gradient_is_ojas(lam):
    rng = np.random.default_rng(3)
    A = np.linalg.qr(rng.normal(size=(9, 6)))[0]
    y = A @ np.concatenate([[2.0, 1.0, -1.5, 2.0], 0.01 * rng.normal(size=2)]) + 0.3 * rng.normal(
        size=9
    )
    active = [
        q
        for q in range(6)
        if lam == 0 or np.linalg.norm((A.T @ y)[q // 2 * 2 : q // 2 * 2 + 2]) > lam
    ]
    G = exact_gradient(A, [y], lam, 2)[:, active]
    A_S = A[:, active]
    normal = np.eye(9) - A_S @ A_S.T
    np.testing.assert_allclose(
        gradients.oja_gradient(A[:, :2], A_S, y), (normal @ G)[:, :2], atol=1e-12
    )
    assert np.linalg.norm(normal @ G) > 0.1


def population_step(A, A_star, lam, eta, low, high, n_groups):
    """A - eta E[exact gradient], d = 2, gamma = 1: Gauss points in the norm, 48 angles."""
    nodes, weights = np.polynomial.legendre.leggauss(10)
    G = np.zeros_like(A)
    angles = 48
    for g in range(n_groups):
        for node, weight in zip(nodes, weights, strict=True):
            radius = (low + high) / 2 + (high - low) / 2 * node
            for k in range(angles):
                phi = 2 * math.pi * (k + 0.3) / angles
                y = radius * (
                    math.cos(phi) * A_star[:, 2 * g] + math.sin(phi) * A_star[:, 2 * g + 1]
                )
                z = A.T @ y
                e = y.copy()
                J = np.zeros((A.shape[1],) * 2)
                x = np.zeros(A.shape[1])
                for h in range(n_groups):
                    block = slice(2 * h, 2 * h + 2)
                    r = math.hypot(*z[block])
                    if r > lam:
                        x[block] = (1 - lam / r) * z[block]
                        J[block, block] = (1 - lam / r) * np.eye(2) + lam / r**3 * np.outer(
                            z[block], z[block]
                        )
                e -= A @ x
                G -= weight / 2 / angles / n_groups * (np.outer(e, x) + np.outer(y, J @ A.T @ e))
    return A - eta * G


@pytest.mark.parametrize(("lam", "eta"), [(0.0, 0.05), (1.7, 0.12)])
def test_the_contraction_factor_is_that_of_one_population_step(lam, eta):
    n_groups = 2
    low = 4.0
    high = 5.0
    eye = np.eye(8)
    angles = np.array([[0.1, 0.35], [0.2, 0.05]])
    A_star = eye[:, :4]
    A = np.hstack(
        [
            np.cos(angles[g]) * eye[:, 2 * g : 2 * g + 2]
            + np.sin(angles[g]) * eye[:, 4 + 2 * g : 6 + 2 * g]
            for g in range(2)
        ]
    )
    kappa = (high**3 - low**3) / (3 * (high - low)) / 2 / n_groups  # p E[c^2] / d
    after = population_step(A, A_star, lam, eta, low, high, n_groups)
    for g in range(n_groups):
        S = A_star[:, 2 * g : 2 * g + 2]
        B = np.linalg.qr(after[:, 2 * g : 2 * g + 2])[0]
        cosines = np.linalg.svd(S.T @ B)[1]
        tangents = np.sqrt(1 / cosines**2 - 1)
        predicted = []
        for i in range(
            2
        ):  # m_i by its own quadrature: E over norm and angle of (lam/r)(2 - lam/r) z_i^2
            m = 0.0
            points = 400
            for c in low + (high - low) * (np.arange(points) + 0.5) / points:
                phi = 2 * np.pi * (np.arange(64) + 0.1) / 64
                Z = c * np.stack(
                    [np.cos(phi) * np.cos(angles[g, 0]), np.sin(phi) * np.cos(angles[g, 1])]
                )
                r = np.hypot(*Z)
                m += np.mean(lam / r * (2 - lam / r) * Z[i] ** 2) / points / n_groups
            predicted.append(
                math.tan(angles[g, i]) * convergence.contraction_factor(angles[g, i], eta, kappa, m)
            )
        np.testing.assert_allclose(sorted(tangents), sorted(predicted), rtol=1e-5)
        assert max(np.sort(tangents) / np.sort(np.tan(angles[g]))) < 0.9


@given(st.floats(0, 1.5), st.floats(0, 10), st.floats(0.01, 1))
def test_every_angle_below_a_right_one_shrinks(theta, m, step):
    assert 0 <= convergence.contraction_factor(theta, step, 1.0, m) < 1


@given(st.floats(0.5, 4), st.floats(0, 0.2), st.floats(0, 0.3))
def test_the_support_condition_is_two_inequalities_and_smaller_angles_only_help(lam, cross, theta):
    margin = convergence.support_persists(lam, 4.0, 5.0, cross, theta)
    assert (margin >= 0) == (5.0 * (cross + math.sin(theta)) <= lam <= 4.0 * math.cos(theta))
    assert convergence.support_persists(lam, 4.0, 5.0, cross, theta / 2) >= margin


# ---- R3, R4, the minimiser


@given(SEEDS, st.integers(1, 3), st.floats(0.05, 1), st.floats(0, 0.2))
def test_a_retracted_step_along_the_leading_term_obeys_the_repaired_bound(seed, d, kappa, size):
    A, S = near(seed, d, spread=0.4)
    noise = size * np.random.default_rng(seed).normal(size=A.shape)
    distance = np.sqrt(max(2 * d - 2 * np.linalg.svd(S.T @ A)[1].sum(), 0))
    assume(distance <= 1)
    normal = np.eye(len(A)) - A @ A.T
    step = scipy.linalg.polar(A - normal @ (-kappa * S @ S.T @ A + noise))[0]
    after = np.sqrt(max(2 * d - 2 * np.linalg.svd(S.T @ step)[1].sum(), 0))
    cosine = np.linalg.svd(S.T @ A)[1][-1]
    assert (
        after
        <= convergence.repaired_bound(distance, kappa, cosine, np.linalg.norm(normal @ noise))
        + 1e-9
    )


def test_the_repaired_bound_contracts_by_a_quarter_of_the_squared_distance_when_kappa_is_1():
    for distance in (0.1, 0.5, 1.0):
        cosine = 1 - distance**2 / 2
        assert (
            convergence.repaired_bound(distance, 1.0, cosine, 0.0)
            <= math.sqrt(1 - 0.5625) * distance
        )
        assert convergence.repaired_bound(distance, 1.0, cosine, 0.25) == pytest.approx(
            convergence.repaired_bound(distance, 1.0, cosine, 0) + 0.25
        )


@given(SEEDS, st.integers(1, 4), st.floats(0.05, 1))
def test_the_remainder_is_at_least_what_r4_says(seed, d, tau):
    A, S = near(seed, d)
    p = 0.25
    eye = np.eye(d)[None]
    n_groups = 4
    pad = np.zeros((len(A), (n_groups - 1) * d))
    G = printed_55(
        np.hstack([A, pad]),
        np.hstack([S, pad]),
        np.full(n_groups, tau),
        1,
        d,
        np.repeat(eye, n_groups, axis=0),
    )[:, :d]
    for i in range(d):
        alpha = S[:, i] @ A[:, i]
        v = G[:, i] - tau * (2 - tau) * p * alpha * (A[:, i] - S[:, i])
        assert np.linalg.norm(v) >= convergence.exclusion_bound(tau, p, alpha) - 1e-12
        assert convergence.exclusion_bound(tau, p, alpha) == pytest.approx(
            2 * tau * (1 - tau) * p * alpha
        )


def test_the_bound_of_r4_is_attained_at_the_target():
    v = direction.remainder(
        printed_55(np.eye(2), np.eye(2), np.array([0.6]), 1, 2, np.eye(2)[None]),
        np.eye(2),
        np.eye(2),
        0.6,
        1.0,
    )
    np.testing.assert_allclose(
        np.linalg.norm(v, axis=0), convergence.exclusion_bound(0.6, 1.0, [1.0, 1.0])
    )


@given(st.floats(0, 3))
def test_the_scaled_minimiser_solves_its_equation(ratio):
    s = convergence.scaled_minimiser(ratio)
    assert s >= 1
    assert s - 1 / s == pytest.approx(ratio, abs=1e-12)


def test_at_the_scaled_minimiser_the_loss_is_zero_and_at_the_target_it_is_not():
    rng = np.random.default_rng(9)
    A_star = np.linalg.qr(rng.normal(size=(8, 6)))[0]
    X = np.zeros((5, 6))
    for k in range(5):
        u = rng.normal(size=2)
        X[k, k % 3 * 2 : k % 3 * 2 + 2] = 2 * u / np.linalg.norm(u)
    Y = X @ A_star.T
    s = convergence.scaled_minimiser(0.9 / 2)
    A = act_on_groups(s * A_star, [rotation(rng, 2) for _ in range(3)])
    assert s == 1.25
    assert loss(A, Y, 0.9, 2) < 1e-28
    assert loss(A_star, Y, 0.9, 2) == pytest.approx(0.9**2 / 2)
    assert np.linalg.norm(encode(A, Y, 0.9, 2), axis=1) == pytest.approx([2 / s] * 5)


def test_two_active_groups_with_one_span_fulfil_the_bound_that_r4_excludes():
    """The gradient from its definition: both groups always active, codes of covariance I."""
    i = teeth.FULFIL_33[-1]
    d = i.d
    broken = [h.text for h in statements.EXCLUSION if h.margin(i) < -1e-12]
    assert broken == ["one active group, so beta = 0"]
    A = [i.A[:, :d], i.A[:, d:]]
    S = i.A_star[:, :d]
    tau = i.tau[0]
    moment = 2 * S @ S.T
    residual = np.eye(len(i.A)) - tau * sum(B @ B.T for B in A)
    gradient = -tau * (residual @ moment + moment @ residual.T) @ A[0]
    alpha = np.sum(A[0] * S, axis=0)
    v = gradient - tau * (2 - tau) * alpha * (A[0] - S)
    e = np.linalg.norm(A[0][:, 0] - S[:, 0])
    assert i.mu_block == pytest.approx(1 / d)
    bound = statements._exclusion(i)[0]
    assert np.linalg.norm(v, axis=0) == pytest.approx(0.0094322, rel=1e-4)
    assert bound == pytest.approx(0.0124398, rel=1e-4)
    assert e == pytest.approx(0.0368, rel=1e-3)


@pytest.mark.parametrize(
    ("n_active", "d", "n_groups"), [(2, 1, 3), (3, 1, 4), (2, 2, 3), (3, 2, 3)]
)
def test_several_active_groups_miss_the_bound_when_weakly_coupled(n_active, d, n_groups):
    """R4 for gamma >= 2, by loops: any A* within delta, lam at the left end of the interval."""
    rng = np.random.default_rng(n_active * d)
    room = 0.2 / (n_active * d)  # of d mu_B + delta
    for _ in range(20):
        noise = 0.05 * room * rng.uniform() * rng.normal(size=(n_groups * d + 1, n_groups * d))
        A = groups.polar(np.eye(*noise.shape) + noise, d)
        V = rng.normal(size=A.shape)
        delta = 0.25 * room * rng.uniform()
        blocks = [slice(g * d, (g + 1) * d) for g in range(n_groups)]
        S = A + np.hstack([delta * V[:, b] / np.linalg.norm(V[:, b]) for b in blocks])
        mu = max(np.linalg.norm(S[:, g].T @ S[:, h], 2) for g in blocks for h in blocks if g != h)
        assert n_active * d * (mu + delta) <= 0.2
        lam = n_active * (mu / d + delta)  # B_max = 1
        y = sum(S[:, b] @ np.eye(d)[0] for b in blocks[:n_active])
        tau = np.full(n_groups, 1 - lam / np.linalg.norm(A[:, blocks[0]].T @ y))
        G = expected_over_supports(A, S, tau, n_active, d, [np.eye(d)] * n_groups)
        p = n_active / n_groups
        for i in range(d):
            alpha = S[:, i] @ A[:, i]
            omega = max((abs(S[:, j] @ A[:, i]) for j in range(d) if j != i), default=0)
            c = tau[0] * (2 - tau[0]) * p
            v = G[:, i] - c * alpha * (A[:, i] - S[:, i])
            bound = c * (omega * math.sqrt(d**2 + 1) + delta) * delta
            assert bound < np.linalg.norm(v)


def test_the_numbers_in_the_proof_of_r4_for_several_groups_leave_room():
    """alpha_i m - (1 + u) K e less the bound of a_i^T beta_i, over gamma s, at the worst values."""
    n_active, d, share, place = np.meshgrid(
        np.arange(2, 60), np.arange(1, 25), np.linspace(0, 1, 11), np.linspace(0, 1, 6)
    )
    b = 0.2 / (n_active * d)
    e = share * b
    s = (b - e) / d + e
    u = n_active * s / 1.32
    u = u + place * (1 - u)
    K = (np.sqrt(d**2 + 1) + 1) * e
    room = 0.9 * (2 * u - (1 - u) * e) - (1 + u) * K * e
    room -= 2.42 * (n_active - 1) * b**2 * (u + 4 + 2 * (n_active - 2) * b)
    assert (room / (n_active * s)).min() > 0.017
