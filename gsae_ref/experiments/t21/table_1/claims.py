"""Table 1's numbers beside the paper's: tables, the outcome of each claim, notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...common.clustering import METHODS
from ...common.publishing import spread
from ...common.study import Claim, Table
from .restarts import LOWEST, RULES
from .results import Restarts, Results, Row, Scores
from .settings import Sizes

# T21 Table 1: accuracy of k-means and of spectral clustering, percent.
PAPER = {
    "raw": (54.46, 63.04),
    "sparse codes": (54.14, 55.49),
    "sparse codes+": (60.94, 56.98),
    "group-sparse codes": (74.5, 79.4),
    "group-sparse codes+": (80.09, 80.27),
}
# A row reproduces if its mean is within so many points of the paper's number ...
TOLERANCE = {"raw": 1.0, "sparse codes": 3.0, "sparse codes+": 3.0, "group-sparse codes": 1.0}
# ... and the last row, which varies with the restart, if every repetition reaches this.
BEST_ROW = "group-sparse codes+"
LEAST = 79.0
MARGIN = 5.0  # points by which the best row must be ahead of pixels and sparse codes
DESCRIPTION = {
    "raw": "the pixel basis",
    "sparse codes": "sparse codes",
    "sparse codes+": "sparse codes, nonnegative, of sum 1",
    "group-sparse codes": "group-sparse codes",
    "group-sparse codes+": "group-sparse codes, nonnegative, of sum 1",
}
ALL_METHODS = (*METHODS, "argmax")


# ---------------------------------------------------------------------------------------- tables


def tables(results: Results) -> list[Table]:
    """The table itself; NMI and ARI; every restart; what a rule of choice is worth; baselines."""
    made = [
        _accuracies(results.rows),
        _other_scores(results.rows),
        _every_restart(results.restarts),
        _rules(results.restarts),
    ]
    if results.baselines:
        made.append(_baselines(results.baselines))
    return made


def _entry(row: Row, method: str, name: str) -> str:
    """One score of a row as text; empty where the row is not clustered by the method."""
    return spread(getattr(row.scores[method], name)) if method in row.scores else ""


def _accuracies(rows: list[Row]) -> Table:
    lines = []
    for row in rows:
        line: list[Any] = [row.name, row.reading, row.representation]
        for method, number in zip(METHODS, PAPER.get(row.name, ("", "")), strict=True):
            line += [number, _entry(row, method, "accuracy")]
        lines.append([*line, _entry(row, "argmax", "accuracy")])
    columns = (
        "row",
        "reading",
        "what is clustered",
        "k-means, paper",
        "k-means",
        "spectral, paper",
        "spectral",
        "argmax, no clustering",
    )
    return Table("Accuracy on the test images, percent", columns, lines)


def _other_scores(rows: list[Row]) -> Table:
    pairs = [(name, method) for name in ("nmi", "ari") for method in ALL_METHODS]
    lines = []
    for row in rows:
        entries = [_entry(row, method, name) for name, method in pairs]
        lines.append([row.name, row.reading, row.representation, *entries])
    scores = [f"{name.upper()}, {method}" for name, method in pairs]
    columns = ("row", "reading", "what is clustered", *scores)
    title = "Normalised mutual information and adjusted Rand index, percent"
    return Table(title, columns, lines)


def _every_restart(restarts: Restarts) -> Table:
    chosen = {rule: restarts.choose(rule) for rule in RULES}
    lines = []
    for r, k in np.ndindex(restarts.kmeans.shape):
        lines.append(
            [
                r,
                k,
                f"{restarts.rules['loss'][r, k]:.5f}",
                f"{restarts.rules['objective'][r, k]:.5f}",
                f"{restarts.rules['disagreement'][r, k]:.4f}",
                f"{restarts.rules['active'][r, k]:.4f}",
                float(restarts.kmeans[r, k]),
                float(restarts.argmax[r, k]),
                ", ".join(rule for rule in RULES if chosen[rule][r] == k),
            ]
        )
    columns = (
        "repetition",
        "restart",
        "training loss",
        "loss + penalty",
        "disagreement",
        "active groups",
        "k-means of group norms / sum",
        "argmax",
        "lowest",
    )
    n_epochs = restarts.curves.shape[-1]
    title = f"Restarts of the group-sparse network, after {n_epochs} epochs"
    return Table(title, columns, lines)


def _rules(restarts: Restarts) -> Table:
    accuracies = {"any restart": restarts.kmeans.ravel()}
    accuracies |= {LOWEST[rule]: restarts.chosen_accuracy(rule) for rule in RULES}
    lines = [
        [name, len(values), spread(values), float(np.mean(values >= LEAST))]
        for name, values in accuracies.items()
    ]
    columns = ("restart kept", "restarts", "accuracy", f"share at {LEAST:g} or more")
    title = "What a rule of choice is worth: k-means of group norms / sum"
    return Table(title, columns, lines)


def _baselines(baselines: dict[str, Scores]) -> Table:
    lines = [
        [name, spread(scores.accuracy), spread(scores.nmi), spread(scores.ari)]
        for name, scores in baselines.items()
    ]
    title = "Other methods on the pixels of the same test images, percent"
    return Table(title, ("method", "accuracy", "NMI", "ARI"), lines)


# ---------------------------------------------------------------------------------------- claims


def judge(results: Results, size: Sizes) -> list[Claim]:
    """Every number of the paper's table; the ranking that it concludes; our own rule of choice."""
    conclusive = size.settles_claims
    paper = [row for row in results.rows if row.name in PAPER]
    claims = [_number(row, method, conclusive) for row in paper for method in METHODS]
    claims += _ranking(paper, conclusive)
    fewest = results.restarts.chosen_accuracy("active")
    claims.append(
        Claim(
            "ours",
            f"restart of {LOWEST['active']}: at least {LEAST:g} by k-means in every repetition",
            spread(fewest),
            bool(np.all(fewest >= LEAST)) if conclusive else None,
        )
    )
    return claims


