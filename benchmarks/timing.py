"""Times of rivals, taken in turn in one session, as medians and ratios; and what they were taken on."""

import importlib.metadata
import importlib.util
import platform
import statistics
import time
from functools import lru_cache

import numpy as np

from gsae_ref.kernels import _jit

TOLERANCE = {"float64": 1e-11, "float32": 1e-4}


def versions():
    about = {"python": platform.python_version()}
    for name in ("numpy", "scipy", "numba", "torch", "jax", "skglm", "threadpoolctl"):
        try:
            about[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            about[name] = "not installed"
    if limits_blas():
        about["BLAS"] = " ".join(f"{p['internal_api']}/{p.get('architecture')}" for p in blas().info() if p["user_api"] == "blas")
    return {**about, "system": f"{platform.system()} {platform.machine()}", "threads": _jit.available_threads()}


def limits_blas():
    return importlib.util.find_spec("threadpoolctl") is not None


@lru_cache(maxsize=None)
def blas():
    """Finding the libraries takes a while: once."""
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()


def interleaved(functions, runs):
    """Median seconds of each function, one run of each in turn after a pause; a first round is not counted."""
    times = {name: [] for name in functions}
    for k in range(runs + 1):
        for name, function in functions.items():
            time.sleep(0.05)  # threads of BLAS and torch go on spinning for a while: not at the cost of whoever comes next
            start = time.perf_counter()
            function()
            if k:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def table(title, seconds, base):
    """Print times as multiples of that of ``base`` and return them."""
    print(f"\n{title}")
    for name, value in seconds.items():
        print(f"  {name:44} {1e3 * value:12.3f} ms {value / seconds[base]:10.2f} x {base}", flush=True)
    return {"title": title, "base": base, "seconds": seconds, "ratios": {name: value / seconds[base] for name, value in seconds.items()}}


def agree(name, result, expected, dtype):
    """Refuse to time what is wrong."""
    for ours, theirs in zip(result, expected, strict=True):
        difference = np.linalg.norm(np.subtract(ours, theirs)) / np.linalg.norm(theirs)
        if not difference <= TOLERANCE[dtype]:
            raise SystemExit(f"{name} differs from the reference by {difference:.1e} in {dtype}")
