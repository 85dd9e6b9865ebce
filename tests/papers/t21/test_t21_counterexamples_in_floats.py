"""Both sides of T21's counterexamples again, in floating point, from the paper alone: what is expected here uses no arithmetic of the package."""

import math
from fractions import Fraction as F
from itertools import combinations
from itertools import product as tuples

import numpy as np
import pytest
from rationals import floats

from gsae_ref.claims import exact
from gsae_ref.papers.t21.direction.counterexamples import residual
from gsae_ref.papers.t21.exact import Setting, signs, spikes


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


def expected_surrogate(A, A_star, g, lam, codes):
    """E of (26) over one active group (gamma = 1), all groups and all codes equally likely."""
    total = np.zeros_like(A[0])
    for x in codes:
        y = A_star[g] @ x
        z = A[g].T @ y
        t = max(1 - lam / np.linalg.norm(z), 0)
        residual = y - A[g] @ (t * z)
        total -= t * (np.outer(residual, y) + np.outer(y, residual)) @ A[g]
    return total / (len(codes) * len(A))


def agree(certificate, left, right):
    assert float(certificate.printed.left) == pytest.approx(left, abs=1e-12)
    assert float(certificate.printed.right) == pytest.approx(right, abs=1e-12)


def test_ce1_in_floats(built):
    groups = [np.eye(4)[:, :2], tilted(0.6, 0.8, 4, 2)]
    agree(
        built["T21-prop2"],
        np.linalg.norm(groups[0].T @ groups[1] @ [2, 0]),
        2 * block_coherence(groups),
    )


def test_ce1b_in_floats(built):
    star = [np.eye(4)[:, :2], tilted(0.6, 0.8, 4, 2)]
    moved = tilted(63 / 65, 16 / 65, 4, 2)
    assert np.linalg.norm(moved - star[0]) <= 0.355
    agree(
        built["T21-prop2-delta"],
        np.linalg.norm(moved.T @ star[1] @ [2, 0]),
        2 * (block_coherence(star) + 0.355),
    )


def test_ce5_in_floats(built):
    groups = [np.eye(6)[:, :2], tilted(9 / 41, 40 / 41, 6, 2), tilted(9 / 41, 40 / 41, 6, 4)]
    y = groups[0] @ [1, 0] + groups[1] @ [-2, 0] + groups[2] @ [-2, 0]
    agree(built["T21-eq22"], np.linalg.norm(groups[0].T @ y), 1 - 3 * 2 * block_coherence(groups))


def test_ce6_in_floats(built):
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


def test_ce10_in_floats(built):
    groups = [np.eye(4)[:, [g]] for g in range(4)]
    G = expected_surrogate(groups, groups, 0, 0.2, [np.array([1.0]), np.array([-1.0])])
    c = 0.8 * 1.2 / 4
    agree(built["T21-theorem1"], 2 * np.sum(G * (groups[0] - groups[0])), np.sum(G**2) / c)
    agree(built["T21-theorem2-at-truth"], np.sum((G / c) ** 2), 0)


def test_ce11_in_floats(built):
    star = [np.eye(6)[:, 2 * g : 2 * g + 2] for g in range(3)]
    Q = np.array([[399, -40], [40, 399]]) / 401
    A = [star[0] @ Q, *star[1:]]
    lam = math.sqrt(2) / 5
    tau = 0.8
    p = 1 / 3
    delta = 1 / 7
    d = 2
    G = expected_surrogate(A, star, 0, lam, [np.array(x) for x in tuples((1.0, -1.0), repeat=2)])
    c = tau * (2 - tau) * p
    alpha = 399 / 401
    omega = 40 / 401
    eta = 1 / (c * alpha)
    rho = eta * c * (alpha - 2 * d * (omega * math.sqrt(5) + delta) ** 2 / alpha)
    claim = (1 - rho) * np.sum((A[0] - star[0]) ** 2) + eta * d * delta**2 / 27
    assert rho > 0
    assert float(built["T21-theorem2"].printed.left) == pytest.approx(
        np.sum((A[0] - eta * G - star[0]) ** 2), rel=1e-12
    )
    assert claim <= float(built["T21-theorem2"].printed.right) <= 1.01 * claim


def test_ce13_in_floats(built):
    f, *rest = np.eye(8)
    columns = [0.6 * f + 0.8 * e for e in rest[:4]]
    coherence = columns[0] @ columns[1]
    total = sum(a * (a @ columns[0]) for a in columns[1:])
    agree(built["T21-eq73"], total @ total, (2 * coherence) ** 2)


def frozen_residual(a, n_active, t):
    """(55) of the first of these unit vectors with a frozen tau, less its main term: brute force over supports."""
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
    eye = exact.identity(8)
    sign = spikes(1, {1: 1})
    groups = tuple(
        tuple((F(7, 25) * row[0] + F(24, 25) * row[h],) for row in eye) for h in range(1, 6)
    )
    s = Setting(groups, groups, sign, 3, F(1), F(1))
    np.testing.assert_allclose(
        floats(residual(s, F(4, 5)))[:, 0],
        frozen_residual([floats(G)[:, 0] for G in s.A], 3, 0.8),
        atol=1e-14,
    )


def test_ce_eq74_in_floats(built):
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
