"""A study as files: pictures (PNG and SVG), numbers (JSON), and a report to read (Markdown)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...files import atomically, write_json
from ...versions import libraries
from .study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

Grid = Sequence[Sequence[Callable[..., Any] | None]]  # rows of functions plot(data, ax) -> artists

# The colours of Okabe and Ito: colour-blind readers tell them apart, as does their lightness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
    "axes.titlesize": 10,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "gsae_ref",
    "savefig.dpi": 160,
}
PANEL = (4.2, 3.2)  # width and height, inches
LIBRARIES = ("numpy", "scipy")  # those whose versions are reported


def publish(
    study: Study,
    figures: dict[str, Grid],
    folder: str | Path,
    seconds: dict[str, float] | None = None,
    command: str = "",
) -> list[str]:
    """Write a study into a folder: ``NAME.json``, every picture as PNG and SVG, ``report.md``.

    Parameters
    ----------
    study : Study
    figures : dict
        Name of a picture -> grid (list of rows) of functions ``plot(data, ax)``.
    folder : str or path
    seconds : dict, optional
        Seconds that each result took.
    command : str, optional
        The command that made the study, for the report.

    Returns
    -------
    list of str
        The files written, the report first.
    """
    os.makedirs(folder, exist_ok=True)
    seconds = seconds or {}
    written = []
    for stem, grid in figures.items():
        for suffix in ("png", "svg"):
            path = os.path.join(folder, f"{stem}.{suffix}")
            with atomically(path) as temporary:
                _save(draw(study, grid), temporary, suffix)
            written.append(path)
    numbers = os.path.join(folder, f"{study.name}.json")
    versions = libraries(LIBRARIES)
    write_json({**study.to_dict(), "seconds": seconds, "versions": versions}, numbers)
    report = os.path.join(folder, "report.md")
    with atomically(report) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(_report(study, figures, seconds, command))
    return [report, numbers, *written]


def draw(study: Study, grid: Grid) -> Figure:
    """A figure with one panel for every function in the grid; None leaves a place empty."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.rcsetup import cycler

    with rc_context({**STYLE, "axes.prop_cycle": cycler(color=COLOURS)}):
        n_rows = len(grid)
        n_columns = max(map(len, grid))
        figure = Figure(figsize=(PANEL[0] * n_columns, PANEL[1] * n_rows))
        axes = figure.subplots(n_rows, n_columns, squeeze=False)
        for i, row in enumerate(axes):
            for j, ax in enumerate(row):
                plot = grid[i][j] if j < len(grid[i]) else None
                if plot is None:
                    ax.set_axis_off()
                else:
                    plot(study.data, ax)
    return figure


def spread(values: ArrayLike, digits: int = 1) -> str:
    """Mean, standard deviation and range of several numbers; one number alone as it is.

    >>> spread([79.84]), spread([1.0, 3.0])
    ('79.8', '2.0 ± 1.4 (1.0 to 3.0)')
    """
    v = np.asarray(values, dtype=float)
    if v.size == 1:
        return f"{v.item():.{digits}f}"
    mean = f"{v.mean():.{digits}f} ± {v.std(ddof=1):.{digits}f}"
    return f"{mean} ({v.min():.{digits}f} to {v.max():.{digits}f})"


def panels(figure: Figure) -> list[list[str]]:
    """Title, labels of the axes and entries of the legend of every panel of a figure."""
    found = []
    for ax in figure.axes:
        if ax.axison and ax.get_label() != "<colorbar>":
            legend = ax.get_legend()
            entries = [text.get_text() for text in legend.get_texts()] if legend else []
            found.append([ax.get_title(), ax.get_xlabel(), ax.get_ylabel(), *entries])
    return found


def _save(figure: Figure, path: str | Path, suffix: str) -> None:
    """Write a picture; its metadata hold what :func:`panels` returns."""
    from matplotlib import rc_context

    metadata: dict[str, Any] = {"Description": json.dumps(panels(figure))}
    if suffix == "svg":
        metadata["Date"] = None
    with rc_context(STYLE):
        figure.savefig(path, format=suffix, metadata=metadata)


def _report(study: Study, figures: dict[str, Grid], seconds: dict[str, float], command: str) -> str:
    """The report: command and claims first, then pictures, tables, notes, the recipe."""
    claims = [(c.text, c.source, f"**{c.outcome}**", c.measured) for c in study.claims]
    parts = [f"# {study.title}"]
    if command:
        parts.append(f"```console\n$ {command}\n```")
    parts.append(_markdown(("claim", "where", "outcome", "measured"), claims))
    parts += [f"![{stem}]({stem}.svg)" for stem in figures]
    parts += [f"## {t.title}\n\n{_markdown(t.columns, t.rows)}" for t in study.tables]
    if study.notes:
        parts.append("## Notes\n\n" + "\n".join(f"- {note}" for note in study.notes))
    parts.append("## Recipe\n\n" + _markdown(("setting", "value"), study.recipe.items()))
    versions = ", ".join(" ".join(entry) for entry in libraries(LIBRARIES).items())
    total = sum(seconds.values())
    parts.append(f"Computed in {total:.0f} s ({len(seconds)} results) with {versions}.")
    return "\n\n".join(parts) + "\n"


def _markdown(columns: Sequence[str], rows: Iterable[Any]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(entry: object) -> str:
    if isinstance(entry, float):
        return f"{entry:.4g}"
    return str(entry).replace("|", "\\|").replace("\n", " ")
