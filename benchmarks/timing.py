"""Times of rivals, taken in turn in one session, as medians and ratios; and what they were taken on."""

import importlib.metadata
import importlib.util
import os
import platform
import statistics
import time
import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np

from gsae_ref.kernels import _jit

PAUSE = 0.2  # seconds; threads of BLAS and torch go on spinning for up to 0.1 after a call: not at the cost of whoever comes next
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


def versions():
    about = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            about[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            about[name] = "not installed"
    if limits_blas():
        about["BLAS"] = " ".join(
            f"{p['internal_api']}/{p.get('architecture')}"
            for p in blas().info()
            if p["user_api"] == "blas"
        )
    return {
        **about,
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "threads": _jit.available_threads(),
    }


def processor():
    """Name, and the widest vectors it offers, where the system tells (Linux does)."""
    about = Path("/proc/cpuinfo")
    lines = (
        dict(line.split(":", 1) for line in about.read_text().splitlines() if ":" in line)
        if about.exists()
        else {}
    )
    told = {name.strip(): value for name, value in lines.items()}
    return " ".join(
        [
            told.get("model name", platform.processor() or "unknown").strip(),
            *(["avx512f"] if has_avx512(told.get("flags", "")) else []),
        ]
    )


def has_avx512(flags):
    return "avx512f" in flags.split()


def limits_blas():
    return importlib.util.find_spec("threadpoolctl") is not None


@cache
def blas():
    """Finding the libraries takes a while: once."""
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()


def interleaved(functions, runs):
    """Median seconds of each function, one run of each in turn after a pause; a first round is not counted."""
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
    """As :func:`interleaved` for functions too short for the clock: each run is ``count`` calls."""
    many = {
        name: lambda function=function: [function() for _ in range(count)]
        for name, function in functions.items()
    }
    return {name: value / count for name, value in interleaved(many, runs).items()}


def table(key, title, seconds, base, **more):
    """Print times as multiples of that of ``base`` and return them."""
    print(f"\n{title}")
    for name, value in seconds.items():
        print(
            f"  {name:44} {1e3 * value:12.3f} ms {value / seconds[base]:10.2f} x {base}", flush=True
        )
    return {"key": key, "title": title, "base": base, "seconds": seconds, **more}


def agree(name, result, expected, dtype):
    """Refuse to time what is wrong."""
    for ours, theirs in zip(result, expected, strict=True):
        difference = np.linalg.norm(np.subtract(ours, theirs)) / np.linalg.norm(theirs)
        if not difference <= TOLERANCE[dtype]:
            raise SystemExit(f"{name} differs from the reference by {difference:.1e} in {dtype}")


def extra_memory(function):
    """MiB that NumPy has asked for at once during a call, at most."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return round(peak, 1)


def peak_memory():
    """Most MiB that this process has held; None where the system does not tell (Linux does)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    return round(
        next(
            int(line.split()[1]) / 1024
            for line in status.read_text().splitlines()
            if line.startswith("VmHWM")
        )
    )


def processor_seconds():
    """Seconds that all processors were busy since the system started, and those this process and its ended children were; None if not told."""
    total = Path("/proc/stat")
    if not total.exists():
        return None
    import resource

    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    user, nice, system = (int(ticks) for ticks in total.read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK"), sum(
        used.ru_utime + used.ru_stime for used in own
    )
