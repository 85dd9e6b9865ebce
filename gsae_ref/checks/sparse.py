"""Arguments of the sparse model, checked: laws of supports, moments and bounds of codes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import Array, BoolArray
from .arrays import any_array, array
from .scalars import counted, real


def weights(name: str, value: Any, count: int, of: str) -> Array:
    """Return ``count`` probabilities as float64: not negative, of sum 1."""
    result = array(name, value, ndim=(1,)).astype(np.float64)
    if len(result) != count:
        raise ValueError(
            f"{name} has {counted(len(result), 'entry')}, but there are {count} {of}; "
            f"pass one probability for each"
        )
    with np.errstate(over="ignore"):
        total = result.sum()
    if result.min() < 0 or abs(total - 1) > 1e-6:
        raise ValueError(
            f"{name} has the smallest entry {result.min():.6g} and the sum {total:.6g}; "
            f"probabilities are >= 0 and have the sum 1"
        )
    return result


def support_law(
    supports: ArrayLike, probabilities: ArrayLike | None, n_atoms: int
) -> tuple[BoolArray, Array]:
    """Return the supports of a law, a mask (n_supports, n_atoms), and the probability of each.

    Without ``probabilities`` all supports are equally probable.
    """
    masks = any_array("supports", supports)
    if masks.dtype != bool or masks.ndim != 2 or masks.shape[1] != n_atoms or not len(masks):
        raise ValueError(
            f"supports has dtype {masks.dtype} and shape {masks.shape}; it must be a boolean mask "
            f"with one row for each support and {n_atoms} columns, one for each atom"
        )
    if probabilities is None:
        return masks, np.full(len(masks), 1 / len(masks))
    return masks, weights("probabilities", probabilities, len(masks), "supports")


def code_moments(moments: Any) -> tuple[float, float]:
    """Return (kappa_1, kappa_2), the moments of a non-zero code, with kappa_2 >= kappa_1^2."""
    if np.shape(moments) != (2,):
        raise ValueError(
            f"moments = {moments!r}; it must be the pair (kappa_1, kappa_2), for example (0, 1)"
        )
    first = real("kappa_1", moments[0])
    second = real("kappa_2", moments[1])
    square = first * first
    if not second >= square * (1 - 1e-12):
        raise ValueError(
            f"moments = ({first!r}, {second!r}); kappa_2 must be at least kappa_1^2 = {square:.6g}"
        )
    return first, second


def code_bounds(bounds: Any) -> tuple[float, float]:
    """Return (a_1, a_2), the bounds of a non-zero code's magnitude, with 0 < a_1 <= a_2 <= inf."""
    if np.shape(bounds) != (2,):
        raise ValueError(f"bounds = {bounds!r}; it must be the pair (a_1, a_2), for example (1, 2)")
    a_1 = real("a_1", bounds[0])
    a_2 = np.inf if bounds[1] == np.inf else real("a_2", bounds[1])
    if not 0 < a_1 <= a_2:
        raise ValueError(f"bounds = ({a_1!r}, {a_2!r}); they must satisfy 0 < a_1 <= a_2")
    return a_1, a_2
