"""Numbers of Figure 10 of L23: quality of interpolations, by network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ....arrays import Array, IntArray
from .interpolation import SHARES

MIDDLE = len(SHARES) // 2  # the point of a path that is farthest from both images
LARGE_EIGENVALUE = 0.01  # least size of an eigenvalue that is counted, over the largest


@dataclass(frozen=True)
class Figure10:
    """Numbers behind the pictures; dictionaries are by network, "blend" included where it has any.

    Attributes
    ----------
    shares : ndarray (n_shares,)
        Share of the second image.
    n_linear_parameters : dict of str to int
        Parameters of the linear layers in latent space.
    nearest, purity, confidence : dict of str to ndarray (n_shares,)
        Distance to the nearest training image, purity of its neighbours, and confidence of a
        classifier: means over the pairs.
    spectrum : dict of str to ndarray (n_latent,)
        Eigenvalues of the latent covariance, mean over the seeds.
    loss : dict of str to list of ndarray (n_epochs,)
        By seed.
    pictures : dict of str to ndarray of int
        Gray levels: a row of tiles for every pair.
    """

    shares: Array
    n_linear_parameters: dict[str, int]
    nearest: dict[str, Array]
    purity: dict[str, Array]
    confidence: dict[str, Array]
    spectrum: dict[str, Array]
    loss: dict[str, list[Array]]
    pictures: dict[str, IntArray]


@dataclass(frozen=True)
class Quality:
    """Interpolations of one network: arrays (n_seeds, n_pairs, n_shares)."""

    nearest: Array
    purity: Array
    confidence: Array


@dataclass(frozen=True)
class Measures:
    """One row of the table: means over seeds and pairs; None where the blend has no such number."""

    error: float | None
    effective_rank: float | None
    n_large_eigenvalues: float | None
    distance_at_ends: float
    excess: float
    excess_along: float
    purity: float
    confidence: float
    confidence_along: float


def pool(runs: list[dict[str, Any]]) -> Quality:
    """Put the interpolations of all seeds together."""
    return Quality(
        np.stack([run["nearest"] for run in runs]),
        np.stack([run["purity"] for run in runs]),
        np.stack([run["confidence"] for run in runs]),
    )


def summarise(quality: Quality, runs: list[dict[str, Any]]) -> Measures:
    """Compute the row of the table of one network."""
    nearest = quality.nearest
    at_ends = float(np.mean(nearest[..., [0, -1]]))
    spectra = [run["spectrum"] for run in runs if "spectrum" in run]
    counts = [np.sum(spectrum > LARGE_EIGENVALUE * spectrum[0]) for spectrum in spectra]
    return Measures(
        _mean([run["error"] for run in runs if "error" in run]),
        _mean([effective_rank(spectrum) for spectrum in spectra]),
        _mean(counts),
        at_ends,
        float(np.mean(excess(nearest))),
        float(np.mean(nearest[..., 1:-1]) - at_ends),
        float(np.mean(quality.purity[..., MIDDLE])),
        float(np.mean(quality.confidence[..., MIDDLE])),
        float(np.mean(quality.confidence[..., 1:-1])),
    )


def _mean(values: list[Any]) -> float | None:
    return float(np.mean(values)) if values else None


def excess(nearest: Array) -> Array:
    """For every pair, the distance to data in the middle of the path minus the mean at its ends.

    >>> excess(np.array([[1.0, 6.0, 3.0]]))
    array([4.])
    """
    return nearest[..., nearest.shape[-1] // 2] - nearest[..., [0, -1]].mean(axis=-1)


def effective_rank(spectrum: Array) -> float:
    """exp(entropy of the normalised eigenvalues): k for k equal eigenvalues. Roy, Vetterli (2007).

    >>> round(effective_rank(np.array([2.0, 2.0, 2.0, 0.0])), 6)
    3.0
    """
    p = np.maximum(spectrum, 0) / np.sum(np.maximum(spectrum, 0))
    p = p[p > 0]
    return float(np.exp(-np.sum(p * np.log(p))))


@dataclass(frozen=True)
class Gain:
    """By how much one network is better than another: mean over the pairs, standard error.

    ``by_seed`` holds the mean for every seed, ``n_pairs`` counts the pairs of all seeds.
    """

    mean: float
    error: float
    n_pairs: int
    by_seed: tuple[float, ...]

    @property
    def significant(self) -> bool:
        """Better by more than two standard errors."""
        return self.mean > 2 * self.error

    @property
    def negative(self) -> bool:
        """Worse by more than two standard errors."""
        return self.mean < -2 * self.error

    @property
    def pairs_needed(self) -> float:
        """Pairs of which this mean would be two standard errors.

        >>> Gain(mean=0.1, error=0.1, n_pairs=500, by_seed=(0.1,)).pairs_needed
        2000.0
        """
        return self.n_pairs * (2 * self.error / self.mean) ** 2 if self.mean else np.inf

    def __str__(self) -> str:
        text = f"{self.mean:.3f} +- {self.error:.3f}"
        if len(self.by_seed) == 1:
            return text
        return f"{text} (by seed {', '.join(format(mean, '.3f') for mean in self.by_seed)})"


Gains = dict[str, Gain]  # by measure: "excess" (lower is better), "purity", "confidence"


def compare(network: Quality, other: Quality) -> Gains:
    """Gains of a network over another in the middle of the path, pair by pair."""
    return {
        "excess": _gain(excess(other.nearest) - excess(network.nearest)),
        "purity": _gain((network.purity - other.purity)[..., MIDDLE]),
        "confidence": _gain((network.confidence - other.confidence)[..., MIDDLE]),
    }


def _gain(differences: Array) -> Gain:
    error = differences.std(ddof=1) / np.sqrt(differences.size)
    by_seed = tuple(differences.mean(axis=1).tolist())
    return Gain(float(differences.mean()), float(error), differences.size, by_seed)


def better(gains: Gains) -> bool | None:
    """True if better in all these measures, False if worse in all, by two standard errors."""
    if gains and all(gain.significant for gain in gains.values()):
        return True
    return False if gains and all(gain.negative for gain in gains.values()) else None


def what_would_settle(gains: Gains) -> str:
    """What is missing for a verdict by these measures, if there is none."""
    if not gains:
        return "no measure counts"
    open_gains = {k: g for k, g in gains.items() if not (g.significant or g.negative)}
    if not open_gains:
        return "" if better(gains) is not None else "the measures disagree"
    parts = [f"{g.pairs_needed:,.0f} pairs in {name}" for name, g in open_gains.items()]
    return f"two standard errors take {' and '.join(parts)} if the means stay"


def describe(gains: Gains) -> str:
    """The gains in words."""
    direction = {"excess": "lower"}
    return ", ".join(f"{k} {direction.get(k, 'higher')} by {g}" for k, g in gains.items())
