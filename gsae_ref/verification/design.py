"""Which of L23's theorems apply to a user's own design matrix and targets."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks
from ..arrays import Array, IntArray
from ..notation.account import Account
from ..papers.l23.gradient_descent import formulas as gradient_descent
from ..papers.l23.gradient_flow.formulas import alignment_bound
from ..papers.l23.instance import Setup
from ..papers.l23.model import formulas as model
from ..papers.l23.perturbations.formulas import group_noise_level
from .bounds import BoundCheck, summary_of
from .design_bounds import hold_design_bounds
from .hypotheses import HypothesisCheck, Shown, account_of_check, inequality
from .ranges import Range, require_moderate

THEOREM3 = "Theorem 3 (printed and R8), Theorem 4"
SMALLEST_ALPHA = 1e-300
ZERO = 1e-12  # relative: a group of least-squares weights that is rounding
NO_NOISE = 1e-9  # relative to u_max*^2: rounding
STEPS = {"gamma": "1/(20 u_max*^2)", "alpha": "min(eps^4, 1)/u_max*^8, u_min*^2/(80 L), eps/L"}


@dataclass(frozen=True, repr=False)
class DesignReport(Shown):
    """Result of :func:`check_design`.

    Attributes
    ----------
    sizes : dict
        n_samples, n_predictors, n_groups, n_active (groups of S), smallest and largest group.
    measures : dict
        ``delta_in``, ``delta_out``; ``u_max_squared``, ``u_min_squared`` (largest and smallest
        ||w*_l|| over S); ``noise`` (max_l ||X_l^T xi / n||_2); ``sigma``; ``epsilon``; ``zeta``.
    group_norms : ndarray of shape (n_groups,)
        ||w*_l||_2.
    gamma, alpha : float
        Step size and start: as given, or the largest that the theory allows.
    hypotheses : tuple of HypothesisCheck
    ranges : tuple of Range
        Of "gamma", "alpha", "eta" and "n_iter" (the number of iterations), by statement.
    verdicts : dict of bool
        For a gamma, alpha or n_iter that was given: whether it is certified.
    bounds : tuple of BoundCheck
        Every inequality of L23's ledger on this design: along Algorithm 1 with ``gamma`` and
        ``alpha``, and at w*; see :class:`~gsae_ref.verification.bounds.BoundCheck`.
    not_held : dict of str
        Inequalities that cannot be held against a design, and why.

    Examples
    --------
    >>> X = 2 * np.eye(4)  # X^T X / n = I
    >>> report = check_design(X, [2.0, 2.0, 0.0, 0.0], groups=2, w_star=[1, 1, 0, 0])
    >>> report.measures["delta_in"], all(h.holds for h in report.hypotheses)
    (0.0, False)
    >>> [h.needed_by for h in report.hypotheses if not h.holds]
    ['Theorem 3 as printed: its window is not empty']
    """

    sizes: dict[str, Any]
    measures: dict[str, float]
    group_norms: Array
    gamma: float
    alpha: float
    hypotheses: tuple[HypothesisCheck, ...]
    ranges: tuple[Range, ...]
    verdicts: dict[str, bool]
    bounds: tuple[BoundCheck, ...] = ()
    not_held: dict[str, str] = field(default_factory=dict)

    def account(self) -> Account:
        """Sizes, measures, hypotheses and ranges."""
        heading = ", ".join(f"{name} {value:.4g}" for name, value in self.sizes.items())
        found = [each.line for each in self.ranges] + summary_of(self.bounds)
        return account_of_check(heading, self.measures, self.hypotheses, found)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "paper": "L23",
            "sizes": self.sizes,
            "measures": self.measures,
            "group_norms": self.group_norms.tolist(),
            "gamma": self.gamma,
            "alpha": self.alpha,
            "hypotheses": [asdict(hypothesis) for hypothesis in self.hypotheses],
            "ranges": [each.to_dict() for each in self.ranges],
            "verdicts": self.verdicts,
            "bounds": [bound.to_dict() for bound in self.bounds],
            "not_held": self.not_held,
        }


def check_design(
    X: ArrayLike,
    y: ArrayLike,
    groups: Any,
    n_active: int | None = None,
    *,
    w_star: ArrayLike | None = None,
    epsilon: float | None = None,
    gamma: float | None = None,
    alpha: float | None = None,
    n_iter: int | None = None,
) -> DesignReport:
    """Report which conditions of L23 a regression meets, and what its theory asks for.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_predictors)
        Design; the paper's has ||X_l^T X_l / n - I||_2 = delta_in, near 0.
    y : array_like of shape (n_samples,)
        Targets.
    groups : int or array_like
        Sizes or labels of the groups, as for :func:`gsae_ref.grouped_regression`.
    n_active : int, optional
        Number of groups in S, those of largest ||X_l^T y / n||; None: all.
    w_star : array_like of shape (n_predictors,), optional
        True weights; None: least squares on S, and then the noise of a group is bounded by what
        Gaussian noise of the residual's variance exceeds with probability 1/(8 p^3).
    epsilon : float, optional
        Theorem 3's eps; None: the noise, or u_max*^2/80 without noise.
    gamma, alpha : float, optional
        Step size and u_l(0) of Algorithm 1, to judge; None: the largest that Theorem 3 allows.
    n_iter : int, optional
        A number of iterations to judge.

    Returns
    -------
    report : DesignReport

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that differ, groups that do not fit,
        weights that are zero, least squares with more predictors than samples.

    Examples
    --------
    >>> X = 2 * np.eye(4)
    >>> report = check_design(X, [2.0, 2.0, 0.0, 0.0], groups=2, w_star=[1, 1, 0, 0], gamma=1.0)
    >>> round(report.measures["u_max_squared"], 3), report.verdicts
    (1.414, {'gamma': False})
    """
    X = checks.array("X", X, ndim=(2,)).astype(np.float64)
    n, p = X.shape
    y = checks.target("y", y, n, f"X of shape {X.shape}").astype(np.float64)
    require_moderate(X=X, y=y)
    sizes, order = checks.grouping(groups, p)
    X = X[:, order]
    if w_star is None:
        w = _least_squares(X, y, sizes, n_active)
    else:
        w = checks.per_atom("w_star", w_star, p).astype(np.float64)[order]
    star = _norms(w, sizes)
    require_moderate(w_star=w)
    if n_iter is not None:
        n_iter = checks.count("n_iter", n_iter, 0)
    if not star.any():
        what = "y is fitted best by w_star = 0" if w_star is None else "w_star is 0"
        raise ValueError(f"{what}: no group is active; L23 has at least one")
    fit = _Fit(X, y, sizes, w, star, w_star is not None)
    setup = fit.setup(epsilon, gamma, alpha)
    hypotheses = _hypotheses(fit, setup)
    ranges = _ranges(setup, hypotheses)
    bounds, not_held = fit.bounds(setup)
    return DesignReport(
        sizes=fit.counts(),
        measures=fit.measures(setup),
        group_norms=star,
        gamma=setup.gamma,
        alpha=setup.alpha,
        hypotheses=hypotheses,
        ranges=ranges,
        verdicts=_verdicts(ranges, {"gamma": gamma, "alpha": alpha, "n_iter": n_iter}),
        bounds=bounds,
        not_held=not_held,
    )


def _norms(x: Array, sizes: IntArray) -> Array:
    """||x_l||_2 for every group."""
    return model.group_norms(x, tuple(sizes.tolist()))


def _verdicts(ranges: tuple[Range, ...], given: dict[str, float | None]) -> dict[str, bool]:
    """Whether each number that was given is certified by some range."""
    return {
        name: any(r.certifies(value) for r in ranges if r.of == name)
        for name, value in given.items()
        if value is not None
    }


def _least_squares(X: Array, y: Array, sizes: IntArray, n_active: int | None) -> Array:
    """Least squares on the n_active groups of largest ||X_l^T y / n||; zeros elsewhere."""
    signal = _norms(X.T @ y / len(X), sizes)
    s = len(sizes) if n_active is None else checks.n_active(n_active, len(sizes))
    active = np.repeat(signal >= np.sort(signal)[-s], sizes)
    used = int(active.sum())
    if used >= len(X):
        raise ValueError(
            f"w_star is not given and least squares has {used} predictors for {len(X)} samples; "
            "give n_active, the number of groups that matter, or w_star"
        )
    w = np.zeros(X.shape[1])
    w[active] = np.linalg.lstsq(X[:, active], y, rcond=None)[0]
    norms = _norms(w, sizes)
    return np.where(np.repeat(norms > ZERO * norms.max(), sizes), w, 0.0)


@dataclass(frozen=True)
class _Fit:
    """A regression with its true weights, or what stands for them."""

    X: Array
    y: Array
    sizes: IntArray
    w: Array
    star: Array
    known: bool

    def counts(self) -> dict[str, Any]:
        """Numbers of samples, predictors and groups, and the sizes of these."""
        return {
            "n_samples": len(self.X),
            "n_predictors": self.X.shape[1],
            "n_groups": len(self.sizes),
            "n_active": self.n_active,
            "smallest_group": int(self.sizes.min()),
            "largest_group": int(self.sizes.max()),
        }

    @property
    def n_active(self) -> int:
        """s, the number of groups with w*_l != 0."""
        return int((self.star > 0).sum())

    @property
    def deltas(self) -> tuple[float, float]:
        """delta_in and delta_out."""
        return model.deltas(self.X.T @ self.X / len(self.X), self.sizes.tolist())

    @property
    def has_mean(self) -> bool:
        """Whether a constant, which L23's model lacks, is most of the residual."""
        rest = self.y - self.X @ self.w
        return bool(2 * rest.mean() ** 2 > np.mean(rest**2))

    @property
    def sigma(self) -> float:
        """Standard deviation of the noise, from the residual."""
        rest = self.y - self.X @ self.w
        used = 0 if self.known else int(np.repeat(self.star > 0, self.sizes).sum())
        return float(np.linalg.norm(rest) / math.sqrt(len(rest) - used))

    @property
    def noise(self) -> Array:
        """||X_l^T xi / n||_2 by group, or the level that it hardly exceeds."""
        n, p = self.X.shape
        if self.known:
            return _norms(self.X.T @ (self.y - self.X @ self.w) / n, self.sizes)
        levels = [
            group_noise_level(int(size), len(self.sizes), n, p, self.sigma, self.deltas[0])
            for size in self.sizes
        ]
        return np.array(levels)

    def setup(self, epsilon: float | None, gamma: float | None, alpha: float | None) -> Setup:
        """The constants of Theorem 3; gamma and alpha as given, else the largest allowed."""
        u_max = float(self.star.max())
        noise = float(self.noise.max())
        eps = noise if noise > NO_NOISE * u_max else u_max / 80
        largest = Setup(
            u_max=u_max,
            u_min=float(self.star[self.star > 0].min()),
            noise=noise,
            epsilon=eps if epsilon is None else checks.step(epsilon, "epsilon"),
            n_groups=len(self.sizes),
            gamma=1 / (20 * u_max),
            alpha=0.0,
        )
        if largest.largest_alpha < SMALLEST_ALPHA:
            raise ValueError(
                f"epsilon = {largest.epsilon:.3g} and u_max*^2 = {u_max:.3g} ask for an alpha "
                f"below {SMALLEST_ALPHA}; give a larger epsilon, or scale y"
            )
        return Setup(
            **{
                **vars(largest),
                "gamma": largest.gamma if gamma is None else checks.step(gamma, "gamma"),
                "alpha": 0.99 * largest.largest_alpha
                if alpha is None
                else checks.step(alpha, "alpha"),
            }
        )

    def bounds(self, setup: Setup) -> tuple[tuple[BoundCheck, ...], dict[str, str]]:
        """The inequalities of the ledger on this design, and those that cannot be held."""
        eta = gradient_descent.second_step(setup.u_max, setup.u_min, setup.zeta, setup.gamma)
        sizes = tuple(self.sizes.tolist())
        return hold_design_bounds(self.X, self.y, sizes, self.w, setup, float(eta.upper))

    def measures(self, setup: Setup) -> dict[str, float]:
        """What is measured of the regression."""
        delta_in, delta_out = self.deltas
        return {
            "delta_in": delta_in,
            "delta_out": delta_out,
            "u_max_squared": setup.u_max,
            "u_min_squared": setup.u_min,
            "noise": setup.noise,
            "sigma": self.sigma,
            "epsilon": setup.epsilon,
            "zeta": setup.zeta,
        }


