"""Units of work of N19's Figures 2 and 3: one sparse autoencoder trained on one mixture of Gaussians, N19 Section 6."""

from typing import Any, NamedTuple

import numpy as np

from ... import metrics, ops, sampling
from ...arrays import Array
from ...training import DivergenceError, train_sparse

STARTS = ("perturbation", "pca", "random")
NAMES = {"perturbation": "perturbed truth", "pca": "PCA", "random": "random"}
PROBE = 1000  # samples on which supports are counted
FOUND = 0.5  # a column of A* is found if some column of W is closer


class Setting(NamedTuple):
    """N19 Section 6."""

    n_features: int = 784
    n_atoms: int = 10
    n_samples: int = 10_000
    n_steps: int = 50
    delta: float = 0.5


# What Section 6 leaves open, or its theory decides otherwise: column normalisation, step size, the
# rule for the bias.
VARIANTS = {
    "normalised, step 10, b/2": dict(step_size=10.0, normalise=True, bias=-1.25, factor=0.5),
    "unnormalised, step 10, b/2": dict(step_size=10.0, normalise=False, bias=-1.25, factor=0.5),
    "unnormalised, step 5, b/2": dict(step_size=5.0, normalise=False, bias=-1.25, factor=0.5),
    "normalised, step 1, b/2": dict(step_size=1.0, normalise=True, bias=-1.25, factor=0.5),
    "unnormalised, step 1, b/2": dict(step_size=1.0, normalise=False, bias=-1.25, factor=0.5),
    "normalised, step 10, b/1.05": dict(
        step_size=10.0, normalise=True, bias=-1.25, factor=1 / 1.05
    ),
    "normalised, step 10, b = -1/2": dict(step_size=10.0, normalise=True, bias=-0.5, factor=1.0),
}


def floor(setting: Setting, noise: float) -> float:
    """The loss of the true dictionary with true codes, n sigma^2 / 2: what noise alone leaves."""
    return setting.n_features * noise**2 / 2


def train_mixture(
    start: str, noise: float, variant: dict[str, Any], seed: int, setting: dict[str, Any]
) -> dict[str, Any]:
    """Train once, and measure before every step and at the end.

    Parameters
    ----------
    start : {"perturbation", "pca", "random"}
    noise : float
        Standard deviation of the noise's entries.
    variant : dict
        ``step_size``, ``normalise``, ``bias`` and ``factor``, by which the bias is multiplied after
        every step.
    seed : int
    setting : dict
        Fields of :class:`Setting`.

    Returns
    -------
    dict of str to ndarray
        Curves of n_steps + 1 numbers, NaN once the run has left the finite numbers: ``loss``,
        ``distance`` (N19's, Hungarian), ``exact`` (share of samples whose support is that of the
        code); ``found``, the columns of A* that the end has found; ``diverged``.
    """
    s = Setting(**setting)
    A_star = sampling.make_dictionary(s.n_features, s.n_atoms, 1, rng=seed)
    Y, _, support = sampling.sample_sparse(A_star, s.n_samples, noise=noise, rng=seed)
    W = sampling.initialise_sparse(start, s.n_atoms, Y=Y, A_star=A_star, delta=s.delta, rng=seed)
    curves = {name: np.full(s.n_steps + 1, np.nan) for name in ("loss", "distance", "exact")}

    def watch(step: int, W: Array, bias: float | Array) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(np.sum(W * W)):
                curves["distance"][step] = metrics.matched_distance(W, A_star, "permutation")
                found = ops.sparse_encode(W, Y[:PROBE], bias) != 0
                curves["exact"][step] = np.mean((found == support[:PROBE]).all(axis=1))

    def after_step(intermediate_result: Any) -> None:
        now = intermediate_result
        curves["loss"][now.nit - 1] = now.fun
        watch(now.nit, now.x, now.bias)

    watch(0, W, variant["bias"])
    end = W
    diverged = False
    try:
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
        end = result.x
        curves["loss"][-1] = result.fun
    except DivergenceError:
        diverged = True
    nearest = np.min(np.linalg.norm(A_star[:, :, None] - end[:, None, :], axis=0), axis=1)
    return {
        **curves,
        "found": 0 if diverged else int(np.sum(nearest < FOUND)),
        "diverged": diverged,
    }
