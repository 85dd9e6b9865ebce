"""T21 Table 1: MNIST clustered in the pixel basis, by sparse and by group-sparse codes.

settings.py and networks.py define and train the networks, restarts.py keeps one of several
trainings, scores.py clusters, claims.py compares with the paper, plots.py draws. Other methods are
in baselines.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .... import checks
from ....arrays import Array
from ...common.clustering import METHODS
from ...common.study import Study, seed_range
from . import claims, plots, settings
from .baselines import BASELINES, require
from .restarts import LOWEST, RULES, n_trainings, train_networks, train_restarts
from .results import Restarts, Results, Row, Scores
from .scores import Clustering, collect, score, score_baseline
from .settings import Sizes

if TYPE_CHECKING:
    from ...common.cache import ResultCache

TITLE = "T21 Table 1: clustering MNIST by sparse and group-sparse codes"
FIGURES = {
    "t21-table-1": [[plots.bars("k-means"), plots.bars("spectral")]],
    "t21-table-1-restarts": [
        [plots.losses, plots.restarts("loss")],
        [plots.restarts("disagreement"), plots.restarts("active")],
    ],
}
READINGS = ("literal", "closest")
# Row of the paper's table -> the network whose codes are clustered, and the representation of them
# under the literal and under the closest reading.
ROWS = {
    "raw": (None, ("pixels", "pixels")),
    "sparse codes": ("sparse", ("signed", "signed")),
    "sparse codes+": ("sparse", ("abs / sum", "abs / l2")),
    "group-sparse codes": ("group", ("signed", "group norms")),
    "group-sparse codes+": ("group", ("abs / sum", "group norms / sum")),
}
CONTROLS = ("principal", "gaussian")
NETWORKS = ("group", "sparse")
# How the restarts are compared with the labels: representation and method.
RESTARTS_BY = (("group norms / sum", "k-means"), ("group norms", "argmax"))


FIXED = {
    "start": "principal directions",
    "optimizer": "Adam (0.9, 0.999, 1e-8), float32",
    "columns": "unit norm after every step",
    "encoder": "FISTA",
    "pixels": "in [0, 1], less the training mean",
}


class Case(NamedTuple):
    """A row to be computed: whose codes, represented how, clustered by which methods.

    ``network`` is None for the pixels, "group" or "sparse", a rule for the restart that this rule
    keeps, or a kind of untrained dictionary.
    """

    name: str
    reading: str
    network: str | None
    representation: str
    methods: tuple[str, ...]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this table."""
    settings.add_options(parser)
    parser.add_argument(
        "--reading",
        choices=(*READINGS, "all"),
        default="all",
        help="what the paper's rows mean: its text, the representations that come closest to its "
        "numbers, or both (default)",
    )
    parser.add_argument(
        "--choose",
        choices=tuple(RULES),
        default="loss",
        help="the rule; the restart with the lowest value is kept: training loss (default), "
        "the encoder's objective, disagreement with the other restarts, or active groups",
    )
    parser.add_argument(
        "--baselines",
        choices=tuple(BASELINES),
        nargs="*",
        default=(),
        help="other clustering methods to compare with",
    )


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    reading: str = "all",
    choose: str = "loss",
    baselines: Sequence[str] = (),
    **options: Any,
) -> Study:
    """Train the networks, cluster every representation, and compare with the paper's numbers.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        Scikit-learn's digits; for another ``data`` 6000 training and 2000 test images, 2 epochs, 1
        restart.
    seed, n_seeds : int
        Repetitions, each with its own restarts and clusterings.
    reading : {"literal", "closest", "all"}
    choose : {"loss", "objective", "disagreement", "active"}
        The kept restart has the lowest value: of the training loss (13), of that plus the penalty
        lam sum_g ||x_g||, of its disagreement with the other restarts, or of the mean number of
        active groups.
    baselines : sequence of str
        Names from ``BASELINES``.
    **options
        Arguments of :meth:`.settings.Sizes.resolve`.

    Returns
    -------
    Study
    """
    size = Sizes.resolve(quick, **options)
    repetitions = seed_range(seed, n_seeds)
    checks.option("reading", reading, (*READINGS, "all"))
    readings = READINGS if reading == "all" else (reading,)
    checks.option("choose", choose, tuple(RULES))
    baselines = [require(name) for name in baselines]

    cache.expect(len(repetitions) * (n_trainings(size) + size.restarts))
    runs = [Repetition.run(cache, size, r, choose) for r in repetitions]
    cases = _cases(readings, choose)
    cache.expect(_n_clusterings(size, cases, runs) + len(baselines) * len(runs))
    results = Results(
        rows=[_row(cache, size, case, runs) for case in cases],
        rule=choose,
        restarts=_restarts(cache, size, runs),
        baselines={name: _baseline(cache, size, name, runs) for name in baselines},
        relative_step={name: _largest_step(name, runs) for name in NETWORKS},
        active_groups=[float(run.networks["group"]["active_groups"]) for run in runs],
        sparse_loss=[run.networks["sparse"]["loss"] for run in runs],
    )
    recipe = {**size.recipe(), "restart kept": LOWEST[choose], "seeds": list(repetitions), **FIXED}
    tables = claims.tables(results)
    judged = claims.judge(results, size)
    notes = claims.notes(results, size)
    title = size.titled(TITLE)
    return Study("t21-table-1", title, recipe, results, tables, judged, notes)


