"""Measurements for the recovery of supports by one pass of the encoder, and of activations."""

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
    """Fraction of supports that the encoder recovers, lam in the corrected interval."""
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
    """(26) with the computed and with the true support, lam in the corrected interval."""
    A_star = sampling.make_dictionary(30, 10, 2, kind="orthonormal", rng=rng)
    A = sampling.perturb_dictionary(A_star, delta=0.05, group_size=2, direction="tangent", rng=rng)
    Y, _, support = sampling.sample(A_star, 1000, 3, 2, norm_range=(4, 5), rng=rng)
    lam = float(np.mean(support_interval(A, A_star, 2, 3, 4.0, 5.0)[:2]))
    estimated = ops.loss_and_grad(A, Y, lam, 2, "approximate")[1]
    true = ops.loss_and_grad(A, Y, lam, 2, "approximate", support=support)[1]
    return at_most("||epsilon||", np.linalg.norm(estimated - true), 0.0)


@measurement
def activations_short_by_lam(rng: np.random.Generator, quick: bool) -> Finding:
    """Codes at A = A*, jointly orthonormal, against (1 - lam/||x*_g||) x*_g, for d = 1, 2, 3."""
    error = 0.0
    lam = 1.5
    for d in (1, 2, 3):
        A = sampling.make_dictionary(24, 8, d, kind="orthonormal", rng=rng)
        Y, X, _ = sampling.sample(A, 200, 2, d, norm_range=(2, 5), rng=rng)
        codes = X.reshape(len(X), 8, d)
        norms = np.linalg.norm(codes, axis=2, keepdims=True)
        expected = np.where(norms > 0, (1 - lam / np.maximum(norms, 1)) * codes, 0)
        error = max(
            error, float(np.abs(ops.encode(A, Y, lam, d) - expected.reshape(X.shape)).max())
        )
    return at_most("largest difference", error, 1e-12)
