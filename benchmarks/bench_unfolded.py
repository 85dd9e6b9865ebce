"""The unfolded encoder's kernel beside the reference and torch: ratios of interleaved runs, medians.

    python benchmarks/bench_unfolded.py                   some minutes
    python benchmarks/bench_unfolded.py --quick           a tenth of the samples, fewer runs
    python benchmarks/bench_unfolded.py --json FILE       the numbers as a file

Size: T21 section 4.2, 784 features, 10 groups of 16, 15 accelerated steps. On MNIST if it is there
(never downloaded), at the start that the recipe takes and after some hundred steps of Adam, else on
made-up data. Every rival's loss and gradient is checked against the reference before anything is
timed. "torch, Gram" does by automatic differentiation what the kernel does by hand; much of the
gain over "torch" is that trick. Only ratios within one table mean something: the machine may be
busy.
"""

import argparse
import contextlib
import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np
from repaired import Repaired
from timing import agree, blas, extra_memory, interleaved, limits_blas, table, versions

import gsae_ref as gs
from gsae_ref.kernels import unfolded as kernels
from gsae_ref.reference import unfolded as reference

SIZE = 16
N_GROUPS = 10
N_UNFOLD = 15
STEP = 0.04
LAM = 5.0
BATCH = 128
DTYPES = "float64", "float32"


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Print how fast the unfolded kernel is, as ratios."
    )
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the samples, three runs of each"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write versions and numbers to a file"
    )
    arguments = parser.parse_args(argv)
    runs, n_samples = (3, 1024) if arguments.quick else (5, 10_240)

    about = versions()
    print("  ".join(f"{name} {value}" for name, value in about.items()))
    name, Y = data(60_000)
    print(f"data: {name}")
    starts = {"at the start": start(Y)}
    starts["trained"] = trained(starts["at the start"], Y, 100 if arguments.quick else 1000)
    tables = []
    for title, A in starts.items():
        for dtype in DTYPES:
            tables.append(gradient_table(title, A.astype(dtype), Y[:n_samples].astype(dtype), runs))
            tables.append(batch_table(title, A.astype(dtype), Y.astype(dtype), runs))
    tables.append(crossover_table(starts["trained"], Y, runs))
    if arguments.json is not None:
        arguments.json.write_text(
            json.dumps({"about": about, "data": name, "tables": tables}, indent=1) + "\n"
        )
    return 0


def data(n_samples):
    """MNIST, centred; made-up data where it is not on this computer."""
    try:
        Y = gs.load_mnist(dtype="float64", download=False).train_images
    except ValueError as error:
        print(error)
        return made_up(n_samples)
    return "MNIST, centred", Y - Y.mean(axis=0)


def made_up(n_samples):
    A_star = gs.make_dictionary(784, N_GROUPS, SIZE, rng=0)
    return "one active group of ten, and noise", gs.sample(
        A_star, n_samples, 1, SIZE, norm_range=(5, 8), snr_db=3, rng=0
    ).Y


def start(Y):
    """The leading 16 principal directions, mixed anew for every group, columns of norm 1."""
    rng = np.random.default_rng(0)
    V = np.linalg.eigh(Y.T @ Y)[1][:, : -SIZE - 1 : -1]
    A = np.hstack([V @ rng.normal(size=(SIZE, SIZE)) for _ in range(N_GROUPS)])
    return A / np.linalg.norm(A, axis=0)


def trained(A, Y, n_steps):
    """Some steps of Adam, columns kept at norm 1."""
    rng, A, m, v = np.random.default_rng(0), A.copy(), 0.0, 0.0
    for t in range(1, n_steps + 1):
        G = kernel(A, Y[rng.integers(0, len(Y), BATCH)])[1]
        m, v = m + 0.1 * (G - m), v + 0.001 * (G * G - v)
        A -= 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        A /= np.linalg.norm(A, axis=0)
    return A


