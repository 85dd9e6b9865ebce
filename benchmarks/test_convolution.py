"""L23's strided convolution, and its adjoints in the image and in the kernel."""

import numpy as np
import pytest

from gsae_ref.kernels import grouped_autoencoder as kernel
from gsae_ref.kernels._jit import spread_over_threads
from gsae_ref.ops.engine import one_blas_thread
from gsae_ref.reference import convolution
from gsae_ref.reference.grouped_autoencoder import Layer

from .harness import DTYPES, Implementation, full, over

SIDE = 4  # of a window
STRIDE = 2
PADDING = 1


def reference(K, X, U):
    def passes():
        return (
            convolution.convolve(K, X, STRIDE, PADDING),
            convolution.transpose(K, U, STRIDE, PADDING),
            convolution.kernel_gradient(X, U, SIDE, STRIDE, PADDING, len(K)),
        )

    return passes


def compiled(K, X, U):
    """The passes of a network of one linear layer: back from U they give both gradients."""
    layer = Layer("layer", K.shape, 0, stride=STRIDE, padding=PADDING, bias=False)
    kernels = {"layer.kernel": K}

    def passes():
        with one_blas_thread(), spread_over_threads() as spread:
            outputs = kernel.forward([layer], kernels, X, spread)
            gradient, in_image = kernel.backward([layer], kernels, outputs, U, spread)
        return outputs[-1], in_image, gradient["layer.kernel"]

    return passes


def torch_eager(K, X, U):
    import torch

    options = {"stride": STRIDE, "padding": PADDING, "groups": len(K)}
    weights = torch.from_numpy(K).permute(0, 4, 3, 1, 2).flatten(0, 1).contiguous()
    images = torch.from_numpy(X).permute(0, 3, 1, 2).contiguous()
    slopes = torch.from_numpy(U).permute(0, 3, 1, 2).contiguous()
    n_groups, k, _, inputs, outputs = K.shape

    def passes():
        convolved = torch.nn.functional.conv2d(images, weights, **options)
        spread = torch.nn.functional.conv_transpose2d(slopes, weights, **options)
        gradient = torch.nn.grad.conv2d_weight(images, weights.shape, slopes, **options)
        gradient = gradient.reshape(n_groups, outputs, inputs, k, k).permute(0, 3, 4, 2, 1)
        pictures = [x.permute(0, 2, 3, 1).numpy() for x in (convolved, spread)]
        return *pictures, gradient.numpy()

    return passes


def jax_jit(K, X, U):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    n_groups, k, _, inputs, outputs = K.shape

    def convolve(K, X):
        weights = jnp.moveaxis(K, 0, 3).reshape(k, k, inputs, n_groups * outputs)
        return jax.lax.conv_general_dilated(
            X,
            weights,
            (STRIDE, STRIDE),
            [(PADDING, PADDING)] * 2,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=n_groups,
        )

    @jax.jit
    def run(K, X, U):
        value, pull = jax.vjp(convolve, K, X)
        in_kernel, in_image = pull(U)
        return value, in_image, in_kernel

    arrays = [jnp.asarray(x) for x in (K, X, U)]
    return lambda: tuple(np.asarray(x) for x in run(*arrays))


PASSES = (
    Implementation("numba", compiled, "compiled patches, products on all threads"),
    Implementation("reference", reference, "NumPy: patches and products, gsae_ref.reference"),
    Implementation("torch", torch_eager, "torch, conv2d and its two gradients", "torch"),
    Implementation("JAX", jax_jit, "JAX, jit of the convolution and its vjp", "jax"),
)


@over(PASSES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_groups", [1, 4])
@pytest.mark.parametrize("n_images", [16, full(128)])
@pytest.mark.benchmark(group="convolution and adjoints")
def test_convolution(compare, n_images, n_groups, dtype):
    rng = np.random.default_rng(0)
    channels = 32
    K = rng.normal(size=(n_groups, SIDE, SIDE, channels // n_groups, 64 // n_groups))
    X = rng.normal(size=(n_images, 16, 16, channels))
    U = rng.normal(size=(n_images, 8, 8, 64))
    problem = tuple(np.ascontiguousarray(array, dtype) for array in (K, X, U))
    title = f"{n_images} images 16 x 16 x 32, 64 kernels 4 x 4, {n_groups} groups, {dtype}"
    compare(problem, reference(*problem), title)
