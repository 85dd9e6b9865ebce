"""Figures and tables that ``gsae-ref reproduce`` has left in a folder: pictures inside the page, claims with what became of them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from .markup import Markup, element, joined, mark

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
    """What every run below a folder has written: the numbers of NAME.json, and "pictures", a path for each.

    Raises
    ------
    ValueError
        If there is no such folder, nothing in it, or a file of numbers is damaged.
    """
    if not os.path.isdir(folder):
        raise ValueError(
            f"{folder} is not a folder; it must hold results of gsae-ref reproduce; name the folder given to its --out"
        )
    studies = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "cache")
        if "report.md" in files:
            studies += [
                study
                for name in sorted(files)
                if name.endswith(".json")
                for study in _study(Path(place), name)
            ]
    if not studies:
        raise ValueError(
            f"{folder} holds no result of gsae-ref reproduce; at least one must be there; make one: "
            f"gsae-ref reproduce t21-figure-4 --quick --out {folder}/t21-figure-4"
        )
    return studies


def _study(place: Path, name: str) -> list[dict[str, Any]]:
    """The numbers of one run; an empty list for a file that is something else."""
    try:
        data = json.loads((place / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{place / name} cannot be read ({error}); it must be whole; delete it or run gsae-ref reproduce again"
        ) from error
    if not isinstance(data, dict) or not set(FIELDS) <= set(data) or name != f"{data['name']}.json":
        return []
    if not all(isinstance(data[key], kind) for key, kind in FIELDS.items()) or not all(
        isinstance(claim, dict) for claim in data["claims"]
    ):
        raise ValueError(
            f"{place / name} is damaged; it must be as gsae-ref reproduce wrote it; delete it or run that again"
        )
    stems = sorted({path.stem for path in place.iterdir() if path.suffix in KINDS})
    return [
        {
            **{key: data[key] for key in FIELDS},
            "pictures": [_smaller(place / stem) for stem in stems],
        }
    ]


def _smaller(stem: Path) -> Path:
    """Of the same picture as SVG and PNG the file with fewer bytes."""
    return min(
        (
            path
            for path in (stem.with_name(stem.name + suffix) for suffix in KINDS)
            if path.is_file()
        ),
        key=lambda path: path.stat().st_size,
    )


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
    parts = []
    for study in studies:
        shown = []
        for path in study["pictures"]:
            size = path.stat().st_size
            shown.append(
                _picture(path, study["title"])
                if size <= room
                else element(
                    "p",
                    f"{path} is left out: with its {size:,} bytes this page would be too large.",
                    class_="note",
                )
            )
            room -= size if size <= room else 0
        parts.append(_section(study, shown))
    return joined(*parts)


def _section(study: dict[str, Any], shown: list[Markup]) -> Markup:
    claims = [
        element(
            "tr",
            element("td", mark(*OUTCOMES.get(claim.get("holds"), OUTCOMES[None]))),
            element(
                "td",
                element("span", claim.get("source", ""), class_="where"),
                " ",
                claim.get("text", ""),
            ),
            element("td", claim.get("measured", "")),
        )
        for claim in study["claims"]
    ]
    head = element(
        "tr", *(element("th", name, scope="col") for name in ("Outcome", "Claim", "Measured"))
    )
    versions = ", ".join(f"{name} {version}" for name, version in study["versions"].items())
    seconds = sum(study["seconds"].values())
    return element(
        "article",
        element("h3", study["title"]),
        *shown,
        element("table", element("thead", head), element("tbody", *claims), class_="claims")
        if claims
        else None,
        element(
            "details",
            element("summary", f"Notes ({len(study['notes'])})"),
            element("ul", *(element("li", note) for note in study["notes"])),
        )
        if study["notes"]
        else None,
        element(
            "p",
            element("code", f"gsae-ref reproduce {study['name']}"),
            f" \N{EM DASH} {seconds:.0f} s of computation with {versions}",
            class_="note",
        ),
        id=f"figure-of-{study['name']}",
    )


def _picture(path: Path, title: str) -> Markup:
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    image = element(
        "img",
        src=f"data:{KINDS[path.suffix]};base64,{content}",
        alt=f"{path.stem}: {title}",
        loading="lazy",
    )
    return element("figure", image, element("figcaption", path.stem))
