"""What the checks of the public functions cost beside their kernels, and small problems."""

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.kernels import unfolded as unfolded_kernels
from gsae_ref.ops.engine import one_blas_thread
from gsae_ref.reference import unfolded

from . import rivals
from .harness import DTYPES, Implementation, full, over
from .problems import CLUSTERING, CLUSTERING_LAM, GROUP_SIZE, LAM, clustering, simulation


def shallow_door(*problem):
    return lambda: gs.loss_and_grad(*problem, engine="numba")


def unfolded_door(*problem):
    return lambda: gs.unfolded_loss_and_grad(*problem, engine="numba")


def unfolded_kernel(*problem):
    def gradient():
        with one_blas_thread():
            return unfolded_kernels.unfolded_loss_and_grad(*problem)

    return gradient


SHALLOW = (
    Implementation("numba", rivals.kernel, "the compiled kernel on all threads"),
    Implementation("gs.loss_and_grad", shallow_door, "the same with the checks of the door"),
)
UNFOLDED = (
    Implementation("numba", unfolded_kernel, "the compiled kernel on all threads"),
    Implementation("gs.unfolded_loss_and_grad", unfolded_door, "the same with the door's checks"),
)


@over(SHALLOW)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_samples", [1000, full(10_000)])
@pytest.mark.benchmark(group="door, shallow gradient")
def test_shallow_door(compare, n_samples, dtype):
    problem = *simulation(n_samples, "near the truth", dtype), LAM, GROUP_SIZE
    expected = rivals.reference(*problem)
    compare(problem, expected, f"N = {n_samples}, n = 950, 500 groups of 2, {dtype}")


@over(UNFOLDED)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_samples", [128, full(2000)])
@pytest.mark.benchmark(group="door, unfolded gradient")
def test_unfolded_door(compare, n_samples, dtype):
    lam = CLUSTERING_LAM["all active"]
    problem = *clustering(n_samples, dtype), lam, *CLUSTERING.values()
    expected = lambda: unfolded.unfolded_loss_and_grad(*problem)
    compare(problem, expected, f"N = {n_samples}, n = 784, 10 groups of 16, all active, {dtype}")


SMALL = (
    *SHALLOW,
    Implementation("reference", rivals.reference, "NumPy, as in gsae_ref.reference"),
)
SHAPES = [(10, 20, 10), (100, 100, 50), (30, 950, 500), full(1, 10, 5), full(500, 300, 100)]


@over(SMALL)
@pytest.mark.parametrize(("n_samples", "n_features", "n_groups"), SHAPES)
@pytest.mark.benchmark(group="small problems")
def test_small_problem(compare, n_samples, n_features, n_groups):
    """10 % of the groups active: where the kernel pays, for engine="auto"."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(n_features, 2 * n_groups)) / np.sqrt(n_features)
    Y = rng.normal(size=(n_samples, n_features))
    lam = float(np.quantile(np.linalg.norm((Y @ A).reshape(-1, 2), axis=1), 0.9))
    title = f"N = {n_samples}, n = {n_features}, {n_groups} groups of 2, float64"
    compare((A, Y, lam, 2), rivals.reference(A, Y, lam, 2), title)
