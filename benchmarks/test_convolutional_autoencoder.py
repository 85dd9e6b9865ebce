"""Loss and gradient of the convolutional autoencoders of L23's Figure 10, one batch of MNIST."""

import numpy as np
import pytest

from gsae_ref.ops import ConvolutionalAutoencoder

from .harness import DTYPES, Implementation, full, over

NETWORKS = {
    "AE": ConvolutionalAutoencoder(),
    "GAE8": ConvolutionalAutoencoder(n_groups=8, n_linear=3),
}


def by_engine(engine):
    def prepare(network, parameters, Y):
        def gradient():
            cost, slopes = network.loss_and_grad(parameters, Y, engine=engine)
            return cost, *(slopes[name] for name in parameters)

        return gradient

    return prepare


def torch_eager(network, parameters, Y):
    import torch

    side = network.image_size
    images = torch.from_numpy(Y).reshape(-1, 1, side, side)

    def weights(K):
        return K.permute(0, 4, 3, 1, 2).flatten(0, 1)

    def output(layer, leaves, X):
        options = {"stride": layer.stride, "padding": layer.padding, "groups": layer.kernel[0]}
        kernel = weights(leaves[f"{layer.name}.kernel"])
        bias = leaves.get(f"{layer.name}.bias")
        functional = torch.nn.functional
        apply = functional.conv_transpose2d if layer.transposed else functional.conv2d
        Z = apply(X, kernel, bias, **options)
        return {"relu": torch.relu, "tanh": torch.tanh}.get(layer.activation, lambda Z: Z)(Z)

    def gradient():
        leaves = {name: torch.tensor(K, requires_grad=True) for name, K in parameters.items()}
        X = images
        for layer in (*network.encoder, *network.decoder):
            X = output(layer, leaves, X)
        cost = ((X - images) ** 2).sum() / (2 * len(Y))
        cost.backward()
        return cost.item(), *(leaf.grad.numpy() for leaf in leaves.values())

    return gradient


GRADIENTS = (
    Implementation("numba", by_engine("numba"), "compiled patches, products on all threads"),
    Implementation("reference", by_engine("reference"), "NumPy, as in gsae_ref.reference"),
    Implementation("torch", torch_eager, "torch, eager, autograd", "torch"),
)


@over(GRADIENTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["AE", full("GAE8")])
@pytest.mark.benchmark(group="convolutional autoencoder")
def test_convolutional_autoencoder(compare, name, dtype):
    network = NETWORKS[name]
    parameters = network.start(0, dtype)
    Y = np.random.default_rng(0).uniform(size=(32, 32 * 32)).astype(dtype)
    problem = network, parameters, Y
    expected = by_engine("reference")(*problem)
    compare(problem, expected, f"{name}, 32 images of 32 x 32, {dtype}")
