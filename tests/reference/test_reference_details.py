"""Details that no comparison of formulas shows: precision of sums, dtypes, defaults, ties."""

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
ONE_PIXEL = (Layer("code", kernel=(1, 1, 1, 1, 1), fan_in=1, bias=False),)
TWO_CHANNELS = (Layer("code", kernel=(1, 1, 1, 1, 2), fan_in=1, bias=False),)
IMAGE = (Layer("image", kernel=(1, 1, 1, 1, 1), fan_in=1, bias=False),)


def single(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def exactly(E):
    """Half the mean of squares, every square and the sum in float64."""
    return np.sum(E.astype(np.float64) ** 2) / (2 * len(E))


# ---- losses of float32 are summed in float64


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


def test_losses_of_group_sparse_autoencoders_are_summed_in_double_precision():
    A = single(6, 4)
    Y = single(300, 6)
    E = Y - autoencoder.encode(A, Y, 0.5, 2) @ A.T
    for cost in (autoencoder.loss(A, Y, 0.5, 2), autoencoder.loss_and_grad(A, Y, 0.5, 2)[0]):
        assert cost == pytest.approx(exactly(E), rel=1e-13)
    E = Y - unfolded.unfolded_encode(A, Y, 0.5, 2, 3) @ A.T
    cost = unfolded.unfolded_loss_and_grad(A, Y, 0.5, 2, 3)[0]
    assert cost == pytest.approx(exactly(E), rel=1e-13)


def test_losses_of_sparse_autoencoders_are_summed_in_double_precision():
    W = single(6, 4)
    Y = single(300, 6)
    net = W, Y, single(4), "relu", 0.0
    E = Y - sparse_autoencoder.encode(*net) @ W.T
    for cost in (sparse_autoencoder.loss(*net), sparse_autoencoder.loss_and_grad(*net)[0]):
        assert cost == pytest.approx(exactly(E), rel=1e-13)


def test_losses_of_convolutional_autoencoders_are_summed_in_double_precision():
    Y = single(300, 1, 1, 1)
    parameters = {"code.kernel": np.full((1, 1, 1, 1, 1), 0.3, np.float32)}
    net = ONE_PIXEL, parameters, Y
    E = plain.forward(*net)[-1] - Y
    for cost in (plain.loss(*net), plain.loss_and_grad(*net)[0]):
        assert cost == pytest.approx(exactly(E), rel=1e-13)


def test_both_parts_of_a_variational_loss_are_summed_in_double_precision():
    Y = single(300, 1, 1, 1)
    noise = single(300, 1, 1, 1)
    parameters = {
        "code.kernel": np.array([0.3, -0.2], np.float32).reshape(1, 1, 1, 1, 2),
        "image.kernel": np.ones((1, 1, 1, 1, 1), np.float32),
    }
    mean, log_variance, X = variational.sample(
        plain.forward(TWO_CHANNELS, parameters, Y)[-1], noise
    )
    divergence = np.sum((mean * mean + np.exp(log_variance) - 1 - log_variance).astype(np.float64))
    cost = exactly(X - Y) + 0.5 * divergence / (2 * len(Y))
    arguments = TWO_CHANNELS, IMAGE, parameters, Y, noise, 0.5
    assert variational.loss(*arguments) == pytest.approx(cost, rel=1e-13)
    assert variational.loss_and_grad(*arguments)[0] == pytest.approx(cost, rel=1e-13)


# ---- dtypes


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


# ---- defaults


def test_the_defaults_are_the_halved_loss_and_the_large_step():
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
        by_default = as_tuple(function(*given))
        halved = as_tuple(function(*given, 1))
        for result, same in zip(by_default, halved, strict=True):
            np.testing.assert_array_equal(result, same)
    rule = dglnn.Rule(gamma=0.1, eta=0.05)
    left_out, large, small = (
        dglnn.normalised_step(u, v, X, y, sizes, rule, *more) for more in ((), (True,), (False,))
    )
    assert np.array_equal(left_out[1], large[1]) and not np.array_equal(large[1], small[1])


def test_a_convolution_has_stride_1_by_default():
    X = RNG.normal(size=(2, 4, 4, 3))
    U = RNG.normal(size=(2, 3, 3, 5))
    by_default = convolution.kernel_gradient(X, U, 2)
    np.testing.assert_array_equal(by_default, convolution.kernel_gradient(X, U, 2, 1, 0, 1))


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


def test_the_rival_returns_the_loss_before_its_first_step():
    X = RNG.normal(size=(5, 3))
    y = RNG.normal(size=5)
    u = np.full(3, 0.5)
    v = np.full(3, 0.4)
    assert (
        dglnn.signed_advance(u, v, X, y, 1, 0.01, 4)[2] == dglnn.signed_loss_and_grad(u, v, X, y)[0]
    )


# ---- ties, shapes, laws


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_directions_of_rows_of_any_size(scale):
    """Each row by itself; where a group is zero its former direction stays, whatever its length."""
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
    assert dglnn.advance(one, one, np.eye(1), 2 * one, sizes, rule, 0, 1)[0] == 1.25

    def switch(n_epochs=1, **change):
        changed = rule._replace(**change)
        after = dglnn.advance(one, one, np.eye(1), 2 * one, sizes, changed, 0, n_epochs)[3]
        return after.switch_epoch

    assert switch() is None
    assert switch(tolerance=0.26) == 1
    assert switch(tolerance=None, half=np.array([1.25**2])) == 1  # reached exactly
    assert switch(n_epochs=3, switch_epoch=0, tolerance=10.0) == 0
    assert switch(n_epochs=3, switch_epoch=0, half=np.array([0.5])) == 0


def test_relu_has_no_derivative_at_its_kink():
    np.testing.assert_array_equal(
        sparse_autoencoder.derivative(np.array([-1.0, 0.0, 1.0]), "relu", 0.0), [False, False, True]
    )


def test_every_field_of_the_layers():
    encoder = plain.encoder_layers(16, (4, 6), 8, 2, n_groups=2)
    assert encoder == (
        Layer("conv1", (1, 4, 4, 1, 4), 16, False, 2, 1, "relu", True),
        Layer("conv2", (1, 4, 4, 4, 6), 64, False, 2, 1, "relu", True),
        Layer("conv3", (2, 4, 4, 3, 4), 48, False, 1, 0, "identity", True),
        Layer("linear1", (2, 1, 1, 4, 4), 4, False, 1, 0, "identity", False),
        Layer("linear2", (2, 1, 1, 4, 4), 4, False, 1, 0, "identity", False),
    )
    assert plain.decoder_layers(16, (6, 4), 8) == (
        Layer("deconv1", (1, 8, 8, 6, 8), 8, True, 1, 0, "relu", True),
        Layer("deconv2", (1, 4, 4, 4, 6), 24, True, 2, 1, "relu", True),
        Layer("deconv3", (1, 1, 1, 1, 4), 4, True, 1, 0, "tanh", True),
    )
    assert all(type(layer.transposed) is bool for layer in encoder)
    assert all(type(layer.bias) is bool for layer in encoder)


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


def test_the_prox_leaves_signs_alone_by_default():
    Z = np.array([-3.0, 4.0])
    np.testing.assert_array_equal(unfolded.sparse_group_prox(Z, 0.0, 2), Z)


def test_the_step_for_a_dictionary_of_zeros_is_1():
    assert unfolded.spectral_step(np.zeros((3, 2))) == 1.0


def test_inclusion_probabilities_of_more_groups_than_there_are():
    assert expected.support_probabilities(1, 1) == (1.0, 0.0, 0.0)
    assert expected.support_probabilities(2, 2) == (1.0, 1.0, 0.0)
