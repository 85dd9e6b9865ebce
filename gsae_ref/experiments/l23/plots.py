"""Panels that the figures of L23 share: each function makes a ``plot(data, ax)``.

``data`` is the dataclass of a figure, and its ``runs`` map names to :class:`~.recovery.Run`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..common.publishing import COLOURS
from .recovery import NetworkRun, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...arrays import Array, IntArray

Plot = Callable[[Any, "Axes"], list[Any]]
STYLES = ("-", "--", ":", "-.")
ERROR_LABEL = r"$\|w - w^*\|^2$"
KNOWN_LABEL = "least squares, support known"


class Runs(Protocol):
    """Data of a figure that has runs."""

    @property
    def runs(self) -> Mapping[str, Run]:
        """Name of a run -> the run."""


class NetworkRuns(Protocol):
    """Data of a figure whose runs are all of the grouped network."""

    @property
    def runs(self) -> Mapping[str, NetworkRun]:
        """Name of a run -> the run."""


def legend_below(ax: Axes, n_columns: int = 3, **options: Any) -> None:
    """A legend under the axes, where no curve is."""
    place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.19)}
    ax.legend(ncols=n_columns, columnspacing=1.2, **place, **options)


def errors(title: str, labels: dict[str, str]) -> Plot:
    """Squared error against epoch for several runs, {name of a run: label}.

    A thin line marks the error of least squares on the true support, of the first run.
    """

    def plot(data: Runs, ax: Axes) -> list[Any]:
        artists = []
        for i, (name, label) in enumerate(labels.items()):
            run = data.runs[name]
            style = STYLES[i % 4]
            artists += ax.plot(run.epochs, run.error, style, color=COLOURS[i], label=label)
        level = data.runs[next(iter(labels))].least_squares
        artists.append(ax.axhline(level, color="0.4", linewidth=0.8, label=KNOWN_LABEL))
        ax.set(title=title, xlabel="epoch", ylabel=ERROR_LABEL, yscale="log")
        legend_below(ax, 2)
        return artists

    return plot


def magnitudes(title: str, name: str) -> Plot:
    """u_l^2 of the groups on the support, and the largest off it."""

    def plot(data: NetworkRuns, ax: Axes) -> list[Any]:
        run = data.runs[name]
        artists = _group_curves(ax, run.epochs, run.magnitudes)
        artists += _off_support(ax, run.epochs, run.magnitude_off_support)
        ax.set(title=title, xlabel="epoch", ylabel=r"$u_l^2$")
        legend_below(ax)
        return artists

    return plot


def entries(title: str, name: str) -> Plot:
    """Weights on the support, and the largest off it; thin lines are the true weights."""

    def plot(data: Runs, ax: Axes) -> list[Any]:
        run = data.runs[name]
        size = run.recipe.group_size
        if isinstance(run, NetworkRun) and size > 1:
            artists = _group_curves(ax, run.epochs, run.w, size)
        else:
            artists = ax.plot(run.epochs, run.w, color=COLOURS[0], linewidth=0.9, alpha=0.8)
            artists[0].set_label("on the support")
        artists += _off_support(ax, run.epochs, run.off_support)
        for value in sorted(set(run.recipe.coefficients)):
            ax.axhline(value, color="0.8", linewidth=0.6, zorder=0)
        ax.set(title=title, xlabel="epoch", ylabel=r"$w_i$")
        legend_below(ax)
        return artists

    return plot


def cosines(title: str, name: str) -> Plot:
    """Inner product of the normalised direction of every group with the true one."""

    def plot(data: NetworkRuns, ax: Axes) -> list[Any]:
        run = data.runs[name]
        artists = _group_curves(ax, run.epochs, run.cosines)
        gap = 1 - float(np.min(run.cosines))
        ax.set(
            title=title,
            xlabel="epoch",
            ylabel=r"$\langle v_l, v^*_l \rangle / \|v_l\|$",
            ylim=(1 - 1.1 * gap, 1 + 0.1 * gap),
        )
        legend_below(ax)
        return artists

    return plot


def directions(title: str, name: str) -> Plot:
    """Entries of v on the support."""

    def plot(data: NetworkRuns, ax: Axes) -> list[Any]:
        run = data.runs[name]
        artists = _group_curves(ax, run.epochs, run.v, run.recipe.group_size)
        ax.set(title=title, xlabel="epoch", ylabel=r"$v_i$", ylim=(-1.05, 1.05))
        legend_below(ax)
        return artists

    return plot


def _group_curves(ax: Axes, epochs: IntArray, curves: Array, group_size: int = 1) -> list[Any]:
    """Curves coloured by group, ``group_size`` to each."""
    artists = []
    for j, curve in enumerate(curves.T):
        g = j // group_size
        artists += ax.plot(epochs, curve, STYLES[g % 4], color=COLOURS[g % 8], linewidth=1.2)
        if j % group_size == 0:
            artists[-1].set_label(f"group {g + 1}")
    return artists


def _off_support(ax: Axes, epochs: IntArray, curve: Array) -> list[Any]:
    """The largest value off the support, in grey with crosses."""
    look: dict[str, Any] = dict(color="0.5", linewidth=1.2, label="largest off the support")
    return ax.plot(epochs, curve, marker="x", markersize=4, markevery=0.12, **look)
