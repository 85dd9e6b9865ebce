"""How close weights are to a dictionary, up to an order and signs of the columns. [N19]"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array, BoolArray, IntArray


class Closeness(NamedTuple):
    """What :func:`closeness` returns.

    Attributes
    ----------
    delta : float
        max_j ||signs_j W_permutation(j) - A_j||, minimised over orders and signs.
    permutation : ndarray of int (n_atoms,)
        Column j of A* is matched by column ``permutation[j]`` of W.
    signs : ndarray (n_atoms,)
        The sign, +1 or -1, given to that column.

    Examples
    --------
    >>> closeness([[0, 1], [1, 0]], np.diag([1.0, -1.0]))
    Closeness(delta=0.0, permutation=array([1, 0]), signs=array([ 1., -1.]))
    """

    delta: float
    permutation: np.ndarray
    signs: np.ndarray


class Nearness(NamedTuple):
    """What :func:`nearness` returns.

    Attributes
    ----------
    delta : float
        As in :class:`Closeness`.
    xi : float
        ||pi(W) - A*||_2 / ||A*||_2 for the same order and signs.
    permutation, signs : ndarray (n_atoms,)
        As in :class:`Closeness`.

    Examples
    --------
    >>> near = nearness([[1, 0], [0, 3]], np.eye(2))
    >>> near.delta, near.xi
    (2.0, 2.0)
    """

    delta: float
    xi: float
    permutation: np.ndarray
    signs: np.ndarray


def closeness(W: ArrayLike, A_star: ArrayLike, up_to: str = "sign") -> Closeness:
    """The smallest delta for which W is delta-close to A*. [N19] Definition 2.

    W is delta-close to A* if, for some order and signs pi of its columns and every j,

        ||pi(W)_j - A*_j|| <= delta.

    The smallest such delta is a bottleneck assignment: it is one of the n_atoms^2 distances, namely
    the smallest t for which the bipartite graph of the pairs at distance <= t has a perfect
    matching. Bisection over the sorted distances finds it exactly. Of the orders with this delta,
    the one with the smallest sum of squared distances is returned.

    Parameters
    ----------
    W, A_star : array_like of shape (n_features, n_atoms)
        Columns are compared as they are, not normalised.
    up_to : {"sign", "permutation"}
        Whether signs are free, as in N19 for sparse coding, or only the order, as for its mixture
        and its non-negative codes.

    Returns
    -------
    Closeness

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that differ, an unknown ``up_to``.

    Notes
    -----
    The assignment with the smallest *sum* of squared distances,
    :func:`gsae_ref.match_dictionaries`, can have a larger worst column. If 2 delta is below the
    smallest distance between two columns of A* (and their negatives), the order is unique. The
    delta of T21 compares groups in the order given:
    :func:`gsae_ref.papers.t21.model.formulas.closeness`.

    Examples
    --------
    >>> closeness([[0.0, -1.0], [1.0, 0.5]], np.eye(2))
    Closeness(delta=0.5, permutation=array([1, 0]), signs=array([-1.,  1.]))
    """
    W, A_star = _pair(W, A_star, up_to)
    return Closeness(
        *checks.representable(
            "the distance", lambda: _bottleneck(W, A_star, up_to), W=W, A_star=A_star
        )
    )


def nearness(W: ArrayLike, A_star: ArrayLike, up_to: str = "sign") -> Nearness:
    """The delta of :func:`closeness`, and the relative spectral distance. [N19] Definition 2.

    W is (delta, xi)-near to A* if it is delta-close to A* by some order and signs pi with

        ||pi(W) - A*||_2 <= xi ||A*||_2.

    Parameters
    ----------
    W, A_star : array_like of shape (n_features, n_atoms)
        Columns are compared as they are, not normalised.
    up_to : {"sign", "permutation"}
        As in :func:`closeness`.

    Returns
    -------
    Nearness
        ``xi`` belongs to the order that :func:`closeness` returns; where that order is not unique,
        another may have a smaller xi.

    Raises
    ------
    TypeError, ValueError
        As :func:`closeness`; for an ``A_star`` of zeros.

    Examples
    --------
    >>> near = nearness([[0.0, 1.0], [0.5, 0.0]], np.eye(2))
    >>> near.delta, near.xi, near.permutation.tolist()
    (0.5, 0.5, [1, 0])
    """
    W, A_star = _pair(W, A_star, up_to)
    scale = float(np.linalg.norm(A_star, 2))
    if scale == 0:
        raise ValueError(
            "A_star is zero, so that a distance relative to its norm is undefined; use closeness"
        )

    def compute() -> tuple[float, float, IntArray, Array]:
        delta, permutation, signs = _bottleneck(W, A_star, up_to)
        distance = float(np.linalg.norm(W[:, permutation] * signs - A_star, 2))
        return delta, distance / scale, permutation, signs

    return Nearness(*checks.representable("the distance", compute, W=W, A_star=A_star))


def matched_distance(W: ArrayLike, A_star: ArrayLike, up_to: str = "sign") -> float:
    """Frobenius distance min ||pi(W) - A*||_F over orders and signs pi. [N19] Section 6, Figure 3.

    It is a linear assignment on the squared distances between columns, solved exactly by the
    Hungarian method.

    Parameters
    ----------
    W, A_star : array_like of shape (n_features, n_atoms)
        Columns are compared as they are, not normalised.
    up_to : {"sign", "permutation"}
        As in :func:`closeness`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As :func:`closeness`.

    Examples
    --------
    >>> matched_distance([[0.0, -1.0], [2.0, 0.0]], np.eye(2))
    1.0
    """
    from scipy.optimize import linear_sum_assignment

    W, A_star = _pair(W, A_star, up_to)
    distances = _distances(W, A_star, up_to)[0]
    scale = distances.max() or 1.0
    squares = (distances / scale) ** 2
    return float(scale * np.sqrt(squares[linear_sum_assignment(squares)].sum()))


def _pair(W: ArrayLike, A_star: ArrayLike, up_to: str) -> tuple[Array, Array]:
    """Both in float64, since rounding must not break ties between distances."""
    checks.option("up_to", up_to, ("sign", "permutation"))
    W = checks.dictionary("W", W)
    A_star = checks.dictionary("A_star", A_star)
    checks.same_shape("W", W, "A_star", A_star)
    return W.astype(np.float64), A_star.astype(np.float64)


def _bottleneck(W: Array, A_star: Array, up_to: str) -> tuple[float, IntArray, Array]:
    """(delta, permutation, signs) of :class:`Closeness`."""
    from scipy.optimize import linear_sum_assignment

    distances, signs = _distances(W, A_star, up_to)
    thresholds = np.unique(distances)
    low = 0
    high = len(thresholds) - 1  # the largest threshold admits every pair
    while low < high:
        middle = (low + high) // 2
        if _has_perfect_matching(distances <= thresholds[middle]):
            high = middle
        else:
            low = middle + 1
    delta = thresholds[low]
    costs = np.where(distances <= delta, (distances / (delta or 1.0)) ** 2, np.inf)
    permutation = linear_sum_assignment(costs)[1]
    return float(delta), permutation, signs[np.arange(len(permutation)), permutation]


def _distances(W: Array, A_star: Array, up_to: str) -> tuple[Array, Array]:
    """||+-W_i - A_j|| in row j and column i, and its sign; small distances are accurate too."""
    plus = np.stack([_column_norms(W - a[:, None]) for a in A_star.T])
    if up_to == "permutation":
        return plus, np.ones_like(plus)
    minus = np.stack([_column_norms(W + a[:, None]) for a in A_star.T])
    return np.minimum(plus, minus), np.where(minus < plus, -1.0, 1.0)


def _column_norms(M: Array) -> Array:
    """Norms of the columns; no square overflows or underflows."""
    power = np.frexp(np.abs(M).max(axis=0))[1]
    return np.ldexp(np.linalg.norm(np.ldexp(M, -power), axis=0), power)


def _has_perfect_matching(graph: BoolArray) -> bool:
    """Whether the bipartite graph of a boolean matrix has a perfect matching."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    partners = maximum_bipartite_matching(csr_array(graph), perm_type="column")
    return bool((partners >= 0).all())
