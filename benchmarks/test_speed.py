"""The kernels in pytest-benchmark, to compare versions of the package. See report.py for rivals.

python -m pytest benchmarks/test_speed.py --benchmark-only --benchmark-autosave
python -m pytest benchmarks/test_speed.py --benchmark-only --benchmark-compare
"""

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.ops import FixedSamples, adam_step

DTYPES = ("float64", "float32")


@pytest.fixture(scope="module", params=DTYPES)
def problem(request):
    """A dictionary of 200 groups of two, near the truth, and 4000 samples."""
    A_star = gs.make_dictionary(400, 200, 2, rng=0)
    Y = gs.sample(A_star, 4000, 3, 2, rng=0).Y
    A = gs.perturb_dictionary(A_star, correlation=0.97, rng=0)
    return A.astype(request.param), Y.astype(request.param)


@pytest.mark.parametrize("size", [1, 2, 16, 64])
@pytest.mark.parametrize("dtype", DTYPES)
def test_threshold(benchmark, dtype, size):
    Z = np.random.default_rng(0).normal(size=(4000, 1024)).astype(dtype)
    assert benchmark(gs.group_soft_threshold, Z, float(np.sqrt(size)), size).shape == Z.shape


@pytest.mark.parametrize("lam", [2.0, 0.2], ids=["few active", "most active"])
def test_shallow_gradient(benchmark, problem, lam):
    cost, G = benchmark(gs.loss_and_grad, *problem, lam, 2, engine="numba")
    assert cost > 0 and G.shape == problem[0].shape


def test_a_step_of_training(benchmark, problem):
    A, Y = problem
    at = FixedSamples(Y, 2, engine="numba")
    moments = [A, np.zeros_like(A), np.zeros_like(A), 0]

    def step():
        cost, G = at(moments[0], 2.0)
        moments[3] += 1
        moments[:3] = adam_step(moments[0], G, *moments[1:], 1e-4, "numba")
        return cost

    assert benchmark(step) > 0


def test_unfolded_gradient(benchmark, problem):
    A = problem[0][:, :160]
    Y = problem[1][:1024]
    cost, G = benchmark(
        gs.unfolded_loss_and_grad, A, Y, 1.0, 16, 15, step_size=0.04, engine="numba"
    )
    assert cost > 0 and G.shape == A.shape


def test_adam(benchmark, problem):
    A = problem[0]
    assert benchmark(adam_step, A, A, A, A * A, 3, 1e-3, "numba")[0].shape == A.shape


def test_expected_gradient(benchmark, problem):
    A = problem[0]
    assert benchmark(gs.expected_gradient, A, A, 0.5, 3, 2).shape == A.shape
