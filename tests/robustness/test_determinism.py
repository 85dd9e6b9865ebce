"""Same seed, same bits, for any number of runs, threads and workers; without compiler to rounding.

With GSAE_REF_FAULTS there are more runs, and Dask clusters.
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

MANY = bool(os.environ.get("GSAE_REF_FAULTS"))
HERE = Path(__file__).parent
REPOSITORY = str(Path(gs.__file__).parents[1])


def in_a_process(tmp_path, name, **environment):
    """Results of a new process."""
    environment = {**os.environ, "PYTHONPATH": REPOSITORY, **environment}
    command = [sys.executable, HERE / "fingerprints.py", tmp_path / name]
    subprocess.run(command, env=environment, capture_output=True, timeout=300, check=True)
    with np.load(tmp_path / name, allow_pickle=False) as found:
        return dict(found)


def test_the_same_bits_in_many_runs(capsys):
    runs = 100 if MANY else 5
    seen = [fingerprints.hashes(fingerprints.results()) for _ in range(runs)]
    if MANY:
        different = {tuple(each.values()) for each in seen}
        with capsys.disabled():
            print(f"\n{len(seen[0])} results, {runs} runs: {len(different)} set of bits")
    assert all(each == seen[0] for each in seen)


def test_another_seed_gives_other_bits():
    A_star = gs.make_dictionary(30, 10, 2, rng=1)
    drawn = [gs.sample(A_star, 20, 2, 2, rng=seed).Y.tobytes() for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_same_bits_for_any_number_of_threads_in_any_process(tmp_path):
    names = ("GSAE_REF_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONHASHSEED")
    seen = []
    for n in ("1", "2", "4") if MANY else ("1", "2"):
        found = in_a_process(tmp_path, f"{n}.npz", **dict.fromkeys(names, n))
        seen.append(fingerprints.hashes(found))
    assert all(each == seen[0] for each in seen)


@pytest.mark.skipif(engine.compiler_disabled(), reason="nothing is compiled")
def test_without_the_compiler_the_results_are_the_same_to_rounding(tmp_path):
    plain = in_a_process(tmp_path, "plain.npz", NUMBA_DISABLE_JIT="1")
    for name, compiled in fingerprints.results().items():
        tolerance = {"float32": 1e-6, "float64": 1e-13}.get(compiled.dtype.name, 0)
        assert compiled.dtype == plain[name].dtype
        assert fingerprints.distance(compiled, plain[name]) <= tolerance, name


# ---- memory


@pytest.mark.parametrize("shift", [1, 2, 4])
def test_the_same_bits_for_unaligned_arrays(shift):
    """A block that comes over a network or from the middle of a file may begin at any byte."""

    def moved(x):
        view = np.zeros(x.nbytes + shift, np.uint8)[shift:].view(x.dtype).reshape(x.shape)
        view[...] = x
        assert not view.flags.aligned
        return view

    A = gs.make_dictionary(30, 10, 2, rng=1)
    Y = gs.sample(A, 104, 2, 2, rng=2).Y
    for engine_name in ["reference", "numba", "auto"]:
        cost, G = gs.loss_and_grad(A, Y, 1.5, 2, engine=engine_name)
        moved_cost, moved_G = gs.loss_and_grad(moved(A), moved(Y), 1.5, 2, engine=engine_name)
        assert (moved_cost, moved_G.tobytes()) == (cost, G.tobytes())
        X = gs.encode(A, Y, 1.5, 2)
        assert gs.encode(moved(A), moved(Y), 1.5, 2).tobytes() == X.tobytes()


# ---- workers


ROWS = ["T21-prop2", "T21-eq42"]


def test_the_same_numbers_for_any_number_of_workers():
    workers = [(1, "loky"), (2, "threading")]
    if MANY:
        workers += [(2, "loky"), (3, "loky"), (-1, "loky")]
    reports = [
        gs.verify(only=ROWS, quick=True, n_jobs=n_jobs, backend=backend).to_dict()
        for n_jobs, backend in workers
    ]
    assert all(report == reports[0] for report in reports)


@pytest.mark.skipif(not MANY, reason="starts Dask clusters: GSAE_REF_FAULTS=1")
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_same_bits_on_dask_workers(workers):
    distributed = pytest.importorskip("distributed")
    import dask.array as da

    A_star = gs.make_dictionary(30, 10, 2, rng=1)
    Y = gs.sample(A_star, 1000, 2, 2, rng=2).Y
    expected = gs.full_batch_gradient(A_star, Y, 1.5, 2, block_size=128)
    report = gs.verify(only=ROWS, quick=True).to_dict()
    with distributed.Client(n_workers=workers, threads_per_worker=2, dashboard_address=":0"):
        chunks = da.from_array(Y, chunks=(100, 30))
        cost, G = gs.full_batch_gradient(A_star, chunks, 1.5, 2, block_size=128)
        assert (cost, G.tobytes()) == (expected[0], expected[1].tobytes())
        assert gs.verify(only=ROWS, quick=True, backend="dask").to_dict() == report


# ---- threads of the caller


def blas_threads():
    from threadpoolctl import threadpool_info

    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]


@pytest.fixture(params=["a limit of the caller", "no limit of the caller"])
def two_blas_threads(request):
    """Two threads for BLAS, with and without a context of threadpoolctl, which locks the limit."""
    threadpoolctl = pytest.importorskip("threadpoolctl")
    import scipy.linalg  # noqa: F401  (loads a BLAS of its own)

    found = threadpoolctl.ThreadpoolController().lib_controllers
    libraries = [library for library in found if library.user_api == "blas"]
    before = [library.get_num_threads() for library in libraries]
    context = contextlib.nullcontext()
    if request.param == "a limit of the caller":
        context = threadpoolctl.threadpool_limits(2, "blas")
    with context:
        for library in libraries:
            engine._set(library, 2)
        if set(blas_threads()) != {2}:
            pytest.skip("NOT TESTED: this BLAS does not run on two threads")
        yield
    for library, n_threads in zip(libraries, before, strict=True):
        engine._set(library, n_threads)


def test_the_limit_lasts_until_the_last_thread_leaves(two_blas_threads):
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


def test_ctrl_c_at_any_point_leaves_the_limit_as_it_was(two_blas_threads):
    """Python raises KeyboardInterrupt where a function starts or a call returns."""
    interrupted = list[str]()
    while (point := interrupt_limit(len(interrupted) + 1)) is not None:
        interrupted.append(point)
        assert (set(blas_threads()), engine._limit.inside) == ({2}, set()), interrupted
    assert {"one_blas_thread", "enter", "_set", "leave"} <= set(interrupted)


def interrupt_limit(number):
    """Enter and leave, interrupted at this point; the function there, None if there are less."""
    files = engine.__file__, contextlib.__file__
    passed = list[str]()

    def interrupt(frame, event, argument):
        if sys.version_info < (3, 11) and event == "call" and frame.f_lasti >= 0:
            return  # a generator that goes on: an error here would end it without its "finally"
        if event in ("call", "c_return") and frame.f_code.co_filename in files:
            passed.append(frame.f_code.co_name)
            if len(passed) == number:
                sys.setprofile(None)
                raise KeyboardInterrupt

    sys.setprofile(interrupt)
    try:
        with one_blas_thread():
            pass
    except KeyboardInterrupt:
        return passed[-1]
    finally:
        sys.setprofile(None)
    return None


def test_a_blas_loaded_later_is_limited_too():
    pytest.importorskip("threadpoolctl")
    program = """
