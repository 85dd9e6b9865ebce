"""Gradient descent on the dictionary of the group-sparse autoencoder, shallow or unfolded. May import ops, checks, groups."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups, ops
from ..arrays import Array, BoolArray
from .blocks import rows, samples_that_fit, shuffled
from .checkpoints import fingerprint
from .descent import Schedule, descend, schedule
from .history import measures
from .optimizers import CONSTRAINTS, constraint_on, tangent_to

if TYPE_CHECKING:
    from .optimizers import State


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
    """Learn a dictionary by gradient descent or Adam on the cost (13). [T21] Eq. (14), Sections 4.1 and 4.2.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary to start from; not modified.
    Y : array_like of shape (n_samples, n_features)
        Samples as rows. A memory-mapped array is read batch by batch.
    lam : float or callable
        Threshold (for an unfolded network the penalty), or a schedule: a function of the epoch (0,
        1, ...).
    group_size : int
        Atoms per group; divides n_atoms.
    n_epochs : int
        Passes over the data.
    gradient : {"exact", "appendix_b", "approximate"}
        As in :func:`gsae_ref.loss_and_grad`; "exact" for an unfolded network.
    n_unfold : int
        1: the shallow network (11). Above 1: the encoder of :func:`gsae_ref.unfolded_encode` with
        so many steps, and the gradient through all of them.
    unfold_step, accelerated, nonnegative, l1
        ``step_size``, ``accelerated``, ``nonnegative`` and ``l1`` of
        :func:`gsae_ref.unfolded_encode`, for ``n_unfold`` above 1.
    optimizer : {"adam", "gradient_descent"}
        Adam as published, bias-corrected, with constants 0.9, 0.999, 1e-8; or A - step_size * grad,
        Eq. (14).
    step_size : float or callable
        Learning rate, or a schedule like ``lam``.
    batch_size : int, optional
        Samples in a mini-batch, drawn without replacement in every epoch; None: all samples.
    constraint : {"none", "columns", "groups"}
        After every step: nothing (as T21), atoms scaled to norm 1, or every group replaced by its
        polar factor (the retraction of R2, R3).
    tangent : bool
        Whether the part of the gradient that only breaks the constraint is removed before the step;
        see the notes.
    A_star : array_like of shape (n_features, n_atoms), optional
        The generating dictionary; adds its distances to the history.
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
        ``fun``, ``nit``, ``history``; raising StopIteration ends the run cleanly.
    progress : bool
        Show a bar on standard error (tqdm if installed).
    checkpoint : str or path, optional
        File (.npz) for the state, written every ``checkpoint_every`` epochs and at the end; the one
        before is kept with ``.previous`` added.
    checkpoint_every : int
        Epochs between checkpoints.
    resume : bool
        Continue from the checkpoint if there is one. A damaged one is put aside (.damaged) for the
        previous one, with a warning.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.loss_and_grad` or :func:`gsae_ref.unfolded_loss_and_grad`.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``x`` (the dictionary), ``fun`` (cost at x), ``nit`` (epochs done), ``success``, ``status``
        (0 all epochs done, 1 stopped by the callback, 2 interrupted), ``message``, and ``history``:
        lists with one entry per epoch, ``loss`` (mean over the epoch's batches, each before its
        step) and, measured before the epoch's first step, ``active_groups`` (mean per sample); for
        an unfolded network ``relative_step``, unfold_step * ||A||_2^2; with A_star ``error`` (T21's
        measure, columns normalised) and ``rotation_free_error`` (the same modulo a rotation inside
        each group); with support ``recall``, ``precision`` and ``exact``.

    Raises
    ------
    TypeError, ValueError
        As :func:`gsae_ref.loss_and_grad`; for an unknown option; for options of an unfolded network
        with ``n_unfold=1``; for a checkpoint that belongs to another run.
    DivergenceError
        When the cost or the dictionary is no longer finite; the last checkpoint stays.

    Warns
    -----
    RuntimeWarning
        Once, when ``relative_step`` first exceeds 1 (by more than rounding): the unfolded steps are
        no longer sure to approach their minimiser, and above 2 may diverge.

    Notes
    -----
    Ctrl-C ends the run with what has been learned (status 2), after writing the checkpoint. [T21]
    Section 4.1 is ``train(A, Y, 2.0, 2, 300)``: Adam, all samples, step size 1e-3, no constraint.
    Its constants of Adam and its use of the exact gradient are not stated there. Section 4.2 is
    ``train(A, Y, 5.0, 16, 300, n_unfold=15, unfold_step=0.04, batch_size=128,
    constraint="columns")`` on centred images: its lambda, 0.2, is lam * unfold_step; its batch size
    is not stated.

    With a constraint, Adam as published does not rest where the constrained cost does: there the
    gradient is radial, not zero, and Adam scales each of its entries to about the same size, which
    turns the atoms. From the truth itself, without noise (4 orthonormal groups of 2 in 12
    dimensions, one active, lam 1.5, 200 epochs of step 1e-3) it turns a span by 13 degrees and
    raises the cost by a third. ``tangent=True`` removes the radial part before the moments are
    taken; gradient descent has no such bias.

    Examples
    --------
    >>> Y = np.array([[3.0, 0.0], [0.0, 4.0], [-5.0, 0.0]])
    >>> result = train(2 * np.eye(2), Y, 0.5, 1, 300, optimizer="gradient_descent", step_size=0.02)
    >>> result.message, result.history["loss"][0] > 10 * result.fun
    ('all epochs done', True)
    """
    from scipy.optimize import OptimizeResult

    A, on_disk = checks.dictionary("A", A, group_size), isinstance(Y, np.memmap)
    Y = samples_that_fit(Y, A)
    A = A.astype(np.result_type(A, checks.array("Y", Y[:1])), copy=False)
    checks.option("constraint", constraint, CONSTRAINTS)
    checks.flag("measure", measure)
    seed = checks.count("rng", rng, minimum=0)
    batch_size = (
        len(Y) if batch_size is None else min(checks.count("batch_size", batch_size), len(Y))
    )
    lam_at = schedule(lam, checks.threshold)
    restrict = constraint_on(constraint, group_size)
    project = tangent_to(constraint if checks.flag("tangent", tangent) else "none", group_size)
    net = network(group_size, gradient, n_unfold, unfold_step, accelerated, nonnegative, l1, engine)
    whole = (
        _Whole(Y, group_size, gradient, engine)
        if n_unfold == 1 and batch_size == len(Y) and not on_disk
        else None
    )
    masks = (
        whole.masks if whole else lambda A, lam: (net.active(A, block, lam) for block in rows(Y))
    )
    described = measures(A, len(Y), group_size, masks, A_star, support)
    told = list[int]()

    def objective(
        parameters: dict[str, Array], samples: Array, epoch: int
    ) -> tuple[float, dict[str, Array]]:
        A = parameters["A"]
        lam = lam_at(epoch)
        cost, G = whole.at(A, lam) if whole else net.loss_and_grad(A, samples, lam)
        return cost, {"A": project(A, G)}

    def at_the_start(parameters: dict[str, Array], epoch: int) -> dict[str, float]:
        A = parameters["A"]
        values = {}
        if unfold_step is not None:
            values["relative_step"] = share = unfold_step * float(np.linalg.eigvalsh(A.T @ A)[-1])
            if share > 1 + 1e-6 and not told:
                told.append(epoch)
                warnings.warn(
                    f"in epoch {epoch} unfold_step * ||A||_2^2 = {share:.4g}; up to 1 the unfolded steps approach their minimiser, above 2 they "
                    f"may diverge; lower unfold_step, or use unfold_step=None",
                    RuntimeWarning,
                    stacklevel=4,
                )
        return values | (described(A, lam_at(epoch)) if measure else {})

    def report(state: State, history: dict[str, list[float]]) -> None:
        if callback is not None:
            now = OptimizeResult(
                x=state.parameters["A"].copy(),
                fun=history["loss"][-1],
                nit=state.epoch,
                history=history,
            )
            callback(intermediate_result=now)

    def owner() -> str:
        recipe = (
            gradient,
            n_unfold,
            unfold_step,
            accelerated,
            nonnegative,
            l1,
            optimizer,
            batch_size,
            constraint,
            tangent,
        )
        return fingerprint({"A": A}, Y, group_size, *recipe, seed)

    state, history, status, message = descend(
        {"A": A},
        objective,
        lambda epoch: (Y[batch] for batch in shuffled(len(Y), batch_size, seed, epoch)),
        n_epochs,
        optimizer=optimizer,
        step_size=step_size,
        constrain=lambda parameters, epoch: {"A": restrict(parameters["A"])},
        measure=at_the_start,
        report=report,
        progress=progress,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        owner=owner,
    )
    learned = state.parameters["A"]
    last_lam = lam_at(max(state.epoch - 1, 0))
    fun = mean_cost(lambda block: net.loss(learned, block, last_lam), Y)
    return OptimizeResult(
        x=learned,
        fun=fun,
        nit=state.epoch,
        success=status == 0,
        status=status,
        message=message,
        history=history,
    )


class _Whole:
    """All samples in every step: they are checked once, sleeping groups are remembered, and a step and its measurement share one pass."""

    def __init__(self, Y: Array, group_size: int, gradient: str, engine: str) -> None:
        self.fixed = ops.FixedSamples(Y, group_size, gradient, engine)
        self.last: Any = (None, None, None)

    def at(self, A: Array, lam: float) -> tuple[float, Array]:
        """Cost and gradient; the dictionaries of a run are never changed in place, so one of the same name is the same."""
        if self.last[0] is not A or self.last[1] != lam:
            with np.errstate(over="ignore", invalid="ignore"):  # the loop refuses what overflows
                self.last = A, lam, self.fixed(A, lam)
        return self.last[2]

    def masks(self, A: Array, lam: float) -> list[BoolArray]:
        """The active groups."""
        self.at(A, lam)
        return [self.fixed.active]


class Network(NamedTuple):
    """The functions of one network, each of (A, samples, lam)."""

    loss_and_grad: Callable[..., tuple[float, Array]]  #: cost (13) and its gradient in A
    loss: Callable[..., float]  #: the cost alone
    encode: Callable[..., Array]  #: codes
    active: Callable[..., Any]  #: mask of the active groups


def network(
    group_size: int,
    gradient: str = "exact",
    n_unfold: int = 1,
    unfold_step: Any = None,
    accelerated: bool = True,
    nonnegative: bool = False,
    l1: float = 0.0,
    engine: str = "auto",
) -> Network:
    """The network with these options, which are checked; their meaning is that of :func:`train`.

    >>> network(group_size=2).active(np.eye(2), np.array([[3.0, 4.0], [0.3, 0.4]]), 1.0)
    array([[ True],
           [False]])
    """
    checks.option("gradient", gradient, ops.GRADIENTS)
    if checks.count("n_unfold", n_unfold) == 1:
        given = {"unfold_step": unfold_step, "nonnegative": nonnegative or None, "l1": l1 or None}
        for name, value in given.items():
            if value is not None:
                raise ValueError(
                    f"{name} = {value!r} with n_unfold = 1; only an unfolded network has it; "
                    "drop it or use n_unfold >= 2"
                )
        return Network(
            lambda A, Y, lam: ops.loss_and_grad(A, Y, lam, group_size, gradient, engine),
            lambda A, Y, lam: ops.loss(A, Y, lam, group_size),
            lambda A, Y, lam: ops.encode(A, Y, lam, group_size),
            lambda A, Y, lam: groups.norms(Y @ A, group_size) > lam,
        )
    if gradient != "exact":
        raise ValueError(
            f"gradient = {gradient!r} with n_unfold = {n_unfold}; an unfolded network has its exact gradient only; use 'exact'"
        )
    options: dict[str, Any] = {
        "step_size": unfold_step,
        "accelerated": accelerated,
        "nonnegative": nonnegative,
        "l1": l1,
    }

    def encode(A: Array, Y: Array, lam: float) -> Array:
        return ops.unfolded_encode(A, Y, lam, group_size, n_unfold, **options)

    return Network(
        lambda A, Y, lam: ops.unfolded_loss_and_grad(
            A, Y, lam, group_size, n_unfold, **options, engine=engine
        ),
        lambda A, Y, lam: (
            float(np.sum((Y - ops.decode(A, encode(A, Y, lam))) ** 2, dtype=np.float64))
            / (2 * len(Y))
        ),
        encode,
        lambda A, Y, lam: groups.split(encode(A, Y, lam), group_size).any(axis=-1),
    )


def mean_cost(cost: Callable[..., Any], Y: Array) -> float:
    """Mean over all samples of a cost that is a mean over a block."""
    costs, sizes = zip(*((cost(block), len(block)) for block in rows(Y)), strict=True)
    return float(np.average(costs, weights=sizes))
