"""What R17 speaks of: sets of samples of which one is held out, and what it assumes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .... import groups
from ....arrays import Array
from ....claims.hypothesis import Hypothesis
from ..support.formulas import SupportInterval, sharp_interval
from . import formulas


@dataclass(frozen=True)
class HeldOut:
    """N + 1 samples. Each in turn is the last one, and lam is chosen from the others.

    Attributes
    ----------
    Y : ndarray (N + 1, n_features)
    codes : ndarray (N + 1, n_atoms)
        Y = codes A*^T plus noise.
    A_star : ndarray (n_features, n_atoms)
    dictionaries : ndarray (N + 1, n_features, n_atoms)
        The encoder's dictionary while sample j is the last.
    last : ndarray (N + 1,)
        Probability that sample j is the last.
    place : float
        lam = lo + place (hi - lo).
    b_min, b_max : float
        Bounds on the norms of active groups.

    Examples
    --------
    >>> Y = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> i = HeldOut(Y, Y, np.eye(2), np.stack([np.eye(2)] * 2), np.full(2, 0.5), 1, 1)
    >>> i.failures
    array([False, False])
    """

    Y: Array
    codes: Array = field(repr=False)
    A_star: Array
    dictionaries: Array
    last: Array
    group_size: int
    n_active: int
    place: float = 0.5
    b_min: float = 1.0
    b_max: float = 1.0

    @cached_property
    def r(self) -> Array:
        """||A_g^T y_i|| while sample j is the last: (N + 1, N + 1, n_groups), axes j, i, g."""
        return groups.norms(self.Y @ self.dictionaries, self.group_size)

    @cached_property
    def windows(self) -> Array:
        """(lo, hi) of the samples other than j, for every j: (N + 1, 2)."""
        others = (np.delete(r, j, axis=0) for j, r in enumerate(self.r))
        return np.array([formulas.data_window(r, self.n_active) for r in others])

    @cached_property
    def thresholds(self) -> Array:
        """lam for every j; it means nothing where lo >= hi."""
        low, high = self.windows.T
        return low + self.place * (high - low)

    @cached_property
    def failures(self) -> Array:
        """Whether lo < hi and sample j has not exactly gamma active groups."""
        low, high = self.windows.T
        own = self.r[np.arange(len(self.Y)), np.arange(len(self.Y))]
        n_active = (own > self.thresholds[:, None]).sum(axis=1)
        return (low < high) & (n_active != self.n_active)

    @cached_property
    def certified(self) -> SupportInterval:
        """Thresholds that recover every support, from the matrices."""
        sizes = self.group_size, self.n_active
        return sharp_interval(self.dictionaries[0], self.A_star, *sizes, self.b_min, self.b_max)


def _norm_margin(i: HeldOut) -> float:
    norms = groups.norms(i.codes, i.group_size)
    return float(min(norms[norms > 0].min() - i.b_min, i.b_max - norms.max()))


FIXED_DICTIONARY = Hypothesis(
    "A is fixed before the samples are seen: the same whichever sample is the last",
    lambda i: -np.abs(i.dictionaries - i.dictionaries[0]).max(),
)
EXCHANGEABLE = Hypothesis(
    "the N + 1 samples are exchangeable: each is the last with the same probability",
    lambda i: -np.abs(i.last - 1 / len(i.Y)).max(),
)
LAM_IN_WINDOW = Hypothesis(
    "lo <= lam < hi, lam chosen from the first N samples",
    lambda i: min(i.place, 1 - 1e-9 - i.place),
)
NOISELESS = Hypothesis("y_i = A* x_i", lambda i: -np.abs(i.Y - i.codes @ i.A_star.T).max())
GAMMA_ACTIVE = Hypothesis(
    "exactly gamma groups of every code are active",
    lambda i: (
        -np.abs((groups.norms(i.codes, i.group_size) > 0).sum(axis=1) - float(i.n_active)).max()
    ),
)
CODES_BOUNDED = Hypothesis("B_min <= ||x_g|| <= B_max for every active group", _norm_margin)
CERTIFIED = Hypothesis(
    "the interval from the actual matrices is not empty",
    lambda i: i.certified.high - i.certified.low - 1e-9,
)