def kernel(A, Y, n_unfold=N_UNFOLD, **options):
    """The kernel with one BLAS thread, as the door calls it."""
    with blas().limit(limits=1, user_api="blas") if limits_blas() else contextlib.nullcontext():
        return kernels.unfolded_loss_and_grad(A, Y, LAM, SIZE, n_unfold, STEP, **options)


def plain(A, Y, n_unfold=N_UNFOLD):
    return reference.unfolded_loss_and_grad(A, Y, LAM, SIZE, n_unfold, STEP)


def torch_eager(A, Y, gram, n_unfold=N_UNFOLD):
    """As one would write it in torch; with ``gram`` the steps use A^T A and Y A. The norm is kept off zero, where its derivative is 0 / 0."""
    import torch

    A, Y = torch.tensor(A, requires_grad=True), torch.from_numpy(Y)
    G, C = (A.T @ A, Y @ A) if gram else (None, None)
    X = before = torch.zeros(len(Y), A.shape[1], dtype=A.dtype)
    for beta in reference.momentum(n_unfold):
        T = X + beta * (X - before)
        V = (T + STEP * (C - T @ G if gram else (Y - T @ A.T) @ A)).reshape(len(Y), -1, SIZE)
        tau = torch.relu(
            1 - STEP * LAM / torch.linalg.vector_norm(V, dim=2, keepdim=True).clamp_min(1e-30)
        )
        before, X = X, (tau * V).reshape(len(Y), -1)
    cost = ((Y - X @ A.T) ** 2).sum() / (2 * len(Y))
    cost.backward()
    return cost.item(), A.grad.numpy()


def jax_gradient(Y, gram, n_unfold=N_UNFOLD):
    """The same in JAX, compiled: A -> (cost, gradient)."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    betas = [float(beta) for beta in reference.momentum(n_unfold)]

    def loss(A, Y):
        G, C = (A.T @ A, Y @ A) if gram else (None, None)
        X = before = jnp.zeros((len(Y), A.shape[1]), A.dtype)
        for beta in betas:
            T = X + beta * (X - before)
            V = (T + STEP * (C - T @ G if gram else (Y - T @ A.T) @ A)).reshape(len(Y), -1, SIZE)
            squares = jnp.sum(V * V, axis=2, keepdims=True)
            r = jnp.sqrt(jnp.where(squares > 0, squares, 1))
            tau = jnp.maximum(1 - STEP * LAM / jnp.where(squares > 0, r, STEP * LAM), 0)
            before, X = X, (tau * V).reshape(len(Y), -1)
        return jnp.sum((Y - X @ A.T) ** 2) / (2 * len(Y))

    both = jax.jit(jax.value_and_grad(loss))
    samples = jnp.asarray(Y)

    def gradient(A):
        cost, G = both(jnp.asarray(A), samples)
        return float(cost), np.asarray(G)

    return gradient


def rivals(A, Y, n_unfold=N_UNFOLD):
    """Everybody's loss and gradient of one problem, checked."""
    functions = {
        "kernel": lambda: kernel(A, Y, n_unfold),
        "kernel, one thread": lambda: kernel(A, Y, n_unfold, n_threads=1),
        "kernel, block way only": lambda: kernel(A, Y, n_unfold, few=0.0),
        "reference": lambda: plain(A, Y, n_unfold),
    }
    if importlib.util.find_spec("torch") is not None:
        functions |= {
            "torch, Gram": lambda: torch_eager(A, Y, True, n_unfold),
            "torch": lambda: torch_eager(A, Y, False, n_unfold),
        }
    if importlib.util.find_spec("jax") is not None:
        by_jax = {
            "JAX jit, Gram": jax_gradient(Y, True, n_unfold),
            "JAX jit": jax_gradient(Y, False, n_unfold),
        }
        functions |= {
            name: lambda function=function: function(A) for name, function in by_jax.items()
        }
    expected = plain(A, Y, n_unfold)
    for name, function in functions.items():
        agree(name, function(), expected, A.dtype.name)
    return functions


def active(A, Y):
    X = kernels.unfolded_encode(A, Y, LAM, SIZE, N_UNFOLD, STEP)
    return np.mean(np.sum(np.linalg.norm(X.reshape(len(Y), -1, SIZE), axis=2) > 0, axis=1))


