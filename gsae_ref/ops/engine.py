"""The choice of implementation, and how kernels share the processors with BLAS."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from .. import checks
from ..arrays import Array

ENGINES = ("auto", "reference", "numba")
# From here on a kernel pays for its set-up, or for the import of Numba.
ENOUGH_SAMPLES = 64
ENOUGH_WORK = 1e7  # multiply-adds of Y A
ENOUGH_ENTRIES = 1e6  # pre-activations of a threshold

Result = TypeVar("Result")


def use_kernel(engine: str, n_samples: int, A: Array) -> bool:
    """Whether a kernel runs: for "numba" yes, for "reference" no, for "auto" in large problems.

    Numba is imported only when a kernel may run. With its compiler disabled (NUMBA_DISABLE_JIT=1)
    kernels are plain loops, and "auto" takes the reference.
    """
    checks.option("engine", engine, ENGINES)
    if engine != "auto":
        return engine == "numba"
    large = n_samples >= ENOUGH_SAMPLES and n_samples * A.size >= ENOUGH_WORK
    return large and not compiler_disabled()


def use_compiled_threshold(Z: Array) -> bool:
    """Whether the compiled threshold runs on Z: where Z is large and Numba may compile."""
    return Z.size >= ENOUGH_ENTRIES and not compiler_disabled()


def run_kernel(kernel: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """Call a kernel, whose threads replace those of BLAS; one thread if BLAS cannot be limited."""
    with one_blas_thread() as limited:
        return kernel(*arguments, n_threads=None if limited else 1, **options)


def compiler_disabled() -> bool:
    """Whether NUMBA_DISABLE_JIT keeps Numba from compiling."""
    import numba

    return bool(numba.config.DISABLE_JIT)  # type: ignore[attr-defined]  # Numba sets it at run time


def set_num_threads(n_threads: int | None) -> None:
    """Let kernels use this many threads in this process; the number changes no bit of a result.

    Parameters
    ----------
    n_threads : int or None
        None: the default, which is the least of the number of processors the process may use and
        of GSAE_REF_NUM_THREADS, OMP_NUM_THREADS and NUMBA_NUM_THREADS where these are set.

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
    """Limit BLAS to one thread inside; yields whether it is limited (that needs threadpoolctl).

    OpenBLAS on threads of its own, as in the wheels of NumPy and SciPy, has one limit for the whole
    process: while several threads are inside, the first to enter sets it and the last to leave
    restores it. (Where BLAS has a limit for every thread, as on OpenMP, the limit of a thread that
    was not the last to leave stays one.)
    """
    controller = _controller()
    if controller is None:
        yield False
        return
    libraries = [library for library in controller.lib_controllers if library.user_api == "blas"]
    token = object()
    try:
        yield _limit.enter(token, libraries)
    finally:
        try:
            _limit.leave(token)
        except KeyboardInterrupt:
            _limit.leave(token)
            raise


class _Limit:
    """The limit on BLAS: the tokens of those inside, and the former limit of every library.

    The contexts of threadpoolctl do not serve: from 3.7 on only the thread that set a limit may
    change it; before that each context restores what it found, even the limit of another context.

    Ctrl-C may interrupt both methods at any point: ``leave`` may be called again, and for a token
    that has not entered.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()  # a context dropped by an interrupt leaves when it is deleted
        self.inside: set[object] = set()
        self.before: dict[str, tuple[Any, int]] = {}

    def enter(self, token: object, libraries: list[Any]) -> bool:
        with self.lock:
            self.inside.add(token)
            for library in libraries:
                n_threads = library.get_num_threads()
                if n_threads != 1:
                    self.before.setdefault(library.filepath, (library, n_threads))
                    _set(library, 1)
            return all(library.get_num_threads() == 1 for library in libraries)

    def leave(self, token: object) -> None:
        with self.lock:
            self.inside.discard(token)
            if not self.inside:
                for library, n_threads in list(self.before.values()):
                    _set(library, n_threads)
                self.before.clear()


def _set(library: Any, n_threads: int) -> None:
    """Set a limit from any thread; the public method obeys only the first thread that calls it."""
    getattr(library, "_real_set_num_threads", library.set_num_threads)(n_threads)


_limit = _Limit()


def _controller() -> Any:
    """The controller of the BLAS libraries that are loaded; None without threadpoolctl.

    SciPy's library is loaded once its linear algebra has been imported.
    """
    return _find_libraries(cache_key="scipy.linalg" in sys.modules)


@lru_cache(maxsize=2)
def _find_libraries(cache_key: bool) -> Any:
    """A controller for each set of loaded libraries: finding them takes longer than a gradient."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
