"""The convolutional autoencoders of L23's appendix.

Plain (AE), implicit rank-minimising (IRMAE), grouped (GAE), variational (VAE).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array
from ..reference import grouped_autoencoder, variational_autoencoder
from .engine import ENGINES, ENOUGH_WORK, compiler_disabled, run_kernel

if TYPE_CHECKING:
    from ..reference.grouped_autoencoder import Layer


@dataclass(frozen=True)
class ConvolutionalAutoencoder:
    """A convolutional autoencoder with grouped linear layers in latent space. [L23] Section E.2.

    See Figures 8 and 9 there. The parameters are a dict of arrays, made by :meth:`start` and passed
    to every method. Images are rows of ``image_size**2`` pixels, codes are rows of ``n_latent``
    channels. ``n_linear=0`` is the plain autoencoder AE; with linear layers, one group is IRMAE,
    several groups are GAE.

    Parameters
    ----------
    n_groups : int
        Groups of latent channels, and of the input channels of the encoder's last convolution.
    n_linear : int
        Linear layers in latent space, >= 0; each has n_latent^2 / n_groups parameters.
    n_latent : int
        Latent channels.
    image_size : int
        Height and width of an image, a multiple of 2^len(channels) and of
        2^(len(decoder_channels) - 1).
    channels, decoder_channels : tuple of int
        Encoder: channels after every convolution that halves the image. Decoder: channels of its
        first image, and after every transposed convolution that doubles the image.

    Raises
    ------
    TypeError, ValueError
        For numbers that are not counts, or that do not divide the sizes above.

    Notes
    -----
    Differs from the paper: it prints no sizes. The defaults are the MNIST network of Jing et al.
    (2020) with 512 latent channels, which with 3 linear layers gives the counts of Table 2.

    Examples
    --------
    [L23] Table 2 prints 786K, 196K, 98K:

    >>> [ConvolutionalAutoencoder(g, n_linear=3).n_linear_parameters for g in (1, 4, 8)]
    [786432, 196608, 98304]
    """

    n_groups: int = 1
    n_linear: int = 0
    n_latent: int = 512
    image_size: int = 32
    channels: tuple[int, ...] = (32, 64, 128, 256)
    decoder_channels: tuple[int, ...] = (128, 64, 32)

    def __post_init__(self) -> None:
        channels = checks.widths("channels", self.channels)
        decoder = checks.widths("decoder_channels", self.decoder_channels)
        size = checks.count("image_size", self.image_size)
        latent = checks.count("n_latent", self.n_latent)
        checks.count("n_linear", self.n_linear, minimum=0)
        pixels = "pixels of image_size"
        checks.divisor("2**len(channels)", 2 ** len(channels), size, pixels)
        checks.divisor("2**(len(decoder_channels) - 1)", 2 ** (len(decoder) - 1), size, pixels)
        checks.divisor("n_groups", self.n_groups, latent, "latent channels")
        before_last = "channels before the last convolution"
        checks.divisor("n_groups", self.n_groups, channels[-1], before_last)

    @property
    def n_noise(self) -> int:
        """Entries of noise that ``loss`` takes for each image: none."""
        return 0

    @property
    def encoder(self) -> tuple[Layer, ...]:
        """Layers from image to code."""
        return grouped_autoencoder.encoder_layers(
            self.image_size, self.channels, self.n_latent, self.n_linear, self.n_groups
        )

    @property
    def decoder(self) -> tuple[Layer, ...]:
        """Layers from code to image."""
        return grouped_autoencoder.decoder_layers(
            self.image_size, self.decoder_channels, self.n_latent
        )

    @property
    def n_linear_parameters(self) -> int:
        """n_linear n_latent^2 / n_groups parameters of the linear layers. [L23] Table 2."""
        return sum(prod(layer.kernel) for layer in self.encoder if layer.name.startswith("linear"))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of all parameters."""
        return grouped_autoencoder.shapes(self._layers)

    def start(
        self, rng: int | np.random.Generator | None = None, dtype: str = "float32"
    ) -> dict[str, Array]:
        """Random parameters, entries uniform on +-1 / sqrt(number of terms in their sum).

        Parameters
        ----------
        rng : int or Generator, optional
        dtype : {"float32", "float64"}

        Returns
        -------
        parameters : dict of str to ndarray
        """
        checks.option("dtype", dtype, ("float32", "float64"))
        return grouped_autoencoder.start(self._layers, checks.generator(rng), dtype)

    def encode(self, parameters: dict[str, Array], Y: ArrayLike) -> Array:
        """Codes of images, (n_samples, n_latent) or (n_latent,).

        Parameters
        ----------
        parameters : dict of str to array_like
        Y : array_like of shape (n_samples, image_size**2) or (image_size**2,)

        Returns
        -------
        X : ndarray
        """
        parameters, Y = self._checked(parameters, "Y", Y, self.image_size**2)
        codes = grouped_autoencoder.forward(self.encoder, parameters, self._images(Y))[-1]
        return codes.reshape(*Y.shape[:-1], -1)

    def decode(self, parameters: dict[str, Array], X: ArrayLike) -> Array:
        """Images of codes, (n_samples, image_size**2) or (image_size**2,).

        Parameters
        ----------
        parameters : dict of str to array_like
        X : array_like of shape (n_samples, n_latent) or (n_latent,)

        Returns
        -------
        Y : ndarray
        """
        parameters, X = self._checked(parameters, "X", X, self.n_latent)
        codes = X.reshape(-1, 1, 1, self.n_latent)
        images = grouped_autoencoder.forward(self.decoder, parameters, codes)[-1]
        return images.reshape(*X.shape[:-1], -1)

    def loss(self, parameters: dict[str, Array], Y: ArrayLike) -> float:
        """Mean reconstruction cost 1/(2N) sum_i ||y_i - yhat_i||^2.

        Parameters
        ----------
        parameters : dict of str to array_like
        Y : array_like of shape (n_samples, image_size**2) or (image_size**2,)

        Returns
        -------
        cost : float
        """
        parameters, Y = self._checked(parameters, "Y", Y, self.image_size**2)
        return grouped_autoencoder.loss(self._layers, parameters, self._images(Y))

    def loss_and_grad(
        self, parameters: dict[str, Array], Y: ArrayLike, engine: str = "auto"
    ) -> tuple[float, dict[str, Array]]:
        """The loss and its exact gradient in every parameter.

        Parameters
        ----------
        parameters : dict of str to array_like
        Y : array_like of shape (n_samples, image_size**2) or (image_size**2,)
        engine : {"auto", "reference", "numba"}
            The implementation; they agree to rounding, and no number of threads changes a bit of
            the compiled one. "auto" compiles where images times parameters is large.

        Returns
        -------
        cost : float
        gradient : dict of str to ndarray
            Names and shapes of ``parameters``.
        """
        parameters, Y = self._checked(parameters, "Y", Y, self.image_size**2)
        return self.gradient_of_checked(parameters, Y, engine)

    def gradient_of_checked(
        self, parameters: dict[str, Array], Y: Array, engine: str = "auto"
    ) -> tuple[float, dict[str, Array]]:
        """:meth:`loss_and_grad` without its checks, which read all parameters: for training."""
        parameters, (Y,) = _in_common_dtype(parameters, Y)
        arguments = self._layers, parameters, self._images(Y)
        if self._by_kernel(engine, Y):
            from ..kernels import grouped_autoencoder as kernel

            return run_kernel(kernel.loss_and_grad, *arguments)
        return grouped_autoencoder.loss_and_grad(*arguments)

    def collapse(
        self, parameters: dict[str, Array]
    ) -> tuple[ConvolutionalAutoencoder, dict[str, Array]]:
        """The same map with the linear layers absorbed into the encoder's last convolution.

        Parameters
        ----------
        parameters : dict of str to array_like

        Returns
        -------
        network : ConvolutionalAutoencoder
            This one with ``n_linear=0``.
        parameters : dict of str to ndarray
        """
        parameters = checks.named_arrays("parameters", parameters, self.shapes)
        _, absorbed = grouped_autoencoder.collapse(self.encoder, parameters)
        return replace(self, n_linear=0), absorbed

    @property
    def _layers(self) -> tuple[Layer, ...]:
        return (*self.encoder, *self.decoder)

    def _checked(
        self, parameters: dict[str, Array], name: str, rows: ArrayLike, n_columns: int
    ) -> tuple[dict[str, Array], Array]:
        """Check parameters and rows; return them in their common dtype."""
        parameters = checks.named_arrays("parameters", parameters, self.shapes)
        pixels = f"{self.image_size} x {self.image_size} pixels"
        of = f"a network of {pixels}, {self.n_latent} latent channels,"
        rows = checks.batch(name, rows, n_columns, of)
        parameters, (rows,) = _in_common_dtype(parameters, rows)
        return parameters, rows

    def _by_kernel(self, engine: str, Y: Array) -> bool:
        """Whether the compiled passes run."""
        checks.option("engine", engine, ENGINES)
        if engine != "auto":
            return engine == "numba"
        n_parameters = sum(prod(shape) for shape in self.shapes.values())
        n_images = Y.size // self.image_size**2
        return n_images * n_parameters >= ENOUGH_WORK and not compiler_disabled()

    def _images(self, Y: Array) -> Array:
        """Rows of pixels as images with one channel."""
        return Y.reshape(-1, self.image_size, self.image_size, 1)


