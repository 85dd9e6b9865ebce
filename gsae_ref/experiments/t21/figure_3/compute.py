"""T21 Figure 3: the simulation of Section 4.1, as the paper states it, and by fixed recipes.

runs.py trains one network, theory.py evaluates theorems along the runs, claims.py and tables.py
report, plots.py draws. At the paper's size a run takes one or two minutes of a processor; the
literal ones, whose codes are nearly dense, several times that. A seed is 29 runs, fewer for a
single noise level.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from .... import checks, sampling
from ....papers.t21.model.formulas import block_coherence
from ...common.study import Study, seed_range
from . import applicability, claims, plots, tables
from .results import Angles, AnyRun, Figure3, GroupRun, Run, Theorems
from .runs import NETWORKS, PAPER, QUICK, RECIPES, Setting, train_network
from .theory import contraction

if TYPE_CHECKING:
    from ...common.cache import ResultCache

Key = TypeVar("Key")
TITLE = (
    "T21 Figure 3: does training recover the dictionary and the supports? "
    "Group-sparse and sparse networks on simulated data"
)
SNRS = (1.0, 5.0, 10.0)
LAM = 2.0
THRESHOLDS = (0.75, 1.0, 1.5, 2.0)
# Differs from the paper in one number, the norm of the columns at the start.
MAIN = "scaled"
RULES = ("error", "activity")  # those that pick a threshold from the grid
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


class Case(NamedTuple):
    """One run: the arguments of :func:`.runs.train_network`."""

    network: str
    recipe: str
    lam: float
    snr_db: float
    seed: int
    gradient: str = "exact"

    def key(self, n_samples: int) -> str:
        """Name of the result in the cache."""
        numbers = f"lam{self.lam:g}-snr{self.snr_db:g}-seed{self.seed}-N{n_samples}"
        return f"{self.network}-{self.recipe}-{self.gradient}-{numbers}".replace(".", "p")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The option of this figure."""
    parser.add_argument(
        "--snr",
        type=float,
        nargs="+",
        metavar="DB",
        help="signal-to-noise ratios in decibels (default 1 5 10); "
        "networks are compared at the lowest",
    )


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    snr: Sequence[float] | None = None,
    setting: Setting | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
) -> Study:
    """Train every network, or read it back, and compare with the paper's claims.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        30 groups and 600 samples in place of 500 and 10,000, 150 epochs: every group has as many
        samples. n, the norms and lam, which set the noise of A_g^T y against its signal and the
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
    Study
    """
    setting = setting or (QUICK if quick else PAPER)
    snrs = sorted({checks.real("snr", db) for db in snr or SNRS})
    data = _train_everything(cache, setting, snrs, seed_range(seed, n_seeds), thresholds)
    recipe = {
        **setting._asdict(),
        "lam": LAM,
        "snr_db": snrs,
        "seeds": list(seed_range(seed, n_seeds)),
        "optimizer": "Adam (0.9, 0.999, 1e-8), all samples, float64",
        "thresholds of the grid": list(thresholds),
        "R2, R3": R2,
    }
    title = TITLE if setting == PAPER else f"{TITLE} (reduced size)"
    return Study(
        "t21-figure-3",
        title,
        recipe,
        data,
        tables.tables(data),
        claims.judge(data),
        tables.notes(data),
    )


def trained(cache: ResultCache, setting: Setting, case: Case) -> dict[str, Any]:
    """The result of :func:`.runs.train_network`, from the cache if it is there."""
    key = case.key(setting.n_samples)
    return cache.train(key, train_network, **case._asdict(), setting=setting._asdict())


