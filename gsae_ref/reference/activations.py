"""Activations and their Jacobians: the group soft threshold of T21, and the elementwise ones.

Convention at the kinks: a group is active iff its norm is strictly above ``lam``; on the sphere
``||z_g|| = lam`` and at ``z_g = 0`` the Jacobian is the zero matrix. With ``lam = 0`` the map is
the identity and its Jacobian is ``I``, zero groups included.

``lam`` is one threshold for all groups, or an array (..., n_groups) with one for each.
"""

from __future__ import annotations

import numpy as np

from .. import groups
from ..arrays import Array


def shrinkage(r: Array, lam: float | Array) -> Array:
    """Factor by which the threshold scales a group of norm r: tau = (1 - lam / r)_+.

    [T21] the tau_g defined before Eq. (25). Any shape; ``lam = 0`` gives 1 everywhere, also at
    r = 0.

    >>> shrinkage(np.array([5.0, 1.0, 0.0]), 1.0)
    array([0.8, 0. , 0. ])
    """
    active = r > lam
    return np.where(active, 1 - lam / np.where(active, r, 1), lam == 0)


def group_soft_threshold(Z: Array, lam: float | Array, group_size: int) -> Array:
    """Shrink every group towards zero by ``lam`` in norm; groups of norm at most ``lam`` vanish.

    [T21] Eq. (7): sigma(z_g) = (1 - lam / ||z_g||)_+ z_g, the proximal operator of lam ||.||_2.

    >>> group_soft_threshold(np.array([3.0, 4.0, 0.3, 0.4]), 1.0, 2)
    array([2.4, 3.2, 0. , 0. ])
    """
    tau = shrinkage(groups.norms(Z, group_size), lam)
    return groups.expand(tau, group_size) * Z


def group_soft_threshold_jacobian(Z: Array, lam: float | Array, group_size: int) -> Array:
    """Jacobian of the group soft threshold, one (d, d) block per group: (..., n_groups, d, d).

    Write sigma(z) = (1 - lam / r) z with r = ||z||, so that dr = z^T dz / r and
    d(lam / r) = -(lam / r^2) dr. For r > lam

        J = (1 - lam / r) I + (lam / r^3) z z^T = tau I + (1 - tau) u u^T,   u = z / r:

    eigenvalue 1 along z (a longer z is not shrunk more), tau across it. J is symmetric; J = 0 for
    r <= lam, J = I for lam = 0.

    Differs from the paper: T21 writes sigma' as a vector, which only suits d = 1 (see ``T21-eq24``
    in the ledger).

    >>> group_soft_threshold_jacobian(np.array([3.0, 4.0]), 1.0, 2)[0]
    array([[0.872, 0.096],
           [0.096, 0.928]])
    """
    tau, u = _factor_and_direction(Z, lam, group_size)
    identity = np.eye(group_size, dtype=Z.dtype)
    return tau[..., None] * identity + (1 - tau)[..., None] * u[..., :, None] * u[..., None, :]


def group_soft_threshold_vjp(Z: Array, V: Array, lam: float | Array, group_size: int) -> Array:
    """Jacobian of the group soft threshold at Z times V: J v = tau v + (1 - tau) u (u^T v).

    Z, V and the result share one shape (..., n_atoms); the blocks of J are not formed. J is
    symmetric: vector-Jacobian and Jacobian-vector products agree.

    >>> group_soft_threshold_vjp(np.array([3.0, 4.0]), np.array([1.0, 0.0]), 1.0, 2)
    array([0.872, 0.096])
    """
    tau, u = _factor_and_direction(Z, lam, group_size)
    V = groups.split(V, group_size)
    along = np.einsum("...d,...d->...", u, V)[..., None]
    return groups.merge(tau * V + (1 - tau) * along * u)


def group_soft_threshold_diagonal(Z: Array, lam: float | Array, group_size: int) -> Array:
    """Diagonal of the Jacobian, tau + (1 - tau) u_j^2, of shape (..., n_atoms).

    It is the only reading that gives T21's vector sigma' a meaning.

    >>> group_soft_threshold_diagonal(np.array([3.0, 4.0]), 1.0, 2)
    array([0.872, 0.928])
    """
    tau, u = _factor_and_direction(Z, lam, group_size)
    return groups.merge(tau + (1 - tau) * u**2)


def _factor_and_direction(Z: Array, lam: float | Array, group_size: int) -> tuple[Array, Array]:
    """tau_g (..., n_groups, 1) and u_g = z_g / ||z_g|| (..., n_groups, d), zero if inactive."""
    r = groups.norms(Z, group_size)
    divisor = np.where(r > lam, r, np.inf)
    return shrinkage(r, lam)[..., None], groups.split(Z, group_size) / divisor[..., None]


def soft_threshold(Z: Array, lam: float) -> Array:
    """Shrink every entry by ``lam``: sign(z) (|z| - lam)_+.

    It is the group soft threshold with groups of one atom.

    >>> soft_threshold(np.array([-2.0, 0.5]), 1.0)
    array([-1.,  0.])
    """
    return np.sign(Z) * np.maximum(np.abs(Z) - lam, 0)


def hard_threshold(Z: Array, lam: float) -> Array:
    """Leave the entries of magnitude above ``lam`` as they are, zero the rest: z 1{|z| > lam}.

    >>> hard_threshold(np.array([-2.0, 0.5]), 1.0)
    array([-2.,  0.])
    """
    return np.where(np.abs(Z) > lam, Z, 0)


def relu(Z: Array) -> Array:
    """Positive part: max(z, 0).

    >>> relu(np.array([-2.0, 0.5]))
    array([0. , 0.5])
    """
    return np.maximum(Z, 0)
