"""Restarts of the group-sparse network of T21 Section 4.2, rules that keep one of them, and one network of all; nothing here sees a label."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import groups
from ....arrays import Array
from .networks import Setting, codes, images, sizes, trained
from .recombination import recombined

if TYPE_CHECKING:
    from ...common.cache import ResultCache
    from .compute import Sizes

SCREENED = 34  # epochs after which restarts are compared
SEEDS_APART = 1000  # seeds of repetition r: 1000 r, 1000 r + 1, ...
COMPARED = 10_000  # training images on which restarts are compared


class Kept:
    """An array among the arguments of a unit of work, which is known by its repr: here the SHA-256 of the array."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __repr__(self) -> str:
        return hashlib.sha256(np.ascontiguousarray(self.array).data).hexdigest()


def models(
    cache: ResultCache, size: Sizes, repetition: int, start: str = "principal", rule: str = "loss"
) -> dict[str, Any]:
    """The two networks of a repetition: of the restarts of the group-sparse one, that with the lowest training loss.

    Parameters
    ----------
    cache : ResultCache
    size : Sizes
    repetition : int
    start : {"principal", "subspaces", "rising", "reset", "united"}
    rule : {"loss", "objective", "disagreement", "active"}
        As ``choose`` of :func:`compute`.

    Returns
    -------
    dict of str to dict
        "group" and "sparse": what :func:`train_network` returns. The start of the sparse network
        has nothing random, so there is one.
    """

    def run(network: str, seed: int, start: str) -> dict[str, Any]:
        return trained(
            cache,
            network,
            size.data,
            size.n_train,
            size.epochs,
            seed,
            size.setting,
            start,
            size.source,
        )

    first = SEEDS_APART * repetition
    best = RULES[rule](cache, size, screened(cache, size, repetition, start)).argmin()
    return {
        "group": run("group", first + int(best), start),
        "sparse": run("sparse", first, "principal"),
    }


def screened(cache: ResultCache, size: Sizes, repetition: int, start: str) -> list[dict[str, Any]]:
    """Every restart of a repetition, trained as far as they are compared."""
    seeds = range(SEEDS_APART * repetition, SEEDS_APART * repetition + size.restarts)
    epochs = min(SCREENED, size.epochs)
    return [
        trained(
            cache, "group", size.data, size.n_train, epochs, k, size.setting, start, size.source
        )
        for k in seeds
    ]


def loss_of(cache: ResultCache, size: Sizes, runs: list[Any]) -> Array:
    """Training loss (13) of every run."""
    return np.array([float(run["fun"]) for run in runs])


def objective_of(cache: ResultCache, size: Sizes, runs: list[Any]) -> Array:
    """What the encoder minimises, ||y - A x||^2 / 2 + lam sum_g ||x_g||, mean over the training images: of every run."""
    return loss_of(cache, size, runs) + np.array(
        [float(measured(cache, size, run["A"])["penalty"]) for run in runs]
    )


def disagreement_of(cache: ResultCache, size: Sizes, runs: list[Any]) -> Array:
    """1 - the mean adjusted Rand index of a run's strongest groups with those of every other run, on training images without labels.

    Runs in a good basin agree with each other; one that has left a digit without a group agrees
    with none.
    """
    from sklearn.metrics import adjusted_rand_score

    strongest = [measured(cache, size, run["A"])["strongest"] for run in runs]
    index = np.array([[adjusted_rand_score(a, b) for a in strongest] for b in strongest])
    return 1 - (index.sum(axis=1) - index.diagonal()) / max(len(runs) - 1, 1)


def active_of(cache: ResultCache, size: Sizes, runs: list[Any]) -> Array:
    """Mean number of active groups of a training image: of every run. Where two groups share a class, both answer to it."""
    return np.array([float(measured(cache, size, run["A"])["active"]) for run in runs])


def measured(cache: ResultCache, size: Sizes, A: Array) -> dict[str, Any]:
    """Means over the training images: ``penalty``, lam sum_g ||x_g||; ``active``, the number of active groups. ``strongest``, the group with the
    largest norm, of some of them."""

    def unit(A: Kept, data: str, n_train: int | None, setting: dict[str, Any]) -> dict[str, Any]:
        Y = images(data, size.source, n_train, None).train
        s = Setting(**setting)
        _, group_size, lam = sizes("group", s)
        norms = np.concatenate(
            [
                groups.norms(codes(A.array, block, "group", s), group_size)
                for block in np.array_split(Y, 1 + len(Y) // 10_000)
            ]
        )
        return {
            "penalty": lam * float(norms.sum(dtype=np.float64)) / len(Y),
            "active": np.count_nonzero(norms) / len(Y),
            "strongest": norms[:COMPARED].argmax(axis=1).astype(np.int16),
        }

    kept = Kept(A)
    s = size.setting._asdict()
    return cache.run(
        f"{size.data}-{repr(kept)[:8]}-measured",
        unit,
        A=kept,
        data=size.data,
        n_train=size.n_train,
        setting=s,
    )


def united(cache: ResultCache, size: Sizes, runs: list[Any]) -> dict[str, Any]:
    """``A``, :func:`.recombination.recombined` of the dictionaries of all runs; ``loss``, (13) of all training images."""

    def unit(
        dictionaries: list[Kept], data: str, n_train: int | None, setting: dict[str, Any]
    ) -> dict[str, Any]:
        Y = images(data, size.source, n_train, None).train
        s = Setting(**setting)

        def encode(A: Array, Y: Array) -> Array:
            return codes(A, Y, "group", s)

        A = recombined([kept.array for kept in dictionaries], Y[:COMPARED], encode, s.group_size)
        blocks = np.array_split(Y, 1 + len(Y) // 10_000)
        return {
            "A": A,
            "loss": sum(
                float(np.sum((block - encode(A, block) @ A.T) ** 2, dtype=np.float64))
                for block in blocks
            )
            / 2
            / len(Y),
        }

    every = [Kept(run["A"]) for run in runs]
    name = hashlib.sha256(repr(every).encode()).hexdigest()[:8]
    return cache.run(
        f"{size.data}-{name}-united",
        unit,
        dictionaries=every,
        data=size.data,
        n_train=size.n_train,
        setting=size.setting._asdict(),
    )


def halved(curves: Array) -> tuple[int, int]:
    """The restart that successive halving keeps, told from loss curves: after 4, 8, 16 epochs the half with the higher loss stops.

    >>> halved(np.array([[5.0, 5, 5, 5, 1], [4, 4, 4, 4, 3], [6, 6, 6, 6, 0]]))  # the second is ahead after 4 epochs
    (1, 13)
    """
    alive = np.arange(len(curves))
    spent = 0
    at = 0
    for epoch in (4, 8, 16, curves.shape[1]):
        epoch = min(epoch, curves.shape[1])
        spent, at = spent + len(alive) * (epoch - at), epoch
        alive = alive[
            np.argsort(curves[alive, epoch - 1], kind="stable")[: max(len(alive) // 2, 1)]
        ]
    return int(alive[0]), spent


RULES = {
    "loss": loss_of,
    "objective": objective_of,
    "disagreement": disagreement_of,
    "active": active_of,
}
LOWEST = {
    "loss": "lowest training loss",
    "objective": "lowest objective",
    "disagreement": "least disagreement",
    "active": "fewest active groups",
}
