"""Measurements for the recovery of supports: one pass of the encoder, and how far (27) is from (26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import ops, sampling
from ....claims.finding import at_least, at_most, measurement
from .formulas import support_interval

if TYPE_CHECKING:
    from ....claims.finding import Finding


@measurement
def one_pass_recovery(rng: np.random.Generator, quick: bool) -> Finding:
    """Encoder with lam in the corrected interval, on sampled data: fraction of supports recovered exactly."""
    A_star = sampling.make_dictionary(30, 10, 2, kind="orthonormal", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.05, group_size=2, direction="tangent", rng=rng)
    interval = support_interval(A, A_star, 2, 3, 4.0, 5.0)
    Y, X, _ = sampling.sample(A_star, 1000 if quick else 10_000, 3, 2, norm_range=(4, 5), rng=rng)
    lam = (interval.low + interval.high) / 2
    found = np.linalg.norm(ops.encode(A, Y, lam, 2).reshape(len(Y), 10, 2), axis=2) > 0
    exact = (found == (np.linalg.norm(X.reshape(len(Y), 10, 2), axis=2) > 0)).all(axis=1)
    return at_least(
        "fraction of supports recovered exactly",
        exact.mean(),
        1.0,
        low=interval.low,
        high=interval.high,
        samples=len(Y),
    )


@measurement
def support_substitution(rng: np.random.Generator, quick: bool) -> Finding:
    """Expected and true support give the same gradient to the last bit when lam lies in the corrected interval."""
    A_star = sampling.make_dictionary(30, 10, 2, kind="orthonormal", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.05, group_size=2, direction="tangent", rng=rng)
    Y, _, support = sampling.sample(A_star, 1000, 3, 2, norm_range=(4, 5), rng=rng)
    lam = float(np.mean(support_interval(A, A_star, 2, 3, 4.0, 5.0)[:2]))
    estimated = ops.loss_and_grad(A, Y, lam, 2, "approximate")[1]
    true = ops.loss_and_grad(A, Y, lam, 2, "approximate", support=support)[1]
    return at_most("||epsilon||", np.linalg.norm(estimated - true), 0.0)
