"""A small regression with groups of different sizes."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=5)


class Problem(NamedTuple):
    u: np.ndarray
    v: np.ndarray
    X: np.ndarray
    y: np.ndarray
    groups: list


def problem(seed, sizes=(2, 1, 3), n_samples=5):
    """Groups of different sizes and scales, correlated predictors."""
    rng = np.random.default_rng(seed)
    p = sum(sizes)
    u = np.exp(0.5 * rng.normal(size=len(sizes)))
    v = rng.normal(size=p)
    X = rng.normal(size=(n_samples, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p)))
    groups = 1 if set(sizes) == {1} else list(sizes)  # ones could be labels
    return Problem(u, v, X, rng.normal(size=n_samples), groups)
