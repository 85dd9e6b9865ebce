"""Which implementation runs, and how it shares the processors with BLAS."""

import contextlib
from functools import lru_cache

from .. import checks

__all__ = ["ENGINES", "compiled", "one_blas_thread"]

ENGINES = ("auto", "reference", "numba")
ENOUGH_SAMPLES, ENOUGH_WORK = 64, 1e7  # samples, and multiply-adds of Y A, from which a kernel pays for its set-up


def compiled(engine, n_samples, A):
    """Whether a kernel runs: always for "numba", never for "reference", for "auto" when the problem is large enough.

    Numba is imported only when a kernel may run. With its compiler disabled (NUMBA_DISABLE_JIT=1) kernels are plain loops, and "auto"
    takes the reference.
    """
    checks.option("engine", engine, ENGINES)
    if engine == "reference" or engine == "auto" and (n_samples < ENOUGH_SAMPLES or n_samples * A.size < ENOUGH_WORK):
        return False
    import numba

    return engine == "numba" or not numba.config.DISABLE_JIT


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
