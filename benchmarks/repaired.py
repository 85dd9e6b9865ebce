"""Rivals in a process of their own, whose BLAS is told what the processor can do.

Two libraries ask who made the processor, not what it can do. MKL, inside torch, takes slower code
unless Intel did; a function of one line, loaded before it, answers that question. OpenBLAS, inside
NumPy, takes code for older processors where it does not know a new one; ``OPENBLAS_CORETYPE`` names
better code. Both must be there before the library is loaded, hence the process. It computes when it
is told to, so it takes its turn among the others and is timed from outside (a turn costs some 50
microseconds of talk).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ANSWER = "int mkl_serv_intel_cpu_true(void) { return 1; }\n"


class Repaired:
    """The named family of functions of :data:`FAMILIES` on these arrays, as functions here; a context manager.

    ``functions`` is empty where nothing can be repaired: no C compiler, or no vectors of 512 bits.
    """

    def __init__(self, family, **arrays):
        self.functions = {}
        self._folder = tempfile.TemporaryDirectory()
        environment = repairs(Path(self._folder.name))
        if environment is None:
            self._process = None
            return
        np.savez(Path(self._folder.name) / "problem.npz", **arrays)
        command = [sys.executable, str(HERE / "repaired.py"), family, self._folder.name]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self.functions = {
            f"{name}, repaired": lambda name=name: self._call(name)
            for name in json.loads(self._answer())
        }

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the process of the repaired rivals has ended")
        return line

    def _call(self, name):
        """Run it there; the result can be had by :meth:`result`."""
        print(name, file=self._process.stdin, flush=True)
        self._answer()

    def result(self, name):
        """Run it there and bring the result here."""
        self._call(f"keep {name.removesuffix(', repaired')}")
        with np.load(Path(self._folder.name) / "result.npz") as held:
            return [held[key] for key in held.files]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._process is not None:
            self._process.communicate()  # its input ends here, and so does it
        self._folder.cleanup()


def repairs(folder):
    """What to add to the environment; None where this processor or system gives nothing to repair."""
    from timing import blas, has_avx512, limits_blas, processor

    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None or not has_avx512(processor()):
        return None
    (folder / "answer.c").write_text(ANSWER)
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", folder / "answer.so", folder / "answer.c"],
        check=True,
    )
    old = limits_blas() and any(p.get("architecture") in ("Haswell", "Zen") for p in blas().info())
    return {
        "LD_PRELOAD": str(folder / "answer.so"),
        **({"OPENBLAS_CORETYPE": "SkylakeX"} if old else {}),
    }


def shallow(A, Y, lam, group_size):
    from bench_kernels import kernel
    from rivals import available, dense_with_compiled_threshold, torch_gradient, torch_loss

    problem = A, Y, float(lam), int(group_size)
    functions = {
        "kernel": lambda: kernel(*problem),
        "NumPy, Numba threshold": lambda: dense_with_compiled_threshold(*problem),
    }
    if available("torch"):
        import torch

        samples = torch.from_numpy(Y)
        functions["torch eager"] = lambda: torch_gradient(torch_loss, A, samples, *problem[2:])
    return {**functions, "Y A alone": lambda: (Y @ A,)}


def unfolded(A, Y):
    from bench_unfolded import kernel, torch_eager
    from rivals import available

    functions = {"kernel": lambda: kernel(A, Y)}
    if available("torch"):
        functions |= {
            "torch, Gram": lambda: torch_eager(A, Y, True),
            "torch": lambda: torch_eager(A, Y, False),
        }
    return functions


def products(A, Y):
    return {"Y A": lambda: (Y @ A,)}


FAMILIES = {"shallow": shallow, "unfolded": unfolded, "products": products}


def serve(family, folder):
    """Compute what standard input names, line by line."""
    with np.load(Path(folder) / "problem.npz") as held:
        functions = FAMILIES[family](**{key: held[key] for key in held.files})
    print(json.dumps(list(functions)), flush=True)
    for line in sys.stdin:
        keep = line.startswith("keep ")
        name = line.strip().removeprefix("keep ")
        result = functions[name]()
        if keep:
            np.savez(Path(folder) / "result.npz", *result)
        print("done", flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
