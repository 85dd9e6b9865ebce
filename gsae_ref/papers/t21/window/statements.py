"""This project's own: R16, the exact window of thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Inequality, Measurement
from ....claims.hypothesis import Hypothesis
from ...row import Row
from ..instance import NORMS_BOUNDED, SUPPORT_SIZE
from . import formulas

if TYPE_CHECKING:
    from ..instance import Instance

COARSE = 1e-3  # the bounds hold at any tolerance; this one is cheap
FINE = 1e-6
FOUND = 1.0  # one direction is enough: nothing is subdivided

SOME_INACTIVE = Hypothesis("gamma < Gamma", lambda i: i.n_groups - i.n_active - 1)
ALL_FOUND = Hypothesis("high > 0", lambda i: -_loss(i, FINE).bound - 1e-9)
NONE_FOUND = Hypothesis("high <= 0", lambda i: _loss(i, FOUND).value)


def _crossed(i: Instance) -> Array:
    return formulas.cross_blocks(i.A, i.A_star, i.d)


def _low(i: Instance, tolerance: float) -> formulas.Extreme:
    return formulas.largest(_crossed(i), i.b_max, i.n_active, 0.0, tolerance)


def _loss(i: Instance, tolerance: float) -> formulas.Extreme:
    """-high; kept with the instance, for a hypothesis and a side ask for it in turn."""
    kept: dict[float, formulas.Extreme] = vars(i).setdefault("window_loss", {})
    if tolerance not in kept:
        sizes = i.b_max, i.n_active - 1, i.b_min
        kept[tolerance] = formulas.largest(_crossed(i), *sizes, tolerance)
    return kept[tolerance]


def _norm(i: Instance, code: Array, group: int) -> float:
    """||A_g^T y|| of the sample of a code, by the matrices."""
    y = i.A_star @ code.ravel()
    return float(np.linalg.norm(i.blocks[group].T @ y))


def _leak(i: Instance) -> tuple[float, float]:
    return float(i.r[~i.active].max()), _low(i, COARSE).bound


def _signal(i: Instance) -> tuple[float, float]:
    return -_loss(i, COARSE).bound, float(i.r[i.active].min())


def _worst(i: Instance, extreme: formulas.Extreme, active: bool) -> float:
    sizes = i.n_active, i.b_min, i.b_max
    code = formulas.worst_code(_crossed(i), extreme, *sizes, active)
    return _norm(i, code, extreme.group)


def _scale(i: Instance) -> float:
    """Bound of the terms of either end."""
    return (i.n_active + 1) * i.b_max * float(np.linalg.norm(_crossed(i), axis=(2, 3)).max())


def _leak_attained(i: Instance) -> tuple[float, float]:
    low = _low(i, FINE)
    return low.bound, _worst(i, low, active=False) + 2 * FINE * _scale(i)


def _signal_attained(i: Instance) -> tuple[float, float]:
    """The norm of the code, against high and what a direction within FINE of the best one adds.

    The part of A_g^T y normal to the direction has a square of at most twice the defect times the
    curvature, which is at most scale^2 / high; it adds half of that square over high.
    """
    loss = _loss(i, FINE)
    high = -loss.bound
    scale = _scale(i)
    turned = (scale / high) ** 2 if high > 0 else 0.0
    return _worst(i, loss, active=True), high + 2 * FINE * scale * (1 + turned)


def _missed(i: Instance) -> tuple[float, float]:
    """Norm of an active group of :func:`formulas.missed_code`, against what is attained of low."""
    loss = _loss(i, FOUND)
    code = formulas.missed_code(_crossed(i), loss, i.n_active, i.b_min, i.b_max)
    return _norm(i, code, loss.group), _low(i, FOUND).value


ROWS = (
    Row(
        "R16",
        "own",
        "R16",
        "inequality",
        "holds",
        "The exact window. Let A, A* be any two matrices, gamma < Gamma, 0 < B_min <= B_max and "
        "lam >= 0. One pass of the encoder recovers the support of y = A* x for every code x with "
        "exactly gamma active groups and B_min <= ||x_g||_2 <= B_max if and only if low <= lam < "
        "high, where low is the maximum over v and unit vectors u of B_max times the sum of the "
        "gamma largest ||A*_h^T A_v u||_2, h != v, and high is the minimum over g and u of B_min "
        "||A*_g^T A_g u||_2 less B_max times the sum of the gamma - 1 largest ||A*_h^T A_g u||_2, "
        "h != g.",
        remark="At A = A* with orthonormal groups such lam exist iff Lambda_gamma + Lambda_{gamma "
        "- 1} < B_min / B_max, with Lambda_k the maximum over v and u of the sum of the k "
        "largest ||A*_h^T A*_v u||_2; for d = 1 it is the Babel function (Tropp). For gamma "
        "= Gamma there is no left end. It is about every code: a law that avoids the worst "
        "codes allows more lam. Both ends are enclosed by gs.support_interval, with "
        "form='exact' and 'necessary'.",
        hypotheses=(NORMS_BOUNDED, SUPPORT_SIZE, SOME_INACTIVE),
        evidence=(
            Inequality(
                "||A_v^T y|| <= low for v not in S",
                "window",
                _leak,
                (NORMS_BOUNDED, SUPPORT_SIZE),
            ),
            Inequality(
                "high <= ||A_g^T y|| for g in S",
                "window",
                _signal,
                (NORMS_BOUNDED, SUPPORT_SIZE),
            ),
            Inequality(
                "high <= ||A_g^T y|| for g in S, A* not orthonormal",
                "window_free_star",
                _signal,
                (NORMS_BOUNDED, SUPPORT_SIZE),
            ),
            Inequality("low is attained by a code", "window", _leak_attained, (SOME_INACTIVE,)),
            Inequality(
                "high is attained by a code", "window_free_star", _signal_attained, (ALL_FOUND,)
            ),
            Inequality(
                "no lam works where high <= 0",
                "window_unit",
                _missed,
                (SOME_INACTIVE, NONE_FOUND),
            ),
            Measurement("window_of_the_simulation"),
        ),
        derivation="gsae_ref.papers.t21.window.formulas.exact_window",
    ),
)
