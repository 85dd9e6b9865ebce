"""A study as files: pictures (PNG and SVG), numbers (JSON), and a report to read (Markdown)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...files import atomically, write_json
from ...versions import libraries

if TYPE_CHECKING:
    from .study import Study

# Okabe and Ito's colours: told apart by colour-blind readers, and in print by their lightness.
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
PANEL = (4.2, 3.2)  # inches


def publish(
    study: Study,
    figures: dict[str, Any],
    folder: str | Path,
    seconds: dict[str, float] | None = None,
) -> list[str]:
    """Write a study into a folder: ``NAME.json``, every picture as PNG and SVG, ``report.md``.

    Parameters
    ----------
    study : Study
    figures : dict
        Name of a picture -> grid (list of rows) of functions ``plot(study, ax)``.
    folder : str or path
    seconds : dict, optional
        Time taken by each unit of work.

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
    write_json(
        {**study.to_dict(), "seconds": seconds, "versions": libraries(("numpy", "scipy"))}, numbers
    )
    report = os.path.join(folder, "report.md")
    with atomically(report) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(_report(study, figures, seconds))
    return [report, numbers, *written]


def draw(study: Study, grid: list[Any]) -> Any:
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
                    plot(study, ax)
    return figure


def _save(figure: Any, path: str | Path, suffix: str) -> None:
    from matplotlib import rc_context

    with rc_context(STYLE):
        figure.savefig(path, format=suffix, metadata={"Date": None} if suffix == "svg" else {})


def _report(study: Study, figures: dict[str, Any], seconds: dict[str, float]) -> str:
    """The report: claims first, then pictures, tables, notes, the recipe."""
    said = {True: "reproduces", False: "does not reproduce", None: "not settled"}
    parts = [
        f"# {study.title}",
        _markdown(
            ("claim", "where", "outcome", "measured"),
            [(c.text, c.source, f"**{said[c.holds]}**", c.measured) for c in study.claims],
        ),
    ]
    parts += [f"![{stem}]({stem}.svg)" for stem in figures]
    parts += [
        f"## {table.title}\n\n{_markdown(table.columns, table.rows)}" for table in study.tables
    ]
    if study.notes:
        parts.append("## Notes\n\n" + "\n".join(f"- {note}" for note in study.notes))
    parts.append("## Recipe\n\n" + _markdown(("setting", "value"), study.recipe.items()))
    versions = ", ".join(
        f"{name} {version}" for name, version in libraries(("numpy", "scipy")).items()
    )
    parts.append(
        f"Computed in {sum(seconds.values()):.0f} s ({len(seconds)} units of work) with {versions}."
    )
    return "\n\n".join(parts) + "\n"


def _markdown(columns: tuple[str, ...], rows: Iterable[Any] | list[Any]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_cell(entry) for entry in line) + " |" for line in lines)


def _cell(entry: float | str) -> str:
    return (
        f"{entry:.4g}"
        if isinstance(entry, float)
        else str(entry).replace("|", "\\|").replace("\n", " ")
    )
