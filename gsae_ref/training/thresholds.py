"""The threshold at which a wanted number of groups is active. May import checks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import checks
from ..arrays import Array, BoolArray

MOST_SAMPLES = 512
TOLERANCE = 0.02  # relative, of the mean number of active groups
MOST_TRIALS = 30


def tuned(
    active: Callable[[float], BoolArray], n_active: float, norms: Array, start: float = 0.0
) -> float:
    """Return the lam at which ``n_active`` groups of a sample are active on average.

    Bisection: the number decreases in lam, and is 0 at the largest of the norms ||A_g^T y||, for
    an unfolded network too. It is met within ``TOLERANCE`` where a threshold does it.

    Parameters
    ----------
    active : callable
        The mask (n_samples, n_groups) of the groups that are active at a threshold.
    n_active : float
    norms : ndarray of shape (n_samples, n_groups)
    start : float
        The first threshold tried, if it is above 0.

    Returns
    -------
    lam : float

    Examples
    --------
    >>> norms = np.arange(100.0)[None]
    >>> tuned(lambda lam: norms > lam, 25, norms)
    74.25
    """
    low = 0.0
    high = float(norms.max())
    lam = start if 0 < start < high else high / 2
    for _ in range(MOST_TRIALS):
        found = float(active(lam).sum()) / len(norms)
        if abs(found - n_active) <= TOLERANCE * n_active:
            break
        low, high = (lam, high) if found > n_active else (low, lam)
        lam = (low + high) / 2
    return lam


def spread_rows(Y: Array) -> Array:
    """At most ``MOST_SAMPLES`` evenly spaced rows, as floats.

    >>> spread_rows(np.arange(3.0)[:, None]).ravel()
    array([0., 1., 2.])
    """
    places = np.linspace(0, len(Y) - 1, min(len(Y), MOST_SAMPLES))
    return checks.array("X", np.asarray(Y[places.astype(int)]))
