"""This project's own on several active groups: R11, an explicit basin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....claims.evidence import Inequality, Measurement, worst
from ...row import Row
from .instance import (
    DENOMINATOR,
    EXACT_SUPPORTS,
    FRAMES,
    ISOTROPIC,
    SIGN_SYMMETRIC,
    STEP_IN_RANGE,
    UNIFORM,
)

if TYPE_CHECKING:
    from .instance import Population

LAW = (FRAMES, UNIFORM, SIGN_SYMMETRIC, ISOTROPIC)
BASIN = (*LAW, EXACT_SUPPORTS, STEP_IN_RANGE, DENOMINATOR)
R11_TEXT = (
    "A*_g has orthonormal columns (n, Gamma, d arbitrary, also overcomplete); supports are uniform "
    "of size gamma; given S, the law of the codes is unchanged when one x_g changes sign, E[x_g "
    "x_g^T] = s2 I, B_min <= ||x_g|| <= B_max. D_g = ||sin Theta_g||_F of A_g and A*_g, delta = "
    "max_g D_g, D^2 = sum_g D_g^2. With exact supports at A, a step of population gradient descent "
    "and retraction has max_g ||tan Theta_g+||_F <= (rho delta + a w / chi) / (c - a w_par / chi) "
    "and (sum_g ||tan Theta_g+||_F^2)^(1/2) <= (rho D + a w_all / chi) / (c - a w_par / chi), the "
    "constants as in the derivation. Iterate both bounds from (delta_0, D_0). If at every iterate "
    "denominators are positive and B_max (sum_gamma + sqrt(gamma R) delta_k) <= lam < c_k B_min - "
    "B_max (sum_(gamma-1) + sqrt((gamma-1) R) delta_k), then supports are exact for ever and "
    "max_g D_g <= delta_k, D <= D_k for every run that starts with max_g D_g <= delta_0, D <= D_0."
)


def _largest(i: Population) -> tuple[float, float]:
    """max_g ||tan Theta_g+||_F against its bound."""
    return float(i.tangent_norms(i.after).max()), i.bounds[0]


def _total(i: Population) -> tuple[float, float]:
    """(sum_g ||tan Theta_g+||_F^2)^(1/2) against its bound."""
    return float(np.linalg.norm(i.tangent_norms(i.after))), i.bounds[1]


def _supports(i: Population) -> tuple[float, float]:
    """Norms of inactive groups, lam, and norms of active groups, in this order."""
    low, r_lo = i.setting.support_ends(float(i.sines.max()))
    return worst([i.r[~i.active].max(initial=0.0), r_lo], [low, i.r[i.active].min()])


ROWS = (
    Row(
        "R11",
        "own",
        "R11",
        "inequality",
        "holds",
        R11_TEXT,
        remark="delta_k may rise before it falls (from .152 to .242 for gamma = 2, Gamma = 25, lam "
        "= 2, a = 1), so the support condition at the start alone is not enough: from .2 it fails "
        "later. For jointly orthonormal A* the rate near 0 is rho + a pi (2 gamma + 1), and there "
        "is a basin whenever (1 + a)(2 gamma + 1)(gamma - 1) < Gamma - 1. The floor is far above "
        "the true one, that of R10. Void at T21's sizes, n = 950 < Gamma d = 1000; for n >= 1000, "
        "gamma = 3, Gamma = 500, lam = 1.8 and jointly orthonormal A* every group may start at "
        ".15. Orthogonal iteration with noise; the constants are the content.",
        hypotheses=BASIN,
        evidence=(
            Inequality("max_g ||tan Theta_g+||_F <= its bound", "populations", _largest, BASIN),
            Inequality("the same for all groups together", "populations", _total, BASIN),
            Inequality("the largest, near A*", "close_populations", _largest, BASIN),
            Inequality("norms and the support condition", "populations", _supports, LAW),
            Measurement("basin_run"),
            Measurement("basin_rises"),
            Measurement("basin_sizes"),
        ),
        derivation="gsae_ref.papers.t21.several.formulas.step_bounds",
    ),
)
