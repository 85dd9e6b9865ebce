"""Training the dictionary of a group-sparse autoencoder, shallow or unfolded.

May import ops, checks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, ops
from ..arrays import Array, BoolArray
from ..checks.blockwise import is_read_in_blocks, rows
from .blocks import mean_cost, mini_batches, samples_that_fit, size_of_batches
from .checkpoints import Checkpoints, fingerprint, settings_of
from .constraints import CONSTRAINTS, constraint_set
from .decay import decayed, penalty
from .decay import weight_decay as checked_decay
from .descent import Run, Schedule, as_result, descend, reporter, schedule
from .history import Measures
from .networks import Network, ShallowNetwork, build_network
from .outcomes import StepWatch, advice_on, dead_groups, no_codes, warn_if_above_zero


def train(
    A: ArrayLike,
    Y: ArrayLike,
    lam: Schedule,
    group_size: int,
    n_epochs: int,
    *,
    gradient: str = "exact",
    n_unfold: int = 1,
    unfold_step: float | None = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
    optimizer: str = "adam",
    step_size: Schedule = 1e-3,
    batch_size: int | None = None,
    constraint: str = "none",
    tangent: bool = False,
    weight_decay: float = 0.0,
    A_star: ArrayLike | None = None,
    support: ArrayLike | None = None,
    measure: bool = True,
    rng: int = 0,
    callback: Callable[..., Any] | None = None,
    progress: bool = False,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 10,
    resume: bool = False,
    engine: str = "auto",
) -> Any:
    """Learn a dictionary by gradient descent or Adam on the cost (13). [T21] Eq. (14).

    With ``weight_decay`` the cost is 1/(2N) sum_i ||y_i - A x_i||^2 + weight_decay/2 ||A||_F^2.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary to start from; not modified.
    Y : array_like of shape (n_samples, n_features)
        Samples as rows. A memory-mapped array or a Dask array is read batch by batch.
    lam : float or callable
        Threshold, for an unfolded network the penalty; or a function of the epoch 0, 1, ...
    group_size : int
        Atoms per group; divides n_atoms.
    n_epochs : int
        Passes over the data.
    gradient : {"exact", "appendix_b", "approximate"}
        As in :func:`gsae_ref.loss_and_grad`; "exact" for an unfolded network.
    n_unfold : int
        1: the shallow network (11). Above 1: the number of steps of the unfolded network, whose
        gradient is taken through all of them.
    unfold_step, accelerated, nonnegative, l1
        ``step_size``, ``accelerated``, ``nonnegative`` and ``l1`` of
        :func:`gsae_ref.unfolded_encode`, for ``n_unfold`` above 1.
    optimizer : {"adam", "gradient_descent"}
        Adam as published, bias-corrected, with constants 0.9, 0.999, 1e-8; or
        A - step_size * grad, Eq. (14).
    step_size : float or callable
        Learning rate, or a function of the epoch.
    batch_size : int, optional
        Samples in a mini-batch, drawn without replacement in every epoch; None: all samples.
    constraint : {"none", "columns", "groups"}
        Applied after every step. "none", as T21. "columns": atoms scaled to norm 1. "groups": every
        group replaced by its polar factor, the retraction of R2 and R3.
    tangent : bool
        Whether the gradient is projected on the tangent space of the constraint before the step;
        see the notes.
    weight_decay : float
        Adds weight_decay / 2 ||A||_F^2 to the cost; only without a constraint, which fixes that
        norm. Zero cost does not determine the dictionary; with one active group per sample and
        codes of one norm, the least cost with a decay below
        :func:`gsae_ref.weight_decay_threshold` does (R14).
    A_star : array_like of shape (n_features, n_atoms), optional
        The generating dictionary; adds the distances to it to the history.
    support : array_like, optional
        The true active groups, a mask or indices as in :func:`gsae_ref.support_recovery`; adds
        their recovery to the history.
    measure : bool
        False: the history has ``loss`` and ``relative_step`` only, which saves a pass of the
        encoder over the data in every epoch.
    rng : int
        Seed of the mini-batches.
    callback : callable, optional
        Called as ``callback(intermediate_result=...)`` after every epoch, with fields ``x``,
        ``fun``, ``nit``, ``history``. Raising StopIteration ends the run.
    progress : bool
        Whether a bar is shown on standard error (tqdm if installed).
    checkpoint : str or path, optional
        File (.npz) for the state, written every ``checkpoint_every`` epochs and at the end. The
        previous checkpoint has ``.previous`` added to its name.
    checkpoint_every : int
        Epochs between checkpoints.
    resume : bool
        Whether the run continues from the checkpoint if there is one: one of the same start, data
        and settings, of which the number of epochs may change, and ``lam`` and ``step_size`` in
        epochs to come. In place of a damaged one, which is renamed to .damaged with a warning, the
        previous one is read.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.loss_and_grad` or :func:`gsae_ref.unfolded_loss_and_grad`.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``x`` (the dictionary), ``fun`` (cost at x), ``nit`` (epochs done), ``success``, ``status``
        (0 all epochs done, 1 stopped by the callback, 2 interrupted), ``message``, and ``history``:
        lists with one entry per epoch. ``loss`` is the mean over the epoch's batches, each before
        its step. Measured before the first step of the epoch are ``active_groups`` (mean per
        sample); for an unfolded network ``relative_step``, unfold_step * ||A||_2^2; with A_star
        ``error`` (T21's measure, columns normalised) and ``rotation_free_error`` (the same modulo a
        rotation in each group); with support ``recall``, ``precision`` and ``exact``.

    Raises
    ------
    TypeError, ValueError
        As :func:`gsae_ref.loss_and_grad`; for an unknown option; for options of an unfolded network
        with ``n_unfold=1``; for a checkpoint that belongs to another run.
    DivergenceError
        If the cost or the dictionary is no longer finite; the last checkpoint stays.

    Warns
    -----
    RuntimeWarning
        Once, when ``unfold_step`` first is too long for the dictionary, as
        :func:`gsae_ref.unfolded_encode`. At the end, if the cost exceeds that of codes that are all
        zero, if all codes are zero, or with ``weight_decay`` if a group is active in no sample.

    Notes
    -----
    Ctrl-C ends the run after writing the checkpoint; what has been learned is returned, with status
    2. [T21] Section 4.1 is ``train(A, Y, 2.0, 2, 300)``: Adam, all samples, step size 1e-3, no
    constraint. Adam's constants and the use of the exact gradient are not stated there. Section 4.2
    is ``train(A, Y, 5.0, 16, 300, n_unfold=15, unfold_step=0.04, batch_size=128,
    constraint="columns")`` on centred images; its lambda, 0.2, is lam * unfold_step, and its batch
    size is not stated.

    With a constraint, Adam as published is biased. At a minimum of the constrained cost the
    gradient is normal to the constraint, not zero, and Adam scales each of its entries to about the
    same size, which turns the atoms. From the truth itself, without noise (4 orthonormal groups of
    2 in 12 dimensions, one active, lam 1.5, 200 epochs of step 1e-3), it turns a span by 13 degrees
    and raises the cost by a third. ``tangent=True`` removes the normal part before the moments are
    taken; gradient descent has no such bias.

    Examples
    --------
    >>> Y = np.array([[3.0, 0.0], [0.0, 4.0], [-5.0, 0.0]])
    >>> options = {"optimizer": "gradient_descent", "step_size": 0.02}
    >>> result = train(2 * np.eye(2), Y, 0.5, 1, 300, **options)
    >>> result.message, result.history["loss"][0] > 10 * result.fun
    ('all epochs done', True)
    """
    options = (group_size, gradient, n_unfold, unfold_step, accelerated, nonnegative, l1, engine)
    A, batches = _start(A, Y, build_network(*options), batch_size, rng)
    measures = Measures(A, len(batches.Y), group_size, A_star, support)
    learning = _Learning(batches, lam, constraint, tangent, weight_decay, measures, measure)
    mark = partial(fingerprint, {"A": A}, batches.Y)
    kept = learning.settings(), {"lam": learning.lam_at}
    run = descend(
        {"A": A},
        learning.cost_and_gradient,
        batches.of_epoch,
        n_epochs,
        optimizer=optimizer,
        step_size=step_size,
        constrain=learning.retract,
        measure=learning.measure,
        report=reporter(callback, x="A"),
        progress=progress,
        checkpoints=Checkpoints(checkpoint, checkpoint_every, resume, mark, *kept),
    )
    return learning.result(run)


def _start(
    A: Any, Y: Any, network: Network, batch_size: int | None, rng: int
) -> tuple[Array, _Batches]:
    """Check the dictionary and the samples; return them in their common dtype."""
    A = checks.nonzero_atoms("A", checks.dictionary("A", A, network.group_size))
    Y = samples_that_fit(Y, A)
    read_whole = not is_read_in_blocks(Y)
    A = A.astype(np.result_type(A, checks.array("Y", Y[:1])), copy=False)
    seed = checks.count("rng", rng, minimum=0)
    batch_size = size_of_batches(batch_size, len(Y))
    if batch_size == len(Y) and read_whole and isinstance(network, ShallowNetwork):
        return A, _OneBatch(network, Y, batch_size, seed)
    return A, _Batches(network, Y, batch_size, seed)


class _Batches:
    """Samples in mini-batches, and the network that is trained on them."""

    def __init__(self, network: Network, Y: Array, batch_size: int, seed: int) -> None:
        self.network = network
        self.Y = Y
        self.batch_size = batch_size
        self.seed = seed

    def of_epoch(self, epoch: int) -> Iterable[Array]:
        """The mini-batches of an epoch."""
        return mini_batches(self.Y, self.batch_size, self.seed, epoch)

    def loss_and_grad(self, A: Array, batch: Array, lam: float) -> tuple[float, Array]:
        """Cost (13) of a batch, and its gradient in A."""
        return self.network.loss_and_grad(A, batch, lam)

    def active(self, A: Array, lam: float) -> Iterable[BoolArray]:
        """Masks of the active groups of all samples, block by block."""
        return (self.network.active(A, block, lam) for block in rows(self.Y))


class _OneBatch(_Batches):
    """All samples in every step of a shallow network.

    They are checked once, and a step and its measurement share one pass over them.
    """

    def __init__(self, network: ShallowNetwork, Y: Array, batch_size: int, seed: int) -> None:
        super().__init__(network, Y, batch_size, seed)
        self.fixed = ops.FixedSamples(Y, network.group_size, network.gradient, network.engine)
        self.last: Any = (None, None, None)

    def loss_and_grad(self, A: Array, batch: Array, lam: float) -> tuple[float, Array]:
        # A run never changes a dictionary in place: the same object holds the same numbers.
        if self.last[0] is not A or self.last[1] != lam:
            with np.errstate(over="ignore", invalid="ignore"):  # refused by the loop
                self.last = (A, lam, self.fixed(A, lam))
        cost, G = self.last[2]
        return cost, G

    def active(self, A: Array, lam: float) -> Iterable[BoolArray]:
        self.loss_and_grad(A, self.Y, lam)
        return [self.fixed.active]


class _Learning:
    """What a run computes from the dictionary: cost, gradient, constraint, history."""

    def __init__(
        self,
        batches: _Batches,
        lam: Schedule,
        constraint: str,
        tangent: bool,
        weight_decay: float,
        measures: Measures,
        measure: bool,
    ) -> None:
        self.batches = batches
        self.lam_at = schedule(lam, checks.threshold)
        checks.option("constraint", constraint, CONSTRAINTS)
        self.constraint = constraint_set(constraint, batches.network.group_size)
        self.constraint_name = constraint
        self.tangent = checks.flag("tangent", tangent)
        self.weight_decay = checked_decay(weight_decay, constraint)
        self.measures = measures if checks.flag("measure", measure) else None
        self.steps = StepWatch()

    def settings(self) -> dict[str, Any]:
        """All that a step depends on but start, data, optimiser and schedules."""
        network = {"n_unfold": 1} | asdict(self.batches.network)
        if "step_size" in network:
            network["unfold_step"] = network.pop("step_size")
        return settings_of(
            **network,
            batch_size=self.batches.batch_size,
            constraint=self.constraint_name,
            tangent=self.tangent,
            weight_decay=self.weight_decay,
            rng=self.batches.seed,
        )

    def cost_and_gradient(
        self, parameters: dict[str, Array], samples: Array, epoch: int
    ) -> tuple[float, dict[str, Array]]:
        """Cost of a batch, weight decay included, and its gradient or the tangent part of it."""
        A = parameters["A"]
        cost, G = self.batches.loss_and_grad(A, samples, self.lam_at(epoch))
        cost, G = decayed(self.weight_decay, A, cost, G)
        if self.tangent:
            G = self.constraint.tangent(A, G)
        return cost, {"A": G}

    def retract(self, parameters: dict[str, Array], epoch: int) -> dict[str, Array]:
        """The dictionary after a step, back on the constraint."""
        return {"A": self.constraint.retract(parameters["A"])}

    def measure(self, parameters: dict[str, Array], epoch: int) -> dict[str, float]:
        """Values for the history at the start of an epoch."""
        A = parameters["A"]
        network = self.batches.network
        values = self.steps.measure(network, A, epoch, stacklevel=4)
        if self.measures is not None:
            lam = self.lam_at(epoch)
            values |= self.measures.of(A, self.batches.active(A, lam))
        return values

    def result(self, run: Run) -> Any:
        """The result of a run, with a warning if its codes are zero, or worse than that."""
        A = run.state.parameters["A"]
        lam = self.lam_at(max(run.state.epoch - 1, 0))
        network = self.batches.network
        cost = mean_cost(lambda block: network.loss(A, block, lam), self.batches.Y)
        warn_if_above_zero(cost, self.batches.Y, advice_on(network), stacklevel=2)
        self._warn_of_inactive_groups(A, lam)
        return as_result(run, x=A, fun=cost + penalty(self.weight_decay, A))

    def _warn_of_inactive_groups(self, A: Array, lam: float) -> None:
        """Warn if no group is ever active; with weight decay, if some are not."""
        ever = np.zeros(A.shape[1] // self.batches.network.group_size, dtype=bool)
        for block in rows(self.batches.Y):
            ever |= self.batches.network.active(A, block, lam).any(axis=0)
            if ever.all() or (ever.any() and not self.weight_decay):
                return
        message = no_codes(lam, self.weight_decay)
        if ever.any():
            message = dead_groups(np.flatnonzero(~ever), len(ever), "lower weight_decay or lam")
        warnings.warn(message, RuntimeWarning, stacklevel=4)
