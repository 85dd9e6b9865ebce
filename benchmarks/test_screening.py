"""Finding the groups that may be active: the kernel's float32 screen beside exact norms."""

import numpy as np
import pytest

from gsae_ref.kernels._jit import contiguous
from gsae_ref.kernels.autoencoder import BLOCK, _Problem, _Screen, _Workspace
from gsae_ref.ops.engine import one_blas_thread

from .harness import DTYPES, Implementation, over
from .problems import GROUP_SIZE, LAM, simulation


def screen(A, Y, lam, size):
    """Blocks of BLOCK samples by the screen of the kernel, on one thread: sample, group."""
    problem = _Problem(A, Y, lam, size, "exact", None)
    screen = _Screen(contiguous(A.T), lam, size)
    room = BLOCK * problem.n_groups
    workspace = _Workspace(problem, BLOCK, room)

    def candidates():
        found = []
        with one_blas_thread():
            for start in range(0, len(Y), BLOCK):
                block = contiguous(Y[start : start + BLOCK])
                assert screen.list_candidates(block, room, workspace)
                groups, ends = workspace.candidates
                counts = np.diff(ends[: len(block)], prepend=0)
                rows = np.repeat(np.arange(start, start + len(block)), counts)
                found.append(rows * problem.n_groups + groups[: ends[len(block) - 1]])
        return np.concatenate(found)

    return candidates


def exact_norms(A, Y, lam, size):
    def active():
        return np.flatnonzero(np.linalg.norm((Y @ A).reshape(len(Y), -1, size), axis=2) > lam)

    return active


def torch_norms(A, Y, lam, size):
    import torch

    dictionary = torch.from_numpy(A)
    samples = torch.from_numpy(Y)

    def active():
        norms = torch.linalg.vector_norm((samples @ dictionary).reshape(-1, size), dim=1)
        return torch.nonzero(norms > lam).reshape(-1).numpy()

    return active


def product(A, Y, lam, size):
    Y32 = Y.astype(np.float32)
    A32 = A.astype(np.float32)
    return lambda: Y32 @ A32


SCREENS = (
    Implementation("numba", screen, "the screen of the kernel, on one thread"),
    Implementation("NumPy", exact_norms, "norms of the product Y A on all BLAS threads"),
    Implementation("torch", torch_norms, "the same in torch", "torch"),
    Implementation(
        "one float32 product",
        product,
        "limit: one product Y A in float32",
        bounds=lambda A, Y, *_: Y.astype(np.float32) @ A.astype(np.float32),
    ),
)


@over(SCREENS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.benchmark(group="screening")
def test_screening(compare, dtype):
    """lam lies in the middle of a wide gap, so that the candidates are the active groups."""
    A, Y = simulation(1000, "near the truth", dtype)
    norms = np.sort(np.linalg.norm((Y @ A).reshape(-1, GROUP_SIZE), axis=1))
    near = norms[(norms > LAM / 2) & (norms < 2 * LAM)]
    widest = np.argmax(np.diff(near))
    lam = float(near[widest : widest + 2].mean())
    expected = exact_norms(A, Y, lam, GROUP_SIZE)
    compare((A, Y, lam, GROUP_SIZE), expected, f"N = 1000, 500 groups of 2, {dtype}")
