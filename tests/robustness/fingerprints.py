"""Results of the public functions from fixed seeds, to be compared between processes and versions.

    python tests/robustness/fingerprints.py NEW.npz                    writes them, prints SHA-256
    python tests/robustness/fingerprints.py NEW.npz --against OLD.npz  compares with other results

The exit status is 1 if a difference is above the tolerance.
"""

import argparse
import hashlib
import platform
import sys

import numpy as np

import gsae_ref as gs

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}  # relative to the norm of an array


def results():
    """Named arrays: draws, every network and gradient on both engines, and short runs."""
    A_star = gs.make_dictionary(30, 10, 2, rng=1)
    drawn = gs.sample(A_star, 300, 2, 2, snr_db=20, rng=2)
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=3)
    Y = drawn.Y
    found = {
        "dictionary": A_star,
        "samples": Y,
        "codes": drawn.X,
        "support": np.asarray(drawn.support),
        "start": A,
    }
    for dtype in ("float64", "float32"):
        for engine in ("reference", "numba"):
            found |= gradients(A.astype(dtype), Y.astype(dtype), engine)
    for engine in ("reference", "numba"):
        found |= runs(A, Y, A_star, engine)
    found["full batch"] = gs.full_batch_gradient(A, Y, 1.5, 2, block_size=64)[1]
    found["expected gradient"] = gs.expected_gradient(A, A_star, 1.5, 2, 2)
    return found


def gradients(A, Y, engine):
    """Every gradient at one point."""
    tag = f"{engine} {A.dtype}"
    found = {}
    for gradient in ("exact", "appendix_b", "approximate"):
        cost, G = gs.loss_and_grad(A, Y, 1.5, 2, gradient, engine)
        found[f"{gradient} gradient, {tag}"] = G
        found[f"{gradient} cost, {tag}"] = np.array(cost, A.dtype)
    unfolded = gs.unfolded_loss_and_grad(A, Y, 1.5, 2, 5, engine=engine)[1]
    sparse = gs.sparse_loss_and_grad(A, Y, -0.5, engine=engine)[1]
    return {**found, f"unfolded gradient, {tag}": unfolded, f"sparse gradient, {tag}": sparse}


def runs(A, Y, A_star, engine):
    """Two short trainings and a path."""
    whole = gs.train(A, Y, 1.5, 2, 8, A_star=A_star, engine=engine)
    options = {"batch_size": 64, "constraint": "groups", "step_size": 0.01, "rng": 5}
    batches = gs.train(A, Y, 1.5, 2, 4, engine=engine, **options)
    data = gs.grouped_regression(40, 20, 4, [2.0, 0, 0, 1.0, 0], rng=6)
    options = {"n_epochs": 200, "alpha": 1e-2, "gamma": 1e-2}
    return {
        f"trained, {engine}": whole.x,
        f"trained by batches, {engine}": batches.x,
        f"error, {engine}": np.array(whole.history["error"]),
        f"path, {engine}": gs.dglnn_path(data.X, data.y, 4, engine=engine, **options).w,
    }


def hashes(found):
    return {
        name: hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
        for name, array in found.items()
    }


def distance(new, old):
    """Norm of the difference relative to that of the old array."""
    new = np.asarray(new, np.float64)
    old = np.asarray(old, np.float64)
    return float(np.linalg.norm(new - old) / max(np.linalg.norm(old), 1e-300))


def main():
    parser = argparse.ArgumentParser(
        description="Compute results from fixed seeds, and compare them."
    )
    parser.add_argument("new", help="file to write (.npz)")
    parser.add_argument("--against", metavar="OLD.npz", help="compare with these")
    arguments = parser.parse_args()
    found = results()
    np.savez(arguments.new, **found)
    if arguments.against is None:
        for name, value in hashes(found).items():
            print(f"{value} {name}")
        return 0
    failed = 0
    with np.load(arguments.against, allow_pickle=False) as old:
        for name, array in found.items():
            difference = distance(array, old[name])
            tolerance = TOLERANCE["float32" if array.dtype == np.float32 else "float64"]
            failed += not difference <= tolerance
            same = array.tobytes() == old[name].tobytes()
            print(f"{difference:8.1e} {'same bits' if same else f'<= {tolerance:.0e}':10} {name}")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}")
    print(f"{len(found)} results compared, {failed} above the tolerance")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
