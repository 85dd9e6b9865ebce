"""How the cost of the kernel and of the reference grows with each size.

    python benchmarks/scaling.py [--quick]

The exponent of the growth is fitted, and compared with counts for one loss and gradient (N samples,
n features, m = Gamma d atoms, gamma active groups a sample). Multiply-adds: 5 N n m by matrix
products; N n m in float32 and 4 N n d gamma in the kernel. Bytes from and to memory: matrix
products read or write 7 N m + 6 N n numbers; the kernel reads the samples, and reads or writes
dictionary and gradient twice each, while its blocks stay in cache.
"""

import argparse
import sys

import numpy as np
from rivals import shallow_kernel
from timing import agree, interleaved

import gsae_ref as gs
from gsae_ref.reference import autoencoder

BASE = {"n_samples": 4000, "n_features": 400, "n_groups": 200, "group_size": 2, "n_active": 3}
SWEEPS = {
    "n_samples": (1000, 2000, 4000, 8000, 16000),
    "n_features": (100, 200, 400, 800, 1600),
    "n_groups": (50, 100, 200, 400, 800),
    "group_size": (1, 2, 4, 8, 16),
    "n_active": (1, 3, 10, 30, 60),
}
LABELS = {
    "n_samples": "samples N",
    "n_features": "features n",
    "n_groups": "groups $\\Gamma$",
    "group_size": "atoms in a group d",
    "n_active": "active groups $\\gamma$",
}
METHODS = ("kernel", "reference")


def main(argv=None):
    parser = argparse.ArgumentParser(description="Print how the cost grows with each size.")
    parser.add_argument(
        "--quick", action="store_true", help="a quarter of the samples, three runs of each"
    )
    sweeps(parser.parse_args(argv).quick)
    return 0


def sweeps(quick):
    """For each size: its values, the seconds, and the exponents, fitted and counted."""
    results = {}
    for name, values in SWEEPS.items():
        sizes = [{**BASE, name: value} for value in values]
        measured = [measure(quick, **size) for size in sizes]
        seconds = {}
        for who in METHODS:
            seconds[who] = [medians[who] for medians in measured]
        result = {
            "values": list(values),
            "seconds": seconds,
            "fitted": {who: exponent(values, seconds[who]) for who in METHODS},
        }
        for how, count in (("operations", operations), ("bytes", traffic)):
            result[how] = {}
            for who in METHODS:
                counts = [count(who, **size) for size in sizes]
                result[how][who] = exponent(values, counts)
        results[name] = result
        print(f"{name:12} {'  '.join(summary(who, result) for who in METHODS)}", flush=True)
    return results


def summary(who, result):
    counted = ", ".join(f"{how} {result[how][who]:.2f}" for how in ("operations", "bytes"))
    return f"{who}: {result['fitted'][who]:.2f} ({counted})"


def measure(quick, n_samples, n_features, n_groups, group_size, n_active):
    """Median seconds of both methods at one size, near the truth.

    The threshold lies halfway between two norms, so that rounding does not change the support.
    """
    n_samples = n_samples // 4 if quick else n_samples
    A_star = gs.make_dictionary(n_features, n_groups, group_size, kind="orthonormal_groups", rng=0)
    Y = gs.sample(A_star, n_samples, n_active, group_size, rng=0).Y
    A = gs.perturb_dictionary(A_star, delta=0.1, group_size=group_size, rng=0)
    ordered = np.sort(np.linalg.norm((Y @ A).reshape(-1, group_size), axis=1))
    lam = float(ordered[-n_active * n_samples - 1 :][:2].mean())
    problem = A, Y, lam, group_size
    functions = {
        "kernel": lambda: shallow_kernel(*problem),
        "reference": lambda: autoencoder.loss_and_grad(*problem),
    }
    agree("kernel", functions["kernel"](), functions["reference"](), "float64")
    return interleaved(functions, 3)


def operations(who, n_samples, n_features, n_groups, group_size, n_active):
    """Multiply-adds; those in float32 count half."""
    dense = n_samples * n_features * n_groups * group_size
    if who == "reference":
        return 5 * dense
    return dense / 2 + 4 * n_samples * n_features * group_size * n_active


def traffic(who, n_samples, n_features, n_groups, group_size, n_active):
    """Bytes in float64 between processor and memory."""
    m = n_groups * group_size
    if who == "reference":
        return 8 * (7 * n_samples * m + 6 * n_samples * n_features + 4 * n_features * m)
    return 8 * (n_samples * n_features + 4 * n_features * m)


def exponent(values, costs):
    """Slope of log cost over log size, by least squares."""
    return float(np.polyfit(np.log(values), np.log(costs), 1)[0])


if __name__ == "__main__":
    sys.exit(main())
