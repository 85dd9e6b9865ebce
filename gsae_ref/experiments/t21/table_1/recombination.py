"""Ours, not the paper's: of the groups that several trainings of one network have found, those that together explain the samples best.

A training ends in a basin where most groups are good and some are not: two share a digit, or one
holds two. Which are the good ones differs from training to training. Those chosen explain at least
as much, each sample by one of them, as the groups of any single training; that is no promise for
the loss, nor for classes. No label is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....arrays import Array

TRAININGS = 8
SHORT = 4  # trainings whose groups the start "united" is made of, and their epochs


def explained(
    A: Array, Y: Array, encode: Callable[[Array, Array], Array], group_size: int
) -> Array:
    """What each group explains of each sample by itself: (||y||^2 - ||y - A_g x_g||^2) / 2, where x_g is the code under A_g alone.

    Parameters
    ----------
    A : ndarray of shape (n_features, n_atoms)
    Y : ndarray of shape (n_samples, n_features)
    encode : callable
        Codes (n_samples, group_size) of Y under a dictionary of one group.
    group_size : int

    Returns
    -------
    ndarray of shape (n_samples, n_groups)

    Examples
    --------
    >>> explained(np.eye(2), np.array([[3.0, 4.0]]), lambda A, Y: Y @ A, 1)
    array([[4.5, 8. ]])
    """
    energy = np.sum(Y * Y, axis=1)
    groups = np.split(A, A.shape[1] // group_size, axis=1)
    return (
        np.stack(
            [
                energy - np.sum((Y - encode(G, Y) @ G.T) ** 2, axis=1)
                for G in map(np.ascontiguousarray, groups)
            ],
            axis=1,
        )
        / 2
    )


def best_together(gain: Array, size: int) -> list[int]:
    """Columns of which the largest entry in each row, summed over rows, is large: several choices to begin with, exchanged while the sum grows.

    This is facility location. One choice is greedy, which alone has at least 1 - 1/e of the largest
    possible sum (Nemhauser, Wolsey, Fisher 1978); the others are every ``size`` columns in turn, so
    no dictionary whose groups these are explains more than what is chosen.

    Parameters
    ----------
    gain : ndarray of shape (n_samples, n_candidates)
        A sample that no column explains counts zero.
    size : int
        Columns to choose; n_candidates is a multiple of it.

    Returns
    -------
    list of int
        In ascending order. No exchange of one of them for another column makes the sum larger.

    Examples
    --------
    >>> best_together(np.array([[3.0, 2.0, 2.0, 0.0], [0.0, 2.0, 2.0, 3.0]]), 2)  # the greedy choice begins with column 1
    [0, 3]
    """

    def with_another(chosen: list[int]) -> tuple[float, list[int]]:
        held = gain[:, chosen].max(axis=1, initial=0)
        sums = np.maximum(held[:, None], gain).sum(axis=0, dtype=np.float64)
        sums[chosen] = -np.inf
        return float(sums.max()), [*chosen, int(sums.argmax())]

    def exchanged(chosen: list[int]) -> tuple[float, list[int]]:
        best = -np.inf
        in_vain = 0
        while in_vain < size:
            value, other = with_another(
                chosen[1:]
            )  # the first gives way to the best, if that is better
            best, chosen, in_vain = (
                (value, other, 0) if value > best else (best, [*chosen[1:], chosen[0]], in_vain + 1)
            )
        return best, sorted(chosen)

    greedy: list[int] = []
    for _ in range(size):
        greedy = with_another(greedy)[1]
    begun = [greedy, *(list(range(k, k + size)) for k in range(0, gain.shape[1], size))]
    return max(map(exchanged, begun), key=lambda found: found[0])[1]


def recombined(
    dictionaries: Sequence[Array],
    Y: Array,
    encode: Callable[[Array, Array], Array],
    group_size: int,
) -> Array:
    """A dictionary as large as each of those given, of the groups of all of them that :func:`best_together` chooses.

    Parameters
    ----------
    dictionaries : sequence of ndarray of shape (n_features, n_atoms)
    Y : ndarray of shape (n_samples, n_features)
    encode : callable
        As for :func:`explained`.
    group_size : int

    Returns
    -------
    ndarray of shape (n_features, n_atoms)

    Examples
    --------
    >>> e, Y = np.eye(3), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])  # of each, one column is of use
    >>> recombined([e[:, :2], e[:, 1:]], Y, lambda A, Y: Y @ A, 1).T
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    gain = np.concatenate([explained(A, Y, encode, group_size) for A in dictionaries], axis=1)
    groups = np.concatenate([np.split(A, A.shape[1] // group_size, axis=1) for A in dictionaries])
    return np.concatenate(
        list(groups[best_together(gain, dictionaries[0].shape[1] // group_size)]), axis=1
    )
