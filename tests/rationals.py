"""Exact matrices as arrays."""

import numpy as np


def floats(M):
    return np.array([[float(entry) for entry in row] for row in M])
