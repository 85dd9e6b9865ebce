"""What Figures 2, 3, 4, 6, 7 and 11 of L23 share: their settings, their data, and one run with everything measured on the way.

The figures exist in two versions: the text, and the authors' public code, which differs from it.
Here "paper" is the text read with the loss 1/(2n) ||.||^2 that its formulas need; "code" has what
the code does to the algorithm, the mean squared error (both gradients doubled) and both gradients
at (u(t), v(t)). Data of "authors" are the very draws of their code, from their seed and NumPy's
legacy generator; all computing is in float64, theirs in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ... import ops, sampling
from ...arrays import Array, BoolArray, IntArray
from ...papers.l23.model import formulas as model

if TYPE_CHECKING:
    from ...sampling.regression import GroupedRegression


class Recipe(NamedTuple):
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


FIGURES = {
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
VARIANTS = {
    "paper": {"loss_scale": "half", "jacobi": False},
    "code": {"loss_scale": "mean", "jacobi": True},
}
ROWS = 800  # states that are kept of a run


def draw(recipe: Recipe, seed: int, source: str = "ours") -> GroupedRegression:
    """Data of a recipe: by :func:`gsae_ref.grouped_regression`, or as the authors' code draws them from a seed."""
    r = recipe
    if source == "ours":
        return sampling.grouped_regression(
            r.n_samples, r.n_features, r.group_size, r.coefficients, r.design, r.noise_std, seed
        )
    legacy = np.random.RandomState(seed)  # a generator of its own: the global one is left alone
    shape = r.n_samples, r.n_features
    X = (
        2.0 * legacy.binomial(1, 0.5, size=shape) - 1
        if r.design == "rademacher"
        else legacy.standard_normal(shape)
    )
    w_star = np.zeros(r.n_features)
    w_star[: len(r.coefficients)] = r.coefficients
    noise = r.noise_std * legacy.standard_normal(r.n_samples)
    return sampling.GroupedRegression(
        X, X @ w_star + noise, w_star, np.full(r.n_features // r.group_size, r.group_size), noise
    )


def run(
    recipe: dict[str, Any],
    seed: int,
    source: str = "ours",
    record_every: int = 1,
    baseline: str | None = None,
    step_size: float = 1e-3,
    **options: Any,
) -> dict[str, Any]:
    """One path, measured: a unit of work.

    Parameters
    ----------
    recipe : dict
        Fields of :class:`Recipe`.
    seed : int
    source : {"ours", "authors"}
        As in :func:`draw`.
    record_every : int
        Epochs between the states that are looked at.
    baseline : {"signed", "positive"}, optional
        Instead of the grouped network u^2 - v^2, or u^2 alone, with ``step_size``.
    step_size : float
        Of the baseline.
    **options
        Of :func:`gsae_ref.dglnn_path`, in place of what the recipe has.

    Returns
    -------
    dict of str to ndarray
        Curves: ``epochs``, ``error`` (||w - w*||^2), ``off`` (largest weight off the support),
        ``on`` (largest error on it), ``w`` (weights on the support); of the grouped network also
        ``u`` (u_l^2 on the support), ``u_off`` (the largest off it), ``cosine`` (of v_l with w_l*),
        ``v`` (on the support), ``turn`` (largest change of an entry of v on the support since the
        state before). Numbers: ``best``, ``best_epoch``, ``last``, ``at_length`` (error at the
        recipe's number of epochs), ``grown`` (epoch at which ||w_l|| passes half of
        ||w_l*||, for each l of the support), ``least_squares`` (error of least squares on the true support), ``switch_epoch`` (-1: never),
        ``lam_max`` (largest eigenvalue of P X_S^T X_S P / n, P projecting each group away from
        w_l*), ``noise`` (largest ||X_l^T xi / n||), ``success`` (first and last epoch at which no
        entry on the support is off by more than ten times that, and none off it exceeds 0.01; zeros
        for never).
    """
    r = Recipe(**recipe)
    data = draw(r, seed, source)
    X = data.X
    y = data.y
    w_star = data.w_star
    size = r.group_size
    k = len(r.coefficients)
    if baseline is None:
        settings = {
            "n_epochs": r.n_epochs,
            "alpha": r.alpha,
            "gamma": r.gamma,
            "record_every": record_every,
            **options,
        }
        if r.algorithm != "algorithm_1":
            settings.setdefault("eta", r.eta)
        if r.algorithm == "algorithm_2":
            settings = {"tolerance": r.tolerance, **settings}
        path = ops.dglnn_path(X, y, size, r.algorithm, **settings)
    else:
        settings = {"n_epochs": r.n_epochs, "alpha": r.alpha, **options}
        path = ops.signed_path(
            X,
            y,
            step_size=step_size,
            negative_part=baseline == "signed",
            record_every=record_every,
            **settings,
        )
    error = np.sum((path.w - w_star) ** 2, axis=1)
    best = int(np.argmin(error))
    known = np.linalg.lstsq(X[:, :k], y, rcond=None)[0]
    found = {
        "epochs": path.epochs,
        "error": error,
        "off": np.max(np.abs(path.w[:, k:]), axis=1),
        "on": np.max(np.abs(path.w - w_star)[:, :k], axis=1),
        "w": path.w[:, :k],
    }
    numbers = {
        "best": error[best],
        "best_epoch": path.epochs[best],
        "last": error[-1],
        "at_length": error[np.searchsorted(path.epochs, r.n_epochs, side="right") - 1],
        "least_squares": np.sum((known - w_star[:k]) ** 2),
        "lam_max": np.linalg.norm(across(X, w_star, size), 2) ** 2 / len(y),
        "noise": np.max(model.group_norms(X.T @ data.noise / len(y), tuple(data.groups))),
    }
    good = np.flatnonzero((found["on"] <= 10 * numbers["noise"]) & (found["off"] <= 1e-2))
    numbers["success"] = path.epochs[good[[0, -1]]] if len(good) else np.zeros(2, int)
    if baseline is None:
        s = -(-k // size)
        squares = path.u**2
        v = path.v[:, :k]
        norms = model.group_norms(w_star, tuple(data.groups))[:s]
        along = np.add.reduceat(v * w_star[:k], np.arange(0, k, size), axis=1)
        lengths = np.sqrt(np.add.reduceat(v * v, np.arange(0, k, size), axis=1))
        found |= {
            "u": squares[:, :s],
            "u_off": np.max(squares[:, s:], axis=1),
            "v": v,
            "cosine": along / np.where(lengths > 0, lengths * norms, 1),
            "turn": np.r_[0.0, np.max(np.abs(np.diff(v, axis=0)), axis=1)],
        }
        magnitude = squares[:, :s] * lengths  # without normalisation ||w_l|| is u_l^2 ||v_l||
        numbers["grown"] = np.array(
            [first_at(path.epochs, magnitude[:, g] >= norms[g] / 2) for g in range(s)]
        )
        numbers["switch_epoch"] = -1 if path.switch_epoch is None else path.switch_epoch
    keep = np.unique(np.linspace(0, len(path.epochs) - 1, ROWS).round().astype(int))
    return {**{name: curve[keep] for name, curve in found.items()}, **numbers}


def across(X: Array, w_star: Array, size: int) -> Array:
    """X_S P: the design (n, p_S) on the support's groups, without what points along the true weights w_l* of each group.

    >>> across(np.array([[3.0, 4.0, 9.0, 9.0]]), np.array([1.0, 0.0, 0.0, 0.0]), 2).tolist()
    [[0.0, 4.0]]
    """
    weights = w_star.reshape(-1, size)
    support = np.flatnonzero(weights.any(axis=1))
    along = weights[support] / np.linalg.norm(weights[support], axis=1, keepdims=True)
    blocks = X.reshape(len(X), -1, size)[:, support]
    return (blocks - np.sum(blocks * along, axis=2, keepdims=True) * along).reshape(len(X), -1)


def first_at(epochs: IntArray, condition: BoolArray) -> int:
    """The first epoch at which a condition holds, -1 for never."""
    return int(epochs[np.argmax(condition)]) if np.any(condition) else -1
