"""Same seed, same bits: over many runs, for any number of threads and workers; with and without the compiler to a stated tolerance.

GSAE_REF_FAULTS set (the lane that counts): Dask clusters too.
"""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import fingerprints
import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.ops import engine
from gsae_ref.ops.engine import one_blas_thread

LANE = bool(os.environ.get("GSAE_REF_FAULTS"))
HERE = Path(__file__).parent


def in_a_process(tmp_path, name, **environment):
    """Results of a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(gs.__file__).parent.parent), **environment}
    subprocess.run(
        [sys.executable, HERE / "fingerprints.py", tmp_path / name],
        env=environment,
        capture_output=True,
        timeout=300,
        check=True,
    )
    with np.load(tmp_path / name, allow_pickle=False) as found:
        return dict(found)


def test_the_same_bits_in_a_hundred_runs(capsys):
    runs = 100 if LANE else 5
    seen = [fingerprints.hashes(fingerprints.results()) for _ in range(runs)]
    if LANE:
        with capsys.disabled():
            print(
                f"\n{len(seen[0])} results, {runs} runs: {len({tuple(each.values()) for each in seen})} set of bits"
            )
    assert all(each == seen[0] for each in seen)


def test_another_seed_gives_other_bits():
    A_star = gs.make_dictionary(30, 10, 2, rng=1)
    drawn = [gs.sample(A_star, 20, 2, 2, rng=seed).Y.tobytes() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_same_bits_for_any_number_of_threads_in_any_process(tmp_path):
    threads = [
        {"GSAE_REF_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n, "PYTHONHASHSEED": n}
        for n in ("1", "2", "4")
    ]
    seen = [
        fingerprints.hashes(in_a_process(tmp_path, f"{k}.npz", **each))
        for k, each in enumerate(threads if LANE else threads[:2])
    ]
    assert all(each == seen[0] for each in seen)


@pytest.mark.skipif(engine.compiler_disabled(), reason="nothing is compiled")
def test_without_the_compiler_the_results_are_the_same_to_rounding(tmp_path):
    plain = in_a_process(tmp_path, "plain.npz", NUMBA_DISABLE_JIT="1")
    for name, compiled in fingerprints.results().items():
        tolerance = {"float32": 1e-6, "float64": 1e-13}.get(compiled.dtype.name, 0)
        assert compiled.dtype == plain[name].dtype
        assert fingerprints.distance(compiled, plain[name]) <= tolerance, name


# ------------------------------------------------------------------------------------------ workers


ROWS = ["T21-prop2", "T21-eq42"]


def test_the_same_numbers_for_any_number_of_workers():
    reports = [
        gs.verify(only=ROWS, quick=True, n_jobs=n_jobs, backend=backend).to_dict()
        for n_jobs, backend in (
            (1, "loky"),
            (2, "threading"),
            *([(2, "loky"), (3, "loky"), (-1, "loky")] if LANE else []),
        )
    ]
    assert all(report == reports[0] for report in reports)


@pytest.mark.skipif(not LANE, reason="starts Dask clusters: GSAE_REF_FAULTS=1")
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_same_bits_on_dask_workers(workers):
    distributed = pytest.importorskip("distributed")
    import dask.array as da

    A_star = gs.make_dictionary(30, 10, 2, rng=1)
    Y = gs.sample(A_star, 1000, 2, 2, rng=2).Y
    expected = gs.full_batch_gradient(A_star, Y, 1.5, 2, block_size=128)
    report = gs.verify(only=ROWS, quick=True).to_dict()
    with distributed.Client(n_workers=workers, threads_per_worker=2, dashboard_address=None):
        cost, G = gs.full_batch_gradient(
            A_star, da.from_array(Y, chunks=(100, 30)), 1.5, 2, block_size=128
        )
        assert (cost, G.tobytes()) == (expected[0], expected[1].tobytes())
        assert gs.verify(only=ROWS, quick=True, backend="dask").to_dict() == report


# ---------------------------------------------------------------------------- threads of the caller


def blas_threads():
    from threadpoolctl import threadpool_info

    return [
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    ]


@pytest.fixture(params=["a limit of the caller", "no limit of the caller"])
def two_blas_threads(request):
    """Two threads for BLAS, within a context of threadpoolctl, which lets no other thread change them, and without."""
    threadpoolctl = pytest.importorskip("threadpoolctl")
    import scipy.linalg  # noqa: F401  (brings a BLAS of its own)

    libraries = [
        library
        for library in threadpoolctl.ThreadpoolController().lib_controllers
        if library.user_api == "blas"
    ]
    before = [library.get_num_threads() for library in libraries]
    with (
        threadpoolctl.threadpool_limits(2, "blas")
        if request.param.startswith("a")
        else contextlib.nullcontext()
    ):
        for library in libraries:
            engine._set(library, 2)
        if set(blas_threads()) != {2}:
            pytest.skip("NOT TESTED: this BLAS does not take two threads")
        yield
    for library, n_threads in zip(libraries, before, strict=True):
        engine._set(library, n_threads)


def test_the_limit_holds_while_anyone_is_inside_and_is_restored_by_the_last(two_blas_threads):
    entered = threading.Event()
    both = threading.Event()
    left = threading.Event()
    seen = []

    def first():
        with one_blas_thread():
            entered.set()
            both.wait()
        left.set()

    def second():
        entered.wait()
        with one_blas_thread():
            both.set()
            left.wait()
            seen.append(blas_threads())

    threads = [threading.Thread(target=function) for function in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen[0]) == {1}
    assert set(blas_threads()) == {2}


def test_the_limit_is_restored_after_an_error_and_when_nested(two_blas_threads):
    with pytest.raises(KeyError), one_blas_thread(), one_blas_thread():
        raise KeyError("inside")
    assert set(blas_threads()) == {2}
    with one_blas_thread():
        with one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert set(blas_threads()) == {2}


def test_a_blas_that_is_loaded_later_is_limited_too():
    pytest.importorskip("threadpoolctl")
    program = """