def _train_everything(
    cache: ResultCache,
    setting: Setting,
    snrs: list[float],
    seeds: range,
    thresholds: Sequence[float],
) -> Figure3:
    """Recipes, the grid of thresholds, gradients; then networks with the chosen thresholds."""

    def train(case: Case) -> dict[str, Any]:
        return trained(cache, setting, case)

    first = seeds[0]
    recipes = _recipe_cases(snrs, seeds)
    grid = {
        (network, lam): [Case(network, MAIN, lam, snrs[0], first)]
        for network in NETWORKS
        for lam in thresholds
    }
    gradients = {name: Case("group", MAIN, LAM, snrs[-1], first, name) for name in GRADIENTS}
    cases = set(gradients.values()).union(*recipes.values(), *grid.values())
    cache.expect(len(cases) + 5)
    grid_runs = _collect(Run, grid, train)
    chosen = _choose(grid_runs, setting)
    networks = {
        (rule, network): [Case(network, MAIN, lam, snrs[0], s) for s in seeds]
        for rule, of in chosen.items()
        for network, lam in of.items()
    }
    cache.expect(len(set().union(*networks.values()) - cases))
    A_star = sampling.make_dictionary(
        setting.n_features, setting.n_groups, setting.group_size, rng=first
    )
    return Figure3(
        setting=setting,
        snrs=snrs,
        mu_block=block_coherence(A_star, setting.group_size),
        recipes=_collect(GroupRun, recipes, train),
        main=MAIN,
        grid=grid_runs,
        chosen=chosen,
        networks=_collect(Run, networks, train),
        gradients={name: GroupRun.collect([train(case)]) for name, case in gradients.items()},
        angles=Angles(**cache.run("contraction", contraction, seed=first, **R2)),
        theorems=_theorems(cache, setting, first),
    )


def _theorems(cache: ResultCache, setting: Setting, seed: int) -> Theorems:
    """The theorems of this project at the paper's sizes, for the reduced setting too."""
    s = PAPER if setting == QUICK else setting
    sizes = {
        "n_features": s.n_features,
        "n_groups": s.n_groups,
        "group_size": s.group_size,
        "n_active": s.n_active,
        "norm_range": s.norm_range,
    }
    one = {name: value for name, value in sizes.items() if name != "n_active"}
    found = cache.run("theorems", applicability.measure, seed=seed, **sizes)
    run = cache.run("one-active", applicability.one_active, seed=seed, **one)
    several = []
    for n_groups, n_active in ((s.n_groups, s.n_active), applicability.SMALL):
        key = f"several-active-{n_groups}-{n_active}"
        law = one | {"n_groups": n_groups, "n_active": n_active}
        del law["n_features"]
        result = cache.run(key, applicability.several_active, seed=seed, **law)
        several.append({"n_groups": n_groups, "n_active": n_active, **_floats(result)})
    return Theorems(sizes, _floats(found), _floats(run), several)


def _floats(result: dict[str, Any]) -> dict[str, float]:
    """Numbers that were read back as arrays."""
    return {name: float(value) for name, value in result.items()}


def _recipe_cases(snrs: list[float], seeds: range) -> dict[tuple[str, float], list[Case]]:
    """The group-sparse network under every recipe at every SNR."""
    cases = {}
    for recipe in RECIPES:
        of = seeds[:1] if recipe == "literal" else seeds
        for db in snrs:
            cases[recipe, db] = [Case("group", recipe, LAM, db, s) for s in of]
    return cases


def _choose(grid: dict[str, dict[float, Run]], setting: Setting) -> dict[str, dict[str, float]]:
    """Rule -> network -> threshold."""
    best = {network: claims.choose_thresholds(runs, setting) for network, runs in grid.items()}
    chosen = {}
    for rule in RULES:
        chosen[rule] = {network: of[rule] for network, of in best.items()}
    return chosen


def _collect(
    kind: type[AnyRun],
    cases: dict[tuple[str, Key], list[Case]],
    train: Callable[[Case], dict[str, Any]],
) -> dict[str, dict[Key, AnyRun]]:
    """Train the cases of every pair of keys; nested dictionaries of runs."""
    found: dict[str, dict[Key, AnyRun]] = {}
    for (name, key), several in cases.items():
        found.setdefault(name, {})[key] = kind.collect([train(case) for case in several])
    return found
