"""L23, Section 2: the parts of a vector by groups, and the deltas of Assumption 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....arrays import Array
from ....groups import spectral_norm


def parts(x: Array, groups: tuple[int, ...]) -> list[Array]:
    """The vector x cut into its groups.

    >>> parts(np.arange(3), (2, 1))
    [array([0, 1]), array([2])]
    """
    return np.split(x, np.cumsum(groups)[:-1])


def group_norms(x: Array, groups: tuple[int, ...]) -> Array:
    """||x_l||_2 for every group.

    >>> group_norms(np.array([3.0, 4.0, 1.0]), (2, 1))
    array([5., 1.])
    """
    return np.sqrt(np.add.reduceat(np.square(x), np.concatenate([[0], np.cumsum(groups)[:-1]])))


def deltas(gram: Array, groups: Sequence[int]) -> tuple[float, float]:
    """The least constants in (1) and (2).

    delta_in = max_l ||X_l^T X_l / n - I||_2 and delta_out = max_{l != k} ||X_l^T X_k / n||_2.
    The suprema over unit vectors are spectral norms; delta_out is 0 for a single group.

    >>> deltas(np.array([[1.0, 0.25], [0.25, 1.5]]), (1, 1))
    (0.5, 0.25)
    """
    ends = np.cumsum(groups)
    cuts = [slice(end - size, end) for end, size in zip(ends, groups, strict=True)]
    inside = max(_spectral(gram[c, c] - np.eye(c.stop - c.start)) for c in cuts)
    return inside, max(
        (_spectral(gram[c, d]) for k, c in enumerate(cuts) for d in cuts[:k]), default=0.0
    )


def _spectral(M: Array) -> float:
    return float(spectral_norm(M))


def gaussian_block_bound(sizes: int, n: int, t: float) -> float:
    """Assumption 1 for Gaussian X: a bound on ||B - E B||_2, B the block of one or two groups.

    For Z of shape (n, m) with entries N(0, 1), m = ``sizes``, all singular values of Z / sqrt n lie
    within r = sqrt(m/n) + t of 1 with probability at least 1 - 2 exp(-n t^2/2) (Gordon's inequality
    and concentration of Lipschitz functions). So ||Z^T Z / n - I||_2 <= 2 r + r^2, and every block
    of Z^T Z / n - I is bounded by the same: for two groups, also X_l^T X_l' / n.

    >>> round(gaussian_block_bound(6, 600, 0.1), 2)
    0.44
    """
    r = float(np.sqrt(sizes / n)) + t
    return 2 * r + r**2
