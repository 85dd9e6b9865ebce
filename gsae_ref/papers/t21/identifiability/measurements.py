"""Measurements for R14: exact zero loss, runs with weight decay, the Hessian at s A* Q."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from .... import groups, ops
from ....claims.finding import at_least, at_most, measurement
from . import families, formulas
from .instance import OneGroup

if TYPE_CHECKING:
    from ....arrays import Array
    from ....claims.finding import Finding

H4 = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
REACHED = 1e-7


@measurement
def hadamard_zero_loss(rng: np.random.Generator, quick: bool) -> Finding:
    """A* = I_4, d = 1, B = 1, lam = 3/4, A a Hadamard matrix: the loss, also in fractions."""
    lam = Fraction(3, 4)
    columns = [list(map(Fraction, column)) for column in H4.T.tolist()]
    total = Fraction(0)
    for g in range(4):
        for sign in (1, -1):
            e = [Fraction(sign * (k == g)) for k in range(4)]
            for a in columns:
                z = sign * a[g]
                phi = max(abs(z) - lam, Fraction(0)) * (1 if z > 0 else -1)
                e = [p - phi * q for p, q in zip(e, a, strict=True)]
            for p in e:
                total += p * p / 16
    mixed = formulas.mixed_dictionary(np.eye(4), H4.astype(float), 0.75, 1)
    floats = ops.loss(mixed, np.eye(4), 0.75, 1)
    return at_most("loss", max(float(total), floats), 1e-28, in_fractions=float(total))


@measurement
def two_norms_prefer_the_truth(rng: np.random.Generator, quick: bool) -> Finding:
    """Norms .9, 1, 1.1, lam = 3/4, d = 1: least loss on the Hadamard ray over that on A*'s."""
    norms = np.array([0.9, 1.0, 1.1])
    Y = (norms[:, None, None] * np.eye(4)).reshape(-1, 4)
    scales = np.linspace(0.5, 2.0, 301)
    truth = min(ops.loss(s * np.eye(4), Y, 0.75, 1) for s in scales)
    mixed = min(ops.loss(s * H4.astype(float), Y, 0.75, 1) for s in scales / 2)
    return at_least("ratio of the least losses", mixed / truth, 7.6, truth=truth, mixed=mixed)


def _population(A_star: Array, p: Array, d: int) -> tuple[Array, Array]:
    """All samples of norm 1, and their probabilities."""
    stars = groups.blocks(A_star, d)
    U = families.directions(d)
    Y = (U @ stars.transpose(0, 2, 1)).reshape(-1, len(A_star))
    return Y, np.repeat(p / len(U), len(U))


def _cost_and_grad(A: Array, Y: Array, weights: Array, lam: float, d: int) -> tuple[float, Array]:
    """Loss and gradient of weighted samples."""
    total = 0.0
    G = np.zeros_like(A)
    for w in np.unique(weights):
        some = Y[weights == w]
        cost, gradient = ops.loss_and_grad(A, some, lam, d)
        total += w * len(some) * cost
        G += w * len(some) * gradient
    return total, G


