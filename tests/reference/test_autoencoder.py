"""Encoder, decoder, loss and exact gradient of T21: against loops, closed forms, invariances."""

import hypothesis.strategies as st
import numpy as np
import oracle
import pytest
from gradient_checks import agreement
from hypothesis import given, settings
from strategies import (
    SEEDS,
    Network,
    act_on_groups,
    limiting_cases,
    network,
    networks,
    orthonormal_groups,
    rotation,
    skew,
)

from gsae_ref import ops

LIMITING = limiting_cases()


def in_rows(net):
    """The same network with its samples as rows, for oracles that loop over rows."""
    return net._replace(Y=np.atleast_2d(net.Y))


# ---- against the oracle


@given(networks())
def test_codes_reconstructions_and_loss_agree_with_the_loops(net):
    X = ops.encode(*net)
    agreement(X, oracle.encode(*net))
    agreement(ops.decode(net.A, X), oracle.decode(net.A, X))
    agreement(ops.loss(*net), oracle.loss(*net))


@settings(max_examples=40)
@given(networks())
def test_the_exact_gradient_agrees_with_moving_one_entry_at_a_time(net):
    cost, G = ops.loss_and_grad(*net)
    agreement(cost, oracle.loss(*net))
    agreement(G, oracle.exact_gradient(*net))


@pytest.mark.parametrize("name", LIMITING)
def test_limiting_cases_agree_with_the_loops(name):
    net = in_rows(LIMITING[name])
    agreement(np.atleast_2d(ops.encode(*net)), oracle.encode(*net))
    cost, G = ops.loss_and_grad(*net)
    agreement(cost, oracle.loss(*net))
    agreement(G, oracle.exact_gradient(*net))


@settings(max_examples=40)
@given(networks())
def test_float32_in_gives_float32_out(net):
    single = net._replace(A=net.A.astype(np.float32), Y=net.Y.astype(np.float32))
    X = ops.encode(*single)
    cost, G = ops.loss_and_grad(*single)
    assert X.dtype == G.dtype == ops.decode(single.A, X).dtype == np.float32
    agreement(X, oracle.encode(*single), rtol=1e-5)
    agreement(cost, oracle.loss(*single), rtol=1e-5)
    size = np.linalg.norm(single.A)
    terms = size * (1 + size**2) * np.sum(np.square(single.Y)) / len(single.Y)  # of the gradient
    agreement(G, oracle.exact_gradient(*single), rtol=1e-5, scale=terms)


@pytest.mark.parametrize("gradient", ["exact", "appendix_b", "approximate"])
def test_one_sample_may_be_one_dimensional(gradient):
    net = network(0, n_samples=1)
    flat = net._replace(Y=net.Y[0])
    x = ops.encode(*flat)
    X = ops.encode(*net)
    np.testing.assert_array_equal(x, X[0])
    np.testing.assert_array_equal(ops.decode(net.A, x), ops.decode(net.A, X)[0])
    assert ops.loss(*flat) == ops.loss(*net)
    G = ops.loss_and_grad(*net, gradient)[1]
    np.testing.assert_array_equal(ops.loss_and_grad(*flat, gradient)[1], G)


@given(networks(), SEEDS)
def test_the_loss_is_the_mean_over_samples_in_any_order(net, seed):
    single = [ops.loss_and_grad(net.A, y, net.lam, net.group_size) for y in net.Y]
    shuffled = net._replace(Y=np.random.default_rng(seed).permutation(net.Y))
    scale = sum(np.linalg.norm(G) for _, G in single) / len(single)
    for other in (net, shuffled):
        cost, G = ops.loss_and_grad(*other)
        agreement(cost, np.mean([c for c, _ in single]))
        agreement(G, np.mean([G for _, G in single], axis=0), scale=scale)


# ---- closed forms


@given(networks())
def test_without_threshold_the_network_is_linear(net):
    net = net._replace(lam=0)
    A = net.A
    Y = net.Y
    agreement(ops.encode(*net), Y @ A)
    C = Y.T @ Y / len(Y)
    M = np.eye(len(A)) - A @ A.T
    agreement(ops.loss(*net), np.trace(M @ C @ M) / 2)
    size = np.linalg.norm(A)
    terms = np.linalg.norm(C) * size * (1 + size**2)
    agreement(ops.loss_and_grad(*net)[1], -(M @ C + C @ M) @ A, scale=terms)


