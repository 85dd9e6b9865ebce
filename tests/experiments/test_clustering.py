"""Representations, clusterings and other people's methods of T21's Table 1: by loops, by scikit-learn, where the clusters are known."""

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.experiments.common import clustering
from gsae_ref.experiments.t21.table_1 import baselines, subspaces
from gsae_ref.experiments.t21.table_1 import networks as mnist_networks

sklearn = pytest.importorskip("sklearn")


def digits():
    return mnist_networks.images("digits", None, 400, 200)


def test_representations_by_loops():
    X = np.random.default_rng(0).normal(size=(5, 6)) * (
        np.random.default_rng(1).random((5, 6)) < 0.7
    )
    X[2] = 0
    for reading in (
        "signed",
        "abs / sum",
        "abs / l2",
        "group norms",
        "group norms / sum",
        "group norms / l2",
    ):
        R = clustering.represent(X, reading, 2)
        for x, r in zip(X, R, strict=True):
            r_slow = (
                [abs(v) for v in x]
                if "abs" in reading
                else [np.hypot(*x[k : k + 2]) for k in (0, 2, 4)]
                if "group" in reading
                else list(x)
            )
            total = {"sum": sum(r_slow), "l2": sum(v * v for v in r_slow) ** 0.5}.get(
                reading.split(" / ")[-1], 1
            ) or 1
            np.testing.assert_allclose(r, np.array(r_slow) / total, rtol=1e-12)
        assert not R[2].any()


def test_the_neighbour_graph_is_that_of_scikit_learn():
    from sklearn.neighbors import kneighbors_graph

    Y = digits().test.astype(np.float64)
    G = kneighbors_graph(Y, 20, include_self=True).toarray()
    expected = (G + G.T) / 2
    np.fill_diagonal(expected, 0)
    np.testing.assert_array_equal(clustering.neighbor_graph(Y, 20).toarray(), expected)


def test_spectral_clustering_is_that_of_scikit_learn():
    from sklearn.cluster import spectral_clustering

    graph = clustering.neighbor_graph(digits().test.astype(np.float64), 20)
    ours = clustering.spectral(graph, 10, 0)
    theirs = spectral_clustering(graph, n_clusters=10, random_state=0)
    assert sklearn.metrics.adjusted_rand_score(ours, theirs) > 0.98


@pytest.mark.parametrize("method", clustering.METHODS)
def test_clear_clusters_are_found(method):
    rng = np.random.default_rng(0)
    centres = 10 * rng.normal(size=(4, 8))
    labels = np.repeat(np.arange(4), 30)
    found = clustering.cluster(
        centres[labels] + 0.1 * rng.normal(size=(120, 8)), method, 4, 20, seed=0
    )
    assert clustering.agreement(labels, found) == pytest.approx(
        {"accuracy": 100, "nmi": 100, "ari": 100}
    )


@pytest.mark.parametrize("method", clustering.METHODS)
def test_equal_samples_give_fewer_clusters_and_no_warning(method):
    labels = np.repeat(
        [0, 1], [3000, 2]
    )  # a network without active groups: all codes but two are zero
    found = clustering.cluster(np.eye(4)[labels] - np.eye(4)[0], method, 10, 300, 0)
    assert gs.clustering_accuracy(labels, found) == 1 and len(np.unique(found)) == 2


def test_many_equal_samples_are_no_obstacle():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 100)
    R = np.where(
        rng.random((400, 1)) < 0.9,
        np.eye(4)[labels],
        np.eye(4)[labels] + 0.01 * rng.normal(size=(400, 4)),
    )
    assert gs.clustering_accuracy(labels, clustering.cluster(R, "spectral", 4, 90, 0)) == 1


def union_of_planes(n_features=12, n_planes=3, n=60):
    rng = np.random.default_rng(3)
    bases = [np.linalg.qr(rng.normal(size=(n_features, 2)))[0] for _ in range(n_planes)]
    return np.concatenate([rng.normal(size=(n, 2)) @ basis.T for basis in bases]), np.repeat(
        np.arange(n_planes), n
    )


def test_k_subspaces_finds_planes():
    Y, labels = union_of_planes()
    bases, energy = subspaces.k_subspaces(Y, 3, 2, seed=0, n_restarts=8)
    found, held = subspaces.nearest_subspace(bases, Y)
    assert gs.clustering_accuracy(labels, found) == 1 and energy == pytest.approx(1)
    np.testing.assert_allclose(held, np.sum(Y**2, axis=1))


def test_rounds_and_restarts_never_lose_energy():
    Y = digits().train[:200]
    energies = [
        subspaces.k_subspaces(Y, 5, 3, seed=0, n_restarts=1, n_rounds=n)[1] for n in range(1, 8)
    ]
    assert (np.diff(energies) >= -1e-6).all() and energies[-1] > energies[0] + 0.01
    assert (
        subspaces.k_subspaces(Y, 5, 3, seed=0, n_restarts=3)[1]
        >= subspaces.k_subspaces(Y, 5, 3, seed=0, n_restarts=1)[1]
    )


def test_the_start_has_orthonormal_groups_and_is_of_its_seed():
    Y = digits().train
    A = subspaces.subspace_start(Y, 6, 3, seed=0)
    for group in A.reshape(64, 6, 3).transpose(1, 0, 2):
        np.testing.assert_allclose(group.T @ group, np.eye(3), atol=1e-5)
    np.testing.assert_array_equal(A, subspaces.subspace_start(Y, 6, 3, seed=0))
    assert A.dtype == Y.dtype and np.abs(A - subspaces.subspace_start(Y, 6, 3, seed=1)).max() > 0.1


# ------------------------------------------------------------------------------------------------ other people's methods


def test_a_baseline_labels_every_sample():
    Y, labels = union_of_planes(n_features=64)
    for name in ("Gaussian mixture", "SSC-OMP"):
        assert gs.clustering_accuracy(labels, baselines.labels_by(name, Y, 3, 0)) > 0.9


@pytest.mark.parametrize("n_nonzero", [1, 3])
def test_self_expressive_codes_are_those_of_scikit_learn(n_nonzero):
    Y = np.random.default_rng(0).normal(size=(40, 6))
    C = baselines.self_expressive(Y, n_nonzero).toarray()
    U = Y / np.linalg.norm(Y, axis=1, keepdims=True)
    for i in range(len(Y)):
        others = np.delete(np.arange(len(Y)), i)
        np.testing.assert_allclose(
            C[i, others],
            sklearn.linear_model.orthogonal_mp(U[others].T, U[i], n_nonzero_coefs=n_nonzero),
            atol=1e-4,
        )
    assert not C.diagonal().any()


def test_self_expressive_codes_of_duplicates_and_of_a_zero_sample_are_finite():
    Y = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    assert np.isfinite(baselines.self_expressive(Y, 3).toarray()).all()
