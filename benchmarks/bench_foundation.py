"""Time, memory and accuracy of the verification and of the gradients, beside their limits.

    python benchmarks/bench_foundation.py                 about one minute
    python benchmarks/bench_foundation.py --full          also the full verification, some minutes
    python benchmarks/bench_foundation.py --json FILE     writes the numbers to a file

A benchmark, not a test: the exit status is always 0. The oracles are those of ``tests/``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from bench_kernels import PAPER, paper_problem
from timing import available, versions

import gsae_ref as gs

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import oracle
from gradient_checks import CENTRAL_STEP, taylor_order

GIB = 2**30

# Runs a command and prints its time and the memory of its largest process. This is a small process
# of its own, since a child inherits the peak memory of its parent.
WATCH = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
status = subprocess.run(sys.argv[1:], **quiet).returncode
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([status, seconds, peak * (1 if sys.platform == "darwin" else 1024)]))
"""


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Print time, memory and accuracy beside their limits."
    )
    parser.add_argument("--full", action="store_true", help="also time the full verification")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write versions and numbers to a file"
    )
    arguments = parser.parse_args(argv)

    rows = []
    about = {"gsae_ref": gs.__version__, **versions()}
    print("  ".join(f"{name} {version}" for name, version in about.items()))
    print(f"{'':62} {'measured':>12} {'limit':>12}  met")
    words = {True: "yes", False: "NO", None: ""}
    for name, unit, value, limit in measurements(arguments.full):
        good = met(value, limit)
        rows.append({"name": name, "unit": unit, "value": value, "limit": limit, "met": good})
        bound = f"{limit[0]} {shown(limit[1], unit)}" if limit else "-"
        print(f"{name:62} {shown(value, unit):>12} {bound:>12}  {words[good]}", flush=True)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
    return 0


def met(value, limit):
    if limit is None or not isinstance(value, float):
        return None
    return bool(value <= limit[1] if limit[0] == "<=" else value >= limit[1])


def shown(value, unit):
    if isinstance(value, str):
        return value
    if unit == "B":
        return f"{value / GIB:.2f} GiB"
    return {"s": f"{value:.3g} s", "": f"{value:.4g}"}[unit]


def measurements(full):
    """Yield (name, unit, value, limit); a value that cannot be measured is a reason in words."""
    yield from verification(full)
    yield "import gsae_ref, on top of numpy (median of 7)", "s", import_time(), ("<=", 0.3)
    error, order = gradient_accuracy()
    yield "exact gradient against central differences, 200 networks", "", error, ("<=", 1e-7)
    yield "lowest Taylor order of the exact gradient, the same", "", order, (">=", 1.9)
    yield (
        "expected gradient against enumeration, Gamma <= 8",
        "",
        expectation_accuracy(),
        ("<=", 1e-12),
    )
    yield (
        "exact gradient against torch autograd, the same networks",
        "",
        autograd_accuracy(),
        ("<=", 1e-12),
    )
    for kind, seconds in gradient_times().items():
        yield f"loss_and_grad {kind}, n=950 Gamma=500 d=2 N=10,000", "s", seconds, None


# ---------------------------------------------------------------------------------- time and memory


def verification(full):
    """Time and memory of the command line's verify, in processes of their own."""
    modes = [("--quick", ["--quick"], 60), *([("(full)", [], 600)] if full else [])]
    for mode, flags, limit in modes:
        for n_jobs in (1, 2):
            name = f"verify {mode} --n-jobs {n_jobs}"
            command = [sys.executable, "-m", "gsae_ref", "verify", *flags, "--n-jobs", str(n_jobs)]
            watched = subprocess.run(
                [sys.executable, "-c", WATCH, *command], capture_output=True, text=True, check=True
            )
            status, seconds, peak = json.loads(watched.stdout)
            if status != 0:
                yield name, "s", f"exit {status}", ("<=", limit)
                continue
            yield f"{name}, wall time", "s", seconds, ("<=", limit)
            yield f"{name}, peak memory of the largest process", "B", float(peak), ("<=", 2 * GIB)


def import_time(runs=7):
    """Median of what ``import gsae_ref`` adds to ``import numpy``, each in a new process."""

    def seconds(program):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        return time.perf_counter() - start

    seconds("import gsae_ref")  # the first one reads the disk
    return statistics.median(
        -seconds("import numpy") + seconds("import gsae_ref") for _ in range(runs)
    )


