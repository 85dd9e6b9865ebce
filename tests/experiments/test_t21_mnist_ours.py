"""Our own additions to T21's MNIST experiments: lam that rises, groups that are reset, the best groups of several trainings, lam and the number
of groups chosen without labels."""

from itertools import combinations

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.t21.table_1 import compute as table_1
from gsae_ref.experiments.t21.table_1 import networks as mnist_networks
from gsae_ref.experiments.t21.table_1 import recombination, restarts
from gsae_ref.experiments.t21.table_1 import training_variants as ways

sklearn = pytest.importorskip("sklearn")
SMALL = table_1.DIGITS._replace(n_groups=6, group_size=3)
ARGUMENTS = dict(network="group", data="digits", n_train=300, seed=1, setting=SMALL._asdict())
OPTIONS = dict(
    n_unfold=15, unfold_step=0.04, step_size=1e-2, batch_size=128, constraint="columns", rng=1
)


def digits():
    return mnist_networks.images("digits", None, 300, None)


# ------------------------------------------------------------------------------------------------ ways to train


def test_a_rising_lam_is_a_schedule_of_train():
    run = mnist_networks.train_network(**ARGUMENTS, n_epochs=8, start="rising")
    Y = digits().train
    start = mnist_networks.untrained("principal", digits().train, "group", SMALL, 1)
    lams = [0.625, 0.9375, 1.25, 1.25, 1.25, 1.25, 1.25, 1.25]
    result = gs.train(start, Y, lambda epoch: lams[epoch], 3, 8, **OPTIONS)
    np.testing.assert_array_equal(run["A"], result.x)
    assert (
        np.abs(run["A"] - mnist_networks.train_network(**ARGUMENTS, n_epochs=8)["A"]).max() > 0.01
    )


def test_the_group_used_least_is_sent_to_what_is_explained_worst():
    rng = np.random.default_rng(0)
    A = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    Y = np.concatenate(
        [rng.normal(size=(50, 4)) @ A[:, :4].T, 3 * rng.normal(size=(10, 2)) @ A[:, 8:10].T]
    )  # groups 0 and 1; outside
    X = np.concatenate([Y @ A[:, :6]])
    B = ways.reset(A[:, :6], Y, X, 2, np.random.default_rng(1), n_worst=5)
    np.testing.assert_array_equal(B[:, :4], A[:, :4])
    np.testing.assert_allclose(np.linalg.norm(B[:, 4:], axis=0), 1)
    np.testing.assert_allclose(
        A[:, 8:10] @ (A[:, 8:10].T @ B[:, 4:]), B[:, 4:], atol=1e-12
    )  # in the span of what was outside
    assert np.linalg.matrix_rank(B[:, 4:]) == 2


def test_a_training_with_resets_is_its_parts():
    run = mnist_networks.train_network(**ARGUMENTS, n_epochs=6, start="reset")
    Y = digits().train
    rng = np.random.default_rng([1, 2])
    A = mnist_networks.untrained("principal", Y, "group", SMALL, 1)
    for _ in range(2):
        A = gs.train(A, Y, 1.25, 3, 2, **OPTIONS).x
        A = ways.reset(A, Y, gs.unfolded_encode(A, Y, 1.25, 3, 15, 0.04), 3, rng).astype(np.float32)
    np.testing.assert_array_equal(run["A"], gs.train(A, Y, 1.25, 3, 2, **OPTIONS).x)
    assert len(run["loss"]) == 6


def test_a_short_training_has_no_reset():
    short = {
        start: mnist_networks.train_network(**ARGUMENTS, n_epochs=2, start=start)["A"]
        for start in ("principal", "reset")
    }
    np.testing.assert_array_equal(short["principal"], short["reset"])


# ------------------------------------------------------------------------------------------------ the best groups of several trainings


def codes_of_digits(A, Y):
    return gs.unfolded_encode(A, Y, 1.25, 3, 15, 0.04)


