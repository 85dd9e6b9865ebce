"""Kernels beside the reference, torch, JAX, SciPy, skglm and a single matrix product: ratios of interleaved runs, medians.

    python benchmarks/bench_kernels.py                    some minutes
    python benchmarks/bench_kernels.py --quick            a tenth of the samples, fewer runs
    python benchmarks/bench_kernels.py --json FILE        the numbers as a file

Every rival's loss and gradient is checked against the reference before anything is timed. Only
ratios within one table mean something: the machine may be busy. Kernels run with BLAS limited to
one thread (threadpoolctl) and their own threads; everybody else as it comes.
"""

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import rivals
from repaired import Repaired
from timing import (
    TOLERANCE,
    agree,
    blas,
    extra_memory,
    interleaved,
    limits_blas,
    repeated,
    table,
    versions,
)

import gsae_ref as gs
from gsae_ref.kernels import autoencoder as fused
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
STARTS = {
    "near the truth": 0.97,
    "paper's start": 0.15,
}  # mean cosine between the columns of A and A*


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
    if not limits_blas():
        print(
            "threadpoolctl is missing: BLAS is not limited, and its threads disturb those of the kernels"
        )
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


def kernel(*problem, **options):
    """The kernel with one BLAS thread, as the door calls it."""
    with blas().limit(limits=1, user_api="blas") if limits_blas() else contextlib.nullcontext():
        return fused.loss_and_grad(*problem, "exact", **options)


def paper_problem(n_samples, start, dtype):
    """Dictionary and samples of the paper's simulation."""
    p = PAPER
    A_star = gs.make_dictionary(p["n_features"], p["n_groups"], p["group_size"], rng=0)
    Y = gs.sample(A_star, n_samples, p["n_active"], p["group_size"], rng=0).Y
    return gs.perturb_dictionary(A_star, correlation=STARTS[start], rng=0).astype(dtype), Y.astype(
        dtype
    )


def gradient_tables(n_samples, runs):
    """One loss and exact gradient of the paper's simulation, near the truth and where it starts."""
    for start in STARTS:
        for dtype in TOLERANCE:
            yield gradient_table(start, *paper_problem(n_samples, start, dtype), runs)


def gradient_table(start, A, Y, runs):
    lam = PAPER["lam"]
    size = PAPER["group_size"]
    dtype = A.dtype.name
    problem = A, Y, lam, size
    functions = {
        "kernel": lambda: kernel(*problem),
        "kernel, one thread": lambda: kernel(*problem, n_threads=1),
        **{
            name: lambda rival=rival: rival(A)
            for name, rival in rivals.gradients(*problem, compiling=len(Y) > 400).items()
        },
    }
    expected = autoencoder.loss_and_grad(*problem)
    for name, function in functions.items():
        agree(name, function(), expected, dtype)  # and compiled, where a rival compiles
    with Repaired("shallow", A=A, Y=Y, lam=lam, group_size=size) as repaired:
        for name in repaired.functions:
            agree(
                name, repaired.result(name), [Y @ A] if name.startswith("Y A") else expected, dtype
            )
        Y32 = Y.astype(np.float32)
        A32 = A.astype(np.float32)
        functions |= {"Y A alone": lambda: Y @ A, "Y A alone in float32": lambda: Y32 @ A32}
        memory = {name: extra_memory(functions[name]) for name in ("kernel", "reference")}
        active = np.mean(
            np.sum(np.linalg.norm((Y @ A).reshape(len(Y), -1, size), axis=2) > lam, axis=1)
        )
        title = f"n=950, 500 groups of 2, N={len(Y)}, {start}, {active:.1f} groups active, {dtype}"
        seconds = interleaved(functions | repaired.functions, runs)
    return table(
        f"{len(Y)} samples, {start}, {dtype}",
        title,
        seconds,
        "kernel",
        extra_MiB=memory,
        active=float(active),
    )


def training_tables(n_samples, n_rounds):
    """Mean time of a step of full-batch training with Adam, near the truth. In each round we take fifteen steps and a rival one.

    Rivals do the same work at every step; ours falls as the steps grow short, so it is a mean over
    the fifteen times longer run.
    """
    lam = PAPER["lam"]
    size = PAPER["group_size"]
    for dtype in TOLERANCE:
        A, Y = paper_problem(n_samples, "near the truth", dtype)
        at = FixedSamples(Y, size, engine="numba")
        remembering = "remembering, compiled Adam"
        runs = {
            remembering: descent(lambda A, at=at: at(A, lam), A, "numba"),
            "kernel anew, compiled Adam": descent(
                lambda A, Y=Y: kernel(A, Y, lam, size), A, "numba"
            ),
            "reference, NumPy's Adam": descent(
                lambda A, Y=Y: autoencoder.loss_and_grad(A, Y, lam, size), A, "reference"
            ),
        }
        if rivals.available("torch"):
            runs["torch eager, torch.optim.Adam"] = torch_descent(A, Y, lam, size)
        if rivals.available("jax"):
            runs["JAX jit, gradient and Adam in one"] = rivals.jax_descent(A, Y, lam, size)
        seconds = {name: [] for name in runs}
        costs = {name: [] for name in runs}
        for k in range(n_rounds + 1):
            for name, step in runs.items():
                time.sleep(0.02)
                for _ in range(15 if name == remembering and k else 1):
                    start = time.perf_counter()
                    costs[name].append(step())
                    seconds[name].append(time.perf_counter() - start)
        for name, found in costs.items():
            expected = costs[remembering][: len(found)]
            if np.max(np.abs(np.subtract(found, expected)) / expected) > 1e2 * TOLERANCE[dtype]:
                raise SystemExit(f"{name}: costs {found} differ from {expected}")
        means = {
            name: float(np.mean(found[1:])) for name, found in seconds.items()
        }  # the first step compiles, or looks at all samples
        title = f"a step of training, mean of {15 * n_rounds} (rivals: {n_rounds}), N={n_samples}, near the truth, {dtype}"
        yield table(f"training, {dtype}", title, means, remembering)


