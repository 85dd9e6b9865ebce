"""Epochs of gradient descent on L23's diagonally grouped linear network, w_l = u_l^2 v_l."""

import numpy as np
import pytest

import gsae_ref as gs

from .harness import DTYPES, Implementation, full, over

SIZE = 3
RATE = 1e-3
START = 1e-2  # u(0); v(0) = 0


def by(engine):
    def make(X, y, n_epochs):
        rates = {"gamma": RATE, "eta": RATE, "alpha": START, "record_every": n_epochs}
        return lambda: (
            gs.dglnn_path(X, y, SIZE, "gradient_descent", n_epochs, engine=engine, **rates).x
        )

    return make


def einsum(X, y, n_epochs):
    """The epochs in NumPy, nothing checked or recorded."""

    def path():
        u = np.full(X.shape[1] // SIZE, START, X.dtype)
        v = np.zeros((len(u), SIZE), X.dtype)
        for _ in range(n_epochs):
            w = (u[:, None] ** 2 * v).ravel()
            q = ((y - X @ w) @ X).reshape(v.shape) / X.dtype.type(len(X))
            slope = np.einsum("gd,gd->g", v, q)
            v = v + X.dtype.type(RATE) * u[:, None] ** 2 * q
            u = u * (1 + X.dtype.type(2 * RATE) * slope)
        return (u[:, None] ** 2 * v).ravel()

    return path


def torch_eager(X, y, n_epochs):
    import torch

    samples = torch.from_numpy(X)
    target = torch.from_numpy(y)

    def path():
        n_groups = X.shape[1] // SIZE
        u = torch.full((n_groups, 1), START, dtype=samples.dtype, requires_grad=True)
        v = torch.zeros(n_groups, SIZE, dtype=samples.dtype, requires_grad=True)
        descent = torch.optim.SGD([u, v], lr=RATE)
        for _ in range(n_epochs):
            descent.zero_grad()
            residual = target - samples @ (u**2 * v).reshape(-1)
            (residual @ residual / (2 * len(X))).backward()
            descent.step()
        return (u**2 * v).reshape(-1).detach().numpy()

    return path


def jax_jit(X, y, n_epochs):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(parameters, X, y):
        u, v = parameters
        residual = y - X @ (u[:, None] ** 2 * v).reshape(-1)
        return residual @ residual / (2 * len(X))

    @jax.jit
    def run(X, y):
        n_groups = X.shape[1] // SIZE
        start = jnp.full(n_groups, START, X.dtype), jnp.zeros((n_groups, SIZE), X.dtype)

        def epoch(_, parameters):
            slopes = jax.grad(loss)(parameters, X, y)
            return tuple(p - RATE * s for p, s in zip(parameters, slopes, strict=True))

        u, v = jax.lax.fori_loop(0, n_epochs, epoch, start)
        return (u[:, None] ** 2 * v).reshape(-1)

    arrays = jnp.asarray(X), jnp.asarray(y)
    return lambda: np.asarray(run(*arrays))


PATHS = (
    Implementation("numba", by("numba"), "gs.dglnn_path, compiled"),
    Implementation("reference", by("reference"), "gs.dglnn_path, NumPy"),
    Implementation("NumPy einsum", einsum, "NumPy, nothing checked or recorded"),
    Implementation("torch", torch_eager, "torch, eager, autograd and SGD", "torch"),
    Implementation("JAX", jax_jit, "JAX, all epochs in one jit", "jax"),
)


@over(PATHS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n_samples", "n_features"), [(150, 300), full(1500, 3000)])
@pytest.mark.benchmark(group="grouped epochs")
def test_grouped_epochs(compare, n_samples, n_features, dtype):
    data = gs.grouped_regression(n_samples, n_features, SIZE, "figure-2", rng=0)
    n_epochs = 200
    problem = data.X.astype(dtype), data.y.astype(dtype), n_epochs
    expected = by("reference")(*problem)
    title = f"{n_epochs} epochs, {n_samples} x {n_features}, groups of {SIZE}, {dtype}"
    compare(problem, expected, title, product=problem[:1] + (problem[0].T,))
