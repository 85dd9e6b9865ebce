"""How every kernel is compiled, and how kernels share the processors.

Compiled code is stored on disk by Numba; where no folder can be written it is compiled anew in
every process. ``NUMBA_DISABLE_JIT=1`` runs the same functions as plain Python. May import numpy and
numba only.
"""

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
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
ENVIRONMENT = ("GSAE_REF_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")

_threads: int | None = None
_logger = logging.getLogger(__package__.split(".")[0])

Argument = TypeVar("Argument")
Result = TypeVar("Result")
Workspace = TypeVar("Workspace")
Spread = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]


def jit(function: Any = None, *, fastmath: frozenset[str] = SUMS_IN_ANY_ORDER) -> Any:
    """Compile at first call and store the result on disk if possible; decorates every kernel."""
    if function is None:
        return lambda function: jit(function, fastmath=fastmath)
    options = {**OPTIONS, "fastmath": set(fastmath)}
    try:
        compiled = numba.njit(cache=True, **options)(function)
        if hasattr(compiled, "_cache"):  # not with NUMBA_DISABLE_JIT
            compiled._cache = _ToleratingCache(compiled._cache)
        return compiled
    except RuntimeError as error:  # Numba found no folder to write to
        _logger.debug("%s; compiled code will not outlive the process", error)
        return numba.njit(**options)(function)


class _ToleratingCache:
    """Numba's cache of a function; where a file is damaged, code is compiled anew, with a warning.

    A file may be damaged in ways that raise errors of any type. Numba stores no checksum: damage
    inside compiled code that loads all the same is not seen.
    """

    has_warned = False

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Compiled code from disk; None makes Numba compile."""
        try:
            return self._cache.load_overload(signature, context)
        except Exception as error:
            self._warn(error)
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Store compiled code, unless the files there are damaged."""
        try:
            self._cache.save_overload(signature, data)
        except Exception as error:
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        """Name the folder, once in a process."""
        if not _ToleratingCache.has_warned:
            _ToleratingCache.has_warned = True
            warnings.warn(
                f"compiled kernels in {self._cache.cache_path} cannot be read "
                f"({type(error).__name__}: {error}), so they are compiled anew in every process; "
                f"delete the .nbi and .nbc files of that folder",
                RuntimeWarning,
                stacklevel=2,
            )


class _Announcement(event.Listener):
    """Logs once in a process that kernels are being compiled, and not only read from disk."""

    def __init__(self) -> None:
        self.made = False

    def on_start(self, event: Any) -> None:
        function = getattr(event.data.get("dispatcher"), "py_func", None)
        module = getattr(function, "__module__", None) or ""
        if module.startswith(__package__ + ".") and not self.made:
            self.made = True
            _logger.info(
                "compiling kernels: some seconds, once for each dtype and group size; "
                "later processes read them from disk"
            )

    def on_end(self, event: Any) -> None:
        """Required by the listener interface."""


event.register("numba:compile", _Announcement())


def set_threads(count: int | None) -> None:
    """Let kernels use ``count`` threads from now on; None returns to the default."""
    global _threads
    _threads = count


def available_threads() -> int:
    """Threads for kernels: as set, else the least of ENVIRONMENT and the number of processors."""
    if _threads is not None:
        return _threads
    if hasattr(os, "sched_getaffinity"):
        least = len(os.sched_getaffinity(0))
    else:
        least = os.cpu_count() or 1
    for name in ENVIRONMENT:
        value = os.environ.get(name, "").strip()
        if value.isdigit() and int(value) > 0:
            least = min(least, int(value))
    return least


def map_in_threads(
    task: Callable[[Argument], Result], arguments: Iterable[Argument], n_threads: int | None = None
) -> list[Result]:
    """Return [task(a) for a in arguments], computed by up to ``n_threads`` threads.

    As with :func:`spread_over_threads`, whose threads live as long as this call.
    """
    arguments = list(arguments)
    n_threads = min(n_threads or available_threads(), len(arguments))
    with spread_over_threads(max(n_threads, 1)) as spread:
        return spread(task, arguments)


@contextmanager
def spread_over_threads(n_threads: int | None = None) -> Iterator[Spread]:
    """A function (task, arguments) -> [task(a) for a in arguments] that uses ``n_threads`` threads.

    None takes the available processors; the thread of the caller is one of the threads. The tasks
    must not depend on ``n_threads``; then no result does. The other threads live as long as the
    context, so a process may fork. They warn of overflow where the caller would
    (:func:`numpy.errstate` does not reach other threads by itself).
    """
    n_threads = n_threads or available_threads()
    if n_threads == 1:
        yield lambda task, arguments: [task(argument) for argument in arguments]
        return
    settings = np.geterr()

    def spread(task: Callable[[Any], Any], arguments: Iterable[Any]) -> list[Any]:
        arguments = list(arguments)
        results: list[Any] = [None] * len(arguments)
        numbers = iter(range(len(arguments)))

        def run() -> None:
            with np.errstate(**settings):
                for k in numbers:
                    results[k] = task(arguments[k])

        others = [pool.submit(run) for _ in range(min(n_threads, len(arguments)) - 1)]
        try:
            run()
        finally:
            for _ in numbers:  # after an error no thread starts another task
                pass
        for other in others:
            other.result()
        return results

    with ThreadPoolExecutor(n_threads - 1) as pool:
        yield spread


def map_with_workspaces(
    task: Callable[[Argument, Workspace], Result],
    arguments: list[Argument],
    make_workspace: Callable[[], Workspace],
    n_threads: int | None = None,
) -> list[Result]:
    """Return [task(a, workspace) for a in arguments], as :func:`map_in_threads`.

    One workspace is made for each thread; no two tasks use one at the same time.
    """
    n_threads = min(n_threads or available_threads(), len(arguments))
    free: SimpleQueue[Workspace] = SimpleQueue()
    for _ in range(n_threads):
        free.put(make_workspace())

    def run(argument: Argument) -> Result:
        workspace = free.get()
        try:
            return task(argument, workspace)
        finally:
            free.put(workspace)

    return map_in_threads(run, arguments, n_threads)


def slices(size: int, count: int) -> list[slice]:
    """0, ..., size - 1 in this many pieces, as even as possible."""
    return [slice(size * k // count, size * (k + 1) // count) for k in range(count)]


def contiguous(array: Array) -> Array:
    """The array as kernels are compiled for it: C order, aligned, read-only; a view if possible."""
    flags = array.flags
    if flags.c_contiguous and flags.aligned and not flags.writeable:
        return array
    array = np.ascontiguousarray(array)
    view = (array if array.flags.aligned else array.copy()).view()
    view.flags.writeable = False
    return view


def threshold_for(lam: float, dtype: np.dtype[Any]) -> float:
    """A positive ``lam`` as a number of ``dtype``, neither 0 nor infinite: lam / lam is 1 there."""
    limits = np.finfo(dtype)
    return dtype.type(min(max(float(lam), float(limits.smallest_subnormal)), float(limits.max)))
