"""Which threshold lam to choose: R17, from data alone.

T21 takes lam as given. Throughout gamma = n_active, d is the group size and r_(k)(y) is the k-th
largest of the norms ||A_g^T y||.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .... import checks, groups
from ....arrays import Array

# ---------------------------------------------------------------- R17


def top_norms(r: Array, n_active: int) -> tuple[Array, Array]:
    """Return r_(gamma + 1) and r_(gamma) of every row of norms (n_samples, n_groups).

    Where every group is active (gamma = n_groups) there is no r_(gamma + 1): zeros are returned.

    >>> next_largest, smallest_active = top_norms(np.array([[3.0, 1.0, 2.0]]), 2)
    >>> next_largest, smallest_active
    (array([1.]), array([2.]))
    """
    descending = -np.sort(-r, axis=1)
    if n_active == r.shape[1]:
        return np.zeros(len(r), r.dtype), descending[:, -1]
    return descending[:, n_active], descending[:, n_active - 1]


def data_window(r: Array, n_active: int) -> tuple[float, float]:
    """R17: lo = max_i r_(gamma + 1)(y_i) and hi = min_i r_(gamma)(y_i), from norms (N, n_groups).

    If lo < hi, every lam with lo <= lam < hi makes exactly gamma groups active at each of the N
    samples: a group is active iff its norm is above lam.

    **Theorem (R17).** A, gamma and the rule that chooses lam in [lo, hi) from the first N samples
    are fixed before the samples are seen; the N + 1 samples are exchangeable. Then

        P(lo < hi and sample N + 1 has not exactly gamma active groups) <= 2 / (N + 1).

    Nothing else is assumed: no A*, no bound on norms or coherence, no absence of noise. With gamma
    = n_groups the bound is 1 / (N + 1).

    Proof. Write s_i = r_(gamma + 1)(y_i) and t_i = r_(gamma)(y_i). If more than gamma groups are
    active at sample N + 1, then s_(N+1) > lam >= lo: s_(N+1) is the strict maximum of s_1, ...,
    s_(N+1). These N + 1 numbers are exchangeable, at most one of them is a strict maximum, so the
    event has probability at most 1 / (N + 1). If fewer are active, then t_(N+1) <= lam < hi:
    t_(N+1) is the strict minimum of N + 1 exchangeable numbers. Add the two.

    *The bound is attained*, for every N >= 1 and lam = (lo + hi) / 2. Let the pairs (s_i, t_i) be a
    random order of (6/10, 1), (0, 11/20) and N - 1 times (0, 1). If the first is last, lam = 11/40
    < 6/10. If the second is last, lam = 8/10 >= 11/20. Otherwise lo = 6/10 > hi = 11/20.

    *Only jointly.* In this example every draw with lo < hi fails: conditional on lo < hi the
    probability is 1. Independent samples do not help. Draw (s_i, t_i) from (2 j, 2 j + 1), j = 1,
    ..., k, with equal chances, N >= 2: lo < hi iff the first N are equal, and then lam = 2 j + 1/2
    fails unless the last is equal too, with probability 1 - 1/k. Nor does the bound hold for one
    given set of N samples: it is an average over all N + 1.

    *The supports.* Let y_i = A* x_i without noise, gamma groups active, B_min <= ||x_g|| <= B_max,
    and let ``sharp_interval`` of these bounds be a non-empty [low, high). Then s_i <= low and t_i
    >= high at every i, so lo <= low < high <= hi, and for every lam in [lo, hi) the active groups
    of the N samples are the true ones. The middle of [lo, hi) may lie outside [low, high).

    *Attribution.* The argument is that of distribution-free tolerance limits (Wilks 1941) and of
    split conformal prediction (Vovk, Gammerman and Shafer 2005).

    >>> data_window(np.array([[3.0, 1.0], [2.0, 4.0]]), 1)
    (2.0, 3.0)
    """
    next_largest, smallest_active = top_norms(r, n_active)
    return float(next_largest.max()), float(smallest_active.min())


def middle(low: float, high: float) -> float | None:
    """Return the middle of [low, high), never ``high`` itself; None if low >= high.

    >>> middle(1.0, 2.0), middle(2.0, 2.0)
    (1.5, None)
    """
    if not low < high:
        return None
    lam = low + (high - low) / 2
    return lam if lam < high else low


@dataclass(frozen=True)
class DataThreshold:
    """A threshold found by :func:`data_threshold`, with the guarantee that it carries.

    Attributes
    ----------
    lam : float or None
        The middle of [low, high); None where low >= high, and then nothing is guaranteed.
    low, high : float
        Every lam with low <= lam < high makes exactly ``n_active`` groups active at each sample.
    n_active, n_samples : int
        gamma and N.
    failure_bound : float
        Bound on P(low < high and one more sample has not exactly ``n_active`` active groups):
        2 / (N + 1), or 1 / (N + 1) where all groups are active. The probability is over all N + 1
        samples. It bounds neither the probability conditional on low < high nor that for the N
        samples at hand, and says nothing of which groups are active.

    Examples
    --------
    >>> print(DataThreshold(2.5, 2.0, 3.0, 1, 99, 0.02))
    lam = 2.5, the middle of [2, 3): exactly 1 active group at each of 99 samples.
    Guaranteed: P(lo < hi and one more sample has another number) <= 0.02, over all N + 1 samples.
    Not guaranteed: the same given lo < hi; that the active groups are the true ones.
    """

    lam: float | None
    low: float
    high: float
    n_active: int
    n_samples: int
    failure_bound: float

    def __str__(self) -> str:
        """Say what is guaranteed and what is not."""
        if self.lam is None:
            return (
                f"no threshold: a group outside the {self.n_active} largest has norm "
                f"{self.low:.6g}, one inside has {self.high:.6g}"
            )
        count = f"{self.n_active} active group" + "s" * (self.n_active > 1)
        return (
            f"lam = {self.lam:.6g}, the middle of [{self.low:.6g}, {self.high:.6g}): "
            f"exactly {count} at each of {self.n_samples} samples.\n"
            "Guaranteed: P(lo < hi and one more sample has another number) <= "
            f"{self.failure_bound:.3g}, over all N + 1 samples.\n"
            "Not guaranteed: the same given lo < hi; that the active groups are the true ones."
        )


def failure_bound(n_samples: int, n_active: int, n_groups: int) -> float:
    """R17's bound: 2 / (N + 1), or 1 / (N + 1) where every group is active (gamma = n_groups).

    >>> failure_bound(99, 1, 3), failure_bound(99, 3, 3)
    (0.02, 0.01)
    """
    n_events = 1 if n_active == n_groups else 2
    return n_events / (n_samples + 1)


def data_threshold(A: ArrayLike, Y: ArrayLike, n_active: int, group_size: int) -> DataThreshold:
    """Choose lam from samples alone, such that ``n_active`` groups are active at each. (R17)

    lam is the middle of [low, high): low is the largest of the samples' (n_active + 1)-th largest
    norms ||A_g^T y||, high the smallest of their n_active-th largest.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary. It must not have been fitted to the samples ``Y``.
    Y : array_like of shape (n_samples, n_features) or (n_features,)
        Samples, exchangeable with the samples to come.
    n_active : int
        Number of active groups, gamma.
    group_size : int
        Atoms per group; divides n_atoms.

    Returns
    -------
    threshold : DataThreshold
        ``lam`` (None where no threshold does it), ``low``, ``high``, ``failure_bound``.
        ``print(threshold)`` says what is guaranteed and what is not.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, ``n_active`` above n_groups.

    See Also
    --------
    support_interval : thresholds that recover every support, from A* and bounds on the codes.

    Examples
    --------
    >>> threshold = data_threshold(np.eye(2), [[3.0, 1.0], [2.0, 5.0]], n_active=1, group_size=1)
    >>> threshold.lam, threshold.low, threshold.high
    (2.5, 2.0, 3.0)
    >>> data_threshold(np.eye(2), [[3.0, 1.0], [2.0, 1.5]], n_active=2, group_size=1).lam
    0.5
    """
    A = checks.dictionary("A", A, group_size)
    Y = np.atleast_2d(checks.batch("Y", Y, A.shape[0], "A"))
    n_groups = A.shape[1] // group_size
    n_active = checks.n_active(n_active, n_groups)
    low, high = checks.representable(
        "a norm of A_g^T y",
        lambda: data_window(groups.norms(Y @ A, group_size), n_active),
        A=A,
        Y=Y,
    )
    bound = failure_bound(len(Y), n_active, n_groups)
    return DataThreshold(middle(low, high), low, high, n_active, len(Y), bound)
