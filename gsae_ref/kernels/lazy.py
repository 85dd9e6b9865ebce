"""What a training run remembers of its samples, so that most groups need not be looked at in every step.

Between two steps the dictionary moves a little. By the triangle inequality

    ||(A_g + D_g)^T y|| <= ||A_g^T y|| + ||D_g||_F ||y||,

a group that was inactive with ||A_g^T y|| = lam - s stays so until the path of A_g, the sum of
||D_g||_F over the steps since, exceeds s / ||y||. For every (sample, group) pair the memory holds
the length of the path at which the pair wakes, as a float32 rounded down; a step looks at the pairs
that are awake, finds their norms exactly, and sends the inactive ones back to sleep with a new
length. Where more than a share of the pairs of a block are awake, one screen of the whole block
renews all of them (:mod:`.fused`).

Rounding: a norm computed in the dtype of the data is off by at most b ||A_g||_F ||y|| with b =
gamma_(n + d + 2), once when the pair goes to sleep and once when it would decide; a pair therefore
wakes early by 2 b max_g ||A_g||_F. So no active pair is ever missed, and the result is that of a
full screen, bit for bit, wherever both take the same way through a block.
"""

import numpy as np

from ..arrays import Array, IntArray
from .passes import due, moved

AWAKE = 0.12  # share of the pairs of a block above which one screen of the block is cheaper than looking at each


class Memory:
    """State of one run over fixed samples Y (n_samples, n_features): 4 bytes for every pair of sample and group.

    Attributes
    ----------
    norms : ndarray (n_samples,)
        Norms of the samples.
    wakes : ndarray of float32 (n_samples, n_groups)
        Path of its group at which a pair wakes; -inf: awake.
    path : ndarray (n_groups,)
        Length of the path of every group so far.
    many : bool
        Whether many groups were active in the step before, or nothing is known yet.
    """

    def __init__(self, Y: Array, n_groups: int) -> None:
        self.norms = np.sqrt(np.einsum("ip,ip->i", Y, Y, dtype=np.float64))
        self.wakes = np.full((len(Y), n_groups), -np.inf, np.float32)
        self.path = self.limits = np.zeros(n_groups)
        self.before: Array | None = None
        self.lam = np.inf
        self.many = True

    def follow(self, AT: Array, lam: float, group_size: int) -> None:
        """Take note of the next dictionary (n_atoms, n_features) and threshold. A lower threshold wakes everybody."""
        if self.before is None:
            self.before = np.zeros_like(AT)
        if lam < self.lam:
            self.wakes.fill(-np.inf)
        self.lam = lam
        largest = moved(AT, self.before, group_size, self.path)
        k = (AT.shape[1] + group_size + 4) * float(np.finfo(AT.dtype).eps)
        self.limits = self.path + 2 * k / (1 - k) * largest

    def awake(self, rows: slice, room: int, candidates: IntArray, ends: IntArray) -> bool:
        """List the pairs of these rows that may be active; False when there are more than ``room`` or than a full screen is worth."""
        wakes = self.wakes[rows]
        return due(wakes, self.limits, min(int(AWAKE * wakes.size), room), candidates, ends)
