"""The loss of every network here: half the mean of the squared residuals."""

from __future__ import annotations

import numpy as np

from ..arrays import Array


def half_mean_square(E: Array) -> float:
    """Half the mean over the rows of E of their squared norms, 1/(2N) sum_i ||e_i||^2.

    Squares are taken and summed in float64 whatever the dtype of E.

    >>> half_mean_square(np.array([[3.0], [1.0]]))
    2.5
    """
    return float(np.square(E, dtype=np.float64).sum()) / (2 * len(E))
