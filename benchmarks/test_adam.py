"""One step of Adam on a dictionary."""

import numpy as np
import pytest

from gsae_ref.kernels import adam as kernels
from gsae_ref.reference import adam

from .harness import DTYPES, Implementation, over

STEPS = 3
STEP_SIZE = 1e-3


def kernel(*arrays):
    return lambda: kernels.adam_step(*arrays, STEPS, STEP_SIZE)


def in_place(*arrays):
    """Steps in place, as torch.optim.Adam: only the first step has the numbers that are checked."""
    value, gradient, first, second = (array.copy() for array in arrays)
    return lambda: kernels.adam_step(value, gradient, first, second, STEPS, STEP_SIZE, True)


def reference(*arrays):
    return lambda: adam.adam_step(*arrays, STEPS, STEP_SIZE)


def torch_adam(value, gradient, first, second, **options):
    """torch.optim.Adam steps in place: only the first step, which is checked, has these numbers."""
    import torch

    parameter = torch.nn.Parameter(torch.from_numpy(value.copy()))
    parameter.grad = torch.from_numpy(gradient)
    optimizer = torch.optim.Adam([parameter], lr=STEP_SIZE, **options)
    state = optimizer.state[parameter]
    state["exp_avg"] = torch.from_numpy(first.copy())
    state["exp_avg_sq"] = torch.from_numpy(second.copy())
    state["step"] = torch.tensor(float(STEPS - 1))

    def step():
        optimizer.step()
        return parameter.detach().numpy(), state["exp_avg"].numpy(), state["exp_avg_sq"].numpy()

    return step


def torch_fused(*arrays):
    return torch_adam(*arrays, fused=True)


def copies(*arrays):
    out = np.empty_like(np.stack(arrays))

    def run():
        for target, source in zip(out, arrays, strict=True):
            np.copyto(target, source)
        return out

    return run


STEPPERS = (
    Implementation("numba", in_place, "the compiled kernel, in place"),
    Implementation("numba, new arrays", kernel, "the compiled kernel, into new arrays"),
    Implementation("reference", reference, "NumPy, as in gsae_ref.reference"),
    Implementation("torch", torch_adam, "torch.optim.Adam, in place", "torch"),
    Implementation("torch, fused", torch_fused, "torch.optim.Adam(fused=True), in place", "torch"),
    Implementation(
        "copies", copies, "limit: a copy of the four arrays", bounds=lambda *x: np.stack(x)
    ),
)


@over(STEPPERS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.benchmark(group="Adam")
def test_adam(compare, dtype):
    arrays = np.random.default_rng(0).normal(size=(4, 950, 1000)).astype(dtype)
    arrays[3] **= 2
    work = {"operations": 13 * arrays[0].size, "bytes": 7 * arrays[0].nbytes}
    work["roofline"] = f"Adam, {dtype}"
    compare(tuple(arrays), reference(*arrays), f"950 x 1000, {dtype}", **work)
