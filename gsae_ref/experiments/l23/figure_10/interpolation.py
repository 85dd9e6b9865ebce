"""One autoencoder of Figure 10 of L23: its images, its training, and what its interpolations are like. A unit of work for dglnn_figure_10."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .... import datasets
from ....arrays import Array, IntArray
from ....ops import ConvolutionalAutoencoder, VariationalAutoencoder
from ....ops.engine import one_blas_thread
from ....sampling.streams import stream
from ....training.convolutional import train_convolutional

SHARES = np.linspace(0, 1, 9)  # of the second image in an interpolation
N_NEIGHBOURS = 10
N_COVARIANCE = 2000  # test images whose codes give the latent covariance
N_SHOWN = 7  # pairs in the figure


def framed(Y: Array) -> Array:
    """Images as rows of the next power of two in height and width: black margins, or, below 12 pixels, every pixel doubled.

    >>> framed(np.ones((1, 14**2))).reshape(16, 16)[:, 8]
    array([0., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 0.])
    """
    size = round(Y.shape[1] ** 0.5)
    Y = Y.reshape(-1, size, size)
    if size < 12:
        return np.repeat(np.repeat(Y, 2, axis=1), 2, axis=2).reshape(len(Y), -1)
    margin = (2 ** int(np.ceil(np.log2(size))) - size) // 2
    return np.pad(Y, ((0, 0), (margin, margin), (margin, margin))).reshape(len(Y), -1)


def images(data: str, source: Any, n_images: int) -> tuple[Array, IntArray, Array, IntArray]:
    """MNIST or the digits, framed: the first ``n_images`` training images with labels, all test images with labels."""
    found = datasets.load_mnist(source) if data == "mnist" else datasets.load_digits()
    return (
        framed(found.train_images[:n_images]),
        found.train_labels[:n_images],
        framed(found.test_images),
        found.test_labels,
    )


def pairs(labels: IntArray, n_pairs: int, seed: int) -> IntArray:
    """Indices (n_pairs, 2) of test images with different labels; the same for every network."""
    rng = stream(seed, 1)
    found = list[tuple[int, int]]()
    while len(found) < n_pairs:
        i, j = rng.integers(len(labels), size=2)
        if labels[i] != labels[j]:
            found.append((i, j))
    return np.array(found)


def interpolate(first: Array, second: Array) -> Array:
    """(1 - s) first + s second for every share s, rows (n_pairs * n_shares, n_columns), pair after pair.

    >>> interpolate(np.array([[0.0]]), np.array([[8.0]])).ravel()
    array([0., 1., 2., 3., 4., 5., 6., 7., 8.])
    """
    s = SHARES.astype(first.dtype)[None, :, None]
    return ((1 - s) * first[:, None] + s * second[:, None]).reshape(-1, first.shape[1])


def quality(Y: Array, manifold: Array, labels: IntArray) -> tuple[Array, Array]:
    """How much images look like data: Euclidean distance to the nearest training image, and the share of the most frequent label among the
    10 nearest (1: all neighbours agree on what it is). Two arrays (n_images,)."""
    squares = np.sum(manifold * manifold, axis=1)
    nearest = []
    purity = []
    for start in range(0, len(Y), 512):
        block = Y[start : start + 512]
        D = np.sum(block * block, axis=1)[:, None] - 2 * block @ manifold.T + squares
        near = np.argpartition(D, N_NEIGHBOURS, axis=1)[:, :N_NEIGHBOURS]
        nearest.append(np.sqrt(np.maximum(D.min(axis=1), 0)))
        counts = np.stack(
            [np.sum(labels[near] == label, axis=1) for label in np.unique(labels)], axis=1
        )
        purity.append(counts.max(axis=1) / N_NEIGHBOURS)
    return np.concatenate(nearest), np.concatenate(purity)


def learn(
    architecture: dict[str, Any] | None,
    data: str,
    source: Any,
    n_images: int,
    n_epochs: int,
    step_size: float,
    batch_size: int,
    n_pairs: int,
    n_manifold: int,
    seed: int,
    checkpoint: str | None,
    progress: bool,
) -> dict[str, Any]:
    """Train one network and measure it: cost by epoch, reconstruction error, latent spectrum, quality of its interpolations.

    ``architecture=None`` measures the blend of two images, pixel by pixel, instead: what a network
    must beat.
    """
    Y, labels, test, test_labels = images(data, source, max(n_images, n_manifold))
    manifold, labels = Y[:n_manifold], labels[:n_manifold]
    first, second = pairs(test_labels, n_pairs, seed).T
    measured = {}
    if architecture is None:
        between = interpolate(test[first], test[second])
    else:
        network = (
            VariationalAutoencoder if "weight" in architecture else ConvolutionalAutoencoder
        )(**architecture)
        with one_blas_thread():  # the bits of a sum depend on the number of threads
            run = train_convolutional(
                network,
                Y[:n_images],
                n_epochs,
                step_size=step_size,
                batch_size=batch_size,
                rng=seed,
                progress=progress,
                checkpoint=checkpoint,
                resume=True,
            )
        if run.status == 2:
            raise KeyboardInterrupt
        parameters = run.state.parameters
        codes = by_blocks(lambda rows: network.encode(parameters, rows), test[:N_COVARIANCE])
        E = by_blocks(lambda rows: network.decode(parameters, rows), codes) - test[:N_COVARIANCE]
        measured = {
            "loss": run.history["loss"],
            "error": np.mean(E * E),
            "spectrum": np.linalg.eigvalsh(np.cov(codes.T))[::-1],
        }
        ends = (network.encode(parameters, test[indices]) for indices in (first, second))
        between = by_blocks(lambda rows: network.decode(parameters, rows), interpolate(*ends))
    nearest, purity = (values.reshape(n_pairs, -1) for values in quality(between, manifold, labels))
    shown = (
        np.rint(255 * np.clip(between, 0, 1))
        .astype(np.uint8)
        .reshape(n_pairs, len(SHARES), -1)[:N_SHOWN]
    )
    ends = np.rint(255 * np.stack([test[first[:N_SHOWN]], test[second[:N_SHOWN]]], axis=1)).astype(
        np.uint8
    )
    return {**measured, "nearest": nearest, "purity": purity, "shown": shown, "ends": ends}


def by_blocks(function: Callable[..., Any], rows: Array, size: int = 200) -> Array:
    """A function of rows, applied block by block: the patches of all images at once would not fit in memory."""
    return np.concatenate(
        [function(rows[start : start + size]) for start in range(0, len(rows), size)]
    )