def test_what_a_group_explains_is_the_error_that_it_saves():
    rng = np.random.default_rng(0)
    A = np.linalg.qr(rng.normal(size=(8, 6)))[0]
    Y = rng.normal(size=(20, 8))
    gain = recombination.explained(A, Y, lambda A, Y: gs.unfolded_encode(A, Y, 0.1, 2, 5, 0.5), 2)
    assert gain.shape == (20, 3)
    for i, g in np.ndindex(gain.shape):
        G = np.ascontiguousarray(A[:, 2 * g : 2 * g + 2])
        x = gs.unfolded_encode(G, Y[i : i + 1], 0.1, 2, 5, 0.5)[0]
        assert gain[i, g] == pytest.approx(Y[i] @ Y[i] / 2 - np.sum((Y[i] - G @ x) ** 2) / 2)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_no_exchange_and_no_dictionary_is_better(seed, ties):
    rng = np.random.default_rng(seed)
    gain = (
        rng.integers(-1, 3, size=(8, 12)).astype(float) if ties else rng.normal(size=(30, 12)) ** 3
    )
    chosen = recombination.best_together(gain, 4)

    def held(columns):
        return np.maximum(gain[:, list(columns)].max(axis=1), 0).sum()

    assert len(set(chosen)) == 4
    exchanged = [{*chosen} - {old} | {new} for old in chosen for new in range(12)]
    blocks = [range(k, k + 4) for k in (0, 4, 8)]
    assert held(chosen) >= max(map(held, [*exchanged, *blocks])) - 1e-9
    assert held(chosen) >= 0.95 * max(map(held, combinations(range(12), 4)))


def test_a_whole_dictionary_can_be_better_than_what_exchanges_of_the_greedy_choice_reach():
    gain = np.array(
        [[2.0, 1.0, 1.0, 2.0], [2.0, 3.0, 0.0, 3.0], [1.0, 0.0, 2.0, 0.0]]
    )  # greedy: columns 0 and 1, which hold 6
    assert recombination.best_together(gain, 2) == [2, 3]  # 7


def test_two_flawed_dictionaries_make_a_good_one():
    """Three subspaces; one dictionary has the first twice, the other mixes the second and the third and has a group of no use."""
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(12, 12)))[0].astype(np.float32)
    first = Q[:, :3]
    second = Q[:, 3:6]
    third = Q[:, 6:9]
    Y = np.concatenate([rng.normal(size=(50, 3)) @ G.T for G in (first, second, third)]).astype(
        np.float32
    )
    flawed = [
        np.concatenate(groups, axis=1)
        for groups in ((first, second, first), (np.sqrt(0.5) * (second + third), third, Q[:, 9:]))
    ]
    A = recombination.recombined(flawed, Y, codes_of_digits, 3)
    np.testing.assert_array_equal(A, np.concatenate([first, second, third], axis=1))


def test_a_united_start_is_its_parts():
    run = mnist_networks.train_network(**ARGUMENTS, n_epochs=3, start="united")
    Y = digits().train
    seeds = np.random.default_rng([1, 3]).integers(2**32, size=8)
    short = [
        gs.train(
            mnist_networks.untrained("principal", Y, "group", SMALL, k),
            Y,
            1.25,
            3,
            4,
            **{**OPTIONS, "rng": int(k)},
        ).x
        for k in seeds
    ]
    start = recombination.recombined(short, Y, codes_of_digits, 3)
    np.testing.assert_array_equal(run["A"], gs.train(start, Y, 1.25, 3, 3, **OPTIONS).x)
    assert len(run["loss"]) == 3


def test_united_restarts_lose_less_and_see_no_label(monkeypatch):
    size = table_1.settled(data="digits", n_train=300, epochs=6, restarts=3, setting=SMALL)
    runs = [mnist_networks.train_network(**{**ARGUMENTS, "seed": k}, n_epochs=6) for k in range(3)]
    Y = digits().train
    real = mnist_networks.images
    monkeypatch.setattr(
        restarts, "images", lambda *arguments: real(*arguments)._replace(labels=None)
    )
    found = restarts.united(ResultCache(None), size, runs)
    assert found["loss"] == pytest.approx(
        np.mean(np.sum((Y - codes_of_digits(found["A"], Y) @ found["A"].T) ** 2, axis=1)) / 2,
        rel=1e-5,
    )
    groups = {
        A[:, k : k + 3].tobytes() for A in (run["A"] for run in runs) for k in range(0, 18, 3)
    }
    assert {found["A"][:, k : k + 3].tobytes() for k in range(0, 18, 3)} <= groups
    assert found["loss"] < min(run["fun"] for run in runs)
