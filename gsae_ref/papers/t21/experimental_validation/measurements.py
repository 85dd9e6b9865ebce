"""Measurements for Section 4 of T21: the paper's simulation beside its hypotheses, its start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array, BoolArray
from ....claims.finding import Finding, at_most, measurement
from ..direction.formulas import overlap_condition
from ..model import formulas as model
from ..support.formulas import recovery_interval, sharp_interval

if TYPE_CHECKING:
    from ....sampling.group_sparse import GroupSparseSample

N_FEATURES = 950
N_GROUPS = 500
D = 2
N_ACTIVE = 3
LAM = 2.0
B_MIN = 4.0
B_MAX = 5.0


class Simulation(NamedTuple):
    """A*, the start A and a sample without noise, at the paper's size."""

    A_star: Array
    A: Array
    sample: GroupSparseSample


def _simulation(rng: np.random.Generator, n_samples: int) -> Simulation:
    A_star = sampling.make_dictionary(N_FEATURES, N_GROUPS, D, rng=rng)
    A = sampling.perturb_dictionary(A_star, correlation=0.15, rng=rng)
    sample = sampling.sample(A_star, n_samples, N_ACTIVE, D, norm_range=(B_MIN, B_MAX), rng=rng)
    return Simulation(A_star, A, sample)


def _active(A: Array, Y: Array) -> BoolArray:
    return groups.norms(Y @ A, D) > LAM


def _dictionaries(s: Simulation) -> dict[str, Any]:
    """What the hypotheses on A and A* speak of."""
    unit = s.A / np.linalg.norm(s.A, axis=0)
    blocks = groups.blocks(s.A_star, D)
    mu_block = model.block_coherence(s.A_star, D)
    taus = [1 - LAM / B_MIN, 1 - LAM / B_MAX]
    return {
        "mu": model.coherence(s.A_star),
        "mu_block": mu_block,
        "max_cross_block_norm": D * mu_block,
        "star_norm_max": float(np.linalg.norm(blocks, ord=2, axis=(1, 2)).max()),
        "printed_interval": recovery_interval(N_ACTIVE, B_MIN, B_MAX, mu_block, 0.0, D, "printed"),
        "corrected_interval": recovery_interval(N_ACTIVE, B_MIN, B_MAX, mu_block, 0.0, D),
        "sharp_interval": tuple(sharp_interval(s.A_star, s.A_star, D, N_ACTIVE, B_MIN, B_MAX)),
        "closeness_at_start": float(model.closeness(s.A, s.A_star, D).max()),
        "closeness_at_normalised_start": float(model.closeness(unit, s.A_star, D).max()),
        "orthonormality_defect_at_start": float(model.orthonormality_defect(s.A, D).max()),
        "overlap_bound_n_at_tau": [overlap_condition(t, N_FEATURES, 0.0) for t in taus],
    }


def _supports(s: Simulation) -> dict[str, Any]:
    """What is found at A = A* and at the start."""
    Y, X, support = s.sample
    unit = s.A / np.linalg.norm(s.A, axis=0)
    start = metrics.support_recovery(support, _active(s.A, Y), N_GROUPS)
    return {
        "n_samples": len(Y),
        "mean_squared_code_norm": float(np.sum(X**2) / (len(X) * N_ACTIVE)),
        "exact_supports_at_star": metrics.support_recovery(
            support, _active(s.A_star, Y), N_GROUPS
        ).exact,
        "exact_supports_at_start": start.exact,
        "active_groups_at_start": start.n_active_mean,
        "active_groups_at_normalised_start": float(_active(unit, Y).sum(axis=1).mean()),
        "loss_at_star": ops.loss(s.A_star, Y, LAM, D),
    }


def _violated(numbers: dict[str, Any]) -> dict[str, bool]:
    """Every hypothesis of the theory, and whether the simulation violates it."""
    low, high = numbers["corrected_interval"]
    closeness = numbers["closeness_at_start"], numbers["closeness_at_normalised_start"]
    return {
        "(15) with (16): E||x_g||^2 = d": abs(numbers["mean_squared_code_norm"] - D) > 0.1,
        "(17): delta <= 1 at the start": min(closeness) > 1,
        "A_g^T A_g = I at the start": numbers["orthonormality_defect_at_start"] > 0.01,
        "||A*_g||_2 = 1": numbers["star_norm_max"] > 1.001,
        "corrected Lemma 1 at A = A*": low >= high,
        "norm condition of Theorem 2": max(numbers["overlap_bound_n_at_tau"]) < 0,
    }


@measurement
def simulation(rng: np.random.Generator, quick: bool) -> Finding:
    """Every hypothesis of the theory, evaluated on the paper's own simulation, without noise."""
    s = _simulation(rng, 1000 if quick else 10_000)
    numbers = _dictionaries(s) | _supports(s)
    violated = _violated(numbers)
    numbers["violated"] = [name for name, is_violated in violated.items() if is_violated]
    printed = numbers["printed_interval"]
    corrected = numbers["corrected_interval"]
    summary = (
        f"{len(numbers['violated'])} of {len(violated)} hypotheses violated "
        f"({'; '.join(numbers['violated'])}); at A = A* the printed interval is "
        f"[{printed[0]:.2f}, {printed[1]:.2f}], the corrected one "
        f"[{corrected[0]:.2f}, {corrected[1]:.2f}) is empty, and still "
        f"{100 * numbers['exact_supports_at_star']:.1f} % of {numbers['n_samples']} supports are "
        f"found without noise; at the start {numbers['active_groups_at_start']:.0f} of {N_GROUPS} "
        "groups are active"
    )
    label = "hypotheses violated by the simulation"
    return Finding("measurement", label, all(violated.values()), summary, numbers)


@measurement
def start_correlation(rng: np.random.Generator, quick: bool) -> Finding:
    """Mean correlation of the columns of A* with those of A* + B, B Gaussian, at n = 950."""
    A_star = sampling.make_dictionary(N_FEATURES, N_GROUPS, D, rng=rng)
    A = sampling.perturb_dictionary(A_star, correlation=0.15, rng=rng)
    mean = float(np.mean(np.sum(A_star * A, axis=0) / np.linalg.norm(A, axis=0)))
    deviation = float(np.std(A - A_star))
    return at_most(
        "|mean correlation - .15|", abs(mean - 0.15), 1e-12, standard_deviation=deviation
    )
