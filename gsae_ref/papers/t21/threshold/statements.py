"""This project's R17: a threshold chosen from data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....claims.evidence import Inequality, Measurement, worst
from ...row import Row
from . import formulas
from .instance import (
    CERTIFIED,
    CODES_BOUNDED,
    EXCHANGEABLE,
    FIXED_DICTIONARY,
    GAMMA_ACTIVE,
    LAM_IN_WINDOW,
    NOISELESS,
)

if TYPE_CHECKING:
    from .instance import HeldOut

DATA_THRESHOLD = (FIXED_DICTIONARY, EXCHANGEABLE, LAM_IN_WINDOW)


def _failure(i: HeldOut) -> tuple[float, float]:
    """P(lo < hi and the last sample fails) against R17's bound."""
    n_groups = i.A_star.shape[1] // i.group_size
    bound = formulas.failure_bound(len(i.Y) - 1, i.n_active, n_groups)
    return float(i.last @ i.failures), bound


def _active_on_the_samples(i: HeldOut) -> tuple[float, float]:
    """r_(gamma + 1)(y_i) <= lam <= r_(gamma)(y_i) for every i other than j, where lo < hi."""
    left = [0.0]
    right = [1.0]
    for j in np.flatnonzero(i.windows[:, 0] < i.windows[:, 1]):
        lam = np.full(len(i.Y) - 1, i.thresholds[j])
        below, above = formulas.top_norms(np.delete(i.r[j], j, axis=0), i.n_active)
        left += [*below, *lam]
        right += [*lam, *above]
    return worst(left, right)


def _window_contains_certified(i: HeldOut) -> tuple[float, float]:
    low, high = i.windows.T
    certified = np.broadcast_to(tuple(i.certified), (len(low), 2)).T
    return worst([*low, *certified[1]], [*certified[0], *high])


ROWS = (
    Row(
        "R17",
        "own",
        "R17",
        "inequality",
        "holds",
        "A and gamma are fixed before the samples are seen; N + 1 samples are exchangeable. With "
        "r_k the k-th largest norm ||A_g^T y||, lo = max r_(gamma+1) and hi = min r_gamma over "
        "the first N samples, and lam in [lo, hi) chosen from them: exactly gamma groups are "
        "active at each, and P(lo < hi and sample N + 1 has not exactly gamma active groups) <= "
        "2/(N + 1).",
        remark="Attained for every N. The bound is joint, over all N + 1 samples: no bound below 1 "
        "holds conditional on lo < hi, not even for independent samples. If y = A* x without "
        "noise and the interval from the actual matrices is not empty, [lo, hi) contains it and "
        "the active groups of the N samples are the true ones. Tolerance limits (Wilks); split "
        "conformal prediction.",
        hypotheses=DATA_THRESHOLD,
        evidence=(
            Inequality("joint failure of the last sample", "held_out", _failure, DATA_THRESHOLD),
            Inequality(
                "gamma active groups at each of the others",
                "held_out",
                _active_on_the_samples,
                (LAM_IN_WINDOW,),
            ),
            Inequality(
                "[lo, hi) contains the interval from the actual matrices",
                "held_out_clean",
                _window_contains_certified,
                (FIXED_DICTIONARY, NOISELESS, GAMMA_ACTIVE, CODES_BOUNDED, CERTIFIED),
            ),
            Measurement("data_threshold_attained"),
            Measurement("data_threshold_conditional"),
            Measurement("data_threshold_failures"),
        ),
        derivation="gsae_ref.papers.t21.threshold.formulas.data_window",
    ),
)
