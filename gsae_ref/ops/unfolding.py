"""The unfolded network: K proximal-gradient steps as an encoder, and the gradient through all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from ..reference import unfolded
from .engine import compiled, one_blas_thread
from .scaling import plain_products, rescaled, unscaled
from .shallow import network

WIDEST = 4  # atoms per feature up to which the Gram matrix that the kernel works with pays


def _unfolding(
    A: ArrayLike,
    Y: ArrayLike,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float | None,
    accelerated: bool,
    nonnegative: bool,
    l1: float,
) -> tuple[Any, ...]:
    """Check the arguments of an unfolded network; return them ready for the reference."""
    step_size = None if step_size is None else checks.step(step_size)
    flags = checks.flag("accelerated", accelerated), checks.flag("nonnegative", nonnegative)
    return (
        *network(A, Y, lam, group_size),
        group_size,
        checks.count("n_unfold", n_unfold),
        step_size,
        *flags,
        checks.threshold(l1, "l1"),
    )


def _runs_compiled(
    engine: str,
    A: Any,
    Y: Any,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float,
    *_: Any,
) -> bool:
    """Whether the kernel runs. Each step is a pass over the samples: it is their number times n_unfold that must be large for "auto".

    The kernel sums plain squares of codes: with thresholds or steps that would let them vanish the
    reference runs.
    """
    large = compiled(engine, (len(Y) if Y.ndim > 1 else 1) * n_unfold, A)
    plain = (
        large
        and plain_products(A, Y, lam)
        and plain_products(A, A, lam if step_size is None else step_size * lam)
    )
    return plain and (engine == "numba" or A.shape[1] <= WIDEST * A.shape[0])


def _kernel(function: Callable[..., Any], A: Array, Y: Array, *settings: float | None) -> Any:
    """Run a kernel; its threads replace those of BLAS, and where BLAS cannot be limited there is one thread beside them."""
    with one_blas_thread() as limited:
        return function(A, np.atleast_2d(Y), *settings, n_threads=None if limited else 1)


def unfolded_encode(
    A: ArrayLike,
    Y: ArrayLike,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
    engine: str = "auto",
) -> Array:
    """Codes after ``n_unfold`` proximal-gradient steps from zero. [T21] section 3.1 (unfolding), section 4.2 (15 steps).

    The steps minimise F(x) = 1/2 ||y - A x||^2 + lam sum_g ||x_g|| + l1 ||x||_1, over x >= 0 if
    ``nonnegative``:

        t_k = x_{k-1} + beta_k (x_{k-1} - x_{k-2}),    x_k = prox( t_k + a A^T (y - A t_k) ),

    where prox takes the positive part (if ``nonnegative``), soft-thresholds entries at a l1, then
    shrinks groups by a lam.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples as rows.
    lam : float
        Penalty on group norms, >= 0. Each step thresholds at step_size * lam.
    group_size : int
        Atoms per group; divides n_atoms.
    n_unfold : int
        Steps K, >= 1.
    step_size : float, optional
        Step a > 0. None is 1 / ||A||_2^2. Above 2 / ||A||_2^2 the iterates may diverge.
    accelerated : bool
        True: FISTA, beta_k = (t_{k-1} - 1) / t_k with t_1 = 1, t_{k+1} = (1 + sqrt(1 + 4 t_k^2)) /
        2. False: ISTA, beta_k = 0.
    nonnegative : bool
        Whether codes are constrained to x >= 0.
    l1 : float
        Penalty on single entries, >= 0.
    engine : {"auto", "reference", "numba"}
        Which implementation runs: the reference, the compiled kernel, or for "auto" the kernel when
        the problem is large enough for it. The kernel needs memory for the (n_atoms, n_atoms) Gram
        matrix; at the ends of the range the reference runs, as in
        :func:`gsae_ref.loss_and_grad`.

    Returns
    -------
    X : ndarray of shape (n_samples, n_atoms) or (n_atoms,)
        The K-th iterate, not extrapolated.

    Raises
    ------
    TypeError, ValueError
        As :func:`gsae_ref.encode`; for a bad ``n_unfold``, ``step_size``, ``accelerated``,
        ``nonnegative`` or ``l1``; for an unknown ``engine``.

    Notes
    -----
    Differs from the paper: [T21] Eq. (11), :func:`gsae_ref.encode`, is one step of size 1. The
    lambda = 0.2 of section 4.2 is the threshold after the step: with step_size = 0.04 it is lam = 5
    here. T21 has neither ``nonnegative`` nor ``l1``.

    Examples
    --------
    >>> unfolded_encode(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2, n_unfold=2, step_size=0.5)  # norm 2, then 3; the limit is 4
    array([1.8, 2.4])
    """
    A, Y, *settings = _unfolding(
        A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1
    )
    encode: Callable[..., Array] = unfolded.unfolded_encode
    if _runs_compiled(engine, A, Y, *settings):
        from ..kernels.unfolded import unfolded_encode as kernel

        def compiled_encode(A: Array, Y: Array, *settings: Any) -> Array:
            return _kernel(kernel, A, Y, *settings).reshape(*Y.shape[:-1], A.shape[1])

        encode = compiled_encode
    return checks.representable(
        "the code", lambda: encode(A, Y, *settings), A=A, Y=Y, step_size=step_size
    )


def unfolded_loss_and_grad(
    A: ArrayLike,
    Y: ArrayLike,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
    engine: str = "auto",
) -> tuple[float, Array]:
    """Loss (13) of the codes of :func:`unfolded_encode` and its exact gradient in A through all the steps. [T21] Eqs. (13), (14).

    The cost is 1/(2N) sum_i ||y_i - A x_K(y_i; A)||^2. With ``step_size=None`` the step 1 /
    ||A||_2^2 depends on A too, and the gradient includes that; a step given as a number is a
    constant.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples as rows.
    lam : float
        Penalty on group norms, >= 0. Each step thresholds at step_size * lam.
    group_size : int
        Atoms per group; divides n_atoms.
    n_unfold : int
        Steps K, >= 1.
    step_size : float, optional
        Step a > 0. None is 1 / ||A||_2^2. Above 2 / ||A||_2^2 the iterates may diverge.
    accelerated : bool
        True: FISTA. False: ISTA.
    nonnegative : bool
        Whether codes are constrained to x >= 0.
    l1 : float
        Penalty on single entries, >= 0.
    engine : {"auto", "reference", "numba"}
        Which implementation runs: the reference, the compiled kernel, or for "auto" the kernel when
        the problem is large enough for it. They agree to rounding (1e-12 relative in float64) away
        from the kinks below; the kernel's result is the same bits for any number of threads. The
        kernel needs memory for the (n_atoms, n_atoms) Gram matrix and for one block of samples, not
        for all; at the ends of the range the reference runs, as in :func:`gsae_ref.loss_and_grad`.

    Returns
    -------
    cost : float
        The reconstruction cost alone; the penalties shape the codes and are not added.
    grad : ndarray of shape (n_features, n_atoms)

    Raises
    ------
    TypeError, ValueError
        As :func:`unfolded_encode`; for an unknown ``engine``.

    Notes
    -----
    Differs from the paper: T21 leaves this gradient to automatic differentiation. Where a norm or
    an entry equals its threshold the cost has a kink; J = 0 is used there. With ``step_size=None``
    it has another where the largest singular value of A is not simple (as for orthonormal columns);
    the leading pair of the SVD is used there, and a number for ``step_size`` avoids it.

    Examples
    --------
    >>> unfolded_loss_and_grad([[1.0]], [3.0], lam=1.0, group_size=1, n_unfold=1)  # cost 1/2 A^-2 at A = 1
    (0.5, array([[-1.]]))
    >>> unfolded_loss_and_grad([[1.0]], [3.0], lam=1.0, group_size=1, n_unfold=1, step_size=1.0)  # 1/2 (3 - 3 A^2 + A)^2
    (0.5, array([[-5.]]))
    """
    A, Y, *settings = _unfolding(
        A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1
    )
    scaled, (lam, l1), factor = rescaled(np.atleast_2d(Y), settings[0], settings[-1])
    settings = [lam, *settings[1:-1], l1]
    loss_and_grad: Callable[..., tuple[float, Array]] = unfolded.unfolded_loss_and_grad
    if _runs_compiled(engine, A, scaled, *settings):
        from ..kernels.unfolded import unfolded_loss_and_grad as kernel

        loss_and_grad = partial(_kernel, kernel)
    return checks.representable(
        "the gradient",
        lambda: unscaled(*loss_and_grad(A, scaled, *settings), factor=factor),
        A=A,
        Y=Y,
        step_size=step_size,
    )
