"""After a warm-up no call compiles a kernel or reads one from disk."""

import gc

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import gsae_ref as gs
from gsae_ref import ops
from gsae_ref.kernels import _jit


@pytest.fixture(scope="module")
def parts():
    """Names of the parts, reported by a warm-up."""
    names = []
    assert ops.warm_up(lambda name, seconds: names.append(name)) > 0
    return names


def compiled_kernels():
    """Number of compiled versions of every kernel in this process."""
    kernels = [
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), Dispatcher)
        and thing.py_func.__module__.startswith(_jit.__package__)
    ]
    return sum(len(kernel.signatures) for kernel in kernels)


@pytest.mark.skipif(ops.engine.compiler_disabled(), reason="nothing is compiled")
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 12])
def test_no_call_compiles_anything(parts, size, dtype):
    before = compiled_kernels()
    A = gs.make_dictionary(30, 10, size, rng=0).astype(dtype)
    Y = gs.sample(A, 70, 1, size, rng=0).Y
    for lam in (0.1, 2.5):
        for gradient in ops.GRADIENTS:
            gs.loss_and_grad(A, Y, lam, size, gradient, "numba")
        ops.FixedSamples(Y, size, engine="numba")(A, lam)
        gs.unfolded_loss_and_grad(A, Y, lam, size, 3, engine="numba")
        gs.unfolded_encode(A, Y, lam, size, 3, nonnegative=True, engine="numba")
    for activation in ("relu", "hard", "soft"):
        gs.sparse_loss_and_grad(
            A, Y, 0.0, activation, 0.0 if activation == "relu" else 1.0, engine="numba"
        )
    ops.adam_step(A, A, A, A * A, 1, 1e-3, "numba")
    assert compiled_kernels() == before > 0


def test_every_part_is_reported(parts):
    assert parts == [
        "shallow gradients",
        "unfolded encoder",
        "sparse autoencoder",
        "Adam",
        "diagonally grouped networks",
    ]
