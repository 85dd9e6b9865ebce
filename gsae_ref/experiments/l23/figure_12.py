"""L23 Figure 12: the grouped network against the group lasso and a primal-dual method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import ops, sampling
from ...arrays import Array
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table, seed_range
from . import rivals
from .plots import legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache

TITLE = "L23 Figure 12: implicit against explicit regularisation, for all levels of noise"
LEVELS = tuple(float(s) for s in np.exp(np.linspace(0, 3, 10)).round(3))
REPEATS = 30
QUICK_REPEATS = 3
RATIOS = (1.0, 10.0, 100.0, 1000.0, 10000.0)
NETWORKS: dict[str, dict[str, Any]] = {
    "paper": {"n_epochs": 1200, "eta": 1e-3, "tolerance": 0.1},
    "code": {"n_epochs": 600, "eta": 1e-3, "switch": 200, "loss_scale": "mean", "jacobi": True},
}
METHODS = {
    "paper": "grouped network, paper",
    "code": "grouped network, code",
    "group_lasso": "group lasso",
    "refitted": "group lasso, refitted",
    "primal_dual": "primal-dual",
    "known": "least squares, support known",
}
MARKERS = dict(zip(METHODS, "os^Dv*", strict=True))
METHOD_COLOURS = {name: COLOURS[i] for name, i in zip(METHODS, (0, 5, 1, 3, 2, 6), strict=True)}


@dataclass(frozen=True)
class Shape:
    """Sizes of the regression, and the true weights on the support."""

    n_samples: int = 150
    n_features: int = 300
    group_size: int = 4
    n_validation: int = 50
    entries: tuple[float, ...] = sampling.PATTERNS["figure-12"]


@dataclass(frozen=True)
class Figure12:
    """Numbers of the figure.

    Attributes
    ----------
    levels : list of float
        Standard deviations of the noise.
    signal : float
        ||w*||.
    log_errors : dict of str to ndarray (n_levels, n_draws)
        log_2 ||w - w*||^2 of every method.
    random_start : ndarray (n_levels, n_draws)
        The same for the paper's network from random directions.
    """

    levels: list[float]
    signal: float
    log_errors: dict[str, Array]
    random_start: Array

    @property
    def signal_to_noise(self) -> Array:
        """||w*|| / sigma of every level."""
        return self.signal / np.array(self.levels)

    def gap(self, method: str) -> Array:
        """How many bits a method is behind the paper's network, (n_levels, n_draws)."""
        return self.log_errors[method] - self.log_errors["paper"]


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    shape: Shape = Shape(),
    levels: Sequence[float] = LEVELS,
    repeats: int = REPEATS,
) -> Study:
    """Compare all methods at every level of noise, over many draws.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        3 levels and 3 repetitions in place of 10 and 30.
    seed, n_seeds : int
        There are ``repeats`` times ``n_seeds`` draws, from this seed on; at every level they are
        the same but for the size of the noise.
    shape : Shape
    levels : sequence of float
        Standard deviations of the noise.
    repeats : int

    Returns
    -------
    Study
        With a :class:`Figure12` as its data.

    Raises
    ------
    ImportError
        Without skglm; the message says how to install it.
    """
    if quick:
        levels = levels[::4]
        repeats = min(repeats, QUICK_REPEATS)
    seeds = seed_range(seed, repeats * n_seeds)
    data = _numbers(cache, shape, levels, seeds)
    settings = {
        **asdict(shape),
        "levels": list(levels),
        "draws": list(seeds),
        "networks": NETWORKS,
        "ratios": RATIOS,
        "gamma": 1e-3,
        "alpha": 1e-6,
    }
    return Study(
        "l23-figure-12",
        TITLE + " (reduced size)" * quick,
        settings,
        data,
        _tables(data),
        _claims(data),
        _notes(shape),
    )


def _numbers(cache: ResultCache, shape: Shape, levels: Sequence[float], seeds: range) -> Figure12:
    names = (*METHODS, "random")
    errors = {name: np.empty((len(levels), len(seeds))) for name in names}
    cache.expect(errors["paper"].size)
    for i, level in enumerate(levels):
        for j, k in enumerate(seeds):
            key = f"noise{i}-{k}"
            found = cache.run(key, all_errors, noise_std=level, seed=k, shape=shape)
            for name in names:
                errors[name][i, j] = float(found[name])
    logs = {name: np.log2(np.maximum(errors[name], 1e-300)) for name in names}
    random_start = logs.pop("random")
    return Figure12(list(levels), float(np.linalg.norm(shape.entries)), logs, random_start)


