"""A random stream for every function and every block of samples, all derived from one seed."""

from __future__ import annotations

import numpy as np

from .. import checks

# First key of the streams of each function.
DICTIONARY = 0
PERTURBATION = 1
GROUP_SPARSE_SAMPLE = 2
SPARSE_SAMPLE = 3
SPARSE_INITIALISATION = 4
REGRESSION = 5


def seed_of(rng: int | str | np.random.Generator | None) -> int:
    """One integer from ``rng``: all that later draws depend on."""
    return int(checks.generator(rng).integers(2**63))


def stream(seed: int, *key: int) -> np.random.Generator:
    """The generator that belongs to ``key`` under ``seed``."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
