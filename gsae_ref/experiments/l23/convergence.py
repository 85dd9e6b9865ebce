"""Figures 3 and 11 of L23: Algorithm 2 on three groups of different norms, for two designs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..common.study import Claim, Study, Table, seed_range
from . import plots
from .recovery import VERSIONS, NetworkRun, draw_names, follow_draws

if TYPE_CHECKING:
    from ..common.cache import ResultCache
    from ..common.publishing import Grid
    from .recovery import Recipe

CONVERGED_RATIO = 1.5  # largest error of a converged run, over that of least squares on the support
MAX_OFF_SUPPORT = 0.01  # and its largest weight off the support


@dataclass(frozen=True)
class Convergence:
    """Numbers of Figure 3 or 11: ``runs`` on the authors' draw, by version."""

    runs: dict[str, NetworkRun]


def figures(name: str) -> dict[str, Grid]:
    """The picture of one figure: entries, magnitudes and directions; a row for each version."""
    rows = [
        [
            plots.entries(f"Entries, {version}", version),
            plots.magnitudes(f"Magnitudes, {version}", version),
            plots.cosines(f"Directions, {version}", version),
        ]
        for version in VERSIONS
    ]
    return {name: rows}


def study_convergence(
    cache: ResultCache,
    figure: str,
    title: str,
    recipe: Recipe,
    seed: int,
    n_seeds: int,
) -> Study:
    """Follow both versions on the authors' draw and on ``n_seeds`` draws of ours.

    The steps of the paper's version are half as long, so it runs for twice the epochs.

    Parameters
    ----------
    cache : ResultCache
    figure : {"3", "11"}
    title : str
    recipe : Recipe
    seed, n_seeds : int
        Seeds of our draws: seed, ..., seed + n_seeds - 1.

    Returns
    -------
    Study
        With a :class:`Convergence` as its data.
    """
    seeds = seed_range(seed, n_seeds)
    lengths = {"paper": 2 * recipe.n_epochs, "code": recipe.n_epochs}
    draws = {
        version: follow_draws(
            cache, version, recipe, seeds, n_epochs=lengths[version], **VERSIONS[version]
        )
        for version in VERSIONS
    }
    settings = {
        **asdict(recipe),
        "epochs": lengths,
        "versions": VERSIONS,
        "our seeds": list(seeds),
    }
    claims = []
    for version, runs in draws.items():
        claims += _claims(f"L23 Figure {figure}, {version}'s version", runs)
    return Study(
        f"l23-figure-{figure}",
        title,
        settings,
        Convergence({version: runs[0] for version, runs in draws.items()}),
        [_table(draws, draw_names(seeds))],
        claims,
        _notes(lengths),
    )


def _table(draws: dict[str, list[NetworkRun]], names: list[str]) -> Table:
    columns = (
        "draw",
        "version",
        "epochs",
        "error",
        "least squares, support known",
        "smallest cosine",
        "largest weight off",
        "half-grown at",
        "switch at",
    )
    rows = []
    for version, runs in draws.items():
        rows += [
            (
                name,
                version,
                int(run.epochs[-1]),
                run.last_error,
                run.least_squares,
                float(run.cosines[-1].min()),
                float(run.off_support[-1]),
                " ".join(map(str, run.half_grown)),
                run.switch_epoch,
            )
            for name, run in zip(names, runs, strict=True)
        ]
    return Table("Algorithm 2", columns, rows)


def _claims(source: str, runs: list[NetworkRun]) -> list[Claim]:
    """The claims about one version, from its run on every draw."""
    first = runs[0]
    recipe = first.recipe
    n_draws = len(runs)
    converged = [_converged(run) for run in runs]
    ordered = [_larger_groups_first(run) for run in runs]
    switches = [run.switch_epoch for run in runs]
    accurate = [0 <= run.half_grown.max() <= run.switch_epoch for run in runs]
    return [
        Claim(
            source,
            "entries, magnitudes and directions converge to the true ones",
            f"error {first.last_error:.4g} at epoch {first.epochs[-1]} "
            f"({first.recipe_error:.3g} at {recipe.n_epochs}), least squares on the true support "
            f"{first.least_squares:.4g}, cosines >= {first.cosines[-1].min():.6f}; "
            f"converged in {sum(converged)} of {n_draws} draws",
            all(converged),
        ),
        Claim(
            source,
            "incremental learning: the larger the group, the earlier it grows",
            f"half-grown at epochs {', '.join(map(str, first.half_grown))}, from the smallest "
            f"group to the largest; in this order in {sum(ordered)} of {n_draws} draws",
            all(ordered),
        ),
        Claim(
            source,
            "the practical rule shrinks the step on v when the magnitudes are roughly accurate",
            f"with tolerance {recipe.tolerance} the draws switch at epochs "
            f"{', '.join(map(str, switches))}; at epoch 1 u is still about {recipe.alpha:g}, as it "
            f"grows by less than {100 * recipe.tolerance:g} % an epoch from the start",
            all(accurate),
        ),
    ]


def _converged(run: NetworkRun) -> bool:
    near = run.last_error <= CONVERGED_RATIO * run.least_squares
    return bool(near and run.off_support[-1] < MAX_OFF_SUPPORT)


def _larger_groups_first(run: NetworkRun) -> bool:
    """Whether every group grows, the larger ones earlier; groups are in increasing order."""
    return bool((run.half_grown > 0).all() and (np.diff(run.half_grown) < 0).all())


def _notes(lengths: dict[str, int]) -> list[str]:
    return [
        "The paper's loss has half the gradient of its code's, so "
        f"{lengths['paper']} epochs of the paper's version are compared with {lengths['code']} of "
        "the code's; at equal epochs the paper's version may not have converged.",
        "Both start with all entries of v_l equal to 1/sqrt(p_l). After the switch v moves by "
        "eta u_l^2 q_l, which is nearly nothing while u_l is small; still, the direction is right "
        "once u_l has grown.",
    ]
