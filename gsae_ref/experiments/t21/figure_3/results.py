"""The numbers behind Figure 3."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

from ....arrays import Array
from .runs import Setting

AnyRun = TypeVar("AnyRun", bound="Run")


@dataclass(frozen=True)
class Run:
    """One network, one row for every seed; see :func:`.runs.train_network`.

    Curves have shape (n_seeds, n_epochs + 1): the start of every epoch, and the end.
    """

    loss: Array
    lam: Array
    error: Array
    rotation_free_error: Array
    active_groups: Array
    active_atoms: Array
    recall: Array
    precision: Array
    exact: Array
    column_norm: Array
    lam_0: Array
    code: Array
    true_code: Array

    @classmethod
    def collect(cls: type[AnyRun], runs: list[dict[str, Any]]) -> AnyRun:
        """Stack the results of several seeds."""
        stacked = {}
        for field in fields(cls):
            stacked[field.name] = np.stack([run[field.name] for run in runs])
        return cls(**stacked)

    @property
    def f1(self) -> Array:
        """F1 of the groups' supports at the end, one number per seed.

        That is 2 recall precision / (recall + precision); 0 where no group is active.
        """
        recall = self.recall[:, -1]
        precision = np.nan_to_num(self.precision[:, -1])
        return 2 * recall * precision / np.maximum(recall + precision, np.finfo(float).tiny)


@dataclass(frozen=True)
class GroupRun(Run):
    """A group-sparse network: also what the hypotheses of Theorem 2 refer to."""

    delta: Array
    unit_delta: Array
    orthonormality_defect: Array
    unit_orthonormality_defect: Array
    alpha_min: Array
    omega_max: Array
    tau_min: Array
    tau_median: Array


@dataclass(frozen=True)
class Angles:
    """Principal angles and orbit distances of :func:`.theory.contraction`, by step."""

    predicted: Array
    design: Array
    sample: Array
    bound: Array
    distance: Array
    margin: float


@dataclass(frozen=True)
class Theorems:
    """The theorems of this project at the paper's sizes; see :mod:`.applicability`.

    Attributes
    ----------
    sizes : dict
        n_features, n_groups, group_size, n_active, norm_range.
    found, run : dict of str to float
        Results of :func:`.applicability.measure` and :func:`.applicability.one_active`.
    several : list of dict
        Results of :func:`.applicability.several_active`, with ``n_groups`` and ``n_active``.
    """

    sizes: dict[str, Any]
    found: dict[str, float]
    run: dict[str, float]
    several: list[dict[str, float]]


@dataclass(frozen=True)
class Figure3:
    """Everything that Figure 3 reports.

    Attributes
    ----------
    setting : Setting
    snrs : list of float
        Signal-to-noise ratios in decibels, ascending.
    mu_block : float
        Block coherence of the first seed's A*.
    recipes : dict
        Recipe -> decibels -> the group-sparse network with lam = 2.
    main : str
        The recipe of everything that follows.
    grid : dict
        Network -> threshold -> run at the lowest SNR, first seed.
    chosen : dict
        Rule -> network -> the threshold that the rule picks from the grid.
    networks : dict
        Rule -> network -> run with that threshold, all seeds.
    gradients : dict
        Gradient -> the group-sparse network at the highest SNR, first seed.
    angles : Angles
    theorems : Theorems
    """

    setting: Setting
    snrs: list[float]
    mu_block: float
    recipes: dict[str, dict[float, GroupRun]]
    main: str
    grid: dict[str, dict[float, Run]]
    chosen: dict[str, dict[str, float]]
    networks: dict[str, dict[str, Run]]
    gradients: dict[str, GroupRun]
    angles: Angles
    theorems: Theorems

    @property
    def low(self) -> str:
        """The lowest SNR, at which networks are compared."""
        return f"{self.snrs[0]:g} dB"

    @property
    def high(self) -> str:
        """The highest SNR, at which gradients are compared."""
        return f"{self.snrs[-1]:g} dB"

    @property
    def main_runs(self) -> dict[float, GroupRun]:
        """The runs of the main recipe."""
        return self.recipes[self.main]
