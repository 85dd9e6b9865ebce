"""Measure everything once and write it down: tables, growth with every size, and how far each kernel is from what the machine can do.

    python benchmarks/report.py                 half an hour on a quiet machine
    python benchmarks/report.py --quick         some minutes: a tenth of the samples
    python benchmarks/report.py --out DIR       where to write (default benchmarks/results)

Writes ``report.json``, ``report.md``, ``scaling.svg`` and ``roofline.svg``.
"""

import argparse
import sys
import time
from pathlib import Path

import bench_kernels
import bench_unfolded
import numpy as np
import scaling
from timing import interleaved, limits_blas, versions

import gsae_ref as gs
from gsae_ref.experiments.publishing import COLOURS
from gsae_ref.files import atomically, write_json
from gsae_ref.kernels import activations
from gsae_ref.ops import adam_step

FOLDER = Path(__file__).parent / "results"


def main(argv=None):
    parser = argparse.ArgumentParser(description="Measure every kernel beside its rivals and write the report.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples, fewer runs")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="folder to write to (default benchmarks/results)")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    start, runs, n_samples = time.perf_counter(), *((3, 1000) if arguments.quick else (5, bench_kernels.PAPER["n_samples"]))

    about = {**versions(), "gsae_ref": gs.__version__}
    first = first_calls()
    tables = [
        *bench_kernels.gradient_tables(n_samples, runs), *bench_kernels.training_tables(n_samples, 5 * runs),
        *unfolded_tables(n_samples, runs), *bench_kernels.activation_tables(runs), *bench_kernels.adam_tables(runs),
    ]
    growth, roof = scaling.sweeps(arguments.quick), roofline(n_samples, runs)
    about["minutes"] = round((time.perf_counter() - start) / 60, 1)
    write_json({"about": about, "first_calls": first, "tables": tables, "growth": growth, "roofline": roof}, arguments.out / "report.json")
    for name, figure in (("scaling", scaling_figure(growth)), ("roofline", roofline_figure(roof))):
        with atomically(arguments.out / f"{name}.svg") as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})
    with atomically(arguments.out / "report.md") as temporary:
        Path(temporary).write_text(markdown(about, first, tables, growth, roof), encoding="utf-8")
    print(f"\n{arguments.out / 'report.md'}")
    return 0


def unfolded_tables(n_samples, runs):
    """Figures 4 and 5's network on made-up data, at its start and after some training."""
    Y = bench_unfolded.made_up(n_samples)[1]
    start = bench_unfolded.start(Y)
    for title, A in {"unfolded, at the start": start, "unfolded, trained": bench_unfolded.trained(start, Y, 200)}.items():
        for dtype in bench_unfolded.DTYPES:
            yield bench_unfolded.gradient_table(title, A.astype(dtype), Y.astype(dtype), runs)


def first_calls():
    """Seconds of the first call in this process, and of the second: reading compiled code from disk, or compiling it."""
    A = gs.make_dictionary(100, 40, 2, rng=0)
    Y = gs.sample(A, 200, 3, 2, rng=0).Y
    calls = {
        "shallow gradient": lambda: gs.loss_and_grad(A, Y, 2.0, 2, engine="numba"),
        "unfolded gradient": lambda: gs.unfolded_loss_and_grad(A, Y, 2.0, 2, 5, engine="numba"),
        "Adam": lambda: adam_step(A, A, A, A * A, 1, 1e-3, "numba"),
    }
    seconds = {}
    for name, call in calls.items():
        for which in ("first", "second"):
            start = time.perf_counter()
            call()
            seconds[f"{name}, {which}"] = time.perf_counter() - start
    return seconds


def roofline(n_samples, runs):
    """Operations, bytes and seconds of some kernels, and what the machine does at best: one product of matrices, one copy."""
    p, rng = bench_kernels.PAPER, np.random.default_rng(0)
    n, m = p["n_features"], p["n_groups"] * p["group_size"]
    A_star = gs.make_dictionary(n, p["n_groups"], p["group_size"], rng=0)
    Y = gs.sample(A_star, n_samples, p["n_active"], p["group_size"], rng=0).Y
    A = gs.perturb_dictionary(A_star, correlation=0.97, rng=0)
    Z, copy = rng.normal(size=(4000, 1024)), np.empty((4000, 1024))
    arrays = [*rng.normal(size=(3, n, m)), rng.normal(size=(n, m)) ** 2]
    A32, Y32 = A.astype(np.float32), Y.astype(np.float32)
    functions = {
        "Y A in float64": lambda: Y @ A, "Y A in float32": lambda: Y32 @ A32, "copy": lambda: np.copyto(copy, Z),
        "shallow gradient": lambda: bench_kernels.kernel(A, Y, p["lam"], p["group_size"]),
        "threshold": lambda: activations.group_soft_threshold(Z, 1.0, p["group_size"], None),
        "Adam": lambda: adam_step(*arrays, 3, 1e-3, "numba"),
    }
    seconds = interleaved(functions, runs)
    active = 2 * 4 * n_samples * n * p["group_size"] * p["n_active"]
    work = {  # floating-point operations, bytes that must move at least
        "Y A in float64": (2 * n_samples * n * m, 8 * (Y.size + A.size + n_samples * m)),
        "Y A in float32": (2 * n_samples * n * m, 4 * (Y.size + A.size + n_samples * m)),
        "copy": (0, 16 * Z.size),
        "shallow gradient": (2 * n_samples * n * m + active, 8 * (Y.size + 2 * A.size)),
        "threshold": (4 * Z.size, 16 * Z.size),
        "Adam": (13 * n * m, 7 * 8 * n * m),
    }
    return {name: {"operations": work[name][0], "bytes": work[name][1], "seconds": seconds[name]} for name in functions}


