"""Measurements for L23, Appendix A: the loop that a mirror flow cannot make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import ops
from ....claims.finding import at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


@measurement
def dglnn_mirror_loop(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 1: under -w_1, -w_2, +w_1, +w_2 for a time s each, w_2 moves by 4 u^4 v_1 s^2."""
    u = np.array([1.1, 0.7])
    v = np.array([0.6, -0.3, 0.8])
    groups = (2, 1)
    start = ops.dglnn_weights(u, v, groups)
    times = (1e-2, 1e-3) if quick else (1e-2, 3e-3, 1e-3)
    moved = [formulas.loop_displacement(0, 1, u, v, groups, s) / s**2 for s in times]
    predicted = 4 * u[0] ** 4 * v[0]
    order = np.log(abs(moved[0][1] / predicted - 1) / abs(moved[-1][1] / predicted - 1)) / np.log(
        times[0] / times[-1]
    )
    return at_most(
        "relative difference of w_2's move / s^2 and 4 u^4 v_1 at s = 0.001",
        abs(moved[-1][1] / predicted - 1),
        0.005,
        move_over_s_squared=float(moved[-1][1]),
        order_of_the_difference=float(order),
        start=float(start[1]),
    )
