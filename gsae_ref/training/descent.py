"""The loop of every training: epochs of steps on named parameters, with schedules, checkpoints, progress and interruption.

The state of a run is its parameters, the optimiser's moments and the numbers of steps and epochs.
Mini-batches are drawn from the seed and the number of the epoch, so a run resumed from a checkpoint
continues bit for bit as if it had never stopped. May import ops, checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import checks
from ..arrays import Array
from ..ops import DivergenceError
from . import checkpoints
from .history import progress_bar
from .optimizers import State, start, step_rule

Schedule = float | Callable[[int], float]  # a number, or a function of the epoch


class Run(NamedTuple):
    """How a run ended."""

    state: State
    history: dict[str, list[float]]  #: name -> list with one number per epoch
    status: int  #: 0 all epochs done, 1 stopped by the callback, 2 interrupted
    message: str


def descend(
    parameters: dict[str, Array],
    objective: Callable[..., Any],
    batches: Callable[..., Any],
    n_epochs: int,
    *,
    optimizer: str = "adam",
    step_size: Schedule = 1e-3,
    constrain: Callable[..., Any] | None = None,
    measure: Callable[..., Any] | None = None,
    report: Callable[..., Any] | None = None,
    progress: bool = False,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 10,
    resume: bool = False,
    owner: Callable[..., Any] | None = None,
) -> Run:
    """Minimise an objective over named parameters, batch after batch, epoch after epoch.

    Parameters
    ----------
    parameters : dict of str to ndarray
        Where to start; not modified.
    objective : callable
        ``objective(parameters, samples, epoch)`` returns the cost of a batch and its gradient, a
        dict like ``parameters``; a parameter that is not in it stays as it is.
    batches : callable
        ``batches(epoch)`` returns the batches of an epoch, each an array of samples as rows. See
        :func:`gsae_ref.training.blocks.shuffled`.
    n_epochs : int
        Epochs to do in all, those of a checkpoint included.
    optimizer : {"adam", "gradient_descent"}
        As in :func:`gsae_ref.train`.
    step_size : float or callable
        Learning rate, or a function of the epoch.
    constrain : callable, optional
        ``constrain(parameters, epoch)`` returns the parameters put back where they belong, after
        every step.
    measure : callable, optional
        ``measure(parameters, epoch)`` returns a dict of numbers for the history, at the start of an
        epoch.
    report : callable, optional
        ``report(state, history)`` hears of every epoch that is done; raising StopIteration ends the
        run.
    progress : bool
        Show a bar.
    checkpoint : str or path, optional
        File for the state.
    checkpoint_every : int
        Epochs between checkpoints.
    resume : bool
        Continue from the checkpoint if there is one.
    owner : callable, optional
        Returns the text that a checkpoint must carry to be continued
        (:func:`gsae_ref.training.checkpoints.fingerprint`); asked if there is a ``checkpoint``.

    Returns
    -------
    run : Run

    Raises
    ------
    TypeError, ValueError
        For an unknown ``optimizer``, a bad number, a checkpoint that cannot be written or belongs
        to another run.
    DivergenceError
        When the cost or a parameter is no longer finite; the last checkpoint stays.

    Examples
    --------
    >>> pull = lambda parameters, samples, epoch: (0.5 * float(parameters["a"] @ parameters["a"]), {"a": parameters["a"]})
    >>> run = descend({"a": np.array([8.0])}, pull, lambda epoch: [np.zeros((1, 1))], 3, optimizer="gradient_descent", step_size=0.5)
    >>> run.state.parameters["a"], run.history["loss"], run.message
    (array([1.]), [32.0, 8.0, 2.0], 'all epochs done')
    """
    checks.option("optimizer", optimizer, ("adam", "gradient_descent"))
    n_epochs, checkpoint_every = (
        checks.count("n_epochs", n_epochs),
        checks.count("checkpoint_every", checkpoint_every),
    )
    step_at = schedule(step_size, checks.step)
    step = step_rule(optimizer)
    state = start(parameters)
    history = dict[str, list[float]]()
    mine = ""
    if checkpoint is not None:
        mine = owner() if owner else ""
        if resume:
            state, history = checkpoints.restore(checkpoint, mine) or (state, history)
    status = 0
    message = "all epochs done"
    try:
        with progress_bar(n_epochs, state.epoch, progress) as advance:
            while state.epoch < n_epochs:
                with _within_range(state.epoch):
                    values = measure(state.parameters, state.epoch) if measure else {}
                after, cost = one_epoch(
                    state, batches(state.epoch), objective, step, step_at(state.epoch), constrain
                )
                for name, value in {"loss": cost, **values}.items():
                    history.setdefault(name, []).append(float(value))
                state = after
                advance(history["loss"][-1])
                if checkpoint is not None and state.epoch % checkpoint_every == 0:
                    checkpoints.save(checkpoint, mine, state, history)
                if report is not None:
                    report(state, history)
    except StopIteration:
        status = 1
        message = "stopped by the callback"
    except KeyboardInterrupt:
        status = 2
        message = "interrupted"
    history = {
        name: values[: state.epoch] for name, values in history.items()
    }  # an interrupt can fall between the two
    if checkpoint is not None:
        checkpoints.save(checkpoint, mine, state, history)
    return Run(state, history, status, message)


def one_epoch(
    state: State,
    batches: Iterator[Any] | list[Array],
    objective: Callable[..., Any],
    step: Callable[..., Any],
    step_length: float,
    constrain: Callable[..., Any] | None = None,
) -> tuple[State, float]:
    """The state after a step on each batch, one epoch on, and the mean cost of the samples, each before its step."""
    epoch = state.epoch
    costs = []
    sizes = []
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused just after
        for samples in batches:
            with _within_range(epoch):
                cost, gradient = objective(state.parameters, samples, epoch)
            state = step(state, gradient, step_length)
            _refuse_divergence(epoch, cost, state.parameters)
            if constrain is not None:
                state = state._replace(parameters=constrain(state.parameters, epoch))
            costs.append(cost)
            sizes.append(len(samples))
    return state._replace(epoch=epoch + 1), float(np.average(costs, weights=sizes))


@contextmanager
def _within_range(epoch: int) -> Iterator[None]:
    """Where a result is beyond the range of numbers, the run has diverged."""
    try:
        yield
    except checks.RangeError as error:
        raise DivergenceError(
            f"in epoch {epoch} the cost is no longer finite ({error}); a step must keep it finite; lower step_size, or use a constraint"
        ) from error


def _refuse_divergence(epoch: int, cost: float, parameters: dict[str, Array]) -> None:
    bad = [
        f"parameter {name}" for name, value in parameters.items() if not np.isfinite(value).all()
    ]
    if not np.isfinite(cost):
        bad = ["cost"]
    if bad:
        raise DivergenceError(
            f"in epoch {epoch} the {bad[0]} is no longer finite (cost {cost:.3g}); a step must keep it finite; "
            f"lower step_size, or use a constraint"
        )


def schedule(value: Schedule, check: Callable[[Any], float]) -> Callable[[int], float]:
    """A function of the epoch, from one or from a constant; what it gives is checked at every epoch."""
    if callable(value):
        return lambda epoch: check(value(epoch))
    constant = check(value)
    return lambda epoch: constant
