"""T21, in the order of the paper, and R0 to R6."""

import re

from ..row import Row
from .convergence import statements as convergence
from .direction import statements as direction
from .gradients import statements as gradients
from .model import statements as model
from .support import statements as support


def _order(row: Row) -> tuple[int, str]:
    """By the first number of the row (equations in the order of the paper)."""
    number = re.search(r"Eq\. \((\d+)\)", row.number)
    return int(number.group(1)) if number else _PLACE.get(row.id, 0), row.id


_PLACE = {  # equation after which an unnumbered statement stands
    "T21-mu-order": 3,
    "T21-relu": 7,
    "T21-assumption1": 15,
    "T21-assumption2": 15,
    "T21-assumption3": 16,
    "T21-assumption4": 18,
    "T21-unit-norm": 18,
    "T21-prop1": 19,
    "T21-prop2": 20,
    "T21-prop2-v1": 21,
    "T21-recovery-in-one-pass": 22,
    "T21-lemma1": 22,
    "T21-good-approximation": 24,
    "T21-theorem1": 33,
    "T21-theorem2": 33,
    "T21-theorem2-v1": 33,
    "T21-rho": 33,
    "T21-remark-a": 33,
    "T21-remark-b": 33,
    "T21-simulation": 33,
}

ROWS = sorted(
    (*model.ROWS, *support.ROWS, *gradients.ROWS, *direction.ROWS, *convergence.ROWS), key=_order
)
