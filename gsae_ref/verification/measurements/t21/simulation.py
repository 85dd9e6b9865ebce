"""Does the simulation of T21 Section 4.1 satisfy the theory? Its own sizes: n = 950, Gamma = 500, d = 2, gamma = 3, N = 10,000."""

from typing import Any

import numpy as np

from .... import metrics, ops, sampling
from ....arrays import Array, BoolArray
from ....theory.coherence import block_coherence, closeness, coherence, orthonormality_defect
from ....theory.gsae import overlap_condition
from ....theory.support import recovery_interval, sharp_interval
from ...finding import Finding, measurement

N_FEATURES, N_GROUPS, D, N_ACTIVE, LAM, B_MIN, B_MAX = 950, 500, 2, 3, 2.0, 4.0, 5.0


@measurement
def simulation(rng: np.random.Generator, quick: bool) -> Finding:
    """Every hypothesis of the theory, evaluated on the paper's own simulation."""
    A_star = sampling.make_dictionary(N_FEATURES, N_GROUPS, D, rng=rng)
    A = sampling.perturb_dictionary(A_star, correlation=0.15, rng=rng)
    Y, X, support = sampling.sample(A_star, 1000 if quick else 10_000, N_ACTIVE, D, norm_range=(B_MIN, B_MAX), rng=rng)
    mu_block, d_mu = block_coherence(A_star, D), D * block_coherence(A_star, D)
    printed = recovery_interval(N_ACTIVE, B_MIN, B_MAX, mu_block, 0.0, D, "printed")
    corrected = recovery_interval(N_ACTIVE, B_MIN, B_MAX, mu_block, 0.0, D)
    sharp = sharp_interval(A_star, A_star, D, N_ACTIVE, B_MIN, B_MAX)
    delta_printed = (B_MIN - 2 * N_ACTIVE * B_MAX * mu_block) / (B_MIN + 2 * N_ACTIVE * B_MAX)
    delta_corrected = (B_MIN - (2 * N_ACTIVE - 1) * B_MAX * d_mu) / (B_MIN + (2 * N_ACTIVE - 1) * B_MAX)
    unit = A / np.linalg.norm(A, axis=0)
    tau_low, tau_high = 1 - LAM / B_MIN, 1 - LAM / B_MAX
    mean_square = float(np.sum(X**2) / (len(X) * N_ACTIVE))

    def active(B: Array) -> BoolArray:
        return np.linalg.norm((Y @ B).reshape(len(Y), N_GROUPS, D), axis=2) > LAM

    found = metrics.support_recovery(support, active(A_star), N_GROUPS)
    start, start_unit = metrics.support_recovery(support, active(A), N_GROUPS), active(unit)
    numbers: dict[str, Any] = {
        "n_samples": len(Y),
        "mu": coherence(A_star), "mu_block": mu_block, "max_cross_block_norm": d_mu,
        "star_norm_max": float(np.linalg.norm(A_star.reshape(N_FEATURES, N_GROUPS, D).transpose(1, 0, 2), ord=2, axis=(1, 2)).max()),
        "mean_squared_code_norm": mean_square,
        "printed_interval": printed, "corrected_interval": corrected, "sharp_interval": tuple(sharp),
        "largest_delta_printed": delta_printed, "largest_delta_corrected": delta_corrected,
        "closeness_at_start": float(closeness(A, A_star, D).max()), "closeness_at_normalised_start": float(closeness(unit, A_star, D).max()),
        "orthonormality_defect_at_start": float(orthonormality_defect(A, D).max()),
        "exact_supports_at_star": found.exact, "exact_supports_at_start": start.exact,
        "active_groups_at_start": start.n_active_mean, "active_groups_at_normalised_start": float(start_unit.sum(axis=1).mean()),
        "overlap_bound_n_at_tau": [overlap_condition(t, N_FEATURES, 0.0) for t in (tau_low, tau_high)],
        "loss_at_star": ops.loss(A_star, Y, LAM, D),
    }
    violated = {
        "(15) with (16): E||x_g||^2 = d": abs(mean_square - D) > 0.1,
        "(17): delta <= 1 at the start": numbers["closeness_at_start"] > 1 and numbers["closeness_at_normalised_start"] > 1,
        "A_g^T A_g = I at the start": numbers["orthonormality_defect_at_start"] > 0.01,
        "||A*_g||_2 = 1": numbers["star_norm_max"] > 1.001,
        "corrected Lemma 1 at A = A*": corrected[0] >= corrected[1],
        "norm condition of Theorem 2": max(numbers["overlap_bound_n_at_tau"]) < 0,
    }
    numbers["violated"] = [name for name, is_violated in violated.items() if is_violated]
    summary = (
        f"{len(numbers['violated'])} of {len(violated)} hypotheses violated ({'; '.join(numbers['violated'])}); at A = A* the printed interval is "
        f"[{printed[0]:.2f}, {printed[1]:.2f}], the corrected one [{corrected[0]:.2f}, {corrected[1]:.2f}) is empty, and still "
        f"{100 * found.exact:.1f} % of {len(Y)} supports are found; at the start {start.n_active_mean:.0f} of {N_GROUPS} groups are active"
    )
    return Finding("measurement", "hypotheses violated by the simulation", all(violated.values()), summary, numbers)
