"""The grouped autoencoder: convolutional encoder, linear layers within groups of latent channels, decoder; loss and its gradient, line by line.

[L23] Section E.2, Figures 8 and 9. All layers are of one kind: a convolution or a transposed
convolution, plus a bias, through an activation,

    x' = phi(C_K x + b)    or    x' = phi(C_K^T x + b),        phi = relu, tanh or identity, entry by entry;

a dense layer is a convolution whose window is the whole image. The linear layers in latent space
are 1 x 1 convolutions of 1 x 1 images: block diagonal matrices, one block for a group, without
bias. They add nothing to what the network can express (:func:`collapse`), only to how it learns.

Names: AE has one group and no linear layer, IRMAE (Jing, Zbontar, LeCun 2020) one group and linear
layers, GAE linear layers in several groups. The last convolution of the encoder is grouped like
them, as in Figure 9.

Differs from the paper: it prints no sizes. Sizes here are those of the MNIST network of Jing et al.
with 512 latent channels and 3 linear layers for their 128 and 8, which is what Table 2 counts:
786432 = 3 * 512^2. Their dense layer between encoder and latent space is our last convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from .activations import relu
from .convolution import convolve, kernel_gradient, transpose
from .losses import half_mean_square


class Layer(NamedTuple):
    """One layer: where it is, what it does. ``kernel`` is a shape, (n_groups, k, k, inputs, outputs) of the convolution, transposed or not.

    >>> encoder_layers(8, (4, 8), 16, 1, n_groups=2)[0]  # 8 by 8 pixels become 4 by 4
    Layer(name='conv1', transposed=False, kernel=(1, 4, 4, 1, 4), stride=2, padding=1,
    activation='relu', bias=True, fan_in=16)
    """

    name: str
    transposed: bool
    kernel: tuple[int, ...]
    stride: int
    padding: int
    activation: str  #: "relu", "tanh" or "identity"
    bias: bool
    fan_in: int  #: terms in the sum that makes one pre-activation


def encoder_layers(
    image_size: int, channels: tuple[int, ...], n_latent: int, n_linear: int, n_groups: int
) -> tuple[Layer, ...]:
    """From an image of one channel to ``n_latent`` channels of one pixel.

    Every convolution but the last halves the image (4 x 4, stride 2, padding 1); the last sees what
    is left of it, whole, group by group.

    >>> [layer.kernel for layer in encoder_layers(8, (4, 8), 16, 1, n_groups=2)]
    [(1, 4, 4, 1, 4), (1, 4, 4, 4, 8), (2, 2, 2, 4, 8), (2, 1, 1, 8, 8)]
    """
    halving = [
        Layer(f"conv{i}", False, (1, 4, 4, c, d), 2, 1, "relu", True, 16 * c)
        for i, (c, d) in enumerate(zip((1, *channels[:-1]), channels, strict=True), start=1)
    ]
    k = image_size >> len(channels)
    c = channels[-1] // n_groups
    d = n_latent // n_groups
    last = Layer(
        f"conv{len(channels) + 1}", False, (n_groups, k, k, c, d), 1, 0, "identity", True, k * k * c
    )
    linear = [
        Layer(f"linear{i}", False, (n_groups, 1, 1, d, d), 1, 0, "identity", False, d)
        for i in range(1, n_linear + 1)
    ]
    return *halving, last, *linear


def decoder_layers(image_size: int, channels: tuple[int, ...], n_latent: int) -> tuple[Layer, ...]:
    """From ``n_latent`` channels of one pixel back to an image of one channel.

    The first transposed convolution spreads the code over a small image, every further one doubles
    it, the last (1 x 1) mixes its channels.

    >>> [layer.kernel for layer in decoder_layers(8, (6, 4), 16)]  # of the convolutions that are transposed
    [(1, 4, 4, 6, 16), (1, 4, 4, 4, 6), (1, 1, 1, 1, 4)]
    """
    k = image_size >> (len(channels) - 1)
    spread = Layer("deconv1", True, (1, k, k, channels[0], n_latent), 1, 0, "relu", True, n_latent)
    doubling = [
        Layer(f"deconv{i}", True, (1, 4, 4, d, c), 2, 1, "relu", True, 4 * c)
        for i, (c, d) in enumerate(zip(channels[:-1], channels[1:], strict=True), start=2)
    ]
    return (
        spread,
        *doubling,
        Layer(
            f"deconv{len(channels) + 1}",
            True,
            (1, 1, 1, 1, channels[-1]),
            1,
            0,
            "tanh",
            True,
            channels[-1],
        ),
    )


def shapes(layers: Sequence[Layer]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the parameters.

    >>> shapes(decoder_layers(2, (3,), 4))
    {'deconv1.kernel': (1, 2, 2, 3, 4), 'deconv1.bias': (3,), 'deconv2.kernel': (1, 1, 1, 1, 3),
    'deconv2.bias': (1,)}
    """
    found = {}
    for layer in layers:
        n_groups, _, _, inputs, outputs = layer.kernel
        found[f"{layer.name}.kernel"] = layer.kernel
        if layer.bias:
            found[f"{layer.name}.bias"] = (n_groups * (inputs if layer.transposed else outputs),)
    return found


