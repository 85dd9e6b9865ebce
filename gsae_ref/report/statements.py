"""The table of verdicts; a row opens to hypotheses, the form that holds, and evidence."""

from __future__ import annotations

from typing import Any

from ..papers.ledger import LEDGER
from ..papers.row import KINDS, VERDICTS
from .markup import Markup, element, joined, mark
from .tightness import ratio_text, ratios

COLUMNS = (  # heading, class, tooltip
    ("Statement", "name", "sort in the order of the papers"),
    ("Verdict", "verdict", "sort by verdict"),
    ("Evidence", "state", "sort: unconfirmed first"),
    ("Left/right", "ratio", "sort by the largest ratio found of the form that holds"),
    ("As printed", "says", "sort by text"),
)
COMPARED = {True: "true", False: "false"}
INSTANCE = "Instance (e1, e2, ... are the unit vectors; a matrix is listed by its columns):"


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
    words = element("summary", element("code", row["printed"]))
    link = element("a", row["id"], href=f"#{row['id']}")
    number = element("span", entry.number, class_="where")
    order = list(VERDICTS).index(row["verdict"])
    return element(
        "tr",
        element("th", link, number, scope="row", class_="name", role="rowheader", data_sort=place),
        _cell("verdict", mark(row["verdict"], row["verdict"]), order),
        _cell("state", state, int(row["confirmed"])),
        _cell("ratio", ratio_text(held), "" if held is None else held),
        _cell("says", element("details", words, _account(row)), row["printed"].lower()),
        id=row["id"],
        data_paper=entry.paper,
        data_verdict=row["verdict"],
        role="row",
    )


def _cell(kind: str, content: object, sort: object) -> Markup:
    return element("td", content, class_=kind, role="cell", data_sort=sort)


def _account(row: dict[str, Any]) -> Markup:
    """The parts of a statement that a row opens to."""
    kind = LEDGER[row["id"]].kind
    source = LEDGER[row["same_as"] or row["id"]]
    evidence = element("ul", *(_finding(f) for f in row["findings"]), class_="evidence")
    parts = {
        "Hypotheses": _hypotheses(row),
        "Reading": _text("p", row["reading"]),
        "Kind": joined(kind, ": ", KINDS[kind]),
        "Verdict": joined(mark(row["verdict"], row["verdict"]), ": ", VERDICTS[row["verdict"]]),
        "Form that holds": _text("pre", row["repaired"]),
        "Remark": _text("pre", row["remark"]),
        "Evidence": _shared(row) if row["same_as"] else evidence,
        "Derivation": _derivation(source.derivation),
        "Run it": element("pre", f"gsae-ref verify --only {row['id']} --explain"),
    }
    entries = [
        joined(element("dt", title), element("dd", content))
        for title, content in parts.items()
        if content is not None
    ]
    return element("dl", *entries)


def _text(name: str, text: str) -> Markup | None:
    return element(name, text) if text else None


def _hypotheses(row: dict[str, Any]) -> Markup | None:
    """The hypotheses of a row, or of the row that it restates."""
    own = LEDGER[row["id"]].hypotheses
    hypotheses = own or LEDGER[row["same_as"] or row["id"]].hypotheses
    if not hypotheses:
        return None
    return element("ul", *(element("li", element("code", h.text)) for h in hypotheses))


def _derivation(name: str) -> Markup | None:
    return element("p", "docstring of ", element("code", name)) if name else None


def _shared(row: dict[str, Any]) -> Markup:
    """The evidence of a statement that restates another: a link, and one line each."""
    link = element("a", row["same_as"], href=f"#{row['same_as']}")
    restated = element("p", "restates ", link, ", whose evidence it shares")
    return joined(restated, element("ul", *(_line(f) for f in row["findings"]), class_="evidence"))


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
    entries = [
        element("div", element("dt", key.replace("_", " ")), element("dd", _number(value)))
        for key, value in finding["numbers"].items()
        if isinstance(value, (int, float, str))
    ]
    return _line(finding, element("dl", *entries, class_="numbers") if entries else None)


def _certificate(certificate: dict[str, Any]) -> Markup:
    """An exact counterexample: conclusion and hypotheses as fractions, then the instance."""
    instance = "\n".join(f"{key} = {_value(value)}" for key, value in certificate["data"].items())
    lines = [("printed", certificate["printed"]), ("corrected", certificate["corrected"])]
    lines += [("hypothesis", hypothesis) for hypothesis in certificate["hypotheses"]]
    compared = [_comparison(role, line) for role, line in lines if line]
    no_repair = certificate["corrected"] is None
    return joined(
        element(
            "table",
            element("caption", f"{certificate['name']}, in exact arithmetic"),
            element("tbody", *compared),
            class_="exact",
        ),
        element("p", "There is no local repair.") if no_repair else None,
        element("p", certificate["note"], class_="note"),
        element("p", INSTANCE),
        element("pre", instance),
    )


def _comparison(role: str, line: dict[str, Any]) -> Markup:
    """A line of the table of a counterexample."""
    holds = mark("yes" if line["holds"] else "no", COMPARED[line["holds"]])
    sides = f"{line['left']} {line['relation']} {line['right']}"
    return element(
        "tr",
        element("th", role, scope="row"),
        element("td", element("code", line["text"])),
        element("td", element("code", sides, class_="sides"), " ", holds),
        class_=None if role == "hypothesis" else "conclusion",
    )


def _value(value: Any) -> str:
    """An entry of an instance: a number, words, or a matrix by its columns.

    >>> _value([["3/5", "0"], ["0", "1"]])
    '[3/5 e1, e2]'
    """
    if not isinstance(value, list):
        return str(value)
    columns = [" + ".join(_terms(column)) or "0" for column in zip(*value, strict=True)]
    return f"[{', '.join(columns)}]"


def _terms(column: tuple[Any, ...]) -> list[str]:
    """The entries of a column that are not 0, as multiples of unit vectors."""
    return [
        f"e{i}" if entry in ("1", 1) else f"{entry} e{i}"
        for i, entry in enumerate(column, 1)
        if entry not in ("0", 0)
    ]


def _number(value: float | str) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
