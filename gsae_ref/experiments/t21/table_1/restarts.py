"""Restarts of the group-sparse network of T21 Section 4.2, and rules that keep one of them.

No rule uses a label. Only "loss" needs nothing but the training itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import groups
from ....arrays import Array
from ...common.cache import digest
from .networks import codes, images, trained_network
from .settings import Setting, Sizes

if TYPE_CHECKING:
    from ...common.cache import ResultCache

SEEDS_APART = 1000  # seeds of repetition r: 1000 r, 1000 r + 1, ...
COMPARED = 10_000  # training images on which strongest groups are compared
BLOCK = 10_000  # training images that are encoded at a time


def train_restarts(cache: ResultCache, size: Sizes, repetition: int) -> list[dict[str, Any]]:
    """Every restart of a repetition, trained up to the epoch at which restarts are compared."""
    first = SEEDS_APART * repetition
    epochs = size.screening_epochs
    return [trained_network(cache, size, "group", epochs, first + k) for k in range(size.restarts)]


def train_networks(
    cache: ResultCache, size: Sizes, repetition: int, rule: str = "loss"
) -> dict[str, dict[str, Any]]:
    """The two networks of a repetition, trained to the end.

    Parameters
    ----------
    cache : ResultCache
    size : Sizes
    repetition : int
    rule : {"loss", "objective", "disagreement", "active"}
        The restart that is kept has the lowest value of it.

    Returns
    -------
    dict of str to dict
        "group", the restart that is kept, and "sparse": results of
        :func:`.networks.train_network`. There is one sparse network, since nothing in its start is
        random.
    """
    best = int(RULES[rule](cache, size, train_restarts(cache, size, repetition)).argmin())
    first = SEEDS_APART * repetition
    epochs = size.setting.n_epochs
    return {
        "group": trained_network(cache, size, "group", epochs, first + best),
        "sparse": trained_network(cache, size, "sparse", epochs, first),
    }


def n_trainings(size: Sizes) -> int:
    """Trainings of one repetition: all restarts, the sparse network, the kept restart if longer."""
    return size.restarts + 1 + (size.setting.n_epochs > size.screening_epochs)


def training_loss(cache: ResultCache, size: Sizes, runs: list[dict[str, Any]]) -> Array:
    """Training loss (13) of every run."""
    return np.array([float(run["fun"]) for run in runs])


def objective(cache: ResultCache, size: Sizes, runs: list[dict[str, Any]]) -> Array:
    """The encoder's objective of every run, mean over the training images.

    That is ||y - A x||^2 / 2 + lam sum_g ||x_g||.
    """
    penalties = [float(group_statistics(cache, size, run["A"])["penalty"]) for run in runs]
    return training_loss(cache, size, runs) + np.array(penalties)


def disagreement(cache: ResultCache, size: Sizes, runs: list[dict[str, Any]]) -> Array:
    """1 - the mean adjusted Rand index of every run with the others.

    The index compares the strongest groups of training images. Runs in a good basin agree with each
    other; one in which two digits share a group agrees with none.
    """
    from sklearn.metrics import adjusted_rand_score

    strongest = [group_statistics(cache, size, run["A"])["strongest"] for run in runs]
    index = np.empty((len(runs), len(runs)))
    for i, j in np.ndindex(index.shape):
        index[i, j] = adjusted_rand_score(strongest[j], strongest[i])
    return 1 - (index.sum(axis=1) - index.diagonal()) / max(len(runs) - 1, 1)


def active_groups(cache: ResultCache, size: Sizes, runs: list[dict[str, Any]]) -> Array:
    """Mean number of active groups of a training image, for every run.

    Where two groups share a digit, both are active on its images.
    """
    return np.array([float(group_statistics(cache, size, run["A"])["active"]) for run in runs])


def group_statistics(cache: ResultCache, size: Sizes, A: Array) -> dict[str, Any]:
    """Statistics of the groups' norms on the training images, from the cache if they are there.

    Returns
    -------
    dict of str to ndarray
        ``penalty``, the mean of lam sum_g ||x_g||; ``active``, the mean number of active groups;
        ``strongest``, the group with the largest norm, for some of the images.
    """
    return cache.run(
        f"{size.data}-{digest(A)[:8]}-statistics",
        partial(_group_statistics, source=size.source),
        A=A,
        data=size.data,
        n_train=size.n_train,
        setting=size.setting._asdict(),
    )


def _group_statistics(
    A: Array, data: str, n_train: int | None, setting: dict[str, Any], source: str | None
) -> dict[str, Any]:
    Y = images(data, source, n_train, None).train
    s = Setting(**setting)
    _, group_size, lam = s.shape("group")
    blocks = np.array_split(Y, 1 + len(Y) // BLOCK)
    norms = np.concatenate([groups.norms(codes(A, B, "group", s), group_size) for B in blocks])
    return {
        "penalty": lam * float(norms.sum(dtype=np.float64)) / len(Y),
        "active": np.count_nonzero(norms) / len(Y),
        "strongest": norms[:COMPARED].argmax(axis=1).astype(np.int16),
    }


RULES: dict[str, Callable[[ResultCache, Sizes, list[dict[str, Any]]], Array]] = {
    "loss": training_loss,
    "objective": objective,
    "disagreement": disagreement,
    "active": active_groups,
}
LOWEST = {
    "loss": "lowest training loss",
    "objective": "lowest objective",
    "disagreement": "least disagreement",
    "active": "fewest active groups",
}
