"""T21's remarks (a) and (b): supports found by sparse and group-sparse encoders on equal data."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ... import groups, sampling
from ...arrays import Array, BoolArray
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table, seed_range
from ..n19.runs import VARIANTS, train_mixture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache

TITLE = "T21 Section 3, comparison with N19: support recovery of sparse and group-sparse encoders"
ENCODERS = {
    "group": "group norm above a threshold",
    "sparse": "some entry above a threshold in size",
    "relu": "some entry above a bias (one-sided)",
    "atoms": "every entry of the group, and no other",
}
SNRS = (-10.0, -7.5, -5.0, -2.5, 0.0, 5.0, 10.0)
POWERS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
NORM_RANGE = (4, 5)
TIE = 0.01  # by which the group-sparse encoder may be behind
BIASES = {"fixed": "normalised, step 10, b = -1/2", "vanishing": "normalised, step 10, b/2"}
MIXTURE = dict(n_features=200, n_atoms=10, n_samples=1000, n_steps=30)  # N19's recipe in small


class Shape(NamedTuple):
    """Sizes of the data."""

    n_features: int = 240
    n_groups: int = 60
    group_size: int = 4
    n_active: int = 3
    n_samples: int = 10_000


@dataclass(frozen=True)
class Rates:
    """Share of samples with exact support, against ``values``: encoder -> (n_values, n_seeds)."""

    values: tuple[float, ...]
    rates: dict[str, Array]

    def best_sparse(self) -> Array:
        """The better of the sparse encoder and the one-sided one."""
        return np.maximum(self.rates["sparse"], self.rates["relu"])


@dataclass(frozen=True)
class Comparison:
    """Exact supports against the SNR in decibels, and at ``snr`` against the power q."""

    noise: Rates
    shape: Rates
    snr: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this experiment."""
    parser.add_argument("--group-size", type=int, default=4, help="atoms per group (default 4)")
    parser.add_argument(
        "--snr",
        type=float,
        default=-5.0,
        help="signal-to-noise ratio of the second panel, in decibels (default -5)",
    )


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    group_size: int = 4,
    snr: float = -5.0,
    n_samples: int | None = None,
) -> Study:
    """Recover supports at the true dictionary, against noise and against the codes' shape.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        1000 samples instead of 10,000.
    seed, n_seeds : int
        Every seed draws dictionary, codes and noise.
    group_size : int
    snr : float
        Of the second panel.
    n_samples : int, optional

    Returns
    -------
    Study
    """
    seeds = seed_range(seed, n_seeds)
    shape = Shape(group_size=group_size, n_samples=n_samples or (1000 if quick else 10_000))
    cache.expect((len(SNRS) + len(POWERS) + len(BIASES)) * len(seeds))
    by_noise = [(f"snr-{value:g}", value, 1.0) for value in SNRS]
    by_shape = [(f"power-{value:g}", snr, value) for value in POWERS]
    data = Comparison(
        noise=Rates(SNRS, _rates(cache, by_noise, seeds, shape)),
        shape=Rates(POWERS, _rates(cache, by_shape, seeds, shape)),
        snr=snr,
    )
    recipe = {
        **shape._asdict(),
        "norm_range": NORM_RANGE,
        "snr_db": SNRS,
        "power": POWERS,
        "snr_of_second_panel": snr,
        "seeds": list(seeds),
    }
    distances = {name: _distance(cache, name, seeds) for name in BIASES}
    return Study(
        "t21-sparse-against-group",
        TITLE + " (reduced size)" * quick,
        recipe,
        data,
        _tables(data),
        _claims(data, distances),
        _notes(shape),
    )


