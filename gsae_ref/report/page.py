"""The page: its parts put into page.html, with style and script inside."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import datetime, timezone
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from ..files import atomically
from ..notation.markup import Markup, element, joined, mark
from ..papers.ledger import LEDGER
from ..papers.row import VERDICTS
from .environment import environment, this_machine
from .overview import overview, papers_of
from .pictures import pictures
from .statements import statements
from .tightness import tightness


def write_report(
    result: dict[str, Any],
    path: str | Path,
    command: str = "",
    source: str = "",
    seconds: float | None = None,
    studies: list[dict[str, Any]] | None = None,
) -> int:
    """Write the report, atomically, and return its size in bytes.

    Parameters
    ----------
    result : dict
        ``VerificationReport.to_dict()``, or :func:`read_result` of a file of it.
    path : str or path
        The HTML file.
    command : str
        The command that made it, as typed.
    source : str
        File from which the result was read; "" if it was computed.
    seconds : float, optional
        Duration of the verification.
    studies : list of dict, optional
        :func:`gsae_ref.report.pictures.find_studies` of a folder: figures to show.

    Returns
    -------
    size : int

    Raises
    ------
    ValueError
        If the file cannot be written.
    """
    now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    text = render(result, facts(result, command, source, seconds), studies or [], now)
    with (
        atomically(path) as temporary,
        open(temporary, "w", encoding="utf-8", newline="\n") as file,
    ):
        file.write(text)
    return os.path.getsize(path)


def facts(
    result: dict[str, Any], command: str = "", source: str = "", seconds: float | None = None
) -> dict[str, str]:
    """The facts that a reader needs to make the numbers again, by name."""
    settings = result["settings"]
    origin = f"{source} (the rest of this list is of the run that made the page)"
    known = {
        "command": command,
        "numbers from": origin if source else "",
        "papers": ", ".join(papers_of(result)),
        "seed": str(settings["rng"]),
        "instances": "reduced (--quick)" if settings["quick"] else "full",
        "duration": "" if seconds is None else f"{seconds:.1f} s",
    }
    return {name: value for name, value in known.items() if value} | this_machine()


def render(
    result: dict[str, Any], facts: dict[str, str], studies: list[dict[str, Any]], date: str
) -> str:
    """The page as text, which depends only on the arguments.

    Parameters
    ----------
    result : dict
        As for :func:`write_report`.
    facts : dict of str
        Names and values for the section on the environment.
    studies : list of dict
        Figures to show.
    date : str
        As shown.

    Returns
    -------
    str
    """
    style = Template(_resource("style.css")).substitute(font=_font())
    script = _resource("script.js")
    counted = len(result["rows"])
    confirmed = sum(row["confirmed"] for row in result["rows"])
    present = {row["verdict"] for row in result["rows"]}
    verdicts = [verdict for verdict in VERDICTS if verdict in present]
    return Template(_resource("page.html")).substitute(
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        date=element("time", date),
        summary=_summary(confirmed, counted, result["settings"]),
        overview=overview(result),
        papers=_options(papers_of(result), "all papers"),
        verdicts=_options(verdicts, "all verdicts"),
        statements=statements(result),
        tightness=tightness(result),
        pictures=pictures(studies),
        environment=environment(facts),
        count=counted,
    )


def _summary(confirmed: int, counted: int, settings: dict[str, Any]) -> Markup:
    """The outcome in one line, and how it was found."""
    outcome = mark(
        "yes" if confirmed == counted else "no",
        f"{confirmed} of {counted} recorded verdicts confirmed",
    )
    size = "a reduced run (--quick)" if settings["quick"] else "a full run"
    more = f" The ledger has {len(LEDGER)} statements; {counted} were asked for."
    if counted == len(LEDGER):
        more = ""
    return joined(
        element("p", outcome, class_="outcome"),
        element("p", f"By {size} with seed {settings['rng']}.{more}"),
    )


def _options(values: list[str], everything: str) -> Markup:
    options = [element("option", value, value=value) for value in values]
    return joined(element("option", everything, value=""), *options)


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _font() -> str:
    """The font of formulas as an address: the page is one file."""
    font = files("gsae_ref.notation").joinpath("mathematics.woff2").read_bytes()
    return "data:font/woff2;base64," + base64.b64encode(font).decode()


def _hash(text: str) -> str:
    """The hash of a text in the page's security policy, which allows no other script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
