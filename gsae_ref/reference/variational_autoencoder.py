"""The variational autoencoder on the layers of grouped_autoencoder: loss and its gradient.

Kingma and Welling (2014). The encoder gives 2 d channels, a mean m and a log variance v for each of
d latent channels. The decoder gets the sample x = m + exp(v / 2) * eps, with the noise eps standard
normal and given here. With a Gaussian decoder of variance ``weight``, the negative evidence lower
bound times ``weight`` is, up to a constant,

    L = 1/N sum_i [ 1/2 ||y_i - yhat_i||^2 + weight * 1/2 sum_k (m_ik^2 + exp(v_ik) - 1 - v_ik) ].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array
from .grouped_autoencoder import backward, forward
from .losses import half_mean_square

if TYPE_CHECKING:
    from .grouped_autoencoder import Layer


def sample(H: Array, noise: Array) -> tuple[Array, Array, Array]:
    """Mean m, log variance v and the sample m + exp(v / 2) * eps, from the channels H = (m, v).

    Here the sample is 1 + 3 * 2:

    >>> sample(np.array([[1.0, 2 * np.log(3.0)]]), np.array([[2.0]]))[2]
    array([[7.]])
    """
    mean, log_variance = np.split(H, 2, axis=-1)
    return mean, log_variance, mean + np.exp(log_variance / 2) * noise


def loss(
    encoder: tuple[Layer, ...],
    decoder: tuple[Layer, ...],
    parameters: dict[str, Array],
    Y: Array,
    noise: Array,
    weight: float,
) -> float:
    """L above, for images (n_samples, size, size, 1) and noise (n_samples, 1, 1, d).

    For one pixel y = 3 and m = a y, v = b y, yhat = c x at a = b = 0, c = 1, with eps = 1: then
    x = yhat = 1, and L = (1 - 3)^2 / 2.

    >>> from gsae_ref.reference.grouped_autoencoder import Layer
    >>> encoder = (Layer("code", (1, 1, 1, 1, 2), fan_in=1, bias=False),)
    >>> decoder = (Layer("image", (1, 1, 1, 1, 1), fan_in=1, bias=False),)
    >>> one = np.ones((1, 1, 1, 1))
    >>> parameters = {"code.kernel": np.zeros((1, 1, 1, 1, 2)), "image.kernel": one[None]}
    >>> loss(encoder, decoder, parameters, 3 * one, one, weight=1.0)
    2.0
    """
    mean, log_variance, X = sample(forward(encoder, parameters, Y)[-1], noise)
    return _cost(forward(decoder, parameters, X)[-1] - Y, mean, log_variance, weight)


def loss_and_grad(
    encoder: tuple[Layer, ...],
    decoder: tuple[Layer, ...],
    parameters: dict[str, Array],
    Y: Array,
    noise: Array,
    weight: float,
) -> tuple[float, dict[str, Array]]:
    """L and its gradient in every parameter, the noise held fixed.

    Let B = dL/dX, which the decoder gives, and s = exp(v / 2). From x = m + s * eps follow
    dx/dm = 1 and dx/dv = s * eps / 2, so

        dL/dm = B + weight m / N,    dL/dv = B * s * eps / 2 + weight (exp(v) - 1) / (2 N),

    from which the encoder goes on. In the example of :func:`loss` E = yhat - y = -2, and the
    gradients are E x in c and (E, E s eps / 2) y in (a, b):

    >>> from gsae_ref.reference.grouped_autoencoder import Layer
    >>> encoder = (Layer("code", (1, 1, 1, 1, 2), fan_in=1, bias=False),)
    >>> decoder = (Layer("image", (1, 1, 1, 1, 1), fan_in=1, bias=False),)
    >>> one = np.ones((1, 1, 1, 1))
    >>> parameters = {"code.kernel": np.zeros((1, 1, 1, 1, 2)), "image.kernel": one[None]}
    >>> cost, gradient = loss_and_grad(encoder, decoder, parameters, 3 * one, one, weight=1.0)
    >>> cost, gradient["image.kernel"].item(), gradient["code.kernel"].ravel()
    (2.0, -2.0, array([-6., -3.]))
    """
    n = len(Y)
    encoded = forward(encoder, parameters, Y)
    mean, log_variance, X = sample(encoded[-1], noise)
    decoded = forward(decoder, parameters, X)
    E = decoded[-1] - Y
    of_decoder, B = backward(decoder, parameters, decoded, E / n)
    of_mean = B + weight * mean / n
    of_log_variance = B * (X - mean) / 2  # X - mean = s * eps
    of_log_variance = of_log_variance + weight * (np.exp(log_variance) - 1) / (2 * n)
    of_code = np.concatenate([of_mean, of_log_variance], axis=-1)
    of_encoder, _ = backward(encoder, parameters, encoded, of_code)
    return _cost(E, mean, log_variance, weight), of_encoder | of_decoder


def _cost(E: Array, mean: Array, log_variance: Array, weight: float) -> float:
    """L, summed in float64."""
    divergence = np.sum(mean * mean + np.exp(log_variance) - 1 - log_variance, dtype=np.float64)
    return half_mean_square(E) + float(weight * divergence) / (2 * len(E))
