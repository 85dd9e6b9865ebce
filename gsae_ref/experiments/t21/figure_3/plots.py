"""Figure 3's panels: functions of the study's data and the axes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import Array
from ...common.publishing import COLOURS
from .claims import NETWORK, RECIPE, RULE, allowed_closeness

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .results import Figure3, Run

ERROR = r"$\|A - A^*\|_F^2$ per atom"
GRADIENT = {"exact": "exact", "appendix_b": "Appendix B, (41)", "approximate": "approximate, (26)"}
STYLES = ("-", "--", ":")
MARKERS = "osD^"  # beside the colours, for prints in grey


def _curve(
    ax: Axes, values: Array, colour: str, label: str | None = None, style: str = "-", mark: str = ""
) -> list[Any]:
    """The mean over the seeds, and the range of all of them as a band; marks along the mean."""
    if len(values) > 1:
        epochs = np.arange(values.shape[1])
        low = values.min(axis=0)
        high = values.max(axis=0)
        ax.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
    look: dict[str, Any] = dict(color=colour, linestyle=style, label=label)
    return ax.plot(values.mean(axis=0), marker=mark, markersize=4, markevery=0.12, **look)


def _legend_entry(ax: Axes, style: str, label: str) -> list[Any]:
    """A grey line that is in the legend only."""
    return ax.plot([], [], color="0.3", linestyle=style, label=label)


def error(data: Figure3, ax: Axes) -> list[Any]:
    """Panel a: error against epoch, the main recipe and the literal one."""
    artists = _main_and_literal(data, ax, lambda run: run.error)
    ax.set(xlabel="epoch", ylabel=ERROR, title="a. Distance to the dictionary")
    return artists


def loss(data: Figure3, ax: Axes) -> list[Any]:
    """Panel b: loss against epoch."""
    artists = _main_and_literal(data, ax, lambda run: run.loss)
    ax.set(xlabel="epoch", ylabel="reconstruction loss", title="b. Loss", yscale="log")
    ax.set_ylim(top=30 * ax.get_ylim()[1])  # room for the legend above the curves
    return artists


def _main_and_literal(data: Figure3, ax: Axes, values: Callable[[Run], Array]) -> list[Any]:
    artists = []
    for i, (db, literal) in enumerate(data.recipes["literal"].items()):
        main = values(data.main_runs[db])
        artists += _curve(ax, main, COLOURS[i], f"{db:g} dB", mark=MARKERS[i % 4])
        artists += _curve(ax, values(literal), COLOURS[i], style=":", mark=MARKERS[i % 4])
    artists += _legend_entry(ax, "-", "start rescaled by the rule")
    artists += _legend_entry(ax, ":", "recipe as stated")
    ax.legend()
    return artists


def networks(data: Figure3, ax: Axes) -> list[Any]:
    """Panel c: group-sparse against sparse at the lowest SNR, thresholds chosen by both rules."""
    artists = []
    for rule, style in (("error", "-"), ("activity", "--")):
        for i, (name, run) in enumerate(data.networks[rule].items()):
            label = NETWORK[name] if rule == "error" else None
            artists += _curve(ax, run.error, COLOURS[i], label, style, MARKERS[i])
    artists += _legend_entry(ax, "--", f"threshold by {RULE['activity']}")
    title = f"c. Group-sparse against sparse, {data.low}"
    ax.set(xlabel="epoch", ylabel=ERROR, title=title, ylim=(0, 2.9))
    ax.legend(loc="upper right")
    return artists


def codes(data: Figure3, ax: Axes) -> list[Any]:
    """Panel d: the first sample's codes beside the true one; off the support in another colour."""
    runs = data.networks["error"]
    true = runs["group"].true_code[0]
    size = data.setting.group_size
    on = np.repeat(np.any(true.reshape(-1, size) != 0, axis=1), size)
    rows = {"true code": true}
    rows |= {NETWORK[name].replace("sparse, ", ""): run.code[0] for name, run in runs.items()}
    artists: list[Any] = []
    for i, code in enumerate(rows.values()):
        height = -i + 0.45 * code / max(np.abs(code).max(), np.finfo(float).tiny)
        ax.axhline(-i, color="0.85", linewidth=0.6, zorder=0)
        for where, colour, mark in ((on, COLOURS[0], ""), (~on, COLOURS[1], "o")):
            index = np.flatnonzero(where & (code != 0))
            artists.append(ax.vlines(index, -i, height[index], color=colour, linewidth=1.4))
            dots: dict[str, Any] = dict(marker=mark, markersize=3, linestyle="none")
            artists += ax.plot(index, height[index], color=colour, **dots)
    ax.plot([], [], color=COLOURS[0], label="on the true support")
    ax.plot([], [], color=COLOURS[1], marker="o", markersize=3, label="off it")
    title = f"d. Code of the first sample, {data.low}"
    ax.set(xlabel="atom", title=title, ylim=(-len(rows) + 0.4, 1.1))
    ax.set_yticks(-np.arange(len(rows)), list(rows))
    ax.legend(loc="upper right", ncols=2)
    return artists


