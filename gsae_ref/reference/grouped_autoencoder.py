"""The grouped autoencoder: its layers, its loss, and the gradient of the loss.

[L23] Section E.2, Figures 8 and 9. The encoder is convolutional, with linear layers within groups
of latent channels at its end; the decoder consists of transposed convolutions. All layers are of
one kind, a convolution or a transposed convolution plus a bias, and an activation applied entry by
entry, phi = relu, tanh or identity:

    x' = phi(C_K x + b)    or    x' = phi(C_K^T x + b).

A dense layer is a convolution whose window is the whole image. The linear layers in latent space
are 1 x 1 convolutions of 1 x 1 images, that is block diagonal matrices with one block per group,
without bias. They do not enlarge the set of functions that the network can express
(:func:`collapse`); they change what it learns.

AE has one group and no linear layer, IRMAE (Jing, Zbontar, LeCun 2020) one group and linear layers,
GAE linear layers in several groups. The last convolution of the encoder has the same groups, as in
Figure 9.

Differs from the paper: it prints no sizes. Sizes here are those of the MNIST network of Jing et al.
with 512 latent channels in place of 128 and 3 linear layers in place of 8, the numbers of Table 2:
786432 = 3 * 512^2. Their dense layer between encoder and latent space is our last convolution.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from .activations import relu
from .convolution import convolve, kernel_gradient, transpose
from .losses import half_mean_square


class Layer(NamedTuple):
    """A convolution, or a transposed one, with its activation.

    Parameters
    ----------
    name : str
        Its parameters are named ``name.kernel`` and ``name.bias``.
    kernel : tuple of int
        Shape of the kernel, (n_groups, k, k, inputs, outputs) of the convolution, transposed or
        not.
    fan_in : int
        Number of terms in the sum that gives one pre-activation.
    transposed : bool
    stride, padding : int
    activation : {"relu", "tanh", "identity"}
    bias : bool
        Whether there is a bias.

    Examples
    --------
    >>> Layer("code", kernel=(1, 1, 1, 8, 8), fan_in=8).activation
    'identity'
    """

    name: str
    kernel: tuple[int, ...]
    fan_in: int
    transposed: bool = False
    stride: int = 1
    padding: int = 0
    activation: str = "identity"
    bias: bool = True


def encoder_layers(
    image_size: int, channels: tuple[int, ...], n_latent: int, n_linear: int, n_groups: int
) -> tuple[Layer, ...]:
    """Layers from an image of one channel to ``n_latent`` channels of one pixel.

    Every convolution but the last halves the image (4 x 4, stride 2, padding 1). The window of the
    last is the whole of what is left, group by group.

    >>> [layer.kernel for layer in encoder_layers(8, (4, 8), 16, 1, n_groups=2)]
    [(1, 4, 4, 1, 4), (1, 4, 4, 4, 8), (2, 2, 2, 4, 8), (2, 1, 1, 8, 8)]
    """
    layers = []
    for i, (c, d) in enumerate(zip((1, *channels[:-1]), channels, strict=True), start=1):
        kernel = (1, 4, 4, c, d)
        layers.append(Layer(f"conv{i}", kernel, 16 * c, False, 2, 1, activation="relu"))
    k = image_size >> len(channels)
    c = channels[-1] // n_groups
    d = n_latent // n_groups
    layers.append(Layer(f"conv{len(channels) + 1}", (n_groups, k, k, c, d), fan_in=k * k * c))
    for i in range(1, n_linear + 1):
        layers.append(Layer(f"linear{i}", (n_groups, 1, 1, d, d), fan_in=d, bias=False))
    return tuple(layers)


def decoder_layers(image_size: int, channels: tuple[int, ...], n_latent: int) -> tuple[Layer, ...]:
    """Layers from ``n_latent`` channels of one pixel to an image of one channel.

    The first transposed convolution spreads the code over a small image, every further one doubles
    the image, the last (1 x 1) mixes its channels.

    >>> [layer.kernel for layer in decoder_layers(8, (6, 4), 16)]
    [(1, 4, 4, 6, 16), (1, 4, 4, 4, 6), (1, 1, 1, 1, 4)]
    """
    k = image_size >> (len(channels) - 1)
    kernel = (1, k, k, channels[0], n_latent)
    layers = [Layer("deconv1", kernel, n_latent, transposed=True, activation="relu")]
    for i, (c, d) in enumerate(itertools.pairwise(channels), start=2):
        kernel = (1, 4, 4, d, c)
        layers.append(Layer(f"deconv{i}", kernel, 4 * c, True, 2, 1, activation="relu"))
    c = channels[-1]
    name = f"deconv{len(channels) + 1}"
    layers.append(Layer(name, (1, 1, 1, 1, c), c, transposed=True, activation="tanh"))
    return tuple(layers)


def shapes(layers: Sequence[Layer]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters.

    >>> shapes(decoder_layers(2, (3,), 4)[:1])
    {'deconv1.kernel': (1, 2, 2, 3, 4), 'deconv1.bias': (3,)}
    """
    found: dict[str, tuple[int, ...]] = {}
    for layer in layers:
        n_groups, _, _, inputs, outputs = layer.kernel
        found[f"{layer.name}.kernel"] = layer.kernel
        if layer.bias:
            found[f"{layer.name}.bias"] = (n_groups * (inputs if layer.transposed else outputs),)
    return found


