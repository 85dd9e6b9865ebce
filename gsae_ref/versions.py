"""Versions and machine, for bug reports and beside published numbers. May import ops."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ._version import __version__

LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "matplotlib",
    "scikit-learn",
    "joblib",
    "threadpoolctl",
    "tqdm",
    "dask",
    "skglm",
)
AVX512 = (
    "; this processor has AVX-512: "
    "with OPENBLAS_CORETYPE=SkylakeX set before Python starts, products may be faster"
)
# Variables by which a BLAS is made to use other kernels than those it would choose.
FORCING = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_DEBUG_CPU_TYPE",
    "BLIS_ARCH_TYPE",
)


def show_versions() -> None:
    """Print the versions of Python and the libraries, the processors, the threads and the BLAS.

    A bug report starts with it. ``gsae-ref info`` prints the same; ``gsae-ref info --json FILE``
    also writes it.

    Examples
    --------
    >>> show_versions()  # doctest: +ELLIPSIS
    gsae_ref ...
    python ...
    BLAS ...
    """
    for name, version in versions().items():
        print(f"{name:14} {version}")


def versions() -> dict[str, Any]:
    """The versions that :func:`show_versions` prints.

    Returns
    -------
    versions : dict
        Name to version or number.
    """
    import platform

    from . import ops

    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "threads": ops.get_num_threads(),
        "BLAS": _blas(),
    }
    return {**libraries(), **machine}


def libraries(names: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """Versions of this package, of Python, and of the libraries named.

    Parameters
    ----------
    names : iterable of str
        Names under which they are distributed.

    Returns
    -------
    versions : dict
        Name to version, or to "not installed".
    """
    import importlib.metadata
    import platform

    found = {"gsae_ref": __version__, "python": platform.python_version()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _blas() -> str:
    """Name and kernels of the BLAS that NumPy uses, and the variables that force these kernels.

    A remark where it leaves out AVX-512 by itself.
    """
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    found = []
    for library in threadpool_info():
        if library["user_api"] == "blas":
            kernels = library.get("architecture", "?")
            found.append(f"{library['internal_api']} {library['version']} ({kernels} kernels)")
    text = ", ".join(dict.fromkeys(found)) or "unknown"
    forced = [f"{name}={os.environ[name]}" for name in FORCING if os.environ.get(name)]
    if forced:
        return f"{text}, forced by {' '.join(forced)}"
    return text + AVX512 if "Haswell" in text and _has_avx512() else text


def _has_avx512() -> bool:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return "avx512f" in file.read()
    except OSError:
        return False
