"""This project's R7: the exact population step with a fixed bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Identity, Inequality, Measurement, worst
from ...row import Row
from ..instance import ONE_ACTIVE, STEP, UNIT, UNIT_STAR, WINDOW
from . import formulas

if TYPE_CHECKING:
    from ..instance import SparseInstance

SETTING = (UNIT, UNIT_STAR, ONE_ACTIVE)


def stepped(i: SparseInstance) -> Array:
    """The population step by enumeration of the samples, before normalisation."""
    return i.W - i.step_size * i.G


def tangents(M: Array, A_star: Array) -> Array:
    """tan of the angle between each column of M and of A_star, from the part across and the part along."""
    along = np.einsum("ni,ni->i", M, A_star)
    return np.linalg.norm(M - along * A_star, axis=0) / along


def _angles(i: SparseInstance) -> tuple[Array, list[float]]:
    thetas = np.arctan(tangents(i.W, i.A_star))
    after = [
        formulas.tangent_after(t, p, b, i.step_size)[0]
        for t, p, b in zip(thetas, i.p, i.bias, strict=True)
    ]
    return tangents(stepped(i), i.A_star), after


def contraction(i: SparseInstance) -> tuple[float, float]:
    """tan theta+ against the factor of R7 (c) times tan theta, the column with least room."""
    bound = formulas.contraction(i.lam, i.p, i.bias, i.step_size) * tangents(i.W, i.A_star)
    return worst(tangents(stepped(i), i.A_star), bound)


def _stays(i: SparseInstance) -> tuple[float, float]:
    """mu/sqrt(n) + max ||W_i - A_i|| after the step and before it: R7 (d)."""
    M = stepped(i)
    after = np.linalg.norm(M / np.linalg.norm(M, axis=0) - i.A_star, axis=0)
    return i.coherence + after.max(), i.coherence + i.errors.max()


ROWS = (
    Row(
        "R7",
        "own",
        "R7",
        "identity",
        "holds",
        "Mixture of Gaussians, fixed bias b_i: W - zeta g = kappa A + rho W, kappa = zeta p lam, rho = 1 - kappa (b + lam)^2/lam, so tan theta+ = "
        "rho sin theta/(kappa + rho cos theta): for 0 < kappa <= 1 and without noise every b in (-lam, -(mu/sqrt(n) + ||W_i - A_i||)] stays "
        "consistent and converges to A, at the linear rate rho/(kappa + rho).",
        hypotheses=(*SETTING, WINDOW, STEP),
        evidence=(
            Identity(
                "(a) the step",
                "sparse_step",
                lambda i: (
                    stepped(i),
                    formulas.population_step(i.W, i.A_star, i.p, i.bias, i.step_size),
                ),
                SETTING,
                tolerance=1e-12,
            ),
            Identity(
                "(a) the step, with noise",
                "sparse_mixture",
                lambda i: (i.W - i.G, formulas.population_step(i.W, i.A_star, i.p, i.bias, 1.0)),
                SETTING,
            ),
            Identity("(b) the angle", "sparse_step", _angles, (*SETTING, WINDOW, STEP)),
            Inequality(
                "(c) every column contracts", "sparse_step", contraction, (*SETTING, WINDOW, STEP)
            ),
            Inequality(
                "(d) the bias stays consistent", "sparse_step", _stays, (*SETTING, WINDOW, STEP)
            ),
            Measurement("fixed_bias_step"),
            Measurement("fixed_bias_run"),
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
)