def all_errors(noise_std: float, seed: int, shape: Shape) -> dict[str, float]:
    """||w - w*||^2 of every method on one draw: a result for the cache.

    Parameters
    ----------
    noise_std : float
    seed : int
    shape : Shape

    Returns
    -------
    dict of str to float
        The methods of ``METHODS``, and "random", the paper's network from random directions.
    """
    n = shape.n_samples
    k = len(shape.entries)
    data = sampling.grouped_regression(
        n + shape.n_validation,
        shape.n_features,
        shape.group_size,
        shape.entries,
        design="gaussian",
        noise_std=noise_std,
        rng=seed,
    )
    X, X_validation = np.split(data.X, [n])
    y, y_validation = np.split(data.y, [n])

    def network(**options: Any) -> Array:
        path = ops.dglnn_path(X, y, shape.group_size, "algorithm_2", **options)
        return ops.early_stop(path, "validation", X=X_validation, y=y_validation).w

    def best(paths: dict[Any, Array]) -> Array:
        return rivals.best_on_validation(paths, X_validation, y_validation)[0]

    lasso, _ = rivals.group_lasso_path(X, y, data.groups)
    known = np.linalg.lstsq(X[:, :k], y, rcond=None)[0]
    weights = {name: network(**options) for name, options in NETWORKS.items()}
    weights["random"] = network(v0="random", rng=seed, **NETWORKS["paper"])
    weights["group_lasso"] = best({"": lasso})
    weights["refitted"] = best({"": rivals.refit(lasso, X, y, data.groups)})
    weights["primal_dual"] = best(
        {ratio: rivals.primal_dual_path(X, y, data.groups, ratio) for ratio in RATIOS}
    )
    weights["known"] = np.r_[known, np.zeros(shape.n_features - k)]
    return {name: float(np.sum((w - data.w_star) ** 2)) for name, w in weights.items()}


def _tables(data: Figure12) -> list[Table]:
    rows = []
    starts = []
    for i, (level, ratio) in enumerate(zip(data.levels, data.signal_to_noise, strict=True)):
        logs = [data.log_errors[method][i] for method in METHODS]
        rows.append((level, ratio, *(f"{log.mean():.2f} ({log.std():.2f})" for log in logs)))
        constant = data.log_errors["paper"][i]
        random = data.random_start[i]
        largest = float(np.abs(random - constant).max())
        starts.append((level, float(constant.mean()), float(random.mean()), largest))
    columns = ("noise", "||w*|| / noise", *METHODS.values())
    start_columns = ("noise", "as in the code", "random", "largest difference")
    return [
        Table("log_2 of the squared error, mean (standard deviation)", columns, rows),
        Table("Start of the directions", start_columns, starts),
    ]


# ------------------------------------------------------------ claims


def _claims(data: Figure12) -> list[Claim]:
    lasso = data.gap("group_lasso")
    refitted = data.gap("refitted")
    primal_dual = data.gap("primal_dual")
    lowest_noise = primal_dual[0].mean()
    versions = np.abs(data.gap("code").mean(axis=1)).max()
    return [
        Claim(
            "L23 Figure 12",
            "the grouped network is consistently better than explicit regularisation",
            f"group lasso: {describe_gap(lasso)}",
            is_behind(lasso),
        ),
        Claim(
            "ours",
            "it is also better than the group lasso without its shrinkage",
            f"refitted group lasso: {describe_gap(refitted)}",
            is_behind(refitted),
        ),
        Claim(
            "L23 Figure 12",
            "the primal-dual method is comparable when the signal is strong (within one bit at "
            "the lowest noise)",
            f"primal-dual: {describe_gap(primal_dual)}; at the lowest noise {lowest_noise:.2f}",
            bool(abs(lowest_noise) < 1),
        ),
        Claim(
            "ours",
            "the paper's and the code's version of the network are as good (within a quarter of a "
            "bit)",
            f"largest difference of the means {versions:.2f} bits",
            bool(versions < 0.25),
        ),
    ]


