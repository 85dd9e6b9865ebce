"""Which implementation runs, and how it shares the processors with BLAS."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any

from .. import checks
from ..arrays import Array

ENGINES = ("auto", "reference", "numba")
ENOUGH_SAMPLES = 64
ENOUGH_WORK = 1e7  # samples, and multiply-adds of Y A, from which a kernel pays for its set-up
ENOUGH_ENTRIES = (
    1e6  # pre-activations from which the compiled threshold pays for the import of Numba
)


def compiled(engine: str, n_samples: int, A: Array) -> bool:
    """Whether a kernel runs: always for "numba", never for "reference", for "auto" when the problem is large enough.

    Numba is imported only when a kernel may run. With its compiler disabled (NUMBA_DISABLE_JIT=1)
    kernels are plain loops, and "auto" takes the reference.
    """
    checks.option("engine", engine, ENGINES)
    if (
        engine == "reference"
        or engine == "auto"
        and (n_samples < ENOUGH_SAMPLES or n_samples * A.size < ENOUGH_WORK)
    ):
        return False
    return engine == "numba" or not compiler_disabled()


def threshold_room(size: int) -> ModuleType:
    """The room whose threshold runs on an array of ``size`` entries: that of the reference, or for large arrays the compiled one."""
    if size < ENOUGH_ENTRIES or compiler_disabled():
        from ..reference import activations

        return activations
    from ..kernels import activations as compiled_activations

    return compiled_activations


def compiler_disabled() -> bool:
    """Whether NUMBA_DISABLE_JIT keeps Numba from compiling."""
    import numba

    return bool(numba.config.DISABLE_JIT)  # type: ignore[attr-defined]  # Numba sets it at run time


def set_num_threads(n_threads: int | None) -> None:
    """Let kernels use this many threads in this process. Results are the same bits for any number.

    Parameters
    ----------
    n_threads : int or None
        None returns to the default: the least of the processors the process may use and of
        GSAE_REF_NUM_THREADS, OMP_NUM_THREADS and NUMBA_NUM_THREADS where these are set.

    Raises
    ------
    TypeError, ValueError
        Unless it is None or an integer of at least 1.

    Examples
    --------
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(None)
    """
    from ..kernels import _jit

    _jit.set_threads(None if n_threads is None else checks.count("n_threads", n_threads))


def get_num_threads() -> int:
    """Number of threads that kernels use: see :func:`set_num_threads`.

    Returns
    -------
    int

    Examples
    --------
    >>> get_num_threads() >= 1
    True
    """
    from ..kernels import _jit

    return _jit.available_threads()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[bool]:
    """Limit BLAS to one thread inside; yields whether that could be done (it needs threadpoolctl).

    OpenBLAS on threads of its own, as in the wheels of NumPy and SciPy, has one limit for the whole
    process: while several threads are inside, the first to enter sets it and the last to leave
    restores it. (Where BLAS has a limit for every thread, as on OpenMP, a thread that was not the
    last to leave keeps its limit of one.)
    """
    controller = _controller()
    if controller is None:
        yield False
        return
    limited = _limit.enter(
        [library for library in controller.lib_controllers if library.user_api == "blas"]
    )
    try:
        yield limited
    finally:
        _limit.leave()


class _Limit:
    """The limit on BLAS: how many are inside, and how many threads every library had before.

    threadpoolctl's own contexts are no help here: from 3.7 on only the thread that set a limit may
    change it, before that each context restores what it found, be it the limit of another.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.before: dict[str, tuple[Any, int]] = {}

    def enter(self, libraries: list[Any]) -> bool:
        with self.lock:
            self.inside += 1
            for library in libraries:
                n_threads = library.get_num_threads()
                if n_threads != 1:
                    self.before.setdefault(library.filepath, (library, n_threads))
                    _set(library, 1)
            return all(library.get_num_threads() == 1 for library in libraries)

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                for library, n_threads in self.before.values():
                    _set(library, n_threads)
                self.before.clear()


def _set(library: Any, n_threads: int) -> None:
    """Whichever thread asks: the public method does nothing for a thread that was not the first to ask."""
    getattr(library, "_real_set_num_threads", library.set_num_threads)(n_threads)


_limit = _Limit()


def _controller() -> Any:
    """What limits the BLAS libraries that are loaded: NumPy's, and SciPy's once its linear algebra has been imported."""
    return _controller_of("scipy.linalg" in sys.modules)


@lru_cache(maxsize=2)
def _controller_of(scipy_is_loaded: bool) -> Any:
    """One for either set of libraries: finding them takes longer than a small gradient."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