def _rates(
    cache: ResultCache, points: list[tuple[str, float, float]], seeds: range, shape: Shape
) -> dict[str, Array]:
    """Rates of every encoder at several points (name, SNR, power)."""
    rates: dict[str, list[list[float]]] = {encoder: [] for encoder in ENCODERS}
    for name, snr, power in points:
        options = dict(snr=snr, power=power, shape=shape._asdict())
        runs = [cache.run(f"{name}-{k}", recover, seed=k, **options) for k in seeds]
        for encoder, found in rates.items():
            found.append([float(run[encoder]) for run in runs])
    return {encoder: np.array(found) for encoder, found in rates.items()}


def recover(snr: float, power: float, seed: int, shape: dict[str, int]) -> dict[str, float]:
    """Share of samples whose support each encoder finds exactly, each with its best threshold.

    Parameters
    ----------
    snr : float
        Signal-to-noise ratio in decibels, of total energies.
    power : float
        The q of the direction sign(g) |g|^q.
    seed : int
    shape : dict
        Fields of :class:`Shape`.

    Returns
    -------
    dict of str to float
        Encoder -> rate.
    """
    s = Shape(**shape)
    size = s.group_size
    A = sampling.make_dictionary(
        s.n_features, s.n_groups, size, kind="orthonormal_groups", rng=seed
    )
    _, X, indices = sampling.sample(A, s.n_samples, s.n_active, size, NORM_RANGE, rng=seed)
    clean = _with_power(X, power, size) @ A.T
    noise = np.random.default_rng([seed, 1]).standard_normal(clean.shape)
    scale = np.linalg.norm(clean) / np.linalg.norm(noise) * 10 ** (-snr / 20)
    Z = (clean + noise * scale) @ A
    active = np.zeros((len(X), s.n_groups), dtype=bool)
    np.put_along_axis(active, indices, True, axis=1)
    active_atoms = np.asarray(groups.expand(active, size), dtype=bool)
    entries = groups.split(Z, size)
    return {
        "group": _best_rate(groups.norms(Z, size), active),
        "sparse": _best_rate(np.abs(entries).max(axis=2), active),
        "relu": _best_rate(entries.max(axis=2), active),
        "atoms": _best_rate(np.abs(Z), active_atoms),
    }


def _with_power(X: Array, power: float, group_size: int) -> Array:
    """Codes with entries sign(x) |x|^q in place of x, and the same norms of the groups."""
    norms = groups.norms(X, group_size)
    powers = np.sign(X) * np.abs(X) ** power
    scale = norms / np.where(norms > 0, groups.norms(powers, group_size), 1)
    return powers * groups.expand(scale, group_size)


def _best_rate(score: Array, active: BoolArray) -> float:
    """Share of samples with max over inactive <= t < min over active.

    The threshold t is the best on the even samples; the rate is that of the odd samples.
    """
    high = np.where(active, -np.inf, score).max(axis=1)
    low = np.where(active, score, np.inf).min(axis=1)
    possible = high[::2] < low[::2]
    starts = np.sort(high[::2][possible])
    stops = np.sort(low[::2][possible])
    if not len(starts):
        return 0.0
    # Of the intervals [start, stop), how many hold each start.
    count = np.arange(1, len(starts) + 1) - np.searchsorted(stops, starts, side="right")
    t = starts[np.argmax(count)]
    return float(np.mean((high[1::2] <= t) & (t < low[1::2])))


def _distance(cache: ResultCache, name: str, seeds: Sequence[int]) -> float:
    """Distance to the truth at the end of N19's recipe with a bias, mean over the seeds."""
    options = dict(start="perturbation", noise=0.02, variant=VARIANTS[BIASES[name]])
    runs = [
        cache.run(f"bias-{name}-{k}", train_mixture, seed=k, setting=MIXTURE, **options)
        for k in seeds
    ]
    return float(np.mean([run["distance"][-1] for run in runs]))


# --------------------------------------------------------------------------- tables, claims, notes


def _tables(data: Comparison) -> list[Table]:
    sphere = "Share of samples with exact support, directions on the sphere"
    power = f"The same at {data.snr:g} dB, entries |g|^q"
    return [_table(sphere, "SNR (dB)", data.noise), _table(power, "q", data.shape)]


