"""The kernel of the unfolded network beside the reference, torch and JAX.

    python benchmarks/bench_unfolded.py                   some minutes
    python benchmarks/bench_unfolded.py --quick           a tenth of the samples, fewer runs
    python benchmarks/bench_unfolded.py --json FILE       writes the numbers to a file

The network is that of T21 section 4.2: 784 features, 10 groups of 16, 15 accelerated steps. The
data are MNIST if it is on this computer (it is never downloaded), else synthetic; the dictionary is
the initial one of the recipe, and that after some hundred steps of Adam. Times are medians of
interleaved runs; every result is checked against the reference before it is timed. "torch, Gram"
computes with A^T A and Y A as the kernel does: much of the gain over "torch" is due to that.
Compare times within one table only: the machine may be busy.
"""

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from rivals import own_products, unfolded_kernel
from timing import agree, available, extra_memory, interleaved, repeated, table, versions

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
    starts = {"at the start": initial_dictionary(Y)}
    starts["trained"] = train(starts["at the start"], Y, 100 if arguments.quick else 1000)
    tables = []
    for title, A in starts.items():
        for dtype in DTYPES:
            tables.append(gradient_table(title, A.astype(dtype), Y[:n_samples].astype(dtype), runs))
            tables.append(batch_table(title, A.astype(dtype), Y.astype(dtype), runs))
    tables.append(crossover_table(starts["trained"], Y, runs))
    if arguments.json is not None:
        result = {"about": about, "data": name, "tables": tables}
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


def data(n_samples):
    """MNIST, centred; synthetic data where it is not on this computer."""
    try:
        Y = gs.load_mnist(dtype="float64", download=False).train_images
    except ValueError as error:
        print(error)
        return "one active group of ten, and noise", synthetic(n_samples)
    return "MNIST, centred", Y - Y.mean(axis=0)


def synthetic(n_samples):
    """Samples of one active group and noise."""
    A_star = gs.make_dictionary(784, N_GROUPS, SIZE, rng=0)
    return gs.sample(A_star, n_samples, 1, SIZE, norm_range=(5, 8), snr_db=3, rng=0).Y


def initial_dictionary(Y):
    """For every group the leading 16 principal directions, mixed at random; columns of norm 1."""
    rng = np.random.default_rng(0)
    V = np.linalg.eigh(Y.T @ Y)[1][:, : -SIZE - 1 : -1]
    A = np.hstack([V @ rng.normal(size=(SIZE, SIZE)) for _ in range(N_GROUPS)])
    return A / np.linalg.norm(A, axis=0)


def train(A, Y, n_steps):
    """The dictionary after some steps of Adam; columns keep norm 1."""
    rng = np.random.default_rng(0)
    A = A.copy()
    m = 0.0
    v = 0.0
    for t in range(1, n_steps + 1):
        G = kernel(A, Y[rng.integers(0, len(Y), BATCH)])[1]
        m += 0.1 * (G - m)
        v += 0.001 * (G * G - v)
        A -= 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        A /= np.linalg.norm(A, axis=0)
    return A


def kernel(A, Y, n_unfold=N_UNFOLD, **options):
    return unfolded_kernel(A, Y, LAM, SIZE, n_unfold, STEP, **options)


def by_reference(A, Y, n_unfold=N_UNFOLD):
    return reference.unfolded_loss_and_grad(A, Y, LAM, SIZE, n_unfold, STEP)


def torch_eager(A, Y, gram, n_unfold=N_UNFOLD):
    """As usually written in torch; with ``gram`` the steps use A^T A and Y A.

    The norm is clamped, since its derivative at 0 is 0/0.
    """
    import torch

    A = torch.tensor(A, requires_grad=True)
    Y = torch.from_numpy(Y)
    G, C = (A.T @ A, Y @ A) if gram else (None, None)
    X = before = torch.zeros(len(Y), A.shape[1], dtype=A.dtype)
    for beta in reference.momentum(n_unfold):
        T = X + beta * (X - before)
        V = (T + STEP * (C - T @ G if gram else (Y - T @ A.T) @ A)).reshape(len(Y), -1, SIZE)
        norms = torch.linalg.vector_norm(V, dim=2, keepdim=True).clamp_min(1e-30)
        before, X = X, (torch.relu(1 - STEP * LAM / norms) * V).reshape(len(Y), -1)
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


