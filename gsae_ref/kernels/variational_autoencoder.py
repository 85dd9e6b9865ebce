"""Loss and gradient of the variational autoencoder on the passes of :mod:`.grouped_autoencoder`.

Twin of :mod:`gsae_ref.reference.variational_autoencoder`, to rounding.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import Array
from ._jit import spread_over_threads
from .grouped_autoencoder import backward, forward, half_mean_square


def loss_and_grad(
    encoder: Sequence[Any],
    decoder: Sequence[Any],
    parameters: dict[str, Array],
    Y: Array,
    noise: Array,
    weight: float,
    n_threads: int | None = None,
) -> tuple[float, dict[str, Array]]:
    """The objective for given noise, and its gradient in every parameter."""
    n = len(Y)
    with spread_over_threads(n_threads) as spread:
        encoded = forward(encoder, parameters, Y, spread)
        mean, log_variance = np.split(encoded[-1], 2, axis=-1)
        variance = np.exp(log_variance)
        shift = np.sqrt(variance) * noise
        decoded = forward(decoder, parameters, mean + shift, spread)
        E = decoded[-1] - Y
        of_decoder, B = backward(decoder, parameters, decoded, E / n, spread)
        of_mean = B + weight * mean / n
        of_log_variance = B * shift / 2 + weight * (variance - 1) / (2 * n)
        of_code = np.concatenate([of_mean, of_log_variance], axis=-1)
        of_encoder, _ = backward(encoder, parameters, encoded, of_code, spread, to_input=False)
    divergence = np.sum(mean * mean + variance - 1 - log_variance, dtype=np.float64)
    cost = half_mean_square(E) + float(weight * divergence) / (2 * n)
    return cost, of_encoder | of_decoder