def _table(title: str, axis: str, found: Rates) -> Table:
    means = [found.rates[encoder].mean(axis=1) for encoder in ENCODERS]
    rows = [list(map(float, row)) for row in zip(found.values, *means, strict=True)]
    return Table(title, (axis, *ENCODERS), rows)


def _claims(data: Comparison, distances: dict[str, float]) -> list[Claim]:
    fixed = distances["fixed"]
    vanishing = distances["vanishing"]
    return [
        Claim(
            "T21 remark (a)",
            "the group-sparse encoder recovers supports with a higher success rate "
            "[directions on the sphere]",
            _against("{:g} dB", data.noise),
            _never_behind(data.noise),
        ),
        Claim(
            "T21 remark (a)",
            "the same whatever the coefficients inside a group "
            "[one large entry suffices for the sparse encoder]",
            _against("q = {:g}", data.shape),
            _never_behind(data.shape),
        ),
        Claim(
            "T21 remark (b)",
            "the sparse autoencoder needs a bias that vanishes (N19's mixture, perturbed start)",
            f"distance to the truth {fixed:.2g} with a fixed bias, {vanishing:.2g} with b/2",
            fixed > vanishing,
        ),
    ]


def _against(label: str, found: Rates) -> str:
    """Group-sparse against the better of the two sparse encoders, value by value."""
    group = found.rates["group"].mean(axis=1)
    sparse = found.best_sparse().mean(axis=1)
    pairs = zip(found.values, group, sparse, strict=True)
    return ", ".join(f"{label.format(x)}: {g:.2f} against {s:.2f}" for x, g, s in pairs)


def _never_behind(found: Rates) -> bool:
    return bool((found.rates["group"] >= found.best_sparse() - TIE).all())


def _notes(shape: Shape) -> list[str]:
    return [
        "All encoders see the same samples, at the true dictionary. Each threshold is the best for "
        "its encoder and its data: chosen on one half of the samples, counted on the other.",
        "A direction is u = sign(g) |g|^q / norm with g Gaussian: q = 0 gives entries of equal "
        "size, q = 1 the sphere, large q one entry alone.",
        '"atoms" requires of the sparse encoder what a sparse theory requires: every entry of an '
        "active group above the threshold. Small entries make that impossible, whatever the noise: "
        "no lower bound on entries holds on the sphere.",
        f"Exact means: all {shape.n_active} active groups and no other.",
    ]


# ------------------------------------------------------------------------------------------- plots


def plot_noise(data: Comparison, ax: Axes) -> list[Any]:
    """Exact supports against the noise."""
    artists = _plot(data.noise, ax)
    ax.set(
        title="Against noise, directions on the sphere",
        xlabel="signal-to-noise ratio (dB)",
    )
    return artists


def plot_shape(data: Comparison, ax: Axes) -> list[Any]:
    """Exact supports against the shape of the coefficients."""
    artists = _plot(data.shape, ax)
    ax.set(
        title=f"Against the shape of the coefficients, {data.snr:g} dB",
        xlabel="q in |g|$^q$: 0 equal entries, 1 sphere, large q one entry",
    )
    ax.legend(loc="best")
    return artists


def _plot(found: Rates, ax: Axes) -> list[Any]:
    artists = []
    for colour, style, encoder in zip(COLOURS, ("-o", "--s", ":^", "-.v"), ENCODERS, strict=False):
        means = found.rates[encoder].mean(axis=1)
        label = f"{encoder}: {ENCODERS[encoder]}"
        artists += ax.plot(found.values, means, style, color=colour, markersize=4, label=label)
    ax.set(ylim=(-0.03, 1.03), ylabel="samples with exact support")
    return artists


FIGURES = {"t21-sparse-against-group": [[plot_noise, plot_shape]]}
