"""One step of Adam in one pass over memory. Twin of :mod:`gsae_ref.reference.adam`, to the bit: the same operations in the same order."""

import numpy as np

from ..arrays import Array
from ._jit import NO_SHORTCUTS, jit, plain

BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-8


def adam_step(
    value: Array, gradient: Array, first: Array, second: Array, steps: int, step_size: float
) -> tuple[Array, Array, Array]:
    """The parameter and the two moments after step number ``steps``; arrays of one shape and dtype, any strides."""
    arrays = [plain(array) for array in (value, gradient, first, second)]
    results = [np.empty_like(arrays[0]) for _ in range(3)]
    numbers = (
        BETA_1,
        1 - BETA_1,
        BETA_2,
        1 - BETA_2,
        1 - BETA_1**steps,
        1 - BETA_2**steps,
        step_size,
        EPSILON,
    )
    _step(
        *(array.reshape(-1) for array in (*arrays, *results)), np.array(numbers, dtype=value.dtype)
    )
    return results[0], results[1], results[2]


@jit(fastmath=NO_SHORTCUTS)
def _step(
    value: Array,
    gradient: Array,
    first: Array,
    second: Array,
    new_value: Array,
    new_first: Array,
    new_second: Array,
    numbers: Array,
) -> None:
    keep_1, take_1, keep_2, take_2, share_1, share_2, step_size, epsilon = numbers
    for p in range(value.size):
        g = gradient[p]
        m = keep_1 * first[p] + take_1 * g
        v = keep_2 * second[p] + take_2 * (g * g)
        new_first[p] = m
        new_second[p] = v
        new_value[p] = value[p] - step_size * (m / share_1) / (np.sqrt(v / share_2) + epsilon)
