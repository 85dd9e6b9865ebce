"""Sizes and parameters of networks of layers, checked."""

from typing import Any

import numpy as np

from ..arrays import Array
from .arrays import array
from .scalars import count


def divisor(name: str, value: Any, whole: int, of: str) -> int:
    """Return ``value`` as an int >= 1 that divides ``whole``, the number of ``of``."""
    result = count(name, value)
    if whole % result:
        raise ValueError(
            f"{name} = {result} does not divide the {whole} {of}; choose a divisor of {whole}"
        )
    return result


def widths(name: str, value: Any) -> tuple[int, ...]:
    """Return the numbers of channels of successive layers, a tuple of ints >= 1."""
    if not isinstance(value, (tuple, list)) or not value:
        raise TypeError(
            f"{name} = {value!r}; it must be one number of channels for each layer; "
            f"pass a tuple of integers, not empty"
        )
    return tuple(count(f"{name}[{i}]", entry) for i, entry in enumerate(value))


def named_arrays(name: str, value: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
    """Return a dict of floating arrays of one dtype with the keys and shapes of ``shapes``."""
    if not isinstance(value, dict) or set(value) != set(shapes):
        found = f"has the keys {sorted(value)}" if isinstance(value, dict) else f"= {value!r}"
        raise ValueError(f"{name} {found}; it must be a dict with the keys {sorted(shapes)}")
    result = {key: array(f"{name}[{key!r}]", entry) for key, entry in value.items()}
    for key, entry in result.items():
        if entry.shape != shapes[key]:
            raise ValueError(
                f"{name}[{key!r}] has shape {entry.shape}, but this network needs {shapes[key]}"
            )
    dtype = np.result_type(*result.values())
    return {key: entry.astype(dtype, copy=False) for key, entry in result.items()}
