"""Activations and their Jacobians: the group soft threshold of T21, and the elementwise ones beside it.

Convention at the kinks: a group is active iff its norm is strictly above ``lam``; on the sphere
``||z_g|| = lam`` and at ``z_g = 0`` the Jacobian is the zero matrix. With ``lam = 0`` the map is
the identity and its Jacobian is ``I``, zero group included.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import groups
from ..arrays import Array


def shrinkage(r: Array, lam: float | Array) -> Array:
    """Factor by which the threshold scales a group of norm r: tau = (1 - lam / r)_+.

    [T21] the tau_g defined before Eq. (25). Any shape; ``lam = 0`` gives 1 everywhere, also at r =
    0. A lam beyond the range of r's dtype is taken as its largest number; an array holds one lam
    for each r, as :func:`_scaled` gives it.

    >>> shrinkage(np.array([5.0, 1.0, 0.0]), 1.0)
    array([0.8, 0. , 0. ])
    """
    if np.ndim(lam) == 0:
        if lam == 0:
            return np.ones_like(r)
        lam = _representable(lam, r.dtype)
    active = r > lam
    return np.where(active, 1 - lam / np.where(active, r, 1), 0).astype(r.dtype, copy=False)


def group_soft_threshold(Z: Array, lam: float, group_size: int) -> Array:
    """Shrink every group towards zero by ``lam`` in norm; groups of norm at most ``lam`` become zero.

    [T21] Eq. (7): sigma(z_g) = (1 - lam / ||z_g||)_+ z_g, the proximal operator of lam ||.||_2.

    >>> group_soft_threshold(np.array([3.0, 4.0, 0.3, 0.4]), 1.0, 2)
    array([2.4, 3.2, 0. , 0. ])
    """
    return groups.expand(group_shrinkage(Z, lam, group_size), group_size) * Z


def group_shrinkage(Z: Array, lam: Any, group_size: int) -> Array:
    """The factor tau_g of every group, (..., n_groups): :func:`shrinkage` of its norm.

    >>> group_shrinkage(np.array([3.0, 4.0, 0.3, 0.4]), 1.0, 2)
    array([0.8, 0. ])
    """
    r, lam, _ = _scaled(Z, lam, group_size)
    return shrinkage(r, lam)


def _scaled(Z: Array, lam: Any, group_size: int) -> tuple[Array, Any, Any]:
    """Norm r_g and lam, both times c_g, and c_g: powers of two that keep squares from overflow and underflow.

    The factor 1 - lam / r and the direction z / r do not depend on c. Where no group needs it c is
    the number 1.
    """
    s, c = groups.squares(Z, group_size)
    if np.ndim(c) and lam:
        with np.errstate(over="ignore"):  # an infinite threshold lets nothing pass, as it should
            lam = c * _representable(lam, c.dtype)
    return np.sqrt(s), lam, c


def _representable(lam: Any, dtype: np.dtype[Any]) -> float:
    """A threshold as a number of ``dtype``; beyond its range the largest one, which no norm exceeds either."""
    return dtype.type(min(lam, float(np.finfo(dtype).max)))


def _direction(Z: Array, lam: Any, group_size: int) -> tuple[Array, Array]:
    """Return tau_g (..., n_groups, 1) and the unit vectors z_g / r_g of the active groups (zero elsewhere)."""
    r, lam, c = (x[..., None] if np.ndim(x) else x for x in _scaled(Z, lam, group_size))
    active = r > lam
    u = np.where(active, c * groups.split(Z, group_size) / np.where(active, r, 1), 0)
    return shrinkage(r, lam), u


def group_soft_threshold_jacobian(Z: Array, lam: float, group_size: int) -> Array:
    """Jacobian of the group soft threshold, one (d, d) block per group: (..., n_groups, d, d).

    Write sigma(z) = (1 - lam / r) z with r = ||z||, so dr = z^T dz / r and d(lam / r) = -(lam /
    r^2) dr. For r > lam

        J = (1 - lam / r) I + (lam / r^3) z z^T = tau I + (1 - tau) u u^T,   u = z / r:

    eigenvalue 1 along z (a longer z is not shrunk more), tau across it. J is symmetric; J = 0 for r
    <= lam, J = I for lam = 0.

    Differs from the paper: T21 writes sigma' as a vector, which only suits d = 1 (see ``T21-eq24``
    in the ledger).

    >>> group_soft_threshold_jacobian(np.array([3.0, 4.0]), 1.0, 2)[0]
    array([[0.872, 0.096],
           [0.096, 0.928]])
    """
    tau, u = _direction(Z, lam, group_size)
    identity = np.eye(group_size, dtype=Z.dtype)
    return tau[..., None] * identity + (1 - tau)[..., None] * u[..., :, None] * u[..., None, :]


def group_soft_threshold_vjp(Z: Array, V: Array, lam: float, group_size: int) -> Array:
    """Jacobian of the group soft threshold at Z applied to V, without forming it: J v = tau v + (1 - tau) u (u^T v).

    Z, V and the result share one shape (..., n_atoms). J is symmetric: vector-Jacobian and
    Jacobian-vector products agree.

    >>> group_soft_threshold_vjp(np.array([3.0, 4.0]), np.array([1.0, 0.0]), 1.0, 2)
    array([0.872, 0.096])
    """
    tau, u = _direction(Z, lam, group_size)
    V = groups.split(V, group_size)
    along = np.einsum("...d,...d->...", u, V)[..., None]
    return groups.merge(tau * V + (1 - tau) * along * u)


def group_soft_threshold_diagonal(Z: Array, lam: float, group_size: int) -> Array:
    """Diagonal of the Jacobian, (..., n_atoms): tau + (1 - tau) u_j^2, the only reading that gives T21's vector sigma' a meaning.

    >>> group_soft_threshold_diagonal(np.array([3.0, 4.0]), 1.0, 2)
    array([0.872, 0.928])
    """
    tau, u = _direction(Z, lam, group_size)
    return groups.merge(tau + (1 - tau) * u**2)


def soft_threshold(Z: Array, lam: float) -> Array:
    """Shrink every entry by ``lam``: sign(z) (|z| - lam)_+, the group soft threshold with groups of one atom.

    >>> soft_threshold(np.array([-2.0, 0.5]), 1.0)
    array([-1.,  0.])
    """
    return np.sign(Z) * np.maximum(np.abs(Z) - _representable(lam, Z.dtype), 0)


def hard_threshold(Z: Array, lam: float) -> Array:
    """Keep the entries of magnitude above ``lam``, zero the rest: z 1{|z| > lam}.

    >>> hard_threshold(np.array([-2.0, 0.5]), 1.0)
    array([-2.,  0.])
    """
    return np.where(np.abs(Z) > _representable(lam, Z.dtype), Z, 0).astype(Z.dtype, copy=False)


def relu(Z: Array) -> Array:
    """Keep the positive part: max(z, 0).

    >>> relu(np.array([-2.0, 0.5]))
    array([0. , 0.5])
    """
    return np.maximum(Z, 0)
