"""The number of statements of each paper with each verdict; each number filters the table."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..notation.markup import Markup, class_name, element, joined, mark
from ..papers.ledger import LEDGER
from ..papers.row import VERDICTS

PAPERS = {
    "T21": (
        "Theodosis, Tolooshams, Tankala, Tasissa, Ba: On the Convergence of Group-Sparse "
        "Autoencoders. arXiv:2102.07003, version 2"
    ),
    "N19": (
        "Nguyen, Wong, Hegde: On the Dynamics of Gradient Descent for Autoencoders. AISTATS 2019"
    ),
    "L23": "Li, Nguyen, Hegde, Wong: Implicit Regularization for Group Sparsity. ICLR 2023",
    "own": "Theorems of this project, with proofs: what holds instead",
}
CAPTION = "Statements by verdict and paper. A number leads to its statements."


def papers_of(result: dict[str, Any]) -> list[str]:
    """The papers that have rows, in the order of the ledger."""
    return list(dict.fromkeys(LEDGER[row["id"]].paper for row in result["rows"]))


def overview(result: dict[str, Any]) -> Markup:
    """A table of counts, verdict by paper; every count leads to its statements."""
    papers = papers_of(result)
    counts = Counter((LEDGER[row["id"]].paper, row["verdict"]) for row in result["rows"])
    counts.update(("", row["verdict"]) for row in result["rows"])
    present = [verdict for verdict in VERDICTS if counts["", verdict]]
    largest = max(counts["", verdict] for verdict in present)
    rows = []
    for verdict in present:
        numbers = {paper: counts[paper, verdict] for paper in (*papers, "")}
        rows.append(_row(verdict, numbers, numbers[""] / largest))
    sums = Counter(LEDGER[row["id"]].paper for row in result["rows"])
    totals = {paper: sums[paper] for paper in papers} | {"": len(result["rows"])}
    table = element(
        "table",
        element("caption", CAPTION, class_="note"),
        element("thead", _head(papers)),
        element("tbody", *rows),
        element("tfoot", _total(totals)),
        class_="overview",
    )
    names = [joined(element("dt", paper), element("dd", PAPERS[paper])) for paper in papers]
    return joined(table, element("dl", *names, class_="papers"))


def _head(papers: list[str]) -> Markup:
    names = [element("th", paper, scope="col", class_="count") for paper in (*papers, "All")]
    share = element("th", "Share", scope="col", class_="share")
    return element("tr", element("th", "Verdict", scope="col"), *names, share)


def _row(verdict: str, numbers: dict[str, int], share: float) -> Markup:
    """A verdict with its number for each paper and for all, and a bar."""
    meaning = element("span", VERDICTS[verdict], class_="meaning")
    cells = [
        element("td", _count(number, paper, verdict), class_="count")
        for paper, number in numbers.items()
    ]
    return element(
        "tr",
        element("th", mark(verdict, verdict), meaning, scope="row"),
        *cells,
        element("td", _bar(share, verdict), class_="share"),
    )


def _total(totals: dict[str, int]) -> Markup:
    cells = [element("td", number, class_="count") for number in totals.values()]
    return element("tr", element("th", "all", scope="row"), *cells, element("td", class_="share"))


def _count(number: int, paper: str, verdict: str) -> Markup:
    """A count as a link that filters the table; without scripts it leads to the table."""
    if not number:
        return element("span", "\N{MIDDLE DOT}", class_="none", aria_label="none")
    label = f"{number} {verdict}, {paper or 'all papers'}: show"
    return element(
        "a", number, href="#statements", data_paper=paper, data_verdict=verdict, aria_label=label
    )


def _bar(share: float, verdict: str) -> Markup:
    bar = element(
        "rect", x=0, y=2, width=f"{100 * share:.1f}%", height=8, class_=class_name(verdict)
    )
    return element("svg", bar, width="100%", height=12, aria_hidden="true", class_="bar")
