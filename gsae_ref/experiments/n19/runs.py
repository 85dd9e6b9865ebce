"""Runs of N19's Figures 2 and 3: a sparse autoencoder trained on a mixture of Gaussians."""

import warnings
from typing import Any, NamedTuple

import numpy as np

from ... import metrics, ops, sampling
from ...arrays import Array
from ...training import DivergenceError, train_sparse

STARTS = ("perturbation", "pca", "random")
START_NAMES = {"perturbation": "perturbed truth", "pca": "PCA", "random": "random"}
N_SUPPORT_SAMPLES = 1000  # samples on which supports are compared
FOUND_DISTANCE = 0.5  # a column of A* is found if a column of W is closer


class Setting(NamedTuple):
    """Sizes of N19 Section 6."""

    n_features: int = 784
    n_atoms: int = 10
    n_samples: int = 10_000
    n_steps: int = 50
    delta: float = 0.5


# The recipe of Section 6: step m = 10 on W, b halved after every step. It leaves open whether
# columns are normalised, as in the theory; so it has two readings.
READINGS: dict[str, dict[str, Any]] = {
    "normalised, step 10, b/2": dict(step_size=10.0, normalise=True, bias=-1.25, factor=0.5),
    "unnormalised, step 10, b/2": dict(step_size=10.0, normalise=False, bias=-1.25, factor=0.5),
}
# Departures from it: another step size, or another bias.
DEPARTURES: dict[str, dict[str, Any]] = {
    "unnormalised, step 5, b/2": dict(step_size=5.0, normalise=False, bias=-1.25, factor=0.5),
    "normalised, step 1, b/2": dict(step_size=1.0, normalise=True, bias=-1.25, factor=0.5),
    "unnormalised, step 1, b/2": dict(step_size=1.0, normalise=False, bias=-1.25, factor=0.5),
    "normalised, step 10, b/1.05": dict(
        step_size=10.0, normalise=True, bias=-1.25, factor=1 / 1.05
    ),
    "normalised, step 10, b = -1/2": dict(step_size=10.0, normalise=True, bias=-0.5, factor=1.0),
}
VARIANTS = READINGS | DEPARTURES
VARIANT_KEYS = {name: f"v{k}" for k, name in enumerate(VARIANTS)}  # names of results in the cache


def noise_floor(setting: Setting, noise: float) -> float:
    """The loss of the true dictionary with the true codes, n sigma^2 / 2."""
    return setting.n_features * noise**2 / 2


def train_mixture(
    start: str, noise: float, variant: dict[str, Any], seed: int, setting: dict[str, Any]
) -> dict[str, Any]:
    """Train once, and measure before every step and at the end: a result for the cache.

    Parameters
    ----------
    start : {"perturbation", "pca", "random"}
    noise : float
        Standard deviation of the noise's entries.
    variant : dict
        ``step_size``, ``normalise``, ``bias`` and ``factor``, by which the bias is multiplied after
        every step.
    seed : int
        Of means, data and start.
    setting : dict
        Fields of :class:`Setting`.

    Returns
    -------
    dict of str to ndarray
        Curves of n_steps + 1 numbers, NaN from where the run diverges: ``loss``, ``distance``
        (N19's, by the Hungarian algorithm), ``exact`` (share of samples whose support is that of
        the code). Numbers: ``found``, the columns of A* that the end has found; ``diverged``.
    """
    s = Setting(**setting)
    A_star = sampling.make_dictionary(s.n_features, s.n_atoms, 1, rng=seed)
    Y, _, support = sampling.sample_sparse(A_star, s.n_samples, noise=noise, rng=seed)
    W = sampling.initialise_sparse(start, s.n_atoms, Y=Y, A_star=A_star, delta=s.delta, rng=seed)
    curves = {name: np.full(s.n_steps + 1, np.nan) for name in ("loss", "distance", "exact")}

    def measure(step: int, W: Array, bias: float | Array) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(np.sum(W * W)):
                curves["distance"][step] = metrics.matched_distance(W, A_star, "permutation")
                active = ops.sparse_encode(W, Y[:N_SUPPORT_SAMPLES], bias) != 0
                exact = (active == support[:N_SUPPORT_SAMPLES]).all(axis=1)
                curves["exact"][step] = np.mean(exact)

    def after_step(intermediate_result: Any) -> None:
        curves["loss"][intermediate_result.nit - 1] = intermediate_result.fun
        measure(intermediate_result.nit, intermediate_result.x, intermediate_result.bias)

    measure(0, W, variant["bias"])
    try:
        with warnings.catch_warnings():  # that no code is left is a result here
            warnings.filterwarnings("ignore", "no sample has a non-zero code", RuntimeWarning)
            result = train_sparse(
                W,
                Y,
                s.n_steps,
                bias=variant["bias"],
                step_size=variant["step_size"],
                normalise=variant["normalise"],
                bias_schedule=variant["factor"],
                measure=False,
                callback=after_step,
            )
    except DivergenceError:
        return {**curves, "found": 0, "diverged": True}
    curves["loss"][-1] = result.fun
    return {**curves, "found": n_columns_found(result.x, A_star), "diverged": False}


def n_columns_found(W: Array, A_star: Array) -> int:
    """Number of columns of A* that are closer than ``FOUND_DISTANCE`` to a column of W."""
    distances = np.linalg.norm(A_star[:, :, None] - W[:, None, :], axis=0)
    return int(np.sum(distances.min(axis=1) < FOUND_DISTANCE))
