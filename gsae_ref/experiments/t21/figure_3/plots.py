"""Figure 3, drawn: functions of a study and the axes to draw on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import Array
from ...common.publishing import COLOURS
from .claims import NETWORK, RECIPE, RULE, f1
from .theory import closeness_allowed

if TYPE_CHECKING:
    from matplotlib.axes import Axes


ERROR = r"$\|A - A^*\|_F^2$ per atom"
GRADIENT = {"exact": "exact", "appendix_b": "Appendix B, (41)", "approximate": "approximate, (26)"}


def _curve(
    ax: Axes,
    run: dict[str, Array],
    name: str,
    colour: str,
    label: str | None = None,
    style: str = "-",
) -> list[Any]:
    """The mean over the seeds, and the range of all of them as a band."""
    values = np.asarray(run[name])
    if len(values) > 1:
        ax.fill_between(
            np.arange(values.shape[1]),
            values.min(axis=0),
            values.max(axis=0),
            color=colour,
            alpha=0.2,
            linewidth=0,
        )
    return ax.plot(values.mean(axis=0), color=colour, linestyle=style, label=label)


def error(data: Any, ax: Axes) -> list[Any]:
    """Panel a: error against epoch, the main recipe and the literal one."""
    return _by_snr(data, ax, "error", ERROR, "a. Distance to the dictionary")


def loss(data: Any, ax: Axes) -> list[Any]:
    """Panel b: loss against epoch."""
    artists = _by_snr(data, ax, "loss", "reconstruction loss", "b. Loss")
    ax.set_yscale("log")
    ax.set_ylim(top=30 * ax.get_ylim()[1])  # room for the legend above the curves
    return artists


def _by_snr(data: Any, ax: Axes, name: str, label: str, title: str) -> list[Any]:
    recipes = data["recipes"]
    artists = []
    for i, db in enumerate(recipes["literal"]):
        artists += _curve(ax, recipes[data["main"]][db], name, COLOURS[i], f"{db} dB")
        artists += _curve(ax, recipes["literal"][db], name, COLOURS[i], style=":")
    for style, text in (("-", "start rescaled by the rule"), (":", "recipe as stated")):
        artists += ax.plot([], [], color="0.3", linestyle=style, label=text)
    ax.set(xlabel="epoch", ylabel=label, title=title)
    ax.legend()
    return artists


def networks(data: Any, ax: Axes) -> list[Any]:
    """Panel c: group-sparse against sparse at the lowest SNR, thresholds chosen by both rules."""
    artists = []
    for rule, style in (("error", "-"), ("activity", "--")):
        for i, (name, run) in enumerate(data["networks"][rule].items()):
            artists += _curve(
                ax, run, "error", COLOURS[i], NETWORK[name] if style == "-" else None, style
            )
    artists += ax.plot(
        [], [], color="0.3", linestyle="--", label=f"threshold by {RULE['activity']}"
    )
    ax.set(
        xlabel="epoch",
        ylabel=ERROR,
        title=f"c. Group-sparse against sparse, {data['snrs'][0]:g} dB",
        ylim=(0, 2.9),
    )
    ax.legend(loc="upper right")
    return artists


def codes(data: Any, ax: Axes) -> list[Any]:
    """Panel d: the code of the first sample beside the true one; off the true support in another colour."""
    runs = data["networks"]["error"]
    true = np.asarray(runs["group"]["true_code"])[0]
    size = data["setting"]["group_size"]
    on = np.repeat(np.any(true.reshape(-1, size) != 0, axis=1), size)
    rows = {
        "true code": true,
        **{NETWORK[name]: np.asarray(run["code"])[0] for name, run in runs.items()},
    }
    artists = []
    for i, code in enumerate(rows.values()):
        height = -i + 0.45 * code / max(np.abs(code).max(), np.finfo(float).tiny)
        ax.axhline(-i, color="0.85", linewidth=0.6, zorder=0)
        for where, colour in ((on, COLOURS[0]), (~on, COLOURS[1])):
            index = np.flatnonzero(where & (code != 0))
            artists.append(ax.vlines(index, -i, height[index], color=colour, linewidth=1.4))
    ax.plot([], [], color=COLOURS[0], label="on the true support")
    ax.plot([], [], color=COLOURS[1], label="off it")
    ax.set(
        xlabel="atom",
        title=f"d. Code of the first sample, {data['snrs'][0]:g} dB",
        ylim=(-len(rows) + 0.4, 1.1),
    )
    ax.set_yticks(-np.arange(len(rows)), [name.replace("sparse, ", "") for name in rows])
    ax.legend(loc="upper right", ncols=2)
    return artists


def recipe(name: str) -> Any:
    """The panel of one recipe: error against epoch."""

    def panel(data: Any, ax: Axes) -> list[Any]:
        artists = []
        for i, (db, run) in enumerate(data["recipes"][name].items()):
            artists += _curve(ax, run, "error", COLOURS[i], f"{db} dB", ("-", "--", ":")[i % 3])
        ax.set(
            xlabel="epoch",
            ylabel=ERROR,
            title=re.sub("lam(_0)?", r"$\\lambda\1$", RECIPE[name]),
            ylim=(0, 2.1),
        )
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


def threshold_error(data: Any, ax: Axes) -> list[Any]:
    """Error at the end against the threshold, every network."""
    artists = _over_thresholds(data, ax, lambda run: run["error"][0, -1], ERROR)
    for name, lam in data["chosen"]["activity"].items():
        run = data["grid"][name][f"{lam:g}"]
        artists += ax.plot(
            lam,
            run["error"][0, -1],
            "o",
            markersize=10,
            markerfacecolor="none",
            markeredgecolor="0.3",
            zorder=3,
        )
    artists[-1].set_label(f"{RULE['activity']}")
    ax.legend()
    return artists


def threshold_recovery(data: Any, ax: Axes) -> list[Any]:
    """F1 of the supports at the end against the threshold, every network."""
    artists = _over_thresholds(data, ax, lambda run: f1(run)[0], "F1 of the active groups")
    ax.set_ylim(0, 1)
    return artists


def _over_thresholds(data: Any, ax: Axes, value: Callable[..., Any], label: str) -> list[Any]:
    artists = []
    for i, (name, runs) in enumerate(data["grid"].items()):
        runs = dict(sorted(runs.items(), key=lambda entry: float(entry[0])))
        artists += ax.plot(
            [float(lam) for lam in runs],
            [value(run) for run in runs.values()],
            marker="osD^"[i],
            markersize=4,
            color=COLOURS[i],
            label=NETWORK[name],
        )
    ax.set(
        xlabel=r"threshold $\lambda$",
        ylabel=label,
        title=f"{data['snrs'][0]:g} dB, first seed, at the end",
    )
    return artists


def rotations(data: Any, ax: Axes) -> list[Any]:
    """The error as the paper measures it, and modulo a rotation inside each group."""
    artists = []
    for i, (db, run) in enumerate(data["recipes"][data["main"]].items()):
        artists += _curve(ax, run, "error", COLOURS[i], f"{db} dB")
        artists += _curve(ax, run, "rotation_free_error", COLOURS[i], style="--")
    artists += ax.plot([], [], color="0.3", linestyle="--", label="modulo rotations in the groups")
    ax.set(xlabel="epoch", ylabel=ERROR, title="How much of the error is rotation", ylim=(0, None))
    ax.legend()
    return artists


def gradients(data: Any, ax: Axes) -> list[Any]:
    """The three gradients."""
    artists = []
    for i, (name, run) in enumerate(data["gradients"].items()):
        artists += _curve(ax, run, "error", COLOURS[i], GRADIENT[name], ("-", "--", ":")[i])
    ax.set(
        xlabel="epoch",
        ylabel=ERROR,
        title=f"Gradient descended, {data['snrs'][-1]:g} dB",
        ylim=(0, None),
    )
    ax.legend()
    return artists


def closeness(data: Any, ax: Axes) -> list[Any]:
    """Largest distance of a group along the run, against what Lemma 1 allows."""
    artists = []
    setting = data["setting"]
    for i, (db, run) in enumerate(data["recipes"][data["main"]].items()):
        artists += _curve(ax, run, "unit_delta", COLOURS[i], f"{db} dB")
    allowed = closeness_allowed(
        setting["n_active"],
        data["mu_block"],
        setting["group_size"],
        "printed",
        setting["norm_range"],
    )
    corrected = closeness_allowed(
        setting["n_active"],
        data["mu_block"],
        setting["group_size"],
        "corrected",
        setting["norm_range"],
    )
    for value, style, form in ((allowed, "--", "printed"), (corrected, ":", "corrected")):
        if value > 0:
            artists.append(
                ax.axhline(
                    value,
                    color="0.3",
                    linestyle=style,
                    label=f"Lemma 1 {form}: at most {value:.2g}",
                )
            )
        else:
            artists += ax.plot([], [], color="none", label=f"Lemma 1 {form}: none, not even 0")
    ax.set(
        xlabel="epoch",
        ylabel=r"$\max_g \|A_g - A^*_g\|_F$, unit columns",
        title="Hypothesis of Lemma 1 and Theorem 2",
        ylim=(0, None),
    )
    ax.legend(loc="lower left", bbox_to_anchor=(0, 0.06))
    return artists


def angles(data: Any, ax: Axes) -> list[Any]:
    """R2 and R3 on data that meet their hypotheses."""
    found = {name: np.asarray(values) for name, values in data["angles"].items()}
    sample = np.sort(found["sample"], axis=1)
    steps = np.arange(len(sample))
    band = ax.fill_between(
        steps,
        sample[:, 0],
        sample[:, -1],
        color=COLOURS[0],
        alpha=0.2,
        linewidth=0,
        label="R2, random sample, all angles",
    )
    artists: list[Any] = [band]
    artists += ax.plot(found["predicted"], color=COLOURS[0], label=r"R2, predicted $\tan\theta$")
    artists += ax.plot(
        steps[::4],
        found["design"].max(axis=1)[::4],
        "o",
        color=COLOURS[0],
        markersize=4,
        label="R2, population, measured",
    )
    artists += ax.plot(
        found["bound"], color=COLOURS[1], linestyle="--", label="R3, bound on the distance"
    )
    artists += ax.plot(
        steps[::4],
        found["distance"][::4],
        "s",
        color=COLOURS[1],
        markersize=4,
        label="R3, measured",
    )
    ax.set(xlabel="step", ylabel="angle or distance", title="R2, R3 where they apply", yscale="log")
    ax.legend()
    return artists
