"""Kernels beside the reference, torch and a single matrix product: ratios of interleaved runs, medians.

    python benchmarks/bench_kernels.py                    some minutes
    python benchmarks/bench_kernels.py --quick            a tenth of the samples, fewer runs
    python benchmarks/bench_kernels.py --json FILE        the numbers as a file

Every rival's loss and gradient is checked against the reference before anything is timed. Only ratios within one table mean something:
the machine may be busy. Kernels run with BLAS limited to one thread (threadpoolctl) and their own threads; everybody else as it comes.
"""

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import platform
import statistics
import sys
import time
from functools import lru_cache
from pathlib import Path

import numpy as np

import gsae_ref as gs
from gsae_ref.kernels import _jit, activations, fused
from gsae_ref.reference import activations as reference_activations
from gsae_ref.reference import autoencoder

PAPER = {"n_features": 950, "n_groups": 500, "group_size": 2, "n_samples": 10_000, "n_active": 3, "lam": 2.0}
STARTS = {"near the truth": 0.97, "paper's start": 0.15}  # mean cosine between the columns of A and A*
TOLERANCE = {"float64": 1e-11, "float32": 1e-4}


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
    tables = [*gradient_tables(n_samples, runs), *activation_tables(runs), *crossover_tables(runs), *tiny_tables(runs)]
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"about": about, "tables": tables}, indent=1) + "\n")
    return 0


def versions():
    about = {"python": platform.python_version()}
    for name in ("numpy", "numba", "torch", "threadpoolctl"):
        try:
            about[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            about[name] = "not installed"
    if limits_blas():
        about["BLAS"] = " ".join(f"{p['internal_api']}/{p.get('architecture')}" for p in blas().info() if p["user_api"] == "blas")
    return {**about, "system": f"{platform.system()} {platform.machine()}", "threads": _jit.available_threads()}


def limits_blas():
    return importlib.util.find_spec("threadpoolctl") is not None


@lru_cache(maxsize=None)
def blas():
    """Finding the libraries takes a while: once."""
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()


def kernel(*problem, **options):
    """The kernel with one BLAS thread, as the door calls it."""
    with blas().limit(limits=1, user_api="blas") if limits_blas() else contextlib.nullcontext():
        return fused.loss_and_gradient(*problem, "exact", **options)


def torch_eager(A, Y, lam, size):
    """Loss and gradient as one would write them in torch. The norm is kept off zero, where its derivative is 0 / 0."""
    import torch

    A, Y = torch.tensor(A, requires_grad=True), torch.from_numpy(Y)
    Z = (Y @ A).reshape(len(Y), -1, size)
    tau = torch.relu(1 - lam / torch.linalg.vector_norm(Z, dim=2, keepdim=True).clamp_min(1e-30))
    cost = ((Y - (tau * Z).reshape(len(Y), -1) @ A.T) ** 2).sum() / (2 * len(Y))
    cost.backward()
    return cost.item(), A.grad.numpy()


def interleaved(functions, runs):
    """Median seconds of each function, one run of each in turn after a pause; a first round is not counted."""
    times = {name: [] for name in functions}
    for k in range(runs + 1):
        for name, function in functions.items():
            time.sleep(0.05)  # threads of BLAS and torch go on spinning for a while: not at the cost of whoever comes next
            start = time.perf_counter()
            function()
            if k:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def table(title, seconds, base):
    """Print times as multiples of that of ``base`` and return them."""
    print(f"\n{title}")
    for name, value in seconds.items():
        print(f"  {name:44} {1e3 * value:12.3f} ms {value / seconds[base]:10.2f} x {base}", flush=True)
    return {"title": title, "base": base, "seconds": seconds, "ratios": {name: value / seconds[base] for name, value in seconds.items()}}


def agree(name, result, expected, dtype):
    """Refuse to time what is wrong."""
    for ours, theirs in zip(result, expected, strict=True):
        difference = np.linalg.norm(np.subtract(ours, theirs)) / np.linalg.norm(theirs)
        if not difference <= TOLERANCE[dtype]:
            raise SystemExit(f"{name} differs from the reference by {difference:.1e} in {dtype}")


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
                "reference": lambda problem=problem: autoencoder.loss_and_grad(*problem),
            }
            if importlib.util.find_spec("torch") is not None:
                functions["torch eager"] = lambda problem=problem: torch_eager(*problem)
            expected = autoencoder.loss_and_grad(*problem)
            for name, function in functions.items():
                agree(name, function(), expected, dtype)
            functions["Y A alone"] = lambda A=A, Y=Y: Y @ A
            norms = np.linalg.norm((Y @ A).reshape(len(Y), -1, p["group_size"]), axis=2)
            active = np.mean(np.sum(norms > p["lam"], axis=1))
            title = f"n=950, 500 groups of 2, N={n_samples}, {start}, {active:.1f} groups active, {dtype}"
            yield table(title, interleaved(functions, runs), "kernel")


def activation_tables(runs):
    """The threshold alone, one thread, beside a copy."""
    rng = np.random.default_rng(0)
    for dtype in TOLERANCE:
        for size in (1, 2, 4, 8, 16, 64):
            Z = rng.normal(size=(4000, 1024)).astype(dtype)
            lam, out = float(np.sqrt(size)), np.empty_like(Z)
            functions = {
                "copy": lambda Z=Z, out=out: np.copyto(out, Z),
                "kernel": lambda Z=Z, lam=lam, size=size: activations.group_soft_threshold(Z, lam, size),
                "reference": lambda Z=Z, lam=lam, size=size: reference_activations.group_soft_threshold(Z, lam, size),
            }
            agree("threshold", [functions["kernel"]()], [functions["reference"]()], dtype)
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
