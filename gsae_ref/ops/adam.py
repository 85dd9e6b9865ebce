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
        The results are the same bits.

    Returns
    -------
    value, first, second : ndarray

    Raises
    ------
    ValueError
        For an unknown ``engine`` or arrays of different shapes.

    Notes
    -----
    The loop of a training calls this; entries are not checked for NaN here (the loop refuses them
    with the number of the epoch).

    Examples
    --------
    >>> import numpy as np
    >>> adam_step(np.array([1.0]), np.array([4.0]), np.zeros(1), np.zeros(1), 1, 0.25)[0]  # the first step has the length of the step size
    array([0.75])
    """
    checks.option("engine", engine, ENGINES)
    for name, array in (("gradient", gradient), ("first", first), ("second", second)):
        checks.same_shape("value", value, name, array)
    same_type = value.dtype == gradient.dtype == first.dtype == second.dtype
    if same_type and (
        engine == "numba"
        or engine == "auto"
        and value.size >= ENOUGH_NUMBERS
        and not compiler_disabled()
    ):
        from ..kernels.adam import adam_step as step
    else:
        step = adam.adam_step
    return step(value, gradient, first, second, steps, step_size)