@dataclass(frozen=True)
class VariationalAutoencoder(ConvolutionalAutoencoder):
    """A variational autoencoder on the same layers: the rival of [L23] Figure 10.

    Minimises 1/N sum_i [ 1/2 ||y_i - yhat_i||^2 + weight KL_i ], with yhat decoded from a sample of
    the code, and KL_i the divergence of the law of the code from the standard normal. Loss and
    gradient take the noise of that sample; :meth:`encode` returns the mean of the code. The other
    fields are those of :class:`ConvolutionalAutoencoder`. Linear layers, if any, act on means and
    log variances together.

    Parameters
    ----------
    weight : float
        Weight of the divergence, >= 0, which is the variance of a pixel under the decoder. The
        default is ours; no paper prints one for squared errors.

    Raises
    ------
    TypeError, ValueError
        As for :class:`ConvolutionalAutoencoder`; for a negative ``weight``.

    Examples
    --------
    3 means and 3 log variances:

    >>> sizes = {"image_size": 4, "channels": (2,), "decoder_channels": (2, 2)}
    >>> VariationalAutoencoder(n_latent=3, **sizes).shapes["conv2.bias"]
    (6,)
    """

    weight: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.threshold(self.weight, "weight")

    @property
    def n_noise(self) -> int:
        """Entries of noise for each image."""
        return self.n_latent

    @property
    def encoder(self) -> tuple[Layer, ...]:
        """Layers from image to mean and log variance of the code."""
        return grouped_autoencoder.encoder_layers(
            self.image_size, self.channels, 2 * self.n_latent, self.n_linear, self.n_groups
        )

    def encode(self, parameters: dict[str, Array], Y: ArrayLike) -> Array:
        """Means of the codes, (n_samples, n_latent) or (n_latent,).

        Parameters
        ----------
        parameters : dict of str to array_like
        Y : array_like of shape (n_samples, image_size**2) or (image_size**2,)

        Returns
        -------
        X : ndarray
        """
        return super().encode(parameters, Y)[..., : self.n_latent]

    def loss(  # type: ignore[override]  # one more input
        self, parameters: dict[str, Array], Y: ArrayLike, noise: ArrayLike
    ) -> float:
        """The objective for given noise.

        Parameters
        ----------
        parameters : dict of str to array_like
        Y : array_like of shape (n_samples, image_size**2) or (image_size**2,)
        noise : array_like of shape (n_samples, n_latent) or (n_latent,)
            Standard normal; zeros decode the mean.

        Returns
        -------
        cost : float
        """
        return variational_autoencoder.loss(
            self.encoder, self.decoder, *self._with_noise(parameters, Y, noise), self.weight
        )

    def loss_and_grad(  # type: ignore[override]  # one more input
        self, parameters: dict[str, Array], Y: ArrayLike, noise: ArrayLike, engine: str = "auto"
    ) -> tuple[float, dict[str, Array]]:
        """The objective for given noise, and its exact gradient in every parameter.

        Parameters
        ----------
        parameters : dict of str to array_like
        Y : array_like of shape (n_samples, image_size**2) or (image_size**2,)
        noise : array_like of shape (n_samples, n_latent) or (n_latent,)
        engine : {"auto", "reference", "numba"}
            As for :class:`ConvolutionalAutoencoder`.

        Returns
        -------
        cost : float
        gradient : dict of str to ndarray
        """
        return self.gradient_of_checked(*self._with_noise(parameters, Y, noise), engine)

    def gradient_of_checked(  # type: ignore[override]  # one more input
        self, parameters: dict[str, Array], Y: Array, noise: Array, engine: str = "auto"
    ) -> tuple[float, dict[str, Array]]:
        """:meth:`loss_and_grad` without its checks, which read all parameters: for training."""
        parameters, (Y, noise) = _in_common_dtype(parameters, Y, noise)
        noise = noise.reshape(-1, 1, 1, self.n_latent)
        arguments = self.encoder, self.decoder, parameters, self._images(Y), noise, self.weight
        if self._by_kernel(engine, Y):
            from ..kernels import variational_autoencoder as kernel

            return run_kernel(kernel.loss_and_grad, *arguments)
        return variational_autoencoder.loss_and_grad(*arguments)

    def _with_noise(
        self, parameters: dict[str, Array], Y: ArrayLike, noise: ArrayLike
    ) -> tuple[dict[str, Array], Array, Array]:
        """Check parameters, images and noise; return them in the form of the reference."""
        parameters, Y = self._checked(parameters, "Y", Y, self.image_size**2)
        of = f"a code of {self.n_latent} latent channels"
        noise = checks.batch("noise", noise, self.n_latent, of)
        samples = Y[..., 0]
        checks.same_shape(
            "Y without its pixels", samples, "noise without its channels", noise[..., 0]
        )
        return parameters, self._images(Y), noise.astype(Y.dtype).reshape(-1, 1, 1, self.n_latent)


def _in_common_dtype(
    parameters: dict[str, Array], *arrays: Array
) -> tuple[dict[str, Array], list[Array]]:
    """Parameters and arrays in the dtype that holds them all."""
    n = len(parameters)
    promoted = checks.common_dtype(*parameters.values(), *arrays)
    return dict(zip(parameters, promoted[:n], strict=True)), list(promoted[n:])
