"""The verdict table: a row for each statement, which opens to its hypotheses, correction and evidence."""

from __future__ import annotations

from typing import Any

from ..papers.ledger import LEDGER
from ..papers.row import VERDICTS
from .markup import Markup, element, joined, mark
from .tightness import ratio_text, ratios

COLUMNS = (  # heading, class, tooltip
    ("Statement", "name", "sort in the order of the papers"),
    ("Verdict", "verdict", "sort by verdict"),
    ("Evidence", "state", "sort: what is not confirmed first"),
    ("Left/right", "ratio", "sort by the largest ratio found of the form that holds"),
    ("As printed", "says", "sort by text"),
)
COMPARED = {True: "true", False: "false"}


def statements(result: dict[str, Any]) -> Markup:
    """The table of all rows of a result."""
    heads = [
        element(
            "th",
            element(
                "button",
                name,
                element("span", class_="arrow", aria_hidden="true"),
                type="button",
                title=title,
            ),
            scope="col",
            class_=kind,
            role="columnheader",
            aria_sort="ascending" if kind == "name" else "none",
        )
        for name, kind, title in COLUMNS
    ]
    rows = [_row(place, row) for place, row in enumerate(result["rows"])]
    caption = element("caption", "Every statement with its verdict", class_="unseen")
    return element(
        "table",
        caption,
        element("thead", element("tr", *heads, role="row"), role="rowgroup"),
        element("tbody", *rows, role="rowgroup"),
        class_="statements",
        role="table",
        id="table",
    )


def _row(place: int, row: dict[str, Any]) -> Markup:
    entry = LEDGER[row["id"]]
    held, _ = ratios(row)
    state = mark("yes", "confirmed") if row["confirmed"] else mark("no", "NOT confirmed")
    words = element("summary", element("code", row["printed"]))
    return element(
        "tr",
        element(
            "th",
            element("a", row["id"], href=f"#{row['id']}"),
            element("span", entry.number, class_="where"),
            scope="row",
            class_="name",
            role="rowheader",
            data_sort=place,
        ),
        element(
            "td",
            mark(row["verdict"], row["verdict"]),
            class_="verdict",
            role="cell",
            data_sort=list(VERDICTS).index(row["verdict"]),
        ),
        element("td", state, class_="state", role="cell", data_sort=int(row["confirmed"])),
        element(
            "td",
            ratio_text(held),
            class_="ratio",
            role="cell",
            data_sort="" if held is None else held,
        ),
        element(
            "td",
            element("details", words, _account(row)),
            class_="says",
            role="cell",
            data_sort=row["printed"].lower(),
        ),
        id=row["id"],
        data_paper=entry.paper,
        data_verdict=row["verdict"],
        role="row",
    )


def _account(row: dict[str, Any]) -> Markup:
    """What a row opens to."""
    source = LEDGER[row["same_as"] or row["id"]]
    hypotheses = LEDGER[row["id"]].hypotheses or source.hypotheses
    parts: list[tuple[str, Markup | None]] = [
        (
            "Hypotheses",
            element("ul", *(element("li", element("code", h.text)) for h in hypotheses))
            if hypotheses
            else None,
        ),
        ("Verdict", joined(mark(row["verdict"], row["verdict"]), ": ", VERDICTS[row["verdict"]])),
        ("Form that holds", element("pre", row["repaired"]) if row["repaired"] else None),
        ("Remark", element("pre", row["remark"]) if row["remark"] else None),
        (
            "Evidence",
            _shared(row)
            if row["same_as"]
            else element("ul", *(_finding(f) for f in row["findings"]), class_="evidence"),
        ),
        (
            "Derivation",
            element("p", "docstring of ", element("code", source.derivation))
            if source.derivation
            else None,
        ),
        ("Run it", element("pre", f"gsae-ref verify --only {row['id']} --explain")),
    ]
    return element(
        "dl",
        *(
            joined(element("dt", title), element("dd", content))
            for title, content in parts
            if content is not None
        ),
    )


def _shared(row: dict[str, Any]) -> Markup:
    """A statement that restates another has that one's evidence: one line each, and a link."""
    link = element(
        "p",
        "restates ",
        element("a", row["same_as"], href=f"#{row['same_as']}"),
        ", whose evidence it shares",
    )
    return joined(link, element("ul", *(_line(f) for f in row["findings"]), class_="evidence"))


def _line(finding: dict[str, Any], *more: object) -> Markup:
    outcome = mark("yes", "as expected") if finding["ok"] else mark("no", "NOT as expected")
    kind = element("span", finding["kind"], class_="kind")
    return element(
        "li",
        outcome,
        " ",
        kind,
        " ",
        element("code", finding["label"]),
        element("p", element("code", finding["summary"])),
        *more,
    )


def _finding(finding: dict[str, Any]) -> Markup:
    if finding["kind"] == "counterexample":
        return _line(finding, _certificate(finding["numbers"]))
    numbers = [
        (key.replace("_", " "), value)
        for key, value in finding["numbers"].items()
        if isinstance(value, (int, float, str))
    ]
    measured = element(
        "dl",
        *(
            element("div", element("dt", key), element("dd", _number(value)))
            for key, value in numbers
        ),
        class_="numbers",
    )
    return _line(finding, measured if numbers else None)


def _certificate(certificate: dict[str, Any]) -> Markup:
    """An exact counterexample: the conclusion with both sides as fractions, every hypothesis, the instance."""
    instance = "\n".join(f"{key} = {_value(value)}" for key, value in certificate["data"].items())
    lines = [
        ("printed", certificate["printed"]),
        ("corrected", certificate["corrected"]),
        *(("hypothesis", hypothesis) for hypothesis in certificate["hypotheses"]),
    ]
    return joined(
        element(
            "table",
            element("caption", f"{certificate['name']}, in exact arithmetic"),
            element("tbody", *(_comparison(what, line) for what, line in lines if line)),
            class_="exact",
        ),
        element("p", "There is no local repair.") if certificate["corrected"] is None else None,
        element("p", certificate["note"], class_="note"),
        element(
            "p", "Instance (e1, e2, ... are the unit vectors; a matrix is listed by its columns):"
        ),
        element("pre", instance),
    )


def _comparison(what: str, line: dict[str, Any]) -> Markup:
    holds = mark("yes" if line["holds"] else "no", COMPARED[line["holds"]])
    sides = f"{line['left']} {line['relation']} {line['right']}"
    return element(
        "tr",
        element("th", what, scope="row"),
        element("td", element("code", line["text"])),
        element("td", element("code", sides, class_="sides"), " ", holds),
        class_=None if what == "hypothesis" else "conclusion",
    )


def _value(value: Any) -> str:
    """An entry of an instance: a number, words, or a matrix by its columns.

    >>> _value([["3/5", "0"], ["0", "1"]])
    '[3/5 e1, e2]'
    """
    if not isinstance(value, list):
        return str(value)
    columns = [
        [
            f"e{i}" if entry in ("1", 1) else f"{entry} e{i}"
            for i, entry in enumerate(column, 1)
            if entry not in ("0", 0)
        ]
        for column in zip(*value, strict=True)
    ]
    return "[" + ", ".join(" + ".join(terms) or "0" for terms in columns) + "]"


def _number(value: float | str) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
