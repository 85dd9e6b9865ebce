"""Every inequality of L23's ledger, held against a design and weights of a user's own.

A statement on a state (u, v) is held along Algorithm 1 on the design, and at w* itself; one on a
single group at every group of S in these states.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np

from .. import ops
from ..arrays import Array
from ..claims.evidence import Evidence, Inequality, Stress
from ..claims.problem import Problem, Sides
from ..ops import DivergenceError
from ..papers.l23.families import FAMILIES
from ..papers.l23.instance import Regression, Setup, in_the_model
from ..papers.l23.models import GRAM, GROUP, STEP
from ..papers.l23.perturbations.formulas import perturbation
from .bounds import Bound, BoundCheck, both_sides, bound_check, bounds_where, held_where_met

MOST_EPOCHS = 2000
N_STATES = 20
SMALLEST_TAU = 1e-6
FAR_FROM_1 = 1e12  # for mean squares of columns, which L23 normalises to 1
SLACK = 1e-12  # rounding of a hypothesis: the states are as computed
ROUNDED = 1e-12  # by which a bound exceeds the norm that it bounds
OF_A_RUN = ("dglnn_growth", "dglnn_refine")
OFF = ("off the support", "off S", "with the 2-norm")  # labels of statements on inactive groups
RUN = (
    "it speaks of a run of one group by itself with perturbations below one bound; those of a "
    "design change from step to step"
)
REASONS = {
    **dict.fromkeys(OF_A_RUN, RUN),
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
    designs = _designs(first, states)
    near = [_near(i, *form) for i in designs for form in ((1.0, False), (0.5, False), (1.0, True))]
    of_all = [in_the_model(some) for some in (designs, near)]
    groups_alone = [_groups_alone(i, setup, eta) for i in designs]
    checked = []
    not_held = dict(complaint)
    for bound in bounds_where(_is_of_l23):
        inequality = bound.inequality
        reason = _reason(inequality, first)
        if reason:
            not_held[bound.name] = reason
        elif isinstance(inequality, Stress) and inequality.model == GRAM.name:
            checked.append(_held_on_states(bound, inequality, *of_all))
        elif isinstance(inequality, Stress):
            checked.append(_held_claim(bound, inequality, groups_alone))
        else:
            checked.append(held_where_met(bound, [setup], 1e-9, SLACK))
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


def _is_of_l23(evidence: Evidence) -> TypeGuard[Inequality | Stress]:
    """Whether evidence is a bound on L23's model."""
    if isinstance(evidence, Stress):
        models = (STEP.name, GROUP.name, GRAM.name)
        return evidence.model in models and evidence.kind == "inequality"
    return isinstance(evidence, Inequality) and evidence.family in FAMILIES


def _reason(inequality: Inequality | Stress, i: Regression) -> str:
    """Why an inequality cannot be held against a design; empty if it can."""
    if not len(i.off) and any(word in inequality.label for word in OFF):
        return "it speaks of groups outside S; here all groups are in S; give n_active"
    if isinstance(inequality, Stress):
        if inequality.model == GROUP.name:
            return (
                "it speaks of two entries of a group at any u and v, which a design does not choose"
            )
        of_a_run = inequality.model == STEP.name and "alpha" in inequality.claim.problems[0].used
        return RUN if of_a_run else ""
    return REASONS.get(inequality.family, "")


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


def _designs(first: Regression, states: list[_State]) -> list[Regression]:
    """The regression in every state."""
    shared = {name: getattr(first, name) for name in ("star", "on", "off", "deltas", "noise")}
    designs = [replace(first, **vars(state)) for state in states]
    for i in designs:
        vars(i).update(shared)  # where cached properties are kept
    return designs


def _near(i: Regression, spread: float, loose: bool) -> Regression:
    """The state with the smallest tau and tau_0 for which it is near w*, at most 1/2.

    ``spread`` is 1/2 for Lemma 13; ``loose`` is for the angles of Lemma 17.
    """
    gaps = np.abs(i.u**2 - i.star)[i.on] / (spread * i.star[i.on])
    drops = np.maximum(*(1 - _cosines(i, v) for v in (i.v, i.v_next)))
    angles = 5 * drops if loose else np.sqrt(5 * np.maximum(drops, 0))
    alpha = float(max((i.u**2)[i.off], default=0.0))
    tau_0 = max(80 * (i.noise[i.on] / i.star[i.on]).max(), SMALLEST_TAU)
    tau_0 = min(max(tau_0, alpha * len(i.groups) / i.u_min), 0.5)
    tau = min(max(gaps.max(), angles.max(), tau_0) * (1 + 1e-9), 0.5)
    return replace(i, tau=tau, tau_0=tau_0, alpha=alpha)


