"""Gradient descent on the sparse autoencoder of N19, with its rules for the bias. May import ops, metrics, checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, metrics, ops
from ..arrays import Array
from .blocks import rows, samples_that_fit, shuffled
from .checkpoints import fingerprint
from .descent import Schedule, descend, schedule
from .optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from .optimizers import State


def train_sparse(
    W: ArrayLike,
    Y: ArrayLike,
    n_epochs: int,
    *,
    bias: ArrayLike = 0.0,
    activation: str = "relu",
    lam: float = 0.0,
    gradient: str = "exact",
    optimizer: str = "gradient_descent",
    step_size: float | None = None,
    normalise: bool = False,
    bias_schedule: Schedule | str = "fixed",
    batch_size: int | None = None,
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
    """Learn the weights of a sparse autoencoder by gradient descent or Adam. [N19] Theorem 4 and Section 6.

    Parameters
    ----------
    W : array_like of shape (n_features, n_atoms)
        Weights to start from; not modified.
    Y : array_like of shape (n_samples, n_features)
        Samples as rows. A memory-mapped array is read batch by batch.
    n_epochs : int
        Passes over the data; with all samples in one batch, steps.
    bias : float or array_like of shape (n_atoms,)
        The bias b to start from.
    activation : {"relu", "hard", "soft"}
        As in :func:`gsae_ref.sparse_encode`.
    lam : float
        Threshold of "hard" and "soft".
    gradient : {"exact", "approximate"}
        As in :func:`gsae_ref.sparse_loss_and_grad`.
    optimizer : {"gradient_descent", "adam"}
        W - step_size * grad, as N19; or Adam.
    step_size : float or callable, optional
        Learning rate zeta, or a function of the epoch; None: n_atoms (N19's zeta = m) for gradient
        descent, 1e-3 for Adam.
    normalise : bool
        Scale the columns to norm 1 after every step, as in Theorem 4.
    bias_schedule : {"fixed", "learned"}, float or callable
        "fixed": b stays. "learned": b takes gradient steps too. A number c: b <- c b after every
        step, N19's rules being c = 1/C and c = sqrt(1 - tau). A callable: that number as a function
        of the epoch.
    batch_size : int, optional
        Samples in a mini-batch, drawn without replacement in every epoch; None: all samples.
    A_star : array_like of shape (n_features, n_atoms), optional
        The generating dictionary; adds its distances to the history.
    support : array_like of bool, optional
        The true supports (n_samples, n_atoms); adds their recovery to the history.
    measure : bool
        False: the history has ``loss`` and ``bias`` only, which saves a pass of the encoder over
        the data in every epoch.
    rng : int
        Seed of the mini-batches.
    callback : callable, optional
        Called as ``callback(intermediate_result=...)`` after every epoch, with fields ``x``,
        ``bias``, ``fun``, ``nit``, ``history``; raising StopIteration ends the run cleanly.
    progress : bool
        Show a bar on standard error (tqdm if installed).
    checkpoint : str or path, optional
        File (.npz) for the state, as in :func:`gsae_ref.train`.
    checkpoint_every : int
        Epochs between checkpoints.
    resume : bool
        Continue from the checkpoint if there is one.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.sparse_loss_and_grad`.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``x`` (the weights), ``bias`` (n_atoms,), ``fun`` (cost at both), ``nit``, ``success``,
        ``status``, ``message`` as in
        :func:`gsae_ref.train`, and ``history``: lists with one entry per epoch, ``loss`` (before each step) and, measured before the epoch's
        first step, ``bias`` (its mean) and ``active_atoms`` (mean per sample); with A_star
        ``distance`` (:func:`matched_distance`, N19's measure) and ``delta``
        (:func:`gsae_ref.closeness`), up to order for "relu", up to order and sign otherwise; with
        support ``recall``, ``precision`` and ``exact``.

    Raises
    ------
    TypeError, ValueError
        As :func:`gsae_ref.sparse_loss_and_grad`; for an unknown option; for a checkpoint that
        belongs to another run.
    DivergenceError
        When the cost, the weights or the bias are no longer finite; the last checkpoint stays.

    Notes
    -----
    [N19] Section 6 is ``train_sparse(W, Y, 50, bias=-1.25, bias_schedule=0.5)``; its theory
    normalises, its Section 6 does not say.

    Examples
    --------
    >>> Y = np.eye(2)
    >>> result = train_sparse([[1.0, 0.2], [0.2, 1.0]], Y, 20, bias=-0.4, normalise=True, A_star=np.eye(2))  # a fixed bias recovers A*
    >>> round(result.history["distance"][0], 3), round(metrics.matched_distance(result.x, np.eye(2)), 6)
    (0.283, 0.0)
    """
    from scipy.optimize import OptimizeResult

    W = checks.dictionary("W", W)
    Y = samples_that_fit(Y, W)
    W = W.astype(np.result_type(W, checks.array("Y", Y[:1])), copy=False)
    bias = checks.per_atom("bias", bias, W.shape[1]).astype(W.dtype)
    ops.sparse_encode(
        W, Y[:1], bias, activation, lam
    )  # refuses an activation or a threshold that do not fit
    checks.option("optimizer", optimizer, OPTIMIZERS)
    checks.flag("normalise", normalise)
    checks.flag("measure", measure)
    seed = checks.count("rng", rng, minimum=0)
    batch_size = (
        len(Y) if batch_size is None else min(checks.count("batch_size", batch_size), len(Y))
    )
    if step_size is None:
        step_size = 1e-3 if optimizer == "adam" else float(W.shape[1])
    factor_at = _factor(bias_schedule)
    network: dict[str, Any] = {"activation": activation, "lam": lam}
    described = _measures(W, Y, network, A_star, support)

    def objective(
        parameters: dict[str, Array], samples: Array, epoch: int
    ) -> tuple[float, dict[str, Array]]:
        cost, dW, db = ops.sparse_loss_and_grad(
            parameters["W"],
            samples,
            parameters["bias"],
            **network,
            gradient=gradient,
            engine=engine,
        )
        return cost, {"W": dW, "bias": db} if bias_schedule == "learned" else {"W": dW}

    def constrain(parameters: dict[str, Array], epoch: int) -> dict[str, Array]:
        W = parameters["W"]
        b = parameters["bias"]
        if normalise:
            norms = np.linalg.norm(W, axis=0)
            W = W / np.where(norms > 0, norms, 1)
        return {"W": W, "bias": (b * factor_at(epoch)).astype(b.dtype, copy=False)}

    def at_the_start(parameters: dict[str, Array], epoch: int) -> dict[str, Any]:
        return {
            "bias": float(parameters["bias"].mean()),
            **(described(**parameters) if measure else {}),
        }

    def report(state: State, history: dict[str, list[float]]) -> None:
        if callback is not None:
            values = {"x": state.parameters["W"].copy(), "bias": state.parameters["bias"].copy()}
            callback(
                intermediate_result=OptimizeResult(
                    **values, fun=history["loss"][-1], nit=state.epoch, history=history
                )
            )

    def owner() -> str:
        recipe = (
            activation,
            float(lam),
            gradient,
            optimizer,
            normalise,
            bias_schedule == "learned",
            batch_size,
            seed,
        )
        return fingerprint({"W": W, "bias": bias}, Y, *recipe)

    state, history, status, message = descend(
        {"W": W, "bias": bias},
        objective,
        lambda epoch: (Y[batch] for batch in shuffled(len(Y), batch_size, seed, epoch)),
        n_epochs,
        optimizer=optimizer,
        step_size=step_size,
        constrain=constrain,
        measure=at_the_start,
        report=report,
        progress=progress,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        owner=owner,
    )
    learned = state.parameters["W"], state.parameters["bias"]
    costs, sizes = zip(
        *(
            (ops.sparse_loss(learned[0], block, learned[1], **network), len(block))
            for block in rows(Y)
        ),
        strict=True,
    )
    return OptimizeResult(
        x=learned[0],
        bias=learned[1],
        fun=float(np.average(costs, weights=sizes)),
        nit=state.epoch,
        success=status == 0,
        status=status,
        message=message,
        history=history,
    )


def _factor(bias_schedule: Schedule | str) -> Callable[[int], float]:
    """The function of the epoch by which the bias is multiplied after a step."""
    if isinstance(bias_schedule, str):
        checks.option("bias_schedule", bias_schedule, ("fixed", "learned"))
        return lambda epoch: 1.0
    return schedule(bias_schedule, lambda value: checks.threshold(value, "bias_schedule"))


def _measures(
    W: Array, Y: Array, network: dict[str, Any], A_star: Any, support: Any
) -> Callable[..., dict[str, float]]:
    """The function (W, bias) -> values of the history that are measured at the start of an epoch."""
    up_to = "permutation" if network["activation"] == "relu" else "sign"
    if A_star is not None:
        A_star = checks.dictionary("A_star", A_star)
        checks.same_shape("W", W, "A_star", A_star)
    if support is not None:
        support = checks.support("support", support, len(Y), W.shape[1])

    def measure(W: Array, bias: Array) -> dict[str, float]:
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # a run that leaves the finite numbers is refused at its next step
            active = np.concatenate(
                [ops.sparse_encode(W, block, bias, **network) != 0 for block in rows(Y)]
            )
            measurable = np.isfinite(np.sum(W * W))
        values = {"active_atoms": active.sum() / len(Y)}
        if A_star is not None and not measurable:
            values |= {"distance": np.inf, "delta": np.inf}
        elif A_star is not None:
            values |= {
                "distance": metrics.matched_distance(W, A_star, up_to),
                "delta": metrics.closeness(W, A_star, up_to).delta,
            }
        if support is not None:
            found = metrics.support_recovery(support, active)
            values |= {"recall": found.recall, "precision": found.precision, "exact": found.exact}
        return values

    return measure
