"""Representations and clusterings of T21's Table 1: by loops, scikit-learn, known clusters."""

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.experiments.common import clustering
from gsae_ref.experiments.t21.table_1 import baselines
from gsae_ref.experiments.t21.table_1.networks import images

sklearn = pytest.importorskip("sklearn")
REPRESENTATIONS = (
    "signed",
    "abs / sum",
    "abs / l2",
    "group norms",
    "group norms / sum",
    "group norms / l2",
)


def represent_slowly(x, representation):
    """One code by loops, with groups of two atoms."""
    name, _, scale = representation.partition(" / ")
    entries = {
        "signed": list(x),
        "abs": [abs(v) for v in x],
        "group norms": [np.hypot(*x[k : k + 2]) for k in range(0, len(x), 2)],
    }[name]
    totals = {"sum": sum(entries), "l2": sum(v * v for v in entries) ** 0.5}
    return np.array(entries) / (totals.get(scale, 1) or 1)


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_representations_by_loops(representation):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5, 6)) * (rng.random((5, 6)) < 0.7)
    X[2] = 0
    R = clustering.represent(X, representation, 2)
    for x, r in zip(X, R, strict=True):
        np.testing.assert_allclose(r, represent_slowly(x, representation), rtol=1e-12)
    assert not R[2].any()


def test_the_neighbour_graph_is_that_of_scikit_learn():
    from sklearn.neighbors import kneighbors_graph

    Y = images("digits", None, 400, 200).test.astype(np.float64)
    G = kneighbors_graph(Y, 20, include_self=True).toarray()
    expected = (G + G.T) / 2
    np.fill_diagonal(expected, 0)
    np.testing.assert_array_equal(clustering.neighbor_graph(Y, 20).toarray(), expected)


def test_spectral_clustering_is_that_of_scikit_learn():
    from sklearn.cluster import spectral_clustering

    Y = images("digits", None, 400, 200).test.astype(np.float64)
    graph = clustering.neighbor_graph(Y, 20)
    ours = clustering.spectral(graph, 10, 0)
    theirs = spectral_clustering(graph, n_clusters=10, random_state=0)
    assert sklearn.metrics.adjusted_rand_score(ours, theirs) > 0.98


@pytest.mark.parametrize("method", clustering.METHODS)
def test_clear_clusters_are_found(method):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 30)
    R = 10 * rng.normal(size=(4, 8))[labels] + 0.1 * rng.normal(size=(120, 8))
    found = clustering.cluster(R, method, 4, 20, seed=0)
    perfect = {"accuracy": 100, "nmi": 100, "ari": 100}
    assert clustering.agreement(labels, found) == pytest.approx(perfect)


@pytest.mark.parametrize("method", clustering.METHODS)
def test_equal_samples_give_fewer_clusters_and_no_warning(method):
    # A network without active groups: all codes but two are zero.
    labels = np.repeat([0, 1], [3000, 2])
    found = clustering.cluster(np.eye(4)[labels] - np.eye(4)[0], method, 10, 300, 0)
    assert gs.clustering_accuracy(labels, found) == 1
    assert len(np.unique(found)) == 2


def test_many_equal_samples_are_clustered():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 100)
    moved = rng.random((400, 1)) >= 0.9
    R = np.eye(4)[labels] + moved * 0.01 * rng.normal(size=(400, 4))
    assert gs.clustering_accuracy(labels, clustering.cluster(R, "spectral", 4, 90, 0)) == 1


# ---- other methods


def union_of_planes(n_features=64, n_planes=3, n=60):
    rng = np.random.default_rng(3)
    bases = [np.linalg.qr(rng.normal(size=(n_features, 2)))[0] for _ in range(n_planes)]
    Y = np.concatenate([rng.normal(size=(n, 2)) @ basis.T for basis in bases])
    return Y, np.repeat(np.arange(n_planes), n)


def test_the_gaussian_mixture_finds_planes():
    Y, labels = union_of_planes()
    found = baselines.cluster_by("gaussian-mixture", Y, 3, 0)
    assert gs.clustering_accuracy(labels, found) > 0.9


@pytest.mark.parametrize("name", baselines.OF_CLUSTPY)
def test_the_methods_of_clustpy_label_every_sample(name):
    pytest.importorskip("clustpy")
    Y, _ = union_of_planes()
    found = baselines.cluster_by(name, Y, 3, 0)
    assert found.shape == (len(Y),)
    assert len(np.unique(found)) == 3


def test_the_coordinates_keep_the_distances_of_samples_in_few_dimensions():
    Y, _ = union_of_planes()
    Z = baselines._reduced(Y)
    np.testing.assert_allclose(Z @ Z.T, Y @ Y.T, atol=1e-10)
