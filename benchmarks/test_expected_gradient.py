"""The closed form of the expected gradient, beside the mean over samples that it replaces."""

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.reference import expected as reference

from .harness import DTYPES, Implementation, full, over
from .problems import GROUP_SIZE, LAM, N_ACTIVE, N_GROUPS, simulation


def exact(A, A_star, Y, tau, covariance):
    return lambda: reference.exact(A, A_star, tau, N_ACTIVE, GROUP_SIZE, covariance)


def door(A, A_star, Y, tau, covariance):
    return lambda: gs.expected_gradient(A, A_star, tau, N_ACTIVE, GROUP_SIZE)


def of_samples(A, A_star, Y, tau, covariance):
    return lambda: gs.loss_and_grad(A, Y, LAM, GROUP_SIZE, "approximate")


def products(A, A_star, Y, tau, covariance):
    def run():
        overlap = A_star.T @ A
        first = overlap @ (A.T @ A)
        return A_star @ first - A @ (overlap.T @ first)

    return run


FORMS = (
    Implementation("reference", exact, "the closed form in NumPy, as in gsae_ref.reference"),
    Implementation("gs.expected_gradient", door, "the same with the checks of the door"),
    Implementation(
        "samples",
        of_samples,
        "limit: the approximate gradient of N samples, which the form replaces",
        bounds=lambda A, A_star, Y, *_: gs.loss_and_grad(A, Y, LAM, GROUP_SIZE, "approximate"),
    ),
    Implementation(
        "its products",
        products,
        "limit: the products of the closed form alone",
        bounds=lambda *problem: products(*problem)(),
    ),
)


@over(FORMS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_samples", [1000, full(10_000)])
@pytest.mark.benchmark(group="expected gradient")
def test_expected_gradient(compare, n_samples, dtype):
    A, Y = simulation(n_samples, "near the truth", dtype)
    A_star = gs.make_dictionary(*A.shape[:1], N_GROUPS, GROUP_SIZE, rng=0).astype(dtype)
    tau = np.full(N_GROUPS, 0.5, dtype)
    covariance = np.broadcast_to(np.eye(GROUP_SIZE, dtype=dtype), (N_GROUPS, 2, 2))
    problem = A, A_star, Y, tau, covariance
    title = f"950 x 1000, N = {n_samples} for the samples, {dtype}"
    compare(problem, exact(*problem), title, product=(Y, A))
