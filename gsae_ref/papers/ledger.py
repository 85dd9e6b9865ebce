"""The ledger: every statement, in the order of each paper, then this project's own R0, R1, ..."""

from .l23 import statements as l23
from .n19 import statements as n19
from .row import Row
from .t21 import statements as t21

_PAPERS = (t21, n19, l23)
_ROWS = [row for paper in _PAPERS for row in paper.ROWS]


def _place(row: Row) -> tuple[bool, int]:
    """The papers' rows stay in their order; this project's follow by number."""
    own = row.paper == "own"
    return own, int(row.id[1:].partition("-")[0]) if own else 0  # R8-rate stands beside R8


LEDGER = {row.id: row for row in sorted(_ROWS, key=_place)}
