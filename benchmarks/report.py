"""Measure every kernel beside its rivals and write it down: ratios, growth with every size, distance from what the machine can do.

    python -m benchmarks.report                         all parts, about half an hour on a quiet machine (also: python benchmarks/report.py)
    python -m benchmarks.report --only threshold scaling       these parts; the others stay as they were measured before
    python -m benchmarks.report --only                  measure nothing, write pictures and text again
    python -m benchmarks.report --quick --out DIR       a tenth of the samples; into another folder

Writes ``report.json``, ``report.md``, ``scaling.svg`` and ``roofline.svg`` into
``benchmarks/results``, and from there the section "Performance" of ``README.md``. Each part takes
some minutes, in which the machine should do nothing else.
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

import bench_kernels  # noqa: E402
import bench_unfolded  # noqa: E402
import numpy as np  # noqa: E402
import scaling  # noqa: E402
import writing  # noqa: E402
from repaired import Repaired  # noqa: E402
from timing import interleaved, peak_memory, processor_seconds, versions  # noqa: E402

import gsae_ref as gs  # noqa: E402
from gsae_ref.files import atomically, write_json  # noqa: E402
from gsae_ref.kernels import activations  # noqa: E402
from gsae_ref.ops import adam_step  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "results"
README = Path(__file__).resolve().parent.parent / "README.md"

# A first call in a process of its own: {call} is made twice. Prints the seconds of importing, of
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
print(json.dumps([imported - begin, numba_imported - ready, first - numba_imported, time.perf_counter() - first]))
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
    held = arguments.out / "report.json"
    results = json.loads(held.read_text(encoding="utf-8")) if held.exists() else {}
    runs, n_samples = (2, 1000) if arguments.quick else (3, bench_kernels.PAPER["n_samples"])

    for name in PARTS if arguments.only is None else arguments.only:
        start = time.perf_counter()
        about = {"gsae_ref": gs.__version__, **versions()}
        print(
            f"\n== {name}\n" + "  ".join(f"{key} {value}" for key, value in about.items()),
            flush=True,
        )
        before = processor_seconds()
        found = PARTS[name](n_samples, runs)
        minutes = (time.perf_counter() - start) / 60
        results[name] = {
            "about": about,
            "minutes": minutes,
            "peak_MiB": peak_memory(),
            "disturbed": disturbed(before, processor_seconds()),
            **found,
        }
        write_json(rounded(results), held)
    publish(rounded(results), arguments.out, README if arguments.out == FOLDER else None)
    return 0


def publish(results, folder, readme=None):
    """Pictures, text, and the section of the README."""
    for name, figure in (
        ("scaling", writing.scaling_figure),
        ("roofline", writing.roofline_figure),
    ):
        if name in results:
            with atomically(folder / f"{name}.svg") as temporary:
                figure(results[name]).savefig(temporary, format="svg", metadata={"Date": None})
    texts = {folder / "report.md": writing.markdown(results)}
    if readme is not None:
        texts[readme] = writing.replaced(
            readme.read_text(encoding="utf-8"), writing.section(results)
        )
    for path, text in texts.items():
        with atomically(path) as temporary:
            Path(temporary).write_text(text, encoding="utf-8")
        print(path)


def disturbed(before, after):
    """Share of the used processor time that others used meanwhile; None where the system does not tell."""
    if before is None:
        return None
    everybody = after[0] - before[0]
    ours = after[1] - before[1]
    return max(0.0, round(1 - ours / everybody, 3)) if everybody > 0 else 0.0


def rounded(value):
    """Numbers to four digits: more would be noise, and every new measurement a long difference."""
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
    """Figures 4 and 5's network on made-up data, after some training."""
    Y = bench_unfolded.made_up(1024 * (n_samples // 1000))[1]
    A = bench_unfolded.trained(bench_unfolded.start(Y), Y, 200)
    return {
        "tables": [
            bench_unfolded.gradient_table("trained", A.astype(d), Y.astype(d), runs)
            for d in bench_unfolded.DTYPES
        ]
    }


def unfolded_sizes(n_samples, runs):
    """The same network at its start, and with other numbers of steps and of atoms; fewer samples."""
    Y = bench_unfolded.made_up(2048)[1]
    start = bench_unfolded.start(Y)
    first = [
        bench_unfolded.gradient_table("at the start", start.astype(d), Y.astype(d), runs)
        for d in bench_unfolded.DTYPES
    ]
    after = bench_unfolded.trained(start, Y, 200)
    return {
        "tables": [
            *first,
            *bench_unfolded.sweep_tables(after, Y, runs),
            bench_unfolded.crossover_table(after, Y, runs),
        ]
    }


def training(n_samples, runs):
    return {"tables": list(bench_kernels.training_tables(n_samples, 4 * runs))}


def others(n_samples, runs):
    return {"tables": [*bench_kernels.adam_tables(runs), *bench_kernels.expected_tables(runs)]}


def crossover(n_samples, runs):
    return {"tables": [*bench_kernels.crossover_tables(runs), *bench_kernels.tiny_tables(runs)]}


def growth(n_samples, runs):
    return {"growth": scaling.sweeps(n_samples < 10_000)}


def roofline(n_samples, runs):
    """Operations, bytes and seconds of some kernels, and what the machine does at best: one product of matrices, one copy."""
    p = bench_kernels.PAPER
    n = p["n_features"]
    m = p["n_groups"] * p["group_size"]
    size = p["group_size"]
    A, Y = bench_kernels.paper_problem(n_samples, "near the truth", "float64")
    paper = bench_kernels.paper_problem(n_samples, "paper's start", "float64")[0]
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(4000, 1024))
    copy = np.empty((4000, 1024))
    arrays = [*rng.normal(size=(3, n, m)), rng.normal(size=(n, m)) ** 2]
    A32 = A.astype(np.float32)
    Y32 = Y.astype(np.float32)
    S = bench_unfolded.made_up(n_samples)[1]
    D = bench_unfolded.start(S)
    functions = {
        "Y A in float64": lambda: Y @ A,
        "Y A in float32": lambda: Y32 @ A32,
        "copy": lambda: np.copyto(copy, Z),
        "shallow gradient, few active": lambda: bench_kernels.kernel(A, Y, p["lam"], size),
        "shallow gradient, half active": lambda: bench_kernels.kernel(paper, Y, p["lam"], size),
        "unfolded gradient, block way": lambda: bench_unfolded.kernel(D, S, few=0.0),
        "threshold": lambda: activations.group_soft_threshold(Z, 1.0, size, None),
        "Adam": lambda: adam_step(*arrays, 3, 1e-3, "numba"),
    }
    with Repaired("products", A=A, Y=Y) as better, Repaired("products", A=A32, Y=Y32) as better32:
        for dtype, process in (("float64", better), ("float32", better32)):
            functions |= {
                f"Y A in {dtype}, repaired": call for name, call in process.functions.items()
            }
        seconds = interleaved(functions, runs)
    product = 2 * n_samples * n * m
    k = D.shape[1]
    work = {  # floating-point operations, bytes that must move at least
        "Y A in float64": (product, 8 * (Y.size + A.size + n_samples * m)),
        "Y A in float32": (product, 4 * (Y.size + A.size + n_samples * m)),
        "copy": (0, 16 * Z.size),
        "shallow gradient, few active": (
            product + 8 * n_samples * n * size * p["n_active"],
            8 * (Y.size + 2 * A.size),
        ),
        "shallow gradient, half active": (5 * product, 8 * (Y.size + 2 * A.size)),
        "unfolded gradient, block way": (
            len(S) * (2 * k * k * (3 * bench_unfolded.N_UNFOLD - 1) + 6 * D.size),
            8 * (S.size + 2 * D.size),
        ),
        "threshold": (4 * Z.size, 16 * Z.size),
        "Adam": (13 * n * m, 7 * 8 * n * m),
    }
    work |= {f"{name}, repaired": work[name] for name in ("Y A in float64", "Y A in float32")}
    return {
        "points": {
            name: {"operations": work[name][0], "bytes": work[name][1], "seconds": seconds[name]}
            for name in functions
        }
    }


def first_call(n_samples, runs):
    """Seconds of the first and second call in a new process, compiled code read from disk; and compiled anew, once."""
    medians = {}
    for name, call in CALLS.items():
        first_times(call)  # fills the cache, if it must
        medians[name] = [
            statistics.median(column)
            for column in zip(*(first_times(call) for _ in range(runs)), strict=True)
        ]
        with tempfile.TemporaryDirectory() as empty:
            medians[name].append(first_times(call, NUMBA_CACHE_DIR=empty)[2])
        print(f"  {name:40} " + "  ".join(f"{value:.3f}" for value in medians[name]), flush=True)
    names = (
        "import gsae_ref",
        "import numba",
        "first call",
        "second call",
        "first call, compiling",
    )
    return {
        "seconds": {name: dict(zip(names, values, strict=True)) for name, values in medians.items()}
    }


def first_times(call, **environment):
    done = subprocess.run(
        [sys.executable, "-c", FIRST.format(call=call)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


PARTS = dict(
    zip(
        writing.PARTS,
        (
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
        ),
        strict=True,
    )
)

if __name__ == "__main__":
    sys.exit(main())
