"""Measurements for L23, Section 4 and R8: Algorithms 1 and 2 inside all hypotheses; Corollary 1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import ops, sampling
from ....arrays import Array, BoolArray, Real
from ....claims.finding import at_least, at_most, measurement
from ..model import formulas as model
from ..perturbations import formulas as perturbations
from . import formulas

if TYPE_CHECKING:
    from ....claims.finding import Finding
    from ..gradient_flow.formulas import Window


def _design(
    rng: np.random.Generator, groups: tuple[int, ...], delta_in: float, delta_out: float
) -> Array:
    """X with n = p and X^T X / n = I + E, where the blocks of E have exactly the given norms."""
    p = sum(groups)
    ends = np.cumsum(groups)
    cuts = [slice(end - size, end) for end, size in zip(ends, groups, strict=True)]
    G = np.eye(p)
    for k, c in enumerate(cuts):
        inside = rng.standard_normal((c.stop - c.start,) * 2)
        G[c, c] += delta_in * (inside + inside.T) / np.linalg.norm(inside + inside.T, ord=2)
        for d in cuts[:k]:
            cross = rng.standard_normal((c.stop - c.start, d.stop - d.start))
            G[c, d] = delta_out * cross / np.linalg.norm(cross, ord=2)
            G[d, c] = G[c, d].T
    return np.sqrt(p) * np.linalg.cholesky(G).T


@dataclass(frozen=True)
class Problem:
    """A regression inside Theorem 3; ``norms`` are the ||w*_l||, ``level`` is epsilon."""

    X: Array
    w_star: Array
    xi: Array
    groups: tuple[int, ...]
    norms: Array
    level: float
    gamma: float

    def __post_init__(self) -> None:
        delta_in, delta_out = model.deltas(self.X.T @ self.X / len(self.X), self.groups)
        limit = self.m / (120 * self.M)
        noise = model.group_norms(self.X.T @ self.xi / len(self.X), self.groups).max()
        if not (
            delta_in <= limit
            and delta_out <= limit / self.on.sum()
            and noise <= self.level * (1 + 1e-9)
            and self.zeta <= self.M
        ):
            raise ArithmeticError(
                f"a hypothesis is missed: delta_in = {delta_in}, delta_out = {delta_out}, "
                f"limit = {limit}, noise = {noise}, zeta = {self.zeta}"
            )

    @property
    def on(self) -> BoolArray:
        """Which groups are the support."""
        return self.norms > 0

    @property
    def M(self) -> float:
        """u_max*^2."""
        return float(self.norms.max())

    @property
    def m(self) -> float:
        """u_min*^2."""
        return float(self.norms[self.on].min())

    @property
    def zeta(self) -> float:
        """80 epsilon, the noise of every group being at most epsilon."""
        return formulas.zeta(self.level, self.level)

    @property
    def alpha(self) -> float:
        """0.99 of its limit."""
        L = len(self.groups)
        largest = min(min(self.level**4, 1) / self.M**4, self.m / (80 * L), self.level / L)
        return 0.99 * largest

    @property
    def window(self) -> Window:
        """T_lb and T_ub of R8."""
        return formulas.stopping_window(self.M, self.m, self.zeta, self.gamma, self.alpha)

    def run(self, algorithm: str = "algorithm_1", **options: Any) -> Any:
        """The path of an algorithm up to T_ub."""
        return ops.dglnn_path(
            self.X,
            self.X @ self.w_star + self.xi,
            self.groups,
            algorithm,
            n_epochs=math.floor(self.window.upper),
            alpha=self.alpha,
            gamma=self.gamma,
            **options,
        )

    def errors(self, path: Any) -> tuple[Array, Array]:
        """||w_l(t) - w*_l|| for every t: the largest on S, and the largest off S."""
        parts = np.split(path.w - self.w_star, np.cumsum(self.groups)[:-1], axis=1)
        gaps = np.stack([np.linalg.norm(part, axis=1) for part in parts], axis=1)
        return gaps[:, self.on].max(axis=1), gaps[:, ~self.on].max(axis=1, initial=0.0)

    @property
    def first(self) -> int:
        """The first epoch of the window."""
        return math.ceil(self.window.lower)


def _problem(
    rng: np.random.Generator,
    groups: tuple[int, ...],
    norms: Array,
    level: float,
    noise: str = "gaussian",
    gamma: float | None = None,
    theorem: int = 3,
) -> Problem:
    """Deltas at 0.999 of their limits; noise "gaussian", "none", or "opposite" to w* on S.

    The limits are those of Theorem 3, or the smaller ones that Theorem 4 prints.
    """
    M = norms.max()
    smaller = math.sqrt(80 * level / M) if theorem == 4 else 1.0
    limit = norms[norms > 0].min() / (120 * M) * 0.999 * smaller
    X = _design(rng, groups, limit, limit / np.sum(norms > 0))
    directions = [rng.standard_normal(size) for size in groups]
    w_star = np.concatenate(
        [norm * x / np.linalg.norm(x) for norm, x in zip(norms, directions, strict=True)]
    )
    n = len(X)
    if noise == "opposite":
        nu = np.concatenate([-x / np.linalg.norm(x) for x in directions])
        xi = n * np.linalg.solve(X.T, level * nu)
    else:
        xi = rng.standard_normal(n) if noise == "gaussian" else np.zeros(n)
        largest = model.group_norms(X.T @ xi / n, groups).max()
        xi *= level / largest if largest else 0.0
    return Problem(X, w_star, xi, groups, norms, level, gamma or 1 / (20 * M))


@measurement
def dglnn_window_runs(rng: np.random.Generator, quick: bool) -> Finding:
    """R8 with strong groups, every t in the window: error over 1.2 zeta on S, over alpha off S."""
    worst_on = worst_off = needed = 0.0
    for _ in range(2 if quick else 8):
        norms = np.array([1.0, rng.uniform(1, 2), 0, 0]) * rng.uniform(0.5, 2)
        level = norms[norms > 0].min() / 80 * rng.uniform(0.1, 0.95)
        problem = _problem(rng, (3, 2, 4, 3), norms, level)
        on, off = problem.errors(problem.run(v0="random", rng=rng))
        worst_on = max(worst_on, on[problem.first :].max() / problem.zeta)
        worst_off = max(worst_off, off.max() / problem.alpha)
        reached = int(np.flatnonzero(on > 0.1 * problem.zeta).max(initial=-1)) + 1
        needed = max(needed, float(reached / problem.window.lower))
    return at_most(
        "largest of error / (1.2 zeta) on S and error / alpha off S",
        max(worst_on / 1.2, worst_off),
        1.0,
        on_support_over_zeta=float(worst_on),
        off_support_over_alpha=float(worst_off),
        share_of_T_lb_to_a_tenth_of_zeta=float(needed),
    )


@measurement
def dglnn_weak_groups(rng: np.random.Generator, quick: bool) -> Finding:
    """R8 with a group of 0.1 to 0.5 zeta, noise and v(0) against it: error over 2.05 zeta."""
    worst = off_support = 0.0
    shares = (0.2, 0.24, 0.27) if quick else (0.1, 0.15, 0.2, 0.22, 0.24, 0.26, 0.28, 0.35, 0.5)
    for share in shares:
        level = 0.9 / 80
        norms = np.array([1.0, share * 80 * level, 0.0])
        problem = _problem(rng, (2, 2, 2), norms, level, "opposite")
        on, off = problem.errors(problem.run(v0=-problem.w_star + (problem.w_star == 0)))
        worst = max(worst, on[problem.first :].max() / problem.zeta)
        off_support = max(off_support, off.max() / problem.alpha)
    return at_most(
        "largest of error / (2.05 zeta) on S and error / alpha off S",
        max(worst / 2.05, off_support),
        1.0,
        on_support_over_zeta=float(worst),
        off_support_over_alpha=float(off_support),
    )


@measurement
def dglnn_growth_by_group_size(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 3 off S, noise 1/100 in every entry: ||w_l(T_lb)||_inf / alpha by the size of l."""
    gamma = 1 / 20
    alpha = 5e-9
    level = 1 / 100
    ratios = {}
    window = formulas.stopping_window(1.0, 1.0, 0.8, gamma, alpha)
    steps = math.ceil(window.lower)
    for size in (4, 64, 256) if quick else (4, 64, 256, 576):
        p = size + 1
        X = np.sqrt(p) * np.eye(p)
        target = np.concatenate([[1.0], np.full(size, level)])
        path = ops.dglnn_path(
            X, X @ target, [1, size], n_epochs=steps, alpha=alpha, gamma=gamma, record_every=10**6
        )
        ratios[f"p_l_{size}"] = float(np.abs(path.x[1:]).max() / alpha)
    return at_least(
        "||w_l||_inf / alpha at T_lb, p_l = 256", ratios["p_l_256"], 5.0, T_lb=steps, **ratios
    )


