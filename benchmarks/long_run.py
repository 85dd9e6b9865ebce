"""Memory of a long training: does it grow?

    python benchmarks/long_run.py                       a million gradient steps on a small problem, some minutes
    python benchmarks/long_run.py --steps 50000         fewer
    python benchmarks/long_run.py --minutes 120         as many steps as fit, on a larger problem with compiled kernels and a checkpoint
    python benchmarks/long_run.py --out DIR             where long-run.json, .png and .svg are written (default: the current folder)

Memory is what this process holds (RSS), read after every epoch; the first fifth of the run, where
kernels are loaded and memory is first touched, does not count. Kept by the run itself is its
history, one number per epoch and name. Exit status 1 if memory grew by more than that and 4 MiB.
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
SMALL = {
    "n_features": 16,
    "n_groups": 4,
    "n_samples": 6400,
    "batch_size": 64,
}  # 100 steps an epoch, on the reference
LARGE = {
    "n_features": 100,
    "n_groups": 200,
    "n_samples": 5120,
    "batch_size": 512,
}  # 10 steps an epoch, on the kernels


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
    problem = SMALL if arguments.minutes is None else LARGE
    curve, seconds, n_names = run(
        problem, arguments.steps, None if arguments.minutes is None else 60 * arguments.minutes
    )
    result = {"problem": problem, "seconds": seconds, **judged(curve, n_names)}
    arguments.out.mkdir(parents=True, exist_ok=True)
    files.write_json({**result, "curve": thinned(curve)}, arguments.out / "long-run.json")
    draw(result, curve, arguments.out / "long-run")
    grown = result["grown_MiB"]
    allowed = result["allowed_MiB"]
    print(
        f"{result['steps']:,} steps in {seconds / 60:.1f} minutes: {result['warm_MiB']:.1f} MiB when warm, {result['last_MiB']:.1f} MiB at the "
        f"end, {grown:+.2f} MiB ({allowed:.2f} allowed, of which the history takes {allowed - ALLOWED:.2f})"
    )
    return 0 if grown <= allowed else 1


def run(problem, steps, seconds):
    """Steps and memory in bytes after every epoch, the time taken, and how many lists the history has."""
    n_samples = problem["n_samples"]
    batch_size = problem["batch_size"]
    A_star = gs.make_dictionary(problem["n_features"], problem["n_groups"], 2, rng=0)
    Y = gs.sample(A_star, n_samples, 1, 2, rng=0).Y
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=0)
    each = n_samples // batch_size
    begin = time.monotonic()
    n_epochs = max(steps // each, 1) if seconds is None else 10**9
    curve = np.full(
        (n_epochs if seconds is None else int(100 * seconds) + 1000, 2), np.nan
    )  # all of it now: no growth of our own
    names = []

    def watch(intermediate_result):
        epoch = intermediate_result.nit
        curve[epoch - 1] = epoch * each, held()
        names[:] = intermediate_result.history
        if seconds is not None and time.monotonic() - begin > seconds or epoch == len(curve):
            raise StopIteration

    with tempfile.TemporaryDirectory() as folder:
        checkpoint = (
            {}
            if seconds is None
            else {"checkpoint": os.path.join(folder, "run.npz"), "checkpoint_every": 200}
        )
        result = gs.train(
            A,
            Y,
            1.0,
            2,
            n_epochs,
            batch_size=batch_size,
            constraint="columns",
            callback=watch,
            **checkpoint,
        )
    return curve[: result.nit], time.monotonic() - begin, len(names)


def held():
    """Memory that this process holds now, in bytes."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        raise SystemExit(
            "the memory of a process is read from /proc, which this system has not; run this on Linux"
        )
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def judged(curve, n_names):
    """Memory when warm (median of the third tenth) and at the end (median of the last), what it grew by, what it may."""
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


def thinned(curve):
    return curve[:: max(len(curve) // POINTS, 1)]


def draw(result, curve, stem):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    ax = figure.subplots()
    points = thinned(curve)
    ax.plot(points[:, 0] / 1000, points[:, 1] / 2**20, color="#0072B2", label="held by the process")
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
