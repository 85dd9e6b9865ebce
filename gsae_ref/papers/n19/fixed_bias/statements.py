"""This project's R7: the exact population step with a fixed bias."""

from __future__ import annotations

from ....claims.evidence import Measurement
from ...row import Row
from ..instance import ONE_ACTIVE, STEP, UNIT, UNIT_STAR, WINDOW
from . import claims

SETTING = (UNIT, UNIT_STAR, ONE_ACTIVE)


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
            claims.POPULATION_STEP,
            claims.STEP_WITH_NOISE,
            claims.ANGLE,
            claims.CONTRACTION,
            claims.BOUND,
            claims.QUIET,
            Measurement("fixed_bias_step"),
            Measurement("fixed_bias_run"),
            Measurement("fixed_bias_sample"),
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
)