def gradient_times(runs=3):
    """Median time of each kind of gradient at the size of the paper's simulation, interleaved."""
    A, Y = paper_problem(PAPER["n_samples"], "paper's start", "float64")
    kinds = ("exact", "appendix_b", "approximate")
    times = {kind: [] for kind in kinds}
    for _ in range(runs):
        for kind in kinds:
            start = time.perf_counter()
            gs.loss_and_grad(A, Y, PAPER["lam"], PAPER["group_size"], kind)
            times[kind].append(time.perf_counter() - start)
    return {kind: statistics.median(values) for kind, values in times.items()}


# ----------------------------------------------------------------------------------------- accuracy


def networks(count=200, seed=0):
    """Yield (A, Y, lam, d), d from 1 to 16, with active shares from 0 to 1, away from the kink.

    The threshold lies in the middle of the widest gap between group norms near the wanted share. A
    network is redrawn if a step of the central difference could change the support.
    """
    rng = np.random.default_rng(seed)
    for number in range(count):
        d = 1 + number % 16
        share = rng.choice([0, 0.25, 0.5, 0.75, 1])
        while True:
            n_features = rng.integers(2, 9)
            n_groups = rng.integers(1, 5)
            n_samples = rng.integers(1, 6)
            A = rng.standard_normal((n_features, n_groups * d)) / np.sqrt(n_features)
            Y = rng.standard_normal((n_samples, n_features))
            r = np.sort(np.linalg.norm((Y @ A).reshape(-1, d), axis=1))
            edges = np.concatenate([[r[0] / 3], r, [r[-1] * 1.5]])
            wanted = round((1 - share) * len(r))
            near = [wanted]
            if 0 < share < 1:
                near = range(max(wanted - 1, 0), min(wanted + 2, len(r) + 1))
            gap = max(near, key=lambda k: edges[k + 1] - edges[k])
            lam = (edges[gap] + edges[gap + 1]) / 2
            margin = (edges[gap + 1] - edges[gap]) / 2
            if margin > 10 * CENTRAL_STEP * np.linalg.norm(A) * np.linalg.norm(Y, axis=1).max():
                yield A, Y, float(lam), d
                break


def gradient_accuracy():
    """Worst relative error of <G, D> against a central difference, and the lowest Taylor order."""
    worst = 0.0
    lowest = np.inf
    rng = np.random.default_rng(1)
    for A, Y, lam, d in networks():

        def cost(B, Y=Y, lam=lam, d=d):
            return gs.loss(B, Y, lam, d)

        G = gs.loss_and_grad(A, Y, lam, d)[1]
        D = rng.standard_normal(A.shape)
        lowest = min(lowest, taylor_order(cost, G, A, D))
        D *= np.linalg.norm(A) / np.linalg.norm(D)
        numeric = (cost(A + CENTRAL_STEP * D) - cost(A - CENTRAL_STEP * D)) / (2 * CENTRAL_STEP)
        scale = np.linalg.norm(G) * np.linalg.norm(D)
        worst = max(worst, relative(abs(numeric - np.sum(G * D)), scale))
    return worst, float(lowest)


def expectation_accuracy():
    """Worst relative error of the closed form against a sum over all supports of 1 to 8 groups."""
    worst = 0.0
    rng = np.random.default_rng(2)
    n_features = 5
    d = 2
    for n_groups in range(1, 9):
        A, A_star = rng.standard_normal((2, n_features, n_groups * d))
        tau = rng.uniform(0, 1, n_groups)
        roots = rng.standard_normal((n_groups, d, d))
        covariances = roots @ np.swapaxes(roots, 1, 2)
        for n_active in range(1, n_groups + 1):
            enumerated = oracle.expected_over_supports(A, A_star, tau, n_active, d, covariances)
            closed = gs.expected_gradient(A, A_star, tau, n_active, d, covariances)
            error = np.linalg.norm(closed - enumerated)
            worst = max(worst, relative(error, np.linalg.norm(enumerated)))
    return worst


def autograd_accuracy():
    """Worst relative difference from the gradient by torch."""
    if not available("torch"):
        return "no torch"
    worst = 0.0
    for A, Y, lam, d in networks():
        expected = oracle.autograd(A, Y, lam, d)[1]
        error = np.linalg.norm(gs.loss_and_grad(A, Y, lam, d)[1] - expected)
        worst = max(worst, relative(error, np.linalg.norm(expected)))
    return worst


def relative(error, scale):
    """error / scale, with 0 / 0 = 0: without active groups both gradients are zero."""
    if error == 0:
        return 0.0
    return float(error / scale) if scale > 0 else np.inf


if __name__ == "__main__":
    sys.exit(main())
