"""Both sides of T21's counterexamples again, in floating point, from the paper alone.

What is expected here uses no arithmetic of the package.
"""

import math
from fractions import Fraction as F
from itertools import combinations
from itertools import product as tuples

import numpy as np
import pytest
from rationals import floats

from gsae_ref.claims import exact
from gsae_ref.papers.t21.exact import Setting, signs, spikes
from gsae_ref.papers.t21.exact_descent import residual


def tilted(cosine, sine, n, at):
    eye = np.eye(n)
    return cosine * eye[:, :2] + sine * eye[:, at : at + 2]


def block_coherence(groups):
    d = groups[0].shape[1]
    return (
        max(
            np.linalg.norm(G.T @ H, 2)
            for i, G in enumerate(groups)
            for j, H in enumerate(groups)
            if i != j
        )
        / d
    )


def expected_surrogate(A, A_star, g, lam, codes, n_active=2):
    """E of (26) at group g: every support of n_active groups, every combination of the codes."""
    total = np.zeros_like(A[0])
    supports = list(combinations(range(len(A)), n_active))
    choices = list(tuples(codes, repeat=n_active))
    for S in supports:
        if g in S:
            for choice in choices:
                total += surrogate(A, A_star, g, lam, dict(zip(S, choice, strict=True)))
    return total / (len(choices) * len(supports))


def surrogate(A, A_star, g, lam, sample):
    """(26) at one sample {h: x_h}."""
    y = sum(A_star[h] @ x for h, x in sample.items())
    z = {h: A[h].T @ y for h in sample}
    t = {h: max(1 - lam / np.linalg.norm(z[h]), 0) for h in sample}
    rest = y - sum(A[h] @ (t[h] * z[h]) for h in sample)
    return -t[g] * (np.outer(rest, y) + np.outer(y, rest)) @ A[g]


def agree(certificate, left, right):
    assert float(certificate.printed.left) == pytest.approx(left, abs=1e-12)
    assert float(certificate.printed.right) == pytest.approx(right, abs=1e-12)


def test_a_group_that_overlaps_both_active_groups_in_floats(built):
    eye = np.eye(8)
    third = 0.3 * (eye[:, :2] + eye[:, 2:4]) - 0.1 * eye[:, 4:6] + 0.9 * eye[:, 6:]
    np.testing.assert_allclose(third.T @ third, np.eye(2), atol=1e-15)
    star = [eye[:, :2], eye[:, 2:4], third]
    y = (star[0] + star[1]) @ [2, 0]
    agree(built["T21-prop2"], np.linalg.norm(third.T @ y), 2 * 2 * block_coherence(star))


def test_tilt_towards_both_active_groups_in_floats(built):
    eye = np.eye(6)
    star = [eye[:, :2], eye[:, 2:4], 2 / 3 * (eye[:, :2] + eye[:, 2:4]) + eye[:, 4:] / 3]
    moved = 30 / 43 * (eye[:, :2] + eye[:, 2:4]) + 7 / 43 * eye[:, 4:]
    assert np.linalg.norm(moved - star[2]) <= 0.25
    np.testing.assert_allclose(moved.T @ moved, np.eye(2), atol=1e-15)
    y = (star[0] + star[1]) @ [1, 0]
    leak = np.linalg.norm(moved.T @ y)
    agree(built["T21-prop2-delta"], leak, 2 * (block_coherence(star) + 0.25))


def test_inactive_group_above_the_threshold_in_floats(built):
    eye = np.eye(8)
    star = [eye[:, :2], eye[:, 2:4], 4 / 9 * (eye[:, :2] + eye[:, 2:4]) + 7 / 9 * eye[:, 4:6]]
    y = (star[0] + star[1]) @ [1, 0]
    agree(built["T21-lemma1"], np.linalg.norm(star[2].T @ y), 4 / 9)
    low = 2 * block_coherence(star)
    assert low <= 4 / 9 + 1e-15 < 1 - low
    assert math.log(8) >= 2


