"""Results of the public functions from fixed seeds, to be compared between processes, threads, versions, with and without the compiler.

python tests/robustness/fingerprints.py NEW.npz                    writes the results and prints the SHA-256 of each
python tests/robustness/fingerprints.py NEW.npz --against OLD.npz  and how far they are from those
of another process; status 1 beyond the tolerance
"""

import argparse
import hashlib
import platform
import sys

import numpy as np

import gsae_ref as gs

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}  # relative to the norm of an array


def results():
    """Named arrays: the draws, one pass of every network and gradient on both engines, and short runs."""
    found = {}
    A_star = gs.make_dictionary(30, 10, 2, rng=1)
    drawn = gs.sample(A_star, 300, 2, 2, snr_db=20, rng=2)
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=3)
    Y = drawn.Y
    found |= {
        "dictionary": A_star,
        "samples": Y,
        "codes": drawn.X,
        "support": np.asarray(drawn.support),
        "start": A,
    }
    for name, dtype in (("float64", np.float64), ("float32", np.float32)):
        B = A.astype(dtype)
        Z = Y.astype(dtype)
        for engine in ("reference", "numba"):
            tag = f"{engine} {name}"
            for gradient in ("exact", "appendix_b", "approximate"):
                cost, G = gs.loss_and_grad(B, Z, 1.5, 2, gradient, engine)
                found |= {
                    f"{gradient} gradient, {tag}": G,
                    f"{gradient} cost, {tag}": np.array(cost, dtype),
                }
            found[f"unfolded gradient, {tag}"] = gs.unfolded_loss_and_grad(
                B, Z, 1.5, 2, 5, engine=engine
            )[1]
            found[f"sparse gradient, {tag}"] = gs.sparse_loss_and_grad(B, Z, -0.5, engine=engine)[1]
    for engine in ("reference", "numba"):
        whole = gs.train(A, Y, 1.5, 2, 8, A_star=A_star, engine=engine)
        batches = gs.train(
            A,
            Y,
            1.5,
            2,
            4,
            batch_size=64,
            constraint="groups",
            step_size=0.01,
            rng=5,
            engine=engine,
        )
        found |= {
            f"trained, {engine}": whole.x,
            f"trained by batches, {engine}": batches.x,
            f"error, {engine}": np.array(whole.history["error"]),
        }
        drawn_regression = gs.grouped_regression(40, 20, 4, [2.0, 0, 0, 1.0, 0], rng=6)
        found[f"path, {engine}"] = gs.dglnn_path(
            drawn_regression.X,
            drawn_regression.y,
            4,
            n_epochs=200,
            alpha=1e-2,
            gamma=1e-2,
            engine=engine,
        ).w
    found["full batch"] = gs.full_batch_gradient(A, Y, 1.5, 2, block_size=64)[1]
    found["expected gradient"] = gs.expected_gradient(A, A_star, 1.5, 2, 2)
    return found


def hashes(found):
    return {
        name: hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
        for name, array in found.items()
    }


def distance(new, old):
    """Largest difference relative to the norm."""
    new, old = np.asarray(new, np.float64), np.asarray(old, np.float64)
    return float(np.linalg.norm(new - old) / max(np.linalg.norm(old), 1e-300))


def main():
    parser = argparse.ArgumentParser(
        description="Compute what is compared between processes and versions."
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
            apart = distance(array, old[name])
            tolerance = TOLERANCE["float32" if array.dtype == np.float32 else "float64"]
            failed += not apart <= tolerance
            print(
                f"{apart:8.1e} {'same bits' if array.tobytes() == old[name].tobytes() else f'<= {tolerance:.0e}':10} {name}"
            )
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}: {len(found)} results compared, {failed} beyond the tolerance"
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