def start(
    layers: tuple[Layer, ...], rng: np.random.Generator, dtype: str | type[Any]
) -> dict[str, Array]:
    """Kernels and biases, entries uniform on +-1 / sqrt(fan_in), as Jing et al. start. A linear layer then divides ||x||^2 by 3 on average.

    Differs from their code: there the fan_in of a transposed convolution counts outputs times
    window, here the terms of the sum.

    >>> kernel = start(encoder_layers(2, (4,), 9, 1, 1), np.random.default_rng(0), float)["linear1.kernel"]
    >>> kernel.shape, bool(np.abs(kernel).max() <= 1 / 3)
    ((1, 1, 1, 9, 9), True)
    """
    parameters: dict[str, Array] = {}
    for layer in layers:
        bound = layer.fan_in**-0.5
        parameters |= {
            name: rng.uniform(-bound, bound, shape).astype(dtype)
            for name, shape in shapes([layer]).items()
        }
    return parameters


def forward(layers: tuple[Layer, ...], parameters: dict[str, Array], X: Array) -> list[Array]:
    """The input of the first layer and the output of every layer, in order: X_0, X_1, ..., X_L.

    >>> layers = decoder_layers(2, (1,), 1)
    >>> halves = {name: np.full_like(value, 0.5) for name, value in start(layers, np.random.default_rng(0), float).items()}
    >>> forward(layers, halves, np.ones((1, 1, 1, 1)))[1][0, :, :, 0]  # relu(1/2 * 1 + 1/2)
    array([[1., 1.],
           [1., 1.]])
    """
    outputs = [X]
    for layer in layers:
        outputs.append(_activate(layer.activation, _apply(layer, parameters, outputs[-1])))
    return outputs


def loss(layers: tuple[Layer, ...], parameters: dict[str, Array], Y: Array) -> float:
    """Mean reconstruction cost 1/(2N) sum_i ||y_i - yhat_i||^2 of images (n_samples, size, size, 1), the norm over all pixels.

    Differs from Jing et al., whose code takes the mean over pixels: 2 / (number of pixels) times
    ours, a factor that Adam does not feel.

    >>> layers = decoder_layers(1, (1,), 1)
    >>> zero = {name: np.zeros(shape) for name, shape in shapes(layers).items()}
    >>> loss(layers, zero, np.full((1, 1, 1, 1), 2.0))  # yhat = 0: 2^2 / 2
    2.0
    """
    E = forward(layers, parameters, Y)[-1] - Y
    return half_mean_square(E)


def loss_and_grad(
    layers: tuple[Layer, ...], parameters: dict[str, Array], Y: Array
) -> tuple[float, dict[str, Array]]:
    """Loss and its gradient in every kernel and bias, a dict like ``parameters``: :func:`backward` from B_L = (Yhat - Y) / N.

    >>> layers = decoder_layers(1, (1,), 1)  # yhat = tanh(v relu(w y + b) + c)
    >>> parameters = {name: np.zeros(shape) for name, shape in shapes(layers).items()}
    >>> parameters["deconv1.kernel"] += 1
    >>> cost, gradient = loss_and_grad(layers, parameters, np.full((1, 1, 1, 1), 2.0))  # y = 2, w = 1, v = 0: yhat = 0, D = -2
    >>> cost, gradient["deconv2.kernel"].item(), gradient["deconv2.bias"].item(), abs(gradient["deconv1.kernel"].item())
    (2.0, -4.0, -2.0, 0.0)
    """
    outputs = forward(layers, parameters, Y)
    E = outputs[-1] - Y
    cost = half_mean_square(E)
    return cost, backward(layers, parameters, outputs, E / len(Y))[0]


