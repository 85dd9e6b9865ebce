"""Measurements for N19's model: sampling, the network, Definition 2, the experiment."""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np

from .... import metrics, ops, sampling
from ....arrays import Array
from ....claims.finding import at_least, at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


def _unit(M: Array) -> Array:
    return M / np.linalg.norm(M, axis=0)


@measurement
def sparse_sampling(rng: np.random.Generator, quick: bool) -> Finding:
    """Samples are A x* on the support, Eqs. (1) and (3), by loops, for the three models."""
    A = _unit(rng.standard_normal((6, 5)))
    error = 0.0
    for model, k in (("mixture", None), ("general", 3), ("nonnegative", 2)):
        Y, X, support = sampling.sample_sparse(A, 40, model, n_active=k, rng=rng)
        for y, x, mask in zip(Y, X, support, strict=True):
            error = max(
                error,
                np.abs(y - sum(x[j] * A[:, j] for j in np.flatnonzero(mask))).max(),
                np.abs(x[~mask]).max(),
            )
    return at_most("||y - sum over S||", error, 1e-12)


@measurement
def sparse_network_by_loops(rng: np.random.Generator, quick: bool) -> Finding:
    """Encoder, decoder and loss against loops over samples and neurons, ReLU and hard threshold."""
    W = rng.standard_normal((5, 4))
    Y = rng.standard_normal((7, 5))
    b = rng.standard_normal(4)
    error = 0.0
    for activation in ("relu", "hard"):
        X = np.zeros((7, 4))
        cost = 0.0
        for row, y in zip(X, Y, strict=True):
            for j in range(4):
                z = sum(W[k, j] * y[k] for k in range(5)) + b[j]
                row[j] = max(z, 0.0) if activation == "relu" else z * (abs(z) > 0.7)
            cost += np.sum((y - W @ row) ** 2) / 14
        lam = 0.7 if activation == "hard" else 0.0
        error = max(
            error,
            np.abs(ops.sparse_encode(W, Y, b, activation, lam) - X).max(),
            abs(ops.sparse_loss(W, Y, b, activation, lam) - cost),
        )
    return at_most("largest difference", error, 1e-12)


def _standard_scores(values: Array, mean: float) -> float:
    """(mean of the values - expected mean) in units of its standard error."""
    return abs(np.mean(values) - mean) / (np.std(values) / np.sqrt(len(values)))


@measurement
def sparse_moments(rng: np.random.Generator, quick: bool) -> Finding:
    """kappa_1, kappa_2 of sampled codes and the correlation of two codes in S, in standard errors.

    Each score exceeds 5 with a chance of 2e-6.
    """
    A = np.eye(6)
    worst = 0.0
    size = 4000 if quick else 40_000
    for model, bounds in (("general", (1, 3)), ("nonnegative", (1, 2))):
        kappa_1, kappa_2 = sampling.code_moments(model, bounds)
        X = sampling.sample_sparse(A, size, model, n_active=3, bounds=bounds, rng=rng).X
        active = X[X != 0]
        both = (X[:, 0] != 0) & (X[:, 1] != 0)
        pair = (X[both, 0] - kappa_1) * (X[both, 1] - kappa_1)
        worst = max(
            worst,
            _standard_scores(active, kappa_1),
            _standard_scores(active**2, kappa_2),
            _standard_scores(pair, 0.0),
        )
    return at_most("standard errors from kappa_1, kappa_2 and independence", worst, 5.0)


@measurement
def sparse_bounds(rng: np.random.Generator, quick: bool) -> Finding:
    """Sampled codes lie in [a_1, a_2] in modulus on the support."""
    excess = 0.0
    for model in ("general", "nonnegative"):
        X = sampling.sample_sparse(np.eye(5), 2000, model, n_active=2, bounds=(0.5, 2), rng=rng).X
        r = np.abs(X[X != 0])
        excess = max(excess, 0.5 - r.min(), r.max() - 2)
    return at_most("largest excess over [a_1, a_2]", excess, 1e-12)


@measurement
def sparse_noise(rng: np.random.Generator, quick: bool) -> Finding:
    """Noise has standard deviation sigma_eta, independent of the code, in standard errors."""
    A = _unit(rng.standard_normal((8, 4)))
    sigma = 0.3
    Y, X, _ = sampling.sample_sparse(A, 40_000, "nonnegative", n_active=2, noise=sigma, rng=rng)
    eta = Y - X @ A.T
    scores = (
        _standard_scores(eta.ravel() ** 2, sigma**2),
        _standard_scores(eta[:, 0] * X[:, 0], 0.0),
        _standard_scores(eta[:, 0] * eta[:, 1], 0.0),
    )
    return at_most("standard errors from sigma^2 I and independence", max(scores), 5.0)


def _relabelled(rng: np.random.Generator, W: Array, with_signs: bool) -> Array:
    """The columns of W in another order, and with other signs."""
    order = rng.permutation(W.shape[1])
    signs = rng.choice([-1.0, 1.0], len(order)) if with_signs else 1.0
    relabelled: Array = W[:, order] * signs
    return relabelled


@measurement
def sparse_ambiguity(rng: np.random.Generator, quick: bool) -> Finding:
    """The loss does not change with the order of W's columns, nor with their signs.

    Signs are changed for the hard threshold only.
    """
    W = rng.standard_normal((5, 4))
    Y = rng.standard_normal((30, 5))
    error = 0.0
    for activation, lam in (("relu", 0.0), ("hard", 0.5)):
        cost = ops.sparse_loss(W, Y, 0.0, activation, lam)
        other = _relabelled(rng, W, activation == "hard")
        error = max(error, abs(ops.sparse_loss(other, Y, 0.0, activation, lam) / cost - 1))
    return at_most("relative change of the loss", error, 1e-13)


