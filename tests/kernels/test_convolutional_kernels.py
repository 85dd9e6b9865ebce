"""Compiled patches and passes of the convolutional autoencoders against the reference."""

import numpy as np
import pytest

from gsae_ref.kernels import grouped_autoencoder as kernel
from gsae_ref.kernels import variational_autoencoder as variational_kernel
from gsae_ref.kernels.convolution import add_patches, write_patches
from gsae_ref.ops import ConvolutionalAutoencoder, VariationalAutoencoder, convolutional
from gsae_ref.reference import convolution, grouped_autoencoder, variational_autoencoder

SMALL = {"image_size": 8, "channels": (3, 4), "decoder_channels": (4, 3)}
NETWORKS = {
    "AE": ConvolutionalAutoencoder(n_latent=6, **SMALL),
    "IRMAE": ConvolutionalAutoencoder(1, 2, 6, **SMALL),
    "GAE": ConvolutionalAutoencoder(2, 2, 6, **SMALL),
    "one convolution": ConvolutionalAutoencoder(2, 1, 6, 8, (4,), (6,)),
    "as many groups as channels": ConvolutionalAutoencoder(4, 1, 8, **SMALL),
}
WINDOWS = [(1, 1, 0, 1), (2, 1, 0, 2), (4, 2, 1, 1), (3, 1, 1, 3), (3, 2, 1, 1), (6, 1, 0, 2)]
FAR = {"float32": 2e-6, "float64": 2e-14}  # relative, in the norm of an array


def drawn(network, n, dtype, seed=0):
    """Images, and parameters so large that no layer is lost in rounding."""
    rng = np.random.default_rng(seed)
    start = network.start(rng, dtype)
    parameters = {name: 2 * value for name, value in start.items()}
    return parameters, rng.uniform(size=(n, network.image_size**2)).astype(dtype)


def assert_equal(ours, theirs, dtype):
    """Cost and gradient agree, array by array."""
    assert ours[0] == pytest.approx(theirs[0], rel=FAR[dtype])
    assert ours[1].keys() == theirs[1].keys()
    for name, expected in theirs[1].items():
        assert (ours[1][name].shape, ours[1][name].dtype) == (expected.shape, expected.dtype)
        distance = np.linalg.norm(ours[1][name] - expected)
        assert distance <= FAR[dtype] * np.linalg.norm(expected), name


@pytest.mark.parametrize(("k", "stride", "padding", "n_groups"), WINDOWS)
def test_patches_and_their_adjoint_are_those_of_the_reference(k, stride, padding, n_groups):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2, 6, 6, 6))
    expected, (_, rows, columns) = convolution.patches(X, k, stride, padding, n_groups)
    P = np.full(expected.shape, np.nan)
    write_patches(X, k, stride, padding, P)
    np.testing.assert_array_equal(P, expected)
    P = rng.normal(size=P.shape)
    sums = np.full(X.shape, np.nan)
    add_patches(P, k, stride, padding, sums)
    assert np.vdot(P, expected) == pytest.approx(np.vdot(sums, X), rel=1e-12)
    assert P.shape[1] == 2 * rows * columns


@pytest.mark.parametrize("dtype", FAR)
@pytest.mark.parametrize("n", [1, 3, 9])
@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradient_are_those_of_the_reference(name, n, dtype):
    network = NETWORKS[name]
    parameters, Y = drawn(network, n, dtype)
    ours = network.loss_and_grad(parameters, Y, engine="numba")
    assert_equal(ours, network.loss_and_grad(parameters, Y, engine="reference"), dtype)


@pytest.mark.parametrize("dtype", FAR)
@pytest.mark.parametrize("n_groups", [1, 2])
def test_the_variational_loss_and_gradient_are_those_of_the_reference(n_groups, dtype):
    network = VariationalAutoencoder(n_groups, 1, 6, weight=0.3, **SMALL)
    parameters, Y = drawn(network, 5, dtype)
    noise = np.random.default_rng(1).normal(size=(5, 6))
    ours = network.loss_and_grad(parameters, Y, noise, engine="numba")
    theirs = network.loss_and_grad(parameters, Y, noise, engine="reference")
    assert_equal(ours, theirs, dtype)


def test_no_number_of_threads_changes_a_bit():
    network = ConvolutionalAutoencoder(2, 1, 64, 16, (8, 16), (16, 8))
    parameters, Y = drawn(network, 13, "float32")
    layers = (*network.encoder, *network.decoder)
    images = Y.reshape(-1, 16, 16, 1)
    cost, gradient = kernel.loss_and_grad(layers, parameters, images, 1)
    for n_threads in (2, 3, 8):
        again, anew = kernel.loss_and_grad(layers, parameters, images, n_threads)
        assert again == cost
        assert all(anew[name].tobytes() == gradient[name].tobytes() for name in gradient)


@pytest.mark.parametrize("name", ["IRMAE", "GAE"])
def test_slices_as_small_as_an_image_give_the_same_gradient(name, monkeypatch):
    network = NETWORKS[name]
    parameters, Y = drawn(network, 9, "float64")
    expected = network.loss_and_grad(parameters, Y, engine="reference")
    monkeypatch.setattr(kernel, "ENOUGH_WINDOWS", 1)
    monkeypatch.setattr(kernel, "CACHED", 1)
    assert_equal(network.loss_and_grad(parameters, Y, engine="numba"), expected, "float64")


@pytest.mark.parametrize("engine", ["reference", "numba"])
def test_the_engine_is_the_one_that_is_named(engine, monkeypatch):
    network = NETWORKS["GAE"]
    parameters, Y = drawn(network, 2, "float64")
    called = []
    rooms = {"reference": grouped_autoencoder, "numba": kernel}
    for name, module in rooms.items():
        compute = lambda *arguments, name=name, **options: called.append(name)
        monkeypatch.setattr(module, "loss_and_grad", compute)
    network.loss_and_grad(parameters, Y, engine=engine)
    network.loss_and_grad(parameters, Y)
    monkeypatch.setattr(convolutional, "ENOUGH_WORK", 1)
    network.loss_and_grad(parameters, Y)
    assert called == [engine, "reference", "numba"]


def test_large_variational_networks_are_compiled_too(monkeypatch):
    network = VariationalAutoencoder(n_latent=3, **SMALL)
    parameters, Y = drawn(network, 2, "float64")
    called = []
    for module in (variational_autoencoder, variational_kernel):
        compute = lambda *arguments, name=module.__name__, **options: called.append(name)
        monkeypatch.setattr(module, "loss_and_grad", compute)
    noise = np.zeros((2, 3))
    network.loss_and_grad(parameters, Y, noise)
    monkeypatch.setattr(convolutional, "ENOUGH_WORK", 1)
    network.loss_and_grad(parameters, Y, noise)
    assert called == [variational_autoencoder.__name__, variational_kernel.__name__]


def test_an_unknown_engine_is_refused():
    network = NETWORKS["AE"]
    with pytest.raises(ValueError, match="engine = 'fast'"):
        network.loss_and_grad(*drawn(network, 1, "float64"), engine="fast")
