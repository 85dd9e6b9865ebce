"""The kernels beside the reference, torch, JAX, SciPy, skglm and a single matrix product.

    python benchmarks/bench_kernels.py                    some minutes
    python benchmarks/bench_kernels.py --quick            a tenth of the samples, fewer runs
    python benchmarks/bench_kernels.py --json FILE        writes the numbers to a file

Times are medians of interleaved runs. Every result is checked against the reference before it is
timed. Compare times within one table only: the machine may be busy. The kernels run with one BLAS
thread (threadpoolctl) and threads of their own, rivals with their defaults.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import rivals
from timing import (
    TOLERANCE,
    agree,
    available,
    extra_memory,
    interleaved,
    repeated,
    table,
    versions,
)

import gsae_ref as gs
from gsae_ref.kernels import autoencoder as kernels
from gsae_ref.ops import FixedSamples, adam_step
from gsae_ref.reference import autoencoder

PAPER = {
    "n_features": 950,
    "n_groups": 500,
    "group_size": 2,
    "n_samples": 10_000,
    "n_active": 3,
    "lam": 2.0,
}
# Mean cosine between the columns of A and A*.
STARTS = {"near the truth": 0.97, "paper's start": 0.15}
CACHED = "cached, compiled Adam"
STEPS = 15  # of the cached descent, for one of a rival


def main(argv=None):
    parser = argparse.ArgumentParser(description="Print how fast the kernels are, as ratios.")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the samples, three runs of each"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write versions and numbers to a file"
    )
    arguments = parser.parse_args(argv)
    runs, n_samples = (3, 1000) if arguments.quick else (7, PAPER["n_samples"])

    about = versions()
    print("  ".join(f"{name} {value}" for name, value in about.items()))
    if not available("threadpoolctl"):
        print("threadpoolctl is missing: the threads of BLAS slow down those of the kernels")
    tables = [
        *gradient_tables(n_samples, runs),
        *training_tables(n_samples, 2 * runs),
        *adam_tables(runs),
        *expected_tables(runs),
        *activation_tables(runs),
        *crossover_tables(runs),
        *tiny_tables(runs),
    ]
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"about": about, "tables": tables}, indent=1) + "\n")
    return 0


def paper_problem(n_samples, start, dtype):
    """Dictionary and samples of the paper's simulation."""
    p = PAPER
    A_star = gs.make_dictionary(p["n_features"], p["n_groups"], p["group_size"], rng=0)
    Y = gs.sample(A_star, n_samples, p["n_active"], p["group_size"], rng=0).Y
    A = gs.perturb_dictionary(A_star, correlation=STARTS[start], rng=0)
    return A.astype(dtype), Y.astype(dtype)


def gradient_tables(n_samples, runs):
    """One loss and exact gradient of the paper's simulation, near the truth and at its start."""
    for start in STARTS:
        for dtype in TOLERANCE:
            yield gradient_table(start, *paper_problem(n_samples, start, dtype), runs)


def gradient_table(start, A, Y, runs):
    lam = PAPER["lam"]
    size = PAPER["group_size"]
    dtype = A.dtype.name
    problem = A, Y, lam, size
    functions = {
        "kernel": lambda: rivals.shallow_kernel(*problem),
        "kernel, one thread": lambda: rivals.shallow_kernel(*problem, n_threads=1),
    }
    others = rivals.gradients(*problem, compiling=len(Y) > 400)
    functions |= {name: lambda rival=rival: rival(A) for name, rival in others.items()}
    expected = autoencoder.loss_and_grad(*problem)
    for name, function in functions.items():
        agree(name, function(), expected, dtype)  # compiles it, too
    memory = {name: extra_memory(functions[name]) for name in ("kernel", "reference")}
    Y32 = Y.astype(np.float32)
    A32 = A.astype(np.float32)
    functions |= {"Y A alone": lambda: Y @ A, "Y A alone in float32": lambda: Y32 @ A32}
    norms = np.linalg.norm((Y @ A).reshape(len(Y), -1, size), axis=2)
    active = float(np.mean(np.sum(norms > lam, axis=1)))
    title = f"n=950, 500 groups of 2, N={len(Y)}, {start}, {active:.1f} groups active, {dtype}"
    key = f"{len(Y)} samples, {start}, {dtype}"
    seconds = interleaved(functions | rivals.own_products(A, Y), runs)
    return table(key, title, seconds, "kernel", extra_MiB=memory, active=active)


