"""What no comparison of formulas notices: in which precision a sum is taken, which dtype comes out, what a default is, what happens at a tie."""

import numpy as np
import pytest

from gsae_ref.reference import (
    autoencoder,
    convolution,
    dglnn,
    dglnn_flow,
    expected,
    gradients,
    sparse_autoencoder,
    sparse_expected,
    unfolded,
)
from gsae_ref.reference import grouped_autoencoder as plain
from gsae_ref.reference import variational_autoencoder as variational
from gsae_ref.reference.grouped_autoencoder import Layer

RNG = np.random.default_rng(0)
ONE_PIXEL = (Layer("code", False, (1, 1, 1, 1, 1), 1, 0, "identity", False, 1),)
TWO_CHANNELS = (ONE_PIXEL[0]._replace(kernel=(1, 1, 1, 1, 2)),)


def single(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def exactly(E):
    """Half the mean of squares, every square and the sum in float64."""
    return np.sum(E.astype(np.float64) ** 2) / (2 * len(E))


# ------------------------------------------------------------------------------------------------ losses of float32 are summed in float64


@pytest.mark.parametrize("scale", [1, 2])
def test_losses_of_linear_networks_are_summed_in_double_precision(scale):
    X = single(500, 3)
    y = single(500)
    u = single(3)
    v = single(3)
    cost = scale * exactly(y - X @ (u * u * v))
    sizes = np.ones(3, int)
    assert dglnn.loss(u * u * v, X, y, scale) == pytest.approx(cost, rel=1e-13)
    assert dglnn.loss_and_grad(u, v, X, y, sizes, scale)[0] == pytest.approx(cost, rel=1e-13)
    rule = dglnn.Rule(gamma=0.1, eta=0.05, scale=scale)
    assert dglnn.normalised_step(u, v, X, y, sizes, rule)[2] == pytest.approx(cost, rel=1e-13)
    signed = scale * exactly(y - X @ (u * u - v * v))
    assert dglnn.signed_loss_and_grad(u, v, X, y, scale)[0] == pytest.approx(signed, rel=1e-13)


def test_losses_of_autoencoders_are_summed_in_double_precision():
    A = single(6, 4)
    Y = single(300, 6)
    E = Y - autoencoder.encode(A, Y, 0.5, 2) @ A.T
    for cost in (autoencoder.loss(A, Y, 0.5, 2), autoencoder.loss_and_grad(A, Y, 0.5, 2)[0]):
        assert cost == pytest.approx(exactly(E), rel=1e-13)
    E = Y - unfolded.unfolded_encode(A, Y, 0.5, 2, 3) @ A.T
    assert unfolded.unfolded_loss_and_grad(A, Y, 0.5, 2, 3)[0] == pytest.approx(
        exactly(E), rel=1e-13
    )
    W = single(6, 4)
    Y = single(300, 6)
    bias = single(4)
    E = Y - sparse_autoencoder.encode(W, Y, bias, "relu", 0.0) @ W.T
    for cost in (
        sparse_autoencoder.loss(W, Y, bias, "relu", 0.0),
        sparse_autoencoder.loss_and_grad(W, Y, bias, "relu", 0.0)[0],
    ):
        assert cost == pytest.approx(exactly(E), rel=1e-13)
    Y = single(300, 1, 1, 1)
    parameters = {"code.kernel": np.full((1, 1, 1, 1, 1), 0.3, np.float32)}
    E = plain.forward(ONE_PIXEL, parameters, Y)[-1] - Y
    for cost in (
        plain.loss(ONE_PIXEL, parameters, Y),
        plain.loss_and_grad(ONE_PIXEL, parameters, Y)[0],
    ):
        assert cost == pytest.approx(exactly(E), rel=1e-13)


def test_both_parts_of_a_variational_loss_are_summed_in_double_precision():
    Y = single(300, 1, 1, 1)
    noise = single(300, 1, 1, 1)
    decoder = (ONE_PIXEL[0]._replace(name="image"),)
    parameters = {
        "code.kernel": np.array([0.3, -0.2], np.float32).reshape(1, 1, 1, 1, 2),
        "image.kernel": np.ones((1, 1, 1, 1, 1), np.float32),
    }
    mean, log_variance, X = variational.sample(
        plain.forward(TWO_CHANNELS, parameters, Y)[-1], noise
    )
    divergence = np.sum((mean * mean + np.exp(log_variance) - 1 - log_variance).astype(np.float64))
    cost = exactly(X - Y) + 0.5 * divergence / (2 * len(Y))
    assert variational.loss(TWO_CHANNELS, decoder, parameters, Y, noise, 0.5) == pytest.approx(
        cost, rel=1e-13
    )
    assert variational.loss_and_grad(TWO_CHANNELS, decoder, parameters, Y, noise, 0.5)[
        0
    ] == pytest.approx(cost, rel=1e-13)


# ------------------------------------------------------------------------------------------------ dtypes


def test_float32_comes_out_where_it_went_in():
    X = single(5, 3)
    y = single(5)
    assert [part.dtype for part in dglnn_flow.balanced_start(X, y, np.array([1, 2]), 0.5)] == 2 * [
        np.float32
    ]
    A = single(4, 6)
    Y = single(7, 4)
    assert gradients.approximate(A, Y, 0.5, 2, np.ones((7, 3), bool)).dtype == np.float32
    W = single(4, 3)
    A_star = single(4, 3)
    bias = single(3)
    masks = np.array([[True, False, True]])
    law = np.ones(1)
    found = [
        *sparse_expected.printed_9(W, A_star, masks, law, bias),
        *sparse_expected.printed_15(W, A_star, masks, law, bias),
        *sparse_expected.printed_16(W, A_star, masks, law, bias, 0.5, 1.0),
    ]
    assert [part.dtype for part in found] == 6 * [np.float32]
    assert [part.shape for part in found] == 3 * [(4, 3), (3,)]


def test_the_balanced_start_has_its_magnitude_in_every_group():
    X = RNG.normal(size=(5, 3))
    y = RNG.normal(size=5)
    sizes = np.array([1, 2])
    u, v = dglnn_flow.balanced_start(X, y, sizes, 0.5)
    np.testing.assert_array_equal(u, [0.5, 0.5])
    np.testing.assert_allclose(
        np.sqrt(dglnn.gather(v * v, sizes)), 0.5 / 2**0.5
    )  # u^2 / 2 = ||v||^2


# ------------------------------------------------------------------------------------------------ defaults


def test_what_is_left_out_is_the_halved_loss_and_the_large_step():
    X = RNG.normal(size=(5, 3))
    y = RNG.normal(size=5)
    u = np.array([0.5, 2.0])
    v = RNG.normal(size=3)
    sizes = np.array([1, 2])
    for function, given in (
        (dglnn.loss, (u[[0, 1, 1]], X, y)),
        (dglnn.loss_and_grad, (u, v, X, y, sizes)),
        (dglnn_flow.flow, (u, v, X, y, sizes)),
        (dglnn.signed_loss_and_grad, (v, v + 1, X, y)),
    ):
        for left_out, one in zip(
            tupled(function(*given)), tupled(function(*given, 1)), strict=True
        ):
            np.testing.assert_array_equal(left_out, one)
    rule = dglnn.Rule(gamma=0.1, eta=0.05)
    left_out, large, small = (
        dglnn.normalised_step(u, v, X, y, sizes, rule, *more) for more in ((), (True,), (False,))
    )
    assert np.array_equal(left_out[1], large[1]) and not np.array_equal(large[1], small[1])


def test_a_convolution_has_stride_1_unless_told():
    X = RNG.normal(size=(2, 4, 4, 3))
    U = RNG.normal(size=(2, 3, 3, 5))
    np.testing.assert_array_equal(
        convolution.kernel_gradient(X, U, 2), convolution.kernel_gradient(X, U, 2, 1, 0, 1)
    )


def tupled(result):
    return result if isinstance(result, tuple) else (result,)


def test_the_rival_tells_the_loss_before_its_first_step():
    X = RNG.normal(size=(5, 3))
    y = RNG.normal(size=5)
    u = np.full(3, 0.5)
    v = np.full(3, 0.4)
    assert (
        dglnn.signed_advance(u, v, X, y, 1, 0.01, 4)[2] == dglnn.signed_loss_and_grad(u, v, X, y)[0]
    )


# ------------------------------------------------------------------------------------------------ ties, shapes, laws


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_directions_of_rows_of_any_size(scale):
    """Of each row by itself; a group without a direction keeps the one it has, whatever its length."""
    Z = scale * np.array([[3.0, 4.0, 2.0], [0.0, 0.0, -5.0]])
    V = np.array([[1.0, 0.0, 1.0], [0.0, -2.0, 1.0]])
    np.testing.assert_allclose(
        dglnn.unit(Z, V, np.array([2, 1])), [[0.6, 0.8, 1.0], [0.0, -2.0, -1.0]], rtol=1e-15
    )


def test_the_switch_of_algorithm_2_is_strict_and_final():
    one = np.ones(1)
    sizes = np.array([1])
    # u grows from 1 to 1.25: not by less than a quarter
    rule = dglnn.Rule(gamma=0.125, eta=0.05, tolerance=0.25)
    u, *_, after = dglnn.advance(one, one, np.eye(1), 2 * one, sizes, rule, 0, 1)
    assert u == 1.25 and after.switch_epoch is None
    assert (
        dglnn.advance(one, one, np.eye(1), 2 * one, sizes, rule._replace(tolerance=0.26), 0, 1)[
            3
        ].switch_epoch
        == 1
    )
    growth = rule._replace(tolerance=None, half=np.array([1.25**2]))  # reached exactly
    assert dglnn.advance(one, one, np.eye(1), 2 * one, sizes, growth, 0, 1)[3].switch_epoch == 1
    for switched in (
        rule._replace(switch_epoch=0, tolerance=10.0),
        rule._replace(switch_epoch=0, half=np.array([0.5])),
    ):
        assert (
            dglnn.advance(one, one, np.eye(1), 2 * one, sizes, switched, 0, 3)[3].switch_epoch == 0
        )


def test_relu_has_no_derivative_at_its_kink():
    np.testing.assert_array_equal(
        sparse_autoencoder.derivative(np.array([-1.0, 0.0, 1.0]), "relu", 0.0), [False, False, True]
    )


def test_every_field_of_the_layers():
    halving = lambda i, c, d: Layer(f"conv{i}", False, (1, 4, 4, c, d), 2, 1, "relu", True, 16 * c)
    assert plain.encoder_layers(16, (4, 6), 8, 2, n_groups=2) == (
        halving(1, 1, 4),
        halving(2, 4, 6),
        Layer("conv3", False, (2, 4, 4, 3, 4), 1, 0, "identity", True, 48),
        *(Layer(f"linear{i}", False, (2, 1, 1, 4, 4), 1, 0, "identity", False, 4) for i in (1, 2)),
    )
    assert plain.decoder_layers(16, (6, 4), 8) == (
        Layer("deconv1", True, (1, 8, 8, 6, 8), 1, 0, "relu", True, 8),
        Layer("deconv2", True, (1, 4, 4, 4, 6), 2, 1, "relu", True, 24),
        Layer("deconv3", True, (1, 1, 1, 1, 4), 1, 0, "tanh", True, 4),
    )
    assert all(
        type(layer.transposed) is bool and type(layer.bias) is bool
        for layer in plain.encoder_layers(16, (4, 6), 8, 2, 2)
    )


def test_printed_16_with_codes_whose_mean_is_not_one():
    W = RNG.normal(size=(4, 3))
    A_star = RNG.normal(size=(4, 3))
    bias = RNG.normal(size=3)
    law = np.array([0.25, 0.75])
    masks = np.array([[True, False, True], [False, True, True]])
    dW, db = sparse_expected.printed_16(W, A_star, masks, law, bias, 0.5, 1.5)
    for i, p in enumerate([0.25, 0.75, 1.0]):
        own = W[:, i] @ A_star[:, i]
        bracket = 1.5 * own**2 + 2 * 0.5 * p * bias[i] * own + bias[i] ** 2
        np.testing.assert_allclose(
            dW[:, i], -1.5 * p * own * A_star[:, i] + p * bracket * W[:, i], rtol=1e-12
        )
    assert np.isnan(db).all()


def test_unfolding_leaves_signs_alone_unless_told_and_steps_by_1_where_there_is_no_dictionary():
    np.testing.assert_array_equal(
        unfolded.sparse_group_prox(np.array([-3.0, 4.0]), 0.0, 2), [-3.0, 4.0]
    )
    assert unfolded.spectral_step(np.zeros((3, 2))) == 1.0


def test_the_tangential_part_of_a_group_of_extreme_size():
    A = 2.0**700 * np.array([[1.0, 0.5], [0.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(
        gradients.tangential_part(A, np.ones((3, 2)), 2), [[0, 0], [0, 0], [1, 1]], atol=1e-12
    )


def test_an_inclusion_probability_with_more_groups_named_than_there_are():
    assert expected.support_probabilities(1, 1) == (1.0, 0.0, 0.0)
    assert expected.support_probabilities(2, 2) == (1.0, 1.0, 0.0)