def scaling_figure(growth):
    """One panel for every size; dashed: the growth that counting gives, through the first point."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 3.1), layout="constrained")
    for ax, (name, found) in zip(figure.subplots(1, len(growth)), growth.items(), strict=True):
        for colour, marker, (who, seconds) in zip(COLOURS, "os", found["seconds"].items(), strict=False):
            values = np.array(found["values"])
            ax.loglog(values, 1e3 * np.array(seconds), marker + "-", color=colour, label=f"{who}: {found['fitted'][who]:.2f}")
            ax.loglog(values, 1e3 * seconds[0] * (values / values[0]) ** found["counted"][who], "--", color=colour, lw=0.8)
        ax.set(xlabel=scaling.LABELS[name])
        ax.legend(frameon=False, fontsize=8, title="exponent", title_fontsize=8)
    figure.axes[0].set_ylabel("milliseconds")
    figure.suptitle("One loss and exact gradient; dashed: growth by counting operations", fontsize=10)
    return figure


def roofline_figure(roof):
    """Operations a second over operations a byte, below the two limits measured in the same run."""
    from matplotlib.figure import Figure

    peak = max(entry["operations"] / entry["seconds"] for name, entry in roof.items() if name.startswith("Y A"))
    bandwidth = roof["copy"]["bytes"] / roof["copy"]["seconds"]
    figure = Figure(figsize=(6, 4), layout="constrained")
    ax = figure.subplots()
    intensity = np.logspace(-2, 4, 200)
    ax.loglog(intensity, np.minimum(peak, bandwidth * intensity) / 1e9, color="#767676", label="limit: float32 product, copy")
    for colour, (name, entry) in zip(COLOURS, ((k, v) for k, v in roof.items() if v["operations"]), strict=False):
        ax.loglog(entry["operations"] / entry["bytes"], entry["operations"] / entry["seconds"] / 1e9, "o", color=colour, label=name)
    ax.set(xlabel="operations per byte that must move", ylabel="10$^9$ operations per second")
    ax.legend(frameon=False, fontsize=8)
    return figure


def markdown(about, first, tables, growth, roof):
    """The report as text."""
    lines = ["# Benchmarks", "", "  ".join(f"{name} {value}" for name, value in about.items()), ""]
    lines += ["Ratios of interleaved runs, medians; every result was compared with the reference before it was timed.", ""]
    if not limits_blas():
        lines += ["threadpoolctl is missing: BLAS was not limited to one thread beside the kernels.", ""]
    for table in tables:
        base = table["base"]
        lines += [f"## {table['title']}", "", f"| | ms | x {base} |", "|---|---|---|"]
        lines += [f"| {name} | {1e3 * seconds:.3g} | {seconds / table['seconds'][base]:.2f} |" for name, seconds in table["seconds"].items()]
        lines.append("")
    lines += ["## Growth", "", "![scaling](scaling.svg)", "", "| size | kernel, fitted (counted) | reference, fitted (counted) |", "|---|---|---|"]
    for name, found in growth.items():
        pairs = [f"{found['fitted'][who]:.2f} ({found['counted'][who]:.2f})" for who in ("kernel", "reference")]
        lines.append(f"| {name} | {pairs[0]} | {pairs[1]} |")
    lines += ["", "## Distance from the machine's limits", "", "![roofline](roofline.svg)", ""]
    lines += ["| | 10^9 operations/s | 10^9 bytes/s |", "|---|---|---|"]
    lines += [f"| {name} | {e['operations'] / e['seconds'] / 1e9:.3g} | {e['bytes'] / e['seconds'] / 1e9:.3g} |" for name, e in roof.items()]
    lines += ["", "## First calls", "", "| | seconds |", "|---|---|", *(f"| {name} | {value:.3f} |" for name, value in first.items()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