def gradient_table(start, A, Y, runs):
    """One loss and gradient of many samples."""
    functions = rivals(A, Y)
    memory = {name: extra_memory(functions[name]) for name in ("kernel", "reference")}
    title = f"{start}: N = {len(Y)}, {active(A, Y):.2f} of {N_GROUPS} groups active, {A.dtype}"
    with Repaired("unfolded", A=A, Y=Y) as repaired:
        expected = plain(A, Y)
        for name in repaired.functions:
            agree(name, repaired.result(name), expected, A.dtype.name)
        seconds = interleaved(functions | repaired.functions, runs)
    return table(
        f"{len(Y)} samples, {start}, {A.dtype}",
        title,
        seconds,
        "kernel",
        extra_MiB=memory,
        active=float(active(A, Y)),
    )


def sweep_tables(A, Y, runs):
    """The number of steps, and of atoms, around the paper's; float64."""
    problems = [(A, n_unfold) for n_unfold in (5, N_UNFOLD, 30)] + [
        (A[:, : SIZE * n_groups], N_UNFOLD) for n_groups in (2, 5)
    ]
    for part, n_unfold in problems:
        functions = rivals(part, Y, n_unfold)
        for name in ("kernel, one thread", "kernel, block way only", "reference"):
            del functions[name]
        title = f"{n_unfold} steps, {part.shape[1]} atoms, N = {len(Y)}, {A.dtype}"
        yield table(title, title, interleaved(functions, runs), "kernel")


def batch_table(title, A, Y, runs):
    """One mini-batch, and through the door; times 469 it is an epoch of 60,000 images without the optimiser."""
    batch = Y[:BATCH]
    functions = {
        "kernel": None,
        "through the door": lambda: gs.unfolded_loss_and_grad(A, batch, LAM, SIZE, N_UNFOLD, STEP),
        **rivals(A, batch),
    }
    del functions["kernel, one thread"]
    repeated = {
        name: lambda function=function: [function() for _ in range(20)]
        for name, function in functions.items()
    }
    seconds = {name: value / 20 for name, value in interleaved(repeated, runs).items()}
    title = f"{title}: mini-batch of {BATCH}, {A.dtype}"
    result = table(title, title, seconds, "kernel")
    began = time.process_time()
    repeated["through the door"]()
    epoch = (time.process_time() - began) / 20 * 60_000 / BATCH
    print(f"  {'epoch of 60,000 in such batches':44} {epoch:12.2f} s of processor time")
    return {**result, "epoch_seconds": epoch}


def crossover_table(A, Y, runs):
    """Block way / sample by sample over the share of active groups, which lam sets: above 1 the second is faster."""
    ratios = {}
    for lam in (8.0, 5.0, 3.0, 2.0, 1.5, 1.0, 0.5):
        args = A, Y[:1024], lam, SIZE, N_UNFOLD, STEP
        problem = kernels._Problem(A, 1024, lam, SIZE, N_UNFOLD, STEP, True, False, 0.0, 1.0)
        share = kernels.unfolded_steps.probe(
            args[1] @ A,
            problem.G,
            problem.betas,
            *problem.numbers,
            *kernels._Workspace(problem).sample,
        ) / (1024 * N_GROUPS * N_UNFOLD)
        ways = {
            few: lambda few=few, args=args: kernels.unfolded_loss_and_grad(
                *args, n_threads=1, few=few
            )
            for few in (0.0, 1.0)
        }
        seconds = interleaved(ways, runs)
        ratios[f"{share:.0%}"] = seconds[0.0] / seconds[1.0]
    title = (
        f"block way / sample by sample by share of active groups, float64 (switch: {kernels.FEW})"
    )
    print(
        f"\n{title}\n  " + "  ".join(f"{share} {ratio:.2f}" for share, ratio in ratios.items()),
        flush=True,
    )
    return {"key": "crossover", "title": title, "ratios": ratios}


if __name__ == "__main__":
    sys.exit(main())
