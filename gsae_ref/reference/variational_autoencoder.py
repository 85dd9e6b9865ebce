"""The variational autoencoder (Kingma and Welling 2014) on the layers of grouped_autoencoder: loss and its gradient, for given noise.

The encoder gives 2 d channels, a mean m and a log variance v for each of d latent channels; the
decoder sees the sample x = m + exp(v / 2) * eps with eps standard normal. With a Gaussian decoder
of variance ``weight`` the negative evidence bound, times ``weight``, is up to a constant

    L = 1/N sum_i [ 1/2 ||y_i - yhat_i||^2 + weight * 1/2 sum_k (m_ik^2 + exp(v_ik) - 1 - v_ik) ].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array
from .grouped_autoencoder import backward, forward

if TYPE_CHECKING:
    from .grouped_autoencoder import Layer


def sample(H: Array, noise: Array) -> tuple[Array, Array, Array]:
    """Mean, log variance and the sample m + exp(v / 2) * eps, from the channels H = (m, v) of the encoder.

    >>> sample(np.array([[1.0, 2 * np.log(3.0)]]), np.array([[2.0]]))[2]  # 1 + 3 * 2
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

    >>> from gsae_ref.reference.grouped_autoencoder import Layer
    >>> encoder = (Layer("code", False, (1, 1, 1, 1, 2), 1, 0, "identity", False, 1),)  # m = a y, v = b y, one pixel y
    >>> decoder = (Layer("image", False, (1, 1, 1, 1, 1), 1, 0, "identity", False, 1),)  # yhat = c x
    >>> parameters = {"code.kernel": np.zeros((1, 1, 1, 1, 2)), "image.kernel": np.ones((1, 1, 1, 1, 1))}  # a = b = 0, c = 1
    >>> y, noise = np.full((1, 1, 1, 1), 3.0), np.ones((1, 1, 1, 1))
    >>> loss(encoder, decoder, parameters, y, noise, 1.0)  # x = 0 + 1 * 1 = yhat: (1 - 3)^2 / 2
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

    With B = dL/dX handed down by the decoder and s = exp(v / 2), x = m + s * eps gives dx/dm = 1
    and dx/dv = s * eps / 2, so

        dL/dm = B + weight m / N,        dL/dv = B * s * eps / 2 + weight (exp(v) - 1) / (2 N),

    and the encoder takes over from (dL/dm, dL/dv).

    >>> from gsae_ref.reference.grouped_autoencoder import Layer
    >>> encoder = (Layer("code", False, (1, 1, 1, 1, 2), 1, 0, "identity", False, 1),)  # m = a y, v = b y, one pixel y
    >>> decoder = (Layer("image", False, (1, 1, 1, 1, 1), 1, 0, "identity", False, 1),)  # yhat = c x
    >>> parameters = {"code.kernel": np.zeros((1, 1, 1, 1, 2)), "image.kernel": np.ones((1, 1, 1, 1, 1))}  # a = b = 0, c = 1
    >>> y, noise = np.full((1, 1, 1, 1), 3.0), np.ones((1, 1, 1, 1))
    >>> cost, gradient = loss_and_grad(encoder, decoder, parameters, y, noise, 1.0)
    >>> cost, gradient["image.kernel"].item(), gradient["code.kernel"].ravel()  # E = -2: E x, and (E, E s eps / 2) y
    (2.0, -2.0, array([-6., -3.]))
    """
    n = len(Y)
    encoded = forward(encoder, parameters, Y)
    mean, log_variance, X = sample(encoded[-1], noise)
    decoded = forward(decoder, parameters, X)
    E = decoded[-1] - Y
    of_decoder, back = backward(decoder, parameters, decoded, E / n)
    of_mean = back + weight * mean / n
    of_log_variance = back * (X - mean) / 2 + weight * (np.exp(log_variance) - 1) / (
        2 * n
    )  # X - mean = s * eps
    of_encoder, _ = backward(
        encoder, parameters, encoded, np.concatenate([of_mean, of_log_variance], axis=-1)
    )
    return _cost(E, mean, log_variance, weight), of_encoder | of_decoder


def _cost(E: Array, mean: Array, log_variance: Array, weight: float) -> float:
    divergence = np.sum(mean * mean + np.exp(log_variance) - 1 - log_variance, dtype=np.float64)
    return float(np.square(E, dtype=np.float64).sum() + weight * divergence) / (2 * len(E))
