"""One step of Adam."""

from __future__ import annotations

from .. import checks
from ..arrays import Array
from ..reference import adam
from .engine import ENGINES, compiler_disabled

ENOUGH_NUMBERS = 20_000  # from which the kernel pays for its import


def adam_step(
    value: Array,
    gradient: Array,
    first: Array,
    second: Array,
    steps: int,
    step_size: float,
    engine: str = "auto",
    overwrite: bool = False,
) -> tuple[Array, Array, Array]:
    """One step of Adam as published, bias-corrected, with constants 0.9, 0.999, 1e-8.

    Parameters
    ----------
    value, gradient, first, second : ndarray of one shape and dtype, float32 or float64
        Parameter, its gradient, and the running means of gradients and of their squares.
    steps : int
        Number of this step, from 1 on.
    step_size : float
    engine : {"auto", "reference", "numba"}
        The implementation; all give the same bits.
    overwrite : bool
        Whether ``value``, ``first`` and ``second`` may be overwritten, which saves memory and time
        where the kernel runs.

    Returns
    -------
    value, first, second : ndarray

    Raises
    ------
    ValueError
        For an unknown ``engine`` or arrays of different shapes.

    Notes
    -----
    Entries are not checked for NaN: training, which calls this, does so with the number of the
    epoch.

    Examples
    --------
    The first step has the length of the step size:

    >>> import numpy as np
    >>> zero = np.zeros(1)
    >>> adam_step(np.array([1.0]), np.array([4.0]), zero, zero, 1, 0.25)[0]
    array([0.75])
    """
    checks.option("engine", engine, ENGINES)
    for name, array in (("gradient", gradient), ("first", first), ("second", second)):
        checks.same_shape("value", value, name, array)
    large = value.size >= ENOUGH_NUMBERS and not compiler_disabled()
    one_dtype = value.dtype == gradient.dtype == first.dtype == second.dtype
    if one_dtype and (engine == "numba" or engine == "auto" and large):
        from ..kernels.adam import adam_step as step

        return step(value, gradient, first, second, steps, step_size, overwrite)
    return adam.adam_step(value, gradient, first, second, steps, step_size)
