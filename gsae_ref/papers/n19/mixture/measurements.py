"""Measurements for the gradient (4), its expectation (5), and descent: Theorem 4."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import ops
from ....arrays import Array
from ....claims.finding import at_least, at_most, measurement
from ..fixed_bias import formulas as fixed_bias
from ..fixed_bias.measurements import means, run, start, unit
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding


def _network(rng: np.random.Generator, activation: str) -> tuple[Array, Array, Array, str, float]:
    """Weights, batch, bias and threshold with no pre-activation near a kink."""
    while True:
        W = rng.standard_normal((5, 4)) / 2
        Y = rng.standard_normal((8, 5))
        b = 0.3 * rng.standard_normal(4)
        lam = 0.5 if activation == "hard" else 0.0
        if np.abs(np.abs(Y @ W + b) - lam).min() > 1e-3:
            return W, Y, b, activation, lam


def _directional_errors(rng: np.random.Generator, quick: bool, of_bias: bool) -> float:
    """Largest error of directional derivatives in W, or in b, against central differences.

    Relative to the gradient.
    """
    worst = 0.0
    h = np.finfo(float).eps ** (1 / 3)
    for activation in ("relu", "hard"):
        for _ in range(6 if quick else 40):
            W, Y, b, activation, lam = _network(rng, activation)
            _, dW, db = ops.sparse_loss_and_grad(W, Y, b, activation, lam)
            D = rng.standard_normal(b.shape if of_bias else W.shape)
            D /= np.linalg.norm(D)
            move = (0 * W, h * D) if of_bias else (h * D, 0 * b)
            ahead, behind = (
                ops.sparse_loss(W + s * move[0], Y, b + s * move[1], activation, lam)
                for s in (1, -1)
            )
            numeric = (ahead - behind) / (2 * h)
            G = db if of_bias else dW
            worst = max(
                worst, abs(numeric - float(np.sum(G * D))) / max(float(np.linalg.norm(G)), 1e-3)
            )
    return worst


@measurement
def sparse_gradient(rng: np.random.Generator, quick: bool) -> Finding:
    """(4) against central differences of the loss, ReLU and hard threshold, away from the kinks."""
    return at_most(
        "(4) against central differences", _directional_errors(rng, quick, of_bias=False), 1e-7
    )


@measurement
def sparse_bias_gradient(rng: np.random.Generator, quick: bool) -> Finding:
    """The gradient in the bias against central differences of the loss."""
    return at_most(
        "gradient in b against central differences",
        _directional_errors(rng, quick, of_bias=True),
        1e-7,
    )


@measurement
def sparse_approximate(rng: np.random.Generator, quick: bool) -> Finding:
    """The approximate gradient off the kinks against (4) and central differences of the loss."""
    error = 0.0
    for activation in ("relu", "hard"):
        W, Y, b, activation, lam = _network(rng, activation)
        exact, approximate = (
            ops.sparse_loss_and_grad(W, Y, b, activation, lam, gradient=name)
            for name in ("exact", "approximate")
        )
        error = max(
            error, np.abs(exact[1] - approximate[1]).max(), np.abs(exact[2] - approximate[2]).max()
        )
        V = rng.standard_normal(W.shape)
        v = rng.standard_normal(b.shape)
        losses = [
            ops.sparse_loss_and_grad(W + h * V, Y, b + h * v, activation, lam)[0]
            for h in (1e-6, -1e-6)
        ]
        slope = float(np.sum(approximate[1] * V) + approximate[2] @ v)
        error = max(error, 1e-7 * abs(slope - (losses[0] - losses[1]) / 2e-6) / abs(slope))
    return at_most("largest difference; relative error of a slope x 1e-7", error, 1e-14)


def _over_uniform(function: Callable[..., Any], cut: float) -> float:
    """The integral over [0, 1] of a polynomial of degree below 8 on either side of ``cut``."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    total = 0.0
    for low, high in ((0.0, cut), (cut, 1.0)):
        total = (
            total
            + sum(
                w * function((high - low) / 2 * t + (high + low) / 2)
                for t, w in zip(nodes, weights, strict=True)
            )
            * (high - low)
            / 2
        )
    return total


