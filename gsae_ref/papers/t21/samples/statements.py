"""This project's own on finitely many samples: R9, one active group without noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Identity, Inequality, Measurement, worst
from ...row import Row
from . import formulas
from .instance import (
    ACTIVE_AT_THE_TRUTH,
    BELOW_90,
    FRAMES,
    NOISELESS,
    OWN_GROUP_ACTIVE,
    SMALL_STEP,
    SPANNED,
    STEP_BELOW,
    STEP_BELOW_ALWAYS,
    SUPPORTS_PERSIST,
)

if TYPE_CHECKING:
    from .instance import Samples

RECURSION = (FRAMES, NOISELESS, OWN_GROUP_ACTIVE, BELOW_90)
FALLING = (*RECURSION, SPANNED, STEP_BELOW)
NOT_RISING = (*RECURSION, STEP_BELOW)  # l = 0 is allowed: then q = 1
PERSISTENT = (FRAMES, NOISELESS, STEP_BELOW_ALWAYS, SUPPORTS_PERSIST)
R9_TEXT = (
    "N samples y_i = A*_g x_i of one group each, I_g those of group g; A_g, A*_g orthonormal, "
    "principal angles theta_j below 90 degrees; at A exactly group g is active at the samples of "
    "I_g. S_g = (1/N) sum of x x^T over I_g has its eigenvalues in [l, L], tau_i = 1 - lam / "
    "||A_g^T y_i|| <= tau_max. A step eta along the exact gradient and a QR or polar "
    "retraction gives tan theta_j+ <= q tan theta_j for every j, q < 1 as soon as l > 0, that is, "
    "the samples of the group span, and 0 < eta < 2 / (L tau_max^4). If B_max (max_{v != g} "
    "||A*_v^T A*_g||_2 + sin theta_max) <= lam < B_min cos theta_max at the start and eta is below "
    "2 / (L_g (1 - lam/B_max)^4) for every g, the supports stay exact and, as l > 0, every span "
    "converges to that of A*_g linearly, in the end by a factor of at most 1 / (1 + eta l) a step "
    "in the mean over many steps, if eta L tau_max^2 < 1: there is no floor at finite N."
)


def _recursion(i: Samples) -> tuple[Array, Array]:
    """T+ of the step and of the formula, of every group."""
    formula = []
    for g, T in enumerate(i.tangent_matrices(i.A)):
        X = i.codes[i.own == g]
        formula.append(formulas.tangents_after(T, X, len(i.Y), i.lam, i.step_size))
    return np.array(i.tangent_matrices(i.after)), np.array(formula)


def _contraction(i: Samples) -> tuple[float, float]:
    """tan theta_j+ against q tan theta_j, the worst group and angle; q = 1 where none is proved."""
    return worst(i.tangents(i.after), np.minimum(i.rates, 1)[:, None] * i.tangents(i.A))


def _is_contraction(i: Samples) -> tuple[float, float]:
    """Whether q < 1 for every group, against: yes."""
    return float((i.rates < 1).all()), 1.0


def _supports_stay(i: Samples) -> tuple[float, float]:
    """Norms of inactive groups, lam, and norms of active groups in this order, for three steps."""
    left = []
    right = []
    for _ in range(3):
        i = replace(i, A=i.after)
        left += [i.r[~i.is_own].max(initial=0.0), i.lam]
        right += [i.lam, i.r[i.is_own].min()]
    return worst(left, right)


def _late(i: Samples) -> tuple[float, float]:
    """Spectral radius of the step on small tangents, against 1 / (1 + eta l), the worst group."""
    radii = [np.abs(np.linalg.eigvals(M)).max() for M in i.late_matrices]
    return worst(radii, 1 / (1 + i.step_size * i.eigenvalues[:, 0]))


def _frozen(i: Samples) -> tuple[Array, Array]:
    """T+ and T of group 0 on the directions that no sample of it excites."""
    kernel = np.linalg.eigh(i.moments[0])[1][:, i.eigenvalues[0] < 1e-12]
    return i.tangent_matrices(i.after)[0] @ kernel, i.tangent_matrices(i.A)[0] @ kernel


ROWS = (
    Row(
        "R9",
        "own",
        "R9",
        "inequality",
        "holds",
        R9_TEXT,
        remark="No isotropy and no large N: d samples of a group can do. l > 0 is needed: a "
        "direction that no sample of the group excites does not move. R2 is the population, S = "
        "p_g sigma^2 I. For independent samples with ||x|| <= B_max and E[x x^T] = sigma^2 I, N "
        ">= 12 B_max^2 / (p_g sigma^2) log(2 d / p) gives p_g sigma^2 / 2 <= l_g <= L_g <= 3 p_g "
        "sigma^2 / 2 with probability 1 - p, each group with its own p_g. Orthogonal iteration, "
        "Oja's and Krasulina's rule on data of exact rank.",
        hypotheses=FALLING,
        evidence=(
            Identity("T+ = T E (E + eta S)^-1, several groups", "samples", _recursion, RECURSION),
            Identity(
                "T+ = T E (E + eta S)^-1, any angle",
                "one_group_samples",
                _recursion,
                RECURSION,
                tolerance=1e-6,
            ),
            Inequality(
                "tan theta_j+ <= q tan theta_j", "one_group_samples", _contraction, NOT_RISING
            ),
            Inequality("the same, several groups", "samples", _contraction, NOT_RISING),
            Identity("q < 1", "one_group_samples", _is_contraction, (SPANNED, STEP_BELOW)),
            Inequality("supports stay exact", "samples", _supports_stay, PERSISTENT),
            Inequality(
                "factor 1 / (1 + eta l) in the end",
                "one_group_samples",
                _late,
                (FRAMES, NOISELESS, ACTIVE_AT_THE_TRUTH, SMALL_STEP),
            ),
            Identity("directions without a sample do not move", "few_samples", _frozen, RECURSION),
            Measurement("samples_run"),
            Measurement("samples_step_limit"),
            Measurement("samples_probability"),
        ),
        derivation="gsae_ref.papers.t21.samples.formulas.tangents_after",
    ),
)
