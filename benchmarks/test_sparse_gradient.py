"""Loss and gradients of N19's sparse autoencoder with ReLU."""

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.kernels import sparse_autoencoder as kernels
from gsae_ref.ops.engine import one_blas_thread
from gsae_ref.reference import sparse_autoencoder

from .harness import DTYPES, Implementation, full, over
from .rivals import squares


def kernel(W, Y, bias):
    def gradient():
        with one_blas_thread():
            return kernels.loss_and_grad(W, Y, bias, "relu", 0.0)

    return gradient


def reference(W, Y, bias):
    return lambda: sparse_autoencoder.loss_and_grad(W, Y, bias, "relu", 0.0)


def sparse_codes(W, Y, bias):
    """Dense pre-activations; after the ReLU SciPy's sparse rows."""
    from scipy.sparse import csr_array

    def gradient():
        X = csr_array(np.maximum(Y @ W + bias, 0))
        E = Y - X @ W.T
        B = X.copy()
        rows = np.repeat(np.arange(len(Y)), np.diff(X.indptr))
        B.data = np.einsum("kn,kn->k", E[rows], W.T[X.indices])
        dW = -(X.T @ E + B.T @ Y).T / len(Y)
        return squares(E) / (2 * len(Y)), dW, -B.sum(axis=0) / len(Y)

    return gradient


def torch_eager(W, Y, bias):
    import torch

    samples = torch.from_numpy(Y)

    def gradient():
        weights = torch.tensor(W, requires_grad=True)
        b = torch.tensor(bias, requires_grad=True)
        X = torch.relu(samples @ weights + b)
        cost = ((samples - X @ weights.T) ** 2).sum() / (2 * len(Y))
        cost.backward()
        return cost.item(), weights.grad.numpy(), b.grad.numpy()

    return gradient


def jax_jit(W, Y, bias):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(W, bias, Y):
        X = jnp.maximum(Y @ W + bias, 0)
        return jnp.sum((Y - X @ W.T) ** 2) / (2 * len(Y))

    both = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
    samples = jnp.asarray(Y)

    def gradient():
        cost, (dW, db) = both(jnp.asarray(W), jnp.asarray(bias), samples)
        return float(cost), np.asarray(dW), np.asarray(db)

    return gradient


def product(W, Y, bias):
    return lambda: Y @ W


GRADIENTS = (
    Implementation("numba", kernel, "the compiled kernel on all threads"),
    Implementation("reference", reference, "NumPy, as in gsae_ref.reference"),
    Implementation("SciPy CSR", sparse_codes, "one dense product, then sparse rows", "scipy"),
    Implementation("torch", torch_eager, "torch, eager, autograd", "torch"),
    Implementation("JAX", jax_jit, "JAX, jit of value_and_grad", "jax"),
    Implementation(
        "one product",
        product,
        "limit: one product Y W by NumPy",
        bounds=lambda W, Y, bias: Y @ W,
    ),
)


@over(GRADIENTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_samples", [1000, full(10_000)])
@pytest.mark.benchmark(group="sparse gradient")
def test_sparse_gradient(compare, n_samples, dtype):
    A_star = gs.make_dictionary(400, 400, 1, rng=0)
    Y = gs.sample_sparse(A_star, n_samples, "nonnegative", 4, bounds=(1, 2), rng=0).Y
    W = gs.perturb_dictionary(A_star, delta=0.1, group_size=1, rng=0).astype(dtype)
    problem = W, Y.astype(dtype), np.full(W.shape[1], -0.5, dtype)
    compare(
        problem,
        reference(*problem),
        f"N = {n_samples}, n = 400, 400 atoms, relu, {dtype}",
        product=(problem[1], W),
        active=round(float(np.mean(Y @ W > 0.5)), 4),
    )