import sys
from threadpoolctl import threadpool_info
from gsae_ref.ops.engine import one_blas_thread
def threads():
    libraries = [lib for lib in threadpool_info() if lib["user_api"] == "blas"]
    return sorted({lib["num_threads"] for lib in libraries})
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
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "PYTHONPATH": REPOSITORY}
    options = {"env": environment, "capture_output": True, "text": True, "timeout": 60}
    done = subprocess.run([sys.executable, "-c", program], **options, check=True)
    one_processor = "False [1] [1] [1] [1] [1]"
    assert done.stdout.strip() in ("False [1] [1] [2] [1] [2]", one_processor)


def test_concurrent_calls_give_the_same_bits_and_leave_no_limit(two_blas_threads):
    A_star = gs.make_dictionary(100, 100, 2, rng=0)
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=0)
    Y = gs.sample(A_star, 400, 2, 2, rng=0).Y
    calls = {
        "numba": lambda: gs.loss_and_grad(A, Y, 1.5, 2, engine="numba")[1],
        "unfolded": lambda: gs.unfolded_loss_and_grad(A, Y[:100], 1.5, 2, 3, engine="numba")[1],
        "path": lambda: gs.dglnn_path(Y[:20], Y[:20, 0], 4, n_epochs=50, alpha=0.01).x,
    }
    expected = {name: call().tobytes() for name, call in calls.items()}
    results = []

    def work(k):
        for _ in range(3):
            for name in list(calls)[k % 3 :] + list(calls)[: k % 3]:
                results.append((name, calls[name]().tobytes()))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 * 3 * 3
    assert all(result == expected[name] for name, result in results)
    assert set(blas_threads()) == {2}


# ---- divergence, versions


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
        with pytest.raises(caught, match="lower|shorten") as error:
            run()
        assert type(error.value) is gs.DivergenceError


def test_variables_that_force_a_blas_kernel_are_reported(monkeypatch):
    from gsae_ref.versions import FORCING, versions

    for name in FORCING:
        monkeypatch.delenv(name, raising=False)
    pytest.importorskip("threadpoolctl")
    assert "forced" not in versions()["BLAS"]
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert versions()["BLAS"].endswith(", forced by OPENBLAS_CORETYPE=Haswell")


def test_show_versions_prints_the_versions(capsys):
    assert gs.show_versions() is None
    printed = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (printed["gsae_ref"], printed["numpy"], printed["python"]) == (
        gs.__version__,
        np.__version__,
        sys.version.split()[0],
    )
    assert {"scipy", "numba", "scikit-learn", "threads", "cores", "BLAS", "machine"} <= set(printed)
