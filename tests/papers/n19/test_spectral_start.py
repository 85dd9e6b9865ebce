"""N19's spectral start: its matrices by enumeration, and the bound on random laws of codes."""

from itertools import combinations

import numpy as np
import pytest

from gsae_ref.papers.n19.model import formulas


def enumerated(A, codes, weights, u, v):
    """E[(u^T y) (v^T y) y y^T], sample by sample."""
    M = np.zeros((len(A), len(A)))
    for w, x in zip(weights, codes, strict=True):
        y = A @ x
        M += w * (u @ y) * (v @ y) * np.outer(y, y)
    return M


def together(codes, weights, r):
    """The largest probability that r atoms are active."""
    largest = 0.0
    for chosen in combinations(range(codes.shape[1]), r):
        active = (codes[:, list(chosen)] != 0).all(axis=1)
        largest = max(largest, float(weights[active].sum()))
    return largest


def drawn(rng):
    """Any unit columns, any law of at most six codes, of any sign; u and v of any codes."""
    n = rng.integers(1, 5)
    m = rng.integers(2, 6)
    A = rng.standard_normal((n, m))
    A /= np.linalg.norm(A, axis=0)
    codes = rng.uniform(-1, 1, (6, m)) * (rng.random((6, m)) < rng.random())
    return A, codes, rng.dirichlet(np.ones(6)), rng.standard_normal((2, m))


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_on_random_laws(seed):
    rng = np.random.default_rng(seed)
    A, codes, weights, others = drawn(rng)
    q = tuple(together(codes, weights, r) for r in (2, 3, 4))
    u, v = (A @ x for x in others)
    b = A.T @ u
    c = A.T @ v
    fourth = weights @ codes**4
    for size in range(A.shape[1] + 1):
        inside = np.arange(A.shape[1]) < size
        M = enumerated(A, codes, weights, u, v)
        for i in np.flatnonzero(inside):
            M -= fourth[i] * b[i] * c[i] * np.outer(A[:, i], A[:, i])
        largest = np.abs(fourth * b * c)[~inside].max(initial=0.0)
        bound = formulas.spectral_remainder(A, b, c, largest, np.abs(codes).max(), q)
        assert np.linalg.norm(M, 2) <= bound * (1 + 1e-12) + 1e-15
    assert formulas.chances_together(codes != 0, weights) == pytest.approx(q)
    assert np.allclose(
        formulas.spectral_matrix(A, codes, weights, b, c), enumerated(A, codes, weights, u, v)
    )


@pytest.mark.parametrize(("m", "k"), [(2, 1), (3, 2), (5, 3), (6, 4), (6, 6)])
def test_uniform_supports_by_enumeration(m, k):
    rng = np.random.default_rng(m)
    A = rng.standard_normal((4, m))
    codes = np.zeros((0, m))
    for chosen in combinations(range(m), k):
        codes = np.vstack([codes, np.isin(np.arange(m), chosen)])
    u, v = rng.standard_normal((2, 4))
    weights = np.full(len(codes), 1 / len(codes))
    found = formulas.uniform_spectral_matrix(A, k, A.T @ u, A.T @ v)
    assert np.allclose(found, enumerated(A, codes, weights, u, v))


def test_the_mean_outweighs_the_atoms_where_k_is_large():
    A = np.eye(400)
    u = (np.arange(400) < 16).astype(float)
    v = np.roll(u, 16)  # no common atom
    values, vectors = np.linalg.eigh(formulas.uniform_spectral_matrix(A, 16, u, v))
    assert values[-1] > 7 * 16 / 400
    assert abs(vectors[:, -1].sum()) / 20 > 0.9
