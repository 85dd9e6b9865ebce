"""How tight the bounds are: the largest left/right ratio found for each inequality."""

from __future__ import annotations

import math
from typing import Any

from ..notation.markup import Markup, element, joined, mark
from ..papers.ledger import LEDGER
from .overview import papers_of

# Ends of the axis; a ratio beyond them is drawn at the end, as an arrow.
LOW = 0.1
HIGH = 100.0
# Ticks and their class: a narrow page leaves out some labels.
TICKS = {
    0.1: None,
    0.3: "minor",
    1.0: None,
    3.0: "minor",
    10.0: None,
    30.0: "minor",
    100.0: "end",
}


def ratios(row: dict[str, Any]) -> tuple[float | None, float | None]:
    """Largest left/right of a row's inequalities that hold, and of those that fail, or None.

    Only inequalities that must hold are searched for their worst case: the two differ in that.
    """
    found = [f["numbers"] for f in row["findings"] if f["kind"] == "inequality"]
    held = [numbers["worst_search"] for numbers in found if "worst_search" in numbers]
    failed = [numbers.get("worst_random") for numbers in found if "worst_search" not in numbers]
    return _largest(held), _largest(failed)


def _largest(values: list[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def ratio_text(ratio: float | None) -> str:
    """A ratio as printed in tables.

    >>> ratio_text(0.99999), ratio_text(92.6045), ratio_text(850600.6), ratio_text(None)
    ('1.000', '92.6', '850,601', '')
    """
    if ratio is None:
        return ""
    return f"{ratio:.3f}" if ratio < 10 else f"{ratio:.1f}" if ratio < 1000 else f"{ratio:,.0f}"


def tightness(result: dict[str, Any]) -> Markup:
    """The plot: a line for each statement with an inequality, in a table with its numbers."""
    bodies = []
    for paper in papers_of(result):
        own = [row for row in result["rows"] if LEDGER[row["id"]].paper == paper]
        rows = [row for row in own if not row["same_as"] and ratios(row) != (None, None)]
        if rows:
            heading = element("tr", element("th", paper, colspan=4, scope="rowgroup"))
            bodies.append(element("tbody", heading, *(_line(row) for row in rows)))
    if not bodies:
        return element("p", "None of the statements shown is an inequality.")
    head = element(
        "tr",
        element("th", "Statement", scope="col"),
        element("th", _axis(), scope="col", class_="track"),
        element("th", mark("held", "holds"), scope="col", class_="number"),
        element("th", mark("failed", "fails"), scope="col", class_="number"),
    )
    return element("table", _caption(), element("thead", head), *bodies, class_="tightness")


def _caption() -> Markup:
    return element(
        "caption",
        "Largest left/right found for inequalities left \N{LESS-THAN OR EQUAL TO} right, "
        "on a logarithmic axis: ",
        mark("held", "forms that hold"),
        " (as printed, or corrected) and ",
        mark("failed", "forms that fail"),
        " (as printed, or without a term of the correction). "
        "At 1 a bound is attained; right of 1 it is violated. "
        "\N{EM DASH} marks a bound that is violated where its right-hand side is not positive, "
        "so that it has no ratio.",
        class_="note",
    )


def _line(row: dict[str, Any]) -> Markup:
    """A statement with its two ratios, drawn and in numbers."""
    held, failed = ratios(row)
    fails = ratio_text(failed)
    if failed is not None and failed <= 1:  # violated, but at no positive right-hand side
        failed = None
        fails = "\N{EM DASH}"
    drawn = [_scale()]
    if held is not None and failed is not None:
        ends = {"x1": _place(held), "x2": _place(failed)}
        drawn.append(element("line", **ends, y1="50%", y2="50%", class_="span"))
    if failed is not None:
        drawn.append(_marker(failed, "failed"))
    if held is not None:
        drawn.append(_marker(held, "held"))
    plot = element("svg", *drawn, width="100%", height=20, aria_hidden="true")
    return element(
        "tr",
        element("th", element("a", row["id"], href=f"#{row['id']}"), scope="row"),
        element("td", plot, class_="track"),
        element("td", ratio_text(held), class_="number"),
        element("td", fails, class_="number"),
    )


def _marker(ratio: float, kind: str) -> Markup:
    """A disc, a triangle, or an arrow at the end of the axis."""
    shape = kind if LOW <= ratio <= HIGH else "beyond" if ratio > HIGH else "below"
    return element(
        "svg",
        element("use", href=f"#dot-{shape}", class_=kind),
        x=_place(ratio),
        y="50%",
        overflow="visible",
    )


def _scale() -> Markup:
    """The region beyond 1, and a faint line at every tick."""
    width = f"{97 - _share(1):.2f}%"
    region = element("rect", x=_place(1), y=0, width=width, height="100%", class_="violated")
    lines = []
    for tick in TICKS:
        kind = "one" if tick == 1 else "tick"
        lines.append(
            element("line", x1=_place(tick), x2=_place(tick), y1=0, y2="100%", class_=kind)
        )
    return joined(region, *lines)


def _axis() -> Markup:
    labels = (
        element("text", f"{t:g}", x=_place(t), y=14, text_anchor="middle", class_=TICKS[t])
        for t in TICKS
    )
    return joined(
        element("span", "left/right", class_="unseen"),
        element("svg", *labels, width="100%", height=20, aria_hidden="true"),
    )


def _share(ratio: float) -> float:
    """The place of a ratio on the axis, in percent of its width, with a margin at either end."""
    inside = min(max(ratio, LOW), HIGH)
    return 3 + 94 * math.log(inside / LOW) / math.log(HIGH / LOW)


def _place(ratio: float) -> str:
    return f"{_share(ratio):.2f}%"
