"""The choice of engine: which one "auto" takes, and that it changes the time only."""

import os
import subprocess
import sys

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.kernels import autoencoder
from gsae_ref.ops import engine


def network(n_samples, seed=0):
    A_star = gs.make_dictionary(200, 100, 2, rng=seed)
    Y = gs.sample(A_star, n_samples, 3, 2, rng=seed).Y
    return gs.perturb_dictionary(A_star, delta=0.2, group_size=2, rng=seed), Y


@pytest.fixture
def kernel_calls(monkeypatch):
    calls = []
    real = autoencoder.loss_and_grad

    def spy(A, Y, *rest, **options):
        calls.append(len(Y))
        return real(A, Y, *rest, **options)

    monkeypatch.setattr(autoencoder, "loss_and_grad", spy)
    return calls


@pytest.mark.skipif(engine.compiler_disabled(), reason="then auto takes the reference")
def test_auto_takes_the_kernel_for_large_problems_only(kernel_calls):
    A, Y = network(300)
    gs.loss_and_grad(A, Y, 2.0, 2)
    assert kernel_calls == [300]
    for few in (Y[:63], Y[:200]):  # too few samples; enough samples, too little work
        gs.loss_and_grad(A, few, 2.0, 2)
    gs.loss_and_grad(A, Y, 2.0, 2, engine="reference")
    gs.loss_and_grad(A, Y, 2.0, 2, "approximate", support=np.zeros((300, 1), dtype=int))
    assert kernel_calls == [300]
    gs.loss_and_grad(A, Y[0], 2.0, 2, engine="numba")
    assert kernel_calls == [300, 1]


@pytest.mark.parametrize("gradient", ["exact", "appendix_b", "approximate"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
@pytest.mark.parametrize("lam", [0.0, 0.2, 2.0, 100.0])
def test_both_engines_give_the_same_gradient_through_the_door(gradient, dtype, tolerance, lam):
    A, Y = (M.astype(dtype) for M in network(70))
    cost, G = gs.loss_and_grad(A, Y, lam, 2, gradient, engine="numba")
    expected_cost, expected = gs.loss_and_grad(A, Y, lam, 2, gradient, engine="reference")
    assert (G.dtype, type(cost)) == (dtype, float)
    assert cost == pytest.approx(expected_cost, rel=tolerance)
    assert np.linalg.norm(G - expected) <= tolerance * max(np.linalg.norm(expected), 1e-300)


def test_without_threadpoolctl_one_thread_gives_the_same_bits(monkeypatch):
    A, Y = network(300)
    expected = gs.loss_and_grad(A, Y, 2.0, 2, engine="numba")[1]
    monkeypatch.setattr(engine, "_controller", lambda: None)
    with engine.one_blas_thread() as limited:
        assert not limited
    assert gs.loss_and_grad(A, Y, 2.0, 2, engine="numba")[1].tobytes() == expected.tobytes()


def test_a_given_support_needs_the_reference():
    A, Y = network(70)
    support = np.zeros((70, 1), dtype=int)
    message = "engine='numba'; the kernel estimates it; use engine='auto'"
    with pytest.raises(ValueError, match=message):
        gs.loss_and_grad(A, Y, 2.0, 2, "approximate", engine="numba", support=support)


def test_auto_takes_the_reference_when_the_compiler_is_disabled():
    program = (
        "import numpy as np, gsae_ref as gs; from gsae_ref.ops.engine import use_kernel;"
        "A = np.zeros((1000, 1000));"
        "print(*(use_kernel(engine, 1000, A) for engine in ('auto', 'numba', 'reference')))"
    )
    command = [sys.executable, "-c", program]
    environment = {"NUMBA_DISABLE_JIT": "1", "PATH": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


# ---- threads


@pytest.fixture
def default_threads():
    yield
    gs.set_num_threads(None)


def test_the_number_of_threads_can_be_set_and_changes_no_bit(default_threads):
    A, Y = network(300)
    results = []
    for n_threads in (1, 2, 4):
        gs.set_num_threads(n_threads)
        assert gs.get_num_threads() == n_threads
        results.append(gs.loss_and_grad(A, Y, 2.0, 2, engine="numba")[1].tobytes())
    assert len(set(results)) == 1


@pytest.mark.parametrize("name", ["GSAE_REF_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"])
def test_the_usual_environment_variables_limit_the_threads(name, monkeypatch, default_threads):
    monkeypatch.setenv(name, "1")
    assert gs.get_num_threads() == 1
    monkeypatch.setenv(name, "not a number")
    assert gs.get_num_threads() >= 1
    gs.set_num_threads(3)  # the program overrides the environment
    assert gs.get_num_threads() == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "n_threads = 0; it must be at least 1"),
        (2.0, "n_threads = 2.0 has type float"),
        ("2", "n_threads = '2' has type str"),
    ],
)
def test_a_bad_number_of_threads_is_refused(value, message):
    with pytest.raises((TypeError, ValueError), match=message):
        gs.set_num_threads(value)


# ---- the threshold


@pytest.mark.parametrize("lam", [0.0, 1.0])
def test_a_large_threshold_is_compiled_and_equal(lam, monkeypatch):
    Z = np.random.default_rng(0).normal(size=(600, 2000))
    V = np.random.default_rng(1).normal(size=Z.shape)
    ours = gs.group_soft_threshold(Z, lam, 4), gs.group_soft_threshold_vjp(Z, V, lam, 4)
    monkeypatch.setattr(engine, "ENOUGH_ENTRIES", np.inf)
    plain = gs.group_soft_threshold(Z, lam, 4), gs.group_soft_threshold_vjp(Z, V, lam, 4)
    for a, b in zip(ours, plain, strict=True):
        assert np.linalg.norm(a - b) <= 1e-15 * np.linalg.norm(b)
        assert a.shape == b.shape


# Prints the ticks that threads other than this one used during a product of long vectors, and
# during calls of doors.
DOOR = """
import os, sys, threading, time
import numpy as np
import gsae_ref as gs

def ticks_of_others():
    own = threading.get_native_id()
    total = 0
    for thread in os.listdir("/proc/self/task"):
        if int(thread) != own:
            text = open(f"/proc/self/task/{thread}/stat").read().rpartition(")")[2].split()
            total += int(text[11]) + int(text[12])
    return total

def used_by_others(calls):
    time.sleep(0.3)  # the threads of the calls before fall asleep
    before = ticks_of_others()
    for call in calls:
        call()
        time.sleep(0.05)
    time.sleep(0.1)
    return ticks_of_others() - before

gs.set_num_threads(1)
A = gs.make_dictionary(100, 40, 2, rng=0)
Y = gs.sample(A, 2000, 3, 2, rng=0).Y
W = gs.make_dictionary(100, 100, 1, rng=0)
flat = Y.ravel()
at = gs.ops.FixedSamples(Y, 2, engine="numba")
doors = (
    lambda: gs.loss_and_grad(A, Y, 2.0, 2, engine="numba"),
    lambda: gs.unfolded_loss_and_grad(A, Y, 2.0, 2, 3, engine="numba"),
    lambda: gs.sparse_loss_and_grad(W, Y, -0.5, engine="numba"),
    lambda: at(A, 2.0),
)
for door in doors:
    door()  # compiles
print(used_by_others([lambda: np.dot(flat, flat)] * 3), used_by_others(doors))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_a_door_starts_no_threads_of_blas_beside_its_kernel():
    pytest.importorskip("threadpoolctl")
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-c", DOOR]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    product, doors = map(int, done.stdout.split())
    if product == 0:
        pytest.skip("this BLAS uses one thread, or its threads do not wait for more work")
    assert doors == 0
