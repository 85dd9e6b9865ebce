"""Exact matrices as arrays."""

import numpy as np


def floats(M):
    rows = [list(map(float, row)) for row in M]
    return np.array(rows)
