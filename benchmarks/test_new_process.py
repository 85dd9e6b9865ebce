"""Seconds until a new process has its first result, the kernels compiled before."""

import subprocess
import sys

import numpy as np
import pytest

from .harness import Implementation, over

ARRAYS = """
import gsae_ref as gs
A = gs.make_dictionary(100, 40, 2, rng=0)
Y = gs.sample(A, 200, 3, 2, rng=0).Y
"""
PROGRAMS = {
    "import numpy": "import numpy",
    "import gsae_ref": "import gsae_ref",
    "data": ARRAYS,
    "shallow gradient": f"{ARRAYS}gs.loss_and_grad(A, Y, 2.0, 2, engine='numba')",
    "unfolded gradient": f"{ARRAYS}gs.unfolded_loss_and_grad(A, Y, 2.0, 2, 5, engine='numba')",
}
LEGENDS = {
    "import numpy": "limit: a process that imports numpy",
    "import gsae_ref": "a process that imports this package",
    "data": "a process that draws a dictionary and samples",
    "shallow gradient": "the same, then the first call of the shallow kernel",
    "unfolded gradient": "the same, then the first call of the unfolded kernel",
}


def process(program):
    def make(status):
        return lambda: subprocess.run([sys.executable, "-c", program], check=True).returncode

    return make


PROCESSES = [Implementation(name, process(code), LEGENDS[name]) for name, code in PROGRAMS.items()]


@over(PROCESSES)
@pytest.mark.benchmark(group="new process")
def test_new_process(compare):
    compare((np.zeros(1),), lambda: 0, "from start to end", rounds=5)
