"""What a run has come to: its cost beside that of zero codes, and groups that are never active.

May import ops, groups.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import groups
from ..arrays import Array, IntArray
from ..ops.unfolding import long_step, relative_step
from .blocks import mean_cost
from .networks import Network, UnfoldedNetwork

ADVICE = (  # on sparse networks
    "use fewer atoms, a larger lam (for relu a lower bias), a smaller step_size or more epochs"
)
GROWTH = 10.0  # of the cost, from which on steps diverge
MANY = 0.5  # share of empty codes from which on they are reported


class Outcome:
    """Counts over samples and their codes, added block by block.

    >>> outcome = Outcome(group_size=1)
    >>> outcome.add(np.array([[3.0, 0.0]]), np.array([[2.0, 0.0]]), np.eye(2))
    >>> outcome.cost, outcome.zero_cost, outcome.active_groups, outcome.dead_groups.tolist()
    (0.5, 4.5, 1.0, [1])
    """

    def __init__(self, group_size: int) -> None:
        self.group_size = group_size
        self.n_samples = 0
        self.n_empty = 0
        self.counts: Any = np.int64(0)  # in how many samples each group is active
        self.squares = 0.0  # of the samples
        self.errors = 0.0  # squares of the residuals

    def add(self, Y: Array, X: Array, A: Array) -> None:
        """Count samples Y (n_samples, n_features) with their codes X (n_samples, n_atoms)."""
        active = groups.norms(X, self.group_size) > 0
        self.n_samples += len(Y)
        self.n_empty += int((~active.any(axis=1)).sum())
        self.counts = self.counts + active.sum(axis=0)
        with np.errstate(over="ignore", invalid="ignore"):  # a cost out of range is no message
            self.squares += sum_of_squares(Y)
            self.errors += sum_of_squares(Y - X @ A.T)

    @property
    def cost(self) -> float:
        """Mean cost (13) of the codes."""
        return self.errors / (2 * self.n_samples)

    @property
    def zero_cost(self) -> float:
        """Mean cost of codes that are all zero."""
        return self.squares / (2 * self.n_samples)

    @property
    def active_groups(self) -> float:
        """Mean number of active groups of a sample."""
        return float(self.counts.sum() / self.n_samples)

    @property
    def dead_groups(self) -> IntArray:
        """Numbers of the groups that are active in no sample."""
        return np.flatnonzero(self.counts == 0)

    @property
    def empty_codes(self) -> float:
        """Share of the samples without an active group."""
        return self.n_empty / self.n_samples

    def complaints(self, lam: float, advice: str, weight_decay: float = 0.0) -> list[str]:
        """What is wrong with the outcome, a sentence for each, with a remedy."""
        if not self.active_groups:
            return [no_codes(lam, weight_decay)]
        lower = "lower lam or weight_decay" if weight_decay else "lower lam"
        found = []
        if is_above(self.cost, self.zero_cost):
            found.append(above_zero(self.cost, self.zero_cost, advice))
        dead = self.dead_groups
        if len(dead):
            remedy = f"{lower}, use fewer groups or another start"
            found.append(dead_groups(dead, len(self.counts), remedy))
        if self.empty_codes > MANY:
            found.append(
                f"{self.empty_codes:.0%} of the samples have no active group (lam = {lam!r}); "
                f"{lower}, or drop samples that are nearly zero"
            )
        return found


def no_codes(lam: float, weight_decay: float) -> str:
    """The message that all codes are zero."""
    if weight_decay:
        return (
            f"no sample has a non-zero code (lam = {lam!r}, weight_decay = {weight_decay!r}): the "
            f"decay takes the atoms to zero; above gsae_ref.weight_decay_threshold (R14) A = 0 "
            f"has the least cost; lower weight_decay, or lam"
        )
    return (
        f"no sample has a non-zero code (lam = {lam!r}), so nothing was learned; a code "
        f"needs a group with ||A_g^T x|| > lam; lower lam, or scale the samples up"
    )


def dead_groups(dead: IntArray, n_groups: int, remedy: str) -> str:
    """The message that groups are never active."""
    if len(dead) == 1:
        return (
            f"1 of {n_groups} groups, group {dead[0]}, is active in no sample, "
            f"so it has stopped learning; {remedy}"
        )
    return (
        f"{len(dead)} of {n_groups} groups are active in no sample (the first is group {dead[0]}), "
        f"so they have stopped learning; {remedy}"
    )


def sum_of_squares(Y: Array) -> float:
    """Sum of the squares of all entries, in float64.

    >>> sum_of_squares(np.array([[3, 4]], np.int8))
    25.0
    """
    flat = np.asarray(Y, dtype=np.float64).ravel()
    return float(flat @ flat)


def cost_of_zero_codes(Y: Array) -> float:
    """Mean cost of samples with codes that are all zero.

    >>> cost_of_zero_codes(np.array([[3.0, 4.0]]))
    12.5
    """
    with np.errstate(over="ignore"):
        return mean_cost(lambda block: sum_of_squares(block) / (2 * len(block)), Y)


def is_above(cost: float, zero_cost: float) -> bool:
    """Whether a cost exceeds that of zero codes, by more than rounding."""
    return cost > zero_cost * (1 + 1e-6)


def above_zero(cost: float, zero_cost: float, advice: str) -> str:
    """The message that codes are worse than none."""
    return (
        f"the mean cost is {cost:.3g}, but {zero_cost:.3g} with codes that are all zero: "
        f"the reconstructions are worse than none; {advice}"
    )


def warn_if_above_zero(cost: float, Y: Array, advice: str, stacklevel: int = 1) -> None:
    """Warn if the mean cost of samples exceeds that of codes that are all zero."""
    of_zero_codes = cost_of_zero_codes(Y)
    if is_above(cost, of_zero_codes):
        message = above_zero(cost, of_zero_codes, advice)
        warnings.warn(message, RuntimeWarning, stacklevel=stacklevel + 2)


def advice_on(network: Network) -> str:
    """What to do about a cost above that of codes that are all zero."""
    if not isinstance(network, UnfoldedNetwork):
        return (
            "the one step of the encoder is too long where atoms are correlated, as with more "
            "atoms than features; use n_unfold=15, or fewer atoms, a larger lam, more epochs"
        )
    if network.step_size is None:
        return "use more epochs or a smaller step_size"
    return "lower unfold_step, or leave it out"


class StepWatch:
    """Measures the relative step of an unfolded network, and warns once when it is too long.

    It also sees when the steps of a run diverge.
    """

    def __init__(self) -> None:
        self.has_warned = False
        self.has_seen_divergence = False
        self.least = np.inf  # cost so far, in that of zero codes

    def diverges(self, cost: float, Y: Array) -> bool:
        """Whether the cost of samples, above that of zero codes, has grown tenfold; True once.

        >>> watch, Y = StepWatch(), np.array([[3.0, 4.0]])
        >>> [watch.diverges(cost, Y) for cost in (20.0, 150.0, 201.0, 1e9)]
        [False, False, True, False]
        """
        share = cost / (cost_of_zero_codes(Y) or 1.0)
        self.least = min(self.least, share)
        if self.has_seen_divergence or not share > max(1.0, GROWTH * self.least):
            return False
        self.has_seen_divergence = True
        return True

    def measure(self, network: Network, A: Array, epoch: int, stacklevel: int) -> dict[str, float]:
        """``relative_step``, unfold_step * ||A||_2^2; nothing where the step is 1 / ||A||_2^2."""
        if not isinstance(network, UnfoldedNetwork) or network.step_size is None:
            return {}
        share = relative_step(A, network.step_size)
        message = long_step(share, network.accelerated, "unfold_step")
        if message and not self.has_warned:
            self.has_warned = True
            message = f"in epoch {epoch} {message}"
            warnings.warn(message, RuntimeWarning, stacklevel=stacklevel + 1)
        return {"relative_step": share}
