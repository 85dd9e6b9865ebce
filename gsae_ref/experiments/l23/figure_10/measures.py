"""Numbers of Figure 10 of L23: quality of interpolations, by network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from ....arrays import Array, IntArray
from .interpolation import SHARES

MIDDLE = len(SHARES) // 2  # the point of a path that is farthest from both images
MOST_TRAININGS = 10_000  # up to this number a power calculation counts
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
    purity_along: float
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
        float(np.mean(nearest[..., MIDDLE]) - at_ends),
        float(np.mean(excess(nearest))),
        float(np.mean(quality.purity[..., MIDDLE])),
        float(np.mean(along(quality.purity))),
        float(np.mean(quality.confidence[..., MIDDLE])),
        float(np.mean(along(quality.confidence))),
    )


def _mean(values: list[Any]) -> float | None:
    return float(np.mean(values)) if values else None


def excess(nearest: Array) -> Array:
    """For every pair, the mean distance to data inside the path minus that at its ends.

    >>> excess(np.array([[1.0, 6.0, 3.0]]))
    array([4.])
    """
    return along(nearest) - nearest[..., [0, -1]].mean(axis=-1)


def along(values: Array) -> Array:
    """For every pair, the mean over the points inside the path.

    >>> along(np.array([[1.0, 6.0, 8.0, 3.0]]))
    array([7.])
    """
    return values[..., 1:-1].mean(axis=-1)


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
    """By how much one network is better than another: the mean over the pairs in every training.

    A training is one observation: pairs of one training share its network.
    """

    by_training: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the trainings."""
        return float(np.mean(self.by_training))

    @property
    def margin(self) -> float:
        """Half the length of the 95 % confidence interval of the mean, by Student's t.

        >>> round(Gain((1.0, 2.0, 3.0)).margin, 3)
        2.484
        """
        n = len(self.by_training)
        return float(_margin(np.std(self.by_training, ddof=1), n)) if n > 1 else np.inf

    @property
    def positive(self) -> bool:
        """Better: the interval lies above 0."""
        return self.mean > self.margin

    @property
    def negative(self) -> bool:
        """Worse: the interval lies below 0."""
        return self.mean < -self.margin

    @property
    def trainings_needed(self) -> float:
        """Trainings whose interval would leave 0 out, with this mean and standard deviation.

        >>> Gain((1.0, 2.0, 3.0)).trainings_needed
        4
        """
        if len(self.by_training) == 1:
            return np.inf
        n = np.arange(2, MOST_TRAININGS + 1)
        enough = abs(self.mean) > _margin(np.std(self.by_training, ddof=1), n)
        return int(n[enough.argmax()]) if enough.any() else np.inf

    def __str__(self) -> str:
        if len(self.by_training) == 1:
            return f"{self.mean:+.4f}"
        trainings = ", ".join(f"{mean:+.4f}" for mean in self.by_training)
        return f"{self.mean:+.4f} +- {self.margin:.4f} (trainings {trainings})"


def _margin(deviation: Any, n: Any) -> Any:
    return stats.t.ppf(0.975, n - 1) * deviation / np.sqrt(n)


Gains = dict[str, Gain]  # by measure: "excess" (a gain is a lower one), "purity", "confidence"


def compare(network: Quality, other: Quality) -> Gains:
    """Gains of a network over another along the path."""
    return {
        "excess": _gain(excess(other.nearest) - excess(network.nearest)),
        "purity": _gain(along(network.purity) - along(other.purity)),
        "confidence": _gain(along(network.confidence) - along(other.confidence)),
    }


def _gain(differences: Array) -> Gain:
    return Gain(tuple(differences.mean(axis=1).tolist()))


def better(gains: Gains) -> bool | None:
    """True if better in all these measures, False if worse in all of them."""
    if gains and all(gain.positive for gain in gains.values()):
        return True
    return False if gains and all(gain.negative for gain in gains.values()) else None


def what_would_settle(gains: Gains) -> str:
    """What is missing for a verdict by these measures, if there is none."""
    if not gains:
        return "no measure counts"
    open_gains = {k: g for k, g in gains.items() if not (g.positive or g.negative)}
    if not open_gains:
        return "" if better(gains) is not None else "the measures disagree"
    if any(len(g.by_training) == 1 for g in gains.values()):
        return "one training has no spread; use --seeds"
    parts = [f"{_count(g.trainings_needed)} trainings in {k}" for k, g in open_gains.items()]
    return f"an interval without 0 takes {' and '.join(parts)} if mean and spread stay"


def _count(number: float) -> str:
    return f"{number:,}" if np.isfinite(number) else f"more than {MOST_TRAININGS:,}"


def describe(gains: Gains) -> str:
    """The gains, by measure."""
    return ", ".join(f"{name} {gain}" for name, gain in gains.items())
