"""One step of Adam in one pass over memory.

Twin of :mod:`gsae_ref.reference.adam`, to the bit: the same operations in the same order.
"""

import numpy as np

from ..arrays import Array, Real
from ._jit import NO_SHORTCUTS, contiguous, jit, map_in_threads, slices

BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-8
ENOUGH_NUMBERS = 500_000  # from which a piece pays for a thread


def adam_step(
    value: Array,
    gradient: Array,
    first: Array,
    second: Array,
    steps: int,
    step_size: float,
    overwrite: bool = False,
) -> tuple[Array, Array, Array]:
    """Parameter and moments after step number ``steps``; one shape and dtype, any strides.

    With ``overwrite`` they are written to ``value``, ``first`` and ``second`` if these are
    contiguous and writeable.
    """
    results = [value, first, second]
    in_place = overwrite and all(array.flags.carray for array in results)
    if not in_place:
        results = [np.empty(value.shape, value.dtype) for _ in range(3)]
    rate = step_size / (1 - BETA_1**steps)
    scale = (1 - BETA_2**steps) ** -0.5
    factors = [BETA_1, 1 - BETA_1, BETA_2, 1 - BETA_2, rate, scale, EPSILON]
    numbers = tuple(np.array(factors, dtype=value.dtype))
    sources = [gradient] if in_place else [gradient, value, first, second]
    arrays = [contiguous(array).reshape(-1) for array in sources]
    arrays += [result.reshape(-1) for result in results]
    step = _step_in_place if in_place else _step

    def compute(piece: slice) -> None:
        step(*(array[piece] for array in arrays), numbers)

    map_in_threads(compute, slices(value.size, max(value.size // ENOUGH_NUMBERS, 1)))
    return results[0], results[1], results[2]


@jit(fastmath=NO_SHORTCUTS)
def _entry(g: Real, x: Real, m: Real, v: Real, numbers: tuple[Real, ...]) -> tuple[Real, ...]:
    """The formula for one entry."""
    keep_1, take_1, keep_2, take_2, rate, scale, epsilon = numbers
    m = keep_1 * m + take_1 * g
    v = keep_2 * v + take_2 * (g * g)
    return x - rate * m / (scale * np.sqrt(v) + epsilon), m, v


@jit(fastmath=NO_SHORTCUTS)
def _step(
    gradient: Array,
    value: Array,
    first: Array,
    second: Array,
    new_value: Array,
    new_first: Array,
    new_second: Array,
    numbers: tuple[Real, ...],
) -> None:
    for p in range(value.size):
        x, m, v = _entry(gradient[p], value[p], first[p], second[p], numbers)
        new_value[p] = x
        new_first[p] = m
        new_second[p] = v


@jit(fastmath=NO_SHORTCUTS)
def _step_in_place(
    gradient: Array, value: Array, first: Array, second: Array, numbers: tuple[Real, ...]
) -> None:
    """A loop of its own: over arrays that may be one and the same it is not vectorised."""
    for p in range(value.size):
        x, m, v = _entry(gradient[p], value[p], first[p], second[p], numbers)
        value[p] = x
        first[p] = m
        second[p] = v
