"""One step on named parameters: gradient descent, Adam. May import ops."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import ops
from ..arrays import Array


class State(NamedTuple):
    """All that the next epoch depends on. The first three map names of parameters to arrays."""

    parameters: dict[str, Array]
    first: dict[str, Array]  #: Adam's mean of the gradients
    second: dict[str, Array]  #: Adam's mean of their squares
    steps: int  #: steps done
    epoch: int  #: epochs done


def start(parameters: dict[str, Array]) -> State:
    """The state before the first step; the arrays are copied."""
    return State(
        parameters={name: np.array(value) for name, value in parameters.items()},
        first={name: np.zeros_like(value) for name, value in parameters.items()},
        second={name: np.zeros_like(value) for name, value in parameters.items()},
        steps=0,
        epoch=0,
    )


def gradient_descent_step(
    state: State, gradient: dict[str, Array], step_size: float, overwrite: bool = False
) -> State:
    """A - step_size * G for every parameter with a gradient. [T21] Eqs. (14), (76).

    With ``overwrite`` it may be written to the arrays of the state.

    >>> state = start({"A": np.array([1.0])})
    >>> gradient_descent_step(state, {"A": np.array([2.0])}, 0.25).parameters
    {'A': array([0.5])}
    """
    moved = {}
    for name, G in gradient.items():
        value = state.parameters[name]
        moved[name] = np.subtract(value, step_size * G, out=value if overwrite else None)
    return state._replace(parameters=state.parameters | moved, steps=state.steps + 1)


def adam_step(
    state: State, gradient: dict[str, Array], step_size: float, overwrite: bool = False
) -> State:
    """A step of Adam for every parameter with a gradient. Kingma and Ba (2015), Algorithm 1.

    With ``overwrite`` it may be written to the arrays of the state. The first step has
    the length of the step size:

    >>> state = start({"A": np.array([1.0])})
    >>> adam_step(state, {"A": np.array([2.0])}, 0.25).parameters
    {'A': array([0.75])}
    """
    parameters = dict(state.parameters)
    first = dict(state.first)
    second = dict(state.second)
    steps = state.steps + 1
    for name, G in gradient.items():
        parameters[name], first[name], second[name] = ops.adam_step(
            parameters[name], G, first[name], second[name], steps, step_size, overwrite=overwrite
        )
    return State(parameters, first, second, steps, state.epoch)


OPTIMIZERS = {"adam": adam_step, "gradient_descent": gradient_descent_step}
