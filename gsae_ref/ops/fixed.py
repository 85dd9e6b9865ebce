"""The same samples again and again: a training run checks them once and remembers which groups sleep."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups
from ..arrays import Array
from .engine import ENGINES, compiled, one_blas_thread
from .scaling import norm, plain_products, rescaled, unscaled
from .shallow import GRADIENTS, loss_and_grad


class FixedSamples:
    """Loss and gradient of :func:`loss_and_grad` for samples that stay the same from call to call.

    What the samples cost once is paid once: their check, and, where the kernel runs, a look at
    every (sample, group) pair. Later calls look only at pairs that the way of the dictionary since
    then could have made active (:mod:`gsae_ref.kernels.lazy`, with the proof). The numbers are
    those of :func:`loss_and_grad`; the time falls as supports become sparse and steps short.

    Parameters
    ----------
    Y : array_like of shape (n_samples, n_features)
        Samples as rows; not to be changed while this is in use.
    group_size : int
        Atoms per group in the dictionaries to come.
    gradient : {"exact", "appendix_b", "approximate"}
    engine : {"auto", "reference", "numba"}
        Which implementation runs, as in :func:`gsae_ref.loss_and_grad`.

    Attributes
    ----------
    active : ndarray of bool (n_samples, n_groups)
        The active groups at the last call, ||A_g^T y|| > lam; None before the first.

    Raises
    ------
    TypeError, ValueError
        As :func:`loss_and_grad`.

    Examples
    --------
    >>> at = FixedSamples([[3.0, 4.0], [0.3, 0.4]], group_size=2)
    >>> cost, grad = at(np.eye(2), lam=1.0)
    >>> cost, at.active.tolist()
    (0.3125, [[True], [False]])
    """

    def __init__(
        self, Y: ArrayLike, group_size: int, gradient: str = "exact", engine: str = "auto"
    ) -> None:
        self.Y = checks.array("Y", Y, ndim=(2,))
        self.group_size = checks.group_size(group_size)
        self._scaled, _, self._factor = rescaled(self.Y)
        self._norm = norm(self._scaled)
        self.gradient = checks.option("gradient", gradient, GRADIENTS)
        self.engine = checks.option("engine", engine, ENGINES)
        self.active: Any = None
        self._memory: Any = None

    def __call__(self, A: Array, lam: float) -> tuple[float, Array]:
        """Cost and gradient at the dictionary A (n_features, n_atoms) with threshold lam."""
        A, lam = checks.dictionary("A", A, self.group_size), checks.threshold(lam)
        checks.batch("Y", self.Y[:1], len(A), f"A of shape {A.shape}")
        shape = len(self.Y), A.shape[1] // self.group_size
        if self.active is None or self.active.shape != shape:
            self.active = np.zeros(shape, bool)
            self._memory = None
        threshold = min(lam * self._factor, float(np.finfo(np.float64).max))
        kernel = (
            A.dtype == self.Y.dtype
            and compiled(self.engine, len(self.Y), A)
            and plain_products(A, self._scaled, threshold, self._norm)
        )
        run = self._kernel if kernel else self._reference
        return checks.representable(
            "the gradient", lambda: unscaled(*run(A, threshold), factor=self._factor), A=A, Y=self.Y
        )

    def _reference(self, A: Array, lam: float) -> tuple[float, Array]:
        np.greater(groups.norms(self._scaled @ A, self.group_size), lam, out=self.active)
        engine = "reference" if A.dtype == self.Y.dtype else self.engine
        return loss_and_grad(A, self._scaled, lam, self.group_size, self.gradient, engine)

    def _kernel(self, A: Array, lam: float) -> tuple[float, Array]:
        from ..kernels.fused import loss_and_gradient
        from ..kernels.lazy import Memory

        if self._memory is None:
            self._memory = Memory(self._scaled, self.active.shape[1])
        with one_blas_thread() as limited:
            return loss_and_gradient(
                A,
                self._scaled,
                lam,
                self.group_size,
                self.gradient,
                None if limited else 1,
                memory=self._memory,
                found=self.active,
            )