def start(
    layers: tuple[Layer, ...], rng: np.random.Generator, dtype: str | type[Any]
) -> dict[str, Array]:
    """Kernels and biases with entries uniform on +-1 / sqrt(fan_in), the start of Jing et al.

    A linear layer then divides ||x||^2 by 3 on average. Differs from the code of Jing et al.: there
    the fan_in of a transposed convolution is outputs times window, here the number of terms of the
    sum.

    >>> parameters = start(encoder_layers(2, (4,), 9, 1, 1), np.random.default_rng(0), float)
    >>> kernel = parameters["linear1.kernel"]
    >>> kernel.shape, bool(np.abs(kernel).max() <= 1 / 3)
    ((1, 1, 1, 9, 9), True)
    """
    parameters: dict[str, Array] = {}
    for layer in layers:
        bound = layer.fan_in**-0.5
        for name, shape in shapes([layer]).items():
            parameters[name] = rng.uniform(-bound, bound, shape).astype(dtype)
    return parameters


def forward(layers: tuple[Layer, ...], parameters: dict[str, Array], X: Array) -> list[Array]:
    """The input of the first layer and the output of every layer, in order: X_0, X_1, ..., X_L.

    With all parameters 1/2, the first layer gives relu(1/2 * 1 + 1/2) at every pixel:

    >>> layers = decoder_layers(2, (1,), 1)
    >>> halves = {name: np.full(shape, 0.5) for name, shape in shapes(layers).items()}
    >>> forward(layers, halves, np.ones((1, 1, 1, 1)))[1][0, :, :, 0]
    array([[1., 1.],
           [1., 1.]])
    """
    outputs = [X]
    for layer in layers:
        outputs.append(_activate(layer.activation, _apply(layer, parameters, outputs[-1])))
    return outputs


def loss(layers: tuple[Layer, ...], parameters: dict[str, Array], Y: Array) -> float:
    """Mean reconstruction cost 1/(2N) sum_i ||y_i - yhat_i||^2, the norm over all pixels.

    Images are (n_samples, size, size, 1). Differs from Jing et al., whose code takes the mean over
    pixels: 2 / (number of pixels) times ours, a factor to which Adam is invariant. With all
    parameters zero yhat = 0, and the cost of the example is 2^2 / 2.

    >>> layers = decoder_layers(1, (1,), 1)
    >>> zero = {name: np.zeros(shape) for name, shape in shapes(layers).items()}
    >>> loss(layers, zero, np.full((1, 1, 1, 1), 2.0))
    2.0
    """
    return half_mean_square(forward(layers, parameters, Y)[-1] - Y)


def loss_and_grad(
    layers: tuple[Layer, ...], parameters: dict[str, Array], Y: Array
) -> tuple[float, dict[str, Array]]:
    """Loss and its gradient in every kernel and bias, a dict like ``parameters``.

    The gradient is that of :func:`backward` from B_L = (Yhat - Y) / N. The network of the example
    is yhat = tanh(v relu(w y + b) + c); at w = 1, b = v = c = 0, y = 2 it gives yhat = 0, D = -2.

    >>> layers = decoder_layers(1, (1,), 1)
    >>> parameters = {name: np.zeros(shape) for name, shape in shapes(layers).items()}
    >>> parameters["deconv1.kernel"] += 1
    >>> cost, gradient = loss_and_grad(layers, parameters, np.full((1, 1, 1, 1), 2.0))
    >>> cost, gradient["deconv2.kernel"].item(), gradient["deconv2.bias"].item()
    (2.0, -4.0, -2.0)
    """
    outputs = forward(layers, parameters, Y)
    E = outputs[-1] - Y
    gradient, _ = backward(layers, parameters, outputs, E / len(Y))
    return half_mean_square(E), gradient


