"""The full-batch gradient of samples on disk: time, and memory of each worker.

    python benchmarks/bench_scale.py                  200,000 samples, 760 MB on disk, some minutes
    python benchmarks/bench_scale.py --quick          a tenth of the samples
    python benchmarks/bench_scale.py --folder DIR     folder for the samples (default: temporary)
    python benchmarks/bench_scale.py --json FILE      writes the numbers to a file

The first row of a problem (workers "-") is NumPy in one process, on all processors, from the
memory-mapped file. Every other row has a local Dask cluster with one processor for each worker
(where the system allows it). Exit status 1 if the bits of a row differ from those of the first, or
a worker used 1.5 GiB or more. On a busy machine compare the CPU seconds, summed over the workers.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import gsae_ref as gs

BLOCK = 4096
GROUP_SIZE = 2
LAM = 2.0
LIMIT = 1.5 * 2**30
# Mean cosine between the columns of A and A*: few groups are active, or half of them.
STARTS = {"truth": 0.97, "paper": 0.15}
PROBLEMS = {  # (N, n, Gamma, start): numbers of workers
    (200_000, 950, 500, "truth"): (0, 1, 2),
    (100_000, 950, 500, "truth"): (0, 2),
    (50_000, 950, 500, "truth"): (0, 2),
    (200_000, 475, 500, "truth"): (0, 2),
    (200_000, 950, 250, "truth"): (0, 2),
    (200_000, 950, 500, "paper"): (0, 1, 2),
}
HEAD = (
    "N",
    "n",
    "Gamma",
    "start",
    "active",
    "workers",
    "seconds",
    "CPU s",
    "MiB/worker",
    "same bits",
)


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Print what the full-batch gradient costs past memory."
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    parser.add_argument("--folder", help="folder for the samples")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write versions and numbers to a file"
    )
    arguments = parser.parse_args(argv)
    about = {
        name: importlib.metadata.version(name) for name in ("numpy", "numba", "dask", "distributed")
    }
    about |= {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }
    print("  ".join(f"{name} {value}" for name, value in about.items()) + "\n")
    print(" ".join(f"{name:>10}" for name in HEAD))

    rows = []
    for (n_samples, *sizes, start), counts in PROBLEMS.items():
        n_samples //= 10 if arguments.quick else 1
        rows += measure(n_samples, *sizes, start, counts, arguments.folder)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
    good = [row["same bits"] and (row["MiB/worker"] or 0) * 2**20 < LIMIT for row in rows]
    return 0 if all(good) else 1


def measure(n_samples, n_features, n_groups, start, counts, folder):
    """Rows of the table, one for each number of workers."""
    A_star = gs.make_dictionary(n_features, n_groups, GROUP_SIZE, rng=0)
    A = gs.perturb_dictionary(A_star, correlation=STARTS[start], rng=0).astype(np.float32)
    rows = []
    with tempfile.TemporaryDirectory(dir=folder) as samples:
        path = os.path.join(samples, "Y.npy")
        write_samples(path, A_star, n_samples)
        Y = np.load(path, mmap_mode="r")[:1000]
        norms = np.linalg.norm((Y @ A).reshape(-1, n_groups, GROUP_SIZE), axis=2)
        active = round(float(np.mean(np.sum(norms > LAM, axis=1))), 1)
        expected = None
        for workers in counts:
            run = on_a_cluster(A, path, workers) if workers else here(A, path)
            seconds, cpu, memory, (cost, G) = run
            expected = expected or (cost, G.tobytes())
            same = (cost, G.tobytes()) == expected
            sizes = n_samples, n_features, n_groups, start, active, workers
            rows.append(dict(zip(HEAD, (*sizes, seconds, cpu, memory, same), strict=True)))
            print(" ".join(f"{shown(value):>10}" for value in rows[-1].values()), flush=True)
    return rows


def write_samples(path, A_star, n_samples):
    """Write samples in float32 to a .npy file, block by block."""
    Y = np.lib.format.open_memmap(path, "w+", np.float32, (n_samples, len(A_star)))
    blocks = gs.sample_blocks(A_star, n_samples, 3, GROUP_SIZE, rng=0, block_size=BLOCK)
    for k, block in enumerate(blocks):
        Y[k * BLOCK : (k + 1) * BLOCK] = block.Y
    Y.flush()


def shown(value):
    if isinstance(value, bool):
        return str(value)
    if value in (0, None):
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def gradient(A, Y):
    return gs.full_batch_gradient(A, Y, LAM, GROUP_SIZE, block_size=BLOCK)


def here(A, path):
    """NumPy in this process, from the memory-mapped file."""
    Y = np.load(path, mmap_mode="r")
    gradient(A, Y[:BLOCK])  # compiles
    begin = time.perf_counter()
    cpu = time.process_time()
    result = gradient(A, Y)
    return time.perf_counter() - begin, time.process_time() - cpu, None, result


def on_a_cluster(A, path, workers):
    """A local cluster whose workers read their blocks from the file; the second run is timed."""
    from dask.distributed import Client

    options = {"threads_per_worker": 1, "memory_limit": int(LIMIT), "dashboard_address": None}
    with Client(n_workers=workers, **options) as client:
        for k, address in enumerate(client.scheduler_info()["workers"]):
            client.run(stay_on, k, workers=[address])
        gradient(A, from_disk(path)[: BLOCK * workers])  # the workers load the code
        begin = time.perf_counter()
        cpu = sum(client.run(time.process_time).values())
        result = gradient(A, from_disk(path))
        seconds = time.perf_counter() - begin
        cpu = sum(client.run(time.process_time).values()) - cpu
        memory = [value for value in client.run(peak_memory).values() if value]
    return seconds, cpu, max(memory) / 2**20 if memory else None, result


def peak_memory():
    """Peak memory of this process in bytes; None where it is not reported (Linux reports it)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def stay_on(k):
    """Restrict the threads of this process to its k-th processor."""
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), {processors[k % len(processors)]})


def from_disk(path):
    """The file as a Dask array; each chunk is read by the worker that uses it."""
    import dask
    import dask.array as da

    n_samples, n_features = np.load(path, mmap_mode="r").shape
    chunks = []
    for begin in range(0, n_samples, BLOCK):
        shape = min(BLOCK, n_samples - begin), n_features
        chunks.append(da.from_delayed(dask.delayed(read)(path, begin), shape, np.float32))
    return da.concatenate(chunks)


def read(path, begin):
    return np.array(np.load(path, mmap_mode="r")[begin : begin + BLOCK])


if __name__ == "__main__":
    sys.exit(main())