def descend(i: OneGroup, start: Array, weight_decay: float) -> tuple[float, Array]:
    """Least cost that L-BFGS finds from a start, and where."""
    from scipy.optimize import minimize

    Y, weights = _population(i.A_star, i.p, i.group_size)

    def cost(theta: Array) -> tuple[float, Array]:
        A = theta.reshape(start.shape)
        value, G = _cost_and_grad(A, Y, weights, i.lam, i.group_size)
        return value + weight_decay / 2 * float(theta @ theta), (G + weight_decay * A).ravel()

    options = {"maxiter": 3000, "ftol": 1e-15, "gtol": 1e-9}
    found = minimize(cost, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    return float(found.fun), found.x.reshape(start.shape)


def distance_from_form(A: Array, A_star: Array, scales: Array, d: int) -> float:
    """Distance of the groups of A from {s_g A*_g Q_g} and zeros, in any order.

    >>> A = np.array([[0.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
    >>> distance_from_form(A, np.eye(2), np.array([2.0, 3.0]), 1)
    0.0
    """
    from scipy.optimize import linear_sum_assignment

    found = groups.blocks(A, d)
    stars = groups.blocks(A_star, d)
    costs = np.empty((len(found), len(found)))
    costs[:] = np.sum(found**2, axis=(1, 2))[:, None]
    for h, B in enumerate(found):
        for g, S in enumerate(stars):
            U, _, Vt = np.linalg.svd(S.T @ B)
            costs[h, g] = np.sum((B - scales[g] * S @ U @ Vt) ** 2)
    rows, columns = linear_sum_assignment(costs)
    return float(np.sqrt(costs[rows, columns].sum()))


@measurement
def minimisers_with_weight_decay(rng: np.random.Generator, quick: bool) -> Finding:
    """L-BFGS from random starts below the threshold: those at the bound, off the predicted form."""
    runs = 24 if quick else 150
    lowest = np.inf
    distances = []
    for k in range(runs):
        n, G, d, more = families.DecayShape(*families.SHAPES[k % len(families.SHAPES)])
        p = rng.uniform(0.5, 1.5, G)
        p = p / p.sum()
        ratio = float(rng.uniform(0.4, 1.0))
        weight = float(rng.uniform(0.1, 0.9)) * formulas.critical_decay(ratio) * p.min() / d
        A_star = groups.polar(rng.normal(size=(n, G * d)), G * d)
        i = OneGroup(A_star, A_star, families.directions(d), p, np.ones(1), ratio, weight, d)
        start = rng.normal(size=(n, (G + more) * d))
        cost, A = descend(i, start, weight)
        bound = formulas.least_cost(p, ratio, 1.0, weight, d)
        lowest = min(lowest, cost / bound - 1)
        if cost < bound * (1 + REACHED):
            scales = np.array([formulas.best_scale(ratio, weight * d / each) for each in p])
            distances.append(distance_from_form(A, A_star, scales, d))
    assert lowest > -1e-9
    return at_most(
        "largest distance from {s_g A*_g Q_g} of a run that reaches the bound",
        max(distances, default=np.inf),
        0.02,
        runs=runs,
        at_the_bound=len(distances),
        least_cost_over_bound_less_1=lowest,
    )


@measurement
def groups_dropped_by_weight_decay(rng: np.random.Generator, quick: bool) -> Finding:
    """p = (.7, .3), d = 2: gradient descent from A* at decays around the threshold of the rare."""
    p = np.array([0.7, 0.3])
    ratio = 0.5
    threshold = [formulas.weight_decay_threshold(ratio, 1.0, 2, each) for each in p]
    A_star = np.eye(5)[:, :4]
    wrong = 0.0
    kept = []
    for weight in (0.9 * threshold[1], 1.1 * threshold[1], 1.1 * threshold[0]):
        i = OneGroup(A_star, A_star, families.directions(2), p, np.ones(1), ratio, weight, 2)
        scales = np.array([formulas.best_scale(ratio, weight * 2 / each) for each in p])
        bound = formulas.least_cost(p, ratio, 1.0, weight, 2)
        tried = [A_star * np.repeat(keep, 2) for keep in ((1, 1), (1, 0), (0, 0))]
        cost, A = min((descend(i, start, weight) for start in tried), key=lambda found: found[0])
        norms = np.linalg.norm(groups.blocks(A, 2), axis=(1, 2)) / np.sqrt(2)
        wrong = max(wrong, cost / bound - 1, float(np.abs(norms - scales).max()))
        kept.append(int((norms > 1e-3).sum()))
    return at_most(
        "distance of cost and scales from the prediction",
        wrong,
        1e-4,
        below=kept[0],
        above_the_rare=kept[1],
        above_both=kept[2],
    )


@measurement
def spectrum_at_the_scaled_dictionary(rng: np.random.Generator, quick: bool) -> Finding:
    """Hessian at s A* Q by differences of the exact gradient, d = 1, 2, 3, unequal p_g."""
    error = 0.0
    for n, d in ((4, 1), (5, 2), (7, 3)):
        A_star = np.eye(n)[:, : 2 * d]
        p = np.array([0.7, 0.3])
        Y, weights = _population(A_star, p, d)
        ratio = 0.45
        s = formulas.best_scale(ratio, 0.0)
        turn = groups.polar(rng.normal(size=(d, d)), d)
        A = s * A_star @ np.kron(np.eye(2), turn)
        h = 1e-5
        m = A.size
        hessian = np.empty((m, m))
        for k in range(m):
            step = h * np.eye(m)[k].reshape(A.shape)
            ahead = _cost_and_grad(A + step, Y, weights, ratio, d)[1]
            behind = _cost_and_grad(A - step, Y, weights, ratio, d)[1]
            hessian[k] = ((ahead - behind) / (2 * h)).ravel()
        expected: list[float] = []
        for each in p:
            for value, times in formulas.scaled_spectrum(ratio, each / d, n, d):
                expected += [value] * times
        found = np.linalg.eigvalsh((hessian + hessian.T) / 2)
        error = max(error, float(np.abs(found - np.sort(expected)).max()))
    return at_most("largest error of an eigenvalue", error, 1e-7)


@measurement
def rate_at_the_scaled_dictionary(rng: np.random.Generator, quick: bool) -> Finding:
    """Late rate of gradient descent of the step 2 / (least + largest) near s A* Q, n > d."""
    error = 0.0
    for n, d in ((4, 1), (6, 2)):
        A_star = np.eye(n)[:, : 2 * d]
        Y, _ = _population(A_star, np.full(2, 0.5), d)
        ratio = 0.45
        s = formulas.best_scale(ratio, 0.0)
        _, least, _, largest = (v for v, _ in formulas.scaled_spectrum(ratio, 0.5 / d, n, d))
        A = s * A_star + 1e-3 * rng.normal(size=A_star.shape)
        losses = []
        for _ in range(60):
            cost, G = ops.loss_and_grad(A, Y, ratio, d)
            losses.append(cost)
            A = A - 2 / (least + largest) * G
        K = (s**2 + 1) ** 2
        rate = (losses[50] / losses[30]) ** (1 / 40)
        error = max(error, abs(rate - (K - 1) / (K + 1)))
    return at_most("error of the rate", error, 2e-3)
