"""Measurements for the choice of lam: R17 attained, its conditional form false, the encoder."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from .... import ops, sampling
from ....claims.finding import at_least, at_most, measurement
from . import formulas

if TYPE_CHECKING:
    from ....arrays import Array
    from ....claims.finding import Finding


def _fails(A: Array, Y: Array, last: Array, n_active: int, d: int) -> bool | None:
    """Whether another number of groups than n_active is active at ``last``; None without lam."""
    lam = formulas.data_threshold(A, Y, n_active, d).lam
    if lam is None:
        return None
    code = ops.encode(A, last, lam, d).reshape(-1, d)
    return int((code != 0).any(axis=1).sum()) != n_active


@measurement
def data_threshold_attained(rng: np.random.Generator, quick: bool) -> Finding:
    """Where R17's bound is attained, N = 1, ..., 20: distance of the failure from 2 / (N + 1)."""
    error = 0.0
    for N in range(1, 21):
        Y = np.array([[1.0, 0.6], [0.55, 0.0]] + [[1.0, 0.0]] * (N - 1))
        failed = [_fails(np.eye(2), np.delete(Y, j, axis=0), Y[j], 1, 1) for j in range(N + 1)]
        error = max(error, abs(failed.count(True) / (N + 1) - 2 / (N + 1)))
        assert failed.count(False) == 0  # given lo < hi, failure is certain
    return at_most("distance from 2 / (N + 1)", error, 0.0)


@measurement
def data_threshold_conditional(rng: np.random.Generator, quick: bool) -> Finding:
    """Independent samples from 4 levels, N = 5, all 4^6 draws: failure given lo < hi."""
    levels = [np.array([2.0 * j + 1, 2.0 * j]) for j in range(1, 5)]
    failed = []
    for *first, last in product(levels, repeat=6):
        failed.append(_fails(np.eye(2), np.stack(first), last, 1, 1))
    windows = len(failed) - failed.count(None)
    return at_least(
        "failure given lo < hi, over 2 / (N + 1)",
        failed.count(True) / windows / (2 / 6),
        2.2,
        conditional=failed.count(True) / windows,
        joint=failed.count(True) / len(failed),
        bound=2 / 6,
    )


@measurement
def data_threshold_failures(rng: np.random.Generator, quick: bool) -> Finding:
    """As much noise as signal, A not A*, N = 3: joint failures against a binomial quantile."""
    from scipy.stats import binom

    trials = 300 if quick else 3000
    d = 4
    A_star = sampling.make_dictionary(16, 4, d, kind="orthonormal", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.1, group_size=d, direction="tangent", rng=rng)
    Y = sampling.sample(A_star, 4 * trials, 1, d, norm_range=(1, 3), snr_db=0, rng=rng).Y
    failed = [_fails(A, y[:3], y[3], 1, d) for y in Y.reshape(trials, 4, 16)]
    return at_most(
        "joint failures against a binomial quantile at 2 / (N + 1)",
        failed.count(True),
        binom.ppf(0.999, trials, 2 / 4),
        trials=trials,
        windows=trials - failed.count(None),
    )
