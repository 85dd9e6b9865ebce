"""T21 Figure 3: the simulation of Section 4.1, as the paper states it first, then by two recipes that were fixed beforehand.

figure_3_runs.py trains one network, figure_3_theory.py holds theorems against the runs,
figure_3_claims.py says what became of each claim, figure_3_plots.py draws. At the paper's size a
run takes one or two minutes of a processor, the literal ones, whose codes are nearly dense, several
times that; a seed is 29 runs, less for a single noise level.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import checks, sampling
from ....arrays import Array
from ....papers.t21.model.formulas import block_coherence
from ...common.study import Study
from . import claims, plots
from .runs import NETWORKS, PAPER, QUICK, RECIPES, train_network
from .theory import contraction

if TYPE_CHECKING:
    from ...common.cache import ResultCache
    from .runs import Setting

TITLE = "T21 Figure 3: does training recover the dictionary and the supports? Group-sparse and sparse networks on simulated data"
SNRS = (1.0, 5.0, 10.0)
LAM = 2.0
THRESHOLDS = (0.75, 1.0, 1.5, 2.0)
MAIN = "scaled"  # differs from the paper in one number, the norm of the columns at the start; the sparse networks are tuned under it too
GRADIENTS = ("exact", "appendix_b", "approximate")
R2 = {
    "n_features": 40,
    "n_groups": 20,
    "n_samples": 10_000,
    "n_steps": 40,
    "delta": 0.45,
    "lam": 1.9,
    "step": 0.25,
}

FIGURES = {
    "t21-figure-3": [[plots.error, plots.loss], [plots.networks, plots.codes]],
    "t21-figure-3-recipes": [
        [plots.recipe(name) for name in RECIPES[:2]],
        [plots.recipe(name) for name in RECIPES[2:]],
    ],
    "t21-figure-3-thresholds": [[plots.threshold_error, plots.threshold_recovery]],
    "t21-figure-3-theory": [[plots.rotations, plots.gradients], [plots.closeness, plots.angles]],
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The option of this figure."""
    parser.add_argument(
        "--snr",
        type=float,
        nargs="+",
        metavar="DB",
        help="signal-to-noise ratios in decibels (default 1 5 10); networks are compared at the lowest",
    )


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    snr: Sequence[float] | None = None,
    setting: Setting | None = None,
    thresholds: tuple[float, ...] = THRESHOLDS,
) -> Study:
    """Train everything, or read it back, and say what became of each claim.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        30 groups and 600 samples in place of 500 and 10,000, 150 epochs: every group has as many
        samples, and n, the norms and lam, which set the noise of A_g^T y against its signal and the
        threshold, are the paper's.
    seed, n_seeds : int
        Thresholds are tuned, gradients compared, and the literal runs, five times as costly, made
        on the first seed.
    snr : sequence of float, optional
        Decibels; the paper's 1, 5, 10 by default.
    setting : Setting, optional
        Other sizes than those of ``quick``.
    thresholds : sequence of float
        The grid of every network.

    Returns
    -------
    study : Study
    """
    setting = setting or (QUICK if quick else PAPER)
    snrs = sorted({checks.real("snr", db) for db in snr or SNRS})
    seeds = range(checks.count("seed", seed, minimum=0), seed + checks.count("n_seeds", n_seeds))
    low = snrs[0]
    high = snrs[-1]
    done = {}

    def run(
        network: str, recipe: str, lam: float, db: float, seed: int, gradient: str = "exact"
    ) -> dict[str, Any]:
        case = network, recipe, lam, db, seed, gradient
        if case not in done:
            done[case] = trained(cache, setting, *case)
        return done[case]

    own = {
        recipe: {
            f"{db:g}": stacked(
                [
                    run("group", recipe, LAM, db, s)
                    for s in (seeds[:1] if recipe == "literal" else seeds)
                ]
            )
            for db in snrs
        }
        for recipe in RECIPES
    }
    grid = {
        network: {f"{lam:g}": stacked([run(network, MAIN, lam, low, seed)]) for lam in thresholds}
        for network in NETWORKS
    }
    best = {network: claims.choices(grid[network], setting._asdict()) for network in NETWORKS}
    chosen = {
        rule: {network: best[network][rule] for network in NETWORKS}
        for rule in ("error", "activity")
    }
    compared = {
        rule: {
            network: stacked([run(network, MAIN, lam, low, s) for s in seeds])
            for network, lam in of.items()
        }
        for rule, of in chosen.items()
    }
    gradients = {name: stacked([run("group", MAIN, LAM, high, seed, name)]) for name in GRADIENTS}
    angles = cache.run("contraction", contraction, seed=seed, **R2)
    A_star = sampling.make_dictionary(
        setting.n_features, setting.n_groups, setting.group_size, rng=seed
    )
    data = {
        "setting": setting._asdict(),
        "snrs": snrs,
        "main": MAIN,
        "recipes": own,
        "grid": grid,
        "chosen": chosen,
        "networks": compared,
        "gradients": gradients,
        "angles": angles,
        "mu_block": block_coherence(A_star, setting.group_size),
    }
    recipe = {
        **setting._asdict(),
        "lam": LAM,
        "snr_db": snrs,
        "seeds": list(seeds),
        "optimizer": "Adam (0.9, 0.999, 1e-8), all samples, float64",
        "thresholds of the grid": list(thresholds),
        "R2, R3": R2,
    }
    reduced = setting != PAPER
    title = f"{TITLE} (reduced size)" if reduced else TITLE
    return Study(
        "t21-figure-3",
        title,
        recipe,
        data,
        claims.tables(data),
        claims.judge(data, reduced),
        claims.notes(data, reduced),
    )


def stacked(runs: list[dict[str, Any]]) -> dict[str, Array]:
    """The same numbers of several seeds, one seed per row."""
    return {name: np.stack([run[name] for run in runs]) for name in runs[0]}


def trained(
    cache: ResultCache,
    setting: Setting,
    network: str,
    recipe: str,
    lam: float,
    snr: float,
    seed: int,
    gradient: str = "exact",
) -> dict[str, Any]:
    """One run of :func:`train_network` as a unit of work, which continues from its checkpoint if it was interrupted."""
    key = "-".join(
        [
            network,
            recipe,
            gradient,
            f"lam{lam:g}",
            f"snr{snr:g}",
            f"seed{seed}",
            f"N{setting.n_samples}",
        ]
    ).replace(".", "p")
    path = cache.checkpoint(key)

    def unit(**arguments: Any) -> dict[str, Any]:
        return train_network(**arguments, checkpoint=path, progress=cache.progress)

    found = cache.run(
        key,
        unit,
        network=network,
        recipe=recipe,
        lam=lam,
        snr_db=snr,
        seed=seed,
        setting=setting._asdict(),
        gradient=gradient,
    )
    for left in (path, f"{path}.previous") if path else ():
        with contextlib.suppress(FileNotFoundError):
            os.unlink(left)
    return found
