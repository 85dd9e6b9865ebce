"""Bounds that certify inactive groups from step to step, so that few pairs are examined in each.

Between two steps the dictionary moves a little. By the triangle inequality

    ||(A_g + D_g)^T y|| <= ||A_g^T y|| + ||D_g||_2 ||y||,

a group that was inactive with ||A_g^T y|| = lam - s stays so until the path of A_g, the sum of
||D_g||_2 over the steps since, exceeds s / ||y||. For every (sample, group) pair a float32, rounded
down, bounds the length of the path up to which the pair is inactive. A step examines the pairs
beyond their bound: it computes their norms and renews the bounds of the inactive ones. Where many
more pairs of a block are beyond their bound than are active, one screen of the whole block renews
all of them (:mod:`.autoencoder`).

Rounding: a norm computed in the dtype of the data is off by at most b ||A_g||_F ||y|| with
b = gamma_(n + d + 2), once when the bound is set and once when the norm would decide; every bound
is therefore shortened by 2 b max_g ||A_g||_F. So no active pair is ever missed, and the result is
that of a full screen, bit for bit, wherever both process a block by the same method.
"""

import numpy as np

from ..arrays import Array
from .passes import Bounds, Candidates, lengthen_paths, list_uncertain

# Share of inactive pairs of a block above which one screen of it is cheaper than single norms.
SCREENED = 0.03


class Memory:
    """Bounds for fixed samples Y (n_samples, n_features): 4 bytes for every (sample, group) pair.

    Attributes
    ----------
    norms : ndarray (n_samples,)
        Norms of the samples.
    until : ndarray of float32 (n_samples, n_groups)
        Path of its group up to which a pair is inactive; -inf: no bound.
    path : ndarray (n_groups,)
        Length of the path of every group so far.
    active : float
        Share of active pairs in the step before; 1 before the first.
    gradients : dict of ndarray (n_atoms, n_features)
        Arrays for the gradients of the chunks, by their first samples.
    """

    def __init__(self, Y: Array, n_groups: int) -> None:
        self.norms = np.sqrt(np.einsum("ip,ip->i", Y, Y, dtype=np.float64))
        self.until = np.full((len(Y), n_groups), -np.inf, np.float32)
        self.path = np.zeros(n_groups)
        self.limits = np.zeros(n_groups)
        self.before: Array | None = None
        self.lam = np.inf
        self.active = 1.0
        self.gradients: dict[int, Array] = {}

    def zeros(self, chunk: int, like: Array) -> Array:
        """Zeros for the gradient of the chunk that begins at this sample.

        The array is kept from step to step: fresh memory would cost page faults in each.
        """
        if chunk not in self.gradients:
            self.gradients[chunk] = np.empty_like(like)
        self.gradients[chunk].fill(0)
        return self.gradients[chunk]

    def follow(self, AT: Array, lam: float, group_size: int) -> None:
        """Take the next dictionary (n_atoms, n_features) and threshold.

        A lower threshold invalidates all bounds.
        """
        if self.before is None:
            self.before = np.zeros_like(AT)
        if lam < self.lam:
            self.until.fill(-np.inf)
        self.lam = lam
        largest = lengthen_paths(AT, self.before, group_size, self.path)
        k = (AT.shape[1] + group_size + 4) * float(np.finfo(AT.dtype).eps)
        self.limits = self.path + 2 * k / (1 - k) * largest

    def bounds(self, rows: slice) -> Bounds:
        """The bounds of these samples, as the compiled passes take them."""
        return Bounds(self.path, self.norms[rows], self.until[rows])

    def list_candidates(self, rows: slice, room: int, candidates: Candidates) -> bool:
        """List the pairs of these rows beyond their bounds.

        False when there are more than ``room``, or so many that a screen is cheaper.
        """
        until = self.until[rows]
        few = min(int((self.active + SCREENED) * until.size), room)
        return list_uncertain(until, self.limits, few, candidates)
