"""Results, checked: a result that is not finite raises an error that names the arguments."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .arrays import all_finite

Result = TypeVar("Result")


class RangeError(ValueError):
    """A result is beyond the range of its floating type, although the arguments are finite."""


def representable(what: str, compute: Callable[[], Result], **given: Any) -> Result:
    """Return ``compute()``, a number, an array or a tuple of them, if it is finite.

    NumPy's warnings of overflow are not shown.

    Raises
    ------
    RangeError
        If the result, or something on the way to it, is beyond the range of its floating type; the
        message names the arguments ``given`` and their largest entries.

    >>> representable("the sum", lambda: 1.0 + 1.0, x=np.ones(2))
    2.0
    """
    failure: Exception | None = None
    with np.errstate(all="ignore"):
        try:
            result = compute()
        # Singular values of infinities; powers of Python's floats.
        except (np.linalg.LinAlgError, OverflowError) as error:
            failure = error
    if failure is None and _is_finite(result):
        return result
    arguments = {name: np.asarray(value) for name, value in given.items() if value is not None}
    with_axes = [x for x in arguments.values() if x.ndim]  # a number has no dtype of its own
    dtype = np.result_type(*(with_axes or arguments.values()))
    reach = ", ".join(f"{name} reaches {np.abs(x).max():.3g}" for name, x in arguments.items())
    remedy = f"scale {' and '.join(name for name in arguments if name != 'step_size')}"
    if "step_size" in arguments:
        remedy = f"lower step_size, or {remedy}"
    if dtype == np.float32:
        remedy += ", or pass float64"
    raise RangeError(f"{what} cannot be represented in {dtype}: {reach}; {remedy}") from failure


def _is_finite(result: Any) -> bool:
    """Whether all floating numbers of a result are finite."""
    parts = result if isinstance(result, tuple) else (result,)
    arrays = [np.asarray(part) for part in parts]
    return all(all_finite(x) for x in arrays if x.dtype.kind == "f")
