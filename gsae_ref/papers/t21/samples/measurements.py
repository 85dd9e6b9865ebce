"""R9 measured: runs of the network on finitely many samples, against the guaranteed rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array
from ....claims.finding import at_most, measurement
from . import formulas, formulas_certificate, formulas_noise

if TYPE_CHECKING:
    from ....claims.finding import Finding


def _codes(rng: np.random.Generator, size: int, d: int) -> Array:
    """Codes of isotropic direction with norms in [4, 5]."""
    x = rng.normal(size=(size, d))
    return x * rng.uniform(4, 5, (size, 1)) / np.linalg.norm(x, axis=1, keepdims=True)


def _one_active(rng: np.random.Generator, A_star: Array, d: int, sizes: list[int]) -> Array:
    """Samples without noise, sizes[g] of group g."""
    star = groups.blocks(A_star, d)
    return np.concatenate([_codes(rng, N, d) @ S.T for S, N in zip(star, sizes, strict=True)])


def _step(A: Array, Y: Array, lam: float, d: int, step_size: float) -> Array:
    """A step of gradient descent with polar retraction."""
    return groups.polar(A - step_size * ops.loss_and_grad(A, Y, lam, d)[1], d)


def _tangents(A: Array, A_star: Array, d: int) -> Array:
    """Tangent of the largest principal angle of every group."""
    return np.tan(metrics.principal_angles(A, A_star, d).max(axis=1))


class Setting(NamedTuple):
    """Sizes of a run, d = 2: features, groups, kind of A*, threshold, step, steps, noise."""

    n: int
    n_groups: int
    kind: str
    lam: float
    step_size: float
    steps: int
    noise: float = 0.0


class Run(NamedTuple):
    """A certificate from the start, the tangents at the end, and the largest decrease missed."""

    found: formulas_certificate.SamplesCertificate
    end: Array


def _run(rng: np.random.Generator, setting: Setting, sizes: list[int], error: float) -> Run:
    """Gradient descent from A* plus ``error`` times a Gaussian matrix, and its certificate."""
    d = 2
    A_star = sampling.make_dictionary(setting.n, setting.n_groups, d, kind=setting.kind, rng=rng)
    Y = _one_active(rng, A_star, d, sizes)
    Y = Y + setting.noise * rng.normal(size=Y.shape)
    A = groups.polar(A_star + error * rng.normal(size=A_star.shape) / np.sqrt(setting.n), d)
    run = Y, setting.lam, d, setting.step_size
    found = formulas_certificate.certificate(A, *run, setting.steps)
    for _ in range(setting.steps):
        A = _step(A, *run)
    return Run(found, _tangents(A, found.targets, d))


RUNS = (
    Setting(20, 5, "orthonormal", 2.2, 1.0, 60),
    Setting(46, 24, "orthonormal_groups", 3.4, 2.0, 60),
)


@measurement
def samples_run(rng: np.random.Generator, quick: bool) -> Finding:
    """R9: runs on 3 to 7 samples a group, overcomplete too: tangents at the end over the bound."""
    ratios = []
    numbers = {}
    for setting in RUNS:
        run = _run(rng, setting, [3 + g % 5 for g in range(setting.n_groups)], 0.05)
        bound = np.maximum(run.found.guaranteed, 1e-12)  # below it the end is rounding
        ratios.append((run.end / bound).max() if run.found.certified else np.inf)
        name = f"groups_{setting.n_groups}"
        numbers[f"{name}_predicted"] = float(run.found.guaranteed.max())
        numbers[f"{name}_measured"] = float(run.end.max())
    return at_most("largest tangent at the end over its bound", max(ratios), 1.0, **numbers)


@measurement
def samples_step_limit(rng: np.random.Generator, quick: bool) -> Finding:
    """R9's step is sharp for d = 1 and lam near 0: growth at 2.01, decrease at 1.99 over L."""
    lam = 1e-9
    factors = []
    for share in (1.99, 2.01):
        A = np.array([[1.0], [1e-6]]) / np.hypot(1, 1e-6)
        after = _step(A, np.array([[1.0, 0.0]]), lam, 1, share)
        factors.append(float(abs(after[1, 0] / after[0, 0]) / 1e-6))
    return at_most("factor below the limit", factors[0], 1.0 - 1e-3, above=factors[1])


@measurement
def samples_probability(rng: np.random.Generator, quick: bool) -> Finding:
    """R9's number of samples, d = 2, p = (9/10, 1/10): failures against a binomial quantile."""
    from scipy.stats import binom

    p = np.array([0.9, 0.1])
    d = 2
    failure = 0.1
    second = (61 / 3) / d  # E ||x||^2 / d for norms uniform in [4, 5]
    N = int(np.ceil(formulas.samples_needed(0.1, d, 5 / np.sqrt(second), failure, 2)))
    trials = 40 if quick else 400
    failures = 0
    for _ in range(trials):
        own = rng.random(N) < p[1]
        X = _codes(rng, N, d)
        for g in range(2):
            values = np.linalg.eigvalsh(X[own == g].T @ X[own == g] / N) / (p[g] * second)
            failures += bool(values[0] < 0.5 or values[-1] > 1.5)
    limit = binom.ppf(0.999, trials, failure)
    return at_most("failures against a binomial quantile", failures, limit, samples=N)


@measurement
def noise_run(rng: np.random.Generator, quick: bool) -> Finding:
    """R13 (b): a run on noisy samples, d = 2: tangents to the components over their bound."""
    run = _run(rng, Setting(20, 5, "orthonormal", 2.2, 0.1, 60, 0.1), [30] * 5, 0.1)
    bound = np.maximum(run.found.guaranteed, 1e-12)
    ratio = (run.end / bound).max() if run.found.certified else np.inf
    numbers = {"predicted": float(bound.max()), "measured": float(run.end.max())}
    return at_most("largest tangent at the end over its bound", ratio, 1.0, **numbers)


@measurement
def noise_floor_covered(rng: np.random.Generator, quick: bool) -> Finding:
    """R13 (c), p = 1/10: misses of the floor against a binomial quantile, one plane in R^8."""
    from scipy.stats import binom

    trials = 100 if quick else 1000
    n = 8
    d = 2
    N = 60
    noise = 0.6
    failure = 0.1
    misses = 0
    shares = []
    for _ in range(trials):
        X = _codes(rng, N, d)
        Y = np.hstack([X, np.zeros((N, n - d))]) + noise * rng.normal(size=(N, n))
        values = np.linalg.eigvalsh(Y[:, :d].T @ Y[:, :d] / N)
        V = np.linalg.svd(Y, full_matrices=False)[2][:d].T
        angle = float(np.arcsin(np.linalg.norm(V[d:], ord=2)))
        sizes = n, d, N, N
        bound = formulas_noise.noise_floor(values[0], values[-1], noise, *sizes, failure)
        misses += not angle <= bound
        shares.append(angle / bound)
    limit = binom.ppf(0.999, trials, failure)
    median = float(np.median(shares))
    return at_most("misses against a binomial quantile", misses, limit, median_share=median)
