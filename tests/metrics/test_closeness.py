"""Definition 2 of N19 against every order and every choice of signs."""

from itertools import permutations, product

import hypothesis.strategies as st
import numpy as np
import pytest
import sparse_oracle as oracle
from gradient_checks import agreement
from hypothesis import given, settings
from strategies import SEEDS

import gsae_ref as gs
from gsae_ref.metrics import matched_distance


def pair(seed, n_features, n_atoms, grid=False, spread=1.0):
    """Weights and a dictionary; with ``grid`` small integers, so that distances tie."""
    rng = np.random.default_rng(seed)
    if grid:
        W, A = rng.integers(-1, 2, size=(2, n_features, n_atoms)).astype(float)
        return W, A
    A = rng.normal(size=(n_features, n_atoms))
    W = A[:, rng.permutation(n_atoms)] * rng.choice([-1, 1], n_atoms)
    return W + spread * rng.normal(size=A.shape), A


pairs = st.builds(
    pair,
    SEEDS,
    st.integers(1, 4),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
)


@given(pairs)
@settings(max_examples=60)
def test_delta_is_the_best_of_all_orders_and_signs(case):
    W, A = case
    for up_to in ("sign", "permutation"):
        assert gs.closeness(W, A, up_to).delta == pytest.approx(
            oracle.closeness_by_enumeration(W, A, up_to == "sign"), rel=1e-12, abs=1e-15
        )


@given(pairs)
@settings(max_examples=60)
def test_the_returned_order_and_signs_give_delta_and_xi(case):
    W, A = case
    for up_to in ("sign", "permutation"):
        delta, xi, order, signs = gs.nearness(W, A + 2, up_to)
        for a, b in zip((delta, order, signs), gs.closeness(W, A + 2, up_to), strict=True):
            np.testing.assert_array_equal(a, b)
        assert sorted(order) == list(range(A.shape[1]))
        assert set(signs) <= ({1.0, -1.0} if up_to == "sign" else {1.0})
        E = W[:, order] * signs - (A + 2)
        assert np.linalg.norm(E, axis=0).max() == delta
        agreement(xi, np.linalg.norm(E, 2) / np.linalg.norm(A + 2, 2), scale=1.0)


def test_the_smallest_sum_of_squares_can_have_a_larger_worst_column():
    """A_0 = W_1 = 0, and A_1, W_0 on the unit circle with distance 1.3.

    In order, both distances are 1 (sum of squares 2); exchanged, they are 0 and 1.3 (sum 1.69).
    """
    turn = 2 * np.arcsin(0.65)
    A = np.array([[0.0, np.cos(turn)], [0.0, np.sin(turn)]])
    W = np.array([[1.0, 0.0], [0.0, 0.0]])
    straight, crossed = (np.linalg.norm(W[:, order] - A, axis=0) for order in ([0, 1], [1, 0]))
    agreement(straight, np.ones(2))
    agreement(np.sort(crossed), np.array([0, 1.3]))
    result = gs.closeness(W, A, "permutation")
    agreement(result.delta, 1.0)
    assert result.permutation.tolist() == [0, 1]


@given(pairs)
@settings(max_examples=40)
def test_the_matched_distance_is_the_smallest_of_all_orders_and_signs(case):
    W, A = case
    m = A.shape[1]
    for up_to, signs in (("sign", (1, -1)), ("permutation", (1,))):
        every = (
            W[:, list(order)] * s - A
            for order in permutations(range(m))
            for s in product(signs, repeat=m)
        )
        assert matched_distance(W, A, up_to) == pytest.approx(
            min(map(np.linalg.norm, every)), rel=1e-12, abs=1e-15
        )


@given(SEEDS, st.integers(1, 30))
@settings(max_examples=30)
def test_a_planted_order_is_found_where_it_is_unique(seed, n_atoms):
    rng = np.random.default_rng(seed)
    A = np.linalg.qr(rng.normal(size=(30, 30)))[0][:, :n_atoms]
    order = rng.permutation(n_atoms)
    signs = rng.choice([-1.0, 1.0], n_atoms)
    shift = rng.normal(size=A.shape)
    shift *= 0.6 / np.linalg.norm(shift, axis=0)  # below sqrt(2) / 2, so that the order is unique
    W = np.empty_like(A)
    W[:, order] = (A + shift) * signs
    delta, xi, found, found_signs = gs.nearness(W, A)
    assert found.tolist() == order.tolist() and found_signs.tolist() == signs.tolist()
    agreement(delta, 0.6)
    agreement(xi, np.linalg.norm(shift, 2))


@given(pairs, SEEDS)
@settings(max_examples=40)
def test_orders_signs_and_rotations_change_nothing(case, seed):
    W, A = case
    rng = np.random.default_rng(seed)
    m = W.shape[1]
    Q = np.linalg.qr(rng.normal(size=(len(W), len(W))))[0]
    moved = Q @ W[:, rng.permutation(m)] * rng.choice([-1, 1], m)
    assert gs.closeness(moved, Q @ A).delta == pytest.approx(gs.closeness(W, A).delta, abs=1e-12)
    assert gs.closeness(W, A).delta <= gs.closeness(W, A, "permutation").delta


def test_a_small_distance_is_accurate():
    """||w - a|| is computed from the difference: sqrt(2 - 2 <w, a>) would round 1e-12 to 0."""
    A = np.eye(3)
    assert gs.closeness(A + 1e-12 * np.eye(3)[::-1], A).delta == pytest.approx(1e-12, rel=1e-3)


def test_float32_and_integers_are_accepted():
    assert gs.closeness(np.eye(2, dtype=np.float32), np.eye(2, dtype=int)).delta == 0.0


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="A_star is zero.*use closeness"):
        gs.nearness(np.eye(2), np.zeros((2, 2)))
    with pytest.raises(
        ValueError, match=r"A_star has shape \(2, 2\), W has shape \(3, 3\); they must be equal"
    ):
        gs.closeness(np.eye(3), np.eye(2))
    with pytest.raises(
        ValueError, match="up_to = 'rotation' is unknown; choose one of 'sign', 'permutation'"
    ):
        gs.closeness(np.eye(2), np.eye(2), up_to="rotation")