def _number(row: Row, method: str, conclusive: bool) -> Claim:
    number = PAPER[row.name][METHODS.index(method)]
    values = np.array(row.scores[method].accuracy)
    if row.name == BEST_ROW:
        wanted = f"{number:g} by {method}, and at least {LEAST:g} in every repetition"
        holds = bool(np.all(values >= LEAST))
    else:
        wanted = f"{number:g} ± {TOLERANCE[row.name]:g} by {method}"
        holds = bool(abs(values.mean() - number) <= TOLERANCE[row.name])
    reading = f"{row.reading} reading: {row.representation}"
    text = f"{DESCRIPTION[row.name]}: {wanted} [{reading}]"
    return Claim("T21 Table 1", text, spread(values), holds if conclusive else None)


def _ranking(rows: list[Row], conclusive: bool) -> Iterator[Claim]:
    """Under every reading: the best row against pixels and sparse codes."""
    for reading in dict.fromkeys(row.reading for row in rows if row.reading != "either"):
        group = [row for row in rows if (row.name, row.reading) == (BEST_ROW, reading)]
        others = [row for row in rows if "group" not in row.name]
        others = [row for row in others if row.reading in (reading, "either")]
        for method in METHODS:
            best = np.array(group[0].scores[method].accuracy)
            rivals = np.array([row.scores[method].accuracy for row in others])
            ahead = np.min(best - rivals.max(axis=0))
            yield Claim(
                "T21 Section 4.2",
                f"group-sparse codes dramatically improve clustering by {method} over pixels and "
                f"sparse codes [{reading} reading]",
                f"{BEST_ROW} ahead by at least {ahead:.1f} points; {MARGIN:g} are required",
                bool(ahead >= MARGIN) if conclusive else None,
            )


# ---------------------------------------------------------------------------------------- notes


def notes(results: Results, size: Sizes) -> list[str]:
    """Context that is needed to judge the numbers."""
    steps = results.relative_step
    listed = ", ".join(f"{network} {value:.2f}" for network, value in steps.items())
    found = [
        'The paper defines its rows only as "codes" and "codes+, made nonnegative and scaled to '
        'sum to 1". Literal reading: signed codes, and absolute values divided by their sum. '
        "Closest reading: of about 45 representations of one trained network, those whose accuracy "
        "came nearest to the paper's numbers, which were known when they were picked. They are "
        "consistent with the table; that the paper used them is a conjecture.",
        f"Largest step_size * ||A||_2^2 while training: {listed}. Up to 1 the "
        f"{size.setting.n_unfold} steps of the encoder approach their minimiser.",
        f"After {size.screening_epochs} epochs the restart of {LOWEST[results.rule]} is kept, "
        f"without labels, and trained for {size.setting.n_epochs}. {size.restarts} restarts, "
        f"{len(results.active_groups)} repetition(s); spreads are over repetitions.",
        "Disagreement is 1 less the mean adjusted Rand index of a restart's strongest groups with "
        "those of the others, on training images without labels. All rules are ours, not the "
        "paper's. Networks kept by the other rules are taken as they are when restarts are "
        "compared.",
        f"Mean number of active groups of a test image: {spread(results.active_groups, 2)}.",
        "Not stated in the paper: size of a mini-batch, centring, unit columns, acceleration and "
        "step of the encoder, restarts, seeds.",
    ]
    if max(steps.values()) > 1:
        found.append("Warning: that step exceeds 1, where the encoder need not converge.")
    zeros = {row.name: row.zeros for row in results.rows if row.zeros > 0}
    found += [f"{row}: {n:.1%} of the test images have the code zero." for row, n in zeros.items()]
    if size.data != "mnist":
        found.append(
            f"The data are {size.data}, not MNIST: the paper's numbers are for orientation, "
            "and no claim is settled."
        )
    return found
