"""The group-sparse and the sparse network of T21 Section 4.2: images, training, codes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .... import datasets, groups, ops, sampling
from ....arrays import Array, IntArray
from ....training import train
from ....training.starts import starting_dictionary
from .settings import Setting, Sizes

if TYPE_CHECKING:
    from ...common.cache import ResultCache


class Images(NamedTuple):
    """Images as rows, less ``mean``, that of the training images; labels of the test images."""

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
    elif data == "mnist":
        found = datasets.load_mnist(source)
    else:
        found = datasets.load_fashion_mnist(source)
    train_images = found.train_images[:n_train]
    test_images = found.test_images[:n_test]
    labels = found.test_labels[:n_test]
    mean = train_images.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Images(train_images - mean, test_images - mean, labels, mean)


def untrained(kind: str, Y: Array, network: str, setting: Setting, seed: int) -> Array:
    """A dictionary of unit columns before training.

    Parameters
    ----------
    kind : {"principal", "gaussian"}
        "principal": the start of training; every group has the leading principal directions, mixed
        by a Gaussian matrix (the authors' public code has an orthogonal one), and the sparse
        network the directions themselves. "gaussian": Gaussian columns.
    Y : ndarray of shape (n_samples, n_features)
    network : {"group", "sparse"}
    setting : Setting
    seed : int

    Returns
    -------
    A : ndarray of shape (n_features, n_atoms)
    """
    n_groups, group_size, _ = setting.shape(network)
    if kind == "gaussian":
        return sampling.make_dictionary(Y.shape[1], n_groups, group_size, rng=seed).astype(Y.dtype)
    return starting_dictionary(Y, n_groups, group_size, "principal", seed, mixing="gaussian")


def codes(A: Array, Y: Array, network: str, setting: Setting) -> Array:
    """Codes of the unfolded network, (n_samples, n_atoms)."""
    _, group_size, lam = setting.shape(network)
    return ops.unfolded_encode(A, Y, lam, group_size, setting.n_unfold, setting.unfold_step)


def train_network(
    network: str,
    data: str,
    n_train: int | None,
    seed: int,
    setting: dict[str, Any],
    source: str | None = None,
    checkpoint: str | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Train one network on the training images.

    Parameters
    ----------
    network : {"group", "sparse"}
    data, n_train
        As for :func:`images`.
    seed : int
        Of the start and of the mini-batches.
    setting : dict
        Fields of :class:`.settings.Setting`.
    source : str, optional
        As for :func:`images`.
    checkpoint : str, optional
        File that the run resumes from, and that it updates every 5 epochs.
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
    _, group_size, lam = s.shape(network)
    result = train(
        untrained("principal", Y.train, network, s, seed),
        Y.train,
        lam,
        group_size,
        s.n_epochs,
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
    active = groups.norms(codes(result.x, Y.test, network, s), group_size) > 0
    return {
        "A": result.x,
        "loss": np.asarray(result.history["loss"]),
        "fun": result.fun,
        "relative_step": np.max(result.history["relative_step"]),
        "active_groups": active.sum(axis=1).mean(),
    }


def trained_network(
    cache: ResultCache, size: Sizes, network: str, n_epochs: int, seed: int
) -> dict[str, Any]:
    """The result of :func:`train_network`, from the cache if it is there."""
    n = "" if size.n_train is None else f"n{size.n_train}-"
    # Neither field bears on this training: a table with another number of neighbours finds it too.
    setting = size.setting._replace(n_epochs=n_epochs, n_neighbors=0)
    return cache.train(
        f"{size.data}-{network}-{n}{n_epochs}epochs-seed{seed}",
        functools.partial(train_network, source=size.source),
        network=network,
        data=size.data,
        n_train=size.n_train,
        seed=seed,
        setting=setting._asdict(),
    )
