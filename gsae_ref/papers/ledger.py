"""The ledger: every statement, in the order of each paper, then this project's own R0, R1, ..."""

from .l23 import statements as l23
from .n19 import statements as n19
from .t21 import statements as t21

_PAPERS = (t21, n19, l23)
_ROWS = [row for paper in _PAPERS for row in paper.ROWS]
LEDGER = {row.id: row for row in sorted(_ROWS, key=lambda row: row.paper == "own")}
