"""Kernels beside the reference, torch, JAX, SciPy, skglm and a single matrix product: ratios of interleaved runs, medians.

    python benchmarks/bench_kernels.py                    some minutes
    python benchmarks/bench_kernels.py --quick            a tenth of the samples, fewer runs
    python benchmarks/bench_kernels.py --json FILE        the numbers as a file

Every rival's loss and gradient is checked against the reference before anything is timed. Only ratios within one table mean something:
the machine may be busy. Kernels run with BLAS limited to one thread (threadpoolctl) and their own threads; everybody else as it comes.
"""

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import rivals
from timing import TOLERANCE, agree, blas, interleaved, limits_blas, table, versions

import gsae_ref as gs
from gsae_ref.kernels import fused
from gsae_ref.ops import FixedSamples, adam_step
from gsae_ref.reference import autoencoder

PAPER = {"n_features": 950, "n_groups": 500, "group_size": 2, "n_samples": 10_000, "n_active": 3, "lam": 2.0}
STARTS = {"near the truth": 0.97, "paper's start": 0.15}  # mean cosine between the columns of A and A*


def main(argv=None):
    parser = argparse.ArgumentParser(description="Print how fast the kernels are, as ratios.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples, three runs of each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write versions and numbers to a file")
    arguments = parser.parse_args(argv)
    runs, n_samples = (3, 1000) if arguments.quick else (7, PAPER["n_samples"])

    about = versions()
    print("  ".join(f"{name} {value}" for name, value in about.items()))
    if not limits_blas():
        print("threadpoolctl is missing: BLAS is not limited, and its threads disturb those of the kernels")
    tables = [
        *gradient_tables(n_samples, runs), *training_tables(n_samples, 5 * runs), *adam_tables(runs), *activation_tables(runs),
        *crossover_tables(runs), *tiny_tables(runs),
    ]
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"about": about, "tables": tables}, indent=1) + "\n")
    return 0


def kernel(*problem, **options):
    """The kernel with one BLAS thread, as the door calls it."""
    with blas().limit(limits=1, user_api="blas") if limits_blas() else contextlib.nullcontext():
        return fused.loss_and_gradient(*problem, "exact", **options)


def gradient_tables(n_samples, runs):
    """One loss and exact gradient of the paper's simulation, near the truth and where it starts."""
    p = PAPER
    A_star = gs.make_dictionary(p["n_features"], p["n_groups"], p["group_size"], rng=0)
    data = gs.sample(A_star, n_samples, p["n_active"], p["group_size"], rng=0).Y
    for start, correlation in STARTS.items():
        for dtype in TOLERANCE:
            A, Y = gs.perturb_dictionary(A_star, correlation=correlation, rng=0).astype(dtype), data.astype(dtype)
            problem = A, Y, p["lam"], p["group_size"]
            functions = {
                "kernel": lambda problem=problem: kernel(*problem),
                "kernel, one thread": lambda problem=problem: kernel(*problem, n_threads=1),
            }
            others = rivals.gradients(*problem)
            functions |= {name: lambda rival=rival, A=A: rival(A) for name, rival in others.items()}
            expected = autoencoder.loss_and_grad(*problem)
            for name, function in functions.items():
                agree(name, function(), expected, dtype)  # and compiled, where a rival compiles
            functions["Y A alone"] = lambda A=A, Y=Y: Y @ A
            norms = np.linalg.norm((Y @ A).reshape(len(Y), -1, p["group_size"]), axis=2)
            active = np.mean(np.sum(norms > p["lam"], axis=1))
            title = f"n=950, 500 groups of 2, N={n_samples}, {start}, {active:.1f} groups active, {dtype}"
            yield table(title, interleaved(functions, runs), "kernel")


def training_tables(n_samples, n_steps):
    """Mean time of a step of full-batch training with Adam, near the truth, over ``n_steps`` consecutive steps of each rival."""
    p = PAPER
    A_star = gs.make_dictionary(p["n_features"], p["n_groups"], p["group_size"], rng=0)
    data = gs.sample(A_star, n_samples, p["n_active"], p["group_size"], rng=0).Y
    for dtype in TOLERANCE:
        A = gs.perturb_dictionary(A_star, correlation=STARTS["near the truth"], rng=0).astype(dtype)
        Y = data.astype(dtype)
        at = FixedSamples(Y, p["group_size"], engine="numba")
        runs = {
            "remembering, compiled Adam": descent(lambda A, at=at: at(A, p["lam"]), A, "numba"),
            "kernel anew, compiled Adam": descent(lambda A, Y=Y: kernel(A, Y, p["lam"], p["group_size"]), A, "numba"),
            "reference, NumPy's Adam": descent(lambda A, Y=Y: autoencoder.loss_and_grad(A, Y, p["lam"], p["group_size"]), A, "reference"),
        }
        if rivals.available("torch"):
            runs["torch eager, torch.optim.Adam"] = torch_descent(A, Y, p["lam"], p["group_size"])
        seconds, costs = dict.fromkeys(runs, 0.0), {}
        for k in range(n_steps + 1):
            for name, step in runs.items():
                time.sleep(0.02)
                start = time.perf_counter()
                costs[name] = step()
                seconds[name] += (time.perf_counter() - start) / n_steps if k else 0.0
            if max(costs.values()) - min(costs.values()) > 1e2 * TOLERANCE[dtype] * max(costs.values()):
                raise SystemExit(f"the costs after {k + 1} steps differ: {costs}")
        yield table(f"a step of training, mean of {n_steps}, N={n_samples}, near the truth, {dtype}", seconds, "remembering, compiled Adam")


