"""The numbers behind Table 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....arrays import Array, IntArray


@dataclass(frozen=True)
class Scores:
    """Agreement of a clustering with the labels, in percent: one number per repetition."""

    accuracy: list[float]
    nmi: list[float]
    ari: list[float]


@dataclass(frozen=True)
class Row:
    """A row of the table under one reading.

    Attributes
    ----------
    name : str
        As in the paper, for the paper's rows.
    reading : str
        "literal", "closest" or "either"; "ours" and "control" for rows that the paper lacks.
    representation : str
        What is clustered.
    scores : dict of str to Scores
        By method: "k-means", "spectral", "argmax".
    zeros : float
        Share of test images whose representation is zero, mean over the repetitions.
    """

    name: str
    reading: str
    representation: str
    scores: dict[str, Scores]
    zeros: float


@dataclass(frozen=True)
class Restarts:
    """Every restart of every repetition, after the epochs at which restarts are compared.

    Attributes
    ----------
    rules : dict of str to ndarray of shape (n_repetitions, n_restarts)
        Rule -> its values; the lowest is kept.
    kmeans, argmax : ndarray of shape (n_repetitions, n_restarts)
        Accuracy of k-means of the group norms divided by their sum, and of the strongest group.
    curves : ndarray of shape (n_repetitions, n_restarts, n_epochs)
        Training loss.
    """

    rules: dict[str, Array]
    kmeans: Array
    argmax: Array
    curves: Array

    def choose(self, rule: str) -> IntArray:
        """Index of the restart that a rule chooses in every repetition."""
        return self.rules[rule].argmin(axis=1)

    def chosen_accuracy(self, rule: str) -> Array:
        """k-means accuracy of the restart that a rule chooses in every repetition."""
        return self.kmeans[np.arange(len(self.kmeans)), self.choose(rule)]


@dataclass(frozen=True)
class Results:
    """Everything that Table 1 reports.

    Attributes
    ----------
    rows : list of Row
    rule : str
        The rule that keeps the restart of the table.
    restarts : Restarts
    baselines : dict of str to Scores
    relative_step : dict of str to float
        Network -> the largest unfold_step * ||A||_2^2 while training.
    active_groups : list of float
        Mean over the test images, one number per repetition.
    sparse_loss : list of ndarray
        Training loss of the sparse network by epoch, one curve per repetition.
    """

    rows: list[Row]
    rule: str
    restarts: Restarts
    baselines: dict[str, Scores]
    relative_step: dict[str, float]
    active_groups: list[float]
    sparse_loss: list[Array]
