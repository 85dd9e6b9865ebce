"""Measurements for code consistency: Theorem 3, Claim 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import ops, sampling
from ....arrays import Array
from ....claims.finding import at_least, at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


def _unit(M: Array) -> Array:
    return M / np.linalg.norm(M, axis=0)


def _close_pair(
    rng: np.random.Generator, n: int, m: int, delta: float, spread: float = 0.0
) -> tuple[Array, Array]:
    """Orthonormal A, or weakly coherent unit columns; every column of W at distance ``delta``."""
    A = _unit(np.linalg.qr(rng.standard_normal((n, m)))[0] + spread * rng.standard_normal((n, m)))
    V: Array = rng.standard_normal((n, m))
    V = _unit(V - A * np.einsum("ni,ni->i", A, V))
    cosine = 1 - delta**2 / 2
    return cosine * A + np.sqrt(1 - cosine**2) * V, A


def _crowd(delta: float) -> tuple[Array, Array]:
    """W at A = I_3, W_1 turned away from A_2 by a chord of delta, W_3 towards A_1 + A_2.

    And the codes (1, 1.5, 0) and (1.5, 1.5, 0).
    """
    cosine = 1 - delta**2 / 2
    sine = np.sqrt(1 - cosine**2)
    W = np.eye(3)
    W[:, 0] = cosine, -sine, 0
    W[:, 2] = sine / np.sqrt(2), sine / np.sqrt(2), cosine
    return W, np.array([[1.0, 1.5, 0.0], [1.5, 1.5, 0.0]])


@measurement
def sparse_recovery(rng: np.random.Generator, quick: bool) -> Finding:
    """ReLU recovers all supports, the bias at both ends of the corrected interval.

    Of samples with N = sigma log n, and of two codes for which an inactive neuron attains the upper
    end, and an active one misses the lower end by 0.7 %.
    """
    W, A = _close_pair(rng, 60, 20, 0.05, spread=0.01)
    gram = np.abs(A.T @ A)
    np.fill_diagonal(gram, 0)
    sigma = 0.005
    low, high = formulas.relu_interval(0.05, 2, 1.0, 1.5, gram.max(), sigma * np.log(60))
    Y, _, support = sampling.sample_sparse(
        A,
        1000 if quick else 10_000,
        "nonnegative",
        n_active=2,
        bounds=(1, 1.5),
        noise=sigma,
        rng=rng,
    )
    hard, codes = _crowd(0.01)
    ends = formulas.relu_interval(0.01, 2, 1.0, 1.5, 0.0, 0.0)
    share = 1.0
    for b, b_hard in zip((low + 1e-9, high), (ends[0] + 1e-9, ends[1]), strict=True):
        exact = ((ops.sparse_encode(W, Y, b) > 0) == support).all(axis=1)
        both = ((ops.sparse_encode(hard, codes, b_hard) > 0) == (codes > 0)).all(axis=1)
        share = min(share, float(exact.mean()), float(both.mean()))
    return at_least(
        "fraction of supports recovered exactly, the less of both ends",
        share,
        1.0,
        low=low,
        high=high,
    )


@measurement
def negative_bias_needed(rng: np.random.Generator, quick: bool) -> Finding:
    """Share of delta's at which ReLU needs a negative bias.

    W_1 = cos A_1 + sin A_2 at distance delta: without bias neuron 1 fires at y = A_2, with b =
    -delta it does not.
    """
    deltas = np.geomspace(1e-4, 0.5, 20)
    right = 0
    for delta in deltas:
        cosine = 1 - delta**2 / 2
        W = np.eye(3)
        W[:2, 0] = cosine, np.sqrt(1 - cosine**2)
        y = np.eye(3)[1]
        right += ops.sparse_encode(W, y, 0.0)[0] > 0 and ops.sparse_encode(W, y, -delta)[0] == 0
    return at_least("share of delta's", right / len(deltas), 1.0)


@measurement
def noise_tail(rng: np.random.Generator, quick: bool) -> Finding:
    """Failures of max_i |<W_i, eta>| <= sigma log n at orthonormal W, n = 10, in standard errors.

    Their chance is 1 - (1 - 2 Q(log n))^n, .92 of the bound 2 n Q(log n).
    """
    trials = 100_000 if quick else 400_000
    n = 10
    W = np.linalg.qr(rng.standard_normal((n, n)))[0]
    sigma = 0.1
    eta = sampling.sample_sparse(W, trials, noise=sigma, rng=rng)
    noise = eta.Y - eta.X @ W.T
    share = float((np.abs(noise @ W).max(axis=1) > sigma * np.log(n)).mean())
    bound = formulas.noise_tail(n, n)
    chance = 1 - (1 - bound / n) ** n
    error = np.sqrt(chance * (1 - chance) / trials)
    off = abs(share - chance) / error
    return at_most("standard errors from the chance", off, 5.0, share=share, bound=bound)


@measurement
def signs_of_a_turned_column(rng: np.random.Generator, quick: bool) -> Finding:
    """P(an inactive W_i, turned towards k active columns, passes 1/2) against the bound.

    A = I, W_i at distance delta of A_i, towards A_1 + ... + A_k, codes +-1: E = sum <W_i, A_j>^2 =
    delta^2 - delta^4/4, and t = 1/2 - delta^2/2. All sign patterns are encoded by the network. At
    k = 1 and delta = .52 it errs surely, at k = 3 a bound with E/2 for E fails.
    """
    worst = 0.0
    for k, delta in ((1, 0.52), (3, 0.3), (4, 0.26), (7, 0.27)):
        W = np.eye(k + 1)
        energy = delta**2 - delta**4 / 4
        W[:k, k] = np.sqrt(energy / k)
        W[k, k] = 1 - delta**2 / 2
        bits = np.arange(2**k)[:, None] >> np.arange(k) & 1
        X = np.zeros((2**k, k + 1))
        X[:, :k] = 2.0 * bits - 1
        found = ops.sparse_encode(W, X, 0.0, "hard", lam=0.5 - 1e-9)[:, k] != 0
        t = 0.5 - delta**2 / 2
        worst = max(worst, found.mean() / (2 * np.exp(-(t**2) / (2 * energy))))
    return at_most("P(error)/bound", float(worst), 1.0)


@measurement
def signs_by_enumeration(rng: np.random.Generator, quick: bool) -> Finding:
    """P(an inactive a = (e_1 + ... + e_r)/sqrt(r) passes 1/2) against 2 exp(-(1/2)^2/(2 E)).

    A = W = [I_r, a], S holds q of the e_j, codes +-1: E = sum <W_i, A_j>^2 = q mu^2/n = q/r. All
    sign patterns are encoded by the network. The largest ratio is .82, so that a bound with E/4 for
    E fails.
    """
    worst = 0.0
    for r, q in ((4, 1), (9, 2), (9, 4), (16, 4), (16, 9), (25, 10)):
        A = np.hstack([np.eye(r), np.ones((r, 1)) / np.sqrt(r)])
        bits = np.arange(2**q)[:, None] >> np.arange(q) & 1
        X = np.zeros((2**q, r + 1))
        X[:, :q] = 2.0 * bits - 1
        found = ops.sparse_encode(A, X @ A.T, 0.0, "hard", lam=0.5 - 1e-9)[:, r] != 0
        worst = max(worst, found.mean() / (2 * np.exp(-0.125 * r / q)))
    return at_most("P(error)/bound", float(worst), 1.0)


def _hadamard(X: Array) -> Array:
    """H X/sqrt(n) for the Walsh-Hadamard matrix H, n a power of two."""
    n = len(X)
    size = 1
    X = X.copy()
    while size < n:
        pairs = X.reshape(-1, 2, size, X.shape[1])
        X = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).reshape(n, -1)
        size *= 2
    return X / np.sqrt(n)


@measurement
def dense_codes_fail(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 3 (i) at A = W = [I, H/sqrt(n)]: share of samples with a wrong entry.

    mu = 1, k = floor(n/log n), signs, no noise.

    The conditions mu <= sqrt(n)/log^2 n and k <= n/log n hold from n = 2^13 on. W^T y is computed
    by a fast transform.
    """
    share = 1.0
    wrong = {}
    for power in (13,) if quick else (13, 15, 17):
        n = 2**power
        samples = 4
        k = int(n / np.log(n))
        assert np.sqrt(n) / np.log(n) ** 2 >= 1
        X = np.zeros((2 * n, samples))
        for column in X.T:
            column[rng.choice(2 * n, k, replace=False)] = rng.choice([-1.0, 1.0], k)
        y = X[:n] + _hadamard(X[n:])
        z = np.vstack([y, _hadamard(y)])
        errors = (np.sign(z * (np.abs(z) >= 0.5)) != np.sign(X)).sum(axis=0)
        share = min(share, float((errors > 0).mean()))
        wrong[f"wrong_entries_at_2_{power}"] = float(errors.mean())
    return at_least("share of samples with a wrong entry, smallest of the n", share, 1.0, **wrong)