@measurement
def closeness_by_enumeration(rng: np.random.Generator, quick: bool) -> Finding:
    """delta of Definition 2 against the enumeration of all permutations and signs."""
    error = 0.0
    for _ in range(10 if quick else 60):
        m = int(rng.integers(1, 5))
        A = _unit(rng.standard_normal((3, m)))
        W = _unit(rng.standard_normal((3, m)))
        for up_to, choices in (
            ("permutation", [(1,) * m]),
            ("sign", list(product((1, -1), repeat=m))),
        ):
            orders = [list(order) for order in permutations(range(m))]
            best = min(
                np.linalg.norm(W[:, order] * signs - A, axis=0).max()
                for order in orders
                for signs in choices
            )
            error = max(error, abs(metrics.closeness(W, A, up_to=up_to).delta - best))
    return at_most("largest difference", error, 1e-12)


def _mean_norm(rng: np.random.Generator, scale: float) -> float:
    return float(np.linalg.norm(scale * rng.standard_normal((784, 500)), axis=0).mean())


@measurement
def means_as_variance(rng: np.random.Generator, quick: bool) -> Finding:
    """With 1/sqrt(n) as the variance of an entry the mean ||A_i|| is n^(1/4) = 5.29 at n = 784."""
    return at_least("mean column norm", _mean_norm(rng, 784**-0.25), 5.0)


@measurement
def means_as_deviation(rng: np.random.Generator, quick: bool) -> Finding:
    """With 1/sqrt(n) as its standard deviation ||A_i|| is 1."""
    return at_most(
        "distance of the mean column norm from 1", abs(_mean_norm(rng, 784**-0.5) - 1), 0.006
    )


@measurement
def dead_start(rng: np.random.Generator, quick: bool) -> Finding:
    """The first step of section 6's experiment does nothing, and by how much it misses.

    W^0 = A + E/2, b^0 = -1.25, n = 784, m = 10, sigma = 0.01. The largest <W_j, y> is that of
    <W_j, A_i> + <W_j, eta>: with a bias of minus this number and 0.01 the largest code is 0.01.
    """
    A = _unit(rng.standard_normal((784, 10)))
    W = A + 0.5 * rng.standard_normal((784, 10)) / np.sqrt(784)
    n_samples = 500 if quick else 5000
    eta = 0.01 * rng.standard_normal((n_samples, 784))
    drawn = sampling.sample_sparse(A, n_samples, rng=rng)
    Y = drawn.Y + eta
    largest = float(((W.T @ A)[:, drawn.X.argmax(axis=1)] + W.T @ eta.T).max())
    found = ops.sparse_encode(W, Y, 0.01 - largest).max()
    _, dW, _ = ops.sparse_loss_and_grad(W, Y, -1.25)
    active = (ops.sparse_encode(W, Y, -1.25) > 0).any(axis=1).mean()
    later = (ops.sparse_encode(W, Y, -1.25 / 2) > 0).any(axis=1).mean()
    return at_most(
        "active samples + ||gradient|| + error of the largest code",
        float(active + np.linalg.norm(dW) + abs(found - 0.01)),
        1e-12,
        largest_pre_activation=largest - 1.25,
        active_after_one_halving=float(later),
    )


@measurement
def spectral_start(rng: np.random.Generator, quick: bool) -> Finding:
    """The start of [16] on codes 1_S, A = (I, H/16) of 512 atoms, k = 3: the largest ||z - A_c||.

    Pairs of samples with no, one and two atoms in common. Those with one alone must pass its tests,
    sigma_1 >= p/2 and sigma_2 <= p/2. For A = I of 400 atoms, k = 16, pairs without a common atom
    pass them; their sigma_1/p is reported.
    """
    H = np.ones((1, 1))
    while len(H) < 256:
        H = np.block([[H, H], [H, -H]])
    A = np.hstack([np.eye(256), H / 16])
    farthest = 0.0
    misjudged = 0
    for common in (0, 1, 2):
        for _ in range(4 if quick else 40):
            singular, z, atom = _start(rng, A, 3, common)
            passed = singular[0] >= 1 / 2 and singular[1] <= 1 / 2
            misjudged += bool(passed) != (common == 1)
            if common == 1:
                farthest = max(farthest, float(np.linalg.norm(z - atom)))
    beyond = _start(rng, np.eye(400), 16, 0)[0]
    return at_most(
        "largest ||z - A_c||, a misjudged pair counting 1, against 1/log n",
        max(farthest, float(misjudged)),
        1 / np.log(256),
        misjudged=misjudged,
        sigma_1_over_p_beyond=float(beyond[0]),
    )


def _start(rng: np.random.Generator, A: Array, k: int, common: int) -> tuple[Array, Array, Array]:
    """Two largest singular values over p, the top vector z with <z, u> > 0, the last atom of u."""
    m = A.shape[1]
    chosen = rng.permutation(m)[: 2 * k - common]
    u = A[:, chosen[:k]].sum(axis=1)
    v = A[:, chosen[k - common :]].sum(axis=1)
    values, vectors = np.linalg.eigh(formulas.uniform_spectral_matrix(A, k, A.T @ u, A.T @ v))
    order = np.argsort(-np.abs(values))
    z = vectors[:, order[0]]
    return np.abs(values[order]) * m / k, z * np.sign(z @ u), A[:, chosen[k - 1]]
