"""Gradient descent on the convolutional autoencoders of L23's appendix. May import ops, checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from .blocks import shuffled
from .checkpoints import fingerprint
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
    """Learn the parameters of a convolutional autoencoder (:class:`gsae_ref.ops.ConvolutionalAutoencoder`) from images. [L23] Section E.2.

    Parameters
    ----------
    network : ConvolutionalAutoencoder or VariationalAutoencoder
    Y : array_like of shape (n_samples, image_size**2)
        Images as rows.
    n_epochs : int
        Passes over the images.
    parameters : dict of str to array_like, optional
        Where to start; None draws them, float32, from the seed. Not modified.
    optimizer : {"adam", "gradient_descent"}
        As in :func:`gsae_ref.train`.
    step_size : float or callable
        Learning rate, or a function of the epoch.
    batch_size : int
        Images in a mini-batch, drawn without replacement in every epoch.
    rng : int
        Seed of the start and of the mini-batches.
    progress : bool
        Show a bar on standard error (tqdm if installed).
    checkpoint : str or path, optional
        File (.npz) for the state, three times the parameters; the one before is kept with
        ``.previous`` added.
    checkpoint_every : int
        Epochs between checkpoints.
    resume : bool
        Continue from the checkpoint if there is one.

    Returns
    -------
    run : Run
        ``run.state.parameters``, ``run.history["loss"]`` (mean over each epoch, each batch before
        its step), ``status``, ``message``.

    Raises
    ------
    TypeError, ValueError
        For images or parameters that do not fit the network, a bad number, a checkpoint of another
        run.
    DivergenceError
        When the cost or a parameter is no longer finite.

    Notes
    -----
    Differs from the paper: it prints no training. The defaults are those of the code of Jing et al.
    (2020): Adam, 1e-4, batches of 32. The bits of the result depend on the number of threads of
    BLAS; limit it (OPENBLAS_NUM_THREADS=1) to compare runs bit by bit.

    Examples
    --------
    >>> from gsae_ref.ops import ConvolutionalAutoencoder
    >>> network = ConvolutionalAutoencoder(n_groups=2, n_linear=1, n_latent=4, image_size=4, channels=(4,), decoder_channels=(4, 2))
    >>> run = train_convolutional(network, np.eye(16), 30, step_size=0.01)
    >>> len(run.history["loss"]), run.history["loss"][-1] < run.history["loss"][0]
    (30, True)
    """
    seed = checks.count("rng", rng, minimum=0)
    Y = checks.array("Y", Y, ndim=(2,))
    parameters = network.start(seed) if parameters is None else parameters
    network.encode(parameters, Y[:1])  # refuses what does not fit before the first epoch
    batch_size = min(checks.count("batch_size", batch_size), len(Y))

    def owner() -> str:
        return fingerprint(
            {name: np.asarray(value) for name, value in parameters.items()},
            Y,
            repr(network),
            optimizer,
            batch_size,
            seed,
        )

    def batches(epoch: int) -> Iterator[Any]:
        """Rows of pixels, followed by the noise of a variational network: the same in every run that reaches this epoch."""
        noise = (
            np.random.default_rng([seed, epoch, 1])
            .normal(size=(len(Y), network.n_noise))
            .astype(Y.dtype)
        )
        return (
            np.hstack([Y[batch], noise[batch]])
            for batch in shuffled(len(Y), batch_size, seed, epoch)
        )

    def objective(
        parameters: dict[str, Array], samples: Array, epoch: int
    ) -> tuple[float, dict[str, Array]]:
        images, noise = np.split(samples, [Y.shape[1]], axis=1)
        return network.loss_and_grad(parameters, images, *([noise] if network.n_noise else []))

    return descend(
        parameters,
        objective,
        batches,
        n_epochs,
        optimizer=optimizer,
        step_size=step_size,
        progress=progress,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        owner=owner,
    )
