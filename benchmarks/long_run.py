"""Does the memory of a long training grow?

    python benchmarks/long_run.py                   a million gradient steps on a small problem
    python benchmarks/long_run.py --steps 50000     fewer
    python benchmarks/long_run.py --minutes 120     a larger problem, compiled, with a checkpoint
    python benchmarks/long_run.py --out DIR         folder of long-run.json, .png and .svg

Memory is the resident set of this process, read after every epoch. The first fifth of the run, in
which kernels are loaded and memory is first touched, is ignored. The run stores its history, one
number per epoch and name. Exit status 1 if memory grew by more than the history and 4 MiB.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import gsae_ref as gs
from gsae_ref import files

ALLOWED = 4  # MiB; pages that the allocator keeps
HISTORY = 40  # bytes of a number in a list
POINTS = 400  # of the curve that is written
# 100 steps an epoch, by the reference.
SMALL = {"n_features": 16, "n_groups": 4, "n_samples": 6400, "batch_size": 64}
# 10 steps an epoch, by the kernels.
LARGE = {"n_features": 100, "n_groups": 200, "n_samples": 5120, "batch_size": 512}


def main(argv=None):
    parser = argparse.ArgumentParser(description="Train for long and watch the memory.")
    parser.add_argument(
        "--steps", type=int, default=1_000_000, help="gradient steps (default: a million)"
    )
    parser.add_argument(
        "--minutes", type=float, help="train on the larger problem for so long instead"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("."),
        metavar="DIR",
        help="folder for the numbers and the picture",
    )
    arguments = parser.parse_args(argv)
    if arguments.minutes is None:
        problem = SMALL
        curve, seconds, n_names = run(problem, steps=arguments.steps)
    else:
        problem = LARGE
        curve, seconds, n_names = run(problem, seconds=60 * arguments.minutes)
    result = {"problem": problem, "seconds": seconds, **summary(curve, n_names)}
    arguments.out.mkdir(parents=True, exist_ok=True)
    files.write_json({**result, "curve": thin(curve)}, arguments.out / "long-run.json")
    draw(result, curve, arguments.out / "long-run")
    grown = result["grown_MiB"]
    allowed = result["allowed_MiB"]
    print(f"{result['steps']:,} steps in {seconds / 60:.1f} minutes")
    print(f"{result['warm_MiB']:.1f} MiB when warm, {result['last_MiB']:.1f} MiB at the end")
    print(f"{grown:+.2f} MiB; {allowed:.2f} allowed, {allowed - ALLOWED:.2f} for the history")
    return 0 if grown <= allowed else 1


def run(problem, steps=None, seconds=None):
    """Train for so many steps or seconds.

    Returns steps and memory in bytes after every epoch, the seconds, and the length of the history.
    """
    n_samples = problem["n_samples"]
    batch_size = problem["batch_size"]
    A_star = gs.make_dictionary(problem["n_features"], problem["n_groups"], 2, rng=0)
    Y = gs.sample(A_star, n_samples, 1, 2, rng=0).Y
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=0)
    per_epoch = n_samples // batch_size
    begin = time.monotonic()
    n_epochs = max(steps // per_epoch, 1) if seconds is None else int(100 * seconds) + 1000
    curve = np.full((n_epochs, 2), np.nan)  # allocated and touched before the run
    names = []

    def watch(intermediate_result):
        epoch = intermediate_result.nit
        curve[epoch - 1] = epoch * per_epoch, resident_memory()
        names[:] = intermediate_result.history
        if seconds is not None and time.monotonic() - begin > seconds:
            raise StopIteration

    options = {"batch_size": batch_size, "constraint": "columns", "callback": watch}
    with tempfile.TemporaryDirectory() as folder:
        if seconds is not None:
            options |= {"checkpoint": os.path.join(folder, "run.npz"), "checkpoint_every": 200}
        result = gs.train(A, Y, 1.0, 2, n_epochs, **options)
    return curve[: result.nit], time.monotonic() - begin, len(names)


def resident_memory():
    """Memory of this process now, in bytes."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        raise SystemExit("memory is read from /proc/self/statm, which needs Linux")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def summary(curve, n_names):
    """Memory when warm (median of the third tenth) and at the end (of the last), and its growth."""
    n = len(curve)
    MiB = 2**20
    warm, last = (
        float(np.median(part)) / MiB
        for part in (curve[n // 5 : 3 * n // 10 + 1, 1], curve[-(n // 10 + 1) :, 1])
    )
    slope = np.polyfit(curve[n // 5 :, 0], curve[n // 5 :, 1], 1)[0] if n > 10 else 0.0
    return {
        "steps": int(curve[-1, 0]),
        "epochs": n,
        "warm_MiB": warm,
        "last_MiB": last,
        "most_MiB": float(curve[:, 1].max()) / MiB,
        "grown_MiB": last - warm,
        "bytes_per_step": float(slope),
        "allowed_MiB": ALLOWED + n * n_names * HISTORY / MiB,
    }


def thin(curve):
    """About POINTS points of the curve."""
    return curve[:: max(len(curve) // POINTS, 1)]


def draw(result, curve, stem):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    ax = figure.subplots()
    points = thin(curve)
    ax.plot(points[:, 0] / 1000, points[:, 1] / 2**20, color="#0072B2", label="resident memory")
    ax.axhline(
        result["warm_MiB"],
        color="#D55E00",
        linestyle="--",
        linewidth=1,
        label="when warm (third tenth, median)",
    )
    ax.set(xlabel="gradient steps (thousands)", ylabel="memory (MiB)")
    ax.set(ylim=(0, 1.25 * result["most_MiB"]), title=f"Memory of {result['steps']:,} steps")
    ax.legend(loc="lower right", frameon=False)
    for suffix in ("png", "svg"):
        with files.atomically(f"{stem}.{suffix}") as temporary:
            figure.savefig(temporary, format=suffix, dpi=160)


if __name__ == "__main__":
    sys.exit(main())
