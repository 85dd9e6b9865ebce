"""The gradients that T21 uses in place of the exact one. Twin of :mod:`gsae_ref.reference.gradients`; see :mod:`.fused`.

Who needs the loss too has it for nothing from :func:`.fused.loss_and_gradient`.
"""

from ..arrays import Array
from .fused import loss_and_gradient


def appendix_b(
    A: Array, Y: Array, lam: float, group_size: int, n_threads: int | None = None
) -> Array:
    """Gradient of [T21] Eqs. (23) = (41) = (47) as printed, sigma' read as the diagonal of the Jacobian."""
    return loss_and_gradient(A, Y, lam, group_size, "appendix_b", n_threads)[1]


def approximate(
    A: Array, Y: Array, lam: float, group_size: int, n_threads: int | None = None
) -> Array:
    """Gradient of [T21] Eqs. (26) = (49) = (51) with the estimated support ||A_g^T y|| > lam. A given support: the reference only."""
    return loss_and_gradient(A, Y, lam, group_size, "approximate", n_threads)[1]
