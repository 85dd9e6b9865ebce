"""Panels that the figures of L23 share: functions that make a ``plot(data, ax)`` from the names of runs in ``data["runs"]``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.publishing import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


STYLES = ("-", "--", ":", "-.")


def _legend(ax: Axes) -> None:
    """A legend that stays readable on top of curves."""
    ax.legend(frameon=True, framealpha=0.85, edgecolor="none")


def errors(
    title: str, labels: dict[str, str], spans: Sequence[Any] = (), log_epochs: bool = False
) -> Callable[..., Any]:
    """Squared error against epoch for several runs, {name of run: label}, with the error of least squares that knows the support.

    ``spans`` are (name in ``data``, label): an interval of epochs each, drawn as a bar.
    """

    def plot(data: Any, ax: Axes) -> list[Any]:
        artists = []
        for i, (name, label) in enumerate(labels.items()):
            found = data["runs"][name]
            artists += ax.plot(
                found["epochs"], found["error"], STYLES[i % 4], color=COLOURS[i], label=label
            )
        ax.set(title=title, xlabel="epoch", ylabel=r"$\|w - w^*\|^2$", yscale="log")
        level = float(data["runs"][next(iter(labels))]["least_squares"])
        artists.append(
            ax.axhline(level, color="0.4", linewidth=0.8, label="least squares, support known")
        )
        for i, (name, label) in enumerate(spans):
            low, high = data[name]
            if high > low:
                artists += ax.plot(
                    [low, high],
                    [3 ** (-i - 1) * level] * 2,
                    color=COLOURS[4 + i],
                    linewidth=4,
                    solid_capstyle="butt",
                    label=label,
                )
        if log_epochs:
            ax.set_xscale("symlog", linthresh=100)
        _legend(ax)
        return artists

    return plot


def magnitudes(title: str, name: str) -> Callable[..., Any]:
    """u_l^2 of the groups on the support, and the largest off it."""

    def plot(data: Any, ax: Axes) -> list[Any]:
        found = data["runs"][name]
        artists = []
        for g, curve in enumerate(np.transpose(found["u"])):
            artists += ax.plot(
                found["epochs"], curve, STYLES[g % 4], color=COLOURS[g], label=f"group {g + 1}"
            )
        artists += ax.plot(
            found["epochs"],
            found["u_off"],
            color="0.5",
            linewidth=0.9,
            label="largest off the support",
        )
        ax.set(title=title, xlabel="epoch", ylabel=r"$u_l^2$")
        _legend(ax)
        return artists

    return plot


def _by_group(
    ax: Axes, found: dict[str, Any], name: str, size: int, true: tuple[float, ...]
) -> list[Any]:
    """Every entry on the support, coloured by its group, with thin lines at the truth."""
    artists = []
    for j, curve in enumerate(np.transpose(found[name])):
        g = j // size
        label = f"group {g + 1}" if j % size == 0 else None
        artists += ax.plot(
            found["epochs"], curve, STYLES[g % 4], color=COLOURS[g % 8], linewidth=1, label=label
        )
    for value in sorted(set(true)):
        ax.axhline(value, color="0.8", linewidth=0.6, zorder=0)
    return artists


def entries(title: str, name: str) -> Callable[..., Any]:
    """Weights on the support, and the largest off it; thin lines are the truth."""

    def plot(data: Any, ax: Axes) -> list[Any]:
        found = data["runs"][name]
        recipe = data["recipe"]
        if recipe["group_size"] > 1 and "u" in found:
            artists = _by_group(ax, found, "w", recipe["group_size"], recipe["coefficients"])
        else:
            artists = []
            for j, curve in enumerate(np.transpose(found["w"])):
                label = "on the support" if j == 0 else None
                artists += ax.plot(
                    found["epochs"], curve, color=COLOURS[0], linewidth=0.9, alpha=0.8, label=label
                )
            for value in sorted(set(recipe["coefficients"])):
                ax.axhline(value, color="0.8", linewidth=0.6, zorder=0)
        artists += ax.plot(
            found["epochs"],
            found["off"],
            color="0.5",
            linewidth=1.5,
            label="largest off it, in size",
        )
        ax.set(title=title, xlabel="epoch", ylabel=r"$w_i$")
        _legend(ax)
        return artists

    return plot


def cosines(title: str, name: str) -> Callable[..., Any]:
    """Inner product of the normalised direction of every group with the true one."""

    def plot(data: Any, ax: Axes) -> list[Any]:
        found = data["runs"][name]
        artists = []
        for g, curve in enumerate(np.transpose(found["cosine"])):
            artists += ax.plot(
                found["epochs"], curve, STYLES[g % 4], color=COLOURS[g], label=f"group {g + 1}"
            )
        lowest = float(np.min(found["cosine"]))
        ax.set(
            title=title,
            xlabel="epoch",
            ylabel=r"$\langle v_l, v^*_l \rangle / \|v_l\|$",
            ylim=(1 - 1.3 * (1 - lowest), 1 + 0.1 * (1 - lowest)),
        )
        _legend(ax)
        return artists

    return plot


def directions(title: str, name: str) -> Callable[..., Any]:
    """Entries of v on the support."""

    def plot(data: Any, ax: Axes) -> list[Any]:
        found = data["runs"][name]
        recipe = data["recipe"]
        artists = _by_group(ax, found, "v", recipe["group_size"], ())
        ax.set(title=title, xlabel="epoch", ylabel=r"$v_i$", ylim=(-1.05, 1.05))
        _legend(ax)
        return artists

    return plot
