"""One autoencoder of Figure 10 of L23: its images, its training, and its interpolations."""

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
N_PICTURED = 7  # pairs in the figure
SMALL_SIZE = 12  # images of fewer pixels in height and width are doubled


def frame(Y: Array) -> Array:
    """Pad images to the next power of two in height and width; small images are doubled.

    Parameters
    ----------
    Y : ndarray (n_images, size**2)
        Square images as rows. Margins are black; below 12 pixels every pixel is doubled instead.

    Returns
    -------
    ndarray (n_images, framed_size**2)

    Examples
    --------
    >>> frame(np.ones((1, 14**2))).reshape(16, 16)[:, 8]
    array([0., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 0.])
    """
    size = round(Y.shape[1] ** 0.5)
    Y = Y.reshape(-1, size, size)
    if size < SMALL_SIZE:
        return np.repeat(np.repeat(Y, 2, axis=1), 2, axis=2).reshape(len(Y), -1)
    margin = (2 ** int(np.ceil(np.log2(size))) - size) // 2
    return np.pad(Y, ((0, 0), (margin, margin), (margin, margin))).reshape(len(Y), -1)


def images(data: str, source: Any, n_images: int) -> tuple[Array, IntArray, Array, IntArray]:
    """Load MNIST or the digits, framed: the first training images, all test images, with labels."""
    found = datasets.load_mnist(source) if data == "mnist" else datasets.load_digits()
    return (
        frame(found.train_images[:n_images]),
        found.train_labels[:n_images],
        frame(found.test_images),
        found.test_labels,
    )


def pairs(labels: IntArray, n_pairs: int, seed: int) -> IntArray:
    """Draw indices (n_pairs, 2) of test images with different labels; the same for all networks."""
    rng = stream(seed, 1)
    found = list[tuple[int, int]]()
    while len(found) < n_pairs:
        i, j = rng.integers(len(labels), size=2)
        if labels[i] != labels[j]:
            found.append((i, j))
    return np.array(found)


def interpolate(first: Array, second: Array) -> Array:
    """(1 - s) first + s second for every share s, pair after pair.

    Parameters
    ----------
    first, second : ndarray (n_pairs, n_columns)

    Returns
    -------
    ndarray (n_pairs * n_shares, n_columns)

    Examples
    --------
    >>> interpolate(np.array([[0.0]]), np.array([[8.0]])).ravel()
    array([0., 1., 2., 3., 4., 5., 6., 7., 8.])
    """
    s = SHARES.astype(first.dtype)[None, :, None]
    return ((1 - s) * first[:, None] + s * second[:, None]).reshape(-1, first.shape[1])


def quality(Y: Array, manifold: Array, labels: IntArray) -> tuple[Array, Array]:
    """Measure how much images look like data.

    Parameters
    ----------
    Y : ndarray (n_images, n_pixels)
    manifold : ndarray (n_training_images, n_pixels)
    labels : ndarray of int (n_training_images,)

    Returns
    -------
    nearest : ndarray (n_images,)
        Euclidean distance to the nearest training image.
    purity : ndarray (n_images,)
        Share of the most frequent label among the 10 nearest training images.
    """
    squares = np.sum(manifold * manifold, axis=1)
    nearest = []
    purity = []
    for start in range(0, len(Y), 512):
        block = Y[start : start + 512]
        D = np.sum(block * block, axis=1)[:, None] - 2 * block @ manifold.T + squares
        near = np.argpartition(D, N_NEIGHBOURS, axis=1)[:, :N_NEIGHBOURS]
        nearest.append(np.sqrt(np.maximum(D.min(axis=1), 0)))
        counts = [np.sum(labels[near] == label, axis=1) for label in np.unique(labels)]
        purity.append(np.max(counts, axis=0) / N_NEIGHBOURS)
    return np.concatenate(nearest), np.concatenate(purity)


def confidence(Y: Array, manifold: Array, labels: IntArray) -> Array:
    """Largest probability that a small classifier gives to a class, for every image.

    Parameters
    ----------
    Y : ndarray (n_images, n_pixels)
    manifold : ndarray (n_training_images, n_pixels)
        The images that the classifier, a perceptron of one hidden layer, learns from.
    labels : ndarray of int (n_training_images,)

    Returns
    -------
    ndarray (n_images,)
    """
    from sklearn.neural_network import MLPClassifier

    with one_blas_thread():  # the bits of a sum depend on the number of threads
        classifier = MLPClassifier(early_stopping=True, random_state=0).fit(manifold, labels)
        return classifier.predict_proba(Y).max(axis=1)


