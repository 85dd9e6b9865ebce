"""What all benchmarks share: rows of a table, and how a row is checked, described and timed."""

import importlib.util
import time
import timeit
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from gsae_ref import versions

DTYPES = ("float64", "float32")
TOLERANCE = {"float64": 1e-11, "float32": 1e-4}
PAUSE = 0.2  # seconds; threads of BLAS and torch spin for up to 0.1 after a call
LIBRARIES = (*versions.LIBRARIES, "torch", "jax", "pyproximal", "spams-bin")


class Implementation(NamedTuple):
    """One row of a table.

    ``make(*problem)`` prepares what is not timed and returns the function that is. ``bounds`` is
    for a row that computes something else, whose time is a limit: it returns the expected result.
    """

    name: str
    make: Callable[..., Callable[[], Any]]
    legend: str
    library: str = "numpy"
    dtypes: tuple[str, ...] = DTYPES
    bounds: Callable[..., Any] | None = None


def over(implementations):
    """Parametrise a benchmark by the implementations whose library is installed."""
    rows = [pytest.param(each, id=each.name) for each in implementations if installed(each.library)]
    return pytest.mark.parametrize("implementation", rows)


def installed(library):
    return importlib.util.find_spec(library) is not None


def full(*values):
    """A parameter that is measured with --full-size only."""
    return pytest.param(*values, marks=pytest.mark.full_size)


def compare(benchmark, implementation, problem, expected, title, product=None, rounds=0, **facts):
    """Check an implementation against the expected result, then time it.

    Parameters
    ----------
    benchmark
        The fixture of pytest-benchmark.
    implementation : Implementation
    problem : tuple
        Arguments of ``implementation.make``.
    expected : callable
        Returns the result by the reference: a number, an array, or a tuple of them. It is called
        once for all rows of a table.
    title : str
        Sizes and dtype, which name the table together with the group of the benchmark.
    product : tuple of two ndarrays, optional
        The library's own speed at this product of matrices is kept.
    rounds : int
        Calls that are timed, after one that is not; 0: as many as pytest-benchmark finds right.
    **facts
        Kept in ``extra_info``: shapes, share of active groups; for the roofline ``operations`` and
        ``bytes``; for a curve ``sweep`` (its name) and ``value``.
    """
    dtype = dtype_of(problem)
    if dtype not in implementation.dtypes:
        pytest.skip(f"{implementation.name} has no {dtype}")
    call = implementation.make(*problem)
    if implementation.bounds is None:
        right = once(f"{benchmark.group}: {title}", expected)
    else:
        right = implementation.bounds(*problem)
    agree(implementation.name, call(), right, dtype)  # compiles it, too
    about = machine()
    benchmark.name = implementation.name
    benchmark.group = f"{benchmark.group}: {title}; {about['BLAS']}"
    facts |= {
        "implementation": implementation.name,
        "legend": implementation.legend,
        "is_limit": implementation.bounds is not None,
        "shapes": [list(x.shape) for x in problem if isinstance(x, np.ndarray)],
        "dtype": dtype,
        "threads": about["threads"],
        "BLAS": about["BLAS"],
    }
    if benchmark.enabled:
        if implementation.library in ("numpy", "scipy"):
            facts["extra_MiB"] = extra_memory(call)
        if product is not None:
            facts["own_product"] = product_speed(implementation.library, *product)
        time.sleep(PAUSE)
    benchmark.extra_info.update(facts)
    if rounds:
        benchmark.pedantic(call, rounds=rounds, warmup_rounds=1)
    else:
        benchmark(call)


LAST = {}  # the expected result of one table


def once(key, compute):
    """The result of ``compute``, kept until another key comes."""
    if key not in LAST:
        LAST.clear()
        LAST[key] = compute()
    return LAST[key]


def dtype_of(problem):
    return next(x.dtype.name for x in problem if isinstance(x, np.ndarray) and x.dtype.kind == "f")


def agree(name, result, expected, dtype):
    """Assert that a result is the expected one: only right results are timed."""
    pairs = [(result, expected)]
    if isinstance(expected, tuple):
        pairs = list(zip(result, expected, strict=True))
    for ours, theirs in pairs:
        ours = np.asarray(ours)
        theirs = np.asarray(theirs)
        assert ours.shape == theirs.shape, f"{name}: shape {ours.shape}, expected {theirs.shape}"
        exact = theirs.astype(np.float64)
        difference = np.linalg.norm(ours - exact) / (np.linalg.norm(exact) or 1)
        assert difference <= TOLERANCE[dtype], f"{name} is off by {difference:.1e} in {dtype}"


# ------------------------------------------------------------------------------ facts about a row


def extra_memory(call):
    """Peak of the MiB that NumPy allocates during a call."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return round(peak, 1)


SPEEDS = {}


def product_speed(library, Y, A):
    """10^9 operations a second of the library's own product Y A, best of three.

    Where it is far below that of the others, the library does not use this processor well.
    """
    key = library, Y.shape, A.shape, A.dtype
    if key not in SPEEDS:
        multiply = {"torch": torch_product, "jax": jax_product}.get(library, numpy_product)(Y, A)
        multiply()
        seconds = min(timeit.repeat(multiply, number=1, repeat=3))
        SPEEDS[key] = round(2 * Y.size * A.shape[1] / seconds / 1e9, 1)
    return SPEEDS[key]


def numpy_product(Y, A):
    return lambda: Y @ A


def torch_product(Y, A):
    import torch

    samples = torch.from_numpy(Y)
    dictionary = torch.from_numpy(A)
    return lambda: samples @ dictionary


def jax_product(Y, A):
    import jax

    jax.config.update("jax_enable_x64", True)
    arrays = jax.device_put((Y, A))
    multiply = jax.jit(lambda Y, A: Y @ A)
    return lambda: multiply(*arrays).block_until_ready()


# ---------------------------------------------------------------------------- facts about a machine


@cache
def machine():
    """Versions of the libraries, the processor, threads, and the BLAS of NumPy."""
    system = versions.versions()
    about = {**versions.libraries(LIBRARIES), "processor": processor()}
    return about | {key: system[key] for key in ("machine", "cores", "threads", "BLAS")}


def processor():
    """Name, and whether it has vectors of 512 bits, where the system reports it (Linux does)."""
    path = Path("/proc/cpuinfo")
    facts = {}
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines()
        pairs = [line.split(":", 1) for line in lines if ":" in line]
        facts = {name.strip(): value.strip() for name, value in pairs}
    name = facts.get("model name", "unknown processor")
    return f"{name} avx512f" if "avx512f" in facts.get("flags", "").split() else name
