"""The group soft threshold, and the product of its Jacobian with a vector."""

from functools import lru_cache

import numpy as np
import pytest

from gsae_ref.kernels import activations as kernels
from gsae_ref.reference import activations

from .harness import DTYPES, Implementation, full, over
from .problems import share_active

SHAPE = 4000, 1024


def kernel(Z, lam, size):
    return lambda: kernels.group_soft_threshold(Z, lam, size, 1)


def kernel_in_threads(Z, lam, size):
    return lambda: kernels.group_soft_threshold(Z, lam, size, None)


def reference(Z, lam, size):
    return lambda: activations.group_soft_threshold(Z, lam, size)


def einsum(Z, lam, size):
    groups = Z.reshape(len(Z), -1, size)

    def threshold():
        r = np.sqrt(np.einsum("ngd,ngd->ng", groups, groups))
        return (np.maximum(1 - lam / np.maximum(r, 1e-30), 0)[..., None] * groups).reshape(Z.shape)

    return threshold


def torch_eager(Z, lam, size):
    import torch

    groups = torch.from_numpy(Z).reshape(len(Z), -1, size)

    def threshold():
        norms = torch.linalg.vector_norm(groups, dim=2, keepdim=True).clamp_min(1e-30)
        return (torch.relu(1 - lam / norms) * groups).reshape(Z.shape).numpy()

    return threshold


def jax_jit(Z, lam, size):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def threshold(Z):
        groups = Z.reshape(len(Z), -1, size)
        r = jnp.sqrt(jnp.sum(groups**2, axis=2, keepdims=True))
        return (jnp.maximum(1 - lam / jnp.maximum(r, 1e-30), 0) * groups).reshape(Z.shape)

    on_device = jnp.asarray(Z)
    return lambda: threshold(on_device).block_until_ready()


def skglm(Z, lam, size):
    from numba import njit
    from skglm.utils.prox_funcs import BST

    groups = Z.reshape(-1, size)

    @njit
    def every_group(groups, out):
        for k in range(len(groups)):
            out[k] = BST(groups[k], lam)

    def threshold():
        out = np.empty_like(groups)
        every_group(groups, out)
        return out.reshape(Z.shape)

    return threshold


def pyproximal(Z, lam, size):
    from pyproximal import L21

    columns = np.ascontiguousarray(Z.reshape(-1, size).T).ravel()  # a group is a column there
    operator = L21(size)
    return lambda: operator.prox(columns, lam).reshape(size, -1).T.reshape(Z.shape)


def spams(Z, lam, size):
    import spams

    options = {"lambda1": lam, "regul": "group-lasso-l2", "size_group": size}
    return lambda: spams.proximalFlat(Z.T, **options).T.reshape(Z.shape)


def copy(Z, *_):
    out = np.empty_like(Z)

    def run():
        np.copyto(out, Z)
        return out

    return run


THRESHOLDS = (
    Implementation("numba", kernel, "the compiled kernel on one thread"),
    Implementation("numba, threads", kernel_in_threads, "the compiled kernel on all threads"),
    Implementation("reference", reference, "NumPy, as written in gsae_ref.reference"),
    Implementation("NumPy einsum", einsum, "NumPy, norms by einsum"),
    Implementation("torch", torch_eager, "torch, eager", "torch"),
    Implementation("JAX", jax_jit, "JAX, jit", "jax"),
    Implementation("skglm", skglm, "skglm's BST on every group, compiled", "skglm", ("float64",)),
    Implementation("pyproximal", pyproximal, "pyproximal's L21.prox", "pyproximal"),
    Implementation("spams", spams, "spams.proximalFlat, group lasso", "spams"),
    Implementation("copy", copy, "limit: a copy of the array", bounds=lambda Z, *_: Z),
)

sizes = pytest.mark.parametrize("size", [2, 16, full(1), full(4), full(8), full(64)])
dtypes = pytest.mark.parametrize("dtype", DTYPES)


@lru_cache(maxsize=1)
def points(dtype, size):
    """Normal numbers, and a threshold that leaves about half of the groups active."""
    Z = np.random.default_rng(0).normal(size=SHAPE).astype(dtype)
    return Z, float(np.sqrt(size))


@over(THRESHOLDS)
@dtypes
@sizes
@pytest.mark.benchmark(group="threshold")
def test_threshold(compare, dtype, size):
    Z, lam = points(dtype, size)
    title = f"4000 x 1024, groups of {size}, {dtype}"
    work = {"operations": 4 * Z.size, "bytes": 2 * Z.nbytes, "roofline": f"threshold, {dtype}"}
    active = share_active(Z, lam, size)
    compare((Z, lam, size), reference(Z, lam, size), title, active=active, **work)


def kernel_vjp(Z, V, lam, size):
    return lambda: kernels.group_soft_threshold_vjp(Z, V, lam, size, None)


def reference_vjp(Z, V, lam, size):
    return lambda: activations.group_soft_threshold_vjp(Z, V, lam, size)


def einsum_vjp(Z, V, lam, size):
    groups = Z.reshape(len(Z), -1, size)
    vectors = V.reshape(groups.shape)

    def product():
        r = np.sqrt(np.einsum("ngd,ngd->ng", groups, groups))
        active = r > lam
        share = np.where(active, lam / np.maximum(r, lam), 0)
        along = share / np.maximum(r, lam) ** 2 * np.einsum("ngd,ngd->ng", groups, vectors)
        return ((active - share)[..., None] * vectors + along[..., None] * groups).reshape(Z.shape)

    return product


def torch_vjp(Z, V, lam, size):
    import torch

    vectors = torch.from_numpy(V)

    def product():
        points = torch.tensor(Z, requires_grad=True)
        groups = points.reshape(len(Z), -1, size)
        norms = torch.linalg.vector_norm(groups, dim=2, keepdim=True).clamp_min(1e-30)
        X = (torch.relu(1 - lam / norms) * groups).reshape(Z.shape)
        return torch.autograd.grad(X, points, vectors)[0].numpy()

    return product


VJPS = (
    Implementation("numba, threads", kernel_vjp, "the compiled kernel on all threads"),
    Implementation("reference", reference_vjp, "NumPy, as written in gsae_ref.reference"),
    Implementation("NumPy einsum", einsum_vjp, "NumPy, norms by einsum"),
    Implementation("torch", torch_vjp, "torch, eager: forward and autograd", "torch"),
)


@over(VJPS)
@dtypes
@sizes
@pytest.mark.benchmark(group="product with the threshold's Jacobian")
def test_product_with_the_jacobian(compare, dtype, size):
    Z, lam = points(dtype, size)
    V = np.random.default_rng(1).normal(size=SHAPE).astype(dtype)
    problem = Z, V, lam, size
    compare(problem, reference_vjp(*problem), f"4000 x 1024, groups of {size}, {dtype}")
