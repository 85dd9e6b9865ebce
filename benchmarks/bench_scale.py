"""The full-batch gradient of samples held on disk: time and memory of each worker against N, n, Gamma, workers.

    python benchmarks/bench_scale.py                      N = 200,000 samples of n = 950: holds 760 MB on disk, some minutes
    python benchmarks/bench_scale.py --quick              a tenth of the samples
    python benchmarks/bench_scale.py --folder DIR         where they are held meanwhile (default: the system's temporary folder)
    python benchmarks/bench_scale.py --json FILE          the numbers as a file

Every row but the first of a problem has a local Dask cluster of its own, each worker on one
processor (where the system lets us choose); the first (workers "-") is NumPy in one process, on all
processors, from the memory-mapped file. Exit status 1 if the bits of any row differ from those of
its problem's first, or a worker held 1.5 GiB or more. On a busy machine look at the CPU seconds,
all workers together.
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
STARTS = {
    "truth": 0.97,
    "paper": 0.15,
}  # mean cosine between the columns of A and A*: some groups active, or half of them
PROBLEMS = {  # (N, n, Gamma, start) -> workers
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
    parser.add_argument("--folder", help="folder that holds the samples meanwhile")
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
        rows += problem(
            n_samples // (10 if arguments.quick else 1), *sizes, start, counts, arguments.folder
        )
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
    return (
        0
        if all(row["same bits"] and (row["MiB/worker"] or 0) * 2**20 < LIMIT for row in rows)
        else 1
    )


def problem(n_samples, n_features, n_groups, start, counts, folder):
    """Rows of the table, one for each number of workers."""
    A_star = gs.make_dictionary(n_features, n_groups, GROUP_SIZE, rng=0)
    A = gs.perturb_dictionary(A_star, correlation=STARTS[start], rng=0).astype(np.float32)
    rows = []
    with tempfile.TemporaryDirectory(dir=folder) as held:
        path = os.path.join(held, "Y.npy")
        Y = np.lib.format.open_memmap(path, "w+", np.float32, (n_samples, n_features))
        for k, block in enumerate(
            gs.sample_blocks(A_star, n_samples, 3, GROUP_SIZE, rng=0, block_size=BLOCK)
        ):
            Y[k * BLOCK : (k + 1) * BLOCK] = block.Y
        Y.flush()
        active = np.mean(
            np.sum(
                np.linalg.norm((Y[:1000] @ A).reshape(-1, n_groups, GROUP_SIZE), axis=2) > LAM,
                axis=1,
            )
        )
        del Y
        expected = None
        for workers in counts:
            seconds, cpu, memory, (cost, G) = (
                on_a_cluster(A, path, workers) if workers else here(A, path)
            )
            expected = expected or (cost, G.tobytes())
            values = (
                n_samples,
                n_features,
                n_groups,
                start,
                round(float(active), 1),
                workers,
                seconds,
                cpu,
                memory,
                (cost, G.tobytes()) == expected,
            )
            rows.append(dict(zip(HEAD, values, strict=True)))
            print(" ".join(f"{shown(value):>10}" for value in values), flush=True)
    return rows


def shown(value):
    return (
        "-"
        if value in (0, None) and value is not False
        else f"{value:.4g}"
        if isinstance(value, float)
        else str(value)
    )


def here(A, path):
    """NumPy in this process, from the memory-mapped file."""
    gs.full_batch_gradient(
        A, np.load(path, mmap_mode="r")[:BLOCK], LAM, GROUP_SIZE, block_size=BLOCK
    )  # compiled before the clock starts
    begin = time.perf_counter()
    cpu = time.process_time()
    result = gs.full_batch_gradient(
        A, np.load(path, mmap_mode="r"), LAM, GROUP_SIZE, block_size=BLOCK
    )
    return time.perf_counter() - begin, time.process_time() - cpu, None, result


def on_a_cluster(A, path, workers):
    """A local cluster whose workers read their blocks from the file; the second of two runs is timed, as the first loads the code."""
    from dask.distributed import Client

    with Client(
        n_workers=workers, threads_per_worker=1, memory_limit=int(LIMIT), dashboard_address=None
    ) as client:
        for k, address in enumerate(client.scheduler_info()["workers"]):
            client.run(stay_on, k, workers=[address])
        gs.full_batch_gradient(
            A, from_disk(path)[: BLOCK * workers], LAM, GROUP_SIZE, block_size=BLOCK
        )
        begin = time.perf_counter()
        cpu = sum(client.run(time.process_time).values())
        result = gs.full_batch_gradient(A, from_disk(path), LAM, GROUP_SIZE, block_size=BLOCK)
        seconds, cpu = (
            time.perf_counter() - begin,
            sum(client.run(time.process_time).values()) - cpu,
        )
        memory = [value for value in client.run(peak_memory).values() if value]
    return seconds, cpu, max(memory) / 2**20 if memory else None, result


def stay_on(k):
    """Let this process, and the threads it starts, run on the k-th of its processors only."""
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), {processors[k % len(processors)]})


def from_disk(path):
    """The file as a Dask array whose chunks are read where they are needed."""
    import dask
    import dask.array as da

    shape = np.load(path, mmap_mode="r").shape
    starts = range(0, shape[0], BLOCK)
    chunks = [
        da.from_delayed(
            dask.delayed(read)(path, begin), (min(BLOCK, shape[0] - begin), shape[1]), np.float32
        )
        for begin in starts
    ]
    return da.concatenate(chunks)


def read(path, begin):
    return np.array(np.load(path, mmap_mode="r")[begin : begin + BLOCK])


def peak_memory():
    """Most memory that this process has held, in bytes; None where the system does not tell (Linux does)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    return next(
        int(line.split()[1]) * 1024
        for line in status.read_text().splitlines()
        if line.startswith("VmHWM")
    )


if __name__ == "__main__":
    sys.exit(main())
