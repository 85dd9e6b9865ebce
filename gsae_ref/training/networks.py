"""The networks that are trained, as functions of dictionary, samples and lam. May import ops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import checks, groups, ops
from ..arrays import Array, BoolArray
from ..ops import unfolding


@dataclass(frozen=True)
class ShallowNetwork:
    """The encoder of one thresholding. [T21] Eq. (11).

    >>> network = ShallowNetwork(group_size=2)
    >>> network.active(np.eye(2), np.array([[3.0, 4.0], [0.3, 0.4]]), 1.0)
    array([[ True],
           [False]])
    """

    group_size: int
    gradient: str = "exact"
    engine: str = "auto"

    def loss_and_grad(self, A: Array, Y: Array, lam: float) -> tuple[float, Array]:
        """Cost (13) and its gradient in A."""
        return ops.loss_and_grad(A, Y, lam, self.group_size, self.gradient, self.engine)

    def loss(self, A: Array, Y: Array, lam: float) -> float:
        """Cost (13)."""
        return ops.loss(A, Y, lam, self.group_size)

    def encode(self, A: Array, Y: Array, lam: float) -> Array:
        """Codes."""
        return ops.encode(A, Y, lam, self.group_size)

    def active(self, A: Array, Y: Array, lam: float) -> BoolArray:
        """Mask of the active groups, (n_samples, n_groups)."""
        return groups.norms(Y @ A, self.group_size) > lam


@dataclass(frozen=True)
class UnfoldedNetwork:
    """The encoder of ``n_unfold`` proximal-gradient steps, see :func:`gsae_ref.unfolded_encode`.

    >>> network = UnfoldedNetwork(group_size=2, n_unfold=2, step_size=0.5)
    >>> network.encode(np.eye(2), np.array([3.0, 4.0]), 1.0)
    array([1.8, 2.4])
    """

    group_size: int
    n_unfold: int
    step_size: float | None = None
    accelerated: bool = True
    nonnegative: bool = False
    l1: float = 0.0
    engine: str = "auto"

    def loss_and_grad(self, A: Array, Y: Array, lam: float) -> tuple[float, Array]:
        """Cost (13) and its gradient in A through all steps."""
        return unfolding.loss_and_grad(
            A,
            Y,
            lam,
            self.group_size,
            self.n_unfold,
            step_size=self.step_size,
            accelerated=self.accelerated,
            nonnegative=self.nonnegative,
            l1=self.l1,
            engine=self.engine,
        )

    def loss(self, A: Array, Y: Array, lam: float) -> float:
        """Cost (13)."""
        E = Y - ops.decode(A, self.encode(A, Y, lam))
        return float(np.sum(E**2, dtype=np.float64)) / (2 * len(Y))

    def encode(self, A: Array, Y: Array, lam: float) -> Array:
        """Codes."""
        return unfolding.codes(
            A,
            Y,
            lam,
            self.group_size,
            self.n_unfold,
            step_size=self.step_size,
            accelerated=self.accelerated,
            nonnegative=self.nonnegative,
            l1=self.l1,
        )

    def active(self, A: Array, Y: Array, lam: float) -> BoolArray:
        """Mask of the active groups, (n_samples, n_groups)."""
        codes = groups.split(self.encode(A, Y, lam), self.group_size)
        return np.any(codes, axis=-1)


Network = ShallowNetwork | UnfoldedNetwork


def build_network(
    group_size: int,
    gradient: str = "exact",
    n_unfold: int = 1,
    unfold_step: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
    engine: str = "auto",
) -> Network:
    """The network with these options of :func:`gsae_ref.train`; options that conflict are refused.

    >>> build_network(group_size=2)
    ShallowNetwork(group_size=2, gradient='exact', engine='auto')
    """
    checks.option("gradient", gradient, ops.GRADIENTS)
    if checks.count("n_unfold", n_unfold) > 1:
        if gradient != "exact":
            raise ValueError(
                f"gradient = {gradient!r} with n_unfold = {n_unfold}; "
                f"an unfolded network has only its exact gradient; use 'exact'"
            )
        return UnfoldedNetwork(
            group_size, n_unfold, unfold_step, accelerated, nonnegative, l1, engine
        )
    given = {"unfold_step": unfold_step, "nonnegative": nonnegative or None, "l1": l1 or None}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{name} = {value!r} with n_unfold = 1; only an unfolded network has it; "
                f"drop it or use n_unfold >= 2"
            )
    return ShallowNetwork(group_size, gradient, engine)