@measurement
def jump_term(rng: np.random.Generator, quick: bool) -> Finding:
    """d/dw_1 E[L] minus E[(4)] is the jump for the hard threshold, zero for ReLU.

    m = 1, y = x A with x uniform on [0, 1], lam = 1/2.
    """
    A = np.array([1.0, 0.0])
    h = 1e-5
    error = 0.0
    for direction, (activation, bias, lam) in product(
        ([0.8, 0.6], [0.96, 0.28]), (("hard", 0.0, 0.5), ("relu", -0.4, 0.0))
    ):
        w = np.array(direction)

        def mean(
            w: Array,
            function: Callable[..., Any],
            rest: tuple[float, str, float] = (bias, activation, lam),
        ) -> float:
            return _over_uniform(
                lambda x, w=w: function(w[:, None], x * A, *rest), (rest[2] - rest[0]) / w[0]
            )

        step = np.array([h, 0.0])
        cut = (lam - bias) / w[0]
        numeric = (mean(w + step, ops.sparse_loss) - mean(w - step, ops.sparse_loss)) / (2 * h)
        expected = mean(w, lambda *arguments: ops.sparse_loss_and_grad(*arguments)[1][0, 0])
        jump = -lam / w[0] ** 2 * cut**2 / 2 * (1 - np.sum((A - w[0] * w) ** 2))
        error = max(error, abs(numeric - expected - jump))
    return at_most("d/dw E[L] - E[(4)] - jump", error, 1e-8)


@measurement
def expected_by_enumeration(rng: np.random.Generator, quick: bool) -> Finding:
    """The implemented expected update against enumeration.

    Supports, codes kappa_1 +- s and noise; any bias, any weights.
    """
    error = 0.0
    for _ in range(4 if quick else 20):
        n = 4
        m = 4
        W = rng.standard_normal((n, m))
        A = rng.standard_normal((n, m))
        b = rng.standard_normal(m)
        kappa_1 = rng.uniform(-1, 1)
        s = rng.uniform(0.2, 1)
        sigma = rng.uniform(0, 1)
        chosen = [S for k in (1, 2, 3) for S in combinations(range(m), k)]
        supports = np.array([np.isin(np.arange(m), S) for S in chosen])
        chance = rng.dirichlet(np.ones(len(supports)))
        Y = []
        active = []
        weights = []
        for mask, p in zip(supports, chance, strict=True):
            for signs in product((1, -1), repeat=int(mask.sum())):
                x = np.zeros(m)
                x[mask] = kappa_1 + s * np.array(signs)
                for shift in np.vstack([np.eye(n), -np.eye(n)]) * sigma * np.sqrt(n):
                    Y.append(A @ x + shift)
                    active.append(mask)
                    weights.append(p / 2 ** mask.sum() / (2 * n))
        enumerated = formulas.enumerated_update(
            W, b, np.array(Y), np.array(active), np.array(weights)
        )
        found = ops.sparse_expected_gradient(
            W, A, supports, chance, b, (kappa_1, kappa_1**2 + s**2), noise=sigma
        )
        error = max(
            error,
            *(
                float(np.linalg.norm(f - e) / np.linalg.norm(e))
                for f, e in zip(found, enumerated, strict=True)
            ),
        )
    return at_most("relative difference", error, 1e-12)


