"""Measure the kernels beside their rivals and write a report.

    python -m benchmarks.report                     all parts, half an hour on a quiet machine
    python -m benchmarks.report --only threshold scaling      these parts; the others stay
    python -m benchmarks.report --only              measure nothing, write the report again
    python -m benchmarks.report --quick --out DIR   a tenth of the samples, into another folder

Writes ``report.json``, ``report.md``, ``scaling.svg`` and ``roofline.svg`` into
``benchmarks/results``. Each part takes some minutes, in which the machine should do nothing else.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # as a script and as a module

import bench_kernels
import bench_unfolded
import numpy as np
import scaling
import writing
from rivals import shallow_kernel
from timing import interleaved, peak_memory, processor_seconds, versions

import gsae_ref as gs
from gsae_ref.files import atomically, write_json
from gsae_ref.kernels import activations
from gsae_ref.ops import adam_step

FOLDER = Path(__file__).resolve().parent / "results"

# A new process that makes {call} twice and prints the seconds of importing the package, of
# importing Numba, and of the two calls.
FIRST = """
import json, time
import numpy as np
begin = time.perf_counter()
import gsae_ref as gs
from gsae_ref.ops import adam_step
imported = time.perf_counter()
A = gs.make_dictionary(100, 40, 2, rng=0)
Y = gs.sample(A, 200, 3, 2, rng=0).Y
Z = np.random.default_rng(0).normal(size=(1000, 1024))
ready = time.perf_counter()
import numba
numba_imported = time.perf_counter()
{call}
first = time.perf_counter()
{call}
second = time.perf_counter()
times = imported - begin, numba_imported - ready, first - numba_imported, second - first
print(json.dumps(times))
"""
CALLS = {
    "shallow gradient": "gs.loss_and_grad(A, Y, 2.0, 2, engine='numba')",
    "shallow gradient, all groups active": "gs.loss_and_grad(A, Y, 0.01, 2, engine='numba')",
    "unfolded gradient": "gs.unfolded_loss_and_grad(A, Y, 2.0, 2, 5, engine='numba')",
    "threshold": "gs.group_soft_threshold(Z, 1.0, 2)",
    "Adam": "adam_step(A, A, A, A * A, 1, 1e-3, 'numba')",
}


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Measure every kernel beside its rivals and write the report."
    )
    parser.add_argument(
        "--only",
        nargs="*",
        choices=PARTS,
        metavar="PART",
        help=f"measure these parts only: {', '.join(PARTS)}",
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples, fewer runs")
    parser.add_argument(
        "--out",
        type=Path,
        default=FOLDER,
        metavar="DIR",
        help="folder to write to (default benchmarks/results)",
    )
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "report.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    runs, n_samples = (2, 1000) if arguments.quick else (3, bench_kernels.PAPER["n_samples"])

    for name in PARTS if arguments.only is None else arguments.only:
        start = time.perf_counter()
        about = {"gsae_ref": gs.__version__, **versions()}
        print(f"\n== {name}")
        print("  ".join(f"{key} {value}" for key, value in about.items()), flush=True)
        before = processor_seconds()
        measured = PARTS[name](n_samples, runs)
        peak = peak_memory()
        results[name] = {
            "about": about,
            "minutes": (time.perf_counter() - start) / 60,
            "peak_MiB": None if peak is None else round(peak / 2**20),
            "disturbed": disturbance(before, processor_seconds()),
            **measured,
        }
        write_json(rounded(results), path)
    publish(rounded(results), arguments.out)
    return 0


def publish(results, folder):
    """Write the pictures and the text."""
    figures = {"scaling": writing.scaling_figure, "roofline": writing.roofline_figure}
    for name, figure in figures.items():
        if name in results:
            with atomically(folder / f"{name}.svg") as temporary:
                figure(results[name]).savefig(temporary, format="svg", metadata={"Date": None})
    with atomically(folder / "report.md") as temporary:
        Path(temporary).write_text(writing.markdown(results), encoding="utf-8")
    print(folder / "report.md")


def disturbance(before, after):
    """Share of the processor time that other processes used; None where it is not reported."""
    if before is None:
        return None
    total = after[0] - before[0]
    own = after[1] - before[1]
    return max(0.0, round(1 - own / total, 3)) if total > 0 else 0.0


def rounded(value):
    """Numbers to four digits; more would be noise and make long differences in version control."""
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(entry) for entry in value]
    return float(f"{value:.4g}") if isinstance(value, (float, np.floating)) else value


# ---------------------------------------------------------------------------------------- the parts


def threshold(n_samples, runs):
    return {"tables": list(bench_kernels.activation_tables(5 * runs))}


def shallow(n_samples, runs):
    return {"tables": list(bench_kernels.gradient_tables(n_samples, runs))}


def mini_batch(n_samples, runs):
    return {"tables": list(bench_kernels.gradient_tables(400, 3 * runs))}


def unfolded(n_samples, runs):
    """The network of Figures 4 and 5 on synthetic data, after some training."""
    Y = bench_unfolded.synthetic(1024 * (n_samples // 1000))
    A = bench_unfolded.train(bench_unfolded.initial_dictionary(Y), Y, 200)
    return {"tables": unfolded_tables("trained", A, Y, runs)}


def unfolded_sizes(n_samples, runs):
    """The same network at its start, and with other numbers of steps and of atoms."""
    Y = bench_unfolded.synthetic(2048)
    start = bench_unfolded.initial_dictionary(Y)
    tables = unfolded_tables("at the start", start, Y, runs)
    after = bench_unfolded.train(start, Y, 200)
    tables += bench_unfolded.sweep_tables(after, Y, runs)
    return {"tables": [*tables, bench_unfolded.crossover_table(after, Y, runs)]}


def unfolded_tables(title, A, Y, runs):
    return [
        bench_unfolded.gradient_table(title, A.astype(dtype), Y.astype(dtype), runs)
        for dtype in bench_unfolded.DTYPES
    ]


def training(n_samples, runs):
    return {"tables": list(bench_kernels.training_tables(n_samples, 4 * runs))}


def others(n_samples, runs):
    return {"tables": [*bench_kernels.adam_tables(runs), *bench_kernels.expected_tables(runs)]}


def crossover(n_samples, runs):
    return {"tables": [*bench_kernels.crossover_tables(runs), *bench_kernels.tiny_tables(runs)]}


def growth(n_samples, runs):
    return {"growth": scaling.sweeps(n_samples < 10_000)}


def roofline(n_samples, runs):
    """Operations, bytes and seconds of kernels, a product of matrices, and a copy."""
    work = {  # name: (function, floating-point operations, bytes that must move at least)
        **paper_work(n_samples),
        **unfolded_work(n_samples),
        **memory_work(),
    }
    seconds = interleaved({name: function for name, (function, *_) in work.items()}, runs)
    return {
        "points": {
            name: {"operations": operations, "bytes": moved, "seconds": seconds[name]}
            for name, (_, operations, moved) in work.items()
        }
    }


def paper_work(n_samples):
    """Products and gradients at the size of the paper's simulation."""
    p = bench_kernels.PAPER
    size = p["group_size"]
    A, Y = bench_kernels.paper_problem(n_samples, "near the truth", "float64")
    start = bench_kernels.paper_problem(n_samples, "paper's start", "float64")[0]
    A32 = A.astype(np.float32)
    Y32 = Y.astype(np.float32)
    n, m = A.shape
    product = 2 * n_samples * n * m
    screened = product + 8 * n_samples * n * size * p["n_active"]
    numbers = Y.size + A.size + n_samples * m
    moved = 8 * (Y.size + 2 * A.size)
    return {
        "Y A in float64": (lambda: Y @ A, product, 8 * numbers),
        "Y A in float32": (lambda: Y32 @ A32, product, 4 * numbers),
        "shallow gradient, few active": (
            lambda: shallow_kernel(A, Y, p["lam"], size),
            screened,
            moved,
        ),
        "shallow gradient, half active": (
            lambda: shallow_kernel(start, Y, p["lam"], size),
            5 * product,
            moved,
        ),
    }


