"""The ledger: every statement, in the order of each paper, then this project's own R0, R1, ..."""

from collections import Counter

from ..notation.markup import element, joined
from .l23 import statements as l23
from .n19 import statements as n19
from .row import VERDICTS, Row
from .t21 import statements as t21

PAPERS = ("T21", "N19", "L23", "own")
HINTS = ("gs.explain('T21-prop2'): one in full", "gs.verify(quick=True): runs the evidence")
_ROWS = [row for paper in (t21, n19, l23) for row in paper.ROWS]


def _place(row: Row) -> tuple[bool, int]:
    """The papers' rows stay in their order; this project's follow by number."""
    own = row.paper == "own"
    return own, int(row.id[1:].partition("-")[0]) if own else 0  # R8-rate stands beside R8


class Ledger(dict[str, Row]):
    """Id -> row, in order; at a prompt a table of counts, since all rows fill many screens."""

    def counts(self) -> list[tuple[str, list[int]]]:
        """Every verdict that some row has, and how many rows of each paper have it."""
        found = Counter((row.verdict, row.paper) for row in self.values())
        table = []
        for verdict in VERDICTS:
            numbers = [found[verdict, paper] for paper in PAPERS]
            if any(numbers):
                table.append((verdict, numbers))
        return table

    def __repr__(self) -> str:
        heads = "".join(f"{paper:>6}" for paper in PAPERS)
        lines = [f"{len(self)} statements   {heads}"]
        for verdict, numbers in self.counts():
            lines.append(f"{verdict:17}" + "".join(f"{number:6}" for number in numbers))
        return "\n".join([*lines, *HINTS])

    def _repr_html_(self) -> str:
        head = element("tr", *(element("th", name) for name in ("", *PAPERS)))
        rows = [
            element("tr", element("th", verdict), *(element("td", n) for n in numbers))
            for verdict, numbers in self.counts()
        ]
        title = element("p", f"{len(self)} statements")
        hints = (element("p", element("code", hint)) for hint in HINTS)
        return joined(title, element("table", head, *rows), *hints)


LEDGER = Ledger({row.id: row for row in sorted(_ROWS, key=_place)})