def describe_gap(gap: Array) -> str:
    """How far a method is behind: range of the means over the levels, share of the draws."""
    means = gap.mean(axis=1)
    return (
        f"behind by {means.min():.2f} to {means.max():.2f} bits "
        f"(standard errors up to {_standard_errors(gap).max():.2f}), "
        f"in {100 * np.mean(gap > 0):.0f} % of the draws"
    )


def is_behind(gap: Array) -> bool | None:
    """True if behind at every level, False if ahead at some, by two standard errors; else None."""
    means = gap.mean(axis=1)
    margins = 2 * _standard_errors(gap)
    if (means > margins).all():
        return True
    return False if (means < -margins).any() else None


def _standard_errors(gap: Array) -> Array:
    """Standard errors of the means over the draws, by level; infinite for a single draw."""
    n = gap.shape[1]
    return gap.std(axis=1, ddof=1) / n**0.5 if n > 1 else np.full(len(gap), np.inf)


def _notes(shape: Shape) -> list[str]:
    return [
        "Errors are log_2 ||w - w*||^2. Whatever a method tunes (penalty, ratio of steps, "
        "iteration or epoch) is chosen by the squared error on "
        f"{shape.n_validation} further samples, for every method alike.",
        "Bands: one standard deviation of the errors, quartiles of the differences by draw.",
        "The axis is ||w*|| / sigma; the paper's signal-to-noise ratio ||X w*|| / ||xi|| has the "
        "same value up to fluctuations of the draw.",
        "The text has 10 non-zero entries in 3 groups of 4; the code has 12, which are used here. "
        "The paper computes the group lasso with yaglm, by proximal gradient descent; here skglm "
        "computes the same minimiser.",
        "v(0) has all entries 1/2, which is the true direction here, as in the authors' code; the "
        "last table compares with a random start.",
        "The rivals share the network's stopping rule but not its step sizes: the primal-dual "
        "method takes 0 to 500 iterations, and its ratio of steps is one of "
        f"{', '.join(f'{r:g}' for r in RATIOS)}.",
    ]


# ------------------------------------------------------------ pictures


def plot_errors(data: Figure12, ax: Axes) -> list[Any]:
    """Mean error of every method against the level; bands are one standard deviation."""
    artists: list[Any] = []
    for name, label in METHODS.items():
        logs = data.log_errors[name]
        middle = logs.mean(axis=1)
        spread = logs.std(axis=1)
        artists += _curve(ax, data, name, middle, label)
        if name in ("paper", "group_lasso", "primal_dual"):
            artists.append(_band(ax, data, name, middle - spread, middle + spread))
    ax.set(title="Estimation error")
    ax.set_ylabel(r"$\log_2 \|w - w^*\|^2$")
    _finish(ax)
    return artists


def plot_gaps(data: Figure12, ax: Axes) -> list[Any]:
    """Bits by which the rivals are behind, draw by draw: mean and quartiles."""
    artists: list[Any] = []
    for name in ("group_lasso", "refitted", "primal_dual"):
        gap = data.gap(name)
        artists += _curve(ax, data, name, gap.mean(axis=1), METHODS[name])
        artists.append(_band(ax, data, name, *np.percentile(gap, [25, 75], axis=1)))
    artists.append(ax.axhline(0, color="0.4", linewidth=0.8))
    ax.set(title="Bits behind the grouped network")
    ax.set_ylabel("bits, difference by draw")
    _finish(ax)
    return artists


def _curve(ax: Axes, data: Figure12, method: str, values: Array, label: str) -> list[Any]:
    style = MARKERS[method] + "-"
    colour = METHOD_COLOURS[method]
    options: dict[str, Any] = {"color": colour, "markersize": 4, "linewidth": 1.2}
    return ax.plot(data.signal_to_noise, values, style, label=label, **options)


def _band(ax: Axes, data: Figure12, method: str, low: Array, high: Array) -> Any:
    colour = METHOD_COLOURS[method]
    return ax.fill_between(data.signal_to_noise, low, high, color=colour, alpha=0.15, linewidth=0)


def _finish(ax: Axes) -> None:
    """A logarithmic axis of ratios with few labels, and a legend under it."""
    ax.set(xscale="log", xlabel=r"$\|w^*\| / \sigma$")
    ax.set_xticks([2, 5, 10, 20], ["2", "5", "10", "20"])
    ax.minorticks_off()
    legend_below(ax, 2, fontsize=7)


FIGURES = {"l23-figure-12": [[plot_errors, plot_gaps]]}
