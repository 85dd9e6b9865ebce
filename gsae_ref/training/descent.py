"""The loop of every training: epochs of steps on named parameters.

The state of a run is its parameters, the optimiser's moments and the numbers of steps and epochs.
Mini-batches depend on the seed and the number of the epoch only, so that a run resumed from a
checkpoint gives the bits of one that never stopped. May import ops, checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import checks
from ..arrays import Array
from ..ops import DivergenceError
from .checkpoints import Checkpoints, History
from .history import progress_bar
from .optimizers import OPTIMIZERS, State, start

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

Schedule = float | Callable[[int], float]  # a number, or a function of the epoch
MESSAGES = ("all epochs done", "stopped by the callback", "interrupted")


class Run(NamedTuple):
    """How a run ended."""

    state: State
    history: History  #: name -> list with one number per epoch
    status: int  #: 0 all epochs done, 1 stopped by the callback, 2 interrupted
    message: str


def descend(
    parameters: dict[str, Array],
    objective: Callable[..., Any],
    batches: Callable[[int], Iterable[Array]],
    n_epochs: int,
    *,
    optimizer: str = "adam",
    step_size: Schedule = 1e-3,
    constrain: Callable[..., Any] | None = None,
    measure: Callable[..., Any] | None = None,
    report: Callable[..., Any] | None = None,
    progress: bool = False,
    checkpoints: Checkpoints | None = None,
) -> Run:
    """Minimise an objective over named parameters, batch after batch, epoch after epoch.

    Parameters
    ----------
    parameters : dict of str to ndarray
        The start; not modified.
    objective : callable
        ``objective(parameters, samples, epoch)`` returns the cost of a batch and its gradient, a
        dict like ``parameters``. A parameter that is not in it stays as it is.
    batches : callable
        ``batches(epoch)`` returns the batches of an epoch, each an array of samples as rows.
    n_epochs : int
        Epochs in all, those of a checkpoint included.
    optimizer : {"adam", "gradient_descent"}
        As in :func:`gsae_ref.train`.
    step_size : float or callable
        Learning rate, or a function of the epoch.
    constrain : callable, optional
        ``constrain(parameters, epoch)`` returns the parameters of which the next step starts.
    measure : callable, optional
        ``measure(parameters, epoch)`` returns a dict of numbers for the history, at the start of an
        epoch.
    report : callable, optional
        ``report(state, history)`` is called after every epoch; raising StopIteration ends the run.
    progress : bool
        Whether a bar is shown.
    checkpoints : Checkpoints, optional
        Where the state is saved, and whether it is continued.

    Returns
    -------
    run : Run

    Raises
    ------
    TypeError, ValueError
        For an unknown ``optimizer``, a number out of range, a checkpoint that cannot be written or
        belongs to another run.
    DivergenceError
        If the cost or a parameter is no longer finite; the last checkpoint stays.

    Examples
    --------
    The cost a^2 / 2 halves a in a step of 0.5.

    >>> def objective(parameters, samples, epoch):
    ...     a = parameters["a"]
    ...     return 0.5 * float(a @ a), {"a": a}
    >>> options = {"optimizer": "gradient_descent", "step_size": 0.5}
    >>> run = descend({"a": np.array([8.0])}, objective, lambda epoch: [[0]], 3, **options)
    >>> run.state.parameters["a"], run.history["loss"], run.message
    (array([1.]), [32.0, 8.0, 2.0], 'all epochs done')
    """
    step = OPTIMIZERS[checks.option("optimizer", optimizer, OPTIMIZERS)]
    step_at = schedule(step_size, checks.step)
    n_epochs = checks.count("n_epochs", n_epochs)
    checkpoints = checkpoints or Checkpoints(None)
    checkpoints.settings = checkpoints.settings | {"optimizer": optimizer}
    checkpoints.schedules = checkpoints.schedules | {"step_size": step_at}
    state, history = checkpoints.restore() or (start(parameters), {})
    status = 0
    try:
        with progress_bar(n_epochs, state.epoch, progress) as advance:
            while state.epoch < n_epochs:
                epoch = state.epoch
                with _within_range(epoch):
                    values = measure(state.parameters, epoch) if measure else {}
                after, cost = one_epoch(
                    state, batches(epoch), objective, step, step_at(epoch), constrain
                )
                _append(history, {"loss": cost, **values})
                state = after
                advance(cost)
                checkpoints.save_if_due(state, history)
                if report is not None:
                    report(state, history)
    except StopIteration:
        status = 1
    except KeyboardInterrupt:
        status = 2
    # an interrupt may come when the history has an epoch more than the state
    history = {name: values[: state.epoch] for name, values in history.items()}
    checkpoints.save(state, history)
    return Run(state, history, status, MESSAGES[status])


def one_epoch(
    state: State,
    batches: Iterable[Array],
    objective: Callable[..., Any],
    step: Callable[..., Any],
    step_size: float,
    constrain: Callable[..., Any] | None = None,
) -> tuple[State, float]:
    """A step on each batch: the state one epoch on, and the mean cost of the samples.

    The cost of a batch is that before its step. The first step of a parameter leaves the
    arrays of ``state`` as they are, so that an epoch can be interrupted; later ones overwrite.
    """
    epoch = state.epoch
    costs = []
    sizes = []
    moved: set[str] = set()
    with np.errstate(over="ignore", invalid="ignore"):  # refused just after
        for samples in batches:
            with _within_range(epoch):
                cost, gradient = objective(state.parameters, samples, epoch)
            state = step(state, gradient, step_size, overwrite=moved.issuperset(gradient))
            moved |= gradient.keys()
            _refuse_divergence(epoch, cost, state.parameters)
            if constrain is not None:
                state = state._replace(parameters=constrain(state.parameters, epoch))
            costs.append(cost)
            sizes.append(len(samples))
    if not sizes:
        raise ValueError(
            f"epoch {epoch} has no samples; every epoch needs some; pass a list of blocks, or a "
            f"function that returns a new iterator at each call"
        )
    return state._replace(epoch=epoch + 1), float(np.average(costs, weights=sizes))


def schedule(value: Schedule, check: Callable[[Any], float]) -> Callable[[int], float]:
    """A function of the epoch, from one or from a constant; its values are checked."""
    if callable(value):
        return lambda epoch: check(value(epoch))
    constant = check(value)
    return lambda epoch: constant


def reporter(callback: Callable[..., Any] | None, **fields: str) -> Callable[..., Any] | None:
    """The ``report`` that calls a callback with an OptimizeResult.

    ``fields`` name its fields and the parameters that they hold.
    """
    checks.callback(callback)
    if callback is None:
        return None

    def report(state: State, history: History) -> None:
        from scipy.optimize import OptimizeResult

        values = {field: state.parameters[name].copy() for field, name in fields.items()}
        now = OptimizeResult(**values, fun=history["loss"][-1], nit=state.epoch, history=history)
        callback(intermediate_result=now)

    return report


def as_result(run: Run, **values: Any) -> OptimizeResult:
    """A run as it is returned to the user: ``values``, how it ended, and its history."""
    from scipy.optimize import OptimizeResult

    return OptimizeResult(
        **values,
        nit=run.state.epoch,
        success=run.status == 0,
        status=run.status,
        message=run.message,
        history=run.history,
    )


def _append(history: History, values: dict[str, Any]) -> None:
    """Add the numbers of an epoch."""
    for name, value in values.items():
        history.setdefault(name, []).append(float(value))


@contextmanager
def _within_range(epoch: int) -> Iterator[None]:
    """Report a result beyond the range of numbers as divergence."""
    try:
        yield
    except checks.RangeError as error:
        raise DivergenceError(
            f"in epoch {epoch} the cost is no longer finite ({error}); "
            f"lower step_size, or use a constraint"
        ) from error


def _refuse_divergence(epoch: int, cost: float, parameters: dict[str, Array]) -> None:
    """Refuse a cost or a parameter that is not finite."""
    infinite = [name for name, value in parameters.items() if not checks.all_finite(value)]
    if np.isfinite(cost) and not infinite:
        return
    what = f"parameter {infinite[0]}" if np.isfinite(cost) else "cost"
    raise DivergenceError(
        f"in epoch {epoch} the {what} is no longer finite (cost {cost:.3g}); "
        f"lower step_size, or use a constraint"
    )
