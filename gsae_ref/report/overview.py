"""How many statements of each paper have each verdict: the first thing on the page, and a way into the table."""

from __future__ import annotations

from typing import Any

from ..papers.ledger import LEDGER
from ..papers.row import VERDICTS
from .markup import Markup, element, joined, mark

PAPERS = {
    "T21": "Theodosis, Tolooshams, Tankala, Tasissa, Ba: On the Convergence of Group-Sparse Autoencoders. arXiv:2102.07003, version 2",
    "N19": "Nguyen, Wong, Hegde: On the Dynamics of Gradient Descent for Autoencoders. AISTATS 2019",
    "L23": "Li, Nguyen, Hegde, Wong: Implicit Regularization for Group Sparsity. ICLR 2023",
    "own": "Theorems of this project, with proofs: what holds instead",
}


def papers_of(result: dict[str, Any]) -> list[str]:
    """The papers that have rows, in the order of the ledger."""
    return list(dict.fromkeys(LEDGER[row["id"]].paper for row in result["rows"]))


def overview(result: dict[str, Any]) -> Markup:
    """A table of counts, verdict by paper; every count leads to its statements."""
    papers = papers_of(result)
    counts = {(paper, verdict): 0 for paper in (*papers, "") for verdict in VERDICTS}
    for row in result["rows"]:
        counts[LEDGER[row["id"]].paper, row["verdict"]] += 1
        counts["", row["verdict"]] += 1
    present = [verdict for verdict in VERDICTS if counts["", verdict]]
    largest = max(counts["", verdict] for verdict in present)
    head = element(
        "tr",
        element("th", "Verdict", scope="col"),
        *(element("th", paper, scope="col", class_="count") for paper in papers),
        element("th", "All", scope="col", class_="count"),
        element("th", "Share", scope="col", class_="share"),
    )
    body = [
        element(
            "tr",
            element(
                "th",
                mark(verdict, verdict),
                element("span", VERDICTS[verdict], class_="meaning"),
                scope="row",
            ),
            *(
                element("td", _count(counts[paper, verdict], paper, verdict), class_="count")
                for paper in (*papers, "")
            ),
            element("td", _bar(counts["", verdict] / largest, verdict), class_="share"),
        )
        for verdict in present
    ]
    total = element(
        "tr",
        element("th", "all", scope="row"),
        *(
            element("td", sum(counts[paper, verdict] for verdict in present), class_="count")
            for paper in (*papers, "")
        ),
        element("td", class_="share"),
    )
    table = element(
        "table",
        element(
            "caption",
            "Statements by verdict and paper. A number leads to its statements.",
            class_="note",
        ),
        element("thead", head),
        element("tbody", *body),
        element("tfoot", total),
        class_="overview",
    )
    names = element(
        "dl",
        *(joined(element("dt", paper), element("dd", PAPERS[paper])) for paper in papers),
        class_="papers",
    )
    return joined(table, names)


def _count(number: int, paper: str, verdict: str) -> Markup:
    """A count as a link that filters the table; without scripts it leads to the table."""
    if not number:
        return element("span", "\N{MIDDLE DOT}", class_="none", aria_label="none")
    label = f"{number} {verdict}, {paper or 'all papers'}: show"
    return element(
        "a", number, href="#statements", data_paper=paper, data_verdict=verdict, aria_label=label
    )


def _bar(share: float, verdict: str) -> Markup:
    bar = element("rect", x=0, y=2, width=f"{100 * share:.1f}%", height=8, class_=verdict)
    return element("svg", bar, width="100%", height=12, aria_hidden="true", class_="bar")
