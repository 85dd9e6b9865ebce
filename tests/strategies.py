"""Instances to test on: seeded makers, and Hypothesis strategies that draw their arguments."""

from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np

FRACTIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
ACTIVE = st.sampled_from(FRACTIONS)
SEEDS = st.integers(0, 2**32 - 1)
SMALL = st.integers(1, 5)


class Network(NamedTuple):
    """The arguments of loss and gradient, in their order."""

    A: np.ndarray
    Y: np.ndarray
    lam: float
    group_size: int


def group_norms(A, Y, group_size):
    Z = np.atleast_2d(Y) @ A
    return np.linalg.norm(Z.reshape(-1, A.shape[1] // group_size, group_size), axis=2)


def threshold_for(norms, active):
    """A threshold that the fraction ``active`` of the norms exceeds; its distance to the nearest.

    The distance is relative to the threshold.
    """
    ordered = np.sort(norms, axis=None)[::-1]
    k = round(active * ordered.size)
    above = ordered[k - 1] if k else 2.25 * ordered[0]
    below = ordered[k] if k < ordered.size else 0.25 * ordered[-1]
    lam = float(np.sqrt(above * below))
    return lam, min(above / lam, lam / below) - 1


def network(seed, group_size=2, n_groups=3, n_features=6, n_samples=4, active=0.5, margin=0.02):
    """Random dictionary and batch with a threshold that ``active`` of all norms exceed.

    No group norm is closer to the threshold than the fraction ``margin`` of it, since draws that
    are closer are drawn again. Groups and samples have different scales: no test passes only
    because norms are 1.
    """
    for attempt in range(1000):
        rng = np.random.default_rng([seed, attempt])
        scale = np.repeat(np.exp(0.5 * rng.normal(size=n_groups)), group_size)
        A = scale * rng.normal(size=(n_features, n_groups * group_size)) / np.sqrt(n_features)
        Y = np.exp(0.5 * rng.normal(size=(n_samples, 1))) * rng.normal(size=(n_samples, n_features))
        lam, distance = threshold_for(group_norms(A, Y, group_size), active)
        if distance >= margin:
            return Network(A, Y, lam, group_size)
    raise AssertionError(f"no instance with margin {margin} in 1000 draws, seed {seed}")


def limiting_cases():
    """Named corners of the loss; each has broken some implementation of a group threshold."""
    usual = network(1, group_size=2, n_groups=3)
    with_zeros = usual._replace(Y=np.vstack([usual.Y, np.zeros((1, 6))]))
    single = network(7, n_samples=1)
    return {
        "lam = 0": usual._replace(lam=0.0),
        "an all-zero sample": with_zeros,
        "an all-zero sample and lam = 0": with_zeros._replace(lam=0.0),
        "no active group": network(2, active=0.0),
        "all groups active": network(3, active=1.0),
        "one group": network(4, group_size=4, n_groups=1),
        "groups of one atom": network(5, group_size=1),
        "one sample": network(6, n_samples=1),
        "one sample, 1-D": single._replace(Y=single.Y[0]),
        "one feature": network(8, n_features=1, n_samples=3),
        "more atoms than features": network(9, group_size=3, n_groups=5, n_features=4),
        "an atom that is zero": usual._replace(A=usual.A * [1, 0, 1, 1, 1, 1], lam=usual.lam / 64),
    }


@st.composite
def networks(draw, group_sizes=SMALL, active=ACTIVE):
    """Networks of every small shape and active fraction, away from the kink."""
    return network(
        draw(SEEDS),
        draw(group_sizes),
        draw(SMALL),
        draw(st.integers(1, 8)),
        draw(SMALL),
        draw(active),
    )


class Codes(NamedTuple):
    """Pre-activations of rows of groups, and a threshold."""

    Z: np.ndarray
    lam: float
    group_size: int


@st.composite
def codes(draw, group_sizes=SMALL, zeros=True):
    """Pre-activations whose norms are lam times a factor from 1/8 to 8, not within 2 % of 1.

    Some norms are 0 if ``zeros``; lam may be 0.
    """
    size = draw(group_sizes)
    n_groups = draw(st.integers(1, 4))
    n_samples = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(SEEDS))
    lam = draw(st.sampled_from([0.0, 0.125, 1.0, 3.7, 1e3]))
    U = rng.normal(size=(n_samples, n_groups, size))
    U /= np.linalg.norm(U, axis=2, keepdims=True)
    sign = np.sign(rng.normal(size=(n_samples, n_groups, 1)))
    factor = np.exp(sign * rng.uniform(0.02, np.log(8), size=(n_samples, n_groups, 1)))
    if zeros:
        factor *= rng.uniform(size=factor.shape) > 0.2
    return Codes((factor * (lam or 1.0) * U).reshape(n_samples, -1), lam, size)


def ties(group_size):
    """A group of norm exactly 5 in binary arithmetic, and the threshold 5."""
    groups = {1: [5.0], 2: [3.0, 4.0], 4: [1.0, 2.0, 2.0, 4.0]}
    return np.array(groups[group_size]), 5.0


def rotation(rng, size):
    """A random orthogonal matrix."""
    Q, R = np.linalg.qr(rng.normal(size=(size, size)))
    return Q * np.sign(np.diag(R))


def skew(rng, size):
    """A random skew-symmetric matrix: the direction of a rotation."""
    M = rng.normal(size=(size, size))
    return M - M.T


def act_on_groups(A, matrices):
    """A_g M_g for every group: block-diagonal multiplication, the blocks given one by one."""
    size = len(matrices[0])
    return np.hstack([A[:, g * size : (g + 1) * size] @ M for g, M in enumerate(matrices)])


def orthonormal_groups(A, group_size):
    """The same spans, every group with orthonormal columns (needs n_features >= group_size)."""
    groups = np.split(A, A.shape[1] // group_size, axis=1)
    return np.hstack([np.linalg.qr(A_g)[0] for A_g in groups])


class Population(NamedTuple):
    """The arguments of the expected gradient, in their order; one covariance for each group."""

    A: np.ndarray
    A_star: np.ndarray
    tau: np.ndarray
    n_active: int
    group_size: int
    covariances: np.ndarray


def population(seed, group_size=2, n_groups=4, n_features=5, n_active=2, orthonormal=False):
    """Random dictionaries (each group orthonormal on request), factors and covariances."""
    rng = np.random.default_rng(seed)
    A, A_star = rng.normal(size=(2, n_features, n_groups * group_size))
    if orthonormal:
        A = orthonormal_groups(A, group_size)
        A_star = orthonormal_groups(A_star, group_size)
    roots = rng.normal(size=(n_groups, group_size, group_size))
    tau = rng.uniform(0.1, 1, n_groups)
    return Population(A, A_star, tau, n_active, group_size, roots @ roots.swapaxes(1, 2))


@st.composite
def populations(draw, max_groups=8):
    """Populations of every small shape, one to all groups active."""
    n_groups = draw(st.integers(1, max_groups))
    group_size = draw(st.integers(1, 3))
    return population(
        draw(SEEDS),
        group_size,
        n_groups,
        draw(st.integers(group_size, 6)),
        draw(st.integers(1, n_groups)),
        draw(st.booleans()),
    )
