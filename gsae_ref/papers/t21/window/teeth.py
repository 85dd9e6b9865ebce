"""How the evidence of R16 is spoiled: what goes unnoticed, and why; an instance at a bound."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..instance import Instance
from .statements import SOME_INACTIVE

NO_LOW = {SOME_INACTIVE.text: "for gamma = Gamma no group is outside the support: there is no low"}


def _nearly_equal_atoms() -> Instance:
    """Atoms of cosine 4/5 and one normal to both, norms 1 to 100: low = 80, a code of norm 79."""
    A = np.array([[1.0, 0.8, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 1.0]])
    return Instance(A, A, 1, 2, np.array([1.0, 1.0, 0.0]), b_min=1.0, b_max=100.0)


REACHED: dict[tuple[str, str], Callable[[], Instance]] = {
    ("R16", "no lam works where high <= 0"): _nearly_equal_atoms,
}
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("R16", "low is attained by a code"): NO_LOW,
    ("R16", "no lam works where high <= 0"): NO_LOW,
}
