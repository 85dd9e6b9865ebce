"""This project's own: R14, zero loss does not identify the dictionary, weight decay does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import groups
from ....claims.evidence import Identity, Inequality, Measurement, worst
from ...row import Row
from . import formulas
from .instance import (
    BELOW_THRESHOLD,
    ISOTROPIC,
    JOINTLY_ORTHONORMAL_STAR,
    ONE_NORM,
    POSITIVE_LAM,
    RICH,
    TWO_NORMS,
)

if TYPE_CHECKING:
    from ....arrays import Array
    from .instance import OneGroup

DECAYED = (ONE_NORM, ISOTROPIC, JOINTLY_ORTHONORMAL_STAR, POSITIVE_LAM)


def _least(i: OneGroup) -> tuple[float, float]:
    norm = float(i.norms[0])
    return formulas.least_cost(i.p, i.ratio, norm, i.weight_decay, i.group_size), i.cost


def _gaps(i: OneGroup) -> Array:
    """Lower bound of e_1 + (c_1 / c_2) e_2 at every group and direction."""
    c1, c2 = i.norms
    stars = groups.blocks(i.A_star, i.group_size)
    units = np.einsum("gni,ki->gkn", stars, i.directions)
    squares = np.sum(groups.split(units @ i.A, i.group_size) ** 2, axis=-1)
    directions = squares.reshape(-1, squares.shape[-1])
    gaps = np.array([formulas.two_norm_gap(v, i.lam, c1, c2) for v in directions])
    silent = (c2 * np.sqrt(directions) <= i.lam).all(axis=1)
    found: Array = np.where(silent, c1, gaps).reshape(squares.shape[:-1])
    return found


def _residuals(i: OneGroup) -> tuple[float, float]:
    """The gap of two norms against e_1 + (c_1 / c_2) e_2, at every group and direction."""
    c1, c2 = i.norms
    e = i.residuals
    return worst(_gaps(i), e[:, 0] + c1 / c2 * e[:, 1])


def _no_zero_loss(i: OneGroup) -> tuple[float, float]:
    """Whether the gap is positive at every group and direction: yes."""
    return float((_gaps(i) > 0).all()), 1.0


ROWS = (
    Row(
        "R14",
        "own",
        "R14",
        "inequality",
        "holds",
        "One active group, y = A*_g x, p_g = P(g active), lam > 0. (a) Codes of one norm B, A* "
        "jointly orthonormal, m groups, H an m x m Hadamard matrix, l = lam / B, p = (l + sqrt(l^2 "
        "+ 4/m))/2: the dictionary A_k = p sum_g H_kg A*_g has zero loss, at the angle arccos(1 / "
        "sqrt(m)) to every true group. (b) If one direction occurs with two norms, no dictionary "
        "has zero loss. (c) In (a) let E[x x^T | g] = (B^2 / d) I and A have any number of "
        "groups, Gamma or more. L(A) + (eps/2) ||A||_F^2 is at least sum_g p_g B^2 psi_g, psi_g "
        "the minimum over s of max{1 - max{s^2 - s l, 0}, 0}^2 / 2 + c_g s^2 / 2, c_g = eps d / "
        "(p_g B^2). If 0 < c_g < c*(l) for all g, with c*(l) the maximum over s >= l of (s - l)(2 "
        "- s^2 + s l)/s, and the directions lie in no union of two proper subspaces and their u "
        "u^T span the symmetric matrices, the minimisers are the A = {s_g A*_g Q_g} in any order, "
        "other groups 0, Q_g orthogonal; a group with c_g > c*(l) is 0. (d) At {s A*_g Q_g}, s - "
        "1/s = l, max ||A*_v^T A*_g||_2 < 1 - 1/s^2, and moments up to the fourth those of the "
        "sphere, the Hessian of L has the eigenvalues of scaled_spectrum: a strict local minimum "
        "modulo rotations.",
        remark="Not for every eps > 0: above the threshold groups are dropped, the rarest first. "
        "Isotropy is needed for the bound, rich directions for uniqueness, joint "
        "orthonormality for both. With random norms the loss alone prefers the truth to the "
        "Hadamard mixture, and a small decay has no exact form. Whether gradient descent "
        "finds the minimisers is not said. The ambiguity is that of independent component "
        "analysis; linear autoencoders with weight decay identify directions (Kunin et al. "
        "2019).",
        hypotheses=(*DECAYED, RICH, BELOW_THRESHOLD),
        evidence=(
            Inequality("(b) residuals at two norms", "two_norms", _residuals),
            Identity(
                "(b) their bound is positive", "two_norms", _no_zero_loss, (TWO_NORMS, POSITIVE_LAM)
            ),
            Inequality("(c) least cost with weight decay", "decayed", _least, DECAYED),
            Measurement("hadamard_zero_loss"),
            Measurement("two_norms_prefer_the_truth"),
            Measurement("minimisers_with_weight_decay"),
            Measurement("groups_dropped_by_weight_decay"),
            Measurement("spectrum_at_the_scaled_dictionary"),
            Measurement("rate_at_the_scaled_dictionary"),
        ),
        derivation="gsae_ref.papers.t21.identifiability.formulas.least_cost",
    ),
)
