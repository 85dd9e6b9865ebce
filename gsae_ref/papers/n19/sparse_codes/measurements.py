"""Measurements for k-sparse codes: noise in the update, nearness, the repaired step on data."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from .... import ops, sampling
from ....arrays import Array
from ....claims.finding import at_least, at_most, measurement
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
    """||W^+ - A|| over its bound, signs, A = I: small rotations, k = 1, common shifts, k = 2.

    Of the shifts, ||W - A|| near 2 and m = 60, also ||W^+ - A|| over 2 ||A||.
    """
    used = 0.0
    left = 0.0
    skew = np.triu(rng.standard_normal((20, 20)), 1)
    rotated = unit(np.eye(20) + 1e-3 * (skew - skew.T))
    for W, k in ((rotated, 1), (unit(np.eye(60) + 2.4 / 60), 2), (unit(np.eye(60) - 1.9 / 60), 2)):
        m = len(W)
        A = np.eye(m)
        G, _ = ops.sparse_expected_gradient(W, A, _supports(m, k), None, 0.0, (0.0, 1.0))
        delta = np.linalg.norm(W - A, axis=0).max()
        for share in (0.1, 0.5, 1.0) if k == 2 else (0.1, 0.5):
            after = float(np.linalg.norm(unit(W - share * m / k * G) - A, 2))
            used = max(used, after / formulas.nearness_after(W, A, k, delta, share))
            left = max(left, after / 2 if k == 2 else 0.0)
    return at_most("||W^+ - A||/bound", used, 1.0, nearness_left=left)


@measurement
def floor_of_a_frame(rng: np.random.Generator, quick: bool) -> Finding:
    """Where the population's run with recovered supports ends, from W = A: m/(k - 1) of its error.

    Codes +-1, k = 2, A = [I_n, the first half of H/sqrt(n)] for the Walsh-Hadamard matrix H, which
    is not a tight frame: A is not a fixed point. The least over n = 8 and 16 (n = 32 has 0.979).
    """
    H = np.ones((1, 1))
    errors = []
    for _ in range(4):
        H = np.block([[H, H], [H, -H]])
        n = len(H)
        if n >= 8:
            A = np.hstack([np.eye(n), H[:, : n // 2] / np.sqrt(n)])
            m = A.shape[1]
            S = _supports(m, 2).astype(float)
            p2 = S.T @ S / len(S)
            p3 = np.einsum("si,sj,sl->ijl", S, S, S) / len(S)
            W = A
            for _ in range(60):
                W = unit(W - 0.3 * m / 2 * formulas.centred_update(W, A, p2, p3))
            errors.append(float(np.linalg.norm(W - A, axis=0).max()) * m)
    return at_least("m/(k - 1) of the largest error of a column", min(errors), 0.91)


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
