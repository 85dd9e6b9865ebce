"""Samples that stay the same from step to step: checked once, with bounds on inactive groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups
from ..arrays import Array
from .engine import ENGINES, run_kernel, use_kernel
from .scaling import clip_threshold, norm, products_are_safe, rescale, undo_scale
from .shallow import GRADIENTS, loss_and_grad


class FixedSamples:
    """Loss and gradient of :func:`loss_and_grad` for samples that stay the same from call to call.

    The samples are checked once. Where the kernel runs, its first call examines every (sample,
    group) pair; later calls examine only the pairs that the steps of the dictionary since then
    could have made active (see :mod:`gsae_ref.kernels.lazy` for the proof). The numbers are those
    of :func:`loss_and_grad`; the time falls as supports become sparse and steps short. Memory is
    kept from call to call: 4 bytes for every pair, and at most 32 MiB or two gradients.

    Parameters
    ----------
    Y : array_like of shape (n_samples, n_features)
        Samples as rows; not to be changed while this is in use.
    group_size : int
        Atoms per group of the dictionaries.
    gradient, engine
        As in :func:`loss_and_grad`.

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
        self.Y, self._norm = checks.array_and_norm("Y", Y, ndim=(2,))
        self.group_size = checks.group_size(group_size)
        self._scaled, _, self._factor = rescale(self.Y, norm_of_Y=self._norm)
        if self._factor != 1:
            self._norm = norm(self._scaled)
        self.gradient = checks.option("gradient", gradient, GRADIENTS)
        self.engine = checks.option("engine", engine, ENGINES)
        self.active: Any = None
        self._memory: Any = None

    def __call__(self, A: Array, lam: float) -> tuple[float, Array]:
        """Cost and gradient at the dictionary A (n_features, n_atoms) with threshold lam."""
        A, norm_of_A = checks.dictionary_and_norm("A", A, self.group_size)
        lam = checks.threshold(lam)
        checks.batch("Y", self.Y[:1], len(A), f"A of shape {A.shape}")
        shape = len(self.Y), A.shape[1] // self.group_size
        if self.active is None or self.active.shape != shape:
            self.active = np.zeros(shape, bool)
            self._memory = None
        threshold = clip_threshold(lam * self._factor, self.Y.dtype)
        by_kernel = (
            A.dtype == self.Y.dtype
            and use_kernel(self.engine, len(self.Y), A)
            and products_are_safe((norm_of_A, self._norm), threshold, A.dtype)
        )
        run = self._by_kernel if by_kernel else self._by_door
        compute = lambda: undo_scale(*run(A, threshold), self._factor)
        return checks.representable("the gradient", compute, A=A, Y=self.Y)

    def _by_door(self, A: Array, lam: float) -> tuple[float, Array]:
        np.greater(groups.norms(self._scaled @ A, self.group_size), lam, out=self.active)
        engine = "reference" if A.dtype == self.Y.dtype else self.engine
        return loss_and_grad(A, self._scaled, lam, self.group_size, self.gradient, engine)

    def _by_kernel(self, A: Array, lam: float) -> tuple[float, Array]:
        from ..kernels.autoencoder import loss_and_grad as kernel
        from ..kernels.lazy import Memory

        if self._memory is None:
            self._memory = Memory(self._scaled, self.active.shape[1])
        problem = A, self._scaled, lam, self.group_size, self.gradient
        return run_kernel(kernel, *problem, memory=self._memory, support=self.active)
