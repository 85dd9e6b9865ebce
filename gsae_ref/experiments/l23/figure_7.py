"""L23 Figure 7: gradient descent without weight normalisation; its start decides its success."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table, seed_range
from . import plots
from .recovery import RECIPES, NetworkRun, draw_names, follow_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache
    from .recovery import Recipe

TITLE = "L23 Figure 7: gradient descent without weight normalisation, from four starts"
START_SIZE = 1e-3  # ||v_l(0)|| of the small starts
STARTS = {
    "zero": "v(0) = 0",
    "along": "small, along v*",
    "random": "small, random",
    "against": "small, against v*",
}
RECOVERED_RATIO = 2  # largest error of a recovery, over that of least squares on the support


@dataclass(frozen=True)
class Figure7:
    """Numbers of the figure: ``runs`` on the authors' draw, by start."""

    runs: dict[str, NetworkRun]


def compute(
    cache: ResultCache,
    seed: int = 0,
    n_seeds: int = 1,
    recipe: Recipe = RECIPES["7"],
) -> Study:
    """Descend from every start on the authors' draw and on ``n_seeds`` draws of ours.

    Parameters
    ----------
    cache : ResultCache
    seed, n_seeds : int
        Seeds of our draws, seed, ..., seed + n_seeds - 1, and of the random starts on them; the
        random start on the authors' draw is that of the first.
    recipe : Recipe

    Returns
    -------
    Study
        With a :class:`Figure7` as its data.
    """
    seeds = seed_range(seed, n_seeds)
    draws = _runs(cache, recipe, seed, seeds)
    settings = {
        **asdict(recipe),
        "size of the small starts": START_SIZE,
        "seed of the random start": seed,
        "our seeds": list(seeds),
    }
    return Study(
        "l23-figure-7",
        TITLE,
        settings,
        Figure7({name: runs[0] for name, runs in draws.items()}),
        [_table(draws, draw_names(seeds))],
        _claims(draws),
        _notes(recipe),
    )


def _runs(
    cache: ResultCache, recipe: Recipe, seed: int, seeds: Iterable[int]
) -> dict[str, list[NetworkRun]]:
    """For every start, the run on the authors' draw, then those on ours."""
    draws: list[dict[str, Any]] = [{"seed": recipe.author_seed, "source": "authors"}]
    draws += [{"seed": k} for k in seeds]
    keys = ["authors", *(f"seed{k}" for k in seeds)]
    starts = [_starts(recipe, k) for k in (seed, *seeds)]
    common: dict[str, Any] = {"record_every": 5, "loss_scale": "mean"}
    return {
        name: [
            follow_network(cache, f"{key}-{name}", recipe, **draw, **common, v0=start[name])
            for key, draw, start in zip(keys, draws, starts, strict=True)
        ]
        for name in STARTS
    }


def _starts(recipe: Recipe, seed: int) -> dict[str, Any]:
    """v(0) of every start. All entries of w* are equal, so constant groups are along v*."""
    p = recipe.n_features
    size = recipe.group_size
    directions = np.random.default_rng(seed).standard_normal((p // size, size))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    constant = np.full(p, START_SIZE / size**0.5)
    return {
        "zero": "zeros",
        "along": constant.tolist(),
        "random": (START_SIZE * directions.ravel()).tolist(),
        "against": (-constant).tolist(),
    }


def _table(draws: dict[str, list[NetworkRun]], names: list[str]) -> Table:
    columns = (
        "draw",
        "start",
        "smallest error",
        "last error",
        "least squares, support known",
        "groups of the support found",
        "largest weight off",
    )
    rows = []
    for start, runs in draws.items():
        rows += [
            (
                name,
                STARTS[start],
                run.best_error,
                run.last_error,
                run.least_squares,
                _n_groups_found(run),
                float(run.off_support[-1]),
            )
            for name, run in zip(names, runs, strict=True)
        ]
    return Table("Gradient descent", columns, rows)


def _n_groups_found(run: NetworkRun) -> int:
    """Number of groups of the support with ||w_l|| above half of ||w_l*||."""
    size = run.recipe.group_size
    lengths = np.linalg.norm(run.v[-1].reshape(-1, size), axis=1)
    return int(np.sum(run.magnitudes[-1] * lengths > 0.5 * run.recipe.true_norms))


# ------------------------------------------------------------ claims


def _claims(draws: dict[str, list[NetworkRun]]) -> list[Claim]:
    recovers = {
        name: [run.last_error < RECOVERED_RATIO * run.least_squares for run in runs]
        for name, runs in draws.items()
    }
    count = {name: f"{sum(values)} of {len(values)} draws" for name, values in recovers.items()}
    zero = draws["zero"][0]
    against = draws["against"][0]
    return [
        Claim(
            "L23 Figure 7, left and middle",
            "from v(0) = 0 it converges: directions first, then magnitudes",
            f"error {zero.last_error:.4g}, least squares on the true support "
            f"{zero.least_squares:.4g}; recovers in {count['zero']}",
            all(recovers["zero"]),
        ),
        Claim(
            "L23 Figure 7, right",
            f"from a small v(0) of size {START_SIZE:g} it fails, whatever its direction",
            f"recovers from along v* in {count['along']}, from random directions in "
            f"{count['random']}, from the opposite of v* in {count['against']}",
            not any(recovers["along"]) and not any(recovers["against"]),
        ),
        Claim(
            "the authors' code",
            f"from -{START_SIZE:g} / sqrt(p_l) in every entry, the exact opposite of v*, it fails",
            f"error {against.last_error:.3g}, largest weight off the support "
            f"{against.off_support[-1]:.2g}",
            not any(recovers["against"]),
        ),
    ]


def _notes(recipe: Recipe) -> list[str]:
    return [
        f"alpha = {recipe.alpha:g} and both step sizes {recipe.gamma:g}, on the mean squared "
        "error; with these numbers the loss 1/(2n) ||.||^2 needs twice the epochs.",
        "A group on the support whose v_l starts against v_l* first loses magnitude, as "
        "u_l' = 2 u_l v_l^T q_l is negative until v_l has turned; the smaller u_l, the slower v_l "
        "turns. The direction of the start decides, not its size.",
    ]


# ------------------------------------------------------------ pictures


def plot_starts(data: Figure7, ax: Axes) -> list[Any]:
    """Error against epoch from the four starts."""
    artists = []
    styles = ("-", "--", "-.", ":")
    for (name, label), style, colour in zip(STARTS.items(), styles, COLOURS, strict=False):
        run = data.runs[name]
        artists += ax.plot(run.epochs, run.error, style, color=colour, label=label)
    ax.set(title="Error from four starts", xlabel="epoch", ylabel=plots.ERROR_LABEL, yscale="log")
    plots.legend_below(ax, 2)
    return artists


FIGURES = {
    "l23-figure-7": [
        [
            plots.entries("Entries, v(0) = 0", "zero"),
            plots.cosines("Directions, v(0) = 0", "zero"),
            plots.entries("Entries, against v*", "against"),
        ],
        [
            plots.entries("Entries, along v*", "along"),
            plots.entries("Entries, random", "random"),
            plot_starts,
        ],
    ]
}