def measure_interpolations(
    architecture: dict[str, Any] | None,
    data: str,
    n_images: int,
    n_pairs: int,
    n_manifold: int,
    seed: int,
    source: Any = None,
    **training: Any,
) -> dict[str, Any]:
    """Train one network and measure it: a result for the cache.

    Parameters
    ----------
    architecture : dict or None
        Arguments of the network; None measures the blend of the two images instead.
    data : {"mnist", "digits"}
    n_images : int
        Training images.
    n_pairs : int
        Pairs of test images between which it interpolates.
    n_manifold : int
        Training images that distances are taken to.
    seed : int
    source : str or path, optional
        Where MNIST is.
    **training
        Further arguments of :func:`train`.

    Returns
    -------
    dict of str to ndarray
        "nearest", "purity" and "confidence" (n_pairs, n_shares); "shown" and "ends", gray levels
        of the first pairs; of a network also "loss" by epoch, "error" per pixel on test images,
        and "spectrum", the eigenvalues of the latent covariance.
    """
    Y, labels, test, test_labels = images(data, source, max(n_images, n_manifold))
    first, second = pairs(test_labels, n_pairs, seed).T
    measured = {}
    if architecture is None:
        between = interpolate(test[first], test[second])
    else:
        network, run = train(architecture, Y[:n_images], seed, **training)
        parameters = run.state.parameters
        measured = _measures_of_network(network, run, test[:N_COVARIANCE])
        codes = [network.encode(parameters, test[indices]) for indices in (first, second)]
        between = by_blocks(lambda rows: network.decode(parameters, rows), interpolate(*codes))
    manifold = Y[:n_manifold], labels[:n_manifold]
    nearest, purity = quality(between, *manifold)
    pictured = between.reshape(n_pairs, len(SHARES), -1)[:N_PICTURED]
    ends = np.stack([test[first[:N_PICTURED]], test[second[:N_PICTURED]]], axis=1)
    return {
        **measured,
        "nearest": nearest.reshape(n_pairs, -1),
        "purity": purity.reshape(n_pairs, -1),
        "confidence": confidence(between, *manifold).reshape(n_pairs, -1),
        "shown": _gray_levels(np.clip(pictured, 0, 1)),
        "ends": _gray_levels(ends),
    }


def train(
    architecture: dict[str, Any],
    Y: Array,
    seed: int,
    n_epochs: int,
    step_size: float,
    batch_size: int,
    checkpoint: str | None = None,
    progress: bool = False,
) -> tuple[ConvolutionalAutoencoder, Any]:
    """Train a network with Adam, resuming from the checkpoint if there is one.

    Raises
    ------
    KeyboardInterrupt
        If the training was interrupted; the checkpoint holds the last epoch.
    """
    variational = "weight" in architecture
    kind = VariationalAutoencoder if variational else ConvolutionalAutoencoder
    network = kind(**architecture)
    with one_blas_thread():  # the bits of a sum depend on the number of threads
        run = train_convolutional(
            network,
            Y,
            n_epochs,
            step_size=step_size,
            batch_size=batch_size,
            rng=seed,
            progress=progress,
            checkpoint=checkpoint,
            resume=checkpoint is not None,
        )
    if run.status == 2:
        raise KeyboardInterrupt
    return network, run


def by_blocks(function: Callable[[Array], Array], rows: Array, size: int = 200) -> Array:
    """Apply a function of rows block by block: the patches of all images do not fit in memory."""
    blocks = [function(rows[start : start + size]) for start in range(0, len(rows), size)]
    return np.concatenate(blocks)


def _measures_of_network(network: Any, run: Any, test: Array) -> dict[str, Any]:
    """Loss by epoch, reconstruction error, latent spectrum."""
    parameters = run.state.parameters
    codes = by_blocks(lambda rows: network.encode(parameters, rows), test)
    E = by_blocks(lambda rows: network.decode(parameters, rows), codes) - test
    return {
        "loss": run.history["loss"],
        "error": np.mean(E * E),
        "spectrum": np.linalg.eigvalsh(np.cov(codes.T))[::-1],
    }


def _gray_levels(images: Array) -> IntArray:
    return np.rint(255 * images).astype(np.uint8)
