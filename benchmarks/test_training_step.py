"""A step of full-batch training with Adam, near the truth: gradient and update."""

import itertools

import numpy as np
import pytest

from gsae_ref.ops import FixedSamples, adam_step
from gsae_ref.reference import adam, autoencoder

from . import rivals
from .harness import DTYPES, Implementation, full, over
from .problems import GROUP_SIZE, LAM, simulation

STEP_SIZE = 1e-3
CHECKED = 3  # steps whose costs are compared


def descent(loss_and_grad, A, step):
    """A function that takes one step and returns the cost before it."""
    state = [A.copy(), np.zeros_like(A), np.zeros_like(A)]
    steps = itertools.count(1)

    def advance():
        cost, G = loss_and_grad(state[0])
        state[:] = step(state[0], G, *state[1:], next(steps), STEP_SIZE)
        return cost

    return advance


def cached(A, Y, lam, size):
    at = FixedSamples(Y, size, engine="numba")
    return descent(lambda A: at(A, lam), A, compiled_step)


def compiled_step(*arguments):
    return adam_step(*arguments, "numba", overwrite=True)


def kernel(A, Y, lam, size):
    return descent(lambda A: rivals.kernel(A, Y, lam, size)(), A, compiled_step)


def reference(A, Y, lam, size):
    return descent(lambda A: autoencoder.loss_and_grad(A, Y, lam, size), A, adam.adam_step)


def torch_adam(A, Y, lam, size, **options):
    import torch

    samples = torch.from_numpy(Y)
    parameter = torch.nn.Parameter(torch.from_numpy(A.copy()))
    optimizer = torch.optim.Adam([parameter], lr=STEP_SIZE, **options)

    def advance():
        optimizer.zero_grad()
        cost = rivals.torch_loss(parameter, samples, lam, size)
        cost.backward()
        optimizer.step()
        return cost.item()

    return advance


def torch_fused(*problem):
    return torch_adam(*problem, fused=True)


def jax_adam(A, Y, lam, size):
    """Loss, gradient and step compiled together."""
    import jax
    import jax.numpy as jnp

    both = jax.value_and_grad(rivals.jax_loss(lam, size))

    @jax.jit
    def step(A, first, second, k, Y):
        cost, G = both(A, Y)
        first = 0.9 * first + 0.1 * G
        second = 0.999 * second + 0.001 * G * G
        scale = jnp.sqrt(second / (1 - 0.999**k)) + 1e-8
        return cost, A - STEP_SIZE * (first / (1 - 0.9**k)) / scale, first, second

    samples = jnp.asarray(Y)
    zeros = jnp.zeros_like(samples, shape=A.shape)
    state = [jnp.asarray(A), zeros, zeros]
    steps = itertools.count(1)

    def advance():
        cost, *state[:] = step(*state, jnp.asarray(next(steps), samples.dtype), samples)
        return float(cost)

    return advance


DESCENTS = (
    Implementation("numba", cached, "FixedSamples, the kernel with bounds; compiled Adam"),
    Implementation("numba, no bounds", kernel, "the kernel without bounds; compiled Adam"),
    Implementation("reference", reference, "NumPy, gradient and Adam as in gsae_ref.reference"),
    Implementation("torch", torch_adam, "torch, eager, torch.optim.Adam", "torch"),
    Implementation("torch, fused", torch_fused, "torch, eager, Adam(fused=True)", "torch"),
    Implementation("JAX", jax_adam, "JAX, gradient and Adam in one jit", "jax"),
)


def first_costs(make):
    """Wrap a descent: its first call takes CHECKED steps and returns their costs."""

    def wrapped(*problem):
        advance = make(*problem)
        first = iter([True])
        return lambda: [advance() for _ in range(CHECKED)] if next(first, False) else advance()

    return wrapped


DESCENTS = tuple(each._replace(make=first_costs(each.make)) for each in DESCENTS)


@over(DESCENTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_samples", [1000, full(10_000)])
@pytest.mark.benchmark(group="training step")
def test_training_step(compare, n_samples, dtype):
    A, Y = simulation(n_samples, "near the truth", dtype)
    problem = A, Y, LAM, GROUP_SIZE
    expected = first_costs(reference)(*problem)
    title = f"N = {n_samples}, n = 950, 500 groups of 2, near the truth, {dtype}"
    compare(problem, expected, title, product=(Y, A), rounds=15)