@dataclass(frozen=True)
class Repetition:
    """The networks of one repetition: those of the table, and every restart.

    ``rules`` has the value of every rule for every restart.
    """

    seed: int
    networks: dict[str, dict[str, Any]]
    restarts: list[dict[str, Any]]
    rules: dict[str, Array]

    @classmethod
    def run(cls, cache: ResultCache, size: Sizes, seed: int, rule: str) -> Repetition:
        """Train the networks, or read them back."""
        restarts = train_restarts(cache, size, seed)
        rules = {name: values(cache, size, restarts) for name, values in RULES.items()}
        return cls(seed, train_networks(cache, size, seed, rule), restarts, rules)

    @property
    def curves(self) -> Array:
        """Training loss, (n_restarts, n_epochs)."""
        return np.array([restart["loss"] for restart in self.restarts])

    def clustering(self, case: Case, method: str) -> Clustering:
        """A case clustered by one of its methods."""
        network = case.network
        A = None
        if network in self.rules:
            A = self.restarts[self.rules[network].argmin()]["A"]
            network = "group"
        elif network in self.networks:
            A = self.networks[network]["A"]
        return Clustering(network, case.representation, method, self.seed, A)

    def clusterings_of_restarts(self) -> list[Clustering]:
        """k-means and the strongest group of every restart."""
        return [
            Clustering("group", representation, method, self.seed, run["A"])
            for representation, method in RESTARTS_BY
            for run in self.restarts
        ]


def _cases(readings: Sequence[str], rule: str) -> list[Case]:
    """The paper's rows, then ours: no clustering, the other rules' restarts, no training."""
    cases = []
    for name, (network, by_reading) in ROWS.items():
        for reading in readings:
            representation = by_reading[READINGS.index(reading)]
            unambiguous = by_reading[0] == by_reading[1]
            label = "either" if unambiguous else reading
            cases.append(Case(name, label, network, representation, METHODS))
    cases.append(Case("predict", "ours", "group", "group norms", ("argmax",)))
    for other in RULES:
        if other != rule:
            name = f"restart of {LOWEST[other]}"
            cases.append(Case(name, "ours", other, "group norms / sum", METHODS))
    for kind in CONTROLS:
        name = f"{kind} columns, untrained"
        cases.append(Case(name, "control", kind, "group norms", (*METHODS, "argmax")))
    return list(dict.fromkeys(cases))


def _n_clusterings(size: Sizes, cases: Sequence[Case], runs: Sequence[Repetition]) -> int:
    """How many different clusterings the table needs."""
    keys = set()
    for run in runs:
        wanted = []
        for case in cases:
            wanted += [run.clustering(case, method) for method in case.methods]
        wanted += run.clusterings_of_restarts()
        keys |= {clustering.key(size.data) for clustering in wanted}
    return len(keys)


def _row(cache: ResultCache, size: Sizes, case: Case, runs: Sequence[Repetition]) -> Row:
    found = {}
    for method in case.methods:
        found[method] = [score(cache, size, run.clustering(case, method)) for run in runs]
    zeros = np.mean([run["zeros"] for run in found[case.methods[0]]])
    scores = {method: collect(values) for method, values in found.items()}
    return Row(case.name, case.reading, case.representation, scores, float(zeros))


def _restarts(cache: ResultCache, size: Sizes, runs: Sequence[Repetition]) -> Restarts:
    accuracies = []
    for run in runs:
        wanted = run.clusterings_of_restarts()
        accuracies.append([score(cache, size, one)["accuracy"] for one in wanted])
    kmeans, argmax = np.split(np.array(accuracies), len(RESTARTS_BY), axis=1)
    rules = {}
    for name in RULES:
        rules[name] = np.stack([run.rules[name] for run in runs])
    return Restarts(rules, kmeans, argmax, np.stack([run.curves for run in runs]))


def _baseline(cache: ResultCache, size: Sizes, name: str, runs: Sequence[Repetition]) -> Scores:
    return collect([score_baseline(cache, size, name, run.seed) for run in runs])


def _largest_step(network: str, runs: Sequence[Repetition]) -> float:
    """The largest unfold_step * ||A||_2^2 while a network was trained."""
    return max(float(run.networks[network]["relative_step"]) for run in runs)