def backward(
    layers: tuple[Layer, ...], parameters: dict[str, Array], outputs: list[Array], back: Array
) -> tuple[dict[str, Array], Array]:
    """From B_L = dL/dX_L, ``back``, to the gradient in every kernel and bias, and dL/dX_0.

    ``outputs`` are those of :func:`forward`. With X_l = phi_l(Z_l), Z_l = C_l X_{l-1} + b_l and
    B_l = dL/dX_l, from the last layer to the first (* is entry by entry):

        D_l = phi_l'(Z_l) * B_l                          (dL/dZ_l)
        dL/db_l = sum of D_l over samples and pixels
        dL/dK_l = kernel_gradient(X_{l-1}, D_l)          for C_l = C_K,    <C_K X, D> = T(K, X, D)
                  kernel_gradient(D_l, X_{l-1})          for C_l = C_K^T,  <C_K^T X, D> = T(K, D, X)
        B_{l-1} = C_l^T D_l                              transpose(K, D_l) or convolve(K, D_l).

    phi' is a function of the output x: 1{x > 0} for relu (0 at the kink), 1 - x^2 for tanh, 1 for
    the identity. The layer of the example is tanh(v x + c), with the derivatives x, 1, v at
    x = c = 0.

    >>> layers = decoder_layers(1, (1,), 1)[1:]
    >>> parameters = {"deconv2.kernel": np.full((1,) * 5, 3.0), "deconv2.bias": np.zeros(1)}
    >>> outputs = forward(layers, parameters, np.zeros((1,) * 4))
    >>> gradient, back = backward(layers, parameters, outputs, np.ones((1,) * 4))
    >>> gradient["deconv2.kernel"].item(), gradient["deconv2.bias"].item(), back.item()
    (0.0, 1.0, 3.0)
    """
    gradient = {}
    for layer, X, output in reversed(list(zip(layers, outputs[:-1], outputs[1:], strict=True))):
        n_groups, k, *_ = layer.kernel
        D = _derivative(layer.activation, output) * back
        first, second = (D, X) if layer.transposed else (X, D)
        gradient[f"{layer.name}.kernel"] = kernel_gradient(
            first, second, k, layer.stride, layer.padding, n_groups
        )
        if layer.bias:
            gradient[f"{layer.name}.bias"] = D.sum(axis=(0, 1, 2))
        adjoint = convolve if layer.transposed else transpose
        back = adjoint(parameters[f"{layer.name}.kernel"], D, layer.stride, layer.padding)
    return gradient, back


def collapse(
    layers: tuple[Layer, ...], parameters: dict[str, Array]
) -> tuple[tuple[Layer, ...], dict[str, Array]]:
    """Absorb the linear layers into the convolution before them: K W_1 W_2 ... and b W_1 W_2 ...

    Returned are layers and parameters of the same map. [L23] Section E.2 does so after training;
    IRMAE then is an AE that was trained in another way, GAE an AE whose last convolution is
    grouped. In the example all parameters are 3, and 3 * 3 * 3 = 27.

    >>> layers = encoder_layers(2, (2,), 2, n_linear=2, n_groups=2)
    >>> parameters = {name: np.full(shape, 3.0) for name, shape in shapes(layers).items()}
    >>> merged, absorbed = collapse(layers, parameters)
    >>> [layer.name for layer in merged], absorbed["conv2.kernel"].ravel(), absorbed["conv2.bias"]
    (['conv1', 'conv2'], array([27., 27.]), array([27., 27.]))
    """
    merged: list[Layer] = []
    absorbed = dict(parameters)
    for layer in layers:
        if not layer.name.startswith("linear"):
            merged.append(layer)
            continue
        kernel = f"{merged[-1].name}.kernel"
        bias = f"{merged[-1].name}.bias"
        W = absorbed.pop(f"{layer.name}.kernel")[:, 0, 0]
        b = absorbed[bias].reshape(len(W), -1)
        absorbed[kernel] = np.einsum("gijcd,gde->gijce", absorbed[kernel], W)
        absorbed[bias] = np.einsum("gd,gde->ge", b, W).ravel()
    return tuple(merged), absorbed


def _apply(layer: Layer, parameters: dict[str, Array], X: Array) -> Array:
    """C_K X + b, or C_K^T X + b."""
    linear = transpose if layer.transposed else convolve
    Z = linear(parameters[f"{layer.name}.kernel"], X, layer.stride, layer.padding)
    return Z + parameters[f"{layer.name}.bias"] if layer.bias else Z


def _activate(activation: str, Z: Array) -> Array:
    """phi(Z)."""
    if activation == "identity":
        return Z
    return relu(Z) if activation == "relu" else np.tanh(Z)


def _derivative(activation: str, output: Array) -> Any:
    """phi' from the output of phi."""
    if activation == "identity":
        return output.dtype.type(1)
    return output > 0 if activation == "relu" else 1 - output * output