def test_active_group_cancelled_by_two_others_in_floats(built):
    groups = [np.eye(6)[:, :2], tilted(9 / 41, 40 / 41, 6, 2), tilted(9 / 41, 40 / 41, 6, 4)]
    y = groups[0] @ [1, 0] + groups[1] @ [-2, 0] + groups[2] @ [-2, 0]
    agree(built["T21-eq22"], 1 - 3 * 2 * block_coherence(groups), np.linalg.norm(groups[0].T @ y))


def test_radial_derivative_in_floats(built):
    y = np.array([3.0, 4.0])
    lam = 1.0

    def sigma(z):
        return (1 - lam / np.linalg.norm(z)) * z

    def value(A):
        return 0.5 * np.sum((y - A @ sigma(A.T @ y)) ** 2)

    h = np.finfo(float).eps ** (1 / 3)
    A = np.eye(2)
    slope = (value(A + h * A) - value(A - h * A)) / (2 * h)
    diagonal = np.array(
        [(sigma(y + h * e) - sigma(y - h * e))[i] / (2 * h) for i, e in enumerate(np.eye(2))]
    )
    residual = y - A @ sigma(y)
    printed = -np.outer(residual, sigma(y)) - np.outer(y, residual) @ A @ np.diag(diagonal)
    assert float(built["T21-eq41"].printed.right) == pytest.approx(slope, rel=1e-8)
    assert float(built["T21-eq41"].printed.left) == pytest.approx(np.sum(printed * A), rel=1e-8)


SIGNS = [np.array([1.0]), np.array([-1.0])]


def test_step_from_the_truth_in_floats(built):
    groups = [np.eye(8)[:, [g]] for g in range(8)]
    G = expected_surrogate(groups, groups, 0, 0.2, SIGNS)
    c = 0.8 * 1.2 / 4
    agree(built["T21-theorem1"], 0, np.sum(G**2) / c)
    for name in ("T21-theorem2-at-truth", "T21-theorem2-v1"):
        agree(built[name], np.sum((G / c) ** 2), 0)


def rotation(n_groups, lam):
    """A_1 = A*_1 Q, the gradient at group 1, and alpha, omega, c, eta, rho of Theorem 2."""
    star = list(np.split(np.eye(2 * n_groups), n_groups, axis=1))
    Q = np.array([[399, -40], [40, 399]]) / 401
    A = [star[0] @ Q, *star[1:]]
    codes = [np.array(x) for x in tuples((1.0, -1.0), repeat=2)]
    G = expected_surrogate(A, star, 0, math.sqrt(2) * lam, codes)
    c = (1 - lam) * (1 + lam) * 2 / n_groups
    alpha = 399 / 401
    spread = 40 / 401 * math.sqrt(5) + 1 / 7
    eta = 1 / (c * alpha)
    rho = eta * c * (alpha - 4 * spread**2 / alpha)
    return A[0], star[0], G, eta, rho


def test_step_from_a_rotation_in_floats(built):
    A, star, G, eta, rho = rotation(4, 0.3)
    claim = (1 - rho) * np.sum((A - star) ** 2) + eta * 2 / 49 * 2**5 / 4**3
    after = np.sum((A - eta * G - star) ** 2)
    assert rho > 0
    assert float(built["T21-theorem2"].printed.left) == pytest.approx(after, rel=1e-12)
    assert claim <= float(built["T21-theorem2"].printed.right) <= 1.01 * claim
    assert float(built["T21-assumption4"].printed.left) == pytest.approx(after, rel=1e-12)
    inner = np.sum(G * (A - star))
    assert float(built["T21-gradient-points"].printed.left) == pytest.approx(inner, rel=1e-12)
    short = np.sum((A - eta / 100 * G - star) ** 2)
    assert float(built["T21-closer"].printed.left) == pytest.approx(short, rel=1e-12)


