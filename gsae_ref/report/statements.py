"""The table of verdicts; a row opens to hypotheses, the form that holds, and evidence."""

from __future__ import annotations

import re
from typing import Any

from ..notation.account import words
from ..notation.markup import Markup, element, joined, mark
from ..papers.ledger import LEDGER
from ..papers.row import VERDICTS
from ..verification.report import RowResult
from .tightness import ratio_text, ratios

COLUMNS = (  # heading, class, tooltip
    ("Statement", "name", "sort in the order of the papers"),
    ("Verdict", "verdict", "sort by verdict"),
    ("Evidence", "state", "sort: unconfirmed first"),
    ("Left/right", "ratio", "sort by the largest ratio found of the form that holds"),
    ("As printed", "says", "sort by text"),
)
ROW_ID = re.compile(r"\b((?:T21|N19|L23)-[\w-]*\w|R\d+)\b")


def statements(result: dict[str, Any]) -> Markup:
    """The table of all rows of a result."""
    heads = [_head(*column) for column in COLUMNS]
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


def _head(name: str, kind: str, title: str) -> Markup:
    """The head of a column: a button that sorts by it."""
    arrow = element("span", class_="arrow", aria_hidden="true")
    return element(
        "th",
        element("button", name, arrow, type="button", title=title),
        scope="col",
        class_=kind,
        role="columnheader",
        aria_sort="ascending" if kind == "name" else "none",
    )


def _row(place: int, row: dict[str, Any]) -> Markup:
    """A statement: its id and number, verdict, state, ratio, and its words, which open."""
    entry = LEDGER[row["id"]]
    held, _ = ratios(row)
    state = mark("yes", "confirmed") if row["confirmed"] else mark("no", "NOT confirmed")
    summary = element("summary", words(row["printed"]))
    link = element("a", row["id"], href=f"#{row['id']}")
    number = element("span", entry.number, class_="where")
    order = list(VERDICTS).index(row["verdict"])
    return element(
        "tr",
        element("th", link, number, scope="row", class_="name", role="rowheader", data_sort=place),
        _cell("verdict", mark(row["verdict"], row["verdict"]), order),
        _cell("state", state, int(row["confirmed"])),
        _cell("ratio", ratio_text(held), "" if held is None else held),
        _cell("says", element("details", summary, _account(row)), row["printed"].lower()),
        id=row["id"],
        data_paper=entry.paper,
        data_verdict=row["verdict"],
        role="row",
    )


def _cell(kind: str, content: object, sort: object) -> Markup:
    return element("td", content, class_=kind, role="cell", data_sort=sort)


def _account(row: dict[str, Any]) -> Markup:
    """What a row opens to; what it says stands beside it."""
    return RowResult.from_dict(row).account().html(_linked, without="as printed")


def _linked(text: str) -> Markup:
    """Words in which the id of a row leads to it."""
    parts = ROW_ID.split(text)
    pieces = [element("a", p, href=f"#{p}") if p in LEDGER else joined(p) for p in parts]
    return joined(*pieces)
