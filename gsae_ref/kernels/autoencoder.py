"""Loss and exact gradient, fused. Twin of :mod:`gsae_ref.reference.autoencoder`; how it works is told in :mod:`.fused`."""

from ..arrays import Array
from .fused import loss_and_gradient


def loss_and_grad(
    A: Array, Y: Array, lam: float, group_size: int, n_threads: int | None = None
) -> tuple[float, Array]:
    """Loss (13) and its exact gradient -1/N [ E^T X + Y^T (J (E A)) ], shapes () and (n_features, n_atoms).

    A (n_features, n_atoms) and Y (n_samples, n_features) are of one dtype, any strides. The loss is
    summed in float64.
    """
    return loss_and_gradient(A, Y, lam, group_size, "exact", n_threads)