def unfolded_work(n_samples):
    """The unfolded gradient, computed by blocks."""
    Y = bench_unfolded.synthetic(n_samples)
    A = bench_unfolded.initial_dictionary(Y)
    k = A.shape[1]
    operations = len(Y) * (2 * k * k * (3 * bench_unfolded.N_UNFOLD - 1) + 6 * A.size)
    moved = 8 * (Y.size + 2 * A.size)
    return {
        "unfolded gradient, blocks only": (
            lambda: bench_unfolded.kernel(A, Y, few=0.0),
            operations,
            moved,
        )
    }


def memory_work():
    """A copy, and the kernels that are limited by memory."""
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(4000, 1024))
    copy = np.empty((4000, 1024))
    n = bench_kernels.PAPER["n_features"]
    m = bench_kernels.PAPER["n_groups"] * bench_kernels.PAPER["group_size"]
    size = bench_kernels.PAPER["group_size"]
    arrays = [*rng.normal(size=(3, n, m)), rng.normal(size=(n, m)) ** 2]
    return {
        "copy": (lambda: np.copyto(copy, Z), 0, 16 * Z.size),
        "threshold": (
            lambda: activations.group_soft_threshold(Z, 1.0, size, None),
            4 * Z.size,
            16 * Z.size,
        ),
        "Adam": (lambda: adam_step(*arrays, 3, 1e-3, "numba"), 13 * n * m, 7 * 8 * n * m),
    }


def first_call(n_samples, runs):
    """Seconds of the first and second call in a new process, with compiled code and without."""
    names = ("import gsae_ref", "import numba", "first call", "second call")
    seconds = {}
    for name, call in CALLS.items():
        first_times(call)  # fills the cache if it must
        columns = zip(*(first_times(call) for _ in range(runs)), strict=True)
        row = dict(zip(names, map(statistics.median, columns), strict=True))
        with tempfile.TemporaryDirectory() as empty:
            row["first call, compiling"] = first_times(call, NUMBA_CACHE_DIR=empty)[2]
        print(f"  {name:40} " + "  ".join(f"{value:.3f}" for value in row.values()), flush=True)
        seconds[name] = row
    return {"seconds": seconds}


def first_times(call, **environment):
    done = subprocess.run(
        [sys.executable, "-c", FIRST.format(call=call)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


FUNCTIONS = (
    threshold,
    shallow,
    mini_batch,
    training,
    unfolded,
    unfolded_sizes,
    others,
    crossover,
    growth,
    roofline,
    first_call,
)
PARTS = dict(zip(writing.PARTS, FUNCTIONS, strict=True))

if __name__ == "__main__":
    sys.exit(main())
