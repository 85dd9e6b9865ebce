"""Training the convolutional autoencoders of L23's appendix. May import ops, checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from .blocks import shuffled, size_of_batches
from .checkpoints import Checkpoints, fingerprint
from .descent import descend

if TYPE_CHECKING:
    from ..ops.convolutional import ConvolutionalAutoencoder, VariationalAutoencoder
    from .descent import Run


def train_convolutional(
    network: ConvolutionalAutoencoder | VariationalAutoencoder,
    Y: ArrayLike,
    n_epochs: int,
    *,
    parameters: dict[str, Array] | None = None,
    optimizer: str = "adam",
    step_size: float = 1e-4,
    batch_size: int = 32,
    rng: int = 0,
    progress: bool = False,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 1,
    resume: bool = False,
) -> Run:
    """Learn the parameters of a convolutional autoencoder from images. [L23] Section E.2.

    Parameters
    ----------
    network : ConvolutionalAutoencoder or VariationalAutoencoder
        See :class:`gsae_ref.ops.ConvolutionalAutoencoder`.
    Y : array_like of shape (n_samples, image_size**2)
        Images as rows.
    n_epochs : int
        Passes over the images.
    parameters : dict of str to array_like, optional
        The start, not modified; None draws float32 parameters from the seed.
    optimizer, step_size, batch_size
        As in :func:`gsae_ref.train`.
    rng : int
        Seed of the start and of the mini-batches.
    progress, checkpoint, checkpoint_every, resume
        As in :func:`gsae_ref.train`. A checkpoint is three times as large as the parameters.

    Returns
    -------
    run : Run
        ``run.state.parameters``, ``run.history["loss"]`` (mean over each epoch, each batch before
        its step), ``status``, ``message``.

    Raises
    ------
    TypeError, ValueError
        For images or parameters that do not fit the network, a number out of range, a checkpoint of
        another run.
    DivergenceError
        If the cost or a parameter is no longer finite.

    Notes
    -----
    Differs from the paper: it prints no training. The defaults are those of the code of Jing et al.
    (2020): Adam, 1e-4, batches of 32. A large network is trained by compiled passes, whose bits do
    not depend on the number of threads. Those of a small one depend on the threads of BLAS; limit
    them (OPENBLAS_NUM_THREADS=1) to compare runs bit by bit.

    Examples
    --------
    >>> from gsae_ref.ops import ConvolutionalAutoencoder
    >>> sizes = {"image_size": 4, "channels": (4,), "decoder_channels": (4, 2)}
    >>> network = ConvolutionalAutoencoder(n_groups=2, n_linear=1, n_latent=4, **sizes)
    >>> run = train_convolutional(network, np.eye(16), 30, step_size=0.01)
    >>> len(run.history["loss"]), run.history["loss"][-1] < run.history["loss"][0]
    (30, True)
    """
    seed = checks.count("rng", rng, minimum=0)
    Y = checks.array("Y", Y, ndim=(2,))
    parameters = network.start(seed) if parameters is None else parameters
    network.encode(parameters, Y[:1])  # fail early
    images = _Images(network, Y, size_of_batches(batch_size, len(Y)), seed)
    named = {name: np.asarray(value) for name, value in parameters.items()}
    mark = partial(fingerprint, named, Y, repr(network))
    settings = {"batch_size": images.batch_size, "rng": seed}
    return descend(
        parameters,
        images.cost_and_gradient,
        images.batches,
        n_epochs,
        optimizer=optimizer,
        step_size=step_size,
        progress=progress,
        checkpoints=Checkpoints(checkpoint, checkpoint_every, resume, mark, settings),
    )


class _Images:
    """Mini-batches of images and of the noise that a variational network takes."""

    def __init__(
        self,
        network: ConvolutionalAutoencoder | VariationalAutoencoder,
        Y: Array,
        batch_size: int,
        seed: int,
    ) -> None:
        self.n_noise = network.n_noise
        self.gradient: Callable[..., Any] = network.gradient_of_checked
        self.Y = Y
        self.batch_size = batch_size
        self.seed = seed

    def batches(self, epoch: int) -> Iterator[Array]:
        """Rows of pixels followed by noise, which depends on the seed and the epoch only."""
        shape = len(self.Y), self.n_noise
        noise = np.random.default_rng([self.seed, epoch, 1]).normal(size=shape)
        noise = noise.astype(self.Y.dtype)
        for batch in shuffled(len(self.Y), self.batch_size, self.seed, epoch):
            yield np.hstack([self.Y[batch], noise[batch]])

    def cost_and_gradient(
        self, parameters: dict[str, Array], samples: Array, epoch: int
    ) -> tuple[float, dict[str, Array]]:
        """Cost of a batch, and its gradient in every parameter."""
        images, noise = np.split(samples, [self.Y.shape[1]], axis=1)
        inputs = (images, noise) if self.n_noise else (images,)
        cost, gradient = self.gradient(parameters, *inputs)
        return cost, gradient
