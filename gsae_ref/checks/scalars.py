"""Numbers, options and flags, checked."""

import inspect
import numbers
import os
from collections.abc import Collection
from typing import Any

import numpy as np

COUNT_LIMIT = 2**62  # no array has so many entries
LARGEST = 1e50  # fourth powers of larger numbers leave the range of float64


def real(name: str, value: Any) -> float:
    """Return a finite real number as a float."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(
            f"{name} = {value!r} has type {type(value).__name__}; it must be one real number"
        )
    try:
        result = float(value)
    except OverflowError:
        result = np.inf
    if not np.isfinite(result):
        raise ValueError(f"{name} = {value!r}; it must be finite")
    return result


def threshold(value: Any, name: str = "lam") -> float:
    """Return a threshold: a finite real number >= 0."""
    lam = real(name, value)
    if lam < 0:
        raise ValueError(f"{name} = {lam!r} is negative; it must be >= 0")
    return lam


def step(value: Any, name: str = "step_size") -> float:
    """Return a positive finite real number."""
    result = real(name, value)
    if result <= 0:
        raise ValueError(f"{name} = {result!r}; it must be > 0")
    return result


def count(name: str, value: Any, minimum: int = 1) -> int:
    """Return an integer >= ``minimum``."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(
            f"{name} = {value!r} has type {type(value).__name__}; it must be an integer"
        )
    value = int(value)
    if value < minimum:
        raise ValueError(f"{name} = {value}; it must be at least {minimum}")
    if value >= COUNT_LIMIT:
        raise ValueError(f"{name} = {value}; it must be below 2**62")
    return value


def group_size(value: Any, n_atoms: int | None = None, name: str = "A") -> int:
    """Return the group size as an int >= 1 that divides ``n_atoms``."""
    if np.ndim(value) and not isinstance(value, str):
        raise TypeError(
            f"group_size = {value!r}; it must be one integer: the groups of this model are equal "
            f"blocks; groups of any sizes have dglnn_path and DiagonallyGroupedLinearRegressor"
        )
    size = count("group_size", value)
    if n_atoms is not None and n_atoms % size:
        raise ValueError(
            f"group_size = {size} does not divide the {n_atoms} atoms of {name}; "
            f"choose a divisor of {n_atoms}"
        )
    return size


def n_active(value: Any, total: int, of: str = "groups") -> int:
    """Return the number of active groups (or atoms): an integer between 1 and ``total``."""
    result = count("n_active", value)
    if result > total:
        raise ValueError(f"n_active = {result}, but there are only {total} {of}")
    return result


def norm_bounds(b_min: Any, b_max: Any) -> tuple[float, float]:
    """Return (b_min, b_max), the bounds of an active group's code norm, with 0 < b_min <= b_max."""
    b_min = real("b_min", b_min)
    b_max = real("b_max", b_max)
    if not 0 < b_min <= b_max:
        raise ValueError(
            f"b_min = {b_min!r} and b_max = {b_max!r}; they must satisfy 0 < b_min <= b_max"
        )
    return b_min, b_max


def option(name: str, value: Any, options: Collection[str]) -> str:
    """Return ``value`` if it is one of ``options`` (strings)."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(
            f"{name} = {value!r} is unknown; choose one of {', '.join(map(repr, options))}"
        )
    return value


def path(name: str, value: Any) -> str:
    """Return a path as a str."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(
            f"{name} = {value!r} has type {type(value).__name__}; "
            f"it must be a path, a str or a pathlib.Path"
        )
    return os.fspath(value)


def flag(name: str, value: Any) -> bool:
    """Return ``value`` as a bool if it is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(
            f"{name} = {value!r} has type {type(value).__name__}; it must be True or False"
        )
    return bool(value)


def callback(value: Any) -> None:
    """Refuse a callback that is neither None nor a function, or of which a call runs nothing."""
    if value is not None and not callable(value):
        raise TypeError(
            f"callback = {value!r} has type {type(value).__name__}; it must be a function"
        )
    if inspect.isgeneratorfunction(value) or inspect.iscoroutinefunction(value):
        raise TypeError(
            "callback is a generator or a coroutine, of which a call runs nothing; "
            "write it without yield and async"
        )


def generator(rng: Any) -> np.random.Generator:
    """Return ``rng`` itself, or a Generator seeded by an int or, for None, by the system.

    >>> int(generator(0).integers(10))
    8
    """
    if rng is None or isinstance(rng, np.random.Generator):
        return np.random.default_rng(rng)
    return np.random.default_rng(count("rng", rng, minimum=0))


def fraction(name: str, value: Any) -> float:
    """Return a real number strictly between 0 and 1."""
    result = real(name, value)
    if not 0 < result < 1:
        raise ValueError(f"{name} = {result!r}; it must lie strictly between 0 and 1")
    return result


def moderate(name: str, *sizes: float) -> None:
    """Refuse sizes whose powers leave the range of float64; 0 may stand.

    >>> moderate("X", 1e60)
    Traceback (most recent call last):
    ValueError: X reaches 1e+60; its powers overflow; scale it to lie between 1e-50 and 1e+50
    """
    for size in sizes:
        if size > LARGEST or 0 < size < 1 / LARGEST:
            what = "overflow" if size > 1 else "underflow"
            raise ValueError(
                f"{name} reaches {size:.3g}; its powers {what}; "
                f"scale it to lie between {1 / LARGEST:.0e} and {LARGEST:.0e}"
            )


def counted(number: int, noun: str) -> str:
    """A number of things, for a message.

    >>> counted(1, "sample"), counted(2, "sample"), counted(2, "entry")
    ('1 sample', '2 samples', '2 entries')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y')}ies" if noun.endswith("y") else f"{number} {noun}s"
