"""The exact window of thresholds that make n_active groups active at every sample (R17)."""

import numpy as np
import pytest

from gsae_ref import groups
from gsae_ref.papers.t21.threshold.formulas import data_window

from .harness import DTYPES, Implementation, full, over
from .problems import GROUP_SIZE, N_ACTIVE, simulation


def reference(r, n_active):
    return lambda: data_window(r, n_active)


def full_sort(r, n_active):
    def window():
        ascending = np.sort(r, axis=1)
        return float(ascending[:, -n_active - 1].max()), float(ascending[:, -n_active].min())

    return window


def torch_topk(r, n_active):
    import torch

    norms = torch.from_numpy(r)

    def window():
        largest = torch.topk(norms, n_active + 1, dim=1).values
        return largest[:, n_active].max().item(), largest[:, n_active - 1].min().item()

    return window


def jax_topk(r, n_active):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def run(r):
        largest = jax.lax.top_k(r, n_active + 1)[0]
        return largest[:, n_active].max(), largest[:, n_active - 1].min()

    norms = jnp.asarray(r)
    return lambda: tuple(float(end) for end in run(norms))


WINDOWS = (
    Implementation("reference", reference, "NumPy, data_window: a partition at one place"),
    Implementation("NumPy sort", full_sort, "NumPy, a full sort"),
    Implementation("torch", torch_topk, "torch.topk", "torch"),
    Implementation("JAX", jax_topk, "JAX, jit of top_k", "jax"),
)


@over(WINDOWS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_samples", [1000, full(10_000)])
@pytest.mark.benchmark(group="support window")
def test_support_window(compare, n_samples, dtype):
    A, Y = simulation(n_samples, "near the truth", dtype)
    r = groups.norms(Y @ A, GROUP_SIZE)
    title = f"N = {n_samples}, {N_ACTIVE} of 500 groups, {dtype}"
    compare((r, N_ACTIVE), reference(r, N_ACTIVE), title)