@given(networks(active=st.just(0.0)))
def test_with_no_active_group_the_code_is_zero_and_the_gradient_vanishes(net):
    assert not ops.encode(*net).any()
    cost, G = ops.loss_and_grad(*net)
    agreement(cost, np.sum(net.Y**2) / (2 * len(net.Y)))
    assert not G.any()


def test_the_hand_computed_example_of_one_group():
    """A = I_2, y = (3, 4), lam = 1: r = 5, x = 4/5 y, e = 1/5 y, J y = y.

    So grad L = -(4/25 + 1/5) y y^T = -9/25 y y^T.
    """
    cost, G = ops.loss_and_grad(np.eye(2), [3.0, 4.0], 1.0, 2)
    agreement(cost, 0.5)
    agreement(G, -9 / 25 * np.outer([3, 4], [3, 4]))


def test_at_the_kink_the_gradient_takes_the_zero_jacobian():
    cost, G = ops.loss_and_grad(np.eye(2), [3.0, 4.0], 5.0, 2)
    assert cost == 12.5
    assert not G.any()


# ---- invariances


@given(networks(), SEEDS)
def test_rotating_the_atoms_of_a_group_rotates_codes_and_gradient_but_not_the_loss(net, seed):
    rng = np.random.default_rng(seed)
    size = net.group_size
    Q = [rotation(rng, size) for _ in range(net.A.shape[1] // size)]
    turned = net._replace(A=act_on_groups(net.A, Q))
    cost, G = ops.loss_and_grad(*net)
    turned_cost, turned_G = ops.loss_and_grad(*turned)
    agreement(turned_cost, cost)
    agreement(ops.encode(*turned), act_on_groups(ops.encode(*net), Q))
    agreement(turned_G, act_on_groups(G, Q), rtol=1e-11)


@given(networks(), SEEDS)
def test_the_exact_gradient_has_no_component_along_rotations_of_a_group(net, seed):
    rng = np.random.default_rng(seed)
    size = net.group_size
    G = ops.loss_and_grad(*net)[1]
    for start in range(0, net.A.shape[1], size):
        atoms = slice(start, start + size)
        turn = net.A[:, atoms] @ skew(rng, size)
        allowed = 1e-12 * max(np.linalg.norm(G), 1) * np.linalg.norm(turn)
        assert abs(np.sum(G[:, atoms] * turn)) <= allowed


@given(networks(group_sizes=st.integers(2, 4)), SEEDS)
def test_permuting_the_groups_permutes_the_gradient(net, seed):
    n_groups = net.A.shape[1] // net.group_size
    order = np.random.default_rng(seed).permutation(n_groups)
    atoms = np.arange(net.A.shape[1]).reshape(n_groups, -1)[order].ravel()
    cost, G = ops.loss_and_grad(*net)
    other_cost, other_G = ops.loss_and_grad(*net._replace(A=net.A[:, atoms]))
    agreement(other_cost, cost)
    agreement(other_G, G[:, atoms], rtol=1e-11)


@pytest.mark.parametrize("group_size", [1, 2, 3])
@pytest.mark.parametrize("n_active", [1, 2, 3])
def test_oja_outside_the_active_span_the_gradient_is_minus_yy_a(group_size, n_active):
    """(I - P_S) grad_g L = -(I - P_S) y y^T A_g for active g, if A_S is jointly orthonormal."""
    rng = np.random.default_rng([group_size, n_active])
    n_features = 12
    n_groups = 4
    n_atoms = n_active * group_size
    A_S = orthonormal_groups(rng.normal(size=(n_features, n_atoms)), n_atoms)
    rest = 1e-3 * rng.normal(size=(n_features, (n_groups - n_active) * group_size))
    A = np.hstack([A_S, rest])
    y = rng.normal(size=n_features)
    r = np.linalg.norm((y @ A).reshape(n_groups, group_size), axis=1)
    lam = 0.5 * r[:n_active].min()
    assert list(r > lam) == [True] * n_active + [False] * (n_groups - n_active)
    G = ops.loss_and_grad(*Network(A, y, lam, group_size))[1]
    outside = np.eye(n_features) - A_S @ A_S.T
    agreement(outside @ G[:, :n_atoms], -outside @ np.outer(y, y) @ A_S)
    assert not G[:, n_atoms:].any()
