"""Types for annotations: arrays by their entries, and real numbers. May import numpy only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]  # float32 or float64, of any shape; docstrings say which
IntArray = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]
Real = float | np.floating[Any]  # a number of Python or NumPy
