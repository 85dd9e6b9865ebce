"""The unfolded network: K proximal-gradient steps as an encoder, and the gradient through them."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from ..reference import unfolded
from .blocks import averaged, in_blocks, in_rows, stacked
from .engine import one_blas_thread, run_kernel, use_kernel
from .scaling import clip_threshold, norm, products_are_safe, rescale, undo_scale
from .shallow import check_network

WIDEST = 4  # atoms per feature up to which the kernel's Gram matrix pays


class _Encoder(NamedTuple):
    """The checked arguments of an unfolded network but A and Y, in the order of the reference."""

    lam: float
    group_size: int
    n_unfold: int
    step_size: float | None
    accelerated: bool
    nonnegative: bool
    l1: float


def _check(
    A: ArrayLike,
    Y: ArrayLike,
    lam: float,
    group_size: int,
    n_unfold: int,
    step_size: float | None,
    accelerated: bool,
    nonnegative: bool,
    l1: float,
) -> tuple[Array, Array, _Encoder, tuple[float, float]]:
    """Check the arguments of an unfolded network; return them as the reference takes them.

    The norms of A and Y are returned, too.
    """
    step_size = None if step_size is None else checks.step(step_size)
    accelerated = checks.flag("accelerated", accelerated)
    nonnegative = checks.flag("nonnegative", nonnegative)
    A, Y, lam, norms = check_network(A, Y, lam, group_size)
    n_unfold = checks.count("n_unfold", n_unfold)
    l1 = clip_threshold(checks.threshold(l1, "l1"), A.dtype)
    encoder = _Encoder(lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1)
    return A, Y, encoder, norms


def _use_kernel(
    engine: str, A: Array, n_samples: int, encoder: _Encoder, norms: tuple[float, float]
) -> bool:
    """Whether the kernel runs on samples Y (n_samples, n_features); the norms are those of A and Y.

    Each step is a pass over the samples: for "auto" their number times n_unfold must be large. The
    kernel sums plain squares of codes; where these could vanish the reference runs.
    """
    if not use_kernel(engine, n_samples * encoder.n_unfold, A):
        return False
    if engine == "auto" and A.shape[1] > WIDEST * A.shape[0]:
        return False
    step = 1.0 if encoder.step_size is None else encoder.step_size
    twice = norms[0], norms[0]
    return products_are_safe(norms, encoder.lam, A.dtype) and products_are_safe(
        twice, step * encoder.lam, A.dtype
    )


def relative_step(A: Array, step_size: float) -> float:
    """step_size * ||A||_2^2.

    >>> relative_step(np.diag([2.0, 1.0]), 0.3)
    1.2
    """
    largest = float(np.abs(A).max()) or 1.0
    B = A.astype(np.float64) / largest
    B = B if B.shape[0] > B.shape[1] else B.T
    with one_blas_thread():
        share = step_size * float(np.linalg.eigvalsh(B.T @ B)[-1])
    with np.errstate(over="ignore"):
        return float(share * np.float64(largest) * largest)


def long_step(share: float, accelerated: bool, name: str = "step_size") -> str:
    """What to say of a relative step that is too long; empty if it is not.

    ISTA approaches the minimum for relative steps below 2 (Combettes and Wajs 2005), FISTA for
    those up to 1 (Beck and Teboulle 2009). On a quadratic cost FISTA diverges above 4/3.

    >>> long_step(1.2, accelerated=False)
    ''
    >>> long_step(1.2, accelerated=True)[:29]
    'step_size * ||A||_2^2 = 1.2; '
    """
    limit = 1 if accelerated else 2
    if share <= limit * (1 + 1e-6):
        return ""
    rule = "accelerated steps approach the minimum if it is at most 1"
    if not accelerated:
        rule = "plain steps approach the minimum if it is below 2"
    return (
        f"{name} * ||A||_2^2 = {share:.4g}; {rule}; longer ones may diverge; "
        f"lower {name}, or leave it out"
    )


def warn_of_long_step(
    A: Any,
    n_unfold: int,
    step_size: float | None,
    accelerated: bool,
    name: str = "step_size",
    stacklevel: int = 1,
) -> None:
    """Warn if a step is too long for the dictionary; a single step has no limit."""
    if step_size is None or n_unfold < 2:
        return
    A = np.asarray(A, np.result_type(np.asarray(A), np.float32))
    if step_size * checks.sum_of_squares(A) <= 1:  # ||A||_F^2 is at least ||A||_2^2
        return
    with np.errstate(over="ignore"), one_blas_thread():
        gram = A @ A.T if A.shape[0] < A.shape[1] else A.T @ A
    if step_size * norm(gram) <= 0.99:  # at least ||A||_2^2, to rounding
        return
    message = long_step(relative_step(A, step_size), accelerated, name)
    if message:
        warnings.warn(message, RuntimeWarning, stacklevel=stacklevel + 2)


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
    """Codes after ``n_unfold`` proximal-gradient steps from zero. [T21] sections 3.1, 4.2.

    The steps minimise F(x) = 1/2 ||y - A x||^2 + lam sum_g ||x_g|| + l1 ||x||_1, over x >= 0 if
    ``nonnegative``:

        t_k = x_{k-1} + beta_k (x_{k-1} - x_{k-2}),    x_k = prox( t_k + a A^T (y - A t_k) ),

    where prox takes the positive part (if ``nonnegative``), soft-thresholds entries at a l1, then
    shrinks groups by a lam.

    Parameters
    ----------
    A, Y
        As in :func:`encode`.
    lam : float
        Penalty on group norms, >= 0. Each step thresholds at step_size * lam.
    group_size : int
        Atoms per group; divides n_atoms.
    n_unfold : int
        Steps K, >= 1; section 4.2 has 15.
    step_size : float, optional
        Step a > 0. None is 1 / ||A||_2^2. Longer ones need not approach the minimum: FISTA does up
        to 1 / ||A||_2^2, ISTA below 2 / ||A||_2^2.
    accelerated : bool
        - True: FISTA, beta_k = (t_{k-1} - 1) / t_k, t_1 = 1, t_{k+1} = (1 + sqrt(1 + 4 t_k^2)) / 2;
        - False: ISTA, beta_k = 0.
    nonnegative : bool
        Whether codes are constrained to x >= 0.
    l1 : float
        Penalty on single entries, >= 0.
    engine : {"auto", "reference", "numba"}
        As in :func:`loss_and_grad`; they agree to rounding away from the kinks. The kernel needs
        memory for the (n_atoms, n_atoms) Gram matrix and one block of samples.

    Returns
    -------
    X : ndarray of shape (n_samples, n_atoms) or (n_atoms,)
        The K-th iterate, not extrapolated.

    Raises
    ------
    TypeError, ValueError
        As :func:`gsae_ref.encode`; for a bad ``n_unfold``, ``step_size``, ``accelerated``,
        ``nonnegative`` or ``l1``; for an unknown ``engine``.
    ValueError
        If the iterates diverge beyond the range of numbers.

    Warns
    -----
    RuntimeWarning
        For two or more steps, if ``step_size`` is above that limit by more than rounding.

    Notes
    -----
    Differs from the paper: [T21] Eq. (11), :func:`gsae_ref.encode`, is one step of size 1. The
    lambda = 0.2 of section 4.2 is the threshold after the step: with step_size = 0.04 it is lam = 5
    here. T21 has neither ``nonnegative`` nor ``l1``.

    Examples
    --------
    The code has norm 2 after one step, 3 after two; the limit has norm 4:

    >>> unfolded_encode(np.eye(2), [3.0, 4.0], lam=1.0, group_size=2, n_unfold=2, step_size=0.5)
    array([1.8, 2.4])
    """
    X = codes(A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1, engine)
    warn_of_long_step(A, n_unfold, step_size, accelerated)
    return X


def codes(
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
    """As :func:`unfolded_encode`, without its warning; training warns once in a run."""
    if in_rows(Y):
        network = lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1, engine
        return stacked(lambda block: codes(A, block, *network), A, Y)
    unfolding = n_unfold, step_size, accelerated, nonnegative, l1
    A, Y, encoder, norms = _check(A, Y, lam, group_size, *unfolding)
    scaled, (lam, l1), factor = rescale(Y, encoder.lam, encoder.l1, norm_of_Y=norms[1])
    norms = norms[0], norms[1] if factor == 1 else norm(scaled)
    encoder = encoder._replace(lam=lam, l1=l1)
    rows = np.atleast_2d(scaled)
    by_kernel = _use_kernel(engine, A, len(rows), encoder, norms)

    def compute() -> Array:
        if by_kernel:
            from ..kernels.unfolded import unfolded_encode as kernel

            X = run_kernel(kernel, A, rows, *encoder).reshape(*Y.shape[:-1], A.shape[1])
        else:
            X = unfolded.unfolded_encode(A, scaled, *encoder)
        return X if factor == 1 else X / X.dtype.type(factor)

    return checks.representable("the code", compute, A=A, Y=Y, step_size=step_size)


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
    """Loss (13) of the codes of :func:`unfolded_encode` and its exact gradient. [T21] Eq. (14).

    The cost is 1/(2N) sum_i ||y_i - A x_K(y_i; A)||^2; the gradient goes through all the steps.
    With ``step_size=None`` the step 1 / ||A||_2^2 depends on A too, and the gradient includes that;
    a step given as a number is a constant.

    Parameters
    ----------
    A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1, engine
        As in :func:`unfolded_encode`.

    Returns
    -------
    cost : float
        The reconstruction cost alone; the penalties shape the codes and are not added.
    grad : ndarray of shape (n_features, n_atoms)

    Raises
    ------
    TypeError, ValueError
        As :func:`unfolded_encode`.

    Warns
    -----
    RuntimeWarning
        As :func:`unfolded_encode`.

    Notes
    -----
    Differs from the paper: T21 leaves this gradient to automatic differentiation. Where a norm or
    an entry equals its threshold the cost has a kink; J = 0 is used there. With ``step_size=None``
    it has another where the largest singular value of A is not simple (as for orthonormal columns);
    the leading pair of the SVD is used there, and a number for ``step_size`` avoids it.

    Examples
    --------
    The cost is 1/2 A^-2 with the step 1 / A^2, and 1/2 (3 - 3 A^2 + A)^2 with the step 1:

    >>> unfolded_loss_and_grad([[1.0]], [3.0], lam=1.0, group_size=1, n_unfold=1)
    (0.5, array([[-1.]]))
    >>> unfolded_loss_and_grad([[1.0]], [3.0], lam=1.0, group_size=1, n_unfold=1, step_size=1.0)
    (0.5, array([[-5.]]))
    """
    result = loss_and_grad(
        A, Y, lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1, engine
    )
    warn_of_long_step(A, n_unfold, step_size, accelerated)
    return result


def loss_and_grad(
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
    """As :func:`unfolded_loss_and_grad`, without its warning."""
    if in_blocks(Y):
        network = lam, group_size, n_unfold, step_size, accelerated, nonnegative, l1, engine
        cost, grad = averaged(lambda block: loss_and_grad(A, block, *network), A, Y)
        return cost, grad
    unfolding = n_unfold, step_size, accelerated, nonnegative, l1
    A, Y, encoder, norms = _check(A, Y, lam, group_size, *unfolding)
    Y = np.atleast_2d(Y)
    scaled, (lam, l1), factor = rescale(Y, encoder.lam, encoder.l1, norm_of_Y=norms[1])
    norms = norms[0], norms[1] if factor == 1 else norm(scaled)
    encoder = encoder._replace(lam=lam, l1=l1)
    by_kernel = _use_kernel(engine, A, len(scaled), encoder, norms)

    def compute() -> tuple[float, Array]:
        if by_kernel:
            from ..kernels.unfolded import unfolded_loss_and_grad as kernel

            result: tuple[float, Array] = run_kernel(kernel, A, scaled, *encoder)
        else:
            result = unfolded.unfolded_loss_and_grad(A, scaled, *encoder)
        return undo_scale(*result, factor)

    return checks.representable("the gradient", compute, A=A, Y=Y, step_size=step_size)