def backward(
    layers: tuple[Layer, ...], parameters: dict[str, Array], outputs: list[Array], back: Array
) -> tuple[dict[str, Array], Array]:
    """From dL/dX_L to the gradient in every kernel and bias, and dL/dX_0; ``outputs`` are those of :func:`forward`.

    Let X_l = phi_l(Z_l), Z_l = C_l X_{l-1} + b_l and B_l = dL/dX_l. Going down from B_L, with *
    entry by entry:

        D_l = phi_l'(Z_l) * B_l                              (dL/dZ_l)
        dL/db_l = sum of D_l over samples and pixels
        dL/dK_l = kernel_gradient(X_{l-1}, D_l)              for C_l = C_K:    <C_K X, D> = T(K, X, D)
                  kernel_gradient(D_l, X_{l-1})              for C_l = C_K^T:  <C_K^T X, D> = T(K, D, X)
        B_{l-1} = C_l^T D_l                                  transpose(K, D_l), or for C_l = C_K^T convolve(K, D_l).

    phi' is written in terms of the output: 1{x > 0} for relu (so 0 at the kink), 1 - x^2 for tanh,
    1 for the identity.

    >>> layers = decoder_layers(1, (1,), 1)[1:]  # tanh(v x + c)
    >>> parameters = {"deconv2.kernel": np.full((1,) * 5, 3.0), "deconv2.bias": np.zeros(1)}
    >>> gradient, back = backward(layers, parameters, forward(layers, parameters, np.zeros((1,) * 4)), np.ones((1,) * 4))
    >>> gradient["deconv2.kernel"].item(), gradient["deconv2.bias"].item(), back.item()  # x, 1, v at x = c = 0
    (0.0, 1.0, 3.0)
    """
    gradient = {}
    for layer, X, output in zip(
        reversed(layers), reversed(outputs[:-1]), reversed(outputs[1:]), strict=True
    ):
        D = _derivative(layer.activation, output) * back
        first, second = (D, X) if layer.transposed else (X, D)
        gradient[f"{layer.name}.kernel"] = kernel_gradient(
            first, second, layer.kernel[1], layer.stride, layer.padding, layer.kernel[0]
        )
        if layer.bias:
            gradient[f"{layer.name}.bias"] = D.sum(axis=(0, 1, 2))
        back = (convolve if layer.transposed else transpose)(
            parameters[f"{layer.name}.kernel"], D, layer.stride, layer.padding
        )
    return gradient, back


def collapse(
    layers: tuple[Layer, ...], parameters: dict[str, Array]
) -> tuple[tuple[Layer, ...], dict[str, Array]]:
    """Absorb the linear layers into the convolution before them: layers and parameters of the same map, K W_1 W_2 ... and b W_1 W_2 ...

    [L23] Section E.2: "absorbed into the last layer of the encoder in practice". So IRMAE is an AE
    that was trained another way, and GAE an AE whose last convolution is grouped.

    >>> layers = encoder_layers(2, (2,), 2, n_linear=2, n_groups=2)
    >>> parameters = {name: np.full_like(value, 3.0) for name, value in start(layers, np.random.default_rng(0), float).items()}
    >>> merged, once = collapse(layers, parameters)
    >>> [layer.name for layer in merged], once["conv2.kernel"].ravel(), once["conv2.bias"]  # 3 * 3 * 3
    (['conv1', 'conv2'], array([27., 27.]), array([27., 27.]))
    """
    merged = []
    once = dict(parameters)
    for layer in layers:
        if not layer.name.startswith("linear"):
            merged.append(layer)
            continue
        before = merged[-1].name
        W = once.pop(f"{layer.name}.kernel")[:, 0, 0]
        once[f"{before}.kernel"] = np.einsum("gijcd,gde->gijce", once[f"{before}.kernel"], W)
        once[f"{before}.bias"] = np.einsum(
            "gd,gde->ge", once[f"{before}.bias"].reshape(len(W), -1), W
        ).ravel()
    return tuple(merged), once


def _apply(layer: Layer, parameters: dict[str, Array], X: Array) -> Array:
    """C_K X + b, or C_K^T X + b."""
    Z = (transpose if layer.transposed else convolve)(
        parameters[f"{layer.name}.kernel"], X, layer.stride, layer.padding
    )
    return Z + parameters[f"{layer.name}.bias"] if layer.bias else Z


def _activate(activation: str, Z: Array) -> Array:
    if activation == "identity":
        return Z
    return relu(Z) if activation == "relu" else np.tanh(Z)


def _derivative(activation: str, output: Array) -> Any:
    """phi' from the value of phi."""
    if activation == "identity":
        return output.dtype.type(1)
    return output > 0 if activation == "relu" else 1 - output * output
