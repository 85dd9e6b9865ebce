"""Training the sparse autoencoder of N19, with its rules for the bias.

May import ops, metrics, checks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, metrics, ops
from ..arrays import Array
from ..checks.blockwise import rows
from .blocks import mean_cost, mini_batches, samples_that_fit, size_of_batches
from .checkpoints import Checkpoints, fingerprint, settings_of
from .constraints import UnitColumns
from .descent import Run, Schedule, as_result, descend, reporter, schedule
from .history import recovery
from .outcomes import ADVICE, warn_if_above_zero


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
    """Learn the weights of a sparse autoencoder by gradient descent or Adam. [N19] Theorem 4.

    Parameters
    ----------
    W : array_like of shape (n_features, n_atoms)
        Weights to start from; not modified.
    Y : array_like of shape (n_samples, n_features)
        Samples as rows. A memory-mapped array or a Dask array is read batch by batch.
    n_epochs : int
        Passes over the data; with all samples in one batch, steps.
    bias : float or array_like of shape (n_atoms,)
        Bias b to start from.
    activation : {"relu", "hard", "soft"}
        As in :func:`gsae_ref.sparse_encode`.
    lam : float
        Threshold of "hard" and "soft".
    gradient : {"exact", "approximate"}
        As in :func:`gsae_ref.sparse_loss_and_grad`.
    optimizer : {"gradient_descent", "adam"}
        W - step_size * grad, as N19; or Adam.
    step_size : float or callable, optional
        Learning rate zeta, or a function of the epoch. None is n_atoms (N19's zeta = m) for
        gradient descent, 1e-3 for Adam.
    normalise : bool
        Whether columns are scaled to norm 1 after every step, as in Theorem 4.
    bias_schedule : {"fixed", "learned"}, float or callable
        "fixed": b stays. "learned": b takes gradient steps too. A number c, or a function of the
        epoch that returns one: b <- c b after every step. N19's rules are c = 1/C and
        c = sqrt(1 - tau).
    batch_size : int, optional
        Samples in a mini-batch, drawn without replacement in every epoch; None: all samples.
    A_star : array_like of shape (n_features, n_atoms), optional
        The generating dictionary; adds the distances to it to the history.
    support : array_like of bool, optional
        The true supports (n_samples, n_atoms); adds their recovery to the history.
    measure : bool
        False: the history has ``loss`` and ``bias`` only, which saves a pass of the encoder over
        the data in every epoch.
    rng : int
        Seed of the mini-batches.
    callback : callable, optional
        Called as ``callback(intermediate_result=...)`` after every epoch, with fields ``x``,
        ``bias``, ``fun``, ``nit``, ``history``. Raising StopIteration ends the run.
    progress, checkpoint, checkpoint_every, resume
        As in :func:`gsae_ref.train`.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.sparse_loss_and_grad`.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``x`` (the weights), ``bias`` (n_atoms,), ``fun`` (cost at both), ``nit``, ``success``,
        ``status``, ``message`` as in :func:`gsae_ref.train`, and ``history``: lists with one entry
        per epoch. ``loss`` is measured before each step; before the first step of the epoch are
        measured ``bias`` (its mean) and ``active_atoms`` (mean per sample); with A_star
        ``distance`` (:func:`matched_distance`, N19's measure) and ``delta``
        (:func:`gsae_ref.closeness`), up to order for "relu", up to order and sign otherwise; with
        support ``recall``, ``precision`` and ``exact``.

    Raises
    ------
    TypeError, ValueError
        As :func:`gsae_ref.sparse_loss_and_grad`; for an unknown option; for a checkpoint that
        belongs to another run.
    DivergenceError
        If the cost, the weights or the bias are no longer finite; the last checkpoint stays.

    Warns
    -----
    RuntimeWarning
        At the end, if the cost exceeds that of codes that are all zero, or if all codes are zero.

    Notes
    -----
    [N19] Section 6 is ``train_sparse(W, Y, 50, bias=-1.25, bias_schedule=0.5)``. Whether it
    normalises, as the theory does, is not stated.

    Examples
    --------
    A fixed bias recovers A*.

    >>> W = [[1.0, 0.2], [0.2, 1.0]]
    >>> options = {"bias": -0.4, "normalise": True, "A_star": np.eye(2)}
    >>> result = train_sparse(W, np.eye(2), 20, **options)
    >>> round(result.history["distance"][0], 3)
    0.283
    >>> round(metrics.matched_distance(result.x, np.eye(2)), 6)
    0.0
    """
    W, Y, bias = _start(W, Y, bias, activation, lam)
    seed = checks.count("rng", rng, minimum=0)
    batch_size = size_of_batches(batch_size, len(Y))
    network = _Network(activation, lam, gradient, engine)
    measures = _Measures(W, Y, network, A_star, support, measure)
    learning = _Learning(network, normalise, bias_schedule)
    mark = partial(fingerprint, {"W": W, "bias": bias}, Y)
    settings = learning.settings() | {"batch_size": batch_size, "rng": seed}
    schedules = {"bias_schedule": learning.factor_at}
    run = descend(
        {"W": W, "bias": bias},
        learning.cost_and_gradient,
        lambda epoch: mini_batches(Y, batch_size, seed, epoch),
        n_epochs,
        optimizer=optimizer,
        step_size=_step_size(step_size, optimizer, W.shape[1]),
        constrain=learning.constrain,
        measure=measures.at,
        report=reporter(callback, x="W", bias="bias"),
        progress=progress,
        checkpoints=Checkpoints(checkpoint, checkpoint_every, resume, mark, settings, schedules),
    )
    return _result(run, network, Y)


def _result(run: Run, network: _Network, Y: Array) -> Any:
    """The result of a run, with a warning if its codes are zero, or worse than that."""
    W = run.state.parameters["W"]
    bias = run.state.parameters["bias"]
    cost = network.mean_cost(W, Y, bias)
    warn_if_above_zero(cost, Y, ADVICE, stacklevel=2)
    if not any(network.encode(W, block, bias).any() for block in rows(Y)):
        remedy = "raise the bias"
        if network.activation != "relu":
            remedy = f"lower lam = {network.lam!r}, or raise the bias"
        warnings.warn(
            f"no sample has a non-zero code (activation = {network.activation!r}, largest bias = "
            f"{bias.max():.4g}), so nothing was learned; {remedy}",
            RuntimeWarning,
            stacklevel=3,
        )
    return as_result(run, x=W, bias=bias, fun=cost)


def _start(W: Any, Y: Any, bias: Any, activation: str, lam: float) -> tuple[Array, Array, Array]:
    """Check weights, samples, bias and activation; return the arrays in their common dtype."""
    W = checks.dictionary("W", W)
    Y = samples_that_fit(Y, W)
    W = W.astype(np.result_type(W, checks.array("Y", Y[:1])), copy=False)
    bias = checks.per_atom("bias", bias, W.shape[1]).astype(W.dtype)
    if not (bias > 0).any():  # a positive bias moves an atom from zero
        checks.nonzero_atoms("W", W)
    ops.sparse_encode(W, Y[:1], bias, activation, lam)  # fail early
    return W, Y, bias


def _step_size(step_size: Schedule | None, optimizer: str, n_atoms: int) -> Schedule:
    """The step size, or its default for the optimiser."""
    if step_size is not None:
        return step_size
    return 1e-3 if optimizer == "adam" else float(n_atoms)


@dataclass(frozen=True)
class _Network:
    """A sparse autoencoder, as functions of weights, samples and bias."""

    activation: str
    lam: float
    gradient: str
    engine: str

    def loss_and_grad(self, W: Array, Y: Array, bias: Array) -> tuple[float, Array, Array]:
        """Cost and its gradients in W and in the bias."""
        return ops.sparse_loss_and_grad(
            W, Y, bias, self.activation, self.lam, self.gradient, self.engine
        )

    def encode(self, W: Array, Y: Array, bias: Array) -> Array:
        """Codes."""
        return ops.sparse_encode(W, Y, bias, self.activation, self.lam)

    def mean_cost(self, W: Array, Y: Array, bias: Array) -> float:
        """Cost of all samples."""
        return mean_cost(
            lambda block: ops.sparse_loss(W, block, bias, self.activation, self.lam), Y
        )


class _Learning:
    """Gradient and constraint of a run, as functions of its parameters W and bias."""

    def __init__(self, network: _Network, normalise: bool, bias_schedule: Schedule | str) -> None:
        self.network = network
        self.normalise = checks.flag("normalise", normalise)
        self.learns_bias = bias_schedule == "learned"
        if isinstance(bias_schedule, str):
            checks.option("bias_schedule", bias_schedule, ("fixed", "learned"))
            bias_schedule = 1.0
        self.factor_at = schedule(bias_schedule, _factor)

    def settings(self) -> dict[str, Any]:
        """What a step depends on, but start, data, batches, optimiser and schedules."""
        return settings_of(
            **asdict(self.network), normalise=self.normalise, learns_bias=self.learns_bias
        )

    def cost_and_gradient(
        self, parameters: dict[str, Array], samples: Array, epoch: int
    ) -> tuple[float, dict[str, Array]]:
        """Cost of a batch, and its gradient in the parameters that are learned."""
        cost, dW, db = self.network.loss_and_grad(parameters["W"], samples, parameters["bias"])
        return cost, {"W": dW, "bias": db} if self.learns_bias else {"W": dW}

    def constrain(self, parameters: dict[str, Array], epoch: int) -> dict[str, Array]:
        """After a step: columns of norm 1, and the bias times its factor."""
        W = parameters["W"]
        b = parameters["bias"]
        if self.normalise:
            W = UnitColumns().retract(W)
        return {"W": W, "bias": (b * self.factor_at(epoch)).astype(b.dtype, copy=False)}


def _factor(value: Any) -> float:
    """Check a factor of the bias."""
    return checks.threshold(value, "bias_schedule")


class _Measures:
    """Values for the history: active atoms, and the distance to the truth as far as it is given."""

    def __init__(
        self, W: Array, Y: Array, network: _Network, A_star: Any, support: Any, measure: bool
    ) -> None:
        self.Y = Y
        self.network = network
        self.up_to = "permutation" if network.activation == "relu" else "sign"
        self.A_star: Array | None = None
        if A_star is not None:
            self.A_star = checks.dictionary("A_star", A_star)
            checks.same_shape("W", W, "A_star", self.A_star)
        self.support = support
        if support is not None:
            self.support = checks.support("support", support, len(Y), W.shape[1])
        self.measure = checks.flag("measure", measure)

    def at(self, parameters: dict[str, Array], epoch: int) -> dict[str, Any]:
        """The values at the start of an epoch."""
        W = parameters["W"]
        bias = parameters["bias"]
        values: dict[str, Any] = {"bias": float(bias.mean())}
        if not self.measure:
            return values
        with np.errstate(over="ignore", invalid="ignore"):  # refused at the next step
            active = np.concatenate(
                [self.network.encode(W, block, bias) != 0 for block in rows(self.Y)]
            )
            is_finite = np.isfinite(np.sum(W * W))
        values["active_atoms"] = active.sum() / len(self.Y)
        if self.A_star is not None:
            values |= self._distances(W, self.A_star) if is_finite else BEYOND_RANGE
        if self.support is not None:
            values |= recovery(self.support, active)
        return values

    def _distances(self, W: Array, A_star: Array) -> dict[str, float]:
        """N19's measure, and the closeness."""
        return {
            "distance": metrics.matched_distance(W, A_star, self.up_to),
            "delta": metrics.closeness(W, A_star, self.up_to).delta,
        }


BEYOND_RANGE = {"distance": np.inf, "delta": np.inf}