def _hypotheses(fit: _Fit, setup: Setup) -> tuple[HypothesisCheck, ...]:
    """Conditions of Theorems 3 and 4 and of the start."""
    on = fit.star > 0
    beta = alignment_bound(fit.star[on], fit.noise[on], *fit.deltas)
    return (
        *_deltas(fit, setup),
        inequality(
            "zeta = 80 max(noise, eps) <= u_max*^2",
            THEOREM3,
            setup.u_max - setup.zeta,
            f"noise and eps at most {setup.u_max / 80:.3g} (noise is {setup.noise:.3g}): "
            + ("subtract the mean of y first, " * fit.has_mean)
            + "more samples, or a larger signal",
        ),
        inequality(
            f"gamma <= {STEPS['gamma']}",
            THEOREM3,
            1 - 20 * setup.gamma * setup.u_max,
            f"gamma at most {1 / (20 * setup.u_max):.3g}",
        ),
        inequality(
            f"alpha < {STEPS['alpha']}",
            THEOREM3,
            1 - setup.alpha / setup.largest_alpha,
            f"alpha below {setup.largest_alpha:.3g}",
        ),
        inequality(
            "beta_l = delta_in + delta_out (u*_k/u*_l)^2 summed over k + noise_l/u*_l^2 < 1",
            "Lemma 3, repaired: v_l(0) along X_l^T y faces w*_l, for every l in S",
            1 - float(beta.max()),
            f"it is {float(beta.max()):.3g} at the worst group; drop weak groups from S",
        ),
        inequality(
            "T_lb <= T_ub as printed",
            "Theorem 3 as printed: its window is not empty",
            _room(setup, "printed"),
            "nothing: it is empty whenever zeta <= u_max*^2 and u_max*^2 > 4e-6; take R8's T_ub",
        ),
        inequality(
            "T_lb <= T_ub of R8",
            "R8: its window is not empty",
            _room(setup, "corrected"),
            "zeta <= u_max*^2 and the gamma and alpha above are enough",
        ),
    )