def recipe(name: str) -> Any:
    """The panel of one recipe: error against epoch."""

    def panel(data: Figure3, ax: Axes) -> list[Any]:
        artists = []
        for i, (db, run) in enumerate(data.recipes[name].items()):
            artists += _curve(ax, run.error, COLOURS[i], f"{db:g} dB", STYLES[i % 3])
        title = re.sub("lam(_0)?", r"$\\lambda\1$", RECIPE[name])
        ax.set(xlabel="epoch", ylabel=ERROR, title=title, ylim=(0, 2.1))
        ax.axhline(2, color="0.6", linewidth=0.8, linestyle=":")
        ax.annotate(
            "unrelated dictionaries",
            (0.98, 2),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=7,
            color="0.4",
        )
        ax.legend()
        return artists

    return panel


def threshold_error(data: Figure3, ax: Axes) -> list[Any]:
    """Error at the end against the threshold, every network."""
    artists = _over_thresholds(data, ax, lambda run: run.error[0, -1])
    ax.set_ylabel(ERROR)
    ring: dict[str, Any] = dict(
        markersize=10, markerfacecolor="none", markeredgecolor="0.3", zorder=3
    )
    for name, lam in data.chosen["activity"].items():
        artists += ax.plot(lam, data.grid[name][lam].error[0, -1], "o", **ring)
    artists[-1].set_label(RULE["activity"])
    ax.legend()
    return artists


def threshold_recovery(data: Figure3, ax: Axes) -> list[Any]:
    """F1 of the supports at the end against the threshold, every network."""
    artists = _over_thresholds(data, ax, lambda run: run.f1[0])
    ax.set(ylabel="F1 of the active groups", ylim=(0, 1))
    return artists


def _over_thresholds(data: Figure3, ax: Axes, value: Callable[[Run], float]) -> list[Any]:
    artists = []
    for i, (name, runs) in enumerate(data.grid.items()):
        thresholds = sorted(runs)
        values = [value(runs[lam]) for lam in thresholds]
        look: dict[str, Any] = dict(
            marker=MARKERS[i], markersize=4, color=COLOURS[i], label=NETWORK[name]
        )
        artists += ax.plot(thresholds, values, **look)
    ax.set(xlabel=r"threshold $\lambda$", title=f"{data.low}, first seed, at the end")
    return artists


def rotations(data: Figure3, ax: Axes) -> list[Any]:
    """The error as the paper measures it, and modulo a rotation inside each group."""
    artists = []
    for i, (db, run) in enumerate(data.main_runs.items()):
        mark = MARKERS[i % 4]
        artists += _curve(ax, run.error, COLOURS[i], f"{db:g} dB", mark=mark)
        artists += _curve(ax, run.rotation_free_error, COLOURS[i], style="--", mark=mark)
    artists += _legend_entry(ax, "--", "modulo rotations in the groups")
    ax.set(xlabel="epoch", ylabel=ERROR, title="How much of the error is rotation", ylim=(0, None))
    ax.legend()
    return artists


def gradients(data: Figure3, ax: Axes) -> list[Any]:
    """The three gradients."""
    artists = []
    for i, (name, run) in enumerate(data.gradients.items()):
        artists += _curve(ax, run.error, COLOURS[i], GRADIENT[name], STYLES[i])
    ax.set(xlabel="epoch", ylabel=ERROR, title=f"Gradient descended, {data.high}", ylim=(0, None))
    ax.legend()
    return artists


def closeness(data: Figure3, ax: Axes) -> list[Any]:
    """Largest distance of a group along the run, against what Lemma 1 allows."""
    artists = []
    for i, (db, run) in enumerate(data.main_runs.items()):
        artists += _curve(ax, run.unit_delta, COLOURS[i], f"{db:g} dB", mark=MARKERS[i % 4])
    for style, (form, allowed) in zip(("--", ":"), allowed_closeness(data).items(), strict=True):
        if allowed > 0:
            label = f"Lemma 1 {form}: at most {allowed:.2g}"
            artists.append(ax.axhline(allowed, color="0.3", linestyle=style, label=label))
        else:
            label = f"Lemma 1 {form}: none, not even 0"
            artists += ax.plot([], [], color="none", label=label)
    ax.set(
        xlabel="epoch",
        ylabel=r"$\max_g \|A_g - A^*_g\|_F$, unit columns",
        title="Hypothesis of Lemma 1 and Theorem 2",
        ylim=(0, None),
    )
    ax.legend(loc="lower left", bbox_to_anchor=(0, 0.06))
    return artists


def angles(data: Figure3, ax: Axes) -> list[Any]:
    """R2 and R3 on data that meet their hypotheses."""
    found = data.angles
    sample = np.sort(found.sample, axis=1)
    steps = np.arange(len(sample))
    every_fourth = steps[::4]
    look: dict[str, Any] = dict(
        color=COLOURS[0], alpha=0.2, linewidth=0, label="R2, random sample, all angles"
    )
    artists: list[Any] = [ax.fill_between(steps, sample[:, 0], sample[:, -1], **look)]
    artists += ax.plot(found.predicted, color=COLOURS[0], label=r"R2, predicted $\tan\theta$")
    population = found.design.max(axis=1)[::4]
    look = dict(color=COLOURS[0], markersize=4, label="R2, population, measured")
    artists += ax.plot(every_fourth, population, "o", **look)
    artists += ax.plot(found.bound, "--", color=COLOURS[1], label="R3, bound on the distance")
    look = dict(color=COLOURS[1], markersize=4, label="R3, measured")
    artists += ax.plot(every_fourth, found.distance[::4], "s", **look)
    ax.set(xlabel="step", ylabel="angle or distance", title="R2, R3 where they apply", yscale="log")
    ax.legend()
    return artists