def descent(loss_and_grad, A, engine):
    """The function that takes one step of Adam and returns the cost before it."""
    state = [A, np.zeros_like(A), np.zeros_like(A), 0]

    def step():
        A, first, second, steps = state
        cost, G = loss_and_grad(A)
        state[:3], state[3] = adam_step(A, G, first, second, steps + 1, 1e-3, engine), steps + 1
        return cost

    return step


def torch_descent(A, Y, lam, size):
    import torch

    A, Y = torch.tensor(A, requires_grad=True), torch.from_numpy(Y)
    adam = torch.optim.Adam([A], lr=1e-3, fused=True)

    def step():
        adam.zero_grad()
        cost = rivals.torch_loss(A, Y, lam, size)
        cost.backward()
        adam.step()
        return cost.item()

    return step


def adam_tables(runs):
    """One step of Adam on a 950 x 1000 dictionary."""
    for dtype in TOLERANCE:
        arrays = np.random.default_rng(0).normal(size=(4, 950, 1000)).astype(dtype)
        arrays[3] **= 2
        functions = {engine: lambda engine=engine, arrays=arrays: adam_step(*arrays, 3, 1e-3, engine) for engine in ("numba", "reference")}
        agree("Adam", functions["numba"](), functions["reference"](), dtype)
        yield table(f"a step of Adam, 950 x 1000, {dtype}", interleaved(functions, runs), "numba")


def activation_tables(runs):
    """The threshold alone, one thread, beside a copy."""
    rng = np.random.default_rng(0)
    for dtype in TOLERANCE:
        for size in (1, 2, 4, 8, 16, 64):
            Z = rng.normal(size=(4000, 1024)).astype(dtype)
            lam, out = float(np.sqrt(size)), np.empty_like(Z)
            functions = rivals.thresholds(Z, lam, size)
            for name, function in functions.items():
                agree(f"threshold by {name}", [function()], [functions["reference"]()], dtype)
            functions = {"copy": lambda Z=Z, out=out: np.copyto(out, Z), **functions}
            yield table(f"threshold of 4000 x 1024, groups of {size}, {dtype}", interleaved(functions, runs), "copy")


def crossover_tables(runs):
    """Both ways through a block, at chosen shares of active groups: above 1 the way by matrix products is slower."""
    rng = np.random.default_rng(0)
    for n_features, n_groups, size in ((950, 500, 2), (784, 100, 8)):
        A, Y = rng.normal(size=(n_features, n_groups * size)) / np.sqrt(n_features), rng.normal(size=(2048, n_features))
        ordered = np.sort(np.linalg.norm((Y @ A).reshape(-1, size), axis=1))
        for dtype in TOLERANCE:
            ratios = {}
            for share in (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
                problem = A.astype(dtype), Y.astype(dtype), float(ordered[int((1 - share) * ordered.size)]), size
                few, many = (lambda problem=problem, few=few: kernel(*problem, few=few) for few in (1.0, 0.0))
                seconds = interleaved({"few": few, "many": many}, runs)
                ratios[share] = seconds["many"] / seconds["few"]
            title = f"dense / screened by share of active groups: n={n_features}, {n_groups} groups of {size}, {dtype}"
            print(f"\n{title} (switch: {fused.FEW})")
            print("  " + "  ".join(f"{share:.0%} {ratio:.2f}" for share, ratio in ratios.items()), flush=True)
            yield {"title": title, "ratios": ratios}


def tiny_tables(runs):
    """Where the reference wins: reference / kernel over the size of the product, 10 % of the groups active."""
    rng, ratios = np.random.default_rng(0), {}
    shapes = (1, 10, 5), (10, 20, 10), (50, 50, 25), (100, 100, 50), (300, 100, 50), (500, 300, 100), (1, 950, 500), (30, 950, 500)
    for n_samples, n_features, n_groups in shapes:
        A, Y = rng.normal(size=(n_features, 2 * n_groups)) / np.sqrt(n_features), rng.normal(size=(n_samples, n_features))
        problem = A, Y, float(np.quantile(np.linalg.norm((Y @ A).reshape(-1, 2), axis=1), 0.9)), 2
        repeat = max(1, 2_000_000 // (n_samples * A.size))
        functions = {
            "kernel": lambda problem=problem, repeat=repeat: [kernel(*problem) for _ in range(repeat)],
            "reference": lambda problem=problem, repeat=repeat: [autoencoder.loss_and_grad(*problem) for _ in range(repeat)],
        }
        seconds = interleaved(functions, runs)
        name = f"N={n_samples} n={n_features} m={2 * n_groups}: N n m = {n_samples * A.size:.0e}"
        ratios[name] = seconds["reference"] / seconds["kernel"]
    title = "small inputs, float64: reference / kernel (below 1 the reference is faster)"
    print(f"\n{title}")
    for name, ratio in ratios.items():
        print(f"  {name:60} {ratio:8.2f}", flush=True)
    yield {"title": title, "ratios": ratios}


if __name__ == "__main__":
    sys.exit(main())