def training_tables(n_samples, n_rounds):
    """Mean time of a step of full-batch training with Adam, near the truth.

    In each round the cached descent takes STEPS steps and each rival one. The work of a rival is
    the same at every step; that of the cached descent falls as the steps become short, so that its
    mean is over the longer run.
    """
    lam = PAPER["lam"]
    size = PAPER["group_size"]
    for dtype in TOLERANCE:
        A, Y = paper_problem(n_samples, "near the truth", dtype)
        seconds = training_seconds(descents(A, Y, lam, size), n_rounds, dtype)
        seconds |= interleaved(rivals.own_products(A, Y), 3)
        title = (
            f"a step of training, mean of {STEPS * n_rounds} (rivals: {n_rounds}), "
            f"N={n_samples}, near the truth, {dtype}"
        )
        yield table(f"training, {dtype}", title, seconds, CACHED)


def descents(A, Y, lam, size):
    """Functions that take one step of Adam and return the cost before it."""
    cached = FixedSamples(Y, size, engine="numba")
    steps = {
        CACHED: descent(lambda A: cached(A, lam), A, "numba"),
        "kernel without cache, compiled Adam": descent(
            lambda A: rivals.shallow_kernel(A, Y, lam, size), A, "numba"
        ),
        "reference, NumPy's Adam": descent(
            lambda A: autoencoder.loss_and_grad(A, Y, lam, size), A, "reference"
        ),
    }
    if available("torch"):
        steps["torch eager, torch.optim.Adam"] = rivals.torch_descent(A, Y, lam, size)
    if available("jax"):
        steps["JAX jit, gradient and Adam in one"] = rivals.jax_descent(A, Y, lam, size)
    return steps


def descent(loss_and_grad, A, engine):
    state = [A, np.zeros_like(A), np.zeros_like(A), 0]

    def step():
        A, first, second, steps = state
        cost, G = loss_and_grad(A)
        state[:3] = adam_step(A, G, first, second, steps + 1, 1e-3, engine)
        state[3] = steps + 1
        return cost

    return step


def training_seconds(steps, n_rounds, dtype):
    """Mean seconds of a step; all costs must agree with those of the cached descent."""
    seconds = {name: [] for name in steps}
    costs = {name: [] for name in steps}
    for k in range(n_rounds + 1):
        for name, step in steps.items():
            time.sleep(0.02)
            for _ in range(STEPS if name == CACHED and k else 1):
                start = time.perf_counter()
                costs[name].append(step())
                seconds[name].append(time.perf_counter() - start)
    for name, found in costs.items():
        expected = costs[CACHED][: len(found)]
        if np.max(np.abs(np.subtract(found, expected)) / expected) > 1e2 * TOLERANCE[dtype]:
            raise SystemExit(f"{name}: costs {found} differ from {expected}")
    # The first step compiles, or screens all samples.
    return {name: float(np.mean(found[1:])) for name, found in seconds.items()}


def adam_tables(runs):
    """One step of Adam on a 950 x 1000 dictionary."""
    for dtype in TOLERANCE:
        arrays = np.random.default_rng(0).normal(size=(4, 950, 1000)).astype(dtype)
        arrays[3] **= 2
        functions = {
            engine: lambda engine=engine, arrays=arrays: adam_step(*arrays, 3, 1e-3, engine)
            for engine in ("numba", "reference")
        }
        agree("Adam", functions["numba"](), functions["reference"](), dtype)
        if available("torch"):
            functions |= rivals.torch_adam(arrays)
        out = np.empty_like(arrays)
        functions["copy of the four arrays"] = lambda arrays=arrays, out=out: np.copyto(out, arrays)
        title = f"a step of Adam, 950 x 1000, {dtype}"
        yield table(f"Adam, {dtype}", title, repeated(functions, runs, 10), "numba")


def expected_tables(runs):
    """The closed form of the expected gradient, beside the gradient of the paper's samples."""
    for dtype in TOLERANCE:
        yield expected_table(dtype, runs)


