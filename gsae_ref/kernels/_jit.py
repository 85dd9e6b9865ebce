"""How every kernel is compiled, and how kernels share the processors. May import numpy and numba only.

Compiled code is kept on disk by Numba; where no folder can be written it is compiled anew in every
process, without complaint. ``NUMBA_DISABLE_JIT=1`` runs the same functions as plain Python.
"""

import logging
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import event

from ..arrays import Array

OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}

# What the compiler may do to floating point beyond IEEE 754. Never "nnan" or "ninf": a NaN must
# stay one. Never "arcp": the threshold needs lam / lam == 1, which lam * (1 / lam) is not.
SUMS_IN_ANY_ORDER = frozenset({"reassoc", "contract", "nsz"})
NO_SHORTCUTS: frozenset[str] = frozenset()

_threads: int | None = None
_logger = logging.getLogger(__package__.split(".")[0])

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def jit(function: Any = None, *, fastmath: frozenset[str] = SUMS_IN_ANY_ORDER) -> Any:
    """Compile at first call and keep the result on disk where that is possible; the decorator of every kernel."""
    if function is None:
        return lambda function: jit(function, fastmath=fastmath)
    options = {**OPTIONS, "fastmath": set(fastmath)}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError as error:  # Numba found no folder to write to
        _logger.debug("%s; compiled code will not outlive the process", error)
        return numba.njit(**options)(function)


class _Announcement(event.Listener):
    """Says once in a process that kernels are being compiled. What comes from the disk is not compiled and not announced."""

    def __init__(self) -> None:
        self.made = False

    def on_start(self, event: Any) -> None:
        function = getattr(event.data.get("dispatcher"), "py_func", None)
        if not self.made and (getattr(function, "__module__", None) or "").startswith(
            __package__ + "."
        ):
            self.made = True
            _logger.info(
                "compiling kernels: some seconds, once for each dtype and group size; later processes read them from disk"
            )

    def on_end(self, event: Any) -> None:
        """Nothing is said at the end."""


event.register("numba:compile", _Announcement())


def set_threads(count: int | None) -> None:
    """Let kernels use ``count`` threads from now on; None: what the environment says."""
    global _threads
    _threads = count


def available_threads() -> int:
    """Threads for kernels: what was set, else the least of GSAE_REF_NUM_THREADS, OMP_NUM_THREADS, NUMBA_NUM_THREADS and the processors."""
    if _threads is not None:
        return _threads
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    asked = [
        os.environ.get(name, "").strip()
        for name in ("GSAE_REF_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
    ]
    return min([processors, *(int(value) for value in asked if value.isdigit() and int(value) > 0)])


def in_threads(
    task: Callable[[Argument], Result], arguments: Iterable[Argument], n_threads: int | None = None
) -> list[Result]:
    """Return [task(a) for a in arguments], computed by up to ``n_threads`` threads; None takes the available processors.

    What the tasks are must not depend on ``n_threads``: then no result does. The threads live as
    long as the call, so a process may fork. They warn of overflow where the caller would
    (:func:`numpy.errstate` does not reach other threads by itself).
    """
    arguments = list(arguments)
    n_threads = min(n_threads or available_threads(), len(arguments))
    if n_threads <= 1:
        return [task(argument) for argument in arguments]
    told = np.geterr()

    def as_told(argument: Argument) -> Result:
        with np.errstate(**told):
            return task(argument)

    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(as_told, arguments))


def slices(size: int, count: int) -> list[slice]:
    """0, ..., size - 1 in this many pieces, as even as can be."""
    return [slice(size * k // count, size * (k + 1) // count) for k in range(count)]


def plain(array: Array) -> Array:
    """The array as the one kind that kernels are compiled for: C order, aligned, read-only; copied only if it must be."""
    array = np.ascontiguousarray(array)
    view = (array if array.flags.aligned else array.copy()).view()
    view.flags.writeable = False
    return view


def threshold_for(lam: float, dtype: np.dtype[Any]) -> float:
    """A positive ``lam`` as a number of ``dtype`` that is neither 0 nor infinite, so that lam / lam is 1 there."""
    limits = np.finfo(dtype)
    return dtype.type(min(max(float(lam), float(limits.smallest_subnormal)), float(limits.max)))
