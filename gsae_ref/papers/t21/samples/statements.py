"""This project's own on finitely many samples: R9, one active group without noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Identity, Inequality, Measurement, worst
from ...row import Row
from . import formulas
from .instance import (
    BELOW_90,
    FRAMES,
    NOISELESS,
    OWN_GROUP_ACTIVE,
    SMALL_STEP,
    SPANNED,
    STEP_BELOW,
    SUPPORTS_PERSIST,
)

if TYPE_CHECKING:
    from .instance import Samples

RECURSION = (FRAMES, NOISELESS, OWN_GROUP_ACTIVE, BELOW_90)
FALLING = (*RECURSION, SPANNED, STEP_BELOW)
R9_TEXT = (
    "N samples y_i = A*_g x_i of one group each, I_g those of group g; A_g, A*_g orthonormal, "
    "principal angles theta_j below 90 degrees; at A exactly group g is active at the samples of "
    "I_g. S_g = (1/N) sum of x x^T over I_g has its eigenvalues in [l, L], tau_i = 1 - lam / "
    "||A_g^T y_i|| <= tau_max. A step eta along the exact gradient and a QR or polar "
    "retraction gives tan theta_j+ <= q tan theta_j for every j, q < 1 as soon as l > 0, that is, "
    "the samples of the group span, and 0 < eta < 2 / (L tau_max^4). If B_max (max_{v != g} "
    "||A*_v^T A*_g||_2 + sin theta_max) <= lam < B_min cos theta_max at the start and eta is below "
    "2 / (L_g (1 - lam/B_max)^4) for every g, the supports stay exact and every span converges to "
    "that of A*_g linearly, with factor at most 1 / (1 + eta l) in the end if eta L tau_max^2 < 1: "
    "there is no floor at finite N."
)


def _recursion(i: Samples) -> tuple[Array, Array]:
    """T+ of the step and of the formula, of every group."""
    formula = []
    for g, T in enumerate(i.tangent_matrices(i.A)):
        X = i.codes[i.own == g]
        formula.append(formulas.tangents_after(T, X, len(i.Y), i.lam, i.step_size))
    return np.array(i.tangent_matrices(i.after)), np.array(formula)


def _contraction(i: Samples) -> tuple[float, float]:
    """tan theta_j+ against q tan theta_j, the worst group and angle."""
    return worst(i.tangents(i.after), i.rates[:, None] * i.tangents(i.A))


def _growth(i: Samples) -> tuple[float, float]:
    """tan theta_j+ against tan theta_j."""
    return worst(i.tangents(i.after), i.tangents(i.A))


def _margins(i: Samples) -> tuple[float, float]:
    """The margin of the support condition, before the step and after."""
    return i.support_margin(i.A), i.support_margin(i.after)


def _late(i: Samples) -> tuple[float, float]:
    """Spectral radius of E (E + eta S)^(-1) at angle 0 against 1 / (1 + eta l)."""
    pairs = []
    for g, low in enumerate(i.eigenvalues[:, 0]):
        X = i.codes[i.own == g]
        d = i.group_size
        # T = e I with a small e: T+ / e is E (E + eta S)^(-1) up to e^2.
        T = 1e-9 * np.eye(d)
        M = formulas.tangents_after(T, X, len(i.Y), i.lam, i.step_size) / 1e-9
        pairs.append((np.abs(np.linalg.eigvals(M)).max(), 1 / (1 + i.step_size * low)))
    left, right = zip(*pairs, strict=True)
    return worst(left, right)


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
        "p_g sigma^2 I. For independent samples with ||x|| <= B_max and covariance sigma^2 I, N "
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
            Inequality("tan theta_j+ <= q tan theta_j", "one_group_samples", _contraction, FALLING),
            Inequality("the same, several groups", "samples", _contraction, FALLING),
            Inequality("no angle grows", "one_group_samples", _growth, FALLING),
            Inequality(
                "the support condition persists", "samples", _margins, (*FALLING, SUPPORTS_PERSIST)
            ),
            Inequality(
                "factor 1 / (1 + eta l) in the end",
                "one_group_samples",
                _late,
                (*RECURSION, SPANNED, SMALL_STEP),
            ),
            Identity("directions without a sample do not move", "few_samples", _frozen, RECURSION),
            Measurement("samples_run"),
            Measurement("samples_step_limit"),
            Measurement("samples_probability"),
        ),
        derivation="gsae_ref.papers.t21.samples.formulas.tangents_after",
    ),
)
