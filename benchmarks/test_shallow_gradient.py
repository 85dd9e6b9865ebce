"""Loss and exact gradient of the shallow network: T21's simulation, sizes swept, switch."""

from functools import lru_cache

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.kernels.autoencoder import FEW

from . import rivals
from .harness import DTYPES, Implementation, full, over
from .problems import GROUP_SIZE, LAM, N_ACTIVE, STARTS, share_active, simulation


def product_of(A, Y, *_):
    return Y @ A


def rounded_product_of(A, Y, *_):
    return (Y.astype(np.float32) @ A.astype(np.float32)).astype(np.float64)


KERNEL = Implementation("numba", rivals.kernel, "the compiled kernel on all threads")
REFERENCE = Implementation("reference", rivals.reference, "NumPy, as in gsae_ref.reference")
ONE = "limit: one product Y A by NumPy"
GRADIENTS = (
    KERNEL,
    Implementation("numba, one thread", rivals.kernel_on_one_thread, "the kernel on one thread"),
    REFERENCE,
    Implementation("NumPy, numba threshold", rivals.dense, "five products, compiled threshold"),
    Implementation(
        "SciPy CSR", rivals.sparse_codes, "one dense product, then sparse rows", "scipy"
    ),
    Implementation("torch", rivals.torch_eager, "torch, eager, autograd", "torch"),
    Implementation("torch.compile", rivals.torch_compiled, "torch, compiled, autograd", "torch"),
    Implementation("JAX", rivals.jax_jit, "JAX, jit of value_and_grad", "jax"),
    Implementation("one product", rivals.product, ONE, bounds=product_of),
    Implementation(
        "one float32 product",
        rivals.product_in_float32,
        "limit of a screen in float32: one product Y A in float32",
        dtypes=("float64",),
        bounds=rounded_product_of,
    ),
    Implementation(
        "five products",
        rivals.five_products,
        "limit where many groups are active: five products of full size",
        bounds=product_of,
    ),
)


@over(GRADIENTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("n_samples", [1000, full(400), full(2000), full(10_000)])
@pytest.mark.benchmark(group="shallow gradient")
def test_simulation(compare, n_samples, start, dtype):
    A, Y = simulation(n_samples, start, dtype)
    problem = A, Y, LAM, GROUP_SIZE
    product = 2 * Y.size * A.shape[1]
    screened = product + 8 * Y.size * GROUP_SIZE * N_ACTIVE
    compare(
        problem,
        rivals.reference(*problem),
        f"N = {n_samples}, n = 950, 500 groups of 2, {start}, {dtype}",
        product=(Y, A),
        active=share_active(Y @ A, LAM, GROUP_SIZE),
        operations=screened if start == "near the truth" else 5 * product,
        bytes=Y.nbytes + 2 * A.nbytes,
        roofline=f"shallow gradient, {start}, {dtype}",
    )


# ------------------------------------------------------------------------------------ sizes swept

BASE = {"n_samples": 1000, "n_features": 400, "n_groups": 200, "group_size": 2, "n_active": 3}
SWEEPS = {
    "n_samples": (1000, 2000, 4000, full(8000), full(16_000)),
    "n_features": (200, 400, 800, full(1600)),
    "n_groups": (100, 200, 400, full(800)),
    "group_size": (1, 2, 4, full(8), full(16)),
    "n_active": (1, 3, 10, full(30), full(60)),
}


def sweep_points():
    """(name, value) of every size, those of the full lane marked."""
    for name, values in SWEEPS.items():
        for value in values:
            if isinstance(value, int):
                yield name, value
            else:
                yield full(name, *value.values)


def counts(name, n_samples, n_features, n_groups, group_size, n_active):
    """Multiply-adds (in float32 counted half) and bytes of a gradient, for the growth expected.

    By matrix products: 5 N n m multiply-adds, and 7 N m + 6 N n numbers to read or write. The
    kernel: N n m in float32 and 4 N n d gamma; it reads the samples, and reads or writes dictionary
    and gradient twice each, while its blocks stay in cache.
    """
    m = n_groups * group_size
    product = n_samples * n_features * m
    if name == "reference":
        numbers = 7 * n_samples * m + 6 * n_samples * n_features + 4 * n_features * m
        return 5 * product, 8 * numbers
    few = 4 * n_samples * n_features * group_size * n_active
    return product / 2 + few, 8 * (n_samples * n_features + 4 * n_features * m)


@over((KERNEL, REFERENCE))
@pytest.mark.parametrize(("sweep", "value"), list(sweep_points()))
@pytest.mark.benchmark(group="shallow gradient, growth")
def test_growth(compare, implementation, sweep, value):
    sizes = {**BASE, sweep: value}
    A, Y, lam = problem_of(**sizes)
    problem = A, Y, lam, sizes["group_size"]
    operations, moved = counts(implementation.name, **sizes)
    compare(
        problem,
        rivals.reference(*problem),
        f"{sweep} = {value}, others as in {BASE}, float64",
        sweep=sweep,
        value=value,
        expected_operations=operations,
        expected_bytes=moved,
    )


@lru_cache(maxsize=1)
def problem_of(n_samples, n_features, n_groups, group_size, n_active):
    """Dictionary, samples and lam near the truth.

    The threshold lies halfway between two norms, so that rounding does not change the support.
    """
    A_star = gs.make_dictionary(n_features, n_groups, group_size, kind="orthonormal_groups", rng=0)
    Y = gs.sample(A_star, n_samples, n_active, group_size, rng=0).Y
    A = gs.perturb_dictionary(A_star, delta=0.1, group_size=group_size, rng=0)
    ordered = np.sort(np.linalg.norm((Y @ A).reshape(-1, group_size), axis=1))
    return A, Y, float(ordered[-n_active * n_samples - 1 :][:2].mean())


# ------------------------------------------------------------------------- the switch of the kernel


def by_groups(*problem):
    return rivals.kernel(*problem, few=1.0)


def by_products(*problem):
    return rivals.kernel(*problem, few=0.0)


METHODS = (
    Implementation("numba", by_groups, "the kernel, every block by groups"),
    Implementation("numba, products", by_products, "the kernel, every block by products"),
)


@over(METHODS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("share", [FEW, full(0.05), full(0.2), full(0.3), full(0.4)])
@pytest.mark.benchmark(group="shallow gradient, switch between methods")
def test_switch(compare, share, dtype):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(950, 1000)) / np.sqrt(950)
    Y = rng.normal(size=(1000, 950))
    ordered = np.sort(np.linalg.norm((Y @ A).reshape(-1, 2), axis=1))
    lam = float(ordered[int((1 - share) * ordered.size) :][:2].mean())
    problem = A.astype(dtype), Y.astype(dtype), lam, 2
    expected = rivals.reference(*problem)
    compare(problem, expected, f"{share:.0%} of the groups active, N = 1000, {dtype}", active=share)
