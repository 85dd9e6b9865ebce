"""Results, checked: what finite arguments give is finite, or refused in words."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .arrays import all_finite

Result = TypeVar("Result")


class RangeError(ValueError):
    """A result is beyond the range of its floating type, although the arguments are finite."""


def representable(what: str, compute: Callable[[], Result], **given: Any) -> Result:
    """Return ``compute()``, a number, an array or a tuple of them, if it is finite; NumPy's own warnings of overflow are not shown.

    Raises
    ------
    RangeError
        If the result, or something on the way to it, is beyond the range of its floating type; the
        message names the arguments ``given`` and how large they are.

    >>> representable("the sum", lambda: 1.0 + 1.0, x=np.ones(2))
    2.0
    """
    failure = None
    with np.errstate(all="ignore"):
        try:
            result = compute()
        except (
            np.linalg.LinAlgError,
            OverflowError,
        ) as error:  # singular values of infinities; powers of Python's floats
            failure = error
    parts = () if failure else result if isinstance(result, tuple) else (result,)
    if failure or not all(
        all_finite(np.asarray(part)) for part in parts if np.asarray(part).dtype.kind == "f"
    ):
        arguments = {name: np.asarray(value) for name, value in given.items() if value is not None}
        reach = ", ".join(
            f"{name} reaches {np.abs(value).max():.3g}" for name, value in arguments.items()
        )
        raise RangeError(
            f"{what} cannot be represented in {np.result_type(*arguments.values())}: {reach}; no number on the way may be beyond its range; "
            f"scale {' and '.join(arguments)}, or pass float64"
        ) from failure
    return result
