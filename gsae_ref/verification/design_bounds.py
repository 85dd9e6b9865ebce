"""Every inequality of L23's ledger, held against a design and weights of a user's own.

A statement on a state (u, v) is held along Algorithm 1 on the design, and at w* itself; one on a
single group at every group of S in these states.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np

from .. import ops
from ..arrays import Array
from ..claims.evidence import Evidence, Inequality
from ..ops import DivergenceError
from ..papers.l23.families import FAMILIES
from ..papers.l23.instance import OneGroup, Regression, Setup
from ..papers.l23.perturbations.formulas import perturbation
from .bounds import BoundCheck, bounds_where, held_where_met

MOST_EPOCHS = 2000
N_STATES = 20
MOST_BRACKETED = 100  # predictors of which Lie brackets are taken by central differences
SMALLEST_TAU = 1e-6
FAR_FROM_1 = 1e12  # for mean squares of columns, which L23 normalises to 1
SLACK = 1e-12  # rounding of a hypothesis: the states are as computed
OF_A_RUN = ("dglnn_growth", "dglnn_refine", "dglnn_drift")
OFF = ("off the support", "off S", "with the 2-norm")  # labels of statements on inactive groups
REASONS = {
    **dict.fromkeys(
        OF_A_RUN,
        "it speaks of a run of one group by itself with perturbations below one bound; those of a "
        "design change from step to step",
    ),
    "dglnn_ode": "it speaks of an ordinary differential equation, which a design does not choose",
}


@dataclass(frozen=True)
class _State:
    """Magnitudes and directions, and the directions after a step."""

    u: Array
    v: Array
    v_next: Array


def hold_design_bounds(
    X: Array, y: Array, groups: tuple[int, ...], w_star: Array, setup: Setup, eta: float
) -> tuple[tuple[BoundCheck, ...], dict[str, str]]:
    """Evaluate both sides of every inequality of L23, and of this project's theorems on its model.

    Returns the inequalities, and those that cannot be held against the design, with the reason.
    Groups of X are contiguous; ``eta`` is a step on v, for Lemma 16.
    """
    first = _regression(X, y, groups, w_star, setup)
    out_of_scale = _out_of_scale(first)
    if out_of_scale:
        return (), {"every inequality": out_of_scale}
    states, complaint = _states(X, y, first, setup)
    instances = _instances(first, states, setup, eta)
    checked = []
    not_held = dict(complaint)
    for bound in bounds_where(_is_of_l23):
        inequality = bound.inequality
        assert isinstance(inequality, Inequality)
        reason = _reason(inequality, first)
        if reason:
            not_held[bound.name] = reason
        else:
            checked.append(held_where_met(bound, instances[inequality.family], 1e-9, SLACK))
    return tuple(checked), not_held


def _out_of_scale(i: Regression) -> str:
    """Why a design is so far from a normalised one that rounding would decide; empty if not."""
    squares = np.array([part.max() for part in i.parts(np.diag(i.gram))])
    if squares.min() >= 1 / FAR_FROM_1 and squares.max() <= FAR_FROM_1:
        return ""
    return (
        f"columns of X have mean squares of {squares.min():.3g} to {squares.max():.3g} (the "
        f"largest of each group); L23 normalises them to 1; scale X, group by group"
    )


def _is_of_l23(evidence: Evidence) -> TypeGuard[Inequality]:
    """Whether evidence is a bound on L23's model."""
    return isinstance(evidence, Inequality) and evidence.family in FAMILIES


def _reason(inequality: Inequality, i: Regression) -> str:
    """Why an inequality cannot be held against a design; empty if it can."""
    if inequality.family in REASONS:
        return REASONS[inequality.family]
    if not len(i.off) and any(word in inequality.label for word in OFF):
        return "it speaks of groups outside S; here all groups are in S; give n_active"
    brackets = any(h.text.startswith("the first group") for h in inequality.hypotheses)
    if brackets and i.groups[0] < 2:
        return "it speaks of two entries of the first group, which has one"
    if brackets and len(i.w_star) > MOST_BRACKETED:
        return f"its Lie brackets, by central differences, are for at most {MOST_BRACKETED} entries"
    return ""


def _regression(
    X: Array, y: Array, groups: tuple[int, ...], w_star: Array, setup: Setup
) -> Regression:
    """The regression with the constants of Theorem 3, in no state yet."""
    n = len(X)
    none = np.zeros(len(groups))
    nu = X.T @ (y - X @ w_star) / n
    first = Regression(groups, X.T @ X / n, w_star, nu, none, np.zeros(X.shape[1]))
    return replace(first, alpha=setup.alpha, epsilon=setup.epsilon)


