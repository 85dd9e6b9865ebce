"""The shallow network: threshold, encoder, decoder, loss and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups
from ..arrays import Array, BoolArray
from ..reference import activations, autoencoder, gradients
from .blocks import averaged, in_blocks, in_rows, stacked
from .engine import run_kernel, use_compiled_threshold, use_kernel
from .scaling import (
    clip_threshold,
    is_moderate,
    norm,
    products_are_safe,
    rescale,
    scale_groups,
    squares_are_safe,
    undo_scale,
)

GRADIENTS = ("exact", "appendix_b", "approximate")


def group_soft_threshold(Z: ArrayLike, lam: float, group_size: int) -> Array:
    """Shrink every group of pre-activations by ``lam`` in norm, or to zero. [T21] Eq. (7).

    sigma(z_g) = (1 - lam / ||z_g||)_+ z_g, with sigma(0) = 0: the proximal operator of lam ||.||_2,
    the "Group ReLU" of the paper.

    Parameters
    ----------
    Z : array_like of shape (n_samples, n_atoms) or (n_atoms,)
        Pre-activations; groups are contiguous blocks of ``group_size``.
    lam, group_size
        As in :func:`encode`.

    Returns
    -------
    X : ndarray, shape of Z
        Codes.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, a negative ``lam``, a ``group_size`` that does not
        divide n_atoms.

    Notes
    -----
    Differs from the paper: the map does *not* generalise ReLU; for groups of one atom it is the
    odd, two-sided soft threshold (ledger row ``T21-relu``).

    Examples
    --------
    >>> group_soft_threshold([3.0, 4.0, 0.3, 0.4], lam=1.0, group_size=2)
    array([2.4, 3.2, 0. , 0. ])
    """
    Z, norm_of_Z = checks.codes_and_norm("Z", Z, group_size)
    lam = clip_threshold(checks.threshold(lam), Z.dtype)
    if not squares_are_safe(norm_of_Z, lam, Z.dtype):
        return checks.representable("the code", lambda: _shrink(Z, lam, group_size), Z=Z)
    if use_compiled_threshold(Z):
        from ..kernels.activations import group_soft_threshold as kernel

        return kernel(Z, lam, group_size, n_threads=None)
    return activations.group_soft_threshold(Z, lam, group_size)


def _shrink(Z: Array, lam: float, group_size: int) -> Array:
    """The group soft threshold of entries of any magnitude."""
    scaled, thresholds = scale_groups(Z, lam, group_size)
    tau = activations.shrinkage(groups.norms(scaled, group_size), thresholds)
    return groups.expand(tau, group_size) * Z


def group_soft_threshold_vjp(Z: ArrayLike, V: ArrayLike, lam: float, group_size: int) -> Array:
    """Jacobian of :func:`group_soft_threshold` at Z times V; it is symmetric.

    J = (1 - lam / r) I + (lam / r^3) z z^T for r = ||z|| > lam, 0 for r <= lam; J = I if lam = 0.

    Parameters
    ----------
    Z, V : array_like of one shape, (n_samples, n_atoms) or (n_atoms,)
        The point, and the vectors.
    lam, group_size
        As in :func:`encode`.

    Returns
    -------
    JV : ndarray, shape of Z

    Raises
    ------
    TypeError, ValueError
        As :func:`group_soft_threshold`; and for Z and V of different shapes.

    Notes
    -----
    Differs from the paper: [T21] Eq. (24) has sigma' = (1 - lam / r) 1, a multiple of the identity;
    along z the true factor is 1 (ledger row ``T21-eq24``).

    Examples
    --------
    >>> group_soft_threshold_vjp([3.0, 4.0], [1.0, 0.0], lam=1.0, group_size=2)
    array([0.872, 0.096])
    """
    Z, norm_of_Z = checks.codes_and_norm("Z", Z, group_size)
    V, norm_of_V = checks.array_and_norm("V", V)
    checks.same_shape("Z", Z, "V", V)
    Z, V = checks.common_dtype(Z, V)
    lam = clip_threshold(checks.threshold(lam), Z.dtype)
    if not (squares_are_safe(norm_of_Z, lam, Z.dtype) and is_moderate(norm_of_V, Z.dtype)):
        scaled, thresholds = scale_groups(Z, lam, group_size)
        vjp = activations.group_soft_threshold_vjp
        compute = lambda: vjp(scaled, V, thresholds, group_size)
        return checks.representable("the product", compute, Z=Z, V=V)
    if use_compiled_threshold(Z):
        from ..kernels.activations import group_soft_threshold_vjp as kernel

        return kernel(Z, V, lam, group_size, n_threads=None)
    return activations.group_soft_threshold_vjp(Z, V, lam, group_size)


def check_network(
    A: ArrayLike, Y: ArrayLike, lam: float, group_size: int
) -> tuple[Array, Array, float, tuple[float, float]]:
    """Check a dictionary, a batch and a threshold that belong together.

    Returns them as floats, and the norms of dictionary and batch.
    """
    A, norm_of_A = checks.dictionary_and_norm("A", A, group_size)
    Y, norm_of_Y = checks.batch_and_norm("Y", Y, A.shape[0], f"A of shape {A.shape}")
    A, Y = checks.common_dtype(A, Y)
    return A, Y, clip_threshold(checks.threshold(lam), A.dtype), (norm_of_A, norm_of_Y)


def encode(A: ArrayLike, Y: ArrayLike, lam: float, group_size: int) -> Array:
    """Codes of the samples: X = sigma(Y A). [T21] Eq. (11).

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples as rows. A memory map or a Dask array is read by blocks.
    lam : float
        Threshold, >= 0.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    X : ndarray of shape (n_samples, n_atoms) or (n_atoms,)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, a bad ``lam`` or
        ``group_size``.

    Examples
    --------
    >>> encode(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)
    array([2.4, 3.2])
    """
    if in_rows(Y):
        return stacked(lambda block: encode(A, block, lam, group_size), A, Y)
    A, Y, lam, norms = check_network(A, Y, lam, group_size)
    if products_are_safe(norms, lam, A.dtype):
        compute = lambda: autoencoder.encode(A, Y, lam, group_size)
    else:
        compute = lambda: _shrink(Y @ A, lam, group_size)
    return checks.representable("the code", compute, A=A, Y=Y)


def decode(A: ArrayLike, X: ArrayLike) -> Array:
    """Reconstructions: Y = X A^T. [T21] Eq. (12).

    Parameters
    ----------
    A
        As in :func:`encode`.
    X : array_like of shape (n_samples, n_atoms) or (n_atoms,)
        Codes as rows.

    Returns
    -------
    Y : ndarray of shape (n_samples, n_features) or (n_features,)

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals or shapes that do not fit.

    Examples
    --------
    >>> decode([[1.0, 0.0], [0.0, 2.0]], [3.0, 4.0])
    array([3., 8.])
    """
    A = checks.dictionary("A", A)
    X = checks.batch("X", X, A.shape[1], f"A of shape {A.shape}")
    A, X = checks.common_dtype(A, X)
    return checks.representable("the reconstruction", lambda: autoencoder.decode(A, X), A=A, X=X)


def loss(A: ArrayLike, Y: ArrayLike, lam: float, group_size: int) -> float:
    """Mean reconstruction cost 1/(2N) sum_i ||y_i - A sigma(A^T y_i)||^2. [T21] Eqs. (13), (40).

    Parameters
    ----------
    A, Y, lam, group_size
        As in :func:`encode`.

    Returns
    -------
    cost : float
        Summed in float64 whatever the dtype of the data.

    Raises
    ------
    TypeError, ValueError
        As :func:`encode`.

    Examples
    --------
    >>> loss(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)
    0.5
    """
    if in_blocks(Y):
        return averaged(lambda block: (loss(A, block, lam, group_size),), A, Y)[0]
    A, Y, lam, norms = check_network(A, Y, lam, group_size)
    scaled, (threshold,), factor = rescale(np.atleast_2d(Y), lam, norm_of_Y=norms[1])

    def compute() -> float:
        return autoencoder.loss(A, scaled, threshold, group_size) / factor / factor

    return checks.representable("the loss", compute, A=A, Y=Y)


def loss_and_grad(
    A: ArrayLike,
    Y: ArrayLike,
    lam: float,
    group_size: int,
    gradient: str = "exact",
    engine: str = "auto",
    support: ArrayLike | None = None,
) -> tuple[float, Array]:
    """Loss (13) and a gradient of it with respect to the dictionary, averaged over the samples.

    Parameters
    ----------
    A, Y, lam, group_size
        As in :func:`encode`.
    gradient : {"exact", "appendix_b", "approximate"}
        - "exact": the true gradient, -1/N [E^T X + Y^T (J (E A))], J the Jacobian of the threshold;
        - "appendix_b": [T21] Eq. (41) as printed, sigma' read as the diagonal of J;
        - "approximate": [T21] Eqs. (26), (51).
    engine : {"auto", "reference", "numba"}
        The implementation: the reference, the compiled kernel, or for "auto" the kernel when the
        problem is large enough for it. They agree to rounding (1e-12 relative in float64); the
        kernel's result is the same bits for any number of threads. Where squares of A, Y or Y A
        would leave the range of the type, the reference runs in any case.
    support : array_like, optional
        For ``gradient="approximate"`` only, and computed by the reference: the groups taken as
        active, as a boolean mask (n_samples, n_groups) or integer indices (n_samples, n_active).
        None estimates them, ||A_g^T y|| > lam.

    Returns
    -------
    cost : float
    grad : ndarray of shape (n_features, n_atoms)

    Raises
    ------
    TypeError, ValueError
        As :func:`encode`; for an unknown ``gradient`` or ``engine``; for a ``support`` that does
        not fit or is not used.

    Notes
    -----
    Differs from the paper: Appendix B calls (41) the gradient; for groups of two or more atoms it
    is not (ledger row ``T21-eq41``). Where some ||A_g^T y|| equals lam the loss has a kink; J = 0
    is used there.

    Examples
    --------
    Along A = s I the loss is 25/2 (1 - s^2 + s/5)^2, of derivative -9 at s = 1:

    >>> cost, grad = loss_and_grad(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2)
    >>> cost, float(np.trace(grad))
    (0.5, -9.0)
    """
    checks.option("gradient", gradient, GRADIENTS)
    if support is not None:
        _refuse_idle_support(gradient, engine)
    if in_blocks(Y):
        return _in_blocks(A, Y, lam, group_size, gradient, engine, support)
    A, Y, lam, norms = check_network(A, Y, lam, group_size)
    Y = np.atleast_2d(Y)
    if support is not None:
        support = checks.support("support", support, len(Y), A.shape[1] // group_size)
    scaled, (threshold,), factor = rescale(Y, lam, norm_of_Y=norms[1])
    norms = norms[0], norms[1] if factor == 1 else norm(scaled)
    by_kernel = use_kernel(engine, len(Y), A) and support is None
    by_kernel = by_kernel and products_are_safe(norms, threshold, A.dtype)

    def compute() -> tuple[float, Array]:
        problem = A, scaled, threshold, group_size, gradient
        result = _by_kernel(*problem) if by_kernel else _by_reference(*problem, support)
        return undo_scale(*result, factor)

    return checks.representable("the gradient", compute, A=A, Y=Y)


def _refuse_idle_support(gradient: str, engine: str) -> None:
    """Refuse a support where it is not used."""
    if gradient != "approximate":
        raise ValueError(
            f"support was given with gradient={gradient!r}; only the approximate gradient takes "
            f"one; drop it or use gradient='approximate'"
        )
    if engine == "numba":
        raise ValueError(
            "support was given with engine='numba'; the kernel estimates it; "
            "use engine='auto' or 'reference'"
        )


def _in_blocks(
    A: ArrayLike, Y: Any, lam: float, group_size: int, gradient: str, engine: str, support: Any
) -> tuple[float, Array]:
    """Loss and gradient, averaged over blocks of samples."""
    if support is not None:
        n_atoms = checks.dictionary("A", A, group_size).shape[1]
        support = checks.support("support", support, len(Y), n_atoms // group_size)

    def compute(block: Array, active: BoolArray | None) -> tuple[float, Array]:
        return loss_and_grad(A, block, lam, group_size, gradient, engine, active)

    cost, grad = averaged(compute, A, Y, support)
    return cost, grad


def _by_reference(
    A: Array, Y: Array, lam: float, group_size: int, gradient: str, support: BoolArray | None
) -> tuple[float, Array]:
    if gradient == "exact":
        return autoencoder.loss_and_grad(A, Y, lam, group_size)
    cost = autoencoder.loss(A, Y, lam, group_size)
    if gradient == "appendix_b":
        return cost, gradients.appendix_b(A, Y, lam, group_size)
    return cost, gradients.approximate(A, Y, lam, group_size, support)


def _by_kernel(
    A: Array, Y: Array, lam: float, group_size: int, gradient: str
) -> tuple[float, Array]:
    from ..kernels.autoencoder import loss_and_grad as kernel

    return run_kernel(kernel, A, Y, lam, group_size, gradient)
