"""Runs behind Figures 2 to 7 and 11 of L23: settings, data, and measurements along one path.

The text and the authors' public code differ, so there are two versions of each figure. "paper"
follows the text, with the loss 1/(2n) ||y - X w||^2 that its formulas need. "code" minimises the
mean squared error, which doubles both gradients, and takes both at (u(t), v(t)).

The authors' draws are those of their code: its seed in NumPy's legacy generator. Their code
computes in float32; runs are in float64 here, but for one in Figures 2 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import ops, sampling
from ...arrays import Array, BoolArray, IntArray
from ...papers.l23.model import formulas as model

if TYPE_CHECKING:
    from ...sampling.regression import GroupedRegression
    from ..common.cache import ResultCache

VERSIONS: dict[str, dict[str, Any]] = {
    "paper": {"loss_scale": "half", "jacobi": False},
    "code": {"loss_scale": "mean", "jacobi": True},
}
MAX_STATES = 800  # states of a path that a run retains
SUCCESS_FACTOR = 10  # a path succeeds while its error on the support is within so many noise levels
SUCCESS_OFF_SUPPORT = 0.01  # and no weight off the support is larger than this


@dataclass(frozen=True)
class Recipe:
    """Settings of one figure: its data, its algorithm, and the seed of the authors' draw."""

    n_samples: int
    n_features: int
    group_size: int
    coefficients: tuple[float, ...]
    gamma: float
    n_epochs: int
    author_seed: int
    algorithm: str = "algorithm_1"
    eta: float | None = None
    tolerance: float = 0.1
    alpha: float = 1e-6
    design: str = "rademacher"
    noise_std: float = 0.5

    @property
    def group_sizes(self) -> tuple[int, ...]:
        """The size of every group, for functions that take unequal groups."""
        return (self.group_size,) * (self.n_features // self.group_size)

    @property
    def true_norms(self) -> Array:
        """||w_l*|| for the groups of the support."""
        k = len(self.coefficients)
        return model.group_norms(
            np.array(self.coefficients), (self.group_size,) * (k // self.group_size)
        )


RECIPES = {
    "2": Recipe(150, 300, 3, sampling.PATTERNS["figure-2"], 1e-3, 2000, 6),
    "3": Recipe(
        150, 300, 3, sampling.PATTERNS["figure-3"], 1e-3, 1000, 6, "algorithm_2", 1e-3, 0.1
    ),
    "4": Recipe(
        100, 500, 4, sampling.PATTERNS["figure-4"], 1e-2, 500, 42, "algorithm_2", 1e-2, 0.03
    ),
    "5": Recipe(80, 200, 1, sampling.PATTERNS["figure-5"], 0.05, 1000, 0),
    "7": Recipe(
        100,
        500,
        4,
        sampling.PATTERNS["figure-4"],
        0.05,
        8000,
        42,
        "gradient_descent",
        0.05,
        alpha=1e-3,
    ),
    "11": Recipe(
        150,
        300,
        3,
        sampling.PATTERNS["figure-3"],
        1e-3,
        1000,
        42,
        "algorithm_2",
        1e-3,
        0.1,
        design="gaussian",
    ),
}


@dataclass(frozen=True)
class Run:
    """Measurements along one path of a method.

    Attributes
    ----------
    recipe : Recipe
    epochs : ndarray of int (n_states,)
        Epochs of the states that the curves show, at most ``MAX_STATES``.
    error : ndarray (n_states,)
        ||w - w*||^2.
    off_support : ndarray (n_states,)
        Largest absolute weight off the support.
    w : ndarray (n_states, p_S)
        Weights on the support.
    best_error, best_epoch : float, int
        The smallest error over all epochs, and its epoch.
    last_error, recipe_error : float
        The error at the end, and at the number of epochs of the recipe.
    least_squares : float
        The error of least squares on the true support.
    eigenvalue : float
        Largest eigenvalue of P X_S^T X_S P / n, where P projects each group away from w_l*.
    noise : float
        max_l ||X_l^T xi / n||.
    success : ndarray of int (2,)
        First and last epoch at which no entry on the support is off by more than
        ``SUCCESS_FACTOR * noise`` and none off it exceeds ``SUCCESS_OFF_SUPPORT``; zeros if there
        is none.
    """

    recipe: Recipe
    epochs: IntArray
    error: Array
    off_support: Array
    w: Array
    best_error: float
    best_epoch: int
    last_error: float
    recipe_error: float
    least_squares: float
    eigenvalue: float
    noise: float
    success: IntArray

    def error_at(self, epoch: int) -> float:
        """The error in the last retained state up to an epoch."""
        return float(self.error[np.searchsorted(self.epochs, epoch, side="right") - 1])


@dataclass(frozen=True)
class NetworkRun(Run):
    """Measurements along one path of the grouped network.

    Attributes
    ----------
    magnitudes : ndarray (n_states, n_support)
        u_l^2 for the groups l of the support.
    magnitude_off_support : ndarray (n_states,)
        The largest u_l^2 of the other groups.
    v : ndarray (n_states, p_S)
        Directions on the support.
    cosines : ndarray (n_states, n_support)
        <v_l, w_l*> / (||v_l|| ||w_l*||).
    v_change : ndarray (n_states,)
        Largest change of an entry of v on the support since the recorded epoch before.
    half_grown : ndarray of int (n_support,)
        The epoch at which ||w_l|| passes ||w_l*|| / 2; -1 for never.
    switch_epoch : int
        The first epoch with the small step on v; -1 for never.
    """

    magnitudes: Array
    magnitude_off_support: Array
    v: Array
    cosines: Array
    v_change: Array
    half_grown: IntArray
    switch_epoch: int

    @property
    def late_change(self) -> float:
        """Largest change of an entry of v over the last tenth of the retained states."""
        return float(self.v_change[-max(len(self.v_change) // 10, 1) :].max())


# ------------------------------------------------------------ runs


def follow_network(
    cache: ResultCache, key: str, recipe: Recipe, seed: int, **options: Any
) -> NetworkRun:
    """Run the grouped network on one draw, or read the result back. See :func:`network_path`."""
    found = cache.run(key, network_path, recipe=recipe, seed=seed, **options)
    return NetworkRun(recipe=recipe, **_numbers_and_arrays(found))


def follow_rival(cache: ResultCache, key: str, recipe: Recipe, seed: int, **options: Any) -> Run:
    """Run an ungrouped rival on one draw, or read the result back. See :func:`rival_path`."""
    found = cache.run(key, rival_path, recipe=recipe, seed=seed, **options)
    return Run(recipe=recipe, **_numbers_and_arrays(found))


def follow_draws(
    cache: ResultCache, key: str, recipe: Recipe, seeds: Iterable[int], **options: Any
) -> list[NetworkRun]:
    """Run the grouped network on the authors' draw, then on one draw of ours for every seed."""
    seed = recipe.author_seed
    authors = follow_network(cache, f"{key}-authors", recipe, seed, source="authors", **options)
    ours = [follow_network(cache, f"{key}-seed{k}", recipe, k, **options) for k in seeds]
    return [authors, *ours]


def draw_names(seeds: Iterable[int]) -> list[str]:
    """Names of the draws of :func:`follow_draws`."""
    return ["authors'", *(f"ours, seed {k}" for k in seeds)]


def network_path(
    recipe: Recipe,
    seed: int,
    source: str = "ours",
    dtype: str = "float64",
    record_every: int = 1,
    **options: Any,
) -> dict[str, Any]:
    """Follow and measure one path of the grouped network: a result for the cache.

    Parameters
    ----------
    recipe : Recipe
    seed : int
    source : {"ours", "authors"}
        As in :func:`draw_data`.
    dtype : {"float64", "float32"}
        Precision of the path; measurements are in float64.
    record_every : int
        Epochs between the states that are measured.
    **options
        Arguments of :func:`gsae_ref.dglnn_path` that replace those of the recipe.

    Returns
    -------
    dict of str to ndarray
        Fields of :class:`NetworkRun`.
    """
    r = recipe
    data = draw_data(r, seed, source)
    settings = {"n_epochs": r.n_epochs, "alpha": r.alpha, "gamma": r.gamma, **options}
    if r.algorithm != "algorithm_1":
        settings = {"eta": r.eta, **settings}
    if r.algorithm == "algorithm_2":
        settings = {"tolerance": r.tolerance, **settings}
    path = ops.dglnn_path(
        data.X.astype(dtype),
        data.y.astype(dtype),
        r.group_size,
        r.algorithm,
        record_every=record_every,
        **settings,
    )
    curves = {**_weight_curves(path, data, r), **_network_curves(path, r)}
    group_norms = curves["magnitudes"] * _lengths(curves["v"], r.group_size)
    half_grown = group_norms >= r.true_norms / 2
    return {
        **_retained(curves),
        **_summary(curves, data, r),
        "half_grown": np.array([first_epoch(path.epochs, column) for column in half_grown.T]),
        "switch_epoch": -1 if path.switch_epoch is None else path.switch_epoch,
    }


def rival_path(
    recipe: Recipe, seed: int, source: str = "ours", negative_part: bool = True, **options: Any
) -> dict[str, Any]:
    """Follow and measure one path of w = u^2 - v^2, which has no groups: a result for the cache.

    Parameters
    ----------
    recipe : Recipe
    seed : int
    source : {"ours", "authors"}
        As in :func:`draw_data`.
    negative_part : bool
        False for w = u^2.
    **options
        Arguments of :func:`gsae_ref.signed_path` that replace those of the recipe.

    Returns
    -------
    dict of str to ndarray
        Fields of :class:`Run`.
    """
    r = recipe
    data = draw_data(r, seed, source)
    settings = {"n_epochs": r.n_epochs, "alpha": r.alpha, "step_size": r.gamma, **options}
    path = ops.signed_path(data.X, data.y, negative_part=negative_part, **settings)
    curves = _weight_curves(path, data, r)
    return {**_retained(curves), **_summary(curves, data, r)}


# ------------------------------------------------------------ data


def draw_data(recipe: Recipe, seed: int, source: str = "ours") -> GroupedRegression:
    """Draw the data of a recipe.

    Parameters
    ----------
    recipe : Recipe
    seed : int
    source : {"ours", "authors"}
        By :func:`gsae_ref.grouped_regression`, or as the authors' code draws from this seed.

    Returns
    -------
    GroupedRegression
    """
    r = recipe
    if source == "ours":
        return sampling.grouped_regression(
            r.n_samples, r.n_features, r.group_size, r.coefficients, r.design, r.noise_std, seed
        )
    legacy = np.random.RandomState(seed)  # a separate generator: the global one is not touched
    shape = r.n_samples, r.n_features
    if r.design == "rademacher":
        X = 2.0 * legacy.binomial(1, 0.5, size=shape) - 1
    else:
        X = legacy.standard_normal(shape)
    w_star = np.zeros(r.n_features)
    w_star[: len(r.coefficients)] = r.coefficients
    noise = r.noise_std * legacy.standard_normal(r.n_samples)
    return sampling.GroupedRegression(X, X @ w_star + noise, w_star, np.array(r.group_sizes), noise)


# ------------------------------------------------------------ measurements


def projected_design(X: Array, w_star: Array, group_size: int) -> Array:
    """X_S P: the design on the support's groups, where P projects each group away from w_l*.

    >>> projected_design(np.array([[3.0, 4.0, 9.0, 9.0]]), np.array([1.0, 0, 0, 0]), 2).tolist()
    [[0.0, 4.0]]
    """
    weights = w_star.reshape(-1, group_size)
    support = np.flatnonzero(weights.any(axis=1))
    along = weights[support] / np.linalg.norm(weights[support], axis=1, keepdims=True)
    blocks = X.reshape(len(X), -1, group_size)[:, support]
    return (blocks - np.sum(blocks * along, axis=2, keepdims=True) * along).reshape(len(X), -1)


def first_epoch(epochs: IntArray, condition: BoolArray) -> int:
    """The first epoch at which a condition holds; -1 for never."""
    return int(epochs[np.argmax(condition)]) if np.any(condition) else -1


def _weight_curves(path: Any, data: GroupedRegression, recipe: Recipe) -> dict[str, Any]:
    """Curves of the weights, at every recorded epoch."""
    k = len(recipe.coefficients)
    w = np.asarray(path.w, dtype=np.float64)
    return {
        "epochs": path.epochs,
        "error": np.sum((w - data.w_star) ** 2, axis=1),
        "off_support": np.max(np.abs(w[:, k:]), axis=1),
        "w": w[:, :k],
    }


def _network_curves(path: Any, recipe: Recipe) -> dict[str, Any]:
    """Curves of the magnitudes and directions, at every recorded epoch."""
    k = len(recipe.coefficients)
    squares = np.asarray(path.u, dtype=np.float64) ** 2
    v = np.asarray(path.v, dtype=np.float64)[:, :k]
    norms = recipe.true_norms
    lengths = _lengths(v, recipe.group_size)
    starts = np.arange(0, k, recipe.group_size)
    along = np.add.reduceat(v * np.array(recipe.coefficients), starts, axis=1)
    return {
        "magnitudes": squares[:, : len(norms)],
        "magnitude_off_support": np.max(squares[:, len(norms) :], axis=1),
        "v": v,
        "cosines": along / np.where(lengths > 0, lengths * norms, 1),
        "v_change": np.r_[0.0, np.max(np.abs(np.diff(v, axis=0)), axis=1)],
    }


def _lengths(v: Array, group_size: int) -> Array:
    """||v_l|| in every state; 1 but for gradient descent, which does not normalise."""
    return np.sqrt(np.add.reduceat(v * v, np.arange(0, v.shape[1], group_size), axis=1))


def _summary(curves: dict[str, Any], data: GroupedRegression, recipe: Recipe) -> dict[str, Any]:
    """The numbers of a run, from its curves at every recorded epoch."""
    n = len(data.y)
    k = len(recipe.coefficients)
    epochs = curves["epochs"]
    error = curves["error"]
    best = int(np.argmin(error))
    known = np.linalg.lstsq(data.X[:, :k], data.y, rcond=None)[0]
    design = projected_design(data.X, data.w_star, recipe.group_size)
    noise = np.max(model.group_norms(data.X.T @ data.noise / n, recipe.group_sizes))
    on_support = np.max(np.abs(curves["w"] - data.w_star[:k]), axis=1)
    near = (on_support <= SUCCESS_FACTOR * noise) & (curves["off_support"] <= SUCCESS_OFF_SUPPORT)
    good = np.flatnonzero(near)
    return {
        "best_error": error[best],
        "best_epoch": epochs[best],
        "last_error": error[-1],
        "recipe_error": error[np.searchsorted(epochs, recipe.n_epochs, side="right") - 1],
        "least_squares": np.sum((known - data.w_star[:k]) ** 2),
        "eigenvalue": np.linalg.norm(design, 2) ** 2 / n,
        "noise": noise,
        "success": epochs[good[[0, -1]]] if len(good) else np.zeros(2, int),
    }


def _retained(curves: dict[str, Any]) -> dict[str, Any]:
    """At most ``MAX_STATES`` states of every curve, evenly spaced, with the first and the last."""
    n = len(curves["epochs"])
    rows = np.unique(np.linspace(0, n - 1, MAX_STATES).round().astype(int))
    return {name: curve[rows] for name, curve in curves.items()}


def _numbers_and_arrays(found: dict[str, Any]) -> dict[str, Any]:
    """Arrays without dimensions, as files hold numbers, become numbers."""
    arrays = {name: np.asarray(value) for name, value in found.items()}
    return {name: a.item() if a.ndim == 0 else a for name, a in arrays.items()}
