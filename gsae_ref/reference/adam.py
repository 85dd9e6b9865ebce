"""One step of Adam."""

from __future__ import annotations

import numpy as np

from ..arrays import Array

BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-8  # of the Adam paper


def adam_step(
    value: Array, gradient: Array, first: Array, second: Array, steps: int, step_size: float
) -> tuple[Array, Array, Array]:
    """Parameter and moments after step number ``steps`` = 1, 2, ...: Kingma and Ba, Algorithm 1.

        first'  = b1 first + (1 - b1) g,        second' = b2 second + (1 - b2) g^2,
        value'  = value - step_size * (first' / (1 - b1^t)) / (sqrt(second' / (1 - b2^t)) + epsilon)

    with t = ``steps``; the divisors correct for moments that start at zero. They are gathered in
    two factors, as at the end of section 2 there. The first step has the length of the step size:

    >>> zero = np.zeros(1)
    >>> adam_step(np.array([1.0]), np.array([4.0]), zero, zero, 1, 0.25)[0]
    array([0.75])
    """
    first = BETA_1 * first + (1 - BETA_1) * gradient
    second = BETA_2 * second + (1 - BETA_2) * gradient**2
    rate = step_size / (1 - BETA_1**steps)
    scale = (1 - BETA_2**steps) ** -0.5
    return value - rate * first / (scale * np.sqrt(second) + EPSILON), first, second