def _deltas(fit: _Fit, setup: Setup) -> tuple[HypothesisCheck, ...]:
    """Assumption 1, with the constants that Theorem 3 asks for."""
    delta_in, delta_out = fit.deltas
    limit = setup.u_min / (120 * setup.u_max)
    largest = int(fit.sizes.max())
    return (
        inequality(
            "delta_in <= u_min*^2/(120 u_max*^2)",
            THEOREM3,
            limit - delta_in,
            f"at most {limit:.3g} (it is {delta_in:.3g}): {_scale_first(fit.X)}"
            f"orthonormalise every group, X_l = sqrt(n) Q_l (numpy.linalg.qr); "
            f"{_gaussian_samples(largest, limit)}",
        ),
        inequality(
            "delta_out <= u_min*^2/(120 s u_max*^2)",
            THEOREM3,
            limit / fit.n_active - delta_out,
            f"at most {limit / fit.n_active:.3g} (it is {delta_out:.3g}): "
            f"{_gaussian_samples(2 * largest, limit / fit.n_active)}",
        ),
    )


def _scale_first(X: Array) -> str:
    """The remedy for predictors whose mean squares are far from 1."""
    squares = np.mean(X**2, axis=0)
    if np.abs(squares - 1).max() <= 0.5:
        return ""
    return (
        f"divide every predictor by its root mean square (the mean squares are "
        f"{squares.min():.3g} to {squares.max():.3g}, not 1); "
    )