def gradients(A, Y, n_unfold=N_UNFOLD):
    """Loss and gradient of one problem by the kernel and its rivals, checked: name -> function."""
    functions = {
        "kernel": partial(kernel, A, Y, n_unfold),
        "kernel, one thread": partial(kernel, A, Y, n_unfold, n_threads=1),
        "kernel, blocks only": partial(kernel, A, Y, n_unfold, few=0.0),
        "reference": partial(by_reference, A, Y, n_unfold),
    }
    if available("torch"):
        functions["torch, Gram"] = partial(torch_eager, A, Y, True, n_unfold)
        functions["torch"] = partial(torch_eager, A, Y, False, n_unfold)
    if available("jax"):
        functions["JAX jit, Gram"] = partial(jax_gradient(Y, True, n_unfold), A)
        functions["JAX jit"] = partial(jax_gradient(Y, False, n_unfold), A)
    expected = by_reference(A, Y, n_unfold)
    for name, function in functions.items():
        agree(name, function(), expected, A.dtype.name)
    return functions


def n_active(X):
    """Mean number of active groups."""
    return float(np.mean(np.sum(np.linalg.norm(X.reshape(len(X), -1, SIZE), axis=2) > 0, axis=1)))


def gradient_table(start, A, Y, runs):
    """One loss and gradient of many samples."""
    functions = gradients(A, Y)
    memory = {name: extra_memory(functions[name]) for name in ("kernel", "reference")}
    active = n_active(kernels.unfolded_encode(A, Y, LAM, SIZE, N_UNFOLD, STEP))
    title = f"{start}: N = {len(Y)}, {active:.2f} of {N_GROUPS} groups active, {A.dtype}"
    key = f"{len(Y)} samples, {start}, {A.dtype}"
    seconds = interleaved(functions | own_products(A, Y), runs)
    return table(key, title, seconds, "kernel", extra_MiB=memory, active=active)


def sweep_tables(A, Y, runs):
    """Other numbers of steps, and of atoms; float64."""
    problems = [(A, n_unfold) for n_unfold in (5, N_UNFOLD, 30)]
    problems += [(A[:, : SIZE * n_groups], N_UNFOLD) for n_groups in (2, 5)]
    for part, n_unfold in problems:
        functions = gradients(part, Y, n_unfold)
        for name in ("kernel, one thread", "kernel, blocks only", "reference"):
            del functions[name]
        title = f"{n_unfold} steps, {part.shape[1]} atoms, N = {len(Y)}, {A.dtype}"
        seconds = interleaved(functions | own_products(part, Y), runs)
        yield table(title, title, seconds, "kernel")


def batch_table(title, A, Y, runs):
    """One mini-batch, also by the public function; 469 of them are an epoch of 60,000 images."""
    batch = Y[:BATCH]
    functions = gradients(A, batch)
    del functions["kernel, one thread"]
    public = partial(gs.unfolded_loss_and_grad, A, batch, LAM, SIZE, N_UNFOLD, STEP)
    functions = {"kernel": functions.pop("kernel"), "public function": public, **functions}
    title = f"{title}: mini-batch of {BATCH}, {A.dtype}"
    seconds = repeated(functions | own_products(A, batch), runs, 20)
    result = table(title, title, seconds, "kernel")
    began = time.process_time()
    for _ in range(20):
        public()
    epoch = (time.process_time() - began) / 20 * 60_000 / BATCH
    print(f"  {'epoch of 60,000 in such batches':44} {epoch:12.2f} s of processor time")
    return {**result, "epoch_seconds": epoch}


def crossover_table(A, Y, runs):
    """Time by blocks over that sample by sample, at shares of active groups that lam decides."""
    Y = Y[:1024]
    ratios = {}
    for lam in (8.0, 5.0, 3.0, 2.0, 1.5, 1.0, 0.5):
        iterates = [
            kernels.unfolded_encode(A, Y, lam, SIZE, k, STEP) for k in range(1, N_UNFOLD + 1)
        ]
        share = np.mean([n_active(X) for X in iterates]) / N_GROUPS
        problem = A, Y, lam, SIZE, N_UNFOLD, STEP
        functions = {
            few: partial(kernels.unfolded_loss_and_grad, *problem, n_threads=1, few=few)
            for few in (0.0, 1.0)
        }
        seconds = interleaved(functions, runs)
        ratios[f"{share:.0%}"] = seconds[0.0] / seconds[1.0]
    title = f"blocks / sample by sample, by share of active groups, float64 (switch: {kernels.FEW})"
    print(f"\n{title}")
    print("  " + "  ".join(f"{share} {ratio:.2f}" for share, ratio in ratios.items()), flush=True)
    return {"key": "crossover", "title": title, "ratios": ratios}


if __name__ == "__main__":
    sys.exit(main())