def _states(X: Array, y: Array, i: Regression, setup: Setup) -> tuple[list[_State], dict[str, str]]:
    """States along Algorithm 1, and w* itself; in words, if the run leaves the finite numbers."""
    window = setup.window("corrected")
    wanted = window.lower if math.isfinite(window.lower) else 0.0
    n_epochs = int(min(max(wanted, 1), MOST_EPOCHS))
    options: dict[str, Any] = {"alpha": setup.alpha, "gamma": setup.gamma, "engine": "reference"}
    options["record_every"] = max(1, n_epochs // N_STATES)
    unit = np.concatenate([np.full(size, size**-0.5) for size in i.groups])
    complaint = {}
    try:
        path = ops.dglnn_path(X, y, group_sizes=list(i.groups), n_epochs=n_epochs, **options)
        pairs = list(zip(path.u, path.v, strict=True))
    except DivergenceError as error:
        pairs = [(np.full(len(i.groups), setup.alpha), unit)]
        complaint["states of Algorithm 1 after the start"] = str(error)
    star = np.where(np.repeat(i.star, i.groups) > 0, i.w_star, unit)
    v_star = star / np.repeat([np.linalg.norm(part) for part in i.parts(star)], i.groups)
    pairs.append((np.sqrt(np.where(i.star > 0, i.star, setup.alpha**2)), v_star))
    return [_State(u, v, _next_direction(i, u, v)) for u, v in pairs], complaint


def _next_direction(i: Regression, u: Array, v: Array) -> Array:
    """v(t + 1) of Algorithm 1: along w* + b, by groups; where that is 0, as before."""
    b = perturbation(i.gram, i.nu, i.w_star, np.repeat(u**2, i.groups) * v, i.groups)
    along = i.parts(i.w_star + b)
    norms = np.array([np.linalg.norm(part) for part in along])
    moved = np.repeat(norms, i.groups)
    return np.where(moved > 0, np.concatenate(along) / np.where(moved > 0, moved, 1), v)


def _instances(
    first: Regression, states: list[_State], setup: Setup, eta: float
) -> dict[str, list[Any]]:
    """The instances of every family."""
    shared = {name: getattr(first, name) for name in ("star", "on", "off", "deltas", "noise")}
    found: dict[str, list[Any]] = {"dglnn_window": [setup]}
    for state in states:
        i = replace(first, **vars(state))
        vars(i).update(shared)  # where cached properties are kept
        found.setdefault("dglnn_design", []).append(i)
        found.setdefault("dglnn_crude", []).append(i)
        for name, spread, loose in (
            ("dglnn_near", 1.0, False),
            ("dglnn_nearer", 0.5, False),
            ("dglnn_loose", 1.0, True),
        ):
            near = _near(i, spread, loose)
            vars(near).update(shared)
            found.setdefault(name, []).append(near)
        for name, group in _of_groups(i, setup, eta):
            found.setdefault(name, []).append(group)
    return found


def _near(i: Regression, spread: float, loose: bool) -> Regression:
    """The state with the smallest tau and tau_0 for which it is near w*, at most 1/2."""
    gaps = np.abs(i.u**2 - i.star)[i.on] / (spread * i.star[i.on])
    drops = np.maximum(*(1 - _cosines(i, v) for v in (i.v, i.v_next)))
    angles = 5 * drops if loose else np.sqrt(5 * np.maximum(drops, 0))
    alpha = float(max((i.u**2)[i.off], default=0.0))
    tau_0 = max(80 * (i.noise[i.on] / i.star[i.on]).max(), SMALLEST_TAU)
    tau_0 = min(max(tau_0, alpha * len(i.groups) / i.u_min), 0.5)
    tau = min(max(gaps.max(), angles.max(), tau_0) * (1 + 1e-9), 0.5)
    return replace(i, tau=tau, tau_0=tau_0, alpha=alpha, loose=loose)


def _cosines(i: Regression, v: Array) -> Array:
    """<v_l, v*_l> for l in S."""
    star = i.parts(i.w_star)
    parts = i.parts(v)
    return np.array([parts[k] @ star[k] / i.star[k] for k in i.on])


def _of_groups(i: Regression, setup: Setup, eta: float) -> Iterator[tuple[str, OneGroup]]:
    """One step of every group of S by itself, with the perturbations that it has."""
    b = i.perturbations(i.v)
    b_next = i.perturbations(i.v_next)
    v_next = i.parts(i.v_next)
    stars = i.parts(i.w_star)
    directions = i.parts(i.v)
    for k in i.on:
        star = float(i.star[k])
        u = float(i.u[k])
        level = float(np.linalg.norm(b[k])) / star
        e = float(v_next[k] @ b_next[k])
        drop = max(1 - float(directions[k] @ stars[k]) / star, 0.0)
        gap = abs(u**2 - star)
        fields: dict[str, Any] = {"u": u, "e": e, "gamma": setup.gamma, "eta": eta}
        fields |= {"bound": abs(e), "level": level}
        group = OneGroup(star, stars[k] / star, directions[k], b[k], **fields)
        inside = max(5 * drop, gap / star, 10 * level, SMALLEST_TAU)
        bent = max(gap / setup.u_max, math.sqrt(5 * drop), SMALLEST_TAU)
        yield "dglnn_step", group
        yield "dglnn_rising", group
        yield "dglnn_inside", replace(group, tau=min(inside, 0.5 - 1e-9))
        yield "dglnn_bent", replace(group, tau=min(bent, 1.0), bound=setup.u_max)