def expected_table(dtype, runs):
    p = PAPER
    size = p["group_size"]
    A_star = gs.make_dictionary(p["n_features"], p["n_groups"], size, rng=0).astype(dtype)
    A, Y = paper_problem(p["n_samples"], "near the truth", dtype)
    tau = np.full(p["n_groups"], 0.5, dtype)
    functions = {
        "closed form": lambda: gs.expected_gradient(A, A_star, tau, p["n_active"], size),
        "approximate gradient of 10,000 samples": lambda: gs.loss_and_grad(
            A, Y, p["lam"], size, "approximate"
        ),
        "A A^T A": lambda: A @ (A.T @ A),
    }
    title = f"expected gradient, 950 x 1000, {dtype}"
    return table(f"expected, {dtype}", title, interleaved(functions, runs), "closed form")


def activation_tables(runs):
    """The threshold alone, on one thread unless the name differs, beside a copy."""
    rng = np.random.default_rng(0)
    for dtype in TOLERANCE:
        for size in (1, 2, 4, 8, 16, 64):
            Z = rng.normal(size=(4000, 1024)).astype(dtype)
            out = np.empty_like(Z)
            functions = rivals.thresholds(Z, float(np.sqrt(size)), size)
            expected = [functions["reference"]()]
            for name, function in functions.items():
                agree(f"threshold by {name}", [function()], expected, dtype)
            functions = {"copy": lambda Z=Z, out=out: np.copyto(out, Z), **functions}
            title = f"threshold of 4000 x 1024, groups of {size}, {dtype}"
            yield table(f"threshold, {size}, {dtype}", title, interleaved(functions, runs), "copy")


def crossover_tables(runs):
    """The two methods for a block of samples, at given shares of active groups.

    Above 1 the dense method, by matrix products, is slower than the screened one.
    """
    rng = np.random.default_rng(0)
    for n_features, n_groups, size in ((950, 500, 2), (784, 100, 8)):
        A = rng.normal(size=(n_features, n_groups * size)) / np.sqrt(n_features)
        Y = rng.normal(size=(2048, n_features))
        for dtype in TOLERANCE:
            ratios = crossover_ratios(A.astype(dtype), Y.astype(dtype), size, runs)
            title = (
                f"dense / screened, by share of active groups: "
                f"n={n_features}, {n_groups} groups of {size}, {dtype}"
            )
            print(f"\n{title} (switch: {kernels.FEW})")
            print("  " + "  ".join(f"{s:.0%} {ratio:.2f}" for s, ratio in ratios.items()))
            yield {"key": title, "title": title, "ratios": ratios}


def crossover_ratios(A, Y, size, runs):
    ordered = np.sort(np.linalg.norm((Y @ A).reshape(-1, size), axis=1))
    ratios = {}
    for share in (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        problem = A, Y, float(ordered[int((1 - share) * ordered.size)]), size
        functions = {
            few: lambda few=few, problem=problem: rivals.shallow_kernel(*problem, few=few)
            for few in (1.0, 0.0)
        }
        seconds = interleaved(functions, runs)
        ratios[share] = seconds[0.0] / seconds[1.0]
    return ratios


def tiny_tables(runs):
    """Reference / kernel for small inputs with 10 % of the groups active."""
    rng = np.random.default_rng(0)
    ratios = {}
    shapes = (
        (1, 10, 5),
        (10, 20, 10),
        (50, 50, 25),
        (100, 100, 50),
        (300, 100, 50),
        (500, 300, 100),
        (1, 950, 500),
        (30, 950, 500),
    )
    for n_samples, n_features, n_groups in shapes:
        A = rng.normal(size=(n_features, 2 * n_groups)) / np.sqrt(n_features)
        Y = rng.normal(size=(n_samples, n_features))
        problem = A, Y, float(np.quantile(np.linalg.norm((Y @ A).reshape(-1, 2), axis=1), 0.9)), 2
        functions = {
            "kernel": lambda problem=problem: rivals.shallow_kernel(*problem),
            "reference": lambda problem=problem: autoencoder.loss_and_grad(*problem),
        }
        work = n_samples * A.size
        seconds = repeated(functions, runs, max(1, 2_000_000 // work))
        name = f"N={n_samples} n={n_features} m={2 * n_groups}: N n m = {work:.0e}"
        ratios[name] = seconds["reference"] / seconds["kernel"]
    title = "small inputs, float64: reference / kernel (below 1 the reference is faster)"
    print(f"\n{title}")
    for name, ratio in ratios.items():
        print(f"  {name:60} {ratio:8.2f}", flush=True)
    yield {"key": "small inputs", "title": title, "ratios": ratios}


if __name__ == "__main__":
    sys.exit(main())