@measurement
def fixed_bias_works(rng: np.random.Generator, quick: bool) -> Finding:
    """Fixed biases -.1, -.3, -.5, -.8, orthonormal means: the error falls at R7's rate."""
    final = 0.0
    gap = 0.0
    for b in (-0.1, -0.3, -0.5, -0.8):
        A = means(6, 0.0)
        errors = run(start(rng, A, 0.08), A, [b] * 60)
        late = errors[8:13]
        final = max(final, errors[-1])
        rates = late[1:] / late[:-1]
        gap = max(gap, np.abs(rates - fixed_bias.linear_rate(1 / 6, b, 6.0)).max())
    return at_most(
        "max_i ||W_i - A_i|| after 60 steps",
        final,
        1e-12,
        distance_from_the_predicted_rate=float(gap),
    )


@measurement
def diminishing_bias_run(rng: np.random.Generator, quick: bool) -> Finding:
    """b^{s+1} = b^s/C, b^0 = -.4: smallest over four runs of the largest error late in the run.

    C = 1.1, 2, inner products .05, .1, steps 150 to 200.
    """
    smallest = np.inf
    numbers = {}
    for coherence in (0.05, 0.1):
        A = means(6, coherence)
        W = start(rng, A, 0.25)
        for C in (1.1, 2.0):
            error = run(W, A, -0.4 / C ** np.arange(200))[150:].max()
            smallest = min(smallest, error)
            numbers[f"error_at_{coherence:g}_with_C_{C:g}"] = float(error)
    return at_least("max_i ||W_i - A_i|| late in the run", float(smallest), 0.01, **numbers)


@measurement
def schedule_with_negative_products(rng: np.random.Generator, quick: bool) -> Finding:
    """b^{s+1} = b^s/C, four means with all inner products -1/4: error after 400 steps.

    b^0 = -.4, C = 1.1, 2. mu/sqrt(n) = 1/4 stays above |b|; no neuron fires wrongly all the same.
    """
    A = means(4, -0.25)
    worst = 0.0
    for C in (1.1, 2.0):
        biases = -0.4 * C ** -np.arange(400.0)
        worst = max(worst, run(start(rng, A, 0.15), A, biases)[-1])
    return at_most("max_i ||W_i - A_i||", float(worst), 1e-12)


@measurement
def cubic_step(rng: np.random.Generator, quick: bool) -> Finding:
    """Hard threshold 1/2, b = 0, kappa = zeta p lam near 1: the step against the angle formula.

    Relative distance of sin theta+ from sin theta (1 - lam^2)/(1 + lam - lam^2).
    """
    A = means(5, 0.0)
    gap = 0.0
    for angle in (0.05, 0.1, 0.3):
        errors = run(start(rng, A, angle), A, [0.0], "hard", 0.5)
        lam = np.cos(angle)
        kappa = lam  # zeta p = 1
        rho = 1 - kappa * lam
        predicted = 2 * np.sin(np.arctan(rho * np.sin(angle) / (kappa + rho * lam)) / 2)
        gap = max(
            gap,
            abs(errors[1] / predicted - 1),
            0.0 if angle > 0.1 else abs(errors[1] / angle**3 - 1) - 0.05,
        )
    return at_most("relative distance from the angle formula, and from d^3 (zeta p = 1)", gap, 1e-6)


@measurement
def best_tau(rng: np.random.Generator, quick: bool) -> Finding:
    """Largest tau over a grid of step sizes for two means, against 1 - ((r - 1)/(r + 1))^2.

    p_max/p_min = r.
    """
    A = np.eye(2)
    gap = 0.0
    for ratio in (1.5, 3.0, 9.0):
        p = np.array([1, ratio]) / (1 + ratio)
        W = start(rng, A, 1e-4)
        G, _ = ops.sparse_expected_gradient(W, A, np.eye(2, dtype=bool), p, 0.0, (1.0, 1.0))
        taus = []
        for zeta in np.linspace(0.5, 2.5, 401) / p.mean():
            after = np.linalg.norm(unit(W - zeta * G) - A, axis=0) / np.linalg.norm(W - A, axis=0)
            taus.append(1 - after.max() ** 2)
        gap = max(gap, abs(max(taus) - formulas.tau_of_spread(ratio)))
    return at_most("distance from the formula", float(gap), 1e-6)