def _cosines(i: Regression, v: Array) -> Array:
    """<v_l, v*_l> for l in S."""
    star = i.parts(i.w_star)
    parts = i.parts(v)
    return np.array([parts[k] @ star[k] / i.star[k] for k in i.on])


def _groups_alone(i: Regression, setup: Setup, eta: float) -> list[dict[str, Any]]:
    """Every group of S by itself with its perturbations, by the names of the model "l23_step".

    tau and 2^-m_0 are the least with which Lemma 16 and (9) speak of the state.
    """
    b = i.perturbations(i.v)
    b_next = i.perturbations(i.v_next)
    v_next = i.parts(i.v_next)
    stars = i.parts(i.w_star)
    directions = i.parts(i.v)
    found = []
    for k in i.on:
        star = float(i.star[k])
        u = float(i.u[k])
        level = float(np.linalg.norm(b[k])) / star
        e = float(v_next[k] @ b_next[k])
        drop = max(1 - float(directions[k] @ stars[k]) / star, 0.0)
        gap = abs(u**2 - star)
        inside = max(5 * drop, gap / star, 10 * level, SMALLEST_TAU)
        bent = max(gap / setup.u_max, math.sqrt(5 * drop), SMALLEST_TAU)
        numbers = {"u": u, "e": e, "gamma": setup.gamma, "eta": eta, "M": setup.u_max}
        numbers |= {"u_star": math.sqrt(star), "B": abs(e), "B_2": level * (1 + ROUNDED)}
        numbers |= {"tau": min(inside, 0.5), "power": min(bent, 1.0)}
        vectors = {"v_star": stars[k] / star, "v": directions[k], "b": b[k]}
        found.append(numbers | vectors)
    return found


def _held_claim(bound: Bound, claim: Stress, states: list[list[dict[str, Any]]]) -> BoundCheck:
    """Hold a claim on the groups that meet its hypotheses; if none does, on all."""
    by_size: dict[int, list[dict[str, Any]]] = {}
    for group in itertools.chain.from_iterable(states):
        by_size.setdefault(len(group["b"]), []).append(group)
    found = []
    for d, groups in by_size.items():
        problem = Problem(claim.claim, {"d": d})
        values = {name: _columns(groups, name) for name in groups[0]}
        found.append(problem.on_data(values, len(groups)))
    met = [_where_met(sides) for sides in found]
    some = met if any(len(sides.left) for sides in met) else found
    return bound_check(bound, *both_sides(problem, some, SLACK), 1e-9)


def _held_on_states(
    bound: Bound,
    claim: Stress,
    as_they_are: tuple[dict[str, int], dict[str, Any]],
    near: tuple[dict[str, int], dict[str, Any]],
) -> BoundCheck:
    """Hold a claim on the states that meet its hypotheses; if none does, on all.

    Where it reads tau, the states have the tau of Lemma 12, of Lemma 13 and of Lemma 17.
    """
    sizes, values = near if "tau" in claim.claim.problems[0].used else as_they_are
    problem = Problem(claim.claim, sizes)
    sides = problem.on_data(values, len(values["tau"]))
    met = _where_met(sides)
    some = met if len(met.left) else sides
    return bound_check(bound, *both_sides(problem, [some], SLACK), 1e-9)


def _columns(groups: list[dict[str, Any]], name: str) -> Array:
    """A number or vector of every group, (n_groups, entries, 1)."""
    return np.array([group[name] for group in groups]).reshape(len(groups), -1, 1)


def _where_met(sides: Sides) -> Sides:
    """The instances that meet the hypotheses."""
    met = (sides.margins >= -SLACK).all(axis=1)
    return Sides(sides.left[met], sides.right[met], sides.margins[met])