def _gaussian_samples(predictors: int, limit: float) -> str:
    """How many independent Gaussian rows bring a block within the limit, in words."""
    samples = predictors / math.expm1(math.log1p(limit) / 2) ** 2
    return f"independent Gaussian predictors have it from about {samples:.2g} samples on"


def _room(setup: Setup, form: str) -> float:
    window = setup.window(form)
    return float(window.upper - window.lower)


def _ranges(setup: Setup, hypotheses: tuple[HypothesisCheck, ...]) -> tuple[Range, ...]:
    """What the theory asks of gamma, alpha, eta, and when to stop."""
    of_the_data = all(h.holds for h in hypotheses if h.needed_by == THEOREM3 and _is_of_data(h))
    all_hold = all(h.holds for h in hypotheses if h.needed_by == THEOREM3)
    printed = setup.window("printed")
    window = setup.window("corrected")
    eta = gradient_descent.second_step(setup.u_max, setup.u_min, setup.zeta, setup.gamma)
    recovers = f"||w_l - w*_l|| <= {2.05 * setup.zeta:.3g} on S, <= alpha off S"
    return (
        Range("gamma", "Theorem 3", 0, 1 / (20 * setup.u_max), "(]", of_the_data, recovers),
        Range("alpha", "Theorem 3", 0, setup.largest_alpha, "()", of_the_data, recovers),
        Range(
            "eta",
            "Theorem 4, repaired",
            float(eta.lower),
            float(eta.upper),
            "[]",
            all_hold,
            "the same, once u_l^2 >= u*_l^2/2 for all l with u*_l^2 >= zeta",
        ),
        Range(
            "n_iter",
            "Theorem 3 as printed",
            float(printed.lower),
            float(printed.upper),
            "[]",
            False,
            "false: see `gsae-ref verify --only L23-theorem3 --explain`",
        ),
        Range(
            "n_iter",
            "R8",
            float(window.lower),
            float(window.upper),
            "[]",
            all_hold and not window.empty,
            recovers,
        ),
    )


def _is_of_data(hypothesis: HypothesisCheck) -> bool:
    """Whether a hypothesis is about the data, not about a number that the user chooses."""
    return not hypothesis.text.startswith(("gamma", "alpha"))
