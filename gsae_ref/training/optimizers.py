"""Steps on named parameters: gradient descent and Adam, and what is done to a dictionary after a step. May import ops, groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import groups, ops
from ..arrays import Array

OPTIMIZERS = ("adam", "gradient_descent")
CONSTRAINTS = ("none", "columns", "groups")


class State(NamedTuple):
    """All that the next epoch depends on. The first three map names of parameters to arrays."""

    parameters: dict[str, Array]
    first: dict[str, Array]  #: Adam's mean of the gradients
    second: dict[str, Array]  #: Adam's mean of their squares
    steps: int  #: steps done
    epoch: int  #: epochs done


def start(parameters: dict[str, Array]) -> State:
    """The state before the first step; the arrays are copied."""
    first, second = (
        {name: np.zeros_like(value) for name, value in parameters.items()} for _ in range(2)
    )
    return State({name: np.array(value) for name, value in parameters.items()}, first, second, 0, 0)


def step_rule(optimizer: str) -> Callable[..., Any]:
    """The map (state, gradient, step_size) -> state of one step. A parameter without a gradient stays as it is.

    >>> state = start({"A": np.array([1.0])})
    >>> step_rule("gradient_descent")(state, {"A": np.array([2.0])}, 0.25).parameters  # 1 - 0.25 * 2
    {'A': array([0.5])}
    >>> step_rule("adam")(state, {"A": np.array([2.0])}, 0.25).parameters  # the first step of Adam has the length of the step size
    {'A': array([0.75])}
    """
    return {"adam": _adam, "gradient_descent": _descend}[optimizer]


def _descend(state: State, gradient: dict[str, Array], step_size: float) -> State:
    """[T21] Eq. (14)."""
    moved = {name: state.parameters[name] - step_size * G for name, G in gradient.items()}
    return state._replace(parameters=state.parameters | moved, steps=state.steps + 1)


def _adam(state: State, gradient: dict[str, Array], step_size: float) -> State:
    """Kingma and Ba, Algorithm 1: moments corrected for their start at zero."""
    steps = state.steps + 1
    new = tuple(dict[str, Array]() for _ in range(3))
    for name, G in gradient.items():
        moved = ops.adam_step(
            state.parameters[name], G, state.first[name], state.second[name], steps, step_size
        )
        for part, value in zip(new, moved, strict=True):
            part[name] = value
    return State(
        state.parameters | new[0], state.first | new[1], state.second | new[2], steps, state.epoch
    )


def constraint_on(constraint: str, group_size: int) -> Callable[..., Any]:
    """The map of a dictionary that follows every step: none, atoms of norm 1, or orthonormal groups (the retraction of R2, R3).

    >>> constraint_on("columns", 1)(np.array([[3.0, 0.0], [4.0, 0.0]]))  # an atom that is zero stays zero
    array([[0.6, 0. ],
           [0.8, 0. ]])
    """

    def columns(A: Array) -> Array:
        norms = np.linalg.norm(A, axis=0)
        return A / np.where(norms > 0, norms, 1)

    return {
        "none": lambda A: A,
        "columns": columns,
        "groups": lambda A: groups.polar(A, group_size),
    }[constraint]


def tangent_to(constraint: str, group_size: int) -> Callable[..., Any]:
    """The map (A, G) -> the part of a gradient G that keeps the constraint to first order at A, which fulfils it.

    Atoms of norm 1: g - a (a^T g) / ||a||^2. Orthonormal groups: G_g - A_g sym(A_g^T G_g). No
    constraint: G.

    >>> tangent_to("columns", 1)(np.array([[1.0], [0.0]]), np.array([[2.0], [3.0]]))
    array([[0.],
           [3.]])
    """

    def columns(A: Array, G: Array) -> Array:
        square = np.sum(A * A, axis=0)
        return G - A * (np.sum(A * G, axis=0) / np.where(square > 0, square, 1))

    def orthonormal(A: Array, G: Array) -> Array:
        B = groups.blocks(A, group_size)
        H = groups.blocks(G, group_size)
        inner = np.swapaxes(B, 1, 2) @ H
        return groups.unblock(H - B @ (inner + np.swapaxes(inner, 1, 2)) / 2)

    return {"none": lambda A, G: G, "columns": columns, "groups": orthonormal}[constraint]
