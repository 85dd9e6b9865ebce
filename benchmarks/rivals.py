"""Rivals of the shallow gradient: (A, Y, lam, group_size) -> a function that returns both numbers.

What a library prepares once, such as its own copy of the data, is not timed.
"""

import numpy as np

from gsae_ref.kernels import activations, autoencoder
from gsae_ref.ops.engine import one_blas_thread
from gsae_ref.reference import autoencoder as reference_autoencoder


def kernel(*problem, **options):
    """The kernel as the package calls it, with one BLAS thread, without the door's checks."""

    def gradient():
        with one_blas_thread():
            return autoencoder.loss_and_grad(*problem, "exact", **options)

    return gradient


def kernel_on_one_thread(*problem):
    return kernel(*problem, n_threads=1)


def reference(*problem):
    return lambda: reference_autoencoder.loss_and_grad(*problem)


def dense(A, Y, lam, group_size):
    """Five products by BLAS, the threshold and its Jacobian in one compiled pass each."""

    def gradient():
        Z = Y @ A
        X = activations.group_soft_threshold(Z, lam, group_size)
        E = Y - X @ A.T
        back = activations.group_soft_threshold_vjp(Z, E @ A, lam, group_size)
        return squares(E) / (2 * len(Y)), -(E.T @ X + Y.T @ back) / len(Y)

    return gradient


def squares(E):
    return float(np.sum(E * E, dtype=np.float64))


def sparse_codes(A, Y, lam, group_size):
    """Dense pre-activations; after the threshold SciPy's sparse rows, active groups only."""
    from scipy.sparse import csr_array

    def gradient():
        Z = Y @ A
        norms = np.linalg.norm(Z.reshape(len(Y), -1, group_size), axis=2)
        rows, groups = np.nonzero(norms > lam)
        r = norms[rows, groups][:, None]
        tau = 1 - lam / r
        columns = groups[:, None] * group_size + np.arange(group_size)
        ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(Y)) * group_size)])

        def sparse(values):
            entries = values.astype(A.dtype).ravel()
            return csr_array((entries, columns.ravel(), ends), Z.shape)

        z = Z[rows[:, None], columns]
        X = sparse(tau * z)
        E = Y - X @ np.ascontiguousarray(A.T)
        if columns.size < Z.size / 10:
            blocks = A.T.reshape(-1, group_size, len(A)).transpose(0, 2, 1)
            back = np.einsum("knd,kn->kd", blocks[groups], E[rows])
        else:  # one block for every active group would not fit into memory
            back = (E @ A)[rows[:, None], columns]
        u = z / r
        B = sparse(tau * back + (1 - tau) * np.sum(u * back, axis=1, keepdims=True) * u)
        return squares(E) / (2 * len(Y)), -(X.T @ E + B.T @ Y).T / len(Y)

    return gradient


def torch_loss(A, Y, lam, group_size):
    """The loss as usually written in torch; the norm is clamped, as its derivative at 0 is 0/0."""
    import torch

    Z = (Y @ A).reshape(len(Y), -1, group_size)
    tau = torch.relu(1 - lam / torch.linalg.vector_norm(Z, dim=2, keepdim=True).clamp_min(1e-30))
    return ((Y - (tau * Z).reshape(len(Y), -1) @ A.T) ** 2).sum() / (2 * len(Y))


def torch_eager(A, Y, lam, group_size, loss=torch_loss):
    import torch

    samples = torch.from_numpy(Y)

    def gradient():
        dictionary = torch.tensor(A, requires_grad=True)
        cost = loss(dictionary, samples, lam, group_size)
        cost.backward()
        return cost.item(), dictionary.grad.numpy()

    return gradient


def torch_compiled(*problem):
    import torch

    return torch_eager(*problem, loss=torch.compile(torch_loss, dynamic=False))


def jax_loss(lam, group_size):
    """The loss as usually written in JAX, in float64 where the data are."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(A, Y):
        Z = (Y @ A).reshape(len(Y), -1, group_size)
        squares = jnp.sum(Z * Z, axis=2, keepdims=True)
        r = jnp.sqrt(jnp.where(squares > 0, squares, 1))
        X = (jnp.maximum(1 - lam / jnp.where(squares > 0, r, lam), 0) * Z).reshape(len(Y), -1)
        return jnp.sum((Y - X @ A.T) ** 2) / (2 * len(Y))

    return loss


def jax_jit(A, Y, lam, group_size):
    """jax.value_and_grad, compiled."""
    import jax
    import jax.numpy as jnp

    both = jax.jit(jax.value_and_grad(jax_loss(lam, group_size)))
    samples = jnp.asarray(Y)

    def gradient():
        cost, G = both(jnp.asarray(A), samples)
        return float(cost), np.asarray(G)

    return gradient


def product(A, Y, *_):
    return lambda: Y @ A


def product_in_float32(A, Y, *_):
    A32 = A.astype(np.float32)
    Y32 = Y.astype(np.float32)
    return lambda: Y32 @ A32


def five_products(A, Y, *_):
    """Y A, X A^T, E A, E^T X and Y^T B of full size."""
    Z = Y @ A

    def run():
        return [Y @ A, Z @ A.T, Y @ A, Y.T @ Z, Y.T @ Z][0]

    return run
