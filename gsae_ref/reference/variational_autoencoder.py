"""The variational autoencoder (Kingma and Welling 2014) on the layers of grouped_autoencoder: loss and its gradient, for given noise.

The encoder gives 2 d channels, a mean m and a log variance v for each of d latent channels; the decoder sees the sample x = m + exp(v / 2) * eps
with eps standard normal. With a Gaussian decoder of variance ``weight`` the negative evidence bound, times ``weight``, is up to a constant

    L = 1/N sum_i [ 1/2 ||y_i - yhat_i||^2 + weight * 1/2 sum_k (m_ik^2 + exp(v_ik) - 1 - v_ik) ].
"""

import numpy as np

from .grouped_autoencoder import backward, forward

__all__ = ["loss", "loss_and_grad", "sample"]


def sample(H, noise):
    """Mean, log variance and the sample m + exp(v / 2) * eps, from the channels H = (m, v) of the encoder.

    >>> sample(np.array([[1.0, 2 * np.log(3.0)]]), np.array([[2.0]]))[2]  # 1 + 3 * 2
    array([[7.]])
    """
    mean, log_variance = np.split(H, 2, axis=-1)
    return mean, log_variance, mean + np.exp(log_variance / 2) * noise


def loss(encoder, decoder, parameters, Y, noise, weight):
    """L above, for images (n_samples, size, size, 1) and noise (n_samples, 1, 1, d)."""
    mean, log_variance, X = sample(forward(encoder, parameters, Y)[-1], noise)
    return _cost(forward(decoder, parameters, X)[-1] - Y, mean, log_variance, weight)


def loss_and_grad(encoder, decoder, parameters, Y, noise, weight):
    """L and its gradient in every parameter, the noise held fixed.

    With B = dL/dX handed down by the decoder and s = exp(v / 2), x = m + s * eps gives dx/dm = 1 and dx/dv = s * eps / 2, so

        dL/dm = B + weight m / N,        dL/dv = B * s * eps / 2 + weight (exp(v) - 1) / (2 N),

    and the encoder takes over from (dL/dm, dL/dv).
    """
    n = len(Y)
    encoded = forward(encoder, parameters, Y)
    mean, log_variance, X = sample(encoded[-1], noise)
    decoded = forward(decoder, parameters, X)
    E = decoded[-1] - Y
    of_decoder, back = backward(decoder, parameters, decoded, E / n)
    of_mean = back + weight * mean / n
    of_log_variance = back * (X - mean) / 2 + weight * (np.exp(log_variance) - 1) / (2 * n)  # X - mean = s * eps
    of_encoder, _ = backward(encoder, parameters, encoded, np.concatenate([of_mean, of_log_variance], axis=-1))
    return _cost(E, mean, log_variance, weight), of_encoder | of_decoder


def _cost(E, mean, log_variance, weight):
    divergence = np.sum(mean * mean + np.exp(log_variance) - 1 - log_variance, dtype=np.float64)
    return float(np.sum(E * E, dtype=np.float64) + weight * divergence) / (2 * len(E))