def test_stretched_minimiser_in_floats(built):
    """E L at A* and at s A*, s = 3/2, lam/B = 5/6, over supports of two groups."""
    groups = np.split(np.eye(12), 6, axis=1)
    lam = math.sqrt(2) * 5 / 6
    losses = []
    for s in (1.0, 1.5):
        y = groups[0] @ [1, 1] + groups[3] @ [1, -1]
        fit = np.zeros(12)
        for G in groups:
            z = s * G.T @ y
            r = np.linalg.norm(z)
            fit += s * G @ (max(1 - lam / r, 0) * z if r > 0 else z)
        losses.append(0.5 * np.sum((y - fit) ** 2))
    assert losses[1] < 1e-28
    assert float(built["T21-remark-b"].data["E L(A*)"]) == pytest.approx(losses[0])
    assert float(built["T21-remark-b"].printed.left) == pytest.approx(2 * 0.5**2)


def test_correlated_given_the_support_in_floats(built):
    """Entry 2 of -tau (I - tau P) E[y y^T | S] a_1 with E[x_1 x_2 | S] = 1/2."""
    tau = 0.8
    moment = np.eye(3)
    moment[0, 1] = moment[1, 0] = 0.5
    agree(built["T21-covariance-given-support"], (-tau * (1 - tau) * moment)[1, 0], 0)


def test_more_groups_than_active_in_floats(built):
    f, *rest = np.eye(8)
    columns = [0.6 * f + 0.8 * e for e in rest[:4]]
    coherence = columns[0] @ columns[1]
    total = sum(a * (a @ columns[0]) for a in columns[1:])
    printed = built["T21-eq73"].printed
    assert np.linalg.norm(total) - 0.01 < printed.left <= np.linalg.norm(total)
    assert float(printed.right) == pytest.approx(2 * coherence)


def frozen_residual(a, n_active, t):
    """Residual of (55) at the first of these unit vectors: brute force over supports."""
    n_groups = len(a)
    n = len(a[0])
    supports = [S for S in combinations(range(n_groups), n_active) if 0 in S]
    p = n_active / n_groups
    total = np.zeros(n)
    for S in supports:
        covariance = sum(np.outer(a[h], a[h]) for h in S)
        shrink = np.eye(n) - t * covariance
        total -= t * (shrink @ covariance + covariance @ shrink) @ a[0] * p / len(supports)
    return total + t * (2 - t) * p * a[0] - t**2 * p * a[0]


def test_the_residual_is_the_expected_surrogate_less_its_main_term():
    sign = spikes(1, {1: 1})
    first = exact.scale(F(7, 25), exact.basis(8, 1))
    rest = [exact.scale(F(24, 25), exact.basis(8, 1 + h)) for h in range(1, 6)]
    groups = tuple(exact.add(first, each) for each in rest)
    s = Setting(groups, groups, sign, 3, F(1), F(1))
    np.testing.assert_allclose(
        floats(residual(s, F(4, 5)))[:, 0],
        frozen_residual([floats(G)[:, 0] for G in s.A], 3, 0.8),
        atol=1e-14,
    )


def test_residual_of_equal_angles_in_floats(built):
    certificate = built["T21-eq74"]
    n_groups = certificate.data["Gamma"]
    f, *rest = np.eye(n_groups + 1)
    left = frozen_residual([0.28 * f + 0.96 * e for e in rest], 2, 0.8)
    agree(certificate, left @ left, (4 * 2**3 / n_groups**2 * 0.28**2) ** 2)
    assert left @ left <= float(certificate.corrected.right)


def test_the_codes_have_the_covariance_of_16():
    for law, size in ((signs(3), 3), (spikes(2, {1: F(2, 3), 2: F(1, 3)}), 2)):
        covariance = sum(float(p) * floats(x) @ floats(x).T for p, x in law.atoms)
        np.testing.assert_allclose(covariance, np.eye(size), atol=1e-15)
