"""Measurements for k-sparse codes: noise in the update, nearness, the repaired step on data."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from .... import ops, sampling
from ....arrays import Array
from ....claims.finding import at_most, measurement
from ..fixed_bias.measurements import unit
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


def _supports(m: int, k: int) -> Array:
    return np.array([np.isin(np.arange(m), S) for S in combinations(range(m), k)])


@measurement
def noise_in_the_update(rng: np.random.Generator, quick: bool) -> Finding:
    """Update with noise minus update without: 2 sigma^2 sum_j p_ij <W_i, W_j> W_j, both models.

    Supports of size 2 and 3 of 5, weights at random, codes centred and non-negative.
    """
    error = 0.0
    for k, moments in ((2, (0.0, 1.0)), (3, (1.0, 1.3))):
        A = unit(rng.standard_normal((4, 5)))
        W = unit(rng.standard_normal((4, 5)))
        supports = _supports(5, k)
        chance = rng.dirichlet(np.ones(len(supports)))
        G, H = (
            ops.sparse_expected_gradient(W, A, supports, chance, 0.0, moments, noise=sigma)[0]
            for sigma in (0.7, 0.0)
        )
        p2 = supports.T.astype(float) @ (chance[:, None] * supports)
        error = max(error, np.abs(G - H - formulas.noise_in_the_update(W, p2, 0.7)).max())
    return at_most("largest difference", float(error), 1e-13)


@measurement
def nearness_after_a_step(rng: np.random.Generator, quick: bool) -> Finding:
    """||W^+ - A|| over ||W - A||, common shift with ||W - A|| near 2, signs, zeta = m/k.

    A = I, m = 60, k = 2 and 3, uniform supports: the next iterate is nearer.
    """
    worst = 0.0
    m = 60
    for k in (2,) if quick else (2, 3):
        W = unit(np.eye(m) + 2.4 / m)
        G, _ = ops.sparse_expected_gradient(W, np.eye(m), _supports(m, k), None, 0.0, (0.0, 1.0))
        after = np.linalg.norm(unit(W - m / k * G) - np.eye(m), 2)
        worst = max(worst, float(after / np.linalg.norm(W - np.eye(m), 2)))
    return at_most("||W^+ - A||/||W - A||", float(worst), 1.0)


def _one_run(
    rng: np.random.Generator, W: Array, k: int, model: str, step: float, n_steps: int
) -> tuple[Array, Array]:
    """Errors ||W - A||_F^2 of normalised descent on 4000 fresh samples a step, A = I_64.

    Codes 1 or +-1, hard threshold. The second array holds the bounds of
    :func:`formulas.descent_constants`, each from the step before.
    """
    A = np.eye(64)
    moments = sampling.code_moments(model, (1, 1.0))
    errors = [float(np.sum((W - A) ** 2))]
    bounds = []
    for _ in range(n_steps):
        delta = np.linalg.norm(W - A, axis=0).max()
        constants = formulas.descent_constants(W, A, k, *moments, delta)
        Y = sampling.sample_sparse(A, 4000, model, n_active=k, bounds=(1, 1.0), rng=rng).Y
        _, dW, _ = ops.sparse_loss_and_grad(W, Y, 0.0, "hard", 0.5)
        W = unit(W - (step or 1 / constants.curvature) * dW)
        bounds.append(constants.after_normalisation(errors[-1]))
        errors.append(float(np.sum((W - A) ** 2)))
    return np.array(errors), np.array(bounds)


@measurement
def repaired_step_on_data(rng: np.random.Generator, quick: bool) -> Finding:
    """The repaired step on samples, hard threshold: the decrease that is bound over that found.

    A = I_64, codes 1 and +-1. k = 3 from a common shift and a random error together, k = 1 from a
    small rotation, where 3/7 of the decrease is bound. Also the last errors, and that of the
    paper's zeta = m/k.
    """
    n_steps = 12 if quick else 40
    A = np.eye(64)
    shift = np.roll(A, 1, axis=0)
    rotated = unit(A + 1e-3 * (shift - shift.T))
    start = unit(A + 1.0 / 64 + 0.05 * unit(rng.standard_normal((64, 64))))
    used = 0.0
    last = {}
    for W, k, model in (
        (rotated, 1, "nonnegative"),
        (start, 3, "nonnegative"),
        (start, 3, "general"),
    ):
        errors, bounds = _one_run(rng, W, k, model, 0.0, n_steps)
        used = max(used, float(((errors[:-1] - bounds) / (errors[:-1] - errors[1:])).max()))
        last[f"last_{model}_{k}"] = float(errors[-1] / errors[0])
    printed, _ = _one_run(rng, start, 3, "nonnegative", 64 / 3, 3)
    last["growth_at_m_over_k"] = float(printed[-1] / printed[0])
    return at_most("decrease by the bound/decrease", used, 1.0, **last)
