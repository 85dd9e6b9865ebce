"""Loss and gradient of the unfolded network of T21's clustering: 15 accelerated steps."""

from functools import partial

import numpy as np
import pytest

from gsae_ref.kernels import unfolded as kernels
from gsae_ref.ops.engine import one_blas_thread
from gsae_ref.reference import unfolded

from .harness import DTYPES, Implementation, full, over
from .problems import CLUSTERING, CLUSTERING_LAM, clustering, share_active


def kernel(*problem, **options):
    def gradient():
        with one_blas_thread():
            return kernels.unfolded_loss_and_grad(*problem, **options)

    return gradient


def reference(*problem):
    return lambda: unfolded.unfolded_loss_and_grad(*problem)


def torch_eager(A, Y, lam, size, n_unfold, step, gram=False):
    """As usually written in torch; with ``gram`` the steps use A^T A and Y A.

    The norm is clamped, since its derivative at 0 is 0/0.
    """
    import torch

    samples = torch.from_numpy(Y)

    def gradient():
        D = torch.tensor(A, requires_grad=True)
        G, C = (D.T @ D, samples @ D) if gram else (None, None)
        X = before = torch.zeros(len(Y), A.shape[1], dtype=D.dtype)
        for beta in unfolded.momentum(n_unfold):
            T = X + beta * (X - before)
            V = T + step * (C - T @ G if gram else (samples - T @ D.T) @ D)
            V = V.reshape(len(Y), -1, size)
            norms = torch.linalg.vector_norm(V, dim=2, keepdim=True).clamp_min(1e-30)
            before, X = X, (torch.relu(1 - step * lam / norms) * V).reshape(len(Y), -1)
        cost = ((samples - X @ D.T) ** 2).sum() / (2 * len(Y))
        cost.backward()
        return cost.item(), D.grad.numpy()

    return gradient


def jax_jit(A, Y, lam, size, n_unfold, step, gram=False):
    """The same in JAX, compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    betas = [float(beta) for beta in unfolded.momentum(n_unfold)]

    def loss(A, Y):
        G, C = (A.T @ A, Y @ A) if gram else (None, None)
        X = before = jnp.zeros((len(Y), A.shape[1]), A.dtype)
        for beta in betas:
            T = X + beta * (X - before)
            V = T + step * (C - T @ G if gram else (Y - T @ A.T) @ A)
            V = V.reshape(len(Y), -1, size)
            squares = jnp.sum(V * V, axis=2, keepdims=True)
            r = jnp.sqrt(jnp.where(squares > 0, squares, 1))
            tau = jnp.maximum(1 - step * lam / jnp.where(squares > 0, r, step * lam), 0)
            before, X = X, (tau * V).reshape(len(Y), -1)
        return jnp.sum((Y - X @ A.T) ** 2) / (2 * len(Y))

    both = jax.jit(jax.value_and_grad(loss))
    samples = jnp.asarray(Y)

    def gradient():
        cost, G = both(jnp.asarray(A), samples)
        return float(cost), np.asarray(G)

    return gradient


def gram_products(A, Y, lam, size, n_unfold, step):
    """The products that the kernel needs where all groups are active, nothing between them."""
    G = A.T @ A
    C = Y @ A

    def run():
        for _ in range(3 * n_unfold - 1):
            C @ G
        C @ A.T
        Y.T @ C
        return Y @ A

    return run


ONE_THREAD = partial(kernel, n_threads=1)
WITH_GRAM = "steps by A^T A and Y A, as in the kernel"
GRADIENTS = (
    Implementation("numba", kernel, "the compiled kernel on all threads"),
    Implementation("numba, one thread", ONE_THREAD, "the kernel on one thread"),
    Implementation("reference", reference, "NumPy, as in gsae_ref.reference"),
    Implementation("torch", torch_eager, "torch, eager, autograd", "torch"),
    Implementation("torch, Gram", partial(torch_eager, gram=True), f"torch, {WITH_GRAM}", "torch"),
    Implementation("JAX", jax_jit, "JAX, jit of value_and_grad", "jax"),
    Implementation("JAX, Gram", partial(jax_jit, gram=True), f"JAX, {WITH_GRAM}", "jax"),
    Implementation(
        "its products",
        gram_products,
        "limit where all groups are active: the products of the kernel by NumPy",
        bounds=lambda A, Y, *_: Y @ A,
    ),
)


@over(GRADIENTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("active", CLUSTERING_LAM)
@pytest.mark.parametrize("n_samples", [128, full(2000), full(10_240)])
@pytest.mark.benchmark(group="unfolded gradient")
def test_unfolded_gradient(compare, n_samples, active, dtype):
    A, Y = clustering(n_samples, dtype)
    size = CLUSTERING["group_size"]
    problem = A, Y, CLUSTERING_LAM[active], *CLUSTERING.values()
    k = A.shape[1]
    compare(
        problem,
        reference(*problem),
        f"N = {n_samples}, n = 784, 10 groups of 16, 15 steps, {active}, {dtype}",
        product=(Y, A),
        active=share_active(unfolded.unfolded_encode(*problem), 0, size),
        operations=len(Y) * (2 * k * k * (3 * CLUSTERING["n_unfold"] - 1) + 6 * A.size),
        bytes=Y.nbytes + 2 * A.nbytes,
        roofline=f"unfolded gradient, {active}, {dtype}",
    )
