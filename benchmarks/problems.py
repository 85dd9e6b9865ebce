"""Dictionaries and samples of the sizes of T21's experiments."""

from functools import lru_cache

import numpy as np

import gsae_ref as gs

# The simulation: n = 950, 500 groups of 2, 3 of them active, lam = 2.
N_FEATURES = 950
N_GROUPS = 500
GROUP_SIZE = 2
N_ACTIVE = 3
LAM = 2.0
# Mean cosine between the columns of A and A*: 3 groups are active, or half of them.
STARTS = {"near the truth": 0.97, "half active": 0.15}


@lru_cache(maxsize=4)
def simulation(n_samples, start, dtype):
    """Dictionary and samples of the simulation."""
    A_star = gs.make_dictionary(N_FEATURES, N_GROUPS, GROUP_SIZE, rng=0)
    Y = gs.sample(A_star, n_samples, N_ACTIVE, GROUP_SIZE, rng=0).Y
    A = gs.perturb_dictionary(A_star, correlation=STARTS[start], rng=0)
    return A.astype(dtype), Y.astype(dtype)


# The clustering of MNIST: 784 features, 10 groups of 16, 15 accelerated steps of size 0.04.
CLUSTERING = {"group_size": 16, "n_unfold": 15, "step_size": 0.04}
# lam that makes one group of ten active, or all of them.
CLUSTERING_LAM = {"one of 10 active": 5.0, "all active": 0.2}


@lru_cache(maxsize=4)
def clustering(n_samples, dtype):
    """A dictionary near the truth, and samples of one active group and noise."""
    A_star = gs.make_dictionary(784, 10, 16, rng=0)
    Y = gs.sample(A_star, n_samples, 1, 16, norm_range=(5, 8), snr_db=3, rng=0).Y
    A = gs.perturb_dictionary(A_star, correlation=0.97, rng=0)
    return A.astype(dtype), Y.astype(dtype)


def share_active(Z, lam, group_size):
    """Share of the groups with a norm above lam."""
    norms = np.linalg.norm(Z.reshape(len(Z), -1, group_size), axis=2)
    return round(float(np.mean(norms > lam)), 4)
