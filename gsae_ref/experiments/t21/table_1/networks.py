"""Networks of T21 Section 4.2: images, training of the group-sparse and the sparse network, and their codes."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .... import datasets, groups, ops, sampling
from ....arrays import Array, IntArray
from ....training import train
from ....training.starts import starting_dictionary
from .recombination import SHORT, TRAININGS, recombined
from .subspaces import subspace_start
from .training_variants import RESET_AFTER, RESETS, reset, rising

if TYPE_CHECKING:
    from ...common.cache import ResultCache

NETWORKS = ("group", "sparse")
STARTS = ("principal", "subspaces", "rising", "reset", "united")
DECIDED_BY = 10_000  # training images on which a reset, and what is united, is decided


class Setting(NamedTuple):
    """T21 Section 4.2, and what it leaves open.

    Stated there: 10 groups of 16 atoms, 15 steps, thresholds 0.2 and 0.03, Adam with 1e-3, 300
    epochs. Not stated: that the steps are accelerated and of length 0.04, that the thresholds are
    those after a step, the size of a mini-batch, unit columns, centring.
    """

    n_groups: int = 10
    group_size: int = 16
    n_unfold: int = 15
    unfold_step: float = 0.04
    group_threshold: float = 0.2
    sparse_threshold: float = 0.03
    step_size: float = 1e-3
    n_epochs: int = 300
    batch_size: int = 128
    n_neighbors: int = 1000


class Images(NamedTuple):
    """Images as rows, less the mean of the training images; the labels of the test images; that mean."""

    train: Array
    test: Array
    labels: IntArray
    mean: Array


@functools.lru_cache(maxsize=2)
def images(data: str, source: str | None, n_train: int | None, n_test: int | None) -> Images:
    """The images of a data set, float32, centred.

    Parameters
    ----------
    data : {"mnist", "fashion-mnist", "digits"}
    source : str or None
        Where the files are, as for :func:`gsae_ref.load_mnist`.
    n_train, n_test : int or None
        Only so many, the first; None: all.

    Returns
    -------
    Images
    """
    if data == "digits":
        found = datasets.load_digits()
    else:
        found = {"mnist": datasets.load_mnist, "fashion-mnist": datasets.load_fashion_mnist}[data](
            source
        )
    train_images = found.train_images[:n_train]
    test_images = found.test_images[:n_test]
    labels = found.test_labels[:n_test]
    mean = train_images.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Images(train_images - mean, test_images - mean, labels, mean)


def sizes(network: str, setting: Setting) -> tuple[int, int, float]:
    """Number of groups, atoms in each, and lam of a network: the sparse one has groups of one atom. Threshold after a step / step = lam.

    >>> sizes("group", Setting()), sizes("sparse", Setting())
    ((10, 16, 5.0), (160, 1, 0.75))
    """
    if network == "group":
        return setting.n_groups, setting.group_size, setting.group_threshold / setting.unfold_step
    return setting.n_groups * setting.group_size, 1, setting.sparse_threshold / setting.unfold_step


def untrained(kind: str, Y: Array, network: str, setting: Setting, seed: int) -> Array:
    """A dictionary of unit columns that no training has touched.

    Parameters
    ----------
    kind : {"principal", "subspaces", "rising", "reset", "united", "gaussian"}
        "principal", "rising", "reset", "united": the start of training (every group the leading
        principal directions, mixed at random; for the sparse network the directions themselves).
        "subspaces": :func:`subspace_start`. "gaussian": Gaussian columns.
    Y : ndarray of shape (n_samples, n_features)
    network : {"group", "sparse"}
    setting : Setting
    seed : int

    Returns
    -------
    A : ndarray of shape (n_features, n_atoms)
    """
    n_groups, group_size, _ = sizes(network, setting)
    if kind == "gaussian":
        return sampling.make_dictionary(Y.shape[1], n_groups, group_size, rng=seed).astype(Y.dtype)
    if kind == "subspaces":
        return subspace_start(Y, n_groups, group_size, seed)
    return starting_dictionary(Y, n_groups, group_size, "principal", seed)


def codes(A: Array, Y: Array, network: str, setting: Setting) -> Array:
    """Codes of the unfolded network, (n_samples, n_atoms)."""
    _, group_size, lam = sizes(network, setting)
    return ops.unfolded_encode(A, Y, lam, group_size, setting.n_unfold, setting.unfold_step)


def train_network(
    network: str,
    data: str,
    n_train: int | None,
    n_epochs: int,
    seed: int,
    setting: dict[str, Any],
    start: str = "principal",
    source: str | None = None,
    checkpoint: str | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Train one network on the training images.

    Parameters
    ----------
    network : {"group", "sparse"}
    data : str
        As for :func:`images`.
    n_train : int or None
    n_epochs : int
    seed : int
        Of the start and of the mini-batches.
    setting : dict
        Fields of :class:`Setting`.
    start : {"principal", "subspaces", "rising", "reset", "united"}
        As for :func:`untrained`. "rising": lam rises to its value, :func:`.ways.rising`. "reset":
        the group used least is reset after 2 epochs and after 4, :func:`.ways.reset`. "united":
        from the best groups of 8 trainings of 4 epochs, :func:`.recombination.recombined`.
    source : str, optional
    checkpoint : str, optional
        Where the run continues from, and is kept meanwhile; what comes before a reset, or before
        groups are united, is done again.
    progress : bool

    Returns
    -------
    dict of str to ndarray
        ``A``; ``loss``, one number per epoch; ``fun``, the cost (13) of all training images at the
        end; ``relative_step``, the largest unfold_step * ||A||_2^2 of an epoch; ``active_groups``,
        the mean over the test images.

    Raises
    ------
    KeyboardInterrupt
        When interrupted, after the checkpoint is written.
    """
    s = Setting(**setting)
    Y = images(data, source, n_train, None)
    _, group_size, lam = sizes(network, s)

    def learn(A: Array, epochs: int, checkpoint: str | None = None, seed: int = seed) -> Any:
        result = train(
            A,
            Y.train,
            rising(lam, n_epochs) if start == "rising" else lam,
            group_size,
            epochs,
            n_unfold=s.n_unfold,
            unfold_step=s.unfold_step,
            step_size=s.step_size,
            batch_size=s.batch_size,
            constraint="columns",
            measure=False,
            rng=seed,
            checkpoint=checkpoint,
            checkpoint_every=5,
            resume=checkpoint is not None,
            progress=progress,
        )
        if result.status == 2:
            raise KeyboardInterrupt
        return result

    A = untrained(start, Y.train, network, s, seed)
    some = Y.train[:DECIDED_BY]
    rng = np.random.default_rng([seed, 2])
    parts = []
    if start == "united":
        seeds = [int(k) for k in np.random.default_rng([seed, 3]).integers(2**32, size=TRAININGS)]
        short = [learn(untrained(start, Y.train, network, s, k), SHORT, seed=k).x for k in seeds]
        A = recombined(short, some, lambda A, Y: codes(A, Y, network, s), group_size)
    for _ in range(min(RESETS, (n_epochs - 1) // RESET_AFTER) if start == "reset" else 0):
        parts.append(learn(A, RESET_AFTER))
        A = reset(parts[-1].x, some, codes(parts[-1].x, some, network, s), group_size, rng).astype(
            A.dtype
        )
    parts.append(learn(A, n_epochs - RESET_AFTER * len(parts), checkpoint))
    active = groups.norms(codes(parts[-1].x, Y.test, network, s), group_size) > 0
    history = {
        name: np.concatenate([part.history[name] for part in parts])
        for name in ("loss", "relative_step")
    }
    return {
        "A": parts[-1].x,
        "loss": history["loss"],
        "fun": parts[-1].fun,
        "relative_step": history["relative_step"].max(),
        "active_groups": active.sum(axis=1).mean(),
    }


def trained(
    cache: ResultCache,
    network: str,
    data: str,
    n_train: int | None,
    n_epochs: int,
    seed: int,
    setting: Setting,
    start: str = "principal",
    source: Any = None,
) -> dict[str, Any]:
    """:func:`train_network` as a unit of work, which continues from its checkpoint if it was interrupted."""
    key = "-".join(
        [
            data,
            network,
            start,
            *([] if n_train is None else [f"n{n_train}"]),
            f"{n_epochs}epochs",
            f"seed{seed}",
        ]
    )
    path = cache.checkpoint(key)

    def unit(**arguments: Any) -> dict[str, Any]:
        return train_network(**arguments, source=source, checkpoint=path, progress=cache.progress)

    s = setting._replace(
        n_epochs=n_epochs, n_neighbors=0
    )._asdict()  # neither bears on this training: a table of other ones finds it too
    found = cache.run(
        key,
        unit,
        network=network,
        data=data,
        n_train=n_train,
        n_epochs=n_epochs,
        seed=seed,
        setting=s,
        start=start,
    )
    for left in (path, f"{path}.previous") if path else ():
        with contextlib.suppress(FileNotFoundError):
            os.unlink(left)
    return found
