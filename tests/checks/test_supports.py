"""Supports: masks of booleans or of the integers 0 and 1, indices, and what could be both."""

import itertools

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref import checks

A = np.random.default_rng(0).normal(size=(5, 8))
Y = np.random.default_rng(1).normal(size=(4, 5))
MASK = np.eye(4, dtype=bool)[[2, 0, 3, 1]]


def learned(support):
    """The recovery in the history of a run."""
    history = gs.train(A, Y, 0.5, 2, 1, support=support).history
    return [history[name] for name in ("recall", "precision", "exact")]


def learned_sparse(support):
    history = gs.train_sparse(A[:, :4], Y, 1, bias=-0.5, step_size=0.1, support=support).history
    return [history[name] for name in ("recall", "precision", "exact")]


DOORS = {
    "true": lambda support: gs.support_recovery(support, MASK),
    "predicted": lambda support: gs.support_recovery(MASK, support),
    "both": lambda support: gs.support_recovery(support, support, n_groups=4),
    "gradient": lambda support: gs.loss_and_grad(A, Y, 0.5, 2, "approximate", support=support)[
        1
    ].tolist(),
    "comparison": lambda support: gs.compare_gradients(A, Y, 0.5, 2, support)[
        "approximate"
    ].radial.tolist(),
    "train": learned,
    "train_sparse": learned_sparse,
}
every_door = pytest.mark.parametrize("door", DOORS)
pytestmark = pytest.mark.filterwarnings("ignore:the mean cost is")  # of one epoch


@every_door
@pytest.mark.parametrize("dtype", [int, np.int8, np.uint8])
@pytest.mark.parametrize(
    "mask", [MASK, ~MASK, np.ones((4, 4), bool)], ids=["one active", "three active", "all active"]
)
def test_integers_0_and_1_are_the_mask(door, dtype, mask):
    assert DOORS[door](mask.astype(dtype)) == DOORS[door](mask)


def test_a_permutation_recovers_itself():
    found = gs.support_recovery(MASK, MASK.astype(int))
    assert (found.exact, found.precision, found.recall) == (1, 1, 1)


@every_door
def test_a_repeated_index_is_refused(door):
    with pytest.raises(ValueError, match="contains group 1 twice in row 3; .*each once"):
        DOORS[door]([[0, 1], [1, 2], [3, 0], [1, 1]])


def test_what_can_be_a_mask_and_indices_is_refused():
    for value in ([[0, 1]], [[1, 0]], [0, 1]):
        with pytest.raises(ValueError, match="can be a mask or indices; pass a mask as"):
            checks.support("support", value, 1, 2)
    with pytest.raises(ValueError, match="can be a mask or indices"):
        checks.support("support", [[0], [0]], 2, 1)


@pytest.mark.parametrize("n_groups", [1, 2, 3, 4])
def test_every_small_array_of_integers_has_one_meaning_or_is_refused(n_groups):
    """The two readings, each by its definition, for all arrays of two rows of 0 and 1."""
    for n_columns in range(1, 5):
        for entries in itertools.product((0, 1), repeat=2 * n_columns):
            value = np.reshape(entries, (2, n_columns))
            meanings = []
            if n_columns == n_groups:
                meanings.append(value == 1)
            if all(len(set(row)) == n_columns and max(row) < n_groups for row in value.tolist()):
                meanings.append((value[:, :, None] == np.arange(n_groups)).any(axis=1))
            if len(meanings) == 1:
                read = checks.support("support", value, 2, n_groups)
                np.testing.assert_array_equal(read, meanings[0])
            else:
                with pytest.raises(ValueError, match="support"):
                    checks.support("support", value, 2, n_groups)


def test_the_indices_that_sample_draws_are_taken():
    A_star = gs.make_dictionary(12, 3, 2, kind="orthonormal", rng=0)
    _, X, support = gs.sample(A_star, 20, n_active=2, group_size=2, rng=0)
    active = np.linalg.norm(X.reshape(20, 3, 2), axis=2) > 0
    assert gs.support_recovery(active, support).exact == 1
    with pytest.raises(ValueError, match="pass one group|one group for each sample as"):
        gs.support_recovery([0, 1, 1, 0], [0, 1, 1, 0], n_groups=3)
