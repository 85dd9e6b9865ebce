"""Groups by size, by label or by list, at every door of L23; labels of clusters of any type."""

import numpy as np
import pytest

import gsae_ref as gs

pytestmark = pytest.mark.filterwarnings("ignore:the cost is that of zero weights")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 6))
Y = X @ [1, 1, 0, 0, 0, 2.0]
U = np.array([0.5, 0.4])
V = RNG.normal(size=6)
DOORS = {
    "weights": lambda **groups: gs.dglnn_weights(U, V, **groups),
    "gradient": lambda **groups: gs.dglnn_loss_and_grad(U, V, X, Y, **groups)[2],
    "path": lambda **groups: gs.dglnn_path(X, Y, **groups, n_epochs=3, alpha=0.1).x,
    "flow": lambda **groups: gs.dglnn_flow(X, Y, **groups, t=[0, 0.1], alpha=0.1).w,
    "estimator": lambda **groups: (
        gs.DiagonallyGroupedLinearRegressor(**groups, n_epochs=3, early_stopping=False)
        .fit(X, Y)
        .magnitudes_
    ),
}
every_door = pytest.mark.parametrize("door", DOORS)
# The groups {0, 1, 5} and {2, 3, 4}
NAMES = ["city", "city", "job", "job", "job", "city"]
LABELS = {
    "integers": [3, 3, 7, 7, 7, 3],
    "strings": NAMES,
    "objects": np.array(NAMES, dtype=object),
    "booleans": [False, False, True, True, True, False],
    "bytes": np.array(NAMES, dtype="S"),
}


@every_door
@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_every_type_and_lists_of_predictors_are_the_same_groups(door, kind):
    call = DOORS[door]
    expected = call(groups=[[0, 1, 5], [2, 3, 4]])
    np.testing.assert_array_equal(call(groups=np.array([[0, 1, 5], [2, 3, 4]])), expected)
    np.testing.assert_array_equal(call(groups=LABELS[kind]), expected)
    np.testing.assert_array_equal(call(groups=((0, 1, 5), range(2, 5))), expected)
    np.testing.assert_array_equal(call(group_labels=LABELS[kind]), expected)


@every_door
def test_sizes_are_sizes_by_name_too(door):
    call = DOORS[door]
    np.testing.assert_array_equal(call(group_sizes=[2, 4]), call(groups=[2, 4]))
    np.testing.assert_array_equal(call(group_sizes=3), call(groups=3))


@every_door
def test_ones_are_sizes_or_labels_by_name_and_refused_without(door, monkeypatch):
    call = DOORS[door]
    with pytest.raises(ValueError, match="6 ones for 6 predictors.*group_sizes or group_labels"):
        call(groups=np.ones(6, int))
    with pytest.raises(ValueError, match="groups and group_sizes given; pass exactly one"):
        call(groups=3, group_sizes=3)
    if door in ("path", "flow", "estimator"):
        assert not np.array_equal(call(group_sizes=[1] * 6), call(group_labels=[1] * 6))
        np.testing.assert_array_equal(call(group_labels=[1] * 6), call(groups=6))
    if door == "estimator":
        assert len(call(group_labels=[1] * 6)) == 1
        assert len(call(group_sizes=[1] * 6)) == 6


@every_door
@pytest.mark.parametrize("groups", [{0: [0, 1], 1: [2, 3, 4, 5]}, {2, 4}, "aabbcc", True])
def test_what_is_no_form_of_groups_is_told_the_forms(door, groups):
    forms = "must be one size, a list of sizes, one label per predictor, or lists of predictors"
    with pytest.raises(TypeError, match=f"has type (dict|set|str|bool); it {forms}"):
        DOORS[door](groups=groups)


@every_door
def test_overlapping_and_missing_predictors_are_refused(door):
    for groups in ([[0, 1, 2], [2, 3, 4, 5]], [[0, 1], [2, 3]], [[0, 1, 2], [3, 4, 6]]):
        with pytest.raises(ValueError, match="must be in one list; groups do not overlap"):
            DOORS[door](groups=groups)


CLASSES = {
    "integers": ([5, 0], [1, 0]),
    "objects": (np.array(["5", "0"], dtype=object), [1, 0]),
    "strings": (["5", "0"], ["b", "a"]),
    "booleans": ([True, False], [0, 1]),
    "objects of integers": (np.array([5, 0], dtype=object), np.array([1, 0], dtype=object)),
    "bytes": (np.array([b"x", b"y"]), [False, True]),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_of_every_documented_type(kind):
    true, pred = CLASSES[kind]
    assert gs.clustering_accuracy(true, pred) == 1
    assert gs.clustering_accuracy(pred, true) == 1
    assert 0.5 <= gs.clustering_chance(true, 2, rng=0) <= 1


@pytest.mark.parametrize("labels", [["a", 1], [None, "a"], [np.nan, "a"], [True, 2], [1.0, 2.0]])
def test_labels_of_several_types_are_refused(labels):
    values = np.array(labels, dtype=object)
    for true, pred in ((values, [0, 1]), ([0, 1], values)):
        with pytest.raises(TypeError, match="all of one type, none missing"):
            gs.clustering_accuracy(true, pred)


def test_a_sample_in_no_cluster_is_wrong():
    assert gs.clustering_accuracy([0, 0, 1, 1], [-1, -1, 1, 1]) == 0.5
    assert gs.clustering_accuracy([0, 0, 1, 1], [-1, -1, -1, -1]) == 0
    assert gs.clustering_accuracy([-1, -1, 1, 1], [4, 4, 5, 5]) == 1  # a class may be named -1
    assert gs.clustering_accuracy([0, 0, 1, 1], ["-1", "-1", "a", "a"]) == 1
