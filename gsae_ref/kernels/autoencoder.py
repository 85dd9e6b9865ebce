"""Loss and exact gradient, fused. Twin of :mod:`gsae_ref.reference.autoencoder`; how it works is told in :mod:`.fused`."""

from .fused import loss_and_gradient

__all__ = ["loss_and_grad"]


def loss_and_grad(A, Y, lam, group_size, n_threads=None):
    """Loss (13) and its exact gradient -1/N [ E^T X + Y^T (J (E A)) ], shapes () and (n_features, n_atoms).

    A (n_features, n_atoms) and Y (n_samples, n_features) are of one dtype, any strides. The loss is summed in float64.
    """
    return loss_and_gradient(A, Y, lam, group_size, "exact", n_threads)
