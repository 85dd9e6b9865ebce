"""Pictures of Figure 10 of L23: interpolations as images, and measures along the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.publishing import COLOURS
from ..plots import legend_below
from .interpolation import SHARES
from .networks import BLEND

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ....arrays import IntArray
    from ..plots import Plot
    from .measures import Figure10

TITLES = {
    "AE": "AE: no linear layer",
    "VAE": "VAE: no linear layer",
    BLEND: "blend: the two images, pixel by pixel",
}
MARKERS = "ovsD^x"
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
SMALLEST_EIGENVALUE = 1e-8  # smaller ones are drawn at this height
FRAMED_MNIST = 32  # size of MNIST's images in a frame of two pixels


def sheet(run: dict[str, Any]) -> IntArray:
    """Gray levels, a row for every pair: image, gap, interpolations, gap, image."""
    between = run["shown"]
    ends = run["ends"]
    size = round(between.shape[2] ** 0.5)
    margin = 2 if size == FRAMED_MNIST else 0
    tiles = np.concatenate([ends[:, :1], between, ends[:, 1:]], axis=1)
    tiles = tiles.reshape(len(between), -1, size, size)
    inner = tiles[:, :, margin : size - margin, margin : size - margin]
    tiles = np.pad(inner, ((0, 0), (0, 0), (1, 1), (1, 1)))
    side = tiles.shape[3]
    rows = tiles.transpose(0, 2, 1, 3).reshape(-1, tiles.shape[1] * side)
    gap = np.zeros((len(rows), side // 2), np.uint8)
    return np.concatenate([rows[:, :side], gap, rows[:, side:-side], gap, rows[:, -side:]], axis=1)


def interpolations(name: str) -> Plot:
    """The interpolations of one network as images."""

    def plot(data: Figure10, ax: Axes) -> list[Any]:
        picture = data.pictures[name]
        artist = ax.imshow(picture, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        n = len(SHARES)
        middles = np.array([0.5, 2, n / 2 + 1.5, n + 1, n + 2.5])
        labels = ("image", "0", "1/2", "1", "image")
        ax.set_xticks(picture.shape[1] / (n + 3) * middles, labels)
        ax.set_yticks([])
        count = data.n_linear_parameters.get(name, 0)
        ax.set_title(f"{name}: {count:,} parameters in linear layers" if count else TITLES[name])
        for spine in ax.spines.values():
            spine.set_visible(False)
        return [artist]

    return plot


def plot_nearest(data: Figure10, ax: Axes) -> list[Any]:
    """Distance to the nearest training image along the path."""
    artists = _along_path(ax, data.shares, data.nearest)
    ax.set(title="Distance to data", ylabel="distance to nearest training image")
    return artists


def plot_purity(data: Figure10, ax: Axes) -> list[Any]:
    """Purity of the nearest training images along the path."""
    artists = _along_path(ax, data.shares, data.purity)
    ax.set(title="Purity", ylabel="purity of 10 nearest neighbours")
    return artists


def plot_confidence(data: Figure10, ax: Axes) -> list[Any]:
    """Confidence of a classifier along the path."""
    artists = _along_path(ax, data.shares, data.confidence)
    ax.set(title="Confidence", ylabel="largest class probability of a classifier")
    return artists


def _along_path(ax: Axes, shares: Any, curves: dict[str, Any]) -> list[Any]:
    artists = []
    for (name, values), marker, colour in zip(curves.items(), MARKERS, COLOURS, strict=False):
        style = marker + ("--" if name == BLEND else "-")
        artists += ax.plot(shares, values, style, color=colour, markersize=4, label=name)
    ax.set_xlabel("share of the second image")
    legend_below(ax)
    return artists


def plot_spectrum(data: Figure10, ax: Axes) -> list[Any]:
    """Eigenvalues of the latent covariance, each spectrum divided by its largest."""
    artists = []
    for (name, values), style, colour in zip(data.spectrum.items(), STYLES, COLOURS, strict=False):
        heights = np.maximum(values / values[0], SMALLEST_EIGENVALUE)
        index = np.arange(1, len(values) + 1)
        artists += ax.loglog(index, heights, linestyle=style, color=colour, label=name)
    ax.set(title="Latent covariance", xlabel="index", ylabel="eigenvalue / largest eigenvalue")
    ax.set_ylim(SMALLEST_EIGENVALUE, 2)
    legend_below(ax)
    return artists
