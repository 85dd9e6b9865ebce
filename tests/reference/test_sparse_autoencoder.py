"""The sparse autoencoder of N19 against loops, finite differences, Taylor order and limits."""

from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
import sparse_oracle as oracle
from gradient_checks import agreement, central_difference, taylor
from hypothesis import given, settings
from scipy.integrate import trapezoid
from strategies import SEEDS

from gsae_ref import ops
from gsae_ref.reference import sparse_autoencoder as reference

ACTIVATIONS = ("relu", "hard", "soft")
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


class Network(NamedTuple):
    W: np.ndarray
    Y: np.ndarray
    b: np.ndarray
    activation: str
    lam: float


def sparse_network(
    seed, activation="relu", n_features=6, n_atoms=5, n_samples=4, lam=0.5, margin=0.02
):
    """Random weights and samples; no pre-activation lies within ``margin`` of a kink."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n_features, n_atoms)) / np.sqrt(n_features)
    b = rng.normal(size=n_atoms) / 2
    Y = rng.normal(size=(200 * n_samples, n_features))
    lam = 0.0 if activation == "relu" else lam
    distance = np.abs(np.abs(Y @ W + b) - lam).min(axis=1)
    return Network(W, Y[distance > margin][:n_samples], b, activation, lam)


@st.composite
def sparse_networks(draw):
    seed = draw(SEEDS)
    activation = draw(st.sampled_from(ACTIVATIONS))
    sizes = [draw(st.integers(1, 6)) for _ in range(3)]
    return sparse_network(seed, activation, *sizes, lam=draw(st.sampled_from([0.25, 0.5, 1.0])))


# ---- forward


@given(sparse_networks())
def test_codes_and_loss_are_those_of_the_loops(net):
    codes, _, residuals = zip(*(oracle.forward(net.W, y, *net[2:]) for y in net.Y), strict=True)
    X = ops.sparse_encode(*net)
    scale = 1 + np.linalg.norm(X)
    agreement(X, np.array(codes), scale=scale)
    agreement(ops.sparse_encode(net.W, net.Y[0], *net[2:]), X[0], scale=scale)
    agreement(ops.sparse_loss(*net), oracle.loss(*net))
    agreement(reference.decode(net.W, X), net.Y - np.array(residuals), scale=10.0)


@every_activation
def test_a_pre_activation_on_the_kink_is_inactive(activation):
    """The threshold is strict, where N19 prints |z| >= lam."""
    lam = 0.0 if activation == "relu" else 2.0
    Y = np.array([[lam], [-lam], [np.nextafter(lam, 9.0)]])
    X = ops.sparse_encode([[1.0]], Y, 0.0, activation, lam)
    assert (X[:2] == 0).all()
    assert X[2] > 0
    _, dW, db = ops.sparse_loss_and_grad([[1.0]], Y[:2], 0.0, activation, lam)
    assert not dW.any()
    assert not db.any()


@pytest.mark.parametrize("activation", ["hard", "soft"])
def test_without_threshold_hard_and_soft_are_the_identity_also_at_zero(activation):
    """For y = 1, b = -2: z = 0, e = 1, W e = 2."""

    def derivatives(y, bias, gradient):
        _, dW, db = ops.sparse_loss_and_grad([[2.0]], [[y]], bias, activation, 0.0, gradient)
        return dW.item(), db.item()

    assert derivatives(0.0, 0.0, "exact") == (0.0, 0.0)
    assert derivatives(1.0, -2.0, "exact") == (-2.0, -2.0)
    assert derivatives(1.0, -2.0, "approximate") == (0.0, 0.0)


def test_a_single_number_is_the_bias_of_all_atoms():
    net = sparse_network(0)
    for bias in (-0.3, [-0.3] * 5, np.full(5, -0.3), np.float64(-0.3)):
        agreement(ops.sparse_encode(net.W, net.Y, bias), np.maximum(net.Y @ net.W - 0.3, 0))


# ---- gradients


@given(sparse_networks())
def test_the_gradients_are_those_of_the_explicit_jacobian(net):
    cost, *gradients = ops.sparse_loss_and_grad(*net)
    agreement(cost, oracle.loss(*net))
    for G, expected in zip(gradients, oracle.gradient(*net), strict=True):
        agreement(G, expected, scale=1 + np.linalg.norm(expected))


@given(sparse_networks())
def test_equation_4_as_printed_is_the_gradient_for_relu_and_hard_only(net):
    expected = oracle.equation_4(*net)
    exact = ops.sparse_loss_and_grad(*net)[1:]
    agreement(exact[1], expected[1], scale=1 + np.linalg.norm(expected[1]))
    if net.activation == "soft":
        X = ops.sparse_encode(*net)
        E = net.Y - X @ net.W.T
        missing = -E.T @ (net.lam * np.sign(X)) / len(net.Y)  # z - x = lam sign(x)
        agreement(exact[0] + missing, expected[0], scale=1 + np.linalg.norm(expected[0]))
    else:
        agreement(exact[0], expected[0], scale=1 + np.linalg.norm(expected[0]))


@given(sparse_networks())
def test_away_from_lam_0_the_approximate_gradient_is_the_exact_one(net):
    exact = ops.sparse_loss_and_grad(*net, gradient="exact")
    approximate = ops.sparse_loss_and_grad(*net, gradient="approximate")
    assert exact[0] == approximate[0]
    np.testing.assert_array_equal(exact[1], approximate[1])
    np.testing.assert_array_equal(exact[2], approximate[2])


def objectives(net):
    """The loss as a function of W and of b, each with its gradient and the point."""
    _, dW, db = ops.sparse_loss_and_grad(*net)
    return [
        (lambda W: ops.sparse_loss(W, *net[1:]), dW, net.W),
        (lambda b: ops.sparse_loss(net.W, net.Y, b, *net[3:]), db, net.b),
    ]


@every_activation
@pytest.mark.parametrize("seed", range(5))
def test_the_gradients_pass_central_difference_and_taylor(seed, activation):
    rng = np.random.default_rng(seed)
    for f, G, at in objectives(sparse_network(seed, activation)):
        for _ in range(3):
            D = rng.normal(size=at.shape)
            central_difference(f, G, at, D)
            taylor(f, G, at, D)


MUTANTS = {
    "wrong sign": lambda parts: (-parts["W"], -parts["b"]),
    "0.1 % too long": lambda parts: (1.001 * parts["W"], 1.001 * parts["b"]),
    "no decoder part": lambda parts: (parts["encoder"], 1.001 * parts["b"]),
    "no encoder part": lambda parts: (parts["decoder"], 0 * parts["b"]),
    "no mask": lambda parts: (parts["unmasked"], parts["unmasked b"]),
    "1/N left out": lambda parts: (4 * parts["W"], 4 * parts["b"]),
}


@pytest.mark.parametrize("check", [central_difference, taylor])
@every_activation
@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_gradients_are_rejected(name, activation, check):
    net = sparse_network(3, activation, n_samples=4)
    X = ops.sparse_encode(*net)
    _, dW, db = ops.sparse_loss_and_grad(*net)
    E = net.Y - X @ net.W.T
    decoder = -E.T @ X / 4
    unmasked = -(E.T @ X + net.Y.T @ (E @ net.W)) / 4
    parts = {
        "W": dW,
        "b": db,
        "decoder": decoder,
        "encoder": dW - decoder,
        "unmasked": unmasked,
        "unmasked b": -(E @ net.W).sum(axis=0) / 4,
    }
    rng = np.random.default_rng(0)
    for (f, _, at), wrong in zip(objectives(net), MUTANTS[name](parts), strict=True):
        with pytest.raises(AssertionError):
            for _ in range(3):
                check(f, wrong, at, rng.normal(size=at.shape))


def test_with_a_hard_threshold_the_mean_gradient_is_not_that_of_the_expected_loss():
    """The loss jumps. In one dimension, y ~ N(0, 1), c = lam / |w|, d E[L] / dw = E[dL/dw] + jump

    with jump = 2 (dc/dw) phi(c) [l_off(c) - l_on(c)].
    """
    w = 0.8
    lam = 0.5
    h = 1e-4
    y = (np.arange(-400_000, 400_000) + 0.5) / 50_000  # midpoint rule on [-8, 8]

    def normal_density(t):
        return np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)

    def off(c):
        return c**2 / 2

    def on(c, w):
        return (c - w * (w * c)) ** 2 / 2

    def expected_loss(w):
        """E[L], the two sides of the jump integrated on grids of their own."""
        c = lam / w
        left = np.linspace(0, c, 20_001)
        right = np.linspace(c, 9, 200_001)
        below = trapezoid(normal_density(left) * off(left), left)
        above = trapezoid(normal_density(right) * on(right, w), right)
        return 2 * (below + above)

    of_expected_loss = (expected_loss(w + h) - expected_loss(w - h)) / (2 * h)
    gradients = -((y - w * w * y) * (w * y) + y * w * (y - w * w * y)) * (np.abs(w * y) > lam)
    mean_of_gradients = float(np.sum(normal_density(y) * gradients)) / 50_000
    sampled = ops.sparse_loss_and_grad([[w]], y[::40_000, None], 0.0, "hard", lam)[1].item()
    assert sampled == pytest.approx(gradients[::40_000].mean(), rel=1e-12)
    c = lam / w
    jump = 2 * (-lam / w**2) * normal_density(c) * (off(c) - on(c, w))
    assert of_expected_loss == pytest.approx(-0.6299, abs=1e-4)
    assert mean_of_gradients == pytest.approx(-0.5427, abs=1e-4)
    assert of_expected_loss == pytest.approx(mean_of_gradients + jump, abs=1e-5)


@given(sparse_networks())
@settings(max_examples=30)
def test_autograd_agrees(net):
    pytest.importorskip("torch")
    expected_cost, *expected = oracle.autograd(*net)
    cost, *gradients = ops.sparse_loss_and_grad(*net)
    agreement(cost, expected_cost)
    for G, H in zip(gradients, expected, strict=True):
        agreement(G, H, scale=1 + np.linalg.norm(H))


# ---- limits, types


def test_limiting_cases():
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(7, 4))
    Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert ops.sparse_loss(Q, Y, 0.0, "hard", 0.0) < 1e-28  # orthonormal, linear: exact
    assert ops.sparse_loss(Q, Y, -100.0) == pytest.approx(np.sum(Y * Y) / 14)  # no active atom
    assert not ops.sparse_loss_and_grad(Q, Y, -100.0)[1].any()
    # soft thresholds are groups of one atom
    agreement(ops.sparse_encode(Q, Y, 0.0, "soft", 0.7), ops.encode(Q, Y, 0.7, 1))
    one = ops.loss_and_grad(Q, Y, 0.7, 1)
    cost, dW, _ = ops.sparse_loss_and_grad(Q, Y, 0.0, "soft", 0.7)
    agreement(cost, one[0])
    agreement(dW, one[1])
    both = np.hstack([Q, -Q])  # relu of z and of -z: soft without threshold, hence the identity
    assert ops.sparse_loss(both, Y) < 1e-28


@every_activation
def test_float32_stays_float32(activation):
    net = sparse_network(1, activation)
    single = net._replace(
        W=net.W.astype(np.float32), Y=net.Y.astype(np.float32), b=net.b.astype(np.float32)
    )
    cost, dW, db = ops.sparse_loss_and_grad(*single)
    assert type(cost) is float
    assert dW.dtype == db.dtype == ops.sparse_encode(*single).dtype == np.float32
    agreement(dW, ops.sparse_loss_and_grad(*net)[1], rtol=1e-5)
    for bias in (net.b, 0):  # a bias does not widen the network
        assert ops.sparse_loss_and_grad(*single._replace(b=bias))[1].dtype == np.float32
    assert ops.sparse_loss_and_grad(*single._replace(W=net.W))[1].dtype == np.float64


def test_inputs_are_not_modified_and_any_strides_are_taken():
    net = sparse_network(2)
    expected = ops.sparse_loss_and_grad(*net)
    W = np.asfortranarray(net.W)
    Y = np.repeat(net.Y, 2, axis=0)[::2]
    W.flags.writeable = False
    Y.flags.writeable = False
    agreement(ops.sparse_loss_and_grad(W, Y, net.b)[1], expected[1])
    one = ops.sparse_loss_and_grad(net.W, net.Y[0], net.b)[1]
    agreement(one, ops.sparse_loss_and_grad(net.W, net.Y[:1], net.b)[1])
