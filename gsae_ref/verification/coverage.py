"""Completeness of the ledger: what the papers say, and what of it has no row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..papers.items import ITEMS, Item
from ..papers.ledger import LEDGER


@dataclass(frozen=True)
class Coverage:
    """The items of a paper beside its rows.

    Attributes
    ----------
    paper : str
        "T21", "N19" or "L23".
    numbered, sentences : int
        Its numbered items, and the sentences of it that can be checked.
    rows : int
        Its rows in the ledger.
    without : tuple of Item
        The items of which the ledger lacks a row.
    """

    paper: str
    numbered: int
    sentences: int
    rows: int
    without: tuple[Item, ...]

    @property
    def covered(self) -> int:
        """Items whose rows are all in the ledger."""
        return self.numbered + self.sentences - len(self.without)


def coverage(papers: Iterable[str]) -> list[Coverage]:
    """Count the items of papers, and find those without a row."""
    return [_coverage_of(paper) for paper in papers]


def absent_rows(item: Item) -> list[str]:
    """Ids that an item asks for and the ledger lacks."""
    return [row_id for row_id in item.rows if row_id not in LEDGER]


def as_dict(found: list[Coverage]) -> dict[str, Any]:
    """Return the counts for a JSON file."""
    papers = [
        {
            "paper": each.paper,
            "numbered": each.numbered,
            "sentences": each.sentences,
            "covered": each.covered,
            "rows": each.rows,
            "without_a_row": [
                {"item": item.name, "absent": absent_rows(item)} for item in each.without
            ],
        }
        for each in found
    ]
    return {"ok": not any(each.without for each in found), "papers": papers}


def _coverage_of(paper: str) -> Coverage:
    items = [item for item in ITEMS if item.paper == paper]
    numbered = sum(item.numbered for item in items)
    return Coverage(
        paper=paper,
        numbered=numbered,
        sentences=len(items) - numbered,
        rows=sum(row.paper == paper for row in LEDGER.values()),
        without=tuple(item for item in items if absent_rows(item)),
    )