import sys
from threadpoolctl import threadpool_info
from gsae_ref.ops.engine import one_blas_thread
def threads():
    return sorted({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"})
early = "scipy.linalg" in sys.modules
with one_blas_thread():
    first = threads()
    import scipy.linalg
    with one_blas_thread():
        nested = threads()
after = threads()
with one_blas_thread():
    second = threads()
print(early, first, nested, after, second, threads())
"""
    environment = {
        **os.environ,
        "OPENBLAS_NUM_THREADS": "2",
        "PYTHONPATH": str(Path(gs.__file__).parent.parent),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() in (
        "False [1] [1] [2] [1] [2]",
        "False [1] [1] [1] [1] [1]",
    )  # the latter where there is one processor


def test_threads_that_call_at_once_get_the_same_bits_and_leave_no_limit(two_blas_threads):
    A_star = gs.make_dictionary(100, 100, 2, rng=0)
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=0)
    Y = gs.sample(A_star, 400, 2, 2, rng=0).Y
    calls = {
        "numba": lambda: gs.loss_and_grad(A, Y, 1.5, 2, engine="numba")[1].tobytes(),
        "unfolded": lambda: gs.unfolded_loss_and_grad(A, Y[:100], 1.5, 2, 3, engine="numba")[
            1
        ].tobytes(),
        "path": lambda: gs.dglnn_path(Y[:20], Y[:20, 0], 4, n_epochs=50, alpha=0.01).x.tobytes(),
    }
    expected = {name: call() for name, call in calls.items()}
    results = []

    def work(k):
        for _ in range(3):
            for name in list(calls)[k % 3 :] + list(calls)[: k % 3]:
                results.append((name, calls[name]()))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 * 3 * 3
    assert all(result == expected[name] for name, result in results)
    assert set(blas_threads()) == {2}


# -------------------------------------------------------- one error for runs that diverge, versions


@pytest.mark.parametrize("caught", [gs.DivergenceError, FloatingPointError, ArithmeticError])
def test_every_run_that_diverges_raises_the_same_error(caught):
    A_star = gs.make_dictionary(12, 3, 2, rng=0)
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=0)
    Y = gs.sample(A_star, 40, 1, 2, rng=0).Y
    runs = [
        lambda: gs.train(A, Y, 1.0, 2, 500, optimizer="gradient_descent", step_size=1.0),
        lambda: gs.train_sparse(A, Y, 500, step_size=1e3),
        lambda: gs.dglnn_path(Y, Y[:, 0], 4, alpha=1.0, gamma=1e6, algorithm="gradient_descent"),
        lambda: gs.signed_path(Y, Y[:, 0], alpha=1.0, step_size=1e6),
    ]
    for run in runs:
        with pytest.raises(caught, match="lower|shorten") as told:
            run()
        assert type(told.value) is gs.DivergenceError


def test_versions_are_printed_for_reports_of_bugs(capsys):
    assert gs.show_versions() is None
    printed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (printed["gsae_ref"], printed["numpy"], printed["python"]) == (
        gs.__version__,
        np.__version__,
        sys.version.split()[0],
    )
    assert {"scipy", "numba", "scikit-learn", "threads", "cores", "BLAS", "machine"} <= set(printed)
