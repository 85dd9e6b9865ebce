"""Which implementation runs, and how it shares the processors with BLAS."""

import contextlib
from functools import lru_cache

from .. import checks

__all__ = ["ENGINES", "compiled", "compiler_disabled", "get_num_threads", "one_blas_thread", "set_num_threads", "threshold_room"]

ENGINES = ("auto", "reference", "numba")
ENOUGH_SAMPLES, ENOUGH_WORK = 64, 1e7  # samples, and multiply-adds of Y A, from which a kernel pays for its set-up
ENOUGH_ENTRIES = 1e6  # pre-activations from which the compiled threshold pays for the import of Numba


def compiled(engine, n_samples, A):
    """Whether a kernel runs: always for "numba", never for "reference", for "auto" when the problem is large enough.

    Numba is imported only when a kernel may run. With its compiler disabled (NUMBA_DISABLE_JIT=1) kernels are plain loops, and "auto"
    takes the reference.
    """
    checks.option("engine", engine, ENGINES)
    if engine == "reference" or engine == "auto" and (n_samples < ENOUGH_SAMPLES or n_samples * A.size < ENOUGH_WORK):
        return False
    return engine == "numba" or not compiler_disabled()


def threshold_room(size):
    """The room whose threshold runs on an array of ``size`` entries: that of the reference, or for large arrays the compiled one."""
    if size < ENOUGH_ENTRIES or compiler_disabled():
        from ..reference import activations
    else:
        from ..kernels import activations
    return activations


def compiler_disabled():
    """Whether NUMBA_DISABLE_JIT keeps Numba from compiling."""
    import numba

    return bool(numba.config.DISABLE_JIT)


def set_num_threads(n_threads):
    """Let kernels use this many threads in this process. Results are the same bits for any number.

    Parameters
    ----------
    n_threads : int or None
        None returns to the default: the least of the processors the process may use and of GSAE_REF_NUM_THREADS, OMP_NUM_THREADS and
        NUMBA_NUM_THREADS where these are set.

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


def get_num_threads():
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
def one_blas_thread():
    """Limit BLAS to one thread inside; yields whether that could be done (it needs threadpoolctl)."""
    controller = _controller()
    if controller is None:
        yield False
        return
    with controller.limit(limits=1, user_api="blas"):
        yield True


@lru_cache(maxsize=1)
def _controller():
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