def _second_phase(problem: Problem, eta: Real) -> tuple[float, float]:
    """Algorithm 2: the largest error / zeta, the least u_l^2 / u*_l^2 after the change."""
    path = problem.run(
        "algorithm_2", eta=eta, switch="growth", u_star=np.sqrt(problem.norms), v0="random", rng=0
    )
    after = path.u[path.switch_epoch :, problem.on] ** 2 / problem.norms[problem.on]
    errors = problem.errors(path)[0][problem.first :]
    return float(errors.max() / problem.zeta), float(after.min())


def _hundred(rng: np.random.Generator, theorem: int) -> Problem:
    """u_max*^2 = u_min*^2 = 100, no noise, epsilon = 1/100."""
    norms = np.array([100.0, 100.0, 0, 0])
    return _problem(rng, (3, 3, 3, 3), norms, 0.01, "none", theorem=theorem)


@measurement
def dglnn_large_eta(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 with eta = 4/(9 u_max*^2), u_max*^2 = 100: the largest error / zeta."""
    share, least = _second_phase(_hundred(rng, 4), 4 / 900)
    return at_least("largest error over zeta", share, 20.0, least_u_squared=least)


@measurement
def dglnn_tiny_eta(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 with eta = 1e-6 gamma/Z, three draws: the largest error / zeta, epsilon = 1e-12."""
    largest = {}
    norms = np.array([1.0, 0.0])
    for exponent in (8, 10, 12):
        level = 10.0**-exponent
        problems = [_problem(rng, (2, 2), norms, level, "none", theorem=4) for _ in range(3)]
        shares = [_second_phase(problem, 1e-6 * problem.gamma)[0] for problem in problems]
        largest[f"epsilon_1e_{exponent}"] = max(shares)
    return at_least("largest error over zeta", largest["epsilon_1e_12"], 20.0, **largest)


@measurement
def dglnn_second_steps(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 repaired, eta at both ends of [gamma/Z, 4/(9 M^2)]: error over 1.2 zeta."""
    worst = 0.0
    least = math.inf
    problems = [
        _hundred(rng, 3),
        _problem(rng, (2, 2), np.array([1.0, 0.0]), 1e-12, "none"),
        _problem(rng, (2, 3, 2), np.array([1.0, 0.5, 0.0]), 1e-3, gamma=1 / 30),
    ]
    if not quick:
        problems += [
            _problem(rng, (2, 2, 2), np.array([1.0, 0.1, 0.0]), 1e-6, gamma=1 / 25),
            _problem(rng, (2, 3, 2), np.array([2.0, 1.0, 0.0]), 1e-2),
        ]
    for problem in problems:
        steps = formulas.second_step(problem.M, problem.m, problem.zeta, problem.gamma)
        for eta in (steps.lower, math.sqrt(steps.lower * steps.upper), steps.upper):
            share, height = _second_phase(problem, eta)
            worst = max(worst, share)
            least = min(least, height)
    return at_most(
        "largest error over 1.2 zeta", worst / 1.2, 1.0, least_u_squared_over_its_limit=least
    )


@measurement
def dglnn_later_changes(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4 repaired, the step changed at later epochs up to T_lb: error over 1.2 zeta."""
    worst = 0.0
    latest = 0
    problem = _problem(rng, (2, 3, 2), np.array([1.0, 0.5, 0.0]), 1e-3, gamma=1 / 30)
    steps = formulas.second_step(problem.M, problem.m, problem.zeta, problem.gamma)
    for eta in (steps.lower, steps.upper):
        soonest = problem.run(
            "algorithm_2", eta=eta, switch="growth", u_star=np.sqrt(problem.norms)
        ).switch_epoch
        for epoch in (soonest + 1, (soonest + problem.first) // 2, problem.first):
            path = problem.run("algorithm_2", eta=eta, switch=epoch, v0="random", rng=0)
            worst = max(worst, float(problem.errors(path)[0][problem.first :].max()))
            latest = max(latest, epoch - soonest)
    return at_most(
        "largest error over 1.2 zeta", worst / (1.2 * problem.zeta), 1.0, latest_after=latest
    )


@measurement
def dglnn_criterion_persists(rng: np.random.Generator, quick: bool) -> Finding:
    """Theorem 4's criterion after the change: the least u_l^2 / u*_l^2, at both ends of eta."""
    least = math.inf
    for norms in ([1.0, 1.0, 0.0], [1.0, 0.6, 0.0]):
        problem = _problem(rng, (2, 3, 2), np.array(norms), 0.5 / 80, gamma=1 / 40)
        steps = formulas.second_step(problem.M, problem.m, problem.zeta, problem.gamma)
        least = min(least, *(_second_phase(problem, eta)[1] for eta in steps))
    return at_least("least u_l^2 / u*_l^2 from the change to T_ub", least, 0.5)


@measurement
def dglnn_practical_rule(rng: np.random.Generator, quick: bool) -> Finding:
    """The rule of Section 4 with tau = 0.11: the epoch at which it changes inside Theorem 3."""
    problem = _problem(rng, (2, 3, 2), np.array([1.0, 0.6, 0.0]), 0.5 / 80)
    path = problem.run("algorithm_2", eta=0.1, tolerance=0.11)
    grown = float((path.u[path.switch_epoch, problem.on] ** 2 / problem.norms[problem.on]).max())
    return at_most(
        "epoch of the change", path.switch_epoch, 1.0, largest_u_squared_over_its_limit=grown
    )


@measurement
def dglnn_designs(rng: np.random.Generator, quick: bool) -> Finding:
    """The deltas of Figures 2 and 4 over what Theorem 3 allows: the least of four ratios."""
    ratios: dict[str, float] = {}
    for figure, shape, size, s in (("2", (150, 300), 3, 3), ("4", (100, 500), 4, 4)):
        data = sampling.grouped_regression(*shape, size, f"figure-{figure}", rng=rng)
        inside, outside = model.deltas(data.X.T @ data.X / shape[0], data.groups.tolist())
        ratios |= {f"figure_{figure}_in": 120 * inside, f"figure_{figure}_out": 120 * s * outside}
    return at_least("least ratio", min(ratios.values()), 20.0, **ratios)


def _rates(rng: np.random.Generator, sizes: tuple[int, ...], repeats: int) -> dict[int, float]:
    """||w(T_lb) - w*||^2 n / (sigma^2 log p), s = 1 of 4 groups, n = p, X = sqrt(n) I; means."""
    result = {}
    sigma = 1 / 200
    for size in sizes:
        values = []
        for _ in range(repeats if size < 100 else 1):
            p = 4 * size
            X = np.sqrt(p) * np.eye(p)
            w_star = np.zeros(p)
            w_star[0] = 1.0
            xi = sigma * rng.standard_normal(p)
            noise = model.group_norms(xi / np.sqrt(p), (size,) * 4).max()
            epsilon = max(noise, perturbations.noise_level(p, p, sigma))
            problem = Problem(
                X, w_star, xi, (size,) * 4, np.array([1.0, 0, 0, 0]), float(epsilon), 1 / 20
            )
            path = ops.dglnn_path(
                X,
                X @ w_star + xi,
                size,
                n_epochs=problem.first,
                alpha=problem.alpha,
                gamma=problem.gamma,
                record_every=10**6,
            )
            values.append(float(np.sum((path.x - w_star) ** 2) * p / (sigma**2 * math.log(p))))
        result[size] = float(np.mean(values))
    return result


@measurement
def dglnn_printed_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """Corollary 1's rate s sigma^2 log p / n: how the error over it grows from groups of 4."""
    rates = _rates(rng, (4, 64) if quick else (4, 16, 64, 128), 6)
    return at_least(
        "growth of the ratio from groups of 4 to the largest",
        max(rates.values()) / rates[4],
        4.0,
        **{f"ratio_p_l_{size}": rate for size, rate in rates.items()},
    )


@measurement
def dglnn_corrected_rate(rng: np.random.Generator, quick: bool) -> Finding:
    """The rate s max_l p_l sigma^2 log p / n for equal groups: the largest error over it."""
    rates = _rates(rng, (4, 64) if quick else (4, 16, 64, 128), 6)
    return at_most(
        "largest ratio",
        max(rate / size for size, rate in rates.items()),
        1.0,
        **{f"ratio_p_l_{size}": rate / size for size, rate in rates.items()},
    )


@measurement
def dglnn_unequal_groups(rng: np.random.Generator, quick: bool) -> Finding:
    """Corollary 1, small groups on S, one weak, a large one off it: error^2 over s (2.05 zeta)^2.

    The noise is +-sigma/sqrt n in every entry. The ratio to sum_{l in S} p_l sigma^2 log p / n,
    which has no group off S, grows without limit.
    """
    largest = 0.0
    ratios = {}
    for size in (100, 400) if quick else (100, 400, 800):
        groups = (1, 1, size)
        p = size + 2
        level = 0.0098
        sigma = level / math.sqrt(size) * math.sqrt(p)
        X = np.sqrt(p) * np.eye(p)
        xi = sigma * rng.choice([-1.0, 1.0], p)
        epsilon = max(level, perturbations.noise_level(p, p, sigma))
        norms = np.array([1.0, 0.2 * 80 * epsilon, 0.0])
        w_star = np.concatenate([norms[:2], np.zeros(size)])
        problem = Problem(X, w_star, xi, groups, norms, epsilon, 1 / 20)
        path = problem.run(record_every=problem.first)
        error = float(np.sum((path.w[1] - w_star) ** 2))
        rate = sigma**2 * math.log(p) / p
        largest = max(largest, error / (2 * (2.05 * problem.zeta) ** 2))
        ratios[f"over_s_max_p_l_rate_{size}"] = error / (2 * size * rate)
        ratios[f"over_sum_on_S_{size}"] = error / (2 * rate)
    return at_most("largest error^2 / (s (2.05 zeta)^2) at T_lb", largest, 1.0, **ratios)


@measurement
def dglnn_group_noise(rng: np.random.Generator, quick: bool) -> Finding:
    """max_l ||X_l^T xi / n||_2: its quantile for 1/(8 p^3) over its bound, and failures in draws.

    For Gaussian xi and X^T X = n I the quantile is that of a chi distribution, and nearly the bound
    for a large group.
    """
    from scipy.stats import binom, chi2

    shares = []
    for size, n_groups in ((1, 2), (20, 2), (100_000, 1)):
        p = size * n_groups
        chance = -np.expm1(np.log1p(-1 / (8 * p**3)) / n_groups)
        quantile = np.sqrt(chi2.isf(chance, size))
        shares.append(quantile / perturbations.group_noise_level(size, n_groups, 1, p))
    draws = 4000 if quick else 40_000
    sizes = {f"quantile_over_bound_{k}": float(share) for k, share in enumerate(shares)}
    failures = 0.0
    for groups, n in (((1, 1), 6), ((4, 4), 10), ((20, 20), 50)):
        p = sum(groups)
        X = np.sqrt(n) * np.linalg.qr(rng.standard_normal((n, p)))[0]
        limit = perturbations.group_noise_level(groups[0], len(groups), n, p)
        for kind in ("gaussian", "signs"):
            draw = rng.standard_normal if kind == "gaussian" else _random_signs(rng)
            nu = draw((draws, n)) @ X / n
            norms = np.linalg.norm(nu.reshape(draws, len(groups), -1), axis=2).max(axis=1)
            allowed = binom.ppf(0.999, draws, 1 / (8 * p**3))
            failures = max(failures, float(np.sum(norms > limit) / max(allowed, 1)))
            sizes[f"median_over_bound_{kind}_p_l_{groups[0]}"] = float(np.median(norms) / limit)
    return at_most(
        "quantile over bound, failures over their 99.9 % quantile",
        max(*shares, failures),
        1.0,
        failures=failures,
        **sizes,
    )


def _random_signs(rng: np.random.Generator) -> Any:
    return lambda shape: rng.choice([-1.0, 1.0], shape)


@measurement
def dglnn_size_one(rng: np.random.Generator, quick: bool) -> Finding:
    """Corollary 1 for groups of one entry: mean ||w - w*||^2 n/(s sigma^2 log p), s = 3, n = p."""
    ratios = {}
    sigma = 1 / 400
    for p in (16, 64) if quick else (16, 64, 256):
        values = []
        for _ in range(8):
            X = np.sqrt(p) * np.eye(p)
            norms = np.where(np.arange(p) < 3, 1.0, 0.0)
            w_star = norms * rng.choice([-1.0, 1.0], p)
            xi = sigma * rng.standard_normal(p)
            noise = np.abs(xi).max() / math.sqrt(p)
            epsilon = float(max(noise, perturbations.noise_level(p, p, sigma)))
            problem = Problem(X, w_star, xi, (1,) * p, norms, epsilon, 1 / 20)
            path = ops.dglnn_path(
                X,
                X @ w_star + xi,
                1,
                n_epochs=problem.first,
                alpha=problem.alpha,
                gamma=problem.gamma,
                record_every=10**6,
            )
            error = np.sum((path.x - w_star) ** 2)
            values.append(float(error * p / (3 * sigma**2 * math.log(p))))
        ratios[f"ratio_p_{p}"] = float(np.mean(values))
    return at_most("largest mean ratio", max(ratios.values()), 1.0, **ratios)


@measurement
def dglnn_samples_asked(rng: np.random.Generator, quick: bool) -> Finding:
    """Gaussian designs, s = 4 of 30 groups of 4: the samples that (1) and (2) ask for in Theorem 3.

    For bounds on single entries, over those for bounds on blocks; the deltas of n samples fall like
    1/sqrt n. X^T X is drawn by Bartlett's decomposition.
    """
    n = 10**8
    p = 120
    ratios = []
    for _ in range(5 if quick else 40):
        T = np.tril(rng.standard_normal((p, p)), -1) + np.diag(
            np.sqrt(rng.chisquare(n - np.arange(p)))
        )
        gram = T @ T.T / n
        inside, outside = model.deltas(gram, (4,) * 30)
        alone, pairs = model.deltas(gram, (1,) * p)
        ratios.append((max(alone, 16 * pairs) / max(inside, 4 * outside)) ** 2)
    return at_least("least ratio", min(ratios), 5.0, largest_ratio=max(ratios))
