"""Measurement for the exact window: the sizes of T21's simulation, with its threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import ops, sampling
from ....claims.finding import at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


@measurement
def window_of_the_simulation(rng: np.random.Generator, quick: bool) -> Finding:
    """T21's sizes with orthonormal groups (quick: a fifth): the worst code at lam = 2, encoded."""
    n, n_groups = (190, 100) if quick else (950, 500)
    A = sampling.make_dictionary(n, n_groups, 2, kind="orthonormal_groups", rng=rng)
    window = formulas.exact_window(A, A, 2, 3, 4.0, 5.0)
    C = formulas.cross_blocks(A, A, 2)
    x = formulas.worst_code(C, window.leak, 3, 4.0, 5.0, active=False).ravel()
    found = ops.encode(A, A @ x, 2.0, 2).reshape(n_groups, 2)[window.leak.group]
    norm = float(np.linalg.norm(found))
    return at_most(
        "distance from low - 2 of the code of a group that is not in the support, lam = 2",
        abs(norm - (window.leak.value - 2)) if norm > 0 else np.inf,
        1e-9,
        norm=norm,
        low=window.certified[0],
        high=window.certified[1],
    )
