"""How the cost of the kernel and of the reference grows: one size at a time, with the exponent of the growth beside what counting gives.

    python benchmarks/scaling.py [--quick]

Counted operations of one loss and gradient (multiply-adds, N samples, n features, m = Gamma d
atoms, gamma active groups a sample): products of matrices 5 N n m; the kernel N n m in float32, and
4 N n d gamma where groups are active. Counted bytes that must come from memory or go there:
products of matrices read or write seven times N m numbers and six times N n; the kernel reads the
samples, and its dictionary and gradient twice; its blocks stay in cache.
"""

import argparse
import sys

import numpy as np
from bench_kernels import kernel
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


def main(argv=None):
    parser = argparse.ArgumentParser(description="Print how the cost grows with each size.")
    parser.add_argument(
        "--quick", action="store_true", help="a quarter of the samples, three runs of each"
    )
    sweeps(parser.parse_args(argv).quick)
    return 0


def sweeps(quick):
    """For each size: its values, seconds of kernel and reference, exponents as fitted and as counted in operations and in bytes."""
    results = {}
    for name, values in SWEEPS.items():
        seconds = {"kernel": [], "reference": []}
        for value in values:
            for who, median in measured(quick, **{**BASE, name: value}).items():
                seconds[who].append(median)
        fitted = {who: exponent(values, times) for who, times in seconds.items()}
        counted = {
            who: exponent(values, [operations(who, **{**BASE, name: v}) for v in values])
            for who in seconds
        }
        moved = {
            who: exponent(values, [traffic(who, **{**BASE, name: v}) for v in values])
            for who in seconds
        }
        results[name] = {
            "values": list(values),
            "seconds": seconds,
            "fitted": fitted,
            "operations": counted,
            "bytes": moved,
        }
        print(
            f"{name:12} "
            + "  ".join(
                f"{who}: {fitted[who]:.2f} (operations {counted[who]:.2f}, bytes {moved[who]:.2f})"
                for who in seconds
            ),
            flush=True,
        )
    return results


def measured(quick, n_samples, n_features, n_groups, group_size, n_active):
    """Median seconds of both at one size, near the truth, with a threshold between active and inactive norms."""
    n_samples = n_samples // 4 if quick else n_samples
    A_star = gs.make_dictionary(n_features, n_groups, group_size, kind="orthonormal_groups", rng=0)
    Y = gs.sample(A_star, n_samples, n_active, group_size, rng=0).Y
    A = gs.perturb_dictionary(A_star, delta=0.1, group_size=group_size, rng=0)
    ordered = np.sort(np.linalg.norm((Y @ A).reshape(-1, group_size), axis=1))
    lam = float(
        ordered[-n_active * n_samples - 1 :][:2].mean()
    )  # between two norms: on one of them rounding would decide
    problem = A, Y, lam, group_size
    functions = {
        "kernel": lambda: kernel(*problem),
        "reference": lambda: autoencoder.loss_and_grad(*problem),
    }
    agree("kernel", functions["kernel"](), functions["reference"](), "float64")
    return interleaved(functions, 3)


def operations(who, n_samples, n_features, n_groups, group_size, n_active):
    """Multiply-adds; those in float32 count half."""
    dense = n_samples * n_features * n_groups * group_size
    return (
        5 * dense
        if who == "reference"
        else dense / 2 + 4 * n_samples * n_features * group_size * n_active
    )


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
