"""A run with bounds on inactive groups gives the support and the bits of a run without."""

from typing import NamedTuple

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
        patch.setattr(autoencoder, "SMALLEST_CHUNK", 128)
        yield


def instance(seed, n_samples=700, n_groups=40, size=2, dtype=np.float64, n_features=200):
    """A dictionary near the truth, and samples with 2 of 40 groups active."""
    A_star = gs.make_dictionary(n_features, n_groups, size, rng=seed)
    Y = gs.sample(A_star, n_samples, 2, size, rng=seed).Y
    A = gs.perturb_dictionary(A_star, correlation=0.9, rng=seed)
    return (A / np.linalg.norm(A, axis=0)).astype(dtype), Y.astype(dtype)


class Step(NamedTuple):
    A: np.ndarray
    lam: float
    cost: float
    G: np.ndarray
    support: np.ndarray


def descend(A, Y, thresholds, memory, gradient="exact", step=0.3, n_threads=None):
    """Gradient descent, one step for each threshold."""
    support = np.empty((len(Y), A.shape[1] // 2), bool)
    options = {"n_threads": n_threads, "memory": memory, "support": support}
    for lam in thresholds:
        cost, G = autoencoder.loss_and_grad(A, Y, lam, 2, gradient, **options)
        yield Step(A, lam, cost, G, support.copy())
        A = A - A.dtype.type(step) * G


@both_dtypes
def test_steps_use_the_same_bounded_memory_for_their_gradients(dtype):
    A, Y = instance(0, dtype=dtype)
    memory = Memory(Y, A.shape[1] // 2)
    memory.active = 0.0
    list(descend(A, Y, [1.0], memory))
    first = {chunk: id(array) for chunk, array in memory.gradients.items()}
    list(descend(A, Y, [1.0, 1.0], memory))
    assert {chunk: id(array) for chunk, array in memory.gradients.items()} == first
    assert len(first) > 1
    kept = sum(array.nbytes for array in memory.gradients.values())
    assert kept <= max(autoencoder.CHUNK_BYTES, 2 * A.nbytes)


def same_bits(one, other):
    return (
        one.cost == other.cost
        and np.array_equal(one.G, other.G)
        and np.array_equal(one.support, other.support)
    )


@both_dtypes
@pytest.mark.parametrize("gradient", ["exact", "appendix_b", "approximate"])
def test_a_run_with_memory_has_the_bits_of_one_without(gradient, dtype):
    A, Y = instance(0, dtype=dtype)
    bounded = descend(A, Y, 25 * [2.0], Memory(Y, 40), gradient)
    plain = descend(A, Y, 25 * [2.0], None, gradient)
    assert all(same_bits(*steps) for steps in zip(bounded, plain, strict=True))


@both_dtypes
@pytest.mark.parametrize("seed", range(3))
def test_a_small_run_with_memory_gives_the_same_numbers(seed, dtype):
    """Small enough for kernels as plain Python; bounds are set, invalidated and renewed."""
    A, Y = instance(seed, n_samples=20, n_groups=30, dtype=dtype, n_features=100)
    thresholds = (2.0, 2.0, 2.0, 1.9, 2.2, 2.1, 2.1, 2.1)
    memory = Memory(Y, 30)
    bounded = list(descend(A, Y, thresholds, memory, step=0.1))
    plain = list(descend(A, Y, thresholds, None, step=0.1))
    for one, other in zip(bounded, plain, strict=True):
        assert same_bits(one, other)
        Z = Y.astype(float) @ other.A.astype(float)
        assert np.array_equal(one.support, group_norms(Z) > one.lam)
    assert (memory.until > memory.path).mean() > 0.5  # most pairs are certified
    assert memory.path.min() > 0


def group_norms(Z):
    return np.linalg.norm(Z.reshape(len(Z), -1, 2), axis=2)


def n_wrong(seed, lams, step):
    """Wrong entries of the supports along a random walk of the dictionary.

    Norms within rounding of lam are left out.
    """
    A, Y = instance(seed % 1000, n_samples=150)
    memory = Memory(Y, 40)
    rng = np.random.default_rng(seed)
    support = np.empty((len(Y), 40), bool)
    count = 0
    for lam in lams:
        autoencoder.loss_and_grad(A, Y, lam, 2, "exact", memory=memory, support=support)
        norms = group_norms(Y @ A)
        rounding = 1e-12 * np.linalg.norm(A) * np.linalg.norm(Y, axis=1, keepdims=True)
        sure = np.abs(norms - lam) > rounding
        count += np.sum((support != (norms > lam))[sure])
        A = A + step * rng.normal(size=A.shape) / 30
    return count


@settings(deadline=None, max_examples=40)
@given(
    seed=SEEDS,
    lams=st.lists(st.sampled_from([0.0, 0.7, 1.5, 2.0, 2.5, 50.0]), min_size=3, max_size=8),
    step=st.sampled_from([1e-4, 0.01, 0.1, 1.0, 100.0]),
)
def test_no_active_group_is_ever_missed(seed, lams, step):
    """Thresholds rise and fall, dictionaries creep and jump, few and many groups are active."""
    assert n_wrong(seed, lams, step) == 0


def test_the_bits_do_not_depend_on_the_number_of_threads():
    A, Y = instance(1)
    one, two, four = (descend(A, Y, 8 * [2.0], Memory(Y, 40), n_threads=n) for n in (1, 2, 4))
    for a, b, c in zip(one, two, four, strict=True):
        assert same_bits(a, b)
        assert same_bits(a, c)


def test_most_steps_examine_few_pairs(monkeypatch):
    A, Y = instance(2)
    examined = []
    screens = []
    list_uncertain = lazy.list_uncertain
    renew = autoencoder.renew

    def count_pairs(until, limits, room, candidates):
        few = list_uncertain(until, limits, room, candidates)
        examined.append(candidates.ends[len(until) - 1] / until.size if few else 1.0)
        return few

    def count_screens(*arguments):
        screens.append(1)
        renew(*arguments)

    monkeypatch.setattr(lazy, "list_uncertain", count_pairs)
    monkeypatch.setattr(autoencoder, "renew", count_screens)
    steps = list(descend(A, Y, 30 * [2.0], Memory(Y, 40), step=0.05))
    blocks = len(examined) // len(steps)
    assert blocks <= len(screens) <= 5 * blocks  # the first step, and a few of the next 29
    assert np.median(examined) < 0.12  # 5 % are active


def test_dense_supports_fall_back_to_matrix_products():
    A, Y = instance(3)
    memory = Memory(Y, 40)
    bounded = list(descend(A, Y, 3 * [0.05], memory))
    plain = list(descend(A, Y, 3 * [0.05], None))
    assert bounded[0].support.mean() > 0.5
    assert all(same_bits(*steps) for steps in zip(bounded, plain, strict=True))
    assert np.isneginf(memory.until).all()  # no pair has a bound


def test_all_groups_of_a_sample_of_zeros_are_inactive_for_ever():
    A, Y = instance(4)
    Y[5] = 0
    memory = Memory(Y, 40)
    *_, last = descend(A, Y, 4 * [2.0], memory)
    assert not last.support[5].any()
    assert (memory.until[5] > 1e37).all()


@pytest.mark.parametrize("x", [0.0, 1.0, -1.0, 1e-3, 1e300, np.inf, 1e-44, 123.456])
def test_rounding_down_never_rounds_up(x):
    below = passes.round_down(x)
    assert below < x
    assert np.isfinite(below)
    if 1e-30 < abs(x) < 1e30:
        assert abs(below - x) < 3e-7 * abs(x)


def test_a_path_that_does_not_grow_is_noticed(monkeypatch):
    monkeypatch.setattr(lazy, "lengthen_paths", lambda *arguments: 1.0)
    assert n_wrong(5, [2.0] * 6, 1.0) > 0


def test_bounds_that_outlive_a_lower_threshold_are_noticed(monkeypatch):
    follow = Memory.follow

    def follow_wrongly(self, AT, lam, size):
        follow(self, AT, max(lam, min(self.lam, 1e9)), size)

    monkeypatch.setattr(Memory, "follow", follow_wrongly)
    assert n_wrong(5, [2.5, 1.5], 1e-4) > 0


def test_the_path_bounds_the_movement():
    rng = np.random.default_rng(0)
    AT = rng.normal(size=(6, 9))
    path = np.zeros(3)
    before = AT.copy()
    start = AT.copy()
    for _ in range(5):
        AT = AT + 0.1 * rng.normal(size=AT.shape)
        largest = passes.lengthen_paths(AT, before, 2, path)
    straight = np.linalg.norm((AT - start).reshape(3, 2, 9), 2, axis=(1, 2))
    assert (path >= straight).all()
    assert largest == pytest.approx(np.linalg.norm(AT.reshape(3, -1), axis=1).max(), rel=1e-14)
    assert np.array_equal(before, AT)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_bound_of_an_eigenvalue_is_near_it(size):
    rng = np.random.default_rng(size)
    for scale in (1e-150, 1.0, 1e150):
        M = rng.normal(size=(size, 3))
        M = scale * (M @ M.T)
        largest = np.linalg.eigvalsh(M)[-1]
        assert largest * (1 - 1e-12) <= passes.bound_eigenvalue(M) <= size**0.125 * 1.01 * largest
    assert passes.bound_eigenvalue(np.eye(size)) == pytest.approx(size**0.125)
    assert passes.bound_eigenvalue(np.zeros((size, size))) == 0


def test_limits_leave_room_for_rounding_by_the_size_of_the_groups():
    """The limit is the path, and twice the rounding of the largest group's product."""
    AT = 1000 * np.random.default_rng(0).normal(size=(6, 9))
    memory = Memory(np.ones((4, 9)), 3)
    memory.follow(AT, 1.0, 2)
    largest = np.linalg.norm(AT.reshape(3, -1), axis=1)
    k = (9 + 2 + 4) * np.finfo(float).eps
    np.testing.assert_allclose(
        memory.limits - memory.path, 2 * k / (1 - k) * largest.max(), rtol=0.1
    )
    straight = np.linalg.norm(AT.reshape(3, 2, 9), 2, axis=(1, 2))  # from zero
    assert (straight <= memory.path).all()
    assert (memory.path <= 2 ** (1 / 16) * straight * (1 + 1e-8)).all()


# ---- the door


@pytest.mark.parametrize("engine", ["auto", "reference", "numba"])
@pytest.mark.parametrize("gradient", ["exact", "approximate"])
def test_fixed_samples_agree_with_the_door(engine, gradient):
    A, Y = instance(6)
    at = FixedSamples(Y, 2, gradient, engine)
    for lam in (2.0, 2.2, 1.0, 0.0):
        cost, G = at(A, lam)
        expected_cost, expected = gs.loss_and_grad(A, Y, lam, 2, gradient, "reference")
        assert cost == pytest.approx(expected_cost, rel=1e-12)
        assert np.linalg.norm(G - expected) <= 1e-12 * np.linalg.norm(expected)
        assert np.array_equal(at.active, group_norms(Y @ A) > lam)
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
def test_fixed_samples_refuse_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(instance(8)[1])
