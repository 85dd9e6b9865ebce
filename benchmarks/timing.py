"""Medians of interleaved runs, and the machine that they were measured on."""

import importlib.metadata
import importlib.util
import os
import platform
import statistics
import time
import tracemalloc
from pathlib import Path

import numpy as np

from gsae_ref.kernels import _jit

PAUSE = 0.2  # seconds; threads of BLAS and torch spin for up to 0.1 after a call
TOLERANCE = {"float64": 1e-11, "float32": 1e-4}
LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "torch",
    "jax",
    "skglm",
    "pyproximal",
    "spams-bin",
    "threadpoolctl",
)
OWN_PRODUCT = "own product: "


def available(library):
    return importlib.util.find_spec(library) is not None


def versions():
    """Versions of the libraries, and the machine."""
    about = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            about[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            about[name] = "not installed"
    if available("threadpoolctl"):
        about["BLAS"] = _blas()
    return {
        **about,
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "threads": _jit.available_threads(),
    }


def _blas():
    """Name and architecture of every BLAS in this process."""
    import threadpoolctl

    found = [lib for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"]
    return " ".join(f"{lib['internal_api']}/{lib.get('architecture')}" for lib in found)


def _processor():
    """Name, and whether it has vectors of 512 bits, where the system reports it (Linux does)."""
    path = Path("/proc/cpuinfo")
    facts = {}
    if path.exists():
        lines = path.read_text().splitlines()
        facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    name = facts.get("model name", platform.processor() or "unknown")
    return f"{name} avx512f" if "avx512f" in facts.get("flags", "").split() else name


def interleaved(functions, runs):
    """Median seconds of each function; they run in turn after a pause, the first round untimed."""
    times = {name: [] for name in functions}
    for k in range(runs + 1):
        for name, function in functions.items():
            time.sleep(PAUSE)
            start = time.perf_counter()
            function()
            if k:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def repeated(functions, runs, count):
    """As :func:`interleaved`, for functions too short for the clock: a run is ``count`` calls."""

    def many(function):
        return lambda: [function() for _ in range(count)]

    seconds = interleaved({name: many(function) for name, function in functions.items()}, runs)
    return {name: value / count for name, value in seconds.items()}


def table(key, title, seconds, base, **more):
    """Print times as multiples of that of ``base`` and return them; own products on a line below.

    Entries whose name begins with OWN_PRODUCT are the times of a rival's own product of matrices:
    where one is much slower than another, its library does not use the processor well.
    """
    print(f"\n{title}")
    rows = {name: value for name, value in seconds.items() if not name.startswith(OWN_PRODUCT)}
    products = {
        name.removeprefix(OWN_PRODUCT): value for name, value in seconds.items() if name not in rows
    }
    for name, value in rows.items():
        ratio = f"{value / seconds[base]:10.2f} x {base}"
        print(f"  {name:44} {1e3 * value:12.3f} ms {ratio}", flush=True)
    if products:
        print(f"  {products_line(products)}", flush=True)
        more["own_products"] = products
    return {"key": key, "title": title, "base": base, "seconds": rows, **more}


def products_line(products):
    """The times of the rivals' own products in words."""
    return OWN_PRODUCT + ", ".join(f"{who} {1e3 * s:.3g} ms" for who, s in products.items())


def agree(name, result, expected, dtype):
    """Exit if a result differs from the reference: only right results are timed."""
    for ours, theirs in zip(result, expected, strict=True):
        difference = np.linalg.norm(np.subtract(ours, theirs)) / np.linalg.norm(theirs)
        if not difference <= TOLERANCE[dtype]:
            raise SystemExit(f"{name} differs from the reference by {difference:.1e} in {dtype}")


def extra_memory(function):
    """Peak of the MiB that NumPy allocates during a call."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return round(peak, 1)


def peak_memory():
    """Peak memory of this process in bytes; None where it is not reported (Linux reports it)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def processor_seconds():
    """Seconds used since the system started by all processes, and by this one and its children.

    None where the system does not report them (Linux does).
    """
    total = Path("/proc/stat")
    if not total.exists():
        return None
    import resource

    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    user, nice, system = (int(ticks) for ticks in total.read_text().split()[1:4])
    used = sum(usage.ru_utime + usage.ru_stime for usage in own)
    return (user + nice + system) / os.sysconf("SC_CLK_TCK"), used