def descent(loss_and_grad, A, engine):
    """The function that takes one step of Adam and returns the cost before it."""
    state = [A, np.zeros_like(A), np.zeros_like(A), 0]

    def step():
        A, first, second, steps = state
        cost, G = loss_and_grad(A)
        state[:3] = adam_step(A, G, first, second, steps + 1, 1e-3, engine)
        state[3] = steps + 1
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
        functions = {
            engine: lambda engine=engine, arrays=arrays: adam_step(*arrays, 3, 1e-3, engine)
            for engine in ("numba", "reference")
        }
        agree("Adam", functions["numba"](), functions["reference"](), dtype)
        if rivals.available("torch"):
            functions |= rivals.torch_adam(arrays)
        out = np.empty_like(arrays)
        functions["copy of the four arrays"] = lambda arrays=arrays, out=out: np.copyto(out, arrays)
        yield table(
            f"Adam, {dtype}",
            f"a step of Adam, 950 x 1000, {dtype}",
            repeated(functions, runs, 10),
            "numba",
        )


def expected_tables(runs):
    """Expected gradients: the closed form beside the mean over as many samples as the simulation has."""
    p = PAPER
    A_star = gs.make_dictionary(p["n_features"], p["n_groups"], p["group_size"], rng=0)
    A = gs.perturb_dictionary(A_star, correlation=STARTS["near the truth"], rng=0)
    tau = np.full(p["n_groups"], 0.5)
    for dtype in TOLERANCE:
        args = A.astype(dtype), A_star.astype(dtype), tau.astype(dtype)
        Y = gs.sample(A_star, p["n_samples"], p["n_active"], p["group_size"], rng=0).Y.astype(dtype)
        functions = {
            "closed form": lambda args=args: gs.expected_gradient(
                *args, p["n_active"], p["group_size"]
            ),
            "approximate gradient of 10,000 samples": lambda args=args, Y=Y: gs.loss_and_grad(
                args[0], Y, p["lam"], p["group_size"], "approximate"
            ),
            "A A^T A": lambda A=args[0]: A @ (A.T @ A),
        }
        yield table(
            f"expected, {dtype}",
            f"expected gradient, 950 x 1000, {dtype}",
            interleaved(functions, runs),
            "closed form",
        )


def activation_tables(runs):
    """The threshold alone, one thread unless said otherwise, beside a copy."""
    rng = np.random.default_rng(0)
    for dtype in TOLERANCE:
        for size in (1, 2, 4, 8, 16, 64):
            Z = rng.normal(size=(4000, 1024)).astype(dtype)
            lam = float(np.sqrt(size))
            out = np.empty_like(Z)
            functions = rivals.thresholds(Z, lam, size)
            expected = [functions["reference"]()]
            for name, function in functions.items():
                agree(f"threshold by {name}", [function()], expected, dtype)
            functions = {"copy": lambda Z=Z, out=out: np.copyto(out, Z), **functions}
            title = f"threshold of 4000 x 1024, groups of {size}, {dtype}"
            yield table(f"threshold, {size}, {dtype}", title, interleaved(functions, runs), "copy")


def crossover_tables(runs):
    """Both ways through a block, at chosen shares of active groups: above 1 the way by matrix products is slower."""
    rng = np.random.default_rng(0)
    for n_features, n_groups, size in ((950, 500, 2), (784, 100, 8)):
        A = rng.normal(size=(n_features, n_groups * size)) / np.sqrt(n_features)
        Y = rng.normal(size=(2048, n_features))
        ordered = np.sort(np.linalg.norm((Y @ A).reshape(-1, size), axis=1))
        for dtype in TOLERANCE:
            ratios = {}
            for share in (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
                problem = (
                    A.astype(dtype),
                    Y.astype(dtype),
                    float(ordered[int((1 - share) * ordered.size)]),
                    size,
                )
                few, many = (
                    lambda problem=problem, few=few: kernel(*problem, few=few) for few in (1.0, 0.0)
                )
                seconds = interleaved({"few": few, "many": many}, runs)
                ratios[share] = seconds["many"] / seconds["few"]
            title = f"dense / screened by share of active groups: n={n_features}, {n_groups} groups of {size}, {dtype}"
            print(f"\n{title} (switch: {fused.FEW})")
            print(
                "  " + "  ".join(f"{share:.0%} {ratio:.2f}" for share, ratio in ratios.items()),
                flush=True,
            )
            yield {"key": title, "title": title, "ratios": ratios}


def tiny_tables(runs):
    """Where the reference wins: reference / kernel over the size of the product, 10 % of the groups active."""
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
        repeat = max(1, 2_000_000 // (n_samples * A.size))
        functions = {
            "kernel": lambda problem=problem, repeat=repeat: [
                kernel(*problem) for _ in range(repeat)
            ],
            "reference": lambda problem=problem, repeat=repeat: [
                autoencoder.loss_and_grad(*problem) for _ in range(repeat)
            ],
        }
        seconds = interleaved(functions, runs)
        name = f"N={n_samples} n={n_features} m={2 * n_groups}: N n m = {n_samples * A.size:.0e}"
        ratios[name] = seconds["reference"] / seconds["kernel"]
    title = "small inputs, float64: reference / kernel (below 1 the reference is faster)"
    print(f"\n{title}")
    for name, ratio in ratios.items():
        print(f"  {name:60} {ratio:8.2f}", flush=True)
    yield {"key": "small inputs", "title": title, "ratios": ratios}


if __name__ == "__main__":
    sys.exit(main())
