"""A run that remembers which groups sleep gives what a run that forgets gives: the same support, the same bits, in less time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS

import gsae_ref as gs
from gsae_ref.kernels import autoencoder, lazy, passes
from gsae_ref.kernels.lazy import Memory
from gsae_ref.ops import FixedSamples

both_dtypes = pytest.mark.parametrize(
    "dtype", [np.float64, np.float32], ids=lambda dtype: dtype.__name__
)


@pytest.fixture(autouse=True, scope="module")
def small_chunks():
    """Let small inputs be cut into chunks as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autoencoder, "CHUNK_WORK", 1)
        yield


def instance(seed, n_samples=700, n_groups=40, size=2, dtype=np.float64, n_features=200):
    """A dictionary near the truth, samples with 2 of 40 groups active, and a threshold between the two kinds of norms."""
    A_star = gs.make_dictionary(n_features, n_groups, size, rng=seed)
    Y = gs.sample(A_star, n_samples, 2, size, rng=seed).Y
    A = gs.perturb_dictionary(A_star, correlation=0.9, rng=seed)
    return (A / np.linalg.norm(A, axis=0)).astype(dtype), Y.astype(dtype)


def descend(A, Y, lam, n_steps, memory, kind="exact", step=0.3, n_threads=None):
    """Gradient descent; yields the dictionary, cost, gradient and support of every step. lam is a number or a function of the step."""
    found = np.empty((len(Y), A.shape[1] // 2), bool)
    for t in range(n_steps):
        threshold = lam(t) if callable(lam) else lam
        cost, G = autoencoder.loss_and_grad(
            A, Y, threshold, 2, kind, n_threads, memory=memory, found=found
        )
        yield A, threshold, cost, G, found.copy()
        A = A - A.dtype.type(step) * G


@both_dtypes
@pytest.mark.parametrize("kind", ["exact", "appendix_b", "approximate"])
def test_a_run_with_memory_has_the_bits_of_one_without(kind, dtype):
    A, Y = instance(0, dtype=dtype)
    runs = [list(descend(A, Y, 2.0, 25, memory, kind)) for memory in (Memory(Y, 40), None)]
    for (_, _, cost, G, found), (_, _, cost_0, G_0, found_0) in zip(*runs, strict=True):
        assert cost == cost_0
        assert np.array_equal(G, G_0)
        assert np.array_equal(found, found_0)


@both_dtypes
@pytest.mark.parametrize("seed", range(3))
def test_a_small_run_that_remembers_gives_the_same_numbers(seed, dtype):
    """Small enough for kernels that run as plain Python. Groups fall asleep, wake, and are renewed by a screen."""
    A, Y = instance(seed, n_samples=20, n_groups=30, dtype=dtype, n_features=100)
    lam = lambda t: (2.0, 2.0, 2.0, 1.9, 2.2, 2.1, 2.1, 2.1)[t]
    memory = Memory(Y, 30)
    kept = list(descend(A, Y, lam, 8, memory, step=0.1))
    plain = list(descend(A, Y, lam, 8, None, step=0.1))
    for (_, threshold, cost, G, found), (A_t, _, cost_0, G_0, found_0) in zip(
        kept, plain, strict=True
    ):
        assert cost == cost_0 and np.array_equal(G, G_0) and np.array_equal(found, found_0)
        norms = np.linalg.norm((Y.astype(float) @ A_t.astype(float)).reshape(len(Y), -1, 2), axis=2)
        assert np.array_equal(found, norms > threshold)
    assert (memory.wakes > memory.path).mean() > 0.5  # most pairs sleep
    assert memory.path.min() > 0


def missed(seed, lams, step):
    """Active groups not found, and inactive ones found, along a random walk of the dictionary; norms at the rounding of lam aside."""
    A, Y = instance(seed % 1000, n_samples=150)
    memory = Memory(Y, 40)
    rng = np.random.default_rng(seed)
    found = np.empty((len(Y), 40), bool)
    count = 0
    for lam in lams:
        autoencoder.loss_and_grad(A, Y, lam, 2, "exact", memory=memory, found=found)
        norms = np.linalg.norm((Y @ A).reshape(len(Y), -1, 2), axis=2)
        sure = np.abs(norms - lam) > 1e-12 * np.linalg.norm(A) * np.linalg.norm(
            Y, axis=1, keepdims=True
        )
        count += np.sum((found != (norms > lam))[sure])
        A = A + step * rng.normal(size=A.shape) / 30
    return count


@settings(deadline=None, max_examples=40)
@given(
    seed=SEEDS,
    lams=st.lists(st.sampled_from([0.0, 0.7, 1.5, 2.0, 2.5, 50.0]), min_size=3, max_size=8),
    step=st.sampled_from([1e-4, 0.01, 0.1, 1.0, 100.0]),
)
def test_no_active_group_is_ever_missed(seed, lams, step):
    """Thresholds that go up and down, dictionaries that creep and jump, few and many active groups."""
    assert missed(seed, lams, step) == 0


def test_the_bits_do_not_depend_on_the_number_of_threads():
    A, Y = instance(1)
    runs = [
        [(cost, G) for _, _, cost, G, _ in descend(A, Y, 2.0, 8, Memory(Y, 40), n_threads=n)]
        for n in (1, 2, 4)
    ]
    for one, *others in zip(*runs, strict=True):
        assert all(one[0] == other[0] and np.array_equal(one[1], other[1]) for other in others)


def test_most_pairs_sleep_through_most_steps(monkeypatch):
    A, Y = instance(2)
    looked_at = []
    screens = []
    find = lazy.due
    renew = autoencoder.renew

    def counting(wakes, limits, room, candidates, ends):
        ok = find(wakes, limits, room, candidates, ends)
        looked_at.append(ends[len(wakes) - 1] / wakes.size if ok else 1.0)
        return ok

    monkeypatch.setattr(lazy, "due", counting)
    monkeypatch.setattr(autoencoder, "renew", lambda *args: screens.append(1) or renew(*args))
    steps = list(descend(A, Y, 2.0, 30, Memory(Y, 40), step=0.05))
    blocks = len(looked_at) // len(steps)
    assert blocks <= len(screens) <= 5 * blocks  # the first step, and a few of the next 29
    assert np.median(looked_at) < 0.12  # 5 % are active


def test_dense_supports_fall_back_to_matrix_products():
    A, Y = instance(3)
    memory = Memory(Y, 40)
    runs = [list(descend(A, Y, 0.05, 3, m)) for m in (memory, None)]
    assert runs[0][0][4].mean() > 0.5
    assert all(np.array_equal(a[3], b[3]) for a, b in zip(*runs, strict=True))
    assert np.isneginf(memory.wakes).all()  # nobody was sent to sleep


def test_a_sample_of_zeros_sleeps_for_ever():
    A, Y = instance(4)
    Y[5] = 0
    memory = Memory(Y, 40)
    *_, last = descend(A, Y, 2.0, 4, memory)
    assert not last[4][5].any()
    assert (memory.wakes[5] > 1e37).all()


@pytest.mark.parametrize("x", [0.0, 1.0, -1.0, 1e-3, 1e300, np.inf, 1e-44, 123.456])
def test_rounding_down_never_rounds_up(x):
    assert passes.rounded_down(x) < x
    assert np.isfinite(passes.rounded_down(x))
    if 1e-30 < abs(x) < 1e30:
        assert abs(passes.rounded_down(x) - x) < 3e-7 * abs(x)


@pytest.mark.parametrize("fault", ["the path does not grow", "a lower threshold wakes nobody"])
def test_a_memory_that_forgets_is_caught(monkeypatch, fault):
    if fault.startswith("the path"):
        monkeypatch.setattr(lazy, "moved", lambda *args: 1.0)
        assert missed(5, [2.0] * 6, 1.0) > 0
    else:
        follow = Memory.follow
        monkeypatch.setattr(
            Memory,
            "follow",
            lambda self, AT, lam, size: follow(self, AT, max(lam, min(self.lam, 1e9)), size),
        )
        assert missed(5, [2.5, 1.5], 1e-4) > 0


def test_the_path_bounds_the_movement():
    rng = np.random.default_rng(0)
    AT = rng.normal(size=(6, 9))
    path = np.zeros(3)
    before = AT.copy()
    start = AT.copy()
    for _ in range(5):
        AT = AT + 0.1 * rng.normal(size=AT.shape)
        largest = passes.moved(AT, before, 2, path)
    straight = np.linalg.norm((AT - start).reshape(3, -1), axis=1)
    assert (path >= straight).all()
    assert largest == pytest.approx(np.linalg.norm(AT.reshape(3, -1), axis=1).max(), rel=1e-14)
    assert np.array_equal(before, AT)


def test_limits_leave_room_for_rounding_by_the_size_of_the_groups():
    """A group sleeps while its norm is below its limit: what it has moved, and twice the rounding of the largest group's product."""
    AT = 1000 * np.random.default_rng(0).normal(size=(6, 9))
    memory = Memory(np.ones((4, 9)), 3)
    memory.follow(AT, 1.0, 2)
    largest = np.linalg.norm(AT.reshape(3, -1), axis=1)
    k = (9 + 2 + 4) * np.finfo(float).eps
    np.testing.assert_allclose(
        memory.limits - memory.path, 2 * k / (1 - k) * largest.max(), rtol=0.1
    )
    np.testing.assert_allclose(memory.path, largest)  # from zero


# ------------------------------------------------------------------------------------------------ the door


@pytest.mark.parametrize("engine", ["auto", "reference", "numba"])
@pytest.mark.parametrize("gradient", ["exact", "approximate"])
def test_fixed_samples_give_what_the_door_gives(engine, gradient):
    A, Y = instance(6)
    at = FixedSamples(Y, 2, gradient, engine)
    for lam in (2.0, 2.2, 1.0, 0.0):
        cost, G = at(A, lam)
        expected_cost, expected = gs.loss_and_grad(A, Y, lam, 2, gradient, "reference")
        assert cost == pytest.approx(expected_cost, rel=1e-12)
        assert np.linalg.norm(G - expected) <= 1e-12 * np.linalg.norm(expected)
        assert np.array_equal(
            at.active, np.linalg.norm((Y @ A).reshape(len(Y), -1, 2), axis=2) > lam
        )
        A = A - 0.3 * G


def test_fixed_samples_take_dictionaries_of_other_sizes_and_types():
    A, Y = instance(7)
    at = FixedSamples(Y, 2, engine="numba")
    for B in (A, A[:, :20], A.astype(np.float32), A):
        assert at(B, 2.0)[0] == pytest.approx(gs.loss(B, Y, 2.0, 2), rel=1e-12)
        assert at.active.shape == (len(Y), B.shape[1] // 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda Y: FixedSamples(Y[0], 2), "Y has shape .* it must be 2-D"),
        (lambda Y: FixedSamples(Y * np.nan, 2), "Y has .* NaN"),
        (lambda Y: FixedSamples(Y, 2, "exakt"), "gradient = 'exakt' is unknown"),
        (lambda Y: FixedSamples(Y, 2, engine="cuda"), "engine = 'cuda' is unknown"),
        (lambda Y: FixedSamples(Y, 2)(np.eye(6), 1.0), "Y has shape .* 6 are needed"),
        (lambda Y: FixedSamples(Y, 2)(np.ones((200, 3)), 1.0), "group_size = 2 does not divide"),
        (lambda Y: FixedSamples(Y, 2)(np.ones((200, 4)), -1.0), "lam = -1.0 is negative"),
    ],
)
def test_fixed_samples_refuse_what_the_door_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call(instance(8)[1])
