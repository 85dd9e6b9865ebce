"""Figures and tables that ``gsae-ref reproduce`` wrote: pictures inside the page, and claims."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from ..notation.markup import Markup, element, joined, mark

LARGEST = 1_400_000  # bytes of pictures in a page; as text they take a third more
FIELDS = {
    "name": str,
    "title": str,
    "claims": list,
    "notes": list,
    "versions": dict,
    "seconds": dict,
}
KINDS = {".svg": "image/svg+xml", ".png": "image/png"}
OUTCOMES = {
    True: ("yes", "reproduces"),
    False: ("no", "does not reproduce"),
    None: ("open", "not settled"),
}


def find_studies(folder: str | Path) -> list[dict[str, Any]]:
    """The results of every run below a folder: the numbers of NAME.json, and paths of pictures.

    Raises
    ------
    ValueError
        If there is no such folder, nothing in it, or a file of numbers is damaged.
    """
    if not os.path.isdir(folder):
        raise ValueError(
            f"{folder} is not a folder; it must hold results of gsae-ref reproduce; "
            "name the folder given to its --out"
        )
    studies: list[dict[str, Any]] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "cache")
        if "report.md" in files:
            numbers = sorted(name for name in files if name.endswith(".json"))
            studies += filter(None, (_study(Path(place), name) for name in numbers))
    if not studies:
        raise ValueError(
            f"{folder} holds no result of gsae-ref reproduce; at least one must be there; "
            f"make one: gsae-ref reproduce t21-figure-4 --quick --out {folder}/t21-figure-4"
        )
    return studies


def _study(place: Path, name: str) -> dict[str, Any] | None:
    """The result of one run; None for a file that is something else."""
    path = place / name
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} cannot be read ({error}); it must be whole; "
            "delete it or run gsae-ref reproduce again"
        ) from error
    if not isinstance(data, dict) or not set(FIELDS) <= set(data) or name != f"{data['name']}.json":
        return None
    whole = all(isinstance(data[key], kind) for key, kind in FIELDS.items())
    if not whole or not all(isinstance(claim, dict) for claim in data["claims"]):
        raise ValueError(
            f"{path} is damaged; it must be as gsae-ref reproduce wrote it; "
            "delete it or run that again"
        )
    stems = sorted({file.stem for file in place.iterdir() if file.suffix in KINDS})
    chosen = [_smaller(place / stem) for stem in stems]
    return {**{key: data[key] for key in FIELDS}, "pictures": chosen}


def _smaller(stem: Path) -> Path:
    """Of the same picture as SVG and PNG the file with fewer bytes."""
    paths = (stem.with_name(stem.name + suffix) for suffix in KINDS)
    return min(filter(Path.is_file, paths), key=lambda path: path.stat().st_size)


def pictures(studies: list[dict[str, Any]]) -> Markup:
    """Every study with its claims and its pictures."""
    if not studies:
        return element(
            "p",
            "None in this report. ",
            element("code", "gsae-ref reproduce NAME --out figures/NAME"),
            " makes a figure or table of the papers; ",
            element("code", "gsae-ref report --figures figures"),
            " then shows it here.",
        )
    room = LARGEST
    sections = []
    for study in studies:
        shown = []
        for path in study["pictures"]:
            size = path.stat().st_size
            if size <= room:
                shown.append(_picture(path, study["title"]))
                room -= size
            else:
                text = f"{path} is left out: with its {size:,} bytes this page would be too large."
                shown.append(element("p", text, class_="note"))
        sections.append(_section(study, shown))
    return joined(*sections)


def _section(study: dict[str, Any], shown: list[Markup]) -> Markup:
    """A study: its pictures, its claims, its notes, and the command that makes it."""
    versions = ", ".join(f"{name} {version}" for name, version in study["versions"].items())
    seconds = sum(study["seconds"].values())
    return element(
        "article",
        element("h3", study["title"]),
        *shown,
        _claims(study["claims"]),
        _notes(study["notes"]),
        element(
            "p",
            element("code", f"gsae-ref reproduce {study['name']}"),
            f" \N{EM DASH} {seconds:.0f} s of computation with {versions}",
            class_="note",
        ),
        id=f"figure-of-{study['name']}",
    )


def _claims(claims: list[dict[str, Any]]) -> Markup | None:
    """A table of outcome, claim and measurement."""
    if not claims:
        return None
    heads = [element("th", name, scope="col") for name in ("Outcome", "Claim", "Measured")]
    rows = []
    for claim in claims:
        outcome = mark(*OUTCOMES.get(claim.get("holds"), OUTCOMES[None]))
        source = element("span", claim.get("source", ""), class_="where")
        rows.append(
            element(
                "tr",
                element("td", outcome),
                element("td", source, " ", claim.get("text", "")),
                element("td", claim.get("measured", "")),
            )
        )
    head = element("thead", element("tr", *heads))
    return element("table", head, element("tbody", *rows), class_="claims")


def _notes(notes: list[str]) -> Markup | None:
    """The notes, folded away."""
    if not notes:
        return None
    items = [element("li", note) for note in notes]
    summary = element("summary", f"Notes ({len(notes)})")
    return element("details", summary, element("ul", *items))


def _picture(path: Path, title: str) -> Markup:
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    image = element(
        "img",
        src=f"data:{KINDS[path.suffix]};base64,{content}",
        alt=f"{path.stem}: {title}",
        loading="lazy",
    )
    return element("figure", image, element("figcaption", path.stem))
