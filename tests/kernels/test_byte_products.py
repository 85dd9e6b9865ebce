"""The screen in bytes: its errors stay within its margins, and no active group is lost."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import SEEDS

from gsae_ref.kernels import autoencoder, byte_products

pytestmark = pytest.mark.skipif(
    not byte_products.are_fast(), reason="this processor has no products of bytes"
)
KINDS = ("normal", "spikes", "one entry", "wide range")


def vectors(rng, shape, kind):
    """Rows of norm 1, or zero."""
    x = rng.normal(size=shape)
    if kind == "spikes":
        x *= rng.random(shape) < 0.1
    elif kind == "one entry":
        x *= np.arange(shape[1]) == 1
    elif kind == "wide range":
        x *= 10.0 ** rng.integers(-30, 3, size=shape)
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(norms > 0, norms, 1)


def group_norms(Z, size):
    return np.linalg.norm(Z.reshape(len(Z), -1, size), axis=2)


def screened(A, Y, size):
    """Y A in bytes, with rows of Y and groups of A divided by norms; margins; largest group."""
    screen = autoencoder._Screen(np.ascontiguousarray(A.T), 1.0, size)
    rows = byte_products.Rows(*Y.shape)
    margins = np.empty(len(Y))
    least = np.empty(len(Y), np.float32)
    rows.fill(Y, 1.0, screen.margin, screen.atoms, margins, least)
    Z = np.empty((len(Y), A.shape[1]), np.float32)
    screen.atoms.multiply(rows, Z)
    return Z, margins, screen.largest


@settings(max_examples=40, deadline=None)
@given(
    seed=SEEDS,
    kinds=st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
    n_features=st.integers(2, 70),
    size=st.integers(1, 4),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_a_screened_norm_is_within_the_margin(seed, kinds, n_features, size, dtype):
    rng = np.random.default_rng(seed)
    A = 3 * vectors(rng, (12 * size, n_features), kinds[0]).T.astype(dtype)
    Y = 7 * vectors(rng, (13, n_features), kinds[1]).astype(dtype)
    assume(A.any())
    Z, margins, largest = screened(A, Y, size)
    exact = Y.astype(float) @ A.astype(float) / largest
    norms = np.linalg.norm(Y.astype(float), axis=1, keepdims=True)
    errors = group_norms(Z - exact / np.where(norms > 0, norms, 1), size)
    assert (errors <= margins[:, None]).all()


def test_the_margin_of_normal_entries_is_two_hundredths():
    rng = np.random.default_rng(0)
    A = vectors(rng, (60, 900), "normal").T.copy()
    Y = vectors(rng, (50, 900), "normal")
    assert 0.01 < screened(A, Y, 2)[1].mean() < 0.02


@pytest.mark.parametrize("shape", [(8, 4, 32), (13, 5, 33), (24, 950, 100), (1, 1, 1)])
def test_products_of_bytes_are_exact(shape):
    """Integers up to 127 are their own bytes; all sums stand for themselves."""
    n_samples, n_features, n_atoms = shape
    rng = np.random.default_rng(0)
    rows = byte_products.Rows(n_samples, n_features)
    bytes_of_rows = rng.integers(-127, 128, size=(n_samples, n_features))
    rows.bytes[:n_samples, :n_features] = bytes_of_rows
    rows.sums[:n_samples] = bytes_of_rows.sum(axis=1)
    rows.factors[:] = 1
    AT = rng.integers(-127, 128, size=(n_atoms, n_features)).astype(float)
    AT[:, 0] = 127 - 2**-10
    atoms = byte_products.Atoms(AT, 1 / 127, 1)
    Z = np.empty((n_samples, n_atoms), np.float32)
    atoms.multiply(rows, Z)
    expected = bytes_of_rows @ np.rint(AT / 127 / atoms.factors[:, None]).T
    assert np.array_equal(np.rint(Z / atoms.factors), expected)


def near_the_truth(seed, n_samples=300):
    """A few of 40 groups active."""
    rng = np.random.default_rng(seed)
    A = vectors(rng, (80, 200), "normal").T.copy()
    codes = rng.normal(size=(n_samples, 80)) * (rng.random((n_samples, 40)) < 0.02).repeat(2, 1)
    return A, 4 * codes @ A.T + 0.01 * rng.normal(size=(n_samples, 200)), 2.0, 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_are_those_of_the_screen_in_float32(monkeypatch, dtype):
    A, Y, lam, size = near_the_truth(0)
    problem = A.astype(dtype), Y.astype(dtype), lam, size
    monkeypatch.setattr(autoencoder, "FEW_IN_BYTES", 1.0)
    in_bytes = autoencoder.loss_and_grad(*problem, few=1.0)
    monkeypatch.setattr(byte_products, "are_fast", lambda: False)
    in_floats = autoencoder.loss_and_grad(*problem, few=1.0)
    assert in_bytes[0] == in_floats[0]
    assert np.array_equal(in_bytes[1], in_floats[1])


def calls(monkeypatch, name):
    """A list that grows with every call of this function of the kernel."""
    made = []
    function = getattr(autoencoder, name)
    monkeypatch.setattr(autoencoder, name, lambda *args: made.append(1) or function(*args))
    return made


def test_a_chunk_of_many_candidates_goes_on_in_float32(monkeypatch):
    A, Y, _, size = near_the_truth(1, n_samples=1000)
    in_floats = calls(monkeypatch, "normalise")
    autoencoder.loss_and_grad(A, Y, 2.0, size, few=1.0)
    assert not in_floats
    autoencoder.loss_and_grad(A, Y, 0.02, size, few=1.0)
    assert len(in_floats) == 4  # blocks of at most 256 samples


def count_active(A, Y, lam, size):
    support = np.empty((len(Y), A.shape[1] // size), bool)
    autoencoder.loss_and_grad(A, Y, lam, size, few=1.0, support=support)
    return support.sum()


def test_a_screen_that_forgets_its_errors_misses_active_groups(monkeypatch):
    """The largest norm of every sample is just above the threshold."""
    A, Y, lam, size = near_the_truth(2)
    Y *= lam * (1 + 1e-9) / group_norms(Y @ A, size).max(axis=1, keepdims=True)
    assert count_active(A, Y, lam, size) == len(Y)
    round_rows = byte_products.round_rows

    def forget(Y, lam, margin, error, rows, sums, factors, margins, least):
        round_rows(Y, lam, margin, error, rows, sums, factors, margins, least)
        least[: len(Y)] = (lam / np.linalg.norm(Y, axis=1)) ** 2

    monkeypatch.setattr(byte_products, "round_rows", forget)
    assert count_active(A, Y, lam, size) < 0.9 * len(Y)
