"""Measurements for L23, Section 3.2: gradient flow on an orthogonal design."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import ops, sampling
from ....arrays import Array
from ....claims.finding import at_most, measurement
from ..model import formulas as model
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding
    from ....sampling.regression import GroupedRegression

GROUPS = (2, 3, 2, 1)


def _orthogonal(rng: np.random.Generator) -> GroupedRegression:
    """Two groups in S with ||w*|| of order 1, two outside, noise well below."""
    return sampling.grouped_regression(
        16, 8, GROUPS, [0.8, -0.6, 1.0, 0.5, -1.0], design="orthogonal", noise_std=0.2, rng=rng
    )


def _signals(data: GroupedRegression) -> list[Array]:
    """a_l = X_l^T y / n by groups."""
    return model.parts(data.X.T @ data.y / len(data.y), GROUPS)


@measurement
def dglnn_balance(rng: np.random.Generator, quick: bool) -> Finding:
    """Lemma 2 along the flow, on a Gaussian design, from a start that is not balanced."""
    data = sampling.grouped_regression(
        12, 8, GROUPS, [1.0, -1.0, 0.5], design="gaussian", noise_std=0.1, rng=rng
    )
    drift = 0.0
    for _ in range(1 if quick else 4):
        v0 = 0.3 * rng.standard_normal(8)
        path = ops.dglnn_flow(data.X, data.y, GROUPS, np.linspace(0, 20, 21), alpha=0.3, v0=v0)
        balance = path.u**2 / 2 - np.add.reduceat(path.v**2, [0, 2, 5, 7], axis=1)
        drift = max(drift, float(np.abs(balance - balance[0]).max()))
        moved = float(np.abs(path.u - path.u[0]).max())
    return at_most("largest drift of u^2/2 - ||v||^2", drift, 1e-8, largest_move_of_u=moved)


@measurement
def dglnn_direction_kept(rng: np.random.Generator, quick: bool) -> Finding:
    """Lemma 4: sine of the angle between v_l(t) and X_l^T y / n along the flow."""
    data = _orthogonal(rng)
    path = ops.dglnn_flow(
        data.X, data.y, GROUPS, np.linspace(0, 60, 7 if quick else 31), alpha=0.05
    )
    sines = [
        formulas.sine(v, a)
        for state in path.v
        for v, a in zip(model.parts(state, GROUPS), _signals(data), strict=True)
    ]
    growth = float(np.max(path.u[-1] / path.u[0]))
    return at_most("largest sine", max(sines), 1e-6, largest_growth_of_u=growth)


@measurement
def dglnn_flow_times(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 2: ||w_l|| = (1 - tau)||a_l|| at T_l on S, u_l = sqrt(theta) at T_u off S."""
    error = 0.0
    theta = 0.01
    tau = 0.05
    for _ in range(1 if quick else 4):
        data = _orthogonal(rng)
        a = [float(np.linalg.norm(x)) for x in _signals(data)]
        window = formulas.flow_window(theta, a[:2], a[2:], tau)
        path = ops.dglnn_flow(data.X, data.y, GROUPS, sorted(window), alpha=theta)
        at_lower, at_upper = (1, 0) if window.empty else (0, 1)
        lengths = model.group_norms(path.w[at_lower], GROUPS)[:2]
        reached = min(length / b for length, b in zip(lengths, a, strict=False))
        outside = path.u[at_upper, 2:].max()
        error = max(error, abs(reached / (1 - tau) - 1), abs(outside / np.sqrt(theta) - 1))
    return at_most(
        "largest relative error of the two predicted values",
        error,
        1e-5,
        T_l=window.lower,
        T_u=window.upper,
    )


@measurement
def dglnn_flow_error(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 2 repaired, over its window: errors over their bounds; the limit of T_u / T_l."""
    tau = 0.05
    worst = [0.0]
    limit = 0.0
    for _ in range(1 if quick else 2):
        data = _orthogonal(rng)
        w_star = np.asarray(data.w_star)
        signals = _signals(data)
        a = [float(np.linalg.norm(x)) for x in signals]
        noise = [
            float(np.linalg.norm(x - y))
            for x, y in zip(signals, model.parts(w_star, GROUPS), strict=True)
        ]
        tiny = formulas.flow_window(1e-7, a[:2], a[2:], tau)
        ratio = float(tiny.upper / tiny.lower) * max(a[2:]) / min(a[:2])
        limit = max(limit, abs(ratio - 1))
        theta = 0.03
        window = formulas.flow_window(theta, a[:2], a[2:], tau)
        if window.empty:
            raise ArithmeticError(f"the window {window} of the drawn instance is empty")
        times = np.linspace(window.lower, window.upper, 3)
        path = ops.dglnn_flow(data.X, data.y, GROUPS, times, alpha=theta)
        for w in path.w:
            gaps = model.group_norms(w - w_star, GROUPS)
            on = [float(gaps[k] / (tau * a[k] + noise[k])) for k in (0, 1)]
            worst += [*on, float(gaps[2:].max() * np.sqrt(2) / theta**1.5)]
    return at_most(
        "largest error over its bound",
        max(worst),
        1.0 + 1e-6,
        T_u_over_T_l_less_its_limit=limit,
    )
