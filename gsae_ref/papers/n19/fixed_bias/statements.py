"""This project's R7: the exact population step with a fixed bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Identity, Inequality, Measurement, worst
from ....claims.hypothesis import Hypothesis
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
    """tan of the angle between each column of M and of A_star."""
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


def _largest_products(i: SparseInstance) -> Array:
    """nu_i = max(0, max_{j != i} <A_i, A_j>)."""
    gram = i.A_star.T @ i.A_star
    np.fill_diagonal(gram, 0)
    largest: Array = gram.max(axis=1)
    return np.maximum(largest, 0)


def quiet_after(i: SparseInstance) -> tuple[float, float]:
    """<W_i^+, A_j> and -b_i for i != j after the step, the pair with least room: R7 (d)."""
    M = stepped(i)
    cross = (M / np.linalg.norm(M, axis=0)).T @ i.A_star
    off = ~np.eye(i.n_atoms, dtype=bool)
    return worst(cross[off], np.broadcast_to(-i.bias[:, None], cross.shape)[off])


ONE_SIDED = Hypothesis(
    "max(0, max_{j != i} <A_i, A_j>) + ||W_i - A_i|| <= -b_i (R7 (d))",
    lambda i: (-i.bias - i.errors - _largest_products(i)).min(),
)


ROWS = (
    Row(
        "R7",
        "own",
        "R7",
        "identity",
        "holds",
        "Mixture of Gaussians, unit columns, fixed bias b_i, support recovered. (a) W_i - zeta g_i "
        "= kappa_i A_i + rho_i W_i, kappa_i = zeta p_i lam_i, rho_i = 1 - kappa_i (b_i + "
        "lam_i)^2/lam_i. (b) If kappa + rho cos theta > 0, tan theta+ = |rho| sin theta/(kappa + "
        "rho cos theta). (c) For -lam_i < b_i <= 0 and 0 < kappa_i <= 1, tan theta_i+ <= tan "
        "theta_i/(1 + kappa_i). (d) Without noise, for zeta p_i <= 1 and nu + ||W_i - A_i|| <= "
        "-b_i < lam_i for all i, nu = max(0, max_{i != j} <A_i, A_j>), at the first step: the "
        "support is recovered at every step and W converges to A, at the rate rho/(kappa + rho) "
        "near A, kappa = zeta p, rho = 1 - kappa (1 + b)^2.",
        remark="On a sample of any noise whose supports are right, M_i the mean of y y^T over "
        "class i, u = W_i^T y + b_i: the step is W_i + zeta p_i (M_i W_i - E_i[u^2] W_i), a "
        "shifted power iteration; for zeta p_i E_i[u^2] <= 1 W_i converges to the leading "
        "eigenvector of M_i, whatever b is.",
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
                "(d) z_i <= 0 off the support after the step",
                "sparse_step",
                quiet_after,
                (*SETTING, WINDOW, STEP, ONE_SIDED),
            ),
            Measurement("fixed_bias_step"),
            Measurement("fixed_bias_run"),
            Measurement("fixed_bias_sample"),
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
)
