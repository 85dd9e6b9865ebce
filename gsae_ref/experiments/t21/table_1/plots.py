"""Table 1's figures: the table as bars; training, and the restarts by three rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.clustering import METHODS
from ...common.publishing import COLOURS
from .claims import PAPER
from .restarts import LOWEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .results import Results

AXIS = {
    "loss": "training loss",
    "disagreement": "1 - mean ARI with other restarts",
    "active": "active groups of a training image",
}
RING: dict[str, Any] = dict(color="none", markeredgecolor="black", markersize=11)


def bars(method: str) -> Any:
    """The panel of a method: every row of the table under each reading, the paper beside ours."""

    def plot(results: Results, ax: Axes) -> list[Any]:
        rows = [row for row in results.rows if row.name in PAPER]
        names = []
        for row in rows:
            reading = "" if row.reading == "either" else f", {row.reading}"
            names.append(f"{row.name}{reading}\n{row.representation}")
        places = np.arange(len(rows))
        column = METHODS.index(method)
        paper = [PAPER[row.name][column] for row in rows]
        ours = [float(np.mean(row.scores[method].accuracy)) for row in rows]
        lighter: dict[str, Any] = dict(color="0.85", edgecolor="black", linewidth=0.6, hatch="///")
        drawn = ax.barh(places - 0.2, paper, 0.4, label="paper", **lighter)
        found = ax.barh(places + 0.2, ours, 0.4, label="here", color=COLOURS[0])
        artists = [drawn, found, *ax.bar_label(drawn, fmt="%.1f", padding=2, fontsize=7)]
        artists += ax.bar_label(found, fmt="%.1f", padding=2, fontsize=7)
        ax.set(title=method, xlabel="accuracy on the test images (%)", xlim=(0, 112))
        ax.set_ylabel("row of the table, reading")
        ax.set_yticks(places, names, fontsize=7)
        ax.invert_yaxis()
        ax.legend(loc="upper right")
        return artists

    return plot


def losses(results: Results, ax: Axes) -> list[Any]:
    """Training loss of every restart that was compared, and of the sparse network."""
    artists = []
    curves = results.restarts.curves
    for k, curve in enumerate(curves.reshape(-1, curves.shape[-1])):
        epochs = np.arange(1, len(curve) + 1)
        label = None if k else "group-sparse, restarts"
        artists += ax.plot(epochs, curve, color=COLOURS[0], linewidth=0.9, label=label)
    sparse = results.sparse_loss[0]
    epochs = np.arange(1, len(sparse) + 1)
    artists += ax.plot(epochs, sparse, "--", color="black", linewidth=0.9, label="sparse")
    ax.set(title="training", xlabel="epoch", ylabel="loss (13), mean over the epoch", xscale="log")
    ax.legend(loc="center right")
    return artists


def restarts(rule: str) -> Any:
    """The panel of a rule: accuracy against its value, every restart, the kept ones ringed."""

    def plot(results: Results, ax: Axes) -> list[Any]:
        found = results.restarts
        values = found.rules[rule]
        lowest = values.min(axis=1)
        artists = [
            *ax.plot(values.ravel(), found.kmeans.ravel(), "o", color=COLOURS[0], markersize=5),
            *ax.plot(
                lowest, found.chosen_accuracy(rule), "o", label="lowest of a repetition", **RING
            ),
        ]
        ax.set(
            title=f"restarts: {LOWEST[rule]}",
            xlabel=AXIS[rule],
            ylabel="accuracy of the restart (%)",
        )
        ax.ticklabel_format(useOffset=False)
        ax.locator_params(axis="x", nbins=4)
        ax.margins(0.1)
        ax.legend()
        return artists

    return plot
