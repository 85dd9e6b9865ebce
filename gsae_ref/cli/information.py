"""``gsae-ref info``: versions, and what is installed."""

import os

from .. import __version__, ops
from ..files import write_json
from .printing import common

__all__ = ["add", "run"]


def add(commands):
    """Add the command to the parser."""
    command = commands.add_parser("info", help="print versions, what is installed, and how arrays are multiplied")
    command.add_argument("--warm-up", action="store_true", help="compile every kernel now, so that no later call waits for it")
    common(command)
    command.set_defaults(run=run)


def run(arguments):
    """Print a line for every library."""
    import importlib.metadata
    import platform

    versions = {"gsae_ref": __version__, "python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    for name in ("numpy", "scipy", "numba", "matplotlib", "scikit-learn", "joblib", "threadpoolctl", "tqdm", "dask", "skglm"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    versions |= {"threads": ops.get_num_threads(), "BLAS": _blas()}
    if arguments.json:
        write_json(versions, arguments.json)
    for name, version in versions.items():
        print(f"{name:14} {version}")
    if arguments.warm_up:
        print("compiling kernels; the results are kept on disk", flush=True)
        total = ops.warm_up(lambda name, seconds: print(f"  {name:28} {seconds:6.1f} s", flush=True))
        print(f"  {'all':28} {total:6.1f} s")
    return 0


def _blas():
    """Name and kernels of the BLAS that NumPy uses; a remark where it does not use what the processor has."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    found = [f"{library['internal_api']} {library['version']} ({library.get('architecture', '?')} kernels)"
             for library in threadpool_info() if library["user_api"] == "blas"]
    text = ", ".join(dict.fromkeys(found)) or "unknown"
    if "Haswell" in text and _has_avx512():
        text += "; this processor has AVX-512: with OPENBLAS_CORETYPE=SkylakeX set before Python starts, products may be faster"
    return text


def _has_avx512():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return "avx512f" in file.read()
    except OSError:
        return False
