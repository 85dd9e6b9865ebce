"""Figures 3 and 11 of L23: Algorithm 2 on three groups of different norms, the same panels for two designs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.study import Claim, Study, Table
from . import plots
from .recovery import FIGURES as RECIPES
from .recovery import VARIANTS, run

if TYPE_CHECKING:
    from ..common.cache import ResultCache
    from .recovery import Recipe


def figures(name: str) -> dict[str, list[list[Callable[..., Any]]]]:
    """The pictures of one of the two: entries, magnitudes, directions; the paper's version above, the code's below."""
    return {
        name: [
            [
                plots.entries(f"Entries, {v}", v),
                plots.magnitudes(f"Magnitudes, {v}", v),
                plots.cosines(f"Directions, {v}", v),
            ]
            for v in VARIANTS
        ]
    }


def study_of(
    cache: ResultCache,
    name: str,
    title: str,
    figure: str,
    seed: int,
    n_seeds: int,
    recipe: Recipe | None = None,
) -> Study:
    """Follow both versions on the authors' draw and on ``n_seeds`` of ours; the paper's for twice the epochs, as its steps are half as long.

    Parameters
    ----------
    cache : ResultCache
    name, title : str
    figure : {"3", "11"}
    seed, n_seeds : int
    recipe : Recipe, optional
        Other settings than those of the figure.

    Returns
    -------
    Study
    """
    recipe = recipe or RECIPES[figure]
    lengths = {"paper": 2 * recipe.n_epochs, "code": recipe.n_epochs}

    def runs_of(version: str, **where: Any) -> dict[str, Any]:
        key = f"{version}-{where.get('source', 'ours')}-{where['seed']}"
        return cache.run(
            key,
            run,
            recipe=recipe._asdict(),
            n_epochs=lengths[version],
            **where,
            **VARIANTS[version],
        )

    runs = {
        version: runs_of(version, seed=recipe.author_seed, source="authors") for version in VARIANTS
    }
    ours = {
        version: [runs_of(version, seed=k) for k in range(seed, seed + n_seeds)]
        for version in VARIANTS
    }
    every = {version: [runs[version], *ours[version]] for version in VARIANTS}
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
    rows = [
        (
            "authors'" if i == 0 else f"ours, seed {seed + i - 1}",
            version,
            lengths[version],
            float(found["last"]),
            float(found["least_squares"]),
            float(found["cosine"][-1].min()),
            float(found["off"][-1]),
            " ".join(str(t) for t in found["grown"]),
            int(found["switch_epoch"]),
        )
        for version in VARIANTS
        for i, found in enumerate(every[version])
    ]
    claims = []
    for version in VARIANTS:
        found = every[version]
        source = f"L23 Figure {figure}, {version}'s version"
        good = [f["last"] <= 1.5 * f["least_squares"] and f["off"][-1] < 1e-2 for f in found]
        claims.append(
            Claim(
                source,
                "entries, magnitudes and directions converge to the true ones",
                f"error {found[0]['last']:.4g} at epoch {lengths[version]} ({found[0]['at_length']:.3g} at {recipe.n_epochs}), least squares "
                f"on the true support {found[0]['least_squares']:.4g}, cosines >= {found[0]['cosine'][-1].min():.6f}; so in {sum(good)} of {len(good)} "
                f"draws",
                all(good),
            )
        )
        # groups are in increasing order of their norms
        ordered = [(f["grown"] > 0).all() and (np.diff(f["grown"]) < 0).all() for f in found]
        claims.append(
            Claim(
                source,
                "incremental learning: the larger the group, the earlier it grows",
                f"half-grown at epochs {', '.join(map(str, found[0]['grown']))}, from the smallest group to the largest; in this order in "
                f"{sum(ordered)} of {len(ordered)} draws",
                all(ordered),
            )
        )
        early = [int(f["switch_epoch"]) for f in found]
        accurate = [0 <= f["grown"].max() <= s for f, s in zip(found, early, strict=True)]
        claims.append(
            Claim(
                source,
                "the practical rule shrinks the step on v when the magnitudes are roughly accurate",
                f"with tolerance {recipe.tolerance} it does so at epoch {', '.join(map(str, early))} of the draws; at epoch 1 magnitudes are still "
                f"{recipe.alpha:g}, as u grows by less than {100 * recipe.tolerance:g} % an epoch from the start",
                all(accurate),
            )
        )
    notes = [
        f"The paper's loss has half the gradient of its code's, so {lengths['paper']} epochs of the one are compared with {lengths['code']} of the "
        "other; at equal epochs the paper's version may not have arrived.",
        "Both start with all entries of v_l equal to 1/sqrt(p_l). After the switch v moves by eta u_l^2 q_l, which is nearly nothing while u_l is "
        "small, yet the direction is right when u_l has grown.",
    ]
    data = {"recipe": recipe._asdict(), "runs": runs}
    settings = {
        **recipe._asdict(),
        "epochs": lengths,
        "versions": VARIANTS,
        "our seeds": list(range(seed, seed + n_seeds)),
    }
    return Study(name, title, settings, data, [Table("Algorithm 2", columns, rows)], claims, notes)
